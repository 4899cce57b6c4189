"""ptp-archiver-import: what becomes of ptparchiver-go's config.yaml, and of other files."""

import fcntl
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import stat
import sys
import time
import unicodedata
from random import Random

import pytest

from harness import KEY, ROOT, USER

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))

from qbittorrent_double import QBittorrentDouble   # noqa: E402

IMPORT = [str(ROOT / "contrib" / "ptp-archiver-import")]
CREDENTIALS = f"apiKey: {KEY}\napiUser: {USER}\n"
CLIENT_PASSWORD = "adminadmin"

# As that program's `init` writes it and its README shows it.
WHOLE = CREDENTIALS + f"""\
baseUrl: https://passthepopcorn.me
qbittorrent:
  seedbox1:
    url: http://localhost:8080
    username: admin
    password: {CLIENT_PASSWORD}
    basicUser: ""
    basicPass: ""
rtorrent:
  spare:
    url: https://127.0.0.1/rutorrent/plugins/httprpc/action.php
deluge:
  deluge1:
    host: localhost
    port: 58846
    username: admin
    password: {CLIENT_PASSWORD}
containers:
  by-qbittorrent:
    size: 5T
    maxStalled: 5
    category: ptp-archive
    tags:
      - ptp
    client: seedbox1
    startPaused: true
  by-deluge:
    size: 1.5T
    client: deluge1
    startPaused: false
  watched:
    size: 800G # in all
    maxStalled: 3
    category: has no effect beside watchDir
    watchDir: /srv/watch
fetchSleep: 15
interval: 90
"""

WATCHED = CREDENTIALS + "containers:\n  attic: {size: 800G, watchDir: /srv/watch}\n"


@pytest.fixture
def bare(make):
    """An Archiver that has nothing but its folder."""
    return make(None, PTP_USER=None, PTP_KEY=None, PTP_WATCH=None, PTP_BASE_URL=None,
                PTP_FETCH_SLEEP=None)


def run(archiver, text, *options, status):
    """Import the text; the answer, of which no part may hold a secret."""
    path = archiver.folder / "config.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    done = archiver.run("config.yaml", *options, status=status, program=IMPORT)
    for secret in (USER, KEY, CLIENT_PASSWORD):
        assert secret not in done.stdout + done.stderr
    return done


def written(archiver):
    return json.loads(archiver.config.read_text())


def section(output, title):
    """The lines under a title, without their indentation."""
    lines = output.split(title + "\n", 1)[1].splitlines() if title + "\n" in output else []
    end = next((i for i, line in enumerate(lines) if not line.startswith("  ")), len(lines))
    return [line.strip() for line in lines[:end]]


def left(done):
    return section(done.stdout, "Not carried over:")


def line_of(text, part):
    return next(i for i, line in enumerate(text.splitlines(), 1) if part in line)


# ---- what comes over ----

def test_account_times_and_watched_containers_come_over(bare):
    done = run(bare, WATCHED + "fetchSleep: 15\ninterval: 90\n", status=0)
    assert written(bare) == {
        "ApiUser": USER, "ApiKey": KEY, "FetchSleep": 15, "Interval": "90m",
        "Containers": {"attic": {"Size": "800G", "MaxStalled": 0, "AfterFetchExec": None,
                                 "WatchDirectory": "/srv/watch"}}}
    assert left(done) == [] and len(section(done.stdout, "Carried over:")) == 5
    assert bare.config.read_text() == json.dumps(written(bare), indent=2, sort_keys=True) + "\n"
    assert stat.S_IMODE(bare.config.stat().st_mode) == 0o600
    bare.run("check", status=0)


def test_imported_configuration_fetches(sim, bare):
    folder = bare.folder / "w"
    run(bare, f"{CREDENTIALS}baseUrl: {sim.url}\ncontainers:\n  attic:\n    size: 2T\n"
              f"    maxStalled: 4\n    watchDir: {folder}\n", status=0)
    bare.fetch(status=0)
    (fetch,) = sim.fetches()
    assert fetch["query"]["ContainerSize"] == "2T" and fetch["query"]["MaxStalled"] == "4"
    assert [p.suffix for p in folder.iterdir() if p.is_file()] == [".torrent"]


def test_whole_example_comes_over_and_says_what_deluge_lacks(bare):
    done = run(bare, WHOLE, status=1)
    containers = written(bare)["Containers"]
    assert {name: c.get("Client") for name, c in containers.items()} == {
        "by-qbittorrent": "seedbox1", "by-deluge": "deluge1", "watched": None}
    (lost,) = left(done)
    assert lost.startswith(f"config.yaml:{line_of(WHOLE, 'deluge1:')}: deluge: deluge1: ")
    assert "deluge-web" in lost and "PasswordFile" in lost and "http://localhost:8112" in lost
    assert any("spare" in line for line in section(done.stdout, "Works differently here:"))
    assert "category" not in containers["watched"]


def test_watch_option_is_the_folder_of_containers_that_a_client_fed(bare):
    done = run(bare, WHOLE, "--watch", "/srv/$name", status=1)
    containers = written(bare)["Containers"]
    assert {name: c["WatchDirectory"] for name, c in containers.items()} == {
        "by-qbittorrent": "/srv/by-qbittorrent", "by-deluge": "/srv/by-deluge",
        "watched": "/srv/watch"}
    assert containers["by-qbittorrent"]["MaxStalled"] == 5
    assert "Clients" not in written(bare)
    notes = section(done.stdout, "Works differently here:")
    assert sum("with --watch" in line for line in notes) == 2
    lost = left(done)
    assert [line.split(": ")[3].split(";")[0] for line in lost] == ["category", "tags",
                                                                   "startPaused"]


def test_second_import_changes_nothing(bare):
    run(bare, WATCHED, status=0)
    before = bare.config.read_bytes()
    done = run(bare, WATCHED, status=0)
    assert bare.config.read_bytes() == before and done.stdout.count("(as it was)") == 3
    run(bare, WHOLE, "--force", status=1)
    before = bare.config.read_bytes()
    done = run(bare, WHOLE, status=1)
    assert bare.config.read_bytes() == before
    carried = section(done.stdout, "Carried over:")
    assert len(carried) == 10 and all(line.endswith("(as it was)") for line in carried)


def test_what_is_in_config_ptp_stays_unless_forced(bare):
    old = {"ApiUser": "another890123456", "FetchSleep": 20, "Theirs": [1], "Containers": {
        "attic": {"Size": "1T", "MaxStalled": 0, "WatchDirectory": "/old", "ContainerID": 77,
                  "AfterFetchExec": "true"},
        "cellar": {"Size": "2T"}}}
    bare.config.write_text(json.dumps(old))
    done = run(bare, WATCHED + "fetchSleep: 15\n", status=1)
    assert written(bare) == old  # the user of one account with the key of another is nobody
    assert "ApiUser and ApiKey" in done.stdout
    assert len(left(done)) == 3 and all("--force" in line for line in left(done))
    run(bare, WATCHED + "fetchSleep: 15\n", "--force", status=0)
    new = written(bare)
    assert new["ApiUser"] == USER and new["FetchSleep"] == 15 and new["Theirs"] == [1]
    assert new["Containers"] == {"cellar": {"Size": "2T"}, "attic": {
        **old["Containers"]["attic"], "Size": "800G", "WatchDirectory": "/srv/watch"}}


def test_containers_of_the_environment_are_not_written_over(make):
    archiver = make("attic:800G")
    done = run(archiver, WATCHED, status=2)
    assert "PTP_CONTAINERS" in done.stderr and not archiver.config.exists()


@pytest.mark.parametrize("line, interval", [
    ("", None), ("interval: 0", None), ("interval:", None), ("interval: 360", "6h"),
    ("interval: 10", "10m"), ("interval: 43200", "30d")])
def test_minutes_become_a_duration(bare, line, interval):
    run(bare, f"{WATCHED}{line}\n", status=0)
    assert written(bare).get("Interval") == interval


@pytest.mark.parametrize("line", ["interval: 9", "interval: 43201", "fetchSleep: -1",
                                  "fetchSleep: 86401"])
def test_time_that_is_impossible_here_is_left_out_with_the_reason(bare, line):
    done = run(bare, f"{WATCHED}{line}\n", status=1)
    (lost,) = left(done)
    assert lost.startswith(f"config.yaml:5: {line.split(':')[0]} is ")
    assert set(written(bare)) == {"ApiUser", "ApiKey", "Containers"}


def test_short_fetch_sleep_comes_over_and_is_said_to_count_as_ten(bare):
    done = run(bare, WATCHED + "fetchSleep: 5\n", status=0)
    assert written(bare)["FetchSleep"] == 5
    assert "counts as 10" in section(done.stdout, "Works differently here:")[0]


def test_missing_credentials_are_named_unless_they_are_elsewhere(bare):
    text = "apiKey: ''\ncontainers:\n  attic: {size: 800G, watchDir: /srv/watch}\n"
    done = run(bare, text, status=1)
    assert ["apiUser" in left(done)[0], "apiKey" in left(done)[1]] == [True, True]
    assert all("setup" in line for line in left(done))
    bare.set(PTP_USER=USER, PTP_KEY=KEY)
    run(bare, text, status=0)


def test_misspelt_key_gets_a_suggestion(bare):
    done = run(bare, WATCHED + "fetchsleep: 15\n", status=1)
    assert left(done) == ['config.yaml:5: "fetchsleep" is not a setting of ptparchiver-go; '
                          'did you mean fetchSleep?']


def test_credential_in_a_wrong_place_is_hidden(bare):
    run(bare, f"{WATCHED}{KEY}: 1\nx{USER}y: 2\n", status=1)
    another = "another8" * 4
    done = run(bare, f"{WATCHED}{another}: 1\n", status=1)
    assert another not in done.stdout and "<hidden>" in left(done)[0]
    run(bare, f"apiUser: {KEY}\napiKey: {USER}\n", status=2)
    run(bare, f"{KEY}\n", status=2)
    run(bare, f"apiKey: {KEY} [\napiUser: '{USER}\n", status=2)


# ---- torrent clients ----

def with_client(kind, client, container="client: box", more=""):
    """A file with the client "box" of this section, and one container."""
    return (f"{CREDENTIALS}{kind}:\n  box: {{{client}}}\ncontainers:\n"
            f"  attic: {{size: 800G, {container}}}\n{more}")


QB = ("qbittorrent", "url: 'http://localhost:8080', username: admin, password: adminadmin")
BASIC = "basicUser: me, basicPass: adminadmin"

KINDS = [
    (*QB, {"Type": "qbittorrent", "URL": "http://localhost:8080", "Username": "admin",
           "Password": CLIENT_PASSWORD}),
    ("qbittorrent", f"url: 'https://box.test/qb/', {BASIC}",
     {"Type": "qbittorrent", "URL": "https://box.test/qb/", "ProxyUsername": "me",
      "ProxyPassword": CLIENT_PASSWORD}),
    ("qbittorrent", "url: 'http://localhost:8080', username: '', password: ''",
     {"Type": "qbittorrent", "URL": "http://localhost:8080"}),
    ("rtorrent", f"url: 'https://box.test/rutorrent/plugins/httprpc/action.php', {BASIC}",
     {"Type": "rtorrent", "URL": "https://box.test/rutorrent/plugins/httprpc/action.php",
      "ProxyUsername": "me", "ProxyPassword": CLIENT_PASSWORD}),
    ("rtorrent", "url: 'scgi://127.0.0.1:5000'",
     {"Type": "rtorrent", "URL": "scgi://127.0.0.1:5000"}),
    ("rtorrent", f"url: 'scgi://127.0.0.1:5000', {BASIC}",
     {"Type": "rtorrent", "URL": "scgi://127.0.0.1:5000"}),
    ("rtorrent", "url: 'scgi:///run/rpc.socket'",
     {"Type": "rtorrent", "Socket": "/run/rpc.socket"}),
]


@pytest.mark.parametrize("kind, client, expected", KINDS, ids=range(len(KINDS)))
def test_client_comes_over_with_its_credentials_unseen(bare, kind, client, expected):
    done = run(bare, with_client(kind, client), status=0)
    assert written(bare)["Clients"] == {"box": expected}
    assert written(bare)["Containers"]["attic"]["Client"] == "box"
    assert stat.S_IMODE(bare.config.stat().st_mode) == 0o600
    (line,) = [x for x in section(done.stdout, "Carried over:") if x.startswith("client box: ")]
    assert line.startswith(f"client box: {kind} at ") and "action.php" not in line
    assert ("not shown" in line) == any("Password" in key for key in expected)
    notes = section(done.stdout, "Works differently here:")
    assert [x for x in notes if "SCGI" in x] == \
        (["config.yaml:4: rtorrent: box: basicUser: left out with its password; SCGI has neither"]
         if client.endswith(f"5000', {BASIC}") else [])
    bare.run("check", status=0)


@pytest.mark.parametrize("client, url", [
    ("host: localhost, port: 58846, username: u, password: adminadmin", "http://localhost:8112/"),
    ("host: '192.0.2.7'", "http://192.0.2.7:8112/"), ("host: '2001:db8::7'",
                                                      "http://[2001:db8::7]:8112/"),
    ("url: box.test, username: u, password: adminadmin", "http://box.test:8112/"),
])
def test_deluge_is_looked_for_beside_its_daemon_and_lacks_a_password(bare, client, url):
    done = run(bare, with_client("deluge", client), status=1)
    assert written(bare)["Clients"] == {"box": {"Type": "deluge", "URL": url}}
    (lost,) = left(done)
    assert lost.startswith("config.yaml:4: deluge: box: the daemon's port, user and password;")
    assert lost.endswith(url[:-1])
    bare.run("check", status=0)


def test_deluge_that_was_completed_stays_complete(bare):
    text = with_client("deluge", "host: localhost, port: 58846")
    run(bare, text, status=1)
    config = written(bare)
    config["Clients"]["box"].update(URL="https://box.test/deluge/", PasswordFile="/run/word")
    bare.config.write_text(json.dumps(config))
    for options in ([], ["--force"]):
        done = run(bare, text, *options, status=0)
        assert written(bare) == config
        assert "client box: deluge through deluge-web, looked for at https://box.test (as it " \
            "was)" in section(done.stdout, "Carried over:")


def test_what_a_container_says_of_its_client_comes_over(bare):
    run(bare, with_client(*QB, "client: box, category: rel, tags: ['a b', 'c, d', ' '], "
                               "startPaused: false, addPaused: true, maxStalled: 3"), status=0)
    own = written(bare)["Containers"]["attic"]
    assert (own["Client"], own["Category"], own["Tags"], own["Paused"], own["MaxStalled"]) == \
        ("box", "rel", "a b,c,d", True, 3)
    bare.run("check", status=0)


def test_imported_client_is_fed(sim, bare, tmp_path):
    box = QBittorrentDouble(tmp_path / "box", "5.1")
    box.launch()
    try:
        run(bare, with_client("qbittorrent", f"url: '{box.url}', username: {box.user}, "
                                             f"password: {box.password}",
                              "client: box, category: rel, tags: [x], startPaused: true",
                              f"baseUrl: {sim.url}\n"), status=0)
        bare.fetch(status=0)
        (torrent,) = box.torrents.values()
        assert (torrent["category"], torrent["tags"], torrent["state"]) == ("rel", "x",
                                                                           "stoppedDL")
    finally:
        box.stop()


@pytest.mark.parametrize("kind, client, words", [
    ("rtorrent", "url: 'scgi://127.0.0.1:5000'", ["maxStalled: counted in rTorrent", "tags: left"]),
    ("deluge", "host: localhost", ["maxStalled: counted in Deluge", "tags: left out"]),
    (*QB, []),
])
def test_what_counts_differently_is_noted(bare, kind, client, words):
    done = run(bare, with_client(kind, client, "client: box, maxStalled: 2, tags: [a]"),
               status=kind == "deluge")
    notes = section(done.stdout, "Works differently here:")
    assert len(notes) == len(words)
    assert all(any(word in note for note in notes) for word in words)
    assert ("Tags" in written(bare)["Containers"]["attic"]) == (kind == "qbittorrent")
    bare.run("check", status=0)


def test_certificate_that_was_not_looked_at_is_listed(bare):
    client = "url: 'https://box.test', tlsSkipVerify: "
    (lost,) = left(run(bare, with_client("qbittorrent", client + "true"), status=1))
    assert lost.startswith("config.yaml:4: qbittorrent: box: tlsSkipVerify: ") and "CAFile" in lost
    assert "URL" in written(bare)["Clients"]["box"]
    run(bare, with_client("qbittorrent", client + "false"), status=0)


def test_misspelt_key_of_a_client_gets_a_suggestion(bare):
    text = with_client("qbittorrent", "url: 'http://localhost:8080', pasword: adminadmin")
    assert left(run(bare, text, status=1)) == [
        'config.yaml:4: "pasword" is not a setting of ptparchiver-go; did you mean password?']


def test_only_clients_that_containers_need_come_over(bare):
    text = CREDENTIALS + """\
qbittorrent:
  both: {url: 'http://localhost:8080', password: adminadmin}
  beside: {url: nonsense, password: adminadmin}
  nobody: {url: nonsense, pasword: adminadmin}
rtorrent:
  both: {url: 'scgi://127.0.0.1:5000'}
containers:
  one: {size: 1T, client: both}
  two: {size: 1T, client: beside, watchDir: /srv/watch, category: x}
"""
    done = run(bare, text, status=0)
    assert list(written(bare)["Clients"]) == ["both"]
    assert written(bare)["Clients"]["both"]["Type"] == "rtorrent"
    assert "Client" not in written(bare)["Containers"]["two"]
    assert section(done.stdout, "Works differently here:") == [
        "config.yaml:4: qbittorrent: both: ptparchiver-go takes the client of this name in rtorrent, "
        "and so does this",
        "config.yaml:5: qbittorrent: beside: left out; no container needs it",
        "config.yaml:6: qbittorrent: nobody: left out; no container needs it"]


def test_clients_of_config_ptp_stay_unless_forced(bare):
    old = {"Clients": {"box": {"Type": "qbittorrent", "URL": "https://old.test", "Username": "old",
                               "PasswordFile": "/dev/null", "CAFile": "/dev/null", "Timeout": "9s"},
                       "other": {"Type": "rtorrent", "URL": "scgi://127.0.0.1:5000"}}}
    bare.config.write_text(json.dumps(old))
    done = run(bare, with_client(*QB), status=1)
    assert written(bare)["Clients"] == old["Clients"]
    assert left(done) == ["config.yaml:4: qbittorrent: box: config.ptp has a client of this name "
                          "already; --force gives it the address and credentials of this file"]
    assert written(bare)["Containers"]["attic"]["Client"] == "box"
    run(bare, with_client(*QB), "--force", status=0)
    assert written(bare)["Clients"] == {"other": old["Clients"]["other"], "box": {
        "Type": "qbittorrent", "URL": "http://localhost:8080", "Username": "admin",
        "Password": CLIENT_PASSWORD, "CAFile": "/dev/null", "Timeout": "9s"}}


def test_container_is_not_given_to_another_kind_of_client(bare):
    old = {"Clients": {"box": {"Type": "watch", "WatchDirectory": "/srv/w"}}}
    bare.config.write_text(json.dumps(old))
    done = run(bare, with_client(*QB), status=1)
    assert written(bare)["Clients"] == old["Clients"] and not written(bare)["Containers"]
    assert [line.split(": ")[1] for line in left(done)] == ["qbittorrent", "containers"]
    assert "of another Type" in left(done)[1] and "--force" in left(done)[1]
    run(bare, with_client(*QB), "--force", status=0)
    assert written(bare)["Clients"]["box"]["Type"] == "qbittorrent"
    assert "WatchDirectory" not in written(bare)["Clients"]["box"]


def test_clients_that_are_no_object_are_left_alone(bare):
    bare.config.write_text('{"Clients": [1]}')
    done = run(bare, with_client(*QB), status=2)
    assert "Clients in config.ptp is not an object" in done.stderr
    assert bare.config.read_text() == '{"Clients": [1]}'
    run(bare, WATCHED, status=0)


def test_defaults_do_not_lead_a_container_elsewhere(bare):
    default = {"Client": "other", "Category": "films", "Tags": ["t"], "Paused": True,
               "SavePath": "/data"}
    bare.config.write_text(json.dumps({"Default": default, "Clients": {
        "other": {"Type": "qbittorrent", "URL": "http://localhost:1"}}}))
    run(bare, with_client("rtorrent", "url: 'scgi://127.0.0.1:5000'",
                          more="  cellar: {size: 1T, watchDir: /srv/watch}\n"), status=0)
    own = written(bare)["Containers"]
    assert [own["attic"][key] for key in ("Client", "Category", "Tags", "Paused")] == \
        ["box", "", "", ""]
    assert own["cellar"]["Client"] == "" and own["cellar"]["WatchDirectory"] == "/srv/watch"
    shown = bare.run("check", status=0).stdout
    assert "attic (800G): box" in shown and "cellar (1T): /srv/watch" in shown


def test_password_in_a_wrong_place_is_hidden(bare):
    run(bare, with_client(*QB, f"client: box, '{CLIENT_PASSWORD}': 1"), status=1)
    run(bare, with_client(*QB, f"client: {CLIENT_PASSWORD}"), status=1)
    run(bare, with_client(*QB, more=f"  '{CLIENT_PASSWORD}-1': {{size: {CLIENT_PASSWORD}}}\n"),
        status=2)
    run(bare, with_client("rtorrent", f"url: 'http://u:{CLIENT_PASSWORD}@h/'"), status=2)
    run(bare, with_client("rtorrent", f"url: 'http://h/{CLIENT_PASSWORD}'"), "--force", status=0)
    run(bare, with_client("deluge", f"host: 'x {CLIENT_PASSWORD}'"), status=2)


# ---- what is wrong ----

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi"))


HOSTILE = [
    (LAUGHS, 2, "an alias"),
    ("a: &x\n  b: *x\n", 2, "an alias"),
    ("containers: " + "[" * 100_000, 1, "nested deeper"),
    ("{a: " * 50_000, 1, "nested deeper"),
    ("".join(" " * i + "a:\n" for i in range(40)), 17, "nested deeper"),
    ("\napiKey: " + "x" * 4097 + "\n", 2, "more than 4096 bytes"),
    ("x" * 5000 + ": 1\n", 1, "more than 4096 bytes"),
    ("a: [" + "1," * 20_000 + "]\n", 1, "more than 10000 values"),
    (b"apiKey: a\n\x00\x01\x02\x7fELF", 2, "not valid YAML"),
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), 1, "not valid YAML"),
    (b"apiUser:\napiKey: \xff\xfe\n", 2, "not valid YAML"),
    ('\napiKey: "a\\0b"\n', 2, "a NUL byte"),
    ('\napiKey: "\\ud800"\n', 2, "not valid YAML"),
    ('\napiKey: "\\UFFFFFFFF"\n', 2, "not valid YAML"),
    ("apiKey: 'open\n", 2, "not valid YAML"),
    ("a: 1\n b: 2\n", 2, "not valid YAML"),
    ("a:\n\t- b\n", 2, "not valid YAML"),
    ("apiUser:\nb: 1\napiUser:\n", 3, "stands twice, first on line 1"),
    ("containers:\n  a: {size: 1G}\n  a: {size: 2G}\n", 3, "stands twice, first on line 2"),
    ("a: 1\n---\nb: 2\n", 2, "a second document"),
    ("a: !!python/object/apply:os.system ['true']\n", 1, "a tag"),
    ("apiKey: !!binary aGVsbG8=\n", 1, "a tag"),
    ("a: {<<: {b: c}}\n", 1, "a merge key"),
    ("? [a]\n: b\n", 1, "a key that is not plain text"),
    ("<!DOCTYPE html><html></html>\n", 1, "not a configuration of ptparchiver-go"),
    ("- apiKey\n", 1, "not a configuration of ptparchiver-go"),
    ("", 1, "not a configuration of ptparchiver-go"),
]


@pytest.mark.parametrize("text, place, why", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_yaml_is_a_clear_error_with_its_line(bare, text, place, why):
    done = run(bare, text, status=2)
    assert why in done.stderr
    assert f"config.yaml:{place}: " in done.stderr
    assert len(done.stderr) < 1000 and not bare.config.exists()


WRONG = [
    ("apiKey: your-api-key\n", 1, "32 letters and digits"),
    ("apiUser: short\n", 1, "16 letters and digits"),
    ("apiUser: [a]\n", 1, "not a single value"),
    ("baseUrl: http://tracker.test\n", 1, "use https://"),
    ("baseUrl: passthepopcorn.me\n", 1, "not a complete URL"),
    ("interval: 6h\n", 1, "interval is not a whole number"),
    ("fetchSleep: {a: b}\n", 1, "fetchSleep is not a single value"),
    ("qbittorrent: [a]\n", 1, "qbittorrent is not a mapping"),
    ("containers: [a]\n", 1, "containers is not a mapping"),
    ("containers:\n  a: 5T\n", 2, "a is not a mapping"),
    ("containers:\n  a:\n", 2, "a is not a mapping"),
    ("containers:\n  a: {watchDir: /w}\n", 2, "no size"),
    ("containers:\n  a:\n    watchDir: /w\n    size: 5TB\n", 4, '"5TB" is not a size'),
    ("containers:\n  a:\n    watchDir: /w\n    size: 500\n", 4, '"500" is not a size'),
    ("containers:\n  a:\n    watchDir: /w\n    size: 0G\n", 4, '"0G" is not a size'),
    ("containers:\n  a:\n    watchDir: /w\n    size: 1024P\n", 4, '"1024P" is not a size'),
    ("containers:\n  a:\n    size: 5T\n    watchDir: [/w]\n", 4, "watchDir is not a single value"),
    ("containers:\n  a:\n    size: 5T\n    maxStalled: -1\n    watchDir: /w\n", 4, "maxStalled"),
    ("containers:\n  a:\n    size: 5T\n    maxStalled: few\n    watchDir: /w\n", 4, "maxStalled"),
    ("containers:\n  all: {size: 5T, watchDir: /w}\n", 2, "means every container"),
    (f"containers:\n  {'x' * 41}: {{size: 5T, watchDir: /w}}\n", 2, "longer than 40"),
    ("containers:\n  '': {size: 5T, watchDir: /w}\n", 2, "is empty"),
    (with_client(*QB, "client: box, category: 'a//b'"), 6, "category has two slashes in a row"),
    (with_client(*QB, r'client: box, category: "a\nb"'), 6, "category holds a control character"),
    (with_client(*QB, f"client: box, category: {'x' * 1025}"), 6, "category is longer than 1024"),
    (with_client(*QB, "client: box, category: [a]"), 6, "category is not a single value"),
    (with_client(*QB, "client: box, tags: a"), 6, "tags is not a list"),
    (with_client(*QB, "client: box, tags: [[a]]"), 6, "tags is not a list"),
    (with_client(*QB, r'client: box, tags: ["\a"]'), 6, "tags holds a control character"),
    (with_client(*QB, f"client: box, tags: [{'x' * 600}, {'y' * 600}]"), 6, "tags is longer than"),
    (with_client("deluge", "host: h", "client: box, category: a b"), 6, "not a label that Deluge"),
    (with_client("qbittorrent", "username: a"), 4, "qbittorrent: box: it has no url"),
    (with_client("qbittorrent", "url: 'localhost:8080'"), 4, "url is not a complete URL"),
    (with_client("qbittorrent", "url: 'scgi://h:1'"), 4, "only rTorrent"),
    (with_client("qbittorrent", "url: 'http://a:b@h'"), 4, "write them as basicUser and basicPass"),
    (with_client("qbittorrent", r'url: "http://h", username: "a\tb"'), 4,
     "username holds a control character"),
    (with_client("qbittorrent", "url: {a: b}"), 4, "url is not a single value"),
    (with_client("rtorrent", "url: 'scgi://nowhere'"), 4, "url is not of the form scgi://host:port"),
    (with_client("rtorrent", f"url: 'scgi:///{'x' * 108}'"), 4, "of a unix socket"),
    (with_client("deluge", "port: 58846"), 4, "deluge: box: it has no host"),
    (with_client("deluge", "host: 'a/b'"), 4, "host is not the name or address of a host"),
    (with_client("deluge", "url: 'http://h:1/'"), 4, "url is not the name or address of a host"),
    (f"{CREDENTIALS}rtorrent:\n  box: [a]\ncontainers:\n  a: {{size: 1T, client: box}}\n", 4,
     "is not a mapping"),
    (f"{CREDENTIALS}rtorrent:\n  \"a\\nb\": {{url: x}}\ncontainers:\n"
     "  a: {size: 1T, client: \"a\\nb\"}\n", 4, "holds a control character"),
    ("fetchSleep: 15\n", "", "neither credentials nor containers"),
    ("apikey: a\n", 1, "did you mean apiKey?"),
]


@pytest.mark.parametrize("text, place, why", WRONG, ids=range(len(WRONG)))
def test_wrong_value_is_named_with_its_line_and_nothing_is_written(bare, text, place, why):
    done = run(bare, text, status=2)
    assert f"config.yaml:{place}: ".replace("::", ":") in done.stderr and why in done.stderr
    assert not bare.config.exists()


def test_one_wrong_value_keeps_all_else_from_being_written_and_all_are_named(bare):
    bare.config.write_text("{}")
    done = run(bare, WATCHED + "  b: {size: 5TB, watchDir: /w}\n  c: {size: 5}\n", status=2)
    assert "config.yaml:5: " in done.stderr and "config.yaml:6: " in done.stderr
    assert "nothing was written" in done.stderr and bare.config.read_text() == "{}"


def test_file_that_is_too_large_or_not_there_is_named(bare):
    assert "config.yaml is larger" in run(bare, "# " + "x" * 300_000, status=2).stderr
    assert "cannot open nowhere.yaml" in bare.run("nowhere.yaml", status=2,
                                                          program=IMPORT).stderr
    assert "required: FILE" in bare.run(status=2, program=IMPORT).stderr
    assert not bare.config.exists()


@pytest.mark.parametrize("text", ["{broken", "[]", '{"a": 1, "a": 2}', "[" * 100_000])
def test_config_ptp_that_is_not_a_json_object_is_left_alone(bare, text):
    bare.config.write_text(text)
    assert "fix it first" in run(bare, WATCHED, status=1).stderr
    assert bare.config.read_text() == text


def test_byte_order_mark_of_config_ptp_does_not_count(bare):
    bare.config.write_text('\ufeff{"Theirs": 1}')
    run(bare, WATCHED, status=0)
    assert written(bare)["Theirs"] == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_config_ptp_keeps_its_owner(bare):
    bare.config.write_text("{}")
    os.chown(bare.config, 1234, 4321)
    run(bare, WATCHED, status=0)
    assert (bare.config.stat().st_uid, bare.config.stat().st_gid) == (1234, 4321)


def test_the_former_command_names_the_script(bare):
    assert "run ptp-archiver-import" in bare.run("import", "config.yaml", status=2).stderr


def test_without_pyyaml_it_names_the_package(bare):
    (bare.folder / "config.yaml").write_text(WATCHED)
    done = bare.run("config.yaml", program=[sys.executable, "-S", *IMPORT], status=2)
    assert done.stderr.count("\n") == 1 and "install python3-yaml" in done.stderr
    assert not bare.config.exists()


def test_link_to_config_ptp_stays_a_link_and_the_place_can_be_named(bare):
    (bare.folder / "elsewhere").mkdir()
    real = bare.folder / "elsewhere" / "real.ptp"
    real.write_text("{}")
    bare.config.symlink_to(real)
    run(bare, WATCHED, status=0)
    assert bare.config.is_symlink() and "attic" in json.loads(real.read_text())["Containers"]
    assert os.listdir(real.parent) == ["real.ptp"]
    run(bare, WATCHED, "--config", "new/other.ptp", "--state", "new/s", status=0)
    assert {p.name for p in (bare.folder / "new").iterdir()} == {"other.ptp", "s"}
    assert stat.S_IMODE((bare.folder / "new").stat().st_mode) == 0o700


def test_config_ptp_that_another_process_changes_is_left_alone(bare):
    bare.state.mkdir()
    with open(bare.state / "config.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "another process is changing" in run(bare, WATCHED, status=1).stderr
    assert not bare.config.exists()


def test_folder_that_cannot_be_written_to_is_named(bare):
    done = run(bare, WATCHED, "--config", "/dev/null/config.ptp", status=1)
    assert done.stderr.startswith("ptp-archiver-import: /dev/null") and not done.stdout


def shell(line):
    return ["sh", "-c", line, "sh"]


def test_full_disk_leaves_config_ptp_as_it_was(bare):
    bare.config.write_text("{}")
    (bare.folder / "config.yaml").write_text(WATCHED)
    done = bare.run("config.yaml", status=1, program=IMPORT, prefix=shell('ulimit -f 0; exec "$@"'))
    assert "cannot write" in done.stderr and done.stderr.count("\n") == 1
    assert bare.config.read_text() == "{}"
    assert not [p for p in bare.folder.iterdir() if p.name.endswith(".tmp")]


def test_output_that_cannot_be_written_is_an_error(bare):
    (bare.folder / "config.yaml").write_text(WATCHED)
    done = bare.run("config.yaml", status=1, program=IMPORT, prefix=shell('exec "$@" >/dev/full'))
    assert done.stderr.count("\n") == 1 and "the output could not be written" in done.stderr
    assert "attic" in written(bare)["Containers"]


def test_folder_whose_mark_would_be_replaced_is_left_out(bare):
    done = run(bare, WATCHED + "  b: {size: 1G, watchDir: '/srv/$name'}\n", status=1)
    assert list(written(bare)["Containers"]) == ["attic"]
    assert "config.yaml:5" in left(done)[0] and "$name" in left(done)[0]


@pytest.mark.parametrize("folder, fault", [
    ("w", "is not an absolute path"), ("'~/w'", "is not an absolute path"),
    ("'/w/${name}'", "holds ${"), ("'/w #1'", 'holds " #"')])
def test_a_folder_that_the_program_refuses_does_not_come_over(bare, folder, fault):
    done = run(bare, CREDENTIALS + f"containers:\n  a: {{size: 1G, watchDir: {folder}}}\n", status=1)
    assert fault in section(done.stdout, "Not carried over:")[0]


# ---- hostile files, and random changes of them ----

CORPUS = sorted((ROOT / "test" / "fixtures" / "import").iterdir())
WORDS = [b"apiKey: " + KEY.encode(), b"apiUser: " + USER.encode(), b"baseUrl: https://h",
         b"fetchSleep: 15", b"interval: 90", b"qbittorrent:", b"rtorrent:", b"deluge:",
         b"containers:", b"url: 'http://h'", b"url: 'scgi://h:1'", b"url: 'scgi:///s'", b"username: ",
         b"password: secret~word", b"basicUser: ", b"basicPass: other^word", b"host: h", b"port: 1",
         b"tlsSkipVerify: true", b"size: 1T", b"maxStalled: 1", b"category: ", b"tags: [a]",
         b"client: ", b"watchDir: /w", b"startPaused: true", b"addPaused: true", b"\n", b"\n  ",
         b'"\\ud800"', b'"\\UFFFFFFFF"', b"!!str ", b"!x!y ", b"&a ", b"*a", b"<<: ", b"---\n",
         b"%YAML 9.9\n", b"%TAG ! x\n", b"\xef\xbb\xbf", b"\xff", b"\0", b"\xc2\x85", b"\xe2\x80\xae"]

TURNING = ("LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI")   # the direction of text


@pytest.mark.parametrize("options", [(), ("--watch", "/srv/$name")], ids=["clients", "watch"])
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_hostile_file_ends_with_an_error_or_a_configuration_that_can_be_used(bare, path, options):
    (bare.folder / "config.yaml").write_bytes(path.read_bytes())
    done = bare.run("config.yaml", *options, program=IMPORT)
    if done.returncode == 2:
        lines = done.stderr.splitlines()
        assert lines and all(line.startswith("ptp-archiver-import: ") for line in lines)
        assert not done.stdout and not bare.config.exists()
        return
    assert done.returncode in (0, 1) and not done.stderr
    assert (done.returncode == 1) == bool(left(done))
    bare.run("list", status=0)
    before = bare.config.read_bytes()
    again = bare.run("config.yaml", *options, status=done.returncode, program=IMPORT)
    assert bare.config.read_bytes() == before and left(again) == left(done)


@pytest.fixture(scope="module")
def script():
    loader = importlib.machinery.SourceFileLoader("ptp_archiver_import", IMPORT[0])
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


def changed(random, data):
    for _ in range(random.randint(1, 2)):
        at = random.randint(0, len(data))
        to = min(len(data), at + random.choice((0, 0, 1, 5, 40)))
        new = random.choice((b"", data[at:to] * 2, random.choice(WORDS), random.choice(WORDS),
                             random.randbytes(1)))
        data = data[:at] + new + data[to:]
    return data


def check_secrets(read):
    lines = "".join(read.wrong + read.left + read.notes + read.done)
    accounts = [v for k, v in read.settings.items() if k in ("ApiUser", "ApiKey")]
    for secret in accounts + [s for s in read.secrets if s in ("secret~word", "other^word")]:
        assert secret not in lines
    assert not [c for c in lines if unicodedata.category(c) == "Cc"
                or unicodedata.bidirectional(c) in TURNING]


@pytest.mark.parametrize("part", range(4))
def test_random_change_of_a_file_raises_nothing_else_and_gives_a_usable_configuration(
        bare, script, part):
    seed = int(os.environ.get("PTP_TEST_SEED", time.time_ns() // 1000 * 4 + part))
    print("PTP_TEST_SEED =", seed)
    random = Random(seed)
    written_ones = 0
    for _ in range(int(os.environ.get("PTP_TEST_ROUNDS", 150))):
        data = changed(random, random.choice(CORPUS).read_bytes())
        (bare.folder / "last.yaml").write_bytes(data)
        watch = random.choice((None, "/srv/$name"))
        try:
            read = script.Import("f.yaml", script.Reader("f.yaml", data).read(), watch)
        except script.Fault as why:
            assert str(why).startswith("f.yaml:") and "\n" not in str(why)
            continue
        read.read()
        root = {}
        if not read.wrong:
            script.Put(read, root, False).all()
            bare.config.write_text(json.dumps(root))
            assert bare.run("list").returncode == 0, data
            assert set(root["Containers"]) == set(read.containers)
            written_ones += 1
        check_secrets(read)
    assert written_ones > 0
