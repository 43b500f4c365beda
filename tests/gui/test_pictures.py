# SPDX-License-Identifier: GPL-2.0-or-later
"""Makes the pictures in profiles/screenshots, from the generated capture."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pyatspi
import pytest
from PIL import Image

from desktop import Window, Wireshark, wait_for
from mixed import Mixed
from support import Tools

PROFILE = Path(__file__).resolve().parents[2] / "profiles" / "CAR-WMI"
FOLDER = Path(os.environ["CAR_WMI_PICTURES"])
CALLS = "car && dcerpc && !(dcerpc.pkt_type in {11, 12, 14, 15})"


@pytest.fixture(scope="module")
def wireshark(plugin: Tools, tmp_path_factory: pytest.TempPathFactory):
    """With the profile."""
    config = tmp_path_factory.mktemp("config")
    mixed = Mixed(plugin)
    shutil.copytree(PROFILE, config / "wireshark" / "profiles" / "CAR-WMI")
    login = mixed.capture.number(mixed.windows.login.requests[0])
    settings = {
        "XDG_CONFIG_HOME": str(config),
        "WIRESHARK_PLUGIN_DIR": str(plugin.stage),
        "WIRESHARK_DATA_DIR": str(plugin.data),
    }
    running = Wireshark(mixed.path, "-C", "CAR-WMI", "-g", str(login), log=config / "wireshark.log", **settings)
    running.filter(CALLS)
    wait_for("the calls", lambda: running.displayed()[1] < 60)
    yield running
    running.kill()


def save(picture: Image.Image, name: str) -> None:
    """Small, with the few colours that it has."""
    picture.convert("RGB").quantize(40, dither=Image.Dither.NONE).save(FOLDER / name, optimize=True)
    assert (FOLDER / name).stat().st_size < 150_000


def save_window(wireshark: Wireshark, window: Window, name: str) -> None:
    """The part of the screen that a window takes."""
    time.sleep(1)
    box = window.node.queryComponent().getExtents(pyatspi.DESKTOP_COORDS)
    save(wireshark.screenshot().crop((box.x, box.y, box.x + box.width, box.y + box.height)), name)
    window.press("push button", "Close")


def test_packets(wireshark: Wireshark) -> None:
    save(wireshark.screenshot().crop((0, 0, 1590, 690)), "packets.png")


def test_tree(wireshark: Wireshark) -> None:
    wireshark.choose("Statistics", "Remote WMI")
    window = wait_for("the window", lambda: wireshark.window(" Remote WMI ·"))
    wait_for("rows", lambda: window.cells(9))
    save_window(wireshark, window, "statistics.png")


def test_activities(wireshark: Wireshark) -> None:
    wireshark.choose("Statistics", "Remote WMI Activities")
    window = wait_for("the window", lambda: wireshark.window("Activities"))
    wait_for("rows", lambda: window.cells(12))
    wireshark.resize("Remote WMI Activities", 1500, 260)
    save_window(wireshark, window, "activities.png")
