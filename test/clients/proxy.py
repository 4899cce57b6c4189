"""What stands between us and a torrent client in the tests: a reverse proxy, and servers that do
not answer as they should.

    with Proxy("http://127.0.0.1:9091", prefix="/box", login=("px", "word")) as proxy:
        ... proxy.url, proxy.seen ...

All of them are threads of the test on loopback, and end with their `with` block.
"""

import dataclasses
import http.client
import http.server
import socket
import socketserver
import ssl
import subprocess
import threading
import urllib.parse

import libtorrent

import driver  # noqa: F401  (puts test/real on the path)
from clients import CONTROL, basic

ANSWER_LIMIT = 30       # seconds for one answer of what is behind the proxy
HANG_LIMIT = 60         # seconds until a request that is never answered is let go
HOP_BY_HOP = {"connection", "content-length", "host", "keep-alive", "te", "transfer-encoding",
              "upgrade"}
HTML = {"Content-Type": "text/html"}

HANG = "hang"           # what a rule may say: see Proxy
CUT = "cut"
LOSE = "lose"


@dataclasses.dataclass
class Request:
    method: str
    path: str           # without the proxy's prefix
    headers: dict
    body: bytes
    status: int = 0     # of the answer; 0: none was given

    def has(self, text):
        return text in self.path or text.encode() in self.body


class Serving:
    """Runs a socketserver in a thread for a `with` block."""

    def __enter__(self):
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Proxy(Serving):
    """Requests below `prefix` go to the same path behind `target`, a URL; others are 404.

    login         (user, password) of its Basic authentication; the header goes no further, unless
                  `passes_login`
    inner         (user, password) that the target gets instead
    tls           (certificate, key), PEM files: it speaks TLS
    max_body      longer bodies are 413
    headers       are added to each request that goes on
    drops         names (lower case) of header fields that it loses, both ways
    rule          called with each Request before it goes on.  It returns None (go on), HANG
                  (never answer), CUT (the connection), LOSE (go on, and then cut the connection
                  in place of the answer), or an answer: (status, headers, body)
    after         called with each Request between the target's answer and ours; if it returns
                  true, the connection is cut in place of the answer
    forward       in place of `target`: called with a Request, returns (status, headers, body)

    seen          the Requests, in order
    """

    def __init__(self, target=None, prefix="", login=None, passes_login=False, inner=None,
                 tls=None, max_body=None, headers=None, drops=(), rule=None, after=None,
                 forward=None):
        self.target = target and urllib.parse.urlsplit(target)
        self.prefix, self.login, self.passes_login = prefix, basic(login), passes_login
        self.max_body, self.drops = max_body, set(drops)
        self.headers = {**(headers or {}), **basic(inner)}
        self.rule, self.after = rule, after
        self.forward = forward or self._forward
        self.seen = []
        self.over = threading.Event()
        self.server = http.server.ThreadingHTTPServer((CONTROL, 0), Handler)
        self.server.proxy = self
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = (f"{'https' if tls else 'http'}://{CONTROL}:{self.server.server_port}"
                    f"{prefix}")

    def __exit__(self, *_):
        self.over.set()
        super().__exit__()

    def count(self, text):
        """How many requests had this in their path or body."""
        return sum(request.has(text) for request in self.seen)

    @property
    def refused(self):
        return sum(request.status == 401 for request in self.seen)

    def answer(self, request, whole_path):
        """(status, headers, body), or None: no answer, cut the connection."""
        if self.login and request.headers.get("authorization") != self.login["Authorization"]:
            return 401, {**HTML, "WWW-Authenticate": 'Basic realm="proxy"'}, b"<h1>no</h1>"
        if self.max_body is not None and len(request.body) > self.max_body:
            return 413, HTML, b"<h1>too large</h1>"
        if whole_path != self.prefix and not whole_path.startswith(self.prefix + "/"):
            return 404, HTML, b"<h1>not here</h1>"
        said = self.rule(request) if self.rule else None
        if said == HANG:
            self.over.wait(HANG_LIMIT)
        if said in (HANG, CUT):
            return None
        return said if isinstance(said, tuple) else self._pass_on(request, said == LOSE)

    def _pass_on(self, request, loses):
        try:
            answer = self.forward(request)
        except OSError:
            return 502, HTML, b"<h1>bad gateway</h1>"
        if loses or (self.after and self.after(request)):
            return None
        return answer

    def _forward(self, request):
        lost = HOP_BY_HOP | self.drops | (set() if self.passes_login or not self.login
                                          else {"authorization"})
        headers = {k: v for k, v in request.headers.items() if k not in lost}
        link = http.client.HTTPConnection(self.target.hostname, self.target.port,
                                          timeout=ANSWER_LIMIT)
        try:
            link.request(request.method, self.target.path.rstrip("/") + request.path, request.body or None,
                         {**headers, **self.headers})
            reply = link.getresponse()
            kept = {k: v for k, v in reply.getheaders()
                    if k.lower() not in HOP_BY_HOP | self.drops}
            return reply.status, kept, reply.read()
        finally:
            link.close()


class Handler(http.server.BaseHTTPRequestHandler):
    """One connection to a Proxy."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError):
            self.close_connection = True

    def do_POST(self):
        proxy = self.server.proxy
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path.removeprefix(proxy.prefix),
                          {k.lower(): v for k, v in self.headers.items()}, body)
        proxy.seen.append(request)
        answer = proxy.answer(request, self.path)
        if answer is None:
            return self.cut()
        request.status = answer[0]
        return self.send(*answer)

    do_GET = do_POST

    def send(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cut(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def fixed(status, body=b"", headers=HTML):
    """A rule: each request gets this answer."""
    return lambda _request: (status, headers, body)


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    request_queue_size = 64


class Rude(Serving):
    """Reads of a request what comes at once, sends some bytes, and hangs, or hangs up.

    It listens on a port of its own, or on a unix socket.
    """

    def __init__(self, says=b"", hangs=False, path=None):
        over = self.over = threading.Event()

        class Once(socketserver.BaseRequestHandler):
            def handle(self):
                try:
                    self.request.recv(65536)
                    self.request.sendall(says)
                    if hangs:
                        over.wait(HANG_LIMIT)
                except OSError:
                    pass

        if path:
            path.unlink(missing_ok=True)
            self.server = UnixServer(str(path), Once)
        else:
            self.server = socketserver.ThreadingTCPServer((CONTROL, 0), Once)
            self.port = self.server.server_address[1]
            self.url = f"http://{CONTROL}:{self.port}"

    def __exit__(self, *_):
        self.over.set()
        super().__exit__()


def reply(status, body=b"", *headers):
    """The bytes of an answer, for Rude."""
    head = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


class FakeTracker(Rude):
    """Answers each announce with this dictionary: FakeTracker(interval=1800, peers=b"")."""

    KEY = "0123456789abcdef0123456789abcdef"

    def __init__(self, **answer):
        super().__init__(reply(200, libtorrent.bencode(
            {name.replace("_", " ").encode(): value for name, value in answer.items()})))
        # On loopback libtorrent wants a tracker's path to begin with /announce.
        self.announce = f"{self.url}/announce?passkey={self.KEY}"


def make_certificate(folder):
    """A CA of our own and a certificate of its for 127.0.0.1: (CA, (certificate, key))."""
    folder.mkdir(parents=True, exist_ok=True)

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, cwd=folder, capture_output=True,
                       timeout=60)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=CA of a test")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=server")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.pem")
    return folder / "ca.pem", (folder / "server.pem", folder / "server.key")
