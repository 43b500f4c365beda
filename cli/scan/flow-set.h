// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * A set of flows of fixed size, however many there are: it may say that a flow is in it that is not, never the other way
 * round (a Bloom filter). Threads may add to it side by side.
 */
#ifndef CAR_SCAN_FLOW_SET_H
#define CAR_SCAN_FLOW_SET_H

#include "scan/flow-table.h"

typedef struct FlowSet FlowSet;

#define FLOW_SET_BITS 27 ///< 16 MiB: of 10 million flows, one in 400 is taken for another

/** Of 2^`bits` bits. */
FlowSet *flow_set_new(guint bits);
void flow_set_free(FlowSet *set);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FlowSet, flow_set_free)

/** Adds the conversation between these ends that began as the flow's did, or whose beginning was not seen. */
void flow_set_add(FlowSet *set, const Flow *flow);

/** Whether such a conversation is in it, or one between the same ends whose beginning was not seen. */
bool flow_set_has(const FlowSet *set, const Flow *flow);

#endif
