# SPDX-License-Identifier: GPL-2.0-or-later
"""Where records differ because Wireshark's own dissection does: test → reason."""

EXPECTED: dict[str, str] = {}
