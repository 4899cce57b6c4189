"""The client `deluge`, against deluged and deluge-web of this Debian and against a double.

Every test drives the port itself (drive_client). deluged and deluge-web are started on loopback
with throwaway folders and ended by their process ids.
"""

import os
import signal
import threading
import time

import libtorrent
import pytest

from driver import HOSTILE, PIECE, QUICKLY, Driver, bare_torrent, expect_failure, make_torrent
from clients import CONTROL, Deluge, Opentracker, free_port, wait_for
from deluge_double import DelugeDouble
from proxy import CUT, HANG, LOSE, FakeTracker, Proxy, fixed, make_certificate

PROGRAMS = ["deluged", "deluge-web", "opentracker"]
STATE_LIMIT = 30    # seconds until a torrent is in the state that a test brings about


@pytest.fixture(scope="module")
def deluge(tmp_path_factory):
    program = Deluge("deluge", tmp_path_factory.mktemp("deluge"), CONTROL)
    try:
        program.run()
        yield program
    finally:
        program.stop()


@pytest.fixture
def client(deluge):
    with Driver(**about(deluge.url)) as driver:
        yield driver


def about(url, **more):
    return {"Type": "deluge", "URL": url, "Password": Deluge.PASSWORD, **more}


def refused(answer, kind, *words):
    return expect_failure(answer, kind, *words, secrets=(Deluge.PASSWORD, "/json"))


def status(deluge, infohash, *keys):
    return deluge.call("core.get_torrents_status", {"id": [infohash]}, list(keys)).get(infohash)


# -- delivery --

def test_a_delivered_torrent_is_there_with_all_that_was_wanted(deluge, client, tmp_path):
    path, infohash = make_torrent(tmp_path / "t", name="first")
    store = tmp_path / "store"
    answer = client.must("deliver", file=path, category="Rel.One", save_path=store, paused=True)
    assert answer["path"] == "test"
    seen = status(deluge, infohash, "name", "state", "label", "save_path")
    assert seen == {"name": "first", "state": "Paused", "label": "rel.one",
                    "save_path": str(store)}


def test_without_a_placement_the_clients_own_settings_count(deluge, client, tmp_path):
    path, infohash = make_torrent(tmp_path, name="plain")
    client.must("deliver", file=path)
    wait_for_state(client, infohash, "stalled")
    seen = status(deluge, infohash, "label", "save_path")
    assert seen == {"label": "", "save_path": str(deluge.downloads)}


def test_a_duplicate_is_success_and_changes_nothing(deluge, client, tmp_path):
    path, infohash = make_torrent(tmp_path / "t", name="twice")
    client.must("deliver", file=path, category="twice", paused=True, save_path=tmp_path / "a")
    deluge.call("label.add", "byhand")
    deluge.call("label.set_torrent", infohash, "byhand")
    for resumed in False, True:
        client.must("deliver", file=path, category="other", save_path=tmp_path / "b",
                    resumed=resumed)
        seen = status(deluge, infohash, "state", "label", "save_path")
        assert seen == {"state": "Paused", "label": "byhand", "save_path": str(tmp_path / "a")}
    assert "other" not in deluge.call("label.get_labels")


@pytest.mark.parametrize("data", [b"", b"junk", b"<html></html>", b"d4:infodee", b"le", b"i5e",
                                  "cut"], ids=str)
def test_what_is_no_torrent_is_refused_for_itself(deluge, client, tmp_path, data):
    path, _ = make_torrent(tmp_path)
    whole = path.read_bytes()
    before = deluge.states()
    path.write_bytes(whole[:-10] if data == "cut" else data)
    refused(client.do("deliver", file=path, category="corrupt"), "item", "does not take")
    assert set(deluge.states()) == set(before)


def test_a_torrent_of_several_megabytes_is_taken(deluge, tmp_path):
    path, infohash = bare_torrent(tmp_path, pieces=300000)
    assert path.stat().st_size > 5 * 1000 * 1000
    with Driver(**about(deluge.url, timeout_ms=30000)) as client:
        client.must("deliver", file=path, category="big", paused=True)
        assert client.torrent(infohash, "big")["size"] == 300000 * PIECE
    deluge.call("core.remove_torrent", infohash, False)


@pytest.mark.parametrize("flags", [0, libtorrent.create_torrent.v2_only], ids=["hybrid", "v2"])
def test_hybrids_and_v2_are_known_by_the_first_40_digits_of_v2(deluge, client, tmp_path, flags):
    path, _ = make_torrent(tmp_path, name=f"v2-{flags}", flags=flags)
    v2 = str(libtorrent.torrent_info(str(path)).info_hashes().v2)
    for _ in range(2):
        client.must("deliver", file=path, category="v2", paused=True)
    assert status(deluge, v2[:40], "label") == {"label": "v2"}
    assert client.torrent(v2[:40], "v2")["name"] == f"v2-{flags}"


def test_names_and_paths_are_passed_as_they_are(deluge, client, tmp_path):
    name = HOSTILE.rstrip("\u202e ")    # libtorrent drops such characters
    path, infohash = make_torrent(tmp_path / "t", name=name)
    store = tmp_path / (HOSTILE + "\n$(id)")
    client.must("deliver", file=path, save_path=store, paused=True)
    seen = client.torrent(infohash)
    assert seen["name"] == name
    assert seen["folder"] == str(store) == status(deluge, infohash, "save_path")["save_path"]


@pytest.mark.parametrize("category", ["a b", "a/b", "\u00e4", "$(id)", "x\ny", "a" * 128, HOSTILE])
def test_what_cannot_be_a_label_is_refused_before_anything_is_added(deluge, client, tmp_path,
                                                                    category):
    path, infohash = make_torrent(tmp_path, name=f"label-{abs(hash(category))}")
    refused(client.do("deliver", file=path, category=category), "target", "cannot be a label")
    refused(client.do("list", category=category), "target", "cannot be a label")
    assert status(deluge, infohash, "name") is None


def test_without_the_label_plugin_a_category_is_refused_before_adding(deluge, client, tmp_path):
    path, infohash = make_torrent(tmp_path / "a", name="unlabelled")
    other, other_hash = make_torrent(tmp_path / "b", name="labelless")
    deluge.call("core.disable_plugin", "Label")
    try:
        refused(client.do("deliver", file=path, category="rel"), "target", "enable it")
        refused(client.do("list", category="rel"), "target", "enable it")
        assert status(deluge, infohash, "name") is None
        client.must("deliver", file=other)
        assert client.torrent(other_hash)["category"] is None
    finally:
        deluge.call("core.enable_plugin", "Label")
    client.must("deliver", file=path, category="rel")
    assert status(deluge, infohash, "label") == {"label": "rel"}


def test_a_plugin_that_is_enabled_later_is_used_without_a_restart(tmp_path):
    program = Deluge("bare", tmp_path / "bare", CONTROL, plugins=())
    path, infohash = make_torrent(tmp_path, name="later")
    try:
        program.run()
        with Driver(**about(program.url)) as client:
            refused(client.do("deliver", file=path, category="rel"), "target", "Label plugin")
            program.call("core.enable_plugin", "Label")
            client.must("deliver", file=path, category="rel")
        assert status(program, infohash, "label") == {"label": "rel"}
    finally:
        program.stop()


# -- what it has --

def test_the_list_is_of_one_label_or_of_all(client, tmp_path):
    one, one_hash = make_torrent(tmp_path / "1", name="in-a")
    two, two_hash = make_torrent(tmp_path / "2", name="in-b")
    client.must("deliver", file=one, category="list-a", paused=True)
    client.must("deliver", file=two, category="list-b", paused=True)
    assert [t["id"] for t in client.must("list", category="LIST-A")["torrents"]] == [one_hash]
    assert {one_hash, two_hash} <= {t["id"] for t in client.must("list")["torrents"]}
    assert client.must("list", category="list-none")["torrents"] == []


def wait_for_state(client, infohash, state):
    def there():
        seen = client.torrent(infohash)
        if seen and seen["state"] == state:
            return seen
        raise ValueError(seen)
    return wait_for(f"{infohash} is {state}", there, STATE_LIMIT)


def test_without_peers_a_torrent_is_stalled(client, tmp_path):
    path, infohash = make_torrent(tmp_path / "t", name="lonely")
    before = int(time.time()) * 1000
    client.must("deliver", file=path, category="stall", save_path=tmp_path / "empty")
    seen = wait_for_state(client, infohash, "stalled")
    assert seen["size"] == seen["left"] == 3 * PIECE and not seen["complete"]
    assert before - 1000 <= seen["idle_since"] <= time.time() * 1000
    assert sum(t["state"] == "stalled"
               for t in client.must("list", category="stall")["torrents"]) == 1


def test_what_is_there_already_is_seeded(client, tmp_path):
    path, infohash = make_torrent(tmp_path, name="seed", files=3)
    client.must("deliver", file=path, category="seed", save_path=tmp_path)
    seen = wait_for_state(client, infohash, "seeding")
    assert seen["complete"] and seen["left"] == 0 and seen["size"] == 9 * PIECE
    assert seen["folder"] == str(tmp_path) and seen["category"] == "seed"


def test_paused_is_paused(client, tmp_path):
    path, infohash = make_torrent(tmp_path / "t", name="paused")
    client.must("deliver", file=path, category="pause", save_path=tmp_path / "s", paused=True)
    seen = wait_for_state(client, infohash, "paused")
    assert not seen["complete"] and seen["left"] == seen["size"]


def test_beyond_the_clients_own_limit_a_torrent_is_queued(deluge, client, tmp_path):
    hashes = []
    deluge.call("core.set_config", {"max_active_downloading": 1, "dont_count_slow_torrents": False})
    try:
        for i in range(3):
            path, infohash = make_torrent(tmp_path / str(i), name=f"queue{i}")
            client.must("deliver", file=path, category="queue", save_path=tmp_path / "s")
            hashes.append(infohash)
        wait_for_state(client, hashes[2], "queued")
    finally:
        deluge.call("core.set_config", {"max_active_downloading": -1})


def test_where_its_data_cannot_be_written_it_is_in_error(deluge, client, tmp_path):
    path, infohash = make_torrent(tmp_path / "t", name="blocked", size=PIECE)
    (tmp_path / "file").write_text("no folder")
    client.must("deliver", file=path, category="error", save_path=tmp_path / "file" / "below")
    # Where the check is asked for amid the first one, neither ever ends (libtorrent of Debian 12).
    wait_for("its first check has ended", lambda: client.torrent(infohash)["state"] != "checking",
             STATE_LIMIT)
    deluge.call("core.force_recheck", [infohash])
    seen = wait_for_state(client, infohash, "error")
    assert seen["message"] and seen["message"] != "OK" and not seen["complete"]


def test_a_seed_whose_files_are_gone_is_no_longer_complete(deluge, client, tmp_path):
    path, infohash = make_torrent(tmp_path, name="vanishes")
    client.must("deliver", file=path, save_path=tmp_path)
    wait_for_state(client, infohash, "seeding")
    (tmp_path / "vanishes").unlink()
    deluge.call("core.force_recheck", [infohash])
    seen = wait_for("it is incomplete", lambda: next(
        (t for t in client.must("list")["torrents"]
         if t["id"] == infohash and not t["complete"] and t["state"] != "checking"), None),
        STATE_LIMIT)
    assert seen["left"] == seen["size"]


def test_the_trackers_words_are_told_and_its_url_is_not(client, tmp_path):
    words = f"unregistered torrent at http://t.example/{FakeTracker.KEY} ..."
    with FakeTracker(failure_reason=words.encode()) as tracker:
        path, infohash = make_torrent(tmp_path / "t", name="strange", announce=tracker.announce)
        client.must("deliver", file=path, category="tracker", save_path=tmp_path / "s")
        seen = wait_for("the tracker's words", lambda: next(
            (t for t in client.must("list", category="tracker")["torrents"]
             if t["id"] == infohash and t["message"]), None), STATE_LIMIT)
    assert seen["message"] == "unregistered torrent at <hidden> ..." and seen["state"] == "error"


def test_the_space_is_that_of_the_save_path(client, tmp_path):
    def close(answer, folder):
        there = os.statvfs(folder)
        return abs(answer["free"] - there.f_bavail * there.f_frsize) < 1 << 28 and \
            answer["total"] == 0

    assert close(client.must("space"), tmp_path)
    assert close(client.must("space", save_path=tmp_path), tmp_path)
    assert close(client.must("space", save_path=tmp_path / "not" / "there" / "yet"), tmp_path)
    assert close(client.must("space", save_path="/dev/shm/ptp-none/below/"), "/dev/shm")
    refused(client.do("space", save_path="relative/none"), "target", "save path")


def test_what_is_delivered_is_downloaded_to_the_end_and_seeded(deluge, client, tmp_path):
    tracker = Opentracker(tmp_path / "tracker", "127.77.0.1")
    seeder = Deluge("seeder", tmp_path / "seeder", "127.77.0.2")    # one address a peer
    size = 40 * PIECE + 5
    path, infohash = make_torrent(tmp_path / "data", name="swarm", size=size, files=2,
                                  announce=tracker.announce)
    try:
        tracker.run([infohash])
        seeder.run()
        seeder.seed(path, tmp_path / "data")
        wait_for("the tracker knows the seeder", lambda: tracker.has_seeder(infohash), STATE_LIMIT)
        client.must("deliver", file=path, category="swarm", save_path=tmp_path / "arrived")
        seen = wait_for_state(client, infohash, "seeding")
    finally:
        seeder.stop()
        tracker.stop()
    assert seen["complete"] and seen["left"] == 0 and seen["size"] == 2 * size
    assert time.time() * 1000 - 60000 < seen["idle_since"] <= time.time() * 1000
    for part in "0", "1":
        assert (tmp_path / "arrived" / "swarm" / part).read_bytes() == \
            (tmp_path / "data" / "swarm" / part).read_bytes()


# -- getting in --

def test_a_wrong_password_is_tried_once(deluge, tmp_path):
    path, _ = make_torrent(tmp_path)
    with Proxy(deluge.url) as proxy, \
            Driver(**about(proxy.url, Password="wr0ng-word")) as client:
        for call in ("ready", "list", "space", "ready"):
            answer = client.do(call)
            refused(answer, "target", "reload")
            assert answer["refused"] and "wr0ng" not in answer["message"]
        refused(client.do("deliver", file=path), "target")
        assert proxy.count("auth.login") == 1 and len(proxy.seen) == 1


def test_one_login_serves_many_calls(deluge, tmp_path):
    path, _ = make_torrent(tmp_path, name="session")
    with Proxy(deluge.url) as proxy, Driver(**about(proxy.url)) as client:
        for call in ("ready", "list", "space"):
            client.must(call)
        client.must("deliver", file=path, category="rel", paused=True)
        assert proxy.count("auth.login") == 1


def test_a_session_that_has_ended_is_one_login_more(deluge):
    with Proxy(deluge.url) as proxy, Driver(**about(proxy.url)) as client:
        client.must("ready")
        deluge.web.stop()
        answer = client.do("ready")
        refused(answer, "retry", "HTTP 502")
        deluge.run_web()
        client.must("ready")
        client.must("list")
        assert proxy.count("auth.login") == 2


def test_the_password_may_change_while_the_session_ends(deluge):
    with Driver(**about(deluge.url)) as client:
        client.must("ready")
        deluge.web.stop()
        deluge.PASSWORD = "another"
        try:
            deluge.run_web()
            answer = client.do("ready")
            assert refused(answer, "target", "password") and answer["refused"]
            assert client.do("list")["refused"]
        finally:
            deluge.web.stop()
            del deluge.PASSWORD
            deluge.run_web()


def test_behind_a_proxy_with_a_sub_path_and_basic_authentication(deluge, tmp_path):
    path, infohash = make_torrent(tmp_path, name="behind")
    base = {"X-Deluge-Base": "/my/deluge/"}
    user = {"ProxyUsername": "eve", "ProxyPassword": "pr0xy"}
    with Proxy(deluge.url, "/my/deluge", ("eve", "pr0xy"), headers=base) as proxy:
        with Driver(**about(proxy.url, **user)) as client:
            client.must("deliver", file=path, category="behind", paused=True)
            assert client.torrent(infohash, "behind")
        assert proxy.refused == 0
        with Driver(**about(proxy.url, **{**user, "ProxyPassword": "n0t"})) as client:
            for _ in range(3):
                answer = client.do("ready")
                refused(answer, "target")
                assert answer["refused"] and "n0t" not in answer["message"]
        assert proxy.refused == 1
        with Driver(**about(proxy.url)) as client:
            refused(client.do("ready"), "target", "set ProxyUsername")
        with Driver(**about(proxy.url.replace("/my/", "/mine/"), **user)) as client:
            refused(client.do("ready"), "target", "HTTP 404", "sub-path")


def test_under_a_sub_path_that_deluge_web_does_not_know_its_cookie_is_missed(deluge):
    with Proxy(deluge.url, "/deluge") as proxy, \
            Driver(**about(proxy.url)) as client:
        answer = client.do("ready")
        refused(answer, "target", "X-Deluge-Base")
        assert not answer["refused"] and proxy.count("auth.login") == 1


def test_tls_with_a_private_ca(deluge, tmp_path):
    ca, pair = make_certificate(tmp_path / "tls")
    with Proxy(deluge.url, tls=pair) as proxy:
        with Driver(**about(proxy.url, CAFile=str(ca))) as client:
            client.must("ready")
        with Driver(**about(proxy.url)) as client:
            refused(client.do("ready"), "retry", "certificate")
        assert len(proxy.seen) == 3     # none of the second client's


def test_what_is_no_deluge_web_is_told(deluge):
    answers = [
        (200, b"\n<html>welcome</html>", {"Content-Type": "text/html"}, "target", "HTML page"),
        (200, b"{}", {}, "retry", "no JSON-RPC"),
        (200, b'{"result": tru', {}, "retry", "no valid JSON"),
        (200, b"", {}, "retry", "no valid JSON"),
        (403, b"", {}, "target", "HTTP 403"),
        (404, b"", {}, "target", "deluge-web is not at"),
        (413, b"", {}, "item", "larger than the proxy"),
        (500, b"", {}, "retry", "HTTP 500"),
        (502, b"", {}, "retry", "HTTP 502"),
        (503, b"", {}, "retry", "HTTP 503"),
        (302, b"", {"Location": "http://127.0.0.2/x"}, "target", "redirect to 127.0.0.2"),
    ]
    for *said, kind, word in answers:
        with Proxy(deluge.url, rule=fixed(*said)) as proxy, \
                Driver(**about(proxy.url)) as client:
            refused(client.do("ready"), kind, word)


# -- not there --

def test_a_client_that_is_not_there_is_known_at_once_and_served_later(deluge, tmp_path):
    path, infohash = make_torrent(tmp_path, name="patient")
    with Driver(**about(deluge.url)) as client:
        client.must("ready")
        deluge.stop()
        begin = time.monotonic()
        for call in ("ready", "list", "space"):
            refused(client.do(call), "retry", "connect")
        refused(client.do("deliver", file=path, category="rel"), "retry", "connect")
        assert time.monotonic() - begin < QUICKLY
        deluge.run_web()
        begin = time.monotonic()
        refused(client.do("deliver", file=path, category="rel"), "retry", "deluged is not running")
        assert time.monotonic() - begin < QUICKLY
        deluge.run_daemon()
        client.must("deliver", file=path, category="rel")
        assert status(deluge, infohash, "label") == {"label": "rel"}


def test_a_daemon_that_died_is_known_at_once(deluge, tmp_path):
    path, infohash = make_torrent(tmp_path, name="revived")
    with Driver(**about(deluge.url)) as client:
        client.must("ready")
        deluge.process.kill()
        deluge.process.wait()
        deluge.process = None
        begin = time.monotonic()
        refused(client.do("deliver", file=path), "retry", "deluged is not running")
        assert time.monotonic() - begin < QUICKLY
        deluge.run_daemon()
        client.must("deliver", file=path)
        assert status(deluge, infohash, "name")


def test_a_daemon_that_hangs_costs_the_time_limit(deluge, tmp_path):
    path, infohash = make_torrent(tmp_path, name="frozen")
    with Driver(**about(deluge.url, timeout_ms=1500)) as client:
        client.must("ready")
        deluge.process.send_signal(signal.SIGSTOP)
        try:
            begin = time.monotonic()
            refused(client.do("deliver", file=path), "retry", "deluged that hangs")
            assert time.monotonic() - begin < 1.5 + QUICKLY
        finally:
            deluge.process.send_signal(signal.SIGCONT)
        client.must("deliver", file=path)
        assert status(deluge, infohash, "name")


def fate_of(method, what, times):
    """The first calls of this method meet their fate."""
    left = [what] * times
    return lambda request: left.pop() if left and request.has(calling(method)) else None


def calling(method):
    """What stands in a call of this method."""
    return f'"method":"{method}"'


@pytest.mark.parametrize("what", [HANG, CUT, LOSE])
@pytest.mark.parametrize("method", ["auth.login", "web.connected", "core.get_torrents_status",
                                    "core.add_torrent_file", "label.set_torrent"])
def test_a_call_that_is_cut_off_is_mended_by_the_next_delivery(deluge, tmp_path, method, what):
    path, infohash = make_torrent(tmp_path, name=f"{method}-{what}")
    # What is cut off on a kept-alive connection is repeated once by libcurl.
    rule = fate_of(method, what, 1 if what == HANG or method == "auth.login" else 2)
    with Proxy(deluge.url, rule=rule) as proxy, \
            Driver(**about(proxy.url, timeout_ms=1500)) as client:
        begin = time.monotonic()
        refused(client.do("deliver", file=path, category="mended", paused=True), "retry")
        assert time.monotonic() - begin < 1.5 + QUICKLY
        before = status(deluge, infohash, "label")
        assert before == {("core.add_torrent_file", LOSE): {"label": ""},
                          ("label.set_torrent", HANG): {"label": ""},
                          ("label.set_torrent", CUT): {"label": ""},
                          ("label.set_torrent", LOSE): {"label": "mended"}}.get((method, what))
        client.must("deliver", file=path, category="mended", paused=True, resumed=True)
        assert status(deluge, infohash, "label", "state") == {"label": "mended", "state": "Paused"}
        added = proxy.count(calling("core.add_torrent_file"))
        assert added == {("core.add_torrent_file", HANG): 2, ("core.add_torrent_file", CUT): 3,
                         ("core.add_torrent_file", LOSE): 2}.get((method, what), 1)


@pytest.mark.parametrize("what", [CUT, LOSE])
def test_an_add_that_is_sent_twice_adds_once(deluge, tmp_path, what):
    path, infohash = make_torrent(tmp_path, name=f"repeated-{what}")
    with Proxy(deluge.url, rule=fate_of("core.add_torrent_file", what, 1)) as p, \
            Driver(**about(p.url)) as client:
        client.must("deliver", file=path, category="repeated")
        assert p.count(calling("core.add_torrent_file")) == 2
    assert status(deluge, infohash, "label") == {"label": "repeated"}


def test_a_stop_ends_a_call_at_once(deluge):
    with Proxy(deluge.url, rule=lambda _request: HANG) as proxy, \
            Driver(**about(proxy.url, timeout_ms=30000)) as client:
        threading.Timer(0.5, client.process.send_signal, [signal.SIGTERM]).start()
        begin = time.monotonic()
        answer = client.do("ready")
        assert answer["word"] == "Stopped" and time.monotonic() - begin < QUICKLY


# -- the daemon behind deluge-web --

def test_without_a_daemon_in_its_list_a_person_is_needed(tmp_path):
    program = Deluge("lone", tmp_path / "lone", CONTROL)
    gone = ["b" * 32, CONTROL, free_port(CONTROL), "bob", Deluge.PASSWORD]
    try:
        with Driver(**about(program.url)) as client:
            program.run_web(hosts=[])
            refused(client.do("ready"), "target", "knows no daemon")
            program.web.stop()
            program.run_web(hosts=program.hosts() + [gone])
            refused(client.do("ready"), "retry", "none of the 2 daemons")
            program.run_daemon()
            client.must("ready")            # the one that is online
            program.web.stop()
            program.run_web(hosts=[gone] + program.hosts(), default=gone[0])
            refused(client.do("ready"), "retry", "deluged is not running")
            program.web.stop()
            program.run_web(hosts=[["c" * 32, *program.hosts()[0][1:]]] + program.hosts())
            refused(client.do("ready"), "target", "knows 2 running daemons")
            program.web.stop()
            wrong = [program.HOST_ID, CONTROL, program.daemon_port, "bob", "wrong"]
            program.run_web(hosts=[wrong])
            answer = client.do("ready")
            refused(answer, "target", "does not let deluge-web in")
            assert not answer["refused"]
    finally:
        program.stop()


# -- other versions --

DOUBLES = {
    "2.2": {},
    "floats": {"floats": True},
    "late": {"late": 0.7},
    "cookie of 2.0": {"cookie_path": "/json"},
    "added meanwhile": {"duplicate": "already in session", "late": 0.3},
    "being added": {"duplicate": "already being added"},
}


@pytest.mark.parametrize("options", DOUBLES.values(), ids=DOUBLES)
def test_the_double_takes_a_delivery_once(tmp_path, options):
    path, infohash = make_torrent(tmp_path, name="double")
    with DelugeDouble(**options) as double, Driver(**about(double.url)) as client:
        for _ in range(2):
            client.must("deliver", file=path, category="Rel", save_path="/a b", paused=True)
        assert double.calls.count("core.add_torrent_file") == 1
        seen = client.torrent(infohash, "rel")
        assert (seen["category"], seen["folder"], seen["state"]) == ("rel", "/a b", "paused")
        assert seen["size"] == seen["left"] == 3 * PIECE
        assert abs(seen["idle_since"] / 1000 - time.time()) < 60
        assert client.must("space", save_path="/nowhere/x")["free"] == 5 << 30
        assert double.calls.count("auth.login") == 1


def test_the_double_of_2_2_works_under_a_sub_path_it_is_not_told_of():
    with DelugeDouble() as double, Proxy(double.url, "/deluge") as proxy, \
            Driver(**about(proxy.url)) as client:
        client.must("ready")


def test_the_doubles_session_may_end_at_any_call(tmp_path):
    path, infohash = make_torrent(tmp_path, name="expires")
    with DelugeDouble() as double:
        answer = double.answer

        def forgetful(method, params, session):
            if method != "auth.login" and len(double.calls) % 3 == 0:
                double.sessions.clear()
            return answer(method, params, session)
        double.answer = forgetful
        with Driver(**about(double.url)) as client:
            client.must("deliver", file=path, category="rel")
        assert double.torrents[infohash]["label"] == "rel"


def test_the_double_that_never_shows_what_it_took_is_asked_again_next_time(tmp_path):
    path, _ = make_torrent(tmp_path, name="hidden")
    with DelugeDouble(late=3600) as double, Driver(**about(double.url)) as client:
        begin = time.monotonic()
        refused(client.do("deliver", file=path), "retry", "does not show it")
        assert 5 <= time.monotonic() - begin < 5 + QUICKLY
        assert double.calls.count("core.add_torrent_file") == 1


@pytest.mark.parametrize("web_errors", [False, True])
def test_the_doubles_daemon_may_be_away_or_refuse(web_errors):
    with DelugeDouble(web_errors=web_errors) as double, Driver(**about(double.url)) as client:
        double.hosts = {"1" * 32: False}
        refused(client.do("ready"), "retry", "deluged is not running")
        double.hosts = {"1" * 32: True}
        double.lets_in = False
        refused(client.do("ready"), "target", "does not let deluge-web in")
        double.lets_in = True
        client.must("ready")


def test_methods_of_a_plugin_that_deluge_web_does_not_know_yet(tmp_path):
    path, infohash = make_torrent(tmp_path, name="stale")
    with DelugeDouble(stale=True) as double, Driver(**about(double.url)) as client:
        refused(client.do("deliver", file=path, category="rel"), "retry", "Unknown method")
        assert infohash not in double.torrents


@pytest.mark.parametrize("torrent", [
    {"state": 5, "name": None, "total_size": -1, "total_remaining": "x", "label": [],
     "time_added": {}, "time_since_transfer": 1e300, "download_payload_rate": "fast"},
    {"state": "Downloading", "total_size": "1e18", "total_remaining": 10 ** 40, "message": "\0",
     "name": "a\0b\x1b[2J", "time_since_transfer": -5, "save_path": 7},
    {},
    None,
])
def test_nothing_that_the_double_says_is_trusted(torrent):
    with DelugeDouble() as double, Driver(**about(double.url)) as client:
        double.core_get_torrents_status = lambda *_: {"a" * 40: torrent, "no hash": {},
                                                      "B" * 40: {"state": "Seeding"}}
        seen = {t["id"]: t for t in client.must("list")["torrents"]}
        assert seen.pop("b" * 40)["state"] == "seeding"
        if torrent is not None:
            t = seen.pop("a" * 40)
            assert t["state"] in ("error", "stalled") and not t["complete"]
            assert (t["size"], t["left"], t["idle_since"]) == (0, 0, 0)
            assert "\x1b" not in (t["name"] or "")
        assert not seen
