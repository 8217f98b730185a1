"""What a client reads of a run: the recommendation, the drafts, three quotes, what it rests on, who approved what."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from toolkit.drafts.surfaces import find_surface
from toolkit.models import Draft, Record, records
from toolkit.report.advice import Rate
from toolkit.report.content import Report
from toolkit.report.letterheads import Letterhead
from toolkit.report.summaries import WOULD
from toolkit.results import runs
from toolkit.store import campaigns

MOST_CARDS = 3
"""Drafts that are drawn; of the others the figures alone are told."""
MOST_QUOTES = 3
_LONGEST_QUOTE = 160
_MOST_TRAITS = 2
_WOULD = {
    "scroll_past": "would scroll past", "read": "would read it", "react": "would react to it", "click": "would tap it",
    "reply": "would reply", "share": "would share it", "save": "would save it", "hide": "would hide it",
    "report": "would report it",
}  # fmt: skip
_PUSHES = {"hide", "report", "scroll_past"}


class ClientQuote(Record):
    """What one simulated person said of a draft."""

    draft: str
    words: str
    """At most 160 characters; cut at a word, with an ellipsis."""
    who: str
    """Such as "seller, 18 to 34"; the id of a persona says nothing to a client."""
    would: str
    """Such as "would hide it"."""


class ClientFigure(Record):
    """A share of the simulated audience, with what it is of."""

    would: str
    """What people would do, such as "tap it"."""
    pushed: bool
    """Whether that speaks against the draft."""
    rate: Rate

    @property
    def spread(self) -> str:
        """The interval in words, such as "27% to 49%"; without one, on how many people the share rests."""
        if self.rate.low is None or self.rate.high is None:
            return f"{self.rate.personas:,} people"
        return f"{self.rate.low:.0%} to {self.rate.high:.0%}"

    @property
    def bounds(self) -> str:
        """The same where there is little room, such as 27 to 49 with a dash and one sign."""
        if self.rate.low is None or self.rate.high is None:
            return self.spread
        return f"{100 * self.rate.low:.0f}\N{EN DASH}{self.rate.high:.0%}"


class ClientDraft(Record):
    """One draft with what it reached."""

    draft: Draft
    standing: str
    """Where it stands, such as "ahead"; empty where there is nothing to say."""
    leads: bool
    warns: bool
    """Whether it pushes people away."""
    figures: tuple[ClientFigure, ...]
    """The objective, then who hid or reported it; none where nobody reacted."""


@dataclass(frozen=True)
class ClientPage:
    """A run as a client reads it; every part is worked out from the report."""

    report: Report
    letterhead: Letterhead
    with_comments: bool = True

    @property
    def title(self) -> str:
        """What stands at the top."""
        return self.letterhead.title or self.report.run.methods.campaign.campaign

    @cached_property
    def surfaces(self) -> str:
        """Where the drafts are to appear, in words."""
        names = dict.fromkeys(find_surface(draft.surface).label for draft in self.report.run.methods.campaign.drafts)
        return ", ".join(names)

    @property
    def day(self) -> str:
        """When the people were asked, such as "28 November 2026"; empty if nobody knows."""
        try:
            when = datetime.datetime.fromisoformat(self.report.run.methods.started)
        except ValueError:
            return ""
        return records.say_day(when)

    @property
    def headline(self) -> str:
        """The recommendation in a few words."""
        return self.report.recommendation.headline

    @property
    def sentences(self) -> Sequence[str]:
        """The recommendation, in one to three sentences, without what the headline has said."""
        first, *others = self.report.recommendation.sentences
        rest = first.removeprefix(f"{self.headline}: ")
        return (f"{rest[:1].upper()}{rest[1:]}", *others)

    @property
    def cautions(self) -> Sequence[str]:
        """What else to know before anybody acts on it."""
        return self.report.recommendation.cautions

    @property
    def folder(self) -> Path:
        """Where the pictures of the drafts are."""
        return self.report.folder

    @cached_property
    def cards(self) -> Sequence[ClientDraft]:
        """Every draft, in file order."""
        return [_make_card(self.report, draft) for draft in self.report.run.methods.campaign.drafts]

    @cached_property
    def shown(self) -> Sequence[ClientDraft]:
        """The drafts to draw, in file order: those that reached the most, if there are more than three."""
        if len(self.cards) <= MOST_CARDS:
            return self.cards
        best = sorted(self.cards, key=_reach, reverse=True)[:MOST_CARDS]
        return [card for card in self.cards if card in best]

    @property
    def others(self) -> Sequence[ClientDraft]:
        """The drafts that are not drawn."""
        return [card for card in self.cards if card not in self.shown]

    @cached_property
    def quotes(self) -> Sequence[ClientQuote]:
        """Three quotes: of somebody whom the best draft reached, of somebody pushed away, and of another draft."""
        return _choose_quotes(self)

    @property
    def remarks(self) -> Sequence[campaigns.Comment]:
        """What people said about the drafts, open first; none where they are to be left out."""
        return sorted(self.report.comments, key=lambda one: not one.is_open) if self.with_comments else []

    @cached_property
    def scale(self) -> float:
        """Where the axis of all figures ends: at the largest bound, up to the next tenth."""
        bounds = [one.rate.high or one.rate.estimate for card in self.cards for one in card.figures]
        return min(1.0, max(1, -int(-10 * max(bounds, default=1.0) // 1)) / 10)

    @cached_property
    def basis(self) -> Sequence[tuple[str, str]]:
        """What it rests on, as (what, how) lines of plain text."""
        return list(_list_basis(self.report))


def make_client_page(report: Report, letterhead: Letterhead | None = None, *, comments: bool = True) -> ClientPage:
    """Return a run as a client reads it, with or without what people said about its drafts."""
    return ClientPage(report, letterhead or Letterhead(), comments)


def _make_card(report: Report, draft: Draft) -> ClientDraft:
    stands = report.recommendation.find(draft.id)
    success = WOULD[report.run.methods.settings.objective].format("it")
    told = ((stands.acted, success, False), (stands.negative, "hide or report it", True))
    return ClientDraft(
        draft=draft.model_copy(update={"language": draft.language or report.run.methods.campaign.language}),
        standing=", ".join(stands.words),
        leads=stands.standing == "leader",
        warns=stands.pushes_away,
        figures=tuple(
            ClientFigure(would=would, pushed=pushed, rate=rate) for rate, would, pushed in told if rate is not None
        ),
    )


def _reach(card: ClientDraft) -> float:
    return card.figures[0].rate.estimate if card.figures else -1.0


def _choose_quotes(page: ClientPage) -> list[ClientQuote]:
    """Return the quotes: each of another persona, and of another draft as long as there is one."""
    said = page.report.verbatims.with_row_index("place").to_dicts()
    ranked = [card.draft.id for card in sorted(page.cards, key=_reach, reverse=True)]
    worst = min(page.cards, key=lambda card: (-_push(card), _reach(card))).draft.id
    wanted = [(ranked[0], False), (worst, True), *((draft, None) for draft in ranked[1:]), (ranked[0], True)]
    chosen: list[dict[str, Any]] = []
    for draft, pushed in wanted:
        taken = {(row["persona_id"]) for row in chosen}
        fitting = [
            row
            for row in said
            if row["draft_id"] == draft
            and row["persona_id"] not in taken
            and row["verbatim"] not in {one["verbatim"] for one in chosen}
            and (pushed is None or (row["action"] in _PUSHES) == pushed)
        ]
        if fitting and len(chosen) < MOST_QUOTES and (draft not in {row["draft_id"] for row in chosen} or pushed):
            chosen.append(fitting[0])
    rest = [row for row in said if row not in chosen]
    chosen += rest[: MOST_QUOTES - len(chosen)]
    traits = _find_traits(page.report)
    return [_quote(row, traits) for row in sorted(chosen, key=lambda row: int(row["place"]))]


def _push(card: ClientDraft) -> float:
    return card.figures[-1].rate.estimate if card.figures else -1.0


def _quote(row: Mapping[str, Any], traits: Mapping[str, Sequence[str]]) -> ClientQuote:
    return ClientQuote(
        draft=row["draft_id"],
        words=shorten(row["verbatim"], _LONGEST_QUOTE),
        who=", ".join(traits.get(row["persona_id"], ())) or "a simulated person",
        would=_WOULD.get(row["action"], row["action"].replace("_", " ")),
    )


def shorten(words: str, most: int) -> str:
    """Return words on one line, cut before the word that passes `most` characters."""
    line = " ".join(words.split())
    if len(line) <= most:
        return line
    kept = line[:most].rpartition(" ")[0] or line[:most]
    return f"{kept.rstrip(' ,;:.')} …"


def _find_traits(report: Report) -> dict[str, list[str]]:
    """Return each persona's first few segments in words, its age last."""
    people = report.heard.unique("persona_id", keep="first")
    return {
        persona: [_say_trait(key, value) for key, value in _choose_traits(segments or {})]
        for persona, segments in people.select("persona_id", "segments").iter_rows()
    }


def _choose_traits(segments: Mapping[str, str | None]) -> list[tuple[str, str]]:
    chosen = [(key, value) for key, value in segments.items() if value][:_MOST_TRAITS]
    return sorted(chosen, key=lambda one: "age" in one[0].casefold().split("_"))


def _say_trait(key: str, value: str) -> str:
    """Return a segment in words: a span as "50 to 64", and with its name what says nothing alone, such as "no"."""
    said = value.replace("_", " ")
    span = _SPAN.fullmatch(said)
    if span:
        said = f"{span[1]} to {span[2]}" if span[2] else f"{span[1]} or over"
    is_clear = len(said) > _SHORT and not _MEASURE.fullmatch(said)
    return said if is_clear or "age" in key.casefold().split("_") else f"{key.replace('_', ' ')} {said}"


_SPAN = re.compile(r"(\d+)\s*(?:[-\N{EN DASH}]\s*(\d+)|\+)")
_MEASURE = re.compile(r"(?i)low|medium|high|some|none|other|often|never|rarely|sometimes|true|false|\d.*")
_SHORT = 3


def _list_basis(report: Report) -> Iterator[tuple[str, str]]:
    methods = report.run.methods
    names = ", ".join(audience["audience"] for audience in methods.audiences)
    counts = methods.counts
    people = runs.say_personas(methods).replace("personas", "simulated people")
    yield "People", f"{people} of {names}" if names else people
    usable = f"{counts.ok:,} of {counts.planned:,} reactions could be used"
    yield "Reactions", usable if counts.ok < counts.planned else f"{counts.ok:,}, all of them used"
    yield (
        "Question",
        f"put in {methods.wordings} wordings; success: would {WOULD[methods.settings.objective].format('it')}",
    )
    models = ", ".join(one.name for one in methods.models) or methods.model
    yield "Model", models
    validation = methods.validation[:1].upper() + methods.validation[1:].rstrip(".")
    yield "Validation", f"{validation}. Not suited for {methods.not_suited_for}."
