"""rTorrent's XML-RPC over SCGI in the versions that Debian 12 does not have.

Its shapes are those of the client notes (section 3) and of what 0.9.8 was seen to answer.  What is
different in the versions, and so the reason for this double:

    absent infohash     0.9.8   fault -501 "Could not find info-hash."
                        0.16    fault -503 "invalid parameters: info-hash not found"
    body over SCGI      0.9.8   2 MiB, 0.10 and later 16 MiB; above it the connection is cut
    size_limit.set      over 16 MiB is refused with fault -503 (0.16.22 says it of SCGI's limit)
    d.multicall2        from 0.16.16 on only d.multicall, unless the old names are switched on;
                        in 0.9 d.multicall is not defined
    numbers             0.16 writes all of them as i8
    untrusted           from 0.16.8 on a connection may be untrusted (a proxy's header says so):
                        load.raw and execute.* then fail with fault -507
    no df               a container image without the program: execute.capture_nothrow gives ""

As the real one it answers 0 to every load, drops broken, known and v2-only torrents in silence,
and executes a "$" in a load command's value: such a command ends up in `executed`.
"""

import hashlib
import os
import socketserver
import threading
import xmlrpc.client

import libtorrent

from proxy import Serving, UnixServer
from scgi_tools import body_of, receive_request

DEFAULT_LIMIT = 524288
HARD_LIMIT = 16 << 20


def _text(value):
    """Base64 and strings are the same to it."""
    if not isinstance(value, xmlrpc.client.Binary):
        return value
    try:
        return value.data.decode()
    except UnicodeDecodeError:
        return value.data


class Numbers(xmlrpc.client.Marshaller):
    """Writes numbers as this version does."""

    dispatch = dict(xmlrpc.client.Marshaller.dispatch)

    def __init__(self, version):
        super().__init__()
        self.version = version

    def dump_number(self, value, write):
        kind = "i8" if self.version >= (0, 16) or abs(value) >= 1 << 31 else "i4"
        write(f"<value><{kind}>{value}</{kind}></value>\n")

    dispatch[int] = dump_number


class Double(Serving):
    """An rTorrent of this version at a unix socket; `torrents` is {INFOHASH: {...}}."""

    def __init__(self, path, version="0.16.17", untrusted=False, df=True):
        self.version, self.untrusted, self.df = version, untrusted, df
        self.number = tuple(map(int, version.split(".")))
        self.torrents, self.executed, self.limits, self.calls = {}, [], [], []
        self.limit = DEFAULT_LIMIT
        double = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                request = receive_request(self.request)
                if request:
                    self.request.sendall(double._serve(body_of(request)))

        self.lock = threading.Lock()
        self.server = UnixServer(str(path), Handler)

    def _serve(self, body):
        if len(body) > (2 << 20 if self.number < (0, 10) else HARD_LIMIT):
            return b""
        with self.lock:
            try:
                if len(body) > self.limit:
                    raise xmlrpc.client.Fault(
                        -503, "Could not parse XML-RPC: XML-RPC request too large. "
                        f"Max allowed is {self.limit} bytes")
                arguments, method = xmlrpc.client.loads(body)
                answer = self._call(method, [_text(a) for a in arguments])
                text = f"<methodResponse>{Numbers(self.number).dumps((answer,))}</methodResponse>"
            except xmlrpc.client.Fault as fault:
                text = xmlrpc.client.dumps(fault, methodresponse=True)
        body = text.encode()
        return b"Status: 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s" % (
            len(body), body)

    def _call(self, method, arguments):
        self.calls.append(method)
        name = "_" + method.replace(".", "_")
        if method in self._missing() or not hasattr(self, name):
            raise xmlrpc.client.Fault(-506, f"Method '{method}' not defined")
        if self.untrusted and method.startswith(("load.raw", "execute.")):
            raise xmlrpc.client.Fault(-507, "Command not allowed for untrusted connections.")
        return getattr(self, name)(*arguments)

    def _missing(self):
        return ["d.multicall2"] if self.number >= (0, 16, 16) else ["d.multicall"]

    def _torrent(self, infohash):
        if infohash.upper() not in self.torrents:
            old = self.number < (0, 16)
            raise xmlrpc.client.Fault(-501, "Could not find info-hash.") if old else \
                xmlrpc.client.Fault(-503, "invalid parameters: info-hash not found")
        return self.torrents[infohash.upper()]

    def _system_client_version(self, *_):
        return self.version

    def _system_multicall(self, steps):
        results = []
        for step in steps:
            try:
                results.append([self._call(step["methodName"],
                                           [_text(a) for a in step["params"]])])
            except xmlrpc.client.Fault as fault:
                results.append({"faultCode": fault.faultCode, "faultString": fault.faultString})
        return results

    def _network_xmlrpc_size_limit(self, *_):
        return self.limit

    def _network_xmlrpc_size_limit_set(self, _target, limit):
        if limit > HARD_LIMIT:
            raise xmlrpc.client.Fault(-503, "Invalid XMLRPC limit size.")
        self.limits.append(limit)
        self.limit = limit
        return 0

    def _directory_default(self, *_):
        return "/srv/downloads"

    def _load_raw(self, _target, data, *commands):
        try:
            info = libtorrent.torrent_info(libtorrent.bdecode(data))
        except (RuntimeError, TypeError):
            return 0
        if not info.info_hashes().has_v1():
            return 0
        infohash = hashlib.sha1(info.info_section()).hexdigest().upper()
        if infohash in self.torrents:
            return 0
        self.torrents[infohash] = {
            "hash": infohash, "name": info.name(), "state": 0, "is_active": 0, "complete": 0,
            "hashing": 0, "down.rate": 0, "completed_bytes": 0, "size_bytes": info.total_size(),
            "custom1": "", "message": "", "directory": "/srv/downloads",
            "is_multi_file": int(info.num_files() > 1), "free_diskspace": 0, "custom": {}}
        for command in commands:
            self._command(self.torrents[infohash], command)
        return 0

    def _command(self, torrent, command):
        name, _, values = command.partition("=")
        values = values.split(",")
        if any(v.strip('"').startswith(("$", "(")) for v in values):
            self.executed.append(command)
        if name == "d.custom.set":
            torrent["custom"][values[0]] = values[1]

    def _d_custom(self, infohash, key):
        return self._torrent(infohash)["custom"].get(key, "")

    def _d_custom_set(self, infohash, key, value):
        self._torrent(infohash)["custom"][key] = value
        return 0

    def _d_custom1_set(self, infohash, value):
        self._torrent(infohash)["custom1"] = value
        return 0

    def _d_directory_set(self, infohash, folder):
        torrent = self._torrent(infohash)
        torrent["directory"] = os.path.join(folder, torrent["name"]) \
            if torrent["is_multi_file"] else folder
        return 0

    def _d_state(self, infohash):
        return self._torrent(infohash)["state"]

    def _d_start(self, infohash):
        self._torrent(infohash).update(state=1, is_active=1, free_diskspace=1 << 30)
        return 0

    def _d_save_full_session(self, infohash):
        self._torrent(infohash)
        return 0

    def _d_multicall2(self, _target, view, *commands):
        assert view == "main"
        return [[t[c.removeprefix("d.").removesuffix("=")] for c in commands]
                for t in self.torrents.values()]

    _d_multicall = _d_multicall2

    def _execute_nothrow(self, _target, *arguments):
        assert arguments[:3] == ("mkdir", "-p", "--") and len(arguments) == 4, arguments
        return 0

    def _execute_capture_nothrow(self, _target, *arguments):
        assert arguments[:3] == ("df", "-Pk", "--"), arguments
        if not self.df:
            return ""
        return ("Filesystem     1024-blocks     Used Available Capacity Mounted on\n"
                "/dev/mapper/a b  2000 1000      900      53% /srv\n")
