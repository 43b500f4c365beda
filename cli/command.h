// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The subcommands: each is one file cmd-*.c and one row of the table in main.c.
 */
#ifndef CAR_COMMAND_H
#define CAR_COMMAND_H

#include "base/exit-status.h"
#include "base/warn.h"

#include <glib.h>
#include <stdbool.h>

/** `argv[0]` is the command's name as it is shown in its help. */
int cmd_list(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_extract(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_version(int argc, char **argv);

/** What the help of a command says beside its options. */
typedef struct {
    const char *arguments;   ///< "CAPTURE…"; NULL when it takes none
    const char *summary;     ///< above the options
    const char *description; ///< below them; may be NULL
} CommandHelp;

/** Parses a command's options, which are taken over. False when they are wrong, which has then been said. Does not return for --help. `more`, up to
 * NULL, are shown below the options under titles of their own, and are taken over, too; NULL: none. */
bool command_parse(int *argc, char ***argv, const CommandHelp *help, GOptionGroup *options, GOptionGroup *const *more);

/** The options of a command as a group, to which others may be added. `data` reaches the callbacks among all of them. */
GOptionGroup *command_options(const GOptionEntry *entries, gpointer data);

#endif
