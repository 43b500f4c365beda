// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Whether a file is still the one that it was.
 */
#ifndef CAR_BASE_FILE_IDENTITY_H
#define CAR_BASE_FILE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t device, inode;
    int64_t size;     ///< bytes
    int64_t modified; ///< nanoseconds since 1970
} FileIdentity;

/** False, and all 0, when `path` is no regular file. */
bool file_identity_take(FileIdentity *identity, const char *path);

/** The same of an open file. */
bool file_identity_take_open(FileIdentity *identity, int fd);

bool file_identity_same_file(const FileIdentity *a, const FileIdentity *b);

/** What became of a file between two times: "was replaced", "grew", …; NULL: nothing. `now` is NULL where it is gone. */
const char *file_identity_change(const FileIdentity *before, const FileIdentity *now);

#endif
