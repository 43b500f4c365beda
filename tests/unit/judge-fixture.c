// SPDX-License-Identifier: GPL-2.0-or-later
#include "judge-fixture.h"

#include "activation-builder.h"
#include "names/interfaces.h"
#include "token-builder.h"
#include "wire/epm.h"
#include "wire/wmio.h"

#include <string.h>

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

static void count(Judge *judge, Conversation *c, int side, size_t len)
{
    const Frame frame = {
        .number = ++judge->frame,
        .time = judge_time(judge->frame),
        .time_digits = 6,
        .length = 54 + (uint32_t) len,
        .side = side,
        .payload = len > 0,
    };
    conversation_count(c, judge->pool, &frame);
}

static PduResult *take(Judge *judge, Conversation *c, int side, const GByteArray *pdu, size_t len,
                       const StubBuilder *plain)
{
    // At the end of memory of its own, for the same reason.
    g_autofree uint8_t *data = g_memdup2(pdu->data, len);
    PduBytes bytes = {.frame = judge->frame, .side = side, .data = data, .len = len};
    if (plain) {
        bytes.plain = plain->bytes->data;
        bytes.plain_len = plain->bytes->len;
    }
    return tracker_pdu(judge->tracker, c, &bytes);
}

static PduResult *take_alone(Judge *judge, Conversation *c, int side, GByteArray *pdu, size_t len,
                             const StubBuilder *plain)
{
    count(judge, c, side, pdu->len);
    PduResult *r = take(judge, c, side, pdu, len, plain);
    g_byte_array_unref(pdu);
    if (r)
        announce_pdus(judge->announcer, r);
    return r;
}

PduResult *judge_client(Judge *judge, Conversation *c, GByteArray *pdu)
{
    return take_alone(judge, c, 0, pdu, pdu->len, NULL);
}

PduResult *judge_server(Judge *judge, Conversation *c, GByteArray *pdu)
{
    return take_alone(judge, c, 1, pdu, pdu->len, NULL);
}

PduResult *judge_decrypted(Judge *judge, Conversation *c, int side, GByteArray *pdu, const StubBuilder *plain)
{
    return take_alone(judge, c, side, pdu, pdu->len, plain);
}

PduResult *judge_snapped(Judge *judge, Conversation *c, int side, GByteArray *pdu, size_t len)
{
    g_assert_cmpuint(len, <=, pdu->len);
    return take_alone(judge, c, side, pdu, len, NULL);
}

PduResult *judge_frame(Judge *judge, Conversation *c, int side, GByteArray *const *pdus, unsigned n)
{
    PduResult *first = NULL, **next = &first;
    size_t len = 0;
    for (unsigned i = 0; i < n; i++)
        len += pdus[i]->len;
    count(judge, c, side, len);
    for (unsigned i = 0; i < n; i++) {
        *next = take(judge, c, side, pdus[i], pdus[i]->len, NULL);
        if (*next)
            next = &(*next)->next;
        g_byte_array_unref(pdus[i]);
    }
    if (first)
        announce_pdus(judge->announcer, first);
    return first;
}

unsigned judge_said(const Judge *judge, const char *text)
{
    unsigned n = 0;
    for (const char *at = judge->lines->str; (at = strstr(at, text)); at++)
        n++;
    return n;
}

// ---- exchanges

Guid interface_uuid(const char *name)
{
    static const Guid samr = {0x12345778, 0x1234, 0xabcd, {0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xac}};
    const Interface *known = interface_by_name(name);
    if (strcmp(name, MAPPER_INTERFACE) == 0)
        return epm_uuid;
    g_assert_true(known || strcmp(name, OTHER_INTERFACE) == 0);
    return known ? known->uuid : samr;
}

Guid windows_ipid(uint32_t n)
{
    return (Guid){n, 0x0a80, 0xffff, {1, 2, 3, 4, 5, 6, 7, 8}};
}

static PduResult *offer(Judge *judge, Conversation *c, PduType type, uint16_t first, const char *const *interfaces,
                        const Verifier *verifier)
{
    static const uint16_t accepted[PDU_MAX_CONTEXTS];
    uint32_t call_id = ++judge->call_id;
    PduResult *r = judge_client(judge, c, pdu_binding_from(type, call_id, first, interfaces, verifier));
    PduType answer = type == PDU_BIND ? PDU_BIND_ACK : PDU_ALTER_CONTEXT_RESP;
    (void) judge_server(judge, c, pb_bind_ack(answer, call_id, accepted, r->n_contexts, NULL));
    return r;
}

PduResult *judge_bind(Judge *judge, Conversation *c, const char *const *interfaces, const Verifier *verifier)
{
    return offer(judge, c, PDU_BIND, 0, interfaces, verifier);
}

PduResult *judge_alter(Judge *judge, Conversation *c, uint16_t id, const char *interface, const Verifier *verifier)
{
    return offer(judge, c, PDU_ALTER_CONTEXT, id, NAMES(interface), verifier);
}

PduResult *judge_call(Judge *judge, Conversation *c, uint16_t context, uint16_t opnum, const Guid *object,
                      const StubBuilder *stub)
{
    const PbCall call = {
        .big_endian = stub && stub->big_endian,
        .call_id = ++judge->call_id,
        .context_id = context,
        .opnum = opnum,
        .object = object,
        .stub = stub ? stub->bytes->data : NULL,
        .stub_len = stub ? stub->bytes->len : 0,
    };
    return judge_client(judge, c, pb_request(&call));
}

PduResult *judge_answer(Judge *judge, Conversation *c, const StubBuilder *stub)
{
    const PbCall call = {
        .big_endian = stub->big_endian,
        .call_id = judge->call_id,
        .stub = stub->bytes->data,
        .stub_len = stub->bytes->len,
    };
    return judge_server(judge, c, pb_response(&call));
}

PduResult *judge_fault(Judge *judge, Conversation *c, uint32_t status)
{
    const PbCall call = {.call_id = judge->call_id};
    return judge_server(judge, c, pb_fault(&call, status));
}

// ---- PDUs

GByteArray *pdu_binding_from(PduType type, uint32_t call_id, uint16_t first, const char *const *interfaces,
                             const Verifier *verifier)
{
    PbContext contexts[PDU_MAX_CONTEXTS];
    unsigned n = 0;
    for (; interfaces[n]; n++)
        contexts[n] = (PbContext){.id = (uint16_t) (first + n), .uuid = interface_uuid(interfaces[n])};
    return pb_bind(type, call_id, contexts, n, verifier);
}

GByteArray *pdu_binding(PduType type, uint32_t call_id, const char *const *interfaces, const Verifier *verifier)
{
    return pdu_binding_from(type, call_id, 0, interfaces, verifier);
}

GByteArray *pdu_binding_ack(PduType type, uint32_t call_id, const uint16_t *results, size_t n, const Verifier *verifier)
{
    return pb_bind_ack(type, call_id, results, (unsigned) n, verifier);
}

static PbCall call_of(const Request *r, const StubBuilder *stub)
{
    return (PbCall){
        .flags = r->flags,
        .call_id = r->call_id,
        .context_id = r->context_id,
        .opnum = r->opnum,
        .object = r->object,
        .stub = stub ? stub->bytes->data : NULL,
        .stub_len = stub ? stub->bytes->len : 0,
        .verifier = &r->verifier,
    };
}

GByteArray *pdu_call(const Request *r, const StubBuilder *stub)
{
    const PbCall call = call_of(r, stub);
    return pb_request(&call);
}

GByteArray *pdu_answer(const Request *r, const StubBuilder *stub)
{
    static const uint8_t sealed[32] = {0xc0, 0xff, 0xee};
    PbCall call = call_of(r, stub);
    if (!stub) {
        call.stub = sealed;
        call.stub_len = sizeof(sealed);
    }
    return pb_response(&call);
}

GByteArray *pdu_fault(const Request *r, uint32_t status)
{
    const PbCall call = call_of(r, NULL);
    return pb_fault(&call, status);
}

// ---- tokens

GByteArray *token_ntlm(const char *domain, const char *user)
{
    return tb_ntlm_authenticate((TbNtlm){.lm = tb_filler(24),
                                         .nt = tb_ntlmv2(NULL),
                                         .domain = tb_utf16le(domain),
                                         .user = tb_utf16le(user),
                                         .workstation = tb_utf16le("WKS"),
                                         .flags = 0xe2888215});
}

static GByteArray *ticket(char fill)
{
    return tb_ticket("CORP.EXAMPLE", (const char *const[]){"RPCSS", "srv", NULL}, (uint8_t) fill);
}

GByteArray *token_kerberos(char fill)
{
    return tb_ap_req(ticket(fill));
}

GByteArray *reply_kerberos(char fill)
{
    return tb_kdc_reply(13, false, "jdoe", "CORP.EXAMPLE", ticket(fill));
}

// ---- stubs

StubBuilder stub_activation(const Guid *clsid, const Guid *iid)
{
    const AbActivation a = {.clsid = *clsid, .n = 1, .iids = iid};
    return ab_remote_request(&a, false);
}

StubBuilder stub_activated(unsigned n, const Guid *iid)
{
    g_autofree char *address = g_strdup_printf("10.0.0.%d[%d]", ACTIVATED_HOST, ACTIVATED_PORT);
    const char *addresses[256] = {NULL};
    g_assert_cmpuint(n, <, G_N_ELEMENTS(addresses));
    for (unsigned i = 0; i < n; i++)
        addresses[i] = address;
    const AbActivation a = {
        .n = 1, .iids = iid, .oxid = OXID, .remunknown = ipid_remunknown, .addresses = addresses, .ipids = &ipid_login};
    return ab_remote_response(&a, false);
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

StubBuilder stub_client_info_ex(const char *name, const char *fqdn, uint32_t pid, uint64_t start)
{
    StubBuilder s = sb_request(false);
    sb_wstring(&s, name);
    sb_wstring(&s, fqdn);
    sb_u32(&s, pid);
    sb_uint(&s, start, 8);
    sb_u32(&s, 0);
    return s;
}

StubBuilder stub_handed_out(const char *interface, const Guid *ipid)
{
    const Guid iid = interface_uuid(interface);
    g_autoptr(GByteArray) objref = sb_objref_standard(&iid, ipid);
    StubBuilder s = sb_response(false);
    sb_interface(&s, objref);
    sb_u32(&s, 0);
    return s;
}

StubBuilder stub_logged_in(const Guid *ipid)
{
    return stub_handed_out("IWbemServices", ipid);
}

/** OBJREF of an instance of a class with one property. */
static GByteArray *instance(const char *class, const char *name, const char *value)
{
    const SbProperty declared = {.name = name, .type = CIM_STRING, .nd = 1};
    const SbProperty property = {.name = name, .type = CIM_STRING, .texts = &value};
    const SbClass c = {.name = class, .properties = &declared, .n = 1};
    g_autoptr(GByteArray) block = sb_wmio_instance(&c, &property, NULL, NULL);
    return sb_objref_object(block);
}

StubBuilder stub_get_object(const char *path)
{
    StubBuilder s = sb_request(false);
    sb_bstr(&s, path);
    sb_u32(&s, 0);
    sb_interface(&s, NULL);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    return s;
}

StubBuilder stub_query(const char *query)
{
    StubBuilder s = sb_request(false);
    sb_bstr(&s, "WQL");
    sb_bstr(&s, query);
    sb_u32(&s, 0x30);
    sb_interface(&s, NULL);
    return s;
}

StubBuilder stub_exec_method(const char *path, const char *method, const char *command)
{
    g_autoptr(GByteArray) in = instance("__PARAMETERS", "CommandLine", command);
    StubBuilder s = sb_request(false);
    sb_bstr(&s, path);
    sb_bstr(&s, method);
    sb_u32(&s, 0);
    sb_interface(&s, NULL);
    sb_interface(&s, in);
    sb_interface_inout(&s, NULL);
    sb_u32(&s, 0);
    return s;
}

StubBuilder stub_put_instance(const char *class, const char *property, const char *value)
{
    g_autoptr(GByteArray) written = instance(class, property, value);
    StubBuilder s = sb_request(false);
    sb_interface(&s, written);
    sb_u32(&s, 0);
    sb_interface(&s, NULL);
    sb_u32(&s, 0);
    return s;
}

StubBuilder stub_executed(const char *property, const char *value)
{
    g_autoptr(GByteArray) out = instance("__PARAMETERS", property, value);
    StubBuilder s = sb_response(false);
    sb_interface_inout(&s, out);
    sb_u32(&s, 0);
    sb_u32(&s, 0);
    return s;
}

StubBuilder stub_query_interface(const Guid *ipid, const char *const *interfaces)
{
    unsigned n = 0;
    while (interfaces[n])
        n++;
    StubBuilder s = sb_request(false);
    sb_guid(&s, ipid);
    sb_u32(&s, 5);
    sb_uint(&s, n, 2);
    sb_align(&s, 4);
    sb_u32(&s, n);
    for (unsigned i = 0; i < n; i++) {
        const Guid iid = interface_uuid(interfaces[i]);
        sb_guid(&s, &iid);
    }
    return s;
}

StubBuilder stub_interfaces(const Guid *ipids, unsigned n, unsigned given)
{
    StubBuilder s = sb_response(false);
    sb_u32(&s, 0x00020000);
    sb_u32(&s, n);
    sb_align(&s, 8);
    for (unsigned i = 0; i < n; i++) {
        sb_u32(&s, i < given ? 0 : 0x80004002);
        sb_align(&s, 8);
        sb_u32(&s, 0);
        sb_u32(&s, 5);
        sb_uint(&s, OXID, 8);
        sb_uint(&s, 1, 8);
        sb_guid(&s, &ipids[i]);
    }
    sb_u32(&s, 0);
    return s;
}
