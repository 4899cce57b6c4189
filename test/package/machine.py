"""A machine that is booted: a folder with a system in it, whose systemd is process 1 in namespaces
and a cgroup of its own (boot.sh)."""

import os
import pathlib
import re
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
UNSHARE = ["unshare", "--pid", "--mount", "--cgroup", "--ipc", "--uts", "--fork"]
ENTER = ["--mount", "--pid", "--uts", "--ipc", "--cgroup", "--root", "--wd"]
PROBE = ("mount --make-rprivate / && mount -t tmpfs none /mnt && mkdir /mnt/c /mnt/p /mnt/s &&"
         " mount -t proc none /mnt/p && mount -t sysfs none /mnt/s &&"
         " mount -t cgroup2 none /mnt/c && mkdir /mnt/c/x && rmdir /mnt/c/x")
BOOT_LIMIT = 60


def new_cgroup():
    """Below our own, in the hierarchy of version 2."""
    mounts = pathlib.Path("/proc/self/mountinfo").read_text()
    (_, where), *_ = re.findall(r"^(?:\S+ ){3}(\S+) (\S+) .* - cgroup2 ", mounts, re.M)
    own = re.search(r"^0::/(.*)$", pathlib.Path("/proc/self/cgroup").read_text(), re.M).group(1)
    folder = pathlib.Path(where) / own / f"ptp-archiver-test-{os.getpid()}"
    folder.mkdir()
    return folder


def remove_cgroup(folder):
    for below, _, _ in os.walk(folder, topdown=False):
        os.rmdir(below)


def why_not():
    """Why no machine can be booted here; None: one can."""
    try:
        folder = new_cgroup()
    except (OSError, ValueError, AttributeError) as why:
        return f"no cgroup (version 2) can be made: {why}"
    try:
        done = subprocess.run([*UNSHARE, "sh", "-c", PROBE], capture_output=True, text=True,
                              preexec_fn=lambda: join(folder))
    finally:
        remove_cgroup(folder)
    return None if done.returncode == 0 else f"no namespaces of its own: {done.stderr.strip()}"


def join(cgroup):
    (cgroup / "cgroup.procs").write_text("0")


class Machine:
    def __init__(self, folder):
        self.folder, self.process = folder, None
        self.boot()

    def boot(self):
        self.cgroup = new_cgroup()
        with open(self.folder / "boot.log", "w") as log:
            self.process = subprocess.Popen(
                [*UNSHARE, "--kill-child", "sh", HERE / "boot.sh", self.folder],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: join(self.cgroup))
        end = time.monotonic() + BOOT_LIMIT
        while not self.is_up():
            assert self.process.poll() is None and time.monotonic() < end, \
                (self.folder / "boot.log").read_text()
            time.sleep(0.2)

    def init(self):
        """The process that is its systemd, by its number here."""
        children = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return (pathlib.Path(children).read_text().split() or ["0"])[0]

    def is_up(self):
        try:
            if pathlib.Path(f"/proc/{self.init()}/comm").read_text() != "systemd\n":
                return False
        except FileNotFoundError:
            return False
        state = self.run("systemctl", "is-system-running", status=None).stdout.strip()
        return state in ("running", "degraded")

    def run(self, *command, status=0):
        done = subprocess.run(
            ["nsenter", "--target", self.init(), *ENTER, "/usr/bin/env", "-i", "LC_ALL=C.UTF-8",
             "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND=noninteractive", *command],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if status is not None:
            assert done.returncode == status, (command, done.stdout, done.stderr)
        return done

    def cut_the_power(self):
        """All its processes end with the first of them."""
        self.process.kill()
        self.process.wait()
        end = time.monotonic() + BOOT_LIMIT
        while "populated 1" in (self.cgroup / "cgroup.events").read_text():
            assert time.monotonic() < end
            time.sleep(0.1)
        remove_cgroup(self.cgroup)
