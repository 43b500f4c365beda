// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text-escape.h"

#include <string.h>

bool text_is_printable(gunichar c)
{
    switch (g_unichar_type(c)) {
    case G_UNICODE_CONTROL:
    case G_UNICODE_FORMAT:
    case G_UNICODE_SURROGATE:
    case G_UNICODE_UNASSIGNED:
    case G_UNICODE_LINE_SEPARATOR:
    case G_UNICODE_PARAGRAPH_SEPARATOR: return false;
    default: return true;
    }
}

static void append_escaped(GString *out, gunichar c)
{
    switch (c) {
    case '\n': g_string_append(out, "\\n"); break;
    case '\r': g_string_append(out, "\\r"); break;
    case '\t': g_string_append(out, "\\t"); break;
    default:
        if (c < 0x80)
            g_string_append_printf(out, "\\x%02x", c);
        else
            g_string_append_printf(out, "\\u{%x}", c);
    }
}

char *text_escape(const char *text, bool ascii)
{
    GString *out = g_string_new(NULL);
    const char *p = text ? text : "";
    const char *end = p + strlen(p);
    while (p < end) {
        gunichar c = g_utf8_get_char_validated(p, end - p);
        if (c >= (gunichar) -2) { // not UTF-8, or cut short
            g_string_append_printf(out, "\\x%02x", (guchar) *p);
            p++;
            continue;
        }
        if (text_is_printable(c) && (c < 0x80 || !ascii))
            g_string_append_unichar(out, c);
        else
            append_escaped(out, c);
        p = g_utf8_next_char(p);
    }
    return g_string_free(out, FALSE);
}

void text_make_valid(char *text, size_t len)
{
    const char *bad = text;
    while (!g_utf8_validate(bad, (gssize) (len - (size_t) (bad - text)), &bad) && bad < text + len)
        text[bad - text] = '?';
}

static size_t char_width(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

size_t text_width(const char *text)
{
    size_t width = 0;
    for (const char *p = text; *p; p = g_utf8_next_char(p))
        width += char_width(g_utf8_get_char(p));
    return width;
}

char *text_fit(const char *text, size_t width, TextCut cut, const char *ellipsis)
{
    size_t natural = text_width(text);
    if (natural <= width)
        return g_strdup(text);
    if (width == 0)
        return g_strdup("");
    const char *p = text;
    if (cut == TEXT_CUT_START) {
        for (; natural > width - 1; p = g_utf8_next_char(p))
            natural -= char_width(g_utf8_get_char(p));
        while (*p && char_width(g_utf8_get_char(p)) == 0) // marks whose base character was cut off
            p = g_utf8_next_char(p);
        return g_strconcat(ellipsis, p, NULL);
    }
    for (size_t used = 0; used + char_width(g_utf8_get_char(p)) <= width - 1; p = g_utf8_next_char(p))
        used += char_width(g_utf8_get_char(p));
    g_autofree char *head = g_strndup(text, (size_t) (p - text));
    return g_strconcat(head, ellipsis, NULL);
}

const char *text_line_end(const char *text, size_t width)
{
    const char *p = text, *space = NULL;
    size_t used = 0, at_space = 0;
    for (; *p; p = g_utf8_next_char(p)) {
        size_t wide = char_width(g_utf8_get_char(p));
        bool blank = *p == ' ';
        if (used + wide > width && !blank && p > text)
            return at_space > width / 4 ? space : p;
        used += wide;
        if (blank) {
            space = p + 1;
            at_space = used;
        }
    }
    return p;
}
