"""The whole program against the simulated tracker: start both, look at both."""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import sqlite3
import subprocess
import termios
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("PTP_BUILD", ROOT / "build"))
ARCHIVER = str(BUILD / "ptp-archiver")
SIM = str(BUILD / "ptp-sim")

USER = "user567890123456"
KEY = "key45678901234567890123456789012"
CHECK = "11111111-2222-4333-8444-555555555555"

# The environment of the tests has no say in what the program does.
KEPT = ("PATH", "LANG", "LC_ALL", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
        "PTP_SANDBOX")


def wait_for(condition, seconds=20, what="condition"):
    """The first true value of condition(); fails after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def summary(log):
    """The summary of the last cycle in a log."""
    return re.findall(r"cycle ended: (.*)", log)[-1]


def family(pid):
    """It, and all below it: the keeper, the daemon, the helper (doc/security.md)."""
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(p for child in children for p in family(int(child)))]


def inner(process):
    """The process inside the sandbox, if there is one."""
    children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return int((children.split() or [process.pid])[0])


def free_port():
    """A port of 127.0.0.1 where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Authority:
    """A certificate authority of one's own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.certificate = self.folder / "ca.pem"
        self.key = self.folder / "ca.key"
        self._openssl("req", "-x509", "-subj", "/CN=An authority", "-days", "2", "-out",
                      self.certificate, *self._new_key(self.key))

    @staticmethod
    def _new_key(path):
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                path)

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def issue(self, name):
        """Options for a Sim that answers as `name`: "DNS:a.test" or "IP:127.0.0.1"."""
        base = self.folder / re.sub(r"\W", "-", name)
        request, key, extra = (base.with_suffix(s) for s in (".csr", ".key", ".ext"))
        certificate = base.with_suffix(".pem")
        if not certificate.exists():
            extra.write_text(f"subjectAltName={name}\n")
            self._openssl("req", "-new", "-subj", "/CN=x", "-out", request, *self._new_key(key))
            self._openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey",
                          self.key, "-CAcreateserial", "-days", "2", "-extfile", extra, "-out",
                          certificate)
        return "--tls-cert", str(certificate), "--tls-key", str(key)


class Proxy:
    """An HTTP proxy that leads every CONNECT to one port of 127.0.0.1: the way to a tracker with a
    name of its own, without a name server."""

    def __init__(self, port):
        self.port, self.asked = port, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        head = b""
        while b"\r\n\r\n" not in head:
            head += client.recv(4096)
        self.asked.append(head.split()[1].decode())
        server = socket.create_connection(("127.0.0.1", self.port))
        client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        threading.Thread(target=self._pass_on, args=(client, server), daemon=True).start()
        self._pass_on(server, client)

    @staticmethod
    def _pass_on(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.socket.close()


class Sim:
    """A running ptp-sim."""

    def __init__(self, folder, *options, scenario=None):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log_path = self.folder / "requests.jsonl"
        self.scenario_path = self.folder / "scenario.json"
        self.scenario(**(scenario or {}))
        self.process = subprocess.Popen(
            [SIM, "--listen", "127.0.0.1:0", "--scenario", str(self.scenario_path), "--log",
             str(self.log_path), *options],
            stdout=subprocess.PIPE, stderr=open(self.folder / "stderr", "w"), text=True)
        line = self.process.stdout.readline()
        assert line.startswith("ptp-sim: listening on "), line
        self.url = line.split()[-1]
        self.ping_url = f"{self.url}/ping/{CHECK}"

    def scenario(self, **keys):
        new = self.scenario_path.with_suffix(".new")
        new.write_text(json.dumps(keys))
        new.rename(self.scenario_path)

    def faults(self, *rules, **keys):
        self.scenario(faults=list(rules), **keys)

    def state(self):
        with urllib.request.urlopen(self.url + "/sim/state", timeout=10) as answer:
            state = json.load(answer)
        assert state["scenario_problem"] is None, state["scenario_problem"]
        return state

    def requests(self, *endpoints):
        """The log, oldest first; of these endpoints, or of all."""
        if not self.log_path.exists():
            return []
        lines = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        return [r for r in lines if not endpoints or r["endpoint"] in endpoints]

    def fetches(self, container=None):
        return [r for r in self.requests("fetch")
                if container is None or r["query"].get("ContainerName") == container]

    def downloads(self, torrent=None):
        return [r for r in self.requests("download")
                if torrent is None or r["query"].get("id") == str(torrent)]

    def pings(self, *kinds):
        return [p for p in self.state()["pings"] if not kinds or p["kind"] in kinds]

    def assignments(self):
        return self.state()["assignments"]

    def close(self):
        self.process.terminate()
        assert self.process.wait(10) == 0


class Archiver:
    """A folder with a configuration in the environment; runs the program in it."""

    def __init__(self, folder, url=None, containers="attic:800G", **variables):
        self.folder = pathlib.Path(folder)
        self.watch = self.folder / "watch"
        self.config = self.folder / "config.ptp"
        self.state = self.folder / "state"
        self.watch.mkdir(parents=True, exist_ok=True)
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment.update(HOME=str(self.folder), TZ="UTC", PTP_USER=USER, PTP_KEY=KEY,
                                PTP_WATCH=str(self.watch), PTP_CONFIG=str(self.config),
                                PTP_FETCH_SLEEP="0")
        if containers:
            self.environment["PTP_CONTAINERS"] = containers
        if url:
            self.environment["PTP_BASE_URL"] = url
        self.set(**variables)
        self.daemons = []

    def set(self, **variables):
        """Set variables; None removes one."""
        for name, value in variables.items():
            if value is None:
                self.environment.pop(name, None)
            else:
                self.environment[name] = str(value)

    def configure(self, **keys):
        """Write config.ptp, as the official utility would."""
        self.config.write_text(json.dumps(keys, indent=2, sort_keys=True) + "\n")
        self.config.chmod(0o600)

    def configured(self):
        return json.loads(self.config.read_text())

    def run(self, *arguments, status=None, input=None, timeout=60, prefix=(),
            program=(ARCHIVER,), **variables):
        """Run to the end; with `status`, insist on it."""
        environment = {**self.environment, **{k: str(v) for k, v in variables.items()}}
        done = subprocess.run([*prefix, *program, *arguments], env=environment, cwd=self.folder,
                              input=input, stdin=None if input is not None
                              else subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=timeout)
        assert "AddressSanitizer" not in done.stderr, done.stderr
        assert "runtime error" not in done.stderr, done.stderr
        if status is not None:
            assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
        return done

    def has_a_past(self):
        """The ledger is no new one, whose first call would wait for half a minute."""
        self.run("audit")
        self.ledger("UPDATE pace SET last_request = 1")

    def fetch(self, *names, **keys):
        return self.run("fetch", *(names or ("all",)), **keys)

    def start(self, *arguments, prefix=(), **variables):
        """Start a daemon; ended with the test at the latest."""
        environment = {**self.environment, **{k: str(v) for k, v in variables.items()}}
        self.log_path = self.folder / f"daemon{len(self.daemons)}.log"
        process = subprocess.Popen([*prefix, ARCHIVER, "run", *arguments], env=environment,
                                   cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=open(self.log_path, "w"))
        self.daemons.append(process)
        return process

    def log(self):
        return self.log_path.read_text()

    def stop(self, process, sig=signal.SIGTERM, seconds=10):
        """End a daemon; its exit status and how long it took."""
        begin = time.monotonic()
        process.send_signal(sig)
        status = process.wait(seconds)
        return status, time.monotonic() - begin

    def close(self):
        for process in self.daemons:
            if process.poll() is None:
                process.kill()
                process.wait()
        for log in self.folder.glob("daemon*.log"):
            text = log.read_text(errors="replace")
            assert "AddressSanitizer" not in text and "runtime error" not in text, text

    def status(self):
        return json.loads(self.run("status", "--json", status=0).stdout)

    def container(self, name="attic"):
        return next(c for c in self.status()["containers"] if c["name"] == name)

    def outcome(self, name="attic"):
        return self.container(name)["outcome"]

    def history(self, *options):
        return json.loads(self.run("history", "--json", *options, status=0).stdout)

    def delivered(self):
        """The .torrent files in the watch directory, by name."""
        found = []
        for _, folders, names in os.walk(self.watch):
            # What the program has in it comes and goes.
            folders[:] = [name for name in folders if name != ".ptp-archiver"]
            found += [name for name in names if name.endswith(".torrent")]
        return sorted(found)

    def inspect(self, path):
        return json.loads(self.run("inspect", "--json", str(path)).stdout)

    def ledger(self, sql, *values):
        """Look into the ledger, or change it, while no daemon is at work."""
        with sqlite3.connect(self.state / "ledger.db") as db:
            return db.execute(sql, values).fetchall()


class Terminal:
    """The program on a terminal (a pseudo-terminal) of its own."""

    def __init__(self, archiver, *arguments, **variables):
        environment = {**archiver.environment, **{k: str(v) for k, v in variables.items()}}
        self.master, slave = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen([ARCHIVER, *arguments], env=environment,
                                        cwd=archiver.folder, stdin=slave, stdout=slave,
                                        stderr=slave, start_new_session=True,
                                        preexec_fn=self._take_terminal)
        os.close(slave)

    @staticmethod
    def _take_terminal():
        """So that what is typed can be a signal."""
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def _read(self, seconds):
        """False at the end."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        self.shown += data.decode(errors="replace")
        return bool(data)

    def expect(self, text, seconds=10):
        end = time.monotonic() + seconds
        while text not in self.shown:
            assert time.monotonic() < end and self._read(0.1), (text, self.shown)

    def type(self, text):
        os.write(self.master, text.encode())

    def echoes(self):
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def finish(self, seconds=20):
        """Its exit status, when all that it shows was read."""
        end = time.monotonic() + seconds
        while self._read(0.1):
            assert time.monotonic() < end, self.shown
        os.close(self.master)
        return self.process.wait(5)
