# SPDX-License-Identifier: GPL-2.0-or-later
"""A security context of a DCE/RPC connection: the tokens that establish it and the verifiers of the PDUs under it.

A context is faked: tokens are well formed, signatures and sealed stubs are random bytes of the right length."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from . import kerberos, ntlm, spnego
from .dcerpc import Verifier

NONE, CONNECT, CALL, PACKET, INTEGRITY, PRIVACY = 1, 2, 3, 4, 5, 6
TYPE_NONE, TYPE_SPNEGO, TYPE_NTLM, TYPE_KERBEROS = 0, 9, 10, 16


@dataclass
class Security:
    """What the kinds have in common. `legs` are the tokens in turn, client first; `third` says in which PDU type the
    client's second token goes ("alter" or "auth3")."""

    rng: random.Random
    level: int
    context_id: int = 0
    type: int = TYPE_NONE
    third: str = "alter"
    legs: list[bytes] = field(default_factory=list)
    signs: bool = True  # False: no verifier on PDUs even above connect
    sequence: int = 0

    def told(self, leg: int) -> dict[str, str]:
        """What the token of a leg says in clear: spn, realm, user, domain, workstation."""
        return {}

    def token(self, leg: int) -> Verifier:
        """Verifier of the PDU that carries a token."""
        return Verifier(self.type, self.level, self.context_id, self.legs[leg])

    def protect(self, stub: bytes, acceptor: bool) -> tuple[bytes, Verifier | None]:
        """The stub as it stands on the wire and its verifier."""
        if self.level < PACKET or not self.signs:
            return stub, None
        self.sequence += 1
        pad = -len(stub) % 16
        stub = self.rng.randbytes(len(stub) + pad) if self.level == PRIVACY else stub + bytes(pad)
        return stub, Verifier(self.type, self.level, self.context_id, self._seal(acceptor), pad)

    def overhead(self) -> int:
        """Most bytes that protection adds to a PDU."""
        return 0 if self.level < PACKET or not self.signs else 8 + 15 + len(self._seal(False))

    def _seal(self, acceptor: bool) -> bytes:
        raise NotImplementedError


@dataclass
class Kerberos(Security):
    """SPNEGO around Kerberos in DCE style, as Windows hosts of one domain use it."""

    spn: str = "RPCSS/SERVER.example.com"
    realm: str = "EXAMPLE.COM"
    bare: bool = False  # auth type 16 without SPNEGO
    ticket: bytes = b""  # empty: one of its own

    def __post_init__(self) -> None:
        self.type = TYPE_KERBEROS if self.bare else TYPE_SPNEGO
        self.ticket = self.ticket or kerberos.ticket(self.rng, self.spn, self.realm)
        tokens = [kerberos.ap_req(self.rng, self.ticket, wrapped=self.bare)]
        tokens += [kerberos.ap_rep(self.rng), kerberos.ap_rep(self.rng), b""]
        if self.bare:
            self.legs = tokens
            return
        self.legs = [
            spnego.neg_init(tokens[0]),
            spnego.neg_resp(spnego.INCOMPLETE, tokens[1], spnego.MS_KRB5),
            spnego.neg_resp(spnego.INCOMPLETE, tokens[2], mic=kerberos.mic(self.rng, 0, False)),
            spnego.neg_resp(spnego.COMPLETED, mic=kerberos.mic(self.rng, 0, True)),
        ]

    def told(self, leg: int) -> dict[str, str]:
        """The AP-REQ names the service."""
        return {"spn": self.spn, "realm": self.realm} if leg == 0 else {}

    def _seal(self, acceptor: bool) -> bytes:
        if self.level == PRIVACY:
            return kerberos.wrap_header(self.rng, self.sequence, acceptor)
        return kerberos.mic(self.rng, self.sequence, acceptor)


@dataclass
class Ntlm(Security):
    """NTLM, bare (auth type 10, third token in AUTH3) or inside SPNEGO."""

    user: str = "svc"
    domain: str = "EXAMPLE"
    workstation: str = "CLIENT"
    server: str = "SERVER"
    dns_domain: str = "example.com"
    target: str | None = None
    wrapped: bool = False

    def __post_init__(self) -> None:
        self.type = TYPE_SPNEGO if self.wrapped else TYPE_NTLM
        last = ntlm.authenticate(self.rng, self.user, self.domain, self.workstation, self.target)
        tokens = [ntlm.negotiate(), ntlm.challenge(self.rng, self.domain, self.server, self.dns_domain), last]
        if not self.wrapped:
            self.legs, self.third = tokens, "auth3"
            return
        self.legs = [
            spnego.neg_init(tokens[0], [spnego.NTLMSSP]),
            spnego.neg_resp(spnego.INCOMPLETE, tokens[1], spnego.NTLMSSP),
            spnego.neg_resp(spnego.INCOMPLETE, tokens[2]),
            spnego.neg_resp(spnego.COMPLETED, mic=ntlm.signature(self.rng, 0)),
        ]

    def told(self, leg: int) -> dict[str, str]:
        """AUTHENTICATE names the user, and the service when the client gave a target."""
        if leg != 2:
            return {}
        told = {"user": self.user, "domain": self.domain, "workstation": self.workstation, "spn": self.target}
        return {name: text for name, text in told.items() if text}

    def _seal(self, acceptor: bool) -> bytes:
        return ntlm.signature(self.rng, self.sequence)
