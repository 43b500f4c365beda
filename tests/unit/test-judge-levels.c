// SPDX-License-Identifier: GPL-2.0-or-later
// How calls are protected, as their verifiers and security contexts say.
#include "judge-fixture.h"
#include "token-builder.h"

#define CLIENT 1 ///< 10.0.0.1
#define SERVER 2

static const Guid object = {0x1401, 0x0a80, 0xffff, {8, 8, 8, 8, 8, 8, 8, 8}};

static Conversation *connect_services(Judge *j)
{
    return judge_connect(j, CLIENT, SERVER, 49668);
}

static GByteArray *ntlm_token(const char *user)
{
    return tb_ntlm_authenticate((TbNtlm){.lm = tb_filler(24),
                                         .nt = tb_ntlmv2("host/srv"),
                                         .domain = tb_utf16le("CORP"),
                                         .user = tb_utf16le(user),
                                         .workstation = tb_utf16le("WKS-07"),
                                         .flags = 0xe2888215});
}

static const char *user_of(const Security *s)
{
    return s->identity ? s->identity->user : NULL;
}

/** A request on context 0 with a verifier, or with none; what it showed. */
static PduResult *request(Judge *j, Conversation *c, const Verifier *verifier)
{
    const PbCall call = {.call_id = ++j->call_id, .opnum = 3, .object = &object, .verifier = verifier};
    return judge_client(j, c, pb_request(&call));
}

/** Level and type of a call are those of its own verifier; at level privacy it cannot be read. */
static void test_levels(void)
{
    for (uint8_t level = AUTH_LEVEL_NONE; level < N_AUTH_LEVELS; level++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = connect_services(j);
        const Verifier v = {AUTH_TYPE_NTLM, level, 5, NULL};
        const PduResult *bind = judge_bind(j, c, NAMES("IWbemServices"), &v);
        g_assert_true(bind->has_security);
        g_assert_cmpuint(bind->security.level, ==, level);
        const PduResult *r = request(j, c, &v);
        g_assert_true(r->has_security);
        g_assert_cmpuint(r->security.type, ==, AUTH_TYPE_NTLM);
        g_assert_cmpuint(r->security.level, ==, level);
        g_assert_cmpstr(security_type_name(&r->security), ==, "ntlm");
        g_assert_true(r->sealed == (level == AUTH_LEVEL_PRIVACY));
        g_assert_false(r->security_open);
        const PbCall answer = {.call_id = j->call_id, .verifier = &v};
        g_assert_true(judge_server(j, c, pb_response(&answer))->sealed == r->sealed);
    }
}

/** Calls without a verifier: at level connect that is usual, and the context's holds. */
static void test_connect(void)
{
    for (uint8_t level = AUTH_LEVEL_NONE; level < N_AUTH_LEVELS; level++) {
        g_autoptr(Judge) j = judge_new();
        Conversation *c = connect_services(j);
        g_autoptr(GByteArray) token = ntlm_token("jdoe");
        const Verifier v = {AUTH_TYPE_NTLM, level, 5, token};
        (void) judge_bind(j, c, NAMES("IWbemServices"), &v);
        const PduResult *r = request(j, c, NULL);
        g_assert_true(r->has_security == (level <= AUTH_LEVEL_CONNECT));
        g_assert_false(r->sealed);
        g_assert_false(r->security_open); // it has none, that is for sure
        g_assert_cmpstr(user_of(&r->security), ==, r->has_security ? "jdoe" : NULL);
    }
    // A Bind without authentication.
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    (void) judge_bind(j, c, NAMES("IWbemServices"), NULL);
    const PduResult *r = request(j, c, NULL);
    g_assert_cmpuint(r->security.level, ==, AUTH_LEVEL_NONE);
    g_assert_cmpstr(security_type_name(&r->security), ==, "none");
    g_assert_null(user_of(&r->security));
}

/** A level that the Bind did not capture says is that of the call. */
static void test_unbound(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    const Verifier v = {AUTH_TYPE_KERBEROS, AUTH_LEVEL_PRIVACY, 5, NULL};
    const PduResult *r = request(j, c, &v);
    g_assert_true(r->has_security && r->sealed);
    g_assert_cmpstr(security_type_name(&r->security), ==, "kerberos");
    g_assert_null(user_of(&r->security));
}

static void test_type_names(void)
{
    static const struct {
        uint8_t type;
        AuthMechanism mechanism;
        const char *name;
    } cases[] = {
        {AUTH_TYPE_SPNEGO, AUTH_TOKEN_UNKNOWN, "spnego"},
        {AUTH_TYPE_SPNEGO, AUTH_TOKEN_NTLM, "ntlm"},
        {AUTH_TYPE_SPNEGO, AUTH_TOKEN_KERBEROS, "kerberos"},
        {14, AUTH_TOKEN_UNKNOWN, "schannel"},
        {68, AUTH_TOKEN_UNKNOWN, "netlogon"},
        {99, AUTH_TOKEN_UNKNOWN, NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Security s = {.type = cases[i].type, .mechanism = cases[i].mechanism};
        g_assert_cmpstr(security_type_name(&s), ==, cases[i].name);
    }
}

/** What SPNEGO settled on is known from a token in it. */
static void test_mechanism(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_autoptr(GByteArray) token = ntlm_token("jdoe");
    const Verifier v = {AUTH_TYPE_SPNEGO, AUTH_LEVEL_PRIVACY, 5, NULL};
    const Verifier with_token = {AUTH_TYPE_SPNEGO, AUTH_LEVEL_PRIVACY, 5, token};
    (void) judge_bind(j, c, NAMES("IWbemServices"), &v);
    g_assert_cmpstr(security_type_name(&request(j, c, &v)->security), ==, "spnego");
    Conversation *d = connect_services(j);
    (void) judge_bind(j, d, NAMES("IWbemServices"), &v);
    (void) judge_client(j, d, pb_auth3(j->call_id, &with_token));
    g_assert_cmpstr(security_type_name(&request(j, d, &v)->security), ==, "ntlm");
}

/** The server's tokens tell nobody's name. */
static void test_server_token(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_autoptr(GByteArray) token = ntlm_token("mallory");
    const Verifier v = {AUTH_TYPE_NTLM, AUTH_LEVEL_INTEGRITY, 5, NULL};
    const Verifier with_token = {AUTH_TYPE_NTLM, AUTH_LEVEL_INTEGRITY, 5, token};
    (void) judge_bind(j, c, NAMES("IWbemServices"), &v);
    static const uint16_t accepted[1];
    const PduResult *ack = judge_server(j, c, pb_bind_ack(PDU_BIND_ACK, 9, accepted, 1, &with_token));
    g_assert_null(ack->identity);
    g_assert_cmpint(ack->mechanism, ==, AUTH_TOKEN_NTLM);
    g_assert_null(user_of(&request(j, c, &v)->security));
}

/** A plain stub is believed only where the call was sealed, and where it fits: with the padding of the verifier. */
static void test_decrypted(void)
{
    enum { STUB = 30, PADDING = 2 };
    static const uint8_t sealed_stub[STUB] = {0xee};
    for (uint8_t level = AUTH_LEVEL_INTEGRITY; level <= AUTH_LEVEL_PRIVACY; level++) {
        for (guint size = 0; size <= STUB + 8; size++) {
            g_autoptr(Judge) j = judge_new();
            Conversation *c = connect_services(j);
            const Verifier v = {AUTH_TYPE_NTLM, level, 5, NULL};
            (void) judge_bind(j, c, NAMES("IWbemServices"), &v);
            const PbCall call = {
                .call_id = 77, .object = &object, .stub = sealed_stub, .stub_len = STUB, .verifier = &v};
            g_auto(StubBuilder) plain = sb_new(false);
            while (plain.bytes->len < size)
                sb_uint(&plain, 0, 1);
            const PduResult *r = judge_decrypted(j, c, 0, pb_request(&call), &plain);
            bool is_private = level == AUTH_LEVEL_PRIVACY, fits = size == STUB + PADDING;
            g_assert_true(r->decrypted == (is_private && fits));
            // What it says is no ORPC request: it was not decrypted with the right key.
            g_assert_true(r->sealed == is_private);
            g_assert_cmpstr(r->undecodable, ==, is_private && !fits ? NULL : "does not start with an ORPCTHIS");
        }
    }
}

/** However many security contexts a client makes, each is found at once. */
static void test_many(void)
{
    g_autoptr(Judge) j = judge_new();
    Conversation *c = connect_services(j);
    g_autoptr(GByteArray) token = ntlm_token("jdoe");
    g_test_timer_start();
    for (unsigned i = 0; i < 65536; i++) {
        const Verifier v = {(uint8_t) i, (uint8_t) (i >> 8), 5, i == 0x600 + AUTH_TYPE_NTLM ? token : NULL};
        (void) judge_client(j, c, pb_auth3(1, &v));
    }
    g_test_message("%.2f s", g_test_timer_elapsed());
    g_assert_cmpfloat(g_test_timer_last(), <, 5);
    const Verifier privacy = {AUTH_TYPE_NTLM, AUTH_LEVEL_PRIVACY, 5, NULL};
    const Verifier integrity = {AUTH_TYPE_NTLM, AUTH_LEVEL_INTEGRITY, 5, NULL};
    g_assert_cmpstr(user_of(&request(j, c, &privacy)->security), ==, "jdoe");
    g_assert_null(user_of(&request(j, c, &integrity)->security));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/judge/levels/levels", test_levels);
    g_test_add_func("/judge/levels/connect", test_connect);
    g_test_add_func("/judge/levels/unbound", test_unbound);
    g_test_add_func("/judge/levels/type-names", test_type_names);
    g_test_add_func("/judge/levels/mechanism", test_mechanism);
    g_test_add_func("/judge/levels/server-token", test_server_token);
    g_test_add_func("/judge/levels/decrypted", test_decrypted);
    g_test_add_func("/judge/levels/many", test_many);
    return g_test_run();
}
