"""Where a C source can be changed a little, and how.  Pure: a text in, mutations out.

A mutation changes one token, or replaces one statement by an empty one.  None lies in a comment, a
string, a line of the preprocessor, a static assertion, a log message, the size of an array or of an
allocation, or in `= {0}`.
"""

import re
from typing import NamedTuple

RELATIONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
LOGIC = {"&&": "||", "||": "&&"}
STEPS = {"+": "-", "-": "+", "+=": "-=", "-=": "+=", "++": "--", "--": "++"}
TRUTH = {"true": "false", "false": "true"}
KINDS = ("relation", "logic", "off by one", "return", "dropped")
# More memory than is needed does not show.
SKIPPED_CALLS = re.compile(
    r"(log_\w+|_Static_assert|static_assert|sizeof|__attribute__|mem_alloc|mem_grow)$")
# A memory leak does not show in a result: that is the work of AddressSanitizer.
RELEASES = re.compile(r"\w*(free|clear|close|finish|finalize)$")

TOKEN = re.compile(r"""
    [^\S\n]*\n | [^\S\n]+ | //[^\n]* | /\*.*?\*/
  | (?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<number>(?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*(?![\w.]))
  | (?P<word>[A-Za-z_]\w*|\d[\w.]*)
  | (?P<sign>->|\+\+|--|<<=|>>=|<<|>>|[<>=!+\-*/%&|^]=|&&|\|\||\.\.\.|.)
""", re.X | re.S)
DIRECTIVE = re.compile(r"[ \t]*#(?:\\\n|/\*.*?\*/|[^\n])*", re.S)


class Token(NamedTuple):
    kind: str
    text: str
    start: int


class Mutation(NamedTuple):
    kind: str
    line: int  # from 1
    start: int  # in the text
    end: int
    new: str

    def apply(self, text):
        return text[:self.start] + self.new + text[self.end:]


def tokens(text):
    """All but blanks, comments and directives.  Blanks end with their line, so that the start of
    the next one is seen."""
    found, at = [], 0
    while at < len(text):
        is_line_start = at == 0 or text[at - 1] == "\n"
        match = (is_line_start and DIRECTIVE.match(text, at)) or TOKEN.match(text, at)
        if match.lastgroup:
            found.append(Token(match.lastgroup, match.group(), at))
        at = match.end()
    return found


def closing(toks, i):
    """The index of the bracket that closes the one at `i`."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    depth, opened, closed = 0, toks[i].text, pairs[toks[i].text]
    for j in range(i, len(toks)):
        depth += (toks[j].text == opened) - (toks[j].text == closed)
        if depth == 0:
            return j
    return len(toks) - 1


def skipped(toks):
    """The indexes of tokens inside of log messages, assertions, sizes."""
    out = set()
    for i, t in enumerate(toks[:-1]):
        if t.kind == "word" and SKIPPED_CALLS.match(t.text) and toks[i + 1].text == "(":
            out.update(range(i, closing(toks, i + 1) + 1))
    return out


def is_value(t):
    return t.kind in ("word", "number", "text") and t.text not in ("return", "case") or \
        t.text in (")", "]")


def is_array_size(toks, i):
    """`char name[32]`, not `name[0]`."""
    if i < 3 or toks[i - 1].text != "[" or toks[i - 2].kind != "word":
        return False
    before = toks[i - 3]
    return before.kind == "word" and before.text != "return" or before.text in ("*", ",")


def is_cleared(toks, i):
    """`x = {0}`: the way to clear a whole struct."""
    return toks[i].text == "0" and toks[i - 1].text == "{" and toks[i + 1].text == "}"


def plus_one(number):
    digits, suffix = re.fullmatch(r"(\w*?)([uUlL]*)", number).groups()
    value = int(digits, 8 if re.fullmatch(r"0\d+", digits) else 0) + 1
    if digits.lower().startswith("0x"):
        return f"0x{value:x}{suffix}"
    return (f"0{value:o}" if re.fullmatch(r"0\d+", digits) else str(value)) + suffix


def changed(toks, i):
    """(kind, new text) of the token, or None."""
    t, before = toks[i], toks[i - 1] if i else Token("sign", ";", 0)
    if t.kind == "number":
        if is_array_size(toks, i) or is_cleared(toks, i):
            return None
        return "off by one", plus_one(t.text)
    if t.text in RELATIONS:
        return "relation", RELATIONS[t.text]
    if t.text in LOGIC:
        return "logic", LOGIC[t.text]
    if t.text == "!":
        return None if [x.text for x in toks[i - 3:i]] == ["(", "void", ")"] else ("logic", "")
    if t.text in ("+", "-") and not is_value(before):
        return None
    if t.text in STEPS:
        return "off by one", STEPS[t.text]
    if t.text in TRUTH and before.text == "return":
        return "return", TRUTH[t.text]
    return None


def statement(toks, i):
    """The index of the `;` of a call or an assignment that begins here, or None."""
    if toks[i].kind != "word" or i == 0 or toks[i - 1].text not in (";", "{", "}", ")", "else"):
        return None
    if toks[i].text in ("return", "if", "for", "while", "do", "switch", "else", "case", "default",
                        "break", "continue", "goto", "struct", "enum", "static", "const"):
        return None
    j = i + 1
    while j < len(toks) and toks[j].text in (".", "->", "["):
        j = closing(toks, j) + 1 if toks[j].text == "[" else j + 2
    if j >= len(toks):
        return None
    if toks[j].text == "(":
        end = closing(toks, j) + 1
        is_plain = j == i + 1 and not RELEASES.match(toks[i].text)
        return end if is_plain and end < len(toks) and toks[end].text == ";" else None
    if not re.fullmatch(r"[-+*/%&|^]?=|<<=|>>=", toks[j].text):
        return None
    while j < len(toks) and toks[j].text != ";":
        j = closing(toks, j) + 1 if toks[j].text in "([{" else j + 1
    return j if j < len(toks) else None


def mutations(text, dropped=False):
    """All of a source, in its order.  `dropped`: statements that are left out, too."""
    toks = tokens(text)
    skip, depth, found = skipped(toks), 0, []
    for i, t in enumerate(toks):
        depth += (t.text == "{") - (t.text == "}")
        if depth == 0 or i in skip:
            continue
        line = text.count("\n", 0, t.start) + 1
        change = changed(toks, i)
        if change:
            found.append(Mutation(change[0], line, t.start, t.start + len(t.text), change[1]))
        end = statement(toks, i) if dropped else None
        if end:
            found.append(Mutation("dropped", line, t.start, toks[end].start, ""))
    return found
