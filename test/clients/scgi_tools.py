"""SCGI in the tests: a relay that fails where it is told to, and what a Proxy needs to speak it."""

import contextlib
import pathlib
import socket
import socketserver
import threading

from proxy import HTML, Serving, UnixServer

from clients import CONTROL, scgi

HERE = CONTROL
LIMIT = 20      # seconds for one step of a connection


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


def over_scgi(path_or_port):
    """What a Proxy forwards with: HTTP to SCGI at one path, as lighttpd or nginx do it."""
    def forward(request):
        if request.path:
            return 404, HTML, b"<h1>not here</h1>"
        return 200, {"Content-Type": "text/xml"}, scgi(path_or_port, request.body)
    return forward
