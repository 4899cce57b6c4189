"""What a module needs installed it names in PROGRAMS; where it is not, its tests fail.

PTP_BUILD      folder of the programs under test (default: build/ of this repository)
PTP_SKIP_REAL  1: a missing program skips the tests instead of failing them
"""

import os

import pytest

import driver  # noqa: F401  (puts test/real on the path)
from clients import find_program


def pytest_configure(config):
    config.addinivalue_line("markers", "long: begins before the others, and waits most of the time")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="module", autouse=True)
def installed(request):
    missing = [p for p in getattr(request.module, "PROGRAMS", ()) if not find_program(p)]
    if not missing:
        return
    reason = f"not installed: {' '.join(missing)}; `./dev setup all` installs what tests need"
    if os.environ.get("PTP_SKIP_REAL") == "1":
        pytest.skip(reason)
    pytest.fail(f"{reason} (or set PTP_SKIP_REAL=1 to skip)", pytrace=False)
