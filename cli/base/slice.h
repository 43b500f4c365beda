// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Pieces of text inside a buffer that belongs to somebody else.
 */
#ifndef CAR_BASE_SLICE_H
#define CAR_BASE_SLICE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** Not terminated, any bytes. An absent one has `text` NULL. */
typedef struct {
    const char *text;
    size_t len;
} Slice;

#define SLICE_NONE ((Slice){NULL, 0})

Slice slice(const char *text);

/** Absent when it is empty or "-", as event logs write what is not there. */
Slice slice_present(Slice text);

// "Any case": of ASCII letters. An absent text is like no other.
bool slice_equal(Slice a, Slice b);
bool slice_equal_any_case(Slice a, Slice b);
bool slice_is(Slice text, const char *expected);
bool slice_is_any_case(Slice text, const char *expected);
bool slice_has_prefix(Slice text, const char *prefix);
bool slice_has_prefix_any_case(Slice text, const char *prefix);

/** Where `needle` begins in `text`, or NULL. */
const char *slice_find(Slice text, const char *needle);

/** What follows `label` and blanks in a rendered message, up to the end of its line or ";". Absent without the label. */
Slice slice_after(Slice message, const char *label);

/** What follows the last backslash or slash, as the file name in a path or the user in DOMAIN\user; the text itself
 * without one. */
Slice slice_base(Slice path);

/** Whether both have the same one, in any case; false when one has none. */
bool slice_same_base(Slice a, Slice b);

/** A copy, "" when it is absent. Owned by the caller. */
char *slice_dup(Slice text);

#endif
