# SPDX-License-Identifier: GPL-2.0-or-later
"""What looks like remote WMI and is none: bytes of a session in other protocols, and Binds that nobody answers as they should."""

from __future__ import annotations

from collections.abc import Callable

from . import dcerpc, guids, scenario
from .capture import Capture
from .dcerpc import Context, Pdu
from .scenario import CLIENT, SERVER, Lab
from .smb2 import Smb2
from .tcp import Tcp

PORT = 49670


def stream(seed: int = 99) -> list[tuple[bool, bytes]]:
    """The bytes of an object connection of another day, segment by segment: (from the client, payload)."""
    lab = Lab(seed)
    session = scenario.wmi_session(lab, kind="impacket", sealed=False)
    session.create_process("calc.exe")
    tcp = session.rpc.tcp
    found = []
    for packet in tcp.packets:
        payload = packet.data[54:]
        from_client = packet.data[34:36] == tcp.client.port.to_bytes(2, "big")
        if payload and packet.data[47] & 2 == 0:
            found.append((from_client, payload))
    return found


def both() -> bytes:
    """Both directions, as a file of them would hold them."""
    return b"".join(data for _, data in stream())


def half(from_client: bool) -> bytes:
    """One direction."""
    return b"".join(data for sent, data in stream() if sent is from_client)


def bind(tcp: Tcp) -> None:
    """A Bind to WMI."""
    tcp.send(True, Pdu(1).bind([Context(0, guids.IWbemLevel1Login)]))


# -- a client that tries ---------------------------------------------------------------------------------------------


def no_answer(lab: Lab) -> None:
    """The server acknowledges, and says nothing."""
    bind(lab.flow(CLIENT, SERVER, PORT))


def reset(lab: Lab) -> None:
    """The server resets the connection."""
    tcp = lab.flow(CLIENT, SERVER, PORT)
    bind(tcp)
    tcp.reset(False)


def one_sided(lab: Lab) -> None:
    """Only the client's packets were captured."""
    session = scenario.wmi_session(lab, with_activation=False)
    session.create_process("calc.exe")
    tcp = session.rpc.tcp
    tcp.packets = [p for p in tcp.packets if p.data[34:36] == tcp.client.port.to_bytes(2, "big")]


def bind_nak(lab: Lab) -> None:
    """The server refuses the Bind."""
    tcp = lab.flow(CLIENT, SERVER, PORT)
    bind(tcp)
    tcp.send(False, Pdu(1).bind_nak())


def rejected(lab: Lab) -> None:
    """The server refuses the interface, but not another one."""
    rpc = lab.connect(CLIENT, SERVER, PORT)
    refused = Context(0, guids.IWbemLevel1Login, result=dcerpc.REJECTED, reason=dcerpc.NO_ABSTRACT)
    rpc.bind([refused, Context(1, guids.SAMR)])


def http_server(lab: Lab) -> None:
    """The server speaks HTTP."""
    tcp = lab.flow(CLIENT, SERVER, PORT)
    bind(tcp)
    tcp.send(False, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    tcp.finish()


def echo(lab: Lab) -> None:
    """The server sends back what it gets."""
    tcp = lab.flow(CLIENT, SERVER, 7)
    for from_client, data in stream():
        if from_client:
            tcp.send(True, data)
            tcp.send(False, data)


def wrong_answer(lab: Lab) -> None:
    """The server answers a Bind that was never sent, and a call that was never made."""
    tcp = lab.flow(CLIENT, SERVER, PORT)
    bind(tcp)
    tcp.send(False, Pdu(7).bind_ack([Context(0, guids.IWbemLevel1Login)]))
    tcp.send(False, Pdu(8).response(0, bytes(8)))


def answer_from_the_client(lab: Lab) -> None:
    """The client itself sends the answers, too."""
    tcp = lab.flow(CLIENT, SERVER, PORT)
    for _, data in stream():
        tcp.send(True, data)


# -- bytes of a session in something else ----------------------------------------------------------------------------


def _chunks(tcp: Tcp, from_client: bool, parts: list[bytes]) -> None:
    for part in parts:
        tcp.send(from_client, part)


def download(lab: Lab) -> None:
    """A file with both directions, fetched by HTTP: each PDU begins a segment."""
    tcp = lab.flow(CLIENT, SERVER, 8000)
    tcp.send(True, b"GET /evidence.bin HTTP/1.1\r\nHost: x\r\n\r\n")
    tcp.send(False, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(both()))
    _chunks(tcp, False, [data for _, data in stream()])


def upload(lab: Lab) -> None:
    """The same, sent."""
    tcp = lab.flow(CLIENT, SERVER, 8000)
    tcp.send(True, b"POST /evidence HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(both()))
    _chunks(tcp, True, [data for _, data in stream()])
    tcp.send(False, b"HTTP/1.1 204 No Content\r\n\r\n")


def raw_download(lab: Lab) -> None:
    """A file over a bare connection, from who was connected to."""
    _chunks(lab.flow(CLIENT, SERVER, 4444), False, [data for _, data in stream()])


def raw_upload(lab: Lab) -> None:
    """The same from who connected."""
    _chunks(lab.flow(CLIENT, SERVER, 4444), True, [data for _, data in stream()])


def raw_joined(lab: Lab) -> None:
    """A file over a connection that was there before the capture."""
    _chunks(lab.flow(CLIENT, SERVER, 4444, handshake=False), False, [data for _, data in stream()])


def mail(lab: Lab) -> None:
    """An attachment that is not encoded."""
    tcp = lab.flow(CLIENT, SERVER, 25)
    tcp.send(False, b"220 mail ESMTP\r\n")
    for line in (b"EHLO x\r\n", b"MAIL FROM:<a@example.com>\r\n", b"RCPT TO:<b@example.com>\r\n", b"DATA\r\n"):
        tcp.send(True, line)
        tcp.send(False, b"354 go\r\n" if line[:4] == b"DATA" else b"250 ok\r\n")
    tcp.send(True, b"Subject: evidence\r\n\r\n")
    _chunks(tcp, True, [data for _, data in stream()])
    tcp.send(True, b"\r\n.\r\n")
    tcp.send(False, b"250 ok\r\n")


def smb_file(lab: Lab) -> None:
    """A file that is read from a share, and one that is written."""
    smb = Smb2(lab.flow(CLIENT, SERVER, 445))
    smb.connect("\\\\WS06\\C$")
    smb.read(smb.open("evidence.bin", len(both())), both())
    for _, data in stream():
        smb.tcp.send(True, data)


ATTEMPTS: dict[str, tuple[Callable[[Lab], None], str]] = {
    "no answer": (no_answer, "no-answer"),
    "reset": (reset, "reset"),
    "one-sided": (one_sided, "one-sided"),
    "bind_nak": (bind_nak, "bind-nak"),
    "rejected": (rejected, "rejected"),
    "HTTP server": (http_server, "other-protocol"),
    "echo": (echo, "other-protocol"),
    "wrong answer": (wrong_answer, "other-protocol"),
    "answers from the client": (answer_from_the_client, "no-answer"),
    "upload": (upload, "other-protocol"),
    "raw upload": (raw_upload, "no-answer"),
    "raw download, joined": (raw_joined, "no-answer"),
    "mail": (mail, "other-protocol"),
    "SMB file": (smb_file, "other-protocol"),
}
"""Name → what to make, and the reason that is to be given, where there is a record at all."""

NOTHING: dict[str, Callable[[Lab], None]] = {"download": download, "raw download": raw_download}
"""What gives no record."""


def capture(make: Callable[[Lab], None]) -> Capture:
    """A capture of one of them."""
    lab = Lab(seed=5)
    make(lab)
    return lab.capture()
