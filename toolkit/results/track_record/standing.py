"""What your own results say of each source at one place: the records that a run carries with it."""

from __future__ import annotations

from typing import Literal

from toolkit.models import Record, chance_link

LEAST_PAIRS = 20
"""Pairs of yours that differ, at one surface and objective, from which on they replace what ships."""
_EVEN = 0.5
Advice = Literal["unproven", "trust", "correct", "do not use"]


class SourceStanding(Record):
    """How one source did on your results at one surface and objective."""

    pairs: int = 0
    """Pairs that differ beyond chance and that the source spoke about."""
    groups: int = 0
    """Groups of experiments behind them."""
    accuracy: float | None = None
    """Share of them in which it favoured the better draft."""
    low: float | None = None
    """Lower end of the 95 % interval of that share."""
    high: float | None = None
    said: float | None = None
    """The chance it gave its favourite, by the link that ships, on average."""
    calibration_error: float | None = None
    slope: float | None = None
    """From what it says to log odds, fitted on these pairs and shrunk towards the link that ships."""
    reach: float | None = None
    """Of nine in ten of these pairs it said no more than this: what it says beyond is read as this."""
    advice: Advice = "unproven"

    def hold(self, z: float) -> float:
        """Return what it says, held within what these pairs have shown: no chance is read beyond them."""
        return z if self.reach is None else max(-self.reach, min(self.reach, z))

    @property
    def is_silenced(self) -> bool:
        """Whether it did worse than a coin here, beyond chance."""
        return self.advice == "do not use"

    @property
    def is_trusted(self) -> bool:
        """Whether it did better than a coin here, beyond chance."""
        return self.advice in {"trust", "correct"} and self.low is not None and self.low > 0.5  # noqa: PLR2004 - a coin

    def say_right(self) -> str:
        """Return how often it was right, such as "right in 71% (55% to 84%) of 31 pairs of yours"."""
        spread = f" ({self.low:.0%} to {self.high:.0%})" if self.low is not None and self.high is not None else ""
        return f"right in {self.accuracy or 0.0:.0%}{spread} of {self.pairs} pairs of yours"

    def say_advice(self, source: str) -> str:
        """Return what to do with it here, in a clause."""
        if self.advice == "unproven":
            return f"unproven here: {self.pairs} of the {LEAST_PAIRS} pairs of yours that it takes"
        if self.advice == "do not use":
            return f"do not use it here: {self.say_right()}, worse than a coin"
        if self.advice == "trust":
            return f"trust it here: {self.say_right()}"
        said = self.said or _EVEN
        z = chance_link.stretch(said) / chance_link.PRIOR_SLOPES[source]
        read = chance_link.squash((self.slope or 0.0) * self.hold(z))
        doubt = "" if self.is_trusted else ", which does not tell it from a coin"
        return f"correct it here, read {said:.0%} as {read:.0%}: {self.say_right()}{doubt}"


class PeopleWorth(Record):
    """How many real people give the same error of a difference between two drafts as the panel does."""

    people: float | None = None
    """Null where that cannot be said."""
    low: float | None = None
    """Ends of the 95 % interval."""
    high: float | None = None
    """Null where it has no upper end."""
    pairs: int = 0
    """Pairs of published drafts it rests on, also those that do not differ beyond chance."""
    groups: int = 0
    models: tuple[str, ...] = ()
    """Of the panels behind it."""

    def say(self) -> str:
        """Return the figure in a sentence, or that it is unknown, and why."""
        if self.people is None:
            some = "1 pair of yours has" if self.pairs == 1 else f"{self.pairs} pairs of yours have"
            held = f"{some} results here" if self.pairs else "no results of yours here"
            return f"Worth in real people: unknown, {held}."
        spread = f"{_say_people(self.low)} or more" if self.high is None else _say_spread(self.low, self.high)
        return (
            f"Worth about {_say_people(self.people)} real people ({spread}) for a difference between drafts, never for "
            f"a level: {self.pairs} pairs of yours."
        )


class PlaceStanding(Record):
    """What your results say of every source at one surface and objective."""

    surface: str | None = None
    """Null where the drafts of a run are for several."""
    objective: str | None = None
    sources: dict[str, SourceStanding] = {}  # noqa: RUF012 - frozen
    joint: dict[str, float] | None = None
    """Slopes of all sources together, fitted here; null under 20 pairs."""
    worth: PeopleWorth = PeopleWorth()

    def find(self, source: str) -> SourceStanding:
        """Return the record of a source; an empty one where there is none."""
        return self.sources.get(source, SourceStanding())


def _say_people(count: float | None) -> str:
    count = count or 0.0
    return "0" if count < 0.5 else f"{count:,.0f}"  # noqa: PLR2004 - rounds to none


def _say_spread(low: float | None, high: float) -> str:
    return f"{_say_people(low)} to {_say_people(high)}"
