# SPDX-License-Identifier: GPL-2.0-or-later
"""The judge alone says what it says inside Wireshark: the events of tests/engine are those of tshark with the plugin."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

import test_scan
import test_transport
from gen import capture as captures
from gen import guids, mutate, scenario
from gen.capture import Capture
from gen.ip import Packet
from gen.scenario import CLIENT, CLIENT6, OTHER, SERVER, SERVER6, Lab
from support import READ, Tools

OPTIONS = (
    "-o", "tcp.try_heuristic_first:TRUE", "-o", "tcp.reassemble_out_of_order:FALSE", "-o", "ip.defragment:TRUE",
)  # fmt: skip
"""As car-wmi starts tshark."""

DIFFERENT = {
    "swap": "Wireshark takes for a repetition what was acknowledged before it came, also where the engine does not",
    "prefix": "other dissectors of Wireshark take what begins with something else; the engine knows DCE/RPC only",
    "ports": "port 88 is Kerberos' to Wireshark, 139 NetBIOS', 445 SMB's",
    "resegment": "Wireshark does not see a PDU whose first segment ends inside its header",
    "flip": "in the headers of IP and TCP, it makes conversations that the two cut differently",
    "flip_header": "a length that is a lie: the two begin again at different segments",
    "lose": "of a PDU with a hole, Wireshark waits for the rest; the engine begins again",
    "lose_start": "the same",
    "cut": "the same",
    "repeat": "of a PDU that came in several segments, Wireshark takes repeated ones into account",
    "twice": "the same",
}
"""Kinds of damage after which the two may differ, and why. They are differences of TCP, not of the judgement."""


def engine(tools: Tools, path: Path) -> str:
    """What the engine prints."""
    result = tools.run(tools.engine, path)
    assert result.returncode == 0, result.stderr
    return result.stdout


def tshark(tools: Tools, path: Path) -> str:
    """What tshark prints, but for its own version."""
    result = tools.tshark(*OPTIONS, "-q", "-z", "car,events", "-r", path)
    assert result.returncode in READ, result.stderr
    return re.sub(r',"wireshark":"[^"]*"', "", result.stdout, count=1)


def same(tools: Tools, path: Path) -> str:
    """The events, once both were seen to print them."""
    expected = tshark(tools, path)
    assert engine(tools, path).splitlines() == expected.splitlines()
    return expected


def rotated(lab: Lab) -> None:
    """A whole session, sealed, and an activation that asks for something else in the same segment as its own."""
    session = test_transport.windows(lab)
    session.rpc.tcp.finish()
    scenario.remote_activation(lab, OTHER, SERVER)


def other_dcom(lab: Lab) -> None:
    """DCOM that is not WMI, and pings."""
    scenario.dispatch_session(lab, OTHER, SERVER)
    scenario.resolver_ping(lab, CLIENT, SERVER)
    scenario.plain_rpc(lab, CLIENT, SERVER, 135, guids.SAMR)


MADE: dict[str, tuple[dict, Callable[[Lab], object]]] = {
    "sealed": ({}, test_transport.windows),
    "clear": ({}, lambda lab: test_transport.windows(lab, sealed=False)),
    "impacket": ({}, lambda lab: test_transport.windows(lab, kind="impacket")),
    "ipv6": ({}, lambda lab: test_transport.windows(lab, client=CLIENT6, server=SERVER6)),
    "vlans": ({"vlans": (100, 7)}, test_transport.windows),
    "big-endian": ({"big": True}, lambda lab: test_transport.windows(lab, sealed=False)),
    "small segments": ({"mss": 200}, lambda lab: test_transport.windows(lab, sealed=False)),
    "pipelined": ({}, test_transport.pipelined),
    "activation": ({}, rotated),
    "other DCOM": ({}, other_dcom),
    "noise": ({}, test_scan.noise),
    "ticket": ({}, lambda lab: scenario.fetch_ticket(lab, CLIENT, SERVER, OTHER, "ann")),
}


@pytest.mark.parametrize("name", MADE)
def test_made_captures(plugin: Tools, name: str) -> None:
    options, make = MADE[name]
    lab = Lab(seed=1, **options)
    make(lab)
    events = same(plugin, plugin.write(lab.capture()))
    assert ('"event":"conn"' in events) == (name not in ("noise", "ticket"))


def test_all_in_one(plugin: Tools) -> None:
    """Conversations beside each other."""
    lab = Lab(seed=2)
    for name, (options, make) in MADE.items():
        if not options:
            make(lab)
    assert same(plugin, plugin.write(lab.capture())).count('"event":"conn"') > 10


def test_snapped(plugin: Tools) -> None:
    lab = Lab(seed=3)
    test_transport.windows(lab, sealed=False)
    path = plugin.write(lab.capture(), snaplen=128)
    assert '"event":"conn"' in same(plugin, path)


def variants(kind: str, count: int, seed: int) -> list[Packet]:
    """Conversations after one change of this kind."""
    rng = random.Random(f"{kind} {seed}")
    change = next(c for c in mutate.CHANGES if c.__name__ == kind)
    sources, packets = test_scan.sources(), []
    for number in range(count):
        made = change(mutate.move(rng.choice(sources), number), rng)
        start = (1596700800 + number) * 10**9
        packets += [Packet(start + 1000 * n, p.data) for n, p in enumerate(made)]
    return packets


def conversations(lines: Iterable[str]) -> dict[str, list[str]]:
    """The events of each conversation, without the numbers that count over all of them."""
    ends: dict[str, str] = {}
    found: dict[str, list[str]] = {}
    for line in lines:
        number = re.search(r'"conn":(\d+)', line)
        if not number:
            continue
        if '"event":"conn"' in line:
            ends[number[1]] = line.partition('"client"')[2]
        neutral = re.sub(r'"(conn|call|origin|activity|activation_conn|activation_call)":\d+', "", line)
        found.setdefault(ends[number[1]], []).append(neutral)
    return found


@pytest.mark.parametrize("kind", [change.__name__ for change in mutate.CHANGES])
def test_damaged_captures(plugin: Tools, kind: str) -> None:
    """The same of most conversations, of all where no reason is known why not. Nothing breaks."""
    made = plugin.write(Capture(variants(kind, 60, 1)))
    path = made.with_name("in-order.pcapng")
    path.touch()
    path.chmod(0o666)
    assert plugin.run(plugin.engine, made, path).returncode == 0
    ours = conversations(engine(plugin, path).splitlines())
    theirs = conversations(tshark(plugin, path).splitlines())
    differ = [key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key)]
    assert len(theirs) > 20
    if kind not in DIFFERENT:
        assert not differ
    assert len(differ) <= len(theirs) * (0.5 if kind in ("swap", "prefix") else 0.25), differ


@pytest.mark.shared
def test_real_captures(plugin: Tools, shared: Path) -> None:
    """Byte for byte, all of them but one with an injected packet, which Wireshark by itself is led astray by."""
    paths = sorted(p for p in shared.rglob("*") if p.suffix in (".pcap", ".pcapng", ".cap") and "inject" not in p.name)
    copies = []
    for number, path in enumerate(paths):
        copy = plugin.arena / f"engine-{number}{path.suffix}"
        copy.write_bytes(path.read_bytes())
        copies.append(copy)
    differ = [p.name for p, copy in zip(paths, copies) if engine(plugin, copy) != tshark(plugin, copy)]
    assert not differ
    assert len(paths) > 30
