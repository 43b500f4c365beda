// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Connections that core would give away by their port.
 *
 * In TCP, core knows DCE/RPC by a heuristic only, and asks the dissectors that own one of the two ports first. A few
 * hundred ports, 8080 or 1433, belong to dissectors that take whatever comes: a client that happens to have one of
 * these would not be seen. Nor does the heuristic wait for more when the first segment ends within the header of the Bind.
 * Here, a connection that begins with a Bind is given to core's DCE/RPC for good, before others see it.
 */
#ifndef CAR_PLUGIN_ADOPT_H
#define CAR_PLUGIN_ADOPT_H

#include "compat.h"

#include <epan/conversation.h>

/** Once, when all dissectors are registered. */
void adopt_register(void);

/** To be called for the first frame of each TCP conversation, on the first pass. The next
 * frame with payload decides whether the conversation is DCE/RPC. That of this frame has been dissected already: a Bind
 * without any frame before it stays with the owner of the port. */
void adopt_watch(conversation_t *tcp, const packet_info *pinfo);

#endif
