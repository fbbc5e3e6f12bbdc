"""Waiting is bounded, and nobody waits without being told why."""

import threading
from itertools import count

import pytest

from device_drivers.dock.errors import UnreachableError
from device_drivers.dock.patience import Patience

FAILURE = UnreachableError("PUT session", "refused")


@pytest.fixture
def swift(monkeypatch):
    """Pauses that take no time."""
    monkeypatch.setattr(threading.Event, "wait", lambda _event, _timeout=None: False)


def test_a_long_wait_is_told_ever_more_rarely_and_ends(swift):
    told = []
    clock = count()
    patience = Patience(60, threading.Event(), monotonic=lambda: float(next(clock)), tell=lambda *facts: told.append(facts))
    attempts = patience.begin()

    def wait_for_ever():
        while True:
            attempts.pause(FAILURE)

    with pytest.raises(UnreachableError):
        wait_for_ever()

    assert [waited_s for _, waited_s in told] == [2, 4, 8, 16, 32]
    assert told[0][0] == str(FAILURE)


def test_a_failure_that_passes_is_not_worth_a_word(swift):
    told = []
    attempts = Patience(60, threading.Event(), monotonic=lambda: 0.0, tell=lambda *facts: told.append(facts)).begin()

    for _ in range(5):
        attempts.pause(FAILURE)

    assert told == []


def test_a_first_attempt_that_took_the_whole_time_is_followed_by_a_second(swift):
    times = iter([0.0, 61.0, 122.0])
    attempts = Patience(60, threading.Event(), monotonic=lambda: next(times)).begin()

    attempts.pause(FAILURE)
    with pytest.raises(UnreachableError):
        attempts.pause(FAILURE)


def test_no_patience_at_all_means_one_attempt(swift):
    with pytest.raises(UnreachableError):
        Patience(0, threading.Event()).begin().pause(FAILURE)
