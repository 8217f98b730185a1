"""What splitting people over several models is worth: hosted models in the place of 2,058 people.

    python benchmarks/model_panels.py FILE      # measure, from twins_models.parquet; writes the figures
    python benchmarks/validity.py > docs/validity.md

FILE has the columns source, person, question and answer: the Twin-2K-500 survey (Toubia and others 2025) with what
models answered in the place of its people, from the SYN-DIGITS repository (MIT). The answers are read as reactions: a
question is a draft, an answer its rating, and people are split over models as a run splits them.
"""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from toolkit.audiences import sampling
from toolkit.models import Persona
from toolkit.panel import splitting
from toolkit.results.scoring import scorecard

FIGURES = Path(__file__).parent / "data" / "model_panels.json"
HUMAN = "human"
MINI, GEMINI, LARGE = "persona_gpt_4_1_mini", "persona_gemini_flash_2_5", "persona_gpt_4_1"
PANELS: Mapping[str, tuple[str, ...]] = {
    "age, sex and the like alone, GPT-4.1 mini": ("demographics_gpt_4_1_mini",),
    "GPT-4.1 mini": (MINI,),
    "Gemini 2.5 Flash": (GEMINI,),
    "GPT-4.1": (LARGE,),
    "people split over mini and Gemini": (MINI, GEMINI),
    "people split over all three": (MINI, GEMINI, LARGE),
}
"""What each panel is asked through; all but the first with a full description of each person."""
WORDINGS = 12
LEAST, SPAN = 1.0, 4.0
"""The scale of a rating."""
DRAWS = 4_000


def main() -> None:
    """Measure and write the figures."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", type=Path, help="twins_models.parquet")
    answers = scale_answers(
        pl.read_parquet(options.parse_args().file).cast({"source": pl.String, "question": pl.String})
    )
    found = measure(answers)
    FIGURES.write_text(json.dumps(found, indent=1) + "\n")
    for row in found["panels"]:
        print(row)


def scale_answers(answers: pl.DataFrame) -> pl.DataFrame:
    """Return the answers from 0 to 1, by the least and the most that a person gave to each question."""
    human = pl.col("answer").filter(pl.col("source") == HUMAN)
    least, most = human.min().over("question"), human.max().over("question")
    return answers.with_columns(share=((pl.col("answer") - least) / (most - least)).clip(0.0, 1.0))


def measure(answers: pl.DataFrame) -> dict[str, Any]:
    """Return the error of each panel's means, and how many people give the same error, with 95 % intervals."""
    people = answers.filter(pl.col("source") == HUMAN)
    truth = people.group_by("question").agg(pl.col("share").mean().alias("mean"), pl.col("share").var().alias("spread"))
    questions = truth.sort("question")["question"].to_list()
    means, spreads = (truth.sort("question")[name].to_numpy() for name in ("mean", "spread"))
    errors = {name: score_panel(answers, sources, questions) - means for name, sources in PANELS.items()}
    picks = np.random.default_rng(20261128).integers(0, len(questions), (DRAWS, len(questions)))
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "people": people["person"].n_unique(),
        "questions": len(questions),
        "panels": [
            {"panel": name, "models": len(PANELS[name]), **describe(errors[name], spreads, picks)} for name in PANELS
        ],
        "against_dear": compare(errors["people split over mini and Gemini"], errors["GPT-4.1"], picks),
        "against_best": compare(errors["people split over all three"], errors["GPT-4.1"], picks),
        "model_spread": find_model_spread([errors[name] for name in ("GPT-4.1 mini", "Gemini 2.5 Flash", "GPT-4.1")]),
    }


def score_panel(answers: pl.DataFrame, sources: Sequence[str], questions: Sequence[Any]) -> np.ndarray:
    """Return the mean of each question by a panel, from 0 to 1, as a scorecard gives it."""
    ids = answers.filter(pl.col("source").is_in(sources))["person"].unique().sort().cast(pl.String).to_list()
    ranked = sampling.rank_personas([Persona(id=one, name=one, about="A person of the survey.") for one in ids], 0)
    split = splitting.split_people(ranked, sources, WORDINGS)
    seats = pl.DataFrame(
        {
            "persona_id": [persona.id for persona in ranked],
            "wording": [rank % WORDINGS for rank in range(len(ranked))],
            "source": [sources[split.of_persona.get(persona.id, 0)] for persona in ranked],
        }
    )
    rows = answers.with_columns(persona_id=pl.col("person").cast(pl.String)).join(seats, on=["persona_id", "source"])
    reactions = rows.select(
        "persona_id",
        "wording",
        pl.col("source").alias("model"),
        pl.col("question").cast(pl.String).alias("draft_id"),
        pl.struct(panel=pl.lit("all")).alias("segments"),
        weight=pl.lit(1.0),
        repeat=pl.lit(0),
        stopped=pl.lit(value=True),
        action=pl.lit("read"),
        objective=pl.lit("read"),
        rating_intent=LEAST + SPAN * pl.col("share"),
    ).partition_by("draft_id", as_dict=True)
    found = []
    for question in questions:
        card = scorecard(reactions[str(question),])
        found.append(card.filter(pl.col("measure") == "intent")["estimate"].item())
    return (np.array(found) - LEAST) / SPAN


def describe(errors: np.ndarray, spreads: np.ndarray, picks: np.ndarray) -> dict[str, Any]:
    """Return mean and root mean squared error in points of the scale, and what they are worth in people."""
    drawn, squares = errors[picks], (errors**2)[picks].mean(axis=1)
    return {
        "mean_error": round(100 * float(np.abs(errors).mean()), 1),
        "mean_error_95": spread(100 * np.abs(drawn).mean(axis=1)),
        "rms": round(100 * float(np.sqrt((errors**2).mean())), 1),
        "rms_95": spread(100 * np.sqrt(squares)),
        "worth": round(float(spreads.mean() / (errors**2).mean()), 1),
        "worth_95": spread(spreads[picks].mean(axis=1) / squares),
    }


def compare(one: np.ndarray, other: np.ndarray, picks: np.ndarray) -> dict[str, Any]:
    """Return by how many points the root mean squared error of one panel is under that of another."""
    gap = lambda drawn: 100 * (np.sqrt((other**2)[drawn].mean(axis=-1)) - np.sqrt((one**2)[drawn].mean(axis=-1)))  # noqa: E731
    return {"smaller_by": round(float(gap(np.arange(len(one)))), 1), "smaller_by_95": spread(gap(picks))}


def find_model_spread(errors: Sequence[np.ndarray]) -> float:
    """Return the standard deviation between models of the difference of two questions, from 0 to 1.

    The difference of two questions' errors has twice the variance of one, once what a model does to all is taken off.
    """
    table = np.stack(errors)
    own = table - table.mean(axis=1, keepdims=True)
    return round(float(np.sqrt(2.0 * own.var(axis=0, ddof=1).mean())), 3)


def spread(drawn: np.ndarray) -> list[float]:
    """Return the 95 % interval of bootstrap draws over questions."""
    low, high = np.quantile(drawn, [0.025, 0.975])
    return [round(float(low), 1), round(float(high), 1)]


if __name__ == "__main__":
    main()
