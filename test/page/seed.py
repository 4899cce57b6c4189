"""A ledger with a past: what the program would have written in months, put there at once."""

import contextlib
import random
import sqlite3
import time

DAY = 86400000
HOUR = 3600000
GIGABYTE = 1 << 30

TITLES = ["The Long Way Up", "A Winter Garden", "Night Ferry", "The Clockmaker's Daughter",
          "Salt", "North of Nowhere", "Paper Boats", "The Last Projectionist", "Harbour Lights",
          "Two Rooms", "Umbrella Weather", "The Ninth Reel"]


def now():
    return int(time.time() * 1000)


CODES = ["Auth", "BadTorrent", "Client", "Config", "Disk", "Internal", "Ledger", "Network",
         "Protocol", "Stopped", "Timeout", "TLS", "Tracker", "HTTP"]
KINDS = ["OK", "FULL", "STALLED", "WAIT", "ERR"]
WAITS = [None, "WAIT", None, "WAIT(Space)", "WAIT(Stalled)", "WAIT(Backlog)", "WAIT(Client)"]


def result(outcome):
    """The numbers that stand for "ERR(HTTP 503)" in the ledger."""
    kind, _, word = outcome.rstrip(")").partition("(")
    name, _, status = word.partition(" ")
    if kind not in KINDS or (kind == "ERR" and name not in CODES):
        return {"kind": KINDS.index("ERR"), "code": len(CODES) + 1, "error": outcome[:23]}
    return {"kind": KINDS.index(kind), "wait": WAITS.index(outcome) if kind == "WAIT" else 0,
            "code": CODES.index(name) + 1 if kind == "ERR" else 0,
            "status": int(status or 0)}


class Past:
    """An open ledger to put things into. No daemon is at work on it meanwhile."""

    def __init__(self, archiver):
        self.path = archiver.state / "ledger.db"
        if not self.path.exists():
            archiver.fetch()
        self.db = sqlite3.connect(self.path)
        self.random = random.Random(7)
        self.at = now()

    def clear(self):
        for table in ("assignment", "turn", "cycle", "container", "incomplete", "tally", "growth",
                      "cycle_tally", "turn_tally", "space"):
            self.db.execute(f"DELETE FROM {table}")

    def torrent(self, container, at, bytes=None, name=None, state=4, **more):
        """Assigned at that time; delivered, unless `state` says otherwise."""
        row = {"container": container, "state": state, "asked_at": at - 4000, "changed_at": at,
               "torrent_id": str(self.random.randrange(10 ** 6)), "archive_id": "1",
               "infohash": f"{self.random.getrandbits(160):040x}",
               "name": name or f"{self.random.choice(TITLES)} ({self.random.randint(1931, 2019)})",
               "bytes": bytes if bytes is not None else self.random.randint(1, 14) * GIGABYTE}
        if state == 4:
            row.update(delivered_at=at, path=f"/srv/watch/{container}")
        row.update(more)
        self.insert("assignment", **row)

    def cycle(self, at, turns, well=True, kind=0, ended=True, took=14000):
        """turns: {container: (outcome, detail)}"""
        summary = ", ".join(f"{name}:{outcome}" for name, (outcome, _) in turns.items())
        identity = self.db.execute(
            "INSERT INTO cycle(kind, begun_at, ended_at, well, failed, summary)"
            " VALUES(?, ?, ?, ?, ?, ?)",
            (kind, at, at + took if ended else None, well if ended else None,
             ended and ":ERR(" in summary, summary if ended else None)).lastrowid
        for name, (outcome, detail) in turns.items():
            row = {"outcome": outcome, "detail": detail, **result(outcome)}
            self.insert("turn", cycle=identity, container=name, at=at + took, **row)
            self.insert("container", name=name, outcome_at=at + took, **row)

    def insert(self, table, **row):
        self.db.execute(f"INSERT OR REPLACE INTO {table}({', '.join(row)}) "
                        f"VALUES({', '.join('?' * len(row))})", list(row.values()))

    def months(self, container, days, each=2, bytes=None, until=None):
        """`each` torrents a day for so many days; with a size, the same each day."""
        end = self.at if until is None else until
        for day in range(days):
            for i in range(each):
                size = bytes or int(self.random.lognormvariate(0.6, 0.8) * GIGABYTE)
                if bytes or self.random.random() > 0.5 * (day // 17 % 3 == 1):
                    self.torrent(container, end - (days - day) * DAY + i * 6 * HOUR + 7 * HOUR,
                                 size)

    def clock(self, last=2 * HOUR, ahead=2 * HOUR + 13 * 60000 + 30000):
        """The last regular cycle was so long ago, the next one comes in so long."""
        self.db.execute("UPDATE clock SET last_cycle = ?, next_cycle = ?, attempts = 0",
                        (self.at - last, self.at + ahead))

    def backoff(self, since=2 * HOUR, ahead=5 * 60000 + 30000,
                reason="the tracker answered HTTP 503", status=503):
        self.db.execute("UPDATE pace SET failures = 4, since = ?, backoff_until = ?, reason = ?,"
                        " status = ?", (self.at - since, self.at + ahead, reason, status))

    def audit(self, missing=2):
        self.db.execute("UPDATE audit SET at = ?, summary = ?, missing = ?",
                        (self.at - HOUR, f"412 assigned: 410 seeding, {missing} missing", missing))

    def space(self, place, free, total):
        self.db.execute("INSERT OR REPLACE INTO space VALUES(?, ?, ?, ?)",
                        (place, free, total, self.at - 2 * HOUR))

    def client(self, name, refused="", down_since=0, seen_at=None):
        self.db.execute("INSERT OR REPLACE INTO client VALUES(?, ?, ?, ?)",
                        (name, refused, down_since,
                         self.at - 2 * HOUR if seen_at is None else seen_at))

    def close(self):
        self.db.commit()
        self.db.close()


@contextlib.contextmanager
def past(archiver, clear=True):
    writing = Past(archiver)
    if clear:
        writing.clear()
    yield writing
    writing.close()


def a_good_year(archiver, days=150):
    """Two containers that grow and one that is full, 70 cycles, everybody there."""
    with past(archiver) as p:
        p.months("attic", days, 2)
        p.months("hetzner", days - 40, 4)
        p.months("loft", 60, 4, 9 * GIGABYTE, until=p.at - 30 * DAY)
        for i in range(70, 0, -1):
            at = p.at - i * 6 * HOUR + 4 * HOUR
            turns = {"attic": ("OK", ""), "hetzner": ("OK", ""),
                     "loft": ("FULL", "the tracker says that it is full")}
            if i in (52, 51, 33):
                turns["attic"] = ("WAIT(Backlog)", "3 downloads are not finished in box")
            if i == 40:
                turns = dict.fromkeys(turns, ("ERR(HTTP 503)", "the tracker answered HTTP 503"))
            if i == 39:
                turns = dict.fromkeys(turns, ("WAIT", "the tracker is left alone for another 4 m"))
            p.cycle(at, turns, well=i not in (40, 39), ended=i != 20)
        for i, title in enumerate(TITLES):
            p.torrent(("attic", "hetzner")[i % 2], p.at - 2 * HOUR - (12 - i) * 3 * HOUR,
                      (3 + 5 * i % 17) * GIGABYTE, f"{title} ({1950 + 5 * i})",
                      path=f"/srv/watch/{title} ({1950 + 5 * i}).torrent" if i % 2 == 0 else "box",
                      client="box" if i % 2 else None)
        p.clock()
        p.client("box")
        p.space("box", 812 * GIGABYTE, 0)
        p.space(str(archiver.watch), 310 * GIGABYTE, 1800 * GIGABYTE)


CROWD = ["attic", "b", "hetzner-storage-box-in-falkenstein-no-2", "L" * 40,
         "cold_storage.with.dots-and-dashes", "loft", "nas1", "nas2", "Ünïcödé Регистр 倉庫", "seedbox",
         "shelf", "vault"]
LONG = ("The Unbelievably Long and Winding Story of a Title That Nobody Could Ever Cut Short (1964) "
        "[Criterion 2160p BluRay REMUX HEVC DTS-HD MA TrueHD 7.1 Atmos]-GROUP")
DOTTED = "A.Film.With.Dots.In.Place.Of.Blanks." * 5 + "1999.mkv"


def a_crowd(archiver, names=CROWD):
    """Twelve containers, 40 pending and some lost, and names that fit nowhere."""
    with past(archiver) as p:
        for i, name in enumerate(names):
            p.months(name, 10 + 12 * i, 1 + i % 4)
        for i in range(66, 0, -1):
            at = p.at - i * 6 * HOUR + 4 * HOUR
            turns = {n: ("OK", "") for n in names}
            if i % 7 == 0:
                turns[names[2]] = ("WAIT(Client)", f"1 torrent waits for the client {names[3]}")
            if i % 11 == 0:
                turns = dict.fromkeys(names, ("FULL", ""))
            if i % 13 == 0:
                turns[names[3]] = ("ERR(Disk)", f"/srv/{DOTTED}: Read-only file system")
            p.cycle(at, turns, well=bool(i % 7 and i % 13), ended=i % 17 != 0)
        p.cycle(p.at - HOUR, {**{n: ("OK", "") for n in names},
                              names[1]: ("WAIT(Client)", f"3 torrents wait for {names[3]}"),
                              names[3]: ("ERR(Disk)", f"/srv/{DOTTED}: Read-only file system")},
                well=False)
        for i in range(40):
            p.torrent(names[i % 12], p.at - (50 - i) * HOUR, state=2,
                      name=(LONG, DOTTED, "Salt (1954)")[i % 3], note=("", DOTTED, LONG)[i % 3])
        for i in range(3):
            p.torrent(names[i], p.at - HOUR, state=5, name="x", note="no answer in time")
        p.db.execute("UPDATE assignment SET name = NULL, torrent_id = NULL WHERE state = 5")
        p.torrent(names[3], p.at - HOUR, name=LONG, path=f"/srv/watch/{DOTTED}")
        p.torrent(names[8], p.at - HOUR, name=DOTTED, path=f"/srv/watch/{DOTTED}")
        p.client("box", down_since=p.at - 5 * HOUR, seen_at=p.at - 8 * HOUR)
        p.space("box", 812 * GIGABYTE, 0)
        p.clock()
