# SPDX-License-Identifier: GPL-2.0-or-later
"""Families of clients, in captures of real ones that are not part of the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from support import Tools

pytestmark = pytest.mark.shared

IMPACKET = ["impacket"]
SYSTEM_MANAGEMENT = ["System.Management (.NET)"]

# Of each connection that has a guess; a capture without marks has none.
FAMILIES = {
    "clients/aiowmi_ntlm_integrity_query.pcapng": [["aiowmi"]],
    "clients/openvas-smb_wmic_d29beb1_ntlm_query.pcapng": [["Samba 4's wmic, as in openvas-smb"]],
    "Pcaps__08a6d970__mmcexec.pcap": [IMPACKET],
    "lab/03_integrity_create.pcapng": [IMPACKET],
    "lab/01_privacy_execquery.pcapng": [IMPACKET],
    "LM_WMI_ProcessCallCreate.pcapng": [["wmic or a PowerShell WMI cmdlet"]],
    "covenant_sharpwmi_create_dcerpc_wmi_2020-08-06035621.cap": [SYSTEM_MANAGEMENT],
    "Intranet_penetration_history__b2e7ab62__wmiexec.pcapng": [
        IMPACKET,
        ["impacket's wmiexec or a tool made after it"],
    ],
    "lab/10i_snaplen128_clear.pcapng": [],
}


@pytest.mark.parametrize("name", FAMILIES)
def test_families(cli: Tools, shared: Path, name: str) -> None:
    found = []
    for record in cli.records("--min-confidence", "rpcss", shared / name):
        family = record["client_family"]
        assert (family is None) is (record["client_hint"] is None)
        if not family:
            continue
        assert family["marks"] and all(mark["frame"] for mark in family["marks"])
        assert record["client_hint"].startswith(" or ".join(family["families"]) + ": ")
        if family["families"] not in found:
            found.append(family["families"])
    assert found == FAMILIES[name]
