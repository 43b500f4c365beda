// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Which family of clients a conversation comes from: marks are collected as PDUs show them, together with those of the
 * conversation that activated it.
 */
#ifndef CAR_JUDGE_FAMILY_H
#define CAR_JUDGE_FAMILY_H

#include "judge/tracker.h"

/** A mark that this PDU shows. */
void family_mark(Step *s, ClientMark mark);

/** The marks of a client's PDU that need no stub: its verifier and what it offers. */
void family_take_pdu(Step *s);

/** Those of a call on a presentation context that was bound to another interface. */
void family_take_object(Step *s, const Call *call);

/** Those of a request that can be read: `stub` is the whole of it. */
void family_take_request(Step *s, const Call *call, const Bytes *stub);

/** Says in the result which families fit, where the PDU changed what speaks for them. */
void family_conclude(Step *s);

#endif
