"""What each tool takes, as records whose JSON schemas the client is shown."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from toolkit.models import Record, records

EngineChoice = Literal["openai", "local", "replay"]
Measured = Literal["objective_rate", "stop_rate", "negative_rate", "relevance", "clarity", "trust", "appeal", "intent"]
_PATH = "A file of drafts or a campaign in the working folder, such as examples/spring.yaml."
_DRAFTS = "Drafts as text, in place of a file."
_MAX_COST = "Dollars that this call cannot pass. Needed where the model costs money, unless confirm_cost is true."
_CONFIRM = "Go on at the price that estimate gave, with no limit of this call's own."
_RUN_ID = "Id of a run in this folder; list_runs names them."
_MODEL = "Name of the model; the server's own without it."


class DraftText(Record):
    """One draft as text."""

    id: str | None = Field(default=None, description="A short name; draft-1, draft-2 and so on without it.")
    text: str = Field(min_length=1, max_length=20_000, description="The words that people will read.")
    headline: str | None = None
    description: str | None = None
    cta: str | None = Field(default=None, description="Label of the button.")
    link: str | None = None


class DraftsInput(Record):
    """Drafts, by file or as text."""

    path: str | None = Field(default=None, description=_PATH)
    drafts: tuple[DraftText, ...] = Field(default=(), max_length=50, description=_DRAFTS)
    surface: str | None = Field(default=None, description="Where drafts appear that name none: facebook_post, ...")

    @model_validator(mode="after")
    def _name_one(self) -> DraftsInput:
        if bool(self.path) == bool(self.drafts):
            raise ValueError("give either path or drafts")
        return self


class TestInput(DraftsInput):
    """Drafts and whom to ask about them."""

    __test__ = False

    audience: tuple[str, ...] = Field(
        default=(), max_length=10, description="Names or files of audiences; the campaign's own without it."
    )
    objective: records.Objective | None = Field(default=None, description="The action that counts as success.")
    sample: int | None = Field(default=None, ge=1, description="How many personas are drawn; all without it.")
    repeats: int = Field(default=1, ge=1, le=100, description="Answers per persona and draft.")
    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="Decides who is drawn, and the wordings.")
    language: str | None = Field(default=None, description="Language of the answers, as a BCP 47 tag.")
    engine: EngineChoice | None = Field(default=None, description="What answers; the server's own without it.")
    model: str | None = Field(default=None, description=_MODEL)


class RunInput(TestInput):
    """A test to make."""

    max_cost: float | None = Field(default=None, ge=0, allow_inf_nan=False, description=_MAX_COST)
    confirm_cost: bool = Field(default=False, description=_CONFIRM)


class CheckInput(Record):
    """A campaign file with checks."""

    path: str = Field(description="A campaign file with checks in the working folder.")


class NothingInput(Record):
    """No arguments."""


class ReadInput(Record):
    """A run to read."""

    run_id: str = Field(description=_RUN_ID)
    by: str | None = Field(default=None, description="A segment key, such as role, to split by.")


class CompareInput(ReadInput):
    """Drafts of a run to compare."""

    measure: Measured = Field(
        default="objective_rate", description="What to compare. Only objective_rate decides a run."
    )


class EvidenceInput(Record):
    """A run whose sources of evidence to read."""

    run_id: str = Field(description=_RUN_ID)


class WhyInput(Record):
    """A draft of a run, and what to ask about it."""

    run_id: str = Field(description=_RUN_ID)
    draft: str | None = Field(default=None, description="Id of a draft of the run; its first without it.")
    persona: str | None = Field(default=None, description="Id of a persona of the run to interview.")
    question: str | None = Field(default=None, max_length=2_000, description="What to ask that persona.")
    engine: EngineChoice | None = Field(default=None, description="What answers; the server's own without it.")
    model: str | None = Field(default=None, description=_MODEL)
    max_cost: float | None = Field(default=None, ge=0, allow_inf_nan=False, description=_MAX_COST)
    confirm_cost: bool = Field(default=False, description=_CONFIRM)

    @model_validator(mode="after")
    def _ask_somebody(self) -> WhyInput:
        if bool(self.persona) != bool(self.question):
            raise ValueError("give persona and question together, or neither to read the objections")
        return self


class RewriteInput(Record):
    """A draft of a run to write anew."""

    run_id: str = Field(description=_RUN_ID)
    draft: str | None = Field(default=None, description="Id of a draft of the run; its first without it.")
    objections: tuple[int, ...] = Field(default=(), description="Numbers from why; all without them.")
    wish: str = Field(default="", max_length=2_000, description="What else the new version should do.")
    engine: EngineChoice | None = Field(default=None, description="What answers; the server's own without it.")
    model: str | None = Field(default=None, description=_MODEL)
    max_cost: float | None = Field(default=None, ge=0, allow_inf_nan=False, description=_MAX_COST)
    confirm_cost: bool = Field(default=False, description=_CONFIRM)
