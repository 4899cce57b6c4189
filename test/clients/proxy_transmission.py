"""A reverse proxy, and servers that do not answer as they should, for the tests of clients.

    with Proxy("http://127.0.0.1:9091", prefix="/box", login=("px", "word")) as proxy:
        ... proxy.url, proxy.requests ...

Requests below `prefix` go to the same path behind `target`; it keeps one connection for each.
"""

import http.client
import http.server
import socket
import ssl
import subprocess
import threading
import urllib.parse

import driver  # noqa: F401  (puts test/real on the path)
from clients import basic

DROPPED = ("connection", "keep-alive", "transfer-encoding", "content-length", "host")
LIMIT = 30      # seconds for one answer of the target


class Proxy:
    """login     (user, password) that it asks for; then the request's own are not passed on
    inner     (user, password) that it sends to the target instead
    tls       (certificate, key) files, for https
    fixed     (status, content type, body): answered to all that comes, nothing is passed on
    cut_when  called with the body of each request: if true, the target's answer is not
              passed on and the connection is closed
    drop      names of the header fields (lower case) that it does not pass on, both ways

    requests  what was asked for: (method, path, body)
    """

    def __init__(self, target=None, prefix="", login=None, inner=None, tls=None, fixed=None,
                 cut_when=None, drop=()):
        self.target, self.prefix = target, prefix
        self.login, self.inner, self.fixed = login, inner, fixed
        self.cut_when, self.drop = cut_when, drop
        self.requests = []
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*map(str, tls))
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}{prefix}"

    def _handler(self):
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                proxy.requests.append((self.command, self.path, body))
                proxy._answer(self, body)

            do_POST = do_GET

        return Handler

    def _answer(self, request, body):
        if self.fixed:
            return self._send(request, *self.fixed)
        if self.login and request.headers.get("Authorization") != basic(self.login)["Authorization"]:
            return self._send(request, 401, "text/html", b"<h1>the proxy's own</h1>")
        if not request.path.startswith(self.prefix):
            return self._send(request, 404, "text/html", b"<h1>not here</h1>")
        try:
            status, headers, answer = self._forward(request, body)
        except OSError:
            return self._send(request, 502, "text/html", b"<h1>Bad Gateway</h1>")
        if self.cut_when and self.cut_when(body):
            request.close_connection = True
            request.connection.shutdown(socket.SHUT_RDWR)
            return None
        return self._send(request, status, None, answer, headers)

    def _forward(self, request, body):
        headers = {k: v for k, v in request.headers.items()
                   if k.lower() not in (*DROPPED, *self.drop)}
        if self.login:
            headers.pop("Authorization", None)
        if self.inner:
            headers.update(basic(self.inner))
        target = urllib.parse.urlsplit(self.target)
        link = http.client.HTTPConnection(target.hostname, target.port, timeout=LIMIT)
        try:
            link.request(request.command, target.path + request.path.removeprefix(self.prefix),
                         body, headers)
            reply = link.getresponse()
            kept = [(k, v) for k, v in reply.getheaders()
                    if k.lower() not in (*DROPPED, *self.drop)]
            return reply.status, kept, reply.read()
        finally:
            link.close()

    @staticmethod
    def _send(request, status, content_type, body, headers=()):
        request.send_response(status)
        for name, value in headers:
            request.send_header(name, value)
        if content_type:
            request.send_header("Content-Type", content_type)
        if status == 401 and not headers:
            request.send_header("WWW-Authenticate", 'Basic realm="proxy"')
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class Mute:
    """Accepts connections and never answers, or (cut=True) closes each once something has come."""

    def __init__(self, cut=False):
        self.cut = cut
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.links = []

    def _serve(self):
        while True:
            try:
                link, _ = self.socket.accept()
            except OSError:
                return
            self.links.append(link)
            if self.cut:
                link.recv(1)
                link.close()

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.socket.close()
        for link in self.links:
            link.close()


def make_certificate(folder):
    """A CA of our own and a certificate for 127.0.0.1: (the CA's file, (certificate, key))."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, cwd=folder,
                       capture_output=True, timeout=60)

    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=CA of a test")
    openssl("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=server")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.pem")
    return folder / "ca.pem", (folder / "server.pem", folder / "server.key")
