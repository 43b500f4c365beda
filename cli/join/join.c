// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/join.h"

#include "base/hash.h"
#include "base/host-name.h"
#include "base/number.h"
#include "join/note.h"

#include <string.h>

#define MAX_CONN_EVENTS 64     ///< kept a connection, of each kind
#define MAX_OTHER_EVENTS 16384 ///< kept of each kind that is found without a connection's ends

const unsigned host_join_first_wanted =
    HOST_EVENT_ALL & ~(HOST_EVENT_BIT(HOST_PROCESS_START) | HOST_EVENT_BIT(HOST_PROCESS_END));

static void unref_array(gpointer array)
{
    g_ptr_array_unref(array);
}

/** The list under `key`, made when there is none; the table does not copy the key. */
static GPtrArray *list_under(GHashTable *table, gconstpointer key)
{
    GPtrArray *list = g_hash_table_lookup(table, key);
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(table, (gpointer) key, list);
    }
    return list;
}

/** Host names go by their label in lower case, addresses by themselves. Owned by the caller. */
static char *make_key(Slice name)
{
    Address address;
    Slice key = address_parse(name, &address) ? name : host_name_label(name);
    return g_ascii_strdown(key.text, (gssize) key.len);
}

static void put_name(HostJoin *join, GHashTable *table, const char *name, HostConn *conn)
{
    if (!name || !*name)
        return;
    g_autofree char *key = make_key(slice(name));
    GPtrArray *list = list_under(table, texts_keep(join->names, key));
    if (list->len == 0 || g_ptr_array_index(list, list->len - 1) != conn)
        g_ptr_array_add(list, conn);
}

const GPtrArray *host_join_find(GHashTable *by_name, Slice name)
{
    if (!name.text)
        return NULL;
    g_autofree char *key = make_key(name);
    return g_hash_table_lookup(by_name, key);
}

HostJoin *host_join_new(GPtrArray *sets, size_t room)
{
    HostJoin *join = g_new0(HostJoin, 1);
    join->index = host_index_new(sets);
    join->clocks = host_clocks_new();
    event_store_init(&join->store, room);
    GPtrArray **const lists[] = {&join->operations, &join->subscriptions, &join->providers,
                                 &join->rpc_calls,  &join->credentials,   &join->spawned};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        *lists[i] = g_ptr_array_new();
    join->names = texts_new();
    join->by_client = g_hash_table_new_full(hash_text, g_str_equal, NULL, unref_array);
    join->by_server = g_hash_table_new_full(hash_text, g_str_equal, NULL, unref_array);
    join->by_server_port = g_hash_table_new_full(hash_number, NULL, NULL, unref_array);
    join->sought = g_ptr_array_new_with_free_func(g_free);
    join->sought_by_pid = g_hash_table_new_full(hash_number, NULL, NULL, unref_array);
    join->sought_by_guid = g_hash_table_new_full(hash_text, g_str_equal, NULL, unref_array);
    join->provider_pids = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    const GPtrArray *conns = host_index_conns(join->index);
    for (guint i = 0; i < conns->len; i++) {
        HostConn *conn = g_ptr_array_index(conns, i);
        const RecordEnd *client = &conn->record->client;
        const char *const names[] = {client->host, client->fqdn, client->ip, conn->record->auth.workstation};
        for (size_t k = 0; k < G_N_ELEMENTS(names); k++)
            put_name(join, join->by_client, names[k], conn);
        g_ptr_array_add(list_under(join->by_server_port, GSIZE_TO_POINTER((size_t) conn->server_port)), conn);
    }
    return join;
}

void host_join_free(HostJoin *join)
{
    host_index_free(join->index);
    host_clocks_free(join->clocks);
    event_store_clear(&join->store);
    GPtrArray *const lists[] = {join->operations,  join->subscriptions, join->providers, join->rpc_calls,
                                join->credentials, join->spawned,       join->sought};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++)
        g_ptr_array_unref(lists[i]);
    g_hash_table_unref(join->by_client);
    g_hash_table_unref(join->by_server);
    g_hash_table_unref(join->by_server_port);
    texts_free(join->names);
    g_hash_table_unref(join->sought_by_pid);
    g_hash_table_unref(join->sought_by_guid);
    g_hash_table_unref(join->provider_pids);
    g_free(join);
}

/** Whether the event can be of this connection, as far as its time tells. */
static bool possible(const HostConn *conn, const HostEvent *event)
{
    int64_t difference;
    if (event->time == NUMBER_UNKNOWN)
        return event->snapshot;
    bool inside = event->time >= conn->start && event->time <= conn->end;
    return inside || host_clock_difference(event, conn->start, &difference) ||
           (event->snapshot && host_clock_difference(event, conn->end, &difference));
}

/** Keeps an event with the connections it can be of; `list` is the one it goes to. */
static void keep_with(HostJoin *join, const GPtrArray *conns, size_t list, const HostEvent *event)
{
    StoredEvent *kept = NULL;
    for (guint i = 0; conns && i < conns->len; i++) {
        HostConn *conn = g_ptr_array_index(conns, i);
        GPtrArray *events = G_STRUCT_MEMBER(GPtrArray *, conn, list);
        if (events->len >= MAX_CONN_EVENTS || !possible(conn, event))
            continue;
        if (!kept)
            kept = event_store_add(&join->store, event);
        if (!kept)
            return;
        g_ptr_array_add(events, kept);
    }
}

static void keep_other(HostJoin *join, GPtrArray *list, const HostEvent *event)
{
    if (list->len >= MAX_OTHER_EVENTS || !host_index_near(join->index, event))
        return;
    StoredEvent *kept = event_store_add(&join->store, event);
    if (kept)
        g_ptr_array_add(list, kept);
}

static const GPtrArray *find_by_port(const HostJoin *join, Slice endpoint)
{
    int64_t port = number_parse(endpoint);
    return port > 0 ? g_hash_table_lookup(join->by_server_port, GSIZE_TO_POINTER((size_t) port)) : NULL;
}

void host_join_first(const HostEvent *event, gpointer data)
{
    HostJoin *join = data;
    switch (event->kind) {
    case HOST_CONNECTION:
        keep_with(join, host_index_find(join->index, &event->from, event->from_port, &event->to, event->to_port),
                  G_STRUCT_OFFSET(HostConn, events), event);
        break;
    case HOST_LOGON:
        keep_with(join, host_index_find_client(join->index, &event->from, event->from_port),
                  G_STRUCT_OFFSET(HostConn, logons), event);
        break;
    case HOST_EXPLICIT_LOGON: keep_other(join, join->credentials, event); break;
    case HOST_PROVIDER: keep_other(join, join->providers, event); break;
    case HOST_SUBSCRIPTION: keep_other(join, join->subscriptions, event); break;
    case HOST_OPERATION:
        if (!event->local && host_join_find(join->by_client, event->client))
            keep_other(join, join->operations, event);
        break;
    case HOST_RPC_CALL:
        if (find_by_port(join, event->endpoint))
            keep_other(join, join->rpc_calls, event);
        break;
    default: break;
    }
}

// Between the readings.

static void sample_clocks(HostJoin *join)
{
    const GPtrArray *conns = host_index_conns(join->index);
    for (guint i = 0; i < conns->len; i++) {
        const HostConn *conn = g_ptr_array_index(conns, i);
        int64_t difference;
        for (guint k = 0; k < conn->events->len; k++) {
            const StoredEvent *event = g_ptr_array_index(conn->events, k);
            HostSample kind =
                event->source.id == 3 ? HOST_SAMPLE_DELAYED : HOST_SAMPLE_EXACT; // Sysmon writes in batches
            if (!event->snapshot && host_clock_difference(event, conn->start, &difference))
                host_clocks_sample(join->clocks, host_clocks_key(join->clocks, event), difference, kind);
        }
        for (guint k = 0; k < conn->logons->len; k++) {
            const StoredEvent *event = g_ptr_array_index(conn->logons, k);
            if (host_clock_difference(event, conn->start, &difference))
                host_clocks_sample(join->clocks, host_clocks_key(join->clocks, event), difference, HOST_SAMPLE_LOGON);
        }
    }
    host_clocks_settle(join->clocks);
}

bool host_join_during(HostJoin *join, const HostConn *conn, const HostEvent *event, int64_t before, int64_t after)
{
    int64_t time = host_clocks_time(join->clocks, host_clocks_key(join->clocks, event), event);
    return time != NUMBER_UNKNOWN && time + event->precision >= conn->start - before && time <= conn->end + after;
}

static HostSide other_side(HostSide side)
{
    return side == HOST_SIDE_CLIENT ? HOST_SIDE_SERVER : HOST_SIDE_CLIENT;
}

/** At which end of the connection the event's host is. */
static HostSide find_side(const HostConn *conn, const StoredEvent *event)
{
    if (event->side != HOST_SIDE_UNKNOWN)
        return event->side;
    bool from_client = address_equal(&event->from, &conn->client) && event->from_port == conn->client_port;
    if (event->local_first)
        return from_client ? HOST_SIDE_CLIENT : HOST_SIDE_SERVER;
    for (HostSide side = HOST_SIDE_CLIENT; side <= HOST_SIDE_SERVER; side++) {
        if (host_conn_is_host(conn, side, event->host, false) &&
            !host_conn_is_host(conn, other_side(side), event->host, false))
            return side;
    }
    return HOST_SIDE_UNKNOWN;
}

static const ProcessRole roles[] = {[HOST_SIDE_CLIENT] = ROLE_CLIENT, [HOST_SIDE_SERVER] = ROLE_SERVER};

static const char *connection_reason(const StoredEvent *event)
{
    if (event->time == NUMBER_UNKNOWN)
        return "same addresses and ports, at a time that is not told";
    return event->snapshot ? "same addresses and ports, while the connection was there" : "same addresses and ports";
}

static void seek_process(HostJoin *join, HostConn *conn, HostSide side, int64_t pid, const char *guid, int64_t start)
{
    for (guint i = 0; i < conn->sought->len; i++) {
        const SoughtProcess *known = g_ptr_array_index(conn->sought, i);
        if (known->side == side && known->pid == pid && (!guid || g_strcmp0(known->guid, guid) == 0))
            return;
    }
    SoughtProcess *sought = g_new0(SoughtProcess, 1);
    *sought = (SoughtProcess){conn, side, pid, guid, start, NULL, NULL, NUMBER_UNKNOWN};
    g_ptr_array_add(join->sought, sought);
    g_ptr_array_add(conn->sought, sought);
    if (pid >= 0)
        g_ptr_array_add(list_under(join->sought_by_pid, GSIZE_TO_POINTER((size_t) pid)), sought);
    if (guid)
        g_ptr_array_add(list_under(join->sought_by_guid, guid), sought);
}

/** The log says which of its processes has the client's socket: what was inferred of that is confirmed, or wrong. Those on
 *  whose behalf it was opened stay. */
static void settle_inferred(Record *record, int64_t pid)
{
    for (guint i = record->processes->len; i > 0; i--) {
        Process *process = &g_array_index(record->processes, Process, i - 1);
        if (!process->inferred || pid < 0)
            continue;
        if (process->pid == pid) {
            process->inferred = process->asked_for = false;
            process->note = NULL;
        } else if (!process->asked_for) {
            g_array_remove_index(record->processes, i - 1);
        }
    }
}

static void note_connection(HostJoin *join, HostConn *conn, const StoredEvent *event)
{
    HostSide side = find_side(conn, event);
    if (side == HOST_SIDE_UNKNOWN)
        return;
    bool timed = event->time != NUMBER_UNKNOWN;
    if (timed && !event->snapshot && !host_join_during(join, conn, event, HOST_MAX_RESIDUE, HOST_MAX_RESIDUE))
        return;
    if (!conn->host[side] && event->host.text)
        conn->host[side] = event->host.text;
    Texts *texts = conn->set->texts;
    HostProcessNote note = host_note_of(event, roles[side], texts);
    (void) host_note_process(conn->record, texts, &note, host_note_source(event, texts, connection_reason(event)));
    if (side == HOST_SIDE_CLIENT)
        settle_inferred(conn->record, event->pid);
    seek_process(join, conn, side, event->pid, event->guid.text, NUMBER_UNKNOWN);
}

static void note_ends(HostJoin *join)
{
    const GPtrArray *conns = host_index_conns(join->index);
    for (guint i = 0; i < conns->len; i++) {
        HostConn *conn = g_ptr_array_index(conns, i);
        for (guint k = 0; k < conn->events->len; k++)
            note_connection(join, conn, g_ptr_array_index(conn->events, k));
    }
}

static Logon make_logon(const StoredEvent *event, Texts *texts, const char *reason)
{
    g_autofree char *time = time_text(event->time);
    g_autofree char *id = event->logon_id ? g_strdup_printf("0x%" G_GINT64_MODIFIER "x", event->logon_id) : NULL;
    return (Logon){
        .time = event->zoned ? texts_keep_slice(texts, slice(time)) : NULL,
        .host = texts_keep_slice(texts, event->host),
        .user = texts_keep_slice(texts, event->user),
        .domain = texts_keep_slice(texts, event->domain),
        .logon_id = texts_keep_slice(texts, slice(id)),
        .package = texts_keep_slice(texts, event->package),
        .type = texts_keep_slice(texts, event->logon_type),
        .source_port = event->from_port,
        .target = texts_keep_slice(texts, event->target),
        .source = host_note_source(event, texts, reason),
    };
}

static void note_logon(HostConn *conn, const StoredEvent *event)
{
    Texts *texts = conn->set->texts;
    Logon logon = make_logon(event, texts, "same source address and port");
    g_array_append_val(host_note_facts(conn->record)->logons, logon);
    Auth *auth = &conn->record->auth;
    if (!conn->host[HOST_SIDE_SERVER] && event->host.text)
        conn->host[HOST_SIDE_SERVER] = event->host.text;
    if (!auth->user) {
        auth->user = logon.user;
        auth->domain = logon.domain;
        auth->user_log = "log:4624";
    }
}

/** Logons that are not of the connection's server or time are dropped. */
static void note_logons(HostJoin *join)
{
    const GPtrArray *conns = host_index_conns(join->index);
    for (guint i = 0; i < conns->len; i++) {
        HostConn *conn = g_ptr_array_index(conns, i);
        for (guint k = 0; k < conn->logons->len;) {
            const StoredEvent *event = g_ptr_array_index(conn->logons, k);
            if (host_conn_is_host(conn, HOST_SIDE_SERVER, event->host, true) &&
                host_join_during(join, conn, event, HOST_MAX_RESIDUE, HOST_MAX_RESIDUE)) {
                note_logon(conn, event);
                k++;
            } else {
                (void) g_ptr_array_remove_index(conn->logons, k);
            }
        }
    }
}

/** Processes that the wire named. */
static void seek_wire_processes(HostJoin *join)
{
    const GPtrArray *conns = host_index_conns(join->index);
    for (guint i = 0; i < conns->len; i++) {
        HostConn *conn = g_ptr_array_index(conns, i);
        for (guint k = 0; k < conn->record->processes->len; k++) {
            const Process *process = &g_array_index(conn->record->processes, Process, k);
            WrittenTime start;
            bool started = time_parse(slice(process->start_time), &start);
            if (process->pid < 0 || process->sources->len == 0 || process->role == ROLE_SPAWNED)
                continue;
            HostSide side = process->role == ROLE_CLIENT ? HOST_SIDE_CLIENT : HOST_SIDE_SERVER;
            seek_process(join, conn, side, process->pid, NULL, started ? start.time : NUMBER_UNKNOWN);
        }
    }
}

// RPC calls, which know the server's port.

static bool has_call(const Record *record, Slice uuid, int64_t opnum)
{
    bool offered = false;
    const char *name = NULL;
    for (guint i = 0; i < record->interfaces->len && !offered; i++) {
        const OfferedInterface *interface = &g_array_index(record->interfaces, OfferedInterface, i);
        offered = slice_is_any_case(uuid, interface->uuid);
        name = interface->name;
    }
    for (guint i = 0; offered && i < record->calls->len; i++) {
        const RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        if (call->opnum == opnum && g_strcmp0(call->interface, name) == 0)
            return true;
    }
    return false;
}

static void note_rpc_call(HostJoin *join, HostConn *conn, const StoredEvent *event)
{
    HostSide side = event->side;
    if (event->pid <= 0 || number_parse(event->endpoint) != conn->server_port ||
        !host_conn_is_host(conn, side, event->host, false) || !has_call(conn->record, event->uuid, event->opnum) ||
        !host_join_during(join, conn, event, 2 * TIME_SECOND, 5 * TIME_SECOND))
        return;
    if (address_known(&event->from) && !address_equal(&event->from, &conn->client))
        return;
    if (event->from_port > 0 && event->from_port != conn->client_port)
        return;
    Texts *texts = conn->set->texts;
    HostProcessNote note = host_note_of(event, roles[side], texts);
    note.user = NULL; // the caller's, not that of the server process
    (void) host_note_process(conn->record, texts, &note,
                             host_note_source(event, texts, "same interface, procedure and server port"));
    seek_process(join, conn, side, event->pid, NULL, NUMBER_UNKNOWN);
}

static void note_rpc_calls(HostJoin *join)
{
    for (guint i = 0; i < join->rpc_calls->len; i++) {
        const StoredEvent *event = g_ptr_array_index(join->rpc_calls, i);
        const GPtrArray *conns = find_by_port(join, event->endpoint);
        for (guint k = 0; conns && k < conns->len; k++)
            note_rpc_call(join, g_ptr_array_index(conns, k), event);
    }
}

static char *make_pid_key(const HostEvent *event, int64_t pid)
{
    return g_strdup_printf("%.*s\x1f%" G_GINT64_FORMAT, (int) event->host.len, event->host.text ? event->host.text : "",
                           pid);
}

void host_join_add_provider(HostJoin *join, const HostEvent *event)
{
    if (event->pid > 0 && g_hash_table_size(join->provider_pids) < MAX_OTHER_EVENTS)
        (void) g_hash_table_add(join->provider_pids, make_pid_key(event, event->pid));
}

bool host_join_is_provider(const HostJoin *join, const HostEvent *event, int64_t pid)
{
    g_autofree char *key = make_pid_key(event, pid);
    return pid > 0 && g_hash_table_contains(join->provider_pids, key);
}

/** Once the logs have named the servers, too. */
static void index_servers(HostJoin *join)
{
    const GPtrArray *conns = host_index_conns(join->index);
    for (guint i = 0; i < conns->len; i++) {
        HostConn *conn = g_ptr_array_index(conns, i);
        const RecordEnd *server = &conn->record->server;
        const char *const names[] = {server->host, server->fqdn, server->ip, host_conn_name(conn, HOST_SIDE_SERVER)};
        for (size_t k = 0; k < G_N_ELEMENTS(names); k++)
            put_name(join, join->by_server, names[k], conn);
        put_name(join, join->by_client, conn->host[HOST_SIDE_CLIENT], conn);
    }
}

bool host_join_plan(HostJoin *join)
{
    sample_clocks(join);
    seek_wire_processes(join);
    note_ends(join);
    note_logons(join);
    note_rpc_calls(join);
    index_servers(join);
    for (guint i = 0; i < join->providers->len; i++)
        host_join_add_provider(join, g_ptr_array_index(join->providers, i));
    return host_index_conns(join->index)->len > 0;
}
