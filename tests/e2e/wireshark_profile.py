# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the files of a Wireshark profile: what they mean, apart from how they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

Color = tuple[int, int, int]
"""Red, green, blue from 0 to 255."""


@dataclass(frozen=True)
class Rule:
    """A coloring rule."""

    name: str
    filter: str
    background: Color
    foreground: Color
    enabled: bool


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text().splitlines() if line.strip() and not line.startswith("#")]


def _unescape(text: str) -> str:
    return re.sub(r"\\x([0-9a-fA-F]{2})", lambda match: chr(int(match[1], 16)), text)


def color_rules(folder: Path) -> list[Rule]:
    """The coloring rules, in order: the first that fits colours a packet."""
    rules = []
    for line in _lines(folder / "colorfilters"):
        off, name, text, back, fore = re.fullmatch(r"(!?)@([^@]*)@(.*)@\[([\d,]+)\]\[([\d,]+)\]", line).groups()
        colors = [tuple(round(int(part) / 257) for part in values.split(",")) for values in (back, fore)]
        rules.append(Rule(name, text, *colors, enabled=not off))
    return rules


def buttons(folder: Path) -> dict[str, str]:
    """Label → filter of the enabled filter buttons, in order."""
    found = {}
    for line in _lines(folder / "dfilter_buttons"):
        enabled, label, text, _ = map(_unescape, re.fullmatch(r'"(.*?)","(.*?)","(.*?)","(.*?)"', line).groups())
        if enabled == "TRUE":
            found[label] = text
    return found


def bookmarks(folder: Path) -> dict[str, str]:
    """Name → filter."""
    return dict(re.fullmatch(r'"((?:[^"\\]|\\.)*)" (.*)', line).groups() for line in _lines(folder / "dfilters"))


def macros(folder: Path) -> dict[str, str]:
    """Name → text with $1 …, in the form of Wireshark 4.4 and later."""
    return dict(re.fullmatch(r'"(\w+)" (.*)', line).groups() for line in _lines(folder / "dmacros"))


def old_macros(folder: Path) -> dict[str, str]:
    """The same in the form of earlier ones."""
    pairs = (re.fullmatch(r'"(\w+)","(.*)"', line).groups() for line in _lines(folder / "dfilter_macros"))
    return {name: _unescape(text) for name, text in pairs}


def settings(path: Path) -> dict[str, str]:
    """Of `preferences` or `recent`: name → value; values over several lines become one."""
    found: dict[str, str] = {}
    name = ""
    for line in _lines(path):
        if line[0] in " \t":
            found[name] = f"{found[name]} {line.strip()}".strip()
        else:
            name, _, value = line.partition(":")
            found[name] = value.strip()
    return found


def columns(folder: Path) -> list[tuple[str, str]]:
    """(title, format) of the columns."""
    words = re.findall(r'"([^"]*)"', settings(folder / "preferences")["gui.column.format"])
    return list(zip(words[::2], words[1::2]))
