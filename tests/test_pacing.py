"""How fast an engine asks: in flight, pauses and allowances, against endpoints that are played in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from virtual_time import run_virtually

from toolkit.engines.concurrency import Traffic
from toolkit.engines.headers import Allowance, read_allowance, read_duration, read_wait
from toolkit.engines.pacing import Pace
from toolkit.errors import EngineUnavailable

NOON = 1_000_000_000.0
Fate = Callable[["Endpoint"], tuple[Traffic, float]]


class Endpoint:
    """A played endpoint: `fate` says what becomes of a request and after how many seconds."""

    def __init__(self, fate: Fate, headers: Callable[[Endpoint], Mapping[str, str]] = lambda _: {}) -> None:
        self.sent: list[float] = []
        self.in_flight = self.most_in_flight = self.limited = 0
        self.wait: float | None = None
        self._fate, self._headers = fate, headers

    async def take(self, pace: Pace, *, tokens: int = 0) -> Traffic:
        """Send one request and give its slot back with what came of it."""
        slot = await pace.enter(0)
        self.sent.append(asyncio.get_running_loop().time())
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        outcome, seconds = self._fate(self)
        if outcome is not Traffic.LIMITED:
            await asyncio.sleep(seconds)
        self.in_flight -= 1
        self.limited += outcome is Traffic.LIMITED
        wait = self.wait if outcome is Traffic.LIMITED else None
        pace.leave(slot, outcome, self._headers(self), wait=wait, tokens=tokens)
        return outcome


def answer_in(seconds: float) -> Fate:
    """Return the fate of an endpoint that always answers."""
    return lambda _: (Traffic.ANSWERED, seconds)


async def answer_all(endpoint: Endpoint, count: int, workers: int, *, tokens: int = 0, **limits: Any) -> float:
    """Have so many requests answered, tried again where need be; return the seconds it took."""
    clock = asyncio.get_running_loop().time
    pace = Pace(clock=clock, chance=random.Random(7).random, **limits)  # noqa: S311 - repeatable
    waiting = iter(range(count))

    async def work() -> None:
        for _ in waiting:
            attempt = 0
            while await endpoint.take(pace, tokens=tokens) is not Traffic.ANSWERED:
                await pace.rest(pace.back_off(attempt))
                attempt += 1

    await asyncio.gather(*(work() for _ in range(workers)))
    return clock()


def test_it_grows_to_what_is_wanted_while_latency_holds() -> None:
    """Sixteen at first, then twice as many a round, up to the workers there are."""
    endpoint = Endpoint(answer_in(0.2))
    seconds = run_virtually(answer_all(endpoint, 2000, workers=128))
    assert sum(at == 0 for at in endpoint.sent) == 16
    assert endpoint.most_in_flight == 128
    assert seconds < 1.25 * 2000 / 128 * 0.2


def test_it_settles_at_what_the_endpoint_takes() -> None:
    """Where more than 20 at once are turned away, some 20 are in flight and few are turned away."""
    endpoint = Endpoint(lambda here: (Traffic.LIMITED if here.in_flight > 20 else Traffic.ANSWERED, 0.2))
    seconds = run_virtually(answer_all(endpoint, 2000, workers=128))
    assert endpoint.limited < 0.1 * 2000
    assert seconds < 3 * 2000 / 20 * 0.2


def test_it_stops_growing_when_latency_grows() -> None:
    """Where answers take longer the more are asked for, twice the latency is enough."""
    endpoint = Endpoint(lambda here: (Traffic.ANSWERED, 0.2 * max(1.0, here.in_flight / 20)))
    run_virtually(answer_all(endpoint, 3000, workers=256))
    assert 30 < endpoint.most_in_flight < 100


def test_stray_failures_do_not_stop_it() -> None:
    """One refusal in ten and one error in twenty, whatever the load, leave it fast."""
    chance = random.Random(3)  # noqa: S311 - repeatable

    def fate(_: Endpoint) -> tuple[Traffic, float]:
        drawn = chance.random()
        return (Traffic.LIMITED if drawn < 0.1 else Traffic.BROKEN if drawn < 0.15 else Traffic.ANSWERED, 0.2)

    seconds = run_virtually(answer_all(Endpoint(fate), 1000, workers=64))
    assert seconds < 20


def test_a_wall_brings_it_down() -> None:
    """Where everything is turned away for half a minute, a few requests find out, and it goes on afterwards."""
    endpoint = Endpoint(lambda here: (Traffic.LIMITED if 2 < here.sent[-1] < 32 else Traffic.ANSWERED, 0.2))
    seconds = run_virtually(answer_all(endpoint, 2000, workers=128))
    assert endpoint.limited < 350
    assert seconds < 60


def test_a_refusal_holds_everybody_back() -> None:
    """After one "wait five seconds" nobody sends anything for five seconds."""
    endpoint = Endpoint(lambda here: (Traffic.LIMITED if len(here.sent) == 40 else Traffic.ANSWERED, 0.2))
    endpoint.wait = 5.0
    run_virtually(answer_all(endpoint, 200, workers=64))
    refused_at = endpoint.sent[39]
    assert not [at for at in endpoint.sent[40:] if refused_at < at < refused_at + 5]


def test_pauses_double_until_an_answer_comes() -> None:
    """Without a time to wait, each pause is about twice the last, and never under half of it."""
    endpoint = Endpoint(lambda here: (Traffic.LIMITED if len(here.sent) <= 8 else Traffic.ANSWERED, 0.2))
    run_virtually(answer_all(endpoint, 1, workers=1))
    gaps = [later - earlier for earlier, later in zip(endpoint.sent, endpoint.sent[1:], strict=False)]
    assert all(0.05 * 2**place <= gap <= 0.1 * 2**place + 1e-6 for place, gap in enumerate(gaps))


@pytest.mark.parametrize(("rpm", "count"), [(30, 50), (600, 1500)])
def test_no_minute_has_more_requests_than_given(rpm: int, count: int) -> None:
    """In every minute at most so many requests go out, and hardly fewer."""
    endpoint = Endpoint(answer_in(0.2))
    seconds = run_virtually(answer_all(endpoint, count, workers=64, rpm=rpm))
    sent = endpoint.sent
    assert max(sum(start <= at < start + 60 - 1e-6 for at in sent) for start in sent) <= rpm
    assert seconds < 1.05 * 60 * count / rpm


def test_no_minute_has_more_tokens_than_given() -> None:
    """Tokens are counted as the endpoint reports them, once it has."""
    endpoint = Endpoint(answer_in(0.2))
    seconds = run_virtually(answer_all(endpoint, 300, workers=64, tokens=1000, tpm=60_000))
    sent = endpoint.sent
    assert max(sum(start <= at < start + 60 - 1e-6 for at in sent) for start in sent[20:]) <= 62
    assert seconds < 1.1 * 300


def test_limits_are_learned_from_headers() -> None:
    """An endpoint that says nothing is left for ten seconds is asked no faster than its allowance comes back."""
    window: dict[str, float] = {"level": 50.0, "at": 0.0}

    def fill(here: Endpoint) -> float:
        now = here.sent[-1]
        window["level"] = min(50.0, window["level"] + (now - window["at"]) * 5)
        window["at"] = now
        return window["level"]

    def fate(here: Endpoint) -> tuple[Traffic, float]:
        if fill(here) < 1:
            return Traffic.LIMITED, 0.0
        window["level"] -= 1
        return Traffic.ANSWERED, 0.2

    def say(_: Endpoint) -> Mapping[str, str]:
        left = int(window["level"])
        reset = f"{(50 - window['level']) / 5:.3f}s"
        return {
            "x-ratelimit-limit-requests": "50",
            "x-ratelimit-remaining-requests": str(left),
            "x-ratelimit-reset-requests": reset,
        }

    endpoint = Endpoint(fate, say)
    seconds = run_virtually(answer_all(endpoint, 200, workers=64))
    assert endpoint.limited < 10
    assert seconds < 1.3 * (200 - 50) / 5


def test_the_end_reaches_everybody() -> None:
    """Once no call can succeed, those who wait and those who come later get the reason."""

    async def end() -> list[BaseException | None]:
        pace = Pace(clock=asyncio.get_running_loop().time)
        waiters = [asyncio.ensure_future(pace.enter(0)) for _ in range(20)]
        resting = asyncio.ensure_future(pace.rest(1000))
        await asyncio.sleep(0.1)
        pace.end(EngineUnavailable("the quota is exhausted"))
        done = await asyncio.gather(*waiters, pace.enter(0), return_exceptions=True)
        await resting
        assert asyncio.get_running_loop().time() < 1
        return [one for one in done if isinstance(one, BaseException)]

    raised = run_virtually(end())
    assert [str(one) for one in raised] == ["the quota is exhausted"] * 5


def test_who_gives_up_waiting_leaves_the_place() -> None:
    """A cancelled request, waiting or let go that very moment, takes nobody's place."""

    async def cancel() -> int:
        pace = Pace(clock=asyncio.get_running_loop().time)
        slots = [await pace.enter(0) for _ in range(16)]
        waiters = [asyncio.ensure_future(pace.enter(0)) for _ in range(3)]
        await asyncio.sleep(0)
        waiters[0].cancel()
        pace.leave(slots[0], Traffic.ANSWERED, {})
        waiters[1].cancel()
        await asyncio.wait(waiters, return_when=asyncio.ALL_COMPLETED)
        assert not waiters[2].cancelled()
        return pace.in_flight

    assert run_virtually(cancel()) == 16


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "20"}, 20.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "Sun, 09 Sep 2001 01:47:10 GMT"}, 30.0),
        ({"retry-after": "Sun, 09 Sep 2001 01:47:10 GMT", "date": "Sun, 09 Sep 2001 01:47:00 GMT"}, 10.0),
        ({"retry-after": "Sun, 09 Sep 2001 01:40:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
    ],
)  # fmt: skip
def test_waits_are_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, milliseconds and dates are understood; anything else is as if nothing was said."""
    assert read_wait(headers, NOON) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("20ms", 0.02), ("1s", 1.0), ("6m0s", 360.0), ("1h2m3.5s", 3723.5), ("12", 12.0), ("", None), ("later", None),
     (None, None)],
)  # fmt: skip
def test_durations_are_read(text: str | None, seconds: float | None) -> None:
    """Durations come in units, run together, or as plain seconds."""
    assert read_duration(text) == (pytest.approx(seconds) if seconds is not None else None)


def test_allowances_are_read() -> None:
    """An allowance needs its limit and what is left of it; what comes back a second follows from the reset."""
    headers = {
        "x-ratelimit-limit-tokens": "1000",
        "x-ratelimit-remaining-tokens": "400",
        "x-ratelimit-reset-tokens": "36s",
    }
    allowance = read_allowance(headers, "tokens")
    assert allowance == Allowance(1000, 400, 36)
    assert allowance.per_second == pytest.approx(600 / 36)
    assert read_allowance(headers, "requests") is None
    assert read_allowance({"x-ratelimit-limit-tokens": "many", "x-ratelimit-remaining-tokens": "4"}, "tokens") is None
