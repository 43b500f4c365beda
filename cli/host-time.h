// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Times as event logs and Windows' tools write them. A time is a count of microseconds since 1970 in UTC.
 */
#ifndef CAR_HOST_TIME_H
#define CAR_HOST_TIME_H

#include "host-text.h"

#define HOST_TIME_UNKNOWN INT64_MIN
#define HOST_SECOND INT64_C(1000000)
#define HOST_MINUTE (60 * HOST_SECOND)

typedef struct {
    int64_t time;      ///< as if written in UTC when `zoned` is false
    int64_t precision; ///< of its last digit, in microseconds
    bool zoned;        ///< it says its offset from UTC
} HostTime;

/** Reads 2020-08-06T03:56:41.5Z, 2020-08-06 03:56:41, 2020-08-06T03:56:41+02:00, 8/6/2020 3:56:41 AM (month first) and
 * 06.08.2020 03:56:41. False when it is none of these. */
bool host_time_parse(HostText text, HostTime *time);

/** From a FILETIME; HOST_TIME_UNKNOWN for 0 and what does not fit. */
int64_t host_time_from_filetime(uint64_t filetime);

/** RFC 3339 in UTC, in milliseconds or whole seconds. Owned by the caller; NULL when it is unknown. */
char *host_time_text(int64_t time);

#endif
