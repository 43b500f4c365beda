// SPDX-License-Identifier: GPL-2.0-or-later
// Keys: the NT hash, keytabs read and written, password files, and the way to tshark.

#include "tshark/keys.h"
#include "tshark/nt-hash.h"
#include "tshark/tshark.h"

#include <glib/gstdio.h>
#include <string.h>

static char *to_hex(const uint8_t *bytes, size_t len)
{
    GString *hex = g_string_new(NULL);
    for (size_t i = 0; i < len; i++)
        g_string_append_printf(hex, "%02x", bytes[i]);
    return g_string_free(hex, FALSE);
}

/** RFC 1320, A.5; and around the ends of blocks, from another implementation. */
static void test_md4(void)
{
    static const struct {
        const char *text;
        size_t times;
        const char *digest;
    } vectors[] = {
        {"", 0, "31d6cfe0d16ae931b73c59d7e0c089c0"},
        {"a", 1, "bde52cb31de33e46245e05fbdbd6fb24"},
        {"abc", 1, "a448017aaf21d8525fc10ae87aa6729d"},
        {"abcdefghijklmnopqrstuvwxyz", 1, "d79e1c308aa5bbcdeea8ed63df412da9"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 1, "043f8582f241db351ce627e153e7f0e4"},
        {"1234567890", 8, "e33b4ddc9c38f2199c3e7b164fcc0536"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        g_autoptr(GString) text = g_string_new(NULL);
        for (size_t j = 0; j < vectors[i].times; j++)
            g_string_append(text, vectors[i].text);
        uint8_t digest[NT_HASH_SIZE];
        md4((const uint8_t *) text->str, text->len, digest);
        g_autofree char *hex = to_hex(digest, sizeof(digest));
        g_assert_cmpstr(hex, ==, vectors[i].digest);
    }
}

static void test_nt_hash(void)
{
    static const struct {
        const char *password, *hash;
    } vectors[] = {
        {"password", "8846f7eaee8fb117ad06bdd830b7586c"},
        {"Password", "a4f49c406510bdcab6824ee7c30fd852"}, // MS-NLMP 4.2.2.1.2
        {"SecREt01", "cd06ca7c7e10c99b1d33b7485a2ed808"},
        {" \"#' ", "b52cb26c5f78a1d73f46483c7e741fe0"},
        {"pässwörd €😀", "cd0bb7b4fb385141c17c80ea77113e98"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        uint8_t hash[NT_HASH_SIZE];
        nt_hash(vectors[i].password, hash);
        g_autofree char *hex = to_hex(hash, sizeof(hash));
        g_assert_cmpstr(hex, ==, vectors[i].hash);
    }
}

static void test_keytab_of_password(void)
{
    g_autoptr(GByteArray) keytab = keys_new_keytab();
    keys_add_password(keytab, "password");
    g_autofree char *hex = to_hex(keytab->data, keytab->len);
    g_assert_cmpstr(hex, ==,
                    "0502"
                    "0000002c" // 44 bytes
                    "0001"     // one component
                    "00012d"
                    "000870617373776f7264"
                    "00000001000000000100170010"
                    "8846f7eaee8fb117ad06bdd830b7586c");
    g_autoptr(GByteArray) read = keys_read_keytab(keytab->data, keytab->len);
    g_autofree char *read_hex = to_hex(read->data, read->len);
    g_assert_cmpstr(read_hex, ==, hex);
}

#define READ(bytes) keys_read_keytab((const uint8_t *) (bytes), sizeof(bytes) - 1)

static void test_keytab(void)
{
    static const struct {
        const char *bytes;
        size_t len;
    } same[] = {
#define VECTOR(bytes) {bytes, sizeof(bytes) - 1}
        VECTOR("\5\2\0\0\0\1a\0\0\0\2bc"),
        VECTOR("\5\2\0\0\0\1a\xff\xff\xff\xfdxxx\0\0\0\2bc"), // deleted
        VECTOR("\5\2\0\0\0\1a\0\0\0\2bc\0\0\0\0\0\0\0\1z"),   // the end
        VECTOR("\5\2\0\0\0\1a\0\0\0\2bc\0\0\0\2z"),           // cut short
        VECTOR("\5\2\0\0\0\1a\0\0\0\2bc\0\0"),
        VECTOR("\5\2\0\0\0\1a\0\0\0\2bc\x7f\xff\xff\xff"),
        VECTOR("\5\2\0\0\0\1a\0\0\0\2bc\x80\0\0\0zzzz"),
#undef VECTOR
    };
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++) {
        g_autofree uint8_t *exact = g_memdup2(same[i].bytes, same[i].len); // so that a sanitizer sees its end
        g_autoptr(GByteArray) keytab = keys_read_keytab(exact, same[i].len);
        g_assert_nonnull(keytab);
        g_autofree char *hex = to_hex(keytab->data, keytab->len);
        g_assert_cmpstr(hex, ==,
                        "0502"
                        "0000000161"
                        "000000026263");
    }
    g_assert_null(READ(""));
    g_assert_null(READ("\5"));
    g_assert_null(READ("\5\2"));
    g_assert_null(READ("\5\1\0\0\0\1a"));
    g_assert_null(READ("\5\2\0\0\0\2a"));
    g_assert_null(READ("\5\2\xff\xff\xff\xff"
                       "a"));
    g_assert_null(READ("secret\n"));
}

static void expect_password(const char *text, const char *expected, bool expect_more)
{
    bool more = false;
    g_autofree char *password = keys_read_password(text, strlen(text), &more);
    g_assert_cmpstr(password, ==, expected);
    g_assert_cmpint(more, ==, expect_more);
}

static void test_password(void)
{
    expect_password("secret", "secret", false);
    expect_password("secret\n", "secret", false);
    expect_password("secret\r\n", "secret", false);
    expect_password("secret\n\n", "secret", true);
    expect_password("secret\nother", "secret", true);
    expect_password(" #\"',:\\ \n", " #\"',:\\ ", false);
    expect_password("привет\n", "привет", false);
    expect_password("", NULL, false);
    expect_password("\n", NULL, false);
    expect_password("\nother\n", NULL, true);
    expect_password("\xe4\n", NULL, false);
    bool more = false;
    g_assert_null(keys_read_password("a\0b", 3, &more));
}

/** Writes `content` to a new file that only its owner may read. */
static char *write_file(const char *content)
{
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("car-wmi-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    (void) g_close(fd, NULL);
    g_assert_true(g_file_set_contents_full(path, content, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    return g_steal_pointer(&path);
}

static void take_line(const char *line, size_t len, gpointer data)
{
    g_string_append_len(data, line, (gssize) len);
}

/** What a child reads that is handed the keys, each time it opens them. */
static void test_child(void)
{
    g_autofree char *path = write_file("password\n");
    g_auto(Keys) keys = KEYS_NONE;
    g_assert_true(keys_open(&keys, NULL, path, NULL));
    (void) g_unlink(path);
    const char *const argv[] = {"/bin/sh", "-c", "tail -c 16 $0; tail -c 16 $0", TSHARK_FILE, NULL};
    for (int run = 0; run < 2; run++) {
        g_autoptr(GString) output = g_string_new(NULL);
        g_auto(TsharkEnd) end = {0};
        const TsharkJob job = {.argv = argv, .input = -1, .file = keys.fd, .on_line = take_line, .data = output};
        g_assert_true(tshark_run(&job, &end, NULL));
        g_assert_cmpint(end.status, ==, 0);
        g_assert_cmpuint(output->len, ==, 32);
        g_autofree char *hex = to_hex((const uint8_t *) output->str, 16);
        g_assert_cmpstr(hex, ==, "8846f7eaee8fb117ad06bdd830b7586c");
    }
}

static void expect_fault(const char *keytab, const char *password_file, const char *fault)
{
    g_auto(Keys) keys = KEYS_NONE;
    g_autoptr(GError) error = NULL;
    g_assert_false(keys_open(&keys, keytab, password_file, &error));
    g_assert_nonnull(strstr(error->message, fault));
    g_assert_null(strstr(error->message, "hunter2"));
    g_assert_cmpint(keys.fd, ==, -1);
}

static void test_faults(void)
{
    g_autofree char *text = write_file("\5\1hunter2\n");
    g_autofree char *empty = write_file("");
    g_autofree char *long_text = g_strnfill(1 << 17, 'x');
    g_autofree char *large = write_file(long_text);
    expect_fault(text, NULL, "no keytab");
    expect_fault(empty, NULL, "no keytab");
    expect_fault(text, text, "--keytab");
    expect_fault("-", NULL, "standard input");
    expect_fault(NULL, "-", "standard input");
    expect_fault(NULL, empty, "empty");
    expect_fault(NULL, large, "too large");
    expect_fault(NULL, "/nonexistent/file", "No such file");
    expect_fault(NULL, g_get_tmp_dir(), "directory");
    const char *const files[] = {text, empty, large};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++)
        (void) g_unlink(files[i]);
}

static void test_none(void)
{
    g_auto(Keys) keys = KEYS_NONE;
    g_assert_true(keys_open(&keys, NULL, NULL, NULL));
    g_assert_cmpint(keys.fd, ==, -1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/keys/md4", test_md4);
    g_test_add_func("/cli/keys/nt-hash", test_nt_hash);
    g_test_add_func("/cli/keys/keytab-of-password", test_keytab_of_password);
    g_test_add_func("/cli/keys/keytab", test_keytab);
    g_test_add_func("/cli/keys/password", test_password);
    g_test_add_func("/cli/keys/child", test_child);
    g_test_add_func("/cli/keys/faults", test_faults);
    g_test_add_func("/cli/keys/none", test_none);
    return g_test_run();
}
