# SPDX-License-Identifier: GPL-2.0-or-later
"""The few DER encodings (X.690) that Kerberos and SPNEGO messages are made of."""

from __future__ import annotations

from collections.abc import Sequence


def tlv(tag: int, data: bytes) -> bytes:
    """Tag, definite length, contents."""
    if len(data) < 0x80:
        return bytes([tag, len(data)]) + data
    length = len(data).to_bytes((len(data).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + data


def sequence(*items: bytes) -> bytes:
    """SEQUENCE (also SEQUENCE OF)."""
    return tlv(0x30, b"".join(items))


def integer(value: int) -> bytes:
    """INTEGER, not negative."""
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def enumerated(value: int) -> bytes:
    """ENUMERATED below 128."""
    return tlv(0x0A, bytes([value]))


def octets(data: bytes) -> bytes:
    """OCTET STRING."""
    return tlv(0x04, data)


def bits32(value: int) -> bytes:
    """BIT STRING of 32 bits, as KerberosFlags are."""
    return tlv(0x03, b"\0" + value.to_bytes(4, "big"))


def general_string(text: str) -> bytes:
    """GeneralString."""
    return tlv(0x1B, text.encode())


def general_time(text: str) -> bytes:
    """GeneralizedTime such as 20370913024805Z."""
    return tlv(0x18, text.encode())


def context(number: int, data: bytes) -> bytes:
    """[number] EXPLICIT."""
    return tlv(0xA0 | number, data)


def application(number: int, data: bytes) -> bytes:
    """[APPLICATION number], constructed."""
    return tlv(0x60 | number, data)


def oid(text: str) -> bytes:
    """OBJECT IDENTIFIER."""
    first, second, *rest = (int(part) for part in text.split("."))
    out = bytearray([first * 40 + second])
    for arc in rest:
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | (arc & 0x7F))
        out += bytes(reversed(groups))
    return tlv(0x06, bytes(out))


def oids(texts: Sequence[str]) -> bytes:
    """SEQUENCE OF OBJECT IDENTIFIER."""
    return sequence(*(oid(text) for text in texts))
