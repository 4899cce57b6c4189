"""Runs scenarios of virtual weeks and prints their figures.  Called by ./dev weeks.

    weeks.py [--table] [SCENARIO...]
"""

import json
import subprocess
import sys

import scenarios
import table
import world


def main(arguments):
    names = [s.name for s in scenarios.SCENARIOS]
    wanted = [a for a in arguments if a != "--table"]
    unknown = [w for w in wanted if w not in names]
    if unknown:
        print(f"no such scenario: {', '.join(unknown)}; there are: {', '.join(names)}")
        return 2
    chosen = [f"test/weeks/test_weeks.py::test_the_program_keeps_the_etiquette[{name}]"
              for name in wanted or names]
    status = subprocess.run([sys.executable, "-m", "pytest", "-q", "-n", "2", "-p",
                             "no:cacheprovider", *chosen], cwd=world.HERE.parents[1]).returncode
    for name in wanted or names:
        path = world.TOOLS / "figures" / f"{name}.json"
        print(name, json.loads(path.read_text()) if path.exists() else "no figures")
    return status or ("--table" in arguments and table.main())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
