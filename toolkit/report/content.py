"""What a report says, in the order of a client's questions; how it looks is for the renderers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from toolkit import summaries
from toolkit.decisions import Decision, make_decision
from toolkit.evidence import Evidence, find_evidence, say_disagreement
from toolkit.health import Check, find_health
from toolkit.linting import Finding, lint
from toolkit.models import LABEL, Verdict
from toolkit.rendering import Funnel, Highlight
from toolkit.runs import Run
from toolkit.scoring import INTERACTION_SCHEMA, PRIMARY, decide, interactions
from toolkit.themes import Theme


@dataclass(frozen=True, slots=True)
class Report:
    """A run, worked out for reading. Frames have the contract's columns unless said otherwise."""

    run: Run
    verdict: Verdict
    decision: Decision
    """The verdict in sentences."""
    scorecard: pl.DataFrame
    """Whole audience."""
    control: pl.DataFrame
    """The control reader's scorecard; empty without one."""
    comparisons: pl.DataFrame
    """Whole audience, primary measure."""
    segments: Mapping[str, pl.DataFrame]
    """Per segment key, the scorecard of the primary measure."""
    spread: pl.DataFrame
    """Those of all keys together, the widest disagreement first; see `summaries.spread_segments`."""
    funnels: Mapping[str, Funnel]
    """Per draft, who stopped, acted and pushed it away."""
    actions: pl.DataFrame
    """draft_id, action, share (0 to 1, weighted), personas."""
    levels: pl.DataFrame
    """draft_id, measure, level (1 to 5), share: of those who stopped; empty where nothing was rated."""
    objections: Mapping[str, Sequence[Theme]]
    """Per draft, objections grouped, the most common first."""
    verbatims: pl.DataFrame
    """draft_id, persona_id, action, verbatim: a few per draft, one of each action first."""
    highlights: Mapping[str, Sequence[Highlight]]
    """Per draft, the words that people named."""
    interactions: pl.DataFrame
    """Whether a difference between drafts differs between the values of a segment; see `scoring.interactions`."""
    strengths: pl.DataFrame
    """draft_id, strength, low, high, personas of the head-to-head; no rows where none was asked."""
    evidence: Sequence[Evidence]
    """What panel, control reader and outcome model each favour; nothing where there is one draft."""
    health: Sequence[Check]
    findings: Sequence[Finding]
    """What limits and rules say about the drafts."""

    @property
    def headline(self) -> str:
        """The decision in a few words."""
        return self.verdict.headline

    @property
    def disagreement(self) -> str | None:
        """Which sources favour which draft, where they disagree."""
        return say_disagreement(self.evidence)

    @property
    def label(self) -> str:
        """What stands on every page."""
        return LABEL


def make_report(run: Run, *, evidence: bool = True) -> Report:
    """Work out everything a report shows from a run; `evidence=False` leaves out what may have to load a model."""
    heard = summaries.select_heard(run.reactions)
    scorecard, comparisons = run.scorecard(), run.compare()
    verdict = decide(comparisons, scorecard)
    segments = {key: run.scorecard(key).filter(pl.col("measure") == PRIMARY) for key in run.methods.segment_keys}
    objective = run.methods.settings.objective
    return Report(
        run=run,
        verdict=verdict,
        decision=make_decision(run, verdict, scorecard, comparisons),
        scorecard=scorecard,
        control=run.control_scorecard() if run.methods.control_counts else scorecard.clear(),
        comparisons=comparisons,
        segments=segments,
        spread=summaries.spread_segments(segments),
        funnels={draft: summaries.measure_funnel(scorecard, draft, objective) for draft in run.drafts},
        actions=summaries.share_actions(heard, run.drafts),
        levels=summaries.share_levels(heard, run.drafts),
        objections={draft: summaries.group_objections(heard, draft) for draft in run.drafts},
        verbatims=pl.concat([summaries.choose_verbatims(heard, draft) for draft in run.drafts]),
        highlights={draft.id: summaries.find_quoted(heard, draft) for draft in run.methods.campaign.drafts},
        interactions=_test_segments(run),
        strengths=run.strengths(),
        evidence=find_evidence(run) if evidence else (),
        health=find_health(run.reactions, run.order_effects()),
        findings=lint(run.methods.campaign),
    )


def _test_segments(run: Run) -> pl.DataFrame:
    tests = [interactions(run.reactions, key, drafts=run.drafts) for key in run.methods.segment_keys]
    return pl.concat(tests) if tests else pl.DataFrame(schema=INTERACTION_SCHEMA)


def list_methods(run: Run) -> Iterator[tuple[str, str]]:
    """Yield the methods statement as (what, how) lines of plain text."""
    methods, settings = run.methods, run.methods.settings
    for audience in methods.audiences:
        described = (
            f"{audience['audience']}: {audience['personas']} personas; source: {audience['source'] or 'not said'}"
        )
        yield "Audience", f"{described}; SHA-256 {audience['sha256'][:16]}"
    asked = f"{methods.personas} personas x {methods.wordings} wordings x {settings.repeats} repeats"
    yield "Panel", f"{asked}, seed {settings.seed}; {methods.order}"
    yield "Objective", f"{settings.objective}, declared before the run"
    yield "Model", f"{methods.model} through the {methods.engine} engine, {methods.started}"
    yield "Rating", methods.rating
    counts = methods.counts
    reactions = f"{counts.planned} planned, {counts.ok} usable, {counts.refused} refused, {counts.failed} failed"
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
        "label": LABEL,
        "synthetic_respondents": True,
        "ai_generated": True,
        "run_id": run.run_id,
        "campaign": run.methods.campaign.campaign,
        "verdict": report.verdict.model_dump(),
        "drafts": [draft.model_dump(exclude_none=True) for draft in run.methods.campaign.drafts],
        "scorecard": report.scorecard.to_dicts(),
        "control": report.control.to_dicts(),
        "comparisons": report.comparisons.to_dicts(),
        "segments": {key: card.to_dicts() for key, card in report.segments.items()},
        "interactions": report.interactions.to_dicts(),
        "strengths": report.strengths.to_dicts(),
        "evidence": [row.model_dump() for row in report.evidence],
        "disagreement": report.disagreement,
        "actions": report.actions.to_dicts(),
        "objections": {
            draft: [{"objection": theme.text, "personas": list(theme.members)} for theme in themes]
            for draft, themes in report.objections.items()
        },
        "verbatims": report.verbatims.to_dicts(),
        "health": [check.model_dump() for check in report.health],
        "findings": [finding.model_dump() for finding in report.findings],
        "warnings": list(run.methods.warnings),
        "methods": run.methods.model_dump(mode="json"),
    }
