// SPDX-License-Identifier: GPL-2.0-or-later
#include "token-builder.h"
#include "wire/auth.h"

static GByteArray *ap_req_for(const char *realm, const char *const *parts)
{
    return tb_ap_req(tb_ticket(realm, parts, 1));
}

static GByteArray *ap_req(void)
{
    return ap_req_for("CORP.EXAMPLE", (const char *const[]){"RPCSS", "srv.corp.example", NULL});
}

/** AP-REP or KRB-ERROR, as far as they matter. */
static GByteArray *krb_other(uint8_t type)
{
    GByteArray *a = tb_join(tb_der_int(0, 5), tb_der_int(1, type));
    return tb_der(0x60 | type, tb_der(0x30, tb_join(a, tb_der(0xa2, tb_encrypted(40)))));
}

/** User-to-user TGT-REQ (16) or TGT-REP (17). */
static GByteArray *krb_tgt(uint8_t type)
{
    GByteArray *a = tb_join(tb_der_int(0, 5), tb_der_int(1, type));
    GByteArray *last = type == 16 ? tb_principal((const char *const[]){"jdoe", NULL})
                                  : tb_ticket("CORP.EXAMPLE", (const char *const[]){"krbtgt", "CORP.EXAMPLE", NULL}, 1);
    return tb_der(0x30, tb_join(a, tb_der(0xa2, last)));
}

#define OID_SPNEGO "\x06\x06\x2b\x06\x01\x05\x05\x02"
#define OID_KRB5 "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02"
#define OID_KRB5_U2U "\x06\x0a\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x03"
#define OID_MS_KRB5 "\x06\x09\x2a\x86\x48\x82\xf7\x12\x01\x02\x02"
#define OID_NTLM "\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a"
#define OID_NEGOEX "\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x1e"

static GByteArray *gss(const char *oid, GByteArray *inner)
{
    return tb_der(0x60, tb_join(tb_raw(oid, strlen(oid)), inner));
}

static GByteArray *gss_krb(const char *oid, uint16_t token_id, GByteArray *inner)
{
    StubBuilder s = sb_new(true);
    sb_uint(&s, token_id, 2);
    return gss(oid, tb_join(s.bytes, inner));
}

/** NegTokenInit; either part may be NULL. */
static GByteArray *neg_init(const char *oids, GByteArray *token)
{
    GByteArray *a = g_byte_array_new();
    if (oids)
        a = tb_join(a, tb_der(0xa0, tb_der(0x30, tb_raw(oids, strlen(oids)))));
    a = tb_join(a, tb_der(0xa1, tb_der(0x03, tb_raw("\x02\x14", 2))));
    if (token)
        a = tb_join(a, tb_der(0xa2, tb_der(0x04, token)));
    return gss(OID_SPNEGO, tb_der(0xa0, tb_der(0x30, a)));
}

/** NegTokenResp; the same. */
static GByteArray *neg_resp(const char *oid, GByteArray *token)
{
    GByteArray *a = tb_der(0xa0, tb_der(0x0a, tb_raw("\x01", 1)));
    if (oid)
        a = tb_join(a, tb_der(0xa1, tb_raw(oid, strlen(oid))));
    if (token)
        a = tb_join(a, tb_der(0xa2, tb_der(0x04, token)));
    return tb_der(0xa1, tb_der(0x30, tb_join(a, tb_der(0xa3, tb_der(0x04, tb_filler(16))))));
}

static GByteArray *authenticate(void)
{
    return tb_ntlm_authenticate((TbNtlm){.lm = tb_filler(24),
                                         .nt = tb_ntlmv2("RPCSS/srv"),
                                         .domain = tb_utf16le("CORP"),
                                         .user = tb_utf16le("j\u00f6rg_adm"),
                                         .workstation = tb_utf16le("WKS-07"),
                                         .flags = 0xe2888215});
}

/* Tests */

typedef struct {
    bool good;
    AuthMechanism mechanism;
    uint8_t ntlm_type;
    const char *spn, *realm, *user, *domain, *workstation;
    bool anonymous;
} Expected;

/** Takes over `token`. */
static void check(GByteArray *token, Expected e)
{
    AuthToken t;
    // Of exactly its size, so that a sanitizer sees what is read beyond it.
    g_autofree uint8_t *copy = g_memdup2(token->data, token->len);
    g_assert_cmpint(auth_token_read(copy, token->len, &t), ==, e.good);
    g_byte_array_unref(token);
    g_assert_cmpint(t.mechanism, ==, e.mechanism);
    g_assert_cmpuint(t.ntlm_type, ==, e.ntlm_type);
    g_assert_cmpstr(t.spn, ==, e.spn);
    g_assert_cmpstr(t.realm, ==, e.realm);
    g_assert_cmpstr(t.user, ==, e.user);
    g_assert_cmpstr(t.domain, ==, e.domain);
    g_assert_cmpstr(t.workstation, ==, e.workstation);
    g_assert_cmpint(t.anonymous, ==, e.anonymous);
    if (e.good)
        auth_token_clear(&t);
    g_assert_null(t.spn);
}

static const Expected none = {0};
static const Expected unknown = {.good = true};
static const Expected kerberos = {.good = true, .mechanism = AUTH_TOKEN_KERBEROS};
static const Expected kerberos_ap_req = {
    .good = true, .mechanism = AUTH_TOKEN_KERBEROS, .spn = "RPCSS/srv.corp.example", .realm = "CORP.EXAMPLE"};
static const Expected ntlm = {.good = true, .mechanism = AUTH_TOKEN_NTLM};
static const Expected ntlm_authenticated = {.good = true,
                                            .mechanism = AUTH_TOKEN_NTLM,
                                            .ntlm_type = 3,
                                            .spn = "RPCSS/srv",
                                            .user = "j\u00f6rg_adm",
                                            .domain = "CORP",
                                            .workstation = "WKS-07"};

static void test_kerberos(void)
{
    check(ap_req(), kerberos_ap_req);
    check(gss_krb(OID_KRB5, 0x0100, ap_req()), kerberos_ap_req);
    check(gss_krb(OID_MS_KRB5, 0x0100, ap_req()), kerberos_ap_req);
    check(krb_other(15), kerberos);
    check(krb_other(30), kerberos);
    check(gss_krb(OID_KRB5, 0x0200, krb_other(15)), kerberos);
    check(gss_krb(OID_KRB5, 0x0300, krb_other(30)), kerberos);
}

/** User to user: the ticket of TGT-REP is none for a service. */
static void test_kerberos_user_to_user(void)
{
    check(gss_krb(OID_KRB5_U2U, 0x0400, krb_tgt(16)), kerberos);
    check(gss_krb(OID_KRB5_U2U, 0x0401, krb_tgt(17)), kerberos);
    check(gss_krb(OID_KRB5_U2U, 0x0100, ap_req()), kerberos_ap_req);
    check(ap_req_for("R", (const char *const[]){"jdoe", NULL}),
          (Expected){.good = true, .mechanism = AUTH_TOKEN_KERBEROS, .spn = "jdoe", .realm = "R"});
}

static void test_kerberos_names(void)
{
    check(ap_req_for("R", (const char *const[]){"a", "b", "c", NULL}),
          (Expected){.good = true, .mechanism = AUTH_TOKEN_KERBEROS, .spn = "a/b/c", .realm = "R"});
    check(ap_req_for("R\xff", (const char *const[]){"\u00fc", "\xc3", NULL}),
          (Expected){.good = true, .mechanism = AUTH_TOKEN_KERBEROS, .spn = "\u00fc/\ufffd", .realm = "R\ufffd"});
    check(ap_req_for("R", (const char *const[]){NULL}), none);
    check(ap_req_for("", (const char *const[]){"a", NULL}), none);
    check(ap_req_for("R", (const char *const[]){"1", "2", "3", "4", "5", "6", "7", "8", "9", NULL}), none);
}

/** An AP-REQ with a wrong byte, `index` bytes behind the start of what is looked for. */
static void check_kerberos_byte(const char *pattern, size_t n, size_t index, uint8_t value)
{
    GByteArray *token = ap_req();
    uint8_t *at = memmem(token->data, token->len, pattern, n);
    g_assert_nonnull(at);
    g_assert_cmpuint(at[index], !=, value);
    at[index] = value;
    check(token, none);
}

static void test_kerberos_malformed(void)
{
    check_kerberos_byte("\xa0\x03\x02\x01", 4, 4, 4);          // pvno
    check_kerberos_byte("\xa1\x03\x02\x01", 4, 4, 15);         // msg-type
    check_kerberos_byte("\x61\x82", 2, 0, 0x62);               // the ticket's tag
    check_kerberos_byte("\x1b\x0c", 2, 0, 0x16);               // the realm's type
    check_kerberos_byte("\x1b\x0c", 2, 1, 0x80);               // indefinite length
    check_kerberos_byte("\x1b\x0c", 2, 1, 0x85);               // too many bytes of length
    check_kerberos_byte("\x1b\x0c", 2, 1, 0x7f);               // beyond the end of what holds it
    check_kerberos_byte("\x1b\x05RPCSS", 7, 0, 0x04);          // a part of the name
    check(tb_der(0x6d, tb_der(0x30, tb_der_int(0, 5))), none); // TGS-REP
    check(gss_krb(OID_KRB5, 0x0200, ap_req()), none);          // the token id of AP-REP
    check(gss_krb(OID_NEGOEX, 0x0100, ap_req()), none);        //
    check(gss_krb(OID_KRB5, 0x0101, ap_req()), none);          // that of a signature
}

/** Signatures and other bytes that auth verifiers hold. */
static void test_no_token(void)
{
    check(g_byte_array_new(), none);
    check(tb_raw("\x04\x04\x05\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\1", 16), none);
    check(gss_krb(OID_KRB5, 0x0101, tb_raw("\x11\0\xff\xff\xff\xff", 6)), none);
    check(tb_raw("\1\0\0\0\x12\x34\x56\x78\x9a\xbc\xde\xf0\0\0\0\0", 16), none);
    check(tb_raw("\0\0\0\0\1\0\0\0CORP\0SRV", 16), none); // Netlogon
    check(tb_raw("NTLMSSP", 8), none);
    check(tb_raw("NTLMSSQ\0\1\0\0\0\0\0\0\0", 16), none);
}

static void test_ntlm_types(void)
{
    Expected e = ntlm;
    e.ntlm_type = 1;
    check(tb_ntlm_head(1, 40), e);
    check(tb_ntlm_head(1, 16), e);
    check(tb_ntlm_head(1, 15), none);
    e.ntlm_type = 2;
    check(tb_ntlm_head(2, 56), e);
    check(tb_ntlm_head(2, 31), none);
    check(tb_ntlm_head(0, 64), none);
    check(tb_ntlm_head(4, 64), none);
    check(tb_ntlm_head(257, 64), none);
}

static void test_ntlm_authenticate(void)
{
    check(authenticate(), ntlm_authenticated);
}

static void test_ntlm_oem(void)
{
    check(tb_ntlm_authenticate((TbNtlm){.lm = tb_filler(24),
                                        .nt = tb_filler(24), // NTLMv1
                                        .domain = tb_raw("CORP", 4),
                                        .user = tb_raw("j\xf6rg\xc3\xb6", 6), // no matter what code page
                                        .workstation = tb_raw("WKS\0"
                                                              "7",
                                                              5),
                                        .flags = 2}),
          (Expected){.good = true,
                     .mechanism = AUTH_TOKEN_NTLM,
                     .ntlm_type = 3,
                     .domain = "CORP",
                     .user = "j\ufffdrg\ufffd\ufffd",
                     .workstation = "WKS"});
}

static void test_ntlm_anonymous(void)
{
    static const struct {
        guint lm, nt;
        const char *user;
        bool anonymous;
    } cases[] = {
        {1, 0, "", true}, {0, 0, "", true}, {24, 0, "", false}, {1, 24, "", false}, {1, 0, "u", false},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %zu", i);
        check(tb_ntlm_authenticate((TbNtlm){.lm = tb_filler(cases[i].lm),
                                            .nt = tb_filler(cases[i].nt),
                                            .domain = g_byte_array_new(),
                                            .user = tb_utf16le(cases[i].user),
                                            .workstation = tb_utf16le("W"),
                                            .flags = 1}),
              (Expected){.good = true,
                         .mechanism = AUTH_TOKEN_NTLM,
                         .ntlm_type = 3,
                         .user = *cases[i].user ? cases[i].user : NULL,
                         .workstation = "W",
                         .anonymous = cases[i].anonymous});
    }
}

/** The names count also when the response's pairs are not as they should be. */
static void test_ntlm_target(void)
{
    Expected e = ntlm_authenticated;
    e.spn = NULL;
    GByteArray *responses[] = {
        tb_ntlmv2(NULL), tb_ntlmv2(""), tb_ntlmv2("x"), tb_ntlmv2("x"), tb_ntlmv2("x"),
    };
    responses[2]->data[16] = 2;           // another version
    responses[3]->data[16 + 28 + 2] = 77; // a pair that ends amid another
    responses[4]->data[16 + 28] = 0;      // the end before the target
    for (size_t i = 0; i < G_N_ELEMENTS(responses); i++) {
        g_test_message("case %zu", i);
        check(tb_ntlm_authenticate((TbNtlm){.lm = tb_filler(24),
                                            .nt = responses[i],
                                            .domain = tb_utf16le(e.domain),
                                            .user = tb_utf16le(e.user),
                                            .workstation = tb_utf16le(e.workstation),
                                            .flags = 1}),
              e);
    }
}

static void test_ntlm_malformed(void)
{
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {
        {12 + 3 * 8, 17},       // the user's length is odd
        {12 + 2 * 8 + 4, 0xff}, // the domain ends beyond the message
        {12 + 2 * 8 + 7, 0xff}, // so far that the sum overflows
        {12 + 0 * 8 + 1, 0xff}, // the LM response
        {12 + 5 * 8 + 6, 0x01}, // the session key
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        GByteArray *token = authenticate();
        token->data[cases[i].at] = cases[i].value;
        if (i == 1)
            token->data[cases[i].at + 1] = 0xff;
        g_test_message("case %zu", i);
        check(token, none);
    }
    // An empty field may point anywhere.
    GByteArray *token = authenticate();
    token->data[12 + 4 * 8] = 0;
    token->data[12 + 4 * 8 + 7] = 0xff;
    Expected e = ntlm_authenticated;
    e.workstation = NULL;
    check(token, e);
}

static void test_spnego_init(void)
{
    static const char windows[] = OID_MS_KRB5 OID_KRB5 OID_NEGOEX OID_NTLM;
    Expected negotiate = ntlm;
    negotiate.ntlm_type = 1;
    check(neg_init(windows, gss_krb(OID_KRB5, 0x0100, ap_req())), kerberos_ap_req);
    check(neg_init(windows, ap_req()), kerberos_ap_req);
    check(neg_init(windows, gss_krb(OID_KRB5_U2U, 0x0400, krb_tgt(16))), kerberos);
    check(neg_init(windows, tb_ntlm_head(1, 40)), negotiate); // what is carried counts, not what is preferred
    check(neg_init(OID_NTLM, tb_ntlm_head(1, 40)), negotiate);
    check(neg_init(NULL, tb_ntlm_head(1, 40)), negotiate);
    check(neg_init(OID_NEGOEX OID_NTLM, tb_raw("NEGOEXTS....", 12)), unknown);
    // Without a token it is the only mechanism or an open question.
    check(neg_init(OID_NTLM, NULL), ntlm);
    check(neg_init(OID_KRB5, NULL), kerberos);
    check(neg_init(windows, NULL), unknown);
    check(neg_init(OID_NEGOEX, NULL), unknown);
}

static void test_spnego_resp(void)
{
    Expected challenge = ntlm;
    challenge.ntlm_type = 2;
    check(neg_resp(OID_NTLM, tb_ntlm_head(2, 56)), challenge);
    check(neg_resp(NULL, authenticate()), ntlm_authenticated);
    check(neg_resp(NULL, krb_other(15)), kerberos);
    check(neg_resp(NULL, ap_req()), kerberos_ap_req);
    check(neg_resp(OID_MS_KRB5, gss_krb(OID_KRB5_U2U, 0x0401, krb_tgt(17))), kerberos);
    check(neg_resp(OID_MS_KRB5, NULL), kerberos);
    check(neg_resp(OID_NTLM, NULL), ntlm);
    check(neg_resp(NULL, NULL), unknown);
    check(neg_resp(NULL, tb_raw("?", 1)), unknown);
}

static void test_spnego_malformed(void)
{
    check(neg_init(OID_NTLM, tb_raw("?", 1)), none);
    check(neg_init(OID_KRB5, tb_ntlm_head(3, 30)), none);
    check(neg_resp(OID_KRB5, tb_raw("?", 1)), none);
    check(neg_init(OID_KRB5, neg_init(OID_KRB5, ap_req())), none); // not one in the other
    check(gss(OID_SPNEGO, tb_der(0xa2, tb_der(0x30, g_byte_array_new()))), none);
    check(gss(OID_SPNEGO, ap_req()), none);
    check(tb_der(0xa0, tb_der(0x30, tb_der(0xa2, tb_der(0x04, ap_req())))), none); // NegTokenInit without its framing
    check(tb_der(0xa1, tb_der(0x31, g_byte_array_new())), none);
    check(tb_der(0xa1, tb_der(0x30, tb_der(0xa2, ap_req()))), none); // no OCTET STRING
    // Indefinite lengths and such of more than four bytes.
    check(tb_der(0xa1, tb_der(0x30, tb_raw("\xa0\x80\x0a\x01\x01\0\0", 7))), none);
    check(tb_der(0xa1, tb_der(0x30, tb_raw("\xa0\x85\0\0\0\0\x03\x0a\x01\x01", 10))), none);
    check(tb_der(0xa1, tb_der(0x30, tb_raw("\xa0\x84\0\0\0\x03\x0a\x01\x01", 9))), unknown);
}

static void test_deep(void)
{
    GByteArray *token = g_byte_array_new();
    for (unsigned i = 0; i < 4000; i++)
        token = tb_der(i % 2 ? 0x30 : 0xa1, token);
    check(token, none);
}

/** The encrypted part tells which reply of the KDC an AP-REQ came from. */
static void check_ticket(const GByteArray *message, const uint8_t *cipher, size_t len)
{
    g_assert_cmpuint(len, ==, TB_TICKET_SIZE);
    g_assert_true(cipher > message->data && cipher + len < message->data + message->len);
    g_autoptr(GByteArray) expected = tb_filler(TB_TICKET_SIZE);
    expected->data[0] = 1;
    g_assert_true(memcmp(cipher, expected->data, len) == 0);
}

static void test_ticket(void)
{
    g_autoptr(GByteArray) message = neg_init(OID_KRB5, gss_krb(OID_KRB5, 0x0100, ap_req()));
    AuthToken t;
    g_assert_true(auth_token_read(message->data, message->len, &t));
    check_ticket(message, t.ticket, t.ticket_len);
    auth_token_clear(&t);
    g_assert_null(t.ticket);
}

static GByteArray *kdc_reply(uint8_t type, bool with_padata)
{
    GByteArray *ticket = tb_ticket("OTHER.EXAMPLE", (const char *const[]){"host", "srv", NULL}, 1);
    return tb_kdc_reply(type, with_padata, "jdoe", "CORP.EXAMPLE", ticket);
}

static void test_kdc_reply(void)
{
    for (unsigned i = 0; i < 4; i++) {
        g_autoptr(GByteArray) message = kdc_reply(i & 1 ? 11 : 13, i & 2);
        KdcReply r;
        g_assert_true(kdc_reply_read(message->data, message->len, &r));
        g_assert_cmpstr(r.client, ==, "jdoe");
        g_assert_cmpstr(r.client_realm, ==, "CORP.EXAMPLE");
        g_assert_cmpstr(r.spn, ==, "host/srv");
        g_assert_cmpstr(r.realm, ==, "OTHER.EXAMPLE");
        check_ticket(message, r.ticket, r.ticket_len);
        kdc_reply_clear(&r);
        g_assert_null(r.client);
    }
    g_autoptr(GByteArray) other = kdc_reply(14, false);
    KdcReply r;
    g_assert_false(kdc_reply_read(other->data, other->len, &r));
}

static bool read_kdc_reply(const uint8_t *data, size_t len)
{
    KdcReply r;
    if (!kdc_reply_read(data, len, &r))
        return false;
    g_assert_true(*r.client && *r.client_realm && *r.spn && *r.realm);
    g_assert_true(r.ticket >= data && r.ticket + r.ticket_len <= data + len);
    kdc_reply_clear(&r);
    return true;
}

static bool read_token(const uint8_t *data, size_t len)
{
    AuthToken t;
    if (!auth_token_read(data, len, &t))
        return false;
    const char *const texts[] = {t.spn, t.realm, t.user, t.domain, t.workstation};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        g_assert_true(!texts[i] || (*texts[i] && g_utf8_validate(texts[i], -1, NULL)));
    auth_token_clear(&t);
    return true;
}

static void test_hostile(void)
{
    GByteArray *const tokens[] = {
        ap_req(),
        krb_other(15),
        authenticate(),
        gss_krb(OID_KRB5, 0x0100, ap_req()),
        gss_krb(OID_KRB5_U2U, 0x0400, krb_tgt(16)),
        neg_init(OID_MS_KRB5 OID_NTLM, gss_krb(OID_KRB5, 0x0100, ap_req())),
        neg_init(OID_MS_KRB5 OID_NTLM, NULL),
        neg_resp(NULL, authenticate()),
    };
    for (size_t i = 0; i < G_N_ELEMENTS(tokens); i++) {
        g_test_message("case %zu", i);
        sb_check_truncations(tokens[i], read_token);
        sb_check_mutations(tokens[i], 5000, read_token);
        g_byte_array_unref(tokens[i]);
    }
    g_autoptr(GByteArray) reply = kdc_reply(11, true);
    sb_check_truncations(reply, read_kdc_reply);
    sb_check_mutations(reply, 5000, read_kdc_reply);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/decode-auth/kerberos", test_kerberos);
    g_test_add_func("/decode-auth/kerberos-user-to-user", test_kerberos_user_to_user);
    g_test_add_func("/decode-auth/kerberos-names", test_kerberos_names);
    g_test_add_func("/decode-auth/kerberos-malformed", test_kerberos_malformed);
    g_test_add_func("/decode-auth/no-token", test_no_token);
    g_test_add_func("/decode-auth/ntlm-types", test_ntlm_types);
    g_test_add_func("/decode-auth/ntlm-authenticate", test_ntlm_authenticate);
    g_test_add_func("/decode-auth/ntlm-oem", test_ntlm_oem);
    g_test_add_func("/decode-auth/ntlm-anonymous", test_ntlm_anonymous);
    g_test_add_func("/decode-auth/ntlm-target", test_ntlm_target);
    g_test_add_func("/decode-auth/ntlm-malformed", test_ntlm_malformed);
    g_test_add_func("/decode-auth/spnego-init", test_spnego_init);
    g_test_add_func("/decode-auth/spnego-resp", test_spnego_resp);
    g_test_add_func("/decode-auth/spnego-malformed", test_spnego_malformed);
    g_test_add_func("/decode-auth/deep", test_deep);
    g_test_add_func("/decode-auth/ticket", test_ticket);
    g_test_add_func("/decode-auth/kdc-reply", test_kdc_reply);
    g_test_add_func("/decode-auth/hostile", test_hostile);
    return g_test_run();
}
