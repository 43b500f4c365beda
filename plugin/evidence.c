// SPDX-License-Identifier: GPL-2.0-or-later
#include "evidence.h"

#include "decode-orpc.h"
#include "decode-remunknown.h"
#include "file-scope.h"
#include "table-classes.h"

#include <wsutil/inet_addr.h>

#define RPCSS_PORT 135
#define MESSAGE_MAX (4u << 20) ///< a longer message is not decoded; the largest legitimate ones are class definitions
#define OBJREFS_MAX 16         ///< taken from one message

typedef struct {
    uint8_t client[16];
    Endpoint server;
} EndpointKey;

/** Activations by one client that returned the same endpoint. */
typedef struct {
    Activation *latest;
    unsigned count;
} EndpointActivations;

typedef struct {
    uint8_t server[16];
    uint8_t ipid[16];
} IpidKey;

/** An interface pointer that a server handed out. */
typedef struct {
    const Interface *interface; ///< NULL: not in our table
    Guid uuid;
    bool is_wmi;
    Conversation *conversation; ///< in which it was handed out
    Activation *activation;     ///< when an activation returned it
    const Call *call;           ///< when a call returned it
    const char *namespace_path; ///< WMI: that it leads to, NULL: not known
} Ipid;

typedef struct {
    uint8_t client[16], server[16];
} HostPair;

struct Tracker {
    wmem_array_t *conversations;
    uint32_t n_calls;
    wmem_map_t *endpoints; ///< EndpointKey → EndpointActivations
    wmem_map_t *ipids;     ///< IpidKey → Ipid
    wmem_map_t *oxids;     ///< OXID → Activation
    wmem_map_t *causality; ///< Guid → Conversation that used it for WMI
    Identities *identities;
    wmem_map_t *wmi_pairs; ///< HostPair → Conversation, the newest WMI one between a client and a server
};

/** One PDU under way. */
typedef struct {
    Tracker *tracker;
    Conversation *conversation;
    uint32_t frame;
    const Pdu *pdu;
    const PduBytes *bytes;
    PduResult *result;
} Step;

#define HASH_FUNCTIONS(type)                                                                                           \
    static guint type##_hash(gconstpointer key)                                                                        \
    {                                                                                                                  \
        return wmem_strong_hash(key, sizeof(type));                                                                    \
    }                                                                                                                  \
    static gboolean type##_equal(gconstpointer a, gconstpointer b)                                                     \
    {                                                                                                                  \
        return memcmp(a, b, sizeof(type)) == 0;                                                                        \
    }

HASH_FUNCTIONS(EndpointKey)
HASH_FUNCTIONS(IpidKey)
HASH_FUNCTIONS(HostPair)
HASH_FUNCTIONS(Guid)

Tracker *tracker_new(void)
{
    Tracker *t = wmem_new0(wmem_file_scope(), Tracker);
    t->conversations = wmem_array_new(wmem_file_scope(), sizeof(Conversation *));
    t->endpoints = wmem_map_new(wmem_file_scope(), EndpointKey_hash, EndpointKey_equal);
    t->ipids = wmem_map_new(wmem_file_scope(), IpidKey_hash, IpidKey_equal);
    t->oxids = wmem_map_new(wmem_file_scope(), wmem_int64_hash, g_int64_equal);
    t->causality = wmem_map_new(wmem_file_scope(), Guid_hash, Guid_equal);
    t->identities = identities_new();
    t->wmi_pairs = wmem_map_new(wmem_file_scope(), HostPair_hash, HostPair_equal);
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

// ---- activities

static Conversation *activity_root(Conversation *c)
{
    while (c->activity != c)
        c = c->activity;
    return c;
}

/** Both have given evidence. The lowest id stays the number of the whole. */
static void activity_join(Conversation *a, Conversation *b)
{
    a = activity_root(a);
    b = activity_root(b);
    if (a->id < b->id)
        b->activity = a;
    else
        a->activity = b;
}

static void add_evidence(Step *s, EvidenceKind kind)
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
    if (c->confidence == CONFIDENCE_WMI && conversation_server(c)->port != RPCSS_PORT && !c->is_callback) {
        HostPair pair;
        memcpy(pair.client, conversation_client(c)->ip, 16);
        memcpy(pair.server, conversation_server(c)->ip, 16);
        if (wmem_map_lookup(s->tracker->wmi_pairs, &pair) != c)
            wmem_map_insert(s->tracker->wmi_pairs, file_copy(&pair, sizeof(pair)), c);
    }
}

static void link_activation(Step *s, Activation *a)
{
    Conversation *c = s->conversation;
    if (!c->activation && a->conversation != c) {
        c->activation = a;
        c->activation_open = false;
    }
    if (c->id && a->conversation->id)
        activity_join(c, a->conversation);
}

// ---- what servers hand out

static IpidKey ipid_key(const Conversation *c, const Guid *ipid)
{
    IpidKey key;
    memcpy(key.server, conversation_server(c)->ip, 16);
    memcpy(key.ipid, ipid, 16);
    return key;
}

static Ipid *ipid_learn(Step *s, const Guid *ipid, const Guid *iid)
{
    IpidKey key = ipid_key(s->conversation, ipid);
    Ipid *known = wmem_map_lookup(s->tracker->ipids, &key);
    if (known)
        return known;
    known = wmem_new0(wmem_file_scope(), Ipid);
    known->interface = interface_find(iid);
    known->uuid = *iid;
    known->is_wmi = known->interface && known->interface->family == FAMILY_WMI;
    known->conversation = s->conversation;
    wmem_map_insert(s->tracker->ipids, file_copy(&key, sizeof(key)), known);
    return known;
}

static void ipid_learn_activated(Step *s, const Guid *ipid, const Guid *iid, Activation *a)
{
    Ipid *known = ipid_learn(s, ipid, iid);
    known->is_wmi = known->is_wmi || a->is_wmi;
    known->activation = a;
}

static void endpoint_learn(Step *s, const uint8_t server[16], uint16_t port, Activation *a)
{
    EndpointKey key = {.server.port = port};
    memcpy(key.client, conversation_client(s->conversation)->ip, 16);
    memcpy(key.server.ip, server, 16);
    EndpointActivations *known = wmem_map_lookup(s->tracker->endpoints, &key);
    if (!known) {
        known = wmem_new0(wmem_file_scope(), EndpointActivations);
        wmem_map_insert(s->tracker->endpoints, file_copy(&key, sizeof(key)), known);
    }
    if (known->latest != a)
        known->count++;
    known->latest = a;
}

static bool parse_ip(const char *text, uint8_t ip[16])
{
    ws_in4_addr v4;
    if (ws_inet_pton4(text, &v4)) {
        memset(ip, 0, 10);
        memset(ip + 10, 0xff, 2);
        memcpy(ip + 12, &v4, 4);
        return true;
    }
    ws_in6_addr v6;
    if (!ws_inet_pton6(text, &v6))
        return false;
    memcpy(ip, &v6, 16);
    return true;
}

static void bindings_learn(Step *s, const GPtrArray *bindings, Activation *a)
{
    a->bindings = wmem_alloc_array(wmem_file_scope(), const char *, bindings->len);
    for (guint i = 0; i < bindings->len; i++) {
        const DcomBinding *binding = g_ptr_array_index(bindings, i);
        a->bindings[a->n_bindings++] = wmem_strdup_printf(wmem_file_scope(), "%s[%u]", binding->host, binding->port);
        if (binding->port == 0)
            continue;
        uint8_t ip[16];
        // The server may stand behind another address than those it names: the one that answered counts as well.
        endpoint_learn(s, conversation_server(s->conversation)->ip, binding->port, a);
        if (parse_ip(binding->host, ip))
            endpoint_learn(s, ip, binding->port, a);
    }
}

static void causality_learn(Step *s, const Guid *id)
{
    if (!guid_is_null(id) && !wmem_map_lookup(s->tracker->causality, id))
        wmem_map_insert(s->tracker->causality, file_copy(id, sizeof(*id)), s->conversation);
}

/** Interface pointers marshaled in a clear message, wherever they stand in it: each carries its signature, and is taken
 *  only when its whole structure holds. */
static void objrefs_learn(Step *s, const uint8_t *stub, size_t len)
{
    static const uint8_t signature[4] = {'M', 'E', 'O', 'W'};
    size_t at = 0;
    for (unsigned n = 0; n < OBJREFS_MAX && at + sizeof(signature) <= len; n++) {
        while (at + sizeof(signature) <= len && memcmp(stub + at, signature, sizeof(signature)) != 0)
            at += 4;
        if (at + sizeof(signature) > len)
            return;
        Bytes b = bytes_init(stub + at, len - at, false);
        Objref o;
        at += 4;
        if (!objref_read(&b, &o))
            continue;
        const Interface *interface = interface_find(&o.iid);
        bool is_wmi = interface && interface->family == FAMILY_WMI;
        if (is_wmi)
            add_evidence(s, EVIDENCE_INTERFACE);
        if (o.kind == OBJREF_STANDARD && s->pdu->type == PDU_RESPONSE)
            ipid_learn(s, &o.standard.ipid, &o.iid);
        objref_clear(&o);
    }
}

// ---- calls

static bool is_clear(const Step *s)
{
    return !s->result->sealed && !s->result->security_open;
}

/** The whole message of which this PDU is the last fragment; false while fragments are missing. */
static bool message_complete(const Step *s, Call *call, Bytes *out)
{
    const Pdu *pdu = s->pdu;
    bool first = pdu->flags & PFC_FIRST_FRAG, last = pdu->flags & PFC_LAST_FRAG;
    if (!is_clear(s) || !pdu->complete) {
        call->stub = NULL;
        return false;
    }
    const uint8_t *stub = s->result->decrypted ? s->bytes->plain : pdu->stub;
    if (first && last) {
        *out = bytes_init(stub, pdu->stub_len, pdu->big_endian);
        return true;
    }
    if (first)
        call->stub = wmem_array_new(wmem_file_scope(), 1);
    if (!call->stub || wmem_array_get_count(call->stub) + pdu->stub_len > MESSAGE_MAX) {
        call->stub = NULL;
        return false;
    }
    wmem_array_append(call->stub, stub, (guint) pdu->stub_len);
    if (!last)
        return false;
    *out = bytes_init(wmem_array_get_raw(call->stub), wmem_array_get_count(call->stub), pdu->big_endian);
    return true;
}

static bool interface_is(const Call *call, const char *name)
{
    return call->interface && strcmp(call->interface->name, name) == 0;
}

static void call_set_interface(Call *call, const Guid *uuid, const Interface *interface, InterfaceSource source)
{
    call->has_uuid = true;
    call->uuid = *uuid;
    call->interface = interface;
    call->source = source;
    call->method = interface ? method_find(interface, call->opnum) : NULL;
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
    Activation *a = wmem_new0(wmem_file_scope(), Activation);
    a->frame = call->frame;
    a->conversation = s->conversation;
    call->activation = a;
    return a;
}

static void activation_requested(Step *s, Call *call, const ActivationRequest *request)
{
    Activation *a = activation_new(s, call);
    const ComClass *class = class_find(&request->clsid);
    a->has_clsid = true;
    a->clsid = request->clsid;
    a->server_name = file_string(request->server_name);
    a->n_iids = request->iids->len;
    a->iids = file_copy(request->iids->data, request->iids->len * sizeof(Guid));
    a->is_wmi = class && class->kind == CLASS_WMI;
    if (class && class->kind == CLASS_LATERAL)
        s->result->technique = "T1021.003";
    for (unsigned i = 0; i < a->n_iids && !a->is_wmi; i++) {
        const Interface *interface = interface_find(&a->iids[i]);
        a->is_wmi = interface && interface->family == FAMILY_WMI;
    }
    s->result->activation = a;
    if (!a->is_wmi)
        return;
    add_evidence(s, EVIDENCE_ACTIVATION);
    causality_learn(s, &request->causality_id);
}

static void endpoint_returned(Step *s, Activation *a, const ActivationResponse *response, uint64_t oxid)
{
    a->has_endpoint = response->has_endpoint;
    if (!a->has_endpoint)
        return;
    a->oxid = oxid;
    bindings_learn(s, response->bindings, a);
    ipid_learn_activated(s, &response->ipid_remunknown, &interface_by_name("IRemUnknown")->uuid, a);
    if (!wmem_map_lookup(s->tracker->oxids, &oxid))
        wmem_map_insert(s->tracker->oxids, file_copy(&oxid, sizeof(oxid)), a);
}

static void take_activation_response(Step *s, Call *call, ActivationKind kind, Bytes *b)
{
    ActivationResponse response;
    if (!activation_response_read(b, kind, &response))
        return;
    // The request may be unreadable (snapped) while the response is not: it still hands out an endpoint, of an
    // unknown class.
    Activation *a = call->activation ? call->activation : activation_new(s, call);
    a->response_frame = s->frame;
    a->answered = true;
    a->status = response.status;
    s->result->activation = a;
    s->result->has_status = true;
    s->result->status = response.status;
    endpoint_returned(s, a, &response, response.oxid);
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
    a->is_wmi = known && known->is_wmi;
    a->response_frame = s->frame;
    a->answered = true;
    a->status = response.status;
    s->result->activation = a;
    s->result->has_status = true;
    s->result->status = response.status;
    endpoint_returned(s, a, &response, call->oxid);
    if (known && known->conversation->id && s->conversation->id)
        activity_join(known->conversation, s->conversation);
    activation_response_clear(&response);
}

static bool is_query_interface(const Call *call)
{
    return call->opnum == 3 && (interface_is(call, "IRemUnknown") || interface_is(call, "IRemUnknown2"));
}

static void take_query_interface(Call *call, Bytes *b)
{
    RemQueryRequest request;
    const char *why;
    if (!rem_query_request_read(b, &request, &why))
        return;
    call->n_iids = request.iids->len;
    call->iids = file_copy(request.iids->data, request.iids->len * sizeof(Guid));
    rem_query_request_clear(&request);
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
    call_set_interface(call, &activator->uuid, activator, SOURCE_STRUCTURE);
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
    bool is_windows = c->client_identified && c->locale && strcmp(c->locale, "en-US,en") == 0;
    // The length is padded to four: one character more fits the same stub.
    bool is_process = c->class_length == WIN32_PROCESS_LENGTH || c->class_length == WIN32_PROCESS_LENGTH + 1;
    if (call->opnum == 24 && is_windows && is_process && len > CREATE_FIXED_LENGTH)
        s->result->command_length = len - CREATE_FIXED_LENGTH;
}

static void take_login(Step *s, const CallDetails *d)
{
    Conversation *c = s->conversation;
    c->locale = d->locale;
    s->result->client_silent = !c->client_identified && c->bind_seen;
    if (s->result->client_silent && d->namespace_path && g_str_has_prefix(d->namespace_path, "//./") && !d->locale)
        s->result->client_hint = "impacket: no SetClientInfo, namespace written //./, no locale";
    else if (c->client_identified && d->locale && g_str_has_prefix(d->locale, "ms_"))
        s->result->client_hint = "wmic or a PowerShell WMI cmdlet: SetClientInfo, locale list that starts with ms_";
    else if (c->client_identified && d->locale && strcmp(d->locale, "en-US,en") == 0)
        s->result->client_hint = "System.Management (.NET): SetClientInfo, locale list en-US,en";
}

static void take_wmi_request(Step *s, Call *call, Bytes stub)
{
    PduResult *r = s->result;
    const CallDetails *d = meaning_of_request(call->interface, call->opnum, &stub);
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
        s->conversation->client_identified = true;
    if (interface_is(call, "IWbemLevel1Login") && call->opnum == 6)
        take_login(s, d);
    if (d->command_line && strstr(d->command_line, "\\\\127.0.0.1\\ADMIN$\\__"))
        r->client_hint = "impacket wmiexec: output redirected to \\\\127.0.0.1\\ADMIN$\\__<time>";
}

static void take_orpc_request(Step *s, Call *call, Bytes stub)
{
    OrpcThis this;
    Bytes b = stub;
    if (!orpc_this_read(&b, &this)) {
        if (s->result->decrypted) {
            s->result->undecodable = "does not start with an ORPCTHIS";
            s->result->sealed = true;
        }
        return;
    }
    Conversation *origin = wmem_map_lookup(s->tracker->causality, &this.causality_id);
    if (origin && origin != s->conversation &&
        memcmp(conversation_client(origin)->ip, conversation_client(s->conversation)->ip, 16) == 0) {
        add_evidence(s, EVIDENCE_CAUSALITY);
        activity_join(origin, s->conversation);
    }
    if (is_query_interface(call)) {
        b = stub;
        take_query_interface(call, &b);
    }
    objrefs_learn(s, stub.data, stub.len);
    if (!call->interface || call->interface->family != FAMILY_WMI)
        return;
    causality_learn(s, &this.causality_id);
    take_wmi_request(s, call, stub);
}

static void take_request(Step *s, Call *call)
{
    Bytes stub;
    ActivationKind kind;
    bool whole = message_complete(s, call, &stub);
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
    }
    // A call that cannot be read is judged by its method alone, where it starts.
    bool unread = !call->details && (whole || !is_clear(s) || !s->pdu->complete);
    if (call->method && (call->details ? whole : unread && s->pdu->flags & PFC_FIRST_FRAG)) {
        const char *technique = meaning_technique(call->method, call->details, call->namespace_path);
        if (technique)
            s->result->technique = technique;
    }
}

static void take_orpc_response(Step *s, Call *call, Bytes stub)
{
    PduResult *r = s->result;
    Bytes b = stub;
    const CallOutcome *outcome = call->interface ? meaning_of_response(call->interface, call->opnum, &b) : NULL;
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

static void take_response(Step *s, Call *call)
{
    Bytes stub;
    ActivationKind kind;
    if (!message_complete(s, call, &stub))
        return;
    if (activation_kind(call, &kind))
        take_activation_response(s, call, kind, &stub);
    else if (is_oxid_resolution(call) && call->oxid)
        take_oxid_response(s, call, &stub);
    else if (call->has_object)
        take_orpc_response(s, call, stub);
}

/** The endpoint that activations by this client returned. Only for conversations that carry DCOM objects: a service
 * host offers other RPC on the same port. */
static void check_endpoint(Step *s)
{
    Conversation *c = s->conversation;
    if (c->activation || c->activation_open)
        return;
    EndpointKey key = {.server = *conversation_server(c)};
    memcpy(key.client, conversation_client(c)->ip, 16);
    const EndpointActivations *known = wmem_map_lookup(s->tracker->endpoints, &key);
    if (!known)
        return;
    if (known->latest->is_wmi)
        add_evidence(s, EVIDENCE_OXID_ENDPOINT);
    if (known->count > 1)
        c->activation_open = true;
    else
        link_activation(s, known->latest);
}

/** The object that a call is made on. */
static void check_ipid(Step *s, Call *call)
{
    Conversation *c = s->conversation;
    IpidKey key = ipid_key(c, &call->object);
    const Ipid *known = wmem_map_lookup(s->tracker->ipids, &key);
    if (known) {
        if (known->is_wmi)
            add_evidence(s, EVIDENCE_IPID);
        if (known->activation)
            link_activation(s, known->activation);
        else if (c->id && known->conversation->id)
            activity_join(c, known->conversation);
        call->origin = known->call;
        call->namespace_path = known->namespace_path;
        if (!call->has_uuid) {
            call_set_interface(call, &known->uuid, known->interface, SOURCE_IPID);
            // Later calls on this context may be made on objects that were handed out unseen.
            Context *context = wmem_new0(wmem_file_scope(), Context);
            context->offered.id = call->context_id;
            context->offered.uuid = known->uuid;
            context->interface = known->interface;
            context->source = SOURCE_IPID;
            wmem_map_insert(c->contexts, GUINT_TO_POINTER(call->context_id), context);
        }
    }
    if (c->activation_open && !c->activation) {
        EndpointKey endpoint = {.server = *conversation_server(c)};
        memcpy(endpoint.client, conversation_client(c)->ip, 16);
        const EndpointActivations *activations = wmem_map_lookup(s->tracker->endpoints, &endpoint);
        link_activation(s, activations->latest);
    }
}

// ---- PDUs

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
    HostPair pair;
    memcpy(pair.client, conversation_server(c)->ip, 16);
    memcpy(pair.server, conversation_client(c)->ip, 16);
    Conversation *origin = wmem_map_lookup(s->tracker->wmi_pairs, &pair);
    add_evidence(s, EVIDENCE_INTERFACE);
    if (origin)
        activity_join(c, origin);
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

/** Windows puts the low half of the server's process id in an IPID's second field. Nothing documents this, so whatever
 *  does not look like Windows in its other fields is left alone: a small table index first, an apartment third that is
 *  none, neutral or a thread id. Process and thread ids are multiples of four. */
static uint16_t ipid_process(const Guid *ipid)
{
    bool is_windows = ipid->data1 >> 24 == 0 && ipid->data2 % 4 == 0 && (ipid->data3 == 0xffff || ipid->data3 % 4 == 0);
    return is_windows ? ipid->data2 : 0;
}

static Call *request_call(Step *s)
{
    const Pdu *pdu = s->pdu;
    Conversation *c = s->conversation;
    gpointer key = GUINT_TO_POINTER(pdu->call_id);
    Call *call = wmem_map_lookup(c->calls, key);
    if (call && !(pdu->flags & PFC_FIRST_FRAG) && !call->response_frame)
        return call;

    const Context *context = wmem_map_lookup(c->contexts, GUINT_TO_POINTER(pdu->context_id));
    bool known = context && context->result != RESULT_REJECTED && context->result != RESULT_NEGOTIATED;
    if (known && !context->interface && !pdu->has_object) {
        wmem_map_remove(c->calls, key); // so that its response is not taken for another call's
        return NULL;
    }
    call = wmem_new0(wmem_file_scope(), Call);
    call->id = ++s->tracker->n_calls;
    call->conversation = c;
    call->frame = s->frame;
    call->context_id = pdu->context_id;
    call->opnum = pdu->opnum;
    call->has_object = pdu->has_object;
    call->object = pdu->object;
    call->server_pid = pdu->has_object ? ipid_process(&pdu->object) : 0;
    if (known)
        call_set_interface(call, &context->offered.uuid, context->interface, context->source);
    wmem_map_insert(c->calls, key, call);
    if (call->has_object) {
        if (!c->bind_seen)
            check_endpoint(s);
        check_ipid(s, call);
    }
    return call;
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
    case PDU_REQUEST:
        r->call = request_call(&step);
        if (!r->call)
            return NULL;
        take_request(&step, r->call);
        break;
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
