"""Results as ad and social platforms export them: totals go, splits are added up, and what is not read is named."""

from __future__ import annotations

import datetime
from pathlib import Path

import openpyxl
import pytest
from conftest import Command

from toolkit.errors import InputError
from toolkit.validity.outcomes import load_outcomes

TODAY = datetime.date(2026, 11, 28)


def read(folder: Path, text: str, name: str = "export.csv", **options: object) -> tuple[list[dict[str, object]], str]:
    """Return the results of that text, and the notes as one."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    results, notes = load_outcomes(path, TODAY, **options)  # type: ignore[arg-type]
    return [result.model_dump(exclude_none=True) for result in results], "; ".join(notes)


def test_meta_ads(tmp_path: Path) -> None:
    """The first row without a name is the total, and comments and shares are taken."""
    results, notes = read(
        tmp_path,
        "Reporting starts,Ad name,Amount spent (EUR),Impressions,Link clicks,Post shares,Body (ad settings)\n"
        "2026-11-01,,9.50,3000,60,5,\n2026-11-01,one,4.50,1000,20,2,Bake on Sunday.\n2026-11-01,"
        "two,5,2000,40,3,Bring it.\n",
    )
    assert [(one["text"], one["shown"], one["clicks"], one["shares"]) for one in results] == [
        ("Bake on Sunday.", 1000, 20, 2), ("Bring it.", 2000, 40, 3),
    ]  # fmt: skip
    assert "read as a Meta Ads export: 2 results" in notes
    assert "columns not read: Amount spent (EUR)" in notes
    assert "1 total row without a name left out (line 2)" in notes


def test_a_split_by_placement_is_added_up(tmp_path: Path) -> None:
    """Rows of one ad on several placements are one result."""
    results, notes = read(
        tmp_path,
        "Ad name,Reporting starts,Placement,Impressions,Link clicks\none,2026-11-01,Feed,1000,20\n"
        "one,2026-11-01,Stories,500,3\ntwo,2026-11-01,Feed,10,1\n",
    )
    assert [(one["draft_id"], one["shown"], one["clicks"]) for one in results] == [("one", 1500, 23), ("two", 10, 1)]
    assert "3 rows split by Placement added up to 2 results" in notes


def test_google_ads(tmp_path: Path) -> None:
    """Lines above the headings, thousands with commas, counts that are unknown, and a labelled total."""
    results, notes = read(
        tmp_path,
        'Ad report\n"1 November 2026 - 24 November 2026"\nAd state,Headline 1,Description 1,Clicks,Impr.,CTR\n'
        'Enabled,Bread,Bake on Sunday.,"1,201","120,650",1.00%\nPaused,Cake,Bring it.,3, --,--\n'
        'Total: Ads,--,--,"1,204","120,650",1.0%\n',
    )
    assert [(one["text"], one["headline"], one["shown"], one["clicks"]) for one in results] == [
        ("Bake on Sunday.", "Bread", 120650, 1201)
    ]
    assert "1 row left out, shown is unknown there (line 5)" in notes
    assert "1 total row left out (line 6)" in notes


def test_reposts_are_the_shares_of_x(tmp_path: Path) -> None:
    """A column called Shares means something else there; the surface is known."""
    results, notes = read(
        tmp_path,
        "Post id,Date,Post text,Impressions,Shares,Replies,Reposts,URL Clicks\n"
        '7,"Sun, Nov 15, 2026",Bake.,100,0,2,9,5\n',
    )
    assert results == [
        {"text": "Bake.", "draft_id": "7", "surface": "x_post", "date": "2026-11-15", "shown": 100, "clicks": 5,
         "replies": 2, "shares": 9}
    ]  # fmt: skip
    assert "columns not read: Shares" in notes


def test_tiktok_ads_from_a_workbook(tmp_path: Path) -> None:
    """Numbers as text, a dash for none, and a total of results."""
    book = openpyxl.Workbook()
    for row in (
        ["Ad name", "Text", "Impressions", "Clicks (destination)", "Cost"],
        ["a", "Bake on Sunday.", "1200", "12", "1.5"],
        ["b", "Bring it.", "-", "-", "0"],
        ["Total of 2 results", None, "1200", "12", "1.5"],
    ):
        book.worksheets[0].append(row)
    book.save(tmp_path / "a.xlsx")
    results, notes = load_outcomes(tmp_path / "a.xlsx", TODAY)
    assert [(one.text, one.shown, one.clicks) for one in results] == [("Bake on Sunday.", 1200, 12)]
    assert any("shown is unknown there (line 3)" in note for note in notes)


def test_an_export_without_impressions_says_what_lacks(tmp_path: Path) -> None:
    """Analytics counts visits: one line says so and where to go."""
    with pytest.raises(
        InputError, match=r"Google Analytics 4 export has visits after a click.*columns=\{'shown': 'COLUMN'\}"
    ):
        read(
            tmp_path, "# -----\n# Oak\n\nSession manual ad content,Sessions,Views\n,60,150,Grand total\nplain,60,150\n"
        )


@pytest.mark.parametrize(
    ("days", "first"), [(("11/01/2026", "11/24/2026"), "2026-11-01"), (("01/11/2026", "24/11/2026"), "2026-11-01")]
)
def test_one_day_settles_a_column_of_dates(days: tuple[str, str], first: str, tmp_path: Path) -> None:
    """Where one row can be read in one way alone, all are."""
    results, _ = read(tmp_path, f"draft,shown,clicks,date\nOne,10,1,{days[0]}\nTwo,10,1,{days[1]}\n")
    assert results[0]["date"] == first


def test_points_between_thousands_are_settled_by_the_column(tmp_path: Path) -> None:
    """1.201 alone could be a decimal and is refused; beside 1.120.650 it is a count."""
    head = "draft,shown,clicks\n"
    results, _ = read(tmp_path, f"{head}One,1.120.650,5\nTwo,1.201,7\n")
    assert [one["shown"] for one in results] == [1120650, 1201]
    with pytest.raises(InputError, match=r"shown is '1\.201'"):
        read(tmp_path, f"{head}One,1.201,5\n")


def test_a_last_row_without_a_name_is_a_total_only_where_it_sums(tmp_path: Path) -> None:
    """At least three rows, and every count the sum; else it is a fault."""
    head = "draft,shown,clicks\nOne,100,5\nTwo,200,7\n"
    results, notes = read(tmp_path, f"{head},300,12\n")
    assert len(results) == 2
    assert "1 total row without a name left out (line 4)" in notes
    with pytest.raises(InputError, match=":4: neither draft nor draft_id"):
        read(tmp_path, f"{head},300,13\n")


def test_channels_are_surfaces(tmp_path: Path) -> None:
    """A column called Channel and names such as LinkedIn are understood."""
    results, _ = read(tmp_path, "Copy,Channel,Impressions,Clicks\nOne,LinkedIn,100,5\nTwo,facebook_post,10,1\n")
    assert [one["surface"] for one in results] == ["linkedin_post", "facebook_post"]


@pytest.mark.slow
def test_columns_are_named_once_and_remembered(command: Command, tmp_path: Path) -> None:
    """`--map` names what no rule knows, and the next time the file is read without it."""
    path = tmp_path / "r.csv"
    path.write_text("Wording,Seen,Taps\nOne,100,5\n")
    refused = command("outcomes", "add", path, "--dry-run")
    assert refused.returncode == 2
    assert "it has: Wording, Seen, Taps" in refused.stderr
    options = ("--map", "draft=wording", "--map", "shown=Seen", "--map", "clicks=Taps")
    added = command("outcomes", "add", path, *options)
    assert added.returncode == 0, added.stderr
    assert "1 added" in added.stdout
    assert (tmp_path / "r.map.yaml").read_text() == "draft: wording\nshown: Seen\nclicks: Taps\n"
    assert "1 already there" in command("outcomes", "add", path).stdout
    wrong = command("outcomes", "add", path, "--map", "draf=Wording")
    assert "no field 'draf'; did you mean draft" in wrong.stderr


def test_linkedin_ads(tmp_path: Path) -> None:
    """UTF-16 with tabs under .csv, below lines with commas; thousands have commas, too."""
    path = tmp_path / "li.csv"
    path.write_bytes(
        "Ad Performance Report (in UTC)\nReport Start: November 1, 2026, 12:00 AM\nDate Generated: today\n\n"
        "Start Date (in UTC)\tAccount Name\tAd ID\tAd Introduction Text\tImpressions\tClicks\tShares\n"
        "11/15/2026\tOak\t123\tBake on Sunday.\t1,200\t30\t2\n"
        "11/16/2026\tOak\t124\tBring it.\t900\t31\t2\n".encode("utf-16")
    )
    results, _ = load_outcomes(path, TODAY)
    assert [(one.text, one.shown, one.date) for one in results] == [
        ("Bake on Sunday.", 1200, "2026-11-15"), ("Bring it.", 900, "2026-11-16"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            (
                "Title,Subject,Send Date,Successful Deliveries,Unique Opens,Unique Clicks,Unsubscribes\n"
                'T,Bake.,"Nov 24, 2026 10:05 am",98,50,9,1\n'
            ),
            {"text": "Bake.", "draft_id": "T", "shown": 98, "clicks": 9, "hides": 1, "date": "2026-11-24"},
        ),
        (
            (
                "Anzeigenbericht\n1. November - 24. November\nAnzeigenstatus;Textzeile 1;Klicks;Impressionen\n"
                "Aktiv;Backe.;33;1200\nSumme: Anzeigen;--;33;1200\n"
            ),
            {"text": "Backe.", "shown": 1200, "clicks": 33},
        ),
        (
            "Ad name,Pin description,Impressions,Pin clicks,Outbound clicks\na,Bake.,1000,20,5\n",
            {"text": "Bake.", "draft_id": "a", "surface": "pinterest_pin", "shown": 1000, "clicks": 5},
        ),
        (
            "Campaign name,Tweet Text,Impressions,Link clicks,Spend,Retweets\nA,Bake.,100,3,1.0,2\n",
            {"text": "Bake.", "campaign": "A", "surface": "x_post", "shown": 100, "clicks": 3, "shares": 2},
        ),
        (
            "Ad name,Impressions,Amount spent (USD),Link clicks\nResults from 1 ads,100,4,5\na,100,4,5\n",
            {"draft_id": "a", "shown": 100, "clicks": 5},
        ),
    ],
    ids=["mailchimp", "google in German", "pinterest", "x ads", "meta with a labelled total"],
)
def test_other_exports(text: str, wanted: dict[str, object], tmp_path: Path) -> None:
    """Each platform has its own words for the same counts."""
    assert read(tmp_path, text)[0] == [wanted]
