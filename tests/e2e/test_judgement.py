# SPDX-License-Identifier: GPL-2.0-or-later
"""What is WMI, what is DCOM of another kind, what is neither, and what belongs together."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

import expect
from expect import ACTIVATION, ACTIVITY, CONFIDENCE, DETECTED, EVIDENCE, Said, only, values_in
from gen import activation, dcerpc, guids, objref, orpc, scenario, wmi, wmio
from gen.capture import Capture
from gen.dcerpc import Context
from gen.rpc import Rpc
from gen.scenario import CLIENT, OTHER, SERVER, Lab, Session
from gen.security import CONNECT, INTEGRITY, PACKET
from gen.tcp import without
from support import Tools


@dataclass
class Told:
    """A capture and what the plugin says of it, with two passes."""

    capture: Capture
    said: Said

    def confidence(self, *conversations: Rpc) -> set[str]:
        """Confidence on all frames of the conversations."""
        return values_in(self.said, CONFIDENCE, expect.flow(self.capture, *conversations))

    def flagged(self, *conversations: Rpc) -> bool:
        """Whether exactly the frames of these conversations are flagged."""
        return sorted(only(self.said, DETECTED)) == expect.flow(self.capture, *conversations)

    def evidence(self, rpc: Rpc) -> dict[str, int]:
        """Kind of evidence → frame that gave it."""
        frames = expect.flow(self.capture, rpc)
        return {kind: n for n in frames for kind in self.said.get(n, {}).get(EVIDENCE, [])}

    def activity(self, *conversations: Rpc) -> set[str]:
        """Activities that the frames are given."""
        return values_in(self.said, ACTIVITY, expect.flow(self.capture, *conversations))

    def field(self, packet: object, name: str) -> list[str]:
        """A field of the frame that is a packet."""
        return self.said.get(self.capture.number(packet), {}).get(f"car.wmi_rpc.{name}", [])


def tell(plugin: Tools, made: Lab | Capture, *options: str) -> Told:
    """Writes the capture and asks the plugin."""
    capture = made.capture() if isinstance(made, Lab) else made
    return Told(capture, plugin.fields(plugin.write(capture), *expect.FIELDS, options=options))


def finished(lab: Lab, **options: object) -> Session:
    """A session with one ExecMethod."""
    session = scenario.wmi_session(lab, **options)
    session.create_process("notepad.exe")
    return session


# -- not WMI -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("clsid", [guids.CLSID_MMC20, guids.CLSID_ShellWindows])
def test_other_dcom_is_dcom(plugin: Tools, clsid: str) -> None:
    lab = Lab()
    session = scenario.dispatch_session(lab, clsid=clsid)
    told = tell(plugin, lab)
    assert told.confidence(*session.conversations) == {"dcom"}
    assert told.flagged()
    assert "dcom-interface" in told.evidence(session.rpc)
    assert told.field(session.activated.call.requests[0], "clsid") == [clsid]
    assert len(told.activity(*session.conversations)) == 1
    assert only(told.said, *expect.PDU_FIELDS) == expect.pdu_fields(told.capture, *session.conversations)


@pytest.mark.parametrize("uuid", [guids.SAMR, guids.ATSVC, guids.SVCCTL])
def test_other_rpc_is_nothing(plugin: Tools, uuid: str) -> None:
    lab = Lab()
    scenario.plain_rpc(lab, CLIENT, SERVER, 49670, uuid)
    assert tell(plugin, lab).said == {}


def test_other_rpc_on_the_endpoint_of_wmi(plugin: Tools) -> None:
    """A service host offers other interfaces on the port that an activation returned."""
    lab = Lab()
    session = finished(lab)
    rpc = scenario.plain_rpc(lab, CLIENT, SERVER, session.activated.exporter.port, guids.ATSVC)
    told = tell(plugin, lab)
    assert told.flagged(*session.conversations)
    assert told.confidence(rpc) == {""}


def test_other_rpc_on_the_endpoint_of_wmi_without_its_bind(plugin: Tools) -> None:
    lab = Lab()
    session = finished(lab)
    rpc = scenario.plain_rpc(lab, CLIENT, SERVER, session.activated.exporter.port, guids.ATSVC)
    first = rpc.calls[0].requests[0]
    lost = [packet for packet in rpc.tcp.packets if packet.time_ns < first.time_ns]
    told = tell(plugin, Capture(without(lab.packets(), lost)))
    assert told.flagged(*session.conversations)


def test_web_and_names_are_nothing(plugin: Tools) -> None:
    lab = Lab()
    scenario.web_page(lab, CLIENT, SERVER, "example.com")
    scenario.dns_lookup(lab, CLIENT, SERVER, "example.com", "192.0.2.1")
    assert tell(plugin, lab).said == {}


def test_resolver_alone_is_dcom(plugin: Tools) -> None:
    lab = Lab()
    rpc = scenario.resolver_ping(lab, CLIENT, SERVER)
    told = tell(plugin, lab)
    assert told.confidence(rpc) == {"dcom"} and told.flagged()


def test_rpcss_ticket_is_an_estimate(plugin: Tools) -> None:
    """A ticket for RPCSS on port 135, and an interface that is no DCOM."""
    lab = Lab()
    rpc = lab.connect(CLIENT, SERVER, 135)
    rpc.bind(rpc.offer(guids.EPM), scenario.kerberos(lab, SERVER, CONNECT))
    rpc.call(guids.EPM, 3, lab.rng.randbytes(40), lab.rng.randbytes(60))
    told = tell(plugin, lab)
    assert told.confidence(rpc) == {"rpcss"} and told.flagged()
    assert told.evidence(rpc) == {"rpcss-spn": told.capture.number(rpc.binds[0].packet)}
    assert told.field(rpc.binds[0].packet, "spn") == [f"RPCSS/{SERVER.fqdn}"]


def test_rpcss_ticket_elsewhere_is_nothing(plugin: Tools) -> None:
    """The estimate is about port 135."""
    lab = Lab()
    rpc = lab.connect(CLIENT, SERVER, 49671)
    rpc.bind(rpc.offer(guids.SAMR), scenario.kerberos(lab, SERVER, CONNECT))
    assert tell(plugin, lab).said == {}


# -- the preference ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("least", ["wmi", "dcom", "rpcss"])
def test_min_confidence(plugin: Tools, least: str) -> None:
    lab = Lab()
    wmi_session, dcom = finished(lab), scenario.dispatch_session(lab, OTHER, SERVER)
    estimate = lab.connect(OTHER, SERVER, 135)
    estimate.bind(estimate.offer(guids.EPM), scenario.kerberos(lab, SERVER, CONNECT))
    scenario.plain_rpc(lab, OTHER, SERVER, 49690, guids.SAMR)
    wanted = [*wmi_session.conversations]
    wanted += dcom.conversations if least in ("dcom", "rpcss") else []
    wanted += [estimate] if least == "rpcss" else []
    told = tell(plugin, lab, "-o", f"car.wmi_rpc.min_confidence:{least}")
    assert told.flagged(*wanted)
    assert told.confidence(*wmi_session.conversations) == {"wmi"}
    assert told.confidence(*dcom.conversations) == {"dcom"}
    assert told.confidence(estimate) == {"rpcss"}


# -- presentation contexts ---------------------------------------------------------------------------------------------


def test_wmi_interface_refused(plugin: Tools) -> None:
    """The attempt is evidence; the interface was not accepted."""
    lab = Lab()
    rpc = lab.connect(CLIENT, SERVER, 49670)
    offer = [Context(0, guids.IWbemLevel1Login, result=dcerpc.REJECTED, reason=dcerpc.NO_ABSTRACT)]
    rpc.bind(offer, scenario.ntlm(lab, CLIENT, SERVER, PACKET))
    told = tell(plugin, lab)
    assert told.flagged(rpc)
    assert told.field(rpc.binds[0].packet, "interface") == ["IWbemLevel1Login"]
    assert told.field(rpc.binds[0].packet, "if_accepted") == ["0"]


@pytest.mark.parametrize(
    ("result", "transfer"), [(dcerpc.REJECTED, guids.NDR64), (dcerpc.NEGOTIATED, guids.BIND_TIME_FEATURES)]
)
def test_free_context_id_is_defined_again(plugin: Tools, result: int, transfer: str) -> None:
    """A context id that was refused, or only acknowledged, gets its meaning from a later Alter_context."""
    lab = Lab()
    rpc = lab.connect(CLIENT, SERVER, 49670)
    contexts = [Context(0, guids.IRemUnknown2), Context(1, guids.IRemUnknown2, transfer, result)]
    rpc.bind(contexts, scenario.ntlm(lab, CLIENT, SERVER, PACKET))
    rpc.alter([Context(1, guids.IWbemLevel1Login)])
    ipid, causality = lab.ipid(2688), lab.guid()
    rpc.call(guids.IWbemLevel1Login, 3, wmi.establish_position(causality), wmi.establish_position_response(), ipid)
    told = tell(plugin, lab)
    assert told.flagged(rpc)
    assert only(told.said, *expect.PDU_FIELDS) == expect.pdu_fields(told.capture, rpc)


def test_refused_redefinition_changes_nothing(plugin: Tools) -> None:
    """An accepted context keeps its meaning when an Alter_context for its id is refused."""
    lab = Lab()
    rpc = lab.connect(CLIENT, SERVER, 49670)
    rpc.bind([Context(0, guids.IWbemLevel1Login)], scenario.ntlm(lab, CLIENT, SERVER, PACKET))
    rpc.alter([Context(0, guids.IWbemServices, result=dcerpc.REJECTED, reason=dcerpc.NO_ABSTRACT)])
    call = wmi.establish_position(lab.guid()), wmi.establish_position_response()
    made = rpc.call(guids.IWbemLevel1Login, 3, *call, lab.ipid(2688))
    told = tell(plugin, lab)
    assert told.field(made.requests[0], "method") == ["IWbemLevel1Login::EstablishPosition"]


def test_accepted_redefinition_counts(plugin: Tools) -> None:
    """The newest accepted meaning of a context id counts."""
    lab = Lab()
    rpc = lab.connect(CLIENT, SERVER, 49670)
    rpc.bind([Context(0, guids.IRemUnknown2)], scenario.ntlm(lab, CLIENT, SERVER, PACKET))
    rpc.alter([Context(0, guids.IWbemLevel1Login)])
    call = wmi.establish_position(lab.guid()), wmi.establish_position_response()
    made = rpc.call(guids.IWbemLevel1Login, 3, *call, lab.ipid(2688))
    told = tell(plugin, lab)
    assert told.field(made.requests[0], "method") == ["IWbemLevel1Login::EstablishPosition"]


def test_every_method_has_its_name(plugin: Tools) -> None:
    """All methods of the interfaces that are called over the wire, sealed."""
    import names

    uuids = {name: uuid for uuid, name in names.INTERFACES.items()}
    skipped = ("ISystemActivator", "IRemoteActivation", "IOXIDResolver")
    wanted = [(uuids[name], opnum) for name, opnum in names.METHODS if name not in skipped]
    lab = Lab()
    rpc = lab.connect(CLIENT, SERVER, 49670)
    for number, uuid in enumerate(dict.fromkeys(uuid for uuid, _ in wanted)):
        auth = scenario.ntlm(lab, CLIENT, SERVER, 6) if number == 0 else None
        rpc.bind(rpc.offer(uuid), auth, alter=number > 0)
    for uuid, opnum in wanted:
        rpc.call(uuid, opnum, lab.rng.randbytes(64), lab.rng.randbytes(16), lab.ipid(2688))
    told = tell(plugin, lab)
    assert told.flagged(rpc)
    assert only(told.said, *expect.PDU_FIELDS) == expect.pdu_fields(told.capture, rpc)


# -- activations -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [0x80070005, 0x80040154])
def test_failed_activation(plugin: Tools, status: int) -> None:
    lab = Lab()
    activated = scenario.activate(lab, CLIENT, SERVER, status=status)
    told = tell(plugin, lab)
    assert told.flagged(activated.rpc)
    assert told.evidence(activated.rpc)["activation-clsid"] == told.capture.number(activated.call.requests[0])


def test_activation_answered_by_a_fault(plugin: Tools) -> None:
    lab = Lab()
    activated = scenario.activate(lab, CLIENT, SERVER, fault=5)
    told = tell(plugin, lab)
    assert told.flagged(activated.rpc)
    assert told.field(activated.call.responses[0], "method") == ["ISystemActivator::RemoteCreateInstance"]


def test_get_class_object(plugin: Tools) -> None:
    lab = Lab()
    activated = scenario.activate(lab, CLIENT, SERVER, opnum=activation.GET_CLASS_OBJECT)
    told = tell(plugin, lab)
    assert told.flagged(activated.rpc)
    assert told.field(activated.call.requests[0], "method") == ["ISystemActivator::RemoteGetClassObject"]
    assert told.field(activated.call.requests[0], "clsid") == [guids.CLSID_WbemLevel1Login]


@pytest.mark.parametrize("big", [False, True], ids=["little-endian", "big-endian"])
def test_remote_activation(plugin: Tools, big: bool) -> None:
    """The activation of old clients, and the object connection that it leads to."""
    lab = Lab(big=big)
    activated = scenario.remote_activation(lab, CLIENT, SERVER)
    session = scenario.wmi_session(lab, activated=activated)
    told = tell(plugin, lab)
    assert told.flagged(*session.conversations)
    assert told.field(activated.call.requests[0], "method") == ["IRemoteActivation::RemoteActivation"]
    assert told.field(activated.call.requests[0], "clsid") == [guids.CLSID_WbemLevel1Login]
    frame = str(told.capture.number(activated.call.requests[0]))
    assert values_in(told.said, ACTIVATION, expect.flow(told.capture, session.rpc)) == {frame}


def test_big_endian_session(plugin: Tools) -> None:
    """PDUs in the other byte order."""
    lab = Lab(big=True)
    session = scenario.wmi_session(lab, with_activation=False)
    told = tell(plugin, lab)
    assert told.flagged(session.rpc)
    assert only(told.said, *expect.PDU_FIELDS) == expect.pdu_fields(told.capture, session.rpc)


def test_activation_whose_bind_was_not_seen(plugin: Tools) -> None:
    """On port 135 an activation request can be nothing else."""
    lab = Lab()
    activated = scenario.activate(lab, CLIENT, SERVER)
    start = activated.call.requests[0].time_ns
    told = tell(plugin, Capture([p for p in lab.packets() if p.time_ns >= start]))
    assert told.flagged(activated.rpc)
    assert told.field(activated.call.requests[0], "clsid") == [guids.CLSID_WbemLevel1Login]


# -- object connections that were opened before the capture ------------------------------------------------------------


def _joined_late(session: Session, first: object) -> Capture:
    """The capture without the object connection's packets before the packet `first`."""
    lost = [packet for packet in session.rpc.tcp.packets if packet.time_ns < first.time_ns]
    return Capture(without(session.lab.packets(), lost))


def test_object_connection_known_by_its_endpoint(plugin: Tools) -> None:
    """No Bind of it was captured; its endpoint is the one that a WMI activation returned."""
    lab = Lab()
    session = finished(lab)
    made = session.rpc.calls[-1]
    capture = _joined_late(session, made.requests[0])
    told = tell(plugin, capture)
    assert told.flagged(*session.conversations)
    assert told.evidence(session.rpc) == {"oxid-endpoint": capture.number(made.requests[0])}
    assert told.field(made.requests[0], "opnum") == ["24"]
    assert len(told.activity(*session.conversations)) == 1
    frame = str(capture.number(session.activated.call.requests[0]))
    assert values_in(told.said, ACTIVATION, expect.flow(capture, session.rpc)) == {frame}


def test_services_known_by_the_ipid_that_the_login_returned(plugin: Tools) -> None:
    """The Alter_context for IWbemServices is missing: the object called says what the interface is."""
    lab = Lab()
    session = finished(lab)
    lost = [session.rpc.binds[-1].packet, session.rpc.binds[-1].ack, session.rpc.binds[-2].packet]
    lost += [session.rpc.binds[-2].ack]
    told = tell(plugin, Capture(without(lab.packets(), lost)))
    made = session.rpc.calls[-1]
    assert told.field(made.requests[0], "method") == ["IWbemServices::ExecMethod"]
    assert told.field(made.responses[0], "method") == ["IWbemServices::ExecMethod"]
    assert told.flagged(*session.conversations)


def test_readable_call_without_bind_and_activation(plugin: Tools) -> None:
    """A CIM object by value in a readable request is WMI, whatever is known of the connection."""
    lab = Lab()
    session = finished(lab, sealed=False, with_activation=False)
    made = session.rpc.calls[-1]
    told = tell(plugin, _joined_late(session, made.requests[0]))
    assert told.flagged(session.rpc)


def test_sealed_call_without_bind_and_activation_is_nothing_certain(plugin: Tools) -> None:
    """An object UUID alone shows an object call, not whose."""
    lab = Lab()
    session = finished(lab, with_activation=False)
    told = tell(plugin, _joined_late(session, session.rpc.calls[-1].requests[0]))
    assert told.flagged()


# -- what belongs together ---------------------------------------------------------------------------------------------


def test_two_clients_are_two_activities(plugin: Tools) -> None:
    lab = Lab()
    first, second = finished(lab), finished(lab, client=OTHER)
    told = tell(plugin, lab)
    assert told.flagged(*first.conversations, *second.conversations)
    assert len(told.activity(*first.conversations)) == 1
    assert len(told.activity(*second.conversations)) == 1
    assert told.activity(first.rpc) != told.activity(second.rpc)


def test_two_logins_of_one_client_are_two_activities(plugin: Tools) -> None:
    lab = Lab()
    first, second = finished(lab), finished(lab)
    told = tell(plugin, lab)
    assert told.activity(*first.conversations) != told.activity(*second.conversations)
    for session in (first, second):
        frame = str(told.capture.number(session.activated.call.requests[0]))
        assert values_in(told.said, ACTIVATION, expect.flow(told.capture, session.rpc)) == {frame}


def test_ipid_links_a_connection_to_another_port(plugin: Tools) -> None:
    """The object called is one that the WMI activation handed out; the endpoint was never announced."""
    lab = Lab()
    activated = scenario.activate(lab, CLIENT, SERVER)
    rpc = lab.connect(CLIENT, SERVER, 50001)
    rpc.bind(rpc.offer(guids.IRemUnknown2), scenario.kerberos(lab, SERVER, PACKET, service="host"))
    request = orpc.rem_query_interface(lab.guid(), activated.ipids[0], [guids.IWbemLoginClientID])
    made = rpc.call(guids.IRemUnknown2, 3, request, orpc.plain_response(), activated.exporter.ipid_remunknown)
    told = tell(plugin, lab)
    assert told.evidence(rpc)["ipid"] == told.capture.number(made.requests[0])
    assert told.confidence(rpc) == {"wmi"}
    assert len(told.activity(activated.rpc, rpc)) == 1


def test_causality_links_a_connection(plugin: Tools) -> None:
    """Neither endpoint nor object are known, but the call belongs to the chain that began with the activation."""
    lab = Lab()
    activated = scenario.activate(lab, CLIENT, SERVER)
    rpc = lab.connect(CLIENT, SERVER, 50001)
    rpc.bind(rpc.offer(guids.IRemUnknown2), scenario.kerberos(lab, SERVER, PACKET, service="host"))
    request = orpc.rem_release(activated.causality, [lab.ipid(2688)])
    made = rpc.call(guids.IRemUnknown2, 5, request, orpc.plain_response(), lab.ipid(2688))
    told = tell(plugin, lab)
    assert told.evidence(rpc)["causality"] == told.capture.number(made.requests[0])
    assert len(told.activity(activated.rpc, rpc)) == 1


def test_endpoint_through_resolve_oxid(plugin: Tools) -> None:
    """The client asks the resolver where the exporter of the activation listens."""
    lab = Lab()
    activated = scenario.activate(lab, CLIENT, SERVER)
    resolver = lab.connect(CLIENT, SERVER, 135)
    resolver.bind(resolver.offer(guids.IOXIDResolver), scenario.kerberos(lab, SERVER, CONNECT))
    bindings = [f"{SERVER.name}[50002]", f"{SERVER.ip}[50002]"]
    answer = orpc.resolve_oxid2_response(bindings, activated.exporter.ipid_remunknown)
    resolver.call(guids.IOXIDResolver, 4, orpc.resolve_oxid2(activated.exporter.oxid), answer)
    rpc = lab.connect(CLIENT, SERVER, 50002)
    rpc.bind(rpc.offer(guids.IRemUnknown2), scenario.kerberos(lab, SERVER, PACKET, service="host"))
    told = tell(plugin, lab)
    assert told.evidence(rpc)["oxid-endpoint"] == told.capture.number(rpc.binds[0].packet)
    assert told.confidence(rpc) == {"wmi"}
    assert len(told.activity(activated.rpc, resolver, rpc)) == 1


def test_callback(plugin: Tools) -> None:
    """An asynchronous query: the server opens a connection to the client's sink."""
    lab = Lab()
    session = scenario.wmi_session(lab, sealed=False)
    sink = lab.ipid(session.client_pid)
    reference = objref.objref_standard(guids.IWbemObjectSink, lab.oxid(), lab.oxid(), sink, [CLIENT.name, CLIENT.ip])
    request = wmi.exec_query_async(session.causality, "SELECT * FROM Win32_Process", reference)
    session.rpc.call(guids.IWbemServices, wmi.EXEC_QUERY_ASYNC, request, orpc.plain_response(), session.services)
    back = lab.connect(SERVER, CLIENT, 50123)
    back.bind(back.offer(guids.IWbemObjectSink), scenario.kerberos(lab, CLIENT, INTEGRITY, service="host"))
    block = wmio.instance("Win32_Process", [wmio.Property("Name", "string", "lsass.exe")])
    causality = lab.guid()
    indicated = wmi.indicate(causality, [wmio.objref(block)])
    back.call(guids.IWbemObjectSink, wmi.INDICATE, indicated, orpc.plain_response(), sink)
    back.call(guids.IWbemObjectSink, wmi.SET_STATUS, wmi.set_status(causality), orpc.plain_response(), sink)
    told = tell(plugin, lab)
    assert told.flagged(*session.conversations, back)
    assert len(told.activity(*session.conversations, back)) == 1
    assert only(told.said, *expect.PDU_FIELDS) == expect.pdu_fields(told.capture, *session.conversations, back)


# -- ports used again --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", [True, False], ids=["closed", "left-open"])
@pytest.mark.parametrize("wmi_first", [True, False], ids=["wmi-first", "wmi-second"])
def test_ports_used_again_are_two_conversations(plugin: Tools, wmi_first: bool, closed: bool) -> None:
    """The same four numbers, a new SYN, another sequence number: another conversation."""
    lab = Lab()
    port = 55999

    def wmi_part() -> Rpc:
        session = scenario.wmi_session(lab, with_activation=False, connection={"client_port": port})
        session.create_process("notepad.exe")
        return session.rpc

    def other_part() -> Rpc:
        return scenario.plain_rpc(lab, CLIENT, SERVER, 49670, guids.ATSVC, client_port=port)

    made = []
    for build in (wmi_part, other_part) if wmi_first else (other_part, wmi_part):
        made.append(build())
        if closed:
            made[-1].tcp.finish()
        lab.clock.now_ns += 60 * 10**9
    wmi_rpc, other = made if wmi_first else reversed(made)
    told = tell(plugin, lab)
    assert told.flagged(wmi_rpc)
    assert told.confidence(other) == {""}


def test_two_sessions_on_the_same_ports(plugin: Tools) -> None:
    """Each has its own contexts: a context id of the first says nothing in the second."""
    lab = Lab()
    first = scenario.wmi_session(lab, with_activation=False, connection={"client_port": 55999})
    first.create_process("notepad.exe")
    first.rpc.tcp.finish()
    lab.clock.now_ns += 60 * 10**9
    second = scenario.wmi_session(lab, with_activation=False, kind="impacket", connection={"client_port": 55999})
    second.create_process("notepad.exe")
    told = tell(plugin, lab)
    assert told.flagged(first.rpc, second.rpc)
    assert only(told.said, *expect.PDU_FIELDS) == expect.pdu_fields(told.capture, first.rpc, second.rpc)
    assert told.activity(first.rpc) != told.activity(second.rpc)
