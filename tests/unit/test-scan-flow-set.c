// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/flow-set.h"

#include <string.h>

#define FLOWS 100000

static Flow flow_number(guint number)
{
    Flow flow = {.key.transport = 6};
    memcpy(&flow.key.ip[1], &number, sizeof(number));
    return flow;
}

static void test_many(void)
{
    g_autoptr(FlowSet) set = flow_set_new(FLOW_SET_BITS);
    for (guint i = 0; i < FLOWS; i++) {
        Flow flow = flow_number(i);
        flow_set_add(set, &flow);
    }
    guint wrong = 0;
    for (guint i = 0; i < FLOWS; i++) {
        Flow flow = flow_number(i), other = flow_number(FLOWS + i);
        g_assert_true(flow_set_has(set, &flow));
        wrong += flow_set_has(set, &other);
    }
    g_assert_cmpuint(wrong, <, 10);
}

/** A conversation is told from others between the same ends, where its beginning is known. */
static void test_beginning(void)
{
    g_autoptr(FlowSet) set = flow_set_new(FLOW_SET_BITS);
    Flow flow = flow_number(1), again = flow_number(1), joined = flow_number(1);
    flow.begun = again.begun = true;
    flow.isn = 1000;
    again.isn = 2000;
    flow_set_add(set, &flow);
    g_assert_true(flow_set_has(set, &flow));
    g_assert_false(flow_set_has(set, &again));
    g_assert_false(flow_set_has(set, &joined));
    flow_set_add(set, &joined);
    g_assert_true(flow_set_has(set, &again));
    g_assert_true(flow_set_has(set, &joined));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/flow-set/many", test_many);
    g_test_add_func("/scan/flow-set/beginning", test_beginning);
    return g_test_run();
}
