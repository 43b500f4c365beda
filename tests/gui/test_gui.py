# SPDX-License-Identifier: GPL-2.0-or-later
"""The real Wireshark with plugin and profile: what an analyst sees and clicks, on a generated capture and on real ones.

The frames to expect come from the generator (`mixed`), and from tshark where the end-to-end tests hold it against the
truth."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pyatspi
import pytest

import test_statistics as statistics
import wireshark_profile as profile
from desktop import Wireshark, Window, wait_for
from mixed import Mixed
from support import Tools

PROFILE = Path(__file__).resolve().parents[2] / "profiles" / "CAR-WMI"
BUTTONS, RULES = profile.buttons(PROFILE), profile.color_rules(PROFILE)
PERSISTENCE = BUTTONS["Persistence"]
COLUMNS = [title for title, _ in profile.columns(PROFILE)]
REAL = (
    "LM_WMI_ProcessCallCreate.pcapng",
    "Intranet_penetration_history__b2e7ab62__wmiexec.pcapng",
    "Pcaps__0ac6d331__invoke-wmiexec.pcap",
    "Pcaps__08a6d970__mmcexec.pcap",
    "zeek__51c5a779__kerberos135_auth.pcapng",
    "lab/05a_integrity_persist.pcapng",
    "lab/06d_denied_activation_fault.pcapng",
)


class Opened:
    """Wireshark with a capture, and what tshark says of that."""

    def __init__(self, wireshark: Wireshark, tools: Tools, path: Path, config: Path) -> None:
        self.wireshark, self.tools, self.path, self.config = wireshark, tools, path, config
        self.profile = config / "wireshark" / "profiles" / "CAR-WMI"
        self.total = len(tools.frames(path, "frame"))

    def shows(self, count: int) -> None:
        """Waits until so many packets are displayed."""
        wait_for(f"{count} packets displayed", lambda: self.wireshark.displayed() == (self.total, count))

    def show_all(self) -> None:
        """Without a display filter."""
        self.wireshark.filter("")
        self.shows(self.total)

    def column(self, title: str, rows: int) -> list[str]:
        """What a column has in the first rows."""
        index = COLUMNS.index(title)
        return [self.wireshark.row(row)[index].name for row in range(rows)]

    def statistics(self, *menu: str) -> Window:
        """Opens a window of the menu Statistics."""
        self.wireshark.choose("Statistics", *menu)
        return wait_for(f"window {menu[-1]}", lambda: self.wireshark.window(f" {menu[-1]} ·"))


@pytest.fixture(scope="module", params=["generated", "real"])
def opened(request: pytest.FixtureRequest, plugin: Tools, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Wireshark with the profile."""
    config = tmp_path_factory.mktemp("config")
    if request.param == "generated":
        path = Mixed(plugin).path
    else:
        captures = [request.getfixturevalue("shared") / name for name in REAL]
        path = config / "merged.pcapng"
        subprocess.run(["mergecap", "-a", "-w", path, *captures], check=True)
    shutil.copytree(PROFILE, config / "wireshark" / "profiles" / "CAR-WMI")
    settings = {
        "XDG_CONFIG_HOME": str(config),
        "WIRESHARK_PLUGIN_DIR": str(plugin.stage),
        "WIRESHARK_DATA_DIR": str(plugin.data),
    }
    wireshark = Wireshark(path, "-C", "CAR-WMI", log=config / "wireshark.log", **settings)
    yield Opened(wireshark, plugin, path, config)
    wireshark.kill()


def test_opens_without_a_warning(opened: Opened) -> None:
    assert list(opened.wireshark.windows()) == [opened.path.name]
    assert opened.wireshark.profile() == "CAR-WMI"
    opened.shows(opened.total)
    assert opened.wireshark.said() == []


def test_columns(opened: Opened) -> None:
    assert opened.wireshark.headers == COLUMNS
    wanted = 'car.wmi_rpc.method == "IWbemLevel1Login::NTLMLogin" && dcerpc.pkt_type == 0'
    opened.wireshark.filter(wanted)
    names = ("car.wmi_rpc.method", "car.wmi_rpc.process", "car.wmi_rpc.summary")
    said = opened.tools.fields(opened.path, *names, display_filter=wanted)
    opened.shows(len(said))
    assert opened.column("No.", len(said)) == [str(number) for number in said]
    for title, name in zip(("WMI method", "Process", "Summary"), names):
        assert opened.column(title, len(said)) == [values.get(name, [""])[0] for values in said.values()], title
    assert any(opened.column("Summary", len(said)))
    for info in opened.column("Info", len(said)):
        assert "NTLMLogin" in info
    for time in opened.column("Time (UTC)", len(said)):
        assert time[:2] == "20" and time[4] == time[7] == "-" and time[13] == time[16] == ":"


def test_columns_show_strings_as_they_are(opened: Opened) -> None:
    """Nothing is escaped or quoted."""
    wanted = r'car.wmi_rpc.summary contains "\\" || car.wmi_rpc.summary contains "\""'
    said = opened.tools.fields(opened.path, "car.wmi_rpc.summary", display_filter=wanted)
    opened.wireshark.filter(wanted)
    opened.shows(len(said))
    assert said and opened.column("Summary", len(said)) == [values["car.wmi_rpc.summary"][0] for values in said.values()]


def test_colours(opened: Opened) -> None:
    """One packet of each rule, in one picture."""
    rule_name = "frame.coloring_rule.name"
    profiled = ["-C", "CAR-WMI", "--color"]
    said = opened.tools.fields(opened.path, rule_name, options=profiled, XDG_CONFIG_HOME=str(opened.config))
    first = {values[rule_name][0]: number for number, values in reversed(said.items())}
    numbers = {first[rule.name]: rule for rule in RULES if rule.name in first}
    assert len(numbers) >= 6
    # The first packet is selected, and then has another colour.
    other = next(number for number in range(1, opened.total) if number not in said)
    assert other < min(numbers)
    opened.wireshark.filter(f"frame.number in {{{', '.join(map(str, sorted([other, *numbers])))}}}")
    opened.shows(len(numbers) + 1)
    opened.wireshark.choose("Go", "First Packet")
    assert opened.column("No.", len(numbers) + 1) == [str(n) for n in sorted([other, *numbers])]

    def seen() -> bool:
        picture = opened.wireshark.screenshot()
        cells = [opened.wireshark.row(row)[COLUMNS.index("Summary")] for row in range(1, len(numbers) + 1)]
        colors = [opened.wireshark.background(cell, picture) for cell in cells]
        return colors == [numbers[number].background for number in sorted(numbers)]

    wait_for("the colours of the rules", seen)


@pytest.mark.parametrize("label", BUTTONS)
def test_filter_button(opened: Opened, label: str) -> None:
    wanted = opened.tools.frames(opened.path, BUTTONS[label], True)
    opened.show_all()
    opened.wireshark.press_button(label)
    opened.shows(len(wanted))
    some = min(len(wanted), 5)
    assert opened.column("No.", some) == [str(number) for number in wanted[:some]]


def _count_rows(window: Window) -> list[tuple[str, int]]:
    return [(row[0], int(row[1])) for row in window.cells(9)]


def test_statistics_tree(opened: Opened) -> None:
    opened.show_all()
    window = opened.statistics("Remote WMI")
    expected = statistics.tree(opened.tools, opened.path, "-2")
    named = sorted(((path or (statistics.ROOT,))[-1], count) for path, count in expected.items())
    wait_for("the counts", lambda: sorted(_count_rows(window)) == named)

    entry = window.find("text", "Display filter entry")
    entry.queryEditableText().setTextContents('car.wmi_rpc.stage == "execute"')
    window.press("push button", "Apply")
    fewer = statistics.tree(opened.tools, opened.path, "-2", display_filter='car.wmi_rpc.stage == "execute"')
    named = sorted(((path or (statistics.ROOT,))[-1], count) for path, count in fewer.items())
    wait_for("the counts with a filter", lambda: sorted(_count_rows(window)) == named)
    window.press("push button", "Close")


def test_statistics_activities(opened: Opened) -> None:
    window = opened.statistics("Remote WMI Activities")
    expected = statistics.activities(opened.tools, opened.path, "-2")
    assert len(expected) >= 3
    rows = sorted((list(row.values()) for row in expected), key=lambda row: int(row[0]))
    wait_for("the activities", lambda: sorted(window.cells(len(expected[0])), key=lambda row: int(row[0])) == rows)

    entry = window.find("text", "Display filter entry")
    entry.queryEditableText().setTextContents(PERSISTENCE)
    window.press("push button", "Apply")
    fewer = statistics.activities(opened.tools, opened.path, "-2", display_filter=PERSISTENCE)
    assert 0 < len(fewer) < len(expected)
    rows = [list(row.values()) for row in fewer]
    wait_for("the activities with a filter", lambda: window.cells(len(expected[0])) == rows)
    window.press("push button", "Close")


def test_conversation_filter(opened: Opened) -> None:
    """Analyze → Conversation Filter, which is also in the menu of a packet: all connections of its activity."""
    login = 'car.wmi_rpc.method == "IWbemLevel1Login::NTLMLogin"'
    number = opened.tools.frames(opened.path, login, True)[0]
    opened.wireshark.filter(f"frame.number == {number}")
    opened.shows(1)
    said = opened.tools.fields(opened.path, "car.wmi_rpc.activity")
    activity = said[number]["car.wmi_rpc.activity"]
    whole = sum(values["car.wmi_rpc.activity"] == activity for values in said.values())
    # The entry is of use once the packet is dissected for the details.
    wait_for("the packet's details", lambda: _is_enabled(opened, "CAR WMI activity"))
    opened.wireshark.choose("Analyze", "Conversation Filter", "CAR WMI activity")
    opened.shows(whole)


def test_no_conversation_filter_elsewhere(opened: Opened) -> None:
    other = opened.tools.frames(opened.path, "!car", True)[0]
    opened.wireshark.filter(f"frame.number == {other}")
    opened.shows(1)
    wait_for("the entry to be off", lambda: not _is_enabled(opened, "CAR WMI activity"))


def _is_enabled(opened: Opened, name: str) -> bool:
    return opened.wireshark.menu("Analyze", "Conversation Filter", name).getState().contains(pyatspi.STATE_ENABLED)


MEANING = {
    "colorfilters": profile.color_rules,
    "dfilter_buttons": profile.buttons,
    "dfilters": profile.bookmarks,
    "dfilter_macros": profile.old_macros,
    "dmacros": profile.macros,
    "preferences": lambda folder: profile.settings(folder / "preferences"),
}


def test_profile_keeps_its_meaning(opened: Opened) -> None:
    """What Wireshark writes when it ends, and when all its settings were saved, means what was read. Last, since it
    ends Wireshark."""
    before = profile.settings(PROFILE / "recent")
    _save_settings(opened)
    assert opened.wireshark.quit() == 0
    rewritten = [name for name in MEANING if (opened.profile / name).read_bytes() != (PROFILE / name).read_bytes()]
    assert {"preferences", "colorfilters"} <= set(rewritten)
    for name, read in MEANING.items():
        if name == "preferences":
            after = read(opened.profile)
            assert {key: after[key] for key in read(PROFILE)} == read(PROFILE)
        else:
            assert read(opened.profile) == read(PROFILE), name
    after = profile.settings(opened.profile / "recent")
    assert {key: after[key] for key in before} == before


def _save_settings(opened: Opened) -> None:
    """Opens the dialogs that write the profile's files, and confirms them."""
    for menu, title in ((("View", "Coloring Rules…"), "Coloring Rules"), (("Edit", "Preferences…"), "Preferences")):
        opened.wireshark.choose(*menu)
        window = wait_for(title, lambda title=title: opened.wireshark.window(title))
        window.press("push button", "OK")
        wait_for(f"{title} to close", lambda title=title: opened.wireshark.window(title) is None)
