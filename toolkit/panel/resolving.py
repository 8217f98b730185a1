"""The one step from what people pass, be it a path, a name, a frame or records, to the records of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from toolkit.audiences import load_audience
from toolkit.drafts import taking
from toolkit.drafts.surfaces import find_surface
from toolkit.errors import InputError, name_option, name_step
from toolkit.files import Located, frames, make_record
from toolkit.models import Audience, Campaign, Persona, Settings, records
from toolkit.panel.run_options import SettingsOptions, make_settings

if TYPE_CHECKING:
    from toolkit.audiences import streaming


_FRAME = "the frame of people"
DraftsLike: TypeAlias = taking.DraftsLike
OneAudience: TypeAlias = "Audience | str | Path | records.AnyFrame"
AudienceLike: TypeAlias = "OneAudience | Sequence[OneAudience | Persona | Mapping[str, Any]] | None"
"""An audience, its name or path, people, a frame or mappings of people, or several audiences; None for the campaign's.

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
    campaign = taking.take_drafts(drafts)
    settings = settle_settings(campaign, options)
    named = audience if audience is not None else campaign.audience
    return Resolved(campaign, resolve_audiences(named, settings), settings)


def settle_settings(campaign: Campaign, options: SettingsOptions) -> Settings:
    """Return the settings of a campaign's run: what the options leave open is as the campaign says."""
    settings = make_settings(options, campaign.objective or default_objective(campaign))
    if campaign.forecast:  # the option adds one; it takes none away that the campaign asks for
        settings = settings.model_copy(update={"forecast": True})
    return settings


def resolve_audiences(audience: AudienceLike, settings: Settings | None = None) -> tuple[Audience, ...]:
    """Return every audience named; with `settings`, of tables too large to hold only the sample is read."""
    several = isinstance(audience, Sequence) and not isinstance(audience, str) and len(audience) > 1
    return tuple(_resolve_audience(audience, _make_draw(settings, several=several)))


def default_objective(campaign: Campaign) -> records.Objective:
    """Return "click" where every surface allows it, as the first thing most drafts ask for, else "read"."""
    return "click" if all("click" in find_surface(draft.surface).actions for draft in campaign.drafts) else "read"


def _resolve_audience(audience: Any, draw: streaming.Draw | None) -> list[Audience]:
    if audience is None:
        raise InputError(f"no audience given; name one with {name_option('audience')}, {name_step('audiences')}")
    if isinstance(audience, Audience):
        return [audience]
    if isinstance(audience, (str, Path)):
        return [load_audience(audience, draw=draw)]
    if isinstance(audience, Persona):
        return [_gather_people([audience])]
    rows = frames.read_rows(audience, _FRAME)
    if rows is not None:
        from toolkit.audiences import importing

        return [importing.make_audience(rows, _FRAME)]
    if isinstance(audience, (bytes, Mapping)) or not isinstance(audience, Iterable):
        raise InputError(
            f"the audience is of type {type(audience).__name__}; "
            "pass a name, a path, a frame, an Audience or a list of Persona"
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
