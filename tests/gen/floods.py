# SPDX-License-Identifier: GPL-2.0-or-later
"""Captures of N things of one kind, as somebody would write them who wants to make a reader slow, large or forgetful. Written
without the packets' objects of `gen`, which take too long for millions of them; checksums are left out."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

from . import activation, guids, kerberos, orpc, wmi, wmio
from .activation import Exporter
from .dcerpc import FIRST, LAST, Context, Pdu
from .scenario import Lab

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
PORTS = 60_000
"""Client's ports that are used with one server."""
CLIENT, SERVER = 0x0A010101, 0x0A020202
START = 1_596_700_800

_MACS = bytes.fromhex("020000000006020000000005")


class Writer:
    """A pcap file in the making; a packet every ten microseconds."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("wb", buffering=1 << 20)
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        self.clock = 0

    def _packet(self, source: int, destination: int, protocol: int, segment: bytes) -> None:
        self.clock += 10
        length = 20 + len(segment)
        ip = struct.pack(">BBHHHBBHII", 0x45, 0, length, 0, 0x4000, 64, protocol, 0, source, destination)
        seconds, rest = divmod(self.clock, 1_000_000)
        head = struct.pack("<IIII", START + seconds, rest, length + 14, length + 14)
        self.file.write(head + _MACS + b"\x08\x00" + ip + segment)

    def tcp(self, ends: tuple[int, int, int, int], flags: int, seq: int, ack: int, data: bytes = b"") -> None:
        """A segment; `ends`: addresses and ports of sender and receiver."""
        source, sport, destination, dport = ends
        head = struct.pack(">HHIIBBHHH", sport, dport, seq & 0xFFFFFFFF, ack & 0xFFFFFFFF, 0x50, flags, 0xFFFF, 0, 0)
        self._packet(source, destination, 6, head + data)

    def udp(self, source: int, sport: int, destination: int, dport: int, data: bytes) -> None:
        """A datagram."""
        self._packet(source, destination, 17, struct.pack(">HHHH", sport, dport, 8 + len(data), 0) + data)

    def close(self) -> None:
        """Ends the file."""
        self.file.close()


class Flow:
    """A TCP connection."""

    def __init__(self, out: Writer, client: int, cport: int, server: int, sport: int) -> None:
        self.out = out
        self.ends = {True: (client, cport, server, sport), False: (server, sport, client, cport)}
        self.seq = {True: 1001, False: 5001}
        out.tcp(self.ends[True], SYN, 1000, 0)
        out.tcp(self.ends[False], SYN | ACK, 5000, 1001)
        out.tcp(self.ends[True], ACK, 1001, 5001)

    def send(self, from_client: bool, data: bytes, size: int = 16_000) -> None:
        """Data in segments of that size."""
        for at in range(0, len(data), size):
            part = data[at : at + size]
            self.out.tcp(self.ends[from_client], PSH | ACK, self.seq[from_client], self.seq[not from_client], part)
            self.seq[from_client] += len(part)

    def ack(self, from_client: bool) -> None:
        """A bare acknowledgement."""
        self.out.tcp(self.ends[from_client], ACK, self.seq[from_client], self.seq[not from_client])

    def finish(self) -> None:
        """Closes it from both sides."""
        for from_client in (True, False):
            self.out.tcp(self.ends[from_client], FIN | ACK, self.seq[from_client], self.seq[not from_client])
            self.seq[from_client] += 1
        self.ack(True)

    def bind(self, *uuids: str) -> None:
        """Bind and Bind_ack, everything accepted."""
        asked, answer = _binds(uuids)
        self.send(True, asked)
        self.send(False, answer)


def _once(function: Callable) -> Callable:
    known: dict = {}

    def call(*arguments: object) -> object:
        if arguments not in known:
            known[arguments] = function(*arguments)
        return known[arguments]

    return call


@_once
def _binds(uuids: tuple[str, ...]) -> tuple[bytes, bytes]:
    contexts = [Context(number, uuid) for number, uuid in enumerate(uuids)]
    return Pdu(1).bind(contexts), Pdu(1).bind_ack(contexts, address="49670")


def number(pdu: bytes, call_id: int) -> bytes:
    """The PDU with another call id."""
    return pdu[:12] + struct.pack("<I", call_id & 0xFFFFFFFF) + pdu[16:]


def patched(pdu: bytes, old: bytes, new: bytes) -> bytes:
    """The PDU with other bytes of the same length in all places."""
    assert old in pdu
    return pdu.replace(old, new)


IPID = "00000c01-0a80-0000-1111-222233334444"
CAUSALITY = "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"
PORT = "49670"


def guid(n: int) -> bytes:
    """A GUID of its own for each number."""
    return struct.pack("<QQ", n * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF, n << 8 | 0x40)


@_once
def query() -> bytes:
    """A request of IWbemServices::ExecQuery."""
    return Pdu(2).request(0, wmi.EXEC_QUERY, wmi.exec_query(CAUSALITY, "SELECT * FROM Win32_Process"), IPID)


@_once
def refused() -> bytes:
    """Its response, without an enumerator."""
    return Pdu(2).response(0, orpc.interface_response(None, wmi.ACCESS_DENIED))


@_once
def activation_pdus() -> tuple[bytes, bytes]:
    """A request for WMI and its answer, which hands out the port PORT of the host 10.2.2.2."""
    exporter = Exporter(0x1122334455667788, IPID, ["10.2.2.2"], int(PORT))
    given = [(guids.IWbemLevel1Login, 7, IPID)]
    asked = activation.activation_request(CAUSALITY, guids.CLSID_WbemLevel1Login, [guids.IWbemLevel1Login], "SRV")
    answer = activation.activation_response(exporter, given)
    return (
        Pdu(2).request(0, activation.CREATE_INSTANCE, asked),
        Pdu(2).response(0, answer),
    )


def activated(
    n: int,
    port: int | None = None,
    clsid: bytes | None = None,
    causality: int | None = None,
    ipid: int | None = None,
) -> tuple[bytes, bytes]:
    """The same with things of its own."""
    asked, answer = activation_pdus()
    asked = patched(asked, guids.guid_bytes(CAUSALITY), guid(n if causality is None else causality))
    if clsid is not None:
        asked = patched(asked, guids.guid_bytes(guids.CLSID_WbemLevel1Login), clsid)
    answer = patched(answer, guids.guid_bytes(IPID), guid((n if ipid is None else ipid) + (1 << 40)))
    if port is not None:
        answer = patched(answer, PORT.encode("utf-16-le"), f"{port:05d}".encode("utf-16-le"))
    return number(asked, n + 2), number(answer, n + 2)


def pairs(n: int) -> tuple[int, int]:
    """A server's address and a client's port of its own for each number."""
    return SERVER + n // PORTS, 1024 + n % PORTS


# -- the kinds -----------------------------------------------------------------------------------------------------------


def activations(out: Writer, n: int) -> None:
    """Activations, a connection each, of distinct clients."""
    for i in range(n):
        flow = Flow(out, CLIENT + i, 1024 + i % PORTS, SERVER, 135)
        flow.bind(guids.ISystemActivator)
        for from_client, data in zip((True, False), activated(i)):
            flow.send(from_client, data)


def activations_of_one(out: Writer, n: int) -> None:
    """Activations, a connection each, of one client."""
    for i in range(n):
        server, port = pairs(i)
        flow = Flow(out, CLIENT, port, server, 135)
        flow.bind(guids.ISystemActivator)
        for from_client, data in zip((True, False), activated(i)):
            flow.send(from_client, data)


def classes(out: Writer, n: int) -> None:
    """Activations of distinct classes in one connection."""
    flow = Flow(out, CLIENT, 1024, SERVER, 135)
    flow.bind(guids.ISystemActivator)
    for i in range(n):
        for from_client, data in zip((True, False), activated(i, clsid=guid(i + (1 << 41)))):
            flow.send(from_client, data)


def ports(out: Writer, n: int) -> None:
    """Activations in one connection whose answers name distinct ports."""
    flow = Flow(out, CLIENT, 1024, SERVER, 135)
    flow.bind(guids.ISystemActivator)
    for i in range(n):
        for from_client, data in zip((True, False), activated(i, port=10_000 + i % 50_000)):
            flow.send(from_client, data)


def chain(out: Writer, n: int) -> None:
    """Activations, a connection each, tied to each other one by one by object connections in between."""
    for i in range(n // 2):
        server, port = pairs(i)
        flow = Flow(out, CLIENT, port, server, 135)
        flow.bind(guids.ISystemActivator)
        for from_client, data in zip((True, False), activated(i)):
            flow.send(from_client, data)
        objects = Flow(out, CLIENT, port, server, int(PORT))
        objects.bind(guids.IWbemServices)
        for other in (i, i - 1) if i else (i,):
            request = patched(query(), guids.guid_bytes(IPID), guid(other + (1 << 40)))
            objects.send(True, patched(request, guids.guid_bytes(CAUSALITY), guid(other)))
            objects.send(False, refused())


def star(out: Writer, n: int) -> None:
    """One activation, whose object all other connections call."""
    flow = Flow(out, CLIENT, 1023, SERVER, 135)
    flow.bind(guids.ISystemActivator)
    for from_client, data in zip((True, False), activated(0)):
        flow.send(from_client, data)
    request = patched(query(), guids.guid_bytes(IPID), guid(1 << 40))
    request = patched(request, guids.guid_bytes(CAUSALITY), guid(0))
    for i in range(n):
        objects = Flow(out, CLIENT, 1024 + i % PORTS, SERVER, int(PORT) + i // PORTS)
        objects.bind(guids.IWbemServices)
        objects.send(True, request)
        objects.send(False, refused())


def connections(out: Writer, n: int) -> None:
    """WMI connections with a call each."""
    for i in range(n):
        server, port = pairs(i)
        flow = Flow(out, CLIENT, port, server, int(PORT))
        flow.bind(guids.IWbemServices)
        flow.send(True, query())
        flow.send(False, refused())
        flow.finish()


def _wmi(out: Writer) -> Flow:
    flow = Flow(out, CLIENT, 1024, SERVER, int(PORT))
    flow.bind(guids.IWbemServices)
    return flow


def calls(out: Writer, n: int) -> None:
    """Calls in one connection, with their responses."""
    flow = _wmi(out)
    for i in range(n):
        flow.send(True, number(query(), i + 2))
        flow.send(False, number(refused(), i + 2))


def unanswered(out: Writer, n: int) -> None:
    """Calls in one connection, without."""
    flow = _wmi(out)
    for i in range(n):
        flow.send(True, number(query(), i + 2))


def same_id(out: Writer, n: int) -> None:
    """Calls of one id in one connection, and responses of ids that nobody asked with."""
    flow = _wmi(out)
    for i in range(n):
        flow.send(True, query())
        flow.send(False, number(refused(), i + 1000))


def fragments(out: Writer, n: int) -> None:
    """One call in fragments of a byte each, and its answer."""
    flow = _wmi(out)
    for i in range(n):
        flags = (FIRST if i == 0 else 0) | (LAST if i == n - 1 else 0)
        flow.send(True, Pdu(2).request(0, wmi.EXEC_QUERY, b"x", IPID, flags))
    flow.send(False, refused())


def endless(out: Writer, n: int) -> None:
    """Calls whose last fragment never comes."""
    flow = _wmi(out)
    part = Pdu(2).request(0, wmi.EXEC_QUERY, query()[40:], IPID, FIRST)
    for i in range(n):
        flow.send(True, number(part, i + 2))


def contexts(out: Writer, n: int) -> None:
    """Presentation contexts of one connection, a hundred in each Alter_context."""
    flow = _wmi(out)
    for start in range(0, n, 100):
        offered = [Context((start + i) & 0xFFFF, guids.IWbemServices) for i in range(100)]
        flow.send(True, Pdu(start + 2).bind(offered, alter=True))
        flow.send(False, Pdu(start + 2).bind_ack(offered, alter=True))


def alters(out: Writer, n: int) -> None:
    """Alter_contexts of one connection."""
    flow = _wmi(out)
    offered = [Context(1, guids.IWbemLevel1Login)]
    asked, answer = Pdu(2).bind(offered, alter=True), Pdu(2).bind_ack(offered, alter=True)
    for i in range(n):
        flow.send(True, number(asked, i + 2))
        flow.send(False, number(answer, i + 2))


def syn(out: Writer, n: int) -> None:
    """SYNs for 135 of distinct clients."""
    for i in range(n):
        out.tcp((CLIENT + i, 1024 + i % PORTS, SERVER, 135), SYN, 1000, 0)


def data(out: Writer, n: int) -> None:
    """Segments for 135 of distinct clients, which mean nothing."""
    for i in range(n):
        out.tcp((CLIENT + i, 1024 + i % PORTS, SERVER, 135), PSH | ACK, 1000, 1, b"nothing that is known\r\n")


def tickets(out: Writer, n: int) -> None:
    """Tickets that a key distribution centre gives."""
    lab = Lab()
    given = kerberos.tgs_rep(lab.rng, "user0000000", "EXAMPLE.COM", lab.ticket("RPCSS/srv.example.com", "EXAMPLE.COM"))
    for i in range(n):
        reply = given.replace(b"user0000000", b"user%07d" % i)
        out.udp(SERVER, 88, CLIENT + i % 1000, 1024 + i % PORTS, reply[:-8] + struct.pack(">Q", i))


def ipids(out: Writer, n: int) -> None:
    """IPIDs in one answer (in several, where there are more than one can count)."""
    flow = Flow(out, CLIENT, 1024, SERVER, int(PORT))
    flow.bind(guids.IRemUnknown2, guids.IWbemServices)
    for call, start in enumerate(range(0, n, 60_000)):
        count = min(60_000, n - start)
        wanted = [guids.IWbemServices] * count
        asked = orpc.rem_query_interface(CAUSALITY, IPID, wanted)
        answer = orpc.that().referent().u32(count).align(8).bytes()
        answer += b"".join(struct.pack("<IIIIQQ", 0, 0, 0, 5, 1, 2) + guid(start + i) for i in range(count))
        answer += bytes(4)
        for from_client, stub in ((True, asked), (False, answer)):
            for at in range(0, len(stub), 60_000):
                flags = (FIRST if at == 0 else 0) | (LAST if at + 60_000 >= len(stub) else 0)
                part = stub[at : at + 60_000]
                pdu = Pdu(call + 2)
                flow.send(True, pdu.request(0, 3, part, IPID, flags)) if from_client else flow.send(
                    False, pdu.response(0, part, flags)
                )


def _stream(n: int) -> bytes:
    """`n` bytes of calls."""
    return b"".join(number(query(), i + 2) for i in range(n // len(query()) + 1))[:n]


def single_bytes(out: Writer, n: int) -> None:
    """Calls in segments of one byte."""
    _wmi(out).send(True, _stream(n), 1)


def reversed_segments(out: Writer, n: int) -> None:
    """Calls whose segments of ten bytes come in reverse."""
    flow = _wmi(out)
    stream, begin = _stream(10 * n), flow.seq[True]
    for at in range(10 * n - 10, -1, -10):
        out.tcp(flow.ends[True], PSH | ACK, begin + at, flow.seq[False], stream[at : at + 10])


def overlaps(out: Writer, n: int) -> None:
    """Calls in segments each of which repeats most of the one before."""
    flow = _wmi(out)
    stream, begin = _stream(10 * n + 1000), flow.seq[True]
    for at in range(0, 10 * n, 10):
        out.tcp(flow.ends[True], PSH | ACK, begin + at, flow.seq[False], stream[at : at + 1000])


def download(out: Writer, n: int) -> None:
    """A download over HTTP that holds one Bind."""
    flow = Flow(out, CLIENT, 1024, SERVER, 80)
    flow.send(True, b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
    flow.send(False, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (n * 1440))
    for i in range(n):
        flow.send(False, _binds((guids.IWbemServices,))[0].ljust(1440, b"y") if i == 1 else b"y" * 1440)
        if i % 8 == 0:
            flow.ack(True)


def execution(out: Writer) -> None:
    """A process is created."""
    flow = Flow(out, CLIENT, 1023, SERVER, int(PORT))
    flow.bind(guids.IWbemServices)
    block = wmio.objref(wmio.process_create("cmd.exe /c after-the-flood", "C:\\"))
    flow.send(True, Pdu(2).request(0, wmi.EXEC_METHOD, wmi.exec_method(CAUSALITY, "Win32_Process", "Create", block), IPID))
    result = wmio.objref(wmio.process_create_result(4242))
    flow.send(False, Pdu(2).response(0, wmi.exec_method_response(result)))
    flow.finish()


def forged_binds(out: Writer, n: int) -> None:
    """Binds from addresses that are not there, five times as many, and then a process that is created."""
    asked = _binds((guids.IWbemServices,))[0]
    for i in range(5 * n):
        ends = (CLIENT + i, 1024 + i % PORTS, SERVER, int(PORT))
        out.tcp(ends, SYN, 1000, 0)
        out.tcp(ends, PSH | ACK, 1001, 1, asked)
    execution(out)


KINDS: dict[str, Callable[[Writer, int], None]] = {
    "activations": activations,
    "activations-of-one": activations_of_one,
    "classes": classes,
    "ports": ports,
    "chain": chain,
    "star": star,
    "connections": connections,
    "calls": calls,
    "unanswered": unanswered,
    "same-id": same_id,
    "fragments": fragments,
    "endless": endless,
    "contexts": contexts,
    "alters": alters,
    "syn": syn,
    "data": data,
    "tickets": tickets,
    "ipids": ipids,
    "single-bytes": single_bytes,
    "reversed": reversed_segments,
    "overlaps": overlaps,
    "download": download,
    "forged-binds": forged_binds,
}


def write(kind: str, n: int, path: Path) -> None:
    """Writes a capture."""
    out = Writer(path)
    KINDS[kind](out, n)
    out.close()
    path.chmod(0o644)
