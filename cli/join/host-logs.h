// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Hosts' logs as a command uses them: all files, to be joined to all captures or read for themselves.
 */
#ifndef CAR_JOIN_HOST_LOGS_H
#define CAR_JOIN_HOST_LOGS_H

#include "record/record.h"

/** Takes one line about something that should be known, such as a damaged log. */
typedef void (*HostLogsWarn)(gpointer data, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** Which logs are read, and who hears what should be known of them. */
typedef struct {
    const GPtrArray *paths; ///< char *
    GHashTable *in_folders; ///< those of them that were found in a folder: what is no log is skipped; NULL: none
    GHashTable *others;     ///< gets those; may be NULL where there is no `in_folders`
    const char *tshark;     ///< reads those that are captures; may be NULL where these are not wanted
    HostLogsWarn warn;
    gpointer data; ///< of `warn`
} HostLogs;

/** Joins the logs to the records of `sets` (RecordSet *). One that cannot be read is skipped, which is said. False when none can
 * be read; the error names the first. */
bool host_logs_join(const HostLogs *logs, GPtrArray *sets, GError **error);

/** The remote WMI that the logs tell of by themselves. The caller owns the set. NULL when none can be read. */
RecordSet *host_logs_list(const HostLogs *logs, GError **error);

#endif
