"""The status page: what it says, to whom, and that nobody can hurt it or the daemon with it."""

import base64
import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import stat
import sys
import threading
import time

import pytest
from harness import KEY, USER, inner, wait_for

import seed

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))

from qbittorrent_double import QBittorrentDouble   # noqa: E402

TOKEN = "a-token-of-32-characters-or-so-1"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \" onmouseover=\"x' & \x1b[2J\u202e"


def send(server, raw, seconds=5):
    """Raw bytes on a connection of its own; what came back until it was closed."""
    with socket.create_connection((server.host, server.port), timeout=seconds) as s:
        with contextlib.suppress(OSError):
            s.sendall(raw)
        got = b""
        with contextlib.suppress(OSError):
            while data := s.recv(65536):
                got += data
        return got


# ---- what it says ----

def test_it_is_off_by_default(make):
    a = make(PTP_LISTEN=None)
    daemon = a.start()
    wait_for(lambda: "next cycle in" in a.log())
    assert "status page" not in a.log()
    pid = inner(daemon)
    listening = pathlib.Path(f"/proc/{pid}/net/tcp").read_text()
    inodes = {os.readlink(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    for line in listening.splitlines()[1:]:
        fields = line.split()
        assert fields[3] != "0A" or f"socket:[{fields[9]}]" not in inodes


def test_a_cycle_shows_up_on_the_page(sim, make, serve):
    a = make()
    server = serve(a)
    wait_for(lambda: "next cycle in" in a.log())
    page = server.get()
    assert page.status == 200 and page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "<h1>All three containers are healthy.</h1>" in page.text
    assert re.search(r"Next cycle in [56] h \d+ m, at ", page.text)
    for row in a.history():
        assert row["name"] in page.text and row["path"] in page.text
    assert page.text.count('<article class="card">') == 3
    assert page.text.count('<article class="cycle"') == 1


def test_before_the_first_cycle_it_says_so(sim, make, serve):
    sim.faults({"endpoint": "fetch", "do": "delay", "seconds": 3})
    page = serve(make()).get().text
    assert re.search("<h1>(Ready. No cycle has run yet|The first cycle is at work).</h1>", page)


def test_a_back_off_is_told_in_words(sim, make, serve):
    sim.faults({"endpoint": "fetch", "do": "html", "page": "maintenance", "status": 503})
    a = make(PTP_FETCH_SLEEP="0.1")
    server = serve(a)
    wait_for(lambda: "resuming what was left undone in" in a.log())
    page = server.get().text
    assert re.search(r"<h1>The tracker has not been well since \d\d:\d\d: .*503.*</h1>", page)
    assert re.search(r"Next try in (\d+ s|1 m), at \d\d:\d\d. Nothing is lost", page)
    metrics = server.get("metrics").text
    assert "ptp_archiver_backoff_active 1\n" in metrics
    assert "ptp_archiver_trouble_since_timestamp_seconds" in metrics


def page_after_a_cycle(make, serve):
    archiver = make(PTP_FETCH_SLEEP="10")
    archiver.has_a_past()
    server = serve(archiver)
    wait_for(lambda: "cycle ended" in archiver.log())
    return server.get().text


def test_refused_credentials_are_said_to_be_so(sim, make, serve):
    sim.faults({"endpoint": "fetch", "do": "status", "status": 403})
    page = page_after_a_cycle(make, serve)
    assert "<h1>The tracker has refused ApiUser and ApiKey since" in page
    assert "Correct PTP_USER and PTP_KEY" in page


def test_nothing_is_said_to_be_safe_beside_what_may_be_lost(sim, make, serve):
    sim.faults({"endpoint": "fetch", "do": "status", "status": 502})
    page = page_after_a_cycle(make, serve)
    assert "possibly lost" in page and "Nothing is lost" not in page


def test_what_is_pending_or_lost_is_listed_with_what_is_done(with_box, serve):
    with seed.past(with_box) as p:
        p.torrent("attic", p.at - seed.HOUR, state=2, name="Waiting Film", note="box is away")
        p.torrent("attic", p.at - seed.HOUR, state=5, name=None, torrent_id=None)
        p.db.execute("UPDATE assignment SET name = NULL, absences = 1 WHERE state = 5")
        p.cycle(p.at - seed.HOUR, {"attic": ("OK", "")})
        p.clock()
    page = serve(with_box).get().text
    assert "Pending and possibly lost" in page and "Waiting Film" in page
    assert "lists since then hold nothing that it could be." in page


def test_a_client_and_what_is_free_are_shown(with_box, serve):
    seed.a_good_year(with_box)
    page = serve(with_box).get().text
    assert "812.0 GiB free" in page and "310.0 GiB free of 1.8 TiB" in page
    assert re.search(r"<b>box</b><span class=\"pill good\">here</span>", page)
    assert "it will be full around" in page
    assert page.count('<article class="cycle"') == 60


def test_what_the_cycle_finds_free_is_kept(sim, make):
    a = make()
    a.fetch(status=0)
    ((free, total),) = a.ledger("SELECT free, total FROM space WHERE place = ?", str(a.watch))
    room = os.statvfs(a.watch)
    assert abs(free - room.f_bavail * room.f_frsize) < 1 << 30
    assert total == room.f_blocks * room.f_frsize


def test_what_the_cycle_learns_of_a_client_is_shown(sim, make, serve, tmp_path):
    box = QBittorrentDouble(tmp_path / "box", "5.1")
    box.launch()
    a = make(containers=None)
    a.configure(Clients={"box": {"Type": "qbittorrent", "URL": box.url, "Username": box.user,
                                 "Password": box.password}},
                Containers={"attic": {"Size": "1T", "Client": "box", "Reserve": "1G"}})
    (place,) = a.status()["places"]
    assert (place["state"], place["seen_at"]) == ("not called yet", None)
    a.fetch(status=0)
    (place,) = a.status()["places"]
    assert (place["name"], place["state"], place["away_since"]) == ("box", "here", None)
    assert place["seen_at"] and place["free_bytes"] > 0 and place["measured_at"]
    box.stop()
    a.fetch()
    (place,) = a.status()["places"]
    assert place["state"] == "away" and place["away_since"] and place["seen_at"]
    server = serve(a)
    assert "The client box has been away since " in server.get().text
    assert 'ptp_archiver_client_up{client="box"} 0' in server.get("metrics").text


# ---- for programs ----

def test_the_api_says_what_the_command_says(with_box, serve):
    seed.a_good_year(with_box)
    server = serve(with_box)
    answer = server.get("api/status")
    assert answer.headers["Content-Type"] == "application/json"

    def both():
        page, command = server.get("api/status").json(), with_box.status()
        for of_the_process in ("time", "sandbox"):
            page.pop(of_the_process), command.pop(of_the_process)
        return page if page == command else None

    # Not amid the daemon's first look at the watch folders.
    page = wait_for(both, what="the same from both")
    assert page["daemon"] is True and len(page["cycles"]) == 60
    assert page["notices"][0] == {
        "fact": "healthy", "level": "good", "text": "All three containers are healthy.",
        "hint": None, "container": None, "client": None, "since": None, "count": 3}


def test_every_field_is_documented(with_box, serve):
    seed.a_good_year(with_box)
    text = (pathlib.Path(__file__).parents[2] / "doc" / "api.md").read_text()
    server = serve(with_box)

    def keys(value):
        if isinstance(value, list):
            return set().union(*map(keys, value))
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set()

    found = keys(server.get("api/status").json()) | keys(server.get("api/history").json())
    assert len(found) > 50
    assert not [k for k in found if f"`{k}`" not in text]


def test_history_comes_in_pages(with_box, serve):
    with seed.past(with_box) as p:
        for i in range(7):
            p.torrent("attic" if i % 2 else "loft", p.at - (8 - i) * seed.HOUR, name=f"Film {i}")
        p.clock()
    server = serve(with_box)
    first = server.get("api/history?limit=3").json()
    assert [r["name"] for r in first["assignments"]] == ["Film 6", "Film 5", "Film 4"]
    second = server.get(f"api/history?limit=3&before={first['next']}").json()
    assert [r["name"] for r in second["assignments"]] == ["Film 3", "Film 2", "Film 1"]
    last = server.get(f"api/history?limit=3&before={second['next']}").json()
    assert len(last["assignments"]) == 1 and last["next"] is None
    attic = server.get("api/history?container=attic").json()
    assert {r["container"] for r in attic["assignments"]} == {"attic"}
    assert server.get("api/history?container=no%27%20OR%201").json()["assignments"] == []
    for wrong in ("limit=0", "limit=1001", "limit=x", "before=-1", "before=9e9"):
        assert server.get("api/history?" + wrong).status == 400


def test_ready_and_live(with_box, serve):
    seed.a_good_year(with_box)
    server = serve(with_box)
    assert server.get("healthz/live").text == "alive\n"
    assert server.get("healthz/ready").text == "ready\n"
    # It has read when the next cycle is due, and would begin one that is overdue by then.
    wait_for(lambda: "next cycle in" in with_box.log())
    with contextlib.closing(seed.Past(with_box)) as p:
        p.clock(ahead=-16 * 60000)
    ready = server.get("healthz/ready")
    assert ready.status == 503 and ready.text.startswith("The next cycle has been due since ")
    assert "does not begin" in server.get().text


def test_a_ledger_that_was_replaced_is_opened_anew(with_box, serve):
    seed.a_good_year(with_box)
    server = serve(with_box)
    assert server.get("api/status").json()["cycles"]
    ledger = with_box.state / "ledger.db"
    older = shutil.copy(ledger, with_box.state / "older.db")
    with contextlib.closing(sqlite3.connect(older)) as db:
        db.execute("DELETE FROM turn")
        db.execute("DELETE FROM cycle WHERE id > 3")
        db.commit()
    shutil.copy(ledger, with_box.state / "kept.db")
    os.replace(older, ledger)
    assert len(server.get("api/status").json()["cycles"]) < 5
    os.replace(with_box.state / "kept.db", ledger)
    ledger.rename(with_box.state / "old.db")
    shown = server.get("api/status").json()
    assert shown["cycles"] and (shown["trouble"] is None or
                                "was removed" in shown["trouble"]["message"])
    ledger.write_bytes(b"this is no ledger" * 100)
    answer = server.get("api/status")
    assert answer.status == 503 and "ledger" in answer.text
    ledger.unlink()
    (with_box.state / "old.db").rename(ledger)
    assert len(server.get("api/status").json()["cycles"]) == 60


# ---- who may look, and at what ----

def test_every_text_from_outside_is_escaped(with_box, serve):
    with seed.past(with_box) as p:
        p.torrent("attic", p.at - seed.HOUR, name=HOSTILE, path="/srv/" + HOSTILE)
        p.torrent("attic", p.at - seed.HOUR, name=HOSTILE, state=2, note=HOSTILE)
        p.torrent("attic", p.at - seed.HOUR, name=HOSTILE, state=5, note=HOSTILE)
        p.torrent(HOSTILE, p.at - seed.HOUR, name=HOSTILE, state=1)
        p.cycle(p.at - seed.HOUR, {"attic": ("ERR(" + HOSTILE[:8] + ")", HOSTILE),
                                   HOSTILE: (HOSTILE, HOSTILE)}, well=False, kind=HOSTILE)
        p.backoff(reason=HOSTILE)
        p.db.execute("UPDATE pace SET announced = ?", ("9" + HOSTILE[:15],))
        p.db.execute("UPDATE audit SET at = ?, summary = ?", (p.at, HOSTILE))
        p.clock()
    server = serve(with_box)
    page = server.get().text
    assert page.count("<script>") == 1 and page.count("</script>") == 1
    assert "<img" not in page and 'onmouseover="' not in page and "\x1b" not in page
    assert "\u202e" not in page
    assert page.count("&lt;img src=x onerror=alert(2)&gt;") > 8
    assert server.get("api/history").json()["assignments"][0]["name"] == HOSTILE


def test_no_secret_is_on_any_page(with_box, serve):
    seed.a_good_year(with_box)
    ping = "http://127.0.0.1:9/ping/4f2b0f5e-1111-4222-8333-abcdefabcdef"
    server = serve(with_box, PTP_LISTEN_TOKEN=TOKEN, HC_URL=ping)
    auth = {"Authorization": f"Bearer {TOKEN}"}
    for path in ("", "api/status", "api/history", "metrics", "healthz/live", "healthz/ready"):
        answer = server.get(path, **auth)
        assert answer.status == 200
        seen = answer.text + str(answer.headers)
        for secret in (USER, KEY, TOKEN, "4f2b0f5e", "a-password-nobody-sees", "secret-path",
                       "bob"):
            assert secret not in seen, (path, secret)
    assert TOKEN not in with_box.log()
    assert TOKEN not in pathlib.Path(f"/proc/{server.process.pid}/cmdline").read_text()


def test_headers_are_strict(make, serve):
    answer = serve(make()).get()
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy and "form-action 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.text)
    assert not re.search(r'(?:src|href)="/', answer.text)
    assert " style=" not in answer.text and not re.search(r"\son[a-z]+=", answer.text)


def test_only_get_and_head(make, serve):
    archiver = make()
    server = serve(archiver)
    wait_for(lambda: "cycle ended" in archiver.log())     # the page stays as it is from then on
    whole, head = server.get(), server.get(method="HEAD")
    assert head.status == 200 and head.bytes == b""
    assert abs(int(head.headers["Content-Length"]) - len(whole.bytes)) < 1000
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PROPFIND"):
        answer = server.get(method=method)
        assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD"), method
    assert server.get("nothing").status == 404
    assert server.get("../../etc/passwd").status == 404
    assert server.get("%2e%2e/state/ledger.db").status == 404


def ask(server, target, *fields, version="1.1"):
    """The status of a request whose target and Host are as they are given."""
    head = f"GET {target} HTTP/{version}\r\n" + "".join(f + "\r\n" for f in fields) + "\r\n"
    answer = send(server, head.encode("latin-1"))
    return int(answer.split()[1]) if answer else None


@pytest.mark.parametrize("target", [
    "/%00", "/%00/../", "/%00healthz/live", "/metrics%00", "/metrics%00.html", "/api/status%00",
    "/healthz/live%00x", "/%2500", "//", "//metrics", "/./", "/..", "/../", "/metrics/", "/metrics/..",
    "/METRICS", "/%ff%fe", "/\xff", "/%", "/%2", "/%zz", "/x" * 1000, "*", "metrics",
    "http://127.0.0.1/", "http://127.0.0.1/metrics", "/api/history%3flimit=1", "/;x"])
def test_nothing_else_than_the_paths_themselves_is_answered(make, serve, target):
    server = serve(make())
    assert ask(server, target, "Host: localhost") == 404
    assert ask(server, "/healthz/live", "Host: localhost") == 200


def test_a_query_cannot_be_cut_short(with_box, serve):
    with seed.past(with_box) as p:
        p.torrent("attic", p.at - seed.HOUR, name="Film")
        p.clock()
    server = serve(with_box)
    assert len(server.get("api/history?container=attic").json()["assignments"]) == 1
    for container in ("attic%00", "attic%00x", "%00attic", "%ff", "a" * 4000):
        answer = server.get("api/history?container=" + container)
        assert answer.status == 200 and answer.json()["assignments"] == [], container
    for wrong in ("limit=1%00", "before=1%00", "limit=%00", "limit=", "before=", "limit=-1",
                  "limit=1e3", "before=99999999999999999999", "limit=%2b5", "before=0x10"):
        assert server.get("api/history?" + wrong).status == 400, wrong
    assert server.get("?%00&anything=x").status == 200


def test_without_a_token_it_answers_only_to_names_that_no_web_site_has(make, serve):
    server = serve(make())
    for host in (f"127.0.0.1:{server.port}", "localhost", "nas.local:9980", socket.gethostname(), "[::1]:1"):
        assert ask(server, "/api/status", f"Host: {host}") == 200, host
    for host in ("evil.example", f"evil.example:{server.port}", "127.0.0.1.evil.example", "ai", "nas:80"):
        assert ask(server, "/", f"Host: {host}") == 421, host
        assert ask(server, "/metrics", f"Host: {host}") == 421, host
        assert ask(server, "/nothing", f"Host: {host}") == 421, host
        assert ask(server, "/healthz/ready", f"Host: {host}") == 200, host
    refused = server.get("api/status", Host="evil.example")
    assert "PTP_LISTEN_HOSTS" in refused.text and "PTP_LISTEN_TOKEN" in refused.text
    assert ask(server, "/", version="1.0") == 200      # no browser


def test_a_name_that_is_listed_or_a_token_lets_others_call_it_so(make, serve):
    a = make(PTP_LISTEN="0.0.0.0:0", PTP_LISTEN_OPEN="1")
    server = serve(a, PTP_LISTEN_HOSTS="ptp.example.org other.example.org")
    server.url = server.url.replace("0.0.0.0", "127.0.0.1")
    assert server.get(Host="ptp.example.org").status == 200
    assert server.get(Host="other.example.org:443").status == 200
    assert server.get(Host="evil.example").status == 421
    a.stop(server.process)
    server = serve(a, PTP_LISTEN_HOSTS="*")
    assert server.get(Host="evil.example").status == 200
    a.stop(server.process)
    server = serve(a, PTP_LISTEN_TOKEN=TOKEN)
    assert server.get(Host="evil.example").status == 401
    assert server.get(Host="evil.example", Authorization=f"Bearer {TOKEN}").status == 200


def test_a_browser_gets_a_page_where_a_program_gets_a_line(with_box, serve):
    server = serve(with_box, PTP_LISTEN_TOKEN=TOKEN)
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    auth = {"Authorization": f"Bearer {TOKEN}"}
    for path, status, more in (("", 401, {}), ("no/such", 404, auth)):
        answer = server.get(path, **browser, **more)
        assert answer.status == status
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.text.count("<h1>") == 1 and "<script>" not in answer.text
        assert server.get(path, **more).headers["Content-Type"] == "text/plain; charset=utf-8"
    assert '<a href="./../">' in server.get("no/such", **browser, **auth).text
    for path in ("metrics", "api/status", "api/nothing"):
        answer = server.get(path, **browser)
        assert answer.status == 401
        assert answer.headers["Content-Type"] == "text/plain; charset=utf-8", path
    hostile = server.get("%3Cscript%3Ealert(1)%3C/script%3E", **browser, **auth)
    assert hostile.status == 404 and "<script" not in hostile.text


def test_wrong_tokens_are_logged_and_slowed_and_the_right_one_works_all_the_same(make, serve):
    a = make(PTP_LISTEN_TOKEN=TOKEN)
    server = serve(a)
    wait_for(lambda: "next cycle in" in a.log())
    wrong = [server.get(Authorization=f"Bearer wrong-{i}-{'x' * 20}") for i in range(12)]
    assert [w.status for w in wrong] == [401] * 10 + [429] * 2
    assert 0 < int(wrong[-1].headers["Retry-After"]) <= 60
    assert wrong[-1].headers["WWW-Authenticate"] is None
    assert server.get().status == 401       # no token is no wrong one
    done = []

    def guess():
        done.append(server.get(Authorization="Bearer " + "y" * 30).status)

    threads = [threading.Thread(target=guess) for _ in range(30)]
    for t in threads:
        t.start()
    begin = time.monotonic()
    for _ in range(5):
        assert server.get(Authorization=f"Bearer {TOKEN}").status == 200
    assert done == [] or time.monotonic() - begin > 0.9
    for t in threads:
        t.join()
    assert set(done) == {429}
    lines = [line for line in a.log().splitlines() if "wrong token" in line]
    assert len(lines) == 1 and lines[0].endswith("with a wrong token, from 127.0.0.1")
    assert "xxxx" not in a.log() and "yyyy" not in a.log() and TOKEN not in a.log()
    wait_for(lambda: re.search(r"wrong token 41 more times, the last time from 127.0.0.1", a.log()),
             90, "what was not said yet")


def test_a_stop_does_not_wait_for_those_who_guess(make, serve):
    a = make(PTP_LISTEN_TOKEN=TOKEN)
    server = serve(a)
    for _ in range(10):
        server.get(Authorization="Bearer wrong")
    with socket.create_connection((server.host, server.port)) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong\r\n\r\n")
        time.sleep(0.2)
        status, took = a.stop(server.process)
        assert status == 0 and took < 2


def test_with_a_token_nobody_else_comes_in(make, serve, tmp_path):
    secret = tmp_path / "token"
    secret.write_text(TOKEN + "\n")
    server = serve(make(PTP_LISTEN_TOKEN_FILE=secret))
    basic = base64.b64encode(b"anybody:" + TOKEN.encode()).decode()
    for path in ("", "api/status", "api/history", "metrics", "nothing"):
        refused = server.get(path)
        assert refused.status == 401
        assert refused.headers["WWW-Authenticate"].startswith('Basic realm="ptp-archiver"')
        assert len(refused.text) < 100
        good = 404 if path == "nothing" else 200
        assert server.get(path, Authorization=f"Bearer {TOKEN}").status == good
        assert server.get(path, Authorization=f"Basic {basic}").status == good
    for wrong in ("Bearer ", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}", TOKEN, "Basic !!!", "x",
                  "Basic " + base64.b64encode(TOKEN.encode()).decode(),
                  f"Digest {TOKEN}", "Basic " + "A" * 8000):
        assert server.get(Authorization=wrong).status in (401, 429), wrong
    assert server.get("healthz/live").status == server.get("healthz/ready").status == 200


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.168.7.7:9980"])
def test_others_are_not_let_look_by_accident(make, address):
    done = make(PTP_LISTEN=address).run("run", status=2)
    assert f"PTP_LISTEN is {address}, which other machines may reach" in done.stderr
    assert "PTP_LISTEN_TOKEN" in done.stderr and "PTP_LISTEN_OPEN=1" in done.stderr


def test_others_may_look_where_that_was_said(make, serve):
    a = make(PTP_LISTEN="0.0.0.0:0", PTP_LISTEN_OPEN="1")
    assert serve(a).get().status == 200
    b = make(folder="other", PTP_LISTEN="0.0.0.0:0", PTP_LISTEN_TOKEN=TOKEN)
    assert serve(b).get().status == 401


@pytest.mark.parametrize("variable, value, says", [
    ("PTP_LISTEN", "nas:80", "is not an address and a port, such as 127.0.0.1:9980"),
    ("PTP_LISTEN_TOKEN", "short-secret", "has not from 16 to 200 characters"),
    ("PTP_LISTEN_TOKEN", "with a blank in the middle", "holds something else"),
    ("PTP_LISTEN_HOSTS", "http://ptp.example.org", "is not a list of host names without port"),
    ("PTP_LISTEN_OPEN", "perhaps", "is not true or false")])
def test_a_setting_that_is_wrong_is_told(make, variable, value, says):
    done = make(**{variable: value}).run("run", status=2)
    assert f"{variable} {says}" in done.stderr
    assert "secret" not in done.stderr and "blank" not in done.stderr


def test_config_ptp_may_say_it(sim, make, serve):
    a = make(PTP_LISTEN=None)
    a.configure(Listen="127.0.0.1:0", ListenToken=TOKEN)
    server = serve(a)
    assert server.get().status == 401
    assert server.get(Authorization=f"Bearer {TOKEN}").status == 200
    assert stat.S_IMODE(a.config.stat().st_mode) == 0o600


def test_it_works_behind_a_proxy_with_a_sub_path(with_box, serve):
    """The links of the page, and what its script asks for, resolve beneath the page itself."""
    seed.a_good_year(with_box)
    page = serve(with_box).get().text
    links = re.findall(r'href="([^"#]+)"', page)
    assert {"api/status", "api/history", "metrics"} <= set(links)
    assert all(not u.startswith("/") and (":" not in u or u.startswith("data:")) for u in links)
    assert "fetch(location.pathname" in page


# ---- the daemon goes on ----

def test_a_port_that_is_taken_is_told_and_hinders_nothing(sim, make):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        a = make(PTP_LISTEN=f"127.0.0.1:{port}")
        daemon = a.start()
        wait_for(lambda: "next cycle in" in a.log())
        assert f"the status page cannot listen on 127.0.0.1:{port} (PTP_LISTEN)" in a.log()
        assert len(a.history()) == 3
        daemon.send_signal(signal.SIGUSR1)
        wait_for(lambda: a.log().count("cycle ended") == 2, what="a cycle meanwhile")
    # Hours before the next cycle.
    wait_for(lambda: "the status page is at" in a.log(), 90, "a second try")
    assert a.log().count("cannot listen") == 1 and a.log().count("cycle ended") == 2
    assert a.stop(daemon)[0] == 0


def test_a_new_address_that_is_taken_is_had_as_soon_as_it_is_free(sim, make, serve):
    a = make(containers=None, PTP_LISTEN=None)
    containers = {"attic": {"Size": "1T", "WatchDirectory": str(a.watch)}}
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        a.configure(Listen="127.0.0.1:0", Containers=containers)
        server = serve(a)
        wait_for(lambda: "next cycle in" in a.log())
        a.configure(Listen=address, Containers=containers)
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda: f"cannot listen on {address}" in a.log())
        with pytest.raises(OSError):
            server.get()     # the old address was given up
    server.url = wait_for(lambda: address in server._find() and server._find(), 90, "a second try")
    assert server.get().status == 200
    assert a.log().count("cannot listen") == 1 and a.log().count("cycle ended") == 1


def test_a_reload_takes_a_new_token_and_new_containers(sim, make, serve):
    a = make(containers=None, PTP_LISTEN=None)
    base = {"Listen": "127.0.0.1:0", "Containers": {"attic": {"Size": "1T",
                                                              "WatchDirectory": str(a.watch)}}}
    a.configure(**base)
    server = serve(a)
    wait_for(lambda: "next cycle in" in a.log())
    assert server.get().status == 200
    base["Containers"]["cellar"] = {"Size": "1T", "WatchDirectory": str(a.watch)}
    a.configure(**base, ListenToken=TOKEN)
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: server.get().status == 401, what="the new token")
    assert "cellar" in server.get(Authorization=f"Bearer {TOKEN}").text
    a.configure(**{**base, "Listen": "127.0.0.2:0"}, ListenToken=TOKEN)
    server.process.send_signal(signal.SIGHUP)
    wait_for(lambda: "127.0.0.2" in server._find(), what="the new address")
    with pytest.raises(OSError):
        server.get()


def test_a_reload_turns_nobody_away(sim, make, serve):
    a = make(containers=None, PTP_LISTEN=None)
    a.configure(Listen="127.0.0.1:0", Containers={"attic": {"Size": "1T",
                                                            "WatchDirectory": str(a.watch)}})
    server = serve(a)
    wait_for(lambda: "next cycle in" in a.log())
    answers, end = [], threading.Event()

    def ask():
        while not end.is_set():
            try:
                answers.append(server.get("api/status").status)
            except OSError as error:
                answers.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for t in threads:
        t.start()
    for i in range(1, 9):
        server.process.send_signal(signal.SIGHUP)
        wait_for(lambda i=i: a.log().count("was read again") == i)
    end.set()
    for t in threads:
        t.join()
    assert len(answers) > 8 and set(answers) == {200}
    assert a.log().count("the status page is at") == 1


GARBAGE = [b"\r\n\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00" * 50,
           b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
           b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
           b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
           b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
           b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 100000,
           b"GET /api/history?before=%00%ff&container=%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
           b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n", os.urandom(5000)]


def test_garbage_hurts_nobody(with_box, serve):
    seed.a_good_year(with_box)
    server = serve(with_box)
    for raw in GARBAGE:
        answer = send(server, raw)
        assert not answer.startswith((b"HTTP/1.1 500", b"HTTP/1.1 503")), (raw[:60], answer)
    assert server.get().status == 200 and server.process.poll() is None


def opened(process):
    pid = inner(process)
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_a_thousand_connections_that_say_nothing_hinder_nobody(sim, with_box, serve):
    seed.a_good_year(with_box)
    with_box.set(PTP_INTERVAL="1h")
    server = serve(with_box)
    before = opened(server.process)
    idle = []
    try:
        for i in range(1000):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex((server.host, server.port))
            if i % 3 == 0:
                with contextlib.suppress(OSError):
                    s.send(b"GET / HT")
            idle.append(s)
        server.process.send_signal(signal.SIGUSR1)
        wait_for(lambda: with_box.log().count("cycle ended") == 1, 20, "a cycle meanwhile")
        assert opened(server.process) - before <= 150
        begin = time.monotonic()
        assert server.get().status == 200
        assert time.monotonic() - begin < 8
    finally:
        for s in idle:
            s.close()
    wait_for(lambda: opened(server.process) <= before + 2, 60, "connections to end")
    status, took = with_box.stop(server.process)
    assert status == 0 and took < 2


def test_who_is_slow_is_cut_off(with_box, serve):
    """One that sends a byte now and then, and one that does not read what it asked for."""
    seed.a_good_year(with_box)
    server = serve(with_box)
    begin = time.monotonic()
    with socket.create_connection((server.host, server.port)) as s:
        with pytest.raises(OSError):
            while time.monotonic() - begin < 40:
                s.sendall(b"G" if time.monotonic() - begin < 1 else b"x")
                time.sleep(0.5)
    assert 15 < time.monotonic() - begin < 30
    assert server.get().status == 200


def test_many_who_ask_at_once_are_all_served_and_the_cycle_goes_on(sim, with_box, serve):
    seed.a_good_year(with_box)
    server = serve(with_box)
    good, end = [0], time.monotonic() + 6

    def ask():
        while time.monotonic() < end:
            good[0] += server.get("metrics").status == 200

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for t in threads:
        t.start()
    server.process.send_signal(signal.SIGUSR1)
    wait_for(lambda: "cycle ended" in with_box.log(), 20, "a cycle meanwhile")
    for t in threads:
        t.join()
    assert good[0] > 50
    assert "ledger" not in with_box.log().lower().replace("ledger.db", "")


def test_a_stop_does_not_wait_for_those_who_look(with_box, serve):
    seed.a_good_year(with_box)
    server = serve(with_box)
    with socket.create_connection((server.host, server.port)) as s:
        s.sendall(b"GET / HTTP/1.1\r\nHo")
        time.sleep(0.3)
        status, took = with_box.stop(server.process)
        assert status == 0 and took < 2


def test_the_hook_does_not_see_the_token(sim, make, serve):
    a = make(containers=None, PTP_LISTEN_TOKEN=TOKEN)
    a.configure(Containers={"attic": {"Size": "1T", "WatchDirectory": str(a.watch),
                                      "AfterFetchExec": "/usr/bin/env"}})
    server = serve(a)
    wait_for(lambda: "next cycle in" in a.log())
    assert "PATH=" in a.log() and TOKEN not in a.log()
    assert server.process.poll() is None
