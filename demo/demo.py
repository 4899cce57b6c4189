"""The main job, shown: `ptp-archiver run` against the simulated tracker, explained in plain words."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[1]
ARCHIVER = ROOT / "build" / "ptp-archiver"
SIM = ROOT / "build" / "ptp-sim"
CHECK = "0d39cf16-4a6e-4bd8-a2a1-6b1c1d7e5f00"
INTERVAL_S = 5
DEADLINE_S = 60
GIB = 1 << 30

SCENARIO = {
    "torrent_size": [1 * GIB, 2 * GIB],
    "faults": [{"endpoint": "fetch", "container": "cellar", "times": 1, "do": "status",
                "status": 503}],
}


def say(text=""):
    print(text, flush=True)


def start_sim(folder):
    (folder / "scenario.json").write_text(json.dumps(SCENARIO))
    sim = subprocess.Popen([SIM, "--scenario", folder / "scenario.json"], stdout=subprocess.PIPE,
                           text=True)
    return sim, sim.stdout.readline().split()[-1]


def environment(folder, url):
    return {
        "PATH": os.environ["PATH"], "HOME": str(folder),
        "PTP_USER": "demo567890123456", "PTP_KEY": "demo5678901234567890123456789012",
        "PTP_CONTAINERS": "attic:2G,cellar:800G,hetzner:5T",
        "PTP_WATCH": str(folder / "watch"), "PTP_CONFIG": str(folder / "config.ptp"),
        "PTP_BASE_URL": url, "HC_URL": f"{url}/ping/{CHECK}",
        "PTP_INTERVAL": f"{INTERVAL_S}s", "PTP_FETCH_SLEEP": "0", "LOG_FORMAT": "json",
    }


def explain(message, container):
    """What a line of the log means, for a reader who sees it for the first time."""
    if "assigned TorrentID" in message:
        return "the tracker says which torrent this container has to keep next"
    if message.startswith("delivered"):
        return "checked, and moved into the folder that the torrent client watches"
    if "HTTP 503" in message and container:
        return "the tracker is in trouble; nothing is lost, the program retries soon"
    if message.startswith("WAIT"):
        return "the tracker is left alone for now"
    if message.startswith("FULL"):
        return "nothing to do: the container holds as much as you offered, or a little more:\n"\
            "       the tracker stops after the torrent that reaches the size"
    return None


def tell(daemon):
    """Prints the daemon's log with explanations until enough cycles have ended."""
    ended = 0
    end = time.monotonic() + DEADLINE_S
    for line in daemon.stderr:
        event = json.loads(line)
        container, message = event.get("container"), event["msg"]
        say(f"  {container + ': ' if container else ''}{message}")
        meaning = explain(message, container)
        if meaning:
            say(f"      ({meaning})")
        if message.startswith("cycle ended"):
            say()
        ended += message.startswith("cycle ended") and "FULL" in message
        if ended == 1 or time.monotonic() > end:
            return ended == 1
    return False


def show_end(folder, env, url):
    say("The folder that the torrent client watches:")
    for path in sorted((folder / "watch").glob("*.torrent")):
        say(f"  {path.name}  ({path.stat().st_size} bytes)")
    say("\nWhat `ptp-archiver status` says:")
    status = subprocess.run([ARCHIVER, "status"], env=env, capture_output=True, text=True)
    say("  " + status.stdout.strip().replace("\n", "\n  "))
    say("\nThe pings that Healthchecks got:")
    with urllib.request.urlopen(f"{url}/sim/state") as answer:
        for ping in json.load(answer)["pings"]:
            say(f"  {ping['kind']:8} {ping['body'].splitlines()[0]}")


def main():
    folder = pathlib.Path(tempfile.mkdtemp(prefix="ptp-archiver-demo."))
    sim, url = start_sim(folder)
    try:
        env = environment(folder, url)
        say("A simulated tracker is running. The program keeps three containers filled: attic is small")
        say("and soon full, the first request for cellar fails, and hetzner is large.")
        say(f"In real life a cycle runs every 6 hours. Here, one runs every {INTERVAL_S} s.\n")
        daemon = subprocess.Popen([ARCHIVER, "run"], env=env, stderr=subprocess.PIPE, text=True)
        try:
            well = tell(daemon)
        finally:
            daemon.terminate()
            daemon.wait(10)
        say(f"  (ended with SIGTERM; exit status {daemon.returncode})\n")
        show_end(folder, env, url)
        say("\nThat was it. `ptp-archiver run` does this unattended, for years.")
        return 0 if well else 1
    finally:
        sim.terminate()
        sim.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
