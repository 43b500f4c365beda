# SPDX-License-Identifier: GPL-2.0-or-later
"""The options in --help, in the man page and in the shells' completions are the same; so are members and fields."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from support import Tools

REPOSITORY = Path(__file__).resolve().parents[2]
COMPLETION = REPOSITORY / "cli" / "completion"
MAN = REPOSITORY / "cli" / "man"
INTERFACES = {path.name for path in Path("/sys/class/net").glob("*")}  # a container may have no such folder


def commands(cli: Tools) -> list[str]:
    """What `car-wmi --help` lists."""
    listed = cli.car_wmi("--help").stdout.partition("\nCommands:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  ([a-z][a-z-]*)", listed, re.MULTILINE)


def options(cli: Tools, command: str) -> dict[str, tuple[str, str]]:
    """Long option → its short form and the name of its value, as `--help` has them."""
    text = cli.car_wmi(command, "--help").stdout
    found = re.findall(r"^  (?:(-[a-zA-Z0-9?]), )?(--[a-z-]+)(?:=([A-Z]+))? ", text, re.MULTILINE)
    return {name: (short, value) for short, name, value in found}


def formats(cli: Tools) -> list[str]:
    """What -T takes."""
    text = cli.car_wmi("list", "--help").stdout.partition("\nFormats:\n")[2].partition("\n\n")[0]
    return re.findall(r"^  ([a-z][a-z._-]*) ", text, re.MULTILINE)


def plain(page: str) -> str:
    """A man page's source without fonts and escapes."""
    text = (MAN / page).read_text()
    return re.sub(r"\\f[BIR]", "", text).replace("\\-", "-").replace("\\fR", "")


def sections(page: str) -> dict[str, str]:
    """First word of each .SS's title → its text."""
    parts = re.split(r'^\.SS "?([\w-]+).*$', plain(page), flags=re.MULTILINE)
    return {title: text.partition("\n.SH ")[0] for title, text in zip(parts[1::2], parts[2::2])}


def entries(section: str) -> dict[str, str]:
    """Long option → the name of its value, as a section of the man page has them."""
    return dict(re.findall(r"^\.TP\n\.BR? .*?(--[a-z-]+)(?:=([A-Z]+))?", section, re.MULTILINE))


def test_man_has_the_options_of_help(cli: Tools) -> None:
    found = sections("car-wmi.1")
    common = set(re.findall(r"--[a-z-]+", found["Common"]))
    shared, files = entries(found["Reading"]) | entries(found["Questions"]), entries(found["Files"])
    assert "--keytab" in shared and "--host-log" in files
    for command in commands(cli):
        if command == "help":
            continue
        expected = {name: value for name, (_, value) in options(cli, command).items() if name not in common}
        own = entries(found[command])
        own |= (shared if "--keytab" in expected else {}) | (files if "--host-log" in expected else {})
        assert own == expected, command
        for name, (short, _) in options(cli, command).items():
            if name not in common and short:
                text = found["Reading" if name in shared else "Files" if name in files else command]
                assert re.search(rf'^\.BR {short} ", " {name}', text, re.MULTILINE), (command, short)
    assert {"--help", "--version"} <= common


def test_man_has_the_formats_of_help(cli: Tools) -> None:
    section = plain("car-wmi.1").partition("\n.SH FORMATS\n")[2].partition("\n.SH ")[0]
    assert re.findall(r"^\.TP\n\.B ([\w.-]+)$", section, re.MULTILINE) == formats(cli)


def test_man_has_the_commands_of_help(cli: Tools) -> None:
    assert set(commands(cli)) == sections("car-wmi.1").keys() - {"Common", "Reading", "Questions", "Files"}


def members_of(schema: Path) -> set[str]:
    """All members that a schema names."""

    def names(node: object) -> set[str]:
        if isinstance(node, dict):
            own = node["properties"] if node.get("type") == "object" and "properties" in node else {}
            return set(own).union(*map(names, node.values()))
        return set().union(*map(names, node)) if isinstance(node, list) else set()

    return names(json.loads(schema.read_text()))


def test_man_has_the_members_of_records() -> None:
    page = plain("car-wmi-record.5")
    named = set(re.findall(r"\w+", page))
    written = set()
    for source in (REPOSITORY / "cli" / "output").glob("json*.c"):
        written |= set(re.findall(r'\bjson_\w+\(\w+, "(\w+)"', source.read_text()))
        written |= set(re.findall(r'\bwrite_\w+\(\w+, "(\w+)"', source.read_text()))
    assert "processes" in written
    assert sorted(written - named) == []
    assert sorted(members_of(REPOSITORY / "cli" / "record" / "record.schema.json") - named) == []


def test_man_has_the_members_of_events() -> None:
    page = plain("car-wmi-events.5")
    path = REPOSITORY / "plugin" / "event" / "event.schema.json"
    assert sorted(members_of(path) - set(re.findall(r"\w+", page))) == []
    kinds = json.loads(path.read_text())["properties"]["event"]["enum"]
    assert re.findall(r"^\.TP\n\.B ([\w.-]+)$", page.partition(".SH EVENTS")[2].partition("\n.SH ")[0], re.MULTILINE) == kinds


def test_man_has_the_fields_of_the_plugin(plugin: Tools) -> None:
    lines = plugin.run("tshark", "-G", "fields").stdout.splitlines()
    fields = {columns[2] for columns in map(lambda line: line.split("\t"), lines) if columns[2].startswith("car.")}
    assert "car.wmi_rpc.client_pid" in fields
    page = (MAN / "car-wmi-filter.7").read_text()
    headings = " ".join(re.findall(r"^\.TP\n\.B (.*)$", page, re.MULTILINE))
    assert set(re.findall(r"car\.[a-z_.]+", headings)) == fields


@pytest.mark.parametrize("page", sorted(path.name for path in MAN.glob("*.[1-9]")))
def test_man_is_well_formed(page: str) -> None:
    if not shutil.which("man"):
        pytest.skip("man is not installed")
    result = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", MAN / page],
        capture_output=True, text=True, check=False, env=os.environ | {"LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")


class Bash:
    """Completes in a real bash."""

    name = "bash"
    SCRIPT = (
        'compopt() { :; }; source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))\n'
        '_car_wmi car-wmi "${@: -1}" "${@: -2:1}"; printf "%s\\n" "${COMPREPLY[@]}"'
    )

    def complete(self, cli: Tools, *words: str) -> set[str]:
        """What it offers for the last word."""
        split = [part for word in words for part in re.split("(?<==)|(?==)", word) or [""]]
        result = cli.run("bash", "-c", self.SCRIPT, self.source(cli), "car-wmi", *split, PATH=path(cli))
        assert result.stderr == ""
        return {line.rstrip("=") for line in result.stdout.split("\n")} - {""}

    def source(self, cli: Tools) -> Path:
        """The script, where nobody may read it."""
        return Path(shutil.copy(COMPLETION / "car-wmi.bash", cli.arena))


class Fish:
    """Completes in a real fish."""

    name = "fish"

    def complete(self, cli: Tools, *words: str) -> set[str]:
        """What it offers for the last word."""
        source = shutil.copy(COMPLETION / "car-wmi.fish", cli.arena)
        line = " ".join(["car-wmi", *words])
        settings = Path(tempfile.mkdtemp(dir=cli.arena))  # its own: fish complains when it may not write there
        settings.chmod(0o777)
        result = cli.run(
            "fish", "-c", f"source {source}; complete -C '{line}'", PATH=path(cli), XDG_CONFIG_HOME=str(settings)
        )
        assert result.stderr == ""
        offered = {entry.partition("\t")[0] for entry in result.stdout.splitlines()}
        prefix = words[-1].partition("=")[0] + "=" if "=" in words[-1] else ""
        return {entry.removeprefix(prefix).rstrip("=") for entry in offered}


class Zsh:
    """Completes in a real, interactive zsh."""

    name = "zsh"

    def complete(self, cli: Tools, *words: str) -> set[str]:
        """What it lists for the last word."""
        master, slave = pty.openpty()
        environment = cli.environment(PATH=path(cli), TERM="dumb", COLUMNS="200", LINES="100", PS1="> ")
        process = subprocess.Popen(
            ["zsh", "-f", "-i"], stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=cli.home,
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        try:
            wait_for(master, "> ")
            setup = (
                f"fpath=({COMPLETION} $fpath); autoload -U compinit; compinit -u -D; unsetopt zle_bracketed_paste; "
                "zstyle ':completion:*' verbose no; setopt list_ambiguous no_auto_menu; PS1='rea''dy '\r"
            )
            os.write(master, setup.encode())
            wait_for(master, "ready ")
            # A widget of its own tells where the list ends.
            os.write(master, f"car-wmi {' '.join(words)}\x04".encode())
            text = wait_for(master, "\nready car-wmi")
        finally:
            process.kill()
            process.wait()
            os.close(master)
        listed = text.partition("\n")[2].rpartition("ready")[0]
        return {word.rstrip("=*/") for word in re.findall(r"\S+", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", " ", listed))}


def wait_for(terminal: int, text: str) -> str:
    """Reads until it came."""
    seen = ""
    end = time.monotonic() + 60
    while text not in seen:
        if not select.select([terminal], [], [], max(0, end - time.monotonic()))[0]:
            raise TimeoutError(f"no {text!r} in {seen!r}")
        seen += os.read(terminal, 65536).decode(errors="replace")
    return seen


def path(cli: Tools) -> str:
    """With car-wmi in it."""
    return f"{cli.program.parent}:{os.environ['PATH']}"


@pytest.mark.parametrize("shell", [Bash(), Zsh(), Fish()], ids=lambda shell: shell.name)
def test_completion(cli: Tools, shell) -> None:
    if not shutil.which(shell.name):
        pytest.skip(f"{shell.name} is not installed")
    for command in set(commands(cli)) - {"help"}:
        assert shell.complete(cli, command, "--") == options(cli, command).keys(), command
    assert set(commands(cli)) <= shell.complete(cli, "")
    assert shell.complete(cli, "help", "") == set(commands(cli))
    assert shell.complete(cli, "list", "-T", "") == set(formats(cli))
    if shell.name != "zsh":  # which would put the only one in
        assert shell.complete(cli, "list", "--format=n") == {"ndjson"}
    assert shell.complete(cli, "list", "--min-confidence", "") == {"wmi", "dcom", "rpcss"}
    if shell.name != "zsh" or len(INTERFACES) > 1:  # zsh puts the only one in
        assert shell.complete(cli, "watch", "-i", "") == INTERFACES
