#!/usr/bin/python3
"""A double of transmission-daemon for the versions that Debian 12 does not have.

    transmission_double.py --version 2.94|4.0|4.1b|4.1|5 --folder DIR [--port N | --socket PATH]
                           [--user U --password P] [--late SECONDS]

It takes torrents, keeps them in memory and answers torrent-add, -get, -set, session-get and
free-space as the client notes (section 2) say. Nothing is ever downloaded. With --late a torrent
is told so long after it was added only. What differs:

    2.94   knows no labels: torrent-add and torrent-set ignore them, torrent-get leaves the field
           out; refuses hybrid torrents; refused torrents are "invalid or corrupt torrent file";
           free-space has no total_size (as 3.00)
    4.0    takes labels with torrent-add; refuses those with a comma ("labels cannot contain comma
           (,) character") or empty ("labels cannot be empty") and then adds nothing; takes hybrid
           torrents by their v1 hash, refuses v2 alone; refused torrents are "unrecognized info",
           an empty one "no filename or metainfo specified"; free-space tells total_size
    4.1b   (4.1.0-beta2) as 4.0; free-space says "success" with size-bytes -1 for a missing folder;
           never answers what is no JSON
    4.1    (4.1.4) as 4.0; sends X-Transmission-Rpc-Version with the 409; answers what is no JSON
           with a JSON-RPC error; can listen on a unix socket
    5      does not exist: one that has dropped the old protocol, and answers everything in it with
           a JSON-RPC error
"""

import argparse
import base64
import http.server
import json
import os
import secrets
import socketserver
import time

import libtorrent

VERSIONS = {"2.94": 15, "4.0": 17, "4.1b": 18, "4.1": 18, "5": 19}
JSONRPC_ERROR = {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"},
                 "id": None}


class Refused(Exception):
    """The text that becomes "result"."""


class Client:
    def __init__(self, version, folder, late):
        self.version = version
        self.late = late
        self.modern = version != "2.94"
        self.folder = folder
        self.torrents = {}

    def session_get(self, _):
        return {"download-dir": self.folder, "rpc-version": VERSIONS[self.version],
                "version": f"{self.version} (double)"}

    def free_space(self, arguments):
        path = arguments["path"]
        if not os.path.isabs(path):
            raise Refused("directory path is not absolute")
        try:
            seen = os.statvfs(path)
            answer = {"path": path, "size-bytes": seen.f_bavail * seen.f_frsize}
            total = seen.f_blocks * seen.f_frsize
        except OSError as error:
            answer, total = {"path": path, "size-bytes": -1}, -1
            if self.version != "4.1b":
                raise Refused(os.strerror(error.errno), answer) from None
        return {**answer, "total_size": total} if self.modern else answer

    def labels(self, arguments):
        labels = list(dict.fromkeys(label.strip() for label in arguments.get("labels", [])))
        if any("," in label for label in labels):
            raise Refused("labels cannot contain comma (,) character")
        if not all(labels):
            raise Refused("labels cannot be empty")
        return labels

    def load(self, metainfo):
        corrupt = "unrecognized info" if self.modern else "invalid or corrupt torrent file"
        if not metainfo:
            raise Refused("no filename or metainfo specified" if self.modern else corrupt)
        try:
            info = libtorrent.torrent_info(libtorrent.bdecode(base64.b64decode(metainfo)))
        except (RuntimeError, TypeError, ValueError):
            raise Refused(corrupt) from None
        hashes = info.info_hashes()
        if not hashes.has_v1() or (hashes.has_v2() and not self.modern):
            raise Refused(corrupt)
        return info, str(hashes.v1)

    def torrent_add(self, arguments):
        folder = arguments.get("download-dir", self.folder)
        if not os.path.isabs(folder):
            raise Refused("download directory path is not absolute")
        labels = self.labels(arguments) if self.modern else []
        info, infohash = self.load(arguments["metainfo"])
        known = infohash in self.torrents
        row = self.torrents.setdefault(infohash, {
            "id": len(self.torrents) + 1, "hashString": infohash, "name": info.name(),
            "status": 0 if arguments.get("paused") else 4, "totalSize": info.total_size(),
            "sizeWhenDone": info.total_size(), "leftUntilDone": info.total_size(),
            "rateDownload": 0, "labels": labels, "downloadDir": folder, "error": 0,
            "errorString": "", "activityDate": 0, "addedDate": int(time.time()),
            "isFinished": False, "told from": time.monotonic() + self.late})
        return {"torrent-duplicate" if known else "torrent-added":
                {k: row[k] for k in ("hashString", "id", "name")}}

    def chosen(self, arguments):
        wanted = arguments.get("ids", list(self.torrents))
        known = (self.torrents[i.lower()] for i in wanted if i.lower() in self.torrents)
        return [row for row in known if row["told from"] <= time.monotonic()]

    def torrent_get(self, arguments):
        fields = [f for f in arguments["fields"] if self.modern or f != "labels"]
        return {"torrents": [{k: row[k] for k in fields if k in row}
                             for row in self.chosen(arguments)]}

    def torrent_set(self, arguments):
        if self.modern and "labels" in arguments:
            labels = self.labels(arguments)
            for row in self.chosen(arguments):
                row["labels"] = labels
        return {}

    def answer(self, body):
        if self.version == "5":
            return JSONRPC_ERROR
        try:
            call = json.loads(body)
        except ValueError:
            if self.version == "4.1b":
                time.sleep(3600)
            return JSONRPC_ERROR if self.version == "4.1" else {"result": "no method name"}
        method = getattr(self, call["method"].replace("-", "_"))
        try:
            return {"arguments": method(call["arguments"]), "result": "success"}
        except Refused as no:
            return {"arguments": no.args[1] if len(no.args) > 1 else {}, "result": no.args[0]}


def handler_of(client, login):
    session = secrets.token_hex(24)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def address_string(self):
            return "somebody"

        def send(self, status, body, *headers):
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if login and self.headers.get("Authorization") != login:
                return self.send(401, b"<h1>401: Unauthorized</h1>",
                                 ("WWW-Authenticate", 'Basic realm="Transmission"'))
            if not self.path.startswith("/transmission/rpc"):
                return self.send(404, b"<h1>404: Not Found</h1>")
            if self.headers.get("X-Transmission-Session-Id") != session:
                fields = [("X-Transmission-Session-Id", session)]
                if client.version == "4.1":
                    fields.append(("X-Transmission-Rpc-Version", "6.0.1"))
                return self.send(409, b"<h1>409: Conflict</h1>", *fields)
            return self.send(200, json.dumps(client.answer(body)).encode(),
                             ("Content-Type", "application/json; charset=UTF-8"))

    return Handler


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", choices=VERSIONS, required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int)
    parser.add_argument("--socket")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--late", type=float, default=0)
    o = parser.parse_args()
    login = o.user and "Basic " + base64.b64encode(f"{o.user}:{o.password}".encode()).decode()
    handler = handler_of(Client(o.version, o.folder, o.late), login)
    if o.socket:
        UnixServer(o.socket, handler).serve_forever()
    http.server.ThreadingHTTPServer(("127.0.0.1", o.port), handler).serve_forever()


if __name__ == "__main__":
    main()
