// SPDX-License-Identifier: GPL-2.0-or-later
#include "statistics-count.h"

#include "printable.h"
#include "sentence.h"

GHashTable *statistics_waiting_new(void)
{
    return g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);
}

static void wait(GHashTable *waiting, const PduResult *results)
{
    GPtrArray *queue = g_hash_table_lookup(waiting, results->conversation);
    if (!queue) {
        queue = g_ptr_array_new();
        g_hash_table_insert(waiting, results->conversation, queue);
    }
    for (const PduResult *r = results; r; r = r->next)
        if (!r->lookup)
            g_ptr_array_add(queue, (gpointer) r);
}

void statistics_take(GHashTable *waiting, const int *least, const PduResult *results, wmem_allocator_t *pool,
                     StatisticsTake take, gpointer data)
{
    Conversation *c = results->conversation;
    if ((int) c->confidence < *least) {
        wait(waiting, results);
        return;
    }
    GPtrArray *queue = g_hash_table_lookup(waiting, c);
    for (guint i = 0; queue && i < queue->len; i++)
        take(g_ptr_array_index(queue, i), pool, data);
    g_hash_table_remove(waiting, c);
    for (const PduResult *r = results; r; r = r->next)
        if (!r->lookup)
            take(r, pool, data);
}

const char *statistics_user(const PduResult *r, wmem_allocator_t *pool)
{
    const Identity *i = r->has_security ? r->security.identity : NULL;
    if (!i || !i->user)
        return NULL;
    const char *user = printable_short(pool, i->user);
    bool has_domain = i->domain && *i->domain;
    return has_domain ? wmem_strdup_printf(pool, "%s\\%s", printable_short(pool, i->domain), user) : user;
}

const char *statistics_process(const PduResult *r, wmem_allocator_t *pool)
{
    char *process = sentence_client_process(pool, r->client);
    return r->client_inferred ? wmem_strdup_printf(pool, "%s%s", process, basis_note(BASIS_INFERRED)) : process;
}

const char *statistics_namespace(const PduResult *r, wmem_allocator_t *pool)
{
    const char *asked = r->call && r->call->details ? r->call->details->namespace_path : NULL;
    const char *path = asked ? asked : r->call ? r->call->namespace_path : NULL;
    return path ? printable_short(pool, path) : NULL;
}
