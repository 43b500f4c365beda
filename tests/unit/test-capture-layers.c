// SPDX-License-Identifier: GPL-2.0-or-later
// From a packet's bytes to its flow.

#include "packet-builder.h"

#include <string.h>

#define SEQ 0x01020304

/** A TCP packet without what is below IP. */
static void make_tcp(FrameBuilder *frame)
{
    frame_init(frame, "payload", 7);
    frame_tcp(frame, 1000, 135, SEQ, 5, TCP_ACK);
}

static LayersKind read_frame(const FrameBuilder *frame, LinkKind link, Layers *layers)
{
    CapturePacket packet = frame_packet(frame, 1);
    packet.link = link;
    layers_read(&packet, layers);
    return layers->kind;
}

static void expect_tcp(const FrameBuilder *frame, LinkKind link)
{
    Layers layers;
    g_assert_cmpint(read_frame(frame, link, &layers), ==, LAYERS_TCP);
    g_assert_false(layers.broken);
    g_assert_cmpuint(layers.port[0], ==, 1000);
    g_assert_cmpuint(layers.port[1], ==, 135);
    g_assert_cmpuint(layers.ip[0].bytes[15], ==, 1);
    g_assert_cmpuint(layers.ip[1].bytes[15], ==, 2);
    g_assert_cmpuint(layers.seq, ==, SEQ);
    g_assert_cmpuint(layers.payload_wire, ==, 7);
    g_assert_cmpuint(layers.payload_len, ==, 7);
    g_assert_true(memcmp(layers.payload, "payload", 7) == 0);
}

static void test_ethernet(void)
{
    FrameBuilder frame;
    make_tcp(&frame);
    frame_ipv4(&frame, 6, 1, 2);
    FrameBuilder vlan = frame, ip = frame;
    frame_ethernet(&frame, 0x0800);
    expect_tcp(&frame, LINK_ETHERNET);
    frame_prepend(&vlan, "\x00\x07\x08\x00", 4);
    frame_prepend(&vlan, "\x00\x08\x81\x00", 4);
    frame_ethernet(&vlan, 0x88a8);
    expect_tcp(&vlan, LINK_ETHERNET);
    expect_tcp(&ip, LINK_IP);
    FrameBuilder snap = ip;
    frame_prepend(&snap, "\xaa\xaa\x03\0\0\0\x08\0", 8);
    frame_ethernet(&snap, 55);
    expect_tcp(&snap, LINK_ETHERNET);
}

static void test_other_links(void)
{
    FrameBuilder ip;
    make_tcp(&ip);
    frame_ipv4(&ip, 6, 1, 2);
    static const struct {
        LinkKind link;
        const char *header;
        size_t len;
    } links[] = {
        {LINK_COOKED, "\0\0\0\1\0\6abcdefgh\x08\0", 16},
        {LINK_COOKED2, "\x08\0\0\0\0\0\0\1\0\1\0\6abcdefgh", 20},
        {LINK_NULL, "\2\0\0\0", 4},
        {LINK_PPP, "\xff\3\0\x21", 4},
        {LINK_PPP, "\0\x21", 2},
        {LINK_CHDLC, "\x0f\0\x08\0", 4},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++) {
        FrameBuilder frame = ip;
        frame_prepend(&frame, links[i].header, links[i].len);
        expect_tcp(&frame, links[i].link);
    }
    Layers layers;
    g_assert_cmpint(read_frame(&ip, LINK_OTHER, &layers), ==, LAYERS_UNKNOWN);
}

static void test_ipv6_extensions(void)
{
    FrameBuilder frame;
    make_tcp(&frame);
    frame_prepend(&frame, "\6\0\0\0\0\0\0\0", 8);                                    // a fragment that is whole
    frame_prepend(&frame, "\x2c\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);                 // destination
    frame_prepend(&frame, "\x3c\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 24); // authentication
    frame_prepend(&frame, "\x33\0\0\0\0\0\0\0", 8);                                  // hop by hop
    frame_ipv6(&frame, 0, 1, 2);
    frame_ethernet(&frame, 0x86dd);
    expect_tcp(&frame, LINK_ETHERNET);
}

static void test_endless_extensions(void)
{
    FrameBuilder frame;
    make_tcp(&frame);
    for (int i = 0; i < 100; i++)
        frame_prepend(&frame, i ? "\x3c\0\0\0\0\0\0\0" : "\6\0\0\0\0\0\0\0", 8);
    frame_ipv6(&frame, 60, 1, 2);
    frame_ethernet(&frame, 0x86dd);
    Layers layers;
    g_assert_cmpint(read_frame(&frame, LINK_ETHERNET, &layers), ==, LAYERS_UNKNOWN);
    make_tcp(&frame);
    frame_ipv4(&frame, 6, 1, 2);
    for (int i = 0; i < 100; i++)
        frame_prepend(&frame, i ? "\0\0\x81\0" : "\0\0\x08\0", 4);
    frame_ethernet(&frame, 0x8100);
    g_assert_cmpint(read_frame(&frame, LINK_ETHERNET, &layers), ==, LAYERS_UNKNOWN);
}

static void test_tunnels(void)
{
    FrameBuilder inner;
    make_tcp(&inner);
    frame_ipv4(&inner, 6, 1, 2);
    FrameBuilder bridged = inner;
    frame_ethernet(&bridged, 0x0800);

    FrameBuilder frame = inner;
    frame_prepend(&frame, "\0\x01\x01\x40", 4);
    frame_prepend(&frame, "\0\x02\x00\x40", 4);
    frame_ethernet(&frame, 0x8847); // MPLS
    expect_tcp(&frame, LINK_ETHERNET);

    frame = inner;
    frame_prepend(&frame, "\x20\0\x08\0\0\0\0\1", 8); // GRE with a key
    frame_ipv4(&frame, 47, 7, 8);
    frame_ethernet(&frame, 0x0800);
    expect_tcp(&frame, LINK_ETHERNET);

    frame = bridged;
    frame_prepend(&frame, "\x10\0\x88\xbe\0\0\0\1\x10\0\0\0\0\0\0\0", 16); // ERSPAN II
    frame_ipv4(&frame, 47, 7, 8);
    frame_ethernet(&frame, 0x0800);
    expect_tcp(&frame, LINK_ETHERNET);

    frame = bridged;
    frame_prepend(&frame, "\x08\0\0\0\0\0\7\0", 8);
    frame_udp(&frame, 5555, 4789); // VXLAN
    frame_ipv6(&frame, 17, 7, 8);
    frame_ethernet(&frame, 0x86dd);
    expect_tcp(&frame, LINK_ETHERNET);

    frame = bridged;
    frame_prepend(&frame, "\1\0\x65\x58\0\0\7\0opts", 12);
    frame_udp(&frame, 7777, 6081); // Geneve
    frame_ipv4(&frame, 17, 7, 8);
    frame_ethernet(&frame, 0x0800);
    expect_tcp(&frame, LINK_ETHERNET);

    frame = inner;
    frame_prepend(&frame, "\x34\xff\0\0\0\0\0\1\0\0\0\x85\1\0\0\0", 16); // GTP with one extension header
    frame_udp(&frame, 2152, 2152);
    frame_ipv4(&frame, 17, 7, 8);
    frame_ethernet(&frame, 0x0800);
    expect_tcp(&frame, LINK_ETHERNET);

    frame = inner;
    frame_ipv6(&frame, 4, 7, 8);
    frame_prepend(&frame, "\x11\0\0\1\0\x52\0\x57", 8); // PPPoE
    frame_ethernet(&frame, 0x8864);
    expect_tcp(&frame, LINK_ETHERNET);
}

static void test_fragments(void)
{
    FrameBuilder frame;
    make_tcp(&frame);
    frame_ipv4(&frame, 6, 1, 2);
    frame.bytes[frame.start + 6] = 0x20; // more fragments
    frame_ethernet(&frame, 0x0800);
    Layers layers;
    g_assert_cmpint(read_frame(&frame, LINK_ETHERNET, &layers), ==, LAYERS_FRAGMENT);
    g_assert_true(layers.has_ports);
    frame.bytes[frame.start + 14 + 7] = 1; // not the first
    g_assert_cmpint(read_frame(&frame, LINK_ETHERNET, &layers), ==, LAYERS_FRAGMENT);
    g_assert_false(layers.has_ports);
    frame.bytes[frame.start + 14 + 9] = 1; // of ICMP
    g_assert_cmpint(read_frame(&frame, LINK_ETHERNET, &layers), ==, LAYERS_DEAD);
    make_tcp(&frame);
    frame_prepend(&frame, "\6\0\0\1\0\0\0\0", 8);
    frame_ipv6(&frame, 44, 1, 2);
    frame_ethernet(&frame, 0x86dd);
    g_assert_cmpint(read_frame(&frame, LINK_ETHERNET, &layers), ==, LAYERS_FRAGMENT);
    g_assert_true(layers.has_ports);
}

static void test_quoted(void)
{
    FrameBuilder frame;
    make_tcp(&frame);
    frame_ipv4(&frame, 6, 1, 2);
    frame_prepend(&frame, "\3\1\0\0\0\0\0\0", 8);
    frame_ipv4(&frame, 1, 9, 1);
    frame_ethernet(&frame, 0x0800);
    Layers layers;
    g_assert_cmpint(read_frame(&frame, LINK_ETHERNET, &layers), ==, LAYERS_QUOTED);
    g_assert_cmpuint(layers.port[1], ==, 135);
    g_assert_cmpuint(layers.ip[0].bytes[15], ==, 1);
    frame.bytes[frame.start + 34] = 8; // an echo request
    g_assert_cmpint(read_frame(&frame, LINK_ETHERNET, &layers), ==, LAYERS_DEAD);
}

static void test_dead_and_unknown(void)
{
    static const struct {
        uint16_t type;
        LayersKind kind;
    } types[] = {{0x0806, LAYERS_DEAD}, {0x88cc, LAYERS_DEAD}, {0x1234, LAYERS_UNKNOWN}, {0x8903, LAYERS_UNKNOWN}};
    Layers layers;
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        FrameBuilder frame;
        frame_init(&frame, "some bytes that mean nothing", 28);
        frame_ethernet(&frame, types[i].type);
        g_assert_cmpint(read_frame(&frame, LINK_ETHERNET, &layers), ==, types[i].kind);
    }
    FrameBuilder frame;
    make_tcp(&frame);
    frame_ipv4(&frame, 115, 1, 2); // L2TP
    frame_ethernet(&frame, 0x0800);
    g_assert_cmpint(read_frame(&frame, LINK_ETHERNET, &layers), ==, LAYERS_UNKNOWN);
}

static void test_broken_and_cut(void)
{
    FrameBuilder frame;
    make_tcp(&frame);
    frame.bytes[frame.start + 12] = 0x20; // a header of 8 bytes
    frame_ipv4(&frame, 6, 1, 2);
    frame_ethernet(&frame, 0x0800);
    Layers layers;
    g_assert_cmpint(read_frame(&frame, LINK_ETHERNET, &layers), ==, LAYERS_TCP);
    g_assert_true(layers.broken);

    make_tcp(&frame);
    frame_ipv4(&frame, 6, 1, 2);
    frame_ethernet(&frame, 0x0800);
    CapturePacket packet = frame_packet(&frame, 1);
    for (uint32_t len = 0; len < packet.wire_len; len++) {
        // In memory of its own, so that reading beyond it is seen.
        g_autofree uint8_t *copy = g_memdup2(packet.data, len ? len : 1);
        CapturePacket cut = packet;
        cut.data = copy;
        cut.len = len;
        layers_read(&cut, &layers);
        g_assert_cmpint(layers.kind, ==, len < 38 ? LAYERS_DEAD : LAYERS_TCP);
        if (len >= 54) {
            g_assert_cmpuint(layers.payload_len, ==, len - 54);
            g_assert_cmpuint(layers.payload_wire, ==, 7);
        } else if (len >= 38) {
            g_assert_true(layers.broken);
        }
    }
}

static void test_padding_is_no_payload(void)
{
    FrameBuilder frame;
    frame_init(&frame, "\0\0\0\0\0\0", 6);
    FrameBuilder head;
    frame_init(&head, "", 0);
    frame_tcp(&head, 1, 2, 3, 4, TCP_ACK);
    frame_ipv4(&head, 6, 1, 2);
    frame_prepend(&frame, head.bytes + head.start, sizeof(head.bytes) - head.start);
    frame_ethernet(&frame, 0x0800);
    Layers layers;
    g_assert_cmpint(read_frame(&frame, LINK_ETHERNET, &layers), ==, LAYERS_TCP);
    g_assert_cmpuint(layers.payload_len, ==, 0);
    g_assert_cmpuint(layers.payload_wire, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/scan/layers/ethernet", test_ethernet);
    g_test_add_func("/scan/layers/other-links", test_other_links);
    g_test_add_func("/scan/layers/ipv6-extensions", test_ipv6_extensions);
    g_test_add_func("/scan/layers/endless-extensions", test_endless_extensions);
    g_test_add_func("/scan/layers/tunnels", test_tunnels);
    g_test_add_func("/scan/layers/fragments", test_fragments);
    g_test_add_func("/scan/layers/quoted", test_quoted);
    g_test_add_func("/scan/layers/dead-and-unknown", test_dead_and_unknown);
    g_test_add_func("/scan/layers/broken-and-cut", test_broken_and_cut);
    g_test_add_func("/scan/layers/padding-is-no-payload", test_padding_is_no_payload);
    return g_test_run();
}
