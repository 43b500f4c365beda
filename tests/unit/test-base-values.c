// SPDX-License-Identifier: GPL-2.0-or-later
// The values of logs: numbers, addresses, names, times.

#include "base/slice.h"
#include "base/time.h"

static void test_numbers(void)
{
    g_assert_cmpint(slice_number(slice("7240")), ==, 7240);
    g_assert_cmpint(slice_number(slice("0x1c48")), ==, 7240);
    g_assert_cmpint(slice_number(slice("0x0000000000000424")), ==, 1060);
    static const char *const none[] = {
        NULL, "", "-", "0x", "12a", "-1", " 1", "9223372036854775808", "99999999999999999999"};
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
        g_assert_cmpint(slice_number(slice(none[i])), ==, -1);
    g_assert_cmpuint(slice_id(slice("0xffffffffffffffff")), ==, UINT64_MAX);
    g_assert_cmpuint(slice_id(slice("0x1ffffffffffffffff")), ==, 0);
}

static void expect_address(const char *text, const char *expected)
{
    Address address;
    bool known = slice_address(slice(text), &address);
    g_assert_true(known == (expected != NULL) && known == address_known(&address));
    g_autofree char *found = known ? address_text(&address) : NULL;
    g_assert_cmpstr(found, ==, expected);
}

static void test_addresses(void)
{
    expect_address("192.0.2.5", "192.0.2.5");
    expect_address("::ffff:192.0.2.5", "192.0.2.5");
    expect_address("2001:DB8::5", "2001:db8::5");
    expect_address("fe80::1%12", "fe80::1");
    expect_address("[fe80::1%12]", "fe80::1");
    static const char *const none[] = {NULL, "", "-", "0.0.0.0", "::", "LOCAL", "192.0.2", "1.2.3.4.5", "[", "%"};
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
        expect_address(none[i], NULL);
    Address address;
    g_assert_true(slice_address(slice("127.0.0.2"), &address) && address_loopback(&address));
    g_assert_true(slice_address(slice("::1"), &address) && address_loopback(&address));
    g_assert_true(slice_address(slice("::2"), &address) && !address_loopback(&address));
}

static void test_names(void)
{
    g_assert_true(host_names_agree("WS06", "ws06.example.com"));
    g_assert_true(host_names_agree("WS06.example.com", "ws06.EXAMPLE.com"));
    g_assert_false(host_names_agree("WS06.example.com", "WS06.example.org"));
    g_assert_false(host_names_agree("WS06", "WS0"));
    g_assert_false(host_names_agree(NULL, NULL));
    g_assert_false(host_names_agree("", ""));
    g_assert_true(slice_is(slice_base(slice("C:\\a\\b.exe")), "b.exe"));
    g_assert_true(slice_is(slice_base(slice("b.exe")), "b.exe"));
    Slice message = slice("started. HostProcess = wmiprvse.exe; ProcessID = 3460; Path\tx\r\nProtocol:\tTCP");
    g_assert_true(slice_is(slice_after(message, "HostProcess"), "wmiprvse.exe"));
    g_assert_true(slice_is(slice_after(message, "ProcessID"), "3460"));
    g_assert_true(slice_is(slice_after(message, "Protocol:"), "TCP"));
    g_assert_null(slice_after(message, "Nothing").text);
}

static void expect_time(const char *text, const char *expected, bool zoned)
{
    WrittenTime time;
    g_assert_true(time_parse(slice(text), &time));
    g_autofree char *found = time_text(time.time);
    g_assert_cmpstr(found, ==, expected);
    g_assert_true(time.zoned == zoned);
}

static void test_times(void)
{
    expect_time("2020-08-06T07:56:41.320149Z", "2020-08-06T07:56:41.320Z", true);
    expect_time("2020-08-06 07:56:41", "2020-08-06T07:56:41Z", false);
    expect_time("2020-08-06T03:56:41.5-04:00", "2020-08-06T07:56:41.500Z", true);
    expect_time("2020-08-06T09:56:41+0200", "2020-08-06T07:56:41Z", true);
    expect_time("8/6/2020 3:56:41 AM", "2020-08-06T03:56:41Z", false);
    expect_time("8/6/2020 12:56 PM", "2020-08-06T12:56:00Z", false);
    expect_time("8/6/2020 12:00:01 AM", "2020-08-06T00:00:01Z", false);
    expect_time("06.08.2020 03:56:41", "2020-08-06T03:56:41Z", false);
    expect_time("2020-02-29T00:00:00Z", "2020-02-29T00:00:00Z", true);
    expect_time("2000-12-31T23:59:59Z", "2000-12-31T23:59:59Z", true);
    static const char *const none[] = {NULL,
                                       "",
                                       "2020",
                                       "2020-08-06",
                                       "2020-13-06 00:00:00",
                                       "1969-01-01 00:00:00",
                                       "2020-08-06 07:56:41 x",
                                       "2020-08-06 99:00:00",
                                       "20-08/06 00:00:00",
                                       "2020-08-06T07:56:41+99:00",
                                       "99999-01-01 00:00:00",
                                       "-1-1-1 0:00"};
    WrittenTime time;
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
        g_assert_false(time_parse(slice(none[i]), &time));
}

static void test_precision(void)
{
    WrittenTime time;
    g_assert_true(time_parse(slice("2020-08-06 07:56:41"), &time));
    g_assert_cmpint(time.precision, ==, TIME_SECOND);
    g_assert_true(time_parse(slice("2020-08-06 07:56:41.123"), &time));
    g_assert_cmpint(time.precision, ==, 1000);
    g_assert_true(time_parse(slice("2020-08-06 07:56:41.1234567890"), &time));
    g_assert_cmpint(time.precision, ==, 1);
}

static void test_filetime(void)
{
    g_autofree char *text = time_text(time_from_filetime(UINT64_C(132411592107536526)));
    g_assert_cmpstr(text, ==, "2020-08-06T03:46:50.753Z");
    g_assert_cmpint(time_from_filetime(0), ==, TIME_UNKNOWN);
    g_assert_cmpint(time_from_filetime(UINT64_MAX), ==, TIME_UNKNOWN);
    g_assert_null(time_text(TIME_UNKNOWN));
    g_assert_null(time_text(INT64_MAX));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-values/numbers", test_numbers);
    g_test_add_func("/host-values/addresses", test_addresses);
    g_test_add_func("/host-values/names", test_names);
    g_test_add_func("/host-values/times", test_times);
    g_test_add_func("/host-values/precision", test_precision);
    g_test_add_func("/host-values/filetime", test_filetime);
    return g_test_run();
}
