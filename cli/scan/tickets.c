// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/tickets.h"

#include "base/hash.h"
#include "scan/pdu.h"
#include "scan/token.h"

#include <string.h>

#define KERBEROS_PORT 88
#define MAX_WAITING ((size_t) 24 << 20) ///< bytes of all that wait
#define LENGTH_SIZE 4                   ///< before each message on TCP (RFC 4120 7.2.2)
#define KRB_ERROR 0x7e                  ///< the tag of an answer without a ticket
#define ANSWER_START 48                 ///< bytes in which an answer tells that it is one
#define KEY_SIZE 16                     ///< of an address, and of a ticket's head

G_STATIC_ASSERT(sizeof(Address) == KEY_SIZE && SCAN_TICKET_HEAD == KEY_SIZE);

enum { KRB_AS_REP = 11, KRB_TGS_REP = 13 };

struct TicketExchange {
    TicketExchange **owner;
    GList link, client_link,
        ticket_link; ///< in the order of their beginnings: among all, of its client, with its ticket
    uint8_t client[KEY_SIZE], ticket[KEY_SIZE];
    bool has_ticket, unknown; ///< what it holds; unknown: that cannot be said
    uint32_t end;             ///< sequence number behind the answer that holds the ticket
    HeldPacket *first, *last;
    size_t size; ///< bytes of memory
};

struct Tickets {
    ReorderFunc keep;
    gpointer data;
    GQueue waiting;                    ///< TicketExchange, by their links
    GHashTable *by_client, *by_ticket; ///< 16 bytes → GQueue of TicketExchange
    guint unknown;                     ///< exchanges that wait and are that
    uint64_t serial;
    size_t size;
};

static guint key_hash(gconstpointer key)
{
    return (guint) hash_bytes(key, KEY_SIZE);
}

static gboolean key_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, KEY_SIZE) == 0;
}

static bool is_answer(uint8_t tag)
{
    return tag == (0x60 | KRB_AS_REP) || tag == (0x60 | KRB_TGS_REP);
}

static GHashTable *new_index(void)
{
    return g_hash_table_new_full(key_hash, key_equal, g_free, g_free);
}

static void index_add(GHashTable *index, const uint8_t key[KEY_SIZE], GList *link)
{
    GQueue *list = g_hash_table_lookup(index, key);
    if (!list) {
        list = g_new0(GQueue, 1);
        g_hash_table_insert(index, g_memdup2(key, KEY_SIZE), list);
    }
    g_queue_push_tail_link(list, link);
}

static void index_remove(GHashTable *index, const uint8_t key[KEY_SIZE], GList *link)
{
    GQueue *list = g_hash_table_lookup(index, key);
    g_queue_unlink(list, link);
    if (list->length == 0)
        (void) g_hash_table_remove(index, key);
}

Tickets *tickets_new(ReorderFunc keep, gpointer data)
{
    Tickets *t = g_new0(Tickets, 1);
    t->keep = keep;
    t->data = data;
    g_queue_init(&t->waiting);
    t->by_client = new_index();
    t->by_ticket = new_index();
    return t;
}

/** Takes an exchange out; the caller frees it. */
static void take_out(Tickets *t, TicketExchange *exchange)
{
    g_queue_unlink(&t->waiting, &exchange->link);
    index_remove(t->by_client, exchange->client, &exchange->client_link);
    if (exchange->has_ticket)
        index_remove(t->by_ticket, exchange->ticket, &exchange->ticket_link);
    t->unknown -= exchange->unknown;
    t->size -= exchange->size;
    if (exchange->owner)
        *exchange->owner = NULL;
}

static void take_out_list(Tickets *t, GHashTable *index, const uint8_t key[KEY_SIZE], GPtrArray *taken)
{
    const GQueue *list;
    while ((list = g_hash_table_lookup(index, key))) {
        TicketExchange *exchange = list->head->data;
        take_out(t, exchange);
        g_ptr_array_add(taken, exchange);
    }
}

static uint64_t serial(const HeldPacket *held)
{
    return (uint64_t) held->begin << 32 | held->end;
}

static gint compare_held(gconstpointer a, gconstpointer b)
{
    uint64_t x = serial(*(HeldPacket *const *) a), y = serial(*(HeldPacket *const *) b);
    return x < y ? -1 : x > y;
}

/** Keeps what was taken out, and what has a host or a ticket with it in common: which of several answers counts depends on their
 *  order. Where it cannot be said what one holds, that is all. */
static void keep_taken(Tickets *t, GPtrArray *taken)
{
    g_autoptr(GPtrArray) packets = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < taken->len; i++) {
        TicketExchange *exchange = g_ptr_array_index(taken, i);
        take_out_list(t, t->by_client, exchange->client, taken);
        if (exchange->has_ticket)
            take_out_list(t, t->by_ticket, exchange->ticket, taken);
        for (HeldPacket *held = exchange->first; held; held = held->next)
            g_ptr_array_add(packets, held);
        bool last = i + 1 == taken->len;
        if (last && t->unknown > 0 && t->waiting.head) {
            TicketExchange *other = t->waiting.head->data;
            take_out(t, other);
            g_ptr_array_add(taken, other);
        }
    }
    g_ptr_array_sort(packets, compare_held);
    for (guint i = 0; i < packets->len; i++)
        t->keep(&((const HeldPacket *) g_ptr_array_index(packets, i))->packet, t->data);
}

static void keep_first(Tickets *t)
{
    g_autoptr(GPtrArray) taken = g_ptr_array_new_with_free_func(g_free);
    TicketExchange *exchange = t->waiting.head->data;
    take_out(t, exchange);
    g_ptr_array_add(taken, exchange);
    keep_taken(t, taken);
}

void tickets_release_all(Tickets *t)
{
    if (!t->waiting.head)
        return;
    t->unknown++; // of what is to be kept beside
    keep_first(t);
    t->unknown = 0;
}

void tickets_free(Tickets *t)
{
    while (t->waiting.head) {
        TicketExchange *exchange = t->waiting.head->data;
        take_out(t, exchange);
        held_packet_free_all(exchange->first);
        g_free(exchange);
    }
    g_hash_table_unref(t->by_client);
    g_hash_table_unref(t->by_ticket);
    g_free(t);
}

// ---- what waits

static TicketExchange *add_exchange(Tickets *t, const Address *client)
{
    TicketExchange *exchange = g_new0(TicketExchange, 1);
    exchange->link.data = exchange->client_link.data = exchange->ticket_link.data = exchange;
    memcpy(exchange->client, client->bytes, KEY_SIZE);
    exchange->size = sizeof(*exchange);
    t->size += exchange->size;
    g_queue_push_tail_link(&t->waiting, &exchange->link);
    index_add(t->by_client, exchange->client, &exchange->client_link);
    return exchange;
}

static void set_ticket(Tickets *t, TicketExchange *exchange, const uint8_t ticket[KEY_SIZE])
{
    memcpy(exchange->ticket, ticket, KEY_SIZE);
    exchange->has_ticket = true;
    index_add(t->by_ticket, ticket, &exchange->ticket_link);
}

static void set_unknown(Tickets *t, TicketExchange *exchange)
{
    t->unknown += !exchange->unknown;
    exchange->unknown = true;
}

/** May end exchanges, this one among them. */
static void hold(Tickets *t, TicketExchange *exchange, const CapturePacket *packet)
{
    HeldPacket *held = held_packet_new(packet);
    held->begin = (uint32_t) (t->serial >> 32);
    held->end = (uint32_t) t->serial++;
    if (exchange->last)
        exchange->last->next = held;
    else
        exchange->first = held;
    exchange->last = held;
    exchange->size += held_packet_size(held);
    t->size += held_packet_size(held);
    while (t->size > MAX_WAITING)
        keep_first(t);
}

void tickets_begin(Tickets *t, TicketExchange **owner, const Address *client)
{
    *owner = add_exchange(t, client);
    (*owner)->owner = owner;
}

void tickets_leave(TicketExchange *exchange)
{
    exchange->owner = NULL;
}

/** Whether a segment that is no answer, such as the rest of one whose start was not captured, may hold the start of one: its tag
 *  where answers begin or at the end, or the INTEGER of its type anywhere. */
static bool may_hide_answer(const Layers *layers)
{
    const uint8_t *p = layers->payload;
    size_t len = layers->payload_len;
    if (len != layers->payload_wire || len < 2 * ANSWER_START || is_answer(p[LENGTH_SIZE]))
        return true;
    for (size_t i = 0; i + 3 <= len; i++) {
        if (p[i] == 2 && p[i + 1] == 1 && (p[i + 2] == KRB_AS_REP || p[i + 2] == KRB_TGS_REP))
            return true;
    }
    for (size_t i = len - ANSWER_START; i < len; i++) {
        if (is_answer(p[i]) && (i + 1 == len || p[i + 1] & 0x80))
            return true;
    }
    return false;
}

/** Whether what a segment of the answer holds can be said. */
static bool take_answer(Tickets *t, TicketExchange *exchange, const Layers *layers)
{
    const uint8_t *p = layers->payload;
    size_t len = layers->payload_len;
    if (exchange->has_ticket && (int32_t) (layers->seq + layers->payload_wire - exchange->end) <= 0)
        return true; // more of it, or the same again
    if (!may_hide_answer(layers))
        return true;
    if (exchange->has_ticket || len <= LENGTH_SIZE)
        return false;
    size_t size = (size_t) p[0] << 24 | (size_t) p[1] << 16 | (size_t) p[2] << 8 | p[3];
    bool more = layers->payload_wire > LENGTH_SIZE + size;
    if (p[LENGTH_SIZE] == KRB_ERROR)
        return len == LENGTH_SIZE + size;
    uint8_t ticket[KEY_SIZE];
    if (more || !scan_token_kdc_reply(p + LENGTH_SIZE, len - LENGTH_SIZE, ticket))
        return false;
    exchange->end = layers->seq + LENGTH_SIZE + (uint32_t) size;
    set_ticket(t, exchange, ticket);
    return true;
}

void tickets_segment(Tickets *t, TicketExchange **owner, const CapturePacket *packet, const Layers *layers)
{
    bool answer = layers->port[0] == KERBEROS_PORT && layers->payload_wire > 0;
    if (*owner) {
        if (answer && !take_answer(t, *owner, layers))
            set_unknown(t, *owner);
        hold(t, *owner, packet);
        return;
    }
    if (answer) // it must not overtake others
        tickets_release_all(t);
    t->keep(packet, t->data);
}

void tickets_datagram(Tickets *t, const CapturePacket *packet, const Layers *layers)
{
    uint8_t ticket[KEY_SIZE];
    TicketExchange *exchange = add_exchange(t, &layers->ip[1]);
    if (scan_token_kdc_reply(layers->payload, layers->payload_len, ticket))
        set_ticket(t, exchange, ticket);
    else
        set_unknown(t, exchange);
    hold(t, exchange, packet);
}

// ---- what is needed

/** Keeps what a token with this ticket needs, all zero: none; or all. */
static void keep_for(Tickets *t, const OpenToken *token, const Address ends[2])
{
    static const uint8_t none[KEY_SIZE];
    bool without = memcmp(token->ticket, none, sizeof(none)) == 0;
    if (token->any || (!without && t->unknown > 0)) {
        tickets_release_all(t);
        return;
    }
    if (without)
        return;
    g_autoptr(GPtrArray) taken = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < 2; i++)
        take_out_list(t, t->by_client, ends[i].bytes, taken);
    take_out_list(t, t->by_ticket, token->ticket, taken);
    keep_taken(t, taken);
}

static bool is_before(uint32_t a, uint32_t b)
{
    return (int32_t) (a - b) < 0;
}

/** A token begins in the PDU at `pdu`, whose sequence number is `seq`. It counts when the PDU ends, and may be sent again. */
static void open_token(OpenToken *token, const uint8_t *pdu, size_t len, uint32_t seq)
{
    uint32_t until = seq + scan_pdu_frag_len(pdu);
    bool other = token->open && is_before(seq, token->until);
    token->any = scan_token_read(pdu, len, token->ticket) == SCAN_TOKEN_UNSEEN || other;
    token->from = other && is_before(token->from, seq) ? token->from : seq;
    token->until = other && is_before(until, token->until) ? token->until : until;
    token->open = true;
}

/** `seq` is the sequence number of the first byte. */
static void search(OpenToken *token, const uint8_t *data, size_t len, uint32_t seq)
{
    for (size_t i = 0; i < len; i++) {
        const uint8_t *at = memchr(data + i, 5, len - i);
        if (!at)
            return;
        i = (size_t) (at - data);
        if (scan_pdu_has_token(at, len - i))
            open_token(token, at, len - i, seq + (uint32_t) i);
    }
}

/** How many bytes before a segment, and next to it, may be the start of a PDU. */
static size_t count_joined(const TokenSide *end, const Layers *layers)
{
    size_t joined = (size_t) (uint32_t) (layers->seq - (end->next - end->len));
    return joined <= end->len ? joined : 0;
}

void tickets_conversation(Tickets *t, TokenSearch *where, guint side, const Layers *layers)
{
    TokenSide *end = &where->side[side];
    if (layers->payload_wire == 0)
        return;
    if (layers->port[0] == KERBEROS_PORT)
        tickets_release_all(t);
    size_t joined = count_joined(end, layers), len = joined + layers->payload_len;
    g_autofree uint8_t *copy = joined > 0 ? g_malloc(len) : NULL;
    const uint8_t *data = layers->payload;
    if (copy) {
        memcpy(copy, end->bytes, joined);
        memcpy(copy + joined, data, layers->payload_len);
        data = copy;
    }
    search(&end->token, data, len, layers->seq - (uint32_t) joined);
    if (end->token.open && is_before(layers->seq, end->token.until)) {
        end->token.any |= is_before(layers->seq + layers->payload_wire, end->token.from);
        keep_for(t, &end->token, layers->ip);
    }
    if (end->len > 0 && !is_before(end->next, layers->seq + layers->payload_wire))
        return; // nothing new
    bool whole = layers->payload_len == layers->payload_wire;
    end->next = layers->seq + layers->payload_wire;
    end->len = (uint8_t) (whole ? scan_pdu_tail(data, len, sizeof(end->bytes)) : 0);
    memcpy(end->bytes, data + len - end->len, end->len);
}
