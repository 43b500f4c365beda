// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * One event of a host's log in one form, whatever said it: what the room join works with.
 */
#ifndef CAR_LOGS_EVENT_H
#define CAR_LOGS_EVENT_H

#include "base/address.h"
#include "base/time.h"
#include "logs/fields.h"
#include <stdint.h>

typedef enum {
    HOST_CONNECTION,     ///< a process has a TCP connection: Sysmon 3, Security 5156, snapshots, packet comments
    HOST_LOGON,          ///< Security 4624
    HOST_EXPLICIT_LOGON, ///< a process used other credentials than its own: Security 4648
    HOST_PROCESS_START,  ///< Sysmon 1, Security 4688
    HOST_PROCESS_END,    ///< Sysmon 5, Security 4689
    HOST_PROVIDER,       ///< a WMI provider was loaded by its host process: WMI-Activity 5857
    HOST_OPERATION,      ///< a client's WMI operation: WMI-Activity 5858 and 11
    HOST_SUBSCRIPTION,   ///< Sysmon 19, 20, 21, WMI-Activity 5860, 5861
    HOST_RPC_CALL,       ///< Microsoft-Windows-RPC 5 and 6, RPC Firewall's 3
    HOST_EVENT_KINDS
} HostEventKind;

#define HOST_EVENT_BIT(kind) (1U << (kind))
#define HOST_EVENT_ALL ((1U << HOST_EVENT_KINDS) - 1)

typedef enum { HOST_SIDE_UNKNOWN, HOST_SIDE_CLIENT, HOST_SIDE_SERVER } HostSide;

/** Where it is written. */
typedef struct {
    const char *file;   ///< as the user named it, made valid UTF-8
    const char *log;    ///< "Sysmon", "Security", …; a constant
    int64_t id, record; ///< the event's and the record's number; NUMBER_UNKNOWN when there is none
} HostEventSource;

/** Texts belong to the reader and last until it goes on. */
typedef struct {
    HostEventKind kind;
    HostEventSource source;
    Slice host;        ///< the host whose log it is
    int64_t time;      ///< by that host's clock
    int64_t precision; ///< of the time, in nanoseconds
    bool zoned;        ///< the time is in UTC; else by an unknown zone's clock
    bool snapshot;     ///< the connection was there at this time, or when nobody knows, whenever it was made

    // Connections: both ends, in any order unless `local_first`.
    bool local_first; ///< `from` is this host's end
    Address from, to;
    int64_t from_port, to_port; ///< NUMBER_UNKNOWN where nobody knows
    HostSide side;              ///< the end that this host is

    // Processes: the one that started, ended, has the connection, calls; of operations the client's.
    int64_t pid, parent_pid; ///< NUMBER_UNKNOWN where nobody knows
    Slice image, command_line, parent_image, guid, parent_guid;
    int64_t process_start; ///< by the clock of the host it runs on

    // Accounts.
    Slice user, domain; ///< `user` may hold both, as DOMAIN\user
    uint64_t logon_id;  ///< 0 when unknown
    Slice package, logon_type;

    // WMI.
    Slice client, client_fqdn; ///< the machine an operation or a logon came from
    bool local;                ///< of an operation: its client is on the same host
    Slice operation;           ///< "Start IWbemServices::ExecQuery - root\cimv2 : select …"
    Slice namespace_path;
    Slice status;     ///< result code
    Slice item;       ///< of a subscription: "filter", "consumer", "binding", "query"
    Slice item_name;  ///< its name or path
    Slice item_value; ///< the query, the command or script
    Slice target;     ///< of explicit credentials: server or service; of a binding: the consumer

    Slice service; ///< that the process hosts

    // RPC.
    Slice uuid, protocol, endpoint, address;
    int64_t opnum; ///< NUMBER_UNKNOWN where nobody knows
} HostEvent;

/** The kinds that events of this number can be, as a mask; to tell at a glance what need not be read. */
unsigned host_event_kinds(int64_t id);

/** Makes an event of a record's values. False when it is none of `wanted`, a mask of HOST_EVENT_BIT(). The texts are those of
 * `fields`. */
bool host_event_make(const HostFields *fields, unsigned wanted, const char *file, HostEvent *event);

/** An event that says nothing yet. */
HostEvent host_event_init(HostEventKind kind, const char *file, const char *log);

#endif
