"""Comments on drafts: kept under their campaign, settled and opened again, forgotten with their draft."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from toolkit.store.campaigns import Comment, Comments
from toolkit.store.upkeep import About, Upkeep

NOW = datetime.datetime(2026, 11, 29, 9, 5, tzinfo=datetime.UTC)


def make_comment(**fields: Any) -> Comment:
    """Return a comment by Ada on draft A."""
    filled: dict[str, Any] = {
        "campaign": "spring", "draft_id": "A", "digest": "a" * 64, "words": "Too loud.", "said_by": "Ada",
        "said_at": NOW,
    }  # fmt: skip
    return Comment(**(filled | fields))


def test_a_comment_is_kept_settled_and_opened_again(tmp_path: Path) -> None:
    """It comes back as it was said; a requested change is listed until somebody settles it, and when it is reopened."""
    with Comments(tmp_path / "store.db") as kept:
        first = kept.add(make_comment(quote="Buy now"))
        asked = kept.add(
            make_comment(words="Say the price.", asks_change=True, said_at=NOW + datetime.timedelta(hours=1))
        )
        assert kept.list_comments("spring") == [first, asked]
        assert first.describe() == "Ada, 29 November 2026, 09:05 UTC"
        assert kept.list_requested("spring") == [asked]
        assert kept.settle(asked.number, "Bo", NOW)
        assert not kept.settle(asked.number, "Cy", NOW)
        assert kept.list_requested("spring") == []
        assert kept.list_comments("spring")[1].settled_by == "Bo"
        kept.reopen(asked.number)
        assert kept.list_requested("spring") == [asked]


def test_a_comment_is_its_campaigns_and_its_drafts(tmp_path: Path) -> None:
    """Another campaign's are not listed, nor another draft's where one is asked for."""
    with Comments(tmp_path / "store.db") as kept:
        kept.add(make_comment())
        kept.add(make_comment(draft_id="B"))
        kept.add(make_comment(campaign="autumn"))
        assert [one.draft_id for one in kept.list_comments("spring")] == ["A", "B"]
        assert [one.draft_id for one in kept.list_comments("spring", "B")] == ["B"]


def test_a_comment_is_forgotten_with_its_draft(tmp_path: Path) -> None:
    """To forget a draft or a campaign deletes what people said about it."""
    store = tmp_path / "store.db"
    with Comments(store) as kept:
        for fields in ({}, {"draft_id": "B"}, {"campaign": "autumn", "draft_id": "C"}):
            kept.add(make_comment(**fields))
    with Upkeep(store) as upkeep:
        assert upkeep.forget(About(draft="A")).rows == 1
        assert upkeep.forget(About(campaign="autumn")).rows == 1
    with Comments(store) as kept:
        assert [one.draft_id for one in kept.list_comments("spring")] == ["B"]
