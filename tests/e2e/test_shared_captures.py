# SPDX-License-Identifier: GPL-2.0-or-later
"""Real captures that are not part of the repository: every conversation that their truth lists is found, with the calls
it lists, and nothing else is."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import pytest

from support import Tools
from user import SHARED

FOLDER = SHARED / "captures"
AUTH_TYPES = {"9": {"kerberos", "ntlm", "spnego"}, "10": {"ntlm"}, "16": {"kerberos"}, "68": {"netlogon"}}
LEVELS = {"1": "none", "2": "connect", "3": "call", "4": "packet", "5": "integrity", "6": "privacy"}

pytestmark = pytest.mark.shared


def _truth() -> list[dict[str, str]]:
    path = FOLDER / "truth.tsv"
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


def _lab() -> list[dict]:
    path = FOLDER / "lab" / "truth.json"
    return json.loads(path.read_text()) if path.exists() else []


TRUTH, LAB = _truth(), _lab()
CAPTURES = sorted(p.name for p in FOLDER.glob("*.*cap*") if p.suffix in (".cap", ".pcap", ".pcapng"))

OPENED_BEFORE = {
    "Pcaps__8de463c4__ipconf1.pcap": ("192.168.1.46", "192.168.1.195:49154"),
}
"""Object connections without a row, opened before the capture: to be found through their activation."""

WITHOUT_BIND = {
    "LM_dcom_mmc20.application_dcerpc.pcapng": {("172.16.66.1:51661", "172.16.66.36:135"): "dcom"},
}
"""Conversations without a row, whose Bind was not captured: an activation of another class shows itself."""

WBEM_LEVEL1_LOGIN = "8bc3f05e-d86b-11d0-a075-00c04fb68820"


def _end(end: dict) -> str:
    ip = f"[{end['ip']}]" if ":" in end["ip"] else end["ip"]
    return f"{ip}:{end['port']}"


def _key(record: dict) -> tuple[str, str]:
    return _end(record["client"]), _end(record["server"])


@dataclass
class Read:
    """What car-wmi says of a capture."""

    name: str
    path: Path
    records: dict[tuple[str, str], dict]
    errors: str


@pytest.fixture(scope="module")
def read(shared: Path, cli: Tools):
    """read(name): a capture's records by (client, server), each capture read once."""
    known: dict[str, Read] = {}

    def reader(name: str) -> Read:
        if name not in known:
            path = shared / name
            result = cli.car_wmi("list", "-T", "ndjson", "--min-confidence", "rpcss", path)
            assert result.returncode in (0, 1), result.stderr
            records = [json.loads(line) for line in result.stdout.splitlines()]
            by_key = {_key(record): record for record in records}
            assert len(by_key) == len(records)
            known[name] = Read(name, path, by_key, result.stderr)
        return known[name]

    return reader


def test_there_is_a_truth(shared: Path) -> None:
    assert CAPTURES and TRUTH and LAB, shared


def _rows(name: str) -> list[dict[str, str]]:
    return [row for row in TRUTH if row["capture"] == name]


def _calls(row: dict[str, str], names: dict[str, str]) -> list[tuple[int, str, int]]:
    """(frame, interface, opnum) of a row; an interface that it gives as a UUID gets its name from `names`."""
    made = []
    for entry in filter(None, row["calls(frame:interface.opnum)"].split(";")):
        frame, call = entry.split(":")
        interface, opnum = call.rsplit(".", 1)
        made.append((int(frame), names.get(interface, interface), int(opnum)))
    return made


# -- captures in the wild ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CAPTURES)
def test_conversations(read, name: str) -> None:
    """Exactly those of the truth, with its confidence."""
    expected = {(row["client"], row["server"]): row["confidence"] for row in _rows(name)}
    expected |= WITHOUT_BIND.get(name, {})
    found = {key: record["confidence"] for key, record in read(name).records.items() if record["confidence"] != "rpcss"}
    if name in OPENED_BEFORE:
        client, server = OPENED_BEFORE[name]
        extra = [key for key in found if key[1] == server and key[0].startswith(f"{client}:")]
        assert [found.pop(key) for key in extra] == ["wmi"]
    assert found == expected


EVERY = sorted(path.relative_to(FOLDER) for path in FOLDER.rglob("*.*cap*"))


@pytest.mark.parametrize("name", EVERY, ids=str)
def test_users(read, name: Path) -> None:
    """A connection whose mechanism is NTLM has nobody of a ticket, and one with a user has no candidates."""
    for record in read(name).records.values():
        said = [record["auth"]["user_source"], *(user["source"] for user in record["users"])]
        assert record["auth"]["type"] != "ntlm" or ("kerberos-tgs-rep" not in said and not record.get("user_candidates"))
        assert not (record["auth"]["user"] and record.get("user_candidates"))


def pids(record: dict) -> set[int]:
    """Of the client's processes."""
    return {process["pid"] for process in record["processes"] if process["role"] == "client"}


@pytest.mark.parametrize("name", EVERY, ids=str)
def test_processes(read, name: Path) -> None:
    """Each connection to an object whose activity names one process has that one; what it did not say itself is marked."""
    objects = [r for r in read(name).records.values() if not r["server"]["port"] == 135 and not r["callback"]]
    said: dict[int, set[int]] = {}
    for record in objects:
        own = {p["pid"] for p in record["processes"] if p["role"] == "client" and not p.get("inferred")}
        said.setdefault(record["activity"], set()).update(own)
    for record in objects:
        if len(said[record["activity"]]) == 1:
            assert pids(record) == said[record["activity"]]


@pytest.mark.parametrize("row", TRUTH, ids=[f"{row['capture'][:24]}-{row['client']}-{row['server']}" for row in TRUTH])
def test_row(read, row: dict[str, str]) -> None:
    record = read(row["capture"]).records[row["client"], row["server"]]
    names = {i["uuid"]: i["name"] for i in record["interfaces"]}
    assert set(names.values()) == {names.get(i, i) for i in row["interfaces"].split(",") if i}
    if row["clsids"]:
        assert record["activation"]["clsid"] in row["clsids"].split(",")
    calls = [(n, c["interface"], c["opnum"]) for c in record["calls"] for n in c["frames"]]
    assert calls == _calls(row, names)
    if row["auth_types"]:
        types = set().union(*(AUTH_TYPES.get(t, {t}) for t in row["auth_types"].split(",")))
        assert record["auth"]["type"] in types
        assert record["auth"]["level"] == LEVELS[max(row["auth_levels"].split(","))]
    assert ("rpcss-spn" in {e["kind"] for e in record["evidence"]}) is (row["rpcss"] == "true")
    first, last = int(row["first_dcerpc_frame"]), int(row["last_dcerpc_frame"])
    assert record["frames"]["first"] <= first and last <= record["frames"]["last"]


@pytest.mark.parametrize("row", TRUTH, ids=[f"{row['capture'][:24]}-{row['client']}-{row['server']}" for row in TRUTH])
def test_row_in_the_fields(shared: Path, cli: Tools, read, row: dict[str, str]) -> None:
    """The plugin's fields say the same, frame by frame."""
    record = read(row["capture"]).records[row["client"], row["server"]]
    names = ("car.wmi_rpc", "car.wmi_rpc.confidence", "car.wmi_rpc.interface", "car.wmi_rpc.opnum")
    said = cli.fields(shared / row["capture"], *names, display_filter=record["filter"])
    for frame, interface, opnum in _calls(row, {i["uuid"]: i["name"] for i in record["interfaces"]}):
        values = said[frame]
        assert interface in values[names[2]] and str(opnum) in values[names[3]], frame
    flagged = [n for n, values in said.items() if names[0] in values]
    if row["confidence"] == "wmi":
        assert len(flagged) == record["frames"]["count"]
    else:
        assert flagged == []


@pytest.mark.parametrize("name", CAPTURES)
def test_damage_is_told(shared: Path, cli: Tools, read, name: str) -> None:
    """Captures that end in the middle of a packet are read up to there, and said to be incomplete."""
    cut = cli.run("capinfos", "-c", shared / name).stderr
    said = read(name)
    complete = {record["capture"]["complete"] for record in said.records.values()}
    if "cut short" in cut:
        assert name in said.errors and complete <= {False}
    else:
        assert "may not be all" not in said.errors and complete <= {True}


@pytest.mark.parametrize("name", CAPTURES)
def test_schema(read, validator, name: str) -> None:
    for record in read(name).records.values():
        validator(record)


@pytest.mark.parametrize("name", OPENED_BEFORE)
def test_connection_opened_before_the_capture(read, name: str) -> None:
    """Found by the endpoint of the activation; GetObject and ExecMethod are named, since they can be read."""
    client, server = OPENED_BEFORE[name]
    records = read(name).records
    (record,) = [r for key, r in records.items() if key[1] == server and key[0].startswith(f"{client}:")]
    assert record["confidence"] == "wmi" and "oxid-endpoint" in {e["kind"] for e in record["evidence"]}
    methods = {call["method"] for call in record["calls"]}
    assert {"GetObject", "ExecMethod"} <= methods
    (activation,) = [r for r in records.values() if r["confidence"] == "wmi" and r is not record]
    assert record["activity"] == activation["activity"]
    assert record["activation"]["frame"] == activation["activation"]["frame"]


# -- the lab -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", LAB, ids=[entry["name"] for entry in LAB])
def test_lab_judgement(read, entry: dict) -> None:
    """WMI where the lab says so and it can be seen without keys: the class in a sealed activation cannot."""
    seen = [o for o in entry["operations"] if o.get("visible", True)]
    readable = [o for o in seen if o.get("clsid") == WBEM_LEVEL1_LOGIN and o["auth_level"] != "PKT_PRIVACY"]
    visible = bool(readable) or any(o["iface"].startswith("IWbem") for o in seen)
    assert entry["is_wmi"] or not visible
    records = read(f"lab/{entry['file']}").records.values()
    assert any(record["confidence"] == "wmi" for record in records) is visible
    assert all(record["confidence"] in ("wmi", "dcom") for record in records) and records


@pytest.mark.parametrize("entry", LAB, ids=[entry["name"] for entry in LAB])
def test_lab_connections(read, entry: dict) -> None:
    """Every record is one of the lab's connections; every one that carried a call has a record."""
    records = read(f"lab/{entry['file']}").records
    known = {(c["client"], c["server"]): c["id"] for c in entry["connections"]}
    assert set(records) <= set(known)
    called = {o["conn"] for o in entry["operations"] if o.get("visible", True)}
    assert {known[key] for key in records} >= called


@pytest.mark.parametrize("entry", LAB, ids=[entry["name"] for entry in LAB])
def test_lab_operations(read, entry: dict) -> None:
    """Every call; its interface is unknown where the Bind was not captured."""
    unbound = {b["conn"] for b in entry["binds"] if not b.get("visible", True)}
    records = read(f"lab/{entry['file']}").records
    ends = {c["id"]: (c["client"], c["server"]) for c in entry["connections"]}
    expected: dict[int, list] = defaultdict(list)
    for operation in entry["operations"]:
        if operation.get("visible", True):
            call = (operation["request_frames"], operation["iface"], operation["opnum"])
            expected[operation["conn"]].append(call)
    for conn, operations in expected.items():
        calls = records[ends[conn]]["calls"]
        assert [(c["frames"], c["opnum"]) for c in calls] == [(o[0], o[2]) for o in operations], ends[conn]
        for call, (_, interface, _) in zip(calls, operations):
            assert call["interface"] == interface or (conn in unbound and call["interface"] is None), call["frame"]


@pytest.mark.parametrize("entry", LAB, ids=[entry["name"] for entry in LAB])
def test_lab_schema(read, validator, entry: dict) -> None:
    for record in read(f"lab/{entry['file']}").records.values():
        validator(record)
