// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Options that the commands that read captures share.
 */
#ifndef CAR_OPTIONS_H
#define CAR_OPTIONS_H

#include "command.h"
#include "reading/reading.h"

/** Adds what counts, and how it is read. The group's data are a command's own options, which begin with these. */
void options_add_reading(GOptionGroup *group, ReadingOptions *options);

/** Adds captures that are files, and what can be done with them beside. */
void options_add_captures(GOptionGroup *group, ReadingOptions *options);

/** What the exit statuses mean, for the help. */
extern const char options_exit_statuses[];

#endif
