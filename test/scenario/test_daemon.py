"""The daemon: as PID 1, asleep, and beside another one."""

import os
import pathlib
import signal
import subprocess
import time

import pytest

from harness import wait_for

UNSHARE = ("unshare", "-pf", "--mount-proc")


# ---- PID 1 ----

@pytest.fixture
def first_process():
    """The words that start a program as PID 1 of a namespace of its own."""
    done = subprocess.run([*UNSHARE, "sh", "-c", "echo $$"], capture_output=True, text=True)
    if done.returncode or done.stdout.strip() != "1":
        pytest.skip(f"no PID namespaces here: {done.stderr.strip()}")
    return UNSHARE


def child_of(process):
    """The host's number of the one child of a process."""
    path = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return int(wait_for(lambda: path.read_text().split(), what="the child")[0])


def start_first(archiver, first_process):
    process = archiver.start(prefix=first_process)
    wait_for(lambda: "next cycle in" in archiver.log())
    return process, child_of(process)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGINT])
def test_as_pid_1_it_ends_on_a_signal_with_0(archiver, first_process, sig):
    process, pid = start_first(archiver, first_process)
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    assert status.split("NSpid:")[1].split()[1] == "1"
    begin = time.monotonic()
    os.kill(pid, sig)
    assert process.wait(5) == 0
    assert time.monotonic() - begin < 2


def test_as_pid_1_it_takes_sighup_and_sigusr1(sim, archiver, first_process):
    process, pid = start_first(archiver, first_process)
    os.kill(pid, signal.SIGUSR1)
    wait_for(lambda: len(sim.fetches()) == 2)
    os.kill(pid, signal.SIGHUP)
    wait_for(lambda: "read again" in archiver.log())
    os.kill(pid, signal.SIGTERM)
    assert process.wait(5) == 0


def test_as_pid_1_it_leaves_no_zombies_of_after_fetch_exec(sim, make, first_process):
    a = make(containers=None, PTP_WATCH=None)
    script = a.folder / "hook"
    script.write_text("#!/bin/sh\nsleep 0.2 &\nexit 0\n")
    script.chmod(0o755)
    a.configure(Containers={"attic": {"Size": "1T", "WatchDirectory": str(a.watch),
                                      "AfterFetchExec": str(script)}})
    process, pid = start_first(a, first_process)
    time.sleep(0.5)
    os.kill(pid, signal.SIGUSR1)
    wait_for(lambda: a.log().count("next cycle in") == 2)
    time.sleep(0.5)
    left = [name for name in (pathlib.Path(f"/proc/{child}/comm").read_text().strip() for child in
            pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]
    os.kill(pid, signal.SIGTERM)
    assert process.wait(5) == 0
    assert left in ([], ["ptp-archiver"]), "processes whose parents ended are the daemon's to bury"


# ---- asleep ----

def switches(pid):
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for line in (task / "status").read_text().splitlines():
            if "ctxt_switches" in line:
                total += int(line.split()[1])
    return total


def test_asleep_it_wakes_for_nothing(make, sim):
    a = make("attic:800G", HC_URL=sim.ping_url, PTP_FETCH_SLEEP="10")
    a.has_a_past()
    process = a.start()
    wait_for(lambda: "next cycle in" in a.log())
    time.sleep(0.3)
    before = switches(process.pid)
    time.sleep(3)
    assert switches(process.pid) == before


def test_in_a_back_off_it_wakes_for_nothing(sim, archiver):
    sim.faults({"endpoint": "fetch", "do": "status", "status": 503,
                "headers": {"Retry-After": "600"}})
    archiver.has_a_past()
    process = archiver.start(PTP_FETCH_SLEEP="10")
    wait_for(lambda: "left undone in" in archiver.log())
    time.sleep(0.3)
    before = switches(process.pid)
    time.sleep(2)
    assert switches(process.pid) == before


# ---- beside another one ----

def test_a_second_daemon_on_the_same_state_is_refused(sim, archiver):
    archiver.start()
    wait_for(lambda: "next cycle in" in archiver.log())
    done = archiver.run("run", timeout=15)
    assert done.returncode == 2
    assert "serves the state folder" in done.stderr
    assert len(sim.fetches()) == 1


def test_a_daemon_takes_over_from_one_that_is_ending(sim, archiver):
    first = archiver.start()
    wait_for(lambda: "next cycle in" in archiver.log())
    second = archiver.start()
    time.sleep(0.5)
    first.send_signal(signal.SIGTERM)
    assert first.wait(5) == 0
    wait_for(lambda: "next cycle in" in archiver.log())
    assert second.poll() is None


# ---- it goes on ----

def test_it_goes_on_whatever_becomes_of_a_cycle(sim, make):
    a = make("attic:800G,hetzner:5T", PTP_INTERVAL="1s", HC_URL=sim.ping_url)
    sim.faults({"endpoint": "fetch", "container": "attic", "do": "status", "status": 404,
                "times": 1},
               {"endpoint": "download", "do": "html", "times": 1},
               {"endpoint": "fetch", "do": "reply", "body": "[", "times": 1})
    process = a.start()
    wait_for(lambda: sim.pings("success"), 10)
    assert process.poll() is None
    assert sim.pings("fail")




# ---- whose it is ----

@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be root")
def test_root_in_a_container_is_warned_of_and_elsewhere_is_not(archiver):
    for image in ({"PTP_IMAGE": "native"}, {}):
        process = archiver.start(**image)
        wait_for(lambda: "next cycle in" in archiver.log())
        archiver.stop(process)
        assert archiver.log().count("this is root, which is not needed") == len(image)
    assert "--user UID:GID" in (archiver.folder / "daemon0.log").read_text()
