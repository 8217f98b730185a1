"""Files of others name nothing outside their own folder: no word of it reaches a model, unless the user says so."""

from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from openai_server import OpenAIServer
from scripted import ScriptedEngine, reading

import toolkit
from toolkit.errors import InputError
from toolkit.files import resources

HIDDEN = "swordfish"
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """Return the folder of somebody else's files, beside one of secrets."""
    folder = tmp_path / "theirs"
    folder.mkdir()
    (folder / "people.csv").write_text("id,name,job\na,Ada,sells jam\nb,Bo,buys jam\n")
    (tmp_path / "secret.csv").write_text(f"id,name,job\na,Ada,{HIDDEN}\n")
    (tmp_path / "secret.j2").write_text(f"{HIDDEN} {{{{ job }}}}")
    (tmp_path / "secret.png").write_bytes(PIXEL)
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "link.j2").symlink_to(tmp_path / "secret.j2")
    (folder / "up").symlink_to(tmp_path)
    return folder


NAMED = {
    "rows up": "rows: ../secret.csv\n",
    "rows absolute": "rows: {outside}/secret.csv\n",
    "rows by a link": "rows: link.csv\n",
    "rows by a folder link": "rows: up/secret.csv\n",
    "rows through and back": "rows: x/../../secret.csv\n",
    "template up": "rows: people.csv\ntemplate: ../secret.j2\n",
    "template absolute": "rows: people.csv\ntemplate: {outside}/secret.j2\n",
    "template by a link": "rows: people.csv\ntemplate: link.j2\n",
    "template of the system": "rows: people.csv\ntemplate: /etc/passwd\n",
}


@pytest.mark.parametrize("words", NAMED.values(), ids=NAMED)
def test_an_audience_names_nothing_outside(words: str, inside: Path) -> None:
    """Above, elsewhere or by a link: one line says where the file would have to be, and how to allow it."""
    path = inside / "people.yaml"
    path.write_text(f"audience: people\nsource: them\n{words.format(outside=inside.parent)}")
    with pytest.raises(InputError, match=r"people\.yaml:\d: (rows|template): .* is outside .* allow_outside"):
        toolkit.load_audience(path)


@pytest.mark.parametrize("words", [words for words in NAMED.values() if "passwd" not in words and "x/" not in words])
def test_one_s_own_audience_may(words: str, inside: Path) -> None:
    """With `allow_outside` it is read as it was before, and the next call is not let through by it."""
    path = inside / "people.yaml"
    path.write_text(f"audience: people\nsource: me\n{words.format(outside=inside.parent)}")
    assert HIDDEN in toolkit.load_audience(path, allow_outside=True).personas[0].about
    with pytest.raises(InputError, match="outside"):
        toolkit.load_audience(path)


def test_what_lies_inside_is_read(inside: Path) -> None:
    """A file in the folder or below it, also by a link that stays inside."""
    (inside / "below").mkdir()
    (inside / "below" / "one.j2").write_text("Somebody who {{ job }}.")
    (inside / "near.j2").symlink_to(inside / "below" / "one.j2")
    for template in ("below/one.j2", "near.j2", "./below/../below/one.j2"):
        path = inside / "people.yaml"
        path.write_text(f"audience: people\nsource: them\nrows: people.csv\ntemplate: {template}\n")
        assert toolkit.load_audience(path).personas[0].about == "Somebody who sells jam."


def test_a_template_beside_rows_is_no_link_outside(inside: Path) -> None:
    """The template that is taken because of its name is held to the same."""
    (inside / "people.j2").symlink_to(inside.parent / "secret.j2")
    with pytest.raises(InputError, match=r"its template: .* is outside"):
        toolkit.load_audience(inside / "people.csv")
    assert HIDDEN in toolkit.load_audience(inside / "people.csv", allow_outside=True).personas[0].about


def test_a_picture_outside_is_not_sent(inside: Path) -> None:
    """A draft whose picture lies elsewhere is one line before anything is asked; an address is never followed."""
    engine = ScriptedEngine(lambda _: reading(ratings={}))
    ask: Callable[[], Any] = lambda: toolkit.run(  # noqa: E731 - asked three times
        inside / "c.yaml", "uk-small-sellers", engine=engine, rating="direct", sample=1, control=False, objective="read"
    )
    (inside / "c.yaml").write_text("campaign: c\ndrafts:\n  - {id: a, text: Jam., image: ../secret.png}\n")
    with pytest.raises(InputError, match=r"c\.yaml:3: image: \.\./secret\.png is outside"):
        ask()
    assert engine.calls == 0
    with resources.allowing_outside():
        ask()
    assert [question.picture is not None for question in engine.questions] == [True]
    (inside / "c.yaml").write_text("campaign: c\ndrafts:\n  - {id: a, text: Jam., image: 'https://x.example/a.png'}\n")
    ask()
    assert engine.questions[-1].picture is None


def test_a_prompt_by_a_link_outside_is_refused(inside: Path) -> None:
    """A folder of prompts is held to itself."""
    prompts = inside / "prompts"
    prompts.mkdir()
    (prompts / "system.j2").symlink_to(inside.parent / "secret.j2")
    with pytest.raises(InputError, match=r"system\.j2 is outside"):
        toolkit.estimate(toolkit.Draft(id="a", text="Jam."), "uk-small-sellers", prompts=prompts, sample=1)


@pytest.mark.slow
def test_the_command_refuses_and_allows(command: Command, inside: Path, server: OpenAIServer) -> None:
    """Exit 2 with one line and nothing sent; `personas show --allow-outside` shows what would be."""
    path = inside / "people.yaml"
    path.write_text("audience: people\nsource: them\nrows: ../secret.csv\n")
    (inside / "draft.txt").write_text("Jam.")
    for words in (
        ("personas", "show", path),
        ("personas", "validate", path),
        ("lint", inside / "draft.txt", "--audience", path),
        ("run", inside / "draft.txt", "--audience", path, "--base-url", server.base_url, "--model", "m"),
    ):
        done = command(*words)
        assert done.returncode == 2
        assert "--allow-outside" in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    assert server.requests == []
    shown = command("personas", "show", path, "--allow-outside")
    assert HIDDEN in shown.stdout
    assert "sends the model the name, age and text" in shown.stdout
