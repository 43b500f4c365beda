// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What a report says first: who did what to whom, equal things as one finding, the most serious first.
 */
#ifndef CAR_CASE_FINDINGS_H
#define CAR_CASE_FINDINGS_H

#include "record/actions.h"

/** The most serious first. */
typedef enum {
    FINDING_RUN,     ///< a program was run, and which can be read
    FINDING_CALL,    ///< another method was called, and which can be read
    FINDING_PERSIST, ///< something was written that makes something run later
    FINDING_SEALED,  ///< a method was called, of which nothing can be read
    FINDING_OUTPUT,  ///< what a command left
    FINDING_CHANGE,  ///< objects were written or deleted
    FINDING_LOGIN,   ///< a login
    FINDING_READ,    ///< objects were asked for
    FINDING_REFUSED, ///< the server did not do it
    FINDING_OTHER,   ///< the connection alone
    N_FINDING_KINDS
} FindingKind;

#define FINDING_MAX_FRAMES 5u

typedef struct {
    FindingKind kind;
    char *text;                         ///< "ran: cmd.exe /c whoami", with texts of the wire as they are
    guint times;                        ///< how often
    const Activity *activity, *last;    ///< the first and the last in which it was done
    guint number;                       ///< of that activity in the report, from 1
    guint activities;                   ///< in how many
    const char *first_time, *last_time; ///< NULL when unknown
    int64_t frames[FINDING_MAX_FRAMES]; ///< the first ones
    guint n_frames;
} Finding;

/** The findings of `activities` (Activity *), but not of those that are allowed: a list of Finding *. What is asked for is one
 * finding for each pair of hosts. Owned by the caller. */
GPtrArray *findings_new(const GPtrArray *activities);

#endif
