// SPDX-License-Identifier: GPL-2.0-or-later
// What was called, in order. Calls that follow each other and say the same are one row.

#include "base/time.h"
#include "case/report-html.h"
#include "case/report.h"
#include "names/outcomes.h"
#include "record/text.h"

#include <inttypes.h>
#include <string.h>

#define MAX_ROWS 150
#define MAX_CELL ((size_t) 400)

/** One call as it is shown. */
typedef struct {
    const Record *record;
    const RecordCall *call;
    int64_t time; ///< as in base/time.h
    char *what, *argument, *result;
    int64_t last_frame;
    guint times;
} Row;

static void row_free(gpointer data)
{
    Row *row = data;
    g_free(row->what);
    g_free(row->argument);
    g_free(row->result);
    g_free(row);
}

static void append(GString *s, const char *separator, const char *text)
{
    if (text && *text)
        g_string_append_printf(s, "%s%.*s", s->len ? separator : "", 4 * (int) MAX_CELL, text);
}

static void append_properties(GString *s, const GArray *properties)
{
    for (guint i = 0; properties && i < properties->len && s->len < MAX_CELL; i++) {
        const RecordProperty *property = &g_array_index(properties, RecordProperty, i);
        if (!property->value)
            continue;
        append(s, ", ", property->name ? property->name : "?");
        g_string_append_printf(s, "=%.*s", 4 * (int) MAX_CELL, property->value);
    }
}

/** What the request says, in a line; NULL when that is nothing. */
static char *make_argument(const RecordCall *call)
{
    g_autoptr(GString) s = g_string_new(NULL);
    bool readable = call->query || call->object_path || call->class_name || call->command_line || call->properties;
    if (call->class_name && call->wmi_method)
        g_string_append_printf(s, "%s.%s", call->class_name, call->wmi_method);
    else
        append(s, " ", call->object_path ? call->object_path : call->class_name);
    append(s, ": ", call->query);
    append(s, ": ", call->command_line);
    if (!call->command_line)
        append_properties(s, call->properties);
    if (!readable && call->stage == STAGE_LOGIN)
        append(s, " ", call->namespace_path);
    if (s->len == 0 && call->sealed == ANSWER_YES && call->command_length != NUMBER_UNKNOWN)
        g_string_append_printf(s, "sealed; a command line of %" PRId64 " characters%s", call->command_length,
                               basis_note(BASIS_ESTIMATED));
    else if (s->len == 0 && call->sealed == ANSWER_YES)
        g_string_append(s, "sealed");
    if (call->content_source)
        g_string_append_printf(s, " (from %s)", call->content_source);
    return s->len ? g_string_free(g_steal_pointer(&s), FALSE) : NULL;
}

static void append_status(GString *s, const char *prefix, int64_t status, const char *name)
{
    if (status == NUMBER_UNKNOWN)
        return;
    g_string_append_printf(s, "%s%s", s->len ? "; " : "", prefix);
    if (name)
        g_string_append(s, name);
    else
        g_string_append_printf(s, "0x%08" PRIx64, status);
}

/** What came of it; NULL when that is not known. */
static char *make_result(const RecordCall *call)
{
    g_autoptr(GString) s = g_string_new(NULL);
    if (outcome_is_failure(call->outcome))
        g_string_append(s, word_text(&outcome_words, call->outcome));
    if (call->fault == ANSWER_YES)
        append(s, "; ", "fault");
    append_status(s, "", call->status, call->status_name);
    append_status(s, "operation: ", call->operation_status, call->operation_status_name);
    append(s, "; ", call->result_text);
    g_autoptr(GString) properties = g_string_new(NULL);
    append_properties(properties, call->result_properties);
    append(s, "; ", properties->str);
    append(s, "; ", call->undecodable);
    if (s->len == 0 && !call->response_frame)
        g_string_append(s, "no response seen");
    else if (s->len == 0 && call->sealed == ANSWER_YES)
        g_string_append(s, "sealed");
    return s->len ? g_string_free(g_steal_pointer(&s), FALSE) : NULL;
}

static int compare_calls(gconstpointer a, gconstpointer b)
{
    const Row *x = *(const Row *const *) a, *y = *(const Row *const *) b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    return (x->call->frame > y->call->frame) - (x->call->frame < y->call->frame);
}

/** All calls of all connections, by time. */
static GPtrArray *make_rows(const Activity *activity)
{
    GPtrArray *rows = g_ptr_array_new_with_free_func(row_free);
    for (guint i = 0; i < activity->records->len; i++) {
        const Record *record = g_ptr_array_index(activity->records, i);
        for (guint j = 0; j < record->calls->len; j++) {
            Row *row = g_new0(Row, 1);
            row->record = record;
            row->call = &g_array_index(record->calls, RecordCall, j);
            row->time = time_parse_utc(row->call->time);
            row->last_frame = row->call->frame;
            row->times = 1;
            g_ptr_array_add(rows, row);
        }
    }
    g_ptr_array_sort(rows, compare_calls);
    return rows;
}

static bool is_repeated(const Row *a, const Row *b)
{
    return a->record == b->record && strcmp(a->what, b->what) == 0 && g_strcmp0(a->argument, b->argument) == 0 &&
           g_strcmp0(a->result, b->result) == 0;
}

/** Folds rows that repeat; returns how many calls are left out because there are too many rows. */
static guint fold_rows(GPtrArray *rows)
{
    guint kept = 0, left_out = 0;
    for (guint i = 0; i < rows->len; i++) {
        Row *row = g_ptr_array_index(rows, i);
        Row *before = kept ? g_ptr_array_index(rows, kept - 1) : NULL;
        if (kept == MAX_ROWS) {
            left_out++;
            continue;
        }
        row->what = record_text_call(row->call);
        row->argument = make_argument(row->call);
        row->result = make_result(row->call);
        if (before && is_repeated(before, row)) {
            before->times++;
            before->last_frame = row->call->frame;
            continue;
        }
        // The place is that of one that was folded or of itself.
        rows->pdata[i] = rows->pdata[kept];
        rows->pdata[kept++] = row;
    }
    g_ptr_array_set_size(rows, (int) kept);
    return left_out;
}

static void write_row(const Activity *activity, const Row *row, bool ports, FILE *stream)
{
    const RecordCall *call = row->call;
    (void) fputs("<tr><td>", stream);
    if (call->time && strlen(call->time) > 11) {
        g_autofree char *clock = g_strndup(call->time + 11, strcspn(call->time + 11, "Z"));
        (void) fputs("<span class=\"time\">", stream);
        html_text(stream, clock, HTML_SHORT);
        (void) fputs("</span>", stream);
    }
    (void) fputs("</td><td class=\"number\">", stream);
    html_frame(stream, activity, call->frame);
    if (row->times > 1) {
        (void) fputs(" to ", stream);
        html_frame(stream, activity, row->last_frame);
        (void) fprintf(stream, " (%u×)", row->times);
    }
    (void) fputs("</td>", stream);
    if (ports)
        (void) fprintf(stream, "<td class=\"number\">%" PRId64 "%s</td>", row->record->client.port,
                       row->record->callback ? " (callback)" : "");
    bool strong = call_weight(call) >= STAGE_SUBSCRIBE;
    (void) fprintf(stream, "<td class=\"call%s\">", strong ? " strong" : "");
    html_name(stream, row->what, HTML_SHORT);
    (void) fputs("</td><td class=\"wide\">", stream);
    if (row->argument)
        html_code(stream, row->argument, MAX_CELL);
    (void) fputs("</td><td class=\"result\">", stream);
    if (row->result)
        html_text(stream, row->result, MAX_CELL);
    (void) fputs("</td></tr>\n", stream);
}

void report_write_calls(const Activity *activity, guint number, FILE *stream)
{
    g_autoptr(GPtrArray) rows = make_rows(activity);
    guint left_out = fold_rows(rows);
    if (rows->len == 0)
        return;
    bool ports = activity->records->len > 1;
    g_autofree char *label = g_strdup_printf("Sequence of calls, activity %u", number);
    (void) fputs("<h4>Sequence</h4>\n", stream);
    html_begin_scroll(stream, label);
    (void) fprintf(stream,
                   "<table>\n<thead><tr><th scope=\"col\">Time (UTC)</th><th scope=\"col\">Frame</th>%s<th "
                   "scope=\"col\">Call</th><th scope=\"col\">Argument</th><th scope=\"col\">Result</th>"
                   "</tr></thead>\n<tbody>\n",
                   ports ? "<th scope=\"col\">Client port</th>" : "");
    for (guint i = 0; i < rows->len; i++)
        write_row(activity, g_ptr_array_index(rows, i), ports, stream);
    (void) fputs("</tbody>\n</table>\n", stream);
    html_end_scroll(stream);
    if (left_out > 0)
        (void) fprintf(stream,
                       "<p class=\"warn\">%u more calls are not shown; <code>car-wmi list -T ndjson</code> has "
                       "them all.</p>\n",
                       left_out);
}
