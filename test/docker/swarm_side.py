#!/usr/bin/python3
"""What the compose stack talks to: a BitTorrent tracker, a seeder, and the simulator.

    swarm_side.py FOLDER TRACKER-ADDRESS SEEDER-ADDRESS

Run inside the network namespace of the stack (test_compose.py).  Prints one line of JSON when all
is ready ({"url": of the simulator, "data": folder of the seeded files}), and ends with its standard
input.
"""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "real"))

from clients import Opentracker, QBittorrent, wait_for     # noqa: E402
from swarm import SEED_LIMIT, Simulator, make_torrents     # noqa: E402


def main():
    folder, tracker_address, seeder_address = pathlib.Path(sys.argv[1]), *sys.argv[2:]
    programs = []
    try:
        tracker = Opentracker(folder / "tracker", tracker_address)
        torrents = make_torrents(folder / "data", folder / "torrents", tracker.announce)
        programs.append(tracker)
        tracker.run([t.infohash for t in torrents])
        seeder = QBittorrent("seeder", folder / "seeder", seeder_address)
        programs.append(seeder)
        seeder.run()
        for torrent in torrents:
            seeder.seed(torrent.path, folder / "data")
        for torrent in torrents:
            wait_for(f"the tracker knows a seeder of {torrent.path.name}",
                     lambda t=torrent: tracker.has_seeder(t.infohash), SEED_LIMIT, programs)
        simulator = Simulator(folder / "sim")
        programs.append(simulator)
        simulator.run(ROOT / "build", folder / "torrents")
        print(json.dumps({"url": simulator.url, "data": str(folder / "data")}), flush=True)
        sys.stdin.read()
    finally:
        for program in programs:
            program.stop()


if __name__ == "__main__":
    main()
