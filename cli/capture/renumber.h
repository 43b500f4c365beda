// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Numbers that Wireshark cannot be led astray by. It takes for a repetition, and does not dissect, whatever stands before a
 * number that it saw, were it in one packet that both ends ignored. Here each direction gets numbers of its own: what is
 * new follows what was before, whatever was forged between. Packets that make two readings of the stream, or whose numbers
 * nothing goes on from, are told.
 */
#ifndef CAR_CAPTURE_RENUMBER_H
#define CAR_CAPTURE_RENUMBER_H

#include "capture/layers.h"

typedef struct Renumber Renumber;

typedef enum {
    TCP_ODD_OVERLAP, ///< the same place of the stream was sent twice, with other bytes
    TCP_ODD_NUMBERS, ///< its numbers are far from those before, and the connection went on with those
    TCP_ODD_END,     ///< a FIN or RST, after which the connection went on
    TCP_ODD_SYN,     ///< a SYN in a connection that went on as if there had been none
} TcpOdd;

/** What is told. The second packet is the same as the first where one is enough. Readings may be NULL. */
typedef struct {
    TcpOdd kind;
    Address ip[2]; ///< of the first packet: source, destination
    uint16_t port[2];
    struct {
        guint file;
        uint64_t number;
        const char *reading; ///< what it says where they differ, in UTF-8
    } packet[2];
} TcpOddity;

typedef void (*TcpOddityFunc)(const TcpOddity *oddity, gpointer data);

/** Takes a packet whose turn has come; its bytes are valid only during the call. */
typedef void (*PacketFunc)(const CapturePacket *packet, gpointer data);

/** `tell` may be NULL. */
Renumber *renumber_new(TcpOddityFunc tell, gpointer data);
void renumber_free(Renumber *renumber);

/** Takes the next packet of the conversation, sent by the end `side` (0 or 1), in the order that they are to be in. */
void renumber_packet(Renumber *renumber, guint side, const CapturePacket *packet, PacketFunc func, gpointer data);

#endif
