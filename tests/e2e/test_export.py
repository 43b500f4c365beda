# SPDX-License-Identifier: GPL-2.0-or-later
"""What leaves Wireshark: JSON, Elasticsearch's bulk format with its mapping, and CSV carry all fields."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest

from expect import Said
from mixed import Mixed
from support import AGGREGATOR, Tools, tidy

TIMES = {"car.wmi_rpc.client_process_start"}
"""Written differently in each format."""


@pytest.fixture(scope="module")
def mixed(plugin: Tools) -> Mixed:
    """The capture."""
    return Mixed(plugin)


@pytest.fixture(scope="module")
def names(plugin: Tools) -> list[str]:
    """All fields of the plugin."""
    listed = plugin.run("tshark", "-G", "fields").stdout.splitlines()
    found = [cells[2] for line in listed if (cells := line.split("\t"))[0] == "F" and cells[2].startswith("car.")]
    assert len(found) > 40
    return found


@pytest.fixture(scope="module")
def said(plugin: Tools, mixed: Mixed, names: list[str]) -> Said:
    """What `-T fields` says."""
    found = plugin.fields(mixed.path, *names)
    used = set().union(*found.values())
    # The capture shows nearly everything.
    assert {n.rpartition(".")[2] for n in set(names) - used} == {
        "undecodable", "command_length", "verdict_reason", "lookup_frame",
    }  # fmt: skip
    return found


def _pairs(node: object) -> Iterator[tuple[str, str]]:
    """The fields with their values in a tree of layers, in order."""
    if isinstance(node, list):
        for name, value in node:
            values = value if isinstance(value, list) and not (value and isinstance(value[0], tuple)) else [value]
            for one in values:
                if isinstance(one, list):
                    yield from _pairs(one)
                else:
                    yield name, one


def _collect(node: object) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in _pairs(node):
        if name.startswith("car.wmi_rpc"):
            found.setdefault(name, []).append(tidy(str(value)))
    return found


def _plain(values: dict[str, list[str]]) -> dict[str, list[str]]:
    return {name: value if name not in TIMES else ["a time"] * len(value) for name, value in values.items()}


def test_json(plugin: Tools, mixed: Mixed, said: Said) -> None:
    text = plugin.tshark("-2", "-r", mixed.path, "-T", "json").stdout
    found = {}
    for number, packet in enumerate(json.loads(text, object_pairs_hook=list), 1):
        layers = dict(dict(packet)["_source"])["layers"]
        values: dict[str, list[str]] = {}
        for name, layer in layers:
            if name == "car":
                values |= _collect(layer)
        if values:
            found[number] = _plain(values)
    expected = {number: _plain(values) for number, values in said.items()}
    assert found.keys() == expected.keys()
    for number, values in expected.items():
        assert _values(found[number]) == _values(values), number


EXPERTS = {"execute", "execute_sealed", "subscription", "denied", "client_silent", "login"}


def _is_value(name: str) -> bool:
    return name.rpartition(".")[2] not in EXPERTS


def _values(values: dict[str, list[str]]) -> dict[str, list[str]]:
    """Without expert information, whose values are texts for people."""
    return {name: value for name, value in values.items() if _is_value(name)}


def _flat(layer: dict) -> dict[str, list[str]]:
    """The fields of a layer of `-T ek`, by the names of its mapping."""
    found: dict[str, list[str]] = {}
    for name, value in layer.items():
        found[name] = [str(one) for one in (value if isinstance(value, list) else [value])]
    return found


def test_elastic(plugin: Tools, mixed: Mixed, said: Said) -> None:
    """All fields are there, and in the mapping with a type that takes their values."""
    lines = plugin.tshark("-2", "-r", mixed.path, "-T", "ek").stdout.splitlines()
    packets = [json.loads(line) for line in lines if '"timestamp"' in line]
    assert len(packets) == len(mixed.capture.packets)
    mapping = json.loads(plugin.run("tshark", "-G", "elastic-mapping", "--elastic-mapping-filter", "car").stdout)
    listed = (line.split("\t") for line in plugin.run("tshark", "-G", "fields").stdout.splitlines())
    kinds = {cells[2]: cells[3] for cells in listed if cells[0] == "F"}
    (layers,) = _find(mapping, "layers")
    types = {name: entry["type"] for name, entry in layers["properties"]["car"]["properties"].items()}
    assert types["car_car_wmi_rpc"] == "boolean"
    for number, packet in enumerate(packets, 1):
        layer = packet["layers"].get("car")
        if number not in said:
            assert layer is None
            continue
        found = _flat(layer)
        for name, values in said[number].items():
            if not _is_value(name):
                continue
            key = "car_" + name.replace(".", "_")
            assert len(found[key]) == len(values), (number, name)
            kind = types.get(key)  # Wireshark's mapping leaves out strings
            assert (kind is None) == (kinds[name] in ("FT_STRING", "FT_GUID")), name
            for written, value in zip(found[key], values):
                if kind == "date":
                    assert written.startswith("2020-") and "T" in written
                elif kind == "boolean":
                    assert written == {"1": "True", "0": "False"}[value]
                elif kind in ("integer", "long", "short", "byte"):
                    assert int(written, 0) == int(value, 0)
                else:
                    assert written == value, (number, name)


def _find(node: object, wanted: str) -> Iterator[dict]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == wanted:
                yield value
            else:
                yield from _find(value, wanted)


def test_csv(plugin: Tools, mixed: Mixed, said: Said, names: list[str]) -> None:
    columns = [argument for name in ("frame.number", *names) for argument in ("-e", name)]
    options = ("header=y", "separator=,", "quote=d", "occurrence=a", f"aggregator={AGGREGATOR}")
    written = plugin.tshark(
        "-2", "-r", mixed.path, "-T", "fields", *(a for o in options for a in ("-E", o)), *columns
    ).stdout
    rows = list(csv.DictReader(io.StringIO(written)))
    assert len(rows) == len(mixed.capture.packets) and list(rows[0]) == ["frame.number", *names]
    for row in rows:
        expected = said.get(int(row["frame.number"]), {})
        found = {}
        for name in names:
            if row[name]:
                cell = row[name].replace("\\\\", "\\") if plugin.version >= (4, 2) else row[name]
                found[name] = [tidy(value) for value in cell.split(AGGREGATOR)]
        assert _values(found) == _values(expected)
