# SPDX-License-Identifier: GPL-2.0-or-later
"""What Wireshark shows of a packet beside the fields: sentences, links to other frames, the Info column, expert
information."""

from __future__ import annotations

import re

import pytest

from gen import scenario, wmio
from gen.capture import Capture
from gen.rpc import Call, Rpc
from gen.scenario import CLIENT, OTHER, SERVER, Lab, Session
from support import Tools

SUMMARY, PROCESS = "car.wmi_rpc.summary", "car.wmi_rpc.process"
BIND, REQUEST, RESPONSE = "car.wmi_rpc.bind_frame", "car.wmi_rpc.request_frame", "car.wmi_rpc.response_frame"
WHO = f"{CLIENT.name} pid 7240 (said by the client)"
NAMESPACE = f"\\\\{SERVER.name}\\root\\cimv2"


class Shown:
    """A capture and what its frames show."""

    def __init__(self, plugin: Tools, lab: Lab) -> None:
        self.capture: Capture = lab.capture()
        self.path = plugin.write(self.capture)
        self.said = plugin.fields(self.path, SUMMARY, PROCESS, BIND, REQUEST, RESPONSE)

    def of(self, packet: object, name: str = SUMMARY) -> list[str]:
        """A field of the frame that is a packet."""
        return self.said.get(self.capture.number(packet), {}).get(name, [])

    def request(self, call: Call) -> list[str]:
        """The sentence where a request is complete."""
        return self.of(call.requests[-1])

    def response(self, call: Call) -> list[str]:
        """The sentence where an answer is complete."""
        return self.of(call.responses[-1])


@pytest.fixture(scope="module")
def readable(plugin: Tools) -> tuple[Session, dict[str, Call], Shown]:
    """A session in clear of a client that says who it is."""
    lab = Lab(seed=41)
    session = scenario.wmi_session(lab, sealed=False)
    calls = {
        "read": session.get_object("Win32_Process", size=400),
        "query": session.exec_query("SELECT * FROM Win32_Service")[0],
        "create": session.create_process("cmd.exe /c whoami", pid=4242),
        "write": session.put_instance(wmio.event_filter("Updater", "SELECT * FROM __InstanceCreationEvent")),
    }
    return session, calls, Shown(plugin, lab)


# -- sentences ---------------------------------------------------------------------------------------------------------


def test_sentences_of_the_login(readable: tuple[Session, dict[str, Call], Shown]) -> None:
    session, _, shown = readable
    bind, ack = session.rpc.binds[0].packet, session.rpc.binds[0].ack
    assert shown.of(bind) == [f"{CLIENT.ip} binds IRemUnknown2 on {SERVER.ip}"]
    assert shown.of(ack) == [f"{SERVER.ip} accepts IRemUnknown2"]
    activation = session.activated.call
    assert shown.request(activation) == [f"{CLIENT.ip} activates WbemLevel1Login on {SERVER.name}"]
    endpoint = f"{SERVER.name}[{session.activated.exporter.port}]"
    answer = f"{SERVER.ip} answers ISystemActivator::RemoteCreateInstance: S_OK, endpoint {endpoint}"
    assert shown.response(activation) == [answer]
    assert shown.request(session.marks["client_info"]) == [f"{CLIENT.name} pid 7240 says who it is"]
    assert shown.request(session.login) == [f"{WHO} logs in to {NAMESPACE}"]
    assert shown.response(session.login) == [f"{SERVER.ip} answers IWbemLevel1Login::NTLMLogin: S_OK"]


def test_sentences_of_calls(readable: tuple[Session, dict[str, Call], Shown]) -> None:
    _, calls, shown = readable
    does = {
        "read": "reads Win32_Process",
        "query": "queries SELECT * FROM Win32_Service",
        "create": "runs cmd.exe /c whoami",
        "write": "writes __EventFilter Updater",
    }
    assert {name: shown.request(call) for name, call in calls.items()} == {
        name: [f"{WHO} {deed} in {NAMESPACE}"] for name, deed in does.items()
    }
    (created,) = shown.response(calls["create"])
    assert created == f"{SERVER.ip} answers IWbemServices::ExecMethod: S_OK, process 4242, ReturnValue 0"


def test_sentences_of_sealed_calls(plugin: Tools) -> None:
    lab = Lab(seed=42)
    session = scenario.wmi_session(lab)
    read = session.get_object("Win32_Process", size=9000)
    shown = Shown(plugin, lab)
    assert shown.request(read) == [f"{WHO} calls IWbemServices::GetObject in {NAMESPACE}, sealed"]
    answers = [shown.of(packet) for packet in read.responses]
    assert len(answers) > 1
    assert answers == [[f"{SERVER.ip} answers IWbemServices::GetObject, sealed"]] + [[]] * (len(answers) - 1)


def test_sentences_of_a_client_that_is_silent(plugin: Tools) -> None:
    """Its user and address stand for it."""
    lab = Lab(seed=43)
    session = scenario.wmi_session(lab, kind="impacket", sealed=False)
    call = session.create_process("calc.exe")
    shown = Shown(plugin, lab)
    (said,) = shown.request(call)
    assert re.fullmatch(rf"EXAMPLE\\\w+ \(said by the client\) at {CLIENT.ip} runs calc.exe in //./root/cimv2", said), said
    assert shown.of(call.requests[-1], PROCESS) == []


def test_sentences_of_refusals(plugin: Tools) -> None:
    lab = Lab(seed=44)
    denied = scenario.activate(lab, CLIENT, SERVER, fault=5)
    failed = scenario.activate(lab, OTHER, SERVER, status=0x80070005)
    missing = scenario.activate(lab, OTHER, SERVER, status=0x80040154)
    shown = Shown(plugin, lab)
    method = "ISystemActivator::RemoteCreateInstance"
    assert shown.response(denied.call) == [f"{SERVER.ip} denies {method}: ERROR_ACCESS_DENIED"]
    assert shown.response(failed.call)[0].startswith(f"{SERVER.ip} denies {method}: E_ACCESSDENIED")
    assert shown.response(missing.call)[0].startswith(f"{SERVER.ip} answers {method}: REGDB_E_CLASSNOTREG")
    assert plugin.frames(shown.path, "car.wmi_rpc.denied", True) == sorted(
        shown.capture.number(a.call.responses[-1]) for a in (denied, failed)
    )


def test_sentences_of_hostile_text(plugin: Tools) -> None:
    """One line, cut short, with nothing that steers a terminal or the direction of text."""
    lab = Lab(seed=45)
    session = scenario.wmi_session(lab, sealed=False)
    call = session.create_process("a\x1b[2J\r\n\u202egpj.exe " + "x" * 5000)
    shown = Shown(plugin, lab)
    (said,) = shown.request(call)
    assert said.startswith(f"{WHO} runs a\ufffd[2J\ufffd\ufffd\ufffdgpj.exe xxx")
    assert said.endswith(f"x… in {NAMESPACE}") and len(said) < 300


def test_sentence_comes_first(plugin: Tools, readable: tuple[Session, dict[str, Call], Shown]) -> None:
    session, _, shown = readable
    number = shown.capture.number(session.login.requests[0])
    text = plugin.tshark("-2", "-r", shown.path, "-Y", f"frame.number == {number}", "-O", "car").stdout
    (head, *lines) = text[text.index("CAR-2014-11-007") :].splitlines()
    assert head == f"CAR-2014-11-007 Remote WMI over RPC: {WHO} logs in to {NAMESPACE}"
    assert lines[0].strip(" []") == f"{WHO} logs in to {NAMESPACE}"


def test_process_on_all_that_follows(readable: tuple[Session, dict[str, Call], Shown]) -> None:
    session, _, shown = readable
    first = shown.capture.number(session.marks["client_info"].requests[0])
    own = set(shown.capture.numbers(session.rpc.tcp.packets))
    with_process = {n for n, values in shown.said.items() if values.get(PROCESS)}
    assert with_process == {n for n in own if n >= first and n in shown.said}
    assert {v for n in with_process for v in shown.said[n][PROCESS]} == {f"{CLIENT.name}:7240"}


# -- links -------------------------------------------------------------------------------------------------------------


def _bind_of(rpc: Rpc, call: Call) -> object:
    """The newest Bind or Alter_context before a call in which its context was accepted."""
    offers = [b for b in rpc.binds if call.context in b.contexts and b.packet.time_ns < call.requests[0].time_ns]
    return offers[-1].packet


def test_links(readable: tuple[Session, dict[str, Call], Shown]) -> None:
    session, _, shown = readable
    number = shown.capture.number
    for call in session.rpc.calls:
        first, last = call.requests[0], call.responses[0]
        assert shown.of(first, RESPONSE) == [str(number(last))]
        assert shown.of(last, REQUEST) == [str(number(first))]
        assert shown.of(first, REQUEST) == shown.of(last, RESPONSE) == []
        assert shown.of(first, BIND) == shown.of(last, BIND) == [str(number(_bind_of(session.rpc, call)))]
    for bind in session.rpc.binds:
        assert shown.of(bind.ack, BIND) == [str(number(bind.packet))]


# -- Info column -------------------------------------------------------------------------------------------------------

INFO = ("-T", "fields", "-e", "_ws.col.Info")


@pytest.fixture(scope="module", params=["sealed", "clear"])
def session(request: pytest.FixtureRequest, plugin: Tools) -> tuple[Session, Shown]:
    """Whole sessions."""
    lab = Lab(seed=46)
    made = scenario.wmi_session(lab, sealed=request.param == "sealed")
    made.get_object("Win32_Process")
    made.create_process("notepad.exe")
    scenario.dispatch_session(lab, OTHER, SERVER)
    scenario.web_page(lab, OTHER, SERVER, "example.com")
    return made, Shown(plugin, lab)


def _infos(plugin: Tools, shown: Shown, *options: str, **environment: str) -> list[str]:
    return plugin.tshark(*options, "-r", shown.path, *INFO, **environment).stdout.splitlines()


@pytest.mark.parametrize("passes", [(), ("-2",)], ids=["first-pass", "two-passes"])
def test_info_names_what_core_does_not(plugin: Tools, session: tuple[Session, Shown], passes: tuple[str, ...]) -> None:
    made, shown = session
    core = _infos(plugin, shown, *passes, WIRESHARK_PLUGIN_DIR=str(plugin.home))
    ours = _infos(plugin, shown, *passes)
    assert len(core) == len(ours) == len(shown.capture.packets)
    for before, after in zip(core, ours):
        assert after.startswith(before)
        assert re.fullmatch(r"( \[\w+(::\w+)?\])*", after[len(before) :]), after
        for name in re.findall(r"\[(?:\w+::)?(\w+)\]", after[len(before) :]):
            assert name not in before
    execute = made.rpc.calls[-1]
    assert "ExecMethod" in ours[shown.capture.number(execute.requests[0]) - 1]
    assert "ExecMethod" in ours[shown.capture.number(execute.responses[0]) - 1]
    known = shown.capture.number(made.activated.call.requests[0]) - 1
    assert ours[known] == core[known] != ""


def test_info_can_be_left_alone(plugin: Tools, session: tuple[Session, Shown]) -> None:
    _, shown = session
    without = plugin.tshark("-r", shown.path, WIRESHARK_PLUGIN_DIR=str(plugin.home)).stdout
    assert plugin.tshark("-o", "car.wmi_rpc.info_column:FALSE", "-r", shown.path).stdout == without
    assert plugin.tshark("-r", shown.path).stdout != without


# -- expert information ------------------------------------------------------------------------------------------------


def test_expert_information(plugin: Tools, readable: tuple[Session, dict[str, Call], Shown]) -> None:
    _, _, shown = readable
    report = plugin.tshark("-q", "-z", "expert", "-r", shown.path).stdout
    found = re.findall(r"^ +(\d+) +Security +CAR +(.+?) *$", report, re.MULTILINE)
    assert {(int(count), text) for count, text in found} == {
        (1, "Remote process creation over WMI"),
        (1, "WMI event subscription written"),
        (1, f"WMI login to {NAMESPACE}"),
    }
