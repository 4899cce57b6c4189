"""Fixtures of the image tests: an engine, the images built, containers that end with the test."""

import contextlib
import itertools
import json
import os
import pathlib
import sys
import types

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "scenario")]

import engine as docker     # noqa: E402
from harness import KEY, USER, Sim, inner, wait_for    # noqa: E402

NATIVE, UTILITY = "ptp-archiver-test:native", "ptp-archiver-test:utility"
ARM64, CLIENT = "ptp-archiver-test:arm64", "ptp-archiver-test:client"
LABELS = {"VERSION": "9.8.7", "REVISION": "0123456789abcdef", "CREATED": "2026-01-02T03:04:05Z",
          "SOURCE": "https://example.org/source"}


@pytest.fixture(scope="session")
def engine():
    with contextlib.ExitStack() as stack:
        why, running = None, None
        try:
            running = stack.enter_context(docker.engine())
        except docker.NoEngine as error:
            why = str(error)
        if why and os.environ.get("CI") == "true":
            pytest.fail(f"on CI the images must be tested: {why}", pytrace=False)
        if why:
            pytest.skip(why)
        yield running


def build(engine, tag, *options, context=docker.ROOT):
    engine.build(context, "--tag", tag, *options)
    return tag


def build_ours(engine, tag, *options):
    """One of the images of the Dockerfile.  Its build stage gets a name of its own, so that its
    layers are kept for the next run."""
    arch = [o for o in options if "ARCH=" in o]
    build(engine, f"{tag}-build", "--target=build", *arch)
    return build(engine, tag, *options)


@pytest.fixture(scope="session")
def native(engine):
    labels = [f"--build-arg={name}={value}" for name, value in LABELS.items()]
    return build_ours(engine, NATIVE, *labels)


@pytest.fixture(scope="session")
def utility(engine):
    labels = [f"--build-arg={name}={value}" for name, value in LABELS.items()]
    return build_ours(engine, UTILITY, "--target=utility", *labels)


@pytest.fixture(scope="session")
def client_image(engine):
    return build(engine, CLIENT, context=HERE / "client")


@pytest.fixture
def sim(tmp_path):
    running = Sim(tmp_path / "sim")
    yield running
    running.close()


class Container:
    """One `docker run -d`."""

    numbers = itertools.count(1)

    def __init__(self, engine, image, *options, command=(), **variables):
        self.engine = engine
        self.name = f"ptp-archiver-test-{os.getpid()}-{next(self.numbers)}"
        for name, value in variables.items():
            options += ("-e", f"{name}={value}")
        engine.run("run", "-d", "--name", self.name, "--network=host", *options, image, *command)

    def inspect(self):
        return json.loads(self.engine.run("inspect", self.name).stdout)[0]

    def state(self):
        return self.inspect()["State"]

    def inner(self):
        """The daemon's process in the sandbox, as the host numbers it."""
        return inner(types.SimpleNamespace(pid=self.state()["Pid"]))

    def health(self):
        return self.state()["Health"]["Status"]

    def wait_for_health(self, wanted, seconds=20):
        wait_for(lambda: self.health() == wanted, seconds, f"{wanted}: {self.state()['Health']}")
        return self.state()["Health"]["Log"][-1]["Output"]

    def log(self):
        done = self.engine.run("logs", self.name)
        return done.stdout + done.stderr

    def wait_for_log(self, text, times=1, seconds=20):
        try:
            wait_for(lambda: self.log().count(text) >= times, seconds, text)
        except AssertionError:
            raise AssertionError(f"not logged: {text}\n{self.log()}") from None

    def wait_for_end(self, seconds=20):
        wait_for(lambda: not self.state()["Running"], seconds, "the end of the container")
        return self.state()["ExitCode"]

    def exec(self, *arguments, status=0):
        return self.engine.run("exec", self.name, *arguments, status=status)

    def remove(self):
        self.engine.run("rm", "--force", "--volumes", self.name, status=None)


@pytest.fixture
def start(engine, native, sim, tmp_path):
    """start(OPTION..., VARIABLE=...): a container of the native image (or of `image`) that talks to
    the simulator. Its /watch is start.watch, a folder that everybody may write to."""
    made = []

    def run(*options, watch=True, image=native, **variables):
        if watch:
            options = ("-v", f"{run.watch}:/watch", *options)
        variables = {"PTP_USER": USER, "PTP_KEY": KEY, "PTP_CONTAINERS": "attic:800G",
                     "PTP_BASE_URL": sim.url, "PTP_FETCH_SLEEP": "0", **variables}
        made.append(Container(engine, image, *options, **variables))
        return made[-1]

    run.watch = tmp_path / "watch"
    run.watch.mkdir()
    run.watch.chmod(0o777)
    yield run
    for container in made:
        container.remove()
