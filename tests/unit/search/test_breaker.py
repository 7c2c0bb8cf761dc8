"""The breaker: three failures close the way, one probe at a time opens it again."""

import pytest

from search import Unavailable
from search.engines import breaker as module
from search.engines.breaker import Breaker


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def broken() -> Breaker:
    breaker = Breaker()
    for _ in range(3):
        assert breaker.enter() is False
        breaker.failed("没有回应")
    return breaker


def refuses(breaker: Breaker) -> bool:
    try:
        breaker.enter()
    except Unavailable as error:
        assert "没有回应" in str(error)
        return True
    return False


def test_three_failures_in_a_row_open_it(clock: Clock) -> None:
    breaker = broken()
    assert breaker.state == "open"
    assert refuses(breaker)


def test_a_success_in_between_starts_the_count_anew(clock: Clock) -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.failed("x")
        breaker.failed("x")
        breaker.succeeded()
    assert breaker.state == "closed" and not refuses(breaker)


def test_what_should_pass_opens_it_only_when_it_lasts(clock: Clock) -> None:
    breaker = Breaker()
    for _ in range(8):  # threads that a failover hits at once
        breaker.failed("没有回应", passing=True)
    clock.now += 0.9
    breaker.failed("没有回应", passing=True)
    assert breaker.state == "closed" and not refuses(breaker)
    clock.now += 0.2
    breaker.failed("没有回应", passing=True)
    assert breaker.state == "open" and refuses(breaker)


def test_what_should_pass_and_does_is_forgotten(clock: Clock) -> None:
    breaker = Breaker()
    for _ in range(5):
        breaker.failed("没有回应", passing=True)
        breaker.succeeded()
        clock.now += 0.9
    assert breaker.state == "closed" and not refuses(breaker)


def test_one_probe_every_five_seconds(clock: Clock) -> None:
    breaker = broken()
    clock.now += 4.9
    assert refuses(breaker)
    clock.now += 0.1
    assert breaker.enter() is True
    assert refuses(breaker)  # the others wait for what the probe finds
    breaker.failed("没有回应")
    clock.now += 4.9
    assert refuses(breaker)


def test_a_probe_that_succeeds_closes_it(clock: Clock) -> None:
    breaker = broken()
    clock.now += 5
    assert breaker.enter() is True
    breaker.succeeded()
    assert breaker.state == "closed"
    assert breaker.enter() is False


def test_a_small_answer_only_lets_the_next_call_try(clock: Clock) -> None:
    breaker = broken()
    clock.now += 5
    assert breaker.enter() is True
    breaker.answered()
    assert breaker.state == "open"
    assert breaker.enter() is True  # the search behind it
    breaker.failed("没有回应")
    assert refuses(breaker)
    for _ in range(10):
        breaker.answered()
    assert breaker.state == "open"
