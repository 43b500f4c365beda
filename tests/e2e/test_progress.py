# SPDX-License-Identifier: GPL-2.0-or-later
"""Progress on standard error: where somebody looks, while it takes long, and gone at the end."""

from __future__ import annotations

import os
import re
import subprocess
import time

import test_transport
from gen.scenario import Lab
from support import Tools
from user import DROP

LINE = re.compile(r"\r[\d.]+ [kM]B, \d+ packets, [\d.]+ [kMG]B/s, \d+ found\x1b\[K")


def start(cli: Tools, **options: object) -> subprocess.Popen:
    """car-wmi over a pipe that is written to by and by."""
    argv = [*DROP, str(cli.program), "list", "-T", "ndjson", "-"]
    return subprocess.Popen(
        argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=cli.home, env=cli.environment(), **options
    )


def capture() -> bytes:
    """A session of WMI."""
    lab = Lab(seed=7)
    test_transport.windows(lab)
    return lab.capture().pcapng()


def test_on_a_terminal(cli: Tools) -> None:
    reader, terminal = os.openpty()
    child = start(cli, stderr=terminal)
    os.close(terminal)
    data = capture()
    assert child.stdin and child.stdout
    child.stdin.write(data[:-100])
    child.stdin.flush()
    shown = ""
    while not LINE.search(shown):  # the second that it waits before the first line
        shown += os.read(reader, 1000).decode()
    output, _ = child.communicate(data[-100:])
    assert child.returncode == 0 and output
    os.set_blocking(reader, False)
    shown += os.read(reader, 100_000).decode()
    os.close(reader)
    *lines, end = shown.split("\r")
    assert end.startswith("\x1b[K1 capture: 1 activity over 1 connection") or "\r\x1b[K" in shown
    assert all(LINE.fullmatch("\r" + line) for line in lines if line.endswith("found\x1b[K"))


def test_not_on_a_terminal(cli: Tools) -> None:
    child = start(cli, stderr=subprocess.PIPE)
    data = capture()
    assert child.stdin
    child.stdin.write(data[:-100])
    child.stdin.flush()
    time.sleep(2)
    output, messages = child.communicate(data[-100:])
    assert (child.returncode, messages) == (0, b"") and output
