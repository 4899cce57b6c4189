"""A double of deluge-web, for versions that Debian 12 does not have (it has 2.0.3).

Its shapes are those of client notes, sections 4.3 and 4.4, which were the same on live 2.0.3,
2.2.0 and 2.2.1.dev, but for this difference:

cookie_path   2.2.0 sets its session cookie for "/", 2.0.3 for "/json" (under a sub-path: for
              "json" below the base that it is told).

The other options are liberties that no version is known to take, and none promises not to:

late          seconds until an added torrent is shown (client notes, rule 2)
floats        numbers that are whole in 2.0.3 come as fractions (sizes, times, rates); JSON
              makes no difference between them
web_errors    web.connect that fails answers with an error in place of null
stale         the Label plugin is on, and deluge-web does not know its methods yet: it learns
              them at web.connect and from an event
duplicate     what core.add_torrent_file says although the torrent was not to be seen before:
              "already being added" by another client, or "already in session"

State of the double that a test may change: `hosts` (id -> online), `connected`, `plugins`,
`torrents` (hash -> status), `password`; `sessions.clear()` ends all sessions; `calls` has the
names of the methods that were called.
"""

import base64
import http.server
import json
import secrets
import threading
import time

import libtorrent


class DelugeDouble:
    def __init__(self, password="s3cret", cookie_path="/", late=0, floats=False,
                 web_errors=False, stale=False, duplicate=None):
        self.password = password
        self.cookie_path = cookie_path
        self.late = late
        self.floats = floats
        self.web_errors = web_errors
        self.stale = stale
        self.duplicate = duplicate
        self.hosts = {"1" * 32: True}
        self.lets_in = True
        self.default = ""
        self.connected = ""
        self.plugins = ["Label"]
        self.labels = []
        self.torrents = {}
        self.sessions = set()
        self.calls = []
        self.free = 5 << 30
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.double = self

    @property
    def port(self):
        return self.server.server_address[1]

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, method, params, session):
        """(result, error, new session or None)."""
        self.calls.append(method)
        if method == "auth.login":
            if params != [self.password]:
                return False, None, None
            session = secrets.token_hex(32)
            self.sessions.add(session)
            return True, None, session
        if session not in self.sessions:
            return None, {"message": "Not authenticated", "code": 1}, None
        part, name = method.split(".")
        known = part == "web" or self.connected and (
            part == "core" or part == "label" and not self.stale)
        function = getattr(self, f"{part}_{name}", None) if known else None
        if not function:
            return None, {"message": "Unknown method", "code": 2}, None
        try:
            return function(*params), None, None
        except Refused as refused:
            return None, {"code": 4, "message": "Failure: [Failure instance: Traceback (failure "
                          f"with no frames): <class 'deluge.error.{refused}\n]"}, None

    def web_connected(self):
        return bool(self.connected)

    def web_get_hosts(self):
        return [[host, "127.0.0.1", 58846 + i, "bob"] for i, host in enumerate(self.hosts)]

    def web_get_config(self):
        return {"default_daemon": self.default, "base": "/"}

    def web_get_host_status(self, host):
        online = self.hosts.get(host)
        return [host, "Online" if online else "Offline", "2.2.0" if online else ""]

    def web_connect(self, host):
        if self.hosts.get(host) and self.lets_in:
            self.connected = host
            return ["core.add_torrent_file"]
        if self.web_errors:
            raise Refused("WrappedException'>: Connection was refused by other side: 111")
        return None

    def core_get_enabled_plugins(self):
        return self.plugins

    def core_get_free_space(self, path=None):
        return -1 if path and path.startswith("/nowhere") else self.free

    def core_add_torrent_file(self, _name, dump, options):
        data = base64.b64decode(dump)
        try:
            info = libtorrent.torrent_info(libtorrent.bdecode(data))
        except (RuntimeError, TypeError) as error:
            raise Refused("AddTorrentError'>: Unable to add torrent, decoding filedump failed: "
                          f"{error}") from None
        infohash = str(info.info_hash())
        known = infohash in self.torrents
        if not known:
            self.torrents[infohash] = self.status(info, options)
        if known or self.duplicate:
            raise Refused(f"AddTorrentError'>: Torrent {self.duplicate or 'already in session'}"
                          f" ({infohash}).")
        return infohash

    def status(self, info, options):
        now = time.time() if self.floats else int(time.time())
        size = info.total_size() + (0.0 if self.floats else 0)
        return {"name": info.name(), "state": "Paused" if options["add_paused"] else "Downloading",
                "save_path": options.get("download_location", "/downloads"), "message": "OK",
                "tracker_status": "", "total_size": size, "total_remaining": size,
                "download_payload_rate": 0.0 if self.floats else 0, "label": "",
                "time_since_transfer": -1.0 if self.floats else -1, "time_added": now,
                "shown": time.monotonic() + self.late}

    def core_get_torrents_status(self, wanted, keys):
        found = {}
        for infohash, torrent in self.torrents.items():
            if infohash not in wanted.get("id", [infohash]) or \
               torrent["label"] not in wanted.get("label", [torrent["label"]]) or \
               torrent.get("shown", 0) > time.monotonic():
                continue
            found[infohash] = {k: torrent[k] for k in keys if k in torrent
                               and (k != "label" or "Label" in self.plugins)}
        return found

    def label_get_labels(self):
        return self.labels

    def label_add(self, label):
        self.labels.append(label)

    def label_set_torrent(self, infohash, label):
        if label not in self.labels:
            raise Refused("WrappedException'>: Unknown Label")
        self.torrents[infohash]["label"] = label


class Refused(Exception):
    pass


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_POST(self):
        double = self.server.double
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert self.headers["Content-Type"] == "application/json"
        cookies = dict(c.strip().split("=", 1)
                       for c in (self.headers["Cookie"] or "").split(";") if "=" in c)
        result, error, session = double.answer(asked["method"], asked["params"],
                                               cookies.get("_session_id"))
        body = json.dumps({"result": result, "error": error, "id": asked["id"]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if session:
            self.send_header("Set-Cookie", f"_session_id={session}; Path={double.cookie_path}")
        self.end_headers()
        self.wfile.write(body)
