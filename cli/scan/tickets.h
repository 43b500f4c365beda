// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Tickets of Kerberos that wait until a conversation that is kept may need them, and are dropped when none does. A ticket
 * says who its user is: of the tokens in such a conversation it is needed by the one that holds this very ticket and, as a
 * candidate, by those of the host that it was issued to. Packets are kept in the order in which they came, for the last of several
 * answers counts. Whatever cannot be seen whole lets all go that wait.
 */
#ifndef CAR_SCAN_TICKETS_H
#define CAR_SCAN_TICKETS_H

#include "capture/reorder.h"

typedef struct Tickets Tickets;

/** What a key distribution centre says on one connection, or in one datagram. */
typedef struct TicketExchange TicketExchange;

/** `keep` takes the packets that are needed. */
Tickets *tickets_new(ReorderFunc keep, gpointer data);
/** What still waits is not needed. */
void tickets_free(Tickets *tickets);

/** Begins a connection of `client`. `*owner` is the exchange, and NULL once it waits no longer. */
void tickets_begin(Tickets *tickets, TicketExchange **owner, const Address *client);

/** The owner is no more. */
void tickets_leave(TicketExchange *exchange);

/** A packet of such a connection, in order, which waits, or is kept at once when the connection waits no longer. */
void tickets_segment(Tickets *tickets, TicketExchange **owner, const CapturePacket *packet, const Layers *layers);

/** A datagram that holds a ticket. */
void tickets_datagram(Tickets *tickets, const CapturePacket *packet, const Layers *layers);

/** A token that was seen beginning. */
typedef struct {
    bool open, any;       ///< there is one; any: what it holds cannot be said
    uint32_t from, until; ///< sequence numbers of its PDU
    uint8_t ticket[16];   ///< the head of its ticket; all zero: there is none
} OpenToken;

/** What one end sent. */
typedef struct {
    OpenToken token;
    uint32_t next; ///< sequence number behind it
    uint8_t len;
    uint8_t bytes[11]; ///< the last of it, where they may be the start of a PDU: too few to tell the length of a token
} TokenSide;

/** How a conversation that is kept was looked through; all zero at its beginning. */
typedef struct {
    TokenSide side[2];
} TokenSearch;

/** A segment, in order, that the end `side` sent in a conversation that is kept: what its tokens need is kept before it. */
void tickets_conversation(Tickets *tickets, TokenSearch *search, guint side, const Layers *layers);

/** Keeps all that waits: something is kept that cannot be looked through. */
void tickets_release_all(Tickets *tickets);

#endif
