"""Tags of drafts: what kind of draft each is, in every format that drafts are kept in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

import toolkit
from toolkit.drafts import samples
from toolkit.drafts.saving import save_campaign
from toolkit.drafts.surfaces import describing
from toolkit.errors import InputError
from toolkit.gate.schema import make_schema
from toolkit.models import Draft

WANTED = [{"style": "question", "length": "short"}, {"style": "claim"}]
YAML = """
campaign: coats
drafts:
  - {id: a, text: Sell a coat?, tags: {style: question, length: short}}
  - {id: b, text: Sell your coat., tags: {style: claim}}
"""


def read_tags(path: Path) -> list[dict[str, str]]:
    """Return the tags of each draft of a file."""
    return [dict(draft.tags) for draft in toolkit.load_drafts(path).drafts]


def write_drafts(folder: Path, suffix: str) -> Path:
    """Write two tagged drafts in a format."""
    path = folder / f"coats{suffix}"
    table = pl.DataFrame({
        "id": ["a", "b"], "text": ["Sell a coat?", "Sell your coat."], "tags.style": ["question", "claim"],
        "tags.length": ["short", None],
    })  # fmt: skip
    if suffix == ".yaml":
        path.write_text(YAML, encoding="utf-8")
    elif suffix == ".csv":
        table.write_csv(path)
    elif suffix == ".parquet":
        table.write_parquet(path)
    else:
        rows = [{"id": "a", "text": "Sell a coat?", "tags": WANTED[0]}, {"id": "b", "text": "b", "tags": WANTED[1]}]
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".yaml", ".csv", ".parquet", ".jsonl"])
def test_tags_are_read_from_any_file(tmp_path: Path, suffix: str) -> None:
    """A mapping in a document and a column for each tag in a table say the same, and nothing is left out in silence."""
    path = write_drafts(tmp_path, suffix)
    assert read_tags(path) == WANTED
    assert not [note for note in toolkit.load_drafts(path).notes if "not used" in note]


def test_front_matter_has_tags(tmp_path: Path) -> None:
    """The front matter of a draft may hold its tags."""
    (tmp_path / "a.md").write_text("---\ntags: {style: question}\n---\nSell a coat?\n", encoding="utf-8")
    assert read_tags(tmp_path / "a.md") == [{"style": "question"}]


def test_a_campaign_tags_all_its_drafts(tmp_path: Path) -> None:
    """What a campaign says holds for each draft that says nothing else."""
    (tmp_path / "a.yaml").write_text(YAML + "tags: {length: long, topic: coats}\n", encoding="utf-8")
    assert read_tags(tmp_path / "a.yaml") == [
        {"length": "short", "topic": "coats", "style": "question"},
        {"length": "long", "topic": "coats", "style": "claim"},
    ]


def test_saved_tags_come_back(tmp_path: Path) -> None:
    """A campaign that is saved has its tags as they were read."""
    campaign = toolkit.load_drafts(write_drafts(tmp_path, ".csv"))
    save_campaign(campaign, tmp_path / "saved.yaml")
    assert toolkit.load_drafts(tmp_path / "saved.yaml").drafts == campaign.drafts
    assert Draft.model_validate_json(campaign.drafts[0].model_dump_json()) == campaign.drafts[0]


def test_numbers_and_yes_are_levels() -> None:
    """A level may be a number, or yes and no, which YAML reads as true and false."""
    tags = {"emoji": True, "price": False, "lines": 3, "share": 2.0}
    draft = Draft(id="a", text="Sell.", tags=tags)  # type: ignore[arg-type]
    assert dict(draft.tags) == {"emoji": "yes", "price": "no", "lines": "3", "share": "2"}


@pytest.mark.parametrize(
    ("tags", "said"),
    [
        ("question", "mapping of factors to levels"),
        (["question"], "mapping of factors to levels"),
        ({"style": ""}, "needs one level"),
        ({"style": ["a", "b"]}, "needs one level"),
        ({"a.b": "c"}, "no name of a tag"),
        ([["style", "a"], ["style", "b"]], "stands twice"),
    ],
)
def test_unusable_tags_are_named(tags: object, said: str) -> None:
    """An error says which tag cannot be used, and what one looks like."""
    with pytest.raises(InputError, match=said):
        Draft(id="a", text="Sell.", tags=tags)  # type: ignore[arg-type]


def test_a_fault_in_a_file_has_its_line(tmp_path: Path) -> None:
    """An error about a tag names file and line."""
    (tmp_path / "a.yaml").write_text(YAML.replace("{style: claim}", "[claim]"), encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.yaml:5: tags is a mapping"):
        toolkit.load_drafts(tmp_path / "a.yaml")


def test_a_misspelt_tag_is_told(tmp_path: Path) -> None:
    """A tag that one draft has alone and that looks like another's is doubted in a note."""
    more = "  - {id: c, text: Sell it., tags: {stlye: claim}}\n"
    (tmp_path / "a.yaml").write_text(YAML + more, encoding="utf-8")
    assert toolkit.load_drafts(tmp_path / "a.yaml").notes == (
        "only draft c has the tag 'stlye'; did you mean 'style'?",
    )


def test_a_column_of_free_words_is_no_tag(tmp_path: Path) -> None:
    """A column `tags` of words is left out as before, and the note says how a table names a tag."""
    (tmp_path / "a.csv").write_text('text,tags\nSell.,"summer, promo"\n', encoding="utf-8")
    campaign = toolkit.load_drafts(tmp_path / "a.csv")
    assert not campaign.drafts[0].tags
    assert any("tags (a tag has a column of its own, such as tags.style)" in note for note in campaign.notes)


def test_a_column_can_be_named_for_a_tag(tmp_path: Path) -> None:
    """`columns` takes a tag as it takes a field."""
    (tmp_path / "a.csv").write_text("text,Tone\nSell.,warm\n", encoding="utf-8")
    campaign = toolkit.load_drafts(tmp_path / "a.csv", columns={"tags.tone": "Tone"})
    assert dict(campaign.drafts[0].tags) == {"tone": "warm"}


def test_nobody_reads_a_tag() -> None:
    """Tags change neither what people see nor the digest that an approval is bound to."""
    plain = Draft(id="a", text="Sell {name}.")
    tagged = plain.model_copy(update={"tags": (("style", "question"),)})
    assert tagged.digest == plain.digest
    assert describing.describe_draft(samples.fill_samples(tagged)) == describing.describe_draft(plain)


def test_the_schema_for_editors_knows_tags() -> None:
    """An editor offers tags as a mapping, for a draft and for a whole campaign."""
    schema = make_schema()
    assert schema["properties"]["tags"]["type"] == "object"
    assert schema["$defs"]["Draft"]["properties"]["tags"]["type"] == "object"


def test_a_tag_leaves_a_recording_fresh(tmp_path: Path) -> None:
    """Checks on recorded reactions hold as before once the drafts are tagged."""
    examples = Path(__file__).parent.parent / "examples"
    for suffix in (".yaml", ".reactions.jsonl"):
        shutil.copy(examples / f"paypal-invoices{suffix}", tmp_path)
    campaign = tmp_path / "paypal-invoices.yaml"
    before = toolkit.check(campaign).outcome
    campaign.write_text(campaign.read_text(encoding="utf-8") + "tags: {topic: invoices}\n", encoding="utf-8")
    assert toolkit.load_drafts(campaign).drafts[0].tags == (("topic", "invoices"),)
    assert toolkit.check(campaign).outcome == before != "stale"
