// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/digest.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_files(void)
{
    g_autofree char *folder = g_dir_make_tmp("digest-XXXXXX", NULL);
    g_autofree char *text = g_build_filename(folder, "text", NULL), *empty = g_build_filename(folder, "empty", NULL);
    g_autofree char *absent = g_build_filename(folder, "absent", NULL), *pipe = g_build_filename(folder, "pipe", NULL);
    g_assert_true(g_file_set_contents(text, "abc", 3, NULL));
    g_assert_true(g_file_set_contents(empty, "", 0, NULL));
    g_assert_cmpint(mkfifo(pipe, 0600), ==, 0);
    g_autoptr(Digests) digests = digests_new();
    const char *const paths[] = {text, empty, absent, pipe, text};
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++)
        digests_add(digests, paths[i]);
    const Digest *found = digests_find(digests, text);
    g_assert_nonnull(found);
    g_assert_cmpstr(found->sha256, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    g_assert_cmpint(found->identity.size, ==, 3);
    found = digests_find(digests, empty);
    g_assert_nonnull(found);
    g_assert_cmpstr(found->sha256, ==, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    g_assert_null(digests_find(digests, absent));
    g_assert_null(digests_find(digests, pipe));
    g_assert_null(digests_find(digests, "never added"));
    (void) g_unlink(text);
    (void) g_unlink(empty);
    (void) g_unlink(pipe);
    (void) g_rmdir(folder);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/digest/files", test_files);
    return g_test_run();
}
