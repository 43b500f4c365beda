// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/outcome.h"

#include "names/outcomes.h"

#include <inttypes.h>

_Static_assert(NUMBER_UNKNOWN == ANSWER_UNKNOWN_NUMBER, "what is not known is so in both");

static CallAnswer answer_of(const RecordCall *call, const RecordCall *operation)
{
    CallAnswer answer = call_answer_make();
    answer.seen = call->response_frame != 0;
    answer.fault = call->fault == ANSWER_YES;
    answer.status = call->status;
    if (operation)
        answer.operation_status = operation->operation_status;
    if (wmi_class_returns_errors(call->class_name))
        answer.returned = property_number(call->result_properties, "ReturnValue");
    return answer;
}

char *outcome_reason(const RecordCall *call, const RecordCall *operation)
{
    const CallAnswer answer = answer_of(call, operation);
    const Failure failure = call_answer_failure(&answer);
    if (failure == FAILURE_NONE)
        return NULL;
    if (failure == FAILURE_RETURNED)
        return g_strdup_printf("ReturnValue %" PRId64, answer.returned);
    const RecordCall *told = failure == FAILURE_OPERATION ? operation : NULL;
    const char *name = told ? told->operation_status_name : call->status_name;
    int64_t status = told ? answer.operation_status : answer.status;
    if (name)
        return g_strdup(name);
    return status == NUMBER_UNKNOWN ? g_strdup("fault") : g_strdup_printf("0x%08" PRIx64, status);
}

GHashTable *outcome_operations(const Record *record)
{
    GHashTable *operations = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < record->calls->len; i++) {
        RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        if (call->origin != NUMBER_UNKNOWN && call->operation_status != NUMBER_UNKNOWN)
            g_hash_table_insert(operations, GSIZE_TO_POINTER((size_t) call->origin), call);
    }
    return operations;
}

const RecordCall *outcome_operation(GHashTable *operations, const RecordCall *call)
{
    if (call->number == NUMBER_UNKNOWN)
        return NULL;
    return g_hash_table_lookup(operations, GSIZE_TO_POINTER((size_t) call->number));
}

void call_set_outcome(RecordCall *call, const RecordCall *operation)
{
    const CallAnswer answer = answer_of(call, operation);
    // What a log alone tells of had no answer that could have been seen.
    bool known = call->frame || call->status != NUMBER_UNKNOWN;
    call->outcome = known ? call_answer_outcome(&answer) : OUTCOME_UNKNOWN;
}

char *outcome_text(const Record *record)
{
    const RecordCall *call = record_strongest_call(record);
    if (!call || !call->outcome)
        return NULL;
    g_autoptr(GHashTable) operations = outcome_operations(record);
    g_autofree char *reason = outcome_reason(call, outcome_operation(operations, call));
    return g_strconcat(word_text(&outcome_words, call->outcome), reason ? ": " : "", reason, NULL);
}

void outcomes_set(Record *record)
{
    g_autoptr(GHashTable) operations = outcome_operations(record);
    for (guint i = 0; i < record->calls->len; i++) {
        RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        call_set_outcome(call, outcome_operation(operations, call));
    }
}
