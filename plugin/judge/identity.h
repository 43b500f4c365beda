// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Who authenticates: NTLM's own words, or for Kerberos the reply of the key distribution centre that issued the ticket,
 * as far as the capture holds it.
 */
#ifndef CAR_JUDGE_IDENTITY_H
#define CAR_JUDGE_IDENTITY_H

#include "wire/auth.h"

#include "names/words.h"

#include <wsutil/nstime.h>
#include <wsutil/wmem/wmem.h>

typedef struct {
    const char *user, *domain, *workstation; ///< NULL: not known
    UserSource source;
    uint32_t frame; ///< that told it
} Identity;

typedef struct Identities Identities;

/** Lives, with all that it learns, as long as `pool`. */
Identities *identities_new(wmem_allocator_t *pool);

#define CANDIDATES_MAX 8 ///< of one service: the newest

/** Somebody who was given a ticket for the same service at the same address before. Whether it was used is not known. */
typedef struct {
    const Identity *identity;
    int64_t age; ///< seconds
} UserCandidate;

/** A reply of a key distribution centre, sent to `client` at `time`. */
void identities_learn(Identities *known, const KdcReply *reply, const uint8_t client[16], uint32_t frame,
                      const nstime_t *time);

/** Whom the token in `frame` stands for: by its own words, or by its ticket where that was seen being issued. NULL when
 *  neither tells. */
const Identity *identities_find(const Identities *known, const AuthToken *token, uint32_t frame);

/** Whom a ticket that was not seen being issued, sent by `client` at `time`, may stand for: each user once, by a ticket that
 *  cannot have expired. The newest first; returns how many. */
unsigned identities_candidates(const Identities *known, const AuthToken *token, const uint8_t client[16],
                               const nstime_t *time, UserCandidate out[CANDIDATES_MAX]);

#endif
