"""setup: a first config.ptp, from a pipe and from a terminal."""

import stat

import pytest

from harness import KEY, USER, Terminal, wait_for


@pytest.fixture
def bare(make):
    return make(containers=None, PTP_USER=None, PTP_KEY=None)


def test_setup_from_a_pipe_writes_a_config_file_that_the_official_utility_can_use(bare):
    done = bare.run("setup", input=f"{USER}\n{KEY}\n", status=0)
    written = bare.configured()
    assert written == {
        "ApiUser": USER, "ApiKey": KEY, "BaseURL": "https://passthepopcorn.me",
        "FetchURL": "archive.php?action=fetch", "UpdateURL": "archive.php?action=script",
        "VersionURL": "archive.php?action=scriptver",
        "DownloadURL": "torrents.php?action=download", "FetchSleep": 5, "Containers": {},
        "Default": {"Size": "500G", "MaxStalled": 0, "AfterFetchExec": None,
                    "WatchDirectory": "/tmp/$name"}}
    assert stat.S_IMODE(bare.config.stat().st_mode) == 0o600
    assert str(bare.config) in done.stdout
    assert KEY not in done.stdout + done.stderr


def test_what_setup_wrote_works(sim, bare):
    bare.run("setup", input=f"{USER}\n{KEY}\n", status=0)
    bare.run("create", "attic", "--size", "1T", "--watch", bare.watch, status=0)
    bare.fetch(status=0)
    (request,) = sim.fetches()
    assert (request["headers"]["ApiUser"], request["headers"]["ApiKey"]) == (USER, KEY)


def test_setup_trims_what_was_pasted(bare):
    bare.run("setup", input=f"  {USER} \r\n\t{KEY}\r\n", status=0)
    assert bare.configured()["ApiKey"] == KEY


def test_setup_asks_again_for_what_is_not_of_the_right_form(bare):
    done = bare.run("setup", input=f"short\n{USER}x\n{USER}\n{KEY[:-1]}-\n{KEY}\n", status=0)
    assert done.stderr.count("Once more") == 3
    assert bare.configured()["ApiUser"] == USER


@pytest.mark.parametrize("typed", ["", f"{USER}\n", "x\nx\nx\n", f"{USER}\nx\nx\nx\n"])
def test_setup_without_good_answers_ends_with_2_and_writes_nothing(bare, typed):
    bare.run("setup", input=typed, status=2)
    assert not bare.config.exists()


def test_setup_keeps_what_the_file_has(bare):
    bare.configure(ApiUser="old", FetchSleep=20, Mine="x", Containers={"attic": {"Size": "1T"}})
    bare.run("setup", input=f"{USER}\n{KEY}\n", status=0)
    written = bare.configured()
    assert (written["ApiUser"], written["FetchSleep"], written["Mine"]) == (USER, 20, "x")
    assert written["Containers"] == {"attic": {"Size": "1T"}}


def test_setup_on_a_terminal_does_not_echo_the_key(bare):
    terminal = Terminal(bare, "setup")
    terminal.expect("ApiUser")
    assert terminal.echoes()
    terminal.type(USER + "\n")
    terminal.expect("ApiKey")
    wait_for(lambda: not terminal.echoes(), what="no echo")
    terminal.type("wrong" + KEY[5:-1] + "\n")
    terminal.expect("Once more")
    terminal.expect("ApiKey (32 letters and digits, not shown): \r\n")
    wait_for(lambda: not terminal.echoes(), what="no echo")
    terminal.type(KEY + "\n")
    terminal.expect("Wrote")
    assert terminal.echoes()
    assert terminal.finish() == 0
    assert USER in terminal.shown
    assert KEY not in terminal.shown and "wrong" not in terminal.shown
    assert bare.configured()["ApiKey"] == KEY


def test_setup_that_is_interrupted_at_the_key_leaves_the_terminal_as_it_was(bare):
    terminal = Terminal(bare, "setup")
    terminal.expect("ApiUser")
    terminal.type(USER + "\n")
    terminal.expect("ApiKey")
    wait_for(lambda: not terminal.echoes(), what="no echo")
    terminal.type("\x03")
    assert terminal.process.wait(5) == 2
    assert terminal.echoes()
    assert not bare.config.exists()
