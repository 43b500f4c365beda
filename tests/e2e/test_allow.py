# SPDX-License-Identifier: GPL-2.0-or-later
"""--allow: what a rule is for stays in every output, marked, and is no alert."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gen import guids, scenario
from gen.scenario import CLIENT, OTHER, SERVER, Lab
from support import Tools


@pytest.fixture(scope="module")
def capture(cli: Tools) -> Path:
    """WMI from two clients."""
    lab = Lab(seed=41)
    scenario.wmi_session(lab, CLIENT, SERVER).create_process("notepad.exe")
    scenario.wmi_session(lab, OTHER, SERVER, kind="impacket").create_process("calc.exe")
    return cli.write(lab.capture())


def rules(cli: Tools, text: str, name: str = "allow.ini") -> Path:
    """A file with rules."""
    path = cli.home / name
    path.write_text(text)
    path.chmod(0o644)
    return path


ONE = f"[Inventory]\nclient = {CLIENT.ip}\nreason = change <4711>\n"
ALL = f"[All]\nserver = {SERVER.ip}\n"


def test_record(cli: Tools, capture: Path, validator: Callable[[dict], None]) -> None:
    plain = cli.records(capture)
    assert [record["allowed"] for record in plain] == [None] * 3
    records = cli.records("--allow", rules(cli, ONE), capture)
    for record, expected in zip(records, plain, strict=True):
        validator(record)
        mark = {"rule": "Inventory", "reason": "change <4711>"} if record["client"]["ip"] == CLIENT.ip else None
        assert record == expected | {"allowed": mark}
    assert sum(record["allowed"] is None for record in records) == 1
    assert cli.records("--allow", rules(cli, ALL), capture, status=(1,))[0]["allowed"] == {"rule": "All", "reason": None}


@pytest.mark.parametrize(("text", "status"), [(ONE, 0), (ALL, 1), ("", 0), ("[Old]\nclient=*\nuntil=2019-12-31", 0)])
def test_exit_status(cli: Tools, capture: Path, text: str, status: int) -> None:
    assert cli.car_wmi("list", "--allow", rules(cli, text), capture).returncode == status


def test_formats(cli: Tools, capture: Path) -> None:
    arguments = ("--allow", rules(cli, ONE), capture)
    table = cli.car_wmi("list", "--connections", *arguments).stdout.splitlines()[1:]
    assert ["  allowed  " in line for line in table] == [f" {CLIENT.ip}:" in line for line in table]
    rows = list(csv.DictReader(io.StringIO(cli.car_wmi("list", "-T", "csv", *arguments).stdout)))
    assert {row["client_ip"]: row["allowed"] for row in rows} == {CLIENT.ip: "Inventory: change <4711>", OTHER.ip: ""}
    for line in cli.car_wmi("list", "-T", "ecs", *arguments).stdout.splitlines():
        event = json.loads(line)
        if event["event"]["dataset"] != "car_wmi.connection":
            continue
        allowed = event["source"]["ip"] == CLIENT.ip
        assert event["event"]["kind"] == ("event" if allowed else "alert")
        assert event["labels"].get("allowed") == ("Inventory: change <4711>" if allowed else None)
    for line in cli.car_wmi("list", "-T", "car", *arguments).stdout.splitlines():
        event = json.loads(line)
        assert event.get("allowed") == ("Inventory: change <4711>" if event["fields"]["src_ip"] == CLIENT.ip else None)
    markdown = cli.car_wmi("list", "-T", "markdown", *arguments).stdout
    assert markdown.count("- Allowed: `Inventory: change <4711>`\n") == 2


def user_rule(cli: Tools, *users: str) -> Path:
    """A rule for these users of the domain."""
    return rules(cli, "[Known]\nuser = " + ";".join(f"EXAMPLE\\{user}" for user in users), "users.ini")


def test_token_without_calls(cli: Tools) -> None:
    """A token by which no call is made says nothing of who made the calls."""
    lab = Lab(seed=42)
    session = scenario.wmi_session(lab, kind="impacket")
    before = session.rpc.security
    session.authenticate(guids.IEnumWbemClassObject, "bob")
    session.rpc.security = before
    session.create_process("calc.exe")
    path = cli.write(lab.capture())
    record = cli.records(path)[-1]
    assert record["auth"]["user"] == "svc"
    assert [(user["user"], user["calls"]) for user in record["users"]] == [("svc", len(record["calls"]))]
    assert cli.records("--allow", user_rule(cli, "bob"), path)[-1]["allowed"] is None
    assert cli.records("--allow", user_rule(cli, "svc"), path, status=(1,))[-1]["allowed"]["rule"] == "Known"


def test_calls_of_two_users(cli: Tools, validator: Callable[[dict], None]) -> None:
    """A rule has to be for both."""
    lab = Lab(seed=43)
    session = scenario.wmi_session(lab, kind="impacket")
    session.authenticate(guids.IWbemServices, "bob")
    session.create_process("calc.exe")
    path = cli.write(lab.capture())
    record = cli.records(path)[-1]
    validator(record)
    assert [(user["user"], user["domain"]) for user in record["users"]] == [("svc", "EXAMPLE"), ("bob", "EXAMPLE")]
    assert [user["calls"] for user in record["users"]] == [len(record["calls"]) - 1, 1]
    assert record["auth"]["user"] == "svc"
    row = list(csv.DictReader(io.StringIO(cli.car_wmi("list", "-T", "csv", path).stdout)))[-1]
    assert row["user"] == "EXAMPLE\\svc, EXAMPLE\\bob"
    for users in (["svc"], ["bob"]):
        assert cli.records("--allow", user_rule(cli, *users), path)[-1]["allowed"] is None
    both = cli.records("--allow", user_rule(cli, "svc", "bob"), path, status=(1,))
    assert both[-1]["allowed"]["rule"] == "Known"


def test_refused_logon(cli: Tools, validator: Callable[[dict], None]) -> None:
    """Whoever was refused is no user of the connection, and no rule is for it."""
    lab = Lab(seed=44)
    rpc = lab.connect(CLIENT, SERVER, 49670)
    rpc.bind(rpc.offer(guids.IWbemLevel1Login), scenario.ntlm(lab, CLIENT, SERVER, 5, user="svc"))
    rpc.call(guids.IWbemLevel1Login, 6, bytes(40), object=lab.ipid(2688), fault=5)
    path = cli.write(lab.capture())
    (record,) = cli.records(path)
    validator(record)
    assert record["auth"]["user"] is None
    assert [(user["user"], user["accepted"]) for user in record["users"]] == [("svc", False)]
    assert "svc (refused)" in cli.car_wmi("list", "-T", "csv", path).stdout
    assert cli.records("--allow", user_rule(cli, "svc"), path)[0]["allowed"] is None


@pytest.mark.parametrize("calls", [0, 1])
def test_logon_that_is_not_answered(cli: Tools, calls: int) -> None:
    """A token alone, and a call without an answer, prove nothing."""
    lab = Lab(seed=45)
    rpc = lab.connect(CLIENT, SERVER, 49670)
    rpc.bind(rpc.offer(guids.IWbemLevel1Login), scenario.ntlm(lab, CLIENT, SERVER, 5, user="svc"))
    for _ in range(calls):
        rpc.call(guids.IWbemLevel1Login, 6, bytes(40), object=lab.ipid(2688), answered=False)
    path = cli.write(lab.capture())
    assert cli.records("--allow", user_rule(cli, "svc"), path)[0]["allowed"] is None


def test_user_of_another_connection(cli: Tools) -> None:
    """Whoever knows the causality id of a session joins its activity, not its user."""
    lab = Lab(seed=46)
    known = scenario.wmi_session(lab, kind="impacket", sealed=False)
    joined = scenario.wmi_session(lab, activated=known.activated)  # Kerberos, whose user is not seen
    joined.create_process("calc.exe")
    records = cli.records("--allow", user_rule(cli, "svc"), cli.write(lab.capture()))
    assert len({record["activity"] for record in records}) == 1
    assert [record["allowed"] is not None for record in records] == [True, True, False]


def test_navigator_counts_alerts(cli: Tools, capture: Path) -> None:
    path = cli.home / "allowed-layer.json"
    cli.car_wmi("list", "--navigator", path, "--allow", rules(cli, ONE), capture)
    assert [t["score"] for t in json.loads(path.read_text())["techniques"]] == [1]


def test_errors(cli: Tools, capture: Path) -> None:
    for path in (rules(cli, "[a]\nhost = x\n", "bad.ini"), "missing.ini", cli.home):
        result = cli.car_wmi("list", "--allow", path, capture)
        assert result.returncode == 2 and result.stdout == "" and len(result.stderr.splitlines()) == 1
        assert Path(path).name in result.stderr
