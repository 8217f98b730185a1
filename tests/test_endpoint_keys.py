"""Replies are kept for the endpoint that gave them; what was kept before endpoints were told apart stays of use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from provider_zoo import OBJECT, TEXT, Animal, Zoo, chat

import toolkit
from toolkit.engines.reaching import name_endpoint
from toolkit.models import Audience, Campaign
from toolkit.store import Store

OPTIONS: dict[str, Any] = {"model": "m", "rating": "direct", "control": False, "api_key": "k-12345678", "sample": 2}
PLAIN = Animal(source="", keep=lambda _: chat(TEXT))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (None, "api.openai.com/v1"),
        ("https://user:word@Gateway.example/v1/?api-version=2", "gateway.example/v1"),
        ("http://127.0.0.1:8080/v1", "127.0.0.1:8080/v1"),
    ],
)
def test_an_endpoint_is_host_and_path(url: str | None, name: str) -> None:
    """Credentials, queries and the case of letters make no other endpoint."""
    assert name_endpoint(url) == name


def test_another_address_is_asked_itself(campaign: Campaign, audience: Audience) -> None:
    """A server with the same model name elsewhere never answers for the first; each is asked once."""
    other = Animal(source="", keep=lambda _: chat(TEXT.replace("Sunday", "Monday")))
    with Zoo(PLAIN) as one, Zoo(other) as two:
        for _ in range(2):
            first = toolkit.run(campaign, audience, base_url=one.base_url, **OPTIONS)
            second = toolkit.run(campaign, audience, base_url=two.base_url, **OPTIONS)
        assert (len(one.visits), len(two.visits)) == (4, 4)
    assert "Sunday" in first.reactions["verbatim"][0]
    assert "Monday" in second.reactions["verbatim"][0]
    assert second.counts.from_store == 4
    replayed = toolkit.run(campaign, audience, engine="replay", rating="direct", control=False, sample=2)
    assert replayed.reactions["verbatim"].equals(second.reactions["verbatim"])


def test_replies_of_before_are_not_paid_twice(campaign: Campaign, audience: Audience, tmp_path: Path) -> None:
    """Replies under the keys of an earlier version answer any endpoint, and are counted by an estimate."""
    old, new = tmp_path / "old.sqlite", tmp_path / "new.sqlite"
    with Zoo(PLAIN) as zoo:
        whole = toolkit.run(campaign, audience, base_url=zoo.base_url, store=new, **OPTIONS)
        with Store(new) as kept, Store(old) as earlier:
            for _, form, reply in kept.list_replies():
                assert reply.endpoint == name_endpoint(zoo.base_url)
                earlier.keep(bytes.fromhex(reply.question), form, reply)
        before = len(zoo.visits)
        again = toolkit.run(campaign, audience, base_url=zoo.base_url, store=old, **OPTIONS)
        assert len(zoo.visits) == before
    assert again.reactions.equals(whole.reactions)
    options = {name: value for name, value in OPTIONS.items() if name != "api_key"}
    elsewhere = toolkit.estimate(campaign, audience, base_url="http://127.0.0.1:9/v1", store=new, **options)
    assert (elsewhere.stored, toolkit.estimate(campaign, audience, store=old, **options).stored) == (0, 4)
    assert OBJECT["verbatim"] == whole.reactions["verbatim"][0]
