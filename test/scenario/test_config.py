"""Configuration: where a value comes from, config.ptp, and what is said about mistakes."""

import json
import re
import stat

import pytest

from harness import CHECK, KEY, USER, free_port

OTHER_USER, THIRD_USER = "other67890123456", "third67890123456"
OTHER_KEY, THIRD_KEY = "OTHER678901234567890123456789012", "THIRD678901234567890123456789012"


def secret_file(archiver, name, text):
    path = archiver.folder / f"secret-{name}"
    path.write_text(text)
    return path


def shown(archiver, label, *options, **variables):
    """What `check` shows beside a label."""
    said = archiver.run(*options, "check", **variables).stdout
    return re.search(rf"^{label} +(.*)$", said, re.MULTILINE).group(1)


# ---- precedence ----

@pytest.mark.parametrize("variable, key, label, from_environment, from_file, default", [
    ("PTP_INTERVAL", "Interval", "Interval", "90m", "2d", "6h"),
    ("PTP_FETCH_SLEEP", "FetchSleep", "Between fetches", ("33", "33 s"), (12, "12 s"), "5 s"),
    ("PTP_PER_CYCLE", "PerCycle", "PerCycle", "3", (2, "2"), "1"),
    ("UMASK", "Umask", "Umask", "022", "027", "007")])
def test_the_environment_goes_before_config_ptp_and_that_before_the_default(
        archiver, variable, key, label, from_environment, from_file, default):
    set_to, shows_set = from_environment if isinstance(from_environment, tuple) else \
        (from_environment,) * 2
    filed_as, shows_filed = from_file if isinstance(from_file, tuple) else (from_file,) * 2
    archiver.set(**{variable: None})
    assert shown(archiver, label) == default
    archiver.configure(**{key: filed_as})
    assert shown(archiver, label) == shows_filed
    assert shown(archiver, label, **{variable: set_to}) == shows_set
    assert shown(archiver, label, **{variable: ""}) == shows_filed, "empty counts as not set"


@pytest.mark.parametrize("text, shows", [("90s", "90s"), ("120s", "2m"), ("1m", "1m"),
                                         ("24h", "1d"), ("7d", "7d")])
def test_the_interval_takes_the_units_s_m_h_d(archiver, text, shows):
    assert shown(archiver, "Interval", PTP_INTERVAL=text) == shows


def test_the_base_url_comes_from_the_environment_then_config_ptp_then_is_the_trackers(make):
    a = make(PTP_BASE_URL=None)
    assert shown(a, "BaseURL") == "https://passthepopcorn.me"
    a.configure(BaseURL="https://file.example")
    assert shown(a, "BaseURL") == "https://file.example"
    assert shown(a, "BaseURL", PTP_BASE_URL="https://set.example") == "https://set.example"


def test_the_ca_file_comes_from_the_environment_then_config_ptp(archiver, authority):
    other = archiver.folder / "other.pem"
    other.write_bytes(authority.certificate.read_bytes())
    archiver.configure(CAFile=str(other))
    assert shown(archiver, "CAFile") == str(other)
    assert shown(archiver, "CAFile", PTP_CA_FILE=authority.certificate) == \
        str(authority.certificate)


def test_user_and_key_come_from_the_secret_file_then_the_environment_then_config_ptp(
        sim, archiver):
    archiver.configure(ApiUser=THIRD_USER, ApiKey=THIRD_KEY)
    files = {"PTP_USER_FILE": secret_file(archiver, "user", f"\n {OTHER_USER}\t\r\n"),
             "PTP_KEY_FILE": secret_file(archiver, "key", OTHER_KEY)}

    def sent(**variables):
        archiver.fetch(status=0, **variables)
        headers = sim.fetches()[-1]["headers"]
        return headers["ApiUser"], headers["ApiKey"]

    assert sent(**files) == (OTHER_USER, OTHER_KEY)
    assert sent() == (USER, KEY)
    archiver.configure(ApiUser=THIRD_USER, ApiKey=THIRD_KEY)
    archiver.set(PTP_USER=None, PTP_KEY=None)
    assert sent() == (THIRD_USER, THIRD_KEY)


BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


def test_a_byte_order_mark_that_an_editor_put_before_a_text_does_not_count(sim, archiver):
    files = {name: secret_file(archiver, name, BOM + value + "\r\n") for name, value in (
        ("PTP_USER_FILE", OTHER_USER), ("PTP_KEY_FILE", OTHER_KEY),
        ("HC_URL_FILE", f"{sim.url}/ping/{CHECK}"), ("PTP_NOTIFY_FILE", "webhook+https://a.test/"),
        ("url", "webhook+https://b.test/"))}
    archiver.set(PTP_CONTAINERS=None, PTP_USER=None, PTP_KEY=None)
    archiver.configure(Containers={"attic": {"Size": "1T", "WatchDirectory": str(archiver.watch)}},
                       Other="kept", Notify=[{"URLFile": str(files.pop("url"))}])
    archiver.config.write_text(BOM + archiver.config.read_text())
    assert archiver.run("notify", status=0).stdout.startswith("webhook 1 (b.test)")
    archiver.set(**files)
    assert archiver.run("notify", status=0).stdout.startswith("webhook 1 (a.test)")
    archiver.fetch(status=0)
    headers = sim.fetches()[-1]["headers"]
    assert (headers["ApiUser"], headers["ApiKey"]) == (OTHER_USER, OTHER_KEY)
    assert sim.pings("success")
    # What is written is without it.
    archiver.config.write_text(BOM + archiver.config.read_text())
    archiver.run("resize", "attic", "2T", status=0)
    written = archiver.configured()
    assert (written["Containers"]["attic"]["Size"], written["Other"]) == ("2T", "kept")
    archiver.set(**{name: secret_file(archiver, "bom", BOM) for name in ("PTP_USER_FILE",)})
    assert "is empty" in archiver.run("list", status=2).stderr


def test_the_ping_url_comes_from_the_secret_file_then_the_environment_then_config_ptp(
        sim, archiver):
    def url(n):
        return f"{sim.url}/ping/{CHECK[:-1]}{n}"

    archiver.configure(HealthchecksURL=url(3))
    path = secret_file(archiver, "hc", url(1) + "\n")
    archiver.fetch(status=0, HC_URL=url(2), HC_URL_FILE=path)
    archiver.fetch(status=0, HC_URL=url(2))
    archiver.fetch(status=0)
    assert [p["check"][-1] for p in sim.pings("success")] == ["1", "2", "3"]


def test_max_stalled_comes_from_the_environment_then_the_container_then_default(sim, make):
    a = make(containers=None, PTP_WATCH=None)
    one = {"Size": "1T", "WatchDirectory": str(a.watch)}
    a.configure(Default={"MaxStalled": 3}, Containers={"a": {**one, "MaxStalled": 2}, "b": one})

    def sent(**variables):
        a.fetch(status=0, **variables)
        return [r["query"]["MaxStalled"] for r in sim.fetches()[-2:]]

    assert sent() == ["2", "3"]
    assert sent(PTP_MAX_STALLED=5) == ["5", "5"]
    a.configure(Containers={"a": one, "b": one})
    assert sent() == ["0", "0"]


def test_the_log_level_comes_from_the_option_then_the_environment_then_config_ptp(archiver):
    def is_quiet(*options, **variables):
        return "INFO" not in archiver.run(*options, "fetch", "all", **variables).stderr

    assert not is_quiet()
    archiver.configure(LogLevel="error")
    assert is_quiet()
    archiver.configure(LogLevel="error")
    assert not is_quiet(LOG_LEVEL="info")
    assert is_quiet("--log-level", "warn", LOG_LEVEL="info")


def test_the_log_format_comes_from_the_option_then_the_environment_then_config_ptp(archiver):
    def is_json(*options, **variables):
        return archiver.run(*options, "fetch", "all", **variables).stderr.startswith("{")

    assert not is_json()
    archiver.configure(LogFormat="json")
    assert is_json()
    archiver.configure(LogFormat="json")
    assert not is_json(LOG_FORMAT="text")
    assert is_json("--log-format", "json", LOG_FORMAT="text")


def test_the_watch_directory_of_containers_so_named_is_watch_unless_it_is_set(make):
    a = make("attic:1T", PTP_WATCH=None)
    a.configure(Containers={"attic": {"Size": "9T", "WatchDirectory": "/filed"}})
    assert a.run("list").stdout == "Containers:\n\tattic (1T): /watch\n"
    assert a.run("list", PTP_WATCH="/w/$name").stdout == "Containers:\n\tattic (1T): /w/attic\n"
    a.set(PTP_CONTAINERS=None)
    assert a.run("list", PTP_WATCH="/w").stdout == "Containers:\n\tattic (9T): /filed\n"


def test_config_ptp_is_found_by_option_then_environment_then_here_then_in_xdg_config_home(make):
    a = make(containers=None, PTP_CONFIG=None)

    def named(path, name):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"Containers": {name: {"Size": "1T", "WatchDirectory": "/w"}}}))
        return path

    def listed(*options, **variables):
        return re.findall(r"\t(\w+)", a.run(*options, "list", status=0, **variables).stdout)

    assert listed() == []
    named(a.folder / ".config" / "ptp-archiver" / "config.ptp", "home")
    assert listed() == ["home"]
    xdg = a.folder / "xdg"
    named(xdg / "ptp-archiver" / "config.ptp", "xdg")
    assert listed(XDG_CONFIG_HOME=xdg) == ["xdg"]
    named(a.folder / "config.ptp", "here")
    assert listed(XDG_CONFIG_HOME=xdg) == ["here"]
    set_to = named(a.folder / "set.ptp", "set")
    assert listed(PTP_CONFIG=set_to) == ["set"]
    given = named(a.folder / "given.ptp", "given")
    assert listed("--config", str(given), PTP_CONFIG=set_to) == ["given"]


def test_the_state_is_beside_config_ptp_unless_told_otherwise(archiver):
    archiver.fetch(status=0)
    assert (archiver.folder / "state" / "ledger.db").exists()
    # Without what belongs to the first ledger.
    archiver.config.unlink()
    archiver.fetch(status=0, PTP_STATE="set", PTP_WATCH=archiver.folder / "watch-set")
    assert (archiver.folder / "set" / "ledger.db").exists()
    archiver.config.unlink()
    archiver.run("--state", "given", "fetch", "all", status=0, PTP_STATE="set2",
                 PTP_WATCH=archiver.folder / "watch-given")
    assert (archiver.folder / "given" / "ledger.db").exists()
    assert not (archiver.folder / "set2").exists()


# ---- config.ptp, written anew ----

def as_python_writes(value):
    return json.dumps(value, indent=2, sort_keys=True) + "\n"


def test_ptp_containers_writes_config_ptp_as_the_utility_would(archiver):
    archiver.set(PTP_CONTAINERS="hetzner:5T, attic:800G,", PTP_WATCH="/w/$name")
    archiver.fetch()
    written = archiver.configured()
    assert archiver.config.read_text() == as_python_writes(written)
    assert stat.S_IMODE(archiver.config.stat().st_mode) == 0o600
    assert (written["ApiUser"], written["ApiKey"]) == (USER, KEY)
    assert written["FetchURL"] == "archive.php?action=fetch"
    assert sorted(written["Containers"]) == ["attic", "hetzner"]
    attic = written["Containers"]["attic"]
    assert (attic["Size"], attic["WatchDirectory"], attic["MaxStalled"]) == ("800G", "/w/attic", 0)


@pytest.mark.parametrize("text, number", [("0", 0), ("15", 15), ("0.25", 0.25)])
def test_fetch_sleep_is_written_as_a_number_for_the_utility_sleeps_so_long(
        archiver, text, number):
    archiver.fetch(PTP_FETCH_SLEEP=text)
    assert archiver.configured()["FetchSleep"] == number


def test_the_utility_and_the_program_use_the_same_file_in_turn(sim, archiver):
    archiver.fetch(status=0)
    # What the utility does at the end of every command.
    config = archiver.configured()
    config["Containers"]["attic"]["Size"] = "900G"
    archiver.config.write_text(json.dumps(config, indent=2, sort_keys=True))
    archiver.set(PTP_CONTAINERS=None, PTP_USER=None, PTP_KEY=None, PTP_BASE_URL=None,
                 PTP_WATCH=None)
    archiver.fetch(status=0)
    assert [r["query"]["ContainerSize"] for r in sim.fetches()] == ["800G", "900G"]
    assert archiver.configured() == config


def test_names_beyond_ascii_come_through_config_ptp(sim, archiver):
    archiver.set(PTP_CONTAINERS="Ünï \u200b日本:1.5T")
    archiver.fetch(status=0)
    assert list(archiver.configured()["Containers"]) == ["Ünï \u200b日本"]
    archiver.set(PTP_CONTAINERS=None)
    archiver.fetch(status=0)
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["Ünï \u200b日本"] * 2


def test_config_ptp_keeps_container_ids_and_unknown_keys_and_drops_other_containers(
        sim, archiver):
    archiver.configure(
        Unknown=[1, {"x": None}], Default={"Mine": 1, "Size": "1G"},
        Containers={"attic": {"Size": "1G", "ContainerID": 4711, "Colour": "blue",
                              "AfterFetchExec": None},
                    "gone": {"Size": "1T", "ContainerID": 3}})
    sim.faults({"endpoint": "fetch", "do": "status", "status": 503})
    archiver.fetch(status=1)
    written = archiver.configured()
    assert written["Unknown"] == [1, {"x": None}]
    assert written["Default"]["Mine"] == 1
    assert list(written["Containers"]) == ["attic"]
    attic = written["Containers"]["attic"]
    assert (attic["ContainerID"], attic["Colour"], attic["Size"]) == (4711, "blue", "800G")


def test_the_container_id_is_kept_once_the_tracker_has_told_it(sim, archiver):
    archiver.fetch(status=0)
    (container,) = sim.state()["containers"]
    assert archiver.configured()["Containers"]["attic"]["ContainerID"] == container["id"]


def test_the_container_id_is_kept_in_a_config_ptp_that_names_the_containers(sim, archiver):
    archiver.set(PTP_CONTAINERS=None)
    archiver.configure(Containers={"attic": {"Size": "1T", "WatchDirectory": str(archiver.watch)}})
    archiver.fetch(status=0)
    (container,) = sim.state()["containers"]
    written = archiver.configured()
    assert len(written.pop("LedgerID")) == 32
    assert written == {"Containers": {"attic": {
        "Size": "1T", "WatchDirectory": str(archiver.watch), "ContainerID": container["id"]}}}


@pytest.mark.parametrize("command", ["list", "check", "status", "history"])
def test_commands_that_only_look_do_not_write_config_ptp(archiver, command):
    archiver.run(command, status=0)
    assert not archiver.config.exists()
    archiver.configure(Containers={"gone": {"Size": "1T"}})
    before = archiver.config.read_bytes()
    archiver.run(command, status=0)
    assert archiver.config.read_bytes() == before


def test_run_writes_config_ptp_on_every_start(archiver):
    for containers in ("attic:800G", "attic:1T,new:2T"):
        process = archiver.start(PTP_CONTAINERS=containers)
        while "keeps" not in archiver.log():
            assert process.poll() is None
        assert archiver.stop(process)[0] == 0
        sizes = {n: c["Size"] for n, c in archiver.configured()["Containers"].items()}
        assert sizes == dict(one.split(":") for one in containers.split(","))


def test_a_config_ptp_that_cannot_be_written_is_no_reason_not_to_work(archiver):
    archiver.set(PTP_CONFIG="/proc/none/config.ptp", PTP_STATE=archiver.state)
    assert "config.ptp could not be written" in archiver.fetch(status=0).stderr
    assert len(archiver.delivered()) == 1


# ---- problems ----

def problems(archiver, *options, command="list", **variables):
    done = archiver.run(*options, command, status=2, **variables)
    if command == "check":
        assert done.stderr == ""
        return "".join(f"{said}: {fix}\n" for said, fix in re.findall(
            r"^FAIL  configuration: (.*)\n      fix: (.*)$", done.stdout, re.M))
    assert done.stdout == ""
    return done.stderr


def one_problem(archiver, *words, **keys):
    """Exactly one line, with these words."""
    said = problems(archiver, **keys)
    assert len(said.splitlines()) == 1, said
    for word in words:
        assert word in said, said
    return said


def test_all_problems_are_reported_together_each_with_its_source(archiver):
    archiver.config.write_text('{\n  "FetchSleep": "soon",\n  "ApiKeyy": "x",\n'
                               '  "LogLevel": "loud"\n}\n')
    said = problems(archiver, command="check", PTP_CONTAINERS="a:500,b:5TB,:1T,c:1T,c:2T",
                    PTP_INTERVAL="often", PTP_USER="short", PTP_KEY_FILE="/none", UMASK="9",
                    PTP_FETCH_SLEEP="", PTP_BASE_URL="http://tracker.example", HC_URL="x")
    path = re.escape(str(archiver.config))
    for source in (rf"{path}:2: FetchSleep ", rf"{path}:3: ApiKeyy ", rf"{path}:4: LogLevel ",
                   'PTP_CONTAINERS: "500" ', 'PTP_CONTAINERS: "5TB" ',
                   "PTP_CONTAINERS: the container name", 'PTP_CONTAINERS: the container "c"',
                   "PTP_INTERVAL ", "PTP_USER ", "PTP_KEY_FILE names", "UMASK ", "PTP_BASE_URL ",
                   "HC_URL "):
        assert re.search(source, said), (source, said)
    assert len(said.splitlines()) == 13, said


@pytest.mark.parametrize("variable, key", [("PTP_USER", "ApiUser"), ("PTP_KEY", "ApiKey")])
def test_a_missing_credential_is_named_with_a_way_out(archiver, variable, key):
    archiver.set(**{variable: None})
    one_problem(archiver, key, variable, f"{variable}_FILE", "ptp-archiver setup", command="check")


def test_missing_credentials_are_reported_along_with_other_problems(archiver):
    archiver.set(PTP_USER=None, PTP_KEY=None)
    said = problems(archiver, command="check", PTP_CONTAINERS="a:500")
    assert "no ApiUser" in said and "no ApiKey" in said and '"500"' in said


def test_commands_that_need_no_credentials_do_without_them(archiver):
    archiver.set(PTP_USER=None, PTP_KEY=None)
    for command in ("list", "status", "history"):
        archiver.run(command, status=0)


@pytest.mark.parametrize("size, guess", [("500", "500G"), ("5TB", "5T"), ("5t", "5T"),
                                         ("1.5TiB", "1.5T"), ("0G", None), ("-1G", None),
                                         ("", None), ("lots", None), ("1e3G", None)])
def test_a_size_that_is_none_is_told_with_what_may_be_meant(archiver, size, guess):
    said = one_problem(archiver, f'PTP_CONTAINERS: "{size}" is not a size', "such as 500G",
                       PTP_CONTAINERS=f"attic:{size}")
    assert ("did you mean" in said) == (guess is not None)
    if guess:
        assert f"did you mean {guess}?" in said


def test_a_size_in_config_ptp_is_told_with_file_line_and_container(make):
    a = make(containers=None)
    a.config.write_text('{\n "Containers": {\n  "ok": {"Size": "1T"},\n  "attic": {\n'
                        '   "WatchDirectory": "/w",\n   "Size": "5TB"\n  }\n }\n}\n')
    one_problem(a, f"{a.config}:6: Containers: attic: Size", "did you mean 5T?")


def test_an_entry_without_a_size_is_told(archiver):
    one_problem(archiver, 'PTP_CONTAINERS: "attic" has no size', "attic:800G",
                PTP_CONTAINERS="attic")


def test_a_duplicate_is_told(archiver):
    one_problem(archiver, 'PTP_CONTAINERS: the container "a" is named twice',
                PTP_CONTAINERS="a:1T,b:1T,a:2T")


def test_a_duplicate_key_in_config_ptp_is_told(archiver):
    archiver.config.write_text('{"FetchSleep": 5,\n "FetchSleep": 6}\n')
    one_problem(archiver, f"{archiver.config}:2: ", "twice")


@pytest.mark.parametrize("name, word", [
    ("", "is empty"), (" ", "is empty"), ("x" * 41, "longer than 40"),
    ("é" * 41, "longer than 40"),
    ("a\tb", "control character"), ("a\nb", "control character"), ("a\x7f", "control character")])
def test_a_name_that_cannot_be_one_is_told(archiver, name, word):
    said = one_problem(archiver, "PTP_CONTAINERS: the container name", word,
                       PTP_CONTAINERS=f"{name}:1T")
    assert not set(said.rstrip("\n")) & {"\t", "\n", "\x7f"}


def test_a_name_of_40_characters_is_one(archiver):
    archiver.run("list", status=0, PTP_CONTAINERS=f"{'é' * 40}:1T")


def test_a_bad_name_in_config_ptp_is_told_with_its_line(make):
    a = make(containers=None)
    a.config.write_text('{"Containers": {\n"%s": {"Size": "1T"}}}\n' % ("y" * 41))
    one_problem(a, f"{a.config}:2: Containers", "longer than 40")


@pytest.mark.parametrize("key, meant", [("ApiUsr", "ApiUser"), ("Fetchsleep", "FetchSleep"),
                                        ("Container", "Containers"), ("LogLevle", "LogLevel")])
def test_a_misspelt_key_is_told_with_a_suggestion(archiver, key, meant):
    archiver.config.write_text('{\n\n"%s": 5}\n' % key)
    one_problem(archiver, f"{archiver.config}:3: {key} is not known", f"did you mean {meant}?")


def test_a_misspelt_key_of_a_container_is_told_with_a_suggestion(archiver):
    archiver.set(PTP_CONTAINERS=None)
    archiver.config.write_text('{"Containers": {"attic": {"Size": "1T",\n"WatchDirectry": "/w"}}}')
    one_problem(archiver, f"{archiver.config}:2: Containers: attic: WatchDirectry",
                "did you mean WatchDirectory?")


def test_a_key_that_is_unlike_any_other_is_somebody_elses(archiver):
    archiver.configure(SomethingElse=1)
    archiver.run("list", status=0)


def test_an_unreadable_secret_file_is_told(archiver):
    one_problem(archiver, "PTP_KEY_FILE names a file", "/none/key", PTP_KEY_FILE="/none/key")
    one_problem(archiver, "PTP_KEY_FILE names a file", str(archiver.watch), PTP_KEY_FILE=archiver.watch)
    empty = secret_file(archiver, "empty", " \n")
    one_problem(archiver, "PTP_USER_FILE names a file that is empty", "empty", PTP_USER_FILE=empty)


@pytest.mark.parametrize("text, line", [('{\n"FetchSleep": 5,\n}', 3), ("", 1), ('{"a": 1', 1),
                                        ('{\n"a": tru}', 2)])
def test_json_that_does_not_parse_is_told_with_its_line(archiver, text, line):
    archiver.config.write_text(text)
    one_problem(archiver, f"{archiver.config}:{line}: not valid JSON", "ptp-archiver setup")


@pytest.mark.parametrize("text", ["[]", '"x"', "5"])
def test_json_that_is_no_object_is_told(archiver, text):
    archiver.config.write_text(text)
    one_problem(archiver, str(archiver.config), "must begin with {" if text == "[]" else "JSON")


@pytest.mark.parametrize("containers", [[], "x", 5])
def test_containers_that_are_no_object_are_told(make, containers):
    a = make(containers=None)
    a.configure(Containers=containers)
    one_problem(a, f"{a.config}:2: Containers is not an object")


@pytest.mark.parametrize("variable, value", [
    ("PTP_INTERVAL", "0h"), ("PTP_INTERVAL", "6"), ("PTP_INTERVAL", "400d"),
    ("PTP_FETCH_SLEEP", "-1"), ("PTP_FETCH_SLEEP", "nan"), ("PTP_PER_CYCLE", "0"),
    ("PTP_PER_CYCLE", "1.5"), ("PTP_MAX_STALLED", "x"), ("PTP_CA_FILE", "/none.pem"),
    ("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml"), ("UMASK", "888"), ("PTP_BASE_URL", "tracker"),
    ("HC_URL", "hc-ping.com/abc")])
def test_a_value_that_cannot_be_is_told_with_its_variable(archiver, variable, value):
    one_problem(archiver, variable, **{variable: value})


def test_an_option_that_cannot_be_is_told(archiver):
    assert "--log-level" in archiver.run("--log-level", "loud", "list", status=2).stderr


def test_an_interval_that_would_be_impolite_to_the_tracker_is_refused(make):
    a = make(PTP_BASE_URL=None)
    one_problem(a, "PTP_INTERVAL", "10m", PTP_INTERVAL="9m")
    a.run("list", status=0, PTP_INTERVAL="10m")


def test_problems_never_show_a_secret(archiver):
    key, user = KEY + "X", USER + "X"
    url = f"https://hc ping.com/{CHECK}"
    archiver.config.write_text('{"ApiKey": "%s",\n "ApiUser": ["%s"]}' % (OTHER_KEY, OTHER_USER))
    said = problems(archiver, command="check", PTP_KEY=key, PTP_USER=user, HC_URL=url)
    path = secret_file(archiver, "key", key)
    said += problems(archiver, command="check", PTP_KEY_FILE=path)
    archiver.set(PTP_KEY=None, PTP_USER=None)
    archiver.config.write_text('{"ApiKey": "%s",\n "ApiUser": "%s"}' % (key, user))
    said += problems(archiver, command="check")
    archiver.config.write_text('{"ApiKey": %s,\n "ApiUser": "%s" }' % (key, user))
    said += problems(archiver, command="check")
    for secret in (KEY, USER, CHECK, OTHER_KEY, OTHER_USER):
        assert secret not in said


# ---- no containers, plain http ----

@pytest.mark.parametrize("variables", [{}, {"PTP_CONTAINERS": ""}])
def test_run_without_containers_pings_fail_and_ends_with_2(sim, make, variables):
    a = make(containers=None, HC_URL=sim.ping_url, **variables)
    done = a.run("run", status=2)
    assert [(p["kind"], p["body"]) for p in sim.pings()] == \
        [("fail", "ERROR: PTP_CONTAINERS not defined")]
    assert "PTP_CONTAINERS" in done.stderr and "ptp-archiver create" in done.stderr
    assert sim.fetches() == []


def test_fetch_without_containers_ends_with_2_and_pings_nobody(sim, make):
    a = make(containers=None, HC_URL=sim.ping_url)
    a.fetch(status=2)
    assert sim.pings() == []


@pytest.mark.parametrize("host", ["tracker.example", "192.0.2.1", "127.0.0.1.example",
                                  "localhost.example", "[2001:db8::1]", "0.0.0.0"])
def test_plain_http_is_refused_unless_its_host_is_on_loopback(archiver, host):
    one_problem(archiver, "PTP_BASE_URL", "plain http", "https://",
                PTP_BASE_URL=f"http://{host}:{free_port()}")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "[::1]"])
def test_plain_http_is_taken_on_loopback(archiver, host):
    archiver.run("list", status=0, PTP_BASE_URL=f"http://{host}:1234")


def test_plain_http_in_config_ptp_is_refused_with_its_line(make):
    a = make(PTP_BASE_URL=None)
    a.configure(BaseURL="http://tracker.example")
    one_problem(a, f"{a.config}:2: BaseURL", "plain http")
