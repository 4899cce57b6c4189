"""The man pages, the README and the program name the same commands, options and settings; what is
installed is all there."""

import datetime
import json
import os
import re
import shutil
import subprocess

import pytest

from harness import BUILD, ROOT

README = (ROOT / "README.md").read_text()
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


def test_the_readme_has_every_command_and_option(table):
    rows = README[README.index("## Commands"):README.index("Exit status:")]
    for command, options in table[0].items():
        assert re.search(rf"`{command}[` ]", rows), command
    for option in table[1] - {"--help", "--version"}:
        assert option in README, option


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
        if s["default"] and "URL" not in s["key"]:
            about = re.search(rf"^\*{s['key']}\*.*?\n(.*?)(?=\n\n)", CONF, re.M | re.S).group(1)
            assert f"Default: {s['default']}." in " ".join(about.split()), s


def test_the_readme_has_every_setting(settings):
    for s in settings:
        text = README + CLIENTS if s["of"] == "client" else README
        for name in filter(None, (s["key"], s["variable"], s["file_variable"])):
            assert re.search(rf"[`\"*]{name}[`\"*:=]", text), name


def test_the_man_page_names_every_test_of_check(archiver, sim):
    names = set()
    for source in (ROOT / "src" / "app").glob("doctor_*.c"):
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


# ---- what is installed ----

@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    done = subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild"], capture_output=True,
                          text=True, env={**os.environ, "DESTDIR": str(folder)})
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "usr" / "local"


def test_meson_installs_it_all(installed):
    for path in ("bin/ptp-archiver", "share/doc/ptp-archiver/README.md",
                 "share/bash-completion/completions/ptp-archiver",
                 "share/zsh/site-functions/_ptp-archiver",
                 "share/fish/vendor_completions.d/ptp-archiver.fish",
                 "lib/systemd/system/ptp-archiver.service"):
        assert (installed / path).stat().st_size > 0, path


def test_the_man_pages_are_installed_and_can_be_read(installed):
    if not shutil.which("scdoc") or not shutil.which("man"):
        pytest.skip("there is no scdoc or no man")
    for page in ("man1/ptp-archiver.1", "man5/ptp-archiver.conf.5"):
        done = subprocess.run(["man", "--warnings", "-l", installed / "share" / "man" / page],
                              capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
        assert done.returncode == 0 and done.stderr == "", done.stderr
        assert "NAME" in done.stdout and "SEE ALSO" in done.stdout


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
