# SPDX-License-Identifier: GPL-2.0-or-later
"""Who did what, on real captures: process, user, namespace, queries, objects, outcomes; sealed calls with and without
keys."""

from __future__ import annotations

import functools
import json
from pathlib import Path

import pytest

from support import Tools
from test_shared_captures import LAB, TRUTH, _key

pytestmark = pytest.mark.shared

NAMES = [entry["name"] for entry in LAB]
SAID = ("query", "query_language", "object_path", "class", "wmi_method", "command_line", "properties")


@functools.cache
def _records(cli: Tools, path: Path, *options: object) -> dict[tuple[str, str], dict]:
    return {_key(r): r for r in cli.records("--min-confidence", "rpcss", *options, path, status=(0, 1))}


def _visible(entry: dict) -> list[dict]:
    return [o for o in entry["operations"] if o.get("visible", True)]


def _calls(records: dict, entry: dict) -> list[tuple[dict, dict]]:
    """Each visible operation of the truth with the call of the record."""
    ends = {c["id"]: (c["client"], c["server"]) for c in entry["connections"]}
    pairs = []
    for operation in _visible(entry):
        calls = {c["frame"]: c for c in records[ends[operation["conn"]]]["calls"]}
        pairs.append((operation, calls[operation["request_frames"][0]]))
    return pairs


def _properties(call: dict) -> dict[str, str | None]:
    return {p["name"]: p["value"] for p in call["properties"] or []}


def _text(value: object) -> str | None:
    if isinstance(value, list):
        return "{" + ", ".join(map(str, value)) + "}"
    return None if value is None else str(value)


def _check_said(operation: dict, call: dict) -> None:
    """What the truth says of a readable call."""
    assert call["undecodable"] is None
    assert call["query"] == operation.get("query")
    if "path" in operation:
        assert call["object_path"] == operation["path"]
    if "method" in operation:
        assert call["wmi_method"] == operation["method"]
        assert call["class"] == operation["path"]
        assert call["command_line"] == operation["in_params"].get("CommandLine")
        assert _properties(call) == {name: _text(v) for name, v in operation["in_params"].items()}
    if "instance" in operation:
        assert call["class"] == operation["instance_class"]
        written = _properties(call)
        for name, value in operation["instance"].items():
            # impacket writes its "False" as 0x0001, which a server may well read as true: said as what it is.
            expected = "True (0x0001)" if value == "False" else _text(value)
            assert written[name] == expected, name
    if operation.get("ns"):
        assert call["namespace"] == operation["ns"]


def _check_outcome(operation: dict, call: dict) -> None:
    if operation.get("fault"):
        assert call["fault"] and call["status"] == int(operation["fault"], 16)
    elif operation["iface"] not in ("IOXIDResolver",):
        assert call["status"] == int(operation["hresult"], 16)


@pytest.mark.parametrize("entry", LAB, ids=NAMES)
def test_lab_without_keys(shared: Path, cli: Tools, entry: dict) -> None:
    """Calls in clear say what the truth says; of sealed ones nothing is claimed."""
    if "snaplen" in entry["name"]:
        pytest.skip("frames are cut: stubs are not there")
    midstream = "midstream" in entry["name"]
    for operation, call in _calls(_records(cli, shared / "lab" / entry["file"]), entry):
        if operation["auth_level"] == "PKT_PRIVACY":
            assert call["sealed"] or operation.get("fault")
            assert all(call[name] is None for name in SAID), call
        elif not (midstream and call["interface"] is None):
            _check_said(operation, call)
            _check_outcome(operation, call)


@pytest.mark.parametrize("entry", LAB, ids=NAMES)
def test_lab_with_keys(shared: Path, cli: Tools, entry: dict) -> None:
    """With the keytab sealed calls say the same as those in clear."""
    if "snaplen" in entry["name"] or "midstream" in entry["name"]:
        pytest.skip("stubs or security contexts are not all there")
    records = _records(cli, shared / "lab" / entry["file"], "--keytab", shared / "lab" / "lab.keytab")
    for operation, call in _calls(records, entry):
        assert not call["sealed"]
        _check_said(operation, call)
        _check_outcome(operation, call)
    assert any(r["confidence"] == "wmi" for r in records.values()) is entry["is_wmi"]
    users = [user for r in records.values() for user in r["users"]]
    assert {(u["domain"], u["user"]) for u in users} == {(c["domain"], c["user"]) for c in entry["credentials"]}
    # Whose every call was refused is no user of the connection.
    named = {(r["auth"]["domain"], r["auth"]["user"]) for r in records.values() if r["auth"]["user"]}
    assert named == {(u["domain"], u["user"]) for u in users if u["accepted"]}


def test_password_file(shared: Path, cli: Tools) -> None:
    entry = next(e for e in LAB if e["name"] == "02_privacy_create")
    secret = cli.home / "secret"
    secret.write_text(entry["credentials"][0]["password"] + "\n")
    secret.chmod(0o644)
    records = _records(cli, shared / "lab" / entry["file"], "--nt-password-file", secret)
    lines = [c["command_line"] for r in records.values() for c in r["calls"] if c["command_line"]]
    assert lines == [o["in_params"]["CommandLine"] for o in entry["operations"] if o.get("method")]
    assert entry["credentials"][0]["password"] not in json.dumps(list(records.values()))


def test_wrong_password(shared: Path, cli: Tools) -> None:
    """Nothing is made of what a wrong key opens."""
    entry = next(e for e in LAB if e["name"] == "02_privacy_create")
    secret = cli.home / "wrong"
    secret.write_text("not the password\n")
    secret.chmod(0o644)
    for operation, call in _calls(_records(cli, shared / "lab" / entry["file"], "--nt-password-file", secret), entry):
        if operation["auth_level"] != "PKT_PRIVACY":
            continue
        assert call["sealed"] and call["undecodable"]
        assert all(call[name] is None for name in SAID)


@pytest.mark.parametrize(
    "row",
    [r for r in TRUTH if r["client_pid"]],
    ids=[r["capture"][:24] + r["capture"][-40:-4] for r in TRUTH if r["client_pid"]],
)
def test_process_and_namespace(shared: Path, cli: Tools, row: dict[str, str]) -> None:
    record = _records(cli, shared / row["capture"])[(row["client"], row["server"])]
    clients = [p for p in record["processes"] if p["role"] == "client"]
    assert [p["pid"] for p in clients] == [int(row["client_pid"])]
    assert (clients[0]["start_time"] or "") == row["client_process_start"]
    assert record["client"]["host"] == row["client_host"]
    assert (record["client"]["fqdn"] or "") == row["client_fqdn"]
    assert sorted({login["namespace"] for login in record["logins"]}) == sorted(row["namespaces"].split(","))
    servers = [p["pid"] for p in record["processes"] if p["role"] == "server"]
    assert servers == [int(row["ipid_server_pid"])]


def _of(shared: Path, cli: Tools, start: str, end: str) -> list[dict]:
    path = next(p for p in sorted(shared.iterdir()) if p.name.startswith(start) and end in p.name)
    return list(_records(cli, path).values())


def test_user_from_the_ticket(shared: Path, cli: Tools) -> None:
    """Named by the key distribution centre's replies elsewhere in the capture."""
    for record in _of(shared, cli, "empire_wmi", "WORKSTATION5"):
        if record["confidence"] != "wmi":
            continue
        auth = record["auth"]
        assert (auth["user"], auth["domain"], auth["user_source"]) == ("pgustavo", "THESHIRE.LOCAL", "kerberos-tgs-rep")
        assert auth["user_frame"] in (118, 147)


def test_user_of_ntlm(shared: Path, cli: Tools) -> None:
    auths = [r["auth"] for r in _of(shared, cli, "LM_WMI", "") if r["server"]["port"] != 135]
    assert [(a["user"], a["domain"], a["user_source"]) for a in auths] == [("lgreen", "3B", "ntlm-authenticate")]


def test_readable_command_line(shared: Path, cli: Tools) -> None:
    calls = [c for r in _of(shared, cli, "Pcaps__8de463c4", "") for c in r["calls"] if c["command_line"]]
    assert [(c["frame"], c["command_line"], c["status"]) for c in calls] == [(79, "ipconfig", 0)]


@pytest.mark.parametrize(("start", "length"), [("covenant_sharpwmi", 39), ("empire_wmi", 5171)])
def test_estimated_length(shared: Path, cli: Tools, start: str, length: int) -> None:
    calls = [c for r in _of(shared, cli, start, "") for c in r["calls"] if c["command_length"] is not None]
    assert len(calls) == 1 and calls[0]["sealed"] and calls[0]["command_line"] is None
    assert length <= calls[0]["command_length"] <= length + 3
