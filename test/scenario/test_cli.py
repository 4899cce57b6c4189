"""The command line: what each command does, prints and ends with."""

import json
import pathlib
import re
import stat
import time

import pytest

from harness import KEY, USER, wait_for

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMANDS = ["run", "fetch", "list", "create", "remove", "rename", "resize", "setup",
            "update", "check", "status", "history", "inspect", "audit", "redeliver", "export",
            "backup", "restore", "adopt", "accept", "settle", "notify",
            "health", "settings", "help", "version"]
REAL = ROOT / "test" / "fixtures" / "real"


def two_containers(archiver, **keys):
    """config.ptp with two containers, and no PTP_CONTAINERS."""
    archiver.set(PTP_CONTAINERS=None, PTP_WATCH=None)
    archiver.configure(ApiUser=USER, ApiKey=KEY, Containers={
        "attic": {"Size": "800G", "WatchDirectory": str(archiver.watch), "MaxStalled": 0,
                  "AfterFetchExec": None, "ContainerID": 7},
        "hetzner": {"Size": "5T", "WatchDirectory": str(archiver.watch), "Colour": "blue"},
    }, **keys)
    return archiver


@pytest.fixture
def filed(archiver):
    return two_containers(archiver)


# ---- help, usage, exit status ----

def test_help_names_every_command_and_needs_no_configuration(make):
    bare = make(containers=None, PTP_USER=None, PTP_KEY=None)
    done = bare.run("--help", status=0)
    assert re.findall(r"^  ([a-z]+) ", done.stdout, re.MULTILINE) == COMMANDS
    assert "Exit status: 0 done" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_that_repeats_its_line_of_the_table(archiver, command):
    table = archiver.run("--help", status=0).stdout
    line = re.search(rf"^  {command} +(.*)$", table, re.MULTILINE).group(1)
    for arguments in ((command, "--help"), ("--help", command), (command, "-h")):
        done = archiver.run(*arguments, status=0)
        usage, says = done.stdout.replace("\n          ", " ").splitlines()[:2]
        assert usage.startswith(f"Usage: ptp-archiver {command}")
        assert line.lower().endswith(says.rstrip(".").lower())
        assert "--config PATH" in done.stdout


def test_help_of_a_command_shows_its_own_options_and_no_others(archiver):
    assert "--force" in archiver.run("fetch", "--help").stdout
    assert "--limit" in archiver.run("history", "--help").stdout
    assert "--limit" not in archiver.run("status", "--help").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_usage_of_a_command_has_each_of_its_own_options(archiver, command):
    """As the list below it has them, and the completions; those in brackets can be left out."""
    said = archiver.run("help", command, status=0).stdout
    usage = re.match(r"Usage: (.*(\n {10}.*)*)\n", said).group(1)
    shared = set(re.findall(r"^  (--.*?)  ", archiver.run("help").stdout, re.M))
    listed = re.findall(r"^  (--.*?)  ", said, re.M)
    own = [option for option in listed if option not in shared]
    found = [a or b for a, b in re.findall(r"\[(--[^]]*)\]|(--container NAME)", usage)]
    assert found == own and shared <= set(listed)
    offered = archiver.run("complete", "--", command, "--").stdout
    assert re.findall(r"^(--\S+)\t", offered, re.M) == [o.split()[0] for o in listed]
    assert ("[--container NAME]" in usage) == (command in ("history", "audit", "redeliver", "export"))


def test_what_a_command_needs_stands_without_brackets(archiver):
    assert " --container NAME [--client" in archiver.run("adopt", "--help").stdout
    assert "--container" in archiver.run("adopt", status=2).stderr


def test_help_is_a_command_as_well(archiver):
    assert archiver.run("help", status=0).stdout == archiver.run("--help").stdout
    assert archiver.run("help", "fetch", status=0).stdout == archiver.run("fetch", "-h").stdout
    assert "frobnicate" in archiver.run("help", "frobnicate", status=2).stderr
    assert archiver.run("help", "complete", status=2).stdout == ""
    assert archiver.run("help", "a", "b", status=2).stdout == ""


@pytest.mark.parametrize("arguments", [
    (), ("frobnicate",), ("--frobnicate",), ("fetch",), ("list", "attic"), ("run", "--json"),
    ("fetch", "nowhere"), ("create",), ("create", "a", "b"), ("remove",), ("rename", "a"),
    ("resize", "a"), ("inspect",), ("inspect", "a", "b"), ("history", "--limit", "0"),
    ("history", "--limit", "x"), ("status", "x"), ("check", "x"), ("update", "x"), ("setup", "x"),
    ("--config",), ("--log-level", "loud", "list"), ("--log-format", "xml", "list")])
def test_wrong_usage_ends_with_2_and_says_why_on_stderr_only(archiver, arguments):
    done = archiver.run(*arguments, status=2)
    assert done.stdout == ""
    assert done.stderr.strip()


def test_wrong_configuration_ends_with_2(archiver):
    assert "PTP_INTERVAL" in archiver.run("list", status=2, PTP_INTERVAL="6 hours").stderr


def test_a_full_container_counts_as_done(sim, make):
    a = make("attic:1G")
    sim.scenario(torrent_size=2 << 30)
    a.fetch(status=0)
    done = a.fetch(status=0)
    assert "attic:FULL" in done.stderr


def test_something_that_failed_ends_with_1(sim, archiver):
    sim.faults({"endpoint": "fetch", "do": "status", "status": 503})
    archiver.fetch(status=1)


def test_global_options_are_taken_before_and_behind_the_command(archiver):
    for arguments in (("--config", "other.ptp", "--state", "s", "--log-level", "error",
                       "--log-format", "json", "list"),
                      ("list", "--config", "other.ptp", "--state", "s")):
        archiver.run(*arguments, status=0)


# ---- fetch ----

def test_fetch_prints_what_the_official_utility_prints_and_nothing_else(archiver):
    done = archiver.fetch(status=0)
    (name,) = archiver.delivered()
    assert done.stdout == f'New download written as "{archiver.watch / name}"\n'


def test_fetch_asks_for_the_named_containers_only(sim, make):
    a = make("attic:800G,cellar:1T,hetzner:5T")
    a.fetch("hetzner", "attic", status=0)
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["attic", "hetzner"]
    a.fetch("cellar", status=0)
    assert len(sim.fetches()) == 3
    a.fetch("all", status=0)
    assert len(sim.fetches()) == 6


def test_a_container_called_all_is_kept_and_warned_of(sim, make):
    """The tracker may have it already: to refuse the name would be to lose what is in it."""
    a = make("attic:800G,all:1T")
    done = a.fetch("all", status=0)
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["all", "attic"]
    assert done.stderr.count("WARN") == 1 and "all: `fetch all` means every container" in done.stderr
    a.set(PTP_CONTAINERS=None)      # it is in config.ptp now
    process = a.start()
    wait_for(lambda: "next cycle in" in a.log())
    assert "`fetch all` means every container" in a.log()
    assert a.stop(process)[0] == 0
    assert "WARN" not in make("attic:800G").fetch("all").stderr


def test_fetch_of_an_unknown_container_asks_for_none(sim, archiver):
    done = archiver.run("fetch", "attic", "nowhere", status=2)
    assert '"nowhere"' in done.stderr and "ptp-archiver list" in done.stderr
    assert sim.fetches() == []


def test_fetch_ends_after_one_cycle(sim, archiver):
    archiver.fetch(status=0)
    assert len(sim.fetches()) == 1


# ---- list ----

def test_list_prints_exactly_what_the_official_utility_prints(filed):
    watch = filed.watch
    assert filed.run("list", status=0).stdout == \
        f"Containers:\n\tattic (800G): {watch}\n\thetzner (5T): {watch}\n"


def test_list_replaces_name_in_the_watch_directory(make):
    a = make("hetzner:5T,attic:800G", PTP_WATCH="/srv/$name/watch")
    assert a.run("list", status=0).stdout == \
        "Containers:\n\tattic (800G): /srv/attic/watch\n\thetzner (5T): /srv/hetzner/watch\n"


def test_list_without_containers_prints_the_head(make):
    assert make(containers=None).run("list", status=0).stdout == "Containers:\n"


# ---- create, remove, rename, resize ----

def test_create_makes_a_first_config_file_that_is_private(make):
    a = make(containers=None)
    done = a.run("create", "attic", "--size", "800G", "--watch", "/srv/$name", status=0)
    assert "The tracker learns of it at the next fetch" in done.stdout
    assert a.configured() == {"Containers": {"attic": {
        "AfterFetchExec": None, "MaxStalled": 0, "Size": "800G", "WatchDirectory": "/srv/attic"}}}
    assert stat.S_IMODE(a.config.stat().st_mode) == 0o600


def test_create_without_options_takes_what_default_says(filed):
    filed.configure(**filed.configured(), Default={"Size": "3T", "WatchDirectory": "/w/$name",
                                                   "MaxStalled": 4})
    filed.run("create", "cellar", status=0)
    cellar = filed.configured()["Containers"]["cellar"]
    assert (cellar["Size"], cellar["WatchDirectory"], cellar["MaxStalled"]) == \
        ("3T", "/w/cellar", 4)


def test_editing_keeps_everything_else_in_the_file(filed):
    filed.configure(**filed.configured(), Unknown={"x": [1, 2]}, FetchSleep=15)
    before = filed.configured()
    filed.run("create", "cellar", "--size", "1T", "--watch", "/w", status=0)
    filed.run("resize", "cellar", "2T", status=0)
    filed.run("rename", "cellar", "vault", status=0)
    filed.run("remove", "vault", status=0)
    assert filed.configured() == before


@pytest.mark.parametrize("arguments, word", [
    (("create", "attic"), "already"), (("create", "all"), "every container"),
    (("create", ""), "empty"), (("create", "x" * 41), "40 characters"),
    (("create", "a\tb"), "control character"), (("create", "x", "--size", "5TB"), "not a size"),
    (("remove", "nowhere"), "no container"), (("rename", "nowhere", "x"), "no container"),
    (("rename", "attic", "hetzner"), "already"), (("rename", "attic", "all"), "every container"),
    (("resize", "nowhere", "1T"), "no container"), (("resize", "attic", "500"), "not a size")])
def test_an_edit_that_makes_no_sense_is_refused_and_changes_nothing(filed, arguments, word):
    before = filed.config.read_bytes()
    assert word in filed.run(*arguments, status=2).stderr
    assert filed.config.read_bytes() == before


def test_remove_takes_the_container_out_and_says_that_the_tracker_keeps_it(filed):
    assert "tracker keeps it" in filed.run("remove", "attic", status=0).stdout
    assert list(filed.configured()["Containers"]) == ["hetzner"]


def test_rename_keeps_the_settings_and_forgets_the_trackers_id(filed):
    filed.run("rename", "hetzner", "helsinki", status=0)
    done = filed.run("rename", "attic", "loft", status=0)
    containers = filed.configured()["Containers"]
    assert containers["helsinki"]["Colour"] == "blue"
    assert containers["loft"]["Size"] == "800G"
    assert "ContainerID" not in containers["loft"]
    assert "makes a new one" in done.stdout


def test_resize_is_sent_with_the_next_fetch(sim, filed):
    done = filed.run("resize", "attic", "1.5T", status=0)
    assert "The tracker learns of it at the next fetch" in done.stdout
    assert "full" not in done.stdout
    filed.fetch("attic", status=0)
    assert sim.fetches()[0]["query"]["ContainerSize"] == "1.5T"


def test_resize_to_a_smaller_size_says_that_it_may_count_as_full(filed):
    done = filed.run("resize", "hetzner", "800G", status=0)
    assert "The tracker learns of it at the next fetch" in done.stdout
    assert "smaller" in done.stdout and "full" in done.stdout


@pytest.mark.parametrize("arguments", [("create", "x"), ("remove", "attic"),
                                       ("rename", "attic", "x"), ("resize", "attic", "1T")])
def test_edits_are_refused_while_ptp_containers_names_the_containers(archiver, arguments):
    assert "PTP_CONTAINERS" in archiver.run(*arguments, status=2).stderr


def test_remove_and_rename_are_refused_while_something_is_pending_unless_forced(sim, filed):
    sim.faults({"endpoint": "download", "do": "status", "status": 404})
    filed.fetch("attic", status=1)
    for arguments in (("remove", "attic"), ("rename", "attic", "loft")):
        assert "not delivered yet" in filed.run(*arguments, status=2).stderr
    filed.run("rename", "hetzner", "helsinki", status=0)
    filed.run("remove", "attic", "--force", status=0)
    assert list(filed.configured()["Containers"]) == ["helsinki"]


@pytest.mark.parametrize("pending", ["assigned", "possibly lost"])
def test_assignments_go_with_a_rename(sim, filed, pending):
    filed.fetch("attic", status=0)
    fault = {"endpoint": "download", "do": "status", "status": 404} if pending == "assigned" else \
        {"endpoint": "fetch", "do": "lost_reply"}
    sim.faults({**fault, "times": 1}, incomplete=True)
    filed.fetch("attic", status=1)
    filed.run("rename", "attic", "loft", "--force", status=0)
    assert sorted((r["container"], r["state"]) for r in filed.history()) == sorted([
        ("loft", pending), ("loft", "delivered")])
    filed.fetch("all", status=0)
    assert not filed.status()["pending"] and not filed.status()["possibly_lost"]
    assert filed.container("loft")["delivered"] >= 2


def test_a_rename_that_is_refused_moves_nothing(sim, filed):
    sim.faults({"endpoint": "download", "do": "status", "status": 404})
    filed.fetch("attic", status=1)
    filed.run("rename", "attic", "hetzner", "--force", status=2)
    assert [r["container"] for r in filed.history()] == ["attic"]


# ---- update, version ----

@pytest.mark.parametrize("version, newer", [("0.10", False), ("0.9", False), (0.1, False),
                                            ("0.11", True), ("0.10.1", True), ("1.0", True)])
def test_update_compares_versions_as_dotted_numbers_and_says_what_to_do(
        sim, archiver, version, newer):
    sim.scenario(script_version=version)
    done = archiver.run("update", status=0)
    assert f"version {version}" in done.stdout and "0.10" in done.stdout
    assert ("newer ptp-archiver" in done.stdout) == newer
    assert ("nothing to do" in done.stdout) != newer
    assert sim.fetches() == []
    assert len(sim.requests("scriptver")) == 1


def test_update_that_cannot_be_answered_ends_with_1(sim, archiver):
    sim.faults({"endpoint": "scriptver", "do": "status", "status": 500})
    assert "HTTP 500" in archiver.run("update", status=1).stderr


def test_version_names_itself_and_the_libraries_in_use(archiver):
    for arguments in (("version",), ("--version",)):
        said = archiver.run(*arguments, status=0).stdout
        assert re.search(r"^ptp-archiver \d+\.\d+\.\d+$", said, re.MULTILINE)
        for library in ("libcurl/", "jansson ", "SQLite ", "OpenSSL "):
            assert re.search(rf"{library}\d", said), library


# ---- check ----

def tree(folder):
    """All that is below a folder: contents, permissions and times of files; names of folders."""
    found = {}
    for path in sorted(folder.rglob("*")):
        info = path.lstat()
        found[str(path.relative_to(folder))] = (
            (info.st_mode, info.st_mtime_ns, path.read_bytes()) if path.is_file() else
            info.st_mode)
    return found


def test_check_prints_the_configuration_with_secrets_masked(sim, make):
    a = make("attic:800G,hetzner:5T", HC_URL=sim.ping_url, PTP_INTERVAL="90m")
    done = a.run("check", status=0)
    for shown in ("90m", "attic (800G)", "hetzner (5T)", str(a.watch), sim.url, str(a.state)):
        assert shown in done.stdout, shown
    for secret in (USER, KEY, sim.ping_url.rsplit("/", 1)[1]):
        assert secret not in done.stdout + done.stderr


def test_check_changes_nothing_and_asks_the_tracker_nothing(sim, make):
    a = make(HC_URL=sim.ping_url)
    a.run("check", status=0)
    assert tree(a.folder) == {"watch": a.watch.stat().st_mode}
    a.fetch(status=0)
    before = tree(a.folder), len(sim.requests())
    a.run("check", status=0)
    assert (tree(a.folder), len(sim.requests())) == before


def test_check_online_asks_for_the_utilitys_version_and_for_no_torrent(sim, archiver):
    done = archiver.run("check", "--online", status=0)
    assert "accepts the credentials" in done.stdout
    assert [r["endpoint"] for r in sim.requests()] == ["scriptver"]


def test_check_online_makes_nothing_but_the_record_of_its_call(sim, make):
    a = make(PTP_ENGINE="utility", PTP_UTILITY_PATH="not-there/archiver.py", PTP_FETCH_SLEEP="0.7")
    a.run("check", "--online", status=0)
    made = {name.split("/")[0] for name in tree(a.folder)}
    assert made == {"watch", "state"} and not (a.state / "utility").exists()
    a.fetch(status=0, PTP_ENGINE="native")
    asked, fetched = sim.requests("scriptver", "fetch")
    assert fetched["at"] - asked["at"] >= 0.3, "no distance kept"


def test_check_online_tells_wrong_credentials(sim, archiver):
    sim.scenario(accounts=[{"user": "a" * 16, "key": "b" * 32}])
    done = archiver.run("check", "--online", status=1)
    assert "FAIL  tracker: ERR(Auth)" in done.stdout


def test_check_tells_of_each_folder_whether_it_can_be_used(make, tmp_path):
    a = make("a:1T,b:1T,c:1T,d:1T", PTP_WATCH=str(tmp_path / "w" / "$name" / "in"))
    (tmp_path / "w" / "a" / "in").mkdir(parents=True)
    (tmp_path / "w" / "b").mkdir()
    (tmp_path / "w" / "d").mkdir()
    (tmp_path / "w" / "d" / "in").write_text("a file")
    done = a.run("check", status=1)
    assert re.search(r"^ok    a: .* is writable: files can be made, written and renamed$", done.stdout,
                     re.MULTILINE)
    assert re.search(r"^(ok|warn)  +a: .*free in", done.stdout, re.MULTILINE)
    assert re.search(r"^ok    b: .* will be made$", done.stdout, re.MULTILINE)
    assert re.search(r"^FAIL  c: .*no more than one is made", done.stdout, re.MULTILINE)
    assert re.search(r"^FAIL  d: .*not a folder", done.stdout, re.MULTILINE)
    assert not (tmp_path / "w" / "b" / "in").exists()


def test_check_tests_the_state_folder_and_the_clock_and_the_ping_url(sim, make):
    a = make(HC_URL=sim.ping_url)
    a.state.mkdir(mode=0o755)
    said = a.run("check", status=0).stdout
    assert re.search(r"^ok    state: .* is writable", said, re.MULTILINE)
    assert re.search(r"^warn  state: others can look into", said, re.MULTILINE)
    assert re.search(r"^ok    clock: 20\d\d-", said, re.MULTILINE)
    assert re.search(r"^ok    ping URL", said, re.MULTILINE)
    assert "HC_URL" in a.run("check", status=2, HC_URL="hc-ping.com/x").stdout


def test_check_tells_a_clock_that_is_before_the_last_call(archiver):
    archiver.fetch(status=0)
    archiver.ledger("UPDATE pace SET last_request = last_request + 7 * 86400000")
    assert re.search(r"^warn  clock", archiver.run("check").stdout, re.MULTILINE)


def test_check_tells_a_config_file_that_others_can_read(filed):
    filed.config.chmod(0o644)
    assert "chmod 600" in filed.run("check", status=0).stdout


# ---- status, history ----

def test_status_says_what_the_page_says_in_the_same_words(make, sim):
    """Each notice, word for word; the ping too."""
    a = make("attic:800G,hetzner:5T", HC_URL=sim.ping_url)
    a.fetch(status=0)
    hour = 3600 * 1000
    a.ledger(f"UPDATE audit SET at = {int(time.time() * 1000) - hour}, missing = 37, in_error = 2")
    a.ledger(f"UPDATE ping SET failures = 2, since = {int(time.time() * 1000) - hour}, why = 'HTTP 404'")
    notices = a.status()["notices"]
    assert [n["fact"] for n in notices] == ["no-daemon", "audit-missing", "audit-error", "pings-fail"]
    assert [n["count"] for n in notices[1:]] == [37, 2, 2]
    said = a.run("status", status=0).stdout.splitlines()
    assert said[:5] == [f"{n['text']} {n['hint']}" for n in notices] + [""]
    a.fetch(status=0)
    assert "pings-fail" not in [n["fact"] for n in a.status()["notices"]]


def test_pings_that_fail_are_a_fact_until_one_is_recorded(make, sim):
    a = make("attic:800G", HC_URL="http://127.0.0.1:9/x")
    a.fetch(status=0)
    a.fetch(status=0)
    (fact,) = [n for n in a.status()["notices"] if n["fact"] == "pings-fail"]
    assert fact["count"] == 2 and "Pings to Healthchecks have failed since " in fact["text"]
    a.set(HC_URL=sim.ping_url)
    a.fetch(status=0)
    assert "pings-fail" not in [n["fact"] for n in a.status()["notices"]]


def test_status_before_anything_has_happened(make):
    a = make("attic:800G,hetzner:5T")
    said = a.run("status", status=0).stdout
    assert "attic (800G): 0 delivered" in said
    assert said.startswith("The daemon is not running. Start it with `ptp-archiver run`.\n\n")
    assert not a.state.exists()
    assert a.run("history", status=0).stdout == "Nothing is recorded yet.\n"
    assert a.history() == []


def test_status_tells_what_was_delivered_and_the_last_outcome(sim, make):
    a = make("attic:800G,hetzner:5T")
    a.fetch("attic", status=0)
    a.fetch("attic", status=0)
    one = a.container("attic")
    sizes = [row["size"] for row in sim.assignments()]
    assert (one["assigned"], one["delivered"], one["pending"], one["possibly_lost"]) == (2, 2, 0, 0)
    assert one["bytes"] == sum(sizes)
    assert one["outcome"] == "OK"
    assert re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", one["outcome_at"])
    other = a.container("hetzner")
    assert (other["assigned"], other["outcome"]) == (0, None)
    said = a.run("status", status=0).stdout
    assert "attic (800G): 2 delivered" in said and "last outcome: OK" in said


def test_status_tells_what_is_pending_and_possibly_lost(sim, make):
    a = make("attic:800G,hetzner:5T")
    sim.faults({"endpoint": "download", "container": "attic", "do": "status", "status": 404},
               {"endpoint": "fetch", "container": "hetzner", "do": "lost_reply"})
    a.fetch(status=1)
    status = a.status()
    (assigned,) = [row for row in sim.assignments() if row["container"] == "attic"]
    assert a.container("attic")["pending"] == 1
    assert a.container("hetzner")["possibly_lost"] == 1
    (pending,) = status["pending"]
    assert (pending["container"], pending["state"], pending["torrent_id"]) == \
        ("attic", "assigned", str(assigned["TorrentID"]))
    assert "404" in pending["note"]
    (lost,) = status["possibly_lost"]
    assert (lost["container"], lost["torrent_id"]) == ("hetzner", None)
    said = a.run("status", status=0).stdout
    assert "Pending" in said and f"TorrentID {assigned['TorrentID']}" in said
    assert "Possibly lost" in said
    assert "ERR(HTTP 404)" in said


def test_status_tells_the_next_cycle_while_the_daemon_runs(make):
    a = make(PTP_INTERVAL="2h")
    a.start()
    wait_for(lambda: a.state.exists() and a.status()["next_cycle"])
    status = wait_for(lambda: (s := a.status())["containers"][0]["outcome"] and s)
    assert status["daemon"] is True
    assert f"Next cycle: {status['next_cycle']}" in a.run("status", status=0).stdout


def test_status_and_history_show_no_secret(sim, make):
    a = make(HC_URL=sim.ping_url)
    a.fetch(status=0)
    (passkey,) = [account["passkey"] for account in sim.state()["accounts"]]
    for arguments in (("status",), ("status", "--json"), ("history",), ("history", "--json")):
        done = a.run(*arguments, status=0)
        for secret in (USER, KEY, passkey):
            assert secret not in done.stdout + done.stderr


def test_history_lists_the_assignments_newest_first_and_can_be_limited(sim, make):
    a = make("attic:800G,hetzner:5T")
    a.fetch(status=0)
    a.fetch(status=0)
    rows = a.history()
    assert [row["torrent_id"] for row in rows] == \
        [str(row["TorrentID"]) for row in reversed(sim.assignments())]
    assert [row["container"] for row in rows] == ["hetzner", "attic"] * 2
    assert rows[0]["infohash"].upper() == sim.assignments()[-1]["infohash"]
    assert all(row["state"] == "delivered" and row["delivered_at"] for row in rows)
    assert pathlib.Path(rows[0]["path"]).read_bytes().startswith(b"d8:announce")
    assert a.history("--limit", "3") == rows[:3]
    assert a.history("--container", "attic") == [rows[1], rows[3]]
    assert a.history("--container", "attic", "--limit", "1") == [rows[1]]
    assert "no container" in a.run("history", "--container", "nowhere", status=2).stderr
    lines = a.run("history", "--limit", "2", status=0).stdout.splitlines()
    assert len(lines) == 2 and "hetzner  delivered" in lines[0] and rows[0]["path"] in lines[0]


def test_status_and_history_work_while_a_cycle_is_running(sim, archiver):
    sim.faults({"endpoint": "fetch", "do": "hang"})
    archiver.start()
    wait_for(lambda: sim.fetches())
    assert [row["state"] for row in archiver.history()] == ["asking"]
    # It is being asked for; that is not lost.
    assert archiver.container()["possibly_lost"] == 0


# ---- inspect ----

KEYS = ["verdict", "reason", "name", "size", "files", "pieces", "private", "infohash_v1",
        "infohash_v2", "announce"]


def test_inspect_tells_all_about_a_delivered_torrent_but_not_the_passkey(sim, archiver):
    archiver.fetch(status=0)
    path = archiver.watch / archiver.delivered()[0]
    (assigned,) = sim.assignments()
    (account,) = sim.state()["accounts"]
    told = json.loads(archiver.run("inspect", "--json", path, status=0).stdout)
    assert list(told) == KEYS
    assert told["verdict"] == "accepted" and told["reason"] is None
    assert told["infohash_v1"].upper() == assigned["infohash"] and told["infohash_v2"] is None
    assert told["size"] == assigned["size"] and told["private"] is True
    assert told["announce"] == sim.url.removeprefix("http://")
    plain = archiver.run("inspect", path, status=0).stdout
    for said in (told["name"], str(told["size"]), told["infohash_v1"], "127.0.0.1"):
        assert said in plain
    assert account["passkey"] in path.read_text(errors="replace")
    assert account["passkey"] not in plain + json.dumps(told)


def test_inspect_tells_both_infohashes_of_a_hybrid_torrent(archiver):
    told = archiver.inspect(REAL / "hybrid.torrent")
    assert len(told["infohash_v1"]) == 40 and len(told["infohash_v2"]) == 64
    told = archiver.inspect(REAL / "v2.torrent")
    assert told["infohash_v1"] is None and len(told["infohash_v2"]) == 64


def test_inspect_refuses_what_no_client_would_load_with_a_reason_and_status_1(archiver):
    hostile = ROOT / "test" / "fixtures" / "hostile"
    done = archiver.run("inspect", "--json", hostile / "html-login.torrent", status=1)
    told = json.loads(done.stdout)
    assert list(told) == KEYS
    assert told["verdict"] == "refused" and told["reason"]
    assert all(told[key] is None for key in KEYS[2:])
    done = archiver.run("inspect", hostile / "truncated-pieces.torrent", status=1)
    assert "refused" in done.stdout


def test_inspect_of_a_file_that_is_not_there_ends_with_1_and_names_it(archiver):
    assert "nowhere.torrent" in archiver.run("inspect", "nowhere.torrent", status=1).stderr


def test_inspect_needs_no_configuration(make):
    bare = make(containers=None, PTP_USER=None, PTP_KEY=None)
    bare.run("inspect", REAL / "v1-single.torrent", status=0)
