// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Builds the stubs of activations and resolutions of OXIDs. Written from MS-DCOM, not from the decoders.
 */
#ifndef ACTIVATION_BUILDER_H
#define ACTIVATION_BUILDER_H

#include "stub-builder.h"

/** An activation and its answer. */
typedef struct {
    Guid clsid;
    uint32_t n;              ///< interfaces asked for
    const Guid *iids;        ///< as many
    const char *server_name; ///< NULL: not given
    uint64_t oxid;
    Guid remunknown;
    const char *const *addresses; ///< "SRV[50000]", up to NULL
    const Guid *ipids;            ///< as many as IIDs; a null GUID: access to this interface was denied
} AbActivation;

/** One of the GUIDs of DCOM itself, which differ in their first part alone. */
Guid ab_dcom_guid(uint32_t data1);

/** RemoteCreateInstance, or RemoteGetClassObject, which has no pUnkOuter. */
StubBuilder ab_scm_request(const AbActivation *a, bool create_instance, bool big_endian);
StubBuilder ab_scm_response(const AbActivation *a, uint32_t status, bool big_endian);
StubBuilder ab_remote_request(const AbActivation *a, bool big_endian);
/** `a` NULL: access was denied to what asked for two interfaces. */
StubBuilder ab_remote_response(const AbActivation *a, bool big_endian);
StubBuilder ab_oxid_request(uint64_t oxid, bool big_endian);
/** Of ResolveOxid (opnum 0) or ResolveOxid2 (4). `a` NULL: the OXID is not known. */
StubBuilder ab_oxid_response(const AbActivation *a, uint16_t opnum, bool big_endian);

// Pieces, for stubs that are wrong somewhere.

typedef enum { AB_GOOD, AB_BIG_ENDIAN, AB_VERSION, AB_COUNT, AB_HEADER_SIZE, AB_ELEVEN } AbFlaw;

/** A property of the activation BLOB. */
typedef struct {
    uint32_t clsid;     ///< ab_dcom_guid() of it
    StubBuilder object; ///< without its headers
} AbProperty;

/** The BLOB of properties, which it clears. */
StubBuilder ab_blob(AbProperty *properties, uint32_t n, AbFlaw flaw);
StubBuilder ab_request_blob(const AbActivation *a, AbFlaw flaw);
/** `with_reply`: with OXID, IPID and bindings. */
StubBuilder ab_response_blob(const AbActivation *a, bool with_reply, AbFlaw flaw);
/** A BLOB in its OBJREF. */
GByteArray *ab_blob_objref(const StubBuilder *blob, bool response);
/** RemoteCreateInstance and the like around a BLOB. */
StubBuilder ab_scm_request_of(const StubBuilder *blob, bool create_instance, bool big_endian);
/** `blob` NULL: none. */
StubBuilder ab_scm_response_of(const StubBuilder *blob, uint32_t status, bool big_endian);
StubBuilder ab_instantiation_info(const AbActivation *a);
StubBuilder ab_security_info(const char *server_name);
StubBuilder ab_scm_reply(const AbActivation *a);
/** A property that does not matter. */
StubBuilder ab_other_info(void);

#endif
