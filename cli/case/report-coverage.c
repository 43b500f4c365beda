// SPDX-License-Identifier: GPL-2.0-or-later
// What was looked at, so that nothing found is not taken for nothing there; and what was given in vain.

#include "case/report-html.h"
#include "case/report.h"

/** Sentences, each with a capital and a full stop. */
static void write_lines(const GPtrArray *lines, FILE *stream)
{
    (void) fputs("<ul>\n", stream);
    for (guint i = 0; i < lines->len; i++) {
        const char *line = g_ptr_array_index(lines, i);
        (void) fputs("<li>", stream);
        if (g_ascii_islower(*line))
            (void) putc(g_ascii_toupper(*line++), stream);
        html_text(stream, line, HTML_LONG);
        (void) fputs(".</li>\n", stream);
    }
    (void) fputs("</ul>\n", stream);
}

void report_write_coverage(const Report *report, FILE *stream)
{
    if (!report->looked_at && report->idle->len == 0)
        return;
    (void) fputs("<section id=\"coverage\">\n<h2>What was looked at</h2>\n", stream);
    if (report->looked_at)
        write_lines(report->looked_at, stream);
    if (report->idle->len > 0) {
        (void) fputs("<p>Given, but it contributed nothing:</p>\n", stream);
        write_lines(report->idle, stream);
    }
    (void) fputs("</section>\n", stream);
}
