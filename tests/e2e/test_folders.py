# SPDX-License-Identifier: GPL-2.0-or-later
"""A folder stands for what is in it: captures are read, logs are joined, and what is neither is skipped and counted."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from gen import hostlog, scenario
from gen.hostlog import HostLog
from gen.scenario import CLIENT, OTHER, SERVER, Lab
from support import Tools


def open_to_all(folder: Path) -> None:
    """The tests' programs run as another user."""
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


class Tree:
    """A folder with two captures, one of them deeper, a text, a picture, a program's output in JSON, and a log."""

    def __init__(self, cli: Tools) -> None:
        self.folder = cli.arena / "tree"
        (self.folder / "b" / "deep").mkdir(parents=True)
        self.paths = [self.folder / "a.pcapng", self.folder / "b" / "deep" / "z.pcap"]
        log = HostLog(CLIENT)
        for path, client in zip(self.paths, (CLIENT, OTHER)):
            lab = Lab(seed=91 + len(client.name) + len(path.name))
            session = scenario.wmi_session(lab, client, SERVER)
            session.exec_query("SELECT * FROM Win32_Process")
            if client is CLIENT:
                image = r"\device\harddiskvolume1\tools\dropper.exe"
                log.permitted(session.rpc.tcp, session.client_pid, image, hostlog.OUTBOUND)
            lab.capture().write(str(path))
        (self.folder / "notes.txt").write_text("no capture\n" * 50)
        (self.folder / "b" / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
        # libwiretap finds a Veriwave recording in this text.
        (self.folder / "b" / "calls.jsonl").write_text('{"frame": 83, "stub": "05000700"}\n' * 400)
        self.log = self.folder / "b" / "events.json"
        self.log.write_bytes(hostlog.lines(log.events))
        open_to_all(self.folder)


@pytest.fixture(scope="module")
def tree(cli: Tools) -> Iterator[Tree]:
    """The folder."""
    made = Tree(cli)
    yield made
    shutil.rmtree(made.folder)


def test_captures(cli: Tools, tree: Tree) -> None:
    """The records are those of the captures when they are named, complete, and nothing is said of the other files."""
    result = cli.car_wmi("list", "-T", "ndjson", tree.folder)
    assert result.returncode == 0 and result.stderr == ""
    assert cli.records(tree.folder) == cli.records(*tree.paths)
    assert {r["client"]["ip"] for r in cli.records(tree.folder)} == {CLIENT.ip, OTHER.ip}
    assert cli.records(tree.paths[0], tree.folder) == cli.records(*tree.paths)  # a file is read once


def test_text_named_itself_is_refused(cli: Tools, tree: Tree) -> None:
    for name in ("notes.txt", "b/calls.jsonl"):
        result = cli.car_wmi("list", tree.folder / name, tree.paths[0])
        assert result.returncode == 0 and name in result.stderr


def test_logs(cli: Tools, tree: Tree) -> None:
    """They are joined as if they were named; what is no log is skipped in silence."""
    result = cli.car_wmi("list", "-T", "ndjson", "--host-log", tree.folder / "b", tree.folder)
    assert result.returncode == 0 and "skipped" not in result.stderr
    assert cli.records("--host-log", tree.folder / "b", tree.folder) == cli.records("--host-log", tree.log, *tree.paths)
    assert "dropper.exe" in result.stdout


def test_no_log_beside_a_log(cli: Tools, tree: Tree) -> None:
    """One that is named itself is skipped with a warning, and the others are joined."""
    notes = tree.folder / "notes.txt"
    result = cli.car_wmi("list", "-T", "ndjson", "--host-log", notes, "--host-log", tree.log, *tree.paths)
    assert result.returncode == 0 and "dropper.exe" in result.stdout
    assert f"{notes}: is no host log" in result.stderr and "it is skipped" in result.stderr


def test_nothing_in_it(cli: Tools, tree: Tree) -> None:
    empty = cli.arena / "tree-empty"
    empty.mkdir()
    result = cli.car_wmi("list", empty)
    assert result.returncode == 2 and str(empty) in result.stderr
    (empty / "notes.txt").write_text("no capture\n" * 50)
    open_to_all(empty)
    result = cli.car_wmi("list", empty)
    assert result.returncode == 2 and "1 file in folders, and no capture" in result.stderr
    shutil.rmtree(empty)


def test_links_do_not_lead_round(cli: Tools, tree: Tree) -> None:
    loop = tree.folder / "b" / "loop"
    loop.symlink_to(tree.folder)
    try:
        assert cli.records(tree.folder) == cli.records(*tree.paths)
    finally:
        loop.unlink()


def test_report_names_what_was_read(cli: Tools, tree: Tree) -> None:
    """Hashes of captures and logs, and of nothing else."""
    report = cli.car_wmi("report", "--host-log", tree.folder, tree.folder).stdout.replace("<wbr>", "")
    assert "notes.txt" not in report and "picture.png" not in report
    assert all(str(path) in report for path in (*tree.paths, tree.log))
