import os
import pathlib
import signal
import subprocess
import sys

import pytest

from harness import Archiver, Authority, Proxy, Sim

# Under nohup it is ignored, and children inherit that.
signal.signal(signal.SIGHUP, signal.SIG_DFL)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "clients"))

from qbittorrent_double import QBittorrentDouble   # noqa: E402


@pytest.fixture
def sim(tmp_path):
    running = Sim(tmp_path / "sim")
    yield running
    running.close()


@pytest.fixture
def make(tmp_path, sim):
    """make(containers=..., VARIABLE=...): an Archiver that talks to the simulator."""
    made = []

    def new(containers="attic:800G", folder="archiver", **variables):
        archiver = Archiver(tmp_path / folder, sim.url, containers, **variables)
        made.append(archiver)
        return archiver

    yield new
    for archiver in made:
        archiver.close()


@pytest.fixture
def archiver(make):
    return make()


@pytest.fixture
def box(tmp_path):
    """A client that is there, with no torrents."""
    double = QBittorrentDouble(tmp_path / "box", "5.1")
    double.launch()
    yield double
    double.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def remote(tmp_path, authority):
    """remote(): a simulator that the program takes for one elsewhere, and the settings for it."""
    running = []

    def start():
        sim = Sim(tmp_path / "remote", *authority.issue("DNS:tracker.test"))
        proxy = Proxy(int(sim.url.rsplit(":", 1)[1]))
        running.extend((sim, proxy))
        return sim, {"PTP_BASE_URL": "https://tracker.test", "HTTPS_PROXY": proxy.url,
                     "PTP_CA_FILE": authority.certificate}

    yield start
    for one in running:
        one.close()


@pytest.fixture(scope="session")
def hurry(tmp_path_factory):
    """hurry(n, shift): variables that make time run n times as fast for the program, and its clock
    be so many seconds off."""
    library = tmp_path_factory.mktemp("hurry") / "hurry.so"
    source = pathlib.Path(__file__).with_name("hurry.c")
    subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-shared", "-fPIC", "-o",
                    str(library), str(source)], check=True)
    asan = "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")
    return lambda n, shift=0: {"LD_PRELOAD": str(library), "HURRY": str(n), "SHIFT": str(shift),
                               "ASAN_OPTIONS": asan}
