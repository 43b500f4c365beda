# SPDX-License-Identifier: GPL-2.0-or-later
"""No packet that somebody puts into a session hides what comes after it, and what can be read in two ways is said."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from gen import injected, scenario
from gen.scenario import Lab
from gen.tcp import repeated, two_taps
from gen.capture import Capture
from support import Tools


def calls(records: list[dict]) -> list[dict]:
    """Of all connections."""
    return [call for record in records for call in record["calls"]]


def anomalies(records: list[dict]) -> list[dict]:
    """Of all connections."""
    return [anomaly for record in records for anomaly in record["anomalies"]]


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "clear"])
@pytest.mark.parametrize("name", injected.HIDING)
def test_nothing_is_hidden(cli: Tools, validator: Callable[[dict], None], name: str, sealed: bool) -> None:
    capture, session = injected.hidden(name, sealed)
    path = cli.write(capture)
    records = cli.records(path)
    assert cli.records("--no-scan", path) == records
    for record in records:
        validator(record)
    made = [call for call in calls(records) if call["method"] == "ExecMethod"]
    assert len(made) == 1 and made[0]["frame"] in capture.numbers(session.rpc.tcp.packets)
    assert made[0]["command_line"] == (None if sealed else injected.COMMAND)
    assert [call["method"] for call in calls(records)][-1] == "GetObject"
    kind = injected.HIDING[name][1]
    assert kind is None or kind in {anomaly["kind"] for anomaly in anomalies(records)}


@pytest.mark.parametrize("bad", [False, True], ids=["TTL", "checksum"])
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_decoy(cli: Tools, first: bool, bad: bool) -> None:
    """Both readings are there, and the frames that say them."""
    capture, _, real, forged = injected.decoy(first, bad)
    path = cli.write(capture)
    records = cli.records(path)
    (said,) = [a for a in anomalies(records) if a["kind"] == "overlap"]
    texts = [injected.DECOY, injected.COMMAND] if first else [injected.COMMAND, injected.DECOY]
    assert [reading["text"] for reading in said["readings"]] == texts
    frames = [reading["frame"] for reading in said["readings"]]
    order = [forged, real] if first else [real, forged]
    assert all(frame in capture.numbers(packets) for frame, packets in zip(frames, order))
    assert said["frames"] == frames
    assert f"frame {frames[0]} says" in said["text"] and "cannot be told" in said["text"]
    shown = cli.car_wmi("list", path).stdout
    assert "cannot be told" in " ".join(shown.split())
    page = cli.home / "decoy.html"
    cli.car_wmi("report", "-o", page, path)
    assert "cannot be told" in page.read_text() and injected.DECOY in page.read_text()


@pytest.mark.parametrize("change", [two_taps, lambda packets: repeated(packets, packets[::3], 4)], ids=["taps", "again"])
def test_what_comes_again_is_no_anomaly(cli: Tools, change: Callable) -> None:
    lab = Lab(seed=8)
    session = scenario.wmi_session(lab)
    session.create_process("calc.exe")
    session.rpc.tcp.finish()
    records = cli.records(cli.write(Capture(change(lab.packets()))))
    assert anomalies(records) == []


def test_ports_that_are_used_again(cli: Tools) -> None:
    """A new connection between the same ends."""
    lab = Lab(seed=8)
    for _ in range(2):
        session = scenario.wmi_session(lab, with_activation=False, connection={"client_port": 50123})
        session.create_process("calc.exe")
    records = cli.records(cli.write(lab.capture()))
    assert [len([c for c in r["calls"] if c["method"] == "ExecMethod"]) for r in records] == [1, 1]
    assert anomalies(records) == []


@pytest.mark.shared
def test_real_capture(cli: Tools, shared) -> None:
    path = shared / "repro" / "inject-syn.pcapng"
    records = [json.loads(line) for line in cli.car_wmi("list", "-T", "ndjson", path).stdout.splitlines()]
    assert "ExecMethod" in {call["method"] for call in calls(records)}
    assert [anomaly["kind"] for anomaly in anomalies(records)] == ["syn"]
