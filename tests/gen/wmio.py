# SPDX-License-Identifier: GPL-2.0-or-later
"""CIM classes and instances as they travel by value (MS-WMIO 2.2): packed, little endian, no alignment anywhere."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from . import guids
from .objref import objref_custom

CIM = {
    "sint8": (16, "b"), "uint8": (17, "B"), "sint16": (2, "h"), "uint16": (18, "H"), "sint32": (3, "i"),
    "uint32": (19, "I"), "sint64": (20, "q"), "uint64": (21, "Q"), "real32": (4, "f"), "real64": (5, "d"),
    "boolean": (11, "H"), "char16": (103, "H"), "string": (8, None), "datetime": (101, None),
    "reference": (102, None), "object": (13, None),
}  # fmt: skip
"""CIM type codes (2.2.82) and how a value stands in a ValueTable; None: as a reference into the heap."""

ARRAY = 0x2000
NULL = 0xFFFFFFFF
CIMTYPE = 0x8000000A
"""Dictionary reference of the qualifier name CIMTYPE (2.2.80)."""


@dataclass
class Property:
    """A property of type `cim` ("string", "uint8[]" …). The value None is NULL; `inherited` marks a value that an
    instance takes from its class."""

    name: str
    cim: str
    value: object = None
    default: object = None
    inherited: bool = False

    @property
    def array(self) -> bool:
        """Whether the type is an array."""
        return self.cim.endswith("[]")

    @property
    def base(self) -> str:
        """The type without the array mark."""
        return self.cim.removesuffix("[]")

    @property
    def code(self) -> int:
        """The CIM type code."""
        return CIM[self.base][0] | (ARRAY if self.array else 0)

    @property
    def size(self) -> int:
        """Bytes in a ValueTable."""
        form = CIM[self.base][1]
        return 4 if self.array or form is None else struct.calcsize("<" + form)


class _Heap:
    def __init__(self) -> None:
        self._data = bytearray()

    def add(self, data: bytes) -> int:
        """Offset of `data` in the heap."""
        self._data += data
        return len(self._data) - len(data)

    def bytes(self) -> bytes:
        """HeapLength with its bit 31, and the items."""
        return struct.pack("<I", 0x80000000 | len(self._data)) + bytes(self._data)


def encoded_string(text: str, wide: bool = False) -> bytes:
    """Encoded-String (2.2.78): Latin-1 when every character fits and `wide` does not ask otherwise, as impacket
    does."""
    if not wide and all(ord(c) < 256 for c in text):
        return b"\0" + text.encode("latin-1") + b"\0"
    return b"\1" + text.encode("utf-16-le") + b"\0\0"


def _sized(body: bytes) -> bytes:
    return struct.pack("<I", len(body) + 4) + body


_NO_QUALIFIERS = _sized(b"")


def _scalar(base: str, value: object, heap: _Heap, wide: bool) -> bytes:
    form = CIM[base][1]
    if base == "boolean":
        return struct.pack("<H", 0xFFFF if value else 0)
    if form is not None:
        return struct.pack("<" + form, value)
    if base == "object":
        return struct.pack("<I", heap.add(struct.pack("<I", len(value)) + value))
    return struct.pack("<I", heap.add(encoded_string(value, wide)))


def _value(prop: Property, value: object, heap: _Heap, wide: bool) -> bytes:
    if not prop.array:
        return _scalar(prop.base, value, heap, wide)
    items = b"".join(_scalar(prop.base, item, heap, wide) for item in value)
    return struct.pack("<I", heap.add(struct.pack("<I", len(value)) + items))


def _tables(properties: Sequence[Property], values: Sequence[tuple[int, object]], heap: _Heap, wide: bool) -> bytes:
    """NdTable and ValueTable; `values` are the two NdTable bits and the value, in declaration order."""
    nd = bytearray(-(-len(properties) // 4))
    table = b""
    for index, (prop, (bits, value)) in enumerate(zip(properties, values)):
        nd[index >> 2] |= bits << 2 * (index & 3)
        table += _value(prop, value, heap, wide) if bits == 0 else b"\xff" * prop.size
    return bytes(nd) + table


def class_part(name: str | None, properties: Sequence[Property], parents: Sequence[str] = (), slack: int = 0) -> bytes:
    """ClassPart (2.2.15); properties in declaration order. A `name` of None is the empty parent of a root class."""
    heap = _Heap()
    name_ref = NULL if name is None else heap.add(encoded_string(name))
    lookup, offset = [], 0
    for order, prop in enumerate(properties):
        at = heap.add(encoded_string(prop.name))
        type_name = heap.add(encoded_string(prop.base))
        qualifiers = _sized(struct.pack("<IBII", CIMTYPE, 3, 8, type_name))
        info = heap.add(struct.pack("<IHII", prop.code, order, offset, 0) + qualifiers)
        lookup.append((prop.name.lower(), struct.pack("<II", at, info)))
        offset += prop.size
    defaults = [(1, None) if p.default is None else (0, p.default) for p in properties]
    tables = _tables(properties, defaults, heap, False)
    derivation = b""
    for parent in parents:
        text = encoded_string(parent)
        derivation += text + struct.pack("<I", len(text))
    body = struct.pack("<BII", 0, name_ref, len(tables)) + _sized(derivation) + _NO_QUALIFIERS
    body += struct.pack("<I", len(properties)) + b"".join(entry for _, entry in sorted(lookup)) + tables
    return _sized(body + heap.bytes() + bytes(slack))


def methods_part() -> bytes:
    """MethodsPart without methods (2.2.38)."""
    return _sized(struct.pack("<HH", 0, 0) + _Heap().bytes())


def instance_data(name: str, properties: Sequence[Property], wide: bool = False) -> bytes:
    """What follows the ClassPart of an instance (2.2.53)."""
    heap = _Heap()
    name_ref = heap.add(encoded_string(name))
    values = []
    for prop in properties:
        bits = (2 if prop.inherited else 0) | (1 if prop.value is None and not prop.inherited else 0)
        values.append((bits, prop.value))
    tables = _tables(properties, values, heap, wide)
    return _sized(struct.pack("<BI", 0, name_ref) + tables + _NO_QUALIFIERS + b"\1" + heap.bytes())


def instance(
    name: str,
    properties: Sequence[Property],
    parents: Sequence[str] = (),
    decoration: tuple[str, str] | None = None,
    wide: bool = False,
    slack: int = 0,
) -> bytes:
    """ObjectBlock of an instance; `decoration` is (server, namespace)."""
    flags, front = (2, b"") if decoration is None else (6, b"".join(encoded_string(text) for text in decoration))
    part = class_part(name, properties, parents, slack)
    return bytes([flags]) + front + part + instance_data(name, properties, wide)


def class_object(
    name: str,
    properties: Sequence[Property],
    parents: Sequence[str] = (),
    decoration: tuple[str, str] | None = None,
) -> bytes:
    """ObjectBlock of a class: parent and current class, each with its methods."""
    flags, front = (1, b"") if decoration is None else (5, b"".join(encoded_string(text) for text in decoration))
    parent = class_part(parents[0] if parents else None, [], parents[1:])
    return bytes([flags]) + front + parent + methods_part() + class_part(name, properties, parents) + methods_part()


def encoding_unit(block: bytes, slack: int = 0) -> bytes:
    """EncodingUnit (2.2.1)."""
    return struct.pack("<II", 0x12345678, len(block) + slack) + block + bytes(slack)


def objref(block: bytes, slack: int = 0) -> bytes:
    """The object marshaled by value: OBJREF_CUSTOM for IWbemClassObject (MS-WMI 2.2.4)."""
    return objref_custom(guids.IWbemClassObject, guids.CLSID_WbemClassObject, encoding_unit(block, slack))


def process_create(command_line: str, directory: str | None = None, wide: bool = False, slack: int = 500) -> bytes:
    """In-parameters of Win32_Process.Create, an instance of __PARAMETERS."""
    properties = [
        Property("CommandLine", "string", command_line),
        Property("CurrentDirectory", "string", directory),
        Property("ProcessStartupInformation", "object"),
    ]
    return instance("__PARAMETERS", properties, wide=wide, slack=slack)


def process_create_result(pid: int, status: int = 0) -> bytes:
    """Out-parameters of Win32_Process.Create."""
    return instance("__PARAMETERS", [Property("ProcessId", "uint32", pid), Property("ReturnValue", "uint32", status)])


def event_filter(name: str, query: str) -> bytes:
    """Instance of __EventFilter: what triggers a permanent event subscription."""
    properties = [
        Property("CreatorSID", "uint8[]", [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]),
        Property("EventAccess", "string"),
        Property("EventNamespace", "string", "root\\cimv2"),
        Property("Name", "string", name),
        Property("Query", "string", query),
        Property("QueryLanguage", "string", "WQL"),
    ]
    return instance("__EventFilter", properties, ["__IndicationRelated", "__SystemClass"])


def command_line_consumer(name: str, template: str) -> bytes:
    """Instance of CommandLineEventConsumer: what the subscription runs."""
    properties = [
        Property("Name", "string", name),
        Property("CommandLineTemplate", "string", template),
        Property("RunInteractively", "boolean", False),
        Property("KillTimeout", "uint32", 0),
    ]
    return instance("CommandLineEventConsumer", properties, ["__EventConsumer", "__IndicationRelated", "__SystemClass"])


def binding(filter_path: str, consumer_path: str) -> bytes:
    """Instance of __FilterToConsumerBinding: ties the two together."""
    properties = [
        Property("Consumer", "reference", consumer_path),
        Property("DeliverSynchronously", "boolean", False),
        Property("Filter", "reference", filter_path),
    ]
    return instance("__FilterToConsumerBinding", properties, ["__IndicationRelated", "__SystemClass"])
