// SPDX-License-Identifier: GPL-2.0-or-later
#include "pdu-builder.h"

#define ONLY (PFC_FIRST_FRAG | PFC_LAST_FRAG)

static const Guid ndr = {0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}};

/** Puts header and verifier around a body. */
static GByteArray *wrap(PduType type, uint8_t flags, uint32_t call_id, const StubBuilder *body,
                        const Verifier *verifier)
{
    static const uint8_t signature[16] = {1};
    const bool verified = verifier && verifier->level;
    const guint token = !verified ? 0 : verifier->token ? verifier->token->len : sizeof(signature);
    const guint padding = verified ? (4 - body->bytes->len % 4) % 4 : 0;
    const guint len = PDU_HEADER_SIZE + body->bytes->len + (verified ? padding + 8 + token : 0);
    g_assert_cmpuint(len, <=, UINT16_MAX);
    StubBuilder s = sb_new(body->big_endian);
    sb_uint(&s, 5, 1);
    sb_uint(&s, 0, 1);
    sb_uint(&s, type, 1);
    sb_uint(&s, flags, 1);
    sb_uint(&s, body->big_endian ? 0x00 : 0x10, 1);
    sb_uint(&s, 0, 3);
    sb_uint(&s, len, 2);
    sb_uint(&s, token, 2);
    sb_u32(&s, call_id);
    g_byte_array_append(s.bytes, body->bytes->data, body->bytes->len);
    if (!verified)
        return s.bytes;
    sb_uint(&s, 0, padding);
    sb_uint(&s, verifier->type, 1);
    sb_uint(&s, verifier->level, 1);
    sb_uint(&s, padding, 1);
    sb_uint(&s, 0, 1);
    sb_u32(&s, verifier->context_id);
    g_byte_array_append(s.bytes, verifier->token ? verifier->token->data : signature, token);
    return s.bytes;
}

GByteArray *pdu_new(PduType type, uint8_t flags, uint32_t call_id, const GByteArray *body, const Verifier *verifier)
{
    const StubBuilder s = {.bytes = (GByteArray *) body};
    return wrap(type, flags, call_id, &s, verifier);
}

GByteArray *pb_bind(PduType type, uint32_t call_id, const PbContext *contexts, unsigned n, const Verifier *verifier)
{
    g_auto(StubBuilder) s = sb_new(false);
    sb_uint(&s, 5840, 2);
    sb_uint(&s, 5840, 2);
    sb_u32(&s, 0); // association group
    sb_uint(&s, n, 1);
    sb_uint(&s, 0, 3);
    for (unsigned i = 0; i < n; i++) {
        sb_uint(&s, contexts[i].id, 2);
        sb_uint(&s, 1, 1);
        sb_uint(&s, 0, 1);
        sb_guid(&s, &contexts[i].uuid);
        sb_u32(&s, 0);
        sb_guid(&s, &ndr);
        sb_u32(&s, 2);
    }
    return wrap(type, ONLY, call_id, &s, verifier);
}

GByteArray *pb_bind_ack(PduType type, uint32_t call_id, const uint16_t *results, unsigned n, const Verifier *verifier)
{
    g_auto(StubBuilder) s = sb_new(false);
    sb_uint(&s, 5840, 2);
    sb_uint(&s, 5840, 2);
    sb_u32(&s, 77);    // association group
    sb_uint(&s, 4, 2); // secondary address
    sb_uint(&s, 0x00353331, 4);
    sb_align(&s, 4);
    sb_uint(&s, n, 1);
    sb_uint(&s, 0, 3);
    for (unsigned i = 0; i < n; i++) {
        sb_uint(&s, results[i], 2);
        sb_uint(&s, 0, 2);
        sb_guid(&s, &ndr);
        sb_u32(&s, 2);
    }
    return wrap(type, ONLY, call_id, &s, verifier);
}

GByteArray *pb_bind_nak(uint32_t call_id)
{
    g_auto(StubBuilder) s = sb_new(false);
    sb_u32(&s, 4);
    return wrap(PDU_BIND_NAK, ONLY, call_id, &s, NULL);
}

GByteArray *pb_auth3(uint32_t call_id, const Verifier *verifier)
{
    g_auto(StubBuilder) s = sb_new(false);
    sb_u32(&s, 0);
    return wrap(PDU_AUTH3, ONLY, call_id, &s, verifier);
}

/** What requests, responses and faults begin with. */
static StubBuilder start_call(const PbCall *call, uint16_t opnum)
{
    StubBuilder s = sb_new(call->big_endian);
    sb_u32(&s, call->alloc_hint ? call->alloc_hint : (uint32_t) call->stub_len);
    sb_uint(&s, call->context_id, 2);
    sb_uint(&s, opnum, 2);
    return s;
}

static GByteArray *finish_call(StubBuilder *s, PduType type, const PbCall *call)
{
    uint8_t flags = call->flags ? call->flags : ONLY;
    if (type == PDU_REQUEST && call->object)
        flags |= PFC_OBJECT_UUID;
    if (call->stub_len && type != PDU_FAULT)
        g_byte_array_append(s->bytes, call->stub, (guint) call->stub_len);
    return wrap(type, flags, call->call_id, s, call->verifier);
}

GByteArray *pb_request(const PbCall *call)
{
    g_auto(StubBuilder) s = start_call(call, call->opnum);
    if (call->object)
        sb_guid(&s, call->object);
    return finish_call(&s, PDU_REQUEST, call);
}

GByteArray *pb_response(const PbCall *call)
{
    g_auto(StubBuilder) s = start_call(call, 0);
    return finish_call(&s, PDU_RESPONSE, call);
}

GByteArray *pb_fault(const PbCall *call, uint32_t status)
{
    g_auto(StubBuilder) s = start_call(call, 0);
    sb_u32(&s, status);
    sb_u32(&s, 0);
    return finish_call(&s, PDU_FAULT, call);
}
