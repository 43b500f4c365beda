// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Patterns for what a record names: hosts, accounts, programs. `*` stands for any characters, `?` for one; case does not
 * matter. What is unknown matches none.
 */
#ifndef CAR_RECORD_PATTERN_H
#define CAR_RECORD_PATTERN_H

#include "record/record.h"

typedef struct Pattern Pattern;

/** An address, a network, or a pattern of addresses or of hosts' names. NULL when it looks like a network and is none. */
Pattern *pattern_new_place(const char *text);

/** A pattern of a name; with a backslash or slash in it, of the name with its domain or folder. */
Pattern *pattern_new_name(const char *text);

/** For a list of patterns, too. */
void pattern_free(gpointer pattern);

/** Whether that host is one of the places. A host may call itself by any address: such a pattern is for addresses only. */
bool patterns_match_place(const GPtrArray *places, const RecordEnd *end);

/** `whole` is the name with its domain or folder; may be NULL. */
bool patterns_match_name(const GPtrArray *names, const char *whole);

#endif
