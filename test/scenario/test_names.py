"""Names are distrusted: from Content-Disposition to the name of a file in the watch directory."""

import pytest

from harness import summary

FIRST = "Some.Film.1921.1080p-100001"
NAMELESS = f"{FIRST}.mkv.torrent"  # after the torrent's own name


def deliver(sim, archiver, **name):
    """The name under which the first torrent, sent with this Content-Disposition, is delivered."""
    sim.faults({"do": "filename", "endpoint": "download", **name})
    archiver.fetch(status=0)
    (delivered,) = archiver.delivered()
    return delivered


@pytest.mark.parametrize("field, name", [
    ('attachment; filename="A Film (1950).torrent"', "A Film (1950).torrent"),
    ("attachment; filename=plain.torrent", "plain.torrent"),
    ("attachment;filename=plain.torrent;size=12", "plain.torrent"),
    ('ATTACHMENT; FileName = "case.torrent"', "case.torrent"),
    ('inline; filename="inline.torrent"', "inline.torrent"),
    ('attachment; filename="semi;colon=1.torrent"', "semi;colon=1.torrent"),
    (r'attachment; filename="an \'escape\'d o\ne.torrent"', "an 'escape'd one.torrent"),
    (r'attachment; filename="so \"called\".torrent"', "so _called_.torrent"),
    ("attachment; filename*=UTF-8''na%C3%AFve%20film.torrent", "naïve film.torrent"),
    ("attachment; filename*=utf-8'en'%e2%82%ac.torrent", "€.torrent"),
    ("attachment; filename*=ISO-8859-1'en'%A3%20rates.torrent", "£ rates.torrent"),
    ("attachment; filename=\"plain.torrent\"; filename*=UTF-8''better.torrent", "better.torrent"),
    ("attachment; filename*=UTF-8''better.torrent; filename=\"plain.torrent\"", "better.torrent"),
    ("attachment; filename=\"plain.torrent\"; filename*=KOI8-R''x.torrent", "plain.torrent"),
    ("attachment; filename=\"plain.torrent\"; filename*=UTF-8''%FF.torrent", "plain.torrent"),
    ("attachment; filename=\"plain.torrent\"; filename*=broken", "plain.torrent"),
    ('attachment; filename="no ending"', "no ending.torrent"),
    ('attachment; filename="upper.TORRENT"', "upper.torrent"),
    ('attachment; filename="program.exe"', "program.exe.torrent"),
    ('attachment; filename="not closed.torrent', "not closed.torrent"),
    ("attachment", NAMELESS),
    ('attachment; filename=""', NAMELESS),
    (None, NAMELESS),
])
def test_name_is_the_one_that_the_field_gives(sim, archiver, field, name):
    assert deliver(sim, archiver, value=field) == name


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_name_may_come_as_raw_bytes(sim, archiver, encoding):
    field = 'attachment; filename="é.torrent"'.encode(encoding)
    assert deliver(sim, archiver, value_hex=field.hex()) == "é.torrent"


HOSTILE = [
    'attachment; filename="../../evil.torrent"',
    'attachment; filename="../evil.torrent"',
    'attachment; filename="FOLDER/evil.torrent"',
    r'attachment; filename="..\\..\\evil.torrent"',
    r'attachment; filename="C:\\evil.torrent"',
    "attachment; filename*=UTF-8''..%2F..%2Fevil.torrent",
    "attachment; filename*=UTF-8''%2e%2e%2Fevil.torrent",
    "attachment; filename*=UTF-8''..%5Cevil.torrent",
    "attachment; filename*=UTF-8''evil%00.torrent",
    "attachment; filename*=UTF-8''evil%0Aname%1B%5B31m.torrent",
    "attachment; filename*=UTF-8''evil%C2%85%C2%9B.torrent",
    'attachment; filename=".."',
    'attachment; filename="."',
    'attachment; filename="/"',
    'attachment; filename="../"',
    'attachment; filename=".torrent"',
    'attachment; filename=".evil.torrent"',
    'attachment; filename=".ptp-archiver"',
    'attachment; filename=" .evil.torrent "',
    'attachment; filename="-rf.torrent"',
    'attachment; filename="a<b>c:d|e?f*g.torrent"',
    'attachment; filename="evil.torrent/"',
    f'attachment; filename="{"x" * 5000}.torrent"',
    f"attachment; filename*=UTF-8''{'%E2%82%AC' * 300}.torrent",
    f"attachment; filename*=UTF-8''{'x' * 246}%E2%82%AC.torrent",
]


@pytest.mark.parametrize("field", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_name_stays_in_the_watch_directory_and_is_a_safe_one(sim, archiver, tmp_path,
                                                                      field):
    outside = {"state", "config.ptp", "watch"}
    name = deliver(sim, archiver, value=field.replace("FOLDER", str(tmp_path)))
    assert {p.name for p in archiver.watch.iterdir()} == {name, ".ptp-archiver"}
    assert {p.name for p in archiver.folder.iterdir()} == outside
    assert {p.name for p in tmp_path.iterdir()} == {"archiver", "sim"}
    assert name.endswith(".torrent") and len(name.encode()) <= 255
    assert name[0] not in ".- " and name.isprintable()
    assert not set(name) & set("/\\<>:|?*\"")


def test_name_taken_by_the_same_torrent_is_success(sim, make):
    a = make()
    a.fetch(status=0)
    (name,) = a.delivered()
    before = (a.watch / name).stat()
    a.ledger("UPDATE assignment SET state = 1, path = NULL, delivered_at = NULL")
    assert f'New download written as "{a.watch / name}"' in a.fetch(status=0).stdout
    assert a.delivered() == [name]
    after = (a.watch / name).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert [p.name[:5] for p in (a.watch / ".ptp-archiver").iterdir()] == ["mark-"]


def with_infohash(assigned):
    return f"{FIRST} [{assigned['infohash'][:8].lower()}].torrent"


def test_name_taken_by_another_torrent_gets_the_infohash(sim, make):
    a = make("a:1T,b:1T")
    sim.faults({"do": "filename", "endpoint": "download",
                "value": 'attachment; filename="same.torrent"'})
    a.fetch(status=0)
    second = sim.assignments()[1]["infohash"][:8].lower()
    assert a.delivered() == [f"same [{second}].torrent", "same.torrent"]
    first = a.inspect(a.watch / "same.torrent")["infohash_v1"]
    assert first.upper() == sim.assignments()[0]["infohash"]


@pytest.mark.parametrize("kind", ["text", "folder", "link"])
def test_name_taken_by_something_else_gets_the_infohash_and_leaves_it_alone(sim, archiver, kind):
    taken = archiver.watch / f"{FIRST}.torrent"
    target = archiver.folder / "elsewhere"
    if kind == "text":
        taken.write_text("mine")
    elif kind == "folder":
        taken.mkdir()
    else:
        taken.symlink_to(target)
    archiver.fetch(status=0)
    (assigned,) = sim.assignments()
    names = {p.name for p in archiver.watch.iterdir()}
    assert names == {taken.name, with_infohash(assigned), ".ptp-archiver"}
    if kind == "text":
        assert taken.read_text() == "mine"
    assert not target.exists()


def test_both_names_taken_is_err_disk_and_the_torrent_stays_pending(sim, archiver):
    sim.faults({"do": "status", "endpoint": "download", "status": 503, "times": 1})
    archiver.fetch(status=1)
    (assigned,) = sim.assignments()
    names = (f"{FIRST}.torrent", with_infohash(assigned))
    taken = [archiver.watch / name for name in names]
    for path in taken:
        path.write_text("mine")
    done = archiver.fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(Disk)"
    assert FIRST in done.stderr and "move them away" in done.stderr
    assert archiver.container()["pending"] == 1
    assert all(path.read_text() == "mine" for path in taken)
    for path in taken:
        path.unlink()
    archiver.fetch(status=0)
    (name,) = archiver.delivered()
    assert name in names and len(sim.fetches()) == 1


def test_long_name_that_is_taken_leaves_room_for_the_infohash(sim, make):
    a = make("a:1T,b:1T")
    sim.faults({"do": "filename", "endpoint": "download",
                "value": f'attachment; filename="{"x" * 400}.torrent"'})
    a.fetch(status=0)
    second = sim.assignments()[1]["infohash"][:8].lower()
    assert [n for n in a.delivered() if n.endswith(f" [{second}].torrent")]
    assert len(a.delivered()) == 2
