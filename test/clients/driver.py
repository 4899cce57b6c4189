"""What the tests of all torrent clients share: driving a client's port, and making torrents."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

import libtorrent

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PTP_BUILD", ROOT / "build"))
PIECE = 16 * 1024
ANSWER_LIMIT = 60   # seconds
QUICKLY = 8         # seconds; less than the time limit of a call, more than a busy machine needs

# Words that are harmless in a name, and would not be in a shell, a URL, HTML or JSON.
HOSTILE = "$(id) `id` \"q\" 'a' & <b> %41 +; été 日本 \u202e"

sys.path.insert(0, str(ROOT / "test" / "real"))


class Driver:
    """One client's port in a process of its own: drive_client, whose source says what it takes.

        with Driver(Type="transmission", URL="http://127.0.0.1:9091/transmission/rpc") as client:
            answer = client.do("deliver", file="x.torrent", category="rel")
    """

    def __init__(self, **about):
        self.process = subprocess.Popen([BUILD / "test" / "drive_client"], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.opened = self._ask(about)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        assert self.process.wait(ANSWER_LIMIT) == 0

    def _ask(self, call):
        self.process.stdin.write(json.dumps(call) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, "the driver has ended"
        return json.loads(line)

    def do(self, what, **arguments):
        return self._ask({"do": what, **{k: str(v) if isinstance(v, pathlib.Path) else v
                                         for k, v in arguments.items()}})

    def must(self, what, **arguments):
        answer = self.do(what, **arguments)
        assert answer["ok"], answer
        return answer

    def torrent(self, v1, category=None):
        """The one with this infohash, or None."""
        found = [t for t in self.must("list", category=category)["torrents"]
                 if v1 in (t["id"], t["v1"])]
        return found[0] if found else None


def expect_failure(answer, kind, *words, secrets=()):
    """It is a failure of a client, of this kind, with the words in it, and no secret; returned."""
    assert not answer["ok"], answer
    assert (answer["kind"], answer["word"]) == (kind, "Client"), answer
    assert answer["message"].startswith("test: ") and len(answer["message"]) < 400, answer
    for word in words:
        assert word in answer["message"], answer
    for secret in secrets:
        assert secret not in answer["message"], answer
    return answer


def make_torrent(folder, name="one", size=3 * PIECE, announce="http://127.0.0.1:9/announce",
                 files=1, flags=libtorrent.create_torrent.v1_only, piece=PIECE, private=True):
    """Content of `size` bytes a file in `folder`/`name`, and its .torrent beside it.

    Returns (path of the .torrent, v1 infohash in hex, or the v2 one where there is no v1).
    """
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    storage = libtorrent.file_storage()
    parts = [name] if files == 1 else [f"{name}/{i}" for i in range(files)]
    for i, part in enumerate(parts):
        path = folder / part
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes((i + j) % 251 for j in range(min(size, 997))) * (size // 997 + 1))
        os.truncate(path, size)
        storage.add_file(part, size)
    made = libtorrent.create_torrent(storage, piece, flags=flags)
    made.set_priv(private)
    if announce:
        made.add_tracker(announce)
    libtorrent.set_piece_hashes(made, str(folder))
    data = libtorrent.bencode(made.generate())
    path = folder / (name.replace("/", "_") + ".torrent")
    path.write_bytes(data)
    hashes = libtorrent.torrent_info(str(path)).info_hashes()
    return path, str(hashes.v1 if hashes.has_v1() else hashes.v2)


def bare_torrent(folder, name="big", pieces=3):
    """A .torrent without content: its hashes are random.  Returns (its path, v1 infohash)."""
    info = {b"name": name if isinstance(name, bytes) else name.encode(), b"piece length": PIECE,
            b"length": pieces * PIECE, b"pieces": os.urandom(20 * pieces), b"private": 1}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{hashlib.sha1(info[b'name']).hexdigest()}.torrent"
    path.write_bytes(libtorrent.bencode({b"announce": b"http://127.0.0.1:9/announce",
                                         b"info": info}))
    return path, hashlib.sha1(libtorrent.bencode(info)).hexdigest()
