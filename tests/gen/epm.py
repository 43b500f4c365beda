# SPDX-License-Identifier: GPL-2.0-or-later
"""The endpoint mapper's ept_map (C706 appendix O) with its protocol towers (appendix L), in NDR and NDR64."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from .dcerpc import FIRST, LAST, Pdu
from .guids import EPM, NDR, guid_bytes
from .ndr import Ndr
from .rpc import Rpc

MAP = 3
TCP, IP, PIPE, NCACN, UUID = 0x07, 0x09, 0x0F, 0x0B, 0x0D


def tower(interface: str, port: int = 135, address: str = "0.0.0.0", pipe: str | None = None) -> bytes:
    """A tower of five floors over TCP, or of four with a named pipe."""
    def floor(protocol: int, left: bytes, right: bytes) -> bytes:
        left = bytes([protocol]) + left
        return struct.pack("<H", len(left)) + left + struct.pack("<H", len(right)) + right

    floors = [floor(UUID, guid_bytes(interface) + b"\1\0", b"\0\0"), floor(UUID, guid_bytes(NDR) + b"\2\0", b"\0\0")]
    floors.append(floor(NCACN, b"", b"\0\0"))
    if pipe is None:
        floors.append(floor(TCP, b"", struct.pack(">H", port)))
        floors.append(floor(IP, b"", bytes(map(int, address.split(".")))))
    else:
        floors.append(floor(PIPE, b"", pipe.encode() + b"\0"))
    return struct.pack("<H", len(floors)) + b"".join(floors)


class _Stub(Ndr):
    """Pointers and conformances are as long as the transfer syntax has them."""

    def __init__(self, ndr64: bool) -> None:
        super().__init__()
        self._word = self.u64 if ndr64 else self.u32

    def word(self, value: int) -> _Stub:
        self._word(value)
        return self

    def twr(self, octets: bytes) -> _Stub:
        self.word(len(octets)).u32(len(octets)).raw(octets)
        return self


def map_request(asked: bytes, ndr64: bool = False, object: str | None = None) -> bytes:
    """ept_map, opnum 3, request for at most four towers."""
    stub = _Stub(ndr64).word(1 if object else 0)
    if object:
        stub.guid(object)
    stub.word(2).twr(asked)
    return stub.align(4).raw(bytes(20)).u32(4).bytes()


def map_response(towers: list[bytes], ndr64: bool = False, status: int = 0) -> bytes:
    """Its answer."""
    stub = _Stub(ndr64)
    stub.raw(bytes(20)).u32(len(towers))
    stub.word(4).word(0).word(len(towers))
    for number in range(len(towers)):
        stub.word(3 + number)
    for octets in towers:
        stub.twr(octets)
    return stub.align(4).u32(status).bytes()


def look_up(
    rpc: Rpc, interface: str, ports: list[int], address: str, ndr64: bool = False, cuts: Sequence[int] = ()
) -> None:
    """Binds to the endpoint mapper, and asks for the ports of an interface. The answer is cut into segments at `cuts`."""
    offered = rpc.offer(EPM, ndr64=True, features=True)
    if ndr64:
        offered[0].result, offered[1].result = offered[1].result, offered[0].result
    rpc.bind(offered)
    request = map_request(tower(interface), ndr64, "00000000-0000-0000-0000-000000000000")
    answer = map_response([tower(interface, port, address) for port in ports], ndr64)
    made = rpc.call(EPM, MAP, request, answered=False)
    rpc.first_cuts = cuts
    pdu = Pdu(made.call_id, rpc.big).response(made.context.id, answer, FIRST | LAST, None, len(answer))
    made.responses = [rpc.send_raw(False, pdu)]
