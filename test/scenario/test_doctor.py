"""`check` as a doctor: each fault made for real, and what is said of it."""

import fcntl
import http.server
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest

from harness import (ARCHIVER, CHECK, KEY, USER, Archiver, Proxy, Sim, Terminal, free_port,
                     wait_for)

from deluge_double import DelugeDouble

OTHER = 4711    # a user that is none


def check(archiver, *options, **keys):
    """The findings of `check --json`, with what is asked of each of them: so of all that is not
    well in these tests it is told what fixes it."""
    done = archiver.run("check", "--json", *options, **keys)
    said = json.loads(done.stdout)
    assert set(said) == {"ok", "findings"}
    for one in said["findings"]:
        assert set(one) == {"test", "about", "mark", "text", "fix"}
        assert one["mark"] in ("ok", "warn", "fail") and one["text"] and one["about"]
        assert one["fix"] is None if one["mark"] == "ok" else len(one["fix"]) > 5, one
    failed = [one["test"] for one in said["findings"] if one["mark"] == "fail"]
    assert said["ok"] is not bool(failed)
    assert done.returncode == (2 if {"config", "containers"} & set(failed) else bool(failed))
    return said["findings"]


def finding(archiver, test, *options, about=None, **keys):
    """The one finding of this test; None if there is none."""
    found = [one for one in check(archiver, *options, **keys)
             if one["test"] == test and about in (None, one["about"])]
    assert len(found) < 2, found
    return found[0] if found else None


def assert_finding(one, mark, text, fix=""):
    assert one is not None
    assert one["mark"] == mark, one
    assert re.search(text, one["text"]), one
    assert re.search(fix, one["fix"] or ""), one


def mounted(script):
    """A prefix that runs this in a mount namespace of its own first."""
    prefix = ("unshare", "-m", "sh", "-c", f'{script} && exec "$@"', "sh")
    done = subprocess.run([*prefix, "true"], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no mount namespaces here: {done.stderr.strip()}")
    return prefix


@pytest.fixture
def rooted(sim):
    """An Archiver in a folder that is on no mount of its own, and that every user may enter."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ptp-archiver-test.", dir="/var/tmp"))
    folder.chmod(0o755)
    if any(os.path.ismount(p) for p in [folder, *folder.parents[:-1]]):
        folder.rmdir()
        pytest.skip("/var/tmp is a mount here")
    made = Archiver(folder / "a", sim.url)
    yield made
    made.close()
    shutil.rmtree(folder)


# ---- how it is said ----

def test_what_is_not_well_has_a_second_line_that_says_what_mends_it(archiver):
    archiver.state.mkdir(mode=0o755)
    said = archiver.run("check", status=0).stdout
    assert re.search(rf"^warn  state: others can look into .*\n      fix: chmod 700 "
                     rf"{archiver.state}$", said, re.M)
    assert re.search(r"^ok    clock: .*\n(?!      fix)", said, re.M)


def test_a_path_is_given_as_a_shell_takes_it(make):
    a = make(folder="it's a $HOME")
    a.state.mkdir(mode=0o755)
    fix = finding(a, "state-owner")["fix"]
    subprocess.run(["sh", "-ec", fix], check=True)
    assert a.state.stat().st_mode & 0o777 == 0o700 and finding(a, "state-owner") is None


def test_colours_are_for_a_terminal_only(archiver):
    archiver.state.mkdir(mode=0o755)
    assert "\033" not in archiver.run("check").stdout
    shown = {}
    for no_color in ("", "1"):
        terminal = Terminal(archiver, "check", NO_COLOR=no_color)
        assert terminal.finish() == 0
        shown[no_color] = terminal.shown
    assert "\033[33mwarn\033[0m  state:" in shown[""] and "\033[32mok  \033[0m" in shown[""]
    assert "\033" not in shown["1"] and "warn  state:" in shown["1"]



# ---- the configuration ----

def wrong(found):
    """What is said of the configuration, and what fixes it."""
    return {one["text"]: one["fix"] for one in found if one["test"] == "config"}


def good(found):
    return {(one["test"], one["about"]) for one in found if one["mark"] == "ok"}


def test_each_wrong_setting_is_a_finding_with_what_mends_it(archiver):
    archiver.config.write_text('{\n  "PerCycle": "many",\n  "Timeoutt": "1s"\n}\n')
    found = check(archiver, PTP_INTERVAL="6x", PTP_KEY="short", UMASK="9")
    for text, fix in [("^PTP_INTERVAL is not a duration", "correct PTP_INTERVAL"),
                       ("^PTP_KEY is not 32", "correct PTP_KEY"),
                       ("^UMASK is not an octal", "correct UMASK"),
                       (":2: PerCycle is not", f"correct PerCycle in line 2 of {archiver.config}"),
                       (":3: Timeoutt is not known", "write Timeout in place of Timeoutt")]:
        (line,) = [line for line in wrong(found) if re.search(text, line)]
        assert fix in wrong(found)[line]
    assert len(wrong(found)) == 5 and "short" not in json.dumps(found)


def test_a_wrong_setting_keeps_nothing_else_from_being_tested(sim, make, box):
    a = make(PTP_INTERVAL="6x", HC_URL=sim.ping_url, PTP_LISTEN=f"127.0.0.1:{free_port()}",
             PTP_NOTIFY=f"webhook+{sim.url}/x", PTP_ENGINE="utility")
    a.configure(Clients={"box": {"Type": "qbittorrent", "URL": box.url, "Username": box.user,
                                 "Password": box.password}})
    found = check(a, "--online")
    assert len(wrong(found)) == 1 and next(iter(wrong(found))).startswith("PTP_INTERVAL is not a")
    for test in [("config-file", str(a.config)), ("containers", "containers"), ("clock", "clock"),
                 ("state-folder", "state"), ("state-space", "state"), ("watch-folder", "attic"),
                 ("watch-space", "attic"), ("utility", "utility"), ("page-port", "status page"),
                 ("notify", "webhook 1 (127.0.0.1)"), ("ping-form", "ping URL"),
                 ("tracker-key", "tracker"), ("ping-url", "ping URL"),
                 ("client-connection", "client box")]:
        assert test in good(found), test


@pytest.mark.parametrize("fault, setting", [
    ({"PTP_KEY": "short"}, "ApiKey (PTP_KEY)"), ({"PTP_USER": ""}, "ApiUser (PTP_USER)"),
    ({"PTP_BASE_URL": "http://tracker.example"}, "BaseURL (PTP_BASE_URL)"),
    ({"PTP_CA_FILE": "/none.pem"}, "CAFile (PTP_CA_FILE)"),
    ({"PTP_KEY_FILE": "/none"}, "ApiKey (PTP_KEY)")])
def test_the_tracker_is_not_called_without_what_a_call_takes(sim, make, fault, setting):
    a = make(HC_URL=sim.ping_url, **fault)
    if fault.get("PTP_KEY_FILE"):
        a.set(PTP_KEY=None)
    found = check(a, "--online")
    assert len(wrong(found)) == 1
    (one,) = [one for one in found if one["about"] == "tracker" and one["test"] != "tracker-url"]
    assert_finding(one, "warn", "^not tested", re.escape(f"set {setting} right"))
    (one,) = [one for one in found if one["test"] == "ping-url"]
    assert one["mark"] == ("warn" if "PTP_CA_FILE" in fault else "ok")
    assert sim.requests("scriptver") == []


def test_a_wrong_ping_url_is_not_called(sim, archiver):
    one = finding(archiver, "ping-url", "--online", HC_URL=sim.ping_url.replace("http", "ftp"))
    assert_finding(one, "warn", "^not tested", "HealthchecksURL .HC_URL.")
    assert sim.requests("scriptver") != []


@pytest.mark.parametrize("text, fault", [
    ('{"ApiKey": "x",', r":1: not valid JSON \(column \d+"), ("[]", "it is JSON, but no object"),
    ('{"A": 1, "A": 2}', "a key stands twice")])
def test_a_broken_config_ptp_is_said_and_the_rest_is_tested(sim, archiver, text, fault):
    archiver.config.write_text(text)
    archiver.config.chmod(0o600)
    found = check(archiver, "--online")
    ((line, fix),) = wrong(found).items()
    assert re.search(fault, line)
    assert fix == f"correct {archiver.config}, or move it away and run `ptp-archiver setup`"
    assert {("watch-folder", "attic"), ("tracker-key", "tracker"), ("state-space", "state"),
            ("clock", "clock")} <= good(found)


def test_a_broken_config_ptp_that_names_the_containers(make):
    a = make(containers=None)
    a.config.write_text("{")
    assert_finding(finding(a, "containers"), "fail", f"none is known while {a.config}",
                   "PTP_CONTAINERS")


def test_one_wrong_container_among_good_ones(make, tmp_path):
    a = make(containers=None)
    folders = {name: tmp_path / name for name in ("good", "stalled", "size", "lost")}
    for folder in folders.values():
        folder.mkdir()
    containers = {name: {"Size": "1T", "WatchDirectory": str(folder)}
                  for name, folder in folders.items()}
    containers["stalled"]["MaxStalled"] = "x"
    containers["size"]["Size"] = "1"
    containers["lost"]["Client"] = "nobody"
    a.configure(Containers=containers)
    found = check(a)
    said = wrong(found)
    assert len(said) == 3
    for name, key in (("lost", "Client"), ("size", "Size"), ("stalled", "MaxStalled")):
        (line,) = [line for line in said if f"Containers: {name}: {key}" in line]
        assert said[line].startswith(f"correct Containers: {name}: {key} in line ")
    tested = {about for test, about in good(found) if test == "watch-folder"}
    assert tested == {"good", "stalled", "size"}     # where those of "lost" would go is not known
    assert "1" in a.run("check").stdout


def test_one_wrong_client_among_good_ones(make, box):
    a = make("attic:1T,cellar:1T")
    about = {"Type": "qbittorrent", "URL": box.url, "Username": box.user, "Password": box.password}
    a.configure(Clients={"box": about, "odd": {**about, "Type": "utorrent"},
                         "late": {**about, "Timeout": "x"}},
                Containers={"attic": {"Client": "odd", "Category": "rel", "Reserve": "1G"},
                            "cellar": {"Client": "box"}})
    found = check(a, "--online")
    assert len(wrong(found)) == 2
    for fix in wrong(found).values():
        assert re.search(r"correct Clients: (odd: Type|late: Timeout) in line \d+ of ", fix)
    clients = {one["about"]: one for one in found if one["test"] == "client-connection"}
    assert clients["client box"]["mark"] == "ok"
    for name in ("odd", "late"):
        assert_finding(clients[f"client {name}"], "warn", "not called", f"correct Clients: {name}")
    assert box.login_count() == (1, 0)
    shown = a.run("check").stdout
    assert "Client           odd: (cannot be used)\n" in shown


@pytest.mark.parametrize("setting", [
    {"PTP_USER": "x"}, {"PTP_KEY": "x"}, {"HC_URL": "x"}, {"PTP_BASE_URL": "x"},
    {"PTP_FETCH_SLEEP": "x"}, {"PTP_INTERVAL": "x"}, {"PTP_PER_CYCLE": "x"}, {"PTP_TIMEOUT": "x"},
    {"PTP_CA_FILE": "/x"}, {"PTP_ENGINE": "x"}, {"PTP_UTILITY_PATH": "/"},
    {"PTP_UTILITY_UPDATE": "x"}, {"LOG_LEVEL": "x"}, {"LOG_FORMAT": "x"}, {"PTP_VAULT": "x"},
    {"PTP_AUDIT_INTERVAL": "x"}, {"PTP_LISTEN": "x"}, {"PTP_LISTEN_TOKEN": "x"},
    {"PTP_LISTEN_OPEN": "x"}, {"PTP_NOTIFY": "x"}, {"PTP_NOTIFY_EVENTS": "x"}, {"UMASK": "x"},
    {"PTP_MAX_STALLED": "x"}, {"PTP_CLIENT": "x"}, {"PTP_AUDIT_CLIENT": "x"}, {"PTP_TAGS": ","},
    {"PTP_SAVE_PATH": "x"}, {"PTP_PAUSED": "x"}, {"PTP_MAX_ACTIVE": "x"}, {"PTP_MAX_PENDING": "x"},
    {"PTP_RESERVE": "x"}, {"PTP_PICK_UP_WITHIN": "x"}, {"PTP_USER_FILE": "/x"},
    {"HC_URL_FILE": "/dev/null"}, {"PTP_LISTEN": "0.0.0.0:9980"}, {"PTP_RESERVE": "5G"}],
    ids=lambda setting: "=".join(*setting.items()))
def test_any_one_wrong_setting_is_named_and_the_folders_are_tested(archiver, setting):
    found = check(archiver, **setting)
    ((text, fix),) = wrong(found).items()
    (name,) = setting
    assert name in text or name in fix or setting == {"PTP_RESERVE": "5G"}
    assert {("state-folder", "state"), ("state-space", "state"), ("clock", "clock"),
            ("containers", "containers")} <= good(found)
    if name != "PTP_CLIENT":     # then it is not known where they go
        assert ("watch-folder", "attic") in good(found)


def test_what_is_wrong_stands_below_the_settings(archiver):
    said = archiver.run("check", status=2, PTP_INTERVAL="6x", UMASK="9").stdout
    assert re.search(r"^Interval +6h$", said, re.M) and re.search(r"^Umask +007$", said, re.M)
    assert re.search(r"\n\nFAIL  configuration: PTP_INTERVAL is .*\n"
                     r"      fix: correct PTP_INTERVAL", said)
    assert said.count("FAIL  configuration: ") == 2 and "\nok    clock: " in said


@pytest.mark.parametrize("variables", [{}, {"PTP_CONTAINERS": ""}])
def test_without_containers_run_does_not_start(make, variables):
    a = make(containers=None, **variables)
    assert_finding(finding(a, "containers"), "fail", "there is none.*`run` does not start",
                   "ptp-archiver create NAME --size 500G.*PTP_CONTAINERS")
    assert re.search(r"^FAIL  containers: ", a.run("check", status=2).stdout, re.M)
    a.run("run", status=2)
    a.run("create", "attic", "--size", "1G", "--watch", str(a.watch), status=0)
    assert_finding(finding(a, "containers"), "ok", "^1$")


def test_where_no_container_can_be_used_that_is_said(make):
    a = make(":1T")
    assert_finding(finding(a, "containers"), "fail", "none that PTP_CONTAINERS names",
                   "correct PTP_CONTAINERS")
    a.set(PTP_CONTAINERS=None)
    a.configure(Containers={"": {"Size": "1T"}})
    assert_finding(finding(a, "containers"), "fail", f"none of those in {a.config}",
                   "correct Containers")


# ---- nobody is called ----

def test_without_online_nobody_is_called(sim, archiver, box):
    archiver.set(PTP_CLIENT="box", HC_URL=sim.ping_url)
    archiver.configure(Clients={"box": {"Type": "qbittorrent", "URL": box.url, "Username": "bob",
                                        "Password": box.password}})
    check(archiver)
    assert sim.requests() == [] and box.login_count() == (0, 0)


# ---- mounts ----

def test_a_watch_folder_in_our_image_must_be_a_mount(rooted):
    assert_finding(finding(rooted, "watch-mount", PTP_IMAGE="native"), "fail",
                   f"{rooted.watch} is not on a mount", f"-v .*:{rooted.watch}")
    prefix = mounted(f"mount -t tmpfs tmpfs {rooted.watch}")
    assert_finding(finding(rooted, "watch-mount", PTP_IMAGE="native", prefix=prefix), "ok",
                   f"on the mount {rooted.watch}")


def test_a_folder_below_a_mount_is_on_it(rooted):
    below = rooted.watch / "below"
    prefix = mounted(f"mount -t tmpfs tmpfs {rooted.watch} && mkdir {below}")
    assert_finding(finding(rooted, "watch-mount", PTP_IMAGE="native", PTP_WATCH=below,
                           prefix=prefix), "ok", f"on the mount {rooted.watch}")


def test_in_another_container_it_is_a_warning(rooted):
    assert_finding(finding(rooted, "watch-mount", KUBERNETES_SERVICE_HOST="10.0.0.1"), "warn",
                   "no torrent client outside sees")


@pytest.mark.parametrize("volume, mark", [("0123456789abcdef" * 4, "warn"), ("ptp", "ok")])
def test_a_volume_must_have_a_name(rooted, volume, mark):
    real = rooted.folder / "volumes" / volume / "_data"
    real.mkdir(parents=True)
    rooted.state.mkdir(mode=0o700)
    prefix = mounted(f"mount --bind {real} {rooted.state}")
    assert_finding(finding(rooted, "state-mount", PTP_IMAGE="native", prefix=prefix), mark,
                   "a volume without a name" if mark == "warn" else "is on the mount",
                   "-v ptp-archiver:" if mark == "warn" else "")


@pytest.mark.parametrize("how", ["mount -t tmpfs tmpfs {staging}",
                                 "mount --bind {folder}/else {staging}"])
def test_the_hidden_folder_must_be_on_the_watch_folders_file_system(archiver, how):
    staging = archiver.watch / ".ptp-archiver"
    staging.mkdir()
    (archiver.folder / "else").mkdir()
    assert_finding(finding(archiver, "watch-staging"), "ok", "on the file system of")
    prefix = mounted(how.format(staging=staging, folder=archiver.folder))
    assert_finding(finding(archiver, "watch-staging", prefix=prefix), "fail",
                   "another file system", f"move {staging} away")


def test_the_hidden_folder_may_not_be_a_file(archiver):
    (archiver.watch / ".ptp-archiver").write_text("")
    assert_finding(finding(archiver, "watch-staging"), "fail", "is not a folder")


# ---- owners ----

def as_user(user, group):
    prefix = ("setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups")
    done = subprocess.run([*prefix, ARCHIVER, "version"], capture_output=True)
    if done.returncode:
        pytest.skip("the program cannot be run as another user here")
    return prefix


def test_root_is_told_whose_the_folders_are(archiver):
    archiver.fetch(status=0)
    archiver.configure(ApiUser="x")
    for path in (archiver.state, archiver.watch, archiver.config):
        os.chown(path, OTHER, OTHER)
    found = {one["test"]: one for one in check(archiver)}
    assert_finding(found["watch-owner"], "warn", f"belongs to user {OTHER}, and this is root",
                   f"as user {OTHER}")
    assert_finding(found["state-owner"], "warn", "its owner cannot read files", "sudo -u")
    assert_finding(found["config-file"], "warn", "its owner cannot read it any more")


@pytest.mark.parametrize("owner, mode, umask, mark", [
    ((OTHER, 4712), 0o2770, "007", "ok"),       # a common group
    ((OTHER, OTHER), 0o777, "007", "warn"),     # they could not read it
    ((OTHER, 4712), 0o770, "077", "warn"),
    ((OTHER, OTHER), 0o777, "002", None),       # everybody may read it
    ((4713, 4712), 0o700, "007", None)])        # it is ours
def test_the_watch_folders_owner_must_be_able_to_read_what_is_put_there(rooted, owner, mode, umask,
                                                                        mark):
    rooted.state.mkdir(mode=0o700)
    for path in (rooted.state, rooted.folder):
        os.chown(path, 4713, 4712)
    os.chown(rooted.watch, *owner)
    rooted.watch.chmod(mode)
    one = finding(rooted, "watch-owner", prefix=as_user(4713, 4712), UMASK=umask)
    if mark == "warn":
        assert_finding(one, mark, f"belongs to user {OTHER}, and this is user 4713", "UMASK=002")
    elif mark == "ok":
        assert_finding(one, mark, "by the group 4712")
    else:
        assert one is None


def test_a_folder_that_we_may_not_write_to_names_who_must_be_let_in(rooted):
    rooted.state.mkdir(mode=0o700)
    os.chown(rooted.state, 4713, 4712)
    found = [one for one in check(rooted, prefix=as_user(4713, 4712)) if one["about"] == "attic"]
    (one,) = [one for one in found if one["test"] == "watch-folder"]
    assert_finding(one, "fail", "Permission denied$", "belongs to root .user 0., and this is user "
                   f"4713: give both users one group .*chmod g.rws {rooted.watch}")
    assert "chown" not in json.dumps(found) and "watch-owner" not in [o["test"] for o in found]


def test_the_right_that_the_owner_has_taken_from_itself_is_given_as_a_shell_takes_it(rooted):
    watch = rooted.folder / "it's $(id)"
    watch.mkdir()
    rooted.state.mkdir(mode=0o700)
    for path in (rooted.state, watch):
        os.chown(path, 4713, 4712)
    watch.chmod(0o500)
    one = finding(rooted, "watch-folder", prefix=as_user(4713, 4712), PTP_WATCH=watch)
    assert_finding(one, "fail", "Permission denied$", "^this is user 4713:4712, so: chmod ")
    subprocess.run(["sh", "-ec", one["fix"].split("so: ")[1]], check=True)
    assert finding(rooted, "watch-folder", prefix=as_user(4713, 4712),
                   PTP_WATCH=watch)["mark"] == "ok"


def test_a_folder_in_which_nobody_makes_files(make):
    assert_finding(finding(make(PTP_WATCH="/proc/sys"), "watch-folder"), "fail", "/proc/sys",
                   "name another folder")


@pytest.mark.parametrize("umask, mode, told", [("002", 0o755, True), ("002", 0o770, False),
                                               ("007", 0o755, False)])
def test_torrents_that_everybody_can_read_are_told(archiver, umask, mode, told):
    archiver.watch.chmod(mode)
    one = finding(archiver, "watch-open", UMASK=umask)
    if told:
        assert_finding(one, "warn", "passkey in them .Umask 002", f"chmod o-rwx {archiver.watch}")
        subprocess.run(["chmod", "o-rwx", str(archiver.watch)], check=True)
        one = finding(archiver, "watch-open", UMASK=umask)
    assert one is None


def test_what_a_check_that_was_killed_has_left_is_cleared_away(archiver):
    for folder in (archiver.state, archiver.watch):
        left = folder / ".ptp-archiver-check"
        left.mkdir(mode=0o700, parents=True)
        (left / "from").write_text("x")
        (left / "to").write_text("x")
    archiver.state.chmod(0o700)
    for test in ("state-folder", "watch-folder"):
        assert_finding(finding(archiver, test), "ok", "writable")
    assert not list(archiver.folder.rglob(".ptp-archiver-check*"))


def test_a_check_leaves_alone_what_another_is_at(archiver):
    at_work = archiver.watch / ".ptp-archiver-check"
    at_work.mkdir()
    folder = os.open(archiver.watch, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    process = subprocess.Popen([ARCHIVER, "check"], env=archiver.environment,
                               stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    assert at_work.exists()
    os.close(folder)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0 and f"{archiver.watch} is writable" in said
    assert not at_work.exists()


def test_a_config_ptp_that_is_a_folder_needs_no_other_mode(archiver):
    archiver.config.mkdir()
    found = check(archiver)
    assert wrong(found) and "config-file" not in [one["test"] for one in found]


def test_a_secret_file_that_is_too_large(archiver, tmp_path):
    (tmp_path / "key").write_text("x" * 2 ** 20)
    archiver.set(PTP_KEY=None)
    ((text, fix),) = wrong(check(archiver, PTP_KEY_FILE=tmp_path / "key")).items()
    assert "larger than" in text and "the right value and nothing else" in fix


def test_a_hidden_folder_of_another_user_is_told(rooted):
    staging = rooted.watch / ".ptp-archiver"
    staging.mkdir(mode=0o700)
    rooted.state.mkdir(mode=0o700)
    for path in (rooted.state, rooted.watch):
        os.chown(path, 4713, 4712)
    assert_finding(finding(rooted, "watch-staging", prefix=as_user(4713, 4712)), "fail",
                   "cannot be written", "move .* away")


# ---- folders that are not there ----

def test_the_space_for_a_folder_that_is_not_there_is_that_of_the_one_above(make, tmp_path):
    a = make(PTP_STATE=tmp_path / "small/a/b/state", PTP_WATCH=tmp_path / "small/watch",
             PTP_DATA=tmp_path / "small/data/x")
    small = tmp_path / "small"
    small.mkdir()
    prefix = mounted(f"mount -t tmpfs -o size=1m,mode=700 tmpfs {small}")
    found = {one["test"]: one for one in check(a, prefix=prefix)}
    for test in ("state", "watch"):
        assert_finding(found[f"{test}-folder"], "ok", "is not there yet and will be made")
        assert_finding(found[f"{test}-space"], "warn", f"^[0-9.]+ [KM]iB free in {small}, where it",
                       "nearly full")
    assert_finding(found["data-folder"], "warn", f"{small}/data/x, .* is not there$",
                   "mkdir -p .*PTP_DATA")
    assert_finding(found["data-space"], "ok", f"^[0-9.]+ [KM]iB free for data in {small}$")
    assert not list(small.iterdir())


def test_with_a_reserve_the_data_folder_must_be_there(archiver):
    archiver.set(PTP_DATA=archiver.folder / "data", PTP_RESERVE="1K")
    assert_finding(finding(archiver, "data-folder"), "fail", "nothing is asked for, since Reserve")
    archiver.fetch(status=1)
    assert "ERR(Disk)" in archiver.container()["outcome"]
    (archiver.folder / "data").mkdir()
    assert finding(archiver, "data-folder") is None
    archiver.fetch(status=0)


def test_a_watch_folder_of_which_no_part_is_there(make, tmp_path):
    a = make(PTP_WATCH=tmp_path / "no/such/folder")
    found = {one["test"]: one for one in check(a)}
    assert_finding(found["watch-folder"], "fail", "nor is the folder that it is in, and no more than one",
                   "mkdir -p .*mount")
    assert_finding(found["watch-space"], "ok", f"free in {tmp_path}, where it will be")


def test_a_watch_folder_that_was_there_and_is_gone(archiver):
    archiver.fetch(status=0)
    archiver.watch.rename(archiver.folder / "elsewhere")
    assert_finding(finding(archiver, "folder-mark", about="attic"), "fail",
                   "was expected, and the folder is not there", "ptp-archiver accept attic.*disk mounted")
    assert finding(archiver, "watch-folder") is None
    archiver.fetch(status=1)


def test_a_folder_behind_one_that_we_may_not_enter(rooted):
    inner = rooted.watch / "inner"
    inner.mkdir()
    rooted.watch.chmod(0o700)
    rooted.state.mkdir(mode=0o700)
    os.chown(rooted.state, 4713, 4712)
    rooted.set(PTP_WATCH=inner)
    assert_finding(finding(rooted, "watch-folder", prefix=as_user(4713, 4712)), "fail",
                   "cannot look at .*Permission denied", f"on the way to {inner}")


def test_a_watch_folder_that_is_to_be_made_in_our_image_is_on_no_mount(rooted):
    rooted.set(PTP_WATCH=rooted.watch / "new")
    assert_finding(finding(rooted, "watch-mount", PTP_IMAGE="native"), "fail", "is not on a mount",
                   f"-v .*:{rooted.watch}/new")


# ---- disks ----

def test_a_disk_that_is_nearly_full(archiver):
    archiver.state.mkdir(mode=0o700)
    prefix = mounted(f"mount -t tmpfs -o size=1m,mode=700 tmpfs {archiver.state}")
    assert_finding(finding(archiver, "state-space", prefix=prefix), "warn", "1020.0 KiB|MiB",
                   "nearly full")
    assert_finding(finding(archiver, "watch-space"), "ok", "free in")


def test_a_disk_that_is_full(archiver):
    prefix = mounted(f"mount -t tmpfs -o size=1m tmpfs {archiver.watch} && "
                     f"{{ head -c 2m /dev/zero >{archiver.watch}/filler 2>/dev/null || true; }}")
    assert_finding(finding(archiver, "watch-folder", prefix=prefix), "fail", "No space left",
                   "make room")


@pytest.mark.parametrize("reserve, filled, mark", [
    (None, "0", "ok"), (None, "99m", "warn"), ("50M", "40m", "ok"), ("50M", "60m", "warn"),
    ("10%", "80m", "ok"), ("10%", "95m", "warn")])
def test_little_space_for_data_is_told_by_the_reserve(archiver, reserve, filled, mark):
    data = archiver.folder / "data"
    data.mkdir()
    archiver.set(PTP_DATA=data, PTP_RESERVE=reserve)
    prefix = mounted(f"mount -t tmpfs -o size=100m tmpfs {data} && "
                     f"head -c {filled} /dev/zero >{data}/filler")
    assert_finding(finding(archiver, "data-space", prefix=prefix), mark, "free for data in",
                   "make room" if mark == "warn" else "")


# ---- the clock ----

@pytest.mark.parametrize("shift, mark, text", [
    (600, "warn", "10 m .* ahead of that of the tracker|9 m 59 s ahead"),
    (-600, "warn", "behind that of the tracker"), (-200000, "fail", "2 d 7 h behind"),
    (20, "ok", "agrees")])
def test_the_clock_is_compared_with_the_trackers(archiver, hurry, shift, mark, text):
    one = finding(archiver, "clock-server", "--online", **hurry(1, shift))
    assert_finding(one, mark, text, "timedatectl" if mark != "ok" else "")


def test_the_clock_is_compared_with_the_ping_servers_where_the_tracker_is_away(sim, make, hurry):
    a = make(HC_URL=sim.ping_url, PTP_BASE_URL=f"http://127.0.0.1:{free_port()}")
    assert_finding(finding(a, "clock-server", "--online", **hurry(1, 600)), "warn",
                   "the ping server", "timedatectl")


def test_a_clock_of_long_ago(archiver, hurry):
    assert_finding(finding(archiver, "clock", **hurry(1, -20 * 365 * 86400)), "fail",
                   "before this program was written", "timedatectl")


# ---- the status page ----

def test_the_status_pages_port(archiver):
    assert finding(archiver, "page-port") is None
    with socket.create_server(("127.0.0.1", 0)) as taken:
        archiver.set(PTP_LISTEN="127.0.0.1:%d" % taken.getsockname()[1])
        assert_finding(finding(archiver, "page-port"), "fail", "another program has this port",
                       "PTP_LISTEN.*ss -ltnp")
    assert_finding(finding(archiver, "page-port"), "ok", "is free")
    archiver.set(PTP_LISTEN="198.51.100.7:9980", PTP_LISTEN_TOKEN="0123456789abcdef")
    assert_finding(finding(archiver, "page-port"), "fail", "Cannot assign", "of this machine")


def test_by_which_names_the_status_page_may_be_called(archiver):
    archiver.set(PTP_LISTEN="127.0.0.1:%d" % free_port())
    assert_finding(finding(archiver, "page-names"), "ok", "no web site can have$")
    archiver.set(PTP_LISTEN_HOSTS="ptp.example.org")
    assert_finding(finding(archiver, "page-names"), "ok", "and by ptp.example.org")
    archiver.set(PTP_LISTEN_HOSTS="*")
    assert_finding(finding(archiver, "page-names"), "warn", "any web site", "PTP_LISTEN_TOKEN")
    archiver.set(PTP_LISTEN_TOKEN="0123456789abcdef")
    assert finding(archiver, "page-names") is None


def test_the_status_pages_port_may_be_the_daemons(sim, archiver):
    archiver.set(PTP_LISTEN="127.0.0.1:%d" % free_port())
    archiver.start()
    wait_for(lambda: "cycle ended" in archiver.log())
    assert_finding(finding(archiver, "page-port"), "ok", "the daemon runs")
    archiver.set(PTP_LISTEN="127.0.0.1:%d" % free_port())
    assert_finding(finding(archiver, "page-port"), "warn", "nobody listens", "restart")


# ---- the official utility ----

def test_the_utility_needs_python_and_requests(archiver, tmp_path):
    archiver.set(PTP_ENGINE="utility")
    assert_finding(finding(archiver, "utility"), "ok", "python3 and its module requests")
    assert_finding(finding(archiver, "utility", PATH=tmp_path), "fail", "python3 is not there",
                   "python3-requests, or set PTP_ENGINE=native")
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\nexec /usr/bin/python3 -S "$@"\n')
    python.chmod(0o755)
    assert_finding(finding(archiver, "utility", PATH=f"{tmp_path}:/usr/bin:/bin"), "fail",
                   "module `requests`, which is not there", "PTP_ENGINE=native")


# ---- what lies in the state folder ----

def test_a_ledger_that_is_well(archiver):
    assert finding(archiver, "ledger") is None
    archiver.fetch(status=0)
    assert_finding(finding(archiver, "ledger"), "ok", "read and written")
    assert_finding(finding(archiver, "state-files"), "ok", "locks, vault, quarantine")


@pytest.mark.parametrize("fault, text, fix", [
    (lambda path: path.write_bytes(b"\x83" * 8192), r"not a database$", "^put a copy of it back"),
    (lambda path: (path.unlink(), path.mkdir()), "is not a file$", "^move it away$"),
    (lambda path: path.write_bytes(b""), ", but there are torrents", "put a copy"),
    (lambda path: path.unlink(), ", but there are torrents", "put a copy"),
    (lambda path: path.write_bytes(path.read_bytes()[:4096] + b"\x83" * (path.stat().st_size - 4096)),
     "malformed$", "^put a copy of it back")],
    ids=["bytes", "folder", "empty", "gone", "damaged within"])
def test_a_ledger_that_cannot_be_used(archiver, fault, text, fix):
    archiver.fetch(status=0)
    fault(archiver.state / "ledger.db")
    one = finding(archiver, "ledger")
    assert_finding(one, "fail", text, fix)
    assert str(archiver.state / "ledger.db") in one["text"]
    assert finding(archiver, "ledger") == one      # and a look at it fixes nothing unseen


def test_a_ledger_of_a_newer_version(archiver):
    archiver.fetch(status=0)
    archiver.ledger("PRAGMA user_version = 99")
    assert_finding(finding(archiver, "ledger"), "fail", "newer version of this program$",
                   "^use that version$")


def test_the_tracker_is_not_called_with_a_ledger_that_cannot_be_used(sim, archiver):
    archiver.fetch(status=0)
    (archiver.state / "ledger.db").write_bytes(b"x" * 8192)
    found = {one["test"]: one for one in check(archiver, "--online")}
    assert_finding(found["ledger"], "fail", "not a database", "copy")
    assert_finding(found["tracker-answer"], "fail", r"ERR\(Ledger\)", "what is said of the ledger")
    assert sim.requests("scriptver") == []


@pytest.mark.parametrize("name, test", [("ledger.db", "ledger"), ("cycle.lock", "state-files"),
                                        ("run.lock", "state-files"), ("answer", "state-files"),
                                        ("vault", "state-files"), ("quarantine", "state-files")])
def test_what_a_command_of_roots_left_there_is_named_with_its_chown(rooted, name, test):
    rooted.fetch(status=0)
    (rooted.state / "run.lock").touch()
    for path in (rooted.state, *rooted.state.rglob("*"), rooted.watch):
        os.chown(path, OTHER, OTHER)
    path = rooted.state / name
    prefix = as_user(OTHER, OTHER)
    assert_finding(finding(rooted, test, prefix=prefix), "ok", "")
    os.chown(path, 0, 0)
    path.chmod(0o700 if path.is_dir() else 0o600)
    one = finding(rooted, test, prefix=prefix)
    assert_finding(one, "fail", f"{path}: Permission denied$", f"^this is user {OTHER}:{OTHER}, so: "
                   f"chown (-R )?{OTHER}:{OTHER} {path}$")
    subprocess.run(["sh", "-ec", one["fix"].split("so: ")[1]], check=True)
    assert_finding(finding(rooted, test, prefix=prefix), "ok", "")


def test_a_vault_that_is_no_folder(archiver):
    archiver.state.mkdir(mode=0o700)
    (archiver.state / "vault").write_text("")
    assert_finding(finding(archiver, "state-files"), "fail", "vault is not a folder$",
                   "^move it away$")


# ---- how the last turns ended ----

def test_the_last_outcome_is_told_with_since_when_and_what_to_do(sim, make):
    a = make("attic:1T,cellar:1T")
    assert finding(a, "last-outcome", about="attic") is None
    a.fetch(status=0)
    assert_finding(finding(a, "last-outcome", about="attic"), "ok", r"^OK at \d\d:\d\d$")
    sim.faults({"endpoint": "fetch", "container": "attic", "do": "status", "status": 404})
    for _ in range(2):
        a.fetch(status=1)
    day = 24 * 3600 * 1000
    a.ledger(f"UPDATE cycle SET begun_at = begun_at - {3 * day} WHERE id = 1")
    a.ledger(f"UPDATE cycle SET begun_at = begun_at - {2 * day} WHERE id = 2")
    ((begun,),) = a.ledger("SELECT begun_at FROM cycle WHERE id = 2")
    day = time.strftime("%d", time.gmtime(begun / 1000)).lstrip("0")
    assert_finding(finding(a, "last-outcome", about="attic"), "warn",
                   rf"^attic has failed since {day} .*: ERR\(HTTP 404\): .*HTTP 404", "retries")
    assert_finding(finding(a, "last-outcome", about="cellar"), "ok", "^OK at ")


def test_a_fault_of_this_machines_that_is_over_is_told_as_such(archiver):
    archiver.watch.rmdir()
    archiver.watch.write_text("")
    archiver.fetch(status=1)
    archiver.watch.unlink()
    archiver.watch.mkdir()
    assert_finding(finding(archiver, "last-outcome"), "warn", r"has failed since .*: ERR\(Disk\): ",
                   "if nothing is, the program resumes by itself")
    assert archiver.run("check").returncode == 0


def test_a_tracker_that_is_left_alone_is_told_once(sim, make):
    a = make("attic:1T,cellar:1T", PTP_FETCH_SLEEP="0.01")
    sim.faults({"endpoint": "fetch", "do": "status", "status": 503})
    a.fetch(status=1)
    found = check(a)
    (one,) = [one for one in found if one["test"] == "tracker-rest"]
    assert_finding(one, "warn", "^The tracker has not been well since .*: HTTP 503", "^Next try in ")
    assert not [one for one in found if one["test"] == "last-outcome"]


# ---- the way to the tracker ----

def marks(archiver, *tests, **keys):
    found = {one["test"]: one for one in check(archiver, "--online", **keys)
             if one["about"] == "tracker"}
    return [found[t]["mark"] if t in found else None for t in tests], found


STEPS = ("tracker-name", "tracker-connection", "tracker-tls", "tracker-key")


def test_a_way_that_is_well(remote, make):
    sim, way = remote()
    steps, found = marks(make(**way), *STEPS)
    assert steps == [None, "ok", "ok", "ok"]    # the name is the proxy's business
    assert "through the proxy" in found["tracker-connection"]["text"]


def test_a_name_that_does_not_exist(make, tmp_path):
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.78\n")
    prefix = mounted(f"mount --bind {tmp_path}/resolv.conf /etc/resolv.conf")
    steps, found = marks(make(PTP_BASE_URL="https://tracker.invalid"), *STEPS, prefix=prefix)
    assert steps == ["fail", None, None, None]
    assert_finding(found["tracker-name"], "fail", r"ERR\(Network\): .*DNS.*tracker.invalid",
                   "resolv.conf")


def test_nobody_listens_there(make):
    steps, found = marks(make(PTP_BASE_URL=f"http://127.0.0.1:{free_port()}"), *STEPS)
    assert steps == [None, "fail", None, None]
    assert_finding(found["tracker-connection"], "fail", "nobody answers there", "port")


def test_a_tracker_that_says_nothing(sim, make):
    sim.faults({"endpoint": "scriptver", "do": "hang"})
    steps, found = marks(make(PTP_TIMEOUT="1s"), *STEPS)
    assert steps == [None, "fail", None, None]
    assert_finding(found["tracker-connection"], "fail", r"ERR\(Timeout\): no answer came in time")


def test_a_tracker_that_hangs_up(sim, archiver):
    sim.faults({"endpoint": "scriptver", "do": "drop"})
    _, found = marks(archiver)
    assert_finding(found["tracker-connection"], "fail", "the connection broke")


def test_a_certificate_of_an_authority_that_nobody_knows(remote, make):
    sim, way = remote()
    steps, found = marks(make(**{**way, "PTP_CA_FILE": None}), *STEPS)
    assert steps == [None, "ok", "fail", None]
    assert_finding(found["tracker-tls"], "fail", r"ERR\(TLS\): .*nobody whom this machine trusts",
                   "ca-certificates.*PTP_CA_FILE")


@pytest.fixture
def elsewhere(make, tmp_path, authority):
    """elsewhere(options of the Sim): an Archiver whose tracker is https://tracker.test."""
    running = []

    def new(*options):
        sim = Sim(tmp_path / "elsewhere", *options)
        proxy = Proxy(int(sim.url.rsplit(":", 1)[1]))
        running.extend((sim, proxy))
        return make(PTP_BASE_URL="https://tracker.test", HTTPS_PROXY=proxy.url,
                    PTP_CA_FILE=authority.certificate)

    yield new
    for one in running:
        one.close()


def test_a_certificate_for_another_name(elsewhere, authority):
    steps, found = marks(elsewhere(*authority.issue("DNS:other.test")), *STEPS)
    assert steps == [None, "ok", "fail", None]
    assert_finding(found["tracker-tls"], "fail", "for another name", "correct the host")


@pytest.mark.parametrize("days", [-10, 10])
def test_a_certificate_that_is_not_valid_at_this_time(remote, make, hurry, days):
    sim, way = remote()
    steps, found = marks(make(**way), *STEPS, **hurry(1, days * 86400))
    assert steps == [None, "ok", "fail", None]
    assert_finding(found["tracker-tls"], "fail", "not valid at the time of this machine",
                   "set the clock")


def test_no_tls_where_it_should_be(elsewhere):
    steps, found = marks(elsewhere(), *STEPS)
    assert steps == [None, "ok", "fail", None]
    assert_finding(found["tracker-tls"], "fail", "no TLS is spoken", "port")


@pytest.fixture
def ca_files(authority, tmp_path):
    (tmp_path / "empty").write_text("")
    (tmp_path / "bytes").write_bytes(bytes(range(256)) * 16)
    return {"key": authority.key, "empty": tmp_path / "empty", "bytes": tmp_path / "bytes",
            "folder": tmp_path, "good": authority.certificate}


@pytest.mark.parametrize("kind, fault", [
    ("key", "a key, and no certificate"), ("empty", "it is empty"), ("folder", "it is a folder"),
    ("bytes", "no certificate in PEM form"), ("good", None)])
def test_a_file_of_cas_that_holds_none(elsewhere, authority, box, ca_files, kind, fault):
    a = elsewhere(*authority.issue("DNS:tracker.test"))
    about = {"Type": "qbittorrent", "URL": "https://box.test", "CAFile": str(ca_files[kind])}
    a.configure(Clients={"box": about, "plain": {**about, "URL": box.url}})
    a.set(PTP_CA_FILE=ca_files[kind])
    if not fault:
        assert finding(a, "ca-file", about="CAFile")["mark"] == "ok"
        return
    assert_finding(finding(a, "ca-file", about="CAFile"), "fail", fault, "PTP_CA_FILE")
    assert_finding(finding(a, "ca-file", about="client box"), "fail", fault, "name a PEM file")
    assert finding(a, "ca-file", about="client plain") is None     # it needs none
    found = {one["test"]: one for one in check(a, "--online") if one["about"] == "tracker"}
    assert_finding(found["tracker-tls"], "fail", "file of the CAs to trust cannot be used",
                   "PTP_CA_FILE")


def test_an_answer_that_is_too_large(make):
    class Flood(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"x" * (9 << 20))

        def log_message(self, *_):
            pass

        def handle(self):
            try:
                super().handle()
            except OSError:
                pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Flood)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    _, found = marks(make(PTP_BASE_URL=f"http://127.0.0.1:{server.server_port}"))
    server.shutdown()
    server.server_close()
    assert found["tracker-connection"]["mark"] == "ok"
    assert_finding(found["tracker-answer"], "fail", r"ERR\(Protocol\): .*larger than",
                   "whether the URL is right")


# ---- proxies ----

def test_a_proxy_that_is_not_there(make):
    proxy = f"http://127.0.0.1:{free_port()}"
    a = make(PTP_BASE_URL="https://tracker.test", HTTPS_PROXY=proxy)
    _, found = marks(a)
    assert_finding(found["tracker-connection"], "fail", "nobody answers at the proxy",
                   "unset HTTPS_PROXY")


def test_a_proxy_whose_name_does_not_exist(make, tmp_path):
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.78\n")
    prefix = mounted(f"mount --bind {tmp_path}/resolv.conf /etc/resolv.conf")
    a = make(PTP_BASE_URL="https://tracker.test", https_proxy="http://proxy.invalid:3128")
    _, found = marks(a, prefix=prefix)
    assert_finding(found["tracker-name"], "fail", "the name of the proxy", "HTTPS_PROXY")


def test_a_proxy_that_does_not_lead_on(make):
    class Refusal(http.server.BaseHTTPRequestHandler):
        def do_CONNECT(self):
            self.send_error(407)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Refusal)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    a = make(PTP_BASE_URL="https://tracker.test",
             HTTPS_PROXY=f"http://127.0.0.1:{server.server_port}")
    _, found = marks(a)
    server.shutdown()
    server.server_close()
    assert_finding(found["tracker-connection"], "fail", "the proxy is there.*407",
                   "user:password|NO_PROXY")


@pytest.mark.parametrize("proxy, shown", [
    ("http://bob:pr0xyw0rd@proxy.test:3128/x", "http://proxy.test:3128"),
    ("socks5h://bob:pr0xyw0rd@10.0.0.1:1080", "socks5h://10.0.0.1:1080"),
    ("bob:pr0xyw0rd@proxy.test:3128", "proxy.test:3128")])
def test_the_proxy_is_named_without_its_password(make, proxy, shown):
    a = make(PTP_BASE_URL="https://tracker.test", HTTPS_PROXY=proxy)
    one = finding(a, "proxy")
    assert_finding(one, "ok", f"^HTTPS_PROXY leads the way to the tracker through {shown}$")
    assert "pr0xyw0rd" not in a.run("check").stdout


@pytest.mark.parametrize("listed, used", [("tracker.test", False), ("x, .test", False),
                                          ("*", False), ("racker.test", True),
                                          ("other.test", True), ("", True)])
def test_no_proxy_is_heeded(make, listed, used):
    a = make(PTP_BASE_URL="https://tracker.test", HTTPS_PROXY="http://10.0.0.1:1",
             NO_PROXY=listed)
    assert (finding(a, "proxy") is not None) == used


# ---- the tracker's answer ----

@pytest.mark.parametrize("fault, test, text, fix", [
    ({"do": "html"}, "tracker-answer", "a page to log in", "BaseURL"),
    ({"do": "html", "page": "cloudflare"}, "tracker-answer", "Cloudflare", "VPN"),
    ({"do": "html", "page": "cloudflare", "status": 403}, "tracker-answer", "Cloudflare", "VPN"),
    ({"do": "html", "page": "cloudflare", "status": 503}, "tracker-answer", "Cloudflare", "VPN"),
    ({"do": "status", "status": 403, "body": "error code: 1010"}, "tracker-answer", "Cloudflare",
     "VPN"),
    ({"do": "status", "status": 403, "body": "Too many queries"}, "tracker-answer", "rate limit",
     "FetchSleep"),
    ({"do": "html", "page": "maintenance"}, "tracker-answer", "worked on", "nothing"),
    ({"do": "html", "page": "not_found"}, "tracker-answer", "a page came", "VersionURL"),
    ({"do": "status", "status": 429}, "tracker-answer", r"ERR\(HTTP 429\): .*rate limit",
     "FetchSleep"),
    ({"do": "status", "status": 502}, "tracker-answer", "not well", "nothing"),
    ({"do": "status", "status": 401}, "tracker-key", r"ERR\(Auth\)", "PTP_USER"),
    ({"do": "reply", "body": "{}"}, "tracker-answer", "not what it should be", "newer"),
])
def test_an_answer_that_is_none(sim, archiver, fault, test, text, fix):
    sim.faults({"endpoint": "scriptver", **fault})
    _, found = marks(archiver)
    assert found["tracker-connection"]["mark"] == "ok"
    assert_finding(found[test], "fail", text, fix)


@pytest.mark.parametrize("words", ["Too many queries", "Invalid API key", "You are banned"])
def test_the_trackers_own_words_are_told(sim, archiver, words):
    body = json.dumps({"Status": "Error", "Error": f"{words} ({KEY})"})
    sim.faults({"endpoint": "scriptver", "do": "reply", "body": body})
    one = finding(archiver, "tracker-answer", "--online")
    assert_finding(one, "fail", rf"^ERR\(Tracker\): .* the tracker says: {words} \(<hidden>\)",
                   "^do what it says")
    assert KEY not in json.dumps(one)


def test_a_wrong_key_is_told_from_too_many_queries(sim, archiver):
    sim.scenario(accounts=[{"user": "a" * 16, "key": "b" * 32}])
    _, found = marks(archiver)
    assert_finding(found["tracker-key"], "fail", "credentials are not accepted", "ApiKey")
    sim.scenario()
    archiver.run("check", "--online", status=0)
    sim.faults({"do": "status", "status": 403})
    _, found = marks(archiver)
    assert_finding(found["tracker-key"], "fail", "too many queries", "wait")


def test_a_back_off_is_heeded(sim, remote, make):
    remote_sim, way = remote()
    a = make(**way)
    remote_sim.faults({"do": "status", "status": 503})
    check(a, "--online")
    asked = len(remote_sim.requests())
    _, found = marks(a)
    assert_finding(found["tracker-answer"], "fail", "left alone for another .*HTTP 503",
                   "^wait.*`ptp-archiver status`")
    assert len(remote_sim.requests()) == asked


# ---- the ping URL ----

def ping(archiver, test="ping-url"):
    return finding(archiver, test, "--online", about="ping URL")


def test_a_ping_url_that_is_right_is_tested_without_a_change_of_its_status(sim, make):
    assert_finding(ping(make(HC_URL=sim.ping_url)), "ok", "status is as it was")
    assert [(p["kind"], p["check"]) for p in sim.pings()] == [("log", CHECK)]


@pytest.mark.parametrize("answer, mark, text, fix", [
    ({"do": "status", "status": 409, "body": "ambiguous slug"}, "fail", "more than one", "UUID"),
    ({"do": "reply", "body": "OK (rate-limited)"}, "warn", "rate limited", "wait"),
    ({"do": "status", "status": 429}, "warn", "rate limited", "wait"),
    ({"do": "html"}, "fail", "did not come from Healthchecks", "HC_URL"),
    ({"do": "status", "status": 500, "body": "x"}, "fail", "HTTP 500: .* not well", "later"),
    ({"do": "status", "status": 400, "body": "invalid url format"}, "fail", "HTTP 400: .*not taken",
     "HC_URL"),
    ({"do": "reply", "body": "OK (rate limited)"}, "warn", "rate limited", "wait"),
    ({"do": "reply", "body": "OK (not found)"}, "fail", "HTTP 200: there is no such check",
     "HC_URL")])
def test_a_ping_that_is_not_recorded(sim, make, answer, mark, text, fix):
    sim.faults({"endpoint": "ping", **answer})
    assert_finding(ping(make(HC_URL=sim.ping_url)), mark, text, fix)


def test_a_check_that_does_not_exist(sim, make):
    sim.scenario(ping={"checks": []})
    assert_finding(ping(make(HC_URL=sim.ping_url)), "fail", "HTTP 404: there is no such check",
                   "HC_URL")


UUID = "1234abcd-1234-4321-8888-0123456789ab"


@pytest.mark.parametrize("path, mark, text", [
    (UUID, "ok", "right form"), (f"ping/{UUID}/", "ok", "right form"),
    ("ping/abcdefghijklmnopqrs-_2/my-slug?create=1", "ok", "right form"),
    (UUID.upper(), "fail", "capital letters"), (f"checks/{UUID}/details/", "fail", "in a browser"),
    ("foo", "warn", "neither in a check's UUID"), ("short/my-slug", "warn", "nor in a ping key"),
    (UUID[:-1], "warn", "neither")])
def test_the_form_of_a_ping_url(make, path, mark, text):
    one = finding(make(HC_URL=f"https://hc.test/{path}"), "ping-form")
    assert_finding(one, mark, text, "" if mark == "ok" else "HC_URL")
    assert path.strip("/") not in json.dumps(one)


def test_a_state_folder_to_be_made_on_a_full_disk(make, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    a = make(PTP_STATE=small / "state")
    prefix = mounted(f"mount -t tmpfs -o size=64k tmpfs {small} && "
                     f"! head -c 1m /dev/zero 2>/dev/null >{small}/filler")
    assert_finding(finding(a, "state-space", prefix=prefix), "fail", "^0 B free", "disk is full")


def test_a_folder_that_is_a_number(make):
    a = make(containers=None)
    a.configure(Containers={"attic": {"Size": "1T", "WatchDirectory": 5}})
    ((text, fix),) = wrong(check(a)).items()
    assert re.search("Containers: attic: WatchDirectory is a number; write .* in quotes", text)


@pytest.mark.parametrize("list", ["attic:800G;foo:5T", "attic:800G foo:5T", "a:1T,attic:800G; foo:5T"])
def test_containers_with_something_else_than_a_comma_between_them(make, list):
    found = wrong(check(make(list)))
    assert [text for text in found if "more follows a size; write a comma between containers" in text]


@pytest.mark.parametrize("list", ["attic:800G:5T", "a;b:5T", "a b:5T"])
def test_names_that_are_odd_and_no_mistake(make, list):
    assert not wrong(check(make(list)))


@pytest.mark.parametrize("event", ["/start", "/fail", "/log/", "/start?create=1"])
def test_a_ping_url_that_names_an_event(sim, make, event):
    one = finding(make(HC_URL=sim.ping_url + event), "config")
    assert_finding(one, "fail", "ends in /(start|fail|log), .* off its end", "HC_URL")


def test_a_ping_server_that_is_away(make):
    a = make(HC_URL=f"http://127.0.0.1:{free_port()}/ping/{CHECK}")
    one = ping(a, "ping-connection")
    assert_finding(one, "fail", "nobody answers there", "port")
    assert CHECK not in json.dumps(one)


# ---- the clients ----

@pytest.fixture
def using(make, box):
    """using(keys of the client, default=...): an Archiver whose containers go to the client."""

    def new(containers="attic:800G", default=None, **client):
        a = make(containers, PTP_CLIENT="box")
        about = {"Type": "qbittorrent", "URL": box.url, "Username": box.user,
                 "Password": box.password, **client}
        a.configure(Clients={"box": about}, Default=default or {})
        return a

    return new


def client(archiver, test="client-connection"):
    return finding(archiver, test, "--online", about="client box")


def test_a_client_that_is_well(box, using):
    a = using(default={"Category": "rel"})
    assert_finding(client(a), "ok", "accepts the password")
    assert_finding(client(a, "client-category"), "ok", "no torrent of the category rel yet")
    assert_finding(client(a, "client-space"), "ok", "5.0 GiB free where it stores attic")
    assert finding(a, "watch-folder") is None


def test_a_client_that_is_away(box, using):
    box.stop()
    assert_finding(client(using()), "fail", "box: .*127.0.0.1", "Clients: box: URL, such as http")


def test_a_client_that_is_none(sim, using):
    assert_finding(client(using(URL=sim.url)), "fail", "box: ", "Clients: box")


def test_a_client_behind_a_port_that_something_else_has(using):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        a = using(URL="http://127.0.0.1:%d" % mute.getsockname()[1], Timeout="1s")
        assert_finding(client(a), "fail", "box: ", "Clients: box")


def test_a_wrong_password(box, using):
    a = using(Password="wr0ngw0rd")
    one = client(a, "client-password")
    assert_finding(one, "fail", "box: ", "PasswordFile")
    assert "wr0ngw0rd" not in json.dumps(one)
    assert box.login_count() == (0, 1)


def way(archiver, **keys):
    return {one["test"]: one for one in check(archiver, "--online", **keys)
            if one["about"] == "client box"}


def test_tls_where_the_client_speaks_none(box, using):
    found = way(using(URL=box.url.replace("http:", "https:")))
    assert_finding(found["client-connection"], "ok", "can be reached")
    assert_finding(found["client-tls"], "fail", r"ERR\(Client\): no TLS is spoken there .*box: ",
                   "port is that of https")


def test_the_name_of_a_client_that_does_not_exist(using, tmp_path):
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.78\n")
    prefix = mounted(f"mount --bind {tmp_path}/resolv.conf /etc/resolv.conf")
    found = way(using(URL="http://box.invalid:8080"), prefix=prefix)
    assert_finding(found["client-name"], "fail", r"cannot be looked up \(DNS\)", "resolv.conf")
    assert "client-connection" not in found


def test_a_client_behind_a_proxy_that_is_not_there(using):
    found = way(using(URL="http://box.test:8080"), http_proxy=f"http://127.0.0.1:{free_port()}")
    assert_finding(found["client-connection"], "fail", "nobody answers at the proxy",
                   "unset http_proxy")


def test_another_program_that_asks_for_a_password(sim, using):
    sim.faults({"do": "status", "status": 401, "headers": {"WWW-Authenticate": "Basic realm=x"}})
    found = way(using(URL=sim.url))
    assert_finding(found["client-password"], "fail", "set ProxyUsername",
                   "ProxyUsername .*another program answers there: correct URL")


def give(box, category, n=1):
    for i in range(n):
        box.torrents[f"{i:040x}"] = {
            "hash": f"{i:040x}", "name": str(i), "state": "uploading", "progress": 1,
            "amount_left": 0, "size": 10, "total_size": 10, "dlspeed": 0, "tracker": "",
            "category": category, "tags": "", "save_path": "/x", "last_activity": 1}


def test_a_category_that_is_there(box, using):
    give(box, "rel", 3)
    assert_finding(client(using(default={"Category": "rel"}), "client-category"), "ok",
                   "3 torrents of the category rel")


def test_a_category_that_is_missing_is_made_by_a_delivery(box, using):
    """As each of the clients does: see test/clients."""
    a = using(default={"Category": "rel"})
    assert_finding(client(a, "client-category"), "ok", "the category is made where it is missing")
    a.fetch(status=0)
    assert_finding(client(a, "client-category"), "ok", "^it has 1 torrent of the category rel$")


def test_a_category_in_deluge_needs_its_plugin(make):
    with DelugeDouble() as deluge:
        a = make(PTP_CLIENT="box", PTP_CATEGORY="rel")
        a.configure(Clients={"box": {"Type": "deluge", "URL": deluge.url, "Password": "s3cret"}})
        assert_finding(client(a, "client-category"), "ok", "is made where it is missing")
        deluge.plugins = []
        assert_finding(client(a, "client-category"), "fail", "Label plugin, which is off",
                       "switch its Label plugin on")
        assert_finding(client(a), "ok", "accepts the password")


def test_a_category_that_is_nearly_there(box, using):
    give(box, "rell")
    assert_finding(client(using(default={"Category": "rel"}), "client-category"), "warn",
                   "there is one called rell", "PTP_CATEGORY")


def test_a_category_whose_torrents_are_missing(box, using):
    a = using(default={"Category": "rel"})
    a.fetch(status=0)
    for torrent in box.torrents.values():
        torrent["category"] = "something else"
    assert_finding(client(a, "client-category"), "warn", "although 1 of attic were delivered",
                   "PTP_CATEGORY")


def test_each_category_is_asked_for_once(box, using):
    found = [one for one in check(using("a:1T,b:1T,c:1T", default={"Category": "rel"}), "--online")
             if one["test"] == "client-category"]
    assert len(found) == 1


def test_too_little_space_in_the_client(box, using):
    assert_finding(client(using(default={"Reserve": "6G"}), "client-space"), "warn",
                   "less than Reserve", "make room")


# ---- secrets ----

def test_no_secret_is_in_what_is_found(sim, using):
    a = using()
    a.set(HC_URL=sim.ping_url)
    for rule in ({"do": "html"}, {"do": "status", "status": 404, "body": KEY + CHECK}):
        sim.faults(rule)
        said = json.dumps(check(a, "--online"))
        assert KEY not in said and CHECK not in said


# ---- the running daemon's settings ----

def daemon_with(archiver, **variables):
    """A daemon whose environment has these besides."""
    process = archiver.start(**variables)
    wait_for(lambda: "next cycle in" in archiver.log())
    return process


def test_a_daemon_with_the_same_settings_is_no_finding(sim, make):
    a = make(HC_URL=sim.ping_url, PTP_LISTEN=f"127.0.0.1:{free_port()}", HTTPS_PROXY="http://x:1")
    daemon_with(a)
    assert finding(a, "daemon-settings") is None
    # As a shell beside it, with config.ptp alone, which the daemon wrote: the same containers.
    for name in ("PTP_CONTAINERS", "PTP_WATCH", "PTP_USER", "PTP_KEY", "PTP_BASE_URL",
                 "PTP_FETCH_SLEEP", "PTP_CONFIG"):
        a.set(**{name: None})
    found = check(a, "--config", str(a.config), LOG_LEVEL="debug", NO_COLOR="1")
    assert not [one for one in found if one["test"] == "daemon-settings"]


def test_a_daemon_with_other_settings_is_told_by_their_names(sim, archiver):
    listen = f"127.0.0.1:{free_port()}"
    process = daemon_with(archiver, HC_URL=sim.ping_url, PTP_LISTEN=listen, PTP_INTERVAL="7h")
    one = finding(archiver, "daemon-settings", PTP_INTERVAL="8h", PTP_PER_CYCLE="2")
    assert_finding(one, "warn", r": HC_URL, PTP_LISTEN \(set there, not here\); PTP_PER_CYCLE "
                   r"\(set here, not there\); PTP_INTERVAL \(another value\)$",
                   "systemd-run .*EnvironmentFile=/etc/ptp-archiver.env .*"
                   f"{archiver.config} check`")
    for secret in (CHECK, listen, "7h", "8h"):
        assert secret not in json.dumps(one)
    archiver.stop(process)
    assert finding(archiver, "daemon-settings") is None


def test_the_note_follows_a_reload(archiver):
    key = archiver.folder / "key"
    key.write_text(KEY)
    archiver.set(PTP_KEY=None)
    process = daemon_with(archiver, PTP_KEY_FILE=key)
    other = KEY[::-1]
    archiver.set(PTP_KEY=other)
    assert_finding(finding(archiver, "daemon-settings"), "warn", r"PTP_KEY \(another value\)")
    key.write_text(other)
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: "read again" in archiver.log())
    assert finding(archiver, "daemon-settings") is None
    note = (archiver.state / "daemon.json").read_text()
    assert KEY not in note and other not in note and USER not in note
    assert (archiver.state / "daemon.json").stat().st_mode & 0o777 == 0o600


def test_the_note_of_a_daemon_that_was_killed_is_not_believed(sim, archiver):
    process = daemon_with(archiver, HC_URL=sim.ping_url)
    assert finding(archiver, "daemon-settings") is not None
    process.kill()
    process.wait()
    assert (archiver.state / "daemon.json").exists()
    assert finding(archiver, "daemon-settings") is None
    daemon_with(archiver)
    assert finding(archiver, "daemon-settings") is None


def test_who_may_not_read_the_note_is_told_nothing_of_it(sim, rooted):
    rooted.state.mkdir(mode=0o700)
    rooted.watch.chmod(0o777)
    daemon_with(rooted, HC_URL=sim.ping_url)
    found = check(rooted, prefix=as_user(4713, 4712))
    tests = {one["test"]: one for one in found}
    assert "daemon-settings" not in tests
    assert_finding(tests["state-folder"], "fail", "^cannot write into .*Permission denied",
                   "^run ptp-archiver as root .user 0. .sudo -u., or give the folder to user 4713$")


@pytest.mark.parametrize("command", [("notify",), ("notify", "--test"), ("fetch", "all"),
                                     ("audit",)])
def test_commands_by_hand_warn_of_a_daemon_with_other_settings(sim, archiver, command):
    archiver.set(PTP_NOTIFY=f"webhook+{sim.url}/x")
    daemon_with(archiver, HC_URL=sim.ping_url, PTP_NOTIFY=f"webhook+{sim.url}/y")
    said = archiver.run(*command).stderr
    assert re.search(r"WARN  the running daemon has other settings than this command: HC_URL \(set "
                     r"there, not here\); PTP_NOTIFY \(another value\); .*systemd-run .*"
                     + " ".join(command) + "`", said), said
    archiver.set(HC_URL=sim.ping_url, PTP_NOTIFY=f"webhook+{sim.url}/y")
    assert "other settings" not in archiver.run(*command).stderr


def test_in_our_image_the_way_out_is_dockers(sim, archiver):
    daemon_with(archiver, HC_URL=sim.ping_url, PTP_IMAGE="native")
    assert_finding(finding(archiver, "daemon-settings", PTP_IMAGE="native"), "warn", "HC_URL",
                   "docker exec")


def test_without_settings_of_ones_own_the_service_is_named(make):
    a = make(containers=None, PTP_USER=None, PTP_KEY=None)
    prefix = mounted("mount -t tmpfs tmpfs /var/lib && mkdir /var/lib/ptp-archiver && "
                     "chown nobody /var/lib/ptp-archiver")
    one = finding(a, "service-settings", prefix=prefix)
    assert_finding(one, "warn", f"^{a.config} is not there, but .*/etc/ptp-archiver.env and "
                   "/var/lib/ptp-archiver/config.ptp$",
                   "`systemd-run .*User=nobody .*EnvironmentFile=/etc/ptp-archiver.env .*"
                   "ptp-archiver --config /var/lib/ptp-archiver/config.ptp check`$")
    assert check(a, prefix=prefix)[0] == one      # before all that is missing here
    assert finding(a, "service-settings") is None
    # With settings of one's own, in the service's place, and in an image it is not meant.
    for variables in ({"PTP_USER": USER, "PTP_KEY": KEY, "PTP_CONTAINERS": "attic:1T"},
                      {"PTP_CONFIG": "/var/lib/ptp-archiver/config.ptp"}, {"PTP_IMAGE": "native"}):
        assert finding(a, "service-settings", prefix=prefix, **variables) is None
    a.configure(ApiUser=USER)
    assert finding(a, "service-settings", prefix=prefix) is None


def test_what_a_watch_folder_makes_idle_is_named(make):
    a = make(containers=None)
    a.configure(Clients={"box": {"Type": "qbittorrent", "URL": "http://127.0.0.1:9"}},
                Containers={"attic": {"Size": "1T", "WatchDirectory": str(a.watch),
                                      "Category": "ptp", "Paused": True, "MaxActive": 3},
                            "cellar": {"Size": "1T", "Client": "box", "Category": "ptp"},
                            "loft": {"Size": "1T", "WatchDirectory": str(a.watch),
                                     "MaxStalled": 3}})
    one = finding(a, "idle-settings")
    assert_finding(one, "warn", "^Category, Paused, MaxActive: no effect with a watch folder",
                   "name a Client for attic")
    assert one["about"] == "attic"
