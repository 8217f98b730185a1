"""What a check and a campaign came to, and the exit code that says so."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from toolkit.drafts.lint import Finding
from toolkit.models import LABEL, Record

Outcome = Literal["passed", "failed", "inconclusive", "stale", "error"]
OnStale = Literal["fail", "warn"]
OnInconclusive = Literal["fail", "warn", "pass"]

FAILED, BAD_INPUT, INCOMPLETE, OVER_BUDGET, INCONCLUSIVE = 1, 2, 3, 4, 5
_FIRST = (BAD_INPUT, OVER_BUDGET, INCOMPLETE, FAILED, INCONCLUSIVE)
"""Where several exit codes apply, the first of these does."""


class CheckOutcome(Record):
    """What one check of a campaign came to."""

    check: str
    """The check in words, such as "benefit beats plain"; no two of a campaign are alike."""
    outcome: Outcome
    message: str
    """Why, in one line: estimate, interval, counts, and the next step where there is one."""
    line: int | None = None
    """The line of the campaign file to look at: of the check, or of the draft that lint complains of."""
    draft_id: str | None = None
    """The draft that the check is about; null where it is about several."""
    findings: tuple[Finding, ...] = ()
    """What lint found, for a check of lint."""
    estimate: float | None = None
    """The share, rating or difference that was judged; null for checks of lint, of cost, or of several at once."""
    low: float | None = None
    """Lower end of its 95 % interval."""
    high: float | None = None
    """Upper end of its 95 % interval."""


class CampaignOutcome(Record):
    """What the checks of one campaign came to."""

    campaign: str
    file: str
    outcome: Outcome
    """The gravest of the checks: error, failed, stale, inconclusive, passed."""
    checks: tuple[CheckOutcome, ...]
    warnings: tuple[str, ...] = ()
    """What no check says: lint warnings, earlier built-in prompts."""
    on_stale: OnStale = "fail"
    on_inconclusive: OnInconclusive = "warn"
    label: str = LABEL

    @property
    def exit_code(self) -> int:
        """0, or the contract's code: 2 error, 1 failed or stale, 5 inconclusive; the two policies have their say."""
        codes = {"passed": 0, "failed": FAILED, "error": BAD_INPUT}
        codes["stale"] = FAILED if self.on_stale == "fail" else 0
        codes["inconclusive"] = {"fail": FAILED, "warn": INCONCLUSIVE, "pass": 0}[self.on_inconclusive]
        return choose_exit_code(codes[check.outcome] for check in self.checks)


class RecordingOutcome(Record):
    """What recording a campaign came to."""

    campaign: str
    file: str
    recording: str
    """The file that holds the reactions."""
    reactions: int
    """How many it holds now."""
    kept: int
    """Reactions that were already there."""
    asked: int
    """Reactions that it lacked."""
    refused: int
    failed: int
    """Reactions that did not come; the same command asks for them again."""
    dropped: int
    """Reactions that nothing needs any more."""
    cost_usd: float | None
    stopped: str | None = None
    """Why asking ended early, where it did."""
    warnings: tuple[str, ...] = ()
    label: str = LABEL


def choose_exit_code(codes: Iterable[int]) -> int:
    """Return the exit code that stands for several: 2, then 4, 3, 1, 5, else 0."""
    found = set(codes)
    return next((code for code in _FIRST if code in found), 0)


def find_gravest(outcomes: Iterable[Outcome], on_stale: OnStale = "fail") -> Outcome:
    """Return the outcome that stands for several; a stale one weighs less than an inconclusive one under "warn"."""
    found = set(outcomes)
    middle: tuple[Outcome, Outcome] = ("stale", "inconclusive") if on_stale == "fail" else ("inconclusive", "stale")
    order: tuple[Outcome, ...] = ("error", "failed", *middle)
    return next((outcome for outcome in order if outcome in found), "passed")
