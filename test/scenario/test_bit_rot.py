"""A bit of the ledger or the vault that flips by itself: noticed at the next look, or harmless."""

import random
import re
import signal
import sqlite3
import subprocess
import sys

import pytest

from harness import ROOT, wait_for

sys.path.insert(0, str(ROOT / "test" / "page"))

import seed   # noqa: E402
from server import Server   # noqa: E402
from test_backup import aged, copies   # noqa: E402

FLIPS = 200


def everything(path):
    """All rows of all tables."""
    with sqlite3.connect(path) as db:
        names = [n for n, in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'"
                                        " AND name NOT LIKE 'sqlite_stat%'")]
        return {n: sorted(db.execute(f'SELECT * FROM "{n}"').fetchall(), key=repr) for n in names}


def flip(path, bit):
    with open(path, "r+b") as file:
        file.seek(bit // 8)
        byte = file.read(1)[0]
        file.seek(bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))


@pytest.fixture
def long(archiver):
    """A ledger of 1,000 torrents, that the program has seen."""
    a = archiver
    with seed.past(a) as p:
        for i in range(1000):
            p.torrent("attic", p.at - i * seed.HOUR, path=f"/srv/watch/Some Film {i}.torrent")
        for i in range(300):
            p.cycle(p.at - i * seed.HOUR, {"attic": ("OK", "")})
        p.clock()
    a.run("audit", status=0)
    return a


def test_of_200_flipped_bits_each_is_noticed_or_harmless_and_nothing_is_asked(sim, long):
    a, path = long, long.state / "ledger.db"
    good, content, calls = path.read_bytes(), everything(path), len(sim.requests())
    dice = random.Random(20261129)
    noticed = harmless = 0
    for bit in [dice.randrange(8 * len(good)) for _ in range(FLIPS)]:
        path.write_bytes(good)
        flip(path, bit)
        done = a.run("audit")
        if done.returncode:
            assert "ledger" in done.stderr, (bit, done.stderr)
            assert len(sim.requests()) == calls
            noticed += 1
        else:
            assert everything(path) == content, f"bit {bit} was not noticed"
            harmless += 1
    path.write_bytes(good)
    a.run("audit", status=0)
    print(f"{FLIPS} flips in {len(good)} bytes: {noticed} noticed, {harmless} harmless")
    assert noticed + harmless == FLIPS and noticed > FLIPS * 0.9


def test_a_flip_in_every_byte_of_page_1_that_matters_is_noticed(sim, long):
    """The header, each bit of it: a lost page size or counter must not pass as another program's
    change."""
    a, path = long, long.state / "ledger.db"
    good, content = path.read_bytes(), everything(path)
    size = int.from_bytes(good[16:18], "big")
    assert good[20] == 16 and good[size - 4:size] == b"seal"
    bits = [8 * byte + (byte * 5) % 8 for byte in [*range(0, 100), *range(size - 16, size)]]
    bits += [8 * 20 + i for i in range(8)] + [8 * byte + i for byte in (24, 27, 92, 95)
                                              for i in range(8)]
    passed = []
    for bit in bits:
        path.write_bytes(good)
        flip(path, bit)
        if a.run("audit").returncode == 0:
            assert everything(path) == content, bit
            passed.append(bit // 8 - size)
    # What passes is in the seal itself, where it says who wrote last; it is written again then.
    assert all(-8 <= at < 0 for at in passed), passed


def test_a_change_by_another_program_is_not_damage_and_is_sealed_again(sim, long):
    a, path = long, long.state / "ledger.db"
    a.ledger("UPDATE assignment SET note = 'mine' WHERE id = 500")
    a.ledger("CREATE TABLE mine AS SELECT * FROM assignment")
    a.ledger("DROP TABLE mine")
    content = everything(path)
    a.run("status", status=0)
    a.run("audit", status=0)
    assert {k: v for k, v in everything(path).items() if k == "assignment"} == \
        {k: v for k, v in content.items() if k == "assignment"}
    at = path.read_bytes().index(b"Some Film 400.torrent")
    flip(path, 8 * at)
    assert "damaged" in a.run("audit", status=1).stderr or \
        "malformed" in a.run("audit", status=1).stderr


def test_reading_alone_notices_it_too(sim, long):
    a, path = long, long.state / "ledger.db"
    flip(path, 8 * path.read_bytes().index(b"Some Film 999.torrent"))
    said = a.run("history", "--limit", "2000", status=1).stderr
    assert "malformed" in said and "ledger" in said
    assert "FAIL  ledger" in a.run("check", status=1).stdout


# ---- the newest good copy ----

def damage(a):
    path = a.state / "ledger.db"
    flip(path, 8 * path.read_bytes().index(b"Some Film 500.torrent"))


def command_in(text, a):
    """The command that puts a copy back, as it was printed."""
    (command,) = set(re.findall(r"ptp-archiver restore (\S+?\.db)", text))
    assert command.startswith(str(a.state / "backup"))
    return command


@pytest.mark.parametrize("command", [("fetch", "all"), ("audit",), ("check",),
                                     ("history", "--limit", "2000"), ("status",)],
                         ids=lambda c: c[0])
def test_each_command_names_the_newest_good_copy_and_the_command_works(sim, long, command):
    a = long
    newest, older = aged(a, 0.2, 2)
    flip(a.state / "backup" / newest, 8 * 20000)
    content, calls = everything(a.state / "ledger.db"), len(sim.requests())
    if command == ("status",):
        flip(a.state / "ledger.db", 8 * 30)
    else:
        damage(a)
    done = a.run(*command, status=1)
    copy = command_in(done.stdout + done.stderr, a)
    assert copy.endswith(older) and len(sim.requests()) == calls
    a.run("restore", copy, status=0)
    found = everything(a.state / "ledger.db")
    assert {**found, "pace": None} == {**content, "pace": None}
    a.fetch(status=0)


def test_without_a_good_copy_none_is_named(sim, long):
    a = long
    (only,) = aged(a, 0.2)
    flip(a.state / "backup" / only, 8 * 20000)
    damage(a)
    said = a.fetch(status=1).stderr
    assert "put a copy of it back" in said and "restore" not in said


def test_the_daemon_asks_nothing_and_says_which_copy_is_good(sim, long):
    a = long
    a.set(HC_URL=sim.ping_url, PTP_LISTEN="127.0.0.1:0", PTP_INTERVAL="1h")
    a.ledger("UPDATE clock SET next_cycle = 0, last_cycle = 1")
    a.run("audit", status=0)
    page = Server(a, a.start())
    wait_for(lambda: "next cycle in" in a.log())
    wait_for(lambda: [n for n in copies(a) if n.startswith("ledger-")])
    (copy,) = copies(a)
    content, calls = everything(a.state / "ledger.db"), len(sim.requests("fetch", "download"))
    damage(a)
    a.daemons[-1].send_signal(signal.SIGUSR1)
    wait_for(lambda: sim.pings("fail"))
    assert len(sim.requests("fetch", "download")) == calls
    for said in (a.log(), sim.pings("fail")[-1]["body"]):
        assert command_in(said, a).endswith(copy)
    assert 'ptp_archiver_stuck 1' in page.get("metrics").text
    assert command_in(page.get().text + page.get("api/status").text, a).endswith(copy)
    a.stop(a.daemons[-1])
    a.run("restore", a.state / "backup" / copy, status=0)
    assert everything(a.state / "ledger.db")["assignment"] == content["assignment"]
    a.start()
    wait_for(lambda: "next cycle in" in a.log())


# ---- the vault ----

def looked(a):
    at, damaged, infohash = a.ledger("SELECT at, damaged, infohash FROM vault_look")[0]
    return (at, damaged, infohash) if at else None


def test_the_daily_look_at_the_vault_names_what_is_damaged_and_the_fix_works(sim, archiver):
    a = archiver
    for _ in range(3):
        a.fetch(status=0)
    a.run("backup", "saved.tar", status=0)
    victim = sorted((a.state / "vault").glob("*.torrent"))[1]
    good = victim.read_bytes()
    flip(victim, 8 * (len(good) - 40))
    a.start(PTP_INTERVAL="1h")
    _, damaged, infohash = wait_for(lambda: looked(a))
    wait_for(lambda: "next cycle in" in a.log())
    assert (damaged, infohash) == (1, victim.stem)
    assert str(victim) in a.log()
    said = a.run("status", status=0).stdout
    assert "1 torrent of the vault is damaged" in said
    a.stop(a.daemons[-1])
    (fix,) = re.findall(r"`(tar -xf [^`]*)`", " ".join(said.split()))
    subprocess.run(fix.replace("BACKUP", "saved.tar").replace("STATE_FOLDER", "state").split(),
                   cwd=a.folder, check=True)
    assert victim.read_bytes() == good
    a.ledger("UPDATE vault_look SET at = 0")
    a.start(PTP_INTERVAL="1h")
    assert wait_for(lambda: looked(a))[1:] == (0, "")


def test_flips_in_the_vault_are_noticed_where_they_matter(sim, archiver):
    """Whatever bit of the info dictionary: `backup`, which uses each torrent, names it."""
    a = archiver
    sim.scenario(torrent_size=200 << 20)
    a.fetch(status=0)
    (victim,) = (a.state / "vault").glob("*.torrent")
    good = victim.read_bytes()
    begin = good.index(b"4:info") + 6
    dice = random.Random(7)
    for i in range(30):
        victim.write_bytes(good)
        flip(victim, dice.randrange(8 * begin, 8 * (len(good) - 1)))
        done = a.run("backup", f"{i}.tar", status=1)
        assert victim.stem in done.stderr


def test_a_damaged_torrent_that_is_pending_is_downloaded_again(sim, archiver):
    a = archiver
    a.fetch(status=0)
    (torrent,) = [r["torrent_id"] for r in a.history()]
    a.ledger("UPDATE assignment SET state = 2, delivered_at = NULL, path = NULL")
    for path in a.watch.glob("*.torrent"):
        path.unlink()
    (victim,) = (a.state / "vault").glob("*.torrent")
    flip(victim, 8 * (victim.stat().st_size - 40))
    for _ in range(2):
        a.fetch()
    assert len(sim.downloads(torrent)) == 2
    assert a.inspect(victim)["infohash_v1"] == victim.stem
