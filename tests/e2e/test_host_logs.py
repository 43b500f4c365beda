# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts' logs joined to captures: whose processes the ends are, who logged on, what was started; and what the logs say
alone."""

from __future__ import annotations

import gzip
import itertools
import json
import random
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from xml.etree import ElementTree

import pytest

from gen import guids, hostlog, scenario, wmi
from gen.hostlog import INBOUND, OUTBOUND, HostLog
from gen.scenario import CLIENT, OTHER, SERVER, Lab
from support import Tools
from user import SHARED

DROPPER = r"C:\Users\user\Desktop\dropper.exe"
SVCHOST = r"C:\Windows\System32\svchost.exe"
WMIPRVSE = r"C:\Windows\System32\wbem\WmiPrvSE.exe"
RUNDLL = r"C:\Windows\System32\rundll32.exe"
CREATED = datetime(2020, 8, 6, 3, 46, 50, 753652, timezone.utc)  # scenario.CREATED
LOGON = 0xC93745
FORMS = [hostlog.nxlog, hostlog.ecs, hostlog.dumped]


class Incident:
    """A session, its capture, and what both hosts log of it."""

    def __init__(self, tools: Tools, kind: str = "windows") -> None:
        self.tools = tools
        lab = Lab(seed=41)
        self.session = scenario.wmi_session(lab, kind=kind)
        self.object, self.activation = self.session.rpc, self.session.activated.rpc
        self.session.get_object("Win32_Process")
        self.session.create_process("rundll32.exe payload.dll,Start", pid=4242)
        self.executed = hostlog.at(self.object.tcp.packets[-1].time_ns)
        lab.clock.now_ns += 1_000_000_000
        self.object.tcp.finish()
        scenario.web_page(lab, OTHER, SERVER, "example.com")
        self.capture = lab.capture()
        self.path = tools.write(self.capture)
        self.client, self.server = HostLog(CLIENT), HostLog(SERVER)

    def usual(self, logon_id: int = LOGON) -> None:
        """What the hosts log when everything is switched on."""
        self.client.created(CREATED, 7240, DROPPER, "dropper.exe /x", "EXAMPLE\\user", ParentProcessId=1234,
                            ParentImage=r"C:\Windows\explorer.exe")  # fmt: skip
        self.client.connected(self.activation.tcp, 1000, SVCHOST, "NT AUTHORITY\\NETWORK SERVICE", True)
        self.client.connected(self.object.tcp, 7240, DROPPER, "EXAMPLE\\user", True)
        self.client.permitted(self.activation.tcp, 1000, r"\device\harddiskvolume2\windows\system32\svchost.exe", OUTBOUND)
        self.client.permitted(self.object.tcp, 7240, r"\device\harddiskvolume2\users\user\desktop\dropper.exe", OUTBOUND)
        self.server.permitted(self.activation.tcp, 992, SVCHOST, INBOUND)
        self.server.permitted(self.object.tcp, 2688, SVCHOST, INBOUND)
        self.server.logon(self.object, "user", "EXAMPLE.COM", logon_id)
        self.server.provider(self.executed, 3460)
        self.spawned()

    def spawned(self, pid: int = 3824, **more: object) -> hostlog.Event:
        """WMI's provider host starts a process."""
        options = {"LogonId": hex(LOGON), "ParentProcessId": 3460, "ParentImage": WMIPRVSE} | more
        return self.server.created(self.executed, pid, RUNDLL, "rundll32.exe payload.dll,Start", "EXAMPLE\\user", **options)

    def log(self, form: Callable = hostlog.nxlog, name: str = "hosts.json", **options: object) -> Path:
        """Both hosts' logs in one file."""
        events = sorted(self.client.events + self.server.events, key=lambda e: e.time)
        return self.file(hostlog.lines(events, form, **options), name)

    def file(self, data: bytes, name: str) -> Path:
        """A file beside the capture."""
        path = self.path.parent / name
        path.write_bytes(data)
        path.chmod(0o644)
        return path

    def records(self, *logs: Path) -> tuple[dict, dict]:
        """The records of activation and object connection."""
        options = itertools.chain.from_iterable(("--host-log", log) for log in logs)
        found = self.tools.records(*options, self.path)
        return found[0], found[-1]  # of impacket's sessions only the latter, for the activation is sealed


@pytest.fixture
def incident(cli: Tools) -> Incident:
    """A session of a Windows client."""
    return Incident(cli)


def processes(record: dict, role: str) -> list[dict]:
    """Those of one role."""
    return [p for p in record["processes"] if p["role"] == role]


def reasons(process: dict) -> dict[int, str]:
    """Event id → why it was joined."""
    return {s["event_id"]: s["reason"] for s in process["sources"] if s["kind"].startswith("log:")}


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_everything(incident: Incident, form: Callable, validator: Callable[[dict], None]) -> None:
    incident.usual()
    log = incident.log(form)
    activation, connection = incident.records(log)
    validator(activation)
    validator(connection)

    [client] = processes(connection, "client")
    assert (client["pid"], client["image"], client["user"]) == (7240, DROPPER, "EXAMPLE\\user")
    assert (client["parent_pid"], client["parent_image"]) == (1234, r"C:\Windows\explorer.exe")
    assert client["command_line"] == "dropper.exe /x"
    assert reasons(client) == {
        1: "same process id and creation time",
        3: "same addresses and ports",
        5156: "same addresses and ports",
    }
    assert {s["kind"] for s in client["sources"]} >= {"wire:SetClientInfo", "log:Sysmon", "log:Security"}
    assert {s["file"] for s in client["sources"] if s["kind"].startswith("log:")} == {str(log)}

    [server] = processes(connection, "server")
    assert (server["pid"], server["image"]) == (2688, SVCHOST)
    [spawned] = processes(connection, "spawned")
    assert (spawned["pid"], spawned["image"], spawned["user"]) == (3824, RUNDLL, "EXAMPLE\\user")
    assert (spawned["parent_pid"], spawned["parent_image"]) == (3460, WMIPRVSE)
    assert spawned["command_line"] == "rundll32.exe payload.dll,Start"
    assert reasons(spawned) == {
        1: "logon id 0xc93745, created by WMI's provider host",
        5857: "provider loaded by the parent process",
    }

    [logon] = connection["logons"]
    assert (logon["user"], logon["domain"], logon["package"]) == ("user", "EXAMPLE.COM", "Kerberos")
    assert (logon["logon_id"], logon["source_port"]) == (hex(LOGON), incident.object.tcp.client.port)
    assert connection["auth"]["user"] == "user" and connection["auth"]["user_source"] == "log:4624"
    assert connection["summary"] == "dropper.exe (7240, EXAMPLE\\user) (said by a log) → WS06: ran rundll32.exe (3824) (said by a log)"
    assert not processes(activation, "spawned")


def test_rpcss_is_not_blamed(incident: Incident) -> None:
    incident.usual()
    activation, _ = incident.records(incident.log())
    requester, rpcss = processes(activation, "client")
    assert (requester["pid"], requester["image"]) == (7240, DROPPER)
    assert "object connection" in requester["note"] and str(incident.object.tcp.client.port) in requester["note"]
    assert (rpcss["pid"], rpcss["image"]) == (1000, SVCHOST)
    assert rpcss["note"].startswith("RPCSS")
    assert activation["summary"].startswith("dropper.exe (7240")


def test_table(incident: Incident) -> None:
    incident.usual()
    shown = incident.tools.car_wmi("list", "--connections", "--host-log", incident.log(), incident.path).stdout
    assert "WS05:dropper.exe:7240" in shown and "svchost" not in shown
    assert "EXAMPLE.COM\\user" in shown
    assert "dropper.exe (7240, EXAMPLE\\user) (said by a log) → WS06: ran rundll32.exe (3824) (said by a log)" in shown


def test_compressed_and_utf16(incident: Incident) -> None:
    incident.usual()
    plain = incident.log().read_bytes()
    expected = [r["summary"] for r in incident.records(incident.log())]
    for name, data in (
        ("log.gz", gzip.compress(plain)),
        ("two.gz", gzip.compress(plain[:1000]) + gzip.compress(plain[1000:])),
        ("utf16.json", b"\xff\xfe" + plain.decode().encode("utf-16-le")),
        ("bom.json", b"\xef\xbb\xbf" + plain),
        ("crlf.json", plain.replace(b"\n", b"\r\n")),
    ):
        assert [r["summary"] for r in incident.records(incident.file(data, name))] == expected, name


def test_logs_of_each_host(incident: Incident) -> None:
    incident.usual()
    both = incident.records(incident.log())
    files = [
        incident.file(hostlog.lines(log.events, form), name)
        for log, form, name in ((incident.server, hostlog.ecs, "b.json"), (incident.client, hostlog.nxlog, "a.json"))
    ]
    apart = incident.records(*files)
    assert [r["summary"] for r in apart] == [r["summary"] for r in both]
    _, client_only = incident.records(files[1])
    assert processes(client_only, "client")[0]["image"] == DROPPER and not processes(client_only, "spawned")


# -- clocks ------------------------------------------------------------------------------------------------------------


def test_clocks_are_set_right(incident: Incident) -> None:
    incident.usual()
    incident.server.shift(9)
    incident.client.shift(-420)
    log = incident.log(hostlog.ecs)
    _, connection = incident.records(log)
    assert processes(connection, "spawned")[0]["pid"] == 3824
    ahead = {clock["host"]: clock["ahead_ms"] for clock in connection["clocks"]}
    assert abs(ahead["WS06.example.com"] - 9000) < 50 and abs(ahead["WS05.example.com"] + 420000) < 50
    said = incident.tools.car_wmi("list", "--host-log", log, incident.path).stderr
    assert "the clock of WS06.example.com is 9.0 s ahead of the capture's" in said
    assert "the clock of WS05.example.com is 420.0 s behind the capture's" in said


def test_time_in_an_unknown_zone(incident: Incident) -> None:
    incident.usual()
    _, connection = incident.records(incident.log(hostlog.nxlog, zone=None))
    assert processes(connection, "client")[0]["image"] == DROPPER
    assert connection["logons"]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_another_day_matches_nothing(incident: Incident, form: Callable) -> None:
    without = incident.tools.records(incident.path)
    incident.usual()
    incident.server.operation(incident.executed, r"Start IWbemServices::ExecMethod - root\cimv2 : Win32_Process::Create",
                              "WS05", 7240, "EXAMPLE\\user")  # fmt: skip
    for further in (-1, 2, 29):  # to the day before, the day after, and the thirtieth after
        incident.client.shift(86400 * further)
        incident.server.shift(86400 * further)
        assert list(incident.records(incident.log(form))) == without


# -- processes ---------------------------------------------------------------------------------------------------------


def test_process_id_used_again(incident: Incident) -> None:
    early = incident.executed - timedelta(hours=2)
    other = r"C:\Windows\System32\notepad.exe"
    incident.client.created(early, 7240, other, "notepad", "EXAMPLE\\else")
    incident.client.created(CREATED, 7240, DROPPER, "dropper", "EXAMPLE\\user")
    incident.client.created(incident.executed + timedelta(minutes=5), 7240, other, "notepad", "EXAMPLE\\else")
    _, connection = incident.records(incident.log(hostlog.ecs))
    [client] = processes(connection, "client")
    assert (client["image"], reasons(client)) == (DROPPER, {1: "same process id and creation time"})


def test_without_creation_time_the_newest_start_counts(cli: Tools) -> None:
    incident = Incident(cli, kind="impacket")
    incident.client.permitted(incident.object.tcp, 555, r"\device\harddiskvolume1\python.exe", OUTBOUND)
    for hours, line in ((5, "old"), (1, "right"), (-1, "later")):
        incident.client.created(incident.executed - timedelta(hours=hours), 555, r"C:\python.exe", line, "EXAMPLE\\user")
    _, connection = incident.records(incident.log(hostlog.dumped))
    [client] = processes(connection, "client")
    assert (client["command_line"], client["image"]) == ("right", r"C:\python.exe")
    assert reasons(client)[1] == "same process id, its newest start before the connection"


def test_process_that_had_ended(cli: Tools) -> None:
    incident = Incident(cli, kind="impacket")
    incident.client.permitted(incident.object.tcp, 555, r"C:\python.exe", OUTBOUND)
    incident.client.created(incident.executed - timedelta(hours=2), 555, r"C:\python.exe", "ended", "EXAMPLE\\user")
    incident.client.add(hostlog.SECURITY, 4689, incident.executed - timedelta(hours=1),
                        {"ProcessId": hex(555), "ProcessName": r"C:\python.exe"})  # fmt: skip
    _, connection = incident.records(incident.log(hostlog.ecs))
    [client] = processes(connection, "client")
    assert client["command_line"] is None and reasons(client) == {5156: "same addresses and ports"}


def test_process_guid(cli: Tools) -> None:
    incident = Incident(cli, kind="impacket")
    guid = "{297bc33e-7d2a-5f2b-6003-000000000400}"
    event = incident.client.connected(incident.object.tcp, 555, r"C:\python.exe", "EXAMPLE\\user", True, guid)
    event.data.pop("ProcessId")
    incident.client.created(incident.executed - timedelta(hours=30), 555, r"C:\python.exe", "by guid", "EXAMPLE\\user",
                            ProcessGuid=guid)  # fmt: skip
    _, connection = incident.records(incident.log())
    [client] = processes(connection, "client")
    assert (client["pid"], client["command_line"]) == (555, "by guid")
    assert reasons(client)[1] == "same process GUID"


def test_sources_that_disagree_stay_apart(incident: Incident) -> None:
    incident.client.permitted(incident.object.tcp, 666, r"C:\other.exe", OUTBOUND)
    _, connection = incident.records(incident.log())
    assert [p["pid"] for p in processes(connection, "client")] == [7240, 666]


def test_spawned_with_another_logon(incident: Incident) -> None:
    incident.usual(logon_id=0x1111)
    _, connection = incident.records(incident.log())
    assert not processes(connection, "spawned")


def test_spawned_by_user_and_time_is_weaker(incident: Incident) -> None:
    incident.client.connected(incident.object.tcp, 7240, DROPPER, "EXAMPLE\\user", True)
    incident.spawned()
    _, connection = incident.records(incident.log(hostlog.ecs))
    [spawned] = processes(connection, "spawned")
    assert reasons(spawned)[1].startswith("weaker, no logon id: same user")


@pytest.mark.parametrize("change", [
    {"ParentImage": r"C:\Windows\explorer.exe"}, {"seconds": 90}, {"seconds": -90}, {"User": "EXAMPLE\\else"},
])  # fmt: skip
def test_not_spawned(incident: Incident, change: dict) -> None:
    incident.client.connected(incident.object.tcp, 7240, DROPPER, "EXAMPLE\\user", True)
    seconds = change.pop("seconds", 0)
    incident.server.events.append(incident.spawned(**change).shifted(seconds))
    del incident.server.events[0]
    _, connection = incident.records(incident.log(hostlog.ecs))
    assert not processes(connection, "spawned")


def test_spawned_on_another_host(incident: Incident) -> None:
    incident.usual()
    elsewhere = HostLog(OTHER)
    elsewhere.created(incident.executed, 999, RUNDLL, "x", "EXAMPLE\\user", LogonId=hex(LOGON), ParentImage=WMIPRVSE)
    incident.server.events += elsewhere.events
    _, connection = incident.records(incident.log())
    assert [p["pid"] for p in processes(connection, "spawned")] == [3824]


def test_old_windows_tells_only_the_creator(incident: Incident) -> None:
    subject = {"SubjectUserName": "WS06$", "SubjectDomainName": "EXAMPLE", "SubjectLogonId": "0x3e4"}
    incident.server.new_process(incident.executed, 3460, WMIPRVSE, "", ProcessId="0x248", **subject)
    incident.server.new_process(incident.executed, 3824, RUNDLL, "", ProcessId=hex(3460), **subject)
    _, connection = incident.records(incident.log(hostlog.ecs))
    [spawned] = processes(connection, "spawned")
    assert (spawned["pid"], spawned["user"]) == (3824, None)
    assert reasons(spawned)[4688].startswith("weaker, neither logon id nor user told")


def test_explicit_credentials(incident: Incident) -> None:
    incident.client.connected(incident.object.tcp, 7240, DROPPER, "EXAMPLE\\user", True)
    incident.client.add(hostlog.SECURITY, 4648, incident.executed, {
        "SubjectUserName": "user", "TargetUserName": "administrator", "TargetDomainName": "EXAMPLE",
        "TargetServerName": SERVER.fqdn, "TargetInfo": f"host/{SERVER.fqdn}", "ProcessId": hex(7240),
        "ProcessName": DROPPER})  # fmt: skip
    _, connection = incident.records(incident.log())
    [logon] = connection["logons"]
    assert (logon["user"], logon["target"]) == ("administrator", f"host/{SERVER.fqdn}")


# -- WMI's and RPC's own logs ------------------------------------------------------------------------------------------


def test_operations_fill_sealed_calls(incident: Incident, validator: Callable[[dict], None]) -> None:
    for operation in ("GetObject - root\\cimv2 : Win32_Process", "ExecMethod - root\\cimv2 : Win32_Process::Create"):
        incident.server.operation(incident.executed, f"Start IWbemServices::{operation}", "WS05", 7240, "EXAMPLE\\user")
    incident.server.operation(incident.executed, "Start IWbemServices::ExecQuery - root\\cimv2 : select * from X", "WS05",
                              9999, "EXAMPLE\\user")  # another process of the client  # fmt: skip
    incident.server.operation(incident.executed, "Start IWbemServices::ExecQuery - root\\cimv2 : select * from Y", "Local",
                              7240, "EXAMPLE\\user", local=True)  # fmt: skip
    activation, connection = incident.records(incident.log(hostlog.dumped))
    validator(connection)
    assert [o["operation"].split("::")[1].split()[0] for o in connection["operations"]] == ["GetObject", "ExecMethod"]
    [call] = [c for c in connection["calls"] if c["method"] == "ExecMethod"]
    assert call["sealed"] and (call["class"], call["wmi_method"]) == ("Win32_Process", "Create")
    assert call["content_source"].startswith("log:WMI-Activity 11 (")
    [call] = [c for c in connection["calls"] if c["method"] == "GetObject"]
    assert call["object_path"] == "Win32_Process"
    assert not activation["operations"]


def test_operation_names_an_unidentified_client(cli: Tools) -> None:
    incident = Incident(cli, kind="impacket")
    incident.server.permitted(incident.object.tcp, 2688, SVCHOST, INBOUND)  # else nothing names the server
    incident.server.operation(incident.executed, "Start IWbemServices::ExecMethod - root\\cimv2 : Win32_Process::Create",
                              incident.session.client.ip, 31337, "")  # fmt: skip
    _, connection = incident.records(incident.log(hostlog.ecs))
    assert [p["pid"] for p in processes(connection, "client")] == [31337]


def test_subscriptions(cli: Tools) -> None:
    incident = Incident(cli)
    lab = Lab(seed=42)
    incident.session = session = scenario.wmi_session(lab, namespace=r"\\WS06\root\subscription")
    session._services(wmi.PUT_INSTANCE, b"\0" * 600, b"\0" * 64)
    incident.executed = hostlog.at(session.rpc.tcp.packets[-1].time_ns)
    incident.path = cli.write(lab.capture())
    incident.object, incident.activation = session.rpc, session.activated.rpc
    incident.server.logon(incident.object, "user", "EXAMPLE.COM", LOGON)
    utc = hostlog.utc_time(incident.executed)
    who = {"UtcTime": utc, "User": "EXAMPLE\\user", "Operation": "Created"}
    incident.server.add(hostlog.SYSMON, 19, incident.executed, who | {"EventNamespace": '"root\\\\cimv2"', "Name": "updater",
                        "Query": "select * from __InstanceModificationEvent"})  # fmt: skip
    incident.server.add(hostlog.SYSMON, 20, incident.executed, who | {"Name": "updater", "Type": "Command Line",
                        "Destination": "evil.exe"})  # fmt: skip
    incident.server.add(hostlog.SYSMON, 21, incident.executed, who | {"Consumer": "CommandLineEventConsumer.Name=updater",
                        "Filter": "__EventFilter.Name=updater"})  # fmt: skip
    incident.server.add(hostlog.SYSMON, 19, incident.executed, who | {"User": "EXAMPLE\\else", "Name": "not mine"})
    incident.server.add(hostlog.WMI, 5861, incident.executed, {"Namespace": "//./root/subscription", "ESS": "updater",
                        "CONSUMER": "CommandLineEventConsumer=\"updater\"", "PossibleCause": "Binding EventFilter"},
                        user_data="Operation_ESStoConsumerBinding")  # fmt: skip
    _, connection = incident.records(incident.log(hostlog.ecs))
    found = [(s["kind"], s["name"], s["value"]) for s in connection["subscriptions"]]
    assert found == [
        ("filter", "updater", "select * from __InstanceModificationEvent"),
        ("consumer", "updater", "evil.exe"),
        ("binding", "__EventFilter.Name=updater", None),
        ("binding", "updater", "Binding EventFilter"),
    ]
    assert connection["subscriptions"][0]["source"]["reason"].startswith("same user")
    assert connection["subscriptions"][3]["source"]["reason"].startswith("weaker")
    assert "T1546.003" in connection["techniques"]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_failures_and_temporary_subscriptions(incident: Incident, form: Callable) -> None:
    who = {"ClientMachine": "WS05", "User": "EXAMPLE\\user"}
    incident.server.add(hostlog.WMI, 5858, incident.executed, who | {
        "Id": "{00000000-0000-0000-0000-000000000000}", "ClientProcessId": 7240, "Component": "Unknown",
        "Operation": "Start IWbemServices::GetObject - root\\cimv2 : Win32_Process", "ResultCode": "0x80041002",
        "PossibleCause": "Unknown"}, user_data="Operation_ClientFailure")  # fmt: skip
    for pid in (7240, 1):
        incident.server.add(hostlog.WMI, 5860, incident.executed, who | {
            "NamespaceName": "root\\cimv2", "Query": f"select * from __Event{pid}", "Processid": pid,
            "PossibleCause": "Temporary"}, user_data="Operation_TemporaryEssStarted")  # fmt: skip
    _, connection = incident.records(incident.log(form))
    [operation] = connection["operations"]
    assert operation["status"] == "0x80041002"
    [call] = [c for c in connection["calls"] if c["method"] == "GetObject"]
    assert call["object_path"] == "Win32_Process" and call["content_source"].startswith("log:WMI-Activity 5858 (")
    assert [(s["kind"], s["value"]) for s in connection["subscriptions"]] == [("query", "select * from __Event7240")]


def test_rpc_logs(incident: Incident) -> None:
    port = str(incident.object.tcp.server.port)
    incident.client.add(hostlog.RPC, 5, incident.executed, {
        "InterfaceUuid": guids.IWbemServices, "ProcNum": 24, "Protocol": 1, "NetworkAddress": "WS06", "Endpoint": port},
        pid=7240)  # fmt: skip
    incident.server.add(hostlog.RPC, 6, incident.executed, {
        "InterfaceUuid": guids.IWbemServices, "ProcNum": 24, "Protocol": 1, "NetworkAddress": "NULL", "Endpoint": port},
        pid=2688)  # fmt: skip
    incident.server.add(hostlog.RPC, 6, incident.executed, {
        "InterfaceUuid": guids.IWbemServices, "ProcNum": 3, "Protocol": 1, "NetworkAddress": "NULL", "Endpoint": port},
        pid=1)  # a procedure nobody called  # fmt: skip
    _, connection = incident.records(incident.log(hostlog.dumped))
    [client], [server] = processes(connection, "client"), processes(connection, "server")
    reason = "same interface, procedure and server port"
    assert (client["pid"], reasons(client)) == (7240, {5: reason})
    assert (server["pid"], reasons(server)) == (2688, {6: reason})


def firewall_event(incident: Incident, opnum: int = 24) -> None:
    """RPC Firewall's event of a call."""
    tcp = incident.object.tcp
    incident.server.add(hostlog.RPCFW, 3, incident.executed, {"Data": [
        "NdrStubCall2", "2688", SVCHOST, "ncacn_ip_tcp", str(tcp.server.port), tcp.client.ip, guids.IWbemServices,
        str(opnum), "EXAMPLE\\user", "RPC_C_AUTHN_LEVEL_PKT_PRIVACY", "RPC_C_AUTHN_WINNT", str(tcp.client.port)]})  # fmt: skip


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_rpc_firewall(incident: Incident, form: Callable) -> None:
    firewall_event(incident)
    _, connection = incident.records(incident.log(form))
    [server] = processes(connection, "server")
    assert (server["pid"], server["image"]) == (2688, SVCHOST)
    assert reasons(server) == {3: "same interface, procedure and server port"}


# -- snapshots and packets ---------------------------------------------------------------------------------------------


def snapshot(incident: Incident, created: str = "") -> str:
    """Get-NetTCPConnection | Export-Csv on the client."""
    tcp = incident.object.tcp
    return (
        "#TYPE Microsoft.Management.Infrastructure.CimInstance#root/standardcimv2/MSFT_NetTCPConnection\r\n"
        '"OwningProcess","LocalAddress","LocalPort","RemoteAddress","RemotePort","State","CreationTime"\r\n'
        f'"7240","{tcp.client.ip}","{tcp.client.port}","{tcp.server.ip}","{tcp.server.port}","Established","{created}"\r\n'
        '"4","0.0.0.0","445","0.0.0.0","0","Listen",""\r\n'
        '"broken\r\n'
    )


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_snapshot(incident: Incident, separator: str) -> None:
    log = incident.file(snapshot(incident).replace(",", separator).encode(), "connections.csv")
    result = incident.tools.car_wmi("list", "-T", "ndjson", "--host-log", log, incident.path)
    assert f"{log}: 1 damaged record could not be read" in result.stderr
    connection = json.loads(result.stdout.splitlines()[1])
    [client] = processes(connection, "client")
    [source] = [s for s in client["sources"] if s["kind"] == "log:snapshot"]
    assert (source["record"], source["reason"]) == (3, "same addresses and ports, at a time that is not told")


def test_csv_snapshot_with_a_time(incident: Incident) -> None:
    right = incident.file(snapshot(incident, "8/6/2020 8:00:00 AM").encode(), "right.csv")
    wrong = incident.file(snapshot(incident, "8/7/2020 8:00:00 AM").encode(), "wrong.csv")
    found = [len(processes(incident.records(log)[1], "client")[0]["sources"]) for log in (right, wrong)]
    assert found[0] == found[1] + 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_netstat(incident: Incident, encoding: str) -> None:
    tcp = incident.object.tcp
    text = (
        "\r\nActive Connections\r\n\r\n  Proto  Local Address          Foreign Address        State           PID\r\n"
        "  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       992\r\n [svchost.exe]\r\n"
        f"  TCP    {tcp.server.ip}:{tcp.server.port}   {tcp.client.ip}:{tcp.client.port}   ESTABLISHED     2688\r\n"
        "  Winmgmt\r\n [svchost.exe]\r\n  UDP    0.0.0.0:123            *:*                                    1112\r\n"
    )
    _, connection = incident.records(incident.file(text.encode(encoding), "netstat.txt"))
    [server] = processes(connection, "server")
    assert (server["pid"], server["image"], server["winmgmt"]) == (2688, "svchost.exe", "named")


GROUP = r"C:\Windows\system32\svchost.exe -k netsvcs -p"


@pytest.mark.parametrize(
    ("image", "command", "expected"),
    [
        (SVCHOST, f"{GROUP} -s Winmgmt", "named"),
        (SVCHOST, GROUP, "group"),
        (SVCHOST, f"{GROUP} -s Schedule", "other"),
        (DROPPER, "dropper.exe serve", "other"),
        (SVCHOST, None, None),
    ],
)
def test_server_process(incident: Incident, validator: Callable[[dict], None], image: str, command: str | None,
                        expected: str | None) -> None:  # fmt: skip
    """Whether it is WMI's service host; what is not is worth a warning, once."""
    if command:
        incident.server.created(CREATED, 2688, image, command, "NT AUTHORITY\\SYSTEM")
    incident.server.permitted(incident.object.tcp, 2688, image, INBOUND)
    incident.server.permitted(incident.activation.tcp, 992, SVCHOST, INBOUND)
    result = incident.tools.car_wmi("list", "-T", "ndjson", "--host-log", incident.log(), incident.path)
    activation, connection = map(json.loads, result.stdout.splitlines())
    validator(connection)
    [server] = processes(connection, "server")
    assert server.get("winmgmt") == expected and bool(server["note"]) == (expected is not None)
    assert all("winmgmt" not in process for process in activation["processes"] + processes(connection, "client"))
    warning = f"{SERVER.ip}: WMI is served by {command}, not by the service host of netsvcs with Winmgmt"
    assert result.stderr.count(warning) == (expected == "other")


def test_packet_comments(incident: Incident) -> None:
    ours = incident.object.tcp
    for packet in incident.capture.packets:
        client = packet in ours.packets and packet.data[26:30] == bytes(map(int, ours.client.ip.split(".")))
        packet.flags = 2 if client else 1
        packet.comment = "PID=7240" if client else "PID=4"
    log = incident.file(incident.capture.pcapng(), "trace.pcapng")
    _, connection = incident.records(log)
    [client] = processes(connection, "client")
    [source] = [s for s in client["sources"] if s["kind"] == "log:packets"]
    assert client["pid"] == 7240 and source["file"] == str(log)
    assert {p["pid"] for p in connection["processes"]} == {7240, 2688}


# -- logs alone --------------------------------------------------------------------------------------------------------


def alone(incident: Incident, form: Callable = hostlog.ecs, status: tuple[int, ...] = (0,)) -> list[dict]:
    """The records of the logs without the capture."""
    return incident.tools.records("--host-log", incident.log(form), status=status)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_operations_alone(incident: Incident, form: Callable, validator: Callable[[dict], None]) -> None:
    say = incident.server.operation
    say(incident.executed, "Start IWbemServices::ExecMethod - root\\cimv2 : Win32_Process::Create", "WS05", 7240,
        "EXAMPLE\\user")  # fmt: skip
    say(incident.executed, "Start IWbemServices::ExecQuery - root\\cimv2 : select * from X", "Local", 1, "", local=True)
    say(incident.executed, "Start IWbemServices::ExecQuery - root\\cimv2 : select * from X", "WS06", 1, "")
    [record] = alone(incident, form)
    validator(record)
    assert record["evidence"] == [{"kind": "host-log", "basis": "said by a log", "frame": None}] and record["confidence"] == "wmi"
    assert (record["client"]["host"], record["server"]["host"]) == ("WS05", "WS06")
    assert record["server"]["fqdn"] == "WS06.example.com" and record["client"]["ip"] is None
    assert (record["auth"]["user"], record["auth"]["domain"]) == ("user", "EXAMPLE")
    [call] = record["calls"]
    assert (call["method"], call["stage"], call["class"], call["wmi_method"]) == (
        "ExecMethod", "execute", "Win32_Process", "Create")  # fmt: skip
    assert [p["pid"] for p in record["processes"]] == [7240]


def test_rpc_alone(incident: Incident, validator: Callable[[dict], None]) -> None:
    firewall_event(incident)
    firewall_event(incident, opnum=6)
    incident.server.add(hostlog.RPCFW, 3, incident.executed, {"Data": [
        "NdrStubCall2", "1", "x", "ncacn_ip_tcp", "135", "192.0.2.5", guids.IRemUnknown2, "3", "-", "", "", "1"]})  # fmt: skip
    [record] = alone(incident, hostlog.dumped)
    validator(record)
    assert record["client"]["ip"] == CLIENT.ip and record["client"]["port"] == incident.object.tcp.client.port
    assert record["server"]["port"] == incident.object.tcp.server.port
    assert [c["method"] for c in record["calls"]] == ["ExecMethod", "GetObject"]
    assert record["processes"][0]["pid"] == 2688


def test_launch_alone(incident: Incident, validator: Callable[[dict], None]) -> None:
    incident.usual()
    incident.server.created(incident.executed, 5555, RUNDLL, "not by WMI", "EXAMPLE\\user", LogonId=hex(LOGON))
    [record] = alone(incident)
    validator(record)
    assert record["client"]["ip"] == CLIENT.ip and record["client"]["port"] == incident.object.tcp.client.port
    assert [(p["role"], p["pid"]) for p in record["processes"]] == [("spawned", 3824)]
    assert record["auth"]["user"] == "user"


def test_launch_joins_operations_alone(incident: Incident) -> None:
    incident.usual()
    incident.server.operation(incident.executed, "Start IWbemServices::ExecMethod - root\\cimv2 : Win32_Process::Create",
                              "WS05", 7240, "EXAMPLE\\user")  # fmt: skip
    [record] = alone(incident)
    assert record["client"]["ip"] == CLIENT.ip and record["client"]["host"] == "WS05"
    assert [(p["role"], p["pid"]) for p in record["processes"]] == [("client", 7240), ("spawned", 3824)]


def test_nothing_alone(incident: Incident) -> None:
    incident.client.connected(incident.object.tcp, 7240, DROPPER, "EXAMPLE\\user", True)
    assert alone(incident, status=(1,)) == []
    assert incident.tools.car_wmi("list", "--host-log", incident.log()).stdout == ""


def test_logs_alone_need_no_tshark(incident: Incident) -> None:
    incident.usual()
    result = incident.tools.car_wmi("list", "--tshark", "/nonexistent", "--host-log", incident.log())
    assert result.returncode == 0 and "ran rundll32.exe (3824)" in result.stdout
    trace = incident.file(incident.capture.pcapng(), "trace.pcapng")
    result = incident.tools.car_wmi("list", "--tshark", "/nonexistent", "--host-log", trace)
    assert (result.returncode, result.stdout) == (1, "")  # connections alone are no WMI


# -- what cannot be read -----------------------------------------------------------------------------------------------


def test_damaged_lines_are_counted(incident: Incident) -> None:
    incident.usual()
    whole = incident.log().read_bytes()
    expected = [r["summary"] for r in incident.records(incident.log())]
    log = incident.file(b'{"EventID":4624,"Chan\n' + whole + b'{"EventID":4624,\xff\xfe}\nnot json\n', "damaged.json")
    result = incident.tools.car_wmi("list", "-T", "ndjson", "--host-log", log, incident.path)
    assert f"{log}: 3 damaged records could not be read" in result.stderr
    assert [json.loads(line)["summary"] for line in result.stdout.splitlines()] == expected


def test_gzip_cut_short(incident: Incident) -> None:
    incident.usual()
    log = incident.file(gzip.compress(incident.log().read_bytes())[:-100], "cut.json.gz")
    result = incident.tools.car_wmi("list", "--host-log", log, incident.path)
    assert result.returncode == 0 and "what was found may not be all" in result.stderr


@pytest.mark.parametrize(
    ("name", "data"),
    [("text.txt", b"hello\n"), ("empty.json", b""), ("other.json", b'{"a": 1}\n'), ("null", b"\0" * 100),
     ("list.json", b'[{"EventID": 1}]\n')],
)  # fmt: skip
def test_unrecognised(incident: Incident, name: str, data: bytes) -> None:
    log = incident.file(data, name)
    for capture in ([], [incident.path]):
        result = incident.tools.car_wmi("list", "--host-log", log, *capture)
        assert result.returncode == 2 and not result.stdout
        assert str(log) in result.stderr
        assert "is empty" in result.stderr or ".evtx" in result.stderr and "JSON lines" in result.stderr


def test_missing(incident: Incident) -> None:
    result = incident.tools.car_wmi("list", "--host-log", "/nonexistent/log.evtx", incident.path)
    assert result.returncode == 2 and "/nonexistent/log.evtx: does not exist" in result.stderr


def test_hostile_texts(incident: Incident, validator: Callable[[dict], None]) -> None:
    incident.usual()
    incident.client.events[0].data["CommandLine"] = 'a"b\\c\n\x01\u202e"EventID":10,"event_id":"10"😀'
    log = incident.log(hostlog.ecs)
    _, connection = incident.records(log)
    validator(connection)
    [client] = processes(connection, "client")
    assert client["command_line"] == 'a"b\\c\n\x01\u202e"EventID":10,"event_id":"10"😀'
    shown = incident.tools.car_wmi("list", "--host-log", log, incident.path).stdout
    assert "\u202e" not in shown


# -- real logs, where they are at hand ---------------------------------------------------------------------------------

COVENANT = "covenant_sharpwmi_create_dcerpc_wmi"
EMPIRE = "empire_wmi_dcerpc_wmi_IWbemServices_ExecMethod"


@pytest.fixture(scope="module")
def real(cli: Tools) -> Callable[[str], Path]:
    """real(NAME): the events that were logged while the captures of this name were taken."""
    found = {}
    for name in (COVENANT, EMPIRE):
        archive = SHARED / "hostlogs" / f"{name}.zip"
        if not archive.exists():
            pytest.skip(f"no {archive} (CAR_WMI_SHARED)")
        path = cli.arena / f"{name}.json"
        with zipfile.ZipFile(archive) as files:
            path.write_bytes(files.read(files.namelist()[0]))
        path.chmod(0o644)
        found[name] = path
    return found.__getitem__


def captures(name: str) -> list[Path]:
    """The real captures of this name."""
    return sorted((SHARED / "captures").glob(f"{name}*.cap"))


@pytest.mark.shared
def test_real_covenant(cli: Tools, real: Callable, validator: Callable[[dict], None]) -> None:
    for capture in captures(COVENANT):
        activation, connection = cli.records("--host-log", real(COVENANT), capture)
        validator(activation)
        validator(connection)
        [client], [server], [spawned] = (processes(connection, r) for r in ("client", "server", "spawned"))
        assert (client["pid"], client["user"]) == (7240, "THESHIRE\\pgustavo")
        assert client["image"].endswith("\\GruntHTTP.exe")
        assert server["pid"] == 2688 and server["image"].endswith("\\svchost.exe")
        assert (spawned["pid"], spawned["parent_pid"]) == (3824, 3460)
        assert spawned["image"].endswith("\\GruntHTTP2.exe") and spawned["parent_image"].endswith("\\WmiPrvSE.exe")
        assert {(x["user"], x["package"], x["source_port"]) for x in connection["logons"]} == {
            ("pgustavo", "Kerberos", 55275)
        }
        assert connection["summary"] == (
            "GruntHTTP.exe (7240, THESHIRE\\pgustavo) (said by a log) → WORKSTATION6: "
            "ran GruntHTTP2.exe (3824) (said by a log)"
        )
        requester, rpcss = processes(activation, "client")
        assert (requester["pid"], rpcss["pid"]) == (7240, 1000)
        assert "RPCSS" in rpcss["note"]


@pytest.mark.shared
def test_real_empire(cli: Tools, real: Callable) -> None:
    assert len(captures(EMPIRE)) == 2
    for capture in captures(EMPIRE):
        _, connection = cli.records("--host-log", real(EMPIRE), capture)
        [client], [server], [spawned] = (processes(connection, r) for r in ("client", "server", "spawned"))
        assert client["pid"] == 2228 and client["image"].endswith("\\powershell.exe")
        assert server["pid"] == 3056
        assert (spawned["pid"], spawned["parent_pid"]) == (0x264C, 0xAB4)
        assert spawned["image"].endswith("\\powershell.exe")
        assert "WORKSTATION6: ran powershell.exe (9804)" in connection["summary"]


@pytest.mark.shared
@pytest.mark.parametrize(("log", "capture"), [(COVENANT, EMPIRE), (EMPIRE, COVENANT)])
def test_real_logs_of_another_day(cli: Tools, real: Callable, log: str, capture: str) -> None:
    for path in captures(capture):
        assert cli.records("--host-log", real(log), path) == cli.records(path)


@pytest.mark.shared
def test_real_logs_alone(cli: Tools, real: Callable) -> None:
    [record] = cli.records("--host-log", real(COVENANT))
    assert (record["client"]["ip"], record["client"]["port"]) == ("172.18.39.5", 55275)
    assert [p["pid"] for p in processes(record, "spawned")] == [3824]


EVTX = sorted((SHARED / "hostlogs" / "evtx").glob("*.evtx"))


def exported(path: Path) -> list[dict]:
    """What libevtx's own tool says of the events that are understood."""
    tool = shutil.which("evtxexport")
    if not tool:
        pytest.skip("evtxexport (libevtx-utils) is not installed")
    text = subprocess.run([tool, "-f", "xml", path], capture_output=True, check=True).stdout.decode()
    found = []
    for xml in re.findall(r"<Event .*?</Event>", text, re.DOTALL):
        root = ElementTree.fromstring(re.sub(r' xmlns="[^"]*"', "", xml))
        values = {d.get("Name"): (d.text or "") for d in root.iter("Data")}
        found.append(values | {
            "id": int(root.findtext("System/EventID")), "record": int(root.findtext("System/EventRecordID")),
            "host": root.findtext("System/Computer"), "provider": root.find("System/Provider").get("Name")})  # fmt: skip
    known = {("Microsoft-Windows-Sysmon", n) for n in (1, 3, 5, 19, 20, 21)}
    known |= {("Microsoft-Windows-Security-Auditing", n) for n in (4624, 4648, 4688, 4689, 5156)}
    return [e for e in found if (e["provider"], e["id"]) in known]


def dump(tools: Tools, path: Path) -> tuple[list[dict], dict]:
    """What the reader says of a file: its events, and the file as a whole."""
    result = tools.run(tools.dump, path)
    assert result.returncode == 0, result.stderr
    *events, file = [json.loads(line) for line in result.stdout.split("\n") if line]
    return events, file


def number(text: str) -> int:
    """Decimal or hexadecimal; -1 for none."""
    return int(text, 0) if text else -1


@pytest.mark.shared
@pytest.mark.parametrize("path", EVTX, ids=lambda path: getattr(path, "stem", "none"))
def test_real_evtx(cli: Tools, path: Path) -> None:
    copy = cli.arena / path.name
    copy.write_bytes(path.read_bytes())
    copy.chmod(0o644)
    events, file = dump(cli, copy)
    expected = exported(path)
    assert file == {"kind": "EVTX", "events": len(expected), "damaged": 0, "note": None}
    assert [(e["id"], e["record"], e["host"]) for e in events] == [(e["id"], e["record"], e["host"]) for e in expected]
    for event, says in zip(events, expected):
        match says["id"]:
            case 1:
                assert event["pid"] == int(says["ProcessId"]) and event["parent_pid"] == int(says["ParentProcessId"])
                assert (event["image"], event["command_line"]) == (says["Image"], says["CommandLine"] or None)
                assert (event["user"], event["logon_id"]) == (says["User"], number(says["LogonId"]))
                assert (event["guid"], event["parent_image"]) == (says["ProcessGuid"], says["ParentImage"])
            case 3:
                assert (event["from"], event["from_port"]) == (says["SourceIp"], int(says["SourcePort"]))
                assert (event["to"], event["to_port"]) == (says["DestinationIp"], int(says["DestinationPort"]))
                assert event["side"] == {"true": "client", "false": "server"}[says["Initiated"]]
                assert (event["pid"], event["image"]) == (int(says["ProcessId"]), says["Image"])
            case 20:
                assert (event["item"], event["item_name"], event["item_value"]) == (
                    "consumer", says["Name"], says["Destination"])  # fmt: skip
            case 21:
                assert (event["item"], event["item_name"], event["target"]) == (
                    "binding", says["Filter"], says["Consumer"])  # fmt: skip
            case 4624:
                assert (event["user"], event["domain"]) == (says["TargetUserName"], says["TargetDomainName"])
                assert event["logon_id"] == number(says["TargetLogonId"])
                assert (event["from"], event["from_port"]) == (says["IpAddress"], int(says["IpPort"]))
            case 4648:
                assert (event["user"], event["pid"]) == (says["TargetUserName"], number(says["ProcessId"]))
                assert (event["client"], event["target"]) == (says["TargetServerName"], says["TargetInfo"])
            case 4688:
                assert (event["pid"], event["parent_pid"]) == (number(says["NewProcessId"]), number(says["ProcessId"]))
                assert event["image"] == says["NewProcessName"]


@pytest.mark.shared
@pytest.mark.skipif(not EVTX, reason="no real event logs (CAR_WMI_SHARED)")
def test_damaged_evtx(cli: Tools) -> None:
    whole = EVTX[0].read_bytes()
    two = whole + whole[4096:]
    copy = cli.arena / "damaged.evtx"

    def read(data: bytes) -> dict:
        copy.write_bytes(data)
        copy.chmod(0o644)
        return dump(cli, copy)[1]

    sound = read(whole)["events"]
    assert read(gzip.compress(whole))["events"] == sound
    assert read(two) == {"kind": "EVTX", "events": 2 * sound, "damaged": 0, "note": None}
    lost = bytearray(two)
    lost[4096:4104] = b"ElfXXXXX"
    assert read(bytes(lost)) == {"kind": "EVTX", "events": sound, "damaged": 1, "note": None}
    assert read(two[:-1])["note"] == "ends in the middle of a chunk"
    assert read(whole[:3000])["note"] == "ends in its header"
    rng = random.Random(5)
    for _ in range(60):
        broken = bytearray(whole)
        for _ in range(rng.choice((1, 8, 200))):
            broken[rng.randrange(4096, 4096 + 20000)] = rng.randrange(256)
        assert read(bytes(broken))["events"] <= sound + 4  # what is left; never an end of the program
