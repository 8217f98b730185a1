"""Whether a thought is about the draft that a person read, told by sentence embeddings."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from toolkit.drafts.surfaces import describe_draft
from toolkit.engines import embedder
from toolkit.models import Draft

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

ELSEWHERE = (
    "Unlock your potential with our all-in-one productivity suite!",
    "Take a deposit before you bake. Set it up once, stop worrying on Saturdays.",
    "URGENT: your account needs attention, act now.",
    "Garden furniture for every budget, now in our showroom.",
    "Exercise bike, hardly used, must go this week.",
    "Win a holiday: save this pin and enter your card number.",
    "Happy birthday! Hope you have a lovely day with the family.",
    "The match is on Sunday at three. Who is coming along?",
    "New trainers in every size, and free returns for a month.",
    "Book a table for two and the wine is on us.",
    "Learn Spanish in ten minutes a day with our app.",
    "Your appointment with the dentist is tomorrow at nine.",
    "Cut your heating bill with a free visit from our engineers.",
    "We are hiring drivers and warehouse staff near you.",
    "Our cat had four kittens, and two still need a home.",
    "Watch the new series from Friday, with the first month free.",
    "Rain all weekend, and then the sun comes back.",
    "A loan of up to £5,000, decided in a minute.",
    "Yoga for bad backs, every morning by the sea.",
    "The council wants to know what you think of the new bus lane.",
    "Concert tickets go on sale at ten. Be quick.",
    "Handmade earrings in silver, posted the same day.",
    "Lose five kilos by summer without giving up bread.",
    "Your photos from last year: look back at the best of them.",
)
"""Posts on other subjects, those of the page's examples among them. They are the same for every draft of every run, so
that no draft's neighbour decides which of its thoughts are kept."""


def measure_nearness(thought: str, draft: Draft) -> float:
    """Return how much nearer a thought is to its draft than to the nearest post on another subject.

    Differences of cosines of sentence embeddings: below 0 where it is nearer to the other.
    """
    vector = embedder.embed_texts([thought])[0]
    own = float(vector @ _embed_draft(describe_draft(draft)))
    return own - float((_embed_others() @ vector).max())


@lru_cache(maxsize=128)
def _embed_draft(shown: str) -> npt.NDArray[np.float64]:
    vector: npt.NDArray[np.float64] = embedder.embed_texts([shown])[0]
    return vector


@lru_cache(maxsize=1)
def _embed_others() -> npt.NDArray[np.float64]:
    return embedder.embed_texts(ELSEWHERE)
