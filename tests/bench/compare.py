#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares car-wmi with tshark and, when it is installed, Suricata on a capture that it makes:

    tests/bench/compare.py SIZE_MB FOLDER [MIX]

FOLDER is where the capture goes, SIZE_MB its size, MIX what is in it (plain, sparse, dense: see mix.py; plain without it). The
programs run in turn, five times each, with the capture in the page cache; the median counts. From 3,000 MB on they run once, and
tshark, whose memory grows with the capture, not at all. Memory is that of all processes of a program together (PSS), measured in
a run of its own. At last: how many packets the scan keeps for each that is in a record of any confidence. CAR_WMI_BUILD names the
build folder."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "e2e")]

import mix  # noqa: E402
from support import DROP, Tools  # noqa: E402

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
# As public rules look for WMI where no keyword for DCE/RPC is at hand: the UUID of IWbemLevel1Login in a Bind, bytes that
# any Bind begins with before it.
RULES += (
    'alert tcp any any -> any [135,1024:65535] (msg:"WMI login, by its bytes"; flow:established,to_server; '
    'content:"|05 00 0b|"; depth:3; content:"|18 ad 09 f3 6a d8 d0 11 a0 75 00 c0 4f b6 88 20|"; distance:0; '
    "sid:9000003;)\n"
)


def processes(root: int) -> list[int]:
    """A process and its descendants."""
    children: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parent = int(Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def memory(root: int) -> int:
    """Bytes that a process and its descendants take."""
    total = 0
    for pid in processes(root):
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
    output: str


def run(argv: list[str], environment: dict[str, str], folder: Path, wanted: bool) -> Run:
    """Runs a program to its end; `wanted`: what it prints."""
    with tempfile.TemporaryFile() if wanted else open(os.devnull, "w+b") as output:
        start = time.monotonic()
        child = subprocess.Popen(argv, stdout=output, stderr=subprocess.DEVNULL, env=environment, cwd=folder)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return Run(wall, usage.ru_utime + usage.ru_stime, output.read().decode(errors="replace"))


def peak_memory(argv: list[str], environment: dict[str, str], folder: Path) -> int:
    """Runs a program and looks at it again and again."""
    peak = 0
    child = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment, cwd=folder)
    while child.poll() is None:
        peak = max(peak, memory(child.pid))
        time.sleep(0.02)
    return peak


def ends(*pairs: tuple[str, int]) -> frozenset:
    """A connection, whoever sent what was found."""
    return frozenset(pairs)


def connections(text: str, kind: str) -> set:
    """The connections with WMI that a program found."""
    found, known = set(), {}
    for line in text.splitlines():
        if not line.startswith("{"):
            continue
        event = json.loads(line)
        if kind == "alerts":
            if event.get("event_type") == "alert":
                found.add(ends((event["src_ip"], event["src_port"]), (event["dest_ip"], event["dest_port"])))
        elif kind == "records" or event["event"] == "conn":
            both = ends(*((event[end]["ip"], event[end]["port"]) for end in ("client", "server")))
            if kind == "events":
                known[event["conn"]] = both
            elif event["confidence"] == "wmi":
                found.add(both)
        elif event["event"] == "end" and event["confidence"] == "wmi":
            found.add(known[event["conn"]])
    return found


def median(runs: list[Run]) -> Run:
    """By wall time and, on its own, by CPU time."""
    return Run(statistics.median(r.wall for r in runs), statistics.median(r.cpu for r in runs), runs[-1].output)


def tell_kept(scan: str, records: str) -> None:
    """What tshark is handed, and what of it a record counts."""
    kept = int(re.search(r"kept (\d+) packets", scan)[1])
    packets = int(re.search(r", (\d+) packets in", scan)[1])
    counted = sum(json.loads(line)["frames"]["count"] for line in records.splitlines())
    print(f"kept {kept} of {packets} packets ({kept / packets:.2%}); {counted} are in records: ", end="")
    print(f"{kept / counted:.2f} for each" if counted else "none")


def main() -> int:
    """Makes the capture, runs everything, prints the table."""
    if len(sys.argv) not in (3, 4) or sys.argv[3:] and sys.argv[3] not in mix.MIXES:
        print(__doc__, file=sys.stderr)
        return 2
    size, folder, kind_of_mix = float(sys.argv[1]), Path(sys.argv[2]).resolve(), (sys.argv[3:] or ["plain"])[0]
    folder.mkdir(parents=True, exist_ok=True)
    capture = folder / f"{kind_of_mix}-{size:g}.pcap"
    if not capture.exists():
        print(f"making {capture}", mix.write(capture, int(size * 1e6), kind_of_mix), flush=True)
        capture.chmod(0o644)
    arena = Path(tempfile.mkdtemp(prefix="car-wmi-bench-"))
    arena.chmod(0o755)
    build = Path(os.environ.get("CAR_WMI_BUILD", HERE.parents[1] / "build"))
    tools = Tools(build, arena)
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
    small = size < 3000
    if small:
        programs["tshark with the plugin"] = (["tshark", "-n", "-q", "-z", "car,events", "-r", str(capture)], "events")
    runs, found = {name: [] for name in programs}, {}
    for _ in range(5 if small else 1):
        for name, (argv, kind) in programs.items():
            made = run([*DROP, *argv], tools.environment(), arena, kind != "")
            if kind == "alerts":
                made.output = (arena / "log" / "eve.json").read_text()
                (arena / "log" / "eve.json").write_text("")
            runs[name].append(made)
            found[name] = connections(made.output, kind) if kind else None
    middle = {name: median(made) for name, made in runs.items()}
    ours = middle["car-wmi"]
    print(f"\n{'':24}{'wall s':>9}{'CPU s':>9}{'memory MB':>11}{'× car-wmi':>11}  connections")
    for name, made in middle.items():
        peak = peak_memory([*DROP, *programs[name][0]], tools.environment(), arena)
        count = "" if found[name] is None else len(found[name])
        print(f"{name:24}{made.wall:9.2f}{made.cpu:9.2f}{peak / 1e6:11.0f}{made.wall / ours.wall:11.1f}  {count}")
    every = [str(tools.program), "list", "-T", "ndjson", "--min-confidence", "rpcss", str(capture)]
    records = run([*DROP, *every], tools.environment(), arena, True).output
    shutil.rmtree(arena)
    scan = subprocess.run([build / "tests" / "bench-scan", capture], check=True, capture_output=True, text=True).stdout
    print(scan, end="")
    tell_kept(scan, records)
    for name, made in found.items():
        if made is not None and made != found["car-wmi"]:
            print(f"{name} found {len(made - found['car-wmi'])} others and not {len(found['car-wmi'] - made)} of ours")
    return 0 if not small or found["car-wmi"] == found["tshark with the plugin"] else 1


if __name__ == "__main__":
    sys.exit(main())
