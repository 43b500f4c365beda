// SPDX-License-Identifier: GPL-2.0-or-later
// How sure a conversation is WMI, why, and which conversations belong together.
#include "activation-builder.h"
#include "judge-fixture.h"
#include "token-builder.h"

#define CLIENT 1 ///< 10.0.0.1
#define SERVER 2
#define ENDPOINT 50000 ///< of the object exporter
#define SCM_CREATE 4   ///< ISystemActivator::RemoteCreateInstance
#define RPC_ACCESS_DENIED 5

static const Guid clsid_other = {0xdeadbeef, 1, 2, {3, 4, 5, 6, 7, 8, 9, 10}};

/** What this PDU added, as a bit mask. */
#define KIND(kind) (1u << EVIDENCE_##kind)

/** An activation of one interface that returns `SERVER`:ENDPOINT, and the IPIDs `ipid` and `ipid` + 1. */
typedef struct {
    AbActivation a;
    Guid iid, ipid;
    const char *addresses[3];
} Activated;

static void activated_init(Activated *x, const Guid *clsid, const char *iid, uint32_t ipid)
{
    *x = (Activated){
        .iid = interface_uuid(iid), .ipid = windows_ipid(ipid), .addresses = {"SRV[50000]", "10.0.0.2[50000]"}};
    x->a = (AbActivation){.clsid = *clsid,
                          .n = 1,
                          .iids = &x->iid,
                          .server_name = "SRV",
                          .oxid = 0x100 + ipid,
                          .remunknown = windows_ipid(ipid + 1),
                          .addresses = x->addresses,
                          .ipids = &x->ipid};
}

static Conversation *bound(Judge *j, uint16_t port, const char *interface)
{
    Conversation *c = judge_connect(j, CLIENT, SERVER, port);
    (void) judge_bind(j, c, NAMES(interface), NULL);
    return c;
}

static PduResult *ask_activation(Judge *j, Conversation *c, const Activated *x)
{
    g_auto(StubBuilder) request = ab_scm_request(&x->a, true, false);
    return judge_call(j, c, 0, SCM_CREATE, NULL, &request);
}

static PduResult *answer_activation(Judge *j, Conversation *c, const Activated *x)
{
    g_auto(StubBuilder) response = ab_scm_response(&x->a, 0, false);
    return judge_answer(j, c, &response);
}

/** An activation on 135/tcp and its answer. */
static Conversation *activate(Judge *j, const Activated *x)
{
    Conversation *c = bound(j, 135, "ISystemActivator");
    (void) ask_activation(j, c, x);
    (void) answer_activation(j, c, x);
    return c;
}

static PduResult *call_object(Judge *j, Conversation *c, const Guid *ipid)
{
    g_auto(StubBuilder) stub = sb_request(false);
    memset(stub.bytes->data + 12, 0, 16); // no causality
    return judge_call(j, c, 0, 3, ipid, &stub);
}

static void test_interfaces(void)
{
    static const struct {
        const char *interface;
        unsigned evidence;
        Confidence confidence;
    } cases[] = {
        {"IWbemServices", KIND(INTERFACE), CONFIDENCE_WMI},
        {"IWbemLevel1Login", KIND(INTERFACE), CONFIDENCE_WMI},
        {"ISystemActivator", KIND(DCOM_INTERFACE), CONFIDENCE_DCOM},
        {"IOXIDResolver", KIND(DCOM_INTERFACE), CONFIDENCE_DCOM},
        {"IRemUnknown2", KIND(DCOM_INTERFACE), CONFIDENCE_DCOM},
        {"IDispatch", KIND(DCOM_INTERFACE), CONFIDENCE_DCOM},
        {OTHER_INTERFACE, 0, CONFIDENCE_NONE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = judge_connect(j, CLIENT, SERVER, ENDPOINT);
        const PduResult *r = judge_bind(j, c, NAMES(cases[i].interface), NULL);
        g_assert_cmphex(r->evidence, ==, cases[i].evidence);
        g_assert_cmpint(c->confidence, ==, cases[i].confidence);
        g_assert_cmpuint(c->id, ==, cases[i].confidence ? 1 : 0);
        g_assert_cmpuint(conversation_activity(c), ==, c->id);
    }
}

/** Each kind counts once, with the frame of the first; what is surer comes on top. */
static void test_once(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, CLIENT, SERVER, ENDPOINT);
    const PduResult *dcom = judge_bind(j, c, NAMES("IRemUnknown2", "IDispatch"), NULL);
    g_assert_cmphex(dcom->evidence, ==, KIND(DCOM_INTERFACE));
    const PduResult *wmi = judge_alter(j, c, 2, "IWbemServices", NULL);
    g_assert_cmphex(wmi->evidence, ==, KIND(INTERFACE));
    g_assert_cmphex(judge_alter(j, c, 3, "IWbemServices", NULL)->evidence, ==, 0);
    g_assert_cmphex(judge_alter(j, c, 4, "IRemUnknown", NULL)->evidence, ==, 0);
    g_assert_cmpuint(c->evidence_frame[EVIDENCE_DCOM_INTERFACE], ==, dcom->frame);
    g_assert_cmpuint(c->evidence_frame[EVIDENCE_INTERFACE], ==, wmi->frame);
    g_assert_cmpint(c->confidence, ==, CONFIDENCE_WMI);
    g_assert_cmpuint(c->id, ==, 1);
}

/** RPCSS as the target means something on its own port alone. */
static void test_rpcss(void)
{
    static const struct {
        uint16_t port;
        const char *target;
        bool expected;
    } cases[] = {
        {135, "RPCSS/srv", true}, {135, "rpcss/srv", true},    {135, "host/srv", false},
        {135, "RPCSSX", false},   {49668, "RPCSS/srv", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        g_autoptr(GByteArray) token = tb_ntlm_authenticate((TbNtlm){.lm = tb_filler(24),
                                                                    .nt = tb_ntlmv2(cases[i].target),
                                                                    .domain = tb_utf16le("CORP"),
                                                                    .user = tb_utf16le("jdoe"),
                                                                    .workstation = tb_utf16le("WKS"),
                                                                    .flags = 0xe2888215});
        const Verifier verifier = {AUTH_TYPE_NTLM, AUTH_LEVEL_CONNECT, 1, token};
        Conversation *c = judge_connect(j, CLIENT, SERVER, cases[i].port);
        const PduResult *r = judge_client(j, c, pb_auth3(1, &verifier));
        g_assert_cmphex(r->evidence, ==, cases[i].expected ? KIND(RPCSS_SPN) : 0);
        g_assert_cmpint(c->confidence, ==, cases[i].expected ? CONFIDENCE_RPCSS : CONFIDENCE_NONE);
        g_assert_cmpstr(r->spn, ==, cases[i].target);
    }
}

/** WMI by its class, or by one of the interfaces asked for. */
static void test_activation_class(void)
{
    const struct {
        const Guid *clsid;
        const char *iid;
        bool wmi;
        Technique technique;
    } cases[] = {
        {&clsid_wmi, "IWbemLevel1Login", true, TECHNIQUE_NONE},
        {&clsid_wmi, "IUnknown", true, TECHNIQUE_NONE},
        {&clsid_other, "IWbemServices", true, TECHNIQUE_NONE},
        {&clsid_other, "IUnknown", false, TECHNIQUE_NONE},
        {&clsid_mmc, "IDispatch", false, TECHNIQUE_DCOM},
        {&clsid_wmi, "IWbemLoginClientID", true, TECHNIQUE_NONE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (unsigned form = 0; form < 3; form++) {
            bool remote = form == 2;
            g_autoptr(Judge) j = judge_new();
            Activated x;
            activated_init(&x, cases[i].clsid, cases[i].iid, 0x10);
            Conversation *c = bound(j, 135, remote ? "IRemoteActivation" : "ISystemActivator");
            g_auto(StubBuilder) stub = remote ? ab_remote_request(&x.a, false) : ab_scm_request(&x.a, form == 0, false);
            const uint16_t opnum = remote ? 0 : form == 0 ? 4 : 3;
            const PduResult *r = judge_call(j, c, 0, opnum, NULL, &stub);
            g_assert_cmphex(r->evidence, ==, cases[i].wmi ? KIND(ACTIVATION) : 0);
            g_assert_cmpint(technique_of(r), ==, cases[i].technique);
            bool asks = strcmp(cases[i].iid, "IWbemLoginClientID") == 0;
            g_assert_true((c->mark_frame[MARK_ACTIVATED_CLIENT_ID] != 0) == asks);
            g_assert_nonnull(r->activation);
            g_assert_true(r->activation->is_wmi == cases[i].wmi);
            g_assert_true(guid_equal(&r->activation->clsid, cases[i].clsid));
            g_assert_cmpuint(r->activation->n_iids, ==, 1);
            g_assert_true(guid_equal(r->activation->iids, &x.iid));
            g_assert_cmpstr(r->activation->server_name, ==, remote ? NULL : "SRV");
            g_assert_true(r->activation->call == r->call);

            g_auto(StubBuilder) response = remote ? ab_remote_response(&x.a, false) : ab_scm_response(&x.a, 0, false);
            const PduResult *answer = judge_answer(j, c, &response);
            g_assert_true(answer->activation == r->activation);
            g_assert_true(r->activation->answered && r->activation->has_endpoint);
            g_assert_cmphex(r->activation->oxid, ==, 0x110);
            g_assert_cmpuint(r->activation->response_frame, ==, answer->frame);
            g_assert_cmpuint(r->activation->n_bindings, ==, 2);
            g_assert_cmpstr(r->activation->bindings[1], ==, "10.0.0.2[50000]");
            g_assert_true(answer->has_status && answer->status == 0);
        }
    }
}

/** The call can be nothing else: without its Bind it is an activation, on 135/tcp only. */
static void test_activation_without_bind(void)
{
    for (unsigned i = 0; i < 3; i++) {
        g_autoptr(Judge) j = judge_new();
        Activated x;
        activated_init(&x, &clsid_wmi, "IWbemLevel1Login", 0x10);
        Conversation *c = judge_connect(j, CLIENT, SERVER, i == 1 ? 49668 : 135);
        g_auto(StubBuilder) stub = i == 2 ? sb_request(false) : ab_scm_request(&x.a, true, false);
        const PduResult *r = judge_call(j, c, 0, SCM_CREATE, NULL, &stub);
        g_assert_cmphex(r->evidence, ==, i == 0 ? KIND(DCOM_INTERFACE) | KIND(ACTIVATION) : 0);
        g_assert_true(r->call->has_uuid == (i == 0));
        if (i > 0)
            continue;
        g_assert_cmpstr(r->call->interface->name, ==, "ISystemActivator");
        g_assert_cmpstr(r->call->method->name, ==, "RemoteCreateInstance");
        g_assert_cmpint(r->call->source, ==, SOURCE_STRUCTURE);
        (void) answer_activation(j, c, &x);
        g_assert_true(r->activation->answered);
    }
}

/** A request that cannot be read: its answer still hands out an endpoint, of an unknown class. */
static void test_activation_unread(void)
{
    g_autoptr(Judge) j = judge_new();
    Activated x;
    activated_init(&x, &clsid_wmi, "IWbemLevel1Login", 0x10);
    Conversation *c = bound(j, 135, "ISystemActivator");
    g_auto(StubBuilder) stub = sb_request(false);
    g_assert_null(judge_call(j, c, 0, SCM_CREATE, NULL, &stub)->activation);
    const PduResult *r = answer_activation(j, c, &x);
    g_assert_nonnull(r->activation);
    g_assert_false(r->activation->has_clsid);
    g_assert_false(r->activation->is_wmi);
    Conversation *object = bound(j, ENDPOINT, "IRemUnknown2");
    g_assert_true(object->activation == r->activation);
    g_assert_cmpuint(conversation_activity(object), ==, c->id);
    g_assert_cmpint(object->confidence, ==, CONFIDENCE_DCOM);
}

/** A fault, or a status, is an answer, too. */
static void test_activation_denied(void)
{
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(Judge) j = judge_new();
        Activated x;
        activated_init(&x, &clsid_wmi, "IWbemLevel1Login", 0x10);
        Conversation *c = bound(j, 135, "ISystemActivator");
        const Activation *a = ask_activation(j, c, &x)->activation;
        g_auto(StubBuilder) denied = ab_scm_response_of(NULL, 0x80070005, false);
        const PduResult *r = i ? judge_fault(j, c, RPC_ACCESS_DENIED) : judge_answer(j, c, &denied);
        g_assert_true(r->activation == a && a->answered);
        g_assert_false(a->has_endpoint);
        g_assert_cmphex(a->status, ==, i ? RPC_ACCESS_DENIED : 0x80070005);
        g_assert_cmphex(r->status, ==, a->status);
        g_assert_true(pdu_denied(r));
        Conversation *object = bound(j, ENDPOINT, "IRemUnknown2");
        g_assert_null(object->activation);
    }
}

/** The endpoint that a WMI activation returned: for objects, of the same client. */
static void test_endpoint(void)
{
    g_autoptr(Judge) j = judge_new();
    Activated x;
    activated_init(&x, &clsid_wmi, "IWbemLevel1Login", 0x10);
    Conversation *scm = activate(j, &x);

    Conversation *object = judge_connect(j, CLIENT, SERVER, ENDPOINT);
    const PduResult *r = judge_bind(j, object, NAMES("IRemUnknown2"), NULL);
    g_assert_cmphex(r->evidence, ==, KIND(DCOM_INTERFACE) | KIND(OXID_ENDPOINT));
    g_assert_nonnull(object->activation);
    g_assert_true(object->activation->conversation == scm);
    g_assert_cmpuint(conversation_activity(object), ==, scm->id);

    Conversation *other_rpc = judge_connect(j, CLIENT, SERVER, ENDPOINT);
    g_assert_cmphex(judge_bind(j, other_rpc, NAMES(OTHER_INTERFACE), NULL)->evidence, ==, 0);
    Conversation *other_client = judge_connect(j, 9, SERVER, ENDPOINT);
    g_assert_cmphex(judge_bind(j, other_client, NAMES("IRemUnknown2"), NULL)->evidence, ==, KIND(DCOM_INTERFACE));
    g_assert_null(other_client->activation);
    Conversation *other_port = bound(j, ENDPOINT + 1, "IRemUnknown2");
    g_assert_null(other_port->activation);
    Conversation *resolver = bound(j, ENDPOINT, "IOXIDResolver"); // no object
    g_assert_null(resolver->activation);

    // Without its Bind, a call on an object is enough; one without an object is not.
    const Guid unknown = windows_ipid(0x999);
    Conversation *unbound = judge_connect(j, CLIENT, SERVER, ENDPOINT);
    (void) judge_call(j, unbound, 0, 3, NULL, NULL);
    g_assert_null(unbound->activation);
    g_assert_cmphex(call_object(j, unbound, &unknown)->evidence, ==, KIND(OXID_ENDPOINT));
    g_assert_true(unbound->activation == object->activation);
}

/** The server stands behind another address than the one it names. What it says of that other one counts once an object that it
 *  handed out is called there: it may have named somebody else. */
static void test_endpoint_addresses(void)
{
    g_autoptr(Judge) j = judge_new();
    Activated x;
    activated_init(&x, &clsid_wmi, "IWbemLevel1Login", 0x10);
    x.addresses[1] = "10.0.0.7[50000]";
    (void) activate(j, &x);
    g_assert_nonnull(bound(j, ENDPOINT, "IRemUnknown2")->activation);
    Conversation *inside = judge_connect(j, CLIENT, 7, ENDPOINT);
    (void) judge_bind(j, inside, NAMES("IRemUnknown2"), NULL);
    g_assert_null(inside->activation);
    const Guid unknown = windows_ipid(0x999);
    (void) call_object(j, inside, &unknown);
    g_assert_cmpint(inside->confidence, ==, CONFIDENCE_DCOM);
    g_assert_cmphex(call_object(j, inside, &x.ipid)->evidence, ==, KIND(IPID));
    g_assert_nonnull(inside->activation);
}

/** Several activations led to the endpoint: the first IPID that is called tells which, an unknown one leaves the newest. */
static void test_endpoint_of_several(void)
{
    for (unsigned i = 0; i < 3; i++) {
        g_autoptr(Judge) j = judge_new();
        Activated first, second;
        activated_init(&first, &clsid_wmi, "IWbemLevel1Login", 0x10);
        activated_init(&second, &clsid_other, "IDispatch", 0x20);
        Conversation *one = activate(j, &first), *two = activate(j, &second);
        Conversation *object = bound(j, ENDPOINT, "IRemUnknown2");
        g_assert_null(object->activation);
        g_assert_true(object->activation_open);
        g_assert_cmpint(object->confidence, ==, CONFIDENCE_DCOM); // the newest is none of WMI's
        const Guid unknown = windows_ipid(0x999);
        const PduResult *r = call_object(j, object, i == 0 ? &first.ipid : i == 1 ? &second.ipid : &unknown);
        g_assert_true(object->activation->conversation == (i == 0 ? one : two));
        g_assert_false(object->activation_open);
        g_assert_cmphex(r->evidence, ==, i == 0 ? KIND(IPID) : 0);
        g_assert_cmpuint(conversation_activity(object), ==, i == 0 ? one->id : two->id);
        (void) call_object(j, object, &first.ipid); // decided is decided
        g_assert_true(object->activation->conversation == (i == 0 ? one : two));
    }
}

/** To resolve an OXID is no second activation of its endpoint; to resolve another one is. */
static void test_oxid_again(void)
{
    for (unsigned same = 0; same < 2; same++) {
        g_autoptr(Judge) j = judge_new();
        Activated x;
        activated_init(&x, &clsid_wmi, "IWbemLevel1Login", 0x10);
        Conversation *scm = activate(j, &x);
        Conversation *resolver = bound(j, 135, "IOXIDResolver");
        g_auto(StubBuilder) request = ab_oxid_request(same ? x.a.oxid : 0x777, false);
        (void) judge_call(j, resolver, 0, 0, NULL, &request);
        g_auto(StubBuilder) response = ab_oxid_response(&x.a, 0, false);
        (void) judge_answer(j, resolver, &response);
        Conversation *object = bound(j, ENDPOINT, "IRemUnknown2");
        g_assert_true(object->activation_open == !same);
        g_assert_true(!same || object->activation->conversation == scm);
        (void) call_object(j, object, &x.a.remunknown);
        g_assert_true(object->activation->conversation == (same ? scm : resolver));
    }
}

/** An OXID that is resolved again leads to the activation's class. */
static void test_oxid(void)
{
    for (uint16_t opnum = 0; opnum <= 4; opnum += 4) {
        for (unsigned known = 0; known < 2; known++) {
            g_autoptr(Judge) j = judge_new();
            Activated x;
            activated_init(&x, &clsid_wmi, "IWbemLevel1Login", 0x10);
            Conversation *scm = activate(j, &x);
            x.addresses[0] = "SRV[50007]";
            x.addresses[1] = NULL;
            Conversation *resolver = bound(j, 135, "IOXIDResolver");
            g_auto(StubBuilder) request = ab_oxid_request(known ? x.a.oxid : 0x777, false);
            (void) judge_call(j, resolver, 0, opnum, NULL, &request);
            g_auto(StubBuilder) response = ab_oxid_response(&x.a, opnum, false);
            const PduResult *r = judge_answer(j, resolver, &response);
            g_assert_true(r->activation->is_wmi == !!known);
            g_assert_true(r->activation->has_endpoint);
            g_assert_cmphex(r->activation->oxid, ==, known ? x.a.oxid : 0x777);
            g_assert_cmpuint(conversation_activity(resolver), ==, known ? scm->id : resolver->id);
            Conversation *object = judge_connect(j, CLIENT, SERVER, 50007);
            const PduResult *bind = judge_bind(j, object, NAMES("IRemUnknown2"), NULL);
            g_assert_true(!!(bind->evidence & KIND(OXID_ENDPOINT)) == !!known);
        }
    }
}

/** IPIDs that an activation returned: its interfaces and its IRemUnknown. */
static void test_ipid_of_activation(void)
{
    g_autoptr(Judge) j = judge_new();
    Activated x;
    activated_init(&x, &clsid_wmi, "IWbemLevel1Login", 0x10);
    Conversation *scm = activate(j, &x);
    const Guid ipids[] = {x.ipid, x.a.remunknown, windows_ipid(0x999)};
    static const char *const interfaces[] = {"IWbemLevel1Login", "IRemUnknown", NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(ipids); i++) {
        Conversation *c = judge_connect(j, CLIENT, SERVER, 51111); // no endpoint that is known
        const PduResult *r = call_object(j, c, &ipids[i]);
        g_assert_cmphex(r->evidence, ==, interfaces[i] ? KIND(IPID) : 0);
        g_assert_cmpstr(r->call->interface ? r->call->interface->name : NULL, ==, interfaces[i]);
        g_assert_cmpuint(conversation_activity(c), ==, interfaces[i] ? scm->id : 0);
        if (!interfaces[i])
            continue;
        g_assert_cmpint(r->call->source, ==, SOURCE_IPID);
        g_assert_true(c->activation->conversation == scm);
        // Its context is known from then on, for objects that were handed out unseen, too.
        g_assert_cmpstr(call_object(j, c, &ipids[2])->call->interface->name, ==, interfaces[i]);
    }
    // What was denied was not handed out.
    const Guid iids[] = {x.iid, interface_uuid("IWbemServices")}, given[] = {x.ipid, {0}};
    x.a.n = 2;
    x.a.iids = iids;
    x.a.ipids = given;
    (void) activate(j, &x);
    g_assert_cmphex(call_object(j, judge_connect(j, CLIENT, SERVER, 51111), &given[1])->evidence, ==, 0);
    // An IPID means something on the server that gave it only.
    Conversation *elsewhere = judge_connect(j, CLIENT, 3, 51111);
    g_assert_cmphex(call_object(j, elsewhere, &x.ipid)->evidence, ==, 0);
}

/** RemQueryInterface names IIDs in the request and IPIDs in the response. */
static void test_ipid_of_query(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = bound(j, 51111, "IRemUnknown2");
    const Guid remunknown = windows_ipid(0x11), given = windows_ipid(0x31), denied = windows_ipid(0x32);
    g_auto(StubBuilder) request = stub_query_interface(&given, NAMES("IWbemServices", "IWbemCallResult"));
    const Call *query = judge_call(j, c, 0, 3, &remunknown, &request)->call;
    g_assert_cmpuint(query->n_iids, ==, 2);
    g_auto(StubBuilder) response = stub_interfaces((const Guid[]){given, denied}, 2, 1);
    (void) judge_answer(j, c, &response);

    Conversation *other = judge_connect(j, CLIENT, SERVER, 51111);
    g_assert_cmphex(call_object(j, other, &denied)->evidence, ==, 0);
    const PduResult *r = call_object(j, other, &given);
    g_assert_cmphex(r->evidence, ==, KIND(IPID));
    g_assert_cmpstr(r->call->interface->name, ==, "IWbemServices");
    g_assert_cmpuint(conversation_activity(other), ==, c->id);
}

/** An OBJREF of a WMI interface counts where a server hands it out, not where a client passes it on. */
static void test_objref(void)
{
    for (unsigned from_server = 0; from_server < 2; from_server++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = bound(j, 51111, "IDispatch");
        const Guid object = windows_ipid(0x11), handed = windows_ipid(0x41), iid = interface_uuid("IWbemServices");
        g_autoptr(GByteArray) objref = sb_objref_standard(&iid, &handed);
        g_auto(StubBuilder) request = sb_request(false), response = sb_response(false);
        sb_interface(from_server ? &response : &request, objref);
        sb_u32(&response, 0);
        const PduResult *asked = judge_call(j, c, 0, 3, &object, &request);
        g_assert_cmphex(asked->evidence, ==, 0);
        const PduResult *answered = judge_answer(j, c, &response);
        g_assert_cmphex(answered->evidence, ==, from_server ? KIND(INTERFACE) : 0);
        Conversation *other = judge_connect(j, CLIENT, SERVER, 51111);
        g_assert_cmphex(call_object(j, other, &handed)->evidence, ==, from_server ? KIND(IPID) : 0);
    }
    // Not more than a few of one message, however many signatures stand in it.
    g_autoptr(Judge) j = judge_new();
    Conversation *c = bound(j, 51111, "IDispatch");
    const Guid object = windows_ipid(0x11), handed = windows_ipid(0x41), iid = interface_uuid("IWbemServices");
    g_autoptr(GByteArray) objref = sb_objref_standard(&iid, &handed);
    g_auto(StubBuilder) request = sb_request(false), response = sb_response(false);
    for (unsigned i = 0; i < 16; i++)
        sb_u32(&response, 0x574f454d);
    sb_interface(&response, objref);
    (void) judge_call(j, c, 0, 3, &object, &request);
    g_assert_cmphex(judge_answer(j, c, &response)->evidence, ==, 0);
}

/** The causality id of a WMI call or activation, in another conversation of the same client. */
static void test_causality(void)
{
    for (unsigned i = 0; i < 2; i++) {
        g_autoptr(Judge) j = judge_new();
        const Guid object = windows_ipid(0x11);
        g_auto(StubBuilder) stub = sb_request(false); // with sb_causality
        Conversation *origin;
        if (i == 0) {
            origin = bound(j, 51111, "IWbemServices");
            (void) judge_call(j, origin, 0, 3, &object, &stub);
        } else {
            Activated x;
            activated_init(&x, &clsid_wmi, "IWbemLevel1Login", 0x10);
            origin = bound(j, 135, "ISystemActivator");
            (void) ask_activation(j, origin, &x);
        }
        Conversation *next = judge_connect(j, CLIENT, 3, 52222);
        g_auto(StubBuilder) same = sb_request(false);
        g_assert_cmphex(judge_call(j, next, 0, 3, &object, &same)->evidence, ==, KIND(CAUSALITY));
        g_assert_cmpuint(conversation_activity(next), ==, origin->id);
        g_assert_cmpint(next->confidence, ==, CONFIDENCE_WMI);
        Conversation *other_client = judge_connect(j, 9, 3, 52222);
        g_auto(StubBuilder) theirs = sb_request(false);
        g_assert_cmphex(judge_call(j, other_client, 0, 3, &object, &theirs)->evidence, ==, 0);
    }
    // A null id is no id.
    g_autoptr(Judge) j = judge_new();
    const Guid object = windows_ipid(0x11);
    (void) call_object(j, bound(j, 51111, "IWbemServices"), &object);
    g_assert_cmphex(call_object(j, judge_connect(j, CLIENT, SERVER, 52222), &object)->evidence, ==, 0);
    // Nor does one of plain DCOM mean anything.
    g_auto(StubBuilder) dcom = sb_request(false), other = sb_request(false);
    (void) judge_call(j, bound(j, 51111, "IDispatch"), 0, 3, &object, &dcom);
    g_assert_cmphex(judge_call(j, judge_connect(j, CLIENT, SERVER, 52222), 0, 3, &object, &other)->evidence, ==, 0);
}

/** The server connects to the client's sink: WMI, of the newest WMI conversation between the two. */
static void test_callback(void)
{
    static const char *const sinks[] = {"IWbemObjectSink", "IWbemObjectSinkEx"};
    for (size_t i = 0; i < G_N_ELEMENTS(sinks); i++) {
        g_autoptr(Judge) j = judge_new();
        (void) bound(j, 51111, "IWbemServices");
        Conversation *newest = bound(j, 51112, "IWbemServices");
        Conversation *stranger = judge_connect(j, 3, CLIENT, 60000);
        (void) judge_bind(j, stranger, NAMES(sinks[i]), NULL);
        Conversation *callback = judge_connect(j, SERVER, CLIENT, 60000);
        const PduResult *r = judge_bind(j, callback, NAMES(sinks[i]), NULL);
        g_assert_cmphex(r->evidence, ==, KIND(INTERFACE));
        g_assert_true(callback->is_callback && stranger->is_callback);
        g_assert_cmpuint(conversation_activity(callback), ==, newest->id);
        g_assert_cmpuint(conversation_activity(stranger), ==, stranger->id);
        // A callback is not where a callback comes from.
        Conversation *back = judge_connect(j, CLIENT, SERVER, 60001);
        (void) judge_bind(j, back, NAMES(sinks[i]), NULL);
        g_assert_cmpuint(conversation_activity(back), ==, back->id);
    }
    // A client that offers a sink among others is none: its conversation has begun as WMI.
    g_autoptr(Judge) j = judge_new();
    Conversation *c = bound(j, 51111, "IWbemServices");
    (void) judge_alter(j, c, 1, "IWbemObjectSink", NULL);
    g_assert_false(c->is_callback);
}

/** Three conversations become one activity in whatever order; its number is the lowest. */
static void test_activity(void)
{
    static const unsigned orders[][2] = {{0, 1}, {1, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(orders); i++) {
        g_autoptr(Judge) j = judge_new();
        const Guid object = windows_ipid(0x11);
        const uint8_t marks[] = {1, 2};
        Conversation *c[3], *origin[2];
        for (unsigned k = 0; k < 3; k++)
            c[k] = bound(j, (uint16_t) (51111 + k), "IWbemServices");
        // c[1] and c[2] share one causality id, c[0] and c[2] another.
        origin[0] = c[1];
        origin[1] = c[0];
        for (unsigned k = 0; k < 2; k++) {
            g_auto(StubBuilder) stub = sb_request(false);
            stub.bytes->data[12] = marks[k];
            (void) judge_call(j, origin[k], 0, 3, &object, &stub);
        }
        for (unsigned k = 0; k < 2; k++) {
            g_auto(StubBuilder) stub = sb_request(false);
            stub.bytes->data[12] = marks[orders[i][k]];
            (void) judge_call(j, c[2], 0, 3, &object, &stub);
            g_assert_cmpuint(conversation_activity(c[2]), ==, k == 0 && i == 0 ? 2 : 1);
        }
        for (unsigned k = 0; k < 3; k++)
            g_assert_cmpuint(conversation_activity(c[k]), ==, 1);
    }
}

/** The second answer of a call is ignored, whoever sends it again. */
static void test_answered_once(void)
{
    g_autoptr(Judge) j = judge_new();
    Activated x;
    activated_init(&x, &clsid_wmi, "IWbemLevel1Login", 0x10);
    Conversation *c = bound(j, 135, "ISystemActivator");
    const Activation *a = ask_activation(j, c, &x)->activation;
    (void) answer_activation(j, c, &x);
    for (unsigned i = 0; i < 3; i++) {
        x.addresses[0] = "OTHER[4444]";
        x.addresses[1] = NULL;
        x.a.oxid++;
        const PduResult *r = answer_activation(j, c, &x);
        g_assert_null(r->activation);
        g_assert_false(r->begins_answer);
    }
    g_assert_null(judge_fault(j, c, RPC_ACCESS_DENIED)->activation);
    g_assert_cmpuint(a->n_bindings, ==, 2);
    g_assert_cmphex(a->oxid, ==, 0x110);
    g_assert_cmphex(a->status, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/evidence/interfaces", test_interfaces);
    g_test_add_func("/judge/evidence/once", test_once);
    g_test_add_func("/judge/evidence/rpcss", test_rpcss);
    g_test_add_func("/judge/evidence/activation-class", test_activation_class);
    g_test_add_func("/judge/evidence/activation-without-bind", test_activation_without_bind);
    g_test_add_func("/judge/evidence/activation-unread", test_activation_unread);
    g_test_add_func("/judge/evidence/activation-denied", test_activation_denied);
    g_test_add_func("/judge/evidence/endpoint", test_endpoint);
    g_test_add_func("/judge/evidence/endpoint-addresses", test_endpoint_addresses);
    g_test_add_func("/judge/evidence/endpoint-of-several", test_endpoint_of_several);
    g_test_add_func("/judge/evidence/oxid", test_oxid);
    g_test_add_func("/judge/evidence/oxid-again", test_oxid_again);
    g_test_add_func("/judge/evidence/ipid-of-activation", test_ipid_of_activation);
    g_test_add_func("/judge/evidence/ipid-of-query", test_ipid_of_query);
    g_test_add_func("/judge/evidence/objref", test_objref);
    g_test_add_func("/judge/evidence/causality", test_causality);
    g_test_add_func("/judge/evidence/callback", test_callback);
    g_test_add_func("/judge/evidence/activity", test_activity);
    g_test_add_func("/judge/evidence/answered-once", test_answered_once);
    return g_test_run();
}
