// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/file-identity.h"

#include <stddef.h>
#include <sys/stat.h>

static bool set(FileIdentity *identity, bool there, const struct stat *st)
{
    *identity = (FileIdentity){0};
    if (!there || !S_ISREG(st->st_mode))
        return false;
    identity->device = (uint64_t) st->st_dev;
    identity->inode = (uint64_t) st->st_ino;
    identity->size = (int64_t) st->st_size;
    identity->modified = (int64_t) st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec;
    return true;
}

bool file_identity_take(FileIdentity *identity, const char *path)
{
    struct stat st = {0};
    return set(identity, stat(path, &st) == 0, &st);
}

bool file_identity_take_open(FileIdentity *identity, int fd)
{
    struct stat st = {0};
    return set(identity, fstat(fd, &st) == 0, &st);
}

bool file_identity_same_file(const FileIdentity *a, const FileIdentity *b)
{
    return a->device == b->device && a->inode == b->inode;
}

const char *file_identity_change(const FileIdentity *before, const FileIdentity *now)
{
    if (!now)
        return "was removed";
    if (!file_identity_same_file(before, now))
        return "was replaced";
    if (now->size != before->size)
        return now->size > before->size ? "grew" : "was cut";
    return now->modified != before->modified ? "was changed" : NULL;
}
