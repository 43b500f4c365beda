// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Times as captures, event logs and Windows' tools write them. A time is a count of nanoseconds since 1970 in UTC, up to
 * the year 2261; NUMBER_UNKNOWN when nobody knows.
 */
#ifndef CAR_BASE_TIME_H
#define CAR_BASE_TIME_H

#include "base/slice.h"
#include "base/unknown.h"

#define TIME_MICROSECOND INT64_C(1000)
#define TIME_MILLISECOND (1000 * TIME_MICROSECOND)
#define TIME_SECOND (1000 * TIME_MILLISECOND)
#define TIME_MINUTE (60 * TIME_SECOND)
#define TIME_HOUR (60 * TIME_MINUTE)
#define TIME_DAY (24 * TIME_HOUR)

typedef struct {
    int64_t time;      ///< as if written in UTC when `zoned` is false
    int64_t precision; ///< of its last digit, in nanoseconds
    bool zoned;        ///< it says its offset from UTC
} WrittenTime;

/** Reads 2020-08-06T03:56:41.5Z, 2020-08-06 03:56:41, 2020-08-06T03:56:41+02:00, 8/6/2020 3:56:41 AM (month first) and
 * 06.08.2020 03:56:41. False when it is none of these, or before 1970 or after 2261. */
bool time_parse(Slice text, WrittenTime *time);

/** Of a time in RFC 3339 in UTC, as records have them; NUMBER_UNKNOWN when it is none. */
int64_t time_parse_utc(const char *text);

/** Of such a time, or of a day in UTC (2026-12-31): where it begins, or, with `end`, where the next one does. NUMBER_UNKNOWN when
 * it is neither. */
int64_t time_parse_bound(const char *text, bool end);

/** Of seconds since 1970 with a fraction, as tshark writes them; NUMBER_UNKNOWN when it is none, or does not fit. */
int64_t time_from_epoch(Slice text);

/** From a FILETIME; NUMBER_UNKNOWN for 0 and what does not fit. */
int64_t time_from_filetime(uint64_t filetime);

/** RFC 3339 in UTC with `digits` (0 to 9) of the second's fraction; the others are cut off. Owned by the caller; NULL when
 * the year has more than four digits. */
char *time_format(int64_t seconds, uint32_t nanoseconds, int digits);

/** The same of a time, in milliseconds or whole seconds. NULL when it is unknown. */
char *time_text(int64_t time);

#endif
