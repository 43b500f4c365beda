// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Inside the tracker: its state, and what its parts offer each other.
 *
 * evidence.c takes PDUs and judges; calls.c reads calls and their answers; exporter.c knows what servers hand out.
 */
#ifndef CAR_JUDGE_TRACKER_H
#define CAR_JUDGE_TRACKER_H

#include "judge/evidence.h"

#define RPCSS_PORT 135

typedef struct {
    uint8_t client[16];
    Endpoint server;
} EndpointKey;

/** Activations by one client that returned the same endpoint. */
typedef struct {
    Activation *latest;
    unsigned count;
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
    const Call *call;           ///< when a call returned it
    const char *namespace_path; ///< WMI: that it leads to, NULL: not known
} Ipid;

typedef struct {
    uint8_t client[16], server[16];
} HostPair;

struct Tracker {
    wmem_array_t *conversations;
    uint32_t n_calls;
    wmem_map_t *endpoints; ///< EndpointKey → EndpointActivations
    wmem_map_t *ipids;     ///< IpidKey → Ipid
    wmem_map_t *oxids;     ///< OXID → Activation
    wmem_map_t *causality; ///< Guid → Conversation that used it for WMI
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

// evidence.c

void add_evidence(Step *s, EvidenceKind kind);
/** Both conversations have given evidence. The lowest id stays the number of the whole. */
void activity_join(Conversation *a, Conversation *b);
/** The conversation under way uses what this activation returned. */
void link_activation(Step *s, Activation *a);

// exporter.c

void exporter_init(Tracker *t);
/** An interface pointer handed out by the server of the conversation under way; its first mention counts. */
Ipid *ipid_learn(Step *s, const Guid *ipid, const Guid *iid);
void ipid_learn_activated(Step *s, const Guid *ipid, const Guid *iid, Activation *a);
/** The endpoint that an activation or a resolution returned. */
void endpoint_learn_returned(Step *s, Activation *a, const ActivationResponse *response, uint64_t oxid);
void causality_learn(Step *s, const Guid *id);
/** A call with this causality id: evidence when WMI used it before in another conversation of the same client. */
void check_causality(Step *s, const Guid *id);
/** Interface pointers marshaled in a clear message, wherever they stand in it: each carries its signature, and is taken
 *  only when its whole structure holds. */
void objrefs_learn(Step *s, const uint8_t *stub, size_t len);
/** The endpoint that activations by this client returned. Only for conversations that carry DCOM objects: a service host
 *  offers other RPC on the same port. */
void check_endpoint(Step *s);
/** The object that a call is made on. */
void check_ipid(Step *s, Call *call);
/** A conversation that the server of a WMI conversation opened to its client; joins the newest one between them. */
void check_callback_origin(Step *s);
/** The newest WMI conversation between two hosts. */
void wmi_pair_learn(Step *s);

// calls.c

/** The call that a request belongs to, new with its first fragment; NULL for one that has nothing to do with DCOM. */
Call *request_call(Step *s);
void call_set_interface(Call *call, const Guid *uuid, const Interface *interface, InterfaceSource source);
void take_request(Step *s, Call *call);
void take_response(Step *s, Call *call);

#endif
