// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Reading a host's log: what kind of file it is is told from its content, and its reader gives its events one by one.
 */
#ifndef CAR_LOGS_READ_H
#define CAR_LOGS_READ_H

#include "logs/reader.h"

/** Reads `path` (plain or gzip) and gives the wanted events to `func`. A file that is damaged part-way is no error:
 * `stats`, which the caller clears, tells. `tshark` is the program that reads captures for
 * their connections; where these are not wanted it may be NULL. */
bool host_read(const char *path, const char *tshark, unsigned wanted, HostEventFunc func, gpointer data,
               HostReadStats *stats, GError **error);

#endif
