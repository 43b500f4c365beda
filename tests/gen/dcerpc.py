# SPDX-License-Identifier: GPL-2.0-or-later
"""Connection-oriented DCE/RPC PDUs (C706 chapter 12, MS-RPCE 2.2.2)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from .guids import BIND_TIME_FEATURES, NDR, NDR64, VERSIONS, guid_bytes

REQUEST, RESPONSE, FAULT = 0, 2, 3
BIND, BIND_ACK, BIND_NAK, ALTER, ALTER_RESP, AUTH3 = 11, 12, 13, 14, 15, 16
ORPHANED = 19

FIRST, LAST, DID_NOT_EXECUTE, OBJECT = 0x01, 0x02, 0x20, 0x80

ACCEPTED, USER_REJECTED, REJECTED, NEGOTIATED = 0, 1, 2, 3
NO_ABSTRACT, NO_TRANSFER = 1, 2
"""Reasons of a rejection: abstract syntax not supported, proposed transfer syntaxes not supported."""

_TRANSFER_VERSIONS = {NDR: 2, NDR64: 1, BIND_TIME_FEATURES: 1}


@dataclass
class Context:
    """One presentation context of a Bind or Alter_context and, since both are written together, its answer."""

    id: int
    uuid: str
    transfer: str = NDR
    result: int = ACCEPTED
    reason: int = 0

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor version of the interface."""
        return VERSIONS.get(self.uuid, (0, 0))


@dataclass
class Verifier:
    """sec_trailer and the token or signature behind it (MS-RPCE 2.2.2.11). `pad` bytes at the end of what stands in
    front of it are padding."""

    type: int
    level: int
    context_id: int
    value: bytes
    pad: int = 0


@dataclass
class Pdu:
    """What all builders share. `big` selects a big endian data representation for header and body."""

    call_id: int
    big: bool = False

    def build(self, kind: int, body: bytes, flags: int = FIRST | LAST, verifier: Verifier | None = None) -> bytes:
        """Header, body and verifier."""
        order = ">" if self.big else "<"
        trailer, size = b"", 0
        if verifier is not None:
            head = struct.pack("BBBB", verifier.type, verifier.level, verifier.pad, 0)
            trailer = head + struct.pack(order + "I", verifier.context_id) + verifier.value
            size = len(verifier.value)
        drep = b"\0\0\0\0" if self.big else b"\x10\0\0\0"
        length = 16 + len(body) + len(trailer)
        header = bytes([5, 0, kind, flags]) + drep + struct.pack(order + "HHI", length, size, self.call_id)
        return header + body + trailer

    def _syntax(self, uuid: str, version: int) -> bytes:
        return guid_bytes(uuid, self.big) + struct.pack((">" if self.big else "<") + "I", version)

    def bind(
        self,
        contexts: Sequence[Context],
        verifier: Verifier | None = None,
        alter: bool = False,
        assoc_group: int = 0,
        max_frag: int = 5840,
    ) -> bytes:
        """Bind, or Alter_context."""
        order = ">" if self.big else "<"
        body = struct.pack(order + "HHIBBH", max_frag, max_frag, assoc_group, len(contexts), 0, 0)
        for context in contexts:
            body += struct.pack(order + "HBB", context.id, 1, 0)
            major, minor = context.version
            body += self._syntax(context.uuid, major | minor << 16)
            body += self._syntax(context.transfer, _TRANSFER_VERSIONS[context.transfer])
        return self.build(ALTER if alter else BIND, body, verifier=verifier)

    def bind_ack(
        self,
        contexts: Sequence[Context],
        verifier: Verifier | None = None,
        alter: bool = False,
        assoc_group: int = 0x27B3,
        address: str = "",
        max_frag: int = 5840,
    ) -> bytes:
        """Bind_ack, or Alter_context_resp."""
        order = ">" if self.big else "<"
        body = struct.pack(order + "HHI", max_frag, max_frag, assoc_group)
        name = address.encode() + b"\0" if address else b""
        body += struct.pack(order + "H", len(name)) + name
        body += bytes(-len(body) % 4)
        body += struct.pack("BBBB", len(contexts), 0, 0, 0)
        for context in contexts:
            reason = 3 if context.result == NEGOTIATED else context.reason
            body += struct.pack(order + "HH", context.result, reason)
            accepted = context.result == ACCEPTED
            body += self._syntax(context.transfer, _TRANSFER_VERSIONS[context.transfer]) if accepted else bytes(20)
        return self.build(ALTER_RESP if alter else BIND_ACK, body, verifier=verifier)

    def bind_nak(self, reason: int = 4) -> bytes:
        """Bind_nak with the protocol versions the server knows."""
        body = struct.pack((">" if self.big else "<") + "H", reason) + bytes([1, 5, 0])
        return self.build(BIND_NAK, body + bytes(3))

    def auth3(self, verifier: Verifier) -> bytes:
        """rpc_auth_3: the last token of a three-legged exchange, never answered."""
        return self.build(AUTH3, b"    ", verifier=verifier)

    def request(
        self,
        context_id: int,
        opnum: int,
        stub: bytes,
        object_uuid: str | None = None,
        flags: int = FIRST | LAST,
        verifier: Verifier | None = None,
        alloc_hint: int | None = None,
    ) -> bytes:
        """One fragment of a request; `object_uuid` is the IPID of an ORPC call."""
        hint = alloc_hint if alloc_hint is not None else len(stub) - (verifier.pad if verifier else 0)
        body = struct.pack((">" if self.big else "<") + "IHH", hint, context_id, opnum)
        if object_uuid is not None:
            flags |= OBJECT
            body += guid_bytes(object_uuid, self.big)
        return self.build(REQUEST, body + stub, flags, verifier)

    def response(
        self,
        context_id: int,
        stub: bytes,
        flags: int = FIRST | LAST,
        verifier: Verifier | None = None,
        alloc_hint: int | None = None,
    ) -> bytes:
        """One fragment of a response."""
        hint = alloc_hint if alloc_hint is not None else len(stub) - (verifier.pad if verifier else 0)
        body = struct.pack((">" if self.big else "<") + "IHBB", hint, context_id, 0, 0)
        return self.build(RESPONSE, body + stub, flags, verifier)

    def fault(self, context_id: int, status: int, did_not_execute: bool = False) -> bytes:
        """Fault with an RPC status."""
        order = ">" if self.big else "<"
        body = struct.pack(order + "IHBBII", 32, context_id, 0, 0, status, 0)
        return self.build(FAULT, body, FIRST | LAST | (DID_NOT_EXECUTE if did_not_execute else 0))
