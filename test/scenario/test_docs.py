"""The man pages, the pages of doc/ and the program name the same commands, options and settings; what is
installed is all there."""

import contextlib
import datetime
import json
import os
import re
import shutil
import signal
import subprocess

import pytest

from harness import ARCHIVER, BUILD, KEY, ROOT, USER, wait_for
from receiver import Receiver

README = (ROOT / "README.md").read_text()
COMMANDS = (ROOT / "doc" / "commands.md").read_text()
SETTINGS = (ROOT / "doc" / "settings.md").read_text()
PAGE = (ROOT / "doc" / "ptp-archiver.1.scd").read_text()
CONF = (ROOT / "doc" / "ptp-archiver.conf.5.scd").read_text()
CLIENTS = (ROOT / "doc" / "clients.md").read_text()


@pytest.fixture
def table(archiver):
    """commands, each with its own options; and all options."""
    said = archiver.run("--help", status=0).stdout
    commands = re.findall(r"^  ([a-z]+) ", said, re.M)
    options = set(re.findall(r"^  (--[a-z-]+)", said, re.M))
    own = {c: set(re.findall(r"^  (--[a-z-]+)", archiver.run(c, "--help").stdout, re.M)) - options
           for c in commands}
    assert len(commands) > 15 and len(options) > 5
    return own, options.union(*own.values())


@pytest.fixture
def settings(archiver):
    found = json.loads(archiver.run("settings", "--json", status=0).stdout)
    assert len(found) > 30
    return found


def names(settings, *keys):
    return {s[k] for s in settings for k in keys if s[k]}


def test_the_man_page_has_every_command_and_nothing_else(table):
    commands = PAGE[PAGE.index("# COMMANDS"):PAGE.index("# OPTIONS")]
    assert sorted(re.findall(r"^\*([a-z]+)\*", commands, re.M)) == sorted(table[0])


def test_the_man_page_has_every_option_and_nothing_else(table):
    options = PAGE[PAGE.index("# OPTIONS"):PAGE.index("# CHECK")]
    assert set(re.findall(r"^\*(--[a-z-]+)\*", options, re.M)) == table[1]


def test_the_man_page_names_each_commands_own_options(table):
    for command, options in table[0].items():
        about = re.search(rf"^\*{command}\*.*?\n(.*?)(?=^[*#])", PAGE, re.M | re.S).group(1)
        assert {o for o in options if o not in about} == set(), command


def test_the_page_of_commands_has_every_command_with_its_options_and_nothing_else(table):
    heads = re.findall(r"^\| (`.*?`) \|", COMMANDS[:COMMANDS.index("## Options of all")], re.M)
    assert {c for head in heads for c in re.findall(r"`([a-z]+)", head)} == set(table[0])
    for command, options in table[0].items():
        (row,) = re.findall(rf"^\| `{command}[` ].*", COMMANDS, re.M)
        about = row + (COMMANDS[COMMANDS.index("### check"):] if command == "check" else "")
        assert {o for o in options if o not in about} == set(), command
    assert set(re.findall(r"--[a-z][a-z-]*", COMMANDS)) == table[1]


def test_the_man_page_has_every_setting(settings):
    heads = " ".join(re.findall(r"^\*.*\*$", CONF, re.M))
    for name in names(settings, "key", "variable", "file_variable"):
        assert f"*{name}*" in heads, name


def test_the_man_page_has_no_setting_that_is_none(settings):
    known = names(settings, "key", "variable", "file_variable")
    for head in re.findall(r"^\*.*\*$", CONF, re.M):
        for name in re.findall(r"\*([A-Za-z_]+)\*", head):
            assert name in known, name


def test_the_man_page_has_every_default(settings):
    for s in settings:
        if s["default"]:
            part = CONF[CONF.index(f"; settings: {s['of']}"):]
            about = re.search(rf"^\*{s['key']}\*.*?\n(.*?)(?=\n\n)", part, re.M | re.S).group(1)
            assert f"Default: {s['default']}." in " ".join(about.split()), s


def renewed(*arguments):
    return subprocess.run([ROOT / "doc" / "settings.py", ARCHIVER, *arguments],
                          capture_output=True, text=True)


def test_what_the_pages_say_of_each_setting_is_up_to_date():
    done = renewed(ROOT / "doc", "--check")
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_a_page_that_is_not_up_to_date_is_named_and_renewed(tmp_path):
    pages = ("settings.md", "ptp-archiver.conf.5.scd", "ptp-archiver.1.scd")
    for page in pages:
        text = (ROOT / "doc" / page).read_text()
        assert text.count("one cycle to the next") == 1
        (tmp_path / page).write_text(text.replace("one cycle to the next", "Monday to Friday"))
    done = renewed(tmp_path, "--check")
    assert done.returncode == 1
    assert re.findall(r"^(\S+) is not up to date; run `./dev docs`$", done.stdout, re.M) == list(pages)
    assert renewed(tmp_path).returncode == 0 and renewed(tmp_path, "--check").returncode == 0
    for page in pages:
        assert (tmp_path / page).read_text() == (ROOT / "doc" / page).read_text()


def test_the_pages_have_every_setting(settings):
    for s in settings:
        text = SETTINGS + CLIENTS if s["of"] == "client" else SETTINGS
        for name in filter(None, (s["key"], s["variable"], s["file_variable"])):
            assert re.search(rf"[`\"*]{name}[`\"*:=]", text), name


def test_the_man_page_names_every_test_of_check(archiver, sim):
    names = set()
    for source in (ROOT / "src" / "doctor").glob("*.c"):
        text = source.read_text()
        names |= set(re.findall(r'"((?:config|page|tracker|ping|clock|state|watch|data|client)'
                                r'(?:-[a-z]+)+)"', text))
    assert len(names) > 20
    for name in names - {"config.ptp"}:
        assert f"*{name}*" in PAGE, name


def test_the_plain_list_of_settings_has_them_all(archiver, settings):
    said = archiver.run("settings", status=0).stdout
    for name in names(settings, "key", "variable", "default"):
        assert name in said, name


# ---- what is written into config.ptp ----

def test_the_man_page_names_what_stays_in_config_ptp(make):
    """Every variable is set; what is in the file then is what the page says, and stays in force."""
    a = make(PTP_CONTAINERS="attic:800G,cellar:1T")
    (a.folder / "key").write_text(a.environment["PTP_KEY"])
    a.set(PTP_KEY=None, PTP_KEY_FILE=a.folder / "key", PTP_MAX_STALLED="3", PTP_INTERVAL="5h",
          PTP_PER_CYCLE="2", PTP_TIMEOUT="7s", PTP_MAX_PENDING="9", PTP_MAX_ACTIVE="9",
          PTP_RESERVE="1M", PTP_DATA=a.folder, PTP_PICK_UP_WITHIN="2h", PTP_VAULT="false",
          PTP_AUDIT_INTERVAL="3d", PTP_NOTIFY_EVENTS="none", PTP_NOTIFY="webhook+http://127.0.0.1:1",
          PTP_LISTEN="127.0.0.1:1", PTP_LISTEN_TOKEN="sixteen-letters-x", LOG_LEVEL="warn",
          LOG_FORMAT="json", UMASK="027", HC_URL="http://127.0.0.1:1/ping/x", PTP_FETCH_SLEEP="0",
          PTP_CATEGORY="c", PTP_TAGS="t", PTP_SAVE_PATH="/p", PTP_PAUSED="true")
    a.fetch("all")
    written = a.configured()
    part = CONF[CONF.index("# WHAT IS WRITTEN"):CONF.index("# TOP-LEVEL")].split("\n\n")[2:]
    named = set(re.findall(r"(?<![A-Za-z*])_([A-Za-z]+)_", " ".join(part))) - {"ContainerID"}
    own = set(written["Containers"]["attic"]) - {"ContainerID"}
    assert set(written) | own == named
    kept = {name: a.environment[name] for name in ("PTP_CONFIG", "HOME")}
    for name in [n for n in a.environment if n.startswith(("PTP_", "LOG_", "UMASK", "HC_"))]:
        a.set(**{name: None})
    a.set(**kept)
    a.fetch("attic", status=0)
    assert a.configured() == written and a.run("list", status=0)


# ---- the man pages' examples, each of them really run ----

def examples(page):
    """Of the section EXAMPLES: what stands in its literal blocks."""
    section = re.search(r"^# EXAMPLES\n(.*?)^# ", page, re.M | re.S).group(1)
    return re.findall(r"^```\n(.*?)^```$", section, re.M | re.S)


# What each prints on either output.
SHOWS = {
    "setup": "Wrote ", "create attic": "", "check --online": "ok    ",
    "fetch attic": "New download written as", "run": "next cycle in", "history": "attic",
    "inspect": "verdict      accepted", "resize": "", "audit": "2 assigned",
    "redeliver": "2 handed over", "export": "2 ", "backup": "found good", "restore": "is the state of",
    "create cellar": "", "adopt": "1 adopted",
    "notify --test": "ok    ntfy 1"}


@pytest.fixture
def typed(make, tmp_path):
    """typed(line): what a line says that is typed into a shell; with /srv in a folder of ours."""
    a = make(containers=None, PTP_WATCH=None, PTP_USER=None, PTP_KEY=None)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "ptp-archiver").symlink_to(ARCHIVER)
    a.set(PATH=f"{tmp_path}/bin:/usr/bin:/bin")

    def run(line):
        process = subprocess.Popen(["sh", "-c", line.replace("/srv/", f"{tmp_path}/srv/")],
                                   env=a.environment, cwd=a.folder, start_new_session=True,
                                   stdin=subprocess.PIPE, stdout=open(tmp_path / "said", "w"),
                                   stderr=subprocess.STDOUT, text=True)
        with contextlib.suppress(BrokenPipeError):  # a command that asks nothing may have ended
            with process.stdin as answers:
                answers.write(f"{USER}\n{KEY}\n")
        if re.search(r"ptp-archiver run$", line):
            wait_for(lambda: "next cycle in" in (tmp_path / "said").read_text())
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)
        else:
            assert process.wait(60) == 0, (line, (tmp_path / "said").read_text())
        return (tmp_path / "said").read_text()

    run.archiver = a
    return run


def test_every_example_of_the_man_page_does_what_it_says(typed, tmp_path, box):
    a, receiver, seen = typed.archiver, Receiver(), set()
    for name in ("attic", "cellar"):
        (tmp_path / "srv" / "watch" / name).mkdir(parents=True)
    (tmp_path / "srv" / "old").mkdir()
    shutil.copy(ROOT / "test/fixtures/real/v1-single.torrent", tmp_path / "srv" / "old")
    for line in "".join(examples(PAGE)).splitlines():
        known = next(k for k in sorted(SHOWS, key=len, reverse=True) if f"ptp-archiver {k}" in line)
        said = typed(line.removeprefix("$ ").replace("ntfy+https://ntfy.sh/YOUR_TOPIC",
                                                     receiver.url("ntfy")))
        assert SHOWS[known] in said, (line, said)
        seen.add(known)
        if known == "setup":
            a.configure(**a.configured(), Clients={"seedbox": {
                "Type": "qbittorrent", "URL": box.url, "Username": box.user,
                "Password": box.password}})
    assert seen == set(SHOWS)
    assert len(box.torrents) == 2 and len(receiver.requests) == 1
    assert len(a.history("--container", "cellar")) == 1
    assert a.configured()["Containers"]["attic"]["Size"] == "1.2T"
    receiver.close()


def test_every_example_of_a_configuration_works(make, sim, tmp_path, box):
    blocks = examples(CONF)
    assert len(blocks) == 4
    box.space = [60 << 30]
    (tmp_path / "qb").write_text(box.password)
    for i, block in enumerate(blocks):
        for name in ("attic", "cellar"):
            (tmp_path / f"srv{i}" / "watch" / name).mkdir(parents=True)
        for old, new in (("YOUR_PTP_USER_ID", USER), ("YOUR_PTP_API_KEY", KEY),
                         ("/srv/", f"{tmp_path}/srv{i}/"),
                         ("/run/secrets/qb", str(tmp_path / "qb")),
                         ("https://box.example:8080", box.url), ('"bob"', f'"{box.user}"'),
                         ("https://ntfy.sh/YOUR_TOPIC", "http://127.0.0.1:1/topic"),
                         ("https://ntfy.sh", "http://127.0.0.1:1"),
                         ("https://discord.com", "http://127.0.0.1:1")):
            block = block.replace(old, new)
        a = make(containers=None, PTP_USER=None, PTP_KEY=None, PTP_WATCH=None, folder=f"a{i}")
        if block.startswith("{"):
            a.config.write_text(block)
            a.config.chmod(0o600)
        else:
            a.set(**dict(line.split("=", 1) for line in block.splitlines()))
        said = a.run("check", status=0).stdout
        assert "FAIL" not in said
        before = len(sim.fetches())
        done = a.fetch("all", status=0)
        assert len(sim.fetches()) - before == said.count("\nContainer   ")
        assert "is not known" not in done.stderr
    assert len(box.torrents) == 1


def test_the_first_configuration_of_the_readme_works(typed, tmp_path):
    """As it stands there, on a machine where nothing is installed yet."""
    part = README[README.index("## First configuration"):README.index("Environment variables can")]
    lines = re.findall(r"^    (\S.*?)(?:  +#.*)?$", part, re.M)
    assert [line.split()[:2] for line in lines] == [
        ["build/ptp-archiver", c] for c in ("setup", "create", "check", "fetch", "run")]
    (tmp_path / "srv" / "watch").mkdir(parents=True)
    os.symlink(BUILD, typed.archiver.folder / "build")
    said = [typed(line) for line in lines]
    assert "FAIL" not in said[2] and "New download written as" in said[3]
    found = list((tmp_path / "srv" / "watch").glob("*.torrent"))
    assert len(found) == 2, "one by fetch, and one by the first cycle of run"


def test_the_readmes_first_commands_are_those_of_the_source(typed):
    """Nothing is on the path before it is installed."""
    before = README[:README.index("## Install it")] + README[README.index("## First conf"):]
    lines = re.findall(r"^    (\S.*)$", before, re.M)
    assert len(lines) > 8
    for line in lines:
        for word in re.findall(r"(?:^|\s)(\S*ptp-archiver)(?=\s)", line):
            assert word == "build/ptp-archiver", line


def configurations():
    """Each piece of config.ptp that a page of doc/ shows, with the page's name."""
    for page in sorted((ROOT / "doc").glob("*.md")):
        text = re.sub(r"^```json\n(.*?)^```$", lambda m: re.sub("^", "    ", m[1], flags=re.M),
                      page.read_text(), flags=re.M | re.S)
        for block in re.findall(r"^    [{\"].*\n(?:^    .*\n)*", text, re.M):
            if re.search(r'"(Containers|Clients|Notify)"', block):
                yield page.stem, block.strip()


def test_the_pages_show_configurations():
    assert {"clients", "configuration", "notifications", "several-machines"} == \
        {name for name, _ in configurations()}


@pytest.mark.parametrize("block", [b for _, b in configurations()],
                         ids=[f"{name}-{i}" for i, (name, _) in enumerate(configurations())])
def test_every_configuration_of_the_pages_is_accepted(make, tmp_path, block):
    (tmp_path / "secret").write_text("a-secret-of-somebody")
    block = re.sub(r"/run/secrets/\w+", str(tmp_path / "secret"), block)
    told = json.loads(block if block.startswith("{") else "{" + block + "}")
    told |= {"ApiUser": USER, "ApiKey": KEY}
    told.setdefault("Containers", {"attic": {"Size": "800G"}})
    a = make(containers=None, PTP_USER=None, PTP_KEY=None, PTP_WATCH=None)
    a.config.write_text(json.dumps(told))
    a.config.chmod(0o600)
    done = a.run("list", status=0)
    assert done.stdout.count("\n\t") == len(told["Containers"]) and "not known" not in done.stderr
    found = json.loads(a.run("check", "--json").stdout)["findings"]
    assert not [f for f in found if f["test"] == "config"]


# ---- what is installed ----

@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild"], capture_output=True,
                          text=True, env={**os.environ, "DESTDIR": str(folder)})
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "usr" / "local"


def test_meson_installs_it_all(installed):
    for path in ("bin/ptp-archiver", "bin/ptp-archiver-import", "share/doc/ptp-archiver/README.md",
                 "share/bash-completion/completions/ptp-archiver",
                 "share/zsh/site-functions/_ptp-archiver",
                 "share/fish/vendor_completions.d/ptp-archiver.fish",
                 "share/doc/ptp-archiver/doc/clients.md", "share/doc/ptp-archiver/doc/moving.md",
                 "share/doc/ptp-archiver/examples/alerts.yml",
                 "share/doc/ptp-archiver/examples/grafana.json",
                 "share/doc/ptp-archiver/examples/compose.yaml",
                 "lib/systemd/system/ptp-archiver.service"):
        assert (installed / path).stat().st_size > 0, path
    assert os.access(installed / "bin/ptp-archiver-import", os.X_OK)


def links(docs):
    """What the installed pages link to, each of them there."""
    found = set()
    for page in (docs / "README.md", *docs.glob("doc/*.md")):
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            assert (page.parent / link).is_file(), (page, link)
            found.add(os.path.relpath(page.parent / link, docs))
    return found


def test_the_installed_pages_link_to_what_is_installed(installed):
    found = links(installed / "share/doc/ptp-archiver")
    assert found > {"CHANGELOG.md", "LICENSE", "doc/clients.md", "doc/README.md",
                    "examples/compose.yaml", "examples/alerts.yml", "examples/grafana.json"}
    assert found > {f"doc/{p.name}" for p in (ROOT / "doc").glob("*.md")}
    docs = installed / "share/doc/ptp-archiver"
    page = (docs / "README.md").read_text()
    assert "![" not in page and "Contributing" in page and len(page) > len(README) - 500
    assert "the unit" in (docs / "doc" / "installing.md").read_text()


def test_the_man_pages_are_installed_and_can_be_read(installed):
    if not shutil.which("scdoc") or not shutil.which("man"):
        pytest.skip("there is no scdoc or no man")
    for page in ("man1/ptp-archiver.1", "man5/ptp-archiver.conf.5"):
        done = subprocess.run(["man", "--warnings", "-l", installed / "share" / "man" / page],
                              capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
        assert done.returncode == 0 and done.stderr == "", done.stderr
        assert "NAME" in done.stdout and "SEE ALSO" in done.stdout


def test_where_there_is_no_scdoc_meson_says_that_there_will_be_no_man_pages(tmp_path):
    without = tmp_path / "bin"
    without.mkdir()
    for folder in os.environ["PATH"].split(":"):
        for name in set(os.listdir(folder) if os.path.isdir(folder) else ()) - {"scdoc"}:
            if not os.path.lexists(without / name):
                (without / name).symlink_to(f"{folder}/{name}")
    done = subprocess.run(["meson", "setup", tmp_path / "build", "-Dtests=disabled",
                           "-Dsim=false"], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "PATH": str(without)})
    assert done.returncode == 0, done.stdout
    assert "WARNING: scdoc is missing, so there will be no man pages" in done.stdout


def stub(folder, name, script):
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("status", [0, 1])
def test_dev_build_shows_what_meson_warns_of_and_needs_what_makes_man_pages(tmp_path, status):
    shutil.copy(ROOT / "dev", tmp_path)
    bin = tmp_path / "bin"
    bin.mkdir()
    stub(bin, "dpkg-query", f'echo "$*" >>{tmp_path}/asked; printf installed')
    stub(bin, "meson", f'echo "The Meson build system"; echo "doc/meson.build:1: WARNING: x"; exit {status}')
    stub(bin, "ninja", "exit 0")
    done = subprocess.run([tmp_path / "dev", "build"], capture_output=True, text=True,
                          env={**os.environ, "PATH": f"{bin}:{os.environ['PATH']}"})
    assert (done.returncode, done.stdout) == (status, "doc/meson.build:1: WARNING: x\n")
    assert re.search(r" scdoc$", (tmp_path / "asked").read_text(), re.M)


def test_systemd_has_nothing_against_the_unit(installed, tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("there is no systemd-analyze")
    unit = (installed / "lib/systemd/system/ptp-archiver.service").read_text()
    assert "ExecStart=/usr/local/bin/ptp-archiver run" in unit
    # The program and its user are not on this machine.
    moved = tmp_path / "ptp-archiver.service"
    moved.write_text(unit.replace("/usr/local/bin", str(installed / "bin")))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", moved], capture_output=True,
                          text=True)
    about = [line for line in done.stderr.splitlines() if "ptp-archiver" in line]
    assert done.returncode == 0 and about == [], done.stderr


# ---- the images' labels ----

@pytest.mark.parametrize("stage", ["utility", "native"])
def test_a_label_that_nobody_gave_is_valid_or_empty(stage):
    """A plain `docker build` gives none."""
    dockerfile = (ROOT / "Dockerfile").read_text()
    (part,) = re.findall(rf"^FROM \S+ AS {stage}\n(.*?)(?=^FROM|\Z)", dockerfile, re.M | re.S)
    given = dict(re.findall(r"^ARG (\w+)=(.*)$", part, re.M))
    labels = {name: given[value[1:]] if value.startswith("$") else value
              for name, value in re.findall(r'org\.opencontainers\.image\.(\S+)="(.*)"', part)}
    assert datetime.datetime.fromisoformat(labels["created"].replace("Z", "+00:00")).tzinfo
    for name in ("url", "source", "documentation"):
        assert re.fullmatch(r"(https://\S+)?", labels[name])
    assert "unknown" not in labels.values() and labels["version"]
