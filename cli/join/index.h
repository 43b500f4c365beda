// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The connections of the captures, to be found by their ends.
 */
#ifndef CAR_JOIN_INDEX_H
#define CAR_JOIN_INDEX_H

#include "logs/event.h"
#include "record/record.h"
#include <stdint.h>

/** A connection and what was found of it in logs. */
typedef struct {
    RecordSet *set;
    Record *record;
    Address client, server;
    int64_t client_port, server_port;
    int64_t start, end;  ///< by the capture's clock
    const char *host[3]; ///< by HostSide: the name of the host at that end, as its log says it
    GPtrArray *events;   ///< StoredEvent *, connections with these ends
    GPtrArray *logons;   ///< StoredEvent *, from the client's address and port
    GPtrArray *sought;   ///< SoughtProcess *, not owned
} HostConn;

typedef struct HostIndex HostIndex;

/** Of all records of `sets` (RecordSet *) whose ends are known. */
HostIndex *host_index_new(GPtrArray *sets);
void host_index_free(HostIndex *index);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HostIndex, host_index_free)

/** All connections: HostConn *. */
const GPtrArray *host_index_conns(const HostIndex *index);

/** Those between these two ends, in whatever order (HostConn *); NULL when there are none. */
const GPtrArray *host_index_find(const HostIndex *index, const Address *a, int64_t a_port, const Address *b,
                                 int64_t b_port);

/** Those whose client has this address and port (HostConn *); NULL when there are none. */
const GPtrArray *host_index_find_client(const HostIndex *index, const Address *client, int64_t port);

/** Whether an event's time can lie near any connection. */
bool host_index_near(const HostIndex *index, const HostEvent *event);

/** The name of the host at one end, as a log or the capture says it; NULL when none does. */
const char *host_conn_name(const HostConn *conn, HostSide side);

/** Whether `name` is the host at that end. `unknown`: the answer when nothing names that host. */
bool host_conn_is_host(const HostConn *conn, HostSide side, Slice name, bool unknown);

#endif
