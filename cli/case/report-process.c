// SPDX-License-Identifier: GPL-2.0-or-later
// The processes of an activity, a card each: both ends, and what was started.

#include "case/report-html.h"
#include "case/report.h"
#include "record/basis.h"
#include "record/text.h"

#include <inttypes.h>

#define MAX_CARDS 40
#define MAX_SOURCES 6

static const char *const titles[N_PROCESS_ROLES] = {
    [ROLE_CLIENT] = "Client process",
    [ROLE_SERVER] = "Server process",
    [ROLE_SPAWNED] = "Started process",
};

static bool is_same(const Process *a, const Process *b)
{
    return a->pid == b->pid && g_strcmp0(a->image, b->image) == 0 && g_strcmp0(a->start_time, b->start_time) == 0 &&
           g_strcmp0(a->command_line, b->command_line) == 0 && g_strcmp0(a->user, b->user) == 0;
}

/** The process ends are those of RPC: over a callback, the client is the WMI server. */
static bool has_role(const Record *record, const Process *process, ProcessRole role)
{
    if (record->callback && role != ROLE_SPAWNED)
        return process->role == (role == ROLE_CLIENT ? ROLE_SERVER : ROLE_CLIENT);
    return process->role == role;
}

/** Puts a process into the list, unless it is there; the one without a note, which is about a connection, is preferred. */
static void add_process(GPtrArray *found, const Process *process)
{
    for (guint i = 0; i < found->len; i++) {
        const Process *known = g_ptr_array_index(found, i);
        if (!is_same(known, process))
            continue;
        if (known->note && !process->note)
            found->pdata[i] = (gpointer) process;
        return;
    }
    if (found->len < MAX_CARDS)
        g_ptr_array_add(found, (gpointer) process);
}

/** Different processes of a role, in all records. */
static GPtrArray *find_processes(const Activity *activity, ProcessRole role)
{
    GPtrArray *found = g_ptr_array_new();
    for (guint i = 0; i < activity->records->len; i++) {
        const Record *record = g_ptr_array_index(activity->records, i);
        for (guint j = 0; j < record->processes->len; j++) {
            const Process *process = &g_array_index(record->processes, Process, j);
            if (has_role(record, process, role))
                add_process(found, process);
        }
    }
    return found;
}

static void write_sources(const Activity *activity, const Process *process, FILE *stream)
{
    html_begin_fact(stream, "Known from");
    guint shown = 0;
    for (guint i = 0; i < process->sources->len && shown < MAX_SOURCES; i++, shown++) {
        const ProcessSource *source = &g_array_index(process->sources, ProcessSource, i);
        (void) fputs(shown ? "<br>\n" : "", stream);
        (void) fputs("frame ", stream);
        html_frame(stream, activity, source->frame);
        (void) fputs(" (", stream);
        html_text(stream, source->kind, HTML_SHORT);
        (void) putc(')', stream);
    }
    for (guint i = 0; process->log_sources && i < process->log_sources->len && shown < MAX_SOURCES; i++, shown++) {
        const LogSource *source = &g_array_index(process->log_sources, LogSource, i);
        (void) fputs(shown ? "<br>\n" : "", stream);
        html_log_source(stream, source);
    }
    guint all = process->sources->len + (process->log_sources ? process->log_sources->len : 0);
    if (all > shown)
        (void) fprintf(stream, "<br>\nand %u more", all - shown);
    html_end_fact(stream);
}

static void write_number(FILE *stream, const char *name, int64_t value)
{
    if (value == NUMBER_UNKNOWN)
        return;
    html_begin_fact(stream, name);
    (void) fprintf(stream, "%" PRId64, value);
    html_end_fact(stream);
}

static void write_card(const Activity *activity, const char *title, const RecordEnd *end, const Process *process,
                       FILE *stream)
{
    (void) fprintf(stream, "<div class=\"card\">\n<p><strong>%s</strong> on ", title);
    html_text(stream, activity_host(end), 60);
    (void) fprintf(stream, "%s</p>\n<dl class=\"facts\">\n", basis_note(process_basis(process)));
    html_fact(stream, "Program", process->image);
    write_number(stream, "Process id", process->pid);
    html_fact(stream, "Command line", process->command_line);
    html_fact(stream, "User", process->user);
    if (process->start_time) {
        html_begin_fact(stream, "Started");
        html_time(stream, process->start_time);
        html_end_fact(stream);
    }
    html_fact(stream, "Parent", process->parent_image);
    write_number(stream, "Parent id", process->parent_pid);
    if (process->note) {
        html_begin_fact(stream, "Note");
        html_text(stream, process->note, HTML_LONG);
        html_end_fact(stream);
    }
    write_sources(activity, process, stream);
    (void) fputs("</dl>\n</div>\n", stream);
}

static void write_unknown(const char *title, const RecordEnd *end, bool unidentified, FILE *stream)
{
    (void) fprintf(stream, "<div class=\"card\">\n<p><strong>%s</strong> on ", title);
    html_text(stream, activity_host(end), 60);
    (void) fprintf(stream, "</p>\n<p class=\"soft\">Not known: %s.</p>\n</div>\n",
                   unidentified
                       ? "the client logged in without saying who it is, as tools that are not Windows’ do, and "
                         "no host’s log names it"
                       : "neither the capture nor a host’s log names it");
}

void report_write_processes(const Activity *activity, FILE *stream)
{
    const RecordEnd *const ends[N_PROCESS_ROLES] = {
        [ROLE_CLIENT] = &activity->client,
        [ROLE_SERVER] = &activity->server,
        [ROLE_SPAWNED] = &activity->server,
    };
    bool unidentified = false;
    for (guint i = 0; i < activity->records->len; i++)
        unidentified |= ((const Record *) g_ptr_array_index(activity->records, i))->client_identified == ANSWER_NO;
    (void) fputs("<h4>Processes</h4>\n<div class=\"cards\">\n", stream);
    for (ProcessRole role = 0; role < N_PROCESS_ROLES; role++) {
        g_autoptr(GPtrArray) found = find_processes(activity, role);
        for (guint j = 0; j < found->len; j++)
            write_card(activity, titles[role], ends[role], g_ptr_array_index(found, j), stream);
        if (found->len == 0 && role != ROLE_SPAWNED)
            write_unknown(titles[role], ends[role], unidentified && role == ROLE_CLIENT, stream);
    }
    (void) fputs("</div>\n", stream);
}
