"""Kill at every step: the program is ended with SIGKILL at its Nth change while the utility is its
engine (see test/scenario/test_kill.py).  The utility itself goes on, as it would."""

import itertools
import os
import signal

import pytest

from conftest import Utility
from test_utility import OLD, offer, variant
from test_kill import fast_folder, infohash, killer  # noqa: F401

# Every so many calls are tried; 1 tries all.
STEP = int(os.environ.get("PTP_TEST_STEP", "2"))
PARTS = 3


class Story:
    def __init__(self, sim, folder, number, **keys):
        self.sim, self.user, self.taken = sim, f"user{number:012d}", []
        self.archiver = Utility(folder / f"{number}", sim.url, "attic:800G", PTP_USER=self.user,
                                **keys)
        asan = self.archiver.environment.get("ASAN_OPTIONS", "")
        self.archiver.set(ASAN_OPTIONS=f"{asan}:verify_asan_link_order=0".lstrip(":"))

    def client_takes(self):
        for name in self.archiver.delivered():
            self.taken.append(infohash((self.archiver.watch / name).read_bytes()))
            (self.archiver.watch / name).unlink()

    def asked(self):
        return [r for r in self.sim.fetches() if r["headers"]["ApiUser"] == self.user]

    def assigned(self):
        return [a["infohash"] for a in self.sim.assignments() if a["user"] == self.user]

    def killed(self, killer, number):
        done = self.archiver.run("fetch", "all", LD_PRELOAD=killer, KILL_AT=number)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode != 0


@pytest.mark.parametrize("part", range(PARTS))
def test_what_the_utility_got_is_delivered_exactly_once_wherever_we_are_killed(
        sim, fast_folder, killer, part):  # noqa: F811
    sim.scenario(torrent_size=3000000, **sim.fixed)
    waited = 0
    for number in itertools.count(1 + part * STEP, PARTS * STEP):
        story = Story(sim, fast_folder, number)
        if not story.killed(killer, number):
            break
        story.client_takes()
        before = [row["state"] for row in story.archiver.history()]
        done = story.archiver.fetch(status=0)
        waited += "taking up a torrent" in done.stderr
        story.client_takes()
        assert sorted(story.taken) == sorted(story.assigned()), (number, before, done.stderr)
        assert not story.archiver.staged(), (number, before)
        states = [row["state"] for row in story.archiver.history()]
        assert set(states) <= {"delivered", "possibly lost"}, (number, before, states)
        # Only where the question was never put can there be one that is possibly lost.
        assert len(story.asked()) == states.count("delivered"), (number, before, states)
        if before and before != ["delivered"] and "possibly lost" not in states:
            assert len(story.asked()) == 1, (number, before, done.stderr)
    assert number > 100
    # So few of the steps lie while the utility runs that a wide stride may miss them.
    assert waited > 0 or STEP > 2


def steps_of_an_update(story, killer):
    """The numbers of the calls that change the script or what is noted of it, and those around
    them: how many calls lie before varies a little."""
    calls = story.archiver.folder / "calls"
    done = story.archiver.run("fetch", "all", LD_PRELOAD=killer, CALLS=calls)
    assert done.returncode == 0, done.stderr
    numbers = [int(line.split()[0]) for line in calls.read_text().splitlines()
               if any(word in line for word in ("archiver.py", ".bak", "trying", "refused"))]
    return range(min(numbers) - 3, max(numbers) + 4, STEP)


@pytest.mark.parametrize("in_place, works", [("pass", True), ("raise KeyError('here')", False)],
                         ids=["works", "fails"])
def test_an_update_is_whole_proven_or_taken_back_wherever_we_are_killed(
        sim, fast_folder, killer, in_place, works):  # noqa: F811
    new = variant(f"if sys.argv[0].endswith('archiver.py'): {in_place}")
    offer(sim, new)
    keys = {"script": OLD, "PTP_UTILITY_UPDATE": "auto"}
    unproven = 0
    for number in steps_of_an_update(Story(sim, fast_folder, 0, **keys), killer):
        story = Story(sim, fast_folder, number, **keys)
        story.killed(killer, number)
        a = story.archiver
        assert a.script.read_text() in (OLD, new), number
        unproven += a.script.read_text() == new and "delivered" not in (
            row["state"] for row in a.history())
        done = a.fetch(status=0)
        assert a.script.read_text() == (new if works else OLD), (number, done.stderr)
        assert not (a.staging / "trying").exists(), number
        assert not list(a.folder.glob("*.bak")) or \
            (a.folder / "archiver.py-0.9.bak").read_text() == OLD, number
    assert unproven > 0 or STEP > 2
