"""Files in old encodings: read where they are surely Western, else refused with what they look like."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import Command

import toolkit
from toolkit.drafts.lint import lint
from toolkit.errors import InputError

WRITTEN = [
    ("cp1250", "Windows-1250", "Do niedzieli wszystko tańsze o jedną trzecią, także buty dla dzieci."),
    ("cp1250", "Windows-1250", "Objednejte dnes, zaplaťte později: žluťoučký kůň za polovic."),
    ("cp1251", "Windows-1251", "Закажите сегодня, заплатите позже. Скидка на обувь для детей."),
    ("cp1253", "Windows-1253", "Παραγγείλτε σήμερα, πληρώστε αργότερα."),
    ("cp1254", "Windows-1254", "Komşuların tam da bodrumunda duran şeyi arıyor, hemen bak."),
    ("cp1255", "Windows-1255", "הזמינו היום, שלמו אחר כך. הנחה על נעליים לילדים."),
    ("cp1256", "Windows-1256", "اطلب اليوم وادفع لاحقا. خصم على أحذية الأطفال."),
    ("cp932", "Shift-JIS", "今だけ送料無料！新しいコートが届きました。"),
    ("euc_jp", "EUC-JP", "今だけ送料無料！新しいコートが届きました。"),
    ("gb18030", "GB 18030", "新款大衣到店了，今天下单免运费。"),
    ("big5", "Big5", "新款大衣到店了，今天下單免運費，歡迎試穿。"),
    ("cp949", "Windows-949", "오늘 주문하고 나중에 결제하세요. 아동 신발 할인."),
    ("cp874", "Windows-874", "โค้ทใหม่มาถึงแล้ว ส่งฟรีถึงบ้านวันนี้"),
]
WESTERN = [
    "“Jam” costs £5 – today.", "Größere Auswahl für Sie, günstig.", "¿Qué tal? Envía la factura y cobra mañana.",
    "Já está à venda, não perca.", "Prix très réduit, déjà l’été.", "Rødgrød på bordet, æblegrød til.", "½ price • now",
]  # fmt: skip


@pytest.mark.parametrize(("encoding", "name", "text"), WRITTEN)
def test_other_encodings_are_named(encoding: str, name: str, text: str, tmp_path: Path) -> None:
    """What it looks like is said, and that name reads it."""
    path = tmp_path / "drafts.csv"
    path.write_bytes(f'id,text\na,"{text}"\n'.encode(encoding))
    with pytest.raises(InputError, match=f"neither UTF-8 nor UTF-16, looks like {name}.*encoding='{encoding}'"):
        toolkit.load_drafts(path)
    assert toolkit.load_drafts(path, encoding=encoding).drafts[0].text == text


@pytest.mark.parametrize("text", WESTERN)
def test_western_files_are_read(text: str, tmp_path: Path) -> None:
    """Nothing is asked where letters and marks are those of Western Windows."""
    path = tmp_path / "draft.txt"
    path.write_bytes(text.encode("cp1252"))
    assert toolkit.load_drafts(path).drafts[0].text == text


def test_a_named_encoding_leaves_unicode_alone(tmp_path: Path) -> None:
    """It is for files that are no Unicode: one in UTF-8 is read as what it is."""
    path = tmp_path / "draft.txt"
    path.write_text("Zażółć gęślą jaźń", encoding="utf-8")
    assert toolkit.load_drafts(path, encoding="cp1250").drafts[0].text == "Zażółć gęślą jaźń"


def test_a_wrong_encoding_is_refused(tmp_path: Path) -> None:
    """An unknown name, and one that the bytes are not in, are told apart."""
    path = tmp_path / "draft.txt"
    path.write_bytes("Zażółć\ngęślą jaźń".encode("cp1250"))
    with pytest.raises(InputError, match=r"encoding='cp12': no such encoding; allowed: cp1250"):
        toolkit.load_drafts(path, encoding="cp12")
    with pytest.raises(InputError, match=r"draft\.txt:1: not ascii either"):
        toolkit.load_drafts(path, encoding="ascii")


def test_commands_take_an_encoding(command: Command, tmp_path: Path) -> None:
    """The error names the flag, and with it people and drafts are read."""
    path = tmp_path / "drafts.csv"
    path.write_bytes('id,text\na,"Do niedzieli wszystko tańsze, także buty dla dzieci."\n'.encode("cp1250"))
    refused = command("lint", path)
    assert refused.returncode == 2
    assert "--encoding cp1250" in refused.stderr
    done = command("lint", path, "--encoding", "cp1250", "--json")
    assert (done.returncode, "findings" in json.loads(done.stdout)) == (0, True)


def test_a_form_is_written_of_a_file_in_its_encoding(command: Command, tmp_path: Path) -> None:
    """The option that the refusal names is one that the command has."""
    path = tmp_path / "drafts.csv"
    path.write_bytes('id,text\na,"Do niedzieli wszystko tańsze, także buty dla dzieci."\n'.encode("cp1250"))
    form = tmp_path / "form.html"
    assert "--encoding cp1250" in command("ask-people", path, "-o", form).stderr
    assert command("ask-people", path, "-o", form, "--encoding", "cp1250").returncode == 0
    assert "także" in form.read_text(encoding="utf-8")


def test_who_takes_an_encoding_is_said(tmp_path: Path, command: Command) -> None:
    """`run` in Python has no such option, so the line names the functions that have; a command's own is enough."""
    path = tmp_path / "drafts.csv"
    path.write_bytes('id,text\na,"Do niedzieli wszystko tańsze, także buty dla dzieci."\n'.encode("cp1250"))
    with pytest.raises(
        InputError, match=r"encoding='cp1250'.* \(load_drafts, load_audience and load_outcomes take it\)"
    ):
        toolkit.run(path, "uk-small-sellers", engine="replay")
    assert "load_drafts" not in command("lint", path).stderr


def test_people_and_results_take_an_encoding(tmp_path: Path) -> None:
    """The same from Python for every table."""
    people, results = tmp_path / "people.csv", tmp_path / "results.csv"
    people.write_bytes("id;age;city\na;30;Łódź\nb;41;Gdańsk\n".encode("cp1250"))
    assert "Łódź" in toolkit.load_audience(people, encoding="cp1250").personas[0].about
    results.write_bytes("draft;shown;clicks\nTańsze buty.;1200;48\n".encode("cp1250"))
    read = toolkit.load_outcomes(results, surface="x_post", encoding="cp1250")
    assert read.outcomes[0].text == "Tańsze buty."
    found = lint(toolkit.load_drafts(results, encoding="cp1250", columns={"text": "draft"}))
    assert ["the language cannot be told" in one.message for one in found] == [True]
