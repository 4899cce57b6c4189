"""Faults at awkward moments: each of these went wrong once."""

import json
import os
import signal
import sqlite3
import subprocess
import threading
import time

import pytest

from harness import ARCHIVER, wait_for


def hold_ledger(archiver, seconds):
    """Keep the ledger from everybody for a while."""
    with sqlite3.connect(archiver.state / "ledger.db", isolation_level=None) as db:
        db.execute("BEGIN EXCLUSIVE")
        time.sleep(seconds)
        db.execute("COMMIT")


def test_an_answer_that_cannot_be_recorded_is_taken_up_by_the_next_cycle(sim, archiver):
    archiver.run("check")
    sim.faults({"endpoint": "fetch", "do": "delay", "seconds": 1.5, "times": 1})
    holder = threading.Timer(1.0, hold_ledger, (archiver, 4))
    (archiver.state).mkdir(exist_ok=True)
    process = subprocess.Popen([ARCHIVER, "fetch", "all"], env=archiver.environment,
                               cwd=archiver.folder, stderr=subprocess.PIPE, text=True)
    wait_for(lambda: sim.fetches(), what="the question")
    holder.start()
    _, log = process.communicate(timeout=30)
    assert process.returncode == 1 and "the next cycle takes it up" in log
    holder.join()
    archiver.fetch(status=0)
    assert len(sim.fetches()) == 1 and len(archiver.delivered()) == 1
    assert archiver.container()["possibly_lost"] == 0


def test_a_ledger_that_cannot_be_written_does_not_make_the_daemon_spin(sim, make):
    a = make(HC_URL=sim.ping_url)
    a.fetch(status=0)
    a.ledger("UPDATE clock SET last_cycle = 1, next_cycle = 1")
    before = len(sim.pings())
    with sqlite3.connect(a.state / "ledger.db", isolation_level=None) as db:
        db.execute("BEGIN IMMEDIATE")  # readers go on, writers do not
        process = a.start()
        wait_for(lambda: len(sim.pings()) > before, what="a ping")
        time.sleep(1)
        assert a.log().count("the cycle could not be run") == 1
        status, took = a.stop(process)
        db.execute("ROLLBACK")
    assert status == 0 and took < 2
    assert sim.pings()[-1]["body"].startswith("ERROR: Ledger")


def test_a_reload_whose_parts_cannot_be_opened_is_waited_out(sim, archiver):
    process = archiver.start()
    wait_for(lambda: "next cycle in" in archiver.log())
    quarantine = archiver.state / "quarantine"
    quarantine.rmdir()
    quarantine.touch()
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: "it is looked at again every minute" in archiver.log())
    status, took = archiver.stop(process)
    assert status == 0 and took < 2


@pytest.mark.parametrize("default", [{"WatchDirectory": None}, {"WatchDirectory": 5},
                                     {"Size": "5TB"}, {"Size": ""}])
def test_create_refuses_defaults_that_make_no_container(make, default):
    a = make(containers=None)
    a.config.write_text(json.dumps({"Default": default, "Containers": {}}))
    done = a.run("create", "new", status=2)
    (key,) = default
    assert key in done.stderr or "is not a size" in done.stderr
    assert json.loads(a.config.read_text())["Containers"] == {}


def test_config_that_is_a_link_stays_one(make):
    a = make(containers=None)
    real = a.folder / "elsewhere.json"
    real.write_text("{}")
    a.config.symlink_to(real)
    a.run("create", "new", "--size", "1G", "--watch", "/w", status=0)
    assert a.config.is_symlink() and "new" in json.loads(real.read_text())["Containers"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_config_edited_by_root_keeps_its_owner(make):
    a = make(containers=None)
    a.config.write_text("{}")
    os.chown(a.config, 65534, 65534)
    a.run("create", "new", "--size", "1G", "--watch", "/w", status=0)
    assert a.config.stat().st_uid == 65534


def test_passkey_in_the_output_of_a_hook_is_hidden(sim, make):
    a = make(containers=None)
    a.config.write_text(json.dumps({"Containers": {"attic": {
        "Size": "1T", "WatchDirectory": str(a.watch),
        "AfterFetchExec": "grep -aoE http://[^:]*:[0-9]+/[0-9a-f]+/announce $path"}}}))
    log = a.fetch(status=0).stderr
    passkey = sim.state()["accounts"][0]["passkey"]
    assert "announce" in log and passkey not in log


def test_closed_standard_descriptors_are_not_taken_by_our_files(sim, archiver):
    archiver.run("fetch", "all", status=0, prefix=["sh", "-c", 'exec "$@" 2>&-', "sh"])
    assert (archiver.state / "cycle.lock").read_bytes() == b""
    assert (archiver.state / "run.lock").exists() is False
    assert len(archiver.delivered()) == 1


@pytest.mark.parametrize("command", [["list"], ["status"], ["fetch", "all"], ["--help"],
                                     ["check"], ["check", "--json"]])
def test_output_that_cannot_be_written_is_a_failure(sim, archiver, command):
    if "check" in command:   # more than one buffer of output, most of it before the last write
        archiver.set(PTP_CONTAINERS=",".join(f"container-{i}:1G" for i in range(60)))
    with open("/dev/full", "w") as full:
        done = subprocess.run([ARCHIVER, *command], env=archiver.environment, stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1 and "the output could not be written" in done.stderr
    assert "ioctl" not in done.stderr


def test_a_log_that_nobody_reads_does_not_keep_the_daemon_from_ending(sim, archiver):
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while True:
            os.write(write, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(write, True)
    process = subprocess.Popen([ARCHIVER, "run"], env=archiver.environment, stderr=write)
    wait_for(lambda: archiver.delivered(), what="a delivery")
    begin = time.monotonic()
    process.terminate()
    assert process.wait(10) == 0 and time.monotonic() - begin < 2
    os.close(read)
    os.close(write)


def test_a_secret_file_that_is_a_silent_pipe_is_an_error(archiver):
    os.mkfifo(archiver.folder / "fifo")
    archiver.set(PTP_KEY=None, PTP_KEY_FILE=archiver.folder / "fifo")
    assert "PTP_KEY_FILE" in archiver.run("check", status=2, timeout=10).stdout


def test_a_cycle_that_is_stopped_leaves_an_entry_in_the_checks_log(sim, make):
    a = make("attic:1T,hetzner:5T", HC_URL=sim.ping_url, PTP_FETCH_SLEEP="5")
    a.has_a_past()
    process = a.start()
    wait_for(lambda: sim.downloads(), what="the first download")
    status, took = a.stop(process)
    assert status == 0 and took < 2
    assert [p["kind"] for p in sim.pings()] == ["start", "log"]
    assert "nothing is lost" in sim.pings("log")[0]["body"]


def test_what_is_pending_for_a_container_that_is_gone_is_in_the_ping(sim, make):
    a = make("attic:1T", HC_URL=sim.ping_url)
    sim.faults({"endpoint": "download", "do": "html"})
    a.fetch(status=1)
    sim.faults()
    a.set(PTP_CONTAINERS="hetzner:5T")
    a.fetch(status=0)
    assert "1 torrent is pending for a container that is not configured any more. " in sim.pings("success")[-1]["body"]


def test_thousands_of_containers_are_read_quickly(make):
    a = make(containers=None)
    a.config.write_text(json.dumps({"Containers": {
        f"container {i}": {"Size": "1T", "WatchDirectory": "/srv/$name", "MaxStalled": 0}
        for i in range(5000)}}, indent=2))
    assert a.run("list", status=0, timeout=20).stdout.count("\n") == 5001


def test_dates_of_a_clock_that_ran_ahead_hold_nothing_up(sim, archiver):
    sim.faults({"endpoint": "download", "do": "html"})
    for _ in range(5):
        archiver.fetch(status=1)
    sim.faults()
    ahead = int(time.time() * 1000) + 10**10
    archiver.ledger("UPDATE assignment SET changed_at = ?", ahead)
    archiver.fetch(status=0)
    assert sim.downloads()[-1]["query"]["id"] == "100001"
