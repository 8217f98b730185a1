"""What a report says, in the order of a client's questions; how it looks is for the renderers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import polars as pl

from toolkit.drafts.lint import Finding, lint
from toolkit.drafts.preview import Highlight
from toolkit.errors import StoreUnusable
from toolkit.models import LABEL, Verdict
from toolkit.panel import api
from toolkit.report import advice, summaries
from toolkit.report.answers import QuestionAnswers, list_answers
from toolkit.report.blocks import Funnel
from toolkit.report.decisions import Decision, make_decision
from toolkit.report.health import HealthSign, UnusableReplies, find_health
from toolkit.results import Evidence, Run, evidence, runs, said
from toolkit.results.scoring import PRIMARY, columns, comparisons, interactions
from toolkit.stats import lexical
from toolkit.store import approvals, campaigns
from toolkit.validity.outcomes import wording
from toolkit.validity.people import PeopleBeside, find_people


@dataclass(frozen=True)
class Report:
    """A run, worked out for reading: each part when it is first asked for, and once.

    Frames have the contract's columns unless said otherwise.
    """

    run: Run

    @property
    def headline(self) -> str:
        """The decision in a few words; of a run that lacks reactions, with how many it has."""
        return self.verdict.headline

    @property
    def disagreement(self) -> str | None:
        """Which sources favour which draft, where they disagree."""
        return evidence.say_disagreement(self.evidence)

    @property
    def approvals(self) -> Sequence[approvals.Approval]:
        """Who approved which of the drafts as they stand, read from the store each time; none if it cannot be read."""
        return _find_approvals(self.run)

    @property
    def comments(self) -> Sequence[campaigns.Comment]:
        """What people said about its drafts, the earliest first; read and left empty as approvals are."""
        return _find_comments(self.run)

    @property
    def label(self) -> str:
        """What stands on every page: that of the people beside the panel, if there are any."""
        return self.people.label if self.people else LABEL

    @cached_property
    def people(self) -> PeopleBeside | None:
        """What real people said of the drafts as they stand, read from the store; None if nobody did."""
        return _find_people(self.run, self.comparisons)

    @cached_property
    def verdict(self) -> Verdict:
        """What the run lets a person decide."""
        return self.run.verdict()

    @cached_property
    def decision(self) -> Decision:
        """The verdict in sentences."""
        return make_decision(self.run, self.verdict, self.scorecard, self.run.tables.explain())

    @cached_property
    def recommendation(self) -> advice.Recommendation:
        """What to do, in one to three sentences over all signals: the same on every page, file and terminal."""
        return advice.add_objection(self.first_recommendation, self.run, self.find_themes)

    @cached_property
    def first_recommendation(self) -> advice.Recommendation:
        """The same without an objection to work on, which takes longest to find among thousands."""
        return advice.recommend_first(self.run)

    @property
    def is_ready(self) -> bool:
        """Whether the whole recommendation was worked out."""
        return "recommendation" in self.__dict__

    @cached_property
    def scorecard(self) -> pl.DataFrame:
        """Whole audience."""
        return self.run.scorecard()

    @cached_property
    def control(self) -> pl.DataFrame:
        """The control reader's scorecard; empty without one."""
        return self.run.control_scorecard() if self.run.methods.control_counts else self.scorecard.clear()

    @cached_property
    def comparisons(self) -> pl.DataFrame:
        """Whole audience, primary measure."""
        return self.run.compare()

    @cached_property
    def segments(self) -> Mapping[str, pl.DataFrame]:
        """Per segment key, the scorecard of the primary measure."""
        keys = self.run.methods.segment_keys
        return {key: self.run.scorecard(key).filter(pl.col("measure") == PRIMARY) for key in keys}

    @cached_property
    def spread(self) -> pl.DataFrame:
        """Those of all keys together, the widest disagreement first; see `summaries.spread_segments`."""
        return summaries.spread_segments(self.segments)

    @cached_property
    def funnels(self) -> Mapping[str, Funnel]:
        """Per draft, who stopped, acted and pushed it away."""
        objective = self.run.methods.settings.objective
        return {draft: summaries.measure_funnel(self.scorecard, draft, objective) for draft in self.run.drafts}

    @cached_property
    def heard(self) -> pl.DataFrame:
        """The usable reactions of personas."""
        return said.select_heard(self.run.reactions)

    @cached_property
    def actions(self) -> pl.DataFrame:
        """draft_id, action, share (0 to 1, weighted), personas."""
        return summaries.share_actions(self.heard, self.run.drafts)

    @cached_property
    def levels(self) -> pl.DataFrame:
        """draft_id, measure, level (1 to 5), share: of those who stopped; empty where nothing was rated."""
        return summaries.share_levels(self.heard, self.run.drafts)

    @cached_property
    def objections(self) -> Mapping[str, Sequence[lexical.Theme]]:
        """Per draft, objections grouped, the most common first."""
        return {draft: self.find_themes(draft) for draft in self.run.drafts}

    @cached_property
    def _themes(self) -> dict[str, Sequence[lexical.Theme]]:
        return {}

    def find_themes(self, draft: str) -> Sequence[lexical.Theme]:
        """Return the objections to one draft, grouped when they are first asked for."""
        if draft not in self._themes:
            self._themes[draft] = said.group_objections(self.heard, draft)
        return self._themes[draft]

    @cached_property
    def verbatims(self) -> pl.DataFrame:
        """draft_id, persona_id, action, verbatim: a few per draft, one of each action first."""
        return pl.concat([said.choose_verbatims(self.heard, draft) for draft in self.run.drafts])

    @cached_property
    def highlights(self) -> Mapping[str, Sequence[Highlight]]:
        """Per draft, the words that people named."""
        return {draft.id: summaries.find_quoted(self.heard, draft) for draft in self.run.methods.campaign.drafts}

    @cached_property
    def interactions(self) -> pl.DataFrame:
        """Whether a difference between drafts differs between segment values; see `scoring.interactions`."""
        return _test_segments(self.run)

    @cached_property
    def models(self) -> pl.DataFrame:
        """draft_id and a column a model: the objective rate with its interval; no rows for a run through one model."""
        return summaries.tabulate_models(self.run.by_model(), self.run.drafts)

    @cached_property
    def answers(self) -> Sequence[QuestionAnswers]:
        """What was answered to questions of one's own; nothing where none was asked."""
        return list_answers(self.run)

    @cached_property
    def strengths(self) -> pl.DataFrame:
        """draft_id, strength, low, high, personas of the head-to-head; no rows where none was asked."""
        found = self.run.strengths()
        return found if len(self.run.drafts) > 1 else found.clear()

    @cached_property
    def evidence(self) -> Sequence[Evidence]:
        """What panel, control reader and outcome model each favour; nothing where there is one draft."""
        return self.run.weigh_evidence()

    @cached_property
    def health(self) -> Sequence[HealthSign]:
        """Whether the run is worth its numbers."""
        methods = self.run.methods
        counts = (methods.counts, methods.control_counts, methods.head_to_head_counts, methods.forecast_counts)
        planned = sum(one.planned for one in counts if one is not None)
        unusable = UnusableReplies(planned, methods.bad_replies, methods.unanswered)
        return find_health(self.run.reactions, self.run.order_effects(), self.run.tables.gaps, unusable)

    @cached_property
    def findings(self) -> Sequence[Finding]:
        """What limits and rules say about the drafts."""
        return lint(self.run.methods.campaign)


def make_report(run: Run) -> Report:
    """Return everything a report shows of a run."""
    return Report(run)


def _find_approvals(run: Run) -> list[approvals.Approval]:
    store = api.default_store()
    if not store.is_file():
        return []
    campaign = run.methods.campaign
    try:
        with approvals.Approvals(store) as kept:
            return [one for draft in campaign.drafts for one in kept.find(campaign.campaign, draft)]
    except StoreUnusable:
        return []


def _find_comments(run: Run) -> list[campaigns.Comment]:
    store = api.default_store()
    if not store.is_file():
        return []
    try:
        with campaigns.Comments(store) as kept:
            return [one for one in kept.list_comments(run.methods.campaign.campaign) if one.draft_id in run.drafts]
    except StoreUnusable:
        return []


def _find_people(run: Run, compared: pl.DataFrame) -> PeopleBeside | None:
    differences = {(a, b): gap for a, b, gap in compared.select("draft_a", "draft_b", "difference").iter_rows()}
    try:
        return find_people(api.default_store(), run.methods.campaign, run.methods.settings.objective, differences)
    except StoreUnusable:
        return None


def _test_segments(run: Run) -> pl.DataFrame:
    tests = [interactions(run.reactions, key, drafts=run.drafts) for key in run.methods.segment_keys]
    return pl.concat(tests) if tests else pl.DataFrame(schema=columns.INTERACTION_SCHEMA)


def list_methods(run: Run) -> Iterator[tuple[str, str]]:
    """Yield the methods statement as (what, how) lines of plain text."""
    methods, settings = run.methods, run.methods.settings
    for audience in methods.audiences:
        described = (
            f"{audience['audience']}: {audience['personas']} personas; source: {audience['source'] or 'not said'}"
        )
        yield "Audience", f"{described}; SHA-256 {audience['sha256'][:16]}"
    asked = f"{runs.say_personas(methods)} x {methods.wordings} wordings x {settings.repeats} repeats"
    yield "Panel", f"{asked}, seed {settings.seed}; {methods.order}"
    yield "Objective", f"{settings.objective}, declared before the run"
    yield "Model", f"{methods.model} through the {methods.engine} engine, {methods.started}"
    if methods.models:
        shares = "; ".join(
            f"{one.name}: {one.personas} personas, "
            f"{'cost not known' if one.cost_usd is None else f'${one.cost_usd:.4f}'}"
            for one in methods.models
        )
        yield "Models", f"people were split over them, evenly within each wording; {shares}"
    yield "Rating", methods.rating
    if methods.languages:
        yield "Languages", runs.say_languages(methods)
    counts = methods.counts
    reactions = f"{counts.planned} planned, {counts.ok} usable, {counts.refused} refused, {counts.failed} failed"
    yield "Verdict", comparisons.RULES
    yield "Reactions", f"{reactions}, {counts.from_store} from the store; {counts.calls} calls"
    yield "Cost", "not known" if methods.cost_usd is None else f"${methods.cost_usd:.4f} in this run"
    yield "Validation", methods.validation
    yield "Not suited for", methods.not_suited_for
    hashes = " ".join(f"{name} {digest[:12]}" for name, digest in methods.prompts.items())
    yield "Prompts (SHA-256)", hashes
    yield "Toolkit", f"audience-toolkit {methods.version}, run {methods.run_id}"


def to_plain(report: Report) -> dict[str, Any]:
    """Return the report as plain values for JSON."""
    run = report.run
    return {
        "label": report.label,
        "synthetic_respondents": True,
        "ai_generated": True,
        "run_id": run.run_id,
        "campaign": run.methods.campaign.campaign,
        "verdict": report.verdict.model_dump(),
        "headline": report.headline,
        "recommendation": report.recommendation.model_dump(),
        "contenders": list(run.contenders()),
        "drafts": [draft.model_dump(exclude_none=True) for draft in run.methods.campaign.drafts],
        "scorecard": report.scorecard.to_dicts(),
        "control": report.control.to_dicts(),
        "comparisons": report.comparisons.to_dicts(),
        "segments": {key: card.to_dicts() for key, card in report.segments.items()},
        "interactions": report.interactions.to_dicts(),
        "models": run.by_model().to_dicts(),
        "strengths": report.strengths.to_dicts(),
        "validation": list(wording.list_validation(run.methods.link)),
        "evidence": [row.model_dump() for row in report.evidence],
        "disagreement": report.disagreement,
        "people": report.people.model_dump() if report.people else None,
        "actions": report.actions.to_dicts(),
        "objections": {
            draft: [{"objection": theme.text, "personas": list(theme.members)} for theme in themes]
            for draft, themes in report.objections.items()
        },
        "answers": [one.model_dump(mode="json") for one in report.answers],
        "verbatims": report.verbatims.to_dicts(),
        "health": [check.model_dump() for check in report.health],
        "findings": [finding.model_dump() for finding in report.findings],
        "approvals": [one.model_dump(mode="json") for one in report.approvals],
        "comments": [one.model_dump(mode="json") for one in report.comments],
        "warnings": list(run.methods.warnings),
        "methods": run.methods.model_dump(mode="json"),
    }
