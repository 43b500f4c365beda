// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What the logs tell of connections beside processes and logons: WMI's operations and subscriptions, explicit credentials,
 * whom RPCSS connects for, how far the clocks are off.
 */
#ifndef CAR_JOIN_FACTS_H
#define CAR_JOIN_FACTS_H

#include "join/join.h"

/** After both readings: completes the records. */
void host_join_facts(HostJoin *join);

#endif
