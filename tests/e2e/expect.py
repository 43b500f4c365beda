# SPDX-License-Identifier: GPL-2.0-or-later
"""What the plugin has to say about conversations made by `gen`, derived from what they carried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import names
from gen import dcerpc
from gen.capture import Capture
from gen.rpc import Rpc
from gen.security import PRIVACY, Kerberos

LEVELS = {1: "none", 2: "connect", 3: "call", 4: "packet", 5: "integrity", 6: "privacy"}

PDU_FIELDS = (
    "car.wmi_rpc.interface",
    "car.wmi_rpc.uuid",
    "car.wmi_rpc.if_accepted",
    "car.wmi_rpc.opnum",
    "car.wmi_rpc.method",
    "car.wmi_rpc.stage",
    "car.wmi_rpc.sealed",
    "car.wmi_rpc.spn",
)
"""The fields that `pdu_fields` foretells."""

DETECTED, CONFIDENCE, EVIDENCE = "car.wmi_rpc", "car.wmi_rpc.confidence", "car.wmi_rpc.evidence"
ACTIVITY, ACTIVATION = "car.wmi_rpc.activity", "car.wmi_rpc.activation_frame"
CLSID, SERVER_NAME = "car.wmi_rpc.clsid", "car.wmi_rpc.server_name"
AUTH = ("car.wmi_rpc.auth_type", "car.wmi_rpc.auth_level")
FIELDS = (DETECTED, CONFIDENCE, EVIDENCE, ACTIVITY, ACTIVATION, CLSID, SERVER_NAME, *AUTH, *PDU_FIELDS)

Said = dict[int, dict[str, list[str]]]
"""Frame → field → values in order."""


def only(said: Said, *wanted: str) -> Said:
    """The frames that have any of the fields `wanted`, with those fields alone."""
    kept = {n: {name: values[name] for name in wanted if name in values} for n, values in said.items()}
    return {n: values for n, values in kept.items() if values}


def values_in(said: Said, name: str, frames: Iterable[int]) -> set[str]:
    """All values of a field in those frames; "" stands for frames without it."""
    return {value for frame in frames for value in said.get(frame, {}).get(name, [""])}


def flow(capture: Capture, *conversations: Rpc) -> list[int]:
    """All frames of the conversations."""
    packets = [packet for rpc in conversations for packet in rpc.tcp.packets]
    return capture.numbers(packets)


def auth_type(security: object) -> str:
    """Name of the mechanism in the end used."""
    return "kerberos" if isinstance(security, Kerberos) else "ntlm"


def pdu_fields(capture: Capture, *conversations: Rpc) -> dict[int, dict[str, list[str]]]:
    """Frame → field → values, for the fields that say what the PDUs are. Frames that the capture lost are left out."""
    found: dict[int, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))

    def put(packet: object, name: str, value: object) -> None:
        if packet in capture:
            found[capture.number(packet)][f"car.wmi_rpc.{name}"].append(str(value))

    for rpc in conversations:
        for bind in rpc.binds:
            for context in bind.contexts:
                put(bind.packet, "interface", names.interface(context.uuid))
                put(bind.packet, "uuid", context.uuid)
                put(bind.packet, "if_accepted", int(context.result == dcerpc.ACCEPTED))
        for token in rpc.tokens:
            if "spn" in token.security.told(token.leg):
                put(token.packet, "spn", token.security.told(token.leg)["spn"])
        for call in rpc.calls:
            name = names.interface(call.context.uuid)
            method, stage = names.METHODS.get((name, call.opnum), (None, None))
            sealed = call.security is not None and call.security.level == PRIVACY
            for packet in call.requests + call.responses:
                put(packet, "interface", name)
                put(packet, "uuid", call.context.uuid)
                put(packet, "opnum", call.opnum)
                if method:
                    put(packet, "method", f"{name}::{method}")
                    put(packet, "stage", stage)
                if packet in call.requests or call.fault is None:
                    put(packet, "sealed", int(sealed))
    return {frame: dict(values) for frame, values in found.items()}


def auth_fields(capture: Capture, *conversations: Rpc) -> dict[int, tuple[str, str]]:
    """Frame → (type, level), for the PDUs that say it themselves and for calls below packet level, which do not."""
    found = {}
    for rpc in conversations:
        carriers = [(token.packet, token.security) for token in rpc.tokens]
        for call in rpc.calls:
            if call.security is not None and call.fault is None:
                carriers += [(packet, call.security) for packet in call.requests + call.responses]
        for packet, security in carriers:
            if packet in capture:
                found[capture.number(packet)] = (auth_type(security), LEVELS[security.level])
    return found


def is_tail(frames: Iterable[int], whole: Iterable[int]) -> bool:
    """Whether `frames` are the last ones of `whole`, without a gap, and at least one."""
    frames, whole = sorted(frames), sorted(whole)
    return bool(frames) and frames == whole[len(whole) - len(frames) :]
