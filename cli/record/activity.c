// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/activity.h"

#include "base/time.h"
#include "record/text.h"

static const char *const titles[ACTIVITY_KINDS] = {
    [ACTIVITY_RUN] = "Execution", [ACTIVITY_PERSIST] = "Persistence", [ACTIVITY_CHANGE] = "Change",
    [ACTIVITY_READ] = "Reading",  [ACTIVITY_ENTER] = "Access",        [ACTIVITY_TRY] = "Attempt",
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
    g_ptr_array_unref(activity->accounts);
    g_free(activity);
}

static ActivityKind kind_of_stage(Stage stage)
{
    switch (stage) {
    case STAGE_EXECUTE: return ACTIVITY_RUN;
    case STAGE_SUBSCRIBE: return ACTIVITY_PERSIST;
    case STAGE_WRITE:
    case STAGE_DELETE: return ACTIVITY_CHANGE;
    case STAGE_QUERY:
    case STAGE_ENUMERATE:
    case STAGE_READ: return ACTIVITY_READ;
    default: return ACTIVITY_ENTER;
    }
}

static ActivityKind kind_of(const Record *record)
{
    const RecordCall *call = record_strongest_call(record);
    ActivityKind kind = call ? kind_of_stage(call_weight(call)) : ACTIVITY_ENTER;
    // Where one direction alone was captured, what the client does shows what the server must have answered.
    bool one_sided = record->verdict_reason == ATTEMPT_ONE_SIDED && kind < ACTIVITY_ENTER;
    if (record_verdict(record) == VERDICT_ATTEMPT && !one_sided)
        return ACTIVITY_TRY;
    return record_has_technique(record, TECHNIQUE_SUBSCRIPTION) ? MIN(kind, ACTIVITY_PERSIST) : kind;
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

/** Whether a record says more of what was done than another. */
static bool says_more(const Record *record, const Record *other)
{
    const RecordCall *call = record_strongest_call(record), *others = record_strongest_call(other);
    return call && (!others || call_weight(call) > call_weight(others));
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
    if (!activity->main || says_more(record, activity->main)) {
        activity->main = record;
        activity->client.port = client->port;
        activity->server.port = server->port;
    }
    take_names(&activity->client, client);
    take_names(&activity->server, server);
    g_autoptr(GPtrArray) users = record_users(record);
    for (guint i = 0; i < users->len; i++) {
        if (!g_ptr_array_find_with_equal_func(activity->accounts, g_ptr_array_index(users, i), g_str_equal, NULL))
            g_ptr_array_add(activity->accounts, g_strdup(g_ptr_array_index(users, i)));
    }
    int64_t start = time_parse_utc(record->start_time), end = time_parse_utc(record->end_time);
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
            activity->accounts = g_ptr_array_new_with_free_func(g_free);
            activity->kind = ACTIVITY_TRY;
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

GPtrArray *activities_of_set(const RecordSet *set, Confidence min)
{
    GPtrArray *activities = g_ptr_array_new_with_free_func(activity_free);
    add_set(activities, set, min);
    return activities;
}

bool activity_has_technique(const Activity *activity, Technique technique)
{
    for (guint i = 0; i < activity->records->len; i++) {
        if (record_has_technique(g_ptr_array_index(activity->records, i), technique))
            return true;
    }
    return false;
}

const Evidence *activity_evidence(const Activity *activity)
{
    for (guint i = 0; i < activity->records->len; i++) {
        const Record *record = g_ptr_array_index(activity->records, i);
        for (guint k = 0; k < record->evidence->len; k++) {
            const Evidence *evidence = &g_array_index(record->evidence, Evidence, k);
            if (evidence_confidence(evidence->kind) == activity->confidence)
                return evidence;
        }
    }
    return NULL;
}
