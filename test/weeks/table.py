"""Writes the table of scenarios and figures into doc/etiquette.md.

    ./dev weeks --table      runs all scenarios and writes the table
    test/weeks/table.py      writes it from the figures of the last runs (build/weeks/figures/)
"""

import json
import pathlib
import re
import sys

import scenarios
import world

PAGE = pathlib.Path(__file__).resolve().parents[2] / "doc" / "etiquette.md"
BEGIN, END = "<!-- table of ./dev weeks -->", "<!-- end -->"
HEAD = """\
| scenario | calls a day | fetches a day | most calls in an hour | fetches apart | requests apart |
|---|---:|---:|---:|---:|---:|
"""


def number(value):
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def seconds(value):
    return "" if value is None else f"{value:.1f} s"


def row(one, figures):
    return (f"| {one.title} | {number(figures['calls_a_day'])} "
            f"| {number(figures['fetches_a_day'])} | {figures['most_in_an_hour']} "
            f"| {seconds(figures['fetch_gap'])} | {seconds(figures['request_gap'])} |")


def main():
    rows, missing = [], []
    for one in scenarios.SCENARIOS:
        path = world.TOOLS / "figures" / f"{one.name}.json"
        if path.exists():
            rows.append(row(one, json.loads(path.read_text())))
        else:
            missing.append(one.name)
    if missing:
        print(f"no figures of: {', '.join(missing)}; run ./dev weeks --table", file=sys.stderr)
        return 1
    text = PAGE.read_text(encoding="utf-8")
    table = f"{BEGIN}\n{HEAD}" + "\n".join(rows) + f"\n{END}"
    new, count = re.subn(f"{BEGIN}.*?{END}", lambda m: table, text, flags=re.S)
    assert count == 1, f"{PAGE} has no place for the table"
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
