// SPDX-License-Identifier: GPL-2.0-or-later
// Whose connection it is: a process says who it is on one connection, what was handed out to it leads from there to the others.

#include "judge-fixture.h"

#include "judge/caller.h"

static const char *const activator[] = {"IRemoteActivation", NULL};
static const char *const wmi[] = {"IWbemLevel1Login", "IWbemLoginClientID", "IWbemServices", "IRemUnknown2", NULL};
enum { LOGIN, CLIENT_ID, SERVICES, REMUNKNOWN };
static const uint16_t accepted[] = {0, 0, 0, 0};

/** A process of host 1, or what was seen of it: each has causality ids and pointers of its own. */
typedef struct {
    Conversation *activation, *session; ///< that it activated and logged in on
    Guid login, services;
} Program;

static Guid numbered(uint8_t kind, uint8_t n)
{
    return (Guid){0x00001000, 0x0a80, 0xffff, {kind, n}};
}

static void replace(StubBuilder *s, const Guid *from, const Guid *to)
{
    for (guint i = 0; i + sizeof(Guid) <= s->bytes->len; i++)
        if (memcmp(s->bytes->data + i, from, sizeof(Guid)) == 0)
            memcpy(s->bytes->data + i, to, sizeof(Guid));
}

static PduResult *ask(Judge *j, Conversation *c, uint16_t context, uint16_t opnum, const Guid *object, StubBuilder stub)
{
    static uint8_t causality;
    g_auto(StubBuilder) s = stub;
    const Request r = {.call_id = 10, .context_id = context, .opnum = opnum, .object = object};
    memset(s.bytes->data + 12, ++causality, sizeof(Guid));
    return judge_client(j, c, pdu_call(&r, &s));
}

static void bind(Judge *j, Conversation *c, const char *const *interfaces, size_t n)
{
    judge_client(j, c, pdu_binding(PDU_BIND, 1, interfaces, NULL));
    judge_server(j, c, pdu_binding_ack(PDU_BIND_ACK, 1, accepted, n, NULL));
}

static Conversation *connection(Judge *j, uint8_t client, uint8_t server)
{
    Conversation *c = judge_connect(j, client, server, ACTIVATED_PORT);
    bind(j, c, wmi, 4);
    return c;
}

static Program activate(Judge *j, uint8_t n)
{
    Program p = {.login = numbered('l', n), .services = numbered('s', n)};
    p.activation = judge_connect(j, 1, ACTIVATED_HOST, 135);
    bind(j, p.activation, activator, 1);
    g_auto(StubBuilder) asked = stub_activation(&clsid_wmi, &iid_login), given = stub_activated(1, &iid_login);
    memset(asked.bytes->data + 12, 0x80 + n, sizeof(Guid));
    replace(&given, &ipid_login, &p.login);
    const Request r = {.call_id = 2};
    judge_client(j, p.activation, pdu_call(&r, &asked));
    judge_server(j, p.activation, pdu_answer(&r, &given));
    return p;
}

/** Logs in over a connection of its own; says who it is when `pid` is not 0. */
static void log_in(Judge *j, Program *p, uint32_t pid)
{
    p->session = connection(j, 1, ACTIVATED_HOST);
    static const Guid client_id = {0x00001000, 0x0a80, 0xffff, {'c'}};
    if (pid)
        ask(j, p->session, CLIENT_ID, 3, &client_id, stub_client_info("WS1", pid));
    ask(j, p->session, LOGIN, 6, &p->login, stub_login("root", NULL));
    g_auto(StubBuilder) given = stub_logged_in(&p->services);
    const Request r = {.call_id = 10};
    judge_server(j, p->session, pdu_answer(&r, &given));
}

/** RemQueryInterface for a pointer to the object that `asked` leads to. */
static StubBuilder query(const Guid *asked)
{
    StubBuilder s = sb_request(false);
    sb_guid(&s, asked);
    sb_u32(&s, 5);
    sb_uint(&s, 1, 2);
    sb_align(&s, 4);
    sb_u32(&s, 1);
    sb_guid(&s, &sb_iid_services);
    return s;
}

/** RemAddRef or RemRelease of one pointer. */
static StubBuilder count_references(const Guid *ipid)
{
    StubBuilder s = sb_request(false);
    sb_uint(&s, 1, 2);
    sb_align(&s, 4);
    sb_u32(&s, 1);
    sb_guid(&s, ipid);
    sb_u32(&s, 5);
    sb_u32(&s, 0);
    return s;
}

/** As "pid pid"; "" for none. */
static void check(Judge *j, const Conversation *c, const char *expected)
{
    const InferredProcess *inferred;
    unsigned n = conversation_inferred(j->pool, c, &inferred);
    g_autoptr(GString) s = g_string_new(NULL);
    for (unsigned i = 0; i < n; i++)
        g_string_append_printf(s, "%s%u", i ? " " : "", inferred[i].process->pid);
    g_assert_cmpstr(s->str, ==, expected);
}

static void test_pointer(void)
{
    g_autoptr(Judge) j = judge_new();
    Program p = activate(j, 1);
    check(j, p.activation, "");
    log_in(j, &p, 700);
    check(j, p.session, ""); // says so itself
    check(j, p.activation, "700");
    Conversation *other = connection(j, 1, ACTIVATED_HOST);
    PduResult *r = ask(j, other, SERVICES, 20, &p.services, sb_request(false));
    check(j, other, "700");
    g_assert_true(r->client && r->client->pid == 700 && r->client_inferred);
    const InferredProcess *inferred;
    conversation_inferred(j->pool, other, &inferred);
    g_assert_true(inferred[0].process->conversation == p.session);
    g_assert_cmpuint(inferred[0].call_frame, ==, j->frame);
    announce_done(j->announcer);
    g_assert_cmpuint(judge_said(j, "\"processes\":[{\"conn\":2,\"frame\":7,\"call_frame\":"), >=, 2);
}

/** Another client, and the same pointer of another server. */
static void test_strangers(void)
{
    g_autoptr(Judge) j = judge_new();
    Program p = activate(j, 1);
    log_in(j, &p, 700);
    Conversation *client = connection(j, 4, ACTIVATED_HOST), *server = connection(j, 1, 9);
    PduResult *r = ask(j, client, SERVICES, 20, &p.services, sb_request(false));
    g_assert_null(r->client);
    check(j, client, "");
    ask(j, client, REMUNKNOWN, 5, &ipid_remunknown, sb_request(false));
    check(j, client, "");
    ask(j, server, SERVICES, 20, &p.services, sb_request(false));
    check(j, server, "");
}

/** IRemUnknown is the same for all clients of the exporter: each of them comes into question, unless a call that can be read
 *  names a pointer of one of them. */
static void test_shared_pointer(void)
{
    g_autoptr(Judge) j = judge_new();
    Program one = activate(j, 1), two = activate(j, 2);
    log_in(j, &one, 700);
    Conversation *shared = connection(j, 1, ACTIVATED_HOST);
    PduResult *r = ask(j, shared, REMUNKNOWN, 5, &ipid_remunknown, sb_request(false));
    g_assert_null(r->client);
    check(j, shared, ""); // of the other one nothing is known
    log_in(j, &two, 800);
    check(j, shared, "700 800");
    check(j, one.activation, "700");
    check(j, two.activation, "800");
    g_assert_null(conversation_process(shared));
    Conversation *named = connection(j, 1, ACTIVATED_HOST);
    ask(j, named, REMUNKNOWN, 3, &ipid_remunknown, query(&two.login));
    check(j, named, "800");
    g_assert_cmpuint(conversation_process(named)->pid, ==, 800);
    for (uint16_t opnum = 4; opnum <= 5; opnum++) {
        Conversation *counted = connection(j, 1, ACTIVATED_HOST);
        ask(j, counted, REMUNKNOWN, opnum, &ipid_remunknown, count_references(&one.services));
        check(j, counted, "700");
    }
}

/** A connection of a process that never says who it is does not get the name of its neighbour. */
static void test_silent_process(void)
{
    g_autoptr(Judge) j = judge_new();
    Program talks = activate(j, 1), silent = activate(j, 2);
    log_in(j, &talks, 700);
    log_in(j, &silent, 0);
    check(j, silent.session, "");
    check(j, silent.activation, "");
    Conversation *other = connection(j, 1, ACTIVATED_HOST);
    ask(j, other, SERVICES, 20, &silent.services, sb_request(false));
    check(j, other, "");
    ask(j, other, REMUNKNOWN, 5, &ipid_remunknown, sb_request(false));
    check(j, other, "");
}

/** A process that calls what another one was handed may be either. */
static void test_passed_on(void)
{
    g_autoptr(Judge) j = judge_new();
    Program one = activate(j, 1), two = activate(j, 2);
    log_in(j, &one, 700);
    log_in(j, &two, 800);
    Conversation *c = connection(j, 1, ACTIVATED_HOST);
    ask(j, c, SERVICES, 20, &one.services, sb_request(false));
    ask(j, c, SERVICES, 20, &two.services, sb_request(false));
    check(j, c, "700 800");
    g_assert_cmpuint(one.session->client_said->pid, ==, 700);
}

/** More than can be told apart is nothing, and costs no more. */
static void test_many(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connection(j, 1, ACTIVATED_HOST);
    for (uint8_t i = 1; i <= 60; i++) {
        Program p = activate(j, i);
        log_in(j, &p, 1000u + i);
        ask(j, c, REMUNKNOWN, 5, &ipid_remunknown, sb_request(false));
        if (i > CALLERS_MAX)
            check(j, c, "");
        ask(j, c, SERVICES, 20, &p.services, sb_request(false));
        if (i > CALLER_SAYS_MAX)
            check(j, c, "");
    }
}

/** Of a conversation with endless activations, nobody is said to have made them. */
static void test_many_activations(void)
{
    for (unsigned before = 4095; before <= 4096; before++) {
        g_autoptr(Judge) j = judge_new();
        Program p = activate(j, 1);
        Activation last = *p.activation->activations;
        g_autofree Activation *silent = g_new0(Activation, before);
        for (unsigned i = 0; i < before; i++)
            silent[i] = (Activation){.caller = caller_new(j->pool, p.activation), .next = i ? &silent[i - 1] : &last};
        log_in(j, &p, 700);
        p.activation->activations = &silent[before - 1];
        check(j, p.activation, before < 4096 ? "700" : "");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/caller/pointer", test_pointer);
    g_test_add_func("/judge/caller/strangers", test_strangers);
    g_test_add_func("/judge/caller/shared-pointer", test_shared_pointer);
    g_test_add_func("/judge/caller/silent-process", test_silent_process);
    g_test_add_func("/judge/caller/passed-on", test_passed_on);
    g_test_add_func("/judge/caller/many", test_many);
    g_test_add_func("/judge/caller/many-activations", test_many_activations);
    return g_test_run();
}
