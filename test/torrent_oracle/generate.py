"""Torrents for the differential test: valid ones of many kinds, and mutations of them.

Everything comes from one random.Random, so a seed gives the same cases again.
"""

import copy
import hashlib

BLOCK = 16384


def bencode(value):
    """Bencode as given: a dict keeps its order, a Raw its bytes, a Pairs its repeated keys."""
    if isinstance(value, Raw):
        return value.data
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    pairs = value.pairs if isinstance(value, Pairs) else value.items()
    return b"d" + b"".join(bencode(k) + bencode(v) for k, v in pairs) + b"e"


class Raw:
    """Bytes that are put into the file as they are."""

    def __init__(self, data):
        self.data = data


class Pairs:
    """A dictionary as a list of pairs: any order, any repetition."""

    def __init__(self, pairs):
        self.pairs = pairs


def ordered(value):
    """The same value with the keys of every dictionary sorted."""
    if isinstance(value, dict):
        pairs = [(k.encode() if isinstance(k, str) else k, ordered(v)) for k, v in value.items()]
        return dict(sorted(pairs, key=lambda p: p[0]))
    if isinstance(value, list):
        return [ordered(v) for v in value]
    return value


NAMES = [
    b"a", b"Some.Film.2003.1080p.BluRay-GRP", "Am\u00e9lie".encode(),
    "\u4e03\u4eba\u306e\u4f8d".encode(),
    b"", b".", b"..", b"...", b"/", b"//x", b"a/b", b"..\\..", b"\\", b"x" * 239 + b".mkv",
    b"x" * 300 + b".mkv", b"x" * 300 + b".verylongextension",
    b"x" * 300 + b".12345678", b"x" * 300 + b".123456789", b"\xc3\xa9" * 150 + b".mkv", b"x" * 5000,
    b"\x01" * 300, b"\x01" * 4094, b"\x01" * 4095, b"\x01" * 4096, b"a\x00b", b"\x00", b"a\x7fb",
    b"a\x1fb\n", b"\xff\xfe", b"caf\xe9", b"\xe2\x80\xaetxt.exe", b"\xe2\x80\x8e",
    b"a\xe2\x81\xa6b",
    b"\xc2\x85x", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80x", b"\xf4\x90\x80\x80",
    b"\xf0\x9f\x8e\xac.mkv",
    b"\xc0\xaf", b"\xe0\x80\xaf", b"abc\xe2\x82", b"abc\xf0", b"_____padding_file_0_x", b".pad",
    b"16379",
    b"CON", b"trailing. ", b" ", b"\xef\xbf\xbd", b"\xef\xbb\xbfbom",
    b"x" * 236 + b"\xf0\x9f\x8e\xac.mkv",
]  # fmt: skip


def name(rng):
    if rng.random() < 0.6:
        return rng.choice([b"a", b"b", b"c.mkv", b"d.txt", b"Film (1999)", b"sub", b"cd1", b"A"])
    if rng.random() < 0.8:
        return rng.choice(NAMES)
    alphabet = b"ab./\\\x00\x01\x7f\x80\xa9\xc3\xe2\x80\xae\xed\xf0\xff_ "
    return bytes(rng.choice(alphabet) for _ in range(rng.randrange(0, 20)))


def length(rng, piece):
    any_length = rng.randrange(0, 8 * piece)
    return rng.choice([0, 1, 5, piece - 1, piece, piece + 1, 3 * piece, any_length])


def top(rng):
    """What stands beside the info dictionary."""
    out = {}
    url = "https://tracker.example:2710/secretpasskey/announce"
    if rng.random() < 0.8:
        out["announce"] = rng.choice([url, "", " http://h/x", "udp://u:p@[::1]:80/", 7, b"\xff"])
    if rng.random() < 0.3:
        out["announce-list"] = rng.choice([[[url], []], [], [[]], [7], [["x", url]], "x"])
    if rng.random() < 0.3:
        out["creation date"] = rng.choice([0, 1100000000, -1, 2**63, "x"])
    if rng.random() < 0.3:
        out["comment"] = name(rng)
    if rng.random() < 0.1:
        out["nodes"] = rng.choice([[["h", 1]], [[1, 2]], ["x"], 3])
    if rng.random() < 0.1:
        out["url-list"] = rng.choice(["http://h/", ["http://h/", 3, ""], 5])
    if rng.random() < 0.03:
        out["magnet-uri"] = "magnet:?xt=urn:btih:" + "a" * 40
    return out


def common(rng, piece):
    info = {"name": name(rng), "piece length": piece}
    if rng.random() < 0.5:
        info["private"] = rng.choice([1, 1, 1, 0, 2, -1, "1", 2**64])
    if rng.random() < 0.1:
        info["name.utf-8"] = rng.choice([name(rng), 5])
    if rng.random() < 0.2:
        info["source"] = name(rng)
    if rng.random() < 0.05:
        info["similar"] = rng.choice([[b"x" * 20, 3], 4])
    return info


def pieces_of(total, piece):
    return b"p" * (20 * -(-total // piece))


def v1_single(rng):
    piece = rng.choice([1, 1000, 16384, 65536, 1 << 20])
    size = length(rng, piece)
    info = common(rng, piece)
    info.update({"length": size, "pieces": pieces_of(size, piece)})
    if rng.random() < 0.1:
        info["attr"] = rng.choice(["x", "h", "p", "l", "xhpl"])
    return info


def v1_file(rng, piece):
    size = length(rng, piece)
    path = [name(rng) for _ in range(rng.choice([1, 1, 1, 2, 3]))]
    out = {"length": size, "path": path}
    roll = rng.random()
    if roll < 0.05:
        out["path.utf-8"] = rng.choice([[name(rng)], [], "x"])
    elif roll < 0.12:
        out = {"attr": "p", "length": size, "path": [".pad", str(size)]}
    elif roll < 0.16:
        out = {"attr": "p", "length": size}
    elif roll < 0.22:
        out["attr"] = rng.choice(["l", "lx", "h", "x"])
        if rng.random() < 0.7:
            out["symlink path"] = rng.choice([[name(rng)], [], ["..", "x"], "x", [1]])
    elif roll < 0.25:
        out["sha1"] = b"s" * 20
        out["mtime"] = rng.choice([5, -5, "x"])
    elif roll < 0.27:
        out["path"] = rng.choice([[], "x", [3]])
    return out


def total_of(files):
    return sum(0 if b"l" in bencode(f.get("attr", "")) else f["length"] for f in files)


def v1_multi(rng):
    piece = rng.choice([1000, 16384, 65536])
    files = [v1_file(rng, piece) for _ in range(rng.choice([0, 1, 1, 2, 3, 8]))]
    info = common(rng, piece)
    info.update({"files": files, "pieces": pieces_of(total_of(files), piece)})
    return info


def root(rng):
    return rng.randbytes(32)


def v2_leaf(rng, piece, size=None):
    size = length(rng, piece) if size is None else size
    leaf = {"length": size}
    if size or rng.random() < 0.5:
        leaf["pieces root"] = root(rng)
    roll = rng.random()
    if roll < 0.03:
        leaf["attr"] = "p"
    elif roll < 0.08:
        leaf["attr"] = rng.choice(["l", "x", "h"])
        leaf["symlink path"] = rng.choice([["a"], [], [4], [".."]])
    elif roll < 0.1:
        leaf["mtime"] = 3
    return {"": leaf}


def v2_tree(rng, piece, depth=0):
    tree = {}
    for _ in range(rng.choice([1, 1, 2, 3])):
        key = name(rng)
        if depth < 3 and rng.random() < 0.25:
            tree[key] = v2_tree(rng, piece, depth + 1)
        else:
            tree[key] = v2_leaf(rng, piece)
    return tree


def layers_of(rng, tree, piece, out):
    for entry in tree.values():
        if "" not in entry:
            layers_of(rng, entry, piece, out)
        elif entry[""]["length"] > piece and "pieces root" in entry[""] and rng.random() < 0.95:
            count = -(-entry[""]["length"] // piece)
            out[entry[""]["pieces root"]] = rng.randbytes(32 * count)
    return out


def v2_only(rng):
    piece = rng.choice([16384, 32768, 65536])
    info = common(rng, piece)
    info.update({"meta version": 2, "file tree": v2_tree(rng, piece)})
    return info


def flat(tree, path=()):
    """The files of a tree in order, as (path, leaf)."""
    for key, entry in sorted(tree.items()):
        if "" in entry:
            yield path + (key,), entry[""]
        else:
            yield from flat(entry, path + (key,))


def hybrid_files(rng, tree, piece):
    """The v1 half of a hybrid: every file and a pad file behind it."""
    files = []
    for path, leaf in flat(tree):
        one = {"length": leaf["length"], "path": list(path)}
        for key in ("attr", "symlink path"):
            if key in leaf:
                one[key] = leaf[key]
        size = 0 if "l" in leaf.get("attr", "") else leaf["length"]
        files.append(one)
        if size % piece:
            pad = piece - size % piece
            files.append({"attr": "p", "length": pad, "path": [".pad", str(pad)]})
    if files and "p" in str(files[-1].get("attr")) and rng.random() < 0.5:
        files.pop()  # as torrents made before libtorrent 2.0.8 have it
    return files


def hybrid(rng):
    piece = rng.choice([16384, 32768])
    info = common(rng, piece)
    if rng.random() < 0.3:
        size = max(1, length(rng, piece))
        key = info["name"] if rng.random() < 0.9 else name(rng)
        info.update({"meta version": 2, "file tree": {key: v2_leaf(rng, piece, size)}})
        info.update({"length": size, "pieces": pieces_of(size, piece)})
        return info
    tree = v2_tree(rng, piece)
    files = hybrid_files(rng, tree, piece)
    if files and rng.random() < 0.1:
        rng.choice(files)["length"] += rng.choice([-1, 1, piece])
    if files and rng.random() < 0.1:
        rng.shuffle(files)
    if files and rng.random() < 0.05:
        files.pop(rng.randrange(len(files)))
    info.update({"meta version": 2, "file tree": tree, "files": files})
    info["pieces"] = pieces_of(max(0, total_of(files)), piece)
    if rng.random() < 0.1:
        del info["pieces"]
    return info


KINDS = [v1_single, v1_multi, v1_multi, v2_only, hybrid, hybrid]


def torrent(rng):
    """One torrent as a Python value, before any mutation."""
    info = rng.choice(KINDS)(rng)
    whole = top(rng)
    whole["info"] = info
    if "file tree" in info and rng.random() < 0.9:
        whole["piece layers"] = layers_of(rng, info["file tree"], info["piece length"], {})
    if "file tree" in info or rng.random() < 0.8:
        return ordered(whole)
    return whole  # v1 with unsorted keys, as the old ones


SCALARS = [
    -1, 0, 1, 2, 3, 16383, 16384, 20000, 2**30, 2**30 - 1, 2**31, 2**32 + 2, 2**44, 2**48 - 1,
    2**63 - 1,
    2**63, -(2**63), 10**19, 17592186028031, 17592186028032, b"", b"x", b"x" * 20, b"x" * 32,
    b"\0" * 32,
    [], {}, [[]], ["a"], {"a": 1}, {"": {"length": 1}},
    Raw(b"i-0e"), Raw(b"i007e"), Raw(b"i-e"), Raw(b"ie"), Raw(b"i1"), Raw(b"i1x2e"), Raw(b"i--1e"),
    Raw(b"i00000000000000016384e"), Raw(b"i000000000000000016384e"), Raw(b"03:abc"), Raw(b"-1:a"),
    Raw(b"0000000000000001:a"), Raw(b"00000000000000001:a"), Raw(b"99999999999999999999:a"),
    Raw(b"1a:a"),
]  # fmt: skip


def scalar(rng):
    """A copy, because a mutation may grow it."""
    return copy.deepcopy(rng.choice(SCALARS))


KEYS = [
    "info", "name", "name.utf-8", "length", "files", "file tree", "pieces", "piece length",
    "meta version",
    "private", "path", "path.utf-8", "attr", "symlink path", "pieces root", "piece layers", "",
    "zzz", "a",
]  # fmt: skip


def places(value, out):
    """Every dictionary and list in `value`."""
    if isinstance(value, dict):
        out.append(value)
        for v in value.values():
            places(v, out)
    elif isinstance(value, list):
        out.append(value)
        for v in value:
            places(v, out)
    return out


def mutate_value(rng, whole):
    """Change one thing of the structure; the value is changed in place, bytes are returned."""
    where = rng.choice(places(whole, []))
    info = whole.get(b"info", whole.get("info"))
    if rng.random() < 0.3 and isinstance(info, dict):
        where = info
    if isinstance(where, list):
        if where and rng.random() < 0.5:
            where[rng.randrange(len(where))] = scalar(rng)
        else:
            where.append(scalar(rng))
        return
    keys = list(where)
    roll = rng.random()
    if keys and roll < 0.3:
        del where[rng.choice(keys)]
    elif keys and roll < 0.7:
        where[rng.choice(keys)] = scalar(rng)
    elif keys and roll < 0.8:
        key = rng.choice(keys)
        if isinstance(where[key], int):
            where[key] += rng.choice([-1, 1, 1000])
        elif isinstance(where[key], bytes):
            where[key] = rng.choice([where[key][:-1], where[key] + b"x", where[key] * 2])
    else:
        where[rng.choice(KEYS).encode()] = rng.choice([name(rng), *(scalar(rng) for _ in range(9))])
        if rng.random() < 0.7:
            items = sorted(
                where.items(), key=lambda p: p[0] if isinstance(p[0], bytes) else p[0].encode()
            )
            where.clear()
            where.update(items)


def disorder(rng, value):
    """Bencode with one dictionary shuffled or with a key twice."""
    spots = [p for p in places(value, []) if isinstance(p, dict) and p]
    chosen = rng.choice(spots)
    pairs = list(chosen.items())
    if rng.random() < 0.5:
        rng.shuffle(pairs)
    else:
        key, _ = rng.choice(pairs)
        pairs.insert(rng.randrange(len(pairs) + 1), (key, scalar(rng)))

    def rebuild(v):
        if v is chosen:
            return Pairs([(k, rebuild(x)) for k, x in pairs])
        if isinstance(v, dict):
            return Pairs([(k, rebuild(x)) for k, x in v.items()])
        return [rebuild(x) for x in v] if isinstance(v, list) else v

    return bencode(rebuild(value))


def nest(rng, data):
    """A deep value in front of the first key; 98 and 99 are where the limit lies."""
    depth = rng.choice([5, 97, 98, 99, 100, 500])
    kind = rng.choice([(b"l", b"e"), (b"d1:a", b"e"), (b"d0:", b"e")])
    core = rng.choice([b"i1e", b"0:", b"le"])
    return data[:1] + b"1:!" + kind[0] * depth + core + kind[1] * depth + data[1:]


def mutate_bytes(rng, data):
    """Damage the bytes as transfers, disks and attackers do."""
    if not data:
        return b"x"
    at = rng.randrange(len(data))
    roll = rng.random()
    if roll < 0.25:
        return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
    if roll < 0.4:
        return data[:at] + bytes([rng.choice(b"0123456789:ilde-")]) + data[at + 1 :]
    if roll < 0.5:
        return data[:at]
    if roll < 0.6:
        return data + rng.choice([b"\n", b"\0", b"junk", b"e", data])
    if roll < 0.7:
        return data[:at] + rng.choice([b"0:", b"i1e", b"le", b"de", b"e", b"d", b"l"]) + data[at:]
    if roll < 0.8:
        return data[:at] + data[at + rng.randrange(1, 8) :]
    if roll < 0.9:
        return nest(rng, data)
    return rng.choice([b" ", b"\n", b"\xef\xbb\xbf"]) + data


def case(rng):
    """One case as bytes."""
    whole = torrent(rng)
    roll = rng.random()
    if roll < 0.35:
        return bencode(whole)
    if roll < 0.7:
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            mutate_value(rng, whole)
        return bencode(whole)
    if roll < 0.8:
        return disorder(rng, whole)
    data = bencode(whole)
    for _ in range(rng.choice([1, 1, 2, 4])):
        data = mutate_bytes(rng, data)
    return data


def identity(data):
    """A short name of a case, for messages."""
    return hashlib.sha1(data).hexdigest()[:12]
