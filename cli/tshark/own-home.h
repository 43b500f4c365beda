// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The home that tshark gets: there it looks for scripts in Lua and plugins, which would change what it finds. Where the plugin
 * car.so is in the user's own home, it is a folder in which nothing else is; else there is none.
 */
#ifndef CAR_TSHARK_OWN_HOME_H
#define CAR_TSHARK_OWN_HOME_H

#include <glib.h>

typedef struct OwnHome OwnHome;

/** NULL with an error (of G_FILE_ERROR) when no folder can be made. */
OwnHome *own_home_new(GError **error);
const char *own_home_path(const OwnHome *home);

/** Removes the folder, if there is one; may be called again, and by another thread. tshark has to have started by then. */
void own_home_remove(OwnHome *home);

/** Removes it, too. NULL is harmless. */
void own_home_free(OwnHome *home);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OwnHome, own_home_free)

#endif
