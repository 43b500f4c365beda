// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/techniques.h"

#include "names/outcomes.h"

static const char *parameter(const void *properties, const char *name)
{
    return property_value(properties, name);
}

void call_set_techniques(RecordCall *call)
{
    const KnownCall known = {
        .interface = call->interface,
        .method = call->method,
        .namespace_path = call->namespace_path,
        .class_name = call->class_name,
        .object_path = call->object_path,
        .wmi_method = call->wmi_method,
        .query = call->query,
        .parameter = parameter,
        .parameters = call->properties,
    };
    call->n_techniques = techniques_shown(&known, call->techniques);
}

void record_add_call_techniques(Record *record)
{
    for (guint i = 0; i < record->calls->len; i++) {
        RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        if (call->n_techniques == 0)
            call_set_techniques(call);
        for (unsigned k = 0; k < call->n_techniques && !outcome_is_failure(call->outcome); k++)
            record_add_technique(record, call->techniques[k].technique);
    }
}
