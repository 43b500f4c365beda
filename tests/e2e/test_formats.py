# SPDX-License-Identifier: GPL-2.0-or-later
"""Formats for other tools: names and types are theirs, values are the records', and hostile texts do nothing."""

from __future__ import annotations

import csv
import io
import ipaddress
import json
import re
from datetime import datetime
from pathlib import Path

import pytest

import facts
import hostile
from gen import hostlog, scenario
from gen.hostlog import HostLog
from gen.scenario import CLIENT, CLIENT6, OTHER, SERVER, SERVER6, Host, Lab
from support import Tools


class Mixed:
    """Connections of all kinds, with the log of one host, and their records."""

    def __init__(self, cli: Tools) -> None:
        lab = Lab(seed=23)
        session = scenario.wmi_session(lab)
        session.get_object("Win32_Process")
        session.create_process("notepad.exe")
        scenario.fetch_ticket(lab, OTHER, SERVER, Host("DC01", "192.0.2.2", "02:00:00:00:00:02"), "ann")
        impacket = scenario.wmi_session(lab, OTHER, SERVER, kind="impacket", sealed=False)
        impacket.create_process("cmd.exe /Q /c whoami", pid=4880)
        scenario.wmi_session(lab, CLIENT6, SERVER6).exec_query("SELECT * FROM Win32_Service")
        scenario.dispatch_session(lab, OTHER, SERVER)
        self.path = cli.write(lab.capture())
        log = HostLog(CLIENT)
        log.permitted(session.rpc.tcp, 7240, r"\device\harddiskvolume1\tools\dropper.exe", hostlog.OUTBOUND)
        self.log = cli.arena / "formats-log.json"
        self.log.write_bytes(hostlog.lines(log.events))
        self.log.chmod(0o644)
        self.arguments = ("--min-confidence", "rpcss", "--host-log", self.log, self.path)
        self.records = cli.records(*self.arguments)


@pytest.fixture(scope="module")
def mixed(cli: Tools) -> Mixed:
    """The captures and their records."""
    return Mixed(cli)


@pytest.fixture(scope="module")
def hostile_capture(cli: Tools) -> Path:
    """The capture full of hostile texts."""
    return cli.write(hostile.capture(), hostile.FILE_NAME)


def listed(cli: Tools, format: str, *arguments: object) -> str:
    """What `list -T format` prints, with its line ends."""
    result = cli.car_wmi("list", "-T", format, *arguments)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def lines(text: str) -> list[dict]:
    """JSON objects, one a line."""
    return [json.loads(line) for line in text.splitlines()]


# -- csv ---------------------------------------------------------------------------------------------------------------


def rows(text: str) -> list[dict[str, str]]:
    """The lines of a CSV file, which all have all columns and end in CR LF."""
    assert text.count("\r\n") == text.count("\n")
    table = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    assert len({len(row) for row in table}) == 1
    return [dict(zip(table[0], row)) for row in table[1:]]


def test_csv_has_what_the_records_say(cli: Tools, mixed: Mixed) -> None:
    found = rows(listed(cli, "csv", *mixed.arguments))
    assert len(found) == len(mixed.records) > 5
    for row, record in zip(found, mixed.records):
        for role in ("client", "server"):
            assert (row[f"{role}_ip"], row[f"{role}_port"]) == (record[role]["ip"], str(record[role]["port"]))
            assert row[f"{role}_host"] == (record[role]["host"] or "")
            pids = {str(p["pid"]) for p in record["processes"] if p["role"] == role and p["pid"] is not None}
            assert set(filter(None, row[f"{role}_pid"].split("; "))) == pids
        assert row["confidence"] == record["confidence"]
        assert row["techniques"] == "; ".join(record["techniques"])
        assert row["summary"] == (record["summary"] or "")
        assert row["filter"] == record["filter"] and row["capture"] == str(mixed.path)
        assert (row["start_time"], row["end_time"]) == (record["start_time"], record["end_time"])
        assert int(row["first_frame"]) == record["frames"]["first"]
        assert int(row["client_bytes"]) == record["bytes"]["client"]
        for evidence in record["evidence"]:
            assert f"{evidence['kind']} (frame {evidence['frame']})" in row["evidence"]
    assert any(row["client_image"].endswith("dropper.exe") for row in found)
    assert any(row["started"] == "4880" for row in found)


def test_csv_without_a_match_has_titles(cli: Tools) -> None:
    lab = Lab()
    scenario.web_page(lab, CLIENT, SERVER, "example.com")
    result = cli.car_wmi("list", "-T", "csv", cli.write(lab.capture()))
    assert result.returncode == 1 and result.stdout.startswith("capture,start_time,") and len(rows(result.stdout)) == 0


def test_csv_of_hostile_texts(cli: Tools, hostile_capture: Path) -> None:
    text = listed(cli, "csv", hostile_capture)
    assert hostile.disobeyed(text, "\r\n") == []
    found = rows(text)
    assert len(found) == len(cli.records(hostile_capture))
    cells = [cell for row in found for cell in row.values()]
    assert not [cell for cell in cells if re.match(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]", cell)]
    for column in ("user", "client_host", "namespace", "capture"):
        assert any("=cmd|" in row[column] for row in found), column
    assert any(row["user"] == f"'{hostile.FORMULA}" or row["user"].endswith(f"\\{hostile.FORMULA}") for row in found)


# -- ecs ---------------------------------------------------------------------------------------------------------------


def check_ecs(event: dict) -> None:
    """Every field is one of the schema's, with a value of its type."""
    for name, value in facts.flatten(event):
        if name.startswith("labels."):
            assert isinstance(value, str)
            continue
        if name.startswith("car_wmi."):  # what the schema has no fields for stands below a name of its own
            continue
        kind = facts.ECS[name]
        assert isinstance(value, list) is kind.endswith("[]"), name
        for item in value if isinstance(value, list) else [value]:
            match kind.removesuffix("[]"):
                case "long":
                    assert type(item) is int and -(2**63) <= item < 2**63, name
                case "ip":
                    ipaddress.ip_address(item)
                case "date":
                    datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", item).replace("Z", "+00:00"))
                case _:
                    assert isinstance(item, str) and item, name
    assert event["event"]["kind"] in facts.ECS_KINDS
    possible = set().union(*(facts.ECS_TYPES[category] for category in event["event"]["category"]))
    assert set(event["event"]["type"]) <= possible
    assert "@timestamp" in event and event["ecs"]["version"]


def test_ecs_keeps_to_the_schema(cli: Tools, mixed: Mixed) -> None:
    listed_all = lines(listed(cli, "ecs", *mixed.arguments))
    events = [event for event in listed_all if event["event"]["dataset"] == "car_wmi.connection"]
    started = [event for event in listed_all if event not in events]
    assert len(events) == len(mixed.records)
    for event in started:
        check_ecs(event)
    (run,) = started
    assert run["process"] == {"command_line": "cmd.exe /Q /c whoami", "pid": 4880}
    assert run["host"]["ip"] == [SERVER.ip] and run["event"]["kind"] == "event"
    seen = set()
    alerting = [r for r in mixed.records if (r["confidence"], r["verdict"]) == ("wmi", "session")]
    led = {r["activity"] for r in alerting if r["server"]["port"] != 135}
    for event, record in zip(events, mixed.records):
        check_ecs(event)
        seen |= dict(facts.flatten(event)).keys()
        assert event["@timestamp"] == event["event"]["start"] == record["start_time"]
        alone = record["server"]["port"] != 135 or record["activity"] not in led
        assert event["event"]["kind"] == ("alert" if record in alerting and alone else "event")
        for name, role in (("source", "client"), ("destination", "server")):
            assert event[name]["ip"] == record[role]["ip"] and event[name]["port"] == record[role]["port"]
            assert event[name]["bytes"] == record["bytes"][role]
        assert event["network"]["type"] == ("ipv6" if ":" in record["client"]["ip"] else "ipv4")
        assert event["network"]["packets"] == record["frames"]["count"]
        assert set(event["related"]["ip"]) == {record["client"]["ip"], record["server"]["ip"]}
        assert event.get("user", {}).get("name") == record["auth"]["user"]
        client = [p for p in record["processes"] if p["role"] == "client"]
        assert event.get("process", {}).get("pid") == (client[0]["pid"] if client else None)
        assert event["labels"]["confidence"] == record["confidence"]
        told = set(event.get("threat", {}).get("technique", {}).get("id", []))
        assert told == {technique.partition(".")[0] for technique in record["techniques"]}
        assert event["log"]["file"]["path"] == str(mixed.path)
    assert {"user.name", "process.executable", "threat.technique.subtechnique.id", "event.action"} <= seen
    assert events[1]["event"]["action"] == "execute" and events[1]["event"]["duration"] > 0


def test_ecs_of_hostile_texts(cli: Tools, hostile_capture: Path) -> None:
    text = listed(cli, "ecs", hostile_capture)
    assert hostile.disobeyed(text) == []
    for event in lines(text):
        check_ecs(event)


# -- car ---------------------------------------------------------------------------------------------------------------


def check_car(event: dict) -> None:
    """Object, action and fields are the data model's."""
    told = {"analytic", "detection_strategy", "d3fend", "related", "techniques", "confidence"}
    assert event.keys() - {"allowed", "process", "verdict"} == told | {"object", "action", "fields"}
    found = [
        fields
        for (name, actions), fields in facts.CAR.items()
        if name == event["object"] and event["action"] in actions
    ]
    assert len(found) == 1 and event["fields"].keys() <= found[0]
    assert None not in event["fields"].values()


def test_car_keeps_to_the_data_model(cli: Tools, mixed: Mixed) -> None:
    events = lines(listed(cli, "car", *mixed.arguments))
    for event in events:
        check_car(event)
    flows = [event["fields"] for event in events if event["action"] == "end"]
    assert len(flows) == len(mixed.records)
    for fields, record in zip(flows, mixed.records):
        assert (fields["src_ip"], fields["dest_port"]) == (record["client"]["ip"], record["server"]["port"])
        assert (fields["out_bytes"], fields["in_bytes"]) == (record["bytes"]["client"], record["bytes"]["server"])
        assert (fields["start_time"], fields["end_time"]) == (record["start_time"], record["end_time"])
        assert fields["packet_count"] == record["frames"]["count"]
    messages = [event["fields"]["proto_info"] for event in events if event["action"] == "message"]
    expected = sum(len(record["interfaces"]) + len(record["calls"]) for record in mixed.records)
    assert len(messages) == expected
    run = [m for m in messages if m.get("rpc_method") == "ExecMethod"]
    assert "cmd.exe /Q /c whoami" in [m.get("command_line") for m in run] and all("frame" in m for m in run)
    created = [event["fields"] for event in events if event["object"] == "process"]
    assert [(fields["pid"], fields["command_line"]) for fields in created] == [(4880, "cmd.exe /Q /c whoami")]
    owned = [fields for fields in flows if fields.get("exe") == "dropper.exe"]
    assert [fields["pid"] for fields in owned] == [7240]


def test_car_answers_the_pseudocode_of_the_analytic(cli: Tools, mixed: Mixed) -> None:
    """Flow:Message with proto_info.rpc_interface, as the analytic filters them; but on any port."""
    events = lines(listed(cli, "car", *mixed.arguments))
    found = {
        (event["fields"]["src_ip"], event["fields"]["src_port"])
        for event in events
        if event["action"] == "message" and event["fields"]["proto_info"].get("rpc_interface") == "IRemUnknown2"
    }
    assert (CLIENT.ip, mixed.records[1]["client"]["port"]) in found


def test_car_of_hostile_texts(cli: Tools, hostile_capture: Path) -> None:
    text = listed(cli, "car", hostile_capture)
    assert hostile.disobeyed(text) == []
    for event in lines(text):
        check_car(event)


# -- markdown ----------------------------------------------------------------------------------------------------------


def without_code(line: str) -> str:
    """A line of Markdown without its code spans, found as CommonMark has them."""
    out, at = "", 0
    while match := re.compile(r"`+").search(line, at):
        out += line[at : match.start()]
        fence = match.group()
        close = re.compile(rf"(?<!`){fence}(?!`)").search(line, match.end())
        assert close, line[:200]
        at = close.end()
    return out + line[at:]


def test_markdown_says_what_the_records_say(cli: Tools, mixed: Mixed) -> None:
    text = listed(cli, "markdown", *mixed.arguments)
    parts = text.split("\n### ")[1:]
    assert len(parts) == len(mixed.records) and text.startswith("## ")
    assert text.count("\n## ") + 1 == len({record["activity"] for record in mixed.records})
    for part, record in zip(parts, mixed.records):
        assert f"`{record['filter']}`" in part and f"({record['confidence']})" in part
        assert record["summary"] is None or f"- What: `{record['summary']}`\n" in part
        assert all(f"/{technique.replace('.', '/')}/)" in part for technique in record["techniques"])
    assert "- Started: `cmd.exe /Q /c whoami`\n" in text


def test_markdown_of_hostile_texts(cli: Tools, hostile_capture: Path) -> None:
    text = listed(cli, "markdown", hostile_capture)
    assert hostile.disobeyed(text) == []
    for line in text.splitlines():
        assert len(line) < 4500
        prose = re.sub(r"\[[\w .-]+\]\(https://(attack|car|d3fend)\.mitre\.org/[\w/.:-]+\)", "", without_code(line))
        assert not re.search(r"[<>@|\[\]\\*_]", prose), prose


# -- the others --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["table", "json", "ndjson"])
def test_hostile_texts_elsewhere(cli: Tools, hostile_capture: Path, format: str) -> None:
    """Escapes in JSON stand for the texts as they are."""
    text = listed(cli, format, hostile_capture)
    assert hostile.disobeyed(text) == []
    if format == "ndjson":
        records = lines(text)
        texts = {hostile.HTML, hostile.FORMULA, hostile.BIDI, hostile.ANSI}
        assert texts <= {call["object_path"] for record in records for call in record["calls"]}
        assert texts <= {record["auth"]["user"] for record in records}
        assert texts <= {record["client"]["host"] for record in records}
        assert {record["capture"]["path"] for record in records} == {str(hostile_capture)}


def test_navigator_layer_of_hostile_texts(cli: Tools, hostile_capture: Path) -> None:
    path = cli.home / "hostile-layer.json"
    listed(cli, "ndjson", "--navigator", path, hostile_capture)
    text = path.read_text()
    assert hostile.disobeyed(text) == [] and "cmd|" not in text
    assert [technique["techniqueID"] for technique in json.loads(text)["techniques"]] == ["T1047"]


@pytest.mark.parametrize("format", ["table", "ndjson", "csv", "ecs", "car", "markdown"])
def test_warnings_of_hostile_names(cli: Tools, hostile_capture: Path, format: str) -> None:
    """What is said on standard error of a capture that is cut short."""
    cut = hostile_capture.with_name("cut " + hostile_capture.name)
    cut.write_bytes(hostile_capture.read_bytes()[:-7])
    result = cli.car_wmi("list", "-T", format, cut)
    assert result.returncode == 0 and "cut short" in result.stderr
    assert hostile.disobeyed(result.stderr) == [] and hostile.disobeyed(result.stdout, "\r\n") == []


def test_navigator_layer(cli: Tools, mixed: Mixed) -> None:
    path = cli.home / "layer.json"
    listed(cli, "ndjson", "--navigator", path, *mixed.arguments)
    layer = json.loads(path.read_text())
    assert layer["versions"]["layer"] == "4.5" and layer["domain"] == "enterprise-attack"
    assert facts.LAYER_REQUIRED.keys() <= layer.keys() <= facts.LAYER.keys()
    assert all(isinstance(value, facts.LAYER[name]) for name, value in layer.items())
    for technique in layer["techniques"]:
        assert technique.keys() <= facts.LAYER_TECHNIQUE.keys()
        assert all(isinstance(value, facts.LAYER_TECHNIQUE[name]) for name, value in technique.items())
    expected: dict[str, int] = {}
    for record in mixed.records:
        for technique in record["techniques"]:
            expected[technique] = expected.get(technique, 0) + 1
    assert {t["techniqueID"]: t["score"] for t in layer["techniques"]} == expected
    assert layer["gradient"]["maxValue"] == max(expected.values())


def test_navigator_layer_that_cannot_be_written(cli: Tools, mixed: Mixed) -> None:
    result = cli.car_wmi("list", "--navigator", "/nonexistent/layer", mixed.path)
    assert result.returncode == 2 and "/nonexistent/layer" in result.stderr
