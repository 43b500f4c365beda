// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * GUIDs (UUIDs, CLSIDs, IIDs, IPIDs, causality ids) as DCE/RPC writes them.
 */
#ifndef CAR_WIRE_GUID_H
#define CAR_WIRE_GUID_H

#include "wire/bytes.h"

#include <stdio.h>

typedef struct {
    uint32_t data1;
    uint16_t data2, data3;
    uint8_t data4[8];
} Guid;

#define GUID_TEXT_SIZE 37 ///< with the NUL

/** Reads 16 bytes in the cursor's byte order (MS-DTYP 2.3.4.2). */
static inline Guid guid_read(Bytes *b)
{
    Guid g = {0};
    g.data1 = bytes_u32(b); // not in the initializer: the order of evaluation is unspecified there
    g.data2 = bytes_u16(b);
    g.data3 = bytes_u16(b);
    const uint8_t *p = bytes_take(b, 8);
    if (p)
        memcpy(g.data4, p, 8);
    return g;
}

static inline bool guid_equal(const Guid *a, const Guid *b)
{
    return a->data1 == b->data1 && a->data2 == b->data2 && a->data3 == b->data3 && memcmp(a->data4, b->data4, 8) == 0;
}

static inline bool guid_is_null(const Guid *g)
{
    static const Guid zero;
    return guid_equal(g, &zero);
}

/** Reads what guid_format() writes, in any case and with or without braces; false when `text` is something else. */
static inline bool guid_parse(const char *text, size_t len, Guid *g)
{
    bool braces = len == GUID_TEXT_SIZE + 1 && text[0] == '{' && text[len - 1] == '}';
    if (!braces && len != GUID_TEXT_SIZE - 1)
        return false;
    uint8_t bytes[16] = {0};
    const char *p = text + (braces ? 1 : 0);
    size_t digits = 0;
    for (size_t i = 0; i < GUID_TEXT_SIZE - 1; i++) {
        bool hyphen = i == 8 || i == 13 || i == 18 || i == 23;
        char c = p[i], lower = (char) (c | 0x20);
        int digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
        if (hyphen ? c != '-' : digit < 0)
            return false;
        if (hyphen)
            continue;
        bytes[digits / 2] = (uint8_t) (bytes[digits / 2] << 4 | digit);
        digits++;
    }
    Bytes b = bytes_init(bytes, sizeof(bytes), true);
    *g = guid_read(&b);
    return true;
}

/** Lower case, with hyphens and without braces, into `text`; returns `text`. */
static inline const char *guid_format(const Guid *g, char text[static GUID_TEXT_SIZE])
{
    const uint8_t *d = g->data4;
    (void) snprintf(text, GUID_TEXT_SIZE, "%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x", g->data1, g->data2,
                    g->data3, d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]);
    return text;
}

#endif
