// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * Builds what the endpoint mapper is asked and answers: ept_map, in NDR or NDR64.
 */
#ifndef EPM_BUILDER_H
#define EPM_BUILDER_H

#include "stub-builder.h"

typedef struct {
    Guid interface;
    uint16_t port;     ///< 0: none; a tower without TCP
    const uint8_t *ip; ///< four bytes; NULL: none
} EbTower;

StubBuilder eb_request(const EbTower *asked, bool ndr64, bool big_endian);
StubBuilder eb_response(const EbTower *towers, unsigned n, bool ndr64, bool big_endian);

#endif
