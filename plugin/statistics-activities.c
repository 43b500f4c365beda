// SPDX-License-Identifier: GPL-2.0-or-later
#include "compat.h"
#include "judge/verdict.h"
#include "sentence.h"
#include "statistics-count.h"
#include "statistics.h"

#include <epan/stat_tap_ui.h>
#include <epan/tap.h>

#define TEXTS_MAX 4 ///< of one kind in a row; more are told by "…"
#define TABLE_NAME "Remote WMI Activities"

enum {
    COLUMN_ACTIVITY,
    COLUMN_CLIENT,
    COLUMN_SERVER,
    COLUMN_CONNECTIONS,
    COLUMN_ATTEMPTS,
    COLUMN_CALLS,
    COLUMN_DENIED,
    COLUMN_PROCESS,
    COLUMN_USER,
    COLUMN_NAMESPACE,
    COLUMN_TECHNIQUE,
    COLUMN_LED_BY,
    COLUMN_FIRST_FRAME,
    COLUMN_SUMMARY,
    N_COLUMNS
};

static stat_tap_table_item columns[N_COLUMNS] = {
    [COLUMN_ACTIVITY] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Activity", "%u"},
    [COLUMN_CLIENT] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Client", "%s"},
    [COLUMN_SERVER] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Server", "%s"},
    [COLUMN_CONNECTIONS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Connections", "%u"},
    [COLUMN_ATTEMPTS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Attempts", "%u"},
    [COLUMN_CALLS] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Calls", "%u"},
    [COLUMN_DENIED] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Denied", "%u"},
    [COLUMN_PROCESS] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Process", "%s"},
    [COLUMN_USER] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "User", "%s"},
    [COLUMN_NAMESPACE] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Namespace", "%s"},
    [COLUMN_TECHNIQUE] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Technique", "%s"},
    [COLUMN_LED_BY] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Led by", "%s"},
    [COLUMN_FIRST_FRAME] = {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "First frame", "%u"},
    [COLUMN_SUMMARY] = {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Summary", "%s"},
};

static const int *least_confidence; ///< from which conversations count

/// Strings, each once, in the order in which they came.
typedef struct {
    GPtrArray *list; ///< of TEXTS_MAX at most
    bool more;
} Texts;

typedef struct {
    Conversation *root; ///< that represents the activity
    guint row;          ///< in the table
    // Sets, for two open windows feed the same table.
    GHashTable *connections; ///< Conversation *
    GHashTable *sessions;    ///< of these, by now
    GHashTable *calls;       ///< Call *
    GHashTable *denied;      ///< PduResult *
    Texts processes, users, namespaces, led_by;
    guint shown[N_TECHNIQUES], failed[N_TECHNIQUES]; ///< by how many calls, and by how many that failed
    uint32_t first_frame;
    unsigned rank; ///< of `summary`; lower is stronger
    char *summary; ///< of the strongest call, NULL: none yet
    const Call *summary_call;
} Activity;

/// Behind the one table there is.
typedef struct {
    GHashTable *waiting;
    GHashTable *by_root; ///< Conversation * → Activity
    GPtrArray *rows;     ///< Activity, owned
    guint allocated;     ///< rows in the table's memory: windows may still point to those no longer in use
} Activities;

static Activities *activities;

// ---- an activity

static Texts texts_new(void)
{
    return (Texts){.list = g_ptr_array_new_with_free_func(g_free)};
}

static void texts_add(Texts *t, const char *text)
{
    if (!text || g_ptr_array_find_with_equal_func(t->list, text, g_str_equal, NULL))
        return;
    if (t->list->len < TEXTS_MAX)
        g_ptr_array_add(t->list, g_strdup(text));
    else
        t->more = true;
}

static char *texts_join(const Texts *t)
{
    GString *s = g_string_new(NULL);
    for (guint i = 0; i < t->list->len; i++)
        g_string_append_printf(s, "%s%s", i ? ", " : "", (const char *) t->list->pdata[i]);
    if (t->more)
        g_string_append(s, ", …");
    return g_string_free(s, FALSE);
}

static void texts_merge(Texts *into, const Texts *from)
{
    for (guint i = 0; i < from->list->len; i++)
        texts_add(into, from->list->pdata[i]);
    into->more = into->more || from->more;
}

static Activity *activity_new(Conversation *root)
{
    Activity *a = g_new0(Activity, 1);
    a->root = root;
    a->connections = g_hash_table_new(NULL, NULL);
    a->sessions = g_hash_table_new(NULL, NULL);
    a->calls = g_hash_table_new(NULL, NULL);
    a->denied = g_hash_table_new(NULL, NULL);
    a->processes = texts_new();
    a->users = texts_new();
    a->namespaces = texts_new();
    a->led_by = texts_new();
    a->first_frame = UINT32_MAX;
    a->rank = UINT_MAX;
    return a;
}

static void activity_free(gpointer data)
{
    Activity *a = data;
    g_hash_table_unref(a->connections);
    g_hash_table_unref(a->sessions);
    g_hash_table_unref(a->calls);
    g_hash_table_unref(a->denied);
    g_ptr_array_unref(a->processes.list);
    g_ptr_array_unref(a->users.list);
    g_ptr_array_unref(a->namespaces.list);
    g_ptr_array_unref(a->led_by.list);
    g_free(a->summary);
    g_free(a);
}

static void set_merge(GHashTable *into, GHashTable *from)
{
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, from);
    while (g_hash_table_iter_next(&iter, &key, NULL))
        g_hash_table_add(into, key);
}

static void activity_merge(Activity *into, Activity *from)
{
    set_merge(into->connections, from->connections);
    set_merge(into->sessions, from->sessions);
    set_merge(into->calls, from->calls);
    set_merge(into->denied, from->denied);
    texts_merge(&into->processes, &from->processes);
    texts_merge(&into->users, &from->users);
    texts_merge(&into->namespaces, &from->namespaces);
    texts_merge(&into->led_by, &from->led_by);
    for (Technique t = 0; t < N_TECHNIQUES; t++) {
        into->shown[t] += from->shown[t];
        into->failed[t] += from->failed[t];
    }
    into->first_frame = MIN(into->first_frame, from->first_frame);
    if (from->rank < into->rank) {
        g_free(into->summary);
        into->summary = g_steal_pointer(&from->summary);
        into->rank = from->rank;
        into->summary_call = from->summary_call;
    }
}

#define FAILED_MARK " (failed)"

static bool is_failed(const Call *call)
{
    return outcome_is_failure(call_outcome(call));
}

/** How little a call says about what was done: 0 for the most. What failed says less than all that did not. */
static unsigned call_rank(const PduResult *r)
{
    Stage stage = r->call->method ? r->call->method->stage : STAGE_UNKNOWN;
    bool strong = pdu_shows(r, TECHNIQUE_WMI) || pdu_shows(r, TECHNIQUE_SUBSCRIPTION) || pdu_shows(r, TECHNIQUE_DCOM);
    return (strong ? 0 : (unsigned) (N_STAGES - stage)) + (is_failed(r->call) ? N_STAGES + 1 : 0);
}

static void take_outcome(Activity *a, const Call *call)
{
    if (!is_failed(call))
        return;
    for (unsigned i = 0; call->shown && i < call->shown->n_techniques; i++)
        a->failed[call->shown->techniques[i].technique]++;
    if (call != a->summary_call || a->rank > N_STAGES)
        return;
    char *marked = g_strconcat(a->summary, FAILED_MARK, NULL);
    g_free(a->summary);
    a->summary = marked;
    a->rank += N_STAGES + 1;
}

/** "T1047, T1546.003 (failed)". Owned by the caller. */
static char *techniques_text(const Activity *a)
{
    GString *s = g_string_new(NULL);
    for (Technique t = TECHNIQUE_NONE + 1; t < N_TECHNIQUES; t++)
        if (a->shown[t] > 0)
            g_string_append_printf(s, "%s%s%s", s->len ? ", " : "", technique_id(t),
                                   a->failed[t] >= a->shown[t] ? FAILED_MARK : "");
    return g_string_free(s, FALSE);
}

/** What on 135 named the port of a connection: the pair that CAR-2014-05-001 looks for. */
static void add_led_by(Activity *a, const Conversation *c, wmem_allocator_t *pool)
{
    unsigned port = conversation_server(c)->port;
    if (conversation_led_by_activation(c))
        texts_add(&a->led_by, wmem_strdup_printf(pool, "activation in %u to %u", c->activation->frame, port));
    if (c->lookup)
        texts_add(&a->led_by, wmem_strdup_printf(pool, "look-up in %u to %u", c->lookup->frame, port));
}

static void activity_take(Activity *a, const PduResult *r, wmem_allocator_t *pool)
{
    g_hash_table_add(a->connections, r->conversation);
    if (conversation_verdict(r->conversation) == VERDICT_SESSION)
        g_hash_table_add(a->sessions, r->conversation);
    a->first_frame = MIN(a->first_frame, r->conversation->first_frame);
    texts_add(&a->processes, statistics_process(r, pool));
    texts_add(&a->users, statistics_user(r, pool));
    texts_add(&a->namespaces, statistics_namespace(r, pool));
    add_led_by(a, r->conversation, pool);
    for (unsigned i = 0; i < r->n_techniques; i++)
        a->shown[r->techniques[i].technique]++;
    if (pdu_denied(r))
        g_hash_table_add(a->denied, (gpointer) r);
    if (r->begins_call)
        g_hash_table_add(a->calls, r->call);
    if (r->ends_answer)
        take_outcome(a, r->call);
    if (r->type != PDU_REQUEST || call_rank(r) >= a->rank)
        return;
    const char *sentence = sentence_make(pool, r);
    if (sentence) {
        g_free(a->summary);
        a->summary = g_strconcat(sentence, is_failed(r->call) ? FAILED_MARK : "", NULL);
        a->summary_call = r->call;
        a->rank = call_rank(r);
    }
}

// ---- its row

static void item_clear(stat_tap_table_item_type *item)
{
    if (item->type == TABLE_ITEM_STRING)
        g_free((char *) item->value.string_value);
    *item = (stat_tap_table_item_type){.type = TABLE_ITEM_NONE};
}

static void free_item(stat_tap_table *table _U_, guint row _U_, guint column _U_, stat_tap_table_item_type *item)
{
    item_clear(item);
}

static void set_uint(stat_tap_table_item_type *row, int column, guint value)
{
    row[column] = (stat_tap_table_item_type){.type = TABLE_ITEM_UINT, .value.uint_value = value};
}

/** Takes `value`. */
static void set_string(stat_tap_table_item_type *row, int column, char *value)
{
    item_clear(&row[column]);
    row[column] = (stat_tap_table_item_type){.type = TABLE_ITEM_STRING, .value.string_value = value};
}

static void write_row(stat_tap_table *table, const Activity *a, wmem_allocator_t *pool)
{
    stat_tap_table_item_type *row = stat_tap_get_field_data(table, a->row, 0);
    set_uint(row, COLUMN_ACTIVITY, a->root->id);
    set_string(row, COLUMN_CLIENT, g_strdup(endpoint_ip_text(pool, conversation_client(a->root))));
    set_string(row, COLUMN_SERVER, g_strdup(endpoint_ip_text(pool, conversation_server(a->root))));
    set_uint(row, COLUMN_CONNECTIONS, g_hash_table_size(a->connections));
    set_uint(row, COLUMN_ATTEMPTS, g_hash_table_size(a->connections) - g_hash_table_size(a->sessions));
    set_uint(row, COLUMN_CALLS, g_hash_table_size(a->calls));
    set_uint(row, COLUMN_DENIED, g_hash_table_size(a->denied));
    set_string(row, COLUMN_PROCESS, texts_join(&a->processes));
    set_string(row, COLUMN_USER, texts_join(&a->users));
    set_string(row, COLUMN_NAMESPACE, texts_join(&a->namespaces));
    set_string(row, COLUMN_TECHNIQUE, techniques_text(a));
    set_string(row, COLUMN_LED_BY, texts_join(&a->led_by));
    set_uint(row, COLUMN_FIRST_FRAME, a->first_frame);
    set_string(row, COLUMN_SUMMARY, g_strdup(a->summary ? a->summary : ""));
}

static void add_row(stat_tap_table *table, Activity *a)
{
    a->row = activities->rows->len;
    g_ptr_array_add(activities->rows, a);
    if (a->row < activities->allocated) {
        table->num_elements++;
        return;
    }
    static const stat_tap_table_item_type empty[N_COLUMNS];
    stat_tap_init_table_row(table, a->row, N_COLUMNS, empty);
    activities->allocated++;
}

/** The last row takes the place of the one removed. */
static void remove_row(stat_tap_table *table, Activity *a, wmem_allocator_t *pool)
{
    guint row = a->row, last = activities->rows->len - 1;
    for (int column = 0; column < N_COLUMNS; column++)
        item_clear(stat_tap_get_field_data(table, last, (guint) column));
    (void) g_ptr_array_remove_index_fast(activities->rows, row);
    table->num_elements = last;
    if (row == last)
        return;
    Activity *moved = g_ptr_array_index(activities->rows, row);
    moved->row = row;
    write_row(table, moved, pool);
}

// ---- the table

static Conversation *root_of(Conversation *c)
{
    while (c->activity != c)
        c = c->activity;
    return c;
}

/** Activities that have become one since their rows were made. */
static void join_rows(stat_tap_table *table, wmem_allocator_t *pool)
{
    for (guint i = activities->rows->len; i > 0; i--) {
        Activity *a = g_ptr_array_index(activities->rows, i - 1);
        Conversation *root = root_of(a->root);
        if (root == a->root)
            continue;
        Activity *whole = g_hash_table_lookup(activities->by_root, root);
        g_hash_table_remove(activities->by_root, a->root);
        if (whole) {
            activity_merge(whole, a);
            remove_row(table, a, pool);
        } else {
            a->root = root;
            g_hash_table_insert(activities->by_root, root, a);
        }
    }
}

static void take(const PduResult *r, wmem_allocator_t *pool, gpointer data)
{
    stat_tap_table *table = data;
    Conversation *root = root_of(r->conversation);
    Activity *a = g_hash_table_lookup(activities->by_root, root);
    if (!a) {
        a = activity_new(root);
        g_hash_table_insert(activities->by_root, root, a);
        add_row(table, a);
    }
    activity_take(a, r, pool);
    write_row(table, a, pool);
}

static tap_packet_status take_frame(void *listener, packet_info *pinfo, epan_dissect_t *edt _U_, const void *data,
                                    tap_flags_t flags _U_)
{
    const stat_data_t *stat = listener;
    stat_tap_table *table = g_array_index(stat->stat_tap_data->tables, stat_tap_table *, 0);
    statistics_take(activities->waiting, least_confidence, data, pinfo->pool, take, table);
    join_rows(table, pinfo->pool);
    return TAP_PACKET_REDRAW;
}

static void activities_clear(void)
{
    if (!activities)
        activities = g_new0(Activities, 1);
    g_clear_pointer(&activities->waiting, g_hash_table_unref);
    g_clear_pointer(&activities->by_root, g_hash_table_unref);
    g_clear_pointer(&activities->rows, g_ptr_array_unref);
    activities->waiting = statistics_waiting_new();
    activities->by_root = g_hash_table_new(NULL, NULL);
    activities->rows = g_ptr_array_new_with_free_func(activity_free);
}

/** Empties the table before it is filled anew. */
static void reset(stat_tap_table *table)
{
    activities_clear();
    for (guint row = 0; row < table->num_elements; row++)
        for (int column = 0; column < N_COLUMNS; column++)
            item_clear(&table->elements[row][column]);
    table->num_elements = 0;
}

/** Called when a window is opened and whenever its filter changes. */
static void init(stat_tap_table_ui *ui)
{
    stat_tap_table *table = stat_tap_find_table(ui, TABLE_NAME);
    if (table) {
        reset(table);
        return;
    }
    activities_clear();
    activities->allocated = 0;
    stat_tap_add_table(ui, stat_tap_init_table(TABLE_NAME, N_COLUMNS, 0, NULL));
}

void statistics_activities_register(const int *least)
{
    least_confidence = least;
    static tap_param params[] = {{PARAM_FILTER, "filter", "Filter", NULL, TRUE}};
    static stat_tap_table_ui ui = {
        .group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
        .title = TABLE_NAME,
        .tap_name = "car",
        .cli_string = "car,activities",
        .stat_tap_init_cb = init,
        .packet_func = take_frame,
        .stat_tap_reset_table_cb = reset,
        .stat_tap_free_table_item_cb = free_item,
        .nfields = N_COLUMNS,
        .fields = columns,
        .nparams = G_N_ELEMENTS(params),
        .params = params,
    };
    register_stat_tap_table_ui(&ui);
}
