"""Virtual time for real programs: the simulator and hosts with the program, and a clock that jumps
when all of them sleep (world.h)."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "scenario"))

from harness import ARCHIVER, BUILD, CHECK, KEPT, KEY, SIM, USER  # noqa: E402

TOOLS = HERE.parents[1] / "build" / "weeks"
TRACKER = 0  # the host of the simulator; its clock is right
SECOND, MINUTE, HOUR, DAY = 1, 60, 3600, 86400


def tools():
    """The compiled shim and conductor: made again when their sources are newer."""
    TOOLS.mkdir(parents=True, exist_ok=True)
    newest = max(p.stat().st_mtime for p in HERE.glob("*.[ch]"))
    for name, options in (("shim.so", ("-shared", "-fPIC")), ("conductor", ())):
        made = TOOLS / name
        if made.exists() and made.stat().st_mtime > newest:
            continue
        new = TOOLS / f"{name}.{os.getpid()}"
        subprocess.run(["cc", "-std=gnu17", "-D_GNU_SOURCE", "-O2", *options, "-o", str(new),
                        str(HERE / f"{made.stem}.c"), "-ldl", "-pthread"], check=True)
        new.rename(made)


class World:
    """All clocks and processes of one scenario.  Times are seconds since its begin."""

    def __init__(self, folder, scenario=None):
        tools()
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.epoch = int(time.time())
        self.file = self.folder / "world"
        self.processes = []
        self.conductor = subprocess.Popen([TOOLS / "conductor", str(self.file),
                                           str(self.epoch * 10**9)], text=True, bufsize=1,
                                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._line() == "ready"
        self.now = 0.0
        self.hosts = 0
        self._start_simulator(scenario or {})

    # -- the conductor --

    def _line(self):
        line = self.conductor.stdout.readline().strip()
        assert line and not line.startswith("failed"), line
        return line

    def _tell(self, *words):
        self.conductor.stdin.write(" ".join(map(str, words)) + "\n")
        return self._line()

    def _run(self, seconds, *pid):
        answer = self._tell("run", self.epoch * 10**9 + round(seconds * 1e9), *pid)
        self.now = int(answer.split()[1]) / 1e9 - self.epoch

    def until(self, when):
        self._run(when)

    def sleep(self, seconds):
        self._run(self.now + seconds)

    def finish(self, process, limit=30 * DAY):
        """Let time pass until the process has ended; its status."""
        self._run(self.now + limit, process.pid)
        return process.wait(10)

    def end(self, process):
        """Kill it, as a power failure does."""
        process.kill()
        self.finish(process, 1)

    # -- processes --

    def spawn(self, command, host, environment, **keys):
        environment = {**environment, "LD_PRELOAD": str(TOOLS / "shim.so"),
                       "WEEKS_WORLD": str(self.file), "WEEKS_HOST": str(host)}
        process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, **keys)
        self.processes.append(process)
        assert self._tell("expect", process.pid) == "ok"
        return process

    def _start_simulator(self, scenario):
        self.scenario_path = self.folder / "scenario.json"
        self.log_path = self.folder / "requests.jsonl"
        self.scenario(**scenario)
        self.simulator = self.spawn(
            [SIM, "--listen", "127.0.0.1:0", "--scenario", self.scenario_path, "--log",
             self.log_path], TRACKER, {"PATH": os.environ["PATH"], "TZ": "UTC"},
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.simulator.stdout.readline().rsplit(":", 1)[1])

    def scenario(self, **keys):
        new = self.scenario_path.with_suffix(".new")
        new.write_text(json.dumps(keys))
        new.rename(self.scenario_path)

    def faults(self, *rules, **keys):
        self.scenario(faults=list(rules), **keys)

    def count(self, endpoint):
        """How many requests the log has, without reading them."""
        text = self.log_path.read_text() if self.log_path.exists() else ""
        return text.count(f'"endpoint":"{endpoint}"')

    def log(self):
        if not self.log_path.exists():
            return []
        records = [json.loads(line) for line in self.log_path.read_text().splitlines()]
        for r in records:
            r["at"] -= self.epoch
        return records

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()
            if process.stdout:
                process.stdout.close()
        self.conductor.stdin.close()
        self.conductor.wait()
        self.conductor.stdout.close()


class Host:
    """A machine with the program, its own clocks and its own state."""

    NAMES = ("127.0.0.1", "localhost")  # The tracker's log shows by which one it was called.

    def __init__(self, world, containers, **variables):
        world.hosts += 1
        self.world, self.number = world, world.hosts
        self.folder = world.folder / f"host{self.number}"
        self.watch, self.state = self.folder / "watch", self.folder / "state"
        self.watch.mkdir(parents=True)
        self.name = self.NAMES[self.number - 1]
        self.log_path = self.folder / "log"
        self.boots = 0
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment.update(
            HOME=str(self.folder), TZ="UTC", PTP_USER=USER, PTP_KEY=KEY, PTP_WATCH=str(self.watch),
            PTP_CONFIG=str(self.folder / "config.ptp"), PTP_FETCH_SLEEP="10",
            PTP_CONTAINERS=containers, PTP_BASE_URL=f"http://{self.name}:{world.port}",
            HC_URL=f"http://{self.name}:{world.port}/ping/{CHECK}")
        self.environment.update(variables)
        self.boot()

    def boot(self):
        """A new boot of the machine: another boot id, and its clock since the boot is at 0."""
        self.boots += 1
        path = self.folder / "boot_id"
        path.write_text(f"{self.number:08x}-0000-4000-8000-{self.boots:012x}\n")
        self.environment["WEEKS_BOOT"] = str(path)
        assert self.world._tell("boot", self.number) == "ok"

    def set_clock(self, ahead):
        """Set the wall clock so many seconds ahead of the tracker's (negative: behind)."""
        assert self.world._tell("set", self.number, round(ahead * 1e9)) == "ok"

    def start(self, *arguments, **variables):
        with open(self.log_path, "a") as log:
            return self.world.spawn([ARCHIVER, *arguments], self.number,
                                    {**self.environment, **variables}, cwd=self.folder,
                                    stdout=log, stderr=log)

    def daemon(self, **variables):
        return self.start("run", **variables)

    def command(self, *arguments, **variables):
        """Run to its end; the exit status."""
        return self.world.finish(self.start(*arguments, **variables))

    def stop(self, process, sig=signal.SIGTERM):
        process.send_signal(sig)
        return self.world.finish(process, 60)

    def forget(self, marks=True):
        """The state folder is lost.  With `marks` everything is that knows its ledger: the marks of
        the other folders, and config.ptp, which the program writes from its environment."""
        shutil.rmtree(self.state, ignore_errors=True)
        if not marks:
            return
        (self.folder / "config.ptp").unlink(missing_ok=True)
        for hidden in self.watch.glob("**/.ptp-archiver"):
            shutil.rmtree(hidden, ignore_errors=True)

    def said(self):
        return self.log_path.read_text()


def fast_folder():
    return tempfile.mkdtemp(prefix="ptp-archiver-weeks.",
                            dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
