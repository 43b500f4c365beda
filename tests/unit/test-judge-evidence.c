// SPDX-License-Identifier: GPL-2.0-or-later
// What makes a conversation remote WMI, or DCOM, and which belong together.

#include "judge-fixture.h"

static const char *const activator[] = {"IRemoteActivation", NULL};
static const char *const resolver[] = {"IOXIDResolver", NULL};
static const char *const remunknown[] = {"IRemUnknown2", NULL};
static const char *const login[] = {"IWbemLevel1Login", NULL};
static const char *const samr[] = {"samr", NULL};
static const uint16_t accepted[] = {0};

static void bind(Judge *j, Conversation *c, const char *const *interfaces)
{
    judge_client(j, c, pdu_binding(PDU_BIND, 1, interfaces, NULL));
    judge_server(j, c, pdu_binding_ack(PDU_BIND_ACK, 1, accepted, 1, NULL));
}

/** An activation by host 1 of host 2. Returns its conversation. */
static Conversation *activate(Judge *j, uint8_t client, const Guid *clsid, const Guid *iid)
{
    Conversation *c = judge_connect(j, client, ACTIVATED_HOST, 135);
    bind(j, c, activator);
    g_auto(StubBuilder) asked = stub_activation(clsid, iid), given = stub_activated(1, iid);
    const Request r = {.call_id = 2};
    judge_client(j, c, pdu_call(&r, &asked));
    judge_server(j, c, pdu_answer(&r, &given));
    return c;
}

/** A call on an object; the stub says nothing but who calls. */
static PduResult *call(Judge *j, Conversation *c, uint32_t id, const Guid *object, uint16_t opnum)
{
    g_auto(StubBuilder) stub = sb_request(false);
    memset(stub.bytes->data + 12, (int) id, 16); // another causality id
    const Request r = {.call_id = id, .opnum = opnum, .object = object};
    return judge_client(j, c, pdu_call(&r, &stub));
}

static void check(const Conversation *c, Confidence confidence, EvidenceKind kind, uint32_t frame)
{
    g_assert_cmpint(c->confidence, ==, confidence);
    g_assert_cmpuint(c->evidence_frame[kind], ==, frame);
}

static void test_interfaces(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *wmi = judge_connect(j, 1, 2, 49000), *dcom = judge_connect(j, 1, 2, 49001);
    Conversation *other = judge_connect(j, 1, 2, 49002);
    bind(j, wmi, login);
    check(wmi, CONFIDENCE_WMI, EVIDENCE_INTERFACE, 1);
    bind(j, dcom, remunknown);
    check(dcom, CONFIDENCE_DCOM, EVIDENCE_DCOM_INTERFACE, 3);
    g_assert_cmpuint(dcom->evidence_frame[EVIDENCE_INTERFACE], ==, 0);
    bind(j, other, samr);
    check(other, CONFIDENCE_NONE, EVIDENCE_DCOM_INTERFACE, 0);
    g_assert_cmpuint(other->id, ==, 0);
    // An Alter_context adds; the first frame of each kind stays.
    judge_client(j, dcom, pdu_binding_from(PDU_ALTER_CONTEXT, 2, 1, login, NULL));
    check(dcom, CONFIDENCE_WMI, EVIDENCE_INTERFACE, 7);
    judge_client(j, dcom, pdu_binding_from(PDU_ALTER_CONTEXT, 3, 2, login, NULL));
    check(dcom, CONFIDENCE_WMI, EVIDENCE_INTERFACE, 7);
    g_assert_cmpuint(conversation_activity(wmi), ==, 1);
    g_assert_cmpuint(conversation_activity(dcom), ==, 2);
    g_assert_cmpuint(judge_said(j, "\"kind\":\"interface\""), ==, 2);
}

static void test_estimate(void)
{
    static const struct {
        uint16_t port;
        bool counts;
    } cases[] = {{135, true}, {49000, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        g_autoptr(GByteArray) token = token_kerberos('t');
        const Verifier verifier = {16, AUTH_LEVEL_CONNECT, 0, token};
        Conversation *c = judge_connect(j, 1, 2, cases[i].port);
        PduResult *r = judge_client(j, c, pdu_binding(PDU_BIND, 1, samr, &verifier));
        g_assert_cmpstr(r->spn, ==, "RPCSS/srv");
        g_assert_cmpstr(r->realm, ==, "CORP.EXAMPLE");
        g_assert_cmpint(c->confidence, ==, cases[i].counts ? CONFIDENCE_RPCSS : CONFIDENCE_NONE);
    }
}

static void test_activation(void)
{
    static const Guid other = {1, 2, 3, {4}};
    const struct {
        const Guid *clsid, *iid;
        Confidence confidence;
        Technique technique;
    } cases[] = {
        {&clsid_wmi, &other, CONFIDENCE_WMI, TECHNIQUE_NONE},
        {&other, &iid_login, CONFIDENCE_WMI, TECHNIQUE_NONE},
        {&clsid_mmc, &other, CONFIDENCE_DCOM, TECHNIQUE_DCOM},
        {&other, &other, CONFIDENCE_DCOM, TECHNIQUE_NONE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = judge_connect(j, 1, 2, 135);
        bind(j, c, activator);
        g_auto(StubBuilder) asked = stub_activation(cases[i].clsid, cases[i].iid);
        const Request r = {.call_id = 2};
        PduResult *p = judge_client(j, c, pdu_call(&r, &asked));
        g_assert_true(p->activation->has_clsid && guid_equal(&p->activation->clsid, cases[i].clsid));
        g_assert_true(p->activation->call == p->call);
        g_assert_cmpint(p->technique, ==, cases[i].technique);
        g_assert_cmpint(c->confidence, ==, cases[i].confidence);
        if (cases[i].confidence == CONFIDENCE_WMI)
            check(c, CONFIDENCE_WMI, EVIDENCE_ACTIVATION, 3);
        // No answer, and a refusal.
        g_assert_false(p->activation->answered);
        PduResult *refusal = judge_server(j, c, pdu_fault(&r, 5));
        g_assert_true(refusal->activation == p->activation && p->activation->answered);
        g_assert_cmpuint(p->activation->status, ==, 5);
        g_assert_true(pdu_denied(refusal));
    }
}

/** Only what was asked for belongs to the object connection, however often the server answers. */
static void test_second_answer(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 135);
    bind(j, c, activator);
    g_auto(StubBuilder) asked = stub_activation(&clsid_wmi, &iid_login);
    g_auto(StubBuilder) given = stub_activated(200, &iid_login), less = stub_activated(2, &iid_login);
    const Request r = {.call_id = 2};
    Activation *a = judge_client(j, c, pdu_call(&r, &asked))->activation;
    judge_server(j, c, pdu_answer(&r, &given));
    g_assert_cmpuint(a->n_bindings, ==, 200);
    for (int i = 0; i < 3; i++) {
        PduResult *again = judge_server(j, c, pdu_answer(&r, i ? &given : &less));
        g_assert_null(again->activation);
        g_assert_cmpuint(a->n_bindings, ==, 200);
        g_assert_cmpuint(a->response_frame, ==, 4);
    }
    g_assert_cmpuint(judge_said(j, "\"event\":\"activated\""), ==, 1);
    judge_server(j, c, pdu_fault(&r, 5));
    g_assert_cmpuint(a->status, ==, 0);
}

static void test_endpoint(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *from = activate(j, 1, &clsid_wmi, &iid_login);
    // Another client has nothing to do with it; nor has other RPC on the port, nor another port.
    Conversation *stranger = judge_connect(j, 3, ACTIVATED_HOST, ACTIVATED_PORT);
    bind(j, stranger, remunknown);
    check(stranger, CONFIDENCE_DCOM, EVIDENCE_OXID_ENDPOINT, 0);
    Conversation *service = judge_connect(j, 1, ACTIVATED_HOST, ACTIVATED_PORT);
    bind(j, service, samr);
    check(service, CONFIDENCE_NONE, EVIDENCE_OXID_ENDPOINT, 0);
    Conversation *elsewhere = judge_connect(j, 1, ACTIVATED_HOST, ACTIVATED_PORT + 1);
    bind(j, elsewhere, remunknown);
    check(elsewhere, CONFIDENCE_DCOM, EVIDENCE_OXID_ENDPOINT, 0);
    Conversation *to = judge_connect(j, 1, ACTIVATED_HOST, ACTIVATED_PORT);
    uint32_t frame = j->frame + 1;
    bind(j, to, remunknown);
    check(to, CONFIDENCE_WMI, EVIDENCE_OXID_ENDPOINT, frame);
    g_assert_true(to->activation && to->activation->conversation == from);
    g_assert_cmpuint(conversation_activity(to), ==, from->id);
    g_assert_cmpuint(conversation_activity(stranger), !=, from->id);
}

/** Where several activations led to an endpoint, the pointer that is called tells which it was. */
static void test_several_activations(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *first = activate(j, 1, &clsid_mmc, &sb_iid_sink);
    Conversation *second = activate(j, 1, &clsid_wmi, &iid_login);
    Conversation *to = judge_connect(j, 1, ACTIVATED_HOST, ACTIVATED_PORT);
    bind(j, to, remunknown);
    g_assert_null(to->activation);
    g_assert_true(to->activation_open);
    call(j, to, 2, &ipid_login, 3); // handed out by both: the newest that gave it
    g_assert_true(to->activation && !to->activation_open);
    g_assert_true(to->activation->conversation == second || to->activation->conversation == first);
}

static void test_pointer(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *from = activate(j, 1, &clsid_wmi, &iid_login);
    // Joined in the middle, from another address of the client: the pointer is enough.
    Conversation *to = judge_connect(j, 4, ACTIVATED_HOST, 60000);
    PduResult *r = call(j, to, 9, &ipid_login, 6);
    check(to, CONFIDENCE_WMI, EVIDENCE_IPID, j->frame);
    g_assert_cmpstr(r->call->interface->name, ==, "IWbemLevel1Login");
    g_assert_cmpint(r->call->source, ==, SOURCE_IPID);
    g_assert_cmpstr(r->call->method->name, ==, "NTLMLogin");
    g_assert_cmpuint(r->call->server_pid, ==, 0x0a80);
    g_assert_cmpuint(conversation_activity(to), ==, from->id);
    // The same pointer of another server is another one.
    Conversation *other = judge_connect(j, 4, 9, 60000);
    r = call(j, other, 10, &ipid_login, 6);
    g_assert_cmpint(other->confidence, ==, CONFIDENCE_NONE);
    g_assert_null(r->call->interface);
}

static void test_causality(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *from = activate(j, 1, &clsid_wmi, &iid_login);
    static const Guid object = {0x11112222, 4, 8, {1}};
    g_auto(StubBuilder) stub = sb_request(false); // with the causality id of the activation
    const Request r = {.call_id = 1, .opnum = 3, .object = &object};
    Conversation *to = judge_connect(j, 1, 7, 60000), *stranger = judge_connect(j, 8, 7, 60000);
    judge_client(j, to, pdu_call(&r, &stub));
    check(to, CONFIDENCE_WMI, EVIDENCE_CAUSALITY, j->frame);
    g_assert_cmpuint(conversation_activity(to), ==, from->id);
    judge_client(j, stranger, pdu_call(&r, &stub));
    g_assert_cmpint(stranger->confidence, ==, CONFIDENCE_NONE);
}

/** A resolution of the OXID that WMI's activation returned leads to WMI. */
static void test_resolution(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *from = activate(j, 1, &clsid_wmi, &iid_login);
    Conversation *c = judge_connect(j, 5, ACTIVATED_HOST, 135);
    bind(j, c, resolver);
    g_auto(StubBuilder) asked = sb_new(false), given = sb_new(false);
    sb_uint(&asked, 0x0102030405060708, 8);
    sb_uint(&asked, 1, 2);
    sb_align(&asked, 4);
    sb_u32(&asked, 1);
    sb_uint(&asked, 7, 2);
    g_auto(StubBuilder) activated = stub_activated(1, &iid_login);
    const guint bindings = 8 + 8 + 4; // behind ORPCTHAT, OXID and the referent
    sb_u32(&given, 0x20000);
    guint len = 4 + 4 + 2 * (activated.bytes->data[bindings] | (guint) activated.bytes->data[bindings + 1] << 8);
    g_byte_array_append(given.bytes, activated.bytes->data + bindings, len);
    sb_align(&given, 4);
    sb_guid(&given, &ipid_remunknown);
    sb_u32(&given, 5);
    sb_uint(&given, 5, 2);
    sb_uint(&given, 7, 2);
    sb_u32(&given, 0);
    const Request r = {.call_id = 2, .opnum = 4};
    judge_client(j, c, pdu_call(&r, &asked));
    PduResult *answer = judge_server(j, c, pdu_answer(&r, &given));
    g_assert_true(answer->activation && answer->activation->is_wmi);
    g_assert_cmpuint(conversation_activity(c), ==, from->id);
    Conversation *to = judge_connect(j, 5, ACTIVATED_HOST, ACTIVATED_PORT);
    bind(j, to, remunknown);
    g_assert_cmpint(to->confidence, ==, CONFIDENCE_WMI);
}

/** The server of a WMI session calls the client's sink back. */
static void test_callback(void)
{
    static const char *const sink[] = {"IWbemObjectSink", NULL};
    g_autoptr(Judge) j = judge_new();
    Conversation *session = judge_connect(j, 1, 2, 49000), *back = judge_connect(j, 2, 1, 50001);
    bind(j, session, login);
    bind(j, back, sink);
    g_assert_true(back->is_callback && !session->is_callback);
    g_assert_cmpuint(conversation_activity(back), ==, session->id);
    Conversation *unrelated = judge_connect(j, 5, 6, 50001);
    bind(j, unrelated, sink);
    g_assert_cmpuint(conversation_activity(unrelated), ==, unrelated->id);
    // A session that offers the sink's interface later is a session.
    judge_client(j, session, pdu_binding_from(PDU_ALTER_CONTEXT, 2, 1, sink, NULL));
    g_assert_false(session->is_callback);
}

/** An activation whose Bind was not captured; on 135 alone it can be nothing else. */
static void test_unbound_activation(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 135);
    g_auto(StubBuilder) asked = stub_activation(&clsid_wmi, &iid_login);
    const Request r = {.call_id = 2, .opnum = 4};
    // RemoteActivation's stub is none of RemoteCreateInstance's.
    PduResult *p = judge_client(j, c, pdu_call(&r, &asked));
    g_assert_null(p->activation);
    g_assert_cmpint(c->confidence, ==, CONFIDENCE_NONE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/evidence/interfaces", test_interfaces);
    g_test_add_func("/judge/evidence/estimate", test_estimate);
    g_test_add_func("/judge/evidence/activation", test_activation);
    g_test_add_func("/judge/evidence/second-answer", test_second_answer);
    g_test_add_func("/judge/evidence/endpoint", test_endpoint);
    g_test_add_func("/judge/evidence/several-activations", test_several_activations);
    g_test_add_func("/judge/evidence/pointer", test_pointer);
    g_test_add_func("/judge/evidence/causality", test_causality);
    g_test_add_func("/judge/evidence/resolution", test_resolution);
    g_test_add_func("/judge/evidence/callback", test_callback);
    g_test_add_func("/judge/evidence/unbound-activation", test_unbound_activation);
    return g_test_run();
}
