// SPDX-License-Identifier: GPL-2.0-or-later
// The first page: in plain words, the worst first.

#include "base/hash.h"
#include "case/findings.h"
#include "case/report-html.h"
#include "case/report.h"
#include "names/techniques.h"
#include "record/text.h"

#include <inttypes.h>
#include <string.h>

/** How many different ones. */
typedef struct {
    guint activities, connections, clients, servers, users, processes, allowed;
    guint of_kind[ACTIVITY_KINDS];
    guint also_persist; ///< of those that ran something
} Counts;

static void note_once(GHashTable *seen, const char *text)
{
    if (text && !g_hash_table_contains(seen, text))
        g_hash_table_add(seen, g_strdup(text));
}

static void note_processes(GHashTable *seen, const Activity *activity)
{
    for (guint i = 0; i < activity->records->len; i++) {
        const Process *process = record_process(g_ptr_array_index(activity->records, i), ROLE_CLIENT);
        if (!process || (process->pid == NUMBER_UNKNOWN && !process->image))
            continue;
        g_autofree char *name =
            g_strdup_printf("%s %" PRId64 " %s %s", activity_host(&activity->client), process->pid,
                            process->start_time ? process->start_time : "", process->image ? process->image : "");
        note_once(seen, name);
    }
}

static Counts count(const Report *report)
{
    Counts counts = {0};
    g_autoptr(GHashTable) clients = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) servers = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) users = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    g_autoptr(GHashTable) processes = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    for (guint i = 0; i < report->activities->len; i++) {
        const Activity *activity = g_ptr_array_index(report->activities, i);
        if (activity->allowed) {
            counts.allowed++;
            continue;
        }
        counts.of_kind[activity->kind]++;
        if (activity->kind == ACTIVITY_TRY)
            continue;
        counts.activities++;
        counts.connections += activity->records->len;
        counts.also_persist +=
            activity->kind < ACTIVITY_PERSIST && activity_has_technique(activity, TECHNIQUE_SUBSCRIPTION);
        note_once(clients, activity->client.ip ? activity->client.ip : activity_host(&activity->client));
        note_once(servers, activity->server.ip ? activity->server.ip : activity_host(&activity->server));
        for (guint k = 0; k < activity->accounts->len; k++)
            note_once(users, g_ptr_array_index(activity->accounts, k));
        note_processes(processes, activity);
    }
    counts.clients = g_hash_table_size(clients);
    counts.servers = g_hash_table_size(servers);
    counts.users = g_hash_table_size(users);
    counts.processes = g_hash_table_size(processes);
    return counts;
}

static void write_counts(const Counts *counts, FILE *stream)
{
    (void) fputs("<p class=\"lead\">", stream);
    if (counts->activities == 0) {
        (void) fputs(counts->of_kind[ACTIVITY_TRY] ? "Only attempts at remote WMI were found"
                     : counts->allowed             ? "Only remote WMI that is allowed was found"
                                                   : "No remote WMI was found",
                     stream);
        (void) fputs(" in what could be read.</p>\n", stream);
        return;
    }
    html_count(stream, counts->clients, "host", "hosts");
    (void) fputs(" used WMI on ", stream);
    html_count(stream, counts->servers, "host", "hosts");
    (void) fputs(": ", stream);
    html_count(stream, counts->activities, "activity", "activities");
    (void) fputs(" over ", stream);
    html_count(stream, counts->connections, "connection", "connections");
    if (counts->users > 0) {
        (void) fputs(", as ", stream);
        html_count(stream, counts->users, "user", "users");
    } else {
        (void) fputs(", by users that the capture does not show", stream);
    }
    if (counts->processes > 0) {
        (void) fputs(", from ", stream);
        html_count(stream, counts->processes, "process that is known", "processes that are known");
    }
    (void) fputs(".</p>\n", stream);
}

static void write_kinds(const Counts *counts, FILE *stream)
{
    static const char *const meaning[ACTIVITY_KINDS] = {
        [ACTIVITY_RUN] = "a method was called, as to start a program",
        [ACTIVITY_PERSIST] = "an event subscription was written, which can run something later",
        [ACTIVITY_CHANGE] = "objects were written or deleted",
        [ACTIVITY_READ] = "objects were queried or read",
        [ACTIVITY_ENTER] = "connected or logged in, and nothing more that is seen",
        [ACTIVITY_TRY] = "a client tried, and no session came of it; not counted above",
    };
    (void) fputs("<ul>\n", stream);
    for (ActivityKind kind = 0; kind < ACTIVITY_KINDS; kind++) {
        if (counts->of_kind[kind] == 0)
            continue;
        (void) fprintf(stream, "<li><strong>%u × %s</strong>: %s", counts->of_kind[kind], activity_kind_title(kind),
                       meaning[kind]);
        if (kind == ACTIVITY_RUN && counts->also_persist > 0)
            (void) fprintf(stream, "; %u of them also wrote an event subscription (Persistence)", counts->also_persist);
        (void) fputs("</li>\n", stream);
    }
    if (counts->allowed > 0)
        (void) fprintf(stream,
                       "<li><strong>%u × Allowed</strong>: known management, by the rules given; not counted "
                       "above</li>\n",
                       counts->allowed);
    (void) fputs("</ul>\n", stream);
}

static void write_incomplete(const Report *report, FILE *stream)
{
    guint incomplete = 0;
    for (guint i = 0; i < report->captures->len; i++) {
        const ReportInput *input = g_ptr_array_index(report->captures, i);
        incomplete += input->note || input->fault;
    }
    if (incomplete == 0)
        return;
    (void) fputs("<p class=\"warn\">", stream);
    html_count(stream, incomplete, "file was", "files were");
    (void) fputs(" not read to the end: what was found may not be all. See <a href=\"#unread\">what could not be "
                 "read</a>.</p>\n",
                 stream);
}

void report_write_summary(const Report *report, FILE *stream)
{
    Counts counts = count(report);
    (void) fputs("<section id=\"summary\">\n<h2>Summary</h2>\n", stream);
    g_autoptr(GPtrArray) findings = findings_new(report->activities);
    report_write_sentences(report, findings, stream);
    write_counts(&counts, stream);
    write_incomplete(report, stream);
    bool any = counts.activities + counts.of_kind[ACTIVITY_TRY] > 0;
    if (any || counts.allowed > 0)
        write_kinds(&counts, stream);
    report_write_findings(findings, stream);
    (void) fputs("<p class=\"soft\">WMI is Windows’ interface for management. Over it, one host can start programs on "
                 "another, change and read it. Administrators do so, and attackers do.</p>\n</section>\n",
                 stream);
}
