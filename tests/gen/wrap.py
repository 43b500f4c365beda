# SPDX-License-Identifier: GPL-2.0-or-later
"""Other ways to carry the same packets: tunnels, fragments, link layers. Each function takes the bytes of an Ethernet frame
with IPv4 in it and returns those of the frames that carry it."""

from __future__ import annotations

import struct

from .ip import Endpoint, _sum, udp

OUTER = Endpoint("198.51.100.1", 40000, "02:00:00:00:0a:01"), Endpoint("198.51.100.2", 40000, "02:00:00:00:0a:02")


def _ip(frame: bytes) -> bytes:
    return frame[14:]


def _outer(protocol: int, payload: bytes) -> bytes:
    """IPv4 between two routers."""
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 7, 0x4000, 64, protocol, 0)
    head += bytes((198, 51, 100, 1, 198, 51, 100, 2))
    return head[:10] + struct.pack(">H", _sum(head)) + head[12:] + payload


def _ethernet(ethertype: int, payload: bytes) -> bytes:
    return bytes.fromhex("02000000aa0202000000aa01") + struct.pack(">H", ethertype) + payload


def _udp(port: int, payload: bytes) -> bytes:
    source, destination = OUTER
    return udp(source, Endpoint(destination.ip, port, destination.mac), payload)


def mpls(frame: bytes) -> list[bytes]:
    """Two labels."""
    return [_ethernet(0x8847, struct.pack(">II", 16 << 12 | 64, 17 << 12 | 1 << 8 | 64) + _ip(frame))]


def pppoe(frame: bytes) -> list[bytes]:
    """A PPPoE session."""
    return [_ethernet(0x8864, struct.pack(">BBHHH", 0x11, 0, 1, 2 + len(_ip(frame)), 0x21) + _ip(frame))]


def gre(frame: bytes) -> list[bytes]:
    """GRE with a key."""
    return [_ethernet(0x0800, _outer(47, struct.pack(">HHI", 0x2000, 0x0800, 5) + _ip(frame)))]


def ipip(frame: bytes) -> list[bytes]:
    """IPv4 in IPv4."""
    return [_ethernet(0x0800, _outer(4, _ip(frame)))]


def erspan(frame: bytes) -> list[bytes]:
    """ERSPAN II: a switch's mirror."""
    head = struct.pack(">HHIQ", 0x1000, 0x88BE, 1, 1 << 60)
    return [_ethernet(0x0800, _outer(47, head + frame))]


def vxlan(frame: bytes) -> list[bytes]:
    """VXLAN."""
    return [_udp(4789, struct.pack(">II", 0x08000000, 7 << 8) + frame)]


def geneve(frame: bytes) -> list[bytes]:
    """Geneve with an option."""
    return [_udp(6081, struct.pack(">BBHI", 1, 0, 0x6558, 7 << 8) + bytes(4) + frame)]


def fragments(frame: bytes) -> list[bytes]:
    """IPv4 fragments of at most 256 bytes, the last one first."""
    header, rest = bytearray(frame[14:34]), frame[34 : 14 + int.from_bytes(frame[16:18], "big")]
    made = []
    for start in range(0, len(rest), 256):
        part = rest[start : start + 256]
        more = start + len(part) < len(rest)
        header[2:4] = struct.pack(">H", 20 + len(part))
        header[6:8] = struct.pack(">H", (0x2000 if more else 0) | start // 8)
        header[10:12] = bytes(2)
        header[10:12] = struct.pack(">H", _sum(bytes(header)))
        made.append(frame[:14] + bytes(header) + part)
    return made[::-1]


def to_raw_ip(frame: bytes) -> bytes:
    """IP without a link layer."""
    return _ip(frame)


def to_cooked(frame: bytes) -> bytes:
    """Linux cooked capture."""
    return struct.pack(">HHH", 0, 1, 6) + frame[6:12] + bytes(2) + frame[12:]


def to_cooked2(frame: bytes) -> bytes:
    """Linux cooked capture, version 2."""
    return frame[12:14] + struct.pack(">HIHBB", 0, 3, 1, 0, 6) + frame[6:12] + bytes(2) + frame[14:]


def to_null(frame: bytes) -> bytes:
    """BSD loopback."""
    return struct.pack("<I", 2) + _ip(frame)


def to_ppp(frame: bytes) -> bytes:
    """PPP in HDLC-like framing."""
    return b"\xff\x03\x00\x21" + _ip(frame)


def to_erf(frame: bytes, time_ns: int = 0) -> bytes:
    """Endace's record format around Ethernet."""
    seconds, rest = divmod(time_ns, 10**9)
    head = struct.pack("<II", (rest << 32) // 10**9, seconds)
    return head + struct.pack(">BBHHH", 2, 4, 18 + len(frame), 0, len(frame)) + bytes(2) + frame
