"""Real BitTorrent programs, each started in a throwaway folder and ended by its process id.

Program is any process of a scenario; Opentracker, QBittorrent, Transmission, Deluge and RTorrent
add how that program is configured, how one knows that it is ready, and how it is asked what it
has.  The clients have the same interface (see Client), so that a scenario need not know which one it
drives.  Nothing here sleeps blindly: wait_for polls a condition until a deadline.

Settings follow the clients' own documentation: no DHT, no local discovery, no peer exchange
and no port forwarding, one listening address each, and the control interface on 127.0.0.1.
"""

import base64
import hashlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
import xmlrpc.client

POLL = 0.1          # seconds between two looks at a condition
READY_LIMIT = 20    # seconds until a program must answer
STOP_LIMIT = 10     # seconds from SIGTERM until SIGKILL
ANSWER_LIMIT = 10   # seconds for one answer over HTTP
TAIL_LINES = 40     # lines of each log shown after a failure

PORTS = 10240, 32768    # below the system's own for outgoing connections
PORT_SHARES = 8         # of tests that run at the same time
given_ports = set()

CONTROL = "127.0.0.1"   # control interfaces listen here, whatever address the swarm uses


def find_program(name):
    """The path of an installed program, or None; the sbin folders count for every user."""
    path = os.environ.get("PATH", os.defpath)
    return shutil.which(name, path=path + ":/usr/local/sbin:/usr/sbin:/sbin")


def free_port(address):
    """A TCP port that nobody listens on at this address.

    It is none of those that the system gives to outgoing connections, nor one that a test beside
    this one gets: a client that is stopped finds it free when it is started again.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    ports = [p for p in range(*PORTS) if p % PORT_SHARES == worker % PORT_SHARES]
    for port in random.sample(ports, len(ports)):
        with socket.socket() as probe:
            try:
                probe.bind((address, port))
            except OSError:
                continue
        if (address, port) not in given_ports:
            given_ports.add((address, port))
            return port
    raise AssertionError(f"no port of {address} is free")


def wait_for(what, probe, limit, programs=()):
    """Polls probe() until it returns something true and returns that.

    Fails after limit seconds, saying what was waited for and what was seen last, and at once
    when one of the programs has ended.  An OSError or a ValueError of the probe (no
    connection yet, half an answer) counts as "not yet".
    """
    deadline = time.monotonic() + limit
    while True:
        try:
            seen = probe()
            if seen:
                return seen
        except (OSError, ValueError) as error:
            seen = error
        for program in programs:
            program.expect_alive(what)
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {limit} s; last seen: {seen!r}")
        time.sleep(POLL)


def basic(login):
    """The header fields of HTTP's Basic authentication for (user, password); none for None."""
    if not login:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(":".join(login).encode()).decode()}


class Program:
    """A process with a folder of its own; its output goes to FOLDER/NAME.log.

    It does not outlive the process that started it, even if that one is killed.
    """

    as_user = ()    # options of setpriv(1) that choose the user

    def __init__(self, name, folder):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log = self.folder / f"{name}.log"
        self.process = None

    def start(self, arguments, extra_environment=None, output=None):
        """Starts the program; standard output goes to `output` instead of the log if given."""
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            **(extra_environment or {}),
        }
        with open(self.log, "ab") as log, open(output or self.log, "ab") as out:
            self.process = subprocess.Popen(
                [find_program("setpriv"), "--pdeathsig", "KILL", *self.as_user,
                 *(str(a) for a in arguments)], stdin=subprocess.DEVNULL, stdout=out, stderr=log,
                cwd=self.folder, env=environment)

    def expect_alive(self, what):
        if self.process and self.process.poll() is not None:
            raise AssertionError(
                f"{what}: {self.name} has ended with status {self.process.returncode}")

    def wait(self, limit):
        """Waits for a program that ends by itself; returns its status."""
        try:
            status = self.process.wait(limit)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.name} has not ended within {limit} s") from None
        self.process = None
        return status

    def stop(self):
        """Ends the process by its id, with force if it does not obey; returns its status."""
        if not self.process:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP_LIMIT)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        status = self.process.returncode
        self.process = None
        return status

    def logs(self):
        """The files that tell what the program did."""
        return [self.log]

    def tail(self):
        """The end of each log, for the report of a failure."""
        text = []
        for log in self.logs():
            if log.exists():
                lines = log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
                text += [f"--- {self.name}: {log.name}", *lines]
        return "\n".join(text)


class Opentracker(Program):
    """opentracker, which serves only the info-hashes on its whitelist (40 hex digits each)."""

    # As root it would change its root folder and its user; it is started as that user instead,
    # with paths relative to its folder, because nobody else may enter the folders above.
    if os.geteuid() == 0:
        as_user = ("--reuid", "nobody", "--regid", "nogroup", "--clear-groups")

    def __init__(self, folder, address):
        super().__init__("opentracker", folder)
        self.address = address
        self.port = free_port(address)

    @property
    def announce(self):
        return f"http://{self.address}:{self.port}/announce?passkey=swarm"

    def run(self, infohashes):
        whitelist = self.folder / "whitelist.txt"
        whitelist.write_text("".join(f"{h}\n" for h in infohashes))
        config = self.folder / "opentracker.conf"
        config.write_text(f"listen.tcp {self.address}:{self.port}\n"
                          f"access.whitelist {whitelist.name}\n")
        self.folder.chmod(0o755)
        for file in (whitelist, config):
            file.chmod(0o644)
        self.start([find_program("opentracker"), "-f", config.name])
        wait_for("opentracker answers", lambda: self._scrape(infohashes[0]), READY_LIMIT, [self])

    def _scrape(self, infohash):
        query = urllib.parse.quote(bytes.fromhex(infohash))
        url = f"http://{self.address}:{self.port}/scrape?info_hash={query}"
        with urllib.request.urlopen(url, timeout=ANSWER_LIMIT) as reply:
            return reply.read()

    def has_seeder(self, infohash):
        """Whether a peer with all of the data has announced itself."""
        counts = self._scrape(infohash)
        return b"8:completei" in counts and b"8:completei0e" not in counts


class Client(Program):
    """What the clients have in common.

    address    where the client listens for peers
    downloads  where the data arrives
    watch      the watched folder, or None
    run()      starts the client and returns when it answers
    seed(torrent, data_folder)   adds a .torrent whose data lies complete in data_folder
    states()   {infohash: State} of every torrent the client holds
    """

    def __init__(self, name, folder, address, watch=None):
        super().__init__(name, folder)
        self.address = address
        self.watch = watch
        self.downloads = self.folder / "downloads"
        self.downloads.mkdir()
        self.control_port = free_port(CONTROL)
        self.peer_port = free_port(address)


class State:
    """complete: all data there, checked and kept; text: for the report of a failure."""

    def __init__(self, complete, text):
        self.complete = complete
        self.text = text

    def __repr__(self):
        return self.text


class QBittorrent(Client):
    """qbittorrent-nox, asked through its Web API (4.5, no login needed from 127.0.0.1).

    `preferences` are lines for the section [Preferences]; `opener` makes the requests.
    """

    SEEDING = ("uploading", "stalledUP", "queuedUP", "forcedUP")
    preferences = "WebUI\\LocalHostAuth=false"
    opener = urllib.request.build_opener()

    def run(self):
        self.configure()
        self.launch()

    def configure(self):
        config = self.folder / "qBittorrent" / "config"
        config.mkdir(parents=True)
        (config / "qBittorrent.conf").write_text(f"""\
[LegalNotice]
Accepted=true
[BitTorrent]
Session\\Port={self.peer_port}
Session\\Interface=lo
Session\\InterfaceName=lo
Session\\InterfaceAddress={self.address}
Session\\DHTEnabled=false
Session\\LSDEnabled=false
Session\\PeXEnabled=false
Session\\QueueingSystemEnabled=false
Session\\DefaultSavePath={self.downloads}
[Network]
PortForwardingEnabled=false
[Preferences]
Connection\\ResolvePeerCountries=false
WebUI\\Enabled=true
WebUI\\Address={CONTROL}
WebUI\\Port={self.control_port}
WebUI\\UseUPnP=false
{self.preferences}
""")
        if self.watch:
            parameters = {"save_path": str(self.downloads), "use_auto_tmm": False,
                          "stopped": False}
            (config / "watched_folders.json").write_text(json.dumps(
                {str(self.watch): {"add_torrent_params": parameters, "recursive": False}}))

    def launch(self):
        """Starts it with what it was configured with, also once more after stop()."""
        self.start([find_program("qbittorrent-nox"), f"--profile={self.folder}"])
        wait_for(f"{self.name} answers", self._answers, READY_LIMIT, [self])

    def _answers(self):
        try:
            return self._get("app/version")
        except urllib.error.HTTPError as error:
            return error.code == 403    # it wants a login

    def _request(self, path, body=None, content_type=None):
        request = urllib.request.Request(
            f"http://{CONTROL}:{self.control_port}/api/v2/{path}", data=body)
        if content_type:
            request.add_header("Content-Type", content_type)
        with self.opener.open(request, timeout=ANSWER_LIMIT) as reply:
            return reply.read().decode()

    def _get(self, path):
        return self._request(path)

    def seed(self, torrent, data_folder):
        boundary = "swarm-test-boundary"
        fields = {"savepath": data_folder, "skip_checking": "true", "autoTMM": "false"}
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
                 for name, value in fields.items()]
        parts.append(f"--{boundary}\r\n"
                     'Content-Disposition: form-data; name="torrents"; filename="t.torrent"\r\n'
                     "Content-Type: application/x-bittorrent\r\n\r\n")
        body = "".join(parts).encode() + torrent.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        answer = self._request("torrents/add", body, f"multipart/form-data; boundary={boundary}")
        assert answer == "Ok.", f"{self.name} does not take {torrent.name}: {answer}"

    def states(self):
        return {t["hash"]: State(t["state"] in self.SEEDING and t["progress"] == 1
                                 and t["amount_left"] == 0,
                                 f"{t['state']} {t['progress']:.1%}")
                for t in json.loads(self._get("torrents/info"))}

    def logs(self):
        return [self.log, self.folder / "qBittorrent" / "data" / "logs" / "qbittorrent.log"]


class Transmission(Client):
    """transmission-daemon, asked through its JSON RPC (rpc version 16 and later)."""

    STATUS = ("stopped", "check wait", "checking", "download wait", "downloading", "seed wait",
              "seeding")

    def __init__(self, *arguments, login=None, **keywords):
        super().__init__(*arguments, **keywords)
        self.session = ""
        self.login = login      # (user, password), if it asks for them
        self.more = {}          # settings besides those below

    def run(self):
        user, password = self.login or ("", "")
        settings = {
            "bind-address-ipv4": self.address, "bind-address-ipv6": "::1",
            "dht-enabled": False, "lpd-enabled": False, "pex-enabled": False,
            "utp-enabled": False, "port-forwarding-enabled": False,
            "peer-port": self.peer_port, "download-dir": str(self.downloads),
            "rpc-bind-address": CONTROL, "rpc-port": self.control_port,
            "rpc-authentication-required": bool(self.login), "rpc-username": user,
            "rpc-password": password, "rpc-whitelist-enabled": True,
            "rpc-whitelist": CONTROL, "download-queue-enabled": False,
            "start-added-torrents": True, "trash-original-torrent-files": False,
            "watch-dir-enabled": bool(self.watch), "watch-dir": str(self.watch or ""),
            **self.more,
        }
        (self.folder / "settings.json").write_text(json.dumps(settings))
        self.start([find_program("transmission-daemon"), "--foreground",
                    "--config-dir", self.folder])
        wait_for(f"{self.name} answers", lambda: self._call("session-get"), READY_LIMIT, [self])

    def _call(self, method, **arguments):
        body = json.dumps({"method": method, "arguments": arguments}).encode()
        for _ in range(2):
            request = urllib.request.Request(
                f"http://{CONTROL}:{self.control_port}/transmission/rpc", data=body,
                headers={"X-Transmission-Session-Id": self.session,
                         "Content-Type": "application/json", **basic(self.login)})
            try:
                with urllib.request.urlopen(request, timeout=ANSWER_LIMIT) as reply:
                    answer = json.load(reply)
            except urllib.error.HTTPError as error:
                if error.code != 409:
                    raise
                self.session = error.headers["X-Transmission-Session-Id"]
                continue
            assert answer["result"] == "success", f"{self.name}: {method}: {answer['result']}"
            return answer["arguments"]
        raise ValueError(f"{self.name} gives out session ids and does not take them")

    def seed(self, torrent, data_folder):
        self._call("torrent-add", filename=str(torrent), **{"download-dir": str(data_folder)})

    def states(self):
        fields = ["hashString", "status", "percentDone", "leftUntilDone", "errorString"]
        return {t["hashString"]: State(t["status"] == 6 and t["leftUntilDone"] == 0,
                                       f"{self.STATUS[t['status']]} {t['percentDone']:.1%}"
                                       f" {t['errorString']}".rstrip())
                for t in self._call("torrent-get", fields=fields)["torrents"]}


class Deluge(Client):
    """deluged with deluge-web in front of it, asked through the latter's JSON-RPC (2.0).

    Both are quiet (-q): Debian 12's 2.0.3 writes a traceback for every line of its log.  `web`
    is deluge-web, a program of its own: it can be stopped and started alone, as the daemon can.
    """

    PASSWORD = "s3cret"
    HOST_ID = "0123456789abcdef0123456789abcdef"
    SALT = "salt"

    def __init__(self, name, folder, address, watch=None, plugins=("Label",)):
        super().__init__(name, folder, address, watch)
        self.plugins = list(plugins)
        self.daemon_port = free_port(CONTROL)
        self.web = Program(f"{name}-web", self.folder / "web")
        self.https = None       # (key, certificate), PEM files
        self.cookie = ""

    @property
    def url(self):
        return f"http{'s' if self.https else ''}://{CONTROL}:{self.control_port}/"

    def run(self):
        self.run_daemon()
        self.run_web()

    def run_daemon(self):
        config = self.folder / "config"
        if not config.exists():
            config.mkdir()
            self._configure_daemon(config)
        self.start([find_program("deluged"), "-d", "-q", "-c", config, "-u", CONTROL])
        wait_for(f"{self.name} listens", self._daemon_listens, READY_LIMIT, [self])

    def _configure_daemon(self, config):
        settings = {
            "allow_remote": False, "daemon_port": self.daemon_port, "dht": False, "lsd": False,
            "natpmp": False, "upnp": False, "utpex": False, "random_port": False,
            "listen_ports": [self.peer_port, self.peer_port], "listen_interface": self.address,
            "outgoing_interface": self.address, "download_location": str(self.downloads),
            "send_info": False, "new_release_check": False, "max_active_downloading": -1,
            "max_active_limit": -1, "max_active_seeding": -1, "enabled_plugins": self.plugins,
        }
        (config / "core.conf").write_text('{"file": 1, "format": 1}' + json.dumps(settings))
        auth = config / "auth"
        auth.touch(0o600)
        auth.write_text(f"bob:{self.PASSWORD}:10\n")

    def _daemon_listens(self):
        socket.create_connection((CONTROL, self.daemon_port), ANSWER_LIMIT).close()
        return True

    def hosts(self):
        """The daemons that deluge-web knows; a test may say others."""
        return [[self.HOST_ID, CONTROL, self.daemon_port, "bob", self.PASSWORD]]

    def run_web(self, hosts=None, default="", session_timeout=3600):
        config = self.web.folder
        settings = {
            "port": self.control_port, "interface": CONTROL, "https": bool(self.https),
            "first_login": False, "session_timeout": session_timeout, "pwd_salt": self.SALT,
            "pwd_sha1": hashlib.sha1((self.SALT + self.PASSWORD).encode()).hexdigest(),
            "default_daemon": default,
        }
        if self.https:
            settings.update(pkey=str(self.https[0]), cert=str(self.https[1]))
        (config / "web.conf").write_text('{"file": 2, "format": 1}' + json.dumps(settings))
        listed = {"hosts": self.hosts() if hosts is None else hosts}
        (config / "hostlist.conf").write_text('{"file": 3, "format": 1}' + json.dumps(listed))
        self.web.start([find_program("deluge-web"), "-d", "-q", "-c", config, "-i", CONTROL,
                        "-p", self.control_port])
        wait_for(f"{self.web.name} listens", self._web_listens, READY_LIMIT, [self.web])
        self.cookie = ""

    def _web_listens(self):
        socket.create_connection((CONTROL, self.control_port), ANSWER_LIMIT).close()
        return True

    def stop(self):
        self.web.stop()
        return super().stop()

    def logs(self):
        return [self.log, self.web.log]

    def _rpc(self, method, params):
        request = urllib.request.Request(
            self.url + "json", headers={"Content-Type": "application/json", "Cookie": self.cookie},
            data=json.dumps({"method": method, "params": params, "id": 1}).encode())
        context = ssl._create_unverified_context() if self.https else None
        with urllib.request.urlopen(request, timeout=ANSWER_LIMIT, context=context) as reply:
            self.cookie = (reply.headers["Set-Cookie"] or self.cookie).split(";")[0]
            return json.load(reply)

    def _enter(self):
        if not self.cookie:
            assert self._rpc("auth.login", [self.PASSWORD])["result"], f"{self.name}: no login"
        if not self._rpc("web.connected", [])["result"]:
            self._rpc("web.connect", [self.HOST_ID])

    def call(self, method, *params):
        """What a method of the daemon's answers."""
        self._enter()
        answer = self._rpc(method, list(params))
        assert not answer["error"], f"{self.name}: {method}: {answer['error']}"
        return answer["result"]

    def seed(self, torrent, data_folder):
        self.call("core.add_torrent_file", torrent.name,
                  base64.b64encode(torrent.read_bytes()).decode(),
                  {"download_location": str(data_folder), "seed_mode": True})

    def states(self):
        keys = ["state", "progress", "total_remaining", "tracker_status"]
        return {h: State(t["state"] == "Seeding" and t["total_remaining"] == 0,
                         f"{t['state']} {t['progress']:.1f}% {t['tracker_status']}")
                for h, t in self.call("core.get_torrents_status", {}, keys).items()}


def scgi(path_or_port, body, limit=ANSWER_LIMIT):
    """The body of the answer to one request over SCGI, through a unix socket or a port here."""
    tcp = isinstance(path_or_port, int)
    with socket.socket(socket.AF_INET if tcp else socket.AF_UNIX) as link:
        link.settimeout(limit)
        link.connect((CONTROL, path_or_port) if tcp else str(path_or_port))
        fields = b"CONTENT_LENGTH\0%d\0SCGI\0001\0" % len(body)
        link.sendall(b"%d:%s,%s" % (len(fields), fields, body))
        answer = b"".join(iter(lambda: link.recv(65536), b""))
    return answer.partition(b"\r\n\r\n")[2]


class RTorrent(Client):
    """rtorrent without a terminal, asked by XML-RPC over SCGI: at `rpc`, a unix socket's path, or
    at its control port."""

    def __init__(self, *arguments, tcp=False, **keywords):
        super().__init__(*arguments, **keywords)
        self.session = self.folder / "session"
        self.session.mkdir()
        self.rpc = self.control_port if tcp else self.folder / "rpc.sock"

    def run(self):
        listen = (f"network.scgi.open_port = {CONTROL}:{self.rpc}" if isinstance(self.rpc, int)
                  else f"network.scgi.open_local = {self.rpc}")
        config = self.folder / "rtorrent.rc"
        config.write_text(f"""\
directory.default.set = {self.downloads}
session.path.set = {self.session}
network.bind_address.set = {self.address}
network.port_range.set = {self.peer_port}-{self.peer_port}
network.port_random.set = no
dht.mode.set = disable
protocol.pex.set = no
trackers.use_udp.set = no
{listen}
system.daemon.set = true
""")
        (self.session / "rtorrent.lock").unlink(missing_ok=True)    # of one that was killed
        self.start([find_program("rtorrent"), "-n", "-o", f"import={config}"])
        wait_for(f"{self.name} answers", lambda: self.call("system.pid"), READY_LIMIT, [self])

    def call(self, method, *arguments):
        """The answer; a fault is raised (xmlrpc.client.Fault)."""
        answer = scgi(self.rpc, xmlrpc.client.dumps(arguments, method).encode())
        if not answer:
            raise ValueError(f"{self.name} has not answered")
        return xmlrpc.client.loads(answer)[0][0]

    def seed(self, torrent, data_folder):
        before = set(self.call("download_list", ""))
        self.call("load.raw", "", xmlrpc.client.Binary(torrent.read_bytes()))
        new, = wait_for(f"{self.name} has loaded {torrent.name}",
                        lambda: set(self.call("download_list", "")) - before, ANSWER_LIMIT)
        self.call("d.directory.set", new, str(data_folder))
        self.call("d.start", new)

    def states(self):
        rows = self.call("d.multicall2", "", "main", "d.hash=", "d.complete=", "d.is_active=",
                         "d.completed_bytes=", "d.message=")
        return {h.lower(): State(bool(complete and active), f"{done} bytes {message}".rstrip())
                for h, complete, active, done, message in rows}
