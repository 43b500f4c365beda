// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * How far the reading of captures is, on standard error: a line that is written again and again once the work has taken
 * a second, and wiped out at the end. All functions but progress_start() take NULL, too, and may be called by any thread.
 */
#ifndef CAR_BASE_PROGRESS_H
#define CAR_BASE_PROGRESS_H

#include <glib.h>
#include <stdint.h>

typedef struct Progress Progress;

/** Of `total` bytes (0: nobody knows). */
Progress *progress_start(uint64_t total);

/** That much more was read. */
void progress_read(Progress *progress, uint64_t bytes, uint64_t packets);

/** How many connections have been found. */
void progress_found(Progress *progress, guint found);

/** All is read once more, from the start. */
void progress_again(Progress *progress);

/** Wipes the line out, and frees. */
void progress_end(Progress *progress);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Progress, progress_end)

/** The line, without what a terminal needs. `seconds` have passed. Owned by the caller. */
char *progress_text(uint64_t bytes, uint64_t total, uint64_t packets, guint found, double seconds);

#endif
