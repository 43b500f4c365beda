# SPDX-License-Identifier: GPL-2.0-or-later
"""Options that ask for some activities only: each leaves those that fit, whole, in every command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gen import scenario
from gen.scenario import CLIENT, CLIENT6, OTHER, SERVER, SERVER6, Lab
from support import Tools


class Case:
    """Three activities: a Windows client that runs, impacket as a user that asks, and IPv6 in the sealed."""

    def __init__(self, cli: Tools) -> None:
        lab = Lab(seed=81)
        windows = scenario.wmi_session(lab, CLIENT, SERVER, sealed=False)
        windows.create_process("cmd.exe /c Needle.exe", pid=4711)
        impacket = scenario.wmi_session(lab, OTHER, SERVER, kind="impacket", sealed=False)
        impacket.exec_query("SELECT * FROM Win32_Haystack")
        sealed = scenario.wmi_session(lab, CLIENT6, SERVER6)
        sealed.exec_query("SELECT * FROM Win32_Service")
        self.path = cli.write(lab.capture(), "questions.pcapng")
        self.records = cli.records(self.path)
        self.activities = {name: self.of(client) for name, client in (("w", CLIENT), ("i", OTHER), ("6", CLIENT6))}
        pid = next(p["pid"] for r in self.records for p in r["processes"] if p["role"] == "client")
        (user,) = {r["auth"]["user"] for r in self.records if r["client"]["ip"] == OTHER.ip and r["auth"]["user"]}
        self.values = {"PID": str(pid), "USER": user, "CLIENT": CLIENT.ip, "NAME": CLIENT.name, "SERVER6": SERVER6.ip}

    def of(self, client: scenario.Host) -> list[dict]:
        """The records of a client."""
        return [record for record in self.records if record["client"]["ip"] == client.ip]


@pytest.fixture(scope="module")
def case(cli: Tools) -> Case:
    """The capture and its records."""
    return Case(cli)


@pytest.mark.parametrize(
    ("question", "left"),
    [
        ("--client={CLIENT}", "w"),
        ("--client=192.0.2.0/24", "wi"),
        ("--client={NAME}", "w6"),
        ("--client=ws0?", "w6"),
        ("--server={SERVER6}", "6"),
        ("--server=2001:db8::/32", "6"),
        ("--client={CLIENT} --client=2001:db8::/32", "w6"),
        ("--client={CLIENT} --server={SERVER6}", ""),
        ("--user={USER}", "i"),
        ("--user=nobody", ""),
        ("--process={PID}", "w6"),
        ("--process=4711", "w"),
        ("--stage=execute", "w"),
        ("--stage=query", "i6"),
        ("--stage=login --client={CLIENT}", "w"),
        ("--technique=T1047", "wi6"),
        ("--technique=T1546", ""),
        ("--grep=needle.EXE", "w"),
        ("--grep=haystack", "i"),
        ("--grep=Needle --grep=Haystack", "wi"),
        ("--grep=Win32_Service", ""),
        ("--since=1999-01-01", "wi6"),
        ("--until=1999-01-01", ""),
        ("--since=2199-01-01", ""),
    ],
)
def test_answers(cli: Tools, case: Case, question: str, left: str) -> None:
    """Whole activities stay, with their connection on 135, in order; the others leave nothing."""
    options = question.format(**case.values).split()
    expected = [r for r in case.records if any(r in case.activities[name] for name in left)]
    assert cli.records(*options, case.path, status=(0 if left else 1,)) == expected


def test_day_and_time(cli: Tools, case: Case) -> None:
    """A day is included in both; a time is where it begins, or ends."""
    start = min(r["start_time"] for r in case.activities["i"])
    day = start[:10]
    assert cli.records(f"--since={day}", f"--until={day}", case.path) == case.records
    ips = {r["client"]["ip"] for r in cli.records(f"--until={start}", case.path)}
    assert OTHER.ip not in ips and CLIENT.ip in ips
    assert OTHER.ip in {r["client"]["ip"] for r in cli.records(f"--since={start}", case.path)}


@pytest.mark.parametrize(
    "option",
    ["--client=1.2.3/99", "--stage=nonsense", "--since=yesterday", "--until=2026-13-01", "--grep=", "--server="],
)
def test_no_question(cli: Tools, case: Case, option: str) -> None:
    result = cli.car_wmi("list", option, case.path)
    assert result.returncode == 2 and result.stdout == "" and "--help" in result.stderr


def test_left_out_is_counted(cli: Tools, case: Case) -> None:
    result = cli.car_wmi("list", "--grep=nothing like it", case.path)
    assert result.returncode == 1 and result.stdout == ""
    assert f"connections that match, but not what was asked for: {len(case.records)}\n" in result.stderr


def test_in_every_command(cli: Tools, case: Case, tmp_path: Path) -> None:
    """Reports, extracts and a watch hold what was asked for, and nothing else."""
    report = cli.car_wmi("report", "--grep=needle", case.path).stdout
    assert "Needle.exe" in report and "Haystack" not in report
    out = cli.home / "asked.pcapng"
    assert cli.car_wmi("extract", "--grep=needle", "-o", out, case.path).returncode == 0
    assert {r["client"]["ip"] for r in cli.records(out)} == {CLIENT.ip}
    watched = cli.car_wmi("watch", "-T", "ndjson", "--grep=needle", "-", stdin=case.path.read_bytes())
    records = [json.loads(line) for line in watched.stdout.splitlines()]
    assert records and {r["client"]["ip"] for r in records} == {CLIENT.ip}
    out.unlink()
