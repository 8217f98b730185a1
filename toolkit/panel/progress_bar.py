"""A progress bar of answers for scripts and notebooks: `progress=True`."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from toolkit.panel.planning import Plan
from toolkit.panel.run_options import OnPreference, OnReaction
from toolkit.questionnaire import Preference, Reaction


@contextmanager
def show_progress(planned: Plan, hear: OnReaction | None, hear_choice: OnPreference | None) -> Iterator[Any]:
    """Show a bar of all reactions and choices while the block lasts; yield what listens to each in place of yours.

    A notebook with ipywidgets shows its own bar, everything else a line of text on standard error.
    """
    total = len(planned.tasks) + len(planned.pairings)
    with _choose_bar()(total=total, desc=planned.campaign.campaign, unit=" answers", dynamic_ncols=True) as bar:
        counted = {"failed": 0, "refused": 0}

        def count(answer: Reaction | Preference) -> None:
            if answer.status in counted:
                counted[answer.status] += 1
                told = ", ".join(f"{number} {name}" for name, number in counted.items() if number)
                bar.set_postfix_str(told, refresh=False)
            bar.update()

        def tell(reaction: Reaction) -> None:
            count(reaction)
            if hear is not None:
                hear(reaction)

        def tell_choice(preference: Preference) -> None:
            count(preference)
            if hear_choice is not None:
                hear_choice(preference)

        yield tell, tell_choice


def _is_in_notebook() -> bool:
    """Whether a kernel runs this code; its packages may be loaded where none does."""
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None


def _choose_bar() -> Any:
    """Return the notebook's bar where one can be drawn, else that of a terminal."""
    if _is_in_notebook() and importlib.util.find_spec("ipywidgets") is not None:
        from tqdm.notebook import tqdm as of_notebook

        return of_notebook
    from tqdm.std import tqdm

    return tqdm
