// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/folder.h"

#define MAX_DEPTH 64

static int compare(gconstpointer a, gconstpointer b)
{
    return g_strcmp0(*(const char *const *) a, *(const char *const *) b);
}

static bool walk(const char *folder, guint depth, GPtrArray *paths, GError **error)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    if (!dir)
        return false;
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    for (const char *name = g_dir_read_name(dir); name; name = g_dir_read_name(dir))
        g_ptr_array_add(names, g_strdup(name));
    g_clear_pointer(&dir, g_dir_close); // however deep the folders are, one is open
    g_ptr_array_sort(names, compare);
    bool ok = true;
    for (guint i = 0; i < names->len && ok; i++) {
        g_autofree char *path = g_build_filename(folder, g_ptr_array_index(names, i), NULL);
        bool link = g_file_test(path, G_FILE_TEST_IS_SYMLINK);
        if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
            g_ptr_array_add(paths, g_steal_pointer(&path));
        else if (!link && depth < MAX_DEPTH && g_file_test(path, G_FILE_TEST_IS_DIR))
            ok = walk(path, depth + 1, paths, error);
    }
    return ok;
}

bool folder_files(const char *folder, GPtrArray *paths, GError **error)
{
    return walk(folder, 0, paths, error);
}
