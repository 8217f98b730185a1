"""A run on a terminal: first the verdict, then the numbers, then what personas said."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from toolkit.cli.terminal import Columns, Console, escape
from toolkit.models import LABEL, chance_link, records
from toolkit.panel import estimating
from toolkit.report import advice
from toolkit.results import Evidence, runs
from toolkit.results import evidence as sources
from toolkit.results.scoring import RATES, deciding, rules

if TYPE_CHECKING:
    from toolkit.report import answers as own
    from toolkit.results import Run

_VERBATIMS = 4
_HEADINGS = {"stop_rate": "stopped", "objective_rate": "{objective}", "negative_rate": "hid or reported"}


def describe_run(run: Run, folder: Path) -> str:
    """Return the contract's JSON object, on one line."""
    methods = run.methods
    evidence = run.weigh_evidence()
    described = {
        "run_id": run.run_id,
        "out": str(folder),
        "counts": run.counts.model_dump(),
        "personas": methods.personas,
        "distinct_personas": methods.distinct_personas,
        "cost_usd": methods.cost_usd,
        "prompt_tokens": methods.prompt_tokens,
        "completion_tokens": methods.completion_tokens,
        "verdict": run.verdict().model_dump(),
        "recommendation": advice.recommend(run).model_dump(),
        "warnings": list(methods.warnings),
        "validation": methods.validation,
        "evidence": [row.model_dump() for row in evidence],
        "disagreement": sources.say_disagreement(evidence),
        "label": LABEL,
    }
    answered = _list_answers(run)
    if answered:
        described["answers"] = [one.model_dump(mode="json") for one in answered]
    said = run.hear_models()
    if said is not None:
        described["models"] = {
            "names": list(said.names),
            "shares": [one.model_dump() for one in methods.models],
            "table": said.table.to_dicts(),
            "pairs": [one.model_dump() for one in said.pairs],
            "level": rules.SIGNIFICANCE,
            "prior": {"spread": deciding.PRIOR.spread, "degrees": deciding.PRIOR.degrees},
        }
    if methods.forecast is not None and methods.forecast_counts is not None:
        described["forecast"] = {
            "counts": methods.forecast_counts.model_dump(exclude={"calls"}),
            "rates": methods.forecast.find_rates(),
            "calls": methods.forecast.calls,
        }
    effects = run.order_effects()
    if effects is not None:
        counts = run.methods.head_to_head_counts
        described["head_to_head"] = {
            "counts": counts.model_dump(exclude={"calls"}) if counts else None,
            "strengths": run.strengths().to_dicts(),
            "order_effects": effects.model_dump(),
        }
    return json.dumps(described, ensure_ascii=False)


def print_run(run: Run, folder: Path, *, brief: bool) -> None:
    """Print the verdict with its label. Unless brief, add the scorecard, verbatims, counts and folder."""
    console = Console()
    told = advice.recommend(run)
    console.print(f"[bold]{escape(told.sentences[0])}[/bold]")
    console.print(LABEL, style="dim")
    for sentence in told.sentences[1:]:
        console.print(escape(sentence))
    evidence = run.weigh_evidence()
    disagreement = sources.say_disagreement(evidence)
    console.print(escape(told.rests_on), style="dim")
    for caution in told.cautions:
        console.print(escape(caution))
    if disagreement:
        console.print(escape(disagreement))
    console.print(f"Verdict: {escape(advice.say_verdict(run.verdict()))}")
    console.print(f"Validation: {escape(run.methods.validation)}.", style="dim")
    if brief:
        return
    console.print()
    console.print(_tabulate(run))
    for answers in _list_answers(run):
        console.print()
        console.print(_tabulate_answers(answers))
    said = run.hear_models()
    if said is not None:
        console.print()
        console.print(_tabulate_models(run, said))
    if evidence:
        console.print()
        console.print(_tabulate_evidence(evidence))
        console.print(escape(evidence[0].worth))
    if run.preferences is not None and len(run.drafts) > 1:
        _print_head_to_head(console, run)
    _print_verbatims(console, run)
    console.print(f"\n{_say_counts(run)}")
    console.print(f"Run folder: {escape(str(folder))}")


def print_warnings(run: Run) -> None:
    """Print the run's warnings on standard error."""
    console = Console(stderr=True)
    for warning in run.methods.warnings:
        console.print(f"warning: {escape(warning)}", style="yellow")


def print_estimate(estimate: estimating.Estimate) -> None:
    """Print what a run would take and could detect."""
    console = Console()
    cost = f"unknown ({_ask_price(estimate.models)})" if estimate.cost_usd is None else f"${estimate.cost_usd:.4f}"
    embedded = f"{estimate.embedding_tokens:,} more to embed, " if estimate.embedding_tokens else ""
    detectable = estimate.detectable_difference
    if estimate.models:
        shares = ", ".join(f"{one.name} {one.personas}" for one in estimate.models)
        console.print(f"People are split over {len(estimate.models)} models: {escape(shares)}.")
    console.print(
        f"Ask {estimate.personas} personas under {estimate.wordings} wordings: {estimate.reactions} reactions, "
        f"{estimate.stored} of them stored already. "
        f"That takes up to {estimate.calls} calls, "
        f"about {estimate.prompt_tokens:,} + {estimate.completion_tokens:,} tokens, {embedded}cost {cost}, "
        f"about {estimating.say_seconds(estimate.minutes * 60)}."
    )
    if estimate.languages:
        said = estimating.say_languages(estimate)
        console.print(f"{said[0].upper()}{said[1:]}.")
    among = f" among {estimate.drafts} drafts" if estimate.drafts > len(("a", "b")) else ""
    can = (
        f"detects a difference of {100 * detectable:.0f} points{among}"
        if detectable
        else "is too small to detect any difference"
    )
    needed = estimate.personas_for_5_points
    more = f"For 5 points you need {needed:,} personas" if needed else "More personas alone cannot detect 5 points"
    told = f"A panel of this size {can}, four times in five. {more} (typical variances assumed)."
    console.print(told if estimate.drafts > 1 else "One draft has nothing to be compared with.")
    room = estimating.say_room(estimate)
    if room is not None:
        console.print(f"{room}.")
    console.print(LABEL, style="dim")


def _tabulate(run: Run) -> Columns:
    """Return the rates as a table: one row a draft, with the control reader under the audience."""
    cards = run.scorecard()
    if run.methods.control_counts:
        cards = pl.concat([cards, run.control_scorecard()])
    table = Columns(
        title=f"Shares of the simulated audience ({runs.say_personas(run.methods)}, {run.methods.wordings} wordings)",
    )
    table.add_column("draft")
    table.add_column("reader")
    for measure in RATES:
        table.add_column(_HEADINGS[measure].format(objective=run.methods.settings.objective), justify="right")
    for draft in run.drafts:
        for segment in ("all", records.CONTROL):
            of_reader = cards.filter((pl.col("draft_id") == draft) & (pl.col("segment") == segment))
            if not of_reader.is_empty():
                rates = {row["measure"]: row for row in of_reader.iter_rows(named=True)}
                reader = "audience" if segment == "all" else "control"
                table.add_row(escape(draft), reader, *(deciding.say_estimate(rates[measure]) for measure in RATES))
    return table


def _list_answers(run: Run) -> Sequence[own.QuestionAnswers]:
    """Return what was answered to questions of one's own; what works it out is loaded where there are some."""
    if not run.methods.campaign.questions:
        return ()
    from toolkit.report import answers

    return answers.list_answers(run)


def _tabulate_answers(answers: own.QuestionAnswers) -> Columns:
    """Return the answers to a question of one's own as a table, a row a draft."""
    table = Columns(title=f"{answers.question.question} ({answers.question.id}, asked {answers.asked})")
    table.add_column("draft")
    for figure in answers.drafts[0].figures:
        table.add_column(figure.name, justify="right")
    table.add_column("answers")
    for draft in answers.drafts:
        table.add_row(escape(draft.draft), *(escape(figure.words) for figure in draft.figures), draft.counts)
    return table


def _tabulate_models(run: Run, said: deciding.ModelsSay) -> Columns:
    """Return the rate of each draft with each model, then by how much the drafts differ, as a table."""
    people = ", ".join(f"{one.name} {one.personas}" for one in run.methods.models)
    what = run.methods.settings.objective
    table = Columns(title=f"{what.capitalize()} by model (personas: {people})")
    table.add_column("draft")
    for name in said.names:
        table.add_column(name, justify="right")
    cells = {(row["draft_id"], row["model"]): row for row in said.table.to_dicts()}
    for draft in run.drafts:
        found = [cells.get((draft, name)) for name in said.names]
        table.add_row(draft, *(deciding.say_estimate(row) if row else "unknown" for row in found))
    return table


def _tabulate_evidence(evidence: Sequence[Evidence]) -> Columns:
    """Return the draft that each source favours, or why it favours none, as a table."""
    table = Columns(title="Evidence: which draft each source favours")
    for heading in ("source", "favours", "ahead by", "people agree", "rests on"):
        table.add_column(heading)
    for row in evidence:
        ahead = deciding.name_points(row.difference) if row.difference is not None else ""
        if row.difference_low is not None and row.difference_high is not None:
            ahead += f" ({deciding.say_points(row.difference_low)} to {deciding.say_points(row.difference_high)})"
        chance = f"{row.told_chance:.0%}" if row.told_chance is not None else ""
        if chance and row.low is not None and row.high is not None:
            chance += f" ({row.low:.0%} to {row.high:.0%})"
        favours = row.favours or row.sentence
        basis = ", ".join(filter(None, (row.count_words, row.basis)))
        table.add_row(chance_link.NAMES[row.source], escape(favours), ahead, chance, basis)
    return table


def _print_head_to_head(console: Console, run: Run) -> None:
    """Print the strength of each draft, strongest first, then how far the order shown decided choices."""
    table = Columns(title="Head-to-head: share of wins against an average rival, a tie is half a win")
    table.add_column("draft")
    table.add_column("wins", justify="right")
    table.add_column("personas", justify="right")
    for row in run.strengths().sort("strength", descending=True, nulls_last=True, maintain_order=True).to_dicts():
        table.add_row(
            escape(row["draft_id"]), deciding.say_estimate(row | {"estimate": row["strength"]}), str(row["personas"])
        )
    console.print()
    console.print(table)
    effects = run.order_effects()
    if effects is not None:
        first = {"estimate": effects.first_share, "low": effects.first_low, "high": effects.first_high}
        same = "unknown" if effects.consistency is None else f"{effects.consistency:.0%} of {effects.pairs}"
        console.print(f"Chose the draft shown first: {deciding.say_estimate(first)} (50% means no bias).")
        console.print(f"Same choice in both orders: {same} pairs.")


def _print_verbatims(console: Console, run: Run) -> None:
    """Print a few verbatims for each draft, the longest first."""
    said = run.reactions.filter(pl.col("verbatim").is_not_null())
    for draft in run.drafts:
        rows = said.filter(pl.col("draft_id") == draft).sort(
            pl.col("verbatim").str.len_chars(), descending=True, maintain_order=True
        )
        if rows.is_empty():
            continue
        console.print(f"\n[bold]{escape(draft)}[/bold]")
        for row in rows.unique("persona_id", maintain_order=True).head(_VERBATIMS).iter_rows(named=True):
            console.print(
                f"  {escape(row['persona_id'])} ({row['action'].replace('_', ' ')}): “{escape(row['verbatim'])}”"
            )


def _ask_price(shares: Sequence[Any]) -> str:
    """Return how to give the price that is not known: that of the first of several models that has none."""
    unpriced = next((f"{one.name}=" for one in shares if one.cost_usd is None), "")
    return f"add --price {unpriced}IN,OUT"


def _say_counts(run: Run) -> str:
    counts, methods = run.counts, run.methods
    cost = (
        f"cost unknown ({_ask_price(methods.models)})" if methods.cost_usd is None else f"cost ${methods.cost_usd:.4f}"
    )
    share = methods.cached_tokens / methods.prompt_tokens if methods.prompt_tokens else 0.0
    cached = f" ({share:.0%} of {methods.prompt_tokens:,} prompt tokens from the provider's cache)" if share else ""
    rated = "" if methods.rating_seconds is None else f", rated in {methods.rating_seconds:.1f} s"
    others: tuple[tuple[str, runs.Counts | None], ...]
    others = (("control reader", methods.control_counts), ("head-to-head", methods.head_to_head_counts))
    others += (("forecast of shares", methods.forecast_counts),)
    lacks = "".join(
        f"; the {name} lacks {held.failed} of {held.planned}" for name, held in others if held and held.failed
    )
    calls = "call" if counts.calls == 1 else "calls"
    return (
        f"{counts.ok} of {counts.planned} reactions, {counts.refused} refused, {counts.failed} failed, "
        f"{counts.from_store} from the store{lacks}; {counts.calls} {calls}, {cost}{cached}. Model {methods.model}. "
        f"Asked in {methods.asking_seconds or 0:.1f} s{rated}."
    )
