# SPDX-License-Identifier: GPL-2.0-or-later
"""What a Windows network's sensor sees, one function a kind of conversation."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from gen import guids, kerberos, scenario  # noqa: E402
from gen.ip import Endpoint  # noqa: E402
from gen.scenario import Host, Lab  # noqa: E402
from gen.tcp import Tcp  # noqa: E402

SERVER = Host("SRV", "10.255.0.1", "02:00:00:00:00:06")
KDC = Host("DC01", "10.255.0.2", "02:00:00:00:00:02")
EPM = "e1af8308-5d1f-11c9-91a4-08002b14a0fa"
SRVSVC = "4b324fc8-1670-01d3-1278-5a47bf6ee188"
WINREG = "338cd001-2244-31f1-aaaa-900038001003"


def client(number: int) -> Host:
    """A placeholder: its address is replaced in each copy."""
    return Host(f"WS{number:02d}", f"10.254.0.{number}", "02:00:00:00:00:05")


# What follows the session id, the cipher suite and the compression method of a server's hello: its extensions, in the order
# of real servers. The first is status_request, then renegotiation_info.
SERVER_EXTENSIONS = (
    "00050000ff01000100",
    "ff0100010000050000",
    "ff01000100000b000403000102002300000005000000100005000302683200170000",
    "000500000010000b000908687474702f312e3100170000ff01000100",
    "0017000000050000ff0100010000230000",
    "",
)
CIPHERS = {"0301": "002f", "0302": "c014", "0303": "c030"}


def _record(kind: int, version: str, body: bytes) -> bytes:
    return bytes([kind]) + bytes.fromhex(version) + struct.pack(">H", len(body)) + body


def _message(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + len(body).to_bytes(3, "big") + body


def _client_hello(lab: Lab, version: str) -> bytes:
    suites = bytes.fromhex("c030c02fc028c027c014c013009f009e006b0067003900330035002f000500ff")
    name = b"srv.example.com"
    server_name = struct.pack(">HHBH", len(name) + 5, len(name) + 3, 0, len(name)) + name
    extensions = struct.pack(">HH", 0, len(server_name)) + server_name
    extensions += bytes.fromhex("00050005010000000000") + bytes.fromhex("000a00080006001d00170018000b00020100")
    extensions += bytes.fromhex("000d00140012040105010201040305030203020206010603002300000017 0000ff01000100".replace(" ", ""))
    if version == "0304":
        extensions += bytes.fromhex("002b0005040304030300330026 0024001d0020".replace(" ", "")) + lab.rng.randbytes(32)
    body = bytes.fromhex("0303" if version == "0304" else version) + lab.rng.randbytes(32) + b"\x20" + lab.rng.randbytes(32)
    body += struct.pack(">H", len(suites)) + suites + b"\1\0" + struct.pack(">H", len(extensions)) + extensions
    return _record(22, "0301", _message(1, body))


def _server_hello(lab: Lab, version: str, extensions: bytes) -> bytes:
    body = bytes.fromhex("0303" if version == "0304" else version) + lab.rng.randbytes(32) + b"\x20" + lab.rng.randbytes(32)
    body += bytes.fromhex(CIPHERS.get(version, "1302")) + b"\0"
    if version == "0304":
        extensions = bytes.fromhex("002b0002030400330024001d0020") + lab.rng.randbytes(32)
    if extensions:
        body += struct.pack(">H", len(extensions)) + extensions
    return _message(2, body)


def tls(lab: Lab, host: Host, size: int, version: str = "0303", extensions: int = 0) -> None:
    """A page over TLS: a handshake as that of real servers, then records of bytes that nobody can read."""
    tcp = lab.flow(host, SERVER, 443)
    inner = "0303" if version == "0304" else version
    tcp.send(True, _client_hello(lab, version))
    hello = _server_hello(lab, version, bytes.fromhex(SERVER_EXTENSIONS[extensions % len(SERVER_EXTENSIONS)]))
    if version == "0304":
        tcp.send(False, _record(22, inner, hello) + _record(20, inner, b"\1") + _record(23, inner, lab.rng.randbytes(2900)))
        tcp.send(True, _record(20, inner, b"\1") + _record(23, inner, lab.rng.randbytes(53)))
    else:
        certificate = b"\0\x0b\xb8\0\x0b\xb5" + b"\x30\x82\x0b\xb1" + lab.rng.randbytes(2993)
        tcp.send(False, _record(22, inner, hello + _message(11, certificate) + _message(14, b"")))
        finished = _record(20, inner, b"\1") + _record(22, inner, lab.rng.randbytes(40))
        tcp.send(True, _record(22, inner, _message(16, b"\x41\4" + lab.rng.randbytes(64))) + finished)
        tcp.send(False, finished)
    tcp.acks = False
    for start in range(0, size, 16384):
        part = min(16384, size - start)
        tcp.send(False, _record(23, inner, lab.rng.randbytes(part)))
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


def ticket(lab: Lab, host: Host, over_tcp: bool, size: int = 1100) -> None:
    """A ticket for some service, with a PAC of some size."""
    asked = b"\x6c\x82\x05\x00" + lab.rng.randbytes(1276)
    given = kerberos.tgs_rep(lab.rng, f"user{host.name}", SERVER.realm, kerberos.ticket(lab.rng, f"cifs/{SERVER.fqdn}", SERVER.realm, size))
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
    rpc.bind(rpc.offer(EPM, ndr64=True, features=True))
    rpc.call(EPM, 3, lab.rng.randbytes(132), lab.rng.randbytes(150))
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


def mapper_again(lab: Lab, host: Host) -> None:
    """A management program that asks the endpoint mapper all the time, with an account, on one connection."""
    rpc = lab.connect(host, SERVER, 135)
    rpc.bind(rpc.offer(EPM, ndr64=True, features=True), scenario.ntlm(lab, host, SERVER, 6, target="host/SRV"))
    for _ in range(40):
        rpc.call(EPM, 3, lab.rng.randbytes(132), lab.rng.randbytes(150))
    rpc.tcp.finish()


def pipes(lab: Lab, host: Host) -> None:
    """RPC over SMB2's pipes: srvsvc and winreg, each call in an IOCTL."""
    tcp = lab.flow(host, SERVER, 445)
    inner = Lab(seed=lab.rng.getrandbits(30))
    for uuid in (SRVSVC, WINREG):
        rpc = inner.connect(host, SERVER, 445)
        rpc.bind(rpc.offer(uuid, ndr64=True, features=True))
        for opnum in (15, 16, 21, 2):
            rpc.call(uuid, opnum, lab.rng.randbytes(64), lab.rng.randbytes(600))
        for packet in rpc.tcp.packets:
            payload = packet.data[54:]
            client_sent = packet.data[26:30] == bytes(map(int, host.ip.split(".")))
            if packet.data[47] & 2 or not payload:
                continue
            size, offset = (57, 120) if client_sent else (49, 112)
            body = struct.pack("<HHI16sIIIIIIII", size, 0, 0x11C017, bytes(16), offset, len(payload), 0, 0, 0, 4280, 1, 0)
            tcp.send(client_sent, _smb(11, body[: size - 1] + payload, not client_sent))
    tcp.finish()


def old_share(lab: Lab, host: Host, size: int) -> None:
    """A file read by SMB1."""
    tcp = lab.flow(host, SERVER, 139)
    for start in range(0, size, 61440):
        head = b"\xffSMB\x2e" + bytes(4) + b"\x88\x01\xc8" + bytes(12) + struct.pack("<HHHH", 2048, 1234, 2048, 64)
        ask = head + struct.pack("<BBBHHIHHIHIH", 12, 255, 0, 0, 0x4001, start, 61440, 61440, 0, 0, 0, 0)
        tcp.send(True, struct.pack(">I", len(ask)) + ask)
        part = min(61440, size - start)
        told = head + struct.pack("<BBBHHHHHHI6xH", 12, 255, 0, 0, 0xFFFF, 0, 0, part & 0xFFFF, 60, 0, part & 0xFFFF)
        told += lab.rng.randbytes(part)
        tcp.send(False, struct.pack(">I", len(told)) + told)
    tcp.finish()


def sealed_share(lab: Lab, host: Host, size: int) -> None:
    """SMB 3, encrypted."""
    tcp = lab.flow(host, SERVER, 445)
    tcp.acks = False
    for _ in range(0, size, 65536):
        for from_client, length in ((True, 113), (False, 65616)):
            head = b"\xfdSMB" + lab.rng.randbytes(32) + struct.pack("<IHHQ", length, 0, 1, 77)
            tcp.send(from_client, struct.pack(">I", len(head) + length) + head + lab.rng.randbytes(length))
    tcp.finish()


def plant(lab: Lab, host: Host) -> None:
    """What machines say: Modbus/TCP, IEC 60870-5-104, S7, EtherNet/IP, DNP3."""
    for port, ask, tell in (
        (502, b"\0\5\0\0\0\6\1\3\0\0\0\x0a", b"\0\5\0\0\0\x17\1\3\x14" + bytes(20)),
        (2404, b"\x68\x0e\2\0\2\0\x64\1\6\0\1\0\0\0\0\x14", b"\x68\4\1\0\5\0" * 3),
        (102, b"\3\0\0\x1f\2\xf0\x80\x32\1\0\0\5\0\0\x0e\0\0\4\1\x12\x0a\x10\2\0\1\0\0\x83\0\0\0", b"\3\0\0\x1a" + bytes(22)),
        (44818, b"\x6f\0\x16\0\5\0\0\0" + bytes(36), b"\x6f\0\x10\0\5\0\0\0" + bytes(32)),
        (20000, b"\5\x64\5\xc0\1\0\0\4\xe9\x21", b"\5\x64\x12\x44\0\4\1\0\xe4\xca" + bytes(20)),
    ):
        tcp = lab.flow(host, SERVER, port)
        for _ in range(20):
            tcp.send(True, ask)
            tcp.send(False, tell)
        tcp.finish()


def knock(lab: Lab, host: Host) -> None:
    """A scan of port 135: who answers, and what the endpoint mapper says."""
    closed = lab.flow(host, KDC, 135, handshake=False)
    closed._emit(True, 2)
    closed._emit(False, 20)
    opened = lab.flow(host, SERVER, 135)
    opened.reset()
    asked = lab.connect(host, SERVER, 135)
    asked.bind(asked.offer(EPM))
    asked.call(EPM, 2, lab.rng.randbytes(76), lab.rng.randbytes(400))
    asked.tcp.finish()
    scenario.resolver_ping(lab, host, SERVER).tcp.finish()


def resolver(lab: Lab, host: Host) -> None:
    """What any client of DCOM does every two minutes: it asks whether the server is alive."""
    scenario.resolver_ping(lab, host, SERVER).tcp.finish()


def console(lab: Lab, host: Host) -> None:
    """DCOM that is no WMI."""
    made = scenario.dispatch_session(lab, host, SERVER)
    for _ in range(30):
        made.rpc.call(guids.IDispatch, 6, lab.rng.randbytes(400), lab.rng.randbytes(300), made.activated.ipids[0])
    made.rpc.tcp.finish()


def inventory(lab: Lab, host: Host) -> None:
    """Remote WMI: objects are read, a process is created. Its ticket was fetched before."""
    scenario.fetch_ticket(lab, host, SERVER, KDC, "ann")
    made = scenario.wmi_session(lab, host, SERVER)
    for _ in range(4):
        made.get_object("Win32_Process", size=3000)
    made.create_process("cmd.exe /c whoami")
    made.rpc.tcp.finish()


def session(lab: Lab, host: Host) -> None:
    """Remote WMI: a process is created."""
    made = scenario.wmi_session(lab, host, SERVER)
    made.get_object("Win32_Process", size=20000)
    made.create_process("cmd.exe /c whoami")
    made.rpc.tcp.finish()
