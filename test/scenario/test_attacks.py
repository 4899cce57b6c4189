"""What others on the same machine try: links in place of files."""

import json
import os
import pathlib
import subprocess

import pytest

STRANGER = 65534
as_root = pytest.mark.skipif(os.getuid() != 0, reason="root's rights are what is to be abused")


@pytest.fixture(scope="session")
def swap(tmp_path_factory):
    """Variables that swap a temporary file for a link, in the instant when an attacker would."""
    library = tmp_path_factory.mktemp("swap") / "swap.so"
    source = pathlib.Path(__file__).with_name("swap.c")
    subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-shared", "-fPIC", "-o",
                    str(library), str(source)], check=True)
    asan = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")
    return lambda victim: {"LD_PRELOAD": str(library), "SWAP_VICTIM": str(victim),
                           "ASAN_OPTIONS": asan}


@pytest.fixture
def victim(tmp_path):
    """A file of root's, elsewhere."""
    path = tmp_path / "shadow"
    path.write_text("{}")
    path.chmod(0o600)
    return path


def facts_of(path):
    status = path.stat()
    return status.st_uid, status.st_gid, status.st_mode, path.read_text()


def give_to_a_stranger(archiver):
    archiver.configure(ApiUser="u" * 16, ApiKey="k" * 32, Containers={"attic": {"Size": "1T"}})
    os.chown(archiver.folder, STRANGER, STRANGER)
    os.chown(archiver.config, STRANGER, STRANGER)


@as_root
@pytest.mark.parametrize("command", [
    ("create", "--size", "2T", "--watch", "/srv/more", "more"), ("resize", "attic", "3T"),
    ("rename", "attic", "loft"), ("remove", "attic")])
def test_swapped_link_does_not_lend_out_roots_rights(make, swap, victim, command):
    a = make(containers=None)
    give_to_a_stranger(a)
    before = facts_of(victim)
    a.run(*command, status=0, **swap(victim))
    assert facts_of(victim) == before


@as_root
def test_swap_is_seen_to_work(make, swap, victim):
    a = make(containers=None)
    give_to_a_stranger(a)
    a.run("resize", "attic", "3T", **swap(victim))
    assert a.config.is_symlink() and os.readlink(a.config) == str(victim)


@as_root
def test_root_does_not_write_through_a_strangers_link(make, victim):
    a = make(containers=None)
    give_to_a_stranger(a)
    before = facts_of(victim)
    a.config.unlink()
    a.config.symlink_to(victim)
    os.lchown(a.config, STRANGER, STRANGER)
    done = a.run("create", "--size", "2T", "--watch", "/srv/more", "more", status=1)
    assert str(a.config) in done.stderr and "link" in done.stderr
    assert facts_of(victim) == before


@as_root
@pytest.mark.parametrize("link, target", [(0, 0), (0, STRANGER), (STRANGER, STRANGER)])
def test_other_links_are_followed(make, tmp_path, link, target):
    a = make(containers=None)
    give_to_a_stranger(a)
    real = tmp_path / "real.ptp"
    a.config.rename(real)
    os.chown(real, target, target)
    a.config.symlink_to(real)
    os.lchown(a.config, link, link)
    a.run("create", "--size", "2T", "--watch", "/srv/more", "more", status=0)
    assert a.config.is_symlink() and "more" in json.loads(real.read_text())["Containers"]
    assert real.stat().st_uid == target


@as_root
def test_permissions_of_a_link_in_the_ledgers_place_are_left_alone(make, sim, victim):
    a = make()
    victim.chmod(0o644)
    a.state.mkdir()
    (a.state / "ledger.db").symlink_to(victim)
    before = facts_of(victim)
    a.fetch()
    assert facts_of(victim)[:3] == before[:3]
