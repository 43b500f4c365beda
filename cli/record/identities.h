// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The security contexts of a conversation, as its tokens tell them: for whom and for what service each was made.
 */
#ifndef CAR_RECORD_IDENTITIES_H
#define CAR_RECORD_IDENTITIES_H

#include "record/record.h"

/** A new, empty list. Owned by the caller, freed with g_array_unref(). */
GArray *identities_new(void);

/** Notes what a token says of a context. What does not contradict one that is known is said of that one. */
void identities_see(GArray *identities, const Auth *seen);

/** The newest context of `user`; NULL when there is none. */
const Auth *identities_of(const GArray *identities, const RecordUser *user);

/** The newest context, of those with a known user if there are any. NULL when there is none. */
const Auth *identities_newest(const GArray *identities);

#endif
