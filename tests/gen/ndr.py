# SPDX-License-Identifier: GPL-2.0-or-later
"""NDR 2.0 writer (C706 chapter 14) with the constructed types that DCOM and WMI calls need."""

from __future__ import annotations

import struct

from .guids import guid_bytes

BSTR_REFERENT = 0x72657355
"""What Windows writes as the referent of a user-marshaled BSTR: the bytes "User"."""


class Ndr:
    """Appends values at their natural alignment, counted from the first byte written."""

    def __init__(self, big: bool = False, pad: bytes = b"\0") -> None:
        self.big = big
        self._out = bytearray()
        self._order = ">" if big else "<"
        self._pad = pad
        self._referent = 0x00020000

    def bytes(self) -> bytes:
        """All that was written so far."""
        return bytes(self._out)

    def raw(self, data: bytes) -> Ndr:
        """Appends bytes as they are."""
        self._out += data
        return self

    def align(self, to: int) -> Ndr:
        """Pads to a multiple of `to`."""
        self._out += self._pad * (-len(self._out) % to)
        return self

    def _number(self, code: str, size: int, value: int) -> Ndr:
        self.align(size)
        self._out += struct.pack(self._order + code, value)
        return self

    def u8(self, value: int) -> Ndr:
        """One byte."""
        return self._number("B", 1, value)

    def u16(self, value: int) -> Ndr:
        """16 bits, aligned to 2."""
        return self._number("H", 2, value)

    def u32(self, value: int) -> Ndr:
        """32 bits, aligned to 4; a negative value is written in two's complement."""
        return self._number("I", 4, value & 0xFFFFFFFF)

    def u64(self, value: int) -> Ndr:
        """64 bits, aligned to 8."""
        return self._number("Q", 8, value)

    def guid(self, text: str) -> Ndr:
        """A GUID, aligned to 4."""
        return self.align(4).raw(guid_bytes(text, self.big))

    def referent(self) -> Ndr:
        """The next referent of a pointer that is not null, numbered as Windows does."""
        self.u32(self._referent)
        self._referent += 4
        return self

    def null(self) -> Ndr:
        """A null pointer."""
        return self.u32(0)

    def _utf16(self, text: str) -> bytes:
        return text.encode("utf-16-be" if self.big else "utf-16-le", "surrogatepass")

    def wstring(self, text: str) -> Ndr:
        """Conformant varying wide string with its NUL: what stands behind a [string] pointer."""
        data = self._utf16(text + "\0")
        count = len(data) // 2
        return self.u32(count).u32(0).u32(count).raw(data)

    def unique_wstring(self, text: str | None) -> Ndr:
        """[unique, string] wchar_t *; None is the null pointer."""
        return self.null() if text is None else self.referent().wstring(text).align(4)

    def bstr(self, text: str | None, nul: bool = False, referent: int = BSTR_REFERENT) -> Ndr:
        """BSTR: unique pointer to FLAGGED_WORD_BLOB (MS-OAUT 2.2.23). None is a NULL BSTR, which is not a null pointer.
        With `nul` a terminator is written, as impacket does."""
        data = self._utf16((text or "") + ("\0" if nul and text is not None else ""))
        size = 0xFFFFFFFF if text is None else len(data)
        return self.u32(referent).u32(len(data) // 2).u32(size).u32(len(data) // 2).raw(data).align(4)

    def interface(self, objref: bytes | None) -> Ndr:
        """[in] interface pointer, or an [out] one in a response: unique pointer to MInterfacePointer (MS-DCOM
        2.2.14)."""
        if objref is None:
            return self.null()
        return self.referent().u32(len(objref)).u32(len(objref)).raw(objref).align(4)

    def interface_inout(self, objref: bytes | None = None, wanted: bool = True) -> Ndr:
        """[in, out, unique] interface pointer: one more pointer in front. A client that wants the value sends a
        referent and a null pointer; one that does not sends a null pointer alone."""
        if objref is None and not wanted:
            return self.null()
        return self.referent().interface(objref)
