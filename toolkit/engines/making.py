"""Engines turn a question into a reply: `openai`, `local` and `replay`, one file each, and those of plugins."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toolkit.engines.plugins.finding import make_plugin
from toolkit.engines.redaction import mask_url
from toolkit.errors import InputError, name_option
from toolkit.models import exchange

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from pathlib import Path

    from toolkit.engines.base import Engine
    from toolkit.store import Store

DEFAULT_MODEL = "gpt-5-mini"
_STORED: Mapping[exchange.FormName, exchange.Form | None] = {"auto": None, "chat": "chat", "page": "completion"}


def make_engine(
    name: str,
    *,
    model: str | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    store: Store,
    rpm: float | None = None,
    tpm: float | None = None,
    timeout: float | None = None,
    header: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    on_note: Callable[[str], None] | None = None,
    form: exchange.FormName | None = None,
) -> Engine:
    """Return the engine called `name`, not yet entered.

    `model` is a name the endpoint serves, a path to a .gguf file for `local`, or for `replay` the model whose replies
    were stored; `rpm` and `tpm` are the most requests and tokens a minute that an endpoint is sent. `timeout` is in
    seconds; `header` and `query` go with every request. `on_note` is told what the endpoint refuses, and that it loads
    its model. `form` is how it is asked: for a file see `local.choose_form`, an endpoint in a chat unless the page is
    named, stored replies as they were. Raises InputError where it cannot be used.
    """
    if name == "openai":
        how: dict[str, Any] = {
            "rpm": rpm,
            "tpm": tpm,
            "timeout": timeout,
            "header": header,
            "query": query,
            "on_note": on_note,
            "memory": store,
            "form": "completion" if form == "page" else "chat",
        }
        return _make_openai(model, base_url, api_key, **how)
    if name == "local":
        from toolkit.engines.local import LocalEngine

        return LocalEngine(model, form)
    if name == "replay":
        return _make_replay(model, form, store)
    return make_plugin(
        name, model=model, base_url=base_url, api_key=api_key, rpm=rpm, tpm=tpm, timeout=timeout, header=header,
        query=query, form=form,
    )  # fmt: skip


def _make_openai(model: str | None, base_url: str | None, api_key: str | None, **how: Any) -> Engine:
    from toolkit.engines.openai import OpenAIEngine

    base_url = find_base_url(model, base_url)
    return OpenAIEngine(model or DEFAULT_MODEL, base_url=base_url, api_key=api_key, **how)


def make_batch_engine(
    *,
    model: str | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    store: Path,
    halt: asyncio.Event | None = None,
    on_note: Callable[[str], None] | None = None,
    **how: Any,
) -> Engine:
    """Return the engine that asks an endpoint in batches, what is on its way written down in the store's file."""
    from toolkit.engines.batch import BatchEngine
    from toolkit.engines.batch_service import BatchService
    from toolkit.store import batches

    base_url = find_base_url(model, base_url)
    service = BatchService(model or DEFAULT_MODEL, base_url=base_url, api_key=api_key, **how)
    return BatchEngine(service, batches.BatchLog(store), halt=halt, on_note=on_note)


def find_base_url(model: str | None, base_url: str | None) -> str | None:
    """Return the endpoint's address, None for the model maker's own; raise InputError where a model must be named."""
    base_url = base_url or os.environ.get("OPENAI_BASE_URL") or None
    if model is None and base_url is not None:
        raise InputError(f"{name_option('model')} is missing; name one that {mask_url(base_url)} serves")
    return base_url


def _make_replay(model: str | None, form: exchange.FormName | None, store: Store) -> Engine:
    from toolkit.engines.replay import ReplayEngine

    found = store.latest_model(model, _STORED[form] if form else None)
    if found is None:
        of_model = f" of {model}" if model else ""
        of_model += f" in the form {form}" if form in {"chat", "page"} else ""
        named = name_option("engine", "replay")
        raise InputError(f"{named}: the store holds no replies{of_model}; run once with another engine first")
    return ReplayEngine(*found)
