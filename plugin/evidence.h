// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * From DCE/RPC PDUs to judgements: which conversations are remote WMI, which only DCOM, which belong together.
 *
 * The tracker sees each PDU once, in the order of the capture; its results hang on frames and conversations and are
 * read from there whenever a frame is shown.
 */
#ifndef CAR_EVIDENCE_H
#define CAR_EVIDENCE_H

#include "conversation.h"

typedef struct Tracker Tracker;

/** A tracker for the capture file that is being opened. Lives until it is closed. */
Tracker *tracker_new(void);

/** A conversation of which the first frame was just seen, sent by `from`. */
Conversation *tracker_conversation_new(const Endpoint *from, const Endpoint *to);

/** Takes a PDU of a conversation, sent by side 0 or 1, of which `len` bytes were captured. Returns what it showed, or
 *  NULL when it has nothing to do with DCOM. */
PduResult *tracker_pdu(Tracker *t, Conversation *c, uint32_t frame, int side, const uint8_t *data, size_t len);

/** All conversations with evidence: an array of Conversation *, by id. */
wmem_array_t *tracker_conversations(Tracker *t);

#endif
