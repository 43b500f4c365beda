# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture of any size as a Windows network's sensor sees it: web, file shares, names, Kerberos, LDAP, other RPC, and one
session of remote WMI in about 5,000 flows. Flows are made once and repeated between other hosts."""

from __future__ import annotations

import random
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gen import guids, kerberos, scenario  # noqa: E402
from gen.ip import Packet  # noqa: E402
from gen.scenario import Host, Lab  # noqa: E402
from gen.tcp import Tcp  # noqa: E402

FLOWS_PER_SESSION = 5000
START = 1_700_000_000
SERVER = Host("SRV", "10.255.0.1", "02:00:00:00:00:06")
KDC = Host("DC01", "10.255.0.2", "02:00:00:00:00:02")


def client(number: int) -> Host:
    """A placeholder: its address is replaced in each copy."""
    return Host(f"WS{number:02d}", f"10.254.0.{number}", "02:00:00:00:00:05")


def tls(lab: Lab, host: Host, size: int) -> None:
    """A page over TLS: records of bytes that nobody can read."""
    tcp = lab.flow(host, SERVER, 443)
    tcp.send(True, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + lab.rng.randbytes(506))
    tcp.send(False, b"\x16\x03\x03\x00\x7a" + lab.rng.randbytes(3200))
    tcp.acks = False
    for start in range(0, size, 16384):
        tcp.send(False, b"\x17\x03\x03\x40\x00" + lab.rng.randbytes(min(16384, size - start)))
        tcp._emit(True, 16)
    tcp.finish()


def web(lab: Lab, host: Host, size: int) -> None:
    """A page in clear."""
    tcp = lab.flow(host, SERVER, 80)
    tcp.send(True, b"GET /index.html HTTP/1.1\r\nHost: intranet.example.com\r\nUser-Agent: x\r\n\r\n")
    tcp.send(False, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % size)
    tcp.acks = False
    for start in range(0, size, 8760):
        tcp.send(False, (b"<p>some text of a page</p>\n" * 325)[: min(8760, size - start)])
        tcp._emit(True, 16)
    tcp.finish()


def _smb(command: int, body: bytes, response: bool) -> bytes:
    head = struct.pack("<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 1, 0, command, 1, int(response), 0, 7, 0, 5, 9, bytes(16))
    return struct.pack(">I", len(head) + len(body)) + head + body


def share(lab: Lab, host: Host, size: int) -> None:
    """A file read from a share."""
    tcp = lab.flow(host, SERVER, 445)
    tcp.acks = False
    chunk = 65536
    for start in range(0, size, chunk):
        read = struct.pack("<HBBIQ16sIIIHH", 49, 0x50, 0, chunk, start, bytes(16), 0, 0, 0, 0, 0) + b"\0"
        tcp.send(True, _smb(8, read, False))
        answer = struct.pack("<HBBIII", 17, 80, 0, chunk, 0, 0) + lab.rng.randbytes(chunk)
        data = _smb(8, answer, True)
        for at in range(0, len(data), 2920):
            tcp.send(False, data[at : at + 2920])
            tcp._emit(True, 16)
    tcp.finish()


def ldap(lab: Lab, host: Host) -> None:
    """Some searches."""
    tcp = lab.flow(host, KDC, 389)
    for number in range(6):
        tcp.send(True, b"\x30\x84\x00\x00\x01\x00\x02\x01" + bytes([number]) + b"\x63\x84" + lab.rng.randbytes(247))
        tcp.send(False, b"\x30\x84\x00\x00\x08\x00\x02\x01" + bytes([number]) + b"\x64\x84" + lab.rng.randbytes(2039))
    tcp.finish()


def ticket(lab: Lab, host: Host, over_tcp: bool) -> None:
    """A ticket for some service."""
    asked = b"\x6c\x82\x05\x00" + lab.rng.randbytes(1276)
    given = kerberos.tgs_rep(lab.rng, f"user{host.name}", SERVER.realm, lab.ticket(f"cifs/{SERVER.fqdn}", SERVER.realm))
    if not over_tcp:
        lab.datagrams(host, KDC, 88, asked, given)
        return
    tcp = lab.flow(host, KDC, 88)
    tcp.send(True, kerberos.over_tcp(asked))
    tcp.send(False, kerberos.over_tcp(given))
    tcp.finish()


def mapper(lab: Lab, host: Host) -> None:
    """A look-up in the endpoint mapper, and then the interface that it was for."""
    rpc = lab.connect(host, SERVER, 135)
    epm = "e1af8308-5d1f-11c9-91a4-08002b14a0fa"
    rpc.bind(rpc.offer(epm, ndr64=True, features=True))
    rpc.call(epm, 3, lab.rng.randbytes(132), lab.rng.randbytes(150))
    rpc.tcp.finish()
    for uuid in (guids.SAMR, "12345678-1234-abcd-ef00-01234567cffb"):
        other = scenario.plain_rpc(lab, host, SERVER, 49667, uuid, calls=12)
        other.tcp.finish()


def replication(lab: Lab, host: Host) -> None:
    """drsuapi: other RPC in bulk."""
    uuid = "e3514235-4b06-11d1-ab04-00c04fc2dcd2"
    rpc = lab.connect(host, KDC, 49668, rpc={"trailer": False})
    rpc.bind(rpc.offer(uuid), scenario.ntlm(lab, host, KDC, 6, target="ldap/DC01"))
    for number in range(4):
        rpc.call(uuid, 3, lab.rng.randbytes(200), lab.rng.randbytes(60000))
    rpc.tcp.finish()


def session(lab: Lab, host: Host) -> None:
    """Remote WMI: a process is created."""
    made = scenario.wmi_session(lab, host, SERVER)
    made.get_object("Win32_Process", size=20000)
    made.create_process("cmd.exe /c whoami")
    made.rpc.tcp.finish()


def everyday(lab: Lab) -> None:
    """100 flows."""
    number = iter(range(1, 255))
    for size in [12_000] * 18 + [60_000] * 12 + [300_000] * 3:
        tls(lab, client(next(number)), size)
    for size in [8_000] * 5 + [100_000] * 2:
        web(lab, client(next(number)), size)
    for size in [200_000, 700_000, 1_000_000, 1_500_000]:
        share(lab, client(next(number)), size)
    for _ in range(30):
        scenario.dns_lookup(lab, client(next(number)), KDC, "srv.example.com", SERVER.ip)
    for over_tcp in (False, True, True):
        ticket(lab, client(next(number)), over_tcp)
    for _ in range(4):
        ldap(lab, client(next(number)))
    for _ in range(4):
        mapper(lab, client(next(number)))
    replication(lab, client(next(number)))
    for _ in range(6):  # nobody listens
        Tcp(lab.clock, *(end(client(next(number)), SERVER, 3389))).handshake()[1:]


def end(host: Host, server: Host, port: int) -> tuple:
    """The ends of a connection."""
    from gen.ip import Endpoint

    return Endpoint(host.ip, 50000, host.mac), Endpoint(server.ip, port, server.mac)


@dataclass
class Template:
    """Packets as records of a pcap file, and where in them their times and the client's address stand."""

    data: bytearray
    records: list[tuple[int, int]]
    flows: int


def template(lab: Lab, rng: random.Random) -> Template:
    """All packets of the lab, flow by flow spread over the same time."""
    lists: list[list[Packet]] = [flow.packets for flow in lab.flows]
    lists += [list(pair) for pair in zip(lab.loose[::2], lab.loose[1::2])]
    placed = []
    for packets in lists:
        begin = rng.random() * 0.7
        placed += [(begin + (1 - begin) * n / len(packets), packet) for n, packet in enumerate(packets)]
    placed.sort(key=lambda pair: pair[0])
    data, records = bytearray(), []
    for _, packet in placed:
        at = len(data)
        data += struct.pack("<IIII", 0, 0, len(packet.data), len(packet.data)) + packet.data
        source = packet.data[26:28] == b"\x0a\xfe"
        records.append((at, at + 16 + (27 if source else 31)))
    return Template(data, records, len(lists))


def write_copy(file: object, made: Template, number: int, clock: int) -> int:
    """One copy, between other clients; returns the time after it, in microseconds."""
    data, pack = made.data, struct.Struct("<II").pack_into
    low, high = number & 255, 1 + (number >> 8) % 250
    for at, address in made.records:
        pack(data, at, START + clock // 1_000_000, clock % 1_000_000)
        data[address] = high
        data[address + 1] = low
        clock += 9
    file.write(data)
    return clock


def write(path: Path, size: int, seed: int = 1) -> dict[str, int]:
    """Writes a pcap file of about `size` bytes; returns what is in it."""
    rng = random.Random(seed)
    usual, wmi = Lab(seed=seed), Lab(seed=seed + 1)
    everyday(usual)
    session(wmi, client(200))
    plain, rare = template(usual, rng), template(wmi, rng)
    clock, number, flows, sessions, packets = 0, 0, 0, 0, 0
    with path.open("wb", buffering=1 << 20) as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        while file.tell() < size:
            clock = write_copy(file, plain, number, clock)
            flows, packets = flows + plain.flows, packets + len(plain.records)
            if flows >= (sessions + 0.5) * FLOWS_PER_SESSION:
                clock = write_copy(file, rare, number, clock)
                sessions, packets = sessions + 1, packets + len(rare.records)
            number += 1
    return {"bytes": path.stat().st_size, "packets": packets, "flows": flows, "sessions": sessions}


if __name__ == "__main__":
    print(write(Path(sys.argv[1]), int(float(sys.argv[2]) * 1e6)))
