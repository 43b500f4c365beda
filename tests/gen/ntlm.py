# SPDX-License-Identifier: GPL-2.0-or-later
"""NTLMSSP messages (MS-NLMP 2.2.1). Responses and keys are random bytes."""

from __future__ import annotations

import random
import struct

_FLAGS = 0xE2888235  # Unicode, sign, seal, NTLM, extended session security, target info, version, 128, key exchange, 56
_VERSION = bytes.fromhex("0a0063450000000f")

AV_EOL, AV_NB_COMPUTER, AV_NB_DOMAIN, AV_DNS_COMPUTER, AV_DNS_DOMAIN = range(5)
AV_TIMESTAMP, AV_TARGET_NAME = 7, 9


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def av_pairs(pairs: list[tuple[int, bytes]]) -> bytes:
    """AV_PAIRs, with the end of list (MS-NLMP 2.2.2.1)."""
    return b"".join(struct.pack("<HH", kind, len(data)) + data for kind, data in [*pairs, (AV_EOL, b"")])


def _field(data: bytes, offset: int) -> bytes:
    return struct.pack("<HHI", len(data), len(data), offset)


def negotiate() -> bytes:
    """NEGOTIATE_MESSAGE without domain and workstation."""
    return b"NTLMSSP\0" + struct.pack("<II", 1, 0xE2088297) + _field(b"", 40) + _field(b"", 40) + _VERSION


def challenge(rng: random.Random, domain: str, computer: str, dns_domain: str) -> bytes:
    """CHALLENGE_MESSAGE of the server `computer`."""
    names = [(AV_NB_DOMAIN, domain), (AV_NB_COMPUTER, computer), (AV_DNS_DOMAIN, dns_domain)]
    names.append((AV_DNS_COMPUTER, f"{computer}.{dns_domain}"))
    info = av_pairs([(kind, _utf16(text)) for kind, text in names] + [(AV_TIMESTAMP, rng.randbytes(6) + b"\xd6\x01")])
    target = _utf16(domain)
    head = b"NTLMSSP\0" + struct.pack("<I", 2) + _field(target, 56) + struct.pack("<I", _FLAGS)
    return head + rng.randbytes(8) + bytes(8) + _field(info, 56 + len(target)) + _VERSION + target + info


def authenticate(
    rng: random.Random, user: str, domain: str, workstation: str, target: str | None = None, key: bool = True
) -> bytes:
    """AUTHENTICATE_MESSAGE with an NTLMv2 response whose AV pairs name the `target` SPN. An empty user with an empty
    domain is an anonymous logon."""
    pairs = [(AV_NB_COMPUTER, _utf16("SERVER")), (AV_TIMESTAMP, rng.randbytes(6) + b"\xd6\x01")]
    if target is not None:
        pairs.append((AV_TARGET_NAME, _utf16(target)))
    blob = b"\x01\x01" + bytes(6) + rng.randbytes(6) + b"\xd6\x01" + rng.randbytes(8) + bytes(4) + av_pairs(pairs)
    anonymous = not user and not domain
    parts = {
        "domain": _utf16(domain),
        "user": _utf16(user),
        "workstation": _utf16(workstation),
        "lm": b"\0" if anonymous else bytes(24),
        "nt": b"" if anonymous else rng.randbytes(16) + blob + bytes(4),
        "key": rng.randbytes(16) if key else b"",
    }
    offset, places = 88, {}
    for name, data in parts.items():
        places[name] = _field(data, offset)
        offset += len(data)
    head = b"NTLMSSP\0" + struct.pack("<I", 3)
    head += b"".join(places[name] for name in ("lm", "nt", "domain", "user", "workstation", "key"))
    return head + struct.pack("<I", _FLAGS) + _VERSION + rng.randbytes(16) + b"".join(parts.values())


def signature(rng: random.Random, sequence: int) -> bytes:
    """NTLMSSP_MESSAGE_SIGNATURE, 16 bytes (MS-NLMP 2.2.2.9)."""
    return struct.pack("<I", 1) + rng.randbytes(8) + struct.pack("<I", sequence)
