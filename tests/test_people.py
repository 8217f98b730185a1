"""People from surveys and persona sets: nothing personal leaves unsaid, and one bad row is not the file."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from conftest import Command
from openai_server import OpenAIServer

import toolkit
from toolkit.audiences import load_audience, privacy
from toolkit.audiences.ages import read_ages
from toolkit.audiences.vetting import find_doubts
from toolkit.errors import InputError
from toolkit.models import Audience, Draft, Persona

PRIVATE = ("anna.smith", "203.0.113", "Smith", "R_0000", "51.50", "0781", "SW1A", "10.1.2.3")


def load(folder: Path, text: str, name: str = "people.csv", **options: Any) -> Audience:
    """Return the people of that text."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return load_audience(path, **options)


def tell(audience: Audience) -> str:
    """Return the notes in one text."""
    return "; ".join(audience.notes)


def sent(audience: Audience) -> str:
    """Return everything of an audience that a prompt shows."""
    return " ".join(f"{person.called} {person.about} {person.segments}" for person in audience.personas)


@pytest.mark.parametrize(
    ("cell", "age"),
    [
        ("18-24", 21), ("25 to 34", 29), ("18\u201324", 21), ("35 - 44 years", 39), ("65+", 70), ("65 and over", 70),
        ("75 or older", 80), ("55-64 years old", 59), ("25 bis 34", 29), ("65 ans et plus", 70), ("60 or more", 65),
        ("65 years and over", 70), ("80 years or more", 85), ("Prefer not to say", None), ("34.0", 34), ("34.5", 34),
        ("34 years", 34), ("99", 99), ("999", None), ("-99", None), ("Refused", None), ("13", 13), ("NA", None),
        (".", None), ("#NULL!", None), (">65", 70), ("(25,34]", 30), ("25_34", 29), ("25,0", 25),
        ("45-54 (Gen X)", 49), ("100+", 105), ("Millennial", None), ("24/34", 29), ("18\u201424", 21),
        ("18\u201124", 21), ("18\u221224", 21), ("35 or over", 40), ("65 plus", 70), ("65 & over", 70),
        ("Over 65", 70), ("65 ou plus", 70), ("25 \u00e0 34", 29), ("25 a 34 a\u00f1os", 29), ("under 25", 21),
        ("<25", 21), ("Under 18", None), ("ab 65", 70), ("unter 25", 21), ("", None),
        ("Age 25-34", 29), ("aged 45", 45), ("25-34 y/o", 29), ("25-year-old", 25), ("25 y.o.", 25), ("30s", 34),
        ("in my 30s", 34), ("25~34", 29), ("18 bis unter 25", 21), ("I'd rather not say", None),
    ],
)  # fmt: skip
def test_spellings_of_ages(cell: str, age: int | None) -> None:
    """Units, bands, open ends, other languages and refusals, beside a plain age."""
    read = read_ages([cell, "40"])[0]
    assert (read.years, read.wrong) == (age, "")


@pytest.mark.parametrize("cell", ["12", "3", "6-12", "under 13", "121", "abc", "1987", "34-25"])
def test_what_no_age_can_be_is_refused(cell: str) -> None:
    """A child, a year among ages, and words that are no age leave their row out."""
    assert read_ages([cell, "40"])[0].wrong


def test_the_column_tells_what_a_number_is() -> None:
    """Years of birth, codes of answers, and 99 beside other codes are told by the rest of the column."""
    assert [one.years for one in read_ages(["1987", "2001"], year=2026)] == [39, 25]
    assert [one.years for one in read_ages(["1987-05-04", "1990"], "Year of birth", year=2026)] == [39, 36]
    assert [(one.years, bool(one.told)) for one in read_ages(["1", "4", "99"])] == [(None, True)] * 3
    assert [one.years for one in read_ages(["34", "-99", "99"])] == [34, None, None]
    assert [one.years for one in read_ages(["34", "97", "99"])] == [34, 97, 99]
    assert [one.years for one in read_ages(["under 18", "18-24"])] == [None, 21]
    assert read_ages(["under 13", "under 18"])[1].years == 15


QUALTRICS = (
    "StartDate,IPAddress,Progress,ResponseId,RecipientLastName,RecipientFirstName,RecipientEmail,LocationLatitude,Q3,Q4\n"
    "Start Date,IP Address,Progress,Response ID,Last Name,First Name,Email,Latitude,Which are you?,How old are you?\n"
    '"{""ImportId"":""a""}","{""ImportId"":""b""}","{""ImportId"":""c""}","{""ImportId"":""d""}","{""ImportId"":""e""}",'
    '"{""ImportId"":""f""}","{""ImportId"":""g""}","{""ImportId"":""h""}","{""ImportId"":""i""}","{""ImportId"":""j""}"\n'
    "2026-11-01,203.0.113.1,100,R_00001,Smith,Anna,anna.smith@example.org,51.5001,Buyer,20\n"
    "2026-11-01,203.0.113.2,100,R_00002,Smith,Bo,bo@example.org,51.5002,Seller,31\n"
)


def test_contact_data_of_a_survey_stay_behind_and_are_named(tmp_path: Path) -> None:
    """Questions describe people; addresses, names, places and bookkeeping do not."""
    audience = load(tmp_path, QUALTRICS, columns={"age": "How old are you"})
    assert [person.age for person in audience.personas] == [20, 31]
    assert "Which are you? Buyer." in audience.personas[0].about
    assert not any(word in sent(audience) for word in (*PRIVATE, "Anna"))
    said = tell(audience)
    for words in ("IPAddress (IP addresses)", "RecipientEmail (e-mail addresses)", "RecipientLastName (names)",
                  "LocationLatitude (coordinates)", "left out as bookkeeping of the export: StartDate"):  # fmt: skip
        assert words in said


def test_a_column_is_kept_only_by_name(tmp_path: Path) -> None:
    """`keep` brings back one column, and a template that asks for another is told how."""
    kept = load(tmp_path, QUALTRICS, keep=["RecipientFirstName"])
    assert "Anna" in kept.personas[0].about
    assert "Smith" not in sent(kept)
    (tmp_path / "t.j2").write_text("{{ Q3 }} {{ RecipientEmail }}")
    with pytest.raises(InputError, match="'RecipientEmail' is left out as personal; keep it with keep="):
        load(tmp_path, QUALTRICS, template=tmp_path / "t.j2")
    with pytest.raises(InputError, match="no column 'RecipientEmial'"):
        load(tmp_path, QUALTRICS, keep=["RecipientEmial"])


@pytest.mark.parametrize(
    ("heading", "cells", "what"),
    [
        ("Q7", ("a@example.org", "b@example.org"), "e-mail addresses"),
        ("Q7", ("10.1.2.3", "203.0.113.7"), "IP addresses"),
        ("Q7", ("2001:db8::1", "2001:db8::2"), "IP addresses"),
        ("Q7", ("+44 7810 123456", "+1 (202) 555-0143"), "telephone numbers"),
        ("Q7", ("(202) 555-0143", "202-555-0144"), "telephone numbers"),
        ("Q7", ("SW1A 1AA", "LS1 4DY"), "postcodes"),
        ("Q7", ("51.50012, -0.12345", "51.50013, -0.12346"), "coordinates"),
        ("Q7", ("0" * 24, "a" * 24), "platform ids"),
        ("Surname", ("Smith", "Jones"), "names"),
        ("Nachname", ("Schmidt", "Maier"), "names"),
        ("Mobile number", ("1", "2"), "telephone numbers"),
        ("zip", ("45402", "45403"), "postcodes"),
        ("Date of birth", ("1", "2"), "dates of birth"),
        ("Prolific ID", ("x", "y"), "platform ids"),
    ],
)
def test_personal_columns_are_found_by_heading_and_content(
    heading: str, cells: tuple[str, str], what: str, tmp_path: Path
) -> None:
    """A heading that says nothing does not hide what stands below it."""
    path = tmp_path / "a.csv"
    pl.DataFrame({"age": ["30", "31"], "job": ["baker", "nurse"], heading: list(cells)}).write_csv(path)
    audience = load_audience(path)
    assert f"{heading} ({what})" in tell(audience)
    assert not any(cell in sent(audience) for cell in cells if len(cell) > 1)


@pytest.mark.parametrize(
    "heading",
    ["How often do you use e-mail?", "Do you trust adverts on your phone?", "Company size", "City", "Town", "Country",
     "Brand name", "Do you use a username?", "Which mobile do you own?", "Ship size", "Tip"],
)  # fmt: skip
def test_questions_about_things_are_not_personal(heading: str, tmp_path: Path) -> None:
    """What people think of e-mail is an answer, not an address."""
    path = tmp_path / "a.csv"
    pl.DataFrame({"age": ["30", "31"], heading: ["often", "never"]}).write_csv(path)
    assert "often" in load_audience(path).personas[0].about


def test_addresses_inside_free_text_are_taken_out(tmp_path: Path) -> None:
    """An answer stays, what is personal in it goes, and the note counts it."""
    audience = load(
        tmp_path,
        'age,comment\n30,"Write to anna.smith@example.org or +44 7810 123456, please."\n'
        "31,Version 1.2.3.4567 of 2026\n",
    )
    first, second = audience.personas
    assert first.about.endswith("Write to [e-mail left out] or [telephone number left out], please..")
    assert "Version 1.2.3.4567 of 2026" in second.about
    assert "inside 1 texts left out" in tell(audience)
    assert privacy.redact("Costs 1,250.00 in 2026, 12345678, 1.0000000000.") == (
        "Costs 1,250.00 in 2026, 12345678, 1.0000000000."
    )


def test_a_first_name_alone_is_a_name_and_beside_contact_data_is_not(tmp_path: Path) -> None:
    """Made-up people have names; people who can be reached do not."""
    assert load(tmp_path, "name,age\nMaya,30\nBo,31\n").personas[0].name == "Maya"
    real = load(tmp_path, "name,age,email\nMaya,30,m@example.org\nBo,31,b@example.org\n")
    assert real.personas[0].name == "p001"
    assert "Maya" not in sent(real)


def test_one_bad_row_is_not_the_file(tmp_path: Path) -> None:
    """The row is left out with its line; `strict` refuses the file, and so does a file of bad rows alone."""
    text = "id,age,weight\na,30,1\nb,abc,1\nc,12,1\nd,31,-2\ne,,1\n"
    audience = load(tmp_path, text)
    assert [(person.id, person.age) for person in audience.personas] == [("a", 30), ("e", None)]
    assert "2 of 5 usable; 3 left out: age 'abc' is none (line 3); age '12' is a child's" in tell(audience)
    with pytest.raises(InputError, match=r"people\.csv:3: age 'abc' is none; correct it, or leave strict out"):
        load(tmp_path, text, strict=True)
    with pytest.raises(InputError, match=r"people\.csv:2: age 'abc' is none; nobody of 1 can be used"):
        load(tmp_path, "id,age\nb,abc\n")


def test_an_age_may_be_unknown(tmp_path: Path) -> None:
    """No age in YAML, a table or a frame is no fault, and is written nowhere."""
    (tmp_path / "a.yaml").write_text("audience: a\npersonas: [{id: x, name: Xu, about: Sells bread.}]\n")
    person = load_audience(tmp_path / "a.yaml").personas[0]
    assert (person.age, person.called) == (None, "Xu")
    assert load(tmp_path, "id,job\nxu,baker\n").personas[0].age is None


def test_rows_are_chosen_by_a_condition(tmp_path: Path) -> None:
    """Ages are compared as they are read, and the note counts the rest."""
    audience = load(tmp_path, "age,country\n18-24,GB\n25-34,GB\n45-54,FR\n", where="age >= 25 and country = gb")
    assert [person.age for person in audience.personas] == [29]
    assert "2 of 3 rows are not what where asks for" in tell(audience)
    with pytest.raises(InputError, match="nobody of 1 is left: 1 of 1 rows are not what where asks for"):
        load(tmp_path, "age\n30\n", where="age > 90")


def test_a_condition_names_a_band_as_it_is_written(tmp_path: Path) -> None:
    """A band of ages is compared with the words of the cell, a number with the years that are read from it."""
    rows = "age\n18-24\n25-34\n45-54\n"
    assert [person.age for person in load(tmp_path, rows, where="age = 25-34").personas] == [29]
    assert [person.age for person in load(tmp_path, rows, where="age != 25-34 and age < 45").personas] == [21]


def test_a_sentence_from_columns(tmp_path: Path) -> None:
    """Columns in braces need no template language, and a wrong one is named."""
    text = "age,Job title,place\n30,Baker,Leeds\n31,,York\n"
    people = load(tmp_path, text, sentence="{job title} in {Place}, {age}.").personas
    assert [person.about for person in people] == ["Baker in Leeds, 30.", "in York, 31."]
    with pytest.raises(InputError, match="no column 'jb'"):
        load(tmp_path, text, sentence="{jb}")
    with pytest.raises(InputError, match="names no column; put one in braces"):
        load(tmp_path, text, sentence="A person.")


def test_an_empty_cell_is_empty_in_a_template(tmp_path: Path) -> None:
    """Never an undefined name, and a misspelt column still is one."""
    template = tmp_path / "t.j2"
    template.write_text("{{ id }}: {{ job }}|{{ row['job'] }}|{% if job == '' %}none{% endif %}")
    people = load(tmp_path, "id,age,job\nann,30,baker\nbo,31,\n", template=template).personas
    assert [person.about for person in people] == ["ann: baker|baker|", "bo: ||none"]
    template.write_text("{{ jbo }}")
    with pytest.raises(InputError, match="'jbo' is undefined"):
        load(tmp_path, "id,age,job\nann,30,baker\n", template=template)


def test_ids_that_are_no_names_reach_no_description(tmp_path: Path) -> None:
    """Numbers, hexadecimal ids and row names stay ids."""
    audience = load(
        tmp_path, "record_id,redcap_survey_identifier,age,sex,baseline_complete\n1.0,,30,f,2\n2.0,,31,m,2\n"
    )
    assert [(person.id, person.name) for person in audience.personas] == [("1", "Person 1"), ("2", "Person 2")]
    assert audience.personas[0].about == "age: 30. sex: f."
    assert load(tmp_path, "id,age\nann,30\n", columns={"id": ""}).personas[0].id == "p001"


def test_microdata_are_adults_by_default(tmp_path: Path) -> None:
    """Children of a household file are left out and counted, weights are found, and household ids are no ids."""
    text = "SERIALNO,SPORDER,PUMA,PWGTP,AGEP,SEX\n1,1,37,12,41,1\n1,2,37,13,3,2\n2,1,37,14,16,1\n"
    audience = load(tmp_path, text)
    assert [(person.age, person.weight) for person in audience.personas] == [(41, 12.0)]
    assert "2 under 18 left out" in tell(audience)
    assert [person.age for person in load(tmp_path, text, where="AGEP >= 13").personas] == [41, 16]


def test_persona_sets(tmp_path: Path) -> None:
    """TinyTroupe, EDSL, Character Cards and lines of personas are people, with their made-up names."""
    tiny = {"type": "TinyPerson", "persona": {"name": "Ola Nord", "age": 28, "occupation": {"title": "Baker"}}}
    edsl = {"agent_list": [{"traits": {"age": 22, "persona": "A nurse", "hobbies": ["tea", "chess"]}, "name": "Bo"}]}
    card = {"spec": "chara_card_v2", "data": {"name": "Cy", "description": "{{char}} repairs bicycles."}}
    for name, value, wanted in (
        ("Ola.agent.json", tiny, ("Ola Nord", 28, "Occupation: title: Baker.")),
        ("edsl.json", edsl, ("Bo", 22, "A nurse. Hobbies: tea, chess.")),
        ("card.json", card, ("Cy", None, "Cy repairs bicycles.")),
    ):
        person = load(tmp_path, json.dumps(value), name).personas[0]
        assert (person.name, person.age, person.about) == wanted
    lines = "".join(json.dumps({"persona": text}) + "\n" for text in ("A gardener.", "A driver."))
    people = load(tmp_path, lines, "hub.jsonl").personas
    assert [(person.name, person.age, person.about) for person in people] == [
        ("p001", None, "A gardener."), ("p002", None, "A driver."),
    ]  # fmt: skip
    with pytest.raises(InputError, match="person 1: age '9' is a child's"):
        load(tmp_path, json.dumps({"type": "TinyPerson", "persona": {"name": "Al", "age": 9}}), "child.json")


def test_a_persona_describes_itself(tmp_path: Path) -> None:
    """The text called persona is the description, the name stands in it, and postcodes stay behind."""
    frame = pl.DataFrame({
        "uuid": ["a" * 32, "b" * 32], "professional_persona": ["Jo Sample, a manager.", "Al Other works."],
        "persona": ["Jo Sample is practical.", "Al Other hikes."], "age": [18, 44], "zipcode": ["45402", "45403"],
    })  # fmt: skip
    frame.write_parquet(tmp_path / "n.parquet")
    audience = load_audience(tmp_path / "n.parquet")
    assert [(person.name, person.age, person.about) for person in audience.personas] == [
        ("Jo Sample", 18, "Jo Sample is practical."), ("Al Other", 44, "Al Other hikes."),
    ]  # fmt: skip
    assert audience.personas[0].id == "a" * 32
    assert "read as Nemotron-Personas" in audience.notes


def test_existing_audiences_are_screened() -> None:
    """An address in a description is a doubt that names the person."""
    person = Persona(id="x", name="Xu", age=30, about="Answers at xu@example.org in the evening.")
    doubts = find_doubts(Audience(audience="a", personas=(person,)))
    assert [doubt.kind for doubt in doubts] == ["personal"]
    assert "x holds personal data (e-mail)" in doubts[0].message


@pytest.mark.slow
def test_import_says_what_stays_behind(command: Command, tmp_path: Path) -> None:
    """On the command line: suggestions, what is left out, `none` for a suggestion, and a remembered map."""
    path, out = tmp_path / "survey.csv", tmp_path / "people.yaml"
    path.write_text(QUALTRICS, encoding="utf-8")
    shown = command("personas", "import", path, "-o", out, "--map", "age=How old are you?", "--id", "none")
    assert shown.returncode == 0, shown.stderr
    assert "left out as personal: IPAddress (IP addresses)" in shown.stderr
    written = yaml.safe_load(out.read_text())["personas"]
    assert [(person["id"], person["age"]) for person in written] == [("p001", 20), ("p002", 31)]
    assert not any(word in out.read_text() for word in PRIVATE)
    assert command("personas", "import", path, "-o", tmp_path / "b.yaml").returncode == 0
    assert yaml.safe_load((tmp_path / "b.yaml").read_text())["personas"][0]["age"] == 20


@pytest.mark.slow
def test_a_hundred_thousand_people_are_read_in_seconds(tmp_path: Path) -> None:
    """The template is compiled once, not for each row."""
    path = tmp_path / "many.csv"
    count = 100_000
    pl.DataFrame({
        "id": [f"p{at}" for at in range(count)], "age": [18 + at % 60 for at in range(count)],
        "job": ["baker"] * count, "place": ["Leeds"] * count,
    }).write_csv(path)  # fmt: skip
    path.with_suffix(".j2").write_text("Is {{ age }}, a {{ job }} in {{ place }}.")
    begun = time.process_time()
    assert len(load_audience(path).personas) == count
    assert time.process_time() - begun < 75.6 / 4


def test_no_request_holds_a_personal_datum(server: OpenAIServer, tmp_path: Path) -> None:
    """Whatever a survey carries along, a run with default answers sends none of it to the model."""
    (tmp_path / "monkey.csv").write_text(
        "Respondent ID,Collector ID,Start Date,IP Address,Email Address,First Name,Last Name,How old are you?,"
        "Anything?\n"
        ",,,,,,,Response,Open-Ended Response\n"
        "118052219061,446111201,11/01/2026,203.0.113.1,anna.smith@example.org,Anna,Smith,25-34,Call 202-555-0143\n"
    )
    (tmp_path / "lime.csv").write_text(
        '"id","submitdate","lastpage","startlanguage","token","ipaddr","AGE"\n'
        '"1","2026-11-01","3","en","sEcrEt77","203.0.113.9","30"\n'
    )
    (tmp_path / "plain.csv").write_text(
        "age,job,email,surname,zip,phone\n30,baker,anna.smith@example.org,Smith,45402,+44 7810 123456\n"
    )
    (tmp_path / "qualtrics.csv").write_text(QUALTRICS)
    draft = Draft(id="d", text="Bake on Sunday.")
    for name in ("monkey", "lime", "plain", "qualtrics"):
        toolkit.run(
            [draft], load_audience(tmp_path / f"{name}.csv"), base_url=server.base_url, model="m", rating="direct",
            control=False, store=tmp_path / "store.sqlite",
        )  # fmt: skip
    sent_text = " ".join(request.text for request in server.requests)
    assert "Bake on Sunday." in sent_text
    for datum in (
        "anna.smith", "Anna", "Smith", "203.0.113", "118052219061", "446111201", "202-555", "sEcrEt77", "45402", "7810",
        "R_0000", "51.50",
    ):  # fmt: skip
        assert datum not in sent_text, datum


def test_an_audience_file_says_how_its_rows_become_people(tmp_path: Path) -> None:
    """Columns, a sentence, a condition and what is kept stand in the file, for whoever runs it next."""
    (tmp_path / "survey.csv").write_text("years,job,surname\n30,baker,Oak\n17,nurse,Ash\n")
    path = tmp_path / "a.yaml"
    path.write_text(
        "audience: a\nrows: survey.csv\ncolumns: {age: years}\nkeep: [surname]\nwhere: age >= 18\n"
        "sentence: '{job} {surname}'\n"
    )
    assert [(person.age, person.about) for person in load_audience(path).personas] == [(30, "baker Oak")]
    path.write_text("rows: survey.csv\nkeep: surname\n")
    with pytest.raises(InputError, match=r"a\.yaml:2: keep is a list of columns"):
        load_audience(path)


def test_a_code_for_an_age_reaches_no_description(tmp_path: Path) -> None:
    """The third answer about age is no three-year-old, in the prompt neither."""
    audience = load(tmp_path, "age,job\n3,baker\n5,nurse\n")
    assert [(person.age, person.about) for person in audience.personas] == [
        (None, "job: baker."),
        (None, "job: nurse."),
    ]
    assert "age unknown for 2: '3' is the number of an answer (line 2)" in tell(audience)
