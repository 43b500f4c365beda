// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * The endpoint mapper on 135/tcp: ept_map, by which a client looks up the port of an interface (C706 appendix O, opnum 3;
 * MS-RPCE 2.2.1.2.5), and the protocol towers that it carries (C706 appendix L; little endian whatever the PDU is).
 */
#ifndef CAR_WIRE_EPM_H
#define CAR_WIRE_EPM_H

#include "wire/bytes.h"
#include "wire/guid.h"

#define EPM_OPNUM_MAP 3
#define EPM_MAX_TOWERS 64 ///< taken of one answer

extern const Guid epm_uuid;   ///< of the endpoint mapper's interface
extern const Guid ndr64_uuid; ///< of the transfer syntax NDR64 (MS-RPCE 2.2.4.12)

/** What a tower says of TCP. */
typedef struct {
    Guid interface;
    uint16_t port; ///< 0: none
    bool has_ip;
    uint8_t ip[4]; ///< 0.0.0.0: the host that was asked
} EpmTower;

/** `b` covers the stub of a request. False when it is none that asks for an interface over TCP. `ndr64`: the transfer syntax of its
 * presentation context. */
bool epm_map_request_read(Bytes *b, bool ndr64, EpmTower *out);

/** `b` covers the stub of the answer. `towers`: those over TCP that name a port; there may be none. False when the structure does
 * not hold. */
bool epm_map_response_read(Bytes *b, bool ndr64, EpmTower towers[EPM_MAX_TOWERS], unsigned *n);

#endif
