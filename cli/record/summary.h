// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What was done over a connection, in a line for people.
 */
#ifndef CAR_RECORD_SUMMARY_H
#define CAR_RECORD_SUMMARY_H

#include "record/record.h"

/** The calls that did something, the strongest first: "ran: cmd.exe /c …; queried: SELECT …". Without such, the call
 * that says most. What is not known is left out. One line, but otherwise the texts of the wire: escape it for a terminal.
 * NULL when there are no calls. Owned by the caller. */
char *summary_make(const Record *record);

/** What one call did, whole: with the texts of the wire as they are. `operations`: outcome_operations(record). Owned by the
 * caller. */
char *summary_phrase(const Record *record, const RecordCall *call, GHashTable *operations);

/** Whether a call did more than manage the connection or read single objects. */
bool summary_acts(const RecordCall *call);

/** What a call is for; a write that makes something run later weighs like a subscription. */
Stage summary_weight(const RecordCall *call);

/** Of a record in which no call acts: an activation, else the call that says most. NULL when there are no calls. */
const RecordCall *summary_representative(const Record *record);

#endif
