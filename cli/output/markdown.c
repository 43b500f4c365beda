// SPDX-License-Identifier: GPL-2.0-or-later
// Markdown for tickets: a section an activity, in it one a connection; live, the latter alone. Each text of the wire is a code span, in which nothing is a link, a
// mention or HTML.

#include "base/text-escape.h"
#include "join/summary.h"
#include "names/outcomes.h"
#include "names/techniques.h"
#include "output/format.h"
#include "record/actions.h"
#include "record/basis.h"
#include "record/outcome.h"
#include "record/summary.h"
#include "record/text.h"

#include <inttypes.h>
#include <string.h>

#define MAX_TEXT ((size_t) 1000)   ///< characters of one text of the wire
#define MAX_ACTION ((size_t) 4000) ///< of one that says what was done

/** Its fence is longer than any run of backticks inside. */
static void put_cut_code(FILE *stream, const char *text, size_t max)
{
    g_autofree char *escaped = text_escape(text, false);
    g_autofree char *shown = text_fit(escaped, max, TEXT_CUT_END, "…");
    size_t fence = 1, run = 0;
    for (const char *p = shown; *p; p++) {
        run = *p == '`' ? run + 1 : 0;
        fence = MAX(fence, run + 1);
    }
    g_autofree char *ticks = g_strnfill(fence, '`');
    // A text and its fence are parted by a space, which is taken away again, where they would run together or where a
    // space of the text itself would be taken away.
    bool part = *shown == '\0' || strchr("` ", *shown) || strchr("` ", shown[strlen(shown) - 1]);
    const char *space = part ? " " : "";
    (void) fprintf(stream, "%s%s%s%s%s", ticks, space, shown, space, ticks);
}

static void put_code(FILE *stream, const char *text)
{
    put_cut_code(stream, text, MAX_TEXT);
}

static void put_item(FILE *stream, const char *title, const char *text)
{
    if (!text || !*text)
        return;
    (void) fprintf(stream, "- %s: ", title);
    put_code(stream, text);
    (void) putc('\n', stream);
}

static void put_host(FILE *stream, const RecordEnd *endpoint)
{
    g_autofree char *address = record_text_endpoint(endpoint);
    if (endpoint->host) {
        put_code(stream, endpoint->host);
        (void) putc(' ', stream);
    }
    put_code(stream, address);
}

static void put_user(FILE *stream, const RecordSet *set, const Record *r)
{
    const Auth *auth = &r->auth;
    g_autofree char *user = record_text_users(r);
    if (!user)
        return;
    (void) fputs("- User: ", stream);
    put_code(stream, user);
    (void) fputs(basis_note(auth_basis(auth)), stream);
    const char *source = record_text_user_source(auth);
    if (source && auth->user_frame) {
        const char *path = record_other_path(set, r, auth->user_frame);
        (void) fprintf(stream, " (%s, frame %" PRId64, source, frame_number(auth->user_frame));
        if (path) {
            (void) fputs(" of ", stream);
            put_code(stream, path);
        }
        (void) putc(')', stream);
    }
    (void) putc('\n', stream);
}

static void put_candidates(FILE *stream, const RecordSet *set, const Record *r)
{
    for (guint i = 0; i < r->user_candidates->len; i++) {
        const UserCandidate *candidate = &g_array_index(r->user_candidates, UserCandidate, i);
        g_autofree char *account = record_text_account(candidate->domain, candidate->user);
        g_autofree char *reason = record_text_candidate(set, r, candidate);
        (void) fputs("- User not known, perhaps: ", stream);
        put_code(stream, account);
        (void) fprintf(stream, "%s, ", basis_note(BASIS_INFERRED));
        put_code(stream, reason);
        (void) putc('\n', stream);
    }
}

static void put_processes(FILE *stream, const Record *r)
{
    static const char *const titles[N_PROCESS_ROLES] = {
        [ROLE_CLIENT] = "Client process",
        [ROLE_SERVER] = "Server process",
        [ROLE_SPAWNED] = "Started",
    };
    for (ProcessRole role = 0; role < N_PROCESS_ROLES; role++) {
        for (guint j = 0; j < r->processes->len; j++) {
            const Process *process = &g_array_index(r->processes, Process, j);
            if (process->role != role)
                continue;
            g_autofree char *shown = host_summary_process(process);
            (void) fprintf(stream, "- %s: ", titles[role]);
            put_code(stream, process->command_line ? process->command_line : shown);
            (void) fprintf(stream, "%s\n", basis_note(process_basis(process)));
        }
    }
}

/** Why a call that did not fail shows a technique; NULL when none does. */
static const char *technique_reason(const Record *r, Technique technique)
{
    const char *reason = NULL;
    for (guint i = 0; i < r->calls->len && !reason; i++) {
        const RecordCall *call = &g_array_index(r->calls, RecordCall, i);
        reason = outcome_is_failure(call->outcome) ? NULL : call_technique_reason(call, technique);
    }
    return reason;
}

static void put_techniques(FILE *stream, const Record *r)
{
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++) {
        if (!record_has_technique(r, t))
            continue;
        const AttackTechnique *technique = technique_get(t);
        const char *reason = technique_reason(r, t);
        g_autofree char *url = technique_url(technique->id);
        (void) fprintf(stream, "- Technique: [%s %s](%s)%s", technique->id, technique->name, url, reason ? ", " : "");
        if (reason)
            put_code(stream, reason);
        (void) putc('\n', stream);
    }
}

static void put_artifacts(FILE *stream, const Record *r)
{
    for (guint i = 0; r->artifacts && i < r->artifacts->len; i++) {
        const RecordArtifact *artifact = &g_array_index(r->artifacts, RecordArtifact, i);
        g_autofree char *path = record_text_artifact_path(artifact);
        put_item(stream, "Output file", path);
        for (guint k = 0; k < artifact->outputs->len; k++)
            put_item(stream, "Output read", g_array_index(artifact->outputs, ArtifactOutput, k).text);
    }
}

/** Each thing that was done, in order, whole, and the process that it became. */
static void put_actions(FILE *stream, const RecordSet *set, const Record *r)
{
    g_autoptr(GHashTable) operations = outcome_operations(r);
    for (guint i = 0; i < r->calls->len; i++) {
        const RecordCall *call = &g_array_index(r->calls, RecordCall, i);
        if (!action_is_call(call))
            continue;
        g_autofree char *text = summary_phrase(r, call, operations);
        (void) fputs("- Done: ", stream);
        put_cut_code(stream, text, MAX_ACTION);
        (void) fprintf(stream, " (frame %" PRId64, frame_number(call->frame));
        const char *path = record_other_path(set, r, call->frame);
        if (path) {
            (void) fputs(" of ", stream);
            put_code(stream, path);
        }
        int64_t pid = property_number(call->result_properties, "ProcessId");
        if (pid != NUMBER_UNKNOWN)
            (void) fprintf(stream, ", process %" PRId64, pid);
        (void) fputs(")\n", stream);
    }
}

static void markdown_record(Out *out, const RecordSet *set, const Record *r)
{
    FILE *stream = out->stream;
    (void) fprintf(stream, "%s### ", out->style.live && out->records ? "\n" : "");
    put_host(stream, &r->client);
    (void) fputs(" → ", stream);
    put_host(stream, &r->server);
    (void) fprintf(stream, " (%s%s)\n\n", confidence_name(r->confidence),
                   record_verdict(r) == VERDICT_ATTEMPT ? ", attempt" : "");
    put_item(stream, "What", r->summary);
    put_actions(stream, set, r);
    g_autofree char *outcome = outcome_text(r);
    put_item(stream, "Outcome", outcome);
    g_autofree char *allowed = record_text_allowed(r);
    put_item(stream, "Allowed", allowed);
    put_item(stream, "From", r->start_time);
    put_item(stream, "To", r->end_time);
    put_user(stream, set, r);
    put_candidates(stream, set, r);
    put_processes(stream, r);
    put_artifacts(stream, r);
    for (guint i = 0; i < r->anomalies->len; i++) {
        g_autofree char *anomaly = record_text_anomaly(set, r, &g_array_index(r->anomalies, RecordAnomaly, i));
        put_item(stream, "Anomaly", anomaly);
    }
    put_item(stream, "Namespace", record_text_namespace(r));
    put_techniques(stream, r);
    if (record_is_led_to(r))
        (void) fprintf(stream,
                       "- Related: [" CAR_RELATED_ANALYTIC " " CAR_RELATED_ANALYTIC_NAME "](" CAR_RELATED_ANALYTIC_URL
                       "): port %" PRId64 " was named by the answer to an activation\n",
                       r->activation.port);
    if (r->lookup.frame)
        (void) fprintf(stream,
                       "- Related: [" CAR_RELATED_ANALYTIC " " CAR_RELATED_ANALYTIC_NAME "](" CAR_RELATED_ANALYTIC_URL
                       "): port %" PRId64 " was named by the answer to a look-up in the endpoint mapper\n",
                       r->server.port);
    if (record_launched(r))
        (void) fputs("- Related: [" CAR_LAUNCH_ANALYTIC " " CAR_LAUNCH_ANALYTIC_NAME "](" CAR_LAUNCH_ANALYTIC_URL
                     "): a process was started\n",
                     stream);
    g_autofree char *evidence = record_text_evidence(set, r);
    put_item(stream, "Evidence", evidence);
    put_item(stream, "Display filter", r->filter);
    const RecordFile *file = record_file(set, r);
    put_item(stream, "Capture", file->path);
    put_item(stream, "Not all of it was read", file->note);
}

/** A section an activity, in which its connections are sections. */
static void markdown_set(Out *out, const RecordSet *set, Confidence min)
{
    g_autoptr(GPtrArray) activities = activities_of_set(set, min);
    for (guint i = 0; i < activities->len; i++) {
        const Activity *activity = g_ptr_array_index(activities, i);
        (void) fprintf(out->stream, "%s## ", out->records ? "\n" : "");
        put_host(out->stream, &activity->client);
        (void) fputs(" → ", out->stream);
        put_host(out->stream, &activity->server);
        (void) fputs("\n\n", out->stream);
        for (guint k = 0; k < activity->records->len; k++) {
            if (k > 0)
                (void) putc('\n', out->stream);
            markdown_record(out, set, g_ptr_array_index(activity->records, k));
        }
        out->records += activity->records->len;
    }
}

static void markdown_end(Out *out)
{
    if (out->records)
        (void) fputs("\nFound with car-wmi " CAR_VERSION " after [" CAR_ANALYTIC "](" CAR_ANALYTIC_URL
                     ") of MITRE CAR; ATT&CK's detection strategy [" ATTACK_STRATEGY "](" ATTACK_STRATEGY_URL
                     "), D3FEND's [" D3FEND_TECHNIQUE "](" D3FEND_TECHNIQUE_URL ").\n",
                     out->stream);
}

const OutFormat out_format_markdown = {
    .name = "markdown",
    .summary = "a section an activity, for tickets",
    .live = OUT_LIVE_ENDS,
    .record = markdown_record,
    .set = markdown_set,
    .end = markdown_end,
};
