"""Campaigns in twelve languages, on a double that answers in the language of the draft."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import yaml
from conftest import Command
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.audiences import save_audience
from toolkit.engines import embedder
from toolkit.errors import InputError
from toolkit.files import languages
from toolkit.gate import check_campaign, record_campaign
from toolkit.improve import interviews
from toolkit.models import MEASURES, Audience, Draft, Persona
from toolkit.models.exchange import Question
from toolkit.questionnaire import Prompts
from toolkit.report.content import list_methods
from toolkit.stats import ratings

DATA = Path(__file__).parent / "data"
DRAFTS: dict[str, list[str]] = yaml.safe_load((DATA / "foreign_drafts.yaml").read_text(encoding="utf-8"))
PAIRS: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
for _line in (DATA / "rated_pairs.tsv").read_text(encoding="utf-8").splitlines():
    if not _line.startswith("#"):
        _tag, _measure, _low, _high = _line.split("\t")
        PAIRS[_tag][_measure].append((_low, _high))
RATED = sorted(embedder.MANY_LANGUAGES)
DIRECT = {"low": dict.fromkeys(MEASURES, 2), "high": dict.fromkeys(MEASURES, 4)}
POLISH = [Draft(id="sale", text=DRAFTS["pl"][0]), Draft(id="bag", text=DRAFTS["pl"][1])]
ENGLISH = "You know that we send you the invoice in the chat, and they pay before the weekend."
FOREIGN = "Esto no tiene nada que ver conmigo, yo compro siempre en la tienda de mi barrio."


@pytest.fixture
def people() -> Audience:
    """Return twelve people, described in English."""
    made = [Persona(id=f"p{at}", name=f"P{at}", age=30 + at, about=f"Sells jam at stall {at}.") for at in range(12)]
    return Audience(audience="twelve", personas=tuple(made))


def double(tag: str, wanted: str) -> ScriptedEngine:
    """Return an engine that answers in a language: with high sentences where the draft holds `wanted`, else low."""
    asked: dict[str, int] = defaultdict(int)

    def answer(question: Question) -> Any:
        side = "high" if wanted in question.prompt else "low"
        asked[side] += 1
        pick = {m: pairs[asked[side] % len(pairs)][side == "high"] for m, pairs in PAIRS[tag].items()}
        said = [pairs[at][side == "high"] for pairs in PAIRS[tag].values() for at in range(2)]
        verbatim = said[asked[side] % len(said)]
        action = "click" if side == "high" else "read"
        return reading(action, verbatim=verbatim, says=pick, ratings=DIRECT[side], objection=pick["trust"])

    return ScriptedEngine(answer)


def spread(tags: list[str]) -> list[Any]:
    """Return the languages as parameters; all but Polish and Japanese are asked at leisure."""
    return [tag if tag in {"pl", "ja"} else pytest.param(tag, marks=pytest.mark.slow) for tag in tags]


@pytest.mark.parametrize("tag", spread(sorted(DRAFTS)))
def test_a_campaign_in_each_language_is_answered_and_rated(tag: str, people: Audience) -> None:
    """Of all reactions 95 % are usable, ratings are in order, no forecast is made, the report names the language."""
    drafts = [Draft(id="one", text=DRAFTS[tag][0]), Draft(id="two", text=DRAFTS[tag][1])]
    engine = double(tag, DRAFTS[tag][1])
    rating: Any = "ssr" if tag in RATED else "direct"
    run = toolkit.run(drafts, people, engine=engine, rating=rating)
    assert run.counts.ok >= 0.95 * run.counts.planned
    assert all(languages.name_language(tag) in question.prompt for question in engine.questions)
    means = run.reactions.group_by("draft_id").agg(pl.col(f"rating_{measure}").mean() for measure in MEASURES)
    one, two = (means.filter(draft_id=draft).row(0)[1:] for draft in ("one", "two"))
    assert all(high > low for low, high in zip(one, two, strict=True))
    nulls = sum(run.reactions[f"rating_{measure}"].null_count() for measure in MEASURES)
    assert nulls <= 0.25 * run.reactions.height * len(MEASURES)
    assert f"answered in {languages.name_language(tag)}" in dict(list_methods(run))["Languages"]
    places = {"surface": "x_post", "objective": "share"}
    pair = pl.DataFrame({"text_a": [drafts[0].text], "text_b": [drafts[1].text]})
    for frame in (pair, pair.with_columns(**{name: pl.lit(value) for name, value in places.items()})):
        assert toolkit.predict_pairs(frame).select("p_b_wins", "abstains").row(0) == (0.5, True)


@pytest.mark.parametrize("tag", spread(RATED))
def test_pairs_of_sentences_are_rated_in_order(tag: str) -> None:
    """Where ratings by sentence are offered, 8 of 10 pairs are in order and at most 5 of 20 sentences unrated."""
    anchors = Prompts().find_anchors(tag)
    assert anchors is not None
    in_order = unrated = 0
    for measure, pairs in PAIRS[tag].items():
        sets = [embedder.embed_foreign_texts(sentences) for sentences in anchors[measure]]
        for pair in pairs:
            pmfs, _ = ratings.rate_texts(embedder.embed_foreign_texts(pair), sets, least_range=0.09)
            low, high = ratings.expected(pmfs)
            unrated += int(np.isnan([low, high]).sum())
            in_order += bool(high > low)
    assert (in_order >= 8, unrated <= 5) == (True, True)


def test_no_pair_is_among_the_anchors() -> None:
    """The sentences that judge the anchors were not written into them."""
    said = {sentence for pairs in PAIRS.values() for of_one in pairs.values() for pair in of_one for sentence in pair}
    for tag in RATED:
        anchors = Prompts().find_anchors(tag) or {}
        assert not said & {sentence for sets in anchors.values() for one in sets for sentence in one}


def test_a_language_without_anchors_says_what_to_choose(people: Audience) -> None:
    """Ratings by sentence are refused before anything is asked, and direct ones are named."""
    engine = double("hi", DRAFTS["hi"][1])
    with pytest.raises(InputError, match=r"answered in Hindi; .* choose rating='direct'"):
        toolkit.run(Draft(id="a", text=DRAFTS["hi"][0]), people, engine=engine)
    assert engine.calls == 0


def test_answers_in_yet_another_language_are_asked_for_again(people: Audience) -> None:
    """A Polish draft may not be answered in Spanish, nor an English one; the reason is counted."""
    for text in (
        DRAFTS["pl"][0],
        ENGLISH,
    ):
        engine = ScriptedEngine(lambda _: reading(verbatim=FOREIGN, ratings=DIRECT["low"]))
        run = toolkit.run(Draft(id="a", text=text), people, engine=engine, rating="direct", control=False)
        assert run.counts.ok == 0
        assert set(run.methods.bad_replies) == {"other language"}


def test_english_answers_are_refused_only_where_a_language_was_named(people: Audience, tmp_path: Path) -> None:
    """The questions' own language is fine, unless somebody said which one it is to be."""
    english = "You know that this is what they want from us, and the price is more than fair."
    for named, ok in ((None, 12), ("pl", 0), ("en", 12)):
        engine = ScriptedEngine(lambda _: reading(verbatim=english, ratings=DIRECT["low"]))
        options: Any = {"engine": engine, "rating": "direct", "control": False, "store": tmp_path / f"{named}.sqlite"}
        run = toolkit.run(POLISH[:1], people, language=named, **options)
        assert run.counts.ok == ok


def test_people_may_answer_in_what_they_speak(tmp_path: Path) -> None:
    """Somebody who speaks only Turkish at home answers in Turkish; so does everybody of a bilingual audience."""
    turkish = PAIRS["tr"]["intent"][0][1] + " " + PAIRS["tr"]["trust"][0][1]
    engine = ScriptedEngine(lambda _: reading(verbatim=turkish, ratings=DIRECT["high"]))
    draft = Draft(id="a", text=DRAFTS["de"][0])
    ayse = Persona(id="ayse", name="Ayşe", age=61, about="A seamstress in Cologne who speaks only Turkish at home.")
    jens = Persona(id="jens", name="Jens", age=50, about="Repairs bicycles in Kiel.")
    for at, (person, spoken, ok) in enumerate(((ayse, (), 1), (jens, (), 0), (jens, ("de", "tr"), 1))):
        audience = Audience(audience="one", personas=(person,), language=spoken)
        options: Any = {"rating": "direct", "control": False, "store": tmp_path / f"{at}.sqlite"}
        run = toolkit.run(draft, audience, engine=engine, **options)
        assert run.counts.ok == ok


def test_the_language_of_a_short_draft_is_its_audiences(people: Audience) -> None:
    """What a draft surely is comes first, then its campaign, then the audience; an option overrules all."""
    polish = people.model_copy(update={"language": ("pl",)})
    short = Draft(id="a", text="Wszystko tańsze!")
    assert toolkit.plan(short, polish).languages == ("pl",)
    assert toolkit.plan(short, people).languages == ("en",)
    assert toolkit.plan([short, POLISH[1]], people).languages == ("pl",)
    assert toolkit.plan(Draft(id="a", text=DRAFTS["de"][0]), polish).languages == ("de",)
    assert toolkit.plan(short, polish, language="pt_br", rating="direct").languages == ("pt-BR",)
    with pytest.raises(InputError, match="language='german': give a BCP 47 tag"):
        toolkit.plan(short, polish, language="german")


def test_an_english_question_is_what_it_was(people: Audience) -> None:
    """Nothing about languages is asked of an English draft, and its run is no other for it."""
    draft = Draft(id="a", text=ENGLISH)
    engine = ScriptedEngine(lambda _: reading(ratings=DIRECT["high"]))
    run = toolkit.run(draft, people, engine=engine, rating="direct")
    assert not any("language" in question.prompt for question in engine.questions)
    assert "languages" not in run.methods.model_dump_json()
    assert not any(re.fullmatch(r"language\.j2|anchors\.\w+\.yaml", name) for name in run.methods.prompts)


def test_missing_ratings_name_their_cause(people: Audience) -> None:
    """Sentences in a language that the anchors are not in are told apart from those that say nothing."""
    says = dict.fromkeys(MEASURES, FOREIGN) | {"trust": "Hm."}
    engine = ScriptedEngine(lambda _: reading(says=says))
    draft = Draft(id="a", text=ENGLISH)
    run = toolkit.run(draft, people, engine=engine, control=False)
    said = next(warning for warning in run.methods.warnings if "ratings are missing" in warning)
    assert "sentences are in Spanish" in said
    assert "rating='direct'" in said


def test_a_talk_is_held_in_the_language(people: Audience) -> None:
    """An interview about a Polish draft asks for Polish, one about an English draft says nothing of it."""
    for text, told in ((DRAFTS["pl"][0], True), (ENGLISH, False)):
        guest = interviews.Guest(people.personas[0], Draft(id="a", text=text))
        chat = interviews.Interview(Prompts()).ask(guest, "Dlaczego?", (), "chat")
        page = interviews.Interview(Prompts()).ask(guest, "Dlaczego?", (), "completion")
        assert ("Polish" in chat.prompt, "Polish" in page.prompt) == (told, told)
        assert ("[A-Z]" in (page.grammar or "")) is not told


def test_a_page_takes_thoughts_of_any_script(people: Audience) -> None:
    """A thought on the page of worked examples begins with any letter, and ends as sentences of its script do."""
    question = toolkit.plan(POLISH, people).questionnaire.ask_thought(toolkit.plan(POLISH, people).tasks[0])
    assert "Thinks and speaks in Polish." in question.prompt
    assert "[A-Z]" not in (question.grammar or "")
    assert "\u3002" in (question.grammar or "")


def test_a_recorded_campaign_is_checked_without_asking(people: Audience, tmp_path: Path) -> None:
    """A campaign that names its language is recorded once; another language makes the recording stale."""
    save_audience(people, tmp_path / "twelve.yaml")
    fields: dict[str, Any] = {
        "campaign": "wyprzedaz", "objective": "click", "audience": "twelve.yaml", "language": "pl",
        "drafts": [{"id": draft.id, "text": draft.text, "surface": draft.surface} for draft in POLISH],
        "checks": [{"draft": "bag", "beats": "sale"}],
    }  # fmt: skip
    file = tmp_path / "wyprzedaz.yaml"
    file.write_text(yaml.safe_dump(fields, allow_unicode=True), encoding="utf-8")
    engine = double("pl", POLISH[1].text)
    record_campaign(file, engine=engine, rating="direct")
    assert engine.calls == 24
    assert [one.outcome for one in check_campaign(file).checks] == ["passed"]
    file.write_text(yaml.safe_dump(fields | {"language": "en"}, allow_unicode=True), encoding="utf-8")
    assert [one.outcome for one in check_campaign(file).checks] != ["passed"]


def test_the_command_says_the_language(command: Command) -> None:
    """A run says in which language it asks, a wrong tag is named with an example."""
    asked = ["run", "-", "--audience", "uk-small-sellers", "--surface", "facebook_post"]
    refused = command(*asked, "--dry-run", "--language", "german", stdin=DRAFTS["de"][0])
    assert "--language german: give a BCP 47 tag such as de" in refused.stderr
    told = command(*asked, "--engine", "replay", "--rating", "direct", stdin=DRAFTS["de"][0])
    assert "answers are asked for in German; --language names another language" in told.stderr
