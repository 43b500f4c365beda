// SPDX-License-Identifier: GPL-2.0-or-later
#include "tshark/own-home.h"

#include "tshark/plugin-files.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

struct OwnHome {
    char *path;
    GPtrArray *made; ///< char *: what is to be removed, the last first
};

const char *own_home_path(const OwnHome *home)
{
    return home->path;
}

void own_home_remove(OwnHome *home)
{
    for (guint i = home->made->len; i > 0; i--)
        (void) g_remove(g_ptr_array_index(home->made, i - 1));
}

void own_home_free(OwnHome *home)
{
    if (!home)
        return;
    own_home_remove(home);
    g_ptr_array_unref(home->made);
    g_free(home->path);
    g_free(home);
}

/** A new folder of this user alone, where there is room for one; NULL with errno. */
static char *make_folder(void)
{
    const char *const places[] = {g_get_tmp_dir(), "/tmp", "/dev/shm"};
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        g_autofree char *path = g_build_filename(places[i], "car-wmi-XXXXXX", NULL);
        if (g_mkdtemp(path))
            return g_steal_pointer(&path);
    }
    return NULL;
}

/** Makes the folder `name` below `path`, and all on the way. */
static bool make_below(OwnHome *home, const char *name)
{
    g_auto(GStrv) parts = g_strsplit(name, "/", -1);
    g_autofree char *path = g_strdup(home->path);
    for (char **part = parts; *part; part++) {
        char *below = g_build_filename(path, *part, NULL);
        g_free(path);
        path = below;
        if (g_mkdir(path, 0700) == 0)
            g_ptr_array_add(home->made, g_strdup(path));
        else if (errno != EEXIST)
            return false;
    }
    return true;
}

static bool add_plugin(OwnHome *home, const PluginFile *file)
{
    g_autofree char *folder = g_build_filename(PLUGIN_FOLDER_IN_HOME, file->version, "epan", NULL);
    g_autofree char *path = g_build_filename(home->path, folder, PLUGIN_FILE, NULL);
    if (!make_below(home, folder) || symlink(file->path, path) != 0)
        return false;
    g_ptr_array_add(home->made, g_steal_pointer(&path));
    return true;
}

OwnHome *own_home_new(GError **error)
{
    g_autoptr(OwnHome) home = g_new0(OwnHome, 1);
    home->made = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) plugins = plugin_files_home();
    if (plugins->len == 0 || plugin_files_root()) { // root's are not loaded
        home->path = g_strdup("/nonexistent");
        return g_steal_pointer(&home);
    }
    home->path = make_folder();
    bool ok = home->path != NULL;
    if (ok)
        g_ptr_array_add(home->made, g_strdup(home->path));
    for (guint i = 0; i < plugins->len && ok; i++)
        ok = add_plugin(home, g_ptr_array_index(plugins, i));
    if (ok)
        return g_steal_pointer(&home);
    g_set_error(error, G_FILE_ERROR, (int) g_file_error_from_errno(errno),
                "no temporary folder in which tshark finds the plugin and nothing else: %s", g_strerror(errno));
    return NULL;
}
