// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/outcome.h"

#include <inttypes.h>

#define CALL_CANCELLED INT64_C(0x80041032) ///< WBEM_E_CALL_CANCELLED (MS-WMI 2.2.11)

/** Where the failure of a call stands, when it failed. */
typedef struct {
    bool failed;
    int64_t status; ///< NUMBER_UNKNOWN: a fault whose status is not known, or a method that returned something
    const char *name;
    int64_t returned; ///< by the method; NUMBER_UNKNOWN: that is not what failed
} Failure;

static bool is_failure(int64_t status)
{
    return status != NUMBER_UNKNOWN && (status & INT64_C(0x80000000)) != 0;
}

static Failure find_failure(const RecordCall *call, const RecordCall *operation)
{
    if (call->fault == ANSWER_YES || is_failure(call->status))
        return (Failure){true, call->status, call->status_name, NUMBER_UNKNOWN};
    // Of a semisynchronous call the result comes later.
    if (operation && is_failure(operation->operation_status))
        return (Failure){true, operation->operation_status, operation->operation_status_name, NUMBER_UNKNOWN};
    int64_t returned = property_number(call->result_properties, "ReturnValue");
    bool failed = returned > 0 && call_is_method(call, "Win32_Process", "Create");
    return (Failure){failed, NUMBER_UNKNOWN, NULL, failed ? returned : NUMBER_UNKNOWN};
}

char *outcome_reason(const RecordCall *call, const RecordCall *operation)
{
    const Failure failure = find_failure(call, operation);
    if (!failure.failed)
        return NULL;
    if (failure.returned != NUMBER_UNKNOWN)
        return g_strdup_printf("ReturnValue %" PRId64, failure.returned);
    if (failure.name)
        return g_strdup(failure.name);
    return failure.status == NUMBER_UNKNOWN ? g_strdup("fault") : g_strdup_printf("0x%08" PRIx64, failure.status);
}

static Outcome outcome_of(const RecordCall *call, const RecordCall *operation)
{
    const Failure failure = find_failure(call, operation);
    if (failure.failed)
        return failure.status == CALL_CANCELLED ? OUTCOME_CANCELLED : OUTCOME_FAILED;
    if (call->status != NUMBER_UNKNOWN)
        return OUTCOME_SUCCEEDED;
    return call->response_frame ? OUTCOME_NOT_READABLE : OUTCOME_NO_ANSWER;
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

void outcome_set(RecordCall *call)
{
    call->outcome = outcome_of(call, NULL);
}

void outcomes_set(Record *record)
{
    g_autoptr(GHashTable) operations = outcome_operations(record);
    for (guint i = 0; i < record->calls->len; i++) {
        RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        call->outcome = outcome_of(call, outcome_operation(operations, call));
    }
}
