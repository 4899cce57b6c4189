"""File systems that lack something: the program does without it, or asks for nothing.

doc/filesystems.md has the table of what is done instead."""

import resource
import signal
import subprocess

import pytest

from filesystems import bare, mounts  # noqa: F401
from harness import ARCHIVER

LONG = "Ä long film name " + "x" * 300
ROOM = 16  # for the endings that clients add


def names_are_long(sim):
    sim.faults({"do": "filename", "endpoint": "download",
                "value": f'attachment; filename="{LONG}.torrent"'})


def works(sim, a, n=1, **variables):
    """A torrent is asked for and delivered, its bytes are whole, nothing is left staged."""
    asked = len(sim.fetches())
    done = a.fetch(status=0, **variables)
    assert len(sim.fetches()) == asked + 1, done.stderr
    names = a.delivered()
    assert len(names) == n
    hashes = {row["infohash"] for row in sim.assignments()}
    assert {a.inspect(a.watch / name)["infohash_v1"].upper() for name in names} <= hashes
    assert a.fetch(status=0, **variables).returncode == 0
    assert len(a.delivered()) == n + 1
    assert {row["state"] for row in a.history()} == {"delivered"}
    return names


def leftovers(watch):
    return [p for p in watch.rglob("*") if not p.name.endswith(".torrent")
            and p.name != ".ptp-archiver" and not p.name.startswith("mark")]


def refuses(sim, a, *words, **variables):
    """Nothing is asked of the tracker; why is said, by the cycle and by `check`."""
    asked = len(sim.fetches())
    done = a.fetch(status=1, **variables)
    assert "attic:ERR(Disk)" in done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    assert len(sim.fetches()) == asked and sim.assignments() == []
    check = a.run("check", status=1, **variables).stdout
    assert "FAIL  attic: " in check
    return done.stderr, check


# ---- real ones ----


@pytest.mark.parametrize("options", [
    ("--chmod-deny",),
    ("--chown-deny", "--chgrp-deny", "--chmod-deny"),
    ("--chmod-ignore", "--chown-ignore", "--force-user=daemon", "--force-group=daemon",
     "-p", "0777"),
], ids=["chmod-refused", "all-refused", "one-owner-for-all"])
def test_a_watch_folder_that_refuses_chmod_is_used(sim, archiver, mounts, options):  # noqa: F811
    mounts.bindfs(archiver.watch, *options)
    works(sim, archiver)
    assert leftovers(archiver.watch) == []
    assert archiver.run("check").stdout.count("is writable") == 2


@pytest.mark.parametrize("options", [
    ("--chmod-deny",),
    ("--chmod-ignore", "--chown-ignore", "--force-user=daemon", "--force-group=daemon",
     "-p", "0777"),
], ids=["chmod-refused", "one-owner-for-all"])
def test_a_state_folder_that_refuses_chmod_is_used(sim, archiver, mounts, options):  # noqa: F811
    mounts.bindfs(archiver.state, *options)
    works(sim, archiver)


def test_sftp_without_hard_links_is_used(sim, archiver, mounts):  # noqa: F811
    mounts.sshfs(archiver.watch, "-o", "disable_hardlink")
    works(sim, archiver)
    assert leftovers(archiver.watch) == []


def test_a_state_folder_over_sftp_is_used(sim, archiver, mounts):  # noqa: F811
    mounts.sshfs(archiver.state, "-o", "disable_hardlink")
    works(sim, archiver)


def test_names_in_an_encrypted_folder_are_short_enough_for_it(sim, archiver, mounts):  # noqa: F811
    mounts.encfs(archiver.watch)
    names_are_long(sim)
    for name in works(sim, archiver):
        assert name.startswith("Ä long film name x") and name.endswith("].torrent")
        assert len(name.encode()) < 180
        # A client can add its ending.
        (archiver.watch / name).rename(archiver.watch / f"{name}.qbt_rejected")


@pytest.mark.parametrize("options", [(), ("-o", "category.create=epmfs"), ("-o", "category.create=rand")],
                         ids=["default", "path-preserving", "random"])
def test_merged_disks_are_used(sim, archiver, mounts, options):  # noqa: F811
    mounts.mergerfs(archiver.watch, *options)
    works(sim, archiver)
    assert leftovers(archiver.watch) == []


@pytest.mark.parametrize("options", [("utf8=1",), ("iocharset=iso8859-1",), ("iocharset=ascii",)],
                         ids=["utf8", "latin1", "ascii"])
def test_fat_is_used(sim, archiver, mounts, options):  # noqa: F811
    mounts.image(archiver.watch, ("mkfs.vfat",), *options)
    names_are_long(sim)
    works(sim, archiver)


def test_ext4_in_a_file_is_used(sim, archiver, mounts):  # noqa: F811
    mounts.image(archiver.watch, ("mkfs.ext4", "-q"))
    names_are_long(sim)
    (name,) = works(sim, archiver)
    assert len(name.encode()) == 200


def test_a_watch_folder_without_inodes_asks_nothing(sim, archiver, mounts):  # noqa: F811
    mounts.tmpfs(archiver.watch, "size=4m,nr_inodes=1")
    refuses(sim, archiver, "No space left on device")


# ---- simulated ones ----


@pytest.mark.parametrize("names", [None, 143])
@pytest.mark.parametrize("keeps", [False, True], ids=["", "nothing-removed"])
def test_making_writing_and_renaming_is_enough(sim, archiver, bare, names, keeps):  # noqa: F811
    names_are_long(sim)
    bound = bare(archiver.watch, names=names, keeps=keeps)
    (name,) = works(sim, archiver, **bound)
    if names:
        assert len(name.encode()) <= names - ROOM
        assert name.startswith("Ä long film name x") and name.endswith("].torrent")
    assert "FAIL" not in archiver.run("check", **bound).stdout.replace("FAIL  tracker", "")


def test_a_state_folder_that_can_only_make_write_and_rename_is_used(sim, archiver,
                                                                    bare):  # noqa: F811
    works(sim, archiver, **bare(archiver.state, names=143))


def test_a_name_with_characters_that_the_folder_refuses_is_the_infohash(sim, archiver,
                                                                        bare):  # noqa: F811
    sim.faults({"do": "filename", "endpoint": "download",
                "value": "attachment; filename*=UTF-8''%C3%84rger.torrent"})
    works(sim, archiver, **bare(archiver.watch, ascii=True))
    infohash = sim.assignments()[0]["infohash"].lower()
    assert f"{infohash}.torrent" in archiver.delivered()


def test_names_that_are_too_short_for_the_program_ask_nothing(sim, archiver, bare):  # noqa: F811
    refuses(sim, archiver, "takes no names of 96 bytes", "another file system",
            **bare(archiver.watch, names=64))


def test_a_torrent_that_was_being_delivered_under_a_name_that_is_too_long_arrives(
        sim, archiver, bare):  # noqa: F811
    names_are_long(sim)
    archiver.fetch(status=0)
    (old,) = archiver.delivered()
    staging = archiver.watch / ".ptp-archiver"
    staging.mkdir(exist_ok=True)
    ((number, infohash),) = archiver.ledger("SELECT id, infohash FROM assignment")
    (archiver.watch / old).rename(staging / f"{infohash}.{number}.part")
    archiver.ledger("UPDATE assignment SET state = ?, path = ?, delivered_at = NULL",
                    3, str(archiver.watch))
    assert archiver.history()[0]["state"] == "delivering"
    archiver.fetch(**bare(archiver.watch, names=143))
    assert len(archiver.delivered()[0].encode()) <= 143 - ROOM
    assert len(sim.downloads()) <= 2


# ---- limits ----


def limited(a, size, *arguments):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return subprocess.run([ARCHIVER, *arguments], env=a.environment, cwd=a.folder,
                          capture_output=True, text=True, timeout=60, preexec_fn=limit)


@pytest.mark.parametrize("size", [4096, 65536, 1 << 20])
def test_a_limit_on_the_size_of_files_is_said_before_anything_is_asked(sim, archiver, size):
    archiver.fetch(status=0)
    done = limited(archiver, size, "fetch", "all")
    assert done.returncode == 1, done
    assert "ulimit -f" in done.stderr
    assert len(sim.fetches()) == 1
    archiver.fetch(status=0)


def test_a_command_gets_the_default_for_files_that_are_too_large(sim, make):
    a = make()
    script, seen = a.folder / "script", a.folder / "seen"
    script.write_text(f"#!/bin/sh\ngrep SigIgn /proc/self/status > {seen}\n")
    script.chmod(0o755)
    a.configure(Containers={"attic": {"Size": "800G", "WatchDirectory": str(a.watch),
                                      "AfterFetchExec": str(script)}})
    a.set(PTP_CONTAINERS=None)
    a.fetch(status=0)
    ignored = int(seen.read_text().split()[1], 16)
    assert not ignored >> (signal.SIGXFSZ - 1) & 1
