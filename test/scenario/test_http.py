"""HTTP: connections, TLS, limits and redirects, as the tracker sees them."""

import os
import socket
import subprocess
import time

import pytest

from harness import ARCHIVER, KEY, USER, Authority, Sim, summary

FETCH = {"endpoint": "fetch"}
DOWNLOAD = {"endpoint": "download"}


@pytest.fixture
def start_sim(tmp_path):
    running = []

    def start(*options):
        running.append(Sim(tmp_path / f"sim{len(running)}", *options))
        return running[-1]

    yield start
    for one in running:
        one.close()


# ---- the connection ----


def test_one_connection_is_kept_for_all_calls_of_a_cycle(sim, make):
    make("a:1T,b:1T,c:1T").fetch(status=0)
    assert len(sim.requests()) == 6
    assert len({r["port"] for r in sim.requests()}) == 1


def test_one_tls_connection_is_kept_for_all_calls_of_a_cycle(start_sim, authority, make):
    tls = start_sim(*authority.issue("IP:127.0.0.1"))
    make("a:1T,b:1T", PTP_BASE_URL=tls.url, PTP_CA_FILE=authority.certificate).fetch(status=0)
    assert len(tls.requests()) == 4
    assert len({r["port"] for r in tls.requests()}) == 1


def test_credentials_go_in_headers_and_never_in_the_address(sim, archiver):
    archiver.fetch(status=0)
    for request in sim.requests():
        assert request["headers"]["ApiUser"] == USER
        assert request["headers"]["ApiKey"] == KEY
        assert USER not in request["target"] and KEY not in request["target"]


@pytest.mark.parametrize("fault", [{"do": "drop"}, {"do": "drop", "processed": True}])
def test_request_on_a_kept_connection_that_breaks_is_not_silently_repeated(sim, make, fault):
    a = make("a:1T,b:1T")
    sim.faults({**FETCH, "container": "b", **fault})
    assert summary(a.fetch(status=1).stderr) == "a:OK, b:ERR(Network)"
    assert len(sim.fetches("b")) == 1
    assert a.container("b")["possibly_lost"] == 1


def test_download_on_a_kept_connection_that_breaks_is_not_silently_repeated(sim, archiver):
    sim.faults({**DOWNLOAD, "do": "drop", "times": 1})
    assert summary(archiver.fetch(status=1).stderr) == "attic:ERR(Network)"
    assert len(sim.downloads()) == 1
    archiver.fetch(status=0)
    assert len(sim.fetches()) == 1 and len(sim.downloads()) == 2


# ---- TLS ----


def refused(tls, archiver):
    """ERR(TLS), and nothing was sent."""
    done = archiver.fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(TLS)"
    assert archiver.status()["possibly_lost"] == []
    return tls.requests() == []


def test_certificate_of_an_unknown_authority_is_refused(start_sim, authority, make):
    tls = start_sim(*authority.issue("IP:127.0.0.1"))
    assert refused(tls, make(PTP_BASE_URL=tls.url))


def test_certificate_of_another_authority_than_the_one_set_is_refused(start_sim, authority, make,
                                                                       tmp_path):
    tls = start_sim(*authority.issue("IP:127.0.0.1"))
    other = Authority(tmp_path / "other")
    assert refused(tls, make(PTP_BASE_URL=tls.url, PTP_CA_FILE=other.certificate))


def test_certificate_for_another_host_is_refused(start_sim, authority, make):
    tls = start_sim(*authority.issue("DNS:elsewhere.test"))
    assert refused(tls, make(PTP_BASE_URL=tls.url, PTP_CA_FILE=authority.certificate))


def test_server_that_speaks_no_tls_is_refused(sim, make):
    assert refused(sim, make(PTP_BASE_URL=sim.url.replace("http:", "https:")))


def test_authority_of_ones_own_is_accepted(start_sim, authority, make):
    tls = start_sim(*authority.issue("IP:127.0.0.1"))
    a = make(PTP_BASE_URL=tls.url, PTP_CA_FILE=authority.certificate)
    assert summary(a.fetch(status=0).stderr) == "attic:OK"


def test_tracker_is_reached_through_a_proxy_that_sees_no_more_than_its_name(remote, make):
    sim, there = remote()
    make(**there).fetch(status=0)
    assert len(sim.requests()) == 2


# ---- time limits ----


@pytest.mark.parametrize("fault", [{**FETCH, "do": "hang"}, {**DOWNLOAD, "do": "hang"},
                                   {**FETCH, "do": "slow", "bytes_per_second": 10},
                                   {**DOWNLOAD, "do": "slow", "bytes_per_second": 200}],
                         ids=["fetch", "download", "slow fetch", "slow download"])
def test_answer_that_does_not_come_in_time_is_err_timeout(sim, make, fault):
    sim.faults(fault)
    begin = time.monotonic()
    done = make(PTP_TIMEOUT="1s").fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(Timeout)"
    assert 0.9 < time.monotonic() - begin < 4


def test_connection_that_is_not_made_in_time_is_err_timeout(make):
    with socket.socket() as server, socket.socket() as first, socket.socket() as second:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for one in (first, second):  # nobody accepts them, so the queue is full
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        a = make(PTP_BASE_URL="http://127.0.0.1:%d" % server.getsockname()[1], PTP_TIMEOUT="1s")
        begin = time.monotonic()
        assert summary(a.fetch(status=1).stderr) == "attic:ERR(Timeout)"
        assert 0.9 < time.monotonic() - begin < 4
        assert a.status()["possibly_lost"] == []


@pytest.mark.parametrize("fault", [{**FETCH, "do": "hang"},
                                   {**DOWNLOAD, "do": "hang"}], ids=["fetch", "download"])
def test_transfer_that_stalls_for_half_a_minute_is_err_timeout(sim, make, hurry, fault):
    sim.faults(fault)
    a = make(PTP_TIMEOUT="1h")
    begin = time.monotonic()
    done = a.fetch(status=1, **hurry(20))
    assert summary(done.stderr) == "attic:ERR(Timeout)"
    assert 30 / 20 <= time.monotonic() - begin < 10


# ---- ceilings ----


def peak_memory(archiver):
    """MiB that a fetch took at most."""
    process = subprocess.Popen([ARCHIVER, "fetch", "all"], env=archiver.environment,
                               cwd=archiver.folder, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0  # it is waited for
    return usage.ru_maxrss / 1024


def test_answer_without_an_end_is_cut_off(sim, archiver):
    sim.faults({**FETCH, "do": "endless", "bytes_per_second": 10**9})
    done = archiver.fetch(status=1)
    assert summary(done.stderr) == "attic:ERR(Protocol)"
    assert "larger than" in done.stderr


@pytest.mark.parametrize("endpoint", ["fetch", "download"])
def test_answer_is_held_to_its_ceiling_after_decompression(sim, archiver, endpoint):
    sim.faults({"endpoint": endpoint, "do": "gzip_bomb", "size": 2**30})
    assert peak_memory(archiver) < 250
    assert archiver.outcome() == "ERR(Protocol)"


# ---- redirects ----


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("endpoint", ["fetch", "download"])
def test_redirect_to_another_origin_is_not_followed(sim, archiver, start_sim, endpoint, status):
    other = start_sim()
    sim.faults({"endpoint": endpoint, "do": "redirect", "status": status,
                "to": other.url + "/archive.php?action=fetch&ContainerName=attic"})
    done = archiver.fetch(status=1)
    assert summary(done.stderr) == f"attic:ERR(HTTP {status})"
    assert "redirect to 127.0.0.1" in done.stderr
    assert other.requests() == []
    assert len(sim.requests(endpoint)) == 1


@pytest.mark.parametrize("to", ["//localhost:PORT/archive.php", "http://tracker.invalid/",
                                "https://127.0.0.1:PORT/archive.php", "file:///etc/passwd",
                                "ftp://127.0.0.1/x", "http://x@localhost:PORT/", "javascript:1"])
def test_redirect_to_another_host_port_or_scheme_is_not_followed(sim, archiver, to):
    sim.faults({**FETCH, "do": "redirect", "to": to.replace("PORT", sim.url.rsplit(":")[-1])})
    assert summary(archiver.fetch(status=1).stderr) == "attic:ERR(HTTP 302)"
    assert len(sim.requests()) == 1


def test_redirect_from_https_to_http_is_not_followed(start_sim, authority, make):
    tls = start_sim(*authority.issue("IP:127.0.0.1"))
    tls.faults({**FETCH, "do": "redirect", "to": tls.url.replace("https", "http") + "/x"})
    a = make(PTP_BASE_URL=tls.url, PTP_CA_FILE=authority.certificate)
    assert summary(a.fetch(status=1).stderr) == "attic:ERR(HTTP 302)"
    assert len(tls.requests()) == 1


def test_redirect_within_the_origin_is_followed_with_the_credentials(sim, archiver):
    to = "/archive.php?action=fetch&ContainerName=attic&ContainerSize=800G&MaxStalled=0"
    sim.faults({**FETCH, "do": "redirect", "to": to, "times": 1})
    assert summary(archiver.fetch(status=0).stderr) == "attic:OK"
    assert [r["status"] for r in sim.fetches()] == [302, 200]
    assert sim.fetches()[1]["headers"]["ApiKey"] == KEY


def test_redirect_that_is_followed_is_paced_as_a_request_of_its_own(sim, make):
    to = "/archive.php?action=fetch&ContainerName=attic&ContainerSize=800G&MaxStalled=0"
    sim.faults({**FETCH, "do": "redirect", "to": to, "times": 1})
    make(PTP_FETCH_SLEEP="0.5").fetch(status=0)
    assert sim.fetches()[1]["at"] - sim.fetches()[0]["at"] >= 0.5


def test_redirects_in_a_circle_come_to_an_end(sim, archiver):
    sim.faults({**FETCH, "do": "redirect", "to": "/archive.php?action=fetch"})
    assert summary(archiver.fetch(status=1).stderr) == "attic:ERR(HTTP 302)"
    assert len(sim.fetches()) <= 5
