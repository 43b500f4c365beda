# SPDX-License-Identifier: GPL-2.0-or-later
"""car-wmi watch: connections are told while their capture still grows. Bytes are written only once what the bytes before
them have to bring about was seen."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import signal
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import expect
from gen import guids, scenario
from gen.capture import Capture
from gen.rpc import Rpc
from gen.scenario import CLIENT, OTHER, SERVER, Lab, Session
from support import Tools
from user import DROP

PATIENCE = 60
"""Seconds after which a test gives up; none waits for it when all is well."""


class Watch:
    """A running car-wmi watch."""

    def __init__(self, tools: Tools, *arguments: str | Path, prefix: tuple[str, ...] = (), stdout: int = subprocess.PIPE) -> None:
        # Not in the group of the tests, so that a signal reaches it alone.
        self.process = subprocess.Popen(
            [*DROP, *prefix, tools.program, "watch", *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=stdout,
            stderr=subprocess.PIPE,
            cwd=tools.home,
            env=tools.environment(),
            start_new_session=True,
        )
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._errors: queue.Queue[bytes | None] = queue.Queue()
        for stream, lines in ((self.process.stdout, self._lines), (self.process.stderr, self._errors)):
            if stream:
                threading.Thread(target=self._read, args=(stream, lines), daemon=True).start()

    @staticmethod
    def _read(stream, lines: queue.Queue) -> None:
        for line in stream:
            lines.put(line)
        lines.put(None)

    def write(self, data: bytes) -> None:
        """Lets the capture grow."""
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def line(self) -> str | None:
        """The next line of standard output, however long it takes to come; None at the end."""
        line = self._lines.get(timeout=PATIENCE)
        return None if line is None else line.decode()

    def record(self) -> dict:
        """The next record."""
        line = self.line()
        assert line is not None, self.errors()
        return json.loads(line)

    def rest(self) -> list[dict]:
        """The records until the end."""
        return [json.loads(line) for line in iter(self.line, None)]

    def errors(self) -> str:
        """Standard error until its end."""
        return b"".join(iter(lambda: self._errors.get(timeout=PATIENCE), None)).decode()

    def error(self) -> str:
        """The next line of standard error."""
        return (self._errors.get(timeout=PATIENCE) or b"").decode()

    def end(self) -> int:
        """Ends standard input; the exit status."""
        self.process.stdin.close()
        return self.wait()

    def wait(self) -> int:
        """The exit status."""
        return self.process.wait(timeout=PATIENCE)


@contextlib.contextmanager
def watching(tools: Tools, *arguments: str | Path, **options: object) -> Iterator[Watch]:
    """Runs it; nothing is left behind."""
    watch = Watch(tools, *arguments, **options)
    try:
        yield watch
    finally:
        watch.process.kill()
        watch.process.wait()


def pieces(capture: Capture, name: str) -> list[bytes]:
    """The capture's bytes: what stands before the first packet, and each packet."""
    data = capture.pcapng() if name == "pcapng" else capture.pcap()
    cuts, at = [], 0 if name == "pcapng" else 24
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at) if name == "pcapng" else (6, 0)
        length = length or 16 + struct.unpack_from("<I", data, at + 8)[0]
        cuts += [at] if kind == 6 else []
        at += length
    return [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)])]


class Talk:
    """A session of WMI that is closed at its end, and its capture."""

    def __init__(self, seed: int = 3, name: str = "pcapng") -> None:
        self.lab = Lab(seed=seed)
        self.session: Session = scenario.wmi_session(self.lab)
        self.session.create_process("notepad.exe")
        for rpc in self.session.conversations:
            rpc.tcp.finish()
        self.capture = self.lab.capture()
        self.pieces = pieces(self.capture, name)

    def last(self, rpc: Rpc) -> int:
        """The last frame of a conversation."""
        return expect.flow(self.capture, rpc)[-1]


def final(records: list[dict]) -> list[dict]:
    """The last word on each connection, in order of first frame."""
    ends = {(r["client"]["ip"], r["client"]["port"], r["start_time"]): r for r in records if r["state"] != "open"}
    return sorted(ends.values(), key=lambda r: r["frames"]["first"])


def stated(record: dict) -> dict:
    """A record without what tells watch and list apart."""
    return {name: value for name, value in record.items() if name not in ("state", "capture", "activity")}


def same_as_list(cli: Tools, records: list[dict], capture: Capture) -> None:
    """The last words are the records of the whole capture."""
    whole = cli.records(cli.write(capture))
    assert [stated(r) for r in final(records)] == [stated(r) for r in whole]
    numbers = [(r["activity"], w["activity"]) for r, w in zip(final(records), whole)]
    assert len({a for a, _ in numbers}) == len({b for _, b in numbers}) == len(set(numbers))


@pytest.mark.parametrize("name", ["pcapng", "pcap"])
def test_told_when_it_is_seen(cli: Tools, validator, name: str) -> None:
    """One packet at a time: what a packet has to bring about is seen before the next one is written."""
    talk = Talk(name=name)
    expected = cli.events(cli.write(talk.capture, f"capture.{name}"))
    first: dict[int, int] = {}
    for event in expected:
        if event["event"] == "evidence" and event["confidence"] == "wmi":
            first.setdefault(event["conn"], event["frame"])
    closed = {talk.last(rpc) for rpc in talk.session.conversations}
    assert len(first) == len(closed) == 2
    records = []
    with watching(cli, "-T", "ndjson", "-") as watch:
        watch.write(talk.pieces[0])
        for number, piece in enumerate(talk.pieces[1:], 1):
            watch.write(piece)
            if number in first.values():
                records.append(watch.record())
                assert records[-1]["state"] == "open" and records[-1]["frames"]["last"] == number
            if number in closed:
                records.append(watch.record())
                assert records[-1]["state"] == "closed" and records[-1]["frames"]["last"] == number
        assert watch.end() == 0
        assert watch.rest() == []
        assert watch.errors() == ""
    for record in records:
        validator(record)
        assert record["capture"] == {"path": "-", "complete": True, "note": None}
    if name == "pcapng":  # a pcap has not all digits of the times
        same_as_list(cli, records, talk.capture)


def test_open_at_the_end(cli: Tools) -> None:
    talk = Talk()
    with watching(cli, "-T", "ndjson", "-") as watch:
        watch.write(b"".join(talk.pieces[:-12]))
        assert watch.end() == 0
        records = watch.rest()
    assert [r["state"] for r in final(records)] == ["unfinished", "unfinished"]
    same_as_list(cli, records, Capture(talk.capture.packets[: len(talk.pieces) - 13]))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name)
def test_signal_ends_it_with_all_that_was_found(cli: Tools, number: signal.Signals) -> None:
    talk = Talk()
    with watching(cli, "-T", "ndjson", "-") as watch:
        watch.write(b"".join(talk.pieces[:-12]) + talk.pieces[-12][:20])
        records = [watch.record(), watch.record()]
        assert [r["state"] for r in records] == ["open", "open"]
        os.kill(watch.process.pid, number)
        records += watch.rest()
        assert watch.wait() == 0
        assert watch.errors() == ""  # that a packet is not whole is nobody's fault
    assert [r["state"] for r in final(records)] == ["unfinished", "unfinished"]
    assert all(r["capture"]["complete"] for r in records)


def test_nothing_found(cli: Tools) -> None:
    lab = Lab(seed=5)
    scenario.web_page(lab, CLIENT, OTHER, "intranet.example.com")
    result = cli.car_wmi("watch", "-T", "ndjson", "-", stdin=lab.capture().pcapng())
    assert (result.returncode, result.stdout) == (1, "") and "nothing matched in " in result.stderr


def test_cut_capture(cli: Tools) -> None:
    talk = Talk()
    result = cli.car_wmi("watch", "-T", "ndjson", "-", stdin=b"".join(talk.pieces)[:-30])
    assert result.returncode == 0
    assert "standard input: cut short in the middle of a packet, after frame" in result.stderr
    records = [json.loads(line) for line in result.stdout.splitlines()]
    cut = [r for r in records if r["state"] == "unfinished"]
    assert len(cut) == 1 and cut[0]["capture"]["complete"] is False
    assert cut[0]["capture"]["note"].startswith("cut short in the middle of a packet")


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "is empty"),
        (b"This is no capture at all", "is neither pcap nor pcapng"),
        (b"\xd4\xc3\xb2\xa1\x07\x00" + bytes(40), "unknown version of pcap"),
        (b"\x0a\x0d\x0d\x0a" + bytes(40), "damaged"),
    ],
    ids=["empty", "text", "version", "section"],
)
def test_no_capture(cli: Tools, data: bytes, text: str) -> None:
    result = cli.car_wmi("watch", "-", stdin=data)
    assert result.returncode == 2
    assert text in result.stderr and result.stderr.startswith("car-wmi: standard input: ")
    assert len(result.stderr.splitlines()) == 1


def test_missed_packet_is_not_waited_for(cli: Tools) -> None:
    """The capture missed a packet, and nothing acknowledges it: the one behind it is told all the same."""
    lab = Lab(seed=7)
    rpc = lab.connect(CLIENT, SERVER, 49670)
    rpc.tcp.send(0, b"missed")
    begun = len(lab.packets())
    rpc.bind(rpc.offer(guids.IWbemServices))
    packets = [p for p in lab.packets()[: begun + 1] if b"missed" not in p.data]
    with watching(cli, "-T", "ndjson", "-") as watch:
        watch.write(Capture(packets).pcapng())
        assert watch.record()["state"] == "open"
        assert watch.end() == 0


def test_confidence_that_rises_is_told(cli: Tools) -> None:
    talk = Talk()
    result = cli.car_wmi("watch", "-T", "ndjson", "--min-confidence", "rpcss", "-", stdin=b"".join(talk.pieces))
    records = [json.loads(line) for line in result.stdout.splitlines()]
    told = [(r["confidence"], r["state"]) for r in records if r["server"]["port"] == 135]
    assert told[-1] == ("wmi", "closed")
    assert [c for c, state in told if state == "open"] == ["dcom", "wmi"]


def test_table(cli: Tools) -> None:
    talk = Talk()
    with watching(cli, "--connections", "-") as watch:
        watch.write(b"".join(talk.pieces[:-12]))
        assert watch.line().split()[:4] == ["time", "(UTC)", "client", "→"]
        lines = [watch.line(), watch.line()]
        assert all(" open " in line for line in lines)
        watch.write(b"".join(talk.pieces[-12:]))
        assert watch.end() == 0
        lines = list(iter(watch.line, None))
    assert len(lines) == 2 and all(" closed " in line for line in lines)


def clear_talk() -> tuple[Lab, list[int], list[bytes]]:
    """A session that runs two programs, the second of which is denied and a third never answered; where each call ends."""
    lab = Lab(seed=5)
    session = scenario.wmi_session(lab, sealed=False)
    ends = []
    for command, options in (("first.exe", {}), ("second.exe", {"fault": 5})):
        session.create_process(command, **options)
        ends.append(len(lab.packets()))
    return lab, ends, pieces(lab.capture(), "pcapng")


def test_calls_are_told_as_they_are_answered(cli: Tools) -> None:
    """Each while the connection goes on, in a line with who and the frame, and not again when it ends."""
    lab, ends, parts = clear_talk()
    with watching(cli, "-") as watch:
        watch.write(b"".join(parts[: 1 + ends[0]]))
        login, first = watch.line(), watch.line()
        assert "logged in: " in login and f"{CLIENT.name} ({CLIENT.ip}) → {SERVER.name} ({SERVER.ip})" in first
        assert "ran: first.exe  (frame " in first and "process " in first
        watch.write(b"".join(parts[1 + ends[0] :]))
        assert "tried to run: second.exe (failed" in watch.line()
        assert watch.end() == 0
        rest = list(iter(watch.line, None))
    assert not any("first.exe" in line or "second.exe" in line or "logged in" in line for line in rest)


def test_a_call_that_nobody_answers_is_told_at_the_end(cli: Tools) -> None:
    lab, ends, parts = clear_talk()
    cut = b"".join(parts[: ends[0] - 1])  # without the answer and what acknowledges it
    result = cli.car_wmi("watch", "-", stdin=cut)
    (line,) = [line for line in result.stdout.splitlines() if "first.exe" in line]
    assert line.endswith(", no answer seen)")


def test_allowed_calls_are_marked(cli: Tools) -> None:
    rules = cli.arena / "watch-calls.ini"
    rules.write_text(f"[Own]\nclient = {CLIENT.ip}\n")
    rules.chmod(0o644)
    _, _, parts = clear_talk()
    result = cli.car_wmi("watch", "--allow", rules, "-", stdin=b"".join(parts))
    assert result.returncode == 1 and result.stdout.count("  allowed  ") == len(result.stdout.splitlines())


def test_actions_of_whole_captures(cli: Tools) -> None:
    """The same lines as live, one an action."""
    _, _, parts = clear_talk()
    path = cli.write(clear_talk()[0].capture(), "actions.pcapng")
    listed = cli.car_wmi("list", "-T", "actions", path).stdout.splitlines()
    live = cli.car_wmi("watch", "-", stdin=b"".join(parts)).stdout.splitlines()
    assert sum("(frame " in line for line in listed) == 3
    assert {line for line in live if "(frame " in line} == {line for line in listed if "(frame " in line}


@pytest.mark.parametrize("name", ["csv", "ecs", "car", "markdown"])
def test_other_formats_tell_the_last_word(cli: Tools, name: str) -> None:
    talk = Talk()
    data = b"".join(talk.pieces)
    live = cli.car_wmi("watch", "-T", name, "-", stdin=data)
    whole = cli.car_wmi("list", "-T", name, "-", stdin=data)
    assert live.returncode == whole.returncode == 0
    # Live, nobody knows yet that an activation leads to a connection that alerts; nor what belongs under one title.
    said = [text.replace('"kind":"alert"', '"kind":"event"').splitlines() for text in (live.stdout, whole.stdout)]
    told, expected = [sorted(line for line in part if line and not line.startswith("## ")) for part in said]
    assert told == expected


def test_json_needs_all(cli: Tools) -> None:
    result = cli.car_wmi("watch", "-T", "json", "-", stdin=b"")
    assert result.returncode == 2
    assert "the format json needs all records" in result.stderr and "ndjson" in result.stderr


def test_output_is_appended_to(cli: Tools) -> None:
    talk = Talk()
    path = cli.home / "growing.csv"
    for times in (1, 2):
        result = cli.car_wmi("watch", "-T", "csv", "-o", path, "-", stdin=b"".join(talk.pieces))
        assert (result.returncode, result.stdout) == (0, "")
        assert len(path.read_text().splitlines()) == 1 + 2 * times
    with watching(cli, "-T", "ndjson", "-o", cli.home / "nowhere" / "x", "-") as watch:
        assert watch.wait() == 2
        assert "nowhere" in watch.errors()


def test_reader_that_goes_away_ends_it(cli: Tools) -> None:
    """Though nothing is found any more."""
    reader, writer = os.pipe()
    with watching(cli, "-T", "ndjson", "-", stdout=writer) as watch:
        os.close(writer)
        watch.write(Talk().pieces[0])
        os.close(reader)
        assert watch.wait() == -signal.SIGPIPE


def test_allowed(cli: Tools) -> None:
    talk = Talk()
    rules = cli.home / "watch.allow"
    rules.write_text(f"[Inventory]\nclient = {CLIENT.ip}\n")
    result = cli.car_wmi("watch", "-T", "ndjson", "--allow", rules, "-", stdin=b"".join(talk.pieces))
    assert result.returncode == 1
    assert {json.loads(line)["allowed"]["rule"] for line in result.stdout.splitlines()} == {"Inventory"}


def test_tshark_is_replaced_and_nothing_is_lost(cli: Tools) -> None:
    """Sessions one after the other and side by side, over many changes of tshark."""
    lab = Lab(seed=11)
    sessions = []
    for _ in range(24):
        sessions.append(scenario.wmi_session(lab))
        sessions[-1].create_process("cmd.exe")
        for session in sessions[-3:-2]:
            session.create_process("late.exe")
            for rpc in session.conversations:
                rpc.tcp.finish()
    capture = lab.capture()
    result = cli.car_wmi("watch", "-T", "ndjson", "--tshark-packets", "300", "-", stdin=capture.pcapng())
    assert result.returncode == 0 and result.stderr == ""
    records = [json.loads(line) for line in result.stdout.splitlines()]
    same_as_list(cli, records, capture)


def test_tshark_that_breaks_down_is_replaced(cli: Tools) -> None:
    before, after = Talk(seed=3), Talk(seed=3)
    with watching(cli, "-T", "ndjson", "-") as watch:
        watch.write(b"".join(before.pieces[:-12]))
        assert [watch.record()["state"] for _ in range(2)] == ["open", "open"]
        children = Path(f"/proc/{watch.process.pid}/task")
        pids = {int(pid) for task in children.iterdir() for pid in (task / "children").read_text().split()}
        assert len(pids) == 1
        os.kill(pids.pop(), signal.SIGKILL)
        assert "tshark broke down part-way" in watch.error()
        records = [watch.record(), watch.record()]
        assert {r["state"] for r in records} == {"unfinished"}
        assert all("broke down" in r["capture"]["note"] for r in records)
        watch.write(b"".join(after.pieces[1:]))
        assert watch.end() == 0
        assert [r["state"] for r in final(watch.rest())] == ["closed", "closed"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "name an interface"),
        (["-", "-i", "lo"], "not both"),
        (["x.pcap"], "car-wmi list reads files"),
        (["-", "--capture-filter", "tcp"], "--capture-filter is for interfaces"),
        (["-i", "-"], "car-wmi watch -"),
        (["-", "--tshark-packets", "1"], "out of bounds"),
        (["-", "--tshark", "/nonexistent"], "does not exist"),
        (["-i", "lo", "--host-log", "x"], "--host-log"),
    ],
)
def test_usage(cli: Tools, arguments: list[str], text: str) -> None:
    result = cli.car_wmi("watch", *arguments)
    assert result.returncode == 2 and result.stdout == ""
    assert text in result.stderr


# ---- interfaces


@pytest.fixture(scope="module")
def dumpcap() -> str:
    """The program."""
    path = shutil.which("dumpcap")
    if not path:
        pytest.skip("dumpcap is not installed")
    return path


@pytest.fixture(scope="module")
def namespace(cli: Tools, dumpcap: str) -> tuple[str, ...]:
    """Words before a command that give it a network of its own, in which it may capture and need not be root, with the two
    ends va and vb of a cable."""
    for program in ("unshare", "ip"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed (util-linux, iproute2)")
    cable = "ip link add va type veth peer name vb && ip link set va up && ip link set vb up && ip link set lo up && "
    words = ("unshare", "--user", "--map-current-user", "--net", "--keep-caps", "sh", "-c", cable + 'exec "$@"', "sh")
    tried = cli.run(*words, "dumpcap", "-q", "-i", "vb", "-a", "duration:0", "-w", "/dev/null")
    if tried.returncode != 0:
        pytest.skip(f"there is no network namespace to be had, or nothing can be captured in it: {tried.stderr.strip()}")
    return words


def test_interface(cli: Tools, namespace: tuple[str, ...], validator) -> None:
    """A capture replayed on one end of a cable, watched at the other."""
    if not shutil.which("tcpreplay"):
        pytest.skip("tcpreplay is not installed")
    talk = Talk()
    path = cli.write(talk.capture)
    replay = f'mkfifo go; (read x < go; tcpreplay -q -t -i va {path} >&2) & exec "$@"'
    folder = cli.home / "replay"
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    words = (*namespace, "sh", "-c", f"cd {folder} && {replay}", "sh")
    with watching(cli, "-i", "vb", "--capture-filter", "ip", "-T", "ndjson", prefix=words) as watch:
        wait_for_capture(watch)
        (folder / "go").write_text("\n")
        records = [watch.record() for _ in range(4)]
        assert sorted(r["state"] for r in records) == ["closed", "closed", "open", "open"]
        os.kill(watch.process.pid, signal.SIGTERM)
        assert watch.rest() == []
        assert watch.wait() == 0
        assert f"vb: {len(talk.capture.packets)} packets received, 0 lost" in watch.errors()
    for record in records:
        validator(record)
        assert record["capture"]["path"] == "vb"
    whole = cli.records(path)
    assert [r["calls"] and len(r["calls"]) for r in final(records)] == [len(r["calls"]) for r in whole]
    assert [r["frames"]["count"] for r in final(records)] == [r["frames"]["count"] for r in whole]


def wait_for_capture(watch: Watch) -> None:
    """Until dumpcap captures: its packet socket then takes all protocols. It has none at first, which gets no packet; and
    before there is a cable, the network is still that of the machine, whose sockets do not matter."""
    end = time.monotonic() + PATIENCE
    network = Path(f"/proc/{watch.process.pid}/net")
    while time.monotonic() < end:
        _, *sockets = (network / "packet").read_text().splitlines()
        if "vb:" in (network / "dev").read_text() and any(line.split()[3] == "0003" for line in sockets):
            return
        time.sleep(0.05)
    raise TimeoutError(watch.errors())


def test_nothing_on_the_interfaces(cli: Tools, namespace: tuple[str, ...]) -> None:
    with watching(cli, "-i", "va", "-i", "vb", "--capture-filter", "tcp", "-T", "ndjson", prefix=namespace) as watch:
        wait_for_capture(watch)
        os.kill(watch.process.pid, signal.SIGINT)
        assert watch.wait() == 1
        assert watch.rest() == []
        errors = watch.errors()
    assert "va: 0 packets received, 0 lost" in errors and "vb: 0 packets received, 0 lost" in errors


def test_no_such_interface(cli: Tools, namespace: tuple[str, ...]) -> None:
    result = cli.run(*namespace, cli.program, "watch", "-i", "nonesuch")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert "there is no interface nonesuch" in line and "va" in line and "vb" in line


def test_wrong_capture_filter(cli: Tools, namespace: tuple[str, ...]) -> None:
    result = cli.run(*namespace, cli.program, "watch", "-i", "vb", "--capture-filter", "no filter")
    assert result.returncode == 2
    assert "filter" in result.stderr.lower() and len(result.stderr.splitlines()) == 1


def test_who_may_not_capture_is_told_how_to(cli: Tools, dumpcap: str) -> None:
    if cli.run("dumpcap", "-q", "-i", "lo", "-a", "duration:0", "-w", "/dev/null").returncode == 0:
        pytest.skip("whoever runs the tests may capture")
    result = cli.car_wmi("watch", "-i", "lo")
    assert result.returncode == 2
    (line,) = result.stderr.splitlines()
    assert "permission" in line.lower()
    assert "root" in line and "dpkg-reconfigure wireshark-common" in line and "usermod -aG wireshark" in line
    assert f"setcap cap_net_raw,cap_net_admin=ep {dumpcap}" in line


def test_no_dumpcap(cli: Tools) -> None:
    folder = cli.home / "alone"
    folder.mkdir(mode=0o755)
    (folder / "tshark").symlink_to(shutil.which("tshark"))
    result = cli.car_wmi("watch", "-i", "lo", PATH=str(folder))
    assert result.returncode == 2
    assert "dumpcap is neither beside tshark nor in PATH" in result.stderr
