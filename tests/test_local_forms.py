"""How a local model is asked: in a chat or by the page, in which order, and what becomes of thoughts that stray."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolkit
from toolkit.engines import EngineBase
from toolkit.engines.local import choose_form, count_threads
from toolkit.engines.model_file import read_model_file
from toolkit.errors import InputError
from toolkit.models import Audience, Campaign, Draft, Persona
from toolkit.models.exchange import FormName, Question, Reply
from toolkit.panel.session import order_by_draft
from toolkit.questionnaire import Task, answers

TEXT, NUMBERS = 8, 9


def write_text(text: str) -> bytes:
    """Return a text as .gguf files hold it."""
    return struct.pack("<Q", len(text.encode())) + text.encode()


def write_model_file(path: Path, parameters: int, *, template: bool, parts: int = 1) -> Path:
    """Write the header of a model file, of which there are as many parts, and return its path."""
    entries = [write_text("general.name") + struct.pack("<I", TEXT) + write_text("a model")]
    words = b"".join(write_text(word) for word in ("to", "be"))
    entries.append(write_text("tokenizer.ggml.tokens") + struct.pack("<IIQ", NUMBERS, TEXT, 2) + words)
    entries.append(write_text("tokenizer.ggml.scores") + struct.pack("<IIQff", NUMBERS, 6, 2, 0.5, 0.25))
    entries.append(write_text("split.tensors.count") + struct.pack("<II", 4, 2 * parts))
    if template:
        entries.append(write_text("tokenizer.chat_template") + struct.pack("<I", TEXT) + write_text("{{ messages }}"))
    tensors = [
        write_text(f"blk.{place}.weight") + struct.pack("<IQQIQ", 2, parameters // 1000 // parts, 500, 0, 0)
        for place in range(2)
    ]
    header = b"GGUF" + struct.pack("<IQQ", 3, len(tensors), len(entries))
    path.write_bytes(header + b"".join(entries) + b"".join(tensors))
    return path


@pytest.mark.parametrize(
    ("parameters", "template", "form", "chosen"),
    [
        (7_000_000_000, True, None, "chat"),
        (7_000_000_000, True, "auto", "chat"),
        (7_000_000_000, True, "page", "completion"),
        (2_000_000_000, True, "auto", "chat"),
        (1_500_000_000, True, "auto", "completion"),
        (1_500_000_000, True, "chat", "chat"),
        (7_000_000_000, False, "auto", "completion"),
        (7_000_000_000, False, "page", "completion"),
    ],
)
def test_the_form_follows_template_and_size(
    tmp_path: Path, parameters: int, *, template: bool, form: FormName | None, chosen: str
) -> None:
    """A model with a chat template and two billion parameters is chatted with; a form that is named wins."""
    path = write_model_file(tmp_path / "model.gguf", parameters, template=template)
    assert read_model_file(path).parameters == parameters
    assert choose_form(path, form) == chosen


def test_the_parts_of_a_model_count_together(tmp_path: Path) -> None:
    """The first of four files tells how large the whole model is."""
    path = write_model_file(tmp_path / "model-00001-of-00004.gguf", 8_000_000_000, template=True, parts=4)
    assert read_model_file(path).parameters == 8_000_000_000


def test_a_chat_needs_a_template(tmp_path: Path) -> None:
    """A file that knows no chat is refused for one, in one line."""
    path = write_model_file(tmp_path / "base.gguf", 7_000_000_000, template=False)
    with pytest.raises(InputError, match=r"form='chat': base.gguf carries no chat template; choose page"):
        choose_form(path, "chat")


@given(st.integers(0, 200), st.binary(max_size=60))
def test_any_file_can_be_looked_at(tmp_path_factory: pytest.TempPathFactory, kept: int, more: bytes) -> None:
    """A file that was cut or damaged says nothing, and is asked by the page if the server takes it."""
    path = write_model_file(tmp_path_factory.mktemp("files") / "model.gguf", 7_000_000_000, template=True)
    whole = path.read_bytes()
    path.write_bytes(whole[:kept] + more)
    assert read_model_file(path).parameters in {0, 7_000_000_000}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"form": "pages"}, "form='pages': choose one of auto, chat, page"),
        ({"form": "page", "batch": True}, "batches hold chats"),
        ({"form": "page", "engine": EngineBase()}, "the engine object brings its own"),
    ],
)
def test_a_form_that_cannot_be_is_told(
    campaign: Campaign, audience: Audience, options: dict[str, Any], said: str
) -> None:
    """An unknown form, or one that what answers does not take, is one line before anything is asked."""
    with pytest.raises(InputError, match=said):
        toolkit.run(campaign, audience, **options)


def test_a_busy_machine_keeps_a_core() -> None:
    """Where others keep the machine busy, the model leaves one core to them, and keeps one at least."""
    usable = count_threads({}, load=0.0)
    assert count_threads({}, load=1000.0) == max(1, usable - 1)
    assert count_threads({"OMP_NUM_THREADS": "3"}, load=1000.0) == 3


@given(st.integers(1, 9), st.integers(1, 4), st.integers(1, 12))
def test_a_reader_meets_one_draft_after_the_other(people: int, drafts: int, readers: int) -> None:
    """Everything is asked once; a reader's drafts keep their order, with the others of the turn between them."""
    personas = [Persona(id=f"p{number}", name="A", about="Sells jam.") for number in range(people)]
    shown = [Draft(id=f"d{number}", text="Jam.") for number in range(drafts)]
    tasks = [Task(persona, draft, 0, 0) for persona in personas for draft in shown]
    places = order_by_draft(tasks, readers)
    assert sorted(places) == list(range(len(tasks)))
    at = {place: turn for turn, place in enumerate(places)}
    for person in range(people):
        turns = [at[person * drafts + draft] for draft in range(drafts)]
        together = min(readers, people - person // readers * readers)
        assert [later - sooner for sooner, later in itertools.pairwise(turns)] == [together] * (drafts - 1)


class Wanderer(EngineBase):
    """A base model that says what it is told to, one thought after the other."""

    model = "wanderer-1"
    form = "completion"
    concurrency = 1

    def __init__(self, *thoughts: str) -> None:
        self.thoughts = list(thoughts)
        self.calls = 0

    async def ask(self, question: Question) -> Reply:
        """Return the next thought; the last one again and again."""
        thought = self.thoughts[min(self.calls, len(self.thoughts) - 1)]
        self.calls += 1
        ending = question.prompt.rsplit("\n", 1)[1].split(",")[0].split(" ")[0]
        return Reply(
            text=f' "{thought}"\n{ending} does: scrolls past\n', engine=self.name, model=self.model,
            prompt_tokens=100, completion_tokens=10,
        )  # fmt: skip


NEAR = "An invoice in the chat would get me paid by my buyers today."
ASTRAY, FURTHER = "I would love to learn Spanish with that app.", "We had four kittens and they all found a home."
JAM = Draft(id="jam", text="No more chasing buyers. Invoice them in the chat and get paid today.")


@pytest.mark.model
@pytest.mark.parametrize(
    ("thoughts", "kept", "calls"),
    [
        ((NEAR, ASTRAY), NEAR, 1),
        ((ASTRAY, NEAR), NEAR, 2),
        ((ASTRAY, "I chase no buyers, and I learn no Spanish."), "I chase no buyers, and I learn no Spanish.", 2),
        (("My buyers get Spanish lessons with an app.", FURTHER), "My buyers get Spanish lessons with an app.", 2),
    ],
)
def test_a_thought_that_strays_is_drawn_again(
    audience: Audience, thoughts: tuple[str, ...], kept: str, calls: int
) -> None:
    """A thought that is nearer to another subject than to its draft is drawn again, and the nearer of both stands."""
    engine = Wanderer(*thoughts)
    run = toolkit.run(JAM, audience, engine=engine, sample=1, control=False, objective="read", rating="ssr")
    assert run.reactions["verbatim"].to_list() == [kept]
    assert engine.calls == calls
    assert run.methods.bad_replies == {}
    assert run.methods.completion_tokens == 10 * calls


@pytest.mark.model
def test_a_second_draw_that_fails_leaves_the_first(audience: Audience) -> None:
    """A thought that strays is better than none: it stands where the second draw cannot be used."""
    run = toolkit.run(JAM, audience, engine=Wanderer(ASTRAY, ""), sample=1, control=False, objective="read")
    again = toolkit.run(JAM, audience, engine=Wanderer(NEAR), sample=1, control=False, objective="read")
    assert run.counts.ok == 1
    assert run.reactions["verbatim"].to_list() == again.reactions["verbatim"].to_list() == [ASTRAY]


def test_the_next_person_is_left_out() -> None:
    """Where no grammar ends a completion, what the model writes after the thought and the deed counts for nothing."""
    said = ' "I would pay that in the chat."\nAda does: taps it.\n\nBob, 40: Sells jam.\nMessage: Jam.\n'
    answer = answers.read_thought(said)
    assert (answer.verbatim, answer.action) == ("I would pay that in the chat.", "click")
