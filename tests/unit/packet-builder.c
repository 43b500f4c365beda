// SPDX-License-Identifier: GPL-2.0-or-later
#include "packet-builder.h"

#include <string.h>

const guint8 uuid_login[16] = {0x18, 0xad, 0x09, 0xf3, 0x6a, 0xd8, 0xd0, 0x11,
                               0xa0, 0x75, 0x00, 0xc0, 0x4f, 0xb6, 0x88, 0x20};
const guint8 uuid_samr[16] = {0x78, 0x57, 0x34, 0x12, 0x34, 0x12, 0xcd, 0xab,
                              0xef, 0x00, 0x01, 0x23, 0x45, 0x67, 0x89, 0xac};

static void set_u16(guint8 *p, gsize value)
{
    p[0] = (guint8) (value >> 8);
    p[1] = (guint8) value;
}

static void set_u32(guint8 *p, guint32 value)
{
    set_u16(p, value >> 16);
    set_u16(p + 2, value & 0xffff);
}

void frame_prepend(FrameBuilder *frame, gconstpointer header, gsize len)
{
    g_assert_cmpuint(len, <=, frame->start);
    frame->start -= len;
    if (len > 0)
        memcpy(frame->bytes + frame->start, header, len);
}

void frame_init(FrameBuilder *frame, gconstpointer payload, gsize len)
{
    frame->start = sizeof frame->bytes;
    frame_prepend(frame, payload, len);
}

static gsize frame_length(const FrameBuilder *frame)
{
    return sizeof frame->bytes - frame->start;
}

void frame_tcp(FrameBuilder *frame, guint16 from, guint16 to, guint32 seq, guint32 ack, guint8 flags)
{
    guint8 header[20] = {[12] = 0x50, [13] = flags};
    set_u16(header, from);
    set_u16(header + 2, to);
    set_u32(header + 4, seq);
    set_u32(header + 8, ack);
    frame_prepend(frame, header, sizeof header);
}

void frame_udp(FrameBuilder *frame, guint16 from, guint16 to)
{
    guint8 header[8] = {0};
    set_u16(header, from);
    set_u16(header + 2, to);
    set_u16(header + 4, 8 + frame_length(frame));
    frame_prepend(frame, header, sizeof header);
}

void frame_ipv4(FrameBuilder *frame, guint8 protocol, guint8 from, guint8 to)
{
    guint8 header[20] = {0x45, [8] = 64, [9] = protocol, [12] = 10, [15] = from, [16] = 10, [19] = to};
    set_u16(header + 2, 20 + frame_length(frame));
    frame_prepend(frame, header, sizeof header);
}

void frame_ipv6(FrameBuilder *frame, guint8 protocol, guint8 from, guint8 to)
{
    guint8 header[40] = {0x60, [6] = protocol, [8] = 0xfd, [23] = from, [24] = 0xfd, [39] = to};
    set_u16(header + 4, frame_length(frame));
    frame_prepend(frame, header, sizeof header);
}

void frame_ethernet(FrameBuilder *frame, guint16 type)
{
    guint8 header[14] = {2, [5] = 1, [6] = 2, [11] = 2};
    set_u16(header + 12, type);
    frame_prepend(frame, header, sizeof header);
}

CapturePacket frame_packet(const FrameBuilder *frame, guint64 number)
{
    guint32 len = (guint32) frame_length(frame);
    return (CapturePacket){
        .number = number,
        .data = frame->bytes + frame->start,
        .len = len,
        .wire_len = len,
        .link = LINK_ETHERNET,
        .link_type = 1,
        .digits = 6,
    };
}

void frame_segment(FrameBuilder *frame, bool from_server, guint16 client_port, guint16 server_port, guint32 seq,
                   guint32 ack, guint8 flags, gconstpointer payload, gsize len)
{
    frame_init(frame, payload, len);
    frame_tcp(frame, from_server ? server_port : client_port, from_server ? client_port : server_port, seq, ack, flags);
    frame_ipv4(frame, 6, from_server ? 2 : 1, from_server ? 1 : 2);
    frame_ethernet(frame, 0x0800);
}

static gsize pdu_header(guint8 *out, guint8 type, guint8 flags, gsize len, guint16 auth_len)
{
    const guint8 header[16] = {5,
                               0,
                               type,
                               flags,
                               0x10,
                               0,
                               0,
                               0,
                               (guint8) len,
                               (guint8) (len >> 8),
                               (guint8) auth_len,
                               (guint8) (auth_len >> 8),
                               1};
    memcpy(out, header, sizeof header);
    return sizeof header;
}

gsize pdu_bind(guint8 *out, const guint8 uuid[16], const GByteArray *token)
{
    const guint16 auth_len = (guint16) (token ? token->len : 0);
    const gsize len = 72 + (auth_len ? 8u + auth_len : 0);
    memset(out, 0, len);
    (void) pdu_header(out, 11, 3, len, auth_len);
    out[24] = 1;     // contexts
    out[28 + 2] = 1; // transfer syntaxes
    memcpy(out + 32, uuid, 16);
    if (token) {
        out[72] = 9; // SPNEGO
        out[73] = 6; // privacy
        memcpy(out + 80, token->data, token->len);
    }
    return len;
}

gsize pdu_request(guint8 *out, guint8 flags, guint16 opnum, guint32 stub_len)
{
    const gsize len = 24 + (flags & 0x80 ? 16u : 0) + stub_len;
    memset(out, 0, len);
    (void) pdu_header(out, 0, flags, len, 0);
    memcpy(out + 16, &stub_len, sizeof stub_len);
    out[22] = (guint8) opnum;
    return len;
}
