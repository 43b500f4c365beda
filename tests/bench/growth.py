#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Measures how time and memory grow with N things of one kind in a capture:

    tests/bench/growth.py FOLDER [--sizes 5000,20000,100000] [KIND…]

FOLDER is where captures go, one after the other. The time is what `car-wmi list` takes of all processors together, without its
start; memory is the peak of all processes together (PSS). What takes more than five times as long for four times as many, or more than 400 MB, is marked, as is
a run of which something is missing. CAR_WMI_BUILD names the build folder."""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "e2e")]

from compare import memory  # noqa: E402
from gen import floods  # noqa: E402
from support import DROP, Tools  # noqa: E402

SECONDS = 120
"""A run is ended then."""
FILES = "files"
"""The kind that is many captures."""
MOST_FILES = 20_000
EMPTY = bytes.fromhex("d4c3b2a1020004000000000000000000ffff000001000000")


class Bench:
    """Runs car-wmi in surroundings of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        arena = Path(tempfile.mkdtemp(prefix="car-wmi-bench-"))
        arena.chmod(0o755)
        self.tools = Tools(Path(os.environ.get("CAR_WMI_BUILD", HERE.parents[1] / "build")), arena)
        empty = folder / "empty.pcap"
        empty.write_bytes(EMPTY)
        self.start = min(self.run([empty])[0] for _ in range(3))

    def run(self, captures: list[Path]) -> tuple[float, int, str, str]:
        """Seconds, bytes, what was printed, what was said."""
        argv = [*DROP, str(self.tools.program), "list", "-T", "ndjson", *(c.name for c in captures)]
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as messages:
            start, before, peak = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN), 0
            child = subprocess.Popen(
                argv, stdout=output, stderr=messages, env=self.tools.environment(), cwd=self.folder
            )
            while child.poll() is None:
                peak = max(peak, memory(child.pid))
                time.sleep(0.02)
                if time.monotonic() - start > SECONDS:
                    child.terminate()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            output.seek(0)
            messages.seek(0)
            said = messages.read().decode(errors="replace").strip()
            if child.returncode == 1:
                said = ""
            elif child.returncode != 0:
                said = f"status {child.returncode}: {said}"
            return taken, peak, output.read().decode(), said

    def measure(self, kind: str, n: int) -> tuple[float, int, str]:
        """Seconds without the start, bytes, what is wrong."""
        if kind == FILES:
            captures = [self.folder / f"{i:05d}.pcap" for i in range(min(n, MOST_FILES))]
            floods.write("connections", 1, captures[0])
            for other in captures[1:]:
                other.write_bytes(captures[0].read_bytes())
                other.chmod(0o644)
        else:
            captures = [self.folder / "flood.pcap"]
            floods.write(kind, n, captures[0])
        taken, peak, output, said = self.run(captures)
        if kind == "forged-binds" and "after-the-flood" not in output:
            said += " THE SESSION IS MISSING"
        for capture in captures:
            capture.unlink()
        return max(taken - self.start, 0.01), peak, said


def main() -> None:
    """Prints a row a kind."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", default="5000,20000,100000")
    parser.add_argument("kinds", nargs="*", default=[*floods.KINDS, FILES])
    options = parser.parse_intermixed_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    bench = Bench(options.folder.resolve())
    print(f"start: {bench.start:.2f} s")
    print("| kind |", *(f"{n:,} |" for n in sizes))
    print("|---|" + "---|" * len(sizes))
    for kind in options.kinds:
        cells, before = [], None
        for n in sizes:
            taken, peak, said = bench.measure(kind, n)
            limit = before and 5 * before[1] * n / (4 * before[0])
            marks = " **not linear**" * bool(limit and taken > max(limit, 0.5)) + " **memory**" * (peak > 400 << 20)
            cells.append(f"{taken:.1f} s, {peak >> 20} MB{marks}{' ' + said[:100] if said else ''}")
            before = n, taken
            if taken > SECONDS / 5:
                break
        print(f"| {kind} |", *(f"{cell} |" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
