// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/orpc.h"

#define ORPC_VERSION_MAJOR 5
#define MAX_EXTENTS 64 ///< Windows sends at most a few

static char *fail(Bytes *b)
{
    b->failed = true;
    return NULL;
}

void ndr_padding_skip(Bytes *b)
{
    bytes_skip(b, MIN((0 - b->pos) & 3, bytes_left(b)));
}

/** Unique pointer to ORPC_EXTENT_ARRAY (MS-DCOM 2.2.13.2). */
static void extensions_skip(Bytes *b)
{
    if (!bytes_u32(b))
        return;
    uint32_t size = bytes_u32(b);
    bytes_skip(b, 4);
    if (!bytes_u32(b))
        return;
    // The array is as long as `size` rounded up to even.
    uint32_t max_count = bytes_u32(b);
    if (size > MAX_EXTENTS || max_count != ((size + 1) & ~1U)) {
        b->failed = true;
        return;
    }
    Bytes referents = bytes_sub(b, (size_t) max_count * 4);
    for (uint32_t i = 0; i < max_count && !b->failed; i++) {
        if (!bytes_u32(&referents))
            continue;
        uint32_t data_size = bytes_u32(b);
        bytes_skip(b, 16);
        // The data are padded to a multiple of 8, and the conformance counts the padding.
        uint64_t used = bytes_u32(b);
        if (((used + 7) & ~UINT64_C(7)) != data_size)
            b->failed = true;
        bytes_skip(b, data_size);
    }
}

bool orpc_this_read(Bytes *b, OrpcThis *out)
{
    out->version_major = bytes_u16(b);
    out->version_minor = bytes_u16(b);
    out->flags = bytes_u32(b);
    bytes_skip(b, 4);
    out->causality_id = guid_read(b);
    if (out->version_major != ORPC_VERSION_MAJOR)
        b->failed = true;
    extensions_skip(b);
    return !b->failed;
}

bool orpc_that_read(Bytes *b, uint32_t *flags)
{
    *flags = bytes_u32(b);
    extensions_skip(b);
    return !b->failed;
}

static bool is_surrogate(uint32_t unit, uint32_t first)
{
    return (unit & 0xfc00) == first;
}

char *utf16_to_utf8(const uint8_t *data, size_t units, bool big_endian)
{
    GString *text = g_string_new(NULL);
    Bytes b = bytes_init(data, units * 2, big_endian);
    while (bytes_left(&b) >= 2) {
        gunichar c = bytes_u16(&b);
        if (!c)
            break;
        if (is_surrogate(c, 0xd800)) {
            Bytes ahead = b;
            uint16_t low = bytes_u16(&ahead);
            if (is_surrogate(low, 0xdc00)) {
                c = 0x10000 + ((c & 0x3ff) << 10 | (low & 0x3ff));
                b = ahead;
            }
        }
        if (c >= 0xd800 && c <= 0xdfff)
            c = 0xfffd;
        g_string_append_unichar(text, c);
    }
    return g_string_free(text, FALSE);
}

/** `units` units are on the wire, of which the first `used` are text. */
static char *units_read(Bytes *b, size_t units, size_t used, size_t max_units)
{
    if (units > max_units || units > bytes_left(b) / 2)
        return fail(b);
    const uint8_t *data = bytes_take(b, units * 2);
    ndr_padding_skip(b);
    return utf16_to_utf8(data, used, b->big_endian);
}

char *ndr_wstring_read(Bytes *b, size_t max_units)
{
    bytes_align(b, 4);
    uint32_t max_count = bytes_u32(b);
    uint32_t offset = bytes_u32(b);
    uint32_t actual_count = bytes_u32(b);
    if (b->failed || offset || actual_count > max_count)
        return fail(b);
    return units_read(b, actual_count, actual_count, max_units);
}

char *ndr_unique_wstring_read(Bytes *b, size_t max_units)
{
    bytes_align(b, 4);
    return bytes_u32(b) ? ndr_wstring_read(b, max_units) : NULL;
}

char *ndr_bstr_read(Bytes *b, size_t max_units)
{
    bytes_align(b, 4);
    if (!bytes_u32(b))
        return NULL;
    uint32_t max_count = bytes_u32(b);
    uint32_t byte_count = bytes_u32(b);
    uint32_t units = bytes_u32(b);
    if (b->failed || max_count != units)
        return fail(b);
    if (byte_count == UINT32_MAX) // the NULL BSTR (MS-OAUT 2.2.23.1)
        return units ? fail(b) : NULL;
    // An odd byte count is legal; the last unit is then half filled and not text.
    if (units != (uint64_t) byte_count / 2 + byte_count % 2)
        return fail(b);
    return units_read(b, units, byte_count / 2, max_units);
}
