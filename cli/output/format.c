// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/format.h"

#include "base/warn.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const OutFormat *const formats[] = {
    &out_format_activities, &out_format_actions,   &out_format_table, &out_format_json, &out_format_ndjson,
    &out_format_csv,        &out_format_csv_calls, &out_format_ecs,   &out_format_car,  &out_format_markdown,
    &out_format_timesketch, &out_format_ocsf,      &out_format_zeek,
};

const OutFormat *out_format_find(const char *name, bool live, GError **error)
{
    const OutFormat *found = NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(formats) && !found; i++)
        found = strcmp(name, formats[i]->name) == 0 ? formats[i] : NULL;
    if (found && !(live && found->live == OUT_LIVE_NO))
        return found;
    g_autofree char *names = out_format_names(", ", live);
    if (found)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "the format %s needs all records, and these come one by one: there are %s", name, names);
    else
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "no format %s: there are %s", name, names);
    return NULL;
}

char *out_format_names(const char *separator, bool live)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (live && formats[i]->live == OUT_LIVE_NO)
            continue;
        g_string_append_printf(names, "%s%s", names->len > 0 ? separator : "", formats[i]->name);
    }
    return g_string_free(names, FALSE);
}

char *out_format_summaries(bool live)
{
    GString *lines = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (!live || formats[i]->live != OUT_LIVE_NO)
            g_string_append_printf(lines, "  %-12s %s\n", formats[i]->name, formats[i]->summary);
    }
    return g_string_free(lines, FALSE);
}

static size_t terminal_width(void)
{
    const char *variable = g_getenv("COLUMNS");
    uint64_t width = variable ? g_ascii_strtoull(variable, NULL, 10) : 0;
    struct winsize size;
    if (width == 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        width = size.ws_col;
    return (size_t) MIN(width, 10000);
}

bool out_colour_parse(const char *word, OutColour *colour, GError **error)
{
    static const char *const words[] = {
        [OUT_COLOUR_AUTO] = "auto", [OUT_COLOUR_ALWAYS] = "always", [OUT_COLOUR_NEVER] = "never"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(word, words[i]) == 0) {
            *colour = (OutColour) i;
            return true;
        }
    }
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "%s is none of auto, always and never", word);
    return false;
}

static bool terminal_has_colours(void)
{
    const char *no_colour = g_getenv("NO_COLOR");
    return !(no_colour && *no_colour) && g_strcmp0(g_getenv("TERM"), "dumb") != 0;
}

OutStyle out_style_make(bool file, OutColour colour)
{
    bool terminal = !file && isatty(STDOUT_FILENO);
    return (OutStyle){
        .width = terminal ? terminal_width() : 0,
        .colour = colour == OUT_COLOUR_ALWAYS || (colour == OUT_COLOUR_AUTO && terminal && terminal_has_colours()),
        .ascii = terminal_is_ascii(),
    };
}

void out_begin(Out *out, const OutFormat *format, FILE *stream, OutStyle style)
{
    *out = (Out){.format = format, .stream = stream, .style = style};
    if (format->begin)
        format->begin(out);
}

void out_record(Out *out, const RecordSet *set, const Record *record)
{
    out->format->record(out, set, record);
    out->records++;
}

void out_set(Out *out, const RecordSet *set, Confidence min)
{
    if (out->format->set) {
        out->format->set(out, set, min);
        return;
    }
    for (guint i = 0; i < set->records->len; i++) {
        const Record *record = g_ptr_array_index(set->records, i);
        if (record->confidence >= min)
            out_record(out, set, record);
    }
}

void out_call(Out *out, const Record *record, const RecordCall *call)
{
    out->format->call(out, record, call);
}

void out_end(Out *out)
{
    if (out->format->end)
        out->format->end(out);
}

void out_clear(Out *out)
{
    if (out->format && out->format->clear)
        out->format->clear(out);
    *out = (Out){0};
}
