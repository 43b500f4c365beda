// SPDX-License-Identifier: GPL-2.0-or-later
// pcapng as it is written: blocks whose lengths agree, and what is in them.
#include "capture/pcapng.h"

#include <stdlib.h>
#include <string.h>

static uint32_t word(const char *data, size_t at)
{
    uint32_t value;
    memcpy(&value, data + at, sizeof(value));
    return GUINT32_FROM_LE(value);
}

/** A file with one packet; checks that its blocks follow each other, and returns where the last one begins. */
static size_t write_file(char **data, size_t *size, const CapturePacket *packet, const GPtrArray *comments)
{
    GByteArray *bytes = g_byte_array_new();
    pcapng_add_section(bytes, comments);
    pcapng_add_interface(bytes, packet, "eth0");
    pcapng_add_packet(bytes, 0, packet, comments);
    *size = bytes->len;
    *data = (char *) g_byte_array_free(bytes, FALSE);
    size_t at = 0, last = 0;
    while (at < *size) {
        uint32_t len = word(*data, at + 4);
        g_assert_cmpuint(len % 4, ==, 0);
        g_assert_cmpuint(at + len, <=, *size);
        g_assert_cmpuint(word(*data, at + len - 4), ==, len);
        last = at;
        at += len;
    }
    g_assert_cmpuint(at, ==, *size);
    return last;
}

static void test_packet(void)
{
    const CapturePacket packet = {.data = (const uint8_t *) "abcde",
                                  .len = 5,
                                  .wire_len = 60,
                                  .link_type = 1,
                                  .digits = 9,
                                  .secs = 5,
                                  .nsecs = 7};
    g_autofree char *data = NULL;
    size_t size = 0, at = write_file(&data, &size, &packet, NULL);
    g_assert_cmpuint(word(data, at), ==, 6);
    g_assert_cmpuint(word(data, at + 12), ==, 1); // 5000000007
    g_assert_cmpuint(word(data, at + 16), ==, 5000000007 - (INT64_C(1) << 32));
    g_assert_cmpuint(word(data, at + 20), ==, 5);
    g_assert_cmpuint(word(data, at + 24), ==, 60);
    g_assert_cmpint(memcmp(data + at + 28, "abcde\0\0\0", 8), ==, 0);
    g_assert_cmpuint(word(data, at + 4), ==, 40);
}

static void test_precision(void)
{
    static const struct {
        int digits;
        uint32_t units;
    } cases[] = {{0, 5}, {3, 5123}, {6, 5123456}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const CapturePacket packet = {
            .data = (const uint8_t *) "", .digits = cases[i].digits, .secs = 5, .nsecs = 123456000};
        g_autofree char *data = NULL;
        size_t size = 0, at = write_file(&data, &size, &packet, NULL);
        g_assert_cmpuint(word(data, at + 16), ==, cases[i].units);
    }
}

/** One that an option cannot hold ends at a whole character. */
static void test_long_comment(void)
{
    GString *text = g_string_new("a");
    for (guint i = 0; i < 40000; i++)
        g_string_append(text, "é");
    g_autoptr(GPtrArray) comments = g_ptr_array_new();
    g_ptr_array_add(comments, text->str);
    const CapturePacket packet = {.data = (const uint8_t *) "", .digits = 6};
    g_autofree char *data = NULL;
    size_t size = 0, at = write_file(&data, &size, &packet, comments);
    uint32_t option = word(data, at + 28);
    g_assert_cmpuint(option & 0xffff, ==, 1);
    g_assert_cmpuint(option >> 16, ==, 65535);
    g_assert_true(g_utf8_validate(data + at + 32, option >> 16, NULL));
    (void) g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/pcapng/packet", test_packet);
    g_test_add_func("/cli/pcapng/precision", test_precision);
    g_test_add_func("/cli/pcapng/long-comment", test_long_comment);
    return g_test_run();
}
