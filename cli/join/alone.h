// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Remote WMI as hosts' logs alone tell it, without a capture: WMI's own log names remote clients and their operations,
 * the RPC logs name calls on WMI's interfaces, and a process that WMI's provider host created with a network logon was
 * launched from where that logon came.
 *
 * Each record is one client of one server, as far as the log tells them apart.
 */
#ifndef CAR_JOIN_ALONE_H
#define CAR_JOIN_ALONE_H

#include "logs/event.h"
#include "record/record.h"

typedef struct HostAlone HostAlone;

/** `room` bounds the bytes of events that are kept. */
HostAlone *host_alone_new(size_t room);
void host_alone_free(HostAlone *alone);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostAlone, host_alone_free)

/** What is wanted of the two readings, as masks of HOST_EVENT_BIT(). */
extern const unsigned host_alone_first_wanted, host_alone_second_wanted;

void host_alone_first(const HostEvent *event, gpointer data);
void host_alone_second(const HostEvent *event, gpointer data);

/** The records, in order of time. The caller owns the set. */
RecordSet *host_alone_finish(HostAlone *alone);

#endif
