# SPDX-License-Identifier: GPL-2.0-or-later
"""Capture files: pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from pathlib import Path

from .ip import Packet

ETHERNET, PPP, RAW_IP, COOKED, ERF, COOKED2, NULL = 1, 9, 101, 113, 197, 276, 0


class Capture:
    """Packets in the order of the file. `number` is what Wireshark calls frame.number."""

    def __init__(self, packets: Iterable[Packet], sort: bool = True) -> None:
        self.packets = sorted(packets, key=lambda p: p.time_ns) if sort else list(packets)
        self._numbers = {packet: index for index, packet in enumerate(self.packets, 1)}

    def number(self, packet: Packet) -> int:
        """Frame number of a packet, from 1."""
        return self._numbers[packet]

    def numbers(self, packets: Iterable[Packet]) -> list[int]:
        """Frame numbers of those of `packets` that are in the capture, and of their copies, ascending."""
        wanted = set(packets)
        return [n for p, n in self._numbers.items() if p in wanted or p.copy_of in wanted]

    def __contains__(self, packet: Packet) -> bool:
        return packet in self._numbers

    def time(self, number: int, digits: int = 9) -> str:
        """Time of a frame as RFC 3339 with that many digits."""
        ns = self.packets[number - 1].time_ns
        whole = datetime.fromtimestamp(ns // 10**9, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{whole}.{ns % 10**9:09d}"[: len(whole) + 1 + digits] + "Z"

    def pcap(self, nano: bool = False, big: bool = False, snaplen: int = 262144, link: int = ETHERNET) -> bytes:
        """A pcap file with microseconds, or with nanoseconds."""
        order = ">" if big else "<"
        magic = 0xA1B23C4D if nano else 0xA1B2C3D4
        out = bytearray(struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, snaplen, link))
        for packet in self.packets:
            seconds, rest = divmod(packet.time_ns, 10**9)
            kept = packet.data[:snaplen]
            fraction = rest if nano else rest // 1000
            out += struct.pack(order + "IIII", seconds, fraction, len(kept), len(packet.data)) + kept
        return bytes(out)

    def pcapng(self, snaplen: int = 262144, comment: str | None = None, interfaces: Sequence[str] = ("eth0",)) -> bytes:
        """A pcapng file with nanoseconds; packets are dealt out to the interfaces in turn."""
        out = bytearray(_block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1) + _options([(1, comment)])))
        for name in interfaces:
            out += _block(1, struct.pack("<HHI", ETHERNET, 0, snaplen) + _options([(2, name), (9, b"\x09")]))
        for index, packet in enumerate(self.packets):
            kept = packet.data[:snaplen]
            head = (index % len(interfaces), packet.time_ns >> 32, packet.time_ns & 0xFFFFFFFF)
            body = struct.pack("<IIIII", *head, len(kept), len(packet.data)) + kept + bytes(-len(kept) % 4)
            flags = None if packet.flags is None else struct.pack("<I", packet.flags)
            out += _block(6, body + _options([(1, packet.comment), (2, flags)]))
        return bytes(out)

    def write(self, path: str | Path, **options: object) -> Path:
        """Writes the format that the suffix of `path` names."""
        path = Path(path)
        path.write_bytes(self.pcapng(**options) if path.suffix == ".pcapng" else self.pcap(**options))
        path.chmod(0o644)
        return path


def _options(options: Sequence[tuple[int, str | bytes | None]]) -> bytes:
    out = b""
    for code, value in options:
        if value is not None:
            data = value.encode() if isinstance(value, str) else value
            out += struct.pack("<HH", code, len(data)) + data + bytes(-len(data) % 4)
    return out + bytes(4) if out else b""


def _block(kind: int, body: bytes) -> bytes:
    length = struct.pack("<I", 12 + len(body))
    return struct.pack("<I", kind) + length + body + length


def lose(data: bytes, lost: Callable[[], bool]) -> bytes:
    """A pcap or pcapng file without the packets for which `lost` says so, and without what follows a damaged one."""
    swapped = data[:4] in (b"\xa1\xb2\xc3\xd4", b"\xa1\xb2\x3c\x4d")
    order = ">" if swapped else "<"
    if data[:4] == b"\x0a\x0d\x0d\x0a":
        at, head, order = 0, 12, "<" if data[8:12] == b"\x4d\x3c\x2b\x1a" else ">"
    else:
        at, head = 24, 16
    out = bytearray(data[:at])
    while at + head <= len(data):
        if head == 16:
            size, packet = 16 + struct.unpack_from(order + "I", data, at + 8)[0], True
        else:
            kind, size = struct.unpack_from(order + "II", data, at)
            packet = kind in (2, 3, 6)
        if size < head or at + size > len(data):
            break
        if not (packet and lost()):
            out += data[at : at + size]
        at += size
    return bytes(out)
