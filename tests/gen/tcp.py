# SPDX-License-Identifier: GPL-2.0-or-later
"""A TCP conversation as packets, and what a network or a capture point does to packets."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .ip import TCP, Endpoint, Packet, frame

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


@dataclass
class Clock:
    """Gives each packet its time: 2020-08-06 08:00 UTC and then `step` nanoseconds more each time."""

    now_ns: int = 1596700800_123456789
    step: int = 250_000

    def tick(self) -> int:
        """The time of the next packet."""
        self.now_ns += self.step
        return self.now_ns


@dataclass
class Tcp:
    """Both ends of one connection. Each method appends the packets it makes to `packets` and returns them."""

    clock: Clock
    client: Endpoint
    server: Endpoint
    mss: int = 1460
    vlans: Sequence[int] = ()
    client_isn: int = 0x11111111
    server_isn: int = 0x22222222
    acks: bool = True  # a bare ACK after each send
    packets: list[Packet] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._seq = {True: self.client_isn + 1, False: self.server_isn + 1}
        self._ident = 1

    def _emit(self, from_client: bool, flags: int, payload: bytes = b"", seq: int | None = None) -> Packet:
        source, destination = (self.client, self.server) if from_client else (self.server, self.client)
        sequence = self._seq[from_client] if seq is None else seq
        ack = self._seq[not from_client] if flags & ACK else 0
        options = b"\x02\x04" + struct.pack(">H", min(self.mss, 0xFFFF)) if flags & SYN else b""
        head = struct.pack(
            ">HHIIBBHHH",
            source.port,
            destination.port,
            sequence & 0xFFFFFFFF,
            ack & 0xFFFFFFFF,
            (20 + len(options)) << 2,
            flags,
            0xFFFF,
            0,
            0,
        )
        data = frame(source, destination, TCP, head + options + payload, 16, self.vlans, self._ident)
        self._ident += 1
        packet = Packet(self.clock.tick(), data)
        self.packets.append(packet)
        return packet

    def handshake(self) -> list[Packet]:
        """SYN, SYN-ACK, ACK."""
        return [
            self._emit(True, SYN, seq=self.client_isn),
            self._emit(False, SYN | ACK, seq=self.server_isn),
            self._emit(True, ACK),
        ]

    def send(self, from_client: bool, data: bytes, cuts: Sequence[int] = ()) -> list[Packet]:
        """Data in segments: of at most the MSS, or cut at the offsets `cuts`. Returns the packets that carry it."""
        if cuts:
            edges = [0, *cuts, len(data)]
        else:
            edges = [*range(0, len(data), self.mss), len(data)]
        sent = []
        for start, end in zip(edges, edges[1:]):
            last = end == len(data)
            sent.append(self._emit(from_client, ACK | (PSH if last else 0), data[start:end]))
            self._seq[from_client] += end - start
        if self.acks:
            self._emit(not from_client, ACK)
        return sent

    def finish(self) -> list[Packet]:
        """Closes both directions."""
        made = []
        for from_client in (True, False):
            made.append(self._emit(from_client, FIN | ACK))
            self._seq[from_client] += 1
        made.append(self._emit(True, ACK))
        return made

    def reset(self, from_client: bool = True) -> list[Packet]:
        """Aborts the connection."""
        return [self._emit(from_client, RST | ACK)]


def swapped(packets: Sequence[Packet], first: Packet, second: Packet) -> list[Packet]:
    """The capture saw `second` before `first`: they change places and times."""
    out = list(packets)
    a, b = out.index(first), out.index(second)
    out[a], out[b] = out[b], out[a]
    first.time_ns, second.time_ns = second.time_ns, first.time_ns
    return out


def repeated(packets: Sequence[Packet], which: Iterable[Packet], later: int = 1) -> list[Packet]:
    """Each packet of `which` is seen once more, `later` packets after the first time: a retransmission."""
    out = list(packets)
    for packet in which:
        at = min(out.index(packet) + later, len(out) - 1)
        out.insert(at + 1, Packet(out[at].time_ns + 1000, packet.data, copy_of=packet))
    return out


def two_taps(packets: Sequence[Packet], delay_ns: int = 40_000) -> list[Packet]:
    """Two captures of the same packets, merged: each one appears again shortly after, with its TTL one lower."""
    out = []
    for packet in packets:
        data = bytearray(packet.data)
        if data[12:14] == b"\x08\x00":
            data[22] -= 1  # TTL; the header checksum follows it up
            total = int.from_bytes(data[24:26], "big") + 0x100
            data[24:26] = ((total & 0xFFFF) + (total >> 16)).to_bytes(2, "big")
        out += [packet, Packet(packet.time_ns + delay_ns, bytes(data), copy_of=packet)]
    return out


def without(packets: Sequence[Packet], lost: Iterable[Packet]) -> list[Packet]:
    """The capture never saw the packets `lost`."""
    gone = set(lost)
    return [packet for packet in packets if packet not in gone]
