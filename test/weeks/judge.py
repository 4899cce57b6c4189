"""Judges the tracker's request log by the rules of etiquette.  It knows the rules from the tracker
notes and doc/etiquette.md, and shares no code with the program.  Times are seconds."""

import bisect
import collections

FETCH_GAP, REQUEST_GAP, HOURLY = 10, 4, 150
FORCED_APART = 60
REFUSALS = 3  # so many errors of the tracker's own in a row are trouble
LADDER = (60, 300, 900, 1800, 3600, 10800, 21600)
SLACK = 0.002  # the log has milliseconds, and two of them are rounded

CALLS = ("fetch", "download", "scriptver", "script")
PINGS = ("ping", "ping_start", "ping_end")


def calls(log):
    return [r for r in log if r["endpoint"] in CALLS]


def fetches(log):
    return [r for r in log if r["endpoint"] == "fetch"]


def pings(log):
    return [r for r in log if r["endpoint"] in PINGS]


def by_host(log):
    """The calls of each host: each calls the tracker by another name."""
    hosts = collections.defaultdict(list)
    for r in calls(log):
        headers = {name.lower(): value for name, value in r["headers"].items()}
        hosts[headers["host"]].append(r)
    return list(hosts.values())


def gaps(records):
    return [b["at"] - a["at"] for a, b in zip(records, records[1:])]


def follows_at_once(before, r):
    """Is it the download of what the call before has assigned?"""
    return r["endpoint"] == "download" and before["endpoint"] == "fetch" and \
        before["status"] == 200 and before["fault"] in (None, "slow", "delay")


def request_gaps(records):
    return [b["at"] - a["at"] for a, b in zip(records, records[1:]) if not follows_at_once(a, b)]


def most_in_an_hour(records):
    times = [r["at"] for r in records]
    return max((i + 1 - bisect.bisect_right(times, at - 3600) for i, at in enumerate(times)),
               default=0)


def is_refusal(r):
    return r["fault"] == "json_error"


def is_trouble(r):
    return r["status"] != 200 or r["fault"] in ("html", "reply", "drop", "hang", "redirect")


class BackOff:
    """The least that a client has to wait after what the tracker said."""

    def __init__(self, retry_after):
        self.retry_after = retry_after  # of an answer with trouble: not before; may be None
        self.failures = self.refusals = 0
        self.until = self.asked = self.forced = float("-inf")

    def hears(self, r):
        self.refusals = self.refusals + 1 if is_refusal(r) else 0 if not is_trouble(r) else \
            self.refusals
        if not is_trouble(r) and self.refusals < REFUSALS:
            self.failures, self.until, self.asked = 0, float("-inf"), float("-inf")
            return
        self.failures += 1
        step = LADDER[min(self.failures, len(LADDER)) - 1]
        self.asked = self.retry_after(r) if self.retry_after else float("-inf")
        self.until = max(r["at"] + step, self.asked)

    def forbids(self, at, force):
        """Why the call may not be made now; None: it may."""
        if at >= self.until - SLACK:
            return None
        if not force:
            return f"a call {self.until - at:.1f} s before the end of a back-off"
        if at < self.asked - SLACK:
            return f"a forced call {self.asked - at:.1f} s before the tracker wants to be asked"
        if at < self.forced + FORCED_APART - SLACK:
            return f"two forced calls {at - self.forced:.1f} s apart"
        self.forced = at
        return None


def breaches_of_back_off(records, force, retry_after):
    back_off, found, before = BackOff(retry_after), [], None
    for r in records:
        why = None if before and follows_at_once(before, r) else \
            back_off.forbids(r["at"], force)
        if why:
            found.append(f"{r['at']:.3f}: {why}")
        back_off.hears(r)
        before = r
    return found


def breaches(log, force=False, retry_after=None, memory=True):
    """Every rule that a host broke, in words.  `memory`: false where its state is lost on purpose,
    so that it cannot know of a back-off."""
    found = []
    for records in by_host(log):
        for gap in gaps(fetches(records)):
            if gap < FETCH_GAP - SLACK:
                found.append(f"two fetches {gap:.3f} s apart")
        for gap in request_gaps(records):
            if gap < REQUEST_GAP - SLACK:
                found.append(f"two requests {gap:.3f} s apart")
        most = most_in_an_hour(records)
        if most > HOURLY:
            found.append(f"{most} calls in an hour")
        if memory:
            found += breaches_of_back_off(records, force, retry_after)
    return found


def figures(log, seconds):
    """What the table shows.  The gaps are the smallest of one host."""
    hosts = by_host(log)
    return {
        "days": seconds / 86400,
        "calls_a_day": len(calls(log)) * 86400 / seconds,
        "fetches_a_day": len(fetches(log)) * 86400 / seconds,
        "most_in_an_hour": most_in_an_hour(calls(log)),
        "fetch_gap": min((g for h in hosts for g in gaps(fetches(h))), default=None),
        "request_gap": min((g for h in hosts for g in request_gaps(h)), default=None),
        "pings_a_day": len(pings(log)) * 86400 / seconds,
    }
