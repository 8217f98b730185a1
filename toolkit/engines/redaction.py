"""Secrets kept out of everything that is written, shown or logged."""

from __future__ import annotations

import base64
import contextlib
import logging
import re
from collections.abc import Iterator, Sequence
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

MASK = "***"
_LEAST_KEY = 8
_LEAST_CREDENTIAL = 4
"""Shorter words stand in ordinary text too often to be taken out of it: servers of one's own take "none" as a key."""
_SECRET_NAMES = re.compile(r"key|token|secret|sig|pass|auth|credential", re.IGNORECASE)
_TALKATIVE = ("openai", "httpx2", "httpcore2", "aiohttp", "asyncio", "urllib3", "stamina")


class Secrets:
    """The key and the credentials in an address, for taking them out of texts and of other packages' logs."""

    def __init__(self, api_key: str | None = None, base_url: str | None = None, *, more: Sequence[str] = ()) -> None:
        found = [word.strip() for word in (api_key or "", *more) if len(word.strip()) >= _LEAST_KEY]
        found += [word.rpartition(" ")[2] for word in more if len(word.rpartition(" ")[2]) >= _LEAST_KEY]
        found += [word for word in _find_in_address(base_url or "") if len(word) >= _LEAST_CREDENTIAL]
        self._forms = sorted({*found, *(quote(word, safe="") for word in found)}, key=len, reverse=True)

    def mask(self, text: str) -> str:
        """Return the text with every secret as ***."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    @contextlib.contextmanager
    def mask_logs(self) -> Iterator[None]:
        """Mask what the packages below log, at any level, while the block lasts."""
        loggers = [logging.getLogger(name) for name in _list_loggers()]
        for logger in loggers:
            logger.addFilter(self._mask_record)
        try:
            yield
        finally:
            for logger in loggers:
                logger.removeFilter(self._mask_record)

    def _mask_record(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self.mask(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = self.mask(logging.Formatter().formatException(record.exc_info))
        return True


def is_secret_name(name: str) -> bool:
    """Tell whether a parameter is named like a key."""
    return _SECRET_NAMES.search(name) is not None


def mask_url(url: str) -> str:
    """Return an address with its credentials as ***: those before the host, and values of its query named like keys."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    pairs = [(name, MASK if _SECRET_NAMES.search(name) else value) for name, value in _list_query(parts.query)]
    query = urlencode(pairs, safe="*")
    return parts._replace(netloc=f"{MASK}@{host}" if "@" in parts.netloc else host, query=query).geturl()


def _find_in_address(url: str) -> list[str]:
    """Return the password, or a user alone, the pair as a header carries it, and the secret values of the query."""
    parts = urlsplit(url)
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    pair = f"{unquote(user)}:{unquote(password)}"
    header = [base64.b64encode(pair.encode()).decode()] if "@" in parts.netloc else []
    secret = unquote(password or user)
    return [secret, *header, *(value for name, value in _list_query(parts.query) if _SECRET_NAMES.search(name))]


def _list_query(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True)


def _list_loggers() -> list[str]:
    return [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in _TALKATIVE]
