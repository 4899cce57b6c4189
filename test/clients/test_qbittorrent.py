"""The client `qbittorrent` against qbittorrent-nox of Debian, and a double of other versions.

Run with /usr/bin/python3 -m pytest.  Every real one is started on loopback in a folder of the
test, and ended by its process id.
"""

import collections
import json
import os
import signal
import socket
import socketserver
import threading
import time

import libtorrent
import pytest

from boxes import PASSWORD, SEEN_LIMIT, USER, QBittorrentBox
from driver import HOSTILE, PIECE, QUICKLY, Driver, bare_torrent, expect_failure, make_torrent
from proxy import FakeTracker, Proxy, Rude, make_certificate, reply
from qbittorrent_double import QBittorrentDouble

from clients import free_port, wait_for  # test/real, which driver puts on the path

PROGRAMS = QBittorrentBox.programs


class Real(QBittorrentBox):

    def login_count(self):
        """(good ones, bad ones), of its log; without those of the tests themselves."""
        def of_others():
            good = self.logs()[1].read_text(errors="replace").count("WebAPI login success")
            return good - self.own_logins + 1 if good >= self.own_logins else None

        good = wait_for("its log", of_others, SEEN_LIMIT) - 1
        return good, self.logs()[1].read_text(errors="replace").count("WebAPI login failure")


KINDS = ["real", "4.1", "4.2", "5.1", "5.3"]


def make_client(kind, folder):
    return Real.make(folder / "client") if kind == "real" \
        else QBittorrentDouble(folder / "client", kind)


@pytest.fixture(params=KINDS)
def client(request, tmp_path):
    made = make_client(request.param, tmp_path)
    made.version = request.param
    try:
        made.launch()
        yield made
    finally:
        made.stop()


@pytest.fixture
def real(tmp_path):
    made = Real.make(tmp_path / "client")
    try:
        made.launch()
        yield made
    finally:
        made.stop()


def driving(client, **more):
    return Driver(**{"Type": "qbittorrent", "URL": client.url, "Username": USER,
                     "Password": PASSWORD, **more})


def failed(answer, kind, *words):
    return expect_failure(answer, kind, *words, secrets=(PASSWORD, "wrong!", "/api/", "/qb"))


def folder_of(client, ident):
    return client.info()[ident]["save_path"].rstrip("/")


# ---- delivery ------------------------------------------------------------------------------------


def test_first_delivery(client, tmp_path):
    torrent, v1 = make_torrent(tmp_path / "made")
    with driving(client) as ptp:
        ptp.must("ready")
        answer = ptp.must("deliver", file=torrent, category="rel", tags="a,b c",
                          save_path=tmp_path / "elsewhere", paused=True)
        assert answer["path"] == "test"
        wait_for("its state", lambda: ptp.torrent(v1)["state"] == "paused", SEEN_LIMIT)
        listed = ptp.torrent(v1, category="rel")
        assert not ptp.torrent(v1, category="other") and not ptp.torrent(v1, category="re")
    assert listed["id"] == listed["v1"] == v1
    assert (listed["name"], listed["category"]) == ("one", "rel")
    assert listed["folder"].rstrip("/") == str(tmp_path / "elsewhere")
    assert (listed["size"], listed["left"], listed["complete"]) == (3 * PIECE, 3 * PIECE, False)
    tags = {tag for tag in client.info()[v1]["tags"].split(", ") if tag}
    assert tags == (set() if client.version == "4.1" else {"a", "b c"})


def test_without_a_placement_the_clients_settings_decide(client, tmp_path):
    torrent, v1 = make_torrent(tmp_path / "made")
    with driving(client) as ptp:
        ptp.must("deliver", file=torrent)
        wait_for("its state", lambda: ptp.torrent(v1)["state"] == "stalled", SEEN_LIMIT)
        assert ptp.torrent(v1)["category"] == ""
    assert folder_of(client, v1) == str(client.downloads)


def test_a_second_delivery_changes_nothing(client, tmp_path):
    torrent, v1 = make_torrent(tmp_path / "made")
    with driving(client) as ptp:
        ptp.must("deliver", file=torrent, category="rel", tags="a")
        client.set_category(v1, "by hand")
        before = client.info()[v1]
        ptp.must("deliver", file=torrent, category="rel", tags="b", save_path=tmp_path / "x",
                 paused=True)
        ptp.must("deliver", file=torrent, category="rel", resumed=True)
        after = client.info()[v1]
    same = ("category", "tags", "save_path")
    assert [after[k] for k in same] == [before[k] for k in same]
    assert "paused" not in after["state"] and "stopped" not in after["state"]
    assert len(client.info()) == 1
    if client.version != "real":
        assert client.adds == 1


@pytest.mark.parametrize("content", [b"", b"d4:infod6:lengthi1e", b"<html>"])
def test_a_corrupt_file_is_refused(client, tmp_path, content):
    torrent = tmp_path / "bad.torrent"
    torrent.write_bytes(content)
    with driving(client) as ptp:
        failed(ptp.do("deliver", file=torrent), "item", "not a valid torrent")
        ptp.must("ready")
    assert not client.info()


@pytest.fixture(params=["4.1", "5.3"])
def double(request, tmp_path):
    made = QBittorrentDouble(tmp_path / "client", request.param)
    try:
        made.launch()
        yield made
    finally:
        made.stop()


def test_a_refusal_without_a_reason(double, tmp_path):
    torrent, _ = make_torrent(tmp_path / "made")
    double.refuses = True
    with driving(double) as ptp:
        failed(ptp.do("deliver", file=torrent), "item", "without saying why")
        double.refuses = False
        ptp.must("deliver", file=torrent)


def test_a_torrent_that_does_not_show_up(double, tmp_path):
    torrent, _ = make_torrent(tmp_path / "made")
    double.loses = True
    with driving(double) as ptp:
        failed(ptp.do("deliver", file=torrent), "retry", "does not show it")
        threading.Timer(0.5, ptp.process.send_signal, [signal.SIGTERM]).start()
        began = time.monotonic()
        assert ptp.do("deliver", file=torrent)["word"] == "Stopped"
        assert time.monotonic() - began < QUICKLY


def test_tags_are_made_up_for_when_a_delivery_is_resumed(tmp_path):
    double = QBittorrentDouble(tmp_path / "client", "4.2")
    torrent, v1 = make_torrent(tmp_path / "made")
    try:
        double.launch()
        with driving(double) as ptp:
            ptp.must("deliver", file=torrent)
            ptp.must("deliver", file=torrent, tags="a")
            assert double.info()[v1]["tags"] == ""
            ptp.must("deliver", file=torrent, tags="a", resumed=True)
            assert double.info()[v1]["tags"] == "a"
    finally:
        double.stop()


@pytest.mark.parametrize("end", ["\t=?#|", "+"])
def test_hostile_names(client, tmp_path, end):
    torrent, v1 = make_torrent(tmp_path / "made", name=HOSTILE)
    label = HOSTILE.strip() + end
    folder = tmp_path / label.replace("‮", "").replace("\t", "")
    with driving(client) as ptp:
        ptp.must("deliver", file=torrent, category=label, tags='"$x",é', save_path=folder)
        listed = ptp.torrent(v1, category=label)
        assert listed["category"] == label
        assert listed["folder"].rstrip("/") == str(folder)
        assert not ptp.torrent(v1, category=label + "x")
    if client.version != "4.1":
        assert set(client.info()[v1]["tags"].split(", ")) == {'"$x"', "é"}


@pytest.mark.parametrize("category", ["a//b", "/a", "a/", "a\\b"])
def test_a_category_that_would_be_dropped_is_refused(real, tmp_path, category):
    torrent, _ = make_torrent(tmp_path / "made")
    with driving(real) as ptp:
        failed(ptp.do("deliver", file=torrent, category=category), "target", "category")
    assert not real.info()


def test_a_category_is_not_the_one_above_it(real, tmp_path):
    real.post("app/setPreferences", json=json.dumps({"use_subcategories": True}))
    torrent, v1 = make_torrent(tmp_path / "made")
    with driving(real) as ptp:
        ptp.must("deliver", file=torrent, category="rel/old")
        assert ptp.torrent(v1, category="rel/old")
        assert not ptp.torrent(v1, category="rel")


def test_a_categorys_own_save_path(real, tmp_path):
    real.post("torrents/createCategory", category="rel", savePath=tmp_path / "own")
    real.post("app/setPreferences", json=json.dumps({"auto_tmm_enabled": True}))
    first, v1 = make_torrent(tmp_path / "made", name="first")
    second, other = make_torrent(tmp_path / "made", name="second")
    with driving(real) as ptp:
        ptp.must("deliver", file=first, category="rel")
        ptp.must("deliver", file=second, category="rel", save_path=tmp_path / "given")
    assert folder_of(real, v1) == str(tmp_path / "own")
    assert folder_of(real, other) == str(tmp_path / "given")


def test_a_torrent_of_several_megabytes(client, tmp_path):
    torrent, v1 = bare_torrent(tmp_path, pieces=600_000)
    with driving(client, timeout_ms=20000) as ptp:
        ptp.must("deliver", file=torrent, category="rel")
        assert ptp.torrent(v1, category="rel")


@pytest.mark.parametrize("flags", [0, libtorrent.create_torrent.v2_only], ids=["hybrid", "v2"])
def test_hybrid_and_v2(client, tmp_path, flags):
    """Before 4.4 there are none; that the double of 4.1 lists everything is worth a look."""
    if client.version == "4.2":
        return
    torrent, _ = make_torrent(tmp_path / "made", flags=flags)
    with driving(client) as ptp:
        first = ptp.must("deliver", file=torrent, category="rel")
        ptp.must("deliver", file=torrent, category="other")
        listed, = ptp.must("list", category="rel")["torrents"]
    assert listed["id"] == first["v2"][:40]
    if client.version not in ("4.1", "4.2"):
        assert (listed["v1"], listed["v2"]) == (first["v1"], first["v2"])
    if client.version != "real":
        assert client.adds == 1


# ---- being let in --------------------------------------------------------------------------------


def test_a_wrong_password_is_tried_once(client, tmp_path):
    torrent, _ = make_torrent(tmp_path / "made")
    with driving(client, Password="wrong!") as ptp:
        for call in [("ready",), ("deliver",), ("list",), ("space",), ("ready",)]:
            answer = failed(ptp.do(*call, file=torrent), "target", "username and password")
            assert answer["refused"]
    wait_for("its log", lambda: client.login_count()[1], SEEN_LIMIT)
    assert client.login_count() == (0, 1)


def test_a_ban_is_told_as_such(client):
    for _ in range(5):
        with driving(client, Password="wrong!") as ptp:
            failed(ptp.do("ready"), "target", "username and password")
    with driving(client) as ptp:
        for _ in range(3):
            assert failed(ptp.do("ready"), "target", "banned")["refused"]
    assert client.login_count()[0] == 0


def test_one_login_for_many_calls(client, tmp_path):
    torrent, _ = make_torrent(tmp_path / "made")
    with driving(client) as ptp:
        for _ in range(3):
            ptp.must("ready")
            ptp.must("deliver", file=torrent)
            ptp.must("list")
    wait_for("its log", lambda: client.login_count()[0], SEEN_LIMIT)
    assert client.login_count() == (1, 0)


def test_a_session_that_ended_is_one_new_login(client, tmp_path):
    torrent, v1 = make_torrent(tmp_path / "made")
    with driving(client) as ptp:
        ptp.must("ready")
        client.stop()
        client.launch()
        before = client.login_count()[0]
        ptp.must("deliver", file=torrent)
        assert ptp.torrent(v1)
        wait_for("its log", lambda: client.login_count()[0] > before, SEEN_LIMIT)
        assert client.login_count() == (2, 0)


def test_without_a_login(tmp_path):
    open_client = Real.make(tmp_path / "client", locked=False)
    torrent, v1 = make_torrent(tmp_path / "made")
    try:
        open_client.launch()
        with driving(open_client, Username=None, Password=None) as ptp:
            ptp.must("ready")
            ptp.must("deliver", file=torrent)
            assert ptp.torrent(v1)
            assert ptp.must("space")["free"]
    finally:
        open_client.stop()


def test_without_a_login_where_one_is_needed(client):
    with driving(client, Username=None, Password=None) as ptp:
        for _ in range(2):
            assert failed(ptp.do("ready"), "target", "asks for a login", "Username")["refused"]
    assert client.login_count() == (0, 0)


# ---- not being there -----------------------------------------------------------------------------


def test_stopped_and_started_later(client, tmp_path):
    torrent, v1 = make_torrent(tmp_path / "made")
    with driving(client) as ptp:
        ptp.must("ready")
        client.stop()
        for call in ("ready", "deliver", "list", "space"):
            began = time.monotonic()
            answer = failed(ptp.do(call, file=torrent), "retry")
            assert time.monotonic() - began < QUICKLY and not answer["refused"]
        client.launch()
        ptp.must("deliver", file=torrent)
        assert ptp.torrent(v1)


HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[{"


@pytest.mark.parametrize("answer, hangs", [(b"", True), (HALF, True), (b"", False), (HALF, False),
                                           (b"what is this?\r\n\r\n", False)])
def test_who_does_not_answer_is_given_up(tmp_path, answer, hangs):
    torrent, _ = make_torrent(tmp_path / "made")
    with Rude(answer, hangs) as rude, driving(rude, timeout_ms=1500) as ptp:
        for call in ("ready", "deliver", "list", "space"):
            began = time.monotonic()
            failed(ptp.do(call, file=torrent), "retry")
            assert time.monotonic() - began < QUICKLY


def test_a_stop_request_ends_a_call_at_once():
    with Rude(b"", True) as rude, driving(rude, timeout_ms=30000) as ptp:
        threading.Timer(0.5, ptp.process.send_signal, [signal.SIGTERM]).start()
        began = time.monotonic()
        answer = ptp.do("ready")
        assert not answer["ok"] and answer["word"] == "Stopped"
        assert time.monotonic() - began < QUICKLY


def test_the_client_dies_amid_the_call(real, tmp_path):
    torrent, v1 = make_torrent(tmp_path / "made")

    def die(request):
        if request.has("torrents/add"):
            real.process.kill()
            real.process.wait()

    with real.proxy(rule=die) as proxy, driving(proxy) as ptp:
        failed(ptp.do("deliver", file=torrent), "retry", "502")
        proxy.rule = None
        real.stop()
        real.launch()
        ptp.must("deliver", file=torrent)
        assert ptp.torrent(v1)


def test_an_answer_that_is_lost_is_no_second_torrent(client, tmp_path):
    torrent, v1 = make_torrent(tmp_path / "made")
    with Proxy(client.url, after=lambda request: request.has("add")) as proxy, \
            driving(proxy) as ptp:
        failed(ptp.do("deliver", file=torrent, category="rel"), "retry")
        wait_for("the torrent", client.info, SEEN_LIMIT)
        client.set_category(v1, "by hand")
        proxy.seen.clear()
        ptp.must("deliver", file=torrent, category="rel")
        assert proxy.count("torrents/add") == 0
    assert client.info()[v1]["category"] == "by hand"


def test_our_own_death_amid_the_call_is_no_second_torrent(real, tmp_path):
    torrent, v1 = make_torrent(tmp_path / "made")
    killed = threading.Event()

    def wait_for_death(request):
        return request.has("torrents/add") and killed.wait(30)

    with real.proxy(after=wait_for_death) as proxy:
        ptp = driving(proxy)
        threading.Thread(target=lambda: (wait_for("the torrent", real.info, SEEN_LIMIT),
                                         ptp.process.kill(), killed.set()), daemon=True).start()
        with pytest.raises(AssertionError, match="the driver has ended"):
            ptp.do("deliver", file=torrent, category="rel")
        ptp.process.wait()
        with driving(proxy) as again:
            proxy.seen.clear()
            again.must("deliver", file=torrent, category="rel", resumed=True)
            assert again.torrent(v1, category="rel")
            assert proxy.count("torrents/add") == 0


# ---- a proxy in front of it ----------------------------------------------------------------------

LOGIN = ("carol", "pröxy:pw")


def test_sub_path_and_basic_authentication(client, tmp_path):
    torrent, v1 = make_torrent(tmp_path / "made")
    with Proxy(client.url, prefix="/qb", login=LOGIN) as proxy:
        for url in (proxy.url, proxy.url + "/"):
            with driving(client, URL=url, ProxyUsername=LOGIN[0], ProxyPassword=LOGIN[1]) as ptp:
                ptp.must("deliver", file=torrent)
                assert ptp.torrent(v1)


@pytest.mark.parametrize("given, says", [({}, "ProxyUsername and ProxyPasswordFile"),
                                         ({"ProxyUsername": "carol", "ProxyPassword": "wrong!"},
                                          "does not accept ProxyUsername")])
def test_a_proxy_that_refuses_is_asked_once(client, given, says):
    with Proxy(client.url, login=LOGIN) as proxy, \
            driving(proxy, **given) as ptp:
        for call in ("ready", "list", "space"):
            assert failed(ptp.do(call), "target", says)["refused"]
        assert len(proxy.seen) == 1
    assert client.login_count() == (0, 0)


def test_a_proxy_that_passes_its_login_on(client, tmp_path):
    """From 5.2 on the client takes that for a login of its own."""
    with Proxy(client.url, login=LOGIN, passes_login=True) as proxy, \
            driving(proxy, ProxyUsername=LOGIN[0], ProxyPassword=LOGIN[1]) as ptp:
        if client.version == "5.3":
            assert failed(ptp.do("ready"), "target", "Authorization header")["refused"]
        else:
            ptp.must("ready")


@pytest.mark.parametrize("path, kind, says", [("/nothing", "target", "HTTP 404"),
                                              ("/qb/api/v2", "target", "HTTP 404")])
def test_a_wrong_path(client, path, kind, says):
    with Proxy(client.url, prefix="/qb") as proxy:
        with driving(client, URL=proxy.url.removesuffix("/qb") + path) as ptp:
            assert not failed(ptp.do("ready"), kind, says)["refused"]


@pytest.mark.parametrize("answer, kind, says", [
    (reply(200, b" \n<!DOCTYPE html><p>hello"), "target", "HTML page"),
    (reply(200, b"hello"), "target", "lead to qBittorrent"),
    (reply(200, b'{"a": 1}'), "target", "lead to qBittorrent"),
    (reply(302, b"", "Location: https://sso.example/login"), "target", "sso.example"),
    (reply(400), "retry", "HTTP 400"),
    (reply(401), "target", "HTTP 401"),
    (reply(403, b"Forbidden"), "target", "HTTP 403"),
    (reply(404), "target", "HTTP 404"),
    (reply(413), "item", "HTTP 413"),
    (reply(429), "retry", "HTTP 429"),
    (reply(500), "retry", "HTTP 500"),
    (reply(502, b"<html>"), "retry", "is it running"),
    (reply(503, b"<html>"), "retry", "is it running"),
    (reply(504), "retry", "HTTP 504"),
    (reply(200, b"x" * (2 << 20)), "retry", "larger than"),
], ids=lambda value: value[:40] if isinstance(value, str) else "")
@pytest.mark.parametrize("user", [USER, None])
def test_answers_that_are_none(answer, kind, says, user):
    with Rude(answer, False) as rude, driving(rude, Username=user) as ptp:
        failed(ptp.do("ready"), kind, says)


def test_a_torrent_too_large_for_the_proxy(real, tmp_path):
    torrent, _ = bare_torrent(tmp_path, pieces=100_000)
    with Proxy(real.url, max_body=1 << 20) as proxy, driving(proxy) as ptp:
        failed(ptp.do("deliver", file=torrent), "item", "HTTP 413", "client_max_body_size")
        ptp.must("ready")


def test_a_proxy_that_drops_cookies(real):
    with Proxy(real.url) as proxy:
        proxy.drops = {"set-cookie"}
        with driving(proxy) as ptp:
            for _ in range(2):
                answer = failed(ptp.do("ready"), "target", "cookies")
                assert not answer["refused"]
        assert proxy.count("auth/login") <= 3


def test_tls_with_a_private_ca(real, tmp_path):
    ca, own = make_certificate(tmp_path)
    torrent, v1 = make_torrent(tmp_path / "made")
    with Proxy(real.url, tls=own) as proxy:
        with driving(proxy, CAFile=str(ca)) as ptp:
            ptp.must("deliver", file=torrent)
            assert ptp.torrent(v1)
        with driving(proxy) as ptp:
            failed(ptp.do("ready"), "retry", "certificate", "CAFile")
    assert real.login_count() == (1, 0)


# ---- what it has ---------------------------------------------------------------------------------


def test_free_space(client):
    with driving(client) as ptp:
        space = ptp.must("space")
        other = ptp.must("space", save_path="/somewhere/else")
    assert space["total"] == 0
    if client.version == "real":
        disk = os.statvfs(client.downloads)
        free = disk.f_bavail * disk.f_frsize
        assert abs(space["free"] - free) < 2 << 30 and abs(other["free"] - free) < 2 << 30
    else:
        assert space["free"] == other["free"] == 5 << 30


def test_a_full_disk_is_full(double):
    double.space = [0]
    with driving(double) as ptp:
        assert ptp.must("space")["free"] == 0
        double.space = [-1]
        failed(ptp.do("space"), "retry", "free space")


def test_stalled_downloads_are_counted(real, tmp_path):
    made = [make_torrent(tmp_path / "made", name=f"t{i}") for i in range(4)]
    with driving(real) as ptp:
        for torrent, _ in made[:3]:
            ptp.must("deliver", file=torrent, category="rel")
        ptp.must("deliver", file=made[3][0], category="other")
        real.post("torrents/setForceStart", hashes=made[0][1], value="true")

        def states():
            return collections.Counter(t["state"]
                                       for t in ptp.must("list", category="rel")["torrents"])

        wait_for("three stalled", lambda: states() == {"stalled": 3}, SEEN_LIMIT)
        assert real.info()[made[0][1]]["state"] == "forcedDL"
        idle = ptp.torrent(made[1][1])["idle_since"]
        assert abs(idle / 1000 - time.time()) < 60


KEY = FakeTracker.KEY
PEERS = {"interval": 1800, "peers": b""}
REFUSAL = {"failure_reason": f"Unregistered torrent, see http://t.example/{KEY} {KEY}".encode()}


def test_the_classes_of_an_audit(real, tmp_path):
    data, gone = tmp_path / "data", tmp_path / "gone"
    gone.mkdir()
    with FakeTracker(**PEERS) as good, FakeTracker(**REFUSAL) as bad, driving(real) as ptp:
        def given(name, tracker, folder=data, **more):
            torrent, v1 = make_torrent(data, name=name, announce=tracker)
            ptp.must("deliver", file=torrent, category="rel", save_path=folder, **more)
            return v1

        seeding = given("seeding", good.announce)
        paused = given("paused", good.announce, paused=True)
        stalled = given("stalled", good.announce, folder=tmp_path / "empty")
        refused = given("refused", bad.announce)
        silent = given("silent", f"http://127.0.0.1:{free_port('127.0.0.1')}/announce")
        torrent, missing = make_torrent(data, name="missing", announce=good.announce)
        real.seed(torrent, gone)
        real.post("torrents/setCategory", hashes=missing, category="")

        def seen(v1, state, **more):
            def probe():
                t = ptp.torrent(v1)
                if t["state"] == state and all(t[k] == v for k, v in more.items()):
                    return t
                raise ValueError(t)
            return wait_for(state, probe, SEEN_LIMIT * 2)

        assert seen(seeding, "seeding", complete=True)["left"] == 0
        assert seen(seeding, "seeding", message=None)
        assert seen(paused, "paused")["complete"] is False      # it was never checked
        assert seen(stalled, "stalled", complete=False)["left"] == 3 * PIECE
        assert seen(missing, "error", complete=False)["message"] == "its files are missing"
        told = seen(refused, "error", complete=True)["message"]
        assert "Unregistered torrent" in told
        assert KEY not in told and "://" not in told
        told = wait_for("its tracker", lambda: ptp.torrent(silent)["message"], SEEN_LIMIT * 2)
        assert "refused" in told and ptp.torrent(silent)["state"] == "seeding"
        assert [t["id"] for t in ptp.must("list", category="")["torrents"]] == [missing]


def test_messages_of_trackers_in_other_versions(double, tmp_path):
    torrent, v1 = make_torrent(tmp_path / "made")
    with driving(double) as ptp:
        ptp.must("deliver", file=torrent)
        for status, message, state in [(5, "unregistered torrent", "error"),
                                       (5, "slow down", "stalled"),
                                       (6, "Connection refused", "stalled"),
                                       (2, "", "stalled")]:
            double.trackers[v1] = [{"url": "http://t/", "status": status, "msg": message}]
            seen = ptp.torrent(v1)
            assert (seen["state"], seen["message"]) == (state, message or None)


def test_a_session_on_a_unix_socket_of_a_proxy(real, tmp_path):
    """qBittorrent has none, a proxy in front of it may."""
    path = tmp_path / "s"

    class Pipe(socketserver.BaseRequestHandler):
        def handle(self):
            with socket.create_connection(("127.0.0.1", real.control_port)) as there:
                def pump(a, b):
                    while data := a.recv(65536):
                        b.sendall(data)
                    b.shutdown(socket.SHUT_WR)
                back = threading.Thread(target=pump, args=(there, self.request), daemon=True)
                back.start()
                pump(self.request, there)
                back.join()

    with socketserver.ThreadingUnixStreamServer(str(path), Pipe) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        for url in (None, f"http://localhost:{real.control_port}"):
            with driving(real, URL=url, Socket=str(path)) as ptp:
                ptp.must("ready")
        server.shutdown()
