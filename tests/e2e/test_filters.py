# SPDX-License-Identifier: GPL-2.0-or-later
"""The fields as people use them: in display filters, and printed in the three ways of tshark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import expect
from expect import CONFIDENCE, DETECTED
from gen import guids, scenario
from gen.capture import Capture
from gen.scenario import OTHER, SERVER, Lab, Session
from support import Tools, tidy


class Sample:
    """A WMI session and DCOM of another kind."""

    def __init__(self, plugin: Tools) -> None:
        lab = Lab(seed=11)
        self.session: Session = scenario.wmi_session(lab)
        self.session.get_object("Win32_Process")
        self.session.create_process("notepad.exe")
        self.other: Session = scenario.dispatch_session(lab, OTHER, SERVER)
        scenario.web_page(lab, OTHER, SERVER, "example.com")
        self.capture: Capture = lab.capture()
        self.path: Path = plugin.write(self.capture)

    @property
    def conversations(self) -> list:
        """All with evidence."""
        return [*self.session.conversations, *self.other.conversations]


@pytest.fixture(scope="module")
def sample(plugin: Tools) -> Sample:
    """The capture."""
    return Sample(plugin)


def _calls(sample: Sample, wanted: str) -> list[int]:
    calls = sample.session.rpc.calls + sample.session.activated.rpc.calls
    packets = [p for call in calls if f"{call.opnum}" == wanted for p in call.requests + call.responses]
    return sample.capture.numbers(packets)


def test_by_confidence(plugin: Tools, sample: Sample) -> None:
    for confidence, session in (("wmi", sample.session), ("dcom", sample.other)):
        found = plugin.frames(sample.path, f'car.wmi_rpc.confidence == "{confidence}"', True)
        assert found == expect.flow(sample.capture, *session.conversations)


def test_by_protocol(plugin: Tools, sample: Sample) -> None:
    assert plugin.frames(sample.path, "car", True) == expect.flow(sample.capture, *sample.conversations)


def test_by_method_and_stage(plugin: Tools, sample: Sample) -> None:
    execute = _calls(sample, "24")
    assert plugin.frames(sample.path, 'car.wmi_rpc.method == "IWbemServices::ExecMethod"', True) == execute
    assert plugin.frames(sample.path, 'car.wmi_rpc.stage == "execute"', True) == execute
    assert plugin.frames(sample.path, "car.wmi_rpc.opnum == 24", True) == execute
    assert plugin.frames(sample.path, "car.wmi_rpc.opnum == 24", False) == execute


def test_by_interface_and_uuid(plugin: Tools, sample: Sample) -> None:
    by_name = plugin.frames(sample.path, 'car.wmi_rpc.interface == "IWbemServices"', True)
    assert by_name == plugin.frames(sample.path, f"car.wmi_rpc.uuid == {guids.IWbemServices}", True)
    said = expect.pdu_fields(sample.capture, *sample.conversations)
    assert by_name == sorted(n for n, v in said.items() if "IWbemServices" in v.get("car.wmi_rpc.interface", []))


def test_by_acceptance(plugin: Tools, sample: Sample) -> None:
    refused = plugin.frames(sample.path, "car.wmi_rpc.if_accepted == 0", True)
    said = expect.pdu_fields(sample.capture, *sample.conversations)
    assert refused == sorted(n for n, v in said.items() if "0" in v.get("car.wmi_rpc.if_accepted", []))


def test_by_activation(plugin: Tools, sample: Sample) -> None:
    frame = sample.capture.number(sample.session.activated.call.requests[0])
    assert plugin.frames(sample.path, f"car.wmi_rpc.clsid == {guids.CLSID_WbemLevel1Login}", True) == [frame]
    assert frame in plugin.frames(sample.path, f'car.wmi_rpc.server_name == "{SERVER.name}"', True)
    whole = expect.flow(sample.capture, sample.session.rpc)
    assert plugin.frames(sample.path, f"car.wmi_rpc.activation_frame == {frame}", True) == whole


def test_by_authentication(plugin: Tools, sample: Sample) -> None:
    found = plugin.frames(sample.path, 'car.wmi_rpc.auth_level == "privacy" && car.wmi_rpc.sealed == 1', True)
    last = sample.session.rpc.calls[-2:]
    assert found == sample.capture.numbers(p for call in last for p in call.requests + call.responses)
    assert plugin.frames(sample.path, 'car.wmi_rpc.auth_type == "ntlm"', True) == []
    spn = f'car.wmi_rpc.spn == "RPCSS/{SERVER.fqdn}"'
    assert plugin.frames(sample.path, spn, True) == sample.capture.numbers(
        s.activated.rpc.binds[0].packet for s in (sample.session, sample.other)
    )


def test_by_evidence_and_activity(plugin: Tools, sample: Sample) -> None:
    endpoint = plugin.frames(sample.path, 'car.wmi_rpc.evidence == "oxid-endpoint"', True)
    assert endpoint == [sample.capture.number(sample.session.rpc.binds[0].packet)]
    numbers = plugin.fields(sample.path, expect.ACTIVITY)
    activity = numbers[endpoint[0]][expect.ACTIVITY][0]
    whole = expect.flow(sample.capture, *sample.session.conversations)
    assert plugin.frames(sample.path, f"car.wmi_rpc.activity == {activity}", True) == whole


def test_filters_need_no_tree_of_their_own(plugin: Tools, sample: Sample) -> None:
    """A filter on another field, or none, does not change what is found later on."""
    both = plugin.frames(sample.path, "car.wmi_rpc && tcp.flags.syn == 1", True)
    syn = plugin.frames(sample.path, "tcp.flags.syn == 1", True)
    assert both == [n for n in expect.flow(sample.capture, *sample.session.conversations) if n in syn]


# -- -T fields, -T json, -V --------------------------------------------------------------------------------------------


def _walk(node: object, found: dict[str, list[str]]) -> None:
    """Collects the car fields of a -T json tree in order."""
    pairs = node if isinstance(node, list) else []
    for name, value in pairs:
        if isinstance(value, list) and value and isinstance(value[0], tuple):
            _walk(value, found)
        elif name.startswith("car.wmi_rpc"):
            found.setdefault(name, []).extend(map(tidy, value if isinstance(value, list) else [value]))


@pytest.mark.parametrize("two_pass", [False, True], ids=["first-pass", "two-passes"])
def test_json_says_what_fields_say(plugin: Tools, sample: Sample, two_pass: bool) -> None:
    fields = plugin.fields(sample.path, *expect.FIELDS, two_pass=two_pass)
    passes = ["-2"] if two_pass else []
    text = plugin.tshark(*passes, "-r", sample.path, "-T", "json").stdout
    said = {}
    for number, packet in enumerate(json.loads(text, object_pairs_hook=list), 1):
        layers = dict(dict(packet)["_source"])["layers"]
        found: dict[str, list[str]] = {}
        for name, value in layers:
            if name == "car":
                _walk(value, found)
        if found:
            said[number] = found
    assert {n: {k: v for k, v in values.items() if k in expect.FIELDS} for n, values in said.items()} == fields


@pytest.mark.parametrize("two_pass", [False, True], ids=["first-pass", "two-passes"])
def test_text_has_one_subtree_a_frame(plugin: Tools, sample: Sample, two_pass: bool) -> None:
    said = plugin.fields(sample.path, DETECTED, CONFIDENCE, two_pass=two_pass)
    passes = ["-2"] if two_pass else []
    text = plugin.tshark(*passes, "-r", sample.path, "-V").stdout
    frames = text.split("\nFrame ")
    assert len(frames) == len(sample.capture.packets)
    for number, frame in enumerate(frames, 1):
        lines = [line for line in frame.splitlines() if line.startswith("CAR-2014-11-007 Remote WMI over RPC")]
        assert len(lines) == (1 if number in said else 0), number
    execute = frames[sample.capture.number(sample.session.rpc.calls[-1].requests[0]) - 1]
    assert "IWbemServices::ExecMethod" in execute


def test_switched_off(plugin: Tools, sample: Sample) -> None:
    assert plugin.fields(sample.path, DETECTED, CONFIDENCE, options=["--disable-protocol", "car"]) == {}


def test_fields_are_registered(plugin: Tools) -> None:
    listed = plugin.run("tshark", "-G", "fields").stdout
    known = {cells[2]: cells[3] for line in listed.splitlines() if (cells := line.split("\t"))[0] == "F"}
    types = {name: known.get(name) for name in expect.FIELDS}
    assert types == {
        "car.wmi_rpc": "FT_BOOLEAN",
        "car.wmi_rpc.confidence": "FT_STRING",
        "car.wmi_rpc.evidence": "FT_STRING",
        "car.wmi_rpc.activity": "FT_UINT32",
        "car.wmi_rpc.activation_frame": "FT_FRAMENUM",
        "car.wmi_rpc.clsid": "FT_GUID",
        "car.wmi_rpc.server_name": "FT_STRING",
        "car.wmi_rpc.auth_type": "FT_STRING",
        "car.wmi_rpc.auth_level": "FT_STRING",
        "car.wmi_rpc.interface": "FT_STRING",
        "car.wmi_rpc.uuid": "FT_GUID",
        "car.wmi_rpc.if_accepted": "FT_BOOLEAN",
        "car.wmi_rpc.opnum": "FT_UINT16",
        "car.wmi_rpc.method": "FT_STRING",
        "car.wmi_rpc.stage": "FT_STRING",
        "car.wmi_rpc.sealed": "FT_BOOLEAN",
        "car.wmi_rpc.spn": "FT_STRING",
    }
