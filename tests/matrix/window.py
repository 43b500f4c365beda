# SPDX-License-Identifier: GPL-2.0-or-later
"""Opens Wireshark as a new user who has installed the package, and looks at what car-wmi brings:

    window.py CAPTURE FOLDER        (FOLDER/window.png shows it, FOLDER/wireshark.log has what Wireshark said)

Nothing but the installed files is used; tests/gui tests each window with the plugin of a build folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "gui"), str(TESTS / "e2e")]

import wireshark_profile as profile  # noqa: E402
from desktop import Wireshark, wait_for  # noqa: E402
from PIL import ImageGrab  # noqa: E402

PROFILE = TESTS.parent / "profiles" / "CAR-WMI"


def frames(capture: Path, display_filter: str) -> list[str]:
    """What tshark displays."""
    command = ["tshark", "-n", "-2", "-r", capture, "-Y", display_filter, "-T", "fields", "-e", "frame.number"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def look(wireshark: Wireshark, capture: Path) -> None:
    """Everything that is to be there."""
    assert list(wireshark.windows()) == [capture.name], "a dialog is open"
    assert wireshark.profile() == "CAR-WMI"
    columns = [title for title, _ in profile.columns(PROFILE)]
    assert wireshark.headers == columns, wireshark.headers
    for name in ("Remote WMI", "Remote WMI Activities"):
        assert wireshark.menu("Statistics", name), name
    for label, display_filter in profile.buttons(PROFILE).items():
        count = len(frames(capture, display_filter))
        wireshark.press_button(label)
        wait_for(f"{label}: {count} packets", lambda count=count: wireshark.displayed()[1] == count)
    wireshark.press_button("Logins")
    numbers = frames(capture, profile.buttons(PROFILE)["Logins"])
    assert numbers
    wait_for("the logins", lambda: wireshark.row(0)[0].name == numbers[0])
    for title in ("WMI method", "Process", "Summary"):
        assert any(wireshark.row(row)[columns.index(title)].name for row in range(len(numbers))), title


def main() -> int:
    capture, folder = Path(sys.argv[1]), Path(sys.argv[2])
    try:
        wireshark = Wireshark(capture, "-C", "CAR-WMI", log=folder / "wireshark.log")
        look(wireshark, capture)
        assert wireshark.said() == [], wireshark.said()
    finally:
        ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).save(folder / "window.png")
    assert wireshark.quit() == 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
