// SPDX-License-Identifier: GPL-2.0-or-later
#include "names/outcomes.h"

#include <glib.h>

#define CALL_CANCELLED INT64_C(0x80041032) ///< WBEM_E_CALL_CANCELLED (MS-WMI 2.2.11)

CallAnswer call_answer_make(void)
{
    return (CallAnswer){
        .status = ANSWER_UNKNOWN_NUMBER,
        .operation_status = ANSWER_UNKNOWN_NUMBER,
        .returned = ANSWER_UNKNOWN_NUMBER,
    };
}

static bool is_failure(int64_t status)
{
    return status != ANSWER_UNKNOWN_NUMBER && (status & INT64_C(0x80000000)) != 0;
}

Failure call_answer_failure(const CallAnswer *answer)
{
    if (answer->fault || is_failure(answer->status))
        return FAILURE_STATUS;
    // Of a semisynchronous call the result comes later.
    if (is_failure(answer->operation_status))
        return FAILURE_OPERATION;
    return answer->returned > 0 ? FAILURE_RETURNED : FAILURE_NONE;
}

Outcome call_answer_outcome(const CallAnswer *answer)
{
    const Failure failure = call_answer_failure(answer);
    if (failure != FAILURE_NONE) {
        bool cancelled = (failure == FAILURE_STATUS && answer->status == CALL_CANCELLED) ||
                         (failure == FAILURE_OPERATION && answer->operation_status == CALL_CANCELLED);
        return cancelled ? OUTCOME_CANCELLED : OUTCOME_FAILED;
    }
    if (answer->status != ANSWER_UNKNOWN_NUMBER)
        return OUTCOME_SUCCEEDED;
    return answer->seen ? OUTCOME_NOT_READABLE : OUTCOME_NO_ANSWER;
}

bool outcome_is_failure(Outcome outcome)
{
    return outcome == OUTCOME_FAILED || outcome == OUTCOME_CANCELLED;
}

bool wmi_class_returns_errors(const char *class_name)
{
    static const char *const classes[] = {"Win32_Process",      "Win32_Service",    "Win32_BaseService",
                                          "Win32_SystemDriver", "Win32_ShadowCopy", "Win32_ScheduledJob",
                                          "StdRegProv"};
    for (size_t i = 0; class_name && i < G_N_ELEMENTS(classes); i++)
        if (g_ascii_strcasecmp(classes[i], class_name) == 0)
            return true;
    return false;
}
