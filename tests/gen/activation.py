# SPDX-License-Identifier: GPL-2.0-or-later
"""Remote activation: IRemoteSCMActivator's calls with their activation properties BLOB (MS-DCOM 2.2.22), and the older
IActivation::RemoteActivation (3.1.2.5.2.3.1)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

from . import guids, orpc
from .guids import guid_bytes
from .ndr import Ndr
from .objref import KERBEROS, NEGOTIATE, NTLM, dual_string_array, objref_custom, objref_standard

GET_CLASS_OBJECT, CREATE_INSTANCE = 3, 4

_SPECIAL, _INSTANTIATION, _CONTEXT = 0x1B9, 0x1AB, 0x1A5
_SECURITY, _LOCATION, _SCM_REQUEST = 0x1A6, 0x1A4, 0x1AA
_PROPS_OUT, _SCM_REPLY = 0x339, 0x1B6


@dataclass
class Exporter:
    """What an activation gives out: the object exporter's endpoint and the first interface pointer."""

    oxid: int
    ipid_remunknown: str
    addresses: Sequence[str]
    port: int
    principal: str = "NT AUTHORITY\\SYSTEM"
    spn: str = ""
    bindings: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.bindings = [f"{address}[{self.port}]" for address in self.addresses]

    def array(self) -> bytes:
        """Its DUALSTRINGARRAY, with ports."""
        names = [(NTLM, self.principal), (KERBEROS, self.spn), (NEGOTIATE, self.spn)]
        return dual_string_array(self.bindings, names)


def _com(short: int) -> str:
    return f"{short:08x}-0000-0000-c000-000000000046"


def _serialized(body: Ndr) -> bytes:
    """Type serialization version 1 (MS-RPCE 2.2.6) around one structure."""
    data = body.align(8).bytes()
    return b"\x01\x10\x08\x00\xcc\xcc\xcc\xcc" + struct.pack("<II", len(data), 0) + data


def properties_blob(properties: Sequence[tuple[int, bytes]]) -> bytes:
    """Activation properties BLOB: dwSize, dwReserved, CustomHeader, then each property."""
    header = Ndr()
    sizes = sum(len(data) for _, data in properties)
    header_size = 16 + 48 + 8 + 20 * len(properties)
    header_size += -header_size % 8
    header.u32(header_size + sizes).u32(header_size).u32(0).u32(2).u32(len(properties)).guid(guids.NULL)
    header.referent().referent().null().u32(len(properties))
    for short, _ in properties:
        header.guid(_com(short))
    header.u32(len(properties))
    for _, data in properties:
        header.u32(len(data))
    blob = _serialized(header)
    assert len(blob) == header_size
    blob += b"".join(data for _, data in properties)
    return struct.pack("<II", len(blob), 0) + blob


def _special(context: int) -> bytes:
    body = Ndr().u32(0xFFFFFFFF).u32(0).u32(1).u32(0).u32(2).guid(guids.NULL).u32(0).u32(context).u32(2)
    return _serialized(body.raw(bytes(32)))


def _instantiation(clsid: str, iids: Sequence[str], context: int) -> bytes:
    size = 16 + 48 + 16 * len(iids)
    size += -size % 8
    body = Ndr().guid(clsid).u32(context).u32(0).u32(0).u32(len(iids)).u32(0).referent().u32(size).u16(5).u16(7)
    body.u32(len(iids))
    for iid in iids:
        body.guid(iid)
    return _serialized(body)


def _activation_context(thread: str) -> bytes:
    context = b"\x01\x00\x01\x00" + guid_bytes(thread) + struct.pack("<I", 2) + bytes(20) + struct.pack("<I", 1)
    objref = objref_custom(guids.IContext, _com(0x33B), context)
    body = Ndr().u32(0).u32(0).u32(0).u32(0).referent().null().u32(len(objref)).u32(len(objref)).raw(objref)
    return _serialized(body)


def _security(server_name: str | None) -> bytes:
    body = Ndr().u32(0)
    if server_name is None:
        return _serialized(body.null().null())
    return _serialized(body.referent().null().u32(0).referent().null().u32(0).wstring(server_name))


def _location() -> bytes:
    return _serialized(Ndr().null().u32(0).u32(0).u32(0))


def _scm_request() -> bytes:
    return _serialized(Ndr().null().referent().u32(2).u16(1).align(4).referent().u32(1).u16(7))


def activation_request(
    causality: str,
    clsid: str,
    iids: Sequence[str],
    server_name: str | None,
    opnum: int = CREATE_INSTANCE,
    context: int = 0x14,
    short: bool = False,
    thread: str = "f69ed283-4b90-402c-a389-e70867cfc539",
) -> bytes:
    """Stub of RemoteCreateInstance or RemoteGetClassObject. With `short`, the four properties that impacket sends
    instead of the six of Windows (no SecurityInfo, hence no server name)."""
    instance, ctx = _instantiation(clsid, iids, context), _activation_context(thread)
    properties = [(_INSTANTIATION, instance), (_CONTEXT, ctx), (_LOCATION, _location()), (_SCM_REQUEST, _scm_request())]
    if not short:
        properties.insert(0, (_SPECIAL, _special(context)))
        properties.insert(3, (_SECURITY, _security(server_name)))
    blob = properties_blob(properties)
    objref = objref_custom(guids.IActivationPropertiesIn, _com(0x338), blob, len(blob) + 8)
    stub = orpc.this(causality, flags=1)
    if opnum == CREATE_INSTANCE:
        stub.null()  # pUnkOuter
    return stub.interface(objref).bytes()


def activation_response(exporter: Exporter, interfaces: Sequence[tuple[str, int, str]], status: int = 0) -> bytes:
    """Stub of the response; `interfaces` are (iid, oid, ipid). A failure has no properties, only its HRESULT."""
    if status:
        return orpc.that(1).null().u32(status).bytes()
    count = len(interfaces)
    out = Ndr().u32(count).referent().referent().referent().u32(count)
    for iid, _, _ in interfaces:
        out.guid(iid)
    out.u32(count)
    for _ in interfaces:
        out.u32(0)
    out.u32(count)
    for _ in interfaces:
        out.referent()
    for iid, oid, ipid in interfaces:
        objref = objref_standard(iid, exporter.oxid, oid, ipid, exporter.addresses)
        out.u32(len(objref)).u32(len(objref)).raw(objref)
    array = exporter.array()
    reply = Ndr().null().referent().align(8).u64(exporter.oxid).referent().guid(exporter.ipid_remunknown).u32(4)
    reply.u16(5).u16(7).u32((len(array) - 4) // 2).raw(array)
    blob = properties_blob([(_PROPS_OUT, _serialized(out)), (_SCM_REPLY, _serialized(reply))])
    objref = objref_custom(guids.IActivationPropertiesOut, _com(0x339), blob, len(blob) + 8)
    return orpc.that(1).interface(objref).u32(0).bytes()


def remote_activation_request(causality: str, clsid: str, iids: Sequence[str], big: bool = False) -> bytes:
    """IActivation::RemoteActivation, opnum 0, request."""
    stub = orpc.this(causality, flags=1, big=big).guid(clsid).unique_wstring(None).null().u32(2).u32(0)
    stub.u32(len(iids)).referent().u32(len(iids))
    for iid in iids:
        stub.guid(iid)
    return stub.u16(1).align(4).u32(1).u16(7).bytes()


def remote_activation_response(
    exporter: Exporter, interfaces: Sequence[tuple[str, int, str]], status: int = 0, big: bool = False
) -> bytes:
    """Its response; with a failing `status` there is neither endpoint nor interface."""
    stub = orpc.that(1, big=big)
    if status:
        stub.align(8).u64(0).null().guid(guids.NULL).u32(0).u16(5).u16(7).u32(status)
        stub.u32(len(interfaces))
        for _ in interfaces:
            stub.null()
        stub.u32(len(interfaces))
        for _ in interfaces:
            stub.u32(status)
        return stub.u32(0).bytes()
    array = exporter.array()
    stub.align(8).u64(exporter.oxid).referent().u32((len(array) - 4) // 2)
    if big:  # the words of a DUALSTRINGARRAY are NDR shorts here
        array = struct.pack(f">{len(array) // 2}H", *struct.unpack(f"<{len(array) // 2}H", array))
    stub.raw(array).align(4).guid(exporter.ipid_remunknown).u32(4).u16(5).u16(7).u32(0)
    stub.u32(len(interfaces))
    for _ in interfaces:
        stub.referent()
    for iid, oid, ipid in interfaces:
        objref = objref_standard(iid, exporter.oxid, oid, ipid, exporter.addresses)
        stub.u32(len(objref)).u32(len(objref)).raw(objref).align(4)
    stub.u32(len(interfaces))
    for _ in interfaces:
        stub.u32(0)
    return stub.u32(0).bytes()
