"""What is read or worked out once and shown many times, by every session of the process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

import streamlit as st

from toolkit.audiences import load_audience, privacy, sampling, uploads
from toolkit.drafts import load_drafts
from toolkit.drafts.lint import Finding, lint
from toolkit.errors import InputError
from toolkit.files import resources, tables
from toolkit.models import Audience, Campaign, Draft, records
from toolkit.panel import api, background, estimating, live_runs
from toolkit.report import Report, make_report, seating
from toolkit.results import Run, archive, find_runs, load_run, runs
from toolkit.results.outcome_model import score_texts
from toolkit.stats import lexical
from toolkit.ui import apart
from toolkit.validity.outcomes import validating

Read = TypeVar("Read")
_PAUSE = 2.0
"""Seconds in which the browser draws the first page, before anything else takes the processor."""
Purpose = Literal["drafts", "results"]
"""What a table is uploaded for, beside people."""


def open_run(run_id: str) -> Run:
    """Return a saved run by its id, read once; raise InputError where it is none."""
    folder = runs.find_run(runs.RUNS, run_id)
    return _read_run(str(folder.resolve()), folder.joinpath("run.json").stat().st_mtime_ns)


def read_shelf() -> tuple[list[archive.Shelved], list[str]]:
    """Return the saved runs, newest first, and a line for each that cannot be read; each is read once."""
    shelved, problems = [], []
    for folder in find_runs(runs.RUNS):
        try:
            shelved.append(_shelve(str(folder), folder.joinpath("run.json").stat().st_mtime_ns))
        except InputError as error:
            problems.append(str(error))
    return shelved, problems


def report_of(run: Run) -> Report:
    """Return everything a page shows of a run, each part worked out once."""
    return _make_report(run.methods.model_dump_json(), run)


def hear(run: Run) -> seating.Heard:
    """Return what was said in a run by persona and draft, gathered once."""
    return _hear(run.methods.model_dump_json(), run)


def read_audience(path: Path, wanted: Mapping[str, Sequence[str]] | None = None) -> Audience:
    """Return those of an audience who have the wanted segment values; raise InputError where that cannot be read."""
    changed = path.stat().st_mtime
    chosen = tuple((key, tuple(values)) for key, values in (wanted or {}).items())
    return _choose(str(path), changed, chosen) if chosen else _read_audience(str(path), changed)


def find_contacts(audience: Audience) -> dict[str, tuple[str, ...]]:
    """Return who holds a contact and what it is, looked for once."""
    return _find_contacts(audience.digest, audience)


def leave_contacts_out(audience: Audience) -> Audience:
    """Return the audience without contacts, made once."""
    return _leave_contacts_out(audience.digest, audience)


def find_findings(draft: Draft, audience: Audience | None, brief: records.Brief | None = None) -> list[Finding]:
    """Return what limits, rules and a brief say about a draft, worked out once for the same words."""
    must = brief.model_dump_json() if brief else ""
    return _lint((draft.model_dump_json(), audience.digest if audience else "", must), draft, audience, brief)


def find_example(stem: str) -> Campaign:
    """Return a bundled example, read once."""
    return _read_example(stem)


def find_estimate(campaign: Campaign, audience: Audience, options: Mapping[str, Any]) -> estimating.Estimate:
    """Return what a run would take, worked out once for the same drafts, people and options."""
    about = {name: value for name, value in options.items() if name != "api_key"}
    key = (campaign.model_dump_json(), audience.digest, str(sorted(about.items())))
    return _estimate(key, campaign, audience, about)


def read_validation() -> validating.Validation:
    """Return the record of every source on the results in the store, worked out once for each state of it."""
    store = api.default_store()
    files = [path for path in (store, store.with_name(f"{store.name}-wal")) if path.exists()]
    return _validate(str(store), tuple((path.stat().st_mtime_ns, path.stat().st_size) for path in files))


def read_rows(name: str, data: bytes, sheet: str | None = None) -> uploads.Table:
    """Return an uploaded table, read once; raise InputError where it cannot be used."""
    return read_upload(name, data, uploads.read_table, by_path=False, sheet=sheet)


def read_tables(name: str, data: bytes, purpose: Purpose) -> list[tables.LoadedTable]:
    """Return every table of an uploaded file, read once; raise InputError where it cannot be read."""
    return read_upload(name, data, apart.load_uploaded, purpose=purpose)


def read_upload(name: str, data: bytes, work: Callable[..., Read], *, by_path: bool = True, **options: Any) -> Read:
    """Return what a function makes of an uploaded file, read once, and where it is no short text in another process.

    The function gets the path of the file, or its name and its bytes. Raises InputError where the file cannot be used.
    """
    key = (work.__module__, work.__qualname__, repr(options))
    found, error = _read_upload(name, data, key, work, options, by_path)
    if error is not None:
        raise error
    read: Read = found
    return read


def make_audience(table: uploads.Table, *given: Any, **options: Any) -> Audience:
    """Return the audience of an uploaded table, as `uploads.make_audience` does, made once."""
    return read_upload(
        table.name, table.data, uploads.make_audience_of, by_path=False, sheet=table.sheet, given=given, options=options
    )


@st.cache_resource(show_spinner="Reading the file", max_entries=6)
def _read_upload(
    name: str,
    data: bytes,
    key: tuple[str, ...],  # noqa: ARG001 - stands for what follows
    _work: Callable[..., Any],
    _options: Mapping[str, Any],
    _by_path: bool,  # noqa: FBT001 - Streamlit's cache tells what is no part of the key by its name
) -> tuple[Any, InputError | None]:
    """Return what was read, or why it could not be: a file that takes long is not read again to find that out."""
    try:
        if _by_path:
            return apart.read_apart(name, data, _work, **_options), None
        if apart.is_light(name, data):
            return _work(name, data, **_options), None
        return apart.call_apart(name, _work, name, data, **_options), None
    except InputError as error:
        return None, error


@st.cache_resource(show_spinner=False)
def live_runs_of_process() -> live_runs.LiveRuns:
    """Return the runs that go on or have lately ended."""
    return live_runs.LiveRuns()


@st.cache_resource(show_spinner=False)
def screenings_of_process() -> dict[str, background.Job[Any, Any]]:
    """Return the screenings that go on or whose outcome no campaign has yet, by what they ask."""
    return {}


@st.cache_resource(show_spinner=False)
def rounds_of_process() -> dict[tuple[str, int], str]:
    """Return the link of the run behind each round that this process began, by campaign and number."""
    return {}


@st.cache_resource(show_spinner=False)
def choices_of_runs() -> dict[str, dict[str, Any]]:
    """Return what was chosen in the fields of the page for each run, by the link of the run."""
    return {}


@st.cache_resource(show_spinner=False)
def warm_up() -> threading.Thread:
    """Read once a process, soon, what the first to type or to open a result would else wait for."""
    warming = threading.Timer(_PAUSE, _get_ready)
    warming.name, warming.daemon = "audience-warm-up", True
    warming.start()
    return warming


def _get_ready() -> None:
    """Have word lists, language model, sentence grouping and the outcome model read by using each."""
    texts = (
        "Send an invoice in the chat and get paid today.",
        "Schick die Rechnung im Chat und sei heute noch bezahlt.",
    )
    lint([Draft(id="warm", text=text) for text in texts])
    lexical.group_sentences(texts, ("one", "other"))
    with contextlib.suppress(InputError):  # it is an extra; evidence says so where it is missing
        score_texts(texts)


@st.cache_resource(show_spinner=False, max_entries=20)
def _read_audience(path: str, changed: float) -> Audience:  # noqa: ARG001 - a changed file is read anew
    return load_audience(path)


@st.cache_resource(show_spinner=False, max_entries=20)
def _choose(path: str, changed: float, wanted: tuple[tuple[str, tuple[str, ...]], ...]) -> Audience:
    return sampling.choose_segments(_read_audience(path, changed), dict(wanted))


@st.cache_resource(show_spinner=False, max_entries=20)
def _find_contacts(digest: str, _audience: Audience) -> dict[str, tuple[str, ...]]:  # noqa: ARG001 - the digest tells audiences apart
    return privacy.list_personal(_audience)


@st.cache_resource(show_spinner=False, max_entries=20)
def _leave_contacts_out(digest: str, _audience: Audience) -> Audience:  # noqa: ARG001 - as above
    return privacy.redact_people(_audience)


@st.cache_resource(show_spinner=False, max_entries=10)
def _read_run(folder: str, changed: int) -> Run:  # noqa: ARG001 - a run that was replaced is read anew
    return load_run(folder)


@st.cache_resource(show_spinner=False, max_entries=2_000)
def _shelve(folder: str, changed: int) -> archive.Shelved:  # noqa: ARG001 - a run that was replaced is read anew
    return archive.shelve(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=10)
def _make_report(methods: str, _run: Run) -> Report:  # noqa: ARG001 - the methods statement tells runs apart
    return make_report(_run)


@st.cache_data(show_spinner="Counting how often each source was right", max_entries=3)
def _validate(store: str, changed: tuple[tuple[int, int], ...]) -> validating.Validation:  # noqa: ARG001 - a changed store is read anew
    return validating.validate_store(Path(store))


@st.cache_resource(show_spinner=False, max_entries=10)
def _hear(methods: str, _run: Run) -> seating.Heard:  # noqa: ARG001 - as above
    return seating.hear_run(_run)


@st.cache_resource(show_spinner=False, max_entries=200)
def _lint(
    key: tuple[str, ...],  # noqa: ARG001 - as above
    _draft: Draft,
    _audience: Audience | None,
    _brief: records.Brief | None,
) -> list[Finding]:
    return lint(Campaign(campaign="page", drafts=(_draft,), brief=_brief), _audience)


@st.cache_resource(show_spinner=False, max_entries=20)
def _read_example(stem: str) -> Campaign:
    return load_drafts(resources.find_resource("examples", f"{stem}.yaml"))


@st.cache_resource(show_spinner=False, max_entries=100)
def _estimate(
    key: tuple[str, ...],  # noqa: ARG001 - the key stands for the rest, which Streamlit is not to read through
    _campaign: Campaign,
    _audience: Audience,
    _options: dict[str, Any],
) -> estimating.Estimate:
    return api.estimate(_campaign, _audience, **_options)
