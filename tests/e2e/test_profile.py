# SPDX-License-Identifier: GPL-2.0-or-later
"""The Wireshark profile: its filters compile and mean what they say, its colours can be read and told apart, and
`car-wmi doctor` copies it without losing another."""

from __future__ import annotations

import itertools
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

import wireshark_profile as profile
from gen.scenario import CLIENT, OTHER, SERVER
from mixed import Mixed
from support import READ, Tools
from test_shared_captures import OPENED_BEFORE, TRUTH

PROFILE = Path(__file__).resolve().parents[2] / "profiles" / "CAR-WMI"
BUTTONS, RULES = profile.buttons(PROFILE), profile.color_rules(PROFILE)


@pytest.fixture(scope="module")
def mixed(plugin: Tools) -> Mixed:
    """The capture."""
    return Mixed(plugin)


# -- filters -----------------------------------------------------------------------------------------------------------

FILTERS = {f"button {n}": f for n, f in BUTTONS.items()} | {f"rule {r.name}": r.filter for r in RULES}
FILTERS |= {f"bookmark {n}": f for n, f in profile.bookmarks(PROFILE).items()}


Ends = tuple[str, str]


def connections(plugin: Tools, path: Path, filters: Sequence[str]) -> list[set[Ends]]:
    """The ends of the TCP connections that each filter shows frames of; one run for all of them."""
    statistics = itertools.chain.from_iterable(("-z", f"conv,tcp,{text}") for text in dict.fromkeys(filters))
    result = plugin.tshark("-2", "-q", *statistics, "-r", path)
    assert result.returncode in READ and "invalid" not in result.stderr, result.stderr
    found: dict[str, set[Ends]] = {}
    for line in result.stdout.splitlines():
        if line.startswith("Filter:"):
            ends = found.setdefault(line.removeprefix("Filter:"), set())
        elif match := re.match(r"(\S+) +<-> (\S+) ", line):
            ends.add(tuple(sorted(match.groups())))
    return [found[text] for text in filters]


def test_filters_match_something(plugin: Tools, mixed: Mixed) -> None:
    """They compile, and are not empty by a slip; what they match, see below."""
    found = connections(plugin, mixed.path, list(FILTERS.values()))
    empty = {name for name, ends in zip(FILTERS, found) if not ends}
    assert empty == {"bookmark Remote WMI: stubs that are not readable", "bookmark CAR-2014-11-007 as written"}


def test_buttons(plugin: Tools, mixed: Mixed) -> None:
    assert list(BUTTONS) == list(mixed.buttons)
    for label, wanted in mixed.buttons.items():
        assert plugin.frames(mixed.path, BUTTONS[label], True) == sorted(wanted), label


def test_coloring_rules(plugin: Tools, mixed: Mixed, home: Path) -> None:
    """As tshark colours with the profile: the first rule that fits."""
    shutil.copytree(PROFILE, home / "wireshark" / "profiles" / "CAR-WMI")
    result = plugin.tshark(
        "-2", "-C", "CAR-WMI", "--color", "-r", mixed.path, "-T", "fields", "-e", "frame.number",
        "-e", "frame.coloring_rule.name", XDG_CONFIG_HOME=str(home), COLORTERM="truecolor",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    found: dict[str, set[int]] = {}
    for line in result.stdout.splitlines():
        number, _, rule = line.partition("\t")
        if rule:
            found.setdefault(rule, set()).add(int(number))
    assert found == mixed.rules
    assert [rule.name for rule in RULES if rule.enabled] == list(mixed.rules)


def test_macros(plugin: Tools, mixed: Mixed, home: Path) -> None:
    assert profile.macros(PROFILE) == profile.old_macros(PROFILE)
    shutil.copytree(PROFILE, home / "wireshark" / "profiles" / "CAR-WMI")

    def shown(text: str) -> list[int]:
        result = plugin.tshark(
            "-2", "-C", "CAR-WMI", "-r", mixed.path, "-Y", text, "-T", "fields", "-e", "frame.number",
            XDG_CONFIG_HOME=str(home),
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        return [int(line) for line in result.stdout.split()]

    windows = sorted(mixed.flow(*mixed.windows.conversations))
    assert shown(f"${{wmi_host:{CLIENT.ip}}}") == windows
    assert shown(f"${{wmi_host:{SERVER.ip}}}") == sorted(mixed.buttons["All remote WMI"])
    assert shown(f"${{wmi_between:{CLIENT.ip};{SERVER.ip}}}") == windows
    assert shown("${wmi_host6:2001:db8::5}") == [] if plugin.version >= (4, 4) else True
    said = [mixed.windows.marks["client_info"], mixed.windows.marks["client_info_ex"]]
    assert shown("${wmi_pid:7240}") == sorted(mixed.numbers(*said, answers=False))
    assert shown("${wmi_activity:1}") == windows
    if plugin.version >= (4, 4):
        assert shown(f"$wmi_host({OTHER.ip})") == shown(f"car.wmi_rpc && ip.addr == {OTHER.ip}")


def test_columns(plugin: Tools, mixed: Mixed, home: Path) -> None:
    shutil.copytree(PROFILE, home / "wireshark" / "profiles" / "CAR-WMI")
    titles = [title for title, _ in profile.columns(PROFILE)]
    assert titles == [
        "No.", "Time (UTC)", "Source", "Destination", "Protocol", "WMI method", "Process", "Summary", "Info",
    ]  # fmt: skip
    number = mixed.capture.number(mixed.windows.login.requests[0])
    result = plugin.tshark(
        "-2", "-C", "CAR-WMI", "-r", mixed.path, "-Y", f"frame.number == {number}", XDG_CONFIG_HOME=str(home)
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.split()[:2] == [str(number), "2020-08-06"] and " 08:00:0" in result.stdout
    namespace = mixed.windows.namespace
    for text in ("IWbemLevel1Login::NTLMLogin", "WS05:7240", f"WS05 pid 7240 (said by the client) logs in to {namespace}"):
        assert text in result.stdout


def test_preferences_are_known(plugin: Tools) -> None:
    wanted = profile.settings(PROFILE / "preferences")
    assert wanted["tcp.reassemble_out_of_order"] == "TRUE" and wanted["tcp.calculate_timestamps"] == "FALSE"
    assert wanted["tcp.try_heuristic_first"] == "TRUE"
    listed = plugin.run("tshark", "-G", "currentprefs").stdout
    for name in wanted:
        assert f"\n#{name}: " in listed or f"\n{name}: " in listed or f"\n{name}:" in listed, name


# -- on real captures --------------------------------------------------------------------------------------------------


def _ends(row: dict[str, str]) -> Ends:
    return tuple(sorted((row["client"], row["server"])))


@pytest.mark.shared
@pytest.mark.parametrize("name", sorted({row["capture"] for row in TRUTH} - OPENED_BEFORE.keys()))
def test_buttons_on_real_captures(plugin: Tools, shared: Path, name: str) -> None:
    rows = [row for row in TRUTH if row["capture"] == name]
    calls = "calls(frame:interface.opnum)"
    expected = {
        "All remote WMI": {_ends(row) for row in rows if row["confidence"] == "wmi"},
        "Other DCOM": {_ends(row) for row in rows if row["confidence"] == "dcom"},
        "Estimate": {_ends(row) for row in rows if row["rpcss"] == "true"},
        "Process creation": {_ends(row) for row in rows if "IWbemServices.24" in row[calls]},
        "Logins": {_ends(row) for row in rows if "IWbemLevel1Login." in row[calls]},
    }
    found = connections(plugin, shared / name, [BUTTONS[label] for label in expected])
    assert dict(zip(expected, found)) == expected


@pytest.mark.shared
def test_denied_and_persistence_in_the_lab(plugin: Tools, shared: Path) -> None:
    lab = shared / "lab"
    assert len(plugin.frames(lab / "06d_denied_activation_fault.pcapng", BUTTONS["Denied"], True)) == 1
    assert len(plugin.frames(lab / "05a_integrity_persist.pcapng", BUTTONS["Persistence"], True)) == 3


# -- colours -----------------------------------------------------------------------------------------------------------


def _linear(color: profile.Color) -> list[float]:
    parts = [value / 255 for value in color]
    return [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def _luminance(color: profile.Color) -> float:
    red, green, blue = _linear(color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


NORMAL = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
# Machado, Oliveira and Fernandes 2009, severity 1.
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
PROTANOPIA = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))
TRITANOPIA = ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900))


def _lab(color: profile.Color, eyes: tuple) -> tuple[float, float, float]:
    """CIE L*a*b* of a colour as these eyes see it."""
    linear = _linear(color)
    red, green, blue = (min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear)))) for row in eyes)
    x = (0.4124 * red + 0.3576 * green + 0.1805 * blue) / 0.9505
    y = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    z = (0.0193 * red + 0.1192 * green + 0.9505 * blue) / 1.089
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_contrast(rule: profile.Rule) -> None:
    """WCAG 2 AA. Rules set both colours, so the theme does not matter."""
    lighter, darker = sorted((_luminance(rule.background), _luminance(rule.foreground)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5


EYES = {"all": NORMAL, "deutan": DEUTERANOPIA, "protan": PROTANOPIA, "tritan": TRITANOPIA}


@pytest.mark.parametrize("eyes", EYES.values(), ids=list(EYES))
def test_colours_can_be_told_apart(eyes: tuple) -> None:
    """Far beyond the 2.3 that are just noticeable."""
    for one, other in itertools.combinations(RULES, 2):
        a, b = _lab(one.background, eyes), _lab(other.background, eyes)
        assert sum((p - q) ** 2 for p, q in zip(a, b)) ** 0.5 > 15, (one.name, other.name)


# -- doctor ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(plugin: Tools) -> Iterator[Path]:
    """A configuration folder of its own."""
    path = plugin.home / f"config-{os.urandom(4).hex()}"
    path.mkdir(mode=0o777)
    path.chmod(0o777)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def installed(cli: Tools, home: Path) -> Path:
    """car-wmi as if installed in a prefix, with its profile."""
    (home / "prefix" / "bin").mkdir(parents=True)
    shutil.copy(cli.program, home / "prefix" / "bin")
    shutil.copytree(PROFILE, home / "prefix" / "share" / "wireshark" / "profiles" / "CAR-WMI")
    return home / "prefix" / "bin" / "car-wmi"


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_doctor_installs_the_profile(cli: Tools, installed: Path, home: Path) -> None:
    target = home / "wireshark" / "profiles" / "CAR-WMI"
    before = cli.run(installed, "doctor", XDG_CONFIG_HOME=str(home))
    assert before.returncode == 0 and "car-wmi doctor --install-profile" in before.stdout
    assert not target.exists()

    first = cli.run(installed, "doctor", "--install-profile", XDG_CONFIG_HOME=str(home))
    assert first.returncode == 0 and f"✓ Wireshark profile CAR-WMI copied: {target}\n" in first.stdout
    assert _files(target) == _files(PROFILE)

    (target / "recent_of_the_user").write_text("x")
    again = cli.run(installed, "doctor", "--install-profile", XDG_CONFIG_HOME=str(home))
    assert again.returncode == 0 and f"was there already: {target}\n" in again.stdout
    assert sorted(p.name for p in target.parent.iterdir()) == ["CAR-WMI"]
    after = cli.run(installed, "doctor", XDG_CONFIG_HOME=str(home))
    assert f"✓ Wireshark profile CAR-WMI: {target}\n" in after.stdout


def test_doctor_keeps_another_profile(cli: Tools, installed: Path, home: Path) -> None:
    target = home / "wireshark" / "profiles" / "CAR-WMI"
    for number in (1, 2):
        cli.run(installed, "doctor", "--install-profile", XDG_CONFIG_HOME=str(home))
        (target / "colorfilters").write_text(f"# mine {number}\n")
        result = cli.run(installed, "doctor", "--install-profile", XDG_CONFIG_HOME=str(home))
        kept = target.parent / f"CAR-WMI (old {number})"
        assert result.returncode == 0 and f"it is kept: {kept}\n" in result.stdout
        assert (kept / "colorfilters").read_text() == f"# mine {number}\n"
        assert _files(target) == _files(PROFILE)


def test_doctor_says_when_it_cannot(cli: Tools, installed: Path, home: Path) -> None:
    (home / "wireshark").write_text("a file, where the folder should be")
    result = cli.run(installed, "doctor", "--install-profile", XDG_CONFIG_HOME=str(home))
    assert result.returncode == 2
    assert "✗ the Wireshark profile CAR-WMI could not be copied: cannot make" in result.stdout
    shutil.rmtree(installed.parent.parent / "share")
    (home / "wireshark").unlink()
    result = cli.run(installed, "doctor", "--install-profile", XDG_CONFIG_HOME=str(home))
    assert result.returncode == 2 and "there is no Wireshark profile CAR-WMI to copy" in result.stdout


@pytest.fixture
def beside(cli: Tools, home: Path) -> Path:
    """A folder with a tshark, and room for other programs beside it."""
    folder = home / "programs"
    folder.mkdir()
    (folder / "tshark").symlink_to(shutil.which("tshark"))
    return folder


@pytest.mark.parametrize(("mode", "said"), [
    (0o755, "has no rights of its own); reading captures works. To be allowed: sudo dpkg-reconfigure wireshark-common"),
    (0o644, "reading captures works. To be allowed: sudo usermod -aG wireshark"),
    (0o4755, None),
])  # fmt: skip
def test_doctor_notes_who_may_capture(cli: Tools, beside: Path, mode: int, said: str | None) -> None:
    (beside / "dumpcap").write_text("never run")
    (beside / "dumpcap").chmod(mode)
    result = cli.run(cli.program, "doctor", "--tshark", beside / "tshark")
    notes = [line for line in result.stdout.splitlines() if "may not capture" in line]
    assert result.returncode == 0 and len(notes) == (said is not None)
    assert said is None or (str(beside / "dumpcap") in notes[0] and said in notes[0] and "log in again" in notes[0])


def test_doctor_notes_what_filters_miss(cli: Tools, home: Path) -> None:
    before = cli.car_wmi("doctor", XDG_CONFIG_HOME=str(home))
    assert before.returncode == 0 and "tcp.try_heuristic_first" in before.stdout
    (home / "wireshark").mkdir(exist_ok=True)
    (home / "wireshark" / "preferences").write_text("tcp.try_heuristic_first: TRUE\n")
    after = cli.car_wmi("doctor", XDG_CONFIG_HOME=str(home))
    assert after.returncode == 0 and "tcp.try_heuristic_first" not in after.stdout


def test_doctor_notes_that_the_windows_are_missing(cli: Tools, beside: Path) -> None:
    def noted() -> bool:
        result = cli.run(cli.program, "doctor", "--tshark", beside / "tshark", PATH=str(beside))
        assert result.returncode == 0
        return "· Wireshark itself is not installed" in result.stdout

    assert noted()
    (beside / "wireshark").write_text("never run")
    assert not noted()


def test_global_profile(cli: Tools, mixed: Mixed, home: Path) -> None:
    """Where it is installed for all, tshark -C finds it without any copy, and so does doctor, which copies it when asked."""
    everybody = cli.wireshark_data("with-profile", PROFILE)
    changes = {"WIRESHARK_DATA_DIR": str(everybody), "XDG_CONFIG_HOME": str(home)}
    result = cli.run(cli.program, "doctor", **changes)
    assert f"✓ Wireshark profile CAR-WMI: {everybody}/profiles/CAR-WMI\n" in result.stdout
    result = cli.run(cli.program, "doctor", "--install-profile", **changes)
    target = home / "wireshark" / "profiles" / "CAR-WMI"
    assert result.returncode == 0 and f"✓ Wireshark profile CAR-WMI copied: {target}\n" in result.stdout
    assert _files(target) == _files(PROFILE)
    shutil.rmtree(target)
    result = cli.tshark("-C", "CAR-WMI", "-r", mixed.path, **changes)
    assert result.returncode in READ and "IWbemLevel1Login::NTLMLogin" in result.stdout


def test_doctor_notes_two_installations(cli: Tools, home: Path) -> None:
    """One from source and one from a package: which of them runs, and where the other lies."""
    other = home / "other"
    other.mkdir(parents=True, exist_ok=True)
    copy = shutil.copy(cli.program, other / "car-wmi")
    first = f"{other}:{cli.program.parent}"
    said = cli.car_wmi("doctor", PATH=f"{first}:{os.environ['PATH']}").stdout
    assert f" car-wmi in PATH, of which the first runs: {copy}, {cli.program}" in said
    assert "car-wmi in PATH" not in cli.car_wmi("doctor").stdout
