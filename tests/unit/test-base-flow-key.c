// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/flow-key.h"

static FlowKey key_of(const char *from, uint16_t from_port, const char *to, uint16_t to_port, guint *first)
{
    Address ip[2];
    g_assert_true(address_parse(slice(from), &ip[0]) && address_parse(slice(to), &ip[1]));
    FlowKey key;
    *first = flow_key_set(&key, ip, (const uint16_t[]){from_port, to_port}, 6);
    return key;
}

static void expect_same(const char *a, uint16_t a_port, const char *b, uint16_t b_port)
{
    guint first_there, first_back;
    FlowKey there = key_of(a, a_port, b, b_port, &first_there), back = key_of(b, b_port, a, a_port, &first_back);
    g_assert_cmpuint(first_there, ==, 1 - first_back);
    g_assert_true(flow_key_equal(&there, &back));
    g_assert_cmpuint(flow_key_hash(&there), ==, flow_key_hash(&back));
}

static void test_both_ways(void)
{
    expect_same("192.0.2.9", 1000, "192.0.2.4", 135);
    expect_same("192.0.2.4", 1000, "192.0.2.4", 135); // a host and itself
    expect_same("2001:db8::9", 135, "192.0.2.4", 135);
}

static void test_transports_differ(void)
{
    guint first;
    FlowKey tcp = key_of("192.0.2.9", 1000, "192.0.2.4", 135, &first), udp = tcp;
    udp.transport = 17;
    g_assert_false(flow_key_equal(&tcp, &udp));
    g_assert_cmpuint(flow_key_hash(&tcp), !=, flow_key_hash(&udp));
}

/** Changes that a multiplication carries nowhere: in a sum of products they take each other back, under any seed. */
static void test_no_collisions_by_design(void)
{
    g_autoptr(GHashTable) hashes = g_hash_table_new(NULL, NULL);
    for (guint pattern = 0; pattern < 4; pattern++) {
        FlowKey key = {.transport = 6};
        for (guint i = 0; i < 2; i++) {
            if (!(pattern >> i & 1))
                continue;
            key.ip[i].bytes[7] ^= 0x80;
            key.ip[i].bytes[11] ^= 0x80;
            key.ip[i].bytes[15] ^= 0x80;
        }
        (void) g_hash_table_add(hashes, GUINT_TO_POINTER(flow_key_hash(&key)));
    }
    g_assert_cmpuint(g_hash_table_size(hashes), ==, 4);
}

static void test_sets(void)
{
    guint first;
    FlowKey a = key_of("192.0.2.9", 1000, "192.0.2.4", 135, &first),
            b = key_of("192.0.2.9", 1001, "192.0.2.4", 135, &first);
    g_autoptr(GHashTable) keys = flow_keys_new();
    g_autoptr(GHashTable) more = flow_keys_new();
    flow_keys_add(keys, &a);
    flow_keys_add(keys, &a);
    flow_keys_add(more, &b);
    g_assert_false(g_hash_table_contains(keys, &b));
    flow_keys_add_all(keys, more);
    g_assert_true(g_hash_table_contains(keys, &a) && g_hash_table_contains(keys, &b));
    g_assert_cmpuint(g_hash_table_size(keys), ==, 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/flow-key/both-ways", test_both_ways);
    g_test_add_func("/base/flow-key/transports", test_transports_differ);
    g_test_add_func("/base/flow-key/no-collisions", test_no_collisions_by_design);
    g_test_add_func("/base/flow-key/sets", test_sets);
    return g_test_run();
}
