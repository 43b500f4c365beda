// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * From DCE/RPC PDUs to judgements: which conversations are remote WMI, which only DCOM, which belong together.
 *
 * The tracker sees each PDU once, in the order of the capture; its results hang on frames and conversations and are
 * read from there whenever a frame is shown.
 */
#ifndef CAR_JUDGE_JUDGE_H
#define CAR_JUDGE_JUDGE_H

#include "judge/conversation.h"

/** A tracker for a capture. It, and all that it gives, lives as long as `pool`. */
Tracker *tracker_new(wmem_allocator_t *pool);

/** Whether a PDU is one whose decrypted stub could be `plain_len` bytes long. */
bool tracker_fits_decrypted(const PduBytes *bytes, size_t plain_len);

/** Takes a PDU of a conversation. Returns what it showed, or NULL when it has nothing to do with DCOM. */
PduResult *tracker_pdu(Tracker *t, Conversation *c, const PduBytes *bytes);

/** Takes a reply of a Kerberos key distribution centre, sent to `client` at `time`. */
void tracker_kdc_reply(Tracker *t, uint32_t frame, const nstime_t *time, const uint8_t client[16], const uint8_t *data,
                       size_t len);

/** All conversations with evidence: an array of Conversation *, by id. */
wmem_array_t *tracker_conversations(Tracker *t);

#endif
