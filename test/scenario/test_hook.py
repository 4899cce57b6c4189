"""AfterFetchExec: commands that are run after a delivery."""

import json
import os
import re
import time

import pytest

from harness import summary, wait_for

NAME = "Some.Film.1921.1080p-100001.torrent"


@pytest.fixture
def hooked(make):
    """hooked(commands): an Archiver with that AfterFetchExec; its helper `note` writes its
    arguments, one a line, into the file `noted`."""

    def new(commands, **variables):
        a = make(containers=None, **variables)
        a.noted = a.folder / "noted"
        note = a.folder / "note"
        note.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >>{a.noted}\n')
        note.chmod(0o755)
        a.config.write_text(json.dumps({"Containers": {"attic": {
            "Size": "800G", "WatchDirectory": str(a.watch),
            "AfterFetchExec": commands.replace("NOTE", str(note))}}}))
        a.config.chmod(0o600)
        return a

    return new


def noted(archiver):
    return archiver.noted.read_text().splitlines() if archiver.noted.exists() else []


def test_path_and_name_of_the_delivered_file_are_put_in(sim, hooked):
    a = hooked("NOTE $path $name prefix-$name-$name $other")
    a.fetch(status=0)
    assert noted(a) == [str(a.watch / NAME), NAME, f"prefix-{NAME}-{NAME}", "$other"]


def test_file_is_in_its_place_when_the_command_runs(sim, hooked):
    a = hooked("cp $path $path.copy")
    a.fetch(status=0)
    assert (a.watch / f"{NAME}.copy").read_bytes() == (a.watch / NAME).read_bytes()


def test_parts_are_run_one_after_the_other(sim, hooked):
    a = hooked("NOTE one && NOTE two&&NOTE   three  ")
    a.fetch(status=0)
    assert noted(a) == ["one", "two", "three"]


def test_command_is_run_after_each_delivery_and_only_then(sim, hooked):
    a = hooked("NOTE $name", PTP_PER_CYCLE="2")
    a.fetch(status=0)
    assert noted(a) == [NAME, "Some.Film.1922.1080p-100002.torrent"]
    sim.faults({"do": "json_error", "endpoint": "fetch"})
    a.fetch(status=1)
    assert len(noted(a)) == 2


def test_there_is_no_shell(sim, hooked):
    a = hooked("NOTE $HOME *;ls > stolen | cat `id` $(id) 'a b'")
    a.fetch(status=0)
    assert noted(a) == ["$HOME", "*;ls", ">", "stolen", "|", "cat", "`id`", "$(id)", "'a", "b'"]
    assert not (a.folder / "stolen").exists()


def test_name_of_a_torrent_adds_neither_words_nor_commands(sim, hooked):
    a = hooked("NOTE $name $path")
    sim.faults({"do": "filename", "endpoint": "download",
                "value": 'attachment; filename="a && touch b; $path `id`.torrent"'})
    a.fetch(status=0)
    assert noted(a) == ["a && touch b; $path `id`.torrent",
                        str(a.watch / "a && touch b; $path `id`.torrent")]


def test_output_is_in_the_log(sim, hooked):
    done = hooked("echo out of it && ls /no/such/folder").fetch(status=0)
    assert "attic: AfterFetchExec: out of it" in done.stderr
    assert "No such file" in done.stderr
    assert "out of it" not in done.stdout


@pytest.mark.parametrize("commands, reason", [
    ("false && NOTE never", "false ended with status 1"),
    ("/no/such/program $path && NOTE never", "/no/such/program"),
    ("grep x /dev/null && NOTE never", "grep ended with status 1"),
])
def test_failure_is_reported_ends_the_sequence_and_is_not_fatal(sim, hooked, commands, reason):
    a = hooked(commands)
    done = a.fetch(status=0, HC_URL=sim.ping_url)
    assert summary(done.stderr) == "attic:OK"
    (ping,) = sim.pings("success")
    assert reason in ping["body"]
    (line,) = [l for l in done.stderr.splitlines() if "WARN" in l]
    assert "AfterFetchExec" in line and reason in line
    assert noted(a) == [] and a.delivered() == [NAME]


def test_failed_command_is_not_run_again(sim, hooked):
    a = hooked("NOTE $name && false")
    a.fetch(status=0)
    a.fetch(status=0)
    assert noted(a) == [NAME, "Some.Film.1922.1080p-100002.torrent"]


def test_command_that_a_stop_cuts_off_is_not_run_again_and_that_is_said(sim, hooked):
    a = hooked("NOTE begun && sleep 60 && NOTE done")
    daemon = a.start()
    wait_for(lambda: noted(a) == ["begun"])
    status, seconds = a.stop(daemon)
    assert status == 0 and seconds < 2
    assert "cut off, and is not run again" in a.log()
    daemon = a.start()
    wait_for(lambda: "next cycle in" in a.log())
    assert a.stop(daemon)[0] == 0
    assert noted(a) == ["begun"] and [r["state"] for r in a.history()] == ["delivered"]


def test_command_has_no_input_and_none_of_our_files(sim, hooked):
    a = hooked("cat - /dev/null && sh SCRIPT", HC_URL=sim.ping_url)
    script = a.folder / "look"
    script.write_text("exec ls -l /proc/self/fd\n")
    a.config.write_text(a.config.read_text().replace("SCRIPT", str(script)))
    done = a.run("fetch", "all", status=0, input="private\n", timeout=20)
    files = re.findall(r"AfterFetchExec: l.* (\d+) -> (.*)", done.stderr)
    # 3 is the folder that ls reads.
    assert [number for number, _ in files] == ["0", "1", "2", "3"]
    assert "private" not in done.stderr


def test_command_that_takes_longer_than_five_minutes_is_ended(sim, hooked, hurry):
    a = hooked("sh -c SCRIPT && NOTE never", PTP_TIMEOUT="1h")
    script = a.folder / "slow"
    script.write_text("#!/bin/sh\necho $$ >pid\nsleep 50 & sleep 50\n")
    script.chmod(0o755)
    a.config.write_text(a.config.read_text().replace("SCRIPT", str(script)))
    begin = time.monotonic()
    done = a.fetch(status=0, **hurry(200))
    assert 300 / 200 <= time.monotonic() - begin < 10
    assert "took longer than 5 minutes and was ended" in done.stderr
    assert summary(done.stderr) == "attic:OK" and noted(a) == []
    # Nothing of it is left, also not what it started in turn.
    group = int((a.folder / "pid").read_text())
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_containers_named_in_the_environment_have_their_command_in_config_ptp(sim, make):
    a = make()
    a.config.write_text(json.dumps({
        "Default": {"AfterFetchExec": "echo by default"},
        "Containers": {"attic": {"Size": "1G", "AfterFetchExec": "echo of its own $name"}}}))
    assert f"of its own {NAME}" in a.fetch(status=0).stderr
