"""An answer while it is being given: what can be shown of it, and how to break it off."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from pydantic_core import from_json

from toolkit.engines import replies
from toolkit.errors import Interrupted
from toolkit.files import templating
from toolkit.models import exchange

Outcome = TypeVar("Outcome")
STOPPED = "stopped; nothing of this answer was kept: ask again"


def overhear(tell: Callable[[str], None], form: exchange.Form) -> Callable[[str], None]:
    """Return what takes the words of a reply so far and tells what somebody says in them, once there is something."""
    hear = hear_spoken if form == "completion" else hear_answer

    def take(text: str) -> None:
        said = hear(text)
        if said:
            tell(said)

    return take


def hear_answer(text: str) -> str:
    """Return what the answer says so far in a JSON object that is not whole yet; "" where nothing can be read."""
    _, _, begun = replies.drop_reasoning(text)[0].partition("{")
    try:
        read = from_json("{" + begun, allow_partial="trailing-strings")
    except ValueError:
        return ""
    said = read.get("answer") if isinstance(read, dict) else None
    return exchange.clean_words(said).strip() if isinstance(said, str) else ""


def write_spoken(text: str) -> str:
    """Return text, cleaned, on one line and without the quotation mark that ends a line of direct speech."""
    return " ".join(templating.clean_text(text).split()).replace('"', "”")


def hear_spoken(text: str) -> str:
    """Return what is said in the completion of a line of direct speech, up to the mark or the line's end."""
    return text.lstrip(' "').split('"')[0].split("\n")[0].strip()


async def break_off(stop: asyncio.Event, work: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Return what the work returns, unless `stop` is set before: then it is cancelled, and Interrupted is raised."""
    working, stopping = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Interrupted(STOPPED)
    finally:
        stopping.cancel()
        if not working.done():
            working.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await working
