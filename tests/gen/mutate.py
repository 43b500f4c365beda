# SPDX-License-Identifier: GPL-2.0-or-later
"""Random damage to captured conversations: what networks, taps and attackers do to packets."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Sequence

from .ip import Packet

Packets = list[Packet]


def _tcp(data: bytes) -> tuple[int, int, int] | None:
    """Where TCP begins, where its payload begins and ends; None for anything but plain Ethernet, IPv4, TCP."""
    if len(data) < 54 or data[12:14] != b"\x08\x00" or data[23] != 6 or data[20] & 0x3F or data[21]:
        return None
    head = 14 + (data[14] & 15) * 4
    end = min(14 + int.from_bytes(data[16:18], "big"), len(data))
    if head + 20 > end:
        return None
    payload = head + (data[head + 12] >> 4) * 4
    return (head, payload, end) if head + 20 <= payload <= end else None


def _replaced(packet: Packet, data: bytes) -> Packet:
    return Packet(packet.time_ns, bytes(data))


def _with_payload(packet: Packet, skip: int, payload: bytes) -> Packet:
    """The same segment with another payload, which begins `skip` bytes later in the stream."""
    head, start, _ = _tcp(packet.data)
    data = bytearray(packet.data[:start] + payload)
    data[16:18] = struct.pack(">H", len(data) - 14)
    sequence = int.from_bytes(data[head + 4 : head + 8], "big") + skip
    data[head + 4 : head + 8] = struct.pack(">I", sequence & 0xFFFFFFFF)
    return _replaced(packet, data)


def resegment(packets: Packets, rng: random.Random) -> Packets:
    """Payloads cut into segments of any size."""
    most, out = rng.choice((3, 9, 17, 40, 200)), []
    for packet in packets:
        where = _tcp(packet.data)
        if where is None or where[1] == where[2] or rng.random() < 0.5:
            out.append(packet)
            continue
        payload, at = packet.data[where[1] : where[2]], 0
        while at < len(payload):
            size = rng.randint(1, max(most, len(payload) // 20))
            out.append(_with_payload(packet, at, payload[at : at + size]))
            at += size
    return out


def lose(packets: Packets, rng: random.Random) -> Packets:
    """Some are not captured."""
    share = rng.choice((0.01, 0.05, 0.3))
    return [packet for packet in packets if rng.random() >= share]


def lose_start(packets: Packets, rng: random.Random) -> Packets:
    """The capture begins later."""
    return packets[rng.randrange(len(packets)) :]


def lose_side(packets: Packets, rng: random.Random) -> Packets:
    """One host's packets are not captured."""
    source = rng.choice(packets).data[26:30]
    return [packet for packet in packets if packet.data[26:30] != source]


def repeat(packets: Packets, rng: random.Random) -> Packets:
    """Some come again, at once or later."""
    out = list(packets)
    for packet in rng.sample(packets, max(1, len(packets) // 15)):
        at = packets.index(packet)
        out.insert(min(len(out), at + rng.choice((1, 2, 30))), _replaced(packet, packet.data))
    return out


def swap(packets: Packets, rng: random.Random) -> Packets:
    """Some are overtaken."""
    out = list(packets)
    for _ in range(max(1, len(out) // 10)):
        at = rng.randrange(len(out))
        other = min(len(out) - 1, at + rng.choice((1, 1, 2, 5)))
        out[at], out[other] = out[other], out[at]
    return out


def flip(packets: Packets, rng: random.Random) -> Packets:
    """Bytes of some are others."""
    out = list(packets)
    for _ in range(rng.choice((1, 5, 40))):
        at = rng.randrange(len(out))
        data = bytearray(out[at].data)
        data[rng.randrange(14, len(data))] = rng.randrange(256)
        out[at] = _replaced(out[at], data)
    return out


def flip_header(packets: Packets, rng: random.Random) -> Packets:
    """Bytes of some headers of PDUs are others."""
    out = list(packets)
    carriers = [n for n, p in enumerate(out) if (w := _tcp(p.data)) and w[2] - w[1] >= 30]
    for at in rng.sample(carriers, min(len(carriers), 4)):
        start = _tcp(out[at].data)[1]
        data = bytearray(out[at].data)
        data[start + rng.randrange(30)] = rng.choice((0, 3, 5, 11, 14, 0x80, 0x83, rng.randrange(256)))
        out[at] = _replaced(out[at], data)
    return out


def prefix(packets: Packets, rng: random.Random) -> Packets:
    """Something else stands before the payload of some, in the same segment or in one before."""
    junk = rng.choice((b"GET / HTTP/1.1\r\n\r\n", b"\x05\x00", b"\x05", b"\x00\x00\x00\x54\xfeSMB", bytes(20)))
    out = []
    for packet in packets:
        where = _tcp(packet.data)
        if where is None or where[1] == where[2] or rng.random() < 0.9:
            out.append(packet)
        elif rng.random() < 0.5:
            out.append(_with_payload(packet, 0, junk + packet.data[where[1] : where[2]]))
        else:
            out += [_with_payload(packet, -len(junk), junk), packet]
    return out


def ports(packets: Packets, rng: random.Random) -> Packets:
    """One port is another everywhere."""
    carriers = [p for p in packets if _tcp(p.data)]
    if not carriers:
        return packets
    packet = rng.choice(carriers)
    head = _tcp(packet.data)[0] + rng.choice((0, 2))
    old, new = packet.data[head : head + 2], struct.pack(">H", rng.choice((80, 88, 135, 139, 443, 445, 5985, 61000)))
    out = []
    for packet in packets:
        where = _tcp(packet.data)
        data = bytearray(packet.data)
        for at in (where[0], where[0] + 2) if where else ():
            if data[at : at + 2] == old:
                data[at : at + 2] = new
        out.append(_replaced(packet, data))
    return out


def cut(packets: Packets, rng: random.Random) -> Packets:
    """Some are shorter than their headers say."""
    return [_replaced(p, p.data[: rng.randrange(20, len(p.data) + 1)]) if rng.random() < 0.05 else p for p in packets]


def twice(packets: Packets, rng: random.Random) -> Packets:
    """The whole thing again on the same ports: the same sequence numbers, or without the SYNs."""
    again = [_replaced(p, p.data) for p in packets]
    return packets + (again if rng.random() < 0.5 else again[3:])


def lose_end(packets: Packets, rng: random.Random) -> Packets:
    """The capture ends earlier."""
    return packets[: rng.randrange(len(packets)) + 1]


def flip_bits(packets: Packets, rng: random.Random) -> Packets:
    """Single bits of some are others, wherever they stand."""
    out = list(packets)
    for _ in range(rng.choice((1, 3, 20))):
        at = rng.randrange(len(out))
        data = bytearray(out[at].data)
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        out[at] = _replaced(out[at], data)
    return out


def splice(packets: Packets, rng: random.Random) -> Packets:
    """Some carry the beginning of what another one carries, and go on with their own."""
    carriers = [n for n, p in enumerate(packets) if (w := _tcp(p.data)) and w[1] < w[2]]
    out = list(packets)
    for at in rng.sample(carriers, min(len(carriers), 3)):
        (_, start, end), (_, from_, to) = _tcp(out[at].data), _tcp(packets[other := rng.choice(carriers)].data)
        own, theirs = out[at].data[start:end], packets[other].data[from_:to]
        join = rng.randrange(min(len(own), len(theirs)) + 1)
        out[at] = _with_payload(out[at], 0, theirs[:join] + own[join:])
    return out


CHANGES: Sequence[Callable[[Packets, random.Random], Packets]] = (
    resegment, lose, lose_start, lose_side, repeat, swap, flip, flip_header, prefix, ports, cut, twice,
)  # fmt: skip


ALL_CHANGES = (*CHANGES, lose_end, flip_bits, splice)


def move(packets: Packets, number: int) -> Packets:
    """Other IPv4 addresses, so that many variants can stand in one capture."""
    known: dict[bytes, bytes] = {}
    out = []
    for packet in packets:
        data = bytearray(packet.data)
        if data[12:14] == b"\x08\x00" and len(data) >= 34:
            for at in (26, 30):
                old = bytes(data[at : at + 4])
                data[at : at + 4] = known.setdefault(old, struct.pack(">BBBB", 10, number >> 8, number & 255, len(known) + 1))
        out.append(_replaced(packet, data))
    return out


def variant(packets: Packets, number: int, rng: random.Random, changes: Sequence = CHANGES) -> Packets:
    """The conversations of `packets`, between other hosts, after one to three random changes; in order, with times of its own
    that begin within the first second."""
    made = move(packets, number)
    for change in rng.sample(changes, rng.choice((1, 1, 2, 3))):
        if made:
            made = change(made, rng)
    start, step = rng.randrange(10**9), rng.choice((1000, 100_000))
    return [Packet(1596700800 * 10**9 + start + step * n, p.data) for n, p in enumerate(made)]


def many(sources: Sequence[Packets], count: int, seed: int) -> Packets:
    """`count` variants of them."""
    rng = random.Random(seed)
    return [packet for number in range(count) for packet in variant(rng.choice(sources), number, rng)]
