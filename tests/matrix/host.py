# SPDX-License-Identifier: GPL-2.0-or-later
"""This machine's own build as one of the suites."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path


def suite() -> str:
    """Of the Debian that this is; "sid" where it does not say."""
    lines = Path("/etc/os-release").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line).get("VERSION_CODENAME", "sid").strip('"')


def pack(build: Path, out: Path, log: Path) -> None:
    """Puts packages and records of the build into `out`."""
    with log.open("w") as output:
        for kind in ("DEB", "TGZ"):
            subprocess.run(["cpack", "-G", kind], cwd=build, stdout=output, stderr=subprocess.STDOUT, check=True)
    for old in (*out.glob("*.deb"), *out.glob("*.tar.gz")):
        old.unlink()
    for package in (*build.glob("car-wmi_*.deb"), *build.glob("car-wmi-*.tar.gz")):
        shutil.copy(package, out)
    records = sorted(file.read_text() for file in (build / "records").glob("*.jsonl"))
    (out / "records.jsonl").write_text("".join(records))
