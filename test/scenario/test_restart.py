"""Restarts: what `run` does when it is started again, and again."""

import random
import signal
import time

from harness import wait_for

HOUR = 3600 * 1000


def rests(archiver):
    """Waits until the daemon has told when the next cycle is."""
    wait_for(lambda: "next cycle in" in archiver.log(), what="the daemon at rest")


def clock(archiver):
    (row,) = archiver.ledger("SELECT last_cycle, next_cycle FROM clock")
    return row


def test_run_started_again_within_the_interval_waits_for_the_rest_of_it(sim, archiver):
    process = archiver.start()
    rests(archiver)
    archiver.stop(process)
    planned = clock(archiver)
    archiver.start()
    rests(archiver)
    time.sleep(0.5)
    assert len(sim.fetches()) == 1
    assert clock(archiver) == planned


def test_run_started_after_the_interval_begins_at_once(sim, archiver):
    process = archiver.start()
    rests(archiver)
    archiver.stop(process)
    archiver.ledger(f"UPDATE clock SET last_cycle = last_cycle - {8 * HOUR},"
                    f" next_cycle = next_cycle - {8 * HOUR}")
    archiver.start()
    rests(archiver)
    assert len(sim.fetches()) == 2


def test_a_cycle_begins_by_itself_when_the_interval_is_over(sim, archiver):
    archiver.start(PTP_INTERVAL="1s")
    wait_for(lambda: len(sim.fetches()) >= 3, 10)
    first, second, third = [r["at"] for r in sim.fetches()[:3]]
    assert 0.9 < second - first < 1.6 and 0.9 < third - second < 1.6


def test_the_interval_is_spread_by_up_to_10_percent(make):
    archiver = make(PTP_FETCH_SLEEP="0.01")
    process = archiver.start()
    spans = []
    for cycles in range(1, 7):
        wait_for(lambda: archiver.log().count("next cycle in") == cycles)
        last, following = clock(archiver)
        spans.append(following - last)
        process.send_signal(signal.SIGUSR1)
    assert 3 * HOUR <= spans.pop(0) <= 6 * HOUR
    assert all(0.9 * 6 * HOUR <= span <= 1.1 * 6 * HOUR for span in spans), spans
    assert len(set(spans)) > 1


def test_a_clock_that_was_set_back_does_not_put_the_next_cycle_off_for_ever(archiver):
    process = archiver.start()
    rests(archiver)
    archiver.stop(process)
    archiver.ledger(f"UPDATE clock SET last_cycle = last_cycle + {9000 * HOUR},"
                    f" next_cycle = next_cycle + {9000 * HOUR}")
    archiver.start()
    wait_for(lambda: "next cycle in" in archiver.log())
    hours = int(archiver.log().split("next cycle in ")[1].split(" h")[0])
    assert hours <= 6


def test_a_crash_loop_makes_no_extra_call(sim, archiver):
    for _ in range(5):
        process = archiver.start()
        rests(archiver)
        process.kill()
        process.wait()
    assert len(sim.fetches()) == 1


def test_a_crash_loop_while_it_asks_makes_no_extra_call(sim, make):
    a = make("attic:800G,hetzner:5T")
    sim.faults({"endpoint": "fetch", "do": "hang"})
    for n in (1, 2):
        process = a.start()
        wait_for(lambda: len(sim.fetches()) == n)
        process.kill()
        process.wait()
    for _ in range(2):
        process = a.start()
        rests(a)
        process.kill()
        process.wait()
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["attic", "hetzner"]


def test_what_was_interrupted_is_gone_on_with_at_once_and_then_on_the_ladder(sim, make):
    a = make(PTP_FETCH_SLEEP="0.2")
    sim.faults({"endpoint": "download", "do": "hang"})
    for n in (1, 2):
        process = a.start()
        wait_for(lambda: len(sim.downloads()) == n)
        process.kill()
        process.wait()
    process = a.start()
    wait_for(lambda: "resuming what was left undone in" in a.log())
    assert len(sim.downloads()) == 2 and len(sim.fetches()) == 1
    (said,) = [line for line in a.log().splitlines() if "left undone in" in line]
    assert "5" in said.split("undone in")[1].split(",")[0] and " s," in said
    a.stop(process)
    sim.faults()
    a.ledger("UPDATE clock SET last_attempt = last_attempt - 61000")
    a.start()
    rests(a)
    assert len(a.delivered()) == 1 and len(sim.fetches()) == 1


def test_a_cycle_that_was_stopped_is_gone_on_with_where_it_was(sim, make):
    a = make("attic:800G,cellar:1T,hetzner:5T")
    sim.faults({"endpoint": "download", "container": "cellar", "do": "slow",
                "bytes_per_second": 50})
    process = a.start()
    wait_for(lambda: len(sim.downloads()) == 2)
    assert a.stop(process)[0] == 0
    sim.faults()
    a.start()
    rests(a)
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["attic", "cellar", "hetzner"]
    assert len(a.delivered()) == 3


def test_a_container_that_got_its_torrent_before_the_crash_gets_no_second_one(sim, make):
    a = make("attic:800G,hetzner:5T")
    a.set(PTP_CONTAINERS=None, PTP_WATCH=None)
    one = {"Size": "1T", "WatchDirectory": str(a.watch)}
    a.configure(Containers={"attic": {**one, "AfterFetchExec": "sleep 30"}, "hetzner": one})
    process = a.start()
    wait_for(lambda: len(a.delivered()) == 1)
    wait_for(lambda: a.ledger("SELECT hook FROM assignment") == [(2,)])
    process.kill()
    process.wait()
    a.start()
    rests(a)
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["attic", "hetzner"]


def test_sigkill_at_any_time_loses_nothing_and_delivers_nothing_twice(sim, make):
    seed = random.randrange(1 << 30)
    print("seed", seed)
    chance = random.Random(seed)
    a = make("a:1T,b:1T,c:1T", PTP_INTERVAL="1s", HC_URL=sim.ping_url)
    sim.faults({"endpoint": "*", "do": "delay", "seconds": 0.02}, incomplete=True,
               incomplete_empty="array")
    for _ in range(15):
        process = a.start()
        time.sleep(chance.uniform(0.01, 0.5))
        process.kill()
        process.wait()
    time.sleep(0.2)
    a.fetch(status=0)
    a.fetch(status=0)
    names = [a.inspect(a.watch / name)["infohash_v1"].upper() for name in a.delivered()]
    assert sorted(names) == sorted(row["infohash"] for row in sim.assignments())
    assert {row["state"] for row in a.history()} <= {"delivered", "unfounded"}


# ---- when a back-off ends ----

def test_when_a_back_off_ends_the_daemon_goes_on_with_what_was_left_undone(sim, make):
    a = make("attic:800G,cellar:1T,hetzner:5T", HC_URL=sim.ping_url)
    sim.faults({"endpoint": "fetch", "container": "cellar", "do": "status", "status": 503,
                "headers": {"Retry-After": "2"}, "times": 1})
    a.start()
    wait_for(lambda: sim.pings("success"), 10)
    names = [r["query"]["ContainerName"] for r in sim.fetches()]
    # The one that was never asked for comes first.
    assert names == ["attic", "cellar", "hetzner", "cellar"]
    assert sim.fetches()[2]["at"] - sim.fetches()[1]["at"] >= 2
    pings = sim.pings()
    assert [p["kind"] for p in pings] == ["start", "fail", "start", "success"]
    assert pings[0]["rid"] == pings[1]["rid"] != pings[2]["rid"] == pings[3]["rid"]
    assert pings[1]["body"].splitlines()[0] == \
        "ERROR: attic:OK, cellar:ERR(HTTP 503), hetzner:WAIT"
    assert pings[3]["body"].splitlines()[0] == "attic:OK, cellar:OK, hetzner:OK"
    wait_for(lambda: a.log().count("next cycle in") == 1)


def test_the_follow_up_does_not_move_the_next_regular_cycle(sim, archiver):
    sim.faults({"endpoint": "fetch", "do": "status", "status": 429,
                "headers": {"Retry-After": "1"}, "times": 1})
    archiver.start()
    wait_for(lambda: archiver.state.exists() and len(sim.fetches()) == 1)
    planned = wait_for(lambda: archiver.status()["next_cycle"])
    wait_for(lambda: archiver.delivered(), 10)
    rests(archiver)
    assert archiver.status()["next_cycle"] == planned


def test_the_back_off_is_waited_for_across_a_restart(sim, archiver):
    sim.faults({"endpoint": "fetch", "do": "status", "status": 503,
                "headers": {"Retry-After": "3"}, "times": 1})
    process = archiver.start()
    wait_for(lambda: "left undone in" in archiver.log())
    archiver.stop(process)
    archiver.start()
    wait_for(lambda: archiver.delivered(), 10)
    first, second = [r["at"] for r in sim.fetches()]
    assert 3 <= second - first < 5


# ---- a cycle now ----

def test_fetch_makes_a_cycle_while_the_daemon_sleeps(sim, archiver):
    archiver.start()
    rests(archiver)
    archiver.fetch(status=0)
    archiver.fetch(status=0)
    assert len(sim.fetches()) == 3


def test_a_lost_copy_is_not_downloaded_again_while_the_tracker_is_left_alone(sim, make):
    a = make(PTP_INTERVAL="6h", PTP_FETCH_SLEEP="10")
    a.fetch(status=0)
    for kept in (a.state / "vault").iterdir():
        kept.unlink()
    a.ledger("UPDATE assignment SET state = 2")
    a.ledger("UPDATE pace SET failures = 4, backoff_until = ?, reason = 'HTTP 503', status = 503",
             int(time.time() * 1000) + 600000)
    a.ledger("UPDATE clock SET last_cycle = ?, next_cycle = ?", int(time.time() * 1000) - 1000,
             int(time.time() * 1000) + 3600000)
    calls = len(sim.requests())
    a.start()
    wait_for(lambda: "it is downloaded again" in a.log())
    wait_for(lambda: "cycle ended" in a.log())
    assert len(sim.requests()) == calls
    assert a.history()[0]["state"] == "assigned"
