"""What a tester chooses before a run: surface, objective, people, engine. Widgets in, plain values out."""

from __future__ import annotations

import os
from typing import Any

import streamlit as st

from toolkit.audiences import list_audiences
from toolkit.drafts import pictures as picture_files
from toolkit.drafts.kept import content
from toolkit.drafts.surfaces import Device, find_surface, surface_names
from toolkit.engines import DEFAULT_MODEL
from toolkit.models import Audience, Campaign, records
from toolkit.panel import api, run_options
from toolkit.store.campaigns import pictures
from toolkit.ui import caching, keeping, keys, picture_field, sign_in, spending, state
from toolkit.ui.audience_privacy import ask_contacts
from toolkit.ui.spending import choose_key
from toolkit.ui.text import escape

ENGINES = {"local": "Embedded model, on this machine", "openai": "OpenAI or a compatible endpoint"}
_USUAL_SURFACE = "facebook_post"
LAST_SEED = 2_147_483_647
LIMITS = (keys.MAX_COST, keys.CONCURRENCY, keys.PRICE_IN, keys.PRICE_OUT)
OBJECTIVES = {
    "read": "stop and read",
    "react": "react or like",
    "click": "tap or click",
    "reply": "reply",
    "share": "share",
    "save": "save",
}


def ask_surface() -> str:
    """Let the tester choose where the drafts will appear; a retired place only where drafts of a file are for it.

    A new campaign begins with the place of the last one, whoever's tab it was in.
    """
    opened = state.recall(keys.SURFACE)
    names = [name for name in surface_names() if find_surface(name).retired is None or name == opened]
    last = None if opened in names else keeping.find_last_surface()
    state.keep_choice(keys.SURFACE, names, last if last in names else _USUAL_SURFACE)
    chosen: str = st.selectbox(
        "Where will it appear?", names, format_func=lambda name: find_surface(name).label, **state.tie(keys.SURFACE)
    )
    return chosen


def ask_objective(surface: str) -> str:
    """Let the tester declare what counts as success, before the run."""
    actions = find_surface(surface).actions
    state.keep_choice(keys.OBJECTIVE, actions, "click" if "click" in actions else "read")
    chosen: str = st.selectbox(
        "What should they do?",
        actions,
        format_func=OBJECTIVES.__getitem__,
        help="This action counts as success. You declare it before the run.",
        **state.tie(keys.OBJECTIVE),
    )
    return chosen


def ask_device() -> Device:
    """Let the tester choose on what the drafts are looked at."""
    devices: list[Device] = ["phone", "desktop"]
    chosen = st.segmented_control("Seen on a", devices, required=True, **state.tie(keys.DEVICE, devices[0]))
    return chosen or devices[0]


def ask_audience() -> Audience:
    """Let the tester choose whom to ask, and some of them; raise InputError where nobody can be had."""
    found = dict(list_audiences())
    state.keep_choice(keys.AUDIENCE, found, "uk-small-sellers")
    name = st.selectbox("Who will read it?", list(found), **state.tie(keys.AUDIENCE))
    everybody = caching.read_audience(found[name])
    st.caption(escape(" ".join(everybody.description.split())))
    return ask_contacts(caching.read_audience(found[name], _ask_segments(everybody)))


def _ask_segments(audience: Audience) -> dict[str, list[str]]:
    """Let the tester narrow the audience down; no value chosen means all of them."""
    values = {
        key: sorted({person.segments[key] for person in audience.personas if key in person.segments})
        for key in audience.segment_keys
    }
    wanted = {}
    with st.expander("Only some of them"):
        for key, allowed in values.items():
            field = keys.name_only(audience.audience, key)
            state.keep_choices(field, allowed)
            wanted[key] = st.multiselect(key.capitalize(), allowed, placeholder="all", **state.tie(field))
    return wanted


def ask_sample(audience: Audience, people: int) -> int:
    """Let the tester choose how many of so many personas are drawn."""
    key = keys.name_sample(audience.audience)
    state.limit_number(key, people)
    return st.slider("How many of them?", 1, people, **state.tie(key)) if people > 1 else 1


def ask_engine() -> dict[str, Any]:
    """Let the tester choose what answers and the seed; return options of a run, the limits of the settings included."""
    with st.expander("What answers", expanded=False):
        chosen = ask_answering()
        seed = st.number_input(
            "Seed",
            0,
            LAST_SEED,
            help="The seed decides who is drawn and which wordings they get.",
            **state.tie(keys.SEED, 0),
        )
    return chosen | find_limits() | {"seed": int(seed)}


def ask_answering() -> dict[str, Any]:
    """Let somebody choose the engine and, for an endpoint, address, model and key."""
    has_endpoint = bool(spending.find_machine_url() or os.environ.get("OPENAI_API_KEY"))
    first = "openai" if has_endpoint else "local"
    engine = st.radio("Engine", list(ENGINES), format_func=ENGINES.__getitem__, **state.tie(keys.ENGINE, first))
    return {"engine": engine} | (_ask_endpoint() if engine == "openai" else {})


def ask_limits() -> None:
    """Let somebody set what no run may pass; `find_limits` returns it on any page."""
    st.number_input(
        "Most dollars a run may cost", min_value=0.0, step=0.5, placeholder="no limit", **state.tie(keys.MAX_COST),
        help="A run stops before its bill passes this. If the model has no listed price, type both prices.",
    )  # fmt: skip
    if spending.uses_machine_key(state.find_session().values):
        st.caption(spending.describe_share() or "")
        _ask_concurrency()
        return
    one, other = st.columns(2)
    for column, key, label in (
        (one, keys.PRICE_IN, "Price of a million prompt tokens"),
        (other, keys.PRICE_OUT, "Price of a million completion tokens"),
    ):
        column.number_input(label, min_value=0.0, step=0.05, placeholder="listed price", **state.tie(key))
    _ask_concurrency()


def _ask_concurrency() -> None:
    st.number_input("Most requests at once", 1, 1024, placeholder="chosen by the engine", **state.tie(keys.CONCURRENCY))


def find_limits() -> dict[str, Any]:
    """Return what was set under `ask_limits`, as options of a run; nothing where nothing was."""
    most, concurrency, price_in, price_out = (state.recall(key) for key in LIMITS)
    found: dict[str, Any] = {"max_cost": most, "concurrency": concurrency}
    found["price"] = None if price_in is None or price_out is None else (price_in, price_out)
    if spending.uses_machine_key(state.find_session().values):
        found["price"] = sign_in.find_rules().price  # who pays says the price
    return {name: value for name, value in found.items() if value is not None}


def ask_head_to_head() -> bool:
    """Let the tester have the drafts compared side by side as well."""
    return st.checkbox(
        "Also put drafts head to head",
        help="Each person also chooses between every two drafts, in both orders. This takes more calls.",
        **state.tie(keys.HEAD_TO_HEAD, first=False),
    )


def ask_forecast() -> bool:
    """Let the tester have the model forecast shares of people as well."""
    return st.checkbox(
        "Also ask for a forecast of shares",
        help="The model also says how many of 100 such people would act. This takes about a tenth more calls.",
        **state.tie(keys.FORECAST, first=False),
    )


def ask_brief() -> None:
    """Let the tester say what the drafts are for; `find_brief` returns it."""
    st.text_area("Goal", placeholder="What should change once people have read it?", **state.tie(keys.GOAL, ""))
    st.text_input("Tone", placeholder="friendly, plain, no exclamation marks", **state.tie(keys.TONE, ""))
    st.text_area(
        "Must-haves, one a line", placeholder="Sunday, 10 a.m.", **state.tie(keys.MUST_HAVES, ""),
        help="Each draft that lacks one of these words is marked. Improve keeps them.",
    )  # fmt: skip


def ask_brand() -> None:
    """Let the tester say who publishes the drafts, for the previews."""
    session = state.find_session()
    st.text_input("Brand", placeholder="the name that previews show", **state.tie(keys.BRAND, ""))
    held = str(session.values.get(keys.AVATAR) or "")
    picture_field.ask_file(
        "Picture beside the brand", keys.AVATAR_FILE, held, lambda name: session.put(keys.AVATAR, name)
    )


def find_brief() -> records.Brief | None:
    """Return the brief of the campaign; None where nothing is said."""
    brief = content.read_brief(state.find_session().values)
    return None if brief.is_empty else brief


def make_test(drafts: list[dict[str, Any]], objective: str) -> Campaign:
    """Return the campaign of the drafts that have words; raise InputError where they make none."""
    written = [draft for draft in drafts if draft["text"].strip()]
    made = records.make_campaign(state.find_session().name, written, objective)
    screened = content.read_screened(state.find_session().values)
    made = made.model_copy(update={"brief": find_brief(), "screened": screened})
    return picture_files.find_pictures(made, pictures.find_folder(api.default_store()))


def _ask_endpoint() -> dict[str, Any]:
    machine, first = (
        spending.find_machine_url(),
        os.environ.get("AUDIENCE_MODEL") or ("" if spending.find_machine_url() else DEFAULT_MODEL),
    )
    url = _ask_address(machine)
    model = st.text_input(
        "Model", placeholder=DEFAULT_MODEL, live=True, help=_MODEL_HELP, **state.tie(keys.MODEL, first)
    )
    is_shared = sign_in.find_rules().is_shared
    chosen = read_models(model, may_name_endpoints=not is_shared)
    if is_shared and chosen != read_models(model):
        st.warning("On this page you choose the address above. A model that names another endpoint is not asked.")
    key = st.text_input(
        "Key", type="password", live=True, autocomplete="off", help=_KEY_HELP, **state.tie(keys.API_KEY, "")
    )
    return {"base_url": url or None, "model": chosen, "api_key": choose_key(key, url)}


def _ask_address(machine: str) -> str:
    """Let somebody type an address; on a page that others share, choose one that whoever runs it allows."""
    rules = sign_in.find_rules()
    if rules.is_shared:
        allowed = list(dict.fromkeys([machine, *rules.addresses]))
        state.keep_choice(keys.URL, allowed, machine)
        usual = "this machine's own"
        chosen = st.selectbox("Address", allowed, format_func=lambda one: one or usual, **state.tie(keys.URL, machine))
        return str(chosen or "")
    typed: str = st.text_input(
        "Address", placeholder="https://api.openai.com/v1", live=True, **state.tie(keys.URL, machine)
    )
    return typed.strip()


def read_models(typed: str, *, may_name_endpoints: bool = True) -> str | tuple[str, ...] | None:
    """Return the models that somebody typed: one, several with commas between them, or None.

    A page that others share asks its own addresses alone: a model that names another endpoint is left out there.
    """
    names = tuple(name.strip() for name in typed.split(",") if name.strip())
    if not may_name_endpoints:
        names = tuple(name for name in names if run_options.find_endpoint(name) is None)
    return names if len(names) > 1 else next(iter(names), None)


def take_first_model(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options with the first of several models, and say so: what is asked after a run, one model answers."""
    model = options.get("model")
    if isinstance(model, (str, type(None))):
        return options
    st.caption(f"{escape(model[0])} answers here. A test asks all {len(model)} models.")
    return options | {"model": model[0]}


_MODEL_HELP = "Type several models with commas between them to split the people over them."
_KEY_HELP = (
    "The key stays in the memory of this browser session. "
    "If you leave it empty, this machine's key is sent, and only to this machine's address."
)
