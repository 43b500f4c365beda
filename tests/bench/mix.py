# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of any size as a Windows network's sensor sees them: conversations (traffic.py) are made once and repeated between
other hosts; some packets come twice, and of a hundred two were not captured.

- plain: what is easy: one session of remote WMI in about 5,000 flows, nothing lost, nothing that looks like what it is not
- sparse: the same with what real networks have
- dense: a tenth of all packets are DCOM, a third of that is WMI"""

from __future__ import annotations

import random
import struct
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

import traffic  # noqa: E402
from gen import scenario, wrap  # noqa: E402
from gen.ip import Packet  # noqa: E402
from gen.scenario import Host, Lab  # noqa: E402

FLOWS_PER_SESSION = 5000
START = 1_700_000_000


def clients() -> Iterator[Host]:
    """Placeholders: their addresses are replaced in each copy."""
    for number in range(1, 255):
        yield Host(f"WS{number:02d}", f"10.254.0.{number}", "02:00:00:00:00:05")


def everyday(lab: Lab) -> None:
    """About 100 flows."""
    hosts = clients()
    for number, size in enumerate([12_000] * 18 + [60_000] * 12 + [300_000] * 3):
        traffic.tls(lab, next(hosts), size, ("0301", "0302", "0303", "0304")[number % 4], 5)
    for size in [8_000] * 5 + [100_000] * 2:
        traffic.web(lab, next(hosts), size)
    for size in [200_000, 700_000, 1_000_000, 1_500_000]:
        traffic.share(lab, next(hosts), size)
    for _ in range(30):
        scenario.dns_lookup(lab, next(hosts), traffic.KDC, "srv.example.com", traffic.SERVER.ip)
    for over_tcp in (False, True, True):
        traffic.ticket(lab, next(hosts), over_tcp)
    for _ in range(4):
        traffic.ldap(lab, next(hosts))
    for _ in range(4):
        traffic.mapper(lab, next(hosts))
    traffic.replication(lab, next(hosts))


def real(lab: Lab) -> None:
    """About 150 flows."""
    hosts = clients()
    for number, size in enumerate([12_000] * 24 + [60_000] * 16 + [300_000] * 3):
        traffic.tls(lab, next(hosts), size, ("0301", "0302", "0303", "0304", "0303")[number % 5], number)
    for size in [8_000] * 5 + [100_000] * 2:
        traffic.web(lab, next(hosts), size)
    for size in [200_000, 700_000, 1_000_000]:
        traffic.share(lab, next(hosts), size)
    traffic.old_share(lab, next(hosts), 300_000)
    traffic.sealed_share(lab, next(hosts), 700_000)
    for _ in range(3):
        traffic.pipes(lab, next(hosts))
    for _ in range(20):
        scenario.dns_lookup(lab, next(hosts), traffic.KDC, "srv.example.com", traffic.SERVER.ip)
    for size in (1100, 3500, 9000, 1400, 5000):
        traffic.ticket(lab, next(hosts), True, size)
    for size in (900, 1100, 1300):
        traffic.ticket(lab, next(hosts), False, size)
    for _ in range(5):
        traffic.ldap(lab, next(hosts))
    for _ in range(6):
        traffic.mapper(lab, next(hosts))
    for _ in range(2):
        traffic.mapper_again(lab, next(hosts))
        traffic.knock(lab, next(hosts))
        traffic.resolver(lab, next(hosts))
    traffic.plant(lab, next(hosts))
    traffic.replication(lab, next(hosts))


def session(lab: Lab) -> None:
    """One of remote WMI."""
    traffic.session(lab, Host("WS200", "10.254.0.200", "02:00:00:00:00:05"))


def sessions(lab: Lab) -> None:
    """DCOM, a third of it WMI."""
    hosts = clients()
    for _ in range(3):
        traffic.inventory(lab, next(hosts))
    for _ in range(6):
        traffic.console(lab, next(hosts))


@dataclass
class Mix:
    """What a capture is made of."""

    usual: Callable[[Lab], None]
    rare: Callable[[Lab], None]
    flows_per_rare: int = 0  # of the usual ones
    share_of_rare: float = 0  # of all packets; or
    disturbed: bool = True  # tunnels, losses, repetitions


MIXES = {
    "plain": Mix(everyday, session, FLOWS_PER_SESSION, disturbed=False),
    "sparse": Mix(real, session, FLOWS_PER_SESSION),
    "dense": Mix(real, sessions, share_of_rare=0.1),
}


@dataclass
class Template:
    """Packets as records of a pcap file, and where in them their times and the clients' addresses stand."""

    data: bytearray
    records: list[tuple[int, int]]
    flows: int


def disturb(packets: list[Packet], rng: random.Random) -> list[Packet]:
    """Two of a hundred are not captured, one comes twice."""
    kept = [packet for packet in packets if rng.random() >= 0.02]
    return [packet for once in kept for packet in [once] * (2 if rng.random() < 0.01 else 1)]


def carry(packets: list[Packet], rng: random.Random) -> list[Packet]:
    """Of ten flows one is in VXLAN, one in GRE, two are in a VLAN."""
    way = rng.randrange(10)

    def tag(frame: bytes) -> list[bytes]:
        return [frame[:12] + b"\x81\0\0\x0a" + frame[12:]]

    carried = {0: wrap.vxlan, 1: wrap.gre, 2: tag, 3: tag}.get(way)
    return [Packet(p.time_ns, carried(p.data)[0]) for p in packets] if carried else packets


def template(make: Callable[[Lab], None], rng: random.Random, disturbed: bool) -> Template:
    """All packets, flow by flow spread over the same time; conversations of remote WMI stay as they are."""
    lab = Lab(seed=rng.getrandbits(30))
    make(lab)
    lists: list[list[Packet]] = [flow.packets for flow in lab.flows]
    lists += [list(pair) for pair in zip(lab.loose[::2], lab.loose[1::2])]
    placed = []
    for packets in lists:
        begin = rng.random() * 0.7
        if disturbed:
            packets = carry(disturb(packets, rng), rng)
        placed += [(begin + (1 - begin) * n / len(packets), packet) for n, packet in enumerate(packets)]
    placed.sort(key=lambda pair: pair[0])
    data, records = bytearray(), []
    for _, packet in placed:
        at = len(data)
        data += struct.pack("<IIII", 0, 0, len(packet.data), len(packet.data)) + packet.data
        records.append((at, at + 16 + packet.data.index(b"\x0a\xfe\0") + 1))
    return Template(data, records, len(lists))


def write_copy(file: object, made: Template, number: int, clock: int) -> int:
    """One copy, between other clients; returns the time after it, in microseconds."""
    data, pack = made.data, struct.Struct("<II").pack_into
    low, high = number & 255, 1 + (number >> 8) % 250
    for at, address in made.records:
        pack(data, at, START + clock // 1_000_000, clock % 1_000_000)
        data[address] = high
        data[address + 1] = low
        clock += 9
    file.write(data)
    return clock


def is_due(mix: Mix, flows: int, packets: int, rare: int, rare_packets: int) -> bool:
    """Whether the turn of the rare ones has come."""
    if mix.share_of_rare:
        return rare_packets < mix.share_of_rare * packets
    return flows >= (rare + 0.5) * mix.flows_per_rare


def write(path: Path, size: int, name: str = "plain", seed: int = 1) -> dict[str, int]:
    """Writes a pcap file of about `size` bytes; returns what is in it."""
    rng, mix = random.Random(seed), MIXES[name]
    usual, rare = template(mix.usual, rng, mix.disturbed), template(mix.rare, rng, False)
    clock, number, flows, rares, packets, rare_packets = 0, 0, 0, 0, 0, 0
    with path.open("wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        while file.tell() < size:
            clock = write_copy(file, usual, number, clock)
            flows, packets, number = flows + usual.flows, packets + len(usual.records), number + 1
            while is_due(mix, flows, packets, rares, rare_packets):
                clock = write_copy(file, rare, number, clock)
                rares, packets, number = rares + 1, packets + len(rare.records), number + 1
                rare_packets += len(rare.records)
    return {"bytes": path.stat().st_size, "packets": packets, "flows": flows, "rare": rares, "rare packets": rare_packets}


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), int(float(sys.argv[2]) * 1e6), *sys.argv[3:4]))
