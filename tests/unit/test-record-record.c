// SPDX-License-Identifier: GPL-2.0-or-later
#include "record/record.h"

static void expect_filter(const char *a, int64_t a_port, const char *b, int64_t b_port, const char *expected)
{
    RecordEnd client = {.ip = a, .port = a_port}, server = {.ip = b, .port = b_port};
    g_autofree char *filter = record_filter(&client, &server);
    g_assert_cmpstr(filter, ==, expected);
}

static void test_filter(void)
{
    expect_filter("172.18.39.5", 55275, "172.18.39.6", 52419,
                  "ip.addr==172.18.39.5 && ip.addr==172.18.39.6 && tcp.port==55275 && tcp.port==52419");
    expect_filter("fd00::2", 1, "fd00::1", 2, "ipv6.addr==fd00::2 && ipv6.addr==fd00::1 && tcp.port==1 && tcp.port==2");
}

static void test_filter_unknown(void)
{
    expect_filter(NULL, 1, "10.0.0.1", 2, NULL);
    expect_filter("10.0.0.2", NUMBER_UNKNOWN, "10.0.0.1", 2, NULL);
    expect_filter("10.0.0.2", 1, "fd00::1", 2, NULL);
}

static void test_filter_is_no_injection(void)
{
    expect_filter("10.0.0.2 || tcp", 1, "10.0.0.1", 2, NULL);
    expect_filter("host.example", 1, "10.0.0.1", 2, NULL);
}

static Answer remote(const char *a, const char *b)
{
    RecordEnd client = {.ip = a}, server = {.ip = b};
    return record_remote(&client, &server);
}

static void test_remote(void)
{
    g_assert_cmpint(remote("10.0.0.1", "10.0.0.2"), ==, ANSWER_YES);
    g_assert_cmpint(remote("10.0.0.1", "10.0.0.1"), ==, ANSWER_NO);
    g_assert_cmpint(remote("127.0.0.1", "127.0.0.2"), ==, ANSWER_NO);
    g_assert_cmpint(remote("::1", "0:0:0:0:0:0:0:1"), ==, ANSWER_NO);
    g_assert_cmpint(remote(NULL, "10.0.0.1"), ==, ANSWER_UNKNOWN);
    g_assert_cmpint(remote("?", "10.0.0.1"), ==, ANSWER_UNKNOWN);
}

static void test_strongest_call(void)
{
    Record *record = record_new();
    g_assert_null(record_strongest_call(record));
    static const Stage stages[] = {STAGE_CONTROL, STAGE_UNKNOWN, STAGE_QUERY,
                                   STAGE_EXECUTE, STAGE_EXECUTE, STAGE_LOGIN};
    for (size_t i = 0; i < G_N_ELEMENTS(stages); i++) {
        RecordCall call = {.frame = (int64_t) i, .stage = stages[i]};
        g_array_append_val(record->calls, call);
    }
    g_assert_cmpint(record_strongest_call(record)->frame, ==, 3);
    record_free(record);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/record/filter", test_filter);
    g_test_add_func("/cli/record/filter-unknown", test_filter_unknown);
    g_test_add_func("/cli/record/filter-no-injection", test_filter_is_no_injection);
    g_test_add_func("/cli/record/remote", test_remote);
    g_test_add_func("/cli/record/strongest-call", test_strongest_call);
    return g_test_run();
}
