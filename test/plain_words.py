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
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
ALLOWED = ROOT / "test" / "plain_words.allowed"

# What is forbidden, and what to write in its place.
FORBIDDEN = {
    r"(?:go|goes|going|gone|went) on (?:with|by itself|where)": "resume, retry, continue",
    r"mend(?:s|ed|ing)?\b": "fix, repair",
    r"(?:is|are|was|were|be|been|being) told\b(?! apart)": "somebody reports it, or gets a message",
    r"whoever": "name the person or the program",
    r"(?:for|to|of|by|at) who\b(?!se)": "for people who",
    r"(?:it|that|this|which|what|they) (?:is|are|was|were) no (?!longer|more\b)\w+": "is not a",
    r"(?<!there )is no \w+ of": "does not belong to",
    r"nobody'?s": "say whose",
    r"in spite of what": "even if, although",
    r"no turn yet": "not tried yet",
    r"but for (?:the|a|an|those|what)": "except",
    r"(?:let|lets|keep|keeps|kept|holds|held) (?:us|nobody|nobody else)\b": "name who may do what",
    r"be it (?:even|a|an|the)\b": "even",
    r"for ever\b": "until it is stopped, always",
    r"nevertheless": "still, anyway",
    r"(?-i:Who) (?!\w+ (?:is|are) )(?:is|has|sends|looks|changes|would|comes|guesses)\b[^?.]*[.,:;]":
        "name the person or the program",
}
PATTERN = re.compile("|".join(rf"(?P<w{i}>\b{p})" for i, p in enumerate(FORBIDDEN)), re.I)

C_TEXT = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:[^\"\\\n]|\\.)*\"", re.S)
PAGES = ("*.md", "*.scd")
SOURCES = ("src/*.c", "src/*.h", "sim/*.c", "sim/*.h")


def tracked(*patterns):
    done = subprocess.run(["git", "ls-files", "-z", "-co", "--exclude-standard", *patterns],
                          cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(n for n in done.stdout.split("\0") if n and (ROOT / n).is_file())


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
    for name in tracked(*PAGES):
        text = (ROOT / name).read_text(encoding="utf-8")
        yield name, page_text(text) if name.endswith(".md") else man_text(text)
    for name in tracked(*SOURCES):
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
        yield line, match.group(), list(FORBIDDEN.values())[int(match.lastgroup[1:])]


def allowed():
    """{file: number} of the files that are not rewritten yet."""
    lines = ALLOWED.read_text().splitlines() if ALLOWED.exists() else []
    return {name: int(number) for number, name in (line.split(maxsplit=1) for line in lines if line)}


def check():
    before, ok = allowed(), True
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


def tighten(first=False):
    before, lines = allowed(), []
    for name, text in texts():
        count = len(list(forbidden(text)))
        number = count if first else min(before.get(name, 0), count)
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
        "other pages": [n for n in tracked("*.md") if n != "README.md"],
        "man pages": tracked("*.scd"),
        "headers": tracked("src/*.h", "sim/*.h"),
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


MODES = {"--tighten": tighten, "--measure": measure, "--first": lambda: tighten(True)}

if __name__ == "__main__":
    sys.exit(MODES[sys.argv[1]]() if len(sys.argv) > 1 else check())
