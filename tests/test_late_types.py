"""The SDK's record types: not loaded by a run, and there for whoever looks at one."""

from __future__ import annotations

import subprocess
import sys

SHARE = """
import sys
import toolkit.engines.openai
loaded = [name for name in sys.modules if name.startswith("openai.types")]
import openai
assert len(loaded) < 150, len(loaded)
from openai.types.chat import ChatCompletion
from openai.types import Batch, chat
import openai.types.responses.response as response
assert chat.ChatCompletion is ChatCompletion is openai.types.chat.ChatCompletion
assert openai.types.responses.Response is response.Response
assert ChatCompletion.__module__ == "openai.types.chat.chat_completion"
assert {"Batch", "ChatModel", "FileObject"} <= set(dir(openai.types))
assert all(hasattr(openai.types, name) for name in dir(openai.types))
assert not hasattr(openai.types, "NoSuchRecord")
client = openai.AsyncOpenAI(api_key="k")
assert callable(client.chat.completions.create) and callable(client.responses.create) and callable(client.batches.list)
print("fine")
"""
LOADED_BEFORE = """
import openai
before = openai.types
import toolkit.engines.openai
assert openai.types is before and type(before).__name__ == "module"
print("fine")
"""


def run_alone(code: str) -> str:
    """Run code in a process of its own; return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() or done.stderr


def test_types_load_when_somebody_looks_at_one() -> None:
    """The engine loads few of them; every name that the SDK hands out is there, the same from every place."""
    assert run_alone(SHARE) == "fine"


def test_an_sdk_that_is_loaded_already_stays_as_it_is() -> None:
    """Somebody else's import of the SDK came first: nothing about it changes."""
    assert run_alone(LOADED_BEFORE) == "fine"
