// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/reorder.h"

#define MAX_WAITING 64                 ///< packets in one direction
#define MAX_BYTES ((size_t) 256 << 10) ///< that they take
#define MAX_AHEAD (16 << 20)           ///< further ahead is another connection

typedef struct {
    uint32_t next; ///< sequence number of the byte to come
    bool known;    ///< that number is
    bool stale;    ///< what waits did so already at the last tick
    guint n;
    size_t bytes;
    HeldPacket *waiting; ///< in order of their sequence numbers
} Side;

struct Reorder {
    Side side[2];
    Renumber *numbers;
};

Reorder *reorder_new(TcpOddityFunc tell, gpointer data)
{
    Reorder *reorder = g_new0(Reorder, 1);
    reorder->numbers = renumber_new(tell, data);
    return reorder;
}

void reorder_free(Reorder *reorder)
{
    held_packet_free_all(reorder->side[0].waiting);
    held_packet_free_all(reorder->side[1].waiting);
    renumber_free(reorder->numbers);
    g_free(reorder);
}

/** How far `a` is behind `b`; sequence numbers wrap. */
static int32_t distance(uint32_t a, uint32_t b)
{
    return (int32_t) (a - b);
}

static void advance(Side *side, uint32_t end)
{
    if (distance(end, side->next) > 0)
        side->next = end;
}

/** Passes on those that begin before `to`, and whatever then is in order. */
static void release(Reorder *reorder, guint which, uint32_t to, ReorderFunc func, gpointer data)
{
    Side *side = &reorder->side[which];
    while (side->waiting) {
        HeldPacket *held = side->waiting;
        if (distance(held->begin, to) >= 0 && distance(held->begin, side->next) > 0)
            break;
        side->waiting = held->next;
        side->stale = false;
        side->n--;
        side->bytes -= held_packet_size(held);
        advance(side, held->end);
        renumber_packet(reorder->numbers, which, &held->packet, func, data);
        g_free(held);
    }
}

static void flush(Reorder *reorder, guint which, ReorderFunc func, gpointer data)
{
    const Side *side = &reorder->side[which];
    while (side->waiting)
        release(reorder, which, side->waiting->begin + 1, func, data);
}

static void hold(Side *side, const CapturePacket *packet, uint32_t begin, uint32_t end)
{
    HeldPacket *held = held_packet_new(packet);
    held->begin = begin;
    held->end = end;
    HeldPacket **link = &side->waiting;
    while (*link && distance((*link)->begin, begin) <= 0)
        link = &(*link)->next;
    held->next = *link;
    *link = held;
    side->n++;
    side->bytes += held_packet_size(held);
}

void reorder_packet(Reorder *reorder, guint which, const Layers *tcp, const CapturePacket *packet, ReorderFunc func,
                    gpointer data)
{
    Side *side = &reorder->side[which], *other = &reorder->side[1 - which];
    if (tcp->kind != LAYERS_TCP || tcp->broken) {
        renumber_packet(reorder->numbers, which, packet, func, data);
        return;
    }
    if (tcp->flags & TCP_ACK && other->waiting && distance(tcp->ack, other->next) > 0)
        release(reorder, 1 - which, tcp->ack, func, data);
    if (tcp->flags & (TCP_SYN | TCP_RST)) {
        flush(reorder, which, func, data);
        if (tcp->flags & TCP_SYN) {
            side->next = tcp->seq + 1;
            side->known = true;
        }
        if (!(tcp->flags & TCP_ACK)) { // a new connection
            flush(reorder, 1 - which, func, data);
            other->known = false;
        }
        renumber_packet(reorder->numbers, which, packet, func, data);
        return;
    }
    uint32_t end = tcp->seq + tcp->payload_wire + (tcp->flags & TCP_FIN ? 1 : 0);
    if (!side->known) {
        side->next = end;
        side->known = true;
    }
    int32_t ahead = distance(tcp->seq, side->next);
    if (end != tcp->seq && ahead > 0 && ahead <= MAX_AHEAD) {
        hold(side, packet, tcp->seq, end);
        if (side->n > MAX_WAITING || side->bytes > MAX_BYTES)
            flush(reorder, which, func, data);
        return;
    }
    renumber_packet(reorder->numbers, which, packet, func, data);
    if (end == tcp->seq)
        return;
    if (ahead > MAX_AHEAD || ahead < -MAX_AHEAD) {
        flush(reorder, which, func, data);
        side->next = end;
    }
    advance(side, end);
    release(reorder, which, side->next, func, data);
}

void reorder_flush(Reorder *reorder, ReorderFunc func, gpointer data)
{
    flush(reorder, 0, func, data);
    flush(reorder, 1, func, data);
}

static void tick(Reorder *reorder, guint which, ReorderFunc func, gpointer data)
{
    Side *side = &reorder->side[which];
    if (side->stale)
        flush(reorder, which, func, data);
    side->stale = side->waiting != NULL;
}

void reorder_tick(Reorder *reorder, ReorderFunc func, gpointer data)
{
    tick(reorder, 0, func, data);
    tick(reorder, 1, func, data);
}

size_t reorder_waiting(const Reorder *reorder)
{
    return reorder->side[0].bytes + reorder->side[1].bytes;
}
