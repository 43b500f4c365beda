# SPDX-License-Identifier: GPL-2.0-or-later
"""ORPCTHIS and ORPCTHAT (MS-DCOM 2.2.13), and the calls of IRemUnknown, IClassFactory and IObjectExporter."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from .guids import NDR, guid_bytes
from .ndr import Ndr
from .objref import dual_string_array, std_objref

E_NOINTERFACE = 0x80004002


def this(causality: str, flags: int = 0, big: bool = False, pad: bytes = b"\0") -> Ndr:
    """A request's stub, begun with its ORPCTHIS: version 5.7, no extensions."""
    return Ndr(big, pad).u16(5).u16(7).u32(flags).u32(0).guid(causality).null()


def this_with_extension(causality: str, extension: str, data: bytes, flags: int = 0) -> Ndr:
    """ORPCTHIS with one ORPC_EXTENT behind it (MS-DCOM 2.2.21.2, 2.2.21.3)."""
    stub = Ndr().u16(5).u16(7).u32(flags).u32(0).guid(causality).referent()
    stub.u32(1).u32(0).referent()  # ORPC_EXTENT_ARRAY: size, reserved, pointer to the array
    stub.u32(2).referent().null()  # size rounded up to an even number
    stub.u32(-(-len(data) // 8) * 8).guid(extension).u32(len(data)).raw(data)
    return stub.align(8)


def that(flags: int = 0, big: bool = False) -> Ndr:
    """A response's stub, begun with its ORPCTHAT."""
    return Ndr(big).u32(flags).null()


def verification_trailer(uuid: str, version: tuple[int, int] = (0, 0)) -> bytes:
    """rpc_sec_verification_trailer with the one command Windows sends, SEC_VT_COMMAND_PCONTEXT (MS-RPCE 2.2.2.13)."""
    interface = guid_bytes(uuid) + struct.pack("<HH", *version)
    transfer = guid_bytes(NDR) + struct.pack("<I", 2)
    return bytes.fromhex("8ae3137102f43671") + struct.pack("<HH", 0x4002, 40) + interface + transfer


def rem_query_interface(causality: str, ipid: str, iids: Sequence[str], refs: int = 5) -> bytes:
    """IRemUnknown::RemQueryInterface, opnum 3, request."""
    stub = this(causality).guid(ipid).u32(refs).u16(len(iids)).align(4).u32(len(iids))
    for iid in iids:
        stub.guid(iid)
    return stub.bytes()


def rem_query_interface_response(found: Sequence[tuple[int, int, str] | None]) -> bytes:
    """The response; one (oxid, oid, ipid) an IID, None for E_NOINTERFACE."""
    stub = that().referent().u32(len(found))
    for item in found:
        stub.align(8).u32(0 if item else E_NOINTERFACE).align(8)
        stub.raw(std_objref(*item) if item else bytes(40))
    return stub.u32(0).bytes()


def rem_release(causality: str, ipids: Sequence[str], refs: int = 5) -> bytes:
    """IRemUnknown::RemRelease, opnum 5, request."""
    stub = this(causality).u16(len(ipids)).align(4).u32(len(ipids))
    for ipid in ipids:
        stub.guid(ipid).u32(refs).u32(0)
    return stub.bytes()


def plain_response(status: int = 0) -> bytes:
    """A response without out parameters: ORPCTHAT and HRESULT."""
    return that().u32(status).bytes()


def class_factory_create(causality: str, iid: str) -> bytes:
    """IClassFactory::RemoteCreateInstance, opnum 3, request."""
    return this(causality).guid(iid).bytes()


def interface_response(objref: bytes | None, status: int = 0, big: bool = False) -> bytes:
    """A response with one [out] interface pointer."""
    return that(big=big).interface(objref).u32(status).bytes()


def server_alive2_response(addresses: Sequence[str]) -> bytes:
    """IObjectExporter::ServerAlive2, opnum 5, response: these calls have no ORPCTHIS and no ORPCTHAT."""
    stub = Ndr().u16(5).u16(7).referent()
    array = dual_string_array(addresses)
    return stub.u32((len(array) - 4) // 2).raw(array).align(4).u32(0).u32(0).bytes()


def resolve_oxid2(oxid: int) -> bytes:
    """IObjectExporter::ResolveOxid2, opnum 4, request."""
    return Ndr().u64(oxid).u16(1).align(4).u32(1).u16(7).bytes()


def resolve_oxid2_response(addresses: Sequence[str], ipid_remunknown: str, hint: int = 4, status: int = 0) -> bytes:
    """The response: where the exporter listens."""
    if status:
        return Ndr().null().guid("00000000-0000-0000-0000-000000000000").u32(0).u32(0).u32(status).bytes()
    array = dual_string_array(addresses)
    stub = Ndr().referent().u32((len(array) - 4) // 2).raw(array).align(4)
    return stub.guid(ipid_remunknown).u32(hint).u16(5).u16(7).u32(status).bytes()
