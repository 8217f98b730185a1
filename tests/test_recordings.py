"""Recordings: what makes a reaction stale, what does not, and what may never be in the file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from openai_server import OpenAIServer
from polars.testing import assert_frame_equal
from recorded import CAMPAIGN, chance, lively
from recorded_frames import make_frame
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.drafts import load_drafts
from toolkit.errors import CallFailed, InputError
from toolkit.files.templating import clean_text
from toolkit.gate import Shelf, check_campaign, merging, preview_recording, record_campaign
from toolkit.gate.recording_file import load_recording
from toolkit.gate.replay import replay
from toolkit.models.exchange import Question
from toolkit.results.scoring import scorecard

BASELINE = CAMPAIGN + "  - {draft: benefit, not_worse_than: baseline, margin: 0.3}\n"
Recorded = Callable[..., Path]


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    """Return a function that writes a campaign with an audience of 12 and records it."""

    def make(text: str = CAMPAIGN, **options: object) -> Path:
        write_people(tmp_path)
        path = tmp_path / "jam.yaml"
        path.write_text(text)
        record_campaign(path, **{"engine": ScriptedEngine(lively), "rating": "direct", **options})
        return path

    return make


def write_people(folder: Path, count: int = 12, about: str = "Sells jam at number") -> None:
    """Write the audience file."""
    people = "".join(
        f"  - {{id: p{number:02}, name: Person{number}, age: {20 + number}, weight: {1 + number % 3}, "
        f"segments: {{role: {'seller' if number % 2 else 'buyer'}}}, about: {about} {number}.}}\n"
        for number in range(count)
    )
    (folder / "jam-sellers.yaml").write_text(f"audience: jam-sellers\npersonas:\n{people}")


def lines_of(path: Path) -> list[str]:
    """Return the lines of a campaign's recording."""
    return path.with_name("jam.reactions.jsonl").read_text().splitlines()


def say(path: Path, check: int = -1, **options: object) -> str:
    """Return outcome and message of one check, the last unless told otherwise."""
    one = check_campaign(path, **options).checks[check]
    return f"{one.outcome}: {one.message}"


def test_lines_are_sorted_small_and_labelled(recorded: Recorded) -> None:
    """One line per reaction in the order of draft and persona, each under 700 bytes, after a header with the label."""
    header, *lines = map(json.loads, lines_of(recorded()))
    names = [(line["draft"], line["persona"]) for line in lines]
    assert names == sorted(names)
    assert len(names) == header["reactions"] == 24
    assert header["label"] == "Simulated reactions from AI personas. No real people were asked. Directional only."
    assert header["synthetic_respondents"] is header["ai_generated"] is True
    assert max(map(len, lines_of(recorded())[1:])) < 700


def test_a_recording_scores_as_the_run_did(recorded: Recorded) -> None:
    """The scorecard made from the file alone is the one of the run, and weights come from the audience file."""
    path = recorded()
    audience = toolkit.load_audience(path.with_name("jam-sellers.yaml"))
    run = toolkit.run(load_drafts(path), audience, engine=ScriptedEngine(lively), rating="direct", control=False)
    found = load_recording(path.with_name("jam.reactions.jsonl"))
    assert found is not None
    frame = make_frame(replay(load_drafts(path), found, found.header, Shelf()))
    assert_frame_equal(scorecard(frame, "role"), run.scorecard("role"), check_row_order=False)
    assert not any(name in line for line in lines_of(path) for name in ("weight", "segments", "seller"))
    path.with_name("jam-sellers.yaml").write_text(
        path.with_name("jam-sellers.yaml").read_text().replace("weight: 3", "weight: 9").replace("buyer", "guest")
    )
    again = make_frame(replay(load_drafts(path), found, found.header, Shelf()))
    assert again.height == frame.height
    assert again["weight"].max() == 9.0
    assert set(again["segments"].struct.field("role")) == {"seller", "guest"}


def test_no_secret_is_recorded(tmp_path: Path) -> None:
    """Neither the key nor the address of the endpoint is in the file."""
    write_people(tmp_path)
    path = tmp_path / "jam.yaml"
    path.write_text(CAMPAIGN)
    key = "sk-very-secret-0123456789"
    with OpenAIServer(key=key) as server:
        record_campaign(
            path, engine="openai", model="m", base_url=server.base_url, api_key=key, rating="direct", price=(1.0, 2.0)
        )
        address = server.base_url
    text = "\n".join(lines_of(path))
    assert len(lines_of(path)) == 25
    assert key not in text
    assert address not in text
    assert str(tmp_path) not in text


def test_a_changed_persona_is_named(recorded: Recorded) -> None:
    """A persona whose description changed is stale in every draft; one who joined was never recorded."""
    path = recorded()
    people = path.with_name("jam-sellers.yaml")
    people.write_text(people.read_text().replace("Sells jam at number 7.", "Sells honey at number 7."))
    assert say(path).startswith("stale: persona p07: 2 reactions, the description changed; renew: audience record ")
    write_people(path.parent, 13)
    assert say(path).startswith("stale: persona p12: 2 reactions, never recorded; renew:")
    engine = ScriptedEngine(lively)
    assert record_campaign(path, engine=engine).asked == 2


def test_other_parts_are_told_from_the_text(recorded: Recorded) -> None:
    """A new button makes a draft stale for another reason than its text; a new id, weight or tag for none."""
    path = recorded()
    path.write_text(CAMPAIGN.replace("in the chat.\n  - id: b", "in the chat.\n    cta: Shop now\n  - id: b"))
    assert "draft plain: 12 reactions, its surface, language, picture or another part changed" in say(path)
    path.write_text(CAMPAIGN.replace("plain", "renamed").replace("Get paid", "Get  paid", 0))
    assert say(path).startswith("passed")


def test_another_model_is_told(recorded: Recorded) -> None:
    """Where another model should have answered, everything is stale, and the command names it."""
    path = recorded()
    assert say(path, model="scripted-1").startswith("passed")
    told = say(path, model="gpt-9")
    assert "model: 24 reactions, gpt-9 was asked for" in told
    assert told.endswith("--model gpt-9")
    renewed = record_campaign(path, engine=ScriptedEngine(lively, model="gpt-9"))
    assert (renewed.kept, renewed.asked) == (0, 24)
    assert say(path, model="gpt-9").startswith("passed")


def test_a_recording_of_the_embedded_model_is_renewed_by_an_endpoint() -> None:
    """The command that renews it for a model of an endpoint names the engine too, which is not the recorded one."""
    path = Path(__file__).parent.parent / "examples" / "reading-club.yaml"
    assert say(path, model="gpt-9").endswith(f"renew: audience record {path} --engine openai --model gpt-9")


def test_own_prompts_are_part_of_a_reaction(recorded: Recorded, tmp_path: Path) -> None:
    """A word changed in the team's own prompts makes every reaction stale; the folder is found from the campaign."""
    own = tmp_path / "prompts"
    own.mkdir()
    (own / "system.j2").write_text("You play one person.")
    path = recorded(prompts=own)
    assert json.loads(lines_of(path)[0])["own_prompts"] == "prompts"
    assert say(path).startswith("passed")
    (own / "system.j2").write_text("You play one tired person.")
    assert "prompts: 24 reactions, the team's own prompts changed" in say(path)


def test_new_built_in_prompts_warn_and_nothing_is_stale(recorded: Recorded) -> None:
    """A recording made under other built-in prompts is judged as before, with a warning that names --renew."""
    path = recorded()
    recording = load_recording(path.with_name("jam.reactions.jsonl"))
    assert recording is not None
    from toolkit.gate.recording_file import save_recording

    aged = [
        entry.model_copy(update={"shaped": entry.shaped.model_copy(update={"built_in": "0" * 12})})
        for entry in recording.entries
    ]
    save_recording(path.with_name("jam.reactions.jsonl"), recording.header, aged)
    found = check_campaign(path)
    assert found.outcome == "passed"
    assert "24 reactions were recorded under earlier built-in prompts" in found.warnings[0]
    save_recording(path.with_name("jam.reactions.jsonl"), recording.header, [*aged[:12], *recording.entries[12:]])
    assert any("mixes" in warning for warning in check_campaign(path).warnings)
    assert record_campaign(path).asked == 0


def test_a_baseline_outlives_its_draft(recorded: Recorded) -> None:
    """What was accepted as live is compared with, also once its text is gone; accepting it asks nothing."""
    path = recorded(BASELINE)
    assert say(path).startswith("stale: the recording holds no baseline")
    assert f"audience record {path} --baseline plain" in say(path)
    engine = ScriptedEngine(lively)
    accepted = record_campaign(path, engine=engine, baseline="plain")
    assert (accepted.asked, accepted.reactions, engine.calls) == (0, 36, 0)
    assert say(path).startswith("passed: benefit minus baseline: +")
    path.write_text(BASELINE.replace("an invoice", "one invoice"))
    assert say(path).startswith("passed: benefit minus baseline: +")
    assert say(path, 2).startswith("stale: draft plain")
    assert record_campaign(path, engine=ScriptedEngine(lively)).asked == 12
    assert say(path).startswith("passed: benefit minus baseline: +")
    write_people(path.parent, 13)
    assert say(path).startswith("stale: persona p12: 2 reactions, never recorded")


def test_a_silent_panel_passes_a_draft_only_against_itself(recorded: Recorded) -> None:
    """Nobody acts on anything: the draft that is the baseline is not worse than it, the other one may be."""
    path = recorded(BASELINE, engine=ScriptedEngine(lambda _: reading(first_glance="scroll_past")), baseline="plain")
    assert say(path).startswith("inconclusive: benefit minus baseline: +0 points (-")
    path.write_text(BASELINE.replace("benefit, not_worse", "plain, not_worse").replace("0.3", "0.01"))
    assert say(path) == "passed: plain and baseline are the same; 12 personas, 24 reactions"


def test_what_failed_is_lacking_and_asked_again(recorded: Recorded) -> None:
    """Failed reactions are not recorded; refused ones are, and are not asked again."""

    def faulty(question: Question) -> object:
        if "Person3," in question.prompt:
            return CallFailed("no luck")
        return lively(question)

    path = recorded(engine=ScriptedEngine(faulty))  # type: ignore[arg-type]
    assert len(lines_of(path)) == 1 + 22
    assert "persona p03: 2 reactions, never recorded" in say(path)
    assert record_campaign(path, engine=ScriptedEngine(lively)).asked == 2


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda lines: [*lines[:3], "<<<<<<< HEAD", *lines[3:]], r":4: not a line of a recording"),
        (lambda lines: [*lines[:3], *lines[4:]], r"23 lines follow the first, 24 were written"),
        (lambda lines: [*lines, lines[-1]], r":26: the same reaction as on line 25"),
        (lambda lines: [lines[0].replace('"seed": 3', '"seed": 4'), *lines[1:]], r":1: the first line was edited"),
        (lambda lines: [lines[0].replace('"recording": 1', '"recording": 9'), *lines[1:]], r":1: .*upgrade"),
        (lambda lines: [re.sub('"sum": "..', '"sum": "zz', line) for line in lines], r":2: .*edited by hand"),
        (lambda _: [""], r":1: not a line of a recording"),
    ],
)
def test_a_damaged_file_is_one_line(recorded: Recorded, spoil: Callable[[list[str]], list[str]], said: str) -> None:
    """Merge marks, lost, doubled or edited lines, and a later format end in one line with the place."""
    path = recorded(seed=3)
    path.with_name("jam.reactions.jsonl").write_text("\n".join(spoil(lines_of(path))) + "\n")
    for work in (check_campaign, record_campaign):
        with pytest.raises(InputError, match=r"jam\.reactions\.jsonl" + said if said[0] == ":" else said) as refused:
            work(path)
        assert "\n" not in str(refused.value)


def test_line_ends_of_another_system_do_no_harm(recorded: Recorded) -> None:
    """A checkout that turned line feeds into CRLF replays the same."""
    path = recorded()
    file = path.with_name("jam.reactions.jsonl")
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert say(path).startswith("passed")


def test_text_of_a_model_cannot_break_the_file(recorded: Recorded) -> None:
    """Line breaks, overrides and emoji in what was said stay on one line and come back cleaned."""
    wild = 'One\nline\u2028two\x1b[31m \u202edesrever "quoted" 👩‍👩‍👧'
    path = recorded(engine=ScriptedEngine(lambda _: reading(verbatim=wild)))
    assert len(path.with_name("jam.reactions.jsonl").read_text().rstrip("\n").split("\n")) == 25
    found = load_recording(path.with_name("jam.reactions.jsonl"))
    assert found is not None
    assert found.entries[0].verbatim == clean_text(wild)


def test_a_preview_asks_nothing(recorded: Recorded) -> None:
    """What recording would take is told by cause, and neither engine nor file is touched."""
    path = recorded()
    path.write_text(CAMPAIGN.replace("an invoice", "one invoice"))
    before, engine = lines_of(path), ScriptedEngine(lively)
    found = preview_recording(path, engine=engine)
    assert found.lacking == ("draft plain: 12 reactions, its text changed",)
    assert found.estimate is not None
    assert (found.kept, found.estimate.reactions, engine.calls) == (12, 12, 0)
    assert lines_of(path) == before


def test_options_left_out_stay_as_recorded(recorded: Recorded) -> None:
    """A sample, its seed and repeats are remembered: the next recording asks for nothing."""
    path = recorded(sample=9, repeats=2, seed=5)
    assert len(lines_of(path)) == 1 + 9 * 2 * 2
    assert record_campaign(path).asked == 0
    assert say(path).startswith(("passed", "inconclusive"))


def test_verdict_and_beats_agree(recorded: Recorded) -> None:
    """With two drafts `beats` passes where the verdict of a run names the draft, fails where it names the other."""
    expected = {"benefit": "passed", "plain": "failed", None: "inconclusive"}
    seen = set()
    for shift in (-0.9, -0.4, 0.0, 0.4, 0.9):

        def script(question: Question, shift: float = shift) -> dict[str, object]:
            wanted = 0.5 + (shift / 2 if "Get paid today" in question.prompt else -shift / 2)
            return reading("click" if chance(question) < wanted else "read")

        path = recorded(engine=ScriptedEngine(script, model=f"m{shift}"))
        found = load_recording(path.with_name("jam.reactions.jsonl"))
        assert found is not None
        frame = make_frame(replay(load_drafts(path), found, found.header, Shelf()))
        compared = toolkit.compare(frame, drafts=("plain", "benefit"))["verdict"][0]
        named = {"A": "plain", "B": "benefit"}.get(compared)
        assert check_campaign(path).checks[2].outcome == expected[named], compared
        seen.add(named)
        path.with_name("jam.reactions.jsonl").unlink()
    assert seen == {"benefit", "plain", None}


def test_cost_is_summed_from_the_recording(recorded: Recorded) -> None:
    """`max_cost` compares what the recorded reactions cost, and cannot tell where a price was unknown."""
    path = recorded(CAMPAIGN + "  - max_cost: 0.005\n", price=(10.0, 100.0))
    assert say(path) == "failed: $0.0720 for 24 reactions; at most $0.005 wanted"
    path.write_text(CAMPAIGN + "  - max_cost: 0.1\n")
    assert say(path).startswith("passed")
    path = recorded(CAMPAIGN + "  - max_cost: 0.1\n", engine=ScriptedEngine(lively, model="other"))
    assert say(path).startswith("inconclusive")


def test_ratings_are_replayed_without_an_embedding_model(recorded: Recorded) -> None:
    """Rated by sentence once, ratings come back to four decimals, distributions to three, and can be bounded."""
    text = CAMPAIGN + "  - {draft: benefit, trust: {at_least: 1.5}}\n"
    path = recorded(text, rating="ssr", embedding_model="letters")
    found = load_recording(path.with_name("jam.reactions.jsonl"))
    assert found is not None
    assert found.header.embedding_model == "letters"
    frame = make_frame(replay(load_drafts(path), found, found.header, Shelf()))
    ratings, pmfs = frame["rating_trust"], frame["pmf_trust"]
    assert ratings.null_count() == 0
    implied = [sum(point * share for point, share in enumerate(pmf, 1)) for pmf in pmfs]
    assert ratings.to_list() == pytest.approx(implied, abs=0.01)
    assert say(path).startswith("passed: trust ")


def test_two_branches_that_record_one_campaign_merge(recorded: Recorded, tmp_path: Path) -> None:
    """One branch changes each draft, both record, and the merge of texts and recordings asks nobody again."""
    path = recorded()
    recording = path.with_name("jam.reactions.jsonl")
    base = recording.read_bytes()
    sides = {"ours": ("an invoice", "one invoice"), "theirs": ("paid today, in", "paid today and in")}
    for name, change in sides.items():
        recording.write_bytes(base)
        path.write_text(CAMPAIGN.replace(*change))
        record_campaign(path, engine=ScriptedEngine(lively))
        (tmp_path / name).write_bytes(recording.read_bytes())
    (tmp_path / "theirs").rename(tmp_path / "theirs.reactions.jsonl")
    recording.write_bytes((tmp_path / "ours").read_bytes())
    merged = merging.merge_recordings(recording, tmp_path / "theirs.reactions.jsonl")
    assert (merged.reactions, merged.added) == (48, 24)
    path.write_text(CAMPAIGN.replace(*sides["ours"]).replace(*sides["theirs"]))
    assert [one.outcome for one in check_campaign(path).checks] == ["passed"] * 3
    engine = ScriptedEngine(lively)
    tidied = record_campaign(path, engine=engine)
    assert (tidied.kept, tidied.reactions, engine.calls) == (24, 24, 0)


def test_what_a_merge_left_in_a_recording_is_put_together(recorded: Recorded) -> None:
    """A recording with the marks of a conflict is told with the command that resolves it, which keeps both sides."""
    path = recorded()
    recording = path.with_name("jam.reactions.jsonl")
    ours = lines_of(path)
    path.write_text(CAMPAIGN.replace("an invoice", "one invoice"))
    record_campaign(path, engine=ScriptedEngine(lively))
    theirs = lines_of(path)
    recording.write_text("\n".join(["<<<<<<< ours", *ours, "=======", *theirs, ">>>>>>> theirs", ""]))
    with pytest.raises(InputError, match=r"jam.reactions.jsonl:1: .* what a merge left; `audience record --merge "):
        check_campaign(path)
    assert merging.merge_recordings(recording).reactions == 36
    assert [one.outcome for one in check_campaign(path).checks] == ["passed"] * 3


def test_recordings_of_two_campaigns_do_not_merge(recorded: Recorded, tmp_path: Path) -> None:
    """What belongs to another campaign, or is none, is refused and nothing is written."""
    path = recorded()
    recording = path.with_name("jam.reactions.jsonl")
    before = recording.read_bytes()
    other = path.with_name("honey.yaml")
    other.write_text(CAMPAIGN.replace("campaign: jam", "campaign: honey"))
    record_campaign(other, engine=ScriptedEngine(lively), rating="direct")
    with pytest.raises(InputError, match="'jam' and of 'honey' cannot be merged"):
        merging.merge_recordings(recording, other.with_name("honey.reactions.jsonl"))
    with pytest.raises(InputError, match=r"no such recording|no such file"):
        merging.merge_recordings(recording, tmp_path / "none.reactions.jsonl")
    assert recording.read_bytes() == before


def test_files_of_one_name_have_recordings_of_their_own(recorded: Recorded) -> None:
    """Beside a.yaml, a.yml records into a file of its own, and finds it again once a.yaml is gone."""
    path = recorded()
    other = path.with_suffix(".yml")
    other.write_text(CAMPAIGN.replace("an invoice", "one invoice"))
    before = path.with_name("jam.reactions.jsonl").read_bytes()
    record_campaign(other, engine=ScriptedEngine(lively), rating="direct")
    assert path.with_name("jam.reactions.jsonl").read_bytes() == before
    path.unlink()
    assert check_campaign(other).outcome == "passed"


def test_a_whole_new_audience_is_one_line(recorded: Recorded) -> None:
    """Where everybody is new, or everybody changed, a check says how many in one clause; a few are named."""
    path = recorded()
    write_people(path.parent, about="Bakes bread at number")
    assert say(path, 1).startswith("stale: 12 personas: 12 reactions, the description changed; renew:")
    audience = path.with_name("jam-sellers.yaml")
    write_people(path.parent)
    audience.write_text(audience.read_text().replace("id: p", "id: q").replace("Sells", "Sold"))
    assert say(path, 1).startswith("stale: 12 personas: 12 reactions, never recorded; renew:")
    write_people(path.parent)
    audience.write_text(audience.read_text().replace("number 1.", "corner 1."))
    assert say(path, 1).startswith("stale: persona p01: 1 reaction, the description changed; renew:")


def test_the_command_to_renew_is_whole(recorded: Recorded) -> None:
    """What was given to reach the model and the people is in the command that is printed."""
    path = recorded()
    path.write_text(CAMPAIGN.replace("an invoice", "one invoice"))
    people = str(path.with_name("jam-sellers.yaml"))
    told = say(path, base_url="http://127.0.0.1:9/v1", audience=[people], prompts=None)
    assert told.endswith(f"renew: audience record {path} --audience {people} --base-url http://127.0.0.1:9/v1")
