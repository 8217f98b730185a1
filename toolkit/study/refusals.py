"""Whether those whom the model refused could turn the sign of a comparison over campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

PLACE = ("campaign", "model", "audience", "persona_id", "wording", "repeat")
"""Who was asked, where: one answer to each draft."""
_KNOWN = ("campaign", "audience")


@dataclass(frozen=True)
class Refusals:
    """Everybody whom the model refused on a tagged draft, and how much those weigh who are in the figures."""

    lost: pl.DataFrame
    """A row a place and tagged draft: level, weight, and the value where it is known."""
    kept: Mapping[str, float]
    """The weight of a campaign's places that every figure rests on."""

    @classmethod
    def find(cls, kept: pl.DataFrame, answered: pl.DataFrame, refused: pl.DataFrame) -> Refusals:
        """Return the refusals of a study, from rows with the columns of a place, draft_id, level, weight and value.

        `kept` are the answers of those in the figures, `answered` all answers, `refused` what was refused. Campaigns of
        which nobody answered every tagged draft have none: there everybody counts with what is known.
        """
        places = kept.filter(pl.col("is_whole")).group_by(PLACE).agg(pl.col("weight").first())
        usual = places.group_by(_KNOWN).agg(pl.col("weight").mean().alias("usual"))
        weighed = places.join(usual, on=_KNOWN, nulls_equal=True).with_columns(pl.col("weight") / pl.col("usual"))
        masses = dict(weighed.group_by("campaign").agg(pl.col("weight").sum()).iter_rows())
        drafts = kept.select("campaign", "draft_id", "level").unique()
        doubted = refused.join(drafts, on=["campaign", "draft_id"], how="semi").filter(
            pl.col("campaign").is_in(list(masses))
        )
        known = answered.select(*PLACE, "draft_id", "value")
        lost = (
            doubted.group_by(PLACE)
            .agg(pl.col("weight").first())
            .join(usual, on=_KNOWN, how="left", nulls_equal=True)
            .with_columns(pl.col("weight") / pl.col("usual").fill_null(pl.col("weight")))
            .join(drafts, on="campaign")
            .join(known, on=[*PLACE, "draft_id"], how="left", nulls_equal=True)
        )
        return cls(lost, masses)

    def hold(self, levels: tuple[str, str], means: Mapping[str, float], estimate: float) -> bool:
        """Whether the sign of a difference of shares stays whatever those who were refused would have done.

        They count with what is known of them; what is not known counts as the opposite of what the difference says.
        `means` has the difference of each campaign, second level less first.
        """
        if self.lost.is_empty() or estimate == 0.0:
            return True
        opposite = 0.0 if estimate > 0.0 else 1.0
        worst = pl.when(pl.col("level") == levels[1]).then(opposite).otherwise(1.0 - opposite)
        by_level = (
            self.lost.filter(pl.col("level").is_in(levels))
            .with_columns(pl.col("value").fill_null(worst))
            .group_by(*PLACE, "level")
            .agg(pl.col("value").mean(), pl.col("weight").first())
        )
        first, second = (by_level.filter(pl.col("level") == level).drop("level") for level in levels)
        paired = first.join(second.drop("weight"), on=PLACE, suffix="_b", nulls_equal=True)
        sums = paired.group_by("campaign").agg(
            ((pl.col("value_b") - pl.col("value")) * pl.col("weight")).sum(), pl.col("weight").sum().alias("mass")
        )
        lost = {name: (total, mass) for name, total, mass in sums.select("campaign", "value_b", "mass").iter_rows()}
        left = 0.0
        for name, mean in means.items():
            (total, mass), kept = lost.get(name, (0.0, 0.0)), self.kept.get(name, 1.0)
            left += (mean * kept + total) / (kept + mass)
        return left * estimate > 0.0
