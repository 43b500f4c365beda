// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Where output goes: standard output, or a file that appears whole or not at all.
 */
#ifndef CAR_BASE_OUT_FILE_H
#define CAR_BASE_OUT_FILE_H

#include "base/interrupt.h"

#include <glib.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct {
    FILE *stream;
    char *path;      ///< NULL for standard output
    char *temporary; ///< written to until it is renamed to `path`; NULL when `path` is a device or a pipe
    bool unnamed;    ///< it has no name yet
    int fd;          ///< under `stream`
    int error;       ///< errno of the first write that failed, else 0
    Interrupt *interrupt;
} OutFile;

/** Opens `path` for writing, or takes standard output when it is NULL or "-". `file` must stay where it is until it was
 * committed or discarded. */
bool out_file_open(OutFile *file, const char *path, GError **error);

/** The same for what grows for long: the file `path` is appended to, and what is written is there at once. `goes_on` tells
 * whether something stood in it. */
bool out_file_append(OutFile *file, const char *path, bool *goes_on, GError **error);

/** Writes out everything and gives the file its name. On an error nothing is left behind. A reader that went away
 * (G_FILE_ERROR_PIPE) is an error like others. */
bool out_file_commit(OutFile *file, GError **error);

/** Drops what was not committed; harmless after a commit and on a zeroed OutFile. */
void out_file_discard(OutFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OutFile, out_file_discard)

#endif
