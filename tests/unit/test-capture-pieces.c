// SPDX-License-Identifier: GPL-2.0-or-later
// A capture read piece by piece gives the packets that it gives in one.

#include "capture/pieces.h"

#include <glib/gstdio.h>
#include <string.h>

#define PACKETS 4000u
#define LENGTH 1000u ///< of each: several pieces

static void put(GByteArray *bytes, uint32_t value)
{
    g_byte_array_append(bytes, (const guint8 *) &value, sizeof(value)); // a pcap has the byte order of who wrote it
}

/** A file of the packets, but for the last `cut` bytes. */
static char *write_capture(gsize cut)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const uint32_t header[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1};
    for (size_t i = 0; i < G_N_ELEMENTS(header); i++)
        put(bytes, header[i]);
    guint8 data[LENGTH] = {0};
    for (uint32_t i = 0; i < PACKETS; i++) {
        put(bytes, 1600000000 + i);
        put(bytes, i);
        put(bytes, LENGTH);
        put(bytes, LENGTH);
        memcpy(data + 100, &i, sizeof(i));
        g_byte_array_append(bytes, data, LENGTH);
    }
    char *path = NULL;
    int fd = g_file_open_tmp("pieces-XXXXXX", &path, NULL);
    g_assert_cmpint(fd, >=, 0);
    g_assert_true(g_close(fd, NULL));
    g_assert_true(g_file_set_contents(path, (const char *) bytes->data, (gssize) (bytes->len - cut), NULL));
    return path;
}

static void check_facts(CaptureFacts facts, uint64_t packets)
{
    g_assert_cmpuint(facts.packets, ==, packets);
    g_assert_cmpint(facts.last.secs, ==, 1600000000 + (int64_t) packets - 1);
    capture_facts_clear(&facts);
}

static void test_pieces(gconstpointer data)
{
    gsize cut = GPOINTER_TO_SIZE(data);
    g_autofree char *path = write_capture(cut);
    CapturePieces *pieces = capture_pieces_new(path);
    CapturePacket packet = {.file = 7};
    g_autoptr(GError) error = NULL;
    uint32_t count = 0, stamp;
    for (; capture_pieces_next(pieces, &packet, &error); count++) {
        memcpy(&stamp, packet.data + 100, sizeof(stamp));
        g_assert_cmpuint(stamp, ==, count);
        g_assert_cmpuint(packet.number, ==, count + 1);
        g_assert_cmpuint(packet.file, ==, 7);
    }
    g_assert_cmpuint(count, ==, cut ? PACKETS - 1 : PACKETS);
    g_assert_true(!cut == !error);
    g_assert_false(capture_pieces_next(pieces, &packet, NULL));
    check_facts(capture_pieces_take_facts(pieces), count);
    capture_pieces_free(pieces);
    (void) g_unlink(path);
}

static void test_absent(void)
{
    CapturePieces *pieces = capture_pieces_new("/nonexistent");
    CapturePacket packet = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(capture_pieces_next(pieces, &packet, &error));
    g_assert_error(error, CAPTURE_READER_ERROR, CAPTURE_READER_ERROR_OPEN);
    capture_pieces_free(pieces);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/pieces/whole", GSIZE_TO_POINTER(0), test_pieces);
    g_test_add_data_func("/pieces/cut", GSIZE_TO_POINTER(10), test_pieces);
    g_test_add_func("/pieces/absent", test_absent);
    return g_test_run();
}
