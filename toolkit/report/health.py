"""Signs that a run is not worth its numbers: everybody pleased, everybody alike, the wording deciding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from toolkit.models import MEASURES, Record, records
from toolkit.results.scoring import comparisons, rules
from toolkit.stats import bradley_terry, lexical

GUIDE = "docs/method.md#health-of-a-run"
MOST_POSITIVE = 0.9
LEAST_SPREAD = 0.1
MOST_IDENTICAL = 0.1
ALIKE = 0.9
MOST_SILENT = 0.3
MOST_WORDING = 3.0
MOST_REFUSED = 0.05
MOST_UNUSABLE = 0.1
_MOST_COMPARED = 500
_LEAST_PER_WORDING = 2
_MOST_REASON = 120


class HealthSign(Record):
    """One sign, with what is still fine."""

    name: str
    value: float | None
    """Null where the run says nothing about it."""
    threshold: float
    ok: bool
    sentence: str
    """The finding with its figures, in plain words."""
    link: str = GUIDE
    """Where the method is described."""


@dataclass(frozen=True, slots=True)
class UnusableReplies:
    """Replies that are no answers of people: copies, echoes, refusals, broken forms, failed calls."""

    planned: int
    """Answers asked for, of everybody and every kind."""
    asked_again: Mapping[str, int] = field(default_factory=dict)
    """Replies of this run that could not be used, by reason."""
    lost: Mapping[str, int] = field(default_factory=dict)
    """Answers that stay null, by reason."""


def find_health(
    reactions: pl.DataFrame,
    effects: bradley_terry.OrderEffects | None = None,
    gaps: comparisons.Gaps | None = None,
    unusable: UnusableReplies | None = None,
) -> list[HealthSign]:
    """Return every check of a reactions frame, in the order of a report. Thresholds are rules of thumb, not tests.

    `effects` are those of a head-to-head; without one no order effect is possible. `gaps` say for how many people each
    draft has no answer: that drafts differ in it is the one sign that is a test. `unusable` are the replies that count
    nowhere; without any, the list has no sign of them.
    """
    asked = reactions.filter(pl.col("persona_id") != records.CONTROL)
    heard = asked.filter(pl.col("status") == "ok")
    return [*_check_all(asked, heard), *_check_unusable(unusable), *_check_gaps(gaps), _check_order(effects)]


def _check_all(asked: pl.DataFrame, heard: pl.DataFrame) -> Iterator[HealthSign]:
    yield _judge_most(
        "refusals", _share(asked["status"] != "ok"), MOST_REFUSED,
        f"{{share}} of {{count}} reactions were refused or failed{_name_reason(asked)}", asked.height,
    )  # fmt: skip
    yield _judge_most(
        "positive answers", _share(~heard["action"].is_in(records.LEAVING)), MOST_POSITIVE,
        "{share} of {count} reactions neither scrolled past, hid nor reported; "
        "a model that pleases everybody tells nothing",
        heard.height,
    )  # fmt: skip
    yield _check_spread(heard)
    yield _check_identical(heard)
    yield _check_silence(heard)
    yield _check_wordings(heard)


def _name_reason(asked: pl.DataFrame) -> str:
    """Return the most frequent reason why reactions have no answer, in brackets; nothing where all have one."""
    if "error" not in asked.columns:
        return ""
    reasons = asked.filter(pl.col("status") != "ok")["error"].drop_nulls().value_counts(sort=True)
    if not reasons.height:
        return ""
    reason = str(reasons["error"][0]).partition("; the last one: ")[0][:_MOST_REASON].rstrip(".")
    return f" (most often: {reason})".replace("{", "{{").replace("}", "}}")


def _check_unusable(unusable: UnusableReplies | None) -> Iterator[HealthSign]:
    """Say how many replies are no answers, by reason, those that were asked for once more included."""
    if unusable is None or not (unusable.asked_again or unusable.lost):
        return
    bad, lost = sum(unusable.asked_again.values()), sum(unusable.lost.values())
    share = max(bad / (unusable.planned + bad), lost / max(unusable.planned, 1))
    again = f"{bad:,} {'reply' if bad == 1 else 'replies'} could not be used ({_list_reasons(unusable.asked_again)})"
    null = f"{lost:,} of {unusable.planned:,} answers stayed null ({_list_reasons(unusable.lost)})"
    said = [*([again] if bad else []), null if lost else "every second reply was an answer"]
    yield HealthSign(
        name="replies that are no answers", value=share, threshold=MOST_UNUSABLE, ok=share <= MOST_UNUSABLE,
        sentence=f"{'; '.join(said)}; fine up to {MOST_UNUSABLE:.0%}.",
    )  # fmt: skip


def _list_reasons(counts: Mapping[str, int]) -> str:
    """Return reasons with counts, the most frequent first, such as "repeats the draft 5, refused 4"."""
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{reason} {count:,}" for reason, count in ordered)


def _check_gaps(gaps: comparisons.Gaps | None) -> Iterator[HealthSign]:
    if gaps is not None and gaps.p_value is not None:
        yield HealthSign(
            name="unequal gaps", value=gaps.p_value, threshold=rules.SIGNIFICANCE, ok=not gaps.is_unequal,
            sentence=f"{gaps.say()}; chance alone makes them so unequal in {gaps.p_value:.1%} of runs, "
            f"fine over {rules.SIGNIFICANCE:.0%}.",
        )  # fmt: skip


def _check_order(effects: bradley_terry.OrderEffects | None) -> HealthSign:
    alone = "No order effect is possible: each draft is shown alone; a head-to-head shows two and measures it."
    sentence, value, fine = alone, None, True
    if effects is not None and effects.consistency is not None:
        value = effects.consistency
        fine = value >= bradley_terry.LEAST_CONSISTENCY
        sentence = (
            f"In {value:.0%} of {effects.pairs} head-to-heads the choice was the same in both orders; "
            f"fine from {bradley_terry.LEAST_CONSISTENCY:.0%}."
        )
    return HealthSign(
        name="order effect", value=value, threshold=bradley_terry.LEAST_CONSISTENCY, ok=fine, sentence=sentence
    )


def _check_spread(heard: pl.DataFrame) -> HealthSign:
    """Return the chance that two people drawn at random do different things with a draft (Gini-Simpson index)."""
    shares = (
        heard.group_by("draft_id", "action")
        .len()
        .with_columns(share=pl.col("len") / pl.col("len").sum().over("draft_id"))
    )
    spread = shares.group_by("draft_id").agg(spread=1 - (pl.col("share") ** 2).sum())["spread"].mean()
    value = float(spread) if isinstance(spread, float) else None
    said = "unknown" if value is None else f"{value:.0%}"
    return HealthSign(
        name="spread between personas", value=value, threshold=LEAST_SPREAD, ok=value is None or value >= LEAST_SPREAD,
        sentence=f"Two people drawn at random do different things with a draft in {said} of cases; "
        f"under {LEAST_SPREAD:.0%} the personas are one person.",
    )  # fmt: skip


def _check_identical(heard: pl.DataFrame) -> HealthSign:
    """Compare verbatims of one draft with each other; of large runs the first 500 a draft."""
    counts = []
    for (_,), said in heard.drop_nulls("verbatim").group_by("draft_id", maintain_order=True):
        words = said["verbatim"].head(_MOST_COMPARED).to_list()
        if len(words) > 1:
            alike = lexical.compare_words(words) - 2 * np.eye(len(words))
            counts.append((int((alike.max(axis=1) >= ALIKE).sum()), len(words)))
    compared = sum(count for _, count in counts)
    share = sum(twins for twins, _ in counts) / compared if compared else None
    return _judge_most(
        "near-identical replies", share, MOST_IDENTICAL, "{share} of {count} verbatims nearly repeat another", compared
    )


def _check_silence(heard: pl.DataFrame) -> HealthSign:
    """Count unknown ratings among those who stopped, for the measures that anybody was rated on."""
    stopped = heard.filter("stopped")
    names = [name for name in MEASURES if f"rating_{name}" in heard.columns]
    rated = [name for name in names if stopped[f"rating_{name}"].is_not_null().any()]
    count = stopped.height * len(rated)
    unknown = sum(stopped[f"rating_{name}"].null_count() for name in rated)
    return _judge_most(
        "does not say", unknown / count if count else None, MOST_SILENT,
        "{share} of {count} ratings are unknown: what was said does not speak of the measure", count,
    )  # fmt: skip


def _check_wordings(heard: pl.DataFrame) -> HealthSign:
    """Compare how stop rates vary over wordings with what chance makes of them (Pearson's chi square a degree)."""
    cells = heard.group_by("draft_id", "wording").agg(stops=pl.col("stopped").mean(), people=pl.len())
    cells = cells.filter(pl.col("people") >= _LEAST_PER_WORDING).with_columns(
        rate=((pl.col("stops") * pl.col("people")).sum() / pl.col("people").sum()).over("draft_id")
    )
    varied = cells.filter(pl.col("rate").is_between(0, 1, closed="none"))
    freedom = varied.height - varied["draft_id"].n_unique()
    if freedom < 1:
        return HealthSign(
            name="wording effect", value=None, threshold=MOST_WORDING, ok=True,
            sentence="The wording effect is unknown: too few people under each wording.",
        )  # fmt: skip
    expected = varied["rate"] * (1 - varied["rate"]) / varied["people"]
    value = float(((varied["stops"] - varied["rate"]) ** 2 / expected).sum() / freedom)
    return HealthSign(
        name="wording effect", value=value, threshold=MOST_WORDING, ok=value <= MOST_WORDING,
        sentence=f"Stop rates under different wordings vary {value:.1f} times as much as chance makes them; "
        f"over {MOST_WORDING:.0f} the question decides more than the draft.",
    )  # fmt: skip


def _judge_most(name: str, value: float | None, most: float, words: str, count: int) -> HealthSign:
    said = words.format(share="an unknown share" if value is None else f"{value:.0%}", count=f"{count:,}")
    sentence = f"{said[0].upper()}{said[1:]}; fine up to {most:.0%}."
    return HealthSign(name=name, value=value, threshold=most, ok=value is None or value <= most, sentence=sentence)


def _share(flags: pl.Series) -> float | None:
    share = flags.mean()
    return float(share) if isinstance(share, float) else None
