// SPDX-License-Identifier: GPL-2.0-or-later
#include "reading/anomalies.h"

#include "scan/oddities.h"

#define PROTOCOL_TCP 6

static const AnomalyKind kinds[] = {
    [TCP_ODD_OVERLAP] = ANOMALY_OVERLAP,
    [TCP_ODD_NUMBERS] = ANOMALY_NUMBERS,
    [TCP_ODD_END] = ANOMALY_END,
    [TCP_ODD_SYN] = ANOMALY_SYN,
};

static bool is_of(const Record *r, int64_t frame)
{
    return frame >= r->frames.first && (frame_file(frame) != frame_file(r->frames.last) || frame <= r->frames.last);
}

static void attach(RecordSet *set, Record *record, const GArray *list)
{
    for (guint i = 0; i < list->len; i++) {
        const Oddity *oddity = &g_array_index(list, Oddity, i);
        if (!is_of(record, oddity->frames[1]))
            continue;
        RecordAnomaly anomaly = {.kind = kinds[oddity->kind]};
        for (guint k = 0; k < 2; k++) {
            anomaly.frames[k] = oddity->frames[k];
            anomaly.readings[k] = oddity->readings[k] ? texts_keep(set->texts, oddity->readings[k]) : NULL;
        }
        g_array_append_val(record->anomalies, anomaly);
    }
}

void anomalies_attach(GHashTable *oddities, RecordSet *set)
{
    for (guint i = 0; g_hash_table_size(oddities) > 0 && i < set->records->len; i++) {
        Record *r = g_ptr_array_index(set->records, i);
        Address ip[2];
        const uint16_t port[2] = {(uint16_t) r->client.port, (uint16_t) r->server.port};
        FlowKey key;
        if (!address_parse(slice(r->client.ip), &ip[0]) || !address_parse(slice(r->server.ip), &ip[1]))
            continue;
        (void) flow_key_set(&key, ip, port, PROTOCOL_TCP);
        const GArray *list = g_hash_table_lookup(oddities, &key);
        if (list)
            attach(set, r, list);
    }
}
