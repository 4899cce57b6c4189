"""Full disks and read-only mounts, real ones: small file systems in memory.  And what becomes of a
fault of this machine's once it is mended."""

import os
import re
import signal
import subprocess

import pytest

from harness import wait_for
from test_delivery import BOUND
from test_doctor import as_user, rooted  # noqa: F401


@pytest.fixture
def mount(tmp_path):
    """mount(folder, "size=1m"): a file system there, for the time of the test."""
    mounted = []

    def new(folder, options):
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder],
                              capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"mounting is not permitted here: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield new
    for folder in mounted:
        subprocess.run(["umount", "-l", folder], check=True)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def fill(folder, leave=0):
    """Fill the file system, but for `leave` bytes."""
    path = folder / "filler"
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            size = file.tell()
        file.truncate(max(0, size - leave))
    return path


def visible(folder):
    return sorted(p.name for p in folder.iterdir() if p.name not in (".ptp-archiver", "filler"))


def test_a_full_watch_folder_is_err_disk_before_anything_is_asked(sim, archiver, mount):
    filler = fill(mount(archiver.watch, "size=1m"))
    done = archiver.fetch(status=1)
    assert "attic:ERR(Disk)" in done.stderr
    assert "No space left" in done.stderr and str(archiver.watch) in done.stderr
    assert sim.fetches() == [] and visible(archiver.watch) == []
    filler.unlink()
    archiver.fetch(status=0)
    assert len(archiver.delivered()) == 1 and len(sim.fetches()) == 1


def test_a_watch_folder_that_fills_up_meanwhile_gets_the_torrent_when_there_is_room(
        sim, archiver, mount):
    sim.scenario(torrent_size=200 << 30)  # so that the .torrent is large
    filler = fill(mount(archiver.watch, "size=4m"), leave=80 * 1024)
    done = archiver.fetch(status=1)
    assert "attic:ERR(Disk)" in done.stderr
    assert visible(archiver.watch) == []
    (row,) = archiver.history()
    assert row["state"] == "fetched" and "No space left" in row["note"]
    archiver.fetch(status=1)
    assert len(sim.fetches()) == 1, "nothing is asked for in place of a pending one"
    filler.unlink()
    archiver.fetch(status=0)
    assert len(archiver.delivered()) == 1
    assert len(sim.fetches()) == len(sim.downloads()) == 1
    assert (archiver.watch / archiver.delivered()[0]).stat().st_size > 100 * 1024


def test_a_full_watch_folder_of_one_container_is_not_in_the_way_of_another(sim, make, mount):
    a = make("attic:800G,hetzner:5T")
    a.set(PTP_WATCH=f"{a.watch}/$name")
    fill(mount(a.watch / "attic", "size=1m"))
    (a.watch / "hetzner").mkdir()
    done = a.fetch(status=1)
    assert "cycle ended: attic:ERR(Disk), hetzner:OK" in done.stderr
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["hetzner"]


def test_a_full_state_folder_is_reported_and_nothing_is_asked(sim, make, mount):
    a = make(HC_URL=sim.ping_url)
    filler = fill(mount(a.state, "size=1m"))
    done = a.fetch(status=1)
    assert "ERROR" in done.stderr and str(a.state) in done.stderr
    assert sim.fetches() == []
    filler.unlink()
    a.fetch(status=0)
    assert len(a.delivered()) == 1


def test_a_state_folder_that_is_full_later_asks_nothing_and_tells_healthchecks(sim, make, mount):
    a = make(HC_URL=sim.ping_url)
    mount(a.state, "size=1m")
    a.fetch(status=0)
    filler = fill(a.state)
    done = a.fetch(status=1)
    assert "full" in done.stderr or "No space left" in done.stderr
    assert len(sim.fetches()) == 1
    assert sim.pings()[-1]["kind"] == "fail" and "Ledger" in sim.pings()[-1]["body"]
    filler.unlink()
    a.fetch(status=0)
    assert len(a.delivered()) == 2


@pytest.mark.parametrize("leave", [8, 16, 24, 32, 48, 64])
def test_a_state_folder_that_fills_up_amid_a_cycle_loses_nothing(sim, make, mount, leave):
    a = make("attic:800G,hetzner:5T")
    sim.scenario(incomplete=True, incomplete_empty="array")
    mount(a.state, "size=1m")
    a.fetch("attic", status=0)
    filler = fill(a.state, leave=leave * 1024)
    a.fetch()
    a.fetch()
    filler.unlink()
    a.fetch(status=0)
    a.fetch(status=0)
    hashes = [a.inspect(a.watch / name)["infohash_v1"].upper() for name in a.delivered()]
    assert sorted(hashes) == sorted(row["infohash"] for row in sim.assignments())


def test_a_read_only_watch_folder_is_err_disk_before_anything_is_asked(sim, archiver, mount):
    mount(archiver.watch, "size=1m,ro")
    done = archiver.fetch(status=1)
    assert "attic:ERR(Disk)" in done.stderr
    assert f"cannot write into {archiver.watch}: Read-only file system; mount it writable" in \
        done.stderr
    assert "ReadWritePaths=" not in done.stderr
    assert "ReadWritePaths= (systemctl edit), when the service is started" in \
        archiver.fetch(status=1, INVOCATION_ID="0123").stderr
    assert sim.fetches() == []
    assert "FAIL  attic: " in archiver.run("check", status=1).stdout
    remount(archiver.watch, "rw")
    archiver.fetch(status=0)
    assert len(archiver.delivered()) == 1


def test_a_watch_folder_that_turned_read_only_gets_the_pending_torrent_later(
        sim, archiver, mount):
    mount(archiver.watch, "size=1m")
    sim.faults({"endpoint": "download", "do": "status", "status": 404, "times": 1})
    archiver.fetch(status=1)
    remount(archiver.watch, "ro")
    assert "attic:ERR(Disk)" in archiver.fetch(status=1).stderr
    remount(archiver.watch, "rw")
    archiver.fetch(status=0)
    assert len(archiver.delivered()) == 1 and len(sim.fetches()) == 1


def test_a_read_only_state_folder_is_reported_and_nothing_is_asked(sim, archiver, mount):
    mount(archiver.state, "size=1m")
    archiver.fetch(status=0)
    remount(archiver.state, "ro")
    done = archiver.fetch(status=1)
    assert "ERROR" in done.stderr
    assert len(sim.fetches()) == 1
    # Looking works.
    assert archiver.container()["delivered"] == 1
    assert len(archiver.history()) == 1
    assert "FAIL  state: " in archiver.run("check", status=1).stdout
    remount(archiver.state, "rw")
    archiver.fetch(status=0)
    assert len(archiver.delivered()) == 2


def test_a_daemon_whose_disks_are_full_lives_on_and_goes_on_when_there_is_room(
        sim, make, mount):
    a = make(HC_URL=sim.ping_url, PTP_INTERVAL="1s")
    filler = fill(mount(a.watch, "size=1m"))
    process = a.start()
    wait_for(lambda: len(sim.pings("fail")) >= 2)
    assert "attic:ERR(Disk)" in sim.pings("fail")[0]["body"]
    filler.unlink()
    wait_for(lambda: sim.pings("success"))
    assert process.poll() is None and a.delivered()


# ---- rights ----

@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("status, mode, key, path", [
    (1, 0o755, "chown 4713:4712", "watch"),
    (1, 0o755, "chown 4713:4712", "watch/$name"),
    (1, 0o700, "chown -R 4713:4712", "watch/.ptp-archiver"),
    (2, 0o600, "chown 4713:4712", "config.ptp"),
    (1, 0o700, "chown -R 4713:4712", "state"),
    (1, 0o600, "chown 4713:4712", "state/ledger.db"),
], ids=["watch", "to-be-made", "hidden", "config.ptp", "state", "ledger"])
def test_what_keeps_us_out_is_named_with_our_user_and_the_way_in(
        sim, rooted, status, mode, key, path):  # noqa: F811
    a, ours = rooted, as_user(4713, 4712)
    for folder in (a.folder, a.watch):
        os.chown(folder, 4713, 4712)
    if path.endswith("$name"):
        a.set(PTP_WATCH=a.folder / path)
        path = "watch"
    elif path != "watch":
        a.fetch(status=0, prefix=ours)
    calls = len(sim.requests())
    os.chown(a.folder / path, 0, 0)
    (a.folder / path).chmod(mode)
    said = a.fetch(status=status, prefix=ours).stderr
    assert re.search(rf"Permission denied; this is user 4713:4712, so: {key} {a.folder / path}\b",
                     said), said
    assert len(sim.requests()) == calls
    os.system(re.search(r"so: (chown [-R0-9: ]+ \S+?),?\s", said).group(1))
    a.fetch(status=0, prefix=ours)


@pytest.mark.parametrize("made", [False, True], ids=["new", "used"])
def test_a_folder_of_ours_that_lacks_rights_is_told_with_chmod(sim, archiver, made):
    if made:    # what is hidden in it can be written
        archiver.fetch(status=0)
    calls = len(sim.requests())
    archiver.watch.chmod(0o500)
    said = archiver.fetch(status=1, prefix=BOUND).stderr
    assert f"cannot write into {archiver.watch}: Permission denied" in said
    assert f"chmod u+rwX {archiver.watch}\n" in said and len(sim.requests()) == calls


# ---- a fault that is mended ----

def asleep(a):
    wait_for(lambda: "resuming what was left undone in" in a.log(), what=f"asleep: {a.log()}")


@pytest.fixture
def without_folder(sim, make):
    """A daemon whose watch folder cannot be made, as what it lies in is missing."""
    a = make(PTP_FETCH_SLEEP="10")
    a.set(PTP_WATCH=a.folder / "disk" / "watch")
    a.has_a_past()
    return a


def test_a_local_fault_is_tried_again_after_ten_minutes(sim, without_folder):
    a = without_folder
    a.start()
    asleep(a)
    assert re.search("left undone in (9 m|10 m)", a.log()) and sim.requests() == []


def test_a_mended_local_fault_is_gone_on_with_by_itself(sim, without_folder):
    a = without_folder
    a.start(PTP_FETCH_SLEEP="0")    # where nothing waits, ten minutes are none
    wait_for(lambda: a.log().count("cycle ended: attic:ERR(Disk)") >= 2)
    assert sim.requests() == []
    (a.folder / "disk").mkdir()
    wait_for(lambda: "next cycle in" in a.log())
    assert len(sim.fetches()) == 1 and list(a.folder.glob("disk/watch/*.torrent"))


@pytest.mark.parametrize("how", ["restart", "reload"])
def test_a_mended_local_fault_is_gone_on_with_at_once_after_a(sim, without_folder, how):
    a = without_folder
    process = a.start()
    asleep(a)
    (a.folder / "disk").mkdir()
    if how == "restart":
        a.stop(process)
        process = a.start()
    else:
        process.send_signal(signal.SIGHUP)
    wait_for(lambda: list(a.folder.glob("disk/watch/*.torrent")))
    a.stop(process)
    a.start()
    wait_for(lambda: "next cycle in" in a.log())
    assert len(sim.fetches()) == 1


def test_a_data_folder_that_is_gone_is_no_reason_to_wait_for_hours_either(sim, make):
    a = make(PTP_FETCH_SLEEP="10", PTP_RESERVE="1K")
    a.set(PTP_DATA=a.folder / "data")
    a.has_a_past()
    process = a.start()
    asleep(a)
    assert sim.requests() == [] and "DataDirectory" in a.log()
    a.stop(process)
    (a.folder / "data").mkdir()
    a.start()
    wait_for(a.delivered)


@pytest.mark.parametrize("sleep", ["0", "10"], ids=["by-itself", "after-a-restart"])
def test_what_could_not_be_delivered_is_with_no_further_call(sim, make, mount, sleep):
    a = make(PTP_FETCH_SLEEP=sleep)
    sim.scenario(torrent_size=200 << 30)  # so that the .torrent is large
    filler = fill(mount(a.watch, "size=4m"), leave=80 * 1024)
    a.has_a_past()
    process = a.start()
    wait_for(lambda: "cycle ended: attic:ERR(Disk)" in a.log())
    if sleep != "0":
        a.stop(process)
    calls = len(sim.requests())
    filler.unlink()
    if sleep != "0":
        a.start()
    wait_for(a.delivered)
    wait_for(lambda: "next cycle in" in a.log())
    assert len(sim.requests()) == calls and len(sim.fetches()) == 1


def test_a_vault_that_cannot_be_written_does_not_have_the_torrent_downloaded_again_and_again(
        sim, make, mount):
    a = make(PTP_FETCH_SLEEP="10")
    a.state.mkdir(mode=0o700)
    sim.scenario(torrent_size=200 << 30)  # so that the .torrent is larger than what is left
    mount(a.state / "vault", "size=100k")
    a.has_a_past()
    a.start()
    wait_for(lambda: "cycle ended: attic:ERR(Disk)" in a.log())
    wait_for(lambda: "next cycle in" in a.log())
    assert len(sim.downloads()) == 1 and a.history()[0]["state"] == "assigned"


@pytest.mark.parametrize("options", ["size=1m,ro", "size=4k"])
def test_a_vault_that_cannot_be_written_asks_nothing(sim, archiver, mount, options):
    archiver.state.mkdir(mode=0o700)
    mount(archiver.state / "vault", options)
    done = archiver.fetch(status=1)
    assert "cycle ended: attic:ERR(Disk)" in done.stderr and str(archiver.state) in done.stderr
    assert sim.requests() == []


@pytest.mark.parametrize("folders", ["watch/new", "watch/$name"])
def test_a_watch_folder_has_a_space_once_it_was_made(archiver, folders):
    archiver.set(PTP_WATCH=archiver.folder / folders)
    archiver.fetch(status=0)
    (place,) = archiver.status()["places"]
    assert place["free_bytes"] and place["total_bytes"] and place["measured_at"]


def test_the_space_of_a_full_watch_folder_is_known(archiver, mount):
    fill(mount(archiver.watch, "size=1m"))
    archiver.fetch(status=1)
    (place,) = archiver.status()["places"]
    assert place["free_bytes"] == 0 and place["total_bytes"] == 1 << 20
