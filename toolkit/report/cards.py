"""The drafts of a run as cards: what a client sees of each before any table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from toolkit.drafts.preview import render_preview
from toolkit.report import summaries
from toolkit.report.blocks import MOST_CARDS, DraftCard, Funnel, Step, list_steps
from toolkit.report.content import Report
from toolkit.report.names import DRAFT_COLOURS

VOICES = 2
"""Quotes on a card."""
_ORDER = ("leader", "not separable", "alone", "unknown", "behind")


def make_cards(report: Report, names: Mapping[str, str]) -> Sequence[DraftCard]:
    """Return a card a draft, in file order; of many drafts those that may be the best come first.

    `names` are what to call the personas who are quoted.
    """
    told, distinct = report.recommendation, report.verbatims.unique(["draft_id", "verbatim"], maintain_order=True)
    drafts = list(enumerate(report.run.methods.campaign.drafts))
    if len(drafts) > MOST_CARDS + 1:
        placed = {
            one.draft: (_ORDER.index(one.standing), -(one.acted.estimate if one.acted else 0)) for one in told.drafts
        }
        drafts.sort(key=lambda numbered: placed[numbered[1].id])
    return [
        DraftCard(
            draft=draft.id,
            words=told.find(draft.id).words,
            colour=DRAFT_COLOURS[number % len(DRAFT_COLOURS)],
            preview=render_preview(draft, highlights=report.highlights[draft.id]),
            steps=_order_steps(report.funnels[draft.id]),
            voices=tuple(summaries.pick_voices(distinct, draft.id, names, VOICES)),
        )
        for number, draft in drafts
    ]


def _order_steps(funnel: Funnel) -> tuple[Step, ...]:
    return tuple(list_steps(funnel, "acted", "pushed away", "stopped"))
