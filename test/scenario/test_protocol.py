"""The tracker's protocol: what is asked, what may come back, and what is made of it."""

import json

import pytest

from harness import KEY, USER, free_port, summary

FETCH = {"endpoint": "fetch"}
FIRST, SECOND = (f"Some.Film.192{n}.1080p-10000{n}.torrent" for n in (1, 2))


# ---- questions ----


def test_fetch_declares_name_size_and_stalled_limit_each_time(sim, make):
    make("attic:1.5T,hetzner:800G", PTP_MAX_STALLED="7").fetch(status=0)
    assert [r["query"] for r in sim.fetches()] == [
        {"action": "fetch", "ContainerName": "attic", "ContainerSize": "1.5T", "MaxStalled": "7"},
        {"action": "fetch", "ContainerName": "hetzner", "ContainerSize": "800G",
         "MaxStalled": "7"}]


def test_name_of_a_container_may_hold_any_character(sim, make):
    name = "a&b=c d/é%41+?#"
    a = make(f"{name}:1T")
    a.fetch(status=0)
    assert sim.fetches()[0]["query"]["ContainerName"] == name
    assert sim.assignments()[0]["container"] == name


def test_download_is_asked_for_with_both_ids(sim, archiver):
    archiver.fetch(status=0)
    (assigned,) = sim.assignments()
    assert sim.downloads()[0]["query"] == {"action": "download", "id": str(assigned["TorrentID"]),
                                           "ArchiveID": str(assigned["ArchiveID"])}


@pytest.mark.parametrize("ids", ["number", "string"])
def test_ids_may_be_numbers_or_strings(sim, archiver, ids):
    sim.scenario(ids=ids)
    archiver.fetch(status=0)
    assert archiver.delivered() == [FIRST]
    container = json.loads(archiver.config.read_text())["Containers"]["attic"]
    assert container["ContainerID"] == 71


# ---- the version ----


@pytest.mark.parametrize("version, newer", [
    ("0.11", True), ("0.10.1", True), ("1", True), ("0.100", True), (1.5, True), (2, True),
    ("0.10", False), ("0.9", False), ("0.2", False), (0.1, False), (0.9, False), ("0.10.0", False)])
def test_newer_version_is_warned_of_once_a_cycle(sim, make, version, newer):
    sim.scenario(script_version=version)
    a = make("a:1T,b:1T,c:1T", HC_URL=sim.ping_url)
    for _ in range(2):
        done = a.fetch(status=0)
        warned = [line for line in done.stderr.splitlines() if "announces version" in line]
        assert len(warned) == newer and all("WARN" in line for line in warned)
        body = sim.pings("success")[-1]["body"]
        assert body.count("announces version") == newer
    assert ("announces version" in a.run("status", status=0).stdout) == newer


@pytest.mark.parametrize("version", ["", "abc", "0.11; rm", None, [], {}, True, "9" * 500])
def test_version_of_an_unknown_form_is_passed_over(sim, archiver, version):
    sim.faults({**FETCH, "do": "reply", "times": 1, "body": json.dumps({
        "Status": "Ok", "ContainerID": 1, "ScriptVersion": version, "TorrentID": 9,
        "ArchiveID": 9})})
    done = archiver.fetch(status=1)  # the simulator does not know that torrent
    assert "announces" not in done.stderr and archiver.status()["pending"]


# ---- replies of an unknown shape ----


@pytest.mark.parametrize("body", [
    "", "Internal error", "[]", "\"Ok\"", "null", "{}", "{\"Status\":\"Maybe\"}", "{\"Status\":1}",
    "{\"Status\":\"ok\",\"TorrentID\":1,\"ArchiveID\":1}", "{\"Status\":\"Ok\"}",
    "{\"Status\":\"Ok\",\"TorrentID\":1}", "{\"Status\":\"Ok\",\"ArchiveID\":1}",
    "{\"Status\":\"Ok\",\"TorrentID\":\"abc\",\"ArchiveID\":1}",
    "{\"Status\":\"Ok\",\"TorrentID\":-1,\"ArchiveID\":1}",
    "{\"Status\":\"Ok\",\"TorrentID\":0,\"ArchiveID\":1}",
    "{\"Status\":\"Ok\",\"TorrentID\":1.5,\"ArchiveID\":1}",
    "{\"Status\":\"Ok\",\"TorrentID\":true,\"ArchiveID\":1}",
    "{\"Status\":\"Ok\",\"TorrentID\":\"1&x=2\",\"ArchiveID\":1}",
    "{\"Status\":\"Ok\",\"TorrentID\":\"../1\",\"ArchiveID\":1}",
    "{\"Status\":\"Ok\",\"TorrentID\":99999999999999999999,\"ArchiveID\":1}",
    "{\"Status\":\"Ok\",\"TorrentID\":1,\"ArchiveID\":1", "{\"Status\":\"Ok\"}{}", "[" * 100000,
])
def test_reply_of_an_unknown_shape_is_err_protocol(sim, archiver, body):
    sim.faults({**FETCH, "do": "reply", "body": body})
    done = archiver.fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(Protocol)"
    assert sim.downloads() == []
    (line,) = [l for l in done.stderr.splitlines() if "the tracker's answer was" in l]
    assert len(line) < 5000
    assert body[:20] in line


@pytest.mark.parametrize("echo", [
    f'{{"Status":"Maybe","Seen":"KEY"}}', "Hello USER, your key is KEY", "xKEYx", "a=USERKEY",
    '{"Url":"http://t.test/PASSKEY/announce","Status":"Maybe"}', "<html>USER KEY</html>"])
def test_reply_in_the_log_has_its_secrets_masked(sim, archiver, echo):
    passkey = "0123456789abcdef0123456789abcdef"
    sim.faults({**FETCH, "do": "reply", "body": echo.replace("PASSKEY", passkey).replace(
        "KEY", KEY).replace("USER", USER)})
    done = archiver.fetch(status=1, LOG_LEVEL="debug")
    assert summary(done.stderr) == "attic:ERR(Protocol)"
    assert "the tracker's answer was" in done.stderr and "<hidden>" in done.stderr
    for secret in (KEY, USER, passkey):
        assert secret not in done.stderr


def test_error_text_with_a_secret_in_it_is_masked(sim, make):
    a = make(HC_URL=sim.ping_url)
    sim.faults({**FETCH, "do": "json_error", "text": f"the key {KEY} of {USER} is not good"})
    done = a.fetch(status=1, LOG_LEVEL="debug")
    assert summary(done.stderr) == "attic:ERR(Tracker)"
    told = done.stderr + sim.pings("fail")[0]["body"] + a.run("status").stdout
    assert "is not good" in told
    assert KEY not in told and USER not in told


@pytest.mark.parametrize("around", [
    "<br />\n<b>Warning</b>: Undefined index in /srv/archive.php on line 7<br />\n%s",
    "\ufeff%s", "%s\n<!-- served in 0.2 s -->"])
def test_an_answer_in_other_text_is_read(sim, archiver, around):
    answer = '{"Status":"Ok","ContainerID":1,"ScriptVersion":"0.10","TorrentID":%s,"ArchiveID":%s}'
    archiver.fetch(status=0)
    (known,) = sim.assignments()
    sim.faults({**FETCH, "do": "reply",
                "body": around % (answer % (known["TorrentID"], known["ArchiveID"]))})
    said = archiver.fetch(status=0).stderr
    assert archiver.container()["possibly_lost"] == 0
    # It is the one that is here already, which is not downloaded or counted again.
    assert f"TorrentID {known['TorrentID']} again" in said
    assert len(sim.downloads()) == 1 and len(archiver.history()) == 1


def test_html_instead_of_a_reply_says_so(sim, archiver):
    sim.faults({**FETCH, "do": "html", "page": "login"})
    assert "HTML page" in archiver.fetch(status=1).stderr


# ---- possibly lost assignments ----


@pytest.mark.parametrize("fault", [
    {"do": "lost_reply"}, {"do": "drop", "processed": True}, {"do": "drop"},
    {"do": "truncate", "bytes": 5}, {"do": "status", "status": 500},
    {"do": "status", "status": 504},
    {"do": "reply", "body": "{\"Status\":"}, {"do": "reply", "body": "{\"Status\":\"Ok\"}"},
    {"do": "html", "page": "error", "status": 200, "processed": True},
    {"do": "html", "page": "cloudflare", "status": 502}, {"do": "html", "page": "login", "status": 500},
    {"do": "reply", "body": "<p>Our <a href='https://cloudflare.com'>network</a></p>"},
    {"do": "reply", "body": "maintenance"}, {"do": "json_error", "text": "Database error"},
    {"do": "redirect", "to": "http://elsewhere.test/"},
    *({"do": "status", "status": status, "processed": True}
      for status in (201, 204, 206, 300, 400, 402, 404, 405, 408, 409, 410, 418, 451, 499, 500, 501,
                     502, 503, 504, 520, 524, 530))])
def test_answer_that_may_hide_an_assignment_leaves_one_possibly_lost(sim, archiver, fault):
    sim.faults({**FETCH, **fault})
    done = archiver.fetch(status=1)
    assert "may have assigned" in done.stderr
    assert archiver.container()["possibly_lost"] == 1
    assert archiver.status()["possibly_lost"][0]["container"] == "attic"


@pytest.mark.parametrize("fault", [
    {"do": "status", "status": 401}, {"do": "status", "status": 403},
    {"do": "status", "status": 429}, {"do": "status", "status": 403, "body": "error code: 1010"},
    {"do": "html", "page": "login"}, {"do": "html", "page": "maintenance"},
    {"do": "html", "page": "maintenance", "status": 503}, {"do": "html", "page": "cloudflare"},
    {"do": "html", "page": "cloudflare", "status": 403},
    {"do": "html", "page": "cloudflare", "status": 503},
    {"do": "json_error", "text": "No space left in container"},
    {"do": "json_error", "text": "Too many stalled downloads"}])
def test_answer_that_hides_nothing_leaves_nothing_lost(sim, archiver, fault):
    sim.faults({**FETCH, **fault})
    archiver.fetch()
    assert archiver.status()["possibly_lost"] == []
    assert archiver.history() == []


def test_status_behind_a_redirect_may_hide_an_assignment(sim, archiver):
    sim.faults({**FETCH, "do": "redirect", "to": sim.url + "/archive.php?action=gone"},
               {"endpoint": "other", "do": "status", "status": 403})
    archiver.fetch(status=1)
    assert archiver.container()["possibly_lost"] == 1


def test_refused_connection_leaves_nothing_lost(make):
    a = make(PTP_BASE_URL=f"http://127.0.0.1:{free_port()}")
    a.fetch(status=1)
    assert a.history() == []


def lose_one(sim, archiver, **scenario):
    sim.faults({**FETCH, "do": "lost_reply", "times": 1})
    archiver.fetch(status=1)
    sim.scenario(**scenario)


@pytest.mark.parametrize("ids", ["number", "string"])
def test_lost_assignment_is_found_among_the_incomplete_ones_and_delivered(sim, archiver, ids):
    lose_one(sim, archiver, incomplete=True, ids=ids)
    done = archiver.fetch(status=0)
    assert "was found again: TorrentID 100001" in done.stderr
    assert archiver.delivered() == [FIRST, SECOND]
    # With the ArchiveID of the reply that listed it.
    assert sim.downloads(100001)[0]["query"]["ArchiveID"] == "5002"
    assert len(sim.fetches()) == 2
    assert archiver.status()["possibly_lost"] == []


def test_incomplete_one_without_an_infohash_is_not_downloaded(sim, archiver):
    lose_one(sim, archiver, incomplete="null")
    archiver.fetch(status=0)
    assert archiver.delivered() == [SECOND]
    assert archiver.container()["possibly_lost"] == 1


@pytest.mark.parametrize("empty", ["array", "object"])
def test_lists_over_a_day_without_it_say_that_nothing_was_lost(sim, archiver, empty):
    sim.faults({**FETCH, "do": "drop", "times": 1})
    archiver.fetch(status=1)
    sim.scenario(incomplete=True, incomplete_empty=empty)
    for _ in range(4):
        archiver.fetch(status=0)
        assert archiver.container()["possibly_lost"] == 1
    archiver.ledger("UPDATE assignment SET absent_since = absent_since - 86400000")
    archiver.fetch(status=0)
    assert archiver.status()["possibly_lost"] == []
    assert archiver.delivered()[0] == FIRST


def test_reply_without_a_list_leaves_the_question_open(sim, archiver):
    lose_one(sim, archiver)
    archiver.fetch(status=0)
    assert archiver.container()["possibly_lost"] == 1


def test_lost_assignment_of_another_container_is_delivered_to_its_own(sim, make):
    a = make("a:1T,b:1T")
    a.set(PTP_WATCH=a.watch / "$name")
    sim.faults({**FETCH, "do": "lost_reply", "container": "b", "times": 1})
    a.fetch("b", status=1)
    sim.scenario(incomplete=True)
    a.fetch(status=0)
    assert [p.name for p in (a.watch / "a").glob("*.torrent")] == [SECOND]
    assert (a.watch / "b" / FIRST).exists()


def test_incomplete_ones_are_remembered(sim, archiver):
    sim.scenario(complete="never", incomplete=True)
    for _ in range(3):
        archiver.fetch(status=0)
    assert archiver.status()["incomplete_at_tracker"] == 2
    sim.scenario(incomplete=True, incomplete_empty="object")
    for _ in range(2):
        archiver.fetch(status=0)
    assert archiver.status()["incomplete_at_tracker"] <= 3


def test_incomplete_ones_that_we_know_are_not_taken_for_the_lost_one(sim, archiver):
    sim.scenario(complete="never")
    archiver.fetch(status=0)
    sim.faults({**FETCH, "do": "drop", "times": 1}, complete="never")
    archiver.fetch(status=1)
    sim.scenario(complete="never", incomplete=True)
    archiver.fetch(status=0)
    assert len(sim.downloads(100001)) == 1
    assert archiver.status()["possibly_lost"][0]["candidates"] == []


def test_incomplete_ones_from_before_the_question_are_not_taken_for_the_lost_one(sim, archiver):
    old = [{"TorrentID": 7, "InfoHash": "A" * 40}]
    sim.scenario(incomplete_extra=old)
    archiver.fetch(status=0)
    sim.faults({**FETCH, "do": "drop", "times": 1}, incomplete_extra=old)
    archiver.fetch(status=1)
    archiver.fetch(status=0)
    assert sim.downloads(7) == []
    assert archiver.status()["possibly_lost"][0]["candidates"] == []
    assert archiver.delivered() == [FIRST, SECOND]


def test_found_torrent_must_have_the_infohash_that_was_listed(sim, archiver):
    lose_one(sim, archiver, incomplete=True, faults=[
        {"do": "bad_torrent", "endpoint": "download", "torrent": 100001, "kind": "unsorted"}])
    done = archiver.fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(BadTorrent)"
    assert archiver.delivered() == [SECOND]


@pytest.mark.parametrize("extra", [[7, "x", None, [], {}], [{"TorrentID": "x"}],
                                   [{"TorrentID": 7, "InfoHash": "short"}],
                                   [{"TorrentID": 7, "InfoHash": 5}]])
def test_list_of_an_unknown_form_does_no_harm(sim, archiver, extra):
    lose_one(sim, archiver, incomplete_extra=extra)
    archiver.fetch(status=0)
    assert archiver.delivered() == [SECOND]
    assert len(sim.downloads()) == 1
