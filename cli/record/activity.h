// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Activities: connections that belong together, as one remote use of WMI, with what matters of them all.
 */
#ifndef CAR_RECORD_ACTIVITY_H
#define CAR_RECORD_ACTIVITY_H

#include "record/record.h"
#include <stdint.h>

/** What an activity did at most, the worst first. */
typedef enum {
    ACTIVITY_RUN,
    ACTIVITY_PERSIST,
    ACTIVITY_CHANGE,
    ACTIVITY_READ,
    ACTIVITY_ENTER,
    ACTIVITY_TRY, ///< no session came of it
    ACTIVITY_KINDS
} ActivityKind;

typedef struct {
    const RecordSet *set;
    GPtrArray *records; ///< const Record *, in order of the set; at least one
    const Record *main; ///< the one that says most
    ActivityKind kind;
    Confidence confidence;    ///< the strongest
    bool allowed;             ///< all records are
    RecordEnd client, server; ///< of WMI, with the names that any of the records has; `port` is that of `main`
    GPtrArray *accounts;      ///< char *, "DOMAIN\user": all that its records name, each once
    int64_t start, end;       ///< as time_parse_utc()
    const char *start_time;   ///< of `start`, as its record has it; NULL when unknown
} Activity;

/** The activities of all records of `sets` (RecordSet *) of a confidence from `min` on, as a list of Activity *: the
 * worst first, those that are allowed last. `sets` have to stay. Owned by the caller. */
GPtrArray *activities_new(const GPtrArray *sets, Confidence min);

/** The same of one set, in order of their first records. */
GPtrArray *activities_of_set(const RecordSet *set, Confidence min);

/** How little serious it is: its kind, and what is allowed last. */
guint activity_rank(const Activity *activity);

/** Whether any of its records shows that technique. */
bool activity_has_technique(const Activity *activity, Technique technique);

/** The first evidence that makes it as sure as it is. NULL when there is none. */
const Evidence *activity_evidence(const Activity *activity);

/** "Execution", … */
const char *activity_kind_title(ActivityKind kind);

/** "WS05" or, when it has no name, "192.0.2.5". */
const char *activity_host(const RecordEnd *end);

#endif
