"""`check`: a campaign's checks judged on its recording, offline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from toolkit.drafts import lint as linting
from toolkit.drafts import load_drafts, taking
from toolkit.drafts.lint import Finding
from toolkit.engines import Engine
from toolkit.errors import InputError, accept_only, suggest
from toolkit.gate.check_list import PlacedCheck, read_checks
from toolkit.gate.checks import KINDS, Check, LintCheck
from toolkit.gate.deciding import Recorded, Ruling, find_segment_fault, say_finding
from toolkit.gate.names import BASELINE, is_same_name, name_own
from toolkit.gate.recorded_rows import gather_rows
from toolkit.gate.recording import RecordingOptions, fetch, record_campaign, require_file
from toolkit.gate.recording_file import Header, RecordedModel, Recording, find_recording, load_recording
from toolkit.gate.replay import Replay, Shelf, replay, write_command
from toolkit.gate.results import CampaignOutcome, CheckOutcome, OnInconclusive, OnStale, find_gravest
from toolkit.models import Campaign, exchange, records
from toolkit.panel import run_options, session


@accept_only()
def check(
    campaign: taking.DraftsLike,
    audience: Sequence[str] = (),
    *,
    engine: str | Engine = "replay",
    on_stale: OnStale = "fail",
    on_inconclusive: OnInconclusive = "warn",
    record: bool = False,
    model: str | run_options.Models | None = None,
    models: run_options.Models | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    embedding_model: str | None = None,
    concurrency: int | None = None,
    rpm: float | None = None,
    tpm: float | None = None,
    price: run_options.AnyPrice | None = None,
    max_cost: float | None = None,
    endpoint: str | None = None,
    timeout: float | None = None,
    header: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    max_tokens: int | None = None,
    reasoning_effort: str | None = None,
    form: exchange.FormName | None = None,
    prompts: str | Path | None = None,
    store: str | Path | None = None,
    on_reaction: session.OnReaction | None = None,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    shelf: Shelf | None = None,
) -> CampaignOutcome:
    """Judge the checks of a campaign on its recording: no network, no key, no cost, no model.

    Only `engine`, `record` and what goes with them ask anything.

    **Parameters**

    - `campaign`: a campaign file, or a campaign that `load_drafts` or `Campaign.from_frame` returned. One from a frame
      has no recording beside it, so its checks are those that take no reactions, such as lint.
    - `audience`: names or paths, for a campaign that names none.
    - `engine`: "replay" judges what is recorded. "openai", "local" or an engine object asks first for what is lacking.
    - `on_stale`: "fail" or "warn"; whether a stale recording makes `exit_code` 1.
    - `on_inconclusive`: "fail", "warn" or "pass"; whether an inconclusive check makes `exit_code` 1, 5 or 0.
    - `record`: ask for what the recording lacks, and write it down.
    - `model`, `models`: the model that must have answered, or the several; reactions of another are stale. The
      campaign's own models if left out.
    - `base_url`, `api_key`, `endpoint`, `embedding_model`, `concurrency`, `rpm`, `tpm`, `price`, `max_cost`, `timeout`,
      `header`, `query`, `max_tokens`, `reasoning_effort`, `form`, `prompts`, `store`, `on_reaction`: as for
      `toolkit.run`, for an engine that asks. A header is kept nowhere.
    - `select`, `ignore`: lint rules, such as "style.caps" or "policy", to keep or to leave out.
    - `shelf`: shared between calls, so that audiences are read once.

    Returns the outcome with one entry a check. Raises InputError for an unknown option, and for a campaign, an audience
    or a recording that cannot be used.

    Examples:
        >>> import toolkit
        >>> found = toolkit.check("examples/reading-club.yaml", on_inconclusive="pass")
        >>> found.outcome, found.exit_code
        ('passed', 0)
    """
    _check_policy("on_stale", on_stale, get_args(OnStale))
    _check_policy("on_inconclusive", on_inconclusive, get_args(OnInconclusive))
    campaign = taking.take_drafts(campaign)
    shelf = shelf or Shelf()
    checks = read_checks(campaign, list_questions(campaign, audience, shelf))
    findings = linting.lint(campaign, select=select, ignore=ignore)
    judge = None
    if any(placed.check.needs_recording for placed in checks):
        asking = RecordingOptions(
            model=model if models is None else models,
            base_url=base_url,
            api_key=api_key,
            embedding_model=embedding_model,
            concurrency=concurrency,
            rpm=rpm,
            tpm=tpm,
            price=price,
            max_cost=max_cost,
            endpoint=endpoint,
            timeout=timeout,
            header=header,
            query=query,
            max_tokens=max_tokens,
            reasoning_effort=reasoning_effort,
            form=form,
            prompts=prompts,
            store=store,
            on_reaction=on_reaction,
        )
        if engine != "replay":
            asking["engine"] = engine
        recording = _bring(campaign, audience, shelf, asking, record=record)
        named = _name_wanted(campaign, asking.get("model"))
        found = _replay(campaign, recording, named, shelf, audience)
        judge = _Judge(campaign, findings, found, named, tuple(_list_flags(audience, asking)))
    drafts = tuple(draft.id for draft in campaign)
    outcomes = tuple(
        judge.judge(placed) if judge else _conclude(placed, placed.check.judge(Recorded(drafts, findings)))
        for placed in checks
    )
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


check_campaign = check
"""What `toolkit.check` is."""


def list_checks(campaign: Campaign | str | Path) -> tuple[PlacedCheck, ...]:
    """Return the checks of a campaign file with their names and lines, nothing judged."""
    campaign = campaign if isinstance(campaign, Campaign) else load_drafts(campaign)
    return read_checks(campaign, list_questions(campaign, (), Shelf()))


def list_questions(campaign: Campaign, audience: Sequence[str], shelf: Shelf) -> tuple[records.OwnQuestion, ...]:
    """Return the questions that a campaign's checks may be about: its own and, where one names more, its audience's."""
    named = {key for check in campaign.checks for key in check}
    known = {*name_own(campaign.questions), *(key for kind in KINDS for key in (*kind.word, *kind.list_keys()))}
    segments = {str(check["no_segment_below"].get("measure")) for check in campaign.checks if _bounds_segment(check)}
    names = list(audience) or ([campaign.audience] if campaign.audience else [])
    if (named | segments) <= known or not names:
        return campaign.questions
    return records.join_questions(campaign.questions, *(shelf.load_audience(name).questions for name in names))


def _bounds_segment(check: Mapping[str, Any]) -> bool:
    return isinstance(check.get("no_segment_below"), dict)


def _check_policy(name: str, given: str, allowed: Sequence[str]) -> None:
    if given not in allowed:
        raise InputError(f"{name} is {given!r}{suggest(str(given), allowed)}; allowed: {', '.join(allowed)}")


def _bring(
    campaign: Campaign, audience: Sequence[str], shelf: Shelf, asking: RecordingOptions, *, record: bool
) -> Recording | None:
    """Return the recording: as it is, or brought up to date first where an engine may be asked."""
    path = find_recording(require_file(campaign))
    if record:
        record_campaign(campaign, audience, shelf=shelf, **asking)
    elif "engine" in asking:
        return fetch(campaign, load_recording(path), shelf, audience, asking).recording
    return load_recording(path)


def _list_flags(audience: Sequence[str], asking: RecordingOptions) -> Iterator[str]:
    """Yield what was given that the command to renew needs, too, as its options; the model is told where it matters.

    Headers and parameters of the address may be secret, so they are left out.
    """
    for name in audience:
        yield from ("--audience", name)
    for option in ("endpoint", "base_url", "embedding_model", "prompts", "reasoning_effort", "form"):
        value = asking.get(option)
        if value is not None:
            yield from (f"--{option.replace('_', '-')}", str(value))


def _conclude(placed: PlacedCheck, ruling: Ruling) -> CheckOutcome:
    """Return a ruling as the outcome of a check; a finding that it quotes says where to look."""
    shown = ruling.shown
    return CheckOutcome(
        check=placed.name,
        outcome=ruling.outcome,
        message=ruling.message,
        line=(shown.line if shown else None) or placed.line,
        draft_id=shown.draft_id if shown else placed.draft_id,
        findings=ruling.findings,
        estimate=ruling.mean.estimate if ruling.mean else None,
        low=ruling.mean.low if ruling.mean else None,
        high=ruling.mean.high if ruling.mean else None,
    )


def _name_wanted(campaign: Campaign, model: Any) -> tuple[str, ...]:
    """Return the models that must have answered: those named, else the campaign's own; none for whichever did."""
    if model is None:
        return campaign.models
    return (model,) if isinstance(model, str) else tuple(str(one) for one in model)


def _replay(
    campaign: Campaign, recording: Recording | None, wanted: Sequence[str], shelf: Shelf, audience: Sequence[str]
) -> Replay:
    header = (
        recording.header
        if recording
        else Header(
            campaign=campaign.campaign,
            version="",
            engine="openai",
            model=session.TOGETHER.join(wanted),
            form="chat",
            wordings=0,
            prompts={},
        )
    )
    recorded = [one.name for one in header.models] or [header.model]
    is_as_wanted = recorded == list(wanted) or (len(wanted) == len(recorded) == 1 and _is_model(recorded[0], wanted[0]))
    if wanted and not is_as_wanted:
        several = wanted if len(wanted) > 1 else ()
        models = tuple(RecordedModel(name=one, engine="openai", model=one, form=header.form) for one in several)
        header = header.model_copy(update={"model": session.TOGETHER.join(wanted), "models": models})
    return replay(campaign, recording, header, shelf, audience=audience)


def _is_model(recorded: str, wanted: str) -> bool:
    """Return whether a recorded model is the wanted one: a file of weights is recorded by its stem and digest."""
    return recorded == wanted or (wanted.endswith(".gguf") and recorded.startswith(f"{Path(wanted).stem}@"))


class _Judge:
    """Judges the checks of one campaign."""

    def __init__(
        self,
        campaign: Campaign,
        findings: Sequence[Finding],
        found: Replay,
        models: Sequence[str],
        more: Sequence[str],
    ) -> None:
        self._more = more
        self._campaign = campaign
        self._found = found
        self._models = tuple(models)
        costs = [entry.cost for _, entry in found.kept]
        self._evidence = Recorded(
            drafts=tuple(draft.id for draft in campaign.drafts),
            findings=findings,
            reactions=gather_rows(found.kept, found.plan.settings.objective, found.plan.own),
            wordings=found.recording.header.wordings if found.recording else 0,
            cost=None if None in costs else sum(cost for cost in costs if cost is not None),
            digests={draft.id: draft.digest for draft in found.plan.campaign.drafts},
        )

    def judge(self, placed: PlacedCheck) -> CheckOutcome:
        """Return what a check comes to."""
        check = placed.check
        fault = find_segment_fault(check.segments, self._found.plan)
        if fault is not None:
            where = f"{self._campaign.file}:{placed.line}" if placed.line else self._campaign.file
            raise InputError(f"{where}: {fault}")
        stale = self._say_stale(check) if check.needs_recording else None
        if stale is not None:
            return CheckOutcome(
                check=placed.name, outcome="stale", message=stale, line=placed.line, draft_id=placed.draft_id
            )
        return _conclude(placed, check.judge(self._evidence))

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
            yield "a comparison mixes reactions under earlier and present built-in prompts; renewing sets both anew"
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
        command = write_command(self._campaign, *more, *self._more)
        return f"{'; '.join(group.describe() for group in groups)}; renew: {command}"

    def _name_model(self) -> Sequence[str]:
        """Return the options that have the wanted model asked: the embedded engine runs files of weights alone."""
        if not self._models:
            return ()
        recording = self._found.recording
        is_local = recording is not None and recording.header.engine == "local"
        engine = ("--engine", "openai") if is_local and not self._models[0].endswith(".gguf") else ()
        return (*engine, *(part for model in self._models for part in ("--model", model)))
