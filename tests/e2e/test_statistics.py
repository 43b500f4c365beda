# SPDX-License-Identifier: GPL-2.0-or-later
"""`-z car,tree` and `-z car,activities`: what they count, from which confidence on, and with display filters."""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

import names
from gen import scenario, wmio
from gen.rpc import Call
from gen.scenario import CLIENT, OTHER, SERVER, Lab, Session
from support import READ, Tools
from test_shared_captures import LAB, OPENED_BEFORE, TRUTH

ROOT = "Remote WMI calls"
Tree = dict[tuple[str, ...], int]
"""Path of names, from the root's children on → count."""
Row = dict[str, str]
"""Title → value."""

PASSES = pytest.mark.parametrize("passes", [(), ("-2",)], ids=["first-pass", "two-passes"])

def taps(plugin: Tools, path: Path, *options: str, wanted: Sequence[str], display_filter: str = "") -> str:
    """What tshark prints of these statistics."""
    filtered = f",{display_filter}" if display_filter else ""
    arguments = itertools.chain.from_iterable(("-z", f"car,{name}{filtered}") for name in wanted)
    result = plugin.tshark(*options, "-q", *arguments, "-r", path)
    assert result.returncode in READ, result.stderr
    return result.stdout


def tree(*arguments: object, **options: str) -> Tree:
    """What `-z car,tree` prints; the root's own count stands under ()."""
    return read_tree(taps(*arguments, wanted=["tree"], **options))


def activities(*arguments: object, **options: str) -> list[Row]:
    """The rows that `-z car,activities` prints."""
    return read_activities(taps(*arguments, wanted=["activities"], **options))


def both(*arguments: object, **options: str) -> tuple[Tree, list[Row]]:
    """The two, of one run."""
    printed = taps(*arguments, wanted=["tree", "activities"], **options)
    return read_tree(printed), read_activities(printed)


def read_tree(printed: str) -> Tree:
    """What stands between its lines."""
    (lines,) = re.findall(r"\nTopic / Item +Count .*\n-+\n((?:.*\n)*?)\n?-+\n", printed)
    found: Tree = {}
    above: list[str] = []
    for line in filter(str.strip, lines.splitlines()):
        depth = len(line) - len(line.lstrip(" "))
        name, count = re.match(r"(.+?)  +(\d+)\s", line.strip() + " ").groups()
        above[depth:] = [name]
        assert above[0] == ROOT
        found[tuple(above[1:])] = int(count)
    return found


def read_activities(printed: str) -> list[Row]:
    """Its rows, by title."""
    lines = printed.splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("Activity |"))
    titles = [title.strip() for title in lines[start].split("|")[:-1]]
    end = next(n for n, line in enumerate(lines) if n > start and line.startswith("===="))
    rows = [line.split(" |")[:-1] for line in lines[start + 2 : end]]
    assert all(len(row) == len(titles) for row in rows)
    return [dict(zip(titles, row)) for row in rows]


def group(found: Tree, hosts: str, title: str) -> dict[str, int]:
    """The children of a group."""
    return {path[2]: count for path, count in found.items() if path[:2] == (hosts, title) and len(path) == 3}


def methods(calls: Sequence[Call]) -> Counter[str]:
    """Interface::Method of calls."""
    found = Counter()
    for call in calls:
        interface = names.interface(call.context.uuid)
        found[f"{interface}::{names.METHODS[interface, call.opnum][0]}"] += 1
    return found


# -- generated ---------------------------------------------------------------------------------------------------------


class Two:
    """Two clients of one server, and DCOM of another kind."""

    def __init__(self, plugin: Tools) -> None:
        lab = Lab(seed=51)
        self.windows: Session = scenario.wmi_session(lab, sealed=False)
        self.windows.exec_query("SELECT * FROM Win32_Service")
        self.windows.create_process("calc.exe")
        self.windows.create_process("calc.exe")
        self.impacket: Session = scenario.wmi_session(lab, OTHER, SERVER, kind="impacket", sealed=False)
        self.impacket.create_process("cmd.exe")
        self.impacket.create_process("regedit.exe", status=0x80041003)
        self.impacket.put_instance(wmio.event_filter("Updater", "SELECT * FROM __TimerEvent"), status=0x80041003)
        self.denied = scenario.activate(lab, OTHER, SERVER, status=0x80070005)
        scenario.dispatch_session(lab, OTHER, SERVER)
        self.capture = lab.capture()
        self.path = plugin.write(self.capture)


@pytest.fixture(scope="module")
def two(plugin: Tools) -> Two:
    """The capture."""
    return Two(plugin)


def _calls(session: Session) -> list[Call]:
    return [call for rpc in session.conversations for call in rpc.calls]


@PASSES
def test_tree(plugin: Tools, two: Two, passes: tuple[str, ...]) -> None:
    found = tree(plugin, two.path, *passes)
    windows, other = f"{CLIENT.ip} -> {SERVER.ip}", f"{OTHER.ip} -> {SERVER.ip}"
    first, second = _calls(two.windows), [*_calls(two.impacket), two.denied.call]
    assert {path[0] for path in found if path} == {windows, other}
    assert (found[()], found[windows,], found[other,]) == (len(first) + len(second), len(first), len(second))
    assert group(found, windows, "Methods") == methods(first)
    assert group(found, other, "Methods") == methods(second)
    assert group(found, windows, "Techniques") == {"T1007": 1, "T1047": 2}
    assert group(found, other, "Techniques") == {"T1047": 2, "T1546.003": 1}
    failed = {path[2]: count for path, count in found.items() if path[:2] == (other, "Techniques") and path[3:] == ("failed",)}
    assert failed == {"T1047": 1, "T1546.003": 1}
    assert group(found, windows, "Outcomes") == {"succeeded": len(first)}
    assert group(found, other, "Outcomes") == {"succeeded": len(second) - 3, "failed": 3}
    said = two.windows.rpc.calls.index(two.windows.marks["client_info"])
    process = {f"{CLIENT.name}:7240": len(two.windows.rpc.calls) - said}
    assert group(found, windows, "Processes") == process
    assert group(found, other, "Processes") == {}
    assert group(found, windows, "Namespaces") == {two.windows.namespace: 4}
    assert group(found, other, "Namespaces") == {"//./root/cimv2": 4}
    (user,) = group(found, other, "Users")
    assert re.fullmatch(r"EXAMPLE\\\w+", user)


@PASSES
def test_activities(plugin: Tools, two: Two, passes: tuple[str, ...]) -> None:
    first, second, third = activities(plugin, two.path, *passes)
    assert first.pop("Summary") == f"{CLIENT.name} pid 7240 (said by the client) runs calc.exe in {two.windows.namespace}"
    assert first == {
        "Activity": "1",
        "Client": CLIENT.ip,
        "Server": SERVER.ip,
        "Connections": "2",
        "Attempts": "0",
        "Calls": str(len(_calls(two.windows))),
        "Denied": "0",
        "Process": f"{CLIENT.name}:7240",
        "User": "",
        "Namespace": two.windows.namespace,
        "Technique": "T1007, T1047",
        "Led by": f"activation in {two.capture.number(two.windows.activated.call.requests[-1])} to 49670",
        "First frame": "1",
    }
    assert (second["Client"], second["Connections"], second["Denied"]) == (OTHER.ip, "2", "2")
    assert second["Technique"] == "T1047, T1546.003 (failed)"
    assert second["User"].startswith("EXAMPLE\\") and second["Summary"].endswith("runs cmd.exe in //./root/cimv2")
    assert (third["Connections"], third["Calls"], third["Denied"]) == ("1", "1", "1")
    assert int(third["First frame"]) == two.capture.number(two.denied.rpc.tcp.packets[0])
    numbers = plugin.fields(two.path, "car.wmi_rpc.activity")
    for row in (first, second, third):
        assert numbers[int(row["First frame"])] == {"car.wmi_rpc.activity": [row["Activity"]]}


@PASSES
def test_display_filters(plugin: Tools, two: Two, passes: tuple[str, ...]) -> None:
    only = f"ip.addr == {OTHER.ip}"
    found, rows = both(plugin, two.path, *passes, display_filter=only)
    assert found[()] == len(_calls(two.impacket)) + 1
    assert {path[0] for path in found if path} == {f"{OTHER.ip} -> {SERVER.ip}"}
    assert [row["Client"] for row in rows] == [OTHER.ip] * 2
    execute = 'car.wmi_rpc.stage == "execute"'
    found, rows = both(plugin, two.path, *passes, display_filter=execute)
    assert found[()] == 4
    assert [(row["Connections"], row["Calls"]) for row in rows] == [("1", "2"), ("1", "2")]
    none = "tcp.port == 9"
    assert both(plugin, two.path, *passes, display_filter=none) == ({(): 0}, [])


def test_wrong_filter(plugin: Tools, two: Two) -> None:
    for statistic in ("car,tree", "car,activities"):
        result = plugin.tshark("-q", "-z", f"{statistic},no.such.field", "-r", two.path)
        assert "no.such.field" in result.stderr and "calc.exe" not in result.stdout


def test_preference(plugin: Tools, two: Two) -> None:
    """DCOM that is not WMI counts when the preference says so."""
    wide = ("-o", "car.wmi_rpc.min_confidence:dcom")
    found, rows = both(plugin, two.path, *wide)
    assert len(rows) == 4
    assert group(found, f"{OTHER.ip} -> {SERVER.ip}", "Methods")["IDispatch::GetIDsOfNames"] == 3


def test_known_only_later(plugin: Tools) -> None:
    """Calls count although their conversation showed itself to be WMI only after them, on a first pass too; rows of
    activities that become one are one row."""
    lab = Lab(seed=52)
    session = scenario.wmi_session(lab, with_activation=False)
    scenario.wmi_session(lab, connection={"client_port": 51000})
    path = plugin.write(lab.capture())
    counted = methods([*session.rpc.calls])["IRemUnknown2::RemQueryInterface"]
    assert counted == 2
    for options in ((), ("-o", "car.wmi_rpc.min_confidence:dcom")):
        once, twice = (both(plugin, path, *passes, *options) for passes in ((), ("-2",)))
        assert once == twice
        found, rows = once
        assert group(found, f"{CLIENT.ip} -> {SERVER.ip}", "Methods")["IRemUnknown2::RemQueryInterface"] == 2 * counted
        assert [row["Connections"] for row in rows] == ["1", "2"]


def test_joined_only_later(plugin: Tools) -> None:
    """Activities that become one while they have a row each."""
    lab = Lab(seed=53)
    first = scenario.wmi_session(lab, with_activation=False)
    activated = scenario.activate(lab, CLIENT, SERVER, causality=first.causality, port=49999)
    scenario.wmi_session(lab, OTHER, SERVER)
    path = plugin.write(lab.capture())
    wide = ("-o", "car.wmi_rpc.min_confidence:dcom")
    found, rows = both(plugin, path, *wide)
    assert rows == activities(plugin, path, "-2", *wide)
    numbers = plugin.fields(path, "car.wmi_rpc.activity")
    assert len(rows) == len({values["car.wmi_rpc.activity"][0] for values in numbers.values()})
    assert sum(int(row["Calls"]) for row in rows) == found[()]
    assert activated.call is not None


def test_many_namespaces(plugin: Tools) -> None:
    """A row names a few, and that there are more; the tree has them all."""
    lab = Lab(seed=54)
    session = scenario.wmi_session(lab, sealed=False)
    wanted = [session.namespace]
    for number in range(6):
        session.namespace = f"\\\\WS06\\root\\n{number}"
        wanted.append(session.namespace)
        scenario.login(session, session.activated.ipids[0])
    path = plugin.write(lab.capture())
    found, (row,) = both(plugin, path)
    assert row["Namespace"] == ", ".join([*wanted[:4], "…"])
    assert set(group(found, f"{CLIENT.ip} -> {SERVER.ip}", "Namespaces")) == set(wanted)


# -- real --------------------------------------------------------------------------------------------------------------

WMI = {}
for _row in TRUTH:
    if _row["confidence"] == "wmi" and _row["capture"] not in OPENED_BEFORE:
        WMI.setdefault(_row["capture"], []).append(_row)


def _truth_methods(rows: Sequence[dict[str, str]], first_fragments: set[int]) -> Counter[str]:
    """The truth lists each fragment."""
    found = Counter()
    for row in rows:
        for call in filter(None, row["calls(frame:interface.opnum)"].split(";")):
            frame, _, name = call.partition(":")
            interface, _, opnum = name.rpartition(".")
            if int(frame) not in first_fragments:
                continue
            found[f"{interface}::{names.METHODS[interface, int(opnum)][0]}"] += 1
    return found


@functools.cache
def _first_fragments(plugin: Tools, path: Path) -> set[int]:
    return set(plugin.frames(path, "dcerpc.pkt_type == 0 && dcerpc.cn_flags.first_frag == 1"))


def _ip(end: str) -> str:
    return end.rpartition(":")[0].strip("[]")


@pytest.mark.shared
@PASSES
@pytest.mark.parametrize("name", sorted(WMI))
def test_real(plugin: Tools, shared: Path, name: str, passes: tuple[str, ...]) -> None:
    rows = WMI[name]
    found, listed = both(plugin, shared / name, *passes)
    hosts = {f"{_ip(row['client'])} -> {_ip(row['server'])}" for row in rows}
    first = _first_fragments(plugin, shared / name)
    assert {path[0] for path in found if path} == hosts
    for pair in hosts:
        between = [row for row in rows if f"{_ip(row['client'])} -> {_ip(row['server'])}" == pair]
        assert group(found, pair, "Methods") == _truth_methods(between, first)
        processes = {f"{row['client_host']}:{row['client_pid']}" for row in between if row["client_pid"]}
        assert set(group(found, pair, "Processes")) == processes
        namespaces = {n for row in between for n in row["namespaces"].split(",") if n}
        assert set(group(found, pair, "Namespaces")) == namespaces
    assert sum(int(row["Connections"]) for row in listed) == len(rows)
    assert sum(int(row["Calls"]) for row in listed) == sum(_truth_methods(rows, first).values())
    assert {row["Process"] for row in listed if row["Process"]} == {
        f"{row['client_host']}:{row['client_pid']}" for row in rows if row["client_pid"]
    }


@pytest.mark.shared
@pytest.mark.parametrize("entry", [e for e in LAB if e["is_wmi"]], ids=[e["name"] for e in LAB if e["is_wmi"]])
def test_lab(plugin: Tools, shared: Path, entry: dict) -> None:
    """One row for what belongs together, as the records have it."""
    path = shared / "lab" / entry["file"]
    records = plugin.records(path, status=(0, 1))
    expected = Counter(r["activity"] for r in records)
    listed = activities(plugin, path)
    assert {int(row["Activity"]): int(row["Connections"]) for row in listed} == expected
    for row in listed:
        calls = [c for r in records if r["activity"] == int(row["Activity"]) for c in r["calls"]]
        assert int(row["Calls"]) == len(calls)
        auths = [r["auth"] for r in records if r["activity"] == int(row["Activity"]) and r["auth"]]
        users = {f"{auth['domain']}\\{auth['user']}" for auth in auths if auth["user"]}
        assert set(filter(None, row["User"].split(", "))) == users
