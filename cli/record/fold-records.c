// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/fold-state.h"

#define DEFAULT_LIMIT ((size_t) 1 << 30)
#define MAX_VIEW 64 ///< connections of an activity that a view shows

void fold_conversation_free(gpointer data)
{
    FoldedConversation *c = data;
    g_clear_pointer(&c->record, record_free);
    g_hash_table_unref(c->calls);
    g_hash_table_unref(c->interfaces);
    g_hash_table_unref(c->processes);
    g_array_unref(c->activations);
    g_hash_table_unref(c->activation_calls);
    g_array_unref(c->identities);
    g_hash_table_unref(c->users);
    g_array_unref(c->inferred);
    g_array_unref(c->candidates);
    g_free(c);
}

EventFold *event_fold_new(size_t limit)
{
    EventFold *fold = g_new0(EventFold, 1);
    fold->reader = event_reader_new();
    fold->texts = texts_new();
    fold->conversations = g_hash_table_new_full(NULL, NULL, NULL, fold_conversation_free);
    fold->activities = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
    fold->call_frames = g_hash_table_new(NULL, NULL);
    fold->forgotten = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    fold->limit = fold->room = limit ? limit : DEFAULT_LIMIT;
    fold->stream.format = NUMBER_UNKNOWN;
    return fold;
}

void event_fold_free(EventFold *fold)
{
    event_reader_free(fold->reader);
    g_clear_pointer(&fold->texts, texts_free);
    g_hash_table_unref(fold->activities);
    g_hash_table_unref(fold->conversations);
    g_hash_table_unref(fold->forgotten);
    g_hash_table_unref(fold->call_frames);
    g_free(fold);
}

void event_fold_set_frames(EventFold *fold, FrameMap *map)
{
    fold->frames = map;
}

void event_fold_set_call_listener(EventFold *fold, EventFoldCallFunc func, gpointer data)
{
    fold->call_listener = func;
    fold->call_listener_data = data;
}

void event_fold_set_listener(EventFold *fold, EventFoldFunc func, gpointer data)
{
    fold->listener = func;
    fold->listener_data = data;
}

const EventStream *event_fold_stream(const EventFold *fold)
{
    return &fold->stream;
}

void event_fold_line(EventFold *fold, const char *line, size_t len)
{
    if (len == 0 || line[0] != '{')
        return;
    const Event *e = event_reader_read(fold->reader, line, len);
    if (e)
        fold_event(fold, e);
    else
        fold->stream.malformed++;
}

static int compare_records(gconstpointer a, gconstpointer b)
{
    const Record *x = *(Record *const *) a, *y = *(Record *const *) b;
    if (frame_file(x->frames.first) != frame_file(y->frames.first) && x->order != y->order)
        return x->order < y->order ? -1 : 1;
    if (x->frames.first != y->frames.first)
        return x->frames.first < y->frames.first ? -1 : 1;
    return x->conn < y->conn ? -1 : x->conn > y->conn;
}

/** Adds the other records of the activity; of a large one, those that came first. */
static void add_others(EventFold *fold, const FoldedConversation *c, RecordSet *set)
{
    const GPtrArray *members = g_hash_table_lookup(fold->activities, fold_key(c->record->activity));
    guint looked_at = members && c->record->activity != NUMBER_UNKNOWN ? MIN(members->len, MAX_VIEW) : 0;
    for (guint i = 0; i < looked_at; i++) {
        FoldedConversation *other = g_ptr_array_index(members, i);
        if (other == c || other->record->activity != c->record->activity)
            continue;
        if (!other->resolved)
            fold_resolve(fold, other);
        g_ptr_array_add(set->records, other->record);
    }
}

RecordSet *event_fold_view(EventFold *fold, int64_t conn)
{
    FoldedConversation *c = fold_conversation(fold, conn);
    if (!c || c->record->confidence == CONFIDENCE_NONE)
        return NULL;
    RecordSet *set = record_set_new(NULL);
    g_ptr_array_set_free_func(set->records, NULL);
    fold_resolve(fold, c);
    g_ptr_array_add(set->records, c->record);
    add_others(fold, c, set);
    return set;
}

static int compare_numbers(gconstpointer a, gconstpointer b)
{
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

GArray *event_fold_conversations(EventFold *fold)
{
    GArray *numbers = g_array_new(FALSE, FALSE, sizeof(int64_t));
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, fold->conversations);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        g_array_append_val(numbers, ((FoldedConversation *) value)->conn);
    g_array_sort(numbers, compare_numbers);
    return numbers;
}

RecordSet *event_fold_finish(EventFold *fold)
{
    RecordSet *set = record_set_new(fold->texts);
    set->plugin_version = fold->stream.plugin_version;
    set->wireshark_version = fold->stream.wireshark_version;
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, fold->conversations);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        fold_resolve(fold, value);
    g_hash_table_iter_init(&iter, fold->conversations);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        FoldedConversation *c = value;
        if (c->record->confidence != CONFIDENCE_NONE)
            g_ptr_array_add(set->records, g_steal_pointer(&c->record));
    }
    g_ptr_array_sort(set->records, compare_records);
    fold->texts = NULL;
    return set;
}
