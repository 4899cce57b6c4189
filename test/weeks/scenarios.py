"""Virtual weeks: each scenario drives real programs and says which figures are right."""

import collections
import dataclasses
import email.utils
import random
import signal
import typing

import judge
from world import DAY, HOUR, MINUTE, Host

ROOMY = "900T"
THREE = ("attic", "barn", "cellar")
KEEPS_FILES = {"PTP_PICK_UP_WITHIN": "off"}  # No client takes the torrents away.
WRONG_KEY = {"accounts": [{"user": "another567890123", "key": "k" * 32}]}


def containers(names):
    return ",".join(f"{name}:{ROOMY}" for name in names)


def numbered(n):
    return [f"c{i:03}" for i in range(n)]


def host(world, names=THREE, **variables):
    return Host(world, containers(names), **{**KEEPS_FILES, **variables})


@dataclasses.dataclass
class Scenario:
    name: str
    title: str
    drive: typing.Callable  # takes the world; returns nothing
    calls: tuple  # least and most a day
    measured: float = None  # figures count up to here; None: to the end
    world: dict = dataclasses.field(default_factory=dict)  # what the simulator does
    rules: dict = dataclasses.field(default_factory=dict)  # for judge.breaches
    checks: tuple = ()  # each takes world and log, and asserts


SCENARIOS = []


def scenario(title, calls, checks=(), world=None, measured=None, **rules):
    def add(drive):
        SCENARIOS.append(Scenario(drive.__name__, title, drive, calls, measured, world or {},
                                  rules, checks))
        return drive
    return add


def live(world, one, seconds, **variables):
    """A daemon for so long."""
    process = one.daemon(**variables)
    world.until(world.now + seconds)
    assert process.poll() is None, one.said()[-2000:]
    assert one.stop(process) == 0, one.said()[-2000:]


def repeat(world, seconds, one, *command, pause=1):
    """A person's loop in a shell."""
    end = world.now + seconds
    while world.now < end:
        one.command(*command)
        world.sleep(pause)


# ---- checks ----

def begins_gently(world, log):
    """The first call of a new ledger, 30 to 60 seconds after the start."""
    assert 30 <= judge.calls(log)[0]["at"] <= 61


def served(log, begin=0, end=float("inf")):
    return collections.Counter(r["query"]["ContainerName"] for r in judge.fetches(log)
                               if begin <= r["at"] < end)


def each_served(n, within):
    def check(world, log):
        count = served(log, end=within)
        missing = [name for name in numbered(n) if not count[name]]
        assert not missing, f"not asked within {within / HOUR:.0f} h: {missing}"
    return check


def none_preferred(n):
    def check(world, log):
        count = served(log)
        assert len(count) == n and max(count.values()) - min(count.values()) <= 1, count
    return check


def recovers(when, within=DAY / 2):
    """After the trouble each container is asked for again."""
    def check(world, log):
        count = served([r for r in log if not r["fault"]], when, when + within)
        assert set(count) == set(numbered(50)), len(count)
    return check


def few_pings(world, log):
    """Cycles that a back-off kept from calling: at most one in 10 minutes, two pings each."""
    hours = world.now / HOUR
    most = 2 * (len(judge.fetches(log)) + 6 * hours + 1)
    assert 0 < len(judge.pings(log)) <= most, (len(judge.pings(log)), most)


def burst_has_full_speed(world, log):
    """The gaps are what holds this cycle back: the scenario would prove nothing otherwise."""
    burst = [r for r in judge.fetches(log) if r["at"] >= 2 * HOUR]
    assert min(judge.gaps(burst)) < 12


# ---- regular life ----

@scenario("3 containers, 4 weeks", (20, 28), checks=(begins_gently,))
def steady(world):
    live(world, host(world), 28 * DAY)


@scenario("50 containers, 3 days", (340, 480))
def fifty(world):
    live(world, host(world, numbered(50)), 3 * DAY)


@scenario("50 containers, `PerCycle` 5, a day", (1500, 2900))
def fifty_by_five(world):
    live(world, host(world, numbered(50)), DAY, PTP_PER_CYCLE="5")


@scenario("500 containers, 14 hours", (2000, 2960), checks=(each_served(500, 13 * HOUR),))
def five_hundred(world):
    live(world, host(world, numbered(500)), 14 * HOUR)


@scenario("100 containers every hour: a cycle is longer than the interval; 10 hours",
          (2400, 2980), checks=(none_preferred(100),))
def longer_than_the_interval(world):
    live(world, host(world, numbered(100)), 10 * HOUR, PTP_INTERVAL="1h")


@scenario("two hosts on one account, 3 containers each, a week", (40, 56))
def two_hosts(world):
    one, other = host(world), host(world, ("north", "south", "west"))
    a, b = one.daemon(), other.daemon()
    world.until(7 * DAY)
    assert one.stop(a) == 0 and other.stop(b) == 0


# ---- people and scripts ----

@scenario("`fetch all` in a loop, 6 hours", (2700, 3000))
def fetch_loop(world):
    repeat(world, 6 * HOUR, host(world), "fetch", "all")


def storm(world, seconds):
    one = host(world)
    process = one.daemon()
    while world.now < seconds:
        world.sleep(1)
        process.send_signal(signal.SIGUSR1)
    assert one.stop(process) == 0


@scenario("SIGUSR1 each second, 2 hours", (2800, 3240))
def usr1_storm(world):
    storm(world, 2 * HOUR)


@scenario("SIGUSR1 each second while the tracker answers 503, 25 minutes", (1, 300),
          checks=(few_pings,), world={"faults": [{"do": "status", "status": 503,
                                                  "endpoint": "fetch"}]})
def usr1_storm_in_an_outage(world):
    storm(world, 25 * MINUTE)


@scenario("wrong key, 50 containers, `fetch all --force` in a loop, an hour", (600, 1470),
          world=WRONG_KEY, force=True)
def wrong_key_forced(world):
    repeat(world, HOUR, host(world, numbered(50)), "fetch", "all", "--force", pause=10)


@scenario("429 with `Retry-After: 1800`, `fetch all --force` in a loop, 4 hours", (20, 49),
          world={"faults": [{"do": "status", "status": 429, "endpoint": "fetch",
                             "headers": {"Retry-After": "1800"}}]},
          force=True, retry_after=lambda r: r["at"] + 1800)
def too_many_forced(world):
    repeat(world, 4 * HOUR, host(world), "fetch", "all", "--force", pause=60)


@scenario("`check --online` in a loop, the tracker drops connections, 3 hours", (100, 3240),
          world={"faults": [{"do": "drop"}]}, memory=False)
def check_loop(world):
    repeat(world, 3 * HOUR, host(world), "check", "--online")


# ---- trouble with the tracker ----

def trouble(name, title, most, fault):
    @scenario(f"{title} for a day, 50 containers", (7, most), checks=(recovers(DAY),),
              measured=DAY, world={"faults": [{"endpoint": "fetch", **fault}]})
    def drive(world):
        one = host(world, numbered(50))
        process = one.daemon()
        world.until(DAY)
        world.faults()
        world.until(DAY + 12 * HOUR)
        assert one.stop(process) == 0
    SCENARIOS[-1].name = name
    return drive


trouble("outage", "503", 11, {"do": "status", "status": 503})
trouble("wrong_key", "wrong key (401)", 11, {"do": "status", "status": 401})
trouble("login_page", "a login page with status 200", 11, {"do": "html", "page": "login"})
trouble("maintenance_page", "a maintenance page with status 200", 11,
        {"do": "html", "page": "maintenance"})
trouble("redirect", "302 to another host", 11,
        {"do": "redirect", "to": "http://127.0.0.2:9/login.php"})
trouble("bad_request", "400", 11, {"do": "status", "status": 400})
trouble("not_found", "404", 11, {"do": "status", "status": 404})
trouble("unreadable", "JSON that cannot be read", 11, {"do": "reply", "body": "{\"Status\":"})
trouble("refusals", "`Status: Error` with an unknown text", 14, {"do": "json_error"})
trouble("dropped", "connections that are dropped", 11, {"do": "drop"})


# ---- clocks ----

def since_1970(world):
    """So far behind is a clock that begins at 1970."""
    return -(world.epoch + world.now) + 30


@scenario("a boot each day with the clock at 1970, right after 30 s; a week", (20, 36))
def clock_at_1970(world):
    one = host(world)
    for day in range(7):
        one.boot()
        one.set_clock(since_1970(world))
        process = one.daemon()
        world.sleep(30)
        one.set_clock(0)
        world.until((day + 1) * DAY - random.uniform(0, 3 * HOUR))
        assert one.stop(process, signal.SIGKILL) == -signal.SIGKILL


@scenario("the same with a wrong key, 3 days", (2, 14), world=WRONG_KEY)
def clock_at_1970_wrong_key(world):
    one = host(world)
    one.boot()
    one.set_clock(since_1970(world))
    process = one.daemon()
    world.sleep(30)
    one.set_clock(0)
    world.until(3 * DAY)
    assert one.stop(process) == 0


@scenario("the clock is set a minute forward during each download, 30 containers, 3 hours",
          (500, 2980), checks=(burst_has_full_speed,),
          world={"faults": [{"do": "delay", "seconds": 5, "endpoint": "download"}]})
def clock_steps(world):
    one = host(world, numbered(30))
    process = one.daemon()
    world.until(2 * HOUR)  # The bucket is full again, so only the gaps hold the next cycle back.
    process.send_signal(signal.SIGUSR1)
    first = seen = world.count("download")
    while world.now < 3 * HOUR:
        world.sleep(2)
        if world.count("download") > seen:
            seen = world.count("download")
            one.set_clock(60 * (seen - first))
    assert seen - first >= 20 and one.stop(process) == 0


RETRY_AT = 3 * HOUR


@scenario("`Retry-After` as a date 3 h ahead, the local clock 4 h ahead; 12 hours", (8, 60),
          retry_after=lambda r: RETRY_AT if r["status"] == 429 else float("-inf"))
def retry_after_a_date(world):
    one = host(world)
    one.set_clock(4 * HOUR)
    when = email.utils.formatdate(world.epoch + RETRY_AT, usegmt=True)
    world.faults({"do": "status", "status": 429, "endpoint": "fetch",
                  "headers": {"Retry-After": when}})
    process = one.daemon()
    world.until(RETRY_AT)
    world.faults()
    world.until(12 * HOUR)
    assert one.stop(process) == 0


# ---- crashes ----

def crash_loop(world, seconds, lives, lose):
    one = host(world)
    end = world.now + seconds
    while world.now < end:
        process = one.daemon()
        world.sleep(lives())
        world.end(process)
        if lose:
            one.forget(marks=lose == "all")
        world.sleep(1)


@scenario("a crash a minute after each start, state and marks are lost; 2 hours", (100, 3240),
          memory=False)
def crashes_without_state(world):
    crash_loop(world, 2 * HOUR, lambda: 60, lose="all")


@scenario("a crash a minute after each start, the state is lost, the watch folder is there; 2 hours",
          (1, 48), memory=False)
def crashes_with_marks(world):
    crash_loop(world, 2 * HOUR, lambda: 60, lose="state")


@scenario("a crash right after each first torrent, state and marks are lost; 2 hours", (100, 3480),
          memory=False)
def crashes_at_first_torrent(world):
    one = host(world)
    while world.now < 2 * HOUR:
        before, process = world.count("download"), one.daemon()
        while world.count("download") == before:
            world.sleep(1)
        world.end(process)
        one.forget()


@scenario("a crash (kill -9) 1 to 120 s after each start, 12 hours", (6, 60))
def crashes(world):
    crash_loop(world, 12 * HOUR, lambda: random.uniform(1, 120), lose=None)
