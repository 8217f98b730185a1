"""Which language a text is in, and what people call it: the one place that tells, for whoever asks.

Examples:
    >>> from toolkit.files import languages
    >>> languages.detect_language("Do niedzieli wszystko tańsze, także buty dla dzieci.").language
    'pl'
    >>> languages.name_language("pt-BR")
    'Portuguese'
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from toolkit.models import Record

ENGLISH = "en"
SENTENCE_ENDS = ".!?\u2026\u3002\uff01\uff1f\u061f\u0964\u06d4"
"""What ends a sentence in Latin, Chinese and Japanese, Arabic, Hindi and Urdu."""
OFFERED = ("en", "de", "fr", "es", "pt", "it", "nl", "pl", "tr", "ar", "hi", "ja", "zh")
"""The languages in which campaigns were tried; any other may be named too."""
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_NOT_PROSE = re.compile(r"https?://\S+|www\.\S+|\S+@\S+|[@#]\w+|\{\{.*?\}\}|\{\w+\}")
_QUOTED = re.compile(r'"[^"\n]{2,}"|“[^”\n]{2,}”|„[^”“\n]{2,}[”“]|«[^»\n]{2,}»|^[ \t]*>.*$', re.MULTILINE)
"""What somebody else says: English stands in quotations of all languages."""
_MOST_READ = 2_000
_LEAST_WORDS = 5
"""Words from which a detector without doubt is right; measured on sayings in a dozen languages."""
_LEAST_LETTERS = 12
"""Letters beyond the Latin alphabet that do instead of words: some scripts put no spaces between them."""
_LATIN_END = 0x24F
_SURE, _SURE_OF_ENGLISH = 0.95, 0.9995
"""The probability from which a text is surely in a language. Scraps of English stand in copy of all languages."""
_HALF, _RULED_OUT = 0.5, 0.001
"""If the likeliest has half of the probability, one with less than a thousandth is ruled out."""
_NO_LANGUAGE = "zxx"
_MOST_FOREIGN = 0.15
"""The share of words with letters beyond ASCII from which a text is not surely English."""
_LEAST_HINTS, _LEAST_HINTED = 2, 0.2
"""How many different words that only English has, and what share of all, stand in for the detector."""
_ONLY_ENGLISH = (
    "the and with you your you're this that that's they their these those what which when where would could should "
    "because about there it's don't didn't i'm i've we're isn't from how been know think than any every want more "
    "does not of some only just much them then who need is are our we it get can be free today now every here out if "
    "by people without before after"
)
_HINTS = frozenset(_ONLY_ENGLISH.split())
_FAMILIES = (
    ("en", "pcm", "sco"),
    ("de", "bar", "gsw"),
    ("es", "ext", "an"),
    ("pt", "gl"),
    ("it", "lij", "vec", "nap", "scn"),
    ("fr", "gcf", "gcr", "wa"),
    ("nl", "af", "li"),
    ("pl", "szl"),
    ("tr", "crh"),
    ("ar", "arz", "ary", "apc", "ajp", "acm"),
    ("hi", "bho", "mai", "mr", "ne"),
    ("zh", "yue", "wuu", "cmn"),
    ("da", "nb", "nn", "no", "sv"),
    ("hr", "bs", "sr", "sh", "sl"),
    ("cs", "sk"),
    ("id", "ms", "jv"),
    ("ru", "ba", "be", "tt"),
    ("bg", "mk"),
    ("fa", "prs"),
    ("uz", "uzs"),
    ("lv", "ltg"),
)
"""Labels that are one language for readers, or that the detector takes for one another."""
_FAMILY_OF = {code: family[0] for family in _FAMILIES for code in family}
_NAMES = {
    "af": "Afrikaans", "am": "Amharic", "ar": "Arabic", "az": "Azerbaijani", "be": "Belarusian", "bg": "Bulgarian",
    "bn": "Bengali", "bs": "Bosnian", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish", "de": "German",
    "el": "Greek", "en": "English", "eo": "Esperanto", "es": "Spanish", "et": "Estonian", "eu": "Basque",
    "fa": "Persian", "fi": "Finnish", "fil": "Filipino", "fr": "French", "ga": "Irish", "gl": "Galician",
    "gu": "Gujarati", "ha": "Hausa", "he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "ht": "Haitian Creole",
    "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "ig": "Igbo", "is": "Icelandic", "it": "Italian",
    "ja": "Japanese", "jv": "Javanese", "ka": "Georgian", "kk": "Kazakh", "km": "Khmer", "kn": "Kannada",
    "ko": "Korean", "ku": "Kurdish", "ky": "Kyrgyz", "la": "Latin", "lb": "Luxembourgish", "lo": "Lao",
    "lt": "Lithuanian", "lv": "Latvian", "mg": "Malagasy", "mk": "Macedonian", "ml": "Malayalam", "mn": "Mongolian",
    "mr": "Marathi", "ms": "Malay", "mt": "Maltese", "my": "Burmese", "nb": "Norwegian", "ne": "Nepali",
    "nl": "Dutch", "nn": "Norwegian", "no": "Norwegian", "oc": "Occitan", "pa": "Punjabi", "pl": "Polish",
    "ps": "Pashto", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "rw": "Kinyarwanda", "si": "Sinhala",
    "sk": "Slovak", "sl": "Slovenian", "so": "Somali", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish",
    "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "th": "Thai", "tl": "Filipino", "tr": "Turkish", "ug": "Uyghur",
    "uk": "Ukrainian", "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "xh": "Xhosa", "yo": "Yoruba",
    "yue": "Cantonese", "zh": "Chinese", "zu": "Zulu",
}  # fmt: skip
_STEMS = {
    "en": (
        "englisch", "anglais", "inglés", "inglês", "inglese", "engels", "angielsk", "ingilizce", "إنجليزي", "英語",
        "英语",
    ),
    "de": ("deutsch", "allemand", "alemán", "alemão", "tedesc", "duits", "niemieck", "almanca", "ألماني", "ドイツ語"),
    "fr": (
        "französisch", "français", "francés", "francês", "francese", "frans", "francusk", "fransızca", "فرنسي",
        "フランス語", "法语",
    ),
    "es": (
        "spanisch", "espagnol", "español", "espanhol", "spagnol", "spaans", "hiszpańsk", "ispanyolca", "إسباني",
        "スペイン語", "西班牙语",
    ),
    "pt": (
        "portugiesisch", "portugais", "portugués", "português", "portoghese", "portugees", "portugalsk",
        "portekizce",
    ),
    "it": ("italienisch", "italien", "italiano", "italiaans", "włosk", "italyanca", "إيطالي", "イタリア語", "意大利语"),
    "nl": (
        "niederländisch", "holländisch", "néerlandais", "neerland", "olandese", "nederlands", "niderlandzk",
        "felemenkçe",
    ),
    "pl": ("polnisch", "polonais", "polaco", "polonês", "polacc", "pools", "polsk", "lehçe", "بولندي", "波兰语"),
    "tr": ("türkisch", "turc", "turco", "turks", "tureck", "türkçe", "تركي", "トルコ語", "土耳其语"),
    "ar": ("arabisch", "arabe", "árabe", "arabo", "arabsk", "arapça", "عربي", "アラビア語", "阿拉伯语"),
    "hi": ("hindi", "हिन्दी", "हिंदी", "هندي", "ヒンディー語", "印地语"),
    "ja": ("japanisch", "japonais", "japonés", "japonês", "giapponese", "japans", "japońsk", "japonca", "日本語"),
    "zh": (
        "mandarin", "cantonese", "chinesisch", "chinois", "chino", "chinês", "cinese", "chinees", "chińsk", "çince",
        "中文", "中国語", "汉语", "普通话",
    ),
    "ru": ("russisch", "russe", "ruso", "russo", "rosyjsk", "rusça", "русск", "روسي", "ロシア語", "俄语"),
    "uk": ("ukrainisch", "ukrainien", "ucraniano", "ukraińsk", "ukraynaca", "україн"),
}  # fmt: skip
"""How names of languages begin in the languages that descriptions of people are mostly written in."""
_FROM_RIGHT = frozenset({"ar", "fa", "he", "ps", "ug", "ur", "yi", "sd", "ckb", "dv"})


class LanguageGuess(Record):
    """What a detector makes of a text."""

    language: str | None
    """The likeliest language by its code, the first of its family; None for a text without words."""
    sure: bool
    """Whether the text is long enough, and the detector without doubt. What is not sure decides nothing."""
    probability: float
    """How likely the whole family is, from 0 to 1; 1 where English was told by its words alone."""
    possible: frozenset[str] = frozenset()
    """Every language that is not ruled out, by its first code; empty where the text is too short or too odd to say."""

    def rules_out(self, allowed: Iterable[str]) -> bool:
        """Tell whether a text is surely in none of some languages, by the first codes of their families.

        A text that may be English is surely something else only where it is surely English.
        """
        codes = set(allowed)
        if self.sure:
            return self.language not in codes
        return bool(self.possible) and self.language != ENGLISH and not self.possible & codes


@lru_cache(maxsize=512)
def detect_language(text: str) -> LanguageGuess:
    """Return the likeliest language of a text, and whether that is sure.

    It is sure from five words, or a dozen letters of another script, if the detector has no doubt. Addresses, names
    after @ or #, variables and quotations do not count. English is sure only where few words have letters beyond ASCII,
    and never from quotations alone. Labels that are one language for readers are one: `ar` and `arz`, `es` and `ext`,
    `zh`, `yue` and `wuu`.

    Examples:
        >>> from toolkit.files import languages
        >>> languages.detect_language("OK").sure
        False
    """
    prose = _NOT_PROSE.sub(" ", text[:_MOST_READ]).strip()
    own = _QUOTED.sub(" ", prose).strip()
    if len(_WORD.findall(own)) >= _LEAST_WORDS or own == prose:
        return _detect(own)
    guess = _detect(prose)
    return guess.model_copy(update={"sure": False}) if guess.language == ENGLISH else guess


@lru_cache(maxsize=4096)
def _detect(text: str) -> LanguageGuess:
    words = _WORD.findall(text.lower().replace("’", "'"))
    if not words:
        return LanguageGuess(language=None, sure=False, probability=0.0)
    if len(words) >= _LEAST_WORDS and _has_english_words(words):
        return LanguageGuess(language=ENGLISH, sure=True, probability=1.0, possible=frozenset({ENGLISH}))
    shares: defaultdict[str, float] = defaultdict(float)
    try:
        detector = _load_detector()
    except OSError:  # it unpacks its model into a file; where none may be written, no language is sure
        return LanguageGuess(language=None, sure=False, probability=0.0)
    for code, probability in detector.rank(text):
        shares[_FAMILY_OF.get(code, code)] += float(probability)
    likeliest = max(shares, key=lambda language: shares[language])
    if likeliest == _NO_LANGUAGE:
        return LanguageGuess(language=None, sure=False, probability=0.0)
    other_script = sum(len(word) for word in words if ord(word[0]) > _LATIN_END)
    is_long = len(words) >= _LEAST_WORDS or other_script >= _LEAST_LETTERS
    sure = is_long and shares[likeliest] >= _SURE
    can_say = is_long and shares[likeliest] >= _HALF
    possible = frozenset(code for code, share in shares.items() if share >= _RULED_OUT) if can_say else frozenset()
    if likeliest == ENGLISH:
        foreign = sum(not word.isascii() for word in words)
        sure = sure and shares[likeliest] >= _SURE_OF_ENGLISH and foreign <= _MOST_FOREIGN * len(words)
    probability = min(shares[likeliest], 1.0)
    return LanguageGuess(language=likeliest, sure=sure, probability=probability, possible=possible)


def _has_english_words(words: list[str]) -> bool:
    """Tell whether words that no other language has make a text English, so that no detector need be loaded."""
    if not all(word.isascii() for word in words):
        return False
    hints = [word for word in words if word in _HINTS]
    return len(set(hints)) >= _LEAST_HINTS and len(hints) >= _LEAST_HINTED * len(words)


def choose_language(declared: str | None, text: str) -> str:
    """Return the language that a text is answered in: the declared one, else what it surely is, else English."""
    if declared is not None:
        return declared
    guess = detect_language(text)
    return guess.language if guess.sure and guess.language else ENGLISH


def reduce_language(tag: str) -> str:
    """Return the first code of the family that a BCP 47 tag belongs to: "es" for "es-MX", "zh" for "yue"."""
    code = tag.replace("_", "-").split("-")[0].lower()
    return _FAMILY_OF.get(code, code)


def is_english(tag: str) -> bool:
    """Tell whether a BCP 47 tag is of English."""
    return reduce_language(tag) == ENGLISH


def name_language(tag: str) -> str:
    """Return what people call a language in English, such as "Polish" for "pl" or "Portuguese" for "pt-BR"."""
    code = tag.replace("_", "-").split("-")[0].lower()
    return _NAMES.get(code) or _NAMES.get(reduce_language(code), tag)


def name_languages(tags: Iterable[str]) -> str:
    """Return what languages are called in English, each once, such as "German, Polish and Japanese"."""
    named = list(dict.fromkeys(map(name_language, tags)))
    return " and ".join(filter(None, (", ".join(named[:-1]), *named[-1:])))


def is_named(tag: str, text: str) -> bool:
    """Tell whether a text names a language, in English or in the commonest languages of audiences.

    Examples:
        >>> from toolkit.files import languages
        >>> languages.is_named("tr", "Speaks only Turkish at home.")
        True
    """
    stems = [name_language(tag).lower(), *_STEMS.get(reduce_language(tag), ())]
    return any(stem in text.casefold() for stem in stems)


def reads_from_right(tag: str) -> bool:
    """Tell whether a language is written from right to left."""
    return reduce_language(tag) in _FROM_RIGHT


@lru_cache(maxsize=1)
def _load_detector() -> Any:
    """Return the detector; loading its model takes half a second, so plain English copy never gets here."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
