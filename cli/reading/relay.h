// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * A relay of tsharks, for one remembers all that it read. When one has read enough, the next one starts, and reads for a
 * while what begins beside it, so that it knows to whom interface pointers and tickets were handed out. Then it takes over:
 * connections that begin from then on are its own; those before stay with the old one, which ends when the next but one
 * starts.
 */
#ifndef CAR_READING_RELAY_H
#define CAR_READING_RELAY_H

#include "reading/follower.h"
#include <stdint.h>

typedef struct Relay Relay;

/** `limit`: packets that one tshark reads before the next one starts. `options` have to stay until relay_free(). NULL
 * and an error when none can be started. */
Relay *relay_new(const FollowerOptions *options, uint64_t limit, GError **error);

/** Hands on a packet; ReorderFunc. */
void relay_packet(const CapturePacket *packet, gpointer relay);

/** To be called a few times a second, and when there are no more packets for now: what was handed on reaches tshark. False with
 * an error when tshark cannot work at all. */
bool relay_tick(Relay *relay, GError **error);

/** After the last packet: waits until all were read. False with an error when tshark cannot work at all. */
bool relay_finish(Relay *relay, GError **error);

void relay_free(Relay *relay);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Relay, relay_free)

#endif
