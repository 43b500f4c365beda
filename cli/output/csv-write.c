// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/csv-write.h"

#include "base/text-escape.h"
#include "base/unknown.h"

#include <inttypes.h>

#define MAX_CELL ((size_t) 32000) ///< characters; spreadsheets take 32,767

/** Whether a spreadsheet could take the text for a formula. Some take the wide forms of the characters, too. */
static bool is_formula(const char *text)
{
    while (*text && g_unichar_isspace(g_utf8_get_char(text)))
        text = g_utf8_next_char(text);
    return *text && g_utf8_strchr("=+-@\uff1d\uff0b\uff0d\uff20", -1, g_utf8_get_char(text));
}

void csv_write_cell(FILE *stream, const char *text, bool last)
{
    g_autofree char *escaped = text_escape(text, false);
    g_autofree char *cell = text_fit(escaped, MAX_CELL, TEXT_CUT_END, "…");
    (void) fputs(is_formula(cell) ? "\"'" : "\"", stream);
    for (const char *p = cell; *p; p++) {
        if (*p == '"')
            (void) putc('"', stream);
        (void) putc(*p, stream);
    }
    (void) fputs(last ? "\"\r\n" : "\",", stream);
}

void csv_write_title(FILE *stream, const char *title, bool last)
{
    (void) fprintf(stream, "%s%s", title, last ? "\r\n" : ",");
}

char *csv_number(int64_t value)
{
    return value == NUMBER_UNKNOWN ? NULL : g_strdup_printf("%" PRId64, value);
}
