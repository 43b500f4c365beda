# SPDX-License-Identifier: GPL-2.0-or-later
"""Just enough of SMB2 (MS-SMB2) for a client that fetches files from a share."""

from __future__ import annotations

import struct

from .tcp import Tcp

TREE_CONNECT, CREATE, CLOSE, READ = 3, 5, 6, 8
NOT_FOUND = 0xC0000034


class Smb2:
    """A connection on 445/tcp."""

    def __init__(self, tcp: Tcp, session: int = 0x400000000001D) -> None:
        self.tcp, self.session = tcp, session
        self._message = self._tree = self._file = 0

    def _send(self, from_client: bool, command: int, body: bytes, status: int = 0) -> None:
        head = struct.pack("<4sHHIHHIIQIIQ16x", b"\xfeSMB", 64, 0, status, command, 1, int(not from_client), 0,
                           self._message, 0, self._tree, self.session)  # fmt: skip
        self.send_raw(from_client, head + body)

    def send_raw(self, from_client: bool, message: bytes) -> None:
        """Any message in NetBIOS' frame."""
        self.tcp.send(from_client, struct.pack(">I", len(message)) + message)

    def connect(self, share: str) -> None:
        """Tree Connect: \\\\server\\share."""
        path = share.encode("utf-16-le")
        self._message += 1
        tree, self._tree = self._tree + 1, 0
        self._send(True, TREE_CONNECT, struct.pack("<HHHH", 9, 0, 72, len(path)) + path)
        self._tree = tree
        self._send(False, TREE_CONNECT, struct.pack("<HBBIII", 16, 1, 0, 0, 0, 0x1F01FF))

    def open(self, name: str, size: int = 0, status: int = 0) -> bytes:
        """Create: the id of the file."""
        path = name.encode("utf-16-le")
        self._message += 1
        self._file += 1
        file = struct.pack("<QQ", self._file, 0xFFFFFFFF00000000 | self._tree)
        request = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 0x120089, 0, 7, 1, 0, 120, len(path), 0, 0)
        self._send(True, CREATE, request + path)
        if status:
            self._send(False, CREATE, struct.pack("<HHIB", 9, 0, 0, 0), status)
        else:
            self._send(False, CREATE, struct.pack("<HBBI32xQQII16sII", 89, 0, 0, 1, size, size, 0x20, 0, file, 0, 0))
        return file

    def read(self, file: bytes, data: bytes, offset: int = 0) -> None:
        """Read."""
        self._message += 1
        request = struct.pack("<HBBIQ16sIIIHHB", 49, 0x50, 0, len(data), offset, file, 0, 0, 0, 0, 0, 0)
        self._send(True, READ, request)
        self._send(False, READ, struct.pack("<HBBIII", 17, 80, 0, len(data), 0, 0) + data)

    def compound(self, name: str, data: bytes) -> None:
        """Create, Read and Close of one file, related, each way in one PDU."""
        path = name.encode("utf-16-le")
        self._file += 1
        file = struct.pack("<QQ", self._file, 0xFFFFFFFF00000000 | self._tree)
        create = struct.pack("<HBBIQQIIIIIHHII", 57, 0, 0, 2, 0, 0, 0x120089, 0, 7, 1, 0, 120, len(path), 0, 0) + path
        read = struct.pack("<HBBIQ16sIIIHHB", 49, 0x50, 0, 4096, 0, b"\xff" * 16, 0, 0, 0, 0, 0, 0)
        created = struct.pack("<HBBI32xQQII16sII", 89, 0, 0, 1, len(data), len(data), 0x20, 0, file, 0, 0)
        answer = struct.pack("<HBBIII", 17, 80, 0, len(data), 0, 0) + data
        requests = [(CREATE, create), (READ, read), (CLOSE, struct.pack("<HHI16s", 24, 0, 0, b"\xff" * 16))]
        answers = [(CREATE, created), (READ, answer), (CLOSE, struct.pack("<HHI48xI", 60, 0, 0, 0))]
        first = self._message + 1
        self._message += len(requests)
        for from_client, messages in ((True, requests), (False, answers)):
            whole = b""
            for i, (command, body) in enumerate(messages):
                last = i == len(messages) - 1
                padded = body if last else body + bytes(-len(body) % 8)
                flags = (0 if from_client else 1) | (4 if i else 0)
                whole += struct.pack("<4sHHIHHIIQIIQ16x", b"\xfeSMB", 64, 1, 0, command, 1, flags,
                                     0 if last else 64 + len(padded), first + i, 0, self._tree, self.session)  # fmt: skip
                whole += padded
            self.send_raw(from_client, whole)

    def sealed(self, from_client: bool, data: bytes) -> None:
        """A message of SMB 3 that is encrypted."""
        head = struct.pack("<4s16s16sIHHQ", b"\xfdSMB", bytes(16), bytes(range(16)), len(data), 0, 1, self.session)
        self.send_raw(from_client, head + data)
