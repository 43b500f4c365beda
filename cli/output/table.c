// SPDX-License-Identifier: GPL-2.0-or-later
// The table for people: one line a connection. Everything in it went through text_escape().

#include "base/text-escape.h"
#include "join/summary.h"
#include "output/format.h"
#include "record/basis.h"
#include "record/text.h"

#include <string.h>

#define GAP 2
#define MAX_PADDING 100 ///< columns that a long cell may make the other lines keep free when nothing is cut off

typedef enum {
    CAPTURE,
    TIME,
    CONNECTION,
    MATCH,
    STATE,
    PROCESS,
    USER,
    NAMESPACE,
    INTERFACES,
    AUTH,
    SUMMARY,
    COLUMNS
} Column;

static const struct {
    const char *title;
    TextCut cut;
    size_t width; ///< when the records come one by one
} columns[COLUMNS] = {
    [CAPTURE] = {"capture", TEXT_CUT_START, 12},     [TIME] = {"time (UTC)", TEXT_CUT_START, 19},
    [CONNECTION] = {"client", TEXT_CUT_END, 43},     [MATCH] = {"match", TEXT_CUT_END, 7},
    [STATE] = {"state", TEXT_CUT_END, 10},           [PROCESS] = {"process", TEXT_CUT_START, 20},
    [USER] = {"user", TEXT_CUT_START, 20},           [NAMESPACE] = {"namespace", TEXT_CUT_START, 20},
    [INTERFACES] = {"interfaces", TEXT_CUT_END, 24}, [AUTH] = {"auth", TEXT_CUT_END, 16},
    [SUMMARY] = {"what was done", TEXT_CUT_END, 60},
};

/** How a narrow terminal is served: step by step columns are cut down to so much, until the line fits … */
static const struct {
    Column column;
    size_t width;
} cuts[] = {{SUMMARY, 48}, {CAPTURE, 24}, {INTERFACES, 16}, {NAMESPACE, 12}, {CAPTURE, 12},
            {PROCESS, 14}, {USER, 14},    {AUTH, 8},        {SUMMARY, 32},   {TIME, 10}};

/** … and when it does not, the first of these that is there is left out and all begins anew. */
static const Column dispensable[] = {INTERFACES, AUTH, CAPTURE, TIME, NAMESPACE, USER, PROCESS};

typedef struct {
    char *cells[COLUMNS];
    Confidence confidence;
} Row;

static void row_free(gpointer data)
{
    Row *row = data;
    for (Column c = 0; c < COLUMNS; c++)
        g_free(row->cells[c]);
    g_free(row);
}

static char *cell_text(const Out *out, const char *text)
{
    return text && *text ? text_escape(text, out->style.ascii) : g_strdup("-");
}

static char *cell_time(const Out *out, const char *time)
{
    if (!time || strlen(time) < strlen("2020-08-06T07:56:41"))
        return cell_text(out, time);
    g_autofree char *cut = g_strdup_printf("%.10s %.8s", time, time + 11);
    return cell_text(out, cut);
}

static const char *arrow(const Out *out)
{
    return out->style.ascii ? " -> " : " → ";
}

static char *cell_connection(const Out *out, const Record *r)
{
    g_autofree char *client = record_text_endpoint(&r->client);
    g_autofree char *server = record_text_endpoint(&r->server);
    g_autofree char *a = text_escape(client, out->style.ascii);
    g_autofree char *b = text_escape(server, out->style.ascii);
    return g_strconcat(a, arrow(out), b, NULL);
}

static char *cell_process(const Out *out, const Record *r)
{
    g_autoptr(GString) all = g_string_new(NULL);
    for (guint i = 0; i < r->processes->len; i++) {
        const Process *process = &g_array_index(r->processes, Process, i);
        if (process->role != ROLE_CLIENT || process->pid == NUMBER_UNKNOWN)
            continue;
        if (all->len > 0 && !process->inferred) // one is shown, or all that it may be
            break;
        g_autofree char *shown = host_summary_process(process);
        g_string_append_printf(all, "%s%s%s%s%s", all->len ? (process->asked_for ? ", " : " or ") : "",
                               r->client.host ? r->client.host : "", r->client.host ? ":" : "", shown,
                               basis_mark(process_basis(process)));
        if (!process->inferred)
            break;
    }
    if (all->len > 0)
        return cell_text(out, all->str);
    return cell_text(out, r->client_identified == ANSWER_NO ? "unidentified" : NULL);
}

static char *user_text(const Record *r)
{
    g_autofree char *users = record_text_users(r);
    return users ? g_strconcat(users, basis_mark(auth_basis(&r->auth)), NULL) : NULL;
}

/** Takes over `text`. */
static char *cell_take(const Out *out, char *text)
{
    char *cell = cell_text(out, text);
    g_free(text);
    return cell;
}

static char *cell_summary(const Out *out, const Record *r)
{
    if (r->anomalies->len == 0)
        return cell_text(out, r->summary);
    return cell_take(out, g_strdup_printf("%s [%u %s of packets]", r->summary ? r->summary : "", r->anomalies->len,
                                          r->anomalies->len == 1 ? "anomaly" : "anomalies"));
}

typedef struct {
    bool shown[COLUMNS];
    size_t width[COLUMNS];
} Layout;

static size_t layout_width(const Layout *layout)
{
    size_t width = 0;
    for (Column c = 0; c < COLUMNS; c++) {
        if (layout->shown[c])
            width += (width ? GAP : 0) + layout->width[c];
    }
    return width;
}

/** Cuts columns down until the line fits; false when it does not. */
static bool layout_fit(Layout *layout, size_t width)
{
    for (size_t i = 0; i < G_N_ELEMENTS(cuts); i++) {
        size_t total = layout_width(layout);
        if (total <= width)
            return true;
        size_t *column = &layout->width[cuts[i].column];
        size_t excess = total - width;
        if (layout->shown[cuts[i].column] && *column > cuts[i].width)
            *column = *column - cuts[i].width > excess ? *column - excess : cuts[i].width;
    }
    return layout_width(layout) <= width;
}

static Layout layout_make(const OutStyle *style, const Row *header, const GPtrArray *rows)
{
    Layout natural;
    for (Column c = 0; c < COLUMNS; c++) {
        natural.shown[c] = c == CAPTURE ? style->captures : c != STATE || style->live;
        natural.width[c] = style->live ? columns[c].width : text_width(header->cells[c]);
        for (guint i = 0; i < rows->len; i++) {
            const Row *row = g_ptr_array_index(rows, i);
            natural.width[c] = MAX(natural.width[c], text_width(row->cells[c]));
        }
        if (style->width == 0)
            natural.width[c] = MIN(natural.width[c], MAX_PADDING);
    }
    if (style->width == 0)
        return natural;
    for (size_t i = 0;; i++) {
        Layout layout = natural;
        if (layout_fit(&layout, style->width) || i == G_N_ELEMENTS(dispensable))
            return layout;
        natural.shown[dispensable[i]] = false;
    }
}

static const char *row_colour(const Row *row, Column c)
{
    if (c != MATCH)
        return NULL;
    switch (row->confidence) {
    case CONFIDENCE_WMI: return "\033[1;31m";
    case CONFIDENCE_DCOM: return "\033[33m";
    default: return NULL;
    }
}

static void print_row(const Out *out, const Layout *layout, const Row *row, bool header)
{
    g_autoptr(GString) line = g_string_new(NULL);
    const char *ellipsis = out->style.ascii ? "~" : "…";
    size_t padding = 0;
    for (Column c = 0; c < COLUMNS; c++) {
        if (!layout->shown[c])
            continue;
        size_t limit = out->style.width ? layout->width[c] : SIZE_MAX;
        g_autofree char *cell = text_fit(row->cells[c], limit, header ? TEXT_CUT_END : columns[c].cut, ellipsis);
        const char *colour = header ? "\033[1m" : row_colour(row, c);
        for (size_t i = 0; i < padding; i++)
            g_string_append_c(line, ' ');
        if (colour && out->style.colour)
            g_string_append_printf(line, "%s%s\033[0m", colour, cell);
        else
            g_string_append(line, cell);
        size_t width = text_width(cell);
        padding = GAP + (width < layout->width[c] ? layout->width[c] - width : 0);
    }
    (void) fprintf(out->stream, "%s\n", line->str);
}

static Row *make_header(const Out *out)
{
    Row *header = g_new0(Row, 1);
    for (Column c = 0; c < COLUMNS; c++)
        header->cells[c] =
            c == CONNECTION ? g_strconcat("client", arrow(out), "server", NULL) : g_strdup(columns[c].title);
    return header;
}

static Row *make_row(const Out *out, const RecordSet *set, const Record *r)
{
    Row *row = g_new0(Row, 1);
    bool attempt = record_verdict(r) == VERDICT_ATTEMPT;
    row->confidence = r->allowed.rule || attempt ? CONFIDENCE_NONE : r->confidence;
    row->cells[CAPTURE] = cell_text(out, record_file(set, r)->path);
    row->cells[TIME] = cell_time(out, r->start_time);
    row->cells[CONNECTION] = cell_connection(out, r);
    row->cells[MATCH] = g_strdup(r->allowed.rule ? "allowed" : attempt ? "attempt" : confidence_name(r->confidence));
    row->cells[STATE] = cell_text(out, record_state_text(r->state));
    row->cells[PROCESS] = cell_process(out, r);
    row->cells[USER] = cell_take(out, user_text(r));
    row->cells[NAMESPACE] = cell_text(out, record_text_namespace(r));
    row->cells[INTERFACES] = cell_take(out, record_text_interfaces(r));
    row->cells[AUTH] = cell_take(out, record_text_auth(&r->auth));
    row->cells[SUMMARY] = cell_summary(out, r);
    return row;
}

typedef struct {
    GPtrArray *rows; ///< Row *, until the widths are known
    Layout layout;   ///< when the records come one by one
} Table;

static void table_begin(Out *out)
{
    Table *table = g_new0(Table, 1);
    table->rows = g_ptr_array_new_with_free_func(row_free);
    out->state = table;
    if (!out->style.live)
        return;
    Row *header = make_header(out);
    table->layout = layout_make(&out->style, header, table->rows);
    if (!out->style.goes_on)
        print_row(out, &table->layout, header, true);
    row_free(header);
}

static void table_record(Out *out, const RecordSet *set, const Record *r)
{
    Table *table = out->state;
    Row *row = make_row(out, set, r);
    if (!out->style.live) {
        g_ptr_array_add(table->rows, row);
        return;
    }
    print_row(out, &table->layout, row, false);
    row_free(row);
}

static void table_end(Out *out)
{
    const GPtrArray *rows = ((const Table *) out->state)->rows;
    if (rows->len == 0)
        return;
    Row *header = make_header(out);
    Layout layout = layout_make(&out->style, header, rows);
    print_row(out, &layout, header, true);
    for (guint i = 0; i < rows->len; i++)
        print_row(out, &layout, g_ptr_array_index(rows, i), false);
    row_free(header);
}

static void table_clear(Out *out)
{
    Table *table = out->state;
    g_ptr_array_unref(table->rows);
    g_free(table);
}

const OutFormat out_format_table = {
    .name = "table",
    .summary = "one line a connection, for people",
    .live = OUT_LIVE_ALL,
    .begin = table_begin,
    .record = table_record,
    .end = table_end,
    .clear = table_clear,
};
