"""A Docker Engine for the tests: the one that runs, or one of our own.

An engine that runs (DOCKER_HOST, or the default socket) is used if it has or can pull the base
image.  Else, as root and with Debian's docker.io and mmdebstrap installed, one is started whose
data lies in build/docker/ and stays there: layers are kept from run to run.  It has neither bridge
nor firewall rules, so containers get the host's network, and its base image is made with mmdebstrap
from the packages that this machine uses.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "docker"
BASE = "debian:bookworm-slim"       # what the Dockerfile's FROM names
START_LIMIT = 30                    # seconds until dockerd answers
BUILD_LIMIT = 900
COMMAND_LIMIT = 120

# What Debian's slim image leaves out as well.
SLIM = [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale", "info")]


class NoEngine(Exception):
    """Why there is none."""


class Engine:
    """host: for DOCKER_HOST, None for the default; ours: started by us, `folder` being where it
    keeps what it needs while it runs."""

    def __init__(self, host=None, process=None, folder=None):
        self.host, self.process, self.folder = host, process, folder
        self.ours = process is not None
        self.environment = {**os.environ, **({"DOCKER_HOST": host} if host else {})}
        if self.ours:
            self.environment["DOCKER_BUILDKIT"] = "0"

    def run(self, *arguments, status=0, limit=COMMAND_LIMIT, cwd=None, text=True):
        """docker ARGUMENTS; its output.  With status None any exit status will do."""
        done = subprocess.run(["docker", *map(str, arguments)], env=self.environment, cwd=cwd,
                              stdin=subprocess.DEVNULL, capture_output=True, text=text,
                              timeout=limit)
        if status is not None:
            assert done.returncode == status, (arguments, done.returncode, done.stdout[-4000:],
                                               done.stderr[-4000:])
        return done

    def has(self, image):
        return self.run("image", "inspect", image, status=None).returncode == 0

    def build(self, context, *options):
        network = ["--network=host"] if self.ours else []
        return self.run("build", *network, *options, context, limit=BUILD_LIMIT)

    def compose(self, *arguments, cwd, limit=COMMAND_LIMIT):
        tool = ["docker-compose"] if shutil.which("docker-compose") else ["docker", "compose"]
        done = subprocess.run([*tool, *map(str, arguments)], env=self.environment, cwd=cwd,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=limit)
        assert done.returncode == 0, (arguments, done.stdout, done.stderr)
        return done.stdout

    def stop(self):
        if not self.process:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for mount in self.folder.glob("exec/netns/*"):
            subprocess.run(["umount", mount], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def answers(engine):
    with contextlib.suppress(FileNotFoundError, subprocess.TimeoutExpired):
        return engine.run("version", status=None, limit=20).returncode == 0
    return False


def running():
    """The engine that runs already, if it can be used."""
    engine = Engine()
    if not answers(engine):
        return None
    if engine.has(BASE) or engine.run("pull", BASE, status=None, limit=300).returncode == 0:
        return engine
    return None


def start():
    """An engine of our own."""
    if os.geteuid() != 0:
        raise NoEngine("no Docker Engine answers, and only root could start one")
    missing = [p for p in ("docker", "dockerd", "mmdebstrap") if not shutil.which(p)]
    if missing:
        raise NoEngine("no Docker Engine answers, and to start one there is no "
                       f"{', '.join(missing)} (Debian: docker.io, mmdebstrap)")
    FOLDER.mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ptp-docker-"))   # sockets need a short path
    socket = folder / "docker.sock"
    with open(FOLDER / "dockerd.log", "w") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", "dockerd", "--data-root", FOLDER / "data",
             "--exec-root", folder / "exec", "--pidfile", folder / "pid", "--host",
             f"unix://{socket}", "--iptables=false", "--ip6tables=false", "--bridge=none",
             "--storage-driver", storage_driver()],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    engine = Engine(f"unix://{socket}", process, folder)
    deadline = time.monotonic() + START_LIMIT
    while not answers(engine):
        if process.poll() is not None or time.monotonic() > deadline:
            engine.stop()
            last = (FOLDER / "dockerd.log").read_text().strip().splitlines()[-1:]
            raise NoEngine(f"dockerd does not start: {last} (see build/docker/dockerd.log)")
        time.sleep(0.2)
    clean(engine)
    return engine


def clean(engine):
    """Away with what a run that was killed has left, and with layers that are of no use."""
    left = engine.run("ps", "--all", "--quiet").stdout.split()
    if left:
        engine.run("rm", "--force", "--volumes", *left)
    engine.run("image", "prune", "--force")


def storage_driver():
    """overlay2 where it can be mounted, which spares the copies; vfs works anywhere.  What an
    earlier run chose stays, for the sake of its layers."""
    for driver in ("overlay2", "vfs"):
        if (FOLDER / "data" / driver).is_dir():
            return driver
    folders = [FOLDER / "try" / name for name in ("lower", "upper", "work", "merged")]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    lower, upper, work, merged = folders
    mounted = subprocess.run(
        ["mount", "-t", "overlay", "overlay", "-o",
         f"lowerdir={lower},upperdir={upper},workdir={work}", merged], capture_output=True)
    if mounted.returncode == 0:
        subprocess.run(["umount", merged], check=True)
    shutil.rmtree(FOLDER / "try", ignore_errors=True)
    return "overlay2" if mounted.returncode == 0 else "vfs"


def make_base(engine):
    """The base image, with this machine's package sources and the keys that it trusts."""
    if engine.has(BASE):
        return
    tree = FOLDER / "base"
    shutil.rmtree(tree, ignore_errors=True)
    subprocess.run(["mmdebstrap", "--quiet", "--variant=minbase", *SLIM, "bookworm", tree,
                    *sources()], check=True, timeout=BUILD_LIMIT, capture_output=True)
    shutil.rmtree(tree / "etc/apt")
    shutil.copytree("/etc/apt", tree / "etc/apt", symlinks=True)
    with subprocess.Popen(["tar", "--exclude=./dev/*", "--exclude=./var/cache/apt/*",
                           "--exclude=./var/lib/apt/lists/*", "-C", tree, "-c", "."],
                          stdout=subprocess.PIPE) as tar:
        subprocess.run(["docker", "import", "-", BASE], stdin=tar.stdout, check=True,
                       env=engine.environment, capture_output=True, timeout=COMMAND_LIMIT)
    shutil.rmtree(tree)


def sources():
    """The machine's own sources for bookworm, as mmdebstrap takes them."""
    found = [*pathlib.Path("/etc/apt/sources.list.d").glob("*.sources"),
             *pathlib.Path("/etc/apt/sources.list.d").glob("*.list"),
             pathlib.Path("/etc/apt/sources.list")]
    return [p for p in found if p.exists() and "bookworm" in p.read_text()
            and "debian" in p.read_text()]


@contextlib.contextmanager
def engine():
    """An engine to work with; raises NoEngine."""
    found = running()
    if found:
        yield found
        return
    found = start()
    try:
        make_base(found)
        yield found
    finally:
        found.stop()
