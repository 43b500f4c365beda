# SPDX-License-Identifier: GPL-2.0-or-later
"""Roots of Debian's suites: `base`, with nothing beyond what each Debian has; `desk`, with Wireshark and a screen that
is not there. They are never written to: what runs in one sees a copy that is gone afterwards. Several runs may share
them: none is made anew or removed while another run uses the suite's."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO

REPOSITORY = Path(__file__).resolve().parents[2]
SUITES = ("bookworm", "trixie", "sid")
DESK = ("ca-certificates wireshark tshark python3 python3-pyatspi python3-pil xvfb xauth xdotool dbus at-spi2-core "
        "libglib2.0-bin").split()  # fmt: skip

# Runs in namespaces of its own, so that mounts and processes end with it. Arguments: the lower folders of the overlay,
# the source, a folder for results, the real captures or nothing, the script and its arguments. The root becomes that of
# the namespace: whoever is in a chroot gets no network of their own, which tests need.
ENTER = r"""
set -eu
lower=$1 source=$2 out=$3 shared=$4
shift 4
mount -t tmpfs -o size=12g tmpfs /mnt
mkdir /mnt/upper /mnt/work /mnt/root
mount -t overlay overlay -o "lowerdir=$lower,upperdir=/mnt/upper,workdir=/mnt/work" /mnt/root
cd /mnt/root
mkdir -p src out old
tar -C "$source" --null -T "$out/files" -cf - | tar -C src --no-same-owner -xf -
mount --bind "$out" out
if [ -n "$shared" ]; then mkdir shared && mount --bind "$shared" shared; fi
mount -t proc proc proc
if [ -z "$WITHOUT_SYS" ]; then mount -t sysfs -o ro sysfs sys; fi
mount --rbind /dev dev
cp -L /etc/resolv.conf etc/resolv.conf 2>/dev/null || :
pivot_root . old
cd /src
umount -l /old && rmdir /old
exec "$@"
"""


def _digest(packages: list[str]) -> str:
    """Tells lists of packages apart."""
    return hashlib.sha256(" ".join(sorted(packages)).encode()).hexdigest()[:8]


class Root:
    """The roots of one suite below `folder`."""

    def __init__(self, suite: str) -> None:
        folder = Path(os.environ.get("CAR_WMI_ROOTS", "/var/cache/car-wmi"))
        self.suite = suite
        self.base = folder / f"{suite}-base"
        self.desk = folder / f"{suite}-desk-{_digest(DESK)}"
        self.mirror = os.environ.get("CAR_WMI_MIRROR", "http://deb.debian.org/debian")

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        """Waits for other runs: fcntl.LOCK_EX to change the roots of the suite, fcntl.LOCK_SH to use them."""
        self.base.parent.mkdir(parents=True, exist_ok=True)
        with (self.base.parent / f"{self.suite}.lock").open("w") as lock:
            fcntl.flock(lock, how)
            yield

    def make(self, output: IO | None = None) -> None:
        """Makes those that are absent."""
        wanted = {"base": ["ca-certificates"], "desk": DESK}
        if all(getattr(self, kind).exists() for kind in wanted):
            return
        with self._locked(fcntl.LOCK_EX):
            for kind, packages in wanted.items():
                target = getattr(self, kind)
                if target.exists():
                    continue
                for old in target.parent.glob(f"{self.suite}-{kind}-*"):
                    shutil.rmtree(old)
                self._bootstrap(target, packages, output)

    def _bootstrap(self, target: Path, include: list[str], output: IO | None) -> None:
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

    def run(self, which: str, script: list[str], out: Path, output: IO | None, **environment: str) -> None:
        """Runs a script of the repository, with its arguments, in a copy of the root, with the files that git knows or
        would add in /src and `out` as /out. What it prints goes to `output`, or where this program prints."""
        listed = subprocess.run(
            ["git", "-C", REPOSITORY, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            capture_output=True, check=True,
        ).stdout  # fmt: skip
        present = [name for name in listed.split(b"\0") if name and (REPOSITORY / os.fsdecode(name)).exists()]
        (out / "files").write_bytes(b"\0".join(present))
        shared = Path(os.environ.get("CAR_WMI_SHARED", REPOSITORY.parent / "shared"))
        with self._locked(fcntl.LOCK_SH):
            subprocess.run(
                ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "enter",
                 getattr(self, which), REPOSITORY, out, shared if shared.is_dir() else "", *script],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=True,
                env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root",
                     "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive", "WITHOUT_SYS": "", **environment},
            )  # fmt: skip
