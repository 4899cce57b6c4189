"""What the daemon gives up: each promise of doc/security.md, tried in the real process."""

import ctypes
import errno
import os
import pathlib
import shutil
import signal
import subprocess
import time
import urllib.request

import pytest

from harness import KEY, USER, Terminal, family, free_port, inner, wait_for

LANDLOCK = max(0, ctypes.CDLL(None).syscall(444, None, 0, 1))  # landlock_create_ruleset, its version
pytestmark = pytest.mark.skipif("PTP_SANDBOX" in os.environ, reason="the sandbox is switched off")
needs_landlock = pytest.mark.skipif(not LANDLOCK, reason="this kernel has no Landlock")

FILES = ["write-etc", "make-etc", "make-tmp", "read-outside", "write-outside", "remove-outside",
         "folder-outside", "list-outside", "list-root-home", "in-a-thread"]
CALLS = ["execute", "ptrace", "trace-me", "mount", "unshare", "chroot", "new-user",
         "clone-namespace", "bpf", "io_uring", "keyring", "set-clock", "write-and-execute",
         "make-executable", "module", "module-of-file", "remove-module", "performance",
         "page-faults", "read-memory", "write-memory", "enter-namespace", "file-of-handle",
         "add-key", "io_uring-enter", "unmount"]
MAY = ["may-read-etc", "may-connect", "may-look-up-names"]


def compiled(name, tmp_path_factory):
    path = tmp_path_factory.mktemp(name) / f"{name}.so"
    source = pathlib.Path(__file__).with_name(f"{name}.c")
    subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", path,
                    source], check=True)
    return str(path)


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    return compiled("attempts", tmp_path_factory)


@pytest.fixture(scope="session")
def kernel(tmp_path_factory):
    return compiled("kernel", tmp_path_factory)


def attempts(make, tmp_path, library, configured=False, **variables):
    """{what the daemon tried: its errno}"""
    outside = tmp_path / "outside"
    outside.mkdir()
    for name in ("secret", "spare"):
        (outside / name).write_text("of somebody else")
    a = make(PTP_INTERVAL="60m", LD_PRELOAD=library, OUTSIDE=outside,
             ELSEWHERE=free_port(), **variables)
    a.set(ATTEMPTS=a.state / "attempts")
    if configured:
        a.set(PTP_CONTAINERS=None)
        configure(a, "true")
    process = a.start()
    wait_for(lambda: "cycle ended" in a.log())
    assert a.stop(process)[0] == 0
    lines = (a.state / "attempts").read_text().split("\n")
    for folder in ("/tmp", "/etc"):
        pathlib.Path(folder, "ptp-archiver-attempt").unlink(missing_ok=True)
    return {name: int(number) for name, number in (line.split() for line in lines if line)}


@pytest.fixture(scope="session")
def inside(request, tmp_path_factory, library):
    """What the daemon could do in its sandbox, tried once."""
    from harness import Archiver, Sim
    base = tmp_path_factory.mktemp("inside")
    sim = Sim(base / "sim")
    try:
        yield attempts(lambda **v: Archiver(base / "archiver", sim.url, **v), base, library)
    finally:
        sim.close()


@needs_landlock
@pytest.mark.parametrize("what", FILES)
def test_files_that_it_does_not_need_are_out_of_reach(inside, what):
    assert inside[what] == errno.EACCES


@pytest.mark.parametrize("what", CALLS)
def test_calls_that_it_does_not_need_are_refused(inside, what):
    assert inside[what] == errno.EPERM


def test_other_kinds_of_sockets_are_refused(inside):
    assert inside["packet-socket"] == errno.EAFNOSUPPORT


def test_call_of_another_table_ends_the_process_that_makes_it(inside):
    assert inside["other-table"] == signal.SIGSYS


@needs_landlock
def test_configuration_can_be_written_only_if_the_environment_names_the_containers(
        inside, make, tmp_path, library):
    assert inside["own-configuration"] == 0
    tried = attempts(make, tmp_path, library, configured=True)
    assert tried["own-configuration"] == errno.EACCES


def test_clone3_is_as_if_the_kernel_did_not_know_it(inside):
    assert inside["clone3"] == errno.ENOSYS


@pytest.mark.skipif(LANDLOCK < 4, reason="this kernel's Landlock knows no ports")
def test_it_listens_only_where_the_page_is(inside):
    assert inside["listen-elsewhere"] == errno.EACCES


@pytest.mark.parametrize("what", MAY)
def test_what_it_needs_works(inside, what):
    assert inside[what] == 0


@pytest.mark.skipif(os.getuid() != 0, reason="only root may do it all without a sandbox")
@pytest.mark.parametrize("off", ["off", "0", "no"])
def test_switched_off_nothing_of_it_holds(make, tmp_path, library, off):
    tried = attempts(make, tmp_path, library, PTP_SANDBOX=off, GENTLY="1")
    for what in ("make-tmp", "read-outside", "write-outside", "list-outside", "execute",
                 "folder-outside", "make-executable", "listen-elsewhere"):
        assert tried[what] == 0, what


# ---- other kernels

NO_LANDLOCK = [errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM]
KERNELS = [*((f"Landlock (ABI {n}) and seccomp", {"LANDLOCK_ABI": n}) for n in range(2, 8)
             if n <= LANDLOCK),
           ("seccomp", {"LANDLOCK_ABI": 1}),
           *(("seccomp", {"LANDLOCK_ERRNO": e}) for e in NO_LANDLOCK),
           *(("", {"LANDLOCK_ERRNO": e, "SECCOMP_ERRNO": errno.EINVAL}) for e in NO_LANDLOCK)]
DENIALS = [("seccomp", {"RESTRICT_ERRNO": errno.EPERM}), ("seccomp", {"RESTRICT_ERRNO": errno.E2BIG}),
           ("Landlock", {"FILTER_ERRNO": errno.EACCES}),
           ("off", {"RESTRICT_ERRNO": errno.EPERM, "FILTER_ERRNO": errno.EPERM})]


def works(make, kernel, variables, tmp_path):
    """A daemon on this kernel takes a torrent, delivers it, runs a command and shows its page."""
    done = tmp_path / "done"
    a = make(containers=None, PTP_INTERVAL="60m", PTP_LISTEN=f"127.0.0.1:{free_port()}",
             LD_PRELOAD=kernel, **variables)
    configure(a, f"touch {done}")
    process = a.start()
    wait_for(lambda: "cycle ended" in a.log(), what=a.log())
    assert len(a.delivered()) == 1 and done.exists() and "ERR(" not in a.log()
    with urllib.request.urlopen(f"http://{a.environment['PTP_LISTEN']}/") as answer:
        page = answer.read().decode()
    assert a.stop(process)[0] == 0
    return page.partition("Sandbox: ")[2].partition(".</p>")[0]


@pytest.mark.parametrize("offered, variables", KERNELS, ids=str)
def test_it_works_on_every_kernel_and_says_what_it_has(make, kernel, offered, variables, tmp_path):
    assert works(make, kernel, variables, tmp_path) == (offered or "off")
    told = make(containers=None, LD_PRELOAD=kernel, **variables).run("version", status=0).stdout
    assert f"sandbox: {offered or 'this kernel has none'}\n" in told


@needs_landlock
@pytest.mark.parametrize("begin, variables", DENIALS, ids=str)
def test_kernel_that_refuses_what_it_offers_is_no_trouble(make, kernel, begin, variables, tmp_path):
    assert works(make, kernel, variables, tmp_path).startswith(begin)


# ---- programs run outside

def configure(a, command, **keys):
    a.configure(ApiUser=USER, ApiKey=KEY, **keys, Containers={
        "attic": {"Size": "1T", "WatchDirectory": str(a.watch), "AfterFetchExec": command}})


def started(make, command, **variables):
    a = make(containers=None, PTP_INTERVAL="60m", **variables)
    configure(a, command)
    process = a.start()
    wait_for(lambda: "cycle ended" in a.log(), what=a.log())
    return a, process


def test_after_fetch_exec_runs_outside(make, tmp_path):
    told = tmp_path / "told"
    script = tmp_path / "hook.sh"
    script.write_text(f'env > {told}; grep Seccomp: /proc/self/status >> {told}; echo said "$1"\n')
    a, process = started(make, f"sh {script} $name")
    assert "AfterFetchExec: said Some.Film" in a.log()
    text = told.read_text()
    assert "Seccomp:\t0" in text and KEY not in text and USER not in text and "PATH=" in text
    a.stop(process)


@pytest.mark.parametrize("command, says", [
    ("sh -c exit${IFS}7", "sh ended with status 7"),
    ("not-a-program-anywhere", "cannot run not-a-program-anywhere")])
def test_its_end_and_its_trouble_are_told(make, command, says):
    a, process = started(make, command)
    assert f"AfterFetchExec: {says}" in a.log()
    a.stop(process)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_stop_ends_a_command_that_runs_outside(make, tmp_path, end):
    mark = tmp_path / "pid"
    script = tmp_path / "long.sh"
    script.write_text(f"echo $$ > {mark}; exec sleep 300\n")
    a = make(containers=None, PTP_INTERVAL="60m")
    configure(a, f"sh {script}")
    process = a.start()
    wait_for(lambda: mark.exists() and mark.read_text().strip())
    pid = int(mark.read_text())
    status, seconds = a.stop(process, end)
    assert status == 0 and seconds < 2
    wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists())


# ---- the process that keeps the one inside

def test_killed_keeper_takes_the_daemon_along(make):
    a, process = started(make, "true")
    pid = inner(process)
    a.stop(process, signal.SIGKILL)
    wait_for(lambda: not pathlib.Path(f"/proc/{pid}").exists())


@pytest.mark.parametrize("sig", [signal.SIGKILL, signal.SIGABRT])
def test_keeper_ends_as_the_daemon_does(make, sig):
    a, process = started(make, "true")
    os.kill(inner(process), sig)
    assert process.wait(5) == -sig


def test_reload_that_names_a_new_watch_folder_works(make, sim, tmp_path):
    a, process = started(make, "true")
    before = inner(process)
    new = tmp_path / "elsewhere" / "watch"
    new.mkdir(parents=True)
    a.configure(ApiUser=USER, ApiKey=KEY, Containers={
        "attic": {"Size": "1T", "WatchDirectory": str(new)}})
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: "was read again" in a.log())
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: list(new.glob("*.torrent")), what=a.log())
    assert "ERR(" not in a.log() and inner(process) != before
    assert a.stop(process)[0] == 0


def test_reload_without_other_paths_keeps_the_process(make):
    a, process = started(make, "true")
    before = inner(process)
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: "was read again" in a.log())
    assert inner(process) == before
    a.stop(process)


def test_reload_that_names_a_secret_file_outside_works(make, sim, tmp_path):
    a, process = started(make, "true")
    secret = tmp_path / "vault" / "url"
    secret.parent.mkdir()
    secret.write_text("ntfy+https://127.0.0.1:1/topic\n")
    configure(a, "true", Notify=[{"URLFile": str(secret)}])
    before = inner(process)
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: "was read again" in a.log(), what=a.log())
    wait_for(lambda: inner(process) != before)
    assert "ERROR" not in a.log()
    a.stop(process)


def test_bad_reload_is_refused_as_ever(make):
    a, process = started(make, "true")
    before = inner(process)
    a.configure(ApiUser="short", Containers={"attic": {"Size": "much"}})
    process.send_signal(signal.SIGHUP)
    wait_for(lambda: "the old one stays" in a.log())
    assert inner(process) == before
    a.stop(process)


def test_folder_that_is_missing_at_first_use_is_made(make, tmp_path):
    a = make(PTP_INTERVAL="60m")
    a.watch.rmdir()
    process = a.start()
    wait_for(lambda: "cycle ended" in a.log())
    assert list(a.watch.glob("*.torrent")) and "ERR(" not in a.log()
    a.stop(process)


@needs_landlock
def test_folder_that_is_replaced_is_usable_again(make, sim, tmp_path):
    watch = tmp_path / "watch"
    watch.mkdir()
    a = make(PTP_INTERVAL="60m", PTP_WATCH=watch)
    process = a.start()
    wait_for(lambda: "cycle ended" in a.log())
    watch.rename(tmp_path / "old")
    shutil.copytree(tmp_path / "old", watch)
    wait_for(lambda: "a new process gets the rights" in a.log(), what="renewal")
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: len(list(watch.glob("*.torrent"))) == 2, what=a.log())
    assert a.stop(process)[0] == 0


@pytest.fixture
def disk(tmp_path):
    """disk(where): mounts the same file system; twice, if it was unmounted between."""
    image, mounts = tmp_path / "image", []
    with open(image, "wb") as f:
        f.truncate(8 << 20)
    if os.getuid() or subprocess.run(["mke2fs", "-q", "-F", image]).returncode:
        pytest.skip("needs root and mke2fs")
    # Else the mount appears in other mount namespaces too, and lives on there.
    subprocess.run(["mount", "--bind", tmp_path, tmp_path], check=True)
    subprocess.run(["mount", "--make-private", tmp_path], check=True)

    def mount(where):
        done = subprocess.run(["mount", "-o", "loop", image, where], capture_output=True, text=True)
        if done.returncode:
            pytest.skip("cannot mount: " + done.stderr.strip())
        mounts.append(where)

    yield mount
    for where in [*mounts, tmp_path]:
        subprocess.run(["umount", "-l", "-q", where])


@needs_landlock
def test_disk_that_is_unmounted_and_mounted_again_is_usable(make, disk, tmp_path):
    """It has the same numbers as before, but no rule of Landlock's any more."""
    mount = tmp_path / "mount"
    mount.mkdir()
    a = make(PTP_INTERVAL="60m", PTP_WATCH=mount)
    disk(mount)
    process = a.start()
    wait_for(lambda: "cycle ended" in a.log())
    assert len(list(mount.glob("*.torrent"))) == 1
    os.kill(inner(process), signal.SIGSTOP)     # It does not see the time between.
    subprocess.run(["umount", mount], check=True)
    disk(mount)
    os.kill(inner(process), signal.SIGCONT)
    wait_for(lambda: "a new process gets the rights" in a.log(), what="renewal")
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: len(list(mount.glob("*.torrent"))) == 2, what=a.log())
    assert a.stop(process)[0] == 0


@needs_landlock
def test_disk_that_is_mounted_later_is_usable(make, disk, tmp_path):
    """The watch folder is to be made on it."""
    mount = tmp_path / "mount"
    mount.mkdir()
    a = make(PTP_INTERVAL="60m", PTP_WATCH=mount / "folder" / "watch")
    process = a.start()
    wait_for(lambda: "cycle ended" in a.log())
    disk(mount)
    (mount / "folder").mkdir()
    process.send_signal(signal.SIGUSR1)
    wait_for(lambda: list((mount / "folder" / "watch").glob("*.torrent")), what=a.log())
    assert a.stop(process)[0] == 0


def renewing(a, process, tmp_path, i):
    """A reload that needs another process."""
    new = tmp_path / f"watch{i}"
    new.mkdir()
    a.configure(ApiUser=USER, ApiKey=KEY, Containers={
        "attic": {"Size": "1T", "WatchDirectory": str(new)}})
    process.send_signal(signal.SIGHUP)


def test_signals_amid_the_change_of_processes_are_not_lost(make, tmp_path):
    a, process = started(make, "true")
    for i in range(12):
        before, cycles = inner(process), a.log().count("cycle ended")
        renewing(a, process, tmp_path, i)
        time.sleep(0.002 * i)
        process.send_signal(signal.SIGUSR1)
        wait_for(lambda: a.log().count("was read again") == i + 1, what=a.log())
        wait_for(lambda: inner(process) != before, what="another process")
        wait_for(lambda: a.log().count("cycle ended") > cycles, what=f"the cycle that {i} asks for")
    assert a.stop(process)[0] == 0


@pytest.mark.parametrize("pause", [n / 500 for n in range(8)])
def test_stop_amid_the_change_of_processes_is_not_lost(make, tmp_path, pause):
    a, process = started(make, "true")
    renewing(a, process, tmp_path, 0)
    time.sleep(pause)
    status, seconds = a.stop(process)
    assert status == 0 and seconds < 3


def test_lock_of_the_state_folder_ends_with_the_daemon(make, tmp_path):
    """Not only with the helper, which may be at work then."""
    mark = tmp_path / "mark"
    script = tmp_path / "long.sh"
    script.write_text(f"echo $$ > {mark}; exec sleep 300\n")
    a = make(containers=None, PTP_INTERVAL="60m")
    configure(a, f"sh {script}")
    process = a.start()
    wait_for(lambda: mark.exists() and mark.read_text().strip())
    held = [f"/proc/{pid}/fd/{fd}" for pid in family(process.pid) if pid != inner(process)
            for fd in os.listdir(f"/proc/{pid}/fd")]
    assert not [path for path in held if os.readlink(path).startswith(str(a.state))]
    a.stop(process, signal.SIGKILL)
    os.kill(int(mark.read_text()), signal.SIGKILL)


def test_terminal_stops_and_resumes_all_of_it(make):
    a = make(PTP_INTERVAL="60m")
    terminal = Terminal(a, "run")
    terminal.expect("next cycle in")
    pids = family(terminal.process.pid)
    assert len(pids) == 3
    os.killpg(pids[0], signal.SIGSTOP)
    wait_for(lambda: {state(p) for p in pids} == {"T"})
    os.killpg(pids[0], signal.SIGCONT)
    wait_for(lambda: "T" not in {state(p) for p in pids})
    terminal.type("\x03")
    assert terminal.finish() == 0
    assert terminal.shown.count("stopped on request") == 1


def state(pid):
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_health_and_status_see_the_daemon(make):
    a, process = started(make, "true")
    a.run("health", status=0)
    a.stop(process)
    assert a.run("health").returncode == 1


def test_words_for_the_service_manager_come_from_the_process_that_it_knows(make, tmp_path):
    import socket
    import struct
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        manager.bind(str(path))
        manager.settimeout(10)
        a, process = started(make, "true", NOTIFY_SOCKET=path)
        senders = {}
        while "READY=1" not in senders:
            data, control, _, _ = manager.recvmsg(1000, 100)
            senders[data.decode()] = struct.unpack("iII", control[0][2][:12])[0]
        assert set(senders.values()) == {process.pid}
        a.stop(process)
