// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/pdu.h"

#define AUTH_TRAILER_SIZE 8
#define SMALLEST_BIND 72 ///< bytes: one interface, one transfer syntax

static void read_contexts(Bytes *b, Pdu *out)
{
    bytes_skip(b, 4); // max_xmit_frag, max_recv_frag
    out->assoc_group = bytes_u32(b);
    unsigned n = bytes_u8(b);
    bytes_skip(b, 3);
    for (unsigned i = 0; i < n; i++) {
        PduContext c = {.id = bytes_u16(b), .n_transfers = bytes_u8(b)};
        bytes_skip(b, 1);
        c.uuid = guid_read(b);
        c.version_major = bytes_u16(b);
        c.version_minor = bytes_u16(b);
        if (b->failed)
            return;
        for (unsigned t = 0; t < c.n_transfers && !b->failed; t++) {
            Guid transfer = guid_read(b);
            bytes_skip(b, 4);
            if (t == 0)
                c.transfer = transfer;
        }
        out->contexts[out->n_contexts++] = c;
    }
}

static void read_results(Bytes *b, Pdu *out)
{
    bytes_skip(b, 4);
    out->assoc_group = bytes_u32(b);
    bytes_skip(b, bytes_u16(b)); // secondary address
    bytes_align(b, 4);
    unsigned n = bytes_u8(b);
    bytes_skip(b, 3);
    for (unsigned i = 0; i < n; i++) {
        uint16_t result = bytes_u16(b);
        bytes_skip(b, 2 + 20); // reason, transfer syntax
        if (b->failed)
            return;
        out->results[out->n_results++] = result;
    }
}

/** The verifier stands at the end of the PDU, so a snapped one has none that can be read. */
static void read_auth(const uint8_t *data, Pdu *out)
{
    if (out->auth_len == 0 || !out->complete)
        return;
    size_t size = (size_t) out->auth_len + AUTH_TRAILER_SIZE;
    Bytes b = bytes_init(data, out->frag_len, out->big_endian);
    bytes_skip(&b, out->frag_len - size);
    out->auth_type = bytes_u8(&b);
    out->auth_level = bytes_u8(&b);
    out->auth_pad_len = bytes_u8(&b);
    bytes_skip(&b, 1);
    out->auth_context_id = bytes_u32(&b);
    out->auth_value_len = out->auth_len;
    out->auth_value = bytes_take(&b, out->auth_len);
    out->has_auth = true;
}

static void set_stub(Bytes *b, Pdu *out)
{
    size_t end = out->frag_len;
    if (out->auth_len > 0)
        end -= (size_t) out->auth_len + AUTH_TRAILER_SIZE;
    if (end < b->pos + out->auth_pad_len)
        end = b->pos;
    else
        end -= out->auth_pad_len;
    if (end > b->len)
        end = b->len;
    out->stub = b->data + b->pos;
    out->stub_len = end > b->pos ? end - b->pos : 0;
}

bool pdu_read(const uint8_t *data, size_t len, Pdu *out)
{
    memset(out, 0, offsetof(Pdu, contexts)); // not the arrays: this is done for each PDU of a capture
    Bytes b = bytes_init(data, len, false);
    uint8_t version = bytes_u8(&b), version_minor = bytes_u8(&b);
    out->type = bytes_u8(&b);
    out->flags = bytes_u8(&b);
    out->big_endian = (bytes_u8(&b) & 0xf0) == 0;
    bytes_skip(&b, 3);
    b.big_endian = out->big_endian;
    out->frag_len = bytes_u16(&b);
    out->auth_len = bytes_u16(&b);
    out->call_id = bytes_u32(&b);
    if (b.failed || version != 5 || version_minor > 1 || out->frag_len < PDU_HEADER_SIZE)
        return false;
    out->complete = len >= out->frag_len;
    b.len = MIN(len, out->frag_len);

    if (out->auth_len > 0 && PDU_HEADER_SIZE + AUTH_TRAILER_SIZE + (size_t) out->auth_len > out->frag_len)
        return false;
    read_auth(data, out);
    switch (out->type) {
    case PDU_BIND:
    case PDU_ALTER_CONTEXT: read_contexts(&b, out); return out->n_contexts > 0 || !b.failed;
    case PDU_BIND_ACK:
    case PDU_ALTER_CONTEXT_RESP: read_results(&b, out); return out->n_results > 0 || !b.failed;
    case PDU_REQUEST:
        out->alloc_hint = bytes_u32(&b);
        out->context_id = bytes_u16(&b);
        out->opnum = bytes_u16(&b);
        out->has_object = out->flags & PFC_OBJECT_UUID;
        if (out->has_object)
            out->object = guid_read(&b);
        break;
    case PDU_RESPONSE:
    case PDU_FAULT:
        out->alloc_hint = bytes_u32(&b);
        out->context_id = bytes_u16(&b);
        bytes_skip(&b, 2);
        if (out->type == PDU_FAULT)
            out->status = bytes_u32(&b);
        break;
    case PDU_BIND_NAK:
    case PDU_AUTH3:
    default: return true;
    }
    if (b.failed)
        return false;
    if (out->type != PDU_FAULT)
        set_stub(&b, out);
    return true;
}

bool pdu_may_be_first(const uint8_t *data, size_t len)
{
    // Version, minor version, type, flags, data representation; of the lengths nothing is said.
    static const uint8_t least[] = {5, 0, PDU_BIND, PFC_FIRST_FRAG | PFC_LAST_FRAG};
    static const uint8_t mask[] = {0xff, 0xfe, 0xff, PFC_FIRST_FRAG | PFC_LAST_FRAG, 0xee, 0xfc, 0xff, 0xff};
    for (size_t i = 0; i < MIN(len, sizeof(mask)); i++) {
        if ((data[i] & mask[i]) != (i < sizeof(least) ? least[i] : 0))
            return false;
    }
    return len > 0 && len < PDU_HEADER_SIZE;
}

bool pdu_is_first(const uint8_t *data, size_t len)
{
    static const uint8_t whole = PFC_FIRST_FRAG | PFC_LAST_FRAG;
    Bytes b = bytes_init(data, len, false);
    uint8_t version = bytes_u8(&b), version_minor = bytes_u8(&b), type = bytes_u8(&b), flags = bytes_u8(&b);
    uint8_t integers = bytes_u8(&b), floats = bytes_u8(&b); // and what integers say of characters
    uint16_t reserved = bytes_u16(&b);
    b.big_endian = (integers & 0xf0) == 0;
    size_t frag_len = bytes_u16(&b), auth_len = bytes_u16(&b);
    bytes_skip(&b, 4); // call_id
    size_t auth = auth_len > 0 ? AUTH_TRAILER_SIZE + auth_len : 0;
    return !b.failed && version == 5 && version_minor <= 1 && type == PDU_BIND && (flags & whole) == whole &&
           (integers & 0xee) == 0 && floats <= 3 && reserved == 0 && frag_len >= SMALLEST_BIND + auth;
}
