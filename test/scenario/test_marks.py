"""Is it the right disk?  Real mounts: what is mounted is a folder elsewhere, which keeps its files."""

import json
import os
import re
import shutil
import subprocess
import urllib.error
import urllib.request

import pytest

from harness import Archiver, free_port, summary, wait_for
from receiver import Receiver
from test_doctor import as_user, rooted  # noqa: F401


class Disk:
    """A disk that can be mounted, and unmounted, at a folder."""

    def __init__(self, folder, at):
        self.folder, self.at, self.mounted = folder, at, False
        folder.mkdir(parents=True)
        at.mkdir(parents=True, exist_ok=True)

    def mount(self):
        done = subprocess.run(["mount", "--bind", self.folder, self.at], capture_output=True,
                              text=True)
        if done.returncode:
            pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")
        self.mounted = True

    def unmount(self):
        subprocess.run(["umount", "-l", self.at], check=True)
        self.mounted = False


@pytest.fixture
def disk(tmp_path):
    """disk(folder): a disk that is mounted there, for the time of the test."""
    disks = []

    def new(at):
        disks.append(Disk(tmp_path / f"disk{len(disks)}", at))
        disks[-1].mount()
        return disks[-1]

    yield new
    for one in disks:
        if one.mounted:
            one.unmount()


def take(folder):
    """A client picks up what is there."""
    for path in folder.glob("*.torrent"):
        path.unlink()


def marks(folder):
    return sorted(p.name for p in (folder / ".ptp-archiver").glob("mark-*"))


def refused(sim, archiver, *parts, outcome="attic:ERR(Disk)"):
    """A cycle asks for nothing, and says why: what was expected, what is there, and the command."""
    before = len(sim.requests())
    done = archiver.fetch(status=1)
    assert summary(done.stderr) == outcome
    for part in ("was expected", "`ptp-archiver accept attic`", *parts):
        assert part in done.stderr, (part, done.stderr)
    assert len(sim.requests()) == before
    return done


# ---- watch folders ----

def test_nothing_is_asked_while_the_disk_of_the_watch_folder_is_away(sim, archiver, disk):
    usb = disk(archiver.watch)
    archiver.fetch(status=0)
    take(archiver.watch)
    (mark,) = marks(archiver.watch)
    usb.unmount()
    done = refused(sim, archiver, f"{archiver.watch} does not seem to be the right watch folder",
                   "there is none")
    assert list(archiver.watch.iterdir()) == [], "nothing is made below the mount point"
    expected = re.search(r"the mark (\w{8}) was expected", done.stderr)[1]
    assert (usb.folder / ".ptp-archiver" / mark).read_text().startswith(expected)
    usb.mount()
    done = archiver.fetch(status=0)
    assert len(archiver.delivered()) == 1 and len(sim.fetches()) == 2
    assert done.stderr.count("was picked up") == 1


def test_a_file_on_a_disk_that_is_away_was_not_picked_up(sim, archiver, disk):
    usb = disk(archiver.watch)
    archiver.fetch(status=0)
    usb.unmount()
    # As 0.1.0 has left it there.
    (archiver.watch / ".ptp-archiver").mkdir(mode=0o700)
    assert "was picked up" not in refused(sim, archiver).stderr
    usb.mount()
    assert "was picked up" not in archiver.fetch(status=0).stderr


def test_a_daemon_that_starts_while_the_disk_is_away_waits_for_it(sim, make, disk):
    a = make(HC_URL=sim.ping_url, PTP_INTERVAL="1s")
    usb = disk(a.watch)
    a.fetch(status=0)
    asked = len(sim.fetches())
    usb.unmount()
    a.start()
    wait_for(lambda: len(sim.pings("fail")) >= 2)
    assert "does not seem to be the right watch folder" in sim.pings("fail")[-1]["body"]
    assert len(sim.fetches()) == asked and list(a.watch.iterdir()) == []
    usb.mount()
    wait_for(lambda: len(sim.fetches()) > asked and len(a.delivered()) > 1)


def test_the_disk_goes_away_between_two_questions_of_a_cycle(sim, make, disk):
    a = make(PTP_PER_CYCLE=2)
    usb = disk(a.watch)
    script = a.folder / "hook"
    script.write_text(f"#!/bin/sh\numount -l {a.watch}\n")
    script.chmod(0o755)
    a.fetch(status=0)
    a.configure(Default={"AfterFetchExec": str(script)})
    done = a.fetch(status=1)
    usb.mounted = False
    assert "was expected, and there is none" in done.stderr
    assert len(sim.fetches()) == 3 and list(a.watch.iterdir()) == []


def test_a_watch_folder_that_is_gone_is_accepted_as_a_new_one(sim, archiver):
    archiver.fetch(status=0)
    shutil.rmtree(archiver.watch)
    refused(sim, archiver, "the folder is not there")
    assert not archiver.watch.exists()
    done = archiver.run("accept", "attic", status=0)
    assert f"attic: {archiver.watch} is accepted as it is" in done.stdout
    archiver.fetch(status=0)
    assert len(archiver.delivered()) == 1


def test_a_new_disk_is_accepted_and_the_old_one_is_another_then(sim, archiver, disk):
    old = disk(archiver.watch)
    archiver.fetch(status=0)
    old.unmount()
    new = disk(archiver.watch)
    refused(sim, archiver, "there is none")
    assert marks(archiver.watch) == []
    archiver.run("accept", "attic", status=0)
    assert "is the right folder already" in archiver.run("accept", "attic", status=0).stdout
    archiver.fetch(status=0)
    new.unmount()
    old.mount()
    there = (old.folder / ".ptp-archiver" / marks(archiver.watch)[0]).read_text()[:8]
    refused(sim, archiver, f"there is the mark {there}")


def test_two_disks_that_were_swapped_are_noticed(sim, make, disk):
    a = make("attic:1T,b:1T")
    a.set(PTP_WATCH=f"{a.watch}/$name")
    first, second = disk(a.watch / "attic"), disk(a.watch / "b")
    a.fetch(status=0)
    for one in (first, second):
        one.unmount()
    first.at, second.at = second.at, first.at
    for one in (first, second):
        one.mount()
    refused(sim, a, "and there is the mark", outcome="attic:ERR(Disk), b:ERR(Disk)")


def test_a_mark_of_another_ledger_is_refused_from_the_first_use_on(sim, make):
    first, second = make(), make(folder="second")
    second.fetch(status=0)
    second.set(PTP_WATCH=first.watch)
    first.fetch(status=0)
    done = refused(sim, second, "there is a mark of the ledger", "two installations")
    assert "a mark of the ledger" in re.search(r".* was expected", done.stderr)[0]
    second.run("accept", "attic", status=0)
    # Both know it from now on.
    second.fetch(status=0)
    first.fetch(status=0)
    assert len(marks(first.watch)) == 2


def test_a_hidden_folder_that_was_deleted_is_another_disk_until_it_is_accepted(sim, archiver):
    archiver.fetch(status=0)
    shutil.rmtree(archiver.watch / ".ptp-archiver")
    refused(sim, archiver, "there is none")
    archiver.run("accept", "all", status=0)
    archiver.fetch(status=0)
    assert len(archiver.delivered()) == 2


# ---- what people do, and what must not alarm them ----

def as_of_0_1_0(archiver):
    """The ledger does not know of marks, and no folder has one."""
    archiver.ledger("DELETE FROM mark")
    for folder in (archiver.watch, archiver.state):
        for mark in folder.glob("**/.ptp-archiver/mark-*"):
            mark.unlink()


def test_an_installation_of_before_gets_its_marks_without_a_word(sim, archiver):
    archiver.fetch(status=0)
    as_of_0_1_0(archiver)
    done = archiver.fetch(status=0)
    assert "WARN" not in done.stderr
    assert len(marks(archiver.watch)) == len(marks(archiver.state)) == 1
    archiver.fetch(status=0)


def test_an_installation_of_before_whose_disk_is_away_is_held_back(sim, archiver, disk):
    usb = disk(archiver.watch)
    archiver.fetch(status=0)
    as_of_0_1_0(archiver)
    usb.unmount()
    refused(sim, archiver, "there is none")
    usb.mount()
    archiver.fetch(status=0)


def test_what_was_adopted_does_not_make_a_folder_a_used_one(sim, archiver):
    archiver.fetch(status=0)
    other = Archiver(archiver.folder / "other", sim.url)
    shutil.copy(archiver.watch / archiver.delivered()[0], other.watch)
    other.run("adopt", "--container", "attic", "--folder", str(other.watch), status=0)
    other.fetch(status=0)
    assert len(marks(other.watch)) == 1


def test_two_containers_share_a_folder_and_its_mark(sim, make):
    a = make("attic:1T,b:1T")
    a.fetch(status=0)
    a.fetch(status=0)
    assert len(marks(a.watch)) == 1 and len(a.delivered()) == 4
    shutil.rmtree(a.watch / ".ptp-archiver")
    refused(sim, a, outcome="attic:ERR(Disk), b:ERR(Disk)")
    a.run("accept", "b", status=0)
    a.fetch(status=0)


def test_a_container_moves_to_another_folder_and_back(sim, archiver):
    archiver.fetch(status=0)
    before = archiver.watch
    archiver.set(PTP_WATCH=archiver.folder / "new")
    archiver.fetch(status=0)
    assert len(marks(archiver.folder / "new")) == 1
    archiver.set(PTP_WATCH=before)
    archiver.fetch(status=0)


def test_a_folder_that_gets_another_name_keeps_its_mark(sim, archiver):
    archiver.fetch(status=0)
    new = archiver.folder / "new"
    archiver.watch.rename(new)
    archiver.set(PTP_WATCH=new)
    archiver.fetch(status=0)
    assert len(marks(new)) == 1


def test_a_restored_ledger_knows_marks_that_are_newer_than_it(sim, make):
    a = make("attic:1T,b:1T")
    a.set(PTP_WATCH=f"{a.watch}/$name")
    a.fetch("attic", status=0)
    shutil.copy(a.state / "ledger.db", a.folder / "copy")
    a.fetch("b", status=0)
    shutil.copy(a.folder / "copy", a.state / "ledger.db")
    a.fetch(status=0)


# ---- DataDirectory ----

def test_another_disk_is_not_measured_for_reserve(sim, make, disk):
    a = make(PTP_RESERVE="1M")
    data = a.folder / "data"
    usb = disk(data)
    a.set(PTP_DATA=data)
    a.fetch(status=0)
    assert len(marks(data)) == 1
    usb.unmount()
    refused(sim, a, f"{data} does not seem to be the right DataDirectory", "there is none")
    usb.mount()
    a.fetch(status=0)
    usb.unmount()
    a.run("accept", "attic", status=0)
    a.fetch(status=0)


def test_a_data_directory_without_a_reserve_gets_no_mark(sim, make):
    a = make()
    data = a.folder / "data"
    data.mkdir()
    a.fetch(status=0, PTP_DATA=data)
    assert list(data.iterdir()) == []


def test_a_data_directory_that_cannot_be_written_is_known_by_its_file_system(sim, make, disk):
    a = make(PTP_RESERVE="1M")
    data = a.folder / "data"
    usb = disk(data)
    subprocess.run(["mount", "-o", "remount,ro,bind", data], check=True)
    a.set(PTP_DATA=data)
    a.fetch(status=0)
    a.fetch(status=0)
    assert list(data.iterdir()) == []
    usb.unmount()
    refused(sim, a, "the folder of before was expected, and there is another")
    a.run("accept", "attic", status=0)
    a.fetch(status=0)


# ---- the state folder ----

def test_no_new_ledger_is_begun_while_the_disk_of_the_state_folder_is_away(sim, archiver, disk):
    usb = disk(archiver.state)
    archiver.fetch(status=0)
    asked = len(sim.requests())
    usb.unmount()
    done = archiver.fetch(status=1)
    assert f"{archiver.state} does not seem to be the right state folder" in done.stderr
    assert f"({archiver.watch} belongs to it)" in done.stderr
    assert "`ptp-archiver accept --state-folder`" in done.stderr
    assert len(sim.requests()) == asked
    assert not (archiver.state / "ledger.db").exists()
    usb.mount()
    archiver.fetch(status=0)
    assert len(archiver.history()) == 2


def test_a_daemon_waits_for_the_disk_of_its_state_folder(sim, make, disk):
    a = make(PTP_INTERVAL="1s")
    usb = disk(a.state)
    a.fetch(status=0)
    asked = len(sim.requests())
    usb.unmount()
    assert "right state folder" in a.run("status", status=0).stdout
    process = a.start()
    wait_for(lambda: "right state folder" in a.log())
    said = a.run("health", status=1).stdout
    assert said.startswith("unhealthy: ") and "right state folder" in said
    (notice,) = [n for n in a.status()["notices"] if n["level"] == "bad"]
    assert notice["fact"] == "stuck" and "--state-folder" in notice["text"]
    assert len(sim.requests()) == asked and process.poll() is None
    usb.mount()
    wait_for(lambda: len(sim.requests()) > asked)
    assert len(a.history()) >= 2


def test_config_ptp_knows_of_the_ledger_where_no_folder_does(sim, make, disk, box):
    a = make(PTP_CLIENT="box")
    a.configure(Clients={"box": {"Type": "qbittorrent", "URL": box.url, "Username": box.user,
                                 "Password": box.password}})
    usb = disk(a.state)
    a.fetch(status=0)
    assert a.ledger("SELECT ledger FROM identity") == [(a.configured()["LedgerID"],)]
    asked = len(sim.requests())
    usb.unmount()
    assert f"({a.config} belongs to it)" in a.fetch(status=1).stderr
    assert len(sim.requests()) == asked
    (one,) = findings(a, "state")
    assert one["mark"] == "fail"
    a.run("accept", "--state-folder", status=0)
    a.fetch(status=0)
    assert a.ledger("SELECT ledger FROM identity") == [(a.configured()["LedgerID"],)]


def test_a_daemon_in_its_sandbox_keeps_the_ledgers_id_as_well(sim, make):
    a = make(containers=None)
    a.configure(Containers={"attic": {"Size": "1T", "WatchDirectory": str(a.watch)}})
    a.start()
    wait_for(a.delivered)
    assert a.configured()["LedgerID"] in marks(a.watch)[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can look at what is another user's")
def test_root_may_look_at_the_state_of_another_user(sim, rooted):
    for path in (rooted.folder, rooted.watch):
        os.chown(path, 4713, 4713)
    rooted.fetch(status=0, prefix=as_user(4713, 4713))
    assert (rooted.state / ".ptp-archiver").stat().st_uid == 4713
    assert "state folder" not in rooted.run("status", status=0).stdout
    done = rooted.fetch(status=1)
    assert "right state folder" not in done.stderr and "gets no mark" not in done.stderr
    assert f"{rooted.watch}/.ptp-archiver belongs to user 4713, and this is user 0" in done.stderr
    rooted.fetch(status=0, prefix=as_user(4713, 4713))


def test_a_new_ledger_is_begun_where_a_person_says_so(sim, archiver):
    archiver.fetch(status=0)
    shutil.rmtree(archiver.state)
    assert "right state folder" in archiver.fetch(status=1).stderr
    done = archiver.run("accept", "--state-folder", status=0)
    assert "a new ledger is begun" in done.stdout
    archiver.fetch(status=0)
    assert len(archiver.history()) == 1 and len(marks(archiver.watch)) == 2


def test_a_ledger_of_another_installation_is_refused(sim, make):
    first, second = make(), make(folder="second")
    first.fetch(status=0)
    second.fetch(status=0)
    shutil.copy(second.state / "ledger.db", first.state / "ledger.db")
    asked = len(sim.requests())
    done = first.fetch(status=1)
    assert "right state folder" in done.stderr and "there is a mark of the ledger" in done.stderr
    assert len(sim.requests()) == asked
    assert "with the ledger that is in it" in first.run("accept", "--state-folder",
                                                        status=0).stdout
    first.fetch(status=0)


def test_a_person_who_removes_the_ledger_gets_a_new_one_that_knows_the_folders(sim, archiver):
    archiver.fetch(status=0)
    (archiver.state / "ledger.db").unlink()
    done = archiver.fetch(status=0)
    assert "is gone, and a new one is begun" in done.stderr
    archiver.fetch(status=0)
    assert len(marks(archiver.watch)) == len(marks(archiver.state)) == 1


def test_a_ledger_alone_in_a_new_folder_is_at_home_there(sim, archiver):
    archiver.fetch(status=0)
    new = archiver.folder / "moved"
    new.mkdir()
    shutil.copy(archiver.state / "ledger.db", new)
    archiver.set(PTP_STATE=new)
    archiver.fetch(status=0)
    assert len(marks(new)) == 1


# ---- the same words everywhere ----

def test_page_json_metrics_status_messages_ping_and_check_say_it(sim, make, disk):
    port = free_port()
    receiver = Receiver()
    a = make(HC_URL=sim.ping_url, PTP_INTERVAL="1s", PTP_LISTEN=f"127.0.0.1:{port}",
             PTP_NOTIFY=receiver.url("webhook"))
    usb = disk(a.watch)
    a.fetch(status=0)
    usb.unmount()
    said = f"{a.watch} does not seem to be the right watch folder: the mark "
    (row,) = findings(a, "attic")
    assert row["mark"] == "fail" and row["text"].startswith(said)
    a.fetch(status=1)
    (notice,) = [n for n in a.status()["notices"] if n["fact"] == "other-folder"]
    assert notice["text"].startswith(said) and notice["container"] == "attic" and notice["since"]
    assert notice["hint"].startswith("If it is right as it is, run `ptp-archiver accept attic`.")
    assert not [n for n in a.status()["notices"] if n["fact"] == "container-fails"]
    assert said in a.run("status").stdout
    assert said in sim.pings("fail")[-1]["body"]
    a.start()
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: said in get(url + "/"))
    assert 'ptp_archiver_fact{fact="other-folder"} 1' in get(url + "/metrics")
    (place,) = [p for p in a.status()["places"] if p["name"] == str(a.watch)]
    assert place["state"] == "not the right one" and len(place["mark"]) == 32
    wait_for(lambda: said in json.dumps(receiver.got()))
    receiver.close()
    usb.mount()
    wait_for(lambda: "other-folder" not in json.dumps(a.status()["notices"]))


def findings(archiver, about):
    said = json.loads(archiver.run("check", "--json").stdout)["findings"]
    return [one for one in said if one["test"] == "folder-mark" and one["about"] == about]


def get(url):
    """What a page says; "" before it is open."""
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.read().decode()
    except urllib.error.URLError:
        return ""


def test_check_is_green_only_where_run_would_work(sim, archiver, disk):
    usb = disk(archiver.state)
    assert [one["mark"] for one in findings(archiver, "state")] == ["ok"]
    archiver.fetch(status=0)
    usb.unmount()
    (one,) = findings(archiver, "state")
    assert one["mark"] == "fail" and "right state folder" in one["text"]
    assert "`ptp-archiver accept --state-folder`" in one["fix"]
    assert not (archiver.state / "ledger.db").exists()
    usb.mount()
    assert {one["mark"] for one in findings(archiver, "state") + findings(archiver, "attic")} == \
        {"ok"}


# ---- the command ----

@pytest.mark.parametrize("arguments", [(), ("nope",), ("attic", "--state-folder")])
def test_accept_says_what_it_needs(archiver, arguments):
    archiver.run("accept", *arguments, status=2)


def test_accept_works_while_the_daemon_runs_and_says_who_it_was(sim, make):
    a = make(PTP_INTERVAL="1s")
    a.start()
    wait_for(lambda: a.delivered())
    shutil.rmtree(a.watch / ".ptp-archiver")
    wait_for(lambda: "does not seem to be the right watch folder" in a.log())
    a.run("accept", "attic", status=0)
    asked = len(sim.fetches())
    wait_for(lambda: len(sim.fetches()) > asked)
    (place,) = a.status()["places"]
    assert f"user {os.getuid()}" in place["accepted_by"] and place["marked_at"]
