// SPDX-License-Identifier: GPL-2.0-or-later
// Presentation contexts: what a call's context id means.
#include "judge-fixture.h"

static const Guid object = {0x1401, 0x0a80, 0xffff, {8, 8, 8, 8, 8, 8, 8, 8}};

/** A call on a context of a new connection; its interface's name, NULL for one that is not known. */
static const char *called_interface(Judge *j, Conversation *c, uint16_t context)
{
    const PduResult *r = judge_call(j, c, context, 3, &object, NULL);
    g_assert_nonnull(r);
    return r->call->interface ? r->call->interface->name : NULL;
}

static void answer(Judge *j, Conversation *c, PduType type, uint32_t call_id, const uint16_t *results, unsigned n)
{
    g_assert_nonnull(judge_server(j, c, pb_bind_ack(type, call_id, results, n, NULL)));
}

/** Each context keeps its own interface, until the server says no. */
static void test_results(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49668);
    const PbContext contexts[] = {
        {0, interface_uuid("IWbemServices")},   {1, interface_uuid("IEnumWbemClassObject")},
        {2, interface_uuid("IWbemServices")},   {3, interface_uuid("IWbemCallResult")},
        {4, interface_uuid("IWbemCallResult")},
    };
    const uint16_t results[] = {CONTEXT_ACCEPTED, CONTEXT_PROVIDER_REJECTED, CONTEXT_NEGOTIATED, CONTEXT_USER_REJECTED};
    const PduResult *bind = judge_client(j, c, pb_bind(PDU_BIND, 7, contexts, G_N_ELEMENTS(contexts), NULL));
    g_assert_cmpuint(bind->n_contexts, ==, 5);
    g_assert_cmpint(bind->contexts[0].result, ==, RESULT_UNKNOWN);
    answer(j, c, PDU_BIND_ACK, 7, results, G_N_ELEMENTS(results)); // fewer than contexts
    static const ContextResult expected[] = {RESULT_ACCEPTED, RESULT_REJECTED, RESULT_NEGOTIATED, RESULT_REJECTED,
                                             RESULT_UNKNOWN};
    for (size_t i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_cmpint(bind->contexts[i].result, ==, expected[i]);
    g_assert_cmpstr(called_interface(j, c, 0), ==, "IWbemServices");
    g_assert_null(called_interface(j, c, 1));
    g_assert_null(called_interface(j, c, 2));
    g_assert_null(called_interface(j, c, 3));
    g_assert_cmpstr(called_interface(j, c, 4), ==, "IWbemCallResult"); // not answered: may have been accepted
    g_assert_null(called_interface(j, c, 5));
}

/** More results than contexts, and an answer without a Bind. */
static void test_more_results(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49668);
    static const uint16_t results[255];
    const PbContext context = {0, interface_uuid("IWbemServices")};
    (void) judge_client(j, c, pb_bind(PDU_BIND, 1, &context, 1, NULL));
    const PduResult *ack = judge_server(j, c, pb_bind_ack(PDU_BIND_ACK, 1, results, G_N_ELEMENTS(results), NULL));
    g_assert_nonnull(ack->bind);
    ack = judge_server(j, c, pb_bind_ack(PDU_BIND_ACK, 1, results, 1, NULL)); // again: that Bind is answered
    g_assert_null(ack->bind);
    ack = judge_server(j, c, pb_bind_ack(PDU_BIND_ACK, 99, results, 1, NULL));
    g_assert_null(ack->bind);
    g_assert_cmpstr(called_interface(j, c, 0), ==, "IWbemServices");
}

/** An accepted context keeps its meaning; one that was rejected, negotiated or not answered is free. */
static void test_redefinition(void)
{
    static const struct {
        int result; ///< -1: not answered
        const char *expected;
    } cases[] = {
        {CONTEXT_ACCEPTED, "IWbemServices"},
        {CONTEXT_USER_REJECTED, "IWbemCallResult"},
        {CONTEXT_NEGOTIATED, "IWbemCallResult"},
        {-1, "IWbemCallResult"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = judge_connect(j, 1, 2, 49668);
        const PbContext first = {3, interface_uuid("IWbemServices")}, second = {3, interface_uuid("IWbemCallResult")};
        (void) judge_client(j, c, pb_bind(PDU_BIND, 1, &first, 1, NULL));
        if (cases[i].result >= 0)
            answer(j, c, PDU_BIND_ACK, 1, &(uint16_t){(uint16_t) cases[i].result}, 1);
        (void) judge_client(j, c, pb_bind(PDU_ALTER_CONTEXT, 2, &second, 1, NULL));
        g_assert_cmpstr(called_interface(j, c, 3), ==, cases[i].expected);
        answer(j, c, PDU_ALTER_CONTEXT_RESP, 2, &(uint16_t){CONTEXT_ACCEPTED}, 1);
        g_assert_cmpstr(called_interface(j, c, 3), ==, "IWbemCallResult"); // the server has the last word
    }
}

/** What the server rejected is not defined by a call on it: that is told by its object, the next one's is not. */
static void test_rejected_stays(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49668);
    (void) judge_bind(j, c, NAMES("IWbemLevel1Login"), NULL);
    const Guid services = windows_ipid(0x21), other = windows_ipid(0x22);
    g_auto(StubBuilder) login = stub_login("root", NULL), handed_out = stub_handed_out("IWbemServices", &services);
    (void) judge_call(j, c, 0, 6, &object, &login);
    (void) judge_answer(j, c, &handed_out);
    const PbContext offered = {3, interface_uuid("IWbemCallResult")};
    (void) judge_client(j, c, pb_bind(PDU_ALTER_CONTEXT, 2, &offered, 1, NULL));
    answer(j, c, PDU_ALTER_CONTEXT_RESP, 2, &(uint16_t){CONTEXT_USER_REJECTED}, 1);
    const Call *named = judge_call(j, c, 3, 20, &services, NULL)->call;
    g_assert_cmpstr(named->method->name, ==, "ExecQuery");
    g_assert_cmpint(named->source, ==, SOURCE_IPID);
    g_assert_false(judge_call(j, c, 3, 20, &other, NULL)->call->has_uuid);
}

/** Where the call's context was defined is told; a call without a context tells no interface. */
static void test_bind_frame(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49668);
    const PduResult *bind = judge_bind(j, c, NAMES("IWbemLevel1Login"), NULL);
    const PduResult *alter = judge_alter(j, c, 1, "IWbemServices", NULL);
    const Call *login = judge_call(j, c, 0, 6, &object, NULL)->call;
    const Call *services = judge_call(j, c, 1, 20, &object, NULL)->call;
    g_assert_cmpuint(login->bind_frame, ==, bind->frame);
    g_assert_cmpuint(services->bind_frame, ==, alter->frame);
    g_assert_cmpint(login->source, ==, SOURCE_BIND);
    g_assert_cmpstr(login->method->name, ==, "NTLMLogin");
    g_assert_cmpstr(services->method->name, ==, "ExecQuery");
    const Call *unknown = judge_call(j, c, 9, 20, &object, NULL)->call;
    g_assert_false(unknown->has_uuid);
    g_assert_null(unknown->method);
    g_assert_cmpuint(unknown->bind_frame, ==, 0);
    g_assert_cmpint(unknown->source, ==, SOURCE_UNKNOWN);
}

/** A client may call all objects on one context: the pointer tells the interface, and the context only of the object that was
 *  called on it first. */
static void test_shared_context(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49668);
    const PduResult *bind = judge_bind(j, c, NAMES("IWbemLevel1Login"), NULL);
    const Guid login = windows_ipid(1), services = windows_ipid(2), unseen = windows_ipid(3);
    g_auto(StubBuilder) asked = stub_login("root", NULL), given = stub_logged_in(&services);
    g_assert_cmpstr(judge_call(j, c, 0, 6, &login, &asked)->call->method->name, ==, "NTLMLogin");
    g_assert_null(judge_call(j, c, 0, 4, &unseen, NULL)->call->interface);
    g_assert_cmpstr(judge_call(j, c, 0, 6, &login, &asked)->call->method->name, ==, "NTLMLogin");
    (void) judge_answer(j, c, &given);
    const Call *call = judge_call(j, c, 0, 24, &services, NULL)->call;
    g_assert_cmpstr(call->interface->name, ==, "IWbemServices");
    g_assert_cmpstr(call->method->name, ==, "ExecMethod");
    g_assert_cmpint(call->source, ==, SOURCE_IPID);
    g_assert_cmpuint(call->bind_frame, ==, bind->frame);
    g_assert_cmpstr(judge_call(j, c, 0, 3, &login, NULL)->call->interface->name, ==, "IWbemLevel1Login");
    // Who offers other interfaces, too, calls theirs on those.
    judge_bind(j, c = judge_connect(j, 1, 2, 49668), NAMES("IWbemLevel1Login", "IRemUnknown2"), NULL);
    (void) judge_call(j, c, 0, 6, &login, &asked);
    g_assert_cmpstr(judge_call(j, c, 0, 6, &unseen, NULL)->call->method->name, ==, "NTLMLogin");
}

/** Of a client that calls everything on one context, the first call may have been lost. */
static void test_first_call_lost(void)
{
    for (uint32_t missing = 0; missing < 2; missing++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = judge_connect(j, 1, 2, 49668);
        (void) judge_bind(j, c, NAMES("IWbemLevel1Login"), NULL);
        j->call_id += missing;
        const Guid login = windows_ipid(1);
        for (unsigned i = 0; i < 2; i++) {
            const Call *call = judge_call(j, c, 0, 6, &login, NULL)->call;
            g_assert_cmpstr(call->method ? call->method->name : NULL, ==, missing ? NULL : "NTLMLogin");
        }
    }
}

/** A method that the interface of the context does not have is not one of it. */
static void test_no_such_method(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49668);
    (void) judge_bind(j, c, NAMES("IWbemLevel1Login"), NULL);
    const Call *call = judge_call(j, c, 0, 24, &object, NULL)->call;
    g_assert_false(call->has_uuid);
    g_assert_null(call->interface);
    g_assert_null(call->method);
    g_assert_cmpint(call->source, ==, SOURCE_UNKNOWN);
}

/** Calls of other RPC are no concern; with an object, they may be DCOM. */
static void test_other_interface(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49668);
    (void) judge_bind(j, c, NAMES(OTHER_INTERFACE), NULL);
    g_assert_null(judge_call(j, c, 0, 5, NULL, NULL));
    g_auto(StubBuilder) stub = sb_response(false);
    g_assert_null(judge_answer(j, c, &stub)); // its response as little
    // Nor is it taken for that of an earlier call with the same id.
    (void) judge_call(j, c, 9, 5, &object, NULL);
    const PbCall same_id = {.call_id = j->call_id, .opnum = 5};
    g_assert_null(judge_client(j, c, pb_request(&same_id)));
    g_assert_null(judge_answer(j, c, &stub));
    const PduResult *with_object = judge_call(j, c, 0, 5, &object, NULL);
    g_assert_nonnull(with_object);
    g_assert_null(with_object->call->interface);
    g_assert_true(with_object->call->has_uuid);
    g_assert_cmpint(c->confidence, ==, CONFIDENCE_NONE);
}

/** As many contexts as a Bind can hold, of which the last is WMI's. */
static void test_many(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49668);
    PbContext contexts[255];
    uint16_t results[255] = {0};
    for (unsigned i = 0; i < G_N_ELEMENTS(contexts); i++)
        contexts[i] =
            (PbContext){(uint16_t) (0xff00 + i), interface_uuid(i == 254 ? "IWbemServices" : OTHER_INTERFACE)};
    const PduResult *r = judge_client(j, c, pb_bind(PDU_BIND, 1, contexts, G_N_ELEMENTS(contexts), NULL));
    g_assert_cmpuint(r->n_contexts, ==, 255);
    g_assert_cmphex(r->evidence, ==, 1u << EVIDENCE_INTERFACE);
    answer(j, c, PDU_BIND_ACK, 1, results, G_N_ELEMENTS(results));
    g_assert_cmpstr(called_interface(j, c, 0xfffe), ==, "IWbemServices");
    g_assert_cmpint(r->contexts[254].result, ==, RESULT_ACCEPTED);

    const PduResult *none = judge_client(j, c, pb_bind(PDU_ALTER_CONTEXT, 2, NULL, 0, NULL));
    g_assert_cmpuint(none->n_contexts, ==, 0);
}

/** A Bind that was cut off: the contexts that were captured count. */
static void test_snapped(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49668);
    const PbContext contexts[] = {{0, interface_uuid("IWbemServices")}, {1, interface_uuid("IWbemCallResult")}};
    const PduResult *r = judge_snapped(j, c, 0, pb_bind(PDU_BIND, 1, contexts, 2, NULL), 28 + 44 + 10);
    g_assert_cmpuint(r->n_contexts, ==, 1);
    g_assert_cmpstr(called_interface(j, c, 0), ==, "IWbemServices");
    g_assert_null(called_interface(j, c, 1));
}

/** Who the client is: whoever sends what only clients send, even where its first frame was not captured. */
static void test_client_side(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49668);
    const PbContext context = {0, interface_uuid("IWbemServices")};
    g_assert_cmpint(c->client, ==, -1);
    // The "server" of the connection as captured binds: the first frame seen was one of the server's.
    (void) judge_server(j, c, pb_bind(PDU_BIND, 1, &context, 1, NULL));
    g_assert_cmpint(c->client, ==, 1);
    g_assert_cmpuint(conversation_server(c)->port, ==, c->side[0].port);

    Conversation *d = judge_connect(j, 1, 2, 49668);
    (void) judge_server(j, d, pb_bind_nak(1));
    g_assert_cmpint(d->client, ==, 0);
}

/** What is no PDU, or of a type that means nothing here. */
static void test_nothing(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49668);
    const PbContext context = {0, interface_uuid("IWbemServices")};
    GByteArray *orphaned = pb_bind(PDU_BIND, 1, &context, 1, NULL);
    orphaned->data[2] = 19;
    g_assert_null(judge_client(j, c, orphaned));
    g_assert_cmpint(c->client, ==, -1);
    GByteArray *version = pb_bind(PDU_BIND, 1, &context, 1, NULL);
    version->data[0] = 4;
    g_assert_null(judge_client(j, c, version));
    g_assert_null(judge_server(j, c, pb_fault(&(PbCall){.call_id = 1}, 5))); // of no call
    g_assert_cmpint(c->confidence, ==, CONFIDENCE_NONE);
    g_assert_cmpuint(j->lines->len, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/contexts/results", test_results);
    g_test_add_func("/judge/contexts/more-results", test_more_results);
    g_test_add_func("/judge/contexts/redefinition", test_redefinition);
    g_test_add_func("/judge/contexts/rejected-stays", test_rejected_stays);
    g_test_add_func("/judge/contexts/bind-frame", test_bind_frame);
    g_test_add_func("/judge/contexts/shared-context", test_shared_context);
    g_test_add_func("/judge/contexts/first-call-lost", test_first_call_lost);
    g_test_add_func("/judge/contexts/no-such-method", test_no_such_method);
    g_test_add_func("/judge/contexts/other-interface", test_other_interface);
    g_test_add_func("/judge/contexts/many", test_many);
    g_test_add_func("/judge/contexts/snapped", test_snapped);
    g_test_add_func("/judge/contexts/client-side", test_client_side);
    g_test_add_func("/judge/contexts/nothing", test_nothing);
    return g_test_run();
}
