"""Drafts as they will appear: marked, safe, and the same for the page and the report."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.drafts.preview import Highlight, find_highlights, load_style, mark_text, render_preview, render_previews
from toolkit.drafts.surfaces import surface_names
from toolkit.models import Campaign, Draft

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Reader(HTMLParser):
    """Collects the tags and the text that a browser would find."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the tag's name and refuse what could run or fetch."""
        self.tags.append(tag)
        assert not any(name.startswith("on") for name, _ in attrs), attrs
        assert all(not (value or "").startswith("http") for name, value in attrs if name in {"src", "href"}), attrs

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All text, joined."""
        return "".join(self.words)


def test_the_fold_and_the_limit_are_marked() -> None:
    """What stands after the fold follows its mark, and what passes the limit is struck out."""
    html = mark_text("one two three", fold=4, limit=8)
    assert html == (
        'one <span class="fold" role="separator" aria-label="folded from here">See more</span>two '
        '<s class="over" title="over the limit">three</s>'
    )


def test_nothing_is_marked_where_all_fits() -> None:
    """A text that ends at fold and limit carries no mark."""
    assert mark_text("just so", fold=7, limit=7) == "just so"


@given(st.text(), st.integers(0, 40), st.integers(0, 40))
def test_marks_never_change_the_words(text: str, fold: int, limit: int) -> None:
    """Whatever the text, the words of the page are the words of the draft."""
    highlight = Highlight(min(fold, len(text)), min(fold + 3, len(text)), "liked", 1)
    html = mark_text(text, fold=fold, limit=limit, highlights=[highlight])
    shown = Reader(str(html)).text.replace("See more", "", 1) if 'class="fold"' in html else Reader(str(html)).text
    plain = re.sub("\r\n?", "\n", text)
    assert shown.replace("\r\n", "\n").replace("\r", "\n") == plain or "See more" in text


def test_highlights_take_the_feeling_of_most() -> None:
    """Two who liked outvote one who was confused; others' words stay unmarked."""
    quotes = [("get paid", "liked"), ("paid today", "liked"), ("get paid", "confused"), ("elsewhere", "disliked")]
    found = find_highlights("you get paid today", quotes)
    assert [(item.start, item.end, item.feeling, item.people) for item in found] == [
        (4, 8, "liked", 1),
        (8, 12, "liked", 2),
        (12, 18, "liked", 1),
    ]


def test_words_liked_and_disliked_are_polarising() -> None:
    """One third against two thirds is a quarrel, one quarter is not."""
    assert find_highlights("free", [("free", "liked")] * 2 + [("free", "disliked")])[0].feeling == "polarising"
    assert find_highlights("free", [("free", "liked")] * 3 + [("free", "disliked")])[0].feeling == "liked"


HOSTILE = [
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    '"><svg onload=alert(1)>{{ 7 * 7 }}',
    "x" * 10_000,
    "مرحبا بالعالم، ادفع الآن",
    "日本語のテキスト 👩‍👩‍👧‍👦 \u202eevil",
]


@pytest.mark.parametrize("surface", surface_names())
@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_is_harmless_on_any_surface(surface: str, text: str) -> None:
    """Markup of a draft is shown as words in every field, and nothing of it runs or is fetched."""
    draft = Draft(
        id="hostile", text=text, surface=surface, headline=text, description=text, cta=text, alt=text, price=text,
        place=text, greeting=text, ice_breakers=(text,), buttons=(text,), quick_replies=(text,),
        image="https://example.org/a.png", link=f"https://example.org/{text}",
    )  # fmt: skip
    reader = Reader(str(render_preview(draft)))
    assert not {"script", "svg", "iframe", "object"} & set(reader.tags)
    assert text.split("\n", maxsplit=1)[0][:20] in reader.text


@pytest.mark.parametrize("surface", surface_names())
def test_every_surface_draws_its_draft(surface: str) -> None:
    """The text, and the name of the place, stand in the drawing for phone and desktop."""
    draft = Draft(id="one", text="Jam today.", surface=surface)
    for device in ("phone", "desktop"):
        assert "Jam today." in Reader(str(render_preview(draft, device=device))).text  # type: ignore[arg-type]


def test_a_picture_in_the_folder_is_shown(tmp_path: Path) -> None:
    """A picture file beside the campaign is drawn in; one outside it, or no picture at all, gives its description."""
    folder = tmp_path / "campaign"
    folder.mkdir()
    (folder / "jam.png").write_bytes(PIXEL)
    (tmp_path / "outside.png").write_bytes(PIXEL)
    (folder / "fake.png").write_text("<script>")
    draft = Draft(id="one", text="Jam.", surface="facebook_post", alt="A jar of jam", image="jam.png")
    assert "data:image/png;base64," in render_preview(draft, folder=folder)
    for image in ("../outside.png", "fake.png", "missing.png", "https://example.org/jam.png"):
        html = str(render_preview(draft.model_copy(update={"image": image}), folder=folder))
        assert "<img" not in html
        assert "A jar of jam" in Reader(html).text


def test_drafts_stand_side_by_side_under_their_names() -> None:
    """A campaign's drafts are drawn in file order, each with its highlights."""
    drafts = (Draft(id="plain", text="Pay now."), Draft(id="other", text="Pay later."))
    marked = {"plain": [Highlight(0, 3, "disliked", 4)]}
    html = str(render_previews(Campaign(campaign="c", drafts=drafts), highlights=marked))
    assert html.index("plain") < html.index("other")
    assert '<mark class="disliked" title="disliked, named in 4 simulated reactions">Pay</mark> now.' in html


def test_the_style_touches_nothing_else() -> None:
    """Every rule is scoped to the previews' own classes."""
    selectors = re.findall(r"([^{}]+)\{", load_style())
    assert selectors
    assert all(part.strip().startswith(".preview") for selector in selectors for part in selector.split(","))


@pytest.mark.parametrize(
    ("before", "word", "after"),
    [
        ("Open every day ", "https://example.org/a-long-address-of-one-shop-in-leeds", " for all"),
        ("\u5e97\u958b\u4e86 ", "now-or-never-for-everybody-in-the-street", " \u958b"),
        ("One cafe\u0301 ", "e\u0301te\u0301" * 12, " more"),
        ("Ours ", "\U0001f469\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", " theirs"),
    ],
)
@pytest.mark.parametrize("away", range(1, 12))
def test_a_fold_never_cuts_a_word_or_a_letter(before: str, word: str, after: str, away: int) -> None:
    """Wherever the fold falls, a word stays whole, be it an address, long, accented or a family in one letter."""
    text = "a" * (124 - len(before) - away) + " " + before + word + after + " and so on" * 20
    shown = Reader(str(render_preview(Draft(id="a", text=text, surface="facebook_post")))).text
    head = shown.split("See more")[0]
    assert word[:1] not in head.partition(before)[2] or word in head


def test_a_feed_shows_links_as_links() -> None:
    """Hashtags and addresses look as links, with a card of the site; a chat has no hashtags, and no number is one."""
    text = "Sold in a day, see www.example.org/shop#top. #SmallSellers #m\u00fcnchen are #1 &#39; a#b"
    drawn = str(render_preview(Draft(id="a", text=text, surface="facebook_post")))
    tags = re.findall(r'<span class="preview-tag">(.*?)</span>', drawn)
    assert tags == ["www.example.org/shop#top", "#SmallSellers", "#m\u00fcnchen"]
    assert '<small class="preview-site">example.org</small>' in drawn
    chat = str(render_preview(Draft(id="a", text="Done. #SmallSellers", surface="messenger_message")))
    assert "preview-tag" not in chat


def test_see_more_stands_between_words() -> None:
    """A fold that falls into a word hides the word whole; text without spaces is cut where the fold is."""
    words = "Open " * 24 + "now 9am to five, every day of the week, rain or shine."
    drawn = str(render_preview(Draft(id="a", text=words, surface="facebook_post")))
    assert re.search(r'now <span class="fold"[^>]*>See more</span>9am', drawn)
    solid = "\u5f00" * 600
    shown, hidden = str(render_preview(Draft(id="a", text=solid, surface="facebook_post"))).split('<span class="fold"')
    assert shown.count("\u5f00") > 0
    assert hidden.count("\u5f00") > 0
