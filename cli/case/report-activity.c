// SPDX-License-Identifier: GPL-2.0-or-later
// The activities: the worst in full, as many as a report bears, the others as a line each.

#include "base/hash.h"
#include "base/time.h"
#include "case/report-html.h"
#include "case/report.h"
#include "names/outcomes.h"
#include "names/techniques.h"
#include "record/claims.h"
#include "record/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t) 1500000)           ///< bytes for activities in full
#define ROOM_FOR_LINES ((size_t) 1200000) ///< bytes for others
#define MAX_CONNECTIONS 60

/** Each capture that holds some of it. */
static void write_captures(const Activity *activity, FILE *stream)
{
    const GPtrArray *files = activity->set->files;
    g_autoptr(GPtrArray) seen = g_ptr_array_new();
    for (guint i = 0; i < activity->records->len; i++) {
        const Record *record = g_ptr_array_index(activity->records, i);
        guint parts = record->parts ? record->parts->len : 1;
        for (guint j = 0; j < parts; j++) {
            int64_t frame = record->parts ? g_array_index(record->parts, RecordPart, j).first : record->frames.first;
            RecordFile *file = frame_file(frame) < files->len ? g_ptr_array_index(files, frame_file(frame)) : NULL;
            if (!file || !file->path || g_ptr_array_find(seen, file, NULL))
                continue;
            g_ptr_array_add(seen, file);
            html_fact(stream, seen->len == 1 ? "Capture" : seen->len == 2 ? "Goes on in" : NULL, file->path);
        }
    }
}

/** The first call that shows a technique, and did not fail; NULL when nothing but the use of WMI does. */
static const RecordCall *find_showing(const Activity *activity, Technique technique, const char **reason)
{
    for (guint i = 0; i < activity->records->len; i++) {
        const GArray *calls = ((const Record *) g_ptr_array_index(activity->records, i))->calls;
        for (guint j = 0; j < calls->len; j++) {
            const RecordCall *call = &g_array_index(calls, RecordCall, j);
            *reason = outcome_is_failure(call->outcome) ? NULL : call_technique_reason(call, technique);
            if (*reason)
                return call;
        }
    }
    return NULL;
}

static void write_reason(const Activity *activity, Technique technique, FILE *stream)
{
    const char *reason;
    const RecordCall *call = find_showing(activity, technique, &reason);
    if (!call)
        return;
    (void) fputs(": ", stream);
    html_text(stream, reason, HTML_SHORT);
    if (!call->frame)
        return;
    (void) fputs(" (frame ", stream);
    html_frame(stream, activity, call->frame);
    (void) putc(')', stream);
}

static void write_techniques(const Activity *activity, FILE *stream)
{
    const char *name = "Technique";
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++) {
        if (!activity_has_technique(activity, t))
            continue;
        const AttackTechnique *technique = technique_get(t);
        html_begin_fact(stream, name);
        name = NULL;
        (void) fprintf(stream, "%s %s%s%s (", technique->id, technique->parent ? technique->parent_name : "",
                       technique->parent ? ": " : "", technique->name);
        for (size_t k = 0; k < G_N_ELEMENTS(technique->tactics) && technique->tactics[k]; k++)
            (void) fprintf(stream, "%s%s %s", k ? ", " : "", technique->tactics[k]->id, technique->tactics[k]->name);
        (void) fputs(")", stream);
        write_reason(activity, t, stream);
        html_end_fact(stream);
    }
}

static void write_end(const char *name, const RecordEnd *end, FILE *stream)
{
    html_begin_fact(stream, name);
    html_host(stream, end);
    if (end->fqdn && end->fqdn != activity_host(end)) {
        (void) fputs(", ", stream);
        html_code(stream, end->fqdn, HTML_SHORT);
    }
    html_end_fact(stream);
}

static void write_logon(const Logon *logon, FILE *stream)
{
    if (logon->domain) {
        html_text(stream, logon->domain, HTML_SHORT);
        (void) putc('\\', stream);
    }
    html_text(stream, logon->user, HTML_SHORT);
    (void) fputs(", logon id ", stream);
    html_text(stream, logon->logon_id, HTML_SHORT);
    (void) fputs(" (", stream);
    html_log_source(stream, &logon->source);
    (void) putc(')', stream);
}

static void write_operation(const Operation *operation, FILE *stream)
{
    html_code(stream, operation->operation, HTML_LONG);
    (void) fputs(" (", stream);
    html_log_source(stream, &operation->source);
    (void) putc(')', stream);
}

static void write_subscription(const Subscription *subscription, FILE *stream)
{
    html_text(stream, subscription->kind, HTML_SHORT);
    (void) putc(' ', stream);
    html_code(stream, subscription->name, HTML_SHORT);
    if (subscription->value) {
        (void) fputs(": ", stream);
        html_code(stream, subscription->value, HTML_LONG);
    }
    (void) fputs(" (", stream);
    html_log_source(stream, &subscription->source);
    (void) putc(')', stream);
}

/** What hosts' logs tell, beside processes. */
static void write_told_by_logs(const Activity *activity, FILE *stream)
{
    guint logons = 0, operations = 0, subscriptions = 0;
    for (guint i = 0; i < activity->records->len; i++) {
        const HostFacts *host = ((const Record *) g_ptr_array_index(activity->records, i))->host;
        for (guint j = 0; host && j < MIN(host->logons->len, 5u); j++) {
            html_begin_fact(stream, logons++ ? NULL : "Logon");
            write_logon(&g_array_index(host->logons, Logon, j), stream);
            html_end_fact(stream);
        }
    }
    for (guint i = 0; i < activity->records->len; i++) {
        const HostFacts *host = ((const Record *) g_ptr_array_index(activity->records, i))->host;
        for (guint j = 0; host && j < MIN(host->operations->len, 20u); j++) {
            html_begin_fact(stream, operations++ ? NULL : "WMI’s own log");
            write_operation(&g_array_index(host->operations, Operation, j), stream);
            html_end_fact(stream);
        }
    }
    for (guint i = 0; i < activity->records->len; i++) {
        const HostFacts *host = ((const Record *) g_ptr_array_index(activity->records, i))->host;
        for (guint j = 0; host && j < MIN(host->subscriptions->len, 20u); j++) {
            html_begin_fact(stream, subscriptions++ ? NULL : "Subscription");
            write_subscription(&g_array_index(host->subscriptions, Subscription, j), stream);
            html_end_fact(stream);
        }
    }
}

/** Who may be meant, where nobody knows. */
static void write_candidates(const Activity *activity, FILE *stream)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    for (guint i = 0; activity->accounts->len == 0 && i < activity->records->len; i++) {
        const Record *record = g_ptr_array_index(activity->records, i);
        for (guint k = 0; k < record->user_candidates->len; k++) {
            const UserCandidate *candidate = &g_array_index(record->user_candidates, UserCandidate, k);
            g_autofree char *account = record_text_account(candidate->domain, candidate->user);
            g_autofree char *reason = record_text_candidate(activity->set, record, candidate);
            g_autofree char *text = g_strdup_printf("%s, %s", account, reason);
            if (g_hash_table_add(seen, g_strdup(account)))
                html_fact(stream, "User not known, perhaps", text);
        }
    }
}

#define MAX_ARTIFACTS 20u
#define MAX_OUTPUTS 10u
#define MAX_OUTPUT ((size_t) 1000) ///< characters

/** Files with the output of commands, and what was read of them. */
static void write_artifacts(const Activity *activity, const Record *record, FILE *stream)
{
    for (guint i = 0; record->artifacts && i < MIN(record->artifacts->len, MAX_ARTIFACTS); i++) {
        const RecordArtifact *artifact = &g_array_index(record->artifacts, RecordArtifact, i);
        g_autofree char *path = record_text_artifact_path(artifact);
        html_begin_fact(stream, "Output file");
        html_code(stream, path, HTML_SHORT);
        for (guint k = 0; k < MIN(artifact->outputs->len, MAX_OUTPUTS); k++) {
            const ArtifactOutput *output = &g_array_index(artifact->outputs, ArtifactOutput, k);
            (void) fputs("<br>read in frame ", stream);
            html_frame(stream, activity, output->frame);
            (void) fputs(": ", stream);
            html_code(stream, output->text, MAX_OUTPUT);
        }
        html_end_fact(stream);
    }
}

#define MAX_ANOMALIES 20u

static void write_anomalies(const Activity *activity, const Record *record, FILE *stream)
{
    for (guint i = 0; i < MIN(record->anomalies->len, MAX_ANOMALIES); i++) {
        g_autofree char *text =
            record_text_anomaly(activity->set, record, &g_array_index(record->anomalies, RecordAnomaly, i));
        html_fact(stream, "Anomaly", text);
    }
}

static void write_facts(const Activity *activity, FILE *stream)
{
    const Record *main = activity->main;
    (void) fputs("<dl class=\"facts\">\n", stream);
    if (activity->allowed) {
        g_autofree char *allowed = record_text_allowed(main);
        html_fact(stream, "Allowed by", allowed);
    }
    html_fact(stream, "What", main->summary);
    g_autofree char *verdict = record_text_verdict(main);
    html_fact(stream, "Verdict", verdict);
    const Record *last = main;
    for (guint i = 0; i < activity->records->len; i++) {
        const Record *record = g_ptr_array_index(activity->records, i);
        if (time_parse_utc(record->end_time) > time_parse_utc(last->end_time))
            last = record;
    }
    html_begin_fact(stream, "When (UTC)");
    html_time(stream, activity->start_time);
    (void) fputs(" to ", stream);
    html_time(stream, last->end_time);
    html_end_fact(stream);
    write_end("Client", &activity->client, stream);
    write_end("Server", &activity->server, stream);
    g_autofree char *users = record_text_accounts(activity->accounts);
    html_fact(stream, activity->accounts->len > 1 ? "Users" : "User", users);
    write_candidates(activity, stream);
    g_autofree char *auth = record_text_auth(&main->auth);
    html_fact(stream, "Authentication", auth);
    html_fact(stream, "Service asked for", main->auth.spn);
    html_fact(stream, "Namespace", record_text_namespace(main));
    g_autofree char *family = g_strconcat("Client family", basis_note(BASIS_INFERRED), NULL);
    html_fact(stream, family, main->client_hint);
    html_begin_fact(stream, "Confidence");
    (void) fputs(confidence_name(activity->confidence), stream);
    html_end_fact(stream);
    write_techniques(activity, stream);
    for (guint i = 0; i < activity->records->len; i++) {
        write_artifacts(activity, g_ptr_array_index(activity->records, i), stream);
        write_anomalies(activity, g_ptr_array_index(activity->records, i), stream);
    }
    write_told_by_logs(activity, stream);
    write_captures(activity, stream);
    (void) fputs("</dl>\n", stream);
}

// -- evidence --------------------------------------------------------------------------------------------------------

/** One line of evidence: what is claimed, where it stands, how to see it. */
static void write_claim(const Activity *activity, const Claim *claim, FILE *stream)
{
    (void) fprintf(stream, "<tr><td>%s", claim->text);
    if (claim->detail) {
        (void) putc(' ', stream);
        html_code(stream, claim->detail, HTML_SHORT);
    }
    (void) fprintf(stream, "%s</td><td class=\"number\">", basis_note(claim->basis));
    html_frame(stream, activity, claim->frame);
    (void) fprintf(stream, "</td><td><code>frame.number==%" PRId64, frame_number(claim->frame));
    if (claim->field) {
        (void) fprintf(stream, " &amp;&amp; %s==", claim->field);
        html_text(stream, claim->value, HTML_SHORT);
    }
    (void) fputs("</code></td></tr>\n", stream);
}

/** Which frames, of which captures. */
static void write_extent(const Activity *activity, const Record *record, FILE *stream)
{
    if (!record->frames.first) {
        (void) fputs("known from hosts’ logs only", stream);
        return;
    }
    guint parts = record->parts ? record->parts->len : 1;
    for (guint i = 0; i < parts; i++) {
        const RecordPart *part = record->parts ? &g_array_index(record->parts, RecordPart, i) : NULL;
        (void) fprintf(stream, "%s<span class=\"frame\">%" PRId64 "</span> to ", i ? ", " : "frames ",
                       frame_number(part ? part->first : record->frames.first));
        html_frame(stream, activity, part ? part->last : record->frames.last);
    }
}

static void write_claims(const Activity *activity, guint number, FILE *stream)
{
    g_autofree char *label = g_strdup_printf("Evidence, activity %u", number);
    (void) fputs("<h4>Evidence</h4>\n", stream);
    html_begin_scroll(stream, label);
    (void) fputs("<table>\n<thead><tr><th scope=\"col\">Claim</th><th scope=\"col\">Frame</th><th "
                 "scope=\"col\">Display filter</th></tr></thead>\n",
                 stream);
    for (guint i = 0; i < MIN(activity->records->len, MAX_CONNECTIONS); i++) {
        const Record *record = g_ptr_array_index(activity->records, i);
        g_autofree char *client = record_text_endpoint(&record->client);
        g_autofree char *server = record_text_endpoint(&record->server);
        (void) fputs("<tbody>\n<tr><th colspan=\"2\" scope=\"rowgroup\">", stream);
        html_text(stream, client, HTML_SHORT);
        (void) fputs(" → ", stream);
        html_text(stream, server, HTML_SHORT);
        (void) fprintf(stream, "%s<br>\n<span class=\"soft\">confidence %s, ", record->callback ? " (callback)" : "",
                       confidence_name(record->confidence));
        if (record_verdict(record) == VERDICT_ATTEMPT)
            (void) fputs("attempt, ", stream);
        write_extent(activity, record, stream);
        (void) fputs("</span></th><td>", stream);
        if (record->filter)
            html_code(stream, record->filter, 300);
        (void) fputs("</td></tr>\n", stream);
        g_autoptr(GPtrArray) claims = claims_new(record);
        for (guint j = 0; j < claims->len; j++)
            write_claim(activity, g_ptr_array_index(claims, j), stream);
        (void) fputs("</tbody>\n", stream);
    }
    (void) fputs("</table>\n", stream);
    html_end_scroll(stream);
    if (activity->records->len > MAX_CONNECTIONS)
        (void) fprintf(stream, "<p class=\"warn\">%u more connections of this activity are not shown.</p>\n",
                       activity->records->len - MAX_CONNECTIONS);
}

// -- all -------------------------------------------------------------------------------------------------------------

void report_write_activity(const Activity *activity, guint number, FILE *stream)
{
    (void) fprintf(stream, "<article class=\"activity %s\" id=\"a%u\">\n<h3>%u. ", html_class(activity), number,
                   number);
    html_text(stream, activity_host(&activity->client), 60);
    (void) fputs(" → ", stream);
    html_text(stream, activity_host(&activity->server), 60);
    (void) putc(' ', stream);
    html_badge(stream, activity);
    (void) fputs("</h3>\n", stream);
    write_facts(activity, stream);
    report_write_processes(activity, stream);
    report_write_calls(activity, number, stream);
    write_claims(activity, number, stream);
    (void) fputs("</article>\n", stream);
}

static void write_line(const Activity *activity, guint number, FILE *stream)
{
    const Record *main = activity->main;
    (void) fprintf(stream, "<tr id=\"a%u\"><td class=\"number\">%u</td><td class=\"number\">", number, number);
    html_badge(stream, activity);
    (void) fputs("</td><td>", stream);
    html_time(stream, activity->start_time);
    (void) fputs("</td><td>", stream);
    html_text(stream, activity_host(&activity->client), 60);
    (void) fputs(" → ", stream);
    html_text(stream, activity_host(&activity->server), 60);
    (void) fputs("</td><td>", stream);
    g_autofree char *users = record_text_accounts(activity->accounts);
    if (users)
        html_text(stream, users, 60);
    (void) fputs("</td><td class=\"wide\">", stream);
    html_text(stream, main->summary ? main->summary : "connected", 120);
    (void) fputs("</td><td>", stream);
    if (main->frames.first)
        html_frame_anywhere(stream, activity->set, main->frames.first);
    (void) fputs("</td><td>", stream);
    if (main->client.port != NUMBER_UNKNOWN && main->server.port != NUMBER_UNKNOWN)
        (void) fprintf(stream, "<code>tcp.port==%" PRId64 " &amp;&amp; tcp.port==%" PRId64 "</code>", main->client.port,
                       main->server.port);
    (void) fputs("</td></tr>\n", stream);
}

typedef void (*Writer)(const Activity *activity, guint number, FILE *stream);

/** Writes activities from number `from` on, as many as there is room for; the first that was not written. */
static guint write_while_room(const Report *report, guint from, size_t room, Writer writer, FILE *stream)
{
    for (guint i = from; i < report->activities->len; i++) {
        char *text = NULL;
        size_t size = 0;
        FILE *part = open_memstream(&text, &size);
        writer(g_ptr_array_index(report->activities, i), i + 1, part);
        (void) fclose(part);
        bool fits = size <= room;
        if (fits)
            (void) fwrite(text, 1, size, stream);
        free(text);
        if (!fits)
            return i;
        room -= size;
    }
    return report->activities->len;
}

static void write_lines(const Report *report, guint from, FILE *stream)
{
    (void) fputs("<h3>The others</h3>\n<p>They are less serious than those above, or like them. <code>car-wmi list -T "
                 "ndjson</code> has all of each.</p>\n",
                 stream);
    html_begin_scroll(stream, "Other activities");
    (void) fputs("<table>\n<thead><tr><th scope=\"col\">No.</th><th scope=\"col\">Kind</th><th scope=\"col\">From "
                 "(UTC)</th><th scope=\"col\">Client → server</th><th scope=\"col\">User</th>"
                 "<th scope=\"col\">What</th><th scope=\"col\">First frame</th><th scope=\"col\">Display "
                 "filter</th></tr></thead>\n<tbody>\n",
                 stream);
    guint end = write_while_room(report, from, ROOM_FOR_LINES, write_line, stream);
    (void) fputs("</tbody>\n</table>\n", stream);
    html_end_scroll(stream);
    if (end < report->activities->len)
        (void) fprintf(stream, "<p class=\"warn\">%u more are not listed.</p>\n", report->activities->len - end);
}

void report_write_activities(const Report *report, FILE *stream)
{
    (void) fputs(
        "<section id=\"activities\">\n<h2>Activities</h2>\n<p class=\"soft\">An activity is what belongs together: "
        "the activation on port 135, the connection that it led to, and callbacks. Frame numbers are those of the "
        "activity’s first capture unless another is named; display filters are for Wireshark or tshark with the plugin "
        "of car-wmi.</p>\n",
        stream);
    guint shown = write_while_room(report, 0, ROOM, report_write_activity, stream);
    if (shown < report->activities->len)
        write_lines(report, shown, stream);
    (void) fputs("</section>\n", stream);
}
