# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands that the README and the man page tell people to type do what they say."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gen import hostlog, scenario
from gen.hostlog import HostLog
from gen.scenario import CLIENT, OTHER, SERVER, Lab
from support import Tools

REPOSITORY = Path(__file__).resolve().parents[2]
MAN = REPOSITORY / "cli" / "man" / "car-wmi.1"
COMMAND = "cmd.exe /Q /c whoami"


class Desk:
    """A folder with what the recipes name: incident.pcapng, logs/ and captures/."""

    def __init__(self, cli: Tools) -> None:
        self.cli = cli
        self.folder = cli.home / "desk"
        lab = Lab(seed=61)
        session = scenario.wmi_session(lab, CLIENT, SERVER)
        session.exec_query("SELECT * FROM Win32_Process")
        impacket = scenario.wmi_session(lab, OTHER, SERVER, kind="impacket", sealed=False)
        impacket.create_process(COMMAND)
        impacket.create_process("denied.exe", fault=5)
        log = HostLog(CLIENT)
        image = r"\device\harddiskvolume1\tools\dropper.exe"
        log.permitted(session.rpc.tcp, session.client_pid, image, hostlog.OUTBOUND)
        for name in ("logs", "captures"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "logs" / "events.json").write_bytes(hostlog.lines(log.events))
        for name in ("incident.pcapng", "captures/1.pcapng"):
            lab.capture().write(str(self.folder / name))
        for path in (self.folder, *self.folder.rglob("*")):
            path.chmod(0o777 if path.is_dir() else 0o644)

    def run(self, command: str, stdin: bytes | None = None) -> subprocess.CompletedProcess:
        """In a shell, in the folder."""
        script = f"set -o pipefail; cd {self.folder}; PATH={self.cli.program.parent}:$PATH; {command}"
        return self.cli.run("bash", "-c", script, stdin=stdin)


@pytest.fixture(scope="module")
def desk(cli: Tools) -> Iterator[Desk]:
    """The folder."""
    made = Desk(cli)
    yield made
    shutil.rmtree(made.folder)


def recipes() -> dict[str, str]:
    """What a recipe is for → its commands, as the man page has them."""
    section = MAN.read_text().partition("\n.SH RECIPES\n")[2].partition("\n.SH ")[0]
    found = re.findall(r"([^\n]+)\n\.P\n\.RS\n\.nf\n(.*?)\n\.fi\n", section, re.DOTALL)
    return {title: text.replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\") for title, text in found}


EXPECTED = {
    "Was there": [COMMAND, "remote WMI"],
    "Who was attacked": [f"{CLIENT.ip}\t{SERVER.ip}", f"{OTHER.ip}\t{SERVER.ip}"],
    "Which commands": [COMMAND],
    "As which users": ["\n"],
    "From which processes": ["wire:SetClientInfo"],
    "Only one host": [SERVER.ip],
    "What the server refused": ["ExecMethod"],
    "The same frames": ["ExecMethod"],
    "With the hosts": ["dropper.exe"],
}
"""What a recipe has to print, by how its title begins."""


@pytest.mark.parametrize("title", recipes())
def test_recipe(desk: Desk, title: str) -> None:
    command = recipes()[title]
    for program in ("duckdb", "jq"):
        if program in command and not shutil.which(program):
            command = command.partition(f"\n{program}")[0]
            if program in command:
                pytest.skip(f"{program} is not installed")
    result = desk.run(command)
    nothing = "Persistence" in title  # there is none in the capture
    assert result.returncode == (1 if nothing else 0), result.stderr
    wanted = [texts for begin, texts in EXPECTED.items() if title.startswith(begin)]
    assert all(text in result.stdout for texts in wanted for text in texts), result.stdout
    if "report" in command:
        assert (desk.folder / "case.html").stat().st_size > 10_000
        assert (desk.folder / "evidence.pcapng").stat().st_size > 1_000


def test_twelve_recipes() -> None:
    assert len(recipes()) == 12 and sum(any(t.startswith(b) for t in recipes()) for b in EXPECTED) == len(EXPECTED)


def readme_commands() -> list[str]:
    """Lines of the README that a person may type, without those that install."""
    text = (REPOSITORY / "README.md").read_text()
    blocks = re.findall(r"^```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    lines = [line.partition("  #")[0].removeprefix("$ ").strip() for block in blocks for line in block.splitlines()]
    inline = re.findall(r"`(car-wmi [^`]*(?:CAPTURE…|CAPTURE))`", text)
    return [line for line in lines if line.startswith("car-wmi ")] + inline


@pytest.mark.parametrize("command", readme_commands())
def test_readme(desk: Desk, command: str) -> None:
    """Each finds what is there; a capture stands for CAPTURE, and for the interface."""
    given = command.replace("CAPTURE…", "incident.pcapng").replace("FOLDER", "logs").replace("-i eth0", "-")
    stdin = (desk.folder / "incident.pcapng").read_bytes() if given != command and "watch" in command else None
    result = desk.run(given, stdin)
    assert result.returncode == 0, result.stderr
    assert result.stdout or "-o" in command


def test_readme_is_short() -> None:
    assert len((REPOSITORY / "README.md").read_text().split()) <= 900
    assert len(readme_commands()) >= 7
