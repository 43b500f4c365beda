// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Builds whole DCE/RPC PDUs. Written from C706 and MS-RPCE, not from the decoder.
 */
#ifndef PDU_BUILDER_H
#define PDU_BUILDER_H

#include "stub-builder.h"
#include "wire/pdu.h"

/** An auth verifier; none when `level` is 0. */
typedef struct {
    uint8_t type, level;
    uint32_t context_id;     ///< of the security context
    const GByteArray *token; ///< NULL: a signature of 16 bytes, which is no token
} Verifier;

/** A PDU of any type, little endian; `verifier` may be NULL. */
GByteArray *pdu_new(PduType type, uint8_t flags, uint32_t call_id, const GByteArray *body, const Verifier *verifier);

typedef struct {
    uint16_t id;
    Guid uuid;
} PbContext;

/** Bind or Alter_context. */
GByteArray *pb_bind(PduType type, uint32_t call_id, const PbContext *contexts, unsigned n, const Verifier *verifier);
/** Bind_ack or Alter_context_resp. */
GByteArray *pb_bind_ack(PduType type, uint32_t call_id, const uint16_t *results, unsigned n, const Verifier *verifier);
GByteArray *pb_bind_nak(uint32_t call_id);
GByteArray *pb_auth3(uint32_t call_id, const Verifier *verifier);

/** A request or response, or a fragment of one. */
typedef struct {
    uint8_t flags; ///< 0: the only fragment
    bool big_endian;
    uint32_t call_id;
    uint16_t context_id;
    uint16_t opnum;     ///< of a request
    const Guid *object; ///< of a request: the IPID, NULL: none
    const uint8_t *stub;
    size_t stub_len;
    uint32_t alloc_hint; ///< 0: the length of the stub
    const Verifier *verifier;
} PbCall;

GByteArray *pb_request(const PbCall *call);
GByteArray *pb_response(const PbCall *call);
/** Nothing of the call counts but its id, context and verifier. */
GByteArray *pb_fault(const PbCall *call, uint32_t status);

#endif
