# SPDX-License-Identifier: GPL-2.0-or-later
"""The records of car-wmi list: one a conversation, with the members that record.schema.json demands."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import expect
import names
import test_transport
from gen import dcerpc, guids, objref, orpc, scenario, wmi
from gen.capture import Capture
from gen.rpc import Rpc
from gen.scenario import CLIENT, CLIENT6, OTHER, SERVER, SERVER6, Lab
from gen.security import INTEGRITY, PRIVACY
from support import Tools


class Mixed:
    """Sessions of several kinds, and the records of them all."""

    def __init__(self, cli: Tools) -> None:
        lab = Lab(seed=9)
        self.windows = scenario.wmi_session(lab)
        self.windows.get_object("Win32_Process", size=9000)
        self.windows.create_process("powershell -enc " + "A" * 9000)
        self.windows.rpc.tcp.finish()
        self.impacket = scenario.wmi_session(lab, OTHER, SERVER, kind="impacket")
        self.impacket.create_process("cmd.exe /Q /c whoami", fault=0x1C00001B)
        self.ipv6 = scenario.wmi_session(lab, CLIENT6, SERVER6)
        self.dcom = scenario.dispatch_session(lab, OTHER, SERVER)
        self.failed = scenario.activate(lab, OTHER, SERVER, status=0x80070005)
        scenario.web_page(lab, OTHER, SERVER, "example.com")
        self.capture: Capture = lab.capture()
        self.path: Path = cli.write(self.capture)
        self.records = cli.records("--min-confidence", "rpcss", self.path)

    def of(self, rpc: Rpc) -> dict:
        """The record of a conversation."""
        found = [r for r in self.records if r["client"]["port"] == rpc.tcp.client.port]
        assert len(found) == 1
        return found[0]

    def conversations(self) -> list[Rpc]:
        """All that have a record."""
        sessions = (self.windows, self.impacket, self.ipv6, self.dcom)
        return [rpc for session in sessions for rpc in session.conversations] + [self.failed.rpc]


@pytest.fixture(scope="module")
def mixed(cli: Tools) -> Mixed:
    """The capture and its records."""
    return Mixed(cli)


def test_schema(mixed: Mixed, validator: Callable[[dict], None]) -> None:
    assert mixed.records
    for record in mixed.records:
        validator(record)


def test_one_record_a_conversation_in_order(mixed: Mixed) -> None:
    expected = sorted(mixed.conversations(), key=lambda rpc: expect.flow(mixed.capture, rpc)[0])
    assert [r["client"]["port"] for r in mixed.records] == [rpc.tcp.client.port for rpc in expected]


def test_frames_and_times(mixed: Mixed) -> None:
    for rpc in mixed.conversations():
        record, frames = mixed.of(rpc), expect.flow(mixed.capture, rpc)
        assert record["frames"] == {"first": frames[0], "last": frames[-1], "count": len(frames)}
        assert record["start_time"] == mixed.capture.time(frames[0])
        assert record["end_time"] == mixed.capture.time(frames[-1])
        assert record["capture"] == {"path": str(mixed.path), "complete": True, "note": None}


def test_ends(mixed: Mixed) -> None:
    for rpc in mixed.conversations():
        record = mixed.of(rpc)
        for role, end in (("client", rpc.tcp.client), ("server", rpc.tcp.server)):
            assert (record[role]["ip"], record[role]["port"]) == (end.ip, end.port)
            assert record["bytes"][role] > 0
        assert record["remote"] is True and record["callback"] is False


def test_filter_selects_the_conversation(cli: Tools, mixed: Mixed) -> None:
    for rpc in (mixed.windows.rpc, mixed.ipv6.rpc):
        assert cli.frames(mixed.path, mixed.of(rpc)["filter"]) == expect.flow(mixed.capture, rpc)


def test_judgement(mixed: Mixed) -> None:
    certain = {*mixed.windows.conversations, *mixed.ipv6.conversations, mixed.impacket.rpc, mixed.failed.rpc}
    for rpc in mixed.conversations():
        record = mixed.of(rpc)
        assert record["confidence"] == ("wmi" if rpc in certain else "dcom")
        assert ("T1047" in record["techniques"]) is (rpc in certain)


def test_evidence_is_that_of_the_plugin(cli: Tools, mixed: Mixed) -> None:
    said = cli.fields(mixed.path, expect.EVIDENCE)
    for rpc in mixed.conversations():
        frames = expect.flow(mixed.capture, rpc)
        expected = [(kind, n) for n in frames for kind in said.get(n, {}).get(expect.EVIDENCE, [])]
        assert sorted((e["kind"], e["frame"]) for e in mixed.of(rpc)["evidence"]) == sorted(expected)


def test_activation(mixed: Mixed) -> None:
    for session in (mixed.windows, mixed.ipv6, mixed.dcom):
        activated = session.activated
        expected = {
            "frame": mixed.capture.number(activated.call.requests[0]),
            "client_port": activated.rpc.tcp.client.port,
            "clsid": activated.clsid,
            "server_name": activated.server_name,
            "status": 0,
        }
        assert mixed.of(session.rpc)["activation"] == expected
        assert mixed.of(activated.rpc)["activation"] == expected
        assert mixed.of(activated.rpc)["activity"] == mixed.of(session.rpc)["activity"]
    numbers = {mixed.of(session.rpc)["activity"] for session in (mixed.windows, mixed.impacket, mixed.ipv6, mixed.dcom)}
    assert len(numbers) == 4


def test_related(cli: Tools) -> None:
    """The connection to the port that the answer named, and no other."""
    lab = Lab(seed=29)
    session = scenario.wmi_session(lab, CLIENT, SERVER)
    session.get_object("Win32_Process")
    path = cli.write(lab.capture())
    activation, connection = session.activated.rpc.tcp, session.rpc.tcp
    records = {record["server"]["port"]: record for record in cli.records("--min-confidence", "dcom", path)}
    (related,) = records[connection.server.port]["related"]
    call = records[135]["calls"][0]
    assert related == {
        "analytic": "CAR-2014-05-001",
        "by": "activation",
        "frame": call["frame"],
        "response_frame": call["response_frames"][0],
        "client_port": activation.client.port,
        "interface": None,
        "port": connection.server.port,
    }
    assert records[135]["related"] == []
    markdown = cli.car_wmi("list", "-T", "markdown", path).stdout
    assert f"[CAR-2014-05-001 RPC Activity](https://car.mitre.org/analytics/CAR-2014-05-001/): port {connection.server.port} " in markdown


def test_failed_activation(mixed: Mixed) -> None:
    assert mixed.of(mixed.failed.rpc)["activation"]["status"] == 0x80070005


def test_nothing_is_known_of_a_sealed_activation(mixed: Mixed) -> None:
    assert mixed.of(mixed.impacket.rpc)["activation"] is None


def test_interfaces(mixed: Mixed) -> None:
    for rpc in mixed.conversations():
        expected: dict[str, dict] = {}
        for bind in rpc.binds:
            for context in bind.contexts:
                entry = expected.setdefault(
                    context.uuid,
                    {
                        "name": names.interface(context.uuid),
                        "uuid": context.uuid,
                        "frame": mixed.capture.number(bind.packet),
                        "accepted": False,
                    },
                )
                entry["accepted"] = entry["accepted"] or context.result == dcerpc.ACCEPTED
        assert mixed.of(rpc)["interfaces"] == list(expected.values())


def test_authentication(mixed: Mixed) -> None:
    assert mixed.of(mixed.windows.rpc)["auth"].items() >= {
        "type": "kerberos", "level": "privacy", "spn": f"host/{SERVER.fqdn}", "user": None, "user_frame": None,
    }.items()  # fmt: skip
    assert mixed.of(mixed.windows.activated.rpc)["auth"].items() >= {
        "type": "kerberos", "level": "connect", "spn": f"RPCSS/{SERVER.fqdn}",
    }.items()  # fmt: skip
    auth = mixed.of(mixed.impacket.rpc)["auth"]
    assert auth.items() >= {
        "type": "ntlm", "level": "privacy", "spn": None, "user": "svc", "domain": "EXAMPLE", "workstation": None,
        "user_source": "ntlm-authenticate",
    }.items()  # fmt: skip
    tokens = [mixed.capture.number(token.packet) for token in mixed.impacket.rpc.tokens if token.leg == 2]
    assert auth["user_frame"] in tokens


def test_calls(mixed: Mixed) -> None:
    for rpc in mixed.conversations():
        calls = mixed.of(rpc)["calls"]
        assert len(calls) == len(rpc.calls)
        for said, call in zip(calls, rpc.calls):
            name = names.interface(call.context.uuid)
            method, stage = names.METHODS[name, call.opnum]
            requests = [mixed.capture.number(packet) for packet in call.requests]
            assert (said["frame"], said["frames"]) == (requests[0], requests)
            assert said["response_frame"] == mixed.capture.number(call.responses[0])
            assert (said["interface"], said["opnum"]) == (name, call.opnum)
            assert (said["method"], said["stage"]) == (method, stage)
            assert said["sealed"] is (call.security.level == PRIVACY)
            if call.fault is not None:
                assert said["status"] == call.fault


def test_fragmented_request_is_one_call(mixed: Mixed) -> None:
    call = mixed.of(mixed.windows.rpc)["calls"][-1]
    assert len(call["frames"]) > 1 and call["method"] == "ExecMethod"


def test_the_three_formats_agree(cli: Tools, mixed: Mixed) -> None:
    arguments = ("--min-confidence", "rpcss", mixed.path)
    array = cli.car_wmi("list", "-T", "json", *arguments)
    assert json.loads(array.stdout) == mixed.records
    table = cli.car_wmi("list", "-T", "table", *arguments)
    assert table.returncode == 0
    lines = table.stdout.splitlines()
    assert len(lines) == 1 + len(mixed.records)
    for line, record in zip(lines[1:], mixed.records):
        assert record["server"]["ip"] in line and str(record["server"]["port"]) in line
        assert record["client"]["ip"] in line and record["confidence"] in line
    assert cli.car_wmi("list", "--connections", *arguments).stdout == table.stdout


@pytest.mark.parametrize(("least", "kinds"), [("wmi", {"wmi"}), ("dcom", {"wmi", "dcom"}), (None, {"wmi"})])
def test_min_confidence(cli: Tools, mixed: Mixed, least: str | None, kinds: set[str]) -> None:
    options = ["--min-confidence", least] if least else []
    assert cli.records(*options, mixed.path) == [r for r in mixed.records if r["confidence"] in kinds]


def test_callback(cli: Tools, validator: Callable[[dict], None]) -> None:
    lab = Lab()
    session = scenario.wmi_session(lab)
    back = lab.connect(SERVER, CLIENT, 50123)
    back.bind(back.offer(guids.IWbemObjectSink), scenario.kerberos(lab, CLIENT, INTEGRITY, service="host"))
    sink = lab.ipid(session.client_pid)
    back.call(guids.IWbemObjectSink, wmi.SET_STATUS, wmi.set_status(lab.guid()), orpc.plain_response(), sink)
    *forward, backward = cli.records(cli.write(lab.capture()))
    validator(backward)
    assert [r["callback"] for r in forward] == [False, False] and backward["callback"] is True
    assert (backward["client"]["ip"], backward["server"]["ip"]) == (SERVER.ip, CLIENT.ip)
    assert len({r["activity"] for r in (*forward, backward)}) == 1


def test_one_host_is_not_remote(cli: Tools) -> None:
    lab = Lab()
    scenario.wmi_session(lab, SERVER, SERVER)
    assert [r["remote"] for r in cli.records(cli.write(lab.capture()))] == [False, False]


def test_unknown_interface_is_its_uuid(cli: Tools, validator: Callable[[dict], None]) -> None:
    lab = Lab()
    unknown = "0badc0de-1111-2222-3333-444455556666"
    session = scenario.wmi_session(lab)
    session.rpc.alter(session.rpc.offer(unknown))
    session.rpc.call(unknown, 7, orpc.this(lab.guid()).bytes(), orpc.plain_response(), lab.ipid(2688))
    record = cli.records(cli.write(lab.capture()))[-1]
    validator(record)
    assert record["interfaces"][-1]["name"] == unknown
    call = record["calls"][-1]
    assert (call["interface"], call["opnum"], call["method"], call["stage"]) == (unknown, 7, None, None)


def test_endpoint_seen_before_the_capture(cli: Tools, validator: Callable[[dict], None]) -> None:
    """No Bind of the object connection: its interface is unknown, the call is not."""
    lab = Lab()
    session = scenario.wmi_session(lab)
    made = session.create_process("notepad.exe")
    kept = [p for p in lab.packets() if p not in session.rpc.tcp.packets or p.time_ns >= made.requests[0].time_ns]
    capture = Capture(kept)
    record = cli.records(cli.write(capture))[-1]
    validator(record)
    assert record["evidence"] == [
        {"kind": "oxid-endpoint", "basis": "inferred", "frame": capture.number(made.requests[0])}
    ]
    assert [call["opnum"] for call in record["calls"]] == [24]
    assert record["activation"]["frame"] == capture.number(session.activated.call.requests[0])


def test_packets_out_of_order(cli: Tools) -> None:
    """Segments and requests that overtake each other hide nothing."""
    for build, change in (
        (test_transport.pipelined, test_transport.requests_overtake),
        (test_transport.windows, test_transport.segments_overtake),
    ):
        lab = Lab(seed=7)
        session = build(lab)
        carriers = [call.requests[0] for call in session.rpc.calls]
        capture = Capture(change(session, lab.packets()))
        record = cli.records(cli.write(capture))[-1]
        assert sorted(call["frame"] for call in record["calls"]) == sorted(map(capture.number, carriers))


def test_packets_that_were_lost(cli: Tools) -> None:
    """A packet that the capture missed hides its own call, not those after it."""
    for change in (test_transport.lost_request, test_transport.lost_response):
        lab = Lab(seed=7)
        session = test_transport.windows(lab)
        capture = Capture(change(session, lab.packets()))
        record = cli.records(cli.write(capture))[-1]
        expected = [capture.number(call.requests[0]) for call in session.rpc.calls]
        assert [call["frame"] for call in record["calls"]] == expected


def test_object_reference_of_a_sink_is_no_evidence_against_the_server(cli: Tools) -> None:
    """An asynchronous query hands the client's own sink to the server: the roles stay what they are."""
    lab = Lab()
    session = scenario.wmi_session(lab, sealed=False)
    sink = objref.objref_standard(guids.IWbemObjectSink, lab.oxid(), lab.oxid(), lab.ipid(7240), [CLIENT.ip])
    request = wmi.exec_query_async(session.causality, "SELECT * FROM Win32_Process", sink)
    session.rpc.call(guids.IWbemServices, wmi.EXEC_QUERY_ASYNC, request, orpc.plain_response(), session.services)
    records = cli.records(cli.write(lab.capture()))
    assert [(r["client"]["ip"], r["callback"]) for r in records] == [(CLIENT.ip, False)] * 2


def test_activations_in_one_segment(cli: Tools) -> None:
    """Each leads to its own connection."""
    lab = Lab(seed=44, mss=4000)
    other, login = scenario.activate_together(lab, CLIENT, SERVER, [guids.CLSID_MMC20, guids.CLSID_WbemLevel1Login])
    assert other.call.requests[-1] is login.call.requests[-1]
    session = scenario.wmi_session(lab, activated=login)
    session.create_process("calc.exe")
    records = {r["client"]["port"]: r for r in cli.records(cli.write(lab.capture()))}
    assert records[session.rpc.tcp.client.port]["activation"]["clsid"] == guids.CLSID_WbemLevel1Login
    assert records[login.rpc.tcp.client.port]["activation"]["clsid"] == guids.CLSID_MMC20
    assert records[login.rpc.tcp.client.port]["summary"] == f"activated: MMC20.Application on {SERVER.name}"
