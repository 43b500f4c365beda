// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Puts the segments of a TCP conversation in order: Wireshark does not dissect a request that was overtaken. A packet
 * that is ahead of its turn waits for those before it, until the other end acknowledges them (then the capture missed
 * them) or too much waits. What comes again is passed on where it stands. Numbers are changed as renumber.h says.
 */
#ifndef CAR_CAPTURE_REORDER_H
#define CAR_CAPTURE_REORDER_H

#include "capture/renumber.h"

typedef struct Reorder Reorder;

typedef PacketFunc ReorderFunc;

/** `tell` may be NULL. */
Reorder *reorder_new(TcpOddityFunc tell, gpointer data);
/** Drops what waits. */
void reorder_free(Reorder *reorder);

/** Takes the next packet of the conversation, sent by the end `side` (0 or 1). */
void reorder_packet(Reorder *reorder, guint side, const Layers *tcp, const CapturePacket *packet, ReorderFunc func,
                    gpointer data);

/** Passes on what waits. */
void reorder_flush(Reorder *reorder, ReorderFunc func, gpointer data);

/** Passes on what has been waiting for the same packet since the last call, when that was long ago. */
void reorder_tick(Reorder *reorder, ReorderFunc func, gpointer data);

/** Bytes of memory that waiting packets take. */
size_t reorder_waiting(const Reorder *reorder);

#endif
