# SPDX-License-Identifier: GPL-2.0-or-later
"""What tshark may do, and what of the user's surroundings it sees: an attacker who takes it over gains little, and what
lies in a home changes nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gen import scenario
from support import Tools

PASSWORD = "Correct-Horse-7"
FACTS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "NoNewPrivs", "Seccomp")

LUA = """
local mark = io.open("{mark}", "w")
if mark then mark:close() end
local evil = Proto("evil", "Evil")
function evil.dissector(buffer, pinfo, tree) return buffer:len() end
for port = 1, 65535 do DissectorTable.get("tcp.port"):add(port, evil) end
"""

SETTINGS = {
    "preferences": "tcp.desegment_tcp_streams: FALSE\ntcp.try_heuristic_first: FALSE\nip.check_checksum: TRUE\n",
    "decode_as_entries": "decode_as_entry: tcp.port,135,DCE/RPC,HTTP\ndecode_as_entry: tcp.port,135,HTTP,HTTP\n",
    "disabled_protos": "dcerpc\ncar.wmi_rpc\ntcp\n",
    "heuristic_protos": "dcerpc_tcp,0\n",
    "init.lua": LUA,
}


@pytest.fixture(scope="module")
def sample(cli: Tools) -> Path:
    """A session, on any ports."""
    return cli.write(scenario.sample(), "privilege.pcapng")


@pytest.fixture
def home(cli: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty home."""
    path = cli.arena / f"home-{next(cli._counter)}"
    path.mkdir()
    cli.give(path)
    yield path
    shutil.rmtree(path)


def fill(cli: Tools, home: Path) -> Path:
    """Puts all that could change what tshark finds into a home. Returns the file that a script makes which is run."""
    mark = home / "run"
    script = LUA.format(mark=mark)
    for folder in (".local/lib/wireshark/plugins", ".config/wireshark/plugins", ".config/wireshark", ".wireshark"):
        path = home / folder
        path.mkdir(parents=True, exist_ok=True)
        (path / "evil.lua").write_text(script)
        for name, content in SETTINGS.items():
            (path / name).write_text(script if name == "init.lua" else content)
    for path in home.rglob("*"):
        cli.give(path)
    return mark


def listed(cli: Tools, path: Path, **options: object) -> list[dict]:
    return cli.records(path, **options)


def test_hostile_home(cli: Tools, sample: Path, home: Path) -> None:
    """Settings and scripts that would make tshark find nothing."""
    expected = listed(cli, sample)
    assert len(expected) == 2
    mark = fill(cli, home)
    surroundings = {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config")}
    plain = cli.run("tshark", "-n", "-r", sample, "-Y", "car.wmi_rpc", **surroundings)
    assert plain.stdout == "" and mark.exists(), "they do not do what they are there for"
    mark.unlink()
    for options in ([], ["--no-scan"]):
        result = cli.car_wmi("list", "-T", "ndjson", *options, sample, **surroundings)
        assert [json.loads(line) for line in result.stdout.splitlines()] == expected
    assert not mark.exists()


def test_plugin_in_a_hostile_home(cli: Tools, sample: Path, home: Path) -> None:
    """Where the plugin itself is in the home, it is found, and nothing else."""
    mark = fill(cli, home)
    place = home / ".local/lib/wireshark/plugins"
    shutil.copytree(cli.stage, place, dirs_exist_ok=True)
    temporary = home / "tmp"
    temporary.mkdir()
    for path in home.rglob("*"):
        cli.give(path)
    surroundings = {"HOME": str(home), "WIRESHARK_PLUGIN_DIR": str(temporary), "XDG_CONFIG_HOME": str(home / ".config")}
    for folder in (temporary, home / "missing"):
        assert listed(cli, sample, TMPDIR=str(folder), **surroundings) == listed(cli, sample)
        assert list(temporary.iterdir()) == [] and not mark.exists()
    assert not list(Path("/tmp").glob("car-wmi-??????/.local"))


def wrapper(cli: Tools, home: Path, commands: str) -> Path:
    """A program that car-wmi takes for tshark."""
    path = home / "tshark"
    path.write_text(f"#!/bin/sh\nPATH={os.environ['PATH']}\n{commands}\n")
    path.chmod(0o755)
    return path


def test_rights(cli: Tools, sample: Path, home: Path) -> None:
    """tshark has no capabilities, gains none, and opens no socket."""
    names = "|".join(FACTS)
    script = wrapper(cli, home, f'echo "tshark: $(grep -E "^({names}):" /proc/self/status | tr "\\n\\t" "; ")" >&2; exit 3')
    result = cli.car_wmi("list", "--tshark", script, sample)
    facts = dict(re.findall(rf"({names}): +([0-9a-f]+)", result.stderr))
    assert result.returncode == 2 and set(facts) == set(FACTS), result.stderr
    assert facts["NoNewPrivs"] == "1" and facts["Seccomp"] == "2"
    for name in ("CapInh", "CapPrm", "CapEff"):
        assert int(facts[name], 16) in (0, 1 << 2)


def test_rights_of_root(cli: Tools, sample: Path, home: Path) -> None:
    """Root's tshark keeps what lets it read."""
    if os.getuid() != 0:
        pytest.skip("needs root")
    script = wrapper(cli, home, 'echo "tshark: $(grep -E "^Cap(Prm|Eff|Bnd):" /proc/self/status | tr "\\n\\t" "; ")" >&2; exit 3')
    result = subprocess.run([cli.program, "list", "--tshark", script, sample], capture_output=True, text=True, check=False)
    masks = {int(mask, 16) for mask in re.findall(r"Cap\w+: +([0-9a-f]+)", result.stderr)}
    assert masks <= {0, 1 << 2} and masks, result.stderr


def landlock() -> bool:
    """Whether this kernel can keep a program from writing."""
    import ctypes

    return ctypes.CDLL(None).syscall(444, None, 0, 1) >= 1


@pytest.mark.parametrize("attempt", ["new", "old", "remove", "folder", "socket"])
def test_attempts(cli: Tools, sample: Path, home: Path, attempt: str) -> None:
    """What a tshark that was taken over tries."""
    (home / "old").write_text("kept")
    cli.give(home / "old")
    commands = {
        "new": f": > {home}/new",
        "old": f": > {home}/old",
        "remove": f"rm {home}/old",
        "folder": f"mkdir {home}/folder",
        "socket": '/usr/bin/python3 -c "import socket; socket.socket()"',
    }[attempt]
    if attempt != "socket" and not landlock():
        pytest.skip("this kernel has no landlock")
    free = cli.run("sh", "-c", f"cd {home}; {commands}")
    assert free.returncode == 0, free.stderr
    for name in ("new", "folder"):
        path = home / name
        path.rmdir() if path.is_dir() else path.unlink(missing_ok=True)
    (home / "old").write_text("kept")
    script = wrapper(cli, home, f"({commands}) 2>&- >/dev/null; echo tshark: status $? >&2; exit 3")
    result = cli.car_wmi("list", "--tshark", script, sample)
    status = re.search(r"status ([0-9]+)", result.stderr)
    assert status and status[1] != "0", result.stderr
    assert (home / "old").read_text() == "kept" and not (home / "new").exists() and not (home / "folder").exists()


def traced(cli: Tools, home: Path, calls: str, *arguments: str | Path, **environment: str) -> list[str]:
    """The system calls of a run and of its children."""
    log = home / "trace"
    environment = {"HOME": str(home), "TMPDIR": str(home)} | environment
    result = cli.run("strace", "-f", "-qq", "-v", "-s", "100000", "-e", f"trace={calls}", "-o", log, cli.program,
                     *arguments, **environment)  # fmt: skip
    assert result.returncode == 0, result.stderr
    return log.read_text(errors="replace").splitlines()


COMMANDS = {
    "list": ("list", "-T", "ndjson"),
    "list alone": ("list", "--no-scan"),
    "report": ("report", "-o", "{out}"),
    "extract": ("extract", "-o", "{out}"),
}


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("command", COMMANDS)
def test_no_network_and_no_files(cli: Tools, sample: Path, home: Path, command: str) -> None:
    """Nothing is sent, and nothing is written but the output."""
    out = home / "out" / "result"
    out.parent.mkdir()
    cli.give(out.parent)
    arguments = [word.format(out=out) for word in COMMANDS[command]]
    calls = "socket,connect,bind,sendto,openat,open,creat,mkdir,mkdirat,unlink,unlinkat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,truncate"
    for line in traced(cli, home, calls, *arguments, sample):
        assert not re.search(r"\b(socket|connect|bind|sendto)\(", line), line
        opened = re.search(r'open(?:at)?\([^"]*"([^"]*)", ([A-Z_|]+)', line)
        if opened:
            writes = re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_TMPFILE", opened[2])
            ours = opened[1].startswith((str(out.parent), "/dev/null")) or "= -1" in line
            assert not writes or ours, line
        elif "(" in line and not re.search(r"\b(unfinished|resumed|exited|killed)\b", line):
            assert str(out.parent) in line or "= -1" in line, line


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_secrets(cli: Tools, home: Path) -> None:
    """A password is in no argument, environment, file, record or message."""
    session = scenario.sample()
    path = cli.write(session, "secrets.pcapng")
    secret = home / "password"
    secret.write_text(PASSWORD + "\n")
    cli.give(secret)
    secret.chmod(0o600)
    out = home / "out"
    lines = traced(cli, home, "execve,execveat,write,writev,pwrite64", "report", "-o", out, "--nt-password-file", secret, path)
    text = out.read_text()
    started = [line for line in lines if "execve" in line]
    assert len(started) > 1 and all(PASSWORD not in line for line in started) and PASSWORD not in text
    written = [line for line in lines if PASSWORD in line]
    assert not written, written
