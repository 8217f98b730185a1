"""Many drafts screened by few people: the best stays in, the verdict stays honest, and it says whom it asked."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from openai_server import OpenAIServer
from provider_replies import remove_random_tokens
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.cli.main import main
from toolkit.errors import InputError
from toolkit.models import LABEL
from toolkit.models.exchange import Question
from toolkit.panel.screening import Screening, price_screening
from toolkit.panel.screening.standings import join_looks, keep_best, rank_standings
from toolkit.results.scoring import decide
from toolkit.results.scoring.deciding import Basis
from toolkit.results.tables import Tables

PERSONA_SD, WORDING_SD, WORDINGS = 0.15, 0.028, 10
RATES = {f"d{place:02d}": 0.7 if place == 7 else 0.2 for place in range(14)}
DRAFTS = [toolkit.Draft(id=name, text=f"Sell your coat today, says {name}.") for name in RATES]


def answer(question: Question) -> dict[str, object]:
    """Answer by chance that only the question decides, at the rate of its draft."""
    chance = int(hashlib.sha256(remove_random_tokens(question.prompt).encode()).hexdigest()[:8], 16) / 2**32
    (draft,) = [name for name in RATES if f"says {name}." in question.prompt]
    return reading("click" if chance < RATES[draft] else "read")


def screen(store: Path, audience: str = "uk-social-feed", **options: object) -> Screening:
    """Screen the drafts with the scripted engine."""
    engine = ScriptedEngine(answer)
    return toolkit.screen(DRAFTS, audience, engine=engine, rating="direct", store=store, shortlist=3, **options)  # type: ignore[arg-type]


def test_a_screening_keeps_the_best_and_counts_the_rest(tmp_path: Path) -> None:
    """Every draft has a standing with its interval and people; the shortlist asks others and spends the whole error."""
    found = screen(tmp_path / "store")
    assert found.kept[0] == "d07"
    assert len(found.kept) <= 3
    assert len(found.standings) == len(RATES) == found.table.height
    assert {one.personas for one in found.standings} == {12, 24}
    assert all(one.low is not None and one.high is not None and one.why for one in found.standings)
    assert f"{len(found.kept)} of 14 drafts are on the shortlist, after 24 people" in found.sentence
    run = toolkit.run(
        found.shortlist, "uk-social-feed", engine=ScriptedEngine(answer), rating="direct", control=False,
        store=tmp_path / "store",
    )  # fmt: skip
    assert not set(run.reactions["persona_id"]) & set(found.people)
    assert (run.methods.personas, run.methods.error, run.verdict().draft) == (72, 0.05, "d07")
    assert "none of the 24 people of the screening is asked here" in run.methods.order


def test_too_few_others_halve_the_error(tmp_path: Path) -> None:
    """In an audience of twelve everybody was screened: they count again, the verdict asks for p 0.025 and says so."""
    found = screen(tmp_path / "store", "uk-small-sellers")
    assert len(found.looks) == 1
    run = toolkit.run(
        found.shortlist, "uk-small-sellers", engine=ScriptedEngine(answer), rating="direct", control=False,
        store=tmp_path / "store",
    )  # fmt: skip
    assert run.methods.error == 0.025
    assert any("each of the two looks spends half of the error" in warning for warning in run.methods.warnings)
    p_values = run.tables.explain()["p_value"].to_list()
    assert all(
        (p_value <= 0.025) == (decided in {"A", "B", "unstable"})
        for p_value, decided in zip(p_values, run.tables.explain()["decides"].to_list(), strict=True)
    )
    again = toolkit.load_run(run.save(tmp_path / "run"))
    assert (again.methods.error, again.verdict()) == (0.025, run.verdict())


def test_a_shortlist_goes_through_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A saved shortlist remembers who was asked, and is read back as it was."""
    monkeypatch.chdir(tmp_path)
    kept = screen(tmp_path / "store").shortlist
    toolkit.drafts.save_campaign(kept, Path("shortlist.yaml"))  # type: ignore[attr-defined]
    read = toolkit.load_drafts("shortlist.yaml")
    assert read.screened == kept.screened
    assert [draft.id for draft in read.drafts] == [draft.id for draft in kept.drafts]


def test_a_draft_with_no_answers_does_not_blind_the_others(tmp_path: Path) -> None:
    """One draft that is always refused is said to have no answer; scattered refusals leave every other standing."""

    def refuse(question: Question) -> dict[str, object] | str:
        chance = int(hashlib.sha256(remove_random_tokens(question.prompt)[::-1].encode()).hexdigest()[:8], 16) / 2**32
        return "I cannot help with that." if "says d03." in question.prompt or chance < 0.03 else answer(question)

    found = toolkit.screen(
        DRAFTS, "uk-social-feed", engine=ScriptedEngine(refuse), rating="direct", store=tmp_path / "s", shortlist=3
    )
    assert [one.draft_id for one in found.standings if one.why == "no answer"] == ["d03"]
    assert found.kept[0] == "d07"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"sample": 5}, "say how many people a look asks"),
        ({"shortlist": 14}, "of 14 drafts keep 2 to 13"),
        ({"people": 100}, "choose 8 to 96"),
        ({"forecast": True}, "the full test can ask it"),
    ],
)
def test_what_a_screening_cannot_do_is_said(options: dict[str, object], said: str) -> None:
    """Wrong sizes and options that would cost more than a screening is for are refused before anything is asked."""
    with pytest.raises(InputError, match=said):
        toolkit.screen(DRAFTS, "uk-social-feed", engine="replay", **options)  # type: ignore[arg-type]
    many = [toolkit.Draft(id=f"d{place}", text="Sell.") for place in range(201)]
    with pytest.raises(InputError, match="at most 200"):
        toolkit.screen(many, "uk-social-feed", engine="replay")


def test_the_price_is_that_of_both_looks() -> None:
    """Twelve people read fourteen drafts, twelve others nine of them."""
    takes = price_screening(DRAFTS, "uk-social-feed", engine="local", shortlist=3)
    assert takes.reactions == 12 * 14 + 12 * 9
    assert takes.cost_usd == 0.0


def test_the_command_prices_a_screening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`audience screen --dry-run` says what both looks take, in words and as one JSON object, and asks nothing."""
    monkeypatch.chdir(tmp_path)
    rows = [{"id": draft.id, "text": draft.text, "surface": draft.surface} for draft in DRAFTS]
    pl.DataFrame(rows).write_csv("drafts.csv")
    asked = ["screen", "drafts.csv", "--audience", "uk-social-feed", "--keep", "3", "--dry-run"]
    with pytest.raises(SystemExit) as left:
        main([*asked, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert left.value.code in {0, None}
    assert (told["people"], told["drafts"], told["second_look_drafts"], told["label"]) == (12, 14, 9, LABEL)
    with pytest.raises(SystemExit):
        main(asked)
    assert "12 people read 14 drafts, then 12 others at most 9" in capsys.readouterr().out


def test_the_command_writes_the_shortlist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server: OpenAIServer
) -> None:
    """`audience screen` prints the standings and writes a campaign that the next command takes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDIENCE_STORE", str(tmp_path / "store"))
    drafts = "\n".join(f"  - id: d{place}\n    text: Sell your coat, says {place}." for place in range(4))
    Path("drafts.yaml").write_text(f"campaign: coats\nsurface: facebook_post\ndrafts:\n{drafts}\n")
    asked = ["screen", "drafts.yaml", "--audience", "uk-social-feed", "--keep", "2", "--people", "8"]
    asked += ["--base-url", server.base_url, "--model", "m", "--rating", "direct", "--price", "10,10"]
    with pytest.raises(SystemExit) as left:
        main([*asked, "--max-cost", "0.1"])
    assert left.value.code == 4
    assert 0 < server.billed_tokens * 10 / 1e6 <= 0.1
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        main([*asked, "--out", "shortlist.yaml"])
    assert left.value.code in {0, None}
    printed = " ".join(capsys.readouterr().out.split())
    assert "of 4 drafts are on the shortlist, after 16 people" in printed
    assert "Next: audience run shortlist.yaml" in printed
    screened = toolkit.load_drafts("shortlist.yaml").screened
    assert screened is not None
    assert (screened.tested, len(screened.people)) == (4, 16)


def draw(
    rates: np.ndarray, wordings: np.ndarray, people: int, first: int, generator: np.random.Generator
) -> pl.DataFrame:
    """Return simulated reactions of people to all drafts: they lean to clicking, and each wording favours drafts."""
    lean = generator.normal(0, PERSONA_SD, (people, 1))
    clicks = generator.random((people, len(rates))) < rates + lean + wordings[np.arange(people) % WORDINGS]
    person, draft = (places.ravel() for places in np.indices(clicks.shape))
    return pl.DataFrame({
        "draft_id": [f"d{place:03d}" for place in draft], "persona_id": [f"p{first + place}" for place in person],
        "weight": 1.0, "wording": person % WORDINGS, "repeat": 0, "stopped": True, "objective": "click",
        "status": "ok", "action": np.where(clicks.ravel(), "click", "read"),
    }).with_columns(segments=pl.struct(role=pl.lit("all")))  # fmt: skip


def simulate(rates: np.ndarray, generator: np.random.Generator, shortlist: int, everybody: int = 60) -> list[set[str]]:
    """Return the shortlist, then whom a test of fresh people calls best, and one that spends its error over both."""
    names = [f"d{place:03d}" for place in range(len(rates))]
    wordings = generator.normal(0, WORDING_SD, (WORDINGS, len(rates)))
    looks = [draw(rates, wordings, 12, 0, generator)]
    standings = rank_standings(looks[0], names)
    leading = sorted([one.draft_id for one in standings if one.why == "no room"][: 3 * shortlist])
    if len(leading) > shortlist:
        looks.append(draw(rates, wordings, 12, 12, generator).filter(pl.col("draft_id").is_in(leading)))
        standings = join_looks(looks[0], looks[1], leading, standings)
    kept = sorted(one.draft_id for one in keep_best(standings, shortlist) if one.kept)
    asked = 12 * len(looks)
    fresh = draw(rates, wordings, everybody - asked, asked, generator)
    found = [set(kept)]
    for frame, error in ((fresh, 0.05), (pl.concat([*looks, fresh]), 0.025)):
        tables = Tables(frame.filter(pl.col("draft_id").is_in(kept)), kept, error=error)
        basis = Basis(tuple(kept), personas=1, planned=1, ok=1, refused=0, failed=0, error=error)
        best = decide(tables.explain(), tables.scorecard().filter(measure="objective_rate"), basis).draft
        found.append({best} - {None})
    return found


@pytest.mark.parametrize(
    "runs", [pytest.param(60, marks=pytest.mark.slow), pytest.param(800, marks=pytest.mark.nightly)]
)
def test_a_screened_verdict_is_seldom_false(runs: int) -> None:
    """Of two tied best among twenty drafts one is called best in about 5 % of tests, fresh people or both looks.

    Bounds are four standard errors above 5.5 %.
    """
    generator = np.random.default_rng(20261129)
    rates = np.array([0.5] * 2 + [0.2] * 18)
    made = [simulate(rates, generator, 6) for _ in range(runs)]
    bound = 0.055 + 4 * (0.055 * 0.945 / runs) ** 0.5
    assert np.mean([bool(one[1]) for one in made]) <= bound
    assert np.mean([bool(one[2]) for one in made]) <= bound
    assert np.mean([bool(one[0] & {"d000", "d001"}) for one in made]) >= 0.95


@pytest.mark.parametrize(
    "runs", [pytest.param(30, marks=pytest.mark.slow), pytest.param(400, marks=pytest.mark.nightly)]
)
def test_the_truly_best_is_kept(runs: int) -> None:
    """A draft 30 points ahead of 29 others is on the shortlist in nine screenings of ten or more."""
    generator = np.random.default_rng(20261129)
    made = [simulate(np.array([0.2] * 29 + [0.5]), generator, 6)[0] for _ in range(runs)]
    assert np.mean(["d029" in kept for kept in made]) >= 0.9
