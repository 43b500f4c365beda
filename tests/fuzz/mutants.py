#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Damaged captures through all of it under the sanitizers: mutants.py BUILD [--count N] [--seed N] [--cuts]

BUILD is a build folder with CAR_FUZZ. Batches of mutants, between hosts of their own, are read by car-wmi and by tshark with the
plugin, with and without a scan, which must find the same. --cuts reads a small capture cut off behind every packet, and behind
every byte. What fails is kept in a folder in the temporary one, which is told."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent / "e2e")]

import test_scan
from gen import mutate, scenario
from gen.capture import Capture
from gen.ip import Packet
from gen.scenario import Lab
from user import DROP, NOBODY, SHARED

BATCH = 100
LARGEST = 170_000
"""Bytes of a real capture that is used."""

WRAPPER = """#!/bin/sh
export LD_PRELOAD={runtime} WIRESHARK_DEBUG_WMEM_OVERRIDE=simple
export ASAN_OPTIONS=detect_leaks=0:exitcode=99 UBSAN_OPTIONS=print_stacktrace=1:exitcode=99 # it may write no file
exec tshark "$@"
"""


class Subjects:
    """The programs of a build folder."""

    def __init__(self, build: Path) -> None:
        # Copies, for the build folder may lie where nobody may read.
        self.folder = Path(tempfile.mkdtemp(prefix="car-wmi-mutants-"))
        self.folder.chmod(0o755)
        if os.getuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
        self.program = Path(shutil.copy(build / "cli/car-wmi", self.folder))
        self.engine = Path(shutil.copy(build / "tests/engine", self.folder))
        stage = shutil.copytree(build / "stage", self.folder / "stage")
        self.tshark = self.folder / "tshark"
        runtime = subprocess.run(
            ["clang", "-print-file-name=libclang_rt.asan-x86_64.so"], capture_output=True, text=True, check=True
        ).stdout.strip()
        self.tshark.write_text(WRAPPER.format(runtime=runtime))
        self.tshark.chmod(0o755)
        self.environment = os.environ | {
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "WIRESHARK_PLUGIN_DIR": str(stage),
            "ASAN_OPTIONS": f"detect_leaks=0:log_path={self.folder}/report",
            "UBSAN_OPTIONS": f"print_stacktrace=1:log_path={self.folder}/report",
        }

    def run(self, *argv: str | Path) -> subprocess.CompletedProcess:
        """Runs a program that must not break."""
        result = subprocess.run(
            [*DROP, *map(str, argv)], env=self.environment, capture_output=True, text=True, check=False, timeout=600
        )
        return result

    def reports(self) -> list[Path]:
        """What the sanitizers said."""
        return sorted(self.folder.glob("report.*"))

    def list(self, path: Path, *options: str) -> list[dict]:
        """The records of a capture."""
        result = self.run(self.program, "list", "-T", "ndjson", "--tshark", self.tshark, *options, path)
        if result.returncode not in (0, 1) or "tshark" in result.stderr:  # ended by a sanitizer, for one
            raise RuntimeError(f"{path} {options}: status {result.returncode}: {result.stderr[-2000:]}")
        return [json.loads(line) for line in result.stdout.splitlines()]

    def judge(self, path: Path) -> None:
        """The judge alone."""
        result = self.run(self.engine, path)
        if result.returncode != 0 and "engine" in result.stderr:
            raise RuntimeError(f"engine {path}: status {result.returncode}: {result.stderr[-2000:]}")


def sources() -> list[list[Packet]]:
    """What is damaged."""
    made = [*test_scan.sources()]
    lab = Lab(seed=11)
    test_scan.test_transport.windows(lab, sealed=False)
    made.append(lab.packets())
    real = [*SHARED.glob("captures/*.cap"), *SHARED.glob("captures/*.pcap")] if SHARED.is_dir() else []
    return made + [p for path in sorted(real) if path.stat().st_size < LARGEST and (p := test_scan.read_pcap(path))]


def host(record: dict) -> str:
    """The mutant that a record is of: the first three bytes of its hosts' addresses."""
    return str(record["client"]["ip"]).rpartition(".")[0]


def differing(subjects: Subjects, path: Path) -> list[str]:
    """The mutants in which a scan finds something else than no scan."""
    found, expected = subjects.list(path), subjects.list(path, "--no-scan")
    if found == expected:
        return []
    members = {json.dumps(r, sort_keys=True) for r in found} ^ {json.dumps(r, sort_keys=True) for r in expected}
    return sorted({host(json.loads(r)) for r in members})


def batches(args: argparse.Namespace) -> Iterator[tuple[str, list[list[Packet]]]]:
    """Name and mutants of each."""
    rng, made = random.Random(args.seed), sources()
    for number in range(0, args.count, BATCH):
        yield f"{args.seed}-{number}", [
            mutate.variant(rng.choice(made), n, rng, mutate.ALL_CHANGES) for n in range(min(BATCH, args.count - number))
        ]


def cuts() -> Iterator[tuple[str, list[list[Packet]]]]:
    """One small capture, each time a packet longer."""
    lab = Lab(seed=12)
    scenario.wmi_session(lab, sealed=False).exec_query("SELECT * FROM Win32_Process")
    packets = lab.packets()
    for start in range(1, len(packets) + 1, BATCH):
        yield f"cut-{start}", [mutate.move(packets[:n], n) for n in range(start, min(start + BATCH, len(packets) + 1))]


def read_batches(subjects: Subjects, made: Iterator[tuple[str, list[list[Packet]]]]) -> tuple[int, int]:
    """How many mutants there were, and in how many a scan found something else."""
    total = different = 0
    for name, mutants in made:
        path = Capture([p for packets in mutants for p in packets]).write(subjects.folder / f"{name}.pcap")
        subjects.judge(path)
        hosts = differing(subjects, path)
        total += len(mutants)
        different += len(hosts)
        if hosts:
            print(f"{path}: the scan differs for {', '.join(hosts)}", flush=True)
        if subjects.reports():
            raise RuntimeError(f"{path}: {subjects.reports()[0].read_text()[:4000]}")
        if not hosts:
            path.unlink()
    return total, different


def read_bytes(subjects: Subjects) -> int:
    """A small capture cut off behind every byte: the judge reads each, tshark and car-wmi one of fifty."""
    lab = Lab(seed=13)
    scenario.activate(lab, scenario.CLIENT, scenario.SERVER)
    count = 0
    for suffix in (".pcap", ".pcapng"):
        whole = Capture(lab.packets()).write(subjects.folder / f"whole{suffix}").read_bytes()
        path = subjects.folder / f"byte{suffix}"
        for end in range(len(whole)):
            path.write_bytes(whole[:end])
            subjects.judge(path)
            count += 1
            if end % 50 == 0 and end > 200:
                subjects.list(path)
            if subjects.reports():
                raise RuntimeError(f"{path}: {subjects.reports()[0].read_text()[:4000]}")
    return count


def main() -> None:
    """Says what was read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cuts", action="store_true")
    args = parser.parse_args()
    subjects, start = Subjects(args.build.resolve()), time.monotonic()
    total, different = read_batches(subjects, cuts() if args.cuts else batches(args))
    if args.cuts:
        total += read_bytes(subjects)
    if not different:
        shutil.rmtree(subjects.folder)
    print(f"{total} mutants in {time.monotonic() - start:.0f} s: no report; a scan found something else in {different}")
    sys.exit(different > 0)


if __name__ == "__main__":
    main()
