"""A daemon with a status page, and what it answers."""

import json
import pathlib
import re
import sys
import urllib.error
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from harness import wait_for   # noqa: E402


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.bytes = status, headers, body
        self.text = body.decode()

    def json(self):
        return json.loads(self.text)


class Server:
    """A running daemon with a status page."""

    def __init__(self, archiver, process):
        self.archiver, self.process = archiver, process
        self.url = wait_for(self._find, what="the page's address in the log")
        self.host, self.port = re.match(r"http://([\d.]+):(\d+)/", self.url).groups()
        self.port = int(self.port)

    def _find(self):
        found = re.findall(r"the status page is at (\S+)", self.archiver.log())
        return found[-1] if found else None

    def get(self, path="", method="GET", **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.headers, error.read())
