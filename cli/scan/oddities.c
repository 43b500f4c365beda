// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/oddities.h"

#define MAX_OF_FLOW 16
#define MAX_FLOWS (1u << 14)
#define PROTOCOL_TCP 6

static void oddity_clear(gpointer data)
{
    Oddity *oddity = data;
    g_free(oddity->readings[0]);
    g_free(oddity->readings[1]);
}

static void list_unref(gpointer data)
{
    g_array_unref(data);
}

GHashTable *oddities_new(void)
{
    return g_hash_table_new_full(flow_key_hash, flow_key_equal, g_free, list_unref);
}

void oddities_add(GHashTable *oddities, const TcpOddity *told)
{
    FlowKey key;
    (void) flow_key_set(&key, told->ip, told->port, PROTOCOL_TCP);
    GArray *list = g_hash_table_lookup(oddities, &key);
    if (!list && g_hash_table_size(oddities) < MAX_FLOWS) {
        list = g_array_new(FALSE, FALSE, sizeof(Oddity));
        g_array_set_clear_func(list, oddity_clear);
        g_hash_table_insert(oddities, g_memdup2(&key, sizeof(key)), list);
    }
    if (!list || list->len >= MAX_OF_FLOW)
        return;
    Oddity oddity = {.kind = told->kind};
    for (guint i = 0; i < 2; i++) {
        oddity.frames[i] = frame_make(told->packet[i].file, (int64_t) told->packet[i].number);
        oddity.readings[i] = g_strdup(told->packet[i].reading);
    }
    g_array_append_val(list, oddity);
}
