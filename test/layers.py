"""The layers of the design hold, every header compiles alone, the format is kept.

    main -> cmd -> doctor -> daemon -> page -> view -> config -> core -> ports -> model -> base

Left may include right, never back.  No files include or call each other in a circle, inside a layer
either.

Prints one line a breach; exit status 1 if there is one.
"""

import pathlib
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

ROOT = pathlib.Path(__file__).resolve().parents[1]
SRC = ROOT / "src"
LAYERS = ["base", "model", "ports", "core", "config", "view", "page", "daemon", "doctor", "cmd"]

# Which library header may be included where only.
HOMES = {"curl/curl.h": {"base/http.c"}, "sqlite3.h": {"ports/ledger_parts.h"},
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


# ---- no cycle between files ----

def bare(text):
    """Without comments and strings."""
    return re.sub(r'"(?:\\.|[^"\\])*"', '""', re.sub(r"/\*.*?\*/", "", text, flags=re.S))


def calls(sources):
    """Of each source, the others whose functions it names."""
    texts = {p.relative_to(SRC).as_posix(): bare(p.read_text()) for p in sources if p.suffix == ".c"}
    homes = {name: file for file, text in texts.items() for name in re.findall(
        r"^(?!static)[a-z][\w *]*?\b(\w+)\([^;{}]*\)\n\{", text, re.M)}
    return {file: {homes[w] for w in re.findall(r"\w+", text) if homes.get(w, file) != file}
            for file, text in texts.items()}


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


def breaches_of_order(sources):
    included = {p.relative_to(SRC).as_posix(): set(filter(is_ours, includes(p))) for p in sources}
    return [f"the files include each other: {c}" for c in cycles(included)] + \
           [f"the files call each other: {c}" for c in cycles(calls(sources))]


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
              "cycles": breaches_of_order(sources)}
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
