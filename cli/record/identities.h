// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The security contexts of a conversation: for whom each was made, and which of them counts.
 *
 * A PDU names the kind and level of its context, not the context itself: a call is taken for one of the newest of its
 * kind.
 */
#ifndef CAR_RECORD_IDENTITIES_H
#define CAR_RECORD_IDENTITIES_H

#include "record/record.h"

/** A new, empty list. Owned by the caller, freed with g_array_unref(). */
GArray *identities_new(void);

/** Notes what was told of a context. What does not contradict one that is known is told of that one. */
void identities_see(GArray *identities, const Auth *told);

/** Notes a call of this kind and level. */
void identities_use(GArray *identities, const char *type, const char *level);

/** That of the context used most among those with a known user, else among all; of equal ones the newest. NULL when
 * there is none. */
const Auth *identities_main(const GArray *identities);

#endif
