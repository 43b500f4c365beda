// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/scan.h"

#include "scan/lookups.h"
#include "scan/oddities.h"
#include "scan/pdu.h"

#include <string.h>

#define MAX_FLOWS (1u << 18)
#define MAX_REGRETS (1u << 16)
#define MAX_SMB (1u << 16)
#define MAX_WAITING 32                 ///< packets of one flow until it is decided
#define MAX_POOL ((size_t) 8 << 20)    ///< bytes of all that wait to be decided
#define MAX_REORDER ((size_t) 8 << 20) ///< bytes of all that wait for others before them
#define RELIEF 256                     ///< flows that are looked at for room
#define RPCSS_PORT 135
#define KERBEROS_PORT 88
#define SMB_PORT 445
#define NETBIOS_PORT 139
#define WINRM_PORT 5985
#define WINRM_TLS_PORT 5986
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17

struct Scan {
    ScanOptions options;
    ReorderFunc keep;
    gpointer data;
    FlowTable *flows;
    Tickets *tickets;    ///< those that wait
    GHashTable *regrets; ///< FlowKey
    ScanAside aside;
    GHashTable *hosts; ///< FlowKey without ports: between which something is kept; up to MAX_SMB
    bool overflowed;
    bool ended;
    size_t pool, reorder;   ///< bytes
    Unanswered *unanswered; ///< Binds
    GHashTable *oddities;   ///< see oddities.h
    ScanCounts counts;
};

static void keep(const CapturePacket *packet, gpointer data)
{
    Scan *scan = data;
    scan->keep(packet, scan->data);
}

static bool has_port(const FlowKey *key, uint16_t port)
{
    return key->port[0] == port || key->port[1] == port;
}

/** A flow whose packets are put in order, and whose they are. */
typedef struct {
    Scan *scan;
    Flow *flow;
} Passing;

/** A packet of a flow that is kept, in order. */
static void keep_ordered(const CapturePacket *packet, gpointer data)
{
    const Passing *passing = data;
    Layers layers;
    layers_read(packet, &layers);
    if (passing->flow->state == FLOW_TICKETS) {
        tickets_segment(passing->scan->tickets, &passing->flow->tickets, packet, &layers);
        return;
    }
    FlowKey key;
    if (passing->flow->tokens && layers.kind == LAYERS_TCP) {
        guint side = flow_key_set(&key, layers.ip, layers.port, PROTOCOL_TCP);
        tickets_conversation(passing->scan->tickets, passing->flow->tokens, side, &layers);
    }
    keep(packet, passing->scan);
}

static void flush_order(Scan *scan, Flow *flow)
{
    Passing passing = {scan, flow};
    reorder_flush(flow->reorder, keep_ordered, &passing);
}

static void forget_waiting(Scan *scan, Flow *flow)
{
    for (const HeldPacket *held = flow->waiting; held; held = held->next)
        scan->pool -= held_packet_size(held);
    held_packet_free_all(flow->waiting);
    flow->waiting = flow->waiting_last = NULL;
    flow->n_waiting = 0;
}

/** A Bind that waited in vain. */
static void count_unanswered(Scan *scan, Flow *flow)
{
    if (flow->asked && !flow->taken)
        unanswered_count(scan->unanswered, &flow->key, !flow->asker);
    flow->asked = false;
}

static void note_lookup(Scan *scan, const Flow *flow, guint side, const Layers *layers)
{
    if (side == flow->server && layers->payload_len > 0 && has_port(&flow->key, RPCSS_PORT))
        lookups_take(scan->aside.lookups, &flow->key, side, layers->payload, layers->payload_len);
}

/** Those in what waits and is not kept. */
static void note_lookups(Scan *scan, const Flow *flow)
{
    for (const HeldPacket *held = flow->waiting; held && has_port(&flow->key, RPCSS_PORT); held = held->next) {
        Layers layers;
        layers_read(&held->packet, &layers);
        if (layers.kind == LAYERS_TCP)
            note_lookup(scan, flow, held->side, &layers);
    }
}

static void leave(Flow *flow, gpointer data)
{
    Scan *scan = data;
    if (flow->state == FLOW_UNDECIDED && !scan->ended) {
        count_unanswered(scan, flow);
        note_lookups(scan, flow);
    }
    forget_waiting(scan, flow);
    if (flow->reorder) {
        scan->reorder -= reorder_waiting(flow->reorder);
        if (!scan->ended)
            flush_order(scan, flow);
        g_clear_pointer(&flow->reorder, reorder_free);
    }
    if (flow->tickets)
        tickets_leave(g_steal_pointer(&flow->tickets));
    g_clear_pointer(&flow->tokens, g_free);
    bool decides = !scan->options.everything && scan->options.stage != SCAN_FIRST;
    scan->overflowed |= !scan->ended && decides && flow->state == FLOW_KEPT && !flow->asked;
}

Scan *scan_new(const ScanOptions *options, ReorderFunc func, gpointer data)
{
    Scan *scan = g_new0(Scan, 1);
    scan->options = *options;
    scan->keep = func;
    scan->data = data;
    scan->flows = flow_table_new(options->max_flows ? options->max_flows : MAX_FLOWS, leave, scan);
    scan->tickets = tickets_new(func, data);
    scan->regrets = flow_keys_new();
    scan->unanswered = unanswered_new();
    scan->oddities = oddities_new();
    scan->aside = (ScanAside){flow_keys_new(), flow_keys_new()};
    scan->hosts = flow_keys_new();
    return scan;
}

void scan_free(Scan *scan)
{
    scan->ended = true;
    flow_table_free(scan->flows);
    tickets_free(scan->tickets);
    g_hash_table_unref(scan->regrets);
    unanswered_free(scan->unanswered);
    g_hash_table_unref(scan->oddities);
    g_hash_table_unref(scan->aside.smb);
    g_hash_table_unref(scan->hosts);
    g_hash_table_unref(scan->aside.lookups);
    g_free(scan);
}

static bool is_wanted(const Scan *scan, const FlowKey *key)
{
    return scan->options.wanted && g_hash_table_contains(scan->options.wanted, key);
}

static void regret(Scan *scan, const FlowKey *key)
{
    if (is_wanted(scan, key))
        return;
    if (g_hash_table_size(scan->regrets) >= MAX_REGRETS)
        scan->overflowed = true;
    else
        flow_keys_add(scan->regrets, key);
}

// ---- counting

static bool is_before(int64_t secs, uint32_t nsecs, int64_t other_secs, uint32_t other_nsecs)
{
    return secs < other_secs || (secs == other_secs && nsecs < other_nsecs);
}

void scan_counts_add(ScanCounts *counts, const ScanCounts *more)
{
    if (more->packets == 0)
        return;
    if (counts->packets == 0 || is_before(more->first.secs, more->first.nsecs, counts->first.secs, counts->first.nsecs))
        counts->first = more->first;
    if (counts->packets == 0 || is_before(counts->last.secs, counts->last.nsecs, more->last.secs, more->last.nsecs))
        counts->last = more->last;
    counts->packets += more->packets;
    counts->conversations += more->conversations;
    counts->rpc += more->rpc;
    counts->rpc_middle += more->rpc_middle;
    counts->winrm += more->winrm;
}

static void count_packet(Scan *scan, const CapturePacket *packet)
{
    const ScanCounts one = {
        .packets = 1,
        .first = {packet->secs, packet->nsecs},
        .last = {packet->secs, packet->nsecs},
    };
    if (!packet->counted)
        scan_counts_add(&scan->counts, &one);
}

static void count_rpc(Scan *scan, Flow *flow, const CapturePacket *packet)
{
    if (packet->counted || flow->counted)
        return;
    flow->counted = true;
    scan->counts.rpc++;
    scan->counts.rpc_middle += !flow->begun;
}

// ---- flows that are kept

/** A flow of tickets turns out to be one that is kept as a whole, or any flow that was not kept so far. */
static void become_kept(Scan *scan, Flow *flow)
{
    flow->state = FLOW_KEPT;
    if (flow->tickets)
        tickets_release_all(scan->tickets);
    if (scan->options.stage != SCAN_FIRST && !scan->options.everything)
        flow->tokens = g_new0(TokenSearch, 1);
}

static void become_tickets(Scan *scan, Flow *flow)
{
    flow->state = FLOW_TICKETS;
    if (scan->options.stage != SCAN_FIRST)
        tickets_begin(scan->tickets, &flow->tickets, &flow->key.ip[1 - flow->server]);
}

static void pass(Scan *scan, Flow *flow, guint side, const Layers *layers, const CapturePacket *packet)
{
    if (scan->options.stage == SCAN_FIRST) {
        keep(packet, scan);
        return;
    }
    size_t before = reorder_waiting(flow->reorder);
    Passing passing = {scan, flow};
    reorder_packet(flow->reorder, side, layers, packet, keep_ordered, &passing);
    scan->reorder = scan->reorder - before + reorder_waiting(flow->reorder);
    if (scan->reorder > MAX_REORDER) {
        scan->reorder -= reorder_waiting(flow->reorder);
        flush_order(scan, flow);
    }
}

static void note_oddity(const TcpOddity *oddity, gpointer data)
{
    oddities_add(((Scan *) data)->oddities, oddity);
}

static void set_kept(Scan *scan, Flow *flow, FlowState state)
{
    if (scan->options.stage != SCAN_FIRST)
        flow->reorder = reorder_new(note_oddity, scan);
    if (state == FLOW_TICKETS)
        become_tickets(scan, flow);
    else
        become_kept(scan, flow);
    HeldPacket *held = flow->waiting;
    flow->waiting = flow->waiting_last = NULL;
    flow->n_waiting = 0;
    while (held) {
        HeldPacket *next = held->next;
        scan->pool -= held_packet_size(held);
        Layers layers;
        layers_read(&held->packet, &layers);
        pass(scan, flow, held->side, &layers, &held->packet);
        g_free(held);
        held = next;
    }
}

// ---- flows that are not decided

static void drop_flow(Scan *scan, Flow *flow)
{
    note_lookups(scan, flow);
    forget_waiting(scan, flow);
    flow->state = FLOW_DROPPED;
    if (flow->asked)
        unanswered_count(scan->unanswered, &flow->key, !flow->asker);
    if (scan->options.stage == SCAN_FIRST)
        flow_set_add(scan->options.dropped, flow);
}

/** A flow that cannot wait any longer, and is not decided yet. */
static FlowState decide(const Flow *flow)
{
    if (flow->asked || flow->other_rpc)
        return FLOW_DROPPED;
    return has_port(&flow->key, RPCSS_PORT) || has_port(&flow->key, KERBEROS_PORT) ? FLOW_KEPT : FLOW_DROPPED;
}

static void set_decided(Scan *scan, Flow *flow, FlowState state)
{
    if (state == FLOW_DROPPED)
        drop_flow(scan, flow);
    else if (state != FLOW_UNDECIDED)
        set_kept(scan, flow, state);
}

static void relieve(Flow *flow, gpointer data)
{
    if (flow->state == FLOW_UNDECIDED)
        set_decided(data, flow, decide(flow));
}

static void wait(Scan *scan, Flow *flow, guint side, const CapturePacket *packet)
{
    flow->n_waiting++;
    if (scan->options.stage == SCAN_FIRST) {
        keep(packet, scan);
        return;
    }
    HeldPacket *held = held_packet_new(packet);
    held->side = (uint8_t) side;
    if (flow->waiting_last)
        flow->waiting_last->next = held;
    else
        flow->waiting = held;
    flow->waiting_last = held;
    scan->pool += held_packet_size(held);
}

/** What the payload of an undecided flow, in which no PDU matters, makes of it. `first`: nothing was sent before it. */
static FlowState judge(const Scan *scan, Flow *flow, guint side, const Layers *layers, bool first)
{
    bool tickets = has_port(&flow->key, KERBEROS_PORT), rpcss = has_port(&flow->key, RPCSS_PORT);
    if (tickets && scan->options.keys)
        return FLOW_KEPT;
    if (tickets && side == flow->server) {
        static const char *const others[] = {"HTTP/", "\x16\x03"};
        for (size_t i = 0; i < G_N_ELEMENTS(others); i++) {
            size_t len = strlen(others[i]);
            if (layers->payload_len >= len && memcmp(layers->payload, others[i], len) == 0)
                return FLOW_DROPPED;
        }
        return FLOW_TICKETS;
    }
    FlowState other = rpcss ? FLOW_KEPT : FLOW_DROPPED;
    switch (scan_pdu_kind(layers->payload, layers->payload_len)) {
    case SCAN_PDU_NONE: return first && !flow->rpc && !tickets ? other : FLOW_UNDECIDED;
    case SCAN_PDU_BIND: flow->bound = flow->rpc = true; return FLOW_UNDECIDED;
    case SCAN_PDU_REQUEST:
        flow->rpc = true;
        flow->other_rpc |= flow->bound;
        // Clients use connections to RPCSS for one interface after another.
        return flow->bound && !rpcss ? FLOW_DROPPED : flow->bound ? FLOW_UNDECIDED : other;
    case SCAN_PDU_OTHER: flow->rpc = true; return FLOW_UNDECIDED;
    default: return FLOW_UNDECIDED;
    }
}

// ---- Binds that nobody has answered

/** Whether the payload is a Bind and nothing else. */
static bool is_lone_bind(const Layers *layers)
{
    const uint8_t *p = layers->payload;
    if (scan_pdu_kind(p, layers->payload_len) != SCAN_PDU_BIND || layers->payload_len < 10)
        return false;
    guint length = p[4] & 0x10 ? p[8] | (guint) p[9] << 8 : (guint) p[8] << 8 | p[9];
    return length >= layers->payload_wire;
}

/** Whether a flow in which a PDU matters has to wait for more than that: it is one of many Binds that nobody has answered. */
static bool has_to_wait(Scan *scan, Flow *flow, guint side, const Layers *layers)
{
    if (scan->options.stage == SCAN_FIRST || flow->side[1 - side].spoke || !is_lone_bind(layers))
        return false;
    if (!flow->asked) {
        flow->asked = flow->rpc = true;
        flow->asker = side;
        flow->taken = unanswered_take(scan->unanswered, &flow->key, 1 - side);
    }
    return !flow->taken;
}

/** Whether the payload makes more of a flow than a Bind that nobody has answered: an answer, or a call. */
static bool says_more(const Flow *flow, guint side, const Layers *layers, bool matters)
{
    if (!flow->asked || layers->payload_len == 0)
        return false;
    return flow->asker != side || (matters && !is_lone_bind(layers)) ||
           scan_pdu_kind(layers->payload, layers->payload_len) == SCAN_PDU_REQUEST;
}

/** To be called for what is kept. */
static void note_answer(Scan *scan, Flow *flow, guint side, const Layers *layers)
{
    if (!says_more(flow, side, layers, false))
        return;
    flow->asked = false;
    if (flow->taken)
        unanswered_give_back(scan->unanswered, &flow->key, !flow->asker);
}

/** The same of a flow that was dropped. */
static bool waits_dropped(Scan *scan, Flow *flow, guint side, const Layers *layers)
{
    bool first = !flow->asked, waits = has_to_wait(scan, flow, side, layers);
    if (waits && first)
        unanswered_count(scan->unanswered, &flow->key, !flow->asker);
    return waits;
}

static void take_undecided(Scan *scan, Flow *flow, guint side, const Layers *layers, const CapturePacket *packet,
                           bool first, bool matters)
{
    wait(scan, flow, side, packet);
    FlowState state = FLOW_UNDECIDED;
    if (says_more(flow, side, layers, matters))
        state = FLOW_KEPT;
    else if (matters)
        state = has_to_wait(scan, flow, side, layers) ? FLOW_UNDECIDED : FLOW_KEPT;
    else if (layers->payload_len > 0 && !flow->asked)
        state = judge(scan, flow, side, layers, first);
    bool over = flow->n_waiting >= MAX_WAITING || (flow->other_rpc && layers->flags & (TCP_FIN | TCP_RST));
    if (state == FLOW_UNDECIDED && over)
        state = decide(flow);
    set_decided(scan, flow, state);
    bool forgot = scan->options.stage != SCAN_FIRST && flow_table_left(scan->flows) > 0;
    if (state == FLOW_KEPT && !flow->begun && forgot)
        regret(scan, &flow->key); // it may have been here before
    if (scan->pool > MAX_POOL)
        flow_table_visit(scan->flows, RELIEF, relieve, scan);
}

// ---- TCP

/** Whether a PDU that matters starts in the payload, or started at the end of the one before. */
static bool search(Flow *flow, guint which, const Layers *layers)
{
    ScanPduFlags flags = (has_port(&flow->key, RPCSS_PORT) ? SCAN_PDU_RPCSS : 0) | (flow->rpc ? SCAN_PDU_RPC : 0);
    FlowSide *side = &flow->side[which];
    const uint8_t *payload = layers->payload;
    size_t len = layers->payload_len;
    bool found = scan_pdu_search(payload, len, flags);
    bool in_order = side->known && layers->seq == side->next;
    const uint8_t *end = payload; // of the stream up to here
    size_t end_len = len;
    uint8_t joined[FLOW_TAIL + 128];
    if (side->tail_len > 0 && !found) {
        size_t more = MIN(len, sizeof(joined) - side->tail_len);
        memcpy(joined, side->tail, side->tail_len);
        memcpy(joined + side->tail_len, payload, more);
        // Out of order, the rest of that header was not seen here.
        found = in_order ? scan_pdu_search(joined, side->tail_len + more, flags) : flow->rpc;
        if (in_order && len < FLOW_TAIL) { // the header may still go on
            end = joined;
            end_len = side->tail_len + more;
        }
    }
    bool ahead = !side->known || (int32_t) (layers->seq + layers->payload_wire - side->next) > 0;
    if (ahead) {
        side->known = true;
        side->next = layers->seq + layers->payload_wire;
        side->tail_len = 0;
        if (layers->payload_len == layers->payload_wire) {
            size_t tail = scan_pdu_tail(end, end_len, FLOW_TAIL);
            memcpy(side->tail, end + end_len - tail, tail);
            side->tail_len = (uint8_t) tail;
        }
    }
    return found;
}

/** Wireshark begins a conversation with a SYN whose sequence number is not the one that its sender began with before. */
static void take_syn(Scan *scan, Flow *flow, guint which, const Layers *layers)
{
    bool again = flow->begun && flow->isn == layers->seq;
    // The other end's packets then belong to the same conversation; but a first stage may have dropped this end's.
    bool first = !flow->side[which].seen && scan->options.stage != SCAN_SECOND;
    if (again || (first && flow->state == FLOW_DROPPED))
        return;
    if (flow->state == FLOW_UNDECIDED)
        count_unanswered(scan, flow);
    flow->state = FLOW_UNDECIDED;
    flow->begun = true;
    flow->isn = layers->seq;
    flow->bound = flow->rpc = flow->other_rpc = flow->asked = flow->taken = false;
    memset(flow->side, 0, sizeof(flow->side));
    flow->side[which].next = layers->seq + 1;
    flow->side[which].known = true;
}

static bool is_smb(const FlowKey *key)
{
    return has_port(key, SMB_PORT) || has_port(key, NETBIOS_PORT);
}

static FlowKey hosts_of(const FlowKey *key)
{
    FlowKey hosts = *key;
    hosts.port[0] = hosts.port[1] = 0;
    return hosts;
}

/** Remembers whose conversation is kept, and keeps SMB of theirs. */
static void follow_smb(Scan *scan, Flow *flow, bool matters)
{
    const FlowKey hosts = hosts_of(&flow->key);
    if (!is_smb(&flow->key) && matters && g_hash_table_size(scan->hosts) < MAX_SMB)
        flow_keys_add(scan->hosts, &hosts);
    else if (is_smb(&flow->key) && flow->state != FLOW_KEPT && g_hash_table_contains(scan->hosts, &hosts))
        set_kept(scan, flow, FLOW_KEPT);
}

static Flow *find_flow(Scan *scan, const FlowKey *key, const CapturePacket *packet)
{
    Flow *flow = flow_table_find(scan->flows, key);
    if (flow)
        return flow;
    if (is_smb(key) && g_hash_table_size(scan->aside.smb) < MAX_SMB)
        flow_keys_add(scan->aside.smb, key);
    if (!packet->counted) {
        scan->counts.conversations++;
        scan->counts.winrm += has_port(key, WINRM_PORT) || has_port(key, WINRM_TLS_PORT);
    }
    flow = flow_table_add(scan->flows, key);
    flow->server = key->port[1] == RPCSS_PORT || key->port[1] == KERBEROS_PORT;
    if (scan->options.everything || is_wanted(scan, key))
        set_kept(scan, flow, FLOW_KEPT);
    return flow;
}

static void take_tcp(Scan *scan, const Layers *layers, const CapturePacket *packet)
{
    FlowKey key;
    guint side = flow_key_set(&key, layers->ip, layers->port, PROTOCOL_TCP);
    Flow *flow = find_flow(scan, &key, packet);
    if (scan->options.smb)
        follow_smb(scan, flow, false);
    if (flow->state == FLOW_KEPT) {
        note_answer(scan, flow, side, layers);
        pass(scan, flow, side, layers, packet);
        return;
    }
    if ((layers->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && flow->state != FLOW_TICKETS)
        take_syn(scan, flow, side, layers);
    flow->side[side].seen = true;
    if ((layers->flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK)) {
        flow->side[side].next = layers->seq + 1;
        flow->side[side].known = true;
    }
    bool first = flow->begun && flow->side[side].known && layers->seq == flow->side[side].next;
    bool matters = layers->payload_len > 0 && search(flow, side, layers);
    flow->side[side].spoke |= layers->payload_len > 0;
    if (matters)
        count_rpc(scan, flow, packet);
    if (scan->options.smb && matters)
        follow_smb(scan, flow, true);
    switch ((FlowState) flow->state) {
    case FLOW_UNDECIDED:
        take_undecided(scan, flow, side, layers, packet, first, matters);
        if (flow->rpc)
            count_rpc(scan, flow, packet);
        return;
    case FLOW_DROPPED:
    case FLOW_TICKETS:
        if (says_more(flow, side, layers, matters) || (matters && !waits_dropped(scan, flow, side, layers))) {
            regret(scan, &key);
            if (flow->state == FLOW_DROPPED)
                set_kept(scan, flow, FLOW_KEPT);
            else
                become_kept(scan, flow);
            pass(scan, flow, side, layers, packet);
        } else if (flow->state == FLOW_DROPPED) {
            note_lookup(scan, flow, side, layers);
        } else if (flow->state == FLOW_TICKETS) {
            pass(scan, flow, side, layers, packet);
        }
        return;
    case FLOW_KEPT: return;
    }
}

// ---- what is no TCP

/** A tunnel that Wireshark reads and layers.c does not, or samples of other packets. */
static bool is_tunnel_port(uint16_t port)
{
    static const uint16_t ports[] = {1701, 3386, 3544, 4305,  4341,  4790,  5000,  5072,  5247, 5555,
                                     6080, 6343, 6635, 12222, 12223, 17754, 30030, 30031, 37008};
    for (size_t i = 0; i < G_N_ELEMENTS(ports); i++) {
        if (ports[i] == port)
            return true;
    }
    return false;
}

/** Whether it was AS-REP or TGS-REP, which waits until it is needed. */
static bool take_ticket(Scan *scan, const Layers *layers, const CapturePacket *packet)
{
    bool reply = layers->port[0] == KERBEROS_PORT && layers->payload_len > 0 &&
                 (layers->payload[0] == 0x6b || layers->payload[0] == 0x6d);
    if (!reply || scan->options.keys || scan->options.stage == SCAN_FIRST || scan->options.only_wanted)
        return false;
    tickets_datagram(scan->tickets, packet, layers);
    return true;
}

static bool needs_udp(Scan *scan, const Layers *layers)
{
    bool from_kdc = layers->port[0] == KERBEROS_PORT, to_kdc = layers->port[1] == KERBEROS_PORT;
    if (scan->options.keys && (from_kdc || to_kdc))
        return true;
    // AS-REP and TGS-REP
    if (from_kdc && layers->payload_len > 0 && (layers->payload[0] == 0x6b || layers->payload[0] == 0x6d))
        return true;
    if (is_tunnel_port(layers->port[0]) || is_tunnel_port(layers->port[1]))
        return true;
    bool matters = scan_pdu_search(layers->payload, layers->payload_len, SCAN_PDU_NOTHING);
    if (!matters && !scan->options.wanted)
        return false;
    FlowKey key;
    (void) flow_key_set(&key, layers->ip, layers->port, PROTOCOL_UDP);
    if (matters)
        regret(scan, &key);
    return matters || is_wanted(scan, &key);
}

/** A packet about a TCP flow whose payload is not seen. */
static bool needs_aside(Scan *scan, const Layers *layers, const CapturePacket *packet)
{
    FlowKey key;
    guint side = flow_key_set(&key, layers->ip, layers->port, PROTOCOL_TCP);
    Flow *flow = flow_table_find(scan->flows, &key);
    if (flow && flow->state == FLOW_UNDECIDED) {
        wait(scan, flow, side, packet);
        if (flow->n_waiting >= MAX_WAITING)
            set_decided(scan, flow, decide(flow));
        return false;
    }
    return flow && flow->state == FLOW_KEPT;
}

static void take_fragment(Scan *scan, const Layers *layers, const CapturePacket *packet)
{
    if (!layers->has_ports || scan->options.everything)
        return;
    FlowKey key;
    (void) flow_key_set(&key, layers->ip, layers->port, PROTOCOL_TCP);
    Flow *flow = find_flow(scan, &key, packet);
    if (flow->state == FLOW_DROPPED || flow->state == FLOW_TICKETS)
        regret(scan, &key);
    if (flow->state == FLOW_UNDECIDED || flow->state == FLOW_DROPPED)
        set_kept(scan, flow, FLOW_KEPT);
}

static bool is_wanted_tcp(const Scan *scan, const Layers *layers)
{
    FlowKey key;
    (void) flow_key_set(&key, layers->ip, layers->port, PROTOCOL_TCP);
    return is_wanted(scan, &key);
}

void scan_packet(Scan *scan, const CapturePacket *packet)
{
    Layers layers;
    layers_read(packet, &layers);
    count_packet(scan, packet);
    bool needed = scan->options.everything;
    switch (layers.kind) {
    case LAYERS_TCP:
        if (!scan->options.only_wanted || is_wanted_tcp(scan, &layers))
            take_tcp(scan, &layers, packet);
        return;
    case LAYERS_UDP: needed = needed || (needs_udp(scan, &layers) && !take_ticket(scan, &layers, packet)); break;
    case LAYERS_QUOTED: needed = needed || needs_aside(scan, &layers, packet); break;
    case LAYERS_FRAGMENT:
        take_fragment(scan, &layers, packet);
        needed = true;
        break;
    case LAYERS_UNKNOWN: needed = true; break;
    case LAYERS_DEAD: break;
    }
    if (!needed || scan->options.only_wanted)
        return;
    if (layers.kind != LAYERS_QUOTED)
        tickets_release_all(scan->tickets); // whose tokens it may hold cannot be said
    keep(packet, scan);
}

static void tick_flow(Flow *flow, gpointer data)
{
    Scan *scan = data;
    if (!flow->reorder)
        return;
    scan->reorder -= reorder_waiting(flow->reorder);
    Passing passing = {scan, flow};
    reorder_tick(flow->reorder, keep_ordered, &passing);
    scan->reorder += reorder_waiting(flow->reorder);
}

void scan_tick(Scan *scan)
{
    if (scan->reorder > 0)
        flow_table_visit(scan->flows, flow_table_size(scan->flows), tick_flow, scan);
}

static void finish_flow(Flow *flow, gpointer data)
{
    Scan *scan = data;
    if (flow->reorder)
        flush_order(scan, flow);
    if (flow->state == FLOW_UNDECIDED) {
        count_unanswered(scan, flow);
        note_lookups(scan, flow);
    }
    bool kept = flow->state == FLOW_KEPT || flow->state == FLOW_TICKETS;
    if (kept && scan->options.stage == SCAN_SECOND && flow_set_has(scan->options.dropped, flow))
        regret(scan, &flow->key);
}

void scan_finish(Scan *scan)
{
    flow_table_visit(scan->flows, flow_table_size(scan->flows), finish_flow, scan);
    scan->reorder = 0;
    scan->ended = true;
}

GHashTable *scan_regrets(const Scan *scan)
{
    return scan->regrets;
}

GHashTable *scan_oddities(const Scan *scan)
{
    return scan->oddities;
}

const ScanAside *scan_aside(const Scan *scan)
{
    return &scan->aside;
}

void scan_aside_add(const ScanAside *aside, const ScanAside *more)
{
    flow_keys_add_all(aside->smb, more->smb);
    flow_keys_add_all(aside->lookups, more->lookups);
}

const ScanCounts *scan_counts(const Scan *scan)
{
    return &scan->counts;
}

bool scan_overflowed(const Scan *scan)
{
    return scan->overflowed;
}

const Unanswered *scan_unanswered(const Scan *scan)
{
    return scan->unanswered;
}
