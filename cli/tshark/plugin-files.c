// SPDX-License-Identifier: GPL-2.0-or-later
#include "tshark/plugin-files.h"

#include <unistd.h>

static void plugin_file_free(gpointer data)
{
    PluginFile *file = data;
    g_free(file->path);
    g_free(file->version);
    g_free(file);
}

/** Adds each `folder`/VERSION/epan/car.so. */
static void add_files(GPtrArray *files, const char *folder, bool personal)
{
    g_autoptr(GDir) dir = folder ? g_dir_open(folder, 0, NULL) : NULL;
    const char *version;
    while (dir && (version = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, version, "epan", PLUGIN_FILE, NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        PluginFile *file = g_new0(PluginFile, 1);
        file->path = g_steal_pointer(&path);
        file->version = g_strdup(version);
        file->personal = personal;
        g_ptr_array_add(files, file);
    }
}

static void add_home_files(GPtrArray *files)
{
    g_autofree char *folder = g_build_filename(g_get_home_dir(), PLUGIN_FOLDER_IN_HOME, NULL);
    add_files(files, folder, true);
}

GPtrArray *plugin_files_find(const char *global)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(plugin_file_free);
    const char *env = g_getenv("WIRESHARK_PLUGIN_DIR");
    if (g_strcmp0(env, global) != 0) // else tshark itself names that one as the global folder
        add_files(files, global, false);
    add_files(files, env, true);
    add_home_files(files);
    return files;
}

GPtrArray *plugin_files_home(void)
{
    GPtrArray *files = g_ptr_array_new_with_free_func(plugin_file_free);
    add_home_files(files);
    return files;
}

bool plugin_files_root(void)
{
    return getuid() == 0 || getgid() == 0;
}

bool plugin_files_ignored(void)
{
    if (!plugin_files_root())
        return false;
    g_autoptr(GPtrArray) files = plugin_files_find(NULL);
    return files->len > 0;
}
