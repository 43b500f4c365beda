// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/actions.h"

#include "base/hash.h"
#include "base/time.h"
#include "record/outcome.h"
#include "record/summary.h"
#include "record/text.h"

typedef struct {
    Action action;
    int64_t at; ///< its time, as in base/time.h
} TimedAction;

static void action_free(gpointer data)
{
    g_free(((Action *) data)->text);
    g_free(data);
}

/** Takes over `text`. */
static void add(GPtrArray *actions, char *text, const char *time, int64_t frame, const RecordCall *call)
{
    TimedAction *timed = g_new0(TimedAction, 1);
    timed->at = time_parse_utc(time);
    timed->action = (Action){
        .text = text,
        .time = time,
        .frame = frame,
        .times = 1,
        .stage = call ? summary_weight(call) : STAGE_UNKNOWN,
        .sealed = call && call->sealed == ANSWER_YES && !call->decrypted && !call->content_source,
        .program = call && call_is_method(call, "Win32_Process", "Create"),
        .output = !call,
        .outcome = call ? call->outcome : OUTCOME_UNKNOWN,
        .pid = call ? property_number(call->result_properties, "ProcessId") : NUMBER_UNKNOWN,
    };
    g_ptr_array_add(actions, timed);
}

static void add_call(GPtrArray *actions, const Record *record, const RecordCall *call, GHashTable *operations)
{
    char *text = summary_phrase(record, call, operations);
    if (*text)
        add(actions, text, call->time, call->frame, call);
    else
        g_free(text);
}

bool action_is_call(const RecordCall *call)
{
    return summary_acts(call) || (call->stage == STAGE_LOGIN && call->namespace_path) ||
           (call->outcome == OUTCOME_FAILED && call->stage != STAGE_READ && call->stage != STAGE_UNKNOWN);
}

static void add_calls(GPtrArray *actions, const Record *record)
{
    g_autoptr(GHashTable) operations = outcome_operations(record);
    for (guint i = 0; i < record->calls->len; i++) {
        const RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        if (action_is_call(call))
            add_call(actions, record, call, operations);
    }
}

static void add_representative(GPtrArray *actions, const Record *record)
{
    const RecordCall *call = summary_representative(record);
    g_autoptr(GHashTable) operations = outcome_operations(record);
    if (call)
        add_call(actions, record, call, operations);
}

static void add_artifacts(GPtrArray *actions, const Record *record)
{
    for (guint i = 0; record->artifacts && i < record->artifacts->len; i++) {
        const RecordArtifact *artifact = &g_array_index(record->artifacts, RecordArtifact, i);
        g_autofree char *path = record_text_artifact(artifact);
        for (guint k = 0; k < artifact->outputs->len; k++) {
            const ArtifactOutput *output = &g_array_index(artifact->outputs, ArtifactOutput, k);
            if (*output->text)
                add(actions,
                    g_strdup_printf("read the output in %s: %s%s", path, output->text, output->complete ? "" : "…"),
                    NULL, output->frame, NULL);
        }
        if (artifact->outputs->len == 0)
            add(actions, g_strdup_printf("left output in %s", path), artifact->start_time,
                artifact->frames->len ? g_array_index(artifact->frames, int64_t, 0) : 0, NULL);
    }
}

static int compare_frames(gconstpointer a, gconstpointer b)
{
    const Action *x = *(const Action *const *) a, *y = *(const Action *const *) b;
    return (x->frame > y->frame) - (x->frame < y->frame);
}

static int compare(gconstpointer a, gconstpointer b)
{
    const TimedAction *x = *(const TimedAction *const *) a, *y = *(const TimedAction *const *) b;
    return (x->at > y->at) - (x->at < y->at);
}

/** Puts them in order of time; what has none stays behind what precedes it in its capture. */
static void sort(GPtrArray *actions)
{
    g_ptr_array_sort(actions, compare_frames);
    int64_t at = NUMBER_UNKNOWN;
    for (guint i = 0; i < actions->len; i++) {
        TimedAction *timed = g_ptr_array_index(actions, i);
        timed->at = timed->at == NUMBER_UNKNOWN ? at : timed->at;
        at = timed->at;
    }
    g_ptr_array_sort(actions, compare); // which is stable
}

/** Counts those that say what another did before. */
static void fold(GPtrArray *actions)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(hash_text, g_str_equal);
    guint kept = 0;
    for (guint i = 0; i < actions->len; i++) {
        Action *action = g_ptr_array_index(actions, i);
        Action *same = g_hash_table_lookup(seen, action->text);
        if (same) {
            same->times++;
            continue;
        }
        g_hash_table_insert(seen, action->text, action);
        actions->pdata[i] = actions->pdata[kept];
        actions->pdata[kept++] = action;
    }
    g_ptr_array_set_size(actions, (int) kept);
}

GPtrArray *actions_new(const Activity *activity)
{
    GPtrArray *actions = g_ptr_array_new_with_free_func(action_free);
    for (guint i = 0; i < activity->records->len; i++) {
        const Record *record = g_ptr_array_index(activity->records, i);
        add_calls(actions, record);
        add_artifacts(actions, record);
    }
    for (guint i = 0; actions->len == 0 && i < activity->records->len; i++)
        add_representative(actions, g_ptr_array_index(activity->records, i));
    sort(actions);
    fold(actions);
    return actions;
}
