"""`toolkit.study`: campaigns, audiences and models in, a study out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from toolkit.errors import InputError, check_options, name_option
from toolkit.panel import api, background, estimating, planning
from toolkit.questionnaire import Prompts
from toolkit.study.cells import CampaignsLike, StudyCell, cross, describe_settings
from toolkit.study.conducting import OnCell, Work, conduct
from toolkit.study.studies import Study

__all__ = ["CampaignsLike", "StudyOptions", "astudy", "carry_out_study", "plan_study", "price_study", "study"]
FOLDER = Path("studies/study")
"""Where a study is kept if nothing else is said."""


class StudyOptions(api.RunOptions, total=False):
    """All options of `study`: those of `run`, and its own."""

    audiences: Sequence[api.OneAudience] | api.OneAudience | None
    """Each asks every campaign by itself; without it, each campaign's own."""
    folder: str | Path
    """Where runs, reactions and index are kept; studies/study without it."""
    on_cell: OnCell | None
    """Called with the record of each cell as its run is made, or fails."""


def study(campaigns: CampaignsLike, **options: Unpack[StudyOptions]) -> Study:
    """Test every campaign on every audience with every model, and return the study; the same call goes on.

    **Parameters**

    - `campaigns`: paths, patterns such as "campaigns/*.yaml", folders, Campaign objects, frames, or a list of them.
    - `audiences`: a name, path, Audience or frame, or a list of them. Each asks every campaign by itself. Without it
      each campaign asks the audience that it names.
    - `models`: several models, each NAME or ENDPOINT:NAME or an engine object. Each answers for everybody by itself.
    - `folder`: where the study is kept. A run that it holds is not made again: runs are told apart by the hash of
      campaign, audience, model and settings. An edited campaign is asked anew, and its old run stays.
    - `max_cost`: dollars that the whole study cannot pass, earlier calls with the same folder included.
    - `concurrency`: most questions in flight, of all runs together.
    - `on_cell`: called with a `CellRecord` as each run is made, or fails.
    - every other option of `toolkit.run` but `workers`.

    A run that fails stops no other: `study.problems()` tells which and why. Raises InputError for anything that cannot
    be used, before anything is asked, and the first error where no run could be made at all.

    Examples:
        An engine of your own needs no key. This one has everybody like everything.

        >>> import json, tempfile
        >>> from toolkit.engines import EngineBase
        >>> from toolkit.models.exchange import Reply
        >>> class Fan(EngineBase):
        ...     model = "fan-1"
        ...     async def ask(self, question):
        ...         ratings = dict.fromkeys(["relevance", "clarity", "trust", "appeal", "intent"], 5)
        ...         said = {"first_glance": "stop", "action": "click", "verbatim": "I like it.", "objection": None}
        ...         text = json.dumps(said | {"quotes": [], "ratings": ratings})
        ...         return Reply(text=text, engine=self.name, model=self.model)
        >>> with tempfile.TemporaryDirectory() as place:
        ...     made = toolkit.study("examples/paypal-invoices.yaml", audiences="uk-small-sellers", engine=Fan(),
        ...                          rating="direct", sample=3, folder=f"{place}/all", store=f"{place}/replies.sqlite")
        ...     made.verdicts().select("campaign", "model", "people").rows()
        [('paypal-invoices', 'fan-1', 3)]
    """
    check_options(options, StudyOptions.__annotations__, "study")
    finished: Study = background.run_blocking(lambda: astudy(campaigns, **options))
    return finished


async def astudy(campaigns: CampaignsLike, **options: Unpack[StudyOptions]) -> Study:
    """Make a study and return it; the form of `study` for async code, with the same options."""
    return await carry_out_study(plan_study(campaigns, **options))


async def carry_out_study(work: Work) -> Study:
    """Do what `plan_study` returned, and return the study."""
    return Study(work.folder, await conduct(work))


def plan_study(campaigns: CampaignsLike, **options: Unpack[StudyOptions]) -> Work:
    """Return what a study would do, with nothing asked; raise InputError for what cannot be used."""
    check_options(options, StudyOptions.__annotations__, "study")
    if options.get("workers") is not None:
        raise InputError(
            f"{name_option('workers')}: a study asks from one process; leave it out, or raise "
            f"{name_option('concurrency')}"
        )
    given: dict[str, Any] = {name: value for name, value in options.items() if name not in _OWN}
    prompts = Prompts(Path(given["prompts"]) if given.get("prompts") else None)
    asking = api.make_asking(given)
    cells = cross(campaigns, options.get("audiences"), given, prompts)
    for cell in cells:
        cell.asking.check_affordable()
        planning.check_plan(cell.campaign, (cell.audience,), cell.settings, prompts)
    folder, on_cell = Path(options.get("folder") or FOLDER), options.get("on_cell")
    if on_cell is not None and not callable(on_cell):
        raise InputError(f"{name_option('on_cell', on_cell)}: give a function that takes one thing")
    return Work(folder, cells, describe_settings(given, prompts), asking, prompts, on_cell)


_OWN = ("audiences", "folder", "on_cell")


@dataclass(frozen=True, slots=True)
class PricedCell:
    """What one run of a study would take."""

    cell: StudyCell
    estimate: estimating.Estimate | None
    """None for a run that is made already, so that nothing is asked."""


def price_study(work: Work) -> Iterator[PricedCell]:
    """Yield what each run of a study would take beyond what folder and store hold, with nothing asked."""
    waiting = {cell.key for cell in work.list_open()}
    for cell in work.cells:
        if cell.key not in waiting:
            yield PricedCell(cell, None)
            continue
        planned = planning.make_plan(cell.campaign, (cell.audience,), cell.settings, work.prompts)
        yield PricedCell(cell, api.price_asking(planned, cell.asking))
