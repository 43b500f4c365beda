// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/report.h"

#include "case/report-html.h"
#include "case/report-style.h"

#include <string.h>

/** The only style that a browser takes is the one with this hash; nothing is loaded or run. */
static void write_policy(FILE *stream)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *) report_style, (gssize) strlen(report_style));
    uint8_t digest[32];
    size_t len = sizeof(digest);
    g_checksum_get_digest(checksum, digest, &len);
    g_autofree char *hash = g_base64_encode(digest, len);
    (void) fprintf(stream,
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-%s'; "
                   "base-uri 'none'; form-action 'none'\">\n",
                   hash);
}

static void write_title(const Report *report, FILE *stream)
{
    (void) fputs("Remote WMI", stream);
    if (report->case_name) {
        (void) fputs(": ", stream);
        html_text(stream, report->case_name, HTML_SHORT);
    }
}

static void write_head(const Report *report, FILE *stream)
{
    (void) fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n", stream);
    write_policy(stream);
    (void) fputs("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                 "<meta name=\"color-scheme\" content=\"light dark\">\n"
                 "<meta name=\"referrer\" content=\"no-referrer\">\n"
                 "<meta name=\"generator\" content=\"car-wmi " CAR_VERSION "\">\n<title>",
                 stream);
    write_title(report, stream);
    (void) fprintf(stream, "</title>\n<style>%s</style>\n</head>\n", report_style);
}

static void write_header(const Report *report, FILE *stream)
{
    (void) fputs("<body>\n<header>\n<h1>", stream);
    write_title(report, stream);
    (void) fputs("</h1>\n<dl class=\"facts\">\n", stream);
    html_fact(stream, "Examiner", report->examiner);
    html_begin_fact(stream, "Written");
    html_time(stream, report->created);
    (void) fputs(" UTC, by car-wmi " CAR_VERSION, stream);
    html_end_fact(stream);
    (void) fputs("</dl>\n", stream);
    if (report->note) {
        // Lines are kept; what is in a line is escaped as elsewhere.
        g_auto(GStrv) lines = g_strsplit(report->note, "\n", -1);
        (void) fputs("<pre>", stream);
        for (char **line = lines; *line; line++) {
            html_text(stream, g_strchomp(*line), 2000);
            (void) putc('\n', stream);
        }
        (void) fputs("</pre>\n", stream);
    }
    (void) fputs("</header>\n<nav aria-label=\"Parts of the report\">\n<ul>\n"
                 "<li><a href=\"#summary\">Summary</a></li>\n",
                 stream);
    if (report->activities->len > 0)
        (void) fputs("<li><a href=\"#timeline\">Timeline</a></li>\n"
                     "<li><a href=\"#hosts\">Hosts</a></li>\n"
                     "<li><a href=\"#activities\">Activities</a></li>\n",
                     stream);
    if (report->looked_at || report->idle->len > 0)
        (void) fputs("<li><a href=\"#coverage\">What was looked at</a></li>\n", stream);
    (void) fputs("<li><a href=\"#unread\">What could not be read</a></li>\n"
                 "<li><a href=\"#method\">Method and limits</a></li>\n"
                 "<li><a href=\"#provenance\">Provenance</a></li>\n"
                 "</ul>\n</nav>\n<main>\n",
                 stream);
}

void report_write(const Report *report, FILE *stream)
{
    write_head(report, stream);
    write_header(report, stream);
    report_write_summary(report, stream);
    if (report->activities->len > 0) {
        report_write_timeline(report, stream);
        report_write_graph(report, stream);
        report_write_activities(report, stream);
    }
    report_write_coverage(report, stream);
    report_write_unread(report, stream);
    report_write_method(report, stream);
    report_write_provenance(report, stream);
    (void) fputs("</main>\n<footer>\n<p>The same files give the same report, but for the time when it was written "
                 "(<code>SOURCE_DATE_EPOCH</code> fixes it).</p>\n</footer>\n</body>\n</html>\n",
                 stream);
}
