// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/fold.h"

#include "base/hash.h"
#include "base/number.h"
#include "record/event-reader.h"
#include "record/identities.h"
#include "record/outcome.h"
#include "record/summary.h"
#include "record/techniques.h"
#include "record/worth.h"

#include <string.h>

#define DEFAULT_LIMIT ((size_t) 1 << 30)
#define MAX_CANDIDATES 16
#define MAX_VIEW 64 ///< connections of an activity that a view shows
#define RPCSS_PORT 135

/** The best authentication seen on one kind of PDU. */
typedef struct {
    bool any;
    const char *type;
    AuthLevel level;
} AuthSeen;

/** A process that makes the connection's calls, as another connection shows. */
typedef struct {
    int64_t conn, frame, call_frame, pid; ///< the connection and frame in which it said who it is
    const char *start_time, *host, *fqdn;
} Inferred;

typedef struct {
    int64_t conn;
    size_t size;                  ///< of the fold's room that it has taken
    Record *record;               ///< NULL once it was handed over
    GHashTable *calls;            ///< number of the call → index + 1
    GHashTable *interfaces;       ///< UUID → index + 1
    GHashTable *processes;        ///< role and pid → index + 1
    GArray *activations;          ///< RecordActivation
    GHashTable *activation_calls; ///< number of the call → index + 1
    GArray *identities;           ///< of the security contexts
    GHashTable *users;            ///< domain and user → index + 1
    guint last_user;              ///< index + 1 of the one who made the newest call of a known user
    bool bound;                   ///< its first Bind was seen
    AuthSeen auth_on_bind, auth_on_call;
    const char *mechanism;       ///< what SPNEGO agreed on
    bool totalled;               ///< a `state` or `end` event was seen
    bool resolved;               ///< nothing was told of it since it was
    Confidence final_confidence; ///< of the newest of these
    int64_t activation_conn, activation_call;
    GArray *candidates; ///< UserCandidate
    GArray *inferred;   ///< Inferred, of the newest `state` or `end` event
} FoldedConversation;

/** What is left of a conversation that made room. */
typedef struct {
    const char *client_ip, *server_ip, *start_time;
    uint16_t client_port, server_port;
    int64_t first_frame, order;
    Confidence confidence;
    Evidence evidence; ///< the first one
} Forgotten;

struct EventFold {
    EventStream stream;
    EventReader *reader;
    Texts *texts;
    GHashTable *conversations;   ///< number → Conversation
    GHashTable *activities;      ///< number → GPtrArray of FoldedConversation *, those that were once of the activity
    GHashTable *call_frames;     ///< number of a call of any conversation → its frame
    FoldedConversation *current; ///< of the event under way; NULL between events
    GHashTable *forgotten;       ///< number → Forgotten
    size_t limit, room;          ///< bytes that may be taken, and those that still may
    FrameMap *frames;            ///< may be NULL
    EventFoldFunc listener;      ///< may be NULL
    gpointer listener_data;
    EventFoldCallFunc call_listener; ///< may be NULL
    gpointer call_listener_data;
};

static void conversation_free(gpointer data)
{
    FoldedConversation *c = data;
    g_clear_pointer(&c->record, record_free);
    g_hash_table_unref(c->calls);
    g_hash_table_unref(c->interfaces);
    g_hash_table_unref(c->processes);
    g_array_unref(c->activations);
    g_hash_table_unref(c->activation_calls);
    g_array_unref(c->identities);
    g_hash_table_unref(c->users);
    g_array_unref(c->inferred);
    g_array_unref(c->candidates);
    g_free(c);
}

EventFold *event_fold_new(size_t limit)
{
    EventFold *fold = g_new0(EventFold, 1);
    fold->reader = event_reader_new();
    fold->texts = texts_new();
    fold->conversations = g_hash_table_new_full(NULL, NULL, NULL, conversation_free);
    fold->activities = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
    fold->call_frames = g_hash_table_new(NULL, NULL);
    fold->forgotten = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    fold->limit = fold->room = limit ? limit : DEFAULT_LIMIT;
    fold->stream.format = NUMBER_UNKNOWN;
    return fold;
}

void event_fold_free(EventFold *fold)
{
    event_reader_free(fold->reader);
    g_clear_pointer(&fold->texts, texts_free);
    g_hash_table_unref(fold->activities);
    g_hash_table_unref(fold->conversations);
    g_hash_table_unref(fold->forgotten);
    g_hash_table_unref(fold->call_frames);
    g_free(fold);
}

void event_fold_set_frames(EventFold *fold, FrameMap *map)
{
    fold->frames = map;
}

void event_fold_set_call_listener(EventFold *fold, EventFoldCallFunc func, gpointer data)
{
    fold->call_listener = func;
    fold->call_listener_data = data;
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

static gpointer number_key(int64_t number)
{
    return GSIZE_TO_POINTER((size_t) number);
}

// ---- room

static FoldedConversation *find_conversation(EventFold *fold, int64_t conn)
{
    return g_hash_table_lookup(fold->conversations, number_key(conn));
}

/** What each conversation is worth; with one in which something was done, its activation is worth the same. */
static GHashTable *find_worths(EventFold *fold)
{
    GHashTable *worths = g_hash_table_new(NULL, NULL);
    GHashTableIter iter;
    gpointer key, value;
    g_hash_table_iter_init(&iter, fold->conversations);
    while (g_hash_table_iter_next(&iter, &key, &value)) {
        FoldedConversation *c = value;
        Worth worth = c == fold->current ? WORTH_DONE : record_worth(c->record);
        if (worth == WORTH_DONE)
            g_hash_table_insert(worths, number_key(c->activation_conn), GUINT_TO_POINTER(worth));
        if (GPOINTER_TO_UINT(g_hash_table_lookup(worths, key)) < worth)
            g_hash_table_insert(worths, key, GUINT_TO_POINTER(worth));
    }
    return worths;
}

static void forget(EventFold *fold, const FoldedConversation *c)
{
    const Record *r = c->record;
    Forgotten left = {
        .confidence = r->confidence,
        .client_ip = r->client.ip,
        .server_ip = r->server.ip,
        .start_time = r->start_time,
        .client_port = (uint16_t) MAX(r->client.port, 0),
        .server_port = (uint16_t) MAX(r->server.port, 0),
        .first_frame = r->frames.first,
        .order = r->order,
    };
    if (r->evidence->len > 0)
        left.evidence = g_array_index(r->evidence, Evidence, 0);
    g_hash_table_insert(fold->forgotten, number_key(c->conn), g_memdup2(&left, sizeof(left)));
    fold->room += c->size - MIN(c->size, sizeof(left));
    fold->stream.forgotten++;
}

/** Notes to which activity a conversation belongs. */
static void add_member(EventFold *fold, FoldedConversation *c)
{
    gpointer key = number_key(c->record->activity);
    GPtrArray *members = g_hash_table_lookup(fold->activities, key);
    if (!members) {
        members = g_ptr_array_new();
        g_hash_table_insert(fold->activities, key, members);
    }
    g_ptr_array_add(members, c);
}

/** The activities lead to conversations that are there. */
static void forget_activities(EventFold *fold)
{
    g_hash_table_remove_all(fold->activities);
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, fold->conversations);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        FoldedConversation *c = value;
        if (c->record->activity != NUMBER_UNKNOWN)
            add_member(fold, c);
    }
}

/** Forgets conversations of the least worth until a quarter of all room is free. Returns whether any could be. */
static bool make_room(EventFold *fold)
{
    guint before = fold->stream.forgotten;
    g_autoptr(GHashTable) worths = find_worths(fold);
    for (Worth worth = WORTH_ASKED; worth < WORTH_DONE && fold->room < fold->limit / 4; worth++) {
        GHashTableIter iter;
        gpointer key, value;
        g_hash_table_iter_init(&iter, fold->conversations);
        while (fold->room < fold->limit / 4 && g_hash_table_iter_next(&iter, &key, &value)) {
            if (GPOINTER_TO_UINT(g_hash_table_lookup(worths, key)) > worth)
                continue;
            forget(fold, value);
            g_hash_table_iter_remove(&iter);
        }
    }
    forget_activities(fold);
    return fold->stream.forgotten > before;
}

/** Accounts for `bytes` about to be kept. False when there is no room for them. */
static bool take_room(EventFold *fold, size_t bytes)
{
    if (bytes > fold->room && (fold->stream.full || !make_room(fold) || bytes > fold->room)) {
        fold->stream.full = true;
        return false;
    }
    fold->room -= bytes;
    if (fold->current)
        fold->current->size += bytes;
    return true;
}

/** Keeps a text of an event, which stays whatever is forgotten. NULL for NULL, and when there is no room for it. */
static const char *keep(EventFold *fold, const char *text)
{
    if (!text || !take_room(fold, strlen(text)))
        return NULL;
    if (fold->current)
        fold->current->size -= strlen(text);
    return texts_keep(fold->texts, text);
}

/** The frame that an event numbers so. */
static int64_t to_frame(const EventFold *fold, int64_t number)
{
    return fold->frames ? frame_map_get(fold->frames, number) : frame_make(0, number);
}

static Answer to_answer(int answer)
{
    return answer == EVENT_UNKNOWN ? ANSWER_UNKNOWN : answer ? ANSWER_YES : ANSWER_NO;
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

static RecordCall *find_call(FoldedConversation *c, const Event *e)
{
    guint index = find_index(c->calls, number_key(e->call));
    return index ? &g_array_index(c->record->calls, RecordCall, index - 1) : NULL;
}

// One function an event.

static void fold_conn(EventFold *fold, FoldedConversation *c, const Event *e)
{
    Record *r = c->record;
    r->client.ip = keep(fold, e->client_ip);
    r->client.port = e->client_port;
    r->server.ip = keep(fold, e->server_ip);
    r->server.port = e->server_port;
    r->start_time = keep(fold, e->start_time);
    r->frames.first = to_frame(fold, e->first_frame);
    r->order = e->first_frame;
}

static void see_auth(EventFold *fold, AuthSeen *seen, const Event *e)
{
    bool any = e->auth_type || e->auth_level;
    if (any && (!seen->any || e->auth_level >= seen->level))
        *seen = (AuthSeen){true, keep(fold, e->auth_type), e->auth_level};
}

static OfferedInterface *find_interface(FoldedConversation *c, const char *uuid)
{
    guint index = uuid ? find_index(c->interfaces, uuid) : 0;
    return index ? &g_array_index(c->record->interfaces, OfferedInterface, index - 1) : NULL;
}

static void fold_bind(EventFold *fold, FoldedConversation *c, const Event *e)
{
    see_auth(fold, &c->auth_on_bind, e);
    c->bound |= e->alter == 0;
    for (unsigned i = 0; i < e->contexts.n; i++) {
        const EventItem *context = &e->contexts.items[i];
        if (!context->uuid || find_interface(c, context->uuid) || !take_room(fold, 3 * sizeof(OfferedInterface)))
            continue;
        const char *uuid = keep(fold, context->uuid), *name = keep(fold, context->interface);
        if (!uuid)
            continue;
        OfferedInterface offered = {.name = name ? name : uuid, .uuid = uuid, .frame = to_frame(fold, e->frame)};
        g_array_append_val(c->record->interfaces, offered);
        put_index(c->interfaces, (gpointer) uuid, c->record->interfaces->len);
    }
}

static void fold_bind_ack(EventFold *fold, FoldedConversation *c, const Event *e)
{
    (void) fold;
    for (unsigned i = 0; i < e->results.n; i++) {
        const EventItem *item = &e->results.items[i];
        OfferedInterface *offered = find_interface(c, item->uuid);
        if (!offered || !item->result)
            continue;
        // Offered with several transfer syntaxes or again later: accepted once is accepted.
        if (item->result == RESULT_ACCEPTED)
            offered->accepted = ANSWER_YES;
        else if (offered->accepted == ANSWER_UNKNOWN)
            offered->accepted = ANSWER_NO;
    }
}

static void fold_evidence(EventFold *fold, FoldedConversation *c, const Event *e)
{
    Record *r = c->record;
    if (e->confidence == CONFIDENCE_WMI && r->confidence != CONFIDENCE_WMI)
        fold->stream.found++;
    r->confidence = MAX(r->confidence, e->confidence);
    for (guint i = 0; i < r->evidence->len; i++) {
        if (g_array_index(r->evidence, Evidence, i).kind == e->evidence)
            return;
    }
    Evidence evidence = {.kind = e->evidence, .frame = to_frame(fold, e->frame)};
    if (evidence.kind)
        g_array_append_val(r->evidence, evidence);
}

static void add_candidate(EventFold *fold, FoldedConversation *c, const EventItem *item, const char *spn)
{
    for (guint i = 0; i < c->candidates->len; i++) {
        const UserCandidate *known = &g_array_index(c->candidates, UserCandidate, i);
        if (g_strcmp0(known->user, item->user) == 0 && g_strcmp0(known->domain, item->domain) == 0)
            return;
    }
    UserCandidate candidate = {
        .user = keep(fold, item->user),
        .domain = keep(fold, item->domain),
        .spn = spn,
        .frame = to_frame(fold, item->frame),
        .age = item->age,
    };
    if (candidate.user && c->candidates->len < MAX_CANDIDATES && take_room(fold, 2 * sizeof(candidate)))
        g_array_append_val(c->candidates, candidate);
}

static void fold_auth(EventFold *fold, FoldedConversation *c, const Event *e)
{
    see_auth(fold, &c->auth_on_bind, e);
    Auth seen = {
        .type = keep(fold, e->auth_type),
        .level = e->auth_level,
        .spn = keep(fold, e->spn),
        .realm = keep(fold, e->realm),
        .user = keep(fold, e->user),
        .domain = keep(fold, e->domain),
        .workstation = keep(fold, e->workstation),
        .user_source = e->user_source,
        .user_frame = to_frame(fold, e->user_frame),
    };
    if (seen.user && !seen.user_frame)
        seen.user_frame = to_frame(fold, e->frame);
    if (seen.type && strcmp(seen.type, "spnego") != 0)
        c->mechanism = seen.type;
    identities_see(c->identities, &seen);
    for (unsigned i = 0; i < e->user_candidates.n; i++)
        add_candidate(fold, c, &e->user_candidates.items[i], seen.spn);
}

/** NULL when there is no room for it. */
static Process *append_process(EventFold *fold, Record *r, ProcessRole role, int64_t pid)
{
    if (!take_room(fold, 2 * sizeof(Process) + 128))
        return NULL;
    Process process = process_init(role, pid);
    g_array_append_val(r->processes, process);
    return &g_array_index(r->processes, Process, r->processes->len - 1);
}

static gpointer process_key(ProcessRole role, int64_t pid)
{
    return number_key(pid * N_PROCESS_ROLES + (int64_t) role);
}

/** Notes a process. What is known of it already gets the source if that is of another kind; a start time that
 *  contradicts makes it another process. */
static void add_process(EventFold *fold, FoldedConversation *c, ProcessRole role, int64_t pid, const char *start_time,
                        ProcessSource source)
{
    GArray *processes = c->record->processes;
    gpointer key = process_key(role, pid);
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

/** The user under whom the event's call was made. NULL when there is no room for it. */
static RecordUser *need_user(EventFold *fold, FoldedConversation *c, const Event *e)
{
    GArray *users = c->record->users;
    RecordUser *user = c->last_user ? &g_array_index(users, RecordUser, c->last_user - 1) : NULL;
    if (user && strcmp(user->user, e->user) == 0 && g_strcmp0(user->domain, e->domain) == 0)
        return user;
    g_autofree char *key = g_strconcat(e->domain ? e->domain : "", "\\", e->user, NULL);
    guint index = find_index(c->users, key);
    if (!index && take_room(fold, 3 * sizeof(RecordUser) + 2 * strlen(key))) {
        const char *name = keep(fold, e->user);
        if (!name)
            return NULL;
        RecordUser fresh = {
            .user = name,
            .domain = keep(fold, e->domain),
            .workstation = keep(fold, e->workstation),
            .source = e->user_source,
            .frame = to_frame(fold, e->user_frame),
        };
        g_array_append_val(users, fresh);
        index = users->len;
        put_index(c->users, (gpointer) texts_keep(fold->texts, key), index);
    }
    c->last_user = index ? index : c->last_user;
    return index ? &g_array_index(users, RecordUser, index - 1) : NULL;
}

static void fold_call(EventFold *fold, FoldedConversation *c, const Event *e)
{
    Record *r = c->record;
    see_auth(fold, &c->auth_on_call, e);
    if (e->call == EVENT_UNKNOWN || find_call(c, e) || !take_room(fold, 2 * sizeof(RecordCall) + 128))
        return;
    RecordCall call = call_init();
    call.number = e->call;
    call.origin = e->origin;
    call.frame = to_frame(fold, e->frame);
    call.time = keep(fold, e->time);
    call.interface = keep(fold, e->interface ? e->interface : e->uuid);
    call.interface_source = e->interface_source;
    call.object = keep(fold, e->object);
    call.opnum = e->opnum;
    call.method = keep(fold, e->method);
    call.stage = e->stage;
    call.namespace_path = keep(fold, e->namespace_path);
    call.sealed = to_answer(e->sealed);
    call.decrypted = e->decrypted == 1;
    call.command_length = e->command_length;
    g_array_append_val(r->calls, call);
    put_index(c->calls, number_key(e->call), r->calls->len);
    if (!g_hash_table_contains(fold->call_frames, number_key(e->call)))
        g_hash_table_insert(fold->call_frames, number_key(e->call), number_key(call.frame));

    RecordUser *user = e->user ? need_user(fold, c, e) : NULL;
    if (user) {
        user->calls++;
        g_array_index(r->calls, RecordCall, r->calls->len - 1).user = c->last_user;
    } else
        r->unnamed_calls += e->auth_level != AUTH_LEVEL_NONE;
    if (e->server_pid != EVENT_UNKNOWN)
        add_process(fold, c, ROLE_SERVER, e->server_pid, NULL,
                    (ProcessSource){.kind = "wire:ipid", .frame = call.frame});
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

static void fold_fragment(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordCall *call = find_call(c, e);
    if (!call || !e->of)
        return;
    int64_t frame = to_frame(fold, e->frame);
    if (e->of == HALF_REQUEST)
        add_frame(fold, &call->frames, call->frame, frame);
    else
        add_frame(fold, &call->response_frames, call->response_frame, frame);
}

static void tell_answered(EventFold *fold, FoldedConversation *c, RecordCall *call)
{
    if (fold->call_listener && call->response_frame)
        fold->call_listener(fold, c->record, call, fold->call_listener_data);
}

static void fold_response(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordCall *call = find_call(c, e);
    if (!call)
        return;
    int64_t frame = to_frame(fold, e->frame);
    if (call->response_frame || call->response_frames)
        add_frame(fold, &call->response_frames, call->response_frame, frame);
    if (!call->response_frame)
        call->response_frame = frame;
    call->fault = to_answer(e->fault);
    RecordUser *user = call->user ? &g_array_index(c->record->users, RecordUser, call->user - 1) : NULL;
    if (user && call->fault != ANSWER_YES)
        user->accepted = ANSWER_YES;
    else if (user && user->accepted == ANSWER_UNKNOWN)
        user->accepted = ANSWER_NO;
    if (e->sealed == 1 && e->decrypted != 1) // no more comes of it
        tell_answered(fold, c, call);
}

/** NULL when they are not known. */
static GArray *keep_properties(EventFold *fold, const EventList *list)
{
    if (!list->items || !take_room(fold, 64 + list->n * sizeof(RecordProperty)))
        return NULL;
    GArray *properties = g_array_new(FALSE, FALSE, sizeof(RecordProperty));
    for (unsigned i = 0; i < list->n; i++) {
        RecordProperty property = {keep(fold, list->items[i].name), keep(fold, list->items[i].value)};
        g_array_append_val(properties, property);
    }
    return properties;
}

static void fold_details(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordCall *call = find_call(c, e);
    if (!call)
        return;
    call->query = keep(fold, e->query);
    call->query_language = keep(fold, e->query_language);
    call->object_path = keep(fold, e->object_path);
    call->class_name = keep(fold, e->class_name);
    call->wmi_method = keep(fold, e->wmi_method);
    call->command_line = keep(fold, e->command_line);
    if (!call->properties)
        call->properties = keep_properties(fold, &e->properties);
}

static void fold_login(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordCall *call = find_call(c, e);
    if (!call || !take_room(fold, 2 * sizeof(Login)))
        return;
    call->namespace_path = keep(fold, e->namespace_path);
    Login login = {
        .frame = to_frame(fold, e->frame),
        .namespace_path = call->namespace_path,
        .locale = keep(fold, e->locale),
        .call = find_index(c->calls, number_key(e->call)) - 1,
    };
    g_array_append_val(c->record->logins, login);
}

static void fold_client(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordEnd *client = &c->record->client;
    if (!client->host)
        client->host = keep(fold, e->host);
    if (!client->fqdn)
        client->fqdn = keep(fold, e->fqdn);
    if (e->pid == EVENT_UNKNOWN || !e->source || strlen(e->source) > 64)
        return;
    g_autofree char *kind = g_strconcat("wire:", e->source, NULL);
    add_process(fold, c, ROLE_CLIENT, e->pid, keep(fold, e->process_start),
                (ProcessSource){.kind = texts_keep(fold->texts, kind), .frame = to_frame(fold, e->frame)});
}

/** A process that a call has started. */
static void add_spawned(EventFold *fold, FoldedConversation *c, const RecordCall *call, int64_t frame)
{
    int64_t pid = property_number(call->result_properties, "ProcessId");
    if (!call_is_method(call, "Win32_Process", "Create") || pid <= 0 ||
        property_number(call->result_properties, "ReturnValue") != 0)
        return;
    Process *process = append_process(fold, c->record, ROLE_SPAWNED, pid);
    if (!process)
        return;
    process->command_line = call->command_line;
    ProcessSource source = {.kind = "wire:ExecMethod", .frame = frame};
    g_array_append_val(process->sources, source);
}

static void fold_outcome(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordCall *call = find_call(c, e);
    if (!call)
        return;
    call->status = e->status;
    call->status_name = keep(fold, e->status_name);
    call->operation_status = e->operation_status;
    call->operation_status_name = keep(fold, e->operation_status_name);
    call->result_text = keep(fold, e->text);
    if (!call->result_properties) {
        call->result_properties = keep_properties(fold, &e->properties);
        add_spawned(fold, c, call, to_frame(fold, e->frame));
    }
    tell_answered(fold, c, call);
}

static void fold_undecodable(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordCall *call = find_call(c, e);
    if (call && !call->undecodable)
        call->undecodable = keep(fold, e->reason);
}

static void fold_technique(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordCall *call = find_call(c, e);
    const char *reason = keep(fold, e->reason);
    if (!e->technique || !call || !reason || call->n_techniques == SHOWN_TECHNIQUES_MAX)
        return;
    for (unsigned i = 0; i < call->n_techniques; i++)
        if (call->techniques[i].technique == e->technique)
            return;
    call->techniques[call->n_techniques++] = (ShownTechnique){e->technique, reason};
}

/** The newest one rests on everything before it. */
static void fold_hint(EventFold *fold, FoldedConversation *c, const Event *e)
{
    Record *r = c->record;
    r->client_hint = keep(fold, e->text);
    g_array_set_size(r->client_families, 0);
    for (unsigned i = 0; i < e->families.n; i++) {
        const char *family = keep(fold, e->families.items[i].value);
        if (family)
            g_array_append_val(r->client_families, family);
    }
    g_array_set_size(r->client_marks, 0);
    for (unsigned i = 0; i < e->marks.n; i++) {
        RecordMark mark = {keep(fold, e->marks.items[i].name), to_frame(fold, e->marks.items[i].frame)};
        if (mark.mark)
            g_array_append_val(r->client_marks, mark);
    }
}

static RecordActivation *find_activation(FoldedConversation *c, int64_t call)
{
    guint index = call == EVENT_UNKNOWN ? 0 : find_index(c->activation_calls, number_key(call));
    return index ? &g_array_index(c->activations, RecordActivation, index - 1) : NULL;
}

static void fold_activation(EventFold *fold, FoldedConversation *c, const Event *e)
{
    if (e->call == EVENT_UNKNOWN || find_activation(c, e->call) || !take_room(fold, 3 * sizeof(RecordActivation)))
        return;
    RecordActivation activation = {
        .call = e->call,
        .frame = to_frame(fold, e->frame),
        .client_port = NUMBER_UNKNOWN,
        .port = NUMBER_UNKNOWN,
        .clsid = keep(fold, e->clsid),
        .server_name = keep(fold, e->server_name),
        .status = NUMBER_UNKNOWN,
    };
    g_array_append_val(c->activations, activation);
    put_index(c->activation_calls, number_key(e->call), c->activations->len);
}

static void fold_activated(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordActivation *activation = find_activation(c, e->call);
    if (!activation)
        return;
    activation->status = e->status;
    activation->response_frame = to_frame(fold, e->frame);
    for (unsigned i = 0; i < e->bindings.n; i++) {
        const char *text = e->bindings.items[i].value;
        size_t name_len = strcspn(text, "[");
        g_autofree char *name = g_strndup(text, name_len);
        const char *port = text[name_len] ? text + name_len + 1 : NULL;
        if (port && activation->port == NUMBER_UNKNOWN)
            activation->port = number_parse_port((Slice){port, strcspn(port, "]")});
        bool qualified = strchr(name, '.') != NULL;
        const char **place = qualified ? &activation->server_fqdn : &activation->server_host;
        if (!*place && *name && !g_hostname_is_ip_address(name))
            *place = keep(fold, name);
    }
}

static void fold_parts(EventFold *fold, Record *r, const EventList *parts)
{
    for (unsigned i = 0; i < parts->n && take_room(fold, 2 * sizeof(RecordPart)); i++) {
        const EventItem *item = &parts->items[i];
        RecordPart part = {
            .first = to_frame(fold, item->first),
            .last = to_frame(fold, item->last),
            .count = item->frames,
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

static void fold_inferred(EventFold *fold, FoldedConversation *c, const EventList *processes)
{
    g_array_set_size(c->inferred, 0);
    for (unsigned i = 0; i < processes->n && take_room(fold, 2 * sizeof(Process) + 256); i++) {
        const EventItem *item = &processes->items[i];
        const Inferred inferred = {
            .conn = item->conn,
            .frame = to_frame(fold, item->frame),
            .call_frame = to_frame(fold, item->call_frame),
            .pid = item->pid,
            .start_time = keep(fold, item->process_start),
            .host = keep(fold, item->host),
            .fqdn = keep(fold, item->fqdn),
        };
        if (inferred.pid != NUMBER_UNKNOWN)
            g_array_append_val(c->inferred, inferred);
    }
}

static void join_activity(EventFold *fold, FoldedConversation *c, int64_t activity)
{
    if (c->record->activity == activity)
        return;
    c->record->activity = activity;
    add_member(fold, c);
}

/** All that is known at one moment; a later one takes its place. */
static void fold_totals(EventFold *fold, FoldedConversation *c, const Event *e)
{
    Record *r = c->record;
    c->totalled = true;
    c->final_confidence = e->confidence;
    r->verdict = e->verdict;
    r->verdict_reason = e->verdict_reason;
    c->activation_conn = e->activation_conn;
    c->activation_call = e->activation_call;
    join_activity(fold, c, e->activity);
    r->callback = e->callback == 1;
    r->lookup = (RecordLookup){
        .frame = to_frame(fold, e->lookup_frame),
        .response_frame = to_frame(fold, e->lookup_response_frame),
        .client_port = e->lookup_client_port,
        .interface = keep(fold, e->lookup_interface),
    };
    if (to_frame(fold, e->first_frame)) {
        r->frames.first = to_frame(fold, e->first_frame);
        r->order = e->first_frame;
    }
    r->frames.last = to_frame(fold, e->last_frame);
    r->frames.count = e->frames;
    g_clear_pointer(&r->parts, g_array_unref);
    fold_parts(fold, r, &e->parts);
    fold_inferred(fold, c, &e->processes);
    r->bytes.client = e->bytes_client;
    r->bytes.server = e->bytes_server;
    const char *start_time = keep(fold, e->start_time);
    if (start_time)
        r->start_time = start_time;
    r->end_time = keep(fold, e->end_time);
}

static void fold_state(EventFold *fold, FoldedConversation *c, const Event *e)
{
    fold_totals(fold, c, e);
    if (fold->listener)
        fold->listener(fold, c->conn, e->closed == 1 ? FOLD_CLOSED : FOLD_JUDGED, fold->listener_data);
}

static void (*const handlers[N_EVENT_KINDS])(EventFold *fold, FoldedConversation *c, const Event *e) = {
    [EVENT_CONN] = fold_conn,
    [EVENT_BIND] = fold_bind,
    [EVENT_BIND_ACK] = fold_bind_ack,
    [EVENT_EVIDENCE] = fold_evidence,
    [EVENT_AUTH] = fold_auth,
    [EVENT_CALL] = fold_call,
    [EVENT_FRAGMENT] = fold_fragment,
    [EVENT_RESPONSE] = fold_response,
    [EVENT_DETAILS] = fold_details,
    [EVENT_LOGIN] = fold_login,
    [EVENT_CLIENT] = fold_client,
    [EVENT_OUTCOME] = fold_outcome,
    [EVENT_UNDECODABLE] = fold_undecodable,
    [EVENT_TECHNIQUE] = fold_technique,
    [EVENT_HINT] = fold_hint,
    [EVENT_ACTIVATION] = fold_activation,
    [EVENT_ACTIVATED] = fold_activated,
    [EVENT_STATE] = fold_state,
    [EVENT_END] = fold_totals,
};

/** Whether an event makes a conversation worth to be kept again that had made room. */
static bool is_worth_again(const Event *e)
{
    return e->kind == EVENT_CALL && e->stage >= STAGE_DELETE;
}

static void remember(EventFold *fold, FoldedConversation *c)
{
    const Forgotten *left = g_hash_table_lookup(fold->forgotten, number_key(c->conn));
    if (!left)
        return;
    c->record->client.ip = left->client_ip;
    c->record->client.port = left->client_port;
    c->record->server.ip = left->server_ip;
    c->record->server.port = left->server_port;
    c->record->start_time = left->start_time;
    c->record->frames.first = left->first_frame;
    c->record->order = left->order;
    c->record->confidence = left->confidence;
    if (left->evidence.kind)
        g_array_append_val(c->record->evidence, left->evidence);
    g_hash_table_remove(fold->forgotten, number_key(c->conn));
    fold->stream.forgotten--;
}

static FoldedConversation *need_conversation(EventFold *fold, const Event *e)
{
    const size_t size = sizeof(FoldedConversation) + 2 * sizeof(Record) + 1024;
    const int64_t conn = e->conn;
    FoldedConversation *c = find_conversation(fold, conn);
    if (c || conn == NUMBER_UNKNOWN)
        return c;
    if (g_hash_table_contains(fold->forgotten, number_key(conn)) && !is_worth_again(e))
        return NULL;
    if (!take_room(fold, size))
        return NULL;
    c = g_new0(FoldedConversation, 1);
    c->conn = conn;
    c->size = size;
    c->record = record_new();
    c->record->conn = conn;
    c->calls = g_hash_table_new(NULL, NULL);
    c->interfaces = g_hash_table_new(hash_text, g_str_equal);
    c->processes = g_hash_table_new(hash_number, NULL);
    c->activations = g_array_new(FALSE, TRUE, sizeof(RecordActivation));
    c->activation_calls = g_hash_table_new(NULL, NULL);
    c->identities = identities_new();
    c->users = g_hash_table_new(hash_text, g_str_equal);
    c->candidates = g_array_new(FALSE, FALSE, sizeof(UserCandidate));
    c->inferred = g_array_new(FALSE, FALSE, sizeof(Inferred));
    c->activation_conn = c->activation_call = EVENT_UNKNOWN;
    g_hash_table_insert(fold->conversations, number_key(conn), c);
    remember(fold, c);
    return c;
}

static void fold_event(EventFold *fold, const Event *e)
{
    EventStream *stream = &fold->stream;
    if (e->kind == EVENT_BEGIN) {
        stream->begun = true;
        stream->format = e->format;
        stream->plugin_version = keep(fold, e->plugin);
        stream->wireshark_version = keep(fold, e->wireshark);
    } else if (e->kind == EVENT_DONE) {
        stream->done = true;
    } else if (handlers[e->kind]) {
        FoldedConversation *c = need_conversation(fold, e);
        fold->current = c;
        if (c) {
            c->resolved = false;
            handlers[e->kind](fold, c, e);
        }
        fold->current = NULL;
    }
}

void event_fold_line(EventFold *fold, const char *line, size_t len)
{
    if (len == 0 || line[0] != '{')
        return;
    const Event *e = event_reader_read(fold->reader, line, len);
    if (e)
        fold_event(fold, e);
    else
        fold->stream.malformed++;
}

static void resolve_activation(EventFold *fold, FoldedConversation *c)
{
    FoldedConversation *from = find_conversation(fold, c->activation_conn);
    RecordActivation *activation = from ? find_activation(from, c->activation_call) : NULL;
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

/** The user with most calls, of several the first; an unnamed one when no call names any. NULL when there are no calls but
 *  those without authentication. */
static const RecordUser *main_user(const Record *r)
{
    static const RecordUser unnamed;
    const RecordUser *best = NULL;
    for (guint i = 0; i < r->users->len; i++) {
        const RecordUser *user = &g_array_index(r->users, RecordUser, i);
        bool better = best && (user->accepted == ANSWER_NO) < (best->accepted == ANSWER_NO);
        bool worse = best && (user->accepted == ANSWER_NO) > (best->accepted == ANSWER_NO);
        if (!best || better || (!worse && user->calls > best->calls))
            best = user;
    }
    return best || r->unnamed_calls == 0 ? best : &unnamed;
}

static void resolve_auth(FoldedConversation *c)
{
    Auth *auth = &c->record->auth;
    const RecordUser *user = main_user(c->record);
    const Auth *identity = user ? identities_of(c->identities, user) : identities_newest(c->identities);
    *auth = identity ? *identity : (Auth){0};
    if (user && user->accepted == ANSWER_NO) { // who was refused is no user of it
        auth->user = auth->domain = auth->workstation = NULL;
        auth->user_source = USER_SOURCE_UNKNOWN;
        auth->user_frame = 0;
    } else if (user) {
        auth->user = user->user;
        auth->domain = user->domain;
        auth->workstation = user->workstation;
        auth->user_source = user->source;
        auth->user_frame = user->frame;
    }
    const AuthSeen *seen = c->auth_on_call.any ? &c->auth_on_call : &c->auth_on_bind;
    auth->level = seen->level;
    auth->type = g_strcmp0(seen->type, "spnego") == 0 && c->mechanism ? c->mechanism : seen->type;
    bool ntlm = g_strcmp0(auth->type, "ntlm") == 0;
    if (ntlm && auth->user_source == USER_SOURCE_KERBEROS) { // a ticket was offered, but not taken
        auth->user = auth->domain = auth->workstation = NULL;
        auth->user_source = USER_SOURCE_UNKNOWN;
        auth->user_frame = 0;
    }
    GArray *candidates = c->record->user_candidates;
    g_array_set_size(candidates, 0);
    if (!ntlm && !auth->user && c->record->users->len == 0)
        g_array_append_vals(candidates, c->candidates->data, c->candidates->len);
}

/** Text of the set's own; NULL for NULL. */
static const char *keep_text(EventFold *fold, const char *text)
{
    return text ? texts_keep(fold->texts, text) : NULL;
}

/** The text that all of them have in common; NULL when there is none. */
static const char *common_text(const GArray *inferred, size_t offset)
{
    const char *common = NULL;
    for (guint i = 0; i < inferred->len; i++) {
        const char *text = *(const char **) (void *) (inferred->data + i * sizeof(Inferred) + offset);
        if (!text || (common && g_ascii_strcasecmp(common, text) != 0))
            return NULL;
        common = common ? common : text;
    }
    return common;
}

static void resolve_inferred_end(FoldedConversation *c)
{
    RecordEnd *end = &c->record->client;
    if (!end->host || end->host_inferred) {
        end->host = common_text(c->inferred, offsetof(Inferred, host));
        end->host_inferred = end->host;
    }
    if (!end->fqdn || end->fqdn_inferred) {
        end->fqdn = common_text(c->inferred, offsetof(Inferred, fqdn));
        end->fqdn_inferred = end->fqdn;
    }
}

/** Its client is a service that asks for others. */
static bool is_rpcss(const Record *r)
{
    return r->server.port == RPCSS_PORT;
}

static const char *inferred_note(EventFold *fold, const FoldedConversation *c, const FoldedConversation *from)
{
    g_autofree char *candidate =
        c->inferred->len > 1 ? g_strdup_printf(", one of %u candidates", c->inferred->len) : g_strdup("");
    const char *inferred = word_text(&basis_words, BASIS_INFERRED);
    g_autofree char *port = g_strdup_printf("%" G_GINT64_FORMAT, from ? from->record->client.port : 0);
    g_autofree char *note =
        is_rpcss(c->record) ? g_strconcat(inferred, ": asked for it: the process of the object connection from port ",
                                          port, ", which uses what was returned", NULL)
                            : g_strconcat(inferred, candidate, ": the process of the connection from port ", port,
                                          ", to which was handed out what this one calls", NULL);
    return keep_text(fold, note);
}

/** Processes that said who they are elsewhere. Those of an earlier moment are replaced. */
static void resolve_inferred(EventFold *fold, FoldedConversation *c)
{
    GArray *processes = c->record->processes;
    for (guint i = processes->len; i > 0; i--) {
        if (g_array_index(processes, Process, i - 1).inferred)
            g_array_remove_index(processes, i - 1);
    }
    g_hash_table_remove_all(c->processes);
    for (guint i = 0; i < processes->len; i++) {
        const Process *process = &g_array_index(processes, Process, i);
        if (process->role != ROLE_SPAWNED)
            put_index(c->processes, process_key(process->role, process->pid), i + 1);
    }
    for (guint i = 0; i < c->inferred->len; i++) {
        const Inferred *inferred = &g_array_index(c->inferred, Inferred, i);
        const FoldedConversation *from = find_conversation(fold, inferred->conn);
        g_autofree char *filter = from ? record_filter(&from->record->client, &from->record->server) : NULL;
        const ProcessSource source = {
            .kind = "wire:activity",
            .frame = inferred->frame,
            .call_frame = inferred->call_frame,
            .connection = keep_text(fold, filter),
        };
        Process process = process_init(ROLE_CLIENT, inferred->pid);
        process.start_time = inferred->start_time;
        process.inferred = true;
        process.asked_for = is_rpcss(c->record);
        process.note = inferred_note(fold, c, from);
        g_array_append_val(process.sources, source);
        g_array_append_val(processes, process);
    }
    resolve_inferred_end(c);
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
    outcomes_set(r);
    resolve_inferred(fold, c);
    r->client_identified = record_client_identified(r, c->bound);
    g_autofree char *filter = record_filter(&r->client, &r->server);
    r->filter = keep_text(fold, filter);
    r->remote = record_remote(&r->client, &r->server);
    r->techniques = 0;
    if (r->confidence == CONFIDENCE_WMI)
        record_add_technique(r, TECHNIQUE_WMI);
    record_add_call_techniques(r);
    g_autofree char *summary = summary_make(r);
    r->summary = keep_text(fold, summary);
    c->resolved = true;
}

/** Adds the other records of the activity; of a large one, those that came first. */
static void add_others(EventFold *fold, const FoldedConversation *c, RecordSet *set)
{
    const GPtrArray *members = g_hash_table_lookup(fold->activities, number_key(c->record->activity));
    guint looked_at = members && c->record->activity != NUMBER_UNKNOWN ? MIN(members->len, MAX_VIEW) : 0;
    for (guint i = 0; i < looked_at; i++) {
        FoldedConversation *other = g_ptr_array_index(members, i);
        if (other == c || other->record->activity != c->record->activity)
            continue;
        if (!other->resolved)
            resolve(fold, other);
        g_ptr_array_add(set->records, other->record);
    }
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
    add_others(fold, c, set);
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
    set->plugin_version = fold->stream.plugin_version;
    set->wireshark_version = fold->stream.wireshark_version;
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
