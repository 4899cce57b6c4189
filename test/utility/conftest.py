import os
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))

from harness import Archiver, Authority, Sim  # noqa: E402

# The utility that the tests run: the double, or the real file, or the one in a folder.
DOUBLE = HERE / "archiver.py"
UTILITY = pathlib.Path(os.environ.get("PTP_ARCHIVER_PY") or DOUBLE).resolve()
if UTILITY.is_dir():
    UTILITY /= "archiver.py"


def pytest_sessionstart(session):
    if not UTILITY.is_file():
        pytest.exit(f"PTP_ARCHIVER_PY: there is no {UTILITY}", returncode=2)


@pytest.fixture
def sim(tmp_path):
    running = Sim(tmp_path / "sim", scenario={"script_file": str(UTILITY)})
    running.fixed = {"script_file": str(UTILITY)}
    yield running
    running.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


class Utility(Archiver):
    """The program with the official utility as its engine."""

    def __init__(self, *arguments, script=None, **variables):
        super().__init__(*arguments, **{"PTP_ENGINE": "utility", "PTP_UTILITY_UPDATE": "off",
                                        "PATH": "/usr/bin:/bin", **variables})
        self.script = self.folder / "archiver.py"
        self.staging = self.state / "utility"
        self.put(UTILITY.read_text() if script is None else script)

    def put(self, source):
        self.script.write_text(source)

    def staged(self):
        return [p for p in self.staging.glob("*/*") if p.is_file()]


@pytest.fixture
def make(tmp_path, sim):
    made = []

    def new(containers="attic:800G", folder="archiver", **variables):
        made.append(Utility(tmp_path / folder, sim.url, containers, **variables))
        return made[-1]

    yield new
    for archiver in made:
        archiver.close()
