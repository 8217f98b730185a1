"""How often each source is right about real headline experiments: measure it, and write docs/validity.md.

    python benchmarks/validity.py measure              # baselines and the outcome model, cross-validated by group
    python benchmarks/validity.py panel --minutes 8    # embedded-model panel, as many pairs as the time allows
    python benchmarks/validity.py > docs/validity.md   # the document, from toolkit/outcomes/published.json

Deterministic; replies of the panel are kept, so the same command goes on where it stopped. Needs the local extra.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import polars as pl
from outcome_model.pairs import HELD_OUT, hash_file, load_pairs

from toolkit.audiences import load_audience
from toolkit.models import LABEL, Campaign, Draft
from toolkit.panel import api
from toolkit.results import Run
from toolkit.results.outcome_model import domains
from toolkit.results.outcome_model.weights import WEIGHTS
from toolkit.results.track_record.judging import Judged
from toolkit.results.track_record.matching import Match
from toolkit.results.track_record.pairing import find_z
from toolkit.store.outcome_log import Outcome
from toolkit.validity.outcomes import load_published
from toolkit.validity.outcomes.published import FIGURES, AskedPanel
from toolkit.validity.outcomes.validating import validate_matches
from toolkit.validity.outcomes.wording import NAMES, say_rate

HERE = Path(__file__).parent
DATA = HERE / "data" / "upworthy_train.parquet"
PEOPLE, AUDIENCE = 8, "uk-social-feed"
PAIRS = 40


def main() -> None:
    """Measure, or write the document."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("what", nargs="?", choices=["measure", "panel", "write"], default="write")
    options.add_argument("--minutes", type=float, default=8.0, help="when the panel begins no further pair")
    options.add_argument(
        "--store", type=Path, default=Path(".validity.sqlite"), help="where the panel's replies are kept"
    )
    chosen = options.parse_args()
    if chosen.what == "measure":
        keep(bundled=measure())
    elif chosen.what == "panel":
        keep(panel=ask_panel(chosen.store, chosen.minutes))
    else:
        sys.stdout.write(write())


def keep(**figures: Any) -> None:
    """Add figures to the file of figures."""
    held = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    held |= {name: {"date": today, **value} for name, value in figures.items()}
    FIGURES.write_text(json.dumps(held, indent=1, sort_keys=True) + "\n")


def measure() -> dict[str, Any]:
    """Validate baselines and the outcome model on the bundled experiments, by the code that validates a user's."""
    arms = pl.read_parquet(DATA)
    matches = [Match(outcome, (), "no run") for outcome in make_outcomes(arms)]
    with np.load(HELD_OUT, allow_pickle=False) as held:
        checked = validate_matches(matches, predict=make_predictor(held["odds"]))
        return {"weights": str(held["weights"]), "checked": checked.model_dump()}


def make_outcomes(arms: pl.DataFrame) -> list[Outcome]:
    """Return one result per arm; arms compete with equal test, picture, lede and excerpt."""
    cell = pl.concat_str("test_id", "image_id", "lede", "excerpt", separator="|", ignore_nulls=True).hash(1)
    rows = arms.with_columns(cell=cell).group_by("cell", "group", "headline").agg(pl.sum("impressions", "clicks"))
    rows = rows.sort("cell", "headline")
    return [
        Outcome(text=row["headline"], experiment=str(row["cell"]), group=str(row["group"]), shown=row["impressions"],
                clicks=row["clicks"])
        for row in rows.iter_rows(named=True)
    ]  # fmt: skip


def make_predictor(odds: np.ndarray) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Return a predictor that judges each pair by a fit that never saw its group: train_outcome_model.py left it."""
    pairs = load_pairs()
    texts = [" ".join(text.split()) for text in pairs.texts]
    held_out = {(texts[a], texts[b]): value for a, b, value in zip(pairs.a, pairs.b, odds, strict=True)}

    def predict(frame: pl.DataFrame) -> pl.DataFrame:
        asked = frame.select("text_a", "text_b").iter_rows()
        strengths = np.array([held_out.get((a, b), -held_out.get((b, a), 0.0)) for a, b in asked])
        chance = 1 / (1 + np.exp(-strengths))
        return frame.with_columns(p_b_wins=pl.Series(chance), abstains=pl.Series(np.abs(chance - 0.5) < 0.1))  # noqa: PLR2004

    return predict


def ask_panel(store: Path, minutes: float) -> dict[str, Any]:
    """Ask the embedded model's personas and control reader about pairs that differ, until the time is up."""
    audience = load_audience(AUDIENCE)
    told: list[dict[str, Any]] = []
    end = time.monotonic() + 60 * minutes
    for pair in choose_pairs():
        if time.monotonic() > end:
            break
        drafts = tuple(Draft(id=side, text=pair[side], surface="facebook_post") for side in "ab")
        campaign = Campaign(campaign="headlines", objective="click", drafts=drafts)
        run = api.run(campaign, audience, engine="local", sample=PEOPLE, store=store, seed=1)
        told.append({"won": pair["won"], "panel": read_gap(run), "control": read_gap(run, control=True)})
        keep(panel={"pairs": told, "people": PEOPLE, "audience": AUDIENCE, "model": run.methods.model})
    return json.loads(FIGURES.read_text()).get("panel", {}) if told else {"pairs": []}


def choose_pairs() -> list[dict[str, Any]]:
    """Return the pairs that differ, one a group, in the order of a hash: a draw that nobody chose."""
    arms = pl.read_parquet(DATA).sort("test_id", "headline")
    keys = ["test_id", "image_id", "lede", "excerpt"]
    paired = arms.join(arms, on=keys, nulls_equal=True).filter(pl.col("headline") < pl.col("headline_right"))
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for row in paired.iter_rows(named=True):
        z = find_z(row["clicks"], row["impressions"], row["clicks_right"], row["impressions_right"])
        rank = hashlib.sha256(f"{row['headline']}|{row['headline_right']}".encode()).hexdigest()
        if abs(z) > 1.96 and rank < found.get(str(row["group"]), ("g", {}))[0]:  # noqa: PLR2004
            found[str(row["group"])] = (rank, {"a": row["headline"], "b": row["headline_right"], "won": int(z > 0)})
    return [pair for _, pair in sorted(found.values(), key=lambda held: held[0])[:PAIRS]]


def read_gap(run: Run, *, control: bool = False) -> float | None:
    """Return the objective rate of b minus that of a."""
    card = run.control_scorecard() if control else run.scorecard()
    rates = {
        row["draft_id"]: row["estimate"] for row in card.iter_rows(named=True) if row["measure"] == "objective_rate"
    }
    return None if None in {rates.get("a"), rates.get("b")} else rates["b"] - rates["a"]


def write() -> str:
    """Return the document."""
    published = load_published()
    checked = published.checked
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)  # noqa: S701 - Markdown
    leak = checked.leakage.sentence
    is_current = published.weights == hash_file(WEIGHTS)
    shown = {name: judged for name, judged in checked.sources.items() if name != "outcome_model" or is_current}
    card = (
        (HERE.parent / "docs" / "outcome-model.md").read_text().split("## How often it is right")[1].split("\n## ")[0]
    )
    text: str = environment.from_string((HERE / "validity.md.j2").read_text()).render(
        label=LABEL,
        date=published.date,
        checked=checked,
        rows=[say_row(name, judged) for name, judged in shown.items() if judged.pairs],
        bins=checked.sources["outcome_model"].bins if is_current else (),
        card=card.strip(),
        leak=leak[0].upper() + leak[1:],
        panel=published.panel,
        panel_rows=say_panel(published.panel),
        wanted=PAIRS,
        domains=domains.list_domains(),
        **{name: say_card(card) for name, card in domains.load_cards().items()},
        several=json.loads((HERE / "data" / "model_panels.json").read_text()),
    )
    return text + "\n"


def say_card(card: domains.Card) -> dict[str, str]:
    """Return how often a forecaster was right, of a hundred, such as "74 (72 to 76)"."""
    return {
        name: f"{100 * share:.0f} ({100 * low:.0f} to {100 * high:.0f})"
        for name, (share, low, high) in (("accuracy", card.accuracy), ("fifth", card.fifth))
    }


def say_row(name: str, judged: Judged) -> tuple[str, ...]:
    """Return a source as cells of the table."""
    return (
        NAMES[name],
        say_rate(judged.accuracy, judged.low, judged.high, form=".1%"),
        say_rate(judged.accuracy_all, judged.low_all, judged.high_all, form=".1%"),
        say_rate(judged.tau, judged.tau_low, judged.tau_high, form=".2f"),
        say_rate(judged.top_1, judged.top_1_low, judged.top_1_high),
        say_rate(judged.log_loss, None, None, form=".3f"),
        say_rate(judged.calibration_error, None, None, form=".3f"),
    )


def say_panel(panel: AskedPanel | None) -> list[tuple[str, ...]]:
    """Return how often the panel and the control reader were right, as cells of the table."""
    judged = {} if panel is None else {name: panel.judge(name) for name in ("panel", "control")}
    return [(NAMES[name], say_rate(one.accuracy, one.low, one.high), str(one.pairs)) for name, one in judged.items()]


if __name__ == "__main__":
    main()
