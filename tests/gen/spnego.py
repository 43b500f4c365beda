# SPDX-License-Identifier: GPL-2.0-or-later
"""GSS-API (RFC 2743 3.1) and SPNEGO (RFC 4178, MS-SPNG) tokens around Kerberos and NTLM messages."""

from __future__ import annotations

from collections.abc import Sequence

from . import asn1

SPNEGO = "1.3.6.1.5.5.2"
KRB5 = "1.2.840.113554.1.2.2"
MS_KRB5 = "1.2.840.48018.1.2.2"
NEGOEX = "1.3.6.1.4.1.311.2.2.30"
NTLMSSP = "1.3.6.1.4.1.311.2.2.10"

COMPLETED, INCOMPLETE, REJECT = 0, 1, 2


def gss(mechanism: str, data: bytes) -> bytes:
    """InitialContextToken: mechanism and its first token."""
    return asn1.application(0, asn1.oid(mechanism) + data)


def neg_init(token: bytes, mechanisms: Sequence[str] = (MS_KRB5, KRB5, NEGOEX, NTLMSSP)) -> bytes:
    """NegTokenInit inside its GSS-API frame."""
    body = asn1.context(0, asn1.oids(mechanisms)) + asn1.context(2, asn1.octets(token))
    return gss(SPNEGO, asn1.context(0, asn1.sequence(body)))


def neg_resp(
    state: int, token: bytes | None = None, mechanism: str | None = None, mic: bytes | None = None
) -> bytes:
    """NegTokenResp."""
    body = asn1.context(0, asn1.enumerated(state))
    if mechanism is not None:
        body += asn1.context(1, asn1.oid(mechanism))
    if token is not None:
        body += asn1.context(2, asn1.octets(token))
    if mic is not None:
        body += asn1.context(3, asn1.octets(mic))
    return asn1.context(1, asn1.sequence(body))
