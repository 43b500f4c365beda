# SPDX-License-Identifier: GPL-2.0-or-later
"""Names and types that others publish and outputs must keep to."""

from __future__ import annotations

from collections.abc import Iterator

ECS = {
    "@timestamp": "date", "message": "text", "ecs.version": "keyword",
    "event.kind": "keyword", "event.id": "keyword", "event.category": "keyword[]", "event.type": "keyword[]", "event.module": "keyword",
    "event.dataset": "keyword", "event.provider": "keyword", "event.action": "keyword", "event.outcome": "keyword", "tags": "keyword[]", "event.reason": "keyword",
    "event.start": "date", "event.end": "date", "event.duration": "long",
    "source.address": "keyword", "source.ip": "ip", "source.port": "long", "source.domain": "keyword",
    "source.bytes": "long",
    "destination.address": "keyword", "destination.ip": "ip", "destination.port": "long",
    "destination.domain": "keyword", "destination.bytes": "long",
    "network.type": "keyword", "network.transport": "keyword", "network.iana_number": "keyword",
    "network.protocol": "keyword", "network.application": "keyword", "network.bytes": "long", "network.packets": "long",
    "process.pid": "long", "process.name": "keyword", "process.executable": "keyword",
    "process.command_line": "keyword", "process.start": "date", "process.user.name": "keyword",
    "process.parent.pid": "long", "process.parent.name": "keyword", "process.parent.executable": "keyword",
    "host.name": "keyword", "host.ip": "ip[]", "user.name": "keyword", "user.domain": "keyword",
    "threat.framework": "keyword", "threat.tactic.id": "keyword[]", "threat.tactic.name": "keyword[]",
    "threat.tactic.reference": "keyword[]", "threat.technique.id": "keyword[]", "threat.technique.name": "keyword[]",
    "threat.technique.reference": "keyword[]", "threat.technique.subtechnique.id": "keyword[]",
    "threat.technique.subtechnique.name": "keyword[]", "threat.technique.subtechnique.reference": "keyword[]",
    "related.ip": "ip[]", "related.hosts": "keyword[]", "related.user": "keyword[]",
    "rule.id": "keyword", "rule.name": "keyword", "rule.ruleset": "keyword", "rule.reference": "keyword",
    "log.file.path": "keyword",
}  # fmt: skip
"""Fields of the Elastic Common Schema (generated/csv/fields.csv of elastic/ecs) → their types."""

ECS_TYPES = {
    "network": {"access", "allowed", "connection", "denied", "end", "info", "protocol", "start"},
    "intrusion_detection": {"allowed", "denied", "info"},
    "process": {"access", "change", "end", "info", "start"},
}
"""Values of event.category → those of event.type that go with them."""

OCSF = {
    "": {
        "activity_id", "category_uid", "class_uid", "type_uid", "severity_id", "time", "start_time", "end_time", "duration",
        "metadata", "message", "unmapped", "app_name", "src_endpoint", "dst_endpoint", "connection_info", "traffic",
    },
    "metadata": {"version", "product"},
    "metadata.product": {"name", "vendor_name", "version"},
    "src_endpoint": {"ip", "port", "hostname", "name"},
    "dst_endpoint": {"ip", "port", "hostname", "name"},
    "connection_info": {"direction_id", "protocol_name", "protocol_num", "protocol_ver_id"},
    "traffic": {"packets", "bytes_in", "bytes_out"},
}  # fmt: skip
"""Attributes of OCSF 1.1.0's Network Activity (events/network, objects of ocsf/ocsf-schema), by object, that may be used."""

OCSF_REQUIRED = {
    "": {
        "activity_id", "category_uid", "class_uid", "type_uid", "severity_id", "time", "metadata", "src_endpoint",
        "dst_endpoint",
    },
    "metadata": {"version", "product"},
    "metadata.product": {"vendor_name"},
    "connection_info": {"direction_id"},
}  # fmt: skip
"""Those of them that it requires."""

ECS_KINDS = {"alert", "asset", "enrichment", "event", "metric", "state", "pipeline_error", "signal"}

CAR = {
    ("flow", ("start", "message", "end")): {
        "fqdn", "hostname", "content", "dest_ip", "dest_port", "src_ip", "src_port", "start_time", "end_time", "exe",
        "image_path", "packet_count", "pid", "ppid", "proto_info", "user", "src_fqdn", "src_hostname", "dest_fqdn",
        "dest_hostname", "application_protocol", "in_bytes", "out_bytes", "network_direction", "tcp_flags",
        "transport_protocol", "uid",
    },
    ("process", ("create", "terminate", "access")): {
        "fqdn", "hostname", "command_line", "exe", "image_path", "md5_hash", "sha1_hash", "sha256_hash", "parent_exe",
        "parent_image_path", "pid", "ppid", "sid", "signer", "user", "integrity_level", "parent_command_line",
        "current_working_directory", "env_vars", "access_level", "call_trace", "guid", "parent_guid",
        "signature_valid", "target_guid", "target_pid", "target_address", "target_name", "uid",
    },
}  # fmt: skip
"""Objects and actions of the data model of MITRE CAR (data_model/ of mitre-attack/car) → their fields."""

LAYER_REQUIRED = {"name": str, "domain": str}
LAYER = LAYER_REQUIRED | {
    "versions": dict, "description": str, "filters": dict, "sorting": int, "layout": dict, "hideDisabled": bool,
    "techniques": list, "gradient": dict, "legendItems": list, "metadata": list, "links": list,
}  # fmt: skip
"""Members of an ATT&CK Navigator layer, format 4.5."""
LAYER_TECHNIQUE = {
    "techniqueID": str, "tactic": str, "comment": str, "enabled": bool, "score": int, "color": str, "metadata": list,
    "links": list, "showSubtechniques": bool,
}  # fmt: skip


def flatten(value: dict, prefix: str = "") -> Iterator[tuple[str, object]]:
    """Dotted names and values of an ECS event."""
    for name, member in value.items():
        if isinstance(member, dict):
            yield from flatten(member, f"{prefix}{name}.")
        else:
            yield prefix + name, member
