"""Signals: SIGTERM and SIGINT end the daemon from anywhere, SIGHUP reads the configuration again,
SIGUSR1 starts a cycle now."""

import os
import pathlib
import signal
import socket
import subprocess
import time

import pytest

from harness import KEY, USER, wait_for

STOPS = [signal.SIGTERM, signal.SIGINT]
AT_MOST = 2  # seconds


def ends_well(archiver, process, sig):
    status, took = archiver.stop(process, sig)
    assert status == 0, archiver.log()
    assert took < AT_MOST
    assert "stopped on request" in archiver.log().splitlines()[-1]


def loses_nothing(sim, archiver, fetches=1):
    """The next run goes on; what was assigned is delivered, once."""
    sim.faults(incomplete=True)
    archiver.fetch()
    hashes = [archiver.inspect(archiver.watch / name)["infohash_v1"].upper()
              for name in archiver.delivered()]
    assert sorted(hashes) == sorted(row["infohash"] for row in sim.assignments())
    assert len(sim.fetches()) == fetches


# ---- stop, from anywhere ----

@pytest.mark.parametrize("sig", STOPS)
def test_it_ends_at_once_while_it_sleeps(sim, archiver, sig):
    process = archiver.start()
    wait_for(lambda: "next cycle in" in archiver.log())
    ends_well(archiver, process, sig)


@pytest.mark.parametrize("sig", STOPS)
def test_it_ends_at_once_amid_a_pacing_wait(sim, make, sig):
    a = make("attic:800G,hetzner:5T", PTP_FETCH_SLEEP="30")
    a.has_a_past()
    process = a.start()
    wait_for(lambda: a.delivered())
    time.sleep(0.3)
    ends_well(a, process, sig)
    assert len(sim.fetches()) == 1


@pytest.mark.parametrize("sig", STOPS)
def test_it_ends_at_once_amid_a_hanging_fetch(sim, archiver, sig):
    sim.faults({"endpoint": "fetch", "do": "hang", "processed": True})
    process = archiver.start()
    wait_for(lambda: sim.fetches())
    time.sleep(0.1)
    ends_well(archiver, process, sig)
    (row,) = archiver.history()
    assert row["state"] in ("asking", "possibly lost")
    loses_nothing(sim, archiver, fetches=2)


@pytest.mark.parametrize("sig", STOPS)
def test_it_ends_at_once_amid_a_slow_download(sim, archiver, sig):
    sim.faults({"endpoint": "download", "do": "slow", "bytes_per_second": 50})
    process = archiver.start()
    wait_for(lambda: sim.downloads())
    time.sleep(0.3)
    ends_well(archiver, process, sig)
    assert [row["state"] for row in archiver.history()] == ["assigned"]
    loses_nothing(sim, archiver)


@pytest.mark.parametrize("sig", STOPS)
def test_it_ends_at_once_amid_a_hanging_ping_at_the_begin(sim, make, sig):
    a = make(HC_URL=sim.ping_url)
    sim.faults({"endpoint": "ping_start", "do": "hang"})
    process = a.start()
    wait_for(lambda: sim.requests("ping_start"))
    ends_well(a, process, sig)
    assert sim.fetches() == []


@pytest.mark.parametrize("sig", STOPS)
def test_it_ends_at_once_amid_a_hanging_ping_at_the_end(sim, make, sig):
    a = make(HC_URL=sim.ping_url)
    sim.faults({"endpoint": "ping_end", "do": "hang"})
    process = a.start()
    wait_for(lambda: sim.requests("ping_end"))
    ends_well(a, process, sig)
    assert [row["state"] for row in a.history()] == ["delivered"]


@pytest.mark.parametrize("sig", STOPS)
@pytest.mark.parametrize("deaf", [False, True], ids=["", "that-ignores-SIGTERM"])
def test_it_ends_at_once_amid_an_after_fetch_exec(sim, make, sig, deaf):
    a = make(containers=None, PTP_WATCH=None)
    script = a.folder / "hook"
    script.write_text("#!/bin/sh\n" + ("trap '' TERM\n" if deaf else "") +
                      f"touch {a.folder}/began\nsleep 60 & wait\nsleep 60\n")
    script.chmod(0o755)
    a.configure(Containers={"attic": {"Size": "1T", "WatchDirectory": str(a.watch),
                                      "AfterFetchExec": str(script)}})
    process = a.start()
    wait_for((a.folder / "began").exists)
    ends_well(a, process, sig)
    assert subprocess.run(["pgrep", "-f", str(script)]).returncode == 1, "it was left behind"
    assert [row["state"] for row in a.history()] == ["delivered"]


@pytest.mark.parametrize("sig", STOPS)
def test_it_ends_at_once_while_another_process_is_at_work(sim, make, sig):
    a = make()
    sim.faults({"endpoint": "fetch", "do": "hang"})
    worker = a.start()
    wait_for(lambda: sim.fetches())
    waiting = subprocess.Popen(
        [*worker.args[:-1], "fetch", "all"], env=a.environment, cwd=a.folder,
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert "waiting for it" in waiting.stderr.readline()
    begin = time.monotonic()
    waiting.send_signal(sig)
    assert waiting.wait(5) == 1
    assert time.monotonic() - begin < AT_MOST
    ends_well(a, worker, sig)


def test_it_ends_at_once_amid_a_tls_handshake(make):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        a = make(PTP_BASE_URL="https://127.0.0.1:%d" % mute.getsockname()[1])
        process = a.start()
        mute.accept()
        ends_well(a, process, signal.SIGTERM)


def test_it_ends_at_once_amid_a_name_look_up(make, tmp_path):
    """With a name server of its own, which never answers."""
    resolv = tmp_path / "resolv.conf"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        try:
            mute.bind(("127.0.0.77", 53))
        except OSError as why:
            pytest.skip(f"no name server on port 53 here: {why}")
        resolv.write_text("nameserver 127.0.0.77\n")
        inside = ("unshare", "-m", "sh", "-c",
                  f'mount --bind {resolv} /etc/resolv.conf && exec "$@"', "sh")
        if subprocess.run([*inside, "true"], capture_output=True).returncode:
            pytest.skip("no mount namespaces here")
        a = make(PTP_BASE_URL="https://tracker.example")
        a.has_a_past()
        process = a.start(prefix=inside)
        mute.settimeout(10)
        mute.recv(512)
        time.sleep(0.2)
        ends_well(a, process, signal.SIGTERM)


@pytest.mark.parametrize("sig", STOPS)
def test_a_stop_that_comes_while_it_starts_is_not_lost(archiver, sig):
    """Before main() the kernel's default is at work; but whoever starts the tests in a shell's
    background has SIGINT ignored for all of them, and so it would be dropped there."""
    for pause in (0.005, 0.01, 0.02):
        process = archiver.start(prefix=("env", "--default-signal=INT,TERM"))
        wait_for(lambda: "ptp-archiver" in os.readlink(f"/proc/{process.pid}/exe"))
        time.sleep(pause)
        process.send_signal(sig)
        assert process.wait(10) in (0, -sig)  # sanitizers take their time to end


@pytest.fixture(scope="session")
def early(tmp_path_factory):
    """early(sig): variables that have the signal come as the first thing within main()."""
    library = tmp_path_factory.mktemp("early") / "early.so"
    source = pathlib.Path(__file__).with_name("early.c")
    subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-shared", "-fPIC", "-o",
                    str(library), str(source)], check=True)
    asan = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")
    return lambda sig: {"LD_PRELOAD": str(library), "EARLY": str(int(sig)), "ASAN_OPTIONS": asan}


@pytest.mark.parametrize("sig, does", [
    (signal.SIGTERM, "stopped on request"), (signal.SIGINT, "stopped on request"),
    (signal.SIGHUP, "the configuration was read again"),
    (signal.SIGUSR1, "a cycle now, on request")])
def test_a_signal_in_the_first_instant_is_carried_out(sim, archiver, early, sig, does):
    process = archiver.start(**early(sig))
    wait_for(lambda: does in archiver.log(), what=does)
    if sig in STOPS:
        assert process.wait(10) == 0 and not sim.fetches()
    else:
        ends_well(archiver, process, signal.SIGTERM)


@pytest.mark.parametrize("sig", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_other_commands_are_ended_by_it(archiver, early, sig):
    assert archiver.run("list", **early(sig)).returncode == -sig


def test_fetch_ends_at_once_and_with_1(sim, archiver):
    sim.faults({"endpoint": "fetch", "do": "hang"})
    process = subprocess.Popen([*archiver.start().args[:-1], "version"],
                               stdout=subprocess.DEVNULL)
    process.wait()
    wait_for(lambda: sim.fetches())
    archiver.stop(archiver.daemons[0])
    process = subprocess.Popen([process.args[0], "fetch", "all"], env=archiver.environment,
                               cwd=archiver.folder, stderr=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL)
    wait_for(lambda: len(sim.fetches()) == 2)
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(5) == 1
    assert time.monotonic() - begin < AT_MOST


def test_a_stopped_cycle_is_no_failure_to_healthchecks(sim, make):
    a = make(HC_URL=sim.ping_url)
    sim.faults({"endpoint": "fetch", "do": "hang"})
    process = a.start()
    wait_for(lambda: sim.fetches())
    ends_well(a, process, signal.SIGTERM)
    assert [p["kind"] for p in sim.pings()] == ["start", "log"]


# ---- SIGUSR1 ----

def test_sigusr1_starts_a_cycle_now(sim, make):
    a = make("attic:800G,hetzner:5T")
    process = a.start()
    for cycles in (1, 2, 3):
        wait_for(lambda: a.log().count("next cycle in") == cycles)
        assert len(sim.fetches()) == 2 * cycles
        process.send_signal(signal.SIGUSR1)
    wait_for(lambda: len(sim.fetches()) == 8)
    assert "a cycle now, on request" in a.log()


def test_sigusr1_keeps_to_the_pacing(sim, make):
    a = make(PTP_FETCH_SLEEP="1.5")
    process = a.start()
    wait_for(lambda: "next cycle in" in a.log())
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: len(sim.fetches()) == 2)
    first, second = [r["at"] for r in sim.fetches()]
    assert second - first >= 1.5


def test_sigusr1_keeps_to_the_back_off(sim, archiver):
    sim.faults({"endpoint": "fetch", "do": "status", "status": 503,
                "headers": {"Retry-After": "60"}})
    process = archiver.start()
    wait_for(lambda: "left undone in" in archiver.log())
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: archiver.log().count("left undone in") == 2)
    assert len(sim.fetches()) == 1
    assert "attic:WAIT" in archiver.log()


# ---- SIGHUP ----

def containers(archiver, *names, **keys):
    archiver.configure(ApiUser=USER, ApiKey=KEY, Containers={
        name: {"Size": "1T", "WatchDirectory": str(archiver.watch)} for name in names}, **keys)


@pytest.fixture
def filed(make):
    a = make(containers=None, PTP_WATCH=None)
    containers(a, "attic")
    return a


def test_sighup_reloads_the_configuration(sim, filed):
    process = filed.start()
    wait_for(lambda: "next cycle in" in filed.log())
    containers(filed, "attic", "hetzner")
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: "read again: 2 containers" in filed.log())
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: len(sim.fetches()) == 3)
    # The one that was never asked for comes first.
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["attic", "hetzner", "attic"]


def test_sighup_by_itself_makes_no_call(sim, filed):
    process = filed.start()
    wait_for(lambda: "next cycle in" in filed.log())
    containers(filed, "attic", "hetzner")
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: filed.log().count("next cycle in") == 2)
    time.sleep(0.3)
    assert len(sim.fetches()) == 1


@pytest.mark.parametrize("bad", ['{"Containers": ', '{"Containers": {"a": {"Size": "5TB"}}}',
                                 '{"LogLevel": "loud"}'])
def test_a_bad_new_configuration_is_refused_and_the_old_one_stays(sim, filed, bad):
    process = filed.start()
    wait_for(lambda: "next cycle in" in filed.log())
    filed.config.write_text(bad)
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: "the old one stays" in filed.log())
    assert str(filed.config) in filed.log()
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: len(sim.fetches()) == 2)
    assert process.poll() is None
    assert filed.config.read_text() == bad


def test_sighup_amid_a_cycle_is_taken_behind_it(sim, filed):
    sim.faults({"endpoint": "download", "do": "delay", "seconds": 0.5, "times": 1})
    process = filed.start()
    wait_for(lambda: sim.downloads())
    containers(filed, "hetzner")
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: "read again: 1 container" in filed.log())
    assert len(filed.delivered()) == 1
    assert filed.log().index("attic: OK") < filed.log().index("read again")


def test_sighup_takes_a_new_log_level(sim, filed):
    process = filed.start()
    wait_for(lambda: "next cycle in" in filed.log())
    containers(filed, "attic", LogFormat="json")
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: '"msg":"the configuration was read again' in filed.log())


def test_sighup_takes_a_new_interval(sim, filed):
    process = filed.start()
    wait_for(lambda: "next cycle in" in filed.log())
    containers(filed, "attic", Interval="1s")
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: len(sim.fetches()) >= 2, 5)
