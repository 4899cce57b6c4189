"""What copies of the ledger cost: a ledger with 100,000 torrents.

Prints how long the daemon's daily copy takes, its longest slice, what the check of the copy takes, how
late cycles were meanwhile, and how long `backup` and `restore` take. Exit status 1 if a limit is broken: no cycle
more than a second late, a stop within 2 seconds.
"""

import pathlib
import re
import shutil
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "test" / "scenario"), str(ROOT / "test" / "page")]

from harness import Archiver, Sim, wait_for   # noqa: E402

import seed   # noqa: E402

TORRENTS = 100000


def fill(archiver):
    with seed.past(archiver) as p:
        for i in range(TORRENTS):
            p.torrent(("attic", "cellar")[i % 2], p.at - i * 60000,
                      path=f"/srv/watch/Some Film {i} (1999).torrent")
        p.clock(ahead=-1000)


def daily(archiver, sim):
    """Cycles every two seconds while the copy is made."""
    begin, before = time.monotonic(), len(sim.fetches("attic"))
    process = archiver.start("--log-level", "debug", PTP_INTERVAL="2s")
    wait_for(lambda: "the daily copy of the ledger is" in archiver.log(), seconds=300)
    print(f"daily copy: {time.monotonic() - begin:.2f} s from the start of the daemon on")
    wait_for(lambda: len(sim.fetches("attic")) > before + 4, seconds=60)
    times = [r["at"] for r in sim.fetches("attic")[before:]]
    late = max(b - a for a, b in zip(times, times[1:])) - 2.2
    print(f"cycles meanwhile: the latest {max(0, late):.2f} s late")
    (archiver.state / "backup" / re.search(r"ledger-\S+\.db", archiver.log()).group()).unlink()
    archiver.stop(process)
    process = archiver.start("--log-level", "debug", PTP_INTERVAL="1h")
    time.sleep(0.4)
    _, took = archiver.stop(process)
    print(f"a stop while it is made: {took:.2f} s")
    return late > 1 or took > 2


def timed(what, *arguments, archiver):
    begin = time.monotonic()
    said = archiver.run(*arguments, status=0, timeout=600).stdout.splitlines()[0]
    print(f"{what}: {time.monotonic() - begin:.2f} s ({said.split(': ', 1)[1]})")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ptp-bench."))
    sim = Sim(folder / "sim")
    archiver = Archiver(folder / "a", sim.url, "attic:9000T,cellar:9000T")
    try:
        fill(archiver)
        size = (archiver.state / "ledger.db").stat().st_size
        print(f"{TORRENTS} torrents, ledger of {size / 1e6:.1f} MB")
        slow = daily(archiver, sim)
        timed("backup", "backup", "a.tar", archiver=archiver)
        timed("restore", "restore", "--force", "a.tar", archiver=archiver)
    finally:
        archiver.close()
        sim.close()
        shutil.rmtree(folder)
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
