// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What hosts' logs say about a connection, beside its processes: logons, WMI operations, subscriptions, clocks. Texts
 * belong to the RecordSet; an unknown one is NULL, an unknown number NUMBER_UNKNOWN.
 */
#ifndef CAR_RECORD_HOST_FACTS_H
#define CAR_RECORD_HOST_FACTS_H

#include <glib.h>
#include <stdint.h>

/** A record of a log, and why it belongs to this connection. */
typedef struct {
    const char *kind; ///< "log:Sysmon", …
    const char *file;
    int64_t event_id, record;
    const char *reason;
} LogSource;

typedef struct {
    const char *time, *host;
    const char *user, *domain, *logon_id, *package, *type;
    int64_t source_port;
    const char *target; ///< of explicit credentials: where they were used
    LogSource source;
} Logon;

typedef struct {
    const char *time, *host;
    const char *operation, *namespace_path, *user, *status;
    LogSource source;
} Operation;

typedef struct {
    const char *time, *host;
    const char *kind, *name, *value, *consumer, *namespace_path, *user;
    LogSource source;
} Subscription;

/** How far a host's clock is ahead of the capture's. */
typedef struct {
    const char *host;
    int64_t skew; ///< nanoseconds
    guint samples;
} Clock;

typedef struct {
    GArray *logons;        ///< Logon
    GArray *operations;    ///< Operation
    GArray *subscriptions; ///< Subscription
    GArray *clocks;        ///< Clock
} HostFacts;

HostFacts *host_facts_new(void);
void host_facts_free(HostFacts *facts);

#endif
