#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs commands on a machine that has nothing but Debian's base system, as whoever has just cloned the repository:

    tests/matrix/fresh.py SUITE USER OUT COMMAND…        (bookworm, trixie, sid)

USER is root, or another, who then may sudo, and whose machine has no /sys, as in some containers. Each command runs in
the checkout, which lies in the user's home. OUT gets the packages that were made there, and the records that tests saw.
pytest's own PYTEST_ADDOPTS chooses tests: PYTEST_ADDOPTS="-k watch"."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from roots import Root  # noqa: E402

COMMANDS = ("./setup.sh", "cd build && cpack -G DEB && cpack -G TGZ", "./setup.sh test")
"""README's two, and between them what it says of packages: it works after the first."""


def fresh(root: Root, user: str, out: Path, commands: tuple[str, ...], output: IO | None = None, jobs: int = 0) -> None:
    """As above; `jobs`: how many tests at a time, 0 for as many as there are processors. Raises CalledProcessError."""
    environment = {"PYTEST_ADDOPTS": os.environ.get("PYTEST_ADDOPTS", "")}
    if jobs:
        environment["PYTEST_XDIST_AUTO_NUM_WORKERS"] = str(jobs)
    if user != "root":
        environment["WITHOUT_SYS"] = "1"
    root.run("base", ["tests/matrix/fresh.sh", user, *commands], out, output, **environment)


def main() -> int:
    if len(sys.argv) < 5 or os.getuid() != 0:
        print(__doc__, "It has to be run as root, for it makes roots and enters them.", file=sys.stderr)
        return 2
    suite, user, out, *commands = sys.argv[1:]
    folder = Path(out).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    root = Root(suite)
    try:
        root.make()
        fresh(root, user, folder, tuple(commands))
    except subprocess.CalledProcessError as error:
        print(f"{user} on {suite}: failed with status {error.returncode}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
