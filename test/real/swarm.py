#!/usr/bin/python3
"""One torrent's whole way, with real BitTorrent programs at both ends.

    swarm.py --downloader qbittorrent|transmission|deluge|rtorrent --deliver fetch|run
             --through watch|client --build DIR --folder DIR --addresses TRACKER,SEEDER,LEECHER

mktorrent makes a private .torrent of one file, transmission-create one of a folder; opentracker
serves them and qbittorrent-nox seeds them.  ptp-sim hands the .torrent files out, ptp-archiver
delivers them to a second client, by its watch directory or its interface, and that client
downloads everything.
The data is then compared byte by byte.  Exit status 0 if all of it is right; otherwise the
reason and the ends of all logs are printed.

Each client needs an address of its own, because clients and tracker keep one peer per address;
test_swarm.py runs this inside a private network namespace that has such addresses.  Everything
lies below --folder, which must be empty, and every process is ended before the script ends.
"""

import argparse
import contextlib
import filecmp
import hashlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import traceback
import urllib.request

from clients import (ANSWER_LIMIT, Opentracker, Program, QBittorrent, find_program, wait_for)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))
from boxes import BOXES  # noqa: E402

TIME_LIMIT = 150        # seconds for everything before the programs are ended
SEED_LIMIT = 20         # seconds until the tracker knows the seeder
SIM_LIMIT = 15          # seconds until ptp-sim listens
DELIVER_LIMIT = 30      # seconds for a cycle of ptp-archiver
DOWNLOAD_LIMIT = 75     # seconds from delivery to the last byte
PIECE_EXPONENT = 16     # pieces of 64 KiB: many pieces though the data is small

USER = "swarmtestuser001"
KEY = "swarmtestkey00000000000000000001"

SINGLE = {"The single film (1931).mkv": 3 * 1024 * 1024 + 12345}
MULTI_NAME = "Le film en morceaux"
MULTI = {
    "film.mkv": 2 * 1024 * 1024 + 1,
    "cd 2/suite é.mkv": 700_001,
    "cd 2/deep/one byte.nfo": 1,
    "exact.bin": 4 << PIECE_EXPONENT,
}


class Torrent:
    """A .torrent file of this scenario: its path, its info-hash, and where its data lies."""

    def __init__(self, path, data):
        self.path = path
        self.data = data
        self.infohash = ask_infohash(path)


def ask_infohash(path):
    """The info-hash as transmission-show computes it (40 lower-case hex digits)."""
    shown = subprocess.run([find_program("transmission-show"), path], check=True,
                           capture_output=True, text=True, timeout=30).stdout
    return re.search(r"^\s*Hash: ([0-9a-f]{40})$", shown, re.MULTILINE).group(1)


def write_random(folder, sizes):
    for name, size in sizes.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))


def make_torrents(data, folder, announce):
    """Random files below data, and for each tool one private .torrent in folder."""
    folder.mkdir()
    data.mkdir()
    write_random(data, SINGLE)
    write_random(data / MULTI_NAME, MULTI)
    single = data / next(iter(SINGLE))
    multi = data / MULTI_NAME
    single_torrent = folder / "The single film (1931).torrent"
    multi_torrent = folder / f"{MULTI_NAME}.torrent"
    subprocess.run(
        [find_program("mktorrent"), "-p", "-a", announce, "-l", str(PIECE_EXPONENT),
         "-o", single_torrent, single],
        check=True, stdout=subprocess.DEVNULL, timeout=60)
    subprocess.run(
        [find_program("transmission-create"), "-p", "-t", announce,
         "-s", str((1 << PIECE_EXPONENT) // 1024), "-o", multi_torrent, multi],
        check=True, stdout=subprocess.DEVNULL, timeout=60)
    return [Torrent(single_torrent, single), Torrent(multi_torrent, multi)]


class Simulator(Program):
    """ptp-sim, the tracker that hands out the .torrent files of a folder."""

    def __init__(self, folder):
        super().__init__("ptp-sim", folder)
        self.printed = self.folder / "stdout.log"
        self.requests = self.folder / "requests.log"

    def run(self, build, torrents):
        self.start([build / "ptp-sim", "--listen", "127.0.0.1:0", "--torrents", torrents,
                    "--log", self.requests], output=self.printed)
        listening = wait_for(
            "ptp-sim listens",
            lambda: re.search(r"^ptp-sim: listening on (http://127\.0\.0\.1:\d+)$",
                              self.printed.read_text(), re.MULTILINE),
            SIM_LIMIT, [self])
        self.url = listening.group(1)

    def downloads(self):
        """{infohash: how often its .torrent was downloaded} of everything assigned."""
        with urllib.request.urlopen(f"{self.url}/sim/state", timeout=ANSWER_LIMIT) as reply:
            assignments = json.load(reply)["assignments"]
        return {a["infohash"].lower(): a["downloads"] for a in assignments}

    def logs(self):
        return [self.log, self.printed, self.requests]


class Archiver(Program):
    """ptp-archiver with one container, which may get two torrents in one cycle."""

    def __init__(self, folder):
        super().__init__("ptp-archiver", folder)
        self.printed = self.folder / "stdout.log"

    def run(self, build, url, destination, *command):
        """destination: what a container says of where its torrents go, in variables."""
        self.start(
            [build / "ptp-archiver", "--config", self.folder / "config.ptp",
             "--state", self.folder / "state", *command],
            {"PTP_USER": USER, "PTP_KEY": KEY, "PTP_CONTAINERS": "swarm:5G",
             "PTP_BASE_URL": url, "PTP_FETCH_SLEEP": "0", "PTP_PER_CYCLE": "2", **destination},
            output=self.printed)

    def configure_client(self, client):
        """A client named "leecher" in config.ptp."""
        word = self.folder / "word"
        word.write_text(client.password)
        about = {**client.about(), "PasswordFile": str(word)}
        (self.folder / "config.ptp").write_text(json.dumps({"Clients": {"leecher": about}}))

    def written(self):
        """The paths of the torrents that it says it has delivered."""
        return [pathlib.Path(p) for p in re.findall(r'^New download written as "(.+)"$',
                                                    self.printed.read_text(), re.MULTILINE)]

    def logs(self):
        return [self.log, self.printed]


def compare(torrent, downloads):
    """The downloaded data is the seeded data: the same files, and each the same bytes."""
    arrived = downloads / torrent.data.name
    expected = [torrent.data] if torrent.data.is_file() else sorted(
        p for p in torrent.data.rglob("*") if p.is_file())
    found = [arrived] if arrived.is_file() else sorted(
        p for p in arrived.rglob("*") if p.is_file())
    names = [p.relative_to(torrent.data) for p in expected]
    assert [p.relative_to(arrived) for p in found] == names, f"other files arrived: {found}"
    for mine, theirs in zip(expected, found):
        assert digest(mine) == digest(theirs), f"SHA-256 differs: {theirs}"
        assert filecmp.cmp(mine, theirs, shallow=False), f"bytes differ: {theirs}"
    return len(found), sum(p.stat().st_size for p in found)


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def expect_picked_up(watch, torrents, client):
    """Nothing is left in the watch directory but what the client itself leaves there.

    qBittorrent removes a .torrent that it has taken, Transmission renames it to *.added.
    """
    left = sorted(p for p in watch.rglob("*")
                      if p.is_file() and not p.name.startswith("mark-"))
    if isinstance(client, QBittorrent):
        assert not left, f"still in the watch directory: {left}"
        return
    taken = sorted(p.read_bytes() for p in left)
    assert all(p.name.endswith(".torrent.added") for p in left), f"not taken: {left}"
    assert taken == sorted(t.path.read_bytes() for t in torrents), "delivered other bytes"


def scenario(options, stack, programs):
    def track(program):
        """Ends the program with the scenario and shows its logs after a failure."""
        programs.append(program)
        stack.callback(program.stop)
        return program

    started = time.monotonic()

    def say(what):
        print(f"{time.monotonic() - started:6.1f} s  {what}", flush=True)

    base = options.folder
    watch = base / "watch"
    watch.mkdir()
    tracker_address, seeder_address, leecher_address = options.addresses.split(",")

    tracker = track(Opentracker(base / "tracker", tracker_address))
    torrents = make_torrents(base / "data", base / "torrents", tracker.announce)
    tracker.run([t.infohash for t in torrents])
    seeder = track(QBittorrent("seeder", base / "seeder", seeder_address))
    seeder.run()
    for torrent in torrents:
        seeder.seed(torrent.path, base / "data")
    for torrent in torrents:
        wait_for(f"the tracker knows a seeder of {torrent.path.name}",
                 lambda t=torrent: tracker.has_seeder(t.infohash), SEED_LIMIT, programs)
    say("seeded, the tracker knows it")

    kind = next(box for box in BOXES if box.kind == options.downloader)
    watched = options.through == "watch"
    leecher = track(kind.make(base / "leecher", leecher_address, watch=watch if watched else None))
    leecher.launch()
    assert not leecher.states(), "the second client is not empty"
    say(f"{options.downloader} waits for torrents")

    simulator = track(Simulator(base / "sim"))
    simulator.run(options.build, base / "torrents")
    archiver = track(Archiver(base / "archiver"))
    destination = {"PTP_WATCH": str(watch)} if watched else {"PTP_CLIENT": "leecher"}
    if not watched:
        archiver.configure_client(leecher)
    if options.deliver == "fetch":
        archiver.run(options.build, simulator.url, destination, "fetch", "all")
        status = archiver.wait(DELIVER_LIMIT)
        assert status == 0, f"ptp-archiver fetch all ended with status {status}"
        written = archiver.written()
        assert len(written) == (len(torrents) if watched else 0), f"said to be written: {written}"
        assert {p.parent for p in written} <= {watch}, f"said to be written: {written}"
        say("ptp-archiver fetch all has delivered")
    else:
        archiver.run(options.build, simulator.url, destination, "run")

    wanted = {t.infohash for t in torrents}
    wait_for("the client has loaded both torrents",
             lambda: loaded(leecher, wanted), DELIVER_LIMIT, programs)
    say("both torrents loaded")
    wait_for("the client has downloaded both torrents",
             lambda: finished(leecher), DOWNLOAD_LIMIT, programs)
    say("downloaded to 100 %")
    for torrent in torrents:
        files, size = compare(torrent, leecher.downloads)
        say(f"{torrent.data.name}: {files} files, {size} bytes, identical")
    if watched:
        expect_picked_up(watch, torrents, leecher)
    downloads = simulator.downloads()
    assert downloads == dict.fromkeys(wanted, 1), f"not each assigned once: {downloads}"
    if options.deliver == "run":
        status = archiver.stop()
        assert status == 0, f"ptp-archiver run ended with status {status} at SIGTERM"
        say("ptp-archiver run ended")
    assert set(leecher.states()) == wanted, "the client has loaded something else as well"


def loaded(client, infohashes):
    states = client.states()
    if set(states) == infohashes:
        return True
    raise ValueError(states)        # shown if the deadline passes


def finished(client):
    states = client.states()
    if all(s.complete for s in states.values()):
        return True
    raise ValueError(states)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--downloader", choices=[box.kind for box in BOXES], required=True)
    parser.add_argument("--deliver", choices=("fetch", "run"), required=True)
    parser.add_argument("--through", choices=("watch", "client"), required=True)
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--addresses", required=True)
    options = parser.parse_args()
    programs = []

    def over_time(_signal, _frame):
        raise AssertionError(f"not done within {TIME_LIMIT} s")

    signal.signal(signal.SIGALRM, over_time)
    signal.alarm(TIME_LIMIT)
    try:
        with contextlib.ExitStack() as stack:
            scenario(options, stack, programs)
    except Exception:
        traceback.print_exc()
        for program in programs:
            print(program.tail(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
