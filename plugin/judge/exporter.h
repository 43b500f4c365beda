// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What servers hand out: endpoints of object exporters (OXIDs), interface pointers (IPIDs), and the causality ids that lead
 * from one call to another.
 */
#ifndef CAR_JUDGE_EXPORTER_H
#define CAR_JUDGE_EXPORTER_H

#include "judge/tracker.h"

void exporter_init(Tracker *t);

/** A map by EndpointKey, in `pool`. */
wmem_map_t *endpoints_new(wmem_allocator_t *pool);

/** An interface pointer handed out by the server of the conversation under way; its first mention counts. */
Ipid *ipid_learn(Step *s, const Guid *ipid, const Guid *iid);

Ipid *ipid_learn_activated(Step *s, const Guid *ipid, const Guid *iid, Activation *a);

/** The endpoint that an activation or a resolution returned. */
void endpoint_learn_returned(Step *s, Activation *a, const ActivationResponse *response, uint64_t oxid);

/** `caller` uses it, NULL: not known who. */
void causality_learn(Step *s, const Guid *id, Caller *caller);

/** A call with this causality id: evidence when WMI used it before in another conversation of the same client. */
void check_causality(Step *s, const Guid *id);

/** Interface pointers marshaled in a clear message, wherever they stand in it: each carries its signature, and is taken
 *  only when its whole structure holds. */
void objrefs_learn(Step *s, const uint8_t *stub, size_t len);

/** The endpoint that activations by this client returned. Only for conversations that carry DCOM objects: a service host
 *  offers other RPC on the same port. */
void check_endpoint(Step *s);

/** The interface that the server handed an object out as, NULL: not known. */
const Interface *exporter_interface(const Step *s, const Guid *ipid);
/** The client of the conversation under way uses an interface pointer: it is the caller to whom that was handed out. */
void check_holder(Step *s, const Guid *ipid);

/** The object that a call is made on. */
void check_ipid(Step *s, Call *call);

#endif
