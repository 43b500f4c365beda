// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/fold.h"

#include "record/identities.h"
#include "record/summary.h"

#include <json.h>
#include <string.h>

#define DEFAULT_LIMIT ((size_t) 1 << 30)
#define MAX_DEPTH 8 ///< an event nests three deep
#define MAX_HINTS 16

/** Weakest first. */
static const char *const auth_levels[] = {"none", "connect", "call", "packet", "integrity", "privacy"};

/** The best authentication seen on one kind of PDU. */
typedef struct {
    const char *type, *level;
    int rank; ///< 0 when none was seen
} AuthSeen;

typedef struct {
    int64_t conn;
    Record *record;                ///< NULL once it was handed over
    GHashTable *calls;             ///< number of the call → index + 1
    GHashTable *interfaces;        ///< UUID → index + 1
    GHashTable *processes;         ///< role and pid → index + 1
    GArray *activations;           ///< Activation
    GHashTable *activation_frames; ///< frame → index + 1
    GHashTable *activation_calls;  ///< number of the call → index + 1
    GArray *identities;            ///< of the security contexts
    GPtrArray *hints;              ///< const char *
    bool bound;                    ///< its first Bind was seen
    AuthSeen auth_on_bind, auth_on_call;
    const char *mechanism;       ///< what SPNEGO agreed on
    bool totalled;               ///< a `state` or `end` event was seen
    Confidence final_confidence; ///< of the newest of these
    int64_t activation_conn, activation_frame;
} FoldedConversation;

struct EventFold {
    EventStream stream;
    struct json_tokener *tokener;
    GStringChunk *texts;
    GHashTable *conversations; ///< number → Conversation
    GHashTable *call_frames;   ///< number of a call of any conversation → its frame
    size_t room;               ///< bytes that may still be taken
    FrameMap *frames;          ///< may be NULL
    EventFoldFunc listener;    ///< may be NULL
    gpointer listener_data;
};

static void conversation_free(gpointer data)
{
    FoldedConversation *c = data;
    g_clear_pointer(&c->record, record_free);
    g_hash_table_unref(c->calls);
    g_hash_table_unref(c->interfaces);
    g_hash_table_unref(c->processes);
    g_array_unref(c->activations);
    g_hash_table_unref(c->activation_frames);
    g_hash_table_unref(c->activation_calls);
    g_array_unref(c->identities);
    g_ptr_array_unref(c->hints);
    g_free(c);
}

EventFold *event_fold_new(size_t limit)
{
    EventFold *fold = g_new0(EventFold, 1);
    fold->tokener = json_tokener_new_ex(MAX_DEPTH);
    // Not JSON_TOKENER_STRICT: json-c 0.18 (Debian 13) then refuses all text that is not ASCII.
    json_tokener_set_flags(fold->tokener, JSON_TOKENER_VALIDATE_UTF8);
    fold->texts = g_string_chunk_new(4096);
    fold->conversations = g_hash_table_new_full(NULL, NULL, NULL, conversation_free);
    fold->call_frames = g_hash_table_new(NULL, NULL);
    fold->room = limit ? limit : DEFAULT_LIMIT;
    fold->stream.format = NUMBER_UNKNOWN;
    return fold;
}

void event_fold_free(EventFold *fold)
{
    json_tokener_free(fold->tokener);
    g_clear_pointer(&fold->texts, g_string_chunk_free);
    g_hash_table_unref(fold->conversations);
    g_hash_table_unref(fold->call_frames);
    g_free(fold);
}

void event_fold_set_frames(EventFold *fold, FrameMap *map)
{
    fold->frames = map;
}

void event_fold_set_listener(EventFold *fold, EventFoldFunc func, gpointer data)
{
    fold->listener = func;
    fold->listener_data = data;
}

const EventStream *event_fold_stream(const EventFold *fold)
{
    return &fold->stream;
}

/** Accounts for `bytes` about to be kept. False when there is no room for them. */
static bool take_room(EventFold *fold, size_t bytes)
{
    if (bytes > fold->room) {
        fold->stream.full = true;
        return false;
    }
    fold->room -= bytes;
    return true;
}

// Members of an event. `object` may be NULL.

static struct json_object *member(struct json_object *object, const char *name, json_type type)
{
    struct json_object *value = NULL;
    if (!json_object_is_type(object, json_type_object) || !json_object_object_get_ex(object, name, &value) ||
        !json_object_is_type(value, type))
        return NULL;
    return value;
}

static const char *text_member(EventFold *fold, struct json_object *object, const char *name)
{
    struct json_object *value = member(object, name, json_type_string);
    if (!value || !take_room(fold, (size_t) json_object_get_string_len(value)))
        return NULL;
    return g_string_chunk_insert_const(fold->texts, json_object_get_string(value));
}

/** The same without keeping it: valid as long as the event. */
static const char *peek_text(struct json_object *object, const char *name)
{
    struct json_object *value = member(object, name, json_type_string);
    return value ? json_object_get_string(value) : NULL;
}

static int64_t number_member(struct json_object *object, const char *name)
{
    struct json_object *value = member(object, name, json_type_int);
    int64_t number = value ? json_object_get_int64(value) : NUMBER_UNKNOWN;
    return number < 0 ? NUMBER_UNKNOWN : number;
}

static int64_t frame_member(const EventFold *fold, struct json_object *object, const char *name)
{
    int64_t number = number_member(object, name);
    if (number <= 0)
        return 0;
    return fold->frames ? frame_map_get(fold->frames, number) : number;
}

static Answer answer_member(struct json_object *object, const char *name)
{
    struct json_object *value = member(object, name, json_type_boolean);
    if (!value)
        return ANSWER_UNKNOWN;
    return json_object_get_boolean(value) ? ANSWER_YES : ANSWER_NO;
}

// What was numbered is found by its number, plus one since 0 stands for "not found".

static guint find_index(GHashTable *table, gconstpointer key)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(table, key));
}

static void put_index(GHashTable *table, gpointer key, guint length)
{
    g_hash_table_insert(table, key, GUINT_TO_POINTER(length));
}

static gpointer number_key(int64_t number)
{
    return GSIZE_TO_POINTER((size_t) number);
}

static RecordCall *find_call(FoldedConversation *c, struct json_object *event)
{
    guint index = find_index(c->calls, number_key(number_member(event, "call")));
    return index ? &g_array_index(c->record->calls, RecordCall, index - 1) : NULL;
}

// One function an event.

static void fold_conn(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    Record *r = c->record;
    struct json_object *client = member(event, "client", json_type_object);
    struct json_object *server = member(event, "server", json_type_object);
    r->client.ip = text_member(fold, client, "ip");
    r->client.port = number_member(client, "port");
    r->server.ip = text_member(fold, server, "ip");
    r->server.port = number_member(server, "port");
    r->start_time = text_member(fold, event, "start_time");
    r->frames.first = frame_member(fold, event, "first_frame");
    r->order = number_member(event, "first_frame");
}

static void see_auth(EventFold *fold, AuthSeen *seen, struct json_object *event)
{
    struct json_object *auth = member(event, "auth", json_type_object);
    if (!auth)
        return;
    const char *level = text_member(fold, auth, "level");
    int rank = 1;
    for (size_t i = 0; i < G_N_ELEMENTS(auth_levels); i++) {
        if (g_strcmp0(level, auth_levels[i]) == 0)
            rank = (int) i + 2;
    }
    if (rank >= seen->rank)
        *seen = (AuthSeen){.type = text_member(fold, auth, "type"), .level = level, .rank = rank};
}

static OfferedInterface *find_interface(FoldedConversation *c, const char *uuid)
{
    guint index = uuid ? find_index(c->interfaces, uuid) : 0;
    return index ? &g_array_index(c->record->interfaces, OfferedInterface, index - 1) : NULL;
}

static void fold_bind(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    see_auth(fold, &c->auth_on_bind, event);
    c->bound |= answer_member(event, "alter") == ANSWER_NO;
    struct json_object *contexts = member(event, "contexts", json_type_array);
    size_t count = contexts ? json_object_array_length(contexts) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *context = json_object_array_get_idx(contexts, i);
        if (find_interface(c, peek_text(context, "uuid")))
            continue;
        const char *uuid = text_member(fold, context, "uuid");
        if (!uuid || !take_room(fold, 3 * sizeof(OfferedInterface)))
            continue;
        const char *name = text_member(fold, context, "interface");
        OfferedInterface offered = {
            .name = name ? name : uuid, .uuid = uuid, .frame = frame_member(fold, event, "frame")};
        g_array_append_val(c->record->interfaces, offered);
        put_index(c->interfaces, (gpointer) uuid, c->record->interfaces->len);
    }
}

static void fold_bind_ack(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    (void) fold;
    struct json_object *results = member(event, "results", json_type_array);
    size_t count = results ? json_object_array_length(results) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *result = json_object_array_get_idx(results, i);
        OfferedInterface *offered = find_interface(c, peek_text(result, "uuid"));
        const char *outcome = peek_text(result, "result");
        if (!offered || !outcome)
            continue;
        // Offered with several transfer syntaxes or again later: accepted once is accepted.
        if (strcmp(outcome, "accepted") == 0)
            offered->accepted = ANSWER_YES;
        else if (offered->accepted == ANSWER_UNKNOWN)
            offered->accepted = ANSWER_NO;
    }
}

static void fold_evidence(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    Record *r = c->record;
    Confidence confidence = confidence_from_text(peek_text(event, "confidence"));
    if (confidence == CONFIDENCE_WMI && r->confidence != CONFIDENCE_WMI)
        fold->stream.found++;
    r->confidence = MAX(r->confidence, confidence);
    Evidence evidence = {.kind = text_member(fold, event, "kind"), .frame = frame_member(fold, event, "frame")};
    for (guint i = 0; i < r->evidence->len; i++) {
        if (g_strcmp0(g_array_index(r->evidence, Evidence, i).kind, evidence.kind) == 0)
            return;
    }
    if (evidence.kind && take_room(fold, 2 * sizeof(evidence)))
        g_array_append_val(r->evidence, evidence);
}

static void fold_auth(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    see_auth(fold, &c->auth_on_bind, event);
    struct json_object *auth = member(event, "auth", json_type_object);
    Auth told = {
        .type = text_member(fold, auth, "type"),
        .level = text_member(fold, auth, "level"),
        .spn = text_member(fold, event, "spn"),
        .realm = text_member(fold, event, "realm"),
        .user = text_member(fold, event, "user"),
        .domain = text_member(fold, event, "domain"),
        .workstation = text_member(fold, event, "workstation"),
        .user_source = text_member(fold, event, "user_source"),
        .user_frame = frame_member(fold, event, "user_frame"),
    };
    if (told.user && !told.user_frame)
        told.user_frame = frame_member(fold, event, "frame");
    if (told.type && strcmp(told.type, "spnego") != 0)
        c->mechanism = told.type;
    identities_see(c->identities, &told);
}

/** NULL when there is no room for it. */
static Process *append_process(EventFold *fold, Record *r, const char *role, int64_t pid)
{
    if (!take_room(fold, 2 * sizeof(Process) + 128))
        return NULL;
    Process process = {.role = role, .pid = pid, .sources = g_array_new(FALSE, FALSE, sizeof(ProcessSource))};
    g_array_append_val(r->processes, process);
    return &g_array_index(r->processes, Process, r->processes->len - 1);
}

/** Notes a process. What is known of it already gets the source if that is of another kind; a start time that
 *  contradicts makes it another process. */
static void add_process(EventFold *fold, FoldedConversation *c, const char *role, int64_t pid, const char *start_time,
                        ProcessSource source)
{
    GArray *processes = c->record->processes;
    gpointer key = number_key(pid * 2 + (role[0] == 's'));
    guint index = find_index(c->processes, key);
    Process *process = index ? &g_array_index(processes, Process, index - 1) : NULL;
    if (!process || (process->start_time && start_time && strcmp(process->start_time, start_time) != 0)) {
        process = append_process(fold, c->record, role, pid);
        if (!process)
            return;
        put_index(c->processes, key, processes->len);
    }
    if (start_time)
        process->start_time = start_time;
    for (guint i = 0; i < process->sources->len; i++) {
        if (strcmp(g_array_index(process->sources, ProcessSource, i).kind, source.kind) == 0)
            return;
    }
    g_array_append_val(process->sources, source);
}

static void fold_call(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    Record *r = c->record;
    see_auth(fold, &c->auth_on_call, event);
    struct json_object *auth = member(event, "auth", json_type_object);
    if (auth)
        identities_use(c->identities, peek_text(auth, "type"), peek_text(auth, "level"));
    int64_t number = number_member(event, "call");
    if (number == NUMBER_UNKNOWN || find_call(c, event) || !take_room(fold, 2 * sizeof(RecordCall) + 128))
        return;
    RecordCall call = call_init();
    call.number = number;
    call.origin = number_member(event, "origin");
    call.frame = frame_member(fold, event, "frame");
    call.time = text_member(fold, event, "time");
    call.interface = text_member(fold, event, "interface");
    if (!call.interface)
        call.interface = text_member(fold, event, "uuid");
    call.interface_source = text_member(fold, event, "interface_source");
    call.object = text_member(fold, event, "object");
    call.opnum = number_member(event, "opnum");
    call.method = text_member(fold, event, "method");
    call.stage = text_member(fold, event, "stage");
    call.namespace_path = text_member(fold, event, "namespace");
    call.sealed = answer_member(event, "sealed");
    call.decrypted = answer_member(event, "decrypted") == ANSWER_YES;
    call.command_length = number_member(event, "command_length");
    g_array_append_val(r->calls, call);
    put_index(c->calls, number_key(number), r->calls->len);
    if (!g_hash_table_contains(fold->call_frames, number_key(number)))
        g_hash_table_insert(fold->call_frames, number_key(number), number_key(call.frame));

    int64_t server_pid = number_member(event, "server_pid");
    if (server_pid != NUMBER_UNKNOWN)
        add_process(fold, c, "server", server_pid, NULL, (ProcessSource){"wire:ipid", call.frame});
}

/** Adds a frame to the list of those after `first`, which is not stored when it is the only one. */
static void add_frame(EventFold *fold, GArray **frames, int64_t first, int64_t frame)
{
    if (frame == 0 || frame == first || (*frames && g_array_index(*frames, int64_t, (*frames)->len - 1) == frame))
        return;
    if (!take_room(fold, *frames ? 2 * sizeof(frame) : 64))
        return;
    if (!*frames) {
        *frames = g_array_new(FALSE, FALSE, sizeof(int64_t));
        if (first)
            g_array_append_val(*frames, first);
    }
    g_array_append_val(*frames, frame);
}

static void fold_fragment(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    RecordCall *call = find_call(c, event);
    const char *of = peek_text(event, "of");
    if (!call || !of)
        return;
    int64_t frame = frame_member(fold, event, "frame");
    if (strcmp(of, "request") == 0)
        add_frame(fold, &call->frames, call->frame, frame);
    else
        add_frame(fold, &call->response_frames, call->response_frame, frame);
}

static void fold_response(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    RecordCall *call = find_call(c, event);
    if (!call)
        return;
    int64_t frame = frame_member(fold, event, "frame");
    if (call->response_frame || call->response_frames)
        add_frame(fold, &call->response_frames, call->response_frame, frame);
    if (!call->response_frame)
        call->response_frame = frame;
    call->fault = answer_member(event, "fault");
}

static GArray *properties_member(EventFold *fold, struct json_object *event)
{
    struct json_object *list = member(event, "properties", json_type_array);
    size_t count = list ? json_object_array_length(list) : 0;
    if (!list || !take_room(fold, 64 + count * sizeof(RecordProperty)))
        return NULL;
    GArray *properties = g_array_new(FALSE, FALSE, sizeof(RecordProperty));
    for (size_t i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        RecordProperty property = {text_member(fold, item, "name"), text_member(fold, item, "value")};
        g_array_append_val(properties, property);
    }
    return properties;
}

static void fold_details(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    RecordCall *call = find_call(c, event);
    if (!call)
        return;
    call->query = text_member(fold, event, "query");
    call->query_language = text_member(fold, event, "query_language");
    call->object_path = text_member(fold, event, "object_path");
    call->class_name = text_member(fold, event, "class");
    call->wmi_method = text_member(fold, event, "wmi_method");
    call->command_line = text_member(fold, event, "command_line");
    if (!call->properties)
        call->properties = properties_member(fold, event);
}

static void fold_login(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    RecordCall *call = find_call(c, event);
    if (!call || !take_room(fold, 2 * sizeof(Login)))
        return;
    call->namespace_path = text_member(fold, event, "namespace");
    Login login = {
        .frame = frame_member(fold, event, "frame"),
        .namespace_path = call->namespace_path,
        .locale = text_member(fold, event, "locale"),
        .call = find_index(c->calls, number_key(number_member(event, "call"))) - 1,
    };
    g_array_append_val(c->record->logins, login);
}

static void fold_client(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    RecordEnd *client = &c->record->client;
    if (!client->host)
        client->host = text_member(fold, event, "host");
    if (!client->fqdn)
        client->fqdn = text_member(fold, event, "fqdn");
    int64_t pid = number_member(event, "pid");
    const char *source = peek_text(event, "source");
    if (pid == NUMBER_UNKNOWN || !source || strlen(source) > 64)
        return;
    g_autofree char *kind = g_strconcat("wire:", source, NULL);
    add_process(fold, c, "client", pid, text_member(fold, event, "process_start"),
                (ProcessSource){g_string_chunk_insert_const(fold->texts, kind), frame_member(fold, event, "frame")});
}

/** A process that a call has started. */
static void add_spawned(EventFold *fold, FoldedConversation *c, const RecordCall *call, int64_t frame)
{
    int64_t pid = property_number(call->result_properties, "ProcessId");
    if (!call_is_method(call, "Win32_Process", "Create") || pid <= 0 ||
        property_number(call->result_properties, "ReturnValue") != 0)
        return;
    Process *process = append_process(fold, c->record, "spawned", pid);
    if (!process)
        return;
    process->command_line = call->command_line;
    ProcessSource source = {"wire:ExecMethod", frame};
    g_array_append_val(process->sources, source);
}

static void fold_outcome(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    RecordCall *call = find_call(c, event);
    if (!call)
        return;
    call->status = number_member(event, "status");
    call->status_name = text_member(fold, event, "status_name");
    call->operation_status = number_member(event, "operation_status");
    call->operation_status_name = text_member(fold, event, "operation_status_name");
    call->result_text = text_member(fold, event, "text");
    if (!call->result_properties) {
        call->result_properties = properties_member(fold, event);
        add_spawned(fold, c, call, frame_member(fold, event, "frame"));
    }
}

static void fold_undecodable(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    RecordCall *call = find_call(c, event);
    if (call && !call->undecodable)
        call->undecodable = text_member(fold, event, "reason");
}

static void add_technique(Record *r, const char *technique)
{
    if (!g_ptr_array_find_with_equal_func(r->techniques, technique, g_str_equal, NULL))
        g_ptr_array_add(r->techniques, (gpointer) technique);
}

static void fold_technique(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    const char *technique = text_member(fold, event, "technique");
    if (technique)
        add_technique(c->record, technique);
}

static void fold_hint(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    const char *text = text_member(fold, event, "text");
    if (text && c->hints->len < MAX_HINTS && !g_ptr_array_find_with_equal_func(c->hints, text, g_str_equal, NULL))
        g_ptr_array_add(c->hints, (gpointer) text);
}

static RecordActivation *find_activation(FoldedConversation *c, GHashTable *table, int64_t number)
{
    guint index = find_index(table, number_key(number));
    return index ? &g_array_index(c->activations, RecordActivation, index - 1) : NULL;
}

static void fold_activation(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    int64_t frame = frame_member(fold, event, "frame"), call = number_member(event, "call");
    if (find_activation(c, c->activation_calls, call) || !take_room(fold, 3 * sizeof(RecordActivation)))
        return;
    RecordActivation activation = {
        .frame = frame,
        .client_port = NUMBER_UNKNOWN,
        .clsid = text_member(fold, event, "clsid"),
        .server_name = text_member(fold, event, "server_name"),
        .status = NUMBER_UNKNOWN,
    };
    g_array_append_val(c->activations, activation);
    if (call != NUMBER_UNKNOWN)
        put_index(c->activation_calls, number_key(call), c->activations->len);
    if (!find_activation(c, c->activation_frames, frame))
        put_index(c->activation_frames, number_key(frame), c->activations->len);
}

static void fold_activated(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    RecordActivation *activation = find_activation(c, c->activation_calls, number_member(event, "call"));
    if (!activation)
        activation = find_activation(c, c->activation_frames, frame_member(fold, event, "request_frame"));
    if (!activation)
        return;
    activation->status = number_member(event, "status");
    struct json_object *bindings = member(event, "bindings", json_type_array);
    size_t count = bindings ? json_object_array_length(bindings) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *binding = json_object_array_get_idx(bindings, i);
        if (!json_object_is_type(binding, json_type_string))
            continue;
        const char *text = json_object_get_string(binding);
        g_autofree char *name = g_strndup(text, strcspn(text, "["));
        bool qualified = strchr(name, '.') != NULL;
        const char **place = qualified ? &activation->server_fqdn : &activation->server_host;
        if (!*place && *name && !g_hostname_is_ip_address(name) && take_room(fold, strlen(name)))
            *place = g_string_chunk_insert_const(fold->texts, name);
    }
}

static void fold_parts(EventFold *fold, Record *r, struct json_object *event)
{
    struct json_object *list = member(event, "parts", json_type_array);
    size_t count = list ? json_object_array_length(list) : 0;
    for (size_t i = 0; i < count && take_room(fold, 2 * sizeof(RecordPart)); i++) {
        struct json_object *item = json_object_array_get_idx(list, i);
        RecordPart part = {
            .first = frame_member(fold, item, "first"),
            .last = frame_member(fold, item, "last"),
            .count = number_member(item, "frames"),
        };
        if (!r->parts)
            r->parts = g_array_new(FALSE, FALSE, sizeof(RecordPart));
        // One capture may have several interfaces.
        RecordPart *known = NULL;
        for (guint k = 0; k < r->parts->len && !known; k++) {
            RecordPart *other = &g_array_index(r->parts, RecordPart, k);
            known = frame_file(other->first) == frame_file(part.first) ? other : NULL;
        }
        if (known) {
            known->first = MIN(known->first, part.first);
            known->last = MAX(known->last, part.last);
            known->count += part.count;
        } else {
            g_array_append_val(r->parts, part);
        }
    }
    if (r->parts && r->parts->len < 2)
        g_clear_pointer(&r->parts, g_array_unref);
    for (guint i = 0; r->parts && i < r->parts->len; i++) {
        const RecordPart *part = &g_array_index(r->parts, RecordPart, i);
        if (frame_file(part->first) == frame_file(r->frames.first)) {
            r->frames.last = part->last;
            r->frames.count = part->count;
        }
    }
}

/** All that is known at one moment; a later one takes its place. */
static void fold_totals(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    Record *r = c->record;
    c->totalled = true;
    c->final_confidence = confidence_from_text(peek_text(event, "confidence"));
    c->activation_conn = number_member(event, "activation_conn");
    c->activation_frame = frame_member(fold, event, "activation_frame");
    r->activity = number_member(event, "activity");
    r->callback = answer_member(event, "callback") == ANSWER_YES;
    if (frame_member(fold, event, "first_frame")) {
        r->frames.first = frame_member(fold, event, "first_frame");
        r->order = number_member(event, "first_frame");
    }
    r->frames.last = frame_member(fold, event, "last_frame");
    r->frames.count = number_member(event, "frames");
    g_clear_pointer(&r->parts, g_array_unref);
    fold_parts(fold, r, event);
    r->bytes.client = number_member(event, "bytes_client");
    r->bytes.server = number_member(event, "bytes_server");
    const char *start_time = text_member(fold, event, "start_time");
    if (start_time)
        r->start_time = start_time;
    r->end_time = text_member(fold, event, "end_time");
}

static void fold_state(EventFold *fold, FoldedConversation *c, struct json_object *event)
{
    fold_totals(fold, c, event);
    if (fold->listener)
        fold->listener(fold, c->conn, answer_member(event, "closed") == ANSWER_YES ? FOLD_CLOSED : FOLD_JUDGED,
                       fold->listener_data);
}

static const struct {
    const char *event;
    void (*fold)(EventFold *fold, FoldedConversation *c, struct json_object *event);
} handlers[] = {
    // clang-format off
    {"conn", fold_conn},
    {"bind", fold_bind},
    {"bind-ack", fold_bind_ack},
    {"evidence", fold_evidence},
    {"auth", fold_auth},
    {"call", fold_call},
    {"fragment", fold_fragment},
    {"response", fold_response},
    {"details", fold_details},
    {"login", fold_login},
    {"client", fold_client},
    {"outcome", fold_outcome},
    {"undecodable", fold_undecodable},
    {"technique", fold_technique},
    {"hint", fold_hint},
    {"activation", fold_activation},
    {"activated", fold_activated},
    {"state", fold_state},
    {"end", fold_totals},
    // clang-format on
};

static FoldedConversation *find_conversation(EventFold *fold, int64_t conn)
{
    return g_hash_table_lookup(fold->conversations, number_key(conn));
}

static FoldedConversation *need_conversation(EventFold *fold, struct json_object *event)
{
    int64_t conn = number_member(event, "conn");
    FoldedConversation *c = find_conversation(fold, conn);
    if (c || conn == NUMBER_UNKNOWN || !take_room(fold, sizeof(FoldedConversation) + 2 * sizeof(Record) + 1024))
        return c;
    c = g_new0(FoldedConversation, 1);
    c->conn = conn;
    c->record = record_new();
    c->record->conn = conn;
    c->calls = g_hash_table_new(NULL, NULL);
    c->interfaces = g_hash_table_new(g_str_hash, g_str_equal);
    c->processes = g_hash_table_new(NULL, NULL);
    c->activations = g_array_new(FALSE, TRUE, sizeof(RecordActivation));
    c->activation_frames = g_hash_table_new(NULL, NULL);
    c->activation_calls = g_hash_table_new(NULL, NULL);
    c->identities = identities_new();
    c->hints = g_ptr_array_new();
    c->activation_conn = NUMBER_UNKNOWN;
    g_hash_table_insert(fold->conversations, number_key(conn), c);
    return c;
}

static void fold_event(EventFold *fold, const char *name, struct json_object *event)
{
    EventStream *stream = &fold->stream;
    if (strcmp(name, "begin") == 0) {
        stream->begun = true;
        stream->format = number_member(event, "format");
        stream->plugin_version = text_member(fold, event, "plugin");
        stream->wireshark_version = text_member(fold, event, "wireshark");
    } else if (strcmp(name, "done") == 0) {
        stream->done = true;
    } else {
        for (size_t i = 0; i < G_N_ELEMENTS(handlers); i++) {
            if (strcmp(name, handlers[i].event) == 0) {
                FoldedConversation *c = need_conversation(fold, event);
                if (c)
                    handlers[i].fold(fold, c, event);
            }
        }
    }
}

void event_fold_line(EventFold *fold, const char *line, size_t len)
{
    if (len == 0 || line[0] != '{')
        return;
    struct json_object *event = NULL;
    if (len <= INT32_MAX) {
        json_tokener_reset(fold->tokener);
        event = json_tokener_parse_ex(fold->tokener, line, (int) len);
    }
    struct json_object *name = member(event, "event", json_type_string);
    if (name && json_tokener_get_parse_end(fold->tokener) == len)
        fold_event(fold, json_object_get_string(name), event);
    else
        fold->stream.malformed++;
    json_object_put(event);
}

static void resolve_activation(EventFold *fold, FoldedConversation *c)
{
    FoldedConversation *from = find_conversation(fold, c->activation_conn);
    RecordActivation *activation = from ? find_activation(from, from->activation_frames, c->activation_frame) : NULL;
    if (!activation && c->activations->len > 0) {
        from = c;
        activation = &g_array_index(c->activations, RecordActivation, 0);
    }
    if (!activation)
        return;
    c->record->has_activation = true;
    c->record->activation = *activation;
    c->record->activation.client_port = from->record->client.port;
    if (!c->record->callback) { // in a callback the ends have changed roles
        c->record->server.host = activation->server_host;
        c->record->server.fqdn = activation->server_fqdn;
    }
}

static void resolve_logins(Record *r)
{
    for (guint i = 0; i < r->logins->len; i++) {
        Login *login = &g_array_index(r->logins, Login, i);
        login->status = g_array_index(r->calls, RecordCall, login->call).status;
    }
}

static void resolve_origins(const EventFold *fold, Record *r)
{
    for (guint i = 0; i < r->calls->len; i++) {
        RecordCall *call = &g_array_index(r->calls, RecordCall, i);
        if (call->origin != NUMBER_UNKNOWN)
            call->origin_frame =
                (int64_t) GPOINTER_TO_SIZE(g_hash_table_lookup(fold->call_frames, number_key(call->origin)));
    }
}

static void resolve_auth(FoldedConversation *c)
{
    Auth *auth = &c->record->auth;
    const Auth *identity = identities_main(c->identities);
    if (identity)
        *auth = *identity;
    const AuthSeen *seen = c->auth_on_call.rank ? &c->auth_on_call : &c->auth_on_bind;
    auth->level = seen->level;
    auth->type = g_strcmp0(seen->type, "spnego") == 0 && c->mechanism ? c->mechanism : seen->type;
}

/** Text of the set's own; NULL for NULL. */
static const char *keep_text(EventFold *fold, const char *text)
{
    return text ? g_string_chunk_insert_const(fold->texts, text) : NULL;
}

static void resolve_hints(EventFold *fold, FoldedConversation *c)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < c->hints->len; i++)
        g_string_append_printf(all, "%s%s", i ? "; " : "", (const char *) g_ptr_array_index(c->hints, i));
    c->record->client_hint = keep_text(fold, c->hints->len ? all->str : NULL);
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static int compare_records(gconstpointer a, gconstpointer b)
{
    const Record *x = *(Record *const *) a, *y = *(Record *const *) b;
    if (frame_file(x->frames.first) != frame_file(y->frames.first) && x->order != y->order)
        return x->order < y->order ? -1 : 1;
    if (x->frames.first != y->frames.first)
        return x->frames.first < y->frames.first ? -1 : 1;
    return x->conn < y->conn ? -1 : x->conn > y->conn;
}

/** Fills in what stands in other places. May be done again when more is known. */
static void resolve(EventFold *fold, FoldedConversation *c)
{
    Record *r = c->record;
    if (c->totalled && c->final_confidence != CONFIDENCE_NONE)
        r->confidence = c->final_confidence;
    resolve_activation(fold, c);
    resolve_auth(c);
    resolve_logins(r);
    resolve_origins(fold, r);
    resolve_hints(fold, c);
    r->client_identified = record_client_identified(r, c->bound);
    g_autofree char *filter = record_filter(&r->client, &r->server);
    r->filter = keep_text(fold, filter);
    r->remote = record_remote(&r->client, &r->server);
    if (r->confidence == CONFIDENCE_WMI)
        add_technique(r, "T1047");
    g_ptr_array_sort(r->techniques, compare_texts);
    g_autofree char *summary = summary_make(r);
    r->summary = keep_text(fold, summary);
}

RecordSet *event_fold_view(EventFold *fold, int64_t conn)
{
    FoldedConversation *c = find_conversation(fold, conn);
    if (!c || c->record->confidence == CONFIDENCE_NONE)
        return NULL;
    RecordSet *set = record_set_new(NULL);
    g_ptr_array_set_free_func(set->records, NULL);
    resolve(fold, c);
    g_ptr_array_add(set->records, c->record);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, fold->conversations);
    while (c->record->activity != NUMBER_UNKNOWN && g_hash_table_iter_next(&iter, NULL, &value)) {
        FoldedConversation *other = value;
        if (other == c || other->record->activity != c->record->activity)
            continue;
        resolve(fold, other);
        g_ptr_array_add(set->records, other->record);
    }
    return set;
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

GArray *event_fold_conversations(EventFold *fold)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, fold->conversations);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_array_append_val(numbers, ((FoldedConversation *) value)->conn);
    g_array_sort(numbers, compare_numbers);
    return numbers;
}

RecordSet *event_fold_finish(EventFold *fold)
{
    RecordSet *set = record_set_new(fold->texts);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, fold->conversations);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        resolve(fold, value);
    g_hash_table_iter_init(&iter, fold->conversations);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        FoldedConversation *c = value;
        if (c->record->confidence != CONFIDENCE_NONE)
            g_ptr_array_add(set->records, g_steal_pointer(&c->record));
    }
    g_ptr_array_sort(set->records, compare_records);
    fold->texts = NULL;
    return set;
}
