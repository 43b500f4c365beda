// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What became of a call, from what its answer says.
 */
#ifndef CAR_NAMES_OUTCOMES_H
#define CAR_NAMES_OUTCOMES_H

#include "names/words.h"

#include <stdbool.h>
#include <stdint.h>

#define ANSWER_UNKNOWN_NUMBER INT64_C(-1)

/** What is known of the answer to a call. A number that is not known is ANSWER_UNKNOWN_NUMBER. */
typedef struct {
    bool seen, fault;
    int64_t status;           ///< HRESULT, or of a fault
    int64_t operation_status; ///< HRESULT of a semisynchronous call's operation, which another call tells
    int64_t returned;         ///< ReturnValue of a WMI method in which other values than 0 are errors
} CallAnswer;

/** What of an answer says that the call failed. */
typedef enum { FAILURE_NONE, FAILURE_STATUS, FAILURE_OPERATION, FAILURE_RETURNED } Failure;

/** An answer of which nothing is known. */
CallAnswer call_answer_make(void);

Failure call_answer_failure(const CallAnswer *answer);
Outcome call_answer_outcome(const CallAnswer *answer);

/** Whether the server did not do what it was asked for. */
bool outcome_is_failure(Outcome outcome);

/** Whether in the methods of a WMI class a ReturnValue other than 0 is an error. `class_name` may be NULL. */
bool wmi_class_returns_errors(const char *class_name);

#endif
