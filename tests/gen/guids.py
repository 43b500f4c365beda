# SPDX-License-Identifier: GPL-2.0-or-later
"""Interface and class identifiers, and their bytes on the wire."""

from __future__ import annotations

import uuid

NDR = "8a885d04-1ceb-11c9-9fe8-08002b104860"
NDR64 = "71710533-beba-4937-8319-b5dbef9ccc36"
BIND_TIME_FEATURES = "6cb71c2c-9812-4540-0300-000000000000"  # the 3 are the features asked for (MS-RPCE 3.3.1.5.3)

# MS-WMI 1.9, and IWbemLoginClientIDEx, which it does not list
IWbemLevel1Login = "f309ad18-d86a-11d0-a075-00c04fb68820"
IWbemLoginClientID = "d4781cd6-e5d3-44df-ad94-930efe48a887"
IWbemLoginClientIDEx = "9f6c78ef-fce5-42fa-abea-3e7df91921dc"
IWbemServices = "9556dc99-828c-11cf-a37e-00aa003240c7"
IEnumWbemClassObject = "027947e1-d731-11ce-a357-000000000001"
IWbemCallResult = "44aca675-e8fc-11d0-a07c-00c04fb68820"
IWbemFetchSmartEnum = "1c1c45ee-4395-11d2-b60b-00104b703efd"
IWbemWCOSmartEnum = "423ec01e-2e35-11d2-b604-00104b703efd"
IWbemObjectSink = "7c857801-7381-11cf-884d-00aa004b2e24"
IWbemClassObject = "dc12a681-737f-11cf-884d-00aa004b2e24"
IWbemContext = "44aca674-e8fc-11d0-a07c-00c04fb68820"

# MS-DCOM 1.9, under the names Wireshark shows
ISystemActivator = "000001a0-0000-0000-c000-000000000046"
IRemoteActivation = "4d9f4ab8-7d1c-11cf-861e-0020af6e7c57"
IOXIDResolver = "99fcfec4-5260-101b-bbcb-00aa0021347a"
IRemUnknown = "00000131-0000-0000-c000-000000000046"
IRemUnknown2 = "00000143-0000-0000-c000-000000000046"
IClassFactory = "00000001-0000-0000-c000-000000000046"
IDispatch = "00020400-0000-0000-c000-000000000046"
IUnknown = "00000000-0000-0000-c000-000000000046"
IActivationPropertiesIn = "000001a2-0000-0000-c000-000000000046"
IActivationPropertiesOut = "000001a3-0000-0000-c000-000000000046"
IContext = "000001c0-0000-0000-c000-000000000046"

# other RPC that lives beside them
SAMR = "12345778-1234-abcd-ef00-0123456789ac"
ATSVC = "1ff70682-0a51-30e8-076d-740be8cee98b"
SVCCTL = "367abb81-9844-35f1-ad32-98f038001003"
EPM = "e1af8308-5d1f-11c9-91a4-08002b14a0fa"

VERSIONS = {SAMR: (1, 0), ATSVC: (1, 0), SVCCTL: (2, 0), EPM: (3, 0)}
"""Major and minor version of interfaces whose version is not 0.0."""

# classes
CLSID_WbemLevel1Login = "8bc3f05e-d86b-11d0-a075-00c04fb68820"
CLSID_WbemClassObject = "4590f812-1d3a-11d0-891f-00aa004b2e24"
CLSID_MMC20 = "49b2791a-b1ae-4c90-9b8e-e860ba07f889"
CLSID_ShellWindows = "9ba05972-f6a8-11cf-a442-00a0c90a8f39"

NULL = "00000000-0000-0000-0000-000000000000"


def guid_bytes(text: str, big: bool = False) -> bytes:
    """The 16 bytes of a GUID: little endian as in OBJREFs and in little endian PDUs, else big endian."""
    value = uuid.UUID(text)
    return value.bytes if big else value.bytes_le
