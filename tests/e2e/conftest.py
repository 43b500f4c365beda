# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures of the end-to-end tests: the real tshark with the plugin, the real car-wmi, captures made by `gen` and, when
they are at hand, real ones."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(HERE.parent))  # for `gen`
sys.path.insert(0, str(HERE))

from support import Tools  # noqa: E402
from user import SHARED  # noqa: E402

REPOSITORY = HERE.parents[1]


def pytest_configure(config: pytest.Config) -> None:
    """Nothing is written into the source tree."""
    config.addinivalue_line("markers", "shared: needs real captures, which are not part of the repository")


@pytest.fixture(scope="session")
def arena() -> Iterator[Path]:
    """A folder that the user the tools run as can read; captures go there. Pytest's own are private to its user."""
    path = Path(tempfile.mkdtemp(prefix="car-wmi-test-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(scope="session")
def tools(arena: Path) -> Tools:
    """The built plugin and command line, and the tshark they belong to."""
    return Tools(Path(os.environ.get("CAR_WMI_BUILD", REPOSITORY / "build")), arena)


@pytest.fixture(scope="session")
def plugin(tools: Tools) -> Tools:
    """The tools, once tshark has been seen to load the plugin."""
    modules = list(tools.stage.glob("*/epan/car.so"))
    if not modules:
        pytest.fail(f"no plugin below {tools.stage}")
    listed = tools.run("tshark", "-G", "plugins")
    if not any(line.startswith("car.so") for line in listed.stdout.splitlines()):
        pytest.fail(f"tshark did not load {modules[0]}:\n{listed.stdout}{listed.stderr}")
    return tools


@pytest.fixture(scope="session")
def cli(plugin: Tools) -> Tools:
    """The tools, once the command line is there."""
    if not plugin.program.exists():
        pytest.fail(f"no {plugin.program}; CAR_WMI_BUILD names the build folder")
    return plugin


@pytest.fixture
def tshark(plugin: Tools):
    """tshark(*arguments) with the plugin."""
    return plugin.tshark


@pytest.fixture
def car_wmi(cli: Tools):
    """car_wmi(*arguments)."""
    return cli.car_wmi


def schema_validator(path: Path):
    """Checks one object against a JSON Schema; raises what is wrong with it."""
    try:
        import jsonschema
    except ImportError:
        pytest.fail("python3-jsonschema is not installed: nothing can be checked against its schema")
    schema = json.loads(path.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate


@pytest.fixture(scope="session")
def validator():
    """Checks one record."""
    return schema_validator(REPOSITORY / "cli" / "record" / "record.schema.json")


@pytest.fixture(scope="session")
def event_validator():
    """Checks one event."""
    return schema_validator(REPOSITORY / "plugin" / "event" / "event.schema.json")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with real captures; the tests that need it are skipped without it."""
    path = SHARED / "captures"
    if not (path / "truth.tsv").exists():
        pytest.skip(f"no real captures in {path} (CAR_WMI_SHARED)")
    return path
