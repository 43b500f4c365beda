# SPDX-License-Identifier: GPL-2.0-or-later
"""car-wmi as a command: exit status, messages, standard input, files, damaged captures."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import os
import signal
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import expect
from gen import guids, scenario
from gen.capture import Capture
from gen.scenario import CLIENT, OTHER, SERVER, Lab, Session
from support import Tools
from user import DROP


def conversations(lab: Lab) -> tuple[Session, Capture]:
    """A session of WMI and one of other DCOM."""
    session = scenario.wmi_session(lab)
    session.get_object("Win32_Process")
    session.create_process("notepad.exe")
    scenario.dispatch_session(lab, OTHER, SERVER)
    return session, lab.capture()


class Found:
    """A capture with a WMI session."""

    def __init__(self, cli: Tools) -> None:
        self.session, self.capture = conversations(Lab(seed=13))
        self.path: Path = cli.write(self.capture)
        self.records = cli.records(self.path)


@pytest.fixture(scope="module")
def found(cli: Tools) -> Found:
    """A capture in which something matches."""
    return Found(cli)


@pytest.fixture(scope="module")
def nothing(cli: Tools) -> Path:
    """A capture in which nothing matches."""
    lab = Lab()
    scenario.plain_rpc(lab, CLIENT, SERVER, 49670, guids.SAMR)
    return cli.write(lab.capture())


def one_line(text: str) -> bool:
    """Whether a message is one line that says something."""
    return len(text.splitlines()) == 1 and text.endswith("\n") and len(text) > 15


# -- exit status and messages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["ndjson", "json", "table"])
def test_match(cli: Tools, found: Found, format: str) -> None:
    result = cli.car_wmi("list", "-T", format, found.path)
    assert (result.returncode, result.stderr) == (0, "") and result.stdout


@pytest.mark.parametrize(("format", "printed"), [("ndjson", ""), ("json", "[]\n"), ("table", "")])
def test_no_match(cli: Tools, nothing: Path, format: str, printed: str) -> None:
    result = cli.car_wmi("list", "-T", format, nothing)
    assert (result.returncode, result.stdout) == (1, printed) and "nothing matched in " in result.stderr


def test_list_is_the_default_command(cli: Tools, found: Found) -> None:
    assert cli.car_wmi(found.path).stdout == cli.car_wmi("list", found.path).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["list"],
        ["list", "-T", "nonsense", "x.pcap"],
        ["list", "--min-confidence", "surely", "x.pcap"],
        ["list", "--no-such-option", "x.pcap"],
        ["nosuchcommand"],
        ["list", "-T"],
    ],
    ids=lambda arguments: " ".join(arguments) or "none",
)
def test_usage_errors(cli: Tools, arguments: list[str]) -> None:
    result = cli.car_wmi(*arguments)
    assert result.returncode == 2 and result.stdout == "" and result.stderr


def test_file_that_is_not_there(cli: Tools) -> None:
    result = cli.car_wmi("list", "missing.pcap")
    assert result.returncode == 2 and result.stdout == ""
    assert "missing.pcap" in result.stderr and one_line(result.stderr)


@pytest.mark.parametrize("content", [b"", b"this is no capture\n" * 20], ids=["empty", "text"])
def test_file_that_is_no_capture(cli: Tools, content: bytes) -> None:
    path = cli.arena / f"no-capture-{len(content)}.pcap"
    path.write_bytes(content)
    result = cli.car_wmi("list", "-T", "ndjson", path)
    assert result.returncode == 2 and result.stdout == ""
    assert path.name in result.stderr and one_line(result.stderr)


def test_no_tshark(cli: Tools, found: Found) -> None:
    result = cli.car_wmi("list", "--tshark", "/nonexistent/tshark", found.path)
    assert result.returncode == 2 and result.stdout == "" and "/nonexistent/tshark" in result.stderr
    result = cli.car_wmi("list", found.path, PATH="/nonexistent")
    assert result.returncode == 2 and result.stdout == "" and "tshark" in result.stderr


def test_no_plugin(cli: Tools, found: Found) -> None:
    result = cli.car_wmi("list", found.path, WIRESHARK_PLUGIN_DIR=str(cli.home))
    assert result.returncode == 2 and result.stdout == "" and "plugin" in result.stderr


def test_help(cli: Tools) -> None:
    for arguments in (["--help"], ["list", "--help"]):
        result = cli.car_wmi(*arguments)
        assert result.returncode == 0 and "list" in result.stdout and result.stderr == ""


@pytest.mark.parametrize("command", ["", "list", "watch", "report", "extract", "doctor", "--version"])
def test_help_fits_terminals(cli: Tools, command: str) -> None:
    result = cli.car_wmi(*command.split(), "--help")
    assert result.returncode == 0 and "Usage:" in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_version(cli: Tools) -> None:
    result = cli.car_wmi("--version")
    assert result.returncode == 0 and result.stdout.startswith("car-wmi ")


def test_version_writes_no_file(cli: Tools) -> None:
    """The plugin is asked over a pipe."""
    result = cli.car_wmi("--version", TMPDIR="/nonexistent")
    assert result.returncode == 0 and "\nplugin " in result.stdout and "not loaded" not in result.stdout


# -- several captures, standard input, output --------------------------------------------------------------------------


def test_several_captures(cli: Tools, found: Found, nothing: Path) -> None:
    lab = Lab(seed=14)
    lab.clock.now_ns += 86400 * 10**9
    again = cli.write(conversations(lab)[1], "again.pcap", nano=True)
    records = cli.records(found.path, nothing, again)
    assert [r["capture"]["path"] for r in records] == [str(found.path)] * 2 + [str(again)] * 2
    assert [r["frames"] for r in records[:2]] == [r["frames"] for r in records[2:]]
    array = cli.car_wmi("list", "-T", "json", again, found.path, nothing)
    assert json.loads(array.stdout) == records


def test_unreadable_one_among_others(cli: Tools, found: Found, nothing: Path) -> None:
    result = cli.car_wmi("list", "-T", "ndjson", "missing.pcap", found.path)
    assert result.returncode == 0 and "missing.pcap" in result.stderr
    assert [json.loads(line) for line in result.stdout.splitlines()] == found.records
    assert cli.car_wmi("list", nothing, "missing.pcap").returncode == 2


@pytest.mark.parametrize("name", ["capture.pcapng", "capture.pcap"])
def test_standard_input(cli: Tools, found: Found, name: str) -> None:
    path = cli.write(found.capture, name)
    records = cli.records("-", stdin=path.read_bytes())
    assert [r["capture"]["path"] for r in records] == ["-", "-"]
    expected = cli.records(path)
    for record in (*records, *expected):
        del record["capture"]
    assert records == expected


def test_output_file(cli: Tools, found: Found) -> None:
    out = cli.home / "records.ndjson"
    result = cli.car_wmi("list", "-T", "ndjson", "-o", out, found.path)
    assert (result.returncode, result.stdout) == (0, "")
    assert [json.loads(line) for line in out.read_text().splitlines()] == found.records


def test_output_file_that_cannot_be_written(cli: Tools, found: Found) -> None:
    result = cli.car_wmi("list", "-o", "/nonexistent/records", found.path)
    assert result.returncode == 2 and "/nonexistent/records" in result.stderr


def test_full_disk(cli: Tools, found: Found) -> None:
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            [*DROP, cli.program, "list", "-T", "ndjson", found.path],
            stdout=full, stderr=subprocess.PIPE, env=cli.environment(), cwd=cli.home, check=False, timeout=60,
        )  # fmt: skip
    assert result.returncode == 2 and result.stderr


@pytest.mark.parametrize("name", ["-x.pcapng", "with space.pcapng", "zeile\nzwei.pcapng", "ü.pcapng", 'a"b\\c.pcapng'])
def test_strange_names(cli: Tools, found: Found, name: str) -> None:
    path = cli.home / name
    path.write_bytes(found.capture.pcapng())
    path.chmod(0o644)
    end = ["--"] if name.startswith("-") else []
    records = cli.records(*end, name)
    assert [r["capture"]["path"] for r in records] == [name] * 2
    table = cli.car_wmi("list", "--connections", *end, name)
    assert len(table.stdout.splitlines()) == 3


def test_name_that_is_not_utf8(cli: Tools, found: Found) -> None:
    path = cli.home / "caf\udce9.pcapng"
    path.write_bytes(found.capture.pcapng())
    path.chmod(0o644)
    result = cli.run(cli.program, "list", "-T", "ndjson", path.name)
    path.unlink()  # it is in the way of tests that list the folder
    assert result.returncode == 0
    assert [json.loads(line)["frames"] for line in result.stdout.splitlines()] == [r["frames"] for r in found.records]


def timeless(record: dict) -> dict:
    """A record without the name of its capture and the times, which have that one's precision."""
    calls = [{k: v for k, v in call.items() if k != "time"} for call in record["calls"]]
    return {k: v for k, v in record.items() if k not in ("capture", "start_time", "end_time")} | {"calls": calls}


# -- formats and damage ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.pcap", {}),
        ("a.pcap", {"nano": True}),
        ("a.pcap", {"big": True}),
        ("a.pcapng", {"interfaces": ("eth0", "eth1"), "comment": "x"}),
    ],
)
def test_file_formats(cli: Tools, found: Found, name: str, options: dict) -> None:
    records = cli.records(cli.write(found.capture, name, **options))
    digits = 9 if name.endswith("ng") or options.get("nano") else 6
    for record, expected in zip(records, found.records, strict=True):
        assert record["start_time"] == found.capture.time(record["frames"]["first"], digits)
        assert timeless(record) == timeless(expected)


@pytest.mark.parametrize("name", ["cut.pcap", "cut.pcapng"])
def test_cut_short(cli: Tools, found: Found, name: str, validator: Callable[[dict], None]) -> None:
    """The file ends in the middle of the last packet: all before counts."""
    path = cli.write(found.capture, name)
    path.write_bytes(path.read_bytes()[:-7])
    result = cli.car_wmi("list", "-T", "ndjson", path)
    assert result.returncode == 0
    assert path.name in result.stderr and "cut short" in result.stderr and one_line(result.stderr)
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert len(records) == 2
    for record, expected in zip(records, found.records):
        validator(record)
        assert record["capture"]["complete"] is False and record["capture"]["note"]
        assert timeless(record) == timeless(expected)


def test_cut_short_in_the_middle(cli: Tools, found: Found) -> None:
    """The file ends within the packet of the last call: the calls before it are there."""
    last = found.session.rpc.calls[-1].requests[0]
    before = [p for p in found.capture.packets if p.time_ns < last.time_ns]
    whole, part = Capture([*before, last]).pcap(), Capture(before).pcap()
    path = cli.arena / "middle.pcap"
    path.write_bytes(whole[: len(part) + 60])
    records = cli.records(path)
    assert [c["frame"] for c in records[-1]["calls"]] == [c["frame"] for c in found.records[-1]["calls"][:-1]]
    assert records[-1]["frames"]["last"] <= len(before)


def test_cut_short_without_a_match(cli: Tools, nothing: Path) -> None:
    path = cli.arena / "cut-nothing.pcapng"
    path.write_bytes(nothing.read_bytes()[:-9])
    result = cli.car_wmi("list", path)
    assert result.returncode == 1 and path.name in result.stderr


def test_damaged_part_way(cli: Tools, found: Found) -> None:
    """A packet header that cannot be."""
    packets = found.capture.packets
    head = len(Capture(packets[:-20]).pcap())
    data = bytearray(found.capture.pcap())
    data[head + 8 : head + 12] = b"\xff\xff\xff\x7f"
    path = cli.arena / "damaged.pcap"
    path.write_bytes(data)
    result = cli.car_wmi("list", "-T", "ndjson", path)
    assert result.returncode == 0 and path.name in result.stderr
    assert all(json.loads(line)["capture"]["complete"] is False for line in result.stdout.splitlines())


@pytest.mark.parametrize("snaplen", [128, 256, 1024])
def test_snaplen(cli: Tools, found: Found, snaplen: int) -> None:
    """Packets that were not kept whole: the interfaces and the sealed calls are still seen."""
    records = cli.records(cli.write(found.capture, snaplen=snaplen))
    record = records[-1]
    assert record["confidence"] == "wmi"
    expected = found.records[-1]
    assert record["frames"] == expected["frames"]
    assert {i["name"] for i in record["interfaces"]} == {i["name"] for i in expected["interfaces"]}
    said = [(c["interface"], c["opnum"]) for c in record["calls"]]
    assert said == [(c["interface"], c["opnum"]) for c in expected["calls"]]


# -- whose configuration counts ----------------------------------------------------------------------------------------


def _with_settings(cli: Tools, path: Path, name: str, text: str) -> list[dict]:
    folder = cli.home / "config" / "wireshark"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text)
    try:
        return cli.records(path, status=(0, 1, 2))
    finally:
        (folder / name).unlink()


def test_preferences_of_the_user_change_nothing(cli: Tools, found: Found) -> None:
    """Those of a profile made for something else: no reassembly."""
    off = ("tcp.desegment_tcp_streams", "dcerpc.desegment_dcerpc", "dcerpc.reassemble_dcerpc", "ip.defragment")
    text = "".join(f"{name}: FALSE\n" for name in off) + "nameres.network_name: TRUE\n"
    assert _with_settings(cli, found.path, "preferences", text) == found.records


@pytest.mark.parametrize("protocol", ["dcerpc", "car", "tcp", "kerberos", "isystemactivator"])
def test_protocols_that_the_user_switched_off(cli: Tools, found: Found, protocol: str) -> None:
    """What was switched off in Wireshark's window must not hide anything here."""
    assert _with_settings(cli, found.path, "disabled_protos", protocol + "\n") == found.records


def test_times_are_utc(cli: Tools, found: Found) -> None:
    for zone in ("Asia/Kolkata", "UTC"):
        assert cli.records(found.path, TZ=zone) == found.records


def test_locale_changes_nothing(cli: Tools, found: Found) -> None:
    assert cli.records(found.path, LC_ALL="C") == found.records


def test_calls_are_those_of_the_session(found: Found) -> None:
    frames = [found.capture.number(call.requests[0]) for call in found.session.rpc.calls]
    assert [call["frame"] for call in found.records[-1]["calls"]] == frames
    assert found.records[-1]["frames"]["count"] == len(expect.flow(found.capture, found.session.rpc))


def slow_capture(cli: Tools, name: str) -> Path:
    """A capture that takes seconds to read, and of which nothing is kept: no pipe breaks."""
    packet = b"\xff" * 6 + b"\2" * 6 + b"\x08\x06" + bytes(60000)
    record = struct.pack("<IIII", 1700000000, 0, len(packet), len(packet)) + packet
    head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1)
    path = cli.arena / name
    path.write_bytes(gzip.compress(head) + gzip.compress(record * 20) * 12000)
    path.chmod(0o644)
    return path


@pytest.mark.parametrize("command", ["list", "report"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda s: s.name)
def test_signal_ends_the_scan(cli: Tools, number: signal.Signals, command: str) -> None:
    """At once, and no file is left behind, whatever ends it."""
    path = slow_capture(cli, f"slow-{command}-{number.name}.pcap.gz")
    folder = cli.arena / f"output-{command}-{number.name}"
    folder.mkdir()
    folder.chmod(0o777)
    argv = [*DROP, str(cli.program), command, "-o", str(folder / "output"), str(path)]
    # Not in the group of the tests, so that a signal reaches it alone.
    with subprocess.Popen(argv, env=cli.environment(), cwd=cli.home, start_new_session=True) as child:
        time.sleep(0.5)
        os.kill(child.pid, number)
        begin = time.monotonic()
        assert child.wait(60) == -number
        assert time.monotonic() - begin < 0.5
    assert not list(folder.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name)
@pytest.mark.parametrize("command", ["list", "report"])
def test_signal_ends_the_wait_for_a_pipe(cli: Tools, number: signal.Signals, command: str) -> None:
    """Though nothing comes out of it that could be read."""
    folder = cli.arena / f"idle-{command}-{number.name}"
    folder.mkdir()
    folder.chmod(0o777)
    reading, writing = os.pipe()
    argv = [*DROP, str(cli.program), command, "-o", str(folder / "output"), "-"]
    with subprocess.Popen(argv, env=cli.environment(), cwd=cli.home, stdin=reading, start_new_session=True) as child:
        time.sleep(0.5)
        os.kill(child.pid, number)
        begin = time.monotonic()
        assert child.wait(60) == -number
        assert time.monotonic() - begin < 0.5
    os.close(reading)
    os.close(writing)
    assert not list(folder.iterdir())


def test_signal_that_is_ignored(cli: Tools, found: Found) -> None:
    """As under nohup."""
    path = slow_capture(cli, "nohup.pcap.gz")
    argv = [*DROP, "env", "--ignore-signal=HUP", str(cli.program), "list", "-o", str(cli.home / "nohup"), str(path), str(found.path)]
    with subprocess.Popen(argv, env=cli.environment(), cwd=cli.home, start_new_session=True) as child:
        time.sleep(0.4)
        os.kill(child.pid, signal.SIGHUP)
        assert child.wait(60) == 0


def as_input(cli: Tools, found: Found, kind: str, folder: Path) -> tuple[Path, list[str | Path]]:
    """A file that a command reads, and the arguments that name it beside its output."""
    path = folder / "input"
    content = {
        "capture": found.path.read_bytes(),
        "--host-log": b'{"a": 1}\n',
        "--allow": b"client 192.0.2.1\n",
        "--keytab": b"\5\2",
        "--nt-password-file": b"secret\n",
        "--note-file": b"A note.\n",
    }
    path.write_bytes(content[kind])
    cli.give(path)
    return path, [path] if kind == "capture" else [kind, path, found.path]


@pytest.mark.parametrize("link", ["itself", "symbolic", "hard"])
@pytest.mark.parametrize(
    ("command", "output", "kind"),
    [
        *(("list", "-o", kind) for kind in ("capture", "--host-log", "--allow", "--keytab", "--nt-password-file")),
        ("list", "--navigator", "capture"),
        ("report", "-o", "capture"),
        ("report", "-o", "--note-file"),
        ("extract", "-o", "capture"),
        ("watch", "-o", "--allow"),
    ],
)
def test_output_that_is_an_input(
    cli: Tools, found: Found, command: str, output: str, kind: str, link: str
) -> None:
    """It is refused before anything is opened."""
    folder = cli.arena / f"same-{command}{output}{kind}{link}"
    folder.mkdir()
    folder.chmod(0o777)
    path, arguments = as_input(cli, found, kind, folder)
    before = path.read_bytes()
    written = path if link == "itself" else folder / "link"
    if link == "symbolic":
        written.symlink_to("input")
    elif link == "hard":
        written.hardlink_to(path)
    if command == "watch":
        arguments = ["-", *arguments[:2]]
    result = cli.car_wmi(command, output, written, *arguments, stdin=found.path.read_bytes())
    assert result.returncode == 2 and "is an input, too" in result.stderr and str(path) in result.stderr
    assert path.read_bytes() == before
    assert {p.name for p in folder.iterdir()} <= {"input", "link"}


def test_standard_output_that_is_an_input(cli: Tools, found: Found) -> None:
    """The shell's >> is an output, its < an input."""
    path = cli.arena / "appended.pcapng"
    path.write_bytes(found.path.read_bytes())
    cli.give(path)
    for name, stdin in ((str(path), subprocess.DEVNULL), ("-", path.open("rb"))):
        with path.open("ab") as stdout:
            argv = [*DROP, str(cli.program), "list", name]
            assert subprocess.run(argv, env=cli.environment(), stdin=stdin, stdout=stdout, check=False).returncode == 2
    assert path.read_bytes() == found.path.read_bytes()


NO_CAPTURES = {
    "text": (b"No capture.\n", "isn't a capture file"),
    "page.html": (b"<html>", "isn't a capture file"),
    "cut.pcap": (b"\xd4\xc3\xb2", "cut short in its first block"),
    "cut.pcapng": (b"\n\r\r\n\x1c\0\0\0", "cut short in its first block"),
    "picture.png": (b"\x89PNG\r\n\x1a\n" + bytes(64), "isn't a capture file"),
    "program": (b"\x7fELF\2\1\1" + bytes(64), "isn't a capture file"),
    "data.json": (b'{"a": 1}\n', "isn't a capture file"),
    "capture.xz": (lzma.compress(b"a capture"), "xz -dk"),
    "capture.bz2": (bz2.compress(b"a capture"), "bzip2 -dk"),
    "captures.zip": (b"PK\3\4" + bytes(64), "unzip"),
}


@pytest.mark.parametrize("name", NO_CAPTURES)
def test_no_capture(cli: Tools, found: Found, name: str) -> None:
    """It is refused, though libwiretap reads it, and the captures beside it stay complete."""
    content, reason = NO_CAPTURES[name]
    path = cli.arena / name
    path.write_bytes(content)
    path.chmod(0o644)
    result = cli.car_wmi("list", path)
    assert result.returncode == 2 and reason in result.stderr and str(path) in result.stderr
    result = cli.car_wmi("list", "-", stdin=content)
    assert result.returncode == 2 and reason in result.stderr
    records = cli.records(path, found.path)
    assert records == found.records and all(record["capture"]["complete"] for record in records)


def test_joined_values(cli: Tools, found: Found) -> None:
    """-TFORMAT is -T FORMAT; a value that looks like it stays one."""
    plain = cli.car_wmi("list", "-T", "csv", "-j", "2", found.path)
    assert cli.car_wmi("list", "-Tcsv", "-j2", found.path).stdout == plain.stdout
    assert cli.car_wmi("-Tcsv", found.path).stdout == plain.stdout
    made = cli.home / "-Tjson"
    assert cli.car_wmi("list", "-o", "-Tjson", "-Tcsv", "--", found.path).returncode == 0
    assert made.read_bytes().decode() == plain.stdout
    refused = cli.car_wmi("list", "-jnone", found.path)
    assert refused.returncode == 2 and "none" in refused.stderr
    assert cli.car_wmi("list", "--", "-Tcsv").stderr.startswith("car-wmi: -Tcsv")


def test_empty_standard_input(cli: Tools) -> None:
    """It is told as an empty file is."""
    result = cli.car_wmi("list", "-", stdin=b"")
    assert result.returncode == 2 and result.stderr == "car-wmi: standard input: is empty\n"
