// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The flows of a scan: what each pair of addresses and ports was found to be. The table is bounded: of a few that come
 * next in turn, one that was idle leaves first, one that is kept last.
 */
#ifndef CAR_SCAN_FLOW_TABLE_H
#define CAR_SCAN_FLOW_TABLE_H

#include "base/flow-key.h"
#include "capture/reorder.h"
#include "scan/tickets.h"
#include <stdint.h>

typedef enum {
    FLOW_UNDECIDED, ///< its packets wait
    FLOW_KEPT,
    FLOW_TICKETS, ///< Kerberos: kept once a ticket of it is needed
    FLOW_DROPPED,
} FlowState;

#define FLOW_TAIL 7 ///< bytes that may be the start of a PDU's header

typedef struct {
    uint32_t next; ///< sequence number of the byte to come, while the flow is not kept
    bool seen;     ///< it sent something …
    bool spoke;    ///< … with a payload
    bool known;    ///< that number is
    uint8_t tail_len;
    uint8_t tail[FLOW_TAIL]; ///< end of the bytes before, where it may be the start of a PDU
} FlowSide;

typedef struct {
    FlowKey key;
    uint32_t chain; ///< next in its bucket
    uint8_t state;  ///< FlowState
    bool used;      ///< since its turn came last
    bool begun;     ///< its SYN was seen
    bool bound;     ///< a Bind was seen, and it was of no interest
    bool other_rpc; ///< a request was seen after that, and it was of no interest, too
    bool rpc;       ///< it speaks DCE/RPC
    bool counted;   ///< as one that speaks DCE/RPC
    bool server;    ///< which end listens on 135 or 88, where one does
    bool asked;     ///< a Bind is all that it holds, and the other end has said nothing …
    bool asker;     ///< … from this end …
    bool taken;     ///< … which is kept, and takes room (see unanswered.h)
    uint16_t n_waiting;
    uint32_t isn; ///< of that SYN
    FlowSide side[2];
    HeldPacket *waiting, *waiting_last; ///< while undecided
    Reorder *reorder;                   ///< while kept
    TicketExchange *tickets;            ///< while they wait
    TokenSearch *tokens;                ///< while kept
} Flow;

typedef struct FlowTable FlowTable;

/** Called for a flow that leaves; frees what it owns. */
typedef void (*FlowFunc)(Flow *flow, gpointer data);

FlowTable *flow_table_new(guint max, FlowFunc leave, gpointer data);
/** All flows leave. */
void flow_table_free(FlowTable *table);

/** NULL when it is not there. */
Flow *flow_table_find(FlowTable *table, const FlowKey *key);
/** A new flow, all zero but its key; valid until it leaves. */
Flow *flow_table_add(FlowTable *table, const FlowKey *key);

guint flow_table_size(const FlowTable *table);
/** How many have left. */
uint64_t flow_table_left(const FlowTable *table);

/** Goes on through the table, at most `n` flows. */
void flow_table_visit(FlowTable *table, guint n, FlowFunc visit, gpointer data);

#endif
