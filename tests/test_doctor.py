"""What `audience doctor` finds at an endpoint, and what it says of an engine that leaves questions unanswered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from loopback import LoopbackHandler, LoopbackServer
from openai_server import OpenAIServer
from scripted import ScriptedEngine
from test_behaviour import Reader

from toolkit.engines import reaching
from toolkit.errors import CallFailed, EngineUnavailable
from toolkit.models import Audience, Persona
from toolkit.models.exchange import Question
from toolkit.validity.behaviour import check_behaviour
from toolkit.validity.behaviour.stimuli import load_stimuli

PAGES = {"/page/models": b"<html>Welcome</html>", "/list/models": b"[1, 2]", "/text/models": b'{"data": "x"}'}
DOSES = [text for offers in load_stimuli().dose for text in offers]


class Site(LoopbackHandler):
    """Answers with whatever a web server may have there."""

    def do_GET(self) -> None:  # noqa: N802 - the standard library's name
        """Send a page."""
        body = PAGES.get(self.path, b"")
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html" if body.startswith(b"<") else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def site() -> Iterator[str]:
    """Serve something that is no endpoint; return its address."""
    with LoopbackServer(Site) as serving:
        yield f"http://{serving.address}"


def test_an_endpoint_tells_its_models() -> None:
    """The names come in the endpoint's order; the address is told without its secrets."""
    with OpenAIServer(models=("b", "a"), key=None) as server:
        found = reaching.list_models(server.base_url.replace("://", "://me:secret-word@"))
    assert found.models == ("b", "a")
    assert "secret-word" not in found.address


@pytest.mark.parametrize(
    ("path", "said"),
    [("/page", "not with a list"), ("/list", "not with a list"), ("/text", "not with a list"), ("/v1", "status 404")],
)
def test_what_is_no_endpoint_is_one_line(site: str, path: str, said: str) -> None:
    """A web page, JSON of another shape, or nothing of that name is EngineUnavailable with the address."""
    with pytest.raises(EngineUnavailable, match=said) as raised:
        reaching.list_models(site + path)
    assert f"{site}{path}" in str(raised.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/v1", "nonsense", "ftp://x", "http://[::1"])
def test_an_address_nothing_answers_at_is_one_line(address: str) -> None:
    """A closed port and an address that is none are EngineUnavailable."""
    with pytest.raises(EngineUnavailable):
        reaching.list_models(address)


@pytest.fixture
def people() -> Audience:
    """Return twenty-four personas, half of them sellers."""
    personas = [
        Persona(id=f"p{n:02}", name=f"P{n}", age=20 + n, segments={"role": role}, about=f"Number {n}. A {role} of jam.")
        for n, role in enumerate(["seller", "buyer"] * 12)
    ]
    return Audience(audience="jam", personas=tuple(personas))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["a call that failed", "a refusal"])
@pytest.mark.parametrize(
    ("is_silent", "unknown"),
    [
        (
            lambda _: True,
            {"dominance", "bad copy", "dose-response", "known groups", "persona swap", "order", "injection"},
        ),
        (lambda question: "Made for" in question.prompt, {"known groups", "persona swap"}),
        (lambda question: any(text in question.prompt for text in DOSES), {"dose-response"}),
        (lambda question: any(text in question.prompt for text in DOSES[1::3]), {"dose-response"}),
        (lambda question: "sooner" in str(question.schema), {"order"}),
    ],
    ids=["everything", "groups", "doses", "middle doses", "pairs"],
)
def test_what_nobody_answered_is_inconclusive(
    people: Audience, is_silent: Callable[[Question], bool], unknown: set[str], kind: str, tmp_path: Path
) -> None:
    """A gate without answers says that it cannot tell, and the others judge as ever."""

    def answer(question: Question) -> object:
        if not is_silent(question):
            return Reader()(question)
        return CallFailed("down") if kind == "a call that failed" else "I'm sorry, I cannot help with that."

    found = check_behaviour(people, engine=ScriptedEngine(answer), store=tmp_path / "store.sqlite")  # type: ignore[arg-type]
    assert {gate.name for gate in found.gates if gate.outcome == "inconclusive"} == unknown
    assert found.count("failed") == 0


@pytest.mark.slow
def test_one_side_that_refuses_leaves_the_others_answers(people: Audience, tmp_path: Path) -> None:
    """If every seller refuses, the buyers alone pass all gates, and the scorecard counts the refusals."""

    def answer(question: Question) -> object:
        return "I'm sorry, I cannot help with that." if "A seller of" in question.prompt else Reader()(question)

    found = check_behaviour(people, engine=ScriptedEngine(answer), store=tmp_path / "store.sqlite")  # type: ignore[arg-type]
    assert {gate.outcome for gate in found.gates} == {"passed"}
    assert found.refused > 0
