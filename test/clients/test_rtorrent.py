"""The client "rtorrent": the real one of Debian 12 (0.9.8), and doubles of later versions.

    /usr/bin/python3 -m pytest test/clients/test_rtorrent.py      after ./dev build
"""

import contextlib
import filecmp
import os
import pathlib
import shutil
import signal
import tempfile
import threading
import time
import xmlrpc.client

import libtorrent
import pytest

from driver import HOSTILE as HOSTILE_WORDS
from driver import QUICKLY, Driver, bare_torrent, make_torrent
from proxy import FakeTracker, Proxy, Rude, make_certificate
from rtorrent_double import Double
from scgi_tools import HERE, Relay, over_scgi

from clients import Opentracker, RTorrent, free_port, wait_for

HOSTILE = [HOSTILE_WORDS, "$execute.capture=touch,PWNED", "a,b;c=d", 'quo"te\\', "☃ 😀", "x>]]>",
           "100%", "$(touch PWNED)", "(execute.capture,touch,PWNED)", "-Pk", "new\nline",
           "tab\tcr\resc\x1b", "a%20b"]
PROGRAMS = ["rtorrent", "opentracker"]
DELIVER_LIMIT = 30      # seconds until a swarm has done its work


@pytest.fixture
def folder():
    """A folder with a short path: a unix socket's may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="rt-") as path:
        yield pathlib.Path(path)


@pytest.fixture
def real(folder):
    """A running rtorrent."""
    client = RTorrent("rtorrent", folder / "rt", HERE)
    client.run()
    yield client
    client.stop()


def driver(client, **more):
    return Driver(Type="rtorrent", Socket=str(getattr(client, "rpc", client)), **more)


def proxy_of(real, prefix="/RPC2", **more):
    return Proxy(prefix=prefix, forward=over_scgi(real.rpc), **more)


def printable(text):
    return "".join(c if c.isprintable() else "?" for c in text)


def custom1(real, v1):
    return real.call("d.custom1", v1)


# Delivery

def test_first_delivery(real, folder):
    path, v1 = make_torrent(folder / "t", "one")
    multi, v1_multi = make_torrent(folder / "t", "many", files=3)
    target = folder / "save here"
    with driver(real) as client:
        client.must("ready")
        answer = client.must("deliver", file=path, category="rel é", tags="a,b",
                             save_path=target, paused=False)
        assert answer["path"] == "test"
        client.must("deliver", file=multi, category="rel é", save_path=target)
        one, many = client.torrent(v1, "rel é"), client.torrent(v1_multi, "rel é")
        assert client.torrent(v1, "rel") is None
    assert (one["id"], one["v1"], one["name"]) == (v1, v1, "one")
    assert one["category"] == many["category"] == "rel é"
    assert one["folder"] == many["folder"] == str(target)
    assert (one["size"], one["left"], one["complete"]) == (3 * 16384, 3 * 16384, False)
    assert one["state"] == "stalled"
    assert custom1(real, v1) == "rel%20%C3%A9"
    assert real.call("d.directory", v1_multi) == f"{target}/many"
    assert real.call("d.custom", v1, "ptp_archiver") == "delivered"
    assert real.call("d.state", v1) == 1


def test_delivery_without_placement_goes_where_rtorrent_puts_it(real, folder):
    path, v1 = make_torrent(folder / "t")
    with driver(real) as client:
        client.must("deliver", file=path)
        torrent = client.torrent(v1)
    assert torrent["folder"] == str(real.downloads)
    assert torrent["category"] is None
    assert real.call("d.state", v1) == 1


def test_paused(real, folder):
    path, v1 = make_torrent(folder / "t")
    with driver(real) as client:
        client.must("deliver", file=path, category="rel", paused=True, save_path=folder / "x")
        torrent = client.torrent(v1, "rel")
    assert torrent["state"] == "paused"
    assert torrent["folder"] == str(folder / "x")
    assert real.call("d.state", v1) == 0


def test_a_second_delivery_changes_nothing(real, folder):
    path, v1 = make_torrent(folder / "t")
    with driver(real) as client:
        client.must("deliver", file=path, category="rel")
        real.call("d.custom1.set", v1, "by%20hand")
        real.call("d.stop", v1)
        for resumed in (False, True):
            client.must("deliver", file=path, category="other", save_path=folder / "x",
                        resumed=resumed)
        assert len(client.must("list")["torrents"]) == 1
    assert custom1(real, v1) == "by%20hand"
    assert real.call("d.state", v1) == 0
    assert real.call("d.directory", v1) == str(real.downloads)


def test_what_the_user_added_stopped_is_left_alone(real, folder):
    path, v1 = make_torrent(folder / "t")
    real.call("load.raw", "", xmlrpc.client.Binary(path.read_bytes()))
    with driver(real) as client:
        client.must("deliver", file=path, category="rel", resumed=True)
    assert (custom1(real, v1), real.call("d.state", v1)) == ("", 0)
    assert real.call("d.custom", v1, "ptp_archiver") == ""


def test_what_is_no_torrent_is_refused(real, folder):
    path = folder / "broken.torrent"
    path.write_bytes(b"d4:infod6:lengthi5e")
    with driver(real) as client:
        answer = client.do("deliver", file=path)
        assert (answer["ok"], answer["kind"], answer["word"]) == (False, "item", "Client")
        assert "broken" in answer["message"]
        assert client.must("list")["torrents"] == []


def test_hybrid_is_taken_by_v1_and_v2_only_is_refused(real, folder):
    flags = libtorrent.create_torrent
    hybrid, v1 = make_torrent(folder / "t", "hybrid", flags=0)
    v2, _ = make_torrent(folder / "t", "v2", flags=flags.v2_only)
    with driver(real) as client:
        client.must("deliver", file=hybrid, category="rel")
        assert client.torrent(v1, "rel")
        answer = client.do("deliver", file=v2)
        assert (answer["ok"], answer["kind"]) == (False, "item")
        assert "v2 only" in answer["message"]
        assert len(client.must("list")["torrents"]) == 1


def test_hostile_names_labels_and_paths_are_only_texts(real, folder):
    with driver(real) as client:
        for i, words in enumerate(HOSTILE):
            path, v1 = make_torrent(folder / "t" / str(i), words.replace("/", "_"))
            target = folder / "save" / words
            client.must("deliver", file=path, category=words, save_path=target)
            assert client.torrent(v1, words), words
            assert target.is_dir()
            # Others it tells with "?" in their place, or in no well-formed XML.
            if words.isprintable() and max(words) < "\U00010000":
                assert real.call("d.directory", v1) == str(target)
            space = client.must("space", save_path=folder / "save" / words / "deeper")
            assert space["total"] > space["free"] > 0
        shown = {t["category"] for t in client.must("list")["torrents"]}
    assert shown == {printable(w) for w in HOSTILE}
    assert not [p for p in folder.rglob("*PWNED*") if p.name == "PWNED"]


def test_a_name_with_control_characters_does_not_hide_the_others(real, folder):
    path, v1 = make_torrent(folder / "t", "fine")
    info = {b"name": b"a\x01\x1b[31m", b"piece length": 16384, b"pieces": b"x" * 20,
            b"length": 5}
    odd = folder / "odd.torrent"
    odd.write_bytes(libtorrent.bencode({b"announce": b"http://127.0.0.1:9/a", b"info": info}))
    with driver(real) as client:
        client.must("deliver", file=path)
        client.must("deliver", file=odd, category="odd")
        assert client.torrent(v1)["name"] == "fine"
        name, = [t["name"] for t in client.must("list", category="odd")["torrents"]]
    assert name.startswith("a??[31m")


def test_large_torrents(real, folder):
    """Above the default limit of XML-RPC, which is raised and put back; above SCGI's, refused."""
    fits, v1 = bare_torrent(folder, "fits", 1_500_000 // 20)
    too_large, _ = bare_torrent(folder, "too large", 4_000_000 // 20)
    with driver(real) as client:
        client.must("deliver", file=fits, category="rel")
        assert client.torrent(v1, "rel")
        assert real.call("network.xmlrpc.size_limit", "") == 524288
        answer = client.do("deliver", file=too_large)
    assert (answer["ok"], answer["kind"]) == (False, "item")
    assert "5.1 MiB" in answer["message"] and "2.0 MiB" in answer["message"]
    assert "watches" in answer["message"]
    assert real.call("network.xmlrpc.size_limit", "") == 524288


# Transports

@contextlib.contextmanager
def transport(kind, folder):
    """(the running rtorrent, what the driver is opened with)"""
    real = RTorrent("rtorrent", folder / "rt", HERE, tcp=kind == "tcp")
    real.run()
    try:
        if kind == "unix":
            yield real, {"Socket": str(real.rpc)}
        elif kind == "tcp":
            yield real, {"URL": f"scgi://{HERE}:{real.rpc}"}
        else:
            ca, pair = make_certificate(folder / "ca")
            with proxy_of(real, "/behind/a/proxy/RPC2", login=("bob", "pass:wörd"),
                          tls=pair) as proxy:
                yield real, {"URL": proxy.url, "Username": "bob", "Password": "pass:wörd",
                             "CAFile": str(ca)}
    finally:
        real.stop()


@pytest.mark.parametrize("kind", ["unix", "tcp", "https"])
def test_each_transport(kind, folder):
    path, v1 = make_torrent(folder / "t")
    big, v1_big = bare_torrent(folder, pieces=1_400_000 // 20)
    with transport(kind, folder) as (real, about), Driver(Type="rtorrent", **about) as client:
        client.must("ready")
        client.must("deliver", file=path, category="rel", save_path=folder / "x")
        client.must("deliver", file=big, category="rel")
        assert {t["id"] for t in client.must("list", category="rel")["torrents"]} == {v1, v1_big}
        assert client.must("space")["free"] > 0
        real.stop()
        started = time.monotonic()
        answer = client.do("ready")
        assert (answer["kind"], answer["word"], answer["refused"]) == ("retry", "Client", False)
        assert "test: " in answer["message"]
        assert time.monotonic() - started < QUICKLY
        real.run()
        client.must("deliver", file=path, category="rel")
        assert client.torrent(v1, "rel")


def test_the_proxys_user_wins(real):
    with proxy_of(real, login=("proxy", "word")) as proxy, \
            Driver(Type="rtorrent", URL=proxy.url, Username="bob", Password="x",
                   ProxyUsername="proxy", ProxyPassword="word") as client:
        client.must("ready")
        assert proxy.refused == 0


def test_a_wrong_password_is_tried_once(real, folder):
    path, _ = make_torrent(folder / "t")
    with proxy_of(real, login=("bob", "right")) as proxy, \
            Driver(Type="rtorrent", URL=proxy.url, Username="bob", Password="Wr0ngPassw0rd") as c:
        answers = [c.do("ready"), c.do("deliver", file=path), c.do("list"), c.do("space")]
        assert len(proxy.seen) == proxy.refused == 1
    for answer in answers:
        assert (answer["kind"], answer["word"], answer["refused"]) == ("target", "Client", True)
        assert "Wr0ng" not in answer["message"] and "RPC2" not in answer["message"]


def test_wrong_places_are_named(real, folder):
    big, _ = bare_torrent(folder, pieces=100_000 // 20)
    page = b"HTTP/1.1 200 OK\r\nContent-Length: 26\r\n\r\n<html><body>Hi</body></html>"
    with proxy_of(real, max_body=50_000) as proxy, Rude(says=page) as other:
        with Driver(Type="rtorrent", URL=proxy.url + "/wrong") as client:
            answer = client.do("ready")
            assert (answer["kind"], "404" in answer["message"]) == ("target", True)
            assert ".../RPC2" in answer["message"] and "wrong" not in answer["message"]
        with Driver(Type="rtorrent", URL=proxy.url) as client:
            answer = client.do("deliver", file=big)
            assert (answer["kind"], "413" in answer["message"]) == ("item", True)
            real.stop()
            answer = client.do("ready")
            assert (answer["kind"], "502" in answer["message"]) == ("retry", True)
        with Driver(Type="rtorrent", URL=f"http://{HERE}:{other.port}/") as client:
            answer = client.do("ready")
            assert (answer["kind"], "HTML page" in answer["message"]) == ("target", True)
        with Driver(Type="rtorrent", URL=f"scgi://{HERE}:{other.port}") as client:
            answer = client.do("ready")
            assert (answer["kind"], "SCGI" in answer["message"]) == ("retry", True)


def test_a_socket_path_that_is_too_long_is_said(folder):
    with Driver(Type="rtorrent", Socket="/" + "x" * 120) as client:
        assert not client.opened["ok"]
        assert "takes 107" in client.opened["message"]


@pytest.mark.skipif(os.geteuid() != 0, reason="changes the user")
def test_a_socket_that_permissions_forbid_waits_for_a_person(real, folder, monkeypatch):
    """As the driver is started by name, `nobody` needs to reach it: a copy in the folder."""
    import driver as module
    folder.chmod(0o755)
    (folder / "rt").chmod(0o755)
    real.rpc.chmod(0o600)
    build = folder / "build"
    (build / "test").mkdir(parents=True)
    shutil.copy(module.BUILD / "test" / "drive_client", build / "test" / "real_drive_client")
    script = build / "test" / "drive_client"
    script.write_text("#!/bin/sh\nexec setpriv --reuid nobody --regid nogroup --clear-groups "
                      f"{build}/test/real_drive_client\n")
    script.chmod(0o755)
    monkeypatch.setattr(module, "BUILD", build)
    with driver(real) as client:
        answer = client.do("ready")
    assert (answer["kind"], answer["word"], answer["refused"]) == ("target", "Client", False)
    assert "Permission denied" in answer["message"]


# Failures

def test_a_client_that_was_never_there_costs_nothing(folder):
    with driver(folder / "none.sock") as client:
        started = time.monotonic()
        for call in ("ready", "list", "space"):
            answer = client.do(call)
            assert (answer["kind"], answer["word"]) == ("retry", "Client")
        assert time.monotonic() - started < QUICKLY
    with Driver(Type="rtorrent", URL=f"scgi://{HERE}:{free_port(HERE)}") as client:
        answer = client.do("ready")
        assert "Connection refused" in answer["message"]


@pytest.mark.parametrize("kind", ["unix", "scgi", "http"])
@pytest.mark.parametrize("cut", [False, True])
def test_time_limits_hold(kind, cut, folder):
    path, _ = make_torrent(folder / "t")
    big, _ = bare_torrent(folder, pieces=300_000 // 20)
    with Rude(hangs=not cut, path=folder / "s" if kind == "unix" else None) as server:
        about = {"Socket": str(folder / "s")} if kind == "unix" else \
            {"URL": f"{kind}://{HERE}:{server.port}"}
        with Driver(Type="rtorrent", timeout_ms=1000, **about) as client:
            for call in ({"what": "ready"}, {"what": "deliver", "file": path},
                         {"what": "deliver", "file": big}, {"what": "list"}):
                started = time.monotonic()
                answer = client.do(**call)
                assert (answer["kind"], answer["word"]) == ("retry", "Client"), answer
                assert time.monotonic() - started < 1 + QUICKLY
                assert cut or time.monotonic() - started >= 0.9


def test_a_stop_request_ends_a_call_at_once(folder):
    with Rude(hangs=True, path=folder / "s"), driver(folder / "s", timeout_ms=20000) as client:
        timer = threading.Timer(0.5, client.process.send_signal, [signal.SIGTERM])
        timer.start()
        started = time.monotonic()
        answer = client.do("ready")
        assert (answer["kind"], answer["word"]) == ("retry", "Stopped")
        assert time.monotonic() - started < QUICKLY


def check_delivered(real, v1, target):
    wait_for("started", lambda: real.call("d.is_active", v1), DELIVER_LIMIT)
    assert custom1(real, v1) == "rel"
    assert real.call("d.directory", v1) == str(target)
    assert real.call("d.custom", v1, "ptp_archiver") == "delivered"
    assert len(real.call("download_list", "")) == 1


def count_requests(real, folder):
    """How many requests a delivery makes."""
    path, v1 = make_torrent(folder / "count", "count")
    with Relay(folder / "relay", real.rpc) as relay, driver(relay.path) as client:
        client.must("deliver", file=path, category="rel", save_path=folder / "x")
    real.call("d.erase", v1)
    return len(relay.requests)


@pytest.mark.parametrize("how", ["lost", "answer lost"])
def test_a_failure_at_any_request_is_mended(how, real, folder):
    n = count_requests(real, folder)
    assert n >= 7
    for at in range(1, n + 1):
        target = folder / f"save{at}"
        path, v1 = make_torrent(folder / "t", f"torrent {at}")
        with Relay(folder / "relay", real.rpc, at, how) as relay, driver(relay.path) as client:
            answer = client.do("deliver", file=path, category="rel", save_path=target)
            assert len(relay.requests) >= at
            assert answer["ok"] or (answer["kind"], answer["word"]) == ("retry", "Client")
            client.must("deliver", file=path, category="rel", save_path=target, resumed=True)
        check_delivered(real, v1, target)
        real.call("d.erase", v1)


def _deliver_in_vain(client, path, target):
    with contextlib.suppress(AssertionError, OSError):
        client.do("deliver", file=path, category="rel", save_path=target)


def test_a_kill_at_any_request_is_mended(real, folder):
    for at in range(1, count_requests(real, folder) + 1):
        target = folder / f"save{at}"
        path, v1 = make_torrent(folder / "t", f"torrent {at}")
        with Relay(folder / "relay", real.rpc, at, "held") as relay:
            client = driver(relay.path)
            thread = threading.Thread(target=_deliver_in_vain, args=(client, path, target))
            thread.start()
            assert relay.holding.wait(DELIVER_LIMIT)
            client.process.kill()
            client.process.wait()
            thread.join()
            relay.release.set()
        with driver(real) as client:
            client.must("deliver", file=path, category="rel", save_path=target, resumed=True)
        check_delivered(real, v1, target)
        real.call("d.erase", v1)


def test_rtorrent_killed_amid_a_delivery(real, folder):
    """Whatever of the half-added torrent is in its session, the next delivery completes it."""
    for at in range(4, count_requests(real, folder) + 1):
        target = folder / f"save{at}"
        path, v1 = make_torrent(folder / "t", f"torrent {at}")
        with Relay(folder / "relay", real.rpc, at, "lost") as relay, driver(relay.path) as client:
            client.do("deliver", file=path, category="rel", save_path=target)
            real.process.kill()
            real.stop()
            answer = client.do("deliver", file=path, category="rel", save_path=target)
            assert (answer["ok"], answer["kind"]) == (False, "retry")
            real.run()
            client.must("deliver", file=path, category="rel", save_path=target, resumed=True)
        check_delivered(real, v1, target)
        real.call("d.erase", v1)


def test_a_crash_of_rtorrent_after_the_delivery_keeps_the_label(real, folder):
    path, v1 = make_torrent(folder / "t")
    with driver(real) as client:
        client.must("deliver", file=path, category="rel", save_path=folder / "x")
        real.process.kill()
        real.stop()
        real.run()
        torrent = client.torrent(v1, "rel")
    assert torrent["folder"] == str(folder / "x")
    check_delivered(real, v1, folder / "x")


# What a client tells

def test_states_made_for_real(real, folder):
    have, v1_have = make_torrent(folder / "have", "have", files=2)
    gone, v1_gone = make_torrent(folder / "gone", "gone")
    paused, v1_paused = make_torrent(folder / "t", "paused")
    stalled, v1_stalled = make_torrent(folder / "t", "stalled")
    with FakeTracker(failure_reason=b"unregistered torrent") as tracker, driver(real) as client:
        bad, v1_bad = make_torrent(folder / "t", "bad", announce=tracker.announce)
        client.must("deliver", file=have, category="rel", save_path=folder / "have")
        client.must("deliver", file=gone, category="rel", save_path=folder / "gone")
        client.must("deliver", file=paused, category="rel", paused=True)
        client.must("deliver", file=stalled, category="rel", save_path=folder / "empty")
        client.must("deliver", file=bad, category="rel", save_path=folder / "empty")

        def states():
            return {t["id"]: t for t in client.must("list", category="rel")["torrents"]}

        wait_for("seeding", lambda: states()[v1_have]["state"] == "seeding" and
                 states()[v1_gone]["state"] == "seeding", DELIVER_LIMIT)
        real.call("d.stop", v1_gone)
        real.call("d.close", v1_gone)
        (folder / "gone" / "gone").unlink()
        real.call("d.start", v1_gone)
        wait_for("errors", lambda: states()[v1_gone]["state"] == "error" and
                 states()[v1_bad]["state"] == "error", DELIVER_LIMIT)
        now = states()
    assert now[v1_have]["complete"] and now[v1_have]["left"] == 0
    assert now[v1_have]["folder"] == str(folder / "have")
    assert (now[v1_paused]["state"], now[v1_stalled]["state"]) == ("paused", "stalled")
    assert "unregistered torrent" in now[v1_bad]["message"]
    assert FakeTracker.KEY not in now[v1_bad]["message"]
    assert "hash check" in now[v1_gone]["message"]
    assert not now[v1_gone]["complete"]


def test_free_space(real, folder):
    usage = os.statvfs(folder)
    with driver(real) as client:
        for where in (None, folder, folder / "not" / "there" / "yet"):
            space = client.must("space", save_path=where and str(where))
            assert abs(space["free"] - usage.f_bavail * usage.f_frsize) < 1 << 30
            assert space["total"] == usage.f_blocks * usage.f_frsize
        shm = client.must("space", save_path="/dev/shm/not/there")
    usage = os.statvfs("/dev/shm")
    assert shm["total"] == usage.f_blocks * usage.f_frsize


def test_many_torrents_are_listed(real, folder):
    for i in range(50):
        path, _ = make_torrent(folder / "t", f"n{i}")
        real.call("load.raw", "", xmlrpc.client.Binary(path.read_bytes()),
                  "d.custom1.set=" + ("rel" if i % 2 else "other"))
    with driver(real) as client:
        assert len(client.must("list")["torrents"]) == 50
        assert len(client.must("list", category="rel")["torrents"]) == 25


def test_a_swarm_comes_to_its_end(folder):
    data = folder / "data"
    tracker = Opentracker(folder / "tracker", HERE)
    path, v1 = make_torrent(data, "film", size=700_001, files=3, announce=tracker.announce)
    seeder = RTorrent("seeder", folder / "seeder", "127.0.0.2")
    leecher = RTorrent("leecher", folder / "leecher", "127.0.0.3")
    programs = [tracker, seeder, leecher]
    try:
        folder.chmod(0o755)
        tracker.run([v1])
        seeder.run()
        seeder.seed(path, data)
        leecher.run()
        wait_for("the tracker knows a seeder", lambda: tracker.has_seeder(v1), 20, programs)
        with driver(leecher) as client:
            client.must("deliver", file=path, category="rel", save_path=folder / "arrived")
            wait_for("seeding", lambda: client.torrent(v1, "rel")["state"] == "seeding",
                     DELIVER_LIMIT, programs)
            assert client.torrent(v1)["complete"]
        for i in range(3):
            assert filecmp.cmp(data / "film" / str(i), folder / "arrived" / "film" / str(i), False)
    finally:
        for program in programs:
            program.stop()


# Other versions

@pytest.mark.parametrize("version", ["0.9.8", "0.10.0", "0.16.15", "0.16.17", "0.16.22"])
def test_doubles(version, folder):
    path, v1 = make_torrent(folder / "t")
    multi, v1_multi = make_torrent(folder / "t", "many", files=2)
    broken = folder / "broken.torrent"
    broken.write_bytes(b"d4:infod6:lengthi5e")
    big, v1_big = bare_torrent(folder, pieces=5_000_000 // 20)
    with Double(folder / "s", version) as double, driver(folder / "s") as client:
        client.must("ready")
        for words in HOSTILE:
            client.must("deliver", file=path, category=words, save_path="/dl/" + words)
            torrent = client.torrent(v1, words)
            assert (torrent["state"], torrent["folder"]) == ("stalled", "/dl/" + printable(words))
            client.must("deliver", file=path, category="other", save_path="/other")
            assert client.torrent(v1, words)
            del double.torrents[v1.upper()]
        client.must("deliver", file=multi, category="rel", save_path="/dl", paused=True)
        assert client.torrent(v1_multi)["state"] == "paused"
        assert client.torrent(v1_multi)["folder"] == "/dl"
        assert client.do("deliver", file=broken)["kind"] == "item"
        answer = client.do("deliver", file=big, category="rel")
        assert answer["ok"] == (version != "0.9.8")
        assert answer["ok"] or answer["kind"] == "item"
        assert (client.torrent(v1_big) is not None) == answer["ok"]
        assert (double.limit, bool(double.limits)) == (524288, answer["ok"])
        assert client.must("space") == {"ok": True, "free": 900 << 10, "total": 2000 << 10}
    assert double.executed == []


def test_a_torrent_of_over_16_mib_is_refused_by_the_new_ones_too(folder):
    big, _ = bare_torrent(folder, pieces=13_000_000 // 20)
    with Double(folder / "s", "0.16.17") as double, driver(folder / "s") as client:
        answer = client.do("deliver", file=big)
        assert (answer["kind"], "16.0 MiB" in answer["message"]) == ("item", True)
        assert "load.raw" not in double.calls


def test_an_untrusted_connection_is_said(folder):
    path, _ = make_torrent(folder / "t")
    with Double(folder / "s", "0.16.17", untrusted=True), driver(folder / "s") as client:
        answer = client.do("deliver", file=path)
        assert (answer["kind"], answer["word"]) == ("retry", "Client")
        assert "untrusted" in answer["message"]


def test_space_without_df_comes_from_an_open_torrent(folder):
    path, _ = make_torrent(folder / "t")
    with Double(folder / "s", df=False), driver(folder / "s") as client:
        answer = client.do("space", save_path="/dl")
        assert (answer["kind"], "df" in answer["message"]) == ("retry", True)
        client.must("deliver", file=path, save_path="/dl/x")
        assert client.must("space", save_path="/dl") == {"ok": True, "free": 1 << 30, "total": 0}
