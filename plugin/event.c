// SPDX-License-Identifier: GPL-2.0-or-later
#include "event.h"

#include "compat.h"
#include "judge/evidence.h"
#include "names/status.h"

#include <epan/dissectors/packet-tcp.h>
#include <epan/epan.h>
#include <epan/stat_tap_ui.h>
#include <epan/tap.h>
#include <wsutil/json_dumper.h>

#include <stdio.h>

#define EVENT_FORMAT 1

/** What was printed of a conversation. */
typedef struct {
    Confidence confidence;
    uint32_t activity;
    const Activation *activation;
    bool fin[2]; ///< that were seen, by side
    bool closed;
} Told;

typedef struct {
    GHashTable *told;         ///< Conversation * whose first line was printed → Told
    GPtrArray *conversations; ///< the same in order
} Listener;

/** Sees the ends of connections. */
typedef struct {
    Listener *listener;
} TcpListener;

// ---- JSON members; absent when unknown

static json_dumper event_begin(const char *name)
{
    json_dumper d = {.output_file = stdout};
    json_dumper_begin_object(&d);
    json_dumper_set_member_name(&d, "event");
    json_dumper_value_string(&d, name);
    return d;
}

static void event_end(json_dumper *d)
{
    json_dumper_end_object(d);
    json_dumper_finish(d);
}

static void member_string(json_dumper *d, const char *name, const char *value)
{
    if (!value)
        return;
    json_dumper_set_member_name(d, name);
    json_dumper_value_string(d, value);
}

static void member_uint(json_dumper *d, const char *name, uint64_t value)
{
    json_dumper_set_member_name(d, name);
    json_dumper_value_anyf(d, "%" G_GUINT64_FORMAT, value);
}

static void member_bool(json_dumper *d, const char *name, bool value)
{
    json_dumper_set_member_name(d, name);
    json_dumper_value_anyf(d, value ? "true" : "false");
}

static void member_guid(json_dumper *d, const char *name, const Guid *guid)
{
    char text[GUID_TEXT_SIZE];
    member_string(d, name, guid_format(guid, text));
}

/** RFC 3339 in UTC, with as many digits of the second as the capture has. */
static void member_time(json_dumper *d, const char *name, const nstime_t *time, int digits)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc((gint64) time->secs);
    if (!utc)
        return;
    g_autofree char *seconds = g_date_time_format(utc, "%Y-%m-%dT%H:%M:%S");
    char fraction[16];
    (void) snprintf(fraction, sizeof(fraction), ".%09d", time->nsecs);
    fraction[digits > 0 ? 1 + MIN(digits, 9) : 0] = '\0';
    g_autofree char *text = g_strdup_printf("%s%sZ", seconds, fraction);
    member_string(d, name, text);
}

static void member_endpoint(json_dumper *d, const char *name, const Endpoint *e)
{
    char *text = endpoint_ip_text(NULL, e);
    json_dumper_set_member_name(d, name);
    json_dumper_begin_object(d);
    member_string(d, "ip", text);
    member_uint(d, "port", e->port);
    json_dumper_end_object(d);
    wmem_free(NULL, text);
}

static void member_interface(json_dumper *d, const Interface *interface, const Guid *uuid)
{
    member_guid(d, "uuid", uuid);
    member_string(d, "interface", interface ? interface->name : NULL);
}

static void member_security(json_dumper *d, const PduResult *r)
{
    if (!r->has_security)
        return;
    json_dumper_set_member_name(d, "auth");
    json_dumper_begin_object(d);
    const char *type = security_type_name(&r->security);
    char number[8];
    (void) snprintf(number, sizeof(number), "%u", r->security.type);
    member_string(d, "type", type ? type : number);
    member_string(d, "level", security_level_name(&r->security));
    json_dumper_end_object(d);
}

static json_dumper pdu_event_begin(const char *name, const PduResult *r)
{
    json_dumper d = event_begin(name);
    member_uint(&d, "conn", r->conversation->id);
    member_uint(&d, "frame", r->frame);
    return d;
}

// ---- events

static void print_conversation(const Conversation *c, uint32_t frame)
{
    json_dumper d = event_begin("conn");
    member_uint(&d, "conn", c->id);
    member_uint(&d, "frame", frame);
    member_endpoint(&d, "client", conversation_client(c));
    member_endpoint(&d, "server", conversation_server(c));
    member_uint(&d, "first_frame", c->first_frame);
    member_time(&d, "start_time", &c->first_time, c->time_digits);
    event_end(&d);
}

static void print_bind(const PduResult *r)
{
    json_dumper d = pdu_event_begin("bind", r);
    member_bool(&d, "alter", r->type == PDU_ALTER_CONTEXT);
    json_dumper_set_member_name(&d, "contexts");
    json_dumper_begin_array(&d);
    for (unsigned i = 0; i < r->n_contexts; i++) {
        const PduContext *offered = &r->contexts[i].offered;
        char version[16];
        (void) snprintf(version, sizeof(version), "%u.%u", offered->version_major, offered->version_minor);
        json_dumper_begin_object(&d);
        member_uint(&d, "id", offered->id);
        member_interface(&d, r->contexts[i].interface, &offered->uuid);
        member_string(&d, "version", version);
        if (offered->n_transfers)
            member_guid(&d, "transfer", &offered->transfer);
        json_dumper_end_object(&d);
    }
    json_dumper_end_array(&d);
    member_security(&d, r);
    event_end(&d);
}

static void print_bind_ack(const PduResult *r)
{
    static const char *const results[] = {
        [RESULT_ACCEPTED] = "accepted", [RESULT_REJECTED] = "rejected", [RESULT_NEGOTIATED] = "negotiated"};
    if (!r->bind)
        return;
    json_dumper d = pdu_event_begin("bind-ack", r);
    member_uint(&d, "bind_frame", r->bind->frame);
    json_dumper_set_member_name(&d, "results");
    json_dumper_begin_array(&d);
    for (unsigned i = 0; i < r->bind->n_contexts; i++) {
        const Context *context = &r->bind->contexts[i];
        if (context->result == RESULT_UNKNOWN)
            continue;
        json_dumper_begin_object(&d);
        member_uint(&d, "id", context->offered.id);
        member_guid(&d, "uuid", &context->offered.uuid);
        member_string(&d, "result", results[context->result]);
        json_dumper_end_object(&d);
    }
    json_dumper_end_array(&d);
    event_end(&d);
}

static void print_auth(const PduResult *r)
{
    const Identity *identity = r->identity;
    if (!r->spn && !r->realm && !identity)
        return;
    json_dumper d = pdu_event_begin("auth", r);
    member_security(&d, r);
    member_string(&d, "spn", r->spn);
    member_string(&d, "realm", r->realm);
    if (identity) {
        member_string(&d, "user", identity->user);
        member_string(&d, "domain", identity->domain);
        member_string(&d, "workstation", identity->workstation);
        member_string(&d, "user_source", identity->source);
        member_uint(&d, "user_frame", identity->frame);
    }
    event_end(&d);
}

static void member_properties(json_dumper *d, unsigned n, const Property *properties)
{
    if (n == 0)
        return;
    json_dumper_set_member_name(d, "properties");
    json_dumper_begin_array(d);
    for (unsigned i = 0; i < n; i++) {
        json_dumper_begin_object(d);
        member_string(d, "name", properties[i].name);
        member_string(d, "value", properties[i].value);
        json_dumper_end_object(d);
    }
    json_dumper_end_array(d);
}

static json_dumper call_event_begin(const char *name, const PduResult *r)
{
    json_dumper d = pdu_event_begin(name, r);
    member_uint(&d, "call", r->call->id);
    return d;
}

static void print_client(const PduResult *r)
{
    const CallDetails *details = r->details;
    json_dumper d = call_event_begin("client", r);
    member_string(&d, "host", details->client_host);
    member_string(&d, "fqdn", details->client_fqdn);
    member_uint(&d, "pid", details->client_pid);
    if (details->has_client_start)
        member_time(&d, "process_start", &details->client_start, 6);
    member_string(&d, "source",
                  details->client_fqdn || details->has_client_start ? "SetClientInfoEx" : "SetClientInfo");
    event_end(&d);
}

/** What a message says that can be read; stands in the frame that completes it. */
static void print_details(const PduResult *r)
{
    const CallDetails *details = r->details;
    if (details->has_client) {
        print_client(r);
        return;
    }
    json_dumper d = call_event_begin(details->namespace_path ? "login" : "details", r);
    member_string(&d, "namespace", details->namespace_path);
    member_string(&d, "locale", details->locale);
    member_string(&d, "query", details->query);
    member_string(&d, "query_language", details->query_language);
    member_string(&d, "object_path", details->object_path);
    member_string(&d, "class", details->class_name);
    member_string(&d, "wmi_method", details->wmi_method);
    member_string(&d, "command_line", details->command_line);
    member_properties(&d, details->n_properties, details->properties);
    event_end(&d);
}

static void print_outcome(const PduResult *r)
{
    json_dumper d = call_event_begin("outcome", r);
    if (r->has_status) {
        member_uint(&d, "status", r->status);
        member_string(&d, "status_name", status_name(r->status));
    }
    if (r->outcome) {
        if (r->outcome->has_operation_status) {
            member_uint(&d, "operation_status", r->outcome->operation_status);
            member_string(&d, "operation_status_name", status_name(r->outcome->operation_status));
        }
        member_string(&d, "text", r->outcome->text);
        member_properties(&d, r->outcome->n_properties, r->outcome->properties);
    }
    event_end(&d);
}

static bool says_something(const CallDetails *d)
{
    return d->has_client || d->namespace_path || d->query || d->object_path || d->class_name || d->n_properties;
}

static void print_meaning(const PduResult *r)
{
    if (r->details && says_something(r->details))
        print_details(r);
    if (r->has_status || r->outcome)
        print_outcome(r);
    if (r->undecodable) {
        json_dumper d = call_event_begin("undecodable", r);
        member_string(&d, "of", r->type == PDU_REQUEST ? "request" : "response");
        member_string(&d, "reason", r->undecodable);
        event_end(&d);
    }
    if (r->technique) {
        json_dumper d = call_event_begin("technique", r);
        member_string(&d, "technique", r->technique);
        event_end(&d);
    }
    if (r->client_hint) {
        json_dumper d = call_event_begin("hint", r);
        member_string(&d, "text", r->client_hint);
        event_end(&d);
    }
}

static void print_evidence(const PduResult *r)
{
    for (int kind = 0; kind < N_EVIDENCE_KINDS; kind++) {
        if (!(r->evidence & 1u << kind))
            continue;
        json_dumper d = pdu_event_begin("evidence", r);
        member_string(&d, "kind", evidence_name((EvidenceKind) kind));
        member_string(&d, "confidence", confidence_name(evidence_confidence((EvidenceKind) kind)));
        event_end(&d);
    }
}

static void print_fragment(const PduResult *r, const char *of)
{
    json_dumper d = call_event_begin("fragment", r);
    member_string(&d, "of", of);
    event_end(&d);
}

static void print_request(const PduResult *r)
{
    static const char *const sources[] = {"bind", "ipid", "structure"};
    const Call *call = r->call;
    if (r->frame != call->frame || !(r->flags & PFC_FIRST_FRAG)) {
        print_fragment(r, "request");
        return;
    }
    json_dumper d = call_event_begin("call", r);
    member_time(&d, "time", &call->time, call->conversation->time_digits);
    if (call->has_uuid) {
        member_interface(&d, call->interface, &call->uuid);
        member_string(&d, "interface_source", sources[call->source]);
    }
    member_uint(&d, "opnum", call->opnum);
    if (call->method) {
        member_string(&d, "method", call->method->name);
        member_string(&d, "stage", call->method->stage);
    }
    if (call->has_object)
        member_guid(&d, "object", &call->object);
    if (call->server_pid)
        member_uint(&d, "server_pid", call->server_pid);
    member_string(&d, "namespace", call->namespace_path);
    if (call->origin)
        member_uint(&d, "origin", call->origin->id);
    member_security(&d, r);
    if (!r->security_open)
        member_bool(&d, "sealed", r->sealed);
    if (r->decrypted)
        member_bool(&d, "decrypted", true);
    if (r->command_length)
        member_uint(&d, "command_length", r->command_length);
    event_end(&d);
}

static void print_activation(const PduResult *r)
{
    const Activation *a = r->activation;
    if (!a || !a->has_clsid)
        return;
    json_dumper d = call_event_begin("activation", r);
    member_guid(&d, "clsid", &a->clsid);
    member_string(&d, "server_name", a->server_name);
    json_dumper_set_member_name(&d, "iids");
    json_dumper_begin_array(&d);
    for (unsigned i = 0; i < a->n_iids; i++) {
        char text[GUID_TEXT_SIZE];
        json_dumper_value_string(&d, guid_format(&a->iids[i], text));
    }
    json_dumper_end_array(&d);
    event_end(&d);
}

static void print_activated(const PduResult *r)
{
    const Activation *a = r->activation;
    if (!a || !a->answered)
        return;
    json_dumper d = call_event_begin("activated", r);
    member_uint(&d, "request_frame", a->frame);
    if (a->has_endpoint) {
        g_autofree char *oxid = g_strdup_printf("%016" G_GINT64_MODIFIER "x", a->oxid);
        member_string(&d, "oxid", oxid);
        json_dumper_set_member_name(&d, "bindings");
        json_dumper_begin_array(&d);
        for (unsigned i = 0; i < a->n_bindings; i++)
            json_dumper_value_string(&d, a->bindings[i]);
        json_dumper_end_array(&d);
    }
    member_uint(&d, "status", a->status);
    event_end(&d);
}

static void print_response(const PduResult *r)
{
    if (r->frame != r->call->response_frame || (r->type == PDU_RESPONSE && !(r->flags & PFC_FIRST_FRAG))) {
        print_fragment(r, "response");
    } else {
        json_dumper d = call_event_begin("response", r);
        if (!r->security_open)
            member_bool(&d, "sealed", r->sealed);
        member_bool(&d, "fault", r->type == PDU_FAULT);
        if (r->decrypted)
            member_bool(&d, "decrypted", true);
        event_end(&d);
    }
    print_activated(r);
}

static void print_pdu(const PduResult *r)
{
    print_evidence(r);
    switch (r->type) {
    case PDU_BIND:
    case PDU_ALTER_CONTEXT: print_bind(r); break;
    case PDU_BIND_ACK:
    case PDU_ALTER_CONTEXT_RESP: print_bind_ack(r); break;
    case PDU_REQUEST:
        print_request(r);
        print_activation(r);
        print_meaning(r);
        break;
    case PDU_RESPONSE:
    case PDU_FAULT:
        print_response(r);
        print_meaning(r);
        break;
    case PDU_AUTH3:
    case PDU_BIND_NAK: break;
    }
    print_auth(r);
}

static void member_parts(json_dumper *d, wmem_array_t *parts)
{
    if (!parts)
        return;
    json_dumper_set_member_name(d, "parts");
    json_dumper_begin_array(d);
    for (guint i = 0; i < wmem_array_get_count(parts); i++) {
        const ConversationPart *part = wmem_array_index(parts, i);
        json_dumper_begin_object(d);
        member_uint(d, "first", part->first_frame);
        member_uint(d, "last", part->last_frame);
        member_uint(d, "frames", part->frames);
        json_dumper_end_object(d);
    }
    json_dumper_end_array(d);
}

/** `frame`: up to which; 0: all. */
static void print_totals(const char *name, Conversation *c, const Told *told, uint32_t frame)
{
    json_dumper d = event_begin(name);
    member_uint(&d, "conn", c->id);
    if (frame)
        member_uint(&d, "frame", frame);
    member_bool(&d, "closed", told->closed);
    member_uint(&d, "activity", conversation_activity(c));
    member_string(&d, "confidence", confidence_name(c->confidence));
    if (c->activation) {
        member_uint(&d, "activation_frame", c->activation->frame);
        member_uint(&d, "activation_conn", c->activation->conversation->id);
    }
    member_bool(&d, "callback", c->is_callback);
    member_uint(&d, "first_frame", c->first_frame);
    member_uint(&d, "last_frame", c->last_frame);
    member_uint(&d, "frames", c->frames);
    member_parts(&d, c->parts);
    member_uint(&d, "bytes_client", c->bytes[c->client == 1]);
    member_uint(&d, "bytes_server", c->bytes[c->client != 1]);
    member_time(&d, "start_time", &c->first_time, c->time_digits);
    member_time(&d, "end_time", &c->last_time, c->time_digits);
    event_end(&d);
}

// ---- the statistic

static Told *announce(Listener *l, Conversation *c, uint32_t frame)
{
    Told *told = g_new0(Told, 1);
    g_hash_table_insert(l->told, c, told);
    g_ptr_array_add(l->conversations, c);
    print_conversation(c, frame);
    for (guint i = 0; i < wmem_array_get_count(c->results); i++) {
        const PduResult *earlier = *(PduResult *const *) wmem_array_index(c->results, i);
        if (earlier->frame >= frame)
            break;
        print_pdu(earlier);
    }
    return told;
}

static tap_packet_status take_frame(void *data, packet_info *pinfo _U_, epan_dissect_t *edt _U_, const void *results,
                                    tap_flags_t flags _U_)
{
    Listener *l = data;
    const PduResult *first = results;
    Conversation *c = first->conversation;
    if (c->confidence == CONFIDENCE_NONE)
        return TAP_PACKET_DONT_REDRAW;
    Told *told = g_hash_table_lookup(l->told, c);
    if (!told)
        told = announce(l, c, first->frame);
    for (const PduResult *r = first; r; r = r->next)
        print_pdu(r);
    uint32_t activity = conversation_activity(c);
    if (told->confidence != c->confidence || told->activity != activity || told->activation != c->activation) {
        told->confidence = c->confidence;
        told->activity = activity;
        told->activation = c->activation;
        print_totals("state", c, told, first->frame);
    }
    fflush(stdout);
    return TAP_PACKET_REDRAW;
}

/** A connection is closed by a reset, or by the packet that follows both ends' FIN. */
static tap_packet_status take_tcp(void *data, packet_info *pinfo, epan_dissect_t *edt _U_, const void *header,
                                  tap_flags_t flags _U_)
{
    const TcpListener *l = data;
    const struct tcpheader *tcp = header;
    if (tcp->th_sport != pinfo->srcport || tcp->th_dport != pinfo->destport) // that of a tunnel
        return TAP_PACKET_DONT_REDRAW;
    Conversation *c = frame_conversation(pinfo);
    Told *told = c ? g_hash_table_lookup(l->listener->told, c) : NULL;
    if (!told || told->closed)
        return TAP_PACKET_DONT_REDRAW;
    told->closed = tcp->th_flags & TH_RST || (told->fin[0] && told->fin[1]);
    told->fin[conversation_sender(c, pinfo)] |= (tcp->th_flags & TH_FIN) != 0;
    if (!told->closed)
        return TAP_PACKET_DONT_REDRAW;
    print_totals("state", c, told, pinfo->num);
    fflush(stdout);
    return TAP_PACKET_REDRAW;
}

static void finish(void *data)
{
    const Listener *l = data;
    for (guint i = 0; i < l->conversations->len; i++) {
        Conversation *c = g_ptr_array_index(l->conversations, i);
        print_totals("end", c, g_hash_table_lookup(l->told, c), 0);
    }
    json_dumper d = event_begin("done");
    event_end(&d);
    fflush(stdout);
}

static void listener_reset(void *data)
{
    Listener *l = data;
    g_hash_table_remove_all(l->told);
    g_ptr_array_set_size(l->conversations, 0);
}

static void listener_free(void *data)
{
    Listener *l = data;
    g_hash_table_unref(l->told);
    g_ptr_array_unref(l->conversations);
    g_free(l);
}

static STAT_TAP_INIT_RESULT listener_start(const char *arguments _U_, void *data _U_)
{
    Listener *l = g_new0(Listener, 1);
    l->told = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    l->conversations = g_ptr_array_new();
    GString *error =
        register_tap_listener("car", l, NULL, TL_REQUIRES_NOTHING, listener_reset, take_frame, finish, listener_free);
    if (error) {
        listener_free(l);
    } else {
        TcpListener *tcp = g_new0(TcpListener, 1);
        tcp->listener = l;
        error = register_tap_listener("tcp", tcp, NULL, TL_REQUIRES_NOTHING, NULL, take_tcp, NULL, g_free);
    }
    if (error) {
        fprintf(stderr, "car,events: %s\n", error->str);
        g_string_free(error, TRUE);
        STAT_TAP_INIT_RETURN(FALSE);
    }
    json_dumper d = event_begin("begin");
    member_uint(&d, "format", EVENT_FORMAT);
    member_string(&d, "plugin", CAR_VERSION);
    member_string(&d, "wireshark", epan_get_version());
    event_end(&d);
    fflush(stdout);
    STAT_TAP_INIT_RETURN(TRUE);
}

void car_event_register(void)
{
    static stat_tap_ui ui = {REGISTER_STAT_GROUP_GENERIC, NULL, "car,events", listener_start, 0, NULL};
    register_stat_tap_ui(&ui, NULL);
}
