"""Measure what the toolkit can do in each language, and write the table of docs/languages.md.

    python benchmarks/languages_table.py                  # measures anew all but the refusals
    python benchmarks/languages_table.py --texts FOLDER   # FOLDER/de.txt and so on: one short text a line

The texts of the refusals were 600 sayings of up to 200 characters each from Debian's packages fortunes-de, -es, -pl,
-br, -it and -zh, and fortunes; they do not ship here. Of other languages the sentences that ship were judged. What was
measured on them stands in benchmarks/data/languages.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl
import yaml

import toolkit
from toolkit.engines import EngineBase, embedder
from toolkit.files import languages, resources
from toolkit.models import MEASURES, Audience, Draft, Persona
from toolkit.models.exchange import Question, Reply
from toolkit.panel.frame import LEAST_COSINE_RANGE
from toolkit.questionnaire import Prompts
from toolkit.stats import ratings

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "languages.md"
MEASURED = Path(__file__).parent / "data" / "languages.json"
TEST_DATA = ROOT / "tests" / "data"
MARKS = ("<!-- table -->", "<!-- end of table -->")
PEOPLE = 24
ENGLISH = [
    "Your neighbours want just what is in your cellar, and they would pay for it.",
    "Give old things a new home: post a photo today and sell without fees until Sunday.",
]
OFFERED_FROM, MOST_UNRATED = 8, 5

Pairs = dict[str, list[tuple[str, str]]]


class Double(EngineBase):
    """Answers as people of one language would: with high sentences about the second draft, low ones about the first."""

    name, model, concurrency = "double", "double", 4

    def __init__(self, pairs: Pairs, wanted: str) -> None:
        self._pairs, self._wanted, self._asked = pairs, wanted, {False: 0, True: 0}

    async def ask(self, question: Question) -> Reply:
        """Return the next answer."""
        await asyncio.sleep(0)
        high = self._wanted in question.prompt
        self._asked[high] += 1
        says = {measure: pairs[self._asked[high] % len(pairs)][high] for measure, pairs in self._pairs.items()}
        verbatim = list(says.values())[self._asked[high] % len(says)]
        reply: dict[str, object] = {
            "first_glance": "stop", "action": "click" if high else "read", "verbatim": verbatim, "objection": None,
            "quotes": [], "says": says, "ratings": dict.fromkeys(MEASURES, 4 if high else 2),
        }  # fmt: skip
        return Reply(text=json.dumps(reply), engine=self.name, model=self.model, prompt_tokens=1, completion_tokens=1)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--texts", type=Path)
    texts = parser.parse_args().texts
    if texts is not None:
        MEASURED.write_text(json.dumps(measure_refusals(texts), indent=1) + "\n", encoding="utf-8")
    refusals = json.loads(MEASURED.read_text(encoding="utf-8"))
    pairs, drafts = load_pairs(), load_drafts()
    rows = [describe(tag, pairs[tag], drafts.get(tag), refusals[tag]) for tag in languages.OFFERED]
    heads = ("language", "answers", "ratings by sentence", "refusal check", "lint lists", "forecast")
    table = "\n".join(f"| {' | '.join(row)} |" for row in [heads, ["---"] * len(heads), *rows])
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    PAGE.write_text(f"{before}{MARKS[0]}\n\n{table}\n\n{MARKS[1]}{after}", encoding="utf-8")


def load_pairs() -> dict[str, Pairs]:
    """Return the low and high sentences of each language, by measure."""
    found: dict[str, Pairs] = defaultdict(lambda: defaultdict(list))
    for line in (TEST_DATA / "rated_pairs.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            tag, measure, low, high = line.split("\t")
            found[tag][measure].append((low, high))
    return found


def load_drafts() -> dict[str, list[str]]:
    """Return two drafts of each language but English."""
    loaded: dict[str, list[str]] = yaml.safe_load((TEST_DATA / "foreign_drafts.yaml").read_text(encoding="utf-8"))
    return loaded


def describe(tag: str, pairs: Pairs, drafts: list[str] | None, refusals: dict[str, int]) -> list[str]:
    """Return the cells of one language."""
    rated, is_offered = rate_pairs(tag, pairs)
    drafts = drafts or ENGLISH
    return [
        languages.name_language(tag),
        test_drafts(pairs, drafts, "ssr" if is_offered else "direct"),
        rated,
        say_refusals(refusals),
        say_lists(tag),
        say_forecast(drafts),
    ]


def rate_pairs(tag: str, pairs: Pairs) -> tuple[str, bool]:
    """Return how the pairs were rated, and whether ratings by sentence are offered."""
    anchors, embed = Prompts().find_anchors(tag), embedder.embed_foreign_texts
    if anchors is None:
        return "no: `--rating direct`", False
    if tag == languages.ENGLISH:
        embed = embedder.embed_texts
    in_order, unrated, gaps = 0, 0, []
    for measure, of_one in pairs.items():
        sets = [embed(sentences) for sentences in anchors[measure]]
        for pair in of_one:
            low, high = ratings.expected(ratings.rate_texts(embed(pair), sets, least_range=LEAST_COSINE_RANGE)[0])
            unrated += int(np.isnan([low, high]).sum())
            in_order += bool(high > low)
            gaps += [high - low] if np.isfinite(high - low) else []
    assert in_order >= OFFERED_FROM, tag  # noqa: S101 - nothing is offered that does not hold
    assert unrated <= MOST_UNRATED, tag  # noqa: S101
    return f"{in_order} of 10 pairs in order, {unrated} of 20 unrated, gap {np.mean(gaps):.2f}", True


def test_drafts(pairs: Pairs, drafts: list[str], rating: str) -> str:
    """Return how many reactions of a campaign are usable, and whether the better draft is rated so."""
    made = [Persona(id=f"p{at}", name=f"P{at}", about=f"Sells jam at stall {at}.") for at in range(PEOPLE)]
    copy = [Draft(id="one", text=drafts[0]), Draft(id="two", text=drafts[1])]
    with tempfile.TemporaryDirectory() as folder:
        run = toolkit.run(
            copy, Audience(audience="stalls", personas=tuple(made)), engine=Double(pairs, drafts[1]), control=False,
            rating="direct" if rating == "direct" else "ssr", store=Path(folder) / "store.sqlite",
        )  # fmt: skip
    means = run.reactions.group_by("draft_id").agg(pl.col(f"rating_{one}").mean() for one in MEASURES)
    one, two = (means.filter(draft_id=draft).row(0)[1:] for draft in ("one", "two"))
    in_order = sum(high > low for low, high in zip(one, two, strict=True))
    return f"{run.counts.ok} of {run.counts.planned} usable, {in_order} of 5 measures in order ({rating})"


def measure_refusals(folder: Path) -> dict[str, dict[str, int]]:
    """Return, per language, how many of its texts would be refused as replies in it, and how many of all others."""
    lines = {tag: list_sentences(tag, pairs) for tag, pairs in load_pairs().items()}
    lines |= {path.stem: path.read_text(encoding="utf-8").splitlines() for path in sorted(folder.glob("*.txt"))}
    guesses = {tag: [languages.detect_language(line) for line in found if line] for tag, found in lines.items()}
    refused = {tag: {of: sum(one.rules_out({tag}) for one in found) for of, found in guesses.items()} for tag in lines}
    return {
        tag: {
            "texts": len(guesses[tag]),
            "refused": refused[tag][tag],
            "surely English": sum(one.sure and one.language == languages.ENGLISH for one in guesses[tag]),
            "other texts": sum(len(found) for of, found in guesses.items() if of != tag),
            "other refused": sum(count for of, count in refused[tag].items() if of != tag),
        }
        for tag in lines
    }


def list_sentences(tag: str, pairs: Pairs) -> list[str]:
    """Return the sentences of a language that ship, where there are no texts of others: pairs and anchors."""
    said = [sentence for of_one in pairs.values() for pair in of_one for sentence in pair]
    anchors = Prompts().find_anchors(tag) or {}
    return said + [sentence for sets in anchors.values() for one in sets for sentence in one]


def say_refusals(found: dict[str, int]) -> str:
    """Return what the check made of same-language texts."""
    others = f"{found['other refused'] / found['other texts']:.0%}".replace("%", " %")
    return f"{found['refused']} of {found['texts']} refused; of other languages {others}"


def say_lists(tag: str) -> str:
    """Return which policy lists a language has."""
    folder = resources.DATA / "policy"
    if tag == languages.ENGLISH:
        return "all"
    names = sorted(path.name.split(".")[0] for path in folder.glob(f"*.{tag}.yaml"))
    return ", ".join(names) or "no: limits and form alone"


def say_forecast(drafts: list[str]) -> str:
    """Return whether the outcome model speaks of such drafts."""
    pair = pl.DataFrame({"text_a": [drafts[0]], "text_b": [drafts[1]]})
    return "no: abstains" if toolkit.predict_pairs(pair)["p_b_wins"][0] == 0.5 else "yes"  # noqa: PLR2004


if __name__ == "__main__":
    main()
