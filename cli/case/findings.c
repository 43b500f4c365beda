// SPDX-License-Identifier: GPL-2.0-or-later
#include "case/findings.h"

#include "base/hash.h"

static void finding_free(gpointer data)
{
    g_free(((Finding *) data)->text);
    g_free(data);
}

static FindingKind kind_of(const Action *action)
{
    if (action->outcome == OUTCOME_FAILED)
        return FINDING_REFUSED;
    switch (action->stage) {
    case STAGE_EXECUTE: return action->sealed ? FINDING_SEALED : action->program ? FINDING_RUN : FINDING_CALL;
    case STAGE_SUBSCRIBE: return FINDING_PERSIST;
    case STAGE_WRITE:
    case STAGE_DELETE: return FINDING_CHANGE;
    case STAGE_LOGIN: return FINDING_LOGIN;
    case STAGE_QUERY:
    case STAGE_ENUMERATE:
    case STAGE_READ: return FINDING_READ;
    default: return action->output ? FINDING_OUTPUT : FINDING_OTHER;
    }
}

static const char *or_none(const char *text)
{
    return text ? text : "";
}

/** What makes two findings one: the kind, the hosts, the user, and the text, but of what was only asked. */
static char *make_key(FindingKind kind, const Activity *activity, const Action *action)
{
    const char *user = activity->accounts->len > 0 ? g_ptr_array_index(activity->accounts, 0) : "";
    return g_strdup_printf("%d\n%s\n%s\n%s\n%s", (int) kind, or_none(activity->client.ip), or_none(activity->server.ip),
                           user, kind == FINDING_READ ? "" : action->text);
}

static void add(Finding *finding, const Activity *activity, const Action *action)
{
    finding->times += action->times;
    finding->activities += finding->last != activity;
    finding->last = activity;
    if (finding->n_frames < FINDING_MAX_FRAMES && action->frame && finding->activity == activity)
        finding->frames[finding->n_frames++] = action->frame;
    if (!finding->first_time)
        finding->first_time = action->time;
    finding->last_time = action->time ? action->time : finding->last_time;
}

static int compare(gconstpointer a, gconstpointer b)
{
    const Finding *x = *(const Finding *const *) a, *y = *(const Finding *const *) b;
    return (int) x->kind - (int) y->kind;
}

GPtrArray *findings_new(const GPtrArray *activities)
{
    GPtrArray *findings = g_ptr_array_new_with_free_func(finding_free);
    g_autoptr(GHashTable) known = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    for (guint i = 0; i < activities->len; i++) {
        const Activity *activity = g_ptr_array_index(activities, i);
        if (activity->allowed)
            continue;
        g_autoptr(GPtrArray) actions = actions_new(activity);
        for (guint k = 0; k < actions->len; k++) {
            const Action *action = g_ptr_array_index(actions, k);
            FindingKind kind = kind_of(action);
            char *key = make_key(kind, activity, action);
            Finding *finding = g_hash_table_lookup(known, key);
            if (finding) {
                g_free(key);
            } else {
                finding = g_new0(Finding, 1);
                finding->kind = kind;
                finding->text = g_strdup(action->text);
                finding->activity = activity;
                finding->number = i + 1;
                g_hash_table_insert(known, key, finding);
                g_ptr_array_add(findings, finding);
            }
            add(finding, activity, action);
        }
    }
    g_ptr_array_sort(findings, compare); // which is stable
    return findings;
}
