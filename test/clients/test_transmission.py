"""Transmission, taken through its port: the daemon of Debian (3.00), and doubles of other versions.

The real one is started with throwaway folders on loopback. Doubles (transmission_double.py) take
part where their answers differ: delivery, labels, free space.
"""

import contextlib
import json
import os
import pathlib
import re
import signal
import threading
import time
import urllib.error
import urllib.request

import libtorrent
import pytest

from boxes import TransmissionBox
from driver import HOSTILE, PIECE, QUICKLY, Driver, bare_torrent, expect_failure, make_torrent
from proxy import HTML, LOSE, FakeTracker, Proxy, Rude, fixed, make_certificate

from clients import ANSWER_LIMIT, READY_LIMIT, basic, wait_for

LOGIN = ("bob", "s3cret-passw0rd")
HERE = pathlib.Path(__file__).resolve().parent
LOCKOUT = 100       # failed logins until 3.00 locks everybody out

PROGRAMS = TransmissionBox.programs


class Daemon(TransmissionBox):
    """The real one, with what the tests ask of it themselves."""

    labels_at_once = False      # given with torrent-add
    has_labels = True
    takes_hybrid = False
    total_told = False

    def driver(self, login=None, **more):
        user, password = login or self.login
        return Driver(**{"Type": "transmission", "URL": self.url, "Username": user,
                         "Password": password, **more})

    def row(self, infohash, *fields):
        fields = fields or ("labels", "downloadDir", "status", "name", "error", "errorString")
        rows = self.call("torrent-get", ids=[infohash], fields=list(fields))["torrents"]
        return rows[0] if rows else None

    def failed_logins(self):
        """Fails to log in, and returns how often that has happened since the last good login."""
        request = urllib.request.Request(f"{self.url}/transmission/rpc", data=b"{}",
                                         headers=basic(("nobody", "wrong")))
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=ANSWER_LIMIT).close()
        counted = re.search(rb"(\d+) unsuccessful login", refused.value.read())
        return int(counted.group(1)) if counted else None


class Double(Daemon):
    takes_hybrid = has_labels = labels_at_once = total_told = True
    version = "4.1"
    late = 0

    def start_double(self, *where):
        user, password = self.login
        self.start(["/usr/bin/python3", HERE / "transmission_double.py", "--version",
                    self.version, "--folder", self.downloads, "--user", user, "--password",
                    password, "--late", self.late, *where])

    def run(self):
        self.start_double("--port", self.control_port)
        wait_for(f"{self.name} answers", lambda: self._call("session-get"), READY_LIMIT, [self])


class Double294(Double):
    version = "2.94"
    takes_hybrid = has_labels = labels_at_once = total_told = False


class Double40(Double):
    version = "4.0"


class Double41Beta(Double):
    version = "4.1b"


KINDS = {"3.00": Daemon, "2.94 double": Double294, "4.0 double": Double40,
         "4.1-beta double": Double41Beta, "4.1 double": Double}


@contextlib.contextmanager
def running(kind, folder, name="transmission", **settings):
    client = kind(name, folder, "127.0.0.1", login=LOGIN)
    client.more = {k.replace("_", "-"): v for k, v in settings.items()}
    try:
        client.run()
        yield client
    finally:
        client.stop()
        print(client.tail())


@pytest.fixture(scope="module", params=KINDS, ids=[k.replace(" ", "-") for k in KINDS])
def any_daemon(request, tmp_path_factory):
    """The real one, and each double."""
    with running(KINDS[request.param], tmp_path_factory.mktemp("client")) as client:
        yield client


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    """The real one, for tests that leave it as they found it but for their own torrents."""
    with running(Daemon, tmp_path_factory.mktemp("client")) as client:
        yield client


def torrent(tmp_path, name=None, **more):
    """One that no other test has: its name is the test folder's."""
    return make_torrent(tmp_path / "data", name or tmp_path.name, **more)


def fails(answer, kind, *words):
    return expect_failure(answer, kind, *words, secrets=(*LOGIN, "passw0rd", "/transmission/rpc?"))


# --- Delivery, also against the doubles ---

def test_first_delivery_has_labels_folder_and_is_paused(any_daemon, tmp_path):
    file, infohash = torrent(tmp_path)
    place = {"category": "rel", "tags": "a,b", "save_path": tmp_path / "save", "paused": True}
    with any_daemon.driver() as client:
        client.must("ready")
        assert client.torrent(infohash) is None
        assert client.must("deliver", file=file, **place)["path"] == "test"
        seen = state_of(client, infohash, "paused")
        found = client.torrent(infohash, category="rel")
    row = any_daemon.row(infohash)
    assert row["downloadDir"] == str(tmp_path / "save")
    assert row["status"] == 0
    assert row.get("labels") == (["rel", "a", "b"] if any_daemon.has_labels else None)
    assert (seen["state"], seen["complete"], seen["left"]) == ("paused", False, seen["size"])
    assert seen["folder"] == str(tmp_path / "save")
    assert seen["name"] == tmp_path.name
    assert seen["size"] == 3 * PIECE
    assert seen["category"] == ("rel" if any_daemon.has_labels else None)
    assert seen["message"] is None
    assert abs(seen["idle_since"] / 1000 - time.time()) < 60
    assert bool(found) == any_daemon.has_labels


def test_without_a_placement_the_client_decides(any_daemon, tmp_path):
    file, infohash = torrent(tmp_path)
    with any_daemon.driver() as client:
        client.must("deliver", file=file)
        seen = state_of(client, infohash, "stalled")
    assert seen["folder"] == str(any_daemon.downloads)
    assert seen["category"] is None


def test_a_duplicate_is_success_and_changes_nothing(any_daemon, tmp_path):
    file, infohash = torrent(tmp_path)
    with any_daemon.driver() as client:
        client.must("deliver", file=file, category="rel", paused=True)
        any_daemon.call("torrent-set", ids=[infohash], labels=["by hand"])
        # Transmission 3.00 checks what is added first (status 1 and 2).
        before = wait_for("the check has ended", lambda: (
            (row := any_daemon.row(infohash))["status"] not in (1, 2) and row), READY_LIMIT)
        for resumed in (False, True):
            client.must("deliver", file=file, category="other", save_path=tmp_path / "other",
                        resumed=resumed)
            assert any_daemon.row(infohash) == before
        listed = client.must("list")["torrents"]
    assert [t["id"] for t in listed].count(infohash) == 1


def test_labels_that_were_taken_away_stay_away_but_a_cut_delivery_gives_them(daemon, tmp_path):
    file, infohash = torrent(tmp_path)
    with daemon.driver() as client:
        client.must("deliver", file=file, category="rel", paused=True)
        daemon.call("torrent-set", ids=[infohash], labels=[])
        client.must("deliver", file=file, category="rel")
        assert daemon.row(infohash)["labels"] == []
        client.must("deliver", file=file, category="rel", tags="x", resumed=True)
        assert daemon.row(infohash)["labels"] == ["rel", "x"]


@pytest.mark.parametrize("spoil", [lambda b: b"", lambda b: b[:len(b) // 2],
                                   lambda b: os.urandom(500), lambda b: b"de",
                                   lambda b: b.replace(b"6:pieces", b"6:peices")],
                         ids=["empty", "cut", "random", "no-info", "no-pieces"])
def test_what_is_no_torrent_is_refused_as_such(any_daemon, tmp_path, spoil):
    file, _ = torrent(tmp_path)
    file.write_bytes(spoil(file.read_bytes()))
    with any_daemon.driver() as client:
        before = client.must("list")["torrents"]
        fails(client.do("deliver", file=file), "item", "does not take this torrent")
        assert len(client.must("list")["torrents"]) == len(before)


@pytest.mark.parametrize("flags", [libtorrent.create_torrent.v2_only, 0], ids=["v2", "hybrid"])
def test_v2_is_refused_and_hybrids_are_taken_where_the_client_does(any_daemon, tmp_path, flags):
    file, infohash = torrent(tmp_path, flags=flags)
    with any_daemon.driver() as client:
        answer = client.do("deliver", file=file, paused=True, category="rel")
        if flags or not any_daemon.takes_hybrid:
            fails(answer, "item", "takes no v2 torrents" if flags else "takes no hybrid")
            return
        assert answer["ok"], answer
        client.must("deliver", file=file)
        assert client.torrent(infohash)["v1"] == infohash


@pytest.mark.parametrize("text", [HOSTILE, "a \\ %s", "two\nlines", "{}[]:"],
                         ids=["hostile", "backslash", "newline", "json"])
def test_hostile_names_labels_and_folders_arrive_as_they_are(any_daemon, tmp_path, text):
    file, infohash = bare_torrent(tmp_path, f"{text} {tmp_path.name}")
    folder = f"/tmp/nowhere {text.replace('/', '_')}"
    with any_daemon.driver() as client:
        client.must("deliver", file=file, category=text, tags=f"{text}2", save_path=folder,
                    paused=True)
        seen = client.torrent(infohash, category=text if any_daemon.has_labels else None)
    row = any_daemon.row(infohash)
    assert row["downloadDir"] == folder
    assert seen["folder"] == folder
    assert "\n" not in seen["name"]
    assert seen["name"] == row["name"].replace("\n", "?").replace("\u202e", "?")
    if any_daemon.has_labels:
        assert row["labels"] == [text, f"{text}2"]
        assert seen["category"] == text


@pytest.mark.parametrize("name", ["a\U0001f3ac", "a\U000d8000b", "a\0b"],
                         ids=["wide", "half-a-pair", "nul"])
def test_characters_that_version_3_mangles_hide_nothing(any_daemon, tmp_path, name):
    file, infohash = bare_torrent(tmp_path, f"{name}{tmp_path.name}", 1)
    with any_daemon.driver() as client:
        client.must("deliver", file=file, category="r\U0001f3ac\U0010ffff", paused=True)
        assert client.torrent(infohash)
        if any_daemon.has_labels:
            seen = client.torrent(infohash, category="r\U0001f3ac\U0010ffff")
            assert seen["category"] == "r\U0001f3ac\U0010ffff"
        client.must("deliver", file=file)


def test_labels_are_without_blanks_at_their_ends_and_each_is_there_once(any_daemon, tmp_path):
    if not any_daemon.has_labels:
        pytest.skip("this version knows no labels")
    file, infohash = torrent(tmp_path)
    with any_daemon.driver() as client:
        client.must("deliver", file=file, category=" rel ", tags="a,,rel, a", paused=True)
        assert any_daemon.row(infohash)["labels"] == ["rel", "a"]
        assert client.torrent(infohash, category=" rel ")


def test_a_category_with_a_comma_is_the_persons_to_mend(any_daemon, tmp_path):
    file, infohash = torrent(tmp_path)
    with any_daemon.driver() as client:
        fails(client.do("deliver", file=file, category="a,b"), "target", "comma")
        assert client.torrent(infohash) is None


def test_a_relative_folder_is_the_persons_to_mend(any_daemon, tmp_path):
    file, infohash = torrent(tmp_path)
    with any_daemon.driver() as client:
        fails(client.do("deliver", file=file, save_path="rel"), "target", "not absolute")
        fails(client.do("space", save_path="rel"), "target", "not absolute")
        assert client.torrent(infohash) is None


def test_a_torrent_of_twelve_megabytes_is_taken(any_daemon, tmp_path):
    file, infohash = bare_torrent(tmp_path, tmp_path.name, 600_000)
    with any_daemon.driver(timeout_ms=60000) as client:
        client.must("deliver", file=file, category="large", paused=True)
        assert client.torrent(infohash)["size"] == 600_000 * PIECE


def free_of(path):
    seen = os.statvfs(path)
    return seen.f_bavail * seen.f_frsize, seen.f_blocks * seen.f_frsize


@pytest.mark.parametrize("where", ["default", "there", "later"])
def test_free_space_is_that_of_the_folder_or_where_it_will_be_made(any_daemon, tmp_path, where):
    place = {"default": {}, "there": {"save_path": tmp_path},
             "later": {"save_path": tmp_path / "not" / "yet"}}[where]
    with any_daemon.driver() as client:
        told = client.must("space", **place)
    free, total = free_of(tmp_path)
    assert abs(told["free"] - free) < 2 << 30
    assert told["total"] == (total if any_daemon.total_told else 0)


def test_free_space_of_another_file_system_is_its_own(daemon):
    if free_of("/dev/shm")[1] == free_of("/tmp")[1]:
        pytest.skip("there is only one file system")
    with daemon.driver() as client:
        told = client.must("space", save_path="/dev/shm/not/yet")
    assert abs(told["free"] - free_of("/dev/shm")[0]) < 100 << 20


def test_what_shows_up_late_is_waited_for_but_not_for_ever(tmp_path):
    class Slow(Double):
        late = 1

    class Blind(Double):
        late = 60

    file, infohash = torrent(tmp_path)
    with running(Slow, tmp_path / "slow") as double, double.driver() as client:
        client.must("deliver", file=file)
        assert client.torrent(infohash)
    with running(Blind, tmp_path / "blind") as double, double.driver() as client:
        begin = time.monotonic()
        fails(client.do("deliver", file=file), "retry", "does not show it")
        assert 4 < time.monotonic() - begin < 5 + QUICKLY
        threading.Timer(1, client.process.send_signal, [signal.SIGTERM]).start()
        begin = time.monotonic()
        assert client.do("deliver", file=file)["word"] == "Stopped"
        assert time.monotonic() - begin < QUICKLY


# --- The door ---

def test_a_wrong_password_is_tried_once(daemon, tmp_path):
    file, _ = torrent(tmp_path)
    daemon.call("session-get")      # a good login sets the count to 0
    with daemon.driver(login=("bob", "not it")) as client:
        for what in ("ready", "deliver", "list", "space", "deliver"):
            answer = fails(client.do(what, file=file), "target", "does not accept Username")
            assert answer["refused"]
            assert "not it" not in answer["message"]
    assert daemon.failed_logins() == 2
    with daemon.driver() as client:
        client.must("ready")


def test_no_password_where_one_is_asked_for_is_told(daemon):
    with daemon.driver(login=("", "")) as client:
        assert fails(client.do("ready"), "target", "set Username and PasswordFile")["refused"]


def test_a_daemon_that_has_locked_everybody_out_is_told_apart(tmp_path):
    with running(Daemon, tmp_path) as daemon:
        for _ in range(LOCKOUT + 1):
            daemon.failed_logins()
        with daemon.driver() as client:
            answer = fails(client.do("ready"), "target", "too many failed logins", "restart")
            assert answer["refused"]
            daemon.stop()
            fails(client.do("ready"), "target", "too many failed logins")


def test_an_address_that_is_not_let_in_is_told(tmp_path):
    class Closed(Daemon):
        def _call(self, *arguments, **keywords):
            try:
                return super()._call(*arguments, **keywords)
            except urllib.error.HTTPError as error:
                return error.code == 403

    with running(Closed, tmp_path, rpc_whitelist="10.1.2.3") as daemon, \
            daemon.driver() as client:
        assert not fails(client.do("ready"), "target", "rpc-whitelist")["refused"]


def test_a_wrong_path_is_told(daemon):
    for path in ("/wrong", "/transmission/webb"):
        with daemon.driver(URL=daemon.url + path) as client:
            fails(client.do("ready"), "target", "/transmission/rpc")


@pytest.mark.parametrize("path", ["", "/", "/transmission", "/transmission/web/",
                                  "/transmission/web/#files", "/transmission/rpc"])
def test_the_url_may_be_that_of_a_browser(daemon, path):
    with daemon.driver(URL=daemon.url + path) as client:
        client.must("ready")


def test_an_unusable_url_does_not_open():
    client = Driver(Type="transmission", URL="not a url")
    assert (client.opened["kind"], client.opened["word"]) == ("target", "Config")
    client.process.stdin.close()
    client.process.wait()


# --- Down is normal ---

def test_a_stopped_client_costs_nothing_and_gets_it_later(tmp_path):
    file, infohash = torrent(tmp_path)
    with running(Daemon, tmp_path / "client") as daemon, daemon.driver() as client:
        client.must("ready")
        daemon.stop()
        begin = time.monotonic()
        for what in ("ready", "list", "space", "deliver"):
            fails(client.do(what, file=file), "retry", "127.0.0.1")
        assert time.monotonic() - begin < QUICKLY
        daemon.run()        # with another session id
        client.must("deliver", file=file, category="rel")
        daemon.stop()
        daemon.run()        # and answers before it has loaded its torrents
        found = wait_for("it is there again", lambda: client.torrent(infohash), READY_LIMIT)
        assert found["category"] == "rel"


@pytest.mark.parametrize("cut", [False, True], ids=["mute", "cut"])
def test_a_client_that_does_not_answer_holds_nobody_up(tmp_path, cut):
    file, _ = torrent(tmp_path)
    with Rude(hangs=not cut) as mute, Driver(Type="transmission", URL=mute.url, timeout_ms=700) as client:
        for what in ("ready", "deliver", "list", "space"):
            begin = time.monotonic()
            fails(client.do(what, file=file), "retry")
            assert time.monotonic() - begin < QUICKLY


def test_a_stop_request_ends_a_call_at_once():
    with Rude(hangs=True) as mute, Driver(Type="transmission", URL=mute.url, timeout_ms=30000) as client:
        stop = threading.Timer(0.5, client.process.send_signal, [signal.SIGTERM])
        stop.start()
        begin = time.monotonic()
        answer = client.do("ready")
        assert time.monotonic() - begin < QUICKLY
        assert (answer["kind"], answer["word"]) == ("retry", "Stopped")


@pytest.mark.parametrize("method", ["torrent-add", "torrent-set", "torrent-get"])
def test_an_answer_that_is_lost_is_made_up_for_without_a_second_torrent(daemon, tmp_path, method):
    """The client acts on it, and the connection is cut; then we come again."""
    file, infohash = torrent(tmp_path)

    def lose_it(request):
        return LOSE if request.has(method) else None

    with Proxy(daemon.url, rule=lose_it) as proxy, daemon.driver(URL=proxy.url) as client:
        fails(client.do("deliver", file=file, category="rel", paused=True), "retry")
        proxy.rule = None
        client.must("deliver", file=file, category="rel", resumed=True)
        assert client.torrent(infohash)["category"] == "rel"
    assert proxy.count("torrent-add") <= 2


def test_a_client_that_is_killed_amid_the_call_gets_it_later(tmp_path):
    file, infohash = torrent(tmp_path)
    with running(Daemon, tmp_path / "client") as daemon:
        def kill_it(request):
            if request.has("torrent-add") and daemon.process:
                daemon.process.kill()
                daemon.stop()
                return True
            return False

        with Proxy(daemon.url, after=kill_it) as proxy, \
                daemon.driver(URL=proxy.url) as client:
            fails(client.do("deliver", file=file, category="rel"), "retry")
            fails(client.do("deliver", file=file, category="rel"), "retry",
                  "cannot reach it", "502")
            proxy.after = None
            daemon.run()
            client.must("deliver", file=file, category="rel", resumed=True)
            assert client.torrent(infohash)["category"] == "rel"


# --- Behind a proxy ---

def test_behind_a_sub_path_with_the_proxys_own_password(daemon, tmp_path):
    file, infohash = torrent(tmp_path)
    with Proxy(daemon.url, prefix="/box", login=("px", "proxyword"), inner=LOGIN) as proxy:
        with daemon.driver(URL=f"{proxy.url}/transmission/rpc", ProxyUsername="px",
                           ProxyPassword="proxyword") as client:
            client.must("deliver", file=file, category="rel")
            assert client.torrent(infohash)
        tried = len(proxy.seen)
        with daemon.driver(URL=f"{proxy.url}/transmission", ProxyUsername="px",
                           ProxyPassword="wrongword") as client:
            for _ in range(3):
                answer = fails(client.do("ready"), "target", "does not accept ProxyUsername")
                assert answer["refused"]
                assert "wrongword" not in answer["message"]
    assert len(proxy.seen) == tried + 1


def test_a_proxy_that_passes_the_clients_own_password_on(daemon):
    with Proxy(daemon.url + "/transmission/rpc", prefix="/any/name") as proxy, \
            daemon.driver(URL=proxy.url) as client:
        client.must("ready")
        assert proxy.seen[-1].path == ""


def test_a_private_ca_is_trusted_where_it_is_named_and_only_there(daemon, tmp_path):
    ca, pair = make_certificate(tmp_path)
    with Proxy(daemon.url, tls=pair) as proxy:
        with daemon.driver(URL=proxy.url, CAFile=str(ca)) as client:
            client.must("ready")
        with daemon.driver(URL=proxy.url) as client:
            fails(client.do("ready"), "retry", "certificate")


@pytest.mark.parametrize("status, body, kind, part", [
    (200, "<html>log in</html>", "target", "HTML page"),
    (200, "hello", "retry", "no valid JSON"),
    (200, '{"jsonrpc":"2.0","error":{"code":-32600}}', "target", "too new"),
    (301, "", "target", "leads elsewhere"),
    (400, "", "retry", "400"),
    (403, "<h1>no</h1>", "target", "rpc-whitelist"),
    (404, "", "target", "/transmission/rpc"),
    (405, "", "target", "/transmission/rpc"),
    (409, "", "retry", "session id"),
    (413, "", "item", "client_max_body_size"),
    (421, "", "target", "rpc-host-whitelist"),
    (429, "", "retry", "429"),
    (500, "", "retry", "500"),
    (502, "<html>x</html>", "retry", "is it running?"),
    (503, "", "retry", "is it running?"),
])
def test_what_a_proxy_says_is_told_with_the_way_out(tmp_path, status, body, kind, part):
    file, _ = torrent(tmp_path)
    with Proxy(rule=fixed(status, body.encode())) as proxy, \
            Driver(Type="transmission", URL=proxy.url) as client:
        for what in ("ready", "deliver", "list", "space"):
            answer = fails(client.do(what, file=file), kind, part)
            assert not answer["refused"]


def test_a_session_id_that_is_never_taken_is_asked_for_once(daemon):
    with Proxy(daemon.url, drops=("x-transmission-session-id",)) as proxy, \
            daemon.driver(URL=proxy.url) as client:
        fails(client.do("ready"), "retry", "X-Transmission-Session-Id")
    assert len(proxy.seen) == 1
    asked = []

    def forgetful(request):
        asked.append(request.headers.get("x-transmission-session-id"))
        return 409, {**HTML, "X-Transmission-Session-Id": f"id{len(asked)}"}, b""

    with Proxy(rule=forgetful) as proxy, daemon.driver(URL=proxy.url) as client:
        fails(client.do("ready"), "retry", "session id")
        fails(client.do("ready"), "retry", "session id")
    assert asked == [None, "id1", "id1", "id3"]


def test_an_answer_without_end_is_not_read_to_its_end():
    with Proxy(rule=fixed(200, b"[" + b" " * (2 << 20) + b"]")) as proxy, \
            Driver(Type="transmission", URL=proxy.url) as client:
        fails(client.do("ready"), "retry", "larger")


@pytest.mark.parametrize("url", ["http://localhost/transmission/rpc", None])
def test_version_4_is_reached_through_its_unix_socket(tmp_path, url):
    file, infohash = torrent(tmp_path)
    path = tmp_path / "rpc.sock"
    double = Double("transmission", tmp_path / "client", "127.0.0.1", login=LOGIN)
    double.start_double("--socket", path)
    try:
        wait_for("the socket is there", path.exists, READY_LIMIT, [double])
        with double.driver(URL=url, Socket=str(path)) as client:
            client.must("deliver", file=file, category="rel")
            assert client.torrent(infohash, category="rel")
            double.stop()
            fails(client.do("ready"), "retry")
    finally:
        double.stop()


def test_a_version_without_the_old_protocol_is_told(tmp_path):
    class Double5(Double):
        version = "5"

        def _call(self, *_, **__):
            try:
                super()._call("session-get")
            except KeyError:
                return True

    with running(Double5, tmp_path) as double, double.driver() as client:
        fails(client.do("ready"), "target", "JSON-RPC 2.0", "too new")


# --- What it has, in the states that it can be in ---

def add_with_data(daemon, file, folder, **more):
    daemon.call("torrent-add", filename=str(file), download_dir=str(folder), **more)


def state_of(client, infohash, state, limit=30):
    def seen():
        t = client.torrent(infohash)
        return t if t["state"] == state else None
    return wait_for(f"it is {state}", seen, limit)


def test_what_seeds_is_complete_and_seeding(daemon, tmp_path):
    file, infohash = torrent(tmp_path)
    with daemon.driver() as client:
        client.must("deliver", file=file, save_path=tmp_path / "data", category="rel")
        seen = state_of(client, infohash, "seeding")
        assert (seen["complete"], seen["left"], seen["size"]) == (True, 0, 3 * PIECE)
        daemon.call("torrent-stop", ids=[infohash])
        seen = state_of(client, infohash, "paused")
        assert seen["complete"]
        assert seen["message"] is None


def test_data_that_is_gone_is_an_error_with_the_clients_words(daemon, tmp_path):
    file, infohash = torrent(tmp_path)
    with daemon.driver() as client:
        client.must("deliver", file=file, save_path=tmp_path / "data")
        state_of(client, infohash, "seeding")
        daemon.call("torrent-stop", ids=[infohash])
        state_of(client, infohash, "paused")
        (tmp_path / "data" / tmp_path.name).unlink()
        daemon.call("torrent-start", ids=[infohash])
        seen = state_of(client, infohash, "error")
    assert "No data found" in seen["message"]


def test_deselected_files_keep_it_from_being_complete(daemon, tmp_path):
    file, infohash = torrent(tmp_path, files=2)
    (tmp_path / "data" / tmp_path.name / "1").unlink()
    with daemon.driver() as client:
        add_with_data(daemon, file, tmp_path / "data", files_unwanted=[1])
        seen = wait_for("it has what is wanted",
                        lambda: (lambda t: t["left"] == 0 and t["state"] != "checking" and t)(
                            client.torrent(infohash)), 30)
    assert not seen["complete"]
    assert seen["state"] == "paused"
    assert "not all of its files" in seen["message"]


@pytest.mark.parametrize("said, told", [
    (b"unregistered torrent", "unregistered torrent"),
    (b"gone, see http://t.example/0123/announce", "gone, see <hidden>"),
    (b"d\xe9j\xe0 vu", "vu"),
], ids=["words", "address", "latin1"])
def test_a_trackers_refusal_is_an_error_with_its_words(daemon, tmp_path, said, told):
    with FakeTracker(failure_reason=said) as tracker, daemon.driver() as client:
        file, infohash = torrent(tmp_path, announce=tracker.announce)
        client.must("deliver", file=file)
        seen = state_of(client, infohash, "error")
        daemon.call("torrent-remove", ids=[infohash])
    assert told in seen["message"]
    assert FakeTracker.KEY not in seen["message"]
    assert "\ufffd" not in seen["message"]


def test_a_trackers_warning_is_no_error(daemon, tmp_path):
    with FakeTracker(complete=0, incomplete=0, interval=1800, peers=b"",
                     warning_message=b"slow") as tracker, daemon.driver() as client:
        file, infohash = torrent(tmp_path, announce=tracker.announce)
        client.must("deliver", file=file)
        wait_for("the warning is there", lambda: client.torrent(infohash)["message"], 30)
        seen = state_of(client, infohash, "stalled")
    assert seen["message"] == "slow"


def test_stalled_ones_of_a_category_can_be_counted(daemon, tmp_path):
    category = tmp_path.name
    with daemon.driver() as client:
        for i, place in enumerate([{}, {}, {"paused": True}, {"category": "another"}]):
            file, _ = torrent(tmp_path, name=f"{category} {i}")
            client.must("deliver", file=file, **{"category": category, "tags": "t", **place})
        wait_for("one is paused and two are stalled", lambda: sorted(
            t["state"] for t in client.must("list", category=category)["torrents"])
            == ["paused", "stalled", "stalled"], 30)
        tagged = client.must("list", category="t")["torrents"]
    assert len(tagged) == 4


def test_what_waits_for_its_turn_is_queued(tmp_path):
    with running(Daemon, tmp_path / "client", download_queue_enabled=True,
                 download_queue_size=1) as daemon, daemon.driver() as client:
        for i in range(2):
            file, _ = torrent(tmp_path, name=f"one {i}")
            client.must("deliver", file=file)
        wait_for("one has started and one waits",
                 lambda: sorted(t["state"] for t in client.must("list")["torrents"])
                 == ["queued", "stalled"], 30)


def test_a_list_of_thousands_is_read(tmp_path):
    rows = [{"hashString": f"{i:040x}", "name": f"torrent {i}", "status": 6, "totalSize": 5,
             "sizeWhenDone": 5, "leftUntilDone": 0, "labels": ["rel"] if i % 2 else []}
            for i in range(50_000)]
    body = json.dumps({"arguments": {"torrents": rows}, "result": "success"}).encode()
    with Proxy(rule=fixed(200, body)) as proxy, \
            Driver(Type="transmission", URL=proxy.url) as client:
        begin = time.monotonic()
        assert len(client.must("list", category="rel")["torrents"]) == 25_000
        assert time.monotonic() - begin < 10
