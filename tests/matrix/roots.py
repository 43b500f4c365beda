# SPDX-License-Identifier: GPL-2.0-or-later
"""Roots of Debian's suites: `base`, with nothing beyond what each Debian has; `desk`, with Wireshark and a screen that
is not there; `build`, with what the build and the tests need. They are never written to: what runs in one sees a copy
that is gone afterwards. Several runs may share them: none is made anew or removed while another run uses the suite's."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

SUITES = ("bookworm", "trixie", "sid")
DESK = ("ca-certificates wireshark tshark python3 python3-pyatspi python3-pil xvfb xauth xdotool dbus at-spi2-core "
        "libglib2.0-bin").split()  # fmt: skip

# Runs in namespaces of its own, so that mounts and processes end with it. Arguments: the lower folders of the overlay,
# the source, a folder for results, the real captures or nothing, the script.
ENTER = r"""
set -eu
lower=$1 source=$2 out=$3 shared=$4 script=$5
mount -t tmpfs -o size=12g tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o "lowerdir=$lower,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
cd /mnt/root
mkdir -p src out
tar -C "$source" --null -T "$out/files" -cf - | tar -C src --no-same-owner -xf -
mount --bind "$out" out
if [ -n "$shared" ]; then mkdir shared && mount --bind "$shared" shared; fi
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount --rbind /dev dev
cp -L /etc/resolv.conf etc/resolv.conf 2>/dev/null || :
exec chroot . sh -c "cd /src && exec $script"
"""


def _digest(packages: list[str]) -> str:
    """Tells lists of packages apart."""
    return hashlib.sha256(" ".join(sorted(packages)).encode()).hexdigest()[:8]


class Root:
    """The roots of one suite below `folder`."""

    def __init__(self, suite: str, folder: Path, packages: list[str]) -> None:
        self.suite = suite
        self.base = folder / f"{suite}-base"
        self.desk = folder / f"{suite}-desk-{_digest(DESK)}"
        self.build = folder / f"{suite}-build-{_digest(packages)}"
        self.packages = packages
        self.mirror = os.environ.get("CAR_WMI_MIRROR", "http://deb.debian.org/debian")

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        """Waits for other runs: fcntl.LOCK_EX to change the roots of the suite, fcntl.LOCK_SH to use them."""
        self.base.parent.mkdir(parents=True, exist_ok=True)
        with (self.base.parent / f"{self.suite}.lock").open("w") as lock:
            fcntl.flock(lock, how)
            yield

    def make(self, log: Path, *, build: bool) -> None:
        """Makes those that are absent; `build` only when it is wanted."""
        wanted = {"base": ["ca-certificates"], "desk": DESK} | ({"build": self.packages} if build else {})
        log.write_text("")
        if all(getattr(self, kind).exists() for kind in wanted):
            return
        with log.open("w") as output, self._locked(fcntl.LOCK_EX):
            for kind, packages in wanted.items():
                target = getattr(self, kind)
                if target.exists():
                    continue
                for old in target.parent.glob(f"{self.suite}-{kind}-*"):
                    shutil.rmtree(old)
                self._bootstrap(target, packages, output)

    def _bootstrap(self, target: Path, include: list[str], output) -> None:
        unfinished = target.with_name(target.name + ".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        # A mirror may be a snapshot, whose lists are out of date.
        subprocess.run(
            ["mmdebstrap", "--variant=minbase", "--skip=output/dev,cleanup/apt/lists", f"--include={','.join(include)}",
             '--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Check-Valid-Until "false"',
             "--dpkgopt=force-unsafe-io", self.suite, str(unfinished), self.mirror],
            stdout=output, stderr=subprocess.STDOUT, check=True,
        )  # fmt: skip
        unfinished.chmod(0o755)
        unfinished.rename(target)

    def run(self, which: str, script: str, source: Path, out: Path, log: Path, **environment: str) -> None:
        """Runs a script of the repository in a copy of the root, with the files that git knows or would add in /src
        and `out` as /out."""
        listed = subprocess.run(
            ["git", "-C", source, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, check=True,
        ).stdout  # fmt: skip
        present = [name for name in listed.split(b"\0") if name and (source / os.fsdecode(name)).exists()]
        (out / "files").write_bytes(b"\0".join(present))
        shared = Path(os.environ.get("CAR_WMI_SHARED", source.parent / "shared"))
        with log.open("w") as output, self._locked(fcntl.LOCK_SH):
            subprocess.run(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "enter",
                 getattr(self, which), source, out, shared if shared.is_dir() else "", script],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=True,
                env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                     "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "SUITE": self.suite, **environment},
            )  # fmt: skip
