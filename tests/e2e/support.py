# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs tshark and car-wmi in surroundings of their own and reads what they print."""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from gen.capture import Capture
from user import BUILT, DROP, NOBODY, SHARED

READ = (0, 2, 14)
"""Exit statuses of tshark when it read the capture: all of it; as far as it goes, before 4.6 and from then on."""
SEPARATOR, AGGREGATOR = "\t", "\x1f"


class Tools:
    """The programs under test, which run as nobody when the tests run as root (see `user`). What is installed for all
    users of this machine does not matter."""

    def __init__(self, build: Path, arena: Path) -> None:
        self.arena = arena
        # Copies, for the build folder may lie where nobody may read.
        self.stage = arena / "stage"
        self.program = arena / "car-wmi"
        self.dump = arena / "host-dump"
        self.engine = arena / "engine"
        self.event_table = arena / "event-table"
        shutil.copytree(build / "stage", self.stage)
        for program in BUILT:
            shutil.copy(build / program, arena)
        self.home = arena / "home"
        self.home.mkdir()
        self._counter = itertools.count(1)
        self.give(self.home)
        self.data = self.wireshark_data("wireshark")

    @staticmethod
    def give(path: Path) -> None:
        """Makes a file or folder belong to the user that the programs run as."""
        if os.getuid() == 0:
            os.chown(path, NOBODY, NOBODY)

    def wireshark_data(self, name: str, *profiles: Path) -> Path:
        """A folder `name` of what Wireshark has for all users; of car-wmi's it has these profiles alone."""
        told = subprocess.run(["tshark", "-G", "folders"], capture_output=True, text=True, check=True).stdout
        real = Path(re.search(r"^Global configuration:\s*(.*)$", told, re.MULTILINE)[1])
        folder = self.arena / name
        (folder / "profiles").mkdir(parents=True)
        for entry in (*real.iterdir(), *real.glob("profiles/*")):
            if entry.name not in ("profiles", "CAR-WMI"):
                (folder / entry.relative_to(real)).symlink_to(entry)
        for profile in profiles:
            shutil.copytree(profile, folder / "profiles" / profile.name)
        return folder

    @functools.cached_property
    def version(self) -> tuple[int, int]:
        """Of Wireshark: (4, 0)."""
        words = self.run("tshark", "-v").stdout.split()
        major, minor = next(word for word in words if word[0].isdigit()).split(".")[:2]
        return int(major), int(minor)

    def environment(self, **changes: str) -> dict[str, str]:
        """Nothing of the user's own configuration."""
        base = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "TMPDIR": str(self.home),
            "LC_ALL": "C.UTF-8",
            "TZ": "America/New_York",  # whoever prints local time is found out
            "WIRESHARK_PLUGIN_DIR": str(self.stage),
            "WIRESHARK_DATA_DIR": str(self.data),
        }
        return base | changes

    def run(
        self, *argv: str | Path, stdin: bytes | None = None, text: bool = True, **environment: str
    ) -> subprocess.CompletedProcess:
        """Runs a program to its end."""
        result = subprocess.run(
            [*DROP, *map(str, argv)],
            input=stdin if stdin is not None else b"",
            capture_output=True,
            cwd=self.home,
            env=self.environment(**environment),
            timeout=120,
            check=False,
        )
        if text:
            result.stdout = result.stdout.decode()
            result.stderr = result.stderr.decode()
        return result

    def tshark(self, *arguments: str | Path, **options: object) -> subprocess.CompletedProcess:
        """tshark without name resolution."""
        return self.run("tshark", "-n", *arguments, **options)

    def car_wmi(self, *arguments: str | Path, **options: object) -> subprocess.CompletedProcess:
        """car-wmi."""
        result = self.run(self.program, *arguments, **options)
        # What a watch tells first depends on how fast things come.
        if "ndjson" in arguments and "watch" not in arguments and "CAR_WMI_RECORDS" in os.environ:
            self._keep_records([str(argument) for argument in arguments], result.stdout, options.get("stdin"))
        return result

    def _keep_records(self, arguments: list[str], output: str, stdin: bytes | None) -> None:
        """Notes what was printed of which input, so that it can be compared with other versions of Wireshark."""
        digest = hashlib.sha256(stdin or b"")
        for path in map(Path, arguments):
            digest.update(path.read_bytes() if path.is_file() else b"")

        def neutral(text: str) -> str:
            text = re.sub(re.escape(str(self.arena)) + r"(/\d+)?", "ARENA", text)
            return text.replace(str(SHARED), "SHARED")

        entry = {
            "test": os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0],
            "arguments": neutral(" ".join(arguments)),
            "digest": digest.hexdigest(),
            "output": neutral(output),
        }
        with (Path(os.environ["CAR_WMI_RECORDS"]) / f"{os.getpid()}.jsonl").open("a") as file:
            file.write(json.dumps(entry) + "\n")

    def write(self, capture: Capture, name: str = "capture.pcapng", **options: object) -> Path:
        """Writes a capture into a folder of its own."""
        folder = self.arena / f"{next(self._counter):04d}"
        folder.mkdir(mode=0o755)
        return capture.write(folder / name, **options)

    # -- what tshark and the plugin say --------------------------------------------------------------------------------

    def frames(
        self, path: Path, display_filter: str, two_pass: bool = False, options: Sequence[str] = ()
    ) -> list[int]:
        """Numbers of the frames that pass a display filter."""
        passes = ["-2"] if two_pass else []
        result = self.tshark(
            *passes, *options, "-r", path, "-Y", display_filter, "-T", "fields", "-e", "frame.number"
        )
        assert result.returncode in READ and (result.returncode == 0 or "cut short" in result.stderr), result.stderr
        return [int(line) for line in result.stdout.split()]

    def fields(
        self,
        path: Path,
        *names: str,
        two_pass: bool = True,
        options: Sequence[str] = (),
        display_filter: str = "",
        **environment: str,
    ) -> dict[int, dict[str, list[str]]]:
        """Frame number → field → its values in order, for the frames that have any of the fields."""
        passes = ["-2"] if two_pass else []
        filters = ["-Y", display_filter] if display_filter else []
        columns = itertools.chain.from_iterable(("-e", name) for name in ("frame.number", *names))
        result = self.tshark(
            *passes, *options, *filters, "-r", path, "-T", "fields", "-E", "occurrence=a",
            "-E", f"aggregator={AGGREGATOR}", "-E", f"separator={SEPARATOR}", *columns,
            **environment,
        )  # fmt: skip
        assert result.returncode in READ, result.stderr
        found = {}
        for line in result.stdout.splitlines():
            number, *cells = line.split(SEPARATOR)
            if self.version >= (4, 2):  # which double backslashes here
                cells = [cell.replace("\\\\", "\\") for cell in cells]
            values = {name: [tidy(v) for v in cell.split(AGGREGATOR)] for name, cell in zip(names, cells) if cell}
            if values:
                found[int(number)] = values
        return found

    def events(self, path: Path, options: Sequence[str] = ()) -> list[dict]:
        """The lines of `-z car,events`."""
        result = self.tshark(*options, "-q", "-z", "car,events", "-r", path)
        assert result.returncode in READ, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def started(self, *arguments: str | Path) -> list[list[str]]:
        """The words of each program that car-wmi starts, as the kernel sees them."""
        if not shutil.which("strace"):
            pytest.skip("strace is not installed")
        log = self.arena / "started"
        log.write_text("")
        self.give(log)
        trace = ("strace", "-f", "-qq", "-s", "100000", "-e", "trace=execve", "-e", "signal=none", "-o", log)
        result = self.run(*trace, self.program, *arguments)
        assert result.returncode == 0, result.stderr
        calls = re.findall(r'execve\("[^"]*", \[(.*)\], .*= 0$', log.read_text(errors="replace"), re.MULTILINE)
        return [json.loads(f"[{words}]") for words in calls[1:]]

    # -- what car-wmi says ---------------------------------------------------------------------------------------------

    def records(self, *arguments: str | Path, status: Iterable[int] = (0,), **options: object) -> list[dict]:
        """The records of `car-wmi list -T ndjson`."""
        result = self.car_wmi("list", "-T", "ndjson", *arguments, **options)
        assert result.returncode in status, (result.returncode, result.stderr)
        return [json.loads(line) for line in result.stdout.splitlines()]


def tidy(value: str) -> str:
    """Booleans are 1 and 0 in Wireshark 4.0, True and False later."""
    return {"True": "1", "False": "0"}.get(value, value)
