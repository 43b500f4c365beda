// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/flow-key.h"

#include "base/hash.h"

#include <string.h>

G_STATIC_ASSERT(sizeof(FlowKey) == 40); // no padding, which would be hashed and compared

guint flow_key_set(FlowKey *key, const Address ip[2], const uint16_t port[2], uint8_t transport)
{
    int order = memcmp(&ip[0], &ip[1], sizeof(ip[0]));
    guint first = order > 0 || (order == 0 && port[0] > port[1]);
    *key = (FlowKey){{ip[first], ip[1 - first]}, {port[first], port[1 - first]}, transport, {0}};
    return first;
}

guint flow_key_hash(gconstpointer key)
{
    return (guint) hash_bytes(key, sizeof(FlowKey));
}

gboolean flow_key_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(FlowKey)) == 0;
}

GHashTable *flow_keys_new(void)
{
    return g_hash_table_new_full(flow_key_hash, flow_key_equal, g_free, NULL);
}

void flow_keys_add(GHashTable *keys, const FlowKey *key)
{
    g_hash_table_add(keys, g_memdup2(key, sizeof(*key)));
}

void flow_keys_add_all(GHashTable *keys, GHashTable *others)
{
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, others);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        flow_keys_add(keys, key);
}
