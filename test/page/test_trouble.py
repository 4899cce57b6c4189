"""What the ledger cannot tell of: a state folder that is full or gone, a ledger that was taken away.
The page, its JSON and metrics, and Healthchecks say so, and the daemon goes on when it is mended."""

import os
import shutil
import signal
import subprocess
import time
import urllib.error

import pytest

from harness import free_port, wait_for


@pytest.fixture
def running(sim, make, serve):
    """A daemon whose first cycle is over."""
    a = make("attic:800G", HC_URL=sim.ping_url, PTP_INTERVAL="6h", PTP_BACKUP_KEEP="0")
    # The same port again, if the state folder takes a new process (doc/security.md).
    page = serve(a, PTP_LISTEN=f"127.0.0.1:{free_port()}")
    wait_for(lambda: "cycle ended" in a.log(), what="the first cycle")
    assert page.get("healthz/ready").status == 200
    return page


def says(page, text):
    wait_for(lambda: text in page.get().text, what=f"{text!r} on the page")


def is_stuck(page):
    return "\nptp_archiver_stuck 1\n" in page.get("metrics").text


def is_well(page):
    try:
        ready = page.get("healthz/ready").status == 200
    except urllib.error.URLError:  # Closed for a moment, while a new process takes over.
        return False
    return ready and not is_stuck(page) and page.get("api/status").json()["trouble"] is None


def one_more(page):
    """A cycle on request delivers."""
    before = len(page.archiver.delivered())
    page.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: len(page.archiver.delivered()) == before + 1, what="another torrent")


def test_a_removed_ledger_is_written_anew_and_nothing_of_it_is_lost(running):
    a = running.archiver
    before = a.history()
    assert before
    (a.state / "ledger.db").unlink()
    wait_for(lambda: (a.state / "ledger.db").exists(), what="the ledger")
    assert a.history() == before
    assert oct((a.state / "ledger.db").stat().st_mode & 0o777) == "0o600"
    assert "was removed while it was in use; it was written again" in a.log()
    assert is_well(running)
    one_more(running)
    assert len(a.history()) == len(before) + 1
    assert [h["torrent_id"] for h in running.get("api/history").json()["assignments"]] == \
        [h["torrent_id"] for h in a.history()]


@pytest.mark.parametrize("how", [signal.SIGHUP, signal.SIGTERM])
def test_a_ledger_that_was_removed_outlives_a_reload_and_a_stop(make, sim, how):
    a = make("attic:800G", PTP_FETCH_SLEEP="10")     # looks every ten minutes
    a.has_a_past()
    process = a.start()
    wait_for(lambda: "next cycle in" in a.log(), what="the first cycle")
    before = a.history()
    (a.state / "ledger.db").unlink()
    process.send_signal(how)
    wait_for(lambda: (a.state / "ledger.db").exists(), what="the ledger")
    wait_for(lambda: a.history() == before, what="what was in it")
    if how == signal.SIGTERM:
        assert process.wait(5) == 0


def test_a_ledger_that_was_put_in_its_place_is_gone_on_with(running):
    a = running.archiver
    shutil.copy(a.state / "ledger.db", a.state / "copy")
    one_more(running)
    wait_for(lambda: a.log().count("cycle ended") == 2, what="the second cycle")
    newer = a.history()
    os.replace(a.state / "copy", a.state / "ledger.db")
    wait_for(lambda: "another file was put in the place of the ledger" in a.log(), what="the log")
    (old,) = a.state.glob("ledger.db.old-*")
    assert len(a.history()) == len(newer) - 1
    former = a.state / "former"
    former.mkdir()
    shutil.copy(old, former / "ledger.db")
    assert oct(old.stat().st_mode & 0o777) == "0o600"
    assert a.run("--state", str(former), "history", "--json", status=0).stdout.count('"id"') == \
        len(newer)
    one_more(running)


def test_an_emptied_ledger_is_told_and_a_copy_gone_on_with(running, sim):
    a = running.archiver
    shutil.copy(a.state / "ledger.db", a.folder / "copy")
    os.truncate(a.state / "ledger.db", 0)
    wait_for(lambda: "was emptied while it was in use" in a.log(), what="the log's line")
    wait_for(lambda: running.get("healthz/ready").status == 503, what="not ready")
    says(running, "was emptied while it was in use: put a copy of it back")
    assert is_stuck(running)
    wait_for(lambda: "emptied" in sim.pings()[-1].get("body", ""), what="the ping")
    assert sim.pings()[-1]["kind"] == "fail"
    assert a.log().count("was emptied") == 1
    shutil.copy(a.folder / "copy", a.state / "ledger.db")
    wait_for(lambda: is_well(running), what="all well again")
    assert "cycles can be run again" in a.log()
    one_more(running)


def test_a_damaged_ledger_is_told_and_a_copy_gone_on_with(running):
    a = running.archiver
    shutil.copy(a.state / "ledger.db", a.folder / "copy")
    (a.state / "ledger.db").write_bytes(b"no database" * 1000)
    wait_for(lambda: "put a copy of it back" in a.log(), what="the log's line")
    shown = running.get()
    assert shown.status == 503 and "put a copy of it back" in shown.text
    assert running.get("healthz/ready").status == 503
    assert running.get("healthz/live").status == 200
    assert a.run("health").returncode == 1
    assert running.process.poll() is None
    os.replace(a.folder / "copy", a.state / "ledger.db")
    wait_for(lambda: is_well(running), what="all well again")
    one_more(running)


def test_a_daemon_that_finds_a_damaged_ledger_waits_for_a_copy(sim, make, serve):
    a = make("attic:800G", HC_URL=sim.ping_url)
    a.fetch(status=0)
    shutil.copy(a.state / "ledger.db", a.folder / "copy")
    (a.state / "ledger.db").write_bytes(b"no database" * 1000)
    page = serve(a)
    wait_for(lambda: "file is not a database" in a.log(), what="the log's line")
    wait_for(lambda: "not a database" in sim.pings()[-1].get("body", ""), what="the ping")
    assert "put a copy of it back" in page.get().text
    os.replace(a.folder / "copy", a.state / "ledger.db")
    wait_for(lambda: len(a.delivered()) == 2, what="the next torrent")
    assert is_well(page)


def test_a_state_folder_that_is_gone_is_waited_for_and_not_made_anew(running, sim):
    a = running.archiver
    away = a.folder / "away"
    a.state.rename(away)
    wait_for(lambda: running.get("healthz/ready").status == 503, what="not ready")
    says(running, "is its disk mounted?")
    assert is_stuck(running) and not a.state.exists()
    asked = len(sim.fetches())
    running.process.send_signal(signal.SIGUSR1)
    a.state.mkdir()         # as a mount point is there without its disk
    says(running, "is its disk mounted?")
    assert not list(a.state.iterdir()) and len(sim.fetches()) == asked
    a.state.rmdir()
    away.rename(a.state)
    wait_for(lambda: is_well(running), what="all well again")
    wait_for(lambda: len(a.delivered()) == 2, what="the cycle that was asked for")


def test_another_state_folder_with_a_ledger_is_gone_on_with(running):
    a = running.archiver
    before = a.history()
    copy = a.folder / "copy"
    shutil.copytree(a.state, copy)
    a.state.rename(a.folder / "old")
    copy.rename(a.state)
    wait_for(lambda: "with a ledger: the program uses it" in a.log(), what="the log's line")
    wait_for(lambda: is_well(running), what="all well again")
    assert a.history() == before
    assert a.status()["daemon"]             # the lock in the new folder is held
    assert a.run("health").returncode == 0
    one_more(running)


def test_a_removed_lock_is_taken_anew(running):
    a = running.archiver
    (a.state / "run.lock").unlink()
    wait_for(lambda: (a.state / "run.lock").exists(), what="the lock")
    wait_for(lambda: a.status()["daemon"], what="a held lock")
    assert "serves the state folder" in a.run("run", timeout=30).stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a tmpfs")
def test_a_full_disk_is_told_at_once_and_gone_on_from(sim, make, serve):
    a = make("attic:800G", HC_URL=sim.ping_url)
    a.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=700", "tmpfs", a.state], check=True)
    try:
        page = serve(a)
        wait_for(lambda: "cycle ended" in a.log(), what="the first cycle")
        with open(a.state / "filler", "wb", buffering=0) as filler:
            with pytest.raises(OSError):
                while True:
                    filler.write(b"x" * 4096)
        shown = page.get()
        assert shown.status == 200 and "No space left on device" in shown.text
        assert "No cycle has been able to run since" in shown.text
        assert page.get("healthz/ready").status == 503 and is_stuck(page)
        assert "No space left on device" in a.status()["trouble"]["message"]
        wait_for(lambda: "No space left" in sim.pings()[-1].get("body", ""), what="the ping")
        asked = len(sim.fetches())
        page.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: a.log().count("No space left") >= 1, what="the log's line")
        (a.state / "filler").unlink()
        wait_for(lambda: is_well(page), what="all well again")
        wait_for(lambda: len(a.delivered()) == 2, what="the cycle that was asked for")
        assert len(sim.fetches()) == asked + 1
        a.stop(page.process)
    finally:
        subprocess.run(["umount", "-l", a.state], check=True)


def test_a_refused_configuration_is_told_until_a_good_one_came(make, serve):
    a = make("attic:800G", PTP_LISTEN=f"127.0.0.1:{free_port()}")
    running = serve(a)
    config = a.configured()
    a.configure(**{**config, "Interval": "never"})
    running.process.send_signal(signal.SIGHUP)
    says(running, "The new configuration was refused at ")
    assert "\nptp_archiver_config_last_reload_successful 0\n" in running.get("metrics").text
    assert running.get("api/status").json()["refused_configuration"]["message"]
    assert running.get("healthz/ready").status == 200
    a.configure(**config)
    running.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "was read again" in a.log(), what="a good one")
    wait_for(lambda: "\nptp_archiver_config_last_reload_successful 1\n" in
             running.get("metrics").text, what="the metric")
    assert "was refused" not in running.get().text


def test_an_empty_ledger_is_not_begun_anew_while_the_vault_has_torrents(sim, make, serve):
    a = make("attic:800G", HC_URL=sim.ping_url)
    a.fetch(status=0)
    ledger = a.state / "ledger.db"
    os.truncate(ledger, 0)
    said = a.run("status", status=1).stderr
    assert "is empty, but there are torrents in" in said
    assert ledger.stat().st_size == 0
    assert "is empty, but there are torrents in" in a.fetch(status=1).stderr
    page = serve(a)
    wait_for(lambda: "is empty, but there are torrents in" in a.log(), what="the log's line")
    says(page, "put a copy of it back, or remove it to begin a new one")
    page.process.send_signal(signal.SIGUSR1)
    time.sleep(2.5)
    assert len(sim.fetches()) == 1 and is_stuck(page) and ledger.stat().st_size == 0
    ledger.unlink()
    wait_for(lambda: len(a.delivered()) >= 2, what="a new beginning")
    assert "was it lost?" in a.log() and is_well(page)


def test_an_emptied_ledger_is_waited_for_without_a_vault_as_well(make, serve, sim):
    a = make("attic:800G", PTP_VAULT="false")
    page = serve(a)
    wait_for(lambda: "next cycle in" in a.log(), what="the first cycle")
    shutil.copy(a.state / "ledger.db", a.folder / "copy")
    before = a.history()
    os.truncate(a.state / "ledger.db", 0)
    wait_for(lambda: "was emptied while it was in use" in a.log(), what="the log's line")
    page.process.send_signal(signal.SIGUSR1)
    time.sleep(2.5)
    assert (a.state / "ledger.db").stat().st_size == 0 and len(sim.fetches()) == 1
    shutil.copy(a.folder / "copy", a.state / "ledger.db")
    wait_for(lambda: len(a.delivered()) == 2, what="the cycle that was asked for")
    assert len(a.history()) == len(before) + 1 and is_well(page)


def test_a_ledger_damaged_in_place_is_not_worked_with(running, sim):
    a = running.archiver
    with open(a.state / "ledger.db", "r+b") as file:
        file.seek(4096)
        file.write(os.urandom(4096 * 20))
    asked = len(sim.fetches())
    running.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: "it is damaged" in a.log() or "malformed" in a.log(), what="the log's line")
    wait_for(lambda: sim.pings()[-1]["kind"] == "fail", what="the ping")
    assert running.get("healthz/ready").status == 503 and len(sim.fetches()) == asked
    assert "copy of it back" in a.fetch(status=1).stderr
    metrics = running.get("metrics")
    assert metrics.status == 200 and "\nptp_archiver_stuck 1\n" in metrics.text


def test_a_swap_just_before_a_cycle_costs_nothing(running):
    a = running.archiver
    shutil.copy(a.state / "ledger.db", a.state / "copy")
    os.replace(a.state / "copy", a.state / "ledger.db")
    one_more(running)
    wait_for(lambda: is_well(running), what="all well")
    assert "could not be run" not in a.log()


def test_a_ledger_that_was_emptied_and_then_removed_is_begun_anew(running):
    a = running.archiver
    os.truncate(a.state / "ledger.db", 0)
    wait_for(lambda: "was emptied while it was in use" in a.log(), what="the log's line")
    running.process.send_signal(signal.SIGUSR1)
    (a.state / "ledger.db").unlink()
    wait_for(lambda: "a new one is begun" in a.log(), what="the log's line")
    wait_for(lambda: len(a.delivered()) >= 2, what="a new beginning")
    assert is_well(running)
