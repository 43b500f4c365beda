// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/unanswered.h"

#include "base/hash.h"

struct Unanswered {
    GHashTable *servers; ///< UnansweredServer, its own key
    guint kept;          ///< of all
    UnansweredServer others;
};

static guint server_hash(gconstpointer data)
{
    const UnansweredServer *server = data;
    return (guint) (hash_bytes(&server->ip, sizeof(server->ip)) + server->port);
}

static gboolean server_equal(gconstpointer a, gconstpointer b)
{
    const UnansweredServer *x = a, *y = b;
    return x->port == y->port && address_equal(&x->ip, &y->ip);
}

Unanswered *unanswered_new(void)
{
    Unanswered *u = g_new0(Unanswered, 1);
    u->servers = g_hash_table_new_full(server_hash, server_equal, g_free, NULL);
    return u;
}

void unanswered_free(Unanswered *unanswered)
{
    g_hash_table_unref(unanswered->servers);
    g_free(unanswered);
}

static UnansweredServer *need_server(Unanswered *u, const FlowKey *key, guint server)
{
    const UnansweredServer wanted = {.ip = key->ip[server], .port = key->port[server]};
    UnansweredServer *known = g_hash_table_lookup(u->servers, &wanted);
    if (known)
        return known;
    if (g_hash_table_size(u->servers) >= UNANSWERED_SERVERS)
        return &u->others;
    known = g_memdup2(&wanted, sizeof(wanted));
    g_hash_table_add(u->servers, known);
    return known;
}

bool unanswered_take(Unanswered *unanswered, const FlowKey *key, guint server)
{
    UnansweredServer *known = need_server(unanswered, key, server);
    if (known->kept >= UNANSWERED_PER_SERVER || unanswered->kept >= UNANSWERED_MAX)
        return false;
    known->kept++;
    unanswered->kept++;
    return true;
}

void unanswered_give_back(Unanswered *unanswered, const FlowKey *key, guint server)
{
    UnansweredServer *known = need_server(unanswered, key, server);
    if (known->kept == 0)
        return;
    known->kept--;
    unanswered->kept--;
}

void unanswered_count(Unanswered *unanswered, const FlowKey *key, guint server)
{
    need_server(unanswered, key, server)->counted++;
}

static int compare(gconstpointer a, gconstpointer b)
{
    const UnansweredServer *x = a, *y = b;
    if (x->counted != y->counted)
        return x->counted < y->counted ? 1 : -1;
    int order = memcmp(&x->ip, &y->ip, sizeof(x->ip));
    return order ? order : (int) x->port - (int) y->port;
}

GArray *unanswered_list(const Unanswered *unanswered)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(UnansweredServer));
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, unanswered->servers);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (((const UnansweredServer *) value)->counted > 0)
            g_array_append_vals(list, value, 1);
    }
    if (unanswered->others.counted > 0)
        g_array_append_val(list, unanswered->others);
    g_array_sort(list, compare);
    return list;
}
