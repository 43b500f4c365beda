// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/navigator.h"

#include "base/hash.h"
#include "base/json-write.h"
#include "names/techniques.h"

#include <inttypes.h>
#include <string.h>

typedef struct {
    guint connections;
    GHashTable *activities, *clients, *servers; ///< char * each: by what they are counted
    char *first, *last;                         ///< times; NULL when unknown
} Count;

struct Navigator {
    Count counts[N_TECHNIQUES];
};

Navigator *navigator_new(void)
{
    Navigator *navigator = g_new0(Navigator, 1);
    for (Technique t = 0; t < N_TECHNIQUES; t++) {
        Count *count = &navigator->counts[t];
        GHashTable **const sets[] = {&count->activities, &count->clients, &count->servers};
        for (size_t i = 0; i < G_N_ELEMENTS(sets); i++)
            *sets[i] = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    }
    return navigator;
}

void navigator_free(Navigator *navigator)
{
    for (Technique t = 0; t < N_TECHNIQUES; t++) {
        g_free(navigator->counts[t].first);
        g_free(navigator->counts[t].last);
        g_hash_table_unref(navigator->counts[t].activities);
        g_hash_table_unref(navigator->counts[t].clients);
        g_hash_table_unref(navigator->counts[t].servers);
    }
    g_free(navigator);
}

static void add_once(GHashTable *set, const char *text)
{
    if (text && !g_hash_table_contains(set, text))
        g_hash_table_add(set, g_strdup(text));
}

static void count_record(Count *count, const Record *record)
{
    count->connections++;
    g_autofree char *activity = g_strdup_printf("%" PRId64, record->activity);
    add_once(count->activities, record->activity == NUMBER_UNKNOWN ? NULL : activity);
    add_once(count->clients, record->callback ? record->server.ip : record->client.ip);
    add_once(count->servers, record->callback ? record->client.ip : record->server.ip);
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

void navigator_add(Navigator *navigator, const Record *record)
{
    bool counts = !record->allowed.rule && record_verdict(record) != VERDICT_ATTEMPT;
    for (Technique t = TECHNIQUE_NONE + 1; counts && t < N_TECHNIQUES; t++) {
        if (record_has_technique(record, t))
            count_record(&navigator->counts[t], record);
    }
}

static void write_pair(JsonWriter *w, const char *name, const char *value)
{
    json_open_object(w, NULL);
    json_write_text(w, "name", name);
    json_write_text(w, "value", value);
    json_close_object(w);
}

static void append_count(GString *s, const char *separator, guint count, const char *one, const char *many)
{
    g_string_append_printf(s, "%s%u %s", separator, count, count == 1 ? one : many);
}

static void write_technique(JsonWriter *w, Technique technique, const Count *count)
{
    json_open_object(w, NULL);
    json_write_text(w, "techniqueID", technique_id(technique));
    json_write_int(w, "score", count->connections);
    g_autoptr(GString) comment = g_string_new(NULL);
    append_count(comment, "", count->connections, "connection", "connections");
    append_count(comment, " in ", g_hash_table_size(count->activities), "activity", "activities");
    append_count(comment, ", from ", g_hash_table_size(count->clients), "host", "hosts");
    append_count(comment, " to ", g_hash_table_size(count->servers), "host", "hosts");
    g_string_append(comment, ", found by car-wmi");
    json_write_text(w, "comment", comment->str);
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
    guint most = 1;
    JsonWriter writer = {.stream = stream}, *w = &writer;
    json_open_object(w, NULL);
    json_write_text(w, "name", "Remote WMI");
    json_open_object(w, "versions");
    json_write_text(w, "navigator", "4.9.0");
    json_write_text(w, "layer", "4.5");
    json_close_object(w);
    json_write_text(w, "domain", "enterprise-attack");
    json_write_text(w, "description",
                    "Connections that car-wmi " CAR_VERSION " found after " CAR_ANALYTIC " (" ATTACK_STRATEGY ")");
    json_open_array(w, "techniques");
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++) {
        most = MAX(most, navigator->counts[t].connections);
        if (navigator->counts[t].connections > 0)
            write_technique(w, t, &navigator->counts[t]);
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
    write_pair(w, "related analytics", CAR_RELATED_ANALYTIC ", " CAR_LAUNCH_ANALYTIC);
    write_pair(w, "detection strategy", ATTACK_STRATEGY);
    write_pair(w, "D3FEND", D3FEND_TECHNIQUE);
    json_close_array(w);
    json_open_object(w, "layout");
    json_write_text(w, "layout", "side");
    json_write_bool(w, "showID", true);
    json_write_bool(w, "showName", true);
    json_write_text(w, "expandedSubtechniques", "annotated");
    json_close_object(w);
    json_close_object(w);
    (void) putc('\n', stream);
}
