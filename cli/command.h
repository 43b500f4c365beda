// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The subcommands: each is one file cmd-*.c and one row of the table in main.c.
 */
#ifndef CAR_COMMAND_H
#define CAR_COMMAND_H

#include "base/exit-status.h"
#include "base/warn.h"

#include <glib.h>

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

/** Parses a command's options, which reach the entries' callbacks (G_OPTION_ARG_CALLBACK) with `data`. The lists of
 * entries (const GOptionEntry *) end with NULL. False when the options are wrong, which has then been said. Does not
 * return for --help. */
gboolean command_parse(int *argc, char ***argv, const CommandHelp *help, gpointer data, ...) G_GNUC_NULL_TERMINATED;

#endif
