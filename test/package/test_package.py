"""The Debian package: built twice alike, and installed, started, upgraded, removed and purged in a
clean system of its own (a chroot)."""

import os
import re
import shutil
import signal
import stat
import subprocess
import time

import pytest

from harness import KEY, USER, wait_for
from test_docs import links
from packages import ROOT, build, clean_system, field, run, unpack

# What dpkg and adduser themselves leave behind, with the user, who stays.
TRACES = re.compile(r"^(var/lib/dpkg|run/adduser|var/log|var/cache|proc|dev|tmp|root|srv)(/|$)|"
                    r"^etc/(passwd|group|shadow|gshadow|subuid|subgid)-?$|^etc/\.pwd\.lock$")


@pytest.fixture(scope="module")
def base(deb):
    return clean_system(deb)


class System:
    """A folder with a system in it."""

    def __init__(self, folder, base, deb):
        self.folder = folder
        unpack(base, folder, deb)

    def run(self, *command, status=0):
        return run("chroot", self.folder, *command, status=status,
                   env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND":
                        "noninteractive", "LC_ALL": "C.UTF-8"})

    def install(self):
        return self.run("dpkg", "--install", "/root/ptp-archiver.deb")

    def files(self):
        found = set()
        for folder, folders, files in os.walk(self.folder):
            for name in [*folders, *files]:
                path = os.path.relpath(os.path.join(folder, name), self.folder)
                if not TRACES.match(path):
                    found.add(path)
        return found

    def user(self):
        return next((line.split(":") for line in (self.folder / "etc/passwd").read_text()
                     .splitlines() if line.startswith("ptp-archiver:")), None)

    def unit(self):
        text = (self.folder / "lib/systemd/system/ptp-archiver.service").read_text()
        return dict(re.findall(r"^(\w+)=(.*)$", text, re.M))

    def start(self, **settings):
        """As systemd would by the unit; its settings go where an administrator writes them."""
        unit = self.unit()
        with open(self.folder / unit["EnvironmentFile"].lstrip("/"), "a") as file:
            file.writelines(f"{name}={value}\n" for name, value in settings.items())
        written = (self.folder / unit["EnvironmentFile"].lstrip("/")).read_text()
        variables = [line for line in written.splitlines() if re.match(r"\w+=", line)]
        return subprocess.Popen(
            ["chroot", f"--userspec={unit['User']}:{unit['Group']}", self.folder, "/usr/bin/env",
             "-i", f"--chdir={unit['WorkingDirectory']}", unit["Environment"], *variables,
             *unit["ExecStart"].split()],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=open(self.folder / "tmp" / "log", "w"))


@pytest.fixture
def system(tmp_path, base, deb):
    folder = tmp_path / "system"
    yield System(folder, base, deb)
    shutil.rmtree(folder)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode), path.stat().st_uid


# ---- what is in it ----

def test_it_is_the_same_byte_for_byte_wherever_it_is_built(deb, tmp_path):
    copy = tmp_path / "another-place"
    copy.mkdir()
    for name in run("git", "ls-files", "-z", cwd=ROOT).stdout.split("\0"):
        if name:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    run("git", "init", "--quiet", cwd=copy)
    run("git", "add", "--all", cwd=copy)
    time.sleep(1)   # another time of day
    assert build(copy).read_bytes() == deb.read_bytes()


def test_the_settings_are_a_conffile_that_only_root_reads(deb):
    listed = run("dpkg-deb", "-c", deb).stdout
    assert re.search(r"^-rw------- root/root .* \./etc/ptp-archiver\.env$", listed, re.M)
    assert run("dpkg-deb", "-I", deb, "conffiles").stdout.split() == ["/etc/ptp-archiver.env"]


@pytest.mark.parametrize("path", [
    "usr/bin/ptp-archiver", "usr/bin/ptp-archiver-import",
    "usr/share/man/man1/ptp-archiver-import.1.gz", "lib/systemd/system/ptp-archiver.service",
    "usr/share/man/man1/ptp-archiver.1.gz", "usr/share/man/man5/ptp-archiver.conf.5.gz",
    "usr/share/bash-completion/completions/ptp-archiver",
    "usr/share/zsh/vendor-completions/_ptp-archiver",
    "usr/share/fish/vendor_completions.d/ptp-archiver.fish",
    "usr/share/doc/ptp-archiver/copyright", "usr/share/doc/ptp-archiver/changelog.gz"])
def test_it_holds_all_that_is_installed(deb, path):
    assert f" ./{path}\n" in run("dpkg-deb", "-c", deb).stdout


def test_what_the_readme_and_its_pages_link_to_is_installed_beside_them(deb, tmp_path):
    run("dpkg-deb", "-x", deb, tmp_path)
    docs = tmp_path / "usr/share/doc/ptp-archiver"
    assert links(docs) > {"changelog.gz", "copyright", "doc/clients.md", "examples/compose.yaml"}


def test_its_version_is_the_programs(deb):
    version = re.search(r"version: '(.*)'", (ROOT / "meson.build").read_text()).group(1)
    assert field(deb, "Version") == f"{version}-1"


# ---- its life ----

def test_installed_it_has_its_user_and_its_folder_and_waits_for_settings(system):
    system.install()
    user = system.user()
    assert user[5:] == ["/var/lib/ptp-archiver", "/usr/sbin/nologin"]
    assert mode(system.folder / "var/lib/ptp-archiver") == (0o700, int(user[2]))
    assert mode(system.folder / "etc/ptp-archiver.env") == (0o600, 0)
    assert not list((system.folder / "etc/systemd").rglob("ptp-archiver*")), "not enabled"
    assert re.search(r"^ptp-archiver \d", system.run("ptp-archiver", "version").stdout, re.M)
    process = system.start()
    assert process.wait(20) == 2    # which the unit does not restart
    assert "PTP_USER" in (system.folder / "tmp" / "log").read_text()


def test_started_as_its_user_it_does_its_work(system, sim):
    system.install()
    uid = int(system.user()[2])
    watch = system.folder / "srv" / "watch"
    watch.mkdir()
    os.chown(watch, uid, uid)
    process = system.start(PTP_USER=USER, PTP_KEY=KEY, PTP_CONTAINERS="attic:800G",
                           PTP_WATCH="/srv/watch", PTP_BASE_URL=sim.url,
                           PTP_FETCH_SLEEP="0.01")
    try:
        wait_for(lambda: list(watch.glob("*.torrent")))
        (torrent,) = watch.glob("*.torrent")
        assert torrent.stat().st_uid == uid
        assert (system.folder / "var/lib/ptp-archiver/state/ledger.db").exists()
        assert (system.folder / "var/lib/ptp-archiver/config.ptp").stat().st_uid == uid
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0, (system.folder / "tmp" / "log").read_text()


def test_an_upgrade_keeps_settings_and_ledger(system):
    system.install()
    (system.folder / "var/lib/ptp-archiver/state").mkdir()
    settings = system.folder / "etc/ptp-archiver.env"
    settings.write_text(settings.read_text() + "PTP_USER=x\n")
    before = settings.read_text(), mode(settings)
    system.install()
    assert (settings.read_text(), mode(settings)) == before
    assert (system.folder / "var/lib/ptp-archiver/state").is_dir()


def test_a_removal_keeps_settings_and_ledger_and_a_purge_keeps_nothing(system):
    before = system.files()
    system.install()
    (system.folder / "var/lib/ptp-archiver/state").mkdir()
    (system.folder / "var/lib/ptp-archiver/state/ledger.db").write_text("")
    system.run("dpkg", "--remove", "ptp-archiver")
    # Whether it was enabled is systemd's to remember, until the purge.
    assert {f for f in system.files() - before if "deb-systemd-helper" not in f} == {
        "etc/ptp-archiver.env", "var/lib/ptp-archiver", "var/lib/ptp-archiver/state",
        "var/lib/ptp-archiver/state/ledger.db"}
    system.run("dpkg", "--purge", "ptp-archiver")
    assert system.files() == before
    assert system.user(), "files in watch folders may be its"
    system.install()
    assert mode(system.folder / "var/lib/ptp-archiver") == (0o700, int(system.user()[2]))
