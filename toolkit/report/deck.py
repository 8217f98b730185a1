"""A run as a deck: recommendation, drafts, rates, voices and what it rests on, the label on every slide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from toolkit.report import slides
from toolkit.report.client import ClientDraft, ClientFigure, ClientPage, shorten
from toolkit.report.content import list_methods
from toolkit.report.slides import ACCENT, EDGE, GOOD, INK, SOFT, WARN, WIDE, ChartInterval, TextRun
from toolkit.report.summaries import WOULD

_MOST_BESIDE = 3
_GAP = 0.3
_MOST_ROWS = 12
"""Drafts that one chart holds."""
_LONGEST_DRAFT, _SHORT_DRAFT = 400, 240
_MOST_REMARKS = 4
_LONG_QUOTES = 300
_MOST_OBJECTIONS = 8
_DETAILS = ("headline", "description", "price", "place", "cta", "greeting")


def render_deck(page: ClientPage) -> bytes:
    """Return the slides as the bytes of a .pptx file."""
    deck = slides.start_deck(page.title, page.headline, page.report.label)
    add_run(deck, page)
    return slides.save_deck(deck)


def add_run(deck: Any, page: ClientPage) -> None:
    """Add the slides of one run."""
    _add_recommendation(deck, page)
    cards = [*page.shown, *page.others]
    for start in range(0, len(cards), _MOST_BESIDE):
        _add_drafts(deck, page, cards[start : start + _MOST_BESIDE])
    told = [card for card in page.cards if card.figures]
    for start in range(0, len(told), _MOST_ROWS):
        _add_rates(deck, page, told[start : start + _MOST_ROWS])
    _add_voices(deck, page)
    _add_basis(deck, page)


def say_method(page: ClientPage) -> str:
    """Return the notes of every slide: the label, how to read shares, and the methods statement."""
    lines = [page.report.label, "Shares are of the simulated audience, with 95 % intervals.", *page.cautions]
    lines += [f"{what}: {how}" for what, how in list_methods(page.report.run)]
    return "\n".join(lines)


def _start(deck: Any, page: ClientPage, title: str, notes: str = "") -> Any:
    notes = f"{notes}\n\n{say_method(page)}" if notes else say_method(page)
    return slides.add_slide(deck, title, page.report.label, notes, logo=page.letterhead.logo_bytes)


def _add_recommendation(deck: Any, page: ClientPage) -> None:
    slide = _start(deck, page, page.headline)
    where = " · ".join(filter(None, (page.title, page.surfaces, page.day)))
    slides.add_text(slide, (EDGE, 1.4, WIDE - 2 * EDGE, 0.4), [[TextRun(where, colour=SOFT)]])
    said = [[TextRun(sentence, 20)] for sentence in page.sentences]
    slides.add_text(slide, (EDGE, 1.95, WIDE - 2 * EDGE, 2.4), said, gap=8)
    for left, wide, card in _lay_out(page.shown):
        figures = [
            [
                TextRun(f"{one.rate.estimate:.0%}", 24, bold=True, colour=WARN if one.pushed else ACCENT),
                TextRun(f"  would {one.would} ({one.spread})", 13, colour=SOFT),
            ]
            for one in card.figures
        ]
        slides.add_card(slide, (left, 4.45, wide, 2.15), [_name(card), *figures], leads=card.leads)


def _add_drafts(deck: Any, page: ClientPage, cards: Sequence[ClientDraft]) -> None:
    slide = _start(deck, page, "The drafts", "\n\n".join(f"{card.draft.id}: {card.draft.prose}" for card in cards))
    for left, wide, card in _lay_out(cards):
        slides.add_text(slide, (left, 1.5, wide, 0.4), [_name(card)])
        slides.add_card(slide, (left, 1.95, wide, 3.6), list(_write_draft(card)), leads=card.leads)
        told = [
            [
                TextRun(f"{one.rate.estimate:.0%}", bold=True),
                TextRun(f" would {one.would} ({one.spread})", 12, colour=SOFT),
            ]
            for one in card.figures
        ]
        told += [
            [TextRun(f"Approved by {one.describe()}{_add_note(one.note)}", 12, bold=True, colour=GOOD)]
            for one in page.report.approvals
            if one.draft_id == card.draft.id
        ]
        slides.add_text(slide, (left, 5.65, wide, 1.25), told, gap=2)


def _write_draft(card: ClientDraft) -> Iterator[list[TextRun]]:
    """Yield the parts of a draft as paragraphs."""
    draft = card.draft
    yield [TextRun(_cut(draft.text), 16 if len(draft.text) < _SHORT_DRAFT else 13)]
    for part in _DETAILS:
        if words := getattr(draft, part):
            yield [TextRun(words, 13, part in {"headline", "cta"}, colour=INK if part == "headline" else SOFT)]
    if draft.alt or draft.image:
        yield [TextRun(f"[Picture: {draft.alt or 'without a description'}]", 12, italic=True, colour=SOFT)]
    if more := [*draft.buttons, *draft.quick_replies, *draft.ice_breakers]:
        yield [TextRun(" · ".join(more), 13, bold=True, colour=ACCENT)]


def _add_rates(deck: Any, page: ClientPage, cards: Sequence[ClientDraft]) -> None:
    """Draw the rates as a native chart, and the same as a table beside it."""
    slide = _start(deck, page, "How many would act, how many push it away")
    counts = sorted({one.rate.personas for card in cards for one in card.figures})
    people = " to ".join(f"{count:,}" for count in dict.fromkeys((counts[0], counts[-1])))
    note = f"Share of the simulated audience, {people} people a draft. Lines show 95 % intervals."
    slides.add_text(slide, (EDGE, 1.35, WIDE - 2 * EDGE, 0.35), [[TextRun(note, 13, colour=SOFT)]])
    success = f"would {WOULD[page.report.run.methods.settings.objective].format('it')}"
    away = "would hide or report it"
    names = [card.draft.id for card in cards]
    found = {name: [_find(card, pushed=name == away) for card in cards] for name in (success, away)}
    series = [(name, [_to_interval(one) for one in figures]) for name, figures in found.items()]
    told = "; ".join(
        f"{card.draft.id}: " + ", ".join(f"{_say(figure)} would {figure.would}" for figure in card.figures)
        for card in cards
    )
    says = f"Bars of the share of the simulated audience for each draft, with 95 % intervals. {told}."
    slides.add_chart(slide, (EDGE, 1.75, 7.3, 5.1), names, series, (0.0, page.scale), says)
    rows = [[name, _say(one), _say(other)] for name, one, other in zip(names, *found.values(), strict=True)]
    place, widths = (8.15, 1.95), (1.1, 1.75, 1.75)
    slides.add_table(slide, [["draft", success, away], *rows], place, widths, "The shares of the chart, with intervals")


def _add_voices(deck: Any, page: ClientPage) -> None:
    slide = _start(deck, page, "What they said")
    size = 20 if sum(len(quote.words) for quote in page.quotes) < _LONG_QUOTES else 16
    quotes = [
        paragraph
        for quote in page.quotes
        for paragraph in (
            [TextRun(f"\N{LEFT DOUBLE QUOTATION MARK}{quote.words}\N{RIGHT DOUBLE QUOTATION MARK}", size)],
            [TextRun(f"of {quote.draft}: {quote.who}, {quote.would}", 12, colour=SOFT)],
        )
    ]
    nothing = [[TextRun("Nobody's words could be used.", 16)]]
    slides.add_text(slide, (EDGE, 1.7, 6.6, 5.0), quotes or nothing, gap=12)
    raised = [
        [
            TextRun(f"{draft}: ", bold=True),
            TextRun(f"{shorten(theme.text, 140)} "),
            TextRun("1 person" if len(theme.members) == 1 else f"{len(theme.members):,} people", 12, colour=SOFT),
        ]
        for draft, themes in page.report.objections.items()
        for theme in themes[:2]
    ]
    if raised:
        heading = [TextRun("Objections to answer", bold=True, colour=SOFT)]
        slides.add_text(slide, (7.7, 1.7, WIDE - EDGE - 7.7, 5.0), [heading, *raised[:_MOST_OBJECTIONS]], gap=7)


def _add_basis(deck: Any, page: ClientPage) -> None:
    slide = _start(deck, page, "What it rests on")
    rows = [["what", "how"], *map(list, page.basis)]
    slides.add_table(slide, rows, (EDGE, 1.6), (1.5, 5.4), "What the result rests on, one line each")
    slides.add_text(slide, (7.9, 1.6, WIDE - EDGE - 7.9, 5.0), list(_list_answers(page)), gap=6)


def _list_answers(page: ClientPage) -> Iterator[list[TextRun]]:
    """Yield approvals and comments, each a paragraph."""
    yield [TextRun("Approvals", bold=True, colour=SOFT)]
    approvals = page.report.approvals
    for one in approvals:
        said = f"approved by {one.describe()}{_add_note(one.note)}"
        yield [TextRun(f"{one.draft_id}: ", 13, bold=True), TextRun(said, 13)]
    if not approvals:
        yield [TextRun("No draft is approved yet.", 13)]
    remarks = page.remarks
    if remarks:
        yield [TextRun("Comments", bold=True, colour=SOFT)]
    for remark in remarks[:_MOST_REMARKS]:
        asks = "asks for a change" if remark.asks_change else "says"
        done = "" if remark.is_open else " (done)"
        about = f", of “{shorten(remark.quote, 60)}”" if remark.quote else ""
        said = f"{remark.said_by} {asks}{done}{about}: {shorten(remark.words, 140)}"
        yield [TextRun(f"{remark.draft_id}: ", 13, bold=True), TextRun(said, 13)]
    if len(remarks) > _MOST_REMARKS:
        yield [TextRun(f"{len(remarks) - _MOST_REMARKS} more comments are kept with the campaign.", 13, colour=SOFT)]


def _lay_out(cards: Sequence[ClientDraft]) -> Iterator[tuple[float, float, ClientDraft]]:
    """Yield each card with where it begins and how wide it is, in inches."""
    wide = (WIDE - 2 * EDGE - _GAP * (_MOST_BESIDE - 1)) / _MOST_BESIDE
    for place, card in enumerate(cards):
        yield EDGE + place * (wide + _GAP), wide, card


def _name(card: ClientDraft) -> list[TextRun]:
    colour = GOOD if card.leads else WARN if card.warns else SOFT
    return [
        TextRun(card.draft.id, 18, bold=True),
        TextRun(f"  {card.standing}" if card.standing else "", 13, colour=colour),
    ]


def _say(figure: ClientFigure | None) -> str:
    return "unknown" if figure is None else f"{figure.rate.estimate:.0%} ({figure.spread})"


def _add_note(note: str) -> str:
    return f": {note}" if note else ""


def _find(card: ClientDraft, *, pushed: bool) -> ClientFigure | None:
    return next((figure for figure in card.figures if figure.pushed is pushed), None)


def _to_interval(figure: ClientFigure | None) -> ChartInterval | None:
    return None if figure is None else ChartInterval(figure.rate.estimate, figure.rate.low, figure.rate.high)


def _cut(text: str) -> str:
    """Return text with its lines, cut before a word if it is long; the notes have it whole."""
    if len(text) <= _LONGEST_DRAFT:
        return text
    return f"{text[:_LONGEST_DRAFT].rsplit(None, 1)[0]} … (whole in the notes)"
