import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))

from harness import Sim                 # noqa: E402
from packages import ROOT, build        # noqa: E402


@pytest.fixture(scope="session")
def deb():
    return build(ROOT)


@pytest.fixture
def sim(tmp_path):
    running = Sim(tmp_path / "sim")
    yield running
    running.close()
