# SPDX-License-Identifier: GPL-2.0-or-later
"""Who the programs under test run as, and the real captures where that user may read them."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

BUILT = ("cli/car-wmi", "tests/host-dump", "tests/engine", "tests/event-table")
"""The programs of a build folder that the tests run."""
NOBODY = 65534
DROP: list[str] = []
"""Words before a command. Wireshark ignores WIRESHARK_PLUGIN_DIR when it runs as root, so it then runs as nobody."""
if os.getuid() == 0:
    DROP = [shutil.which("setpriv") or "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]


def _may_read(folder: Path) -> bool:
    """Whether that user may read all of it."""
    command = [*DROP, "find", folder, "!", "-readable"]
    result = subprocess.run(command, cwd="/", capture_output=True, check=False)
    return result.returncode == 0 and not result.stdout


def _find_shared() -> Path:
    """The real captures, or a copy of them when they lie where nobody may not go, as in root's home."""
    named = os.environ.get("CAR_WMI_SHARED", Path(__file__).resolve().parents[3] / "shared")
    folder = Path(named).absolute()
    if not os.path.isdir(folder) or _may_read(folder):  # is_dir() would raise where nobody may look
        return folder
    place = Path(tempfile.mkdtemp(prefix="car-wmi-shared-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    copy = Path(shutil.copytree(folder, place / "shared"))
    subprocess.run(["chmod", "-R", "a+rX", place], check=True)
    os.environ["CAR_WMI_SHARED"] = str(copy)  # pytest's workers come later, and share it
    return copy


SHARED = _find_shared()
"""Real captures and logs; it is not there on every machine."""
