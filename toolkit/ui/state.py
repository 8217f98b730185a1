"""What a browser session remembers; nothing else touches `session_state`, the address of the page, or the caches.

Each session has its own state: drafts and keys are shared with no other. Runs belong to the process, and a session
finds its own by a link that cannot be guessed, which stands in the address of the page.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from toolkit.audiences import list_audiences, load_audience, sampling
from toolkit.drafts.lint import Finding, lint
from toolkit.errors import InputError
from toolkit.models import Audience, Campaign, Draft, records
from toolkit.panel import api, estimating, live_runs
from toolkit.report import Report, make_report, seating
from toolkit.results import Run, archive, find_runs, load_run, runs
from toolkit.results.outcome_model import score_texts
from toolkit.stats import lexical
from toolkit.validity.outcomes import validating

MOST_DRAFTS = 6
PRESS = "press"
"""Note of a press of the button that asks: a run of the script that is broken off on its way forgets it else."""
_KEPT = ("name-", "text-", "part-", "ask-")
_FIRST_NAMES = "ABCDEF"


def begin() -> None:
    """Keep what was typed while another page is shown: Streamlit forgets the widgets of a page that is not drawn."""
    for key in list(st.session_state):
        if str(key).startswith(_KEPT) and key in st.session_state:  # a listed one may be dropped by now
            st.session_state[key] = st.session_state[key]
    if "slots" not in st.session_state:
        st.session_state["slots"] = []
        add_draft()
        add_draft()
    take_settled()  # the whole page is drawn anew: starting over on the way would drop the press that led here
    _warm_up()
    _follow_link()


def enter(page: str) -> None:
    """Note which page is drawn; a press that was never taken on another page is forgotten."""
    if st.session_state.get("page") != page:
        take_note(PRESS)
    st.session_state["page"] = page


def list_slots() -> list[int]:
    """Return the numbers of the drafts on the page, in order."""
    return list(st.session_state["slots"])


def add_draft(**fields: Any) -> None:
    """Put one more draft on the page, empty or with `fields` of a Draft."""
    slots = st.session_state["slots"]
    taken = {st.session_state[f"name-{slot}"] for slot in slots}
    slot = st.session_state.get("next_slot", 0)
    st.session_state["next_slot"] = slot + 1
    slots.append(slot)
    free = next((name for name in _FIRST_NAMES if name not in taken), f"draft {slot}")
    st.session_state[f"name-{slot}"] = fields.pop("id", free)
    st.session_state[f"text-{slot}"] = fields.pop("text", "")
    for field, value in fields.items():
        st.session_state[f"part-{slot}-{field}"] = "\n".join(value) if field in records.LIST_FIELDS else value


def remove_draft(slot: int) -> None:
    """Take a draft off the page; `undo_removal` brings it back."""
    fields = {"id": st.session_state[f"name-{slot}"], "text": find_text(slot)}
    st.session_state["removed"] = fields | find_parts(slot)
    st.session_state["slots"].remove(slot)


def find_removed() -> str | None:
    """Return the name of the draft that was taken off last, where there is room for it again."""
    removed = st.session_state.get("removed")
    return removed["id"] if removed and len(list_slots()) < MOST_DRAFTS else None


def undo_removal() -> None:
    """Bring the draft that was taken off last back."""
    add_draft(**st.session_state.pop("removed"))


def find_text(slot: int) -> str:
    """Return the words of a draft on the page."""
    return str(st.session_state[f"text-{slot}"])


def write_text(slot: int, text: str) -> None:
    """Replace the words of a draft on the page, whatever stands in its editor."""
    st.session_state[f"text-{slot}"] = text
    st.session_state[f"version-{slot}"] = find_version(slot) + 1


def find_version(slot: int) -> int:
    """Return how often the words of a draft were replaced by other means than typing."""
    return int(st.session_state.get(f"version-{slot}", 0))


def take_typed(slot: int, key: str) -> None:
    """Take over what was typed into the editor of that key; the page as a whole follows once words begin or end."""
    typed = st.session_state[key].get("typed")
    if typed is not None:
        had, has = bool(find_text(slot).strip()), bool(str(typed["text"]).strip())
        st.session_state[f"text-{slot}"] = str(typed["text"])
        if had != has:
            mark_settled()


def mark_settled() -> None:
    """Note that somebody is done with a draft, so that what depends on all drafts can be worked out anew."""
    st.session_state["settled"] = True


def take_settled() -> bool:
    """Tell whether somebody was done with a draft since this was last asked."""
    return bool(st.session_state.pop("settled", False))


def find_parts(slot: int) -> dict[str, Any]:
    """Return what a draft has besides its name and text, each list from the lines of its field."""
    start = f"part-{slot}-"
    parts = {
        str(key).removeprefix(start): value for key, value in st.session_state.items() if str(key).startswith(start)
    }
    return {
        name: tuple(filter(None, map(str.strip, value.split("\n")))) if name in records.LIST_FIELDS else value
        for name, value in parts.items()
        if value not in {"", None}
    }


def open_campaign(campaign: Campaign) -> None:
    """Put the drafts of a campaign on the page, with its surface, audience and objective."""
    forget_live()
    st.session_state["slots"] = []
    for draft in campaign.drafts:
        add_draft(**draft.model_dump(exclude_defaults=True, exclude={"surface"}))
    st.session_state["ask-surface"] = campaign.drafts[0].surface
    if campaign.audience in dict(list_audiences()):
        st.session_state["ask-audience"] = campaign.audience
    if campaign.objective:
        st.session_state["ask-objective"] = campaign.objective


def suggest(key: str, value: Any) -> None:
    """Give a widget its first value; what somebody chose since then stays."""
    st.session_state.setdefault(key, value)


def leave_note(name: str, note: Any) -> None:
    """Leave something for the next time the page is drawn."""
    st.session_state[f"note-{name}"] = note


def take_note(name: str) -> Any:
    """Return, once, what was left under that name; None where nothing was."""
    return st.session_state.pop(f"note-{name}", None)


def recall(key: str) -> Any:
    """Return what a widget of any page holds; None where it was never drawn or is empty."""
    return st.session_state.get(key)


def keep_choice(key: str, allowed: Any, suggestion: Any = None) -> None:
    """Put the suggestion, else the first, in the place of a choice that is no longer allowed.

    A choice that is only forgotten stays in sight in the browser, while the page goes on with the first.
    """
    if st.session_state.get(key) not in allowed:
        st.session_state[key] = suggestion if suggestion in allowed else next(iter(allowed), None)


def forget(key: str) -> None:
    """Forget what somebody chose, so that the widget falls back to its suggestion."""
    st.session_state.pop(key, None)


def keep_choices(key: str, allowed: Any) -> None:
    """Forget those of several choices that are no longer allowed."""
    st.session_state[key] = [choice for choice in st.session_state.get(key, []) if choice in allowed]


def limit_number(key: str, most: int) -> None:
    """Bring a number down to what is now the most; where everybody was chosen, everybody stays chosen."""
    before = st.session_state.get(f"{key}-most")
    chosen = st.session_state.get(key, most)
    st.session_state[key] = most if chosen == before else min(chosen, most)
    st.session_state[f"{key}-most"] = most


def find_live() -> live_runs.LiveRun | None:
    """Return the run of this session, going on or finished."""
    return _runs_of_process().find(st.session_state.get("live"))


def start_live(campaign: Campaign, audience: Audience, options: Mapping[str, Any]) -> None:
    """Start a run and make it the one of this session; raise InputError where it cannot be started."""
    _hold(_runs_of_process().start(campaign, audience, **options))


def continue_live(limits: Mapping[str, Any]) -> None:
    """Ask what the run of this session lacks, with the key that is typed on the page, within the limits of now."""
    key = str(st.session_state.get("ask-key") or "")
    try:
        _hold(_runs_of_process().go_on(st.session_state.get("live", ""), key or None, limits))
    except InputError as error:
        st.session_state["lost"] = str(error)


def forget_live() -> None:
    """Let go of the run of this session; where it still goes on, it does so to its end and is saved."""
    st.session_state.pop("live", None)
    st.query_params.pop("live", None)


def take_lost() -> str | None:
    """Return, once, why the run that was asked for is not at hand."""
    lost: str | None = st.session_state.pop("lost", None)
    return lost


def find_asked_run() -> str | None:
    """Return the id of the saved run that the address of the page asks for."""
    asked = st.query_params.get("run")
    return str(asked) if asked else None


def ask_for_run(run_id: str) -> None:
    """Put the id of a saved run into the address of the page, so that the address opens it again."""
    st.query_params["run"] = run_id


def open_run(run_id: str) -> Run:
    """Return a saved run by its id, read once; raise InputError where it is none."""
    folder = runs.find_run(runs.RUNS, run_id)
    return _read_run(str(folder.resolve()), (folder / "run.json").stat().st_mtime_ns)


def read_shelf() -> tuple[list[archive.Shelved], list[str]]:
    """Return the saved runs, newest first, and a line for each that cannot be read; each is read once."""
    shelved, problems = [], []
    for folder in find_runs(runs.RUNS):
        try:
            shelved.append(_shelve(str(folder), (folder / "run.json").stat().st_mtime_ns))
        except InputError as error:
            problems.append(str(error))
    return shelved, problems


def report_of(run: Run) -> Report:
    """Return everything a page shows of a run, each part worked out once."""
    return _make_report(run.methods.model_dump_json(), run)


def hear(run: Run) -> seating.Heard:
    """Return what was said in a run by persona and draft, gathered once."""
    return _hear(run.methods.model_dump_json(), run)


def read_audience(path: str, changed: float, wanted: Mapping[str, Sequence[str]] | None = None) -> Audience:
    """Return those of an audience who have the wanted segment values; raise InputError where that cannot be read."""
    chosen = tuple((key, tuple(values)) for key, values in (wanted or {}).items())
    return _choose(path, changed, chosen) if chosen else _read_audience(path, changed)


def find_findings(draft: Draft, audience: Audience | None) -> list[Finding]:
    """Return what limits and rules say about a draft, worked out once for the same words."""
    return _lint((draft.model_dump_json(), audience.digest if audience else ""), draft, audience)


def find_estimate(campaign: Campaign, audience: Audience, options: Mapping[str, Any]) -> estimating.Estimate:
    """Return what a run would take, worked out once for the same drafts, people and options."""
    about = {name: value for name, value in options.items() if name not in {"api_key", "max_cost"}}
    key = (campaign.model_dump_json(), audience.digest, str(sorted(about.items())))
    return _estimate(key, campaign, audience, about)


def _follow_link() -> None:
    """Take over the run that the address names, or put the session's own into the address."""
    named = st.query_params.get("live")
    if named and named != st.session_state.get("live"):
        live = _runs_of_process().find(named)
        if live is None:
            st.query_params.pop("live", None)
            st.session_state["lost"] = "The run of this link is not at hand any more; finished runs are saved."
        else:
            open_campaign(live.campaign)
            _hold(named)
    if find_live() is not None:
        _hold(st.session_state["live"])


def _hold(link: str) -> None:
    """Make a run the one of this session, here and in the address."""
    st.session_state["live"] = link
    st.query_params["live"] = link


@st.cache_resource(show_spinner=False)
def _warm_up() -> threading.Thread:
    """Read once a process what somebody who types or opens a result would else wait for."""
    warming = threading.Thread(target=_get_ready, name="audience-warm-up", daemon=True)
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


@st.cache_resource(show_spinner=False)
def _runs_of_process() -> live_runs.LiveRuns:
    return live_runs.LiveRuns()


@st.cache_resource(show_spinner=False, max_entries=20)
def _read_audience(path: str, changed: float) -> Audience:  # noqa: ARG001 - a changed file is read anew
    return load_audience(path)


@st.cache_resource(show_spinner=False, max_entries=20)
def _choose(path: str, changed: float, wanted: tuple[tuple[str, tuple[str, ...]], ...]) -> Audience:
    return sampling.choose_segments(_read_audience(path, changed), dict(wanted))


@st.cache_resource(show_spinner=False, max_entries=10)
def _read_run(folder: str, changed: int) -> Run:  # noqa: ARG001 - a run that was replaced is read anew
    return load_run(folder)


@st.cache_resource(show_spinner=False, max_entries=2_000)
def _shelve(folder: str, changed: int) -> archive.Shelved:  # noqa: ARG001 - a run that was replaced is read anew
    return archive.shelve(Path(folder))


@st.cache_resource(show_spinner=False, max_entries=10)
def _make_report(methods: str, _run: Run) -> Report:  # noqa: ARG001 - the methods statement tells runs apart
    return make_report(_run)


def read_validation() -> validating.Validation:
    """Return the record of every source on the results in the store, worked out once for each state of it."""
    store = api.default_store()
    files = [path for path in (store, store.with_name(f"{store.name}-wal")) if path.exists()]
    return _validate(str(store), tuple((path.stat().st_mtime_ns, path.stat().st_size) for path in files))


@st.cache_data(show_spinner="Counting how often each source was right", max_entries=3)
def _validate(store: str, changed: tuple[tuple[int, int], ...]) -> validating.Validation:  # noqa: ARG001 - a changed store is read anew
    return validating.validate_store(Path(store))


@st.cache_resource(show_spinner=False, max_entries=10)
def _hear(methods: str, _run: Run) -> seating.Heard:  # noqa: ARG001 - as above
    return seating.hear_run(_run)


@st.cache_resource(show_spinner=False, max_entries=200)
def _lint(key: tuple[str, ...], _draft: Draft, _audience: Audience | None) -> list[Finding]:  # noqa: ARG001
    return lint([_draft], _audience)


@st.cache_resource(show_spinner=False, max_entries=100)
def _estimate(
    key: tuple[str, ...],  # noqa: ARG001 - the key stands for the rest, which Streamlit is not to read through
    _campaign: Campaign,
    _audience: Audience,
    _options: dict[str, Any],
) -> estimating.Estimate:
    return api.estimate(_campaign, _audience, **_options)
