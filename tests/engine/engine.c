// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine.h"

#include "base/flow-key.h"
#include "judge/announce.h"
#include "judge/judge.h"

#include <string.h>

#define KERBEROS_PORT 88
#define PROTOCOL_TCP 6
#define STREAM_MAX (1u << 20) ///< bytes that wait for the rest of a PDU

/** Bytes of one direction that belong to a PDU whose end has not come. */
typedef struct {
    uint32_t next; ///< sequence number of the byte to come
    bool known;    ///< that number is
    bool base_known;
    uint32_t base; ///< sequence number of the first segment
    GByteArray *bytes;
} Stream;

/** Connections between the same ends follow each other: the newest. */
typedef struct {
    FlowKey key;
    Conversation *conversation;
    Stream stream[2]; ///< by the ends of the key
    Reorder *reorder;
} Connection;

struct Engine {
    wmem_allocator_t *pool;
    Tracker *tracker;
    Announcer *announcer;
    GPtrArray *connections; ///< Connection *, in order of their first packets
    GHashTable *by_ends;    ///< FlowKey → Connection
    Connection *current;    ///< whose segments come out of reorder
    ReorderFunc order;      ///< may be NULL
    gpointer order_data;
};

static void connection_free(gpointer data)
{
    Connection *c = data;
    for (int i = 0; i < 2; i++)
        g_byte_array_unref(c->stream[i].bytes);
    reorder_free(c->reorder);
    g_free(c);
}

Engine *engine_new(GString *out)
{
    Engine *e = g_new0(Engine, 1);
    e->pool = wmem_allocator_new(WMEM_ALLOCATOR_BLOCK);
    e->tracker = tracker_new(e->pool);
    e->announcer = announcer_new(out);
    e->connections = g_ptr_array_new_with_free_func(connection_free);
    e->by_ends = g_hash_table_new(flow_key_hash, flow_key_equal);
    announce_begin(e->announcer, CAR_VERSION, NULL);
    return e;
}

void engine_free(Engine *engine)
{
    g_hash_table_unref(engine->by_ends);
    g_ptr_array_unref(engine->connections);
    announcer_free(engine->announcer);
    wmem_destroy_allocator(engine->pool);
    g_free(engine);
}

static Connection *find_connection(Engine *e, const FlowKey *key)
{
    Connection *c = g_hash_table_lookup(e->by_ends, key);
    if (c)
        return c;
    c = g_new0(Connection, 1);
    c->key = *key;
    for (int i = 0; i < 2; i++)
        c->stream[i].bytes = g_byte_array_new();
    c->reorder = reorder_new(NULL, NULL);
    g_ptr_array_add(e->connections, c);
    g_hash_table_insert(e->by_ends, &c->key, c);
    return c;
}

static nstime_t packet_time(const CapturePacket *packet)
{
    return (nstime_t){.secs = (time_t) packet->secs, .nsecs = (int) packet->nsecs};
}

// ---- PDUs

/** Whether DCE/RPC begins here, as Wireshark tells it. */
static bool is_dcerpc(const uint8_t *p, size_t len)
{
    return len >= PDU_HEADER_SIZE && p[0] == 5 && p[1] <= 1 && p[2] <= 19 && (p[4] & 0xee) == 0 && p[5] <= 3;
}

static uint16_t fragment_length(const uint8_t *p)
{
    return p[4] & 0x10 ? (uint16_t) (p[8] | p[9] << 8) : (uint16_t) (p[8] << 8 | p[9]);
}

typedef struct {
    uint32_t frame;
    int side;
    PduResult *first, **next;
} FrameResults;

static void take_pdu(Engine *e, Conversation *c, FrameResults *results, const uint8_t *data, size_t len)
{
    const PduBytes bytes = {.frame = results->frame, .side = results->side, .data = data, .len = len};
    *results->next = tracker_pdu(e->tracker, c, &bytes);
    if (*results->next)
        results->next = &(*results->next)->next;
}

/** Takes the PDUs that are whole. `cut`: the segment was not captured to its end. */
static void take_pdus(Engine *e, Conversation *c, Stream *stream, FrameResults *results, bool cut)
{
    const uint8_t *data = stream->bytes->data;
    size_t len = stream->bytes->len, at = 0;
    if (!is_dcerpc(data, len)) {
        g_byte_array_set_size(stream->bytes, 0);
        return;
    }
    while (len - at >= PDU_HEADER_SIZE) {
        size_t pdu = fragment_length(data + at);
        if (pdu < PDU_HEADER_SIZE) {
            at = len;
            break;
        }
        if (pdu > len - at && !cut)
            break;
        take_pdu(e, c, results, data + at, len - at);
        at += MIN(pdu, len - at);
    }
    if (cut || len - at > STREAM_MAX)
        at = len;
    g_byte_array_remove_range(stream->bytes, 0, (guint) at);
}

// ---- tickets

/** A message of a key distribution centre; the judge wants it from behind the tag that says which it is. */
static void take_ticket(Engine *e, const Layers *layers, const Frame *frame, const uint8_t *data, size_t len)
{
    enum { AS_REP = 0x6b, TGS_REP = 0x6d };
    if (len < 2 || (data[0] != AS_REP && data[0] != TGS_REP))
        return;
    size_t header = data[1] & 0x80 ? 2 + (size_t) (data[1] & 0x7f) : 2;
    if (header < len)
        tracker_kdc_reply(e->tracker, frame->number, &frame->time, layers->ip[1].bytes, data + header, len - header);
}

/** Over TCP each message follows its length. */
static void take_tickets(Engine *e, const Layers *layers, Stream *stream, const Frame *frame)
{
    size_t at = 0, len = stream->bytes->len;
    while (len - at >= 4) {
        const uint8_t *p = stream->bytes->data + at;
        size_t size = (size_t) p[0] << 24 | (size_t) p[1] << 16 | (size_t) p[2] << 8 | p[3];
        if (size > STREAM_MAX) {
            at = len;
            break;
        }
        if (size > len - at - 4)
            break;
        take_ticket(e, layers, frame, p + 4, size);
        at += 4 + size;
    }
    g_byte_array_remove_range(stream->bytes, 0, (guint) at);
}

// ---- TCP

/** Appends what is new of the segment. False when there is nothing. */
static bool extend_stream(Stream *stream, const Layers *tcp)
{
    uint32_t end = tcp->seq + tcp->payload_wire;
    int32_t ahead = stream->known ? (int32_t) (tcp->seq - stream->next) : 0;
    if (tcp->payload_wire == 0)
        return false;
    if (ahead > 0) // something was not captured
        g_byte_array_set_size(stream->bytes, 0);
    size_t repeated = ahead < 0 ? (size_t) - (int64_t) ahead : 0;
    if (repeated >= tcp->payload_wire)
        return false;
    stream->known = true;
    stream->next = end;
    if (repeated < tcp->payload_len)
        g_byte_array_append(stream->bytes, tcp->payload + repeated, (guint) (tcp->payload_len - repeated));
    return true;
}

/** What was acknowledged was sent: like Wireshark, takes for a repetition what comes of it later. */
static void take_acknowledgement(Stream *other, const Layers *tcp)
{
    if (!(tcp->flags & TCP_ACK) || !other->known || (int32_t) (tcp->ack - other->next) <= 0)
        return;
    other->next = tcp->ack;
    g_byte_array_set_size(other->bytes, 0);
}

/** As Wireshark tells it: a SYN with another number than the connection before began with. */
static bool is_new_connection(const Stream *stream, const Layers *tcp)
{
    return (tcp->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && stream->base_known && stream->base != tcp->seq;
}

static void start_conversation(Engine *e, Connection *connection, const Layers *tcp)
{
    Endpoint ends[2];
    for (int i = 0; i < 2; i++) {
        memcpy(ends[i].ip, tcp->ip[i].bytes, sizeof(ends[i].ip));
        ends[i].port = tcp->port[i];
    }
    connection->conversation = conversation_make(e->pool, &ends[0], &ends[1]);
    for (int i = 0; i < 2; i++) {
        Stream *stream = &connection->stream[i];
        stream->known = stream->base_known = false;
        g_byte_array_set_size(stream->bytes, 0);
    }
}

static void tell_order(const Engine *e, const CapturePacket *packet)
{
    if (e->order)
        e->order(packet, e->order_data);
}

static void take_segment(const CapturePacket *packet, gpointer data)
{
    Engine *e = data;
    tell_order(e, packet);
    Layers tcp;
    layers_read(packet, &tcp);
    FlowKey key;
    guint from = flow_key_set(&key, tcp.ip, tcp.port, PROTOCOL_TCP);
    Connection *connection = e->current;
    Stream *stream = &connection->stream[from];
    if (tcp.broken && !connection->conversation) // Wireshark does not get as far as to make one
        return;
    if (!connection->conversation || (!tcp.broken && is_new_connection(stream, &tcp)))
        start_conversation(e, connection, &tcp);
    if (!tcp.broken && !stream->base_known) {
        stream->base_known = true;
        stream->base = tcp.flags & TCP_SYN ? tcp.seq : tcp.seq - 1;
    }
    Conversation *c = connection->conversation;
    bool first_side =
        memcmp(c->side[0].ip, tcp.ip[0].bytes, sizeof(c->side[0].ip)) == 0 && c->side[0].port == tcp.port[0];
    const Frame frame = {
        .number = (uint32_t) packet->number,
        .time = packet_time(packet),
        .time_digits = packet->digits,
        .interface_id = 0,
        .length = packet->wire_len,
        .side = first_side ? 0 : 1,
        .flags = tcp.broken ? 0 : tcp.flags,
        .payload = !tcp.broken && tcp.payload_wire > 0,
    };
    conversation_count(c, e->pool, &frame);
    if (tcp.broken)
        return;
    FrameResults results = {.frame = frame.number, .side = frame.side};
    results.next = &results.first;
    if (tcp.flags & TCP_SYN && !stream->known) {
        stream->known = true;
        stream->next = tcp.seq + 1;
    }
    take_acknowledgement(&connection->stream[1 - from], &tcp);
    if (extend_stream(stream, &tcp)) {
        if (tcp.port[0] == KERBEROS_PORT)
            take_tickets(e, &tcp, stream, &frame);
        else
            take_pdus(e, c, stream, &results, tcp.payload_len < tcp.payload_wire);
    }
    const TcpEnd end = {
        .frame = frame.number, .side = frame.side, .fin = tcp.flags & TCP_FIN, .reset = tcp.flags & TCP_RST};
    announce_tcp(e->announcer, c, &end);
    if (results.first)
        announce_pdus(e->announcer, results.first);
}

void engine_set_order(Engine *engine, ReorderFunc func, gpointer data)
{
    engine->order = func;
    engine->order_data = data;
}

void engine_packet(Engine *engine, const CapturePacket *packet)
{
    Layers layers;
    layers_read(packet, &layers);
    const Frame frame = {.number = (uint32_t) packet->number, .time = packet_time(packet)};
    if (layers.kind == LAYERS_UDP && layers.port[0] == KERBEROS_PORT)
        take_ticket(engine, &layers, &frame, layers.payload, layers.payload_len);
    if (layers.kind != LAYERS_TCP) {
        tell_order(engine, packet);
        return;
    }
    FlowKey key;
    guint from = flow_key_set(&key, layers.ip, layers.port, PROTOCOL_TCP);
    engine->current = find_connection(engine, &key);
    reorder_packet(engine->current->reorder, from, &layers, packet, take_segment, engine);
}

void engine_finish(Engine *engine)
{
    for (guint i = 0; i < engine->connections->len; i++) {
        engine->current = g_ptr_array_index(engine->connections, i);
        reorder_flush(engine->current->reorder, take_segment, engine);
    }
    announce_done(engine->announcer);
}
