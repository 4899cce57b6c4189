"""The whole program, configured through config.ptp, with each real client of Debian 12.

The tracker is the simulator, which hands out torrents made here.  What goes for all clients is
asked of each: a new one is a class in boxes.py.
"""

import json
import pathlib
import sys
import threading

import pytest

from boxes import BOXES, SEEN_LIMIT, Held, QBittorrentBox, TransmissionBox
from driver import ROOT, make_torrent
from proxy import FakeTracker

from clients import wait_for

sys.path.insert(0, str(ROOT / "test" / "scenario"))
from harness import KEY, USER, Archiver, Sim, summary   # noqa: E402
from test_swarm import run_swarm                        # noqa: E402

PROGRAMS = sorted({p for box in BOXES for p in box.programs} | {"opentracker"})
DELIVER_LIMIT = 30      # seconds until a daemon has delivered
REJECT_LIMIT = 120      # seconds until qBittorrent gives a corrupt file up: it takes 62 (client
                        # notes, section 6)
KILL_LIMIT = 30         # seconds that a held call waits for the death of its caller


@pytest.fixture(params=BOXES, ids=lambda kind: kind.kind)
def box(request, tmp_path):
    yield from running(request.param.make(tmp_path / "box"))


def running(box):
    try:
        box.launch()
        yield box
    finally:
        box.stop()
        print(box.tail())


class Whole:
    """The program and the simulated tracker, whose torrents are those that make() made."""

    def __init__(self, folder):
        self.folder = folder
        self.torrents = folder / "torrents"     # those that the tracker hands out
        self.torrents.mkdir()
        self.word = folder / "word"             # the PasswordFile
        self.sim = self.archiver = None

    def make(self, name, **more):
        """A torrent whose content lies in self.content; its infohash."""
        path, v1 = make_torrent(self.content, name, **more)
        path.rename(self.torrents / f"{name}.torrent")
        return v1

    @property
    def content(self):
        return self.folder / "content"

    def configure(self, about, containers, default=None, password=None, **settings):
        """Writes config.ptp; `about` is the client's entry.  Containers: {name: settings}."""
        if password is not None:
            self.word.write_text(password + "\n")
        clients = {"box": {**about, "PasswordFile": str(self.word)}} if about else {}
        self.archiver.configure(
            ApiUser=USER, ApiKey=KEY, BaseURL=self.sim.url, FetchSleep="0", Clients=clients,
            Default={"Client": "box", **(default or {})} if default is None or
            "WatchDirectory" not in default else default,
            Containers={name: {"Size": "1T", **own} for name, own in containers.items()},
            **settings)

    def start(self, box, containers, default=None, url=None, password=None, **settings):
        self.sim = Sim(self.folder / "sim", "--torrents", str(self.torrents))
        self.archiver = Archiver(self.folder / "archiver", containers=None)
        self.archiver.set(PTP_USER=None, PTP_KEY=None, PTP_WATCH=None, PTP_FETCH_SLEEP=None)
        self.configure(box.about(url), containers, default, password or box.password, **settings)
        return self.archiver

    def audit(self):
        return json.loads(self.archiver.run("audit", "--json").stdout)

    def close(self):
        if self.archiver:
            self.archiver.close()
        if self.sim:
            self.sim.close()


@pytest.fixture
def whole(tmp_path):
    made = Whole(tmp_path)
    yield made
    made.close()


def wait_held(box, expected):
    def held():
        seen = box.held()
        if seen == expected:
            return True
        raise ValueError(seen)
    wait_for("what the client holds", held, SEEN_LIMIT)


def wait_state(archiver, state, n=1):
    wait_for(f"{n} {state}", lambda: [r["state"] for r in archiver.history()] == [state] * n,
             DELIVER_LIMIT)


def wait_audit(whole, expected, key="name"):
    """Until the audit says {name: state}; its rows, by name."""
    def seen():
        rows = {row[key]: row for row in whole.audit()["torrents"]}
        states = {name: row["state"] for name, row in rows.items()}
        if states == expected:
            return rows
        raise ValueError(rows)
    return wait_for("the audit", seen, DELIVER_LIMIT)


# ---- delivery ----

def test_a_torrent_is_delivered_as_its_container_says(box, whole, tmp_path):
    first, second = whole.make("a film é"), whole.make("b film")
    save, own = str(tmp_path / "save é"), str(tmp_path / "own")
    default = {"Category": box.category, "SavePath": save, "Paused": True}
    if box.has_tags:
        default["Tags"] = ["x", "y z"]
    archiver = whole.start(box, {"attic": {}}, default)
    done = archiver.fetch(status=0)
    assert done.stdout == 'New download handed to the client "box"\n'
    there = {first: Held(box.category, {"x", "y z"} if box.has_tags else set(), save, True)}
    wait_held(box, there)
    assert box.password not in done.stderr

    # The tracker assigns what the client has already.
    box.add(whole.torrents / "b film.torrent", own, "byhand")
    wait_for("it is there", lambda: second in box.held(), SEEN_LIMIT)
    by_hand = box.held()[second]
    assert (by_hand.category, by_hand.folder) == ("byhand", own)
    archiver.fetch(status=0)
    wait_held(box, {**there, second: by_hand})
    assert [(r["state"], r["client"]) for r in archiver.history()] == 2 * [("delivered", "box")]
    assert len(whole.sim.fetches()) == 2


def test_a_client_that_is_stopped_gets_it_when_it_is_back(box, whole):
    v1 = whole.make("film")
    whole.make("another film")
    archiver = whole.start(box, {"attic": {}}, {"Category": box.category})
    box.stop()
    daemon = archiver.start()
    wait_for("a cycle without the client", lambda: "WAIT(Client)" in archiver.log(), DELIVER_LIMIT)
    wait_state(archiver, "fetched")
    box.launch()
    wait_for("it is there", lambda: len(box.held()) == 1, DELIVER_LIMIT)
    wait_state(archiver, "delivered")
    assert archiver.stop(daemon)[0] == 0
    assert len(whole.sim.fetches()) == 1 and len(whole.sim.downloads()) == 1
    (row,) = archiver.history()
    assert list(box.held()) == [row["infohash"]] and row["infohash"] != v1


def test_killed_amid_the_call_it_is_delivered_once(box, whole, tmp_path):
    v1 = whole.make("film")
    held, killed = threading.Event(), threading.Event()

    def hold(request):
        if request.has(box.ADD) and not killed.is_set():
            held.set()
            return killed.wait(KILL_LIMIT)
        return False

    with box.proxy(after=hold) as proxy:
        archiver = whole.start(box, {"attic": {}}, {"Category": box.category, "Paused": True,
                                                    "SavePath": str(tmp_path / "save")},
                               url=proxy.url)
        daemon = archiver.start()
        assert held.wait(DELIVER_LIMIT)
        daemon.kill()
        daemon.wait()
        killed.set()
        wait_for("the client has it", lambda: v1 in box.held(), SEEN_LIMIT)
        assert archiver.history()[0]["state"] == "delivering"
        archiver.start()
        wait_state(archiver, "delivered")
        assert proxy.count(box.ADD) == 1
    wait_held(box, {v1: Held(box.category, set(), str(tmp_path / "save"), True)})
    assert len(whole.sim.fetches()) == 1


def test_a_wrong_password_is_one_login_however_often_it_fetches(box, whole):
    v1 = whole.make("film")
    with box.proxy() as proxy:
        archiver = whole.start(box, {"attic": {}, "cellar": {}}, url=proxy.url, password="wrong")
        for _ in range(4):
            done = archiver.fetch(status=1)
            assert summary(done.stderr) == "attic:WAIT(Client), cellar:WAIT(Client)"
        assert box.tries(proxy) == 1
        assert not whole.sim.fetches()
        whole.word.write_text(box.password)
        archiver.fetch("attic", status=0)
    wait_for("it is there", lambda: v1 in box.held(), SEEN_LIMIT)


# ---- guards ----

def test_guards_hold_before_the_tracker_is_asked(box, whole):
    v1 = whole.make("a film")
    whole.make("b film")
    containers = {"attic": {"Category": "attic"}, "cellar": {"Category": "cellar"}}

    def fetch(name, status, **default):
        whole.configure(box.about(), containers, default, box.password)
        archiver.fetch(name, status=status)
        return archiver.outcome(name)

    archiver = whole.start(box, containers)
    assert fetch("attic", 1, Reserve="1000T") == "WAIT(Space)"
    assert not whole.sim.fetches()
    assert fetch("attic", 0, Reserve="1M", MaxStalled=1, MaxActive=1) == "OK"
    wait_audit(whole, {v1: "stalled"}, "infohash")      # nobody has it
    assert fetch("attic", 0, MaxStalled=1) == "WAIT(Stalled)"
    assert fetch("attic", 0, MaxActive=1) == "WAIT(Backlog)"
    assert len(whole.sim.fetches()) == 1
    assert fetch("cellar", 0, MaxStalled=1, MaxActive=1) == "OK"
    assert len(box.held()) == 2


# ---- the audit, the vault ----

def test_the_audits_classes_made_for_real(box, whole, tmp_path):
    words = f"Unregistered torrent, see http://t.example/{FakeTracker.KEY}"
    with FakeTracker(failure_reason=words.encode()) as refusing, \
            FakeTracker(interval=1800, peers=b"") as tracker:
        for name in ("missing", "paused", "seeding", "stalled"):
            whole.make(name, announce=tracker.announce)
        whole.make("error", announce=refusing.announce)
        empty = str(tmp_path / "empty")
        # In byte order of their names, as the tracker hands them out.
        archiver = whole.start(box, {
            "error": {"SavePath": empty}, "missing": {"SavePath": empty},
            "paused": {"SavePath": empty, "Paused": True},
            "seeding": {"SavePath": str(whole.content)}, "stalled": {"SavePath": empty}})
        archiver.fetch(status=0)
        rows = {row["name"]: row for row in archiver.history()}
        box.remove(rows["missing"]["infohash"])
        seen = wait_audit(whole, {name: name for name in rows})
    told = seen["error"]["message"]
    assert "Unregistered torrent" in told
    assert "t.example" not in told and FakeTracker.KEY not in told
    assert seen["seeding"]["left"] == 0 < seen["stalled"]["left"]
    done = archiver.run("audit", status=1)
    assert done.stdout.splitlines()[0] == \
        "5 assigned: 1 seeding, 1 stalled, 1 paused, 1 error, 1 missing"
    box.stop()
    assert archiver.run("audit", status=1).stdout.splitlines()[0] == "5 assigned: 5 not asked"


def test_a_client_that_was_rebuilt_is_filled_from_the_vault(box, whole, tmp_path):
    for name in "abc":
        whole.make(f"{name} film")
    archiver = whole.start(box, {"attic": {"Category": "attic"}, "cellar": {"Category": "cellar"}},
                           {"SavePath": str(tmp_path / "save"), "Paused": True})
    archiver.fetch(status=0)
    archiver.fetch("attic", status=0)
    wait_for("three of them", lambda: len(box.held()) == 3, SEEN_LIMIT)
    there = box.held()
    calls = len(whole.sim.requests())
    box.rebuild()
    assert box.held() == {}
    assert whole.audit()["counts"]["missing"] == 3
    done = archiver.run("redeliver", "--missing", status=0)
    assert "attic: 2 delivered earlier: 2 handed over, 0 there already" in done.stdout
    wait_held(box, there)
    again = archiver.run("redeliver", "--missing", status=0).stdout
    assert "cellar: 1 delivered earlier: 0 handed over, 1 there already" in again
    assert len(whole.sim.requests()) == calls
    assert sorted(t.category for t in there.values()) == ["attic", "attic", "cellar"]


def test_what_a_client_holds_is_adopted_with_its_torrent_files(box, whole, tmp_path):
    hashes = {whole.make(name) for name in ("film é", "another")}
    whole.make("other")
    for path, category in (("film é", "mine"), ("another", "mine"), ("other", "theirs")):
        box.add(whole.torrents / f"{path}.torrent", tmp_path / "own", category)
    wait_for("its files", lambda: len(list(box.files.glob("*.torrent"))) == 3, SEEN_LIMIT)
    archiver = whole.start(box, {"attic": {"Category": "mine"}})
    done = archiver.run("adopt", "--container", "attic", "--client", "box", "--category", "mine",
                        "--folder", str(box.files), status=0)
    assert "2 adopted, 0 known already" in done.stdout
    rows = archiver.history()
    assert {row["infohash"] for row in rows} == hashes
    assert {row["name"] for row in rows} == {"film é", "another"}
    # Whole, with the tracker's address: a client can be filled with them.
    for infohash in hashes:
        kept = archiver.state / "vault" / f"{infohash}.torrent"
        assert b"http://127.0.0.1:9/announce" in kept.read_bytes()
    box.rebuild()
    archiver.run("redeliver", status=0)
    wait_for("they are there", lambda: set(box.held()) == hashes, SEEN_LIMIT)
    assert not whole.sim.requests("fetch", "download")


# ---- watch folders ----

@pytest.fixture(params=[QBittorrentBox, TransmissionBox], ids=lambda kind: kind.kind)
def watching(request, tmp_path):
    (tmp_path / "watch").mkdir()
    yield from running(request.param.make(tmp_path / "box", watch=tmp_path / "watch"))


def start_watched(whole, box):
    return whole.start(box, {"attic": {}}, {"WatchDirectory": str(box.watch),
                                            "AuditClient": "box"})


def test_the_pick_up_from_a_watch_folder_is_noticed(watching, whole):
    v1 = whole.make("film")
    archiver = start_watched(whole, watching)
    written = pathlib.Path(archiver.fetch(status=0).stdout.split('"')[1])
    wait_for("the client has it", lambda: v1 in watching.held(), SEEN_LIMIT)
    wait_for("it has taken the file away", lambda: not written.exists(), SEEN_LIMIT)
    done = archiver.run("audit", status=0)
    assert f"{written} was picked up" in done.stderr
    assert pathlib.Path(f"{written}.added").exists() == (watching.kind == "transmission")
    wait_audit(whole, {"film": "stalled"})


@pytest.mark.long
def test_what_qbittorrent_puts_aside_is_told_as_refused(whole, tmp_path):
    """The file is spoiled on its way, while the client is away."""
    watch = tmp_path / "watch"
    watch.mkdir()
    whole.make("film")
    whole.make("other film")
    box = QBittorrentBox.make(tmp_path / "box", watch=watch)
    archiver = start_watched(whole, box)
    written = pathlib.Path(archiver.fetch(status=0).stdout.split('"')[1])
    written.write_bytes(written.read_bytes()[:-40])
    for _ in running(box):
        aside = pathlib.Path(f"{written}.qbt_rejected")
        wait_for("it is put aside", aside.exists, REJECT_LIMIT, [box])
        rows = wait_audit(whole, {"film": "refused"})
        assert rows["film"]["path"] == str(written)
        done = archiver.fetch(status=1)
        assert summary(done.stderr) == "attic:ERR(Client)"
        assert f"the client refused {written}" in done.stderr


# ---- the end of it all ----

@pytest.mark.parametrize("kind", [box.kind for box in BOXES])
def test_what_is_delivered_is_downloaded_to_the_last_byte(tmp_path, kind):
    run_swarm(tmp_path, kind, "fetch", through="client")
