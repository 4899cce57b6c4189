"""A page as it is installed: its links lead to what is installed, and what is not is only named.

    installed.py ROOT PAGE OUT NAME[=PLACE]...

PAGE and each NAME are paths below the source's ROOT.  PLACE is where the file is installed, below the
folder of the documentation, if it does not keep its name.
"""
import os
import re
import sys

LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#:]+)(#[^)]*)?\)")

root, page, result, *there = sys.argv[1:]
places = {name: place or name for name, _, place in (one.partition("=") for one in there)}
folder = os.path.dirname(page)


def led(match):
    picture, text, link, anchor = match.groups()
    name = os.path.normpath(os.path.join(folder, link))
    if name in places:
        return f"{picture}[{text}]({os.path.relpath(places[name], folder or '.')}{anchor or ''})"
    return "" if picture else text


with open(os.path.join(root, page), encoding="utf-8") as source:
    text = LINK.sub(led, source.read())
with open(result, "w", encoding="utf-8") as out:
    out.write(re.sub(r"\n{3,}", "\n\n", text))
