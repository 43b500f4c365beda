// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/processes.h"

#include "join/note.h"

#include <string.h>

#define MAX_SPAWNED 16384
#define SAME_CREATION (2 * TIME_SECOND) ///< between the wire's creation time and the log's

const unsigned host_join_second_wanted = HOST_EVENT_BIT(HOST_PROCESS_START) | HOST_EVENT_BIT(HOST_PROCESS_END);

static const ProcessRole roles[] = {[HOST_SIDE_CLIENT] = ROLE_CLIENT, [HOST_SIDE_SERVER] = ROLE_SERVER};

/** NULL when there is no room for another event. */
static const StoredEvent *keep_once(HostJoin *join, const HostEvent *event, const StoredEvent **kept)
{
    if (!*kept)
        *kept = event_store_add(&join->store, event);
    return *kept;
}

static void set_found(HostJoin *join, SoughtProcess *sought, const HostEvent *event, const StoredEvent **kept,
                      const char *reason)
{
    const StoredEvent *found = keep_once(join, event, kept);
    if (!found)
        return;
    sought->found = found;
    sought->reason = reason;
}

/** Whether the start says what the wire says of the process: both by the clock of the process's host. */
static bool same_creation(const SoughtProcess *sought, const HostEvent *event)
{
    return event->process_start != NUMBER_UNKNOWN && event->zoned &&
           ABS(event->process_start - sought->start) <= SAME_CREATION;
}

static bool same_base(Slice a, Slice b)
{
    return !a.text || !b.text || slice_same_base(a, b);
}

/** What the record says of the wanted process's image already. */
static Slice known_image(const SoughtProcess *sought)
{
    const GArray *processes = sought->conn->record->processes;
    for (guint i = 0; i < processes->len; i++) {
        const Process *process = &g_array_index(processes, Process, i);
        if (process->pid == sought->pid && process->role == roles[sought->side])
            return slice(process->image);
    }
    return SLICE_NONE;
}

/** Process ids are used again: of several starts the newest before the connection counts. */
static void consider_start(HostJoin *join, SoughtProcess *sought, const HostEvent *event, const StoredEvent **kept)
{
    bool timed = sought->start != NUMBER_UNKNOWN;
    if (!host_conn_is_host(sought->conn, sought->side, event->host, timed))
        return;
    if (timed) {
        if (same_creation(sought, event))
            set_found(join, sought, event, kept, "same process id and creation time");
        return;
    }
    int64_t time = host_clocks_time(join->clocks, host_clocks_key(join->clocks, event), event);
    if (time == NUMBER_UNKNOWN || time > sought->conn->start + SAME_CREATION ||
        !same_base(event->image, known_image(sought)))
        return;
    if (!sought->found || sought->found->time <= event->time)
        set_found(join, sought, event, kept, "same process id, its newest start before the connection");
}

static void consider_end(HostJoin *join, SoughtProcess *sought, const HostEvent *event)
{
    if (!host_conn_is_host(sought->conn, sought->side, event->host, false))
        return;
    int64_t time = host_clocks_time(join->clocks, host_clocks_key(join->clocks, event), event);
    if (time != NUMBER_UNKNOWN && time + event->precision < sought->conn->start)
        sought->ended = MAX(sought->ended, time);
}

static bool is_provider_host(const HostJoin *join, const HostEvent *event)
{
    if (event->parent_image.text)
        return slice_is_any_case(slice_base(event->parent_image), "wmiprvse.exe");
    return host_join_is_provider(join, event, event->parent_pid);
}

static void consider_spawned(HostJoin *join, const HostEvent *event, const StoredEvent **kept)
{
    if (!is_provider_host(join, event) || join->spawned->len >= MAX_SPAWNED || !host_index_near(join->index, event) ||
        !host_join_find(join->by_server, event->host))
        return;
    const StoredEvent *spawned = keep_once(join, event, kept);
    if (spawned)
        g_ptr_array_add(join->spawned, (gpointer) spawned);
}

static GPtrArray *sought_by_guid(const HostJoin *join, Slice guid)
{
    char key[64];
    if (!guid.text || guid.len >= sizeof(key))
        return NULL;
    memcpy(key, guid.text, guid.len);
    key[guid.len] = '\0';
    return g_hash_table_lookup(join->sought_by_guid, key);
}

void host_join_second(const HostEvent *event, gpointer data)
{
    HostJoin *join = data;
    const StoredEvent *kept = NULL;
    bool start = event->kind == HOST_PROCESS_START;
    const GPtrArray *same = sought_by_guid(join, event->guid);
    for (guint i = 0; start && same && i < same->len; i++)
        set_found(join, g_ptr_array_index(same, i), event, &kept, "same process GUID");
    same = event->pid >= 0 ? g_hash_table_lookup(join->sought_by_pid, GSIZE_TO_POINTER((size_t) event->pid)) : NULL;
    for (guint i = 0; same && i < same->len; i++) {
        SoughtProcess *sought = g_ptr_array_index(same, i);
        if (!start)
            consider_end(join, sought, event);
        else if (!sought->guid || !event->guid.text) // else the GUID decides
            consider_start(join, sought, event, &kept);
    }
    if (start && slice_is_any_case(slice_base(event->image), "wmiprvse.exe"))
        host_join_add_provider(join, event);
    if (start)
        consider_spawned(join, event, &kept);
}

// Then.

static void note_found(HostJoin *join)
{
    for (guint i = 0; i < join->sought->len; i++) {
        const SoughtProcess *sought = g_ptr_array_index(join->sought, i);
        if (!sought->found)
            continue;
        const StoredEvent *event = sought->found;
        int64_t time = host_clocks_time(join->clocks, host_clocks_key(join->clocks, event), event);
        if (sought->ended != NUMBER_UNKNOWN && time < sought->ended && sought->start == NUMBER_UNKNOWN && !sought->guid)
            continue; // it had ended, and its id was somebody else's
        Texts *texts = sought->conn->set->texts;
        HostProcessNote note = host_note_of(event, roles[sought->side], texts);
        if (note.pid < 0)
            note.pid = sought->pid;
        (void) host_note_process(sought->conn->record, texts, &note, host_note_source(event, texts, sought->reason));
    }
}

static const StoredEvent *find_logon(const HostConn *conn, const StoredEvent *event)
{
    for (guint i = 0; event->logon_id && i < conn->logons->len; i++) {
        const StoredEvent *logon = g_ptr_array_index(conn->logons, i);
        if (logon->logon_id == event->logon_id)
            return logon;
    }
    return NULL;
}

static bool told_by_wire(const Record *record, int64_t pid)
{
    for (guint i = 0; i < record->processes->len; i++) {
        const Process *process = &g_array_index(record->processes, Process, i);
        if (process->role == ROLE_SPAWNED && process->sources->len > 0 && process->pid == pid && pid >= 0)
            return true;
    }
    return false;
}

/** Without the domain, which is written in several ways. */
static bool same_user(const char *a, Slice b)
{
    return slice_same_base(slice(a), b);
}

static bool executes(const Record *record)
{
    const RecordCall *call = record_strongest_call(record);
    return call && call_weight(call) == STAGE_EXECUTE;
}

static bool is_user(const HostConn *conn, const StoredEvent *event)
{
    if (same_user(conn->record->auth.user, event->user))
        return true;
    for (guint i = 0; i < conn->record->processes->len && !conn->record->auth.user; i++) {
        const Process *process = &g_array_index(conn->record->processes, Process, i);
        if (process->role == ROLE_CLIENT && same_user(process->user, event->user))
            return true;
    }
    return false;
}

/** Weakest first. */
typedef enum { TIE_NONE, TIE_PARENT, TIE_USER, TIE_WIRE, TIE_LOGON } Tie;

static Tie find_tie(HostJoin *join, const HostConn *conn, const StoredEvent *event)
{
    if (find_logon(conn, event) && host_join_during(join, conn, event, TIME_MINUTE, 10 * TIME_MINUTE))
        return TIE_LOGON;
    if (!host_join_during(join, conn, event, 2 * TIME_SECOND, 5 * TIME_SECOND))
        return TIE_NONE;
    if (told_by_wire(conn->record, event->pid))
        return TIE_WIRE;
    if (!executes(conn->record))
        return TIE_NONE;
    if (!event->user.text)
        return TIE_PARENT;
    // When the connection's logons are known and this is none of them, it is another's.
    return (conn->logons->len == 0 || !event->logon_id) && is_user(conn, event) ? TIE_USER : TIE_NONE;
}

static char *make_reason(const StoredEvent *event, Tie tie)
{
    switch (tie) {
    case TIE_LOGON:
        return g_strdup_printf("logon id 0x%" G_GINT64_MODIFIER "x, created by WMI's provider host", event->logon_id);
    case TIE_WIRE: return g_strdup("process id in the call's result, created by WMI's provider host");
    case TIE_PARENT:
        return g_strdup("weaker, neither logon id nor user told: created by WMI's provider host while the connection "
                        "executed");
    default:
        return g_strdup("weaker, no logon id: same user, created by WMI's provider host while the connection executed");
    }
}

/** When the provider host's own log names it, that is a source, too. */
static void add_provider(HostJoin *join, const HostConn *conn, Process *process)
{
    for (guint i = 0; process->parent_pid > 0 && i < join->providers->len; i++) {
        const StoredEvent *event = g_ptr_array_index(join->providers, i);
        if (event->pid == process->parent_pid && host_conn_is_host(conn, HOST_SIDE_SERVER, event->host, false) &&
            host_join_during(join, conn, event, 10 * TIME_MINUTE, TIME_MINUTE)) {
            host_note_add_source(process,
                                 host_note_source(event, conn->set->texts, "provider loaded by the parent process"));
            return;
        }
    }
}

static void note_spawned(HostJoin *join, HostConn *conn, const StoredEvent *event, Tie tie)
{
    Texts *texts = conn->set->texts;
    g_autofree char *reason = make_reason(event, tie);
    HostProcessNote note = host_note_of(event, ROLE_SPAWNED, texts);
    guint index = host_note_process(conn->record, texts, &note, host_note_source(event, texts, reason));
    if (index < conn->record->processes->len)
        add_provider(join, conn, &g_array_index(conn->record->processes, Process, index));
}

void host_join_processes(HostJoin *join)
{
    note_found(join);
    for (guint i = 0; i < join->spawned->len; i++) {
        const StoredEvent *event = g_ptr_array_index(join->spawned, i);
        const GPtrArray *conns = host_join_find(join->by_server, event->host);
        Tie best = TIE_NONE;
        for (guint k = 0; conns && k < conns->len; k++)
            best = MAX(best, find_tie(join, g_ptr_array_index(conns, k), event));
        for (guint k = 0; best != TIE_NONE && k < conns->len; k++) {
            HostConn *conn = g_ptr_array_index(conns, k);
            if (find_tie(join, conn, event) == best)
                note_spawned(join, conn, event, best);
        }
    }
}
