"""The first steps of a new user, and settings that would mean something else than they say."""

import base64
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import subprocess
import threading
import time

import pytest

from harness import CHECK, ROOT, Sim, Terminal, free_port, summary, wait_for


def findings(a, *options, **keys):
    return json.loads(a.run("check", "--json", *options, **keys).stdout)["findings"]


def finding(a, test, *options, **keys):
    found = [one for one in findings(a, *options, **keys) if one["test"] == test]
    return found[0] if found else None


def bad_finding(a, test):
    return next(one for one in findings(a) if one["test"] == test and one["mark"] != "ok")


# ---- create ----

def test_create_asks_for_a_folder_where_nobody_would_look(make):
    a = make(containers=None, PTP_WATCH=None)
    assert "--watch DIR" in a.run("create", "attic", "--size", "1T", status=2).stderr
    assert not a.config.exists()
    a.configure(Default={"WatchDirectory": "/tmp/$name"})
    assert "--watch DIR" in a.run("create", "attic", "--size", "1T", status=2).stderr
    a.configure(Default={"Client": "box"}, Clients={})
    assert "client box" in a.run("create", "attic", "--size", "1T", status=0).stdout


def test_create_prints_the_size_and_the_folder(make):
    a = make(containers=None)
    said = a.run("create", "attic", "--watch", "/srv/$name", status=0).stdout
    assert 'Created "attic": 500G, watch folder /srv/attic.' in said
    said = a.run("create", "loft", "--size", "1T", "--watch", "in", status=0).stdout
    assert f"1T, watch folder {a.folder}/in." in said
    assert a.configured()["Containers"]["loft"]["WatchDirectory"] == f"{a.folder}/in"


@pytest.mark.parametrize("options, words", [
    (("--size", "5TB"), 'did you mean 5T?'), (("--size", "800g"), "did you mean 800G?"),
    (("--size", "1,5T"), "did you mean 1.5T?"), (("--size", '"1T"'), "begins with a double quote"),
    (("--watch", "~/x"), "begins with a tilde"), (("--watch", "/x\r"), "carriage return"),
    (("--watch", "'/x'"), "single quote"), (("--watch", "/x/${name}"), "write $name")])
def test_create_and_resize_say_what_was_meant(make, options, words):
    a = make(containers=None)
    given = {"--size": "1T", "--watch": "/w", **dict([options])}
    assert words in a.run("create", "attic", *sum(given.items(), ()), status=2).stderr
    assert not a.config.exists()
    if options[0] == "--size":
        a.run("create", "attic", "--size", "1T", "--watch", "/w", status=0)
        assert words in a.run("resize", "attic", options[1], status=2).stderr


# ---- words that are nearly right ----

@pytest.mark.parametrize("arguments, words", [
    (("fecth", "all"), "there is no command fecth; did you mean fetch?"),
    (("help", "fecth"), "there is no command fecth; did you mean fetch?"),
    (("fetch", "atic"), 'no container "atic"; did you mean "attic"?'),
    (("history", "--container", "atic"), 'no container "atic"; did you mean "attic"?'),
    (("history", "--container", "NOPE"), 'no container "NOPE"; `ptp-archiver list`'),
    (("audit", "--container", "atic"), 'did you mean "attic"?'),
    (("redeliver", "--container", "atic"), 'did you mean "attic"?'),
    (("adopt", "--container", "atic", "--folder", "."), 'did you mean "attic"?'),
    (("export", "--container", "atic", "out"), 'did you mean "attic"?')])
def test_a_slip_gets_a_suggestion(archiver, arguments, words):
    assert words in archiver.run(*arguments, status=2).stderr


def test_history_of_a_container_that_was_removed_stays(archiver):
    archiver.fetch(status=0)
    said = archiver.run("history", "--container", "attic", status=0, PTP_CONTAINERS="loft:1T")
    assert "attic" in said.stdout
    assert archiver.run("history", "--container", "loft", status=0,
                        PTP_CONTAINERS="loft:1T").stdout == "Nothing is recorded yet.\n"


@pytest.mark.parametrize("variables, words", [
    ({"PTP_WATCH_DIR": "/x"}, "PTP_WATCH_DIR is not known, and does nothing; did you mean PTP_WATCH?"),
    ({"TZ": "Europe/Berln"}, 'TZ is "Europe/Berln", which is not a time zone'),
    ({"PTP_CONTAINERS": "A:5T,a:1T"}, '"A" and "a" differ in capitals only'),
    ({"HC_URL": f"http://hc.test/ping/{CHECK}"}, "HC_URL) begins with http://")])
def test_what_may_not_be_meant_is_a_warning_in_run_fetch_and_check(sim, make, variables, words):
    a = make(http_proxy=f"http://127.0.0.1:{free_port()}", **variables)
    process = a.start()
    wait_for(lambda: words in a.log() and "WARN" in a.log())
    a.stop(process)
    assert words in a.fetch().stderr
    one = [f for f in findings(a) if f["test"] == "settings"]
    assert [f["mark"] for f in one] == ["warn"] and words in one[0]["text"]


# ---- a folder that nobody chose ----

def test_a_folder_that_nobody_chose_is_a_warning(make):
    a = make(containers=None, PTP_WATCH=None)
    a.configure(Containers={"attic": {"Size": "1T"}})
    said = finding(a, "settings")
    assert said["mark"] == "warn" and "/tmp/attic" in said["text"]
    assert "PTP_WATCH is not set, so torrents go to /watch" in \
        finding(a, "settings", PTP_CONTAINERS="attic:1T")["text"]


def test_run_warns_of_a_folder_in_a_container_that_nothing_is_mounted_on(make, tmp_path):
    a = make(PTP_IMAGE="native", PTP_WATCH="/var/tmp/ptp-archiver-test-unmounted/watch")
    if any(os.path.ismount(p) for p in ("/var/tmp", "/var")):
        pytest.skip("/var/tmp is a mount here")
    process = a.start()
    wait_for(lambda: "is not on a mount" in a.log())
    a.stop(process)
    assert "-v /path/on/the/host:/var/tmp/ptp-archiver-test-unmounted/watch" in a.log()


# ---- another daemon, nothing configured ----

def test_a_second_daemon_says_at_once_that_it_waits(archiver):
    first = archiver.start()
    wait_for(lambda: "keeps" in archiver.log())
    begin = time.monotonic()
    second = archiver.start()
    wait_for(lambda: "another `ptp-archiver run` serves" in archiver.log())
    assert time.monotonic() - begin < 2.5
    assert "waiting up to 5 s" in archiver.log()
    assert second.wait(15) == 2
    archiver.stop(first)


def test_status_with_nothing_configured_names_the_next_step(make):
    said = make(containers=None).run("status", status=0).stdout
    assert "ptp-archiver setup" in said and "create NAME --size SIZE --watch DIR" in said


# ---- the ping URL ----

def test_user_and_password_of_the_ping_url_are_basic_authentication(sim, make):
    url = f"{sim.url.replace('//', '//me:p%40ss:w%2Ford@')}/ping/{CHECK}"
    a = make(HC_URL=url, LOG_LEVEL="debug")
    done = a.fetch(status=0)
    expected = "Basic " + base64.b64encode(b"me:p@ss:w/ord").decode()
    pings = sim.requests("ping_start", "ping_end")
    assert len(pings) == 2
    for ping in pings:
        assert {k.lower(): v for k, v in ping["headers"].items()}["authorization"] == expected
        assert "p%40ss" not in ping["path"]
    said = done.stderr + a.run("check", "--online").stdout + json.dumps(sim.pings())
    for secret in ("p%40ss", "p@ss", expected.split()[1]):
        assert secret not in done.stderr + said.replace(json.dumps(sim.pings()), "")


def test_a_password_of_the_ping_url_that_the_answer_repeats_is_not_shown(sim, make):
    sim.faults({"do": "status", "status": 403, "body": "no: secret-word-1", "endpoint": "ping_end"})
    a = make(HC_URL=f"{sim.url.replace('//', '//me:secret-word-1@')}/ping/{CHECK}")
    done = a.fetch()
    assert "HTTP 403" in done.stderr and "secret-word-1" not in done.stderr


@pytest.mark.parametrize("ending", ["start", "fail", "fail/", "log", "1"])
def test_a_ping_url_of_an_event_is_refused(sim, make, ending):
    a = make(HC_URL=f"{sim.ping_url}/{ending}")
    for command in (("fetch", "all"), ("run",)):
        said = a.run(*command, status=2).stderr
        assert "HC_URL ends in " in said and "off its end" in said and CHECK not in said


# ---- what check must see ----

@pytest.fixture(scope="session")
def nolocks(tmp_path_factory):
    """Variables with which no file can be locked."""
    library = tmp_path_factory.mktemp("nolocks") / "nolocks.so"
    source = pathlib.Path(__file__).with_name("nolocks.c")
    subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-shared", "-fPIC", "-o",
                    str(library), str(source)], check=True)
    return {"LD_PRELOAD": str(library),
            "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")}


@pytest.mark.parametrize("used", [False, True])
def test_a_state_folder_without_locks_fails(archiver, nolocks, used):
    if used:
        archiver.fetch(status=0)
    else:
        archiver.state.mkdir(mode=0o700)
    one = finding(archiver, "state-folder", **nolocks)
    assert one["mark"] == "fail" and "No locks available" in one["text"]
    assert "PTP_STATE" in one["fix"]
    archiver.fetch(status=1, **nolocks)
    assert finding(archiver, "state-folder")["mark"] == "ok"


# ---- the advice of check, carried out ----

def shell(a, command, **variables):
    """As a person at a shell would, with the program on the path."""
    path = f"{a.folder}/bin:{os.environ['PATH']}"
    (a.folder / "bin").mkdir(exist_ok=True)
    link = a.folder / "bin" / "ptp-archiver"
    if not link.exists():
        link.symlink_to(pathlib.Path(os.environ.get("PTP_BUILD", ROOT / "build")) / "ptp-archiver")
    done = subprocess.run(["sh", "-ec", command], cwd=a.folder, capture_output=True, text=True,
                          env={**a.environment, "PATH": path, **variables})
    assert done.returncode == 0, (command, done.stdout, done.stderr)


def command_in(fix):
    """The shell command in an advice: in backquotes, in brackets, or all of it."""
    found = re.search(r"`(ptp-archiver [^`]*)`|\(((?:mkdir|chmod|chgrp|chown)[^)]*)\)", fix)
    if found:
        return (found[1] or found[2]).replace("chmod g+rws", "chgrp 65534 . && chmod g+rws")
    return fix


def bad_file(a):
    a.configure(**json.loads(a.config.read_text() if a.config.exists() else "{}"))
    a.config.chmod(0o644)


def missing_parent(a):
    a.set(PTP_WATCH=str(a.folder / "deep" / "er" / "watch"))


def open_state(a):
    a.state.mkdir(mode=0o755)


def open_watch(a):
    a.set(UMASK="002")
    a.watch.chmod(0o755)


def gone_watch(a):
    a.fetch(status=0)
    shutil.rmtree(a.watch)


def no_data_folder(a):
    a.set(PTP_DATA=str(a.folder / "data"), PTP_RESERVE="1M")


def staging_in_the_way(a):
    (a.watch / ".ptp-archiver").write_text("")


@pytest.mark.parametrize("fault, test", [
    (bad_file, "config-file"), (missing_parent, "watch-folder"), (open_state, "state-owner"),
    (open_watch, "watch-open"), (gone_watch, "folder-mark"), (no_data_folder, "data-folder")])
def test_a_command_that_check_advises_works(archiver, fault, test):
    fault(archiver)
    one = bad_finding(archiver, test)
    shell(archiver, command_in(one["fix"]))
    assert not [f for f in findings(archiver) if f["test"] == test and f["mark"] != "ok"], one


def test_what_check_advises_where_there_is_no_container_works(make):
    a = make(containers=None, PTP_WATCH=None)
    command = command_in(finding(a, "containers")["fix"])
    shell(a, command.replace("NAME", "attic").replace("DIR", str(a.watch)))
    assert finding(a, "containers")["mark"] == "ok"
    a.fetch("attic", status=0)


def test_moving_a_file_away_that_is_in_the_place_of_the_staging_folder_works(archiver):
    staging_in_the_way(archiver)
    one = finding(archiver, "watch-staging")
    (path,) = re.findall(r"move (\S+) away", one["fix"])
    shell(archiver, f"mv {path} {path}.away")
    archiver.fetch(status=0)
    assert finding(archiver, "watch-staging")["mark"] == "ok"


@pytest.mark.parametrize("variables", [
    {"PTP_WATCH": '"/srv/x"'}, {"PTP_INTERVAL": "6 h"}, {"TZ": "Nowhere/Land"},
    {"PTP_WATCHES": "/x"}, {"PTP_KEY": "YOUR_PTP_API_KEY"}])
def test_every_advice_on_a_setting_names_the_setting(archiver, variables):
    (name,) = variables
    archiver.set(**variables)
    bad = [one for one in findings(archiver) if one["test"] in ("config", "settings")]
    assert len(bad) == 1 and name in bad[0]["text"] and name in bad[0]["fix"]


def test_the_advice_for_the_state_in_the_image_is_a_volume_that_works(make):
    """A new volume on /app/state would be root's; on /app it gets what the image has there."""
    a = make(PTP_IMAGE="native", PTP_STATE="/app/state", PTP_CONFIG="/app/config.ptp")
    if os.path.exists("/app") and os.path.ismount("/app"):
        pytest.skip("/app is a mount here")
    one = finding(a, "state-mount")
    assert one["fix"] == "give it a volume with a name: -v ptp-archiver:/app"


# ---- what a client does in its watch folder ----

@pytest.mark.parametrize("ending", [".fail", ".error", ".rejected", ".invalid", ".qbt_rejected"])
def test_an_ending_that_says_no_is_a_refusal(sim, make, ending):
    a = make()
    a.fetch(status=0)
    (path,) = a.watch.glob("*.torrent")
    path.rename(str(path) + ending)
    done = a.fetch(status=1)
    assert f"the client refused {path}" in done.stderr
    assert summary(done.stderr) == "attic:ERR(Client)"


def test_an_ending_that_nobody_knows_is_a_warning(sim, make):
    a = make()
    a.fetch(status=0)
    (path,) = a.watch.glob("*.torrent")
    path.rename(str(path) + ".queued")
    done = a.fetch(status=0)
    assert re.search(rf"WARN .*{re.escape(str(path))} an ending that is not known here", done.stderr)
    assert "ending that is not known" not in a.fetch(status=0).stderr


def test_the_warning_of_a_late_pick_up_says_that_the_client_may_not_read_it(make):
    a = make(PTP_PICK_UP_WITHIN="20m")
    a.fetch(status=0)
    a.ledger("UPDATE assignment SET pick_up_at = pick_up_at - 1300000")
    assert "may it read the file" in a.fetch().stderr


# ---- words that lead to the cause ----

def test_headers_without_end_are_called_so(make):
    server = socket.create_server(("127.0.0.1", 0))

    def answer():
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            peer.recv(65536)
            try:
                peer.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
                for _ in range(400):
                    peer.sendall(b"x" * 4096)
            except OSError:
                pass
            peer.close()

    threading.Thread(target=answer, daemon=True).start()
    a = make(PTP_BASE_URL="http://127.0.0.1:%d" % server.getsockname()[1])
    said = a.fetch(status=1).stderr
    server.close()
    assert "the answer's headers are too long" in said and "memory" not in said
    assert summary(said) == "attic:ERR(Protocol)"


def test_a_certificate_of_another_name_is_told_from_one_of_an_unknown_authority(
        make, authority, tmp_path):
    tracker = Sim(tmp_path / "tls", *authority.issue("DNS:other.test"))
    a = make(PTP_BASE_URL=tracker.url)
    unknown = a.fetch(status=1).stderr
    assert "private CA, name that in CAFile" in unknown and "another name" not in unknown
    other = make(folder="b", PTP_BASE_URL=tracker.url, PTP_CA_FILE=authority.certificate)
    said = other.fetch(status=1).stderr
    assert "its certificate is for another name" in said and "private CA" not in said
    tracker.close()


def test_a_locked_ledger_mentions_shares_without_locks(archiver):
    archiver.fetch(status=0)
    with sqlite3.connect(archiver.state / "ledger.db", isolation_level=None) as db:
        db.execute("BEGIN EXCLUSIVE")
        said = archiver.fetch(status=1).stderr
        db.execute("ROLLBACK")
    assert "database is locked" in said and "network share without locks" in said


def test_audit_ends_its_progress_before_its_first_line(sim, make, box):
    a = make(PTP_CLIENT="box", PTP_WATCH=None)
    a.configure(Clients={"box": {"Type": "qbittorrent", "URL": box.url, "Username": box.user,
                                 "Password": box.password}})
    a.fetch(status=0)
    terminal = Terminal(a, "audit")
    terminal.finish()
    at = terminal.shown.index("asking box for its torrents") + len("asking box for its torrents")
    assert terminal.shown[at:].startswith("\r\033[K"), terminal.shown


# ---- ./dev ----

@pytest.fixture
def dev(tmp_path):
    """dev(command): runs `./dev` where no package is installed, and every build fails."""
    folder, tools = tmp_path / "copy", tmp_path / "tools"
    folder.mkdir()
    tools.mkdir()
    shutil.copy(ROOT / "dev", folder / "dev")
    for name, text in (("dpkg-query", "echo ${INSTALLED:-not-installed}"),
                       # Which would call apt-get: nothing is installed here.
                       ("sh", f'shift 3; echo "$@" >>{tmp_path}/asked'), ("sudo", 'exec "$@"'),
                       ("meson", "mkdir -p $2; touch $2/build.ninja"),
                       ("ninja", "echo the compiler says boom; exit 1"),
                       ("docker", "exit 1"), ("node", "exit 1"), ("npm", "exit 1")):
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)

    def run(*arguments, **variables):
        done = subprocess.run(["bash", folder / "dev", *arguments], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL,
                              env={"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(tmp_path),
                                   **variables})
        asked = tmp_path / "asked"
        return done, asked.read_text().split() if asked.exists() else []

    return run


@pytest.mark.parametrize("command", ["demo", "bench", "docs", "build"])
def test_a_build_that_fails_says_why(dev, command):
    done, _ = dev(command, INSTALLED="installed")
    assert done.returncode != 0
    assert "the compiler says boom" in done.stdout + done.stderr


@pytest.mark.parametrize("command, packages", [
    ("package", {"git", "build-essential", "debhelper", "lintian", "gcc", "meson"}),
    ("image", {"git"}), ("lint", {"clang-format"}), ("fuzz", {"clang"}), ("demo", {"gcc"}),
    ("mutate", {"gcc", "libcmocka-dev"})])
def test_each_command_of_dev_installs_what_it_needs(dev, command, packages):
    done, asked = dev(command)
    assert packages <= set(asked), (asked, done.stderr)
