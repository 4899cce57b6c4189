"""Nothing is guessed: lost assignments, other programs on the account, and what a person says."""

import json
import re
import signal
import urllib.request

import pytest

from harness import KEY, USER, free_port, wait_for

FETCH = {"endpoint": "fetch"}
FIRST, SECOND, THIRD = (f"Some.Film.192{n}.1080p-10000{n}.torrent" for n in (1, 2, 3))
LISTS = {"incomplete": True, "incomplete_empty": "array"}
DAY = 86400000


def another_program_asks(sim, container="attic"):
    """It has the same account, and does not download what it gets.  Its TorrentID."""
    request = urllib.request.Request(
        f"{sim.url}/archive.php?action=fetch&ContainerName={container}&ContainerSize=1T"
        "&MaxStalled=0", headers={"ApiUser": USER, "ApiKey": KEY})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(json.load(answer)["TorrentID"])


def lose_one(sim, a, *names, **scenario):
    sim.faults({**FETCH, "do": "lost_reply", "times": 1}, **LISTS)
    a.fetch(*names, status=1)
    sim.scenario(**LISTS, **scenario)


def the_lost(a):
    (one,) = a.status()["possibly_lost"]
    return one


def candidates(a):
    return [c["torrent_id"] for c in the_lost(a)["candidates"]]


def test_of_two_that_fit_none_is_taken_and_both_are_named(sim, archiver):
    """Two installations on one account: the newest unknown torrent is the other one's."""
    archiver.fetch(status=0)
    lose_one(sim, archiver)
    other = another_program_asks(sim)
    said = archiver.fetch(status=0).stderr
    assert "found again" not in said
    assert candidates(archiver) == ["100002", other]
    assert sim.downloads(100002) == [] and sim.downloads(int(other)) == []
    text = archiver.run("status", status=0).stdout
    assert "could be TorrentID 100002" in text and f"could be TorrentID {other}" in text
    assert re.search(rf"^  {the_lost(archiver)['id']}  attic, since ", text, re.M)
    assert f"TorrentID {other}" in archiver.run("settle", status=0).stdout


def test_what_the_tracker_assigns_after_its_next_answer_is_found(sim, archiver):
    sim.faults({**FETCH, "do": "drop", "times": 1}, **LISTS)
    archiver.fetch(status=1)
    sim.scenario(**LISTS)
    archiver.fetch(status=0)
    assert archiver.container()["possibly_lost"] == 1
    late = another_program_asks(sim)  # the tracker gets done with the question
    assert f"was found again: TorrentID {late}" in archiver.fetch(status=0).stderr
    assert archiver.container()["possibly_lost"] == 0 and len(sim.downloads(int(late))) == 1


def test_what_is_listed_after_the_question_seemed_not_made_opens_it_again(sim, archiver):
    sim.faults({**FETCH, "do": "drop", "times": 1}, **LISTS)
    archiver.fetch(status=1)
    sim.scenario(**LISTS)
    for _ in range(2):
        archiver.fetch(status=0)
    archiver.ledger(f"UPDATE assignment SET absent_since = absent_since - {DAY}")
    archiver.fetch(status=0)
    assert archiver.status()["possibly_lost"] == []
    late = another_program_asks(sim)
    assert f"was found again: TorrentID {late}" in archiver.fetch(status=0).stderr


@pytest.mark.parametrize("lag", [{"incomplete_extra": [], "incomplete_empty": "array"},
                                 {"incomplete_extra": [], "incomplete_empty": "object"}, {}])
def test_one_list_that_lags_or_is_empty_or_missing_loses_nothing(sim, archiver, lag):
    lose_one(sim, archiver)
    sim.scenario(**lag)
    archiver.fetch(status=0)
    assert archiver.container()["possibly_lost"] == 1
    sim.scenario(**LISTS)
    assert "was found again: TorrentID 100001" in archiver.fetch(status=0).stderr


def test_warnings_before_the_answers_lose_nothing(sim, archiver):
    """Four questions, four assignments, each answer behind a warning that hides its end."""
    sim.faults({**FETCH, "do": "truncate", "bytes": 20}, **LISTS)
    for _ in range(4):
        archiver.fetch(status=1)
    sim.scenario(**LISTS)
    archiver.fetch(status=0)
    lost = archiver.status()["possibly_lost"]
    assert len(lost) == 4
    listed = {"100001", "100002", "100003", "100004"}
    for one in lost:
        assert {c["torrent_id"] for c in one["candidates"]} <= listed
    assert {c["torrent_id"] for c in lost[0]["candidates"]} == listed


# ---- another program ----


def test_another_program_on_the_account_is_named_everywhere_once(sim, make):
    port = free_port()
    a = make(PTP_LISTEN=f"127.0.0.1:{port}")
    sim.scenario(**LISTS)
    a.fetch(status=0)
    other = another_program_asks(sim)
    assert "another program uses the account" in a.fetch(status=0).stderr
    assert "another program" not in a.fetch(status=0).stderr
    status = a.status()
    (torrent,) = status["another_program"]["torrents"]
    assert torrent["torrent_id"] == other
    (notice,) = [n for n in status["notices"] if n["fact"] == "account-shared"]
    assert notice["level"] == "note" and notice["count"] == 1
    assert "Another program uses this account" in a.run("status", status=0).stdout
    checked = a.run("check").stdout
    assert "Another program uses this account" in checked and "SharedAccount" in checked
    # A question that is lost from now on waits for a person, whatever fits.
    lose_one(sim, a)
    assert "found again" not in a.fetch(status=0).stderr
    assert candidates(a) == ["100005"]
    daemon = a.start()
    page = wait_for(lambda: read(port, "/"), what="the page")
    assert "Another program uses this account" in page and "It could be TorrentID 100005" in page
    assert 'ptp_archiver_fact{fact="account-shared"} 1' in read(port, "/metrics")
    a.stop(daemon)


def read(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.read().decode()
    except OSError:
        return None


def test_a_person_who_says_that_the_account_is_shared_gets_no_guess_and_no_notice(sim, make):
    a = make(PTP_SHARED_ACCOUNT="true")
    lose_one(sim, a)
    assert "found again" not in a.fetch(status=0).stderr
    assert candidates(a) == ["100001"]
    a.run("settle", str(the_lost(a)["id"]), "--not-made", status=0)
    another_program_asks(sim)
    a.fetch(status=0)
    assert a.status()["another_program"]
    assert "account-shared" not in [n["fact"] for n in a.status()["notices"]]


def test_what_the_first_list_holds_is_no_sign_of_another_program(sim, archiver):
    sim.scenario(incomplete_extra=[{"TorrentID": 7, "InfoHash": "A" * 40}])
    for _ in range(2):
        archiver.fetch(status=0)
    assert archiver.status()["another_program"] is None


# ---- a person settles it ----


def test_a_person_settles_it_while_the_daemon_runs(sim, make):
    a = make(PTP_INTERVAL="6h", PTP_SHARED_ACCOUNT="true")
    lose_one(sim, a)
    a.fetch(status=0)
    daemon = a.start()
    wait_for(lambda: a.status()["daemon"], what="the daemon")
    wait_for(lambda: not a.status()["working"], what="its first cycle")
    one = the_lost(a)
    said = a.run("settle", str(one["id"]), "--torrent", "100001", status=0).stdout
    assert "is TorrentID 100001" in said
    daemon.send_signal(signal.SIGUSR1)
    wait_for(lambda: FIRST in a.delivered(), what="its delivery")
    a.stop(daemon)
    assert a.status()["possibly_lost"] == []
    (row,) = [r for r in a.history() if r["id"] == one["id"]]
    assert row["state"] == "delivered" and row["settled_by"] and row["settled_at"]
    assert sim.downloads(100001)[0]["query"]["ArchiveID"] != "5001"


def test_a_person_says_that_it_was_not_made(sim, archiver):
    lose_one(sim, archiver)
    one = the_lost(archiver)
    assert "was not made" in archiver.run("settle", str(one["id"]), "--not-made", status=0).stdout
    assert archiver.status()["possibly_lost"] == []
    (row,) = archiver.history()
    assert row["state"] == "unfounded" and row["settled_by"]
    # It stays so, and what is listed now is not taken for it.
    archiver.fetch(status=0)
    assert "found again" not in archiver.fetch(status=0).stderr
    assert archiver.run("settle", status=0).stdout == "No assignment is possibly lost.\n"


def test_a_person_says_whose_a_torrent_is(sim, archiver):
    sim.scenario(**LISTS)
    archiver.fetch(status=0)
    other = another_program_asks(sim)
    archiver.fetch(status=0)
    assert archiver.status()["another_program"]
    archiver.run("settle", "--mine", other, status=0)
    assert archiver.status()["another_program"] is None
    archiver.run("settle", "--other", other, status=0)
    (torrent,) = archiver.status()["another_program"]["torrents"]
    assert torrent["said_by"] and torrent["said_at"]


@pytest.mark.parametrize("words, status, says", [
    (["99", "--not-made"], 1, "assignment 99 is not possibly lost"),
    (["1", "--torrent", "100009"], 1, "no list of the tracker has named TorrentID 100009"),
    (["--other", "100009"], 1, "no list of the tracker has named TorrentID 100009"),
    (["x", "--not-made"], 1, '"x" is not a number'),
    (["1"], 2, "what became of it?"),
    (["--not-made"], 2, "which assignment?"),
    (["1", "--torrent", "5", "--not-made"], 2, "not both"),
    (["1", "2", "--torrent", "5"], 2, "one torrent can only be one assignment"),
])
def test_what_cannot_be_settled_is_refused(sim, archiver, words, status, says):
    lose_one(sim, archiver)
    assert says in archiver.run("settle", *words, status=status).stderr
    assert archiver.container()["possibly_lost"] == 1


# ---- the film's page ----


@pytest.mark.parametrize("group", ['"33"', "33"])
def test_the_film_s_page_is_a_link(sim, make, group):
    sim.faults({**FETCH, "do": "reply", "processed": True, "times": 1,
                "body": '{"Status":"Ok","TorrentID":"100001","ArchiveID":"5001","GroupID":%s}'
                % group})
    port = free_port()
    a = make(PTP_LISTEN=f"127.0.0.1:{port}")
    a.fetch(status=0)
    link = f"{sim.url}/torrents.php?id=33&torrentid=100001"
    (newest,) = a.status()["newest"]
    assert newest["group_id"] == "33" and newest["film_page"] == link
    assert a.history()[0]["film_page"] == link
    daemon = a.start()
    page = wait_for(lambda: read(port, "/"), what="the page")
    assert link.replace("&", "&amp;") in page
    a.stop(daemon)
