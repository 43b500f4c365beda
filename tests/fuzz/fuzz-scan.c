// SPDX-License-Identifier: GPL-2.0-or-later
// Packets through the scan: one that keeps all has to pass on each packet once, but for SYNs that begin no connection; one in
// two stages all that one alone keeps, or to regret.

#include "fuzz.h"
#include "packet-builder.h"
#include "scan/scan.h"

#include <string.h>

#define MAX_PACKETS 200
#define MAX_PAYLOAD 1400
#define MAX_TOKEN 400
#define SET_BITS 12

typedef struct {
    Scan *next;                ///< the second stage; NULL: that is the end
    uint8_t kept[MAX_PACKETS]; ///< how often, by number
} Sink;

/** The input, which becomes packets. */
typedef struct {
    const uint8_t *data;
    size_t size;
    LinkKind link;      ///< LINK_OTHER: segments of TCP are built of what is in the input
    uint32_t seq[4][2]; ///< next, of the flows that are built
    uint8_t payload[MAX_PAYLOAD];
    FrameBuilder frame;
    uint64_t number;
} Input;

static void take(const CapturePacket *packet, gpointer data)
{
    Sink *sink = data;
    fuzz_range(packet->data, packet->len);
    fuzz_require(packet->number >= 1 && packet->number <= MAX_PACKETS);
    sink->kept[packet->number - 1]++;
    if (sink->next)
        scan_packet(sink->next, packet);
}

/** What a segment carries: what stands in the input, or a PDU. */
static size_t make_payload(Input *in, guint kind, size_t len)
{
    GByteArray token = {(guint8 *) in->data, (guint) MIN(len, MAX_TOKEN)};
    switch (kind) {
    case 0: return pdu_bind(in->payload, uuid_login, NULL);
    case 1: return pdu_bind(in->payload, uuid_samr, &token);
    case 2: return pdu_request(in->payload, 0x83, 3, (uint32_t) MIN(len, 200));
    case 3: return pdu_request(in->payload, 0x03, 3, (uint32_t) MIN(len, 200));
    default: memcpy(in->payload, in->data, len); return len;
    }
}

/** Four bytes tell the flow, its direction, flags, what it carries and where in the sequence it stands. */
static bool build_segment(Input *in, CapturePacket *packet)
{
    static const uint16_t ports[] = {135, 88, 49668, 445};
    if (in->size < 4)
        return false;
    guint flow = in->data[0] & 3, kind = in->data[0] >> 5;
    bool server = in->data[0] & 4;
    uint8_t flags = in->data[1] & (TCP_SYN | TCP_ACK | TCP_FIN | TCP_RST);
    gint8 shift = (gint8) in->data[2];
    size_t len = MIN((size_t) in->data[3], in->size - 4);
    in->data += 4;
    in->size -= 4;
    size_t made = make_payload(in, kind, len);
    in->data += len;
    in->size -= len;
    uint32_t *seq = in->seq[flow];
    frame_segment(&in->frame, server, (uint16_t) (1000 + flow), ports[flow], seq[server] + (uint32_t) shift * 16,
                  seq[!server], flags, in->payload, made);
    seq[server] += (uint32_t) made + (flags & TCP_SYN ? 1 : 0);
    *packet = frame_packet(&in->frame, ++in->number);
    return true;
}

/** Two bytes of its length, one of how much longer it was on the wire, its bytes. */
static bool next_packet(Input *in, CapturePacket *packet)
{
    if (in->number == MAX_PACKETS)
        return false;
    if (in->link == LINK_OTHER)
        return build_segment(in, packet);
    if (in->size < 3)
        return false;
    size_t len = MIN((size_t) in->data[0] | (size_t) (in->data[1] & 7) << 8, in->size - 3);
    *packet = (CapturePacket){
        .number = ++in->number,
        .data = in->data + 3,
        .len = (uint32_t) len,
        .wire_len = (uint32_t) len + in->data[2],
        .link = in->link,
    };
    in->data += 3 + len;
    in->size -= 3 + len;
    return true;
}

static bool is_syn(const CapturePacket *packet)
{
    Layers tcp;
    layers_read(packet, &tcp);
    return tcp.kind == LAYERS_TCP && tcp.flags & TCP_SYN;
}

/** Returns how many packets there were. `syn`, which may be NULL, tells which of them are SYNs or SYN-ACKs. */
static uint64_t feed(Scan *scan, const uint8_t *data, size_t size, bool *syn)
{
    Input in = {.data = data + 1, .size = size - 1, .link = (LinkKind) (data[0] % (LINK_CHDLC + 1))};
    CapturePacket packet;
    while (next_packet(&in, &packet)) {
        if (syn)
            syn[packet.number - 1] = is_syn(&packet);
        scan_packet(scan, &packet);
    }
    scan_finish(scan);
    return in.number;
}

static void scan_everything(const uint8_t *data, size_t size)
{
    Sink sink = {0};
    const ScanOptions options = {.everything = true};
    g_autoptr(Scan) scan = scan_new(&options, take, &sink);
    bool syn[MAX_PACKETS] = {0};
    uint64_t packets = feed(scan, data, size, syn);
    for (uint64_t i = 0; i < packets; i++)
        fuzz_require(sink.kept[i] == 1 || (sink.kept[i] == 0 && syn[i]));
}

static void scan_in_stages(const uint8_t *data, size_t size)
{
    Sink alone = {0}, second = {0}, first = {0};
    ScanOptions options = {.keys = data[0] & 0x80};
    g_autoptr(Scan) scan = scan_new(&options, take, &alone);
    (void) feed(scan, data, size, NULL);
    g_autoptr(FlowSet) dropped = flow_set_new(SET_BITS);
    options.dropped = dropped;
    options.stage = SCAN_SECOND;
    g_autoptr(Scan) last = scan_new(&options, take, &second);
    first.next = last;
    options.stage = SCAN_FIRST;
    g_autoptr(Scan) ahead = scan_new(&options, take, &first);
    (void) feed(ahead, data, size, NULL);
    scan_finish(last);
    bool regrets = g_hash_table_size(scan_regrets(last)) + g_hash_table_size(scan_regrets(ahead)) > 0;
    for (guint i = 0; i < MAX_PACKETS; i++) {
        fuzz_require(alone.kept[i] <= 1 && second.kept[i] <= 1);
        fuzz_require(regrets || second.kept[i] >= alone.kept[i]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        scan_everything(data, size);
        scan_in_stages(data, size);
    }
    return 0;
}
