# SPDX-License-Identifier: GPL-2.0-or-later
"""Packets that somebody puts into a session, and that the ends ignore or never get."""

from __future__ import annotations

from collections.abc import Callable

from . import scenario
from .capture import Capture
from .ip import Packet
from .scenario import Lab, Session
from .tcp import ACK, FIN, PSH, RST, SYN, Tcp

FAR = 1 << 30
COMMAND, DECOY = "powershell -enc EVIL", "notepad.exe innocent"


def _put(tcp: Tcp, from_client: bool, flags: int, payload: bytes = b"", seq: int = 0, ack: int = 0, ttl: int = 128,
         bad: bool = False) -> Packet:  # fmt: skip
    """A packet that changes nothing of what the ends know; `seq` and `ack` are how far off it is."""
    before = dict(tcp._seq)
    tcp._seq[not from_client] += ack
    packet = tcp._emit(from_client, flags, payload, (before[from_client] + seq) & 0xFFFFFFFF)
    tcp._seq = before
    data = bytearray(packet.data)
    if ttl != 128:
        data[22] = ttl
        total = int.from_bytes(data[24:26], "big") + ((128 - ttl) << 8)
        data[24:26] = ((total & 0xFFFF) + (total >> 16)).to_bytes(2, "big")
    if bad:
        data[50] ^= 0xFF
    packet.data = bytes(data)
    return packet


def far_ack(tcp: Tcp) -> None:
    _put(tcp, True, ACK, seq=FAR)


def far_fin(tcp: Tcp) -> None:
    _put(tcp, True, FIN | ACK, seq=FAR)


def far_syn(tcp: Tcp) -> None:
    _put(tcp, True, SYN, seq=FAR)


def far_byte(tcp: Tcp) -> None:
    _put(tcp, True, ACK | PSH, b"X", seq=FAR)


def far_reset(tcp: Tcp) -> None:
    _put(tcp, True, RST, seq=FAR)


def far_acknowledgement(tcp: Tcp) -> None:
    """As if the server had got what the client has not sent."""
    _put(tcp, False, ACK, ack=FAR)


def far_handshake(tcp: Tcp) -> None:
    """SYN and SYN-ACK."""
    syn = _put(tcp, True, SYN, seq=FAR)
    seq = int.from_bytes(syn.data[38:42], "big")
    _put(tcp, False, SYN | ACK, seq=FAR, ack=seq + 1 - tcp._seq[True])


def syn_ack(tcp: Tcp) -> None:
    _put(tcp, False, SYN | ACK, seq=FAR)


def bytes_after_far(tcp: Tcp) -> None:
    """Two segments that follow each other, and their acknowledgement."""
    _put(tcp, True, ACK | PSH, b"XX", seq=FAR)
    _put(tcp, True, ACK | PSH, b"YY", seq=FAR + 2)
    _put(tcp, False, ACK, ack=FAR + 4)


def near_ack(tcp: Tcp) -> None:
    _put(tcp, True, ACK, seq=5000)


def near_fin(tcp: Tcp) -> None:
    _put(tcp, True, FIN | ACK, seq=5000)
    _put(tcp, False, ACK, ack=5001)


def near_byte(tcp: Tcp) -> None:
    _put(tcp, True, ACK | PSH, b"X", seq=5000)
    _put(tcp, False, ACK, ack=5001)


def near_acknowledgement(tcp: Tcp) -> None:
    _put(tcp, False, ACK, ack=5000)


def fin(tcp: Tcp) -> None:
    """A FIN that never arrives."""
    _put(tcp, True, FIN | ACK, ttl=1)


def reset(tcp: Tcp) -> None:
    _put(tcp, True, RST | ACK, ttl=1)


def both_fins(tcp: Tcp) -> None:
    _put(tcp, True, FIN | ACK, ttl=1)
    _put(tcp, False, FIN | ACK, ttl=1)


def byte(tcp: Tcp) -> None:
    """One byte where the next call begins."""
    _put(tcp, True, ACK | PSH, b"X", ttl=1)


def garbage(tcp: Tcp) -> None:
    """More than the next call takes."""
    for offset in range(0, 7000, 1000):
        _put(tcp, True, ACK | PSH, b"garbage " * 125, seq=offset, bad=True)


HIDING: dict[str, tuple[Callable[[Tcp], None], str | None]] = {
    "ACK far off": (far_ack, "numbers"),
    "FIN far off": (far_fin, "numbers"),
    "SYN far off": (far_syn, "syn"),
    "byte far off": (far_byte, "numbers"),
    "RST far off": (far_reset, "numbers"),
    "acknowledgement far off": (far_acknowledgement, "numbers"),
    "handshake far off": (far_handshake, "syn"),
    "SYN-ACK": (syn_ack, "syn"),
    "bytes far off, acknowledged": (bytes_after_far, "numbers"),
    "ACK ahead": (near_ack, None),
    "FIN ahead": (near_fin, None),
    "byte ahead": (near_byte, None),
    "acknowledgement ahead": (near_acknowledgement, None),
    "FIN": (fin, "end"),
    "RST": (reset, "end"),
    "both FINs": (both_fins, "end"),
    "byte": (byte, "overlap"),
    "garbage": (garbage, "overlap"),
}
"""Name → what is put before the process creation, and the kind of anomaly that is to be said; None where ordinary loss of
packets looks the same."""


def session(lab: Lab, sealed: bool) -> Session:
    """One that has logged in."""
    return scenario.wmi_session(lab, sealed=sealed)


def hidden(name: str, sealed: bool) -> tuple[Capture, Session]:
    """A process creation after such packets."""
    lab = Lab(seed=8)
    made = session(lab, sealed)
    HIDING[name][0](made.rpc.tcp)
    made.create_process(COMMAND)
    made.get_object("Win32_Service")
    return lab.capture(), made


def decoy(first: bool, bad: bool) -> tuple[Capture, Session, list[Packet], list[Packet]]:
    """A process creation in clear, and one with another command at the same place of the stream, before or after it. Returns
    the segments of both, too."""
    lab = Lab(seed=8)
    made = session(lab, False)
    tcp = made.rpc.tcp
    tcp.acks = False
    begin = len(tcp.packets)
    made.create_process(COMMAND)
    real = [p for p in tcp.packets[begin:] if p.data[34:36] == tcp.client.port.to_bytes(2, "big")]
    forged = []
    for packet in real:
        payload = packet.data[54:].replace(COMMAND.encode("ascii"), DECOY.encode("ascii"))
        payload = payload.replace(COMMAND.encode("utf-16-le"), DECOY.encode("utf-16-le"))
        back = int.from_bytes(packet.data[38:42], "big") - tcp._seq[True]
        forged.append(_put(tcp, True, ACK | PSH, payload, seq=back, ttl=128 if bad else 1, bad=bad))
    for packet, other in zip(real, forged):
        packet.time_ns, other.time_ns = sorted((packet.time_ns, packet.time_ns + 1000), reverse=first)
    return lab.capture(), made, real, forged
