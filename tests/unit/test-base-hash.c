// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/hash.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

static const char sample[] = "the same in every run";

/** One bit of difference anywhere changes about half of the bits of the hash. */
static void test_every_bit_counts(void)
{
    uint8_t bytes[48] = {0};
    uint64_t before = hash_bytes(bytes, sizeof(bytes));
    for (size_t i = 0; i < 8 * sizeof(bytes); i++) {
        bytes[i / 8] ^= (uint8_t) (1u << i % 8);
        int changed = __builtin_popcountll(hash_bytes(bytes, sizeof(bytes)) ^ before);
        g_assert_cmpint(changed, >, 8);
        g_assert_cmpint(changed, <, 56);
        bytes[i / 8] ^= (uint8_t) (1u << i % 8);
    }
    g_assert_cmpuint(hash_bytes(bytes, sizeof(bytes)), ==, before);
}

static void test_length_counts(void)
{
    static const uint8_t zeros[32] = {0};
    g_autoptr(GHashTable) hashes = g_hash_table_new(NULL, NULL);
    for (size_t len = 0; len <= sizeof(zeros); len++)
        (void) g_hash_table_add(hashes, GUINT_TO_POINTER((guint) hash_bytes(zeros, len)));
    g_assert_cmpuint(g_hash_table_size(hashes), ==, sizeof(zeros) + 1);
}

/** "aB" and "b!" collide in g_str_hash(), and so do all words made of them. */
static void test_texts(void)
{
    g_assert_cmpuint(g_str_hash("aBaB"), ==, g_str_hash("b!b!"));
    g_assert_cmpuint(hash_text("aBaB"), !=, hash_text("b!b!"));
    g_autofree char *copy = g_strdup(sample);
    g_assert_cmpuint(hash_text(copy), ==, hash_text(sample));
}

/** Numbers that differ by a multiple of a table's size share a bucket where nothing mixes them. */
static void test_numbers(void)
{
    g_autoptr(GHashTable) low_bits = g_hash_table_new(NULL, NULL);
    for (size_t i = 0; i < 4096; i++)
        (void) g_hash_table_add(low_bits, GUINT_TO_POINTER(hash_number(GSIZE_TO_POINTER(i << 16)) & 0xfff));
    g_assert_cmpuint(g_hash_table_size(low_bits), >, 2000);
}

static void test_runs_differ(void)
{
    if (g_test_subprocess()) {
        (void) printf("%" G_GUINT64_FORMAT "\n", hash_bytes(sample, sizeof(sample)));
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_autofree char *own = g_strdup_printf("*%" G_GUINT64_FORMAT "*", hash_bytes(sample, sizeof(sample)));
    g_test_trap_assert_stdout_unmatched(own);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/hash/bits", test_every_bit_counts);
    g_test_add_func("/base/hash/length", test_length_counts);
    g_test_add_func("/base/hash/texts", test_texts);
    g_test_add_func("/base/hash/numbers", test_numbers);
    g_test_add_func("/base/hash/runs", test_runs_differ);
    return g_test_run();
}
