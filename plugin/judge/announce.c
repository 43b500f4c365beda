// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/announce.h"

#include "event/write.h"
#include "judge/caller.h"
#include "judge/verdict.h"
#include "names/status.h"

#include <stdio.h>

/** What was said of a conversation. */
typedef struct {
    Confidence confidence;
    uint32_t activity;
    const Activation *activation;
    bool fin[2]; ///< that were seen, by side
    bool closed;
} Announced;

struct Announcer {
    GString *out;
    GHashTable *announced;    ///< Conversation * whose first line was written → Announced
    GPtrArray *conversations; ///< the same in order
    guint ended;              ///< of these, whose end was announced
    wmem_allocator_t *pool;   ///< of what one event needs
};

Announcer *announcer_new(GString *out)
{
    Announcer *a = g_new0(Announcer, 1);
    a->out = out;
    a->announced = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    a->conversations = g_ptr_array_new();
    a->pool = wmem_allocator_new(WMEM_ALLOCATOR_BLOCK_FAST);
    return a;
}

void announcer_free(Announcer *announcer)
{
    g_hash_table_unref(announcer->announced);
    g_ptr_array_unref(announcer->conversations);
    wmem_destroy_allocator(announcer->pool);
    g_free(announcer);
}

void announcer_reset(Announcer *announcer)
{
    g_hash_table_remove_all(announcer->announced);
    g_ptr_array_set_size(announcer->conversations, 0);
    announcer->ended = 0;
}

/** Writes the event; what was made for it is gone then. */
static void announce(Announcer *a, const Event *event)
{
    event_write(event, a->out);
    wmem_free_all(a->pool);
}

// ---- members

static const char *guid_text(Announcer *a, const Guid *guid)
{
    char text[GUID_TEXT_SIZE];
    return wmem_strdup(a->pool, guid_format(guid, text));
}

/** RFC 3339 in UTC, with as many digits of the second as the capture has. NULL when it is beyond what that can say. */
static const char *time_text(Announcer *a, const nstime_t *time, int digits)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc((gint64) time->secs);
    if (!utc)
        return NULL;
    g_autofree char *seconds = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S");
    char fraction[16];
    (void) snprintf(fraction, sizeof(fraction), ".%09d", time->nsecs);
    fraction[digits > 0 ? 1 + MIN(digits, 9) : 0] = '\0';
    return wmem_strdup_printf(a->pool, "%s%sZ", seconds, fraction);
}

static EventItem *list_new(Announcer *a, EventList *list, unsigned n)
{
    EventItem *items = wmem_alloc0_array(a->pool, EventItem, MAX(n, 1));
    *list = (EventList){items, n};
    return items;
}

static void set_security(Announcer *a, Event *e, const PduResult *r)
{
    if (!r->has_security)
        return;
    const char *type = security_type_name(&r->security);
    e->auth_type = type ? type : wmem_strdup_printf(a->pool, "%u", r->security.type);
    e->auth_level = r->security.level < N_AUTH_LEVELS ? (AuthLevel) r->security.level : AUTH_LEVEL_UNKNOWN;
}

static void set_identity(Event *e, const Identity *identity)
{
    if (!identity)
        return;
    e->user = identity->user;
    e->domain = identity->domain;
    e->workstation = identity->workstation;
    e->user_source = identity->source;
    e->user_frame = identity->frame;
}

static void set_properties(Announcer *a, Event *e, unsigned n, const Property *properties)
{
    if (n == 0)
        return;
    EventItem *items = list_new(a, &e->properties, n);
    for (unsigned i = 0; i < n; i++) {
        items[i].name = properties[i].name;
        items[i].value = properties[i].value;
    }
}

static Event pdu_event(EventKind kind, const PduResult *r)
{
    Event e = event_make(kind);
    e.conn = r->conversation->id;
    e.frame = r->frame;
    if (r->call)
        e.call = r->call->id;
    return e;
}

// ---- events

static void announce_conversation(Announcer *a, const Conversation *c, uint32_t frame)
{
    Event e = event_make(EVENT_CONN);
    const Endpoint *client = conversation_client(c), *server = conversation_server(c);
    e.conn = c->id;
    e.frame = frame;
    e.client_ip = endpoint_ip_text(a->pool, client);
    e.client_port = client->port;
    e.server_ip = endpoint_ip_text(a->pool, server);
    e.server_port = server->port;
    e.first_frame = c->first_frame;
    e.start_time = time_text(a, &c->first_time, c->time_digits);
    announce(a, &e);
}

static void announce_bind(Announcer *a, const PduResult *r)
{
    Event e = pdu_event(EVENT_BIND, r);
    e.alter = r->type == PDU_ALTER_CONTEXT;
    EventItem *items = list_new(a, &e.contexts, r->n_contexts);
    for (unsigned i = 0; i < r->n_contexts; i++) {
        const PduContext *offered = &r->contexts[i].offered;
        items[i].id = offered->id;
        items[i].uuid = guid_text(a, &offered->uuid);
        items[i].interface = r->contexts[i].interface ? r->contexts[i].interface->name : NULL;
        items[i].version = wmem_strdup_printf(a->pool, "%u.%u", offered->version_major, offered->version_minor);
        items[i].transfer = offered->n_transfers ? guid_text(a, &offered->transfer) : NULL;
    }
    set_security(a, &e, r);
    announce(a, &e);
}

static void announce_bind_ack(Announcer *a, const PduResult *r)
{
    if (!r->bind)
        return;
    Event e = pdu_event(EVENT_BIND_ACK, r);
    e.bind_frame = r->bind->frame;
    EventItem *items = list_new(a, &e.results, r->bind->n_contexts);
    unsigned n = 0;
    for (unsigned i = 0; i < r->bind->n_contexts; i++) {
        const Context *context = &r->bind->contexts[i];
        if (context->result == RESULT_UNKNOWN)
            continue;
        items[n].id = context->offered.id;
        items[n].uuid = guid_text(a, &context->offered.uuid);
        items[n++].result = context->result;
    }
    e.results.n = n;
    announce(a, &e);
}

static void set_candidates(Announcer *a, Event *e, const PduResult *r)
{
    if (r->n_candidates == 0)
        return;
    EventItem *items = list_new(a, &e->user_candidates, r->n_candidates);
    for (unsigned i = 0; i < r->n_candidates; i++) {
        const UserCandidate *candidate = &r->candidates[i];
        items[i].user = candidate->identity->user;
        items[i].domain = candidate->identity->domain;
        items[i].frame = candidate->identity->frame;
        items[i].age = candidate->age;
    }
}

static void announce_auth(Announcer *a, const PduResult *r)
{
    if (!r->spn && !r->realm && !r->identity)
        return;
    Event e = pdu_event(EVENT_AUTH, r);
    set_security(a, &e, r);
    e.spn = r->spn;
    e.realm = r->realm;
    set_identity(&e, r->identity);
    set_candidates(a, &e, r);
    announce(a, &e);
}

static void announce_client(Announcer *a, const PduResult *r)
{
    const CallDetails *details = r->details;
    Event e = pdu_event(EVENT_CLIENT, r);
    e.host = details->client_host;
    e.fqdn = details->client_fqdn;
    e.pid = details->client_pid;
    if (details->has_client_start)
        e.process_start = time_text(a, &details->client_start, 6);
    e.source = details->client_fqdn || details->has_client_start ? "SetClientInfoEx" : "SetClientInfo";
    announce(a, &e);
}

static bool says_something(const CallDetails *d)
{
    return d->namespace_path || d->query || d->object_path || d->class_name || d->n_properties;
}

/** What a request says that can be read; stands in the frame that completes it. */
static void announce_details(Announcer *a, const PduResult *r)
{
    const CallDetails *details = r->details;
    if (!details)
        return;
    if (details->has_client) {
        announce_client(a, r);
        return;
    }
    if (!says_something(details))
        return;
    Event e = pdu_event(details->namespace_path ? EVENT_LOGIN : EVENT_DETAILS, r);
    e.namespace_path = details->namespace_path;
    e.locale = details->locale;
    e.query = details->query;
    e.query_language = details->query_language;
    e.object_path = details->object_path;
    e.class_name = details->class_name;
    e.wmi_method = details->wmi_method;
    e.command_line = details->command_line;
    set_properties(a, &e, details->n_properties, details->properties);
    announce(a, &e);
}

static void announce_outcome(Announcer *a, const PduResult *r)
{
    if (!r->has_status && !r->outcome)
        return;
    Event e = pdu_event(EVENT_OUTCOME, r);
    if (r->has_status) {
        e.status = r->status;
        e.status_name = status_name(r->status);
    }
    if (r->outcome) {
        if (r->outcome->has_operation_status) {
            e.operation_status = r->outcome->operation_status;
            e.operation_status_name = status_name(r->outcome->operation_status);
        }
        e.text = r->outcome->text;
        set_properties(a, &e, r->outcome->n_properties, r->outcome->properties);
    }
    announce(a, &e);
}

static void announce_meaning(Announcer *a, const PduResult *r)
{
    announce_details(a, r);
    announce_outcome(a, r);
    if (r->undecodable) {
        Event e = pdu_event(EVENT_UNDECODABLE, r);
        e.of = r->type == PDU_REQUEST ? HALF_REQUEST : HALF_RESPONSE;
        e.reason = r->undecodable;
        announce(a, &e);
    }
    for (unsigned i = 0; i < r->n_techniques; i++) {
        Event e = pdu_event(EVENT_TECHNIQUE, r);
        e.technique = r->techniques[i].technique;
        e.reason = r->techniques[i].reason;
        announce(a, &e);
    }
}

static void announce_guess(Announcer *a, const PduResult *r)
{
    const ClientGuess *guess = r->guess;
    if (!guess)
        return;
    Event e = pdu_event(EVENT_HINT, r);
    e.text = guess->text;
    EventItem *families = list_new(a, &e.families, guess->n_families);
    for (unsigned i = 0; i < guess->n_families; i++)
        families[i].value = word_text(&client_family_words, guess->families[i]);
    EventItem *marks = list_new(a, &e.marks, guess->n_marks);
    for (unsigned i = 0; i < guess->n_marks; i++) {
        marks[i].name = word_text(&client_mark_words, guess->marks[i].mark);
        marks[i].frame = guess->marks[i].frame;
    }
    announce(a, &e);
}

static void announce_evidence(Announcer *a, const PduResult *r)
{
    for (EvidenceKind kind = EVIDENCE_NONE; kind < N_EVIDENCE_KINDS; kind++) {
        if (!(r->evidence & 1u << kind))
            continue;
        Event e = pdu_event(EVENT_EVIDENCE, r);
        e.evidence = kind;
        e.confidence = evidence_confidence(kind);
        announce(a, &e);
    }
}

static void announce_fragment(Announcer *a, const PduResult *r, CallHalf of)
{
    Event e = pdu_event(EVENT_FRAGMENT, r);
    e.of = of;
    announce(a, &e);
}

static void announce_request(Announcer *a, const PduResult *r)
{
    const Call *call = r->call;
    if (!r->begins_call || !(r->flags & PFC_FIRST_FRAG)) {
        announce_fragment(a, r, HALF_REQUEST);
        return;
    }
    Event e = pdu_event(EVENT_CALL, r);
    e.time = time_text(a, &call->time, call->conversation->time_digits);
    if (call->has_uuid) {
        e.uuid = guid_text(a, &call->uuid);
        e.interface = call->interface ? call->interface->name : NULL;
        e.interface_source = call->source;
    }
    e.opnum = call->opnum;
    if (call->method) {
        e.method = call->method->name;
        e.stage = call->method->stage;
    }
    if (call->has_object)
        e.object = guid_text(a, &call->object);
    if (call->server_pid)
        e.server_pid = call->server_pid;
    e.namespace_path = call->namespace_path;
    if (call->origin)
        e.origin = call->origin->id;
    set_security(a, &e, r);
    if (r->has_security)
        set_identity(&e, r->security.identity);
    if (!r->security_open)
        e.sealed = r->sealed;
    if (r->decrypted)
        e.decrypted = true;
    if (r->command_length)
        e.command_length = r->command_length;
    announce(a, &e);
}

static void announce_activation(Announcer *a, const PduResult *r)
{
    const Activation *activation = r->activation;
    if (!activation || !activation->has_clsid)
        return;
    Event e = pdu_event(EVENT_ACTIVATION, r);
    e.clsid = guid_text(a, &activation->clsid);
    e.server_name = activation->server_name;
    EventItem *items = list_new(a, &e.iids, activation->n_iids);
    for (unsigned i = 0; i < activation->n_iids; i++)
        items[i].value = guid_text(a, &activation->iids[i]);
    announce(a, &e);
}

static void announce_activated(Announcer *a, const PduResult *r)
{
    const Activation *activation = r->activation;
    if (!activation || !activation->answered)
        return;
    Event e = pdu_event(EVENT_ACTIVATED, r);
    e.request_frame = activation->frame;
    if (activation->has_endpoint) {
        e.oxid = wmem_strdup_printf(a->pool, "%016" G_GINT64_MODIFIER "x", activation->oxid);
        EventItem *items = list_new(a, &e.bindings, activation->n_bindings);
        for (unsigned i = 0; i < activation->n_bindings; i++)
            items[i].value = activation->bindings[i];
    }
    e.status = activation->status;
    announce(a, &e);
}

static void announce_response(Announcer *a, const PduResult *r)
{
    if (!r->begins_answer || (r->type == PDU_RESPONSE && !(r->flags & PFC_FIRST_FRAG))) {
        announce_fragment(a, r, HALF_RESPONSE);
    } else {
        Event e = pdu_event(EVENT_RESPONSE, r);
        if (!r->security_open)
            e.sealed = r->sealed;
        e.fault = r->type == PDU_FAULT;
        if (r->decrypted)
            e.decrypted = true;
        announce(a, &e);
    }
    announce_activated(a, r);
}

static void announce_pdu(Announcer *a, const PduResult *r)
{
    if (r->lookup)
        return; // told of by the connection that it led to
    announce_evidence(a, r);
    switch (r->type) {
    case PDU_BIND:
    case PDU_ALTER_CONTEXT: announce_bind(a, r); break;
    case PDU_BIND_ACK:
    case PDU_ALTER_CONTEXT_RESP: announce_bind_ack(a, r); break;
    case PDU_REQUEST:
        announce_request(a, r);
        announce_activation(a, r);
        announce_meaning(a, r);
        break;
    case PDU_RESPONSE:
    case PDU_FAULT:
        announce_response(a, r);
        announce_meaning(a, r);
        break;
    case PDU_AUTH3:
    case PDU_BIND_NAK: break;
    }
    announce_auth(a, r);
    announce_guess(a, r);
}

static void set_parts(Announcer *a, Event *e, wmem_array_t *parts)
{
    if (!parts)
        return;
    unsigned n = wmem_array_get_count(parts);
    EventItem *items = list_new(a, &e->parts, n);
    for (unsigned i = 0; i < n; i++) {
        const ConversationPart *part = wmem_array_index(parts, i);
        items[i].first = part->first_frame;
        items[i].last = part->last_frame;
        items[i].frames = part->frames;
    }
}

static void set_processes(Announcer *a, Event *e, const Conversation *c)
{
    const InferredProcess *inferred;
    unsigned n = conversation_inferred(a->pool, c, &inferred);
    if (n == 0)
        return;
    EventItem *items = list_new(a, &e->processes, n);
    for (unsigned i = 0; i < n; i++) {
        const ClientProcess *process = inferred[i].process;
        items[i].conn = process->conversation->id;
        items[i].frame = process->frame;
        items[i].call_frame = inferred[i].call_frame;
        items[i].pid = process->pid;
        items[i].process_start = process->has_start ? time_text(a, &process->start, 6) : NULL;
        items[i].host = process->host;
        items[i].fqdn = process->fqdn;
    }
}

/** `frame`: up to which; 0: all. */
static void announce_totals(Announcer *a, EventKind kind, Conversation *c, const Announced *announced, uint32_t frame)
{
    Event e = event_make(kind);
    e.conn = c->id;
    if (frame)
        e.frame = frame;
    e.closed = announced->closed;
    e.activity = conversation_activity(c);
    e.confidence = c->confidence;
    e.verdict = conversation_verdict(c);
    e.verdict_reason = conversation_attempt_reason(c);
    if (c->activation) {
        e.activation_conn = c->activation->conversation->id;
        e.activation_frame = c->activation->frame;
        e.activation_call = c->activation->call->id;
    }
    if (c->lookup) {
        e.lookup_frame = c->lookup->frame;
        e.lookup_response_frame = c->lookup->response_frame;
        e.lookup_client_port = conversation_client(c->lookup->conversation)->port;
        e.lookup_interface = guid_text(a, &c->lookup->interface);
    }
    e.callback = c->is_callback;
    e.first_frame = c->first_frame;
    e.last_frame = c->last_frame;
    e.frames = c->frames;
    set_parts(a, &e, c->parts);
    set_processes(a, &e, c);
    e.bytes_client = (int64_t) c->bytes[c->client == 1];
    e.bytes_server = (int64_t) c->bytes[c->client != 1];
    e.start_time = time_text(a, &c->first_time, c->time_digits);
    e.end_time = time_text(a, &c->last_time, c->time_digits);
    announce(a, &e);
}

// ---- when

void announce_begin(Announcer *announcer, const char *plugin, const char *wireshark)
{
    Event e = event_make(EVENT_BEGIN);
    e.format = EVENT_FORMAT;
    e.plugin = plugin;
    e.wireshark = wireshark;
    announce(announcer, &e);
}

/** Says what had been seen of a conversation before this frame. */
static Announced *announce_first(Announcer *a, Conversation *c, uint32_t frame)
{
    Announced *announced = g_new0(Announced, 1);
    g_hash_table_insert(a->announced, c, announced);
    g_ptr_array_add(a->conversations, c);
    announce_conversation(a, c, frame);
    for (guint i = 0; i < wmem_array_get_count(c->results); i++) {
        const PduResult *earlier = *(PduResult *const *) wmem_array_index(c->results, i);
        if (earlier->frame >= frame)
            break;
        announce_pdu(a, earlier);
    }
    return announced;
}

void announce_pdus(Announcer *announcer, const PduResult *first)
{
    Conversation *c = first->conversation;
    if (c->confidence == CONFIDENCE_NONE)
        return;
    Announced *announced = g_hash_table_lookup(announcer->announced, c);
    if (!announced)
        announced = announce_first(announcer, c, first->frame);
    for (const PduResult *r = first; r; r = r->next)
        announce_pdu(announcer, r);
    uint32_t activity = conversation_activity(c);
    if (announced->confidence == c->confidence && announced->activity == activity &&
        announced->activation == c->activation)
        return;
    announced->confidence = c->confidence;
    announced->activity = activity;
    announced->activation = c->activation;
    announce_totals(announcer, EVENT_STATE, c, announced, first->frame);
}

void announce_tcp(Announcer *announcer, Conversation *c, const TcpEnd *end)
{
    Announced *announced = g_hash_table_lookup(announcer->announced, c);
    if (!announced || announced->closed)
        return;
    announced->closed = end->reset || (announced->fin[0] && announced->fin[1]);
    announced->fin[end->side] |= end->fin;
    if (announced->closed)
        announce_totals(announcer, EVENT_STATE, c, announced, end->frame);
}

bool announce_end(Announcer *announcer)
{
    if (announcer->ended == announcer->conversations->len)
        return false;
    Conversation *c = g_ptr_array_index(announcer->conversations, announcer->ended++);
    announce_totals(announcer, EVENT_END, c, g_hash_table_lookup(announcer->announced, c), 0);
    return true;
}

void announce_done(Announcer *announcer)
{
    while (announce_end(announcer)) {
    }
    Event e = event_make(EVENT_DONE);
    announce(announcer, &e);
}
