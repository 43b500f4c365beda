// SPDX-License-Identifier: GPL-2.0-or-later
#include "output/tally.h"

#include "base/hash.h"
#include "record/activity.h"
#include "record/summary.h"

typedef enum { DONE_RUN, DONE_PERSIST, DONE_CHANGE, DONE_REFUSED, DONE_SEALED, N_DONE } Done;

struct Tally {
    guint activities, connections, attempts;
    guint done[N_DONE];
    GHashTable *hosts; ///< char *: their addresses, else names
};

Tally *tally_new(void)
{
    Tally *tally = g_new0(Tally, 1);
    tally->hosts = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    return tally;
}

void tally_free(Tally *tally)
{
    g_hash_table_unref(tally->hosts);
    g_free(tally);
}

static void add_host(Tally *tally, const RecordEnd *end)
{
    const char *name = end->ip ? end->ip : end->host;
    if (name && !g_hash_table_contains(tally->hosts, name))
        g_hash_table_add(tally->hosts, g_strdup(name));
}

static void add_call(Tally *tally, const RecordCall *call)
{
    if (!summary_acts(call))
        return;
    Stage stage = summary_weight(call);
    if (call->outcome == OUTCOME_FAILED)
        tally->done[DONE_REFUSED]++;
    else if (stage == STAGE_EXECUTE)
        tally->done[DONE_RUN]++;
    else if (stage == STAGE_SUBSCRIBE)
        tally->done[DONE_PERSIST]++;
    else if (stage == STAGE_WRITE || stage == STAGE_DELETE)
        tally->done[DONE_CHANGE]++;
    tally->done[DONE_SEALED] += call->sealed == ANSWER_YES && !call->decrypted;
}

void tally_add(Tally *tally, const RecordSet *set, Confidence min)
{
    g_autoptr(GPtrArray) activities = activities_of_set(set, min);
    for (guint i = 0; i < activities->len; i++) {
        const Activity *activity = g_ptr_array_index(activities, i);
        tally->attempts += !activity->allowed && activity->kind == ACTIVITY_TRY;
        if (activity->allowed || activity->kind == ACTIVITY_TRY)
            continue;
        tally->activities++;
        add_host(tally, &activity->client);
        add_host(tally, &activity->server);
        for (guint k = 0; k < activity->records->len; k++) {
            const Record *record = g_ptr_array_index(activity->records, k);
            tally->connections += record->allowed.rule == NULL;
            for (guint j = 0; j < record->calls->len; j++)
                add_call(tally, &g_array_index(record->calls, RecordCall, j));
        }
    }
}

static void append_count(GString *s, const char *separator, guint count, const char *one, const char *many)
{
    g_string_append_printf(s, "%s%u %s", separator, count, count == 1 ? one : many);
}

char *tally_text(const Tally *tally)
{
    static const struct {
        const char *one, *many;
    } words[N_DONE] = {
        [DONE_RUN] = {"execution", "executions"},
        [DONE_PERSIST] = {"event subscription", "event subscriptions"},
        [DONE_CHANGE] = {"other write or deletion", "other writes and deletions"},
        [DONE_REFUSED] = {"call refused", "calls refused"},
        [DONE_SEALED] = {"sealed call", "sealed calls"},
    };
    if (tally->activities + tally->attempts == 0)
        return NULL;
    GString *s = g_string_new(NULL);
    if (tally->attempts > 0)
        append_count(s, "", tally->attempts, "attempt", "attempts");
    if (tally->activities == 0)
        return g_string_free(s, FALSE);
    if (tally->attempts > 0)
        g_string_append(s, ", ");
    append_count(s, "", tally->activities, "activity", "activities");
    append_count(s, " over ", tally->connections, "connection", "connections");
    append_count(s, " between ", g_hash_table_size(tally->hosts), "host", "hosts");
    const char *separator = ": ";
    for (Done done = 0; done < N_DONE; done++) {
        if (tally->done[done] == 0)
            continue;
        append_count(s, separator, tally->done[done], words[done].one, words[done].many);
        separator = ", ";
    }
    return g_string_free(s, FALSE);
}
