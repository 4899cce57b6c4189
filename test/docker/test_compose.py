"""The stack of compose.yaml as it stands, from `up` to a completed download in the client.

Three things are changed, because no test has an account or asks anything outside: the tracker is
the simulator, the client's image is a local one that behaves like the named one, and both services
live in a network namespace of their own, which also holds a BitTorrent tracker and a seeder.
"""

import filecmp
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

import pytest
import yaml

from conftest import CLIENT, HERE, KEY, NATIVE, USER
from engine import ROOT
from harness import wait_for

ADDRESSES = TRACKER, SEEDER, LEECHER = "10.78.0.1", "10.78.0.2", "10.78.0.3"
NEEDED = ("nsenter", "ip", "opentracker", "qbittorrent-nox", "mktorrent", "transmission-create",
          "setpriv")
DOWNLOAD_LIMIT = 90
READY_LIMIT = 60

TRANSMISSION = {
    "bind-address-ipv4": LEECHER, "bind-address-ipv6": "::1", "dht-enabled": False,
    "lpd-enabled": False, "pex-enabled": False, "utp-enabled": False,
    "port-forwarding-enabled": False, "rpc-bind-address": "127.0.0.1",
    "rpc-authentication-required": False, "download-dir": "/downloads", "watch-dir": "/watch",
    "watch-dir-enabled": True, "umask": 7,
}


def own(path, mode):
    path.mkdir(exist_ok=True) if not path.is_file() else None
    path.chmod(mode)
    os.chown(path, 1000, 1000)


def prepare(folder, network, url):
    """A folder as the head of compose.yaml tells the user to make it, and the three changes."""
    shutil.copy(ROOT / "compose.yaml", folder)
    for name in ("secrets", "app", "watch", "downloads", "client"):
        own(folder / name, 0o755)
    for name, value in (("ptp_user", USER), ("ptp_key", KEY)):
        (folder / "secrets" / name).write_text(value + "\n")
        own(folder / "secrets" / name, 0o600)
    (folder / "client" / "settings.json").write_text(json.dumps(TRANSMISSION))
    own(folder / "client" / "settings.json", 0o600)
    stack = yaml.safe_load((folder / "compose.yaml").read_text())
    for service in stack["services"].values():
        service["network_mode"] = network
        service.pop("ports", None)
    stack["services"]["client"]["image"] = CLIENT
    archiver = stack["services"]["ptp-archiver"]
    del archiver["build"]
    archiver["image"] = NATIVE
    archiver["environment"].update(PTP_BASE_URL=url, PTP_FETCH_SLEEP="0", PTP_PER_CYCLE="2")
    archiver["healthcheck"] = {"test": ["CMD", "/usr/bin/ptp-archiver", "health"],
                               "interval": "1s"}
    (folder / "compose.yaml").write_text(yaml.safe_dump(stack))


@pytest.fixture
def namespace(engine, client_image):
    """A network namespace with addresses for all peers and no way out: that of a container that
    sleeps.  (--network of its services, command to enter it)"""
    name = f"ptp-archiver-test-net-{os.getpid()}"
    if not engine.ours and os.environ.get("DOCKER_HOST", "unix").startswith("tcp"):
        pytest.skip("the engine is on another machine")
    engine.run("run", "-d", "--name", name, "--network=none", "--entrypoint=sleep", client_image,
               "3600")
    try:
        pid = engine.run("inspect", "--format={{.State.Pid}}", name).stdout.strip()
        enter = ["nsenter", f"--net=/proc/{pid}/ns/net"]
        for address in ADDRESSES:
            subprocess.run([*enter, "ip", "address", "add", f"{address}/32", "dev", "lo"],
                           check=True)
        yield f"container:{name}", enter
    finally:
        engine.run("rm", "-f", name, status=None)


@pytest.fixture
def swarm(namespace, tmp_path):
    """What the stack talks to, at work in the namespace."""
    folder = tmp_path / "swarm"
    folder.mkdir()
    with open(tmp_path / "swarm.log", "w") as log:
        process = subprocess.Popen(
            [*namespace[1], sys.executable, HERE / "swarm_side.py", folder, TRACKER, SEEDER],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
    try:
        line = process.stdout.readline()
        assert line, (tmp_path / "swarm.log").read_text()
        yield json.loads(line)
    finally:
        process.stdin.close()
        process.wait(60)


def percent(engine, container):
    """What the client says of each torrent: {name: "100%"}."""
    done = engine.run("exec", container, "transmission-remote", "127.0.0.1:9091", "--list",
                      status=None)
    return {line[70:].strip(): line.split()[1] for line in done.stdout.splitlines()
            if re.match(r"\s*\d+\*?\s", line)}


def same(seeded, arrived):
    files = [p.relative_to(seeded) for p in seeded.rglob("*") if p.is_file()]
    assert files == [f for f in files if filecmp.cmp(seeded / f, arrived / f, shallow=False)]
    return len(files)


def test_the_compose_file_is_valid_and_holds_no_secret(engine, tmp_path):
    shutil.copy(ROOT / "compose.yaml", tmp_path)
    shown = yaml.safe_load(engine.compose("config", cwd=tmp_path))
    archiver = shown["services"]["ptp-archiver"]
    assert archiver["read_only"] and archiver["cap_drop"] == ["ALL"]
    assert archiver["security_opt"] == ["no-new-privileges:true"]
    assert "PTP_KEY" not in archiver["environment"] and archiver["mem_limit"]
    assert archiver["logging"]["options"]["max-size"]


def switched_to_the_utility(text):
    """What the head of compose.yaml tells to do."""
    lines, changed = [], []
    for line in text.splitlines():
        if line.endswith("# utility"):
            changed.append("utility")
            line = line.replace("#", "", 1)
        elif line.endswith("# native"):
            changed.append("native")
            line = "#" + line
        lines.append(line)
    assert sorted(changed) == ["native"] * 2 + ["utility"] * 4
    return "\n".join(lines) + "\n"


def test_the_compose_file_switches_to_the_utility_as_its_head_says(engine, tmp_path):
    text = (ROOT / "compose.yaml").read_text()
    plain = tmp_path / "plain"
    plain.mkdir()
    for folder, content in ((plain, text), (tmp_path, switched_to_the_utility(text))):
        (folder / "compose.yaml").write_text(content)
    before, after = (yaml.safe_load(engine.compose("config", cwd=folder))["services"][
        "ptp-archiver"] for folder in (plain, tmp_path))
    assert before["image"] == "ptp-archiver" and "target" not in before["build"]
    assert after["image"] == "ptp-archiver:utility" and after["build"]["target"] == "utility"
    assert "PTP_ENGINE" not in before["environment"]
    assert after["environment"] == {**before["environment"], "PTP_ENGINE": "utility",
                                    "PTP_UTILITY_UPDATE": "auto"}
    stages = re.findall(r"^FROM .* AS (\w+)$", (ROOT / "Dockerfile").read_text(), re.M)
    assert after["build"]["target"] in stages
    others = {"build", "image", "environment", "volumes", "secrets"}
    assert {k: v for k, v in after.items() if k not in others} == \
        {k: v for k, v in before.items() if k not in others}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can enter a network namespace")
def test_the_stack_goes_from_up_to_a_completed_download(engine, native, namespace, swarm, tmp_path):
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    missing = [n for n in NEEDED if not shutil.which(n, path=path)]
    assert not missing, f"install the packages of {missing}: ./dev setup all"
    folder = tmp_path / f"stack{os.getpid()}"
    folder.mkdir()
    prepare(folder, namespace[0], swarm["url"])

    def container(service):
        return engine.compose("ps", "-q", service, cwd=folder).strip()

    engine.compose("up", "-d", cwd=folder)
    try:
        client, archiver = container("client"), container("ptp-archiver")
        wait_for(lambda: list(percent(engine, client).values()) == ["100%", "100%"],
                 DOWNLOAD_LIMIT, "two torrents downloaded by the client")
        seeded = pathlib.Path(swarm["data"])
        wait_for(lambda: same(seeded, folder / "downloads") == 5, 10, "the data on the disk")
        left = [p.name for p in (folder / "watch").iterdir() if p.is_file()]
        assert len(left) == 2 and all(n.endswith(".torrent.added") for n in left), left
        state = json.loads(engine.run("inspect", archiver).stdout)[0]
        wait_for(lambda: json.loads(engine.run("inspect", archiver).stdout)[0]["State"]["Health"][
            "Status"] == "healthy", 20, "healthy")
        assert state["HostConfig"]["ReadonlyRootfs"] and state["HostConfig"]["Memory"] == 256 << 20
        shown = engine.run("exec", archiver, "ptp-archiver", "status").stdout
        assert "attic" in shown and "OK" in shown
        begin = time.monotonic()
        engine.compose("stop", "ptp-archiver", cwd=folder)
        assert time.monotonic() - begin < 5     # the tool itself takes a part of it
        state = json.loads(engine.run("inspect", archiver).stdout)[0]["State"]
        assert state["ExitCode"] == 0, state
    except AssertionError:
        print(engine.compose("logs", cwd=folder))
        raise
    finally:
        engine.compose("down", cwd=folder)
