// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Connection-oriented DCE/RPC PDUs (C706 12.6, MS-RPCE 2.2.2).
 */
#ifndef CAR_WIRE_PDU_H
#define CAR_WIRE_PDU_H

#include "wire/guid.h"

#include <glib.h>

typedef enum {
    PDU_REQUEST = 0,
    PDU_RESPONSE = 2,
    PDU_FAULT = 3,
    PDU_BIND = 11,
    PDU_BIND_ACK = 12,
    PDU_BIND_NAK = 13,
    PDU_ALTER_CONTEXT = 14,
    PDU_ALTER_CONTEXT_RESP = 15,
    PDU_AUTH3 = 16,
} PduType;

enum { PFC_FIRST_FRAG = 0x01, PFC_LAST_FRAG = 0x02, PFC_OBJECT_UUID = 0x80 };

enum { AUTH_TYPE_NONE = 0, AUTH_TYPE_SPNEGO = 9, AUTH_TYPE_NTLM = 10, AUTH_TYPE_KERBEROS = 16 };

#define PDU_HEADER_SIZE 16
#define PDU_MAX_CONTEXTS 256 ///< n_context_elem is one byte

typedef struct {
    uint16_t id;
    Guid uuid;
    uint16_t version_major, version_minor;
    Guid transfer; ///< the first transfer syntax offered
    uint8_t n_transfers;
} PduContext;

typedef enum {
    CONTEXT_ACCEPTED = 0,
    CONTEXT_USER_REJECTED = 1,
    CONTEXT_PROVIDER_REJECTED = 2,
    CONTEXT_NEGOTIATED = 3
} PduContextResult;

/** One PDU. Pointers lead into the caller's bytes. */
typedef struct {
    PduType type;
    uint8_t flags;
    bool big_endian;
    uint16_t frag_len, auth_len;
    uint32_t call_id;
    bool complete; ///< all frag_len bytes were captured

    // request, response, fault
    uint32_t alloc_hint;
    uint16_t context_id;
    uint16_t opnum;      ///< request
    bool has_object;     ///< request
    Guid object;         ///< request: the IPID in ORPC
    uint32_t status;     ///< fault
    const uint8_t *stub; ///< request, response: what was captured of it, without authentication padding
    size_t stub_len;

    // bind, alter_context
    uint32_t assoc_group;
    unsigned n_contexts;
    unsigned n_results; ///< bind_ack, alter_context_resp

    // auth verifier
    bool has_auth;
    uint8_t auth_type, auth_level, auth_pad_len;
    uint32_t auth_context_id;
    const uint8_t *auth_value;
    size_t auth_value_len;

    // Only the first n_contexts and n_results are set.
    PduContext contexts[PDU_MAX_CONTEXTS];
    uint16_t results[PDU_MAX_CONTEXTS]; ///< in the order of the contexts offered
} Pdu;

/** Reads the PDU at the start of `data`, of which `len` bytes were captured (len may be less than frag_len: the capture
 *  was snapped, or more: other PDUs follow). False when it is no connection-oriented DCE/RPC PDU of version 5, when
 *  its lengths contradict each other, or when the part that its type needs was not captured. The items of a Bind that
 *  were captured are given even when the last ones were cut off. */
bool pdu_read(const uint8_t *data, size_t len, Pdu *out);

/** Whether `data` is the start of a PDU that opens a connection: a whole Bind that offers at least one interface. Looks at the
 *  header only, but strictly: for connections of which nothing else says that they are DCE/RPC. */
bool pdu_is_first(const uint8_t *data, size_t len);

/** Whether `data`, shorter than a header, may be the start of such a PDU, as far as there are bytes. */
bool pdu_may_be_first(const uint8_t *data, size_t len);

#endif
