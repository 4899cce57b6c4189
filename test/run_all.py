"""Runs the tests, part by part, and ends with `N passed, N failed`.

    test/run_all.py [PART...]      the parts are the functions called part_* below, in their order

Called by ./dev test, which installs what is needed.  Logs of each part are kept in build/test/.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]
LOGS = ROOT / "build" / "test"
FAST_FOLDER_BYTES = 2 << 30
PAGE_MODULES = ["playwright-core@1.56.1", "axe-core@4.14.1"]
# LeakSanitizer traces its own process, which the sandbox refuses.
SANITIZE = {"PTP_SANDBOX": "off", "ASAN_OPTIONS": "detect_leaks=1:halt_on_error=1:abort_on_error=0",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
SANITIZE_IN_SANDBOX = {
    "ASAN_OPTIONS": "detect_leaks=0:halt_on_error=1:verify_asan_link_order=0",
    "UBSAN_OPTIONS": SANITIZE["UBSAN_OPTIONS"]}


class Tally:
    """What ran, and how it ended."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, passed, failed, skipped=0):
        self.passed += passed
        self.failed += failed
        self.skipped += skipped


def command(part, arguments, **variables):
    """Runs, keeps the output in a log; returns exit status and output."""
    LOGS.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([str(a) for a in arguments], cwd=ROOT, text=True, errors="replace",
                          env={**os.environ, **variables}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    with open(LOGS / f"{part}.log", "a") as log:
        log.write(f"$ {' '.join(map(str, arguments))}\n{done.stdout}\n")
    return done.returncode, done.stdout


def step(tally, part, arguments, **variables):
    """A command that is one check: it must end with status 0."""
    status, output = command(part, arguments, **variables)
    if status != 0:
        print(output[-6000:])
    tally.add(status == 0, status != 0)
    return status == 0


def configure(tally, part, folder, *options, **variables):
    if (ROOT / folder / "build.ninja").exists():
        return True
    return step(tally, part, ["meson", "setup", folder, "--werror", *options], **variables)


def build(tally, part, folder, *options, **variables):
    return configure(tally, part, folder, *options, **variables) and \
        step(tally, part, ["ninja", "-C", folder])


def cmocka(tally, part, folder):
    """Every unit test program, and the replay of the fuzz corpora."""
    fast = fast_folder()
    variables = {**SANITIZE, **({"TMPDIR": fast} if fast else {})}
    for program in sorted((ROOT / folder / "test").glob("test_*")):
        if program.is_dir():
            continue
        status, output = command(part, [program], **variables)
        passed = sum(map(int, re.findall(r"\[  PASSED  \] (\d+) test", output)))
        failed = sum(map(int, re.findall(r"\[  FAILED  \] \S+ (\d+) test", output)))
        if status != 0:
            print(output[-6000:])
        if passed + failed == 0 or (status != 0 and failed == 0):
            failed += 1
        tally.add(passed, failed)
    for program in sorted((ROOT / folder / "fuzz").glob("replay_*")):
        if not program.is_dir():
            corpus = ROOT / "fuzz" / "corpus" / program.name.removeprefix("replay_")
            step(tally, part, [program, corpus], **variables)
    if fast:
        shutil.rmtree(fast, ignore_errors=True)


def fast_folder():
    """In memory, where there is room: most of the scenarios' time is fsync. Else None."""
    try:
        room = os.statvfs("/dev/shm")
    except OSError:
        return None
    if room.f_bavail * room.f_frsize < FAST_FOLDER_BYTES:
        return None
    folder = tempfile.mkdtemp(prefix="ptp-archiver-test.", dir="/dev/shm")
    os.chmod(folder, 0o711)  # Some tests change to another user.
    return folder


def pytest(tally, part, folder, *options, **variables):
    report = LOGS / f"{part}.xml"
    report.unlink(missing_ok=True)
    fast = fast_folder()
    base = [f"--basetemp={fast}/pytest"] if fast else []
    status, output = command(
        part, [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rs",
               f"--junitxml={report}", *base, *options, folder], **variables)
    if fast:
        shutil.rmtree(fast, ignore_errors=True)
    if status != 0:
        print(output[-12000:])
    if not report.exists():
        tally.add(0, 1)
        return
    suite = ElementTree.parse(report).getroot().find("testsuite")
    total, skipped = int(suite.get("tests")), int(suite.get("skipped"))
    failed = int(suite.get("failures")) + int(suite.get("errors"))
    tally.add(total - failed - skipped, failed or (status not in (0, 5)), skipped)
    for line in re.findall(r"^SKIPPED.*$", output, re.M):
        print("  " + line)


def part_style(tally):
    build(tally, "style", "build")  # layers.py reads the object files
    for script in ("layers.py", "pages.py", "plain_words.py", "text_matching.py"):
        step(tally, "style", [sys.executable, f"test/{script}"])


def part_unit(tally):
    if build(tally, "unit", "build"):
        cmocka(tally, "unit", "build")
        pytest(tally, "unit-mutate", "test/mutate")


def part_clang(tally):
    build(tally, "clang", "build-clang", CC="clang")


def part_asan(tally):
    """Unit tests and the whole program under AddressSanitizer and UBSan, leaks included."""
    if build(tally, "asan", "build-asan", "-Db_sanitize=address,undefined", "-Db_lundef=false"):
        cmocka(tally, "asan", "build-asan")
        pytest(tally, "asan", "test/scenario", "-n", "4", PTP_BUILD=str(ROOT / "build-asan"),
               **SANITIZE)
        pytest(tally, "asan-sandbox", "test/scenario/test_sandbox.py", "-n", "4",
               PTP_BUILD=str(ROOT / "build-asan"), **SANITIZE_IN_SANDBOX)
        pytest(tally, "asan-page", "test/page/test_page.py", "test/page/test_trouble.py",
               "-n", "4", PTP_BUILD=str(ROOT / "build-asan"), **SANITIZE)
        pytest(tally, "asan-utility", "test/utility", "-n", "4", PTP_TEST_STEP="6",
               PTP_BUILD=str(ROOT / "build-asan"), **SANITIZE)


def part_oracle(tally):
    if build(tally, "oracle", "build"):
        pytest(tally, "oracle", "test/torrent_oracle")


def part_scenario(tally):
    if build(tally, "scenario", "build"):
        pytest(tally, "scenario", "test/scenario", "-n", "4")


def part_weeks(tally):
    """Virtual weeks of the real program; doc/etiquette.md says what they are."""
    if build(tally, "weeks", "build"):
        pytest(tally, "weeks", "test/weeks", "-n", "2")


def page_modules():
    """What drives the browser; from npm, which has it alone."""
    folder = ROOT / "build" / "node"
    if (folder / "node_modules" / "axe-core").exists():
        return True
    folder.mkdir(parents=True, exist_ok=True)
    return command("page", ["npm", "install", "--no-audit", "--no-fund", "--no-save", "--prefix",
                            folder, *PAGE_MODULES])[0] == 0


def part_page(tally):
    """The status page: requests, a real browser (screenshots in build/page/), Prometheus."""
    if build(tally, "page", "build"):
        if not page_modules():
            print("   npm could not install", *PAGE_MODULES)
        pytest(tally, "page", "test/page", "-n", "4")


def part_utility(tally):
    """PTP_ARCHIVER_PY=/path: with the official utility itself instead of its double."""
    if build(tally, "utility", "build"):
        pytest(tally, "utility", "test/utility", "-n", "4")


def part_clients(tally):
    """Torrent clients, real ones and doubles of other versions; the whole program with each."""
    if build(tally, "clients", "build"):
        pytest(tally, "clients", "test/clients", "-n", "4")


def part_real(tally):
    if build(tally, "real", "build"):
        pytest(tally, "real", "test/real")


def part_package(tally):
    """The Debian package, in a system of its own; skipped where none can be made, but not on CI."""
    if build(tally, "package", "build"):
        pytest(tally, "package", "test/package")


def part_docker(tally):
    """The container images, on a Docker Engine; skipped where none can be had, but not on CI."""
    if build(tally, "docker", "build"):
        pytest(tally, "docker", "test/docker")


PARTS = {name.removeprefix("part_"): f for name, f in list(globals().items())
         if name.startswith("part_")}


def main(wanted):
    unknown = [w for w in wanted if w not in PARTS]
    if unknown:
        print(f"no such part: {', '.join(unknown)}; there are: {', '.join(PARTS)}")
        return 2
    total = Tally()
    for name, part in PARTS.items():
        if wanted and name not in wanted:
            continue
        begin, tally = time.monotonic(), Tally()
        (LOGS / f"{name}.log").unlink(missing_ok=True)
        print(f"== {name}", flush=True)
        part(tally)
        print(f"   {tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped, "
              f"{time.monotonic() - begin:.0f} s", flush=True)
        total.add(tally.passed, tally.failed, tally.skipped)
    print(f"\n{total.passed} passed, {total.failed} failed"
          + (f", {total.skipped} skipped" if total.skipped else ""))
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
