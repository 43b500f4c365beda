// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Times as event logs and Windows' tools write them. A time is a count of microseconds since 1970 in UTC.
 */
#ifndef CAR_BASE_TIME_H
#define CAR_BASE_TIME_H

#include "base/slice.h"
#include <stdint.h>

#define TIME_UNKNOWN INT64_MIN
#define TIME_SECOND INT64_C(1000000)
#define TIME_MINUTE (60 * TIME_SECOND)

typedef struct {
    int64_t time;      ///< as if written in UTC when `zoned` is false
    int64_t precision; ///< of its last digit, in microseconds
    bool zoned;        ///< it says its offset from UTC
} WrittenTime;

/** Reads 2020-08-06T03:56:41.5Z, 2020-08-06 03:56:41, 2020-08-06T03:56:41+02:00, 8/6/2020 3:56:41 AM (month first) and
 * 06.08.2020 03:56:41. False when it is none of these. */
bool time_parse(Slice text, WrittenTime *time);

/** From a FILETIME; TIME_UNKNOWN for 0 and what does not fit. */
int64_t time_from_filetime(uint64_t filetime);

/** RFC 3339 in UTC, in milliseconds or whole seconds. Owned by the caller; NULL when it is unknown. */
char *time_text(int64_t time);

#endif
