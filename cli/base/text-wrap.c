// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/text-wrap.h"

#include <stdbool.h>
#include <string.h>

/** In bytes, where a line goes on that is wrapped: below what stands behind its first gap of two blanks, or at its beginning. */
static size_t find_indent(const char *line)
{
    size_t start = strspn(line, " ");
    const char *gap = start > 0 ? strstr(line + start, "  ") : NULL;
    return gap ? (size_t) (gap - line) + strspn(gap, " ") : start;
}

/** Length in bytes of as many words as fit into `room` columns, but of one at least. */
static size_t take_words(const char *text, size_t room)
{
    size_t columns = 0, fits = 0;
    for (const char *at = text; *at; at = g_utf8_next_char(at), columns++) {
        bool end = at > text && *at == ' ';
        if (end && (columns <= room || fits == 0))
            fits = (size_t) (at - text);
        if (columns >= room && fits > 0)
            return fits;
    }
    return columns <= room || fits == 0 ? strlen(text) : fits;
}

static void wrap_line(GString *to, const char *line)
{
    size_t start = find_indent(line), indent = (size_t) g_utf8_strlen(line, (gssize) start);
    g_string_append_len(to, line, (gssize) start);
    for (const char *rest = line + start;;) {
        size_t len = take_words(rest, TEXT_WRAP_COLUMNS - MIN(indent, TEXT_WRAP_COLUMNS / 2));
        g_string_append_len(to, rest, (gssize) len);
        g_string_append_c(to, '\n');
        rest += len + strspn(rest + len, " ");
        if (*rest == '\0')
            return;
        g_string_append_printf(to, "%*s", (int) indent, "");
    }
}

char *text_wrap(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *wrapped = g_string_new(NULL);
    for (size_t i = 0; lines[i]; i++)
        wrap_line(wrapped, lines[i]);
    return g_string_free(wrapped, FALSE);
}
