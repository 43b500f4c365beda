# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture whose texts are what an attacker would put there, and what must become of them in every output."""

from __future__ import annotations

import unicodedata

from gen import scenario
from gen.capture import Capture
from gen.scenario import Host, Lab

HTML = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'&<!--]]>"
ANSI = "\x1b]0;owned\x07\x1b[2J\x9b31m\r\n"
FORMULA = "=cmd|' /C calc'!A0"
BIDI = "\u202egnp.exe\u2066\u200b"
MARKDOWN = "`` @everyone [x](javascript:alert(1)) | <https://evil.example> ```"
LONG = "A" * 64000

NAME = 15000
"""Characters of a host's name: an activation tells it twice, in words that 16 bits count."""

TEXTS = (HTML, ANSI, FORMULA, "+1", "-1", "@SUM(1)", "\t=1", BIDI, MARKDOWN, LONG)


FILE_NAME = ("=cmd|<b>" + ANSI + BIDI + "`[x](y)`'\"&").replace("/", "") + ".pcapng"
"""A capture can be called so."""


def capture() -> Capture:
    """Sessions in clear that carry the texts as names of hosts and users, queries, paths and command lines."""
    lab = Lab(seed=31)
    kdc = Host("DC01", "192.0.2.2", "02:00:00:00:00:02")
    for number, text in enumerate(TEXTS):
        name = text[:NAME]
        client = Host(name, f"192.0.2.{10 + number}", f"02:00:00:00:01:{number:02x}")
        server = Host(name, f"192.0.2.{40 + number}", f"02:00:00:00:02:{number:02x}")
        scenario.fetch_ticket(lab, client, server, kdc, text)
        for kind in ("windows", "impacket"):
            session = scenario.wmi_session(lab, client, server, kind=kind, sealed=False, namespace=f"//./{text}")
            session.get_object(text)
            session.exec_query(f"SELECT * FROM {text}")
            session.create_process(text)
            session.rpc.tcp.finish()
    return lab.capture()


def disobeyed(text: str, allowed: str = "\n") -> list[str]:
    """Characters in an output that a terminal or an editor would obey, or not show."""
    bad = {"Cc", "Cf", "Zl", "Zp", "Cs", "Cn"}
    return sorted({c for c in text if c not in allowed and unicodedata.category(c) in bad})
