# SPDX-License-Identifier: GPL-2.0-or-later
"""Formats with a line a call, and those of timelines and SIEMs: their rules hold, and nothing of the records is lost."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from pathlib import Path

import pytest

import facts
import hostile
from gen import scenario
from gen.scenario import CLIENT, OTHER, SERVER, Lab
from support import Tools

COMMANDS = ["cmd.exe /Q /c whoami", 'cmd.exe /c "echo  two  spaces"', "wce.exe -w", "=calc.exe", "a.exe", "b.exe", "c.exe"]


class Case:
    """Sealed and clear sessions; the second with more commands than a summary names."""

    def __init__(self, cli: Tools) -> None:
        lab = Lab(seed=51)
        scenario.wmi_session(lab, CLIENT, SERVER).exec_query("SELECT * FROM Win32_Process")
        session = scenario.wmi_session(lab, OTHER, SERVER, kind="impacket", sealed=False)
        for command in COMMANDS:
            session.create_process(command)
        session.create_process("denied.exe", fault=5)
        self.path = cli.write(lab.capture(), "calls.pcapng")
        self.records = cli.records(self.path)
        self.calls = [(record, call) for record in self.records for call in record["calls"]]


@pytest.fixture(scope="module")
def case(cli: Tools) -> Case:
    """The capture and its records."""
    return Case(cli)


def listed(cli: Tools, format: str, path: Path) -> str:
    """What `list -T format` prints."""
    result = cli.run(cli.program, "list", "-T", format, path, text=False)
    assert result.returncode == 0, result.stderr
    return result.stdout.decode()


def test_csv_of_calls(cli: Tools, case: Case) -> None:
    rows = list(csv.DictReader(io.StringIO(listed(cli, "csv-calls", case.path), newline="")))
    assert len(rows) == len(case.calls)
    for row, (record, call) in zip(rows, case.calls):
        for name in ("time", "frame", "response_frame", "interface", "opnum", "method", "stage", "outcome", "query"):
            assert row[name] == ("" if call[name] is None else str(call[name])), name
        command = call["command_line"] or ""
        assert row["command_line"] == ("'" + command if command.startswith("=") else command)
        assert row["client_ip"] == record["client"]["ip"] and row["activity"] == str(record["activity"])
        assert row["sealed"] == ("yes" if call["sealed"] else "")
    (denied,) = [row for row in rows if row["command_line"] == "denied.exe"]
    assert denied["outcome"] == "failed" and denied["what"].startswith("tried to run: denied.exe (failed")


def test_timesketch(cli: Tools, case: Case) -> None:
    """The fields that it demands, the time twice, and all calls."""
    events = [json.loads(line) for line in listed(cli, "timesketch", case.path).splitlines()]
    assert len(events) == len(case.records) + len(case.calls)
    for event in events:
        assert all(event[name] and isinstance(event[name], str) for name in ("message", "datetime", "timestamp_desc"))
        seconds = datetime.fromisoformat(event["datetime"].replace("Z", "+00:00")[:26] + "+00:00").timestamp()
        assert abs(event["timestamp"] - seconds * 1e6) < 2
    assert [e["command_line"] for e in events if "command_line" in e] == [*COMMANDS, "denied.exe"]


REQUIRED = {"category_uid": 4, "class_uid": 4001, "type_uid": 400106, "activity_id": 6}
"""Of OCSF 1.1.0's Network Activity, with metadata, severity_id, time and both ends."""


def test_ocsf(cli: Tools, case: Case) -> None:
    events = [json.loads(line) for line in listed(cli, "ocsf", case.path).splitlines()]
    assert len(events) == len(case.records)
    for event, record in zip(events, case.records):
        assert REQUIRED.items() <= event.items()
        for path, allowed in facts.OCSF.items():
            part = event
            for name in filter(None, path.split(".")):
                part = part[name]
            assert facts.OCSF_REQUIRED.get(path, set()) <= part.keys() <= allowed, path
        assert event["metadata"]["version"] == "1.1.0" and event["metadata"]["product"]["vendor_name"]
        assert event["severity_id"] in range(1, 6) and event["connection_info"]["direction_id"] == 0
        assert isinstance(event["time"], int) and event["start_time"] == event["time"] <= event["end_time"]
        assert event["src_endpoint"]["ip"] == record["client"]["ip"] and event["dst_endpoint"]["ip"] == SERVER.ip
        assert event["unmapped"]["command_lines"] == [c["command_line"] for c in record["calls"] if c["command_line"]]
    assert max(e["severity_id"] for e in events) == 3


def test_zeek(cli: Tools, case: Case) -> None:
    """Header lines as its reader wants them, and as many fields in each line; one name a connection."""
    lines = listed(cli, "dce_rpc.log", case.path).splitlines()
    head = {line.split()[0]: line for line in lines if line.startswith("#")}
    assert head["#separator"] == "#separator \\x09" and head["#path"] == "#path\tdce_rpc"
    fields, types = head["#fields"].split("\t")[1:], head["#types"].split("\t")[1:]
    assert len(fields) == len(types) == 10
    rows = [dict(zip(fields, line.split("\t"), strict=True)) for line in lines if not line.startswith("#")]
    assert len(rows) == len(case.calls)
    assert len({row["uid"] for row in rows}) == len({record["filter"] for record, _ in case.calls})
    for row, (record, call) in zip(rows, case.calls):
        assert re.fullmatch(r"\d+\.\d{6}", row["ts"]) and re.fullmatch(r"C[0-9A-Za-z]{17}", row["uid"])
        assert (row["id.orig_h"], row["id.orig_p"]) == (record["client"]["ip"], str(record["client"]["port"]))
        assert (row["endpoint"], row["operation"]) == (call["interface"], call["method"])


@pytest.mark.parametrize("format", ["csv-calls", "timesketch", "ocsf", "dce_rpc.log"])
def test_hostile_texts(cli: Tools, format: str) -> None:
    text = listed(cli, format, cli.write(hostile.capture(), hostile.FILE_NAME))
    assert hostile.disobeyed(text, "\r\n\t" if format in ("csv-calls", "dce_rpc.log") else "\n") == []
    if format == "csv-calls":
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert len({len(row) for row in rows}) == 1
        assert not any(cell.lstrip()[:1] in "=+-@" for row in rows[1:] for cell in row if cell.strip())
    elif format == "dce_rpc.log":
        assert {line.count("\t") for line in text.splitlines() if not line.startswith("#")} == {9}
    else:
        assert all(json.loads(line) for line in text.splitlines())


def test_real_captures(cli: Tools, shared: Path) -> None:
    """Each command line of each record is in each of them that has a place for it."""
    for path in sorted(p for p in shared.rglob("*") if p.suffix in (".cap", ".pcap", ".pcapng")):
        records = cli.records(path, status=(0, 1, 2))
        commands = [c["command_line"] for r in records for c in r["calls"] if c["command_line"]]
        if not commands:
            continue
        rows = list(csv.DictReader(io.StringIO(listed(cli, "csv-calls", path), newline="")))
        assert [row["command_line"] for row in rows if row["command_line"]] == commands
        events = [json.loads(line) for line in listed(cli, "timesketch", path).splitlines()]
        assert [event["command_line"] for event in events if "command_line" in event] == commands
        events = [json.loads(line) for line in listed(cli, "ocsf", path).splitlines()]
        assert [command for event in events for command in event["unmapped"]["command_lines"]] == commands


def test_all_commands_in_all_formats(cli: Tools, case: Case) -> None:
    """The seventh as well as the first; one alert for the activity, and an id that its events share."""
    rows = list(csv.DictReader(io.StringIO(listed(cli, "csv", case.path), newline="")))
    assert sum(row["commands"].count(".exe") for row in rows) >= len(COMMANDS)
    told = [json.loads(line) for line in listed(cli, "ecs", case.path).splitlines()]
    events = [event for event in told if event["event"]["dataset"] == "car_wmi.connection"]
    started = [event["process"]["command_line"] for event in told if event not in events]
    assert started == COMMANDS  # not the one that was denied
    commands = [command for event in events for command in event["car_wmi"].get("command_line", [])]
    assert commands == [*COMMANDS, "denied.exe"]
    markdown = listed(cli, "markdown", case.path)
    assert all(f"ran: {command}`" in markdown for command in COMMANDS if "=" not in command)
    for activity in {record["activity"] for record in case.records}:
        own = [event for event in events if event["car_wmi"]["activity"] == activity]
        assert len({event["car_wmi"]["activity_id"] for event in own}) == 1
        assert [event["event"]["kind"] for event in own] == ["event", "alert"]
    assert len({event["event"]["id"] for event in events}) == len(events)
