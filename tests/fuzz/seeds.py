#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What fuzz targets begin with, made with the generator of captures and logs: seeds.py FOLDER ENGINE TARGET…

For each target a folder of inputs and a dictionary. ENGINE is the program tests/engine, which makes events of captures."""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from functools import cache
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1])]

from gen import epm, evtx, guids, hostlog, scenario
from gen.capture import Capture
from gen.hostlog import HostLog
from gen.scenario import CLIENT, SERVER, Host, Lab

MOST = 8000
"""Bytes of an input."""
NOISE = random.Random(8)
ETHERNET = 1
"""LINK_ETHERNET of cli/capture/packet.h."""


@cache
def sessions() -> Capture:
    """Sessions in clear of both kinds of clients, with tickets."""
    lab = Lab(seed=15)
    kdc = Host("DC01", "192.0.2.2", "02:00:00:00:00:02")
    scenario.fetch_ticket(lab, CLIENT, SERVER, kdc, "ann")
    for kind in ("windows", "impacket"):
        session = scenario.wmi_session(lab, kind=kind, sealed=False)
        session.get_object("Win32_Process", size=300)
        session.exec_query("SELECT * FROM Win32_Process")
        session.create_process("cmd.exe /Q /c whoami 1> \\\\127.0.0.1\\ADMIN$\\__1600000000.1 2>&1")
        session.rpc.tcp.finish()
    return lab.capture()


def payloads() -> Iterator[bytes]:
    """What TCP carries, over Ethernet and IPv4."""
    for packet in sessions().packets:
        head = 14 + (packet.data[14] & 15) * 4
        payload = packet.data[head + (packet.data[head + 12] >> 4) * 4 :]
        if payload:
            yield payload


@cache
def pdus() -> list[bytes]:
    """PDUs of DCE/RPC that stand in one segment."""
    found = {}
    for payload in payloads():
        length = int.from_bytes(payload[8:10], "little")
        if payload[:2] == b"\x05\x00" and 16 <= length <= len(payload):
            found[payload[:length]] = None
    return list(found)


def token_length(pdu: bytes) -> int:
    return int.from_bytes(pdu[10:12], "little")


def stubs() -> Iterator[tuple[bytes, bool, int]]:
    """Stub, whether it is of a response, opnum."""
    for pdu in pdus():
        if pdu[2] in (0, 2):
            length = token_length(pdu)
            start = 24 + (16 if pdu[2] == 0 and pdu[3] & 0x80 else 0)
            yield pdu[start : len(pdu) - length - (8 if length else 0)], pdu[2] == 2, int.from_bytes(pdu[22:24], "little")


def decoders(choices: int) -> Iterator[bytes]:
    """Each stub for each variant of a decoder."""
    for stub, _, _ in stubs():
        for choice in range(choices):
            yield bytes([choice]) + stub


def services() -> Iterator[bytes]:
    for stub, is_response, opnum in stubs():
        for interface in range(5):
            yield bytes([interface | (0x40 if is_response else 0), opnum]) + stub


def tokens() -> Iterator[bytes]:
    for pdu in pdus():
        if token_length(pdu):
            yield pdu[-token_length(pdu) :]


def tickets() -> Iterator[bytes]:
    """From behind the tag that says what it is; over TCP its length stands before it."""
    for payload in payloads():
        if payload[4:5] == b"\x6d":
            yield payload[6 + (payload[5] & 0x7F if payload[5] & 0x80 else 0) :]


def packets() -> Iterator[bytes]:
    """For the scan: after the kind of link each packet after its length."""
    out = bytes([ETHERNET])
    for packet in sessions().packets:
        if len(packet.data) < 2048:
            piece = len(packet.data).to_bytes(2, "little") + b"\0" + packet.data
            if len(out) + len(piece) > MOST:
                yield out
                out = bytes([ETHERNET])
            out += piece
    yield out


def files() -> Iterator[bytes]:
    capture = Capture([p for p in sessions().packets if len(p.data) < 600][:20])
    for pieces in (0, 1, 255):
        yield bytes([pieces]) + capture.pcapng(comment="c", interfaces=("eth0", "eth1"))
        for nano in (False, True):
            yield bytes([pieces]) + capture.pcap(nano=nano, big=not nano)


@cache
def events(engine: str) -> list[bytes]:
    """Lines of events."""
    path = Path(engine).with_name("seeds.pcapng")
    sessions().write(path)
    return subprocess.run([engine, str(path)], capture_output=True, check=True).stdout.splitlines(keepends=True)


def event_pages(engine: str) -> Iterator[bytes]:
    page = b""
    for line in events(engine):
        if len(page) + len(line) > MOST // 2:
            yield page
            page = b""
        page += line
    yield page


@cache
def host_log() -> HostLog:
    """Events of most kinds."""
    lab = Lab(seed=16)
    session = scenario.wmi_session(lab)
    time = datetime(2020, 8, 6, 7, 56, 41, tzinfo=timezone.utc)
    log = HostLog(SERVER)
    log.permitted(session.rpc.tcp, 7240, r"\device\x.exe", hostlog.INBOUND)
    log.connected(session.rpc.tcp, 7240, r"C:\x.exe", r"EXAMPLE\ann", True)
    log.logon(session.rpc, "ann", "EXAMPLE", 0xC93745)
    log.created(time, 4242, r"C:\y.exe", "y.exe <&> \u202e\x01", r"EXAMPLE\ann", ParentProcessId=7240)
    log.new_process(time, 4243, r"C:\y.exe", "y.exe")
    log.operation(time, "Start IWbemServices::ExecMethod - root\\cimv2 : Win32_Process::Create", "WS05", 7240, "ann")
    log.provider(time, 77)
    return log


def logs() -> Iterator[bytes]:
    for event in host_log().events:
        yield evtx.log([event])
    yield evtx.log(host_log().events[:3])
    for form in (hostlog.nxlog, hostlog.ecs, hostlog.dumped):
        text = hostlog.lines(host_log().events, form)
        yield text
        yield gzip.compress(text, mtime=0)
        yield b"\xff\xfe" + text.decode().encode("utf-16-le")
        yield b"\xef\xbb\xbf" + text
    yield (b'#TYPE x\r\n"LocalAddress","LocalPort","RemoteAddress","RemotePort","OwningProcess","CreationTime","Path"\r\n'
           b'"192.0.2.5","50000","192.0.2.6","135","7240","8/6/2020 7:56:41 AM","C:\\x ""y"".exe"\r\n')  # fmt: skip
    yield (b"Active Connections\r\n\r\n  Proto  Local Address  Foreign Address  State  PID\r\n"
           b"  TCP    192.0.2.5:50000  192.0.2.6:135  ESTABLISHED  7240\r\n [x.exe]\r\n"
           b"  TCP    [fe80::1%3]:50000  [2001:db8::1]:135  ESTABLISHED  4\r\n")  # fmt: skip


def choices() -> Iterator[bytes]:
    """For targets that take their input as choices, anything leads somewhere."""
    for length in (40, 200, 1000, 4000):
        for _ in range(8):
            yield NOISE.randbytes(length)


def rules() -> Iterator[bytes]:
    yield b"[known]\nreason = \"x\"\nclient = 192.0.2.0/24\nserver=*.example.com\nuser=EXAMPLE\\ann\n"


def output_files() -> Iterator[bytes]:
    """PDML of SMB: a file is opened, read and closed."""
    file = "00000001-0000-0000-0000-000000000001"
    share = r"\\\\192.0.2.6\\ADMIN$"
    smb1 = {"cmd": "smb.cmd", "response": "smb.flags.response", "message": "smb.mid", "status": "smb.nt_status",
            "share": "smb.path", "name": "smb.file", "file": "smb.fid", "size": "smb.end_of_file",
            "offset": "smb.file.rw.offset", "data": "smb.file_data"}  # fmt: skip
    smb2 = {"cmd": "smb2.cmd", "response": "smb2.flags.response", "message": "smb2.msg_id", "status": "smb2.nt_status",
            "share": "smb2.tree", "name": "smb2.filename", "file": "smb2.fid", "size": "smb2.eof",
            "offset": "smb2.file_offset", "data": "data.data"}  # fmt: skip
    for protocol, names, opens, reads in (("smb", smb1, "0xa2", "0x2e"), ("smb2", smb2, "5", "8")):
        messages = (
            {"cmd": opens, "response": "0", "message": "7", "share": share, "name": "__1600000000.1"},
            {"cmd": opens, "response": "1", "message": "7", "status": "0x00000000", "file": file, "size": "11"},
            {"cmd": reads, "response": "0", "message": "8", "file": file, "offset": "0"},
            {"cmd": reads, "response": "1", "message": "8", "status": "0x00000000", "data": b"hello\xffworld".hex()},
        )
        text = ""
        for n, message in enumerate(messages, 1):
            ends = ("192.0.2.5", "192.0.2.6")[:: 1 if message["response"] == "0" else -1]
            fields = {"frame.number": n, "frame.time_epoch": f"1596700801.{n}", "ip.src": ends[0], "ip.dst": ends[1],
                      "tcp.stream": 1}  # fmt: skip
            head = "".join(f'<field name="{name}" show="{value}"/>\n' for name, value in fields.items())
            body = "".join(f'<field name="{names[name]}" show="{value}" value="{value}"/>\n' for name, value in message.items())
            text += f'<packet>\n{head}<proto name="{protocol}">\n{body}</proto>\n</packet>\n'
        yield text.encode()


def mapper() -> Iterator[bytes]:
    """What the endpoint mapper is asked, and answers, behind the byte that chooses."""
    towers = [epm.tower(guids.SAMR, 49670, "192.0.2.6"), epm.tower(guids.SAMR, pipe=r"\\pipe\\lsass")]
    for ndr64 in (False, True):
        yield bytes([1 | ndr64 << 1]) + epm.map_request(epm.tower(guids.SAMR), ndr64, guids.NULL)
        yield bytes([ndr64 << 1]) + epm.map_response(towers, ndr64)


def seeds(target: str, engine: str) -> Iterator[bytes]:
    """Those of a target; of one that is not known none."""
    made = {
        "fuzz-activation": lambda: decoders(6),
        "fuzz-allow": rules,
        "fuzz-artifacts": output_files,
        "fuzz-auth": tokens,
        "fuzz-capture-stream": files,
        "fuzz-engine": choices,
        "fuzz-epm": mapper,
        "fuzz-event-reader": lambda: event_pages(engine),
        "fuzz-host-log": logs,
        "fuzz-json-scan": lambda: iter(events(engine)[:40]),
        "fuzz-judge": choices,
        "fuzz-kdc": tickets,
        "fuzz-login": lambda: decoders(5),
        "fuzz-objref": lambda: decoders(4),
        "fuzz-orpc": lambda: decoders(5),
        "fuzz-pdu": lambda: iter(pdus()),
        "fuzz-remunknown": lambda: decoders(2),
        "fuzz-scan": packets,
        "fuzz-services": services,
        "fuzz-trailer": lambda: decoders(3),
        "fuzz-wmio": lambda: decoders(1),
        "fuzz-writers": choices,
    }.get(target)
    return (seed for seed in made() if len(seed) <= 2 * MOST) if made else iter(())


def words(inputs: list[bytes]) -> list[bytes]:
    """Names and words in texts, which a target may compare with."""
    found = {}
    for data in inputs:
        for word in re.findall(rb"[A-Za-z@#_][A-Za-z0-9@#_.-]{2,40}", data.replace(b"\0", b"")):
            found[word] = None
    return list(found)[:400]


TEXTS = ("fuzz-event-reader", "fuzz-host-log", "fuzz-json-scan", "fuzz-allow")


def main(folder: str, engine: str, *targets: str) -> None:
    """Writes them anew."""
    for target in targets:
        place = Path(folder) / target
        place.mkdir(parents=True, exist_ok=True)
        inputs = list(seeds(target, engine))
        for data in inputs:
            (place / hashlib.sha1(data).hexdigest()).write_bytes(data)
        known = words(inputs) if target in TEXTS else []
        lines = ["# " + target, *(json.dumps(word.decode()) for word in known)]
        (place.parent / f"{target}.dict").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
