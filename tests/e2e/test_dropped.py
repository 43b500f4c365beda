# SPDX-License-Identifier: GPL-2.0-or-later
"""With packets lost, no name turns into another one: what is still said of a call or connection is what was said before."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest

import test_engine
from gen.capture import Capture, lose
from gen.scenario import CLIENT, OTHER, SERVER, Lab, fetch_ticket
from support import Tools
from user import SHARED

LOST = 0.05
SEEDS = 20
REAL_SEEDS = range(1000, 1020)
CASES = [name for name in test_engine.MADE if name not in ("noise", "ticket", "other DCOM")]

OF_CALL = {
    "call": ("interface", "method", "user", "domain", "namespace", "server_pid"),
    "details": ("query", "object_path", "class", "wmi_method", "command_line"),
    "login": ("namespace",),
    "client": ("host", "fqdn", "pid", "process_start"),
    "activation": ("clsid", "server_name"),
}


def names(events: str) -> dict[tuple, object]:
    """What the events call things, by what they are said of."""
    found: dict[tuple, object] = {}
    ends: dict[int, tuple] = {}
    calls: dict[int, tuple] = {}
    for line in events.splitlines():
        event = json.loads(line)
        conn, kind = event.get("conn"), event["event"]
        if kind == "conn":
            client, server = ((event[end]["ip"], event[end]["port"]) for end in ("client", "server"))
            ends[conn] = tuple(sorted((client, server)))
            found[ends[conn], "server"] = server
        if kind == "call":
            calls[event["call"]] = (ends[conn], event["time"], event["opnum"])
        for member in OF_CALL.get(kind, ()):
            found[calls[event["call"]], kind, member] = event.get(member)
        if kind == "end":
            processes = {(p["pid"], p.get("process_start"), p.get("host"), p.get("fqdn")) for p in event.get("processes", [])}
            found[ends[conn], "processes"] = processes or None
    return found


def is_same(said: object, before: object) -> bool:
    """A process may have fewer names than before, but no other ones. IRemUnknown2 is an IRemUnknown with more methods: where its
    Bind was lost, it is told by its pointer, which both have in common."""
    if isinstance(before, str) and before.startswith("IRemUnknown2"):
        return said in (before, before.replace("IRemUnknown2", "IRemUnknown"))
    if not isinstance(said, set) or not isinstance(before, set):
        return said == before
    return all(any(p[0] == q[0] and all(a in (None, b) for a, b in zip(p, q)) for q in before) for p in said) and len(
        said
    ) <= len(before)


def check(whole: dict[tuple, object], told: dict[tuple, object], seed: int) -> None:
    other = {key: (whole[key], said) for key, said in told.items() if said and key in whole and not is_same(said, whole[key])}
    assert other == {}, seed


@pytest.mark.parametrize("name", CASES)
def test_no_other_name(plugin: Tools, name: str) -> None:
    options, make = test_engine.MADE[name]
    lab = Lab(seed=1, **options)
    fetch_ticket(lab, CLIENT, SERVER, OTHER, "ann")
    make(lab)
    packets = lab.capture().packets
    whole = names(test_engine.engine(plugin, plugin.write(Capture(packets))))
    assert any(whole.values())
    for seed in range(SEEDS):
        rng = random.Random(seed)
        left = [packet for packet in packets if rng.random() >= LOST]
        check(whole, names(test_engine.engine(plugin, plugin.write(Capture(left)))), seed)


def real() -> list[Path]:
    """Captures with WMI."""
    truth = SHARED / "captures" / "truth.tsv"
    if not truth.exists():
        return []
    with truth.open(newline="") as rows:
        listed = {row["capture"] for row in csv.DictReader(rows, delimiter="\t") if row["confidence"] == "wmi"}
    folders = [truth.parent / name for name in ("lab", "clients", "repro")]
    more = [path for folder in folders for path in sorted(folder.glob("*.pcap*"))]
    return [truth.parent / name for name in sorted(listed)] + more


@pytest.mark.shared
@pytest.mark.parametrize("path", real(), ids=lambda path: path.name)
def test_no_other_name_in_real_captures(plugin: Tools, path: Path) -> None:
    data = path.read_bytes()
    copy = plugin.home / f"dropped-{path.name}"

    def told(losing: float, seed: int) -> dict[tuple, object]:
        rng = random.Random(seed)
        copy.write_bytes(lose(data, lambda: rng.random() < losing))
        copy.chmod(0o644)
        return names(test_engine.engine(plugin, copy))

    whole = told(0, 0)
    assert whole == names(test_engine.engine(plugin, path)) and any(whole.values())
    for seed in REAL_SEEDS:
        check(whole, told(LOST, seed), seed)
