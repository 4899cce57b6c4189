#!/usr/bin/env python3
"""Writes what the pages say of each setting, from the program's own table.

    settings.py PROGRAM FOLDER [--check]

In the pages of FOLDER, the lines between "settings: LEVEL" and "settings: end" (in a comment) are made
anew from `PROGRAM settings --json`.  With --check nothing is written: a page that is not up to date is
named, and the exit status is 1.
"""

import json
import pathlib
import re
import subprocess
import sys
import textwrap

WIDTH = 100


def sentence(label, value, quote):
    return f" {label}: {quote(value)}." if value else ""


def names(s):
    return [s[k] for k in ("key", "variable", "file_variable", "option") if s[k]]


# ---- doc/settings.md ----

def code(text):
    return f"`{text}`" if text else ""


def cell(text):
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def markdown(rows, level):
    variables = any(s["variable"] for s in rows)
    head = ["in `config.ptp`", *(["variable"] if variables else []), "default", "value", "meaning"]
    lines = [head, ["---"] * len(head)]
    for s in rows:
        also = ", ".join(code(n) for n in (s["variable"], s["file_variable"], s["option"]) if n)
        about = cell(s["help"]) + sentence("Example", s["example"], code)
        lines.append([code(s["key"]), *([also] if variables else []),
                      code(s["default"]) or cell(s["without"] or ""), cell(s["value"]), about])
    return "".join(f"| {' | '.join(line)} |\n".replace("|  |", "| |") for line in lines)


# ---- the man pages ----

def plain(text):
    return re.sub(r"([\\*_#`<>])", r"\\\1", text)


def item(head, text):
    body = textwrap.fill(text, WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    return f"{head}\n{textwrap.indent(body, chr(9))}\n"


def manual(rows, level):
    items = []
    for s in rows:
        text = plain(s["help"]) + sentence("Value", s["value"], plain)
        text += sentence("Default", s["default"] or s["without"], plain)
        items.append(item(", ".join(f"*{n}*" for n in names(s)),
                          text + sentence("Example", s["example"], plain)))
    return "\n".join(items)


def environment(rows, level):
    return "\n".join(
        item(", ".join(f"*{n}*" for n in (s["variable"], s["file_variable"]) if n),
             plain(s["help"].split(". ")[0].rstrip(".")) + ".") for s in rows if s["variable"])


# ---- all of them ----

FORMS = {"settings.md": markdown, "ptp-archiver.conf.5.scd": manual, "ptp-archiver.1.scd": environment}


def renewed(text, form, settings):
    def block(match):
        begin, level, end = match.groups()
        rows = [s for s in settings if level in ("all", s["of"])]
        return f"{begin}\n{form(rows, level)}\n{end}"

    pattern = r"^((?:<!--|;) settings: (?!end)(\S+)[^\n]*\n).*?^((?:<!--|;) settings: end)"
    return re.sub(pattern, block, text, flags=re.M | re.S)


def main(program, folder, *options):
    settings = json.loads(subprocess.run([program, "settings", "--json"], capture_output=True,
                                         check=True, text=True).stdout)
    stale = 0
    for name, form in FORMS.items():
        page = pathlib.Path(folder) / name
        text = page.read_text()
        new = renewed(text, form, settings)
        if new == text:
            continue
        stale += 1
        if "--check" in options:
            print(f"{name} is not up to date; run `./dev docs`")
        else:
            page.write_text(new)
            print(f"{name} is written")
    return 1 if stale and "--check" in options else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
