"""A small reverse proxy for tests: sub-path, Basic authentication, TLS, and ways to fail.

    with Proxy("127.0.0.1", port, prefix="/qb", login=("carol", "pw")) as proxy:
        ... proxy.url, proxy.seen ...

Requests below `prefix` go to the program at address:port, without the prefix; others are 404.
"""

import base64
import http.client
import http.server
import ssl
import threading

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "host"}
ANSWER_LIMIT = 30   # seconds


class Proxy:
    """login      (user, password) of its Basic authentication; the header goes no further,
                  unless `passes_login`
    certificate   a PEM file of certificate and key: it speaks TLS
    max_body      longer bodies are 413
    drops         names (lower case) of header fields that an answer loses
    seen          (method, path, status) of each request, in order
    before        called with the path before a request goes on
    after         called with the path between the program's answer and ours; false: the
                  connection is cut instead of answering
    """

    def __init__(self, address, port, prefix="", login=None, passes_login=False, certificate=None,
                 max_body=None, before=lambda path: None, after=lambda path: True):
        self.target = (address, port)
        self.prefix = prefix
        self.login = login and base64.b64encode(":".join(login).encode()).decode()
        self.passes_login = passes_login
        self.max_body = max_body
        self.before = before
        self.after = after
        self.drops = set()
        self.seen = []
        self.server = http.server.ThreadingHTTPServer((address, 0), self._handler())
        self.server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = (f"{'https' if certificate else 'http'}://{address}:"
                    f"{self.server.server_port}{prefix}")

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def count(self, part):
        """How many requests had this in their path."""
        return sum(part in path for _, path, _ in self.seen)

    def _handler(proxy):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self, status, headers=(), body=b""):
                proxy.seen.append((self.command, self.path, status))
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                if status != 204:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def pass_on(self):
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                if proxy.login and self.headers.get("Authorization") != f"Basic {proxy.login}":
                    return self.answer(401, [("WWW-Authenticate", 'Basic realm="proxy"')])
                if proxy.max_body is not None and length > proxy.max_body:
                    return self.answer(413, body=b"<html>too large</html>")
                if not self.path.startswith(proxy.prefix + "/"):
                    return self.answer(404, body=b"<html>nothing here</html>")
                proxy.before(self.path)
                try:
                    status, headers, reply = self.forward(body)
                except OSError:
                    return self.answer(502, body=b"<html>bad gateway</html>")
                if proxy.after(self.path):
                    return self.answer(status, headers, reply)
                self.close_connection = True
                return None

            def forward(self, body):
                skipped = HOP_BY_HOP if proxy.passes_login else HOP_BY_HOP | {"authorization"}
                headers = {n: v for n, v in self.headers.items() if n.lower() not in skipped}
                connection = http.client.HTTPConnection(*proxy.target, timeout=ANSWER_LIMIT)
                try:
                    connection.request(self.command, self.path[len(proxy.prefix):], body or None,
                                       headers)
                    reply = connection.getresponse()
                    kept = [(n, v) for n, v in reply.getheaders()
                            if n.lower() not in HOP_BY_HOP | {"content-length"} | proxy.drops]
                    return reply.status, kept, reply.read()
                finally:
                    connection.close()

            def log_message(self, *_):
                pass

            do_GET = do_POST = pass_on

        return Handler
