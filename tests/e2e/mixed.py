# SPDX-License-Identifier: GPL-2.0-or-later
"""A capture with all that the profile tells apart, and which of its frames are which."""

from __future__ import annotations

import expect
from gen import guids, scenario, wmio
from gen.rpc import Call, Rpc
from gen.scenario import CLIENT, OTHER, SERVER, Lab, Session
from gen.security import CONNECT
from support import Tools


class Mixed:
    """Sessions of two clients, sealed and clear, a denial, other DCOM, the estimate, and other traffic."""

    def __init__(self, tools: Tools) -> None:
        lab = Lab(seed=61)
        scenario.web_page(lab, CLIENT, OTHER, "intranet.example.com")
        self.windows: Session = scenario.wmi_session(lab)
        self.windows.get_object("Win32_Process")
        self.sealed = self.windows.create_process("notepad.exe")
        self.silent: Session = scenario.wmi_session(lab, OTHER, SERVER, kind="impacket", sealed=False)
        self.query, _ = self.silent.exec_query("SELECT * FROM Win32_Service")
        self.clear = self.silent.create_process("cmd.exe /c whoami")
        self.failed = self.silent.create_process("calc.exe", status=0x80041002)
        self.filter = self.silent.put_instance(wmio.event_filter("Updater", "SELECT * FROM __TimerEvent"))
        self.denied = scenario.activate(lab, OTHER, SERVER, status=0x80070005)
        self.dispatch: Session = scenario.dispatch_session(lab, OTHER, SERVER)
        self.estimate: Rpc = lab.connect(OTHER, SERVER, 135)
        self.estimate.bind(self.estimate.offer(guids.EPM), scenario.kerberos(lab, SERVER, CONNECT))
        self.estimate.call(guids.EPM, 3, lab.rng.randbytes(40), lab.rng.randbytes(60))
        self.capture = lab.capture()
        self.path = tools.write(self.capture)

    @property
    def wmi(self) -> list[Rpc]:
        """The conversations that are remote WMI."""
        return [*self.windows.conversations, *self.silent.conversations, self.denied.rpc]

    def flow(self, *conversations: Rpc) -> set[int]:
        """All frames of conversations."""
        return set(expect.flow(self.capture, *conversations))

    def numbers(self, *calls: Call, answers: bool = True) -> set[int]:
        """Frames of calls, with their answers."""
        packets = [p for call in calls for p in call.requests + (call.responses if answers else [])]
        return set(self.capture.numbers(packets))

    def of_interface(self, *interfaces: str) -> set[int]:
        """Frames of all calls on interfaces."""
        return self.numbers(*(c for rpc in self.wmi for c in rpc.calls if c.context.uuid in interfaces))

    @property
    def buttons(self) -> dict[str, set[int]]:
        """Label of each filter button → the frames that it has to show."""
        tokens = [t for rpc in (*self.wmi, *self.dispatch.conversations) if rpc.tcp.server.port == 135 for t in rpc.tokens]
        rpcss = {t.packet for t in tokens if t.security.told(t.leg).get("spn", "").startswith("RPCSS/")}
        return {
            "All remote WMI": self.flow(*self.wmi),
            "Process creation": self.numbers(self.sealed, self.clear, answers=False),
            "Persistence": self.numbers(self.filter, answers=False),
            "Logins": self.of_interface(guids.IWbemLevel1Login, guids.IWbemLoginClientID, guids.IWbemLoginClientIDEx),
            "Denied": set(self.capture.numbers(self.denied.call.responses)),
            "Other DCOM": self.flow(*self.dispatch.conversations),
            "Estimate": self.flow(self.estimate) | self._first(rpcss),
        }

    def _first(self, packets: set[object]) -> set[int]:
        """The first of the packets in each conversation: evidence is noted once."""
        found = set()
        for rpc in (*self.wmi, *self.dispatch.conversations):
            own = [self.capture.number(p) for p in rpc.tcp.packets if p in packets]
            found |= set(sorted(own)[:1])
        return found

    @property
    def rules(self) -> dict[str, set[int]]:
        """Name of each coloring rule → the frames that it colours."""
        wmi_frames, login = self.buttons["All remote WMI"], self.buttons["Logins"]
        taken = {
            "WMI: denied": self.buttons["Denied"],
            "WMI: execute": self.numbers(self.sealed, self.clear),
            "WMI: subscribe": self.numbers(self.filter, answers=False),
            "WMI: login": login,
            "WMI: query": self.numbers(self.query),
        }
        return taken | {
            "WMI": wmi_frames - set().union(*taken.values()),
            "DCOM that is not WMI": self.buttons["Other DCOM"],
            "Estimate only": self.flow(self.estimate),
        }
