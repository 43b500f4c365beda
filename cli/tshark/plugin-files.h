// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Where Wireshark looks for the plugin, and where it lies.
 */
#ifndef CAR_TSHARK_PLUGIN_FILES_H
#define CAR_TSHARK_PLUGIN_FILES_H

#include <glib.h>
#include <stdbool.h>

#define PLUGIN_FILE "car.so"
#define PLUGIN_FOLDER_IN_HOME ".local/lib/wireshark/plugins" ///< the personal folder

/** A car.so in a plugin folder. */
typedef struct {
    char *path;
    char *version; ///< the folder's: Wireshark's "major.minor"
    bool personal; ///< below the user's personal folder or WIRESHARK_PLUGIN_DIR
} PluginFile;

/** All car.so of any Wireshark version below the global plugin folder `global` (without its version; may be NULL),
 * WIRESHARK_PLUGIN_DIR and the personal folder. Owned by the caller, with PluginFile elements. */
GPtrArray *plugin_files_find(const char *global);

/** Those in the personal folder alone. */
GPtrArray *plugin_files_home(void);

/** Whether this process counts as root for Wireshark, which then ignores WIRESHARK_PLUGIN_DIR and personal plugins. */
bool plugin_files_root(void);

/** Whether there is a plugin that is ignored for that reason. */
bool plugin_files_ignored(void);

#endif
