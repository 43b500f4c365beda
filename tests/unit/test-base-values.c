// SPDX-License-Identifier: GPL-2.0-or-later
// The values of logs: numbers, addresses, names, times.

#include "base/address.h"
#include "base/host-name.h"
#include "base/number.h"
#include "base/time.h"

static void test_numbers(void)
{
    g_assert_cmpint(number_parse(slice("7240")), ==, 7240);
    g_assert_cmpint(number_parse(slice("0x1c48")), ==, 7240);
    g_assert_cmpint(number_parse(slice("0x0000000000000424")), ==, 1060);
    static const char *const none[] = {
        NULL, "", "-", "0x", "12a", "-1", " 1", "9223372036854775808", "99999999999999999999"};
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
        g_assert_cmpint(number_parse(slice(none[i])), ==, NUMBER_UNKNOWN);
    g_assert_cmpuint(number_parse_id(slice("0xffffffffffffffff")), ==, UINT64_MAX);
    g_assert_cmpuint(number_parse_id(slice("0x1ffffffffffffffff")), ==, 0);
}

static void expect_address(const char *text, const char *expected)
{
    Address address;
    bool known = address_parse(slice(text), &address);
    g_assert_true(known == (expected != NULL));
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
    static const char *const none[] = {NULL, "", "-", "LOCAL", "192.0.2", "1.2.3.4.5", "[", "%"};
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
        expect_address(none[i], NULL);
    Address address;
    static const char *const any[] = {"0.0.0.0", "::", "::ffff:0.0.0.0"};
    for (size_t i = 0; i < G_N_ELEMENTS(any); i++)
        g_assert_true(address_parse(slice(any[i]), &address) && !address_known(&address));
    g_assert_true(address_parse(slice("192.0.2.5"), &address) && address_known(&address) && address_is_v4(&address));
    g_assert_true(address_parse(slice("2001:db8::5"), &address) && !address_is_v4(&address));
    g_assert_true(address_parse(slice("127.0.0.2"), &address) && address_loopback(&address));
    g_assert_true(address_parse(slice("::1"), &address) && address_loopback(&address));
    g_assert_true(address_parse(slice("::2"), &address) && !address_loopback(&address));
}

static bool network_has_text(const char *network_text, const char *address_text)
{
    Network network;
    Address address;
    g_assert_true(network_parse(slice(network_text), &network) && address_parse(slice(address_text), &address));
    return network_has(&network, &address);
}

static void test_networks(void)
{
    g_assert_true(network_has_text("192.0.2.0/23", "192.0.3.255"));
    g_assert_false(network_has_text("192.0.2.0/23", "192.0.4.0"));
    g_assert_true(network_has_text("192.0.2.5", "192.0.2.5"));
    g_assert_false(network_has_text("192.0.2.5", "192.0.2.4"));
    g_assert_true(network_has_text("2001:db8::/33", "2001:db8:7fff::1"));
    g_assert_false(network_has_text("2001:db8::/33", "2001:db8:8000::1"));
    g_assert_true(network_has_text("0.0.0.0/0", "192.0.2.5"));
    g_assert_true(network_has_text("::/0", "2001:db8::5"));
    g_assert_false(network_has_text("::/0", "192.0.2.5"));
    g_assert_false(network_has_text("0.0.0.0/0", "2001:db8::5"));
    static const char *const none[] = {NULL,
                                       "",
                                       "/",
                                       "/8",
                                       "192.0.2.0/33",
                                       "192.0.2.1/24",
                                       "192.0.2.0/",
                                       "192.0.2.0/-1",
                                       "::/129",
                                       "192.0.2.0/0x18",
                                       "WS06/8"};
    Network network;
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
        g_assert_false(network_parse(slice(none[i]), &network));
}

static void test_names(void)
{
    g_assert_true(host_names_agree(slice("WS06"), slice("ws06.example.com")));
    g_assert_true(host_names_agree(slice("WS06.example.com"), slice("ws06.EXAMPLE.com")));
    g_assert_false(host_names_agree(slice("WS06.example.com"), slice("WS06.example.org")));
    g_assert_false(host_names_agree(slice("WS06"), slice("WS0")));
    g_assert_false(host_names_agree(slice(NULL), slice(NULL)));
    g_assert_false(host_names_agree(slice(""), slice("")));
    g_assert_true(slice_is(host_name_label(slice("WS06.example.com")), "WS06"));
    g_assert_true(slice_is(host_name_label(slice("WS06")), "WS06"));
    g_assert_true(slice_is(slice_base(slice("C:\\a\\b.exe")), "b.exe"));
    g_assert_true(slice_is(slice_base(slice("b.exe")), "b.exe"));
    g_assert_true(slice_same_base(slice("C:\\a\\b.exe"), slice("B.EXE")));
    g_assert_false(slice_same_base(slice("a\\"), slice("b\\")));
    g_assert_false(slice_same_base(SLICE_NONE, SLICE_NONE));
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

static void test_utc(void)
{
    static const struct {
        const char *text;
        int64_t expected;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2020-08-06T07:56:41Z", INT64_C(1596700601000000000)},
        {"2020-08-06T07:56:41.5Z", INT64_C(1596700601500000000)},
        {"2020-08-06T07:56:41.320149Z", INT64_C(1596700601320149000)},
        {"2020-08-06T07:56:41.000000001Z", INT64_C(1596700601000000001)},
        {"2020-08-06T07:56:41.0000000019Z", INT64_C(1596700601000000001)},
        {NULL, NUMBER_UNKNOWN},
        {"", NUMBER_UNKNOWN},
        {"2020-08-06", NUMBER_UNKNOWN},
        {"2020-13-06T07:56:41Z", NUMBER_UNKNOWN},
        {"2020-08-06T07:56:41+01:00", NUMBER_UNKNOWN},
        {"2020-08-06T07:56:41.5Z ", NUMBER_UNKNOWN},
        {"2020-02-30T07:56:41Z", NUMBER_UNKNOWN},
        {"2020-08-06 07:56:41Z", NUMBER_UNKNOWN},
        {"2020-08-06T24:56:41Z", NUMBER_UNKNOWN},
        {"2020-8-0006T07:56:41Z", NUMBER_UNKNOWN},
        {"2261-12-31T23:59:59.999999999Z", INT64_C(9214646399999999999)},
        {"9999-08-06T07:56:41Z", NUMBER_UNKNOWN},
        {"1601-01-01T00:00:00Z", NUMBER_UNKNOWN},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(time_parse_utc(cases[i].text), ==, cases[i].expected);
}

static void expect_text(int64_t seconds, uint32_t nanoseconds, int digits, const char *expected)
{
    g_autofree char *text = time_format(seconds, nanoseconds, digits);
    g_assert_cmpstr(text, ==, expected);
}

static void test_format(void)
{
    expect_text(1596700601, 320149999, 0, "2020-08-06T07:56:41Z");
    expect_text(1596700601, 320149999, 3, "2020-08-06T07:56:41.320Z");
    expect_text(1596700601, 1, 9, "2020-08-06T07:56:41.000000001Z");
    expect_text(INT64_C(253402300799), 0, 0, "9999-12-31T23:59:59Z");
    expect_text(INT64_C(253402300800), 0, 0, NULL);
    expect_text(INT64_MAX, 0, 0, NULL);
    expect_text(INT64_MIN, 0, 0, NULL);
}

static void test_epoch(void)
{
    g_assert_cmpint(time_from_epoch(slice("1596700601")), ==, INT64_C(1596700601000000000));
    g_assert_cmpint(time_from_epoch(slice("1596700601.320149001")), ==, INT64_C(1596700601320149001));
    g_assert_cmpint(time_from_epoch(slice("1596700601.3201490019")), ==, INT64_C(1596700601320149001));
    static const char *const none[] = {NULL, "", "x", "-1.0", ".5", "9214646400", "9223372036854775807"};
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++)
        g_assert_cmpint(time_from_epoch(slice(none[i])), ==, NUMBER_UNKNOWN);
}

static void test_precision(void)
{
    WrittenTime time;
    g_assert_true(time_parse(slice("2020-08-06 07:56:41"), &time));
    g_assert_cmpint(time.precision, ==, TIME_SECOND);
    g_assert_true(time_parse(slice("2020-08-06 07:56:41.123"), &time));
    g_assert_cmpint(time.precision, ==, TIME_MILLISECOND);
    g_assert_true(time_parse(slice("2020-08-06 07:56:41.1234567890"), &time));
    g_assert_cmpint(time.precision, ==, 1);
}

static void test_filetime(void)
{
    g_autofree char *text = time_text(time_from_filetime(UINT64_C(132411592107536526)));
    g_assert_cmpstr(text, ==, "2020-08-06T03:46:50.753Z");
    g_assert_cmpint(time_from_filetime(0), ==, NUMBER_UNKNOWN);
    g_assert_cmpint(time_from_filetime(UINT64_MAX), ==, NUMBER_UNKNOWN);
    g_assert_null(time_text(NUMBER_UNKNOWN));
    g_assert_cmpint(time_from_filetime(UINT64_C(208591199999999999)), >, 0);
    g_assert_cmpint(time_from_filetime(UINT64_C(208591200000000000)), ==, NUMBER_UNKNOWN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host-values/numbers", test_numbers);
    g_test_add_func("/host-values/addresses", test_addresses);
    g_test_add_func("/host-values/networks", test_networks);
    g_test_add_func("/host-values/names", test_names);
    g_test_add_func("/host-values/times", test_times);
    g_test_add_func("/host-values/utc", test_utc);
    g_test_add_func("/host-values/format", test_format);
    g_test_add_func("/host-values/epoch", test_epoch);
    g_test_add_func("/host-values/precision", test_precision);
    g_test_add_func("/host-values/filetime", test_filetime);
    return g_test_run();
}
