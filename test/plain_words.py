"""The texts keep to the plain words of CONTRIBUTING.md: pages, man pages, C comments and C strings.

    plain_words.py             one line for each forbidden word; exit status 1 if there is one
    plain_words.py --tighten   lower the numbers in plain_words.allowed to what is there now
    plain_words.py --measure   how long the sentences are, and how many commas they hold

plain_words.allowed lists the files that are not rewritten yet, each with the number of forbidden words
that it may still hold.  The numbers only go down.
"""

import pathlib
import re
import statistics
import sys

from pages import all_pages

ROOT = pathlib.Path(__file__).resolve().parents[1]
ALLOWED = ROOT / "test" / "plain_words.allowed"

# (pattern, what to write in its place, an old text of this project that holds it)
FORBIDDEN = [
    (r"(?:go|goes|going|gone|went) on (?:with|by itself|where)", "resume, retry, continue",
     "What is pending is gone on with in the next cycle"),
    (r"mend(?:s|ed|ing)?\b", "fix, repair", "Below what is not ok stands what mends it"),
    (r"(?:is|are|was|were|be|been|being) told\b(?! apart)", "report it, send a message",
     "Healthchecks is told"),
    (r"whoever", "name the person or the program", "whoever asks the tracker next"),
    (r"(?:for|to|of|by|at) who\b", "for people who", "For who comes from another program."),
    (r"(?-i:Who) (?!\w+ (?:is|are) )(?:is|has|sends|looks|changes|would|comes|guesses)\b[^?.]*[.,:;]",
     "name the person or the program", "Who is slow is cut off."),
    (r"(?:it|that|this|which|what|they) (?:is|are|was|were) no (?!longer\b|more\b)\w+", "is not a",
     "Undoes it, for what is no daemon"),
    (r"(?<!there )is no \w+ of", "does not belong to", "a byte order mark is no part of it"),
    (r"nobody's", "say whose", "files that stay are nobody's concern"),
    (r"of ours\b", "the program's, our", "no other process of ours changes it"),
    (r"in spite of what|speaks against", "even if, although", "in spite of what speaks against it"),
    (r"no turn yet", "not tried yet", "attic: no turn yet"),
    (r"but for (?:the|a|an|those|what)\b", "except", "all but for the page"),
    (r"(?:let|lets|keep|keeps|kept|holds|held) (?:us|nobody)\b|kept from us", "say who may do what",
     "it does not let us in"),
    (r"be it (?:even|a|an|the|no)\b", "even", "be it even no file"),
    (r"for ever\b", "until it is stopped, always", "run for ever"),
    (r"nevertheless|all the same\b", "still, anyway", "--force does it all the same"),
    (r"anew\b", "again, a new", "a ledger is begun anew"),
    (r"amid\b", "within, during", "cut off amid the data"),
    (r"parted by", "separated by", "names parted by commas"),
    (r"(?:can|could|may|cannot) (?:not )?be had\b", "cannot be used, opened", "an address that cannot be had"),
    (r"ever (?:more|longer)\b", "less and less often, longer each time", "tried ever more rarely"),
]
PATTERN = re.compile("|".join(rf"(?P<w{i}>\b(?:{p}))" for i, (p, _, _) in enumerate(FORBIDDEN)), re.I)

C_TEXT = re.compile(r"/\*.*?\*/|//[^\n]*|'(?:[^'\\\n]|\\.)'|\"(?:[^\"\\\n]|\\.)*\"", re.S)


def named(paths):
    return sorted(p.relative_to(ROOT).as_posix() for p in paths)


def pages():
    return named(all_pages())


def man_pages():
    return named((ROOT / "doc").glob("*.scd"))


def sources(endings):
    return named(p for folder in ("src", "sim") for p in (ROOT / folder).rglob(f"*.[{endings}]"))


def blank(match):
    """Spaces in its place, so that line numbers stay."""
    return re.sub(r"[^\n]", " ", match.group())


def page_text(text):
    """Without what is quoted: blocks and words of code, and the text called "before" in a table of
    examples."""
    text = re.sub(r"^```.*?^```$", blank, text, flags=re.M | re.S)
    text = re.sub(r"^(?: {4,}|\t{2,})\S.*$", blank, text, flags=re.M)
    text = re.sub(r"<!-- quoted -->.*?<!-- end -->", blank, text, flags=re.S)
    return re.sub(r"`[^`\n]*`", blank, text)


def man_text(text):
    text = re.sub(r"^```.*?^```$", blank, text, flags=re.M | re.S)
    return re.sub(r"\*[a-z-]+\*|(?<!\w)_[^_\n]+_(?!\w)", blank, text)


def c_text(text):
    """Comments and strings, each word at its line; the sides of a string that is cut are joined."""
    kept, end = [], 0
    for match in C_TEXT.finditer(text):
        kept.append(re.sub(r"[^\n]", " ", text[end:match.start()]))
        kept.append(match.group())
        end = match.end()
    return "".join(kept)


def texts():
    for name in pages() + man_pages():
        text = (ROOT / name).read_text(encoding="utf-8")
        yield name, page_text(text) if name.endswith(".md") else man_text(text)
    for name in sources("ch"):
        yield name, c_text((ROOT / name).read_text(encoding="utf-8"))


def joined(text):
    """One space for all white space, quotes, stars and bars between words, and where each line began."""
    lines, flat, at = [], "", 0
    for number, line in enumerate(text.split("\n"), 1):
        line = re.sub(r"[\s*\"|]+", " ", line).strip()
        if line:
            lines.append((at, number))
            flat += line + " "
            at = len(flat)
    return flat, lines


def forbidden(text):
    """(line, words, what to write) of each forbidden word."""
    flat, lines = joined(text)
    for match in PATTERN.finditer(flat):
        line = max(n for at, n in lines if at <= match.start())
        yield line, match.group(), FORBIDDEN[int(match.lastgroup[1:])][1]


def allowed():
    """{file: number} of the files that are not rewritten yet.  A merge keeps the lines of both sides:
    the lower number counts."""
    lines = ALLOWED.read_text().split("\n") if ALLOWED.exists() else []
    rows = sorted((line.split() for line in lines if line), key=lambda row: -int(row[0]))
    return {name: int(number) for number, name in rows}


def blind():
    """The patterns that do not find their own example."""
    return [p for p, _, text in FORBIDDEN if not re.search(rf"\b(?:{p})", text, re.I)]


def check():
    before, ok = allowed(), not blind()
    for pattern in blind():
        print(f"FAIL  {pattern} does not find its own example")
    found = {name: list(forbidden(text)) for name, text in texts()}
    for name, words in found.items():
        if len(words) > before.get(name, 0):
            ok = False
            print(f"FAIL  {name}: {len(words)} forbidden words, {before.get(name, 0)} are allowed")
            for line, word, instead in words:
                print(f"      {name}:{line}: \"{word}\"; write: {instead}")
    better = [n for n, number in before.items() if len(found.get(n, [])) < number]
    if ok:
        print(f"ok    plain words; {sum(map(len, found.values()))} old ones are left")
    if better:
        print(f"      {len(better)} files are better than {ALLOWED.name} says: run --tighten")
    return 0 if ok else 1


def tighten():
    before, lines = allowed(), []
    for name, text in texts():
        count = len(list(forbidden(text)))
        number = min(before.get(name, 0), count)
        if number:
            lines.append(f"{number:4} {name}\n")
    ALLOWED.write_text("".join(lines))
    return 0


# ---- how long the sentences are ----

def paragraphs(name, text):
    """The prose of a file: without code, headings and rows of tables."""
    if name.endswith((".c", ".h")):
        text = "\n\n".join(m.group().strip("/* \n") for m in C_TEXT.finditer(text)
                           if m.group().startswith("/"))
        text = re.sub(r"^\s*\*+ ?", "", text, flags=re.M)
    else:
        text = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
        text = re.sub(r"^ {4,}\S.*$|^\|.*$|^#.*$|!\[.*$", "", text, flags=re.M)
        text = re.sub(r"`[^`]*`", "code", text)
        text = re.sub(r"\]\([^)]*\)", "]", text)
    return [" ".join(p.split()) for p in re.split(r"\n\s*\n|\n\s*[-*] |\n\d+\. ", text) if p.strip()]


def sentences(paragraph):
    found = re.split(r"(?<=[.!?:])[\")*]* +(?=[A-Z\"`*(\[])", paragraph)
    return [s for s in found if len(re.findall(r"[A-Za-z]{2,}", s)) >= 4]


def measure():
    groups = {
        "README.md": ["README.md"],
        "other pages": [n for n in pages() if n != "README.md"],
        "man pages": man_pages(),
        "headers": sources("h"),
    }
    for group, names in groups.items():
        said = [s for n in names for p in paragraphs(n, (ROOT / n).read_text(encoding="utf-8"))
                for s in sentences(p)]
        words = [len(s.split()) for s in said]
        marks = sum(len(re.findall("[,;]", s)) for s in said)
        print(f"{group:12} {len(said):5} sentences, median {statistics.median(words):.0f} words, "
              f"p90 {sorted(words)[len(words) * 9 // 10]}, "
              f"{100 * marks / sum(words):.1f} commas and semicolons in 100 words, "
              f"{sum((ROOT / n).stat().st_size for n in names)} bytes")
    return 0


MODES = {"--tighten": tighten, "--measure": measure}

if __name__ == "__main__":
    sys.exit(MODES[sys.argv[1]]() if len(sys.argv) > 1 else check())
