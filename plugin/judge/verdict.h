// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Whether a conversation is a session or an attempt. Bytes that look like PDUs prove nothing: a file that is downloaded may
 * hold those of another connection. What counts is that both ends speak their part: whoever opened the connection asks, and
 * the other end gives an answer that fits a question.
 */
#ifndef CAR_JUDGE_VERDICT_H
#define CAR_JUDGE_VERDICT_H

#include "judge/tracker.h"

/** Whether a PDU that only a client sends (or, without `from_client`, only a server) can come from `side`. Until evidence is
 *  found in a conversation that was joined in the middle, the newest PDU tells which end is which. */
bool verdict_role_fits(Tracker *t, Conversation *c, int side, bool from_client);

/** The server accepted a presentation context. `interface` may be NULL. */
void verdict_accepted(Conversation *c, const Interface *interface);

/** The server answered a call. */
void verdict_answered(Conversation *c, const Call *call);

/** VERDICT_UNKNOWN without evidence. As far as is known by now. */
Verdict conversation_verdict(const Conversation *c);

/** ATTEMPT_UNKNOWN for what is no attempt. */
AttemptReason conversation_attempt_reason(const Conversation *c);

#endif
