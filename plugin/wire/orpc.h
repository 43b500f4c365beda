// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * ORPCTHIS, ORPCTHAT and the NDR building blocks of DCOM calls (MS-DCOM 2.2.13, MS-OAUT 2.2.23, C706 chapter 14).
 */
#ifndef CAR_WIRE_ORPC_H
#define CAR_WIRE_ORPC_H

#include "wire/guid.h"

#include <glib.h>

typedef struct {
    uint16_t version_major, version_minor;
    uint32_t flags;
    Guid causality_id;
} OrpcThis;

/** First item of each ORPC request; extensions are skipped. False when the bytes are no ORPCTHIS (version other than 5,
 *  extensions out of bounds): the cursor is then failed. */
bool orpc_this_read(Bytes *b, OrpcThis *out);

/** First item of each ORPC response; extensions are skipped. */
bool orpc_that_read(Bytes *b, uint32_t *flags);

/** A string as NDR carries it, converted to valid UTF-8 (each unpaired surrogate becomes U+FFFD). Owned by the caller.
 *  NULL for a null pointer (cursor not failed) or for a malformed one (cursor failed). Cut at the first NUL.
 *  All align to 4 before and skip the padding to 4 after, as far as bytes are left.
 *  `max_units` bounds what is accepted, in UTF-16 units. */
char *ndr_unique_wstring_read(Bytes *b, size_t max_units);
/** The same without the unique pointer's referent: a reference pointer, or the pointee of an embedded pointer. */
char *ndr_wstring_read(Bytes *b, size_t max_units);
/** FLAGGED_WORD_BLOB behind a unique pointer: a BSTR. NULL BSTR gives NULL; an empty one gives "". */
char *ndr_bstr_read(Bytes *b, size_t max_units);

/** Skips the padding to 4, as far as bytes are left. */
void ndr_padding_skip(Bytes *b);

/** UTF-16 (cursor's byte order) of `units` units to valid UTF-8, owned by the caller; stops at a NUL. */
char *utf16_to_utf8(const uint8_t *data, size_t units, bool big_endian);

#endif
