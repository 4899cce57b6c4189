"""Delivery: how a torrent comes into the watch directory."""

import ctypes
import os
import re
import shutil
import stat
import struct
import subprocess

import pytest

from harness import summary

NAME = "Some.Film.1921.1080p-100001.torrent"


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


class Inotify:
    """What a client that watches a folder would see."""

    EVENTS = {0x2: "modify", 0x8: "close_write", 0x40: "moved_from", 0x80: "moved_to",
              0x100: "create", 0x200: "delete"}

    def __init__(self, folder):
        libc = ctypes.CDLL(None, use_errno=True)
        self.fd = libc.inotify_init1(os.O_NONBLOCK)
        assert libc.inotify_add_watch(self.fd, os.fsencode(folder), sum(self.EVENTS)) >= 0

    def seen(self):
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return []
        events, at = [], 0
        while at < len(data):
            _, mask, _, length = struct.unpack_from("iIII", data, at)
            name = data[at + 16:at + 16 + length].rstrip(b"\0").decode()
            events += [(word, name) for bit, word in self.EVENTS.items() if mask & bit]
            at += 16 + length
        return events


def test_a_client_sees_nothing_but_the_finished_torrent_moved_in(sim, archiver):
    watched = Inotify(archiver.watch)
    archiver.fetch(status=0)
    assert watched.seen() == [("create", ".ptp-archiver"), ("moved_to", NAME)]
    archiver.fetch(status=0)
    assert [event for event, _ in watched.seen()] == ["moved_to"]


def test_staging_folder_is_hidden_private_and_left_empty(sim, archiver):
    archiver.fetch(status=0)
    staging = archiver.watch / ".ptp-archiver"
    assert mode(staging) == 0o700
    assert [p.name[:5] for p in staging.iterdir()] == ["mark-"]


def test_a_link_in_place_of_the_staging_folder_is_not_followed(sim, archiver):
    elsewhere = archiver.folder / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "probe").write_text("somebody's file")
    (archiver.watch / ".ptp-archiver").symlink_to(elsewhere)
    done = archiver.fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(Disk)"
    assert f"{archiver.watch}/.ptp-archiver is a link" in done.stderr
    assert sim.requests() == [], "nothing is asked"
    assert (elsewhere / "probe").read_text() == "somebody's file"
    assert "is a link" in archiver.run("check", status=1).stdout
    (archiver.watch / ".ptp-archiver").unlink()
    archiver.fetch(status=0)
    assert len(archiver.delivered()) == 1
    assert [p.name for p in elsewhere.iterdir()] == ["probe"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_staging_folder_that_another_user_made_is_not_used(sim, archiver):
    staging = archiver.watch / ".ptp-archiver"
    staging.mkdir(mode=0o777)
    os.chown(staging, 4713, 4713)
    done = archiver.fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(Disk)"
    assert f"{staging} belongs to user 4713" in done.stderr
    assert sim.requests() == [] and list(staging.iterdir()) == []
    assert "belongs to user 4713" in archiver.run("check", status=1).stdout


@pytest.mark.skipif(not shutil.which("bindfs"), reason="bindfs is not installed")
def test_where_all_files_have_one_owner_the_staging_folder_is_ours(sim, archiver):
    below = archiver.folder / "below"
    below.mkdir()
    mounted = subprocess.run(["bindfs", "--force-user=4713", below, archiver.watch],
                             capture_output=True, text=True)
    if mounted.returncode:
        pytest.skip(f"mounting is not permitted here: {mounted.stderr.strip()}")
    try:
        archiver.fetch(status=0)
        archiver.fetch(status=0)
        assert (archiver.watch / ".ptp-archiver").stat().st_uid == 4713
        assert len(archiver.delivered()) == 2
    finally:
        subprocess.run(["umount", archiver.watch], check=True)


def can_trace():
    return shutil.which("strace") and \
        subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not can_trace(), reason="strace is not there, or may not trace")
def test_file_is_on_the_disk_before_it_is_renamed_and_the_folder_after(sim, archiver, tmp_path):
    trace = tmp_path / "trace"
    archiver.fetch(status=0, ASAN_OPTIONS="detect_leaks=0", prefix=(
        "strace", "-f", "-y", "-s", "500", "-e", "trace=fsync,/^rename,/^link", "-o", str(trace)))
    calls = trace.read_text().splitlines()
    watch = re.escape(str(archiver.watch))

    def at(pattern):
        return [i for i, call in enumerate(calls) if re.search(pattern, call)][-1]

    renamed = at(rf'renameat2\(\d+<{watch}/\.ptp-archiver>, "\S+", \d+<{watch}>, "{NAME}", '
                 'RENAME_NOREPLACE')
    assert at(rf"fsync\(\d+<{watch}/\.ptp-archiver/\w+\.\d+\.part>\)\s+= 0") < renamed
    assert renamed < at(rf"fsync\(\d+<{watch}>\)\s+= 0")


@pytest.mark.parametrize("umask, wanted", [(None, 0o660), ("022", 0o644), ("077", 0o600),
                                           ("000", 0o666)])
def test_permissions_are_what_the_setting_says(sim, make, umask, wanted):
    a = make(UMASK=umask)
    a.fetch(status=0)
    assert mode(a.watch / NAME) == wanted


def test_umask_of_the_process_has_no_say(sim, archiver):
    archiver.fetch(status=0, prefix=("sh", "-c", 'umask 377; exec "$@"', "sh"))
    assert mode(archiver.watch / NAME) == 0o660


def test_missing_watch_directory_is_made(sim, make):
    a = make(UMASK="027")
    a.set(PTP_WATCH=a.folder / "new")
    a.fetch(status=0)
    assert (a.folder / "new" / NAME).exists()
    assert mode(a.folder / "new") == 0o750


def test_name_of_the_container_is_put_into_the_watch_directory(sim, make):
    a = make("a:1T,b:1T", PTP_WATCH="$name")
    a.set(PTP_WATCH=a.watch / "$name")
    a.fetch(status=0)
    assert [p.parent.name for p in sorted(a.watch.glob("*/*.torrent"))] == ["a", "b"]


def nothing_was_asked(sim, archiver, *parts):
    done = archiver.fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(Disk)"
    for part in parts:
        assert part in done.stderr
    assert archiver.status()["pending"] == archiver.status()["possibly_lost"] == []
    return sim.requests() == []


def test_watch_directory_without_a_parent_is_err_disk_before_anything_is_asked(sim, make):
    a = make()
    a.set(PTP_WATCH=a.folder / "no" / "parent")
    assert nothing_was_asked(sim, a, str(a.folder / "no" / "parent"))
    assert not (a.folder / "no").exists()


def test_watch_directory_that_is_a_file_is_err_disk_before_anything_is_asked(sim, make):
    a = make()
    (a.folder / "file").touch()
    a.set(PTP_WATCH=a.folder / "file")
    assert nothing_was_asked(sim, a, str(a.folder / "file"))


# Root without the power to override permissions is bound by them as anybody is.
BOUND = () if os.geteuid() else ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@pytest.mark.parametrize("bits", [0o500, 0o000])
def test_watch_directory_that_cannot_be_written_is_err_disk_before_anything_is_asked(
        sim, archiver, bits):
    archiver.watch.chmod(bits)
    done = archiver.fetch(status=1, prefix=BOUND)
    archiver.watch.chmod(0o700)
    assert summary(done.stderr) == "attic:ERR(Disk)"
    assert str(archiver.watch) in done.stderr and "Permission denied" in done.stderr
    assert sim.requests() == []


def test_staging_folder_that_cannot_be_written_is_err_disk_before_anything_is_asked(sim, archiver):
    staging = archiver.watch / ".ptp-archiver"
    staging.mkdir(mode=0o500)
    done = archiver.fetch(status=1, prefix=BOUND)
    assert summary(done.stderr) == "attic:ERR(Disk)"
    assert sim.requests() == []


def test_other_containers_go_on_when_one_folder_cannot_be_used(sim, make):
    a = make("a:1T,b:1T")
    a.set(PTP_WATCH=a.folder / "$name" / "deeper")
    (a.folder / "b").mkdir()
    assert summary(a.fetch(status=1).stderr) == "a:ERR(Disk), b:OK"
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["b"]


def test_folder_that_vanishes_after_the_question_leaves_the_torrent_pending(sim, make):
    a = make()
    sim.faults({"do": "status", "endpoint": "download", "status": 503, "times": 1})
    a.fetch(status=1)
    shutil.rmtree(a.watch)
    a.watch.touch()
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(Disk)"
    assert a.status()["pending"][0]["state"] == "assigned"
    a.watch.unlink()
    assert "`ptp-archiver accept attic`" in a.fetch(status=1).stderr
    assert len(sim.downloads()) == 1
    a.run("accept", "attic", status=0)
    a.fetch(status=0)
    assert a.delivered() == [NAME]
    assert len(sim.fetches()) == 1 and len(sim.downloads()) == 2


def test_what_a_client_took_away_is_not_delivered_again(sim, archiver):
    archiver.fetch(status=0)
    (archiver.watch / NAME).unlink()
    archiver.fetch(status=0)
    assert archiver.delivered() == ["Some.Film.1922.1080p-100002.torrent"]


def test_script_is_told_in_the_utilitys_words(sim, archiver):
    done = archiver.fetch(status=0)
    assert done.stdout == f'New download written as "{archiver.watch / NAME}"\n'
