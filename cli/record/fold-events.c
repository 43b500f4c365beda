// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hash.h"
#include "base/number.h"
#include "record/fold-state.h"
#include "record/identities.h"

#include <string.h>

#define MAX_CANDIDATES 16

/** The frame that an event numbers so. */
int64_t fold_frame(const EventFold *fold, int64_t number)
{
    return fold->frames ? frame_map_get(fold->frames, number) : frame_make(0, number);
}

static Answer to_answer(int answer)
{
    return answer == EVENT_UNKNOWN ? ANSWER_UNKNOWN : answer ? ANSWER_YES : ANSWER_NO;
}

// What was numbered is found by its number, plus one since 0 stands for "not found".

guint fold_index(GHashTable *table, gconstpointer key)
{
    return GPOINTER_TO_UINT(g_hash_table_lookup(table, key));
}

void fold_put_index(GHashTable *table, gpointer key, guint length)
{
    g_hash_table_insert(table, key, GUINT_TO_POINTER(length));
}

static RecordCall *find_call(FoldedConversation *c, const Event *e)
{
    guint index = fold_index(c->calls, fold_key(e->call));
    return index ? &g_array_index(c->record->calls, RecordCall, index - 1) : NULL;
}

// One function an event.

static void fold_conn(EventFold *fold, FoldedConversation *c, const Event *e)
{
    Record *r = c->record;
    r->client.ip = fold_keep(fold, e->client_ip);
    r->client.port = e->client_port;
    r->server.ip = fold_keep(fold, e->server_ip);
    r->server.port = e->server_port;
    r->start_time = fold_keep(fold, e->start_time);
    r->frames.first = fold_frame(fold, e->first_frame);
    r->order = e->first_frame;
}

static void see_auth(EventFold *fold, AuthSeen *seen, const Event *e)
{
    bool any = e->auth_type || e->auth_level;
    if (any && (!seen->any || e->auth_level >= seen->level))
        *seen = (AuthSeen){true, fold_keep(fold, e->auth_type), e->auth_level};
}

static OfferedInterface *find_interface(FoldedConversation *c, const char *uuid)
{
    guint index = uuid ? fold_index(c->interfaces, uuid) : 0;
    return index ? &g_array_index(c->record->interfaces, OfferedInterface, index - 1) : NULL;
}

static void fold_bind(EventFold *fold, FoldedConversation *c, const Event *e)
{
    see_auth(fold, &c->auth_on_bind, e);
    c->bound |= e->alter == 0;
    for (unsigned i = 0; i < e->contexts.n; i++) {
        const EventItem *context = &e->contexts.items[i];
        if (!context->uuid || find_interface(c, context->uuid) || !fold_take_room(fold, 3 * sizeof(OfferedInterface)))
            continue;
        const char *uuid = fold_keep(fold, context->uuid), *name = fold_keep(fold, context->interface);
        if (!uuid)
            continue;
        OfferedInterface offered = {.name = name ? name : uuid, .uuid = uuid, .frame = fold_frame(fold, e->frame)};
        g_array_append_val(c->record->interfaces, offered);
        fold_put_index(c->interfaces, (gpointer) uuid, c->record->interfaces->len);
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
    Evidence evidence = {.kind = e->evidence, .frame = fold_frame(fold, e->frame)};
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
        .user = fold_keep(fold, item->user),
        .domain = fold_keep(fold, item->domain),
        .spn = spn,
        .frame = fold_frame(fold, item->frame),
        .age = item->age,
    };
    if (candidate.user && c->candidates->len < MAX_CANDIDATES && fold_take_room(fold, 2 * sizeof(candidate)))
        g_array_append_val(c->candidates, candidate);
}

static void fold_auth(EventFold *fold, FoldedConversation *c, const Event *e)
{
    see_auth(fold, &c->auth_on_bind, e);
    Auth seen = {
        .type = fold_keep(fold, e->auth_type),
        .level = e->auth_level,
        .spn = fold_keep(fold, e->spn),
        .realm = fold_keep(fold, e->realm),
        .user = fold_keep(fold, e->user),
        .domain = fold_keep(fold, e->domain),
        .workstation = fold_keep(fold, e->workstation),
        .user_source = e->user_source,
        .user_frame = fold_frame(fold, e->user_frame),
    };
    if (seen.user && !seen.user_frame)
        seen.user_frame = fold_frame(fold, e->frame);
    if (seen.type && strcmp(seen.type, "spnego") != 0)
        c->mechanism = seen.type;
    identities_see(c->identities, &seen);
    for (unsigned i = 0; i < e->user_candidates.n; i++)
        add_candidate(fold, c, &e->user_candidates.items[i], seen.spn);
}

/** NULL when there is no room for it. */
static Process *append_process(EventFold *fold, Record *r, ProcessRole role, int64_t pid)
{
    if (!fold_take_room(fold, 2 * sizeof(Process) + 128))
        return NULL;
    Process process = process_init(role, pid);
    g_array_append_val(r->processes, process);
    return &g_array_index(r->processes, Process, r->processes->len - 1);
}

gpointer fold_process_key(ProcessRole role, int64_t pid)
{
    return fold_key(pid * N_PROCESS_ROLES + (int64_t) role);
}

/** Notes a process. What is known of it already gets the source if that is of another kind; a start time that
 *  contradicts makes it another process. */
static void add_process(EventFold *fold, FoldedConversation *c, ProcessRole role, int64_t pid, const char *start_time,
                        ProcessSource source)
{
    GArray *processes = c->record->processes;
    gpointer key = fold_process_key(role, pid);
    guint index = fold_index(c->processes, key);
    Process *process = index ? &g_array_index(processes, Process, index - 1) : NULL;
    if (!process || (process->start_time && start_time && strcmp(process->start_time, start_time) != 0)) {
        process = append_process(fold, c->record, role, pid);
        if (!process)
            return;
        fold_put_index(c->processes, key, processes->len);
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
    guint index = fold_index(c->users, key);
    if (!index && fold_take_room(fold, 3 * sizeof(RecordUser) + 2 * strlen(key))) {
        const char *name = fold_keep(fold, e->user);
        if (!name)
            return NULL;
        RecordUser fresh = {
            .user = name,
            .domain = fold_keep(fold, e->domain),
            .workstation = fold_keep(fold, e->workstation),
            .source = e->user_source,
            .frame = fold_frame(fold, e->user_frame),
        };
        g_array_append_val(users, fresh);
        index = users->len;
        fold_put_index(c->users, (gpointer) texts_keep(fold->texts, key), index);
    }
    c->last_user = index ? index : c->last_user;
    return index ? &g_array_index(users, RecordUser, index - 1) : NULL;
}

static void fold_call(EventFold *fold, FoldedConversation *c, const Event *e)
{
    Record *r = c->record;
    see_auth(fold, &c->auth_on_call, e);
    if (e->call == EVENT_UNKNOWN || find_call(c, e) || !fold_take_room(fold, 2 * sizeof(RecordCall) + 128))
        return;
    RecordCall call = call_init();
    call.number = e->call;
    call.origin = e->origin;
    call.frame = fold_frame(fold, e->frame);
    call.time = fold_keep(fold, e->time);
    call.interface = fold_keep(fold, e->interface ? e->interface : e->uuid);
    call.interface_source = e->interface_source;
    call.object = fold_keep(fold, e->object);
    call.opnum = e->opnum;
    call.method = fold_keep(fold, e->method);
    call.stage = e->stage;
    call.namespace_path = fold_keep(fold, e->namespace_path);
    call.sealed = to_answer(e->sealed);
    call.decrypted = e->decrypted == 1;
    call.command_length = e->command_length;
    g_array_append_val(r->calls, call);
    fold_put_index(c->calls, fold_key(e->call), r->calls->len);
    if (!g_hash_table_contains(fold->call_frames, fold_key(e->call)))
        g_hash_table_insert(fold->call_frames, fold_key(e->call), fold_key(call.frame));

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
    if (!fold_take_room(fold, *frames ? 2 * sizeof(frame) : 64))
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
    int64_t frame = fold_frame(fold, e->frame);
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
    int64_t frame = fold_frame(fold, e->frame);
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
    if (!list->items || !fold_take_room(fold, 64 + list->n * sizeof(RecordProperty)))
        return NULL;
    GArray *properties = g_array_new(FALSE, FALSE, sizeof(RecordProperty));
    for (unsigned i = 0; i < list->n; i++) {
        RecordProperty property = {fold_keep(fold, list->items[i].name), fold_keep(fold, list->items[i].value)};
        g_array_append_val(properties, property);
    }
    return properties;
}

static void fold_details(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordCall *call = find_call(c, e);
    if (!call)
        return;
    call->query = fold_keep(fold, e->query);
    call->query_language = fold_keep(fold, e->query_language);
    call->object_path = fold_keep(fold, e->object_path);
    call->class_name = fold_keep(fold, e->class_name);
    call->wmi_method = fold_keep(fold, e->wmi_method);
    call->command_line = fold_keep(fold, e->command_line);
    if (!call->properties)
        call->properties = keep_properties(fold, &e->properties);
}

static void fold_login(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordCall *call = find_call(c, e);
    if (!call || !fold_take_room(fold, 2 * sizeof(Login)))
        return;
    call->namespace_path = fold_keep(fold, e->namespace_path);
    Login login = {
        .frame = fold_frame(fold, e->frame),
        .namespace_path = call->namespace_path,
        .locale = fold_keep(fold, e->locale),
        .call = fold_index(c->calls, fold_key(e->call)) - 1,
    };
    g_array_append_val(c->record->logins, login);
}

static void fold_client(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordEnd *client = &c->record->client;
    if (!client->host)
        client->host = fold_keep(fold, e->host);
    if (!client->fqdn)
        client->fqdn = fold_keep(fold, e->fqdn);
    if (e->pid == EVENT_UNKNOWN || !e->source || strlen(e->source) > 64)
        return;
    g_autofree char *kind = g_strconcat("wire:", e->source, NULL);
    add_process(fold, c, ROLE_CLIENT, e->pid, fold_keep(fold, e->process_start),
                (ProcessSource){.kind = texts_keep(fold->texts, kind), .frame = fold_frame(fold, e->frame)});
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
    call->status_name = fold_keep(fold, e->status_name);
    call->operation_status = e->operation_status;
    call->operation_status_name = fold_keep(fold, e->operation_status_name);
    call->result_text = fold_keep(fold, e->text);
    if (!call->result_properties) {
        call->result_properties = keep_properties(fold, &e->properties);
        add_spawned(fold, c, call, fold_frame(fold, e->frame));
    }
    tell_answered(fold, c, call);
}

static void fold_undecodable(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordCall *call = find_call(c, e);
    if (call && !call->undecodable)
        call->undecodable = fold_keep(fold, e->reason);
}

static void fold_technique(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordCall *call = find_call(c, e);
    const char *reason = fold_keep(fold, e->reason);
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
    r->client_hint = fold_keep(fold, e->text);
    g_array_set_size(r->client_families, 0);
    for (unsigned i = 0; i < e->families.n; i++) {
        const char *family = fold_keep(fold, e->families.items[i].value);
        if (family)
            g_array_append_val(r->client_families, family);
    }
    g_array_set_size(r->client_marks, 0);
    for (unsigned i = 0; i < e->marks.n; i++) {
        RecordMark mark = {fold_keep(fold, e->marks.items[i].name), fold_frame(fold, e->marks.items[i].frame)};
        if (mark.mark)
            g_array_append_val(r->client_marks, mark);
    }
}

RecordActivation *fold_find_activation(FoldedConversation *c, int64_t call)
{
    guint index = call == EVENT_UNKNOWN ? 0 : fold_index(c->activation_calls, fold_key(call));
    return index ? &g_array_index(c->activations, RecordActivation, index - 1) : NULL;
}

static void fold_activation(EventFold *fold, FoldedConversation *c, const Event *e)
{
    if (e->call == EVENT_UNKNOWN || fold_find_activation(c, e->call) ||
        !fold_take_room(fold, 3 * sizeof(RecordActivation)))
        return;
    RecordActivation activation = {
        .call = e->call,
        .frame = fold_frame(fold, e->frame),
        .client_port = NUMBER_UNKNOWN,
        .port = NUMBER_UNKNOWN,
        .clsid = fold_keep(fold, e->clsid),
        .server_name = fold_keep(fold, e->server_name),
        .status = NUMBER_UNKNOWN,
    };
    g_array_append_val(c->activations, activation);
    fold_put_index(c->activation_calls, fold_key(e->call), c->activations->len);
}

static void fold_activated(EventFold *fold, FoldedConversation *c, const Event *e)
{
    RecordActivation *activation = fold_find_activation(c, e->call);
    if (!activation)
        return;
    activation->status = e->status;
    activation->response_frame = fold_frame(fold, e->frame);
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
            *place = fold_keep(fold, name);
    }
}

static void fold_parts(EventFold *fold, Record *r, const EventList *parts)
{
    for (unsigned i = 0; i < parts->n && fold_take_room(fold, 2 * sizeof(RecordPart)); i++) {
        const EventItem *item = &parts->items[i];
        RecordPart part = {
            .first = fold_frame(fold, item->first),
            .last = fold_frame(fold, item->last),
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
    for (unsigned i = 0; i < processes->n && fold_take_room(fold, 2 * sizeof(Process) + 256); i++) {
        const EventItem *item = &processes->items[i];
        const Inferred inferred = {
            .conn = item->conn,
            .frame = fold_frame(fold, item->frame),
            .call_frame = fold_frame(fold, item->call_frame),
            .pid = item->pid,
            .start_time = fold_keep(fold, item->process_start),
            .host = fold_keep(fold, item->host),
            .fqdn = fold_keep(fold, item->fqdn),
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
    fold_add_member(fold, c);
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
        .frame = fold_frame(fold, e->lookup_frame),
        .response_frame = fold_frame(fold, e->lookup_response_frame),
        .client_port = e->lookup_client_port,
        .interface = fold_keep(fold, e->lookup_interface),
    };
    if (fold_frame(fold, e->first_frame)) {
        r->frames.first = fold_frame(fold, e->first_frame);
        r->order = e->first_frame;
    }
    r->frames.last = fold_frame(fold, e->last_frame);
    r->frames.count = e->frames;
    g_clear_pointer(&r->parts, g_array_unref);
    fold_parts(fold, r, &e->parts);
    fold_inferred(fold, c, &e->processes);
    r->bytes.client = e->bytes_client;
    r->bytes.server = e->bytes_server;
    const char *start_time = fold_keep(fold, e->start_time);
    if (start_time)
        r->start_time = start_time;
    r->end_time = fold_keep(fold, e->end_time);
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
    const Forgotten *left = g_hash_table_lookup(fold->forgotten, fold_key(c->conn));
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
    g_hash_table_remove(fold->forgotten, fold_key(c->conn));
    fold->stream.forgotten--;
}

static FoldedConversation *need_conversation(EventFold *fold, const Event *e)
{
    const size_t size = sizeof(FoldedConversation) + 2 * sizeof(Record) + 1024;
    const int64_t conn = e->conn;
    FoldedConversation *c = fold_conversation(fold, conn);
    if (c || conn == NUMBER_UNKNOWN)
        return c;
    if (g_hash_table_contains(fold->forgotten, fold_key(conn)) && !is_worth_again(e))
        return NULL;
    if (!fold_take_room(fold, size))
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
    g_hash_table_insert(fold->conversations, fold_key(conn), c);
    remember(fold, c);
    return c;
}

void fold_event(EventFold *fold, const Event *e)
{
    EventStream *stream = &fold->stream;
    if (e->kind == EVENT_BEGIN) {
        stream->begun = true;
        stream->format = e->format;
        stream->plugin_version = fold_keep(fold, e->plugin);
        stream->wireshark_version = fold_keep(fold, e->wireshark);
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
