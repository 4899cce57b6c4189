"""The virtual clock itself: what programs see, and that nothing else moves it."""

import shutil
import subprocess
import sys
import time

import pytest

import world

TELL = """import time
print(time.time(), time.clock_gettime(time.CLOCK_BOOTTIME), time.monotonic(), flush=True)
"""


@pytest.fixture
def w():
    folder = world.fast_folder()
    made = world.World(folder)
    yield made
    made.close()
    shutil.rmtree(folder, ignore_errors=True)


def start(w, text, host=1):
    """Another program: it says how its clocks go."""
    return w.spawn([sys.executable, "-S", "-c", text], host, {}, stdout=subprocess.PIPE, text=True)


def test_a_long_sleep_takes_no_time(w):
    begin = time.monotonic()
    process = start(w, "import select; select.poll().poll(86400 * 1000)")
    assert w.finish(process) == 0
    assert w.now == pytest.approx(86400, abs=0.1) and time.monotonic() - begin < 10


def test_time_stands_still_while_somebody_works(w):
    process = start(w, "x = 0\nfor i in range(5000000): x += i")
    sleeper = start(w, "import select; select.poll().poll(3600 * 1000)")
    assert w.finish(process) == 0
    assert w.now < 1
    w.end(sleeper)


def test_sleepers_wake_in_the_order_of_their_deadlines(w):
    text = "import select; select.poll().poll({}); import time; print(time.time())"
    late, early = start(w, text.format(7000)), start(w, text.format(3000))
    assert w.finish(late) == 0 and early.wait(10) == 0
    assert float(late.stdout.read()) - w.epoch == pytest.approx(7, abs=0.1)
    assert float(early.stdout.read()) - w.epoch == pytest.approx(3, abs=0.1)


def test_a_wait_ends_at_once_when_there_is_something_to_read(w):
    process = start(w, """import os, select, time
r, s = os.pipe()
if os.fork() == 0:
    select.poll().poll(5000); os.write(s, b"x"); os._exit(0)
p = select.poll(); p.register(r, select.POLLIN)
print(len(p.poll(3600 * 1000)), time.time())""")
    assert w.finish(process) == 0
    n, at = process.stdout.read().split()
    assert n == "1" and float(at) - w.epoch == pytest.approx(5, abs=0.1)


def test_a_host_has_clocks_of_its_own(w):
    w.sleep(100)
    assert w._tell("boot", 1) == "ok" and w._tell("set", 1, 50 * 10**9) == "ok"
    w.sleep(10)
    process = start(w, TELL)
    assert w.finish(process) == 0
    wall, boot, monotonic = map(float, process.stdout.read().split())
    assert wall - w.epoch == pytest.approx(160, abs=0.1)
    assert boot == pytest.approx(10, abs=0.1) and monotonic == pytest.approx(10, abs=0.1)


def test_the_conductor_does_not_pass_the_time_that_it_was_told(w):
    process = start(w, "import select; select.poll().poll(10000)")
    w.until(4)
    assert w.now == pytest.approx(4, abs=0.1) and process.poll() is None
    w.until(11)
    assert process.wait(10) == 0
