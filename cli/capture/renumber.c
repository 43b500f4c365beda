// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/renumber.h"

#include <string.h>

#define FAR (16 << 20) ///< further off than any window
#define SEGMENTS 8     ///< newest ones of a direction whose bytes are kept …
#define ANSWERED 2     ///< … and those that are once the other end has said something
#define GAPS 4         ///< newest ones of a direction that may yet be filled
#define MAX_BYTES 1500 ///< kept of a segment
#define MAX_READING 160
#define FLAGS_AT 13 ///< in the header of TCP

/** A packet, to be told of. */
typedef struct {
    guint file;
    uint64_t number;
} Place;

typedef struct {
    uint32_t seq, len; ///< what was kept of it
    uint8_t *bytes;    ///< NULL: none
    Place place;
} Segment;

typedef struct {
    uint32_t begin, end;
} Gap;

typedef struct {
    bool known, has_isn;
    uint32_t isn, next, out_next; ///< numbers of the byte to come, as captured and as passed on
    bool ended;                   ///< by a FIN at `fin` or a RST
    bool has_fin;
    uint32_t fin;
    Place end;
    bool strayed; ///< the packet at `stray` was far off, and nothing was heard since
    Place stray;
    uint32_t before_stray; ///< the number that was next before
    Segment segments[SEGMENTS];
    guint newest;
    Gap gaps[GAPS];
    guint newest_gap;
} Direction;

struct Renumber {
    Direction direction[2];
    HeldPacket *syn, *syn_ack; ///< of a connection that may begin
    uint32_t syn_seq;
    TcpOddityFunc tell;
    gpointer data;
    const Layers *layers; ///< of the packet under way
};

static void forget_syn(Renumber *r)
{
    g_clear_pointer(&r->syn, g_free);
    g_clear_pointer(&r->syn_ack, g_free);
}

static void forget(Direction *d)
{
    for (guint i = 0; i < SEGMENTS; i++)
        g_free(d->segments[i].bytes);
    *d = (Direction){0};
}

Renumber *renumber_new(TcpOddityFunc tell, gpointer data)
{
    Renumber *r = g_new0(Renumber, 1);
    r->tell = tell;
    r->data = data;
    return r;
}

void renumber_free(Renumber *r)
{
    forget_syn(r);
    forget(&r->direction[0]);
    forget(&r->direction[1]);
    g_free(r);
}

static Place place_of(const CapturePacket *packet)
{
    return (Place){packet->file, packet->number};
}

static void tell(const Renumber *r, TcpOdd kind, Place first, Place second, const char *a, const char *b)
{
    if (!r->tell)
        return;
    TcpOddity oddity = {.kind = kind, .packet = {{first.file, first.number, a}, {second.file, second.number, b}}};
    for (guint i = 0; i < 2; i++) {
        oddity.ip[i] = r->layers->ip[i];
        oddity.port[i] = r->layers->port[i];
    }
    r->tell(&oddity, r->data);
}

static int32_t distance(uint32_t a, uint32_t b)
{
    return (int32_t) (a - b);
}

static bool is_far(int32_t d)
{
    return d > FAR || d < -FAR;
}

// ---- readings

static bool is_printable(uint8_t c)
{
    return c >= ' ' && c < 0x7f;
}

/** The text around `at`, in UTF-16 or ASCII; else the bytes there. */
static char *reading(const uint8_t *bytes, size_t len, size_t at)
{
    GString *s = g_string_new(NULL);
    for (size_t width = 2; width >= 1; width--) {
        size_t start = at - (width == 2 && bytes[at] == 0 && at > 0 ? 1 : 0);
        while (start >= width && is_printable(bytes[start - width]) && (width == 1 || bytes[start - 1] == 0))
            start -= width;
        for (size_t i = start; i + width <= len && s->len < MAX_READING; i += width) {
            if (!is_printable(bytes[i]) || (width == 2 && bytes[i + 1] != 0))
                break;
            g_string_append_c(s, (char) bytes[i]);
        }
        if (s->len >= 3)
            return g_string_free(s, FALSE);
        g_string_truncate(s, 0);
    }
    g_string_append(s, "bytes");
    for (size_t i = at; i < MIN(at + 16, len); i++)
        g_string_append_printf(s, " %02x", bytes[i]);
    return g_string_free(s, FALSE);
}

/** Whether a segment says something else than one before it, which is then told. */
static bool contradicts(const Renumber *r, const Direction *d, const Layers *tcp, const CapturePacket *packet)
{
    for (guint i = 0; i < SEGMENTS; i++) {
        const Segment *old = &d->segments[i];
        int32_t shift = distance(tcp->seq, old->seq); // where this one begins in the old one
        if (!old->bytes || is_far(shift))
            continue;
        size_t from = shift > 0 ? (size_t) shift : 0, skip = shift < 0 ? (size_t) - (int64_t) shift : 0;
        while (from < old->len && skip < tcp->payload_len && old->bytes[from] == tcp->payload[skip]) {
            from++;
            skip++;
        }
        if (from >= old->len || skip >= tcp->payload_len)
            continue;
        g_autofree char *a = reading(old->bytes, old->len, from);
        g_autofree char *b = reading(tcp->payload, tcp->payload_len, skip);
        tell(r, TCP_ODD_OVERLAP, old->place, place_of(packet), a, b);
        return true;
    }
    return false;
}

static void keep_segment(Direction *d, const Layers *tcp, const CapturePacket *packet)
{
    Segment *segment = &d->segments[d->newest++ % SEGMENTS];
    g_free(segment->bytes);
    segment->seq = tcp->seq;
    segment->len = (uint32_t) MIN(tcp->payload_len, MAX_BYTES);
    segment->bytes = g_memdup2(tcp->payload, segment->len);
    segment->place = place_of(packet);
}

/** The other end has got what was sent before: what comes again of that is late. */
static void forget_answered(Direction *d)
{
    for (guint i = ANSWERED; i < SEGMENTS; i++)
        g_clear_pointer(&d->segments[(d->newest - 1 - i) % SEGMENTS].bytes, g_free);
}

// ---- numbers

/** Passes the packet on with other numbers and flags. */
static void emit(const CapturePacket *packet, const Layers *tcp, uint32_t seq, uint32_t ack, uint8_t flags,
                 PacketFunc func, gpointer data)
{
    if (seq == tcp->seq && ack == tcp->ack && flags == tcp->flags) {
        func(packet, data);
        return;
    }
    size_t at = (size_t) (tcp->header - packet->data);
    g_autofree HeldPacket *copy = held_packet_new(packet);
    uint32_t numbers[2] = {GUINT32_TO_BE(seq), GUINT32_TO_BE(ack)};
    memcpy(copy->bytes + at + 4, numbers, sizeof(numbers));
    copy->bytes[at + FLAGS_AT] = flags;
    func(&copy->packet, data);
}

static uint32_t out_ack(const Direction *other, const Layers *tcp)
{
    if (!(tcp->flags & TCP_ACK) || !other->known)
        return tcp->ack;
    int32_t d = distance(tcp->ack, other->next);
    return d > 0 || is_far(d) ? other->out_next : other->out_next + (uint32_t) d;
}

static void begin(Direction *d, uint32_t seq)
{
    d->known = true;
    d->next = d->out_next = seq;
}

static void add_gap(Direction *d, uint32_t begin, uint32_t end)
{
    d->gaps[d->newest_gap++ % GAPS] = (Gap){begin, end};
}

/** Whether it brings what was passed over; a gap is filled once. */
static bool fills_gap(Direction *d, const Layers *tcp)
{
    uint32_t end = tcp->seq + tcp->payload_wire;
    for (guint i = 0; i < GAPS; i++) {
        Gap *gap = &d->gaps[i];
        if (gap->begin == gap->end || distance(tcp->seq, gap->begin) < 0 || distance(end, gap->end) > 0)
            continue;
        gap->begin = end;
        return true;
    }
    return false;
}

/** Something came after what should have been the end, or after what strayed from the numbers before. */
static void note_going_on(Renumber *r, Direction *d, const Layers *tcp)
{
    if (d->ended && tcp->payload_wire > 0) {
        tell(r, TCP_ODD_END, d->end, d->end, NULL, NULL);
        d->ended = false;
    }
    if (d->strayed && !is_far(distance(tcp->seq, d->before_stray))) {
        tell(r, TCP_ODD_NUMBERS, d->stray, d->stray, NULL, NULL);
        d->strayed = false;
    }
}

static void stray(Direction *d, const CapturePacket *packet)
{
    d->strayed = true;
    d->stray = place_of(packet);
    d->before_stray = d->next;
}

static void take_bare(Renumber *r, Direction *d, const Direction *other, const CapturePacket *packet, const Layers *tcp,
                      PacketFunc func, gpointer data)
{
    int32_t ahead = distance(tcp->seq, d->next);
    bool far = is_far(ahead);
    uint8_t flags = tcp->flags;
    uint32_t seq = ahead > 0 || far ? d->out_next : d->out_next + (uint32_t) ahead;
    uint32_t ack = out_ack(other, tcp);
    if (far && !d->strayed)
        stray(d, packet);
    else if (tcp->flags & TCP_ACK && other->known && is_far(distance(tcp->ack, other->next)))
        tell(r, TCP_ODD_NUMBERS, place_of(packet), place_of(packet), NULL, NULL);
    if (far || ahead != 0)
        flags &= (uint8_t) ~TCP_FIN;
    if (tcp->flags & TCP_FIN && ahead == 0 && !d->has_fin) {
        d->has_fin = d->ended = true;
        d->fin = tcp->seq;
        d->end = place_of(packet);
        d->next++;
        d->out_next++;
    } else if (tcp->flags & TCP_RST && !far) {
        d->ended = true;
        d->end = place_of(packet);
    }
    emit(packet, tcp, seq, ack, flags, func, data);
}

static void take_data(Renumber *r, Direction *d, const Direction *other, const CapturePacket *packet, const Layers *tcp,
                      PacketFunc func, gpointer data)
{
    int32_t ahead = distance(tcp->seq, d->next);
    uint32_t end = tcp->seq + tcp->payload_wire, seq;
    bool on_fin = d->has_fin && distance(tcp->seq, d->fin) <= 0 && distance(end, d->fin) > 0;
    bool behind = ahead < 0 && !is_far(ahead);
    bool fills = behind && fills_gap(d, tcp), other_reading = behind && !fills && contradicts(r, d, tcp, packet);
    bool again = behind && !fills && !other_reading && !on_fin;
    if (!again)
        note_going_on(r, d, tcp);
    if (again) {
        seq = d->out_next + (uint32_t) ahead;
    } else if (ahead > 0 && !is_far(ahead)) {
        add_gap(d, d->next, tcp->seq);
        seq = d->out_next + (uint32_t) ahead;
    } else {
        seq = d->out_next;
    }
    uint32_t out_end = seq + tcp->payload_wire;
    if (is_far(ahead) && !d->strayed)
        stray(d, packet);
    // Which of two readings is the stream that goes on, what comes next tells.
    if (is_far(ahead) || other_reading || distance(end, d->next) > 0)
        d->next = end;
    if (distance(out_end, d->out_next) > 0)
        d->out_next = out_end;
    if (on_fin)
        d->has_fin = false;
    if (!again)
        keep_segment(d, tcp, packet);
    uint8_t flags = tcp->flags;
    if (flags & TCP_FIN && distance(end, d->next) == 0 && !d->has_fin) {
        d->has_fin = d->ended = true;
        d->fin = end;
        d->end = place_of(packet);
        d->next++;
        d->out_next++;
    } else {
        flags &= (uint8_t) ~TCP_FIN;
    }
    emit(packet, tcp, seq, out_ack(other, tcp), flags, func, data);
}

// ---- beginnings

static void pass_syn(Renumber *r, guint side, const Layers *tcp)
{
    Direction *d = &r->direction[side];
    if (!(tcp->flags & TCP_ACK)) {
        forget(&r->direction[0]);
        forget(&r->direction[1]);
    }
    begin(d, tcp->seq + 1);
    d->has_isn = true;
    d->isn = tcp->seq;
}

/** A connection began, as what follows the handshake shows: the packets of that, which waited, come first. */
static void accept_syn(Renumber *r, guint side, PacketFunc func, gpointer data)
{
    HeldPacket *held[2] = {g_steal_pointer(&r->syn), g_steal_pointer(&r->syn_ack)};
    for (guint i = 0; i < 2 && held[i]; i++) {
        Layers tcp;
        layers_read(&held[i]->packet, &tcp);
        pass_syn(r, i == 0 ? side : 1 - side, &tcp);
        func(&held[i]->packet, data);
        g_free(held[i]);
    }
}

/** A SYN or SYN-ACK. Where the direction has spoken before, it waits for what shows that it counts. */
static void take_syn(Renumber *r, guint side, const CapturePacket *packet, const Layers *tcp, PacketFunc func,
                     gpointer data)
{
    Direction *d = &r->direction[side];
    bool again = d->has_isn && d->isn == tcp->seq;
    if (again || !d->known) {
        if (!again)
            pass_syn(r, side, tcp);
        func(packet, data);
        return;
    }
    if (tcp->flags & TCP_ACK) {
        bool answers = r->syn && r->syn->side != side && tcp->ack == r->syn_seq + 1;
        if (!answers) {
            tell(r, TCP_ODD_SYN, place_of(packet), place_of(packet), NULL, NULL);
            return;
        }
        g_free(r->syn_ack);
        r->syn_ack = held_packet_new(packet);
        return;
    }
    forget_syn(r);
    r->syn = held_packet_new(packet);
    r->syn->side = (uint8_t) side;
    r->syn_seq = tcp->seq;
}

/** Any other packet tells whether the SYN that waits began a connection. */
static void judge_syn(Renumber *r, guint side, const Layers *tcp, PacketFunc func, gpointer data)
{
    guint opener = r->syn->side;
    bool goes_on =
        side == opener ? tcp->seq == r->syn_seq + 1 : (tcp->flags & TCP_RST) != 0 && tcp->ack == r->syn_seq + 1;
    if (goes_on) {
        accept_syn(r, opener, func, data);
    } else if (side == opener) {
        Place place = place_of(&r->syn->packet);
        forget_syn(r);
        tell(r, TCP_ODD_SYN, place, place, NULL, NULL);
    }
}

void renumber_packet(Renumber *r, guint side, const CapturePacket *packet, PacketFunc func, gpointer data)
{
    Layers tcp;
    layers_read(packet, &tcp);
    if (tcp.kind != LAYERS_TCP || tcp.broken || tcp.header + FLAGS_AT >= packet->data + packet->len) {
        func(packet, data);
        return;
    }
    r->layers = &tcp;
    if (tcp.flags & TCP_SYN) {
        take_syn(r, side, packet, &tcp, func, data);
        return;
    }
    if (r->syn)
        judge_syn(r, side, &tcp, func, data);
    Direction *d = &r->direction[side], *other = &r->direction[1 - side];
    if (!d->known)
        begin(d, tcp.seq);
    if (tcp.payload_wire > 0) {
        take_data(r, d, other, packet, &tcp, func, data);
        forget_answered(other);
    } else
        take_bare(r, d, other, packet, &tcp, func, data);
    if (d->has_fin && other->has_fin) // nothing more is to come that could be compared
        for (guint i = 0; i < SEGMENTS; i++) {
            g_clear_pointer(&d->segments[i].bytes, g_free);
            g_clear_pointer(&other->segments[i].bytes, g_free);
        }
    r->layers = NULL;
}
