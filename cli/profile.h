// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The Wireshark profile that comes with car-wmi: where it lies, and its copy in the user's own folder.
 */
#ifndef CAR_PROFILE_H
#define CAR_PROFILE_H

#include <glib.h>
#include <stdbool.h>

#define PROFILE_NAME "CAR-WMI"

/** The folder `config`/profiles/CAR-WMI of a configuration folder of Wireshark, or NULL when there is none. Owned by the
 * caller. */
char *profile_find(const char *config);

/** The profile of this installation: beside this program's prefix, else that of Wireshark's global configuration folder
 * `global` (may be NULL). NULL when there is none. Owned by the caller. */
char *profile_find_installed(const char *global);

/** What profile_install() found and did. */
typedef struct {
    char *path; ///< the copy
    bool same;  ///< it was there already, as it is
    char *kept; ///< where the one is now that was there and differed, NULL: none
} ProfileInstall;

void profile_install_clear(ProfileInstall *install);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ProfileInstall, profile_install_clear)

/** Copies the profile `source` into the configuration folder `personal`. One that is there and differs is kept under
 * another name. `install` is always set; the caller clears it. Errors: G_FILE_ERROR. */
bool profile_install(const char *source, const char *personal, ProfileInstall *install, GError **error);

#endif
