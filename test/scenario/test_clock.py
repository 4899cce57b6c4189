"""A wall clock that is set, and an interval that is changed, while a due time is stored."""

import time

from harness import wait_for

YEAR_MS = 365 * 86400 * 1000


def next_cycle_comes(a, sim, seconds=8):
    before = len(sim.fetches())
    process = a.start()
    wait_for(lambda: len(sim.fetches()) > before, seconds, "a cycle")
    a.stop(process)


def test_a_clock_that_was_a_year_ahead_costs_one_interval(make, sim):
    a = make(PTP_INTERVAL="3s")
    next_cycle_comes(a, sim)
    ahead = int(time.time() * 1000) + YEAR_MS
    a.ledger("UPDATE clock SET last_cycle = ?, next_cycle = ?", ahead, ahead + 3000)
    next_cycle_comes(a, sim)


def test_a_shorter_interval_holds_at_once(make, sim):
    a = make(PTP_INTERVAL="6h")
    next_cycle_comes(a, sim)
    a.set(PTP_INTERVAL="3s")
    next_cycle_comes(a, sim)
