// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * What the token in a PDU says, as far as the segment that the PDU begins in shows it. Pure.
 */
#ifndef CAR_SCAN_TOKEN_H
#define CAR_SCAN_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCAN_TICKET_HEAD 16 ///< bytes of a ticket's encrypted part that tell tickets apart: it begins with random ones

typedef enum {
    SCAN_TOKEN_OTHER,  ///< certainly nothing of what follows
    SCAN_TOKEN_RPCSS,  ///< it is for RPCSS; there may be a ticket, too
    SCAN_TOKEN_TICKET, ///< it holds a ticket
    SCAN_TOKEN_UNSEEN, ///< the segment does not show enough of it
} ScanTokenKind;

/** The PDU `pdu` (a Bind, Alter_context or AUTH3 whose auth length is not 0) begins at `pdu`, of which `len` bytes, 12 at least, are in this
 * segment. `ticket` gets the head of the ticket when there is one, else zeroes. */
ScanTokenKind scan_token_read(const uint8_t *pdu, size_t len, uint8_t ticket[SCAN_TICKET_HEAD]);

/** The head of the ticket in the answer of a key distribution centre that `data` begins with (the tag of AS-REP or TGS-REP). False
 * when `data` does not show it. */
bool scan_token_kdc_reply(const uint8_t *data, size_t len, uint8_t ticket[SCAN_TICKET_HEAD]);

#endif
