// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * A log file's bytes or lines, with gzip and UTF-16 undone on the way and without a byte order mark. Only a window of the file is ever in memory.
 */
#ifndef CAR_LOGS_INPUT_H
#define CAR_LOGS_INPUT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HOST_INPUT_HEAD 65536             ///< bytes that can be looked at before anything is read
#define HOST_INPUT_MAX_LINE (4 * 1048576) ///< longer lines are passed over

typedef struct HostInput HostInput;

/** Opens a regular file. The error says why not, without the path. */
HostInput *host_input_open(const char *path, GError **error);
void host_input_free(HostInput *input);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostInput, host_input_free)

/** The first bytes, at most HOST_INPUT_HEAD of them; they are read again later. Valid until something is read. */
const char *host_input_head(HostInput *input, size_t *len);

/** Reads `len` bytes; fewer at the end or when reading fails. */
size_t host_input_read(HostInput *input, void *buffer, size_t len);

typedef enum { HOST_LINE_END, HOST_LINE_OK, HOST_LINE_TOO_LONG } HostLine;

/** Gives the next line without its end, which may be changed in place. It is valid until the next call. */
HostLine host_input_line(HostInput *input, char **line, size_t *len);

/** Why reading ended before the end of the file; NULL when it did not. */
const char *host_input_fault(const HostInput *input);

#endif
