# SPDX-License-Identifier: GPL-2.0-or-later
"""Compares the records that the tests saw with each Wireshark."""

from __future__ import annotations

import json
from pathlib import Path

from differences import EXPECTED


def read(path: Path) -> dict[tuple[str, str], dict]:
    """Arguments and the digest of the files they name → what car-wmi printed, and in which test."""
    found = {}
    for line in path.read_text().splitlines():
        entry = json.loads(line)
        found[entry["arguments"], entry["digest"]] = entry
    return found


def is_expected(entry: dict) -> bool:
    """Whether a difference in this test has a known reason."""
    return entry["test"].partition("[")[0].rpartition("/")[2] in EXPECTED


def compare(paths: list[Path]) -> bool:
    """Whether all are the same but for the expected differences; prints those that are not."""
    first, *others = [(path.parent.name, read(path)) for path in paths]
    good = True
    for name, records in others:
        common = first[1].keys() & records.keys()
        differ = [key for key in sorted(common) if first[1][key]["output"] != records[key]["output"]]
        unexpected = [key for key in differ if not is_expected(records[key])]
        print(f"{first[0]} and {name}: {len(common) - len(differ)} of {len(common)} runs print the same records, "
              f"{len(differ) - len(unexpected)} differ as expected")  # fmt: skip
        if not common:
            print("nothing was compared")
            good = False
        for key in unexpected:
            good = False
            print(f"{records[key]['test']}: car-wmi {key[0]}\n"
                  f"  {first[0]}: {first[1][key]['output']}\n  {name}: {records[key]['output']}")  # fmt: skip
    return good
