// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What is claimed of a connection, in which frame each claim stands, and by which display filter it is seen.
 */
#ifndef CAR_RECORD_CLAIMS_H
#define CAR_RECORD_CLAIMS_H

#include "record/record.h"
#include <stdint.h>

typedef struct {
    const char *text; ///< "The user is"
    char *detail;     ///< what it is, from the wire; NULL when the text says all
    Basis basis;
    int64_t frame;
    const char *field; ///< of the plugin, that has the value …
    char *value;       ///< … this, as a display filter writes it; both NULL when the frame has no such field
} Claim;

/** The evidence, the identities, and each kind of call that does or asks something: a list of Claim *, bounded. Owned by
 * the caller. */
GPtrArray *claims_new(const Record *record);

#endif
