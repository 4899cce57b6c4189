"""A small reverse proxy for the tests of torrent clients, and certificates for it.

    with Proxy("127.0.0.1", 8112, prefix="/deluge", user=("bob", "word")) as proxy:
        ... proxy.url, proxy.seen ...

It takes requests below a sub-path, may ask for Basic authentication, may speak TLS, keeps what
it has seen, and fails on demand: `rule` is called with each request (method, path without the
prefix, body) and returns None to pass it on, "hang" to never answer, "cut" to close the
connection, "lose" to pass it on and then close the connection, or an answer of its own (status,
headers, body).
"""

import base64
import http.client
import http.server
import pathlib
import socket
import ssl
import subprocess
import threading

HANG_LIMIT = 60         # seconds until a request that is never answered is let go
ANSWER_LIMIT = 30       # seconds for what is behind the proxy
HOP_BY_HOP = {"connection", "transfer-encoding", "content-length", "keep-alive", "host",
              "authorization"}


class Proxy:
    def __init__(self, host, port, prefix="", user=None, tls=None, headers=None, rule=None):
        """`tls` is (certificate, key); `headers` are added to each request that is passed on."""
        self.target = (host, port)
        self.prefix = prefix
        self.headers = headers or {}
        self.rule = rule
        self.seen = []
        self.unauthorized = 0
        self.expected = user and "Basic " + base64.b64encode(":".join(user).encode()).decode()
        self.over = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.proxy = self
        self.scheme = "http"
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.scheme = "https"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server.server_address[1]}{self.prefix}/"

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()

    def count(self, text):
        """How many requests had this in their body."""
        return sum(text.encode() in body for _, _, body in self.seen)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

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
        if proxy.expected and self.headers.get("Authorization") != proxy.expected:
            proxy.unauthorized += 1
            return self.answer(401, {"WWW-Authenticate": "Basic"}, b"<html>no</html>")
        if not self.path.startswith(proxy.prefix + "/"):
            return self.answer(404, {"Content-Type": "text/html"}, b"<html>not here</html>")
        path = self.path[len(proxy.prefix):]
        proxy.seen.append((self.command, path, body))
        what = proxy.rule(self.command, path, body) if proxy.rule else None
        if what == "hang":
            proxy.over.wait(HANG_LIMIT)
        if what in ("hang", "cut"):
            return self.cut()
        if isinstance(what, tuple):
            return self.answer(*what)
        return self.pass_on(path, body, what == "lose")

    do_GET = do_POST

    def pass_on(self, path, body, lose):
        proxy = self.server.proxy
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
        try:
            behind = http.client.HTTPConnection(*proxy.target, timeout=ANSWER_LIMIT)
            behind.request(self.command, path, body, {**headers, **proxy.headers})
            reply = behind.getresponse()
            content = reply.read()
        except OSError:
            return self.answer(502, {"Content-Type": "text/html"}, b"<html>bad gateway</html>")
        if lose:
            return self.cut()
        return self.answer(reply.status, dict(reply.getheaders()), content)

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def cut(self):
        self.close_connection = True
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def make_certificate(folder):
    """A private CA and a certificate of its for 127.0.0.1: (CA, certificate, key), PEM files."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    certificate, key, asked = folder / "server.pem", folder / "server.key", folder / "server.csr"
    extensions = folder / "extensions"
    extensions.write_text("subjectAltName=IP:127.0.0.1\n")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True)

    new_key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *new_key, "-days", "2", "-subj", "/CN=test CA", "-keyout", ca_key,
            "-out", ca)
    openssl("req", *new_key, "-subj", "/CN=test", "-keyout", key, "-out", asked)
    openssl("x509", "-req", "-in", asked, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
            "-days", "2", "-extfile", extensions, "-out", certificate)
    return ca, certificate, key
