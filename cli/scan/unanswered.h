// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Binds that nobody answered. They cost whoever forges them a packet each, and tshark some kilobytes: of each server, and of
 * all, some are kept, the others are counted.
 */
#ifndef CAR_SCAN_UNANSWERED_H
#define CAR_SCAN_UNANSWERED_H

#include "base/flow-key.h"

#include <stdbool.h>

#define UNANSWERED_PER_SERVER 256
#define UNANSWERED_MAX 4096
#define UNANSWERED_SERVERS (1u << 16) ///< that are told apart

typedef struct Unanswered Unanswered;

/** What became of the Binds to one server. */
typedef struct {
    Address ip; ///< unknown: all servers beyond those that are told apart
    uint16_t port;
    guint kept;       ///< that nobody has answered yet
    uint64_t counted; ///< and not kept
} UnansweredServer;

Unanswered *unanswered_new(void);
void unanswered_free(Unanswered *unanswered);

/** Whether a Bind to the end `server` of `key` may be kept before it is answered. It then takes room. */
bool unanswered_take(Unanswered *unanswered, const FlowKey *key, guint server);

/** What was taken is answered, or was followed by calls: its room is free again. */
void unanswered_give_back(Unanswered *unanswered, const FlowKey *key, guint server);

/** Counts a Bind that is not kept. */
void unanswered_count(Unanswered *unanswered, const FlowKey *key, guint server);

/** UnansweredServer, those of which some were counted, the most first. Owned by the caller. */
GArray *unanswered_list(const Unanswered *unanswered);

#endif
