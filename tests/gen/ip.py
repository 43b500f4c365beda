# SPDX-License-Identifier: GPL-2.0-or-later
"""Ethernet (with VLAN tags), IPv4 and IPv6 around TCP and UDP, checksums included."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Sequence
from dataclasses import dataclass

TCP, UDP = 6, 17
ETHERTYPE_VLAN, ETHERTYPE_QINQ = 0x8100, 0x88A8


@dataclass(frozen=True)
class Endpoint:
    """Where a packet comes from or goes to."""

    ip: str
    port: int
    mac: str = "02:00:00:00:00:01"


@dataclass(eq=False)
class Packet:
    """One packet of a capture. Its identity, not its contents, is what a capture numbers. `copy_of` is the packet that
    it repeats: a retransmission, or the view of a second tap. `flags` are those of pcapng: 1 came in, 2 went out."""

    time_ns: int
    data: bytes
    comment: str | None = None
    copy_of: Packet | None = None
    flags: int | None = None


def _sum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _pseudo(source: bytes, destination: bytes, protocol: int, length: int) -> bytes:
    return source + destination + struct.pack(">IHBB", length, 0, 0, protocol)


def _ethernet(source: Endpoint, destination: Endpoint, ethertype: int, payload: bytes, vlans: Sequence[int]) -> bytes:
    macs = bytes.fromhex((destination.mac + source.mac).replace(":", ""))
    tags = b""
    for index, vlan in enumerate(vlans):
        outer = len(vlans) > 1 and index == 0
        tags += struct.pack(">HH", ETHERTYPE_QINQ if outer else ETHERTYPE_VLAN, vlan)
    return macs + tags + struct.pack(">H", ethertype) + payload


def frame(
    source: Endpoint,
    destination: Endpoint,
    protocol: int,
    segment: bytes,
    checksum_at: int,
    vlans: Sequence[int] = (),
    ident: int = 0,
    ttl: int = 128,
) -> bytes:
    """A whole Ethernet frame around a transport segment whose checksum field, at `checksum_at`, is still zero."""
    a, b = ipaddress.ip_address(source.ip), ipaddress.ip_address(destination.ip)
    check = _sum(_pseudo(a.packed, b.packed, protocol, len(segment)) + segment)
    segment = segment[:checksum_at] + struct.pack(">H", check) + segment[checksum_at + 2 :]
    if a.version == 6:
        header = struct.pack(">IHBB", 6 << 28, len(segment), protocol, ttl) + a.packed + b.packed
        return _ethernet(source, destination, 0x86DD, header + segment, vlans)
    header = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(segment), ident & 0xFFFF, 0x4000, ttl, protocol, 0)
    header += a.packed + b.packed
    header = header[:10] + struct.pack(">H", _sum(header)) + header[12:]
    return _ethernet(source, destination, 0x0800, header + segment, vlans)


def udp(source: Endpoint, destination: Endpoint, payload: bytes, vlans: Sequence[int] = ()) -> bytes:
    """A frame with a UDP datagram."""
    head = struct.pack(">HHHH", source.port, destination.port, 8 + len(payload), 0)
    return frame(source, destination, UDP, head + payload, 6, vlans)
