// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Joins hosts' logs to the connections of captures. The logs are read twice: first for what has the ends of a connection
 * or speaks of WMI, from which the clocks and the processes and logons of interest follow; then for the processes. Only
 * events that can belong to a connection are kept, so memory does not grow with the logs.
 *
 * Nothing is joined by time alone: each match has a reason, which stands with it in the record.
 */
#ifndef CAR_JOIN_JOIN_H
#define CAR_JOIN_JOIN_H

#include "join/clock.h"
#include "join/index.h"
#include "join/keep.h"
#include "logs/read.h"
#include <stdint.h>

/** A process of which more is to be found out. */
typedef struct {
    HostConn *conn;
    HostSide side;
    int64_t pid;            ///< NUMBER_UNKNOWN when only the GUID is known
    const char *guid;       ///< Sysmon's, or NULL
    int64_t start;          ///< when it was created, by its own host's clock
    const KeptEvent *found; ///< its creation
    const char *reason;     ///< why that is it
    int64_t ended;          ///< the newest end of such a pid before the connection, by the capture's clock
} HostWant;

typedef struct {
    HostIndex *index;
    HostClocks *clocks;
    HostKeep keep;
    GPtrArray *operations, *subscriptions, *providers, *rpc_calls, *credentials; ///< KeptEvent *
    GPtrArray *spawned;         ///< KeptEvent *, processes created by WMI's provider host
    GStringChunk *names;        ///< owns the keys of the next two
    GHashTable *by_client;      ///< label of the client's name in lower case, or address → GPtrArray of HostConn *
    GHashTable *by_server;      ///< the same of the server's names; made between the readings
    GHashTable *by_server_port; ///< port → GPtrArray of HostConn *
    GPtrArray *wants;           ///< HostWant *
    GHashTable *wants_by_pid;   ///< pid → GPtrArray of HostWant *
    GHashTable *wants_by_guid;  ///< GUID → GPtrArray of HostWant *
    GHashTable *provider_pids;  ///< host and pid of WMI's provider hosts
} HostJoin;

HostJoin *host_join_new(GPtrArray *sets, size_t room);
void host_join_free(HostJoin *join);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostJoin, host_join_free)

/** What is wanted of the first and the second reading, as masks of HOST_WANT(). */
extern const unsigned host_join_first_wanted, host_join_second_wanted;

/** Takes an event of the first reading; `data` is the join. */
void host_join_first(const HostEvent *event, gpointer data);

/** Between the readings: settles the clocks, notes the ends' processes and logons in the records. Whether the second
 * reading can add anything. */
bool host_join_plan(HostJoin *join);

/** Takes an event of the second reading. */
void host_join_second(const HostEvent *event, gpointer data);

/** After them: completes the records with what the second reading found, … */
void host_join_processes(HostJoin *join);

/** … and with what is told of WMI's operations, subscriptions, credentials and clocks. */
void host_join_finish(HostJoin *join);

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
