"""Kill at every step: the program is ended with SIGKILL, or its disk fails it, at its Nth change.

killer.c, preloaded, counts each call that changes a file or a folder or sends over a socket, and
acts at the Nth.  Every N from 1 until a run is no longer cut short has a folder and a tracker
account of its own: a run that is cut short at N, a torrent client that takes what it sees, and a
run that goes to the end.  (How many calls a run takes varies: SQLite saves itself an update to the
value that is there, and times are in milliseconds.)

"Behind call N" and "before call N + 1" leave the same things behind, but for a request that was
sent: so only those are tried from behind as well.

SIGKILL needs no real disk, so the folders are in memory where there is room, which is faster.
"""

import errno
import hashlib
import itertools
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

import pytest

from harness import Archiver, Sim, wait_for

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients"))

from qbittorrent_double import QBittorrentDouble   # noqa: E402

CONTAINERS = "attic:800G,hetzner:5T"
# Every so many calls are tried; more than 1 for builds that are slow, such as sanitized ones.
STEP = int(os.environ.get("PTP_TEST_STEP", "1"))
PENDING = ("assigned", "fetched", "delivering")


@pytest.fixture(scope="session")
def killer(tmp_path_factory):
    library = tmp_path_factory.mktemp("killer") / "killer.so"
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-O1",
                    "-shared", "-fPIC", "-o", library, HERE / "killer.c"], check=True)
    return str(library)


@pytest.fixture
def fast_folder(tmp_path):
    memory = pathlib.Path("/dev/shm")
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        yield tmp_path
        return
    folder = pathlib.Path(tempfile.mkdtemp(dir=memory, prefix="ptp-archiver-test-"))
    yield folder
    shutil.rmtree(folder)


def infohash(data):
    """SHA-1 of the info dictionary; the simulator's v1 torrents end with it."""
    assert data.endswith(b"ee"), "cut off"
    return hashlib.sha1(data[data.index(b"4:info") + 6:-1]).hexdigest().upper()


class Tracker:
    """The simulator, and its requests by account."""

    def __init__(self, folder, **scenario):
        self.sim = Sim(folder, scenario={"torrent_size": 3000000, "incomplete": True,
                                          "incomplete_empty": "array", **scenario})
        self.read = 0
        self.asked = {}

    def fetches(self, user):
        """The containers that this account asked for, in order."""
        lines = self.sim.log_path.read_bytes()
        end = lines.rfind(b"\n") + 1
        for line in lines[self.read:end].splitlines():
            request = json.loads(line)
            if request["endpoint"] == "fetch":
                name = request["query"]["ContainerName"]
                self.asked.setdefault(request["headers"]["ApiUser"], []).append(name)
        self.read = end
        return list(self.asked.get(user, []))

    def assigned(self, user):
        return [a for a in self.sim.assignments() if a["user"] == user]


@pytest.fixture
def tracker(tmp_path):
    running = Tracker(tmp_path / "sim")
    yield running
    running.sim.close()


class Story:
    """One account at the tracker, one folder, and what became of them."""

    def __init__(self, tracker, folder, killer, number, containers=CONTAINERS, **variables):
        self.tracker, self.killer = tracker, killer
        self.user = f"user{number:012d}"
        self.archiver = Archiver(folder / f"{number}", tracker.sim.url, containers,
                                 PTP_USER=self.user, HC_URL=tracker.sim.ping_url, **variables)
        # Where the program is built with a sanitizer, the library comes before its runtime.
        asan = self.archiver.environment.get("ASAN_OPTIONS", "")
        self.archiver.set(ASAN_OPTIONS=f"{asan}:verify_asan_link_order=0".lstrip(":"))
        self.taken = []
        self.where = f"call {number}"

    def run(self, *arguments, **killing):
        variables = {"LD_PRELOAD": self.killer, **killing} if killing else {}
        return self.archiver.run(*arguments, **variables)

    def record(self, *arguments, **killing):
        """A run whose calls are written down: [(name, what)], from 1."""
        path = self.archiver.folder / "calls"
        done = self.run(*arguments, CALLS=path, **killing)
        lines = path.read_text().splitlines()
        assert [int(line.split(" ", 1)[0]) for line in lines] == list(range(1, len(lines) + 1))
        return done, [tuple(line.split(" ", 2)[1:]) for line in lines]

    def client_takes(self):
        """A torrent client: looks at all that is not hidden, and takes it away."""
        for path in sorted(self.archiver.watch.iterdir()):
            if path.name == ".ptp-archiver":
                continue
            assert path.suffix == ".torrent", (self.where, path.name)
            self.taken.append(infohash(path.read_bytes()))
            path.unlink()

    def history(self):
        """The ledger opens, whatever happened."""
        return self.archiver.history()

    def pending(self):
        return {row["container"] for row in self.history() if row["state"] in PENDING}

    def go_on(self):
        """One more run; asks for nothing in place of what is pending."""
        pending = self.pending()
        before = len(self.tracker.fetches(self.user))
        done = self.run("fetch", "all")
        assert done.returncode == 0, (self.where, done.stderr)
        asked = self.tracker.fetches(self.user)[before:]
        assert not pending & set(asked), (self.where, pending, asked)
        assert len(asked) == len(set(asked)), (self.where, asked)
        self.client_takes()

    def judge(self):
        """Each assignment was delivered, once, whole; and each question is accounted for."""
        rows = self.history()
        assigned = self.tracker.assigned(self.user)
        delivered = [row for row in rows if row["state"] == "delivered"]
        assert sorted(row["torrent_id"] for row in delivered) == \
            sorted(str(a["TorrentID"]) for a in assigned), (self.where, rows)
        assert sorted(self.taken) == sorted(a["infohash"] for a in assigned), self.where
        # One list is not enough to say that a question was not made.
        others = {row["state"] for row in rows} - {"delivered", "unfounded", "possibly lost"}
        assert not others, (self.where, rows)
        for lost in self.archiver.status()["possibly_lost"]:
            assert lost["candidates"] == [], (self.where, lost)
        assert len(self.tracker.fetches(self.user)) <= len(rows), self.where
        hidden = (self.archiver.watch / ".ptp-archiver").iterdir()
        assert all(path.name.startswith("mark-") for path in hidden), self.where

    def forget(self):
        shutil.rmtree(self.archiver.folder)


def changes(calls):
    """Fewer: before and behind what makes a step of a torrent's way visible or lasting."""
    numbers = set()
    for at, (name, what) in enumerate(calls):
        if name in ("connect", "send", "rename", "renameat2") or \
                (name == "unlink" and what.endswith("-journal")):
            numbers.update((at + 1, at + 2))
    return sorted(numbers)


def test_killed_before_any_call_each_assignment_is_delivered_exactly_once(
        tracker, fast_folder, killer):
    number, unharmed = 1 - STEP, 0
    while unharmed < 5:
        number += STEP
        story = Story(tracker, fast_folder, killer, number)
        story.where = f"killed before call {number}"
        done = story.run("fetch", "all", KILL_AT=number)
        assert done.returncode in (0, -signal.SIGKILL), (story.where, done.stderr)
        unharmed += done.returncode == 0
        story.client_takes()
        story.go_on()
        story.judge()
        story.forget()
    assert number > 200, number


class ClientStory(Story):
    """With a client's interface in place of a watch folder."""

    def __init__(self, *arguments, box):
        super().__init__(*arguments, PTP_CLIENT="box")
        self.box = box
        box.torrents.clear()
        self.archiver.configure(Clients={"box": {"Type": "qbittorrent", "URL": box.url,
                                                 "Username": box.user, "Password": box.password}})

    def client_takes(self):
        self.taken = [ident.upper() for ident in self.box.torrents]


def test_killed_amid_its_calls_each_assignment_is_in_the_client_once(
        tracker, fast_folder, killer):
    box = QBittorrentDouble(fast_folder / "box", "5.1")
    box.launch()
    number, unharmed = 0, 0
    while unharmed < 3:
        number += 4 * STEP - 1
        story = ClientStory(tracker, fast_folder, killer, number, box=box)
        (story.archiver.watch / ".ptp-archiver").mkdir()
        story.where = f"killed before call {number}"
        done = story.run("fetch", "all", KILL_AT=number)
        assert done.returncode in (0, -signal.SIGKILL), (story.where, done.stderr)
        unharmed += done.returncode == 0
        story.client_takes()
        story.go_on()
        story.judge()
        story.forget()
    box.stop()
    assert number > 200, number


def killed_behind(story, name, number):
    """Killed directly behind the Nth call of this name; false if there is none."""
    story.where = f"killed behind {name} {number}"
    done = story.run("fetch", "all", KILL_NAME=name, KILL_AT=number, KILL_WHEN="after")
    assert done.returncode in (0, -signal.SIGKILL), (story.where, done.stderr)
    time.sleep(0.1)  # the tracker works on what was sent all the same
    return done.returncode != 0


def is_asking(story):
    asking = any(row["state"] == "asking" for row in story.history())
    told = sum(c["possibly_lost"] for c in story.archiver.status()["containers"])
    assert told == asking, (story.where, "status tells a question whose asker died as lost")
    return asking


def test_killed_behind_a_request_that_was_sent_its_assignment_is_found_again(
        tracker, fast_folder, killer):
    lost = 0
    for number in range(1, 7):  # two pings, and for each container a fetch and a download
        story = Story(tracker, fast_folder, killer, number)
        assert killed_behind(story, "send", number)
        asking = is_asking(story)
        lost += asking
        story.client_takes()
        story.go_on()
        story.judge()
        if asking:
            # The lost one, and in the cycle of `fetch` one for each container that has none
            # pending.  The question for the other one, asked longer ago, finds the lost one.
            assert len(tracker.assigned(story.user)) in (2, 3), story.where
    assert not killed_behind(Story(tracker, fast_folder, killer, 7), "send", 7)
    assert lost == 2, "one for each container"


def test_a_lost_reply_that_the_tracker_does_not_list_is_told_as_possibly_lost(
        tmp_path, fast_folder, killer):
    tracker = Tracker(tmp_path / "sim", incomplete=False)
    told = 0
    for number in range(1, 5):
        story = Story(tracker, fast_folder, killer, number, "attic:800G")
        assert killed_behind(story, "send", number)
        asking = is_asking(story)
        done = story.run("fetch", "all")
        assert done.returncode == 0
        rows = story.history()
        assert len(tracker.fetches(story.user)) == len(tracker.assigned(story.user)) == len(rows)
        assert [row["state"] for row in rows].count("possibly lost") == asking, story.where
        assert story.archiver.container("attic")["possibly_lost"] == asking
        assert ("possibly lost" in done.stderr) == asking
        told += asking
    tracker.sim.close()
    assert told == 1


def test_the_file_stays_where_no_client_takes_it_and_there_is_one_of_it(
        tracker, fast_folder, killer):
    accounts = itertools.count()
    for name in ("renameat2", "unlink", "fsync"):
        for number in itertools.count(1):
            story = Story(tracker, fast_folder, killer, next(accounts), "attic:800G")
            if not killed_behind(story, name, number):
                break
            story.run("fetch", "all")
            hashes = [infohash((story.archiver.watch / file).read_bytes())
                      for file in story.archiver.delivered()]
            assert sorted(hashes) == sorted(
                a["infohash"] for a in tracker.assigned(story.user)), story.where
        assert number > 1, name


def test_a_file_that_the_client_took_before_the_record_is_not_delivered_a_second_time(
        tracker, fast_folder, killer):
    story = Story(tracker, fast_folder, killer, 1, "attic:800G")
    # The first one is the probe's.
    assert killed_behind(story, "renameat2", 2)
    story.client_takes()
    assert len(story.taken) == 1
    assert [row["state"] for row in story.history()] == ["delivering"]
    done = story.run("fetch", "all")
    assert done.returncode == 0
    assert [row["state"] for row in story.history()] == ["delivered"]
    story.client_takes()
    assert len(story.taken) == 1, "delivered twice"
    assert len(tracker.fetches(story.user)) == 1


def until_the_next_cycle_is_told(story, process):
    """Waits until a daemon has done what there was to do; false if it was killed first."""
    def told():
        return process.poll() is not None or "next cycle in" in story.archiver.log()
    wait_for(told, 20, "the end of the cycle")
    return process.poll() is None


def start(story, **killing):
    variables = {"LD_PRELOAD": story.killer, **killing} if killing else {}
    return story.archiver.start(**variables)


def test_a_daemon_killed_at_any_step_goes_on_at_once_and_asks_for_nothing_twice(
        tracker, fast_folder, killer):
    first = Story(tracker, fast_folder, killer, 0, PTP_INTERVAL="1h")
    path = first.archiver.folder / "calls"
    process = start(first, CALLS=path)
    assert until_the_next_cycle_is_told(first, process)
    assert first.archiver.stop(process)[0] == 0
    calls = [tuple(line.split(" ", 2)[1:]) for line in path.read_text().splitlines()]
    for number in [n for n in changes(calls) if n <= len(calls) - 2][::2 * STEP]:
        story = Story(tracker, fast_folder, killer, number, PTP_INTERVAL="1h")
        story.where = f"daemon killed before call {number}, {calls[number - 1]}"
        process = start(story, KILL_AT=number)
        if until_the_next_cycle_is_told(story, process):
            process.kill()
        assert process.wait() == -signal.SIGKILL
        story.client_takes()
        story.history()
        process = start(story)
        assert until_the_next_cycle_is_told(story, process), story.where
        assert story.archiver.stop(process)[0] == 0, story.where
        story.client_takes()
        # What was being asked when it died counts as asked for this interval.
        assert sorted(tracker.fetches(story.user)) in (["attic", "hetzner"], ["attic"],
                                                       ["hetzner"]), story.where
        if any(row["state"] in ("asking", "possibly lost", *PENDING)
               for row in story.history()):
            story.go_on()
        story.judge()
        story.forget()


# What the program can do without: SQLite does not insist on writing out a folder; a temporary file
# that is not there need not be removed; the ContainerID is in the ledger as well as in config.ptp; a
# file system may know no permissions (doc/filesystems.md).
def is_needless(folder, name, what):
    return name == "fchmod" or (name == "fdatasync" and what.endswith("/state")) or \
        (name == "unlink" and not what.endswith("-journal")) or "config." in what or \
        what == str(folder)


@pytest.mark.parametrize("failure, for_ever, step", [
    (errno.ENOSPC, False, 4), (errno.ENOSPC, True, 5), (errno.EIO, False, 7)],
    ids=["ENOSPC-once", "ENOSPC-from-there-on", "EIO-once"])
def test_a_disk_that_fails_at_any_write_is_reported_and_nothing_is_lost(
        tracker, fast_folder, killer, failure, for_ever, step):
    tried = 0
    for number in itertools.count(1, step * STEP):
        story = Story(tracker, fast_folder, killer, number)
        done, calls = story.record("fetch", "all", FAIL_AT=number, FAIL_ERRNO=failure,
                                   FAIL_ON=int(for_ever))
        if len(calls) < number:
            break
        call = calls[number - 1]
        story.where = f"{errno.errorcode[failure]} at call {number}, {call}"
        assert done.returncode in (0, 1), (story.where, done.returncode, done.stderr)
        if call[0] not in ("connect", "send") and not is_needless(story.archiver.folder, *call):
            tried += 1
            assert "ERROR" in done.stderr or "WARN" in done.stderr, (story.where, done.stderr)
        if done.returncode:
            assert "ERROR" in done.stderr, (story.where, done.stderr)
        else:
            assert len(story.archiver.delivered()) == 2, (story.where, done.stderr)
        story.client_takes()
        story.go_on()
        story.judge()
        story.forget()
    assert tried > 20 / STEP
