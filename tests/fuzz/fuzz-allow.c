// SPDX-License-Identifier: GPL-2.0-or-later
// Rules of --allow: any text, matched against a record.
#include "record/allow.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Allow) allow = allow_parse((const char *) data, size, NULL);
    if (!allow)
        return 0;
    RecordSet set = {
        .records = g_ptr_array_new_with_free_func((GDestroyNotify) record_free),
        .texts = texts_new(),
    };
    Record *record = record_new();
    record->start_time = "2020-08-06T07:56:41Z";
    record->client = (RecordEnd){.ip = "192.0.2.5", .host = "WS05", .port = 1};
    record->server = (RecordEnd){.ip = "2001:db8::1", .fqdn = "ws06.example.com", .port = 2};
    record->auth.user = "ann";
    g_ptr_array_add(set.records, record);
    allow_apply(allow, &set);
    g_ptr_array_unref(set.records);
    texts_free(set.texts);
    return 0;
}
