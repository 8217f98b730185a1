"""Rows to people, samples and quotas, and what makes an audience doubtful."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import Command
from hypothesis import given
from hypothesis import strategies as st

import toolkit
from toolkit.audiences import list_audiences
from toolkit.audiences.importing import suggest_columns
from toolkit.audiences.sampling import draw_sample, fill_quotas
from toolkit.audiences.vetting import count_voices, find_doubts
from toolkit.cli.personas import personas as personas_group
from toolkit.errors import InputError
from toolkit.models import Audience, Persona

SURVEY = """CaseID,First name,Age group,Wgt,Region,Uses chat
101,Asha,25-34,1.5,north,daily
102,Bo,65+,0.5,south,daily
103,Cy,35 to 44,2.0,south,never
104,Di,16-24,1.0,north,daily
"""


def make_person(number: int, **fields: object) -> Persona:
    """Return one persona of a numbered life."""
    about = f"Number{number} word{number * 7} thing{number * 13} keeps animal{number} in town{number}."
    return Persona.model_validate({"id": f"p{number}", "name": f"N{number}", "age": 30, "about": about} | fields)


def make_audience(people: list[Persona]) -> Audience:
    """Return an audience of them."""
    return Audience(audience="some", source="a test", personas=tuple(people))


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    """Return four rows of a survey whose columns are called as surveys call them, beside a template."""
    path = tmp_path / "survey.csv"
    path.write_text(SURVEY)
    path.with_suffix(".j2").write_text('Lives in the {{ Region }} and chats {{ row["Uses chat"] }}.')
    return path


def test_columns_are_suggested_by_name() -> None:
    """What surveys call id, name, age and weight is found; what looks like none is left out."""
    assert suggest_columns(["CaseID", "First name", "Age group", "Wgt", "Region"]) == {
        "id": "CaseID", "name": "First name", "age": "Age group", "weight": "Wgt",
    }  # fmt: skip
    assert suggest_columns(["colour", "size"]) == {}


def test_rows_become_people(command: Command, survey: Path, tmp_path: Path) -> None:
    """Suggested columns, three people shown, source and licence kept, ages from bands, weights as they were."""
    out = tmp_path / "people.yaml"
    origin = ("--source", "Chat survey 2025", "--licence", "CC BY 4.0")
    shown = command("personas", "import", survey, "-o", out, "--segment", "Region", *origin)
    assert shown.returncode == 0, shown.stderr
    assert "age: column 'Age group' (suggested; --age names another)" in shown.stdout
    assert "The first 3 of 4:" in shown.stdout
    assert "Asha, 29 (101; weight 1.5; Region north)" in shown.stdout
    audience = toolkit.load_audience(out)
    assert audience.source == "Chat survey 2025; licence: CC BY 4.0"
    assert [(person.name, person.age, person.weight) for person in audience.personas] == [
        ("Asha", 29, 1.5), ("Bo", 70, 0.5), ("Cy", 39, 2.0), ("Di", 20, 1.0),
    ]  # fmt: skip
    assert audience.personas[0].about == "Lives in the north and chats daily."


def test_a_dry_run_writes_nothing(command: Command, survey: Path, tmp_path: Path) -> None:
    """Columns that divide people are named, and no file appears."""
    out = tmp_path / "people.yaml"
    shown = command("personas", "import", survey, "-o", out, "--dry-run")
    assert shown.returncode == 0
    assert "candidates: Region, Uses chat" in shown.stdout
    assert not out.exists()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--weight", "Weigth"), "no column 'Weigth'"),
        (("--segment", "Region", "--quota", "Region=north:9"), "2 have it"),
        (("--segment", "Region", "--quota", "region=north:1"), "no such segment; did you mean Region?"),
        (("--segment", "Region", "--quota", "north"), "not KEY=VALUE:N"),
        (("--sample", "9"), "choose 1 to 4"),
        (("--segment", "Region", "--sample", "2", "--quota", "Region=north:1"), "exclude each other"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(
    command: Command, survey: Path, tmp_path: Path, options: tuple[str, ...], line: str
) -> None:
    """A wrong column or quota ends with exit 2, one line on standard error, and no file."""
    out = tmp_path / "people.yaml"
    shown = command("personas", "import", survey, "-o", out, *options)
    assert shown.returncode == 2
    assert line in shown.stderr
    assert shown.stderr.count("\n") == 1
    assert not out.exists()


@given(st.lists(st.floats(0.01, 100), min_size=2, max_size=30), st.integers(0, 5), st.data())
def test_a_sample_speaks_for_everybody(weights: list[float], seed: int, data: st.DataObject) -> None:
    """Whoever is drawn, the weights add up to all, nobody comes twice, and file order is kept."""
    everybody = make_audience([make_person(at, weight=weight) for at, weight in enumerate(weights)])
    count = data.draw(st.integers(1, len(weights)))
    drawn = draw_sample(everybody, count, seed).personas
    assert len({person.id for person in drawn}) == count
    assert sum(person.weight for person in drawn) == pytest.approx(sum(weights))
    places = [int(person.id[1:]) for person in drawn]
    assert places == sorted(places)


def test_quotas_change_voices_not_shares() -> None:
    """Two of thirty buyers still count as three quarters of the weight."""
    people = [make_person(at, segments={"role": "buyer" if at < 30 else "seller"}) for at in range(40)]
    drawn = fill_quotas(make_audience(people), "role", {"buyer": 2, "seller": 5}, seed=1).personas
    weights = {"buyer": 0.0, "seller": 0.0}
    for person in drawn:
        weights[person.segments["role"]] += person.weight
    assert len(drawn) == 7
    assert weights == pytest.approx({"buyer": 30.0, "seller": 10.0})


def test_a_quota_of_an_unknown_value_names_those_there_are() -> None:
    """The line says what the values are."""
    people = [make_person(at, segments={"role": "buyer"}) for at in range(3)]
    with pytest.raises(InputError, match="values: buyer"):
        fill_quotas(make_audience(people), "role", {"sellers": 1}, seed=1)


@pytest.mark.parametrize(
    ("people", "kind"),
    [
        ([make_person(1), make_person(2), make_person(1).model_copy(update={"id": "p9", "name": "Else"})], "twins"),
        ([make_person(at, segments={"role": "a" if at else "b"}) for at in range(3)], "thin"),
        ([make_person(at, segments={"role": "a" if at < 19 else "b"}) for at in range(21)], "lopsided"),
        ([make_person(at, segments={"role": "a"} if at else {}) for at in range(3)], "incomplete"),
        ([make_person(at, weight=1.0 if at else 9.0) for at in range(6)], "heavy"),
    ],
)
def test_doubts_are_found(people: list[Persona], kind: str) -> None:
    """Each way of being lopsided has its own word."""
    assert kind in {doubt.kind for doubt in find_doubts(make_audience(people))}


@pytest.mark.parametrize("name", [name for name, _ in list_audiences()])
def test_bundled_audiences_leave_no_doubt(name: str) -> None:
    """Nobody twice, no segment of one, no weight that silences the others."""
    audience = toolkit.load_audience(name)
    assert find_doubts(audience) == []
    assert count_voices(audience) > 0.9 * len(audience.personas)


@pytest.mark.slow
def test_validate_says_what_it_found(command: Command, tmp_path: Path) -> None:
    """Doubts are printed, counted in JSON, and fail only where asked to."""
    path = tmp_path / "twins.yaml"
    twin = "about: Sells old radios from a garage near the harbour and answers buyers late at night."
    path.write_text(
        "audience: twins\npersonas:\n"
        + "".join(f"  - {{id: t{at}, name: T{at}, age: 30, {twin}}}\n" for at in range(2))
    )
    shown = command("personas", "validate", path)
    assert shown.returncode == 0
    assert "twins: t0 and t1 are described alike" in shown.stdout
    assert command("personas", "validate", path, "--strict").returncode == 1
    found = json.loads(command("personas", "validate", path, "--json").stdout)
    assert [doubt["kind"] for doubt in found["doubts"]] == ["twins"]


def test_validate_shows_few_of_many_twins(tmp_path: Path) -> None:
    """Ten pairs stand in the text, with the number of the rest; JSON has them all."""
    path = tmp_path / "twins.yaml"
    twin = "about: Sells old radios from a garage near the harbour and answers buyers late at night."
    path.write_text(
        "audience: twins\npersonas:\n"
        + "".join(f"  - {{id: t{at}, name: T{at}, age: 30, {twin}}}\n" for at in range(6))
    )
    shown = CliRunner().invoke(personas_group, ["validate", str(path)]).stdout.splitlines()
    assert sum("are described alike" in line for line in shown) == 10
    assert shown[-1] == "  twins: 5 of 15 doubts of this kind are not shown; --json lists them all"
    found = json.loads(CliRunner().invoke(personas_group, ["validate", str(path), "--json"]).stdout)
    assert len(found["doubts"]) == 15
