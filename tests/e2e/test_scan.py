# SPDX-License-Identifier: GPL-2.0-or-later
"""The scan changes nothing but the time: the records are those of `--no-scan`, where tshark reads every packet."""

from __future__ import annotations

import itertools
import json
import random
import struct
from pathlib import Path

import pytest

import expect
import test_transport
from gen import capture as captures
from gen import floods, guids, kerberos, mutate, scenario, wrap
from gen.capture import Capture
from gen.ip import Packet
from gen.rpc import Rpc
from gen.scenario import CLIENT, CLIENT6, OTHER, SERVER, SERVER6, Host, Lab, Session
from support import Tools

EPM = "e1af8308-5d1f-11c9-91a4-08002b14a0fa"
ALL = ("--min-confidence", "rpcss")


def same(cli: Tools, *paths: Path, **options: object) -> list[dict]:
    """The records, once they have been seen to be the same without a scan."""
    records = cli.records(*ALL, *paths, status=(0, 1), **options)
    assert records == cli.records(*ALL, "--no-scan", *paths, status=(0, 1), **options)
    if len(paths) > 1:
        for jobs in (1, 3):
            assert records == cli.records(*ALL, "-j", jobs, *paths, status=(0, 1), **options)
    return records


def noise(lab: Lab) -> None:
    """Traffic of other kinds."""
    resolver = Host("DC01", "192.0.2.2", "02:00:00:00:00:02")
    scenario.dns_lookup(lab, CLIENT, resolver, SERVER.fqdn, SERVER.ip)
    scenario.web_page(lab, CLIENT, OTHER, "intranet.example.com")
    scenario.plain_rpc(lab, CLIENT, SERVER, 49668, guids.SAMR)
    scenario.fetch_ticket(lab, CLIENT, SERVER, resolver, "ann")


def mixed(seed: int = 3) -> tuple[Lab, Session]:
    """A session of WMI among other traffic."""
    lab = Lab(seed=seed)
    noise(lab)
    session = test_transport.windows(lab)
    noise(lab)
    scenario.dispatch_session(lab, OTHER, SERVER)
    scenario.resolver_ping(lab, CLIENT, SERVER)
    session.rpc.tcp.finish()
    return lab, session


KDC = Host("DC01", "192.0.2.2", "02:00:00:00:00:02")


def ticket_by_tcp(lab: Lab, client: Host, user: str, service: str, size: int = 1100) -> None:
    """A ticket of some size, over TCP."""
    spn = f"{service}/{SERVER.fqdn}"
    given = lab._tickets.setdefault(spn, kerberos.ticket(lab.rng, spn, SERVER.realm, size))
    tcp = lab.flow(client, KDC, 88)
    tcp.send(True, kerberos.over_tcp(b"\x6c\x82\x05\x00" + lab.rng.randbytes(1276)))
    tcp.send(False, kerberos.over_tcp(kerberos.tgs_rep(lab.rng, user, SERVER.realm, given)))
    tcp.finish()


def tickets(seed: int, others: bool) -> Lab:
    """Whose tickets matter is known only when a connection shows them; others authenticate to the endpoint mapper."""
    lab = Lab(seed=seed)
    ticket_by_tcp(lab, OTHER, "bob", "cifs")
    ticket_by_tcp(lab, CLIENT, "ann", "RPCSS", 4000)
    ticket_by_tcp(lab, OTHER if others else CLIENT, "ann", "host", 2500)
    mapper = lab.connect(CLIENT, SERVER, 135)
    mapper.bind(mapper.offer(EPM, features=True), scenario.kerberos(lab, SERVER, 5, 0, "host"))
    mapper.call(EPM, 3, lab.rng.randbytes(132), lab.rng.randbytes(150))
    mapper.tcp.finish()
    scenario.fetch_ticket(lab, OTHER, SERVER, KDC, "eve", "HTTP")
    session = test_transport.windows(lab)
    session.rpc.tcp.finish()
    return lab


def sources() -> list[list[Packet]]:
    """Conversations to be changed at random."""
    made = []
    for seed, options in enumerate(({}, {"sealed": False}, {"kind": "impacket"}, {"level": 5})):
        lab = Lab(seed=seed)
        session = test_transport.windows(lab, **options) if "level" not in options else test_transport.pipelined(lab)
        session.rpc.tcp.finish()
        noise(lab)
        made.append(lab.packets())
    lab = Lab(seed=9)
    scenario.dispatch_session(lab)
    scenario.resolver_ping(lab, OTHER, SERVER)
    scenario.plain_rpc(lab, CLIENT, SERVER, 135, guids.SAMR)
    made.append(lab.packets())
    lab = Lab(seed=10)
    scenario.remote_activation(lab, CLIENT, SERVER)
    noise(lab)
    made.append(lab.packets())
    for seed, others in ((11, False), (12, True)):
        made.append(tickets(seed, others).packets())
    return made


def read_pcap(path: Path) -> list[Packet]:
    """The packets of an Ethernet pcap file."""
    data = path.read_bytes()
    order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    at, packets = 24, []
    while at + 16 <= len(data):
        seconds, fraction, kept, _ = struct.unpack_from(order + "IIII", data, at)
        packets.append(Packet(seconds * 10**9 + fraction, data[at + 16 : at + 16 + kept]))
        at += 16 + kept
    return packets


def test_mixed(cli: Tools) -> None:
    lab, session = mixed()
    capture = lab.capture()
    records = same(cli, cli.write(capture))
    frames = expect.flow(capture, session.rpc)
    (found,) = [r for r in records if r["client"]["port"] == session.rpc.tcp.client.port]
    assert found["frames"] == {"first": frames[0], "last": frames[-1], "count": len(frames)}
    assert [c["frame"] for c in found["calls"]] == [capture.number(c.requests[0]) for c in session.rpc.calls]


def test_user_of_a_ticket(cli: Tools) -> None:
    """Kerberos names the user: over UDP and TCP, though all else on port 88 is dropped."""
    lab = Lab(seed=4)
    noise(lab)
    test_transport.windows(lab)
    noise(lab)
    records = same(cli, cli.write(lab.capture()))
    assert "ann" in {r["auth"]["user"] for r in records}


def test_tickets_that_wait(cli: Tools) -> None:
    """They name the user as if they had not waited: over TCP, of any size, and when another host fetched them."""
    for others in (False, True):
        lab = tickets(20, others)
        capture = lab.capture()
        users = {record["auth"]["user"] for record in same(cli, cli.write(capture))}
        assert "ann" in users and not users & {"bob", "eve"}


@pytest.mark.parametrize("seed", range(6))
def test_random_changes(cli: Tools, seed: int) -> None:
    packets = mutate.many(sources(), 400, seed)
    records = same(cli, cli.write(Capture(packets)))
    assert sum(r["confidence"] == "wmi" for r in records) > 50


@pytest.mark.parametrize("seed", range(6, 8))
def test_random_changes_in_rotated_files(cli: Tools, seed: int) -> None:
    packets = mutate.many(sources(), 200, seed)
    count = len(packets)
    assert same(cli, *split(cli, Capture(packets), sorted(random.Random(seed).sample(range(1, count), 9))))


@pytest.mark.shared
@pytest.mark.parametrize("seed", range(2))
def test_random_changes_of_real_captures(cli: Tools, shared: Path, seed: int) -> None:
    made = [read_pcap(path) for path in sorted(shared.glob("*.cap")) if path.stat().st_size < 170_000]
    packets = mutate.many([packets for packets in made if packets], 60, seed)
    assert same(cli, cli.write(Capture(packets)))


@pytest.mark.shared
def test_real_captures_together(cli: Tools, shared: Path) -> None:
    paths = [*shared.glob("*.*cap*"), *shared.glob("lab/*.pcapng")]
    records = same(cli, *paths)
    assert len({r["capture"]["path"] for r in records}) > 20


# -- what carries it ---------------------------------------------------------------------------------------------------

TUNNELS = (wrap.mpls, wrap.pppoe, wrap.gre, wrap.ipip, wrap.erspan, wrap.vxlan, wrap.geneve, wrap.fragments)


@pytest.mark.parametrize("tunnel", TUNNELS, ids=lambda function: function.__name__)
def test_tunnels(cli: Tools, tunnel: object) -> None:
    lab, session = mixed()
    packets = [Packet(p.time_ns + n, data) for p in lab.packets() for n, data in enumerate(tunnel(p.data))]
    records = same(cli, cli.write(Capture(packets)))
    found = [r for r in records if r["client"]["port"] == session.rpc.tcp.client.port]
    assert len(found) == 1 and len(found[0]["calls"]) == len(session.rpc.calls)


LINKS = {
    captures.RAW_IP: wrap.to_raw_ip,
    captures.COOKED: wrap.to_cooked,
    captures.COOKED2: wrap.to_cooked2,
    captures.NULL: wrap.to_null,
    captures.PPP: wrap.to_ppp,
    captures.ERF: wrap.to_erf,
}


@pytest.mark.parametrize("link", LINKS, ids=lambda link: LINKS[link].__name__)
def test_link_types(cli: Tools, link: int) -> None:
    lab, session = mixed()
    packets = [Packet(p.time_ns, LINKS[link](p.data)) for p in lab.packets()]
    records = same(cli, cli.write(Capture(packets), "link.pcap", link=link))
    found = [r for r in records if r["client"]["port"] == session.rpc.tcp.client.port]
    assert len(found) == 1 and len(found[0]["calls"]) == len(session.rpc.calls)


def test_ipv6(cli: Tools) -> None:
    lab = Lab(seed=5)
    test_transport.windows(lab, client=CLIENT6, server=SERVER6)
    noise(lab)
    assert len(same(cli, cli.write(lab.capture()))) == 2


@pytest.mark.parametrize("first", [b"GET / HTTP/1.1\r\n\r\n", b"hello, who is there?", b"\x05\x01\x00", b"\0\0\0\4\xfeSM", b"\x05"])
def test_something_else_first(cli: Tools, first: bytes) -> None:
    """A connection that begins with anything else is read again from its first packet."""
    lab = Lab(seed=6)
    tcp = lab.flow(CLIENT, SERVER, 49670)
    tcp.send(True, first)
    rpc = Rpc(tcp, lab.rng)
    rpc.bind(rpc.offer(guids.IWbemServices))
    path = cli.write(lab.capture())
    records = same(cli, path)
    found = [r for r in records if r["client"]["port"] == tcp.client.port]
    if first.startswith(b"hello"):
        assert found[0]["frames"]["count"] == len(tcp.packets)


@pytest.mark.parametrize("name", ["capture.pcapng", "capture.pcap"])
def test_standard_input(cli: Tools, name: str) -> None:
    lab, _ = mixed()
    path = cli.write(lab.capture(), name)
    from_file, from_pipe = same(cli, path), same(cli, Path("-"), stdin=path.read_bytes())
    for record in (*from_file, *from_pipe):
        del record["capture"]
    assert from_file == from_pipe


# -- several captures: one timeline ------------------------------------------------------------------------------------


def split(cli: Tools, capture: Capture, cuts: list[int]) -> list[Path]:
    """The capture as rotated files, cut before the packets with these indices."""
    edges = [0, *cuts, len(capture.packets)]
    return [cli.write(Capture(capture.packets[a:b]), f"part{n}.pcapng") for n, (a, b) in enumerate(zip(edges, edges[1:]))]


class Where:
    """Translates frames of the whole capture."""

    def __init__(self, paths: list[Path], cuts: list[int]) -> None:
        self.paths, self.starts = paths, [0, *cuts]

    def __call__(self, frame: int) -> tuple[str, int]:
        index = max(n for n, start in enumerate(self.starts) if frame > start)
        return str(self.paths[index]), frame - self.starts[index]


def compare(record: dict, whole: dict, where: Where) -> None:
    """A record of rotated files and the one of the whole capture."""
    home = record["capture"]["path"]

    def place(item: dict, frame: str = "frame", capture: str = "capture") -> tuple[str, int] | None:
        return None if item[frame] is None else (item.get(capture, home), item[frame])

    def expected(item: dict, frame: str = "frame") -> tuple[str, int] | None:
        return None if item[frame] is None else where(item[frame])

    assert (home, record["frames"]["first"]) == where(whole["frames"]["first"])
    if "parts" in record["frames"]:
        parts = record["frames"]["parts"]
        assert sum(part["count"] for part in parts) == whole["frames"]["count"]
        assert (parts[-1]["path"], parts[-1]["last"]) == where(whole["frames"]["last"])
        assert {k: parts[0][k] for k in ("first", "last", "count")} == {
            k: record["frames"][k] for k in ("first", "last", "count")
        }
        assert len({part["path"] for part in parts}) == len(parts) > 1
    else:
        assert record["frames"]["count"] == whole["frames"]["count"]
        assert (home, record["frames"]["last"]) == where(whole["frames"]["last"])
    for member in ("evidence", "interfaces", "logins", "calls"):
        assert [place(item) for item in record[member]] == [expected(item) for item in whole[member]]
    for call, other in zip(record["calls"], whole["calls"]):
        assert place(call, "response_frame", "response_capture") == expected(other, "response_frame")
        assert place(call, "origin_frame", "origin_capture") == expected(other, "origin_frame")
        for frames, more, capture in (
            ("frames", "more_frames", "capture"),
            ("response_frames", "more_response_frames", "response_capture"),
        ):
            here = [(call.get(capture, home), frame) for frame in call[frames]]
            elsewhere = [(item["capture"], item["frame"]) for item in call.get(more, [])]
            assert sorted(here + elsewhere) == sorted(where(frame) for frame in other[frames])
    assert place(record["auth"], "user_frame", "user_capture") == expected(whole["auth"], "user_frame")
    if whole["activation"]:
        assert place(record["activation"]) == expected(whole["activation"])
    for process, other in zip(record["processes"], whole["processes"], strict=True):
        assert [place(s) for s in process["sources"]] == [expected(s) for s in other["sources"]]
        calls = [[s for s in p["sources"] if "call_frame" in s] for p in (process, other)]
        assert [place(s, "call_frame", "call_capture") for s in calls[0]] == [expected(s, "call_frame") for s in calls[1]]
    placed = {
        "frame", "frames", "capture", "user_frame", "user_capture", "response_frame", "response_frames", "origin_frame",
        "response_capture", "origin_capture", "more_frames", "more_response_frames",
        "call_frame", "call_capture",
    }  # fmt: skip

    def plain(node: object) -> object:
        if isinstance(node, dict):
            return {k: plain(v) for k, v in node.items() if k not in placed}
        return [plain(item) for item in node] if isinstance(node, list) else node

    assert plain(record) == plain(whole)


def session_over_time() -> Capture:
    """A session with messages of several fragments, readable, and one in which a ticket names the user."""
    lab = Lab(seed=8)
    noise(lab)
    session = scenario.wmi_session(lab, sealed=False)
    session.get_object("Win32_Process", size=9000)
    session.create_process("powershell -enc " + "A" * 14000)
    noise(lab)
    second = test_transport.windows(lab, client=OTHER)
    session.rpc.tcp.finish()
    second.rpc.tcp.finish()
    return lab.capture()


def test_rotated_files(cli: Tools, validator: object) -> None:
    capture = session_over_time()
    whole = cli.records(*ALL, cli.write(capture))
    count = len(capture.packets)
    for cuts in ([count // 2], [count // 3, count // 2, count // 2 + 1, count - 9], list(range(5, count, count // 12))):
        paths = split(cli, capture, cuts)
        records = same(cli, *paths)
        for record, other in zip(records, whole, strict=True):
            validator(record)
            compare(record, other, Where(paths, cuts))
    assert any("parts" in record["frames"] for record in records)


def test_order_of_arguments(cli: Tools) -> None:
    paths = split(cli, session_over_time(), [20, 41, 90])
    expected = cli.records(*paths)
    for order in itertools.islice(itertools.permutations(paths), 1, 24, 11):
        assert cli.records(*order) == expected


def test_captures_side_by_side(cli: Tools) -> None:
    """Two taps, each of which saw one direction."""
    capture = session_over_time()
    whole = cli.records(*ALL, cli.write(capture))
    odd = lambda packet: packet.data[26:30] == b"\xc0\0\x02\x06"  # noqa: E731
    sides = [Capture(p for p in capture.packets if odd(p) is side) for side in (False, True)]
    paths = [cli.write(side, f"side{n}.pcap", nano=True) for n, side in enumerate(sides)]
    records = same(cli, *paths)
    assert [len(r["calls"]) for r in records] == [len(r["calls"]) for r in whole]
    assert [r["bytes"] for r in records] == [r["bytes"] for r in whole]
    for record, other in zip(records, whole):
        assert sum(p["count"] for p in record["frames"]["parts"]) == other["frames"]["count"]


def test_dropped_in_one_of_them(cli: Tools) -> None:
    """The second file holds much that nobody would take for WMI, until the first tells what it belongs to."""
    lab = Lab(seed=12)
    tcp = lab.flow(CLIENT, SERVER, 49670)
    rpc = Rpc(tcp, lab.rng)
    rpc.bind(rpc.offer(guids.IWbemServices))
    cut = len(lab.packets())
    for _ in range(60):
        tcp.send(False, b"no DCE/RPC at all")
    tcp.finish()
    capture = lab.capture()
    (record,) = same(cli, *split(cli, capture, [cut]))
    assert sum(part["count"] for part in record["frames"]["parts"]) == len(capture.packets)


def test_the_same_capture_twice(cli: Tools) -> None:
    path = cli.write(session_over_time())
    link = path.with_name("link.pcapng")
    link.symlink_to(path)
    assert cli.records(path) == cli.records(path, link, path)


def test_one_is_damaged(cli: Tools) -> None:
    paths = split(cli, session_over_time(), [60, 100])
    paths[1].write_bytes(paths[1].read_bytes()[:-9])
    result = cli.car_wmi("list", "-T", "ndjson", *paths)
    assert result.returncode == 0
    (line,) = result.stderr.splitlines()
    assert str(paths[1]) in line and "cut short" in line and "after frame 39" in line
    for record in map(json.loads, result.stdout.splitlines()):
        assert record["capture"]["complete"] is (record["capture"]["path"] != str(paths[1]))


@pytest.mark.parametrize("suffix", ["pcap", "pcapng"])
def test_large_first_packets(cli: Tools, suffix: str) -> None:
    """Some that a network card had not cut yet: libwiretap looks beyond them, and goes back, before it reads the file."""
    capture = session_over_time()
    start = capture.packets[0].time_ns
    large = [Packet(start - n, bytes(12) + b"\x08\x00" + bytes(70_000)) for n in range(1, 4)]
    path = cli.write(Capture([*large, *capture.packets]), f"large.{suffix}")
    assert len(cli.records(path)) == len(cli.records(cli.write(capture))) > 0


def test_capture_without_packets(cli: Tools) -> None:
    path = cli.write(session_over_time())
    empty = cli.write(Capture([]), "empty.pcapng")
    assert cli.records(empty, path) == cli.records(path)
    assert cli.car_wmi("list", empty).returncode == 1


def test_leaner_child(cli: Tools) -> None:
    """Wireshark knows all that is disabled for the child: newer ones refuse other names."""
    lab, _ = mixed()
    (arguments,) = cli.started("list", cli.write(lab.capture()))
    disabled = {name for option, name in itertools.pairwise(arguments) if option == "--disable-protocol"}
    known = {line.split("\t")[2] for line in cli.run("tshark", "-G", "protocols").stdout.splitlines()}
    assert "isystemactivator" in disabled and disabled <= known


def test_flood_of_binds(cli: Tools) -> None:
    """What is forged by the thousand hides nothing."""
    path = cli.arena / "forged.pcap"
    floods.write("forged-binds", 300, path)
    result = cli.car_wmi("list", "-T", "ndjson", path)
    *forged, session = map(json.loads, result.stdout.splitlines())
    assert session["calls"][0]["command_line"] == "cmd.exe /c after-the-flood"
    assert len(forged) == 256 and not any(record["calls"] for record in forged)
    assert session["capture"]["complete"] and session["capture"]["unlisted_binds"] == 1500 - 256
    assert "1244 more Binds that ask 10.2.2.2 port 49670" in result.stderr
