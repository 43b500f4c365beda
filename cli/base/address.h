// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * IP addresses of both families in one form, to be compared and hashed as bytes.
 */
#ifndef CAR_BASE_ADDRESS_H
#define CAR_BASE_ADDRESS_H

#include "base/slice.h"

#include <string.h>

/** IPv6, or IPv4 as ::ffff:a.b.c.d. All zero: unknown. */
typedef struct {
    uint8_t bytes[16];
} Address;

/** From the bytes of packets. */
static inline Address address_from_v4(const uint8_t bytes[4])
{
    return (Address){{[10] = 0xff, [11] = 0xff, bytes[0], bytes[1], bytes[2], bytes[3]}};
}

static inline Address address_from_v6(const uint8_t bytes[16])
{
    Address address;
    memcpy(address.bytes, bytes, sizeof(address.bytes));
    return address;
}

/** False when it is no address. Zones (%12), brackets and ::ffff: are understood. */
bool address_parse(Slice text, Address *address);

/** False for the unspecified addresses, too: they stand for "any" or "nobody knows". */
bool address_known(const Address *address);

bool address_equal(const Address *a, const Address *b);
bool address_loopback(const Address *address);
bool address_is_v4(const Address *address);

/** Addresses that begin with the same bits. */
typedef struct {
    Address first;
    guint bits; ///< of `first`, that all have
} Network;

/** Reads 192.0.2.0/24, 2001:db8::/32, or an address alone. False when it is none, or names an address within. */
bool network_parse(Slice text, Network *network);

/** Whether the address is of the network, which has addresses of its own family only. */
bool network_has(const Network *network, const Address *address);

/** The shortest form, of IPv4 with dots. Owned by the caller. */
char *address_text(const Address *address);

#endif
