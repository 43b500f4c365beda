# SPDX-License-Identifier: GPL-2.0-or-later
"""OBJREF, STDOBJREF and DUALSTRINGARRAY (MS-DCOM 2.2.18, 2.2.19): little endian whatever the PDU's order is."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from .guids import guid_bytes

TOWER_TCP = 7
NEGOTIATE, NTLM, KERBEROS = 0x0009, 0x000A, 0x0010
SERVICES = (NEGOTIATE, 0x1E, KERBEROS, NTLM, 0x16, 0x1F, 0x0E)
"""The authentication services Windows offers, in its order."""


def dual_string_array(
    addresses: Sequence[str],
    principals: Sequence[tuple[int, str]] = tuple((service, "") for service in SERVICES),
    tower: int = TOWER_TCP,
) -> bytes:
    """wNumEntries, wSecurityOffset and the words: string bindings ("HOST" or "HOST[1234]"), then security bindings."""
    strings = b"".join(struct.pack("<H", tower) + (a + "\0").encode("utf-16-le") for a in addresses) + b"\0\0"
    if not addresses:
        strings += b"\0\0"
    security = b"".join(struct.pack("<HH", s, 0xFFFF) + (p + "\0").encode("utf-16-le") for s, p in principals)
    words = strings + security + b"\0\0"
    return struct.pack("<HH", len(words) // 2, len(strings) // 2) + words


def objref_standard(
    iid: str, oxid: int, oid: int, ipid: str, addresses: Sequence[str], refs: int = 5, flags: int = 0
) -> bytes:
    """OBJREF_STANDARD: the server's addresses stand in it without ports."""
    head = b"MEOW" + struct.pack("<I", 1) + guid_bytes(iid)
    std = struct.pack("<IIQQ", flags, refs, oxid, oid) + guid_bytes(ipid)
    return head + std + dual_string_array(addresses)


def objref_custom(iid: str, clsid: str, data: bytes, reserved: int | None = None) -> bytes:
    """OBJREF_CUSTOM; `reserved` is free, most writers put the length of the data there."""
    head = b"MEOW" + struct.pack("<I", 4) + guid_bytes(iid)
    return head + guid_bytes(clsid) + struct.pack("<II", 0, len(data) if reserved is None else reserved) + data


def std_objref(oxid: int, oid: int, ipid: str, refs: int = 5) -> bytes:
    """STDOBJREF alone, 40 bytes, as RemQueryInterface returns it."""
    return struct.pack("<IIQQ", 0, refs, oxid, oid) + guid_bytes(ipid)
