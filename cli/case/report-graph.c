// SPDX-License-Identifier: GPL-2.0-or-later
// Who reached whom: clients on the left, servers on the right, a line for each pair; and the same as a table.

#include "base/hash.h"
#include "case/report-html.h"
#include "case/report.h"

#include <math.h>
#include <string.h>

#define MAX_NODES 16 ///< on a side; the rest are one
#define MAX_PAIRS 60 ///< in the table
#define WIDTH 960
#define NODE_WIDTH 260
#define NODE_HEIGHT 42
#define GAP 12

typedef struct {
    char *key;
    RecordEnd end;
    guint activities;
    ActivityKind worst;
    bool allowed;
    guint place; ///< from the top
} Node;

typedef struct {
    const Node *client, *server;
    guint activities, connections;
    const Activity *worst;
    GPtrArray *users; ///< const char *
} Pair;

typedef struct {
    GPtrArray *clients, *servers; ///< Node *
    GPtrArray *pairs;             ///< Pair *
} Graph;

static void node_free(gpointer data)
{
    Node *node = data;
    g_free(node->key);
    g_free(node);
}

static void pair_free(gpointer data)
{
    Pair *pair = data;
    g_ptr_array_unref(pair->users);
    g_free(pair);
}

static Node *find_node(GHashTable *found, GPtrArray *nodes, const RecordEnd *end, const Activity *activity)
{
    const char *key = end->ip ? end->ip : activity_host(end);
    Node *node = g_hash_table_lookup(found, key);
    if (!node) {
        node = g_new0(Node, 1);
        node->key = g_strdup(key);
        node->end = *end;
        node->worst = activity->kind;
        node->allowed = true;
        g_hash_table_insert(found, node->key, node);
        g_ptr_array_add(nodes, node);
    }
    if (!node->end.host)
        node->end.host = end->host;
    if (!node->end.fqdn)
        node->end.fqdn = end->fqdn;
    node->activities++;
    if (!activity->allowed) {
        node->worst = node->allowed ? activity->kind : MIN(node->worst, activity->kind);
        node->allowed = false;
    }
    return node;
}

static bool is_worse(const Activity *a, const Activity *b)
{
    return !b || activity_rank(a) < activity_rank(b);
}

static int compare_nodes(gconstpointer a, gconstpointer b)
{
    const Node *x = *(const Node *const *) a, *y = *(const Node *const *) b;
    if (x->allowed != y->allowed)
        return x->allowed ? 1 : -1;
    if (x->worst != y->worst)
        return x->worst < y->worst ? -1 : 1;
    if (x->activities != y->activities)
        return x->activities > y->activities ? -1 : 1;
    return 0;
}

static int compare_pairs(gconstpointer a, gconstpointer b)
{
    const Pair *x = *(const Pair *const *) a, *y = *(const Pair *const *) b;
    if (is_worse(x->worst, y->worst))
        return -1;
    if (is_worse(y->worst, x->worst))
        return 1;
    if (x->activities != y->activities)
        return x->activities > y->activities ? -1 : 1;
    return 0;
}

static void place_nodes(GPtrArray *nodes)
{
    g_ptr_array_sort(nodes, compare_nodes);
    guint single = nodes->len > MAX_NODES ? MAX_NODES - 1 : nodes->len;
    for (guint i = 0; i < nodes->len; i++)
        ((Node *) g_ptr_array_index(nodes, i))->place = MIN(i, single);
}

static Graph make_graph(const Report *report)
{
    Graph graph = {
        .clients = g_ptr_array_new_with_free_func(node_free),
        .servers = g_ptr_array_new_with_free_func(node_free),
        .pairs = g_ptr_array_new_with_free_func(pair_free),
    };
    g_autoptr(GHashTable) clients = g_hash_table_new(hash_text, g_str_equal);
    g_autoptr(GHashTable) servers = g_hash_table_new(hash_text, g_str_equal);
    g_autoptr(GHashTable) pairs = g_hash_table_new_full(hash_text, g_str_equal, g_free, NULL);
    for (guint i = 0; i < report->activities->len; i++) {
        const Activity *activity = g_ptr_array_index(report->activities, i);
        const Node *client = find_node(clients, graph.clients, &activity->client, activity);
        const Node *server = find_node(servers, graph.servers, &activity->server, activity);
        g_autofree char *key = g_strdup_printf("%s|%s", client->key, server->key);
        Pair *pair = g_hash_table_lookup(pairs, key);
        if (!pair) {
            pair = g_new0(Pair, 1);
            *pair = (Pair){.client = client, .server = server, .users = g_ptr_array_new()};
            g_hash_table_insert(pairs, g_steal_pointer(&key), pair);
            g_ptr_array_add(graph.pairs, pair);
        }
        pair->activities++;
        pair->connections += activity->records->len;
        if (is_worse(activity, pair->worst))
            pair->worst = activity;
        for (guint k = 0; k < activity->accounts->len; k++) {
            gpointer account = g_ptr_array_index(activity->accounts, k);
            if (!g_ptr_array_find_with_equal_func(pair->users, account, g_str_equal, NULL))
                g_ptr_array_add(pair->users, account);
        }
    }
    place_nodes(graph.clients);
    place_nodes(graph.servers);
    g_ptr_array_sort(graph.pairs, compare_pairs);
    return graph;
}

static void graph_clear(Graph *graph)
{
    g_ptr_array_unref(graph->pairs);
    g_ptr_array_unref(graph->clients);
    g_ptr_array_unref(graph->servers);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Graph, graph_clear)

static guint places(const GPtrArray *nodes)
{
    return MIN(nodes->len, MAX_NODES);
}

static guint node_y(guint place, guint of, guint height)
{
    guint needed = of * (NODE_HEIGHT + GAP) - GAP;
    return 28 + (height - 28 - needed) / 2 + place * (NODE_HEIGHT + GAP);
}

static void write_column(const GPtrArray *nodes, guint x, guint height, const char *others, FILE *stream)
{
    guint of = places(nodes);
    for (guint i = 0; i < of; i++) {
        const Node *node = g_ptr_array_index(nodes, i);
        guint y = node_y(i, of, height);
        (void) fprintf(stream, "<rect class=\"node\" x=\"%u\" y=\"%u\" width=\"%d\" height=\"%d\" rx=\"4\"/>\n", x, y,
                       NODE_WIDTH, NODE_HEIGHT);
        if (i + 1 == of && nodes->len > of) {
            (void) fprintf(stream, "<text x=\"%u\" y=\"%u\">%u other %s</text>\n", x + 10, y + 26, nodes->len - of + 1,
                           others);
            continue;
        }
        const char *name = activity_host(&node->end);
        bool named = node->end.ip && name != node->end.ip;
        (void) fprintf(stream, "<text x=\"%u\" y=\"%u\">", x + 10, y + (named ? 18 : 26));
        html_text(stream, name, 24);
        (void) fputs("</text>\n", stream);
        if (named) {
            (void) fprintf(stream, "<text class=\"soft\" x=\"%u\" y=\"%u\">", x + 10, y + 35);
            html_text(stream, node->end.ip, 40);
            (void) fputs("</text>\n", stream);
        }
    }
}

/** One line for all pairs that share both places. */
typedef struct {
    guint activities;
    const Activity *worst;
} Line;

static void write_line(const Graph *graph, const Line *line, guint client, guint server, guint height, FILE *stream)
{
    guint y1 = node_y(client, places(graph->clients), height) + NODE_HEIGHT / 2;
    guint y2 = node_y(server, places(graph->servers), height) + NODE_HEIGHT / 2;
    const char *class = html_class(line->worst);
    (void) fprintf(stream, "<path class=\"%s\" stroke-width=\"%.1f\" d=\"M%d,%u C%d,%u %d,%u %d,%u\"/>\n", class,
                   1.2 + 0.8 * log2((double) line->activities), NODE_WIDTH, y1, WIDTH / 2, y1, WIDTH / 2, y2,
                   WIDTH - NODE_WIDTH - 9, y2);
    (void) fprintf(stream, "<polygon class=\"%s\" points=\"%d,%u %d,%u %d,%u\"/>\n", class, WIDTH - NODE_WIDTH, y2,
                   WIDTH - NODE_WIDTH - 10, y2 - 5, WIDTH - NODE_WIDTH - 10, y2 + 5);
}

static void write_lines(const Graph *graph, guint height, FILE *stream)
{
    Line lines[MAX_NODES][MAX_NODES] = {0};
    for (guint i = 0; i < graph->pairs->len; i++) {
        const Pair *pair = g_ptr_array_index(graph->pairs, i);
        Line *line = &lines[pair->client->place][pair->server->place];
        line->activities += pair->activities;
        if (is_worse(pair->worst, line->worst))
            line->worst = pair->worst;
    }
    // The worst last, so that none covers them.
    for (guint rank = ACTIVITY_KINDS + 1; rank-- > 0;) {
        for (guint i = 0; i < MAX_NODES; i++) {
            for (guint j = 0; j < MAX_NODES; j++) {
                const Line *line = &lines[i][j];
                if (line->worst && activity_rank(line->worst) == rank)
                    write_line(graph, line, i, j, height, stream);
            }
        }
    }
}

static void write_picture(const Graph *graph, FILE *stream)
{
    guint rows = MAX(places(graph->clients), places(graph->servers));
    guint height = 28 + rows * (NODE_HEIGHT + GAP);
    html_begin_scroll(stream, "Hosts");
    (void) fprintf(stream,
                   "<svg viewBox=\"0 0 %d %u\" role=\"img\" aria-label=\"Which hosts used WMI on which others; the "
                   "same stands in the table "
                   "below\">\n<text class=\"soft\" x=\"10\" y=\"16\">Client</text>\n"
                   "<text class=\"soft\" x=\"%d\" y=\"16\">Server</text>\n",
                   WIDTH, height, WIDTH - NODE_WIDTH + 10);
    write_lines(graph, height, stream);
    write_column(graph->clients, 0, height, "clients", stream);
    write_column(graph->servers, WIDTH - NODE_WIDTH, height, "servers", stream);
    (void) fputs("</svg>\n", stream);
    html_end_scroll(stream);
}

static void write_users(const Pair *pair, FILE *stream)
{
    if (pair->users->len == 0)
        (void) fputs("<span class=\"soft\">not shown</span>", stream);
    for (guint i = 0; i < MIN(pair->users->len, 5u); i++) {
        (void) fputs(i ? ", " : "", stream);
        html_code(stream, g_ptr_array_index(pair->users, i), HTML_SHORT);
    }
    if (pair->users->len > 5)
        (void) fprintf(stream, " and %u more", pair->users->len - 5);
}

static void write_table(const Graph *graph, FILE *stream)
{
    html_begin_scroll(stream, "Pairs of hosts");
    (void) fputs("<table>\n<thead><tr><th scope=\"col\">Client</th><th scope=\"col\">Server</th><th "
                 "scope=\"col\">Activities</th><th scope=\"col\">Connections</th>"
                 "<th scope=\"col\">Users</th><th scope=\"col\">At most</th></tr></thead>\n<tbody>\n",
                 stream);
    for (guint i = 0; i < MIN(graph->pairs->len, MAX_PAIRS); i++) {
        const Pair *pair = g_ptr_array_index(graph->pairs, i);
        (void) fputs("<tr><td>", stream);
        html_host(stream, &pair->client->end);
        (void) fputs("</td><td>", stream);
        html_host(stream, &pair->server->end);
        (void) fprintf(stream, "</td><td class=\"number\">%u</td><td class=\"number\">%u</td><td>", pair->activities,
                       pair->connections);
        write_users(pair, stream);
        (void) fputs("</td><td>", stream);
        html_badge(stream, pair->worst);
        (void) fputs("</td></tr>\n", stream);
    }
    (void) fputs("</tbody>\n</table>\n", stream);
    html_end_scroll(stream);
    if (graph->pairs->len > MAX_PAIRS)
        (void) fprintf(stream, "<p class=\"soft\">%u more pairs are not listed here; their activities are below.</p>\n",
                       graph->pairs->len - MAX_PAIRS);
}

void report_write_graph(const Report *report, FILE *stream)
{
    g_auto(Graph) graph = make_graph(report);
    (void) fputs("<section id=\"hosts\">\n<h2>Hosts</h2>\n", stream);
    write_picture(&graph, stream);
    write_table(&graph, stream);
    (void) fputs("</section>\n", stream);
}
