// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What the statistics share: which PDUs count, and under what.
 *
 * They listen to the tap "car", which carries the PduResults of a frame. On a first pass a conversation may turn out to be
 * remote WMI only after some of its frames: these wait until then.
 */
#ifndef CAR_PLUGIN_STATISTICS_COUNT_H
#define CAR_PLUGIN_STATISTICS_COUNT_H

#include "judge/conversation.h"

#include <epan/packet.h>

/** PDUs that wait: Conversation * → GPtrArray of const PduResult *. Owned by the caller. */
GHashTable *statistics_waiting_new(void);

typedef void (*StatisticsTake)(const PduResult *r, wmem_allocator_t *pool, gpointer data);

/** Calls `take` for each PDU of a frame, and before for those that waited, once their conversation is at
 *  least as sure as `*least` (a Confidence). */
void statistics_take(GHashTable *waiting, const int *least, const PduResult *results, wmem_allocator_t *pool,
                     StatisticsTake take, gpointer data);

// What a call is counted under. NULL: not known. In `pool`, printable and cut short.

const char *statistics_user(const PduResult *r, wmem_allocator_t *pool);
const char *statistics_process(const PduResult *r, wmem_allocator_t *pool);
const char *statistics_namespace(const PduResult *r, wmem_allocator_t *pool);

#endif
