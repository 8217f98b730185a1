"""The immutable record of one test, and the folder it is kept in."""

from __future__ import annotations

import hashlib
import io
import json
import pkgutil
import re
import warnings
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.metadata import version as find_version
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import Field, ValidationError, field_validator
from pydantic_core import ErrorDetails

from toolkit.errors import A_PATH, InputError, accept_only, name_option
from toolkit.files import languages
from toolkit.models import LABEL, Audience, Campaign, Record, Settings, Verdict, cards, chance_link, records
from toolkit.results import run_folders
from toolkit.results.evidence import Evidence, find_evidence, to_frame
from toolkit.results.predictions import Predict, Predictions
from toolkit.results.scoring import PRIMARY, deciding, models, reaction_rows, rules, scorecards
from toolkit.results.share_forecasts import ShareForecast
from toolkit.results.tables import Tables
from toolkit.results.track_record import standing as places
from toolkit.stats import bradley_terry

RUNS = Path("runs")
"""The folder of run folders, where nothing else is said."""
_LOADS = 3
"""How often a folder is read that another process replaces meanwhile."""

_NOT_KNOWN = "not known"
_NOTHING = {"planned": 0, "ok": 0, "refused": 0, "failed": 0, "from_store": 0, "calls": 0}
_UNKNOWN: dict[str, Any] = {
    **dict.fromkeys(("engine", "model", "form", "rating", "started", "version"), _NOT_KNOWN),
    **dict.fromkeys(("personas", "wordings", "prompt_tokens", "completion_tokens"), 0),
    **dict.fromkeys(("control_counts", "cost_usd", "detectable")),
    **{f"{counts}.{name}": 0 for counts in ("counts", "control_counts", "head_to_head_counts") for name in _NOTHING},
    "silent": {},
    "prompts": {},
    "questions": {},
    "settings": {},
    "audiences": [],
    "segment_keys": [],
    "counts": _NOTHING,
}
"""What stands for a field that a run.json lacks. A run cannot do without its id and its campaign."""
_AUDIENCE = "audience"
"""The segment that says from which of several audiences a persona is."""
_FOLDER_NAME = re.compile(r"\w[\w .@+-]{0,119}")


class Counts(Record):
    """How many persona reactions a run planned and got; the control reader is apart."""

    planned: int
    ok: int
    refused: int
    failed: int
    from_store: int
    """Reactions for which nothing had to be asked."""
    calls: int
    """Requests sent, retries, embeddings and the control reader's included."""


class ModelShare(Record):
    """What one of several models did in a run."""

    name: str
    """As it was given, such as "groq:llama-3.3"; what its reactions carry."""
    engine: str
    model: str
    form: str
    personas: int
    """For how many it answered."""
    counts: Counts
    cost_usd: float | None
    """Dollars; null where its price is unknown."""
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Methods(Record):
    """Every setting, hash, count and limit of a run: what run.json says."""

    run_id: str
    label: str = LABEL
    synthetic_respondents: bool = True
    ai_generated: bool = True
    validation: str = "not validated"
    """On how many real results the link from evidence to people rests."""
    link: chance_link.Link = chance_link.SHIPPED
    """From what panel, control reader and outcome model say to the chance that people agree."""
    predictions: Predictions | None = None
    """What the outcome model said of the drafts when they were tested; null where it was not asked then."""
    forecast: ShareForecast | None = Field(default=None, exclude_if=lambda value: value is None)
    """What the model said when it was asked for shares of people; null where it was not."""
    forecast_counts: Counts | None = Field(default=None, exclude_if=lambda value: value is None)
    """Its calls, planned and got."""
    standing: places.PlaceStanding | None = None
    """What your results said of each source, at the surface and objective of this run, when it was made."""
    not_suited_for: str = "prices, high stakes, emotional response"
    campaign: Campaign
    audiences: tuple[dict[str, Any], ...]
    """Name, source, SHA-256 and size of each audience asked."""
    segment_keys: tuple[str, ...]
    settings: Settings
    engine: str
    model: str
    models: tuple[ModelShare, ...] = ()
    """Several models over which the people were split; empty for a single one."""
    form: str
    batch: bool = False
    """Whether questions went through the provider's batch interface."""
    personas: int
    distinct_personas: int | None = None
    """In how many ways they are described; those described alike answer alike, and count once. Null if not counted."""
    wordings: int
    counts: Counts
    control_counts: Counts | None
    head_to_head_counts: Counts | None = None
    """Choices between two drafts, planned and got; null where none were asked for."""
    cost_usd: float | None
    """Dollars spent in this run; null where the model's price is unknown."""
    cost_unknown_usd: float = 0.0
    """What calls that ended without an answer cost at most, besides: nobody knows whether the provider charged them."""
    prompt_tokens: int
    """Tokens asked for in this run, stored replies apart."""
    cached_tokens: int = 0
    """Of the prompt tokens, those that the provider took from its prefix cache."""
    completion_tokens: int
    rating: str
    """How words became ratings, with the embedding model."""
    silent: dict[str, int]
    """Per measure, sentences that did not speak of it: their ratings are null."""
    bad_replies: dict[str, int] = Field(default_factory=dict)
    """Replies of this run that could not be used, by reason; each was asked for once more."""
    unanswered: dict[str, int] = Field(default_factory=dict)
    """Everything asked for that has no answer, by reason."""
    detectable: float | None
    """Difference in the objective rate that this design tells apart four times in five, from typical components."""
    order: str = "one draft per call; personas read every draft under one wording"
    prompts: dict[str, str]
    """SHA-256 of every prompt file."""
    questions: dict[str, str]
    """The questions of the first persona, word for word."""
    started: str
    """When the earliest step of this run began, in ISO 8601, UTC."""
    asking_seconds: float | None = None
    """How long the asking took in this run."""
    rating_seconds: float | None = None
    """How long embedding and rating took after it; null where ratings need no embedding."""
    stopped: str | None = None
    """Why the run ended before everything was asked."""
    version: str
    digests: dict[str, str] = Field(default_factory=dict)
    """SHA-256 of the other files of the run folder, in run.json alone; an earlier version wrote none."""
    warnings: tuple[str, ...] = ()
    languages: dict[str, int] = Field(default_factory=dict, exclude_if=lambda value: not value)
    """Answers by the code of their language, "" for what nobody can tell; empty where all were asked for in English."""

    @property
    def error(self) -> float:
        """The error that the verdict may spend: half of it where people of a screening were asked again."""
        screened = self.campaign.screened
        is_second_look = screened is not None and screened.fresh is False
        return rules.SIGNIFICANCE / 2.0 if is_second_look else rules.SIGNIFICANCE

    @field_validator("run_id")
    @classmethod
    def _check_run_id(cls, value: str) -> str:
        if not _FOLDER_NAME.fullmatch(value):
            raise ValueError(
                "a run id is 1 to 120 letters, digits, spaces or . _ - @ +, the first a letter, digit or _"
            )
        return value


@dataclass(frozen=True, repr=False, eq=False)
class Run:
    """A finished test: its reactions, and everything that can be worked out from them.

    Two runs are equal if they have the same `run_id`. Each table is worked out once, so that the verdict, the evidence,
    the report and the saved folder rest on the same figures.

    Examples:
        >>> run.is_complete, run.drafts
        (True, ('plain', 'benefit'))
    """

    methods: Methods
    reactions: pl.DataFrame
    """One row per reaction of a persona. Rows of the control reader that it is given with go to the frame of theirs."""
    preferences: pl.DataFrame | None = None
    """One row per choice between two drafts in one order; None where no head-to-head was asked for."""
    control_reactions: pl.DataFrame = field(default_factory=pl.DataFrame)
    """One row per reaction of the control reader, with the same columns; no rows where none was asked for."""
    _shared: Tables | None = None
    """The tables of another copy of this run."""

    def __post_init__(self) -> None:
        """Set the control reader apart, and take over the tables of a copy of the same reactions and drafts."""
        shared = self._shared
        if shared is None or shared.reactions is not self.reactions:
            people, control = reaction_rows.split_control(self.reactions)
            if control.height or not self.control_reactions.width:
                object.__setattr__(self, "control_reactions", control)
            object.__setattr__(self, "reactions", people)
        if (
            shared is None
            or shared.reactions is not self.reactions
            or shared.control is not self.control_reactions
            or shared.drafts != self.drafts
            or shared.error != self.methods.error
        ):
            tables = Tables(self.reactions, self.drafts, self.control_reactions, error=self.methods.error)
            object.__setattr__(self, "_shared", tables)

    def __eq__(self, other: object) -> bool:
        """Whether the other is the same run, by its id."""
        return self.run_id == other.run_id if isinstance(other, Run) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.run_id)

    def __repr__(self) -> str:
        """Name the run and count its reactions; frames and people of a large one would fill many a screen."""
        return f"Run({self.run_id!r}, drafts={list(self.drafts)}, reactions={self.reactions.height})"

    @property
    def run_id(self) -> str:
        """The run's name: the same inputs and replies give the same."""
        return self.methods.run_id

    @property
    def counts(self) -> Counts:
        """Planned, usable, refused and failed reactions, and calls."""
        return self.methods.counts

    @property
    def drafts(self) -> tuple[str, ...]:
        """Draft ids in file order."""
        return tuple(draft.id for draft in self.methods.campaign.drafts)

    @property
    def tables(self) -> Tables:
        """Every table of the run, each worked out once."""
        if self._shared is None:  # pragma: no cover - set when the run was made
            raise AssertionError("a run has its tables")
        return self._shared

    @property
    def is_complete(self) -> bool:
        """Whether all that was planned was answered or refused, control reader, head-to-head and forecast included."""
        methods = self.methods
        others = (methods.control_counts, methods.head_to_head_counts, methods.forecast_counts)
        return self.counts.failed == 0 and all(counts is None or counts.failed == 0 for counts in others)

    @accept_only(by=reaction_rows.SEGMENT)
    def scorecard(self, by: reaction_rows.By = None) -> pl.DataFrame:
        """Return estimates with intervals and counts; see `toolkit.scorecard`."""
        return self.tables.scorecard(by)

    def control_scorecard(self) -> pl.DataFrame:
        """Return the control reader's own estimates."""
        return self.tables.control_scorecard()

    @accept_only(by=reaction_rows.SEGMENT)
    def compare(self, by: reaction_rows.By = None, measure: str = PRIMARY) -> pl.DataFrame:
        """Return every pair of drafts compared; see `toolkit.compare`."""
        return self.tables.compare(by, measure)

    def verdict(self) -> Verdict:
        """Return what the run lets a person decide, on the objective rate of those who answered every draft."""
        return deciding.decide(self.tables.explain(), self.scorecard(), self.basis)

    def contenders(self) -> tuple[str, ...]:
        """Return the drafts that the panel cannot tell from the best: that is left out in at most 5 % of runs."""
        return self.tables.contenders

    @property
    def basis(self) -> deciding.Basis:
        """What the verdict rests on, besides the figures."""
        audiences = self.tables.explain(_AUDIENCE) if _AUDIENCE in self.methods.segment_keys else None
        return make_basis(
            self.methods,
            contenders=self.tables.contenders,
            gaps=self.tables.gaps,
            models=self.hear_models(),
            audiences="" if audiences is None else say_audiences(self.compare(), audiences),
        )

    def by_model(self) -> pl.DataFrame:
        """Return draft_id, model, estimate, low, high, personas, reactions: the objective rate of each with each.

        Of a run through one model it has no rows.
        """
        said = self.hear_models()
        return pl.DataFrame(schema=models.MODEL_SCHEMA) if said is None else said.table

    def hear_models(self) -> models.ModelsSay | None:
        """Return what each of several models says of the drafts; None for a run through one."""
        names = [one.name for one in self.methods.models]
        return self.tables.hear_models(names) if len(names) > 1 else None

    def evidence(self) -> pl.DataFrame:
        """Return what panel, control reader, outcome model and forecast each favour, one row a source."""
        return to_frame(self.weigh_evidence())

    def weigh_evidence(self, predict: Predict | None = None) -> tuple[Evidence, ...]:
        """Return the evidence as records; `predict` stands in for the outcome model. See `find_evidence`."""
        return self._evidence if predict is None else self._find_evidence(predict)

    @cached_property
    def _evidence(self) -> tuple[Evidence, ...]:
        return self._find_evidence(None)

    def _find_evidence(self, predict: Predict | None) -> tuple[Evidence, ...]:
        methods = self.methods
        return find_evidence(
            methods.campaign.drafts,
            self.compare(),
            self.scorecard(),
            methods.link,
            objective=methods.settings.objective,
            control=(self.tables.control_compare(), self.control_scorecard()) if methods.control_counts else None,
            forecast=methods.forecast,
            predictions=methods.predictions,
            predict=predict,
            standing=methods.standing,
        )

    def with_link(self, link: chance_link.Link) -> Run:
        """Return the same run with its evidence weighed by `link`, and on how many results that rests."""
        return replace(self, methods=self.methods.model_copy(update={"link": link, "validation": link.say()}))

    def with_predictions(self, predictions: Predictions | None) -> Run:
        """Return the same run with what the outcome model says of its drafts; None if it was not asked."""
        return replace(self, methods=self.methods.model_copy(update={"predictions": predictions}))

    def with_standing(self, found: places.PlaceStanding) -> Run:
        """Return the same run with what your results say of each source at its surface and objective."""
        return replace(self, methods=self.methods.model_copy(update={"standing": found}))

    def validate(self, link: chance_link.Link) -> Run:
        """Return `with_link(link)`: the name of version 0.1."""
        _say_renamed("Run.validate", "Run.with_link")
        return self.with_link(link)

    def predict(self, predictions: Predictions | None) -> Run:
        """Return `with_predictions(predictions)`: the name of version 0.1."""
        _say_renamed("Run.predict", "Run.with_predictions")
        return self.with_predictions(predictions)

    def warn(self, *doubts: str) -> Run:
        """Return the run with further warnings: a name of version 0.1 that leaves."""
        _say_renamed("Run.warn", "toolkit.results.runs.add_warnings")
        return add_warnings(self, *doubts)

    def time_rating(self, seconds: float) -> Run:
        """Return the run with how long its ratings took: a name of version 0.1 that leaves."""
        _say_renamed("Run.time_rating", "toolkit.results.runs.add_rating_time")
        return add_rating_time(self, seconds)

    def strengths(self) -> pl.DataFrame:
        """Return draft_id, strength (0 to 1), low, high, personas from the head-to-head; no rows where none was asked.

        See `toolkit.stats.bradley_terry.rank_drafts`.
        """
        if self.preferences is None:
            return pl.DataFrame(schema=bradley_terry.STRENGTHS_SCHEMA)
        return bradley_terry.rank_drafts(self.preferences, self.drafts)

    def order_effects(self) -> bradley_terry.OrderEffects | None:
        """Return position bias and consistency of the head-to-head; None where none was asked for."""
        return None if self.preferences is None else bradley_terry.find_order_effects(self.preferences)

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the verdict and why, whom was asked, the rates of each draft, warnings."""
        methods, counts, verdict = self.methods, self.counts, self.verdict()
        cost = _NOT_KNOWN if methods.cost_usd is None else f"${methods.cost_usd:.2f}"
        return cards.render_card(
            verdict.headline,
            text=verdict.reason,
            facts={
                "campaign": methods.campaign.campaign,
                "asked": say_personas(methods),
                "usable": f"{counts.ok:,} of {counts.planned:,} reactions",
                "model": methods.model,
                "cost": cost,
                "checked against real results": methods.validation,
            },
            tables=[self._make_card_table()],
            notes=methods.warnings,
        )

    def _make_card_table(self) -> cards.CardTable:
        """Return the three rates of each draft with their intervals and how many people they rest on."""
        rows = {(row["draft_id"], row["measure"]): row for row in self.scorecard().iter_rows(named=True)}
        scored = [draft for draft in self.drafts if (draft, PRIMARY) in rows]
        goal = f"reached {self.methods.settings.objective}"
        return cards.CardTable(
            ("draft", goal, "stopped", "hid or reported", "people"),
            [
                (
                    draft,
                    *(_say_interval(rows[draft, measure]) for measure in (PRIMARY, "stop_rate", "negative_rate")),
                    rows[draft, PRIMARY]["personas"],
                )
                for draft in scored
            ],
            caption="estimate (95 % interval)",
        )

    def show(self, what: str = "scorecard", by: reaction_rows.By = None, measure: str | None = None) -> Any:
        """Return a table as a notebook shows it well: the main columns first, shares in per cent, the label below.

        `what` is "scorecard", "comparisons" or "reactions"; `by` as for `scorecard`, `measure` one measure alone. The
        extra `notebook` adds its looks; without it the table is plain. Raises InputError for anything else.

        Examples:
            >>> run.show("comparisons", by="role").title
            'Draft against draft by role'
        """
        return pkgutil.resolve_name(records.MAKERS["Run.show"])(self, what, by, measure)

    def plot(self, what: str = "drafts", by: reaction_rows.By = None, measure: str = PRIMARY) -> Any:
        """Return an Altair chart with intervals and the label on it.

        `what` is "drafts" (the rates of each draft), "ratings", "differences" (draft against draft) or "segments": the
        `measure` of each draft by the values of `by`, without it by every segment key. Needs the extra `charts`. Raises
        InputError for anything else, and if a package is missing.

        Examples:
            >>> run.plot("segments", by="role").to_dict()["title"]["text"]
            'Where they disagree'
        """
        return pkgutil.resolve_name(records.MAKERS["Run.plot"])(self, what, by, measure)

    @accept_only(folder=A_PATH)
    def save(self, folder: str | Path) -> Path:
        """Write the run folder, whole or not at all; an earlier run there is replaced in one step.

        Whatever ends the process meanwhile, the folder holds the earlier run or this one, never files of both. Other
        files in it stay. Raises InputError where the folder holds anything but a run.
        """
        folder = Path(folder)
        run_folders.check_folder(folder)
        try:
            run_folders.write_folder(folder, self._write_files(), run_folders.OWN)
        except OSError as error:
            raise InputError(
                f"{name_option('folder', folder)}: cannot be written: {error.strerror}; every answer is kept in the "
                "store, so the same call with another folder asks nothing again"
            ) from None
        return folder

    def pack(self) -> bytes:
        """Return the run folder as a ZIP archive, for a download."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self._write_files().items():
                archive.writestr(f"{self.run_id}/{name}", content)
        return buffer.getvalue()

    def _write_files(self) -> dict[str, bytes]:
        """Return the files of a run folder, run.json last, with the digests of the others."""
        self._work_out()
        frames = {
            "reactions": self._join_reactions(),
            "scorecard": self._all_scorecards(),
            "comparisons": self._all_comparisons(),
            **({} if self.preferences is None else {"preferences": self.preferences}),
        }
        files = {f"{name}.parquet": _write_parquet(frame) for name, frame in frames.items()}
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
        methods = self.methods.model_copy(update={"digests": digests})
        return {**files, "run.json": (methods.model_dump_json(indent=2) + "\n").encode()}

    def _join_reactions(self) -> pl.DataFrame:
        """Return what the folder keeps: personas first, then the control reader; in one chunk, as it was made."""
        if not self.control_reactions.height:
            return self.reactions
        return pl.concat([self.reactions, self.control_reactions], rechunk=True)

    def _all_scorecards(self) -> pl.DataFrame:
        control = [self.control_scorecard()] if self.methods.control_counts else []
        return pl.concat([self.scorecard(by) for by in self._keys()] + control)

    def _all_comparisons(self) -> pl.DataFrame:
        measures = self._measures()
        return pl.concat([self.compare(by, measure) for measure in measures for by in self._keys()])

    def _work_out(self) -> None:
        """Make every table key by key: the reactions are read once for each, not once for each table."""
        for by in self._keys():
            self.scorecard(by)
            self.tables.explain_all(by, self._measures())

    def _measures(self) -> Sequence[str]:
        compared = (name for name in self.scorecard()["measure"] if not name.endswith(scorecards.MEDIAN))
        return tuple(dict.fromkeys([PRIMARY, *compared]))

    def _keys(self) -> Sequence[str | None]:
        return (None, *self.methods.segment_keys)


def _say_interval(row: dict[str, Any]) -> str:
    if row["estimate"] is None:
        return _NOT_KNOWN
    if row["low"] is None:
        return f"{row['estimate']:.0%} (no interval)"
    return f"{row['estimate']:.0%} ({row['low']:.0%} to {row['high']:.0%})"


def say_personas(methods: Methods) -> str:
    """Return how many personas were asked, such as "80 personas, described in 20 ways"."""
    distinct = methods.distinct_personas
    alike = f", described in {distinct:,} ways" if distinct is not None and distinct < methods.personas else ""
    return f"{methods.personas} personas{alike}"


def say_languages(methods: Methods) -> str:
    """Return in which languages the panel answered, such as "answered in Polish (80) and English (2)"."""
    told = [f"{languages.name_language(code)} ({count:,})" for code, count in methods.languages.items() if code]
    unsure = methods.languages.get("", 0)
    listed = " and ".join(filter(None, (", ".join(told[:-1]), *told[-1:]))) or "no language that can be told"
    return f"answered in {listed}" + (f"; {unsure:,} answers too short to tell" if unsure else "")


def make_basis(methods: Methods, **known: Any) -> deciding.Basis:
    """Return what a verdict rests on by what run.json says, with what is `known` besides."""
    counts = methods.counts
    return deciding.Basis(
        drafts=tuple(draft.id for draft in methods.campaign.drafts),
        personas=methods.personas,
        distinct=methods.distinct_personas,
        planned=counts.planned,
        ok=counts.ok,
        refused=counts.refused,
        failed=counts.failed,
        error=methods.error,
        **known,
    )


def make_tables(reactions: pl.DataFrame, drafts: Sequence[str], *, error: float) -> Tables:
    """Return the tables of reactions that are of no single run, for verdicts that may spend `error`."""
    return Tables(reactions, drafts, error=error)


def say_audiences(comparisons: pl.DataFrame, by_audience: pl.DataFrame) -> str:
    """Return what each audience says of the two best drafts, if their signs differ; else nothing."""
    ranked = deciding.rank_drafts(comparisons)
    if len(ranked) < len(("best", "second")):
        return ""
    best, second = ranked[:2]
    rows = [row for row in deciding.find_rivals(by_audience, best) if row["draft_a"] == second]
    leads = {row["value"]: row["difference"] for row in rows if row["difference"]}
    if len({lead > 0.0 for lead in leads.values()}) < len(("ahead", "behind")):
        return ""
    said = ", ".join(f"{name} {deciding.say_points(lead)}" for name, lead in leads.items())
    return f"The audiences disagree; points by which {best} leads {second}: {said}"


def add_warnings(run: Run, *doubts: str) -> Run:
    """Return the same run with further warnings."""
    return replace(run, methods=run.methods.model_copy(update={"warnings": (*run.methods.warnings, *doubts)}))


def add_rating_time(run: Run, seconds: float) -> Run:
    """Return the same run with how long its ratings took."""
    return replace(run, methods=run.methods.model_copy(update={"rating_seconds": round(seconds, 3)}))


def _say_renamed(old: str, new: str) -> None:
    warnings.warn(f"{old} is now {new}; the old name leaves with the next version", DeprecationWarning, stacklevel=3)


def _write_parquet(frame: pl.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.write_parquet(buffer, metadata={"label": LABEL, "synthetic_respondents": "true", "ai_generated": "true"})
    return buffer.getvalue()


@accept_only(folder=A_PATH)
def find_runs(folder: str | Path = RUNS) -> list[Path]:
    """Return the run folders inside `folder`, newest first; none if there is no such folder.

    Examples:
        >>> toolkit.find_runs("no-such-folder")
        []
    """
    folder = Path(folder)
    found = [path.parent for path in folder.glob("*/run.json")] if folder.is_dir() else []
    found = [path for path in found if not path.name.startswith(".")]  # those that are being written
    return sorted(found, key=lambda path: (path / "run.json").stat().st_mtime, reverse=True)


def find_run(folder: Path, name: str) -> Path:
    """Return the run folder of that name inside `folder`, and none from elsewhere; InputError where there is none."""
    named = folder / name
    if not _FOLDER_NAME.fullmatch(name) or not (named / "run.json").is_file():
        raise InputError(f"there is no run {name[:80]!r} here; the page of runs lists those that are")
    return named


def keep_run(run: Run, folder: Path) -> Path:
    """Save a run inside `folder` under its own id; one of the same id that holds more reactions stays as it is."""
    place = folder / run.run_id
    if (place / "run.json").is_file():
        try:
            held = load_run(place)
        except InputError:
            return run.save(place)
        if held.counts.ok + held.counts.refused > run.counts.ok + run.counts.refused:
            return place
    return run.save(place)


def say_fault(error: Exception) -> str:
    """Return what is wrong in plain words, of a record its first fault with its place."""
    if not isinstance(error, ValidationError):
        return str(error)
    fault = error.errors()[0]
    place = ".".join(map(str, fault["loc"]))
    return f"run.json: {place}: {fault['msg'].removeprefix('Value error, ')}"


@accept_only(folder=A_PATH)
def load_run(folder: str | Path) -> Run:
    """Read a run folder; raise InputError where it is none or cannot be read.

    Examples:
        >>> toolkit.load_run("runs/today").run_id == run.run_id
        True
    """
    folder = Path(folder)
    missing = [name for name in run_folders.FILES if not (folder / name).is_file()]
    if missing:
        raise InputError(f"{folder}: no run folder, {missing[0]} is missing; give a folder that `audience run` wrote")
    for attempt in range(_LOADS):
        try:
            return _read_run(folder)
        except (ValueError, OSError, pl.exceptions.PolarsError) as error:
            if attempt + 1 < _LOADS:
                continue
            said = " ".join(say_fault(error).split())[:200]
            raise InputError(f"{folder}: the run cannot be read: {said}; run the test again to write it anew") from None
    raise AssertionError("the last attempt returns or raises")


def _read_run(folder: Path) -> Run:
    methods = read_methods(folder)
    frames = ["reactions.parquet", *([run_folders.PREFERENCES] if methods.settings.head_to_head else [])]
    run_folders.check_digests(folder, methods.digests, {*run_folders.FILES, *frames} - {run_folders.RECORD})
    methods = methods.model_copy(update={"digests": {}})  # they belong to the folder, not to the run
    reactions, *preferences = [pl.read_parquet(folder / name) for name in frames]
    return Run(methods=methods, reactions=reactions, preferences=preferences[0] if preferences else None)


def read_methods(folder: Path) -> Methods:
    """Read the run.json of a folder, also one of another version, with a warning for each field that differs.

    A field that this version does not know is left out; one that it lacks is filled with what says nothing. Raises
    ValueError for anything else, and for a lack of what a run cannot do without.
    """
    content = (folder / "run.json").read_bytes()
    try:
        return records.validate_json(Methods, content)
    except ValidationError as error:
        found = json.loads(content)
        notes = tuple(_mend(found, fault) for fault in error.errors())
        later = _find_later_version(found)
        if None in notes or not isinstance(found, dict):
            if later:
                raise InputError(
                    f"{folder}: audience-toolkit {later} wrote this run, which {_find_own()} cannot read; "
                    "update audience-toolkit"
                ) from None
            raise
        if later:
            notes = (
                f"audience-toolkit {later} wrote this run: what it noted and {_find_own()} does not know was left out",
            )
    methods = records.validate_json(Methods, json.dumps(found))
    return methods.model_copy(update={"warnings": (*methods.warnings, *(note for note in notes if note))})


def _find_later_version(found: Any) -> str | None:
    """Return the version that wrote a run.json, if it is later than this one."""
    wrote = str(found.get("version", "")) if isinstance(found, dict) else ""
    numbers, own = (tuple(map(int, re.findall(r"\d+", one)[:3])) for one in (wrote, _find_own()))
    return wrote if numbers > own else None


def _find_own() -> str:
    return find_version("audience-toolkit")


def _mend(found: Any, fault: ErrorDetails) -> str | None:
    """Take an unknown field out, or fill a lacking one; return what was done, None if neither is the fault."""
    *path, name = fault["loc"]
    holder = found
    for step in path:
        holder = holder[step]
    field = ".".join(str(step) for step in fault["loc"])
    if fault["type"] == "extra_forbidden":
        del holder[name]
        return f"run.json has the field {field!r}, which this version does not know: it was left out"
    if fault["type"] == "missing" and field in _UNKNOWN:
        holder[name] = _UNKNOWN[field]
        return f"run.json lacks the field {field!r}: another version wrote it, so that is not known here"
    return None


def describe_audience(audience: Audience) -> dict[str, Any]:
    """Return what a run records of an audience."""
    return {
        "audience": audience.audience,
        "description": audience.description,
        "source": audience.source,
        "sha256": audience.digest,
        "personas": len(audience.personas),
    }


def to_json(value: Record | dict[str, Any]) -> str:
    """Return one line of JSON."""
    return value.model_dump_json() if isinstance(value, Record) else json.dumps(value, ensure_ascii=False)
