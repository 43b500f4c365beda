// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/progress.h"

static void expect(char *text, const char *expected)
{
    g_assert_cmpstr(text, ==, expected);
    g_free(text);
}

static void test_text(void)
{
    expect(progress_text(2100000000, 8800000000, 2300000, 3, 1.0),
           "2.1 GB of 8.8 GB, 2300000 packets, 2.1 GB/s, 3 found, 3 s left");
    expect(progress_text(50000000, 3000000000000, 7, 0, 0.5),
           "50 MB of 3.0 TB, 7 packets, 100 MB/s, 0 found, 8 h left");
    expect(progress_text(1000000000, 100000000000, 7, 0, 10),
           "1.0 GB of 100 GB, 7 packets, 100 MB/s, 0 found, 16 min left");
    expect(progress_text(999499, 0, 1, 0, 2), "999 kB, 1 packets, 500 kB/s, 0 found"); // a pipe
    expect(progress_text(5000, 5000, 1, 1, 1),
           "5.0 kB of 5.0 kB, 1 packets, 5.0 kB/s, 1 found, looking into the last packets");
    expect(progress_text(0, 10000, 0, 0, 0), "0.0 kB of 10 kB, 0 packets, 0.0 kB/s, 0 found");
}

/** Nobody has to ask whether it is shown. */
static void test_none(void)
{
    progress_read(NULL, 1, 1);
    progress_found(NULL, 1);
    progress_again(NULL);
    progress_end(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/progress/text", test_text);
    g_test_add_func("/cli/progress/none", test_none);
    return g_test_run();
}
