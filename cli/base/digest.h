// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * SHA-256 of files, made in a thread of its own while others read them.
 */
#ifndef CAR_BASE_DIGEST_H
#define CAR_BASE_DIGEST_H

#include "base/file-identity.h"

#include <glib.h>
#include <stdint.h>

typedef struct Digests Digests;

typedef struct {
    char *sha256;          ///< in hexadecimal
    FileIdentity identity; ///< of which file
} Digest;

Digests *digests_new(void);
/** Those that are not ready yet are not waited for. */
void digests_free(Digests *digests);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Digests, digests_free)

/** Begins with the file `path`, once those before it are ready. */
void digests_add(Digests *digests, const char *path);

/** That of the file `path`, which is waited for; NULL when it was not added, is no file that can be read again, or changed meanwhile. Belongs to
 * `digests`. */
const Digest *digests_find(Digests *digests, const char *path);

#endif
