# SPDX-License-Identifier: GPL-2.0-or-later
"""Fixtures: see tests/gui/run, which makes the screen. They use those of the end-to-end tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent)]

import importlib.util  # noqa: E402

_spec = importlib.util.spec_from_file_location("e2e_conftest", HERE.parent / "e2e" / "conftest.py")
_e2e = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_e2e)
arena, tools, plugin, shared = _e2e.arena, _e2e.tools, _e2e.plugin, _e2e.shared
pytest_configure = _e2e.pytest_configure

# Pictures for people are made only when somebody wants them.
collect_ignore = [] if "CAR_WMI_PICTURES" in os.environ else ["test_pictures.py"]
