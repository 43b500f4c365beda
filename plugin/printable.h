// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Strings from the wire inside sentences. Wireshark escapes the values of string fields itself, but not other text.
 */
#ifndef CAR_PLUGIN_PRINTABLE_H
#define CAR_PLUGIN_PRINTABLE_H

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

#define PRINTABLE_SHORT_MAX 160 ///< characters

/** The same of the first characters, with "…" in place of the others. */
static inline const char *printable_short(wmem_allocator_t *pool, const char *utf8)
{
    const char *end = utf8;
    for (int n = 0; *end && n < PRINTABLE_SHORT_MAX; n++)
        end = g_utf8_next_char(end);
    const char *head = printable(pool, wmem_strndup(pool, utf8, (size_t) (end - utf8)));
    return *end ? wmem_strdup_printf(pool, "%s…", head) : head;
}

#endif
