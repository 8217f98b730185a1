"""What an endpoint says about its limits, read from the headers of its answers.

Names and forms as OpenAI documents them (rate limits guide, 2026): `x-ratelimit-limit-requests`, `-remaining-`,
`-reset-` and the same for tokens, with durations such as `6m0s`; `Retry-After` in seconds or as a date (RFC 9110,
10.2.3) and `retry-after-ms`.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

Kind = Literal["requests", "tokens"]
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+")
_RESETS = ("x-ratelimit-reset", "ratelimit-reset", "anthropic-ratelimit-requests-reset", "x-rate-limit-reset")
_REMAINING = ("x-ratelimit-remaining", "ratelimit-remaining", "anthropic-ratelimit-requests-remaining",
              "x-rate-limit-remaining")  # fmt: skip
_OLDEST = 1e9
"""Numbers from here on are times of day: seconds since 1970, or milliseconds."""
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")


@dataclass(frozen=True, slots=True)
class Allowance:
    """How much of one kind an endpoint still takes."""

    limit: float
    remaining: float
    reset_seconds: float
    """Until the allowance is whole again."""

    @property
    def per_second(self) -> float:
        """How fast the allowance comes back; 0 where it is whole or the endpoint does not say."""
        spent = self.limit - self.remaining
        return spent / self.reset_seconds if spent > 0 and self.reset_seconds > 0 else 0.0


def read_wait(headers: Mapping[str, str], now: float) -> float | None:
    """Return how many seconds an answer asks to wait, or None where it does not say; `now` is the time of day, UTC.

    A date counts from the answer's own `Date` where it has one, so that a wrong clock here does no harm.
    """
    milliseconds = _read_number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    said = headers.get("retry-after")
    seconds = _read_number(said)
    if seconds is not None or said is None:
        return seconds
    until, since = _read_date(said), _read_date(headers.get("date"))
    return None if until is None else max(0.0, until - (now if since is None else since))


def read_reset(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds until a spent allowance comes back, from `X-RateLimit-Reset` (OpenRouter, GitHub); None else.

    The header holds a time of day, in seconds, milliseconds or written out, or seconds from now.
    """
    left = next((_read_number(headers[name]) for name in _REMAINING if name in headers), None)
    said = next((headers[name] for name in _RESETS if name in headers), None)
    if said is None or (left is not None and left > 0):
        return None
    seconds = read_duration(said)
    if seconds is None:
        until = _read_date(said) or _read_moment(said)
        return None if until is None else max(0.0, until - now)
    if seconds < _OLDEST:
        return seconds
    return max(0.0, (seconds / 1000 if seconds > _OLDEST * 1000 else seconds) - now)


def find_gemini_reset(now: float) -> float | None:
    """Return the seconds until Gemini's quotas of the day come back, at midnight Pacific; None if the zone is unknown.

    From its guide to rate limits, 2026.
    """
    try:
        here = datetime.datetime.fromtimestamp(now, ZoneInfo("America/Los_Angeles"))
    except (ZoneInfoNotFoundError, OverflowError, OSError):
        return None
    midnight = (here + datetime.timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight.timestamp() - now


def read_allowance(headers: Mapping[str, str], kind: Kind) -> Allowance | None:
    """Return what is left of one kind, or None where the endpoint does not say."""
    limit = _read_number(headers.get(f"x-ratelimit-limit-{kind}"))
    remaining = _read_number(headers.get(f"x-ratelimit-remaining-{kind}"))
    if limit is None or remaining is None or limit <= 0:
        return None
    return Allowance(limit, remaining, read_duration(headers.get(f"x-ratelimit-reset-{kind}")) or 0.0)


def read_duration(text: str | None) -> float | None:
    """Return the seconds of a duration such as `20ms`, `1s`, `6m0s`, `1h2m3.5s` or `12`; None for anything else."""
    if text is None:
        return None
    text = text.strip().lower()
    if _DURATION.fullmatch(text):
        return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return _read_number(text)


def _read_number(text: str | None) -> float | None:
    """Return a finite number of at least 0, or None."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _read_moment(text: str) -> float | None:
    """Return a moment of RFC 3339, such as Anthropic's headers hold."""
    try:
        moment = datetime.datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo is not None else None


def _read_date(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text or "").timestamp()
    except (ValueError, OverflowError):
        return None
