// SPDX-License-Identifier: GPL-2.0-or-later
// The table for people: one line a connection. Everything in it went through text_escape().

#include "host-summary.h"
#include "out.h"
#include "text-escape.h"

#include <string.h>

#define GAP 2
#define MAX_PADDING 100 ///< columns that a long cell may make the other lines keep free when nothing is cut off

typedef enum { CAPTURE, TIME, CONNECTION, MATCH, PROCESS, USER, NAMESPACE, INTERFACES, AUTH, SUMMARY, COLUMNS } Column;

static const struct {
    const char *title;
    TextCut cut;
} columns[COLUMNS] = {
    [CAPTURE] = {"capture", TEXT_CUT_START},
    [TIME] = {"time (UTC)", TEXT_CUT_START},
    [CONNECTION] = {"client", TEXT_CUT_END},
    [MATCH] = {"match", TEXT_CUT_END},
    [PROCESS] = {"process", TEXT_CUT_START},
    [USER] = {"user", TEXT_CUT_START},
    [NAMESPACE] = {"namespace", TEXT_CUT_START},
    [INTERFACES] = {"interfaces", TEXT_CUT_END},
    [AUTH] = {"auth", TEXT_CUT_END},
    [SUMMARY] = {"what was done", TEXT_CUT_END},
};

/// How a narrow terminal is served: step by step columns are cut down to so much, until the line fits …
static const struct {
    Column column;
    size_t width;
} cuts[] = {{SUMMARY, 48}, {CAPTURE, 24}, {INTERFACES, 16}, {NAMESPACE, 12}, {CAPTURE, 12},
            {PROCESS, 14}, {USER, 14},    {AUTH, 8},        {SUMMARY, 32},   {TIME, 10}};

/// … and when it does not, the first of these that is there is left out and all begins anew.
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

static void append_endpoint(GString *s, const Endpoint *endpoint)
{
    const char *ip = endpoint->ip ? endpoint->ip : "?";
    g_string_append_printf(s, strchr(ip, ':') ? "[%s]:" : "%s:", ip);
    if (endpoint->port == NUMBER_UNKNOWN)
        g_string_append_c(s, '?');
    else
        g_string_append_printf(s, "%" G_GINT64_FORMAT, endpoint->port);
}

static const char *arrow(const Out *out)
{
    return out->style.ascii ? " -> " : " → ";
}

static char *cell_connection(const Out *out, const Record *r)
{
    g_autoptr(GString) client = g_string_new(NULL);
    g_autoptr(GString) server = g_string_new(NULL);
    append_endpoint(client, &r->client);
    append_endpoint(server, &r->server);
    g_autofree char *a = text_escape(client->str, out->style.ascii);
    g_autofree char *b = text_escape(server->str, out->style.ascii);
    return g_strconcat(a, arrow(out), b, NULL);
}

static char *cell_process(const Out *out, const Record *r)
{
    for (guint i = 0; i < r->processes->len; i++) {
        const Process *process = &g_array_index(r->processes, Process, i);
        if (g_strcmp0(process->role, "client") != 0 || process->pid == NUMBER_UNKNOWN)
            continue;
        g_autofree char *shown = host_summary_process(process);
        g_autofree char *text =
            g_strdup_printf("%s%s%s", r->client.host ? r->client.host : "", r->client.host ? ":" : "", shown);
        return cell_text(out, text);
    }
    return cell_text(out, r->client_identified == ANSWER_NO ? "unidentified" : NULL);
}

static char *cell_user(const Out *out, const Auth *auth)
{
    if (!auth->user || !auth->domain)
        return cell_text(out, auth->user);
    g_autofree char *text = g_strconcat(auth->domain, "\\", auth->user, NULL);
    return cell_text(out, text);
}

/// The newest that was logged in to.
static char *cell_namespace(const Out *out, const Record *r)
{
    const char *found = NULL;
    for (guint i = 0; i < r->logins->len; i++)
        found = g_array_index(r->logins, Login, i).namespace_path;
    for (guint i = 0; i < r->calls->len && !found; i++)
        found = g_array_index(r->calls, Call, i).namespace_path;
    return cell_text(out, found);
}

static void append_name(GString *list, const char *name)
{
    g_string_append_printf(list, "%s%s", list->len ? ", " : "", name);
}

/// Interfaces that calls were made on although nobody was seen to bind them.
static void append_called_interfaces(GString *named, const Record *r)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < r->interfaces->len; i++)
        g_hash_table_add(seen, (gpointer) g_array_index(r->interfaces, OfferedInterface, i).name);
    for (guint i = 0; i < r->calls->len; i++) {
        const char *name = g_array_index(r->calls, Call, i).interface;
        if (name && g_hash_table_add(seen, (gpointer) name))
            append_name(named, name);
    }
}

/// Those that the server did not refuse and, where there are any, that have a name.
static char *cell_interfaces(const Out *out, const Record *r)
{
    g_autoptr(GString) named = g_string_new(NULL);
    g_autoptr(GString) unnamed = g_string_new(NULL);
    for (guint i = 0; i < r->interfaces->len; i++) {
        const OfferedInterface *offered = &g_array_index(r->interfaces, OfferedInterface, i);
        if (offered->accepted != ANSWER_NO)
            append_name(strcmp(offered->name, offered->uuid) == 0 ? unnamed : named, offered->name);
    }
    append_called_interfaces(named, r);
    return cell_text(out, named->len ? named->str : unnamed->str);
}

static char *cell_auth(const Out *out, const Auth *auth)
{
    if (!auth->type || g_str_equal(auth->type, "none") || !auth->level)
        return cell_text(out, auth->type);
    g_autofree char *text = g_strconcat(auth->type, "/", auth->level, NULL);
    return cell_text(out, text);
}

static void table_begin(Out *out)
{
    out->state = g_ptr_array_new_with_free_func(row_free);
}

static void table_record(Out *out, const RecordSet *set, const Record *r)
{
    Row *row = g_new0(Row, 1);
    row->confidence = r->confidence;
    row->cells[CAPTURE] = cell_text(out, set->path);
    row->cells[TIME] = cell_time(out, r->start_time);
    row->cells[CONNECTION] = cell_connection(out, r);
    row->cells[MATCH] = g_strdup(confidence_text(r->confidence));
    row->cells[PROCESS] = cell_process(out, r);
    row->cells[USER] = cell_user(out, &r->auth);
    row->cells[NAMESPACE] = cell_namespace(out, r);
    row->cells[INTERFACES] = cell_interfaces(out, r);
    row->cells[AUTH] = cell_auth(out, &r->auth);
    row->cells[SUMMARY] = cell_text(out, r->summary);
    g_ptr_array_add(out->state, row);
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

/// Cuts columns down until the line fits; false when it does not.
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
        natural.shown[c] = c != CAPTURE || style->captures;
        natural.width[c] = text_width(header->cells[c]);
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

static void table_end(Out *out)
{
    const GPtrArray *rows = out->state;
    if (rows->len == 0)
        return;
    Row header = {0};
    for (Column c = 0; c < COLUMNS; c++)
        header.cells[c] = g_strdup(columns[c].title);
    g_free(header.cells[CONNECTION]);
    header.cells[CONNECTION] = g_strconcat("client", arrow(out), "server", NULL);

    Layout layout = layout_make(&out->style, &header, rows);
    print_row(out, &layout, &header, true);
    for (guint i = 0; i < rows->len; i++)
        print_row(out, &layout, g_ptr_array_index(rows, i), false);
    for (Column c = 0; c < COLUMNS; c++)
        g_free(header.cells[c]);
}

static void table_clear(Out *out)
{
    g_ptr_array_unref(out->state);
}

const OutFormat out_format_table = {
    .name = "table",
    .summary = "one line a connection, for people",
    .begin = table_begin,
    .record = table_record,
    .end = table_end,
    .clear = table_clear,
};
