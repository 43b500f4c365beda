// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/pdu.h"

#include "names/interfaces.h"
#include "scan/token.h"
#include "wire/pdu.h"

#define SMALLEST_ACTIVATION 300 ///< bytes of a stub; that of a look-up in the endpoint mapper is half of it
#define AUTH_TRAILER_SIZE 8     ///< bytes of a verifier besides its token
#define PFC_RESERVED 0x08
#define MAX_FLOAT 3 ///< the highest kind of floating-point numbers
#define MAX_TYPE 20 ///< the highest type of a PDU is RTS
#define LANES 16

typedef uint8_t Lanes __attribute__((vector_size(LANES)));

/** The checks that Wireshark's heuristic makes, as far as there are bytes. */
static bool may_start(const uint8_t *p, size_t len)
{
    return p[0] == 5 && (len < 2 || p[1] <= 1) && (len < 3 || p[2] <= MAX_TYPE) && (len < 5 || (p[4] & 0xee) == 0) &&
           (len < 6 || p[5] <= 4);
}

static guint u16(const uint8_t *p, bool big_endian)
{
    return big_endian ? (guint) p[0] << 8 | p[1] : (guint) p[1] << 8 | p[0];
}

static bool is_big_endian(const uint8_t *p)
{
    return (p[4] & 0xf0) == 0;
}

ScanPduKind scan_pdu_kind(const uint8_t *p, size_t len)
{
    if (len == 0 || !may_start(p, len))
        return SCAN_PDU_NONE;
    if (len < PDU_HEADER_SIZE)
        return SCAN_PDU_SHORT;
    if (u16(p + 8, is_big_endian(p)) < PDU_HEADER_SIZE)
        return SCAN_PDU_NONE;
    switch (p[2]) {
    case PDU_BIND:
    case PDU_ALTER_CONTEXT: return SCAN_PDU_BIND;
    case PDU_REQUEST: return p[3] & PFC_FIRST_FRAG ? SCAN_PDU_REQUEST : SCAN_PDU_OTHER;
    default: return SCAN_PDU_OTHER;
    }
}

/** Whether a header that begins in the middle of other bytes can be real, as far as there are bytes: a reserved flag and the
 *  reserved bytes of the data representation, which every implementation leaves zero. */
static bool is_strict(const uint8_t *p, size_t len)
{
    return (p[3] & PFC_RESERVED) == 0 && p[5] <= MAX_FLOAT && (len < 7 || p[6] == 0) && (len < 8 || p[7] == 0);
}

/** Whether the lengths of a header fit each other and the type, as the plugin's judge asks for them. `len` is more than 7. */
static bool lengths_fit(const uint8_t *p, size_t len)
{
    if (len < 10)
        return true;
    size_t least = p[2] == PDU_REQUEST ? (p[3] & PFC_OBJECT_UUID ? 40 : 24) : PDU_HEADER_SIZE;
    size_t frag_len = u16(p + 8, is_big_endian(p)), auth_len = len < 12 ? 0 : u16(p + 10, is_big_endian(p));
    return frag_len >= least && (auth_len == 0 || PDU_HEADER_SIZE + AUTH_TRAILER_SIZE + auth_len <= frag_len);
}

/** Whether a Bind offers an interface that matters, or may do so. */
static bool offers_objects(const uint8_t *p, size_t len)
{
    Bytes b = bytes_init(p, len, is_big_endian(p));
    bytes_skip(&b, 8);
    size_t frag_len = bytes_u16(&b);
    bytes_skip(&b, 14);
    guint n = bytes_u8(&b);
    bytes_skip(&b, 3);
    for (guint i = 0; i < n && !b.failed && b.pos < frag_len; i++) {
        bytes_skip(&b, 2);
        size_t transfers = bytes_u8(&b);
        bytes_skip(&b, 1);
        Guid uuid = guid_read(&b);
        if (!b.failed && interface_find(&uuid))
            return true;
        bytes_skip(&b, 4 + 20 * transfers);
    }
    return b.failed;
}

static bool may_be_activation(const uint8_t *p, size_t len)
{
    Bytes b = bytes_init(p, len, is_big_endian(p));
    bytes_skip(&b, PDU_HEADER_SIZE);
    uint32_t stub = bytes_u32(&b);
    bytes_skip(&b, 2);
    uint16_t opnum = bytes_u16(&b);
    bool whole = (p[3] & PFC_FIRST_FRAG) && (p[3] & PFC_LAST_FRAG);
    return b.failed || ((opnum == 3 || opnum == 4) && (!whole || stub > SMALLEST_ACTIVATION));
}

/** Whether the token of a PDU is for RPCSS, or may be. */
static bool may_name_rpcss(const uint8_t *p, size_t len)
{
    if (len < 12)
        return true;
    uint8_t ticket[SCAN_TICKET_HEAD];
    ScanTokenKind kind = u16(p + 10, is_big_endian(p)) == 0 ? SCAN_TOKEN_OTHER : scan_token_read(p, len, ticket);
    return kind == SCAN_TOKEN_RPCSS || kind == SCAN_TOKEN_UNSEEN;
}

/** `len` is more than 7. */
static bool matters(const uint8_t *p, size_t len, bool rpcss)
{
    if (!may_start(p, len) || !lengths_fit(p, len))
        return false;
    switch (p[2]) {
    case PDU_BIND:
    case PDU_ALTER_CONTEXT: return offers_objects(p, len) || (rpcss && may_name_rpcss(p, len));
    case PDU_AUTH3: return rpcss && may_name_rpcss(p, len);
    case PDU_REQUEST: return (p[3] & PFC_OBJECT_UUID) || (rpcss && may_be_activation(p, len));
    default: return false;
    }
}

/** The PDUs that follow one another from the first byte on. */
static bool search_chain(const uint8_t *data, size_t len, bool rpcss)
{
    for (size_t at = 0; len - at >= 8 && may_start(data + at, len - at);) {
        if (matters(data + at, len - at, rpcss))
            return true;
        size_t frag_len = len - at < 10 ? 0 : u16(data + at + 8, is_big_endian(data + at));
        if (frag_len < PDU_HEADER_SIZE || frag_len > len - at)
            return false;
        at += frag_len;
    }
    return false;
}

static inline Lanes load(const uint8_t *p)
{
    Lanes lanes;
    __builtin_memcpy(&lanes, p, sizeof(lanes));
    return lanes;
}

static bool search_from(const uint8_t *data, size_t from, size_t to, size_t len, ScanPduFlags flags)
{
    for (size_t i = from; i < to; i++) {
        if (data[i] == 5 && (flags & SCAN_PDU_RPC || is_strict(data + i, len - i)) &&
            matters(data + i, len - i, flags & SCAN_PDU_RPCSS))
            return true;
    }
    return false;
}

bool scan_pdu_search(const uint8_t *data, size_t len, ScanPduFlags flags)
{
    if (len < 8)
        return false;
    if (search_chain(data, len, flags & SCAN_PDU_RPCSS))
        return true;
    size_t starts = len - 7, i = 0;
    // Version, minor version and byte order of sixteen places at once.
    for (; i + LANES + 4 <= len && i + LANES <= starts; i += LANES) {
        Lanes version = load(data + i) ^ 5, minor = load(data + i + 1) & 0xfe, order = load(data + i + 4) & 0xee;
        Lanes found = (Lanes) ((version | minor | order) == 0);
        uint64_t halves[2];
        __builtin_memcpy(halves, &found, sizeof(halves));
        if ((halves[0] | halves[1]) && search_from(data, i, i + LANES, len, flags))
            return true;
    }
    return search_from(data, i, starts, len, flags);
}

bool scan_pdu_has_token(const uint8_t *data, size_t len)
{
    if (len < 12 || !may_start(data, len) || u16(data + 10, is_big_endian(data)) == 0)
        return false;
    return data[2] == PDU_BIND || data[2] == PDU_ALTER_CONTEXT || data[2] == PDU_AUTH3;
}

uint16_t scan_pdu_frag_len(const uint8_t *data)
{
    return (uint16_t) u16(data + 8, is_big_endian(data));
}

size_t scan_pdu_tail(const uint8_t *data, size_t len, size_t max)
{
    for (size_t n = MIN(max, len); n > 0; n--) {
        if (may_start(data + len - n, n))
            return n;
    }
    return 0;
}
