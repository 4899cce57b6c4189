import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scenario"))

from harness import Archiver, Sim   # noqa: E402
from server import Server   # noqa: E402

CONTAINERS = "attic:800G,hetzner:5T,loft:2T"


@pytest.fixture
def sim(tmp_path):
    running = Sim(tmp_path / "sim")
    yield running
    running.close()


@pytest.fixture
def make(tmp_path, sim):
    """make(VARIABLE=...): an Archiver that would listen, once started."""
    made = []

    def new(containers=CONTAINERS, folder="archiver", **variables):
        archiver = Archiver(tmp_path / folder, sim.url, containers,
                            **{"PTP_LISTEN": "127.0.0.1:0", **variables})
        made.append(archiver)
        return archiver

    yield new
    for archiver in made:
        archiver.close()


@pytest.fixture
def with_box(make):
    """An Archiver whose container hetzner goes to a client that nobody calls."""
    archiver = make(containers=None)
    archiver.configure(
        Clients={"box": {"Type": "qbittorrent", "URL": "http://127.0.0.1:9/secret-path",
                         "Username": "bob", "Password": "a-password-nobody-sees"}},
        Containers={"attic": {"Size": "800G", "WatchDirectory": str(archiver.watch)},
                    "hetzner": {"Size": "5T", "Client": "box"},
                    "loft": {"Size": "2T", "WatchDirectory": str(archiver.watch)}})
    return archiver


@pytest.fixture
def serve():
    """serve(archiver): starts its daemon; a Server."""
    def start(archiver, **variables):
        return Server(archiver, archiver.start(**variables))
    return start
