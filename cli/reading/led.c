// SPDX-License-Identifier: GPL-2.0-or-later
#include "reading/led.h"

#include "scan/lookups.h"

/** From a client to a server's port, or to any of its ports. */
static FlowKey way(const Address *client, const Address *server, uint16_t port)
{
    FlowKey key;
    const Address ip[2] = {*client, *server};
    const uint16_t ports[2] = {0, port};
    guint first = flow_key_set(&key, ip, ports, 0);
    key.transport = (uint8_t) first; // which of them is the client
    return key;
}

/** Where the records without a look-up go. */
static GHashTable *find_ways(const RecordSet *set)
{
    GHashTable *ways = flow_keys_new();
    for (guint i = 0; i < set->records->len; i++) {
        const Record *r = g_ptr_array_index(set->records, i);
        Address client, server;
        if (r->lookup.frame || r->server.port <= 0 || !address_parse(slice(r->client.ip), &client) ||
            !address_parse(slice(r->server.ip), &server))
            continue;
        const FlowKey keys[2] = {way(&client, &server, (uint16_t) r->server.port),
                                 way(&client, &server, LOOKUPS_ANY_PORT)};
        for (size_t k = 0; k < G_N_ELEMENTS(keys); k++)
            flow_keys_add(ways, &keys[k]);
    }
    return ways;
}

GHashTable *led_flows(const RecordSet *set, GHashTable *lookups, GHashTable *seen)
{
    GHashTable *flows = flow_keys_new();
    if (g_hash_table_size(lookups) == 0)
        return flows;
    g_autoptr(GHashTable) ways = find_ways(set);
    GHashTableIter iter;
    gpointer item;
    g_hash_table_iter_init(&iter, lookups);
    while (g_hash_table_iter_next(&iter, &item, NULL)) {
        const NamedPort named = lookups_get(item);
        const FlowKey key = way(&named.client, &named.server, named.port);
        if (g_hash_table_contains(ways, &key) && !g_hash_table_contains(seen, &named.flow))
            flow_keys_add(flows, &named.flow);
    }
    return flows;
}
