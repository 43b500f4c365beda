// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Look-ups in the endpoint mapper on 135/tcp, which name the port of an interface, and the DCOM connections that then go there: what
 * CAR-2014-05-001 looks for. A look-up is no evidence of DCOM, and joins no activity.
 */
#ifndef CAR_JUDGE_LOOKUP_H
#define CAR_JUDGE_LOOKUP_H

#include "judge/tracker.h"

void lookups_init(Tracker *t);

/** A request or response that is none of DCOM: what there is to note of it as a look-up. Returns that with its last part, else
 * NULL. */
Lookup *lookup_take(Step *s);

/** The conversation under way carries DCOM: to where its client looked the port up before, the newest time. */
void lookup_check(Step *s);

#endif
