// SPDX-License-Identifier: GPL-2.0-or-later
// For people: a block an activity, of who and what. Everything in it went through text_escape().

#include "base/hash.h"
#include "base/text-escape.h"
#include "join/summary.h"
#include "output/people.h"
#include "record/actions.h"
#include "record/basis.h"
#include "record/text.h"

#include <inttypes.h>
#include <string.h>

#define INDENT 4u
#define PLACE 22u     ///< for a time and a frame
#define MAX_READS 20u ///< queries and the like that a terminal is shown of one activity; all else is never left out
#define MAX_ANOMALIES 5u

// -- who -------------------------------------------------------------------------------------------------------------

static char *time_text_of(const Activity *activity)
{
    const char *time = activity->start_time;
    if (!time || strlen(time) < strlen("2020-08-06T07:56:41"))
        return g_strdup("time unknown");
    return g_strdup_printf("%.10s %.8s UTC", time, time + 11);
}

/** What the accounts rest on; BASIS_UNKNOWN where that is not the same for all. */
static Basis accounts_basis(const Activity *activity)
{
    Basis basis = BASIS_UNKNOWN;
    for (guint i = 0; i < activity->records->len; i++) {
        const Basis other = auth_basis(&((const Record *) g_ptr_array_index(activity->records, i))->auth);
        if (other && basis && other != basis)
            return BASIS_UNKNOWN;
        basis = other ? other : basis;
    }
    return basis;
}

static char *user_text(const Activity *activity)
{
    g_autofree char *accounts = record_text_accounts(activity->accounts);
    if (accounts)
        return g_strconcat("user ", accounts, basis_note(accounts_basis(activity)), NULL);
    for (guint i = 0; i < activity->records->len; i++) {
        const Record *record = g_ptr_array_index(activity->records, i);
        if (record->user_candidates->len == 0)
            continue;
        const UserCandidate *candidate = &g_array_index(record->user_candidates, UserCandidate, 0);
        g_autofree char *account = record_text_account(candidate->domain, candidate->user);
        g_autofree char *reason = record_text_candidate(activity->set, record, candidate);
        return g_strdup_printf("user not known, perhaps %s%s (%s%s)", account, basis_note(BASIS_INFERRED), reason,
                               record->user_candidates->len > 1 ? "; others may be, too" : "");
    }
    return g_strdup("user not seen");
}

/** " (said by the client in frame 70)". Owned by the caller. */
static char *source_text(const Process *process)
{
    const Basis basis = process_basis(process);
    if (basis != BASIS_CLIENT)
        return g_strdup(basis_note(basis));
    const ProcessSource *source = &g_array_index(process->sources, ProcessSource, 0);
    return g_strdup_printf(" (%s in frame %" PRId64 ")", word_text(&basis_words, basis), frame_number(source->frame));
}

/** The same for those that are one process. Owned by the caller. */
static char *process_key(const Process *process)
{
    return g_strdup_printf("%" PRId64 "\n%s\n%s", process->pid, process->start_time ? process->start_time : "",
                           process->image ? process->image : "");
}

/** The processes of the clients, each once; those that some connection names itself before those that are inferred. */
static GPtrArray *client_processes(const Activity *activity)
{
    GPtrArray *found = g_ptr_array_new();
    g_autoptr(GHashTable) seen = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    for (guint pass = 0; pass < 2; pass++) {
        for (guint i = 0; i < activity->records->len; i++) {
            const Record *record = g_ptr_array_index(activity->records, i);
            for (guint k = 0; k < record->processes->len; k++) {
                const Process *process = &g_array_index(record->processes, Process, k);
                bool known = process->pid != NUMBER_UNKNOWN || process->image;
                if (process->role != ROLE_CLIENT || record->callback || !known || process->inferred != (pass == 1))
                    continue;
                if (g_hash_table_add(seen, process_key(process)))
                    g_ptr_array_add(found, (gpointer) process);
            }
        }
    }
    return found;
}

static void append_families(GString *s, const Activity *activity)
{
    const GArray *families = activity->main->client_families;
    for (guint i = 0; i < families->len; i++)
        g_string_append_printf(s, "%s%s", i ? " or " : "; probably ", g_array_index(families, const char *, i));
    g_string_append(s, families->len > 0 ? basis_note(BASIS_INFERRED) : "");
}

#define MAX_PROCESSES 3u

static char *process_text(const Activity *activity)
{
    GString *s = g_string_new(NULL);
    g_autoptr(GPtrArray) processes = client_processes(activity);
    for (guint i = 0; i < MIN(processes->len, MAX_PROCESSES); i++) {
        const Process *process = g_ptr_array_index(processes, i);
        g_autofree char *name = host_summary_process(process);
        g_autofree char *source = source_text(process);
        g_string_append_printf(s, "%s%s%s", i ? ", " : "process ", name, source);
    }
    if (processes->len > MAX_PROCESSES)
        g_string_append_printf(s, " and %u more", processes->len - MAX_PROCESSES);
    if (processes->len == 0) {
        bool silent = activity->main->client_identified == ANSWER_NO;
        g_string_append(s, silent ? "process: the client did not say" : "process not seen");
        append_families(s, activity);
    }
    return g_string_free(s, FALSE);
}

static void append_frame(GString *s, const char *separator, const Activity *activity, int64_t frame)
{
    const char *other = record_other_path(activity->set, activity->main, frame);
    g_string_append_printf(s, "%sframe %" PRId64, separator, frame_number(frame));
    if (other)
        g_string_append_printf(s, " of %s", record_base_name(other));
}

static char *verdict_text(const Activity *activity)
{
    static const char *const verdicts[N_CONFIDENCES] = {
        [CONFIDENCE_RPCSS] = "perhaps remote WMI",
        [CONFIDENCE_DCOM] = "DCOM, not known to be WMI",
        [CONFIDENCE_WMI] = "remote WMI",
    };
    bool attempt = record_verdict(activity->main) == VERDICT_ATTEMPT;
    GString *s = g_string_new(verdicts[activity->confidence]);
    if (attempt)
        g_string_append_printf(s, ", an attempt (%s)", attempt_reason_sentence(activity->main->verdict_reason));
    const Evidence *evidence = activity_evidence(activity);
    g_autofree char *clause = evidence ? record_text_evidence_clause(evidence->kind) : NULL;
    if (clause)
        g_string_append_printf(s, ": %s", clause);
    if (evidence && evidence->frame)
        append_frame(s, ", ", activity, evidence->frame);
    if (evidence)
        g_string_append(s, basis_note(evidence_basis(evidence->kind)));
    const Record *main = activity->main;
    g_autofree char *allowed = activity->allowed ? record_text_allowed(main) : NULL;
    if (allowed)
        g_string_append_printf(s, ", allowed by %s", allowed);
    return g_string_free(s, FALSE);
}

/** Its captures: first the one that its frames are of where they name no other. */
static char *capture_text(const Activity *activity)
{
    GString *s = g_string_new("in ");
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    g_hash_table_add(seen, (gpointer) record_file(activity->set, activity->main));
    g_string_append(s, record_file(activity->set, activity->main)->path);
    for (guint i = 0; i < activity->records->len; i++) {
        const RecordFile *file = record_file(activity->set, g_ptr_array_index(activity->records, i));
        if (g_hash_table_add(seen, (gpointer) file))
            g_string_append_printf(s, ", %s", file->path);
    }
    return g_string_free(s, FALSE);
}

/** Writes the pieces, as many on a line as fit. */
static void put_who(const Out *out, const Activity *activity)
{
    char *pieces[] = {time_text_of(activity), people_hosts(out, &activity->client, &activity->server),
                      user_text(activity),    process_text(activity),
                      verdict_text(activity), out->style.captures ? capture_text(activity) : NULL};
    const char *const colours[G_N_ELEMENTS(pieces)] = {PEOPLE_BOLD, PEOPLE_BOLD, NULL, NULL,
                                                       activity->allowed ? PEOPLE_DIM : NULL};
    size_t width = people_width(out), column = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(pieces) && pieces[i]; i++) {
        g_autofree char *piece = text_escape(pieces[i], out->style.ascii);
        g_free(pieces[i]);
        if (i > 0 && width && column + 2 + text_width(piece) > width) {
            (void) putc('\n', out->stream);
            people_blanks(out->stream, INDENT);
            column = INDENT;
        } else if (i > 0) {
            people_blanks(out->stream, 2);
            column += 2;
        }
        column = people_put(out, piece, column, INDENT, colours[i]);
    }
    (void) putc('\n', out->stream);
}

// -- what ------------------------------------------------------------------------------------------------------------

/** Whether it may be counted instead of shown where there are many. */
static bool is_read(const Action *action)
{
    return action->outcome != OUTCOME_FAILED &&
           (action->stage == STAGE_QUERY || action->stage == STAGE_ENUMERATE || action->stage == STAGE_READ);
}

/** "13:06:03 frame 69", as far as it is known. Owned by the caller. */
static char *place_text(const Activity *activity, const Action *action)
{
    GString *s = g_string_new(NULL);
    const char *time = action->time;
    bool known = time && strlen(time) >= strlen("2020-08-06T07:56:41");
    g_string_append_printf(s, "%-8.8s ", known ? time + 11 : "");
    if (action->frame)
        append_frame(s, "", activity, action->frame);
    return g_string_free(s, FALSE);
}

static void put_action(const Out *out, const Activity *activity, const Action *action)
{
    g_autofree char *where = place_text(activity, action);
    g_autofree char *place = text_escape(where, out->style.ascii);
    g_autofree char *text = text_escape(action->text, out->style.ascii);
    g_autofree char *more = NULL;
    if (action->times > 1)
        more = g_strdup_printf(" (%u times)", action->times);
    else if (action->pid != NUMBER_UNKNOWN)
        more = g_strdup_printf(" (process %" PRId64 ")", action->pid);
    g_autofree char *whole = g_strconcat(text, more, NULL);
    people_blanks(out->stream, INDENT);
    size_t column = people_put(out, place, INDENT, INDENT, NULL);
    size_t gap = column + 2 < INDENT + PLACE ? INDENT + PLACE - column : 2;
    people_blanks(out->stream, gap);
    people_put(out, whole, column + gap, INDENT + PLACE, people_colour(action->stage, action->outcome));
    (void) putc('\n', out->stream);
}

static void put_line(const Out *out, const char *text, const char *colour)
{
    g_autofree char *line = text_escape(text, out->style.ascii);
    people_blanks(out->stream, INDENT);
    people_put(out, line, INDENT, INDENT, colour);
    (void) putc('\n', out->stream);
}

/** What hosts' logs say was started. */
static void put_spawned(const Out *out, const Activity *activity)
{
    for (guint i = 0; i < activity->records->len; i++) {
        const Record *record = g_ptr_array_index(activity->records, i);
        for (guint k = 0; k < record->processes->len; k++) {
            const Process *process = &g_array_index(record->processes, Process, k);
            if (process->role != ROLE_SPAWNED || !process->log_sources)
                continue;
            g_autofree char *name = host_summary_process(process);
            g_autofree char *said =
                g_strdup_printf("started %s%s%s%s", name, process->command_line ? ": " : "",
                                process->command_line ? process->command_line : "", basis_note(BASIS_LOG));
            put_line(out, said, PEOPLE_RED);
        }
    }
}

static void put_anomalies(const Out *out, const Activity *activity)
{
    guint shown = 0, left_out = 0;
    for (guint i = 0; i < activity->records->len; i++) {
        const Record *record = g_ptr_array_index(activity->records, i);
        for (guint k = 0; k < record->anomalies->len; k++) {
            if (out->style.width && shown++ >= MAX_ANOMALIES) {
                left_out++;
                continue;
            }
            g_autofree char *text =
                record_text_anomaly(activity->set, record, &g_array_index(record->anomalies, RecordAnomaly, k));
            g_autofree char *line = g_strconcat("anomaly: ", text, NULL);
            put_line(out, line, PEOPLE_BOLD);
        }
    }
    if (left_out > 0) {
        g_autofree char *more =
            g_strdup_printf("and %u more anomalies, which stand where the output is no terminal", left_out);
        put_line(out, more, PEOPLE_BOLD);
    }
}

static void put_what(const Out *out, const Activity *activity)
{
    g_autoptr(GPtrArray) actions = actions_new(activity);
    guint reads = 0, left_out = 0;
    for (guint i = 0; i < actions->len; i++) {
        const Action *action = g_ptr_array_index(actions, i);
        if (out->style.width && is_read(action) && reads++ >= MAX_READS)
            left_out++;
        else
            put_action(out, activity, action);
    }
    if (left_out > 0)
        (void) fprintf(out->stream, "%*sand %u more queries, which are shown when the output is no terminal\n",
                       (int) INDENT, "", left_out);
    put_spawned(out, activity);
    put_anomalies(out, activity);
    if (actions->len == 0 && activity->main->summary)
        put_line(out, activity->main->summary, NULL);
}

static void activities_set(Out *out, const RecordSet *set, Confidence min)
{
    g_autoptr(GPtrArray) activities = activities_of_set(set, min);
    for (guint i = 0; i < activities->len; i++) {
        const Activity *activity = g_ptr_array_index(activities, i);
        if (out->records > 0)
            (void) putc('\n', out->stream);
        put_who(out, activity);
        put_what(out, activity);
        out->records += activity->records->len;
    }
}

const OutFormat out_format_activities = {
    .name = "activities",
    .summary = "who and what, a block an activity, for people",
    .live = OUT_LIVE_NO,
    .set = activities_set,
};
