# SPDX-License-Identifier: GPL-2.0-or-later
"""Just enough of SMB1 (MS-CIFS, MS-SMB) for a client that fetches files from a share."""

from __future__ import annotations

import struct

from .tcp import Tcp

TREE_CONNECT, CREATE, READ = 0x75, 0xA2, 0x2E
NO_ANDX = struct.pack("<BBH", 0xFF, 0, 0)


class Smb1:
    """A connection on 445/tcp."""

    def __init__(self, tcp: Tcp) -> None:
        self.tcp = tcp
        self._message = self._tree = self._file = 0

    def _send(self, from_client: bool, command: int, words: bytes, data: bytes = b"", status: int = 0) -> None:
        head = struct.pack("<4sBIBHH8sHHHHH", b"\xffSMB", command, status, 0x08 if from_client else 0x88, 0xC801, 0,
                           bytes(8), 0, self._tree, 4711, 2048, self._message)  # fmt: skip
        body = struct.pack("<B", len(words) // 2) + words + struct.pack("<H", len(data)) + data
        self.tcp.send(from_client, struct.pack(">I", len(head + body)) + head + body)

    def connect(self, share: str) -> None:
        """Tree Connect: \\\\server\\share."""
        self._message += 1
        tree, self._tree = self._tree + 1, 0
        path = b"\0" + share.encode("utf-16-le") + b"\0\0?????\0"
        self._send(True, TREE_CONNECT, NO_ANDX + struct.pack("<HH", 0, 1), path)
        self._tree = tree
        self._send(False, TREE_CONNECT, NO_ANDX + struct.pack("<H", 1), b"A:\0\0" + "NTFS\0".encode("utf-16-le"))

    def open(self, name: str, size: int = 0, status: int = 0) -> int:
        """NT Create: the id of the file."""
        path = name.encode("utf-16-le")
        self._message += 1
        self._file += 1
        words = struct.pack("<BHIIIQIIIIIB", 0, len(path), 0, 0, 0x120089, 0, 0, 7, 1, 0, 2, 0)
        self._send(True, CREATE, NO_ANDX + words, b"\0" + path + b"\0\0")
        answer = struct.pack("<BHI32xIQQHHB", 0, self._file, 1, 0x20, size, size, 0, 0, 0)
        self._send(False, CREATE, b"" if status else NO_ANDX + answer, status=status)
        return self._file

    def read(self, file: int, data: bytes, offset: int = 0) -> None:
        """Read."""
        self._message += 1
        words = struct.pack("<HIHHIHI", file, offset & 0xFFFFFFFF, len(data), len(data), 0, 0, offset >> 32)
        self._send(True, READ, NO_ANDX + words)
        answer = struct.pack("<HHHHH10x", 0, 0, 0, len(data), 59 + 1)
        self._send(False, READ, NO_ANDX + answer, b"\0" + data)
