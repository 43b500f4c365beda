# SPDX-License-Identifier: GPL-2.0-or-later
"""What calls say: who, from which process, in which namespace, asking for what, with which outcome."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from expect import Said, only
from gen import guids, orpc, scenario, wmi, wmio
from gen.capture import Capture
from gen.ip import Packet
from gen.rpc import Call
from gen.scenario import CLIENT, OTHER, SERVER, Host, Lab, Session
from gen.security import INTEGRITY
from support import Tools

KDC = Host("DC01", "192.0.2.2", "02:00:00:00:00:02")
STARTED = "2020-08-06T03:46:50.753652600Z"
NAMES = (
    "user", "domain", "workstation", "user_source", "client_host", "client_fqdn", "client_pid", "client_process_start",
    "server_pid", "namespace", "locale", "query", "query_language", "object_path", "class", "wmi_method",
    "property.name", "property.value", "command_line", "command_length", "client_hint", "status", "undecodable",
    "technique", "technique_reason", "outcome", "client_silent", "execute", "execute_sealed", "subscription", "login",
)  # fmt: skip
FIELDS = tuple(f"car.wmi_rpc.{name}" for name in NAMES)


class Told:
    """A capture, what the fields say of it with two passes, and its records."""

    def __init__(self, cli: Tools, lab: Lab) -> None:
        self.capture: Capture = lab.capture()
        self.path = cli.write(self.capture)
        self.said: Said = cli.fields(self.path, *FIELDS)
        self.records = cli.records("--min-confidence", "dcom", self.path, status=(0, 1))

    def field(self, packet: Packet, name: str) -> list[str]:
        """A field of the frame that is a packet."""
        return self.said.get(self.capture.number(packet), {}).get(f"car.wmi_rpc.{name}", [])

    def fields(self, packet: Packet, *names: str) -> dict[str, list[str]]:
        """Those of the fields that the frame has."""
        return {name: values for name in names if (values := self.field(packet, name))}

    def frames(self, name: str) -> list[int]:
        """The frames that have a field."""
        return sorted(only(self.said, f"car.wmi_rpc.{name}"))

    def record(self, session: Session) -> dict:
        """The record of the object connection."""
        port = session.rpc.tcp.client.port
        (found,) = [r for r in self.records if r["client"]["port"] == port]
        return found

    def call(self, session: Session, call: Call) -> dict:
        """A call in it."""
        frame = self.capture.number(call.requests[0])
        (found,) = [c for c in self.record(session)["calls"] if c["frame"] == frame]
        return found


# -- the client's process ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def windows(cli: Tools) -> tuple[Session, Told]:
    """A sealed session of a Windows client."""
    lab = Lab(seed=21)
    session = scenario.wmi_session(lab, client_pid=7240, pid=2688)
    session.get_object("Win32_Process")
    session.create_process("notepad.exe")
    return session, Told(cli, lab)


def test_client_process(windows: tuple[Session, Told]) -> None:
    session, told = windows
    info, info_ex = (session.marks[name].requests[0] for name in ("client_info", "client_info_ex"))
    names = ("client_host", "client_fqdn", "client_pid", "client_process_start")
    assert told.fields(info, *names) == {"client_host": [CLIENT.name], "client_pid": ["7240"]}
    start = told.fields(info_ex, *names).pop("client_process_start")
    assert len(start) == 1 and "2020" in start[0] and "03:46:50.753652" in start[0]
    assert told.fields(info_ex, *names[:3]) == {
        "client_host": [CLIENT.name], "client_fqdn": [CLIENT.fqdn], "client_pid": ["7240"],
    }  # fmt: skip


def test_client_process_in_the_record(windows: tuple[Session, Told]) -> None:
    session, told = windows
    record = told.record(session)
    assert record["client"]["host"] == CLIENT.name and record["client"]["fqdn"] == CLIENT.fqdn
    frames = [told.capture.number(session.marks[n].requests[0]) for n in ("client_info", "client_info_ex")]
    client = [p for p in record["processes"] if p["role"] == "client"]
    assert {p["pid"] for p in client} == {7240}
    assert STARTED.startswith(next(p["start_time"] for p in client if p["start_time"])[:-1])
    sources = {(s["kind"], s["frame"]) for p in client for s in p["sources"]}
    assert sources == {("wire:SetClientInfo", frames[0]), ("wire:SetClientInfoEx", frames[1])}


def test_server_process(windows: tuple[Session, Told]) -> None:
    """From the IPID, on every request that has one."""
    session, told = windows
    for call in session.rpc.calls:
        assert told.field(call.requests[0], "server_pid") == ["2688"]
    assert told.field(session.activated.call.requests[0], "server_pid") == []
    (server,) = [p for p in told.record(session)["processes"] if p["role"] == "server"]
    assert server["pid"] == 2688 and server["sources"][0]["kind"] == "wire:ipid"


# -- the user ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrapped", [False, True], ids=["bare", "spnego"])
def test_user_of_ntlm(cli: Tools, wrapped: bool) -> None:
    lab = Lab(seed=23)
    rpc = lab.connect(OTHER, SERVER, 49670)
    auth = scenario.ntlm(lab, OTHER, SERVER, INTEGRITY, user="m.müller", domain="EXAMPLE", wrapped=wrapped)
    rpc.bind(rpc.offer(guids.IWbemLevel1Login), auth)
    call = wmi.establish_position(lab.guid()), wmi.establish_position_response()
    made = rpc.call(guids.IWbemLevel1Login, 3, *call, lab.ipid(2688))
    told = Told(cli, lab)
    expected = {
        "user": ["m.müller"], "domain": ["EXAMPLE"], "workstation": [OTHER.name], "user_source": ["ntlm-authenticate"],
    }  # fmt: skip
    token = rpc.tokens[2].packet
    for packet in (token, made.requests[0]):
        assert told.fields(packet, *expected) == expected
    (record,) = told.records
    assert record["auth"].items() >= {
        "user": "m.müller", "domain": "EXAMPLE", "workstation": OTHER.name, "user_source": "ntlm-authenticate",
        "user_frame": told.capture.number(token),
    }.items()  # fmt: skip


def test_anonymous_logon_has_no_user(cli: Tools) -> None:
    lab = Lab(seed=24)
    rpc = lab.connect(OTHER, SERVER, 49670)
    auth = scenario.ntlm(lab, OTHER, SERVER, INTEGRITY, user="", domain="", workstation="")
    rpc.bind(rpc.offer(guids.IWbemLevel1Login), auth)
    told = Told(cli, lab)
    assert told.frames("user") == [] and told.records[0]["auth"]["user"] is None


@pytest.mark.parametrize("service", ["host", "RPCSS"])
def test_user_of_kerberos(cli: Tools, service: str) -> None:
    """The KDC's answer, seen before, says whose ticket it is."""
    lab = Lab(seed=25)
    given = scenario.fetch_ticket(lab, CLIENT, SERVER, KDC, "j.doe", service)
    session = scenario.wmi_session(lab)
    made = session.create_process("notepad.exe")
    told = Told(cli, lab)
    rpc = session.rpc if service == "host" else session.activated.rpc
    call = made if service == "host" else session.activated.call
    expected = {"user": ["j.doe"], "domain": [SERVER.realm], "user_source": ["kerberos-tgs-rep"]}
    for packet in (rpc.binds[0].packet, call.requests[0]):
        assert told.fields(packet, *expected) == expected
    (record,) = [r for r in told.records if r["client"]["port"] == rpc.tcp.client.port]
    assert record["auth"]["user"] == "j.doe" and record["auth"]["user_source"] == "kerberos-tgs-rep"
    assert record["auth"]["user_frame"] == told.capture.number(given)


def test_ticket_of_another_client(cli: Tools) -> None:
    """A ticket that somebody else got, for the same service, does not name this client's user."""
    lab = Lab(seed=26)
    other = Lab(seed=27)
    scenario.fetch_ticket(other, OTHER, SERVER, KDC, "somebody.else")
    lab.flows += other.flows
    scenario.wmi_session(lab)
    told = Told(cli, lab)
    assert told.frames("user") == []


# -- the namespace -----------------------------------------------------------------------------------------------------


def test_namespace(windows: tuple[Session, Told]) -> None:
    """Told at login, and true of the calls on the IWbemServices that it returned, sealed ones too."""
    session, told = windows
    namespace = f"\\\\{SERVER.name}\\root\\cimv2"
    login = session.login.requests[0]
    assert told.fields(login, "namespace", "locale") == {"namespace": [namespace], "locale": ["en-US,en"]}
    on_services = [c for c in session.rpc.calls if c.object == session.services]
    for call in session.rpc.calls:
        expected = [namespace] if call in on_services or call is session.login else []
        assert told.field(call.requests[0], "namespace") == expected
    record = told.record(session)
    assert record["logins"] == [
        {"frame": told.capture.number(login), "namespace": namespace, "locale": "en-US,en", "status": 0}
    ]
    assert [told.call(session, call)["namespace"] for call in on_services] == [namespace] * 2


def _three_queries(lab: Lab, sealed: bool) -> list[Call]:
    """Queries in one namespace, in a second one, and in the first again."""
    session = scenario.wmi_session(lab, kind="impacket", sealed=sealed)
    calls = [session.exec_query("SELECT * FROM Win32_Process")[0]]
    first = session.services
    session.namespace = "//./root/subscription"
    scenario.login(session, session.activated.ipids[0])
    calls.append(session.exec_query("SELECT * FROM __EventFilter")[0])
    session.services = first
    return [*calls, session.exec_query("SELECT * FROM Win32_Service")[0]]


@pytest.mark.parametrize("sealed", [False, True], ids=["readable", "sealed"])
def test_two_namespaces_on_one_connection(cli: Tools, sealed: bool) -> None:
    """Each call has the namespace of its object. Logins that are sealed say nothing."""
    lab = Lab(seed=28)
    calls = _three_queries(lab, sealed)
    told = Told(cli, lab)
    one, two = "//./root/cimv2", "//./root/subscription"
    expected = [[], [], []] if sealed else [[one], [two], [one]]
    assert [told.field(call.requests[0], "namespace") for call in calls] == expected


# -- readable calls ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["windows", "impacket"])
@pytest.mark.parametrize(
    "query", ["SELECT * FROM Win32_Process", "SELECT Name FROM Win32_Service WHERE Name='Größe 漢字 😀'", 'a"b\\c\td']
)
def test_query(cli: Tools, kind: str, query: str) -> None:
    lab = Lab(seed=31)
    session = scenario.wmi_session(lab, kind=kind, sealed=False)
    call, _ = session.exec_query(query)
    told = Told(cli, lab)
    said = told.call(session, call)
    assert said["query"] == query and said["sealed"] is False and said["status"] == 0
    if "\t" not in query:  # tshark writes it as \t
        found = told.fields(call.requests[0], "query", "query_language")
        assert found == {"query": [query], "query_language": ["WQL"]}


def test_get_object(cli: Tools) -> None:
    lab = Lab(seed=32)
    session = scenario.wmi_session(lab, sealed=False)
    paths, classes = ("Win32_Process", 'Win32_Service.Name="Spooler"'), ("Win32_Process", "Win32_Service")
    calls = [session.get_object(path) for path in paths]
    told = Told(cli, lab)
    for call, path, name in zip(calls, paths, classes):
        assert told.fields(call.requests[0], "object_path", "class") == {"object_path": [path], "class": [name]}
        assert told.field(call.responses[0], "undecodable") == []
        assert [int(s, 0) for s in told.field(call.responses[-1], "status")] == [0]


@pytest.mark.parametrize("kind", ["windows", "impacket"])
@pytest.mark.parametrize(
    "command",
    ["notepad.exe", 'cmd.exe /Q /c "echo ä 漢 😀" 1> \\\\127.0.0.1\\ADMIN$\\__1596700800.1 2>&1', "x" * 9000],
    ids=["plain", "strange", "fragmented"],
)
def test_process_creation(cli: Tools, kind: str, command: str) -> None:
    lab = Lab(seed=33)
    session = scenario.wmi_session(lab, kind=kind, sealed=False)
    call = session.create_process(command, pid=4242)
    told = Told(cli, lab)
    last = call.requests[-1]  # the fragment that completes it
    assert told.fields(last, "object_path", "class", "wmi_method", "command_line") == {
        "object_path": ["Win32_Process"], "class": ["Win32_Process"], "wmi_method": ["Create"],
        "command_line": [command],
    }  # fmt: skip
    properties = {p["name"]: p["value"] for p in told.call(session, call)["properties"]}
    assert properties["CommandLine"] == command and properties["CurrentDirectory"] == "C:\\"
    assert told.field(last, "property.name") == list(properties)
    assert told.field(last, "technique") == ["T1047"]
    assert told.frames("execute") == [told.capture.number(last)] and told.frames("execute_sealed") == []
    said = told.call(session, call)
    assert (said["object_path"], said["wmi_method"], said["command_line"]) == ("Win32_Process", "Create", command)
    assert said["status"] == 0 and len(said["frames"]) == len(call.requests)
    assert "T1047" in told.record(session)["techniques"]


def test_outcomes(cli: Tools) -> None:
    """On the call, where it is known by then, and on what ends its answer; and what failed shows no technique in the record."""
    lab = Lab(seed=36)
    session = scenario.wmi_session(lab, sealed=False)
    done, _ = session.exec_query("SELECT * FROM Win32_Process")
    refused = session.put_instance(wmio.event_filter("Updater", "SELECT * FROM __TimerEvent"), status=0x80041003)
    returned = session.exec_method(
        "Win32_Process", "Create", wmio.process_create("x", "C:\\"), wmio.process_create_result(0, 9)
    )
    sealed = scenario.wmi_session(lab, OTHER, SERVER, kind="impacket")
    unread = sealed.create_process("notepad.exe")
    silent = session.create_process("calc.exe", answered=False)
    told = Told(cli, lab)
    expected = [
        (session, done, "succeeded", ["T1057"]), (session, refused, "failed", ["T1546.003"]),
        (session, returned, "failed", ["T1047"]), (sealed, unread, "not-readable", ["T1047"]),
        (session, silent, "no-answer", ["T1047"]),
    ]  # fmt: skip
    for whose, call, outcome, techniques in expected:
        said = told.call(whose, call)
        assert (said["outcome"], [t["id"] for t in said["techniques"]]) == (outcome, techniques)
        assert [t["reason"] for t in said["techniques"]] == told.field(call.requests[-1], "technique_reason")
        shown = [] if outcome == "no-answer" else [outcome]
        assert told.field(call.requests[-1], "outcome") == shown
        assert [told.field(packet, "outcome") for packet in call.responses[-1:]] == [shown][: len(call.responses)]
    assert told.record(session)["techniques"] == ["T1047", "T1057"]
    assert told.frames("subscription") == []
    first_pass = cli.fields(told.path, "car.wmi_rpc.outcome", two_pass=False)
    assert told.capture.number(done.requests[-1]) not in only(first_pass, "car.wmi_rpc.outcome")
    assert told.capture.number(done.responses[-1]) in only(first_pass, "car.wmi_rpc.outcome")


@pytest.mark.parametrize("sealed", [False, True], ids=["readable", "sealed"])
def test_sealed_says_nothing_of_its_contents(cli: Tools, sealed: bool) -> None:
    lab = Lab(seed=34)
    session = scenario.wmi_session(lab, sealed=sealed)
    call = session.create_process("notepad.exe")
    told = Told(cli, lab)
    assert (told.frames("command_line") == []) is sealed
    assert (told.frames("execute_sealed") == [told.capture.number(call.requests[0])]) is sealed
    said = told.call(session, call)
    assert (said["command_line"] is None) is sealed and (said["status"] is None) is sealed


def test_event_subscription(cli: Tools) -> None:
    lab = Lab(seed=35)
    session = scenario.wmi_session(lab, sealed=False, namespace=f"\\\\{SERVER.name}\\root\\subscription")
    query = "SELECT * FROM __InstanceModificationEvent WITHIN 60 WHERE TargetInstance ISA 'Win32_LocalTime'"
    blocks = [
        wmio.event_filter("Updater", query),
        wmio.command_line_consumer("Updater", "powershell -nop -enc QQA="),
        wmio.binding('__EventFilter.Name="Updater"', 'CommandLineEventConsumer.Name="Updater"'),
    ]
    calls = [session.put_instance(block) for block in blocks]
    told = Told(cli, lab)
    classes = ["__EventFilter", "CommandLineEventConsumer", "__FilterToConsumerBinding"]
    assert [told.field(call.requests[-1], "class") for call in calls] == [[name] for name in classes]
    assert all("T1546.003" in told.field(call.requests[-1], "technique") for call in calls)
    assert told.frames("subscription") == [told.capture.number(call.requests[-1]) for call in calls]
    properties = {p["name"]: p["value"] for p in told.call(session, calls[0])["properties"]}
    assert properties["Query"] == query and properties["Name"] == "Updater" and properties["EventAccess"] is None
    assert "T1546.003" in told.record(session)["techniques"]
    assert told.call(session, calls[1])["command_line"] == "powershell -nop -enc QQA="
    assert told.call(session, calls[0])["class"] == "__EventFilter"


def test_class_written(cli: Tools) -> None:
    """PutClass: storage without a file, or a provider."""
    lab = Lab(seed=36)
    session = scenario.wmi_session(lab, sealed=False)
    payload = wmio.Property("Payload", "string", default="QQBBAEEA" * 40)
    block = wmio.class_object("Win32_Update", [payload], ["CIM_Setting"])
    request = wmi.put_instance(session.causality, wmio.objref(block))
    call = session.rpc.call(guids.IWbemServices, wmi.PUT_CLASS, request, wmi.put_response(), session.services)
    told = Told(cli, lab)
    assert told.field(call.requests[-1], "class") == ["Win32_Update"]
    assert told.frames("undecodable") == []


def test_deletion(cli: Tools) -> None:
    lab = Lab(seed=37)
    session = scenario.wmi_session(lab, sealed=False)
    path = '__EventFilter.Name="Updater"'
    request = wmi.delete_instance(session.causality, path)
    call = session.rpc.call(guids.IWbemServices, wmi.DELETE_INSTANCE, request, wmi.put_response(), session.services)
    told = Told(cli, lab)
    assert told.fields(call.requests[0], "object_path", "class") == {"object_path": [path], "class": ["__EventFilter"]}
    assert told.call(session, call)["object_path"] == path


def test_every_kind_of_property(cli: Tools) -> None:
    """The types of MS-WMIO 2.2.82 with their values."""
    lab = Lab(seed=38)
    session = scenario.wmi_session(lab, sealed=False)
    values = {
        "A8": ("sint8", -5, "-5"), "B8": ("uint8", 250, "250"),
        "A16": ("sint16", -300, "-300"), "B16": ("uint16", 60000, "60000"),
        "A32": ("sint32", -70000, "-70000"), "B32": ("uint32", 4000000000, "4000000000"),
        "A64": ("sint64", -(2**40), str(-(2**40))), "B64": ("uint64", 2**63, str(2**63)),
        "T": ("string", "Text", "Text"), "R": ("reference", 'Win32_X.Name="a"', 'Win32_X.Name="a"'),
        "D": ("datetime", "20240101120000.000000+000", "20240101120000.000000+000"),
    }  # fmt: skip
    properties = [wmio.Property(name, cim, value) for name, (cim, value, _) in values.items()]
    call = session.put_instance(wmio.instance("Test_Class", properties))
    told = Told(cli, lab)
    said = dict(zip(told.field(call.requests[-1], "property.name"), told.field(call.requests[-1], "property.value")))
    assert said == {name: text for name, (_, _, text) in values.items()}


# -- outcomes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "name"), [(wmi.ACCESS_DENIED, "WBEM_E_ACCESS_DENIED"), (wmi.NOT_FOUND, "WBEM_E_NOT_FOUND")]
)
def test_status(cli: Tools, status: int, name: str) -> None:
    lab = Lab(seed=41)
    session = scenario.wmi_session(lab, sealed=False)
    request = wmi.get_object(session.causality, "Win32_Nothing")
    answer = wmi.get_object_response(None, status)
    call = session.rpc.call(guids.IWbemServices, wmi.GET_OBJECT, request, answer, session.services)
    told = Told(cli, lab)
    assert [int(s, 0) for s in told.field(call.responses[0], "status")] == [status]
    said = told.call(session, call)
    assert (said["status"], said["status_name"]) == (status, name)


def test_login_refused(cli: Tools) -> None:
    lab = Lab(seed=42)
    session = scenario.wmi_session(lab, sealed=False)
    request = wmi.ntlm_login(session.causality, "\\\\WS06\\root\\secret", None)
    answer = orpc.interface_response(None, wmi.ACCESS_DENIED)
    session.rpc.call(guids.IWbemLevel1Login, wmi.NTLM_LOGIN, request, answer, session.activated.ipids[0])
    told = Told(cli, lab)
    login = told.record(session)["logins"][-1]
    assert (login["namespace"], login["locale"], login["status"]) == ("\\\\WS06\\root\\secret", None, wmi.ACCESS_DENIED)


@pytest.mark.parametrize("sealed", [False, True], ids=["readable", "sealed"])
def test_fault(cli: Tools, sealed: bool) -> None:
    """Faults are never sealed."""
    lab = Lab(seed=43)
    session = scenario.wmi_session(lab, sealed=sealed)
    call = session.create_process("notepad.exe", fault=5)
    told = Told(cli, lab)
    assert [int(s, 0) for s in told.field(call.responses[0], "status")] == [5]
    assert told.call(session, call)["status"] == 5


# -- traits and traps --------------------------------------------------------------------------------------------------


def test_silent_client(cli: Tools) -> None:
    """impacket's NTLMLogin comes without SetClientInfo before it."""
    lab = Lab(seed=51)
    session = scenario.wmi_session(lab, kind="impacket", sealed=False)
    told = Told(cli, lab)
    assert told.frames("client_silent") == [told.capture.number(session.login.requests[0])]
    assert "impacket" in told.record(session)["client_hint"]


def test_client_that_said_who_it_is(windows: tuple[Session, Told]) -> None:
    session, told = windows
    assert told.frames("client_silent") == []
    assert told.frames("login") == [told.capture.number(session.login.requests[0])]


def test_technique_of_other_dcom(cli: Tools) -> None:
    lab = Lab(seed=52)
    session = scenario.dispatch_session(lab)
    told = Told(cli, lab)
    request = session.activated.call.requests[0]
    assert told.field(request, "technique") == ["T1021.003"]
    assert all("T1047" not in r["techniques"] for r in told.records)


def test_nothing_is_guessed_from_garbage(cli: Tools) -> None:
    """Readable stubs whose structure does not hold are called so."""
    lab = Lab(seed=53)
    calls = []
    for size in (0, 4, 31, 40, 64, 300):
        session = scenario.wmi_session(lab, sealed=False)
        session.rpc.trailer = False
        junk = lab.rng.randbytes(size)
        for opnum in (wmi.GET_OBJECT, wmi.EXEC_QUERY, wmi.EXEC_METHOD, wmi.PUT_INSTANCE):
            calls.append(session.rpc.call(guids.IWbemServices, opnum, junk, junk, session.services))
    told = Told(cli, lab)
    for call in calls:
        assert told.fields(call.requests[0], "query", "object_path", "class", "wmi_method", "command_line") == {}
        assert told.field(call.requests[0], "undecodable") != []


def test_stub_that_ends_early(cli: Tools) -> None:
    """An ExecMethod cut anywhere gives no invented text, and no crash."""
    lab = Lab(seed=54)
    calls = {}
    for keep in range(0, 520, 37):
        session = scenario.wmi_session(lab, sealed=False)
        session.rpc.trailer = False
        block = wmio.process_create("cmd.exe /c whoami", "C:\\", slack=0)
        whole = wmi.exec_method(session.causality, "Win32_Process", "Create", wmio.objref(block))
        assert keep < len(whole)
        calls[keep] = session.rpc.call(guids.IWbemServices, wmi.EXEC_METHOD, whole[:keep], b"", session.services)
    told = Told(cli, lab)
    texts = {"object_path": "Win32_Process", "wmi_method": "Create", "command_line": "cmd.exe /c whoami"}
    for keep, call in calls.items():
        for name, text in texts.items():
            assert told.field(call.requests[0], name) in ([], [text]), keep
        assert told.field(call.requests[0], "undecodable") != [], keep


def test_extension_in_front_of_the_parameters(cli: Tools) -> None:
    """ORPC extensions stand between ORPCTHIS and the parameters."""
    lab = Lab(seed=55)
    session = scenario.wmi_session(lab, sealed=False)
    stub = orpc.this_with_extension(session.causality, "00000334-0000-0000-c000-000000000046", b"context!" * 5)
    stub.bstr("Win32_Process").u32(0).interface(None).interface_inout().interface_inout(wanted=False)
    answer = wmi.get_object_response(None, wmi.NOT_FOUND)
    call = session.rpc.call(guids.IWbemServices, wmi.GET_OBJECT, stub.bytes(), answer, session.services)
    told = Told(cli, lab)
    assert told.fields(call.requests[0], "object_path", "undecodable") == {"object_path": ["Win32_Process"]}


def test_big_endian_login(cli: Tools) -> None:
    lab = Lab(seed=56, big=True)
    session = scenario.wmi_session(lab, with_activation=False)
    told = Told(cli, lab)
    assert told.field(session.login.requests[0], "namespace") == [session.namespace]
    assert told.field(session.marks["client_info"].requests[0], "client_host") == [CLIENT.name]
    assert told.frames("undecodable") == []


def test_every_generated_session_decodes(cli: Tools) -> None:
    """Nothing that `gen` writes in clear is called undecodable."""
    lab = Lab(seed=57)
    for kind in ("windows", "impacket"):
        session = scenario.wmi_session(lab, kind=kind, sealed=False)
        session.get_object("Win32_Process")
        session.create_process("notepad.exe")
        _, ipid = session.exec_query("SELECT * FROM Win32_Process")
        row = wmio.instance("Win32_Process", [wmio.Property("Name", "string", "lsass.exe")])
        session.enumerate(ipid, [row, row])
    told = Told(cli, lab)
    assert told.frames("undecodable") == []


def test_records_keep_to_their_schema(cli: Tools, validator: Callable[[dict], None]) -> None:
    lab = Lab(seed=58)
    scenario.fetch_ticket(lab, CLIENT, SERVER, KDC, "j.doe", "host")
    for kind in ("windows", "impacket"):
        for sealed in (True, False):
            session = scenario.wmi_session(lab, kind=kind, sealed=sealed)
            session.create_process("notepad.exe")
            session.exec_query("SELECT * FROM Win32_Process")
            session.put_instance(wmio.event_filter("Updater", "SELECT * FROM __TimerEvent"))
    told = Told(cli, lab)
    assert len(told.records) == 8
    for record in told.records:
        validator(record)
