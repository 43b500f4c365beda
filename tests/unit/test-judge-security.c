// SPDX-License-Identifier: GPL-2.0-or-later
// Presentation contexts and security contexts: which interface a call is on, whom it is made for, and whether it can be read.

#include "judge-fixture.h"

static const char *const login[] = {"IWbemLevel1Login", NULL};
static const char *const services[] = {"IWbemServices", NULL};
static const char *const both[] = {"IWbemLevel1Login", "IWbemServices", NULL};
static const uint16_t good[] = {0, 0}, refused[] = {2, 2}, negotiated[] = {0, 3};
static const Guid object = {0x00000001, 0x0a80, 0xffff, {1}};

static PduResult *call(Judge *j, Conversation *c, Request r)
{
    g_auto(StubBuilder) stub = sb_request(false);
    r.object = &object;
    return judge_client(j, c, pdu_call(&r, &stub));
}

// ---- presentation contexts

static const char *interface_of(const PduResult *r)
{
    return r && r->call->interface ? r->call->interface->name : NULL;
}

static void test_contexts(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49000);
    PduResult *bind = judge_client(j, c, pdu_binding(PDU_BIND, 1, both, NULL));
    g_assert_cmpuint(bind->n_contexts, ==, 2);
    g_assert_cmpint(bind->contexts[0].result, ==, RESULT_UNKNOWN);
    // Before the answer: as offered.
    g_assert_cmpstr(interface_of(call(j, c, (Request){.call_id = 2, .context_id = 1, .opnum = 6})), ==,
                    "IWbemServices");
    PduResult *ack = judge_server(j, c, pdu_binding_ack(PDU_BIND_ACK, 1, negotiated, 2, NULL));
    g_assert_true(ack->bind == bind);
    g_assert_cmpint(bind->contexts[0].result, ==, RESULT_ACCEPTED);
    g_assert_cmpint(bind->contexts[1].result, ==, RESULT_NEGOTIATED);
    PduResult *r = call(j, c, (Request){.call_id = 3, .context_id = 0, .opnum = 6});
    g_assert_cmpstr(r->call->method->name, ==, "NTLMLogin");
    g_assert_cmpint(r->call->source, ==, SOURCE_BIND);
    g_assert_cmpuint(r->call->bind_frame, ==, bind->frame);
    g_assert_null(interface_of(call(j, c, (Request){.call_id = 4, .context_id = 1, .opnum = 6})));
    g_assert_null(interface_of(call(j, c, (Request){.call_id = 5, .context_id = 9, .opnum = 6})));
    // The second time nobody waits for the answer.
    g_assert_null(judge_server(j, c, pdu_binding_ack(PDU_BIND_ACK, 1, good, 2, NULL))->bind);
}

static void test_redefinition(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49000);
    judge_client(j, c, pdu_binding(PDU_BIND, 1, login, NULL));
    judge_server(j, c, pdu_binding_ack(PDU_BIND_ACK, 1, refused, 1, NULL));
    g_assert_null(interface_of(call(j, c, (Request){.call_id = 2, .opnum = 6})));
    judge_client(j, c, pdu_binding(PDU_ALTER_CONTEXT, 3, services, NULL));
    judge_server(j, c, pdu_binding_ack(PDU_ALTER_CONTEXT_RESP, 3, good, 1, NULL));
    g_assert_cmpstr(interface_of(call(j, c, (Request){.call_id = 4, .opnum = 6})), ==, "IWbemServices");
    // What was accepted keeps its meaning until another one is accepted.
    judge_client(j, c, pdu_binding(PDU_ALTER_CONTEXT, 5, login, NULL));
    g_assert_cmpstr(interface_of(call(j, c, (Request){.call_id = 6, .opnum = 6})), ==, "IWbemServices");
    judge_server(j, c, pdu_binding_ack(PDU_ALTER_CONTEXT_RESP, 5, refused, 1, NULL));
    g_assert_cmpstr(interface_of(call(j, c, (Request){.call_id = 7, .opnum = 6})), ==, "IWbemServices");
}

static void test_odd_answers(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49000);
    PduResult *bind = judge_client(j, c, pdu_binding(PDU_BIND, 1, both, NULL));
    judge_server(j, c, pdu_binding_ack(PDU_BIND_ACK, 1, good, 1, NULL)); // fewer than were offered
    g_assert_cmpint(bind->contexts[0].result, ==, RESULT_ACCEPTED);
    g_assert_cmpint(bind->contexts[1].result, ==, RESULT_UNKNOWN);
    bind = judge_client(j, c, pdu_binding(PDU_ALTER_CONTEXT, 2, login, NULL));
    judge_server(j, c, pdu_binding_ack(PDU_ALTER_CONTEXT_RESP, 2, good, 2, NULL)); // more
    g_assert_cmpint(bind->contexts[0].result, ==, RESULT_ACCEPTED);
    g_assert_null(judge_server(j, c, pdu_binding_ack(PDU_ALTER_CONTEXT_RESP, 77, good, 2, NULL))->bind);
    const char *many[257];
    for (size_t i = 0; i < 255; i++)
        many[i] = i % 2 ? "samr" : "IWbemServices";
    many[255] = NULL;
    bind = judge_client(j, c, pdu_binding(PDU_ALTER_CONTEXT, 3, many, NULL));
    g_assert_cmpuint(bind->n_contexts, ==, 255);
    g_assert_cmpstr(interface_of(call(j, c, (Request){.call_id = 9, .context_id = 254, .opnum = 20})), ==,
                    "IWbemServices");
}

/** Calls that have nothing to do with DCOM are none of ours, nor are their answers. */
static void test_other_rpc(void)
{
    static const char *const samr[] = {"samr", NULL};
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49000);
    judge_client(j, c, pdu_binding(PDU_BIND, 1, samr, NULL));
    judge_server(j, c, pdu_binding_ack(PDU_BIND_ACK, 1, good, 1, NULL));
    g_auto(StubBuilder) stub = sb_new(false);
    sb_uint(&stub, 1, 8);
    const Request r = {.call_id = 2, .opnum = 5};
    g_assert_null(judge_client(j, c, pdu_call(&r, &stub)));
    g_assert_null(judge_server(j, c, pdu_answer(&r, &stub)));
    g_assert_null(judge_server(j, c, pdu_fault(&r, 5)));
    g_assert_cmpint(c->confidence, ==, CONFIDENCE_NONE);
}

/** A client may call everything on one presentation context: the pointer tells the interface, where it is known. */
static void test_shared_context(void)
{
    static const Guid pointer = {0x21, 0x0a80, 0xffff, {2}}, other = {0x22, 0x0a80, 0xffff, {3}};
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49000);
    judge_client(j, c, pdu_binding(PDU_BIND, 1, login, NULL));
    judge_server(j, c, pdu_binding_ack(PDU_BIND_ACK, 1, good, 1, NULL));
    g_auto(StubBuilder) asked = stub_login("//./root/cimv2", NULL), given = stub_logged_in(&pointer);
    const Request in = {.call_id = 2, .opnum = 6, .object = &object};
    g_assert_cmpstr(interface_of(judge_client(j, c, pdu_call(&in, &asked))), ==, "IWbemLevel1Login");
    judge_server(j, c, pdu_answer(&in, &given));
    g_auto(StubBuilder) stub = sb_request(false);
    // What handed this one out was lost.
    const Request unknown = {.call_id = 3, .opnum = 5, .object = &other};
    g_assert_null(interface_of(judge_client(j, c, pdu_call(&unknown, &stub))));
    const Request query = {.call_id = 4, .opnum = 20, .object = &pointer};
    PduResult *r = judge_client(j, c, pdu_call(&query, &stub));
    g_assert_cmpstr(interface_of(r), ==, "IWbemServices");
    g_assert_cmpstr(r->call->method->name, ==, "ExecQuery");
    g_assert_cmpint(r->call->source, ==, SOURCE_IPID);
    // From then on only of the object that was called on it first.
    const Request again = {.call_id = 5, .opnum = 5, .object = &other},
                  first = {.call_id = 6, .opnum = 6, .object = &object};
    r = judge_client(j, c, pdu_call(&again, &stub));
    g_assert_null(interface_of(r));
    g_assert_true(!r->call->method && r->call->source == SOURCE_UNKNOWN);
    g_assert_cmpstr(interface_of(judge_client(j, c, pdu_call(&first, &stub))), ==, "IWbemLevel1Login");
}

/** An operation number that the interface does not have is another one's. */
static void test_impossible_method(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49000);
    judge_client(j, c, pdu_binding(PDU_BIND, 1, login, NULL));
    judge_server(j, c, pdu_binding_ack(PDU_BIND_ACK, 1, good, 1, NULL));
    PduResult *r = call(j, c, (Request){.call_id = 2, .opnum = 20});
    g_assert_null(interface_of(r));
    g_assert_false(r->call->has_uuid);
    g_assert_cmpstr(interface_of(call(j, c, (Request){.call_id = 3, .opnum = 6})), ==, "IWbemLevel1Login");
}

// ---- security contexts

static void check_user(const PduResult *r, const char *user)
{
    const Identity *identity = r->security.identity;
    g_assert_cmpstr(identity ? identity->user : NULL, ==, user);
}

/** Binds with NTLM under an id; the AUTHENTICATE message comes in `by`. */
static void authenticate(Judge *j, Conversation *c, uint32_t call_id, uint8_t level, uint32_t id, const char *user,
                         PduType by)
{
    g_autoptr(GByteArray) token = token_ntlm("CORP", user);
    const Verifier hello = {10, level, id, NULL}, verifier = {10, level, id, token};
    PduType bind = call_id == 1 ? PDU_BIND : PDU_ALTER_CONTEXT;
    judge_client(j, c, pdu_binding(bind, call_id, services, &hello));
    judge_server(j, c, pdu_binding_ack(bind + 1, call_id, good, 1, &hello));
    g_autoptr(GByteArray) nothing = g_byte_array_new();
    if (by == PDU_AUTH3)
        judge_client(j, c, pdu_new(PDU_AUTH3, 3, call_id, nothing, &verifier));
    else
        judge_client(j, c, pdu_binding(by, call_id, services, &verifier));
}

static void test_identities(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49000);
    const Verifier first = {10, AUTH_LEVEL_PRIVACY, 7, NULL}, second = {10, AUTH_LEVEL_INTEGRITY, 8, NULL};
    authenticate(j, c, 1, AUTH_LEVEL_PRIVACY, 7, "svc", PDU_AUTH3);
    PduResult *r = call(j, c, (Request){.call_id = 2, .opnum = 24, .verifier = first});
    check_user(r, "svc");
    g_assert_true(r->sealed && r->has_security);
    g_assert_cmpstr(security_type_name(&r->security), ==, "ntlm");
    g_assert_cmpint(r->security.identity->source, ==, USER_SOURCE_NTLM);
    // Another account, which no call uses yet: calls in the first context stay as they are.
    authenticate(j, c, 3, AUTH_LEVEL_INTEGRITY, 8, "bob", PDU_ALTER_CONTEXT);
    check_user(call(j, c, (Request){.call_id = 4, .opnum = 24, .verifier = first}), "svc");
    check_user(call(j, c, (Request){.call_id = 5, .opnum = 24, .verifier = second}), "bob");
    check_user(call(j, c, (Request){.call_id = 6, .opnum = 24, .verifier = first}), "svc");
    g_assert_cmpuint(judge_said(j, "\"user\":\"svc\""), ==, 1 + 3); // told once, and with each of its calls
}

/** Whom a context stands for cannot change once calls were made in it. */
static void test_forged_identity(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49000);
    const Verifier verifier = {10, AUTH_LEVEL_PRIVACY, 7, NULL};
    authenticate(j, c, 1, AUTH_LEVEL_PRIVACY, 7, "first", PDU_AUTH3);
    authenticate(j, c, 2, AUTH_LEVEL_PRIVACY, 7, "svc", PDU_ALTER_CONTEXT); // nothing was called: a second try
    check_user(call(j, c, (Request){.call_id = 3, .opnum = 24, .verifier = verifier}), "svc");
    authenticate(j, c, 4, AUTH_LEVEL_PRIVACY, 7, "bob", PDU_ALTER_CONTEXT);
    check_user(call(j, c, (Request){.call_id = 5, .opnum = 24, .verifier = verifier}), "svc");
    // The same id at another level or of another kind is another context.
    authenticate(j, c, 6, AUTH_LEVEL_CONNECT, 7, "eve", PDU_ALTER_CONTEXT);
    check_user(call(j, c, (Request){.call_id = 7, .opnum = 24, .verifier = verifier}), "svc");
    check_user(call(j, c, (Request){.call_id = 8, .opnum = 24, .verifier = {9, AUTH_LEVEL_PRIVACY, 7, NULL}}), NULL);
    check_user(call(j, c, (Request){.call_id = 9, .opnum = 24, .verifier = {10, AUTH_LEVEL_PRIVACY, 1, NULL}}), NULL);
}

/** Of calls without a verifier, as at level connect: that in which their presentation context was offered, although the
 *  account was told only after the Bind. */
static void test_calls_without_verifier(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49000);
    authenticate(j, c, 1, AUTH_LEVEL_CONNECT, 7, "svc", PDU_AUTH3);
    PduResult *r = call(j, c, (Request){.call_id = 2, .opnum = 24});
    check_user(r, "svc");
    g_assert_true(!r->sealed && !r->security_open && r->security.level == AUTH_LEVEL_CONNECT);
    // An Alter_context without a verifier adds to the context there is.
    judge_client(j, c, pdu_binding_from(PDU_ALTER_CONTEXT, 3, 4, login, NULL));
    check_user(call(j, c, (Request){.call_id = 4, .context_id = 4, .opnum = 6}), "svc");
    Conversation *none = judge_connect(j, 1, 2, 49000);
    judge_client(j, none, pdu_binding(PDU_BIND, 1, services, NULL));
    r = call(j, none, (Request){.call_id = 2, .opnum = 24});
    g_assert_true(r->has_security && r->security.level == AUTH_LEVEL_NONE);
    g_assert_cmpstr(security_type_name(&r->security), ==, "none");
}

/** A PDU cut short has a verifier that was not captured. */
static void test_snapped(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49000);
    authenticate(j, c, 1, AUTH_LEVEL_PRIVACY, 7, "svc", PDU_AUTH3);
    g_auto(StubBuilder) stub = sb_request(false);
    for (int known = 0; known < 2; known++) {
        const Request r = {
            .call_id = 5, .context_id = known ? 0 : 6, .opnum = 24, .object = &object, .verifier = {10, 6, 7, NULL}};
        GByteArray *pdu = pdu_call(&r, &stub);
        g_byte_array_set_size(pdu, pdu->len - 4);
        PduResult *p = judge_client(j, c, pdu);
        g_assert_cmpint(p->security_open, ==, !known);
        g_assert_cmpint(p->sealed, ==, known);
    }
}

static void test_kerberos(void)
{
    static const uint8_t client[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1};
    g_autoptr(Judge) j = judge_new();
    g_autoptr(GByteArray) reply = reply_kerberos('t'), token = token_kerberos('t');
    const Verifier verifier = {16, AUTH_LEVEL_INTEGRITY, 0, token};
    Conversation *before = judge_connect(j, 1, 2, 49000), *after = judge_connect(j, 1, 2, 49000);
    judge_client(j, before, pdu_binding(PDU_BIND, 1, services, &verifier));
    check_user(call(j, before, (Request){.call_id = 2, .opnum = 24, .verifier = {16, 5, 0, NULL}}), NULL);
    const nstime_t time = judge_time(++j->frame);
    tracker_kdc_reply(j->tracker, j->frame, &time, client, reply->data, reply->len);
    PduResult *bind = judge_client(j, after, pdu_binding(PDU_BIND, 1, services, &verifier));
    g_assert_cmpstr(bind->identity->user, ==, "jdoe");
    g_assert_cmpstr(bind->identity->domain, ==, "CORP.EXAMPLE");
    g_assert_cmpint(bind->identity->source, ==, USER_SOURCE_KERBEROS);
    g_assert_cmpuint(bind->identity->frame, ==, 3);
    check_user(call(j, after, (Request){.call_id = 2, .opnum = 24, .verifier = {16, 5, 0, NULL}}), "jdoe");
}

/** A ticket that was not seen being issued names nobody: who got one for the same service may be meant, for ten hours. */
static void test_candidates(void)
{
    static const uint8_t client[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1};
    static const struct {
        int64_t before; ///< seconds
        uint8_t from;
        unsigned candidates;
    } cases[] = {{60, 1, 1}, {36000, 1, 1}, {36001, 1, 0}, {-1, 1, 0}, {86400 * 700, 1, 0}, {60, 4, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Judge) j = judge_new();
        g_autoptr(GByteArray) reply = reply_kerberos('t'), token = token_kerberos('u');
        const Verifier verifier = {16, AUTH_LEVEL_INTEGRITY, 0, token};
        nstime_t time = judge_time(j->frame + 1);
        time.secs -= cases[i].before;
        tracker_kdc_reply(j->tracker, 77, &time, client, reply->data, reply->len);
        Conversation *c = judge_connect(j, cases[i].from, 2, 49000);
        PduResult *bind = judge_client(j, c, pdu_binding(PDU_BIND, 1, services, &verifier));
        g_assert_null(bind->identity);
        g_assert_cmpuint(bind->n_candidates, ==, cases[i].candidates);
        check_user(call(j, c, (Request){.call_id = 2, .opnum = 24, .verifier = {16, 5, 0, NULL}}), NULL);
        if (cases[i].candidates == 0)
            continue;
        g_assert_cmpstr(bind->candidates->identity->user, ==, "jdoe");
        g_assert_cmpuint(bind->candidates->identity->frame, ==, 77);
        g_assert_cmpint(bind->candidates->age, ==, cases[i].before);
        g_assert_cmpuint(judge_said(j, "\"user_candidates\":[{\"user\":\"jdoe\""), ==, 1);
        g_assert_cmpuint(judge_said(j, "\"user_source\""), ==, 0);
    }
}

/** Times are the capture's word, too: two may lie further apart than the seconds between them can be counted. */
static void test_ancient_ticket(void)
{
    static const uint8_t client[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1};
    static const nstime_t ancient = {.secs = INT64_MIN};
    g_autoptr(Judge) j = judge_new();
    g_autoptr(GByteArray) reply = reply_kerberos('t'), token = token_kerberos('u');
    const Verifier verifier = {16, AUTH_LEVEL_INTEGRITY, 0, token};
    tracker_kdc_reply(j->tracker, 77, &ancient, client, reply->data, reply->len);
    Conversation *c = judge_connect(j, 1, 2, 49000);
    PduResult *bind = judge_client(j, c, pdu_binding(PDU_BIND, 1, services, &verifier));
    g_assert_cmpuint(bind->n_candidates, ==, 0);
}

/** A ticket that was offered, where NTLM was agreed on: it does not say who the user is. */
static void test_ticket_beside_ntlm(void)
{
    static const uint8_t client[16] = {[10] = 0xff, 0xff, 10, 0, 0, 1};
    g_autoptr(Judge) j = judge_new();
    g_autoptr(GByteArray) reply = reply_kerberos('t'), token = token_kerberos('t'), ntlm = token_ntlm("CORP", "svc");
    const nstime_t time = judge_time(++j->frame);
    tracker_kdc_reply(j->tracker, j->frame, &time, client, reply->data, reply->len);
    const Verifier offered = {9, AUTH_LEVEL_INTEGRITY, 0, token}, agreed = {9, AUTH_LEVEL_INTEGRITY, 0, ntlm};
    Conversation *c = judge_connect(j, 1, 2, 49000);
    judge_client(j, c, pdu_binding(PDU_BIND, 1, services, &offered));
    ntlm->data[8] = 2; // the server's CHALLENGE
    judge_server(j, c, pdu_binding_ack(PDU_BIND_ACK, 1, good, 1, &agreed));
    PduResult *r = call(j, c, (Request){.call_id = 2, .opnum = 24, .verifier = {9, 5, 0, NULL}});
    g_assert_cmpstr(security_type_name(&r->security), ==, "ntlm");
    check_user(r, NULL);
}

static void test_decrypted(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = judge_connect(j, 1, 2, 49000);
    const Verifier verifier = {10, AUTH_LEVEL_PRIVACY, 7, NULL};
    judge_client(j, c, pdu_binding(PDU_BIND, 1, login, &verifier));
    g_auto(StubBuilder) plain = stub_login("\\\\S\\root\\cimv2", "en-US"), sealed = sb_new(false);
    g_byte_array_set_size(sealed.bytes, plain.bytes->len);
    memset(sealed.bytes->data, 0x5a, sealed.bytes->len);
    const Request r = {.call_id = 2, .opnum = 6, .object = &object, .verifier = verifier};
    PduResult *p = judge_decrypted(j, c, 0, pdu_call(&r, &sealed), &plain);
    g_assert_true(p->decrypted && !p->sealed);
    g_assert_cmpstr(p->details->namespace_path, ==, "\\\\S\\root\\cimv2");
    // Wrongly decrypted: nothing of it is believed.
    memset(plain.bytes->data, 0x11, plain.bytes->len);
    const Request again = {.call_id = 3, .opnum = 6, .object = &object, .verifier = verifier};
    p = judge_decrypted(j, c, 0, pdu_call(&again, &sealed), &plain);
    g_assert_null(p->details);
    g_assert_nonnull(p->undecodable);
    g_assert_true(p->sealed);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/contexts", test_contexts);
    g_test_add_func("/judge/contexts/redefinition", test_redefinition);
    g_test_add_func("/judge/contexts/odd-answers", test_odd_answers);
    g_test_add_func("/judge/contexts/other-rpc", test_other_rpc);
    g_test_add_func("/judge/contexts/shared", test_shared_context);
    g_test_add_func("/judge/contexts/impossible-method", test_impossible_method);
    g_test_add_func("/judge/security/identities", test_identities);
    g_test_add_func("/judge/security/forged-identity", test_forged_identity);
    g_test_add_func("/judge/security/calls-without-verifier", test_calls_without_verifier);
    g_test_add_func("/judge/security/snapped", test_snapped);
    g_test_add_func("/judge/security/kerberos", test_kerberos);
    g_test_add_func("/judge/security/candidates", test_candidates);
    g_test_add_func("/judge/security/ancient-ticket", test_ancient_ticket);
    g_test_add_func("/judge/security/ticket-beside-ntlm", test_ticket_beside_ntlm);
    g_test_add_func("/judge/security/decrypted", test_decrypted);
    return g_test_run();
}
