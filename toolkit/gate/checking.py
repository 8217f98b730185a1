"""`check`: a campaign's checks judged on its recording, offline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from toolkit.drafts import lint as linting
from toolkit.drafts import load_drafts
from toolkit.drafts.lint import Finding
from toolkit.engines import Engine
from toolkit.errors import InputError
from toolkit.gate.checks import BASELINE, Check, LintCheck, PlacedCheck, is_same_name, read_checks
from toolkit.gate.deciding import Recorded, find_segment_fault, judge_check
from toolkit.gate.entries import make_frame
from toolkit.gate.recording import fetch, record_campaign, require_file
from toolkit.gate.recording_file import Header, Recording, find_recording, load_recording
from toolkit.gate.replay import Replay, Shelf, replay, write_command
from toolkit.gate.results import CampaignOutcome, CheckOutcome, OnInconclusive, OnStale, find_gravest
from toolkit.models import Campaign


def check_campaign(
    campaign: Campaign | str | Path,
    audience: Sequence[str] = (),
    *,
    engine: str | Engine = "replay",
    on_stale: OnStale = "fail",
    on_inconclusive: OnInconclusive = "warn",
    record: bool = False,
    model: str | None = None,
    shelf: Shelf | None = None,
    **options: Any,
) -> CampaignOutcome:
    """Judge the checks of a campaign on its recording: no network, no key, no cost, no model.

    `engine` other than "replay" asks for what the recording lacks first, with the options of `toolkit.run`; `record`
    also writes it down. `model` is the model that must have answered, where it matters. `on_stale` and
    `on_inconclusive` say what `exit_code` makes of such checks. `shelf` is shared between calls to read audiences once.
    Raises InputError for a campaign, an audience or a recording that cannot be used.
    """
    campaign = campaign if isinstance(campaign, Campaign) else load_drafts(campaign)
    checks = read_checks(campaign)
    findings = linting.lint(campaign)
    judge = None
    if not all(isinstance(placed.check, LintCheck) for placed in checks):
        shelf, named = shelf or Shelf(), {"engine": engine, "model": model, **options}
        recording = _bring(campaign, audience, shelf, named, record=record)
        judge = _Judge(campaign, _replay(campaign, recording, model, shelf, audience), model)
    outcomes = tuple(_judge(placed, campaign, findings, judge) for placed in checks)
    unasked = [] if any(isinstance(placed.check, LintCheck) for placed in checks) else findings
    return CampaignOutcome(
        campaign=campaign.campaign,
        file=str(campaign.file),
        outcome=find_gravest((outcome.outcome for outcome in outcomes), on_stale),
        checks=outcomes,
        warnings=(*map(say_finding, unasked), *(judge.list_warnings(checks) if judge else ())),
        on_stale=on_stale,
        on_inconclusive=on_inconclusive,
    )


check = check_campaign
"""What `toolkit.check` is."""


def list_checks(campaign: Campaign | str | Path) -> tuple[PlacedCheck, ...]:
    """Return the checks of a campaign file with their names and lines, nothing judged."""
    return read_checks(campaign if isinstance(campaign, Campaign) else load_drafts(campaign))


def _bring(
    campaign: Campaign, audience: Sequence[str], shelf: Shelf, options: Mapping[str, Any], *, record: bool
) -> Recording | None:
    """Return the recording: as it is, or brought up to date first where an engine may be asked."""
    path = find_recording(require_file(campaign))
    asking = {**options, "engine": None if options["engine"] == "replay" else options["engine"]}
    if record:
        record_campaign(campaign, audience, shelf=shelf, **asking)
    elif asking["engine"] is not None:
        return fetch(campaign, load_recording(path), shelf, audience=audience, **asking).recording
    return load_recording(path)


def _judge(placed: PlacedCheck, campaign: Campaign, findings: Sequence[Finding], judge: _Judge | None) -> CheckOutcome:
    if isinstance(placed.check, LintCheck):
        return _judge_lint(placed, placed.check, campaign, findings)
    assert judge is not None  # noqa: S101 - made wherever a check is not of lint
    return judge.judge(placed)


def _judge_lint(placed: PlacedCheck, check: LintCheck, campaign: Campaign, findings: Sequence[Finding]) -> CheckOutcome:
    ids = {draft.id for draft in campaign if check.draft is None or is_same_name(draft.id, check.draft)}
    found = [finding for finding in findings if finding.draft_id in ids]
    grave = [finding for finding in found if finding.severity == "error" or check.lint == "warning"]
    errors = sum(finding.severity == "error" for finding in found)
    counts = f"{_count(len(ids), 'draft')}, {_count(errors, 'error')}, {_count(len(found) - errors, 'warning')}"
    more = f"; {len(grave) - 1} more" if len(grave) > 1 else ""
    return CheckOutcome(
        check=placed.name,
        outcome="failed" if grave else "passed",
        message=f"{counts}: {say_finding(grave[0])}{more}" if grave else counts,
        line=grave[0].line or placed.line if grave else placed.line,
        draft_id=grave[0].draft_id if grave else placed.draft_id,
        findings=tuple(found),
    )


def _replay(
    campaign: Campaign, recording: Recording | None, model: str | None, shelf: Shelf, audience: Sequence[str]
) -> Replay:
    header = (
        recording.header
        if recording
        else Header(
            campaign=campaign.campaign,
            version="",
            engine="openai",
            model=model or "",
            form="chat",
            wordings=0,
            prompts={},
        )
    )
    if model is not None and not _is_model(header.model, model):
        header = header.model_copy(update={"model": model})
    return replay(campaign, recording, header, shelf, audience=audience)


def _is_model(recorded: str, wanted: str) -> bool:
    """Return whether a recorded model is the wanted one: a file of weights is recorded by its stem and digest."""
    return recorded == wanted or (wanted.endswith(".gguf") and recorded.startswith(f"{Path(wanted).stem}@"))


class _Judge:
    """Judges the checks of one campaign."""

    def __init__(self, campaign: Campaign, found: Replay, model: str | None) -> None:
        self._campaign = campaign
        self._found = found
        self._model = model
        costs = [entry.cost for _, entry in found.kept]
        self._evidence = Recorded(
            reactions=make_frame(found),
            drafts=tuple(draft.id for draft in campaign.drafts),
            wordings=found.recording.header.wordings if found.recording else 0,
            cost=None if None in costs else sum(cost for cost in costs if cost is not None),
            digests={draft.id: draft.digest for draft in found.plan.campaign.drafts},
        )

    def judge(self, placed: PlacedCheck) -> CheckOutcome:
        """Return what a check comes to."""
        check = placed.check
        fault = find_segment_fault(check, self._found.plan)
        if fault is not None:
            where = f"{self._campaign.file}:{placed.line}" if placed.line else self._campaign.file
            raise InputError(f"{where}: {fault}")
        stale = self._say_stale(check)
        if stale is not None:
            return CheckOutcome(
                check=placed.name, outcome="stale", message=stale, line=placed.line, draft_id=placed.draft_id
            )
        finding = judge_check(check, self._evidence)
        return CheckOutcome(
            check=placed.name,
            outcome=finding.outcome,
            message=finding.message,
            line=placed.line,
            draft_id=placed.draft_id,
        )

    def list_warnings(self, checks: Sequence[PlacedCheck]) -> Iterator[str]:
        """Yield what no check says."""
        found = self._found
        if found.recording is None:
            return
        if found.aged:
            yield (
                f"{found.aged} reactions were recorded under earlier built-in prompts or surfaces; they stay valid, "
                f"and `{write_command(self._campaign, '--renew')}` asks anew"
            )
        mixed = any(found.is_mixed(placed.check.drafts) for placed in checks if len(placed.check.drafts) > 1)
        if mixed:
            yield "a comparison mixes reactions under earlier and present built-in prompts; --renew sets both anew"
        if found.recording.header.engine == "local" and found.recording.header.form == "completion":
            yield "recorded from the embedded model, which ranks drafts near chance: it shows how the gate works"

    def _say_stale(self, check: Check) -> str | None:
        """Return what the recording lacks for a check and the command that fetches it, or None."""
        ids = (*self._evidence.drafts, BASELINE)
        drafts = {one for one in ids if any(is_same_name(one, written) for written in check.drafts)}
        recording = self._found.recording
        if BASELINE in drafts and (recording is None or recording.header.baseline is None):
            command = write_command(self._campaign, "--baseline", self._evidence.drafts[0])
            return f"the recording holds no baseline; accept the draft that is live, as in: {command}"
        groups = self._found.group_stale(drafts or set(self._evidence.drafts))
        if not groups:
            return None
        more = self._name_model() if any(group.what == "model" for group in groups) else ()
        return f"{'; '.join(group.describe() for group in groups)}; renew: {write_command(self._campaign, *more)}"

    def _name_model(self) -> Sequence[str]:
        """Return the options that have the wanted model asked: the embedded engine runs files of weights alone."""
        if self._model is None:
            return ()
        recording = self._found.recording
        is_local = recording is not None and recording.header.engine == "local"
        engine = ("--engine", "openai") if is_local and not self._model.endswith(".gguf") else ()
        return (*engine, "--model", self._model)


def say_finding(finding: Finding) -> str:
    """Return a lint finding in one line: place, draft, rule and what is wrong."""
    place = ":".join(str(item) for item in (finding.file, finding.line) if item is not None)
    advice = f"; {finding.suggestion}" if finding.suggestion else ""
    head = f"{place}: " if place else ""
    return f"{head}{finding.draft_id}: {finding.severity} {finding.rule}: {finding.message}{advice}"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
