// SPDX-License-Identifier: GPL-2.0-or-later
// What could not be read, and why.

#include "case/report-html.h"
#include "case/report.h"

#include <inttypes.h>
#include <string.h>

#define MAX_REASONS 30

typedef struct {
    const char *reason;
    guint calls;
    const RecordSet *set; ///< of the first
    int64_t frame;
} Reason;

typedef struct {
    guint calls, sealed, told_by_logs, users_unknown, unidentified;
    GArray *reasons; ///< Reason
} Unread;

static void note_reason(Unread *unread, const RecordSet *set, const RecordCall *call)
{
    for (guint i = 0; i < unread->reasons->len; i++) {
        Reason *reason = &g_array_index(unread->reasons, Reason, i);
        if (strcmp(reason->reason, call->undecodable) == 0) {
            reason->calls++;
            return;
        }
    }
    Reason reason = {call->undecodable, 1, set, call->frame};
    if (unread->reasons->len < MAX_REASONS)
        g_array_append_val(unread->reasons, reason);
}

static void note_activity(Unread *unread, const Activity *activity)
{
    unread->users_unknown += activity->accounts->len == 0;
    bool unidentified = false;
    for (guint i = 0; i < activity->records->len; i++) {
        const Record *record = g_ptr_array_index(activity->records, i);
        unidentified |= record->client_identified == ANSWER_NO;
        for (guint j = 0; j < record->calls->len; j++) {
            const RecordCall *call = &g_array_index(record->calls, RecordCall, j);
            unread->calls++;
            if (call->sealed == ANSWER_YES)
                unread->sealed++;
            if (call->sealed == ANSWER_YES && call->content_source)
                unread->told_by_logs++;
            if (call->undecodable)
                note_reason(unread, activity->set, call);
        }
    }
    unread->unidentified += unidentified;
}

static guint write_inputs(const GPtrArray *inputs, FILE *stream)
{
    guint written = 0;
    for (guint i = 0; i < inputs->len; i++) {
        const ReportInput *input = g_ptr_array_index(inputs, i);
        const char *reason = input->fault ? input->fault : input->note;
        if (!reason)
            continue;
        (void) fputs("<li>", stream);
        html_code(stream, input->path, 300);
        (void) fputs(input->fault ? ": not read: " : ": read only in part: ", stream);
        html_text(stream, reason, 300);
        (void) fputs("</li>\n", stream);
        written++;
    }
    return written;
}

static void write_item(FILE *stream, guint count, guint of, const char *text)
{
    if (count > 0)
        (void) fprintf(stream, "<li>%u of %u %s</li>\n", count, of, text);
}

void report_write_unread(const Report *report, FILE *stream)
{
    Unread unread = {.reasons = g_array_new(FALSE, FALSE, sizeof(Reason))};
    for (guint i = 0; i < report->activities->len; i++)
        note_activity(&unread, g_ptr_array_index(report->activities, i));
    (void) fputs("<section id=\"unread\">\n<h2>What could not be read</h2>\n<ul>\n", stream);
    guint written = write_inputs(report->captures, stream) + write_inputs(report->host_logs, stream);
    for (guint i = 0; i < report->warnings->len; i++, written++) {
        (void) fputs("<li>", stream);
        html_text(stream, g_ptr_array_index(report->warnings, i), 400);
        (void) fputs("</li>\n", stream);
    }
    write_item(stream, unread.sealed, unread.calls,
               report->keys
                   ? "calls are sealed (packet privacy), and the keys given do not open them: interface and "
                     "method are known, arguments and results are not"
                   : "calls are sealed (packet privacy): interface and method are known, arguments and results "
                     "are not. Kerberos or NT keys (--keytab) open them");
    if (report->sealed_activations > 0)
        (void) fprintf(stream,
                       "<li>Activations that are sealed: %u. What class they asked for is not known: a connection that "
                       "followed shows by itself whether it was WMI</li>\n",
                       report->sealed_activations);
    write_item(stream, unread.told_by_logs, unread.sealed, "sealed calls are told by WMI’s own log");
    write_item(
        stream, unread.users_unknown, report->activities->len,
        "activities do not show their user: the capture has neither an NTLM logon nor the Kerberos exchange that "
        "names it");
    write_item(stream, unread.unidentified, report->activities->len,
               "activities were by a client that did not say who it is before it logged in");
    for (guint i = 0; i < unread.reasons->len; i++) {
        const Reason *reason = &g_array_index(unread.reasons, Reason, i);
        (void) fputs("<li>", stream);
        html_count(stream, reason->calls, "call", "calls");
        (void) fputs(", the first in frame ", stream);
        html_frame_anywhere(stream, reason->set, reason->frame);
        (void) fputs(": ", stream);
        html_text(stream, reason->reason, 300);
        (void) fputs("</li>\n", stream);
    }
    if (written + report->sealed_activations + unread.sealed + unread.users_unknown + unread.unidentified +
            unread.reasons->len ==
        0)
        (void) fputs("<li>Nothing: all files were read to the end, and all calls could be read.</li>\n", stream);
    (void) fputs("</ul>\n</section>\n", stream);
    g_array_unref(unread.reasons);
}
