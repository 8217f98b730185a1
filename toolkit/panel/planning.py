"""Whom a run asks what, and in which order, before anything is asked."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from toolkit.audiences import sampling
from toolkit.drafts import pictures as picture_files
from toolkit.drafts.surfaces import find_surface
from toolkit.errors import InputError, name_option, name_step
from toolkit.files import languages, resources
from toolkit.models import Audience, Campaign, Draft, Persona, Settings, exchange, records
from toolkit.panel import polling, pooling
from toolkit.questionnaire import Prompts, Questionnaire, Task, pairs, shares
from toolkit.results.scoring import rules


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a run will ask, before anything is asked."""

    campaign: Campaign
    audiences: tuple[Audience, ...]
    settings: Settings
    prompts: Prompts
    panel: tuple[Persona, ...]
    """The personas drawn, in asking order."""
    tasks: tuple[Task, ...]
    pairings: tuple[pairs.Pairing, ...]
    """The choices of a head-to-head; empty if none is asked for."""
    segment_keys: tuple[str, ...]
    questionnaire: Questionnaire
    """Writes every question about one draft."""
    pair_questions: pairs.PairQuestions
    """Writes every question about two drafts."""
    share_questions: shares.ShareQuestions
    """Writes every question of a forecast."""
    polls: tuple[shares.Poll, ...] = ()
    """What a forecast of shares asks, of each model; empty if none is asked for."""
    pictures: Mapping[str, str] = field(default_factory=dict)
    """By draft id, the pictures that could be read, as data addresses."""
    notes: tuple[str, ...] = ()
    """What there is to know of how the panel was put together."""
    seats: Mapping[str, int] = field(default_factory=dict)
    """By persona id, the place of the model that answers, where several are asked and that is settled already."""

    @property
    def own(self) -> tuple[records.OwnQuestion, ...]:
        """Questions of one's own, of the campaign and its audiences."""
        return self.campaign.questions

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that answers are asked in, as BCP 47 tags, in the order of the drafts."""
        return tuple(dict.fromkeys(Task(None, draft, 0, 0).language for draft in self.campaign.drafts))

    @property
    def foreign(self) -> tuple[str, ...]:
        """Those of the languages that are not English."""
        return tuple(one for one in self.languages if not languages.is_english(one))

    def check_form(self, form: exchange.Form) -> None:
        """Raise InputError for a question that cannot be asked in a form: a base model fills in no lists."""
        several = next((one for one in self.own if one.kind == "choices"), None)
        if form == "completion" and several is not None:
            raise InputError(
                f"question {several.id!r} is of kind choices, and a model that goes on with a page gives one answer at "
                f"a time; ask a yes_no question for each option, or choose {name_option('form', 'chat')}"
            )

    def say_languages(self) -> str | None:
        """Return in which languages answers are asked for, in words; None where that is English alone."""
        if not self.foreign:
            return None
        named = languages.name_languages(self.languages)
        return f"answers are asked for in {named}; {name_option('language')} names another language"

    @property
    def persona_tasks(self) -> int:
        """How many persona reactions are planned; the control reader's are apart."""
        return sum(task.persona is not None for task in self.tasks)

    @property
    def wordings(self) -> int:
        """How many wordings the panel is spread over."""
        return min(len(self.prompts.wordings), len(self.panel))

    @property
    def detectable(self) -> float | None:
        """The lead that is called best four times in five, with assumed components; None for one draft."""
        from toolkit.stats import plans

        effective, drafts = pooling.count_effective(self.panel), len(self.campaign.drafts)
        found = plans.detectable_difference(
            plans.TYPICAL, effective, self.wordings, self.settings.repeats, drafts=drafts
        )
        return found if math.isfinite(found) and found <= 1 else None


def make_plan(
    campaign: Campaign, audiences: Sequence[Audience], settings: Settings, prompts: Prompts | None = None
) -> Plan:
    """Draw the panel, spread the wordings evenly over it and list the reactions to ask for.

    A persona's wording is the rank of SHA-256(seed, persona id) modulo the number of wordings, so it depends on no
    order; a sample is the first of that ranking. Raises InputError where the sample is larger than the audience or the
    objective cannot happen on a surface.
    """
    prompts = prompts or Prompts(settings.prompts)
    _check_objective(campaign, settings.objective)
    campaign = _settle_languages(campaign, audiences, settings.language)
    _check_rating(campaign, settings.rating, prompts)
    given, audiences = audiences, pooling.drop_repeated(audiences)
    campaign = _join_questions(campaign, audiences)
    people, keys = _join_audiences(audiences, keep_weights=settings.keep_weights)
    ranked = sampling.rank_personas(people, settings.seed)
    _check_sample(settings, len(ranked))
    campaign, remaining = _set_screened_apart(campaign, ranked, settings)
    panel = tuple(remaining[: settings.sample])
    spoken = tuple(sorted({tag for audience in audiences for tag in audience.language}))
    tasks = tuple(_list_tasks(campaign, panel, settings, len(prompts.wordings), spoken))
    pictures = _load_pictures(campaign)
    return Plan(
        campaign,
        tuple(audiences),
        settings,
        prompts,
        panel,
        tasks,
        tuple(_list_pairings(campaign, panel, settings, len(prompts.wordings))),
        keys,
        Questionnaire(prompts, settings.rating, pictures, campaign.questions),
        pairs.PairQuestions(prompts, settings.objective),
        shares.ShareQuestions(prompts, settings.objective),
        tuple(polling.list_polls(campaign, panel, settings, keys, prompts)),
        pictures,
        (
            *pooling.list_notes(given, audiences, panel, keep_weights=settings.keep_weights),
            *_say_two_looks(campaign),
        ),
    )


def _set_screened_apart(
    campaign: Campaign, ranked: Sequence[Persona], settings: Settings
) -> tuple[Campaign, Sequence[Persona]]:
    """Return the campaign of a shortlist, which now says whether its people are fresh, and whom to draw from.

    Those whom the screening asked are left out if enough others remain: the sample, or without one half the audience.
    """
    screened = campaign.screened
    if screened is None:
        return campaign, ranked
    asked = set(screened.people)
    others = [persona for persona in ranked if persona.id not in asked]
    fresh = len(others) >= _find_fewest(len(ranked), settings.sample)
    told = campaign.model_copy(update={"screened": screened.model_copy(update={"fresh": fresh})})
    return told, others if fresh else ranked


def count_drawable(people: Sequence[Persona], screened: records.Screened) -> int:
    """Return how many of some people a test of a shortlist draws from, unless it names a sample.

    Those whom the screening did not ask, if they are half of all or more; else everybody.
    """
    asked = set(screened.people)
    others = sum(persona.id not in asked for persona in people)
    return others if others >= _find_fewest(len(people), None) else len(people)


def _find_fewest(people: int, sample: int | None) -> int:
    """Return how many others it takes to leave those of the screening out."""
    needed = sample if sample is not None else math.ceil(people / 2)
    return max(needed, min(rules.LEAST_PERSONAS, people))


def _say_two_looks(campaign: Campaign) -> Iterator[str]:
    if campaign.screened is not None and campaign.screened.fresh is False:
        yield campaign.screened.say(len(campaign.drafts))


def _join_questions(campaign: Campaign, audiences: Sequence[Audience]) -> Campaign:
    """Return the campaign with the questions of its audiences as its own."""
    joined = records.join_questions(campaign.questions, *(audience.questions for audience in audiences))
    return campaign if joined == campaign.questions else campaign.replace_questions(joined)


def _check_objective(campaign: Campaign, objective: records.Objective) -> None:
    for draft in campaign.drafts:
        actions = find_surface(draft.surface).actions
        if objective not in actions:
            raise InputError(
                f"draft {draft.id!r}: nobody can {objective!r} on a {draft.surface}; "
                f"allowed objectives: {', '.join(actions)}"
            )


def _settle_languages(campaign: Campaign, audiences: Sequence[Audience], language: str | None) -> Campaign:
    """Return the campaign with a language for each draft that names none and is not surely in any by its own words.

    That of the settings holds for all; else a draft's own, the campaign's, what the draft surely is, what all drafts
    together surely are, and what every audience speaks first. A draft that is surely in a language names none.
    """
    whole = languages.detect_language("\n".join(draft.prose for draft in campaign.drafts))
    theirs = {audience.language[0] if audience.language else None for audience in audiences}
    shared = theirs.pop() if len(theirs) == 1 else None
    together = whole.language if whole.sure else None

    def settle(draft: Draft) -> Draft:
        declared = language or draft.language or campaign.language
        if declared is None and not languages.detect_language(draft.prose).sure:
            declared = together if together is not None else shared
            declared = None if declared is None or languages.is_english(declared) else declared
        return draft if declared == draft.language else draft.model_copy(update={"language": declared})

    settled = tuple(settle(draft) for draft in campaign.drafts)
    same = all(one is other for one, other in zip(settled, campaign.drafts, strict=True))
    return campaign if same else campaign.replace_drafts(settled)


def check_plan(campaign: Campaign, audiences: Sequence[Audience], settings: Settings, prompts: Prompts) -> None:
    """Raise InputError for what no plan can be made of, before the first of many is asked."""
    campaign = _join_questions(campaign, audiences)
    _check_objective(campaign, settings.objective)
    _check_rating(_settle_languages(campaign, audiences, settings.language), settings.rating, prompts)
    _check_sample(settings, sum(len(audience.personas) for audience in audiences))


def _check_sample(settings: Settings, people: int) -> None:
    if settings.sample is not None and settings.sample > people:
        named = name_option("sample", settings.sample)
        raise InputError(f"{named}: the audience has {people} personas; choose 1 to {people}")


def choose_rating(campaign: Campaign, audiences: Sequence[Audience], prompts: Prompts | None = None) -> records.Rating:
    """Return "ssr", or "direct" where a draft is in a language without anchor sentences."""
    settled, known = _settle_languages(campaign, audiences, None), (prompts or Prompts()).list_rated()
    spoken = {languages.reduce_language(Task(None, draft, 0, 0).language) for draft in settled.drafts}
    return "ssr" if spoken.issubset(known) else "direct"


def _check_rating(campaign: Campaign, rating: records.Rating, prompts: Prompts) -> None:
    """Raise InputError for a draft whose language has no anchor sentences to rate by."""
    if rating != "ssr":
        return
    for draft in campaign.drafts:
        tag = Task(None, draft, 0, 0).language
        if prompts.find_anchors(tag) is None:
            offered = ", ".join(map(languages.name_language, prompts.list_rated()))
            raise InputError(
                f"{name_option('rating', 'ssr')}: draft {draft.id!r} is answered in {languages.name_language(tag)}; "
                f"sentences are rated in {offered} alone; choose {name_option('rating', 'direct')}"
            )


def _join_audiences(audiences: Sequence[Audience], *, keep_weights: bool) -> tuple[list[Persona], tuple[str, ...]]:
    """Return all personas and segment keys; with several audiences, ids and a segment say which one."""
    if not audiences:
        raise InputError(f"no audience given; name one with {name_option('audience')}, {name_step('audiences')}")
    if len(audiences) == 1 and audiences[0].segment_keys:
        return list(audiences[0].personas), audiences[0].segment_keys
    people = []
    factors = pooling.find_factors(audiences, keep_weights=keep_weights)
    known = set(Persona.model_fields)  # one for all: of each its own took 0.8 kB a persona
    for audience in audiences:
        own = {"audience": audience.audience}
        for persona in audience.personas:
            name = name_persona(audience, persona, audiences)
            segments = persona.segments | own if persona.segments else own
            pooled = {"id": name, "segments": segments, "weight": persona.weight * factors[audience.audience]}
            people.append(Persona.model_construct(known, **{**dict(persona), **pooled}))
    return people, tuple(sorted({key for persona in people for key in persona.segments}))


def name_persona(audience: Audience, persona: Persona, audiences: Sequence[Audience]) -> str:
    """Return the id that a run gives a persona: with several audiences it says which one."""
    return f"{audience.audience}/{persona.id}" if len(audiences) > 1 else persona.id


def _list_tasks(
    campaign: Campaign, panel: Sequence[Persona], settings: Settings, wordings: int, spoken: tuple[str, ...]
) -> Iterator[Task]:
    for repeat in range(settings.repeats):
        for rank, persona in enumerate(panel):
            for draft in campaign.drafts:
                yield Task(persona, draft, rank % wordings, repeat, spoken)
    for repeat in range(settings.repeats if settings.control else 0):
        for wording in range(wordings):
            for draft in campaign.drafts:
                yield Task(None, draft, wording, repeat)


def _list_pairings(
    campaign: Campaign, panel: Sequence[Persona], settings: Settings, wordings: int
) -> Iterator[pairs.Pairing]:
    """Yield every pair of drafts for every persona and repeat, in both orders, under the persona's own wording.

    None where the settings ask for no head-to-head. Labels follow from the persona's rank and the repeat, whatever the
    order of the drafts: a draft has the one name when shown first and the other when shown second.
    """
    if not settings.head_to_head:
        return
    drafts = sorted(campaign.drafts, key=lambda draft: draft.id)
    for repeat, (rank, persona) in itertools.product(range(settings.repeats), enumerate(panel)):
        turn, wording = divmod(rank, wordings)
        labels = _choose_labels(turn + repeat, wording)
        for first, second in itertools.permutations(drafts, 2):
            yield pairs.Pairing(persona, first, second, labels, wording, repeat)


def _choose_labels(turn: int, wording: int) -> tuple[str, str]:
    """Return the labels of a persona: within each wording, ten turns go through all of them, either way round."""
    one, other = pairs.LABELS[(turn + wording) % len(pairs.LABELS)]
    return (one, other) if (turn + wording // len(pairs.LABELS)) % 2 == 0 else (other, one)


def _load_pictures(campaign: Campaign) -> dict[str, str]:
    folder = Path(campaign.file).parent if campaign.file else None
    for draft in campaign.drafts if folder else ():
        if folder and draft.image and "://" not in draft.image:
            resources.find_named(draft.image, folder, f"{campaign.place(draft.id, 'image')}: image")
    found = {draft.id: picture_files.load_picture(draft.image, folder) for draft in campaign.drafts}
    return {draft: picture for draft, picture in found.items() if picture is not None}
