// SPDX-License-Identifier: GPL-2.0-or-later
#include "join/clock.h"

static HostEvent event_at(int64_t time, bool zoned)
{
    HostEvent event = host_event_init(HOST_CONNECTION, "f", "x");
    event.host = slice("WS06.example.com");
    event.time = time;
    event.zoned = zoned;
    return event;
}

static void test_difference(void)
{
    int64_t difference;
    HostEvent event = event_at(1000 * TIME_SECOND, true);
    g_assert_true(host_clock_difference(&event, 991 * TIME_SECOND, &difference));
    g_assert_cmpint(difference, ==, 9 * TIME_SECOND);
    g_assert_false(host_clock_difference(&event, 1000 * TIME_SECOND - 16 * TIME_MINUTE, &difference));
    g_assert_false(host_clock_difference(&event, NUMBER_UNKNOWN, &difference));
    event.zoned = false;
    g_assert_true(host_clock_difference(&event, 1000 * TIME_SECOND - 14 * 60 * TIME_MINUTE, &difference));
    g_assert_false(host_clock_difference(&event, 1000 * TIME_SECOND - 15 * 60 * TIME_MINUTE, &difference));
    event.time = NUMBER_UNKNOWN;
    g_assert_false(host_clock_difference(&event, 0, &difference));
}

static void test_skew(void)
{
    g_autoptr(HostClocks) clocks = host_clocks_new();
    HostEvent event = event_at(1000 * TIME_SECOND, true), local = event_at(1000 * TIME_SECOND, false);
    const char *key = host_clocks_key(clocks, &event), *local_key = host_clocks_key(clocks, &local);
    g_assert_cmpstr(key, !=, local_key);
    guint samples;
    g_assert_cmpint(host_clocks_skew(clocks, key, &samples), ==, 0);
    g_assert_cmpuint(samples, ==, 0);
    static const int64_t exact[] = {9, 900, 8, 10, 9};
    for (size_t i = 0; i < G_N_ELEMENTS(exact); i++)
        host_clocks_sample(clocks, key, exact[i] * TIME_SECOND, HOST_SAMPLE_EXACT);
    host_clocks_sample(clocks, key, 20 * TIME_SECOND, HOST_SAMPLE_DELAYED);
    static const int64_t delayed[] = {12, 10, 11, 13, 14};
    for (size_t i = 0; i < G_N_ELEMENTS(delayed); i++)
        host_clocks_sample(clocks, local_key, delayed[i] * TIME_SECOND, HOST_SAMPLE_DELAYED);
    host_clocks_settle(clocks);
    g_assert_cmpint(host_clocks_skew(clocks, key, &samples), ==, 9 * TIME_SECOND);
    g_assert_cmpuint(samples, ==, 5);
    g_assert_cmpint(host_clocks_skew(clocks, local_key, &samples), ==, 11 * TIME_SECOND);
    g_assert_cmpint(host_clocks_time(clocks, key, &event), ==, 991 * TIME_SECOND);
}

static void test_nameless_hosts_are_their_files(void)
{
    g_autoptr(HostClocks) clocks = host_clocks_new();
    HostEvent a = host_event_init(HOST_CONNECTION, "a", "x"), b = host_event_init(HOST_CONNECTION, "b", "x");
    g_assert_cmpstr(host_clocks_key(clocks, &a), !=, host_clocks_key(clocks, &b));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-clock/difference", test_difference);
    g_test_add_func("/host-clock/skew", test_skew);
    g_test_add_func("/host-clock/nameless", test_nameless_hosts_are_their_files);
    return g_test_run();
}
