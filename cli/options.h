// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Options that the commands that read captures share.
 */
#ifndef CAR_OPTIONS_H
#define CAR_OPTIONS_H

#include "command.h"
#include "reading/reading.h"

/** What counts, and how it is read. `options` are the first member of a command's own. */
GOptionGroup *options_reading(ReadingOptions *options);

/** Which activities are asked for. */
GOptionGroup *options_questions(ReadingOptions *options);

/** Adds captures that are files, and what can be done with them beside, to a command's own options. */
void options_add_captures(GOptionGroup *group);

/** Whether the file `output` (NULL or "-": standard output) is none of those that are read, under whatever name: what the options
 * name, and `other` (may be NULL). Else that is said. To be asked before anything is opened. */
bool options_spare_inputs(const ReadingOptions *options, const char *output, const char *other);

/** What the exit statuses mean, for the help. */
extern const char options_exit_statuses[];

#endif
