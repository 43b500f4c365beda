# SPDX-License-Identifier: GPL-2.0-or-later
"""car-wmi report: what it says is what the records say, it is sound HTML that runs and loads nothing, and it is the same
each time."""

from __future__ import annotations

import base64
import hashlib
import html
import html.parser
import os
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import pytest

import hostile
from gen import guids, scenario, wmio
from gen.capture import Capture
from gen.hostlog import HostLog, at, lines
from gen.scenario import CLIENT, OTHER, SERVER, Host, Lab
from support import Tools

VOID = {"meta", "br", "wbr", "rect", "line", "path", "polygon"}
ELEMENTS = VOID | {
    "html", "head", "title", "style", "body", "header", "nav", "main", "section", "article", "footer", "h1", "h2", "h3",
    "h4", "p", "pre", "a", "ul", "ol", "li", "dl", "dt", "dd", "div", "span", "strong", "code", "table", "thead",
    "tbody", "tr", "th", "td", "svg", "text",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "name", "content", "http-equiv", "id", "class", "href", "rel", "aria-label", "tabindex", "role",
    "scope", "colspan", "viewbox", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "rx", "d", "points",
    "stroke-width", "text-anchor",
}  # fmt: skip
LINK = re.compile(r"#[\w-]+|https://(car|attack|d3fend)\.mitre\.org/[\w/.:-]+")


@dataclass
class Page(html.parser.HTMLParser):
    """A report, read strictly: elements are closed in order, and only those that it needs are there."""

    source: str
    policy: str = ""
    ids: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    _open: list[str] = field(default_factory=list)
    _text: list[str] = field(default_factory=list)
    _style: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.feed(self.source)
        self.close()
        assert self._open == [] and self.source.startswith("<!DOCTYPE html>\n")
        assert len(set(self.ids)) == len(self.ids)
        assert all(LINK.fullmatch(link) for link in self.links), self.links
        assert {link[1:] for link in self.links if link.startswith("#")} <= set(self.ids)
        digest = base64.b64encode(hashlib.sha256(self.style.encode()).digest()).decode()
        assert self.policy == (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        )
        assert "url(" not in self.style and "@import" not in self.style
        assert hostile.disobeyed(self.source) == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Elements and attributes are known."""
        attributes = dict(attrs)
        assert tag in ELEMENTS and attributes.keys() <= ATTRIBUTES, (tag, attributes)
        if attributes.get("http-equiv") == "Content-Security-Policy":
            assert self.style == self.words == ""  # before anything that it is for
            self.policy = attributes["content"]
        self.ids += filter(None, [attributes.get("id")])
        self.links += filter(None, [attributes.get("href")])
        if tag not in VOID:
            self._open.append(tag)
        if tag in ("td", "th", "dt", "dd", "li", "p", "br", "h1", "h2", "h3", "h4"):
            self._text.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """In the order in which they were opened."""
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text, with spaces as a browser shows them."""
        (self._style if self._open and self._open[-1] == "style" else self._text).append(data)

    @property
    def style(self) -> str:
        """The style sheet."""
        return "".join(self._style)

    @property
    def text(self) -> str:
        """All that is shown."""
        return "".join(self._text)

    @property
    def words(self) -> str:
        """The text, all white space being one space."""
        return " ".join(self.text.split())


SVCHOST = r"C:\Windows\System32\svchost.exe"
EPOCH = {"SOURCE_DATE_EPOCH": "1606215600"}


def report(cli: Tools, *arguments: object, status: int = 0, **environment: str) -> Page:
    """The report on standard output."""
    result = cli.car_wmi("report", *arguments, **(EPOCH | environment))
    assert result.returncode == status, result.stderr
    return Page(result.stdout)


class Found:
    """A capture with an execution, a query and DCOM, and a log."""

    def __init__(self, cli: Tools) -> None:
        lab = Lab(seed=29)
        self.session = scenario.wmi_session(lab)
        self.session.get_object("Win32_Process")
        self.session.create_process("notepad.exe")
        scenario.fetch_ticket(lab, OTHER, SERVER, Host("DC01", "192.0.2.2", "02:00:00:00:00:02"), "ann")
        self.clear = scenario.wmi_session(lab, OTHER, SERVER, sealed=False)
        for _ in range(30):
            self.clear.exec_query("SELECT * FROM Win32_Service")
        capture = lab.capture()
        self.packets = capture.packets
        self.first, self.last = capture.time(1), capture.time(len(capture.packets))
        self.path = cli.write(capture)
        self.records = cli.records(self.path)
        log = HostLog(CLIENT)
        user = r"EXAMPLE\ben"
        log.created(datetime(2020, 8, 6, 3, 46, 50, 753652, timezone.utc), 7240, r"C:\Tools\dropper.exe", "dropper.exe -x", user)
        log.connected(self.session.activated.rpc.tcp, 1000, SVCHOST, user, initiated=True)
        log.connected(self.session.rpc.tcp, 7240, r"C:\Tools\dropper.exe", user, initiated=True)
        self.log = cli.arena / "report-log.json"
        self.log.write_bytes(lines(log.events))
        self.log.chmod(0o644)


@pytest.fixture(scope="module")
def found(cli: Tools) -> Found:
    """The capture, its records and its log."""
    return Found(cli)


@pytest.fixture(scope="module")
def page(cli: Tools, found: Found) -> Page:
    """Its report."""
    return report(cli, found.path)


def test_says_what_the_records_say(found: Found, page: Page) -> None:
    for record in found.records:
        assert record["filter"] in page.words
        begin = min(other["start_time"] for other in found.records if other["activity"] == record["activity"])
        assert page.words.count(f"{begin[:10]} {begin[11:-1]}") >= 2  # in the summary, and with the activity
        for evidence in record["evidence"]:
            assert f"frame.number=={evidence['frame']} && car.wmi_rpc.evidence==\"{evidence['kind']}\"" in page.words
        for login in record["logins"]:
            assert login["namespace"] in page.words
        for process in record["processes"]:
            assert f"Process id {process['pid']}" in page.words
        if record["auth"]["user_frame"]:
            user = f"{record['auth']['domain']}\\{record['auth']['user']}"
            assert f"The user is {user} {record['auth']['user_frame']} frame.number=={record['auth']['user_frame']} " in page.words
        for call in record["calls"]:
            assert f"{call['interface']}::{call['method']}" in page.words
    assert "2 hosts used WMI on 1 host: 2 activities over 4 connections, as 1 user, from 2 processes" in page.words
    assert "1 × Execution" in page.words and "1 × Reading" in page.words
    assert page.words.index("1. WS05 → WS06 Execution") < page.words.index("2. WS07 → WS06 Reading")


def test_filters_show_what_is_claimed(cli: Tools, found: Found, page: Page) -> None:
    """Each display filter of a claim selects the frame that it names."""
    claim = r"<td class=\"number\"><span class=\"frame\">(\d+)</span></td><td><code>(frame[^<]*)</code>"
    claims = re.findall(claim, page.source)
    assert len(claims) > 20
    filters = {html.unescape(text): int(frame) for frame, text in claims}
    assert any("client_pid==7240" in text for text in filters) and any('::ExecMethod"' in text for text in filters)
    every = " || ".join(f"({text})" for text in filters)
    assert cli.frames(found.path, every, two_pass=True) == sorted(set(filters.values()))
    for text, frame in filters.items():
        assert text.startswith(f"frame.number=={frame}")


def test_calls_are_in_order_with_their_times(cli: Tools, found: Found, page: Page) -> None:
    """Those that repeat are one row, and all of them are counted."""
    calls = [call for record in found.records[:2] for call in record["calls"]]
    first, again = (call for call in calls if call["method"] == "RemQueryInterface")
    calls.remove(again)
    wanted = [f" {call['time'][11:-1]} {call['frame']}" for call in calls]
    assert f" {first['frame']} to {again['frame']} (2×) " in page.words
    for text in wanted:
        assert text in page.words
    assert sorted(wanted, key=page.words.index) == wanted
    queries = [call for call in found.records[-1]["calls"] if call["method"] == "ExecQuery"]
    assert f" {queries[0]['frame']} to {queries[-1]['frame']} (30×) " in page.words
    assert all(call["time"] == frame_time(cli, found.path, call["frame"]) for call in calls[:3])


def frame_time(cli: Tools, path: Path, frame: int) -> str:
    """When a frame was captured, by tshark."""
    found = cli.tshark("-r", path, "-Y", f"frame.number=={frame}", "-T", "fields", "-e", "frame.time_epoch").stdout
    seconds, fraction = found.strip().split(".")
    whole = subprocess.run(
        ["date", "-u", "-d", f"@{seconds}", "+%Y-%m-%dT%H:%M:%S"], capture_output=True, text=True, check=True
    )
    return f"{whole.stdout.strip()}.{fraction}Z"


def test_hosts_logs(cli: Tools, found: Found) -> None:
    page = report(cli, "--host-log", found.log, found.path)
    assert r"Program C:\Tools\dropper.exe Process id 7240 Command line dropper.exe -x User EXAMPLE\ben" in page.words
    assert f"{found.log.name} event 3, record 1002: same addresses and ports" in page.words
    assert hashlib.sha256(found.log.read_bytes()).hexdigest() in page.words


def test_provenance(cli: Tools, found: Found) -> None:
    note = cli.home / "note.txt"
    note.write_text("First line <b>\n\nSecond\x1b[2J\u202e line\n")
    keytab = cli.home / "secret-name.txt"
    keytab.write_text("secret-password\n")
    keytab.chmod(0o600)
    cli.give(keytab)
    page = report(
        cli, "--case", "2026-118 <i>", "--examiner", "A. Examiner", "--note-file", note,
        "--nt-password-file", keytab, found.path,
    )  # fmt: skip
    data = found.path.read_bytes()
    assert f"SHA-256 {hashlib.sha256(data).hexdigest()} Size {len(data)} bytes Packets {len(found.packets)} " in page.words
    assert "Link types Ethernet Read to the end" in page.words
    first, last = (time.replace("T", " ").rstrip("Z") for time in (found.first, found.last))
    assert f"First packet {first} Last packet {last} " in page.words
    assert "Remote WMI: 2026-118 <i>" in page.words and "Examiner A. Examiner" in page.words
    assert "First line <b>\n\nSecond\\x1b[2J\\u{202e} line\n" in page.text
    assert "Written 2020-11-24 11:00:00 UTC" in page.words
    version = cli.car_wmi("--version").stdout.split()
    assert f"car-wmi {version[1]}, its plugin {version[3]}, tshark {version[5]}" in page.words
    assert "Keys given; none is in this report" in page.words
    assert f"--nt-password-file=(not shown) {found.path}" in page.words
    assert "secret" not in page.source


@pytest.mark.parametrize("form", ["--keytab={}", "--keytab {}"])
def test_no_path_of_keys_in_the_command_line(cli: Tools, found: Found, form: str) -> None:
    """Whether it is read or not."""
    keytab = cli.home / "hidden-name"
    keytab.write_bytes(bytes.fromhex("0502") + bytes(4))
    result = cli.car_wmi("report", *form.format(keytab).split(), found.path)
    assert "hidden-name" not in result.stdout


def test_is_the_same_each_time(cli: Tools, found: Found) -> None:
    sources = {report(cli, found.path, TZ=zone, LC_ALL=locale).source for zone, locale in
               (("UTC", "C"), ("Asia/Kolkata", "C.UTF-8"))}  # fmt: skip
    assert len(sources) == 1


def test_hostile_texts(cli: Tools) -> None:
    path = cli.write(hostile.capture(), hostile.FILE_NAME)
    page = report(cli, "--case", hostile.HTML, "--examiner", hostile.BIDI, path)
    assert page.words.count("\\u{202e}gnp.exe\\u{2066}\\u{200b}`[x](y)`") >= 3  # the capture's name
    assert f"The user is EXAMPLE.COM\\{hostile.HTML} " in page.words
    assert hostile.HTML in page.words and hostile.FORMULA in page.words and hostile.MARKDOWN in page.words
    assert "\\u{202e}gnp.exe" in page.words
    assert len(page.source) < 400_000


def test_nothing_found(cli: Tools) -> None:
    lab = Lab()
    scenario.plain_rpc(lab, CLIENT, SERVER, 49670, guids.SAMR)
    page = report(cli, cli.write(lab.capture()), status=1)
    assert "No remote WMI was found in what could be read." in page.words
    assert "Nothing: all files were read to the end" in page.words
    assert "timeline" not in page.ids


@pytest.mark.parametrize("split", ["within", "between", "beside"])
def test_several_captures(cli: Tools, found: Found, split: str) -> None:
    """A frame names its capture where that is another one than the activity begins in; calls are in order of time."""
    packets = found.packets
    edge = {"within": found.records[1]["calls"][-1]["frame"] - 1, "between": found.records[0]["frames"]["last"]}.get(split)
    halves = (packets[:edge], packets[edge:]) if edge else (packets[::2], packets[1::2])
    paths = [cli.arena / f"{split}-{name}.pcapng" for name in ("first", "second")]
    for half, path in zip(halves, paths, strict=True):
        Capture(half).write(path)
    records = cli.records(*paths)
    page = report(cli, *paths)
    home: dict[int, str] = {}
    named = 0
    for record in records:
        begins = record["capture"]["path"]
        first = home.setdefault(record["activity"], begins)

        def place(node: dict, key: str) -> str:
            path = node.get("capture", begins)
            return str(node[key]) + ("" if path == first else f" of {Path(path).name}")

        for evidence in record["evidence"]:
            text = place(evidence, "frame")
            named += "of" in text
            assert f"{text} frame.number=={evidence['frame']} && car.wmi_rpc.evidence" in page.words
        extent = ", ".join(
            f"{part['first']} to {place({'capture': begins} | part, 'last')}"
            for part in record["frames"].get("parts") or [record["frames"]]
        )
        assert f"frames {extent} " in page.words
        called = [f"{call['time'][11:-1]} {place(call, 'frame')} " for call in record["calls"]]
        called = [text for text in called if text in page.words]  # the others repeat the one before
        assert called and sorted(called, key=page.words.index) == called
    assert named or split == "within"
    for path in paths:
        assert hashlib.sha256(path.read_bytes()).hexdigest() in page.words
    assert f"Capture {paths[0]} Goes on in {paths[1]} Processes" in page.words


def test_captures_of_one_name(cli: Tools, found: Found) -> None:
    """They are told apart by their folders."""
    edge = found.records[0]["frames"]["last"]
    paths = []
    for name, part in (("a", found.packets[:edge]), ("b", found.packets[edge:])):
        (cli.arena / name).mkdir(exist_ok=True)
        paths.append(cli.arena / name / "same.pcapng")
        Capture(part).write(paths[-1])
    assert f" of {paths[1]} frame.number==" in report(cli, *paths).words


def test_a_process_that_another_connection_names(cli: Tools, found: Found) -> None:
    """RPCSS makes the connection of an activation; which process asked for it, the login over the other one says."""
    page = report(cli, "--host-log", found.log, found.path)
    activation, session = (record["filter"] for record in found.records[:2])
    between = page.words[page.words.index(activation) : page.words.index(session)]
    assert "The process that asked for it, by its object connection, has the id 7240" in between
    assert "The client’s process has the id 7240" in page.words[page.words.index(session) :]


def test_what_could_not_be_read(cli: Tools, found: Found) -> None:
    cut = cli.arena / "report-cut.pcapng"
    cut.write_bytes(found.path.read_bytes()[:-7])
    cut.chmod(0o644)
    page = report(cli, cut, "missing.pcap")
    assert "2 files were not read to the end" in page.words
    assert f"{cut}: read only in part: cut short" in page.words
    assert "missing.pcap: not read: does not exist" in page.words
    assert "calls are sealed (packet privacy)" in page.words
    assert "1 of 2 activities do not show their user" in page.words


def test_execution_that_also_persists(cli: Tools) -> None:
    """An activity counts as the worst that it did; a subscription is not lost over that."""
    lab = Lab(seed=43)
    session = scenario.wmi_session(lab, sealed=False)
    session.create_process("notepad.exe")
    session.put_instance(wmio.event_filter("Updater", "SELECT * FROM __TimerEvent"))
    page = report(cli, cli.write(lab.capture()))
    said = "1 × Execution: a method was called, as to start a program; 1 of them also wrote an event subscription"
    assert said in page.words and "T1546.003" in page.words and "TA0003 Persistence" in page.words
    assert "F2 Persistence " in page.words


def test_allowed(cli: Tools, found: Found) -> None:
    rules = cli.home / "report-allow.ini"
    rules.write_text(f"[Known]\nclient = {CLIENT.ip}\nreason = change 4711\n")
    page = report(cli, "--allow", rules, found.path)
    assert "1 host used WMI on 1 host: 1 activity over 2 connections" in page.words
    assert "1 × Allowed" in page.words and "Allowed by Known: change 4711" in page.words
    assert "1. WS07 → WS06 Reading" in page.words and "2. WS05 → WS06 Allowed" in page.words
    rules.write_text(f"[Known]\nserver = {SERVER.ip}\n")
    assert "Only remote WMI that is allowed was found" in report(cli, "--allow", rules, found.path, status=1).words


def test_hosts_logs_alone(cli: Tools, found: Found) -> None:
    log = HostLog(SERVER)
    log.operation(at(10**18), "Start IWbemServices::ExecQuery - root\\cimv2 : SELECT 1", "WS05", 7240, r"EXAMPLE\ben")
    path = cli.arena / "alone.json"
    path.write_bytes(lines(log.events))
    path.chmod(0o644)
    page = report(cli, "--host-log", path)
    assert "known from hosts’ logs only" in page.words
    assert "its plugin had no part in this: no capture was read Command line" in page.words and ", tshark " not in page.words


def test_one_run_of_tshark(cli: Tools, found: Found) -> None:
    """What a report says of plugin and tshark comes from the run that read the capture."""
    out = cli.home / "one-run.html"
    (words,) = cli.started("report", "-o", out, found.path)
    assert Path(words[0]).name == "tshark" and ", its plugin " in Page(out.read_text()).words


@pytest.mark.parametrize("arguments", [[], ["--case"], ["--note-file", "missing", "x.pcap"], ["missing.pcap"]])
def test_errors_leave_the_file_as_it_is(cli: Tools, arguments: list[str]) -> None:
    out = cli.home / "old.html"
    out.write_text("old")
    cli.give(out)
    result = cli.car_wmi("report", "-o", out, *arguments)
    assert result.returncode == 2 and result.stderr and out.read_text() == "old"
    assert [path.name for path in cli.home.glob("old.html*")] == ["old.html"]


def test_file(cli: Tools, found: Found) -> None:
    out = cli.home / "case.html"
    result = cli.car_wmi("report", "-o", out, found.path, **EPOCH)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert Page(out.read_text()).words


@pytest.fixture(name="build")
def build_folder() -> Path:
    """Where the programs were built."""
    return Path(os.environ.get("CAR_WMI_BUILD", Path(__file__).resolve().parents[2] / "build"))


def test_two_thousand_connections(cli: Tools, build: Path) -> None:
    """It is quick and not too long, with the worst in full and all others as a line."""
    path = cli.arena / "bench.html"
    result = subprocess.run([build / "tests" / "bench-report", "2000", path], capture_output=True, text=True, check=True)
    seconds, size = re.search(r"1000 activities: ([\d.]+) s, ([\d.]+) MB", result.stdout).groups()
    assert float(seconds) < 2 and float(size) < 3
    page = Page(path.read_text())
    assert {f"a{number}" for number in range(1, 1001)} <= set(page.ids)
    assert "The others" in page.words


def test_more_than_there_is_room_for(cli: Tools, build: Path) -> None:
    path = cli.arena / "bench-more.html"
    subprocess.run([build / "tests" / "bench-report", "20000", path], capture_output=True, check=True)
    assert path.stat().st_size < 3_000_000
    page = Page(path.read_text())
    listed = sum(re.fullmatch(r"a\d+", name) is not None for name in page.ids)
    assert f" {10000 - listed} more are not listed." in page.words


def test_html_is_valid(cli: Tools, found: Found) -> None:
    if not shutil.which("tidy"):
        pytest.skip("tidy is not installed")
    for source in (report(cli, found.path).source, report(cli, cli.write(hostile.capture())).source):
        result = subprocess.run(["tidy", "-q", "-e", "-utf8"], input=source.encode(), capture_output=True, check=False)
        assert (result.returncode, result.stderr.decode()) == (0, "")


# -- findings ----------------------------------------------------------------------------------------------------------


def findings(text: str) -> list[str]:
    """The findings' list items, without marks for line ends."""
    return re.findall(r'<li class="[a-z]+" id="f\d+">.*?</li>', text.replace("<wbr>", ""), re.DOTALL)


def test_first_screen_says_who_did_what(cli: Tools) -> None:
    """In one sentence: who, what, whom, as whom, when, from which process, how sure; then each thing as a finding."""
    lab = Lab(seed=41)
    session = scenario.wmi_session(lab, CLIENT, SERVER, sealed=False)
    for command in ("first.exe", 'second.exe  "two spaces"', "first.exe"):
        session.create_process(command)
    session.exec_query("SELECT * FROM Win32_Process")
    session.create_process("denied.exe", fault=5)
    path = cli.write(lab.capture(), "findings.pcapng")
    text = cli.car_wmi("report", path).stdout
    lead = text.replace("<wbr>", "").partition('<p class="lead">')[2].partition("</p>")[0]
    plain = re.sub(r"<[^>]+>", "", lead)
    assert plain.startswith(f"{CLIENT.name} ({CLIENT.ip}) ran 3 programs on {SERVER.name} ({SERVER.ip})")
    assert re.search(r"The process was id \d+ \(said by the client\)\.", plain) and "is certain: a WMI" in plain
    shown = findings(text)
    assert [re.search(r'badge [a-z]+">([^<]+)<', item).group(1) for item in shown] == [
        "Execution", "Execution", "Login", "Reading", "Refused",
    ]  # fmt: skip
    assert "2 ×" in shown[0] and "<code>ran: first.exe</code>" in shown[0]
    assert '<code>ran: second.exe  &quot;two spaces&quot;</code>' in shown[1]
    assert "tried to run: denied.exe" in shown[4]


def test_finding_filters_select_the_fact(cli: Tools, plugin: Tools) -> None:
    """Each filter that a finding names leaves exactly its frames."""
    lab = Lab(seed=42)
    session = scenario.wmi_session(lab, CLIENT, SERVER, sealed=False)
    session.create_process("one.exe")
    session.exec_query("SELECT * FROM A")
    path = cli.write(lab.capture(), "finding-filters.pcapng")
    filters = [
        (re.findall(r'class="frame">(\d+)<', item), html.unescape(re.findall(r"<code>(frame.number.*?)</code>", item)[0]))
        for item in findings(cli.car_wmi("report", path).stdout)
    ]
    assert filters
    for frames, expression in filters:
        assert plugin.frames(path, expression, True) == [int(frame) for frame in frames], expression


def test_many_equal_findings_hide_nothing(cli: Tools) -> None:
    """Fifty sealed calls of one pair are one finding; persistence elsewhere stands above them."""
    lab = Lab(seed=43)
    for number in range(50):
        scenario.wmi_session(lab, CLIENT, SERVER).create_process("hidden.exe")
    text = cli.car_wmi("report", cli.write(lab.capture(), "equal.pcapng")).stdout
    shown = findings(text)
    assert "50 ×" in shown[0] and "in 50 activities" in shown[0] and len(shown) == 2
