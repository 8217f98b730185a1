"""Languages: which one a text is in, and when nobody can be sure."""

from __future__ import annotations

import subprocess
import sys

import pytest

from toolkit.files import languages

SURE = {
    "de": "Deine Nachbarn suchen genau das, was in deinem Keller steht.",
    "en": "I would tap it because it is about the thing that I do every day.",
    "fr": "Vos voisins cherchent justement ce qui dort dans votre cave depuis dix ans.",
    "es": "Envía la factura por el chat y cobra hoy mismo.",
    "pt": "Envie a fatura pelo chat e receba o dinheiro ainda hoje, sem papelada.",
    "it": "I tuoi vicini cercano proprio quello che tieni in cantina.",
    "nl": "Je buren zoeken precies wat er bij jou in de kelder staat.",
    "pl": "Do niedzieli wszystko tańsze o jedną trzecią, także buty dla dzieci.",
    "tr": "Komşuların tam da bodrumunda duran şeyi arıyor, hemen bak.",
    "ar": "مش فاهم إيه ده وليه بتبعتولي الكلام ده",
    "hi": "यह संदेश मेरे काम का नहीं है, मुझे मत भेजो।",
    "ja": "近所の人が探しているのは、あなたの物置にあるものです。",
    "zh": "邻居正在找的东西，就在你家的地下室里。",
    "ru": "Это сообщение похоже на очередную рекламу, я пролистываю дальше.",
}


@pytest.mark.parametrize(("language", "text"), SURE.items())
def test_a_sentence_is_surely_in_its_language(language: str, text: str) -> None:
    """Words that other languages share, such as was and in, make no German English."""
    guess = languages.detect_language(text)
    assert (guess.language, guess.sure) == (language, True)


@pytest.mark.parametrize("text", [
    "", "OK", "🙂 !!", "123 456", "PayPal", "Sale", "Too short to say", "Das ist Werbung.",
    "Lol no. Kinda sus tbh, gonna scroll, cba with paypal fees rn, ngl looks spammy af.",
    "zdrw qwx plk mnb vcx asd fgh jkl poi uyt rew", "https://example.com/das-ist-eine-lange-adresse-auf-deutsch",
    "@anna @bert #sale #shopping #deals #today #now",
])  # fmt: skip
def test_what_nobody_can_tell_is_not_sure(text: str) -> None:
    """Short, senseless and slangy texts, addresses and names are surely in no language."""
    assert not languages.detect_language(text).sure


def test_letters_beyond_ascii_speak_against_english() -> None:
    """An English slogan in a Polish sentence does not make it English."""
    text = 'Kiedy Microsoft mówi "Where do you want to go today?", mają na myśli "Let us take you for a ride."'
    guess = languages.detect_language(text)
    assert not (guess.language == "en" and guess.sure)


def test_quotations_are_not_ones_own_words() -> None:
    """A quoted slogan decides nothing beside words of one's own, and an English quotation alone is not sure."""
    english = "Because they think that you would want the best for your friends."
    assert not languages.detect_language(f'"{english}"').sure
    assert languages.detect_language(english).sure
    guess = languages.detect_language(f"Na plakacie stoi „{english}” i zupełnie nie wiem, co to znaczy.")
    assert (guess.language, guess.sure) == ("pl", True)


def test_a_language_can_be_ruled_out_before_another_is_sure() -> None:
    """Spanish is surely not German, though it might be a language near to it; what is short rules nothing out."""
    guess = languages.detect_language("El verdadero precio de las cosas lo decide cada uno.")
    assert guess.rules_out({"de", "en"})
    assert not guess.rules_out({"de", "es"})
    assert not languages.detect_language("Vale.").rules_out({"de"})
    assert not languages.detect_language("Lol no. Kinda sus tbh, gonna scroll, cba rn, ngl.").rules_out({"de"})


def test_labels_of_one_language_are_one() -> None:
    """Readers of Egyptian and written Arabic, or of Cantonese and Mandarin, are readers of one language."""
    assert {languages.reduce_language(code) for code in ("ar", "arz", "ary")} == {"ar"}
    assert {languages.reduce_language(code) for code in ("zh", "zh-Hant", "yue", "wuu")} == {"zh"}
    assert {languages.reduce_language(code) for code in ("es", "es-MX", "ext", "es_ES")} == {"es"}
    assert languages.reduce_language("pt-BR") != languages.reduce_language("es")


def test_languages_have_names_and_directions() -> None:
    """A tag is called by its name in English; one that nobody knows keeps its code."""
    names = [languages.name_language(tag) for tag in ("pl", "pt-BR", "yue", "arz", "qq")]
    assert names == ["Polish", "Portuguese", "Cantonese", "Arabic", "qq"]
    assert languages.name_languages(["de", "pl", "de", "ja"]) == "German, Polish and Japanese"
    assert [languages.name_languages(tags) for tags in ([], ["de"], ["de", "pl"])] == [
        "",
        "German",
        "German and Polish",
    ]
    assert [languages.reads_from_right(tag) for tag in ("ar", "arz", "he", "fa", "de", "ja")] == [True] * 4 + [
        False
    ] * 2


def test_plain_english_needs_no_detector() -> None:
    """English copy with words that only English has is told without loading the model."""
    code = (
        "import sys; from toolkit.files import languages; "
        "guess = languages.detect_language('You know that this is what they want, and the price is fair.'); "
        "print(guess.sure, 'py3langid' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["True", "False"]
