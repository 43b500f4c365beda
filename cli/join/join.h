// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Joins hosts' logs to the connections of captures. The logs are read twice: first for what has the ends of a connection
 * or speaks of WMI, from which the clocks and the processes and logons of interest follow; then for the processes
 * (processes.h). In the end facts.h adds the rest of what the first reading found. Only events that can belong to a
 * connection are kept, so memory does not grow with the logs.
 *
 * Nothing is joined by time alone: each match has a reason, which stands with it in the record.
 */
#ifndef CAR_JOIN_JOIN_H
#define CAR_JOIN_JOIN_H

#include "join/clock.h"
#include "join/event-store.h"
#include "join/index.h"
#include "logs/event.h"
#include <stdint.h>

/** A process of which more is to be found out. */
typedef struct {
    HostConn *conn;
    HostSide side;
    int64_t pid;              ///< NUMBER_UNKNOWN when only the GUID is known
    const char *guid;         ///< Sysmon's, or NULL
    int64_t start;            ///< when it was created, by its own host's clock
    const StoredEvent *found; ///< its creation
    const char *reason;       ///< why that is it
    int64_t ended;            ///< the newest end of such a pid before the connection, by the capture's clock
} SoughtProcess;

typedef struct {
    HostIndex *index;
    HostClocks *clocks;
    EventStore store;
    GPtrArray *operations, *subscriptions, *providers, *rpc_calls, *credentials; ///< StoredEvent *
    GPtrArray *spawned;         ///< StoredEvent *, processes created by WMI's provider host
    Texts *names;               ///< owns the keys of the next two
    GHashTable *by_client;      ///< label of the client's name in lower case, or address → GPtrArray of HostConn *
    GHashTable *by_server;      ///< the same of the server's names; made between the readings
    GHashTable *by_server_port; ///< port → GPtrArray of HostConn *
    GPtrArray *sought;          ///< SoughtProcess *
    GHashTable *sought_by_pid;  ///< pid → GPtrArray of SoughtProcess *
    GHashTable *sought_by_guid; ///< GUID → GPtrArray of SoughtProcess *
    GHashTable *provider_pids;  ///< host and pid of WMI's provider hosts
} HostJoin;

HostJoin *host_join_new(GPtrArray *sets, size_t room);
void host_join_free(HostJoin *join);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostJoin, host_join_free)

/** What is wanted of the first reading, as a mask of HOST_EVENT_BIT(). */
extern const unsigned host_join_first_wanted;

/** Takes an event of the first reading; `data` is the join. */
void host_join_first(const HostEvent *event, gpointer data);

/** Between the readings: settles the clocks, notes the ends' processes and logons in the records. Whether the second
 * reading can add anything. */
bool host_join_plan(HostJoin *join);

/** Whether the event, its host's clock set right, lies between the connection's start and end, or so much before or
 * after. */
bool host_join_during(HostJoin *join, const HostConn *conn, const HostEvent *event, int64_t before, int64_t after);

/** Notes that the event's process was a provider host of WMI. */
void host_join_add_provider(HostJoin *join, const HostEvent *event);

/** Whether that process of the event's host was one. */
bool host_join_is_provider(const HostJoin *join, const HostEvent *event, int64_t pid);

/** The connections with a server (or client: by_client) of this name; NULL when there are none. */
const GPtrArray *host_join_find(GHashTable *by_name, Slice name);

#endif
