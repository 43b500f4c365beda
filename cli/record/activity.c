// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/activity.h"

#include "record/text.h"

#include <string.h>

static const char *const titles[ACTIVITY_KINDS] = {
    [ACTIVITY_RUN] = "Execution", [ACTIVITY_PERSIST] = "Persistence", [ACTIVITY_CHANGE] = "Change",
    [ACTIVITY_READ] = "Reading",  [ACTIVITY_ENTER] = "Access",
};

static const struct {
    const char *stage;
    ActivityKind kind;
} stages[] = {
    {"execute", ACTIVITY_RUN}, {"subscribe", ACTIVITY_PERSIST}, {"write", ACTIVITY_CHANGE}, {"delete", ACTIVITY_CHANGE},
    {"query", ACTIVITY_READ},  {"enumerate", ACTIVITY_READ},    {"read", ACTIVITY_READ},
};

const char *activity_kind_title(ActivityKind kind)
{
    return titles[kind];
}

const char *activity_host(const RecordEnd *end)
{
    if (end->host)
        return end->host;
    return end->fqdn ? end->fqdn : end->ip ? end->ip : "unknown host";
}

static void activity_free(gpointer data)
{
    Activity *activity = data;
    g_ptr_array_unref(activity->records);
    g_free(activity->user);
    g_free(activity);
}

static ActivityKind kind_of(const Record *record)
{
    const RecordCall *call = record_strongest_call(record);
    ActivityKind kind = ACTIVITY_ENTER;
    for (size_t i = 0; call && i < G_N_ELEMENTS(stages); i++) {
        if (g_strcmp0(call->stage, stages[i].stage) == 0)
            kind = stages[i].kind;
    }
    if (g_ptr_array_find_with_equal_func(record->techniques, "T1546.003", g_str_equal, NULL))
        kind = MIN(kind, ACTIVITY_PERSIST);
    return kind;
}

static void take_names(RecordEnd *end, const RecordEnd *other)
{
    if (!end->ip)
        end->ip = other->ip;
    if (!end->host)
        end->host = other->host;
    if (!end->fqdn)
        end->fqdn = other->fqdn;
}

static size_t rank_of(const Record *record)
{
    const RecordCall *call = record_strongest_call(record);
    return call ? stage_rank(call->stage) : SIZE_MAX;
}

static void add_record(Activity *activity, const Record *record)
{
    // The client of a callback is the WMI server.
    const RecordEnd *client = record->callback ? &record->server : &record->client;
    const RecordEnd *server = record->callback ? &record->client : &record->server;
    g_ptr_array_add(activity->records, (gpointer) record);
    activity->kind = MIN(activity->kind, kind_of(record));
    activity->confidence = MAX(activity->confidence, record->confidence);
    activity->allowed &= record->allowed.rule != NULL;
    if (!activity->main || rank_of(record) < rank_of(activity->main)) {
        activity->main = record;
        activity->client.port = client->port;
        activity->server.port = server->port;
    }
    take_names(&activity->client, client);
    take_names(&activity->server, server);
    if (!activity->user)
        activity->user = record_text_user(&record->auth);
    int64_t start = record_time(record->start_time), end = record_time(record->end_time);
    if (start != NUMBER_UNKNOWN && (activity->start == NUMBER_UNKNOWN || start < activity->start)) {
        activity->start = start;
        activity->start_time = record->start_time;
    }
    activity->end = MAX(activity->end, end);
}

static void add_set(GPtrArray *activities, const RecordSet *set, Confidence min)
{
    g_autoptr(GHashTable) found = g_hash_table_new(g_int64_hash, g_int64_equal);
    for (guint i = 0; i < set->records->len; i++) {
        const Record *record = g_ptr_array_index(set->records, i);
        if (record->confidence < min)
            continue;
        Activity *activity = record->activity == NUMBER_UNKNOWN ? NULL : g_hash_table_lookup(found, &record->activity);
        if (!activity) {
            activity = g_new0(Activity, 1);
            activity->set = set;
            activity->records = g_ptr_array_new();
            activity->kind = ACTIVITY_ENTER;
            activity->allowed = true;
            activity->start = activity->end = NUMBER_UNKNOWN;
            g_ptr_array_add(activities, activity);
            if (record->activity != NUMBER_UNKNOWN)
                g_hash_table_insert(found, (gpointer) &record->activity, activity);
        }
        add_record(activity, record);
    }
}

guint activity_rank(const Activity *activity)
{
    return activity->allowed ? ACTIVITY_KINDS : activity->kind;
}

static int compare_numbers(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

static int compare(gconstpointer a, gconstpointer b)
{
    const Activity *x = *(const Activity *const *) a, *y = *(const Activity *const *) b;
    int order = (int) activity_rank(x) - (int) activity_rank(y);
    if (order == 0)
        order = (int) y->confidence - (int) x->confidence;
    if (order == 0)
        order = compare_numbers(x->start, y->start);
    if (order == 0)
        order = compare_numbers(x->main->frames.first, y->main->frames.first);
    return order;
}

GPtrArray *activities_new(const GPtrArray *sets, Confidence min)
{
    GPtrArray *activities = g_ptr_array_new_with_free_func(activity_free);
    for (guint i = 0; i < sets->len; i++)
        add_set(activities, g_ptr_array_index(sets, i), min);
    g_ptr_array_sort(activities, compare); // which is stable
    return activities;
}

GPtrArray *activity_techniques(const Activity *activity)
{
    GPtrArray *ids = g_ptr_array_new();
    for (guint i = 0; i < activity->records->len; i++) {
        const GPtrArray *techniques = ((const Record *) g_ptr_array_index(activity->records, i))->techniques;
        for (guint j = 0; j < techniques->len; j++) {
            gpointer id = g_ptr_array_index(techniques, j);
            if (!g_ptr_array_find_with_equal_func(ids, id, g_str_equal, NULL))
                g_ptr_array_add(ids, id);
        }
    }
    return ids;
}
