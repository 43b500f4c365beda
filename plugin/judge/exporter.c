// SPDX-License-Identifier: GPL-2.0-or-later

#include "judge/exporter.h"

#include "judge/evidence.h"
#include "judge/keep.h"
#include "wire/objref.h"

#include <wsutil/inet_addr.h>

#define OBJREFS_MAX 16 ///< taken from one message

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

wmem_map_t *endpoints_new(wmem_allocator_t *pool)
{
    return wmem_map_new(pool, EndpointKey_hash, EndpointKey_equal);
}

void exporter_init(Tracker *t)
{
    t->endpoints = endpoints_new(t->pool);
    t->ipids = wmem_map_new(t->pool, IpidKey_hash, IpidKey_equal);
    t->oxids = wmem_map_new(t->pool, wmem_int64_hash, g_int64_equal);
    t->causality = wmem_map_new(t->pool, Guid_hash, Guid_equal);
    t->wmi_pairs = wmem_map_new(t->pool, HostPair_hash, HostPair_equal);
}

static IpidKey ipid_key(const Conversation *c, const Guid *ipid)
{
    IpidKey key;
    memcpy(key.server, conversation_server(c)->ip, 16);
    memcpy(key.ipid, ipid, 16);
    return key;
}

/** `holder`: to whom it was handed out, NULL: not known. */
static Ipid *ipid_take(Step *s, const Guid *ipid, const Guid *iid, Caller *holder)
{
    IpidKey key = ipid_key(s->conversation, ipid);
    Ipid *known = wmem_map_lookup(s->tracker->ipids, &key);
    if (known) {
        callers_add(s->tracker->pool, &known->holders, holder);
        return known;
    }
    known = wmem_new0(s->tracker->pool, Ipid);
    known->interface = interface_find(iid);
    known->uuid = *iid;
    known->is_wmi = known->interface && known->interface->family == FAMILY_WMI;
    known->conversation = s->conversation;
    callers_add(s->tracker->pool, &known->holders, holder);
    wmem_map_insert(s->tracker->ipids, keep_copy(s->tracker->pool, &key, sizeof(key)), known);
    return known;
}

const Interface *exporter_interface(const Step *s, const Guid *ipid)
{
    IpidKey key = ipid_key(s->conversation, ipid);
    const Ipid *known = wmem_map_lookup(s->tracker->ipids, &key);
    return known ? known->interface : NULL;
}

Ipid *ipid_learn(Step *s, const Guid *ipid, const Guid *iid)
{
    return ipid_take(s, ipid, iid, s->conversation->caller);
}

Ipid *ipid_learn_activated(Step *s, const Guid *ipid, const Guid *iid, Activation *a)
{
    Ipid *known = ipid_take(s, ipid, iid, a->caller);
    known->is_wmi = known->is_wmi || a->is_wmi;
    if (!known->activation || !a->resolves)
        known->activation = a;
    return known;
}

static void endpoint_learn(Step *s, const uint8_t server[16], uint16_t port, Activation *a)
{
    EndpointKey key = {.server.port = port};
    memcpy(key.client, conversation_client(s->conversation)->ip, 16);
    memcpy(key.server.ip, server, 16);
    EndpointActivations *known = wmem_map_lookup(s->tracker->endpoints, &key);
    if (!known) {
        known = wmem_new0(s->tracker->pool, EndpointActivations);
        wmem_map_insert(s->tracker->endpoints, keep_copy(s->tracker->pool, &key, sizeof(key)), known);
    }
    // Of its own ports a server knows better than others.
    const uint8_t *answered_by = conversation_server(s->conversation)->ip;
    if (known->latest && memcmp(known->answered_by, server, 16) == 0 && memcmp(answered_by, server, 16) != 0)
        return;
    // Who resolves the OXID of an activation asks again for what that returned.
    bool again = a->resolves && known->latest && known->latest->oxid == a->oxid;
    if (known->latest != a && !again)
        known->count++;
    if (!again)
        known->latest = a;
    memcpy(known->answered_by, answered_by, 16);
    callers_add(s->tracker->pool, &known->callers, a->caller);
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
    const char **texts = wmem_alloc_array(s->tracker->pool, const char *, bindings->len);
    a->bindings = texts;
    a->n_bindings = bindings->len;
    for (guint i = 0; i < bindings->len; i++) {
        const DcomBinding *binding = g_ptr_array_index(bindings, i);
        texts[i] = wmem_strdup_printf(s->tracker->pool, "%s[%u]", binding->host, binding->port);
        if (binding->port == 0)
            continue;
        a->port = a->port ? a->port : binding->port;
        uint8_t ip[16];
        // The server may stand behind another address than those it names: the one that answered counts as well.
        endpoint_learn(s, conversation_server(s->conversation)->ip, binding->port, a);
        if (parse_ip(binding->host, ip))
            endpoint_learn(s, ip, binding->port, a);
    }
}

void causality_learn(Step *s, const Guid *id, Caller *caller)
{
    if (guid_is_null(id))
        return;
    Causality *known = wmem_map_lookup(s->tracker->causality, id);
    if (known) {
        caller_join(caller, known->caller, s->frame);
        return;
    }
    const Causality first = {s->conversation, caller};
    wmem_map_insert(s->tracker->causality, keep_copy(s->tracker->pool, id, sizeof(*id)),
                    keep_copy(s->tracker->pool, &first, sizeof(first)));
}

void objrefs_learn(Step *s, const uint8_t *stub, size_t len)
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
        // What a client passes to others says nothing of whom it passes it to.
        if (is_wmi && s->pdu->type == PDU_RESPONSE)
            add_evidence(s, EVIDENCE_INTERFACE);
        if (o.kind == OBJREF_STANDARD && s->pdu->type == PDU_RESPONSE)
            ipid_learn(s, &o.standard.ipid, &o.iid);
        objref_clear(&o);
    }
}

void endpoint_learn_returned(Step *s, Activation *a, const ActivationResponse *response, uint64_t oxid)
{
    a->has_endpoint = response->has_endpoint;
    if (!a->has_endpoint)
        return;
    a->oxid = oxid;
    bindings_learn(s, response->bindings, a);
    ipid_learn_activated(s, &response->ipid_remunknown, &interface_by_name("IRemUnknown")->uuid, a)->is_shared = true;
    if (!wmem_map_lookup(s->tracker->oxids, &oxid))
        wmem_map_insert(s->tracker->oxids, keep_copy(s->tracker->pool, &oxid, sizeof(oxid)), a);
}

void check_causality(Step *s, const Guid *id)
{
    Conversation *c = s->conversation;
    const Causality *known = wmem_map_lookup(s->tracker->causality, id);
    if (!known || known->conversation == c ||
        memcmp(conversation_client(known->conversation)->ip, conversation_client(c)->ip, 16) != 0)
        return;
    add_evidence(s, EVIDENCE_CAUSALITY);
    activity_join(known->conversation, c);
    caller_join(c->caller, known->caller, s->frame);
}

static const EndpointActivations *endpoint_find(const Step *s)
{
    const Conversation *c = s->conversation;
    EndpointKey key = {.server = *conversation_server(c)};
    memcpy(key.client, conversation_client(c)->ip, 16);
    return wmem_map_lookup(s->tracker->endpoints, &key);
}

/** NULL when nobody was seen to hand it out: neither the server, nor another one that led the client here. */
static const Ipid *ipid_find(const Step *s, const Guid *ipid)
{
    IpidKey key = ipid_key(s->conversation, ipid);
    const Ipid *known = wmem_map_lookup(s->tracker->ipids, &key);
    const EndpointActivations *led = known ? NULL : endpoint_find(s);
    if (!led)
        return known;
    memcpy(key.server, led->answered_by, 16);
    return wmem_map_lookup(s->tracker->ipids, &key);
}

void check_endpoint(Step *s)
{
    Conversation *c = s->conversation;
    if (c->activation || c->activation_open)
        return;
    const EndpointActivations *known = endpoint_find(s);
    // What a server says of the port of another address may be a lie about that; the objects called there will tell.
    if (!known || memcmp(known->answered_by, conversation_server(c)->ip, 16) != 0)
        return;
    if (known->latest->is_wmi)
        add_evidence(s, EVIDENCE_OXID_ENDPOINT);
    if (c->caller)
        conversation_called(c, &known->callers, false, s->frame);
    if (known->count > 1)
        c->activation_open = true;
    else
        link_activation(s, known->latest);
}

void check_holder(Step *s, const Guid *ipid)
{
    IpidKey key = ipid_key(s->conversation, ipid);
    const Ipid *known = wmem_map_lookup(s->tracker->ipids, &key);
    if (known && s->conversation->caller)
        conversation_called(s->conversation, &known->holders, !known->is_shared, s->frame);
}

/** IRemUnknown of an exporter has one pointer, whichever of its two interfaces is called. */
static bool is_remunknown(const Interface *interface)
{
    return interface && g_str_has_prefix(interface->name, "IRemUnknown");
}

/** A client may call every object on one presentation context: the pointer tells its interface, not the context. */
static bool is_other_interface(const Ipid *known, const Call *call)
{
    return known->interface && known->interface != call->interface &&
           !(is_remunknown(known->interface) && is_remunknown(call->interface));
}

/** Notes the first object that is called on a presentation context. */
static void context_call(const Step *s, Context *context, const Call *call, bool known)
{
    if (context->called)
        return;
    context->called = true;
    context->first_object = call->object;
    // Calls are numbered on: before another one, there may have been a call on another object.
    context->is_first = known || s->pdu->call_id <= s->conversation->bind_call_id + 1;
}

/** A client that offers nothing but the interface of the login may send all of its calls on that presentation context. There is
 *  one such object a login. */
static bool may_carry_all(const Conversation *c, const Context *context)
{
    return context->source == SOURCE_BIND && !c->offers_several && context->interface &&
           strcmp(context->interface->name, "IWbemLevel1Login") == 0;
}

/** Whether the interface of an object that nobody was seen to hand out cannot be told by its presentation context. The first
 *  object that was called on that is of its interface all the same. */
static bool is_guess(const Conversation *c, const Context *context, const Call *call)
{
    bool carries = may_carry_all(c, context);
    bool first = guid_equal(&context->first_object, &call->object) && (context->is_first || !carries);
    return (context->shared || carries) && !first;
}

static void context_share(Conversation *c, const Call *call)
{
    Context *context = wmem_map_lookup(c->contexts, GUINT_TO_POINTER(call->context_id));
    if (context)
        context->shared = true;
}

void check_ipid(Step *s, Call *call)
{
    Conversation *c = s->conversation;
    const Ipid *known = ipid_find(s, &call->object);
    Context *context = wmem_map_lookup(c->contexts, GUINT_TO_POINTER(call->context_id));
    if (context) {
        context_call(s, context, call, known);
        if (!known && is_guess(c, context, call))
            call_forget_interface(call);
    }
    if (known) {
        if (known->is_wmi)
            add_evidence(s, EVIDENCE_IPID);
        if (known->activation)
            link_activation(s, known->activation);
        else if (c->id && known->conversation->id)
            activity_join(c, known->conversation);
        check_holder(s, &call->object);
        call->origin = known->call;
        call->namespace_path = known->namespace_path;
        bool bound = call->has_uuid;
        bool other = bound && is_other_interface(known, call);
        if (other)
            context_share(c, call);
        if (!bound || other)
            call_set_interface(call, s->tracker->pool, &known->uuid, known->interface, SOURCE_IPID);
        // What the server rejected stays rejected.
        gpointer context_key = GUINT_TO_POINTER(call->context_id);
        if (!bound && !wmem_map_contains(c->contexts, context_key)) {
            // Later calls on this context may be made on objects that were handed out unseen.
            context = wmem_new0(s->tracker->pool, Context);
            context->offered.id = call->context_id;
            context->offered.uuid = known->uuid;
            context->interface = known->interface;
            context->source = SOURCE_IPID;
            wmem_map_insert(c->contexts, context_key, context);
        }
    }
    if (c->activation_open && !c->activation) {
        EndpointKey endpoint = {.server = *conversation_server(c)};
        memcpy(endpoint.client, conversation_client(c)->ip, 16);
        const EndpointActivations *activations = wmem_map_lookup(s->tracker->endpoints, &endpoint);
        link_activation(s, activations->latest);
    }
}
