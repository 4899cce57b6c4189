"""From configuration to a delivered torrent."""


def test_fetch_delivers_one_torrent_per_container(sim, make):
    a = make("hetzner:5T,attic:800G", HC_URL=sim.ping_url)
    done = a.fetch(status=0)
    assert len(a.delivered()) == 2
    assert done.stdout.count("New download written as \"") == 2
    assert [r["query"]["ContainerName"] for r in sim.fetches()] == ["attic", "hetzner"]
    assert [p["kind"] for p in sim.pings()] == ["start", "success"]


def test_delivered_file_is_what_the_tracker_assigned(sim, archiver):
    archiver.fetch(status=0)
    (name,) = archiver.delivered()
    (assigned,) = sim.assignments()
    told = archiver.inspect(archiver.watch / name)
    assert told["verdict"] == "accepted"
    assert told["infohash_v1"].upper() == assigned["infohash"]
    assert told["size"] == assigned["size"]
