// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Statistics of remote WMI, in Wireshark's menu Statistics and as `tshark -q -z`: `car,tree` (hosts → methods,
 * techniques, users, processes, namespaces) and `car,activities` (a row an activity). Both take a display filter:
 * `-z car,tree,FILTER`.
 *
 * They listen to the tap "car", which carries the PduResults of a frame. On a first pass a conversation may turn out to
 * be remote WMI only after some of its frames: these wait until then.
 */
#ifndef CAR_PLUGIN_STATISTICS_H
#define CAR_PLUGIN_STATISTICS_H

#include "judge/conversation.h"

/** Offers the statistics. `least` is the Confidence from which conversations count; it is read with each packet. */
void statistics_register(const int *least);

// Inside the statistics.

void statistics_tree_register(void);
void statistics_activities_register(void);

/** PDUs that wait: Conversation * → GPtrArray of const PduResult *. Owned by the caller. */
GHashTable *statistics_waiting_new(void);

typedef void (*StatisticsTake)(const PduResult *r, wmem_allocator_t *pool, gpointer data);

/** Calls `take` for each PDU of a frame, and before for those that waited, once their conversation is sure enough. */
void statistics_take(GHashTable *waiting, const PduResult *results, wmem_allocator_t *pool, StatisticsTake take,
                     gpointer data);

// What a call is counted under. NULL: not known. In `pool`, printable and cut short.

const char *statistics_user(const PduResult *r, wmem_allocator_t *pool);
const char *statistics_process(const PduResult *r, wmem_allocator_t *pool);
const char *statistics_namespace(const PduResult *r, wmem_allocator_t *pool);

#endif
