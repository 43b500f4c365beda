// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * From Wireshark's frames to the judge's conversations.
 */
#ifndef CAR_PLUGIN_FRAME_H
#define CAR_PLUGIN_FRAME_H

#include "judge/conversation.h"

#include <epan/packet.h>

/** The protocol that conversations hang on. To be called once, before anything else here. */
void frame_register(int proto);

/** The conversation that a frame, just dissected, belongs to; NULL when it is not of TCP, or its conversation was not counted
 *  yet. */
Conversation *frame_conversation(packet_info *pinfo);

/** Adds the fields that frame_count() reads to those that are wanted: an array of int. */
void frame_want(GArray *wanted);

/** The same on the first pass: counts the frame, and makes the conversation with its first one. `tree` may be NULL. */
Conversation *frame_count(packet_info *pinfo, proto_tree *tree);

/** Which side of the conversation sent the frame. */
int frame_sender(const Conversation *c, const packet_info *pinfo);

/** An end of a frame: its address and port. */
Endpoint frame_endpoint(const address *a, uint32_t port);

#endif
