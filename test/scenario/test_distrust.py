"""Torrents are distrusted: only what a client would load ever comes into a watch directory."""

import pytest

from harness import summary

REFUSED = ["empty", "truncated", "huge_depth", "no_info", "no_name", "empty_name", "no_pieces",
           "piece_count", "pieces_odd", "negative", "zero_piece_length"]
LOADED = ["trailing", "unsorted", "leading_zero", "traversal"]


def bad(kind, **keys):
    return {"do": "bad_torrent", "endpoint": "download", "kind": kind, **keys}


def everything(folder):
    """Every file below, also the hidden ones, but for the mark of the folder."""
    return [p for p in folder.rglob("*") if not p.is_dir() and not p.match(".ptp-archiver/mark*")]


def pending(archiver):
    (one,) = archiver.status()["pending"]
    return one


def stays_pending_and_is_downloaded_again(sim, a, outcome="attic:ERR(BadTorrent)"):
    """After a bad download, twice: nothing came into the watch directory."""
    for tries in (1, 2):
        assert summary(a.fetch(status=1).stderr) == outcome
        assert everything(a.watch) == []
        assert pending(a)["state"] == "assigned"
    sim.scenario()
    a.fetch(status=0)
    assert len(sim.fetches()) == 1 and len(sim.downloads()) == 3
    assert len({d["target"] for d in sim.downloads()}) == 1
    assert a.status()["pending"] == []
    return a.delivered() == ["Some.Film.1921.1080p-100001.torrent"]


@pytest.mark.parametrize("kind", REFUSED)
def test_bad_torrent_is_refused(sim, archiver, kind):
    sim.faults(bad(kind))
    assert stays_pending_and_is_downloaded_again(sim, archiver)


def test_bad_v2_torrent_is_refused(sim, archiver):
    sim.scenario(torrent_kind="v2", faults=[bad("v2_bad")])
    assert summary(archiver.fetch(status=1).stderr) == "attic:ERR(BadTorrent)"
    assert everything(archiver.watch) == []
    assert pending(archiver)["tries"] == 1


@pytest.mark.parametrize("page", ["login", "maintenance", "cloudflare", "not_found"])
def test_html_page_with_status_200_is_no_torrent(sim, archiver, page):
    sim.faults({"do": "html", "endpoint": "download", "page": page})
    assert stays_pending_and_is_downloaded_again(sim, archiver)


def test_html_page_with_the_headers_of_a_torrent_is_no_torrent(sim, archiver):
    sim.faults({"do": "html", "endpoint": "download", "headers": {
        "Content-Type": "application/x-bittorrent",
        "Content-Disposition": "attachment; filename=\"a.torrent\""}})
    assert stays_pending_and_is_downloaded_again(sim, archiver)


def test_json_error_is_no_torrent(sim, archiver):
    sim.faults({"do": "json_error", "endpoint": "download"})
    assert stays_pending_and_is_downloaded_again(sim, archiver)


def test_empty_answer_is_no_torrent(sim, archiver):
    sim.faults({"do": "reply", "endpoint": "download", "body": ""})
    assert stays_pending_and_is_downloaded_again(sim, archiver)


def test_truncated_transfer_is_no_torrent(sim, archiver):
    sim.faults({"do": "truncate", "endpoint": "download"})
    assert stays_pending_and_is_downloaded_again(sim, archiver, "attic:ERR(Network)")


def test_answer_over_the_ceiling_is_no_torrent(sim, archiver):
    sim.faults({"do": "gzip_bomb", "endpoint": "download", "size": 2**26})
    assert stays_pending_and_is_downloaded_again(sim, archiver, "attic:ERR(Protocol)")


@pytest.mark.parametrize("kind", LOADED)
def test_odd_torrent_that_clients_load_is_delivered(sim, archiver, kind):
    sim.faults(bad(kind))
    archiver.fetch(status=0)
    assert len(archiver.delivered()) == 1


@pytest.mark.parametrize("kind", ["v2_hash", "v2_no_layers"])
def test_odd_v2_torrent_that_clients_load_is_delivered(sim, archiver, kind):
    sim.scenario(torrent_kind="v2", faults=[bad(kind)])
    archiver.fetch(status=0)
    assert len(archiver.delivered()) == 1


@pytest.mark.parametrize("kind", ["v1", "v2", "hybrid"])
def test_torrent_of_any_kind_is_delivered_as_it_came(sim, archiver, kind):
    sim.scenario(torrent_kind=kind)
    archiver.fetch(status=0)
    (name,) = archiver.delivered()
    (assigned,) = sim.assignments()
    told = archiver.inspect(archiver.watch / name)
    assert told["verdict"] == "accepted"
    assert told["private"] is True
    if kind != "v2":
        # Of v2 alone libtorrent counts the padding of the last piece, and so do we.
        assert told["size"] == assigned["size"]
        assert told["infohash_v1"].upper() == assigned["infohash"]
    if kind != "v1":
        assert told["infohash_v2"] == assigned["infohash_v2"]
    assert (archiver.watch / name).stat().st_size == sim.downloads()[0]["bytes"]


def test_each_try_is_counted_and_its_reason_kept(sim, archiver):
    sim.faults(bad("no_pieces"))
    for tries in (1, 2):
        archiver.fetch(status=1)
        assert pending(archiver)["tries"] == tries
    assert "pieces" in pending(archiver)["note"]


def spoil(sim, archiver, torrent=100001, fault=None):
    """Five downloads that bring no torrent."""
    sim.faults({"endpoint": "download", "torrent": torrent,
                **(fault or {"do": "html", "page": "login"})})
    for _ in range(5):
        done = archiver.fetch(status=1)
    return done


def test_after_five_tries_the_bytes_are_put_into_quarantine(sim, archiver):
    done = spoil(sim, archiver)
    kept = archiver.state / "quarantine" / "100001.bin"
    assert kept.stat().st_size == sim.downloads()[0]["bytes"]
    assert b"<html" in kept.read_bytes().lower()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "set aside after 5 tries" in done.stderr and str(kept) in done.stderr
    assert len(sim.fetches()) == 1 and len(sim.downloads()) == 5
    assert everything(archiver.watch) == []


def test_before_five_tries_nothing_is_in_quarantine(sim, archiver):
    sim.faults(bad("truncated"))
    for _ in range(4):
        archiver.fetch(status=1)
    assert everything(archiver.state / "quarantine") == []
    assert pending(archiver)["set_aside"] is False


def test_what_is_set_aside_does_not_block_its_container(sim, archiver):
    spoil(sim, archiver)
    assert pending(archiver)["set_aside"] is True
    archiver.fetch(status=0)
    assert len(sim.fetches()) == 2
    assert archiver.delivered() == ["Some.Film.1922.1080p-100002.torrent"]
    assert pending(archiver)["torrent_id"] == "100001"
    assert archiver.container()["set_aside"] == 1
    assert len(sim.downloads(100001)) == 5


def test_what_is_set_aside_is_downloaded_again_after_a_day(sim, archiver):
    spoil(sim, archiver)
    archiver.ledger("UPDATE assignment SET changed_at = changed_at - 86390000")
    archiver.fetch(status=0)
    assert len(sim.downloads(100001)) == 5
    sim.scenario()
    archiver.ledger("UPDATE assignment SET changed_at = changed_at - 20000")
    archiver.fetch(status=0)
    assert len(sim.downloads(100001)) == 6
    assert "Some.Film.1921.1080p-100001.torrent" in archiver.delivered()
    assert archiver.status()["pending"] == []


def test_what_is_set_aside_is_downloaded_again_by_force(sim, archiver):
    spoil(sim, archiver)
    sim.scenario()
    archiver.fetch("--force", "all", status=0)
    assert len(sim.downloads(100001)) == 6
    assert archiver.status()["pending"] == []


def test_with_three_set_aside_a_container_gets_nothing_new(sim, archiver):
    sim.faults({"do": "html", "endpoint": "download"})
    for _ in range(3 * 5):
        archiver.fetch(status=1)
    assert len(sim.fetches()) == 3
    done = archiver.fetch(status=1)
    assert len(sim.fetches()) == 3 and len(sim.downloads()) == 15
    assert summary(done.stderr) == "attic:ERR(BadTorrent)"
    assert "fetch --force" in done.stderr
    assert len(everything(archiver.state / "quarantine")) == 3


def test_answer_404_counts_as_a_try(sim, archiver):
    spoil(sim, archiver, fault={"do": "status", "status": 404})
    assert pending(archiver)["set_aside"] is True
    archiver.fetch(status=0)
    assert len(archiver.delivered()) == 1


def test_answer_over_the_ceiling_counts_as_a_try(sim, archiver):
    spoil(sim, archiver, fault={"do": "gzip_bomb", "size": 2**26})
    assert pending(archiver)["set_aside"] is True
    archiver.fetch(status=0)
    assert len(archiver.delivered()) == 1


def test_trouble_on_the_way_does_not_count_as_a_try(sim, archiver):
    spoil(sim, archiver, fault={"do": "status", "status": 503})
    assert pending(archiver)["tries"] == 0 and pending(archiver)["set_aside"] is False


def test_other_containers_go_on(sim, make):
    a = make("a:1T,b:1T")
    sim.faults({"do": "html", "endpoint": "download", "container": "a"})
    assert summary(a.fetch(status=1).stderr) == "a:ERR(BadTorrent), b:OK"
    assert summary(a.fetch(status=1).stderr) == "a:ERR(BadTorrent), b:OK"
    assert len(a.delivered()) == 2
