// SPDX-License-Identifier: GPL-2.0-or-later
#include "compat.h"
#include "statistics-count.h"
#include "statistics.h"

#include <epan/stats_tree.h>

#define NAMES_MAX 10000 ///< in one tree; what an attacker makes up beyond that is counted as one
#define ROOT_NAME "Remote WMI calls"

static const int *least_confidence; ///< from which conversations count

typedef struct {
    GHashTable *waiting;
    GHashTable *names; ///< "parent name" of all nodes
    int root;
} Tree;

static GHashTable *trees; ///< stats_tree * → Tree

static void tree_free(gpointer data)
{
    Tree *tree = data;
    g_hash_table_unref(tree->waiting);
    g_hash_table_unref(tree->names);
    g_free(tree);
}

/** Counts one more of `name` below `parent`. Returns the node when it can have children. */
static int count(stats_tree *st, Tree *tree, const char *name, int parent, bool with_children)
{
    g_autofree char *key = g_strdup_printf("%d %s", parent, name);
    if (!g_hash_table_contains(tree->names, key)) {
        if (g_hash_table_size(tree->names) < NAMES_MAX)
            g_hash_table_add(tree->names, g_steal_pointer(&key));
        else
            name = "(others)";
    }
    return tick_stat_node(st, name, parent, with_children);
}

typedef struct {
    stats_tree *st;
    Tree *tree;
} Counting;

static void count_in(const Counting *c, int hosts, const char *group, const char *name)
{
    if (!name)
        return;
    int node = count(c->st, c->tree, group, hosts, true);
    (void) count(c->st, c->tree, name, node, false);
}

static void count_techniques(const Counting *c, int hosts, const PduResult *r)
{
    for (unsigned i = 0; i < r->n_techniques; i++) {
        int node = count(c->st, c->tree, "Techniques", hosts, true);
        (void) count(c->st, c->tree, technique_id(r->techniques[i].technique), node, true);
    }
}

/** What became of a call; of the techniques that it showed, that the server did not do it. */
static void count_outcome(const Counting *c, int hosts, const Call *call)
{
    const Outcome outcome = call_outcome(call);
    count_in(c, hosts, "Outcomes", word_text(&outcome_words, outcome));
    for (unsigned i = 0; call->shown && outcome_is_failure(outcome) && i < call->shown->n_techniques; i++) {
        int node = increase_stat_node(c->st, "Techniques", hosts, TRUE, 0);
        node = increase_stat_node(c->st, technique_id(call->shown->techniques[i].technique), node, TRUE, 0);
        (void) count(c->st, c->tree, word_text(&outcome_words, outcome), node, false);
    }
}

static void take(const PduResult *r, wmem_allocator_t *pool, gpointer data)
{
    const Counting *c = data;
    if (!r->begins_call && !r->n_techniques && !r->ends_answer)
        return;
    const char *hosts =
        wmem_strdup_printf(pool, "%s -> %s", endpoint_ip_text(pool, conversation_client(r->conversation)),
                           endpoint_ip_text(pool, conversation_server(r->conversation)));
    if (r->begins_call) {
        char uuid[GUID_TEXT_SIZE];
        const char *method = call_method_text(pool, r->call);
        if (!method)
            method = wmem_strdup_printf(pool, "%s opnum %u",
                                        r->call->interface  ? r->call->interface->name
                                        : r->call->has_uuid ? guid_format(&r->call->uuid, uuid)
                                                            : "?",
                                        r->call->opnum);
        (void) tick_stat_node(c->st, ROOT_NAME, 0, TRUE);
        int node = count(c->st, c->tree, hosts, c->tree->root, true);
        count_in(c, node, "Methods", method);
        count_in(c, node, "Users", statistics_user(r, pool));
        count_in(c, node, "Processes", statistics_process(r, pool));
        count_in(c, node, "Namespaces", statistics_namespace(r, pool));
    }
    int node = increase_stat_node(c->st, hosts, c->tree->root, TRUE, 0);
    count_techniques(c, node, r);
    if (r->ends_answer)
        count_outcome(c, node, r->call);
}

static tap_packet_status take_frame(stats_tree *st, packet_info *pinfo, epan_dissect_t *edt _U_, const void *data,
                                    tap_flags_t flags _U_)
{
    Counting c = {st, g_hash_table_lookup(trees, st)};
    statistics_take(c.tree->waiting, least_confidence, data, pinfo->pool, take, &c);
    return TAP_PACKET_REDRAW;
}

/** Called for a new tree and before it is filled anew. */
static void init(stats_tree *st)
{
    if (!trees)
        trees = g_hash_table_new_full(NULL, NULL, NULL, tree_free);
    Tree *tree = g_new0(Tree, 1);
    tree->waiting = statistics_waiting_new();
    tree->names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    tree->root = stats_tree_create_node(st, ROOT_NAME, 0, STAT_DT_INT, TRUE);
    g_hash_table_insert(trees, st, tree);
}

static void cleanup(stats_tree *st)
{
    g_hash_table_remove(trees, st);
}

void statistics_tree_register(const int *least)
{
    least_confidence = least;
    stats_tree_register_plugin("car", "car", "Remote WMI", 0, take_frame, init, cleanup);
}
