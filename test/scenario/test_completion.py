"""The completions, really loaded in bash, zsh and fish."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import time

import pytest

from harness import ARCHIVER, ROOT

SCRIPTS = ROOT / "contrib" / "completions"
CONTAINERS = "attic:800G,a box:5T,cellar:1T"


class Shell:
    """A shell on a terminal of its own, in which a line is typed and completed."""

    def __init__(self, archiver, command, setup):
        self.master, slave = pty.openpty()
        bin = archiver.folder / "bin"
        bin.mkdir(exist_ok=True)
        if not (bin / "ptp-archiver").exists():
            (bin / "ptp-archiver").symlink_to(ARCHIVER)
        environment = {**archiver.environment, "TERM": "dumb", "LC_ALL": "C.UTF-8",
                       "PATH": f"{bin}:{archiver.environment['PATH']}"}
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave,
                                        cwd=archiver.folder, env=environment,
                                        start_new_session=True)
        os.close(slave)
        for line in setup:
            self.type(line + "\n")
        self.type("echo rea''dy\n")
        self.expect("ready")

    def type(self, text):
        os.write(self.master, text.encode())

    def expect(self, text, seconds=15):
        end, shown = time.monotonic() + seconds, ""
        while text not in shown:
            assert time.monotonic() < end, shown
            if select.select([self.master], [], [], 0.1)[0]:
                shown += os.read(self.master, 65536).decode(errors="replace")
        return shown

    def completed(self, line):
        """The words that the line has once TAB was pressed behind it."""
        self.type(line)
        time.sleep(0.1)
        self.type("\t")
        time.sleep(0.5)
        self.type("\x01show \n")    # to the line's begin
        shown = self.expect("<end>")
        return re.findall(r"<([^<>]*)>", shown.rsplit("<begin>", 1)[1])[:-1]

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.master)


def need(shell):
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell}")


SHOW = "show() { printf '<begin>'; printf '<%s>' \"$@\"; printf '<e''nd>\\n'; }"


def bash_of(archiver):
    return Shell(archiver, ["bash", "--norc", "--noprofile", "-i"],
                 [f"source {SCRIPTS}/ptp-archiver.bash", SHOW])


@pytest.fixture
def bash(make):
    need("bash")
    shell = bash_of(make(CONTAINERS))
    yield shell
    shell.close()


def zsh_of(archiver):
    return Shell(archiver, ["zsh", "-f", "-i"],
                 ["PROMPT='> ' RPROMPT= PROMPT_SP= zle_bracketed_paste=()",
                  f"fpath=({SCRIPTS} $fpath); autoload -U compinit; compinit -u -D", "bindkey -e",
                  SHOW])


@pytest.fixture
def zsh(make):
    need("zsh")
    shell = zsh_of(make(CONTAINERS))
    yield shell
    shell.close()


# Names that a shell would take for something else, or that are another thing's in a list.
AWKWARD = ["q'b\"c$(touch boom)`touch boom`", "x:y:z", "x:w", ":files", "hey!there", "end'", "-dash",
           'two"', "fr'ont", "back\\slash", "$HOME", "ünï:cödé"]

LINES = [
    ("ptp-archiver fet", ["ptp-archiver", "fetch"]),
    ("ptp-archiver check --onl", ["ptp-archiver", "check", "--online"]),
    ("ptp-archiver fetch att", ["ptp-archiver", "fetch", "attic"]),
    ("ptp-archiver fetch attic cell", ["ptp-archiver", "fetch", "attic", "cellar"]),
    ("ptp-archiver fetch 'a b", ["ptp-archiver", "fetch", "a box"]),
    ("ptp-archiver history --container a\\ b", ["ptp-archiver", "history", "--container", "a box"]),
    ("ptp-archiver --config=some-f", ["ptp-archiver", "--config=some-file"]),
    ("ptp-archiver --log-level=war", ["ptp-archiver", "--log-level=warn"]),
    ("ptp-archiver rename cel", ["ptp-archiver", "rename", "cellar"]),
    ("ptp-archiver rename cellar att", ["ptp-archiver", "rename", "cellar", "att"]),
    ("ptp-archiver inspect some-f", ["ptp-archiver", "inspect", "some-file"]),
    ("ptp-archiver export some-d", ["ptp-archiver", "export", "some-dir"]),
    ("ptp-archiver compl", ["ptp-archiver", "compl"]),     # which is for programs
]


def type_all(shell, archiver_folder):
    (archiver_folder / "some-file").write_text("")
    (archiver_folder / "some-dir").mkdir()
    for line, words in LINES:
        # zsh takes the slash behind a folder away again.
        assert [w.rstrip("/") for w in shell.completed(line)] == words, line


def test_bash_completes(bash, tmp_path):
    type_all(bash, tmp_path / "archiver")


def test_zsh_completes(zsh, tmp_path):
    type_all(zsh, tmp_path / "archiver")


# What is typed, and the name that is to become of it.
AWKWARD_LINES = [
    ("q", 0), ("'q", 0), ('"q', 0), ("q\\'b", 0), ("'q'\\''b", 0), ("'q'\"'b\"", 0), ("x:y", 1), ("'x:y", 1),
    ("x\\:y", 1), ("x:y:", 1), (":", 3), ("':f", 3), ("he", 4), ("'he", 4), ("e", 5), ("'e", 5), ("'tw", 7),
    ('"tw', 7), ("fr\\'", 8), ("ba", 9), ("'ba", 9), ('"ba', 9), ("\\$H", 10), ('"\\$H', 10), ("ünï:c", 11)]


@pytest.fixture
def awkward(make):
    return make(containers=",".join(f"{name}:1T" for name in AWKWARD))


def test_bash_offers_a_name_so_that_it_means_itself(awkward):
    need("bash")
    shell = bash_of(awkward)
    try:
        for typed, i in AWKWARD_LINES:
            assert shell.completed(f"ptp-archiver fetch {typed}") == [
                "ptp-archiver", "fetch", AWKWARD[i]], typed
        for typed in ("'x:", "x:", '"x:'):      # two have that much
            shell.type(f"ptp-archiver fetch {typed}\ty\t")
            time.sleep(0.5)
            assert shell.completed("") == ["ptp-archiver", "fetch", "x:y:z"], typed
        shell.type('ptp-archiver fetch "hey\t')     # where an ! cannot be quoted
        time.sleep(0.5)
        assert shell.completed('" none') == ["ptp-archiver", "fetch", "hey", "none"]
        assert shell.completed("ptp-archiver history --container=x:y") == [
            "ptp-archiver", "history", "--container=x:y:z"]
    finally:
        shell.close()
    assert not (awkward.folder / "boom").exists()


def test_zsh_offers_a_name_so_that_it_means_itself(awkward):
    need("zsh")
    shell = zsh_of(awkward)
    try:
        for typed, i in (("q", 0), ("'q", 0), ('"q', 0), ("x:y", 1), (":", 3), ("'tw", 7), ("\\$H", 10)):
            assert shell.completed(f"ptp-archiver fetch {typed}") == [
                "ptp-archiver", "fetch", AWKWARD[i]], typed
    finally:
        shell.close()
    assert not (awkward.folder / "boom").exists()


def fish(archiver, line):
    """What fish offers for the line, with what it says of each."""
    environment = {**archiver.environment,
                   "PATH": f"{os.path.dirname(ARCHIVER)}:{archiver.environment['PATH']}"}
    done = subprocess.run(["fish", "--no-config", "-c",
                           f"source {SCRIPTS}/ptp-archiver.fish; complete -C {json.dumps(line)}"],
                          env=environment, cwd=archiver.folder, capture_output=True, text=True,
                          timeout=30)
    assert done.returncode == 0 and done.stderr == "", done.stderr
    return dict(one.split("\t") if "\t" in one else (one, "") for one in done.stdout.splitlines())


def test_fish_completes(make):
    need("fish")
    a = make(CONTAINERS)
    (a.folder / "some-file").write_text("")
    (a.folder / "some-dir").mkdir()
    assert fish(a, "ptp-archiver fet") == {"fetch": "run one cycle now"}
    assert fish(a, "ptp-archiver check --on") == {"--online":
                                                  "also call the tracker, the clients and the ping server"}
    assert fish(a, "ptp-archiver fetch ") == {"attic": "800G", "a box": "5T", "cellar": "1T",
                                              "all": ""}
    assert list(fish(a, "ptp-archiver --log-format j")) == ["json"]
    assert "some-file" in fish(a, "ptp-archiver inspect some-f")
    assert list(fish(a, "ptp-archiver export some-")) == ["some-dir/"]


def test_fish_offers_names_that_look_like_something_else(awkward):
    need("fish")
    assert {*AWKWARD, "all"} - {"-dash"} <= set(fish(awkward, "ptp-archiver fetch "))


# ---- what they are told ----

COMMANDS = object()     # all that the help names


def complete(archiver, *words, **keys):
    """The candidates, with what is said of each."""
    done = archiver.run("complete", "--", *words, status=0, **keys)
    assert done.stderr == ""
    return dict(line.split("\t") if "\t" in line else (line, None)
                for line in done.stdout.splitlines())


def helped(archiver, *command):
    """Names and texts of --help: commands, options."""
    said = archiver.run(*command, "--help", status=0).stdout
    return (re.findall(r"^  ([a-z]+) ", said, re.M), re.findall(r"^  (--[a-z-]+)", said, re.M))


def test_all_commands_and_options_of_the_help_are_offered(archiver):
    commands, options = helped(archiver)
    assert len(commands) > 15 and list(complete(archiver, "")) == commands
    assert list(complete(archiver, "-")) == options
    for command in commands:
        assert list(complete(archiver, command, "--")) == helped(archiver, command)[1], command


@pytest.mark.parametrize("words, offered", [
    (["fetch", ""], ["a box", "attic", "cellar", "all"]),
    (["fetch", "--force", "attic", ""], ["a box", "attic", "cellar", "all"]),
    (["remove", ""], ["a box", "attic", "cellar"]), (["remove", "attic", ""], []),
    (["create", ""], []), (["run", ""], []), (["status", "x", ""], []),
    (["resize", ""], ["a box", "attic", "cellar"]), (["resize", "attic", ""], []),
    (["history", "--container", ""], ["a box", "attic", "cellar"]),
    (["history", "--container="], [f"--container={n}" for n in ("a box", "attic", "cellar")]),
    (["audit", "--client", ""], []), (["export", ""], [":folders"]),
    (["--config", ""], [":files"]), (["--state", ""], [":folders"]),
    (["--config", "x", "--log-level", ""], ["error", "warn", "info", "debug"]),
    (["--log-format", "json", "che"], COMMANDS), (["history", "--limit", ""], []),
    (["help", "che"], COMMANDS), (["help", "check", ""], []),
    (["no-such-command", ""], COMMANDS), ([], COMMANDS)])
def test_a_place_gets_what_it_takes(make, words, offered):
    a = make(CONTAINERS)
    assert list(complete(a, *words)) == (helped(a)[0] if offered is COMMANDS else offered)


def test_names_come_from_the_configuration_that_is_typed(make):
    a = make(containers=None)
    other = a.folder / "other.ptp"
    other.write_text(json.dumps({"Containers": {"loft": {"Size": "1T"}}, "Clients": {
        "box": {"Type": "watch", "WatchDirectory": "/x"}}}))
    assert list(complete(a, "fetch", "")) == ["all"]
    for typed in (["--config", str(other)], [f"--config={other}"]):
        assert list(complete(a, *typed, "fetch", "")) == ["loft", "all"]
    assert list(complete(a, "--config", str(other), "adopt", "--client", "")) == ["box"]


def test_a_wrong_configuration_is_none_of_its_business(make):
    a = make(containers=None, PTP_INTERVAL="x")
    a.config.write_text("{")
    assert list(complete(a, "fetch", "")) == ["all"]
