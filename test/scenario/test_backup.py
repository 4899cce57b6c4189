"""Backups: made while the daemon runs, restored in one step, wherever the process dies."""

import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
import stat
import sys
import tarfile
import time

import pytest

from harness import KEY, ROOT, USER, Archiver, wait_for
sys.path.insert(0, str(ROOT / "test" / "page"))

import seed   # noqa: E402
from server import Server   # noqa: E402
from test_disk import fill, mount   # noqa: F401
from test_kill import STEP, fast_folder, killer   # noqa: F401

ROWS = "SELECT id, container, state, infohash, name, path FROM assignment ORDER BY id"


def rows(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute(ROWS).fetchall()


def content(path):
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar.getmembers()}


def files(a):
    """All that is there, except locks."""
    return {p: p.read_bytes() for p in a.folder.rglob("*") if p.is_file() and p.suffix != ".lock"}


def leftovers(folder):
    return [p.name for p in folder.iterdir() if p.name.endswith(".tmp")]


@pytest.fixture
def filled(archiver):
    for _ in range(3):
        archiver.fetch(status=0)
    return archiver


@pytest.fixture
def saved(filled):
    """A state folder with three torrents, and its backup."""
    filled.file = filled.folder / "saved.tar"
    filled.run("backup", filled.file, status=0)
    return filled


# ---- backup ----

def test_a_backup_is_a_tar_file_with_ledger_vault_and_configuration(filled):
    said = filled.run("backup", "saved.tar", status=0).stdout
    held = content(filled.folder / "saved.tar")
    vault = {f"vault/{p.name}": p.read_bytes() for p in (filled.state / "vault").iterdir()}
    assert len(vault) == 3
    assert {n: b for n, b in held.items() if n.startswith("vault/")} == vault
    assert set(held) == {"ledger.db", "config.ptp", "SHA256SUMS", *vault}
    (filled.folder / "copy.db").write_bytes(held["ledger.db"])
    assert rows(filled.folder / "copy.db") == rows(filled.state / "ledger.db")
    for line in held.pop("SHA256SUMS").decode().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256(held.pop(name)).hexdigest() == digest
    assert held == {}
    assert "3 assignments, 3 torrents, config.ptp without secrets" in said


def test_only_the_owner_can_read_a_backup_and_nothing_else_is_left(filled):
    filled.run("backup", "saved.tar", status=0, prefix=("sh", "-c", 'umask 0; exec "$@"', "sh"))
    assert stat.S_IMODE((filled.folder / "saved.tar").stat().st_mode) == 0o600
    assert leftovers(filled.folder) == [] and leftovers(filled.state) == []


SECRETS = {"HealthchecksURL": "https://hc-ping.com/11111111-2222-4333-8444-555555555555",
           "ListenToken": "token-of-the-page-0123", "Notify": ["ntfy+https://ntfy.sh/secret-topic"],
           "Clients": {"box": {"Type": "qbittorrent", "URL": "http://127.0.0.1:1/", "Username": "u",
                               "Password": "word-of-the-box", "ProxyPassword": "word-of-the-proxy"}}}


@pytest.mark.parametrize("secrets", [False, True])
def test_secrets_are_in_a_backup_only_where_they_are_wanted(sim, make, secrets):
    a = make(PTP_CONTAINERS=None, PTP_USER=None, PTP_KEY=None, PTP_WATCH=None)
    a.configure(ApiUser="user567890123456", ApiKey=KEY, BaseURL=sim.url, Unknown="odd-one", **SECRETS,
                Containers={"attic": {"Size": "800G", "WatchDirectory": str(a.watch),
                                      "AfterFetchExec": f"echo {KEY}"},
                            "den": {"Size": "1T", "Client": "box"}})
    a.fetch("attic", status=0)
    a.run("backup", "saved.tar", *(["--secrets"] if secrets else []), status=0)
    held = content(a.folder / "saved.tar")["config.ptp"].decode()
    hidden = [KEY, "user567890123456", "11111111", "token-of-the-page", "secret-topic", "word-of-the",
              "odd-one"]
    assert [h for h in hidden if h in held] == (hidden if secrets else [])
    kept = json.loads(held)
    assert kept["Containers"]["attic"]["Size"] == "800G"
    assert kept["Containers"]["den"]["Client"] == "box"
    assert kept["Clients"]["box"]["Username"] == "u" and kept["BaseURL"] == sim.url


def test_a_backup_is_made_while_the_daemon_runs(sim, make):
    a = make(PTP_INTERVAL="1s", PTP_PER_CYCLE="3")
    a.start()
    wait_for(lambda: len(a.delivered()) > 3)
    for i in range(10):
        a.run("backup", f"{i}.tar", status=0)
    a.stop(a.daemons[0])
    assert "ERROR" not in a.log() and "ledger" not in a.log(), a.log()
    (a.folder / "copy.db").write_bytes(content(a.folder / "9.tar")["ledger.db"])
    known = rows(a.state / "ledger.db")
    assert [r[0] for r in rows(a.folder / "copy.db")] == [r[0] for r in known][:len(
        rows(a.folder / "copy.db"))]


@pytest.mark.parametrize("name, said", [
    ("state/ledger.db", "is the ledger itself; name another file"),
    ("nowhere/saved.tar", "there is no folder nowhere; make it first, or mount its disk"),
    ("watch", "watch is a folder; name a file in it"),
    ("config.ptp", "config.ptp is there already; name another file, or replace it with --force"),
    ("config.ptp/saved.tar", "there is no folder config.ptp"),
])
def test_a_name_that_cannot_be_written_is_named_with_its_reason(filled, name, said):
    before = {p: p.read_bytes() for p in (filled.config, filled.state / "ledger.db")}
    assert said in filled.run("backup", name, status=1).stderr
    assert before == {p: p.read_bytes() for p in before}
    assert leftovers(filled.folder) == []


def test_the_ledger_is_not_replaced_by_force_either(saved):
    assert "is the ledger itself" in saved.run("backup", "--force", "state/ledger.db",
                                               status=1).stderr
    os.link(saved.state / "ledger.db", saved.folder / "other.db")
    assert "is the ledger itself" in saved.run("backup", "--force", "other.db", status=1).stderr
    saved.run("backup", saved.file, status=1)
    saved.run("backup", "--force", saved.file, status=0)


def test_without_a_ledger_there_is_nothing_to_back_up(archiver):
    said = archiver.run("backup", "saved.tar", status=1).stderr
    assert "there is no ledger" in said and not (archiver.folder / "saved.tar").exists()
    assert not archiver.state.exists()


@pytest.mark.parametrize("leave", [0, 8, 60, 130])
def test_a_full_disk_is_an_error_that_leaves_nothing_behind(filled, mount, leave):   # noqa: F811
    place = mount(filled.folder / "disk", "size=1m")
    fill(place, leave=leave * 1024)
    said = filled.run("backup", "disk/saved.tar", status=1).stderr
    assert "disk/saved.tar" in said and "No space left on device" in said
    assert [p.name for p in place.iterdir()] == ["filler"]


def test_a_damaged_torrent_is_named_and_left_out(filled):
    victim = next((filled.state / "vault").iterdir())
    data = bytearray(victim.read_bytes())
    data[-30] ^= 4
    victim.write_bytes(data)
    done = filled.run("backup", "saved.tar", status=1)
    assert victim.stem in done.stderr and "1 torrents of the vault are damaged" in done.stdout
    assert len([n for n in content(filled.folder / "saved.tar") if n.startswith("vault/")]) == 2


# ---- restore ----

def test_a_backup_is_restored_on_a_new_machine(sim, saved, make):
    other = make(None, "other")
    said = other.run("restore", saved.file, status=0).stdout
    assert rows(other.state / "ledger.db") == rows(saved.state / "ledger.db")
    assert {p.name: p.read_bytes() for p in (other.state / "vault").iterdir()} == \
        {p.name: p.read_bytes() for p in (saved.state / "vault").iterdir()}
    assert other.configured()["Containers"] == saved.configured()["Containers"]
    assert stat.S_IMODE(other.config.stat().st_mode) == 0o600
    assert stat.S_IMODE((other.state / "ledger.db").stat().st_mode) == 0o600
    assert "3 assignments" in said and "3 torrents were written into the vault" in said
    assert leftovers(other.state) == []
    other.fetch(status=0)
    assert len(other.history()) == 4


def test_a_configuration_that_is_there_stays(saved, make):
    other = make(None, "other")
    other.configure(Containers={"mine": {"Size": "1T", "WatchDirectory": str(other.watch)}})
    before = other.config.read_bytes()
    assert "config.ptp stays as it is" in other.run("restore", saved.file, status=0).stdout
    assert other.config.read_bytes() == before


def test_a_newer_ledger_is_only_replaced_by_force_and_kept(saved):
    backed_up = rows(saved.state / "ledger.db")
    saved.fetch(status=0)
    newer = rows(saved.state / "ledger.db")
    said = saved.run("restore", saved.file, status=1).stderr
    assert "is newer" in said and str(saved.file) in said and "--force" in said
    assert rows(saved.state / "ledger.db") == newer
    assert list(saved.state.glob("*.old-*")) == [] and leftovers(saved.state) == []
    saved.run("restore", "--force", saved.file, status=0)
    assert rows(saved.state / "ledger.db") == backed_up
    (kept,) = saved.state.glob("ledger.db.old-*")
    assert rows(kept) == newer


def test_the_same_ledger_is_replaced_without_force(saved):
    saved.run("restore", saved.file, status=0)
    saved.run("restore", saved.file, status=0)
    assert len(rows(saved.state / "ledger.db")) == 3


def test_a_daemon_is_in_the_way_and_named(saved):
    saved.start()
    wait_for(lambda: "next cycle in" in saved.log())
    before = rows(saved.state / "ledger.db")
    said = saved.run("restore", "--force", saved.file, status=1).stderr
    assert f"a daemon serves the state folder {saved.state}; stop it" in said
    assert rows(saved.state / "ledger.db") == before


def test_a_plain_copy_of_the_ledger_is_restored_too(saved):
    with sqlite3.connect(saved.state / "ledger.db") as db, \
            sqlite3.connect(saved.folder / "copy.db") as copy:
        db.backup(copy)
    before = rows(saved.state / "ledger.db")
    (saved.state / "ledger.db").write_bytes(b"not a ledger at all" * 1000)
    saved.run("restore", "copy.db", status=0)
    assert rows(saved.state / "ledger.db") == before
    assert (next(saved.state.glob("ledger.db.old-*"))).read_bytes().startswith(b"not a ledger")


def test_what_the_replaced_ledger_knew_of_calls_and_back_offs_stays(sim, saved):
    sim.faults({"endpoint": "fetch", "do": "status", "status": 503, "times": 1})
    saved.set(PTP_FETCH_SLEEP="10")
    saved.fetch(status=1)
    known = saved.ledger("SELECT last_request, backoff_until, failures FROM pace")
    assert known[0][1] > 0
    saved.run("restore", "--force", saved.file, status=0)
    assert saved.ledger("SELECT last_request, backoff_until, failures FROM pace") == known


def test_a_restored_ledger_that_knows_nothing_of_late_calls_begins_gently(saved, make):
    other = make(folder="other", PTP_FETCH_SLEEP="10")
    other.run("restore", saved.file, status=0)
    (full,) = other.ledger("SELECT full_at / 1000 - strftime('%s', 'now') FROM pace")[0]
    assert full == 0 or full > 600   # on loopback there may be no bucket


def test_an_answer_on_the_slip_is_restored(saved, make):
    slip = (saved.state / "answer").read_bytes()
    (saved.state / "answer").write_bytes(b"7 4242 17".ljust(len(slip), b"\n"))
    saved.run("backup", "--force", saved.file, status=0)
    other = make(folder="other")
    other.run("restore", saved.file, status=0)
    assert (other.state / "answer").read_bytes() == (saved.state / "answer").read_bytes()


@pytest.mark.parametrize("broken, said", [
    (lambda b: b[:len(b) // 2], "it is cut off"),
    (lambda b: b[:-1024], "it is cut off"),
    (lambda b: b"", "it is cut off"),
    (lambda b: b"x" * 20000, "is not a backup of this program"),
    (lambda b: bytes(20000), "is not a backup of this program"),
    (lambda b: b.replace(b"vault/", b"vault.", 1), "header in it is damaged"),
])
def test_a_file_that_is_not_a_whole_backup_is_refused(saved, broken, said):
    data = saved.file.read_bytes()
    saved.file.write_bytes(broken(data))
    before = files(saved)
    assert said in saved.run("restore", "--force", saved.file, status=1).stderr
    assert before == files(saved)


def test_each_flipped_bit_of_a_backup_is_noticed_or_harmless(saved):
    data = saved.file.read_bytes()
    held = content(saved.file)
    harmless = 0
    for i in range(60):
        at = int.from_bytes(hashlib.sha256(b"%d" % i).digest()[:4], "big") % (8 * len(data))
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        saved.file.write_bytes(flipped)
        if saved.run("restore", "--force", saved.file).returncode == 0:
            harmless += 1
            assert content(saved.file) == held, at
    assert harmless < 20


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "vault/../../evil.torrent", "run.lock",
                                  "vault/" + "0" * 39 + ".torrent"])
def test_a_hostile_archive_writes_nowhere_else(saved, name):
    parts = content(saved.file)
    parts.pop("SHA256SUMS")
    parts[name] = b"evil"
    parts["SHA256SUMS"] = "".join(f"{hashlib.sha256(b).hexdigest()}  {n}\n"
                                  for n, b in parts.items()).encode()
    with tarfile.open(saved.file, "w", format=tarfile.USTAR_FORMAT) as tar:
        for n, b in parts.items():
            info = tarfile.TarInfo(n)
            info.size = len(b)
            tar.addfile(info, io.BytesIO(b))
    before = files(saved)
    said = saved.run("restore", "--force", saved.file, status=1).stderr
    assert "not part of a backup" in said
    assert before == files(saved)


# ---- wherever it dies ----

def calls_of(a, command, killer, **variables):   # noqa: F811
    path = a.folder / "calls"
    a.run(*command, LD_PRELOAD=killer, CALLS=path, status=0, **variables)
    return len(path.read_text().splitlines())


def copy_of(saved, folder):
    """The same state elsewhere, for a process that is to die."""
    a = Archiver(folder, containers=None)
    shutil.copytree(saved.state, a.state, dirs_exist_ok=True)
    asan = a.environment.get("ASAN_OPTIONS", "")
    a.set(ASAN_OPTIONS=f"{asan}:verify_asan_link_order=0".lstrip(":"))
    return a


def state_of(a):
    """What counts: the ledger's rows, and the vault."""
    ledger = a.state / "ledger.db"
    vault = {p.name: p.read_bytes() for p in (a.state / "vault").glob("*.torrent")}
    return (rows(ledger) if ledger.exists() else None), vault


def test_a_restore_that_is_killed_leaves_the_old_state_or_the_new_one(
        saved, fast_folder, killer):   # noqa: F811
    new = state_of(saved)
    saved.fetch(status=0)
    saved.ledger("UPDATE assignment SET container = 'other' WHERE id = 1")
    for torrent in list((saved.state / "vault").glob("*.torrent"))[:2]:
        torrent.unlink()
    saved.config.unlink()
    old = state_of(saved)
    seen = set()
    command = ("restore", "--force", saved.file)

    total = calls_of(copy_of(saved, fast_folder / "0"), command, killer)
    assert total > 20
    for at in range(1, total + 1, STEP):
        a = copy_of(saved, fast_folder / f"{at}")
        assert a.run(*command, LD_PRELOAD=killer, KILL_AT=at).returncode == -9, at
        ledger, vault = state_of(a)
        assert ledger in (old[0], new[0]), at
        is_new = ledger == new[0]
        seen.add(is_new)
        # Torrents only come; those of the new ledger are there with it.
        assert set(old[1]) <= set(vault), at
        if is_new:
            assert set(new[1]) <= set(vault), at
            assert any(rows(p) == old[0] for p in a.state.glob("ledger.db.old-*")), at
        a.run("status", status=0)
        a.run(*command, status=0)
        ledger, vault = state_of(a)
        assert ledger == new[0] and set(new[1]) | set(old[1]) == set(vault), at
        assert a.config.exists()
        shutil.rmtree(a.folder)
    assert seen == {False, True}


def test_a_backup_that_is_killed_has_its_name_only_if_it_is_whole(
        saved, fast_folder, killer):   # noqa: F811
    held = content(saved.file)
    asan = saved.environment.get("ASAN_OPTIONS", "")
    saved.set(ASAN_OPTIONS=f"{asan}:verify_asan_link_order=0".lstrip(":"))
    total = calls_of(saved, ("backup", fast_folder / "first.tar"), killer)
    for at in range(1, total + 1, STEP):
        path = fast_folder / f"{at}.tar"
        assert saved.run("backup", path, LD_PRELOAD=killer, KILL_AT=at).returncode == -9, at
        if path.exists():
            assert content(path).keys() == held.keys(), at
        saved.run("backup", "--force", path, status=0)
        assert leftovers(saved.state) == []


@pytest.mark.parametrize("goes_on", ["0", "1"], ids=["once", "from-then-on"])
def test_a_restore_whose_disk_fails_says_so_and_leaves_the_old_state_or_the_new_one(
        saved, fast_folder, killer, goes_on):   # noqa: F811
    new = rows(saved.state / "ledger.db")
    saved.fetch(status=0)
    old = rows(saved.state / "ledger.db")
    command = ("restore", "--force", saved.file)
    total = calls_of(copy_of(saved, fast_folder / "0"), command, killer)
    failed = 0
    for at in range(1, total + 1, STEP):
        a = copy_of(saved, fast_folder / f"{at}")
        done = a.run(*command, LD_PRELOAD=killer, FAIL_AT=at, FAIL_ON=goes_on)
        found = rows(a.state / "ledger.db")
        assert found in (old, new), at
        if done.returncode:
            failed += 1
            assert re.search(r"No space left|disk", done.stderr), (at, done.stderr)
        else:
            assert found == new, at
        if goes_on == "0":   # else it cannot remove anything
            assert leftovers(a.state) == [], at
        a.run(*command, status=0)
        assert rows(a.state / "ledger.db") == new
        shutil.rmtree(a.folder)
    assert failed > total // 2


# ---- the pages ----

OPERATION = (ROOT / "doc" / "operation.md").read_text()
BACKUP = OPERATION[OPERATION.index("\n## Backup"):OPERATION.index("\n## When the state")]
PAGE = (ROOT / "doc" / "ptp-archiver.1.scd").read_text()


def test_the_examples_of_the_pages_work(filled):
    page = re.findall(r"^    ptp-archiver (.*)$", BACKUP, re.M)
    man = re.findall(r"^\$ ptp-archiver ((?:backup|restore) .*)$", PAGE, re.M)
    assert page == man and page == ["backup ptp-archiver.tar", "restore ptp-archiver.tar"]
    for line in page:
        filled.run(*line.split(), status=0)


def test_the_steps_to_a_new_machine_work(sim, saved, make):
    steps = re.findall(r"`ptp-archiver ([^`]*)`", BACKUP[BACKUP.index("### On a new machine"):])
    assert [s.split()[0] for s in steps] == ["restore", "setup", "check", "accept", "redeliver",
                                            "export"]
    other = make(None, "other", PTP_USER=None, PTP_KEY=None)
    shutil.copy(saved.file, other.folder / "ptp-archiver.tar")
    other.run(*steps[0].split(), status=0)
    other.run(*steps[1].split(), input=f"{USER}\n{KEY}\n", status=0)
    assert "attic" in other.run(*steps[2].split()).stdout
    other.run(*steps[3].split(), status=0)
    other.run("fetch", "all", status=0)
    assert len(sim.fetches()) == 4 and len(other.history()) == 4


def test_torrents_that_came_after_the_backup_can_be_adopted(saved):
    saved.fetch(status=0)
    saved.run("restore", "--force", saved.file, status=0)
    (line,) = re.findall(r"`ptp-archiver (adopt [^`]*)`", BACKUP)
    said = saved.run(*line.replace("NAME", "attic").split(), status=0).stdout
    assert "1 adopted, 3 known already" in said
    assert len({r["infohash"] for r in saved.history()}) == 4


# ---- the daily copy ----

def copies(a):
    return sorted(p.name for p in (a.state / "backup").glob("*")) if a.state.exists() else []


def quiet(a):
    wait_for(lambda: "next cycle in" in a.log())


def test_the_daemon_copies_the_ledger_once_a_day(sim, make):
    a = make(PTP_INTERVAL="1h")
    a.start()
    (name,) = wait_for(lambda: [n for n in copies(a) if n.startswith("ledger-")])
    assert re.fullmatch(r"ledger-\d{8}T\d{6}Z\.db", name)
    path = a.state / "backup" / name
    assert rows(path) == rows(a.state / "ledger.db") and len(rows(path)) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    a.stop(a.daemons[-1])
    a.start()
    quiet(a)
    time.sleep(1)
    a.stop(a.daemons[-1])
    assert copies(a) == [name]


def aged(a, days, number=1):
    """Copies of the past, the newest `days` old."""
    (a.state / "backup").mkdir(exist_ok=True)
    made = []
    for i in range(number):
        when = time.gmtime(time.time() - (days + i) * 86400)
        made.append(time.strftime("ledger-%Y%m%dT%H%M%SZ.db", when))
        shutil.copy(a.state / "ledger.db", a.state / "backup" / made[-1])
    return made


@pytest.mark.parametrize("keep", ["1", "3", "7"])
def test_a_copy_is_due_a_day_after_the_last_and_the_oldest_go(filled, keep):
    a = filled
    old = aged(a, 1.01, 9)
    (a.state / "backup" / "mine.db").write_text("not a copy")
    a.start(PTP_BACKUP_KEEP=keep)
    wait_for(lambda: len(copies(a)) == int(keep) + 1)
    quiet(a)
    a.stop(a.daemons[-1])
    kept = [n for n in copies(a) if n != "mine.db"]
    assert set(kept[:-1]) == set(old[:int(keep) - 1]) and kept[-1] not in old
    assert rows(a.state / "backup" / kept[-1]) == rows(a.state / "ledger.db")


def test_no_copy_is_made_within_a_day_or_where_none_is_wanted(filled):
    a = filled
    old = aged(a, 0.9)
    a.start()
    quiet(a)
    time.sleep(1)
    a.stop(a.daemons[-1])
    assert copies(a) == old
    (a.state / "backup" / old[0]).unlink()
    a.start(PTP_BACKUP_KEEP="0")
    quiet(a)
    time.sleep(1)
    a.stop(a.daemons[-1])
    assert copies(a) == []


def test_a_copy_that_fails_removes_nothing_and_is_reported(filled, mount):   # noqa: F811
    a = filled
    a.run("audit")
    (a.state / "backup").mkdir()
    mount(a.state / "backup", "size=1m")
    old = aged(a, 3, 2)
    fill(a.state / "backup")
    a.set(PTP_LISTEN="127.0.0.1:0")
    page = Server(a, a.start())
    wait_for(lambda: "the daily copy of the ledger: " in a.log())
    assert "No space left on device" in a.log() and "tried again every hour" in a.log()
    assert [n for n in copies(a) if n.startswith("ledger-")] == sorted(old)
    assert "The ledger has not been copied since" in a.run("status", status=0).stdout
    assert 'ptp_archiver_fact{fact="copy-fails"} 1' in page.get("metrics").text


def test_a_daily_copy_is_restored(filled):
    a = filled
    (name,) = aged(a, 1.5)
    before = rows(a.state / "ledger.db")
    data = bytearray((a.state / "ledger.db").read_bytes())
    data[:4096] = b"x" * 4096
    (a.state / "ledger.db").write_bytes(data)
    a.run("restore", a.state / "backup" / name, status=0)
    assert rows(a.state / "ledger.db") == before


def long_ledger(a, torrents):
    with seed.past(a) as p:
        for i in range(torrents):
            p.torrent("attic", p.at - i * 60000, path=f"/srv/watch/Some Film {i} (1999).torrent")
        p.clock()


def test_a_long_ledger_delays_neither_a_cycle_nor_a_stop(sim, make):
    """30,000 torrents: cycles come every second while the copy is made."""
    a = make(PTP_INTERVAL="1s", PTP_BACKUP_KEEP="1")
    long_ledger(a, 30000)
    before = len(sim.fetches())
    a.start("--log-level", "debug")
    wait_for(lambda: "the daily copy of the ledger is" in a.log(), seconds=60)
    wait_for(lambda: len(sim.fetches()) > before + 3)
    times = [r["at"] for r in sim.fetches()[before:]]
    assert max(b - a for a, b in zip(times, times[1:])) < 2.5, times
    status, took = a.stop(a.daemons[-1])
    assert status == 0 and took < 2
