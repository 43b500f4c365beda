// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/epm.h"

#define MAX_FLOORS 16
#define MAX_COUNT 500 ///< towers that an answer may say it has; Windows asks for four

const Guid epm_uuid = {0xe1af8308, 0x5d1f, 0x11c9, {0x91, 0xa4, 0x08, 0x00, 0x2b, 0x14, 0xa0, 0xfa}};
const Guid ndr64_uuid = {0x71710533, 0xbeba, 0x4937, {0x83, 0x19, 0xb5, 0xdb, 0xef, 0x9c, 0xcc, 0x36}};

/** Protocol identifiers of floors (C706 appendix I). */
enum { FLOOR_TCP = 0x07, FLOOR_IP = 0x09, FLOOR_UUID = 0x0d };

/** A pointer or a conformance: as long as the transfer syntax has them. */
static uint64_t word(Bytes *b, bool ndr64)
{
    bytes_align(b, ndr64 ? 8 : 4);
    return bytes_uint(b, ndr64 ? 8 : 4);
}

/** A floor: of its left side the first byte says what it is. The ports and addresses of the right side are big endian. */
static void floor_read(Bytes *b, unsigned number, EpmTower *out)
{
    Bytes left = bytes_sub(b, bytes_u16(b)), right = bytes_sub(b, bytes_u16(b));
    uint8_t protocol = bytes_u8(&left);
    right.big_endian = true;
    if (number == 0) {
        out->interface = guid_read(&left);
        b->failed |= left.failed || protocol != FLOOR_UUID;
    } else if (protocol == FLOOR_TCP && right.len == 2) {
        out->port = bytes_u16(&right);
    } else if (protocol == FLOOR_IP && right.len == 4) {
        memcpy(out->ip, right.data, 4);
        out->has_ip = true;
    }
}

/** twr_t behind its pointer. Returns whether the tower holds. */
static bool tower_read(Bytes *b, bool ndr64, bool *over_tcp, EpmTower *out)
{
    uint64_t max_count = word(b, ndr64);
    uint32_t len = bytes_u32(b);
    Bytes tower = bytes_sub(b, len);
    b->failed |= max_count != len;
    tower.big_endian = false;
    unsigned floors = bytes_u16(&tower);
    *out = (EpmTower){0};
    *over_tcp = false;
    for (unsigned i = 0; i < floors && i < MAX_FLOORS && !tower.failed; i++) {
        Bytes floor = tower; // what it is says its left side
        bytes_skip(&floor, 2);
        *over_tcp |= bytes_u8(&floor) == FLOOR_TCP;
        floor_read(&tower, i, out);
    }
    return !b->failed && !tower.failed && floors > 0;
}

bool epm_map_request_read(Bytes *b, bool ndr64, EpmTower *out)
{
    bool over_tcp;
    if (word(b, ndr64) != 0)
        bytes_skip(b, 16); // an object: its UUID
    if (word(b, ndr64) == 0 || !tower_read(b, ndr64, &over_tcp, out) || !over_tcp)
        return false;
    bytes_align(b, 4);
    bytes_skip(b, 20 + 4); // entry_handle, max_towers
    return !b->failed;
}

bool epm_map_response_read(Bytes *b, bool ndr64, EpmTower towers[EPM_MAX_TOWERS], unsigned *n)
{
    *n = 0;
    bytes_skip(b, 20); // entry_handle
    uint32_t count = bytes_u32(b);
    uint64_t max_count = word(b, ndr64), offset = word(b, ndr64), actual = word(b, ndr64);
    if (b->failed || offset != 0 || actual != count || count > max_count || count > MAX_COUNT)
        return false;
    Bytes pointers = bytes_sub(b, (size_t) count * (ndr64 ? 8 : 4));
    for (uint32_t i = 0; i < count; i++) {
        EpmTower tower;
        bool over_tcp;
        if (word(&pointers, ndr64) == 0)
            continue;
        if (!tower_read(b, ndr64, &over_tcp, &tower))
            return false;
        if (over_tcp && tower.port && *n < EPM_MAX_TOWERS)
            towers[(*n)++] = tower;
    }
    bytes_align(b, 4);
    bytes_skip(b, 4); // status
    return !b->failed;
}
