// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge-fixture.h"

#include "names/interfaces.h"

#include <string.h>

#define REFERENT 0x00020000
#define OXID 0x0102030405060708

const Guid clsid_wmi = {0x8bc3f05e, 0xd86b, 0x11d0, {0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}};
const Guid clsid_mmc = {0x49b2791a, 0xb1ae, 0x4c90, {0x9b, 0x8e, 0xe8, 0x60, 0xba, 0x07, 0xf8, 0x89}};
const Guid iid_login = {0xf309ad18, 0xd86a, 0x11d0, {0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20}};
const Guid ipid_remunknown = {0x00006800, 0x0a80, 0x0000, {1, 1, 2, 2, 3, 3, 4, 4}};
const Guid ipid_login = {0x00006801, 0x0a80, 0x0000, {5, 5, 6, 6, 7, 7, 8, 8}};

Judge *judge_new(void)
{
    static bool begun;
    if (!begun)
        wmem_init();
    begun = true;
    Judge *j = g_new0(Judge, 1);
    // Each piece by itself, so that the sanitizers see what is used beyond its end.
    j->pool = wmem_allocator_new(WMEM_ALLOCATOR_SIMPLE);
    j->tracker = tracker_new(j->pool);
    j->lines = g_string_new(NULL);
    j->announcer = announcer_new(j->lines);
    return j;
}

void judge_free(Judge *judge)
{
    announcer_free(judge->announcer);
    g_string_free(judge->lines, TRUE);
    wmem_destroy_allocator(judge->pool);
    g_free(judge);
}

static Endpoint host(uint8_t number, uint16_t port)
{
    return (Endpoint){.ip = {[10] = 0xff, 0xff, 10, 0, 0, number}, .port = port};
}

Conversation *judge_connect(Judge *judge, uint8_t client, uint8_t server, uint16_t port)
{
    static uint16_t next = 40000;
    const Endpoint from = host(client, next++), to = host(server, port);
    return conversation_make(judge->pool, &from, &to);
}

nstime_t judge_time(uint32_t frame)
{
    return (nstime_t){.secs = 1596700800 + (time_t) frame};
}

static PduResult *take(Judge *judge, Conversation *c, int side, GByteArray *pdu, const StubBuilder *plain)
{
    const Frame frame = {
        .number = ++judge->frame,
        .time = judge_time(judge->frame),
        .time_digits = 6,
        .length = 54 + pdu->len,
        .side = side,
    };
    conversation_count(c, judge->pool, &frame);
    // At the end of memory of its own, for the same reason.
    g_autofree uint8_t *data = g_memdup2(pdu->data, pdu->len);
    PduBytes bytes = {.frame = frame.number, .side = side, .data = data, .len = pdu->len};
    if (plain) {
        bytes.plain = plain->bytes->data;
        bytes.plain_len = plain->bytes->len;
    }
    PduResult *r = tracker_pdu(judge->tracker, c, &bytes);
    g_byte_array_unref(pdu);
    if (r)
        announce_pdus(judge->announcer, r);
    return r;
}

PduResult *judge_client(Judge *judge, Conversation *c, GByteArray *pdu)
{
    return take(judge, c, 0, pdu, NULL);
}

PduResult *judge_server(Judge *judge, Conversation *c, GByteArray *pdu)
{
    return take(judge, c, 1, pdu, NULL);
}

PduResult *judge_decrypted(Judge *judge, Conversation *c, int side, GByteArray *pdu, const StubBuilder *plain)
{
    return take(judge, c, side, pdu, plain);
}

unsigned judge_said(const Judge *judge, const char *text)
{
    unsigned n = 0;
    for (const char *at = judge->lines->str; (at = strstr(at, text)); at++)
        n++;
    return n;
}

// ---- PDUs

GByteArray *pdu_new(PduType type, uint8_t flags, uint32_t call_id, const GByteArray *body, const Verifier *verifier)
{
    static const uint8_t no_token[16] = {1};
    bool verified = verifier && verifier->level;
    guint token = !verified ? 0 : verifier->token ? verifier->token->len : sizeof(no_token);
    guint padding = verified ? (4 - body->len % 4) % 4 : 0;
    StubBuilder s = sb_new(false);
    sb_uint(&s, 5, 1);
    sb_uint(&s, 0, 1);
    sb_uint(&s, type, 1);
    sb_uint(&s, flags, 1);
    sb_u32(&s, 0x10);
    sb_uint(&s, 16 + body->len + (verified ? padding + 8 + token : 0), 2);
    sb_uint(&s, token, 2);
    sb_u32(&s, call_id);
    g_byte_array_append(s.bytes, body->data, body->len);
    if (!verified)
        return s.bytes;
    sb_uint(&s, 0, padding);
    sb_uint(&s, verifier->type, 1);
    sb_uint(&s, verifier->level, 1);
    sb_uint(&s, padding, 1);
    sb_uint(&s, 0, 1);
    sb_u32(&s, verifier->context_id);
    g_byte_array_append(s.bytes, verifier->token ? verifier->token->data : no_token, token);
    return s.bytes;
}

GByteArray *pdu_binding_from(PduType type, uint32_t call_id, uint16_t first, const char *const *interfaces,
                             const Verifier *verifier)
{
    static const Guid ndr = {0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}};
    static const Guid samr = {0x12345778, 0x1234, 0xabcd, {0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xac}};
    unsigned n = 0;
    while (interfaces[n])
        n++;
    g_auto(StubBuilder) s = sb_new(false);
    sb_uint(&s, 5840, 2);
    sb_uint(&s, 5840, 2);
    sb_u32(&s, 0);
    sb_u32(&s, n);
    for (unsigned i = 0; i < n; i++) {
        const Interface *interface = interface_by_name(interfaces[i]);
        sb_uint(&s, first + i, 2);
        sb_uint(&s, 1, 2);
        sb_guid(&s, interface ? &interface->uuid : &samr);
        sb_u32(&s, 0);
        sb_guid(&s, &ndr);
        sb_u32(&s, 2);
    }
    return pdu_new(type, 3, call_id, s.bytes, verifier);
}

GByteArray *pdu_binding(PduType type, uint32_t call_id, const char *const *interfaces, const Verifier *verifier)
{
    return pdu_binding_from(type, call_id, 0, interfaces, verifier);
}

GByteArray *pdu_binding_ack(PduType type, uint32_t call_id, const uint16_t *results, size_t n, const Verifier *verifier)
{
    g_auto(StubBuilder) s = sb_new(false);
    sb_uint(&s, 5840, 2);
    sb_uint(&s, 5840, 2);
    sb_u32(&s, 7);
    sb_u32(&s, 0); // secondary address, padding
    sb_u32(&s, (uint32_t) n);
    for (size_t i = 0; i < n; i++) {
        sb_uint(&s, results[i], 2);
        sb_uint(&s, 0, 2);
        sb_guid(&s, &(Guid){0});
        sb_u32(&s, 0);
    }
    return pdu_new(type, 3, call_id, s.bytes, verifier);
}

static uint8_t fragment_flags(const Request *r)
{
    return r->flags ? r->flags : PFC_FIRST_FRAG | PFC_LAST_FRAG;
}

GByteArray *pdu_call(const Request *r, const StubBuilder *stub)
{
    g_auto(StubBuilder) s = sb_new(false);
    sb_u32(&s, stub->bytes->len);
    sb_uint(&s, r->context_id, 2);
    sb_uint(&s, r->opnum, 2);
    if (r->object)
        sb_guid(&s, r->object);
    g_byte_array_append(s.bytes, stub->bytes->data, stub->bytes->len);
    uint8_t flags = fragment_flags(r) | (r->object ? PFC_OBJECT_UUID : 0);
    return pdu_new(PDU_REQUEST, flags, r->call_id, s.bytes, &r->verifier);
}

GByteArray *pdu_answer(const Request *r, const StubBuilder *stub)
{
    g_auto(StubBuilder) s = sb_new(false);
    sb_u32(&s, stub ? stub->bytes->len : 32);
    sb_uint(&s, r->context_id, 2);
    sb_uint(&s, 0, 2);
    if (stub)
        g_byte_array_append(s.bytes, stub->bytes->data, stub->bytes->len);
    for (int i = 0; !stub && i < 8; i++)
        sb_u32(&s, 0xc0ffee);
    return pdu_new(PDU_RESPONSE, fragment_flags(r), r->call_id, s.bytes, &r->verifier);
}

GByteArray *pdu_fault(const Request *r, uint32_t status)
{
    g_auto(StubBuilder) s = sb_new(false);
    sb_u32(&s, 0);
    sb_uint(&s, r->context_id, 2);
    sb_uint(&s, 0, 2);
    sb_u32(&s, status);
    sb_u32(&s, 0);
    return pdu_new(PDU_FAULT, 3, r->call_id, s.bytes, &r->verifier);
}

// ---- tokens

GByteArray *token_ntlm(const char *domain, const char *user)
{
    const char *const texts[] = {"", "", domain, user, "WKS", ""};
    StubBuilder s = sb_new(false);
    g_byte_array_append(s.bytes, (const uint8_t *) "NTLMSSP", 8);
    sb_u32(&s, 3);
    g_auto(StubBuilder) payload = sb_new(false);
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        size_t len = 2 * strlen(texts[i]);
        sb_uint(&s, len, 2);
        sb_uint(&s, len, 2);
        sb_u32(&s, 88 + payload.bytes->len);
        for (const char *p = texts[i]; *p; p++)
            sb_uint(&payload, (uint8_t) *p, 2);
    }
    sb_u32(&s, 0xe2888215);
    while (s.bytes->len < 88)
        sb_uint(&s, 0, 1);
    g_byte_array_append(s.bytes, payload.bytes->data, payload.bytes->len);
    return s.bytes;
}

static GByteArray *der(uint8_t tag, GByteArray *contents)
{
    StubBuilder s = sb_new(true);
    sb_uint(&s, tag, 1);
    sb_uint(&s, 0x82, 1);
    sb_uint(&s, contents->len, 2);
    g_byte_array_append(s.bytes, contents->data, contents->len);
    g_byte_array_unref(contents);
    return s.bytes;
}

static GByteArray *joined(GByteArray *a, GByteArray *b)
{
    g_byte_array_append(a, b->data, b->len);
    g_byte_array_unref(b);
    return a;
}

static GByteArray *der_raw(uint8_t tag, const char *bytes, size_t n)
{
    return der(tag, g_byte_array_append(g_byte_array_new(), (const uint8_t *) bytes, (guint) n));
}

static GByteArray *der_int(uint8_t context, char value)
{
    return der(0xa0 | context, der_raw(0x02, &value, 1));
}

static GByteArray *der_text(const char *text)
{
    return der_raw(0x1b, text, strlen(text));
}

static GByteArray *encrypted(char fill)
{
    char bytes[100];
    memset(bytes, fill, sizeof(bytes));
    GByteArray *a = joined(der_int(0, 18), der_int(1, 2));
    return der(0x30, joined(a, der(0xa2, der_raw(0x04, bytes, sizeof(bytes)))));
}

static GByteArray *principal(const char *first, const char *second)
{
    GByteArray *names = second ? joined(der_text(first), der_text(second)) : der_text(first);
    return der(0x30, joined(der_int(0, 2), der(0xa1, der(0x30, names))));
}

static GByteArray *ticket(char fill)
{
    GByteArray *a = joined(der_int(0, 5), der(0xa1, der_text("CORP.EXAMPLE")));
    a = joined(a, der(0xa2, principal("RPCSS", "srv")));
    return der(0x61, der(0x30, joined(a, der(0xa3, encrypted(fill)))));
}

GByteArray *token_kerberos(char fill)
{
    GByteArray *a = joined(der_int(0, 5), der_int(1, 14));
    a = joined(a, der(0xa2, der_raw(0x03, "\0\x20\0\0\0", 5)));
    a = joined(a, der(0xa3, ticket(fill)));
    return der(0x6e, der(0x30, joined(a, der(0xa4, encrypted('a')))));
}

GByteArray *reply_kerberos(char fill)
{
    GByteArray *a = joined(der_int(0, 5), der_int(1, 13));
    a = joined(a, der(0xa3, der_text("CORP.EXAMPLE")));
    a = joined(a, der(0xa4, principal("jdoe", NULL)));
    a = joined(a, der(0xa5, ticket(fill)));
    return der(0x30, joined(a, der(0xa6, encrypted('r'))));
}

// ---- stubs

StubBuilder stub_activation(const Guid *clsid, const Guid *iid)
{
    StubBuilder s = sb_request(false);
    sb_guid(&s, clsid);
    sb_wstring(&s, NULL);
    sb_interface(&s, NULL);
    sb_u32(&s, 2);
    sb_u32(&s, 0xffffffff);
    sb_u32(&s, 1);
    sb_u32(&s, REFERENT);
    sb_u32(&s, 1);
    sb_guid(&s, iid);
    sb_uint(&s, 1, 2);
    sb_align(&s, 4);
    sb_u32(&s, 1);
    sb_uint(&s, 7, 2);
    return s;
}

static void put_bindings(StubBuilder *s, unsigned n)
{
    g_auto(StubBuilder) words = sb_new(false);
    g_autofree char *address = g_strdup_printf("10.0.0.%d[%d]", ACTIVATED_HOST, ACTIVATED_PORT);
    for (unsigned i = 0; i < n; i++) {
        sb_uint(&words, 7, 2);
        for (const char *c = address; *c; c++)
            sb_uint(&words, (uint8_t) *c, 2);
        sb_uint(&words, 0, 2);
    }
    sb_uint(&words, 0, 2);
    uint32_t security = words.bytes->len / 2;
    sb_uint(&words, 9, 2);
    sb_uint(&words, 0xffff, 2);
    sb_u32(&words, 0);
    sb_u32(s, words.bytes->len / 2);
    sb_uint(s, words.bytes->len / 2, 2);
    sb_uint(s, security, 2);
    g_byte_array_append(s->bytes, words.bytes->data, words.bytes->len);
    sb_align(s, 4);
}

StubBuilder stub_activated(unsigned n, const Guid *iid)
{
    g_autoptr(GByteArray) objref = sb_objref_standard(iid, &ipid_login);
    StubBuilder s = sb_response(false);
    sb_uint(&s, OXID, 8);
    sb_u32(&s, REFERENT);
    put_bindings(&s, n);
    sb_guid(&s, &ipid_remunknown);
    sb_u32(&s, 2);
    sb_uint(&s, 5, 2);
    sb_uint(&s, 7, 2);
    sb_u32(&s, 0); // phr
    sb_u32(&s, 1);
    sb_u32(&s, REFERENT);
    sb_u32(&s, objref->len);
    sb_u32(&s, objref->len);
    g_byte_array_append(s.bytes, objref->data, objref->len);
    sb_align(&s, 4);
    sb_u32(&s, 1);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    return s;
}

StubBuilder stub_client_info(const char *name, uint32_t pid)
{
    StubBuilder s = sb_request(false);
    sb_wstring(&s, name);
    sb_u32(&s, pid);
    sb_u32(&s, 0);
    return s;
}

StubBuilder stub_login(const char *namespace_path, const char *locale)
{
    StubBuilder s = sb_request(false);
    sb_wstring(&s, namespace_path);
    sb_wstring(&s, locale);
    sb_u32(&s, 0);
    sb_interface(&s, NULL);
    return s;
}

StubBuilder stub_logged_in(const Guid *ipid)
{
    g_autoptr(GByteArray) objref = sb_objref_standard(&sb_iid_services, ipid);
    StubBuilder s = sb_response(false);
    sb_interface(&s, objref);
    sb_u32(&s, 0);
    return s;
}
