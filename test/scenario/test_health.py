"""Healthchecks: what is pinged, when, and how little it may matter when nobody answers."""

import concurrent.futures
import re
import time
import uuid

import pytest

from harness import CHECK, Archiver, Sim, summary, wait_for

PING_KEY = "pingkey890123456789012"
START = "Starting fetch cycle for all containers."


def test_cycle_is_pinged_at_its_start_and_its_success(sim, make):
    make("attic:800G,hetzner:5T", HC_URL=sim.ping_url).fetch(status=0)
    start, end = sim.requests("ping_start", "ping_end")
    assert (start["method"], start["path"]) == ("POST", f"/ping/{CHECK}/start")
    assert start["body"] == START
    assert (end["method"], end["path"]) == ("POST", f"/ping/{CHECK}")
    assert end["body"].splitlines()[0] == "attic:OK, hetzner:OK"
    tracker = sim.requests("fetch", "download")
    assert start["n"] < tracker[0]["n"] and end["n"] > tracker[-1]["n"]


def test_failure_is_pinged_with_error_before_the_summary(sim, make):
    sim.faults({"do": "json_error", "endpoint": "fetch", "container": "attic"})
    make("attic:800G,hetzner:5T", HC_URL=sim.ping_url).fetch(status=1)
    end = sim.requests("ping_end")[0]
    assert (end["method"], end["path"]) == ("POST", f"/ping/{CHECK}/fail")
    assert end["body"].splitlines()[0] == "ERROR: attic:ERR(Tracker), hetzner:OK"


def test_the_pings_at_the_end_end_with_the_link_to_the_page(sim, make):
    a = make(HC_URL=sim.ping_url, PTP_PUBLIC_URL="http://nas:9980/")
    a.fetch(status=0)
    sim.faults({"do": "json_error", "endpoint": "fetch"})
    a.fetch(status=1)
    a.run("run", status=2, PTP_USER="short")
    bodies = [p["body"] for p in sim.pings("success") + sim.pings("fail")]
    assert len(bodies) == 3
    for body in bodies:
        assert body.splitlines()[-1] == "Status page: http://nas:9980/"


def test_pings_of_a_cycle_have_one_rid_and_each_cycle_its_own(sim, make):
    a = make(HC_URL=sim.ping_url)
    a.fetch(status=0)
    a.fetch(status=0)
    rids = [p["rid"] for p in sim.pings()]
    assert rids[0] == rids[1] != rids[2] == rids[3]
    assert all(str(uuid.UUID(rid)) == rid and uuid.UUID(rid).version == 4 for rid in rids)


def test_body_has_a_readable_line_for_each_container(sim, make):
    sim.scenario(torrent_size=2**31, faults=[
        {"do": "html", "endpoint": "download", "container": "b"}])
    a = make("a:5T,b:5T,c:3T", HC_URL=sim.ping_url)
    a.fetch("a", status=0)
    a.fetch(status=1)
    lines = sim.pings("fail")[-1]["body"].splitlines()
    assert lines[0] == "ERROR: a:OK, b:ERR(BadTorrent), c:OK"
    first, second, third = (next(l for l in lines if l.startswith(f"{name}: ")) for name in "abc")
    assert re.search(r'"Some\.Film\.[-.\w]+" \(2 GiB\)', first.replace("2.0", "2"))
    assert "2 torrents, 4 GiB so far" in first.replace("4.0", "4")
    assert "HTML page" in second and "1 pending" in second
    assert "1 torrent," in third


def test_body_tells_the_next_cycle_of_the_daemon(sim, make):
    a = make(HC_URL=sim.ping_url, PTP_INTERVAL="2h")
    daemon = a.start()
    wait_for(lambda: len(sim.pings()) == 2)
    assert a.stop(daemon)[0] == 0
    (when,) = re.findall(r"Next cycle: (\S+ ?\S*)\.", sim.pings()[1]["body"])
    ((due,),) = a.ledger("SELECT next_cycle FROM clock")
    assert time.strftime("%H:%M", time.gmtime(due / 1000)) in when


def test_every_ping_has_its_length_and_its_type(sim, make):
    make(HC_URL=sim.ping_url).fetch(status=0)
    for ping in sim.requests("ping_start", "ping_end"):
        headers = {name.lower(): value for name, value in ping["headers"].items()}
        assert headers["content-length"] == str(ping["body_bytes"]) and ping["body_bytes"]
        assert "transfer-encoding" not in headers and "expect" not in headers
        assert headers["content-type"].startswith("text/plain")
        assert "ApiKey" not in ping["headers"] and "ApiUser" not in ping["headers"]


@pytest.mark.parametrize("limit", [46, 47, 150, 151])
def test_body_is_cut_at_the_servers_limit_on_a_character_boundary(sim, make, limit):
    sim.scenario(ping={"limit": limit})
    make(f"{'é' * 30}:1T,{'ü' * 30}:1T", HC_URL=sim.ping_url).fetch(status=0)
    (end,) = sim.requests("ping_end")
    assert limit - 1 <= end["body_bytes"] <= limit
    assert "\ufffd" not in end["body"]
    assert sim.pings("success")[0]["utf8"] is True


def test_long_body_is_sent_whole_where_the_server_takes_it(sim, make):
    names = [f"container-{i:03}-{'x' * 20}" for i in range(60)]
    sim.faults({"do": "json_error", "endpoint": "fetch", "text": "so it is " * 20},
               ping={"limit": 100000})
    make(",".join(f"{n}:1T" for n in names), HC_URL=sim.ping_url).fetch(status=1)
    (end,) = sim.requests("ping_end")
    assert end["body_bytes"] > 10000
    assert all(f"\n{name}: ERR(Tracker)" in end["body"] for name in names)


def test_body_is_valid_utf8_whatever_the_torrent_is_called(sim, make):
    sim.faults({"do": "filename", "endpoint": "download",
                "value_hex": b'attachment; filename="\xff\xfe.torrent"'.hex()},
               {"do": "json_error", "endpoint": "fetch", "container": "b",
                "text": "bad \x1b[31m \x85 \r text"})
    make("a:1T,b:1T", HC_URL=sim.ping_url).fetch(status=1)
    (end,) = sim.pings("fail")
    assert end["utf8"] is True
    assert all(c.isprintable() or c == "\n" for c in end["body"])


@pytest.mark.parametrize("url, path, query", [
    ("/ping/{check}/", "/ping/{check}", {}),
    ("/ping/{key}/my-slug", "/ping/{key}/my-slug", {}),
    ("/ping/{key}/my-slug?create=1", "/ping/{key}/my-slug", {"create": "1"}),
    ("/ping/{check}?a=b", "/ping/{check}", {"a": "b"}),
])
def test_uuid_and_slug_urls_may_have_a_slash_or_a_query_at_the_end(sim, make, url, path, query):
    names = {"check": CHECK, "key": PING_KEY}
    a = make(HC_URL=sim.url + url.format(**names))
    done = a.fetch(status=0)
    assert "Healthchecks" not in done.stderr
    start, end = sim.requests("ping_start", "ping_end")
    assert start["path"] == path.format(**names) + "/start" and end["path"] == path.format(**names)
    assert {k: v for k, v in start["query"].items() if k != "rid"} == query
    assert [p["kind"] for p in sim.pings()] == ["start", "success"]


def test_ping_url_may_be_in_a_file(sim, make):
    a = make()
    secret = a.folder / "hc"
    secret.write_text(f"  {sim.ping_url}\n")
    a.set(HC_URL_FILE=secret)
    a.fetch(status=0)
    assert len(sim.pings()) == 2


def test_without_a_url_there_is_no_ping_and_no_noise(sim, make):
    done = make(LOG_LEVEL="debug").fetch(status=0)
    assert sim.requests("ping_start", "ping_end", "ping", "other") == []
    assert "health" not in done.stderr.lower() and "ping" not in done.stderr.lower()


def test_refused_ping_is_not_repeated_and_changes_nothing(sim, make):
    sim.scenario(ping={"checks": []})
    done = make(HC_URL=sim.ping_url).fetch(status=0)
    assert summary(done.stderr) == "attic:OK"
    assert len(sim.requests("ping_start", "ping_end")) == 2
    assert "Healthchecks refuses the success ping: HTTP 404" in done.stderr


def test_a_ping_of_no_check_is_warned_of(sim, make):
    sim.faults({"do": "reply", "endpoint": "ping_end", "body": "OK (not found)"})
    done = make(HC_URL=sim.ping_url).fetch(status=0)
    assert "refuses the success ping: HTTP 200 OK (not found); check the ping URL" in done.stderr
    assert len(sim.requests("ping_end")) == 1


@pytest.mark.parametrize("body", ["OK (rate-limited)", "OK (rate limited)"])
def test_ping_that_was_rate_limited_is_warned_of(sim, make, body):
    sim.faults({"do": "reply", "endpoint": "ping_end", "body": body})
    done = make(HC_URL=sim.ping_url).fetch(status=0)
    assert "rate limited" in done.stderr
    assert len(sim.requests("ping_end")) == 1


def test_ping_over_tls_uses_the_authority_that_is_set(sim, make, authority, tmp_path):
    tls = Sim(tmp_path / "tls", *authority.issue("IP:127.0.0.1"))
    try:
        a = make(HC_URL=tls.ping_url, PTP_CA_FILE=authority.certificate)
        a.fetch(status=0)
        assert len(tls.requests()) == 2
    finally:
        tls.close()


# ---- what takes time, all at the same time ----

AGAIN = [{"do": "status", "status": s} for s in (408, 429, 500, 502, 503, 504)] + [
    {"do": "drop"}, {"do": "drop", "processed": True}]
SLOW = {
    **{str(fault): [{**fault, "endpoint": "ping_end", "times": 1}] for fault in AGAIN},
    "ever 503": [{"do": "status", "endpoint": "ping_end", "status": 503}],
    "hang once": [{"do": "hang", "endpoint": "ping_end", "times": 1}],
    "dead": [{"do": "hang", "endpoint": "ping"}],
    "endless": [{"do": "endless", "endpoint": "ping"}],
}


class Slow:
    """One fetch against a simulator with these faults, and what came of it.  The pings go to
    another one with these options, if any are given."""

    def __init__(self, folder, faults, *options):
        sim = Sim(folder / "sim")
        receiver = Sim(folder / "receiver", *options) if options else sim
        try:
            a = Archiver(folder / "archiver", sim.url, HC_URL=receiver.ping_url)
            sim.faults(*faults)
            begin = time.monotonic()
            self.done = a.fetch()
            self.seconds = time.monotonic() - begin
            self.pings = sim.pings()
            self.received = receiver.requests()
            self.tries = sim.requests("ping_end")
            self.tracker = sim.requests("fetch", "download")
            self.outcome = a.outcome()
        finally:
            sim.close()
            if options:
                receiver.close()


@pytest.fixture(scope="module")
def slow(tmp_path_factory, authority):
    with concurrent.futures.ThreadPoolExecutor(len(SLOW) + 1) as pool:
        futures = {name: pool.submit(Slow, tmp_path_factory.mktemp("slow"), faults)
                   for name, faults in SLOW.items()}
        futures["unknown authority"] = pool.submit(Slow, tmp_path_factory.mktemp("slow"), [],
                                                   *authority.issue("IP:127.0.0.1"))
        return {name: future.result() for name, future in futures.items()}


@pytest.mark.parametrize("fault", map(str, AGAIN))
def test_ping_that_failed_in_passing_is_repeated(slow, fault):
    one = slow[fault]
    assert one.done.returncode == 0 and one.outcome == "OK"
    assert len(one.tries) == 2
    assert one.tries[1]["at"] - one.tries[0]["at"] >= 1
    assert one.tries[0]["query"]["rid"] == one.tries[1]["query"]["rid"]
    assert one.tries[0]["body"] == one.tries[1]["body"]
    assert one.pings[-1]["kind"] == "success"
    assert "Healthchecks" not in one.done.stderr


def test_ping_is_repeated_three_times_with_growing_waits(slow):
    one = slow["ever 503"]
    assert len(one.tries) == 4
    first, second, third = (b["at"] - a["at"] for a, b in zip(one.tries, one.tries[1:]))
    assert first >= 1 and second >= 2 and third >= 4
    assert "the success ping to Healthchecks failed: HTTP 503" in one.done.stderr
    assert one.done.returncode == 0 and one.outcome == "OK"


def test_ping_without_an_answer_in_time_is_repeated(slow):
    one = slow["hang once"]
    assert len(one.tries) == 2 and one.pings[-1]["kind"] == "success"
    assert one.done.returncode == 0


def test_dead_ping_server_never_holds_up_a_cycle_for_more_than_15_seconds(slow):
    one = slow["dead"]
    # Between the start of the cycle and its end the tracker has answered at once.
    assert 3 < one.seconds < 17
    assert len(one.tracker) == 2 and one.outcome == "OK" and one.done.returncode == 0
    assert one.done.stderr.count("ping to Healthchecks failed") == 2


def test_ping_server_without_an_end_is_cut_off(slow):
    one = slow["endless"]
    assert one.seconds < 17 and one.outcome == "OK" and one.done.returncode == 0


def test_ping_server_of_an_unknown_authority_is_told_nothing(slow):
    one = slow["unknown authority"]
    assert one.received == [] and one.done.stderr.count("ping to Healthchecks failed") == 2
    assert one.outcome == "OK" and one.done.returncode == 0
