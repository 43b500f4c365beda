# SPDX-License-Identifier: GPL-2.0-or-later
"""Stubs of the remote WMI calls (MS-WMI 3.1.4, and SetClientInfoEx, which it does not describe)."""

from __future__ import annotations

from collections.abc import Sequence

from . import orpc
from .ndr import Ndr

# IWbemLevel1Login, IWbemLoginClientID, IWbemLoginClientIDEx
ESTABLISH_POSITION, NTLM_LOGIN = 3, 6
SET_CLIENT_INFO = 3

# IWbemServices
OPEN_NAMESPACE, CANCEL_ASYNC_CALL, QUERY_OBJECT_SINK, GET_OBJECT, GET_OBJECT_ASYNC = range(3, 8)
PUT_CLASS, PUT_CLASS_ASYNC, DELETE_CLASS, DELETE_CLASS_ASYNC = range(8, 12)
CREATE_CLASS_ENUM, CREATE_CLASS_ENUM_ASYNC, PUT_INSTANCE, PUT_INSTANCE_ASYNC = range(12, 16)
DELETE_INSTANCE, DELETE_INSTANCE_ASYNC, CREATE_INSTANCE_ENUM, CREATE_INSTANCE_ENUM_ASYNC = range(16, 20)
EXEC_QUERY, EXEC_QUERY_ASYNC, EXEC_NOTIFICATION_QUERY, EXEC_NOTIFICATION_QUERY_ASYNC = range(20, 24)
EXEC_METHOD, EXEC_METHOD_ASYNC = 24, 25

# IEnumWbemClassObject, IWbemCallResult, IWbemFetchSmartEnum, IWbemWCOSmartEnum, IWbemObjectSink
ENUM_RESET, ENUM_NEXT = 3, 4
GET_RESULT_OBJECT, GET_RESULT_STRING, GET_RESULT_SERVICES, GET_CALL_STATUS = range(3, 7)
GET_SMART_ENUM, SMART_NEXT = 3, 3
INDICATE, SET_STATUS = 3, 4

RETURN_IMMEDIATELY, FORWARD_ONLY, SEND_STATUS = 0x10, 0x20, 0x80
ACCESS_DENIED, NOT_FOUND, S_FALSE = 0x80041003, 0x80041002, 1


def set_client_info(causality: str, machine: str, pid: int, big: bool = False) -> bytes:
    """IWbemLoginClientID::SetClientInfo request."""
    return orpc.this(causality, big=big).unique_wstring(machine).u32(pid).u32(0).bytes()


def set_client_info_ex(causality: str, machine: str, fqdn: str, pid: int, filetime: int, big: bool = False) -> bytes:
    """IWbemLoginClientIDEx::SetClientInfoEx request; `filetime` is when the client's process was created."""
    stub = orpc.this(causality, big=big).unique_wstring(machine).unique_wstring(fqdn).u32(pid)
    return stub.u32(filetime & 0xFFFFFFFF).u32(filetime >> 32).u32(0).bytes()


def establish_position(causality: str, big: bool = False) -> bytes:
    """IWbemLevel1Login::EstablishPosition request."""
    return orpc.this(causality, big=big).unique_wstring(None).u32(0).bytes()


def establish_position_response(big: bool = False) -> bytes:
    """Its response."""
    return orpc.that(big=big).u32(1).u32(0).bytes()


def ntlm_login(causality: str, namespace: str, locale: str | None, flags: int = 0, big: bool = False) -> bytes:
    """IWbemLevel1Login::NTLMLogin request: everybody's way in, whatever the authentication."""
    stub = orpc.this(causality, big=big).unique_wstring(namespace).unique_wstring(locale)
    return stub.u32(flags).interface(None).bytes()


def path_call(causality: str, *texts: str | None, flags: int = 0, nul: bool = False) -> Ndr:
    """ORPCTHIS, BSTR parameters, lFlags, pCtx: how most requests of IWbemServices begin. With `nul` the BSTRs end in a
    NUL, as impacket writes them."""
    stub = orpc.this(causality)
    for text in texts:
        stub.bstr(text, nul)
    return stub.u32(flags).interface(None)


def get_object(causality: str, path: str, flags: int = 0, wanted: bool = True) -> bytes:
    """GetObject request (opnum 6); DeleteInstance has the same beginning but one pointer less."""
    stub = path_call(causality, path, flags=flags)
    return stub.interface_inout(wanted=wanted).interface_inout(wanted=False).bytes()


def get_object_response(objref: bytes | None, status: int = 0) -> bytes:
    """GetObject response: the object, or nothing."""
    return orpc.that().interface_inout(objref, wanted=objref is not None).null().u32(status).bytes()


def exec_query(causality: str, query: str, flags: int = RETURN_IMMEDIATELY | FORWARD_ONLY, nul: bool = False) -> bytes:
    """ExecQuery (20) and ExecNotificationQuery (22) request."""
    return path_call(causality, "WQL", query, flags=flags, nul=nul).bytes()


def exec_query_async(causality: str, query: str, sink: bytes, flags: int = SEND_STATUS) -> bytes:
    """ExecQueryAsync (21) and ExecNotificationQueryAsync (23) request; `sink` is the OBJREF of the client's sink."""
    return path_call(causality, "WQL", query, flags=flags).interface(sink).bytes()


def exec_method(
    causality: str,
    path: str,
    method: str,
    in_params: bytes | None,
    flags: int = 0,
    nul: bool = False,
    wanted: bool = True,
) -> bytes:
    """ExecMethod request (24); `in_params` is an OBJREF."""
    stub = path_call(causality, path, method, flags=flags, nul=nul).interface(in_params)
    return stub.interface_inout(wanted=wanted).interface_inout(wanted=False).bytes()


def exec_method_response(objref: bytes | None, status: int = 0) -> bytes:
    """ExecMethod response: the out-parameters, or nothing."""
    return get_object_response(objref, status)


def put_instance(causality: str, objref: bytes, flags: int = 0) -> bytes:
    """PutInstance (14) and PutClass (8) request."""
    return orpc.this(causality).interface(objref).u32(flags).interface(None).interface_inout(wanted=False).bytes()


def put_response(status: int = 0) -> bytes:
    """Response of PutInstance, PutClass, DeleteInstance and DeleteClass without a call result."""
    return orpc.that().null().u32(status).bytes()


def delete_instance(causality: str, path: str, flags: int = 0) -> bytes:
    """DeleteInstance (16) and DeleteClass (10) request."""
    return path_call(causality, path, flags=flags).interface_inout(wanted=False).bytes()


def enum_next(causality: str, count: int, timeout: int = 0xFFFFFFFF) -> bytes:
    """IEnumWbemClassObject::Next request."""
    return orpc.this(causality).u32(timeout).u32(count).bytes()


def enum_next_response(asked: int, objrefs: Sequence[bytes], status: int | None = None) -> bytes:
    """Next response: conformant varying array of objects."""
    stub = orpc.that().u32(asked).u32(0).u32(len(objrefs))
    for _ in objrefs:
        stub.referent()
    for objref in objrefs:
        stub.u32(len(objref)).u32(len(objref)).raw(objref).align(4)
    done = S_FALSE if len(objrefs) < asked else 0
    return stub.u32(len(objrefs)).u32(done if status is None else status).bytes()


def indicate(causality: str, objrefs: Sequence[bytes]) -> bytes:
    """IWbemObjectSink::Indicate request, from the WMI server to the client's sink."""
    stub = orpc.this(causality).u32(len(objrefs)).u32(len(objrefs))
    for _ in objrefs:
        stub.referent()
    for objref in objrefs:
        stub.u32(len(objref)).u32(len(objref)).raw(objref).align(4)
    return stub.bytes()


def set_status(causality: str, status: int = 0, flags: int = 0) -> bytes:
    """IWbemObjectSink::SetStatus request."""
    return orpc.this(causality).u32(flags).u32(status).bstr(None).interface(None).bytes()
