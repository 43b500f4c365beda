# SPDX-License-Identifier: GPL-2.0-or-later
"""Nothing is lost between plugin and program: what Wireshark's fields say of a frame, the record says of it, and the other way
round."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from gen.scenario import Lab
from support import Tools
from test_engine import MADE, OPTIONS

COMPARED = (
    "method", "namespace", "class", "wmi_method", "command_line", "query", "object_path", "client_pid", "clsid",
)  # fmt: skip
"""On the same frames."""
FIELDS = (*COMPARED, "confidence", "status", "user")
Said = dict[int, dict[str, set[str]]]
"""Frame → field → values."""


def fields_say(tools: Tools, path: Path) -> Said:
    """What Wireshark shows."""
    names = [f"car.wmi_rpc.{name}" for name in FIELDS]
    found = tools.fields(path, *names, options=OPTIONS)
    said: Said = {}
    for frame, values in found.items():
        said[frame] = {name: set(values.get(f"car.wmi_rpc.{name}", ())) for name in FIELDS}
    return {frame: values for frame, values in said.items() if any(values.values())}


def add(said: Said, frame: int | None, field: str, value: object) -> None:
    """Notes a value that is known."""
    if frame and value is not None:
        said[frame][field].add(str(value))


def records_say(records: list[dict]) -> Said:
    """The same, as the records say it."""
    said: Said = defaultdict(lambda: defaultdict(set))
    for record in records:
        for call in record["calls"]:
            requests = call["frames"] or [call["frame"]]
            responses = call["response_frames"] or [call["response_frame"]]
            for frame in (*requests, *responses):
                method = call["method"] and f"{call['interface']}::{call['method']}"
                add(said, frame, "method", method)
                add(said, frame, "namespace", call["namespace"])
            for field in ("class", "wmi_method", "command_line", "query", "object_path"):
                add(said, requests[-1], field, call[field] or None)
        for process in record["processes"]:
            for source in process["sources"]:
                if source["kind"].startswith("wire:SetClientInfo"):
                    add(said, source["frame"], "client_pid", process["pid"])
        if record["activation"]:
            add(said, record["activation"]["frame"], "clsid", record["activation"]["clsid"])
    return said


def compare(tools: Tools, path: Path) -> int:
    """Checks a capture; returns how many values were compared."""
    records = tools.records("--min-confidence", "rpcss", path, status=(0, 1))
    shown, told = fields_say(tools, path), records_say(records)
    compared = 0
    for frame in shown.keys() | told.keys():
        for field in COMPARED:
            ours = {v for v in shown.get(frame, {}).get(field, set()) if v}
            theirs = told[frame][field] if frame in told else set()
            assert ours == theirs, (path.name, frame, field)
            compared += len(ours)
    for record in records:
        for call in record["calls"]:
            answers = call["response_frames"] or [call["response_frame"]]
            statuses = {int(v, 0) for frame in answers for v in shown.get(frame, {}).get("status", ())}
            assert call["status"] is None or call["status"] in statuses, (path.name, answers)
            compared += call["status"] is not None
        frames = {c["frame"] for c in record["calls"] if c["frame"]}
        users = {user for frame in frames for user in shown.get(frame, {}).get("user", ())}
        assert users >= {user["user"] for user in record["users"] if user["user"]}, path.name
        assert record["auth"]["user"] is None or not record["users"] or record["auth"]["user"] in users
        last = shown.get(record["frames"]["last"], {}).get("confidence", set())
        assert last in (set(), {record["confidence"]}), path.name
        compared += len(users)
    statuses = {int(v, 0) for values in shown.values() for v in values["status"]}
    assert statuses == {c["status"] for r in records for c in r["calls"] if c["status"] is not None}, path.name
    everybody = {user for values in shown.values() for user in values["user"] if values["method"]}
    assert everybody == {u["user"] for record in records for u in record["users"] if u["user"]}, path.name
    return compared


@pytest.mark.parametrize("name", [name for name in MADE if name not in ("noise", "ticket")])
def test_made_captures(cli: Tools, name: str) -> None:
    options, make = MADE[name]
    lab = Lab(seed=5, **options)
    make(lab)
    assert compare(cli, cli.write(lab.capture())) > 1


def test_all_at_once(cli: Tools) -> None:
    """Conversations of everybody at once."""
    lab = Lab(seed=6)
    for options, make in MADE.values():
        if not options:
            make(lab)
    assert compare(cli, cli.write(lab.capture())) > 50


@pytest.mark.shared
def test_real_captures(cli: Tools, shared: Path) -> None:
    """All of them but one with an injected packet, which Wireshark by itself is led astray by."""
    compared = 0
    for path in sorted(p for p in shared.rglob("*") if p.suffix in (".pcap", ".pcapng", ".cap") and "inject" not in p.name):
        copy = cli.arena / path.name
        copy.write_bytes(path.read_bytes())
        compared += compare(cli, copy)
    assert compared > 300
