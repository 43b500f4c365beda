// SPDX-License-Identifier: GPL-2.0-or-later
#include "epm-builder.h"

static void word(StubBuilder *s, uint64_t value, bool ndr64)
{
    sb_align(s, ndr64 ? 8 : 4);
    sb_uint(s, value, ndr64 ? 8 : 4);
}

/** A floor whose left side is `protocol` and `more`, whose right side is `value` as it stands. */
static void floor_add(StubBuilder *s, uint8_t protocol, const StubBuilder *more, const uint8_t *value, uint16_t len)
{
    sb_uint(s, more ? more->bytes->len + 1 : 1, 2);
    sb_uint(s, protocol, 1);
    if (more)
        g_byte_array_append(s->bytes, more->bytes->data, more->bytes->len);
    sb_uint(s, len, 2);
    g_byte_array_append(s->bytes, value, len);
}

static void uuid_floor_add(StubBuilder *s, const Guid *uuid)
{
    static const uint8_t minor[2];
    g_auto(StubBuilder) left = sb_new(false);
    sb_guid(&left, uuid);
    sb_uint(&left, 1, 2);
    floor_add(s, 0x0d, &left, minor, sizeof(minor));
}

static void tower_add(StubBuilder *s, const EbTower *tower, bool is_tcp, bool ndr64)
{
    static const Guid ndr = {0x8a885d04, 0x1ceb, 0x11c9, {0x9f, 0xe8, 0x08, 0x00, 0x2b, 0x10, 0x48, 0x60}};
    static const uint8_t zero[2], pipe[] = "\\pipe\\x";
    g_auto(StubBuilder) octets = sb_new(false); // a tower is little endian always
    sb_uint(&octets, tower->ip ? 5 : 4, 2);
    uuid_floor_add(&octets, &tower->interface);
    uuid_floor_add(&octets, &ndr);
    floor_add(&octets, 0x0b, NULL, zero, 2);
    if (is_tcp)
        floor_add(&octets, 0x07, NULL, (const uint8_t[]){(uint8_t) (tower->port >> 8), (uint8_t) tower->port}, 2);
    else
        floor_add(&octets, 0x0f, NULL, pipe, sizeof(pipe));
    if (tower->ip)
        floor_add(&octets, 0x09, NULL, tower->ip, 4);
    word(s, octets.bytes->len, ndr64);
    sb_u32(s, octets.bytes->len);
    g_byte_array_append(s->bytes, octets.bytes->data, octets.bytes->len);
}

static void handle_add(StubBuilder *s)
{
    sb_align(s, 4);
    for (unsigned i = 0; i < 5; i++)
        sb_u32(s, 0);
}

StubBuilder eb_request(const EbTower *asked, bool ndr64, bool big_endian)
{
    static const Guid none;
    StubBuilder s = sb_new(big_endian);
    word(&s, 1, ndr64);
    sb_guid(&s, &none);
    word(&s, 2, ndr64);
    tower_add(&s, asked, true, ndr64);
    handle_add(&s);
    sb_u32(&s, 4);
    return s;
}

StubBuilder eb_response(const EbTower *towers, unsigned n, bool ndr64, bool big_endian)
{
    StubBuilder s = sb_new(big_endian);
    handle_add(&s);
    sb_u32(&s, n);
    word(&s, MAX(n, 4), ndr64);
    word(&s, 0, ndr64);
    word(&s, n, ndr64);
    for (unsigned i = 0; i < n; i++)
        word(&s, 3 + i, ndr64);
    for (unsigned i = 0; i < n; i++)
        tower_add(&s, &towers[i], towers[i].port != 0, ndr64);
    sb_align(&s, 4);
    sb_u32(&s, 0);
    return s;
}
