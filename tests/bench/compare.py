#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares car-wmi with tshark and, when it is installed, Suricata on a capture that it makes:

    tests/bench/compare.py SIZE_MB FOLDER

FOLDER is where the capture goes, SIZE_MB its size (880 is that of the README). Each program runs three times, with the
capture in the page cache; the fastest run counts. Memory is that of all its processes together (PSS). CAR_WMI_BUILD names the
build folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "e2e")]

import mix  # noqa: E402
from support import Tools  # noqa: E402

RULES = "".join(
    f'alert tcp any any -> any any (msg:"{name}"; dcerpc.iface:{uuid}; sid:{sid};)\n'
    for sid, (name, uuid) in enumerate(
        (
            ("IWbemLevel1Login", "f309ad18-d86a-11d0-a075-00c04fb68820"),
            ("IWbemServices", "9556dc99-828c-11cf-a37e-00aa003240c7"),
        ),
        9_000_001,
    )
)


def memory(root: int) -> int:
    """Bytes that a process and its descendants take."""
    parents: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(name))
    total, queue = 0, [root]
    while queue:
        pid = queue.pop()
        queue += parents.get(pid, [])
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return total


@dataclass
class Run:
    """What one run took."""

    wall: float
    cpu: float
    peak: int
    output: str


def run(argv: list[str], environment: dict[str, str], folder: Path) -> Run:
    """Runs a program to its end."""
    peak, stop = 0, threading.Event()

    def watch(pid: int) -> None:
        nonlocal peak
        while not stop.wait(0.05):
            peak = max(peak, memory(pid))

    with tempfile.TemporaryFile() as output:
        start = time.monotonic()
        child = subprocess.Popen(argv, stdout=output, stderr=subprocess.DEVNULL, env=environment, cwd=folder)
        watcher = threading.Thread(target=watch, args=(child.pid,))
        watcher.start()
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        stop.set()
        watcher.join()
        output.seek(0)
        return Run(wall, usage.ru_utime + usage.ru_stime, peak, output.read().decode(errors="replace"))


def connections(text: str, kind: str) -> set:
    """The connections with WMI that a program found."""
    found, ends = set(), {}
    for line in text.splitlines():
        if not line.startswith("{"):
            continue
        event = json.loads(line)
        if kind == "records" and event["confidence"] == "wmi":
            found.add((event["client"]["ip"], event["client"]["port"], event["server"]["port"]))
        elif kind == "events" and event["event"] == "conn":
            ends[event["conn"]] = (event["client"]["ip"], event["client"]["port"], event["server"]["port"])
        elif kind == "events" and event["event"] == "end" and event["confidence"] == "wmi":
            found.add(ends[event["conn"]])
        elif kind == "alerts" and event.get("event_type") == "alert":
            found.add((event["src_ip"], event["src_port"], event["dest_port"]))
    return found


def main() -> int:
    """Makes the capture, runs everything, prints the table."""
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    size, folder = float(sys.argv[1]), Path(sys.argv[2]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    capture = folder / f"mix-{size:g}.pcap"
    if not capture.exists():
        print(f"making {capture}", mix.write(capture, int(size * 1e6)), flush=True)
        capture.chmod(0o644)
    arena = Path(tempfile.mkdtemp(prefix="car-wmi-bench-"))
    arena.chmod(0o755)
    tools = Tools(Path(os.environ.get("CAR_WMI_BUILD", HERE.parents[1] / "build")), arena)
    programs = {
        "cat": (["cat", str(capture)], ""),
        "car-wmi": ([str(tools.program), "list", "-T", "ndjson", str(capture)], "records"),
    }
    if shutil.which("suricata"):
        (arena / "wmi.rules").write_text(RULES)
        log = arena / "log"
        log.mkdir(mode=0o777)
        log.chmod(0o777)
        suricata = ["suricata", "-r", str(capture), "-S", str(arena / "wmi.rules"), "-l", str(log), "-k", "none"]
        programs["suricata"] = (suricata, "alerts")
    programs["tshark with the plugin"] = (["tshark", "-n", "-q", "-z", "car,events", "-r", str(capture)], "events")
    best, found = {}, {}
    for name, (argv, kind) in programs.items():
        for _ in range(3 if size < 3000 else 1):
            made = run([*tools._drop, *argv], tools.environment(), arena)
            if kind == "alerts":
                made.output = (arena / "log" / "eve.json").read_text()
                (arena / "log" / "eve.json").write_text("")
            if name not in best or made.wall < best[name].wall:
                best[name] = made
            found[name] = connections(made.output, kind) if kind else None
    ours = best["car-wmi"]
    print(f"\n{'':24}{'wall s':>9}{'CPU s':>9}{'memory MB':>11}{'× car-wmi':>11}  connections")
    for name, made in best.items():
        count = "" if found[name] is None else len(found[name])
        print(f"{name:24}{made.wall:9.2f}{made.cpu:9.2f}{made.peak / 1e6:11.0f}{made.wall / ours.wall:11.1f}  {count}")
    shutil.rmtree(arena)
    same = found["car-wmi"] == found["tshark with the plugin"]
    print("car-wmi and tshark found " + ("the same" if same else "different connections"))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
