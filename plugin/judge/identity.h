// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Who authenticates: NTLM's own words, or for Kerberos the reply of the key distribution centre that issued the ticket,
 * as far as the capture holds it.
 */
#ifndef CAR_JUDGE_IDENTITY_H
#define CAR_JUDGE_IDENTITY_H

#include "wire/auth.h"

#include "names/words.h"

#include <wsutil/wmem/wmem.h>

typedef struct {
    const char *user, *domain, *workstation; ///< NULL: not known
    UserSource source;
    uint32_t frame; ///< that told it
} Identity;

typedef struct Identities Identities;

/** Lives, with all that it learns, as long as `pool`. */
Identities *identities_new(wmem_allocator_t *pool);

/** A reply of a key distribution centre, sent to `client`. */
void identities_learn(Identities *known, const KdcReply *reply, const uint8_t client[16], uint32_t frame);

/** Whom the token in `frame`, sent by `client`, stands for; NULL when it does not tell and nothing else does. The
 * ticket itself decides where it was seen being issued; else the newest one for the same service that this client got.
 */
const Identity *identities_find(const Identities *known, const AuthToken *token, const uint8_t client[16],
                                uint32_t frame);

#endif
