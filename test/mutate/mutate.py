"""Changes the program in small ways, one at a time, and asks the unit tests whether they notice.

    ./dev mutate [SEED] [N]         N (200) mutations, chosen by the seed (the time)
        --only PATH                 of this file or folder alone; may be repeated
        --all                       every mutation that there is, instead of N
        --dropped                   also statements that are left out
        --jobs J                    so many at a time (the processors)

The mutations (mutations.py) lie in src/core, src/ports, src/daemon and src/model, spread over the
lines that hold any.  For each, the changed source is compiled in build/mutate/, and linked into the
unit test programs that use it, one after the other, until one fails.  A program that does not link
the changed source cannot notice the change, and is not run.  A program that takes too long has
noticed it.  What does not compile does not count, and another one is drawn.

Survivors that are equivalent to the original stand in equivalent.txt, with a reason each.  They are
reported apart and never count as killed.  The exit status is 0 if 90 % were killed.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import random
import re
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import mutations  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "mutate"
EQUIVALENT = pathlib.Path(__file__).parent / "equivalent.txt"
ROOMS = ("core", "ports", "daemon", "model")
ENOUGH = 0.9
CPU_SECONDS, MEMORY_MB, FILE_BYTES = 20, 2048, 256 << 20
SANITIZE = {"ASAN_OPTIONS": f"detect_leaks=0:hard_rss_limit_mb={MEMORY_MB}",
            "UBSAN_OPTIONS": "halt_on_error=1"}


class Mutant:
    """One mutation of one file, and what became of it."""

    def __init__(self, path, text, mutation):
        self.path, self.text, self.mutation = path, text, mutation
        self.result = None  # "killed", "survived", "does not compile"
        lines = mutation.apply(text).split("\n")
        self.old = text.split("\n")[mutation.line - 1].strip()
        self.new = lines[mutation.line - 1].strip()

    def key(self):
        return self.path, self.old, self.new

    def __str__(self):
        return f"{self.path}:{self.mutation.line} ({self.mutation.kind})\n- {self.old}\n+ {self.new}"


def equivalents(text):
    """{(file, old line, new line): reason} of a text of paragraphs:

        src/room/file.c
        - the line
        + the changed line
        the reason
    """
    out = {}
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines = [line for line in paragraph.split("\n") if not line.startswith("#")]
        if not lines:
            continue
        if len(lines) < 4 or lines[1][:2] != "- " or lines[2][:2] != "+ ":
            raise ValueError(f"not file, line, changed line and reason: {paragraph}")
        out[lines[0], lines[1][2:], lines[2][2:]] = " ".join(lines[3:])
    return out


def draw(sources, seed, dropped):
    """Mutants without end or repetition: first a line, then a mutation of it."""
    dice, lines = random.Random(seed), []
    for path, text in sources:
        by_line = collections.defaultdict(list)
        for m in mutations.mutations(text, dropped):
            by_line[m.line].append(m)
        lines += [(path, text, found) for _, found in sorted(by_line.items())]
    while lines:
        at = dice.randrange(len(lines))
        path, text, found = lines[at]
        yield Mutant(path, text, found.pop(dice.randrange(len(found))))
        if not found:
            lines[at] = lines[-1]
            lines.pop()


# ---- building ----

def run(arguments, **options):
    return subprocess.run(arguments, text=True, errors="replace", stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)


def must(arguments, **options):
    done = run(arguments, **options)
    if done.returncode:
        sys.exit(f"{shlex.join(arguments)}:\n{done.stdout[-4000:]}")
    return done.stdout


class Workshop:
    """The build folder: how each source is compiled, and each test program linked."""

    def __init__(self):
        if not (BUILD / "build.ninja").exists():
            must(["meson", "setup", str(BUILD), str(ROOT), "-Doptimization=0", "-Ddebug=false",
                  "-Dextras=false", "-Db_sanitize=address,undefined", "-Db_lundef=false"])
        must(["ninja", "-C", str(BUILD), "build.ninja"])
        tests = json.loads(must(["meson", "introspect", "--tests", str(BUILD)]))
        self.programs = [str(pathlib.Path(t["cmd"][0]).relative_to(BUILD)) for t in tests
                         if any(suite.split(":")[-1] == "unit" for suite in t["suite"])]
        must(["ninja", "-C", str(BUILD), *self.programs])
        self.compiling = {}
        for entry in json.loads((BUILD / "compile_commands.json").read_text()):
            path = (BUILD / entry["file"]).resolve().relative_to(ROOT)
            self.compiling.setdefault(str(path), entry)
        self.linking, self.members = {}, {}
        for program in self.programs:
            self.learn(program)

    def learn(self, program):
        """The last command is the link.  Its map tells which sources are in the program."""
        command = must(["ninja", "-C", str(BUILD), "-t", "commands", program])
        self.linking[program] = shlex.split(command.strip().split("\n")[-1])
        listed = must([*self.link(program, "/dev/null", None), "-Wl,--trace"], cwd=BUILD)
        self.members[program] = set(re.findall(r"\bsrc_(\w+)\.c\.o\b", listed))

    def link(self, program, output, changed):
        """The command.  The changed object stands first, so that the library's is not taken."""
        command = list(self.linking[program])
        command[command.index("-o") + 1] = str(output)
        if changed:
            command.insert(command.index("-o") + 2, str(changed))
        return command

    def compile(self, source, changed, output):
        """The command for a changed copy of the source."""
        entry = self.compiling[source]
        command = [str(changed) if a == entry["file"] else a for a in shlex.split(entry["command"])]
        command[command.index("-o") + 1] = str(output)
        for flag in ("-MD", "-Werror"):
            if flag in command:
                command.remove(flag)
        for flag in ("-MQ", "-MF"):
            if flag in command:
                del command[command.index(flag):command.index(flag) + 2]
        return [*command, "-w"]

    def concerned(self, source):
        """The programs that hold this source: first the one with its name, then the smallest."""
        member = source.removeprefix("src/").removesuffix(".c").replace("/", "_")
        stem = pathlib.Path(source).stem
        inside = [p for p in self.programs if member in self.members[p]]

        def rank(program):
            name = pathlib.Path(program).name.removeprefix("test_")
            return name != stem, not (stem.startswith(name) or name in stem.split("_")), \
                len(self.members[program])
        return sorted(inside, key=rank)


# ---- running ----

def limits():
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def passes(program, folder, seconds):
    """Does it end well, in time?  Whatever it started ends with it."""
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as own:
        os.chmod(own, 0o711)  # Some tests change to another user.
        child = subprocess.Popen([program], cwd=own, env={**os.environ, **SANITIZE, "TMPDIR": own},
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL, start_new_session=True,
                                 preexec_fn=limits)
        try:
            return child.wait(seconds) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            try:
                os.killpg(child.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            child.wait()


def measure(programs, folder, pool):
    """How long each may take: five times what it takes now, and some seconds."""
    def allowed(program):
        begin = time.monotonic()
        if not passes(str(BUILD / program), folder, 120):
            sys.exit(f"{program} fails without a mutation")
        return 5 + 5 * (time.monotonic() - begin)
    return dict(zip(programs, pool.map(allowed, programs)))


def judge(shop, mutant, allowed, folder):
    with tempfile.TemporaryDirectory(dir=folder) as own:
        os.chmod(own, 0o711)
        changed = pathlib.Path(own) / pathlib.Path(mutant.path).name
        changed.write_text(mutant.mutation.apply(mutant.text))
        compiled, program = changed.with_suffix(".o"), pathlib.Path(own) / "program"
        if run(shop.compile(mutant.path, changed, compiled), cwd=BUILD).returncode:
            mutant.result = "does not compile"
            return mutant
        for test in shop.concerned(mutant.path):
            linked = run(shop.link(test, program, compiled), cwd=BUILD)
            if linked.returncode:
                sys.exit(f"{test} cannot be linked with a changed {mutant.path}:\n{linked.stdout}")
            if not passes(str(program), own, allowed[test]):
                mutant.result = "killed"
                return mutant
    mutant.result = "survived"
    return mutant


def hunt(shop, drawn, wanted, jobs, folder, sources):
    """Judges until `wanted` that compile are found."""
    programs = sorted({p for path, _ in sources for p in shop.concerned(path)})
    done, running = [], {}
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        allowed = measure(programs, folder, pool)

        def more():
            mutant = next(drawn, None)
            if mutant:
                running[pool.submit(judge, shop, mutant, allowed, folder)] = mutant
            return mutant is not None
        while len(running) < min(jobs, wanted) and more():
            pass
        while running:
            ended, _ = concurrent.futures.wait(running, return_when="FIRST_COMPLETED")
            for future in ended:
                del running[future]
                done.append(future.result())
                count = sum(m.result != "does not compile" for m in done)
                if count % 20 == 0:
                    print(f"{count} judged", file=sys.stderr, flush=True)
                if count + len(running) < wanted:
                    more()
    return done


def report(done, known):
    counted = [m for m in done if m.result != "does not compile"]
    survivors = [m for m in counted if m.result == "survived"]
    for title, is_known in (("Survived", False), ("Survived, known to be equivalent", True)):
        group = [m for m in survivors if (m.key() in known) == is_known]
        if group:
            print(f"\n{title}:\n")
        for m in sorted(group, key=lambda m: (m.path, m.mutation.line)):
            print(m, known.get(m.key(), ""), sep="\n", end="\n\n" if is_known else "\n")
    killed = len(counted) - len(survivors)
    for room in sorted({m.path.split("/")[1] for m in counted}):
        mine = [m for m in counted if m.path.split("/")[1] == room]
        print(f"{room:8} {sum(m.result == 'killed' for m in mine)} of {len(mine)} killed")
    equal = sum(m.key() in known for m in survivors)
    rate = killed / len(counted) if counted else 0
    print(f"\n{killed} of {len(counted)} killed ({100 * rate:.1f} %), {len(survivors)} survived "
          f"({equal} of them known to be equivalent), {len(done) - len(counted)} did not compile")
    return rate


def chosen(only):
    paths = []
    for start in only or [f"src/{room}" for room in ROOMS]:
        path = (ROOT / start)
        paths += sorted(path.rglob("*.c")) if path.is_dir() else [path]
    return [(str(p.relative_to(ROOT)), p.read_text()) for p in paths]


def main():
    parser = argparse.ArgumentParser(
        prog="./dev mutate", usage=argparse.SUPPRESS, description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seed", nargs="?", type=int, default=int(time.time()))
    parser.add_argument("n", nargs="?", type=int, default=200)
    parser.add_argument("--only", action="append", metavar="PATH")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--dropped", action="store_true")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    begin, sources = time.monotonic(), chosen(options.only)
    known = equivalents(EQUIVALENT.read_text())
    drawn = draw(sources, options.seed, options.dropped)
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = tempfile.mkdtemp(prefix="ptp-archiver-mutate.", dir=memory)
    os.chmod(folder, 0o711)
    try:
        done = hunt(Workshop(), drawn, sys.maxsize if options.all else options.n, options.jobs,
                    folder, sources)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rate = report(done, known)
    print(f"{time.monotonic() - begin:.0f} s")
    return 0 if rate >= ENOUGH else 1


if __name__ == "__main__":
    sys.exit(main())
