// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The files of a folder and of those in it.
 */
#ifndef CAR_BASE_FOLDER_H
#define CAR_BASE_FOLDER_H

#include <gio/gio.h>
#include <stdbool.h>

/** Adds the paths (char *) of all files below `folder` to `paths`, in order of their names. Links to folders are not followed;
 * what is no regular file, nor a link to one, is left out. False when a folder cannot be read; the error names it. */
bool folder_files(const char *folder, GPtrArray *paths, GError **error);

#endif
