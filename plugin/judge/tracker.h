// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The tracker's state, for the parts of the judge: evidence.c at the bottom adds evidence, exporter.c knows what servers hand
 * out, calls.c reads calls and their answers, judge.c on top takes PDUs.
 */
#ifndef CAR_JUDGE_TRACKER_H
#define CAR_JUDGE_TRACKER_H

#include "judge/caller.h"

#define RPCSS_PORT 135

typedef struct {
    uint8_t client[16];
    Endpoint server;
} EndpointKey;

/** Activations by one client that returned the same endpoint. */
typedef struct {
    Activation *latest;
    unsigned count;
    Callers callers;         ///< on whose behalf
    uint8_t answered_by[16]; ///< the newest server that returned it, which may name addresses of others
} EndpointActivations;

typedef struct {
    uint8_t server[16];
    uint8_t ipid[16];
} IpidKey;

/** An interface pointer that a server handed out. */
typedef struct {
    const Interface *interface; ///< NULL: not in our table
    Guid uuid;
    bool is_wmi;
    Conversation *conversation; ///< in which it was handed out
    Activation *activation;     ///< when an activation returned it
    Call *call;                 ///< when a call returned it
    const char *namespace_path; ///< WMI: that it leads to, NULL: not known
    bool is_shared;             ///< the exporter's IRemUnknown: each client of the server gets the same
    Callers holders;            ///< to whom it was handed out
} Ipid;

/** Of WMI calls or an activation for WMI. */
typedef struct {
    Conversation *conversation; ///< that used it first
    Caller *caller;             ///< NULL: not known
} Causality;

typedef struct {
    uint8_t client[16], server[16];
} HostPair;

struct Tracker {
    wmem_allocator_t *pool;
    wmem_array_t *conversations;
    uint32_t n_calls;
    wmem_queue_t *unfinished; ///< Call *, that fragments were kept of, the oldest first; some are finished by now
    size_t fragment_bytes;    ///< that are kept of all calls
    wmem_array_t *spent;      ///< the last message that was put together
    wmem_map_t *endpoints;    ///< EndpointKey → EndpointActivations
    wmem_map_t *lookups;      ///< EndpointKey → Lookup, the newest
    wmem_map_t *ipids;        ///< IpidKey → Ipid
    wmem_map_t *oxids;        ///< OXID → Activation
    wmem_map_t *causality;    ///< Guid → Causality
    Identities *identities;
    wmem_map_t *wmi_pairs; ///< HostPair → Conversation, the newest WMI one between a client and a server
};

/** One PDU under way. */
typedef struct {
    Tracker *tracker;
    Conversation *conversation;
    uint32_t frame;
    const Pdu *pdu;
    const PduBytes *bytes;
    PduResult *result;
} Step;

#endif
