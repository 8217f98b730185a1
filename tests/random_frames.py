"""Random reactions frames of many kinds, the same for the same seed: for tests that no figures contradict others."""

from __future__ import annotations

import numpy as np
import polars as pl

from toolkit.models import Campaign, Draft, Settings
from toolkit.results import Run
from toolkit.results.runs import Counts, Methods
from toolkit.results.scoring.columns import reactions_schema

MOST_DRAFTS = 30


def draw_frame(seed: int, *, refusals: bool = True, most_drafts: int = MOST_DRAFTS) -> pl.DataFrame:
    """Return reactions with refusals, failures, weights, ties, repeats and segments, each in some frames only."""
    generator = np.random.default_rng(seed)
    drafts = int(generator.choice([1, 2, 2, 3, 3, 4, 5, 8, 12, most_drafts]))
    personas, repeats = int(generator.integers(1, 61)), int(generator.choice([1, 1, 1, 2, 3]))
    wordings = int(generator.choice([1, 4, 6, 8, 10, 12]))
    draft, person, repeat = (labels.ravel() for labels in np.indices((drafts, personas, repeats)))
    rate = np.clip(
        generator.choice([0.0, 0.2, 0.5]) + generator.choice([0.0, 0.1, 0.3]) * generator.normal(size=drafts), 0, 1
    )
    leaning = generator.normal(0, generator.choice([0.0, 0.15]), personas)
    click = generator.random(len(draft)) < np.clip(rate[draft] + leaning[person], 0, 1)
    others = generator.choice(["read", "scroll_past", "hide", "share"], len(draft), p=[0.4, 0.4, 0.1, 0.1])
    action = np.where(click, "click", others)
    stopped = ~np.isin(action, ["scroll_past", "hide"])
    weight = generator.choice(["one", "lognormal", "some zero"])
    weights = {
        "one": np.ones(personas),
        "lognormal": generator.lognormal(0, 0.7, personas),
        "some zero": generator.choice([0.0, 1.0, 2.5], personas, p=[0.2, 0.6, 0.2]) + (np.arange(personas) == 0),
    }[str(weight)]
    level = (
        generator.choice([1.0, 2.0, 3.0, 4.0, 5.0], len(draft))
        if generator.random() < 0.5
        else np.full(len(draft), 4.0)
    )
    status = np.full(len(draft), "ok", dtype="<U7")
    lost = generator.random(len(draft)) < generator.choice([0.0, 0.02, 0.15])
    status[lost] = "failed"
    if refusals:
        shy = (generator.random(len(draft)) < generator.choice([0.0, 0.05, 0.4])) & (draft == 0)
        status[shy] = "refused"
    crossed = generator.random() < 0.1
    wording = (person + (repeat if crossed else 0)) % wordings
    frame = pl.DataFrame({
        "draft_id": np.char.add("d", np.char.zfill(draft.astype(str), 2)),
        "persona_id": np.char.add("p", person.astype(str)),
        "weight": weights[person],
        "wording": wording,
        "repeat": repeat,
        "role": np.array(["buyer", "seller", "both"])[person // wordings % 3],
        "stopped": stopped,
        "action": action,
        "rating_trust": np.where(stopped, level, np.nan),
        "status": status,
    })  # fmt: skip
    usable = pl.col("status") == "ok"
    frame = frame.with_columns(
        segments=pl.struct("role"),
        objective=pl.lit("click"),
        rating_trust=pl.when(usable).then(pl.col("rating_trust").fill_nan(None)),
        action=pl.when(usable).then("action"),
        stopped=pl.when(usable).then("stopped"),
    ).drop("role")
    return frame.sample(fraction=1.0, shuffle=True, seed=seed % 2**31) if generator.random() < 0.3 else frame


def keep_common(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the reactions of whoever answered every draft that anybody answered; all rows, if nobody did."""
    usable = frame.filter(pl.col("status") == "ok")
    drafts = usable["draft_id"].n_unique()
    place = ["persona_id", "wording", "repeat"]
    common = usable.filter(pl.col("draft_id").n_unique().over(place) == drafts)
    return common if common.height else usable


def make_run(frame: pl.DataFrame) -> Run:
    """Return the run that would have such reactions."""
    drafts = frame["draft_id"].unique().sort().to_list()
    states = frame["status"].value_counts()
    counted = dict(states.iter_rows())
    counts = Counts(
        planned=frame.height,
        ok=counted.get("ok", 0),
        refused=counted.get("refused", 0),
        failed=counted.get("failed", 0),
        from_store=0,
        calls=frame.height,
    )
    methods = Methods(
        run_id="random",
        campaign=Campaign(
            campaign="random",
            objective="click",
            drafts=tuple(Draft(id=draft, text=f"The text of {draft}.") for draft in drafts),
        ),
        audiences=(),
        segment_keys=("role",),
        settings=Settings(rating="direct", control=False),
        engine="scripted",
        model="none",
        form="chat",
        personas=frame["persona_id"].n_unique(),
        wordings=frame["wording"].n_unique(),
        counts=counts,
        control_counts=None,
        cost_usd=None,
        prompt_tokens=0,
        completion_tokens=0,
        rating="direct",
        silent={},
        detectable=None,
        prompts={},
        questions={},
        started="2026-11-28T00:00:00+00:00",
        version="0",
    )
    lacking = {name: kind for name, kind in reactions_schema(["role"]).items() if name not in frame.columns}
    return Run(
        methods=methods, reactions=frame.with_columns(pl.lit(None, kind).alias(name) for name, kind in lacking.items())
    )
