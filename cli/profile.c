// SPDX-License-Identifier: GPL-2.0-or-later
#include "profile.h"

#include <errno.h>
#include <glib/gstdio.h>

#define KEPT_MAX 100 ///< profiles of former times

static bool set_error(GError **error, const char *what, const char *path)
{
    int saved = errno;
    g_set_error(error, G_FILE_ERROR, (int) g_file_error_from_errno(saved), "cannot %s %s: %s", what, path,
                g_strerror(saved));
    return false;
}

char *profile_find(const char *config)
{
    g_autofree char *path = config ? g_build_filename(config, "profiles", PROFILE_NAME, NULL) : NULL;
    return path && g_file_test(path, G_FILE_TEST_IS_DIR) ? g_steal_pointer(&path) : NULL;
}

char *profile_find_installed(const char *global)
{
    g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *bin = program ? g_path_get_dirname(program) : NULL;
    g_autofree char *prefix = bin ? g_path_get_dirname(bin) : NULL;
    g_autofree char *config = prefix ? g_build_filename(prefix, "share", "wireshark", NULL) : NULL;
    char *path = profile_find(config);
    return path ? path : profile_find(global);
}

void profile_install_clear(ProfileInstall *install)
{
    g_free(install->path);
    g_free(install->kept);
}

/** The files of a folder: name → content. */
static GHashTable *read_files(const char *folder, GError **error)
{
    g_autoptr(GHashTable) files =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify) g_bytes_unref);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    if (!dir)
        return NULL;
    const char *name;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        char *content;
        size_t len;
        if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
            continue;
        if (!g_file_get_contents(path, &content, &len, error))
            return NULL;
        g_hash_table_insert(files, g_strdup(name), g_bytes_new_take(content, len));
    }
    return g_steal_pointer(&files);
}

/** Whether each of `files` is in `folder`, as it is. */
static bool has_files(const char *folder, GHashTable *files)
{
    GHashTableIter iter;
    gpointer name, content;
    g_hash_table_iter_init(&iter, files);
    while (g_hash_table_iter_next(&iter, &name, &content)) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        char *found;
        size_t len;
        if (!g_file_get_contents(path, &found, &len, NULL))
            return false;
        g_autoptr(GBytes) bytes = g_bytes_new_take(found, len);
        if (!g_bytes_equal(bytes, content))
            return false;
    }
    return true;
}

/** Renames a folder to one that Wireshark lists as a profile, too. Owned by the caller. */
static char *keep(const char *folder, GError **error)
{
    for (unsigned n = 1; n <= KEPT_MAX; n++) {
        g_autofree char *kept = g_strdup_printf("%s (old %u)", folder, n);
        if (g_file_test(kept, G_FILE_TEST_EXISTS))
            continue;
        if (g_rename(folder, kept) == 0)
            return g_steal_pointer(&kept);
        (void) set_error(error, "rename", folder);
        return NULL;
    }
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST, "there are too many former profiles beside %s", folder);
    return NULL;
}

static bool write_files(const char *folder, GHashTable *files, GError **error)
{
    GHashTableIter iter;
    gpointer name, content;
    if (g_mkdir_with_parents(folder, 0700) != 0)
        return set_error(error, "make", folder);
    g_hash_table_iter_init(&iter, files);
    while (g_hash_table_iter_next(&iter, &name, &content)) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        size_t len;
        const char *data = g_bytes_get_data(content, &len);
        if (!g_file_set_contents(path, data, (gssize) len, error))
            return false;
    }
    return true;
}

bool profile_install(const char *source, const char *personal, ProfileInstall *install, GError **error)
{
    *install = (ProfileInstall){.path = g_build_filename(personal, "profiles", PROFILE_NAME, NULL)};
    g_autoptr(GHashTable) files = read_files(source, error);
    if (!files)
        return false;
    if (g_file_test(install->path, G_FILE_TEST_EXISTS)) {
        install->same = has_files(install->path, files);
        if (install->same)
            return true;
        install->kept = keep(install->path, error);
        if (!install->kept)
            return false;
    }
    return write_files(install->path, files, error);
}
