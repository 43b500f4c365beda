# SPDX-License-Identifier: GPL-2.0-or-later
"""The generated captures themselves: tshark alone, without the plugin, takes them for what they are meant to be."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from gen import activation, guids, scenario
from gen.scenario import CLIENT, CLIENT6, SERVER, SERVER6, Lab
from support import Tools

GEN = Path(__file__).resolve().parents[1] / "gen"


def _everything() -> Lab:
    lab = Lab(seed=5)
    for kind in ("windows", "impacket"):
        for sealed in (True, False):
            session = scenario.wmi_session(lab, kind=kind, sealed=sealed)
            session.get_object("Win32_Process")
            session.create_process("notepad.exe")
            session.exec_query("SELECT * FROM Win32_OperatingSystem")
    scenario.wmi_session(lab, CLIENT6, SERVER6)
    scenario.dispatch_session(lab)
    scenario.remote_activation(lab, CLIENT, SERVER)
    scenario.remote_activation(lab, CLIENT, SERVER, status=0x80070005)
    scenario.activate(lab, CLIENT, SERVER, status=0x80070005)
    scenario.activate(lab, CLIENT, SERVER, opnum=activation.GET_CLASS_OBJECT)
    scenario.resolver_ping(lab, CLIENT, SERVER)
    scenario.plain_rpc(lab, CLIENT, SERVER, 49670, guids.ATSVC)
    scenario.plain_rpc(lab, CLIENT, SERVER, 49671, guids.SAMR)
    return lab


@pytest.fixture(scope="module")
def path(tools: Tools) -> Path:
    """A capture with every scenario."""
    return tools.write(_everything().capture())


def _core(tools: Tools, *arguments: str | Path) -> str:
    result = tools.tshark(*arguments, WIRESHARK_PLUGIN_DIR=str(tools.home))
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_nothing_is_malformed(tools: Tools, path: Path) -> None:
    checks = ("tcp.check_checksum", "ip.check_checksum", "udp.check_checksum")
    options = [part for check in checks for part in ("-o", f"{check}:TRUE")]
    bad = "_ws.malformed || tcp.checksum.status == 0 || ip.checksum.status == 0 || udp.checksum.status == 0"
    # From 4.4 on core reads GetObject itself, and the null pointers that end it as data.
    known = " && !(IWbemServices.opnum == 6)" if tools.version >= (4, 4) else ""
    assert _core(tools, *options, "-r", path, "-Y", f"({bad}){known}") == ""


def test_no_tcp_oddities(tools: Tools, path: Path) -> None:
    assert _core(tools, "-r", path, "-Y", "tcp.analysis.flags") == ""


def test_core_reads_the_activations(tools: Tools, path: Path) -> None:
    names = ("isystemactivator.properties.instninfo.clsid", "isystemactivator.properties.si.ci.name")
    names += ("isystemactivator.properties.scmresp.oxid", "dcom.dualstringarray.network_addr", "dcom.hresult")
    found = tools.fields(path, *names, two_pass=False, display_filter="isystemactivator")
    clsids = {v[names[0]][0] for v in found.values() if names[0] in v}
    assert clsids == {guids.CLSID_WbemLevel1Login, guids.CLSID_MMC20}
    assert {v[names[1]][0] for v in found.values() if names[1] in v} == {SERVER.name}
    endpoints = {address for v in found.values() for address in v.get(names[3], []) if "[" in address}
    assert {f"{SERVER.ip}[49670]", f"{SERVER6.ip}[49670]", f"{SERVER.ip}[49680]"} <= endpoints
    assert any("0x80070005" in v.get(names[4], []) for v in found.values())


def test_core_reads_remote_activation(tools: Tools, path: Path) -> None:
    text = _core(tools, "-r", path, "-Y", "remact", "-V", "-O", "remact")
    assert guids.CLSID_WbemLevel1Login in text and f"{SERVER.ip}[49670]" in text


def test_core_reads_the_tokens(tools: Tools, path: Path) -> None:
    found = tools.fields(path, "kerberos.SNameString", "ntlmssp.auth.username", "ntlmssp.auth.hostname", two_pass=False)
    services = {tuple(v["kerberos.SNameString"]) for v in found.values() if "kerberos.SNameString" in v}
    assert services == {("RPCSS", SERVER.fqdn), ("host", SERVER.fqdn)}
    assert {v["ntlmssp.auth.username"][0] for v in found.values() if "ntlmssp.auth.username" in v} == {"svc"}


def test_core_names_the_binds(tools: Tools, path: Path) -> None:
    found = tools.fields(path, "dcerpc.cn_bind_to_uuid", two_pass=False)
    bound = {uuid for values in found.values() for uuid in values["dcerpc.cn_bind_to_uuid"]}
    assert {guids.IWbemServices, guids.IWbemLevel1Login, guids.ISystemActivator, guids.ATSVC, guids.SAMR} <= bound


def test_same_seed_same_bytes() -> None:
    assert _everything().capture().pcapng() == _everything().capture().pcapng()


@pytest.mark.parametrize("suffix", ["pcap", "pcapng"])
def test_make_sample(tools: Tools, suffix: str) -> None:
    out = tools.arena / f"sample.{suffix}"
    subprocess.run([GEN / "make-sample", out], check=True)
    protocols = _core(tools, "-r", out, "-q", "-z", "io,phs")
    assert all(name in protocols for name in ("dcerpc", "isystemactivator", "dns", "http"))


def test_make_sample_usage() -> None:
    result = subprocess.run([GEN / "make-sample"], capture_output=True, text=True, check=False)
    assert result.returncode == 2 and "usage" in result.stderr
