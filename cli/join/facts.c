// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/facts.h"

#include "base/hash.h"
#include "base/number.h"
#include "join/note.h"
#include "join/operation.h"
#include "join/summary.h"
#include "join/winmgmt.h"
#include "record/techniques.h"

#include <inttypes.h>
#include <string.h>

#define MAX_FACTS 4096 ///< of each kind, a connection
#define BEFORE (2 * TIME_SECOND)
#define AFTER (5 * TIME_SECOND)

static const char *keep_time(const StoredEvent *event, Texts *texts)
{
    g_autofree char *time = event->zoned ? time_text(event->time) : NULL;
    return texts_keep_slice(texts, slice(time));
}

static bool is_client_pid(const Record *record, int64_t pid)
{
    bool any = false;
    for (guint i = 0; i < record->processes->len; i++) {
        const Process *process = &g_array_index(record->processes, Process, i);
        if (process->role != ROLE_CLIENT || process->pid == NUMBER_UNKNOWN)
            continue;
        if (process->pid == pid)
            return true;
        any = true;
    }
    return !any; // nothing contradicts
}

/** Whether both name a user, and not the same one. */
static bool other_user(const Record *record, Slice user)
{
    return record->auth.user && user.text && !slice_same_base(slice(record->auth.user), user);
}

// Operations.

/** Connections to 135 activate; WMI's operations go over the others. */
static bool carries_operations(const HostConn *conn)
{
    return conn->server_port != 135 && !conn->record->callback;
}

static void note_operation(HostJoin *join, HostConn *conn, const StoredEvent *event)
{
    Record *record = conn->record;
    if (!carries_operations(conn) || !host_conn_is_host(conn, HOST_SIDE_SERVER, event->host, false) ||
        !is_client_pid(record, event->pid) || other_user(record, event->user) ||
        !host_join_during(join, conn, event, BEFORE, AFTER) || host_note_facts(record)->operations->len >= MAX_FACTS)
        return;
    Texts *texts = conn->set->texts;
    const char *reason = "client machine and process id, while the connection was there";
    Operation operation = {
        .time = keep_time(event, texts),
        .host = texts_keep_slice(texts, event->host),
        .operation = texts_keep_slice(texts, event->operation),
        .namespace_path = texts_keep_slice(texts, event->namespace_path),
        .user = texts_keep_slice(texts, event->user),
        .status = texts_keep_slice(texts, event->status),
        .source = host_note_source(event, texts, reason),
    };
    g_array_append_val(record->host->operations, operation);
    if (event->pid <= 0)
        return;
    HostProcessNote note = {
        .role = ROLE_CLIENT,
        .pid = event->pid,
        .parent_pid = NUMBER_UNKNOWN,
        .start = event->process_start,
        .user = operation.user, // whoever the operation is for
    };
    (void) host_note_process(record, texts, &note, operation.source);
}

static bool is_told(const RecordCall *call)
{
    return call->query || call->object_path || call->class_name || call->wmi_method;
}

/** Tells sealed calls of one method what the log says, when it says it of as many operations as there are calls. */
static void tell_method_calls(HostConn *conn, const WmiOperation *method)
{
    GArray *calls = conn->record->calls, *operations = conn->record->host->operations;
    g_autoptr(GArray) of_calls = g_array_new(FALSE, FALSE, sizeof(guint));
    g_autoptr(GArray) of_operations = g_array_new(FALSE, FALSE, sizeof(guint));
    for (guint i = 0; i < calls->len; i++) {
        if (wmi_operation_is_call(method, &g_array_index(calls, RecordCall, i)))
            g_array_append_val(of_calls, i);
    }
    for (guint i = 0; i < operations->len; i++) {
        WmiOperation other;
        const Operation *operation = &g_array_index(operations, Operation, i);
        if (wmi_operation_parse(slice(operation->operation), &other) && slice_equal(other.method, method->method))
            g_array_append_val(of_operations, i);
    }
    if (of_calls->len != of_operations->len)
        return;
    for (guint i = 0; i < of_calls->len; i++) {
        RecordCall *call = &g_array_index(calls, RecordCall, g_array_index(of_calls, guint, i));
        const Operation *operation = &g_array_index(operations, Operation, g_array_index(of_operations, guint, i));
        WmiOperation told;
        if (call->sealed != ANSWER_YES || is_told(call) || !wmi_operation_parse(slice(operation->operation), &told))
            continue;
        g_autofree char *source =
            g_strdup_printf("%s %" PRId64 " (%s, record %" PRId64 ")", operation->source.kind,
                            operation->source.event_id, operation->source.file, operation->source.record);
        wmi_operation_tell(&told, call, conn->set->texts, texts_keep(conn->set->texts, source));
    }
}

static void tell_calls(HostConn *conn)
{
    GArray *operations = conn->record->host ? conn->record->host->operations : NULL;
    g_autoptr(GHashTable) done = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    for (guint i = 0; operations && i < operations->len; i++) {
        WmiOperation operation;
        if (wmi_operation_parse(slice(g_array_index(operations, Operation, i).operation), &operation) &&
            g_hash_table_add(done, slice_dup(operation.method)))
            tell_method_calls(conn, &operation);
    }
}

// Subscriptions.

static bool writes(const Record *record)
{
    for (guint i = 0; i < record->calls->len; i++) {
        Stage stage = call_weight(&g_array_index(record->calls, RecordCall, i));
        if (stage == STAGE_WRITE || stage == STAGE_SUBSCRIBE)
            return true;
    }
    return false;
}

/** Why the subscription is of this connection; NULL when it is not. */
static const char *subscription_reason(HostJoin *join, const HostConn *conn, const StoredEvent *event)
{
    if (!carries_operations(conn) || !host_conn_is_host(conn, HOST_SIDE_SERVER, event->host, false) ||
        other_user(conn->record, event->user) || !host_join_during(join, conn, event, BEFORE, AFTER))
        return NULL;
    bool user = conn->record->auth.user && event->user.text;
    if (event->client.text)
        return host_conn_is_host(conn, HOST_SIDE_CLIENT, event->client, false) &&
                       is_client_pid(conn->record, event->pid)
                   ? "client machine and process id, while the connection was there"
                   : NULL;
    if (!writes(conn->record))
        return NULL;
    return user ? "same user, while the connection wrote instances"
                : "weaker, no user told: on its server, while the connection wrote instances";
}

static void note_subscription(HostJoin *join, HostConn *conn, const StoredEvent *event)
{
    const char *reason = subscription_reason(join, conn, event);
    if (!reason || host_note_facts(conn->record)->subscriptions->len >= MAX_FACTS)
        return;
    Texts *texts = conn->set->texts;
    Subscription subscription = {
        .time = keep_time(event, texts),
        .host = texts_keep_slice(texts, event->host),
        .kind = texts_keep_slice(texts, event->item),
        .name = texts_keep_slice(texts, event->item_name),
        .value = texts_keep_slice(texts, event->item_value),
        .consumer = texts_keep_slice(texts, event->target),
        .namespace_path = texts_keep_slice(texts, event->namespace_path),
        .user = texts_keep_slice(texts, event->user),
        .source = host_note_source(event, texts, reason),
    };
    g_array_append_val(conn->record->host->subscriptions, subscription);
    if (strcmp(subscription.kind, "query") != 0)
        record_add_technique(conn->record, TECHNIQUE_SUBSCRIPTION);
}

// Explicit credentials.

static void note_credentials(HostJoin *join, HostConn *conn, const StoredEvent *event)
{
    if (!carries_operations(conn) || !host_conn_is_host(conn, HOST_SIDE_CLIENT, event->host, false) ||
        !is_client_pid(conn->record, event->pid) || event->pid <= 0 ||
        !host_join_during(join, conn, event, TIME_MINUTE, TIME_MINUTE) ||
        host_note_facts(conn->record)->logons->len >= MAX_FACTS)
        return;
    Texts *texts = conn->set->texts;
    Logon logon = {
        .time = keep_time(event, texts),
        .host = texts_keep_slice(texts, event->host),
        .user = texts_keep_slice(texts, event->user),
        .domain = texts_keep_slice(texts, event->domain),
        .source_port = NUMBER_UNKNOWN,
        .target = texts_keep_slice(texts, event->target),
        .source = host_note_source(event, texts, "client process used explicit credentials for the server"),
    };
    g_array_append_val(conn->record->host->logons, logon);
}

typedef void (*NoteFunc)(HostJoin *join, HostConn *conn, const StoredEvent *event);

/** Offers each event to the connections of the server that `name` of it names. */
static void note_all(HostJoin *join, const GPtrArray *events, bool by_client_field, NoteFunc note)
{
    for (guint i = 0; i < events->len; i++) {
        const StoredEvent *event = g_ptr_array_index(events, i);
        const GPtrArray *conns = host_join_find(join->by_server, by_client_field ? event->client : event->host);
        for (guint k = 0; conns && k < conns->len; k++)
            note(join, g_ptr_array_index(conns, k), event);
    }
}

// Whom RPCSS connects for.

static const Process *find_client(const Record *record)
{
    for (guint i = 0; i < record->processes->len; i++) {
        const Process *process = &g_array_index(record->processes, Process, i);
        if (process->role == ROLE_CLIENT && process->pid != NUMBER_UNKNOWN)
            return process;
    }
    return NULL;
}

/** The first connection of the activation's objects whose client process is known. */
static const HostConn *find_object_conn(const GPtrArray *conns, const HostConn *activation)
{
    for (guint i = 0; activation->record->activity != NUMBER_UNKNOWN && i < conns->len; i++) {
        const HostConn *conn = g_ptr_array_index(conns, i);
        if (conn->set == activation->set && conn->record->activity == activation->record->activity &&
            carries_operations(conn) && address_equal(&conn->client, &activation->client) && find_client(conn->record))
            return conn;
    }
    return NULL;
}

static bool is_rpcss(const Process *process)
{
    return process->role == ROLE_CLIENT && process->log_sources && process->image &&
           slice_is_any_case(slice_base(slice(process->image)), "svchost.exe");
}

/** Puts the process that asked for it before RPCSS, which made the connection. */
static void point_to_requester(HostConn *conn, const HostConn *object)
{
    const Process *owner = find_client(object->record);
    Texts *texts = conn->set->texts;
    Process requester = {
        .role = ROLE_CLIENT,
        .pid = owner->pid,
        .start_time = owner->start_time,
        .command_line = owner->command_line,
        .sources = g_array_copy(owner->sources),
        .image = owner->image,
        .user = owner->user,
        .parent_pid = owner->parent_pid,
        .parent_image = owner->parent_image,
        .inferred = owner->inferred,
        .asked_for = true,
    };
    g_autofree char *note =
        g_strdup_printf("asked for it: the process of the activity's object connection, from port %" G_GINT64_FORMAT,
                        object->client_port);
    requester.note = texts_keep(texts, note);
    for (guint i = 0; owner->log_sources && i < owner->log_sources->len; i++)
        host_note_add_source(&requester, g_array_index(owner->log_sources, LogSource, i));
    g_array_prepend_val(conn->record->processes, requester);
}

static void explain_rpcss(const GPtrArray *conns, HostConn *conn)
{
    if (conn->server_port != 135)
        return;
    bool any = false, known = false; // that it is RPCSS, and for whom it asked
    for (guint i = 0; i < conn->record->processes->len; i++) {
        Process *process = &g_array_index(conn->record->processes, Process, i);
        known |= process->asked_for;
        if (process->asked_for || !is_rpcss(process))
            continue;
        process->note = "RPCSS, which makes the connections to port 135 for other processes";
        any = true;
    }
    const HostConn *object = any && !known ? find_object_conn(conns, conn) : NULL;
    if (object)
        point_to_requester(conn, object);
}

// Clocks.

static void note_clock(HostJoin *join, HostConn *conn, const StoredEvent *event)
{
    guint samples;
    Texts *texts = conn->set->texts;
    int64_t skew = host_clocks_skew(join->clocks, host_clocks_key(join->clocks, event), &samples);
    Clock clock = {.host = texts_keep_slice(texts, event->host), .skew = skew, .samples = samples};
    if (!clock.host || samples == 0 || event->snapshot)
        return;
    GArray *clocks = host_note_facts(conn->record)->clocks;
    for (guint i = 0; i < clocks->len; i++) {
        if (g_strcmp0(g_array_index(clocks, Clock, i).host, clock.host) == 0)
            return;
    }
    g_array_append_val(clocks, clock);
}

static void note_clocks(HostJoin *join, HostConn *conn)
{
    for (guint i = 0; i < conn->events->len; i++)
        note_clock(join, conn, g_ptr_array_index(conn->events, i));
    for (guint i = 0; i < conn->logons->len; i++)
        note_clock(join, conn, g_ptr_array_index(conn->logons, i));
}

void host_join_facts(HostJoin *join)
{
    const GPtrArray *conns = host_index_conns(join->index);
    note_all(join, join->operations, false, note_operation);
    note_all(join, join->subscriptions, false, note_subscription);
    note_all(join, join->credentials, true, note_credentials);
    for (guint i = 0; i < conns->len; i++) {
        HostConn *conn = g_ptr_array_index(conns, i);
        tell_calls(conn);
        record_add_call_techniques(conn->record);
        note_clocks(join, conn);
    }
    for (guint i = 0; i < conns->len; i++) {
        explain_rpcss(conns, g_ptr_array_index(conns, i));
        winmgmt_note(((const HostConn *) g_ptr_array_index(conns, i))->record);
    }
    for (guint i = 0; i < conns->len; i++) {
        HostConn *conn = g_ptr_array_index(conns, i);
        g_autofree char *summary = host_summary_make(conn->record);
        if (summary)
            conn->record->summary = texts_keep(conn->set->texts, summary);
    }
}
