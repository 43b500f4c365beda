# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of interfaces and methods as the documents have them, written down apart from the plugin's own tables."""

from __future__ import annotations

from gen import guids

INTERFACES = {
    value: name
    for name, value in vars(guids).items()
    if name.startswith("I") and isinstance(value, str) and name not in ("IContext",)
}
"""UUID → name of the DCOM and WMI interfaces."""

_METHODS = {
    "IWbemLevel1Login": "3 EstablishPosition login, 4 RequestChallenge login, 5 WBEMLogin login, 6 NTLMLogin login",
    "IWbemLoginClientID": "3 SetClientInfo login",
    "IWbemLoginClientIDEx": "3 SetClientInfoEx login",
    "IWbemServices": "3 OpenNamespace login, 4 CancelAsyncCall control, 5 QueryObjectSink write, 6 GetObject read, "
    "7 GetObjectAsync read, 8 PutClass write, 9 PutClassAsync write, 10 DeleteClass delete, "
    "11 DeleteClassAsync delete, 12 CreateClassEnum enumerate, 13 CreateClassEnumAsync enumerate, "
    "14 PutInstance write, 15 PutInstanceAsync write, 16 DeleteInstance delete, 17 DeleteInstanceAsync delete, "
    "18 CreateInstanceEnum enumerate, 19 CreateInstanceEnumAsync enumerate, 20 ExecQuery query, "
    "21 ExecQueryAsync query, 22 ExecNotificationQuery subscribe, 23 ExecNotificationQueryAsync subscribe, "
    "24 ExecMethod execute, 25 ExecMethodAsync execute",
    "IEnumWbemClassObject": "3 Reset enumerate, 4 Next enumerate, 5 NextAsync enumerate, 6 Clone enumerate, "
    "7 Skip enumerate",
    "IWbemCallResult": "3 GetResultObject read, 4 GetResultString read, 5 GetResultServices login, "
    "6 GetCallStatus control",
    "IWbemFetchSmartEnum": "3 GetSmartEnum enumerate",
    "IWbemWCOSmartEnum": "3 Next enumerate",
    "IWbemObjectSink": "3 Indicate read, 4 SetStatus control",
    "ISystemActivator": "3 RemoteGetClassObject control, 4 RemoteCreateInstance control",
    "IRemoteActivation": "0 RemoteActivation control",
    "IOXIDResolver": "0 ResolveOxid control, 1 SimplePing control, 2 ComplexPing control, 3 ServerAlive control, "
    "4 ResolveOxid2 control, 5 ServerAlive2 control",
    "IRemUnknown": "3 RemQueryInterface control, 4 RemAddRef control, 5 RemRelease control",
    "IRemUnknown2": "3 RemQueryInterface control, 4 RemAddRef control, 5 RemRelease control, "
    "6 RemQueryInterface2 control",
    "IClassFactory": "3 RemoteCreateInstance control, 4 RemoteLockServer control",
    "IDispatch": "3 GetTypeInfoCount read, 4 GetTypeInfo read, 5 GetIDsOfNames read, 6 Invoke execute",
}


def _table() -> dict[tuple[str, int], tuple[str, str]]:
    table = {}
    for interface, methods in _METHODS.items():
        for entry in methods.split(", "):
            opnum, name, stage = entry.split()
            table[interface, int(opnum)] = (name, stage)
    return table


METHODS = _table()
"""(interface, opnum) → (method, stage)."""


def interface(uuid: str) -> str:
    """Name of an interface, or its UUID."""
    return INTERFACES.get(uuid, uuid)
