"""The signs that a run is not worth its numbers, each on a run made to show it."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest

from toolkit.report.health import GUIDE, HealthSign, UnusableReplies, find_health

WORDS = tuple(f"{start}{end}" for start in ("am", "bir", "ced", "dun", "fer") for end in ("ble", "tch", "on", "ip"))
DEEDS = ("read", "click", "reply", "save", "hide", "scroll_past", "report")


def make_run(people: int = 60, **columns: Any) -> pl.DataFrame:
    """Return a sound run of one draft; a column may be given as a function of the person's number."""
    rows = []
    for at in range(people):
        row: dict[str, Any] = {
            "draft_id": "a", "persona_id": f"p{at}", "wording": at % 6, "status": "ok",
            "stopped": at % 7 < 4, "action": DEEDS[at % 7],
            "verbatim": f"{WORDS[at % 20]} {WORDS[(at * 7 + 3) % 20]} {WORDS[(at // 20 + at * 3) % 20]} number{at}",
            "rating_trust": 3.0, "rating_intent": None,
        }  # fmt: skip
        rows.append(row | {name: value(at) if callable(value) else value for name, value in columns.items()})
    return pl.DataFrame(rows, schema_overrides={"rating_trust": pl.Float64, "rating_intent": pl.Float64})


def check(reactions: pl.DataFrame, name: str) -> HealthSign:
    """Return one check by its name."""
    return next(found for found in find_health(reactions) if found.name == name)


def test_a_sound_run_leaves_no_doubt() -> None:
    """Every check is fine, says its figure in a sentence and links to the method."""
    checks = find_health(make_run())
    assert all(found.ok for found in checks), [found.sentence for found in checks if not found.ok]
    assert all(found.link == GUIDE and found.sentence.endswith(".") for found in checks)
    assert len({found.name for found in checks}) == 7


@pytest.mark.parametrize(
    ("name", "columns", "value"),
    [
        ("refusals", {"status": lambda at: "refused" if at % 6 == 0 else "ok"}, 1 / 6),
        ("positive answers", {"action": lambda at: "hide" if at % 20 == 0 else "click"}, 0.95),
        ("spread between personas", {"action": lambda at: "read" if at == 0 else "click"}, 1 - (59**2 + 1) / 60**2),
        (
            "near-identical replies",
            {"verbatim": lambda at: f"no{at} word{at}" if at % 3 else "Same."},
            1 / 3,
        ),
        ("does not say", {"rating_trust": lambda at: 3.0 if at % 2 else None}, 18 / 36),
    ],
)
def test_each_sign_is_seen(name: str, columns: dict[str, Any], value: float) -> None:
    """The check that a run is made to fail fails, with the figure worked out by hand."""
    found = check(make_run(**columns), name)
    assert not found.ok
    assert found.value == pytest.approx(value)


def test_replies_that_are_no_answers_are_counted_by_reason() -> None:
    """Copies, refusals and failed calls stand with their counts, those that were asked for once more too."""
    unusable = UnusableReplies(40, {"refused": 2, "repeats the draft": 8}, {"refused": 1, "call failed": 3})
    signs = {sign.name: sign for sign in find_health(make_run(), unusable=unusable)}
    found = signs["replies that are no answers"]
    assert (found.ok, found.value) == (False, 10 / 50)
    assert "10 replies could not be used (repeats the draft 8, refused 2)" in found.sentence
    assert "4 of 40 answers stayed null (call failed 3, refused 1)" in found.sentence
    assert "replies that are no answers" not in {sign.name for sign in find_health(make_run(), None, None, None)}
    assert find_health(make_run(), unusable=UnusableReplies(40)) == find_health(make_run())


def test_a_wording_that_decides_is_seen() -> None:
    """Where one wording makes everybody stop and the others nobody, wordings vary far more than by chance."""
    found = check(make_run(stopped=lambda at: at % 6 == 0), "wording effect")
    assert found.value == pytest.approx(60 / 5)
    assert not found.ok


def test_a_measure_that_was_not_asked_is_not_missing() -> None:
    """Only measures that anybody was rated on count as silent."""
    assert check(make_run(), "does not say").value == 0.0


def test_the_control_reader_is_left_out() -> None:
    """The control reader's rows change no check."""
    control = make_run(5).with_columns(persona_id=pl.lit("control"), action=pl.lit("click"), verbatim=pl.lit("Same."))
    assert find_health(pl.concat([make_run(), control])) == find_health(make_run())


def test_a_run_without_usable_reactions_says_so() -> None:
    """Where everything failed, nothing is a number that was not measured."""
    checks = find_health(make_run(status="failed"))
    assert not checks[0].ok
    assert all(found.value is None or math.isfinite(found.value) for found in checks)
    assert "unknown" in check(make_run(status="failed"), "spread between personas").sentence


def test_the_words_of_positive_answers_say_what_is_counted() -> None:
    """Who stopped and then hid it is not among them, so they are not called those who stopped."""
    found = check(make_run(stopped=True, action=lambda at: "hide" if at % 2 else "click"), "positive answers")
    assert found.value == 0.5
    assert "stopped" not in found.sentence


def test_a_reason_is_named_without_its_reply() -> None:
    """The most frequent reason is whole; the reply that it ends with is in the warnings, not cut off here."""
    why = (
        "2 replies could not be used: glance is not one of stop, hide; the last one: “{'glance': 'scroll'}”; choose one"
    )
    found = check(make_run(status=lambda at: "ok" if at % 3 else "failed", error=why), "refusals")
    assert "(most often: 2 replies could not be used: glance is not one of stop, hide)" in found.sentence
