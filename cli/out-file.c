// SPDX-License-Identifier: GPL-2.0-or-later
#include "out-file.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static void set_error(GError **error, const char *path, int number)
{
    g_set_error(error, G_FILE_ERROR, (int) g_file_error_from_errno(number), "%s: %s", path, g_strerror(number));
}

/// A file beside `path`, with the rights that `path` has or would get.
static int open_temporary(OutFile *file, const struct stat *old)
{
    file->temporary = g_strconcat(file->path, ".XXXXXX", NULL);
    mode_t mask = umask(0);
    (void) umask(mask);
    int fd = g_mkstemp(file->temporary);
    if (fd < 0) {
        g_clear_pointer(&file->temporary, g_free);
        return -1;
    }
    (void) fchmod(fd, old ? old->st_mode & 0777 : 0666 & ~mask);
    return fd;
}

bool out_file_open(OutFile *file, const char *path, GError **error)
{
    *file = (OutFile){0};
    if (!path) {
        file->stream = stdout;
        return true;
    }
    char *real = realpath(path, NULL); // a symbolic link stays one
    file->path = g_strdup(real ? real : path);
    free(real);
    struct stat st;
    bool exists = stat(file->path, &st) == 0;
    int fd;
    if (exists && S_ISDIR(st.st_mode)) {
        errno = EISDIR;
        fd = -1;
    } else if (exists && !S_ISREG(st.st_mode)) {
        fd = g_open(file->path, O_WRONLY | O_CLOEXEC, 0);
    } else {
        fd = open_temporary(file, exists ? &st : NULL);
    }
    file->stream = fd < 0 ? NULL : fdopen(fd, "w");
    if (file->stream)
        return true;
    set_error(error, path, errno);
    out_file_discard(file);
    return false;
}

bool out_file_commit(OutFile *file, GError **error)
{
    const char *name = file->path ? file->path : "standard output";
    int number = 0;
    if (fflush(file->stream) != 0)
        number = errno;
    else if (ferror(file->stream))
        number = EIO;
    if (file->path) {
        if (fclose(file->stream) != 0 && !number)
            number = errno;
        file->stream = NULL;
        if (!number && file->temporary && g_rename(file->temporary, file->path) != 0)
            number = errno;
        if (!number)
            g_clear_pointer(&file->temporary, g_free);
    }
    if (number)
        set_error(error, name, number);
    out_file_discard(file);
    return number == 0;
}

void out_file_discard(OutFile *file)
{
    if (file->path && file->stream)
        (void) fclose(file->stream);
    file->stream = NULL;
    if (file->temporary)
        (void) g_unlink(file->temporary);
    g_clear_pointer(&file->temporary, g_free);
    g_clear_pointer(&file->path, g_free);
}
