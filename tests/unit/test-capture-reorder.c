// SPDX-License-Identifier: GPL-2.0-or-later
// Segments in order: the numbers are those of the packets as the capture has them.

#include "capture/reorder.h"
#include "packet-builder.h"

#include <inttypes.h>
#include <string.h>

typedef struct {
    Reorder *reorder;
    GString *order; ///< numbers of the packets passed on
    uint64_t number;
} Line;

static void take(const CapturePacket *packet, gpointer data)
{
    Line *line = data;
    g_string_append_printf(line->order, "%" PRIu64 " ", packet->number);
}

static void line_init(Line *line)
{
    *line = (Line){reorder_new(NULL, NULL), g_string_new(NULL), 0};
}

static void line_clear(Line *line)
{
    reorder_free(line->reorder);
    g_string_free(line->order, TRUE);
}

static void send_segment(Line *line, guint side, uint32_t seq, uint32_t ack, uint8_t flags, size_t len)
{
    static const char payload[2048];
    FrameBuilder frame;
    frame_segment(&frame, side == 1, 1000, 2000, seq, ack, flags, payload, len);
    CapturePacket packet = frame_packet(&frame, ++line->number);
    Layers layers;
    layers_read(&packet, &layers);
    reorder_packet(line->reorder, side, &layers, &packet, take, line);
}

static void expect(Line *line, const char *order)
{
    g_assert_cmpstr(line->order->str, ==, order);
}

static void begin(Line *line, uint32_t isn)
{
    line_init(line);
    send_segment(line, 0, isn, 0, TCP_SYN, 0);
    send_segment(line, 1, 5000, isn + 1, TCP_SYN | TCP_ACK, 0);
    send_segment(line, 0, isn + 1, 5001, TCP_ACK, 0);
    expect(line, "1 2 3 ");
    g_string_truncate(line->order, 0);
}

static void test_in_order(void)
{
    Line line;
    begin(&line, 100);
    send_segment(&line, 0, 101, 5001, TCP_ACK, 10);
    send_segment(&line, 1, 5001, 111, TCP_ACK, 10);
    send_segment(&line, 0, 111, 5011, TCP_ACK | TCP_FIN, 0);
    expect(&line, "4 5 6 ");
    line_clear(&line);
}

static void test_overtaken(void)
{
    Line line;
    begin(&line, 100);
    send_segment(&line, 0, 121, 5001, TCP_ACK, 10);
    send_segment(&line, 0, 111, 5001, TCP_ACK, 10);
    send_segment(&line, 1, 5001, 101, TCP_ACK, 0); // the other end does not have them either
    expect(&line, "6 ");
    send_segment(&line, 0, 101, 5001, TCP_ACK, 10);
    expect(&line, "6 7 5 4 ");
    g_assert_cmpuint(reorder_waiting(line.reorder), ==, 0);
    line_clear(&line);
}

static void test_sequence_numbers_wrap(void)
{
    Line line;
    begin(&line, UINT32_MAX - 15);
    send_segment(&line, 0, 4, 5001, TCP_ACK, 10);
    send_segment(&line, 0, UINT32_MAX - 14, 5001, TCP_ACK, 19);
    expect(&line, "5 4 ");
    line_clear(&line);
}

static void test_again(void)
{
    Line line;
    begin(&line, 100);
    send_segment(&line, 0, 101, 5001, TCP_ACK, 20);
    send_segment(&line, 0, 101, 5001, TCP_ACK, 20);
    send_segment(&line, 0, 111, 5001, TCP_ACK, 20); // a part of it, and more
    send_segment(&line, 0, 131, 5001, TCP_ACK, 5);
    expect(&line, "4 5 6 7 ");
    line_clear(&line);
}

static void test_lost(void)
{
    Line line;
    begin(&line, 100);
    send_segment(&line, 0, 111, 5001, TCP_ACK, 10);
    expect(&line, "");
    send_segment(&line, 1, 5001, 121, TCP_ACK, 10); // its answer: the packet before was not captured
    expect(&line, "4 5 ");
    send_segment(&line, 0, 121, 5011, TCP_ACK, 10);
    expect(&line, "4 5 6 ");
    line_clear(&line);
}

static void test_bound(void)
{
    Line line;
    begin(&line, 100);
    for (uint32_t i = 0; i < 200; i++)
        send_segment(&line, 0, 111 + 10 * i, 5001, TCP_ACK, 10);
    g_assert_nonnull(strstr(line.order->str, "4 5 6 7 "));
    g_assert_cmpuint(reorder_waiting(line.reorder), <, 300000);
    line_clear(&line);
    begin(&line, 100);
    for (uint32_t i = 0; i < 1000; i++) { // gap after gap
        send_segment(&line, 0, 111 + 4000 * i, 5001, TCP_ACK, 2000);
        g_assert_cmpuint(reorder_waiting(line.reorder), <, 300000);
    }
    reorder_flush(line.reorder, take, &line);
    g_auto(GStrv) numbers = g_strsplit(line.order->str, " ", -1);
    g_assert_cmpuint(g_strv_length(numbers), ==, 1001);
    line_clear(&line);
}

static void test_new_connection(void)
{
    Line line;
    begin(&line, 100);
    send_segment(&line, 0, 111, 5001, TCP_ACK, 10);
    send_segment(&line, 0, 900000, 0, TCP_SYN, 0);
    send_segment(&line, 1, 70, 900001, TCP_SYN | TCP_ACK, 0);
    send_segment(&line, 0, 900001, 71, TCP_ACK, 10);
    expect(&line, "4 5 6 7 ");
    line_clear(&line);
}

static void test_reset(void)
{
    Line line;
    begin(&line, 100);
    send_segment(&line, 0, 111, 5001, TCP_ACK, 10);
    send_segment(&line, 0, 121, 5001, TCP_RST | TCP_ACK, 0);
    expect(&line, "4 5 ");
    line_clear(&line);
}

static void test_joined_in_the_middle(void)
{
    Line line;
    line_init(&line);
    send_segment(&line, 0, 7000, 9000, TCP_ACK, 10);
    send_segment(&line, 1, 9000, 7010, TCP_ACK, 10);
    send_segment(&line, 0, 7020, 9010, TCP_ACK, 10);
    expect(&line, "1 2 ");
    send_segment(&line, 0, 7010, 9010, TCP_ACK, 10);
    expect(&line, "1 2 4 3 ");
    line_clear(&line);
}

static void test_far_ahead(void)
{
    Line line;
    begin(&line, 100);
    send_segment(&line, 0, 0x40000000, 5001, TCP_ACK, 10); // another connection on the same ports
    send_segment(&line, 0, 0x4000000a, 5001, TCP_ACK, 10);
    expect(&line, "4 5 ");
    line_clear(&line);
}

/** What waits goes on at the second tick, unless what was missing came between. */
static void test_tick(void)
{
    Line line;
    begin(&line, 100);
    send_segment(&line, 0, 111, 5001, TCP_ACK, 10);
    reorder_tick(line.reorder, take, &line);
    expect(&line, "");
    reorder_tick(line.reorder, take, &line);
    expect(&line, "4 ");
    send_segment(&line, 0, 131, 5001, TCP_ACK, 10);
    reorder_tick(line.reorder, take, &line);
    send_segment(&line, 0, 121, 5001, TCP_ACK, 10);
    send_segment(&line, 0, 151, 5001, TCP_ACK, 10);
    reorder_tick(line.reorder, take, &line);
    expect(&line, "4 6 5 ");
    line_clear(&line);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/reorder/in-order", test_in_order);
    g_test_add_func("/scan/reorder/overtaken", test_overtaken);
    g_test_add_func("/scan/reorder/sequence-numbers-wrap", test_sequence_numbers_wrap);
    g_test_add_func("/scan/reorder/again", test_again);
    g_test_add_func("/scan/reorder/lost", test_lost);
    g_test_add_func("/scan/reorder/tick", test_tick);
    g_test_add_func("/scan/reorder/bound", test_bound);
    g_test_add_func("/scan/reorder/new-connection", test_new_connection);
    g_test_add_func("/scan/reorder/reset", test_reset);
    g_test_add_func("/scan/reorder/joined-in-the-middle", test_joined_in_the_middle);
    g_test_add_func("/scan/reorder/far-ahead", test_far_ahead);
    return g_test_run();
}
