"""Who may use a page that others can reach, and what they may spend: the one definition of a protected page.

Sign-in stands under `[auth]` in Streamlit's own `secrets.toml`, with who is let in. What people may do with this
machine's key stands under `[sharing]` in the same file. A name that is misspelt is refused with the right one, and so
is a section that lacks something: a page that is half protected would look protected.

Examples:
    >>> from toolkit.config import sharing
    >>> sharing.read_sharing({}).providers
    ()
    >>> sharing.read_sharing({"auth": {"clientid": "page"}})
    Traceback (most recent call last):
    toolkit.errors.InputError: .streamlit/secrets.toml: [auth]: unknown name 'clientid'; did you mean 'client_id'?
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from toolkit.errors import InputError
from toolkit.models import Record

FILE = ".streamlit/secrets.toml"
LEAST_SECRET = 32
"""Characters of a cookie secret that nobody guesses."""
LOOPBACK = ("localhost", "127.0.0.1", "::1")
"""What this machine calls itself."""
_GENERAL = ("redirect_uri", "cookie_secret")
_PROVIDER = ("client_id", "client_secret", "server_metadata_url")
_OPTIONAL = ("client_kwargs",)
_PEOPLE = ("allowed_domains", "allowed_people")
_LIMITS = ("dollars_a_day", "price", "addresses")
_ANYBODY = ("accounts.google.com", "login.microsoftonline.com/common", "login.microsoftonline.com/consumers",
            "login.microsoftonline.com/organizations", "login.live.com", "appleid.apple.com", "gitlab.com",
            "www.linkedin.com", "www.facebook.com")  # fmt: skip
"""Providers that give anybody an account: signing in there says who somebody is, not that they belong here."""
_PRICES = 2


class Sharing(Record):
    """Who gets in and what they may do; without a provider the page is for this machine alone."""

    providers: tuple[str, ...] = ()
    """The names of the providers to sign in with; "" stands for the one without a name."""
    redirect_uri: str = ""
    """Where the provider sends people back to: the address under which the page is served."""
    allowed_domains: tuple[str, ...] = ()
    """Domains of e-mail addresses that are let in."""
    allowed_people: tuple[str, ...] = ()
    """E-mail addresses that are let in."""
    dollars_a_day: float | None = None
    """What each person may spend a day with this machine's key; None keeps the key for this machine."""
    price: tuple[float, float] | None = None
    """Dollars per million prompt and completion tokens of a model that has no listed price."""
    addresses: tuple[str, ...] = ()
    """Addresses of endpoints that may be typed into a shared page."""

    @property
    def is_shared(self) -> bool:
        """Whether people sign in, so that the page is for more than this machine."""
        return bool(self.providers)

    @property
    def netloc(self) -> str:
        """The host, with its port if one is named, under which the page is served; "" without sign-in."""
        return urlsplit(self.redirect_uri).netloc.lower()

    @property
    def origin(self) -> str:
        """The origin under which the page is served, such as "https://audience.example.org"; "" without sign-in."""
        return f"{urlsplit(self.redirect_uri).scheme}://{self.netloc}" if self.netloc else ""

    def admits(self, claims: Mapping[str, Any]) -> bool:
        """Tell whether somebody whom the provider signed in may come in; an unverified address proves nothing."""
        if not (self.allowed_domains or self.allowed_people):
            return True
        address = claims.get("email")
        if not isinstance(address, str) or claims.get("email_verified", True) not in {True, "true"}:
            return False
        folded = address.strip().casefold()
        person, _, domain = folded.rpartition("@")
        return folded in self.allowed_people or (bool(person) and domain in self.allowed_domains)

    def allows_address(self, url: str, machine: str) -> bool:
        """Tell whether an endpoint's address may be used; `machine` is this machine's own, and "" the provider's."""
        wanted = url.strip().rstrip("/")
        return not (self.is_shared and wanted) or wanted in {machine.strip().rstrip("/"), *self.addresses}


def read_sharing(secrets: Mapping[str, Any], where: str = FILE) -> Sharing:
    """Return what the sections `[auth]` and `[sharing]` say; raise InputError for anything incomplete or unknown."""
    limits = _read_limits(secrets.get("sharing"), where)
    if "auth" not in secrets:
        near = difflib.get_close_matches("auth", [str(name) for name in secrets], n=1, cutoff=0.7)
        if near:
            raise InputError(f"{where}: unknown section [{near[0]}]; did you mean [auth]?")
        if limits:
            raise InputError(f"{where}: [sharing] is for a page with sign-in; add [auth] (docs/page.md)")
        return Sharing()
    auth = secrets["auth"]
    if not isinstance(auth, Mapping):
        raise InputError(f"{where}: [auth] is not a section; write its names below [auth] (docs/page.md)")
    place = f"{where}: [auth]"
    tables = {name: value for name, value in auth.items() if isinstance(value, Mapping) and name != "client_kwargs"}
    names = [name for name in auth if name not in tables]
    _refuse_unknown(names, (*_GENERAL, *_PROVIDER, *_OPTIONAL, "expose_tokens", *_PEOPLE), place)
    for name in _GENERAL:
        _read_text(auth, name, place)
    _check_general(auth, place)
    people = _read_people(auth, place)
    providers = []
    if any(name in auth for name in _PROVIDER) or not tables:
        providers.append("")
        _check_provider(auth, place, free=not any(people.values()))
    for name, section in tables.items():
        within = f"{where}: [auth.{name}]"
        if "_" in name:
            raise InputError(
                f"{within}: the name of a provider has no underscore; write [auth.{name.replace('_', '')}]"
            )
        _refuse_unknown(section, (*_PROVIDER, *_OPTIONAL), within)
        _check_provider(section, within, free=not any(people.values()))
        providers.append(name)
    return Sharing(providers=tuple(providers), redirect_uri=auth["redirect_uri"], **people, **limits)


def _check_general(auth: Mapping[str, Any], place: str) -> None:
    address = urlsplit(auth["redirect_uri"].replace("{port}", "1"))
    if address.scheme not in {"https", "http"} or not address.hostname or address.path != "/oauth2callback":
        raise InputError(f"{place}: redirect_uri is no address of the page; write https://NAME/oauth2callback")
    if address.scheme == "http" and address.hostname not in LOOPBACK:
        raise InputError(
            f"{place}: redirect_uri sends people over plain http; write https://{address.netloc}{address.path}"
        )
    if len(auth["cookie_secret"]) < LEAST_SECRET:
        raise InputError(
            f"{place}: cookie_secret can be guessed; write {LEAST_SECRET} random characters or more, such as from "
            "`openssl rand -hex 32`"
        )


def _check_provider(section: Mapping[str, Any], place: str, *, free: bool) -> None:
    """Refuse a provider that lacks something; `free` says that nobody's address is asked for."""
    for name in _PROVIDER:
        _read_text(section, name, place)
    address = urlsplit(section["server_metadata_url"])
    if address.scheme not in {"https", "http"} or not address.hostname:
        raise InputError(
            f"{place}: server_metadata_url is no address; write https://PROVIDER/.well-known/openid-configuration"
        )
    known = f"{address.hostname}{address.path}/"
    anybody = next((one for one in _ANYBODY if known.startswith(f"{one}/")), None)
    if free and anybody:
        raise InputError(
            f"{place}: {anybody} signs in anybody who has an account there; name who may come in with "
            "allowed_domains or allowed_people under [auth]"
        )


def _read_people(auth: Mapping[str, Any], place: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in _PEOPLE:
        said = _read_list(auth, name, place)
        for one in said:
            is_person = "@" in one
            if is_person != (name == "allowed_people") or not all(one.rpartition("@")[::2][1 - is_person :]):
                wanted = "ada@example.org" if name == "allowed_people" else "example.org"
                raise InputError(f"{place}: {name}: {one!r} is not one; write such as {wanted!r}")
        if name in auth and not said:
            raise InputError(f"{place}: {name} is empty, so that nobody could come in; name somebody or leave it out")
        found[name] = tuple(one.casefold() for one in said)
    return found


def _read_limits(section: Any, where: str) -> dict[str, Any]:
    if section is None:
        return {}
    place = f"{where}: [sharing]"
    if not isinstance(section, Mapping):
        raise InputError(f"{place} is not a section; write its names below [sharing] (docs/page.md)")
    _refuse_unknown(section, _LIMITS, place)
    dollars, price = section.get("dollars_a_day"), section.get("price")
    if dollars is not None and not (_is_number(dollars) and dollars > 0):
        raise InputError(f"{place}: dollars_a_day is no amount; write such as 2.50")
    if price is not None and not (
        isinstance(price, (list, tuple)) and len(price) == _PRICES and all(map(_is_number, price)) and min(price) >= 0
    ):
        raise InputError(f"{place}: price is not two numbers; write dollars per million tokens, such as [0.25, 2]")
    addresses = tuple(one.rstrip("/") for one in _read_list(section, "addresses", place))
    for one in addresses:
        if urlsplit(one).scheme not in {"https", "http"} or not urlsplit(one).hostname:
            raise InputError(f"{place}: addresses: {one!r} is no address; write such as 'https://api.example.org/v1'")
    found = {"dollars_a_day": dollars, "price": tuple(price) if price else None, "addresses": addresses}
    return {name: value for name, value in found.items() if value}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value < float("inf")


def _read_text(section: Mapping[str, Any], name: str, place: str) -> str:
    value = section.get(name)
    if not isinstance(value, str) or not value.strip(" ."):
        raise InputError(f"{place}: {name} is missing; without it nobody can sign in, and the page is not served")
    return value


def _read_list(section: Mapping[str, Any], name: str, place: str) -> tuple[str, ...]:
    value = section.get(name, ())
    if isinstance(value, str):
        value = [value]
    if not isinstance(value, (list, tuple)) or not all(isinstance(one, str) for one in value):
        raise InputError(f'{place}: {name} is no list of texts; write such as {name} = ["..."]')
    return tuple(one.strip() for one in value)


def _refuse_unknown(names: Collection[str], known: Collection[str], place: str) -> None:
    for name in names:
        if name not in known:
            nearest = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
            hint = f"did you mean {nearest[0]!r}?" if nearest else f"allowed: {', '.join(known)}"
            raise InputError(f"{place}: unknown name {name!r}; {hint}")
