"""Where an endpoint is, whether it answers, and what it serves: asked without a question, so it costs nothing."""

from __future__ import annotations

import base64
from urllib.parse import parse_qsl, unquote, urlsplit

from toolkit.engines.presets import find_preset as find_preset  # noqa: PLC0414 - handed out with what else finds one
from toolkit.engines.presets import list_presets as list_presets  # noqa: PLC0414
from toolkit.engines.redaction import Secrets, mask_url
from toolkit.errors import EngineUnavailable
from toolkit.models import Record

_SECONDS = 10.0
OFFICIAL = "https://api.openai.com/v1"
"""Where the SDK asks unless told otherwise."""


class Reached(Record):
    """An endpoint that answers."""

    address: str
    """Its address, without secrets."""
    models: tuple[str, ...]
    """The names of the models that it serves, in its own order."""


def list_models(base_url: str | None = None, api_key: str | None = None) -> Reached:
    """Return the models that an endpoint serves; the default is OpenAI's.

    Raises EngineUnavailable if nothing answers there within ten seconds, or something else than a list of models.
    """
    import httpx2
    import openai

    try:
        plain, header = split_credentials(base_url)
        client = openai.OpenAI(
            base_url=plain, api_key=(api_key or "none").strip(), max_retries=0, timeout=_SECONDS,
            default_headers=header or None,
        )  # fmt: skip
        where, secrets = mask_url(str(client.base_url)), Secrets(client.api_key, base_url or str(client.base_url))
    except (ValueError, httpx2.InvalidURL) as error:
        raise EngineUnavailable(f"the address of the endpoint is none ({error}); it begins with https://") from None
    try:
        with client, secrets.mask_logs():
            names = tuple(secrets.mask(str(model.id)) for model in client.models.list())
    except openai.APIConnectionError:
        raise EngineUnavailable(f"nothing answers at {where}") from None
    except openai.APIStatusError as error:
        raise EngineUnavailable(f"{where} answers with status {error.status_code}") from None
    except (openai.OpenAIError, AttributeError, TypeError, ValueError):  # a page, or JSON of another shape
        raise EngineUnavailable(f"{where} answers, but not with a list of models") from None
    return Reached(address=where, models=names)


def split_query(url: str | None) -> tuple[str | None, dict[str, str]]:
    """Return an address without its query, and the query: the SDK would put the path of a request behind it."""
    parts = urlsplit(url or "")
    if not parts.query:
        return url, {}
    return parts._replace(query="").geturl(), dict(parse_qsl(parts.query, keep_blank_values=True))


def split_credentials(url: str | None) -> tuple[str | None, dict[str, str]]:
    """Return an address without user and password, and the header that carries them instead.

    The SDK sends a key with every request, and no HTTP client takes both for one.
    """
    parts = urlsplit(url or "")
    given, found, host = parts.netloc.rpartition("@")
    if not found:
        return url, {}
    user, _, password = given.partition(":")
    pair = base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
    return parts._replace(netloc=host).geturl(), {"Authorization": f"Basic {pair}"}


def name_endpoint(url: str | None) -> str:
    """Return what replies of an endpoint are kept under: its host and path, without credentials and query."""
    parts = urlsplit(url or OFFICIAL)
    host = parts.netloc.rpartition("@")[2].casefold()
    return f"{host}{parts.path.rstrip('/')}"
