// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/flow-table.h"

#include <string.h>

typedef struct {
    guint left, kept;
} Left;

static void leave(Flow *flow, gpointer data)
{
    Left *left = data;
    left->left++;
    left->kept += flow->state == FLOW_KEPT;
}

static FlowKey key_number(guint number)
{
    FlowKey key = {.transport = 6};
    memcpy(&key.ip[0], &number, sizeof(number));
    return key;
}

static void test_grows(void)
{
    Left left = {0};
    FlowTable *table = flow_table_new(50000, leave, &left);
    for (guint i = 0; i < 50000; i++) {
        FlowKey key = key_number(i);
        g_assert_null(flow_table_find(table, &key));
        flow_table_add(table, &key)->isn = i;
    }
    for (guint i = 0; i < 50000; i++) {
        FlowKey key = key_number(i);
        Flow *flow = flow_table_find(table, &key);
        g_assert_nonnull(flow);
        g_assert_cmpuint(flow->isn, ==, i);
    }
    g_assert_cmpuint(left.left, ==, 0);
    flow_table_free(table);
    g_assert_cmpuint(left.left, ==, 50000);
}

/** Of those that are in use and those that are idle, the idle ones leave; what is kept stays. */
static void test_who_leaves(void)
{
    Left left = {0};
    FlowTable *table = flow_table_new(1000, leave, &left);
    for (guint i = 0; i < 1000; i++) {
        FlowKey key = key_number(i);
        flow_table_add(table, &key)->state = i % 10 == 0 ? FLOW_KEPT : FLOW_DROPPED;
    }
    for (guint i = 1000; i < 101000; i++) {
        FlowKey key = key_number(i), busy = key_number(7);
        flow_table_add(table, &key)->state = FLOW_DROPPED;
        g_assert_nonnull(flow_table_find(table, &busy));
    }
    g_assert_cmpuint(flow_table_size(table), ==, 1000);
    g_assert_cmpuint(flow_table_left(table), ==, 100000);
    g_assert_cmpuint(left.kept, ==, 0);
    for (guint i = 0; i < 1000; i += 10) {
        FlowKey key = key_number(i);
        g_assert_nonnull(flow_table_find(table, &key));
    }
    flow_table_free(table);
}

static void test_all_kept(void)
{
    Left left = {0};
    FlowTable *table = flow_table_new(100, leave, &left);
    for (guint i = 0; i < 10000; i++) {
        FlowKey key = key_number(i);
        flow_table_add(table, &key)->state = FLOW_KEPT;
        g_assert_nonnull(flow_table_find(table, &key));
    }
    g_assert_cmpuint(flow_table_size(table), ==, 100);
    g_assert_cmpuint(left.left, ==, 9900);
    flow_table_free(table);
}

static void mark(Flow *flow, gpointer data)
{
    (void) data;
    flow->isn++;
}

static void test_visit(void)
{
    Left left = {0};
    FlowTable *table = flow_table_new(100, leave, &left);
    flow_table_visit(table, 5, mark, NULL);
    for (guint i = 0; i < 10; i++) {
        FlowKey key = key_number(i);
        flow_table_add(table, &key);
    }
    for (guint i = 0; i < 5; i++)
        flow_table_visit(table, 4, mark, NULL);
    for (guint i = 0; i < 10; i++) {
        FlowKey key = key_number(i);
        g_assert_cmpuint(flow_table_find(table, &key)->isn, ==, 2);
    }
    flow_table_free(table);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/flow-table/grows", test_grows);
    g_test_add_func("/scan/flow-table/who-leaves", test_who_leaves);
    g_test_add_func("/scan/flow-table/all-kept", test_all_kept);
    g_test_add_func("/scan/flow-table/visit", test_visit);
    return g_test_run();
}
