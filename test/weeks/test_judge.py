"""The judge sees what it is to see."""

import pytest

import judge


def call(at, endpoint="fetch", status=200, fault=None, host="127.0.0.1:1"):
    return {"at": at, "endpoint": endpoint, "status": status, "fault": fault,
            "headers": {"Host": host}}


def test_a_polite_log_breaks_no_rule():
    log = [call(0), call(0.1, "download"), call(10), call(10.1, "download"), call(20)]
    assert judge.breaches(log) == []


@pytest.mark.parametrize("log, words", [
    ([call(0), call(9.9)], "two fetches 9.900 s apart"),
    ([call(0), call(3.9, "scriptver")], "two requests 3.900 s apart"),
    ([call(0, "download"), call(3, "download")], "two requests 3.000 s apart"),
    ([call(0, status=503, fault="status"), call(1, "download")], "two requests 1.000 s apart"),
    ([call(20 * i) for i in range(151)], "151 calls in an hour"),
    ([call(0, status=503), call(59)], "a call 1.0 s before the end of a back-off"),
    ([call(0, status=503), call(61, status=503), call(300)], "before the end of a back-off"),
    ([call(0, fault="html"), call(30)], "before the end of a back-off"),
    ([call(0, fault="drop", status=None), call(30)], "before the end of a back-off"),
    ([call(20 * i, fault="json_error") for i in range(4)], "before the end of a back-off"),
])
def test_a_breach_is_found(log, words):
    assert any(words in breach for breach in judge.breaches(log)), judge.breaches(log)


def test_a_hundred_and_fifty_calls_in_an_hour_are_allowed():
    assert judge.breaches([call(24.1 * i) for i in range(1000)]) == []


def test_two_refusals_are_no_trouble_yet():
    assert judge.breaches([call(0, fault="json_error"), call(20, fault="json_error"),
                           call(40)]) == []


def test_a_success_ends_a_back_off():
    log = [call(0, status=503), call(60), call(70, status=503), call(130)]
    assert judge.breaches(log) == []


def test_a_person_may_override_a_back_off_once_a_minute():
    log = [call(0, status=503), call(10, status=503), call(70, status=503)]
    assert judge.breaches(log, force=True) == []
    log.insert(2, call(40, status=503))
    assert "30.0 s apart" in judge.breaches(log, force=True)[0]


def test_nobody_overrides_what_the_tracker_asks_for():
    log = [call(0, status=429), call(120)]
    found = judge.breaches(log, force=True, retry_after=lambda r: r["at"] + 1800)
    assert "before the tracker wants to be asked" in found[0]


def test_each_host_is_judged_for_itself():
    log = [call(0), call(1, host="localhost:1"), call(10), call(11, host="localhost:1")]
    assert judge.breaches(log) == []
    assert judge.figures(log, 86400)["calls_a_day"] == 4


def test_figures_of_a_log():
    log = [call(0), call(0, "download"), call(10), call(3700), call(3701, "ping_end")]
    assert judge.figures(log, 43200) == {
        "days": 0.5, "calls_a_day": 8, "fetches_a_day": 6, "most_in_an_hour": 3,
        "fetch_gap": 10, "request_gap": 10, "pings_a_day": 2}
