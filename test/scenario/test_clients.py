"""Delivery through a client's own interface: a double of qBittorrent, and the simulated tracker."""

import http.server
import json
import os
import pathlib
import re
import signal
import sys
import threading
import time

import pytest

from harness import KEY, summary, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))

from qbittorrent_double import QBittorrentDouble   # noqa: E402

GIGABYTE = 1 << 30


@pytest.fixture
def using(make, box):
    """using(KEY=..., VARIABLE=...): an Archiver whose containers go to the client."""

    def new(client=None, containers="attic:800G", default=None, **variables):
        archiver = make(containers, **{"PTP_CLIENT": "box", **variables})
        (archiver.folder / "word").write_text(box.password + "\n")
        about = {"Type": "qbittorrent", "URL": box.url, "Username": box.user,
                 "PasswordFile": str(archiver.folder / "word"), **(client or {})}
        archiver.configure(Clients={"box": {k: v for k, v in about.items() if v is not None}},
                           Default=default or {})
        return archiver

    return new


def stall(box, n, category="", state="stalledDL"):
    """Puts downloads into the client that are none of ours."""
    for i in range(len(box.torrents), len(box.torrents) + n):
        box.torrents[f"{i:040x}"] = {
            "hash": f"{i:040x}", "name": str(i), "state": state, "progress": 0.5,
            "amount_left": 5, "size": 10, "total_size": 10, "dlspeed": 0, "tracker": "",
            "category": category, "tags": "", "save_path": "/x", "last_activity": 1}


# ---- delivery ----

def test_a_torrent_is_handed_to_the_client_as_the_container_says(sim, box, using):
    a = using(default={"Category": "rel", "Tags": ["x", "y z"], "SavePath": "/data/rel",
                       "Paused": True})
    done = a.fetch(status=0)
    assert done.stdout == 'New download handed to the client "box"\n'
    (torrent,) = box.torrents.values()
    assert (torrent["category"], torrent["tags"]) == ("rel", "x, y z")
    assert (torrent["save_path"], torrent["state"]) == ("/data/rel", "stoppedDL")
    (row,) = a.history()
    assert (row["state"], row["client"], row["infohash"]) == ("delivered", "box", torrent["hash"])
    assert not list(a.watch.iterdir())
    assert box.password not in done.stderr and str(box.port) not in json.dumps(row)


def test_variables_say_it_for_all_containers(sim, box, using):
    a = using(PTP_CATEGORY="rel", PTP_TAGS="x", PTP_SAVE_PATH="/data", PTP_PAUSED="yes",
              containers="attic:1T,cellar:1T")
    a.fetch(status=0)
    assert [(t["category"], t["tags"], t["save_path"], t["state"]) for t in
            box.torrents.values()] == 2 * [("rel", "x", "/data", "stoppedDL")]


def test_what_the_client_has_already_is_delivered_and_stays_as_it_is(sim, box, using):
    a = using()
    a.fetch(status=0)
    (torrent,) = box.torrents.values()
    torrent["category"] = "by hand"
    a.ledger("UPDATE assignment SET state = 2")
    a.fetch(status=0)
    assert len(box.torrents) == 1 and box.adds == 1
    assert torrent["category"] == "by hand"
    assert a.history()[0]["state"] == "delivered"


def test_containers_may_have_different_clients(sim, tmp_path, box, using):
    other = QBittorrentDouble(tmp_path / "other", "5.3")
    other.launch()
    a = using(containers=None)
    config = a.configured()
    config["Clients"]["second"] = {"Type": "qbittorrent", "URL": other.url, "Username": "bob",
                                   "Password": other.password}
    config["Clients"]["folder"] = {"Type": "watch", "WatchDirectory": str(a.watch / "$name")}
    a.set(PTP_CLIENT=None)
    a.configure(**config, Containers={
        "one": {"Size": "1T", "Client": "box"}, "two": {"Size": "1T", "Client": "second"},
        "three": {"Size": "1T", "Client": "folder"}})
    a.watch.mkdir(exist_ok=True)
    a.fetch(status=0)
    assert len(box.torrents) == len(other.torrents) == 1
    assert len(list((a.watch / "three").glob("*.torrent"))) == 1
    other.stop()


def test_what_was_delivered_is_told_to_the_hook_by_its_kept_copy(sim, box, using):
    a = using(default={"AfterFetchExec": "cp $path copied"})
    a.fetch(status=0)
    assert (a.folder / "copied").read_bytes().startswith(b"d")


# ---- a client that is away ----

def test_a_client_that_is_away_costs_nothing(sim, box, using):
    box.stop()
    a = using(HC_URL=sim.ping_url)
    done = a.fetch(status=1)
    assert summary(done.stderr) == "attic:WAIT(Client)"
    assert "1 torrent waits for box" in a.container()["detail"]
    (row,) = a.history()
    assert row["state"] == "fetched"
    assert sim.pings("fail")
    box.launch()
    assert summary(a.fetch(status=0).stderr) == "attic:OK"
    assert len(box.torrents) == 1 and len(sim.fetches()) == 1


def test_no_more_than_max_pending_wait_for_a_client(sim, box, using):
    box.stop()
    a = using()
    for expected in (1, 2, 3, 3, 3):
        assert summary(a.fetch(status=1).stderr) == "attic:WAIT(Client)"
        assert len(sim.fetches()) == expected
    assert "3 torrents wait for box, more than MaxPending (2)" in a.container()["detail"]
    box.launch()
    a.fetch(status=0)
    assert len(box.torrents) == 3 and len(sim.fetches()) == 3


def test_the_others_go_on_while_a_client_is_away(sim, box, using):
    box.stop()
    a = using(containers="attic:1T,cellar:1T")
    config = a.configured()
    config["Clients"]["folder"] = {"Type": "watch", "WatchDirectory": str(a.watch)}
    a.configure(**{**config, "Containers": {"cellar": {"Client": "folder"}}})
    a.set(PTP_CLIENT=None)
    config = a.configured()
    config["Containers"]["attic"] = {"Client": "box"}
    a.configure(**config)
    assert summary(a.fetch(status=1).stderr) == "attic:WAIT(Client), cellar:OK"


def test_a_client_that_is_away_is_called_once_in_a_cycle(sim, box, using):
    a = using(containers="a:1T,b:1T,c:1T", client={"URL": box.url + "/nowhere"})
    (a.folder / "count").write_text("")
    a.fetch(status=1)
    calls = []
    api = box.server.RequestHandlerClass
    answer = api.answer
    api.answer = lambda self, *rest: (calls.append(self.path), answer(self, *rest))[1]
    assert summary(a.fetch(status=1).stderr) == \
        "a:WAIT(Client), b:WAIT(Client), c:WAIT(Client)"
    assert len(calls) == 1


def test_the_daemon_delivers_when_the_client_is_back_and_asks_for_nothing_more(sim, box, using,
                                                                                hurry):
    box.stop()
    a = using(PTP_INTERVAL="6h")
    a.start(**hurry(60))
    wait_for(lambda: a.history() and a.history()[0]["state"] == "fetched")
    box.launch()
    wait_for(lambda: len(box.torrents) == 1, 30)
    wait_for(lambda: a.container()["outcome"] == "OK")
    assert len(sim.fetches()) == 1
    assert len(re.findall("resuming what was left undone", a.log())) < 20


def test_a_client_that_must_be_asked_and_is_away_holds_the_question_back(sim, box, using):
    box.stop()
    a = using(PTP_MAX_STALLED="3")
    assert summary(a.fetch(status=1).stderr) == "attic:WAIT(Client)"
    assert not sim.fetches()


def test_killed_between_adding_and_recording_it_is_not_added_twice(sim, box, using):
    a = using()
    a.fetch(status=0)
    a.ledger("UPDATE assignment SET state = 3, path = 'box'")
    a.fetch(status=0)
    assert len(box.torrents) == 1 and box.adds == 1


# ---- credentials ----

def test_a_wrong_password_is_tried_once_whoever_comes_again(sim, box, using):
    a = using(client={"PasswordFile": None, "Password": "wrong"})
    for _ in range(8):
        assert summary(a.fetch(status=1).stderr) == "attic:WAIT(Client)"
    assert box.login_count() == (0, 1)
    assert not sim.fetches()
    a.fetch("--force", "all", status=1)
    assert box.login_count() == (0, 2)
    config = a.configured()
    config["Clients"]["box"]["Password"] = box.password
    a.configure(**config)
    a.fetch(status=0)
    assert len(box.torrents) == 1


def test_check_does_not_guess_either(sim, box, using):
    a = using(client={"PasswordFile": None, "Password": "wrong"})
    for _ in range(6):
        a.run("check", "--online", status=1)
    a.fetch(status=1)
    config = a.configured()
    config["Clients"]["renamed"] = config["Clients"].pop("box")
    a.configure(**config)
    a.set(PTP_CLIENT="renamed")
    a.fetch(status=1)
    assert box.login_count() == (0, 1)


def test_a_reload_tries_a_password_again(sim, box, using):
    a = using(client={"PasswordFile": None, "Password": "changed"}, PTP_INTERVAL="1s")
    process = a.start()
    wait_for(lambda: len(re.findall(r"cycle ended", a.log())) > 2)
    assert box.login_count() == (0, 1)
    box.password = "changed"
    process.send_signal(1)
    wait_for(lambda: box.torrents)
    assert box.login_count() == (1, 1)


def test_no_secret_of_a_client_is_shown(sim, box, using):
    a = using(client={"ProxyUsername": "px", "ProxyPassword": "pr0xyw0rd"}, LOG_LEVEL="debug")
    a.fetch()
    shown = ""
    for command in (["check"], ["check", "--online"], ["status"], ["history"], ["audit"],
                    ["list"]):
        done = a.run(*command)
        shown += done.stdout + done.stderr
    assert box.password not in shown and "pr0xyw0rd" not in shown and KEY not in shown


# ---- guards ----

def test_stalled_downloads_hold_the_container_back_and_pass_by_themselves(sim, box, using):
    a = using(PTP_MAX_STALLED="2", PTP_CATEGORY="rel", HC_URL=sim.ping_url)
    stall(box, 2, "rel")
    stall(box, 2, "rel", "queuedDL")
    assert summary(a.fetch(status=0).stderr) == "attic:WAIT(Stalled)"
    assert not sim.fetches() and sim.pings("success")
    assert "2 downloads are stalled in box (MaxStalled 2)" in a.container()["detail"]
    next(iter(box.torrents.values()))["state"] = "uploading"
    assert summary(a.fetch(status=0).stderr) == "attic:OK"


def test_a_download_in_error_counts_as_stalled(sim, box, using):
    a = using(PTP_MAX_STALLED="1", PTP_CATEGORY="rel")
    stall(box, 1, "rel", "missingFiles")
    assert summary(a.fetch(status=0).stderr) == "attic:WAIT(Stalled)"


def test_stalled_downloads_of_others_do_not_count(sim, box, using):
    a = using(PTP_MAX_STALLED="2", PTP_CATEGORY="rel")
    stall(box, 5, "other")
    assert summary(a.fetch(status=0).stderr) == "attic:OK"


def test_incomplete_downloads_hold_the_container_back(sim, box, using):
    a = using(PTP_MAX_ACTIVE="3", PTP_CATEGORY="rel")
    stall(box, 3, "rel", "downloading")
    assert summary(a.fetch(status=0).stderr) == "attic:WAIT(Backlog)"
    assert not sim.fetches()
    first = next(iter(box.torrents.values()))
    first["state"] = "stoppedDL"
    assert summary(a.fetch(status=0).stderr) == "attic:WAIT(Backlog)"
    first.update(state="uploading", progress=1, amount_left=0)
    assert summary(a.fetch(status=0).stderr) == "attic:OK"


def test_too_little_space_holds_the_container_back_and_is_a_failure(sim, box, using):
    a = using(PTP_RESERVE="50G", HC_URL=sim.ping_url)
    box.space = [50 * GIGABYTE - 1]
    assert summary(a.fetch(status=1).stderr) == "attic:WAIT(Space)"
    assert not sim.fetches() and sim.pings("fail")
    box.space = [50 * GIGABYTE]
    assert summary(a.fetch(status=0).stderr) == "attic:OK"


def test_space_is_measured_where_data_directory_says(sim, make, tmp_path):
    a = make(PTP_RESERVE="1000T", PTP_DATA=str(tmp_path))
    assert summary(a.fetch(status=1).stderr) == "attic:WAIT(Space)"
    assert str(tmp_path) in a.container()["detail"]
    a.set(PTP_RESERVE="1M")
    a.fetch(status=0)
    a.set(PTP_DATA=str(tmp_path / "gone"))
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(Disk)"


def test_what_passes_by_itself_is_worth_less_than_what_was_delivered(sim, box, using):
    a = using(PTP_MAX_ACTIVE="1", PTP_PER_CYCLE="5")
    assert summary(a.fetch(status=0).stderr) == "attic:OK"
    assert len(sim.fetches()) == 1


# ---- a torrent that a client refuses ----

def test_a_refused_torrent_is_set_aside_and_not_in_the_way(sim, box, using):
    box.refuses = True
    a = using()
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(Client)"
    for _ in range(4):
        a.fetch(status=1)
    assert a.container()["set_aside"] == 1 and len(sim.fetches()) == 1
    box.refuses = False
    assert summary(a.fetch(status=0).stderr) == "attic:OK"
    assert len(sim.fetches()) == 2 and len(box.torrents) == 1
    a.fetch("--force", "all", status=0)
    assert a.container()["set_aside"] == 0 and len(box.torrents) == 2


# ---- the watch folder's client ----

def age(path, seconds):
    then = time.time() - seconds
    os.utime(path, (then, then))


def test_files_that_nobody_picks_up_hold_the_container_back(sim, make):
    a = make(PTP_PER_CYCLE="3")
    a.fetch(status=0)
    for path in a.watch.glob("*.torrent"):
        age(path, 120)
    assert summary(a.fetch(status=0).stderr) == "attic:WAIT(Backlog)"
    assert len(sim.fetches()) == 3
    for path in a.watch.glob("*.torrent"):
        age(path, 2 * 3600)
    assert summary(a.fetch(status=1).stderr) == "attic:WAIT(Client)"
    assert "PickUpWithin" in a.container()["detail"]
    a.set(PTP_PICK_UP_WITHIN="off")
    assert summary(a.fetch(status=0).stderr) == "attic:OK"


@pytest.mark.parametrize("ending", ["", ".added", ".loaded"])
def test_what_was_picked_up_is_noticed(sim, make, ending):
    a = make()
    a.fetch(status=0)
    (path,) = a.watch.glob("*.torrent")
    path.rename(str(path) + ending) if ending else path.unlink()
    assert f"{path} was picked up" in a.fetch(status=0).stderr
    assert a.ledger("SELECT pick_up FROM assignment ORDER BY id")[0] == (3,)


@pytest.mark.parametrize("ending", [".invalid", ".qbt_rejected"])
def test_what_was_put_aside_is_an_error_that_names_the_file(sim, make, ending):
    a = make(HC_URL=sim.ping_url)
    a.fetch(status=0)
    (path,) = a.watch.glob("*.torrent")
    path.rename(str(path) + ending)
    done = a.fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(Client)"
    assert f"the client refused {path}" in done.stderr
    assert path.name in sim.pings("fail")[0]["body"]
    assert summary(a.fetch(status=0).stderr) == "attic:OK"
    assert a.container()["refused"] == 1


def test_the_daemon_warns_when_a_file_is_not_picked_up_in_time(sim, make):
    a = make(PTP_PICK_UP_WITHIN="20m", PTP_INTERVAL="6h")
    process = a.start()
    wait_for(lambda: "cycle ended" in a.log())
    a.stop(process)
    a.ledger("UPDATE assignment SET pick_up_at = pick_up_at - 1198000")
    a.start()
    wait_for(lambda: "has not been picked up for 20 m" in a.log())
    assert len(sim.fetches()) == 1
    assert a.container()["not_picked_up"] == 1
    time.sleep(1)
    assert a.log().count("has not been picked up for") == 1


# ---- the audit ----

def test_the_audit_tells_what_became_of_each_torrent(sim, box, using):
    a = using(PTP_PER_CYCLE="6")
    a.fetch(status=0)
    names = {t["infohash"]: t["name"] for t in a.history()}
    states = iter(["uploading", "downloading", "stalledDL", "stoppedUP", "missingFiles"])
    rows = list(box.torrents.items())
    for (_, torrent), state in zip(rows, states):
        torrent["state"] = state
        if state in ("uploading", "stoppedUP"):
            torrent.update(progress=1, amount_left=0, tracker="http://x")
    gone = rows[5][0]
    del box.torrents[gone]
    done = a.run("audit", status=1)
    assert done.stdout.splitlines()[0] == \
        "6 assigned: 1 seeding, 1 downloading, 1 stalled, 1 paused, 1 error, 1 missing"
    assert f'missing: "{names[gone]}"' in done.stdout
    assert "redeliver --missing" in done.stdout
    report = json.loads(a.run("audit", "--json", status=1).stdout)
    assert report["counts"]["missing"] == 1 and len(report["torrents"]) == 6
    a.run("redeliver", "--missing", status=0)
    assert gone in box.torrents and len(sim.fetches()) == 6
    a.run("audit", status=0)


def test_a_client_that_has_not_loaded_its_torrents_yet_is_asked_again(sim, box, using):
    a = using()
    a.fetch(status=0)
    known, answers = box.list, [[], None]
    box.list = lambda query: known(query) if (said := answers.pop(0)) is None else said
    assert " missing" not in a.run("audit", status=0).stdout
    assert not answers


def test_the_audit_remembers_since_when(sim, box, using):
    a = using()
    a.fetch(status=0)
    box.torrents.clear()
    first = json.loads(a.run("audit", "--json").stdout)["torrents"][0]["since"]
    time.sleep(1.1)
    assert json.loads(a.run("audit", "--json").stdout)["torrents"][0]["since"] == first


def test_what_nobody_can_be_asked_about_is_said_in_one_line(sim, make):
    a = make(PTP_PER_CYCLE="3")
    a.fetch(status=0)
    for path in a.watch.glob("*.torrent"):
        path.unlink()
    done = a.run("audit", status=0)
    assert done.stdout.splitlines()[0] == "3 assigned: 3 unknown"
    assert done.stdout.count("AuditClient") == 1


def test_another_client_can_be_asked_about_a_watch_folder(sim, box, using):
    a = using(PTP_CLIENT=None, PTP_AUDIT_CLIENT="box", PTP_PER_CYCLE="2")
    a.fetch(status=0)
    first, second = a.watch.glob("*.torrent")
    first.unlink()
    done = a.run("audit", status=1)
    assert done.stdout.splitlines()[0] == "2 assigned: 1 missing, 1 not picked up"


def test_a_client_that_is_away_cannot_be_asked(sim, box, using):
    a = using()
    a.fetch(status=0)
    box.stop()
    done = a.run("audit", status=1)
    assert done.stdout.splitlines()[0] == "1 assigned: 1 not asked"


def test_the_daemon_audits_and_tells_in_the_ping(sim, box, using):
    a = using(HC_URL=sim.ping_url, PTP_INTERVAL="1s", PTP_AUDIT_INTERVAL="1s")
    a.start()
    wait_for(lambda: sim.pings("success"))
    assert re.search(r"^Audit of .*: 1 assigned: 1 (stalled|downloading)\.$",
                     sim.pings("success")[0]["body"], re.M)
    box.torrents.clear()
    wait_for(lambda: sim.pings("fail"))
    assert " missing" in sim.pings("fail")[0]["body"]
    assert "missing" in a.status()["audit"]["summary"]


# ---- the vault ----

def test_a_rebuilt_client_is_filled_from_the_vault_without_the_tracker(sim, box, using):
    a = using(PTP_PER_CYCLE="5")
    a.fetch(status=0)
    calls = len(sim.requests())
    had = set(box.torrents)
    box.torrents.clear()
    done = a.run("redeliver", status=0)
    assert set(box.torrents) == had and len(sim.requests()) == calls
    assert done.stdout.splitlines()[-1] == \
        "attic: 5 delivered earlier: 5 handed over, 0 there already"
    again = a.run("redeliver", status=0).stdout
    assert again == "attic: 5 delivered earlier: 0 handed over, 5 there already\n"


def test_a_redelivery_that_was_cut_off_goes_on(sim, box, using):
    a = using(PTP_PER_CYCLE="5")
    a.fetch(status=0)
    box.torrents.clear()
    box.adds = 0
    add = box.add

    def limited(fields, file):
        if box.adds >= 2:
            box.server.socket.close()
            raise OSError("gone")
        return add(fields, file)

    box.add = limited
    done = a.run("redeliver", status=1)
    assert "run this command again to resume" in done.stderr
    box.stop()
    box.add = add
    box.launch()
    a.run("redeliver", status=0)
    assert len(box.torrents) == 5


def test_a_watch_folder_is_filled_from_the_vault(sim, make):
    a = make(PTP_PER_CYCLE="3")
    a.fetch(status=0)
    for path in a.watch.glob("*.torrent"):
        path.unlink()
    a.run("redeliver", "--container", "attic", status=0)
    assert len(a.delivered()) == 3
    done = a.run("redeliver", "--missing", status=0)
    assert "0 handed over" in done.stdout and "3 not known (no AuditClient" in done.stdout


def test_what_was_put_aside_is_handed_over_again(sim, make):
    a = make(PTP_PER_CYCLE="3")
    a.fetch(status=0)
    first, *_ = a.watch.glob("*.torrent")
    first.rename(str(first) + ".invalid")
    a.fetch(status=1)
    done = a.run("redeliver", "--missing", "--container", "attic", status=0)
    assert "1 handed over" in done.stdout and first.exists()


def test_a_client_that_is_away_is_not_in_the_way_of_other_redeliveries(sim, box, using, make):
    a = using(containers="attic:1T,loft:1T")
    config = a.configured()
    config["Clients"]["folder"] = {"Type": "watch", "WatchDirectory": str(a.watch)}
    config["Containers"] = {"attic": {"Client": "box"}, "loft": {"Client": "folder"}}
    a.configure(**config)
    a.set(PTP_CLIENT=None)
    a.fetch(status=0)
    for path in a.watch.glob("*.torrent"):
        path.unlink()
    box.stop()
    done = a.run("redeliver", status=1)
    assert "loft: 1 delivered earlier: 1 handed over" in done.stdout
    assert len(a.delivered()) == 1


def test_a_watch_folder_that_is_gone_is_not_made_anew(sim, make):
    a = make()
    a.fetch(status=0)
    moved = a.watch.with_name("moved")
    a.watch.rename(moved)
    done = a.fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(Disk)" and "is not there" in done.stderr
    assert "picked up" not in done.stderr and not a.watch.exists() and len(sim.fetches()) == 1
    moved.rename(a.watch)
    a.fetch(status=0)


def test_torrents_can_go_to_a_client_that_is_not_their_own(sim, box, using):
    a = using(PTP_CLIENT=None)
    a.fetch(status=0)
    a.run("redeliver", "--client", "box", status=0)
    assert len(box.torrents) == 1
    assert a.history()[0]["client"] is None
    assert "names no client" in a.run("redeliver", "--client", "nobody", status=2).stderr


def test_a_vault_that_is_off_keeps_nothing_that_was_delivered(sim, box, using):
    a = using(PTP_VAULT="false")
    a.fetch(status=0)
    assert not list((a.state / "vault").iterdir())
    box.torrents.clear()
    done = a.run("redeliver", status=1)
    assert "1 not in the vault" in done.stdout


def test_the_vault_is_exported_with_a_manifest(sim, make, tmp_path):
    a = make("attic:1T,a/b:1T")
    a.fetch(status=0)
    out = tmp_path / "out"
    a.run("export", str(out), status=0)
    manifest = json.loads((out / "manifest.json").read_text())
    assert len(manifest["torrents"]) == 2
    for row in manifest["torrents"]:
        path = out / row["file"]
        assert a.inspect(path)["infohash_v1"] == row["infohash"]
        assert path.stat().st_mode & 0o777 == 0o600
    before = sorted(p.name for p in out.rglob("*"))
    a.run("export", str(out), status=0)
    assert sorted(p.name for p in out.rglob("*")) == before
    assert out.stat().st_mode & 0o777 == 0o700


def test_what_a_client_holds_is_adopted_once(sim, box, using):
    a = using()
    a.fetch(status=0)
    stall(box, 3, "films", "uploading")
    done = a.run("adopt", "--container", "attic", "--client", "box", "--category", "films",
                 status=0)
    assert "3 adopted, 0 known already" in done.stdout and "--folder" in done.stdout
    assert a.container()["delivered"] == 4
    done = a.run("adopt", "--container", "attic", "--client", "box", status=0)
    assert "0 adopted, 4 known already" in done.stdout
    (kept,) = (a.state / "vault").iterdir()
    folder = a.folder / "torrents"
    folder.mkdir()
    kept.rename(folder / kept.name)
    done = a.run("adopt", "--container", "attic", "--client", "box", "--folder", str(folder),
                 status=0)
    assert "of 1 of them the .torrent came into the vault" in done.stdout and kept.exists()
    assert "4 assigned" in a.run("audit").stdout.splitlines()[0]
    assert len(sim.fetches()) == 1


def test_a_folder_of_torrents_is_adopted_with_its_bytes(sim, box, make, using, tmp_path):
    other = make(folder="other", PTP_PER_CYCLE="3")
    other.fetch(status=0)
    files = list(other.watch.glob("*.torrent"))
    files[0].rename(str(files[0]) + ".added")
    (other.watch / "junk.torrent").write_text("<html>")
    a = using()
    done = a.run("adopt", "--container", "attic", "--folder", str(other.watch), status=0)
    assert "3 adopted, 0 known already; 1 file is no torrent" in done.stdout
    a.run("redeliver", status=0)
    assert len(box.torrents) == 3


def test_what_was_adopted_can_go_to_a_watch_folder(sim, make, tmp_path):
    other = make(folder="other")
    other.fetch(status=0)
    a = make()
    a.run("adopt", "--container", "attic", "--folder", str(other.watch), status=0)
    a.run("redeliver", status=0)
    (there,), (here,) = (list(x.watch.glob("*.torrent")) for x in (other, a))
    assert here.read_bytes() == there.read_bytes()


def test_adopt_says_what_it_needs(make, using):
    a = using()
    assert "--container" in a.run("adopt", status=2).stderr
    assert "no container" in a.run("adopt", "--container", "x", "--client", "box",
                                   status=2).stderr
    assert "names no client" in a.run("adopt", "--container", "attic", "--client", "x",
                                      status=2).stderr
    assert "cannot look into" in a.run("adopt", "--container", "attic", "--folder", "/no",
                                       status=1).stderr


# ---- the configuration ----

@pytest.mark.parametrize("client, words", [
    ({"Type": "emule"}, "Clients: box: Type is not one of qbittorrent, transmission"),
    ({"Type": None}, "it needs a Type"),
    ({"URL": "box:8080"}, "URL is not a complete URL"),
    ({"URL": "http://me:secretword@box"}, "write them as Username and PasswordFile"),
    ({"URL": None}, "it needs a URL"),
    ({"URL": "scgi://127.0.0.1:5000"}, "only rtorrent"),
    ({"Type": "rtorrent", "URL": "scgi:///run/socket"}, "give its path as Socket"),
    ({"PasswordFile": "/no/such"}, "PasswordFile names a file that cannot be read"),
    ({"CAFile": "/no/such"}, "CAFile is not there"),
    ({"Timeout": "never"}, "Timeout is not a duration"),
    ({"Socket": "relative"}, "Socket is not the absolute path"),
    ({"Usrname": "x", "Username": None}, "did you mean Username?"),
])
def test_a_client_that_is_badly_described_is_refused(sim, using, client, words):
    done = using(client=client).fetch(status=2)
    assert words in done.stderr and "secretword" not in done.stderr
    assert re.search(r"config\.ptp:\d+: Clients: box", done.stderr)
    assert not sim.requests()


@pytest.mark.parametrize("default, words", [
    ({"Client": "nobody"}, "Client is not the name of an entry of Clients"),
    ({"AuditClient": "nobody"}, "AuditClient is not the name of an entry"),
    ({"SavePath": "relative"}, "SavePath is not an absolute path"),
    ({"Category": "a\nb"}, "Category holds a control character"),
    ({"Category": "a//b"}, "Category has two slashes in a row"),
    ({"Tags": "a,,b"}, "Tags holds an empty tag"),
    ({"Paused": "perhaps"}, "Paused is not true or false"),
    ({"Reserve": "lots"}, "Reserve is not a size"),
    ({"Reserve": "100%"}, "Reserve is not a percentage"),
    ({"Reserve": "5%"}, "does not tell how large its disk is"),
    ({"MaxActive": -1}, "MaxActive is not a whole number"),
    ({"MaxPending": "x"}, "MaxPending is not a whole number"),
    ({"PickUpWithin": "soon"}, "PickUpWithin is not off or a duration"),
    ({"MaxPendng": 1}, "did you mean MaxPending?"),
])
def test_a_container_that_cannot_be_placed_is_refused(sim, using, default, words):
    a = using(default=default)
    if "Client" in default:
        a.set(PTP_CLIENT=None)
    done = a.fetch(status=2)
    assert words in done.stderr
    assert not sim.requests()


def test_a_reserve_of_a_watch_folder_needs_its_data_directory(sim, make):
    assert "set DataDirectory" in make(PTP_RESERVE="50G").fetch(status=2).stderr


def test_what_is_said_of_clients_survives_the_rewriting_of_the_file(sim, box, using):
    a = using(default={"Category": "rel"})
    before = a.configured()
    a.fetch(status=0)
    after = a.configured()
    assert after["Clients"] == before["Clients"]
    assert after["Default"]["Category"] == "rel"


def test_a_reload_calls_a_client_again_that_refused_us_with_nothing_pending(sim, make):
    calls = []

    class Refusing(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            calls.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments):
            pass

    box = http.server.HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=box.serve_forever, daemon=True).start()
    a = make(containers=None, PTP_WATCH=None)
    a.configure(Clients={"box": {"Type": "transmission", "Username": "bob", "Password": "wrong",
                                 "URL": f"http://127.0.0.1:{box.server_port}"}},
                Containers={"attic": {"Size": "1T", "Client": "box"}})
    process = a.start()
    wait_for(lambda: "next cycle in" in a.log())
    assert len(calls) == 1 and not sim.fetches() and a.outcome() == "WAIT(Client)"
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: a.log().count("next cycle in") == 2)
    assert len(calls) == 2 and not sim.fetches()
    box.shutdown()
