"""The layers of the design hold, every header compiles alone, the format is kept.

    main -> cmd -> doctor -> daemon -> page -> view -> config -> core -> ports -> model -> system -> base

Left may include right, never back.  In src and in sim no files include each other in a circle or call
each other in a circle, inside a layer either.  A layer holds 25 sources at most.

Who calls whom is read from the object files of build/ (`./dev build`), so it is exact.  First a
made-up tree shows that each of these checks can fail.

Prints one line a breach; exit status 1 if there is one.
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[1]
SRC = ROOT / "src"
FOLDERS = ["src", "sim"]
SOURCES_MAX = 25  # .c files of a layer
LAYERS = ["base", "system", "model", "ports", "core", "config", "view", "page", "daemon", "doctor", "cmd"]

# Which library header may be included where only.
HOMES = {"curl/curl.h": {"base/http.c", "base/scgi.c", "base/url.c"}, "sqlite3.h": {"ports/ledger_parts.h"},
         "microhttpd.h": {"page/httpd.c"},
         "expat.h": {"base/xmlrpc.c"}}

# What another port may include: interfaces with several implementations, and what the clients with
# an interface of their own share.
INTERFACES = {"ports/engine.h", "ports/client.h", "ports/client_common.h"}

FLAGS = ["-std=gnu17", "-D_GNU_SOURCE", "-Isrc", "-fsyntax-only", "-Wall", "-Wextra", "-Werror"]


def includes(path):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.M)


def layer(name):
    return LAYERS.index(name.split("/")[0]) if "/" in name else len(LAYERS)


def is_ours(name):
    return "/" in name and name.split("/")[0] in LAYERS


def same_port(name, included):
    """x.c, x_run.c... are one port, if they share x_parts.h, which may include x.h."""
    return included.endswith("_parts.h") and name.startswith(included.removesuffix("_parts.h")) \
        or included == name.replace("_parts.h", ".h")


def breaches_of_ports(name, included):
    own = name.rsplit(".", 1)[0] + ".h"
    if not name.startswith("ports/") or not included.startswith("ports/") or included == own:
        return []
    if included in INTERFACES or same_port(name, included):
        return []
    return [f"{name} includes another port: {included}"]


def breaches_of(path):
    name = path.relative_to(SRC).as_posix()
    found = []
    for included in includes(path):
        if is_ours(included) and layer(included) > layer(name):
            found.append(f"{name} includes {included}, which is a layer to its left")
        if included in HOMES and name not in HOMES[included]:
            found.append(f"{name} includes {included}, which has its home elsewhere")
        found += breaches_of_ports(name, included)
    return found


# ---- no circle, no crowd ----

def sources_below(root):
    return [p for folder in FOLDERS for p in sorted((root / folder).rglob("*.[ch]"))]


def included_files(root):
    """Of each file, the files that it includes, as paths from the root."""
    edges = {}
    for path in sources_below(root):
        places = [place for name in includes(path) for place in (root / "src" / name, path.parent / name)]
        edges[path.relative_to(root).as_posix()] = {
            place.relative_to(root).as_posix() for place in places if place.is_file()}
    return edges


def objects(root, build):
    """The object file of each source, as the build names it."""
    found = {}
    for unit in json.loads((build / "compile_commands.json").read_text()):
        path = (build / unit["file"]).resolve()
        if path.is_relative_to(root) and path.relative_to(root).parts[0] in FOLDERS:
            found.setdefault(path, build / unit["output"])
    return found


def not_built(root, found):
    return [f"{path.relative_to(root)} is not built as it is now; run ./dev build"
            for path in sources_below(root) if path.suffix == ".c" and (
                path not in found or not found[path].exists()
                or found[path].stat().st_mtime < path.stat().st_mtime)]


def symbols(file):
    """(functions that it defines for others, names that it takes from others)"""
    lines = subprocess.run(["nm", "--format=posix", file], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    kinds = [line.split()[:2] for line in lines]
    return {n for n, kind in kinds if kind in "TW"}, {n for n, kind in kinds if kind == "U"}


def calls(root, found):
    """Of each source, the sources whose functions it names.  `sim` is a program of its own, so both
    trees may have a function of one name."""
    edges = {}
    for folder in FOLDERS:
        tables = {p.relative_to(root).as_posix(): symbols(file) for p, file in found.items()
                  if file.exists() and p.relative_to(root).parts[0] == folder}
        homes = {name: file for file, (defined, _) in tables.items() for name in defined}
        for file, (_, wanted) in tables.items():
            edges[file] = {homes[name] for name in wanted if name in homes}
    return edges


def cycles(edges):
    """The first way back to where it began, from each file that has one."""
    found, done = [], set()

    def walk(file, way):
        if file in way:
            found.append(" -> ".join([*way[way.index(file):], file]))
        elif file not in done:
            for other in sorted(edges.get(file, ())):
                walk(other, [*way, file])
            done.add(file)

    for file in sorted(edges):
        walk(file, [])
    return found


def include_circles(root):
    return [f"they include each other: {c}" for c in cycles(included_files(root))]


def call_circles(root, build):
    found = objects(root, build)
    return not_built(root, found) or \
        [f"they call each other: {c}" for c in cycles(calls(root, found))]


def crowds(root):
    rooms = [root / "sim", *(root / "src" / layer for layer in LAYERS)]
    counts = {room: len(list(room.glob("*.c"))) for room in rooms}
    return [f"{room.relative_to(root)} holds {n} sources; at most {SOURCES_MAX}"
            for room, n in counts.items() if n > SOURCES_MAX]


# ---- a made-up tree that breaks each rule ----

MADE_UP = {
    "src/base/a.h": '#include "base/b.h"', "src/base/b.h": '#include "base/a.h"',
    "src/core/one.c": "void two(void); void one(void); void one(void) { two(); }",
    "src/core/two.c": "void three(void); void two(void); void two(void) { three(); }",
    "src/core/three.c": "void one(void); void three(void); void three(void) { one(); }",
    "src/core/four.c": "void one(void); static void two(void) { one(); } void four(void);"
                       "void four(void) { two(); }",
    "sim/x.c": "", "sim/x.h": '#include "y.h"', "sim/y.h": '#include "x.h"',
    **{f"src/model/m{i}.c": "" for i in range(SOURCES_MAX + 1)},
    **{f"src/view/v{i}.c": "" for i in range(SOURCES_MAX)}}

EXPECTED = {
    "includes": ["they include each other: sim/x.h -> sim/y.h -> sim/x.h",
                 "they include each other: src/base/a.h -> src/base/b.h -> src/base/a.h"],
    "calls": ["they call each other: src/core/one.c -> src/core/two.c -> src/core/three.c"
              " -> src/core/one.c"],
    "crowds": ["src/model holds 26 sources; at most 25"],
    "stale": ["sim/x.c is not built as it is now; run ./dev build"]}


def make_up(root):
    build, units = root / "build", []
    build.mkdir()
    for name, text in MADE_UP.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
        if path.suffix == ".c":
            units.append({"file": f"../{name}", "output": name.replace("/", "_") + ".o"})
    for unit in units:
        subprocess.run(["cc", "-I", root / "src", "-c", build / unit["file"], "-o",
                        build / unit["output"]], check=True)
    (build / "compile_commands.json").write_text(json.dumps(units))
    return build


def checks_that_cannot_fail():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder).resolve()
        build = make_up(root)
        found = {"includes": sorted(include_circles(root)), "calls": call_circles(root, build),
                 "crowds": crowds(root)}
        (build / "sim_x.c.o").unlink()
        found["stale"] = call_circles(root, build)
    return [f"in the made-up tree {name} should give {EXPECTED[name]} and gives {got}"
            for name, got in found.items() if got != EXPECTED[name]]


def compiles_alone(header):
    with tempfile.NamedTemporaryFile("w", suffix=".c") as source:
        source.write(f'#include "{header.relative_to(SRC).as_posix()}"\n')
        source.flush()
        done = subprocess.run(["cc", *FLAGS, source.name], cwd=ROOT, capture_output=True, text=True)
    return [] if done.returncode == 0 else [f"{header.name} does not compile alone:\n{done.stderr}"]


def badly_formatted():
    sources = [str(p) for folder in ("src", "sim", "test", "fuzz")
               for p in sorted((ROOT / folder).rglob("*.[ch]"))]
    done = subprocess.run(["clang-format", "--dry-run", "--Werror", *sources], capture_output=True,
                          text=True)
    names = re.findall(r"^(\S+?):\d+:\d+: error: code should be clang-formatted", done.stderr, re.M)
    return [f"{pathlib.Path(n).relative_to(ROOT)} is not formatted; run clang-format -i on it"
            for n in dict.fromkeys(names)]


def main():
    sources = sorted(SRC.rglob("*.[ch]"))
    headers = [s for s in sources if s.suffix == ".h"]
    checks = {"layers": [b for s in sources for b in breaches_of(s)],
              "checks can fail": checks_that_cannot_fail(), "include circles": include_circles(ROOT),
              "call circles": call_circles(ROOT, ROOT / "build"), "sources of a layer": crowds(ROOT)}
    with ThreadPoolExecutor() as pool:
        checks["headers"] = [b for bs in pool.map(compiles_alone, headers) for b in bs]
    checks["format"] = badly_formatted()
    for name, found in checks.items():
        print(f"{'FAIL' if found else 'ok  '}  {name}")
        for breach in found:
            print("      " + breach)
    return 1 if any(checks.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
