// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/flow-table.h"

#include <string.h>

#define BLOCK 4096 ///< flows that are allocated together
#define CHOICE 64  ///< flows that one is chosen from to leave …
#define MORE 8192  ///< … when one of them is not kept
#define NONE UINT32_MAX

struct FlowTable {
    guint max, n;
    Flow **blocks;
    uint32_t *buckets;
    uint32_t n_buckets; ///< a power of two
    guint turn;         ///< whose turn to leave it is
    guint visited;
    uint64_t left;
    FlowFunc leave;
    gpointer data;
};

static Flow *at(const FlowTable *t, uint32_t index)
{
    return &t->blocks[index / BLOCK][index % BLOCK];
}

static uint32_t *bucket(const FlowTable *t, const FlowKey *key)
{
    return &t->buckets[flow_key_hash(key) & (t->n_buckets - 1)];
}

static void set_buckets(FlowTable *t, uint32_t n)
{
    g_free(t->buckets);
    t->n_buckets = n;
    t->buckets = g_new(uint32_t, n);
    memset(t->buckets, 0xff, n * sizeof(*t->buckets));
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t *head = bucket(t, &at(t, i)->key);
        at(t, i)->chain = *head;
        *head = i;
    }
}

FlowTable *flow_table_new(guint max, FlowFunc leave, gpointer data)
{
    FlowTable *t = g_new0(FlowTable, 1);
    t->max = MAX(max, 1);
    t->blocks = g_new0(Flow *, t->max / BLOCK + 1);
    t->leave = leave;
    t->data = data;
    set_buckets(t, BLOCK);
    return t;
}

void flow_table_free(FlowTable *t)
{
    for (uint32_t i = 0; i < t->n; i++)
        t->leave(at(t, i), t->data);
    for (guint i = 0; i <= t->max / BLOCK; i++)
        g_free(t->blocks[i]);
    g_free(t->blocks);
    g_free(t->buckets);
    g_free(t);
}

Flow *flow_table_find(FlowTable *t, const FlowKey *key)
{
    for (uint32_t i = *bucket(t, key); i != NONE; i = at(t, i)->chain) {
        Flow *flow = at(t, i);
        if (flow_key_equal(&flow->key, key)) {
            flow->used = true;
            return flow;
        }
    }
    return NULL;
}

static uint32_t choose(FlowTable *t)
{
    uint32_t chosen = t->turn;
    guint best = 0;
    for (guint i = 0; i < MIN(MORE, t->n) && best < (i < CHOICE ? 3 : 2); i++) {
        uint32_t index = t->turn;
        t->turn = (t->turn + 1) % t->n;
        Flow *flow = at(t, index);
        bool kept = flow->state == FLOW_KEPT || flow->state == FLOW_TICKETS;
        guint rank = kept ? !flow->used : 2u + !flow->used;
        flow->used = false;
        if (rank > best || i == 0) {
            best = rank;
            chosen = index;
        }
    }
    return chosen;
}

static uint32_t make_room(FlowTable *t)
{
    uint32_t index = choose(t);
    Flow *flow = at(t, index);
    uint32_t *link = bucket(t, &flow->key);
    while (*link != index)
        link = &at(t, *link)->chain;
    *link = flow->chain;
    t->leave(flow, t->data);
    t->left++;
    return index;
}

Flow *flow_table_add(FlowTable *t, const FlowKey *key)
{
    uint32_t index;
    if (t->n < t->max) {
        if (t->n == t->n_buckets)
            set_buckets(t, t->n_buckets * 2);
        index = t->n++;
        if (!t->blocks[index / BLOCK])
            t->blocks[index / BLOCK] = g_new(Flow, BLOCK);
    } else {
        index = make_room(t);
    }
    Flow *flow = at(t, index);
    uint32_t *head = bucket(t, key);
    *flow = (Flow){.key = *key, .chain = *head, .used = true};
    *head = index;
    return flow;
}

guint flow_table_size(const FlowTable *t)
{
    return t->n;
}

uint64_t flow_table_left(const FlowTable *t)
{
    return t->left;
}

void flow_table_visit(FlowTable *t, guint n, FlowFunc visit, gpointer data)
{
    for (guint i = 0; i < MIN(n, t->n); i++) {
        t->visited = (t->visited + 1) % t->n;
        visit(at(t, t->visited), data);
    }
}
