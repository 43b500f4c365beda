# SPDX-License-Identifier: GPL-2.0-or-later
"""Windows event logs: a file of one chunk, whose events are written out without templates."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

from .hostlog import Event

FILE_HEADER, CHUNK, CHUNK_HEADER = 4096, 65536, 512
FRAGMENT, END_OF_FRAGMENT = b"\x0f\x01\x01\x00", b"\x00"

Element = tuple[str, dict[str, str], "list[Element] | str"]
"""Name, attributes, what is inside."""


def _value(text: str) -> bytes:
    return b"\x05\x01" + struct.pack("<H", len(text)) + text.encode("utf-16-le")


def _name(text: str, at: int) -> bytes:
    """A name where it is used first, at offset `at` of the chunk: its own offset stands before it."""
    return struct.pack("<IIHH", at + 4, 0, 0, len(text)) + text.encode("utf-16-le") + b"\x00\x00"


def _element(element: Element, at: int) -> bytes:
    """BinXml of an element that begins at offset `at` of the chunk."""
    name, attributes, inside = element
    body = _name(name, at + 7)
    if attributes:
        listed = b""
        start = at + 7 + len(body) + 4
        for number, (attribute, value) in enumerate(attributes.items()):
            token = b"\x46" if number + 1 < len(attributes) else b"\x06"
            listed += token + _name(attribute, start + len(listed) + 1) + _value(value)
        body += struct.pack("<I", len(listed)) + listed
    body += b"\x02"
    for child in [] if isinstance(inside, str) else inside:
        body += _element(child, at + 7 + len(body))
    body += (_value(inside) if isinstance(inside, str) and inside else b"") + b"\x04"
    return (b"\x41" if attributes else b"\x01") + b"\xff\xff" + struct.pack("<I", len(body)) + body


def _xml(event: Event) -> Element:
    data: list[Element] = []
    for name, value in event.data.items():
        values = value if isinstance(value, list) else [str(value)]
        nameless = {} if isinstance(value, list) else {"Name": name}
        data += [(name, {}, v) if event.user_data else ("Data", nameless, v) for v in values]
    return ("Event", {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"}, [
        ("System", {}, [
            ("Provider", {"Name": event.log[0]}, ""),
            ("EventID", {}, str(event.id)),
            ("TimeCreated", {"SystemTime": event.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}, ""),
            ("EventRecordID", {}, str(event.record)),
            ("Execution", {"ProcessID": str(event.pid), "ThreadID": "7"}, ""),
            ("Channel", {}, event.log[1]),
            ("Computer", {}, event.host),
        ]),
        ("UserData", {}, [(event.user_data, {}, data)]) if event.user_data else ("EventData", {}, data),
    ])  # fmt: skip


def _record(event: Event, number: int, at: int) -> bytes:
    body = FRAGMENT + _element(_xml(event), at + 24 + len(FRAGMENT)) + END_OF_FRAGMENT
    body += bytes(-len(body) % 4)
    size = 28 + len(body)
    written = int((event.time.timestamp() + 11644473600) * 10**7)
    return b"\x2a\x2a\x00\x00" + struct.pack("<IQQ", size, number, written) + body + struct.pack("<I", size)


def log(events: Iterable[Event], whole: bool = False) -> bytes:
    """The file; `whole`: with the room behind its last record."""
    records, last = b"", CHUNK_HEADER
    number = 0
    for number, event in enumerate(events, 1):
        last = CHUNK_HEADER + len(records)
        records += _record(event, number, last)
    end = CHUNK_HEADER + len(records)
    head = b"ElfChnk\0" + struct.pack("<QQQQIIII", 1, number, 1, number, 128, last, end, zlib.crc32(records))
    head += bytes(120 - len(head)) + bytes(4)
    tables = bytes(CHUNK_HEADER - 128)
    chunk = head + struct.pack("<I", zlib.crc32(head[:120] + tables)) + tables + records
    header = b"ElfFile\0" + struct.pack("<QQQIHHHH", 0, 0, number + 1, 128, 1, 3, FILE_HEADER, 1)
    header += bytes(120 - len(header)) + bytes(4)
    header += struct.pack("<I", zlib.crc32(header[:120]))
    return header.ljust(FILE_HEADER, b"\0") + (chunk.ljust(CHUNK, b"\0") if whole else chunk)
