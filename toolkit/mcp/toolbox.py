"""What each tool does: the same functions as behind the command, inside one folder and under one limit."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from toolkit import audiences
from toolkit.drafts import load_drafts
from toolkit.drafts.lint import Finding, lint
from toolkit.engines import budget
from toolkit.errors import BudgetReached, InputError, ToolkitError
from toolkit.gate import check
from toolkit.improve import Objection, choose_objections, interviews, list_objections, rewriting
from toolkit.mcp import inputs, outputs
from toolkit.mcp.asides import Counter, ReportProgress, do_aside, read_aside
from toolkit.mcp.folders import WorkingFolder
from toolkit.mcp.purses import SharedPurse
from toolkit.mcp.words import quote, quote_some, say
from toolkit.models import Campaign, Persona, chance_link, exchange, records
from toolkit.panel import api, connecting, estimating
from toolkit.results import Evidence, Run, evidence, load_run, predictions, runs
from toolkit.results.scoring import RATES, deciding
from toolkit.store import conversations

_MOST_LISTED = 50
_OBJECTIONS = 5
"""Objections to each draft that a run tells by itself; `why` tells all."""
_OF_ENDPOINT = ("model", "base_url", "endpoint", "header", "query", "price", "rpm", "tpm", "embedding_model")
"""Options of the server that belong to its endpoint, and to no other engine."""
_SETTINGS = ("objective", "sample", "repeats", "seed", "language")
_PRICED = (
    "engine", "model", "base_url", "endpoint", "price", "concurrency", "max_tokens", "reasoning_effort", "form",
    "embedding_model", "rating",
)  # fmt: skip
_TALKING = (
    "engine", "model", "base_url", "endpoint", "price", "concurrency", "rpm", "tpm", "timeout", "header", "query",
    "max_tokens", "reasoning_effort", "form", "prompts",
)  # fmt: skip
_GO_ON = "Answers are missing. Call run again with the same arguments: answers that are kept cost nothing."
_PROVEN = ("trust", "correct")
"""What your own results advise where they show a source right."""
_INTERVALS = "Intervals are 95 % intervals over personas and wordings. They are not corrected for several comparisons."
_STOPPERS = "Ratings exist only for personas who stopped; they describe and never decide."
_UNTESTED = "This version is not tested. Pass both versions to run before you call it better."


@dataclass(frozen=True)
class Toolbox:
    """The tools of one server.

    `options` are those of `toolkit.run` that hold for every call, such as `engine`, `model`, `base_url` and `price`.
    """

    folder: WorkingFolder
    options: Mapping[str, Any]
    purse: SharedPurse

    async def lint(self, given: inputs.DraftsInput, _: ReportProgress) -> outputs.LintAnswer:
        """Return what lint finds in drafts."""
        campaign = self._load(given)
        found = lint(campaign)
        errors = sum(one.severity == "error" for one in found)
        return outputs.LintAnswer(
            errors=errors,
            warnings=len(found) - errors,
            findings=tuple(map(_tell_finding, found)),
            limits=("Lint knows published limits and policies; a platform may still refuse a draft.",),
        )

    async def estimate(self, given: inputs.TestInput, _: ReportProgress) -> outputs.PriceAnswer:
        """Return what a run would take and could tell, with nothing asked."""

        async def work(_: asyncio.Event) -> estimating.Estimate:
            return self._price(*self._prepare(given))

        found = await do_aside(work)
        takes, tells = estimating.say_estimate(found)
        left = self.purse.left
        return outputs.PriceAnswer(
            **found.model_dump(include=set(outputs.PriceAnswer.model_fields) - {"label", "limits"}),
            needs_cost_argument=found.cost_usd != 0,
            left_of_server_limit_usd=left,
            fits_server_limit=left is None or (found.cost_usd is not None and found.cost_usd <= left),
            summary=say(f"{takes}. {tells}."),
            limits=("The estimate takes everybody to stop and read on, and typical variances.",),
        )

    async def run(self, given: inputs.RunInput, report: ReportProgress) -> outputs.RunAnswer:
        """Test drafts on an audience, keep the run in ./runs, and return verdict and numbers."""
        counter = Counter()

        async def work(stop: asyncio.Event) -> Run:
            campaign, people, options = self._prepare(given)
            cost = self._price(campaign, people, options).cost_usd
            self.purse.check_price("run", cost, given.max_cost, confirmed=given.confirm_cost)
            settings = {name: options[name] for name in _SETTINGS}
            counter.expect(len(api.plan(campaign, people, **settings).tasks))
            with self._paying(cost):
                made = await api.arun(
                    campaign, people, **options, max_cost=given.max_cost, stop=stop, on_reaction=counter.advance
                )
            if stop.is_set():
                return made
            drafts, objective = made.methods.campaign.drafts, made.methods.settings.objective
            made = made.with_predictions(predictions.find_predictions(drafts, objective, api.default_store()))
            made.save(self.folder.runs / made.run_id)
            return made

        made = await do_aside(work, counter, report)
        return await read_aside(partial(self._tell_run, made, None))

    async def check(self, given: inputs.CheckInput, _: ReportProgress) -> outputs.CheckAnswer:
        """Judge the checks of a campaign on its recording, offline."""
        path = self.folder.find(given.path, "path")
        found = await read_aside(lambda: check(self._confine(load_drafts(path))))
        return outputs.CheckAnswer(
            campaign=say(found.campaign),
            file=self._say_path(path),
            outcome=found.outcome,
            exit_code=found.exit_code,
            checks=tuple(
                outputs.CheckSaid(
                    check=quote(one.check), outcome=one.outcome, message=quote(one.message), line=one.line,
                    draft=one.draft_id, estimate=one.estimate, low=one.low, high=one.high,
                )
                for one in found.checks
            ),
            warnings=tuple(map(quote, found.warnings)),
            limits=("A check is judged on its interval: inconclusive means that the interval holds the bound.",),
        )  # fmt: skip

    async def compare(self, given: inputs.CompareInput, _: ReportProgress) -> outputs.ComparisonAnswer:
        """Return every pair of drafts of a run on one measure."""

        def work() -> tuple[outputs.ComparedSaid, ...]:
            rows = self._find_run(given.run_id).compare(given.by, given.measure).to_dicts()
            return tuple(map(_tell_pair, rows))

        limits = (_INTERVALS, "Holm's correction over all pairs and segments of the measure decides each verdict.")
        return outputs.ComparisonAnswer(
            run_id=given.run_id,
            measure=given.measure,
            pairs=await read_aside(work),
            limits=limits if given.measure in RATES else (*limits, _STOPPERS),
        )

    async def evidence(self, given: inputs.EvidenceInput, _: ReportProgress) -> outputs.EvidenceAnswer:
        """Return what each source of evidence of a run says."""

        def work() -> outputs.EvidenceAnswer:
            run = self._find_run(given.run_id)
            found = run.weigh_evidence()
            told = (_tell_source(one, run) for one in found)
            return outputs.EvidenceAnswer(
                run_id=run.run_id,
                sources=tuple(one for one in told if one is not None),
                disagreement=evidence.say_disagreement(found) or None,
                limits=(_say_validation(run), "A chance is given only inside a domain where it was validated."),
            )

        return await read_aside(work)

    async def why(self, given: inputs.WhyInput, report: ReportProgress) -> outputs.WhyAnswer:
        """Return the objections to a draft, or what one persona answers to a question."""
        counter = Counter()
        counter.expect(1)

        async def work(stop: asyncio.Event) -> outputs.WhyAnswer:
            run = self._find_run(given.run_id)
            draft, people = _pick_draft(run, given.draft), self._find_people(run)
            told = outputs.WhyAnswer(
                run_id=run.run_id,
                draft=draft,
                objections=_tell_objections(draft, list_objections(run, draft, people)),
                personas=tuple(interviews.find_asked(run, people)),
                limits=(interviews.NOTE,),
            )
            if given.persona is None or given.question is None:
                return told
            connection = self._connect(given, stop)
            guest = interviews.invite(run, given.persona, draft, people)
            with conversations.Conversations(connection.store_path) as kept:
                turns = kept.list_turns(run.run_id, given.persona, draft)
            asked = interviews.check_question(given.question)
            written = interviews.Interview(connection.load_prompts()).ask(guest, asked, turns, "chat")
            cost = _find_worst(connection, [written])
            self.purse.check_price("why", cost, given.max_cost, confirmed=given.confirm_cost)
            with self._paying(cost), budget.one_bill() as bill:
                turn = await interviews.talk(run, given.persona, draft, given.question, people, connection)
            counter.advance()
            spent = None if cost is None else round(bill.spent, 6)
            return told.model_copy(update={"persona": given.persona, "answer": quote(turn.answer), "cost_usd": spent})

        return await do_aside(work, counter, report)

    async def rewrite(self, given: inputs.RewriteInput, report: ReportProgress) -> outputs.RewriteAnswer:
        """Have a draft of a run written anew from what people held against it."""
        counter = Counter()
        counter.expect(1)

        async def work(stop: asyncio.Event) -> outputs.RewriteAnswer:
            run = self._find_run(given.run_id)
            name = _pick_draft(run, given.draft)
            draft = next(one for one in run.methods.campaign.drafts if one.id == name)
            listed = list_objections(run, name, self._find_people(run))
            chosen = choose_objections(listed, given.objections)
            connection = self._connect(given, stop)
            texts = [one.text for one in chosen]
            asked = rewriting.Rewriter(connection.load_prompts()).ask(draft, texts, given.wish)
            cost = _find_worst(connection, [asked, asked])  # the second asks again where the first has a fault
            self.purse.check_price("rewrite", cost, given.max_cost, confirmed=given.confirm_cost)
            with self._paying(cost):
                written = await rewriting.ask_rewrite(draft, chosen, given.wish, connection)
            counter.advance()
            if written.over_budget:
                raise BudgetReached(written.problem or self.purse.explain())
            after = written.draft
            changed = _list_changed(draft, after) if after else {}
            return outputs.RewriteAnswer(
                run_id=run.run_id,
                draft=name,
                fields={part: quote(text) for part, text in changed.items()},
                changed=quote_some(written.note),
                problem=quote_some(written.problem),
                findings=tuple(map(_tell_finding, lint(after))) if after else (),
                cost_usd=written.cost_usd,
                limits=(_UNTESTED,),
            )

        return await do_aside(work, counter, report)

    async def list_runs(self, _: inputs.NothingInput, __: ReportProgress) -> outputs.RunList:
        """Return the runs of the folder, newest first."""
        return await read_aside(self._list_runs)

    async def read_run(self, given: inputs.ReadInput, _: ReportProgress) -> outputs.RunAnswer:
        """Return verdict, rates and objections of a run."""
        return await read_aside(lambda: self._tell_run(self._find_run(given.run_id), given.by))

    async def list_audiences(self, _: inputs.NothingInput, __: ReportProgress) -> outputs.AudienceList:
        """Return the audiences that can be asked by name."""
        return await read_aside(self._list_audiences)

    def read_run_as_text(self, run_id: str) -> str:
        """Return a run as the JSON of `read_run`, for a resource."""
        return self._tell_run(self._find_run(run_id), None).model_dump_json()

    def name_runs(self) -> Iterator[str]:
        """Yield the ids of the newest runs."""
        yield from (path.name for path in runs.find_runs(self.folder.runs)[:_MOST_LISTED])

    def _paying(self, cost: float | None) -> contextlib.AbstractContextManager[None]:
        """Let what is asked inside count against the limit; what has no price is asked only where there is none."""
        return budget.paid_from(self.purse if cost else None)

    def _load(self, given: inputs.DraftsInput) -> Campaign:
        """Return the drafts that a call names or brings."""
        if given.path is not None:
            return self._confine(load_drafts(self.folder.find(given.path, "path"), surface=given.surface))
        rows = [
            {
                **one.model_dump(exclude_none=True),
                "id": one.id or f"draft-{number}",
                **({"surface": given.surface} if given.surface else {}),
            }
            for number, one in enumerate(given.drafts, 1)
        ]
        made = [records.make_draft(row) for row in rows]
        ids = [one.id for one in made]
        twice = next((one for one in ids if ids.count(one) > 1), None)
        if twice is not None:
            raise InputError(f"drafts: the id {twice!r} occurs twice; each is unique")
        return Campaign(campaign="drafts", drafts=tuple(made))

    def _confine(self, campaign: Campaign) -> Campaign:
        """Return a campaign whose audience is a name, or a file inside the folder."""
        if campaign.audience is not None:
            self.folder.find_audience(campaign.audience)
        return campaign

    def _prepare(self, given: inputs.TestInput) -> tuple[Campaign, list[str] | None, dict[str, Any]]:
        """Return drafts, audience and the options of a run."""
        campaign = self._load(given)
        people = [self.folder.find_audience(one) for one in given.audience] or None
        settings = {name: getattr(given, name) for name in _SETTINGS}
        return campaign, people, {**self._choose_engine(given.engine, given.model), **settings}

    def _choose_engine(self, engine: str | None, model: str | None) -> dict[str, Any]:
        """Return the server's options, changed by the engine or model that a call names.

        A price of the server's is that of its own model: another model goes by its listed price.
        """
        options = {name: value for name, value in self.options.items() if value is not None}
        options.setdefault("engine", "openai")
        if engine is not None and engine != options["engine"]:
            kept = () if engine == "openai" else _OF_ENDPOINT
            options = {name: value for name, value in options.items() if name not in kept and name != "price"}
            options |= {"engine": engine}
        if model is not None and model != options.get("model"):
            options.pop("price", None)
            if options["engine"] == "local":
                model = str(self.folder.find(model, "model"))
            options["model"] = model
        return options

    def _price(self, campaign: Campaign, people: list[str] | None, options: Mapping[str, Any]) -> estimating.Estimate:
        known = {name: options[name] for name in (*_PRICED, *_SETTINGS) if name in options}
        return api.estimate(campaign, people, **known)

    def _connect(self, given: inputs.WhyInput | inputs.RewriteInput, stop: asyncio.Event) -> connecting.Connection:
        options = self._choose_engine(given.engine, given.model)
        known = {name: options[name] for name in _TALKING if name in options}
        return connecting.make_connection({**known, "max_cost": given.max_cost, "halt": stop})

    def _find_run(self, run_id: str) -> Run:
        return load_run(self.folder.find_run(run_id))

    def _find_people(self, run: Run) -> dict[str, Persona]:
        """Return the people of a run; those of an audience that is a file lie inside the folder."""
        names = [self.folder.find_audience(str(one["audience"])) for one in run.methods.audiences]
        return interviews.find_people(api.resolve_audiences(names))

    def _say_path(self, path: Path) -> str:
        resolved = path.resolve()
        return str(resolved.relative_to(self.folder.root)) if resolved.is_relative_to(self.folder.root) else path.name

    def _tell_run(self, run: Run, by: str | None) -> outputs.RunAnswer:
        verdict, methods, counts = run.verdict(), run.methods, run.counts
        rates = [_tell_rate(row, "audience") for row in run.scorecard(by).to_dicts() if row["measure"] in RATES]
        if methods.control_counts and by is None:
            rates += [
                _tell_rate(row, "control") for row in run.control_scorecard().to_dicts() if row["measure"] in RATES
            ]
        said = [(draft, list_objections(run, draft)[:_OBJECTIONS]) for draft in run.drafts]
        return outputs.RunAnswer(
            run_id=run.run_id,
            folder=self._say_path(self.folder.runs / run.run_id),
            campaign=say(methods.campaign.campaign),
            objective=methods.settings.objective,
            model=say(methods.model),
            verdict=outputs.VerdictSaid(
                decision=verdict.decision,
                draft=verdict.draft,
                headline=say(verdict.headline),
                because=say(verdict.because),
            ),
            rates=tuple(rates),
            **counts.model_dump(),
            cost_usd=methods.cost_usd,
            is_complete=run.is_complete,
            warnings=tuple(map(quote, methods.warnings)),
            objections=tuple(one for draft, listed in said for one in _tell_objections(draft, listed)),
            limits=(
                _INTERVALS,
                f"These are {methods.personas} personas under {methods.wordings} wordings, and no real people.",
                _say_validation(run),
                f"Not suited for {methods.not_suited_for}.",
            ),
            stopped=quote_some(methods.stopped),
            next_step="" if run.is_complete else _GO_ON,
        )

    def _list_runs(self) -> outputs.RunList:
        listed, found = [], runs.find_runs(self.folder.runs)
        for path in found[:_MOST_LISTED]:
            try:
                methods = runs.read_methods(path)
            except ToolkitError:
                continue
            listed.append(
                outputs.RunListed(
                    run_id=path.name, started=methods.started, campaign=say(methods.campaign.campaign),
                    drafts=tuple(one.id for one in methods.campaign.drafts), objective=methods.settings.objective,
                    personas=methods.personas, model=say(methods.model), cost_usd=methods.cost_usd,
                )
            )  # fmt: skip
        return outputs.RunList(runs=tuple(listed), more=max(len(found) - _MOST_LISTED, 0))

    def _list_audiences(self) -> outputs.AudienceList:
        listed, problems = [], []
        for name, path in audiences.list_audiences(self.folder.root / "personas"):
            try:
                loaded = audiences.load_audience(path)
            except ToolkitError as error:
                problems.append(say(str(error)))
                continue
            listed.append(
                outputs.AudienceListed(
                    audience=name, personas=len(loaded.personas), segments=tuple(loaded.segment_keys),
                    description=quote(" ".join(loaded.description.split())),
                )
            )  # fmt: skip
        return outputs.AudienceList(audiences=tuple(listed), problems=tuple(problems))


def _pick_draft(run: Run, name: str | None) -> str:
    if name is not None and name not in run.drafts:
        raise InputError(f"draft: {name!r} is not in this run; it has: {', '.join(run.drafts)}")
    return name or run.drafts[0]


def _find_worst(connection: connecting.Connection, questions: Sequence[exchange.Question]) -> float | None:
    """Return the dollars that some questions cannot pass; None where the price is not known."""
    price = connection.asking.known_price
    if price is None:
        return None
    return sum(price.cost(budget.count_most_prompt_tokens(one), one.most_tokens) for one in questions)


def _list_changed(before: Any, after: Any) -> dict[str, str]:
    """Return the worded parts of a new version."""
    parts = {name: getattr(after, name) for name in ("text", "headline", "description", "cta", "greeting")}
    lists = {name: "\n".join(getattr(after, name)) for name in records.LIST_FIELDS}
    return {name: text for name, text in {**parts, **lists}.items() if text and getattr(before, name)}


def _say_validation(run: Run) -> str:
    return say(f"Validation against real people: {run.methods.validation}.")


def _tell_source(found: Evidence, run: Run) -> outputs.SourceSaid | None:
    """Return what a source says: a chance only where one was validated, and nothing of what is a chance alone."""
    is_valid = _is_validated(found, run)
    if found.source == "combined" and not is_valid:
        return None
    sentence, basis = found.sentence, found.basis
    if found.probability is not None and not is_valid:
        points = deciding.say_difference(
            {"difference": found.difference, "low": found.difference_low, "high": found.difference_high}
        )
        basis = f"no chance: not validated for {run.methods.settings.objective} here"
        who = f"The {chance_link.NAMES[found.source]} favours {found.favours} over {found.rival}"
        sentence = f"{who}: {points} ({found.count_words}); {basis}."
    return outputs.SourceSaid(
        source=found.source, favours=found.favours, rival=found.rival, difference=found.difference,
        difference_low=found.difference_low, difference_high=found.difference_high,
        chance=found.probability if is_valid else None, chance_low=found.low if is_valid else None,
        chance_high=found.high if is_valid else None, count=found.count_words, basis=say(basis),
        sentence=say(sentence), worth=say(found.worth),
    )  # fmt: skip


def _is_validated(found: Evidence, run: Run) -> bool:
    """Tell whether the chance of a source was validated at the surface and objective of a run.

    The outcome model gives one only where it was measured; others need results of the user's own at that place.
    """
    if found.source == "combined":
        return run.methods.standing is not None and run.methods.standing.joint is not None
    return found.source == "outcome_model" or found.advice in _PROVEN


def _tell_finding(found: Finding) -> outputs.FoundByLint:
    return outputs.FoundByLint(
        draft=found.draft_id, field=found.field, rule=found.rule, severity=found.severity, line=found.line,
        message=quote(found.message), matched=quote(found.text),
        suggestion=quote_some(found.suggestion),
    )  # fmt: skip


def _tell_objections(draft: str, listed: Sequence[Objection]) -> tuple[outputs.ObjectionSaid, ...]:
    return tuple(
        outputs.ObjectionSaid(draft=draft, number=one.number, said=quote(one.text), personas=one.personas)
        for one in listed
    )


def _tell_rate(row: Mapping[str, Any], reader: str) -> outputs.RateSaid:
    names = ("segment", "value", "measure", "estimate", "low", "high", "personas", "reactions")
    return outputs.RateSaid(draft=row["draft_id"], reader=reader, **{name: row[name] for name in names})


def _tell_pair(row: Mapping[str, Any]) -> outputs.ComparedSaid:
    names = ("draft_a", "draft_b", "segment", "value", "difference", "low", "high", "p_adjusted", "verdict")
    sentence = f"{row['draft_b']} against {row['draft_a']}: {_say_difference(row)}"
    return outputs.ComparedSaid(**{name: row[name] for name in names}, sentence=say(sentence))


def _say_difference(row: Mapping[str, Any]) -> str:
    """Return a difference of shares in points, and one of ratings in rating points, with its interval."""
    if row["measure"] in RATES or row["difference"] is None:
        return deciding.say_difference(row)
    spread = f", {row['low']:.2f} to {row['high']:.2f}" if row["low"] is not None else ""
    return f"difference {row['difference']:.2f} rating points on a scale from 1 to 5{spread}"
