"""Samples of a recording made from plain arrays against those made from data frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import recorded_frames
from recorded import record, write_campaign

from toolkit.errors import InputError
from toolkit.gate import recording_file, samples
from toolkit.gate.judging import Sample, estimate_mean
from toolkit.gate.names import MEASURED
from toolkit.gate.recorded_rows import RecordedRows, gather_rows
from toolkit.gate.recording_file import Entry, find_recording, load_recording
from toolkit.models import Draft, Persona, records
from toolkit.questionnaire import Task
from toolkit.results.scoring import columns

DRAFTS = ("a", "b", "c")
KEYS = ("role", "region")
WORDINGS = 8


def draw_kept(seed: int) -> list[tuple[Task, Entry]]:
    """Return recorded reactions with refusals, ratings that lack, weights, repeats, segments and gaps."""
    generator = np.random.default_rng(seed)
    repeats = int(generator.choice([1, 1, 2, 3]))
    objective_rate = float(generator.choice([0.0, 0.3, 0.9]))
    kept: list[tuple[Task, Entry]] = []
    for number in range(int(generator.integers(1, 40))):
        segments = {
            "role": str(generator.choice(["seller", "buyer"])),
            "region": str(generator.choice(["n", "s", "é"])),
        }
        lacking = generator.choice(["role", "region", "none", "none"])
        persona = Persona(
            id=f"p{generator.permutation(99)[0]}-{number}", name="Ana", weight=float(generator.choice([0.2, 1.0, 2.5])),
            segments={key: value for key, value in segments.items() if key != lacking}, about="Sells jam.",
        )  # fmt: skip
        wording = int(generator.integers(WORDINGS))
        for draft in DRAFTS[: int(generator.integers(1, 4))]:
            for repeat in range(repeats):
                if generator.random() < 0.1:
                    continue
                task = Task(persona, Draft(id=draft, text="Pay in the chat."), wording, repeat)
                kept.append((task, draw_entry(generator, task, objective_rate)))
    return kept


def draw_entry(generator: np.random.Generator, task: Task, rate: float) -> Entry:
    """Return one recorded reaction, or a refusal."""
    assert task.persona is not None
    place = {"draft": task.draft.id, "persona": task.persona.id, "wording": task.wording, "repeat": task.repeat}
    shaped = {"text": "t", "parts": "p", "persona": "q", "model": "m", "settings": "s", "built_in": "b"}
    if generator.random() < 0.05:
        return Entry.model_validate({**place, "status": "refused", "error": "No.", "shaped": shaped})
    action = "click" if generator.random() < rate else str(generator.choice(["read", "scroll_past", "hide", "share"]))
    ratings = {name: float(generator.integers(1, 6)) for name in records.MEASURES if generator.random() < 0.8}
    stopped = None if generator.random() < 0.05 else action not in records.LEAVING
    return Entry.model_validate({**place, "action": action, "stopped": stopped, "ratings": ratings, "shaped": shaped})


def as_frame(kept: list[tuple[Task, Entry]], objective: str) -> pl.DataFrame:
    """Return the reactions as the frame that they used to be judged on."""
    shared = {"run_id": "recording", "campaign": "jam", "objective": objective}
    folds = dict.fromkeys(DRAFTS, "Pay in the chat.")
    rows = [{**shared, **recorded_frames.describe(task, entry, folds, KEYS)} for task, entry in kept]
    return pl.DataFrame(rows, schema=columns.reactions_schema(KEYS), orient="row")


def assert_alike(found: Sample | None, expected: Sample | None) -> None:
    """Compare two samples, and what is shown of them."""
    assert (found is None) == (expected is None)
    if found is None or expected is None:
        return
    np.testing.assert_allclose(found.values, expected.values, rtol=0, atol=1e-13)
    np.testing.assert_allclose(found.weights, expected.weights, rtol=1e-13)
    np.testing.assert_array_equal(found.wordings, expected.wordings)
    np.testing.assert_array_equal(
        np.unique(found.units, return_inverse=True)[1], np.unique(expected.units, return_inverse=True)[1]
    )
    told = ("reactions", "wordings_planned", "is_share", "is_difference", "is_margin", "scale")
    assert [getattr(found, name) for name in told] == [getattr(expected, name) for name in told]
    shown, wanted = estimate_mean(found), estimate_mean(expected)
    assert (shown.low is None) == (wanted.low is None)
    ends = [np.array([one.estimate, one.low or 0.0, one.high or 0.0]) for one in (shown, wanted)]
    np.testing.assert_allclose(ends[0], ends[1], rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("seed", range(60))
def test_plain_arrays_give_the_samples_of_data_frames(seed: int) -> None:
    """Values, weights, wordings, people and counts are the same, for every measure, segment and pair."""
    kept, objective = draw_kept(seed), ("click", "read", "share")[seed % 3]
    rows, frame = gather_rows(kept, objective), as_frame(kept, objective)
    assert rows.reactions == frame.height
    for where in ({}, {"role": "SELLER"}, {"role": "buyer", "region": "s"}, {"region": "nowhere"}):
        narrowed, few = rows.narrow(where), recorded_frames.narrow_segments(frame, where)
        for measure in MEASURED:
            found = samples.sample_draft(narrowed, "a", measure, WORDINGS)
            assert_alike(found, recorded_frames.sample_draft(few, "a", measure, WORDINGS))
            pair = samples.sample_pair(narrowed, "a", "b", measure, WORDINGS)
            assert_alike(pair, recorded_frames.sample_pair(few, "a", "b", measure, WORDINGS))
    for key in KEYS:
        found_values = list(samples.sample_values(rows, "b", "objective_rate", WORDINGS, key))
        expected = list(recorded_frames.sample_values(frame, "b", "objective_rate", WORDINGS, key))
        assert [value for value, _ in found_values] == [value for value, _ in expected]
        for (_, one), (_, other) in zip(found_values, expected, strict=True):
            assert_alike(one, other)


def test_nothing_recorded_has_no_sample() -> None:
    """Without reactions there is nothing to judge, of a draft, a segment or a pair."""
    rows = RecordedRows()
    assert samples.sample_draft(rows.narrow({"role": "seller"}), "a", "stop_rate", WORDINGS) is None
    assert samples.sample_pair(rows, "a", "b", "stop_rate", WORDINGS) is None


def read_entries(path: Path) -> tuple[Entry, ...]:
    """Return the recorded reactions of a campaign file."""
    recording = load_recording(find_recording(path))
    assert recording is not None
    return recording.entries


def test_lines_are_read_alike_with_the_hash_of_the_file_and_one_by_one(tmp_path: Path) -> None:
    """A recording that its hash vouches for gives the reactions that its lines give, each with its own sum."""
    path = record(write_campaign(tmp_path))
    file = find_recording(path)
    whole = read_entries(path)
    _, *lines = file.read_text(encoding="utf-8").splitlines()
    one_by_one = tuple(recording_file.read_entry(line, file, number) for number, line in enumerate(lines, 2))
    assert whole == one_by_one


def test_a_changed_line_is_named_although_its_form_is_right(tmp_path: Path) -> None:
    """The file's hash no longer fits, so each line is held to its own sum."""
    path = record(write_campaign(tmp_path))
    file = find_recording(path)
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    lines[3] = lines[3].replace('"click"', '"read"') if '"click"' in lines[3] else lines[3].replace('"read"', '"click"')
    file.write_text("".join(lines), encoding="utf-8")
    with pytest.raises(InputError, match=rf"{file.name}:4: this reaction was edited by hand"):
        load_recording(file)
