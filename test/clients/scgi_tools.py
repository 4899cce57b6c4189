"""What stands between a client of SCGI and its server in the tests: a relay that fails where it is
told to, a reverse proxy from HTTP to SCGI, and servers that never answer.

All of them are threads of the test, listen on loopback or on a unix socket, and end with their
`with` block.
"""

import base64
import contextlib
import http.server
import pathlib
import socket
import socketserver
import ssl
import threading

HERE = "127.0.0.1"
LIMIT = 20      # seconds for one step of a connection


class Serving:
    """Runs a socketserver in a thread for a `with` block."""

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    request_queue_size = 64


class TcpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True


def receive_request(link):
    """One request with its netstring, as bytes; None if the other side goes away before."""
    data = b""
    while True:
        length, colon, rest = data.partition(b":")
        if colon:
            head = rest[:int(length)]
            if len(rest) > int(length):
                body = int(head.split(b"\0")[1])
                if len(rest) >= int(length) + 1 + body:
                    return data
        chunk = link.recv(1 << 20)
        if not chunk:
            return None
        data += chunk


def body_of(request):
    length, _, rest = request.partition(b":")
    return rest[int(length) + 1:]


def forward(path, request):
    """The whole answer of the SCGI server at this unix socket."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(LIMIT)
        link.connect(str(path))
        link.sendall(request)
        return b"".join(iter(lambda: link.recv(65536), b""))


class Relay(Serving):
    """A unix socket before a unix socket.

    `at` and `how` say what becomes of the request with this number (the first is 1): it is
    "lost", or its "answer lost" and the connection cut; "held": it is forwarded and the answer
    kept back until released() is set, while held() tells that it is so.
    """

    def __init__(self, path, to, at=0, how=None):
        self.path, self.to, self.at, self.how = pathlib.Path(path), to, at, how
        self.requests = []
        self.holding, self.release = threading.Event(), threading.Event()
        relay = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    relay._handle(self.request)

        self.path.unlink(missing_ok=True)
        self.server = UnixServer(str(self.path), Handler)

    def _handle(self, link):
        request = receive_request(link)
        if request is None:
            return
        self.requests.append(body_of(request))
        how = self.how if len(self.requests) == self.at else None
        if how == "lost":
            return
        answer = forward(self.to, request)
        if how == "held":
            self.holding.set()
            self.release.wait(LIMIT)
        if how is None:
            link.sendall(answer)


class Silent(Serving):
    """Takes connections and requests and never answers; or cuts them, or says `says`."""

    def __init__(self, path=None, cut=False, says=None):
        over = threading.Event()
        self.over = over

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with contextlib.suppress(OSError):
                    if says is not None:
                        self.request.recv(65536)
                        self.request.sendall(says)
                    elif not cut:
                        over.wait(LIMIT)

        if path:
            pathlib.Path(path).unlink(missing_ok=True)
        self.server = UnixServer(str(path), Handler) if path else TcpServer((HERE, 0), Handler)
        self.port = None if path else self.server.server_address[1]

    def __exit__(self, *_):
        self.over.set()
        super().__exit__()


class Proxy(Serving):
    """HTTP(S) to SCGI below a path, as lighttpd or nginx do it, with Basic authentication.

    It answers 401 to other credentials, 404 elsewhere, 413 above `limit` bytes, and 502 where the
    server is not there.  `refused` counts the 401s, `calls` everything.  `tls` is
    (certificate, key).
    """

    def __init__(self, to, path="/RPC2", user=None, password=None, limit=1 << 30, tls=None):
        self.to, self.path, self.limit = to, path, limit
        self.wanted = user and "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        self.refused = self.calls = 0
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer, kind = proxy._answer(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((HERE, 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*tls)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        scheme = "https" if tls else "http"
        self.url = f"{scheme}://{HERE}:{self.server.server_address[1]}{path}"

    def _answer(self, path, headers, body):
        self.calls += 1
        page = b"<html><body>An error page of the proxy</body></html>"
        if self.wanted and headers["Authorization"] != self.wanted:
            self.refused += 1
            return 401, page, "text/html"
        if path != self.path:
            return 404, page, "text/html"
        if len(body) > self.limit:
            return 413, page, "text/html"
        fields = b"CONTENT_LENGTH\0%d\0SCGI\0001\0" % len(body)
        try:
            answer = forward(self.to, b"%d:%s,%s" % (len(fields), fields, body))
        except OSError:
            return 502, page, "text/html"
        return 200, answer.partition(b"\r\n\r\n")[2], "text/xml"
