# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes the sample capture: python3 -m gen OUT.pcapng"""

from __future__ import annotations

import sys

from .scenario import sample


def main(arguments: list[str]) -> int:
    """Writes the sample to the path given; the suffix .pcap gives a pcap file."""
    if len(arguments) != 1:
        print("usage: make-sample OUT.pcapng", file=sys.stderr)
        return 2
    sample().write(arguments[0])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
