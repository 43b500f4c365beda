// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What records come to, in one line.
 */
#ifndef CAR_OUTPUT_TALLY_H
#define CAR_OUTPUT_TALLY_H

#include "record/record.h"

typedef struct Tally Tally;

Tally *tally_new(void);
void tally_free(Tally *tally);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tally, tally_free)

/** Adds what is of a confidence from `min` on and not allowed. An activity is one of its set. */
void tally_add(Tally *tally, const RecordSet *set, Confidence min);

/** "2 activities over 3 connections between 4 hosts: 1 execution, 2 writes". NULL when nothing was added. Owned by the
 * caller. */
char *tally_text(const Tally *tally);

#endif
