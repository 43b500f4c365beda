// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Options that the commands that read captures share.
 */
#ifndef CAR_OPTIONS_H
#define CAR_OPTIONS_H

#include "command.h"
#include "reading/reading.h"

/** Entries of command_parse(), whose data points to ReadingOptions: what counts, and how it is read. */
extern const GOptionEntry reading_entries[];

/** The same: captures that are files, and what can be done with them beside. */
extern const GOptionEntry reading_capture_entries[];

/** For the entry of -o, which each command words for itself. */
gboolean reading_set_output(const char *name, const char *value, gpointer data, GError **error);

/** What the exit statuses mean, for the help. */
extern const char reading_exit_statuses[];

/** For options that are texts, beside those above. */
void reading_set_text(char **option, const char *value);

#endif
