// SPDX-License-Identifier: GPL-2.0-or-later
// Packets of a few TCP connections, in any order, through reassembly and the whole judge.

#include "engine.h"
#include "fuzz.h"
#include "packet-builder.h"

#include <wsutil/wmem/wmem.h>

#define PACKETS 300

typedef struct {
    uint32_t seq[2];
} Connection;

/** The next segment: where the stream is, or a little before or behind it. */
static void send(Engine *engine, Connection *c, Bytes *in, uint64_t number)
{
    static const uint16_t ports[] = {135, 49000, 88, 445};
    uint8_t head = bytes_u8(in), flags = bytes_u8(in);
    bool from_server = head & 1;
    size_t len = MIN(bytes_u8(in), bytes_left(in));
    const uint8_t *payload = bytes_take(in, len);
    uint32_t *seq = &c->seq[from_server], at = *seq;
    if (head & 0x80)
        at += (uint32_t) (int8_t) bytes_u8(in);
    Frame frame;
    frame_segment(&frame, from_server, (uint16_t) (40000 + (head >> 3 & 1)), ports[head >> 1 & 3], at,
                  c->seq[!from_server], flags & 0x40 ? flags & 0x17 : 0x10, payload, payload ? len : 0);
    *seq = at + (uint32_t) len;
    CapturePacket packet = frame_packet(&frame, number);
    if (head & 0x40 && packet.len > 60)
        packet.len -= 4;
    engine_packet(engine, &packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    if (!begun)
        wmem_init();
    begun = true;
    g_autoptr(GString) lines = g_string_new(NULL);
    Engine *engine = engine_new(lines);
    Connection connections[2] = {0};
    Bytes in = bytes_init(data, size, false);
    for (uint64_t i = 1; i <= PACKETS && bytes_left(&in) > 0; i++)
        send(engine, &connections[i & 1], &in, i);
    engine_finish(engine);
    fuzz_require(g_str_has_suffix(lines->str, "{\"event\":\"done\"}\n"));
    engine_free(engine);
    return 0;
}
