# SPDX-License-Identifier: GPL-2.0-or-later
"""Whatever ports the ends have, remote WMI is found: hundreds of ports belong to dissectors that take what comes before
Wireshark looks whether it is DCE/RPC."""

from __future__ import annotations

import csv
import io
import struct
from collections.abc import Iterator, Sequence

import pytest

from gen import guids, scenario
from gen.capture import Capture
from gen.ip import Packet
from gen.scenario import CLIENT, SERVER, Lab
from gen.tcp import without
from support import Tools

EVERY = range(1, 65536)
RPCSS = 135
MODES = pytest.mark.parametrize("mode", [[], ["--no-scan"]], ids=["scan", "no-scan"])

Ports = tuple[int, int]


def far(port: int) -> int:
    """Another port: with each port as the client's, each is the server's once."""
    return (port + 32768) % 65536 or 1


def start(lab: Lab, interface: str, server_port: int) -> list[Packet]:
    """The SYN, the Bind and the Bind_ack of a connection."""
    rpc = lab.connect(CLIENT, SERVER, server_port)
    bind = rpc.bind(rpc.offer(interface))
    return [rpc.tcp.packets[0], bind.packet, bind.ack]


def with_ports(packets: Sequence[Packet], client: int, server: int) -> Iterator[Packet]:
    """The same between other ports, with the checksum that belongs to them."""
    old = struct.unpack_from(">HH", packets[0].data, 34)
    new = dict(zip(old, (client, server)))
    for packet in packets:
        data = bytearray(packet.data)
        ends = struct.unpack_from(">HH", data, 34)
        (check,) = struct.unpack_from(">H", data, 50)
        total = (~check & 0xFFFF) + sum(new[port] + (~port & 0xFFFF) for port in ends)
        total = (total & 0xFFFF) + (total >> 16)
        struct.pack_into(">HH", data, 34, *(new[port] for port in ends))
        struct.pack_into(">H", data, 50, ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF)
        yield Packet(packet.time_ns, bytes(data))


class Swept:
    """Two connections a port: one of WMI, whose ends have it and a far one, and one for activation."""

    def __init__(self, tools: Tools) -> None:
        lab = Lab()
        wmi, activation = start(lab, guids.IWbemLevel1Login, 49670), start(lab, guids.ISystemActivator, RPCSS)
        packets = []
        for port in EVERY:
            packets += with_ports(wmi, port, far(port))
            packets += with_ports(activation, port, RPCSS) if port not in (RPCSS, far(RPCSS)) else []
        for number, packet in enumerate(packets):
            packet.time_ns += number * 1000
        self.path = tools.write(Capture(packets), "swept.pcap")
        self.ports = {(port, far(port)) for port in EVERY} | {(port, RPCSS) for port in EVERY if port != RPCSS}


@pytest.fixture(scope="module")
def swept(cli: Tools) -> Swept:
    """The capture."""
    return Swept(cli)


def test_every_port_in_tshark(plugin: Tools, swept: Swept) -> None:
    """With the settings that it has by itself."""
    result = plugin.tshark(
        "-r", swept.path, "-Y", "car.wmi_rpc.interface && dcerpc.pkt_type == 11", "-T", "fields",
        "-e", "tcp.srcport", "-e", "tcp.dstport",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    found = [tuple(map(int, line.split())) for line in result.stdout.splitlines()]
    assert len(found) == len(swept.ports) and set(found) == swept.ports


@MODES
def test_every_port_in_car_wmi(cli: Tools, swept: Swept, mode: list[str]) -> None:
    result = cli.car_wmi("list", "-T", "csv", "--min-confidence", "dcom", *mode, swept.path)
    assert (result.returncode, result.stderr) == (0, "")
    found = [(int(row["client_port"]), int(row["server_port"])) for row in csv.DictReader(io.StringIO(result.stdout))]
    assert len(found) == len(swept.ports) and set(found) == swept.ports


# -- whole sessions ----------------------------------------------------------------------------------------------------


class PortLab(Lab):
    """Clients take these ports one after the other."""

    def __init__(self, ports: Sequence[int]) -> None:
        super().__init__()
        self._ports = iter(ports)

    def port(self) -> int:
        return next(self._ports)


class Sessions:
    """A session for each port that belongs to a dissector, which is in turn that of the activation's client, of the object
    connection's and of its server. Half of the activations begin with a Bind of two segments."""

    def __init__(self, tools: Tools) -> None:
        listed = tools.run("tshark", "-G", "decodes").stdout.splitlines()
        rows = (line.split("\t") for line in listed)
        self.owned = sorted({int(row[1]) for row in rows if row[0] == "tcp.port"} - {0, RPCSS})
        assert {8080, 1433, 5060} <= set(self.owned)
        sequence = [port for i, port in enumerate(self.owned) for port in (port, self.owned[i - 1])]
        lab = PortLab(sequence)
        self.ports: set[Ports] = set()
        for i in range(len(self.owned)):
            self._add(lab, self.owned[i - 2], bool(i % 2))
        self.capture = lab.capture()
        self.path = tools.write(self.capture)

    def _add(self, lab: Lab, port: int, impacket: bool) -> None:
        kind = "impacket" if impacket else "windows"
        auth = scenario.ntlm(lab, CLIENT, SERVER, scenario.INTEGRITY) if impacket else None
        activated = scenario.activate(lab, CLIENT, SERVER, port=port, short=impacket, auth=auth)
        session = scenario.wmi_session(lab, kind=kind, sealed=False, activated=activated)
        session.create_process("cmd.exe /c whoami")
        self.ports |= {(rpc.tcp.client.port, rpc.tcp.server.port) for rpc in session.conversations}


@pytest.fixture(scope="module")
def sessions(cli: Tools) -> Sessions:
    """The capture."""
    return Sessions(cli)


@MODES
def test_sessions_in_car_wmi(cli: Tools, sessions: Sessions, mode: list[str]) -> None:
    """The class that is activated and what is done stand in the records, and each activation is tied to its session."""
    records = cli.records(*mode, sessions.path)
    assert {(r["client"]["port"], r["server"]["port"]) for r in records} == sessions.ports
    activations = {r["server"]["port"] == RPCSS for r in records if r["activation"]}
    assert activations == {True, False}
    for record in records:
        if record["server"]["port"] != RPCSS:
            assert [call["command_line"] for call in record["calls"] if call.get("command_line")], record
    assert len({record["activity"] for record in records}) == len(sessions.owned)


@pytest.mark.parametrize("two_pass", [False, True], ids=["one-pass", "two-pass"])
def test_sessions_in_tshark(plugin: Tools, sessions: Sessions, two_pass: bool) -> None:
    """As with the preference that asks the heuristics first."""
    names = ["car.wmi_rpc.method", "car.wmi_rpc.command_line", "car.wmi_rpc.interface", "frame.protocols"]
    first = ("-o", "tcp.try_heuristic_first:TRUE")
    wanted = plugin.fields(sessions.path, *names, two_pass=two_pass, options=first)
    assert plugin.fields(sessions.path, *names, two_pass=two_pass) == wanted
    assert sum("car.wmi_rpc.command_line" in values for values in wanted.values()) == len(sessions.owned)


def test_exported_pdus(plugin: Tools, sessions: Sessions) -> None:
    """Core writes the name of the dissector that took a PDU beside it."""
    out = plugin.home / "exported.pcapng"
    result = plugin.tshark("-r", sessions.path, "-U", "OSI layer 4", "-w", out)
    assert result.returncode == 0 and "bug" not in result.stderr, result.stderr
    found = plugin.fields(out, "car.wmi_rpc.method", "dcerpc.pkt_type", two_pass=False)
    assert any(values.get("dcerpc.pkt_type") == ["11"] for values in found.values())


@pytest.mark.parametrize("bind", [False, True], ids=["from-the-start", "after-a-bind"])
def test_other_protocols_keep_their_ports(plugin: Tools, bind: bool) -> None:
    """What is no DCE/RPC stays with the owner of the port, and nobody hides it by a Bind."""
    lab = Lab()
    rpc = lab.connect(CLIENT, SERVER, 8080)
    if bind:
        rpc.bind(rpc.offer(guids.IWbemServices))
    rpc.tcp.send(True, b"GET / HTTP/1.1\r\nHost: www.example.com\r\n\r\n")
    rpc.tcp.send(False, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    for two_pass in (False, True):
        found = plugin.fields(
            plugin.write(lab.capture()), "http.request.method", "http.response.code", two_pass=two_pass
        )
        assert [list(values.values()) for values in found.values()] == [[["GET"]], [["200"]]]


def test_without_handshake_heuristics_have_to_be_first(plugin: Tools) -> None:
    """The owner of the port has the Bind before the plugin sees the connection."""
    lab = Lab()
    rpc = lab.connect(CLIENT, SERVER, 49670, client_port=8080)
    rpc.bind(rpc.offer(guids.IWbemServices))
    capture = Capture(without(lab.packets(), rpc.tcp.packets[:3]))
    path = plugin.write(capture)
    first = ("-o", "tcp.try_heuristic_first:TRUE")
    assert plugin.frames(path, "car.wmi_rpc") == []
    assert plugin.frames(path, "car.wmi_rpc", options=first) != []
    assert len(plugin.records(path)) == 1


@pytest.mark.parametrize("port", [49670, 8080], ids=["free", "owned"])
@pytest.mark.parametrize("cuts", [[1], [3], [15], list(range(1, 16))], ids=str)
def test_bind_in_pieces(cli: Tools, plugin: Tools, cuts: list[int], port: int) -> None:
    """The first segment ends within the header of the Bind."""
    lab = Lab()
    rpc = lab.connect(CLIENT, SERVER, port)
    rpc.first_cuts = cuts
    rpc.bind(rpc.offer(guids.IWbemServices))
    capture = lab.capture()
    (shown,) = plugin.fields(plugin.write(capture), "car.wmi_rpc.interface", two_pass=False).values()
    assert shown["car.wmi_rpc.interface"] == ["IWbemServices"]
    for mode in ([], ["--no-scan"]):
        (record,) = cli.records(*mode, cli.write(capture))
        assert [interface["accepted"] for interface in record["interfaces"]] == [True]


def test_one_byte_of_another_protocol(plugin: Tools) -> None:
    """What was waited for and is no Bind goes to the owner of the port."""
    lab = Lab()
    tcp = lab.flow(CLIENT, SERVER, 1080)
    tcp.send(True, b"\5\1\0", [1])
    assert "socks.version" in plugin.fields(plugin.write(lab.capture()), "socks.version").popitem()[1]
