// SPDX-License-Identifier: GPL-2.0-or-later
// The findings: first in sentences, who did what to whom; then each with its number, evidence and filter.

#include "case/findings.h"
#include "case/report-html.h"
#include "case/report.h"
#include "record/basis.h"
#include "record/text.h"

#include <inttypes.h>
#include <string.h>

#define MAX_SENTENCES 3u
#define MAX_FINDINGS 40u
#define MAX_COMMAND ((size_t) 2000)

static const struct {
    const char *css, *title;
    const char *filter; ///< that leaves such PDUs of a frame; NULL: the frame does
} kinds[N_FINDING_KINDS] = {
    [FINDING_RUN] = {"run", "Execution", "car.wmi_rpc.stage == \"execute\""},
    [FINDING_CALL] = {"run", "Method call", "car.wmi_rpc.stage == \"execute\""},
    [FINDING_OUTPUT] = {"run", "Output of a command", NULL},
    [FINDING_PERSIST] = {"persist", "Persistence", "car.wmi_rpc.method"},
    [FINDING_SEALED] = {"run", "Sealed method call", "car.wmi_rpc.stage == \"execute\""},
    [FINDING_CHANGE] = {"change", "Change", "car.wmi_rpc.method"},
    [FINDING_LOGIN] = {"enter", "Login", "car.wmi_rpc.stage == \"login\""},
    [FINDING_READ] = {"read", "Reading", "car.wmi_rpc.method"},
    [FINDING_REFUSED] = {"enter", "Refused", "car.wmi_rpc.method"},
    [FINDING_OTHER] = {"enter", "Connection", NULL},
};

// -- in sentences ----------------------------------------------------------------------------------------------------

/** How many things of a kind an activity did. */
static guint count_kind(const GPtrArray *findings, const Activity *activity, FindingKind kind)
{
    guint count = 0;
    for (guint i = 0; i < findings->len; i++) {
        const Finding *finding = g_ptr_array_index(findings, i);
        if (finding->kind == kind && finding->activity == activity)
            count += finding->times;
    }
    return count;
}

static void write_deed(const GPtrArray *findings, const Activity *activity, FILE *stream)
{
    static const struct {
        FindingKind kind;
        const char *one, *many, *preposition;
    } deeds[] = {
        {FINDING_RUN, "ran 1 program", "ran %u programs", "on"},
        {FINDING_CALL, "called 1 method", "called %u methods", "on"},
        {FINDING_PERSIST, "wrote a WMI event subscription", "wrote %u parts of WMI event subscriptions", "on"},
        {FINDING_SEALED, "called 1 method whose arguments are sealed", "called %u methods whose arguments are sealed",
         "on"},
        {FINDING_OUTPUT, "left the output of 1 command", "left the output of %u commands", "on"},
        {FINDING_CHANGE, "changed 1 object", "changed %u objects", "on"},
        {FINDING_READ, "asked 1 question", "asked %u questions", "of"},
        {FINDING_LOGIN, "logged in", "logged in %u times", "to"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(deeds); i++) {
        guint count = count_kind(findings, activity, deeds[i].kind);
        if (count == 0)
            continue;
        if (count == 1)
            (void) fputs(deeds[i].one, stream);
        else
            (void) fprintf(stream, deeds[i].many, count); // one of the formats above
        (void) fprintf(stream, " %s ", deeds[i].preposition);
        return;
    }
    (void) fputs(activity->kind == ACTIVITY_TRY ? "tried to reach WMI on " : "connected to ", stream);
}

static void write_process(const Activity *activity, FILE *stream)
{
    const Record *main = activity->main;
    const Process *process = record_process(main, ROLE_CLIENT);
    if (process && process->pid != NUMBER_UNKNOWN) {
        const char *name = record_base_name(process->image);
        (void) fputs("The process was ", stream);
        if (name)
            html_code(stream, name, HTML_SHORT);
        (void) fprintf(stream, "%s%" PRId64 "%s. ", name ? ", id " : "id ", process->pid,
                       basis_note(process_basis(process)));
    } else {
        (void) fputs(main->client_identified == ANSWER_NO ? "The client said no process. " : "No process was seen. ",
                     stream);
    }
    for (guint i = 0; i < main->client_families->len; i++) {
        (void) fputs(i == 0 ? "What it sent is typical of " : " or ", stream);
        html_text(stream, g_array_index(main->client_families, const char *, i), HTML_SHORT);
    }
    if (main->client_families->len > 0)
        (void) fputs(". ", stream);
}

static void write_certainty(const Activity *activity, FILE *stream)
{
    static const char *const words[N_CONFIDENCES] = {
        [CONFIDENCE_RPCSS] = "That this was WMI is an estimate",
        [CONFIDENCE_DCOM] = "That this was WMI is not known, only that it was DCOM",
        [CONFIDENCE_WMI] = "That this was WMI is certain",
    };
    (void) fprintf(stream, "%s", words[activity->confidence]);
    const Evidence *evidence = activity_evidence(activity);
    g_autofree char *clause = evidence ? record_text_evidence_clause(evidence->kind) : NULL;
    if (clause)
        (void) fprintf(stream, ": %s", clause);
    if (clause && evidence->frame) {
        (void) fputs(", frame ", stream);
        html_frame(stream, activity, evidence->frame);
    }
    (void) fputs(".", stream);
}

static void write_sentence(const GPtrArray *findings, const Activity *activity, FILE *stream)
{
    (void) fputs("<p class=\"lead\">", stream);
    html_host(stream, &activity->client);
    (void) putc(' ', stream);
    write_deed(findings, activity, stream);
    html_host(stream, &activity->server);
    g_autofree char *users = record_text_accounts(activity->accounts);
    (void) fputs(users ? " as " : ", as a user that the capture does not show,", stream);
    if (users)
        html_text(stream, users, HTML_SHORT);
    (void) fputs(" on ", stream);
    html_time(stream, activity->start_time);
    (void) fputs(" UTC. ", stream);
    write_process(activity, stream);
    write_certainty(activity, stream);
    (void) fputs("</p>\n", stream);
}

void report_write_sentences(const Report *report, const GPtrArray *findings, FILE *stream)
{
    guint activities = 0;
    for (; activities < report->activities->len; activities++) {
        const Activity *activity = g_ptr_array_index(report->activities, activities);
        if (activity->allowed)
            break;
        if (activities < MAX_SENTENCES)
            write_sentence(findings, activity, stream);
    }
    if (activities > MAX_SENTENCES) {
        (void) fputs("<p>", stream);
        html_count(stream, activities - MAX_SENTENCES, "more activity is", "more activities are");
        (void) fputs(" less serious, or like these.</p>\n", stream);
    }
}

// -- one by one ------------------------------------------------------------------------------------------------------

static void write_times(const Finding *finding, FILE *stream)
{
    if (!finding->first_time)
        return;
    html_time(stream, finding->first_time);
    if (finding->last_time && strcmp(finding->first_time, finding->last_time) != 0) {
        (void) fputs(" to ", stream);
        html_time(stream, finding->last_time);
    }
    (void) fputs(" UTC · ", stream);
}

/** The frames, and a filter that leaves the PDUs in them that show it. */
static void write_evidence(const Finding *finding, FILE *stream)
{
    guint own = 0;
    if (finding->n_frames == 0)
        return;
    (void) fputs(finding->n_frames == 1 ? "<br>\nframe " : "<br>\nframes ", stream);
    g_autoptr(GString) set = g_string_new(NULL);
    for (guint i = 0; i < finding->n_frames; i++) {
        (void) fputs(i ? ", " : "", stream);
        html_frame(stream, finding->activity, finding->frames[i]);
        if (record_other_path(finding->activity->set, finding->activity->main, finding->frames[i]))
            continue;
        g_string_append_printf(set, "%s%" PRId64, own++ ? ", " : "", frame_number(finding->frames[i]));
    }
    if (finding->times > finding->n_frames)
        (void) fputs(" …", stream);
    if (own == 0)
        return;
    const char *filter = kinds[finding->kind].filter;
    g_autofree char *text = g_strdup_printf(own == 1 ? "frame.number == %s%s%s" : "frame.number in {%s}%s%s", set->str,
                                            filter ? " && " : "", filter ? filter : "");
    (void) fputs(" · ", stream);
    html_code(stream, text, HTML_LONG);
}

static void write_finding(const Finding *finding, guint number, FILE *stream)
{
    const Activity *activity = finding->activity;
    (void) fprintf(stream,
                   "<li class=\"%s\" id=\"f%u\"><strong>F%u</strong> <span class=\"badge %s\">%s</span> "
                   "<a href=\"#a%u\">",
                   kinds[finding->kind].css, number, number, kinds[finding->kind].css, kinds[finding->kind].title,
                   finding->number);
    html_text(stream, activity_host(&activity->client), 60);
    (void) fputs(" → ", stream);
    html_text(stream, activity_host(&activity->server), 60);
    (void) fputs("</a>", stream);
    if (finding->times > 1)
        (void) fprintf(stream, " · <strong>%u ×</strong>", finding->times);
    if (finding->activities > 1)
        (void) fprintf(stream, " in %u activities", finding->activities);
    (void) fputs("\n<pre class=\"command\">", stream);
    html_code(stream, finding->text, MAX_COMMAND);
    (void) fputs("</pre>\n<span class=\"soft\">", stream);
    write_times(finding, stream);
    g_autofree char *users = record_text_accounts(activity->accounts);
    (void) fputs(users ? "as " : "user not seen", stream);
    if (users)
        html_text(stream, users, HTML_SHORT);
    write_evidence(finding, stream);
    (void) fputs("</span></li>\n", stream);
}

void report_write_findings(const GPtrArray *findings, FILE *stream)
{
    if (findings->len == 0)
        return;
    (void) fputs(
        "<h3 id=\"findings\">Findings</h3>\n<p class=\"soft\">The most serious first; what is equal is counted. "
        "Each leads to its activity.</p>\n<ol class=\"worst\">\n",
        stream);
    for (guint i = 0; i < MIN(findings->len, MAX_FINDINGS); i++)
        write_finding(g_ptr_array_index(findings, i), i + 1, stream);
    (void) fputs("</ol>\n", stream);
    if (findings->len > MAX_FINDINGS)
        (void) fprintf(stream,
                       "<p class=\"warn\">%u more findings are not listed here. They are less serious, or like these; "
                       "their <a href=\"#activities\">activities</a> show them.</p>\n",
                       findings->len - MAX_FINDINGS);
}
