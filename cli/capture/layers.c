// SPDX-License-Identifier: GPL-2.0-or-later
#include "capture/layers.h"

#include <string.h>

#define MAX_DEPTH 12      ///< tags and tunnels within each other
#define MAX_EXTENSIONS 16 ///< headers behind one of IPv6
#define MAX_LABELS 16     ///< of MPLS

/** What is left of a packet: captured, and on the wire. */
typedef struct {
    const uint8_t *p;
    size_t len, wire;
} Span;

enum {
    IP_ICMP = 1,
    IP_IPIP = 4,
    IP_TCP = 6,
    IP_UDP = 17,
    IP_IPV6 = 41,
    IP_GRE = 47,
    IP_AH = 51,
    IP_ICMP6 = 58,
    IP_ETHERIP = 97,
    IP_MPLS = 137
};

enum { ETHERTYPE_IP = 0x0800, ETHERTYPE_IPV6 = 0x86dd, ETHERTYPE_BRIDGED = 0x6558 };

static LayersKind read_ethertype(Span s, uint16_t type, Layers *out, int depth);
static LayersKind read_ip(Span s, Layers *out, int depth);

static uint16_t u16(const uint8_t *p)
{
    return (uint16_t) (p[0] << 8 | p[1]);
}

static uint32_t u32(const uint8_t *p)
{
    return (uint32_t) u16(p) << 16 | u16(p + 2);
}

/** False when fewer than `n` bytes are left. */
static bool skip(Span *s, size_t n)
{
    if (n > s->len)
        return false;
    s->p += n;
    s->len -= n;
    s->wire -= MIN(n, s->wire);
    return true;
}

static void limit(Span *s, size_t wire)
{
    s->wire = MIN(s->wire, wire);
    s->len = MIN(s->len, s->wire);
}

static bool is_dead_ethertype(uint16_t type)
{
    static const uint16_t dead[] = {
        0x0806, 0x8035, 0x0842, // ARP, RARP, wake on LAN
        0x8863, 0x888e, 0x88cc, // PPPoE discovery, EAPOL, LLDP
        0x8809, 0x8902, 0x8899, // slow protocols, CFM, loop detection
        0x9000, 0x8137, 0x809b, // loopback, IPX, AppleTalk
        0x80f3, 0x88f7, 0x8892, // AARP, PTP, PROFINET
        0x88b8, 0x88ba, 0x88a4, // GOOSE, sampled values, EtherCAT
        0x88e1, 0x893a, 0x887b, // HomePlug, IEEE 1905, HomePlug 1.0
        0x6002, 0x22f0,         // MOP, AVTP
    };
    for (size_t i = 0; i < G_N_ELEMENTS(dead); i++) {
        if (dead[i] == type)
            return true;
    }
    return false;
}

static bool is_dead_protocol(uint8_t protocol)
{
    static const uint8_t dead[] = {IP_ICMP, 2, 46, 50, IP_ICMP6, 59, 88, 89, 103, 112, 132};
    return memchr(dead, protocol, sizeof(dead)) != NULL; // ICMP, IGMP, RSVP, ESP, … OSPF, PIM, VRRP, SCTP
}

static LayersKind read_tcp(Span s, Layers *out)
{
    if (s.len < 4)
        return LAYERS_DEAD; // Wireshark, too, then does not know whose it is
    out->port[0] = u16(s.p);
    out->port[1] = u16(s.p + 2);
    out->has_ports = true;
    size_t header = s.len >= 20 ? (size_t) (s.p[12] >> 4) * 4 : 0;
    out->broken = header < 20 || header > s.wire;
    if (out->broken)
        return LAYERS_TCP;
    out->header = s.p;
    out->seq = u32(s.p + 4);
    out->ack = u32(s.p + 8);
    out->flags = s.p[13];
    out->payload_wire = (uint32_t) (s.wire - header);
    out->payload = s.p + MIN(header, s.len);
    out->payload_len = s.len - MIN(header, s.len);
    return LAYERS_TCP;
}

static LayersKind read_geneve(Span s, Layers *out, int depth)
{
    if (s.len < 8 || s.p[0] >> 6 != 0)
        return LAYERS_UNKNOWN;
    size_t options = (size_t) (s.p[0] & 0x3f) * 4;
    uint16_t type = u16(s.p + 2);
    return skip(&s, 8 + options) ? read_ethertype(s, type, out, depth) : LAYERS_DEAD;
}

static LayersKind read_gtp(Span s, Layers *out, int depth)
{
    if (s.len < 8 || s.p[0] >> 5 != 1 || !(s.p[0] & 0x10))
        return LAYERS_UNKNOWN;
    uint8_t flags = s.p[0], type = s.p[1];
    if (type != 0xff) // no user data
        return LAYERS_DEAD;
    (void) skip(&s, 8);
    if (flags & 7) {
        if (s.len < 4)
            return LAYERS_DEAD;
        uint8_t next = flags & 4 ? s.p[3] : 0;
        (void) skip(&s, 4);
        for (int i = 0; next != 0; i++) {
            size_t len = s.len > 0 ? (size_t) s.p[0] * 4 : 0;
            if (i == MAX_EXTENSIONS || len == 0 || len > s.len)
                return LAYERS_UNKNOWN;
            next = s.p[len - 1];
            (void) skip(&s, len);
        }
    }
    return read_ip(s, out, depth);
}

static LayersKind read_udp(Span s, Layers *out, int depth)
{
    if (s.len < 8)
        return LAYERS_DEAD;
    out->port[0] = u16(s.p);
    out->port[1] = u16(s.p + 2);
    out->has_ports = true;
    uint16_t len = u16(s.p + 4);
    if (len >= 8)
        limit(&s, len);
    (void) skip(&s, 8);
    out->payload = s.p;
    out->payload_len = s.len;
    uint16_t to = out->port[1], from = out->port[0];
    if (to == 4789 || to == 8472) // VXLAN
        return skip(&s, 8) ? read_ethertype(s, ETHERTYPE_BRIDGED, out, depth) : LAYERS_DEAD;
    if (to == 6081)
        return read_geneve(s, out, depth);
    if (to == 2152 || from == 2152)
        return read_gtp(s, out, depth);
    return LAYERS_UDP;
}

static LayersKind read_gre(Span s, Layers *out, int depth)
{
    if (s.len < 4)
        return LAYERS_DEAD;
    uint16_t flags = u16(s.p), type = u16(s.p + 2);
    if ((flags & 7) != 0 || flags & 0x4000) // version 1 (PPTP), source routes
        return LAYERS_UNKNOWN;
    bool numbered = flags & 0x1000;
    size_t header = 4 + (flags & 0x8000 ? 4u : 0) + (flags & 0x2000 ? 4u : 0) + (numbered ? 4u : 0);
    if (!skip(&s, header))
        return LAYERS_DEAD;
    if (type == 0x88be) // ERSPAN I, or II
        return skip(&s, numbered ? 8 : 0) ? read_ethertype(s, ETHERTYPE_BRIDGED, out, depth) : LAYERS_DEAD;
    if (type == 0x22eb) { // ERSPAN III
        bool more = s.len >= 12 && s.p[11] & 1;
        return skip(&s, more ? 20 : 12) ? read_ethertype(s, ETHERTYPE_BRIDGED, out, depth) : LAYERS_DEAD;
    }
    return read_ethertype(s, type, out, depth);
}

static LayersKind read_mpls(Span s, Layers *out, int depth)
{
    bool last = false;
    for (int i = 0; !last; i++) {
        if (i == MAX_LABELS)
            return LAYERS_UNKNOWN;
        if (s.len < 4)
            return LAYERS_DEAD;
        last = s.p[2] & 1;
        (void) skip(&s, 4);
    }
    uint8_t nibble = s.len > 0 ? s.p[0] >> 4 : 0;
    return nibble == 4 || nibble == 6 ? read_ip(s, out, depth) : LAYERS_UNKNOWN; // else a pseudowire
}

/** An ICMP error and the packet that it is about. */
static LayersKind read_icmp(Span s, bool v6, Layers *out)
{
    static const uint8_t errors4[] = {3, 4, 5, 11, 12}, errors6[] = {1, 2, 3, 4};
    if (s.len < 8 || !(v6 ? memchr(errors6, s.p[0], sizeof(errors6)) : memchr(errors4, s.p[0], sizeof(errors4))))
        return LAYERS_DEAD;
    (void) skip(&s, 8);
    size_t header = v6 ? 40 : s.len > 0 ? (size_t) (s.p[0] & 0xf) * 4 : 0;
    if (header < 20 || s.len < header + 4 || s.p[0] >> 4 != (v6 ? 6 : 4) || s.p[v6 ? 6 : 9] != IP_TCP)
        return LAYERS_DEAD;
    for (int i = 0; i < 2; i++) {
        out->ip[i] = v6 ? address_from_v6(s.p + 8 + 16 * i) : address_from_v4(s.p + 12 + 4 * i);
        out->port[i] = u16(s.p + header + 2 * i);
    }
    out->has_ports = true;
    return LAYERS_QUOTED;
}

static LayersKind read_protocol(Span s, uint8_t protocol, Layers *out, int depth)
{
    switch (protocol) {
    case IP_TCP: return read_tcp(s, out);
    case IP_UDP: return read_udp(s, out, depth);
    case IP_ICMP: return read_icmp(s, false, out);
    case IP_ICMP6: return read_icmp(s, true, out);
    case IP_IPIP:
    case IP_IPV6: return read_ip(s, out, depth);
    case IP_GRE: return read_gre(s, out, depth);
    case IP_ETHERIP: return skip(&s, 2) ? read_ethertype(s, ETHERTYPE_BRIDGED, out, depth) : LAYERS_DEAD;
    case IP_MPLS: return read_mpls(s, out, depth);
    default: return is_dead_protocol(protocol) ? LAYERS_DEAD : LAYERS_UNKNOWN;
    }
}

static LayersKind read_fragment(Span s, uint8_t protocol, bool first, Layers *out)
{
    if (is_dead_protocol(protocol))
        return LAYERS_DEAD;
    if (first && protocol == IP_TCP && s.len >= 4) {
        out->port[0] = u16(s.p);
        out->port[1] = u16(s.p + 2);
        out->has_ports = true;
    }
    return LAYERS_FRAGMENT;
}

/** Whether options send the packet elsewhere first: its real destination then stands in them. */
static bool is_source_routed(const uint8_t *options, size_t len)
{
    for (size_t i = 0; i < len && options[i] != 0;) {
        if (options[i] == 131 || options[i] == 137)
            return true;
        size_t size = options[i] == 1 ? 1 : i + 1 < len ? options[i + 1] : 0;
        if (size == 0)
            return true;
        i += size;
    }
    return false;
}

static LayersKind read_ipv4(Span s, Layers *out, int depth)
{
    size_t header = s.len >= 20 ? (size_t) (s.p[0] & 0xf) * 4 : 0;
    if (header < 20 || s.len < header)
        return LAYERS_DEAD;
    uint16_t total = u16(s.p + 2), fragment = u16(s.p + 6);
    uint8_t protocol = s.p[9];
    if (total > 0) { // 0: the network card cut it into packets later
        if (total < header)
            return LAYERS_DEAD;
        limit(&s, total);
    }
    if (header > 20 && is_source_routed(s.p + 20, header - 20))
        return LAYERS_UNKNOWN;
    for (int i = 0; i < 2; i++)
        out->ip[i] = address_from_v4(s.p + 12 + 4 * i);
    (void) skip(&s, header);
    if (fragment & 0x3fff)
        return read_fragment(s, protocol, (fragment & 0x1fff) == 0, out);
    return read_protocol(s, protocol, out, depth);
}

static LayersKind read_ipv6(Span s, Layers *out, int depth)
{
    if (s.len < 40)
        return LAYERS_DEAD;
    uint16_t length = u16(s.p + 4);
    uint8_t next = s.p[6];
    for (int i = 0; i < 2; i++)
        out->ip[i] = address_from_v6(s.p + 8 + 16 * i);
    (void) skip(&s, 40);
    if (length > 0) // 0: longer than 64 kB
        limit(&s, length);
    for (int i = 0; i < MAX_EXTENSIONS; i++) {
        size_t size;
        switch (next) {
        case 0:   // hop by hop
        case 43:  // routing
        case 60:  // destination
        case 135: // mobility
        case 139: // HIP
        case 140: // Shim6
            if (s.len < 8)
                return LAYERS_DEAD;
            if (next == 43 && s.p[3] > 0)
                return LAYERS_UNKNOWN; // its real destination stands in the header
            size = 8 + (size_t) s.p[1] * 8;
            break;
        case 44: {
            if (s.len < 8)
                return LAYERS_DEAD;
            uint16_t fragment = u16(s.p + 2);
            if (fragment & 0xfff9) {
                uint8_t protocol = s.p[0];
                (void) skip(&s, 8);
                return read_fragment(s, protocol, (fragment & 0xfff8) == 0, out);
            }
            size = 8;
            break;
        }
        case IP_AH:
            if (s.len < 8)
                return LAYERS_DEAD;
            size = 8 + (size_t) s.p[1] * 4;
            break;
        default: return read_protocol(s, next, out, depth);
        }
        next = s.p[0];
        if (!skip(&s, size))
            return LAYERS_DEAD;
    }
    return LAYERS_UNKNOWN;
}

static LayersKind read_ip(Span s, Layers *out, int depth)
{
    if (depth >= MAX_DEPTH)
        return LAYERS_UNKNOWN;
    switch (s.len > 0 ? s.p[0] >> 4 : 0) {
    case 4: return read_ipv4(s, out, depth + 1);
    case 6: return read_ipv6(s, out, depth + 1);
    default: return LAYERS_DEAD;
    }
}

static LayersKind read_llc(Span s, Layers *out, int depth)
{
    if (s.len < 3)
        return LAYERS_DEAD;
    static const uint8_t dead[] = {0x42, 0xe0, 0xff, 0xf0, 0xfe}; // STP, IPX, NetBEUI, ISO
    if (memchr(dead, s.p[0], sizeof(dead)))
        return LAYERS_DEAD;
    if (s.p[0] != 0xaa || s.len < 8)
        return LAYERS_UNKNOWN;
    uint32_t organization = u32(s.p + 2) & 0xffffff;
    uint16_t type = u16(s.p + 6);
    if (organization == 0x00000c && type != 0x2000 && type != 0x2003 && type != 0x2004 && type != 0x010b)
        return LAYERS_UNKNOWN; // Cisco's, other than CDP, VTP, DTP, PVSTP+
    if (organization == 0x00000c)
        return LAYERS_DEAD;
    (void) skip(&s, 8);
    return organization == 0 ? read_ethertype(s, type, out, depth) : LAYERS_UNKNOWN;
}

static LayersKind read_ppp(Span s, Layers *out, int depth)
{
    if (s.len >= 2 && s.p[0] == 0xff && s.p[1] == 3)
        (void) skip(&s, 2);
    if (s.len < 2)
        return LAYERS_DEAD;
    uint16_t protocol = u16(s.p);
    (void) skip(&s, 2);
    if (protocol == 0x0021 || protocol == 0x0057)
        return read_ip(s, out, depth);
    return protocol >= 0x8000 ? LAYERS_DEAD : LAYERS_UNKNOWN; // control protocols
}

static LayersKind read_ethernet(Span s, Layers *out, int depth)
{
    if (s.len < 14)
        return LAYERS_DEAD;
    bool switch_link = s.p[1] == 0 && s.p[2] == 0x0c && s.p[3] == 0 && s.p[4] == 0 && (s.p[0] == 1 || s.p[0] == 0x0c);
    if (switch_link) // ISL
        return LAYERS_UNKNOWN;
    uint16_t type = u16(s.p + 12);
    (void) skip(&s, 14);
    if (type >= 0x600)
        return read_ethertype(s, type, out, depth);
    limit(&s, type);
    return read_llc(s, out, depth);
}

static LayersKind read_ethertype(Span s, uint16_t type, Layers *out, int depth)
{
    if (depth >= MAX_DEPTH)
        return LAYERS_UNKNOWN;
    switch (type) {
    case ETHERTYPE_IP:
    case ETHERTYPE_IPV6: return read_ip(s, out, depth + 1);
    case 0x8100: // VLAN tags
    case 0x88a8:
    case 0x9100:
    case 0x9200: {
        if (s.len < 4)
            return LAYERS_DEAD;
        uint16_t next = u16(s.p + 2);
        (void) skip(&s, 4);
        if (next >= 0x600)
            return read_ethertype(s, next, out, depth + 1);
        limit(&s, next);
        return read_llc(s, out, depth + 1);
    }
    case 0x8847:
    case 0x8848: return read_mpls(s, out, depth + 1);
    case 0x8864: return skip(&s, 6) ? read_ppp(s, out, depth + 1) : LAYERS_DEAD; // PPPoE
    case ETHERTYPE_BRIDGED: return read_ethernet(s, out, depth + 1);
    default: return is_dead_ethertype(type) ? LAYERS_DEAD : LAYERS_UNKNOWN;
    }
}

static LayersKind read_cooked(Span s, size_t header, size_t type_at, size_t hardware_at, Layers *out)
{
    if (s.len < header)
        return LAYERS_DEAD;
    uint16_t type = u16(s.p + type_at), hardware = u16(s.p + hardware_at);
    (void) skip(&s, header);
    if (hardware == 824) // netlink
        return LAYERS_DEAD;
    if (type == 4)
        return read_llc(s, out, 0);
    return type >= 0x600 ? read_ethertype(s, type, out, 0) : LAYERS_UNKNOWN;
}

void layers_read(const CapturePacket *packet, Layers *out)
{
    Span s = {packet->data, packet->len, MAX(packet->wire_len, packet->len)};
    out->has_ports = out->broken = false;
    out->payload_len = out->payload_wire = 0;
    out->flags = 0;
    switch (packet->link) {
    case LINK_ETHERNET: out->kind = read_ethernet(s, out, 0); break;
    case LINK_IP: out->kind = read_ip(s, out, 0); break;
    case LINK_COOKED: out->kind = read_cooked(s, 16, 14, 2, out); break;
    case LINK_COOKED2: out->kind = read_cooked(s, 20, 0, 8, out); break;
    case LINK_NULL: out->kind = skip(&s, 4) ? read_ip(s, out, 0) : LAYERS_DEAD; break;
    case LINK_PPP: out->kind = read_ppp(s, out, 0); break;
    case LINK_CHDLC:
        out->kind =
            s.len >= 4 ? read_ethertype((Span){s.p + 4, s.len - 4, s.wire - 4}, u16(s.p + 2), out, 0) : LAYERS_DEAD;
        break;
    case LINK_OTHER: out->kind = LAYERS_UNKNOWN; break;
    }
}
