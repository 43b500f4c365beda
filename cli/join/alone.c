// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/alone.h"

#include "base/hash.h"
#include "base/host-name.h"
#include "base/number.h"
#include "join/event-store.h"
#include "join/note.h"
#include "join/operation.h"
#include "join/summary.h"
#include "names/interfaces.h"
#include "record/outcome.h"
#include "record/techniques.h"

#include <inttypes.h>
#include <string.h>

#define MAX_GROUPS 65536
#define MAX_CALLS 1024 ///< a record
#define MAX_SPAWNED 16384
#define LAUNCH TIME_MINUTE ///< between the operation that starts a process and its creation

const unsigned host_alone_first_wanted =
    HOST_EVENT_BIT(HOST_OPERATION) | HOST_EVENT_BIT(HOST_RPC_CALL) | HOST_EVENT_BIT(HOST_PROCESS_START);
const unsigned host_alone_second_wanted = HOST_EVENT_BIT(HOST_LOGON);

/** A record in the making. */
typedef struct {
    Record *record;
    int64_t first, last; ///< NUMBER_UNKNOWN when no event tells its time
    const char *host;    ///< that of the log
} Group;

struct HostAlone {
    EventStore store;
    RecordSet *set;
    GPtrArray *groups;    ///< Group *
    GHashTable *by_key;   ///< what the group has in common → Group *
    GHashTable *by_logon; ///< host and logon id → GPtrArray of StoredEvent *, processes created with it
};

static void unref_array(gpointer array)
{
    g_ptr_array_unref(array);
}

static void group_free(gpointer data)
{
    Group *group = data;
    g_clear_pointer(&group->record, record_free);
    g_free(group);
}

HostAlone *host_alone_new(size_t room)
{
    HostAlone *alone = g_new0(HostAlone, 1);
    event_store_init(&alone->store, room);
    alone->set = record_set_new(NULL);
    alone->groups = g_ptr_array_new_with_free_func(group_free);
    alone->by_key = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    alone->by_logon = g_hash_table_new_full(hash_text, g_str_equal, g_free, unref_array);
    return alone;
}

void host_alone_free(HostAlone *alone)
{
    event_store_clear(&alone->store);
    g_clear_pointer(&alone->set, record_set_free);
    g_ptr_array_unref(alone->groups);
    g_hash_table_unref(alone->by_key);
    g_hash_table_unref(alone->by_logon);
    g_free(alone);
}

static const char *keep_text(HostAlone *alone, Slice text)
{
    return texts_keep_slice(alone->set->texts, text);
}

/** Takes room for something that is about to be kept; false when there is none. */
static bool take_room(HostAlone *alone, size_t bytes)
{
    if (bytes > alone->store.room)
        return false;
    alone->store.room -= bytes;
    return true;
}

static void name_end(HostAlone *alone, RecordEnd *end, Slice name)
{
    Address address;
    if (!name.text)
        return;
    while (name.len > 0 && name.text[0] == '\\') {
        name.text++;
        name.len--;
    }
    if (address_parse(name, &address)) {
        g_autofree char *text = address_text(&address);
        end->ip = keep_text(alone, slice(text));
        return;
    }
    Slice label = host_name_label(name);
    if (label.len < name.len && !end->fqdn)
        end->fqdn = keep_text(alone, name);
    if (!end->host)
        end->host = keep_text(alone, label);
}

/** The group of what has `key` in common; `key` is taken. NULL when there are too many. */
static Group *find_group(HostAlone *alone, char *key, const HostEvent *event, bool *fresh)
{
    Group *group = g_hash_table_lookup(alone->by_key, key);
    *fresh = !group;
    if (!group && (alone->groups->len >= MAX_GROUPS || !take_room(alone, sizeof(Record) + 1024 + strlen(key)))) {
        alone->store.dropped++;
        g_free(key);
        return NULL;
    }
    if (!group) {
        group = g_new0(Group, 1);
        *group = (Group){record_new(), NUMBER_UNKNOWN, NUMBER_UNKNOWN, keep_text(alone, event->host)};
        Record *r = group->record;
        r->conn = (int64_t) alone->groups->len;
        r->confidence = CONFIDENCE_WMI;
        r->remote = ANSWER_YES;
        record_add_technique(r, TECHNIQUE_WMI);
        Evidence evidence = {.kind = EVIDENCE_HOST_LOG};
        g_array_append_val(r->evidence, evidence);
        g_ptr_array_add(alone->groups, group);
        g_hash_table_insert(alone->by_key, g_steal_pointer(&key), group);
    }
    g_free(key);
    if (event->time != NUMBER_UNKNOWN && event->zoned) {
        group->first = group->first == NUMBER_UNKNOWN ? event->time : MIN(group->first, event->time);
        group->last = MAX(group->last, event->time);
    }
    return group;
}

static void set_user(HostAlone *alone, Record *record, const HostEvent *event)
{
    if (record->auth.user || !event->user.text)
        return;
    Slice base = slice_base(event->user), domain = event->domain;
    if (base.text > event->user.text)
        domain = (Slice){event->user.text, (size_t) (base.text - event->user.text) - 1};
    g_autofree char *source = g_strdup_printf("log:%" G_GINT64_FORMAT, event->source.id);
    record->auth.user = keep_text(alone, base);
    record->auth.domain = keep_text(alone, domain);
    record->auth.user_log = keep_text(alone, slice(source));
}

static const char *event_reference(HostAlone *alone, const HostEvent *event)
{
    g_autofree char *text = g_strdup_printf("log:%s %" PRId64 " (%s, record %" PRId64 ")", event->source.log,
                                            event->source.id, event->source.file, event->source.record);
    return keep_text(alone, slice(text));
}

/** Whether one more call may be kept, with so many bytes of text. */
static bool take_call_room(HostAlone *alone, const Record *record, size_t text)
{
    bool room = record->calls->len < MAX_CALLS && take_room(alone, 2 * sizeof(RecordCall) + 512 + 2 * text);
    alone->store.dropped += !room;
    return room;
}

// WMI's operations.

static void set_stage(RecordCall *call)
{
    const Interface *services = interface_by_name("IWbemServices");
    for (uint16_t opnum = 0; services && opnum < 64; opnum++) {
        const Method *method = method_find(services, opnum);
        if (method && strcmp(method->name, call->method) == 0) {
            call->opnum = opnum;
            call->stage = method->stage;
        }
    }
}

static void add_operation(HostAlone *alone, Record *record, const HostEvent *event)
{
    WmiOperation operation;
    if (!wmi_operation_parse(event->operation, &operation) || !take_call_room(alone, record, event->operation.len))
        return;
    RecordCall call = call_init();
    call.interface = "IWbemServices";
    call.method = keep_text(alone, operation.method);
    call.status = number_parse(event->status);
    set_stage(&call);
    wmi_operation_tell(&operation, &call, alone->set->texts, event_reference(alone, event));
    call_set_outcome(&call, NULL);
    g_array_append_val(record->calls, call);
}

static void take_operation(HostAlone *alone, const HostEvent *event)
{
    g_autofree char *host = slice_dup(event->host);
    g_autofree char *client = slice_dup(event->client);
    if (event->local || host_names_agree(event->host, event->client))
        return;
    g_autofree char *user = slice_dup(event->user);
    bool fresh;
    Group *group =
        find_group(alone, g_strdup_printf("operation\x1f%s\x1f%s\x1f%" PRId64 "\x1f%s", host, client, event->pid, user),
                   event, &fresh);
    if (!group)
        return;
    Record *r = group->record;
    if (fresh) {
        name_end(alone, &r->server, event->host);
        name_end(alone, &r->client, event->client);
        name_end(alone, &r->client, event->client_fqdn);
        set_user(alone, r, event);
    }
    if (event->pid > 0) {
        HostProcessNote note = {
            .role = ROLE_CLIENT, .pid = event->pid, .parent_pid = NUMBER_UNKNOWN, .start = event->process_start};
        (void) host_note_process(r, alone->set->texts, &note,
                                 host_note_source(event, alone->set->texts, "named by WMI as the operation's client"));
    }
    add_operation(alone, r, event);
}

// RPC calls.

static const Interface *find_wmi_interface(Slice uuid)
{
    Guid guid;
    const Interface *interface = uuid.text && guid_parse(uuid.text, uuid.len, &guid) ? interface_find(&guid) : NULL;
    return interface && interface->family == FAMILY_WMI ? interface : NULL;
}

static void add_interface(HostAlone *alone, Record *record, const Interface *interface)
{
    for (guint i = 0; i < record->interfaces->len; i++) {
        if (strcmp(g_array_index(record->interfaces, OfferedInterface, i).name, interface->name) == 0)
            return;
    }
    char uuid[GUID_TEXT_SIZE];
    OfferedInterface offered = {.name = interface->name,
                                .uuid = keep_text(alone, slice(guid_format(&interface->uuid, uuid)))};
    g_array_append_val(record->interfaces, offered);
}

static void take_rpc_call(HostAlone *alone, const HostEvent *event)
{
    const Interface *interface = find_wmi_interface(event->uuid);
    if (!interface || !slice_find(event->protocol, "ip_tcp") || address_loopback(&event->from))
        return;
    g_autofree char *host = slice_dup(event->host);
    g_autofree char *peer = slice_dup(event->address);
    int64_t port = number_parse(event->endpoint);
    bool fresh;
    Group *group =
        find_group(alone,
                   g_strdup_printf("rpc\x1f%s\x1f%d\x1f%s\x1f%" PRId64 "\x1f%" PRId64 "\x1f%" G_GINT64_FORMAT, host,
                                   event->side, peer, event->from_port, port, event->pid),
                   event, &fresh);
    if (!group)
        return;
    Record *r = group->record;
    bool server = event->side == HOST_SIDE_SERVER;
    if (fresh) {
        name_end(alone, server ? &r->server : &r->client, event->host);
        name_end(alone, server ? &r->client : &r->server, event->address);
        r->server.port = number_is_port(port) ? port : NUMBER_UNKNOWN;
        r->client.port = server && event->from_port > 0 ? event->from_port : NUMBER_UNKNOWN;
        set_user(alone, r, event);
    }
    add_interface(alone, r, interface);
    if (event->pid > 0 && take_room(alone, event->image.len + 256)) {
        HostProcessNote note = {.role = server ? ROLE_SERVER : ROLE_CLIENT,
                                .pid = event->pid,
                                .image = event->image,
                                .parent_pid = NUMBER_UNKNOWN,
                                .start = NUMBER_UNKNOWN};
        (void) host_note_process(r, alone->set->texts, &note,
                                 host_note_source(event, alone->set->texts, "called or served WMI's interface"));
    }
    if (!take_call_room(alone, r, 0))
        return;
    RecordCall call = call_init();
    call.interface = interface->name;
    call.opnum = event->opnum >= 0 && event->opnum <= UINT16_MAX ? event->opnum : NUMBER_UNKNOWN;
    const Method *method = call.opnum == NUMBER_UNKNOWN ? NULL : method_find(interface, (uint16_t) call.opnum);
    call.method = method ? method->name : NULL;
    call.stage = method ? method->stage : STAGE_UNKNOWN;
    call.content_source = event_reference(alone, event);
    g_array_append_val(r->calls, call);
}

// Processes that a network logon started by WMI.

static char *make_logon_key(const HostEvent *event)
{
    g_autofree char *host = slice_dup(event->host);
    g_autofree char *lower = g_ascii_strdown(host, -1);
    return g_strdup_printf("%s\x1f%" G_GINT64_MODIFIER "x", lower, event->logon_id);
}

static void take_process(HostAlone *alone, const HostEvent *event)
{
    if (!event->logon_id || !slice_is_any_case(slice_base(event->parent_image), "wmiprvse.exe") ||
        g_hash_table_size(alone->by_logon) >= MAX_SPAWNED)
        return;
    StoredEvent *kept = event_store_add(&alone->store, event);
    if (!kept)
        return;
    g_autofree char *key = make_logon_key(event);
    GPtrArray *list = g_hash_table_lookup(alone->by_logon, key);
    if (!list) {
        list = g_ptr_array_new();
        g_hash_table_insert(alone->by_logon, g_steal_pointer(&key), list);
    }
    g_ptr_array_add(list, kept);
}

void host_alone_first(const HostEvent *event, gpointer data)
{
    switch (event->kind) {
    case HOST_OPERATION: take_operation(data, event); break;
    case HOST_RPC_CALL: take_rpc_call(data, event); break;
    case HOST_PROCESS_START: take_process(data, event); break;
    default: break;
    }
}

static bool executes_near(const Group *group, const StoredEvent *process)
{
    if (group->first == NUMBER_UNKNOWN || process->time < group->first - LAUNCH || process->time > group->last + LAUNCH)
        return false;
    const RecordCall *call = record_strongest_call(group->record);
    return call && call_weight(call) == STAGE_EXECUTE;
}

/** The operations that started the process: by the same user from one client only, when it was created. */
static Group *find_operations(HostAlone *alone, const HostEvent *logon, const StoredEvent *process)
{
    Group *found = NULL;
    for (guint i = 0; i < alone->groups->len; i++) {
        Group *group = g_ptr_array_index(alone->groups, i);
        const Auth *auth = &group->record->auth;
        if (!auth->user || !slice_is_any_case(logon->user, auth->user) || !executes_near(group, process) ||
            !slice_is_any_case(logon->host, group->host))
            continue;
        if (found)
            return NULL;
        found = group;
    }
    return found;
}

static void take_logon(HostAlone *alone, const HostEvent *event)
{
    g_autofree char *key = make_logon_key(event);
    const GPtrArray *processes = g_hash_table_lookup(alone->by_logon, key);
    if (!processes || address_loopback(&event->from) || !slice_is(event->logon_type, "3"))
        return;
    Texts *texts = alone->set->texts;
    g_autofree char *address = address_text(&event->from);
    Group *group = find_operations(alone, event, g_ptr_array_index(processes, 0));
    if (!group) {
        bool fresh;
        group =
            find_group(alone, g_strdup_printf("logon\x1f%s\x1f%s\x1f%" G_GINT64_FORMAT, key, address, event->from_port),
                       event, &fresh);
    }
    if (!group)
        return;
    Record *r = group->record;
    name_end(alone, &r->server, event->host);
    r->client.ip = keep_text(alone, slice(address));
    r->client.port = event->from_port > 0 ? event->from_port : NUMBER_UNKNOWN;
    set_user(alone, r, event);
    for (guint i = 0; i < processes->len; i++) {
        const StoredEvent *process = g_ptr_array_index(processes, i);
        g_autofree char *reason =
            g_strdup_printf("logon id 0x%" G_GINT64_MODIFIER "x, created by WMI's provider host", process->logon_id);
        HostProcessNote note = host_note_of(process, ROLE_SPAWNED, texts);
        (void) host_note_process(r, texts, &note, host_note_source(process, texts, reason));
    }
}

void host_alone_second(const HostEvent *event, gpointer data)
{
    take_logon(data, event);
}

static int compare_groups(gconstpointer a, gconstpointer b)
{
    const Group *x = *(Group *const *) a, *y = *(Group *const *) b;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->record->conn < y->record->conn ? -1 : x->record->conn > y->record->conn;
}

RecordSet *host_alone_finish(HostAlone *alone)
{
    g_ptr_array_sort(alone->groups, compare_groups);
    for (guint i = 0; i < alone->groups->len; i++) {
        Group *group = g_ptr_array_index(alone->groups, i);
        Record *r = group->record;
        g_autofree char *start = time_text(group->first);
        g_autofree char *end = time_text(group->last);
        r->start_time = keep_text(alone, slice(start));
        r->end_time = keep_text(alone, slice(end));
        record_add_call_techniques(r);
        g_autofree char *summary = host_summary_make(r);
        r->summary = keep_text(alone, slice(summary));
        g_ptr_array_add(alone->set->records, g_steal_pointer(&group->record));
    }
    char *note = NULL;
    if (alone->store.dropped > 0)
        note = g_strdup_printf("more is told than is kept: %" PRIu64 " events were left out", alone->store.dropped);
    record_set_add_file(alone->set, NULL, note);
    return g_steal_pointer(&alone->set);
}
