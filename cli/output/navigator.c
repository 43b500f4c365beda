// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/navigator.h"

#include "base/json-write.h"
#include "names/techniques.h"

#include <string.h>

typedef struct {
    char *id;
    guint connections;
    char *first, *last; ///< times; NULL when unknown
} Count;

struct Navigator {
    GPtrArray *counts; ///< Count *
};

static void count_free(gpointer data)
{
    Count *count = data;
    g_free(count->id);
    g_free(count->first);
    g_free(count->last);
    g_free(count);
}

Navigator *navigator_new(void)
{
    Navigator *navigator = g_new0(Navigator, 1);
    navigator->counts = g_ptr_array_new_with_free_func(count_free);
    return navigator;
}

void navigator_free(Navigator *navigator)
{
    g_ptr_array_unref(navigator->counts);
    g_free(navigator);
}

static Count *find(Navigator *navigator, const char *id)
{
    for (guint i = 0; i < navigator->counts->len; i++) {
        Count *count = g_ptr_array_index(navigator->counts, i);
        if (strcmp(count->id, id) == 0)
            return count;
    }
    Count *count = g_new0(Count, 1);
    count->id = g_strdup(id);
    g_ptr_array_add(navigator->counts, count);
    return count;
}

void navigator_add(Navigator *navigator, const Record *record)
{
    for (guint i = 0; !record->allowed.rule && i < record->techniques->len; i++) {
        Count *count = find(navigator, g_ptr_array_index(record->techniques, i));
        count->connections++;
        // Times of one form sort as texts.
        if (record->start_time && (!count->first || strcmp(record->start_time, count->first) < 0)) {
            g_free(count->first);
            count->first = g_strdup(record->start_time);
        }
        if (record->end_time && (!count->last || strcmp(record->end_time, count->last) > 0)) {
            g_free(count->last);
            count->last = g_strdup(record->end_time);
        }
    }
}

static int compare(gconstpointer a, gconstpointer b)
{
    const Count *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

static void write_pair(JsonWriter *w, const char *name, const char *value)
{
    json_open_object(w, NULL);
    json_write_text(w, "name", name);
    json_write_text(w, "value", value);
    json_close_object(w);
}

static void write_technique(JsonWriter *w, const Count *count)
{
    json_open_object(w, NULL);
    json_write_text(w, "techniqueID", count->id);
    json_write_int(w, "score", count->connections);
    g_autofree char *comment = g_strdup_printf("%u %s found by car-wmi", count->connections,
                                               count->connections == 1 ? "connection" : "connections");
    json_write_text(w, "comment", comment);
    json_open_array(w, "metadata");
    if (count->first)
        write_pair(w, "first", count->first);
    if (count->last)
        write_pair(w, "last", count->last);
    json_close_array(w);
    json_close_object(w);
}

void navigator_write(const Navigator *navigator, FILE *stream)
{
    g_autoptr(GPtrArray) counts = g_ptr_array_copy(navigator->counts, NULL, NULL);
    g_ptr_array_set_free_func(counts, NULL);
    g_ptr_array_sort(counts, compare);
    guint most = 1;
    JsonWriter writer = {.stream = stream}, *w = &writer;
    json_open_object(w, NULL);
    json_write_text(w, "name", "Remote WMI");
    json_open_object(w, "versions");
    json_write_text(w, "navigator", "4.9.0");
    json_write_text(w, "layer", "4.5");
    json_close_object(w);
    json_write_text(w, "domain", "enterprise-attack");
    json_write_text(w, "description", "Connections that car-wmi " CAR_VERSION " found after " CAR_ANALYTIC);
    json_open_array(w, "techniques");
    for (guint i = 0; i < counts->len; i++) {
        const Count *count = g_ptr_array_index(counts, i);
        most = MAX(most, count->connections);
        write_technique(w, count);
    }
    json_close_array(w);
    json_open_object(w, "gradient");
    json_open_array(w, "colors");
    json_write_text(w, NULL, "#ffe8d6");
    json_write_text(w, NULL, "#d7301f");
    json_close_array(w);
    json_write_int(w, "minValue", 0);
    json_write_int(w, "maxValue", most);
    json_close_object(w);
    json_open_array(w, "metadata");
    write_pair(w, "analytic", CAR_ANALYTIC);
    json_close_array(w);
    json_close_object(w);
    (void) putc('\n', stream);
}
