"""Secrets: the key, the user, the passkey and the ping URL are told to nobody who need not know."""

import os
import stat

import pytest

from harness import CHECK, KEY, USER, wait_for

PING_KEY = "pingkey890123456789012"
FAULTS = [
    {"do": "status", "endpoint": "fetch", "status": 401},
    {"do": "html", "endpoint": "fetch", "page": "forbidden", "status": 403},
    {"do": "reply", "endpoint": "fetch", "body": f"key {KEY} user {USER} {KEY}{USER}"},
    {"do": "json_error", "endpoint": "fetch", "text": f"{USER}:{KEY}"},
    {"do": "redirect", "endpoint": "fetch", "to": "http://localhost:1/" + KEY},
    {"do": "drop", "endpoint": "fetch"},
    {"do": "truncate", "endpoint": "download"},
    {"do": "bad_torrent", "endpoint": "download", "kind": "piece_count"},
    {"do": "bad_torrent", "endpoint": "download", "kind": "trailing"},
    {"do": "status", "endpoint": "ping", "status": 404},
]


def secrets(sim):
    accounts = sim.state()["accounts"]
    return [KEY, USER, CHECK, PING_KEY] + [account["passkey"] for account in accounts]


def told_to(sim, text):
    return [secret for secret in secrets(sim) if secret in text]


def all_of(done):
    return done.stdout + done.stderr


# What a tracker, or who sits between, can put a secret into.
ECHOES = [
    {"do": "redirect", "endpoint": "fetch", "to": f"http://{KEY}.evil.example/"},
    {"do": "redirect", "endpoint": "fetch", "to": f"http://{KEY.upper()}.evil.example/"},
    {"do": "redirect", "endpoint": "fetch", "to": f"http://x.{USER}/", "status": 307},
    {"do": "redirect", "endpoint": "download", "to": f"https://{USER}.evil.example/{KEY}"},
    {"do": "redirect", "endpoint": "download", "to": "http://PASSKEY.evil.example/"},
    {"do": "redirect", "endpoint": "fetch", "to": "http://" + "a" * 120 + f".{KEY}.{KEY}.example/"},
    {"do": "json_error", "endpoint": "fetch", "text": f"no such user: {USER.upper()}"},
    {"do": "json_error", "endpoint": "fetch", "text": "x" * 390 + KEY},
    {"do": "json_error", "endpoint": "fetch", "text": "PASSKEY is banned"},
    {"do": "reply", "endpoint": "fetch", "body": f"{{\"Status\": \"{KEY}"},
]


@pytest.mark.parametrize("fault", ECHOES, ids=range(len(ECHOES)))
def test_no_form_of_an_echoed_secret_gets_out(sim, outspoken, fault):
    outspoken.fetch(status=0)
    passkey = sim.state()["accounts"][0]["passkey"]
    text = str(fault.get("to") or fault.get("text") or fault.get("body"))
    key = "to" if "to" in fault else "text" if "text" in fault else "body"
    sim.faults({**fault, key: text.replace("PASSKEY", passkey), "times": 3})
    printed = "".join(all_of(outspoken.fetch()) for _ in range(2))
    printed += "".join(all_of(outspoken.run(*command)) for command in
                       (("status", "--json"), ("history", "--json"), ("status",)))
    bodies = str([p["body"] for p in sim.pings()])
    ledger = (outspoken.state / "ledger.db").read_bytes().decode("latin-1")
    assert "<hidden>" in printed
    for word in secrets(sim):
        for told in (printed, bodies):
            assert word.lower() not in told.lower() and word[:12].lower() not in told.lower()
    assert KEY.lower() not in ledger.lower() and USER.lower() not in ledger.lower()


@pytest.fixture
def outspoken(sim, make):
    return make(LOG_LEVEL="debug", HC_URL=sim.ping_url)


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("fault", FAULTS, ids=range(len(FAULTS)))
def test_nothing_that_a_fetch_prints_holds_a_secret(sim, outspoken, fault, log_format):
    outspoken.set(LOG_FORMAT=log_format)
    printed = all_of(outspoken.fetch(status=0))
    sim.faults({**fault, "times": 2})
    for _ in range(2):
        printed += all_of(outspoken.fetch())
    assert len(secrets(sim)) == 5  # the passkey is among them
    assert told_to(sim, printed) == []


@pytest.mark.parametrize("command", [
    ("list",), ("status",), ("status", "--json"), ("history",), ("history", "--json"), ("check",),
    ("check", "--online"), ("update",), ("version",), ("--help",), ("fetch", "--help")])
def test_nothing_that_a_command_prints_holds_a_secret(sim, outspoken, command):
    sim.faults({"do": "status", "endpoint": "fetch", "status": 401, "after": 1})
    outspoken.fetch(status=0)
    outspoken.fetch(status=1)
    done = outspoken.run(*command)
    assert all_of(done)
    assert told_to(sim, all_of(done)) == []


def test_inspect_does_not_print_the_passkey(sim, outspoken):
    outspoken.fetch(status=0)
    path = str(outspoken.watch / outspoken.delivered()[0])
    assert sim.state()["accounts"][0]["passkey"].encode() in open(path, "rb").read()
    printed = "".join(all_of(outspoken.run("inspect", *option, path))
                      for option in ((), ("--json",)))
    assert "127.0.0.1" in printed and told_to(sim, printed) == []


@pytest.mark.parametrize("name, value", [
    ("PTP_KEY", KEY + "x"), ("PTP_USER", USER + "-"), ("HC_URL", f"hc-ping.com/{CHECK}"),
    ("HC_URL", f"https:/hc-ping.com/{CHECK}")])
def test_complaint_about_a_bad_secret_does_not_quote_it(sim, outspoken, name, value):
    outspoken.set(**{name: value})
    done = outspoken.fetch(status=2)
    assert name in done.stderr
    assert told_to(sim, all_of(done)) == []


def test_complaint_about_a_ping_that_failed_does_not_quote_the_url(sim, make):
    sim.scenario(ping={"checks": []})
    a = make(LOG_LEVEL="debug", HC_URL=f"{sim.url}/ping/{PING_KEY}/my-slug")
    printed = all_of(a.fetch(status=0))
    assert "Healthchecks refuses" in printed
    assert told_to(sim, printed) == []


def test_pings_tell_no_secret_of_the_tracker(sim, outspoken):
    sim.faults({"do": "json_error", "endpoint": "fetch", "times": 1, "text": f"{USER}:{KEY}"},
               {"do": "html", "endpoint": "download", "times": 1})
    for _ in range(3):
        outspoken.fetch()
    told = [(p["body"], p["user_agent"]) for p in sim.pings()]
    assert len(told) == 6
    assert told_to(sim, str(told)) == []


def test_arguments_and_log_of_the_daemon_hold_no_secret(sim, outspoken):
    daemon = outspoken.start()
    wait_for(lambda: len(sim.pings()) == 2)
    with open(f"/proc/{daemon.pid}/cmdline") as file:
        assert told_to(sim, file.read()) == []
    outspoken.stop(daemon)
    assert "cycle ended" in outspoken.log()
    assert told_to(sim, outspoken.log()) == []


def files_with_secrets(sim, archiver):
    """Paths of files below the archiver's folder that hold a secret."""
    words = [secret.encode() for secret in secrets(sim)]
    return [p for p in archiver.folder.rglob("*")
            if p.is_file() and any(word in p.read_bytes() for word in words)]


def others_can_read(path, top):
    """May a user who is neither the owner nor of the group get at it?"""
    while path != top:
        bits = stat.S_IMODE(os.stat(path).st_mode)
        if not bits & (0o001 if path.is_dir() else 0o004):
            return False
        path = path.parent
    return True


def test_no_file_with_a_secret_can_be_read_by_others(sim, outspoken):
    outspoken.fetch(status=0, prefix=("sh", "-c", 'umask 0; exec "$@"', "sh"))
    sim.faults({"do": "bad_torrent", "endpoint": "download", "kind": "piece_count"})
    for _ in range(5):
        outspoken.fetch(status=1)
    found = files_with_secrets(sim, outspoken)
    names = {p.name for p in found}
    # The passkey is in what is delivered, and in what is in quarantine.
    assert {"100002.bin", *outspoken.delivered()} <= names
    assert [p for p in found if others_can_read(p, outspoken.folder)] == []


def test_state_is_private(sim, outspoken):
    sim.faults({"do": "html", "endpoint": "download", "container": "attic"})
    for _ in range(5):
        outspoken.fetch(status=1, prefix=("sh", "-c", 'umask 0; exec "$@"', "sh"))
    modes = {str(p.relative_to(outspoken.folder)): stat.S_IMODE(p.stat().st_mode)
             for p in (outspoken.state, *outspoken.state.rglob("*"), outspoken.config)}
    assert "state/quarantine/100001.bin" in modes and "state/ledger.db" in modes
    assert {name: oct(bits) for name, bits in modes.items() if bits & 0o077} == {}


def test_ledger_holds_neither_credentials_nor_the_ping_url(sim, outspoken):
    for fault in FAULTS:
        sim.faults({**fault, "times": 1})
        outspoken.fetch()
    outspoken.ledger("VACUUM")
    assert told_to(sim, (outspoken.state / "ledger.db").read_bytes().decode("latin-1")) == []


def test_commands_after_a_fetch_are_not_told_the_secrets(sim, outspoken):
    outspoken.config.write_text(
        '{"Containers": {"attic": {"Size": "1T", "AfterFetchExec": "env"}}}')
    printed = all_of(outspoken.fetch(status=0))
    assert "AfterFetchExec: PATH=" in printed
    assert told_to(sim, printed) == []
