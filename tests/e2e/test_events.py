# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark -q -z car,events: one JSON object a line, as car-wmi-events(5) describes them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import expect
import names
from gen import dcerpc, guids, scenario
from gen.capture import Capture
from gen.rpc import Rpc
from gen.scenario import CLIENT, OTHER, SERVER, Lab, Session
from gen.security import PRIVACY
from support import Tools

RESULTS = {dcerpc.ACCEPTED: "accepted", dcerpc.NEGOTIATED: "negotiated"}


class Mixed:
    """A Windows session with a long request, an impacket one, DCOM of another kind, a failed activation, a fault."""

    def __init__(self, plugin: Tools) -> None:
        lab = Lab(seed=3)
        self.windows = scenario.wmi_session(lab)
        self.windows.get_object("Win32_Process", size=9000)
        self.windows.create_process("powershell -enc " + "A" * 9000)
        self.impacket = scenario.wmi_session(lab, OTHER, SERVER, kind="impacket")
        self.impacket.create_process("cmd.exe /Q /c whoami", fault=0x1C00001B)
        self.other = scenario.dispatch_session(lab, OTHER, SERVER)
        self.failed = scenario.activate(lab, OTHER, SERVER, status=0x80070005)
        self.capture: Capture = lab.capture()
        self.path: Path = plugin.write(self.capture)
        self.lines = plugin.events(self.path)

    def sessions(self) -> list[Session]:
        """The sessions with an object connection."""
        return [self.windows, self.impacket, self.other]

    def conversations(self) -> list[Rpc]:
        """All conversations that give evidence."""
        return [rpc for session in self.sessions() for rpc in session.conversations] + [self.failed.rpc]

    def of(self, rpc: Rpc, event: str | None = None) -> list[dict]:
        """The lines of one conversation."""
        port = rpc.tcp.client.port
        numbers = {line["conn"] for line in self.lines if line["event"] == "conn" and line["client"]["port"] == port}
        assert len(numbers) == 1
        return [line for line in self.lines if line.get("conn") in numbers and event in (None, line["event"])]


@pytest.fixture(scope="module")
def mixed(plugin: Tools) -> Mixed:
    """The capture and its events."""
    return Mixed(plugin)


def test_frame_of_the_stream(mixed: Mixed) -> None:
    first, last = mixed.lines[0], mixed.lines[-1]
    assert first["event"] == "begin" and first["format"] == 2
    assert isinstance(first["plugin"], str) and isinstance(first["wireshark"], str)
    assert last == {"event": "done"}
    assert Counter(line["event"] for line in mixed.lines)["done"] == 1


def test_schema(mixed: Mixed, plugin: Tools, event_validator: Callable[[dict], None]) -> None:
    lab = Lab(seed=31)
    scenario.wmi_session(lab, sealed=False).create_process("calc.exe")
    lines = mixed.lines + plugin.events(plugin.write(scenario.sample())) + plugin.events(plugin.write(lab.capture()))
    for line in lines:
        event_validator(line)
    kinds = {columns[0] for columns in member_table(plugin)}
    assert kinds - {line["event"] for line in lines} == {"undecodable"}


def member_table(plugin: Tools) -> list[list[str]]:
    """Kind, member, type and words of each member, from the program; of an event without members the kind."""
    return [line.split("\t") for line in plugin.run(plugin.event_table).stdout.splitlines()]


def test_schema_is_the_member_table(plugin: Tools) -> None:
    schema = json.loads((Path(__file__).parents[2] / "plugin" / "event" / "event.schema.json").read_text())
    types = {"string": "text", "integer": "number", "boolean": "answer"}

    def members(node: dict, path: str) -> Iterator[tuple[str, str, str]]:
        node = schema["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node
        if "enum" in node:
            yield path, "word", " ".join(node["enum"])
        elif "const" in node:
            yield path, "number", ""
        elif node["type"] == "object":
            for name, inner in node.get("properties", {}).items():
                yield from members(inner, f"{path}.{name}" if path else name)
        elif node["type"] == "array":
            yield from members(node["items"], f"{path}[]")
        else:
            yield path, types[node["type"]], ""

    table = member_table(plugin)
    kinds = schema["properties"]["event"]["enum"]
    assert kinds == [columns[0] for columns in table if len(columns) == 1]
    for kind in kinds:
        assert {"if": {"properties": {"event": {"const": kind}}}, "then": {"$ref": f"#/$defs/{kind}"}} in schema["allOf"]
        expected = {tuple(columns[1:]) for columns in table if columns[0] == kind and len(columns) > 1}
        assert set(members(schema["$defs"][kind], "")) == expected


def test_each_conversation_begins_and_ends_once(mixed: Mixed) -> None:
    counts: dict[int, Counter] = defaultdict(Counter)
    for line in mixed.lines[1:-1]:
        counts[line["conn"]][line["event"]] += 1
    assert sorted(counts) == list(range(1, len(mixed.conversations()) + 1))
    assert all(count["conn"] == 1 and count["end"] == 1 for count in counts.values())


def test_lines_of_a_conversation_are_in_order(mixed: Mixed) -> None:
    for rpc in mixed.conversations():
        lines = mixed.of(rpc)
        assert lines[0]["event"] == "conn" and lines[-1]["event"] == "end"
        frames = [line["frame"] for line in lines[1:-1]]
        assert frames == sorted(frames)


def test_conn_and_end(mixed: Mixed) -> None:
    for rpc in mixed.conversations():
        frames = expect.flow(mixed.capture, rpc)
        conn, end = mixed.of(rpc, "conn")[0], mixed.of(rpc, "end")[0]
        assert conn["client"] == {"ip": rpc.tcp.client.ip, "port": rpc.tcp.client.port}
        assert conn["server"] == {"ip": rpc.tcp.server.ip, "port": rpc.tcp.server.port}
        for line in (conn, end):
            assert line["first_frame"] == frames[0]
            assert line["start_time"] == mixed.capture.time(frames[0])
        assert (end["last_frame"], end["frames"]) == (frames[-1], len(frames))
        assert end["end_time"] == mixed.capture.time(frames[-1])
        assert end["callback"] is False
        assert end["bytes_client"] > 0 and end["bytes_server"] > 0


def test_judgement(mixed: Mixed) -> None:
    wmi = {*mixed.windows.conversations, *mixed.impacket.known_as_wmi, mixed.failed.rpc}
    for rpc in mixed.conversations():
        assert mixed.of(rpc, "end")[0]["confidence"] == ("wmi" if rpc in wmi else "dcom")


def test_evidence_is_that_of_the_field(plugin: Tools, mixed: Mixed) -> None:
    said = plugin.fields(mixed.path, expect.EVIDENCE)
    fields = Counter((frame, kind) for frame, values in said.items() for kind in values[expect.EVIDENCE])
    lines = [line for line in mixed.lines if line["event"] == "evidence"]
    assert Counter((line["frame"], line["kind"]) for line in lines) == fields
    assert {line["confidence"] for line in lines} <= {"wmi", "dcom", "rpcss"}


def test_activations(mixed: Mixed) -> None:
    for session in (mixed.windows, mixed.other):
        activated = session.activated
        request = mixed.capture.number(activated.call.requests[0])
        asked, given = mixed.of(activated.rpc, "activation"), mixed.of(activated.rpc, "activated")
        assert [(a["frame"], a["clsid"], a["server_name"], a["iids"]) for a in asked] == [
            (request, activated.clsid, activated.server_name, activated.iids)
        ]
        assert [(a["frame"], a["request_frame"], a["bindings"], a["status"]) for a in given] == [
            (mixed.capture.number(activated.call.responses[0]), request, activated.exporter.bindings, 0)
        ]
        assert int(given[0]["oxid"], 16) == activated.exporter.oxid
        end = mixed.of(session.rpc, "end")[0]
        own = mixed.of(activated.rpc, "end")[0]
        assert (end["activation_frame"], end["activation_conn"]) == (request, own["conn"])
        assert end["activity"] == own["activity"]


def test_failed_activation(mixed: Mixed) -> None:
    given = mixed.of(mixed.failed.rpc, "activated")[0]
    assert given["status"] == 0x80070005 and "bindings" not in given


def test_binds(mixed: Mixed) -> None:
    for rpc in mixed.conversations():
        told = [
            (line["frame"], line["alter"], [(c["id"], c["uuid"], c["transfer"]) for c in line["contexts"]])
            for line in mixed.of(rpc, "bind")
        ]
        assert told == [
            (mixed.capture.number(b.packet), b.alter, [(c.id, c.uuid, c.transfer) for c in b.contexts])
            for b in rpc.binds
        ]
        acks = [
            (line["frame"], line["bind_frame"], [(r["id"], r["result"]) for r in line["results"]])
            for line in mixed.of(rpc, "bind-ack")
        ]
        assert acks == [
            (
                mixed.capture.number(b.ack),
                mixed.capture.number(b.packet),
                [(c.id, RESULTS.get(c.result, "rejected")) for c in b.contexts],
            )
            for b in rpc.binds
        ]


def test_interfaces_have_names(mixed: Mixed) -> None:
    offered = [c for line in mixed.lines if line["event"] == "bind" for c in line["contexts"]]
    assert offered and all(c["interface"] == names.interface(c["uuid"]) for c in offered)
    assert all(c["version"] == "0.0" for c in offered)


def test_calls(mixed: Mixed) -> None:
    for rpc in mixed.conversations():
        told = mixed.of(rpc, "call")
        assert len(told) == len(rpc.calls)
        for line, call in zip(told, rpc.calls):
            name = names.interface(call.context.uuid)
            method, stage = names.METHODS[name, call.opnum]
            assert line["frame"] == mixed.capture.number(call.requests[0])
            assert (line["interface"], line["uuid"]) == (name, call.context.uuid)
            assert (line["opnum"], line["method"], line["stage"]) == (call.opnum, method, stage)
            assert line["interface_source"] == "bind"
            assert line.get("object") == call.object
            assert line["sealed"] is (call.security.level == PRIVACY)
            assert line["auth"] == {
                "type": expect.auth_type(call.security),
                "level": expect.LEVELS[call.security.level],
            }


def test_responses_and_fragments(mixed: Mixed) -> None:
    for rpc in mixed.conversations():
        numbers = [line["call"] for line in mixed.of(rpc, "call")]
        for number, call in zip(numbers, rpc.calls):
            lines = [line for line in mixed.of(rpc) if line.get("call") == number]
            further = [(line["frame"], line["of"]) for line in lines if line["event"] == "fragment"]
            assert further == [(mixed.capture.number(p), "request") for p in call.requests[1:]] + [
                (mixed.capture.number(p), "response") for p in call.responses[1:]
            ]
            (response,) = [line for line in lines if line["event"] == "response"]
            assert response["frame"] == mixed.capture.number(call.responses[0])
            assert response["fault"] is (call.fault is not None)
            if call.fault is not None:
                (outcome,) = [line for line in lines if line["event"] == "outcome"]
                assert (outcome["frame"], outcome["status"]) == (response["frame"], call.fault)


def test_tokens(mixed: Mixed) -> None:
    wanted = ("spn", "realm", "user", "domain", "workstation")
    for rpc in mixed.conversations():
        expected = []
        for token in rpc.tokens:
            said = token.security.told(token.leg)
            if said:
                expected.append((mixed.capture.number(token.packet), said))
        told = [
            (line["frame"], {name: line[name] for name in wanted if name in line}) for line in mixed.of(rpc, "auth")
        ]
        assert told == expected
        assert all(line["user_source"] == "ntlm-authenticate" for line in mixed.of(rpc, "auth") if "user" in line)


def test_two_passes_say_the_same(plugin: Tools, mixed: Mixed) -> None:
    def but_states(lines: list[dict]) -> list[str]:
        return [json.dumps(line) for line in lines if line["event"] != "state"]

    assert but_states(plugin.events(mixed.path, ["-2"])) == but_states(mixed.lines)


def test_state_tells_what_is_known_so_far(plugin: Tools) -> None:
    lab = Lab()
    session = scenario.wmi_session(lab)
    for rpc in session.conversations:
        rpc.tcp.finish()
    capture = lab.capture()
    lines = plugin.events(plugin.write(capture))
    ends = {line["conn"]: line for line in lines if line["event"] == "end"}
    for rpc in session.conversations:
        frames = expect.flow(capture, rpc)
        (conn,) = [e["conn"] for e in ends.values() if e["first_frame"] == frames[0]]
        states = [line for line in lines if line["event"] == "state" and line["conn"] == conn]
        evidence = [line for line in lines if line["event"] == "evidence" and line["conn"] == conn]
        assert states[0]["frame"] == evidence[0]["frame"]
        for state in states:
            assert state["last_frame"] == state["frame"]
            assert state["frames"] == sum(frame <= state["frame"] for frame in frames)
        # Both ends sent FIN, and the last one was acknowledged.
        assert [state["closed"] for state in states] == [False] * (len(states) - 1) + [True]
        assert states[-1]["frame"] == frames[-1]
        told = states[-1] | {"event": "end"}
        del told["frame"]
        assert told == ends[conn]


def test_capture_without_evidence(plugin: Tools) -> None:
    lab = Lab()
    scenario.plain_rpc(lab, CLIENT, SERVER, 49670, guids.SAMR)
    lines = plugin.events(plugin.write(lab.capture()))
    assert [line["event"] for line in lines] == ["begin", "done"]


def test_sure_even_when_only_the_estimate_is_asked_for(plugin: Tools, mixed: Mixed) -> None:
    """The preference is about one display-filter field, not about the events."""
    assert plugin.events(mixed.path, ["-o", "car.wmi_rpc.min_confidence:rpcss"]) == mixed.lines


@pytest.mark.parametrize(("nano", "digits"), [(False, 6), (True, 9)])
def test_times_have_the_precision_of_the_capture(plugin: Tools, mixed: Mixed, nano: bool, digits: int) -> None:
    path = plugin.write(mixed.capture, "capture.pcap", nano=nano)
    (conn, *_) = [line for line in plugin.events(path) if line["event"] == "conn"]
    assert conn["start_time"] == mixed.capture.time(conn["first_frame"], digits)
