# SPDX-License-Identifier: GPL-2.0-or-later
"""With packets lost, no name turns into another one: what is still said of a call or connection is what was said before."""

from __future__ import annotations

import json
import random

import pytest

import test_engine
from gen.capture import Capture
from gen.scenario import CLIENT, OTHER, SERVER, Lab, fetch_ticket
from support import Tools

LOST = 0.05
SEEDS = 20
CASES = [name for name in test_engine.MADE if name not in ("noise", "ticket", "other DCOM")]


def names(events: str) -> dict[tuple, object]:
    """What the events call things, by what they are said of."""
    found: dict[tuple, object] = {}
    ends: dict[int, tuple] = {}
    for line in events.splitlines():
        event = json.loads(line)
        conn = event.get("conn")
        if event["event"] == "conn":
            ends[conn] = (event["client"]["ip"], event["client"]["port"], event["server"]["ip"], event["server"]["port"])
        elif event["event"] == "call":
            for member in ("interface", "method", "user", "namespace"):
                found[ends[conn], event["time"], event["opnum"], member] = event.get(member)
        elif event["event"] == "end":
            processes = {(p["pid"], p.get("host")) for p in event.get("processes", [])}
            found[ends[conn], "processes"] = processes or None
    return found


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
        told = names(test_engine.engine(plugin, plugin.write(Capture(left))))
        other = {key: (whole[key], said) for key, said in told.items() if said and key in whole and said != whole[key]}
        assert other == {}, seed
