"""A user's script: mypy and pyright accept it as it stands, but for each line that ends in `# refused`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import duckdb
import polars as pl

import toolkit
from toolkit import Audience, Campaign, Draft, EngineUnavailable, InputError, Persona, Run, Study, ToolkitError, Verdict

audience: Audience = toolkit.load_audience("uk-small-sellers")
campaign: Campaign = toolkit.load_drafts(Path("examples") / "paypal-invoices.yaml")
draft = Draft(id="plain", text="Send an invoice in the chat.")
maya = Persona(id="maya", name="Maya", age=24, segments={"role": "seller"}, about="Sells clothes.")
planned = toolkit.plan(campaign, audience, rating="direct", sample=10)
price: float | None = toolkit.estimate(
    campaign, audience, engine="openai", model="gpt-5-mini", price=(0.25, 2)
).cost_usd


def tell(reaction: object) -> None:
    """Take note of a reaction."""
    assert reaction


run: Run = toolkit.run(
    campaign,
    audience,
    engine="openai",
    model="gpt-5-mini",
    rating="ssr",
    sample=40,
    repeats=2,
    seed=7,
    control=False,
    head_to_head=True,
    concurrency=16,
    price=(0.25, 2.0),
    max_cost=0.5,
    store=Path("reactions.sqlite"),
    on_reaction=tell,
)
toolkit.run([draft], "uk-small-sellers", engine="local")
toolkit.run("drafts.csv", ["uk-small-sellers", audience], engine="replay", objective="click")

reactions: pl.DataFrame = run.reactions
control: pl.DataFrame = run.control_reactions
rows: list[dict[str, str]] = [{"id": "plain", "text": "Send an invoice."}]
from_rows: Campaign = Campaign.from_frame(rows, text="text", objective="click")
people: Audience = Audience.from_frame(
    pl.LazyFrame({"who": ["a"], "job": ["potter"]}), id="who", segments=["job"], template="A {{ job }}."
)
toolkit.run(["Send an invoice.", "Get paid today."], pl.DataFrame({"about": ["Sells jam."]}), engine="local")
toolkit.run(pl.DataFrame(rows), rows, engine="local")
relation: duckdb.DuckDBPyRelation = duckdb.table("drafts")
toolkit.run(relation, relation, engine="local")
linted: int = len(toolkit.lint(relation)) + len(toolkit.lint(rows))
crossed: pl.DataFrame = run.compare(by=["role", "model"])
by_role: pl.DataFrame = run.scorecard(by="role")
verdict: Verdict = run.verdict()
best: str | None = verdict.draft
title: str = run.show("comparisons", by="role").title
run.plot("segments", by=["role", "model"]).save("segments.svg")
shown: pl.DataFrame = toolkit.show(reactions, "All").frame
toolkit.run(campaign, audience, progress=True)
saved: Path = run.save("runs/today")
again: Run = toolkit.load_run(saved)
folders: list[Path] = toolkit.find_runs()
report: Path = toolkit.save_report(run, "report.html")
table: pl.DataFrame = toolkit.compare(reactions, by="role", measure="objective_rate", seed=0)
cards: pl.DataFrame = toolkit.scorecard(reactions.lazy())
cards = toolkit.scorecard(relation, by=("role", "model"))
differs: pl.DataFrame = toolkit.interactions(reactions, by="role")
findings = [finding.message for finding in toolkit.lint(campaign)]
outcome: str = toolkit.check("campaigns/invoices.yaml").outcome
results, notes = toolkit.load_outcomes("results.csv", surface="messenger_message")
clicks: list[int | None] = [one.clicks for one in results]
turn = toolkit.interview(run, "maya", "What put you off?", audience=audience, engine="local")
answers = toolkit.follow_up(run, "What would you change?", audience=audience, engine="openai", max_cost=0.01)
said: list[str | None] = [one.answer for one in answers.heard]
written = toolkit.rewrite(run, "plain", engine="local")
study: Study = toolkit.study(
    ["campaigns/*.yaml", campaign, Path("more")],
    audiences=["uk-small-sellers", audience],
    models=["gpt-5-mini", "groq:llama-3.3"],
    repeats=2,
    max_cost=5.0,
    concurrency=32,
    price={"gpt-5-mini": (0.25, 2.0)},
    folder="studies/spring",
    on_cell=tell,
)
every: pl.LazyFrame = study.reactions
verdicts: pl.DataFrame = study.verdicts()
ranked: pl.DataFrame = study.scorecard(by="role")
ids: list[str] = [one.run_id for one in study.runs()]
lacking: list[str | None] = [cell.problem for cell in toolkit.load_study(Path("studies/spring")).problems()]
toolkit.study("campaigns", audiences=audience, engine="local")
toolkit.study("campaigns", folders="studies/spring")  # refused
toolkit.study("campaigns", on_cell=3)  # refused
version: str = toolkit.__version__


async def test_twice() -> list[Run]:
    """Run two tests beside each other."""
    return list(await asyncio.gather(toolkit.arun(campaign, audience), toolkit.arun(campaign, audience, repeats=2)))


try:
    toolkit.run(campaign)
except (InputError, EngineUnavailable) as error:
    code: int = error.exit_code
except ToolkitError:
    raise

toolkit.run(campaign, audience, sampel=3)  # refused
toolkit.run(campaign, audience, rating="likert")  # refused
toolkit.run(campaign, audience, repeats="two")  # refused
toolkit.run(campaign, audience, engine="opnai")  # refused
toolkit.run(campaign, audience, max_costs=0.01)  # refused
toolkit.run(campaign, audience, price=3)  # refused
toolkit.run(campaign, audience, on_reaction="print")  # refused
toolkit.arun(campaign, audience, concurency=3)  # refused
toolkit.plan(campaign, audience, model="gpt-5-mini")  # refused
toolkit.estimate(campaign, audience, sampel=3)  # refused
toolkit.check("campaigns/invoices.yaml", on_inconclusve="fail")  # refused
toolkit.interview(run, "maya", "What put you off?", audience=audience, max_costs=0.01)  # refused
toolkit.follow_up(run, "What would you change?", audience=audience, max_costs=0.01)  # refused
toolkit.rewrite(run, "plain", max_costs=0.01)  # refused
toolkit.compare(reactions, measur="objective_rate")  # refused
toolkit.load_outcomes("results.csv", surfaces="messenger_message")  # refused
toolkit.scorcard(reactions)  # refused
toolkit.scorecard(3)  # refused
toolkit.run(campaign, audience, progress="yes")  # refused
toolkit.show(3)  # refused
toolkit.scorecard(reactions, by=3)  # refused
Audience.from_frame(rows, segment=["job"])  # refused
Campaign.from_frame("drafts.csv")  # refused
number: int = run.verdict().draft  # refused
