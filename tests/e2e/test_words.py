# SPDX-License-Identifier: GPL-2.0-or-later
"""What a claim rests on is said in the same words everywhere, and these stand in one place."""

from __future__ import annotations

import csv
import json
import re
from io import StringIO
from pathlib import Path

from gen import scenario
from gen.scenario import CLIENT, OTHER, SERVER, Lab
from support import Tools

ROOT = Path(__file__).resolve().parents[2]

WORDS = ["seen", "said by the client", "said by a log", "inferred", "estimated"]
HOME = ROOT / "plugin" / "names" / "words.c"


def literals(source: Path) -> list[str]:
    """The string literals of a source, without those in its comments."""
    code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", source.read_text(), flags=re.S)
    return re.findall(r'"((?:[^"\\\n]|\\.)*)"', code)


def test_one_place() -> None:
    """No other source writes a note of its own."""
    note = re.compile(r"said by|\((?:inferred|estimated|seen)|~%")
    for room in ("plugin", "cli"):
        for source in (ROOT / room).rglob("*.c"):
            if source != HOME:
                assert [text for text in literals(source) if note.search(text)] == [], source
    assert set(WORDS) <= set(literals(HOME))


def test_documented() -> None:
    page = (ROOT / "cli" / "man" / "car-wmi-record.5").read_text()
    section = page[page.index('.SH "WHAT CLAIMS REST ON"') : page.index(".SH TECHNIQUES")]
    assert re.findall(r"^([a-z ]+)\tT\{", section, re.M)[: len(WORDS)] == WORDS
    schema = json.loads((ROOT / "cli" / "record" / "record.schema.json").read_text())
    assert sorted(word for word in schema["$defs"]["basis"]["enum"] if word) == sorted(WORDS)
    ids = {row for row in re.findall(r"^(T\d{4}(?:\.\d{3})?)\tT\{", page, re.M)}
    events = json.loads((ROOT / "plugin" / "event" / "event.schema.json").read_text())
    assert ids == set(events["$defs"]["technique"]["properties"]["technique"]["enum"])


def test_outputs(cli: Tools) -> None:
    """A process that says who it is, on its activation one that is inferred; a user whom only the client vouches for."""
    lab = Lab(seed=71)
    session = scenario.wmi_session(lab, sealed=False)
    session.create_process("calc.exe", pid=4242)
    scenario.wmi_session(lab, OTHER, SERVER, kind="impacket", sealed=False)
    path = cli.write(lab.capture())

    def listed(*arguments: str) -> str:
        result = cli.car_wmi("list", *arguments, path)
        assert result.returncode == 0, result.stderr
        return result.stdout

    records = cli.records(path)
    said, inferred = WORDS[1], WORDS[3]
    process = {f"{CLIENT.name}:7240": {}}
    own = next(r for r in records if r["logins"] and r["client"]["host"])
    asked = next(r for r in records if r["client"]["ip"] == CLIENT.ip and r["server"]["port"] == 135)
    other = next(r for r in records if r["logins"] and not r["client"]["host"])
    bases = {p["role"]: p["basis"] for p in own["processes"]}
    assert bases == {"client": said, "server": inferred, "spawned": "seen"}
    assert [p["basis"] for p in asked["processes"] if p["role"] == "client"] == [inferred]
    assert (own["client"]["host_basis"], asked["client"]["host_basis"]) == (said, inferred)
    assert other["auth"]["user_basis"] == said == other["users"][0]["basis"]
    assert {c["basis"] for c in own["calls"] if c["class"]} == {"seen"}
    assert {e["basis"] for r in records for e in r["evidence"]} <= {"seen", inferred, "estimated"}

    shown = listed()
    assert f"process 7240 ({said} in frame" in shown and f"user {other['auth']['domain']}\\" in shown
    table = listed("-T", "table")
    assert all(f"{name}{mark}" in table for name in process for mark in "^~")
    rows = list(csv.DictReader(StringIO(listed("-T", "csv"))))
    assert {f"client_pid: {said}", f"client_pid: {inferred}"} <= {p for row in rows for p in row["basis"].split("; ")}
    markdown = listed("-T", "markdown")
    assert f"- Client process: `7240` ({said})" in markdown and f"- Client process: `7240` ({inferred})" in markdown
    labels = [json.loads(line)["labels"] for line in listed("-T", "ecs").splitlines()]
    assert {said, f"{inferred}, asked for it"} <= {label.get("process") for label in labels}
    flows = [json.loads(line) for line in listed("-T", "car").splitlines()]
    pids = {(flow.get("process"), flow["fields"].get("pid")) for flow in flows if flow["object"] == "flow"}
    assert {(said, 7240), (f"{inferred}, asked for it", 7240)} <= pids
    html = cli.car_wmi("report", "-o", "-", path).stdout
    assert f"({said})" in html and f"({inferred})" in html
