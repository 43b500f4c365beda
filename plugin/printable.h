// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Strings from the wire inside sentences. Wireshark escapes the values of string fields itself, but not other text.
 */
#ifndef CAR_PRINTABLE_H
#define CAR_PRINTABLE_H

#include <epan/packet.h>

/** `utf8` with control characters and marks that change the direction of text replaced by U+FFFD. */
static inline const char *printable(wmem_allocator_t *pool, const char *utf8)
{
    wmem_strbuf_t *out = wmem_strbuf_new(pool, NULL);
    for (const char *p = utf8; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        GUnicodeType type = g_unichar_type(c);
        wmem_strbuf_append_unichar(out, type == G_UNICODE_CONTROL || type == G_UNICODE_FORMAT ? 0xfffd : c);
    }
    return wmem_strbuf_get_str(out);
}

#endif
