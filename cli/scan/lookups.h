// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Look-ups in the endpoint mapper, which are dropped: noted is which port they named, so that those can be had after all that led
 * to a connection which matters.
 */
#ifndef CAR_SCAN_LOOKUPS_H
#define CAR_SCAN_LOOKUPS_H

#include "base/flow-key.h"

#include <stdbool.h>
#include <stdint.h>

#define LOOKUPS_ANY_PORT 0 ///< named by an answer that is not in one segment

/** Takes what the end `server` (0 or 1) of `flow` sent in a segment. An item of the set `lookups` has the ends of the flow, but
 * instead of port 135 the one that was named, and the server's index as `transport`. */
void lookups_take(GHashTable *lookups, const FlowKey *flow, guint server, const uint8_t *payload, size_t len);

/** What an item of the set tells: the conversation with the endpoint mapper, between which hosts, and the port that was named. */
typedef struct {
    FlowKey flow;
    Address client, server;
    uint16_t port;
} NamedPort;

NamedPort lookups_get(const FlowKey *item);

#endif
