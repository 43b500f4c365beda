#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Replays a capture over a veth pair in a network namespace, and watches it there with car-wmi:

    tests/bench/replay.py CAPTURE [MBIT_PER_SECOND]

Prints what tcpreplay sent, what was received and lost, which connections were found, and CPU time and memory (PSS) of car-wmi,
dumpcap and tshark together. Needs tcpreplay, iproute2 and namespaces for users. CAR_WMI_BUILD names the build folder."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import compare
from support import Tools

CABLE = "ip link add va mtu 9000 type veth peer name vb mtu 9000 && ip link set va up && ip link set vb up && "


def cpu(root: int) -> float:
    """Seconds that a process and its children, that still run, took."""
    total = 0
    for pid in compare.processes(root):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def wait_for_capture(pid: int) -> None:
    """Until dumpcap has its packet socket."""
    while len(Path(f"/proc/{pid}/net/packet").read_text().splitlines()) < 2:
        time.sleep(0.1)


def main() -> int:
    """Replays, watches, prints."""
    if len(sys.argv) not in (2, 3):
        print(__doc__, file=sys.stderr)
        return 2
    capture, rate = Path(sys.argv[1]).resolve(), sys.argv[2] if len(sys.argv) > 2 else "500"
    arena = Path(tempfile.mkdtemp(prefix="car-wmi-bench-"))
    arena.chmod(0o755)
    build = Path(os.environ.get("CAR_WMI_BUILD", Path(__file__).resolve().parents[2] / "build"))
    tools = Tools(build, arena)
    go, found, told = (tools.home / name for name in ("go", "found", "told"))
    replay = f"tcpreplay -q -i va --mbps {shlex.quote(rate)} {shlex.quote(str(capture))} >&2; echo > done"
    script = f'{CABLE} (until [ -e go ]; do sleep 0.1; done; {replay}) & exec "$@"'
    argv = ["unshare", "--user", "--map-current-user", "--net", "--keep-caps", "sh", "-c", script, "sh"]
    watch = [str(tools.program), "watch", "-i", "vb", "--capture-filter", "not icmp6", "-T", "ndjson"]
    with found.open("wb") as out, told.open("wb") as err:
        child = subprocess.Popen([*DROP, *argv, *watch], stdout=out, stderr=err, cwd=tools.home, env=tools.environment())
    wait_for_capture(child.pid)
    go.touch()
    peak = 0
    while not (tools.home / "done").exists():
        peak = max(peak, compare.memory(child.pid))
        time.sleep(0.5)
    time.sleep(1)
    taken = cpu(child.pid)
    child.terminate()
    child.wait()
    print(told.read_text(), end="")
    print(f"connections found: {len(compare.connections(found.read_text(), 'records'))}")
    print(f"CPU {taken:.1f} s, memory at most {peak / 1e6:.0f} MB (with tcpreplay's)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
