// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Remote activation: IRemoteSCMActivator (ISystemActivator) RemoteGetClassObject (opnum 3) and RemoteCreateInstance
 * (4), IActivation (IRemoteActivation) RemoteActivation (0), IObjectExporter ResolveOxid (0) and ResolveOxid2 (4)
 * (MS-DCOM 2.2.22, 3.1.2.5).
 */
#ifndef CAR_WIRE_ACTIVATION_H
#define CAR_WIRE_ACTIVATION_H

#include "wire/objref.h"

typedef enum { ACTIVATION_SCM, ACTIVATION_REMOTE } ActivationKind; ///< IRemoteSCMActivator; IActivation

typedef struct {
    Guid causality_id;
    Guid clsid;
    GArray *iids;      ///< Guid, those requested (at most 64); never NULL
    char *server_name; ///< as the client wrote it (SecurityInfo's COSERVERINFO pwszName), NULL when not given
} ActivationRequest;

typedef struct {
    Guid iid, ipid;
    uint64_t oxid;
    uint32_t status; ///< HRESULT for this IID
} ActivatedInterface;

typedef struct {
    uint32_t status;   ///< HRESULT of the call
    bool has_endpoint; ///< oxid, ipid_remunknown and bindings are known
    uint64_t oxid;
    Guid ipid_remunknown;
    GPtrArray *bindings; ///< DcomBinding of the object exporter; never NULL
    GArray *interfaces;  ///< ActivatedInterface; never NULL
} ActivationResponse;

/** `b` covers the request's stub. False when it is no such request (then nothing to clear). */
bool activation_request_read(Bytes *b, ActivationKind kind, ActivationRequest *out);
void activation_request_clear(ActivationRequest *r);

/** `b` covers the response's stub. A failed activation is a good decode with `status` set and no endpoint. */
bool activation_response_read(Bytes *b, ActivationKind kind, ActivationResponse *out);
void activation_response_clear(ActivationResponse *r);

/** Response of IObjectExporter ResolveOxid (opnum 0) and ResolveOxid2 (4); `out->oxid` is not in it (the request has
 * it) and `interfaces` is empty. */
bool oxid_response_read(Bytes *b, uint16_t opnum, ActivationResponse *out);
/** The OXID that a ResolveOxid or ResolveOxid2 request asks for. */
bool oxid_request_read(Bytes *b, uint64_t *oxid);

#endif
