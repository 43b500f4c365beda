// SPDX-License-Identifier: GPL-2.0-or-later
#include "reading/capture.h"

#include <string.h>

static void expect_reason(const char *messages, const char *path, const char *expected)
{
    g_autofree char *reason = tshark_reason(messages, path);
    g_assert_cmpstr(reason, ==, expected);
}

static void test_reason(void)
{
    expect_reason("tshark: The file \"a b.cap\" appears to have been cut short in the middle of a packet.\n", "a b.cap",
                  "cut short in the middle of a packet");
    expect_reason("Running as user \"root\" and group \"root\". This could be dangerous.\n"
                  "tshark: The standard input appears to have been cut short in the middle of a packet.\n",
                  "-", "cut short in the middle of a packet");
    expect_reason("tshark: The file \"x\" isn't a capture file in a format TShark understands.\n", "x",
                  "isn't a capture file in a format TShark understands");
}

static void test_reason_with_detail(void)
{
    expect_reason("tshark: The file \"x\" appears to be damaged or corrupt.\n(pcapng: block length 7 is wrong)\n", "x",
                  "damaged or corrupt (pcapng: block length 7 is wrong)");
}

static void test_reason_unknown(void)
{
    expect_reason(NULL, "x", NULL);
    expect_reason("Running as user \"root\"\n", "x", NULL);
    expect_reason("tshark: something else", "x", "something else");
    expect_reason("tshark: The file \"y\" is odd\xff.\n", "x", "The file \"y\" is odd\xef\xbf\xbd");
}

static void expect_unreadable(const char *path, const char *message)
{
    g_autoptr(GPtrArray) inputs = capture_inputs_new();
    g_autoptr(GError) error = NULL;
    g_assert_false(capture_inputs_add(inputs, path, &error));
    g_assert_error(error, CAPTURE_ERROR, CAPTURE_ERROR_UNREADABLE);
    g_assert_nonnull(strstr(error->message, message));
    g_assert_cmpuint(inputs->len, ==, 0);
}

static void test_no_such_capture(void)
{
    expect_unreadable("/nonexistent/capture", "does not exist");
}

static void test_directory(void)
{
    expect_unreadable(g_get_tmp_dir(), "is a directory");
}

static void test_tshark_cannot_run(void)
{
    g_autoptr(EventFold) fold = event_fold_new(0);
    g_autoptr(GError) error = NULL;
    g_auto(TsharkEnd) end = {0};
    g_assert_false(capture_probe("/nonexistent/tshark", fold, &end, &error));
    g_assert_error(error, TSHARK_ERROR, TSHARK_ERROR_MISSING);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/capture/reason", test_reason);
    g_test_add_func("/cli/capture/reason-with-detail", test_reason_with_detail);
    g_test_add_func("/cli/capture/reason-unknown", test_reason_unknown);
    g_test_add_func("/cli/capture/no-such-capture", test_no_such_capture);
    g_test_add_func("/cli/capture/directory", test_directory);
    g_test_add_func("/cli/capture/tshark-cannot-run", test_tshark_cannot_run);
    return g_test_run();
}
