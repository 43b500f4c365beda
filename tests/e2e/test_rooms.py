# SPDX-License-Identifier: GPL-2.0-or-later
"""Which part of the code may ask which: the table in CONTRIBUTING.md holds, and nothing goes round in circles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]', re.MULTILINE)
LIBRARIES = {"epan": r"epan/", "wiretap": r"wiretap/", "wsutil": r"wsutil/", "libevtx": r"libevtx|libbfio", "libxml2": r"libxml/"}


def table() -> dict[str, set[str]]:
    """Room → what it may include, as CONTRIBUTING.md says."""
    rooms = {}
    for line in (REPOSITORY / "CONTRIBUTING.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        match = re.fullmatch(r"`((?:plugin|cli)/[a-z]*)`", cells[0])
        if match:
            rooms[match[1]] = set(re.findall(r"`([^`]+)`", cells[2]))
    return rooms


def sources() -> list[Path]:
    """All of the product's C."""
    return sorted(p for part in ("plugin", "cli") for p in (REPOSITORY / part).rglob("*.[ch]"))


def room(path: Path) -> str:
    """The room that a file is in."""
    parts = path.relative_to(REPOSITORY).parts
    return f"{parts[0]}/" if len(parts) == 2 else "/".join(parts[:2])


def included(path: Path) -> list[Path]:
    """The files of the project that a file includes."""
    found = []
    for kind, name in INCLUDE.findall(path.read_text()):
        if kind == '"':
            places = [REPOSITORY / part / name for part in ("plugin", "cli")]
            found += [place for place in places if place.exists() and place.parts[-2:] != path.parts[-2:]][:1]
    return found


def test_every_room_is_in_the_table() -> None:
    assert {room(p) for p in sources()} == set(table())


@pytest.mark.parametrize("name", sorted(table()))
def test_edges(name: str) -> None:
    """A room asks only those that its row names, and each of these."""
    allowed = table()[name]
    used, wrong = set(), []
    for path in (p for p in sources() if room(p) == name):
        for kind, header in INCLUDE.findall(path.read_text()):
            if kind == "<":
                uses = {library for library, pattern in LIBRARIES.items() if re.match(pattern, header)}
            else:
                places = [REPOSITORY / part / header for part in ("plugin", "cli")]
                uses = {room(place) for place in places if place.exists()} - {name}
            used |= uses
            wrong += [f"{path.relative_to(REPOSITORY)} includes {header}" for use in uses - allowed]
    assert not wrong
    assert allowed <= used, "named in the table, but not used"


def test_includes_name_the_room() -> None:
    """`"wire/pdu.h"`, not `"pdu.h"`; each is there."""
    wrong = []
    for path in sources():
        for kind, name in INCLUDE.findall(path.read_text()):
            if kind != '"':
                continue
            places = [p for part in ("plugin", "cli") if (p := REPOSITORY / part / name).exists()]
            if len(places) != 1:
                wrong.append(f"{path.relative_to(REPOSITORY)}: {name}")
    assert not wrong


def circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Ways that lead back to where they began."""
    found, done = [], set()

    def walk(node: str, way: list[str]) -> None:
        if node in way:
            found.append([*way[way.index(node) :], node])
        elif node not in done:
            for other in sorted(edges.get(node, ())):
                walk(other, [*way, node])
            done.add(node)

    for node in sorted(edges):
        walk(node, [])
    return found


def test_no_circles_among_rooms() -> None:
    assert not circles({name: allowed & set(table()) for name, allowed in table().items()})


def test_no_circles_among_files() -> None:
    """A file and its header are one; none asks another that asks it."""
    edges: dict[str, set[str]] = {}
    for path in sources():
        module = str(path.relative_to(REPOSITORY).with_suffix(""))
        others = {str(other.relative_to(REPOSITORY).with_suffix("")) for other in included(path)}
        edges.setdefault(module, set()).update(others - {module})
    assert not circles(edges)


def test_the_judge_knows_no_dissection() -> None:
    """Only Wireshark's face includes epan."""
    users = {room(p) for p in sources() if any(name.startswith("epan/") for _, name in INCLUDE.findall(p.read_text()))}
    assert users == {"plugin/"}
