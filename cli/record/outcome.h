// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What became of calls: of each by its answer and, of a semisynchronous one, by the call that asks for its result.
 */
#ifndef CAR_RECORD_OUTCOME_H
#define CAR_RECORD_OUTCOME_H

#include "record/record.h"

/** Sets the outcome of all calls of a record. May be done again when more is known. */
void outcomes_set(Record *record);

/** Sets that of one call. `operation` is the call that tells its result, NULL: none does. */
void call_set_outcome(RecordCall *call, const RecordCall *operation);

/** What became of the call that says most, and why it failed: "failed: WBEM_E_ACCESS_DENIED". NULL when that is not known.
 * Owned by the caller. */
char *outcome_text(const Record *record);

/** Why a call failed or was cancelled: "WBEM_E_ACCESS_DENIED", "ReturnValue 9". NULL when it was neither. `operation` is the
 * call that tells its result, NULL: none does. Owned by the caller. */
char *outcome_reason(const RecordCall *call, const RecordCall *operation);

/** Calls that tell the result of others, by the number of these. Owned by the caller. */
GHashTable *outcome_operations(const Record *record);

/** The call that tells the result of this one; NULL when none does. */
const RecordCall *outcome_operation(GHashTable *operations, const RecordCall *call);

#endif
