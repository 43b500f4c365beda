// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The display-filter fields, and the subtree of a frame that carries them.
 */
#ifndef CAR_PLUGIN_SHOW_H
#define CAR_PLUGIN_SHOW_H

#include "judge/conversation.h"

#include <epan/packet.h>

/** Registers fields and expert information of the protocol. */
void show_register(int proto);

/** Whether the frame, of a conversation that is no DCOM, is a look-up that is worth showing. */
bool show_is_lookup(const Conversation *c, const PduResult *results);

/** Adds the subtree of a frame whose conversation gave evidence. `results` are what its PDUs showed, NULL for none.
 *  `car.wmi_rpc` is set from `min_confidence` on. */
void show_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *root, Conversation *c, const PduResult *results,
                Confidence min_confidence);

#endif
