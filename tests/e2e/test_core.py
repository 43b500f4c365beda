# SPDX-License-Identifier: GPL-2.0-or-later
"""Beside what Wireshark's core dissects by itself: core's tree stays as it is, and where both say something they say the
same. From 4.4 on, core dissects some calls of WMI."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gen import scenario
from gen.scenario import Lab
from support import READ, Tools

# Field of core → field of the plugin. Of these, core knows those with IWbem from 4.4 on.
PAIRS = {
    "IWbemLoginClientID.SetClientInfo.wszClientMachine": "client_host",
    "IWbemLoginClientID.SetClientInfo.lClientProcId": "client_pid",
    "IWbemLoginClientIDEx.SetClientInfoEx.ClientMachine": "client_host",
    "IWbemLoginClientIDEx.SetClientInfoEx.ClientMachineFQDN": "client_fqdn",
    "IWbemLoginClientIDEx.SetClientInfoEx.ClientProcId": "client_pid",
    "IWbemLevel1Login.NTLMLogin.wszNetworkResource": "namespace",
    "IWbemLevel1Login.NTLMLogin.wszPreferredLocale": "locale",
    "IWbemServices.ExecMethod.strMethodName": "wmi_method",
    "isystemactivator.properties.instninfo.clsid": "clsid",
    "isystemactivator.properties.si.ci.name": "server_name",
}
WMI = ("IWbemLevel1Login", "IWbemLoginClientID", "IWbemLoginClientIDEx", "IWbemServices")
REAL = (
    "covenant_sharpwmi_create_dcerpc_wmi_2020-08-06035621.cap",
    "LM_WMI_ProcessCallCreate.pcapng",
    "Pcaps__0ac6d331__invoke-wmiexec.pcap",
    "lab/*.pcap*",
)


@pytest.fixture(scope="module")
def generated(plugin: Tools) -> Path:
    """A login and calls that can be read."""
    lab = Lab()
    session = scenario.wmi_session(lab, sealed=False)
    session.exec_query("SELECT * FROM Win32_Process")
    session.create_process("cmd.exe /c whoami")
    return plugin.write(lab.capture())


@pytest.fixture(params=["generated", *REAL])
def captures(request: pytest.FixtureRequest) -> list[Path]:
    """A generated one, or real ones."""
    if request.param == "generated":
        return [request.getfixturevalue("generated")]
    return sorted(request.getfixturevalue("shared").glob(request.param))


def known(plugin: Tools) -> dict[str, str]:
    """The pairs of this Wireshark."""
    return {core: ours for core, ours in PAIRS.items() if plugin.version >= (4, 4) or not core.startswith("IWbem")}


def test_core_says_the_same(plugin: Tools, captures: list[Path]) -> None:
    pairs = known(plugin)
    compared = 0
    for path in captures:
        names = [*pairs, *(f"car.wmi_rpc.{name}" for name in set(pairs.values()))]
        for frame, fields in plugin.fields(path, *names).items():
            for core, name in pairs.items():
                # What core cannot show as text, the plugin shows with escapes.
                if core in fields and all(value.isprintable() for value in fields[core]):
                    assert fields.get(f"car.wmi_rpc.{name}") == fields[core], (path.name, frame, core)
                    compared += 1
    assert compared > 0


def pdml(plugin: Tools, path: Path, *options: str) -> str:
    """The dissection without the plugin's part."""
    result = plugin.tshark("-2", *options, "-r", path, "-T", "pdml")
    assert result.returncode in READ, result.stderr
    text = re.sub(r'(<pdml [^>]*) time="[^"]*"', r"\1", result.stdout)
    text = re.sub(r'  <proto name="car".*?\n  </proto>\n', "", text, flags=re.DOTALL)
    return re.sub(r'(show="[^"]*|showname="Protocols in frame: [^"]*):car(?=[":])', r"\1", text)


def test_core_tree_stays(plugin: Tools, captures: list[Path]) -> None:
    for path in captures[:1]:
        with_plugin, without = (pdml(plugin, path, *options) for options in ((), ("--disable-protocol", "car")))
        assert "dcerpc" in with_plugin
        assert with_plugin == without, path.name


@pytest.mark.parametrize("which", ["switched off", "only"])
def test_protocols_of_core(plugin: Tools, generated: Path, which: str) -> None:
    """Of core's protocols, the plugin needs those that carry DCE/RPC, and that."""
    if which == "only" and plugin.version < (4, 4):
        pytest.skip("this Wireshark has no --only-protocols")
    if which == "switched off" and plugin.version < (4, 4):
        pytest.skip("this Wireshark has no dissectors for WMI to be switched off")
    if which == "only":
        options = ("--only-protocols", "frame,eth,ethertype,ip,tcp,dcerpc,spnego,gss-api,ntlmssp,kerberos,car")
    else:
        options = tuple(word for name in WMI for word in ("--disable-protocol", name))
    names = [f"car.wmi_rpc.{name}" for name in ("method", "client_pid", "namespace", "query", "command_line", "clsid")]
    names.append("car.wmi_rpc")
    expected = plugin.fields(generated, *names)
    assert any("car.wmi_rpc.command_line" in fields for fields in expected.values())
    assert plugin.fields(generated, *names, options=options) == expected
