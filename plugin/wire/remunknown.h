// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * IRemUnknown and IRemUnknown2: RemQueryInterface, opnum 3 (MS-DCOM 3.1.1.5.6.1.1), how a client gets the IPIDs of an object's
 * further interfaces; RemAddRef and RemRelease, opnums 4 and 5 (3.1.1.5.6.1.2 and 3), how it keeps and gives back what it has.
 *
 * `b` covers a whole stub. Each function returns false unless the structure accounts for each byte of it, then with
 * nothing to clear and a static reason in `*why`.
 */
#ifndef CAR_WIRE_REMUNKNOWN_H
#define CAR_WIRE_REMUNKNOWN_H

#include "wire/orpc.h"

typedef struct {
    OrpcThis orpc;
    Guid ipid; ///< an interface of the object that is asked
    uint32_t refs;
    GArray *iids; ///< Guid; never NULL
} RemQueryRequest;

typedef struct {
    uint32_t status; ///< HRESULT for this interface; the rest means something only when it is a success
    uint32_t public_refs;
    uint64_t oxid, oid;
    Guid ipid;
} RemQueryResult;

typedef struct {
    uint32_t status; ///< HRESULT of the call
    GArray *results; ///< RemQueryResult in the order of the request's IIDs, empty when the call failed; never NULL
} RemQueryResponse;

bool rem_query_request_read(Bytes *b, RemQueryRequest *out, const char **why);
void rem_query_request_clear(RemQueryRequest *r);

bool rem_query_response_read(Bytes *b, RemQueryResponse *out, const char **why);
void rem_query_response_clear(RemQueryResponse *r);

/** Reads the request of RemAddRef or RemRelease: the IPIDs that it names go into `ipids` (Guid). */
bool rem_refs_request_read(Bytes *b, GArray *ipids, const char **why);

#endif
