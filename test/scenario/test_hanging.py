"""A folder that hangs: its server is stopped, so that whatever touches it waits.

Its container waits, others are served, and everything says since when."""

import json
import os
import re
import signal
import threading
import time
import urllib.request

import pytest

from filesystems import mounts  # noqa: F401
from harness import free_port, wait_for

PATIENCE = 8  # seconds that a folder may take (system/apart.h)
ISO = r"\d\d:\d\d"


def hang(server):
    server.send_signal(signal.SIGSTOP)


def recover(server):
    server.send_signal(signal.SIGCONT)


@pytest.fixture
def two(sim, make, mounts):  # noqa: F811
    """Two containers; the folder of the first can hang.  Its name sorts before the other's."""
    a = make("attic:800G,hetzner:5T", HC_URL=sim.ping_url)
    a.set(PTP_WATCH=f"{a.watch}/$name")
    a.server = mounts.hanging(a.watch / "attic")
    (a.watch / "hetzner").mkdir()
    return a


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_another_container_is_served_and_nothing_is_asked_for_the_one_that_hangs(sim, two):
    hang(two.server)
    begin = time.monotonic()
    done = two.fetch(status=1, timeout=30)
    assert time.monotonic() - begin < PATIENCE + 6
    assert "cycle ended: attic:WAIT(Disk), hetzner:OK" in done.stderr
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["hetzner"]
    recover(two.server)
    two.fetch(status=0)
    assert len(sim.fetches("attic")) == 1
    assert [p.name for p in (two.watch / "attic").glob("*.torrent")]


def test_everything_says_since_when_it_hangs(sim, two):
    port = free_port()
    two.set(PTP_LISTEN=f"127.0.0.1:{port}", PTP_FETCH_SLEEP="10", PTP_INTERVAL="6h")
    two.has_a_past()
    hang(two.server)
    process = two.start()
    wait_for(lambda: sim.pings("fail"), 60)
    folder = str(two.watch / "attic")
    words = f"The folder {folder} has not answered since "
    body = sim.pings("fail")[-1]["body"]
    assert "attic: WAIT(Disk) (" + words in body and "hetzner: OK" in body
    health = two.run("health", status=1).stdout
    assert re.match(f"unhealthy: {re.escape(words)}{ISO}", health)
    status, text = get(port, "/healthz/ready")
    assert status == 503 and re.match(f"The folder of a container has not answered since {ISO}", text)
    assert get(port, "/healthz/live")[0] == 200
    page = get(port, "/")[1]
    assert words in page and "does not answer since" in page
    metrics = get(port, "/metrics")[1]
    assert f'ptp_archiver_folder_up{{place="{folder}"}} 0' in metrics
    since = int(re.search(f'ptp_archiver_folder_hangs_timestamp_seconds{{place="{re.escape(folder)}"}} '
                          r"(\d+)", metrics)[1])
    assert time.time() - 60 < since <= time.time()
    place = next(p for p in json.loads(get(port, "/api/status")[1])["places"]
                 if p["name"] == folder)
    assert place["state"] == "does not answer" and place["away_since"]
    assert words in two.run("status", status=0).stdout
    check = two.run("check", status=1, timeout=60).stdout
    assert f"{folder} does not answer" in check
    assert two.stop(process)[1] < 2


def test_since_when_it_hangs_is_the_first_time_across_processes(sim, two):
    hang(two.server)
    two.fetch(status=1)
    first = two.ledger("SELECT down_since FROM client WHERE name = ?", str(two.watch / "attic"))
    two.fetch(status=1)
    again = two.ledger("SELECT down_since FROM client WHERE name = ?", str(two.watch / "attic"))
    assert first == again and first[0][0] > 0
    recover(two.server)
    two.fetch(status=0)
    assert two.ledger("SELECT down_since FROM client") == [(0,)]


def test_it_goes_on_by_itself_once_the_folder_answers(sim, two):
    two.set(PTP_INTERVAL="6h")
    hang(two.server)
    two.start()
    wait_for(lambda: "attic:WAIT(Disk)" in two.log(), 40)
    recover(two.server)
    wait_for(lambda: sim.fetches("attic"), 40)
    wait_for(lambda: list((two.watch / "attic").glob("*.torrent")))
    wait_for(lambda: two.run("health").returncode == 0)


@pytest.mark.parametrize("after", [0.5, 3])
def test_a_stop_ends_it_within_two_seconds(sim, two, after):
    hang(two.server)
    process = two.start()
    wait_for(lambda: "keeps 2 containers filled" in two.log())
    time.sleep(after)
    status, seconds = two.stop(process)
    assert status == 0 and seconds < 2
    # The locks are free: nothing is held by what still hangs.
    recover(two.server)
    assert two.fetch(status=0, timeout=20).returncode == 0


def test_a_folder_that_hangs_amid_a_cycle_loses_nothing(sim, two):
    """At the moment when the tracker has assigned a torrent for it."""
    sim.faults({"do": "delay", "seconds": 1.5, "endpoint": "download", "times": 1})
    done = {}
    thread = threading.Thread(target=lambda: done.update(one=two.fetch(timeout=60)))
    thread.start()
    wait_for(lambda: sim.fetches("attic"))
    hang(two.server)
    thread.join()
    assert "cycle ended: attic:WAIT(Disk), hetzner:OK" in done["one"].stderr
    assert two.history("--container", "attic")[0]["state"] in ("fetched", "delivering")
    recover(two.server)
    two.fetch("attic", status=0)
    states = {row["state"] for row in two.history()}
    assert states == {"delivered"} and len(sim.downloads()) == len(sim.fetches())


def test_several_that_hang_take_no_longer_than_one(sim, make, mounts):  # noqa: F811
    names = [f"c{i}" for i in range(6)]
    a = make(None, PTP_WATCH=None)
    server = mounts.hanging(a.watch / "all")
    folders = {name: a.watch / "all" / name for name in names}
    folders["good"] = a.watch / "good"
    for folder in folders.values():
        folder.mkdir()
    a.configure(Containers={name: {"Size": "1T", "WatchDirectory": str(folder)}
                            for name, folder in folders.items()})
    hang(server)
    begin = time.monotonic()
    done = a.fetch(status=1, timeout=60)
    assert time.monotonic() - begin < PATIENCE + 6
    assert done.stderr.count("WAIT(Disk)") == 12 and len(sim.fetches("good")) == 1


def test_a_data_folder_that_hangs_holds_its_container_alone(sim, make, mounts):  # noqa: F811
    a = make("attic:800G,hetzner:5T")
    data = a.folder / "data"
    server = mounts.hanging(data)
    a.configure(Containers={"attic": {"DataDirectory": str(data), "Reserve": "1M"}})
    hang(server)
    done = a.fetch(status=1)
    assert "attic:WAIT(Disk), hetzner:OK" in done.stderr
    assert f"The folder {data} has not answered since" in done.stderr
    recover(server)
    a.fetch("attic", status=0)


@pytest.mark.parametrize("arguments", [("redeliver", "--all"), ("fetch", "all"), ("check",),
                                       ("status",), ("audit",)])
def test_no_command_hangs(sim, archiver, mounts, arguments):  # noqa: F811
    server = mounts.hanging(archiver.watch)
    archiver.fetch(status=0)
    hang(server)
    archiver.run(*arguments, timeout=25)


# ---- a cycle that is overdue ----


def test_a_cycle_that_is_overdue_is_unhealthy_whatever_it_is_doing(sim, make):
    port = free_port()
    a = make(PTP_LISTEN=f"127.0.0.1:{port}", PTP_INTERVAL="6h", PTP_FETCH_SLEEP="10")
    a.has_a_past()
    sim.faults({"do": "delay", "seconds": 25, "endpoint": "fetch"})
    a.start()
    wait_for(lambda: sim.fetches() or "asking" in a.log() or a.history(), 60)
    assert a.run("health", status=0).stdout.startswith("healthy: ")
    late = int(time.time() * 1000) - 3600000
    a.ledger("UPDATE clock SET last_cycle = ?, next_cycle = ?", late - 7 * 3600000, late)
    assert a.run("health", status=1).stdout.startswith("unhealthy: The next cycle has been due")
    status, text = get(port, "/healthz/ready")
    assert status == 503 and "has been due since" in text
    assert "ptp_archiver_overdue 1" in get(port, "/metrics")[1] or "due since" in get(port, "/")[1]
