// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/index.h"

#include "base/flow-key.h"
#include "base/host-name.h"
#include "base/number.h"
#include "join/clock.h"

#include <string.h>

struct HostIndex {
    GPtrArray *conns;
    GHashTable *by_ends, *by_client; ///< FlowKey → GPtrArray of HostConn *
    int64_t earliest, latest;
};

static FlowKey make_key(const Address *a, int64_t a_port, const Address *b, int64_t b_port)
{
    FlowKey key;
    (void) flow_key_set(&key, (const Address[]){*a, *b}, (const uint16_t[]){(uint16_t) a_port, (uint16_t) b_port}, 0);
    return key;
}

/** One end, and nothing. */
static FlowKey make_end_key(const Address *address, int64_t port)
{
    static const Address none = {0};
    return make_key(address, port, &none, 0);
}

static void conn_free(gpointer data)
{
    HostConn *conn = data;
    g_ptr_array_unref(conn->events);
    g_ptr_array_unref(conn->logons);
    g_ptr_array_unref(conn->sought);
    g_free(conn);
}

static void put(GHashTable *table, const FlowKey *key, HostConn *conn)
{
    GPtrArray *list = g_hash_table_lookup(table, key);
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(table, g_memdup2(key, sizeof(*key)), list);
    }
    g_ptr_array_add(list, conn);
}

static void add_record(HostIndex *index, RecordSet *set, Record *record)
{
    HostConn conn = {
        .set = set,
        .record = record,
        .client_port = record->client.port,
        .server_port = record->server.port,
        .start = time_parse_utc(record->start_time),
        .end = time_parse_utc(record->end_time),
    };
    if (!address_parse(slice(record->client.ip), &conn.client) ||
        !address_parse(slice(record->server.ip), &conn.server) || !address_known(&conn.client) ||
        !address_known(&conn.server) || !number_is_port(conn.client_port) || !number_is_port(conn.server_port) ||
        conn.start == NUMBER_UNKNOWN)
        return;
    conn.end = MAX(conn.end, conn.start);
    conn.events = g_ptr_array_new();
    conn.logons = g_ptr_array_new();
    conn.sought = g_ptr_array_new();
    HostConn *kept = g_memdup2(&conn, sizeof(conn));
    g_ptr_array_add(index->conns, kept);
    FlowKey both = make_key(&conn.client, conn.client_port, &conn.server, conn.server_port);
    FlowKey one = make_end_key(&conn.client, conn.client_port);
    put(index->by_ends, &both, kept);
    put(index->by_client, &one, kept);
    index->earliest = MIN(index->earliest, conn.start);
    index->latest = MAX(index->latest, conn.end);
}

HostIndex *host_index_new(GPtrArray *sets)
{
    HostIndex *index = g_new0(HostIndex, 1);
    index->conns = g_ptr_array_new_with_free_func(conn_free);
    index->by_ends = g_hash_table_new_full(flow_key_hash, flow_key_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
    index->by_client = g_hash_table_new_full(flow_key_hash, flow_key_equal, g_free, (GDestroyNotify) g_ptr_array_unref);
    index->earliest = INT64_MAX;
    index->latest = INT64_MIN;
    for (guint i = 0; i < sets->len; i++) {
        RecordSet *set = g_ptr_array_index(sets, i);
        for (guint k = 0; k < set->records->len; k++)
            add_record(index, set, g_ptr_array_index(set->records, k));
    }
    return index;
}

void host_index_free(HostIndex *index)
{
    g_ptr_array_unref(index->conns);
    g_hash_table_unref(index->by_ends);
    g_hash_table_unref(index->by_client);
    g_free(index);
}

const GPtrArray *host_index_conns(const HostIndex *index)
{
    return index->conns;
}

const GPtrArray *host_index_find(const HostIndex *index, const Address *a, int64_t a_port, const Address *b,
                                 int64_t b_port)
{
    if (!number_is_port(a_port) || !number_is_port(b_port))
        return NULL;
    FlowKey key = make_key(a, a_port, b, b_port);
    return g_hash_table_lookup(index->by_ends, &key);
}

const GPtrArray *host_index_find_client(const HostIndex *index, const Address *client, int64_t port)
{
    if (!number_is_port(port))
        return NULL;
    FlowKey key = make_end_key(client, port);
    return g_hash_table_lookup(index->by_client, &key);
}

bool host_index_near(const HostIndex *index, const HostEvent *event)
{
    int64_t difference;
    if (event->time == NUMBER_UNKNOWN || index->conns->len == 0)
        return false;
    bool inside = event->time >= index->earliest && event->time <= index->latest;
    return inside || host_clock_difference(event, index->earliest, &difference) ||
           host_clock_difference(event, index->latest, &difference);
}

const char *host_conn_name(const HostConn *conn, HostSide side)
{
    const RecordEnd *end = side == HOST_SIDE_CLIENT ? &conn->record->client : &conn->record->server;
    if (conn->host[side] || end->fqdn || end->host || side == HOST_SIDE_CLIENT)
        return conn->host[side] ? conn->host[side] : end->fqdn ? end->fqdn : end->host;
    const char *slash = conn->record->auth.spn ? strchr(conn->record->auth.spn, '/') : NULL;
    return slash ? slash + 1 : NULL; // "RPCSS/WS06.example.com": whom the client meant to talk to
}

bool host_conn_is_host(const HostConn *conn, HostSide side, Slice name, bool unknown)
{
    const char *known = host_conn_name(conn, side);
    if (!known)
        return unknown;
    return host_names_agree(slice(known), name);
}
