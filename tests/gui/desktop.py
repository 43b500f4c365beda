# SPDX-License-Identifier: GPL-2.0-or-later
"""Drives a real Wireshark as a screen reader would: by the names and actions of what is in its windows."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pyatspi
from PIL import Image, ImageGrab

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds until something that has to appear is given up."""


def wait_for(what: str, look: Callable[[], T | None], patience: float = PATIENCE) -> T:
    """Looks until there is something."""
    end = time.monotonic() + patience
    while True:
        try:
            found = look()
        except Exception as error:  # noqa: BLE001 -- widgets vanish while they are looked at
            found, trouble = None, f" ({error})"
        else:
            trouble = ""
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"{what} did not come within {patience:.0f} s{trouble}")
        time.sleep(0.1)


def children(node: pyatspi.Accessible) -> Iterator[pyatspi.Accessible]:
    """The direct children that are still there."""
    for index in range(node.childCount):
        child = node.getChildAtIndex(index)
        if child is not None:
            yield child


BULKY = {"tree", "table", "tree table", "popup menu"}
"""What is not entered when something is looked for: it has thousands of children, or is asked for by name."""


NOISE = re.compile("^nl80211 not found.$| AtSpiAdaptor::")
"""What libpcap says without hardware for it, and Qt of what a screen reader asks for."""

RENAMED = {"button": "push button"}
"""Names of roles in later versions of AT-SPI → the name that the tests use."""


def role_of(node: pyatspi.Accessible) -> str:
    """What it is."""
    name = node.getRoleName()
    return RENAMED.get(name, name)


def search(node: pyatspi.Accessible, role: str, name: str | None, depth: int = 12) -> Iterator[pyatspi.Accessible]:
    """Everything of this role and name (None: any) below."""
    for child in children(node):
        kind = role_of(child)
        if kind == role and (name is None or child.name == name):
            yield child
        if depth > 0 and kind not in BULKY:
            yield from search(child, role, name, depth - 1)


def press(node: pyatspi.Accessible) -> None:
    """What a click on it does."""
    actions = node.queryAction()
    names = [actions.getName(index) for index in range(actions.nActions)]
    wanted = next(name for name in ("Press", "press", "Toggle", "ShowMenu") if name in names)
    assert actions.doAction(names.index(wanted)), node.name


class Window:
    """A window."""

    def __init__(self, node: pyatspi.Accessible) -> None:
        self.node = node

    @property
    def title(self) -> str:
        """Its title."""
        return self.node.name

    def find(self, role: str, name: str | None = None) -> pyatspi.Accessible:
        """The first of this role and name."""
        return wait_for(f"{role} {name!r} in {self.title!r}", lambda: next(search(self.node, role, name), None))

    def child(self, role: str, name: str | None = None) -> pyatspi.Accessible:
        """The same among its direct children."""
        return wait_for(f"{role} {name!r} in {self.title!r}", lambda: next(search(self.node, role, name, 0), None))

    def press(self, role: str, name: str) -> None:
        """Clicks."""
        press(self.find(role, name))

    def cells(self, columns: int) -> list[list[str]]:
        """The rows of its first tree or table, without the header."""
        kinds = ("tree", "tree table", "table")
        tree = wait_for("a table", lambda: next((t for k in kinds for t in search(self.node, k, None)), None))
        names = [child.name for child in children(tree)]
        return [names[start : start + columns] for start in range(columns, len(names), columns)]


class Wireshark:
    """A running Wireshark with one capture open. `log`: where what it says goes; `settings`: its environment's."""

    def __init__(self, capture: Path, *options: str, log: Path, **settings: str) -> None:
        address = subprocess.run(
            ["gdbus", "call", "--session", "--dest", "org.a11y.Bus", "--object-path", "/org/a11y/bus",
             "--method", "org.a11y.Bus.GetAddress"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        bus = {"AT_SPI_BUS_ADDRESS": re.search(r"'(.*)'", address)[1]}
        self.log = log
        with log.open("w") as output:
            self.process = subprocess.Popen(
                ["wireshark", *options, "-r", str(capture)],
                stdout=output, stderr=output, env=os.environ | bus | settings,
            )  # fmt: skip
        self.capture = capture
        self.main = wait_for("Wireshark's window", lambda: self.window(capture.name))
        wait_for("the packets", lambda: self.displayed()[0] > 0)
        self._arrange()

    def _arrange(self) -> None:
        """There is no window manager: the window is made large and given the keyboard."""
        self.resize(f"^{re.escape(self.capture.name)}$", 1590, 990, "windowfocus")

    def resize(self, title: str, width: int, height: int, *then: str) -> None:
        """Moves the newest window of this title (a pattern) to the corner and sets its size."""
        found = subprocess.run(["xdotool", "search", "--name", title], capture_output=True, text=True, check=True)
        window = found.stdout.split()[-1]
        commands = ["windowmove", window, "0", "0", "windowsize", window, str(width), str(height)]
        commands += [word for command in then for word in (command, window)]
        subprocess.run(["xdotool", *commands], check=True)

    @property
    def application(self) -> pyatspi.Accessible | None:
        """As the desktop knows it."""
        found = children(pyatspi.Registry.getDesktop(0))
        return next((app for app in found if app.get_process_id() == self.process.pid), None)

    def windows(self) -> dict[str, Window]:
        """All its windows by title."""
        app = self.application
        return {child.name: Window(child) for child in children(app)} if app else {}

    def window(self, part: str) -> Window | None:
        """The one whose title has this in it."""
        return next((window for title, window in self.windows().items() if part in title), None)

    def displayed(self) -> tuple[int, int]:
        """Packets in all, and displayed: the status bar."""
        for label in search(self.status_bar, "label", None):
            told = re.fullmatch(r"Packets: (\d+)(?: · Displayed: (\d+) \(.*\))?.*", label.name)
            if told:
                return int(told[1]), int(told[2] or told[1])
        return 0, 0

    def said(self) -> list[str]:
        """Lines of what it printed, but for those that neither car-wmi nor its user has to do with."""
        return [line for line in self.log.read_text().splitlines() if line.strip() and not NOISE.search(line)]

    def profile(self) -> str:
        """Name of the profile in the status bar."""
        return wait_for(
            "the profile's name",
            lambda: next((n.name.removeprefix("Profile: ") for n in search(self.status_bar, "label", None)
                          if n.name.startswith("Profile: ")), None),
        )  # fmt: skip

    def menu(self, *path: str) -> pyatspi.Accessible:
        """An entry of the menus."""
        node = self._menu_bar
        for name in path:
            node = wait_for(
                f"menu {' → '.join(path)}",
                lambda node=node, name=name: next(
                    (item for item in children(node) if item.name.replace("&", "") == name),
                    None,
                ),
            )
            popup = next((child for child in children(node) if role_of(child) == "popup menu"), None)
            node = popup if popup is not None and name != path[-1] else node
        return node

    def choose(self, *path: str) -> None:
        """Clicks an entry of the menus."""
        press(self.menu(*path))

    def filter(self, text: str) -> None:
        """Types a display filter and applies it."""
        entry = wait_for("the filter's entry", lambda: next(search(self._toolbar, "text", None), None))
        entry.queryEditableText().setTextContents(text)
        entry.queryComponent().grabFocus()
        subprocess.run(["xdotool", "key", "Return"], check=True)

    def press_button(self, label: str) -> None:
        """Clicks a filter button."""
        press(wait_for(f"button {label}", lambda: next(search(self._toolbar, "push button", label), None)))

    # -- the packet list -----------------------------------------------------------------------------------------------

    # Looked for once: the window has hundreds of other things.

    @functools.cached_property
    def packet_list(self) -> pyatspi.Accessible:
        """The list of packets: a header and cells, row by row."""
        return self.main.find("tree", "Packet list")

    @functools.cached_property
    def status_bar(self) -> pyatspi.Accessible:
        """The line at the bottom."""
        return self.main.child("status bar")

    @functools.cached_property
    def _menu_bar(self) -> pyatspi.Accessible:
        return self.main.child("menu bar")

    @functools.cached_property
    def _toolbar(self) -> pyatspi.Accessible:
        """That of the display filter, which has a name before Wireshark 4.4 only."""
        return wait_for(
            "the filter toolbar",
            lambda: next(bar for bar in search(self.main.node, "tool bar", None, 0)
                         if any(search(bar, "combo box", "Display filter selector", 0))),
        )  # fmt: skip

    @functools.cached_property
    def headers(self) -> list[str]:
        """Titles of the columns."""
        found = []
        for child in children(self.packet_list):
            if role_of(child) not in ("column header", "table column header"):
                break
            found.append(child.name)
        return found

    def row(self, index: int) -> list[pyatspi.Accessible]:
        """The cells of a displayed packet, counted from 0."""
        listed, width = self.packet_list, len(self.headers)
        return [listed.getChildAtIndex((index + 1) * width + column) for column in range(width)]

    def screenshot(self) -> Image.Image:
        """What the screen shows."""
        return ImageGrab.grab(xdisplay=os.environ["DISPLAY"])

    def background(self, cell: pyatspi.Accessible, picture: Image.Image) -> tuple[int, int, int]:
        """The most frequent colour in a cell."""
        box = cell.queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
        part = picture.crop((box.x, box.y, box.x + box.width, box.y + box.height)).convert("RGB")
        return max(part.getcolors(part.width * part.height))[1]

    # -- the end -------------------------------------------------------------------------------------------------------

    def quit(self) -> int:
        """Ends it as a user does; it then writes its settings. Returns the exit status."""
        self.choose("File", "Quit")
        return self.process.wait(PATIENCE)

    def kill(self) -> None:
        """Ends it whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
