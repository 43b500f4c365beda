// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Rules for connections that are known to be good, such as those of a management server: they stay in every output,
 * marked, but are no alert.
 *
 * The file is a key file (as .ini): a section a rule, its title the rule's name.
 *
 *     [Inventory]
 *     client = 192.0.2.10; 192.0.2.64/26
 *     user = EXAMPLE\svc-inventory
 *     until = 2027-06-30
 *     reason = change 4711
 *
 * A rule is for a connection when each of its keys is; of the values of a key, which semicolons part, one must be.
 */
#ifndef CAR_RECORD_ALLOW_H
#define CAR_RECORD_ALLOW_H

#include "record/record.h"

#define ALLOW_ERROR (allow_error_quark())
GQuark allow_error_quark(void);

typedef enum {
    ALLOW_ERROR_RULE ///< a rule is not what it should be
} AllowError;

typedef struct Allow Allow;

/** Reads the rules in the file `path`. Errors: ALLOW_ERROR, G_KEY_FILE_ERROR and G_FILE_ERROR; each names the file. */
Allow *allow_read(const char *path, GError **error);

/** The same from the text of a file. The errors do not name it. */
Allow *allow_parse(const char *text, size_t len, GError **error);

void allow_free(Allow *allow);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Allow, allow_free)

/** Sets `allowed` of each record that a rule is for, the first of several. What is unknown of a record matches no
 * pattern; its users, though, are then those of its activity, and a rule has to be for each of them. */
void allow_apply(Allow *allow, RecordSet *set);

/** The names (char *) of the rules that were for no record so far. The caller owns the array; the names belong to `allow`. */
GPtrArray *allow_unused(const Allow *allow);

#endif
