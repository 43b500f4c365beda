# SPDX-License-Identifier: GPL-2.0-or-later
"""car-wmi extract: the packets are those of the activities, unchanged, with comments; the copy gives the same records."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

import expect
import hostile
from gen import scenario
from gen.capture import Capture
from gen.scenario import CLIENT, CLIENT6, OTHER, SERVER, SERVER6, Host, Lab
from support import Tools
from user import SHARED

DC = Host("DC01", "192.0.2.2", "02:00:00:00:00:02")


class Found:
    """Three activities between other traffic."""

    def __init__(self, cli: Tools) -> None:
        lab = Lab(seed=37)
        scenario.dns_lookup(lab, CLIENT, DC, SERVER.fqdn, SERVER.ip)
        scenario.web_page(lab, CLIENT, SERVER, "example.com")
        self.ticket = scenario.fetch_ticket(lab, OTHER, SERVER, DC, "ann")
        scenario.fetch_ticket(lab, CLIENT, DC, DC, "somebody")
        self.sessions = [
            scenario.wmi_session(lab),
            scenario.wmi_session(lab, OTHER, SERVER, sealed=False),
            scenario.wmi_session(lab, CLIENT6, SERVER6, kind="impacket", sealed=False),
        ]
        for session in self.sessions:
            session.get_object("Win32_Process")
            scenario.web_page(lab, SERVER, OTHER, "updates.example.com")
            session.create_process("notepad.exe")
            session.rpc.tcp.finish()
        scenario.dispatch_session(lab, OTHER, SERVER)
        self.capture: Capture = lab.capture()
        self.path = cli.write(self.capture)
        self.records = cli.records(self.path)


@pytest.fixture(scope="module")
def found(cli: Tools) -> Found:
    """The capture and its records."""
    return Found(cli)


def extract(cli: Tools, *arguments: object, status: int = 0) -> Path:
    """The copy in one file."""
    out = cli.home / f"extract-{next(cli._counter)}.pcapng"
    result = cli.car_wmi("extract", "-o", out, *arguments)
    assert result.returncode == status, result.stderr
    return out


def comments(cli: Tools, path: Path) -> list[list[str]]:
    """The comments of each frame."""
    result = cli.tshark("-r", path, "-T", "json", "-e", "frame.comment", "--no-duplicate-keys")
    return [packet["_source"]["layers"]["frame.comment"] for packet in json.loads(result.stdout)]


def origins(cli: Tools, path: Path) -> list[int]:
    """The frame number in the capture, of each frame of a copy."""
    return [int(re.fullmatch(r"frame (\d+) of .*", texts[0])[1]) for texts in comments(cli, path)]


def renumber(node: object, frames: list[int]) -> object:
    """A record of a copy with the frame numbers of the capture."""
    if isinstance(node, list):
        return [renumber(item, frames) for item in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for name, value in node.items():
        if name in ("frame", "first", "last") or name.endswith("_frame"):
            out[name] = value and frames[value - 1]
        elif name in ("frames", "response_frames") and isinstance(value, list):
            out[name] = [frames[number - 1] for number in value]
        else:
            out[name] = renumber(value, frames)
    return out


def same_records(cli: Tools, copy: Path, expected: list[dict], *arguments: object) -> None:
    """The copy gives the records, but for the capture's name and the numbers of activities."""
    frames = origins(cli, copy)
    assert sorted(set(frames)) == sorted(frames)
    again = [renumber(record, frames) for record in cli.records(*arguments, copy)]
    numbers: dict[int, int] = {}
    for record, original in zip(again, expected, strict=True):
        assert numbers.setdefault(record["activity"], original["activity"]) == original["activity"]
        leave = {"capture": None, "activity": None}
        assert record | leave == original | leave


def test_packets_are_those_of_the_activities(cli: Tools, found: Found) -> None:
    copy = extract(cli, found.path)
    every = [rpc for session in found.sessions for rpc in session.conversations]
    wanted = {n for rpc in every for n in expect.flow(found.capture, rpc)}
    ticket = found.capture.number(found.ticket)
    kdc = cli.fields(found.path, "tcp.stream", two_pass=False)
    wanted |= {n for n, values in kdc.items() if values["tcp.stream"] == kdc[ticket]["tcp.stream"]}
    assert origins(cli, copy) == sorted(wanted)


def test_packets_are_unchanged(cli: Tools, found: Found) -> None:
    copy = extract(cli, found.path)
    packets = [found.capture.packets[number - 1] for number in origins(cli, copy)]
    dumped = cli.tshark("-r", copy, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len").stdout
    expected = "".join(f"{p.time_ns // 10**9}.{p.time_ns % 10**9:09d}\t{len(p.data)}\n" for p in packets)
    assert dumped == expected
    data = copy.read_bytes()
    assert all(packet.data in data for packet in packets)


def test_copy_gives_the_same_records(cli: Tools, found: Found) -> None:
    same_records(cli, extract(cli, found.path), found.records)


def test_copy_of_the_copy(cli: Tools, found: Found) -> None:
    once = extract(cli, found.path)
    twice = extract(cli, once)
    assert origins(cli, twice) == list(range(1, len(origins(cli, once)) + 1))


def test_comments_say_what_is_shown(cli: Tools, found: Found) -> None:
    copy = extract(cli, found.path)
    said = {int(re.match(r"frame (\d+)", texts[0])[1]): texts[1:] for texts in comments(cli, copy)}
    record = found.records[-1]
    ends = f"([{record['client']['ip']}]:{record['client']['port']} → [{record['server']['ip']}]:{record['server']['port']})"
    for evidence in record["evidence"]:
        assert any(text.endswith(ends) for text in said[evidence["frame"]])
    executed = next(call for call in record["calls"] if call["method"] == "ExecMethod")
    assert f"It calls IWbemServices::ExecMethod {ends}" in said[executed["frame"]]
    ann = next(r for r in found.records if r["auth"]["user"] == "ann")
    said_of_ann = [text.partition(":")[0] for text in said[ann["auth"]["user_frame"]]]
    assert f"The user is EXAMPLE.COM\\ann ({ann['client']['ip']}" in said_of_ann


def test_is_the_same_each_time(cli: Tools, found: Found) -> None:
    assert extract(cli, found.path).read_bytes() == extract(cli, found.path).read_bytes()


def test_section_names_the_source(cli: Tools, found: Found) -> None:
    data = extract(cli, found.path).read_bytes()
    digest = hashlib.sha256(found.path.read_bytes()).hexdigest()
    assert f"from {found.path}, SHA-256 {digest}, {found.path.stat().st_size} bytes".encode() in data


def test_each_activity(cli: Tools, found: Found) -> None:
    folder = cli.home / "each"
    result = cli.car_wmi("extract", "--per-activity", folder, found.path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    paths = sorted(folder.iterdir())
    assert [path.name for path in paths] == [f"activity-{n:04d}.pcapng" for n in (1, 2, 3)]
    every = [record for path in paths for record in cli.records(path)]
    key = [(r["client"]["ip"], r["client"]["port"], r["summary"]) for r in every]
    assert sorted(key) == sorted((r["client"]["ip"], r["client"]["port"], r["summary"]) for r in found.records)
    for path in paths:
        assert len({record["activity"] for record in cli.records(path)}) == 1
    before = [path.read_bytes() for path in paths]
    result = cli.car_wmi("extract", "--per-activity", folder, found.path)
    assert result.returncode == 2 and "holds files of an extract already" in result.stderr
    assert [path.read_bytes() for path in sorted(folder.iterdir())] == before


def test_each_activity_of_several_captures(cli: Tools) -> None:
    """Each file names the captures that it is from, and no other."""
    paths = []
    for number in range(3):
        lab = Lab(seed=60 + number)
        lab.clock.now_ns += number * 10**12
        session = scenario.wmi_session(lab, CLIENT, SERVER)
        session.create_process("notepad.exe")
        paths.append(cli.write(lab.capture(), f"part-{number}.pcap"))
    folder = cli.home / "several"
    result = cli.car_wmi("extract", "--per-activity", folder, *paths)
    assert (result.returncode, result.stderr) == (0, "")
    made = sorted(folder.iterdir())
    assert len(made) == 3
    for path, source in zip(made, paths):
        data = path.read_bytes()
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        assert f"from {source}, SHA-256 {digest}".encode() in data and data.count(b", SHA-256 ") == 1
        assert cli.records(path)[-1]["calls"][-1]["method"] == "ExecMethod"


@pytest.mark.parametrize(
    ("lab", "name", "options"),
    [
        (Lab(seed=3, vlans=(7, 9)), "vlan.pcapng", {}),
        (Lab(seed=4, mss=300), "small.pcap", {}),
        (Lab(seed=5, big=True), "nano.pcap", {"nano": True}),
        (Lab(seed=6), "snap.pcap", {"snaplen": 200}),
        (Lab(seed=7), "two.pcapng", {"interfaces": ("eth0", "eth1")}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_other_captures(cli: Tools, lab: Lab, name: str, options: dict) -> None:
    scenario.web_page(lab, OTHER, SERVER, "example.com")
    session = scenario.wmi_session(lab)
    session.create_process("notepad.exe")
    scenario.web_page(lab, OTHER, SERVER, "example.com")
    path = cli.write(lab.capture(), name, **options)
    same_records(cli, extract(cli, path), cli.records(path))


def nameless(record: dict) -> dict:
    """A record without what tells where it stands: captures and frames."""

    def strip(node: object) -> object:
        if isinstance(node, list):
            return [strip(item) for item in node]
        if not isinstance(node, dict):
            return node
        leave = {"capture", "path", "frame", "frames", "first", "last", "parts", "response_frames", "activity", "more"}
        return {
            name: strip(value)
            for name, value in node.items()
            if name not in leave and not name.endswith(("_frame", "_frames", "_capture"))
        }

    parts = record["frames"].get("parts") or [record["frames"]]
    return strip(record) | {"count": sum(part["count"] for part in parts)}


@pytest.mark.parametrize("split", ["after", "beside"])
def test_several_captures(cli: Tools, found: Found, split: str) -> None:
    """Of conversations that go on in another capture, and of captures made at the same time."""
    packets = found.capture.packets
    halves = {"after": (packets[:250], packets[250:]), "beside": (packets[::2], packets[1::2])}[split]
    paths = []
    for number, half in enumerate(halves):
        paths.append(cli.arena / f"{split}-{number}.pcapng")
        Capture(half).write(paths[-1])
    copy = extract(cli, *reversed(paths))
    sources = {re.sub(r"frame \d+ of ", "", texts[0]) for texts in comments(cli, copy)}
    assert sources == {path.name for path in paths}
    times = cli.tshark("-r", copy, "-T", "fields", "-e", "frame.time_epoch").stdout.split()
    assert times == sorted(times)
    expected = cli.records(*paths)
    assert [nameless(record) for record in cli.records(copy)] == [nameless(record) for record in expected]
    assert [nameless(record)["calls"] for record in expected] == [nameless(record)["calls"] for record in found.records]


def test_hostile_texts(cli: Tools) -> None:
    """In comments, in what capinfos prints of them, and as the name of the capture."""
    copy = extract(cli, cli.write(hostile.capture(), hostile.FILE_NAME))
    every = [text for texts in comments(cli, copy) for text in texts]
    assert all(hostile.disobeyed(text) == [] and len(text) < 600 for text in every)
    assert any("The user is" in text and "<script>" in text for text in every)
    told = cli.run("capinfos", copy)
    assert told.returncode == 0 and hostile.disobeyed(told.stdout.replace("\t", "")) == []
    assert "SHA-256" in told.stdout and "\\u{202e}" in told.stdout


def test_nothing_found(cli: Tools) -> None:
    lab = Lab()
    scenario.web_page(lab, CLIENT, SERVER, "example.com")
    assert not extract(cli, cli.write(lab.capture()), status=1).exists()


def test_damaged_capture(cli: Tools, found: Found) -> None:
    cut = cli.arena / "extract-cut.pcapng"
    cut.write_bytes(found.path.read_bytes()[:-7])
    cut.chmod(0o644)
    copy = extract(cli, cut)
    assert len(cli.records(copy)) == len(found.records)


@pytest.mark.parametrize("arguments", [[], ["x.pcap"], ["-o", "x", "-"], ["-o", "x", "missing.pcap"], ["-o", "/nonexistent/x"]])
def test_errors(cli: Tools, found: Found, arguments: list[str]) -> None:
    last = [found.path] if arguments[-1:] == ["/nonexistent/x"] else []
    result = cli.car_wmi("extract", *arguments, *last)
    assert result.returncode == 2 and result.stderr and not (cli.home / "x").exists()


def test_standard_output(cli: Tools, found: Found) -> None:
    result = cli.run(cli.program, "extract", "-o", "-", found.path, text=False)
    copy = cli.arena / "piped.pcapng"
    copy.write_bytes(result.stdout)
    copy.chmod(0o644)
    same_records(cli, copy, found.records)


REAL = SHARED / "captures"


@pytest.mark.parametrize("path", sorted(REAL.glob("*wmi*.[cp]*ap*")) or [None], ids=lambda path: getattr(path, "stem", "none"))
def test_real_captures(cli: Tools, path: Path | None) -> None:
    if path is None:
        pytest.skip("no real captures (CAR_WMI_SHARED)")
    records = cli.records(path, status=(0, 1))
    if records:
        complete = {"complete": True, "note": None}
        same_records(cli, extract(cli, path), [r | {"capture": r["capture"] | complete} for r in records])


def test_rotated_files(cli: Tools, found: Found) -> None:
    """Connections that span captures are copied from all of them."""
    packets = found.capture.packets
    edges = [0, 40, len(packets) // 2, len(packets) - 30, len(packets)]
    paths = [cli.write(Capture(packets[a:b]), f"part{a}.pcapng") for a, b in zip(edges, edges[1:])]
    copy, whole = extract(cli, *paths), extract(cli, found.path)

    def dump(path: Path) -> str:
        return cli.tshark("-r", path, "-T", "fields", "-e", "frame.time_epoch", "-e", "frame.len").stdout

    assert dump(copy) == dump(whole)
    starts = dict(zip((path.name for path in paths), edges))
    places = [re.fullmatch(r"frame (\d+) of (.*)", texts[0]).groups() for texts in comments(cli, copy)]
    assert [starts[name] + int(number) for number, name in places] == origins(cli, whole)
    claims = [[text for text in texts[1:]] for texts in comments(cli, copy)]
    assert claims == [texts[1:] for texts in comments(cli, whole)]
