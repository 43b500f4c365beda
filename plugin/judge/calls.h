// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Calls and their answers: what they are, and what they say where they can be read.
 */
#ifndef CAR_JUDGE_CALLS_H
#define CAR_JUDGE_CALLS_H

#include "judge/tracker.h"

/** The call that a request belongs to, new with its first fragment; NULL for one that has nothing to do with DCOM. */
Call *request_call(Step *s);

void take_request(Step *s, Call *call);

/** A response or a fault. The first whole one counts. */
void take_response(Step *s, Call *call);

#endif
