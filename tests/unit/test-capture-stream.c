// SPDX-License-Identifier: GPL-2.0-or-later
// Captures that grow: each packet is there with its last byte, and what is no capture is told.
#include "capture/stream.h"

#include <string.h>

/** Bytes of a capture, in either byte order. */
typedef struct {
    GByteArray *bytes;
    bool big;
} Builder;

static void put_u16(Builder *b, guint value)
{
    uint16_t number = b->big ? GUINT16_TO_BE((uint16_t) value) : GUINT16_TO_LE((uint16_t) value);
    g_byte_array_append(b->bytes, (const uint8_t *) &number, sizeof(number));
}

static void put_u32(Builder *b, uint32_t value)
{
    uint32_t number = b->big ? GUINT32_TO_BE(value) : GUINT32_TO_LE(value);
    g_byte_array_append(b->bytes, (const uint8_t *) &number, sizeof(number));
}

static void put_all(Builder *b, const uint32_t *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        put_u32(b, words[i]);
}

#define PUT(b, ...) put_all(b, (const uint32_t[]){__VA_ARGS__}, G_N_ELEMENTS(((const uint32_t[]){__VA_ARGS__})))

static void put_pcap(Builder *b, uint32_t magic)
{
    put_u32(b, magic);
    put_u16(b, 2);
    put_u16(b, 4);
    PUT(b, 0, 0, 65535, 1);
    PUT(b, 7, 123456, 4, 60);
    g_byte_array_append(b->bytes, (const uint8_t *) "abcd", 4);
}

static void put_section(Builder *b)
{
    PUT(b, 0x0a0d0d0a, 28, 0x1a2b3c4d);
    put_u16(b, 1);
    put_u16(b, 0);
    PUT(b, UINT32_MAX, UINT32_MAX, 28);
}

static void put_interface(Builder *b, guint link_type, uint8_t resolution)
{
    PUT(b, 1, 32);
    put_u16(b, link_type);
    put_u16(b, 0);
    PUT(b, 0);
    put_u16(b, 9);
    put_u16(b, 1);
    g_byte_array_append(b->bytes, (const uint8_t[4]){resolution}, 4);
    PUT(b, 0, 32);
}

static void put_packet(Builder *b, uint32_t interface, uint64_t units)
{
    PUT(b, 6, 36, interface, (uint32_t) (units >> 32), (uint32_t) units, 4, 60);
    g_byte_array_append(b->bytes, (const uint8_t *) "abcd", 4);
    PUT(b, 36);
}

static void put_drops(Builder *b, uint32_t interface, uint32_t drops)
{
    PUT(b, 5, 40, interface, 0, 0);
    put_u16(b, 5);
    put_u16(b, 8);
    PUT(b, b->big ? 0 : drops, b->big ? drops : 0, 0, 40);
}

static void check_packet(const CapturePacket *packet)
{
    g_assert_cmpuint(packet->len, ==, 4);
    g_assert_cmpuint(packet->wire_len, ==, 60);
    g_assert_cmpint(memcmp(packet->data, "abcd", 4), ==, 0);
    g_assert_cmpint(packet->secs, ==, 7);
}

/** Byte by byte: how many packets there are, and that each comes with its last byte, `ends` (as many as there are). */
static void feed(const Builder *b, const size_t *ends, guint n, CapturePacket *last)
{
    g_autoptr(CaptureStream) stream = capture_stream_new(true);
    g_autoptr(GError) error = NULL;
    guint found = 0;
    for (size_t i = 0; i < b->bytes->len; i++) {
        capture_stream_add(stream, b->bytes->data + i, 1);
        if (capture_stream_next(stream, last, &error)) {
            g_assert_cmpuint(found, <, n);
            g_assert_cmpuint(i + 1, ==, ends[found++]);
            g_assert_cmpuint(last->number, ==, found);
            check_packet(last);
        }
        g_assert_no_error(error);
    }
    g_assert_cmpuint(found, ==, n);
    g_assert_cmpuint(capture_stream_packets(stream), ==, n);
    g_assert_true(capture_stream_end(stream, &error));
    last->data = NULL;
}

static void test_pcap(void)
{
    static const struct {
        uint32_t magic;
        bool big;
        int digits;
        uint32_t nsecs;
    } cases[] = {{0xa1b2c3d4, false, 6, 123456000}, {0xa1b2c3d4, true, 6, 123456000}, {0xa1b23c4d, false, 9, 123456}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        Builder b = {bytes, cases[i].big};
        put_pcap(&b, cases[i].magic);
        CapturePacket packet;
        feed(&b, (const size_t[]){44}, 1, &packet);
        g_assert_cmpint(packet.link, ==, LINK_ETHERNET);
        g_assert_cmpint(packet.link_type, ==, 1);
        g_assert_cmpint(packet.digits, ==, cases[i].digits);
        g_assert_cmpuint(packet.nsecs, ==, cases[i].nsecs);
    }
}

static void test_pcapng(void)
{
    for (guint big = 0; big < 2; big++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        Builder b = {bytes, big};
        put_section(&b);
        put_interface(&b, 1, 6);
        put_interface(&b, 101, 9);
        size_t head = bytes->len;
        put_packet(&b, 0, G_GUINT64_CONSTANT(7000001));
        put_packet(&b, 1, G_GUINT64_CONSTANT(7000000001));
        CapturePacket packet;
        feed(&b, (const size_t[]){head + 36, head + 72}, 2, &packet);
        g_assert_cmpuint(packet.file, ==, 1);
        g_assert_cmpint(packet.link, ==, LINK_IP);
        g_assert_cmpuint(packet.nsecs, ==, 1);
        g_assert_cmpint(packet.digits, ==, 9);
    }
}

static void test_resolutions(void)
{
    static const struct {
        uint8_t resolution;
        uint64_t units;
        uint32_t nsecs;
    } cases[] = {
        {0, 7, 0},
        {3, 7250, 250000000},
        {12, G_GUINT64_CONSTANT(7250000000000), 250000000},
        {0x80 | 2, 29, 250000000},
        {0x80 | 40, (G_GUINT64_CONSTANT(7) << 40) + (G_GUINT64_CONSTANT(1) << 38), 250000000},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        Builder b = {bytes, false};
        put_section(&b);
        put_interface(&b, 1, cases[i].resolution);
        put_packet(&b, 0, cases[i].units);
        CapturePacket packet;
        feed(&b, (const size_t[]){bytes->len}, 1, &packet);
        g_assert_cmpuint(packet.nsecs, ==, cases[i].nsecs);
    }
}

static void test_drops(void)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Builder b = {bytes, true};
    for (guint section = 0; section < 2; section++) {
        put_section(&b);
        put_interface(&b, 1, 6);
        put_interface(&b, 1, 6);
        put_drops(&b, 0, 3); // the numbers of an interface count from its start
        put_drops(&b, 0, 5);
        put_drops(&b, 1, 10);
    }
    g_autoptr(CaptureStream) stream = capture_stream_new(false);
    g_autoptr(GError) error = NULL;
    CapturePacket packet;
    capture_stream_add(stream, bytes->data, bytes->len);
    g_assert_false(capture_stream_next(stream, &packet, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(capture_stream_dropped(stream), ==, 30);
}

static void expect_error(const Builder *b, int code)
{
    g_autoptr(CaptureStream) stream = capture_stream_new(false);
    g_autoptr(GError) error = NULL;
    CapturePacket packet;
    capture_stream_add(stream, b->bytes->data, b->bytes->len);
    while (capture_stream_next(stream, &packet, &error))
        ;
    if (!error)
        g_assert_false(capture_stream_end(stream, &error));
    g_assert_error(error, CAPTURE_STREAM_ERROR, code);
    capture_stream_add(stream, (const uint8_t *) "x", 1);
    g_assert_false(capture_stream_next(stream, &packet, NULL));
}

static void test_damaged(void)
{
    for (guint i = 0; i < 6; i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        Builder b = {bytes, false};
        put_section(&b);
        put_interface(&b, 1, 6);
        size_t packet = bytes->len;
        put_packet(&b, i == 0 ? 1 : 0, 7000000);
        uint32_t *words = (uint32_t *) (void *) (bytes->data + packet);
        if (i == 1)
            words[1] = 0; // length of the block
        else if (i == 2)
            words[8] = 32; // the same behind it
        else if (i == 3)
            words[5] = 5; // of the packet, longer than the block
        else if (i == 4)
            words[1] = 0x40000000;
        else if (i == 5)
            g_byte_array_set_size(bytes, bytes->len - 1);
        expect_error(&b, CAPTURE_STREAM_ERROR_DAMAGED);
    }
}

static void test_no_capture(void)
{
    static const char *const texts[] = {"", "ab", "This is no capture."};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GByteArray) bytes = g_byte_array_new();
        g_byte_array_append(bytes, (const uint8_t *) texts[i], (guint) strlen(texts[i]));
        expect_error(&(Builder){bytes, false}, CAPTURE_STREAM_ERROR_FORMAT);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/cli/capture-stream/pcap", test_pcap);
    g_test_add_func("/cli/capture-stream/pcapng", test_pcapng);
    g_test_add_func("/cli/capture-stream/resolutions", test_resolutions);
    g_test_add_func("/cli/capture-stream/drops", test_drops);
    g_test_add_func("/cli/capture-stream/damaged", test_damaged);
    g_test_add_func("/cli/capture-stream/no-capture", test_no_capture);
    return g_test_run();
}
