"""Nothing personal leaves unsaid: columns, texts, names, existing audiences, and every request of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from conftest import Command
from openai_server import OpenAIServer
from streamlit.testing.v1 import AppTest

import toolkit
from toolkit.audiences import load_audience, privacy
from toolkit.files import tables
from toolkit.models import Audience, Draft, Persona

SAMPLES = Path(__file__).parent / "data" / "people"
PRIVATE_COLUMNS = {
    "qualtrics_q.csv": (
        "StartDate", "EndDate", "IPAddress", "Duration (in seconds)", "RecordedDate", "ResponseId",
        "RecipientLastName", "RecipientFirstName", "RecipientEmail", "ExternalReference", "LocationLatitude",
        "LocationLongitude", "DistributionChannel",
    ),
    "qualtrics_clean.csv": (
        "StartDate", "EndDate", "IPAddress", "Duration (in seconds)", "RecordedDate", "ResponseId",
        "RecipientLastName", "RecipientFirstName", "RecipientEmail", "LocationLatitude", "LocationLongitude",
    ),
    "surveymonkey.csv": ("Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address"),
    "surveymonkey.xlsx": ("Respondent ID", "Collector ID", "Start Date", "End Date", "IP Address", "Email Address"),
    "blankhead.csv": (),
    "limesurvey_codes.csv": ("submitdate", "seed", "startdate", "datestamp", "ipaddr"),
    "google_forms.csv": ("Timestamp",),
    "typeform.csv": ("#", "Start Date (UTC)", "Submit Date (UTC)", "Network ID"),
    "redcap_raw.csv": ("demographics_timestamp",),
    "ess.sav": (),
    "ess.dta": (),
    "r_write_csv.csv": (),
    "nemotron.parquet": ("uuid", "zipcode"),
    "personahub.jsonl": (),
    "Lisa.agent.json": (),
    "edsl_agents.json": (),
    "psam_p06.csv": ("SERIALNO", "PUMA", "ADJINC"),
}  # fmt: skip
"""What of each sample must reach no model."""
LANGUAGES = [
    ("Nachname", "Meyer", "names"),
    ("Vor- und Nachname", "Ada Meyer", "names"),
    ("Handynummer", "5", "telephone numbers"),
    ("Telefon privat", "x1", "telephone numbers"),
    ("E-Mail-Adresse", "x", "e-mail addresses"),
    ("Postleitzahl", "10115", "postcodes"),
    ("Stra\u00dfe", "Elmweg 2", "addresses"),
    ("Geburtsdatum", "x1", "dates of birth"),
    ("correo electr\u00f3nico", "x", "e-mail addresses"),
    ("Apellidos", "Ruiz", "names"),
    ("Tel\u00e9fono m\u00f3vil", "5", "telephone numbers"),
    ("C\u00f3digo postal", "28001", "postcodes"),
    ("Direcci\u00f3n", "Calle 5", "addresses"),
    ("DNI", "5Z", "official numbers"),
    ("t\u00e9l\u00e9phone", "5", "telephone numbers"),
    ("Nom de famille", "Petit", "names"),
    ("Adresse e-mail", "x", "e-mail addresses"),
    ("Code postal", "75001", "postcodes"),
    ("Date de naissance", "x1", "dates of birth"),
    ("Cognome", "Rossi", "names"),
    ("Sobrenome", "Silva", "names"),
    ("Celular", "5", "telephone numbers"),
    ("CPF", "5", "official numbers"),
    ("Achternaam", "Vries", "names"),
    ("Telefoonnummer", "5", "telephone numbers"),
    ("Nazwisko", "Nowak", "names"),
    ("Numer telefonu", "5", "telephone numbers"),
    ("Efternamn", "Berg", "names"),
    ("Soyad\u0131", "Kaya", "names"),
    ("\u6c0f\u540d", "\u5c71\u7530", "names"),
    ("\u30e1\u30fc\u30eb\u30a2\u30c9\u30ec\u30b9", "x", "e-mail addresses"),
    ("\u7535\u8bdd", "5", "telephone numbers"),
    ("\u0444\u0430\u043c\u0438\u043b\u0438\u044f", "x", "names"),
    ("\u0631\u0642\u0645 \u0627\u0644\u0647\u0627\u062a\u0641", "5", "telephone numbers"),
    ("CustomerEmail", "x", "e-mail addresses"),
    ("q7_phone_number", "5", "telephone numbers"),
    ("lastName", "Oak", "names"),
    ("ContactName", "Ada Oak", "names"),
    ("home_address", "2 Elm Rd", "addresses"),
    ("GPS_lat", "51", "coordinates"),
    ("What is your e-mail address?", "x", "e-mail addresses"),
    ("Please leave your name if you would like us to call you back", "Ada Oak", "names"),
    ("If you want to take part in the draw, enter your phone number here", "5", "telephone numbers"),
    ("ipAddress", "x", "IP addresses"),
    ("Instagram handle", "ada", "platform ids"),
    ("Kundennummer", "5", "platform ids"),
    ("iban", "x", "official numbers"),
    ("zip4", "x", "postcodes"),
]
INSIDE = [
    ("IP Address: 203.0.113.7. How old are you? 18-24.", "203.0.113.7"),
    ("Ring me on 98765 43210.", "43210"),
    ("We meet at 51.5074, -0.1278.", "51.5074"),
    ("Write to ada.oak+shop@mail.example.org!", "ada.oak"),
    ("ada (at) example.org", "example.org"),
    ("Ring +44 (0)20 7946 0018 after six", "7946"),
    ("call 07700 900123 or", "900123"),
    ("07700900123 is mine", "900123"),
    ("Tel. 030 1234567, please", "1234567"),
    ("mon num\u00e9ro : 06 12 34 56 78", "34 56"),
    ("(202) 555-0143", "555"),
    ("202.555.0143", "555"),
    ("my mobile is 612 345 678", "345"),
    ("WhatsApp me: 98765 43210", "43210"),
    ("from 203.0.113.9 at home", "203.0"),
    ("2001:db8::8a2e:370:7334", "db8"),
    ("I live at SW1A 1AA", "1AA"),
    ("see facebook.com/ada.oak", "ada.oak"),
    ("https://www.instagram.com/ada_oak/", "ada_oak"),
    ("linkedin.com/in/ada-oak", "ada-oak"),
    ("t.me/adaoak", "adaoak"),
    ("GB33 BUKB 2020 1555 5555 55", "BUKB"),
    ("4111 1111 1111 1111", "1111"),
    ("SSN 123-45-6789", "6789"),
    ("at 51.50123, -0.12345", "51.50"),
]
HARMLESS = [
    "It runs on version 1.2.3.4.5. Or on 10.2.3.400.1.",
    "Costs 1,250.00 in 2026, 12345678, 1.0000000000.",
    "Since 01/11/2026, or 03/2019, at 12:30:45.",
    "From 2019-2024 to 2026.",
    "Version 1.2.3.4567 of 2026",
    "Earns 45 000 a year, 120,000 with bonus, 0.5 % more.",
    "Sells on facebook.com/marketplace.",
    "Uses C++ and std::vector.",
    "Aged 25-34, works 9-5, 24/7.",
    "Read 10 000 000 words and 3 books on the phone in 2026.",
    "Meets at 4pm @ the caf\u00e9.",
    "1984, 2001 and 2010",
    "Order 4111 1111 1111 1112 is no card.",
    "A4 paper, M25, B12, 80s.",
    "Paid \u00a31,234,567.89 on 05.06.2026 10:00.",
]


def load(folder: Path, columns: dict[str, list[Any]], name: str = "people.csv", **options: Any) -> Audience:
    """Return the people of those columns."""
    pl.DataFrame(columns).write_csv(folder / name)
    return load_audience(folder / name, **options)


def sent(audience: Audience) -> str:
    """Return everything of an audience that a prompt shows."""
    return "\n".join(f"{person.called} {person.about}" for person in audience.personas)


@pytest.mark.slow
@pytest.mark.parametrize("name", PRIVATE_COLUMNS)
def test_no_request_holds_a_personal_datum_of_a_sample(name: str, server: OpenAIServer, tmp_path: Path) -> None:
    """A run with default answers on a file as a tool writes it sends answers, and no contact or bookkeeping."""
    audience = load_audience(SAMPLES / name)
    toolkit.run(
        [Draft(id="d", text="Bake on Sunday.")], audience, base_url=server.base_url, model="m", rating="direct",
        store=tmp_path / "store.sqlite",
    )  # fmt: skip
    asked = "\n".join(f"{request.text} {json.dumps(request.body, ensure_ascii=False)}" for request in server.requests)
    assert all(person.about.split(". ")[0] in asked for person in audience.personas)
    if not PRIVATE_COLUMNS[name]:
        return
    table = tables.load_table(SAMPLES / name, "people")
    data = {str(row.cells.get(column, "")) for row in table.rows for column in PRIVATE_COLUMNS[name]}
    long = {datum for datum in data if len(datum) > 3}
    assert long
    assert not {datum for datum in long if datum in asked}


@pytest.mark.parametrize(("heading", "cell", "what"), LANGUAGES)
def test_headings_of_other_languages_and_spellings(heading: str, cell: str, what: str, tmp_path: Path) -> None:
    """A contact is found by what its column is called, in the language of the survey."""
    audience = load(tmp_path, {"age": [30, 31], "job": ["baker", "nurse"], heading: [f"{cell}1", f"{cell}2"]})
    assert f"{heading} ({what})" in "; ".join(audience.notes)
    assert f"{cell}1" not in sent(audience)


@pytest.mark.parametrize("heading", ["name", "Vorname", "Pr\u00e9nom", "First name", "nombre", "\u0438\u043c\u044f"])
def test_first_names_go_with_other_contacts(heading: str, tmp_path: Path) -> None:
    """Somebody who can be reached is a real person, whose first name stays here, too."""
    audience = load(tmp_path, {"age": [30, 31], heading: ["Ada", "Bo"], "e-mail": ["a@example.org", "b@example.org"]})
    assert "Ada" not in sent(audience)


@pytest.mark.parametrize(("text", "datum"), INSIDE)
def test_what_is_personal_inside_a_text_goes(text: str, datum: str) -> None:
    """Contacts, accounts and places are replaced by what they are."""
    assert datum not in privacy.redact(text)
    assert " left out]" in privacy.redact(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_figures_dates_and_symbols_stay(text: str) -> None:
    """What merely looks like a number of somebody is left alone."""
    assert privacy.redact(text) == text


@pytest.mark.parametrize(
    ("heading", "cells"),
    [
        ("Email newsletter", ["yes", "no"]),
        ("Phone", ["iPhone", "Android"]),
        ("Mobile network", ["Three", "Orange"]),
        ("Email", ["often", "never"]),
        ("Home", ["owns", "rents"]),
        ("Brand name", ["Oak", "Elm"]),
        ("What do you use your phone for?", ["chat", "maps"]),
        ("Mail", ["often", "never"]),
        ("Handle time", ["long", "short"]),
        ("Region", ["north", "south"]),
        ("Company name", ["Oak Ltd", "Elm Ltd"]),
        ("Birth country", ["GB", "FR"]),
    ],
)
def test_answers_about_things_are_kept(heading: str, cells: list[str], tmp_path: Path) -> None:
    """A heading that names a thing people have an opinion on is no contact."""
    audience = load(tmp_path, {"age": [30, 31] * 4, heading: cells * 4})
    assert cells[0] in sent(audience)


@pytest.mark.parametrize(
    ("cells", "what"),
    [
        (["447700900123", "447700900124"], "long numbers"),
        (["@ada_oak", "@bo.elm"], "platform ids"),
        (["R_2xK81abcDEF12", "R_9aB72xyzGHI34"], "platform ids"),
        (["2026-11-01T10:00:00Z", "2026-11-02T10:00:00Z"], "bookkeeping"),
        (["Mozilla/5.0 (X11)", "Mozilla/5.0 (Mac)"], "bookkeeping"),
        (["06 12 34 56 78", "06 12 34 56 79"], "telephone numbers"),
        (["123-45-6789", "123-45-6780"], "official numbers"),
        (["instagram.com/ada", "instagram.com/bo"], "platform ids"),
        (["POINT (0.1234 51.1234)", "POINT (0.1235 51.1234)"], "coordinates"),
    ],
)
def test_content_tells_where_the_heading_does_not(cells: list[str], what: str, tmp_path: Path) -> None:
    """A column called Q9 is judged by its cells."""
    audience = load(tmp_path, {"age": [30, 31], "job": ["baker", "nurse"], "Q9": cells})
    assert "Q9" in "; ".join(audience.notes)
    assert what in "; ".join(audience.notes)
    assert cells[0] not in sent(audience)


def test_an_id_that_reaches_somebody_is_no_name(tmp_path: Path) -> None:
    """An address, a token or a number taken as id names nobody in a prompt."""
    for cells in (
        ["ada@example.org", "bo@example.org"],
        ["sEcrEtab", "tOkEncd"],
        ["1.0", "2.0"],
        ["a1b2c3d4", "b2c3d4e5"],
    ):
        audience = load(tmp_path, {"respondent": cells, "age": [30, 31]})
        assert not any(cell in sent(audience) for cell in cells)
        assert [person.name for person in audience.personas] == ["Person 1", "Person 2"]


def test_a_segment_is_no_description(tmp_path: Path) -> None:
    """A personal column chosen as a segment divides people here and is not told to the model."""
    audience = load(tmp_path, {"age": [30, 31], "zip": ["45402", "45403"]}, segments=["zip"])
    assert audience.personas[0].segments == {"zip": "45402"}
    assert "45402" not in sent(audience)


def test_contacts_of_made_up_people_go_and_names_stay(tmp_path: Path) -> None:
    """A persona set keeps its names; what stands in it as a contact is left out and told."""
    agents = {
        "agent_list": [
            {
                "name": "Bo",
                "traits": {"age": 30, "email": "bo@example.org", "job": "nurse", "note": "Ring 07700 900123"},
            }
        ]
    }
    (tmp_path / "agents.json").write_text(json.dumps(agents))
    audience = load_audience(tmp_path / "agents.json")
    assert (audience.personas[0].name, audience.personas[0].about) == (
        "Bo",
        "Job: nurse. Note: Ring [telephone number left out].",
    )
    assert audience.notes == ("left out as personal: email", "addresses or numbers inside 1 texts left out")


def test_frames_are_screened_as_files_are(server: OpenAIServer, tmp_path: Path) -> None:
    """A data frame of customers sends no address either; records of Persona are sent as they are."""
    frame = pl.DataFrame({
        "id": ["a", "b"], "age": [30, 31], "job": ["baker", "nurse"], "mail": ["a@example.org", "b@example.org"],
        "note": ["Ring 07700 900123", "none"],
    })  # fmt: skip
    draft = Draft(id="d", text="Bake on Sunday.")
    asking: dict[str, Any] = {
        "base_url": server.base_url,
        "model": "m",
        "rating": "direct",
        "store": tmp_path / "s.sqlite",
    }
    toolkit.run([draft], frame, **asking)
    asked = "\n".join(request.text for request in server.requests)
    assert "job: baker" in asked
    assert "a@example.org" not in asked
    assert "900123" not in asked
    toolkit.run([draft], [Persona(id="x", name="Xu", about="Answers at xu@example.org.")], **asking)
    assert any("xu@example.org" in request.text for request in server.requests)


def test_contacts_of_an_audience_can_be_left_out() -> None:
    """Whoever holds one is listed with what it is, and `redact_people` changes nobody else."""
    people = (
        Persona(id="x", name="xu@example.org", about="Ring 07700 900123.", segments={"town": "SW1A 1AA"}),
        Persona(id="y", name="Yan", about="Sells bread."),
    )
    audience = Audience(audience="a", personas=people)
    assert privacy.list_personal(audience) == {"x": ("e-mail", "postcode", "telephone number")}
    changed = privacy.redact_people(audience)
    assert changed.personas[1] is people[1]
    assert (changed.personas[0].name, changed.personas[0].about) == ("Person 1", "Ring [telephone number left out].")
    assert privacy.list_personal(changed) == {}


@pytest.mark.slow
def test_commands_say_what_an_audience_would_send(command: Command, tmp_path: Path) -> None:
    """`personas validate`, `doctor` and `run` name who holds a contact, before anything is asked."""
    (tmp_path / "work" / "personas").mkdir()
    path, draft = tmp_path / "work" / "personas" / "people.yaml", tmp_path / "draft.txt"
    path.write_text("audience: people\npersonas: [{id: x, name: Xu, about: Answers at xu@example.org.}]\n")
    draft.write_text("Bake on Sunday.")
    shown = command("personas", "validate", path)
    assert "personal: x holds personal data (e-mail)" in shown.stdout
    shown = command("personas", "validate", SAMPLES / "limesurvey_codes.csv")
    assert "left out as personal: seed" in shown.stderr
    assert "ipaddr (IP addresses)" in shown.stderr
    assert "people.yaml: 1 hold personal data (x)" in command("doctor").stdout
    asked = command("run", draft, "--audience", "people", "--engine", "replay", "--out", tmp_path / "out")
    assert "1 of 1 people hold contacts, which a run sends to the model (x: e-mail)" in asked.stderr


@pytest.mark.slow
def test_the_page_asks_before_contacts_are_sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On both pages an audience with a contact says so; by default it is left out, and kept on a choice."""
    (tmp_path / "personas").mkdir()
    (tmp_path / "personas" / "mine.yaml").write_text(
        "audience: mine\npersonas:\n- {id: x, name: Xu, about: Answers at xu@example.org.}\n"
        "- {id: y, name: Yan, about: Sells.}\n"
    )
    monkeypatch.chdir(tmp_path)
    script = (
        "import streamlit as st\nfrom toolkit.ui import ask, state\nstate.begin()\n"
        "audience = ask.ask_audience()\nst.text(audience.personas[0].about)"
    )
    page = AppTest.from_string(script, default_timeout=240).run()
    page.selectbox[0].select("mine").run()
    assert not page.exception
    assert "One person holds personal data\\: e\\-mail \\(1\\)" in page.warning[0].value
    assert page.text[-1].value == "Answers at [e-mail left out]."
    page.radio[0].set_value("Send them as they are").run()
    assert page.text[-1].value == "Answers at xu@example.org."
    people = AppTest.from_string(
        "from toolkit.ui import audiences, state\nstate.begin()\naudiences.show()", default_timeout=240
    ).run()
    people.selectbox[0].select("mine").run()
    next(button for button in people.button if button.label == "Leave them out").click().run()
    assert not people.exception
    assert any("[e-mail left out]" in text.value for text in people.text)
    assert not people.warning
