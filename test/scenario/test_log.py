"""The log: one line an event on stderr, as text or as JSON; progress and colours on a terminal."""

import json
import re

import pytest

from harness import KEY, USER, Terminal, wait_for

TEXT = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ (ERROR|WARN |INFO |DEBUG) \S.*")
ESCAPE = "\033"


def stormy(sim):
    """Faults that make events of every level."""
    sim.faults({"endpoint": "fetch", "container": "attic", "do": "lost_reply"},
               {"endpoint": "fetch", "container": "cellar", "do": "json_error",
                "text": "two\nlines\u2028and \033[31mcolour"},
               script_version="0.99")


@pytest.fixture
def busy(make):
    return make("attic:800G,cellar:1T,hetzner:5T", LOG_LEVEL="debug")


def test_each_event_is_one_line_with_time_and_level(sim, busy):
    stormy(sim)
    lines = busy.fetch(status=1).stderr.splitlines()
    assert len(lines) > 4
    for line in lines:
        assert TEXT.fullmatch(line), line
    assert {line.split()[1] for line in lines} >= {"ERROR", "WARN", "INFO"}


def test_each_event_is_one_json_object_with_time_level_and_container(sim, busy):
    stormy(sim)
    events = [json.loads(line) for line in
              busy.run("--log-format", "json", "fetch", "all", status=1).stderr.splitlines()]
    assert len(events) > 4
    for event in events:
        assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["time"])
        assert event["level"] in ("error", "warn", "info", "debug")
        assert event["msg"]
        assert set(event) <= {"time", "level", "msg", "container"}
    assert {"attic", "cellar", "hetzner"} <= {event.get("container") for event in events}


def test_the_daemon_logs_on_stderr_in_both_formats(archiver):
    process = archiver.start("--log-format", "json")
    wait_for(lambda: "next cycle in" in archiver.log())
    archiver.stop(process)
    assert all(json.loads(line)["msg"] for line in archiver.log().splitlines())
    process = archiver.start()
    wait_for(lambda: "next cycle in" in archiver.log())
    archiver.stop(process)
    assert all(TEXT.fullmatch(line) for line in archiver.log().splitlines())


@pytest.mark.parametrize("level, shows", [
    ("error", {"error"}), ("warn", {"error", "warn"}), ("info", {"error", "warn", "info"})])
def test_the_level_chooses_the_events(sim, busy, level, shows):
    stormy(sim)
    said = busy.run("--log-level", level, "--log-format", "json", "fetch", "all").stderr
    assert {json.loads(line)["level"] for line in said.splitlines()} == shows


def test_times_are_local_with_their_offset(archiver):
    said = archiver.fetch(TZ="Asia/Kathmandu").stderr
    assert all(re.match(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+05:45 ", line)
               for line in said.splitlines())


def test_no_secret_is_ever_in_the_log(sim, make):
    a = make("attic:800G,cellar:1T,hetzner:5T", HC_URL=sim.ping_url, LOG_LEVEL="debug")
    (check,) = re.findall(r"/ping/(.*)", sim.ping_url)
    said = a.fetch(status=0).stderr
    (passkey,) = [account["passkey"] for account in sim.state()["accounts"]]
    echo = json.dumps({"Status": "Maybe", "You": USER, "Your": KEY, "Pass": passkey})
    sim.faults({"endpoint": "fetch", "container": "attic", "do": "reply", "body": echo},
               {"endpoint": "fetch", "container": "cellar", "do": "json_error",
                "text": f"{USER} {KEY}"},
               {"endpoint": "ping", "do": "status", "status": 404, "body": check})
    said += a.fetch(status=1).stderr
    sim.faults({"endpoint": "fetch", "do": "redirect", "to": f"http://127.0.0.2:1/{KEY}"})
    said += a.fetch(status=1).stderr
    assert "Maybe" in said and "<hidden>" in said
    for secret in (USER, KEY, passkey, check):
        assert secret not in said


# ---- on a terminal ----

def test_on_a_terminal_fetch_shows_which_container_which_step_and_the_countdown(sim, make):
    a = make("attic:800G,hetzner:5T", PTP_FETCH_SLEEP="2.5")
    terminal = Terminal(a, "fetch", "all")
    assert terminal.finish() == 0
    for shown in ("attic: asking the tracker", "attic: downloading TorrentID 100001",
                  "attic: delivering ", "hetzner: waiting 3 s, to be polite",
                  "hetzner: waiting 2 s", "hetzner: asking the tracker"):
        assert shown in terminal.shown, shown
    assert terminal.shown.count("New download written as") == 2


def test_progress_is_wiped_before_an_event(make):
    a = make(NO_COLOR="1")
    terminal = Terminal(a, "fetch", "all")
    assert terminal.finish() == 0
    lines = [line.rsplit("\r", 1)[-1] for line in
             terminal.shown.replace("\r\n", "\n").splitlines()]
    events = [line.removeprefix(f"{ESCAPE}[K") for line in lines if " INFO " in line]
    assert events and all(TEXT.fullmatch(line) for line in events), events


def test_elsewhere_there_are_plain_lines(sim, make):
    a = make("attic:800G,hetzner:5T", PTP_FETCH_SLEEP="0.3")
    done = a.fetch(status=0)
    assert ESCAPE not in done.stderr and "\r" not in done.stderr
    assert "waiting" not in done.stderr and "downloading" not in done.stderr


def test_colours_are_for_terminals(sim, busy):
    stormy(sim)
    terminal = Terminal(busy, "fetch", "all")
    assert terminal.finish() == 1
    assert f"{ESCAPE}[31mERROR" in terminal.shown
    assert ESCAPE not in busy.fetch().stderr


@pytest.mark.parametrize("value, colours", [("1", False), ("x", False), ("", True)])
def test_no_color_is_respected(sim, busy, value, colours):
    stormy(sim)
    terminal = Terminal(busy, "fetch", "all", NO_COLOR=value)
    terminal.finish()
    assert (f"{ESCAPE}[31m" in terminal.shown) == colours
    assert (f"{ESCAPE}[0m" in terminal.shown) == colours


def test_json_on_a_terminal_is_json(archiver):
    terminal = Terminal(archiver, "--log-format", "json", "fetch", "all")
    assert terminal.finish() == 0
    assert ESCAPE not in terminal.shown
    lines = [line for line in terminal.shown.splitlines() if not line.startswith("New download")]
    assert all(json.loads(line)["msg"] for line in lines)


def test_hostile_text_from_the_tracker_cannot_move_the_cursor(sim, busy):
    stormy(sim)
    terminal = Terminal(busy, "fetch", "all", NO_COLOR="1")
    terminal.finish()
    assert "two?lines" in terminal.shown
    assert f"{ESCAPE}[31m" not in terminal.shown
