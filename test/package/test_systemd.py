"""The Debian package on a machine that is booted (machine.py): the unit, really run by systemd."""

import pathlib
import re
import shlex
import shutil

import pytest

from harness import KEY, USER, wait_for
from machine import Machine, why_not
from packages import ROOT, cannot, clean_system, unpack

MORE = ("systemd", "systemd-sysv", "dbus", "man-db", "bash-completion", "zsh", "fish")
UNIT = "ptp-archiver"
# What a command of AfterFetchExec can do: a line for each.
PROBE = """#!/bin/sh
mark() { echo "$1" >>/var/lib/ptp-archiver/probe; }
touch /srv/watch/touched && mark watch
touch /srv/elsewhere/touched && mark elsewhere
touch /home/bob/touched && mark home
touch /var/lib/other/touched && mark state
[ -e /proc/1 ] && mark processes
[ -e /dev/kmsg ] && mark devices
[ -e /tmp/of-the-host ] && mark tmp
mark end
"""


@pytest.fixture(scope="module")
def tree(deb):
    why = why_not()
    if why:
        cannot(f"no machine can be booted: {why}")
    return clean_system(deb, *MORE)


@pytest.fixture(scope="module")
def booted(tree, deb, tmp_path_factory):
    folder = tmp_path_factory.mktemp("booted") / "machine"
    unpack(tree, folder, deb)
    machine = Machine(folder)
    yield machine
    machine.cut_the_power()
    shutil.rmtree(folder)


@pytest.fixture
def machine(booted):
    """With the package installed anew and a watch folder, and nothing set."""
    for folder in ("srv", "home", "etc/systemd/system/ptp-archiver.service.d"):
        shutil.rmtree(booted.folder / folder, ignore_errors=True)
    booted.run("dpkg", "--install", "/root/ptp-archiver.deb")
    booted.run("install", "-d", "-o", UNIT, "-g", UNIT, "/srv/watch")
    booted.run("systemctl", "daemon-reload")
    booted.cursor = booted.run("journalctl", "--show-cursor", "--lines=0").stdout.split()[-1]
    yield booted
    booted.run("dpkg", "--purge", UNIT)
    booted.run("systemctl", "reset-failed")


def write_settings(machine, sim, **more):
    settings = {"PTP_USER": USER, "PTP_KEY": KEY, "PTP_CONTAINERS": "attic:800G",
                "PTP_WATCH": "/srv/watch", "PTP_BASE_URL": sim.url, "PTP_FETCH_SLEEP": "0.01",
                **more}
    (machine.folder / "etc/ptp-archiver.env").write_text(
        "".join(f'{name}="{value}"\n' for name, value in settings.items()))


def override(machine, text):
    """As `systemctl edit` does."""
    folder = machine.folder / "etc/systemd/system/ptp-archiver.service.d"
    folder.mkdir(exist_ok=True)
    (folder / "override.conf").write_text(f"[Service]\n{text}\n")
    machine.run("systemctl", "daemon-reload")


def shown(machine, what):
    return machine.run("systemctl", "show", "--property", what, "--value", UNIT).stdout.strip()


def log(machine):
    """What the service has said in this test."""
    return machine.run("journalctl", f"--after-cursor={machine.cursor}", "--unit", UNIT,
                       "--output", "cat").stdout


def torrents(machine, folder="srv/watch"):
    return list((machine.folder / folder).glob("*.torrent"))


# ---- its life ----

def test_enabled_it_works_at_once_and_goes_on_after_the_power_failed(machine, sim):
    write_settings(machine, sim)
    machine.run("systemctl", "enable", "--now", UNIT)
    wait_for(lambda: "next cycle in" in log(machine))
    assert len(torrents(machine)) == 1 and shown(machine, "ActiveState") == "active"
    said = machine.run("systemctl", "status", UNIT).stdout
    assert "cycle ended: attic:OK" in said and 'Status: "Next cycle at 20' in said
    machine.cut_the_power()
    machine.boot()
    wait_for(lambda: shown(machine, "ActiveState") == "active")
    wait_for(lambda: log(machine).count("next cycle in") == 2)
    assert len(sim.fetches()) == 1, "its interval is not over"
    machine.run("systemctl", "stop", UNIT)
    assert shown(machine, "Result") == "success" and shown(machine, "ExecMainStatus") == "0"


def test_a_reload_reads_config_ptp_and_only_a_restart_the_settings(machine, sim):
    write_settings(machine, sim, PTP_FETCH_SLEEP="0")
    machine.run("systemctl", "start", UNIT)
    wait_for(lambda: "next cycle in" in log(machine))
    write_settings(machine, sim, PTP_FETCH_SLEEP="0", PTP_CONTAINERS="attic:800G,cellar:1T")
    machine.run("systemctl", "reload", UNIT)
    wait_for(lambda: "the configuration was read again: 1 container\n" in log(machine))
    machine.run("systemctl", "restart", UNIT)
    wait_for(lambda: "keeps 2 containers filled" in log(machine))


def test_killed_it_is_started_again(machine, sim):
    write_settings(machine, sim)
    override(machine, "RestartSec=1")
    machine.run("systemctl", "start", UNIT)
    wait_for(lambda: "next cycle in" in log(machine))
    machine.run("systemctl", "kill", "--signal=KILL", UNIT)
    wait_for(lambda: log(machine).count("next cycle in") == 2)
    assert shown(machine, "NRestarts") == "1" and len(sim.fetches()) == 1


def test_with_wrong_settings_it_fails_says_why_and_is_left_alone(machine, sim):
    write_settings(machine, sim, PTP_INTERVAL="soon")
    override(machine, "RestartSec=1")
    assert "failed" in machine.run("systemctl", "start", UNIT, status=1).stderr
    assert shown(machine, "ActiveState") == "failed"
    assert shown(machine, "ExecMainStatus") == "2" and shown(machine, "NRestarts") == "0"
    said = machine.run("systemctl", "status", UNIT, status=3).stdout
    assert "PTP_INTERVAL" in said and KEY not in said


# ---- the sandbox ----

def test_it_can_write_where_it_should_and_nowhere_else(machine, sim):
    for folder in ("srv/elsewhere", "home/bob", "var/lib/other"):
        (machine.folder / folder).mkdir(parents=True)
        (machine.folder / folder).chmod(0o777)
    machine.run("touch", "/tmp/of-the-host")
    probe = machine.folder / "usr/local/bin/probe"
    probe.write_text(PROBE)
    probe.chmod(0o755)
    config = machine.folder / "var/lib/ptp-archiver/config.ptp"
    config.write_text('{"Default": {"AfterFetchExec": "/usr/local/bin/probe $path"}}')
    machine.run("chown", f"{UNIT}:{UNIT}", "/var/lib/ptp-archiver/config.ptp")
    write_settings(machine, sim)
    machine.run("systemctl", "start", UNIT)
    done = machine.folder / "var/lib/ptp-archiver/probe"
    wait_for(lambda: done.exists() and "end" in done.read_text())
    assert done.read_text().split() == ["watch", "end"], log(machine)


def test_another_watch_folder_is_named_in_the_unit(machine, sim):
    machine.run("install", "-d", "-o", UNIT, "-g", UNIT, "/srv/elsewhere")
    write_settings(machine, sim, PTP_WATCH="/srv/elsewhere")
    machine.run("systemctl", "start", UNIT)
    wait_for(lambda: "cycle ended: attic:ERR(Disk)" in log(machine))
    assert not torrents(machine, "srv/elsewhere") and not sim.fetches()
    override(machine, "ReadWritePaths=/srv/elsewhere")
    machine.run("systemctl", "restart", UNIT)
    wait_for(lambda: torrents(machine, "srv/elsewhere"))


# ---- as doc/installing.md says ----

def sequence():
    """Its commands from behind the installation to the start."""
    text = (ROOT / "doc" / "installing.md").read_text()
    lines = re.search(r"^    apt install \./build.*?(?=\n\n)", text, re.M | re.S).group()
    return [shlex.split(line, comments=True) for line in lines.splitlines()[1:] if line.strip()]


def fill_in_the_sample(machine, sim):
    """As an editor would: what is set there to nothing gets its value."""
    path = machine.folder / "etc/ptp-archiver.env"
    for name, value in {"PTP_USER": USER, "PTP_KEY": KEY}.items():
        path.write_text(re.sub(rf"^# {name}=$", f"{name}={value}", path.read_text(), flags=re.M))
    path.write_text(re.sub(r"^# (PTP_(?:CONTAINERS|WATCH)=.+)$", r"\1", path.read_text(), flags=re.M)
                    + f"PTP_BASE_URL={sim.url}\nPTP_FETCH_SLEEP=0.01\n")


def as_the_client(machine, *command):
    machine.run("runuser", "-u", "debian-transmission", "--", *command)


@pytest.fixture
def client(machine):
    """A fresh machine (no watch folder), but for the client's user."""
    machine.run("rm", "-r", "/srv/watch")
    machine.run("adduser", "--quiet", "--system", "--group", "debian-transmission")
    yield
    machine.run("deluser", "--quiet", "--system", "debian-transmission")


def test_the_documented_sequence_delivers_what_the_client_can_take(machine, sim, client):
    make, edit, start = sequence()
    assert edit == ["editor", "/etc/ptp-archiver.env"]
    machine.run(*make)
    fill_in_the_sample(machine, sim)
    machine.run(*start)
    wait_for(lambda: "cycle ended: attic:OK" in log(machine))
    (torrent,) = torrents(machine)
    inside = f"/srv/watch/{torrent.name}"
    as_the_client(machine, "cp", inside, "/tmp/copy")
    as_the_client(machine, "mv", inside, f"{inside}.added")
    assert not torrents(machine)
    machine.run("runuser", "-u", "nobody", "--", "ls", "/srv/watch", status=2)


def test_the_sample_the_man_page_and_the_readme_make_the_folder_alike():
    for page in ("contrib/debian/ptp-archiver.env", "doc/ptp-archiver.1.scd", "README.md"):
        found = re.findall(r"^(?:#  )? *(install -d .*)$", (ROOT / page).read_text(), re.M)
        assert [shlex.split(one, comments=True) for one in found] == [sequence()[0]], page


def test_a_watch_folder_that_is_made_after_the_start_takes_a_restart_and_the_log_says_so(
        machine, sim, client):
    make, _, start = sequence()
    fill_in_the_sample(machine, sim)
    machine.run(*start)
    wait_for(lambda: "cycle ended: attic:ERR(Disk)" in log(machine))
    assert "make the folder /srv/watch: Read-only" in log(machine)
    machine.run(*make)
    machine.run("systemctl", "kill", "--kill-who=main", "--signal=USR1", UNIT)
    wait_for(lambda: log(machine).count("cycle ended: attic:ERR(Disk)") == 2)
    assert "write into /srv/watch: Read-only file system; under systemd" in log(machine)
    assert "ReadWritePaths=" in log(machine) and "restart the service" in log(machine)
    machine.run("systemctl", "restart", UNIT)
    wait_for(lambda: "cycle ended: attic:OK" in log(machine))
    assert len(torrents(machine)) == 1 and len(sim.fetches()) == 1


# ---- other commands ----

def documented(page):
    """The command that looks at the service's own settings: its words up to the command's name."""
    text = re.sub(r"\\{1,2}\n", " ", (ROOT / page).read_text())
    first, *others = re.findall(r"^\s*(systemd-run .*) check$", text, re.M)
    assert [shlex.split(o) for o in others] == [shlex.split(first)] * len(others)
    return shlex.split(first)


@pytest.mark.parametrize("page", ["doc/installing.md", "doc/ptp-archiver.1.scd"])
def test_the_documented_command_sees_what_the_service_sees(machine, sim, page):
    write_settings(machine, sim, PTP_NOTIFY="webhook+http://127.0.0.1:1/")
    machine.run("systemctl", "start", UNIT)
    wait_for(lambda: "next cycle in" in log(machine))
    said = machine.run(*documented(page), "check").stdout
    assert "Container        attic (800G): /srv/watch\n" in said and "FAIL" not in said
    assert "webhook" in machine.run(*documented(page), "notify").stdout
    assert machine.run(*documented(page), "notify", "--test", status=1).stdout.startswith("FAIL")
    assert "attic" in machine.run(*documented(page), "status").stdout
    assert len(sim.fetches()) == 1
    owners = machine.run("find", "/var/lib/ptp-archiver", "-not", "-user", UNIT).stdout
    assert owners == "", "root has taken a file away from it"


def test_a_command_of_a_shell_names_the_one_that_sees_more(machine, sim):
    write_settings(machine, sim, PTP_NOTIFY="webhook+http://127.0.0.1:1/secret")
    machine.run("systemctl", "start", UNIT)
    wait_for(lambda: "next cycle in" in log(machine))
    said = machine.run("runuser", "-u", UNIT, "--", "ptp-archiver", "--config",
                       "/var/lib/ptp-archiver/config.ptp", "notify", status=2).stderr
    (command,) = re.findall(r"`(systemd-run [^`]*)`", said)
    assert "PTP_NOTIFY" in said and "secret" not in said
    assert command == " ".join([*documented("doc/installing.md"), "notify"])
    done = machine.run(*shlex.split(command))
    assert "webhook 1 (127.0.0.1)" in done.stdout and "systemd-run" not in done.stderr


def test_a_cycle_begins_at_once_by_the_documented_signal(machine, sim):
    write_settings(machine, sim, PTP_FETCH_SLEEP="0")
    machine.run("systemctl", "start", UNIT)
    wait_for(lambda: "next cycle in" in log(machine))
    page = (ROOT / "doc/ptp-archiver.1.scd").read_text()
    (command,) = re.findall(r"\*(systemctl kill [^*]*)\*", page)
    machine.run(*command.split())
    wait_for(lambda: log(machine).count("next cycle in") == 2)
    assert len(sim.fetches()) == 2 and shown(machine, "ActiveState") == "active"


# ---- upgrade, removal ----

def test_an_upgrade_restarts_it_and_a_removal_stops_it(machine, sim):
    write_settings(machine, sim)
    machine.run("systemctl", "enable", "--now", UNIT)
    wait_for(lambda: "next cycle in" in log(machine))
    before = shown(machine, "MainPID")
    machine.run("dpkg", "--install", "/root/ptp-archiver.deb")
    wait_for(lambda: log(machine).count("next cycle in") == 2)
    assert shown(machine, "MainPID") != before
    machine.run("dpkg", "--remove", UNIT)
    assert machine.run("systemctl", "is-active", UNIT, status=None).stdout.strip() == "inactive"
    assert not pathlib.Path(f"/proc/{machine.init()}/root/usr/bin/ptp-archiver").exists()
    machine.run("dpkg", "--purge", UNIT)
    assert not (machine.folder / "var/lib/ptp-archiver").exists()
    assert not list((machine.folder / "etc/systemd").rglob("ptp-archiver*"))
    assert len(torrents(machine)) == 1, "what was delivered stays"


def test_an_upgrade_starts_nothing_that_was_stopped(machine):
    machine.run("dpkg", "--install", "/root/ptp-archiver.deb")
    assert shown(machine, "ActiveState") == "inactive"


# ---- man, shells ----

def test_man_and_the_shells_find_what_was_installed(machine):
    known = machine.run("man", "-k", "ptp-archiver").stdout
    assert "ptp-archiver (1)" in known and "ptp-archiver.conf (5)" in known
    bash = ("source /usr/share/bash-completion/bash_completion; _completion_loader ptp-archiver;"
            " complete -p ptp-archiver")
    assert "ptp-archiver" in machine.run("bash", "-c", bash).stdout
    zsh = "autoload -U compinit; compinit -u -D; echo $_comps[ptp-archiver]"
    assert machine.run("zsh", "-f", "-c", zsh).stdout == "_ptp-archiver\n"
    assert machine.run("fish", "-c", "complete -C 'ptp-archiver fet'").stdout \
        == "fetch\trun one cycle now\n"
