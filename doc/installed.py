"""README.md as it is installed: its links lead to what is installed beside it, and what is not is only
named.

    installed.py IN OUT NAME[=PLACE]...      what there is, and where if not by its name
"""
import re
import sys

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#:]+)(#[^)]*)?\)")

source, result, *there = sys.argv[1:]
places = {name: place or name for name, _, place in (one.partition("=") for one in there)}


def led(match):
    picture, text, name, part = match.groups()
    if name in places:
        return f"{picture}[{text}]({places[name]}{part or ''})"
    return "" if picture else text


page = LINK.sub(led, open(source, encoding="utf-8").read())
with open(result, "w", encoding="utf-8") as out:
    out.write(re.sub(r"\n{3,}", "\n\n", page))
