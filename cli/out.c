// SPDX-License-Identifier: GPL-2.0-or-later
#include "out.h"

static const OutFormat *const formats[] = {&out_format_table, &out_format_json, &out_format_ndjson,  &out_format_csv,
                                           &out_format_ecs,   &out_format_car,  &out_format_markdown};

const OutFormat *out_format_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (g_strcmp0(name, formats[i]->name) == 0)
            return formats[i];
    }
    return NULL;
}

char *out_format_names(const char *separator)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++) {
        if (i > 0)
            g_string_append(names, separator);
        g_string_append(names, formats[i]->name);
    }
    return g_string_free(names, FALSE);
}

char *out_format_summaries(void)
{
    GString *lines = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(formats); i++)
        g_string_append_printf(lines, "  %-8s %s\n", formats[i]->name, formats[i]->summary);
    return g_string_free(lines, FALSE);
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
