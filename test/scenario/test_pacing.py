"""Pacing: how far apart the calls to the tracker are."""

import time

import pytest

from harness import wait_for


def past(archiver, seconds):
    """Let so much time have passed since the last calls; when they were."""
    archiver.ledger("UPDATE pace SET last_fetch = last_fetch - ?1,"
                    " last_request = last_request - ?1, steady_fetch = steady_fetch - ?1,"
                    " steady_request = steady_request - ?1", round(seconds * 1000))
    ((fetch, request),) = archiver.ledger("SELECT last_fetch, last_request FROM pace")
    return fetch / 1000, request / 1000


def gaps(requests):
    return [b["at"] - a["at"] for a, b in zip(requests, requests[1:])]


@pytest.mark.parametrize("asked, gap", [("0", 10), ("5", 10), ("12.5", 12.5)])
def test_ten_seconds_or_more_lie_between_two_fetch_calls(remote, make, asked, gap):
    sim, there = remote()
    a = make(**there, PTP_FETCH_SLEEP=asked)
    a.has_a_past()
    a.fetch(status=0)
    fetch, _ = past(a, gap - 0.5)
    a.fetch(status=0)
    assert gap <= sim.fetches()[1]["at"] - fetch < gap + 3


def test_four_seconds_lie_before_any_other_request(remote, make):
    sim, there = remote()
    a = make(**there)
    a.has_a_past()
    a.fetch(status=0)
    _, request = past(a, 3.5)
    a.run("check", "--online", status=0)
    assert 4 <= sim.requests("scriptver")[0]["at"] - request < 7


def test_fetch_call_keeps_its_distance_from_other_requests(remote, make):
    sim, there = remote()
    a = make(**there)
    a.run("check", "--online", status=0)
    _, request = past(a, 3.5)
    a.fetch(status=0)
    assert 4 <= sim.fetches()[0]["at"] - request < 7


def test_download_of_an_older_assignment_waits_four_seconds_and_not_ten(remote, make):
    sim, there = remote()
    a = make(**there)
    a.has_a_past()
    sim.faults({"do": "status", "endpoint": "download", "status": 503, "times": 1})
    a.fetch(status=1)
    _, request = past(a, 3.5)
    a.fetch("--force", "all", status=0)
    assert 4 <= sim.downloads()[1]["at"] - request < 7


def test_download_of_a_fresh_assignment_follows_its_fetch_at_once(sim, make):
    make(PTP_FETCH_SLEEP="3").fetch(status=0)
    (fetch,), (download,) = sim.fetches(), sim.downloads()
    assert download["at"] - fetch["at"] < 2


def test_containers_of_a_cycle_are_asked_for_one_gap_apart(sim, make):
    make("a:1T,b:1T,c:1T", PTP_FETCH_SLEEP="0.3").fetch(status=0)
    assert len(sim.fetches()) == 3
    assert all(0.3 <= gap < 2 for gap in gaps(sim.fetches()))


def test_torrents_of_one_container_are_asked_for_one_gap_apart(sim, make):
    make(PTP_FETCH_SLEEP="0.3", PTP_PER_CYCLE="3").fetch(status=0)
    assert len(sim.fetches()) == 3
    assert all(0.3 <= gap < 2 for gap in gaps(sim.fetches()))


def test_gap_holds_between_processes(sim, make):
    a = make(PTP_FETCH_SLEEP="0.6")
    a.fetch(status=0)
    a.fetch(status=0)
    assert 0.6 <= gaps(sim.fetches())[0] < 4


def test_gap_holds_between_the_daemon_and_the_command_line(sim, make):
    a = make(PTP_FETCH_SLEEP="0.6")
    daemon = a.start()
    wait_for(a.delivered)
    a.fetch(status=0)
    assert 0.6 <= gaps(sim.fetches())[0] < 4
    assert a.stop(daemon)[0] == 0


def test_gap_holds_after_a_failed_call(sim, make):
    a = make("a:1T", PTP_FETCH_SLEEP="0.6")
    sim.faults({"do": "status", "endpoint": "fetch", "status": 503, "times": 1})
    a.fetch(status=1)
    a.fetch("--force", "all", status=0)
    assert 0.6 <= gaps(sim.fetches())[0] < 4


def test_clock_that_was_set_back_never_makes_anybody_wait_longer_than_the_gap(sim, make):
    a = make(PTP_FETCH_SLEEP="0.5")
    a.fetch(status=0)
    past(a, -3600)
    begin = time.monotonic()
    a.fetch(status=0)
    assert time.monotonic() - begin < 5


def test_tracker_on_loopback_may_be_paced_at_nothing(sim, make):
    begin = time.monotonic()
    make("a:1T,b:1T,c:1T,d:1T").fetch(status=0)
    assert time.monotonic() - begin < 5
    assert len(sim.fetches()) == 4


def test_the_first_interval_is_half_to_all_of_it(sim, make):
    seen = []
    for i in range(4):
        a = make(folder=f"archiver{i}", PTP_FETCH_SLEEP="0.01")
        daemon = a.start()
        wait_for(a.delivered)
        a.stop(daemon)
        ((last, next_),) = a.ledger("SELECT last_cycle, next_cycle FROM clock")
        seen.append((next_ - last) / 3600000)
    assert all(3 <= hours <= 6 for hours in seen)
    # Four of three hours' worth of milliseconds are not the same by chance.
    assert len(set(seen)) == 4
