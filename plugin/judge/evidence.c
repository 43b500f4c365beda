// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/evidence.h"

#include "judge/file-scope.h"
#include "judge/tracker.h"

Tracker *tracker_new(void)
{
    Tracker *t = wmem_new0(wmem_file_scope(), Tracker);
    t->conversations = wmem_array_new(wmem_file_scope(), sizeof(Conversation *));
    exporter_init(t);
    t->identities = identities_new();
    return t;
}

wmem_array_t *tracker_conversations(Tracker *t)
{
    return t->conversations;
}

Conversation *tracker_conversation_new(const Endpoint *from, const Endpoint *to)
{
    Conversation *c = wmem_new0(wmem_file_scope(), Conversation);
    c->side[0] = *from;
    c->side[1] = *to;
    c->client = -1;
    return c;
}

static void start_dcerpc(Conversation *c)
{
    if (c->results)
        return;
    c->contexts = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    c->binds = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    c->calls = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    c->security = wmem_map_new(wmem_file_scope(), g_direct_hash, g_direct_equal);
    c->results = wmem_array_new(wmem_file_scope(), sizeof(PduResult *));
}

static Conversation *activity_root(Conversation *c)
{
    while (c->activity != c)
        c = c->activity;
    return c;
}

void activity_join(Conversation *a, Conversation *b)
{
    a = activity_root(a);
    b = activity_root(b);
    if (a->id < b->id)
        b->activity = a;
    else
        a->activity = b;
}

void add_evidence(Step *s, EvidenceKind kind)
{
    Conversation *c = s->conversation;
    if (c->evidence_frame[kind])
        return;
    c->evidence_frame[kind] = s->frame;
    s->result->evidence |= 1u << kind;
    if (c->id == 0) {
        wmem_array_append_one(s->tracker->conversations, c);
        c->id = wmem_array_get_count(s->tracker->conversations);
        c->activity = c;
    }
    c->confidence = MAX(c->confidence, evidence_confidence(kind));
    if (c->confidence == CONFIDENCE_WMI && conversation_server(c)->port != RPCSS_PORT && !c->is_callback)
        wmi_pair_learn(s);
}

void link_activation(Step *s, Activation *a)
{
    Conversation *c = s->conversation;
    if (!c->activation && a->conversation != c) {
        c->activation = a;
        c->activation_open = false;
    }
    if (c->id && a->conversation->id)
        activity_join(c, a->conversation);
}

static void set_security(Step *s)
{
    const Pdu *pdu = s->pdu;
    PduResult *r = s->result;
    Conversation *c = s->conversation;
    bool binding = pdu->type != PDU_REQUEST && pdu->type != PDU_RESPONSE && pdu->type != PDU_FAULT;
    if (pdu->has_auth) {
        const Security *known = wmem_map_lookup(c->security, GUINT_TO_POINTER(pdu->auth_context_id));
        r->has_security = true;
        r->security = (Security){.type = pdu->auth_type, .level = pdu->auth_level};
        if (known && known->type == pdu->auth_type) {
            r->security.mechanism = known->mechanism;
            r->security.identity = known->identity;
        }
    } else if (binding) {
        // An Alter_context without a verifier adds to the security context there is.
        r->has_security = pdu->type == PDU_BIND && pdu->auth_len == 0;
        r->security = (Security){.type = AUTH_TYPE_NONE, .level = AUTH_LEVEL_NONE};
    } else {
        // No verifier on the PDU itself: usual at level connect; or it was not captured.
        const Context *context = wmem_map_lookup(c->contexts, GUINT_TO_POINTER(pdu->context_id));
        if (context && context->security.level && (pdu->auth_len || context->security.level <= AUTH_LEVEL_CONNECT)) {
            r->has_security = true;
            r->security = context->security;
        } else {
            r->security_open = pdu->auth_len > 0;
        }
    }
    bool private = r->has_security && r->security.level == AUTH_LEVEL_PRIVACY && !binding;
    r->decrypted = private && s->bytes->plain;
    r->sealed = private && !r->decrypted;
}

static void take_token(Step *s)
{
    const Pdu *pdu = s->pdu;
    PduResult *r = s->result;
    AuthToken token;
    if (!pdu->has_auth || !auth_token_read(pdu->auth_value, pdu->auth_value_len, &token))
        return;
    r->mechanism = token.mechanism;
    r->spn = file_string(token.spn);
    r->realm = file_string(token.realm);
    if (pdu->type != PDU_BIND_ACK && pdu->type != PDU_ALTER_CONTEXT_RESP)
        r->identity =
            identities_find(s->tracker->identities, &token, conversation_client(s->conversation)->ip, s->frame);
    auth_token_clear(&token);

    gpointer key = GUINT_TO_POINTER(pdu->auth_context_id);
    Security *known = wmem_map_lookup(s->conversation->security, key);
    if (!known) {
        known = wmem_new0(wmem_file_scope(), Security);
        wmem_map_insert(s->conversation->security, key, known);
    }
    known->type = pdu->auth_type;
    known->level = pdu->auth_level;
    if (r->mechanism != AUTH_TOKEN_UNKNOWN)
        known->mechanism = r->mechanism;
    if (r->identity)
        known->identity = r->identity;
    r->security = *known;

    bool asks_rpcss = r->spn && g_ascii_strncasecmp(r->spn, "RPCSS/", 6) == 0;
    if (asks_rpcss && conversation_server(s->conversation)->port == RPCSS_PORT)
        add_evidence(s, EVIDENCE_RPCSS_SPN);
}

/** The server of a WMI conversation opens one to the client's sink. */
static void check_callback(Step *s, const Interface *interface)
{
    Conversation *c = s->conversation;
    if (c->evidence_frame[EVIDENCE_INTERFACE] ||
        (strcmp(interface->name, "IWbemObjectSink") != 0 && strcmp(interface->name, "IWbemObjectSinkEx") != 0))
        return;
    c->is_callback = true;
    add_evidence(s, EVIDENCE_INTERFACE);
    check_callback_origin(s);
}

static void take_bind(Step *s)
{
    const Pdu *pdu = s->pdu;
    Conversation *c = s->conversation;
    PduResult *r = s->result;
    bool objects = false;
    c->bind_seen = true;
    if (r->has_security)
        c->last_security = r->security;
    r->n_contexts = pdu->n_contexts;
    r->contexts = wmem_alloc0_array(wmem_file_scope(), Context, pdu->n_contexts);
    for (unsigned i = 0; i < pdu->n_contexts; i++) {
        Context *context = &r->contexts[i];
        gpointer id = GUINT_TO_POINTER(pdu->contexts[i].id);
        context->offered = pdu->contexts[i];
        context->frame = s->frame;
        context->interface = interface_find(&context->offered.uuid);
        context->security = r->has_security ? r->security : c->last_security;
        // A context that was accepted keeps its meaning; one that was rejected, negotiated or never answered is
        // free to be defined again.
        const Context *current = wmem_map_lookup(c->contexts, id);
        if (!current || current->result != RESULT_ACCEPTED)
            wmem_map_insert(c->contexts, id, context);
        if (!context->interface)
            continue;
        if (context->interface->family == FAMILY_WMI) {
            check_callback(s, context->interface);
            add_evidence(s, EVIDENCE_INTERFACE);
        } else {
            add_evidence(s, EVIDENCE_DCOM_INTERFACE);
        }
        objects = objects || context->interface->family != FAMILY_ACTIVATION;
    }
    if (objects)
        check_endpoint(s);
    wmem_map_insert(c->binds, GUINT_TO_POINTER(pdu->call_id), r);
}

static void take_bind_ack(Step *s)
{
    const Pdu *pdu = s->pdu;
    Conversation *c = s->conversation;
    PduResult *bind = wmem_map_remove(c->binds, GUINT_TO_POINTER(pdu->call_id));
    s->result->bind = bind;
    if (!bind)
        return;
    for (unsigned i = 0; i < MIN(bind->n_contexts, pdu->n_results); i++) {
        Context *context = &bind->contexts[i];
        switch (pdu->results[i]) {
        case CONTEXT_ACCEPTED:
            context->result = RESULT_ACCEPTED;
            wmem_map_insert(c->contexts, GUINT_TO_POINTER(context->offered.id), context);
            break;
        case CONTEXT_NEGOTIATED: context->result = RESULT_NEGOTIATED; break;
        default: context->result = RESULT_REJECTED; break;
        }
    }
}

bool tracker_fits_decrypted(const PduBytes *bytes, size_t plain_len)
{
    Pdu pdu;
    return pdu_read(bytes->data, bytes->len, &pdu) && pdu.complete && pdu.has_auth &&
           pdu.auth_level == AUTH_LEVEL_PRIVACY && pdu.stub && plain_len == pdu.stub_len + pdu.auth_pad_len;
}

PduResult *tracker_pdu(Tracker *t, Conversation *c, const PduBytes *bytes)
{
    Pdu pdu;
    if (!pdu_read(bytes->data, bytes->len, &pdu))
        return NULL;
    start_dcerpc(c);
    bool from_client =
        pdu.type == PDU_REQUEST || pdu.type == PDU_BIND || pdu.type == PDU_ALTER_CONTEXT || pdu.type == PDU_AUTH3;
    bool from_server = pdu.type == PDU_RESPONSE || pdu.type == PDU_FAULT || pdu.type == PDU_BIND_ACK ||
                       pdu.type == PDU_ALTER_CONTEXT_RESP || pdu.type == PDU_BIND_NAK;
    if (!from_client && !from_server)
        return NULL;
    if (c->client < 0)
        c->client = from_client ? bytes->side : 1 - bytes->side;

    PduResult *r = wmem_new0(wmem_file_scope(), PduResult);
    r->conversation = c;
    r->frame = bytes->frame;
    r->type = pdu.type;
    r->flags = pdu.flags;
    Step step = {.tracker = t, .conversation = c, .frame = bytes->frame, .pdu = &pdu, .bytes = bytes, .result = r};
    set_security(&step);
    switch (pdu.type) {
    case PDU_BIND:
    case PDU_ALTER_CONTEXT:
        take_token(&step);
        take_bind(&step);
        break;
    case PDU_BIND_ACK:
    case PDU_ALTER_CONTEXT_RESP:
        take_bind_ack(&step);
        take_token(&step);
        break;
    case PDU_AUTH3: take_token(&step); break;
    case PDU_REQUEST: {
        uint32_t calls_before = t->n_calls;
        r->call = request_call(&step);
        r->begins_call = t->n_calls > calls_before;
        if (!r->call)
            return NULL;
        take_request(&step, r->call);
        break;
    }
    case PDU_RESPONSE:
    case PDU_FAULT:
        r->call = wmem_map_lookup(c->calls, GUINT_TO_POINTER(pdu.call_id));
        if (!r->call)
            return NULL;
        if (!r->call->response_frame)
            r->call->response_frame = bytes->frame;
        if (pdu.type == PDU_FAULT) {
            r->has_status = true;
            r->status = pdu.status;
            r->sealed = false;
            if (r->call->activation && !r->call->activation->answered) {
                r->call->activation->answered = true;
                r->call->activation->response_frame = bytes->frame;
                r->call->activation->status = pdu.status;
                r->activation = r->call->activation;
            }
        } else {
            take_response(&step, r->call);
        }
        break;
    case PDU_BIND_NAK: break;
    }
    r->client = c->client_said;
    wmem_array_append_one(c->results, r);
    return r;
}

void tracker_kdc_reply(Tracker *t, uint32_t frame, const uint8_t client[16], const uint8_t *data, size_t len)
{
    KdcReply reply;
    if (!kdc_reply_read(data, len, &reply))
        return;
    identities_learn(t->identities, &reply, client, frame);
    kdc_reply_clear(&reply);
}
