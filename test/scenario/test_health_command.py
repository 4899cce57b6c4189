"""`health`: what is unhealthy, and above all what is not."""

import fcntl
import os
import re
import signal
import subprocess
import time

import pytest

from harness import inner, wait_for

MINUTE = 60


def health(archiver, status, **keys):
    done = archiver.run("health", status=status, **keys)
    assert done.stdout.startswith("healthy: " if status == 0 else "unhealthy: ")
    assert done.stdout.count("\n") == 1 and not done.stderr
    return done.stdout


def hold(path):
    """Take the lock as the daemon would."""
    path.parent.mkdir(exist_ok=True)
    lock = open(path, "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock


def make_late(archiver, minutes):
    archiver.ledger("UPDATE clock SET next_cycle = ?", int((time.time() - minutes * MINUTE) * 1000))


def start_and_wait(archiver, outcome="attic:OK", **variables):
    """A daemon that sleeps after its first cycle."""
    daemon = archiver.start(**variables)
    asleep = re.compile(f"cycle ended: {re.escape(outcome)}\n.* in .*, at ")
    wait_for(lambda: asleep.search(archiver.log()), what=outcome)
    return daemon


def test_without_a_daemon_it_is_unhealthy_and_nothing_is_made(archiver):
    assert "no `ptp-archiver run`" in health(archiver, 1)
    assert not archiver.state.exists() and not archiver.config.exists()


def test_a_daemon_that_sleeps_is_healthy_and_looking_changes_and_asks_nothing(archiver, sim):
    start_and_wait(archiver)
    before = {p: p.stat().st_mtime_ns for p in [archiver.state, *archiver.state.rglob("*")]}
    calls = len(sim.requests())
    assert "the next cycle is due in" in health(archiver, 0)
    assert {p: p.stat().st_mtime_ns for p in before} == before
    assert before.keys() == {archiver.state, *archiver.state.rglob("*")}
    assert len(sim.requests()) == calls


def test_no_configuration_and_no_secret_is_needed(archiver):
    start_and_wait(archiver)
    health(archiver, 0, PTP_USER="", PTP_KEY="", PTP_CONTAINERS="wrong")


def test_a_daemon_that_has_ended_is_unhealthy(archiver):
    daemon = start_and_wait(archiver)
    archiver.stop(daemon, signal.SIGKILL)
    health(archiver, 1)


@pytest.mark.parametrize("fault, outcome", [
    ({"do": "status", "status": 503}, "attic:ERR(HTTP 503)"),
    ({"do": "status", "status": 403}, "attic:ERR(Auth)"),
    ({"do": "json_error", "text": "No space left in container"}, "attic:FULL"),
    ({"do": "json_error", "text": "Database error"}, "attic:ERR(Tracker)"),
])
def test_a_tracker_in_trouble_a_back_off_and_a_full_container_are_not_unhealthy(
        archiver, sim, fault, outcome):
    sim.faults({"endpoint": "fetch", **fault})
    archiver.has_a_past()
    start_and_wait(archiver, outcome, PTP_FETCH_SLEEP="10")
    health(archiver, 0)


def test_a_cycle_that_hangs_is_not_unhealthy(archiver, sim):
    sim.faults({"do": "hang", "endpoint": "fetch"})
    archiver.start()
    wait_for(sim.fetches, what="a fetch")
    health(archiver, 0)


def test_a_cycle_that_should_have_begun_a_quarter_of_an_hour_ago_is_unhealthy(archiver):
    daemon = start_and_wait(archiver)
    os.kill(inner(daemon), signal.SIGSTOP)
    make_late(archiver, 14)
    assert "about to begin" in health(archiver, 0)
    make_late(archiver, 16)
    assert "The next cycle has been due since " in health(archiver, 1)
    # Whatever it waits for, such as a cycle of another process.
    with hold(archiver.state / "cycle.lock"):
        assert "The next cycle has been due since " in health(archiver, 1)


def test_a_daemon_that_never_began_a_cycle_is_unhealthy_after_a_while(archiver):
    path = archiver.state / "run.lock"
    with hold(path):
        health(archiver, 0)
        then = time.time() - 16 * MINUTE
        os.utime(path, (then, then))
        health(archiver, 1)


def test_a_state_folder_that_cannot_be_written_is_unhealthy(archiver):
    powerless = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    with hold(archiver.state / "run.lock"):
        archiver.state.chmod(0o500)
        assert "cannot write into" in health(archiver, 1, prefix=powerless)
        archiver.state.chmod(0o700)
        health(archiver, 0, prefix=powerless)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_full_disk_is_unhealthy(archiver):
    archiver.state.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", archiver.state], check=True)
    try:
        with hold(archiver.state / "run.lock"):
            health(archiver, 0)
            with pytest.raises(OSError), open(archiver.state / "fill", "wb", 0) as file:
                while True:
                    file.write(b"x" * 4096)
            assert "No space left" in health(archiver, 1)
    finally:
        subprocess.run(["umount", archiver.state], check=True)


def test_it_takes_no_arguments(archiver):
    assert archiver.run("health", "now").returncode == 2
