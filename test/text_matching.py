"""No part of the program decides on a text that is meant for people.

    text_matching.py    one line for each breach; exit status 1 if there is one

A search in a text (strstr, strncmp, text_starts, text_has_nocase, ...) is allowed only in the files
below, so many times, for the reason beside it. A comparison with a message, a reason, a detail or
another text for people is never allowed, except in TEXTS.

If this fails on your change: store a kind, a number or a flag beside the text, and decide on that.
Where the other party speaks in nothing but text, add its words to that party's own file.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SRC = ROOT / "src"
SEARCH = re.compile(r"\b(?:strstr|strcasestr|strncmp|strncasecmp|memmem|text_(?:starts|ends|has)\w*)\(")
COMPARE = re.compile(r"\b(?:str(?:case)?cmp|strstr|strcasestr|strncmp|strncasecmp|text_(?:starts|ends|has)\w*)"
                     r"\([^;{}]*?\b(?:\w+(?:->|\.))*"
                     r"(?:msg|message|detail|reason|reasons|summary|note|notes|hint|remedy|title|why)\b")
SKIPPED = re.compile(r'("(?:\\.|[^"\\\n])*")|/\*.*?\*/|//[^\n]*', re.S)

# ---- the words of other programs and services, which have nothing but text; the file has the source
# ---- of each
FOREIGN = {
    "model/reply.c": (4, "the error messages of the tracker and of a guard in front of it"),
    "model/proof.c": (1, "pages of a guard in front of the tracker"),
    "model/utility_output.c": (10, "what the official utility prints"),
    "model/client_torrent.c": (1, "what trackers say of a torrent, as clients show it"),
    "model/torrent.c": (3, "padding files and web pages in a .torrent; a URL"),
    "ports/client_common.c": (2, "clients' words: credentials that must not be shown"),
    "ports/client_deluge.c": (9, "Deluge's errors, states and methods"),
    "ports/client_qbittorrent.c": (6, "qBittorrent's answers, versions, trackers; a category"),
    "ports/client_rtorrent.c": (10, "rTorrent's faults and messages; a path; a URL"),
    "ports/client_transmission.c": (5, "Transmission's results; a URL"),
    "ports/health.c": (5, "the answers of Healthchecks; a URL"),
}

# ---- machine texts: URLs, paths, file names, headers, settings, protocols
MACHINE = {
    "base/fs.c": (2, "a byte order mark; the name of a temporary file"),
    "base/hidden.c": (1, "file names"),
    "base/http.c": (1, "a loopback address"),
    "base/mount.c": (1, "paths"),
    "base/scgi.c": (4, "the SCGI protocol"),
    "base/url.c": (2, "URLs"),
    "cmd/cmd_check.c": (1, "cuts off an advice that is known"),
    "cmd/cmd_complete.c": (2, "options that are being typed"),
    "config/confine.c": (1, "keys that name files"),
    "config/config_clients.c": (1, "a URL"),
    "config/config_form.c": (7, "what a setting may not hold; placeholders of examples"),
    "config/config_settings.c": (5, "URLs; $ in a folder"),
    "config/config_warnings.c": (3, "names of variables"),
    "config/json_line.c": (1, "a key of JSON"),
    "config/wire.c": (1, "a file name's ending"),
    "core/archive.c": (1, "names of files in an archive"),
    "core/restore.c": (1, "names of files in an archive"),
    "core/adopt.c": (3, "file names' endings; an infohash"),
    "core/hook.c": (3, "AfterFetchExec and the environment"),
    "core/report.c": (1, "does a text end its last line?"),
    "doctor/doctor_folder.c": (3, "paths of volumes"),
    "doctor/doctor_local.c": (5, "a ping URL; PEM files"),
    "model/container.c": (1, "a pattern for paths"),
    "base/mask.c": (3, "finds secrets; names of clients; a URL"),
    "core/mark.c": (2, "file names"),
    "model/filename.c": (5, "the header Content-Disposition; the names of devices"),
    "page/httpd.c": (1, "percent-encoding"),
    "page/site.c": (5, "paths and headers of requests"),
    "ports/client_watchdir.c": (2, "file names' endings"),
    "ports/notify_services.c": (8, "URLs of services"),
    "ports/notify_url.c": (4, "URLs"),
}

# ---- a text for people is compared, and not understood
TEXTS = {
    "view/trouble.c": (1, "is it the message of before? Then it is not logged again"),
}

OWN = {"base/text.c", "base/text.h"}


def code_of(text):
    """Without comments, and with empty strings."""
    return SKIPPED.sub(lambda m: '""' if m.group(1) else "\n" * m.group().count("\n"), text)


def lines_of(pattern, code):
    return [code.count("\n", 0, m.start()) + 1 for m in pattern.finditer(code)]


def breaches(name, lines, allowed, what):
    most = allowed.get(name, (0, ""))[0]
    if len(lines) > most:
        where = ", ".join(map(str, lines))
        return [f"src/{name}: {len(lines)} {what} (lines {where}), {most} are allowed"]
    return []


def could_be_tighter(sources):
    """Notes, not breaches."""
    return [f"src/{name}: test/text_matching.py allows more than there is"
            for name, (most, _) in {**FOREIGN, **MACHINE}.items()
            if len(lines_of(SEARCH, sources.get(name, ""))) < most]


def check(sources):
    """sources: {name: code}"""
    searches, found = {**FOREIGN, **MACHINE}, []
    for name, code in sources.items():
        if name in OWN:
            continue
        found += breaches(name, lines_of(SEARCH, code), searches, "searches in texts")
        if name not in FOREIGN:
            found += breaches(name, lines_of(COMPARE, code), TEXTS, "decisions on texts for people")
    return found


def finds_its_own_examples(sources):
    """A pattern that finds nothing would let everything pass."""
    for example in ('if (strstr(err->msg, "x"))', 'x = strcmp(n->detail, word) == 0;',
                    'text_starts(s->pace.reason.text, "HTTP")', "text_has_nocase(why->msg, part)"):
        code = {**sources, "view/new.c": code_of(example)}
        if len(check(code)) <= len(check(sources)):
            return [f"test/text_matching.py does not find: {example}"]
    return []


def main():
    sources = {p.relative_to(SRC).as_posix(): code_of(p.read_text()) for p in sorted(SRC.rglob("*.[ch]"))}
    found = check(sources) + finds_its_own_examples(sources)
    print(f"{'FAIL' if found else 'ok  '}  decisions on texts")
    for line in found + could_be_tighter(sources):
        print("      " + line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
