"""Texts around links, made from what platforms disagree about: hosts, protocols, paths, and what stands beside."""

from __future__ import annotations

import random

HOSTS = (
    "oak.ai", "oak.de", "gov.uk", "linktr.ee", "rb.gy", "t.co", "oak.co.uk", "OAK.CO.UK", "my.oak.shop", "oak.music",
    "bücher.de", "例え.jp", "日本.com", "пример.рф", "oak.中国", "oak.vermögensberatung", "xn--80ak6aa92e.com",
    "oak.onion", "a_b.com", "_oak.com", "-oak.com", "oak-.com", "oak..com", "intranet", "localhost:8080", "192.168.0.1",
    "e.g", "Mr.Smith", "in.It", "half.done", "file.py例え.jp", "oak.com日本", "oak.comma", "oak.com-shop", "oak.com@x",
    "me@oak.com", "#oak.com", "$oak.com", "oak.com:8080", "x" * 60 + ".com", "x" * 64 + ".com", "日" * 30 + ".com",
)  # fmt: skip
PROTOCOLS = ("", "", "", "https://", "http://", "HTTPS://", "ftp://", "//", "www.", "https://www.")
PATHS = (
    "", "", "/", "/coat", "/coat?size=m", "?q=1", "?q=a&b=(c)", "/a_(b)", "/a_(b(c))", "/(coat)", "/a;(b)", "/coat)",
    "/coat).", "/coat!", "/a@b/c", "/@oak/post", "/日本語", "/café", "/про", "/a-", "#top", "/#top", "/x?y=z).", "?",
    "?a.", "/a;b", "/a|b", "/[x]", "/a…", "/%20", "//", "/a..", "/" + "z" * 50,
)  # fmt: skip
BEFORE = (
    "",
    "",
    "",
    "(",
    '"',
    "「",
    "、",
    "日本語",
    "é",
    "a",
    "1",
    "@",
    "#",
    "$",
    "_",
    "-",
    ".",
    "/",
    "\u200b",
    "👍",
)
AFTER = (
    "",
    "",
    " ",
    ")",
    ").",
    "です",
    "。",
    "、日本",
    ".",
    ",",
    "!",
    "…",
    ":",
    "'",
    "-",
    "_",
    "/",
    "👍",
    "\u200f",
    "@x",
)
WORDS = (
    "Jam is good.", "Send an invoice", "果醬很好", "Привет", "café", "cafe\u0301", "👍", "👨‍👩‍👧‍👦", "🇬🇧", "1️⃣",
    "©", "™️", "☺", "☺\u0301", "🙋🏽", "e.g. this", "7 p.m.", "£5", "\n", "“q”", "①", "각", "\U0001d4d7",
    "half.So", "v1.2.3", "node.js",
)  # fmt: skip


def make_texts(count: int, seed: int) -> list[str]:
    """Return that many texts of one to five parts each."""
    draw = random.Random(seed)  # noqa: S311 - texts, no secrets

    def link() -> str:
        parts = (BEFORE, PROTOCOLS, HOSTS, PATHS, AFTER)
        return "".join(draw.choice(part) for part in parts)

    def text() -> str:
        parts = [link() if draw.random() < 0.6 else draw.choice(WORDS) for _ in range(draw.randint(1, 5))]
        return draw.choice(("", " ", "  ")).join(parts)

    return [text() for _ in range(count)]


SENTENCES = (
    "Gleich hier kaufen", "Купите сегодня", "Αγοράστε σήμερα", "اشتر اليوم", "קנו היום", "आज ही खरीदें",
    "ซื้อเลยวันนี้",
    "现在就买", "詳しくはこちらを", "오늘 주문하세요",
    "Գնեք այսօր", "იყიდეთ დღეს",
)  # fmt: skip
"""A few words in each of a dozen scripts."""
COUNTRY_HOSTS = (
    "shop.com.tr", "example.com/a", "sklep.pl/nowe", "мой.рф", "παράδειγμα.ελ", "موقع.مصر", "דוגמה.ישראל",
    "उदाहरण.भारत",
    "ไทย.ไทย", "商店.中国", "例え.jp", "쇼핑.한국", "bücher.de/neu",
    "loja.com.br", "shop.co.jp/新着", "xn--mgbh0fb.com",
    "t.co/abc", "tienda.com.mx?q=1", "магазин.укр/путь", "boutique.québec",
)  # fmt: skip


def make_texts_of_scripts(count: int, seed: int) -> list[str]:
    """Return texts of a dozen scripts with links of many countries, often with no space on either side."""
    draw = random.Random(seed)  # noqa: S311 - texts, no secrets
    glue = ("", "", "", " ", "。", "、", "!", "؟", "\n", "#", "：")

    def text() -> str:
        parts = []
        for _ in range(draw.randint(1, 4)):
            link = draw.choice(("", "https://", "http://", "www.")) + draw.choice(COUNTRY_HOSTS)
            parts += [draw.choice(SENTENCES), draw.choice(glue), link, draw.choice(glue)]
        return "".join([*parts, draw.choice(SENTENCES) * draw.choice((1, 1, 20))])

    return [text() for _ in range(count)]
