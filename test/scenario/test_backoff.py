"""Back-off: the tracker is left alone for a while after it failed."""

import email.utils
import time

import pytest

from harness import free_port, summary, wait_for

LADDER_MINUTES = (1, 5, 15, 30, 60, 180, 360, 360)
PATIENT = {"PTP_FETCH_SLEEP": "0.01"}  # the ladder is in force, the gaps are short


def left(archiver):
    """Minutes until the tracker may be asked again."""
    ((until,),) = archiver.ledger("SELECT backoff_until FROM pace")
    return until / 60000 - time.time() / 60 if until else 0


def force(archiver, status):
    """As a person would a minute after the last time."""
    if (archiver.state / "ledger.db").exists():
        archiver.ledger("UPDATE pace SET forced_at = 0")
    archiver.fetch("--force", "all", status=status)


def is_left_alone(sim, archiver):
    """A further fetch makes no call, and says WAIT."""
    before = len(sim.requests())
    done = archiver.fetch(status=1)
    assert summary(done.stderr) == "attic:WAIT"
    return len(sim.requests()) == before


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 410, 429, 500, 502, 503,
                                    504, 520])
def test_tracker_is_left_alone_after_status(sim, make, status):
    a = make(**PATIENT)
    a.fetch(status=0)
    sim.faults({"do": "status", "endpoint": "fetch", "status": status})
    a.fetch(status=1)
    assert 0.9 < left(a) <= 1.25
    assert a.status()["backoff"]["failures"] == 1
    assert is_left_alone(sim, a)


@pytest.mark.parametrize("fault", [
    {"do": "html", "page": "login"}, {"do": "html", "page": "maintenance"},
    {"do": "html", "page": "error"}, {"do": "reply", "body": "[]"}])
def test_tracker_is_left_alone_after_a_page_or_an_unreadable_answer(sim, make, fault):
    a = make(**PATIENT)
    a.fetch(status=0)
    sim.faults({**fault, "endpoint": "fetch"})
    a.fetch(status=1)
    assert 0.9 < left(a) <= 1.25
    assert is_left_alone(sim, a)


def test_the_trackers_own_errors_are_trouble_three_times_in_a_row(sim, make):
    a = make(**PATIENT)
    sim.faults({"do": "reply", "body": '{"Status":"Error","Error":"closed"}', "endpoint": "fetch"})
    for _ in range(2):
        a.fetch(status=1)
        assert left(a) == 0
    a.fetch(status=1)
    assert 0.9 < left(a) <= 1.25
    assert is_left_alone(sim, a)


def test_tracker_is_left_alone_after_a_timeout(sim, make):
    a = make(**PATIENT, PTP_TIMEOUT="1s")
    sim.faults({"do": "hang", "endpoint": "fetch", "times": 1})
    a.fetch(status=1)
    assert a.outcome() == "ERR(Timeout)"
    assert 0.9 < left(a) <= 1.25
    assert is_left_alone(sim, a)


def test_tracker_is_left_alone_after_a_dropped_connection(sim, make):
    a = make(**PATIENT)
    sim.faults({"do": "drop", "endpoint": "fetch", "times": 1})
    a.fetch(status=1)
    assert a.outcome() == "ERR(Network)"
    assert 0.9 < left(a) <= 1.25
    assert is_left_alone(sim, a)


def test_tracker_is_left_alone_after_a_refused_connection(sim, make):
    a = make(**PATIENT, PTP_BASE_URL=f"http://127.0.0.1:{free_port()}")
    a.fetch(status=1)
    assert a.outcome() == "ERR(Network)"
    a.set(PTP_BASE_URL=sim.url)
    assert 0.9 < left(a) <= 1.25
    assert is_left_alone(sim, a)


def test_tracker_is_left_alone_after_a_failed_download(sim, make):
    a = make(**PATIENT)
    sim.faults({"do": "status", "endpoint": "download", "status": 503, "times": 1})
    a.fetch(status=1)
    assert a.outcome() == "ERR(HTTP 503)"
    assert 0.9 < left(a) <= 1.25
    assert is_left_alone(sim, a)


def test_waits_climb_a_ladder_up_to_six_hours(sim, make):
    a = make(**PATIENT)
    sim.faults({"do": "status", "endpoint": "fetch", "status": 503})
    seen = []
    for _ in LADDER_MINUTES:
        force(a, status=1)
        seen.append(left(a))
    for step, minutes in zip(LADDER_MINUTES, seen):
        assert 0.9 * step < minutes <= 1.25 * step


def test_ladder_is_left_at_the_first_success(sim, make):
    a = make(**PATIENT)
    sim.faults({"do": "status", "endpoint": "fetch", "status": 503, "times": 3})
    for _ in range(3):
        force(a, status=1)
    force(a, status=0)
    assert left(a) == 0
    assert a.status()["backoff"] is None
    sim.faults({"do": "status", "endpoint": "fetch", "status": 503, "comment": "anew"})
    a.fetch(status=1)
    assert round(left(a)) == 1


def test_back_off_is_for_the_tracker_as_a_whole(sim, make):
    a = make("a:1T,b:1T,c:1T", **PATIENT)
    sim.faults({"do": "status", "endpoint": "fetch", "container": "a", "status": 503})
    done = a.fetch(status=1)
    assert summary(done.stderr) == "a:ERR(HTTP 503), b:WAIT, c:WAIT"
    assert len(sim.requests()) == 1


def test_back_off_says_why_and_for_how_long(sim, make):
    a = make("a:1T,b:1T", **PATIENT)
    sim.faults({"do": "status", "endpoint": "fetch", "status": 503})
    done = a.fetch(status=1)
    (line,) = [l for l in done.stderr.splitlines() if "b: WAIT" in l]
    assert "left alone" in line and "HTTP 503" in line
    assert "HTTP 503" in a.status()["backoff"]["reason"]


def test_request_for_the_version_respects_the_back_off(sim, make):
    a = make(**PATIENT)
    sim.faults({"do": "status", "endpoint": "fetch", "status": 503})
    a.fetch(status=1)
    assert "left alone" in a.run("check", "--online", status=1).stdout
    assert not sim.requests("scriptver")


def test_a_check_that_gets_no_answer_holds_nobody_back(sim, make):
    a = make(**PATIENT)
    for _ in range(2):
        said = a.run("check", "--online", status=1, PTP_BASE_URL=f"http://127.0.0.1:{free_port()}")
        assert "FAIL  tracker: ERR(Network)" in said.stdout and "left alone" not in said.stdout
    assert a.status()["backoff"] is None
    a.fetch(status=0)


def test_a_back_off_without_an_answer_keeps_no_check_from_finding_the_fault(sim, make):
    a = make(**PATIENT)
    nowhere = f"http://127.0.0.1:{free_port()}"
    a.fetch(status=1, PTP_BASE_URL=nowhere)
    first = left(a)
    said = a.run("check", "--online", status=1, PTP_BASE_URL=nowhere).stdout
    assert "nobody answers there" in said and "left alone" not in said
    assert 0 < left(a) <= first
    a.run("check", "--online", status=0)
    assert a.status()["backoff"] is None


@pytest.mark.parametrize("minutes, wait", [(30, 30), (0.2, 1), (60 * 48, 60 * 24)])
def test_retry_after_is_honoured_between_the_ladder_and_a_day(sim, make, minutes, wait):
    a = make(**PATIENT)
    sim.faults({"do": "status", "endpoint": "fetch", "status": 429,
                "headers": {"Retry-After": str(round(minutes * 60))}})
    a.fetch(status=1)
    # Chance only adds to it.
    assert wait - 0.1 < left(a) <= 1.25 * wait


def test_retry_after_may_be_a_date(sim, make):
    a = make(**PATIENT)
    date = email.utils.formatdate(time.time() + 1800, usegmt=True)
    sim.faults({"do": "status", "endpoint": "fetch", "status": 503,
                "headers": {"Retry-After": date}})
    a.fetch(status=1)
    # Everybody gets the same date.
    assert 29.8 < left(a) <= 60


def test_retry_after_that_makes_no_sense_leaves_the_ladder(sim, make):
    a = make(**PATIENT)
    sim.faults({"do": "status", "endpoint": "fetch", "status": 503,
                "headers": {"Retry-After": "soon, -5"}})
    a.fetch(status=1)
    assert round(left(a)) == 1


def test_retry_after_of_a_download_is_honoured_too(sim, make):
    a = make(**PATIENT)
    sim.faults({"do": "status", "endpoint": "download", "status": 503,
                "headers": {"Retry-After": "1800"}})
    a.fetch(status=1)
    assert 29.8 < left(a) <= 37.5


def test_back_off_has_no_waits_where_the_tracker_is_paced_at_nothing(sim, make):
    a = make(PTP_FETCH_SLEEP="0")
    sim.faults({"do": "status", "endpoint": "fetch", "status": 503, "times": 1})
    a.fetch(status=1)
    a.fetch(status=0)


def test_force_is_for_one_call_and_once_a_minute(sim, make):
    a = make("a:1T,b:1T,c:1T", **PATIENT)
    sim.faults({"do": "status", "endpoint": "fetch", "status": 401})
    a.fetch(status=1)
    assert len(sim.requests()) == 1
    a.fetch("--force", "all", status=1)
    assert len(sim.requests()) == 2
    done = a.fetch("--force", "all", status=1)
    assert len(sim.requests()) == 2 and "left alone for another" in done.stderr


def test_force_does_not_override_what_the_tracker_asks_for(sim, make):
    a = make(**PATIENT)
    sim.faults({"do": "status", "endpoint": "fetch", "status": 429, "times": 1,
                "headers": {"Retry-After": "1800"}})
    a.fetch(status=1)
    a.fetch("--force", "all", status=1)
    assert len(sim.requests()) == 1


def test_force_lets_a_person_try_at_once(sim, make):
    a = make(**PATIENT)
    sim.faults({"do": "status", "endpoint": "fetch", "status": 503, "times": 1})
    a.fetch(status=1)
    assert is_left_alone(sim, a)
    a.fetch("--force", "all", status=0)
    assert len(a.delivered()) == 1


def test_retry_repeats_the_download_and_asks_for_nothing_new(sim, make):
    a = make(**PATIENT)
    sim.faults({"do": "status", "endpoint": "download", "status": 503, "times": 2})
    a.fetch(status=1)
    force(a, status=1)
    force(a, status=0)
    assert len(sim.fetches()) == 1
    assert [d["target"] for d in sim.downloads()] == [sim.downloads()[0]["target"]] * 3
    (assigned,) = sim.assignments()
    (name,) = a.delivered()
    assert a.inspect(a.watch / name)["infohash_v1"].upper() == assigned["infohash"]


def test_daemon_goes_on_with_what_was_left_undone_when_the_step_ends(sim, make):
    a = make("a:1T,b:1T,c:1T", PTP_FETCH_SLEEP="0", HC_URL=sim.ping_url)
    sim.faults({"do": "status", "endpoint": "fetch", "container": "b", "status": 503, "times": 1,
                "headers": {"Retry-After": "2"}})
    daemon = a.start()
    wait_for(lambda: len(sim.pings()) == 4)
    asked = sim.fetches()
    # The one that was never asked for comes first.
    assert [r["query"]["ContainerName"] for r in asked] == ["a", "b", "c", "b"]
    # Retry-After is in whole seconds, from the end of the call.
    assert 2 <= asked[2]["at"] - asked[1]["at"] < 6
    pings = sim.pings()
    assert [p["kind"] for p in pings] == ["start", "fail", "start", "success"]
    assert pings[0]["rid"] == pings[1]["rid"] != pings[2]["rid"] == pings[3]["rid"]
    assert pings[1]["body"].startswith("ERROR: a:OK, b:ERR(HTTP 503), c:WAIT\n")
    assert pings[3]["body"].startswith("a:OK, b:OK, c:OK\n")
    assert "resuming what was left undone" in a.log()
    assert a.stop(daemon)[0] == 0


def test_daemon_downloads_what_was_left_undone_when_the_step_ends(sim, make):
    a = make(PTP_FETCH_SLEEP="0")
    sim.faults({"do": "status", "endpoint": "download", "status": 503, "times": 1,
                "headers": {"Retry-After": "1"}})
    daemon = a.start()
    wait_for(a.delivered)
    assert len(sim.fetches()) == 1 and len(sim.downloads()) == 2
    assert a.stop(daemon)[0] == 0
