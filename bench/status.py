"""What the status page costs: a ledger with 50,000 torrents and 20,000 cycles, four containers.

Prints the time of a request in milliseconds, as a client on this machine sees it (connection and
all). Exit status 1 if a limit is broken:
the page within 50 ms, a scrape within 5 ms.
"""

import http.client
import pathlib
import shutil
import statistics
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "test" / "scenario"), str(ROOT / "test" / "page")]

from harness import Archiver, Sim   # noqa: E402
from server import Server   # noqa: E402

import seed   # noqa: E402

TORRENTS, CYCLES, RUNS = 50000, 20000, 100
CONTAINERS = {"attic": "40T", "cellar": "200T", "hetzner": "300T", "loft": "90T"}
LIMITS = {"": 50, "metrics": 5}


def fill(archiver):
    """Fourteen years: a cycle every six hours, the torrents spread over them."""
    names = list(CONTAINERS)
    with seed.past(archiver) as p:
        step = 6 * seed.HOUR
        for i in range(CYCLES):
            at = p.at - (CYCLES - i) * step + 4 * seed.HOUR
            bad = i % 97 == 0
            p.cycle(at, {n: ("ERR(HTTP 503)", "the tracker answered HTTP 503") if bad
                         else ("OK", "") for n in names}, well=not bad)
        for i in range(TORRENTS):
            at = p.at - (TORRENTS - i) * CYCLES * step // TORRENTS
            p.torrent(names[i % 4], at, path=f"/srv/watch/Some Film {i} (1999).torrent")
        for i in range(20):
            p.torrent(names[i % 4], p.at - i * seed.HOUR, state=1 + i % 2)
        p.clock()


def measure(server, path):
    taken, size = [], 0
    for _ in range(RUNS):
        begin = time.perf_counter()
        connection = http.client.HTTPConnection(server.host, server.port, timeout=20)
        connection.request("GET", "/" + path)
        answer = connection.getresponse()
        size = len(answer.read())
        taken.append((time.perf_counter() - begin) * 1000)
        assert answer.status == 200
        connection.close()
    return taken, size


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ptp-bench."))
    sim = Sim(folder / "sim")
    archiver = Archiver(folder / "a", sim.url, ",".join(f"{n}:{s}" for n, s in CONTAINERS.items()),
                        PTP_LISTEN="127.0.0.1:0")
    slow = 0
    try:
        fill(archiver)
        size = (archiver.state / "ledger.db").stat().st_size
        server = Server(archiver, archiver.start())
        print(f"{TORRENTS} torrents, {CYCLES} cycles, ledger of {size / 1e6:.1f} MB; "
              f"{RUNS} requests each")
        for path in ("", "metrics", "api/status", "api/history", "api/history?container=attic"):
            taken, size = measure(server, path)
            limit = LIMITS.get(path)
            slow += bool(limit and statistics.median(taken) > limit)
            print(f"/{path:28} median {statistics.median(taken):6.2f} ms, worst "
                  f"{max(taken):6.2f} ms, {size / 1000:6.1f} kB" + (f"  (limit {limit} ms)"
                                                                     if limit else ""))
    finally:
        archiver.close()
        sim.close()
        shutil.rmtree(folder)
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
