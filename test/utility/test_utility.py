"""The official utility as the engine: what its exit status and output come to, and that it can do no
harm.  Most tests run the utility (the double, or the real file: PTP_ARCHIVER_PY) against the
simulator; where it has to misbehave, a script of the tests' own stands in for it."""

import hashlib
import json
import os
import re
import signal
import stat
import sys
import time

import pytest

from conftest import DOUBLE, UTILITY
from harness import KEY, USER, Sim, free_port, summary, wait_for
from test_daemon import first_process, start_first  # noqa: F401

FETCH = {"endpoint": "fetch"}
DOWNLOAD = {"endpoint": "download"}
SCRIPT = {"endpoint": "script"}

# The double with something put before its main().
VARIANT = f"""__version__ = "0.10"
import os, subprocess, sys, time
sys.path.insert(0, {str(DOUBLE.parent)!r})
import archiver
%s
if __name__ == "__main__":
    archiver.main(sys.argv[1:])
"""


def variant(code):
    return VARIANT % code


def on_fetch(code):
    """The double, but `fetch` runs this code."""
    body = "\n".join("    " + line for line in code.splitlines())
    return variant(f"def fetch(config, name):\n{body}\narchiver.fetch = fetch")


def is_alive(pid):
    try:
        state = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


# ---- interpretation ----

def test_status_0_is_ok_and_the_torrent_is_delivered(sim, make):
    a = make()
    done = a.fetch(status=0)
    assert summary(done.stderr) == "attic:OK"
    (name,) = a.delivered()
    (assigned,) = sim.assignments()
    assert a.inspect(a.watch / name)["infohash_v1"].upper() == assigned["infohash"]
    assert f'New download written as "{a.watch / name}"' in done.stdout
    assert stat.S_IMODE((a.watch / name).stat().st_mode) == 0o660
    assert a.staged() == []


def test_full_container_is_full_and_well(sim, make):
    sim.scenario(torrent_size=2**30, **sim.fixed)
    a = make("attic:1G", HC_URL=sim.ping_url)
    a.fetch(status=0)
    assert summary(a.fetch(status=0).stderr) == "attic:FULL"
    assert [p["kind"] for p in sim.pings()] == ["start", "success"] * 2
    assert not a.status()["pending"] and not a.status()["possibly_lost"]


def test_too_many_stalled_downloads_are_stalled_and_well(sim, make):
    sim.scenario(stalled={"attic": 3}, **sim.fixed)
    a = make(PTP_MAX_STALLED="2")
    assert summary(a.fetch(status=0).stderr) == "attic:STALLED"
    assert sim.fetches()[0]["query"]["MaxStalled"] == "2"


@pytest.mark.parametrize("type, fault, lost", [
    ("RuntimeError", {**FETCH, "do": "json_error", "text": "Database error"}, True),
    ("HTTPError", {**FETCH, "do": "status", "status": 401}, False),
    ("HTTPError", {**FETCH, "do": "status", "status": 403}, False),
    ("HTTPError", {**FETCH, "do": "status", "status": 429}, False),
    ("HTTPError", {**FETCH, "do": "status", "status": 404}, True),
    ("HTTPError", {**FETCH, "do": "status", "status": 503}, True),
    ("HTTPError", {**FETCH, "do": "status", "status": 500}, True),
    ("HTTPError", {**FETCH, "do": "lost_reply"}, True),
    ("JSONDecodeError", {**FETCH, "do": "html"}, True),
    ("JSONDecodeError", {**FETCH, "do": "reply", "body": '{"Status":"Ok"'}, True),
    ("ConnectionError", {**FETCH, "do": "drop"}, True),
])
def test_failure_is_err_of_its_exception(sim, make, type, fault, lost):
    sim.faults(fault, **sim.fixed)
    a = make(HC_URL=sim.ping_url)
    done = a.fetch(status=1)
    assert summary(done.stderr) == f"attic:ERR({type})"
    assert sim.pings()[-1]["body"].startswith(f"ERROR: attic:ERR({type})\n")
    assert a.container()["possibly_lost"] == lost
    assert len(sim.fetches()) == 1 and not a.delivered()


@pytest.mark.parametrize("line, type", [
    ("raise archiver.requests.exceptions.HTTPError('503 Server Error: x for url: y')",
     "HTTPError"),
    ("raise ValueError('x')", "ValueError"),
    ("sys.exit('the AnError: stands in the middle')", "Unknown"),
    ("print('a.b.OddError: x'); sys.exit(1)", "OddError"),
    ("print('FirstError: x'); print('second.LastError'); sys.exit(1)", "LastError"),
    ("print('  IndentedError: x'); sys.exit(1)", "Unknown"),
    ("sys.exit(3)", "Unknown"),
    ("os.kill(os.getpid(), 11)", "Unknown"),
], ids=["dotted", "plain", "not-the-last-word", "dotted-text", "last", "indented", "silent",
        "signal"])
def test_type_is_the_last_word_at_the_start_of_a_line_that_ends_in_error(make, line, type):
    assert summary(make(script=on_fetch(line)).fetch(status=1).stderr) == f"attic:ERR({type})"


def test_stalling_in_the_source_and_in_the_question_is_not_the_trackers_word(sim, make):
    sim.faults({**FETCH, "do": "status", "status": 404}, **sim.fixed)
    a = make("stalled:1T", script=on_fetch("stall = archiver.ask(config, name)  # MaxStalled"))
    assert summary(a.fetch(status=1).stderr) == "stalled:ERR(HTTPError)"


def test_utility_that_hangs_is_ended_and_is_err_timeout(sim, make):
    sim.faults({**FETCH, "do": "hang"}, **sim.fixed)
    a = make(PTP_TIMEOUT="1s")
    begin = time.monotonic()
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(Timeout)"
    assert time.monotonic() - begin < 10
    assert a.container()["possibly_lost"] == 1


def test_tracker_that_is_not_there_leaves_nothing_lost(make):
    a = make(PTP_BASE_URL=f"http://127.0.0.1:{free_port()}")
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(ConnectionError)"
    assert a.container()["possibly_lost"] == 0


def test_success_without_a_file_is_a_failure(make):
    a = make(script=on_fetch("print('New download written as \"/dev/null\"')"))
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(Protocol)"
    assert a.container()["possibly_lost"] == 1


def test_trace_goes_to_the_log_with_secrets_masked(make):
    a = make(script=on_fetch("raise RuntimeError(config['ApiUser'] + ' ' + config['ApiKey'])"))
    log = a.fetch(status=1).stderr
    assert "Traceback (most recent call last)" in log and "<hidden>" in log
    assert USER not in log and KEY not in log


def test_torrent_of_a_utility_that_fails_afterwards_is_delivered(sim, make):
    a = make(script=variant("def save(config, path):\n    if 'fetch' in sys.argv:\n"
                            "        raise OSError('disk full')\narchiver.save = save"))
    done = a.fetch(status=0)
    assert summary(done.stderr) == "attic:OK" and "OSError" in done.stderr
    assert len(a.delivered()) == 1 == len(sim.fetches())


def test_download_that_failed_in_the_utility_is_made_by_us(sim, make):
    sim.faults({**DOWNLOAD, "do": "status", "status": 503, "times": 1}, **sim.fixed)
    a = make()
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(HTTPError)"
    assert a.status()["pending"][0]["torrent_id"] == "100001"
    assert summary(a.fetch(status=0).stderr) == "attic:OK"
    assert len(sim.fetches()) == 1 and len(sim.downloads()) == 2 and len(a.delivered()) == 1


def test_what_is_no_torrent_is_quarantined_and_not_delivered(sim, make):
    sim.faults({**DOWNLOAD, "do": "bad_torrent", "kind": "no_info", "times": 1}, **sim.fixed)
    a = make()
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(BadTorrent)"
    assert not a.delivered() and not a.staged()
    assert len(list((a.state / "quarantine").iterdir())) == 1
    assert a.container()["possibly_lost"] == 1
    assert summary(a.fetch(status=0).stderr) == "attic:OK"


UNUSABLE = {
    "over-32-mib": "open(path, 'wb').truncate(32 * 2**20 + 1)",
    "unreadable": "open(path, 'wb').write(b'x'); os.chmod(path, 0)",
    "folder": "os.makedirs(path + '/full')",
    "link": "os.symlink('/nonexistent', path)",
    "pipe": "os.mkfifo(path)",
}


@pytest.mark.parametrize("status", [0, 1], ids=["ends-well", "fails"])
@pytest.mark.parametrize("kind", UNUSABLE)
def test_what_cannot_be_used_is_moved_away_and_the_container_goes_on(sim, make, kind, status):
    a = make(script=on_fetch(f"""
path = config["Containers"][name]["WatchDirectory"] + "/x.torrent"
archiver.ask(config, name)
{UNUSABLE[kind]}
sys.exit({status})"""))
    user = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups"] if kind == "unreadable" \
        and os.geteuid() == 0 else []
    if user:
        for path in [a.folder, *a.folder.rglob("*")]:
            os.chown(path, 1000, 1000)
        for parent in list(a.folder.parents)[:-2]:
            parent.chmod(parent.stat().st_mode | 0o111)
    a.fetch(status=1, prefix=user)
    a.put(UTILITY.read_text())
    if status:      # taken up by the next cycle
        a.fetch(status=1, prefix=user)
    (moved,) = (a.state / "quarantine").iterdir()
    assert moved.name.startswith("utility-") and not list(a.staging.glob("*/*"))
    assert a.container()["possibly_lost"] == 1
    assert str(moved) in a.status()["possibly_lost"][0]["note"]
    done = a.fetch(status=0, prefix=user)
    assert summary(done.stderr) == "attic:OK" and len(a.delivered()) == 1
    assert (a.state / "quarantine").stat().st_mode & 0o777 == 0o700


# ---- how it is run ----

def test_each_container_is_asked_for_alone_with_our_pacing_between(sim, make):
    a = make("a:1T,b:1T,c:1T", PTP_FETCH_SLEEP="0.7")
    a.fetch(status=0)
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["a", "b", "c"]
    times = [r["at"] for r in sim.fetches()]
    assert all(later - earlier >= 0.7 for earlier, later in zip(times, times[1:]))


def test_it_has_a_clean_environment_a_private_config_and_no_terminal(sim, make, tmp_path):
    seen = tmp_path / "seen.json"
    a = make(HC_URL=sim.ping_url, SECRET_OF_OTHERS="x", PTP_MAX_STALLED="3", script=on_fetch(f"""
import json
def terminal():
    try:
        return os.open("/dev/tty", os.O_RDWR) >= 0
    except OSError:
        return False
path = sys.argv[sys.argv.index("--config") + 1] if "--config" in sys.argv else CONFIG
json.dump({{"environment": dict(os.environ), "terminal": terminal(), "input": sys.stdin.read(),
           "leads": os.getpgid(0) == os.getpid(), "config": config, "argv": ARGV,
           "mode": os.stat(ARGV[-1]).st_mode & 0o777}}, open({str(seen)!r}, "w"))
archiver.write(config["Containers"][name]["WatchDirectory"] + "/x.torrent", b"")
""").replace("import archiver", "import archiver\nARGV = list(sys.argv); CONFIG = ARGV[-1]", 1))
    a.fetch(status=1)
    told = json.loads(seen.read_text())
    text = json.dumps(told["environment"])
    assert USER not in text and KEY not in text and sim.ping_url not in text
    assert not {"HC_URL", "PTP_USER", "PTP_KEY", "SECRET_OF_OTHERS"} & set(told["environment"])
    assert told["leads"] and not told["terminal"] and told["input"] == ""
    assert told["argv"][1:4] == ["fetch", "attic", "--config"] and told["mode"] == 0o600
    container = told["config"]["Containers"]["attic"]
    assert container["WatchDirectory"].startswith(str(a.staging))
    assert container["Size"] == "800G" and container["MaxStalled"] == 3
    assert container["AfterFetchExec"] is None and told["config"]["ApiKey"] == KEY


def test_the_config_of_the_utility_is_written_anew_for_every_run(make):
    a = make()
    a.fetch(status=0)
    (a.staging / "config.ptp").write_text("{}")
    a.fetch(status=0)
    assert len(a.delivered()) == 2


def test_container_id_of_the_tracker_is_kept(sim, make):
    a = make()
    a.fetch(status=0)
    assert a.configured()["Containers"]["attic"]["ContainerID"] == 71


def test_after_fetch_exec_is_run_once_and_by_us(make):
    a = make(containers=None)
    a.configure(Containers={"attic": {"Size": "1T", "WatchDirectory": str(a.watch),
                                      "AfterFetchExec": f"cp $path {a.folder}/copy"}})
    a.fetch(status=0)
    assert (a.folder / "copy").exists() and len(a.delivered()) == 1


def test_names_of_any_kind_are_asked_for_as_they_are(sim, make):
    a = make("Ünï / 'x' (1):1T,../up:1T")
    a.fetch(status=0)
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["../up", "Ünï / 'x' (1)"]
    assert len(a.delivered()) == 2


@pytest.mark.parametrize("name", ["all", "-x"])
def test_name_that_the_utility_would_misunderstand_is_refused(sim, make, name):
    a = make(f"{name}:1T,attic:1T")
    done = a.fetch("attic" if name == "-x" else "all", status=0 if name == "-x" else 1)
    if name == "all":
        assert summary(done.stderr) == "all:ERR(Config), attic:OK"
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["attic"]


def test_container_that_list_does_not_show_is_an_error_that_says_so(sim, make):
    a = make("attic:1T,barn:1T", script=variant(
        "archiver.show = lambda config: print('Containers:\\n\\tattic (1T): /x')"))
    done = a.fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(Config), barn:ERR(Config)"
    assert '"barn" is not in the list' in done.stderr and not sim.fetches()


def test_list_that_fails_is_told_in_the_words_of_old(sim, make):
    done = make(script=variant("raise KeyError('x')")).fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(KeyError)"
    assert "Could not get container list from archiver.py" in done.stderr and not sim.fetches()


def test_list_that_fails_names_the_remedy_which_works(sim, make):
    a = make(script=variant("raise KeyError('x')"))
    said = a.fetch(status=1).stderr
    assert f"{a.script} does not work (remove it, and it is downloaded again)" in said
    a.script.unlink()
    a.fetch(status=0)
    assert a.script.read_text() == UTILITY.read_text()
    # Where it is not the script's fault, that would not mend it.
    a.put(variant("import no_such_module"))
    assert "remove it" not in a.fetch(status=1).stderr


def test_sigterm_ends_it_and_its_children(make, tmp_path):
    pids = tmp_path / "pids"
    a = make(script=on_fetch(f"""
child = subprocess.Popen(["sleep", "60"])
open({str(pids)!r}, "w").write(f"{{os.getpid()}} {{child.pid}} ")
time.sleep(60)"""))
    daemon = a.start()
    wait_for(lambda: pids.exists() and pids.read_text().count(" ") == 2)
    status, seconds = a.stop(daemon)
    assert status == 0 and seconds < 2
    assert not any(is_alive(int(pid)) for pid in pids.read_text().split())


@pytest.mark.parametrize("ends", ["time-out", "stop", "itself"])
def test_what_took_a_session_of_its_own_ends_with_it_and_is_in_nobodys_way(
        sim, make, tmp_path, ends):
    pids = tmp_path / "pids"
    a = make(PTP_TIMEOUT="1s", script=on_fetch(f"""
child = subprocess.Popen(["sleep", "60"], start_new_session=True, close_fds=False)
open({str(pids)!r}, "w").write(f"{{child.pid}} ")
time.sleep({0 if ends == "itself" else 60})"""))
    daemon = a.start()
    wait_for(lambda: pids.exists() and pids.read_text().endswith(" "))
    if ends != "stop":
        wait_for(lambda: "cycle ended" in a.log())
    status, seconds = a.stop(daemon)
    assert status == 0 and seconds < 2
    assert not is_alive(int(pids.read_text()))
    a.put(UTILITY.read_text())
    begin = time.monotonic()
    assert summary(a.fetch("--force", "all", status=0).stderr) == "attic:OK"
    assert time.monotonic() - begin < 5


def test_as_pid_1_nothing_that_it_left_behind_lives_on(make, first_process):  # noqa: F811
    a = make(script=on_fetch("""
subprocess.Popen(["sleep", "60"], start_new_session=True, close_fds=False)
sys.exit(3)"""))
    process, pid = start_first(a, first_process)
    assert "ERR(Unknown)" in a.log()
    left = [open(f"/proc/{child}/comm").read().strip() for child in
            open(f"/proc/{pid}/task/{pid}/children").read().split()]
    os.kill(pid, signal.SIGTERM)
    assert process.wait(5) == 0 and left in ([], ["ptp-archiver"])


def test_output_without_end_does_no_harm(make):
    a = make(script=on_fetch("for i in range(200000): print('x' * 100)\nraise ValueError('y')"))
    done = a.fetch(status=1)
    assert re.search(r"attic:ERR\((ValueError|Unknown)\)", summary(done.stderr))
    assert len(done.stderr) < 500000


def test_paths_may_be_relative(sim, make):
    a = make(PTP_CONFIG="config.ptp", PTP_STATE="state")
    a.script.unlink()
    a.fetch(status=0)
    assert len(a.delivered()) == 1 and a.script.exists()


def test_tracker_with_a_certificate_of_ones_own_is_trusted_by_ca_file(make, tmp_path, authority):
    tracker = Sim(tmp_path / "tls", *authority.issue("IP:127.0.0.1"))
    a = make(PTP_BASE_URL=tracker.url)
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(SSLError)"
    a.set(PTP_CA_FILE=os.path.relpath(authority.certificate, a.folder))
    assert summary(a.fetch("--force", "all", status=0).stderr) == "attic:OK"
    tracker.close()


# ---- Python ----

def test_missing_python_is_one_clear_error_that_names_the_image(sim, make, tmp_path):
    done = make("a:1T,b:1T", PATH=str(tmp_path)).fetch(status=1)
    assert summary(done.stderr) == "a:ERR(Config), b:ERR(Config)"
    assert "python3 is not there" in done.stderr and "--target utility" in done.stderr
    assert not sim.requests("fetch", "script", "scriptver")


def test_missing_requests_is_one_clear_error_that_names_the_image(sim, make, tmp_path):
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\nexec /usr/bin/python3 -S "$@"\n')
    python.chmod(0o755)
    done = make(PATH=f"{python.parent}:/usr/bin:/bin").fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(Config)"
    assert "module `requests`" in done.stderr and "--target utility" in done.stderr
    assert not sim.requests("fetch", "script", "scriptver")


def test_check_says_what_the_engine_would_say_of_a_missing_python_or_requests(make, tmp_path):
    a = make()
    way_out = r"\n      fix: use the image target `utility` .*PTP_ENGINE=native\n"
    assert "ok    utility: python3 and its module requests are there\n" in \
        a.run("check", status=0).stdout
    said = a.run("check", status=1, PATH=tmp_path).stdout
    assert re.search(r"FAIL  utility: .*python3 is not there" + way_out, said), said
    python = tmp_path / "python3"
    python.write_text('#!/bin/sh\nexec /usr/bin/python3 -S "$@"\n')
    python.chmod(0o755)
    said = a.run("check", status=1, PATH=f"{tmp_path}:/usr/bin:/bin").stdout
    assert re.search(r"FAIL  utility: .*module `requests`, which is not there" + way_out, said)
    assert "utility:" not in a.run("check", status=0, PATH=tmp_path, PTP_ENGINE="native").stdout


@pytest.mark.parametrize("there", [True, False])
def test_check_fails_where_python_lacks_a_module_that_the_utility_imports(make, tmp_path, there):
    """As Python 3.13 lacks cgi."""
    lacking = tmp_path / "lacking"
    lacking.mkdir()
    (lacking / "sitecustomize.py").write_text(
        "import importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'cgi' else find(name, *a)\n")
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nPYTHONPATH={lacking} exec /usr/bin/python3 "$@"\n')
    python.chmod(0o755)
    a = make(PATH=f"{python.parent}:/usr/bin:/bin")
    if not there:
        a.script.unlink()
    else:
        assert "FAIL" not in a.run("check", status=0).stdout
        a.put(UTILITY.read_text().replace("import json\n", "import json\nimport cgi\n", 1))
    said = a.run("check", status=1).stdout
    assert re.search(r"FAIL  utility: .*module `cgi`.*Python 3.13.*\n      fix: .*PTP_ENGINE=native", said)


@pytest.mark.parametrize("number, guess", [(9, "; out of memory?"), (11, "")])
@pytest.mark.parametrize("amid", ["import requests", "list", "fetch"])
def test_a_signal_that_ended_it_is_named(sim, make, tmp_path, number, guess, amid):
    code = f"os.kill(os.getpid(), {number})"
    a = make(script=on_fetch(code) if amid == "fetch" else
             variant(code) if amid == "list" else UTILITY.read_text())
    if amid == "import requests":
        python = tmp_path / "python3"
        python.write_text(f"#!/bin/sh\nkill -{number} $$\n")
        python.chmod(0o755)
        a.set(PATH=f"{tmp_path}:/usr/bin:/bin")
    said = a.fetch(status=1).stderr
    assert re.search(rf"attic: ERR\(.*ended by signal {number}{re.escape(guess)}$", said, re.M), said
    assert "module" not in said and not sim.fetches()


def test_module_that_a_newer_python_lacks_is_named(make):
    done = make(script=variant("import cgi_of_old")).fetch(status=1)
    assert "module `cgi_of_old`" in done.stderr and "--target utility" in done.stderr


# ---- the script ----

@pytest.mark.parametrize("empty", [False, True])
def test_missing_or_empty_script_is_downloaded_with_the_accounts_headers(sim, make, empty):
    a = make()
    a.put("") if empty else a.script.unlink()
    assert summary(a.fetch(status=0).stderr) == "attic:OK"
    assert a.script.read_bytes() == UTILITY.read_bytes()
    (request,) = sim.requests("script")
    assert request["headers"]["ApiUser"] == USER and request["headers"]["ApiKey"] == KEY


@pytest.mark.parametrize("fault, word", [
    ({"do": "html"}, "Protocol"),
    ({"do": "html", "page": "maintenance", "status": 503}, "HTTP 503"),
    ({"do": "reply", "body": "this is = no Python (\n__version__ = '0.10'\n"}, "Protocol"),
    ({"do": "reply", "body": "print('a Python without a version')\n"}, "Protocol"),
    ({"do": "reply", "body": ""}, "Protocol"),
    ({"do": "reply", "body": '{"Status":"Error","Error":"no"}'}, "Protocol"),
    ({"do": "endless"}, "Protocol"),
    ({"do": "truncate", "bytes": 300}, "Network"),
], ids=["page", "503", "syntax", "no-version", "empty", "json", "endless", "truncated"])
def test_what_is_not_the_utility_is_never_put_in_place(sim, make, fault, word):
    sim.faults({**SCRIPT, **fault}, **sim.fixed)
    a = make()
    a.script.unlink()
    assert summary(a.fetch(status=1).stderr) == f"attic:ERR({word})"
    assert not a.script.exists() and not sim.fetches()


def test_first_download_that_cannot_list_is_not_put_in_place_and_waits_on_the_ladder(
        sim, make, tmp_path):
    broken = tmp_path / "broken.py"
    broken.write_text(variant("raise KeyError('x')"))
    sim.scenario(script_file=str(broken))
    a = make(PTP_FETCH_SLEEP="0.05")
    a.script.unlink()
    said = a.fetch(status=1).stderr
    assert summary(said) == "attic:ERR(KeyError)" and "is not put in place: Could not get" in said
    assert not a.script.exists() and not sim.fetches()
    assert summary(a.fetch(status=1).stderr) == "attic:WAIT"
    assert len(sim.requests("script")) == 1
    sim.scenario(**sim.fixed)
    a.fetch("--force", "all", status=0)
    assert a.script.read_text() == UTILITY.read_text() and len(a.delivered()) == 1


def test_download_of_the_script_is_tried_again_until_it_is_there(sim, make):
    sim.faults({**SCRIPT, "do": "html", "times": 1},
               {**SCRIPT, "do": "status", "status": 503, "times": 1}, **sim.fixed)
    a = make("a:1T,b:1T")
    a.script.unlink()
    daemon = a.start()
    wait_for(lambda: len(a.delivered()) == 2)
    assert len(sim.requests("script")) == 3
    assert a.stop(daemon)[0] == 0


def test_download_of_the_script_waits_on_the_ladder(sim, make):
    sim.faults({**SCRIPT, "do": "html"}, **sim.fixed)
    a = make("a:1T,b:1T", PTP_FETCH_SLEEP="0.05")
    a.script.unlink()
    daemon = a.start()
    wait_for(lambda: "resuming what was left undone in" in a.log())
    assert len(sim.requests("script")) == 1
    assert summary(a.log()) == "a:ERR(Protocol), b:WAIT"
    a.stop(daemon)
    assert 50000 < a.ledger("SELECT backoff_until - last_request FROM pace")[0][0] <= 75000


@pytest.mark.parametrize("update, version, warns, calls", [
    ("auto", "'0.10'", False, 1),       # as new as the tracker's
    ("auto", "'0.11'", False, 1),
    ("auto", "'1'", False, 1),
    ("auto", "None", False, 0),         # tells none
    ("auto", "get_version()", False, 0),
    ("notify", "'0.9'", True, 1),
    ("notify", "'0.10'", False, 1),
    ("notify", "None", False, 0),
    ("off", "'0.9'", False, 0),
    ("off", "None", False, 0),
])
def test_ones_own_script_is_used_as_it_is(sim, make, update, version, warns, calls):
    own = variant("# my own").replace('"0.10"', version).replace(
        "__version__", "def get_version(): return '0.1'\n__version__")
    offer(sim, variant("# the tracker's"))
    a = make(script=own, PTP_UTILITY_UPDATE=update)
    a.script.chmod(0o755)
    before = a.script.stat()
    done = a.fetch(status=0)
    after = a.script.stat()
    assert (before.st_ino, before.st_mtime_ns, before.st_mode) == (
        after.st_ino, after.st_mtime_ns, after.st_mode)
    assert a.script.read_text() == own and not list(a.folder.glob("*.bak"))
    assert ("the tracker has 0.10" in done.stderr) == warns
    assert not sim.requests("script") and len(sim.requests("scriptver")) == calls
    assert len(a.delivered()) == 1


# ---- updates ----

OLD = VARIANT.replace("0.10", "0.9") % ""


def offer(sim, source, version="0.10", **scenario):
    """The tracker has this one."""
    path = sim.folder / f"offered{hashlib.sha1(source.encode()).hexdigest()[:8]}.py"
    path.write_text(source)
    sim.scenario(script_file=str(path), script_version=version, **scenario)


def test_newer_version_is_put_in_place_and_the_old_one_kept(sim, make):
    new = variant("# new")
    offer(sim, new)
    a = make(script=OLD, PTP_UTILITY_UPDATE="auto")
    assert "updated from 0.9 to 0.10" in a.fetch(status=0).stderr
    assert a.script.read_text() == new
    assert (a.folder / "archiver.py-0.9.bak").read_text() == OLD
    a.fetch(status=0)
    assert len(sim.requests("script")) == 1 and len(a.delivered()) == 2


@pytest.mark.parametrize("source", [
    variant("raise SystemExit('broken')"),
    variant("archiver.show = lambda config: print('nothing')"),
    variant("if sys.argv[0].endswith('archiver.py'): raise KeyError('here')"),
], ids=["dies", "lists-nothing", "dies-in-place"])
def test_newer_version_that_does_not_work_is_refused_and_the_old_one_stays(sim, make, source):
    offer(sim, source)
    a = make(script=OLD, PTP_UTILITY_UPDATE="auto")
    done = a.fetch(status=0)
    assert summary(done.stderr) == "attic:OK" and "could not be updated" in done.stderr
    assert a.script.read_text() == OLD
    in_place = "endswith" in source
    assert [p.read_text() for p in a.folder.glob("*.bak")] == [OLD] * in_place
    done = a.fetch(status=0)
    assert summary(done.stderr) == "attic:OK"
    assert "which was tried and did not work" in done.stderr
    assert len(sim.requests("script")) == 1, "asked for again what does not work"
    assert f"remove {a.staging}/refused to have it tried again" in done.stderr
    (a.staging / "refused").unlink()
    a.fetch(status=0)
    assert len(sim.requests("script")) == 2


@pytest.mark.parametrize("fault", [
    {"do": "html"},
    {"do": "status", "status": 404},
    {"do": "reply", "body": "__version__ = '0.10'\nsyntax error\n"},
    {"do": "reply", "body": "print('a Python without a version')\n"},
    {"do": "reply", "body": '{"Status":"Error","Error":"no"}'},
    {"do": "reply", "body": "__version__ = '0.8'\nprint('an older one')\n"},
    {"do": "reply", "body": "__version__ = '0.11'\nprint('one that nobody announced')\n"},
], ids=["page", "404", "syntax", "no-version", "json", "older", "other"])
def test_what_came_in_place_of_a_newer_version_is_no_reason_to_refuse_that_version(
        sim, make, fault):
    new = variant("# new")
    offer(sim, new, faults=[{**SCRIPT, **fault, "times": 2}])
    a = make("a:1T,b:1T", script=OLD, PTP_UTILITY_UPDATE="auto")
    for cycle in (1, 2):
        done = a.fetch(status=0)
        assert "could not be updated" in done.stderr and a.script.read_text() == OLD
        assert len(sim.requests("script")) == cycle, "once in a cycle"
    a.fetch(status=0)
    assert a.script.read_text() == new


def test_newer_version_is_not_refused_for_what_the_old_one_suffers_from_as_well(
        sim, make, tmp_path):
    code = f"if os.path.exists({str(tmp_path / 'full')!r}): raise OSError('disk full')"
    new, old = variant(code), variant(code).replace("0.10", "0.9")
    offer(sim, new)
    a = make(script=old, PTP_UTILITY_UPDATE="auto")
    (tmp_path / "full").touch()
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(OSError)"
    (tmp_path / "full").unlink()
    a.fetch(status=0)
    assert a.script.read_text() == new


def test_newer_version_that_misses_a_module_is_tried_again(sim, make):
    offer(sim, variant("import module_to_come"))
    a = make(script=OLD, PTP_UTILITY_UPDATE="auto")
    for cycle in (1, 2):
        assert "module `module_to_come`" in a.fetch(status=0).stderr
        assert len(sim.requests("script")) == cycle


def test_one_newer_still_is_tried_after_one_that_did_not_work(sim, make):
    offer(sim, variant("raise SystemExit('broken')"))
    a = make(script=OLD, PTP_UTILITY_UPDATE="auto")
    a.fetch(status=0)
    new = variant("").replace("0.10", "0.11")
    offer(sim, new, "0.11")
    a.fetch(status=0)
    assert a.script.read_text() == new


# In place it kills whoever runs it, once.
KILLS = """if sys.argv[0].endswith("archiver.py"):
    if not os.path.exists({marker!r}):
        open({marker!r}, "w")
        os.kill(os.getppid(), 9)
"""


def killed_on_trial(sim, a, tmp_path, rest):
    """The program was ended when the new script was in place, and had not shown that it works."""
    new = variant(KILLS.format(marker=str(tmp_path / "killed")) + f"    {rest}")
    offer(sim, new)
    assert a.fetch().returncode == -signal.SIGKILL
    assert a.script.read_text() == new
    return new


@pytest.mark.parametrize("update", ["auto", "off"])
def test_update_that_was_not_proven_before_a_crash_is_taken_back_after_it(
        sim, make, tmp_path, update):
    a = make(script=OLD, PTP_UTILITY_UPDATE="auto")
    killed_on_trial(sim, a, tmp_path, "raise KeyError('here')")
    for _ in range(2):
        assert summary(a.fetch(status=0, PTP_UTILITY_UPDATE=update).stderr) == "attic:OK"
        assert a.script.read_text() == OLD
    assert len(sim.requests("script")) == 1, "asked for again what does not work"


def test_update_that_was_not_proven_before_a_crash_is_proven_after_it(sim, make, tmp_path):
    a = make(script=OLD, PTP_UTILITY_UPDATE="auto")
    new = killed_on_trial(sim, a, tmp_path, "pass")
    assert "updated from 0.9 to 0.10" in a.fetch(status=0).stderr
    assert a.script.read_text() == new and len(sim.requests("script")) == 1
    assert "updated" not in a.fetch(status=0).stderr


def test_script_that_somebody_put_there_meanwhile_is_not_taken_back(sim, make, tmp_path):
    a = make(script=OLD, PTP_UTILITY_UPDATE="auto")
    killed_on_trial(sim, a, tmp_path, "pass")
    own = variant("raise KeyError('mine')")
    a.put(own)
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(KeyError)"
    assert a.script.read_text() == own


def test_notify_warns_and_fetches_nothing(sim, make):
    offer(sim, variant(""))
    a = make(script=OLD, PTP_UTILITY_UPDATE="notify")
    assert "archiver.py is version 0.9, and the tracker has 0.10" in a.fetch(status=0).stderr
    assert a.script.read_text() == OLD and not sim.requests("script")


def test_off_asks_for_no_version(sim, make):
    make(script=OLD, PTP_UTILITY_UPDATE="off").fetch(status=0)
    assert not sim.requests("script", "scriptver")


def test_settings_may_stand_in_config_ptp(sim, make):
    offer(sim, variant(""))
    a = make(containers=None)
    a.set(PTP_ENGINE=None, PTP_UTILITY_UPDATE=None)
    path = a.folder / "elsewhere" / "official.py"
    path.parent.mkdir()
    path.write_text(OLD)
    a.configure(Containers={"attic": {"Size": "1T", "WatchDirectory": str(a.watch)}},
                Engine="utility", UtilityPath=str(path), UtilityUpdate="notify")
    a.script.unlink()
    assert "is version 0.9, and the tracker has 0.10" in a.fetch(status=0).stderr
    assert len(a.delivered()) == 1 and path.read_text() == OLD and not a.script.exists()


def test_settings_that_make_no_sense_are_refused(make):
    done = make(PTP_UTILITY_UPDATE="sometimes", PTP_ENGINE="steam").fetch(status=2)
    assert "PTP_ENGINE is not one of native, utility" in done.stderr
    assert "PTP_UTILITY_UPDATE is not one of auto, notify, off" in done.stderr


# ---- wrong credentials ----

@pytest.mark.parametrize("script, endpoints, expected", [
    (True, ("fetch",), "a:ERR(HTTPError), b:WAIT, c:WAIT"),
    (False, ("script",), "a:ERR(Auth), b:WAIT, c:WAIT"),
])
def test_wrong_credentials_do_not_hammer(sim, make, script, endpoints, expected):
    sim.scenario(accounts=[], **sim.fixed)
    a = make("a:1T,b:1T,c:1T", PTP_FETCH_SLEEP="0.05")
    if not script:
        a.script.unlink()
    daemon = a.start()
    wait_for(lambda: "resuming what was left undone in" in a.log())
    time.sleep(1)
    assert summary(a.log()) == expected
    calls = sim.requests("fetch", "download", "script", "scriptver")
    assert [c["endpoint"] for c in calls] == list(endpoints)
    assert a.stop(daemon)[0] == 0
    daemon = a.start()
    time.sleep(1)
    assert len(sim.requests("fetch", "download", "script", "scriptver")) == 1
    assert a.stop(daemon)[0] == 0


@pytest.mark.parametrize("endpoint", ["script", "scriptver"])
def test_403_on_the_first_call_of_all_is_auth_and_the_only_call(sim, make, endpoint):
    sim.faults({"endpoint": endpoint, "do": "status", "status": 403}, **sim.fixed)
    a = make("a:1T,b:1T", PTP_UTILITY_UPDATE="auto", PTP_FETCH_SLEEP="0.05")
    if endpoint == "script":
        a.script.unlink()
    done = a.fetch("--force", "all", status=1)
    assert summary(done.stderr) == "a:ERR(Auth), b:WAIT"
    assert [r["endpoint"] for r in sim.requests()] == [endpoint]
    assert a.ledger("SELECT failures FROM pace") == [(1,)], "a failure was counted twice"


def test_403_on_the_script_after_a_call_that_was_answered_is_no_wrong_credential(sim, make):
    sim.faults({**SCRIPT, "do": "status", "status": 403}, script_version="0.11", **sim.fixed)
    done = make("a:1T,b:1T", PTP_UTILITY_UPDATE="auto").fetch("--force", "all", status=1)
    assert summary(done.stderr) == "a:ERR(HTTP 403), b:ERR(HTTP 403)"
    assert [r["endpoint"] for r in sim.requests()] == ["scriptver", "script"]


def test_right_credentials_end_the_back_off_that_wrong_ones_earned(sim, make):
    sim.scenario(accounts=[{"user": USER, "key": KEY}], **sim.fixed)
    a = make(PTP_FETCH_SLEEP="0.05", PTP_KEY="wrong678901234567890123456789012")
    a.fetch(status=1)
    a.set(PTP_KEY=KEY)
    assert summary(a.fetch(status=0).stderr) == "attic:OK"


# ---- crashes ----

SLOW_WRITE = """
def write(path, data):
    with open(path, "wb") as file:
        file.write(data[:1000])
        file.flush()
        open({marker!r}, "w").write(str(os.getpid()))
        time.sleep({seconds})
        file.write(data[1000:])
archiver.write = write
"""

SLOW_BEGIN = """
def write(path, data):
    open({marker!r}, "w").write(str(os.getpid()))
    time.sleep({seconds})
    with open(path, "wb") as file:
        file.write(data)
archiver.write = write
"""


def slow(tmp_path, seconds):
    marker = tmp_path / "writing"
    return marker, variant(SLOW_WRITE.format(marker=str(marker), seconds=seconds))


def kill_amid_write(a, marker):
    daemon = a.start()
    wait_for(lambda: marker.exists() and marker.read_text())
    assert not a.delivered(), "delivered before it was whole"
    daemon.kill()
    daemon.wait()
    return int(marker.read_text())


def run_until_rest(a, **variables):
    daemon = a.start(**variables)
    wait_for(lambda: "next cycle in" in a.log(), what="the daemon at rest")
    return daemon


def test_half_written_torrent_is_never_in_the_watch_folder(make, tmp_path):
    marker, script = slow(tmp_path, 1)
    a = make(script=script)
    daemon = a.start()
    wait_for(lambda: marker.exists())
    while not a.delivered():
        assert [p.name for p in a.watch.iterdir() if not p.name.startswith(".")] in (
            [], a.delivered())
    (name,) = a.delivered()
    assert a.inspect(a.watch / name)["verdict"] == "accepted"
    assert a.stop(daemon)[0] == 0


def test_what_a_utility_finishes_after_we_were_killed_is_delivered_once(sim, make, tmp_path):
    marker, script = slow(tmp_path, 2)
    a = make(script=script)
    kill_amid_write(a, marker)
    a.put(UTILITY.read_text())
    done = a.fetch(status=0)
    assert "waiting for the utility that an earlier process left running" in done.stderr
    assert summary(done.stderr) == "attic:OK"
    assert len(sim.fetches()) == 1 and len(a.delivered()) == 1 and not a.staged()
    assert a.container()["possibly_lost"] == 0
    assert [row["state"] for row in a.history()] == ["delivered"]


def test_utility_that_hangs_after_we_were_killed_is_ended(make, tmp_path):
    marker, script = slow(tmp_path, 600)
    a = make(script=script, PTP_TIMEOUT="1s")
    pid = kill_amid_write(a, marker)
    a.fetch(status=1)
    wait_for(lambda: not is_alive(pid), 2)


def test_half_a_torrent_after_all_were_killed_is_not_delivered(sim, make, tmp_path):
    marker, script = slow(tmp_path, 600)
    a = make(script=script)
    os.killpg(kill_amid_write(a, marker), signal.SIGKILL)
    a.put(UTILITY.read_text())
    done = a.fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(BadTorrent)"
    assert not a.delivered() and not a.staged() and len(sim.fetches()) == 1
    assert a.container()["possibly_lost"] == 1
    assert summary(a.fetch(status=0).stderr) == "attic:OK"


@pytest.mark.parametrize("engine", ["utility", "native"])
@pytest.mark.parametrize("amid, seconds", [("write", 0.5), ("write", 3), ("begin", 3)],
                         ids=["has-ended", "still-writes", "has-written-nothing"])
def test_what_a_utility_finishes_after_a_daemon_was_killed_is_delivered_when_it_starts_again(
        sim, make, tmp_path, engine, amid, seconds):
    marker, script = slow(tmp_path, seconds)
    if amid == "begin":
        script = variant(SLOW_BEGIN.format(marker=str(marker), seconds=seconds))
    a = make(script=script, PTP_PER_CYCLE="2")
    pid = kill_amid_write(a, marker)
    if seconds < 1:
        wait_for(lambda: not is_alive(pid))
    a.stop(run_until_rest(a, PTP_ENGINE=engine))
    assert len(a.delivered()) == 1
    assert len(sim.fetches()) == 1 and not a.staged()
    assert [row["state"] for row in a.history()] == ["delivered"]


def test_half_a_torrent_does_not_have_a_daemon_that_starts_again_ask(sim, make, tmp_path):
    marker, script = slow(tmp_path, 600)
    a = make(script=script)
    os.killpg(kill_amid_write(a, marker), signal.SIGKILL)
    for _ in range(3):
        a.stop(run_until_rest(a))
    assert len(sim.fetches()) == 1 and not a.staged() and a.container()["possibly_lost"] == 1


def test_what_is_staged_is_finished_at_a_start_and_nothing_else_is_downloaded(sim, make):
    a = make()
    a.stop(run_until_rest(a))
    put_back(a)
    a.ledger("UPDATE assignment SET state = 1, infohash = NULL, torrent_id = '100077'")
    calls = len(sim.requests())
    a.stop(run_until_rest(a))
    assert len(a.delivered()) == 1 and not a.staged() and len(sim.requests()) == calls
    assert sorted(row["state"] for row in a.history()) == ["assigned", "delivered"]


def test_what_lies_in_staging_of_unknown_origin_is_delivered(sim, make):
    a = make()
    a.fetch(status=0)
    (name,) = a.delivered()
    data = (a.watch / name).read_bytes()
    (a.watch / name).unlink()
    a.ledger("DELETE FROM assignment")
    (folder,) = [p for p in a.staging.iterdir() if p.is_dir()]
    (folder / name).write_bytes(data)
    assert summary(a.fetch(status=0).stderr) == "attic:OK"
    assert a.delivered() == [name] and len(sim.fetches()) == 1


def test_what_is_kept_already_is_not_delivered_again_from_staging(sim, make):
    a = make()
    a.fetch(status=0)
    name = put_back(a)
    a.fetch(status=0)
    assert name not in a.delivered() and len(a.delivered()) == 1 and not a.staged()


def put_back(a):
    """What was delivered lies in staging again, as if it had come no further."""
    (name,) = a.delivered()
    (folder,) = [p for p in a.staging.iterdir() if p.is_dir()]
    (a.watch / name).rename(folder / name)
    return name


def test_staged_torrent_is_delivered_by_the_native_engine_as_well(sim, make):
    a = make()
    a.fetch(status=0)
    name = put_back(a)
    a.ledger("UPDATE assignment SET state = 1, infohash = NULL, torrent_id = ''")
    assert summary(a.fetch(status=0, PTP_ENGINE="native").stderr) == "attic:OK"
    assert a.delivered() == [name] and len(sim.fetches()) == 1 and not a.staged()


def test_what_a_utility_finishes_is_waited_for_and_delivered_by_the_native_engine(
        sim, make, tmp_path):
    marker, script = slow(tmp_path, 2)
    a = make(script=script)
    kill_amid_write(a, marker)
    done = a.fetch(status=0, PTP_ENGINE="native")
    assert "waiting for the utility that an earlier process left running" in done.stderr
    assert len(sim.fetches()) == 1 and len(a.delivered()) == 1 and not a.staged()
    assert [row["state"] for row in a.history()] == ["delivered"]


def test_staged_torrent_of_a_container_that_is_gone_is_shown_with_the_way_out(sim, make):
    a = make(HC_URL=sim.ping_url)
    a.fetch(status=0)
    name = put_back(a)
    a.ledger("UPDATE assignment SET state = 5, infohash = NULL, torrent_id = NULL")
    assert a.status()["staged"] == []
    a.set(PTP_CONTAINERS="barn:1T")
    for engine in ("utility", "native"):
        a.set(PTP_ENGINE=engine)
        a.fetch(status=0)
        (stray,) = a.status()["staged"]
        assert stray["container"] == "attic" and stray["path"].endswith(f"/{name}")
        shown = a.run("status", status=0).stdout
        assert f"attic: {stray['path']}" in shown and "configure it again" in shown
        assert "1 torrent is pending for a container that is not configured any more" in sim.pings("success")[-1]["body"]
    daemon = a.start()
    wait_for(lambda: f"{stray['path']}, which the utility downloaded" in a.log())
    a.stop(daemon)
    a.set(PTP_CONTAINERS="attic:800G")
    a.fetch(status=0)
    assert a.status()["staged"] == [] and name in a.delivered()


def test_staged_torrent_is_shown_though_the_ledger_was_lost(make):
    a = make()
    a.fetch(status=0)
    name = put_back(a)
    (a.state / "ledger.db").unlink()
    a.set(PTP_CONTAINERS="barn:1T")
    (stray,) = a.status()["staged"]
    assert stray["container"] is None and name in a.run("status", status=0).stdout


def test_staged_torrent_that_is_pending_is_told_once(sim, make):
    a = make(HC_URL=sim.ping_url)
    a.fetch(status=0)
    put_back(a)
    a.ledger("UPDATE assignment SET state = 1, infohash = NULL, torrent_id = ''")
    a.set(PTP_CONTAINERS="barn:1T")
    a.fetch(status=0)
    assert a.status()["staged"] == [] and len(a.status()["pending"]) == 1
    assert "1 torrent is pending for a container that is not configured any more" in sim.pings("success")[-1]["body"]


def test_container_with_something_staged_is_not_renamed(make):
    a = make(containers=None)
    a.configure(Containers={"attic": {"Size": "1T", "WatchDirectory": str(a.watch)}})
    a.fetch(status=0)
    name = put_back(a)
    a.ledger("UPDATE assignment SET state = 1, infohash = NULL, torrent_id = ''")
    done = a.run("rename", "attic", "loft", "--force", status=2)
    assert name in done.stderr and "run `ptp-archiver fetch" in done.stderr
    a.fetch(status=0)
    assert a.delivered() == [name]
    a.run("rename", "attic", "loft", status=0)


def test_native_torrent_that_is_pending_is_gone_on_with_by_the_utility_engine(sim, make):
    sim.faults({**DOWNLOAD, "do": "status", "status": 503, "times": 1}, **sim.fixed)
    a = make()
    a.fetch(status=1, PTP_ENGINE="native")
    assert summary(a.fetch(status=0).stderr) == "attic:OK"
    assert len(sim.fetches()) == 1 and len(a.delivered()) == 1


def test_staged_torrent_is_delivered_in_spite_of_a_back_off(sim, make):
    a = make(PTP_FETCH_SLEEP="0.05")
    a.fetch(status=0)
    name = put_back(a)
    a.ledger("UPDATE assignment SET state = 0, infohash = NULL, torrent_id = NULL")
    a.ledger("UPDATE pace SET failures = 1, reason = 'x', backoff_until = ?",
             int((time.time() + 600) * 1000))
    assert summary(a.fetch(status=0).stderr) == "attic:OK"
    assert a.delivered() == [name] and len(sim.fetches()) == 1


def test_download_that_broke_off_is_never_taken_for_one_that_was_not_made(sim, make):
    a = make(script=on_fetch(
        "archiver.ask(config, name)\n"
        "raise archiver.requests.exceptions.ChunkedEncodingError("
        "'Connection broken: IncompleteRead(9 bytes read, 300 more expected)')"))
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(ChunkedEncodingError)"
    (one,) = a.status()["possibly_lost"]
    assert one["certain"]
    empty = dict(incomplete_extra=[], incomplete_empty="array", **sim.fixed)
    sim.scenario(**empty)
    for _ in range(4):
        a.fetch(status=0, PTP_ENGINE="native")
        a.ledger("UPDATE assignment SET absent_since = absent_since - 86400000")
    assert a.container()["possibly_lost"] == 1
    sim.scenario(incomplete=True, **sim.fixed)
    assert "was found again: TorrentID 100001" in a.fetch(status=0, PTP_ENGINE="native").stderr


def test_native_search_for_what_is_lost_knows_what_the_utility_got(sim, make):
    sim.scenario(complete="never", incomplete=True, **sim.fixed)
    a = make()
    a.fetch(status=0)
    a.ledger("INSERT INTO assignment(container, state, asked_at, changed_at) VALUES('attic',5,1,1)")
    a.fetch(status=0, PTP_ENGINE="native")
    assert sorted(r["query"]["id"] for r in sim.downloads()) == ["100001", "100002"]
    assert [row["state"] for row in a.history()].count("delivered") == 2
