// SPDX-License-Identifier: GPL-2.0-or-later
/** @file
 * From a packet's bytes to its transport: link layer, tags, tunnels, IP. Follows what Wireshark would follow, a bounded
 * number of layers deep.
 */
#ifndef CAR_CAPTURE_LAYERS_H
#define CAR_CAPTURE_LAYERS_H

#include "base/address.h"
#include "capture/packet.h"
#include <stdint.h>

typedef enum {
    LAYERS_DEAD,     ///< nothing that can carry TCP
    LAYERS_UNKNOWN,  ///< it cannot be told
    LAYERS_FRAGMENT, ///< of an IP datagram that may carry TCP or UDP
    LAYERS_TCP,
    LAYERS_UDP,
    LAYERS_QUOTED, ///< an ICMP error that quotes a TCP packet; the ends are those of the quoted one
} LayersKind;

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16 };

typedef struct {
    LayersKind kind;
    Address ip[2]; ///< source, destination
    uint16_t port[2];
    bool has_ports; ///< always but for FRAGMENT, where the first one of a TCP packet has them
    // TCP
    bool broken;           ///< the header is not whole or contradicts itself: what follows is not set
    const uint8_t *header; ///< its first byte
    uint32_t seq, ack;
    uint8_t flags;
    uint32_t payload_wire; ///< length on the wire
    // TCP and UDP
    const uint8_t *payload;
    size_t payload_len; ///< what was captured of it
} Layers;

void layers_read(const CapturePacket *packet, Layers *out);

#endif
