// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge/calls.h"

#include "judge/evidence.h"
#include "judge/exporter.h"
#include "judge/family.h"
#include "judge/keep.h"
#include "judge/verdict.h"
#include "names/classes.h"
#include "wire/orpc.h"
#include "wire/remunknown.h"

#define MESSAGE_MAX (4u << 20) ///< a longer message is not decoded; the largest legitimate ones are class definitions
#define FRAGMENTS_MAX (32u << 20) ///< bytes of all messages that are not complete

/** Windows puts the low half of the server's process id in an IPID's second field. Nothing documents this, so whatever
 *  does not look like Windows in its other fields is left alone: a small table index first, an apartment third that is
 *  none, neutral or a thread id. Process and thread ids are multiples of four. */
static uint16_t ipid_process(const Guid *ipid)
{
    bool is_windows = ipid->data1 >> 24 == 0 && ipid->data2 % 4 == 0 && (ipid->data3 == 0xffff || ipid->data3 % 4 == 0);
    return is_windows ? ipid->data2 : 0;
}

static const char too_long[] = "more fragments than are put together";
static const char too_many[] = "too many calls were unfinished for its fragments to be kept";

static void drop_message(Tracker *t, wmem_array_t *message)
{
    t->fragment_bytes -= wmem_array_get_count(message);
    wmem_destroy_array(message);
}

static void drop_fragments(Tracker *t, Call *call)
{
    if (call->stub)
        drop_message(t, call->stub);
    call->stub = NULL;
}

Call *request_call(Step *s)
{
    const Pdu *pdu = s->pdu;
    Conversation *c = s->conversation;
    gpointer key = GUINT_TO_POINTER(pdu->call_id);
    Call *call = wmem_map_lookup(c->calls, key);
    if (call && !(pdu->flags & PFC_FIRST_FRAG) && !call->response_frame)
        return call;
    if (call)
        drop_fragments(s->tracker, call); // nothing leads to it any more

    const Context *context = wmem_map_lookup(c->contexts, GUINT_TO_POINTER(pdu->context_id));
    bool known = context && context->result != RESULT_REJECTED && context->result != RESULT_NEGOTIATED;
    if (known && !context->interface && !pdu->has_object) {
        wmem_map_remove(c->calls, key); // so that its response is not taken for another call's
        return NULL;
    }
    call = wmem_new0(s->tracker->pool, Call);
    call->answer = call_answer_make();
    call->id = ++s->tracker->n_calls;
    call->conversation = c;
    call->frame = s->frame;
    call->time = c->frame_time;
    call->judged = !(pdu->flags & PFC_FIRST_FRAG); // only calls of which the beginning was captured
    call->context_id = pdu->context_id;
    call->opnum = pdu->opnum;
    call->has_object = pdu->has_object;
    call->object = pdu->object;
    call->server_pid = pdu->has_object ? ipid_process(&pdu->object) : 0;
    if (known) {
        call_set_interface(call, s->tracker->pool, &context->offered.uuid, context->interface, context->source);
        call->bind_frame = context->frame;
    }
    wmem_map_insert(c->calls, key, call);
    if (call->has_object) {
        if (!c->bind_seen)
            check_endpoint(s);
        check_ipid(s, call);
    }
    if (call->interface && interface_lacks_method(call->interface, call->opnum))
        call_forget_interface(call);
    return call;
}

static bool is_clear(const Step *s)
{
    return !s->result->sealed && !s->result->security_open;
}

/** Whoever does not finish calls gets no more memory for them: the oldest make room. */
static void bound_fragments(Tracker *t)
{
    for (;;) {
        Call *oldest = wmem_queue_count(t->unfinished) > 0 ? wmem_queue_peek(t->unfinished) : NULL;
        if (!oldest || (oldest->stub && t->fragment_bytes <= FRAGMENTS_MAX))
            return;
        (void) wmem_queue_pop(t->unfinished);
        oldest->stub_cut |= oldest->stub != NULL;
        drop_fragments(t, oldest);
    }
}

/** The whole message of which this PDU is the last fragment; false while fragments are missing. It stays until the next PDU. */
static bool message_complete(const Step *s, Call *call, Bytes *out)
{
    Tracker *t = s->tracker;
    const Pdu *pdu = s->pdu;
    bool first = pdu->flags & PFC_FIRST_FRAG, last = pdu->flags & PFC_LAST_FRAG;
    bool clear = is_clear(s) && pdu->complete;
    if (t->spent)
        drop_message(t, g_steal_pointer(&t->spent));
    if (first || !clear)
        drop_fragments(t, call);
    call->stub_cut = call->stub_cut && !first;
    if (!clear)
        return false;
    const uint8_t *stub = s->result->decrypted ? s->bytes->plain : pdu->stub;
    if (first && last) {
        *out = bytes_init(stub, pdu->stub_len, pdu->big_endian);
        return true;
    }
    if (first) {
        call->stub = wmem_array_new(t->pool, 1);
        wmem_queue_push(t->unfinished, call);
    }
    if (!call->stub) {
        s->result->undecodable = call->stub_cut && last ? too_many : NULL;
        return false;
    }
    if (wmem_array_get_count(call->stub) + pdu->stub_len > MESSAGE_MAX) {
        drop_fragments(t, call);
        s->result->undecodable = too_long;
        return false;
    }
    wmem_array_append(call->stub, stub, (guint) pdu->stub_len);
    t->fragment_bytes += pdu->stub_len;
    if (!last) {
        bound_fragments(t);
        return false;
    }
    t->spent = g_steal_pointer(&call->stub); // a message is complete once
    *out = bytes_init(wmem_array_get_raw(t->spent), wmem_array_get_count(t->spent), pdu->big_endian);
    return true;
}

static bool interface_is(const Call *call, const char *name)
{
    return call->interface && strcmp(call->interface->name, name) == 0;
}

static bool activation_kind(const Call *call, ActivationKind *kind)
{
    if (interface_is(call, "ISystemActivator") && (call->opnum == 3 || call->opnum == 4))
        *kind = ACTIVATION_SCM;
    else if (interface_is(call, "IRemoteActivation") && call->opnum == 0)
        *kind = ACTIVATION_REMOTE;
    else
        return false;
    return true;
}

static bool is_oxid_resolution(const Call *call)
{
    return interface_is(call, "IOXIDResolver") && (call->opnum == 0 || call->opnum == 4);
}

static Activation *activation_new(Step *s, Call *call)
{
    Activation *a = wmem_new0(s->tracker->pool, Activation);
    a->frame = call->frame;
    a->conversation = s->conversation;
    a->call = call;
    a->caller = caller_new(s->tracker->pool, s->conversation);
    *s->conversation->next_activation = a;
    s->conversation->next_activation = &a->next;
    call->activation = a;
    return a;
}

static void activation_requested(Step *s, Call *call, const ActivationRequest *request)
{
    Activation *a = activation_new(s, call);
    const ComClass *class = class_find(&request->clsid);
    a->has_clsid = true;
    a->clsid = request->clsid;
    a->server_name = keep_string(s->tracker->pool, request->server_name);
    a->n_iids = request->iids->len;
    a->iids = keep_copy(s->tracker->pool, request->iids->data, request->iids->len * sizeof(Guid));
    a->is_wmi = class && class->kind == CLASS_WMI;
    s->result->n_techniques = techniques_of_activation(class, s->result->techniques);
    for (unsigned i = 0; i < a->n_iids && !a->is_wmi; i++) {
        const Interface *interface = interface_find(&a->iids[i]);
        a->is_wmi = interface && interface->family == FAMILY_WMI;
    }
    s->result->activation = a;
    if (!a->is_wmi)
        return;
    add_evidence(s, EVIDENCE_ACTIVATION);
    causality_learn(s, &request->causality_id, a->caller);
}

static void activation_answer(Step *s, Activation *a, const ActivationResponse *response, uint64_t oxid)
{
    a->response_frame = s->frame;
    a->answered = true;
    a->status = response->status;
    s->result->activation = a;
    s->result->has_status = true;
    s->result->status = response->status;
    endpoint_learn_returned(s, a, response, oxid);
}

static void take_activation_response(Step *s, Call *call, ActivationKind kind, Bytes *b)
{
    ActivationResponse response;
    if (!activation_response_read(b, kind, &response))
        return;
    // The request may be unreadable (snapped) while the response is not: it still hands out an endpoint, of an
    // unknown class.
    Activation *a = call->activation ? call->activation : activation_new(s, call);
    activation_answer(s, a, &response, response.oxid);
    for (guint i = 0; i < response.interfaces->len; i++) {
        const ActivatedInterface *activated = &g_array_index(response.interfaces, ActivatedInterface, i);
        if (activated->status == 0)
            ipid_learn_activated(s, &activated->ipid, &activated->iid, a);
    }
    activation_response_clear(&response);
}

static void take_oxid_response(Step *s, Call *call, Bytes *b)
{
    ActivationResponse response;
    if (!oxid_response_read(b, call->opnum, &response))
        return;
    Activation *known = wmem_map_lookup(s->tracker->oxids, &call->oxid);
    Activation *a = activation_new(s, call);
    a->resolves = known;
    a->is_wmi = known && known->is_wmi;
    activation_answer(s, a, &response, call->oxid);
    if (known && known->conversation->id && s->conversation->id)
        activity_join(known->conversation, s->conversation);
    activation_response_clear(&response);
}

static bool is_query_interface(const Call *call)
{
    return call->opnum == 3 && (interface_is(call, "IRemUnknown") || interface_is(call, "IRemUnknown2"));
}

static void take_query_interface(Step *s, Call *call, Bytes *b)
{
    RemQueryRequest request;
    const char *why;
    if (!rem_query_request_read(b, &request, &why))
        return;
    call->n_iids = request.iids->len;
    call->iids = keep_copy(s->tracker->pool, request.iids->data, request.iids->len * sizeof(Guid));
    check_holder(s, &request.ipid);
    rem_query_request_clear(&request);
}

static bool is_reference_count(const Call *call)
{
    return (call->opnum == 4 || call->opnum == 5) &&
           (interface_is(call, "IRemUnknown") || interface_is(call, "IRemUnknown2"));
}

/** Who counts references to a pointer has it. */
static void take_reference_count(Step *s, Bytes *b)
{
    const char *why;
    g_autoptr(GArray) ipids = g_array_new(FALSE, FALSE, sizeof(Guid));
    if (!rem_refs_request_read(b, ipids, &why))
        return;
    for (guint i = 0; i < ipids->len; i++)
        check_holder(s, &g_array_index(ipids, Guid, i));
}

static void take_query_interface_response(Step *s, Call *call, Bytes *b)
{
    RemQueryResponse response;
    const char *why;
    if (!rem_query_response_read(b, &response, &why))
        return;
    for (guint i = 0; i < MIN(response.results->len, call->n_iids); i++) {
        const RemQueryResult *result = &g_array_index(response.results, RemQueryResult, i);
        if (result->status == 0)
            ipid_learn(s, &result->ipid, &call->iids[i]);
    }
    rem_query_response_clear(&response);
}

/** A call on 135/tcp whose Bind was not captured, but that can be nothing other than an activation. */
static void recognise_activation(Step *s, Call *call, const Bytes *stub)
{
    Bytes b = *stub;
    ActivationRequest request;
    if (call->has_uuid || conversation_server(s->conversation)->port != RPCSS_PORT ||
        (call->opnum != 3 && call->opnum != 4) || !activation_request_read(&b, ACTIVATION_SCM, &request))
        return;
    activation_request_clear(&request);
    const Interface *activator = interface_by_name("ISystemActivator");
    call_set_interface(call, s->tracker->pool, &activator->uuid, activator, SOURCE_STRUCTURE);
    add_evidence(s, EVIDENCE_DCOM_INTERFACE);
}

/** Characters of the path in a sealed GetObject, from the length of its stub as Windows clients lay it out. */
static uint32_t sealed_path_length(uint32_t stub_len)
{
    const uint32_t fixed = 68; // ORPCTHIS, the head of the BSTR, flags, context and two [in, out] pointers
    return stub_len > fixed ? (stub_len - fixed) / 2 : 0;
}

/** Of Win32_Process.Create as System.Management sends it: measured, the in-parameters' class included. */
#define CREATE_FIXED_LENGTH 1905
#define WIN32_PROCESS_LENGTH 13

/** What the lengths of sealed calls tell of a command line. The first call on a presentation context at this level
 *  carries a verification trailer. */
static void estimate_command_length(Step *s, const Call *call)
{
    const uint32_t trailer = 52;
    Conversation *c = s->conversation;
    Context *context = wmem_map_lookup(c->contexts, GUINT_TO_POINTER(call->context_id));
    if (!context || !interface_is(call, "IWbemServices"))
        return;
    uint32_t len = s->pdu->alloc_hint;
    if (!context->sealed_call_seen)
        len = len > trailer ? len - trailer : 0;
    context->sealed_call_seen = true;
    if (call->opnum == 6)
        c->class_length = sealed_path_length(len);
    bool is_windows = c->client_said && c->locale && strcmp(c->locale, "en-US,en") == 0;
    // The length is padded to four: one character more fits the same stub.
    bool is_process = c->class_length == WIN32_PROCESS_LENGTH || c->class_length == WIN32_PROCESS_LENGTH + 1;
    if (call->opnum == 24 && is_windows && is_process && len > CREATE_FIXED_LENGTH)
        s->result->command_length = len - CREATE_FIXED_LENGTH;
}

static void take_login(Step *s, const CallDetails *d)
{
    Conversation *c = s->conversation;
    c->locale = d->locale;
    s->result->client_silent = !c->client_said && c->bind_seen;
}

static void take_wmi_request(Step *s, Call *call, Bytes stub)
{
    PduResult *r = s->result;
    const CallDetails *d = meaning_of_request(s->tracker->pool, call->interface, call->opnum, &stub);
    if (!d)
        return;
    r->undecodable = d->undecodable;
    // An object that does not hold leaves the rest of a clear call as it is; of decrypted bytes nothing is believed.
    if (d->undecodable && (r->decrypted || !d->object_path)) {
        r->sealed = r->decrypted;
        return;
    }
    r->details = call->details = d;
    if (d->has_client)
        conversation_said(s->tracker->pool, s->conversation, s->frame, d);
    if (interface_is(call, "IWbemLevel1Login") && call->opnum == 6)
        take_login(s, d);
}

static void take_orpc_request(Step *s, Call *call, Bytes stub)
{
    OrpcThis this;
    Bytes b = stub;
    if (!orpc_this_read(&b, &this)) {
        s->result->undecodable = "does not start with an ORPCTHIS";
        s->result->sealed = s->result->decrypted;
        return;
    }
    check_causality(s, &this.causality_id);
    if (is_query_interface(call)) {
        b = stub;
        take_query_interface(s, call, &b);
    } else if (is_reference_count(call)) {
        b = stub;
        take_reference_count(s, &b);
    }
    objrefs_learn(s, stub.data, stub.len);
    if (!call->interface || call->interface->family != FAMILY_WMI)
        return;
    causality_learn(s, &this.causality_id, s->conversation->caller);
    take_wmi_request(s, call, stub);
}

/** A call is judged once: where it was read, or, by its method alone, where it is clear that it will not be. */
static void judge_call(Step *s, Call *call)
{
    PduResult *r = s->result;
    if (!call->judged && call->method && !call->activation)
        r->n_techniques = meaning_techniques(call->method, call->details, call->namespace_path, r->techniques);
    if (!call->judged)
        call->shown = r;
    call->judged = true;
}

void take_request(Step *s, Call *call)
{
    Bytes stub;
    ActivationKind kind;
    bool whole = message_complete(s, call, &stub);
    if (call->has_object)
        family_take_object(s, call);
    if (s->result->sealed && s->pdu->flags & PFC_FIRST_FRAG)
        estimate_command_length(s, call);
    if (whole) {
        recognise_activation(s, call, &stub);
        Bytes b = stub;
        if (activation_kind(call, &kind)) {
            ActivationRequest request;
            if (activation_request_read(&b, kind, &request)) {
                activation_requested(s, call, &request);
                activation_request_clear(&request);
            }
        } else if (is_oxid_resolution(call)) {
            if (!oxid_request_read(&b, &call->oxid))
                call->oxid = 0;
        } else if (call->has_object) {
            take_orpc_request(s, call, stub);
        }
        family_take_request(s, call, &stub);
    }
    if (whole || !call->stub)
        judge_call(s, call);
}

static void take_orpc_response(Step *s, Call *call, Bytes stub)
{
    PduResult *r = s->result;
    Bytes b = stub;
    const CallOutcome *outcome =
        call->interface ? meaning_of_response(s->tracker->pool, call->interface, call->opnum, &b) : NULL;
    if (outcome && outcome->undecodable) {
        r->undecodable = outcome->undecodable;
        r->sealed = r->decrypted;
        return;
    }
    if (outcome) {
        r->outcome = outcome;
        r->has_status = outcome->has_status;
        r->status = outcome->status;
        const char *logged_in = call->details ? call->details->namespace_path : NULL;
        for (unsigned i = 0; i < outcome->n_references; i++) {
            Ipid *known = ipid_learn(s, &outcome->references[i].ipid, &outcome->references[i].iid);
            if (known->call)
                continue;
            known->call = call;
            known->namespace_path = logged_in ? logged_in : call->namespace_path;
        }
    }
    if (is_query_interface(call)) {
        b = stub;
        take_query_interface_response(s, call, &b);
    }
    objrefs_learn(s, stub.data, stub.len);
}

/** A server that refuses. */
static void take_fault(Step *s, Call *call)
{
    PduResult *r = s->result;
    Activation *a = call->activation;
    r->has_status = true;
    r->status = s->pdu->status;
    r->sealed = false;
    if (!a)
        return;
    a->answered = true;
    a->response_frame = s->frame;
    a->status = s->pdu->status;
    r->activation = a;
}

static int64_t returned(const Call *call, const CallOutcome *outcome)
{
    bool is_error = call->details && wmi_class_returns_errors(call->details->class_name);
    for (unsigned i = 0; is_error && i < outcome->n_properties; i++) {
        const Property *property = &outcome->properties[i];
        if (property->value && g_ascii_strcasecmp(property->name, "ReturnValue") == 0)
            return g_ascii_strtoll(property->value, NULL, 10);
    }
    return ANSWER_UNKNOWN_NUMBER;
}

/** What became of the call, and of the one that it asks about. */
static void take_outcome(Step *s, Call *call)
{
    const PduResult *r = s->result;
    const CallOutcome *outcome = r->outcome;
    call->answer.seen = true;
    call->answer.fault = s->pdu->type == PDU_FAULT;
    if (r->has_status)
        call->answer.status = r->status;
    if (outcome)
        call->answer.returned = returned(call, outcome);
    if (outcome && outcome->has_operation_status && call->origin)
        call->origin->answer.operation_status = outcome->operation_status;
}

static void read_response(Step *s, Call *call)
{
    Bytes stub;
    ActivationKind kind;
    if (s->pdu->type == PDU_FAULT) {
        call->answered = true;
        take_fault(s, call);
        return;
    }
    if (!message_complete(s, call, &stub)) {
        call->answered = s->pdu->complete && s->pdu->flags & PFC_LAST_FRAG;
        return;
    }
    call->answered = true;
    if (activation_kind(call, &kind))
        take_activation_response(s, call, kind, &stub);
    else if (is_oxid_resolution(call) && call->oxid)
        take_oxid_response(s, call, &stub);
    else if (call->has_object)
        take_orpc_response(s, call, stub);
}

void take_response(Step *s, Call *call)
{
    if (call->answered)
        return;
    verdict_answered(s->conversation, call);
    judge_call(s, call); // of which the end was not captured
    if (!call->response_frame) {
        call->response_frame = s->frame;
        s->result->begins_answer = true;
    }
    read_response(s, call);
    take_outcome(s, call);
    s->result->ends_answer = call->answered;
}
