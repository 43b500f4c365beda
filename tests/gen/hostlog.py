# SPDX-License-Identifier: GPL-2.0-or-later
"""Events of Windows hosts, and the ways in which collectors write them as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone

from .rpc import Rpc
from .scenario import Host
from .tcp import Tcp

SYSMON = ("Microsoft-Windows-Sysmon", "Microsoft-Windows-Sysmon/Operational")
SECURITY = ("Microsoft-Windows-Security-Auditing", "Security")
WMI = ("Microsoft-Windows-WMI-Activity", "Microsoft-Windows-WMI-Activity/Operational")
WMI_TRACE = ("Microsoft-Windows-WMI-Activity", "Microsoft-Windows-WMI-Activity/Trace")
RPC = ("Microsoft-Windows-RPC", "Microsoft-Windows-RPC/Debug")
RPCFW = ("RPCFW", "RPCFW")

INBOUND, OUTBOUND = "%%14592", "%%14593"


@dataclass(frozen=True)
class Event:
    """One event. `user_data` is the name of the element that holds the data where that is not EventData."""

    log: tuple[str, str]
    id: int
    host: str
    time: datetime
    data: dict[str, str | int | list[str]]
    record: int = 0
    pid: int = 4
    user_data: str | None = None

    def shifted(self, seconds: float) -> Event:
        """The same by a clock that is so much ahead."""
        by = timedelta(seconds=seconds)
        data = dict(self.data)
        if "UtcTime" in data:
            utc = datetime.strptime(str(data["UtcTime"]), "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=timezone.utc)
            data["UtcTime"] = utc_time(utc + by)
        return replace(self, time=self.time + by, data=data)


def utc_time(time: datetime) -> str:
    """As Sysmon writes it."""
    return time.strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def at(ns: int) -> datetime:
    """The time of a packet."""
    return datetime.fromtimestamp(ns / 1e9, timezone.utc)


@dataclass
class HostLog:
    """The log of one host."""

    host: Host
    events: list[Event] = field(default_factory=list)

    def add(self, log: tuple[str, str], event_id: int, time: datetime, data: dict, **options: object) -> Event:
        """Appends an event."""
        event = Event(log, event_id, self.host.fqdn, time, data, record=1000 + len(self.events), **options)
        self.events.append(event)
        return event

    # -- connections and logons ----------------------------------------------------------------------------------------

    def permitted(self, tcp: Tcp, pid: int, application: str, direction: str) -> Event:
        """Security 5156 of a connection, when it is made."""
        return self.add(
            SECURITY,
            5156,
            at(tcp.packets[0].time_ns),
            {
                "ProcessID": str(pid),
                "Application": application,
                "Direction": direction,
                "SourceAddress": tcp.client.ip,
                "SourcePort": str(tcp.client.port),
                "DestAddress": tcp.server.ip,
                "DestPort": str(tcp.server.port),
                "Protocol": "6",
            },
        )

    def connected(self, tcp: Tcp, pid: int, image: str, user: str, initiated: bool, guid: str = "") -> Event:
        """Sysmon 3 of a connection."""
        time = at(tcp.packets[0].time_ns)
        local, remote = (tcp.client, tcp.server) if initiated else (tcp.server, tcp.client)
        return self.add(
            SYSMON,
            3,
            time,
            {
                "UtcTime": utc_time(time),
                "ProcessGuid": guid,
                "ProcessId": str(pid),
                "Image": image,
                "User": user,
                "Protocol": "tcp",
                "Initiated": "true" if initiated else "false",
                "SourceIp": local.ip,
                "SourcePort": str(local.port),
                "DestinationIp": remote.ip,
                "DestinationPort": str(remote.port),
            },
        )

    def logon(self, rpc: Rpc, user: str, domain: str, logon_id: int, package: str = "Kerberos") -> Event:
        """Security 4624 of a network logon over a connection."""
        return self.add(
            SECURITY,
            4624,
            at(rpc.tcp.packets[3].time_ns),
            {
                "TargetUserName": user,
                "TargetDomainName": domain,
                "TargetLogonId": hex(logon_id),
                "LogonType": "3",
                "AuthenticationPackageName": package,
                "LmPackageName": "-",
                "WorkstationName": "-",
                "IpAddress": rpc.tcp.client.ip,
                "IpPort": str(rpc.tcp.client.port),
            },
        )

    # -- processes -----------------------------------------------------------------------------------------------------

    def created(self, time: datetime, pid: int, image: str, command_line: str, user: str, **more: str | int) -> Event:
        """Sysmon 1. `more` are further values under their names."""
        data = {
            "UtcTime": utc_time(time),
            "ProcessGuid": "",
            "ProcessId": str(pid),
            "Image": image,
            "CommandLine": command_line,
            "User": user,
        }
        return self.add(SYSMON, 1, time, data | {name: str(value) for name, value in more.items()})

    def new_process(self, time: datetime, pid: int, image: str, command_line: str, **more: str | int) -> Event:
        """Security 4688."""
        data = {"NewProcessId": hex(pid), "NewProcessName": image, "CommandLine": command_line}
        return self.add(SECURITY, 4688, time, data | {name: str(value) for name, value in more.items()})

    # -- WMI -----------------------------------------------------------------------------------------------------------

    def operation(self, time: datetime, operation: str, client: str, pid: int, user: str, local: bool = False) -> Event:
        """WMI-Activity 11 of the Trace channel."""
        return self.add(
            WMI_TRACE,
            11,
            time,
            {
                "CorrelationId": "{00000000-0000-0000-0000-000000000000}",
                "GroupOperationId": 1492,
                "OperationId": 1495,
                "Operation": operation,
                "ClientMachine": client,
                "ClientMachineFQDN": "",
                "User": user,
                "ClientProcessId": pid,
                "ClientProcessCreationTime": 0,
                "NamespaceName": "\\\\.\\root\\cimv2",
                "IsLocal": "true" if local else "false",
            },
            user_data="Operation_New",
        )

    def provider(self, time: datetime, pid: int) -> Event:
        """WMI-Activity 5857."""
        data = {
            "ProviderName": "CIMWin32",
            "Code": "0x0",
            "HostProcess": "wmiprvse.exe",
            "ProcessID": pid,
            "ProviderPath": "%systemroot%\\system32\\wbem\\cimwin32.dll",
        }
        return self.add(WMI, 5857, time, data, user_data="Operation_StartedOperational")

    def shift(self, seconds: float) -> None:
        """Sets the host's clock ahead."""
        self.events = [event.shifted(seconds) for event in self.events]


# -- the ways to write them --------------------------------------------------------------------------------------------


def nxlog(event: Event, zone: float | None = -4) -> dict:
    """Flat, with the host's local time; without `zone` nothing tells the time in UTC."""
    local = event.time + timedelta(hours=zone or 0)
    data = {("ProcessId" if k == "ProcessID" and event.id == 5156 else k): v for k, v in event.data.items()}
    parameters = data.pop("Data", None)
    flat = {
        "EventTime": local.strftime("%Y-%m-%d %H:%M:%S"),
        "Hostname": event.host,
        "Channel": event.log[1],
        "SourceName": event.log[0],
        "EventID": event.id,
        "RecordNumber": event.record,
        "ExecutionProcessID": event.pid,
        **data,
    }
    if parameters:
        flat["Message"] = rpcfw_message(parameters)
    if zone is not None:
        received = event.time + timedelta(seconds=1.5)
        flat["EventReceivedTime"] = (received + timedelta(hours=zone)).strftime("%Y-%m-%d %H:%M:%S")
        flat["@timestamp"] = received.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return flat


def ecs(event: Event) -> dict:
    """As winlogbeat writes it."""
    data = {k: str(v) for k, v in event.data.items() if k != "Data"}
    for number, value in enumerate(event.data.get("Data", []), 1):
        data[f"param{number}"] = value
    return {
        "@timestamp": event.time.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "ecs": {"version": "8.0.0"},
        "event": {"code": str(event.id), "kind": "event", "provider": event.log[0]},
        "host": {"name": event.host},
        "winlog": {
            "provider_name": event.log[0],
            "channel": event.log[1],
            "event_id": str(event.id),
            "record_id": event.record,
            "computer_name": event.host,
            "process": {"pid": event.pid, "thread": {"id": 7}},
            ("user_data" if event.user_data else "event_data"): data,
        },
    }


def dumped(event: Event) -> dict:
    """As evtx_dump -o jsonl writes it."""
    data = dict(event.data)
    if "Data" in data:
        data["Data"] = {"#text": data["Data"]}
    body = {"UserData": {event.user_data: {"#attributes": {"xmlns": "x"}, **data}}} if event.user_data else {
        "EventData": data
    }  # fmt: skip
    qualified = event.log == RPCFW
    event_id = {"#attributes": {"Qualifiers": 16386}, "#text": event.id} if qualified else event.id
    return {
        "Event": {
            "#attributes": {"xmlns": "http://schemas.microsoft.com/win/2004/08/events/event"},
            "System": {
                "Provider": {"#attributes": {"Name": event.log[0]}},
                "EventID": event_id,
                "TimeCreated": {"#attributes": {"SystemTime": event.time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")}},
                "EventRecordID": event.record,
                "Execution": {"#attributes": {"ProcessID": event.pid, "ThreadID": 7}},
                "Channel": event.log[1],
                "Computer": event.host,
            },
            **body,
        }
    }


def rpcfw_message(parameters: list[str]) -> str:
    """RPC Firewall's message of an RPC call."""
    p = parameters
    return (
        f"An RPC server function was called.\r\n\r\nProcess Information:\r\n\tProcess ID:\t{p[1]}\r\n\tImage Path:\t"
        f"{p[2]}\r\n\tRPCRT_Func:\t{p[0]}\r\n\r\nNetwork Information:\r\n\tProtocol:\t{p[3]}\r\n\tEndpoint:\t{p[4]}\r\n"
        f"\tSource Network Address:\t{p[5]}\r\n\tRemote Port:\t{p[11]}\r\n\r\nRPC Information:\r\n\tInterfaceUuid:\t{p[6]}"
        f"\r\n\tOpNum:\t\t{p[7]}\r\n\r\nSubject:\r\n\tSecurity ID:\t{p[8]}\r\n"
    )


def lines(events: Iterable[Event], form: object = nxlog, **options: object) -> bytes:
    """JSON lines in one of the forms."""
    return b"".join(json.dumps(form(event, **options), ensure_ascii=False).encode() + b"\n" for event in events)
