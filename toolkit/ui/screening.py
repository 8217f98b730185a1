"""Many drafts at once: paste or import up to 200, have a few people screen them, and test the shortlist."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from toolkit.drafts.kept import content
from toolkit.errors import InputError
from toolkit.models import LABEL, Audience, Campaign, Draft, Record, records
from toolkit.panel import background, planning, run_options
from toolkit.panel.screening import Screening, ascreen, looks, price_screening, standings
from toolkit.questionnaire import Reaction
from toolkit.results.scoring import deciding
from toolkit.ui import caching, keeping, keys, spending, state
from toolkit.ui.arriving import bring_into_sight
from toolkit.ui.session import MOST_DRAFTS
from toolkit.ui.sign_in import find_owner
from toolkit.ui.text import escape, say_here
from toolkit.ui.waiting import show_job

_SHOWN = 80
_NEVER_PRICED = ("api_key", "sample", "head_to_head", "forecast")
_NOT_ASKED = ("sample", "head_to_head", "forecast")


class ScreenedRow(Record):
    """One draft of the table that a screening leaves."""

    words: str
    """The first of them."""
    standing: standings.Standing


class ScreeningFound(Record):
    """What a screening found, as it is kept with the campaign: a reload and another tab show it again."""

    name: str
    """What was asked of whom and how: with other drafts or other people it is not the screening of the page."""
    sentence: str
    people: tuple[str, ...]
    rows: tuple[ScreenedRow, ...]
    stopped: bool
    """Whether it ended before everything was asked."""

    @property
    def kept(self) -> list[str]:
        """The drafts of the shortlist, the best first."""
        return [row.standing.draft_id for row in self.rows if row.standing.kept]


def ask_many(*, locked: bool) -> None:
    """Let somebody paste many drafts."""
    with st.popover("Paste many", icon=":material/playlist_add:", disabled=locked, **state.tie_popover(keys.MANY_BOX)):
        typed = st.text_area(
            "Drafts, one a line, or with a blank line between them", height=240, **state.tie(keys.MANY_WORDS, "")
        )
        texts = split_texts(typed or "")
        st.caption(f"{len(texts)} drafts of at most {standings.MOST_DRAFTS}. A few people screen them first.")
        # never disabled: a press right after pasting comes before the page has followed
        st.button("Take these drafts", on_click=_take_pasted, key=keys.MANY_TAKE)
        if len(texts) > standings.MOST_DRAFTS:
            st.warning(f"{len(texts)} drafts are too many. Leave some out.")


def split_texts(typed: str) -> list[str]:
    """Return the drafts of a pasted text: those between blank lines where it has any, else one a line."""
    stripped = typed.replace("\r\n", "\n").strip()
    parts = re.split(r"\n\s*\n", stripped) if re.search(r"\n\s*\n", stripped) else stripped.split("\n")
    return [part.strip() for part in parts if part.strip()]


def offer_screening(drafts: Sequence[Draft]) -> None:
    """Offer to screen the drafts of a file that has more of them than the page tests at once."""
    if len(drafts) <= standings.MOST_DRAFTS:
        st.button(f"Screen all {len(drafts)} drafts", width="stretch", on_click=_take, args=(list(drafts),),
                  key=keys.MANY_UPLOAD)  # fmt: skip
    else:
        st.caption(f"A screening takes at most {standings.MOST_DRAFTS} drafts.")


def find_screened() -> records.Screened | None:
    """Return the screening that the drafts of the campaign are the shortlist of; None for none."""
    return content.read_screened(state.find_session().values)


def count_others(audience: Audience) -> int:
    """Return how many people a test may draw: those whom no screening asked, if they are half or more of them."""
    screened = find_screened()
    if screened is None:
        return len(audience.personas)
    return planning.count_drawable(audience.personas, screened)


def show_screened(audience: Audience) -> None:
    """Say whom a test of the shortlist asks, and offer to forget the screening."""
    screened = find_screened()
    if screened is None:
        return
    drafts = sum(slot.is_written for slot in state.find_session().own_slots)
    said = _say_whom(screened, audience, drafts)
    st.caption(escape(f"{said[0].upper()}{said[1:]}."))
    found = _read_found()
    if found is not None:
        with st.expander(f"What the screening found of {len(found.rows)} drafts"):
            _show_table(found)
    st.button("Forget the screening", key=keys.MANY_FORGET, type="tertiary", on_click=_forget_screened)


def show_screening(
    surface: str, objective: str, audience: Audience | None, options: dict[str, Any], *, locked: bool
) -> None:
    """Draw the drafts that wait for a screening, the button that starts it, and what came of it."""
    drafts = _read_many(surface)
    if not drafts:
        return
    with st.container(border=True, key=keys.MANY_PART):
        head, drop = st.columns([4, 1], vertical_alignment="center")
        head.subheader(f"{len(drafts)} drafts to screen", anchor=False)
        drop.button("Drop them", key=keys.MANY_DROP, type="tertiary", on_click=_drop, disabled=locked)
        with st.expander("The drafts"):
            st.dataframe([{"Draft": draft.id, "Words": draft.text} for draft in drafts], hide_index=True)
        if audience is not None:
            _ask_screening(drafts, objective, audience, options, locked=locked)
    bring_into_sight(hashlib.sha256("".join(draft.digest for draft in drafts).encode()).hexdigest(), keys.MANY_PART)


def _ask_screening(
    drafts: list[Draft], objective: str, audience: Audience, options: dict[str, Any], *, locked: bool
) -> None:
    there = len(audience.personas)
    few, most = st.columns(2)
    people = few.number_input(
        "People who read all drafts", min(8, there), there, **state.tie(keys.MANY_PEOPLE, min(looks.PEOPLE, there))
    )
    keep = most.number_input(
        "Drafts on the shortlist",
        2,
        looks.count_keepable(len(drafts), MOST_DRAFTS),
        **state.tie(keys.MANY_KEEP, looks.SHORTLIST),
    )
    campaign = records.make_campaign(state.find_session().name, [one.model_dump() for one in drafts], objective)
    asked = {name: value for name, value in options.items() if name not in _NOT_ASKED and value is not None}
    sizes: dict[str, Any] = {"shortlist": int(keep or 2), "people": int(people or 8)}
    try:
        if planning.choose_rating(campaign, [audience]) == "direct":
            asked["rating"] = "direct"
        planned = looks.plan_looks(campaign, audience, sizes["shortlist"], sizes["people"], asked)
        priced = {name: value for name, value in asked.items() if name not in _NEVER_PRICED}
        takes = price_screening(campaign, audience, **sizes, **_pick_priced(priced))
    except InputError as error:
        st.error(say_here(error))
        return
    name = _name_job(campaign, audience, sizes, asked)
    job, found = _find_job(name), _read_found()
    if job is not None and job.outcome is not None:
        found = _keep_found(name, job.outcome)
    if found is not None and found.name != name:
        found = None
    goes_on = job is not None and not job.is_over
    second = f"; {planned.people} others then read the best {planned.second_drafts}" if planned.has_second else ""
    st.caption(f"{planned.people} people read {len(drafts)} drafts{second}. {takes.reactions:,} reactions.")
    if found is None or found.stopped:
        st.button(
            "Screen the rest" if found else looks.say_price(takes, len(drafts)), type="primary", key=keys.MANY_START,
            disabled=locked or goes_on, on_click=_start,
            args=(name, campaign, audience, sizes, asked, planned.reactions),
        )  # fmt: skip
    show_job(name, "reactions", done=None, tell=looks.count_coming)
    if goes_on:
        st.caption("The screening goes on if you leave. This campaign leads back to it.")
    elif found is not None:
        _show_found(found, campaign, audience)


def _pick_priced(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name in run_options.EstimateOptions.__annotations__}


def _find_job(name: str) -> background.Job[Reaction, Screening] | None:
    """Return the screening of that name, which another tab or the page before a reload may have started."""
    session = state.find_session()
    job = session.jobs.get(name) or caching.screenings_of_process().get(name)
    if job is not None:
        session.jobs[name] = job
    return job


def _read_found() -> ScreeningFound | None:
    """Return what the last screening of the campaign found; None before one is over."""
    said = str(state.find_session().values.get(keys.FOUND) or "")
    return ScreeningFound.model_validate_json(said) if said else None


def _keep_found(name: str, outcome: Screening) -> ScreeningFound:
    """Keep with the campaign what a screening found, and let go of all that it heard."""
    words = {draft.id: " ".join(draft.text.split())[:_SHOWN] for draft in outcome.campaign.drafts}
    found = ScreeningFound(
        name=name,
        sentence=outcome.sentence,
        people=outcome.people,
        rows=tuple(ScreenedRow(words=words[one.draft_id], standing=one) for one in outcome.standings),
        stopped=outcome.stopped is not None,
    )
    session, said = state.find_session(), found.model_dump_json()
    if session.values.get(keys.FOUND) != said:
        session.put(keys.FOUND, said)
        keeping.keep(session)
        keeping.note(session.kept_id or "", f"screened {len(found.rows)} drafts")
    caching.screenings_of_process().pop(name, None)
    return found


def _show_found(found: ScreeningFound, campaign: Campaign, audience: Audience) -> None:
    """Draw the standing of every draft, the button that tests the shortlist, and whom that test would ask."""
    _show_table(found)
    if not found.kept or not found.people:
        return
    screened = records.Screened(tested=len(found.rows), people=found.people)
    shortlist = campaign.replace_drafts(tuple(draft for draft in campaign.drafts if draft.id in set(found.kept)))
    st.button(
        f"Test the shortlist of {len(found.kept)}", type="primary", key=keys.MANY_TEST,
        help="Puts these drafts into the campaign. What stands there now is kept as a version.",
        on_click=_use_shortlist, args=(shortlist.model_copy(update={"screened": screened}),),
    )  # fmt: skip
    st.caption(escape(f"In the test, {_say_whom(screened, audience, len(found.kept))}."))


def _say_whom(screened: records.Screened, audience: Audience, drafts: int) -> str:
    """Say whether a test of so many drafts asks fresh people, or spends its error over both looks."""
    is_other = not {persona.id for persona in audience.personas} & set(screened.people)
    is_fresh = is_other or planning.count_drawable(audience.personas, screened) < len(audience.personas)
    return screened.model_copy(update={"fresh": is_fresh}).say(drafts)


def _show_table(found: ScreeningFound) -> None:
    st.markdown(f"**{escape(found.sentence)}**")
    st.caption(LABEL)
    rows = [
        {
            "Draft": row.standing.draft_id,
            "Words": row.words,
            "Share of the simulated audience": deciding.say_estimate(row.standing.model_dump()),
            "People": row.standing.personas,
            "What became of it": row.standing.say(),
        }
        for row in found.rows
    ]
    st.dataframe(rows, hide_index=True, alt="Every draft that was screened, the best first")


def _start(
    name: str, campaign: Campaign, audience: Audience, sizes: dict[str, Any], options: dict[str, Any], planned: int
) -> None:
    async def work(stop: asyncio.Event, tell: Callable[[Reaction], None]) -> Screening:
        return await ascreen(campaign, audience, **sizes, stop=stop, on_reaction=tell, **options)

    session = state.find_session()
    try:
        spending.check_address(str(options.get("base_url") or ""))
    except InputError as error:
        session.lost = str(error)
        return
    with spending.paying(session.values):
        job: background.Job[Reaction, Screening] = background.Job(work, about="screening", planned=planned)
    session.keep_job(name, job)
    caching.screenings_of_process()[name] = job


def _name_job(campaign: Campaign, audience: Audience, sizes: dict[str, Any], options: dict[str, Any]) -> str:
    about = {name: value for name, value in options.items() if name != "api_key"}
    drafts = [draft.model_dump(mode="json") for draft in campaign.drafts]
    asked = [drafts, campaign.objective, audience.digest, sizes, about, find_owner()]
    said = json.dumps(asked, default=str, sort_keys=True)
    return f"screening-{hashlib.sha256(said.encode()).hexdigest()[:16]}"


def _read_many(surface: str) -> list[Draft]:
    kept = str(state.find_session().values.get(keys.MANY) or "")
    return [records.make_draft({**fields, "surface": surface}) for fields in json.loads(kept)] if kept else []


def _take_pasted() -> None:
    """Put what was pasted where it belongs: few drafts on the page, many into a screening, none or too many nowhere."""
    texts = split_texts(str(state.recall(keys.MANY_WORDS) or ""))
    if 0 < len(texts) <= MOST_DRAFTS:
        _use_texts(texts)
    elif MOST_DRAFTS < len(texts) <= standings.MOST_DRAFTS:
        _take_texts(texts)


def _take_texts(texts: list[str]) -> None:
    _take([records.make_draft({"id": f"no. {place}", "text": text}) for place, text in enumerate(texts, 1)])
    state.put(keys.MANY_WORDS, "")
    state.close(keys.MANY_BOX)


def _use_texts(texts: list[str]) -> None:
    """Put few pasted drafts on the page as they are: there is nothing to screen."""
    session = state.find_session()
    session.slots = [slot for slot in session.slots if slot.is_written]
    for text in texts:
        if len(session.own_slots) >= MOST_DRAFTS:
            break
        session.add_draft()
        session.write_text(session.slots[-1].number, text)
    state.put(keys.MANY_WORDS, "")
    state.close(keys.MANY_BOX)
    keeping.keep(session)


def _take(drafts: list[Draft]) -> None:
    fields = [draft.model_dump(mode="json", exclude_defaults=True, exclude={"surface"}) for draft in drafts]
    session = state.find_session()
    if any(draft.surface != "messenger_message" for draft in drafts):
        session.put(keys.SURFACE, drafts[0].surface)
    session.put(keys.MANY, json.dumps(fields, ensure_ascii=False))
    session.opened = True
    keeping.keep(session)


def _drop() -> None:
    state.put(keys.MANY, "")
    keeping.keep(state.find_session())


def _forget_screened() -> None:
    state.put(keys.SCREENED, "")
    state.put(keys.FOUND, "")
    keeping.keep(state.find_session())


def _use_shortlist(shortlist: Campaign) -> None:
    """Put the shortlist in the place of the drafts on the page, which stay as a version."""
    session = state.find_session()
    keeping.set_aside(session)
    session.note_step()
    session.slots, session.removed = [], None
    for draft in shortlist.drafts:
        session.add_draft(draft)
    if shortlist.screened is not None:
        session.put(keys.SCREENED, shortlist.screened.model_dump_json())
    session.put(keys.MANY, "")
    keeping.keep(session)
