"""The images as their users meet them, on a real Docker Engine, with the simulator as tracker."""

import hashlib
import io
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import tarfile
import threading
import time

import pytest

from conftest import ARM64, LABELS, build, build_ours
from engine import ROOT
from harness import KEY, USER, Archiver, Authority, Sim, wait_for

MAX_BYTES = 25_000_000
STOP_LIMIT = 2.0    # seconds from `docker stop` to the end
DELIVERED = "cycle ended: attic:OK"
root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


def files_of(engine, image):
    """The image's file system, as a tar file."""
    name = engine.run("create", image).stdout.strip()
    try:
        return tarfile.open(fileobj=io.BytesIO(engine.run("export", name, text=False).stdout))
    finally:
        engine.run("rm", name)


def program_of(engine, image):
    with files_of(engine, image) as tar:
        return tar.extractfile("usr/bin/ptp-archiver").read()


def inspect(engine, image):
    return json.loads(engine.run("image", "inspect", image).stdout)[0]


def torrents(folder):
    return sorted(p for p in pathlib.Path(folder).glob("*.torrent"))


# ---- what is in them ----

def test_both_images_run_the_program(engine, native, utility):
    version = re.search(r"version: '([^']+)'", (ROOT / "meson.build").read_text()).group(1)
    for image in (native, utility):
        shown = engine.run("run", "--rm", "--network=host", image, "version").stdout
        assert shown.startswith(f"ptp-archiver {version}\n")
        assert f"ARG VERSION={version}\n" in (ROOT / "Dockerfile").read_text()


def test_the_utility_image_has_what_the_official_utility_imports(engine, utility):
    engine.run("run", "--rm", "--network=host", "--read-only", "--entrypoint=python3", utility,
               "-c", "import requests, cgi")


def test_the_utility_image_takes_over_a_configuration_of_ptparchiver_go(engine, utility, tmp_path):
    (tmp_path / "app").mkdir(mode=0o777)
    (tmp_path / "app").chmod(0o777)
    (tmp_path / "config.yaml").write_text(
        f"apiKey: {KEY}\napiUser: {USER}\ncontainers:\n  attic: {{size: 1T, watchDir: /watch}}\n")
    engine.run("run", "--rm", "--network=host", "--read-only", f"--volume={tmp_path}/app:/app",
               f"--volume={tmp_path}/config.yaml:/config.yaml:ro",
               "--entrypoint=ptp-archiver-import", utility, "/config.yaml")
    shown = engine.run("run", "--rm", "--network=host", f"--volume={tmp_path}/app:/app", utility,
                       "list").stdout
    assert "attic (1T): /watch" in shown


@pytest.mark.parametrize("options", [(), (
    "--user=54321:4242", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges")],
    ids=["plain", "without-any-rights"])
def test_the_utility_image_downloads_the_utility_and_fetches_with_it(start, sim, utility, options):
    sim.scenario(script_file=str(ROOT / "test" / "utility" / "archiver.py"))
    container = start("--health-interval=1s", *options, image=utility)
    container.wait_for_log(DELIVERED)
    container.wait_for_health("healthy")
    assert len(sim.requests("script")) == 1 and len(sim.fetches()) == 1
    (delivered,) = torrents(start.watch)
    assert delivered.read_bytes().startswith(b"d")


def test_the_native_image_has_at_most_25_mb(engine, native):
    assert inspect(engine, native)["Size"] <= MAX_BYTES


def test_the_native_image_holds_the_program_and_nothing_else_that_runs(engine, native):
    with files_of(engine, native) as tar:
        files = {m.name: m for m in tar if m.isfile() or m.issym() or m.islnk()}
    programs = [n for n, m in files.items() if m.mode & 0o111 and m.isfile()
                and not re.search(r"\.so(\.\d+)*$", n) and not n.startswith(("etc/", "dev/"))]
    assert sorted(p for p in programs if p != ".dockerenv") == ["usr/bin/ptp-archiver"]
    assert not [m.name for m in files.values() if m.mode & 0o6000]
    allowed = r"usr/(bin/ptp-archiver$|lib/|share/(zoneinfo|ca-certificates)/)|lib(64)?/ld-" \
              r"|etc/(passwd|group|nsswitch\.conf|ssl/certs/)" \
              r"|etc/(hostname|hosts|resolv\.conf|mtab)|dev/|\.dockerenv"
    assert not [n for n in files if not re.match(allowed, n)]
    assert "usr/share/zoneinfo/Europe/Berlin" in files
    assert "etc/ssl/certs/ca-certificates.crt" in files


def test_the_labels_are_there_in_full(engine, native, utility):
    for image in (native, utility):
        labels = inspect(engine, image)["Config"]["Labels"]
        ours = {k.removeprefix("org.opencontainers.image."): v for k, v in labels.items()}
        assert all(ours[name.lower()] == value for name, value in LABELS.items())
        assert ours["licenses"] == "MIT" and ours["title"] and ours["description"]
        assert ours["url"] == ours["documentation"] == LABELS["SOURCE"]
        assert ours["authors"] in (ROOT / "LICENSE").read_text()


def test_neither_image_runs_as_root_and_both_keep_two_folders(engine, native, utility):
    for image in (native, utility):
        config = inspect(engine, image)["Config"]
        assert config["User"] == "ptp" and config["WorkingDir"] == "/app"
        assert sorted(config["Volumes"]) == ["/app", "/watch"]
        assert config["Healthcheck"]["Test"] == ["CMD", "/usr/bin/ptp-archiver", "health"]


def test_the_program_is_the_same_bytes_when_built_again_elsewhere(engine, native, tmp_path):
    """Another path, another time of build; the packages' layer is taken from the first build."""
    other = tmp_path / "elsewhere"
    other.mkdir()
    for name in ("Dockerfile", ".dockerignore", "meson.build", "meson_options.txt", "README.md",
                 "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, other)
    (other / "contrib").mkdir()
    shutil.copy(ROOT / "contrib" / "ptp-archiver-import", other / "contrib")
    for name in ("docker", "src"):
        shutil.copytree(ROOT / name, other / name, copy_function=shutil.copy)
    again = build(engine, "ptp-archiver-test:again", "--build-arg=SOURCE_DATE_EPOCH=1000000000",
                  context=other)
    first, second = (program_of(engine, image) for image in (native, again))
    assert hashlib.sha256(first).hexdigest() == hashlib.sha256(second).hexdigest()
    assert str(ROOT).encode() not in first and b"/src/src" not in first


@pytest.mark.skipif(not shutil.which("qemu-aarch64-static"), reason="no qemu-user-static")
def test_built_for_arm64_it_fetches_a_torrent(engine, native, sim, tmp_path):
    build_ours(engine, ARM64, "--build-arg=ARCH=arm64")
    root = tmp_path / "arm64"
    with files_of(engine, ARM64) as tar:
        tar.extractall(root, [m for m in tar if not m.name.startswith("dev/")])
    program = ["qemu-aarch64-static", "-L", str(root), str(root / "usr/bin/ptp-archiver")]
    assert "AArch64" in subprocess.run(["readelf", "-h", program[-1]], capture_output=True,
                                       text=True).stdout
    archiver = Archiver(tmp_path / "archiver", sim.url)
    for arguments in (["version"], ["fetch", "all"]):
        done = subprocess.run([*program, *arguments], env=archiver.environment, timeout=120,
                              cwd=archiver.folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert len(archiver.delivered()) == 1


# ---- the seed's command ----

@root_only
def test_the_seeds_command_works_as_it_stands(engine, native, sim, tmp_path):
    watch = tmp_path / "watch"
    watch.mkdir()
    os.chown(watch, 1000, 1000)
    engine.run("run", "-d", "--name", "ptp-archiver-test-seed", "-e", f"PTP_USER={USER}", "-e",
               f"PTP_KEY={KEY}", "-e", "PTP_CONTAINERS=attic:800G,hetzner:5T", "-v",
               f"{watch}:/watch", "--network=host", "-e", f"PTP_BASE_URL={sim.url}", "-e",
               "PTP_FETCH_SLEEP=0", native)
    try:
        wait_for(lambda: len(torrents(watch)) == 2, what="two torrents")
        first = torrents(watch)[0].stat()
        assert (first.st_uid, first.st_gid, stat.S_IMODE(first.st_mode)) == (1000, 1000, 0o660)
        begin = time.monotonic()
        engine.run("stop", "ptp-archiver-test-seed")
        assert time.monotonic() - begin < STOP_LIMIT
        state = json.loads(engine.run("inspect", "ptp-archiver-test-seed").stdout)[0]["State"]
        assert state["ExitCode"] == 0 and not state["OOMKilled"]
    finally:
        engine.run("rm", "--force", "--volumes", "ptp-archiver-test-seed", status=None)


def test_killed_and_started_again_it_makes_no_further_call(start, sim):
    container = start()
    container.wait_for_log("next cycle in")
    calls = len(sim.requests())
    for _ in range(2):
        said = container.log().count("next cycle in")
        container.engine.run("kill", container.name)
        container.engine.run("start", container.name)
        container.wait_for_log("next cycle in", times=said + 1)
    assert len(sim.requests()) == calls
    assert len(torrents(start.watch)) == 1


def test_a_new_container_on_the_same_volume_goes_on_where_the_old_one_was(engine, start, sim):
    volume = f"ptp-archiver-test-{os.getpid()}"
    try:
        first = start("-v", f"{volume}:/app")
        first.wait_for_log(DELIVERED)
        calls = len(sim.requests())
        first.remove()
        start("-v", f"{volume}:/app").wait_for_log("next cycle in")
        assert len(sim.requests()) == calls
    finally:
        for container in engine.run("ps", "-aq", "--filter", f"volume={volume}").stdout.split():
            engine.run("rm", "-f", container)
        engine.run("volume", "rm", volume)


def test_amid_a_slow_answer_it_stops_within_two_seconds(start, sim):
    sim.faults({"do": "hang", "endpoint": "fetch"})
    container = start()
    wait_for(sim.fetches, what="a fetch call")
    begin = time.monotonic()
    container.engine.run("stop", container.name)
    assert time.monotonic() - begin < STOP_LIMIT
    assert container.state()["ExitCode"] == 0


# ---- users and rights ----

@root_only
def test_without_any_rights_a_foreign_user_delivers_for_its_group(start):
    os.chown(start.watch, 0, 4242)
    start.watch.chmod(0o770)
    container = start("--user=54321:4242", "--read-only", "--cap-drop=ALL",
                      "--security-opt=no-new-privileges", "--health-interval=1s")
    container.wait_for_log(DELIVERED)
    container.wait_for_health("healthy")
    torrent, = torrents(start.watch)
    seen = torrent.stat()
    assert (seen.st_uid, seen.st_gid, stat.S_IMODE(seen.st_mode)) == (54321, 4242, 0o660)
    # Another user of the same group, as a client would be, reads and removes it; who is in another
    # group cannot.
    for group, script, status in ((4343, "cat ./*.torrent", 2), (4242, "cat ./*.torrent", 0),
                                  (4242, "rm ./*.torrent", 0)):
        done = subprocess.run(["setpriv", "--reuid=999", f"--regid={group}", "--clear-groups",
                               "sh", "-c", f"cd /proc/self/cwd && {script}"], cwd=start.watch,
                              stdin=subprocess.DEVNULL, capture_output=True)
        assert (done.returncode == 0) == (status == 0), done.stderr
    assert not torrents(start.watch)


def test_umask_counts(start):
    start(UMASK="022").wait_for_log(DELIVERED)
    torrent, = torrents(start.watch)
    assert stat.S_IMODE(torrent.stat().st_mode) == 0o644


@root_only
def test_puid_gets_one_line_that_names_user(start):
    container = start(PUID="911", PGID="911")
    container.wait_for_log(DELIVERED)
    assert container.log().count("--user") == 1
    shutil.rmtree(start.watch / ".ptp-archiver")    # it belongs to the first user
    fitting = start("--user=911:911", PUID="911", PGID="911")
    fitting.wait_for_log("attic:OK")
    assert "--user" not in fitting.log()


@root_only
def test_a_watch_folder_that_cannot_be_written_is_said_before_anything_is_asked(start, sim):
    start.watch.chmod(0o755)
    container = start("--health-interval=1s")
    container.wait_for_log("cycle ended: attic:ERR(Disk)")
    assert "/watch" in container.log()
    assert not sim.requests()
    container.wait_for_health("healthy")


@root_only
def test_a_state_volume_that_cannot_be_written_is_a_clear_error(start, sim, tmp_path):
    (tmp_path / "app").mkdir(mode=0o755)
    container = start("-v", f"{tmp_path / 'app'}:/app")
    assert container.wait_for_end() == 1
    assert re.search(r"ERROR .*the state folder.*/app/state", container.log()), container.log()
    assert "Permission denied" in container.log()
    assert not sim.requests()


# ---- credentials ----

def test_wrong_credentials_make_one_call_and_no_more(start, sim):
    sim.scenario(accounts=[{"user": USER, "key": "x" * 32}])
    container = start("--restart=always", "--health-interval=1s", PTP_CONTAINERS="a:1T,b:1T,c:1T",
                      PTP_FETCH_SLEEP="0.5")
    container.wait_for_log("cycle ended: a:ERR(Auth)")
    for _ in range(2):
        said = container.log().count("keeps 3 containers")
        container.engine.run("restart", container.name)
        container.wait_for_log("keeps 3 containers", times=said + 1)
        container.wait_for_health("healthy")
    assert len(sim.requests()) == 1
    assert KEY not in container.log()


def test_credentials_of_a_wrong_form_end_it_without_a_call(start, sim):
    container = start(PTP_KEY="short")
    assert container.wait_for_end() == 2
    assert "PTP_KEY" in container.log()
    assert not sim.requests()


@root_only
def test_secrets_may_be_files(start, tmp_path):
    for name, value in (("user", USER), ("key", KEY)):
        (tmp_path / name).write_text(value + "\n")
        (tmp_path / name).chmod(0o400)
        os.chown(tmp_path / name, 1000, 1000)
    start("-v", f"{tmp_path / 'user'}:/run/secrets/user:ro", "-v",
          f"{tmp_path / 'key'}:/run/secrets/key:ro", PTP_USER="", PTP_KEY="",
          PTP_USER_FILE="/run/secrets/user",
          PTP_KEY_FILE="/run/secrets/key").wait_for_log(DELIVERED)


# ---- health ----

def test_health_goes_from_starting_to_healthy_to_unhealthy_and_back(start, tmp_path):
    app = tmp_path / "app"
    app.mkdir()
    app.chmod(0o777)
    container = start("-v", f"{app}:/app", "--user", f"{os.getuid() or 1000}:{os.getgid() or 1000}",
                      "--health-interval=2s", "--health-retries=1", "--health-start-period=1s")
    assert container.health() == "starting"
    container.wait_for_log(DELIVERED)
    assert "the next cycle is due in" in container.wait_for_health("healthy")
    # A daemon that is stuck: its next cycle was due 20 minutes ago.
    os.kill(container.inner(), signal.SIGSTOP)
    with sqlite3.connect(app / "state" / "ledger.db") as ledger:
        late = int((time.time() - 20 * 60) * 1000)
        assert ledger.execute("UPDATE clock SET next_cycle = ?", (late,)).rowcount == 1
    assert "has been due since" in container.wait_for_health("unhealthy")
    os.kill(container.inner(), signal.SIGCONT)
    container.engine.run("kill", "--signal=USR1", container.name)
    container.wait_for_health("healthy")


def test_a_tracker_that_is_down_is_not_unhealthy(start, sim):
    sim.faults({"do": "status", "endpoint": "*", "status": 503})
    container = start("--health-interval=1s", "--health-retries=1", PTP_FETCH_SLEEP="0.5")
    container.wait_for_log("cycle ended: attic:ERR(HTTP 503)")
    time.sleep(2.5)     # two more looks
    looks = container.state()["Health"]["Log"]
    assert len(looks) >= 2 and all(look["ExitCode"] == 0 for look in looks[1:]), looks
    assert container.health() == "healthy"


# ---- names, certificates, time ----

class NameServer:
    """Answers every question for an IPv4 address with 127.0.0.1, on UDP port 53 of ADDRESS."""

    def __init__(self, address):
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                question, sender = self.socket.recvfrom(512)
            except OSError:
                return
            name = question[12:question.index(0, 12) + 1]
            kind = question[12 + len(name):16 + len(name)]
            self.asked.append(name)
            found = kind == b"\0\x01\0\x01"
            head = question[:2] + b"\x81\x80\0\1\0" + bytes([found]) + b"\0\0\0\0"
            answer = b"\xc0\x0c\0\x01\0\x01\0\0\0\x05\0\x04" + socket.inet_aton("127.0.0.1")
            self.socket.sendto(head + name + kind + (answer if found else b""), sender)

    def close(self):
        self.socket.close()


@root_only
def test_a_tracker_elsewhere_is_found_by_name_and_its_certificate_is_verified(engine, native,
                                                                              tmp_path):
    """Names by DNS, certificates from the image's own folder: an authority added there is taken,
    and without it the same tracker is not."""
    authority = Authority(tmp_path / "authority")
    hashed = subprocess.run(["openssl", "x509", "-hash", "-noout", "-in", authority.certificate],
                            capture_output=True, text=True, check=True).stdout.strip()
    trust = ["-v", f"{authority.certificate}:/etc/ssl/certs/{hashed}.0:ro"]
    sim = Sim(tmp_path / "remote", *authority.issue("DNS:tracker.test"))
    names = NameServer("127.0.0.53")
    base = sim.url.replace("127.0.0.1", "tracker.test")
    options = ["run", "--rm", "--network=host", "--dns=127.0.0.53", "-e", f"PTP_USER={USER}", "-e",
               f"PTP_KEY={KEY}", "-e", f"PTP_BASE_URL={base}"]
    try:
        done = engine.run(*options, *trust, native, "update", status=None)
        assert done.returncode == 0, done.stderr
        assert b"\x07tracker\x04test\0" in names.asked
        done = engine.run(*options, native, "update", status=None)
        assert done.returncode == 1 and "certificate" in done.stderr, done.stderr
    finally:
        names.close()
        sim.close()


def test_the_log_has_the_time_of_the_zone_that_is_set(start):
    container = start(TZ="Asia/Kolkata")
    container.wait_for_log(DELIVERED)
    assert "+05:30" in container.log().splitlines()[0]
