# SPDX-License-Identifier: GPL-2.0-or-later
"""Where records differ because Wireshark's own dissection does: test → reason."""

REPEATED = (
    "repeated, overtaken and cut segments: from 4.4 on, a SYN that comes again after the end begins a new connection; "
    "4.6 dissects overtaken segments, and takes a whole copy of a segment together with one that was cut"
)
EXPECTED: dict[str, str] = {
    "test_scan.py::test_random_changes": REPEATED,
    "test_scan.py::test_random_changes_in_rotated_files": REPEATED,
    "test_scan.py::test_random_changes_of_real_captures": REPEATED,
    "test_scan.py::test_real_captures_together": REPEATED,  # some are the same packets, whole and cut
}
