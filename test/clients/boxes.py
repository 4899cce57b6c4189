"""The real clients, each with a password, behind one interface: for tests that go through all.

A new client is one class here, with what Box has, and its row in BOXES.  A second one of a client
for one test alone is made by make(); it is stopped by stop().
"""

import base64
import dataclasses
import hashlib
import http.cookiejar
import json
import os
import shutil
import urllib.parse
import urllib.request
import xmlrpc.client

from driver import HOSTILE
from proxy import Proxy
from scgi_tools import over_scgi

from clients import CONTROL, Deluge, QBittorrent, RTorrent, Transmission, wait_for

USER = "bob"
PASSWORD = "s3cret+ & 100%41 = ünsafe;"
SEEN_LIMIT = 15     # seconds until a client shows what it was told


@dataclasses.dataclass
class Held:
    """A torrent that a client has."""

    category: str
    tags: set
    folder: str
    paused: bool


class Box:
    """What the tests need of a client besides clients.Client.

    kind        its Type in Clients
    programs    those that must be installed
    has_tags    category and tags are not the same to it
    category    a name that it takes for a category, the nastiest that it does
    ADD         stands in the request that adds a torrent, and in no other
    url         of its interface
    launch()    starts it, also once more after stop()
    about(url)  its entry in Clients, but for the password; for the one behind a proxy: the proxy's
    held()      {infohash: Held}
    add(torrent, folder, category)      by hand; nothing of its content need be there
    remove(infohash)                    by hand; the content stays
    files       the folder where it keeps its .torrent files
    state       the folders that hold all it knows; without them it is as new
    """

    has_tags = True
    category = HOSTILE
    user, password = USER, PASSWORD

    def about(self, url=None):
        return {"Type": self.kind, "URL": url or self.url, "Username": self.user}

    def proxy(self, **more):
        return Proxy(self.url, **more)

    def launch(self):
        self.run()

    def rebuild(self):
        """Starts it anew as it was when it was installed: without its torrents."""
        self.stop()
        for folder in self.state:
            shutil.rmtree(folder)
        self.launch()

    def tries(self, proxy):
        """How often a proxy of proxy() was passed by with a password."""
        return proxy.refused

    @classmethod
    def make(cls, folder, address=CONTROL, **more):
        return cls(cls.kind, folder, address, **more)


class QBittorrentBox(Box, QBittorrent):
    """`locked` false: it lets everybody on this host in without a login."""

    kind, programs = "qbittorrent", ["qbittorrent-nox"]
    ADD = "torrents/add"

    def __init__(self, *arguments, locked=True, **keywords):
        super().__init__(*arguments, **keywords)
        self.preferences = (f"WebUI\\LocalHostAuth={str(locked).lower()}\n"
                            f"WebUI\\Username={USER}\n"
                            f'WebUI\\Password_PBKDF2="@ByteArray({self._hashed()})"')
        self.locked = locked
        self.own_logins = 0     # those of run()
        self.files = self.folder / "qBittorrent" / "data" / "BT_backup"
        self.state = [self.folder / "qBittorrent"]

    def _hashed(self):
        """The password as qBittorrent keeps it (client notes, section 1.1)."""
        salt = os.urandom(16)
        key = hashlib.pbkdf2_hmac("sha512", PASSWORD.encode(), salt, 100000)
        return f"{base64.b64encode(salt).decode()}:{base64.b64encode(key).decode()}"

    @property
    def url(self):
        return f"http://{CONTROL}:{self.control_port}"

    def run(self):
        if not (self.folder / "qBittorrent").exists():
            self.configure()
        QBittorrent.launch(self)
        if self.locked:
            assert self.post("auth/login", username=USER, password=PASSWORD) == "Ok."
            self.own_logins += 1

    def start(self, *arguments, **keywords):
        super().start(*arguments, **keywords)
        self.opener = None

    def _request(self, *arguments):
        if not self.opener:
            self.opener = urllib.request.build_opener(
                urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        return super()._request(*arguments)

    def post(self, path, **form):
        return self._request(path, urllib.parse.urlencode(form).encode(),
                             "application/x-www-form-urlencoded")

    def info(self):
        return {t["hash"]: t for t in json.loads(self._get("torrents/info"))}

    def held(self):
        return {h: Held(t["category"], {tag for tag in t["tags"].split(", ") if tag},
                        t["save_path"].rstrip("/"), t["state"].startswith(("paused", "stopped")))
                for h, t in self.info().items()}

    def set_category(self, ident, category):
        if category not in json.loads(self._get("torrents/categories")):
            self.post("torrents/createCategory", category=category)
        self.post("torrents/setCategory", hashes=ident, category=category)
        wait_for("the category", lambda: self.info()[ident]["category"] == category, SEEN_LIMIT)

    def add(self, torrent, folder, category):
        before = set(self.info())
        self.seed(torrent, folder)
        new, = wait_for("the torrent", lambda: set(self.info()) - before, SEEN_LIMIT)
        self.set_category(new, category)

    def remove(self, infohash):
        self.post("torrents/delete", hashes=infohash, deleteFiles="false")
        wait_for("it is gone", lambda: infohash not in self.info(), SEEN_LIMIT)

    def tries(self, proxy):
        return proxy.count("auth/login")


class TransmissionBox(Box, Transmission):
    kind, programs = "transmission", ["transmission-daemon"]
    category = HOSTILE.replace(",", "")
    ADD = "torrent-add"

    def __init__(self, *arguments, login=(USER, PASSWORD), **keywords):
        super().__init__(*arguments, login=login, **keywords)
        self.files = self.folder / "torrents"
        self.state = [self.files, self.folder / "resume"]

    @property
    def url(self):
        return f"http://{CONTROL}:{self.control_port}"

    def call(self, method, **arguments):
        return self._call(method, **{k.replace("_", "-"): v for k, v in arguments.items()})

    def held(self):
        fields = ["hashString", "labels", "downloadDir", "status"]
        return {t["hashString"]: Held((t["labels"] or [""])[0], set(t["labels"][1:]),
                                      t["downloadDir"], t["status"] == 0)
                for t in self.call("torrent-get", fields=fields)["torrents"]}

    def add(self, torrent, folder, category):
        added = self.call("torrent-add", filename=str(torrent), download_dir=str(folder))
        self.call("torrent-set", ids=[added["torrent-added"]["hashString"]], labels=[category])

    def remove(self, infohash):
        self.call("torrent-remove", ids=[infohash])


class DelugeBox(Box, Deluge):
    kind, programs = "deluge", ["deluged", "deluge-web"]
    has_tags = False
    category = "rel.e_a-se1"
    ADD = "core.add_torrent_file"
    password = Deluge.PASSWORD

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, **keywords)
        self.files = self.folder / "config" / "state"
        self.state = [self.folder / "config"]

    def about(self, url=None):
        return {"Type": self.kind, "URL": url or self.url}

    def proxy(self, **more):
        return Proxy(self.url.rstrip("/"), **more)

    def held(self):
        keys = ["label", "save_path", "state"]
        return {h: Held(t["label"], set(), t["save_path"], t["state"] == "Paused")
                for h, t in self.call("core.get_torrents_status", {}, keys).items()}

    def add(self, torrent, folder, category):
        added = self.call("core.add_torrent_file", torrent.name,
                          base64.b64encode(torrent.read_bytes()).decode(),
                          {"download_location": str(folder)})
        if category not in self.call("label.get_labels"):
            self.call("label.add", category)
        self.call("label.set_torrent", added, category)

    def remove(self, infohash):
        self.call("core.remove_torrent", infohash, False)

    def tries(self, proxy):
        return proxy.count("auth.login")


class RTorrentBox(Box, RTorrent):
    """It has no password: a proxy in front of it asks for one."""

    kind, programs = "rtorrent", ["rtorrent"]
    has_tags = False
    ADD = "load.raw"

    def __init__(self, *arguments, **keywords):
        super().__init__(*arguments, tcp=True, **keywords)
        self.files = self.session
        self.state = [self.session]

    @property
    def url(self):
        return f"scgi://{CONTROL}:{self.rpc}"

    def about(self, url=None):
        return super().about(url) if url else {"Type": self.kind, "URL": self.url}

    def proxy(self, **more):
        return Proxy(prefix="/RPC2", login=(USER, PASSWORD), forward=over_scgi(self.rpc), **more)

    def launch(self):
        self.session.mkdir(exist_ok=True)
        self.run()

    def held(self):
        rows = self.call("d.multicall2", "", "main", "d.hash=", "d.custom1=", "d.directory=",
                         "d.state=")
        return {h.lower(): Held(urllib.parse.unquote(label), set(), folder, not started)
                for h, label, folder, started in rows}

    def add(self, torrent, folder, category):
        before = set(self.call("download_list", ""))
        self.call("load.raw", "", xmlrpc.client.Binary(torrent.read_bytes()))
        new, = wait_for("the torrent", lambda: set(self.call("download_list", "")) - before,
                        SEEN_LIMIT)
        self.call("d.custom1.set", new, urllib.parse.quote(category))
        self.call("d.directory.set", new, str(folder))

    def remove(self, infohash):
        self.call("d.erase", infohash)


BOXES = [QBittorrentBox, TransmissionBox, DelugeBox, RTorrentBox]
