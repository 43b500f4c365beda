# SPDX-License-Identifier: GPL-2.0-or-later
"""Look-ups in the endpoint mapper, and the DCOM connections to the ports that they named: CAR-2014-05-001."""

from __future__ import annotations

from pathlib import Path

import pytest

from gen import epm, guids, scenario
from gen.capture import Capture
from gen.scenario import CLIENT, OTHER, SERVER, Host, Lab
from support import Tools
from test_statistics import activities

ANALYTIC = "CAR-2014-05-001"
PORT = 49670


class LookedUp:
    """A look-up, and then a session of WMI to the port that it named."""

    def __init__(self, client: Host = CLIENT, port: int = PORT, ndr64: bool = False, cuts: tuple[int, ...] = ()) -> None:
        self.lab = Lab(seed=81)
        self.mapper = self.lab.connect(client, SERVER, 135)
        epm.look_up(self.mapper, guids.ATSVC, [port, 49999], SERVER.ip, ndr64, cuts)
        self.mapper.tcp.finish()
        self.session = scenario.wmi_session(self.lab)
        self.session.create_process("calc.exe")

    def capture(self) -> Capture:
        return self.lab.capture()

    def expected(self, capture: Capture) -> dict:
        (call,) = self.mapper.calls
        return {
            "analytic": ANALYTIC,
            "by": "look-up",
            "frame": capture.number(call.requests[-1]),
            "response_frame": capture.number(call.responses[-1]),
            "client_port": self.mapper.tcp.client.port,
            "interface": guids.ATSVC,
            "port": PORT,
        }


def related(cli: Tools, *arguments: str | Path, **options: object) -> list[dict]:
    """Of the connection to the object."""
    (record,) = [r for r in cli.records(*arguments, **options) if r["server"]["port"] == PORT]
    by = [item["by"] for item in record["related"]]
    assert by == ["activation", "look-up"][: len(by)]
    return record["related"][1:]


@pytest.mark.parametrize("ndr64", [False, True], ids=["ndr", "ndr64"])
@pytest.mark.parametrize("mode", [[], ["--no-scan"], ["-j", "2"]], ids=" ".join)
def test_led(cli: Tools, mode: list[str], ndr64: bool) -> None:
    made = LookedUp(ndr64=ndr64)
    capture = made.capture()
    assert related(cli, *mode, cli.write(capture)) == [made.expected(capture)]


def test_answer_in_two_segments(cli: Tools) -> None:
    """The scan then knows that there was one."""
    made = LookedUp(cuts=(100,))
    capture = made.capture()
    assert related(cli, cli.write(capture)) == [made.expected(capture)]


def test_several_captures(cli: Tools) -> None:
    """The look-up is in another capture than the connection."""
    made = LookedUp()
    packets = made.capture().packets
    half = packets.index(made.mapper.tcp.packets[-1]) + 1
    paths = [cli.write(Capture(part), f"{i}.pcapng") for i, part in enumerate((packets[:half], packets[half:]))]
    for jobs in ("1", "2"):
        (item,) = related(cli, "-j", jobs, *paths)
        assert item["capture"] == item["response_capture"] == str(paths[0])


@pytest.mark.parametrize("options", [{"client": OTHER}, {"port": PORT + 1}], ids=str)
def test_not_led(cli: Tools, options: dict) -> None:
    assert related(cli, cli.write(LookedUp(**options).capture())) == []


def test_too_late(cli: Tools) -> None:
    lab = Lab(seed=82)
    scenario.wmi_session(lab).create_process("calc.exe")
    epm.look_up(lab.connect(CLIENT, SERVER, 135), guids.ATSVC, [PORT], SERVER.ip)
    for mode in ([], ["--no-scan"]):
        assert related(cli, *mode, cli.write(lab.capture())) == []


def test_from_a_pipe(cli: Tools) -> None:
    """What was dropped cannot be had back: nothing wrong is said."""
    path = cli.write(LookedUp().capture())
    assert related(cli, "-", stdin=path.read_bytes()) == []


def test_in_wireshark(plugin: Tools) -> None:
    """The pair: what named the port on 135, and the connection that went there."""
    made = LookedUp()
    capture = made.capture()
    path = plugin.write(capture)
    session = made.session
    (lookup,), activation = made.mapper.calls, session.activated.call
    named = [*lookup.requests, *lookup.responses, *activation.requests, *activation.responses]
    numbers = {capture.number(packet) for packet in [*named, *session.rpc.tcp.packets]}
    assert set(plugin.frames(path, f'car.wmi_rpc.related == "{ANALYTIC}"', two_pass=True)) == numbers
    frame = capture.number(lookup.requests[-1])
    led = plugin.frames(path, f"car.wmi_rpc.lookup_frame == {frame}", two_pass=True)
    assert set(led) == {capture.number(packet) for packet in session.rpc.tcp.packets}
    asked = capture.number(activation.requests[-1])
    (row,) = activities(plugin, path)
    assert row["Led by"].strip() == f"activation in {asked} to {PORT}, look-up in {frame} to {PORT}"
    # A look-up alone is no DCOM.
    assert plugin.frames(path, f"car.wmi_rpc && frame.number == {frame}", two_pass=True) == []
