"""import: what becomes of ptparchiver-go's config.yaml, and of files that are none."""

import json
import stat

import pytest

from harness import KEY, USER

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
    done = archiver.run("import", "config.yaml", *options, status=status)
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


def test_whole_example_says_of_every_loss_where_and_what_to_do(bare):
    done = run(bare, WHOLE, status=1)
    assert list(written(bare)["Containers"]) == ["watched"]
    lines = left(done)
    for part in ("seedbox1:", "deluge1:", "by-qbittorrent:", "by-deluge:"):
        assert any(line.startswith(f"config.yaml:{line_of(WHOLE, part)}: ") for line in lines), part
    assert len(lines) == 4 and sum("--watch DIR" in line for line in lines) == 2
    assert any("spare" in line for line in section(done.stdout, "Works differently here:"))


def test_watch_option_is_the_folder_of_containers_that_a_client_fed(bare):
    done = run(bare, WHOLE, "--watch", "/srv/$name", status=1)
    containers = written(bare)["Containers"]
    assert {name: c["WatchDirectory"] for name, c in containers.items()} == {
        "by-qbittorrent": "/srv/by-qbittorrent", "by-deluge": "/srv/by-deluge",
        "watched": "/srv/watch"}
    assert containers["by-qbittorrent"]["MaxStalled"] == 5
    lost = [line for line in left(done) if "containers: " in line]
    assert [line.split(": ")[3].split(";")[0] for line in lost] == ["category", "tags",
                                                                   "startPaused"]


def test_second_import_changes_nothing(bare):
    run(bare, WATCHED, status=0)
    before = bare.config.read_bytes()
    done = run(bare, WATCHED, status=0)
    assert bare.config.read_bytes() == before and done.stdout.count("(as it was)") == 3


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
    assert left(done) == ['config.yaml:5: "fetchsleep" is no setting of ptparchiver-go; '
                          'did you mean fetchSleep?']


def test_credential_in_a_wrong_place_is_hidden(bare):
    run(bare, f"{WATCHED}{KEY}: 1\nx{USER}y: 2\n", status=1)
    run(bare, f"apiUser: {KEY}\napiKey: {USER}\n", status=2)
    run(bare, f"{KEY}\n", status=2)
    run(bare, f"apiKey: {KEY} [\napiUser: '{USER}\n", status=2)


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
    ("apiKey: 'open\n", 2, "not valid YAML"),
    ("a: 1\n b: 2\n", 2, "not valid YAML"),
    ("a:\n\t- b\n", 2, "not valid YAML"),
    ("apiUser:\nb: 1\napiUser:\n", 3, "stands twice, first on line 1"),
    ("containers:\n  a: {size: 1G}\n  a: {size: 2G}\n", 3, "stands twice, first on line 2"),
    ("a: 1\n---\nb: 2\n", 2, "a second document"),
    ("a: !!python/object/apply:os.system ['true']\n", 1, "a tag"),
    ("apiKey: !!binary aGVsbG8=\n", 1, "a tag"),
    ("a: {<<: {b: c}}\n", 1, "a merge key"),
    ("? [a]\n: b\n", 1, "a key that is no plain text"),
    ("<!DOCTYPE html><html></html>\n", 1, "no configuration of ptparchiver-go"),
    ("- apiKey\n", 1, "no configuration of ptparchiver-go"),
    ("", 1, "no configuration of ptparchiver-go"),
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
    ("containers:\n  a:\n    size: 5T\n    watchDir: [/w]\n", 4, "watchDir is not a single value"),
    ("containers:\n  a:\n    size: 5T\n    maxStalled: -1\n    watchDir: /w\n", 4, "maxStalled"),
    ("containers:\n  a:\n    size: 5T\n    maxStalled: few\n    watchDir: /w\n", 4, "maxStalled"),
    ("containers:\n  all: {size: 5T, watchDir: /w}\n", 2, "means every container"),
    (f"containers:\n  {'x' * 41}: {{size: 5T, watchDir: /w}}\n", 2, "longer than 40"),
    ("containers:\n  '': {size: 5T, watchDir: /w}\n", 2, "is empty"),
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
    assert "cannot open nowhere.yaml" in bare.run("import", "nowhere.yaml", status=2).stderr
    assert "takes one file" in bare.run("import", status=2).stderr
    assert not bare.config.exists()


def test_config_ptp_that_is_no_json_is_left_alone(bare):
    bare.config.write_text("{broken")
    assert "mend it first" in run(bare, WATCHED, status=1).stderr
    assert bare.config.read_text() == "{broken"


def test_folder_whose_mark_would_be_replaced_is_left_out(bare):
    done = run(bare, WATCHED + "  b: {size: 1G, watchDir: '/srv/$name'}\n", status=1)
    assert list(written(bare)["Containers"]) == ["attic"]
    assert "config.yaml:5" in left(done)[0] and "$name" in left(done)[0]


def test_relative_folder_comes_over_with_a_word_of_warning(bare):
    done = run(bare, CREDENTIALS + "containers:\n  a: {size: 1G, watchDir: w}\n", status=0)
    assert "slash" in section(done.stdout, "Works differently here:")[0]
