// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/texts.h"

#include <string.h>

#define COLLIDING 32768

static void test_kept_once(void)
{
    g_autoptr(Texts) texts = texts_new();
    char text[] = "root\\cimv2";
    const char *kept = texts_keep(texts, text);
    g_assert_true(kept != text && texts_keep(texts, "root\\cimv2") == kept);
    text[0] = 'x';
    g_assert_cmpstr(kept, ==, "root\\cimv2");
    g_assert_cmpstr(texts_keep(texts, text), ==, "xoot\\cimv2");
    g_assert_null(texts_keep(texts, NULL));
}

static void test_slices(void)
{
    g_autoptr(Texts) texts = texts_new();
    g_assert_cmpstr(texts_keep_slice(texts, (Slice){"abc", 2}), ==, "ab");
    g_assert_true(texts_keep_slice(texts, (Slice){"abc", 2}) == texts_keep(texts, "ab"));
    g_assert_cmpstr(texts_keep_slice(texts, (Slice){"a\xff", 2}), ==, "a\xef\xbf\xbd");
    g_assert_cmpstr(texts_keep_slice(texts, (Slice){"a\0b", 3}), ==,
                    "a\xef\xbf\xbd"
                    "b");
    g_assert_cmpstr(texts_keep_slice(texts, slice("")), ==, "");
    g_assert_null(texts_keep_slice(texts, SLICE_NONE));
}

/** So many that all collide in g_str_hash() take Texts seven seconds. */
static void test_colliding(void)
{
    g_autoptr(Texts) texts = texts_new();
    int64_t start = g_get_monotonic_time();
    for (guint i = 0; i < COLLIDING; i++) {
        char text[31] = {0};
        for (guint k = 0; k < 15; k++)
            memcpy(text + 2 * k, i >> k & 1 ? "aB" : "b!", 2);
        g_assert_cmpuint(g_str_hash(text), ==, g_str_hash("b!b!b!b!b!b!b!b!b!b!b!b!b!b!b!"));
        (void) texts_keep(texts, text);
    }
    g_assert_cmpint(g_get_monotonic_time() - start, <, 2 * G_TIME_SPAN_SECOND);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/texts/once", test_kept_once);
    g_test_add_func("/base/texts/slices", test_slices);
    g_test_add_func("/base/texts/colliding", test_colliding);
    return g_test_run();
}
