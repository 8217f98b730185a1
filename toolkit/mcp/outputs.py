"""What each tool returns, as records: numbers with interval and count, sentences, and foreign words as data.

A sentence of the toolkit that may quote a draft, a model or a provider is marked as foreign, too.
"""

from __future__ import annotations

from pydantic import Field

from toolkit.mcp.words import Quoted
from toolkit.models import LABEL, Record


class ToolAnswer(Record):
    """What every answer carries."""

    label: str = Field(default=LABEL, description="What every number here is. Repeat it where you quote one.")
    limits: tuple[str, ...] = Field(default=(), description="What the numbers cannot tell, in words.")


class FoundByLint(Record):
    """One finding."""

    draft: str
    field: str
    rule: str
    severity: str
    line: int | None = None
    message: Quoted
    matched: Quoted
    suggestion: Quoted | None = None


class LintAnswer(ToolAnswer):
    """What lint found in drafts, with no model and no network."""

    errors: int
    warnings: int
    findings: tuple[FoundByLint, ...]


class PriceAnswer(ToolAnswer):
    """What a run would take and could tell."""

    personas: int
    wordings: int
    reactions: int
    stored: int = Field(description="Reactions that are in the store already and cost nothing.")
    calls: int = Field(description="At most.")
    prompt_tokens: int
    completion_tokens: int
    cost_usd: float | None = Field(description="Null where the price of the model is not known.")
    minutes: float
    detectable_difference: float | None = Field(description="Smallest lead, from 0 to 1, found four times in five.")
    needs_cost_argument: bool = Field(description="Whether run wants max_cost or confirm_cost.")
    left_of_server_limit_usd: float | None = Field(description="Null where the server has no limit.")
    fits_server_limit: bool
    summary: str


class VerdictSaid(Record):
    """What a run lets a person decide."""

    decision: str = Field(description="best, too close to call, unstable, not enough, or single draft.")
    draft: str | None = None
    headline: str
    because: str


class RateSaid(Record):
    """One estimate with its 95 % interval and counts."""

    draft: str
    reader: str = Field(description="audience, or control: the same questions with no persona.")
    segment: str
    value: str
    measure: str
    estimate: float | None
    low: float | None
    high: float | None
    personas: int = Field(description="Of the control reader: wordings.")
    reactions: int


class RunAnswer(ToolAnswer):
    """A run: verdict, rates with intervals, what people said."""

    run_id: str
    folder: str
    campaign: str
    objective: str
    model: str
    verdict: VerdictSaid
    rates: tuple[RateSaid, ...]
    planned: int
    ok: int
    refused: int
    failed: int
    from_store: int
    calls: int
    cost_usd: float | None
    is_complete: bool
    warnings: tuple[Quoted, ...] = ()
    objections: tuple[ObjectionSaid, ...] = ()
    stopped: Quoted | None = Field(default=None, description="Why the run ended before everything was asked.")
    next_step: str = ""


class ObjectionSaid(Record):
    """One objection that personas raised to a draft."""

    draft: str
    number: int
    said: Quoted
    personas: tuple[str, ...]


class ComparedSaid(Record):
    """One pair of drafts: B minus A, with the unadjusted 95 % interval."""

    draft_a: str
    draft_b: str
    segment: str
    value: str
    difference: float | None
    low: float | None
    high: float | None
    p_adjusted: float | None
    verdict: str
    sentence: str


class ComparisonAnswer(ToolAnswer):
    """Every pair of drafts of a run on one measure."""

    run_id: str
    measure: str
    pairs: tuple[ComparedSaid, ...]


class SourceSaid(Record):
    """What one source of evidence says."""

    source: str
    favours: str | None
    rival: str | None
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    chance: float | None = Field(description="Chance that people agree; null where no domain was validated.")
    chance_low: float | None
    chance_high: float | None
    count: str
    basis: str
    sentence: str
    worth: str


class EvidenceAnswer(ToolAnswer):
    """What each source says, and where they disagree."""

    run_id: str
    sources: tuple[SourceSaid, ...]
    disagreement: str | None


class CheckSaid(Record):
    """What one check came to."""

    check: Quoted
    outcome: str
    message: Quoted
    line: int | None = None
    draft: str | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None


class CheckAnswer(ToolAnswer):
    """What the checks of a campaign came to, on its recording: no network, no cost."""

    campaign: str
    file: str
    outcome: str = Field(description="passed, failed, inconclusive, stale or error.")
    exit_code: int
    checks: tuple[CheckSaid, ...]
    warnings: tuple[Quoted, ...] = ()


class WhyAnswer(ToolAnswer):
    """Why people reacted as they did: their objections, or one persona's answer to a question."""

    run_id: str
    draft: str
    objections: tuple[ObjectionSaid, ...] = ()
    persona: str | None = None
    answer: Quoted | None = None
    personas: tuple[str, ...] = Field(default=(), description="Ids of those who can be interviewed.")
    cost_usd: float | None = None


class RewriteAnswer(ToolAnswer):
    """A new version of a draft, or why there is none. It is not tested: run both to see."""

    run_id: str
    draft: str
    fields: dict[str, Quoted] = Field(default_factory=dict, description="The parts of the new version.")
    changed: Quoted | None = None
    problem: Quoted | None = None
    findings: tuple[FoundByLint, ...] = ()
    cost_usd: float | None = None


class RunListed(Record):
    """One run of the working folder."""

    run_id: str
    started: str
    campaign: str
    drafts: tuple[str, ...]
    objective: str
    personas: int
    model: str
    cost_usd: float | None


class RunList(ToolAnswer):
    """The runs of the working folder, newest first."""

    runs: tuple[RunListed, ...]
    more: int = Field(default=0, description="Older runs that are left out.")


class AudienceListed(Record):
    """One audience that can be asked by name."""

    audience: str
    personas: int
    segments: tuple[str, ...]
    description: Quoted


class AudienceList(ToolAnswer):
    """The audiences in ./personas and the bundled ones."""

    audiences: tuple[AudienceListed, ...]
    problems: tuple[str, ...] = Field(default=(), description="Files in ./personas that cannot be read.")


RunAnswer.model_rebuild()
