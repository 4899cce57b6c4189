"""A double of the qBittorrent versions that Debian 12 (4.5.2) does not have.

It has the Web API that we use, and keeps torrents in a dictionary.  The shapes are those of the
client notes, section 1.  Differences from 4.5.2:

    4.1   API 2.0; no infohash_v1 and infohash_v2; torrents/info ignores `hashes`;
          there are no tags
    4.2   API 2.5.1; no infohash_v1 and infohash_v2; torrents/add ignores `tags` (until 4.3.2),
          which torrents/addTags sets
    5.1   API 2.11.4; stoppedDL and stoppedUP; torrents/add knows `stopped`, not `paused`;
          statuses 5 and 6 of trackers
    5.3   as 5.1, and: API 2.16.2; a good login is 204 and a cookie QBT_SID_<port>, a bad one 401;
          torrents/add answers with JSON, or 409 for what is there; Basic authentication is taken
          as a login and refused with 401; no reason phrases

Not doubled: anything that becomes of a torrent by itself.
"""

import http.server
import json
import re
import secrets
import threading
import urllib.parse

import libtorrent

BAN_AFTER = 5   # failed logins
GIGABYTE = 1 << 30
FORBIDDEN = 403, {}, "Forbidden"


class QBittorrentDouble:

    def __init__(self, folder, version):
        self.version = version
        self.user, self.password = "bob", "s3cret+ & 100%41 = ünsafe;"
        self.downloads = folder / "downloads"
        self.torrents = {}      # by hash
        self.trackers = {}      # by hash: the list that torrents/trackers gives
        self.sessions = set()
        self.failures = self.logins = self.adds = 0
        self.refuses = False    # every torrent, without saying why
        self.loses = False      # every torrent, though it says that it takes it
        self.space = [0, 0, 5 * GIGABYTE]     # what maindata tells, one after the other
        self.port = 0
        self.server = None

    # What the tests ask of a real one as well.

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def launch(self):
        self.sessions.clear()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), handler(self))
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
        self.server = None

    def info(self):
        return dict(self.torrents)

    def set_category(self, ident, category):
        self.torrents[ident]["category"] = category

    def login_count(self):
        return self.logins, self.failures

    # The interface.

    @property
    def is_new(self):
        return self.version >= "5.3"

    def log_in(self, form):
        """(status, headers, body)"""
        if self.failures >= BAN_AFTER:
            return 403, {}, ("Your IP address has been banned after too many failed "
                             "authentication attempts.")
        if (form.get("username"), form.get("password")) != (self.user, self.password):
            self.failures += 1
            return (401, {}, "Unauthorized") if self.is_new else (200, {}, "Fails.")
        self.logins += 1
        session = secrets.token_urlsafe(24)
        self.sessions.add(session)
        name = f"QBT_SID_{self.port}" if self.is_new else "SID"
        cookie = {"Set-Cookie": f"{name}={session}; HttpOnly; path=/; SameSite=Strict"}
        return (204, cookie, "") if self.is_new else (200, cookie, "Ok.")

    def knows(self, cookie):
        return any(part.strip().partition("=")[2] in self.sessions
                   for part in (cookie or "").split(";"))

    def add(self, fields, file):
        self.adds += 1
        try:
            made = libtorrent.torrent_info(libtorrent.bdecode(file))
        except (RuntimeError, TypeError):
            return 415, {}, "Error: 't.torrent' is not a valid torrent file."
        hashes = made.info_hashes()
        v1 = str(hashes.v1) if hashes.has_v1() else ""
        v2 = str(hashes.v2) if hashes.has_v2() else ""
        ident = v2[:40] or v1
        if ident in self.torrents or self.refuses:
            return (409, {}, "Conflict") if self.is_new else (200, {}, "Fails.")
        if not self.loses:
            self.torrents[ident] = self._torrent(made, ident, v1, v2, fields)
        if self.is_new:
            return 200, {}, json.dumps({"added_torrent_ids": [ident], "failure_count": 0,
                                        "pending_count": 0, "success_count": 1})
        return 200, {}, "Ok."

    def _torrent(self, made, ident, v1, v2, fields):
        word = "stopped" if self.version >= "5" else "paused"
        state = f"{word}DL" if fields.get(word) == "true" else "stalledDL"
        torrent = {"hash": ident, "name": made.name(), "state": state, "progress": 0,
                   "amount_left": made.total_size(), "size": made.total_size(),
                   "total_size": made.total_size(), "dlspeed": 0, "tracker": "",
                   "category": fields.get("category", ""),
                   "tags": self._tags(fields) if self.version > "4.3" else "",
                   "save_path": fields.get("savepath", str(self.downloads)),
                   "last_activity": 1795561327}
        if self.version >= "4.4":
            torrent |= {"infohash_v1": v1, "infohash_v2": v2}
        return torrent

    @staticmethod
    def _tags(fields):
        return ", ".join(sorted(filter(None, fields.get("tags", "").split(","))))

    def add_tags(self, form):
        self.torrents[form["hashes"]]["tags"] = self._tags(form)
        return 200, {}, ""

    def list(self, query):
        wanted = query.get("hashes", "all").split("|")
        if "category" in query:     # as the real one mistakes an escaped plus sign
            query["category"] = query["category"].replace("+", " ")
        return [t for t in self.torrents.values()
                if ("hashes" not in query or self.version < "4.2" or t["hash"] in wanted)
                and query.get("category", t["category"]) == t["category"]]

    def main_data(self):
        space = self.space.pop(0) if len(self.space) > 1 else self.space[0]
        return {"rid": 1, "full_update": True, "torrents": self.torrents,
                "server_state": {"free_space_on_disk": space}}


def handler(double):
    api = {"4.1": "2.0", "4.2": "2.5.1", "5.1": "2.11.4", "5.3": "2.16.2"}[double.version]

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self, status, headers, body):
            body = body if isinstance(body, str) else json.dumps(body)
            self.send_response(status, "" if double.is_new else None)
            for name, value in headers.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode() if status != 204 else b"")

        def is_over(self):
            """Connections outlive the server, but are not answered any more."""
            self.close_connection |= double.server is not self.server
            return double.server is not self.server

        def body(self):
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))

        def form(self):
            return dict(urllib.parse.parse_qsl(self.body().decode()))

        def parts(self):
            """The text fields, and the bytes of the part with a file name."""
            boundary = b"--" + self.headers["Content-Type"].partition("boundary=")[2].encode()
            fields, file = {}, None
            for part in self.body().split(boundary)[1:-1]:
                head, _, content = part.partition(b"\r\n\r\n")
                content = content.removesuffix(b"\r\n")
                if b"filename=" in head:
                    file = content
                else:
                    fields[re.search(rb'name="(.*?)"', head)[1].decode()] = content.decode()
            return fields, file

        def do_POST(self):
            if self.is_over():
                return None
            if self.path == "/api/v2/auth/login":
                return self.answer(*double.log_in(self.form()))
            let_in = double.knows(self.headers.get("Cookie"))
            if self.path == "/api/v2/torrents/addTags" and double.version >= "4.2":
                form = self.form()
                return self.answer(*(double.add_tags(form) if let_in else FORBIDDEN))
            if self.path != "/api/v2/torrents/add":
                self.body()
                return self.answer(404, {}, "Not Found")
            fields, file = self.parts()
            return self.answer(*(double.add(fields, file) if let_in else FORBIDDEN))

        def do_GET(self):
            if self.is_over():
                return None
            path, _, text = self.path.partition("?")
            query = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
            if path == "/api/v2/auth/login":
                return self.answer(405, {}, "Method Not Allowed")
            if double.is_new and self.headers.get("Authorization", "").startswith("Basic"):
                double.failures += 1
                return self.answer(401, {}, "Unauthorized")
            if not path.startswith(("/api/v2/app/", "/api/v2/torrents/", "/api/v2/sync/")):
                return self.answer(404, {}, "Not Found")
            if not double.knows(self.headers.get("Cookie")):
                return self.answer(*FORBIDDEN)
            if path == "/api/v2/app/webapiVersion":
                return self.answer(200, {}, api)
            if path == "/api/v2/torrents/info":
                return self.answer(200, {}, double.list(query))
            if path == "/api/v2/sync/maindata":
                return self.answer(200, {}, double.main_data())
            if path == "/api/v2/torrents/trackers" and query.get("hash") in double.torrents:
                return self.answer(200, {}, double.trackers.get(query["hash"], []))
            return self.answer(404, {}, "Not Found")

        def log_message(self, *_):
            pass

    return Handler
