"""End to end with real BitTorrent software: a real tracker, a real seeder, a real downloader.

The scenario itself is swarm.py.  Here it is run inside a private network namespace, which has
addresses for all peers and no way out of the machine.  Where namespaces are not permitted (some
containers), the qBittorrent scenarios use addresses of 127.0.0.0/8 instead; the Transmission one
is skipped, because Transmission never dials a peer there.

PTP_BUILD      folder of ptp-archiver and ptp-sim (default: build/ of this repository)
PTP_SKIP_REAL  1: a missing Debian package skips these tests instead of failing them
"""

import functools
import os
import pathlib
import subprocess
import sys

import pytest

from clients import find_program

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ.get("PTP_BUILD") or HERE.parents[1] / "build").resolve()

TIME_LIMIT = 240        # seconds for a scenario, which has a shorter limit of its own

PACKAGES = {            # program -> Debian package
    "opentracker": "opentracker",
    "qbittorrent-nox": "qbittorrent-nox",
    "transmission-daemon": "transmission-daemon",
    "transmission-create": "transmission-cli",
    "transmission-show": "transmission-cli",
    "mktorrent": "mktorrent",
    "ip": "iproute2",
    "unshare": "util-linux",
    "setpriv": "util-linux",
}

PRIVATE = ("10.77.0.1", "10.77.0.2", "10.77.0.3")       # tracker, seeder, leecher
LOOPBACK = ("127.77.0.1", "127.77.0.2", "127.77.0.3")

SET_UP = """
set -e
ip link set lo up
for address in %s; do ip addr add $address/32 dev lo; done
exec "$@"
""" % " ".join(PRIVATE)


@functools.cache
def namespace():
    """The command that runs another one in a private network namespace; None if forbidden."""
    user = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
    command = [find_program("unshare"), *user, "--net", "/bin/sh", "-c", SET_UP, "sh"]
    tried = subprocess.run([*command, "true"], capture_output=True, timeout=30, env=environment())
    return command if tried.returncode == 0 else None


def environment():
    path = os.environ.get("PATH", os.defpath)
    return {**os.environ, "PATH": f"{path}:/usr/sbin:/sbin", "PYTHONDONTWRITEBYTECODE": "1"}


def expect_installed():
    """Everything that the scenario runs is there; if not, says what to do about it."""
    missing = sorted({p for name, p in PACKAGES.items() if not find_program(name)})
    if missing:
        reason = f"Debian packages missing: apt-get install {' '.join(missing)}"
        if os.environ.get("PTP_SKIP_REAL") == "1":
            pytest.skip(reason)
        pytest.fail(f"{reason} (or set PTP_SKIP_REAL=1 to skip)", pytrace=False)
    for name in ("ptp-archiver", "ptp-sim"):
        if not os.access(BUILD / name, os.X_OK):
            pytest.fail(f"{BUILD / name} is missing: build it, or set PTP_BUILD", pytrace=False)


def run_swarm(tmp_path, downloader, deliver, through="watch"):
    expect_installed()
    around = namespace()
    if around is None and downloader == "transmission":
        pytest.skip("network namespaces are not permitted here (unshare --net failed), and"
                    " Transmission never dials a peer in 127.0.0.0/8")
    folder = tmp_path / "swarm"
    folder.mkdir()
    command = [*(around or []), find_program("setpriv"), "--pdeathsig", "KILL",
               sys.executable, HERE / "swarm.py", "--downloader", downloader,
               "--deliver", deliver, "--through", through, "--build", BUILD, "--folder", folder,
               "--addresses", ",".join(PRIVATE if around else LOOPBACK)]
    report = tmp_path / "report.txt"
    with open(report, "wb") as output:
        try:
            status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output,
                                    stderr=output, timeout=TIME_LIMIT,
                                    env=environment()).returncode
        except subprocess.TimeoutExpired:
            status = f"none within {TIME_LIMIT} s"
    text = report.read_text(errors="replace")
    if status != 0:
        pytest.fail(f"swarm.py ended with status {status}:\n{text}", pytrace=False)
    print(text)


def test_qbittorrent_downloads_what_fetch_delivers(tmp_path):
    run_swarm(tmp_path, "qbittorrent", "fetch")


def test_qbittorrent_downloads_what_run_delivers(tmp_path):
    run_swarm(tmp_path, "qbittorrent", "run")


def test_transmission_downloads_what_fetch_delivers(tmp_path):
    run_swarm(tmp_path, "transmission", "fetch")
