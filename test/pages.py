"""The pages hang together: links and anchors exist, the README is short, each page is in the index, one
click away from the README, and installed.

Prints one line a breach; exit status 1 if there is one.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
README_MAX_BYTES = 8192
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def all_pages():
    """Of this source, whether git is there or not: without folders of builds and hidden ones."""
    folders = [f for f in ROOT.iterdir() if f.is_dir() and not f.name.startswith((".", "build"))]
    return sorted([*ROOT.glob("*.md"), *(p for f in folders for p in f.rglob("*.md"))])


def without_code(text):
    text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    return re.sub(r"^ {4,}\S.*$", "", text, flags=re.M)


def prose(page):
    """A page without its blocks and words of code, where nothing is a link."""
    return re.sub(r"(?<!\[)`[^`\n]*`", "", without_code(page.read_text(encoding="utf-8")))


def anchors(page):
    """What the headings are called in a link, as GitHub makes it."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", without_code(page.read_text(encoding="utf-8")), re.M):
        plain = re.sub(r"\]\([^)]*\)", "", heading).lower()
        found.add(re.sub(r"[^\w\- ]", "", plain).strip().replace(" ", "-"))
    return found


def links(page):
    """(link, file, anchor) of each link to a file here."""
    for link in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        yield link, (page.parent / name).resolve() if name else page, anchor


def broken_links():
    found = []
    for page in all_pages():
        name = page.relative_to(ROOT)
        for link, file, anchor in links(page):
            if not file.exists():
                found.append(f"{name}: {link}: there is no such file")
            elif anchor and anchor not in anchors(file):
                found.append(f"{name}: {link}: {file.name} has no such heading")
    return found


def lost_pages():
    """Of doc/: what the index or the README does not link to, and what is not installed."""
    found = []
    pages = set((ROOT / "doc").glob("*.md"))
    installed = (ROOT / "doc" / "meson.build").read_text()
    for start in (ROOT / "doc" / "README.md", ROOT / "README.md"):
        there = {file for _, file, _ in links(start)}
        found += [f"{start.relative_to(ROOT)} does not link to {p.name}"
                  for p in sorted(pages - there - {start})]
    return found + [f"doc/meson.build does not install {p.name}" for p in sorted(pages)
                    if f"'{p.stem}'" not in installed]


def long_readme():
    size = (ROOT / "README.md").stat().st_size
    return [] if size <= README_MAX_BYTES else \
        [f"README.md has {size} bytes; {README_MAX_BYTES} are allowed: move a part into doc/"]


def main():
    checks = {"links": broken_links(), "pages": lost_pages(), "readme": long_readme()}
    for name, found in checks.items():
        print(f"{'FAIL' if found else 'ok  '}  {name}")
        for breach in found:
            print("      " + breach)
    return 1 if any(checks.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
