// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/out-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTORS "/proc/self/fd"
#define SUFFIX ".XXXXXX" ///< of a file that is not whole yet: random instead of the X
#define MAX_TRIES 100    ///< names that somebody may have

static void set_error(GError **error, const char *path, int number)
{
    g_set_error(error, G_FILE_ERROR, (int) g_file_error_from_errno(number), "%s: %s", path, g_strerror(number));
}

/** A file in the folder of `path` that has no name, so that none is left however the program ends; where the file system knows
 *  no such files, one beside `path`. */
static int open_unseen(OutFile *file)
{
    g_autofree char *folder = g_path_get_dirname(file->path);
    bool can_be_named = access(DESCRIPTORS, X_OK) == 0;
    int fd = can_be_named ? g_open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600) : -1;
    file->unnamed = fd >= 0;
    return fd >= 0 ? fd : g_mkstemp_full(file->temporary, O_WRONLY | O_CLOEXEC, 0600);
}

static void remove_temporary(gpointer data)
{
    const OutFile *file = data;
    if (!file->unnamed)
        (void) g_unlink(file->temporary);
}

/** … with the rights that `path` has or would get. */
static int open_temporary(OutFile *file, const struct stat *old)
{
    file->temporary = g_strconcat(file->path, SUFFIX, NULL);
    mode_t mask = umask(0);
    (void) umask(mask);
    int fd = open_unseen(file);
    if (fd < 0) {
        g_clear_pointer(&file->temporary, g_free);
        return -1;
    }
    file->interrupt = interrupt_add(remove_temporary, file);
    (void) fchmod(fd, old ? old->st_mode & 0777 : 0666 & ~mask);
    return fd;
}

/** Gives the file a name beside the one that it is to have, which may be there already. */
static void name_temporary(OutFile *file)
{
    if (!file->unnamed || file->error)
        return;
    g_autofree char *itself = g_strdup_printf(DESCRIPTORS "/%d", file->fd);
    for (guint tries = 0; tries < MAX_TRIES; tries++) {
        g_snprintf(file->temporary + strlen(file->path), sizeof(SUFFIX), ".%06x", g_random_int() >> 8);
        int linked = linkat(AT_FDCWD, itself, AT_FDCWD, file->temporary, AT_SYMLINK_FOLLOW);
        file->unnamed = linked != 0;
        file->error = linked == 0 ? 0 : errno;
        if (file->error != EEXIST)
            return;
    }
}

/** stdio forgets why a write failed; this remembers. */
static ssize_t write_cookie(void *cookie, const char *data, size_t len)
{
    OutFile *file = cookie;
    size_t done = 0;
    while (done < len && !file->error) {
        ssize_t n = write(file->fd, data + done, len - done);
        if (n >= 0)
            done += (size_t) n;
        else if (errno != EINTR)
            file->error = errno;
    }
    return (ssize_t) done;
}

/** False, with errno as the error, when there is no descriptor. */
static bool open_stream(OutFile *file, const char *path, GError **error)
{
    static const cookie_io_functions_t functions = {.write = write_cookie};
    if (file->fd < 0) {
        set_error(error, path, errno);
        out_file_discard(file);
        return false;
    }
    file->stream = fopencookie(file, "w", functions);
    return true;
}

static bool is_standard_output(const char *path)
{
    return !path || strcmp(path, "-") == 0 || strcmp(path, "/dev/stdout") == 0;
}

bool out_file_append(OutFile *file, const char *path, bool *goes_on, GError **error)
{
    *file = (OutFile){.fd = STDOUT_FILENO};
    *goes_on = false;
    if (!is_standard_output(path)) {
        file->path = g_strdup(path);
        file->fd = g_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        struct stat st;
        *goes_on = file->fd >= 0 && fstat(file->fd, &st) == 0 && st.st_size > 0;
    }
    return open_stream(file, path, error);
}

bool out_file_open(OutFile *file, const char *path, GError **error)
{
    *file = (OutFile){.fd = STDOUT_FILENO};
    if (is_standard_output(path))
        return open_stream(file, path, error);
    char *real = realpath(path, NULL); // a symbolic link stays one
    file->path = g_strdup(real ? real : path);
    free(real);
    struct stat st;
    bool exists = stat(file->path, &st) == 0;
    if (exists && S_ISDIR(st.st_mode)) {
        file->fd = -1;
        errno = EISDIR;
    } else if (exists && !S_ISREG(st.st_mode)) {
        file->fd = g_open(file->path, O_WRONLY | O_CLOEXEC, 0);
    } else {
        file->fd = open_temporary(file, exists ? &st : NULL);
    }
    return open_stream(file, path, error);
}

/** Closes stream and descriptor; an error of theirs becomes the file's. */
static void close_stream(OutFile *file)
{
    if (!file->stream)
        return;
    (void) fclose(file->stream);
    file->stream = NULL;
    if (file->path && close(file->fd) != 0 && !file->error)
        file->error = errno;
}

bool out_file_commit(OutFile *file, GError **error)
{
    if (file->stream && fflush(file->stream) == 0)
        name_temporary(file);
    close_stream(file);
    if (!file->error && file->temporary && g_rename(file->temporary, file->path) != 0)
        file->error = errno;
    int number = file->error;
    if (number)
        set_error(error, file->path ? file->path : "standard output", number);
    interrupt_remove(g_steal_pointer(&file->interrupt)); // from here on it has its name
    if (!number)
        g_clear_pointer(&file->temporary, g_free);
    out_file_discard(file);
    return number == 0;
}

void out_file_discard(OutFile *file)
{
    close_stream(file);
    interrupt_remove(g_steal_pointer(&file->interrupt));
    if (file->temporary)
        remove_temporary(file);
    g_clear_pointer(&file->temporary, g_free);
    g_clear_pointer(&file->path, g_free);
}
