# SPDX-License-Identifier: GPL-2.0-or-later
"""A remote WMI session is found, and each of its calls named, whatever carries it and however it was captured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

import expect
from expect import ACTIVATION, ACTIVITY, AUTH, CLSID, CONFIDENCE, DETECTED, EVIDENCE, SERVER_NAME, only
from gen import guids, scenario, wmi
from gen.capture import Capture
from gen.ip import Packet
from gen.rpc import Planned
from gen.scenario import CLIENT6, SERVER6, Lab, Session
from gen.tcp import repeated, swapped, two_taps, without
from support import Tools

OUT_OF_ORDER = ("-o", "tcp.reassemble_out_of_order:TRUE")


@dataclass
class Case:
    """One way to make and capture the session."""

    build: Callable[[Lab], Session]
    lab: dict = field(default_factory=dict)
    change: Callable[[Session, list[Packet]], Sequence[Packet]] | None = None
    file: str = "capture.pcapng"
    write: dict = field(default_factory=dict)
    options: tuple[str, ...] = ()


def windows(lab: Lab, **options: object) -> Session:
    """What a Windows client does: look at the class, then create a process."""
    session = scenario.wmi_session(lab, **options)
    session.get_object("Win32_Process", size=9000)
    session.create_process("cmd.exe /c whoami")
    return session


def impacket(lab: Lab) -> Session:
    """The same by impacket."""
    return windows(lab, kind="impacket")


def impacket_integrity(lab: Lab) -> Session:
    """The same by impacket, signed but readable: its activation gives no server name."""
    return windows(lab, kind="impacket", sealed=False)


def integrity(lab: Lab) -> Session:
    """The same, signed but readable."""
    return windows(lab, sealed=False)


def over_ipv6(lab: Lab) -> Session:
    """The same between IPv6 hosts."""
    return windows(lab, client=CLIENT6, server=SERVER6)


def several_pdus(lab: Lab) -> Session:
    """Three queries at once, and their answers at once."""
    session = scenario.wmi_session(lab)
    request = wmi.exec_query(session.causality, "SELECT * FROM Win32_Service")
    planned = [Planned(guids.IWbemServices, wmi.EXEC_QUERY, request, bytes(192), session.services) for _ in range(3)]
    session.rpc.batch(planned)
    session.create_process("notepad.exe")
    return session


def long_request(lab: Lab) -> Session:
    """A command line that takes several request fragments."""
    session = scenario.wmi_session(lab)
    session.create_process("powershell -enc " + "A" * 14000)
    return session


def pipelined(lab: Lab) -> Session:
    """Two requests under way at once, each in its own segment."""
    session = scenario.wmi_session(lab)
    session.rpc.tcp.acks = False
    request = wmi.get_object(session.causality, "Win32_Process")
    planned = [Planned(guids.IWbemServices, wmi.GET_OBJECT, request, bytes(300), session.services) for _ in range(2)]
    made = [session.rpc._prepare(item) for item in planned]
    for call, outgoing, _ in made:
        call.requests = [session.rpc.send_raw(True, pdu) for pdu in outgoing]
    for call, _, incoming in made:
        call.responses = [session.rpc.send_raw(False, pdu) for pdu in incoming]
    return session


def requests_overtake(session: Session, packets: list[Packet]) -> Sequence[Packet]:
    """The second of two requests arrives first: both are in order with the frame of the first."""
    first, second = session.rpc.calls[-2:]
    packets = swapped(packets, first.requests[0], second.requests[0])
    second.requests = first.requests
    return packets


def segments_overtake(session: Session, packets: list[Packet]) -> Sequence[Packet]:
    """Two segments of a Bind with a ticket arrive the wrong way round: the one that came late completes the Bind."""
    bind, token = session.rpc.binds[0], session.rpc.tokens[0]
    last = bind.packet
    bind.packet = token.packet = packets[packets.index(last) - 1]
    return swapped(packets, bind.packet, last)


def some_again(session: Session, packets: list[Packet]) -> Sequence[Packet]:
    """Requests, a Bind and a response are retransmitted."""
    again = [call.requests[0] for call in session.rpc.calls[-2:]] + [session.rpc.calls[-1].responses[-1]]
    return repeated(packets, [*again, session.rpc.binds[0].packet], later=2)


def lost_handshake(session: Session, packets: list[Packet]) -> Sequence[Packet]:
    """The capture missed the handshake of the object connection."""
    return without(packets, session.rpc.tcp.packets[:3])


def lost_request(session: Session, packets: list[Packet]) -> Sequence[Packet]:
    """The capture missed a request: of its call nothing is known, of all others everything."""
    call = session.rpc.calls.pop(0)
    return without(packets, call.requests)


def lost_response(session: Session, packets: list[Packet]) -> Sequence[Packet]:
    """The capture missed a response."""
    return without(packets, session.rpc.calls[0].responses)


CASES = {
    "windows": Case(windows),
    "impacket": Case(impacket),
    "integrity": Case(integrity),
    "impacket-integrity": Case(impacket_integrity),
    "ipv6": Case(over_ipv6),
    "vlan": Case(windows, {"vlans": (100,)}),
    "qinq": Case(windows, {"vlans": (200, 100)}),
    "ipv6-vlan": Case(over_ipv6, {"vlans": (7,)}),
    "pcap": Case(windows, file="capture.pcap"),
    "pcap-nano": Case(windows, file="capture.pcap", write={"nano": True}),
    "pcap-big-endian": Case(windows, file="capture.pcap", write={"big": True}),
    "pcapng-two-interfaces": Case(windows, write={"interfaces": ("eth0", "eth1"), "comment": "two taps"}),
    "large-segments": Case(windows, {"mss": 60000}),
    "small-segments": Case(windows, {"mss": 536}),
    "tiny-segments": Case(windows, {"mss": 24}),
    "header-segments": Case(impacket, {"mss": 16}),
    "several-pdus": Case(several_pdus),
    "several-pdus-large": Case(several_pdus, {"mss": 9000}),
    "fragmented-request": Case(long_request),
    "pipelined": Case(pipelined),
    "requests-overtake": Case(pipelined, change=requests_overtake, options=OUT_OF_ORDER),
    "segments-overtake": Case(windows, change=segments_overtake, options=OUT_OF_ORDER),
    "retransmitted": Case(windows, change=some_again),
    "two-taps": Case(windows, change=lambda session, packets: two_taps(packets)),
    "lost-request": Case(windows, change=lost_request),
    "lost-response": Case(windows, change=lost_response),
    "no-handshake": Case(windows, change=lost_handshake),
}


@dataclass
class Made:
    """A case, written, and what the plugin says of it with two passes and with one."""

    capture: Capture
    session: Session
    twice: dict[int, dict[str, list[str]]]
    once: dict[int, dict[str, list[str]]]

    @property
    def wmi_frames(self) -> list[int]:
        """The frames that have to be flagged."""
        return expect.flow(self.capture, *self.session.known_as_wmi)


@pytest.fixture(scope="module", params=CASES, ids=list(CASES))
def made(request: pytest.FixtureRequest, plugin: Tools) -> Made:
    """Each case in turn."""
    case = CASES[request.param]
    lab = Lab(seed=7, **case.lab)
    session = case.build(lab)
    packets = lab.packets()
    capture = Capture(case.change(session, packets) if case.change else packets)
    path = plugin.write(capture, case.file, **case.write)
    twice, once = (plugin.fields(path, *expect.FIELDS, two_pass=two, options=case.options) for two in (True, False))
    return Made(capture, session, twice, once)


def test_every_frame_is_flagged(made: Made) -> None:
    assert only(made.twice, DETECTED) == {frame: {DETECTED: ["1"]} for frame in made.wmi_frames}


def test_confidence(made: Made) -> None:
    expected = {frame: {CONFIDENCE: ["dcom"]} for frame in expect.flow(made.capture, *made.session.conversations)}
    expected |= {frame: {CONFIDENCE: ["wmi"]} for frame in made.wmi_frames}
    assert only(made.twice, CONFIDENCE) == expected


def test_first_pass_flags_from_the_first_evidence_on(made: Made) -> None:
    flagged = set(only(made.once, DETECTED))
    weak = {"dcom-interface", "rpcss-spn"}
    sure = {n for n, values in only(made.once, EVIDENCE).items() if set(values[EVIDENCE]) - weak}
    for rpc in made.session.known_as_wmi:
        whole = expect.flow(made.capture, rpc)
        tail = flagged & set(whole)
        assert expect.is_tail(tail, whole)
        assert min(tail) == min(sure & set(whole))
    assert flagged <= set(made.wmi_frames)


def test_pdus(made: Made) -> None:
    expected = expect.pdu_fields(made.capture, *made.session.conversations)
    assert only(made.twice, *expect.PDU_FIELDS) == expected


def test_first_pass_says_the_same_but_for_acceptance(made: Made) -> None:
    expected = expect.pdu_fields(made.capture, *made.session.conversations)
    for values in expected.values():
        values.pop("car.wmi_rpc.if_accepted", None)
    assert only(made.once, *expect.PDU_FIELDS) == expected


def test_authentication(made: Made) -> None:
    for frame, pair in expect.auth_fields(made.capture, *made.session.conversations).items():
        said = made.twice[frame]
        assert (set(said[AUTH[0]]), set(said[AUTH[1]])) == ({pair[0]}, {pair[1]}), frame
        assert only({frame: made.once[frame]}, *AUTH) == only({frame: said}, *AUTH)


def test_activation(made: Made) -> None:
    expected = {}
    if made.session.activated.rpc in made.session.known_as_wmi:
        frame = made.capture.number(made.session.activated.call.requests[0])
        expected = {frame: {CLSID: [guids.CLSID_WbemLevel1Login]}}
        if made.session.activated.server_name is not None:
            expected[frame][SERVER_NAME] = [made.session.activated.server_name]
    assert only(made.twice, CLSID, SERVER_NAME) == expected


def test_links(made: Made) -> None:
    """One activity; each frame of the object connection points to the activation. A sealed activation ties nothing."""
    if len(made.session.known_as_wmi) < 2:
        assert only(made.twice, ACTIVATION) == {}
        return
    frame = str(made.capture.number(made.session.activated.call.requests[0]))
    numbers = {tuple(made.twice[n][ACTIVITY]) for n in expect.flow(made.capture, *made.session.conversations)}
    assert len(numbers) == 1
    expected = {n: {ACTIVATION: [frame]} for n in expect.flow(made.capture, made.session.rpc)}
    assert only(made.twice, ACTIVATION) == expected
