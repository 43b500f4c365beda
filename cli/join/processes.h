// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The second reading of the logs: how the processes at the connections' ends came to be, and what WMI's provider host
 * started.
 */
#ifndef CAR_JOIN_PROCESSES_H
#define CAR_JOIN_PROCESSES_H

#include "join/join.h"

/** What is wanted of it, as a mask of HOST_EVENT_BIT(). */
extern const unsigned host_join_second_wanted;

/** Takes an event; `data` is the join. */
void host_join_second(const HostEvent *event, gpointer data);

/** After it: completes the records with what it found. */
void host_join_processes(HostJoin *join);

#endif
