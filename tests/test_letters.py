"""Words and letters of every script: what counts as a word, as the same words, and as the end of a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

import toolkit
from toolkit.drafts.lint import Brand, lint
from toolkit.drafts.preview import find_highlights
from toolkit.files import normalising, templating
from toolkit.models import Draft
from toolkit.questionnaire import repairs
from toolkit.stats.lexical import group_sentences

REASONS = {
    "English": (
        "The price is too high", "It is too expensive, the price is high", "The price is more than I pay",
        "The price seems high for this", "I do not trust this company", "Looks like a scam, I do not trust it",
        "No company name so I cannot trust it", "I am not sure I can trust them", "I do not understand how to use it",
        "It does not say how to use it", "How to use it is not explained", "No explanation of how to use it",
    ),
    "Japanese": (
        "値段が高すぎます", "この価格はちょっと高いと思う", "高い。もっと値段を下げてほしい", "値段を見て高いと感じた",
        "本当に安全なのか信用できない", "詐欺っぽくて信用できません", "会社名がないので信用できない",
        "信用していいのか不安です", "使い方がよくわからない", "どうやって使うのかわかりません", "使い方の説明がない",
        "説明が足りなくて使い方がわからない",
    ),
    "Chinese": (
        "价格太贵了", "这个价格对我来说太贵", "太贵了，我买不起", "价格有点高，不值得", "看起来像骗子，不可信",
        "我不相信这家公司", "不知道是不是骗子", "没有公司名字，不可信", "不知道怎么用", "看不懂怎么使用",
        "没有说明怎么用", "使用方法说得不清楚",
    ),
    "Thai": (
        "ราคาแพงเกินไป", "แพงไปสำหรับฉัน", "ราคาแพงมาก ไม่คุ้ม", "ราคานี้แพงไป", "ดูไม่น่าเชื่อถือ",
        "ไม่แน่ใจว่าเชื่อถือได้ไหม", "เหมือนมิจฉาชีพ ไม่น่าเชื่อถือ", "ไม่น่าเชื่อถือเลย", "ไม่เข้าใจวิธีใช้",
        "ไม่บอกวิธีใช้", "วิธีใช้ไม่ชัดเจน", "ไม่รู้วิธีใช้งาน",
    ),
    "Korean": (
        "수수료가 너무 비싸요", "수수료가 얼마인지 모르겠어요", "수수료 설명이 없어요", "수수료가 비싼 것 같아요",
        "사기 메시지 같아요", "사기일까 봐 무서워요", "모르는 사람의 메시지는 사기 같아요", "사기처럼 보여요",
        "지금은 바빠서 시간이 없어요", "읽을 시간이 없어요", "시간이 없어서 나중에 읽을게요", "바빠서 시간이 없네요",
    ),
}  # fmt: skip
"""Twelve objections each, four of one reason after another."""


@pytest.mark.parametrize("language", REASONS)
def test_reasons_are_grouped_without_spaces_as_with_them(language: str) -> None:
    """Twelve objections of three reasons make no more than six themes, and none mixes two reasons."""
    themes = group_sentences(REASONS[language], [str(place) for place in range(12)])
    assert len(themes) <= 6
    assert all(len({int(member) // 4 for member in theme.members}) == 1 for theme in themes)


PARROTED = [
    "今だけ送料無料！新しいコートが届きました。お早めにどうぞ。",
    "新款大衣到店了，今天下单免运费，欢迎到店试穿。",
    "โค้ทใหม่มาถึงแล้ว ส่งฟรีถึงบ้านวันนี้เท่านั้น",
]


@pytest.mark.parametrize("text", PARROTED)
def test_a_draft_without_spaces_is_no_thought(text: str) -> None:
    """Who only says the draft, in wide or narrow marks, says nothing of their own."""
    draft = Draft(id="a", text=text)
    assert repairs.find_borrowed(text.replace("！", "!"), draft) == "repeats the draft"
    assert repairs.find_borrowed(f"「{text}」", draft) == "repeats the draft"


@pytest.mark.parametrize(
    "said", ["コートは間に合っています。", "送料無料なら少し気になる。", "大衣不错，可是我用不上。"]
)
def test_a_thought_without_spaces_is_one_s_own(said: str) -> None:
    """Words that a thought shares with the draft do not make it the draft."""
    assert all(repairs.find_borrowed(said, Draft(id="a", text=text)) is None for text in PARROTED)


@pytest.mark.parametrize(
    ("text", "quoted", "marked"),
    [
        ("Ein cafe\u0301 au lait, bitte.", "caf\u00e9 au lait", "cafe\u0301 au lait"),
        ("Ein caf\u00e9 au lait, bitte.", "cafe\u0301 au lait", "caf\u00e9 au lait"),
        ("این را می\u200cخواهم بخرم", "میخواهم", "می\u200cخواهم"),
        ("Sie rief „Gleich da“ und ging.", '"Gleich da"', "Gleich da"),
        ("It’s “the best” in town", 'It\'s "the best"', "It’s “the best"),
        ("今だけ送料無料！", "送料無料!", "送料無料"),
        ("Jam\nis good", "jam is", "Jam\nis"),
    ],
)
def test_quotes_are_found_however_they_are_written(text: str, quoted: str, marked: str) -> None:
    """Composed or not, with or without joiners, in any kind of quotation marks: the words are marked."""
    found = find_highlights(text, [(quoted, "liked")])
    assert [text[one.start : one.end] for one in found] == [marked]


def test_what_is_not_in_the_text_is_not_marked() -> None:
    """Other words, and half a letter, are found nowhere."""
    assert find_highlights("Résumé of the year", [("resume", "liked"), ("the week", "liked"), (".", "liked")]) == []


@pytest.mark.parametrize("word", ["می\u200cخواهم", "خانه\u200cها", "क्\u200dष", "ශ්\u200dරී"])
def test_joiners_that_spell_a_word_reach_the_model(word: str) -> None:
    """Persian, Hindi and Sinhala words are sent as they are spelt."""
    assert templating.clean_text(word) == word


@pytest.mark.parametrize("text", ["pa\u200cy", "1\u200c2", "می\u200c\u200c\u200cخ", "\u200cخانه", "日\u200c本"])
def test_joiners_that_spell_nothing_are_taken_out(text: str) -> None:
    """Between other letters, at an edge and in runs they could only hide something."""
    assert "\u200c" not in templating.clean_text(text)


def test_two_spellings_of_a_persian_draft_are_one() -> None:
    """A draft is matched with its results whether a tool kept its joiners or not."""
    assert normalising.hash_text("این را می\u200cخواهم") == normalising.hash_text("این را میخواهم")


def find_banned(term: dict[str, object] | str, text: str) -> list[str]:
    """Return the words of a text that a brand with one banned term finds."""
    brand = Brand.model_validate({"brand": "Oak", "banned": [term]})
    found = lint(Draft(id="a", text=text, surface="sms"), brand=brand)
    return [one.text for one in found if one.rule == "style.brand-banned"]


@pytest.mark.parametrize(
    ("term", "text", "found"),
    [
        ("無料", "今だけ送料無料です", ["無料"]),
        ("ฟรี", "จัดส่งฟรีถึงบ้าน", ["ฟรี"]),
        ("ガーデン", "ｶﾞｰﾃﾞﾝの品", ["ｶﾞｰﾃﾞﾝ"]),
        ("خصم", "الخصم اليوم", []),
        ({"term": "خصم", "inflected": True}, "الخصم اليوم", ["الخصم"]),
        ({"term": "خصم", "anywhere": True}, "الخصم اليوم", ["خصم"]),
        ("gratis", "Gratisversand", []),
        ({"term": "gratis", "anywhere": True}, "Gratisversand", ["Gratis"]),
        ({"term": "darmowy", "inflected": True}, "darmowa dostawa darmowych", ["darmowa", "darmowych"]),
        ({"term": "cheap", "inflected": True}, "cheaper than cheap", ["cheaper", "cheap"]),
        ({"term": "cat", "inflected": True}, "catch cats", ["cats"]),
        ("résumé", "re\u0301sume\u0301", ["re\u0301sume\u0301"]),
        ("क्य", "क्या", []),
        ("straße", "STRASSE", ["STRASSE"]),
    ],
)
def test_banned_terms_follow_the_script(term: dict[str, object] | str, text: str, found: list[str]) -> None:
    """A term counts wherever it stands in scripts without spaces, elsewhere as a word, inside or inflected if asked."""
    assert find_banned(term, text) == found


def test_a_brand_file_says_in_what_forms_a_term_counts(tmp_path: Path) -> None:
    """`anywhere` and `inflected` are written in brand.yaml, also of required terms and claims."""
    (tmp_path / "brand.yaml").write_text(
        "brand: Oak\nrequired: [{term: Eiche, inflected: true}]\nclaims: [{term: beste, anywhere: true}]\n"
    )
    path = tmp_path / "d.yaml"
    path.write_text("- {id: one, text: Allerbeste Marmelade aus Eichen, surface: sms}\n")
    assert [(one.rule, one.text) for one in lint(path, select=["style.brand*"])] == [("style.brand-claim", "beste")]


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ("exclamation", "ジャムが安い！本当に安い！今すぐ！"),
        ("hashtags", "ジャム ＃一 ＃二 ＃三 ＃四 ＃五 ＃六"),
        ("caps", "КУПИТЕ НАШЕ ВАРЕНЬЕ сегодня"),
        ("caps", "ΑΓΟΡΑΣΤΕ ΤΩΡΑ μαρμελάδα"),
        ("caps", "GÜNSTIGE MÖBEL für alle"),
    ],
)
def test_form_is_judged_in_every_alphabet(rule: str, text: str) -> None:
    """Wide marks, and capitals that are not those of English, count as any others."""
    assert f"style.{rule}" in {one.rule for one in lint(Draft(id="a", text=text, surface="facebook_post"))}


@pytest.mark.parametrize("mark", ["。", "！", "।", "؟"])
def test_sentences_end_in_every_script(mark: str) -> None:
    """A text of two whole sentences of the draft is copied, whatever ends a sentence there."""
    words = "एक दो तीन चार पाँच" if mark == "।" else "یک دو سه چهار پنج" if mark == "؟" else "新しいコートが届きました"
    other = words[::-1]
    draft = Draft(id="a", text=f"{words}{mark}{other}{mark}{words[1:]}{mark}")
    assert repairs.find_borrowed(f"{other}{mark}", draft) == "repeats the draft"


PEOPLE = [
    ("Nr;Alter;Gewicht;Beruf\n1;34;1,5;Bäcker\n", (34, 1.5)),
    ("id;edad;peso;oficio\n1;34 años;1,5;panadero\n", (34, 1.5)),
    ("id;âge;pondération;métier\n1;25-34 ans;1,5;boulanger\n", (29, 1.5)),
    ("id;età;peso;lavoro\n1;34 anni;1,5;fornaio\n", (34, 1.5)),
    ("id;idade;peso;profissão\n1;65 anos e mais;1,5;padeiro\n", (70, 1.5)),
    ("id;leeftijd;gewicht;beroep\n1;34 jaar;1,5;bakker\n", (34, 1.5)),
    ("id;wiek;waga;zawód\n1;25-34 lat;1,5;piekarz\n", (29, 1.5)),
    ("id;yaş;ağırlık;meslek\n1;65 yaş ve üzeri;1,5;fırıncı\n", (70, 1.5)),
    ("id;العمر;الوزن;المهنة\n1;٣٤;١٫٥;خباز\n", (34, 1.5)),
    ("id;سن;وزن;شغل\n1;۳۴ سال;۱٫۵;نانوا\n", (34, 1.5)),
    ("id;आयु;भार;काम\n1;३४ वर्ष;1.5;बेकर\n", (34, 1.5)),
    ("id;年齢;ウェイト;職業\n1;３４歳;1.5;パン屋\n", (34, 1.5)),
    ("id;年齢;ウェイト;職業\n1;30代;1.5;教師\n", (34, 1.5)),
    ("id;年龄;权重;职业\n1;65岁以上;1.5;教师\n", (70, 1.5)),
]


@pytest.mark.parametrize(("table", "read"), PEOPLE)
def test_tables_of_people_are_read_in_their_language(table: str, read: tuple[int, float], tmp_path: Path) -> None:
    """Headings, digits, units and decimal commas of every language that campaigns are tried in."""
    path = tmp_path / "people.csv"
    path.write_text(table, encoding="utf-8")
    people = toolkit.load_audience(path).personas
    assert [(one.age, one.weight) for one in people] == [read]
