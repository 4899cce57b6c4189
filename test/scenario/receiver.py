"""A receiver of messages that insists on what each service documents, and answers what it is told.

    /TOPIC by way of JSON at /       ntfy        (docs.ntfy.sh/publish)
    /message                         Gotify      (gotify.net/api-docs)
    /api/webhooks/ID/TOKEN           Discord     (Developer documentation: Webhook, Rate Limits)
    /notify/KEY                      Apprise API (its README)
    /hook                            our own webhook (doc/notifications.md)
"""

import base64
import http.server
import json
import re
import ssl
import threading
import time

TOKEN = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"
GOTIFY_TOKEN = "AqRzw4.vJ3s-token"
DISCORD = "/api/webhooks/223704706495545344/3d89bb7572e0fb30d8128367b3b1b44fecd1726de135cbe28a41f8b"
KINDS = {"failure", "full", "lost", "version", "pick-up", "client", "audit", "digest", "test"}


def utf16_units(text):
    return len(text.encode("utf-16-le")) // 2


def check_ntfy(request, body):
    assert request["path"] == "/"
    assert set(body) == {"topic", "title", "message", "priority", "tags"}
    assert re.fullmatch(r"[-_A-Za-z0-9]{1,64}", body["topic"])
    assert len(body["message"].encode()) <= 4096 and len(request["raw"]) <= 16384
    assert body["priority"] in range(1, 6) and all("," not in t for t in body["tags"])
    return request["authorization"] in (f"Bearer {TOKEN}", basic("bob", "päss:word")), 200


def check_gotify(request, body):
    assert request["path"].endswith("/message")
    assert body["message"] is not None and isinstance(body["priority"], int)
    assert body["extras"]["client::display"]["contentType"] == "text/plain"
    return (request["key"] == GOTIFY_TOKEN or f"token={GOTIFY_TOKEN}" in request["query"]), 200


def check_discord(request, body):
    assert 0 < utf16_units(body["content"]) <= 2000
    assert body["allowed_mentions"] == {"parse": []}
    assert "authorization" not in [name.lower() for name in request["headers"]]
    return request["path"] == DISCORD, 200 if "wait=true" in request["query"] else 204


def check_apprise(request, body):
    assert body["body"] and body["type"] in ("info", "success", "warning", "failure")
    assert body["format"] == "text"
    return True, 200 if request["path"].endswith("/notify/known-key") else 204


def check_webhook(request, body):
    assert body["schema"] == 1 and body["program"] == "ptp-archiver"
    assert body["kind"] in KINDS and body["event"].split(".")[0] == body["kind"]
    assert body["level"] in ("good", "info", "warning", "error")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", body["time"])
    assert isinstance(body["id"], int) and "\n" not in body["title"]
    return True, 200


CHECKS = [("/api/webhooks/", "discord", check_discord), ("/notify/", "apprise", check_apprise),
          ("/message", "gotify", check_gotify), ("/hook", "webhook", check_webhook),
          ("/", "ntfy", check_ntfy)]


def basic(user, word):
    return "Basic " + base64.b64encode(f"{user}:{word}".encode()).decode()


class Receiver:
    """`answers`: what the next requests get, in turn: a status, (status, headers, body), or "hang";
    then each its own, `slow` seconds after it came.  `requests`: what came, with the service and the JSON; `wrong`: in what it is
    not as documented."""

    def __init__(self, certificate=None):
        self.requests, self.answers, self.wrong, self.ever = [], [], [], None
        self.slow = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                outer.take(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.base = f"http://127.0.0.1:{self.port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate[1], certificate[3])
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
            self.base = self.base.replace("http:", "https:")
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, handler):
        raw = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        path, _, query = handler.path.partition("?")
        request = {"path": path, "query": query, "raw": raw, "headers": dict(handler.headers),
                   "authorization": handler.headers.get("Authorization"),
                   "key": handler.headers.get("X-Gotify-Key"), "at": time.monotonic()}
        status, headers, body = self.judge(request)
        self.requests.append(request)
        if status == "hang":
            time.sleep(60)
            return
        time.sleep(self.slow)
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        body = b"" if status == 204 else json.dumps(body).encode()
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def judge(self, request):
        _, request["service"], check = next(c for c in CHECKS if c[0] in request["path"])
        try:
            assert request["headers"]["Content-Type"] == "application/json"
            request["json"] = json.loads(request["raw"].decode())
            good, status = check(request, request["json"])
        except (AssertionError, UnicodeDecodeError, ValueError, KeyError) as why:
            self.wrong.append((request["service"], repr(why), request["raw"]))
            return 400, {}, {}
        if self.answers or self.ever:
            answer = self.answers.pop(0) if self.answers else self.ever
            return answer if isinstance(answer, tuple) else (answer, {}, {})
        return (status if good else 401), {}, {"id": 1}

    def url(self, service):
        """As Notify takes it."""
        at = {"ntfy": f"{TOKEN}@", "gotify": f"{GOTIFY_TOKEN}@"}.get(service, "")
        path = {"ntfy": "/my-topic", "gotify": "", "discord": DISCORD,
                "apprise": "/notify/known-key", "webhook": "/hook"}[service]
        return f"{service}+{self.base.replace('://', '://' + at)}{path}"

    def got(self, service=None):
        return [r["json"] for r in self.requests if not service or r["service"] == service]

    def told(self):
        """The events that our own webhook was told, in order."""
        return [m["event"] for m in self.got("webhook")]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        assert self.wrong == []
