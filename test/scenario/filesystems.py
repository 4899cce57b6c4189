"""File systems for tests: real ones, and one that a preloaded library makes bare (bare.c).

A test that needs a tool, or a right, that is not there is skipped with that reason."""

import os
import pathlib
import shutil
import signal
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
SFTP_SERVER = "/usr/lib/openssh/sftp-server"


def need(*tools):
    for tool in tools:
        if not shutil.which(tool):
            pytest.skip(f"{tool} is not installed")
    if os.geteuid() != 0:
        pytest.skip("only root can mount")


class Mounts:
    """Mounts for the time of a test."""

    def __init__(self, folder):
        self.folder = folder
        self.mounted = []
        self.servers = []

    def _fresh(self, name):
        path = self.folder / "mounts" / f"{len(self.mounted)}-{name}"
        path.mkdir(parents=True)
        return path

    def _mount(self, at, *command, input=None):
        at.mkdir(parents=True, exist_ok=True)
        done = subprocess.run([*map(str, command)], input=input, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"{command[0]} cannot mount here: {done.stderr.strip()}")
        self.mounted.append(at)
        return at

    def bindfs(self, at, *options):
        need("bindfs")
        source = self._fresh("source")
        return self._mount(at, "bindfs", *options, source, at)

    def hanging(self, at):
        """A folder of a server of its own, which hang() stops."""
        need("bindfs")
        source = self._fresh("source")
        at.mkdir(parents=True, exist_ok=True)
        server = subprocess.Popen(["bindfs", "-f", "-o", "attr_timeout=0,entry_timeout=0",
                                   str(source), str(at)])
        self.servers.append(server)
        self.mounted.append(at)
        for _ in range(500):
            if os.path.ismount(at):
                return server
            if server.poll() is not None:
                pytest.skip("bindfs cannot mount here")
            os.sched_yield()
            subprocess.run(["sleep", "0.01"])
        raise AssertionError("bindfs does not mount")

    def sshfs(self, at, *options):
        """Through SFTP, but without a network: its server is a child of sshfs."""
        need("sshfs")
        if not os.access(SFTP_SERVER, os.X_OK):
            pytest.skip("openssh-sftp-server is not installed")
        wrapper = self.folder / "sftp"
        wrapper.write_text(f"#!/bin/sh\nexec {SFTP_SERVER}\n")
        wrapper.chmod(0o755)
        source = self._fresh("source")
        return self._mount(at, "sshfs", "-o", f"ssh_command={wrapper}", *options, f"x:{source}",
                           at)

    def encfs(self, at):
        need("encfs")
        return self._mount(at, "encfs", "--standard", "--stdinpass", self._fresh("source"), at,
                           input="password\n")

    def mergerfs(self, at, *options):
        need("mergerfs")
        branches = f"{self._fresh('a')}:{self._fresh('b')}"
        return self._mount(at, "mergerfs", *options, branches, at)

    def tmpfs(self, at, options):
        need("mount")
        return self._mount(at, "mount", "-t", "tmpfs", "-o", options, "tmpfs", at)

    def image(self, at, make, *options):
        """A file system in a file; `make` are the words of the command that makes it."""
        need(make[0], "mount")
        file = self._fresh("image") / "image"
        with open(file, "wb") as f:
            f.truncate(64 << 20)
        subprocess.run([*make, str(file)], check=True, capture_output=True)
        return self._mount(at, "mount", "-o", ",".join(("loop", *options)), file, at)

    def close(self):
        for server in self.servers:
            server.send_signal(signal.SIGCONT)
        for at in reversed(self.mounted):
            subprocess.run(["umount", "-l", str(at)], check=True)
        for server in self.servers:
            server.terminate()
            server.wait(10)


@pytest.fixture
def mounts(tmp_path):
    made = Mounts(tmp_path)
    yield made
    made.close()


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """bare(folder, names=143, ...): variables that make a file system with little of it (bare.c)."""
    library = tmp_path_factory.mktemp("bare") / "bare.so"
    subprocess.run([os.environ.get("CC", "cc"), "-std=gnu17", "-Wall", "-Wextra", "-Werror", "-O1",
                    "-shared", "-fPIC", "-o", str(library), str(HERE / "bare.c")], check=True)
    asan = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")

    def variables(folder, names=None, keeps=False, ascii=False):
        chosen = {"LD_PRELOAD": str(library), "ASAN_OPTIONS": asan, "BARE": str(folder)}
        if names:
            chosen["BARE_NAMES"] = str(names)
        if keeps:
            chosen["BARE_KEEPS"] = "1"
        if ascii:
            chosen["BARE_ASCII"] = "1"
        return chosen

    return variables
