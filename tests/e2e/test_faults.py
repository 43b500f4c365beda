# SPDX-License-Identifier: GPL-2.0-or-later
"""What breaks around the program: tshark, disks, readers, files that change, homes that are not there. Each is said, with the right
status; nothing half-written and no process is left, and what was found so far is told."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gen import scenario
from gen.capture import Capture
from gen.ip import Packet
from support import Tools
from user import DROP, NOBODY

NUMBERS = itertools.count(700_001)
"""Seconds to sleep, by which a process is known."""
FORMATS = ("activities", "table", "json", "ndjson", "csv", "ecs", "car", "markdown")


@pytest.fixture(scope="module")
def sample(cli: Tools) -> Path:
    """Two connections."""
    return cli.write(scenario.sample(), "faults.pcapng")


@pytest.fixture
def place(cli: Tools) -> Path:
    """An empty folder."""
    path = cli.arena / f"place-{next(NUMBERS)}"
    path.mkdir()
    cli.give(path)
    return path


def running(mark: str) -> bool:
    """Whether a process has this among its words."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if mark.encode() in path.read_bytes().split(b"\0"):
                return True
        except OSError:
            continue
    return False


def gone(mark: str) -> bool:
    """Whether it is soon gone."""
    deadline = time.monotonic() + 5
    while running(mark):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def wrapper(cli: Tools, place: Path, commands: str) -> Path:
    """In place of tshark."""
    path = place / "tshark-that-breaks"
    path.write_text(f"#!/bin/sh\nPATH={os.environ['PATH']}\n{commands}\n")
    path.chmod(0o755)
    return path


# -- tshark ------------------------------------------------------------------------------------------------------------

BROKEN = {
    "killed at once": ("kill -9 $$", "signal 9"),
    "killed before a match": ('tshark "$@" | head -n 1; kill -9 $$', "signal 9"),
    "gives up": ("echo 'tshark: I am broken' >&2; exit 7", "I am broken"),
    "garbage": ("head -c 3000000 /dev/urandom", "has not loaded the plugin"),
    "one long line": ("head -c 9000000 /dev/zero", "has not loaded the plugin"),
    "ends too early": ('tshark "$@" | head -n 1', "ended before"),
    "hangs": ("exec sleep {number}", "did nothing for 2 s"),
    "child hangs": ("sleep {number}; exit 0", "did nothing for 2 s"),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("scan", ["scan", "no scan"])
def test_broken_tshark(cli: Tools, sample: Path, place: Path, kind: str, scan: str) -> None:
    """That nothing was found then means nothing: never status 1."""
    commands, said = BROKEN[kind]
    number = str(next(NUMBERS))
    script = wrapper(cli, place, commands.format(number=number))
    options = ["--no-scan"] if scan == "no scan" else []
    begin = time.monotonic()
    result = cli.car_wmi("list", *options, "--tshark", script, sample, CAR_WMI_PATIENCE="2")
    assert result.returncode == 2 and said in result.stderr and result.stdout == "", result.stderr
    assert time.monotonic() - begin < 30 and gone(number)


def test_tshark_that_hangs_at_its_end(cli: Tools, sample: Path, place: Path) -> None:
    """What was found is told."""
    number = str(next(NUMBERS))
    script = wrapper(cli, place, f'tshark "$@"; sleep {number}')
    result = cli.car_wmi("list", "-T", "ndjson", "--tshark", script, sample, CAR_WMI_PATIENCE="2")
    records = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.returncode == 0 and "did nothing for 2 s" in result.stderr and len(records) == 2
    assert all("did nothing" in record["capture"]["note"] for record in records) and gone(number)


def test_patience_is_not_with_slow_input(cli: Tools, sample: Path, place: Path) -> None:
    """tshark does not hang while it is given nothing."""
    pipe = place / "pipe"
    os.mkfifo(pipe)
    cli.give(pipe)
    data = sample.read_bytes()
    argv = [*DROP, str(cli.program), "list", "-T", "ndjson", str(pipe)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=cli.environment(CAR_WMI_PATIENCE="1")) as program:
        with pipe.open("wb") as slow:
            slow.write(data[: len(data) // 2])
            slow.flush()
            time.sleep(4)
            slow.write(data[len(data) // 2 :])
        out, err = program.communicate(timeout=60)
    assert program.returncode == 0 and len(out.splitlines()) == 2 and err == b""


def test_garbage_between(cli: Tools, sample: Path, place: Path) -> None:
    """Lines that are no events are passed over."""
    script = wrapper(cli, place, "tshark \"$@\" | sed 's/^/\\x01\\xff garbage {\\n/'")
    assert cli.records("--tshark", script, sample) == cli.records(sample)


def test_grandchild_that_holds_the_pipe(cli: Tools, sample: Path, place: Path) -> None:
    """It does not hold the end, and is ended."""
    number = str(next(NUMBERS))
    script = wrapper(cli, place, f'sleep {number} &\nexec tshark "$@"')
    begin = time.monotonic()
    assert cli.records("--tshark", script, sample) == cli.records(sample)
    assert time.monotonic() - begin < 60 and gone(number)


def test_damage_in_the_first_frame(cli: Tools, sample: Path, place: Path) -> None:
    """Not status 1, either."""
    path = place / "cut.pcap"
    path.write_bytes(scenario.sample().pcap()[:24 + 16 + 5])
    result = cli.car_wmi("list", path)
    assert result.returncode == 2 and "cut short" in result.stderr


# -- where output goes -------------------------------------------------------------------------------------------------


def outputs(name: str) -> list[list[str]]:
    """Command lines that write to the file."""
    return [
        *(["list", "-T", form, "-o", name] for form in FORMATS),
        ["list", "--navigator", name],
        ["report", "-o", name],
        ["extract", "-o", name],
    ]


@pytest.mark.parametrize("words", outputs("/dev/full"), ids=" ".join)
def test_full(cli: Tools, sample: Path, words: list[str]) -> None:
    result = cli.car_wmi(*words, sample)
    assert result.returncode == 2 and "No space left on device" in result.stderr


@pytest.mark.parametrize("words", outputs("result"), ids=" ".join)
def test_full_disk(cli: Tools, sample: Path, place: Path, words: list[str]) -> None:
    """Nothing half-written stays."""
    if os.getuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode != 0:
        pytest.skip("needs root, and mounts")
    program = " ".join([*DROP, str(cli.program), *words, str(sample)])
    script = (f"mount -t tmpfs -o size=4k,uid={NOBODY},mode=755 none {place} && cd {place} && (head -c 8k /dev/zero > fill; "
              f"{program}; echo status $?; ls {place})")  # fmt: skip
    result = subprocess.run(["unshare", "-m", "sh", "-c", script], env=cli.environment(), capture_output=True, text=True, check=False)
    assert "No space left" in result.stderr and result.stdout.endswith("status 2\nfill\n"), result.stdout + result.stderr


@pytest.mark.parametrize("words", outputs("-"), ids=" ".join)
def test_reader_that_went_away(cli: Tools, sample: Path, words: list[str]) -> None:
    read, write = os.pipe()
    os.close(read)
    try:
        result = subprocess.run([*DROP, str(cli.program), *words, str(sample)], stdout=write, stderr=subprocess.PIPE,
                                env=cli.environment(), timeout=60, check=False)  # fmt: skip
    finally:
        os.close(write)
    assert result.returncode in (0, -signal.SIGPIPE) and result.stderr == b""


def test_two_at_once(cli: Tools, sample: Path, place: Path) -> None:
    """Each writes the whole; one of them stays."""
    out = place / "result.json"
    argv = [*DROP, str(cli.program), "list", "-T", "json", "-o", str(out), str(sample)]
    programs = [subprocess.Popen(argv, env=cli.environment()) for _ in range(4)]
    assert [program.wait(timeout=60) for program in programs] == [0] * 4
    assert len(json.loads(out.read_text())) == 2 and [path.name for path in place.iterdir()] == ["result.json"]


# -- what is read ------------------------------------------------------------------------------------------------------

MORE = b"\x01" * 100


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(path.read_bytes())
    other.rename(path)


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "removed": (Path.unlink, "was removed"),
    "replaced": (replace, "was replaced"),
    "grown": (lambda path: path.open("ab").write(MORE), "grew"),
    "cut": (lambda path: os.truncate(path, path.stat().st_size - 10), "was cut"),
    "touched": (lambda path: os.utime(path, (1, 1)), "was changed"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("command", ["list", "report", "extract"])
def test_capture_that_changes(cli: Tools, sample: Path, place: Path, change: str, command: str) -> None:
    """While it is read. Nothing is certified of it."""
    path, out = place / "capture.pcapng", place / "out"
    path.write_bytes(sample.read_bytes())
    begun = place / "begun"
    os.mkfifo(begun)
    for each in (path, begun):
        cli.give(each)
    script = wrapper(cli, place, f'cat {begun} >/dev/null\nexec tshark "$@"')  # tshark begins when it was changed
    act, said = CHANGES[change]
    argv = [*DROP, str(cli.program), command, "--tshark", str(script), "-o", str(out), str(path)]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True, env=cli.environment()) as program:
        with begun.open("wb"):  # it was opened: tshark runs, and the scan of so small a file is over soon
            time.sleep(0.5)
            act(path)
        _, err = program.communicate(timeout=60)
    assert f"{said} while it was read" in err, err
    if command == "extract":
        assert program.returncode == 2 and not out.exists()
    else:
        assert program.returncode == 0 and (command == "list" or said in out.read_text())


def test_capture_that_does_not_change(cli: Tools, sample: Path) -> None:
    for command in ("list", "report", "extract"):
        assert cli.car_wmi(command, "-o", "-", sample, text=False).stderr == b""


def test_pipes_and_devices(cli: Tools, sample: Path, place: Path) -> None:
    pipe = place / "pipe"
    os.mkfifo(pipe)
    cli.give(pipe)
    with subprocess.Popen(["sh", "-c", f"cat {sample} > {pipe}"]):
        assert len(cli.records(pipe)) == 2
    for device in ("/dev/full", "/dev/null", "/dev/zero"):
        result = cli.car_wmi("list", device)
        assert result.returncode == 2 and "is neither a file nor a pipe" in result.stderr


def overlapping(cli: Tools, place: Path, count: int) -> list[Path]:
    """Captures of one time: each has a packet of all times, and the sample is dealt out to all."""
    packets = scenario.sample().packets
    start, end = packets[0].time_ns, packets[-1].time_ns
    frame = bytes(12) + b"\x88\xb5" + bytes(46)
    paths = []
    for n in range(count):
        around = [Packet(start - count + n, frame), Packet(end + 1 + n, frame)]
        paths.append(Capture([*around, *packets[n::count]]).write(place / f"{n:03}.pcap", nano=True))
    return paths


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_few_descriptors(cli: Tools, sample: Path, place: Path, jobs: str) -> None:
    """More captures of one time than files can be open."""
    paths = overlapping(cli, place, 120)
    few = cli.run("sh", "-c", 'ulimit -n 64; exec "$@"', "sh", cli.program, "list", "-j", jobs, "-T", "ndjson", *paths)
    many = cli.car_wmi("list", "-T", "ndjson", *paths)
    assert (few.returncode, few.stderr) == (0, "") and few.stdout == many.stdout and len(many.stdout.splitlines()) == 2


# -- surroundings ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("home", ["missing", "read-only", "unset"])
def test_home(cli: Tools, sample: Path, place: Path, home: str) -> None:
    place.chmod(0o555)
    where = {"missing": "/nonexistent", "read-only": str(place), "unset": ""}[home]
    surroundings = {name: where for name in ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME")}
    assert cli.records(sample, **surroundings) == cli.records(sample)
    for command in ("report", "extract"):
        result = cli.car_wmi(command, "-o", "-", sample, text=False, **surroundings)
        assert result.returncode == 0 and result.stderr == b""
    place.chmod(0o755)


def test_turkish(cli: Tools, sample: Path) -> None:
    """A language with a comma in numbers, and with letters of its own for I."""
    locales = cli.arena / "locales"
    locales.mkdir(exist_ok=True)
    made = shutil.which("localedef") and subprocess.run(
        ["localedef", "-i", "tr_TR", "-f", "UTF-8", str(locales / "tr_TR.UTF-8")], capture_output=True, check=False)  # fmt: skip
    if not made or not (locales / "tr_TR.UTF-8" / "LC_CTYPE").exists():
        pytest.skip("the locale cannot be made: the package locales is not installed")
    turkish = {"LC_ALL": "tr_TR.UTF-8", "LOCPATH": str(locales), "SOURCE_DATE_EPOCH": "1600000000"}
    words = [["list", "-T", form] for form in FORMATS] + [["report"]]
    for command in words:
        plain = cli.car_wmi(*command, sample, SOURCE_DATE_EPOCH="1600000000")
        assert cli.car_wmi(*command, sample, **turkish).stdout == plain.stdout
