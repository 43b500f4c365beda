// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/judge.h"

#include "judge/calls.h"
#include "judge/evidence.h"
#include "judge/exporter.h"
#include "judge/family.h"
#include "judge/keep.h"
#include "judge/lookup.h"
#include "judge/verdict.h"

Tracker *tracker_new(wmem_allocator_t *pool)
{
    Tracker *t = wmem_new0(pool, Tracker);
    t->pool = pool;
    t->conversations = wmem_array_new(pool, sizeof(Conversation *));
    t->unfinished = wmem_queue_new(pool);
    exporter_init(t);
    lookups_init(t);
    t->identities = identities_new(pool);
    return t;
}

static void start_dcerpc(Tracker *t, Conversation *c)
{
    if (c->results)
        return;
    c->contexts = wmem_map_new(t->pool, g_direct_hash, g_direct_equal);
    c->binds = wmem_map_new(t->pool, g_direct_hash, g_direct_equal);
    c->calls = wmem_map_new(t->pool, g_direct_hash, g_direct_equal);
    c->security = wmem_map_new(t->pool, wmem_int64_hash, g_int64_equal);
    c->results = wmem_array_new(t->pool, sizeof(PduResult *));
    c->next_activation = &c->activations;
}

/** The security context that a PDU's verifier names. A client cannot give the id of a context to another one of a different
 *  kind, so type and level belong to the key: a forged PDU does not replace the context that calls are made in. */
static uint64_t security_key(const Pdu *pdu)
{
    return pdu->auth_context_id | (uint64_t) pdu->auth_type << 32 | (uint64_t) pdu->auth_level << 40;
}

/** NULL: not seen before. */
static Security *security_find(const Step *s)
{
    const uint64_t key = security_key(s->pdu);
    return wmem_map_lookup(s->conversation->security, &key);
}

static Security *security_new(Step *s, uint8_t type, uint8_t level)
{
    Security *security = wmem_new0(s->tracker->pool, Security);
    security->type = type;
    security->level = level;
    return security;
}

/** That of a PDU which makes or continues it; new when it was not seen before. */
static Security *security_made(Step *s)
{
    Security *known = security_find(s);
    if (!known) {
        const uint64_t key = security_key(s->pdu);
        known = security_new(s, s->pdu->auth_type, s->pdu->auth_level);
        wmem_map_insert(s->conversation->security, keep_copy(s->tracker->pool, &key, sizeof(key)), known);
    }
    return known;
}

/** Whether the stub of a sealed PDU, and its padding, can be `plain_len` bytes long. */
static bool fits_decrypted(const Pdu *pdu, size_t plain_len)
{
    return pdu->complete && pdu->has_auth && pdu->auth_level == AUTH_LEVEL_PRIVACY && pdu->stub &&
           plain_len == pdu->stub_len + pdu->auth_pad_len;
}

/** The security context of a request, response or fault. */
static void find_security(Step *s)
{
    const Pdu *pdu = s->pdu;
    PduResult *r = s->result;
    Security *known = NULL;
    if (pdu->has_auth) {
        known = security_find(s);
        r->has_security = true;
        r->security = known ? *known : (Security){.type = pdu->auth_type, .level = pdu->auth_level};
    } else {
        // No verifier on the PDU itself: usual at level connect; or it was not captured.
        const Context *context = wmem_map_lookup(s->conversation->contexts, GUINT_TO_POINTER(pdu->context_id));
        if (context && context->security && (pdu->auth_len || context->security->level <= AUTH_LEVEL_CONNECT)) {
            known = context->security;
            r->has_security = true;
            r->security = *known;
        } else {
            r->security_open = pdu->auth_len > 0;
        }
    }
    if (known && pdu->type == PDU_REQUEST)
        known->used = true;
    bool private = r->has_security && r->security.level == AUTH_LEVEL_PRIVACY;
    r->decrypted = private && s->bytes->plain && fits_decrypted(pdu, s->bytes->plain_len);
    r->sealed = private && !r->decrypted;
}

/** Whom a ticket may stand for that was not seen being issued. */
static void take_candidates(Step *s, const AuthToken *token)
{
    UserCandidate candidates[CANDIDATES_MAX];
    const Conversation *c = s->conversation;
    s->result->n_candidates =
        identities_candidates(s->tracker->identities, token, conversation_client(c)->ip, &c->frame_time, candidates);
    s->result->candidates = keep_copy(s->tracker->pool, candidates, s->result->n_candidates * sizeof(UserCandidate));
}

static void take_token(Step *s)
{
    const Pdu *pdu = s->pdu;
    PduResult *r = s->result;
    AuthToken token;
    if (!pdu->has_auth)
        return;
    Security *known = security_made(s);
    r->has_security = true;
    r->security = *known;
    if (!auth_token_read(pdu->auth_value, pdu->auth_value_len, &token))
        return;
    r->mechanism = token.mechanism;
    r->spn = keep_string(s->tracker->pool, token.spn);
    r->realm = keep_string(s->tracker->pool, token.realm);
    if (pdu->type != PDU_BIND_ACK && pdu->type != PDU_ALTER_CONTEXT_RESP)
        r->identity = identities_find(s->tracker->identities, &token, s->frame);
    if (!r->identity)
        take_candidates(s, &token);
    auth_token_clear(&token);
    if (r->mechanism != AUTH_TOKEN_UNKNOWN && !known->used)
        known->mechanism = r->mechanism;
    // A ticket was offered, but NTLM was agreed on.
    if (known->mechanism == AUTH_TOKEN_NTLM && known->identity && known->identity->source != USER_SOURCE_NTLM &&
        !known->used)
        known->identity = NULL;
    if (r->identity && !known->used)
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
    c->bind_call_id = pdu->call_id;
    if (pdu->has_auth) {
        c->last_security = security_made(s);
    } else if (pdu->type == PDU_BIND && pdu->auth_len == 0) {
        c->last_security = security_new(s, AUTH_TYPE_NONE, AUTH_LEVEL_NONE);
        r->has_security = true;
        r->security = *c->last_security;
    }
    r->n_contexts = pdu->n_contexts;
    r->contexts = wmem_alloc0_array(s->tracker->pool, Context, pdu->n_contexts);
    for (unsigned i = 0; i < pdu->n_contexts; i++) {
        Context *context = &r->contexts[i];
        gpointer id = GUINT_TO_POINTER(pdu->contexts[i].id);
        context->offered = pdu->contexts[i];
        context->frame = s->frame;
        context->interface = interface_find(&context->offered.uuid);
        context->source = SOURCE_BIND;
        context->security = c->last_security; // an Alter_context without a verifier adds to the one there is
        // A context that was accepted keeps its meaning; one that was rejected, negotiated or never answered is
        // free to be defined again.
        const Context *current = wmem_map_lookup(c->contexts, id);
        if (!current || current->result != RESULT_ACCEPTED)
            wmem_map_insert(c->contexts, id, context);
        if (!context->interface)
            continue;
        c->offers_several |= c->offered && c->offered != context->interface;
        c->offered = context->interface;
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
    PduResult *bind = wmem_map_lookup(c->binds, GUINT_TO_POINTER(pdu->call_id));
    bool fits = bind && (bind->type == PDU_BIND) == (pdu->type == PDU_BIND_ACK);
    if (!fits)
        return;
    (void) wmem_map_remove(c->binds, GUINT_TO_POINTER(pdu->call_id));
    s->result->bind = bind;
    c->answers = true;
    for (unsigned i = 0; i < MIN(bind->n_contexts, pdu->n_results); i++) {
        Context *context = &bind->contexts[i];
        switch (pdu->results[i]) {
        case CONTEXT_ACCEPTED:
            context->result = RESULT_ACCEPTED;
            wmem_map_insert(c->contexts, GUINT_TO_POINTER(context->offered.id), context);
            verdict_accepted(c, context->interface);
            break;
        case CONTEXT_NEGOTIATED: context->result = RESULT_NEGOTIATED; break;
        default:
            context->result = RESULT_REJECTED;
            c->rejected |= context->interface != NULL;
            break;
        }
    }
}

static void take_bind_nak(Step *s)
{
    Conversation *c = s->conversation;
    bool fits = wmem_map_remove(c->binds, GUINT_TO_POINTER(s->pdu->call_id)) != NULL;
    c->bind_nak |= fits;
    c->answers |= fits;
}

bool tracker_fits_decrypted(const PduBytes *bytes, size_t plain_len)
{
    Pdu pdu;
    return pdu_read(bytes->data, bytes->len, &pdu) && fits_decrypted(&pdu, plain_len);
}

/** What is no call of DCOM may be a look-up of one's port. */
static PduResult *take_lookup(Step *s)
{
    s->result->lookup = lookup_take(s);
    return s->result->lookup ? s->result : NULL;
}

PduResult *tracker_pdu(Tracker *t, Conversation *c, const PduBytes *bytes)
{
    Pdu pdu;
    if (!pdu_read(bytes->data, bytes->len, &pdu))
        return NULL;
    start_dcerpc(t, c);
    bool from_client =
        pdu.type == PDU_REQUEST || pdu.type == PDU_BIND || pdu.type == PDU_ALTER_CONTEXT || pdu.type == PDU_AUTH3;
    bool from_server = pdu.type == PDU_RESPONSE || pdu.type == PDU_FAULT || pdu.type == PDU_BIND_ACK ||
                       pdu.type == PDU_ALTER_CONTEXT_RESP || pdu.type == PDU_BIND_NAK;
    if ((!from_client && !from_server) || !verdict_role_fits(t, c, bytes->side, from_client))
        return NULL;

    PduResult *r = wmem_new0(t->pool, PduResult);
    r->conversation = c;
    r->frame = bytes->frame;
    r->type = pdu.type;
    r->flags = pdu.flags;
    Step step = {.tracker = t, .conversation = c, .frame = bytes->frame, .pdu = &pdu, .bytes = bytes, .result = r};
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
    case PDU_AUTH3:
        c->bind_call_id = pdu.call_id;
        take_token(&step);
        break;
    case PDU_REQUEST: {
        find_security(&step);
        uint32_t calls_before = t->n_calls;
        r->call = request_call(&step);
        r->begins_call = t->n_calls > calls_before;
        if (!r->call)
            return take_lookup(&step);
        take_request(&step, r->call);
        break;
    }
    case PDU_RESPONSE:
    case PDU_FAULT:
        find_security(&step);
        r->call = wmem_map_lookup(c->calls, GUINT_TO_POINTER(pdu.call_id));
        if (!r->call)
            return take_lookup(&step);
        take_response(&step, r->call);
        break;
    case PDU_BIND_NAK: take_bind_nak(&step); break;
    }
    if (c->id)
        lookup_check(&step);
    r->client = conversation_process(c);
    r->client_inferred = r->client && !c->client_said;
    if (from_client)
        family_take_pdu(&step);
    family_conclude(&step);
    wmem_array_append_one(c->results, r);
    return r;
}

void tracker_kdc_reply(Tracker *t, uint32_t frame, const nstime_t *time, const uint8_t client[16], const uint8_t *data,
                       size_t len)
{
    KdcReply reply;
    if (!kdc_reply_read(data, len, &reply))
        return;
    identities_learn(t->identities, &reply, client, frame, time);
    kdc_reply_clear(&reply);
}
