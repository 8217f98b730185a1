"""The one step from what people pass, be it a path, a name, a frame or records, to the records of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from toolkit.audiences import importing, load_audience
from toolkit.drafts import load_drafts, make_drafts
from toolkit.drafts.surfaces import find_surface
from toolkit.errors import InputError, name_option, name_step
from toolkit.files import Located, make_record
from toolkit.models import Audience, Campaign, Draft, Persona, Settings, records
from toolkit.panel.run_options import SettingsOptions, make_settings

if TYPE_CHECKING:
    import polars as pl

    from toolkit.audiences import streaming


class PandasFrame(Protocol):
    """A pandas DataFrame; pandas itself is not needed."""

    @property
    def columns(self) -> Any:
        """The names of its columns."""

    def to_dict(self, orient: Any, /) -> Any:
        """Return its rows, for "records"."""


Frame: TypeAlias = "pl.DataFrame | pl.LazyFrame | PandasFrame"
DraftsLike: TypeAlias = "Campaign | Draft | Sequence[Draft] | str | Path | Frame"
"""A campaign, drafts, a path, or a frame with the columns id, text, surface and so on."""
OneAudience: TypeAlias = "Audience | str | Path | Frame"
AudienceLike: TypeAlias = "OneAudience | Sequence[OneAudience | Persona] | None"
"""An audience, its name or path, people, a frame of people, or several audiences; None for the campaign's own.

One list type and not one of each kind: of several, type checkers choose none for a list of a name and an audience.
"""


@dataclass(frozen=True, slots=True)
class Resolved:
    """The records that a plan is made of."""

    campaign: Campaign
    audiences: tuple[Audience, ...]
    settings: Settings


def resolve(drafts: DraftsLike, audience: AudienceLike, options: SettingsOptions) -> Resolved:
    """Return the records behind drafts, audience and settings; raise InputError for what cannot be used."""
    campaign = resolve_drafts(drafts)
    settings = settle_settings(campaign, options)
    named = audience if audience is not None else campaign.audience
    return Resolved(campaign, resolve_audiences(named, settings), settings)


def settle_settings(campaign: Campaign, options: SettingsOptions) -> Settings:
    """Return the settings of a campaign's run: what the options leave open is as the campaign says."""
    settings = make_settings(options, campaign.objective or default_objective(campaign))
    if campaign.forecast:  # the option adds one; it takes none away that the campaign asks for
        settings = settings.model_copy(update={"forecast": True})
    return settings


def resolve_drafts(drafts: DraftsLike) -> Campaign:
    """Return drafts as a campaign."""
    if isinstance(drafts, Campaign):
        return drafts
    if isinstance(drafts, (str, Path)):
        return load_drafts(drafts)
    if isinstance(drafts, Draft):
        return _gather([drafts])
    rows = _read_frame(drafts)
    if rows is not None:
        return make_drafts(rows, "the frame of drafts")
    if isinstance(drafts, (bytes, Mapping)) or not isinstance(drafts, Iterable):
        raise InputError(f"drafts are {_name_kind(drafts)}; pass a path, a frame, a Campaign or a list of Draft")
    listed: list[Any] = list(drafts)
    if not listed:
        raise InputError("no drafts given; pass at least one")
    return _gather(listed)


def resolve_audiences(audience: AudienceLike, settings: Settings | None = None) -> tuple[Audience, ...]:
    """Return every audience named; with `settings`, of tables too large to hold only the sample is read."""
    several = isinstance(audience, Sequence) and not isinstance(audience, str) and len(audience) > 1
    return tuple(_resolve_audience(audience, _make_draw(settings, several=several)))


def default_objective(campaign: Campaign) -> records.Objective:
    """Return "click" where every surface allows it, as the first thing most drafts ask for, else "read"."""
    return "click" if all("click" in find_surface(draft.surface).actions for draft in campaign.drafts) else "read"


def _gather(drafts: Sequence[Draft]) -> Campaign:
    return make_record(Campaign, Located(None, "drafts"), {"campaign": "drafts", "drafts": tuple(drafts)})


def _resolve_audience(audience: Any, draw: streaming.Draw | None) -> list[Audience]:
    if audience is None:
        raise InputError(f"no audience given; name one with {name_option('audience')}, {name_step('audiences')}")
    if isinstance(audience, Audience):
        return [audience]
    if isinstance(audience, (str, Path)):
        return [load_audience(audience, draw=draw)]
    if isinstance(audience, Persona):
        return [_gather_people([audience])]
    rows = _read_frame(audience)
    if rows is not None:
        return [importing.make_audience(rows, "the frame of people")]
    if isinstance(audience, (bytes, Mapping)) or not isinstance(audience, Iterable):
        raise InputError(
            f"the audience is {_name_kind(audience)}; pass a name, a path, a frame, an Audience or a list of Persona"
        )
    listed = list(audience)
    if listed and all(isinstance(one, Persona) for one in listed):
        return [_gather_people(listed)]
    wrong = next((one for one in listed if isinstance(one, Persona)), None)
    if wrong is not None:
        raise InputError("people and audiences are mixed; put the people into an Audience of their own")
    return [one for item in listed for one in _resolve_audience(item, draw)]


def _gather_people(people: Sequence[Persona]) -> Audience:
    return make_record(Audience, Located(None, "people"), {"audience": "people", "personas": tuple(people)})


def _make_draw(settings: Settings | None, *, several: bool) -> streaming.Draw | None:
    """Return the draw of a run's sample, for tables too large to hold."""
    if settings is None or settings.sample is None:
        return None
    from toolkit.audiences import streaming

    return streaming.Draw(seed=settings.seed, sample=settings.sample, several=several, only_from=streaming.MANY)


def _read_frame(value: Any) -> list[dict[str, Any]] | None:
    """Return the rows of a Polars or pandas frame; None for anything else."""
    import polars as pl

    if isinstance(value, pl.LazyFrame):
        value = value.collect()
    if isinstance(value, pl.DataFrame):
        return list(value.iter_rows(named=True))
    if hasattr(value, "columns") and callable(getattr(value, "to_dict", None)):
        return [{str(name): _drop_nan(cell) for name, cell in row.items()} for row in value.to_dict("records")]
    return None


def _drop_nan(cell: Any) -> Any:
    """Return a cell of pandas: NaN and NaT, the only values that differ from themselves, as None."""
    try:
        return None if bool(cell != cell) else cell  # noqa: PLR0124 - see above
    except (TypeError, ValueError):  # pandas.NA, or an array in a cell
        return None if type(cell).__name__ == "NAType" else cell


def _name_kind(value: object) -> str:
    return f"of type {type(value).__name__}"
