// SPDX-License-Identifier: GPL-2.0-or-later
// Where it all comes from, so that somebody else can do it again.

#include "base/hash.h"
#include "base/time.h"
#include "case/report-html.h"
#include "case/report.h"

#include <inttypes.h>

static void write_clocks(const Report *report, FILE *stream)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(hash_text, g_str_equal);
    for (guint i = 0; i < report->activities->len; i++) {
        const Activity *activity = g_ptr_array_index(report->activities, i);
        for (guint j = 0; j < activity->records->len; j++) {
            const HostFacts *host = ((const Record *) g_ptr_array_index(activity->records, j))->host;
            for (guint k = 0; host && k < host->clocks->len; k++) {
                const Clock *clock = &g_array_index(host->clocks, Clock, k);
                if (!g_hash_table_add(seen, (gpointer) clock->host))
                    continue;
                html_begin_fact(stream, g_hash_table_size(seen) > 1 ? NULL : "Clocks");
                html_code(stream, clock->host, HTML_SHORT);
                (void) fprintf(stream, " is %.3f&nbsp;s %s the capture’s (", (double) ABS(clock->skew) / TIME_SECOND,
                               clock->skew >= 0 ? "ahead of" : "behind");
                html_count(stream, clock->samples, "match)", "matches)");
                html_end_fact(stream);
            }
        }
    }
}

static void write_number(FILE *stream, int64_t value, const char *unit)
{
    if (value == NUMBER_UNKNOWN)
        (void) fputs("unknown", stream);
    else
        (void) fprintf(stream, "%" PRId64 "%s", value, unit);
}

static void write_input(const ReportInput *input, bool capture, FILE *stream)
{
    (void) fputs("<div class=\"card\">\n<p>", stream);
    html_code(stream, input->path, HTML_LONG);
    (void) fputs("</p>\n<dl class=\"facts\">\n", stream);
    html_begin_fact(stream, "SHA-256");
    (void) fputs("<span class=\"hash\">", stream);
    html_text(stream, input->sha256, HTML_SHORT);
    (void) fputs("</span>", stream);
    html_end_fact(stream);
    html_begin_fact(stream, "Size");
    write_number(stream, input->size, " bytes");
    html_end_fact(stream);
    if (capture && input->packets != NUMBER_UNKNOWN) {
        html_begin_fact(stream, "Packets");
        write_number(stream, input->packets, "");
        html_end_fact(stream);
        html_begin_fact(stream, "First packet");
        html_time(stream, input->first_packet);
        html_end_fact(stream);
        html_begin_fact(stream, "Last packet");
        html_time(stream, input->last_packet);
        html_end_fact(stream);
        html_fact(stream, "Link types", input->link_types);
    }
    if (capture) {
        html_begin_fact(stream, "Read");
        if (input->fault || input->note)
            html_text(stream, input->fault ? input->fault : input->note, 300);
        else
            (void) fputs("to the end", stream);
        html_end_fact(stream);
    }
    (void) fputs("</dl>\n</div>\n", stream);
}

static void write_inputs(const GPtrArray *inputs, const char *title, bool captures, FILE *stream)
{
    if (inputs->len == 0)
        return;
    (void) fprintf(stream, "<h3>%s</h3>\n<div class=\"cards\">\n", title);
    for (guint i = 0; i < inputs->len; i++)
        write_input(g_ptr_array_index(inputs, i), captures, stream);
    (void) fputs("</div>\n", stream);
}

/** Of what found it. */
static void write_versions(const Report *report, FILE *stream)
{
    const RecordSet *set = report->sets->len > 0 ? g_ptr_array_index(report->sets, 0) : NULL;
    html_begin_fact(stream, "Versions");
    (void) fputs("car-wmi " CAR_VERSION, stream);
    if (set && set->plugin_version) {
        (void) fputs(", its plugin ", stream);
        html_text(stream, set->plugin_version, HTML_SHORT);
        (void) fputs(", tshark ", stream);
        html_text(stream, set->wireshark_version, HTML_SHORT);
    } else {
        (void) fputs("; its plugin had no part in this: no capture was read", stream);
    }
    html_end_fact(stream);
}

void report_write_provenance(const Report *report, FILE *stream)
{
    (void) fputs("<section id=\"provenance\">\n<h2>Provenance</h2>\n<dl class=\"facts\">\n", stream);
    html_fact(stream, "Case", report->case_name);
    html_fact(stream, "Examiner", report->examiner);
    html_begin_fact(stream, "Written");
    html_time(stream, report->created);
    (void) fputs(" UTC", stream);
    html_end_fact(stream);
    write_versions(report, stream);
    html_begin_fact(stream, "Command line");
    html_code(stream, report->command, 4000);
    html_end_fact(stream);
    html_begin_fact(stream, "Keys");
    (void) fputs(report->keys ? "given; none is in this report" : "none", stream);
    html_end_fact(stream);
    html_begin_fact(stream, "Weakest match");
    (void) fputs(confidence_name(report->min), stream);
    html_end_fact(stream);
    html_begin_fact(stream, "Time zone");
    (void) fputs("UTC, by the clock of the capture", stream);
    html_end_fact(stream);
    write_clocks(report, stream);
    (void) fputs("</dl>\n", stream);
    write_inputs(report->captures, "Captures", true, stream);
    write_inputs(report->host_logs, "Hosts’ logs", false, stream);
    (void) fputs("</section>\n", stream);
}
