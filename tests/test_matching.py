"""Results find their drafts past what platforms do to words, each step told, and never by guessing."""

from __future__ import annotations

import hashlib

import pytest

from toolkit.files import normalising
from toolkit.results.track_record.loosening import find_nearest, find_nearest_id
from toolkit.results.track_record.matching import match_outcomes
from toolkit.store import outcome_log, test_log

WORDS = 'The coat you never wear could be somebody\'s first day at "work" & more.'


def make_tested(text: str, draft_id: str = "coat") -> test_log.Tested:
    """Return the test of one draft."""
    return test_log.Tested(
        run_id="r", draft_hash=hashlib.sha256(f"{draft_id} {text}".encode()).hexdigest(),
        text_hash=normalising.hash_text(text), draft_id=draft_id, campaign="c", surface="x_post", text=text,
        objective="click", panel_rate=0.5, panel_n=4, control_rate=None, control_n=0, model="m", engine="local",
        finished="2026-11-24T10:00:00+00:00",
    )  # fmt: skip


def match(published: str, *tested: test_log.Tested) -> tuple[str | None, tuple[str, ...]]:
    """Return the id of the draft that a published text is matched to, and what was looked past."""
    outcome = outcome_log.Outcome(text=published, shown=100, clicks=1)
    found = match_outcomes([outcome], tested)[0]
    return (found.tested[-1].draft_id if found.tested else None), found.past


@pytest.mark.parametrize(
    ("published", "past"),
    [
        (WORDS, ()),
        (f"{WORDS} https://t.co/abc", ("a shortened link",)),
        (WORDS.replace("'", "\u2019"), ("typographic signs",)),
        (WORDS.replace("&", "&amp;").replace("'", "&#39;"), ("entities",)),
        (WORDS.upper(), ("case",)),
        (f"{WORDS[:40]}\u2026", ("a cut",)),
        (f"{WORDS} #coats #autumn", ("hashtags",)),
        (f"{WORDS.replace(chr(39), chr(0x2019))} https://t.co/abc", ("a shortened link", "typographic signs")),
    ],
)
def test_each_step_is_told(published: str, past: tuple[str, ...]) -> None:
    """A text is found past a link, quotes, entities, case, a cut and hashtags."""
    tested = (make_tested(WORDS), make_tested("Ship it free this weekend only.", "ship"))
    assert match(published, *tested) == ("coat", past)


def test_nothing_is_guessed() -> None:
    """Where two drafts fit, or too little is left of a cut, none is taken."""
    twins = (
        make_tested("Sell your coat today, dear seller.", "a"),
        make_tested("Sell your coat today, my friend.", "b"),
    )
    assert match("Sell your coat today\u2026", *twins) == (None, ())
    assert match("Sell\u2026", twins[0]) == (None, ())
    assert match("Another thing entirely.", *twins) == (None, ())


def test_the_nearest_is_named() -> None:
    """A text that is nearly one of the drafts is told which; one that is not, is not."""
    tested = [make_tested(WORDS), make_tested("Ship it free this weekend only.", "ship")]
    near = find_nearest("Ship it for free this weekend.", tested)
    assert near is not None
    assert near.draft_id == "ship"
    assert find_nearest("Zzz", tested) is None


def test_a_cut_may_offer_to_show_more() -> None:
    """Feeds write more than three points where they cut."""
    assert match(f"{WORDS[:40]}\u2026 see more", make_tested(WORDS)) == ("coat", ("a cut",))


def test_the_name_of_an_ad_leads_to_a_draft_that_is_called_alike() -> None:
    """A result without words names the draft that it may be of, and is matched to none."""
    tested = [make_tested(WORDS, "plain"), make_tested("Ship it free.", "story")]
    near = find_nearest_id("Coat - Plain", tested)
    assert near is not None
    assert near.draft_id == "plain"
    assert find_nearest_id("xyz", tested) is None
