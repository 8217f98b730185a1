"""Drafts from schedules, calendars, editors and payloads, with the columns that are not used named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner
from conftest import Command

from toolkit.cli.export import export
from toolkit.drafts import load_drafts, payloads, save_campaign
from toolkit.drafts.surfaces import describe_draft
from toolkit.errors import InputError
from toolkit.models import Draft

FILES = Path(__file__).parent / "data" / "files"

TEMPLATE: dict[str, Any] = {
    "name": "autumn_bread", "language": "en_GB", "category": "MARKETING",
    "components": [
        {"type": "HEADER", "format": "TEXT", "text": "Bread for {{1}}", "example": {"header_text": ["Sunday"]}},
        {"type": "BODY", "text": "Hi {{1}}, bake with us.", "example": {"body_text": [["Ola"]]}},
        {"type": "FOOTER", "text": "Reply STOP to opt out"},
        {"type": "BUTTONS", "buttons": [
            {"type": "QUICK_REPLY", "text": "Tell me more"},
            {"type": "URL", "text": "Open", "url": "https://example.org/bread"},
        ]},
    ],
}  # fmt: skip


def send(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message for the Send API, to somebody."""
    return {"recipient": {"id": "10001"}, "messaging_type": "RESPONSE", "message": message}


def save(folder: Path, value: Any, name: str = "payload.json") -> Path:
    """Return a file of that JSON."""
    path = folder / name
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def test_a_whatsapp_template_is_a_draft_filled_by_its_examples(tmp_path: Path) -> None:
    """Header, body, footer and buttons are its parts, and people read the examples."""
    campaign = load_drafts(save(tmp_path, TEMPLATE))
    draft = campaign[0]
    assert (draft.id, draft.surface, draft.promotional) == ("autumn_bread", "whatsapp_template", True)
    assert (draft.headline, draft.text) == ("Bread for {{1}}", "Hi {{1}}, bake with us.")
    assert (draft.description, draft.buttons) == ("Reply STOP to opt out", ("Tell me more", "Open"))
    seen = describe_draft(draft)
    assert "Hi Ola, bake with us." in seen
    assert "Headline: Bread for Sunday" in seen
    assert "whom it is sent to is left out" in campaign.notes[0]


def test_a_listing_and_lines_of_templates(tmp_path: Path) -> None:
    """Several templates are several drafts, as the API lists them or one a line; named examples are found."""
    other = {"name": "b", "components": [
        {"type": "body", "text": "Hello {{first_name}}!",
         "example": {"body_text_named_params": [{"param_name": "first_name", "example": "Bo"}]}},
    ]}  # fmt: skip
    listed = load_drafts(save(tmp_path, {"data": [TEMPLATE, other], "paging": {}}))
    (tmp_path / "a.jsonl").write_text(f"{json.dumps(TEMPLATE)}\n{json.dumps(other)}\n")
    assert [draft.id for draft in listed] == ["autumn_bread", "b"]
    assert listed.drafts == load_drafts(tmp_path / "a.jsonl").drafts
    assert describe_draft(listed[1]) == "Hello Bo!"


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        (
            {"text": "Bake on Sunday?", "quick_replies": [{"content_type": "text", "title": "Yes", "payload": "Y"}]},
            {"text": "Bake on Sunday?", "quick_replies": ("Yes",)},
        ),
        (
            {"attachment": {"type": "template", "payload": {
                "template_type": "button", "text": "Bake on Sunday?",
                "buttons": [{"type": "web_url", "url": "https://example.org", "title": "Open"}]}}},
            {"text": "Bake on Sunday?", "buttons": ("Open",), "link": "https://example.org"},
        ),
        (
            {"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": [
                {"title": "Bread", "subtitle": "Bake on Sunday.", "image_url": "https://example.org/a.png",
                 "buttons": [{"type": "postback", "title": "Ask", "payload": "ASK"}]},
                {"title": "Cake", "subtitle": "On Monday."}]}}},
            {"text": "Bake on Sunday.\n\nCake\nOn Monday.", "headline": "Bread", "buttons": ("Ask",),
             "image": "https://example.org/a.png"},
        ),
    ],
    ids=["text and quick replies", "buttons", "generic"],
)  # fmt: skip
def test_a_message_of_the_send_api_is_a_draft(message: dict[str, Any], fields: dict[str, Any], tmp_path: Path) -> None:
    """Text, quick replies, button and generic template; the recipient's id goes nowhere."""
    draft = load_drafts(save(tmp_path, send(message)))[0]
    assert draft.surface == "messenger_message"
    assert {name: getattr(draft, name) for name in fields} == fields
    assert "10001" not in draft.model_dump_json()


def test_payloads_are_written_as_they_are_read(tmp_path: Path) -> None:
    """A draft becomes the payload of its surface, and that the same draft again."""
    for value in (TEMPLATE, send({"text": "Hi", "quick_replies": [{"title": "Yes"}]})):
        draft = load_drafts(save(tmp_path, value))[0]
        again = load_drafts(save(tmp_path, payloads.write_payload(draft)))[0]
        assert again.model_copy(update={"link": draft.link}) == draft
    with pytest.raises(ValueError, match="is on sms; payloads are of"):
        payloads.write_payload(draft.model_copy(update={"surface": "sms"}))


@pytest.mark.parametrize("name", ["whatsapp_template.json", "send_api.json"])
def test_a_payload_comes_back_whole(name: str) -> None:
    """Read and written again it is the payload, but for whom it is sent to."""
    sent = json.loads((FILES / name).read_text())
    sent.pop("recipient", None)
    assert payloads.write_payload(load_drafts(FILES / name)[0]) == sent


def test_named_variables_and_those_of_a_link_keep_their_examples(tmp_path: Path) -> None:
    """What stands for a variable is written where its platform looks for it."""
    named = {"body_text_named_params": [{"param_name": "first_name", "example": "Bo"}]}
    components = [{"type": "BODY", "text": "Hello {{first_name}}, come by.", "example": named}]
    sent = {"name": "b", "language": "de", "category": "UTILITY", "parameter_format": "NAMED", "components": components}
    assert payloads.write_payload(load_drafts(save(tmp_path, sent))[0], "de") == sent


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (
            {"quick_replies": ["Yes, please"], "tag": "ACCOUNT_UPDATE"},
            {"text": "Bake.", "quick_replies": [
                {"content_type": "text", "title": "Yes, please", "payload": "YES_PLEASE"}]},
        ),
        (
            {"cta": "Open", "link": "https://example.org"},
            {"attachment": {"type": "template", "payload": {"template_type": "button", "text": "Bake.", "buttons": [
                {"type": "web_url", "title": "Open", "url": "https://example.org"}]}}},
        ),
        (
            {"description": "On Sunday."},
            {"attachment": {"type": "template", "payload": {
                "template_type": "generic", "elements": [{"title": "Bake.", "subtitle": "On Sunday."}]}}},
        ),
    ],
)  # fmt: skip
def test_every_part_has_its_place_in_a_message(fields: dict[str, Any], message: dict[str, Any]) -> None:
    """Quick replies, a call to action and a description are sent."""
    draft = Draft(id="a", text="Bake.", **fields)
    assert payloads.write_payload(draft)["message"] == message
    assert payloads.list_unwritten(draft) == []


def test_what_is_not_read_is_told(tmp_path: Path) -> None:
    """Cards of a carousel, a picture above the body and things attached are named."""
    components = [
        {"type": "HEADER", "format": "IMAGE"}, {"type": "BODY", "text": "Look."},
        {"type": "CAROUSEL", "cards": [{"components": []}, {"components": []}]},
    ]  # fmt: skip
    notes = load_drafts(save(tmp_path, {"name": "a", "components": components})).notes
    assert "not read: the image of the header, 2 cards of the carousel" in notes
    asked = send({"text": "Your address?", "quick_replies": [{"content_type": "user_email"}]})
    assert "not read: quick replies without a title" in load_drafts(save(tmp_path, asked)).notes


def test_the_command_writes_payloads_and_campaigns(tmp_path: Path) -> None:
    """One or several drafts, as JSON, JSON Lines or a campaign; what has no place is told, and no file is lost."""
    call = CliRunner().invoke
    path, table = tmp_path / "out.json", tmp_path / "plan.csv"
    table.write_text("id,Copy,Channel,alt\na,Bake.,Messenger,a loaf\nb,Hi {{1}} there.,WhatsApp,\nc,Cake.,LinkedIn,\n")
    printed = call(export, [str(table), "--draft", "a"])
    assert json.loads(printed.stdout)["message"] == {"text": "Bake."}
    assert "a: not in the payload: alt" in printed.stderr
    asked = [str(table), "--draft", "a", "--draft", "b", "-o"]
    assert call(export, [*asked, str(path)]).stdout == f"{path}: 2 payloads\n"
    assert [draft.text for draft in load_drafts(path)] == ["Bake.", "Hi {{1}} there."]
    assert call(export, [*asked, str(tmp_path / "out.jsonl")]).exit_code == 0
    assert load_drafts(tmp_path / "out.jsonl").drafts == load_drafts(path).drafts
    assert call(export, [str(table), "-o", str(tmp_path / "plan.yaml")]).exit_code == 0
    assert load_drafts(tmp_path / "plan.yaml").drafts == load_drafts(table).drafts
    for arguments, said in (
        ([*asked, str(path)], "the file exists"),
        ([*asked, str(tmp_path / "a.txt")], r"cannot be written to .txt; allowed: .json, .jsonl, .yaml, .yml"),
        ([str(table)], "draft 'c' is on linkedin_post"),
        ([str(table), "--draft", "z"], "the drafts are: a, b, c"),
        ([str(table), "--draft", "b", "--language", "en-gb"], "not a code of a language, such as en_US"),
    ):
        assert said in str(call(export, arguments).exception)


def test_a_payload_without_words_is_refused(tmp_path: Path) -> None:
    """One line says what lacks."""
    with pytest.raises(InputError, match=r"payload\.json.*no words to read"):
        load_drafts(save(tmp_path, send({"attachment": {"type": "image", "payload": {"url": "https://example.org"}}})))


def read(folder: Path, text: str) -> tuple[list[dict[str, Any]], str]:
    """Return what was set of each draft of that table, and the notes."""
    path = folder / "drafts.csv"
    path.write_text(text, encoding="utf-8")
    campaign = load_drafts(path)
    return [draft.model_dump(exclude_defaults=True, exclude={"id"}) for draft in campaign], "; ".join(campaign.notes)


def test_schedules_and_calendars(tmp_path: Path) -> None:
    """The column of words has many names, a channel is a surface, and what is not used is named."""
    drafts, notes = read(
        tmp_path, "Text,Image URL,Tags,Posting Time\nBake.,https://example.org/a.png,x,2026-11-24 10:05\n"
    )
    assert drafts == [{"text": "Bake."}]
    assert "read as a Buffer schedule: 1 draft" in notes
    assert "columns not used: Image URL, Tags, Posting Time" in notes
    drafts, notes = read(
        tmp_path, "Date,Channel,Copy,Owner\n2026-11-24,Facebook,Bake.,Ann\n2026-11-24,LinkedIn,Cake.,Bo\n"
    )
    assert drafts == [{"text": "Bake.", "surface": "facebook_post"}, {"text": "Cake.", "surface": "linkedin_post"}]
    assert "columns not used: Date, Owner" in notes


def test_a_schedule_without_headings(tmp_path: Path) -> None:
    """Hootsuite takes date, message and link without a row of names; the first row is a draft."""
    drafts, _ = read(
        tmp_path, '2026-11-24 10:05,Bake on Sunday.,https://example.org\n2026-11-25 10:05,"Bring it, too.",\n'
    )
    assert drafts == [{"text": "Bake on Sunday.", "link": "https://example.org"}, {"text": "Bring it, too."}]


def test_bulk_files_of_ads(tmp_path: Path) -> None:
    """Meta's and Google's editors have their own words for the parts of an ad."""
    drafts, notes = read(
        tmp_path,
        "Ad Set Name,Ad Name,Title,Body,Link,Call to Action\ns,one,Bread,Bake.,https://example.org,LEARN_MORE\n",
    )
    assert drafts == [{"text": "Bake.", "headline": "Bread", "link": "https://example.org", "cta": "LEARN_MORE"}]
    assert "read as a Meta Ads bulk import" in notes
    drafts, _ = read(
        tmp_path,
        "Campaign,Ad Group,Headline 1,Headline 2,Description 1,Final URL\na,b,Bread,Fresh,Bake.,https://example.org\n",
    )
    assert drafts == [{"text": "Bake.", "headline": "Bread", "link": "https://example.org"}]


def test_every_visible_sheet_with_a_column_of_words_is_read(tmp_path: Path) -> None:
    """A second sheet is no less tested than the first; a sheet of lists is named."""
    book = openpyxl.Workbook()
    for name, rows in {
        "Facebook": [["id", "text"], ["a", "Bake."]], "X": [["id", "text"], ["b", "Cake."]], "Who": [["Ann"], ["Bo"]],
    }.items():  # fmt: skip
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.remove(book["Sheet"])
    book.save(tmp_path / "a.xlsx")
    campaign = load_drafts(tmp_path / "a.xlsx")
    assert [draft.id for draft in campaign] == ["a", "b"]
    assert "sheets read: Facebook, X (sheet names one)" in campaign.notes
    assert "sheets without a column of words not read: Who" in campaign.notes
    assert [draft.id for draft in load_drafts(tmp_path / "a.xlsx", sheet="X")] == ["b"]


def test_text_that_is_a_table(tmp_path: Path) -> None:
    """Excel's Unicode text is a table, and a text with a comma or a tab in it is one draft."""
    path = tmp_path / "a.txt"
    path.write_bytes("id\ttext\na\tBake.\nb\tCake.\n".encode("utf-16"))
    assert [draft.text for draft in load_drafts(path)] == ["Bake.", "Cake."]
    for text in ("Copy, paste, done.\nBake, eat, sleep.", "text\tmore", "Message, in a bottle"):
        path.write_text(text)
        assert [draft.text for draft in load_drafts(path)] == [text]


def test_samples_of_a_campaign_fill_its_variables(tmp_path: Path) -> None:
    """Each draft takes the campaign's samples and its own, which win; one without is read in plain words."""
    path = tmp_path / "c.yaml"
    path.write_text(
        "campaign: c\nsamples: {first_name: Ola, '1': Oak}\ndrafts:\n"
        "  - text: 'Hi {first_name}, *|SHOP|* has {{1}}.'\n  - {text: 'Hi {first_name}!', samples: {first_name: Bo}}\n"
    )
    campaign = load_drafts(path)
    assert [describe_draft(draft) for draft in campaign] == ["Hi Ola, (shop) has Oak.", "Hi Bo!"]
    save_campaign(campaign, tmp_path / "saved.yaml")
    assert load_drafts(tmp_path / "saved.yaml").drafts == campaign.drafts


@pytest.mark.slow
def test_lint_reads_every_sheet_and_says_what_it_left_out(command: Command, tmp_path: Path) -> None:
    """A post that is too long on the second sheet is an error, and notes stand on standard error."""
    book = openpyxl.Workbook()
    book.worksheets[0].append(["Copy", "Channel", "Owner"])
    book.worksheets[0].append(["Bake on Sunday.", "Facebook", "Ann"])
    second = book.create_sheet("Two")
    second.append(["Copy", "Channel"])
    second.append(["Long. " * 60, "X"])
    book.save(tmp_path / "a.xlsx")
    shown = command("lint", tmp_path / "a.xlsx")
    assert shown.returncode == 1
    assert "limit.text" in shown.stdout
    assert "columns not used: Owner" in shown.stderr
    assert command("lint", tmp_path / "a.xlsx", "--sheet", "Sheet").returncode == 0
    assert command("lint", tmp_path / "a.xlsx", "--where", "Channel = Facebook").returncode == 0
