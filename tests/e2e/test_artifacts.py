# SPDX-License-Identifier: GPL-2.0-or-later
"""Files with the output of commands that were fetched by SMB while the WMI went on."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from gen import scenario
from gen.capture import Capture
from gen.scenario import CLIENT, OTHER, SERVER, Host, Lab
from gen.smb1 import Smb1
from gen.smb2 import NOT_FOUND, Smb2
from support import Tools

NAME = "__1596700800.5172"
SHARE = f"\\\\{SERVER.ip}\\ADMIN$"
OUTPUT = b"ws06\\user\r\n"


def smb(lab: Lab, client: Host = CLIENT, server: Host = SERVER) -> Smb2:
    """A connection to ADMIN$."""
    connection = Smb2(lab.flow(client, server, 445))
    connection.connect(f"\\\\{server.ip}\\ADMIN$")
    return connection


def fetch(connection: Smb1 | Smb2, output: bytes, name: str = NAME, piece: int = 1000) -> None:
    """Looks for the file, as impacket does until it is there, and reads it."""
    connection.open(name, status=NOT_FOUND)
    file = connection.open(name, len(output))
    for start in range(0, len(output), piece):
        connection.read(file, output[start : start + piece], start)


def with_artifacts(records: Iterable[dict]) -> list[dict]:
    """Those of the files that the records have."""
    return [artifact for record in records for artifact in record.get("artifacts") or []]


class Shell:
    """A session of wmiexec: a command, and the file with its output."""

    def __init__(self, command: str = "whoami", output: bytes = OUTPUT, **options: object) -> None:
        self.lab = Lab(seed=71)
        self.session = scenario.wmi_session(self.lab, kind="impacket", **options)
        self.run = self.session.create_process(command)
        self.smb = smb(self.lab)
        fetch(self.smb, output)
        self.session.get_object("Win32_Process")


def test_output(cli: Tools, validator: Callable[[dict], None]) -> None:
    shell = Shell(f"cmd.exe /Q /c whoami 1> \\\\127.0.0.1\\ADMIN$\\{NAME} 2>&1", sealed=False)
    path = cli.write(shell.lab.capture())
    records = cli.records("--min-confidence", "dcom", path)
    for record in records:
        validator(record)
    (artifact,) = with_artifacts(records)
    (record,) = [record for record in records if "artifacts" in record]
    assert record["server"]["port"] == shell.session.rpc.tcp.server.port
    assert (artifact["share"], artifact["name"], artifact["size"]) == (SHARE, NAME, len(OUTPUT))
    frames = cli.frames(path, "smb2.cmd in {5,8} && tcp.port==445 && !(smb2.nt_status==0xc0000034)")
    assert set(artifact["frames"]) <= set(frames) and len(artifact["frames"]) == 4
    (output,) = artifact["outputs"]
    assert output == {"frame": frames[-1], "text": OUTPUT.decode(), "complete": True}
    call = next(call for call in record["calls"] if call["command_line"])
    assert artifact["command_frame"] == call["frame"]
    assert record["summary"].endswith(f"output file ADMIN$\\{NAME}: ws06\\user")


def test_sealed_wmi(cli: Tools) -> None:
    """The file shows that something was run where the call does not."""
    shell = Shell()
    (artifact,) = with_artifacts(cli.records(cli.write(shell.lab.capture())))
    assert artifact["command_frame"] is None and artifact["outputs"][0]["text"] == OUTPUT.decode()


def test_formats(cli: Tools) -> None:
    path = cli.write(Shell().lab.capture())
    rows = list(csv.DictReader(io.StringIO(cli.car_wmi("list", "-T", "csv", path).stdout)))
    assert [row["artifacts"] for row in rows] == [f"{SHARE}\\{NAME}"]
    markdown = cli.car_wmi("list", "-T", "markdown", path).stdout
    assert f"- Output file: `{SHARE}\\{NAME}`\n" in markdown and "ws06\\user" in markdown
    for option in ("--format=table", "--format=activities"):
        assert f"ADMIN$\\{NAME}: ws06\\user" in cli.car_wmi("list", option, path).stdout
    report = cli.car_wmi("report", path).stdout.replace("<wbr>", "")
    assert f"{SHARE}\\{NAME}" in report and "<dt>Output file</dt>" in report


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_several_captures(cli: Tools, jobs: str) -> None:
    shell = Shell()
    packets = shell.lab.packets()
    half = packets.index(shell.smb.tcp.packets[8])
    whole = cli.records(cli.write(Capture(packets)))
    paths = [cli.write(Capture(part), f"{i}.pcapng") for i, part in enumerate((packets[:half], packets[half:]))]
    (artifact,) = with_artifacts(cli.records("-j", jobs, *paths))
    (expected,) = with_artifacts(whole)
    assert [o["text"] for o in artifact["outputs"]] == [o["text"] for o in expected["outputs"]]
    more = [frame["frame"] for frame in artifact.get("more_frames", [])]
    assert more and len(artifact["frames"]) + len(more) == len(expected["frames"])


@pytest.mark.parametrize("output", [b"\xff\x1b[31m\0" * 3, b"x" * 5000], ids=["bytes", "long"])
def test_hostile_output(cli: Tools, output: bytes) -> None:
    path = cli.write(Shell(output=output).lab.capture())
    (artifact,) = with_artifacts(cli.records(path))
    (shown,) = artifact["outputs"]
    assert shown["complete"] == (len(output) <= 4096) and len(shown["text"]) <= 4096
    assert "\x1b" not in cli.car_wmi("list", path).stdout


@pytest.mark.parametrize("piece", [1000, 4])
def test_smb1(cli: Tools, piece: int) -> None:
    lab = Lab(seed=74)
    scenario.wmi_session(lab, kind="impacket").create_process("whoami")
    connection = Smb1(lab.flow(CLIENT, SERVER, 445))
    connection.connect(SHARE)
    fetch(connection, OUTPUT, "\\" + NAME, piece)
    path = cli.write(lab.capture())
    (artifact,) = with_artifacts(cli.records(path))
    assert (artifact["share"], artifact["name"], artifact["size"]) == (SHARE, NAME, len(OUTPUT))
    assert [output["text"] for output in artifact["outputs"]] == [OUTPUT.decode()]
    assert set(artifact["frames"]) <= set(cli.frames(path, "smb.cmd in {0xa2, 0x2e}"))


def test_compound(cli: Tools) -> None:
    """Several messages in one packet: of one PDU, and of several."""
    lab = Lab(seed=75)
    scenario.wmi_session(lab, kind="impacket").create_process("whoami")
    connection = smb(lab)
    connection.compound(NAME, OUTPUT)
    connection.compound("secret.txt", b"secret")
    path = cli.write(lab.capture())
    (artifact,) = with_artifacts(cli.records(path))
    assert (artifact["share"], artifact["name"], artifact["size"]) == (SHARE, NAME, len(OUTPUT))
    (output,) = artifact["outputs"]
    assert output == {"frame": artifact["frames"][-1], "text": OUTPUT.decode(), "complete": True}
    assert artifact["frames"] == cli.frames(path, "smb2.cmd == 5")[:2]


def other_files() -> dict[str, Callable[[Lab], None]]:
    """What is nobody's business, or cannot be the activity's."""

    def late(lab: Lab) -> None:
        lab.clock.now_ns += 90 * 10**9
        fetch(smb(lab), OUTPUT)

    return {
        "name": lambda lab: fetch(smb(lab), OUTPUT, "secret.txt"),
        "almost": lambda lab: fetch(smb(lab), OUTPUT, "__1596700800.5172.txt"),
        "short": lambda lab: fetch(smb(lab), OUTPUT, "__12.5"),
        "client": lambda lab: fetch(smb(lab, OTHER), OUTPUT),
        "direction": lambda lab: fetch(smb(lab, SERVER, CLIENT), OUTPUT),
        "late": late,
    }


@pytest.mark.parametrize("what", other_files())
def test_other_files(cli: Tools, what: str) -> None:
    lab = Lab(seed=72)
    scenario.wmi_session(lab).create_process("calc.exe")
    other_files()[what](lab)
    records = cli.records(cli.write(lab.capture()))
    assert with_artifacts(records) == []
    assert [r.get("artifacts") for r in records if r["server"]["port"] != 135] == [None if what == "client" else []]


def unknown(cli: Tools, *arguments: str | Path, **options: object) -> list[object]:
    """The members `artifacts` of the records that have it."""
    return [record["artifacts"] for record in cli.records(*arguments, **options) if "artifacts" in record]


def test_not_read(cli: Tools) -> None:
    """What was not looked at, or is sealed, is unknown."""
    path = cli.write(Shell().lab.capture())
    assert unknown(cli, "--no-artifacts", path) == []
    lab = Lab(seed=73)
    scenario.wmi_session(lab).create_process("calc.exe")
    Smb2(lab.flow(CLIENT, SERVER, 445)).sealed(True, bytes(100))
    assert unknown(cli, cli.write(lab.capture())) == [None]


def piped(cli: Tools, command: str, path: Path, *options: str) -> list[dict]:
    """The last records of connections in a capture that comes through a pipe."""
    result = cli.car_wmi(command, "-T", "ndjson", *options, "-", stdin=path.read_bytes())
    assert result.returncode == 0, result.stderr
    last = {(r["client"]["port"], r["server"]["port"]): r for r in map(json.loads, result.stdout.splitlines())}
    return list(last.values())


@pytest.mark.parametrize("command", ["list", "watch"])
def test_from_a_pipe(cli: Tools, validator: Callable[[dict], None], command: str) -> None:
    """SMB is read beside the rest, from where there is WMI between the hosts."""
    path = cli.write(Shell().lab.capture())
    records = piped(cli, command, path)
    for record in records:
        validator(record)
    (expected,) = with_artifacts(cli.records(path))
    assert with_artifacts(records) == [expected]
    (record,) = [record for record in records if record.get("artifacts")]
    assert record["summary"].endswith(f"output file ADMIN$\\{NAME}: ws06\\user")
    assert not any("artifacts" in record for record in piped(cli, command, path, "--no-artifacts"))
    assert with_artifacts(piped(cli, command, path, "--no-scan")) == [expected]


@pytest.mark.parametrize("command", ["list", "watch"])
def test_share_connected_before(cli: Tools, command: str) -> None:
    """As impacket does: then nobody knows which share it is. Nor is anything said of other hosts' files."""
    lab = Lab(seed=76)
    connection, other = smb(lab), smb(lab, OTHER)
    scenario.wmi_session(lab, kind="impacket").create_process("whoami")
    fetch(connection, OUTPUT)
    fetch(other, OUTPUT)
    (artifact,) = with_artifacts(piped(cli, command, cli.write(lab.capture())))
    assert artifact["share"] is None and [o["text"] for o in artifact["outputs"]] == [OUTPUT.decode()]


@pytest.mark.shared
def test_real_capture_from_a_pipe(cli: Tools, shared: Path) -> None:
    path = next(shared.glob("Intranet_penetration_history__*__wmiexec.pcapng"))
    for command in ("list", "watch"):
        (artifact,) = with_artifacts(piped(cli, command, path))
        assert [o["text"] for o in artifact["outputs"]] == ["C:\\\r\n", "win-kcbvco95hfv\\administrator\r\n"]


@pytest.mark.shared
def test_real_capture(cli: Tools, shared: Path) -> None:
    path = next(shared.glob("Intranet_penetration_history__*__wmiexec.pcapng"))
    (artifact,) = with_artifacts(cli.records(path))
    assert artifact["name"] == "__1683291962.56" and artifact["share"] == "\\\\10.1.1.5\\ADMIN$"
    assert [o["text"] for o in artifact["outputs"]] == ["C:\\\r\n", "win-kcbvco95hfv\\administrator\r\n"]
