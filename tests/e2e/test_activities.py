# SPDX-License-Identifier: GPL-2.0-or-later
"""What a person is shown: a block an activity, nothing that matters cut off or left out, at any width."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import unicodedata
from pathlib import Path

import pytest

import hostile
from gen import scenario
from gen.scenario import CLIENT, OTHER, SERVER, Host, Lab
from support import DROP, Tools

COMMANDS = ["cmd.exe /Q /c whoami", "cmd.exe /Q /c " + "net  user /domain & " * 12 + "exit", "wce.exe -w"]
RED, MAGENTA, YELLOW = "\x1b[1;31m", "\x1b[1;35m", "\x1b[33m"


class Attack:
    """Two activities: one that runs and asks much, one of another client that asks."""

    def __init__(self, cli: Tools) -> None:
        self.lab = Lab(seed=71)
        session = scenario.wmi_session(self.lab, kind="windows", sealed=False)
        for number in range(30):
            session.exec_query(f"SELECT * FROM Win32_Class{number}")
        for number, command in enumerate(COMMANDS):
            session.create_process(command, pid=4000 + number)
        for _ in range(2):
            session.create_process("notepad.exe", pid=5000)
        other = scenario.wmi_session(self.lab, OTHER, SERVER, kind="impacket", sealed=False)
        other.exec_query("SELECT * FROM Win32_Service")
        self.path = cli.write(self.lab.capture(), "activities.pcapng")
        self.shown = cli.car_wmi("list", self.path).stdout


@pytest.fixture(scope="module")
def attack(cli: Tools) -> Attack:
    """The capture and what is printed where no terminal is."""
    return Attack(cli)


def terminal(cli: Tools, width: int, *arguments: str | Path, **environment: str) -> str:
    """What `list` writes to a terminal that is so wide."""
    reader, writer = pty.openpty()
    child = subprocess.Popen(
        [*DROP, cli.program, "list", *arguments], stdout=writer, stderr=subprocess.DEVNULL, cwd=cli.home,
        env=cli.environment(COLUMNS=str(width), TERM="xterm", **environment),
    )  # fmt: skip
    os.close(writer)
    shown = b""
    while True:
        try:
            part = os.read(reader, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(reader)
    assert child.wait(60) == 0
    return shown.decode().replace("\r\n", "\n")


def plain(text: str) -> str:
    """Without colors."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def columns(line: str) -> int:
    """How many the line takes."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else not unicodedata.combining(c) for c in line)


def joined(text: str) -> str:
    """Without the breaks of lines and what stands around them."""
    return re.sub(r"\s+", "", text)


def test_block_an_activity(attack: Attack) -> None:
    first, second = attack.shown.split("\n\n")
    head, *actions = first.splitlines()
    assert f"{CLIENT.name} ({CLIENT.ip}) → {SERVER.name} ({SERVER.ip})" in head
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC  ", head) and "  remote WMI: " in head
    assert re.search(r"  process \d+ \(said by the client in frame \d+\)  ", head)
    assert all(re.match(r"    \d\d:\d\d:\d\d frame \d+ +\S", line) for line in actions)
    assert f"{OTHER.ip}" in second.splitlines()[0] and "the client did not say; probably impacket" in second


def test_all_that_was_run_is_shown_whole(cli: Tools, attack: Attack) -> None:
    """Each on one line of its own, with the process that it became, in order; the same twice is counted."""
    ran = [line.partition("ran: ")[2] for line in attack.shown.splitlines() if "ran: " in line]
    assert ran == [f"{c} (process {4000 + i})" for i, c in enumerate(COMMANDS)] + ["notepad.exe (2 times)"]
    assert attack.shown.count("queried: ") == 31
    frames = [int(frame) for frame in re.findall(r"frame (\d+) +(?:ran|queried|logged)", attack.shown.split("\n\n")[0])]
    assert frames == sorted(frames)
    calls = {call["frame"]: call for record in cli.records(attack.path) for call in record["calls"]}
    for frame, text in re.findall(r"frame (\d+) +ran: (.*?)(?: \(.*\))?\n", attack.shown):
        assert calls[int(frame)]["command_line"] == text


@pytest.mark.parametrize("width", [80, 120, 200])
def test_terminal(cli: Tools, attack: Attack, width: int) -> None:
    """Nothing is wider than the terminal, and nothing that was run is cut off or left out; queries are counted."""
    shown = plain(terminal(cli, width, attack.path))
    assert max(map(columns, shown.splitlines())) <= width
    for command in COMMANDS:
        assert joined(f"ran: {command}") in joined(shown)
    assert "and 10 more queries" in shown and shown.count("queried: ") == 21


def test_color_is_of_what_was_done(cli: Tools) -> None:
    lab = Lab(seed=72)
    session = scenario.wmi_session(lab, sealed=False)
    session.exec_query("SELECT * FROM Win32_Process")
    session.create_process("cmd.exe")
    path = cli.write(lab.capture())
    shown = terminal(cli, 200, path)
    assert f"{RED}ran: cmd.exe" in shown and "\x1b[0m" in shown
    assert not any(color in shown.partition("queried")[0][-12:] for color in (RED, MAGENTA, YELLOW))
    assert "\x1b" not in terminal(cli, 200, path, NO_COLOR="1")
    assert RED in terminal(cli, 200, "--color=always", path, NO_COLOR="1")
    assert "\x1b" not in terminal(cli, 200, "--color=never", path)
    assert RED in cli.car_wmi("list", "--color=always", path).stdout
    assert "\x1b" not in cli.car_wmi("list", path).stdout
    result = cli.car_wmi("list", "--color=purple", path)
    assert result.returncode == 2 and "purple" in result.stderr


def test_refused(cli: Tools) -> None:
    """It is shown as tried, and not in the color of what was done."""
    lab = Lab(seed=73)
    session = scenario.wmi_session(lab, sealed=False)
    session.create_process("cmd.exe /c evil", fault=5)
    shown = cli.car_wmi("list", "--color=always", cli.write(lab.capture())).stdout
    assert f"{YELLOW}tried to run: cmd.exe /c evil (failed: " in shown and RED not in shown


def test_several_captures(cli: Tools, attack: Attack) -> None:
    """Each block names the capture that its frames are of."""
    lab = Lab(seed=74)
    scenario.wmi_session(lab, Host("WS09", "192.0.2.99", "02:00:00:00:00:99"), SERVER).exec_query("SELECT * FROM A")
    other = cli.write(lab.capture(), "activities-2.pcapng")
    heads = [block.splitlines()[0] for block in cli.car_wmi("list", attack.path, other).stdout.split("\n\n")]
    assert sorted(head.rpartition("  in ")[2] for head in heads) == sorted([str(attack.path)] * 2 + [str(other)])
    assert "  in /" not in attack.shown


def test_hostile_texts(cli: Tools) -> None:
    path = cli.write(hostile.capture(), hostile.FILE_NAME)
    for arguments in ((), ("--min-confidence=rpcss",)):
        assert not hostile.disobeyed(cli.car_wmi("list", *arguments, path).stdout)
    shown = plain(terminal(cli, 80, path))
    assert not hostile.disobeyed(shown) and max(map(columns, shown.splitlines())) <= 80


def test_real_captures(cli: Tools, shared: Path) -> None:
    """Each command line and query of each record is shown whole."""
    for path in sorted(p for p in shared.rglob("*") if p.suffix in (".cap", ".pcap", ".pcapng")):
        records = cli.records(path, status=(0, 1, 2))
        shown = cli.car_wmi("list", path).stdout
        for call in (call for record in records for call in record["calls"]):
            text = call["command_line"] or (call["query"] if call["stage"] == "query" else None)
            if text and text.isprintable():
                assert text in shown, path
