"""What a study is made of: each campaign with each audience and each model is a cell, and a cell is one run."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, cast

from toolkit.drafts import taking, touched
from toolkit.engines import DEFAULT_MODEL, base
from toolkit.errors import InputError, name_option, name_step
from toolkit.models import Audience, Campaign, Draft, Settings, records
from toolkit.panel import api, session
from toolkit.questionnaire import Prompts
from toolkit.store import make_key
from toolkit.study import parts

OneCampaign: TypeAlias = "Campaign | Draft | str | Path | records.AnyFrame"
CampaignsLike: TypeAlias = "OneCampaign | Sequence[OneCampaign]"
"""Campaigns as objects, frames, paths, patterns such as campaigns/*.yaml, or folders.

One list type and not one of each kind: of several, type checkers choose none for a list of a path and a campaign.
"""
_IS_CAMPAIGN = [re.compile(rb"^%s\s*:" % key, re.MULTILINE) for key in (b"campaign", b"drafts")]
_LOCAL = "local"


@dataclass(frozen=True, slots=True)
class StudyCell:
    """One run of a study, before it is made."""

    campaign: Campaign
    audience: Audience
    model: str
    """The model as tables name it, such as "groq:llama-3.3"."""
    asking: api.Asking
    settings: Settings
    key: str

    @property
    def names(self) -> tuple[str, str, str]:
        """Campaign, audience and model: no two cells of a study share them."""
        return self.campaign.campaign, self.audience.audience, self.model

    def count_questions(self, wordings: int) -> int:
        """Return how many answers its run hands on: reactions and choices between two drafts."""
        settings, drafts = self.settings, len(self.campaign.drafts)
        people = settings.sample or len(self.audience.personas)
        readers = people + (wordings if settings.control else 0)
        pairs = people * drafts * (drafts - 1) if settings.head_to_head else 0
        return settings.repeats * (readers * drafts + pairs)


def cross(
    campaigns: CampaignsLike,
    audiences: Sequence[api.OneAudience] | api.OneAudience | None,
    options: Mapping[str, Any],
    prompts: Prompts,
) -> list[StudyCell]:
    """Return every campaign with every audience and every model; raise InputError for what cannot be used."""
    found = read_campaigns(campaigns)
    settings_given = {name: value for name, value in options.items() if name in api.SettingsOptions.__annotations__}
    askings = list(_list_askings(options))
    hashes = json.dumps([prompts.hashes, prompts.pair_hashes, prompts.share_hashes], sort_keys=True)
    digests: dict[int, str] = {}
    cells = []
    known: dict[str, Audience] = {}
    for campaign in found:
        settings = api.settle_settings(campaign, cast("api.SettingsOptions", settings_given))
        for audience in _find_audiences(campaign, audiences, settings, known):
            if id(audience) not in digests:
                digests[id(audience)] = audience.digest
            for asking in askings:
                adopted = asking.adopt_models(campaign)
                model = _name_model(adopted)
                key = _make_key(campaign, digests[id(audience)], model, adopted, settings, hashes)
                cells.append(StudyCell(campaign, audience, model, adopted, settings, key))
    for cell in cells:
        parts.check_names(cell.names)
    return cells


def read_campaigns(campaigns: CampaignsLike) -> list[Campaign]:
    """Return every campaign; raise InputError where there is none, or two have one name."""
    listed: list[Any]
    if isinstance(campaigns, (str, Path, Campaign, Draft)) or not isinstance(campaigns, Sequence):
        listed = [campaigns]
    else:
        listed = list(campaigns)
    if not listed:
        raise InputError("no campaigns given; pass paths, patterns, folders or Campaign objects")
    if all(isinstance(one, (Draft, Mapping)) for one in listed):
        listed = [listed]
    found = [campaign for one in listed for campaign in _read(one)]
    places: dict[str, str] = {}
    for campaign in found:
        name, place = campaign.campaign, campaign.file or "an object"
        if name.casefold() in places:
            raise InputError(
                f"campaign {name!r} is there twice: {places[name.casefold()]} and {place}; name each campaign once, "
                "under a name of its own"
            )
        places[name.casefold()] = place
    return found


def _read(one: Any) -> Iterator[Campaign]:
    if not isinstance(one, (str, Path)):
        yield taking.take_drafts(one)
        return
    for path in touched.expand([str(one)]):
        if not Path(path).is_dir():
            yield taking.take_drafts(path)
            continue
        files = touched.list_files(Path(path))
        chosen = [file for file in files if _is_campaign(Path(file))]
        if not chosen:
            raise InputError(
                f"{path}: no campaign among {len(files)} YAML files; one has campaign and drafts at its top level"
            )
        yield from map(taking.take_drafts, chosen)


def _is_campaign(path: Path) -> bool:
    try:
        data = path.read_bytes()
    except OSError:
        return True  # the reader says what is wrong with it
    return all(key.search(data) for key in _IS_CAMPAIGN)


def _find_audiences(
    campaign: Campaign,
    given: Sequence[api.OneAudience] | api.OneAudience | None,
    settings: Settings,
    known: dict[str, Audience],
) -> list[Audience]:
    """Return the audiences of a campaign; each is read once for the whole study."""
    if given is None and campaign.audience is None:
        raise InputError(
            f"campaign {campaign.campaign!r} ({campaign.file or 'an object'}) names no audience; write audience: into "
            f"it, or name one with {name_option('audience')}, {name_step('audiences')}"
        )
    wanted: Any = campaign.audience if given is None else given
    several = isinstance(wanted, Sequence) and not isinstance(wanted, (str, Audience))
    found: dict[str, Audience] = {}
    for one in wanted if several else [wanted]:
        place = str(one) if isinstance(one, (str, Path)) else f"object {id(one)}"
        if place not in known:
            read = api.resolve_audiences(one, settings)
            if len(read) > 1:
                raise InputError(f"{name_option('audience')}: a study asks each audience by itself; pass each as one")
            known[place] = read[0]
        audience = known[place]
        if audience.audience in found:
            raise InputError(
                f"{name_option('audience', audience.audience)}: it is named twice; name each audience once"
            )
        found[audience.audience] = audience
    if not found:
        raise InputError(f"no audience given; name one with {name_option('audience')}, {name_step('audiences')}")
    return list(found.values())


def _list_askings(options: Mapping[str, Any]) -> Iterator[api.Asking]:
    """Yield how each model is asked by itself; the only one where several are not named."""
    asking = api.make_asking(options)
    if not asking.models:
        yield asking
        return
    for voice in asking.list_models():
        yield voice.asking


def _name_model(asking: api.Asking) -> str:
    """Return what tables call the model: as it was named, its endpoint in front."""
    if asking.models:
        names = [one.name for one in asking.list_models()]
        return session.TOGETHER.join(names)
    if not isinstance(asking.engine, str):
        return base.adapt_engine(asking.engine).model
    if asking.model is None:
        return _LOCAL if asking.engine == _LOCAL else DEFAULT_MODEL
    name = Path(asking.model).name if asking.engine == _LOCAL else asking.model
    return f"{asking.endpoint}:{name}" if asking.endpoint else name


def _make_key(
    campaign: Campaign, audience: str, model: str, asking: api.Asking, settings: Settings, prompts: str
) -> str:
    """Return the SHA-256 of all that decides what is asked in a cell and how it is rated; tags are read by nobody."""
    engine = asking.engine if isinstance(asking.engine, str) else base.adapt_engine(asking.engine).name
    how = [asking.base_url, asking.max_tokens, asking.reasoning_effort, asking.form, asking.embedding_model]
    untagged = campaign.model_dump_json(exclude={"drafts": {"__all__": {"tags"}}})
    return make_key(
        "study cell", untagged, str(campaign.language), audience, engine, model, json.dumps(how),
        settings.model_dump_json(exclude={"prompts"}), prompts, *_read_pictures(campaign),
    ).hex()  # fmt: skip


def _read_pictures(campaign: Campaign) -> Iterable[str]:
    """Yield what stands in the picture files of the drafts, for an edited picture makes another run."""
    folder = Path(campaign.file).parent if campaign.file else None
    for draft in campaign.drafts:
        place = folder / draft.image if folder and draft.image and "://" not in draft.image else None
        if place is not None and place.is_file():
            yield place.read_bytes().hex()


def describe_settings(options: Mapping[str, Any], prompts: Prompts) -> dict[str, Any]:
    """Return what is asked in every cell alike, as study.json keeps it."""
    given = {name: value for name, value in options.items() if name in api.SettingsOptions.__annotations__}
    asked = api.make_settings(cast("api.SettingsOptions", given), "click")
    shown: dict[str, Any] = asked.model_dump(mode="json", exclude={"objective", "prompts"})
    asking = api.make_asking(options)
    more = {name: getattr(asking, name) for name in ("max_tokens", "reasoning_effort", "embedding_model", "form")}
    wordings = make_key("prompts", json.dumps(prompts.hashes, sort_keys=True)).hex()[:12]
    return {**shown, "objective": options.get("objective"), **more, "prompts": wordings}
