# SPDX-License-Identifier: GPL-2.0-or-later
"""A DCE/RPC conversation over TCP. It writes the packets and remembers which packet completes which PDU, so that a test
can derive what a decoder has to find."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from . import dcerpc
from .dcerpc import FIRST, LAST, Context, Pdu
from .guids import BIND_TIME_FEATURES, NDR64
from .ip import Packet
from .orpc import verification_trailer
from .security import INTEGRITY, Security
from .tcp import Tcp


@dataclass
class Bind:
    """A Bind or Alter_context that offered `contexts`; their `result`s stand in `ack`."""

    packet: Packet
    ack: Packet
    contexts: list[Context]
    alter: bool
    security: Security | None


@dataclass
class Token:
    """The packet that carries one leg of an authentication, counted from 0."""

    packet: Packet
    security: Security
    leg: int


@dataclass
class Call:
    """A call: the packets that complete its request fragments and response fragments, in order."""

    requests: list[Packet]
    responses: list[Packet]
    context: Context
    opnum: int
    object: str | None
    call_id: int
    security: Security | None
    fault: int | None = None
    request_stub: bytes = b""
    response_stub: bytes = b""


@dataclass
class Planned:
    """A call to be made by `Rpc.batch`."""

    uuid: str
    opnum: int
    request: bytes
    response: bytes = b""
    object: str | None = None
    fault: int | None = None


class Rpc:
    """One connection. `trailer` adds the verification trailer that Windows clients append to the first request of a
    context from packet integrity on."""

    def __init__(
        self, tcp: Tcp, rng: random.Random, big: bool = False, max_frag: int = 5840, trailer: bool = True
    ) -> None:
        self.tcp, self.rng, self.big, self.max_frag, self.trailer = tcp, rng, big, max_frag, trailer
        self.binds: list[Bind] = []
        self.calls: list[Call] = []
        self.tokens: list[Token] = []
        self.contexts: dict[str, Context] = {}
        self.security: Security | None = None
        self.call_id = 0
        self.first_cuts: Sequence[int] = ()
        self._next_context = 0
        self._used: set[int] = set()

    # -- presentation contexts -----------------------------------------------------------------------------------------

    def offer(self, uuid: str, ndr64: bool = False, features: bool = False) -> list[Context]:
        """The contexts a client offers for one interface: NDR and what Windows tries besides: NDR64, which is refused,
        and bind time features, which are acknowledged and whose context id is free for the next offer."""
        made = [Context(self._new_id(), uuid)]
        if ndr64:
            made.append(Context(self._new_id(), uuid, NDR64, dcerpc.REJECTED, dcerpc.NO_TRANSFER))
        if features:
            made.append(Context(self._next_context, uuid, BIND_TIME_FEATURES, dcerpc.NEGOTIATED))
        return made

    def _new_id(self) -> int:
        self._next_context += 1
        return self._next_context - 1

    def bind(
        self,
        contexts: Sequence[Context],
        security: Security | None = None,
        alter: bool = False,
        call_id: int | None = None,
    ) -> Bind:
        """Offers contexts, gets the answer that stands in them, and runs the authentication legs of `security`, if
        that is a new one: the third one in an AUTH3 or in an Alter_context of its own."""
        fresh = security if security is not None and security.legs and security is not self.security else None
        pdu, legs = self._pdu(call_id), len(fresh.legs) if fresh else 0
        made = self._offer(pdu, contexts, fresh, 0, alter, security)
        if fresh and legs > 2 and fresh.third == "auth3":
            self.tokens.append(Token(self._send(True, pdu.auth3(fresh.token(2))), fresh, 2))
        elif fresh and legs > 2:
            again = [c for c in contexts if c.result == dcerpc.ACCEPTED][:1] or list(contexts)[:1]
            self._offer(pdu, again, fresh, 2, True, security)
        self.security = security or self.security
        return made

    def _offer(
        self,
        pdu: Pdu,
        contexts: Sequence[Context],
        fresh: Security | None,
        leg: int,
        alter: bool,
        security: Security | None,
    ) -> Bind:
        """Bind or Alter_context with the tokens `leg` and, in the answer, `leg` + 1."""
        asked = fresh.token(leg) if fresh else None
        answer = fresh.token(leg + 1) if fresh and len(fresh.legs) > leg + 1 else None
        sent = self._send(True, pdu.bind(contexts, asked, alter, max_frag=self.max_frag))
        port = "" if alter else str(self.tcp.server.port)
        acked = self._send(False, pdu.bind_ack(contexts, answer, alter, address=port, max_frag=self.max_frag))
        if fresh:
            self.tokens += [Token(sent, fresh, leg)] + ([Token(acked, fresh, leg + 1)] if answer else [])
        for context in contexts:
            if context.result == dcerpc.ACCEPTED:
                self.contexts[context.uuid] = context
        self.binds.append(Bind(sent, acked, list(contexts), alter, security))
        return self.binds[-1]

    def alter(self, contexts: Sequence[Context], security: Security | None = None) -> Bind:
        """Alter_context."""
        return self.bind(contexts, security, alter=True)

    # -- calls ---------------------------------------------------------------------------------------------------------

    def call(
        self,
        uuid: str,
        opnum: int,
        request: bytes,
        response: bytes = b"",
        object: str | None = None,
        fault: int | None = None,
        answered: bool = True,
    ) -> Call:
        """One call on the context that last accepted `uuid`, fragmented where the stubs do not fit one PDU."""
        made, outgoing, incoming = self._prepare(Planned(uuid, opnum, request, response, object, fault))
        made.requests = [self._send(True, pdu) for pdu in outgoing]
        if answered:
            made.responses = [self._send(False, pdu) for pdu in incoming]
        return made

    def batch(self, planned: Sequence[Planned]) -> list[Call]:
        """Several calls whose requests share one segment, as far as the MSS allows, and so do their responses."""
        prepared = [self._prepare(item) for item in planned]
        for from_client in (True, False):
            data, ends = b"", []
            for _, outgoing, incoming in prepared:
                pdus = outgoing if from_client else incoming
                ends.append([len(data := data + pdu) for pdu in pdus])
            packets = self.tcp.send(from_client, data)
            for (made, _, _), offsets in zip(prepared, ends):
                carriers = [packets[(end - 1) // self.tcp.mss] for end in offsets]
                if from_client:
                    made.requests = carriers
                else:
                    made.responses = carriers
        return [made for made, _, _ in prepared]

    def _prepare(self, planned: Planned) -> tuple[Call, list[bytes], list[bytes]]:
        context, security = self.contexts[planned.uuid], self.security
        pdu, request = self._pdu(None), planned.request
        if self.trailer and security and security.level >= INTEGRITY and context.id not in self._used:
            request += bytes(-len(request) % 4) + verification_trailer(planned.uuid, context.version)
        self._used.add(context.id)
        made = Call([], [], context, planned.opnum, planned.object, pdu.call_id, security, planned.fault)
        made.request_stub, made.response_stub = request, planned.response
        self.calls.append(made)
        outgoing = []
        for flags, hint, part in self._fragments(request, 40):
            part, verifier = security.protect(part, False) if security else (part, None)
            outgoing.append(pdu.request(context.id, made.opnum, part, made.object, flags, verifier, hint))
        if planned.fault is not None:
            return made, outgoing, [pdu.fault(context.id, planned.fault)]
        incoming = []
        for flags, hint, part in self._fragments(planned.response, 24):
            part, verifier = security.protect(part, True) if security else (part, None)
            incoming.append(pdu.response(context.id, part, flags, verifier, hint))
        return made, outgoing, incoming

    def _fragments(self, stub: bytes, header: int) -> list[tuple[int, int, bytes]]:
        room = self.max_frag - header - (self.security.overhead() if self.security else 0)
        room -= room % 16
        parts = [stub[start : start + room] for start in range(0, len(stub), room)] or [b""]
        made = []
        for index, part in enumerate(parts):
            flags = (FIRST if index == 0 else 0) | (LAST if index == len(parts) - 1 else 0)
            made.append((flags, len(stub) - index * room, part))
        return made

    # -- bytes ---------------------------------------------------------------------------------------------------------

    def _pdu(self, call_id: int | None) -> Pdu:
        if call_id is None:
            self.call_id += 1
            call_id = self.call_id
        return Pdu(call_id, self.big)

    def _send(self, from_client: bool, data: bytes) -> Packet:
        """The packet in which the PDU ends."""
        cuts, self.first_cuts = self.first_cuts, ()
        return self.tcp.send(from_client, data, cuts)[-1]

    def send_raw(self, from_client: bool, data: bytes) -> Packet:
        """Any bytes in the stream."""
        return self._send(from_client, data)
