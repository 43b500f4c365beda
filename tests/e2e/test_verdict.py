# SPDX-License-Identifier: GPL-2.0-or-later
"""An attempt is no session, and bytes of a session that are sent as a file are neither."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable

import pytest

from gen import forged, scenario
from gen.capture import Capture
from gen.scenario import CLIENT, SERVER, Lab
from gen.tcp import without
from support import Tools
from test_allow import rules
from test_engine import same

SURE = ("--min-confidence", "dcom")


@pytest.mark.parametrize("name", forged.ATTEMPTS)
def test_attempt(cli: Tools, validator: Callable[[dict], None], name: str) -> None:
    make, reason = forged.ATTEMPTS[name]
    path = cli.write(forged.capture(make))
    records = cli.records(*SURE, path, status=(0, 1))
    for record in records:
        validator(record)
        assert (record["verdict"], record["verdict_reason"]) == ("attempt", reason)
        assert record["summary"].startswith("attempt: ")
    assert records or name == "SMB file"
    assert cli.records(*SURE, "--no-scan", path, status=(0, 1)) == records
    if name not in ("upload", "mail", "SMB file"):  # which Wireshark has dissectors of its own for
        same(cli, path)


@pytest.mark.parametrize("name", forged.NOTHING)
def test_no_record(cli: Tools, name: str) -> None:
    path = cli.write(forged.capture(forged.NOTHING[name]))
    assert cli.records(*SURE, path, status=(1,)) == []
    assert cli.records(*SURE, "--no-scan", path, status=(1,)) == []


@pytest.mark.parametrize("kind", ["windows", "impacket"])
def test_session(cli: Tools, kind: str) -> None:
    lab = Lab(seed=6)
    session = scenario.wmi_session(lab, kind=kind)
    session.create_process("calc.exe")
    scenario.dispatch_session(lab)
    records = cli.records(*SURE, cli.write(lab.capture()))
    assert {(record["verdict"], record["verdict_reason"]) for record in records} == {("session", None)}


def test_joined_in_the_middle(cli: Tools) -> None:
    """Request and response fit each other."""
    lab = Lab(seed=6)
    session = scenario.wmi_session(lab)
    call = session.create_process("calc.exe")
    lost = [p for p in session.rpc.tcp.packets if p.time_ns < call.requests[0].time_ns]
    path = cli.write(Capture(without(lab.packets(), lost)))
    assert [record["verdict"] for record in cli.records(path)] == ["session"] * 2


def test_attempt_beside_a_session(cli: Tools) -> None:
    """The server refuses one connection and serves another."""
    lab = Lab(seed=6)
    scenario.wmi_session(lab, kind="impacket").create_process("calc.exe")
    forged.bind_nak(lab)
    path = cli.write(lab.capture())
    assert [record["verdict"] for record in cli.records(path)] == ["session", "attempt"]
    table = cli.car_wmi("list", "--connections", path).stdout.splitlines()
    assert ["  attempt  " in line for line in table] == [False, False, True]
    assert "remote WMI, an attempt (the server refused the Bind)" in cli.car_wmi("list", path).stdout
    rows = list(csv.DictReader(io.StringIO(cli.car_wmi("list", "-T", "csv", path).stdout)))
    assert [row["verdict"] for row in rows] == ["session", "attempt: the server refused the Bind"]
    events = [json.loads(line) for line in cli.car_wmi("list", "-T", "ecs", path).stdout.splitlines()]
    assert [(e["event"]["kind"], e["labels"]["verdict"]) for e in events] == [("alert", "session"), ("event", "attempt")]
    assert "(wmi, attempt)" in cli.car_wmi("list", "-T", "markdown", path).stdout
    layer = cli.home / "attempts.json"
    cli.car_wmi("list", "--navigator", layer, path)
    assert [t["score"] for t in json.loads(layer.read_text())["techniques"]] == [1]


def test_report(cli: Tools) -> None:
    """Attempts alone use nothing; those beside a session come last and are not counted with it."""
    path = cli.write(forged.capture(forged.bind_nak))
    page = cli.home / "attempt.html"
    cli.car_wmi("report", "-o", page, path)
    text = page.read_text()
    assert "Only attempts at remote WMI were found" in text and "1 × Attempt" in text
    assert "attempt: the server refused the Bind" in text


def test_allow(cli: Tools) -> None:
    """A rule may be for one of the two."""
    lab = Lab(seed=6)
    scenario.wmi_session(lab, kind="impacket")
    forged.bind_nak(lab)
    path = cli.write(lab.capture())
    for verdict in ("session", "attempt"):
        rule = rules(cli, f"[One]\nserver = {SERVER.ip}\nverdict = {verdict}\n", "verdict.ini")
        allowed = [r["verdict"] for r in cli.records("--allow", rule, path) if r["allowed"]]
        assert allowed == [verdict]
    assert cli.car_wmi("list", "--allow", rules(cli, "[a]\nverdict = x\n", "bad.ini"), path).returncode == 2


def test_fields(plugin: Tools) -> None:
    lab = Lab(seed=6)
    session = scenario.wmi_session(lab, with_activation=False)
    forged.reset(lab)
    capture = lab.capture()
    said = plugin.fields(plugin.write(capture), "car.wmi_rpc.verdict", "car.wmi_rpc.verdict_reason")
    port = session.rpc.tcp.client.port.to_bytes(2, "big")
    for number, values in said.items():
        packet = capture.packets[number - 1]
        expected = {"car.wmi_rpc.verdict": ["session"]}
        if port not in (packet.data[34:36], packet.data[36:38]):
            expected = {"car.wmi_rpc.verdict": ["attempt"], "car.wmi_rpc.verdict_reason": ["reset"]}
        assert values == expected
    assert len(said) == len(capture.packets)


def test_hosts_of_a_session_are_told_by_who_opened_it(cli: Tools) -> None:
    """What an attacker sends back to whoever downloads from it makes no session of that host."""
    lab = Lab(seed=6)
    forged.download(lab)
    scenario.web_page(lab, CLIENT, SERVER, "x")
    assert cli.records(*SURE, cli.write(lab.capture()), status=(1,)) == []
