// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What was done in an activity, one thing after the other, as its connections' calls tell.
 */
#ifndef CAR_RECORD_ACTIONS_H
#define CAR_RECORD_ACTIONS_H

#include "record/activity.h"

typedef struct {
    char *text;       ///< "ran: cmd.exe /c whoami": whole, with texts of the wire as they are
    const char *time; ///< of the first; NULL when unknown
    int64_t frame;    ///< of the first; 0 when unknown
    guint times;      ///< how often the same was done
    Stage stage;      ///< what a call is for; STAGE_UNKNOWN: no call tells it
    Outcome outcome;  ///< of the first
    bool sealed;      ///< the request of the first cannot be read
    bool program;     ///< it started one
    bool output;      ///< it is what a command left
    int64_t pid;      ///< of the process that the first started, by its answer; NUMBER_UNKNOWN when there is none
} Action;

/** Whether a call is an action: beside those that do or ask something, logins, and whatever was refused. */
bool action_is_call(const RecordCall *call);

/** The logins, the calls that did or asked something, what was denied, and the output that commands left: a list of
 * Action *, in order of time, equal ones as one. Where there are none, what says most of each connection. Owned by the
 * caller. */
GPtrArray *actions_new(const Activity *activity);

#endif
