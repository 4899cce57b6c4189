"""Telling people: what is told, once, to each service as it documents, and how little it may hurt."""

import email.utils
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

from harness import ARCHIVER, summary, wait_for
from receiver import DISCORD, GOTIFY_TOKEN, TOKEN, Receiver, utf16_units

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))

from qbittorrent_double import QBittorrentDouble   # noqa: E402

SERVICES = ["webhook", "ntfy", "gotify", "discord", "apprise"]
SINCE = r"{} since \d+ \w+ 20\d\d, \d\d:\d\d"
ALL_BUT_LOST = "failure full version pick-up client audit"
FAIL = {"do": "json_error", "endpoint": "fetch", "text": "so it is"}


@pytest.fixture
def receiver():
    running = Receiver()
    yield running
    running.close()


@pytest.fixture
def telling(make, receiver):
    """telling(...): an Archiver that tells our own webhook.  FAIL proves not that nothing was
    assigned; what is possibly lost is left to the tests that ask for it."""

    def new(containers="attic:800G", **variables):
        return make(containers, **{"PTP_NOTIFY": receiver.url("webhook"),
                                   "PTP_NOTIFY_EVENTS": ALL_BUT_LOST, **variables})

    return new


# ---- notify --test ----

@pytest.mark.parametrize("service", SERVICES)
def test_a_test_message_reaches_each_service_as_it_documents(receiver, make, service):
    done = make(PTP_NOTIFY=receiver.url(service)).run("notify", "--test", status=0)
    assert done.stdout == f"ok    {service} 1 (127.0.0.1) has taken the message\n"
    (request,) = receiver.requests
    assert request["service"] == service and "test" in request["raw"].decode()
    assert request["headers"]["User-Agent"].startswith("ptp-archiver/")


def test_each_target_is_tested_and_one_failure_is_the_exit_status(receiver, make):
    a = make(PTP_NOTIFY=" ".join(map(receiver.url, SERVICES)) + f",{'webhook+http://127.0.0.1:1/'}")
    done = a.run("notify", "--test", status=1)
    assert done.stdout.count("ok    ") == 5 and done.stdout.count("FAIL  webhook 6 (127.0.0.1)") == 1
    assert len(receiver.requests) == 5


@pytest.mark.parametrize("service, url, says", [
    ("ntfy", "ntfy+{base}/my-topic", "HTTP 401; check the token"),
    ("gotify", "gotify+http://wrong-token@127.0.0.1:{port}", "HTTP 401; check the token"),
    ("apprise", "apprise+{base}/notify/other-key", "HTTP 204; nothing is configured there"),
    ("discord", "discord+{base}/api/webhooks/1/2", "HTTP 401; is the webhook's URL whole?"),
])
def test_a_message_that_is_refused_says_why(receiver, make, service, url, says):
    a = make(PTP_NOTIFY=url.format(base=receiver.base, port=receiver.port))
    done = a.run("notify", "--test", status=1)
    assert f"FAIL  {service} 1 (127.0.0.1): {says}" in done.stdout
    assert len(receiver.requests) == 1 and "wrong-token" not in done.stdout + done.stderr


def test_credentials_may_stand_where_a_service_documents_them(receiver, make):
    a = make(PTP_NOTIFY=f"ntfy+http://bob:p%C3%A4ss%3Aword@127.0.0.1:{receiver.port}/t "
             f"gotify+{receiver.base}/sub/message?token={GOTIFY_TOKEN} "
             f"gotify+http://{GOTIFY_TOKEN}@127.0.0.1:{receiver.port}/sub/")
    a.run("notify", "--test", status=0)
    assert [r["path"] for r in receiver.requests] == ["/", "/sub/message", "/sub/message"]


def test_without_a_target_it_says_what_to_set(make):
    done = make().run("notify", status=2)
    assert "PTP_NOTIFY" in done.stderr and "Notify" in done.stderr


def test_two_at_one_service_can_be_told_apart_everywhere(sim, receiver, make):
    """Two of Discord's webhooks differ in nothing but the secret."""
    first, second = receiver.url("discord"), receiver.url("discord") + "x"
    a = make(PTP_NOTIFY=f"{receiver.url('ntfy')} {first} {second}")
    labels = ["ntfy 1 (127.0.0.1)", "discord 2 (127.0.0.1)", "discord 3 (127.0.0.1)"]
    listed = a.run("notify", status=0).stdout
    assert [line.split(":")[0] for line in listed.splitlines()] == labels
    said = a.run("notify", "--test", status=1).stdout.splitlines()
    assert [line[6:].startswith(label) for line, label in zip(said, labels)] == [True] * 3
    assert [line[:4] for line in said] == ["ok  ", "ok  ", "FAIL"]
    assert re.findall(r"^Notify +(.*?):", a.run("check").stdout, re.M) == labels
    sim.faults(FAIL)
    done = a.fetch(status=1)
    assert f"{labels[2]} does not accept the message" in done.stderr
    assert f"{labels[1]} does not" not in done.stderr
    receiver.ever = 503
    a.ledger("UPDATE notice SET goes_on = 0, ended = 0")
    done = a.fetch(status=1)
    for label in labels[1:]:
        assert f"{label} could not be reached: HTTP 503" in done.stderr
    said = a.run("notify", status=0).stdout
    assert all(f"{label}: " in said for label in labels)
    # In another order each keeps what is recorded of it, under its new number.
    receiver.ever = None
    a.set(PTP_NOTIFY=f"{second} {first}")
    assert re.findall(r"^(.*): .*the last message did not arrive", a.run("notify").stdout, re.M) == [
        "discord 1 (127.0.0.1)", "discord 2 (127.0.0.1)"]


def test_notify_lists_who_is_told_of_what(receiver, telling):
    a = telling(PTP_NOTIFY_EVENTS="failure lost")
    assert a.run("notify", status=0).stdout == "webhook 1 (127.0.0.1): failure, lost\n"
    assert "\nNotify           webhook 1 (127.0.0.1): failure, lost\n" in a.run("check").stdout
    assert receiver.requests == []


# ---- configuration ----

def test_config_ptp_may_hold_objects_with_secrets_in_files(receiver, make):
    a = make()
    (a.folder / "token").write_text(TOKEN + "\n")
    (a.folder / "url").write_text(receiver.url("discord") + "\n")
    a.configure(Notify=[
        {"URL": f"ntfy+{receiver.base}/my-topic", "TokenFile": str(a.folder / "token"),
         "Events": ["failure", "full"]},
        {"URLFile": str(a.folder / "url"), "Events": "all"}, receiver.url("webhook")])
    assert a.run("notify", status=0).stdout.splitlines() == [
        "ntfy 1 (127.0.0.1): failure, full",
        "discord 2 (127.0.0.1): failure, full, lost, version, pick-up, client, audit, digest",
        "webhook 3 (127.0.0.1): failure, full, lost, version, pick-up, client, audit"]
    a.run("notify", "--test", status=0)


def test_the_list_may_stand_in_a_file(receiver, make):
    a = make()
    (a.folder / "list").write_text("\n".join(map(receiver.url, SERVICES)) + "\n")
    a.set(PTP_NOTIFY_FILE=a.folder / "list")
    assert a.run("notify", "--test", status=0).stdout.count("ok    ") == 5


@pytest.mark.parametrize("value, says", [
    ("https://ntfy.sh/x", "PTP_NOTIFY does not begin with webhook+"),
    ("ntfy+https://ntfy.sh", "PTP_NOTIFY does not end in a topic"),
    ("webhook+https://a.test/s3cretword webhook+ftp://b.test/s3cretword",
     "PTP_NOTIFY (number 2 of the list) needs https://"),
    ("gotify+https://a.test/s3cretword", "PTP_NOTIFY has no token"),
    ("discord+https://s3cretword@discord.com/api/webhooks/1/2", "PTP_NOTIFY needs no token"),
    ("discord+https://discord.com/s3cretword", "PTP_NOTIFY is no Discord webhook"),
    ("apprise+https://a.test/s3cretword", "PTP_NOTIFY is not where an Apprise API"),
    ("webhook+https://a.test/s3cretword webhook+https://a.test/s3cretword", "stands twice"),
    (" ".join(f"webhook+https://a.test/s3cretword{i}" for i in range(11)), "there may be 10"),
])
def test_a_wrong_target_is_named_and_not_quoted(make, value, says):
    done = make(PTP_NOTIFY=value).run("notify", status=2)
    assert says in done.stderr and "s3cretword" not in done.stderr


def test_each_wrong_target_of_a_list_is_named(make):
    wrong = ("gotify+https://s3cretword.test webhook+https://a.test/s3cretword\n"
             "discord+https://discord.com/api/webhooks/1,s3cretword")
    a = make(PTP_NOTIFY=wrong)
    said = a.run("notify", status=2).stderr
    assert "PTP_NOTIFY (number 1 of the list) has no token" in said
    assert "PTP_NOTIFY (number 3 of the list) is no whole Discord webhook" in said
    assert "PTP_NOTIFY (number 4 of the list) does not begin with webhook+" in said
    assert "number 2" not in said and "s3cretword" not in said
    shown = a.run("check").stdout
    assert shown.count("correct PTP_NOTIFY") == 3
    assert re.findall(r"^Notify +(.*?):", shown, re.M) == ["webhook 2 (a.test)"]
    (a.folder / "list").write_text(wrong)
    a.set(PTP_NOTIFY=None, PTP_NOTIFY_FILE=a.folder / "list")
    said = a.run("notify", status=2).stderr
    assert said.count("PTP_NOTIFY_FILE: its content (number ") == 3
    a.set(PTP_NOTIFY_FILE=None, PTP_NOTIFY=" ".join(["x"] * 1000))
    assert a.run("notify", status=2).stderr.count("does not begin with") == 11


def test_a_wrong_entry_of_config_ptp_is_named(make):
    a = make()
    a.configure(Notify=[{"URL": "webhook+https://a.test/", "Evens": "failure"}, 7,
                        {"URL": "ntfy+https://a.test/t", "Events": "never"}, {"Token": "x"}])
    said = a.run("notify", status=2).stderr
    assert "Notify: number 1: Evens is not known; did you mean Events?" in said
    assert "Notify: number 2 is neither a URL nor an object" in said
    assert "Notify: number 3: Events is not a list of these words" in said
    assert "Notify: number 4 has neither a URL nor a URLFile" in said
    assert "PTP_NOTIFY_EVENTS is not a list of these words" in make(
        folder="b", PTP_NOTIFY_EVENTS="nothing").run("list", status=2).stderr


# ---- the link ----

LINK = "Status page: http://nas:9980/"


@pytest.mark.parametrize("service", SERVICES)
def test_a_message_ends_with_the_link_to_the_page(receiver, make, service):
    make(PTP_NOTIFY=receiver.url(service), PTP_PUBLIC_URL="http://nas:9980/").run(
        "notify", "--test", status=0)
    (request,) = receiver.requests
    body = json.loads(request["raw"])
    text = next(body[k] for k in ("message", "content", "body") if k in body)
    assert text.splitlines()[-1] == LINK


def test_each_message_of_the_daemon_and_of_fetch_ends_with_the_link(sim, receiver, telling):
    sim.faults(FAIL)
    a = telling(PTP_PUBLIC_URL="http://nas:9980/")
    a.fetch(status=1)
    (begin,) = receiver.got()
    assert begin["message"].splitlines()[-1] == LINK and begin["message"].count(LINK) == 1


# ---- failure ----

def test_a_failure_is_told_once_when_it_begins_and_once_when_it_ends(sim, receiver, telling):
    a = telling("attic:800G,cellar:1T")
    a.fetch(status=0)
    assert receiver.requests == []
    sim.faults({**FAIL, "container": "attic"})
    for _ in range(3):
        a.fetch(status=1)
    (begin,) = receiver.got()
    assert (begin["event"], begin["level"]) == ("failure.begin", "error")
    assert re.fullmatch(SINCE.format("attic has failed") + r": ERR\(Tracker\)", begin["title"])
    words = r"attic: ERR\(Tracker\): so it is\nThe program retries by itself\."
    assert re.fullmatch(words, begin["message"])
    a.ledger("UPDATE notice SET since = since - 3 * 3600000")
    sim.scenario()
    for _ in range(2):
        a.fetch(status=0)
    _, end = receiver.got()
    assert (end["event"], end["level"]) == ("failure.end", "good")
    assert end["title"] == "attic is well again"
    assert end["message"] == "attic: OK, after 3 h 0 m of ERR(Tracker)\n"
    assert begin["id"] < end["id"]


def test_containers_that_fail_together_are_one_message(sim, receiver, telling):
    a = telling("attic:1T,cellar:1T,loft:1T")
    sim.faults(FAIL)
    a.fetch(status=1)
    (begin,) = receiver.got()
    assert re.fullmatch(SINCE.format("3 containers fail, the first"), begin["title"])
    assert begin["message"].count(": ERR(Tracker): so it is\n") == 3
    sim.scenario()
    a.fetch("loft")
    assert receiver.got()[1]["title"] == "loft is well again"
    a.fetch()
    assert receiver.got()[2]["title"] == "2 containers are well again"


def test_a_failure_that_becomes_one_for_a_person_is_told(sim, receiver, telling):
    a = telling()
    for answer in (503, 429, 401, 503, 401):
        sim.faults({"do": "status", "status": answer, "endpoint": "fetch"})
        a.fetch("--force", "all", status=1)
    begin, change = receiver.got()
    assert begin["event"] == "failure.begin" and begin["title"].endswith(": ERR(HTTP 503)")
    assert begin["message"].startswith(
        "attic: ERR(HTTP 503): ask the tracker: HTTP 503\nThe program retries by itself.")
    assert change["event"] == "failure.change"
    assert re.fullmatch(SINCE.format("attic has failed") + r": ERR\(Auth\)", change["title"])
    assert "Check PTP_USER and PTP_KEY" in change["message"]


def test_a_carried_outcome_is_neither_a_begin_nor_an_end(sim, receiver, telling):
    a = telling("attic:1T,cellar:1T")
    sim.faults({**FAIL, "container": "attic"})
    a.fetch(status=1)
    sim.scenario()
    a.fetch("cellar", status=0)
    assert receiver.told() == ["failure.begin"]


def test_what_comes_and_goes_is_not_told_each_time(sim, receiver, telling):
    a = telling()
    for _ in range(4):
        sim.faults(FAIL)
        a.fetch(status=1)
        sim.scenario()
        a.fetch(status=0)
    assert receiver.told() == ["failure.begin", "failure.end"]
    sim.faults(FAIL)
    a.fetch(status=1)
    a.ledger("UPDATE notice SET since = since - 3600000")
    a.fetch(status=1)
    assert receiver.told()[2:] == ["failure.begin"]


def test_a_cycle_that_cannot_be_run_is_told(sim, receiver, telling):
    a = telling()
    a.fetch(status=0)
    (a.state / "answer").unlink()
    (a.state / "answer").mkdir()
    a.fetch(status=1)
    a.fetch(status=1)
    (begin,) = receiver.got()
    assert begin["title"].startswith("No cycle has been able to run since ")
    (a.state / "answer").rmdir()
    a.fetch(status=0)
    assert receiver.got()[1]["title"] == "Cycles can run again"


# ---- the others ----

def test_a_full_container_is_told_once_for_each_size(sim, receiver, telling):
    a = telling("attic:1G")
    sim.scenario(torrent_size=2**30)
    for _ in range(3):
        a.fetch(status=0)
    assert a.outcome() == "FULL" and receiver.told() == ["full"]
    assert "the 1G that you offered" in receiver.got()[0]["message"]
    a.set(PTP_CONTAINERS="attic:2G")
    for _ in range(3):
        a.fetch(status=0)
    assert receiver.told() == ["full", "full"]


@pytest.mark.parametrize("fault", ["lost_reply", "drop"])
def test_a_possibly_lost_assignment_is_told_once_and_when_it_is_settled(
        sim, receiver, telling, fault):
    """Whether the tracker had assigned it or not."""
    lists = {"incomplete": True, "incomplete_empty": "array"}
    a = telling(PTP_NOTIFY_EVENTS="lost")
    sim.faults({"do": fault, "endpoint": "fetch", "times": 1}, **lists)
    a.fetch()
    a.run("status")
    (lost,) = receiver.got()
    assert (lost["event"], lost["title"]) == ("lost.begin", "1 assignment is possibly lost")
    assert lost["message"].startswith("attic: ") and "`ptp-archiver settle`" in lost["message"]
    a.fetch("--force", "all")
    if fault == "drop":  # no list names anything that it could be
        assert len(receiver.got()) == 1
        a.run("settle", str(a.status()["possibly_lost"][0]["id"]), "--not-made", status=0)
        a.fetch("--force", "all")
    _, end = receiver.got()
    assert (end["event"], end["level"]) == ("lost.end", "good")
    assert end["title"] == "No assignment is possibly lost any more"
    a.fetch("--force", "all")
    assert len(receiver.got()) == 2


def test_an_error_in_unknown_words_is_a_failure_and_possibly_lost(sim, receiver, telling):
    sim.faults(FAIL)
    telling(PTP_NOTIFY_EVENTS=None).fetch(status=1)
    assert sorted(receiver.told()) == ["failure.begin", "lost.begin"]


def test_of_several_that_are_possibly_lost_each_is_told_and_one_end(sim, receiver, telling):
    a = telling("attic:800G,cellar:1T", PTP_NOTIFY_EVENTS="lost")
    for name in ("attic", "cellar"):
        sim.faults({"do": "drop", "endpoint": "fetch"})
        a.fetch("--force", name)
    assert receiver.told() == ["lost.begin", "lost.begin"]
    assert [m["message"].split(":")[0] for m in receiver.got()] == ["attic", "cellar"]
    sim.scenario()
    a.run("settle", *(str(one["id"]) for one in a.status()["possibly_lost"]), "--not-made",
          status=0)
    a.fetch("--force", "all")
    assert receiver.told() == ["lost.begin", "lost.begin", "lost.end"]


def test_a_newer_version_is_told_once(sim, receiver, telling):
    a = telling()
    sim.scenario(script_version="0.11")
    for _ in range(2):
        a.fetch(status=0)
    sim.scenario(script_version="0.12")
    a.fetch(status=0)
    assert [m["title"] for m in receiver.got()] == [
        f"The tracker announces version {v} of its utility; this program speaks the protocol of "
        f"0.10" for v in ("0.11", "0.12")]


def test_the_daemon_tells_of_a_file_that_is_not_picked_up(sim, receiver, telling):
    a = telling(PTP_PICK_UP_WITHIN="20m", PTP_INTERVAL="6h")
    process = a.start()
    wait_for(lambda: "next cycle in" in a.log())
    a.stop(process)
    a.ledger("UPDATE assignment SET pick_up_at = pick_up_at - 1198000")
    a.start()
    wait_for(lambda: receiver.got())
    (late,) = receiver.got()
    assert late["event"] == "pick-up.missing"
    assert late["message"] == (f"attic: {a.history()[0]['name']}\n"
                               "Is the client running, and does it watch this folder? Can it read the "
                               "files? If it leaves files there, set PickUpWithin to off.")


def test_a_file_that_was_put_aside_is_told_once(sim, receiver, telling):
    a = telling()
    a.fetch(status=0)
    (path,) = a.watch.glob("*.torrent")
    path.rename(f"{path}.invalid")
    a.fetch(status=1)
    a.fetch(status=0)
    # The failure is the same thing said again; its end is not.
    assert receiver.told() == ["pick-up.refused", "failure.end"]
    assert "`ptp-archiver redeliver --missing`" in receiver.got()[0]["message"]


def test_a_client_that_is_away_is_told_and_when_it_is_back(sim, tmp_path, receiver, telling):
    box = QBittorrentDouble(tmp_path / "box", "5.1")
    a = telling(PTP_CLIENT="box")
    box.launch()
    a.configure(Clients={"box": {"Type": "qbittorrent", "URL": box.url, "Username": box.user,
                                 "Password": box.password}})
    box.stop()
    for _ in range(2):
        assert summary(a.fetch(status=1).stderr) == "attic:WAIT(Client)"
    assert receiver.told() == ["client.away"]
    box.launch()
    a.fetch(status=0)
    assert receiver.told() == ["client.away", "client.back"]
    away, back = receiver.got()
    assert away["level"] == "warning"
    assert re.fullmatch(SINCE.format("The client box has been away"), away["title"])
    assert away["message"].startswith("Is it running? The program calls it again by itself.")
    assert (back["level"], back["title"]) == ("good", "The client box is back")
    box.stop()


def test_a_client_that_does_not_let_us_in_is_told_and_when_it_does(
        sim, tmp_path, receiver, telling):
    box = QBittorrentDouble(tmp_path / "box", "5.1")
    box.launch()
    own = {"Type": "qbittorrent", "URL": box.url, "Username": box.user}
    a = telling(PTP_CLIENT="box")
    a.configure(Clients={"box": {**own, "Password": "wr0ng-word"}})
    for _ in range(2):
        assert summary(a.fetch(status=1).stderr) == "attic:WAIT(Client)"
    (refuses,) = receiver.got()
    assert (refuses["event"], refuses["level"]) == ("client.refuses", "error")
    assert refuses["title"] == "The client box does not accept its user name or password"
    assert "Correct them in config.ptp" in refuses["message"]
    assert "wr0ng-word" not in str(receiver.requests)
    a.configure(Clients={"box": {**own, "Password": box.password}})
    a.fetch(status=0)
    assert receiver.told() == ["client.refuses", "client.back"]
    box.stop()


def test_what_an_audit_misses_is_told_once_and_when_it_is_there_again(
        sim, tmp_path, receiver, telling):
    box = QBittorrentDouble(tmp_path / "box", "5.1")
    box.launch()
    a = telling(PTP_CLIENT="box", PTP_INTERVAL="6h", PTP_PER_CYCLE="2")
    a.configure(Clients={"box": {"Type": "qbittorrent", "URL": box.url, "Username": box.user,
                                 "Password": box.password}})
    a.fetch(status=0)
    box.torrents.clear()
    a.set(PTP_AUDIT_INTERVAL="1s")
    process = a.start()
    wait_for(lambda: a.log().count("next cycle in") == 1)
    time.sleep(1.1)
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: receiver.got())
    (missing,) = receiver.got()
    assert (missing["event"], missing["level"]) == ("audit.missing", "error")
    assert missing["title"].startswith("2 torrents are missing in the client (audit of ")
    assert "2 missing.\n`ptp-archiver audit` names them" in missing["message"]
    assert "`ptp-archiver redeliver --missing` delivers" in missing["message"]
    a.run("redeliver", "--missing", status=0)
    time.sleep(1.1)
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: len(receiver.got()) == 2)
    a.stop(process)
    end = receiver.got()[1]
    assert (end["event"], end["level"]) == ("audit.end", "good")
    assert end["title"] == "No torrent is missing any more" and " assigned: " in end["message"]
    box.stop()


def test_a_week_is_told_of_if_that_is_wanted(sim, receiver, telling):
    a = telling("attic:1T,cellar:1T", PTP_NOTIFY_EVENTS="digest")
    a.fetch(status=0)
    a.fetch(status=0)
    assert receiver.got() == []
    a.ledger("UPDATE notice SET since = since - 604800000 WHERE what = 8")
    for _ in range(2):
        a.fetch(status=0)
    (digest,) = receiver.got()
    first, second = digest["message"].splitlines()
    assert first.startswith("attic: OK, 3 new. 3 torrents, ") and second.startswith("cellar: OK,")


def test_each_is_told_what_it_wants(sim, receiver, make):
    a = make("attic:1G")
    sim.scenario(torrent_size=2**30)
    a.fetch(status=0)
    a.configure(Notify=[{"URL": receiver.url("webhook"), "Events": "full"},
                        {"URL": receiver.url("apprise"), "Events": "failure"}])
    sim.faults(FAIL, torrent_size=2**30)
    a.fetch(status=1)
    sim.scenario(torrent_size=2**30)
    a.fetch(status=0)
    assert receiver.told() == ["full"]
    assert [m["type"] for m in receiver.got("apprise")] == ["failure", "success"]


@pytest.mark.parametrize("service", SERVICES)
def test_hostile_words_reach_each_service_as_words(sim, receiver, make, service):
    a = make(PTP_NOTIFY=receiver.url(service), PTP_NOTIFY_EVENTS=ALL_BUT_LOST)
    hostile = "@everyone <@1> [x](http://e.test) *b* \u202e \x1b[31m \\ \" 😀" + "é😀" * 900
    sim.faults({**FAIL, "text": hostile})
    a.fetch(status=1)
    (message,) = receiver.got()
    text = json.dumps(message, ensure_ascii=False)
    assert "\u202e" not in text and "\x1b" not in text and "\ufffd" not in text
    assert "everyone" in text
    if service == "discord":
        assert "\\<@1\\> \\[x\\]\\(http" in message["content"]
        assert utf16_units(message["content"]) <= 2000


# ---- manners ----

def test_the_ping_goes_first_and_a_receiver_that_hangs_hurts_nothing(sim, receiver, telling):
    a = telling(HC_URL=sim.ping_url)
    receiver.ever = "hang"
    sim.faults(FAIL)
    begin = time.monotonic()
    done = a.fetch(status=1)
    assert 9 < time.monotonic() - begin < 20 and len(receiver.requests) == 1
    assert "sending to webhook 1 (127.0.0.1): attic has failed since " in done.stderr
    assert summary(done.stderr) == "attic:ERR(Tracker)" and sim.pings("fail")
    assert "webhook 1 (127.0.0.1) could not be reached: " in done.stderr
    ping = next(r for r in sim.requests("ping_end"))
    assert ping["at"] <= time.time() - 5
    assert "the last message did not arrive" in a.run("notify", status=0).stdout


def test_many_receivers_that_hang_have_one_time_limit(sim, receiver, make):
    a = make(PTP_NOTIFY=" ".join(f"{receiver.url('webhook')}?{i}" for i in range(10)))
    receiver.ever = "hang"
    sim.faults(FAIL)
    begin = time.monotonic()
    a.fetch(status=1)
    assert time.monotonic() - begin < 34


def test_a_receiver_has_ten_seconds_and_gets_one_post(sim, receiver, telling):
    a = telling()
    receiver.slow = 6.5
    sim.faults(FAIL)
    done = a.fetch(status=1)
    assert len(receiver.requests) == 1 and "could not be reached" not in done.stderr
    assert a.ledger("SELECT * FROM message") == []


def test_a_server_that_is_in_trouble_is_asked_again_a_minute_later(sim, receiver, telling):
    a = telling()
    receiver.answers = [500]
    sim.faults(FAIL)
    for _ in range(2):
        a.fetch(status=1)
    assert len(receiver.requests) == 1
    ((until,),) = a.ledger("SELECT rest_until FROM telling")
    assert 30 < until / 1000 - time.time() <= 60
    a.ledger("UPDATE telling SET rest_until = 0")
    a.fetch(status=1)
    first, second = receiver.requests
    assert first["raw"] == second["raw"]


@pytest.mark.parametrize("sig, says, fetches", [
    (signal.SIGUSR1, "a cycle now, on request", 2),
    (signal.SIGHUP, "the configuration was read again", 1)])
def test_a_request_does_not_wait_for_a_receiver_that_hangs(
        sim, receiver, make, sig, says, fetches):
    a = make(PTP_INTERVAL="6h", PTP_NOTIFY_EVENTS=ALL_BUT_LOST,
             PTP_NOTIFY=" ".join(f"{receiver.url('webhook')}?{i}" for i in range(3)))
    receiver.ever = "hang"
    sim.faults(FAIL)
    process = a.start()
    wait_for(lambda: receiver.requests)
    begin = time.monotonic()
    process.send_signal(sig)
    wait_for(lambda: says in a.log())
    assert time.monotonic() - begin < 5
    wait_for(lambda: len(sim.fetches()) == fetches and len(receiver.requests) == 2)
    a.stop(process)
    assert "webhook 1 (127.0.0.1) could not be reached: something was asked for" in a.log()
    # What was under way counts as tried; nothing is lost.
    assert len(a.ledger("SELECT * FROM telling WHERE failures = 1 AND rest_until > 0")) == 1
    assert len(a.ledger("SELECT * FROM message")) == 3
    receiver.ever = None
    a.ledger("UPDATE telling SET rest_until = 0")
    a.fetch(status=1)
    assert [r["query"] for r in receiver.requests[2:]] == ["0", "1", "2"]


def test_messages_wait_for_a_cycle_that_is_about_to_begin(sim, receiver, telling):
    a = telling(PTP_INTERVAL="6h")
    receiver.answers = [503]
    sim.faults(FAIL)
    a.fetch(status=1)
    sim.scenario()
    process = a.start()
    wait_for(lambda: "next cycle in" in a.log())
    a.stop(process)
    receiver.ever = "hang"
    a.ledger("UPDATE telling SET rest_until = 0")
    a.ledger("UPDATE clock SET next_cycle = ?", int(time.time() * 1000) + 6000)
    a.start()
    wait_for(lambda: len(receiver.requests) == 2)
    assert len(sim.fetches()) == 3


def test_a_fetch_that_still_tells_somebody_holds_up_no_other(sim, receiver, telling):
    a = telling("attic:800G,cellar:1T")
    receiver.ever = "hang"
    sim.faults({**FAIL, "container": "attic"})
    first = subprocess.Popen([ARCHIVER, "fetch", "attic"], env=a.environment, cwd=a.folder,
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
    wait_for(lambda: receiver.requests)
    done = a.fetch("cellar", status=0)
    assert first.poll() is None and "another ptp-archiver" not in done.stderr
    assert first.wait(20) == 1 and len(receiver.requests) == 1


def http_date(seconds):
    return email.utils.formatdate(time.time() + seconds, usegmt=True)


DAY, OWN_LADDER = 86400, 60


@pytest.mark.parametrize("field, body, rests", [
    ("7200", {}, 7200), (lambda: http_date(7200), {}, 7200),
    ("99999999", {}, DAY), ("9" * 40, {}, DAY), (lambda: http_date(400 * DAY), {}, DAY),
    (None, {"retry_after": 7200.5, "global": True}, 7200), (None, {"retry_after": 1e300}, DAY),
    ("7200", {"retry_after": 60}, 7200), ("3", {}, OWN_LADDER),
    (None, {"retry_after": 2.9, "global": False}, OWN_LADDER),
    ("-7200", {}, OWN_LADDER), ("0", {}, OWN_LADDER), ("soon", {}, OWN_LADDER),
    ("1e9", {}, OWN_LADDER), (lambda: http_date(-7200), {}, OWN_LADDER),
    ("soon", {"retry_after": 7200}, 7200), (None, {"retry_after": -7200}, OWN_LADDER),
    (None, {"retry_after": "7200"}, OWN_LADDER), (None, [7200], OWN_LADDER),
    (None, {"retry_after": None}, OWN_LADDER)])
def test_a_rest_that_is_asked_for_is_kept_within_a_day_and_nonsense_counts_for_nothing(
        sim, receiver, telling, field, body, rests):
    a = telling()
    value = field() if callable(field) else field
    receiver.ever = (429, {"Retry-After": value} if value else {}, body)
    sim.faults(FAIL)
    done = a.fetch(status=1)
    ((until,),) = a.ledger("SELECT rest_until FROM telling")
    left = until / 1000 - time.time()
    assert rests - 30 < left <= rests + 1
    assert "could not be reached: HTTP 429; the message is sent again later" in done.stderr
    assert len(receiver.requests) == 1


def test_a_long_rest_is_kept_across_restarts_and_nothing_is_lost(sim, receiver, telling):
    a = telling()
    receiver.answers = [(429, {"Retry-After": "3600"}, {})]
    sim.faults(FAIL)
    a.fetch(status=1)
    sim.scenario()
    a.fetch(status=0)
    assert len(receiver.requests) == 1
    ((until,),) = a.ledger("SELECT rest_until FROM telling")
    assert 3500 < until / 1000 - time.time() <= 3600
    a.ledger("UPDATE telling SET rest_until = 0")
    a.fetch(status=0)
    assert receiver.told()[1:] == ["failure.begin", "failure.end"]


def test_what_could_not_be_told_is_told_by_the_daemon_later(sim, receiver, telling):
    a = telling(PTP_INTERVAL="6h")
    receiver.answers = [503]
    sim.faults(FAIL)
    process = a.start()
    wait_for(lambda: "could not be reached" in a.log())
    assert a.log().count("could not be reached") == 1 and len(receiver.requests) == 1
    a.stop(process)
    a.ledger("UPDATE telling SET rest_until = ?", int(time.time() * 1000) + 1500)
    a.start()
    wait_for(lambda: "next cycle in" in a.log())
    assert len(receiver.requests) == 1
    wait_for(lambda: len(receiver.requests) == 2)
    time.sleep(1)
    assert len(receiver.requests) == 2 and len(sim.fetches()) == 1


def test_a_message_that_is_three_days_old_is_not_sent_any_more(sim, receiver, telling):
    a = telling()
    receiver.answers = [(503, {"Retry-After": "60"}, {})]
    sim.faults(FAIL)
    a.fetch(status=1)
    a.ledger("UPDATE telling SET rest_until = 0")
    a.ledger("UPDATE message SET at = at - 3 * 86400000 - 1")
    a.fetch(status=1)
    assert len(receiver.requests) == 1 and a.ledger("SELECT * FROM message") == []


def test_a_refused_message_is_not_repeated_and_said_in_the_log(sim, receiver, telling):
    a = telling()
    receiver.answers = [400]
    sim.faults(FAIL)
    done = a.fetch(status=1)
    assert re.search(r'does not accept the message "attic .*: ERR\(Tracker\)": HTTP 400', done.stderr)
    a.fetch(status=1)
    assert len(receiver.requests) == 1


def test_nobody_gets_more_than_twenty_messages_a_day(sim, receiver, telling):
    a = telling()
    sim.faults(FAIL)
    a.fetch(status=1)
    more = ("INSERT INTO message(target, at, kind, level, name, title, text) SELECT target, ?,"
            " 'full', 1, 'full', ?, 'words' FROM telling")
    for i in range(22):
        a.ledger(more, int(time.time() * 1000), f"message {i}")
    done = a.fetch(status=1)
    messages = receiver.got()
    assert len(messages) == 20 and a.ledger("SELECT * FROM message") == []
    assert messages[19]["message"].startswith("(This is the last message for today")
    assert messages[19]["message"].endswith("\nwords")
    assert not any("the last message" in m["message"] for m in messages[:19])
    assert "got its 20 messages of today, so this one is dropped: message 21" in done.stderr
    assert a.run("notify").stdout.endswith("; 20 of 20 messages of its day\n")
    a.ledger("UPDATE telling SET since = since - 86400000")
    a.ledger(more, int(time.time() * 1000), "tomorrow's")
    a.fetch(status=1)
    assert receiver.got()[20]["title"] == "tomorrow's"


@pytest.mark.parametrize("service", ["discord", "ntfy"])
def test_the_last_message_of_a_day_says_so_where_a_long_one_is_cut(sim, receiver, make, service):
    a = make(PTP_NOTIFY=receiver.url(service), PTP_NOTIFY_EVENTS=ALL_BUT_LOST)
    sim.faults(FAIL)
    a.fetch(status=1)
    a.ledger("UPDATE telling SET told = 19")
    a.ledger("INSERT INTO message(target, at, kind, level, name, title, text) SELECT target, ?,"
             " 'full', 1, 'full', 'the last', ? FROM telling", int(time.time() * 1000), "long " * 1500)
    a.fetch(status=1)
    message = json.dumps(receiver.got()[1])
    assert "This is the last message for today" in message and "the last" in message
    assert "long long" in message


def test_a_stop_is_not_held_up_and_loses_nothing(sim, receiver, telling):
    a = telling(PTP_INTERVAL="6h")
    receiver.ever = "hang"
    sim.faults(FAIL)
    process = a.start()
    wait_for(lambda: receiver.requests)
    status, seconds = a.stop(process)
    assert status == 0 and seconds < 2
    receiver.ever = None
    a.start()
    wait_for(lambda: len(receiver.requests) > 1)
    assert receiver.told() == ["failure.begin"] * 2


def test_killed_while_it_tells_it_tells_again(sim, receiver, telling):
    a = telling(PTP_INTERVAL="6h")
    receiver.ever = "hang"
    sim.faults(FAIL)
    process = a.start()
    wait_for(lambda: receiver.requests)
    process.kill()
    process.wait()
    receiver.ever = None
    a.fetch(status=1)
    first, again = receiver.got()
    assert first == again


def test_a_redirect_is_not_followed(sim, receiver, telling):
    a = telling()
    receiver.answers = [(302, {"Location": receiver.base + "/hook"}, {})]
    sim.faults(FAIL)
    done = a.fetch(status=1)
    assert len(receiver.requests) == 1 and "HTTP 302: it leads elsewhere" in done.stderr


# ---- TLS, secrets ----

def test_a_private_authority_is_trusted_if_it_is_named(sim, make, authority):
    tls = Receiver(authority.issue("IP:127.0.0.1"))
    a = make(PTP_NOTIFY=tls.url("ntfy"), PTP_CA_FILE=authority.certificate)
    a.run("notify", "--test", status=0)
    a.set(PTP_CA_FILE=None)
    done = a.run("notify", "--test", status=1)
    assert len(tls.requests) == 1 and "FAIL  ntfy 1 (127.0.0.1): " in done.stdout
    tls.close()


def test_no_secret_is_shown_or_kept(sim, receiver, make):
    a = make(PTP_NOTIFY=" ".join(map(receiver.url, SERVICES)), LOG_LEVEL="debug")
    a.config.write_text('{"Containers": {"attic": {"Size": "1T", "AfterFetchExec": "env"}}}')
    shown = ""
    for ever in (None, 401, None, 503):
        receiver.ever = ever
        sim.faults(FAIL) if ever else sim.scenario()
        if ever:
            a.ledger("UPDATE notice SET goes_on = 0, ended = 0")
        for done in (a.fetch(), a.run("notify"), a.run("check"), a.run("status")):
            shown += done.stdout + done.stderr
    receiver.ever = 401
    shown += a.run("notify", "--test").stdout
    assert "AfterFetchExec: " in shown and "could not be reached" in shown
    kept = b"".join(p.read_bytes() for p in a.state.rglob("*") if p.is_file())
    for secret in (TOKEN, GOTIFY_TOKEN, DISCORD, "known-key", "my-topic"):
        assert secret not in shown and secret.encode() not in kept


# ---- the real thing, as far as Debian has it ----

def test_what_apprise_sends_to_its_api_is_what_we_send(receiver, make):
    """Debian's apprise as the client of an Apprise API, of ntfy and of Gotify: the receiver takes
    its messages for what they are, and ours have the keys that its have."""
    apprise = pytest.importorskip("apprise")
    make(PTP_NOTIFY=receiver.url("apprise")).run("notify", "--test", status=0)
    app = apprise.Apprise()
    assert app.add(f"apprise://127.0.0.1:{receiver.port}/known-key")
    assert app.notify(title="a title", body="a body", notify_type="failure")
    ours, theirs = receiver.requests
    assert ours["path"] == theirs["path"] and set(ours["json"]) == set(theirs["json"])
    assert ours["json"]["format"] == theirs["json"]["format"]
    assert theirs["json"]["type"] == "failure"
