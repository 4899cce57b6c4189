"""Outcomes: what a container's turn is called, and what follows from that."""

import re

import pytest

from harness import free_port, summary, wait_for

CONTAINER = "attic:800G"
FETCH = {"endpoint": "fetch"}
DOWNLOAD = {"endpoint": "download"}


def test_delivered_torrent_is_ok(sim, make):
    a = make(HC_URL=sim.ping_url)
    assert summary(a.fetch(status=0).stderr) == "attic:OK"
    assert sim.pings("success", "fail")[0]["kind"] == "success"


def test_full_container_is_full_and_well(sim, make):
    a = make("attic:1G", HC_URL=sim.ping_url)
    sim.scenario(torrent_size=2**30)
    a.fetch(status=0)
    assert summary(a.fetch(status=0).stderr) == "attic:FULL"
    assert a.outcome() == "FULL"
    assert [p["kind"] for p in sim.pings()] == ["start", "success"] * 2
    assert not a.status()["pending"] and not a.status()["possibly_lost"]


def test_container_that_fills_up_amid_a_turn_is_ok(sim, make):
    sim.scenario(torrent_size=2**30)
    a = make("attic:2G", PTP_PER_CYCLE="5")
    assert summary(a.fetch(status=0).stderr) == "attic:OK"
    assert len(a.delivered()) == 2


def test_error_text_may_stand_under_message(sim, make):
    sim.scenario(torrent_size=2**30, error_key="Message")
    a = make("attic:1G")
    a.fetch(status=0)
    assert summary(a.fetch(status=0).stderr) == "attic:FULL"


def test_stalled_container_is_stalled_and_well(sim, make):
    sim.scenario(stalled={"attic": 3})
    a = make(PTP_MAX_STALLED="2", HC_URL=sim.ping_url)
    assert summary(a.fetch(status=0).stderr) == "attic:STALLED"
    assert sim.fetches()[0]["query"]["MaxStalled"] == "2"
    assert [p["kind"] for p in sim.pings()] == ["start", "success"]


@pytest.mark.parametrize("text", ["You have STALLED torrents", "3 stalling"])
def test_any_error_that_speaks_of_stalling_is_stalled(sim, make, text):
    sim.faults({**FETCH, "do": "json_error", "text": text})
    assert summary(make().fetch(status=0).stderr) == "attic:STALLED"


def test_back_off_is_wait_and_a_failure(sim, make):
    a = make(PTP_FETCH_SLEEP="0.01", HC_URL=sim.ping_url)
    sim.faults({**FETCH, "do": "status", "status": 503, "times": 1})
    a.fetch(status=1)
    assert summary(a.fetch(status=1).stderr) == "attic:WAIT"
    assert sim.pings()[-1]["kind"] == "fail"
    assert sim.pings()[-1]["body"].startswith("ERROR: attic:WAIT\n")


def test_pending_torrent_that_may_not_be_downloaded_now_is_wait(sim, make):
    a = make(PTP_FETCH_SLEEP="0.01")
    sim.faults({**DOWNLOAD, "do": "status", "status": 503, "times": 1})
    a.fetch(status=1)
    assert summary(a.fetch(status=1).stderr) == "attic:WAIT"
    assert a.container()["pending"] == 1


@pytest.mark.parametrize("kind, fault", [
    ("Auth", {**FETCH, "do": "status", "status": 401}),
    ("Auth", {**FETCH, "do": "html", "page": "forbidden", "status": 403}),
    ("HTTP 404", {**FETCH, "do": "status", "status": 404}),
    ("HTTP 429", {**FETCH, "do": "status", "status": 429}),
    ("HTTP 500", {**FETCH, "do": "html", "page": "error", "status": 500}),
    ("HTTP 502", {**FETCH, "do": "lost_reply"}),
    ("HTTP 503", {**FETCH, "do": "html", "page": "maintenance", "status": 503}),
    ("HTTP 503", {**DOWNLOAD, "do": "status", "status": 503}),
    ("HTTP 404", {**DOWNLOAD, "do": "status", "status": 404}),
    ("Network", {**FETCH, "do": "drop"}),
    ("Network", {**FETCH, "do": "truncate", "bytes": 10}),
    ("Network", {**DOWNLOAD, "do": "truncate"}),
    ("Protocol", {**FETCH, "do": "html"}),
    ("Protocol", {**FETCH, "do": "reply", "body": "{\"Status\":\"Maybe\"}"}),
    ("Tracker", {**FETCH, "do": "json_error", "text": "Database error"}),
    ("BadTorrent", {**DOWNLOAD, "do": "html"}),
    ("BadTorrent", {**DOWNLOAD, "do": "json_error"}),
])
def test_failure_is_err_of_its_kind(sim, make, kind, fault):
    sim.faults(fault)
    a = make(HC_URL=sim.ping_url)
    done = a.fetch(status=1)
    assert summary(done.stderr) == f"attic:ERR({kind})"
    assert a.outcome() == f"ERR({kind})"
    assert sim.pings()[-1]["kind"] == "fail"
    assert sim.pings()[-1]["body"].startswith(f"ERROR: attic:ERR({kind})\n")
    assert not a.delivered()


def test_timeout_is_err_timeout(sim, make):
    sim.faults({**FETCH, "do": "hang"})
    assert summary(make(PTP_TIMEOUT="1s").fetch(status=1).stderr) == "attic:ERR(Timeout)"


def test_tracker_that_is_not_there_is_err_network(sim, make):
    a = make(PTP_BASE_URL=f"http://127.0.0.1:{free_port()}")
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(Network)"


def test_folder_that_cannot_be_used_is_err_disk(sim, make):
    a = make(PTP_WATCH="/dev/null/watch")
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(Disk)"


def test_403_is_a_matter_of_credentials_only_on_the_very_first_call(sim, make):
    a = make()
    sim.faults({**FETCH, "do": "status", "status": 403, "after": 1})
    a.fetch(status=0)
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(HTTP 403)"


def test_403_is_a_matter_of_credentials_again_once_they_changed(sim, make):
    a = make()
    a.fetch(status=0)
    sim.faults({**FETCH, "do": "status", "status": 403})
    a.set(PTP_KEY="another8901234567890123456789012")
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(Auth)"


@pytest.mark.parametrize("refusal", [
    {"do": "html", "page": "cloudflare"},
    {"do": "html", "page": "forbidden", "headers": {"CF-Mitigated": "challenge"}},
    {"do": "status", "body": "Forbidden", "headers": {"CF-RAY": "8f1-FRA"}},
    {"do": "status", "body": "", "headers": {"Server": "cloudflare"}},
    {"do": "status", "body": "error code: 1010"},
    {"do": "status", "body": "Too many queries, slow down"},
    {"do": "status", "body": '{"Status": "Error", "Error": "Too many queries"}'},
], ids=lambda r: " ".join(map(str, r.values())))
def test_403_of_a_guard_or_for_too_many_queries_says_nothing_of_the_credentials(
        sim, make, refusal):
    sim.faults({**FETCH, "status": 403, **refusal})
    a = make()
    said = a.fetch(status=1).stderr
    assert summary(said) == "attic:ERR(HTTP 403)"
    assert "too many queries" in said or "(Cloudflare) blocks this machine" in said
    assert "ApiUser" not in said and "PTP_USER" not in said


def test_a_page_of_maintenance_is_told_as_such(sim, make):
    sim.faults({**FETCH, "do": "html", "status": 503, "page": "maintenance"})
    said = make().fetch(status=1).stderr
    assert summary(said) == "attic:ERR(HTTP 503)" and "is being worked on" in said


def test_401_is_always_a_matter_of_credentials(sim, make):
    a = make()
    a.fetch(status=0)
    sim.scenario(accounts=[], auth_status=401)
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(Auth)"


def test_error_of_the_trackers_own_is_told_in_its_words(sim, make):
    sim.faults({**FETCH, "do": "json_error", "text": "Database error"})
    assert "Database error" in make().fetch(status=1).stderr


def test_summary_joins_the_entries_in_order_of_name(sim, make):
    sim.scenario(stalled={"d": 9}, torrent_size=2**30, faults=[
        {**FETCH, "do": "json_error", "container": "b"},
        {**DOWNLOAD, "do": "html", "container": "e"}])
    a = make("e:1T,d:1T,c:1G,b:1T,a:1T", PTP_MAX_STALLED="1")
    a.fetch("c", status=0)
    done = a.fetch(status=1)
    assert summary(done.stderr) == \
        "a:OK, b:ERR(Tracker), c:FULL, d:STALLED, e:ERR(BadTorrent)"


def test_failure_of_one_container_does_not_keep_the_next_from_its_turn(sim, make):
    sim.faults({**FETCH, "do": "json_error", "container": "a"})
    a = make("a:1T,b:1T")
    a.fetch(status=1)
    assert a.outcome("b") == "OK"
    assert len(a.delivered()) == 1


def test_exit_status_is_about_the_containers_asked_for(sim, make):
    sim.faults({**FETCH, "do": "json_error", "container": "a"})
    a = make("a:1T,b:1T", HC_URL=sim.ping_url)
    a.fetch("a", status=1)
    a.fetch("b", status=0)
    assert summary(a.fetch("b", status=0).stderr) == "a:ERR(Tracker), b:OK"
    assert sim.pings()[-1]["kind"] == "fail"


def test_each_outcome_is_one_line_of_the_log_with_time_and_level(sim, make):
    sim.faults({**FETCH, "do": "json_error", "container": "a", "text": "Database error"})
    lines = make("a:1T,b:1T").fetch(status=1).stderr.splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S* (ERROR|WARN |INFO |DEBUG) ", line)
               for line in lines), lines
    assert sum("ERROR a: ERR(Tracker): Database error" in line for line in lines) == 1
    assert sum("INFO  b: OK" in line for line in lines) == 1


def test_second_process_waits_for_a_running_cycle_and_says_so(sim, make):
    a = make("a:1T,b:1T")
    sim.faults({**FETCH, "do": "delay", "seconds": 1.5, "times": 1})
    daemon = a.start()
    wait_for(sim.fetches)
    done = a.fetch("b", status=0)
    assert "another ptp-archiver is at work" in done.stderr
    # The daemon's a and b come first; nothing is asked meanwhile.
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["a", "b", "b"]
    assert sim.fetches()[1]["at"] - sim.fetches()[0]["at"] >= 1.5
    assert a.stop(daemon)[0] == 0


def test_two_processes_at_once_get_a_torrent_each(sim, make):
    a = make(PTP_FETCH_SLEEP="0.5")
    first = a.start()
    a.fetch(status=0)
    wait_for(lambda: len(a.delivered()) == 2)
    fetches = sim.fetches()
    assert len(fetches) == 2 and fetches[1]["at"] - fetches[0]["at"] >= 0.5
    assert a.stop(first)[0] == 0


def test_a_word_that_only_ends_in_stall_is_no_stalled_download(sim, archiver):
    sim.faults({"endpoint": "fetch", "do": "json_error", "text": "The tracker is being reinstalled"})
    archiver.fetch(status=1)
    assert archiver.outcome() == "ERR(Tracker)"
