"""Differential test: the torrent reader against libtorrent-rasterbar (python3-libtorrent).

Generated and mutated torrents are given to both; verdict, infohashes, name, size, number of files
and pieces, and the private flag must be the same, but for the differences that doc/torrents.md
lists.  Each has a rule here that recognises it.

Environment:
  PTP_VERDICT          the verdict program (default: found in build/)
  PTP_ORACLE_CASES     how many random cases (default: as many as fit into PTP_ORACLE_SECONDS)
  PTP_ORACLE_SECONDS   time limit (default 20)
  PTP_ORACLE_SEED      seed of a run to repeat
  PTP_ORACLE_SAVE      folder where each case of an unexpected difference is written
"""

import collections
import os
import pathlib
import random
import struct
import subprocess
import time
import unicodedata

import generate
import pytest

lt = pytest.importorskip("libtorrent")

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "test" / "fixtures"
NAME_MAX = 1024  # TORRENT_NAME_MAX
MAX_BYTES = 32 << 20  # TORRENT_MAX_BYTES

Verdict = collections.namedtuple("Verdict", "ok v1 v2 size files pieces private name why")


def refused(why):
    return Verdict(False, "", "", 0, 0, 0, False, b"", why)


def verdict_program():
    named = os.environ.get("PTP_VERDICT")
    found = [pathlib.Path(named)] if named else sorted(ROOT.glob("build*/**/verdict"))
    if not found:
        pytest.skip("the verdict program is not built (PTP_VERDICT)")
    return str(found[0])


def ours(cases):
    blob = b"".join(struct.pack(">I", len(c)) + c for c in cases)
    done = subprocess.run([verdict_program()], input=blob, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    lines = done.stdout.decode().splitlines()
    assert len(lines) == len(cases)
    out = []
    for line in lines:
        field = line.split("\t")
        if field[0] == "no":
            out.append(refused(field[1]))
            continue
        hashes = [h.replace("-", "") for h in field[1:3]]
        numbers = [int(n) for n in field[3:6]]
        out.append(Verdict(True, *hashes, *numbers, field[6] == "1", bytes.fromhex(field[7]), ""))
    return out


def theirs(data):
    try:
        ti = lt.torrent_info(data, {})
    except (RuntimeError, OverflowError, ValueError) as e:
        return refused(str(e))
    hashes = ti.info_hashes()
    if not ti.is_valid():
        return refused("loaded without metadata")
    return Verdict(
        True,
        str(hashes.v1) if hashes.has_v1() else "",
        str(hashes.v2) if hashes.has_v2() else "",
        ti.total_size(),
        ti.num_files(),
        ti.num_pieces(),
        ti.priv(),
        ti.name().encode(),
        "",
    )


# Fillers that show nothing and are of another category.
FILLERS = {0x034F, *range(0x115F, 0x1161), *range(0x17B4, 0x17B6), *range(0x180B, 0x1810), 0x2065,
           0x3164, 0xFFA0, *range(0xFFF0, 0xFFF9), *range(0x13430, 0x13440),
           *range(0xE0000, 0xE0100), *range(0xE01F0, 0xE1000)}


def is_harmful(c):
    return c == "\x7f" or "\x80" <= c < "\xa0" or ord(c) in FILLERS or \
        unicodedata.category(c) in ("Cf", "Zl", "Zp")


def printable(name):
    """The one difference of names: what harms a terminal or a page is shown as `?`."""
    text = "".join("?" if is_harmful(c) else c for c in name.decode())
    return text.encode()[:NAME_MAX].decode(errors="ignore").encode()


def known_difference(data, mine, other):
    """The name of a difference that doc/torrents.md lists, or None."""
    if len(data) > MAX_BYTES and not mine.ok:
        return "size"
    if mine.ok and other.ok and mine.name != other.name:
        if mine == other._replace(name=printable(other.name)):
            return "name"
    return None


def compare(cases):
    """The number of each known difference, and the cases of unknown ones."""
    known = collections.Counter()
    unknown = []
    accepted = 0
    for data, mine in zip(cases, ours(cases)):
        other = theirs(data)
        accepted += other.ok
        if mine._replace(why="") == other._replace(why=""):
            continue
        rule = known_difference(data, mine, other)
        if rule:
            known[rule] += 1
        else:
            unknown.append((data, mine, other))
    return accepted, known, unknown


def save(unknown):
    folder = os.environ.get("PTP_ORACLE_SAVE")
    for data, _, _ in unknown if folder else []:
        path = pathlib.Path(folder) / (generate.identity(data) + ".torrent")
        path.write_bytes(data)


def report(unknown):
    lines = [f"{len(unknown)} differences from libtorrent {lt.__version__}"]
    for data, mine, other in unknown[:10]:
        lines.append(f"{generate.identity(data)} ({len(data)} bytes) {data[:300]!r}")
        lines.append(f"    ours:   {mine}")
        lines.append(f"    theirs: {other}")
    return "\n".join(lines)


def expect_same(cases):
    accepted, known, unknown = compare(cases)
    save(unknown)
    assert not unknown, report(unknown)
    return accepted, known


def fixtures(folder):
    return sorted((FIXTURES / folder).glob("*.torrent"))


def test_random():
    seed = int(os.environ.get("PTP_ORACLE_SEED", random.randrange(2**32)))
    seconds = float(os.environ.get("PTP_ORACLE_SECONDS", "20"))
    count = int(os.environ.get("PTP_ORACLE_CASES", "0"))
    print(f"PTP_ORACLE_SEED={seed}")
    rng = random.Random(seed)
    until = time.monotonic() + seconds
    done, accepted, known = 0, 0, collections.Counter()
    while (done < count) if count else (time.monotonic() < until):
        cases = [generate.case(rng) for _ in range(min(2000, count - done) if count else 2000)]
        some, rules = expect_same(cases)
        done += len(cases)
        accepted += some
        known += rules
    print(f"{done} cases, libtorrent loads {accepted}; known differences: {dict(known)}")
    assert done // 10 < accepted < done * 9 // 10, "the cases are one-sided"


@pytest.mark.parametrize("path", fixtures("real"), ids=lambda p: p.name)
def test_real(path):
    data = path.read_bytes()
    accepted, _ = expect_same([data])
    assert accepted == 1


@pytest.mark.parametrize("path", fixtures("hostile"), ids=lambda p: p.name)
def test_hostile(path):
    accepted, _ = expect_same([path.read_bytes()])
    assert accepted == 0


def whole(info, **beside):
    return generate.bencode(generate.ordered({**beside, "info": info}))


def v1(**change):
    info = {"length": 20000, "name": "a", "piece length": 16384, "pieces": b"p" * 40}
    info.update(change)
    return info


def v2(tree, piece):
    return {"file tree": tree, "meta version": 2, "name": "a", "piece length": piece}


def test_limits_of_bencode():
    good = whole(v1())
    cases = []
    for depth in (97, 98, 99, 100):
        cases.append(b"d1:!" + b"l" * depth + b"e" * depth + good[1:])
    for strings in range(2999980, 2999990):
        cases.append(b"d1:!l" + b"0:" * strings + b"e" + good[1:])
    for digits in range(14, 20):
        cases.append(b"d" + b"1".rjust(digits, b"0") + b":!0:" + good[1:])
        cases.append(b"d1:!i" + b"1".rjust(digits + 4, b"0") + b"e" + good[1:])
    accepted, known = expect_same(cases)
    assert 0 < accepted < len(cases)
    assert not known


def test_limits_of_numbers():
    cases = []
    for piece in (0, 1, 2**30 - 2, 2**30 - 1, 2**30, 2**31 - 1, 2**31, 2**63 - 1, 2**63):
        cases.append(whole(v1(**{"piece length": piece, "pieces": b"p" * 20, "length": 1})))
    piece = 2**30 - 1
    for size in (17592186028031, 17592186028032, 2**44, 2**48 - 1, 2**63 - 1, 2**63, -1):
        pieces = b"p" * 20 * (-(-max(0, size) // piece) if size < 2**50 else 0)
        cases.append(whole(v1(length=size, **{"piece length": piece, "pieces": pieces})))
    for last in (0, 1, 262158, 262159, 262160, 2**43):
        files = [{"length": 17592186028031, "path": [str(i)]} for i in range(16)]
        files.append({"length": last, "path": ["x"]})
        pieces = b"p" * 20 * (-(-(17592186028031 * 16 + last) // piece))
        info = {"files": files, "name": "a", "piece length": piece, "pieces": pieces}
        cases.append(whole(info))
    for count in (15, 16, 17):  # the pad file behind the 16th would end at 2^48
        leaf = {"": {"length": 17592186028031, "pieces root": b"r" * 32}}
        tree = {f"{i:02}": leaf for i in range(count)}
        cases.append(whole(v2(tree, 2**29)))
    accepted, known = expect_same(cases)
    assert 0 < accepted < len(cases)
    assert not known


def test_limit_of_pieces():
    """Without piece layers a small v2 torrent can ask for very many pieces."""
    cases = []
    for pieces in (0x200000 - 1, 0x200000, 0x200001):
        leaf = {"length": 16384 * pieces, "pieces root": b"r" * 32}
        cases.append(whole(v2({"f": {"": leaf}}, 16384)))
    accepted, _ = expect_same(cases)
    assert accepted == 2


def test_size_limits():
    """Larger than libtorrent's limit for files that it opens itself."""
    big = whole(v1(length=16384 * 600000, pieces=b"p" * 12000000))
    accepted, known = expect_same([big])
    assert (accepted, known) == (1, {})
    too_big = big + b"\n" * (MAX_BYTES + 1 - len(big))
    accepted, known = expect_same([too_big])
    assert (accepted, known) == (1, {"size": 1})
