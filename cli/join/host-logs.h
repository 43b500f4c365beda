// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Hosts' logs as a command uses them: all files, to be joined to all captures or read for themselves.
 */
#ifndef CAR_JOIN_HOST_LOGS_H
#define CAR_JOIN_HOST_LOGS_H

#include "record/record.h"

/** Takes one line about something that should be known, such as a damaged log. */
typedef void (*HostLogsWarn)(gpointer data, const char *format, ...) G_GNUC_PRINTF(2, 3);

/** Joins the logs `paths` (char *) to the records of `sets` (RecordSet *). False when one cannot be read at all; the
 * error names it. `tshark` reads those that are captures. */
bool host_logs_join(const GPtrArray *paths, const char *tshark, GPtrArray *sets, HostLogsWarn warn, gpointer data,
                    GError **error);

/** The remote WMI that the logs tell of by themselves. The caller owns the set. NULL when one cannot be read at all. `tshark`
 * may be NULL. */
RecordSet *host_logs_list(const GPtrArray *paths, const char *tshark, HostLogsWarn warn, gpointer data, GError **error);

#endif
