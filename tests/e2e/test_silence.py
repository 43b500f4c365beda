# SPDX-License-Identifier: GPL-2.0-or-later
"""What is said when nothing was found, and of what contributed nothing."""

from __future__ import annotations

import html
import re
from datetime import datetime, timezone
from pathlib import Path

import pytest

from gen import guids, hostlog, scenario
from gen.capture import Capture
from gen.hostlog import HostLog
from gen.scenario import CLIENT, OTHER, SERVER, Lab
from support import Tools


class Quiet:
    """Web pages, RPC of other kinds, one of them joined in the middle, WinRM, and DCOM whose activation is sealed."""

    def __init__(self) -> None:
        lab = Lab(seed=61)
        scenario.web_page(lab, OTHER, SERVER, "example.com")
        scenario.plain_rpc(lab, CLIENT, SERVER, 49668, guids.SAMR)
        scenario.plain_rpc(lab, CLIENT, SERVER, 49669, guids.SAMR, handshake=False)
        lab.flow(CLIENT, SERVER, 5985).send(True, b"POST /wsman HTTP/1.1\r\n\r\n")
        self.capture = lab.capture()
        self.conversations = len(lab.flows)


def complaints(cli: Tools, *arguments: str | Path, **options: object) -> list[str]:
    """The lines on standard error of `car-wmi list`, without the program's name."""
    result = cli.car_wmi("list", *arguments, **options)
    assert result.returncode in (0, 1), result.stderr
    return [line.removeprefix("car-wmi: ") for line in result.stderr.splitlines()]


def expected(quiet: Quiet) -> str:
    times = [datetime.fromtimestamp(p.time_ns // 10**9, timezone.utc) for p in quiet.capture.packets]
    first, last = (f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in (min(times), max(times)))
    return (
        f"nothing matched in {len(times)} packets from {first} to {last}, with {quiet.conversations} TCP conversations, "
        "2 of them DCE/RPC (1 joined in the middle)"
    )


SCOPE = "not looked at: WMI over WinRM (conversations with ports 5985 and 5986: 1), DCOM over HTTP and over SMB pipes"


def test_nothing(cli: Tools) -> None:
    quiet = Quiet()
    path = cli.write(quiet.capture)
    assert complaints(cli, path) == [expected(quiet), SCOPE]
    assert complaints(cli, "-", stdin=path.read_bytes()) == [expected(quiet), SCOPE]
    without = expected(quiet).partition(", 2 of them")[0]
    assert complaints(cli, "--no-scan", path) == [without, SCOPE]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_several_captures(cli: Tools, jobs: str) -> None:
    """What is scanned twice is counted once."""
    quiet = Quiet()
    flows = {packet: packet.time_ns for packet in quiet.capture.packets}
    half = len(flows) // 2
    parts = [quiet.capture.packets[:half], quiet.capture.packets[half:]]
    paths = [cli.write(Capture(part), f"{i}.pcapng") for i, part in enumerate(parts)]
    (line, scope) = complaints(cli, "-j", jobs, *paths)
    assert line.startswith(expected(quiet).partition(", with")[0]) and scope == SCOPE


def test_watch_and_report(cli: Tools) -> None:
    quiet = Quiet()
    path = cli.write(quiet.capture)
    for arguments in (("watch", "-"), ("report", "-o", cli.home / "silence.html", path)):
        result = cli.car_wmi(*arguments, stdin=path.read_bytes())
        assert result.returncode == 1 and f"car-wmi: {expected(quiet)}\n" in result.stderr


def report(cli: Tools, *arguments: str | Path) -> dict[str, list[str]]:
    """Its list items, by the id of their section."""
    result = cli.car_wmi("report", *arguments)
    assert result.returncode in (0, 1), result.stderr
    sections = re.findall(r'<section id="(\w+)">(.*?)</section>', result.stdout, re.DOTALL)
    return {name: [html.unescape(re.sub("<[^>]*>", "", item)) for item in re.findall("<li>(.*?)</li>", text)]
            for name, text in sections}  # fmt: skip


def test_report_of_nothing(cli: Tools) -> None:
    quiet = Quiet()
    page = report(cli, cli.write(quiet.capture))
    scan = expected(quiet).removeprefix("nothing matched in ")
    found = (
        "Connections found: 0 of WMI, 0 of DCOM that is not known to be WMI, 0 that may be DCOM by their authentication "
        "alone."
    )
    assert page["coverage"] == [f"{scan}.", found, f"N{SCOPE[1:]}."]


@pytest.mark.parametrize("mode", [[], ["--no-scan"]], ids=["scan", "no-scan"])
def test_report_of_a_sealed_activation(cli: Tools, mode: list[str]) -> None:
    """It may have been WMI's: then not all could be read, whether the connection itself is in the report or not."""
    lab = Lab(seed=67)
    scenario.activate(lab, CLIENT, SERVER, short=True)
    path = cli.write(lab.capture())
    for least in ("wmi", "dcom"):
        page = report(cli, *mode, "--min-confidence", least, path)
        assert "Activations that are sealed, so that what they asked for is not known: 1." in page["coverage"]
        assert any(line.startswith("Activations that are sealed: 1.") for line in page["unread"])
        assert not any("all calls could be read" in line for line in page["unread"])


def test_report_names_what_was_idle(cli: Tools) -> None:
    password = secret(cli, "report-password", b"wrong\n")
    lab = Lab(seed=68)
    scenario.wmi_session(lab).create_process("calc.exe")
    rules = cli.home / "report-rules.ini"
    rules.write_text(f"[Idle]\nclient={OTHER.ip}\n")
    rules.chmod(0o644)
    log = HostLog(OTHER)
    log.permitted(scenario.web_page(Lab(seed=66), OTHER, SERVER, "example.com"), 80, "web.exe", hostlog.OUTBOUND)
    path = cli.home / "report-idle.json"
    path.write_bytes(hostlog.lines(log.events, hostlog.nxlog))
    path.chmod(0o644)
    page = report(cli, "--nt-password-file", password, "--allow", rules, "--host-log", path, cli.write(lab.capture()))
    assert page["coverage"][-2:] == [
        "--nt-password-file opened no call: its keys are not those of the sealed calls.",
        f"Rule [Idle] in {rules} matched nothing.",
    ]
    assert any(line.startswith(f"--host-log {path} matched nothing") for line in page["unread"])


def test_weaker(cli: Tools) -> None:
    lab = Lab(seed=62)
    scenario.dispatch_session(lab, OTHER, SERVER)
    lines = complaints(cli, cli.write(lab.capture()))
    assert "connections that carry DCOM that is not known to be WMI: 2 (--min-confidence dcom shows them)" in lines


def secret(cli: Tools, name: str, content: bytes) -> Path:
    path = cli.home / name
    path.write_bytes(content)
    path.chmod(0o600)
    cli.give(path)
    return path


def test_keys(cli: Tools) -> None:
    password = secret(cli, "idle-password", b"wrong\n")
    lab = Lab(seed=63)
    scenario.wmi_session(lab, kind="impacket").create_process("calc.exe")
    path = cli.write(lab.capture())
    (line,) = complaints(cli, "--nt-password-file", password, path)
    assert line.startswith(f"--nt-password-file {password} opened no call: ")


def test_rules(cli: Tools) -> None:
    lab = Lab(seed=64)
    scenario.wmi_session(lab).create_process("calc.exe")
    path = cli.write(lab.capture())
    rules = cli.home / "idle-rules.ini"
    rules.write_text(f"[Used]\nclient={CLIENT.ip}\n[Also]\nserver={SERVER.ip}\n[Idle]\nclient={OTHER.ip}\n")
    rules.chmod(0o644)
    assert complaints(cli, "--allow", rules, path) == [f"rule [Idle] in {rules} matched nothing"]


def test_host_log(cli: Tools) -> None:
    lab = Lab(seed=65)
    session = scenario.wmi_session(lab)
    path = cli.write(lab.capture())
    fits, other = HostLog(CLIENT), HostLog(OTHER)
    fits.permitted(session.rpc.tcp, 7240, "dropper.exe", hostlog.OUTBOUND)
    other.permitted(scenario.web_page(Lab(seed=66), OTHER, SERVER, "example.com"), 80, "web.exe", hostlog.OUTBOUND)
    logs = []
    for name, log in (("fits", fits), ("other", other)):
        logs.append(cli.home / f"idle-{name}.json")
        logs[-1].write_bytes(hostlog.lines(log.events, hostlog.nxlog))
        logs[-1].chmod(0o644)
    lines = complaints(cli, "--host-log", logs[0], "--host-log", logs[1], path)
    assert lines == [
        f"--host-log {logs[1]} matched nothing: none of its events has the ends or hosts of a connection at its time"
    ]
