// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Which activities a user asks for. Of the values of one question, one must fit; each question asked must fit, to any of the
 * activity's connections. What is unknown fits nothing.
 */
#ifndef CAR_RECORD_SELECT_H
#define CAR_RECORD_SELECT_H

#include "record/record.h"

typedef enum {
    SELECT_CLIENT,    ///< an address, a network, or a pattern of addresses or names
    SELECT_SERVER,    ///< the same
    SELECT_USER,      ///< a pattern of USER or DOMAIN\USER
    SELECT_PROCESS,   ///< a process id, or a pattern of the program or its path
    SELECT_STAGE,     ///< what a call was for
    SELECT_TECHNIQUE, ///< an ATT&CK technique; its sub-techniques fit, too
    SELECT_GREP,      ///< a text in commands, queries, paths and values, in any case
    SELECT_SINCE,     ///< a day or time: what went on then or later; the last one given
    SELECT_UNTIL,     ///< a day, which is included, or a time: what began before
    N_SELECT_KEYS
} SelectKey;

typedef struct Select Select;

Select *select_new(void);
void select_free(Select *select);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Select, select_free)

/** False and G_OPTION_ERROR when that is no value for the key. */
bool select_add(Select *select, SelectKey key, const char *value, GError **error);

/** Takes the connections of all other activities out of the set; returns how many of them are of a confidence from `min` on. */
guint select_apply(const Select *select, RecordSet *set, Confidence min);

#endif
