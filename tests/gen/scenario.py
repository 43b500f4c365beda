# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole sessions between hosts, as Windows clients and as impacket conduct them, and the other traffic beside them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from . import activation, guids, ip, objref, orpc, wmi, wmio
from . import kerberos as kerberos_messages
from .activation import Exporter
from .capture import Capture
from .ip import Endpoint, Packet
from .rpc import Call, Planned, Rpc
from .security import CONNECT, INTEGRITY, PACKET, PRIVACY, Kerberos, Ntlm, Security
from .tcp import Clock, Tcp

CREATED = 132411592107536526
"""FILETIME of 2020-08-06 03:46:50.7536526 UTC, when the client's process starts."""


@dataclass(frozen=True)
class Host:
    """A Windows host of the domain."""

    name: str
    ip: str
    mac: str
    domain: str = "example.com"

    @property
    def fqdn(self) -> str:
        """NAME.domain."""
        return f"{self.name}.{self.domain}"

    @property
    def realm(self) -> str:
        """Kerberos realm of the domain."""
        return self.domain.upper()


CLIENT = Host("WS05", "192.0.2.5", "02:00:00:00:00:05")
SERVER = Host("WS06", "192.0.2.6", "02:00:00:00:00:06")
OTHER = Host("WS07", "192.0.2.7", "02:00:00:00:00:07")
CLIENT6 = Host("WS05", "2001:db8::5", "02:00:00:00:00:05")
SERVER6 = Host("WS06", "2001:db8::6", "02:00:00:00:00:06")


class Lab:
    """One capture in the making: a clock, a source of random bytes, and every packet so far."""

    def __init__(self, seed: int = 1, mss: int = 1460, vlans: Sequence[int] = (), big: bool = False) -> None:
        self.rng = random.Random(seed)
        self.clock = Clock()
        self.mss, self.vlans, self.big = mss, vlans, big
        self.flows: list[Tcp] = []
        self.loose: list[Packet] = []
        self._tickets: dict[str, bytes] = {}
        self._port = 55000
        self._count = 0

    def guid(self) -> str:
        """A random GUID."""
        text = self.rng.randbytes(16).hex()
        return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"

    def ipid(self, pid: int) -> str:
        """An IPID as Windows makes them: the process id of the server in its second field."""
        self._count += 1
        tail = self.rng.randbytes(8).hex()
        head = f"{self._count:04x}{self.rng.randrange(0x1000, 0xFFFF):04x}"
        return f"{head}-{pid & 0xFFFF:04x}-0000-{tail[:4]}-{tail[4:]}"

    def oxid(self) -> int:
        """A random OXID or OID."""
        return self.rng.getrandbits(64)

    def ticket(self, spn: str, realm: str) -> bytes:
        """The ticket for a service: the same one each time, as clients keep them."""
        if spn not in self._tickets:
            self._tickets[spn] = kerberos_messages.ticket(self.rng, spn, realm)
        return self._tickets[spn]

    def port(self) -> int:
        """The next ephemeral port."""
        self._port += 1
        return self._port

    def flow(
        self,
        client: Host,
        server: Host,
        port: int,
        client_port: int | None = None,
        handshake: bool = True,
        **options: object,
    ) -> Tcp:
        """A TCP connection; `handshake=False` joins it half-way."""
        ends = Endpoint(client.ip, client_port or self.port(), client.mac), Endpoint(server.ip, port, server.mac)
        isns = {"client_isn": self.rng.getrandbits(32), "server_isn": self.rng.getrandbits(32)}
        tcp = Tcp(self.clock, *ends, **({"mss": self.mss, "vlans": self.vlans} | isns | options))
        self.flows.append(tcp)
        if handshake:
            tcp.handshake()
        return tcp

    def connect(self, client: Host, server: Host, port: int, rpc: dict | None = None, **options: object) -> Rpc:
        """A TCP connection that will speak DCE/RPC; `rpc` are options of `Rpc`, the others those of `Tcp`."""
        return Rpc(self.flow(client, server, port, **options), self.rng, **({"big": self.big} | (rpc or {})))

    def datagrams(self, client: Host, server: Host, port: int, query: bytes, answer: bytes) -> None:
        """A UDP exchange."""
        a, b = Endpoint(client.ip, self.port(), client.mac), Endpoint(server.ip, port, server.mac)
        self.loose.append(Packet(self.clock.tick(), ip.udp(a, b, query, self.vlans)))
        self.loose.append(Packet(self.clock.tick(), ip.udp(b, a, answer, self.vlans)))

    def packets(self) -> list[Packet]:
        """All packets in order of time."""
        every = self.loose + [packet for flow in self.flows for packet in flow.packets]
        return sorted(every, key=lambda packet: packet.time_ns)

    def capture(self) -> Capture:
        """The capture of all packets."""
        return Capture(self.packets())


@dataclass
class Activated:
    """An activation and what it gave out."""

    rpc: Rpc
    call: Call
    exporter: Exporter
    causality: str
    clsid: str
    iids: list[str]
    ipids: list[str]
    server_name: str | None
    status: int = 0


@dataclass
class Session:
    """An object connection with its activation."""

    lab: Lab
    client: Host
    server: Host
    kind: str
    activated: Activated | None
    rpc: Rpc
    causality: str
    pid: int
    client_pid: int
    login: Call | None = None
    services: str = ""
    """IPID of the IWbemServices that NTLMLogin returned."""
    namespace: str = ""
    locale: str | None = None
    marks: dict[str, Call] = field(default_factory=dict)
    """Calls worth naming: client_info, client_info_ex, position, login …"""

    @property
    def known_as_wmi(self) -> list[Rpc]:
        """The conversations that show themselves to be WMI: the object connection, and the activation unless its class
        is sealed."""
        activated = self.activated
        readable = activated is not None and activated.call.security.level < PRIVACY
        return [activated.rpc, self.rpc] if readable else [self.rpc]

    @property
    def conversations(self) -> list[Rpc]:
        """All of them."""
        return [self.activated.rpc, self.rpc] if self.activated else [self.rpc]

    def authenticate(self, uuid: str, user: str) -> None:
        """Another user's security context, in which the next calls are made; the one before is in `rpc.security`."""
        auth = ntlm(self.lab, self.client, self.server, PRIVACY, 4711, user=user, target=None)
        self.rpc.bind(self.rpc.offer(uuid), auth, alter=True)

    # -- calls of IWbemServices ----------------------------------------------------------------------------------------

    def _services(self, opnum: int, request: bytes, response: bytes, **options: object) -> Call:
        return self.rpc.call(guids.IWbemServices, opnum, request, response, self.services, **options)

    @property
    def _impacket(self) -> bool:
        return self.kind == "impacket"

    def get_object(self, path: str, size: int = 6000, **options: object) -> Call:
        """GetObject of a class, whose definition is some `size` bytes."""
        block = wmio.class_object(path, [wmio.Property("Name", "string")], decoration=(self.server.name, "root\\cimv2"))
        answer = wmi.get_object_response(wmio.objref(block, slack=size))
        return self._services(
            wmi.GET_OBJECT, wmi.get_object(self.causality, path, wanted=not self._impacket), answer, **options
        )

    def exec_query(self, query: str, **options: object) -> tuple[Call, str]:
        """ExecQuery; also returns the enumerator's IPID."""
        ipid = self.lab.ipid(self.pid)
        answer = orpc.interface_response(self.reference(guids.IEnumWbemClassObject, ipid))
        request = wmi.exec_query(self.causality, query, nul=self._impacket)
        return self._services(wmi.EXEC_QUERY, request, answer, **options), ipid

    def exec_method(
        self, path: str, method: str, block: bytes | None, result: bytes | None, status: int = 0, **options: object
    ) -> Call:
        """ExecMethod with in-parameters and out-parameters as ObjectBlocks."""
        request = wmi.exec_method(
            self.causality, path, method, block and wmio.objref(block), nul=self._impacket, wanted=not self._impacket
        )
        answer = wmi.exec_method_response(result and wmio.objref(result), status)
        return self._services(wmi.EXEC_METHOD, request, answer, **options)

    def create_process(self, command_line: str, pid: int = 4242, status: int = 0, **options: object) -> Call:
        """ExecMethod of Win32_Process.Create, which the server refuses with a status other than 0."""
        block = wmio.process_create(command_line, "C:\\", wide=self._impacket)
        result = None if status else wmio.process_create_result(pid)
        return self.exec_method("Win32_Process", "Create", block, result, status, **options)

    def put_instance(self, block: bytes, status: int = 0, **options: object) -> Call:
        """PutInstance of an ObjectBlock."""
        request = wmi.put_instance(self.causality, wmio.objref(block))
        return self._services(wmi.PUT_INSTANCE, request, wmi.put_response(status), **options)

    def enumerate(self, ipid: str, objects: Sequence[bytes], count: int = 10) -> Call:
        """IEnumWbemClassObject::Next on its own context."""
        if guids.IEnumWbemClassObject not in self.rpc.contexts:
            self.rpc.alter(self.rpc.offer(guids.IEnumWbemClassObject))
        answer = wmi.enum_next_response(count, [wmio.objref(block) for block in objects])
        request = wmi.enum_next(self.causality, count)
        return self.rpc.call(guids.IEnumWbemClassObject, wmi.ENUM_NEXT, request, answer, ipid)

    def reference(self, iid: str, ipid: str) -> bytes:
        """OBJREF of an object that the server hands out."""
        oxid = self.activated.exporter.oxid if self.activated else 1
        return objref.objref_standard(iid, oxid, self.lab.oxid(), ipid, [self.server.name, self.server.ip])


# -- pieces ------------------------------------------------------------------------------------------------------------


def kerberos(lab: Lab, server: Host, level: int, context_id: int = 0, service: str = "RPCSS") -> Kerberos:
    """Security context of a client in the server's domain."""
    spn = f"{service}/{server.fqdn}"
    return Kerberos(lab.rng, level, context_id, spn=spn, realm=server.realm, ticket=lab.ticket(spn, server.realm))


def fetch_ticket(lab: Lab, client: Host, server: Host, kdc: Host, user: str, service: str = "RPCSS") -> Packet:
    """The KDC's answer, over TCP, that gave `user` the ticket which `client` presents to `server`. Returns the packet
    in which it ends."""
    given = lab.ticket(f"{service}/{server.fqdn}", server.realm)
    tcp = lab.flow(client, kdc, 88)
    answer = kerberos_messages.over_tcp(kerberos_messages.tgs_rep(lab.rng, user, server.realm, given))
    last = tcp.send(False, answer)[-1]
    tcp.finish()
    return last


def ntlm(lab: Lab, client: Host, server: Host, level: int, context_id: int = 0, **options: object) -> Ntlm:
    """Security context of a client that logs on with NTLM."""
    names = {
        "workstation": client.name,
        "server": server.name,
        "dns_domain": server.domain,
        "domain": server.domain.split(".")[0].upper(),
        "target": f"RPCSS/{server.fqdn}",
    }
    return Ntlm(lab.rng, level, context_id, **(names | options))


def activate(
    lab: Lab,
    client: Host,
    server: Host,
    clsid: str = guids.CLSID_WbemLevel1Login,
    iids: Sequence[str] = (guids.IWbemLevel1Login,),
    auth: Security | None = None,
    port: int = 49670,
    pid: int = 2688,
    opnum: int = activation.CREATE_INSTANCE,
    short: bool = False,
    status: int = 0,
    fault: int | None = None,
    server_name: str | None = None,
    causality: str | None = None,
    endpoint: str | None = None,
    close: bool = False,
) -> Activated:
    """RemoteCreateInstance or RemoteGetClassObject on port 135. `short` is impacket's form of it; `endpoint` replaces
    the address in the bindings that come back."""
    auth = auth or (ntlm(lab, client, server, PRIVACY) if short else kerberos(lab, server, CONNECT))
    rpc = lab.connect(client, server, 135, rpc={"trailer": not short, "big": False})
    rpc.bind(rpc.offer(guids.ISystemActivator, features=not short), auth)
    causality = causality or lab.guid()
    name = None if short else (server_name or server.name)
    addresses = [endpoint] if endpoint else [server.name, server.ip]
    exporter = Exporter(lab.oxid(), lab.ipid(pid), addresses, port, spn=f"host/{server.fqdn}")
    ipids = [lab.ipid(pid) for _ in iids]
    request = activation.activation_request(causality, clsid, iids, name, opnum, 0 if short else 0x14, short)
    given = [(iid, lab.oxid(), ipid) for iid, ipid in zip(iids, ipids)]
    response = activation.activation_response(exporter, given, status)
    call = rpc.call(guids.ISystemActivator, opnum, request, response, fault=fault)
    if close:
        rpc.tcp.finish()
    return Activated(rpc, call, exporter, causality, clsid, list(iids), ipids, name, status)


def activate_together(lab: Lab, client: Host, server: Host, clsids: Sequence[str]) -> list[Activated]:
    """Several activations whose requests stand in one segment, and so do their answers; each gives a port of its own."""
    rpc = lab.connect(client, server, 135)
    rpc.bind(rpc.offer(guids.ISystemActivator, features=True), kerberos(lab, server, CONNECT))
    made, planned = [], []
    for number, clsid in enumerate(clsids):
        iids = [guids.IWbemLevel1Login if clsid == guids.CLSID_WbemLevel1Login else guids.IDispatch]
        exporter = Exporter(lab.oxid(), lab.ipid(2688), [server.name, server.ip], 49670 + number)
        ipids, causality = [lab.ipid(2688)], lab.guid()
        given = [(iids[0], lab.oxid(), ipids[0])]
        request = activation.activation_request(causality, clsid, iids, server.name)
        answer = activation.activation_response(exporter, given)
        planned.append(Planned(guids.ISystemActivator, activation.CREATE_INSTANCE, request, answer))
        made.append((exporter, causality, clsid, iids, ipids))
    calls = rpc.batch(planned)
    return [Activated(rpc, call, *rest, server.name) for call, rest in zip(calls, made)]


def remote_activation(
    lab: Lab,
    client: Host,
    server: Host,
    clsid: str = guids.CLSID_WbemLevel1Login,
    port: int = 49670,
    pid: int = 2688,
    status: int = 0,
) -> Activated:
    """IActivation::RemoteActivation, the way of old clients."""
    rpc = lab.connect(client, server, 135)
    rpc.bind(rpc.offer(guids.IRemoteActivation), ntlm(lab, client, server, CONNECT))
    causality, iids = lab.guid(), [guids.IWbemLevel1Login]
    exporter = Exporter(lab.oxid(), lab.ipid(pid), [server.name, server.ip], port, spn=f"host/{server.fqdn}")
    ipids = [lab.ipid(pid)]
    request = activation.remote_activation_request(causality, clsid, iids, big=lab.big)
    given = [(iids[0], lab.oxid(), ipids[0])]
    response = activation.remote_activation_response(exporter, given, status, big=lab.big)
    call = rpc.call(guids.IRemoteActivation, 0, request, response)
    return Activated(rpc, call, exporter, causality, clsid, iids, ipids, None, status)


# -- WMI ---------------------------------------------------------------------------------------------------------------


def wmi_session(
    lab: Lab,
    client: Host = CLIENT,
    server: Host = SERVER,
    kind: str = "windows",
    sealed: bool = True,
    with_activation: bool = True,
    namespace: str | None = None,
    connection: dict | None = None,
    client_pid: int = 7240,
    pid: int = 2688,
    activated: Activated | None = None,
) -> Session:
    """Activation, object connection and login, up to where IWbemServices can be called. `kind` is "windows" or
    "impacket"; without `sealed` the calls run at packet integrity; `connection` are options of the object
    connection's `Lab.connect`."""
    impacket = kind == "impacket"
    if activated is None and with_activation:
        level = PRIVACY if sealed else INTEGRITY
        auth = ntlm(lab, client, server, level) if impacket else None
        activated = activate(lab, client, server, short=impacket, pid=pid, auth=auth)
    port = activated.exporter.port if activated else 49670
    causality = activated.causality if activated else lab.guid()
    options = dict(connection or {})
    rpc_options = {"trailer": not impacket} | options.pop("rpc", {})
    rpc = lab.connect(client, server, port, rpc=rpc_options, **options)
    session = Session(lab, client, server, kind, activated, rpc, causality, pid, client_pid)
    if impacket:
        _impacket_login(session, PRIVACY if sealed else INTEGRITY, namespace or "//./root/cimv2")
    else:
        _windows_login(session, PRIVACY if sealed else INTEGRITY, namespace or f"\\\\{server.name}\\root\\cimv2")
    return session


def login(session: Session, ipid: str) -> Call:
    """NTLMLogin on the object `ipid`, into `session.namespace`; `session.services` becomes what it returns."""
    session.services = session.lab.ipid(session.pid)
    big = session.rpc.big
    answer = orpc.interface_response(session.reference(guids.IWbemServices, session.services), big=big)
    request = wmi.ntlm_login(session.causality, session.namespace, session.locale, big=big)
    session.login = session.rpc.call(guids.IWbemLevel1Login, wmi.NTLM_LOGIN, request, answer, ipid)
    return session.login


def _windows_login(session: Session, level: int, namespace: str) -> None:
    lab, rpc, server, causality = session.lab, session.rpc, session.server, session.causality
    session.namespace, session.locale = namespace, "en-US,en"
    remunknown = session.activated.exporter.ipid_remunknown if session.activated else lab.ipid(session.pid)
    level1 = session.activated.ipids[0] if session.activated else lab.ipid(session.pid)
    client_id, client_id_ex = lab.ipid(session.pid), lab.ipid(session.pid)
    oxid = session.activated.exporter.oxid if session.activated else 1
    big = rpc.big

    rpc.bind(rpc.offer(guids.IRemUnknown2, ndr64=True, features=True), kerberos(lab, server, PACKET, 0, "host"))
    if not big:
        for iid, ipid in ((guids.IWbemLoginClientID, client_id), (guids.IWbemLoginClientIDEx, client_id_ex)):
            request = orpc.rem_query_interface(causality, level1, [iid])
            answer = orpc.rem_query_interface_response([(oxid, lab.oxid(), ipid)])
            rpc.call(guids.IRemUnknown2, 3, request, answer, remunknown)
    rpc.alter(rpc.offer(guids.IWbemLoginClientID), kerberos(lab, server, PACKET, 1, "host"))
    info = wmi.set_client_info(causality, session.client.name, session.client_pid, big)
    done = orpc.plain_response()
    marks = session.marks
    marks["client_info"] = rpc.call(guids.IWbemLoginClientID, wmi.SET_CLIENT_INFO, info, done, client_id)
    rpc.alter(rpc.offer(guids.IWbemLoginClientIDEx))
    info = wmi.set_client_info_ex(causality, session.client.name, session.client.fqdn, session.client_pid, CREATED, big)
    marks["client_info_ex"] = rpc.call(guids.IWbemLoginClientIDEx, wmi.SET_CLIENT_INFO, info, done, client_id_ex)
    rpc.alter(rpc.offer(guids.IWbemLevel1Login))
    position = wmi.establish_position(causality, big), wmi.establish_position_response(big)
    marks["position"] = rpc.call(guids.IWbemLevel1Login, wmi.ESTABLISH_POSITION, *position, level1)
    marks["login"] = login(session, level1)
    if not big:
        released = orpc.rem_release(causality, [level1, client_id, client_id_ex])
        rpc.call(guids.IRemUnknown2, 5, released, done, remunknown)
    rpc.alter(rpc.offer(guids.IWbemServices), kerberos(lab, server, level, 2, "host"))


def _impacket_login(session: Session, level: int, namespace: str) -> None:
    lab, rpc = session.lab, session.rpc
    session.namespace = namespace
    level1 = session.activated.ipids[0] if session.activated else lab.ipid(session.pid)
    for context_id, uuid in enumerate((guids.IWbemLevel1Login, guids.IRemUnknown, guids.IWbemServices)):
        auth = ntlm(lab, session.client, session.server, level, 79231 + context_id, workstation="", target=None)
        rpc.bind(rpc.offer(uuid), auth, alter=context_id > 0)
        if uuid == guids.IWbemLevel1Login:
            session.marks["login"] = login(session, level1)
        elif uuid == guids.IRemUnknown:
            remunknown = session.activated.exporter.ipid_remunknown if session.activated else lab.ipid(session.pid)
            released = orpc.rem_release(session.causality, [level1])
            rpc.call(uuid, 5, released, orpc.plain_response(), remunknown)


# -- what is not WMI ---------------------------------------------------------------------------------------------------


def dispatch_session(
    lab: Lab,
    client: Host = CLIENT,
    server: Host = SERVER,
    clsid: str = guids.CLSID_MMC20,
    members: Sequence[str] = ("Document", "ActiveView", "ExecuteShellCommand"),
    port: int = 49680,
) -> Session:
    """DCOM lateral movement over IDispatch (MMC20.Application, ShellWindows …): activation, then GetIDsOfNames and
    Invoke for each member."""
    activated = activate(
        lab, client, server, clsid, [guids.IDispatch], port=port, pid=3028, opnum=activation.GET_CLASS_OBJECT
    )
    rpc = lab.connect(client, server, port)
    session = Session(lab, client, server, "dispatch", activated, rpc, activated.causality, 3028, 0)
    rpc.bind(rpc.offer(guids.IDispatch, ndr64=True, features=True), kerberos(lab, server, INTEGRITY, 0, "host"))
    for number, member in enumerate(members, 1):
        names = orpc.this(session.causality).guid(guids.NULL).u32(1).referent().wstring(member)
        names.align(4).u32(1).u32(0x409)
        found = orpc.that().u32(1).u32(number).u32(0).bytes()
        rpc.call(guids.IDispatch, 5, names.bytes(), found, activated.ipids[0])
    return session


def plain_rpc(lab: Lab, client: Host, server: Host, port: int, uuid: str, calls: int = 3, **options: object) -> Rpc:
    """RPC that is no DCOM: calls without object UUID and without ORPCTHIS, sealed."""
    rpc = lab.connect(client, server, port, rpc={"trailer": False}, **options)
    auth = ntlm(lab, client, server, PRIVACY, target=f"host/{server.fqdn}")
    rpc.bind(rpc.offer(uuid, ndr64=True, features=True), auth)
    for number in range(calls):
        rpc.call(uuid, number, lab.rng.randbytes(60), lab.rng.randbytes(40))
    return rpc


def resolver_ping(lab: Lab, client: Host, server: Host) -> Rpc:
    """IObjectExporter::ServerAlive2 without authentication."""
    rpc = lab.connect(client, server, 135)
    rpc.bind(rpc.offer(guids.IOXIDResolver, features=True))
    rpc.call(guids.IOXIDResolver, 5, b"", orpc.server_alive2_response([server.name, server.ip]))
    return rpc


def dns_lookup(lab: Lab, client: Host, server: Host, name: str, address: str) -> None:
    """A DNS query and its answer."""
    question = b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0\0\x01\0\x01"
    number = lab.rng.randbytes(2)
    query = number + bytes.fromhex("01000001000000000000") + question
    packed = bytes(int(part) for part in address.split("."))
    answer = number + bytes.fromhex("81800001000100000000") + question
    answer += bytes.fromhex("c00c000100010000012c0004") + packed
    lab.datagrams(client, server, 53, query, answer)


def web_page(lab: Lab, client: Host, server: Host, host: str) -> Tcp:
    """An HTTP request and its response."""
    tcp = lab.flow(client, server, 80)
    tcp.send(True, f"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    page = b"<html><body>hello</body></html>\n" * 60
    tcp.send(False, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(page) + page)
    tcp.finish()
    return tcp


def sample() -> Capture:
    """The capture that shows what the analytic is about: a sealed remote process creation over WMI by a Windows client,
    between look-ups, a web page and DCOM that is not WMI."""
    lab = Lab(seed=20141107)
    resolver = Host("DC01", "192.0.2.2", "02:00:00:00:00:02")
    dns_lookup(lab, CLIENT, resolver, SERVER.fqdn, SERVER.ip)
    web_page(lab, CLIENT, OTHER, "intranet.example.com")
    resolver_ping(lab, CLIENT, SERVER)
    session = wmi_session(lab)
    session.get_object("Win32_Process")
    web_page(lab, SERVER, OTHER, "updates.example.com")
    session.create_process("notepad.exe")
    dispatch_session(lab, OTHER, SERVER)
    dns_lookup(lab, OTHER, resolver, "www.example.com", "198.51.100.80")
    session.rpc.tcp.finish()
    return lab.capture()
