"""What the built program says of its own hardening, and that its memory is its own."""

import os
import pathlib
import platform
import re
import signal
import subprocess
import sys

import pytest

from harness import ARCHIVER, BUILD, KEY, family, inner, wait_for

NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become two processes' user")


def readelf(*arguments):
    return subprocess.run(["readelf", "-W", *arguments], check=True, capture_output=True,
                          text=True).stdout


def is_sanitized():
    return "__asan_init" in readelf("--dyn-syms", ARCHIVER)


def is_static():
    return "INTERP" not in readelf("-l", ARCHIVER)


def test_program_is_at_a_random_address():
    assert re.search(r"Type:\s+DYN", readelf("-h", ARCHIVER))


def test_what_the_linker_has_filled_in_is_read_only():
    assert "GNU_RELRO" in readelf("-l", ARCHIVER)
    if not is_static():
        assert re.search(r"\(FLAGS(_1)?\).*(BIND_)?NOW", readelf("-d", ARCHIVER))


def test_stack_cannot_be_executed():
    line = re.search(r"GNU_STACK.*", readelf("-l", ARCHIVER)).group()
    assert " RW " in line and "RWE" not in line


def test_no_segment_is_both_written_and_executed():
    assert not re.search(r"LOAD.* RWE ", readelf("-l", ARCHIVER))


@pytest.mark.skipif(is_sanitized(), reason="sanitizers bring checks of their own")
def test_functions_check_their_stack_and_their_buffers():
    names = readelf("-s", ARCHIVER)
    assert "__stack_chk_fail" in names
    if platform.libc_ver()[0] == "glibc":
        assert len(set(re.findall(r"\b__\w+_chk\b", names))) >= 5


def objects():
    return sorted(BUILD.glob("libparts.a.p/*.o")) + sorted(BUILD.glob("ptp-archiver.p/*.o"))


@pytest.mark.skipif(platform.machine() != "x86_64", reason="CET is of x86-64")
def test_every_object_is_ready_for_control_flow_enforcement():
    """The program itself says so only if the C library's start files do."""
    assert len(objects()) > 100
    for path in objects():
        assert re.search(r"IBT, SHSTK", readelf("-n", path)), path.name


@pytest.mark.skipif(platform.machine() != "aarch64", reason="BTI and PAC are of AArch64")
def test_every_object_is_ready_for_branch_targets():
    for path in objects():
        assert re.search(r"BTI, PAC", readelf("-n", path)), path.name


# ---- memory

@pytest.fixture
def of_nobody(make, sim):
    """A daemon whose user is neither root nor its folder's reader by chance."""
    a = make(LOG_LEVEL="info", PTP_INTERVAL="60m")
    for path in [*a.folder.parents][:4]:
        if str(path).startswith("/tmp") or "pytest" in str(path):
            path.chmod(path.stat().st_mode | 0o111)
    subprocess.run(["chown", "-R", "65534:65534", a.folder], check=True)
    process = a.start(prefix=NOBODY)
    wait_for(lambda: "cycle ended" in a.log())
    return a, process


@as_root
@pytest.mark.parametrize("name", ["environ", "mem", "maps"])
def test_another_process_of_the_same_user_cannot_read_the_memory(of_nobody, name):
    _, process = of_nobody
    for pid in family(process.pid):
        read = subprocess.run([*NOBODY, "head", "-c1", f"/proc/{pid}/{name}"],
                              capture_output=True, text=True)
        assert read.returncode != 0 and "Permission denied" in read.stderr, read
        assert KEY not in read.stdout


@as_root
def test_another_process_of_the_same_user_cannot_trace_it(of_nobody):
    _, process = of_nobody
    for pid in family(process.pid):
        attach = (f"import ctypes; c = ctypes.CDLL(None, use_errno=True); "
                  f"print(c.ptrace(16, {pid}, None, None), ctypes.get_errno())")
        told = subprocess.run([*NOBODY, sys.executable, "-c", attach], capture_output=True,
                              text=True)
        assert told.stdout.split() == ["-1", "1"], told


@pytest.mark.skipif(is_sanitized(), reason="AddressSanitizer catches the signal")
def test_crash_leaves_no_core(make, sim):
    a = make(PTP_INTERVAL="60m")
    process = a.start(prefix=("sh", "-c", "ulimit -c unlimited; exec \"$@\"", "sh"))
    wait_for(lambda: "cycle ended" in a.log())
    for pid in family(process.pid):
        limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
        assert re.search(r"Max core file size\s+0\s", limits)
    os.kill(inner(process), signal.SIGSEGV)
    _, status = os.waitpid(process.pid, 0)
    process.returncode = -os.WTERMSIG(status)
    assert os.WTERMSIG(status) == signal.SIGSEGV and not os.WCOREDUMP(status)
    assert not list(a.folder.rglob("core*"))


def test_commands_get_the_limit_that_the_program_had(make, sim):
    a = make(containers=None)
    script = a.folder / "limit.sh"
    script.write_text("echo core limit: $(ulimit -c)\n")
    a.configure(ApiUser=a.environment["PTP_USER"], ApiKey=a.environment["PTP_KEY"],
                Containers={"attic": {"Size": "1T", "WatchDirectory": str(a.watch),
                                      "AfterFetchExec": f"sh {script}"}})
    limit = ("sh", "-c", "ulimit -Sc 8; exec \"$@\"", "sh")
    # AddressSanitizer would set the limit itself.
    options = f"{os.environ.get('ASAN_OPTIONS', '')}:disable_coredump=0"
    log = a.fetch(prefix=limit, status=0, ASAN_OPTIONS=options).stderr
    assert "core limit: 8" in log
