// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Searches bytes for DCE/RPC PDUs that tell of DCOM. Pure.
 */
#ifndef CAR_SCAN_PDU_H
#define CAR_SCAN_PDU_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/** What the start of a PDU is. */
typedef enum {
    SCAN_PDU_NONE,    ///< no PDU starts here
    SCAN_PDU_SHORT,   ///< it may, but too little is there to tell
    SCAN_PDU_BIND,    ///< Bind or Alter_context
    SCAN_PDU_REQUEST, ///< the first fragment of a request
    SCAN_PDU_OTHER,
} ScanPduKind;

ScanPduKind scan_pdu_kind(const uint8_t *data, size_t len);

/** What is known of the bytes that are searched. */
typedef enum {
    SCAN_PDU_NOTHING = 0,
    SCAN_PDU_RPCSS = 1, ///< the connection is one to 135/tcp
    SCAN_PDU_RPC = 2,   ///< it speaks DCE/RPC
} ScanPduFlags;

/** Whether a PDU that makes a connection one to be kept starts anywhere in `data`:
 *
 * - a Bind or Alter_context that offers an interface of DCOM or WMI, or of which not all interfaces can be seen: only
 *   these make the plugin call a connection DCOM or WMI by its interfaces;
 * - a request that names an object: only in calls of these does the plugin look for object pointers and causality ids;
 * - with SCAN_PDU_RPCSS: a Bind, Alter_context or AUTH3 with a token that names RPCSS, or that the segment does not show, and a
 *   request that is long enough for an activation, which the plugin knows by its contents alone.
 *
 * Its lengths have to fit each other. Where nothing says that it is one (it neither stands at the start of `data` or behind
 * PDUs there, nor is SCAN_PDU_RPC set), the reserved flag and bytes of its header have to be zero, too: what TLS servers say
 * first looks like a request otherwise. At least eight bytes of the PDU must be there; scan_pdu_tail() finds those of which
 * fewer are. */
bool scan_pdu_search(const uint8_t *data, size_t len, ScanPduFlags flags);

/** Whether `data` begins with the header of a Bind, Alter_context or AUTH3 that has a token; 12 bytes tell. */
bool scan_pdu_has_token(const uint8_t *data, size_t len);

/** The length that the header of a PDU tells, of which 10 bytes are there. */
uint16_t scan_pdu_frag_len(const uint8_t *data);

/** Length of the longest end of `data`, of at most `max` bytes, that may be the start of a PDU; 0: there is none. */
size_t scan_pdu_tail(const uint8_t *data, size_t len, size_t max);

#endif
