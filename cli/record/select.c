// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/select.h"

#include "base/time.h"
#include "record/activity.h"
#include "record/pattern.h"
#include "record/summary.h"

#include <string.h>

struct Select {
    GPtrArray *values[N_SELECT_KEYS]; ///< NULL where nothing was asked: Pattern *, but char * of techniques and texts
    GArray *pids;                     ///< int64_t: of SELECT_PROCESS
    guint stages;                     ///< set of Stage
    int64_t since, until;
};

Select *select_new(void)
{
    Select *select = g_new0(Select, 1);
    select->pids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    select->since = select->until = NUMBER_UNKNOWN;
    return select;
}

void select_free(Select *select)
{
    for (SelectKey key = 0; key < N_SELECT_KEYS; key++)
        g_clear_pointer(&select->values[key], g_ptr_array_unref);
    g_array_unref(select->pids);
    g_free(select);
}

// -- what is asked ---------------------------------------------------------------------------------------------------

/** Always false. */
static bool refuse(GError **error, const char *value, const char *why)
{
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "\"%s\" %s", value, why);
    return false;
}

static void keep(Select *select, SelectKey key, gpointer value, GDestroyNotify destroy)
{
    if (!select->values[key])
        select->values[key] = g_ptr_array_new_with_free_func(destroy);
    g_ptr_array_add(select->values[key], value);
}

static bool add_stage(Select *select, const char *value, GError **error)
{
    Stage stage = (Stage) word_value(&stage_words, value);
    if (stage == STAGE_UNKNOWN) {
        g_autoptr(GString) words = g_string_new(NULL);
        for (Stage s = STAGE_UNKNOWN + 1; s < N_STAGES; s++)
            g_string_append_printf(words, "%s%s", words->len ? ", " : "is no stage: there are ", stage_name(s));
        return refuse(error, value, words->str);
    }
    select->stages |= 1u << stage;
    return true;
}

static bool add_process(Select *select, const char *value)
{
    guint64 pid;
    if (g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT32, &pid, NULL)) {
        int64_t number = (int64_t) pid;
        g_array_append_val(select->pids, number);
    } else {
        keep(select, SELECT_PROCESS, pattern_new_name(value), pattern_free);
    }
    return true;
}

static bool add_time(int64_t *time, const char *value, bool end, GError **error)
{
    *time = time_parse_bound(value, end);
    return *time != NUMBER_UNKNOWN ||
           refuse(error, value, "is neither a day (2026-12-31) nor a time (2026-12-31T12:00:00Z)");
}

bool select_add(Select *select, SelectKey key, const char *value, GError **error)
{
    if (*value == '\0')
        return refuse(error, value, "asks for nothing");
    switch (key) {
    case SELECT_CLIENT:
    case SELECT_SERVER: {
        Pattern *place = pattern_new_place(value);
        if (!place)
            return refuse(error, value, "is no network");
        keep(select, key, place, pattern_free);
        return true;
    }
    case SELECT_USER: keep(select, key, pattern_new_name(value), pattern_free); return true;
    case SELECT_PROCESS: return add_process(select, value);
    case SELECT_STAGE: return add_stage(select, value, error);
    case SELECT_TECHNIQUE: keep(select, key, g_ascii_strup(value, -1), g_free); return true;
    case SELECT_GREP: keep(select, key, g_utf8_casefold(value, -1), g_free); return true;
    case SELECT_SINCE: return add_time(&select->since, value, false, error);
    default: return add_time(&select->until, value, true, error);
    }
}

// -- whether an activity fits ----------------------------------------------------------------------------------------

static bool fits_user(const GPtrArray *names, const Activity *activity)
{
    for (guint i = 0; i < activity->accounts->len; i++) {
        if (patterns_match_name(names, g_ptr_array_index(activity->accounts, i)))
            return true;
    }
    return false;
}

static bool fits_process(const Select *select, const Record *record)
{
    for (guint i = 0; i < record->processes->len; i++) {
        const Process *process = &g_array_index(record->processes, Process, i);
        if (select->values[SELECT_PROCESS] && patterns_match_name(select->values[SELECT_PROCESS], process->image))
            return true;
        for (guint k = 0; k < select->pids->len; k++) {
            if (process->pid == g_array_index(select->pids, int64_t, k))
                return true;
        }
    }
    return false;
}

static bool fits_stage(const Select *select, const Record *record)
{
    for (guint i = 0; i < record->calls->len; i++) {
        const RecordCall *call = &g_array_index(record->calls, RecordCall, i);
        if (select->stages & (1u << call->stage | 1u << summary_weight(call)))
            return true;
    }
    return false;
}

static bool fits_technique(const Select *select, const Record *record)
{
    const GPtrArray *ids = select->values[SELECT_TECHNIQUE];
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++) {
        for (guint i = 0; record_has_technique(record, t) && i < ids->len; i++) {
            const char *asked = g_ptr_array_index(ids, i), *id = technique_id(t);
            size_t len = strlen(asked);
            if (strncmp(id, asked, len) == 0 && (id[len] == '\0' || id[len] == '.'))
                return true;
        }
    }
    return false;
}

static bool has_text(const GPtrArray *wanted, const char *text)
{
    if (!text)
        return false;
    g_autofree char *folded = g_utf8_casefold(text, -1);
    for (guint i = 0; i < wanted->len; i++) {
        if (strstr(folded, g_ptr_array_index(wanted, i)))
            return true;
    }
    return false;
}

static bool properties_have_text(const GPtrArray *wanted, const GArray *properties)
{
    for (guint i = 0; properties && i < properties->len; i++) {
        if (has_text(wanted, g_array_index(properties, RecordProperty, i).value))
            return true;
    }
    return false;
}

static bool call_has_text(const GPtrArray *wanted, const RecordCall *call)
{
    return has_text(wanted, call->command_line) || has_text(wanted, call->query) ||
           has_text(wanted, call->object_path) || has_text(wanted, call->class_name) ||
           has_text(wanted, call->wmi_method) || has_text(wanted, call->namespace_path) ||
           properties_have_text(wanted, call->properties) || properties_have_text(wanted, call->result_properties);
}

static bool artifact_has_text(const GPtrArray *wanted, const RecordArtifact *artifact)
{
    bool found = has_text(wanted, artifact->name);
    for (guint i = 0; i < artifact->outputs->len && !found; i++)
        found = has_text(wanted, g_array_index(artifact->outputs, ArtifactOutput, i).text);
    return found;
}

static bool fits_text(const Select *select, const Record *record)
{
    const GPtrArray *wanted = select->values[SELECT_GREP];
    bool found = false;
    for (guint i = 0; i < record->calls->len && !found; i++)
        found = call_has_text(wanted, &g_array_index(record->calls, RecordCall, i));
    for (guint i = 0; i < record->processes->len && !found; i++)
        found = has_text(wanted, g_array_index(record->processes, Process, i).command_line);
    for (guint i = 0; record->artifacts && i < record->artifacts->len && !found; i++)
        found = artifact_has_text(wanted, &g_array_index(record->artifacts, RecordArtifact, i));
    return found;
}

static bool any_record(const Select *select, const Activity *activity, bool (*fits)(const Select *, const Record *))
{
    for (guint i = 0; i < activity->records->len; i++) {
        if (fits(select, g_ptr_array_index(activity->records, i)))
            return true;
    }
    return false;
}

static bool fits(const Select *select, const Activity *activity)
{
    GPtrArray *const *values = select->values;
    int64_t end = MAX(activity->start, activity->end);
    return (!values[SELECT_CLIENT] || patterns_match_place(values[SELECT_CLIENT], &activity->client)) &&
           (!values[SELECT_SERVER] || patterns_match_place(values[SELECT_SERVER], &activity->server)) &&
           (!values[SELECT_USER] || fits_user(values[SELECT_USER], activity)) &&
           ((!values[SELECT_PROCESS] && select->pids->len == 0) || any_record(select, activity, fits_process)) &&
           (!select->stages || any_record(select, activity, fits_stage)) &&
           (!values[SELECT_TECHNIQUE] || any_record(select, activity, fits_technique)) &&
           (!values[SELECT_GREP] || any_record(select, activity, fits_text)) &&
           (select->since == NUMBER_UNKNOWN || (end != NUMBER_UNKNOWN && end >= select->since)) &&
           (select->until == NUMBER_UNKNOWN || (activity->start != NUMBER_UNKNOWN && activity->start < select->until));
}

guint select_apply(const Select *select, RecordSet *set, Confidence min)
{
    g_autoptr(GPtrArray) activities = activities_of_set(set, CONFIDENCE_NONE);
    g_autoptr(GHashTable) wanted = g_hash_table_new(NULL, NULL);
    for (guint i = 0; i < activities->len; i++) {
        const Activity *activity = g_ptr_array_index(activities, i);
        guint records = fits(select, activity) ? activity->records->len : 0;
        for (guint k = 0; k < records; k++)
            g_hash_table_add(wanted, g_ptr_array_index(activity->records, k));
    }
    guint kept = 0, left_out = 0;
    for (guint i = 0; i < set->records->len; i++) {
        Record *record = g_ptr_array_index(set->records, i);
        if (g_hash_table_contains(wanted, record)) {
            set->records->pdata[i] = set->records->pdata[kept];
            set->records->pdata[kept++] = record;
        } else {
            left_out += record->confidence >= min;
        }
    }
    g_ptr_array_set_size(set->records, (int) kept);
    return left_out;
}
