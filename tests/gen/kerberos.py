# SPDX-License-Identifier: GPL-2.0-or-later
"""Kerberos messages (RFC 4120) whose encrypted parts are random bytes: only what stands in clear has a meaning."""

from __future__ import annotations

import random
from collections.abc import Sequence

from . import asn1
from .spnego import KRB5, gss

AES256 = 18
NT_PRINCIPAL, NT_SRV_INST = 1, 2


def _principal(kind: int, parts: Sequence[str]) -> bytes:
    names = asn1.sequence(*(asn1.general_string(part) for part in parts))
    return asn1.sequence(asn1.context(0, asn1.integer(kind)), asn1.context(1, names))


def _encrypted(rng: random.Random, size: int, kvno: int | None = None) -> bytes:
    version = b"" if kvno is None else asn1.context(1, asn1.integer(kvno))
    cipher = asn1.context(2, asn1.octets(rng.randbytes(size)))
    return asn1.sequence(asn1.context(0, asn1.integer(AES256)), version, cipher)


def ticket(rng: random.Random, spn: str, realm: str, size: int = 1100) -> bytes:
    """Ticket for the service `spn` ("RPCSS/host.example")."""
    body = asn1.context(0, asn1.integer(5)) + asn1.context(1, asn1.general_string(realm))
    body += asn1.context(2, _principal(NT_SRV_INST, spn.split("/")))
    return asn1.application(1, asn1.sequence(body + asn1.context(3, _encrypted(rng, size, 1))))


def ap_req(rng: random.Random, service_ticket: bytes, wrapped: bool = False) -> bytes:
    """AP-REQ with mutual authentication, as DCE style sends it: bare, or with `wrapped` in a GSS-API frame."""
    body = asn1.context(0, asn1.integer(5)) + asn1.context(1, asn1.integer(14))
    body += asn1.context(2, asn1.bits32(0x20000000)) + asn1.context(3, service_ticket)
    message = asn1.application(14, asn1.sequence(body + asn1.context(4, _encrypted(rng, 460))))
    return gss(KRB5, b"\x01\x00" + message) if wrapped else message


def ap_rep(rng: random.Random) -> bytes:
    """AP-REP; DCE style sends one in each direction."""
    body = asn1.context(0, asn1.integer(5)) + asn1.context(1, asn1.integer(15))
    return asn1.application(15, asn1.sequence(body + asn1.context(2, _encrypted(rng, 110))))


def mic(rng: random.Random, sequence: int, acceptor: bool) -> bytes:
    """CFX MIC token (RFC 4121 4.2.6.1), 28 bytes: what signs a PDU up to packet integrity."""
    flags = 5 if acceptor else 4
    return bytes([4, 4, flags]) + b"\xff" * 5 + sequence.to_bytes(8, "big") + rng.randbytes(12)


def wrap_header(rng: random.Random, sequence: int, acceptor: bool) -> bytes:
    """CFX Wrap token (RFC 4121 4.2.6.2) as it stands in the verifier of a sealed PDU, 76 bytes."""
    flags = 7 if acceptor else 6
    return bytes([5, 4, flags, 0xFF, 0, 16, 0, 28]) + sequence.to_bytes(8, "big") + rng.randbytes(60)


def _kdc_rep(number: int, rng: random.Random, user: str, realm: str, given: bytes) -> bytes:
    body = asn1.context(0, asn1.integer(5)) + asn1.context(1, asn1.integer(number))
    body += asn1.context(3, asn1.general_string(realm)) + asn1.context(4, _principal(NT_PRINCIPAL, [user]))
    body += asn1.context(5, given) + asn1.context(6, _encrypted(rng, 300))
    return asn1.application(number, asn1.sequence(body))


def as_rep(rng: random.Random, user: str, realm: str) -> bytes:
    """AS-REP: the ticket-granting ticket of `user`."""
    return _kdc_rep(11, rng, user, realm, ticket(rng, f"krbtgt/{realm}", realm))


def tgs_rep(rng: random.Random, user: str, realm: str, service_ticket: bytes) -> bytes:
    """TGS-REP: `user` got a ticket for a service."""
    return _kdc_rep(13, rng, user, realm, service_ticket)


def over_tcp(message: bytes) -> bytes:
    """The length that goes in front of a message over TCP (RFC 4120 7.2.2)."""
    return len(message).to_bytes(4, "big") + message
