"""The server for agents: prices, limits, words, folder; through the SDK's own client."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import jsonschema
import pytest
import yaml
from conftest import ROOT
from hostile import ORDER, PAYLOADS
from hypothesis import given
from hypothesis import strategies as st
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client
from openai_server import PATIENCE, Ask, OpenAIServer

from toolkit.audiences import load_audience
from toolkit.cli.main import audience as command_group
from toolkit.drafts import load_drafts
from toolkit.errors import InputError
from toolkit.mcp import SharedPurse, Toolbox, WorkingFolder, make_server, read_guide
from toolkit.mcp.serving import TOOLS
from toolkit.mcp.words import quote
from toolkit.models import LABEL
from toolkit.results import load_run, predictions

PRICE = (10.0, 10.0)
DRAFTS = [
    {"id": "plain", "text": "Send an invoice in the chat."},
    {"id": "benefit", "text": "Get paid today, in the chat."},
]
TEST = {"drafts": DRAFTS, "audience": ["uk-small-sellers"], "sample": 8}
UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b\u202a-\u202e\u2060-\u206f\U000e0000-\U000e007f]")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with one campaign."""
    root = tmp_path / "work"
    root.mkdir()
    shutil.copy(ROOT / "examples" / "paypal-invoices.yaml", root)
    monkeypatch.chdir(root)
    return root


def make_toolbox(folder: Path, server: OpenAIServer | None, limit: float | None = 1.0, **options: Any) -> Toolbox:
    """Return the tools of a folder; with a server they ask it at a known price, else nothing is asked."""
    asked = {"model": "m", "base_url": server.base_url, "api_key": "k", "price": PRICE} if server else {}
    return Toolbox(
        WorkingFolder(folder),
        {"engine": "openai" if server else "replay", "rating": "direct", **asked, **options},
        SharedPurse(limit),
    )


def use(toolbox: Toolbox, work: Callable[[Client], Awaitable[Any]]) -> Any:
    """Return what a client comes to that is connected in this process."""

    async def go() -> Any:
        async with Client(make_server(toolbox)) as client:
            return await work(client)

    return asyncio.run(go())


async def read(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """Return the structured content of a call that must succeed; it fits the tool's schema."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content[0]
    told: dict[str, Any] = result.structured_content
    jsonschema.validate(told, TOOLS[tool].gives.model_json_schema(mode="serialization"))
    assert told["label"] == LABEL
    assert result.content[0].type == "text"
    assert json.loads(result.content[0].text) == told
    return told


async def refuse(client: Client, tool: str, **arguments: Any) -> str:
    """Return the message of a call that must fail: one line."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    assert result.structured_content is None
    (said,) = (item.text for item in result.content if item.type == "text")
    assert "\n" not in said
    assert not said.startswith("Error executing")
    return str(said)


async def walk(client: Client, server: OpenAIServer) -> None:
    """List tools, price a run, be refused over the limit, run, and read the verdict."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == set(TOOLS)
    price = await read(client, "estimate", **TEST)
    assert price["cost_usd"] > 0
    assert price["needs_cost_argument"]
    assert price["fits_server_limit"]
    assert "max_cost" in await refuse(client, "run", **TEST)
    over = await refuse(client, "run", **TEST, max_cost=price["cost_usd"] / 2)
    assert f"${price['cost_usd']:.4f}" in over
    assert "more than max_cost" in over
    far_over = await refuse(client, "run", **{**TEST, "sample": 12, "repeats": 5}, confirm_cost=True)
    assert "the limit of this server" in far_over
    assert server.count() == 0
    heard: list[tuple[float, float | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        assert message
        heard.append((progress, total))

    result = await client.call_tool("run", {**TEST, "max_cost": 2 * price["cost_usd"]}, progress_callback=hear)
    assert not result.is_error, result.content[0]
    run = result.structured_content
    assert run["ok"] == run["planned"] == 16
    assert heard
    assert heard == sorted(heard)
    assert run["cost_usd"] <= 2 * price["cost_usd"]
    again = await read(client, "read_run", run_id=run["run_id"])
    assert again["verdict"] == run["verdict"]
    assert again["verdict"]["decision"] in {"best", "too close to call", "unstable", "not enough"}
    rate = next(one for one in again["rates"] if one["measure"] == "objective_rate")
    assert rate["low"] <= rate["estimate"] <= rate["high"]
    assert rate["personas"] == 8
    assert any("not validated" in one for one in again["limits"])


def test_a_client_prices_is_refused_and_runs(folder: Path, server: OpenAIServer) -> None:
    """A client lists tools, prices a run, is refused over a limit, runs with progress, and reads the verdict."""
    toolbox = make_toolbox(folder, server)
    use(toolbox, lambda client: walk(client, server))
    assert toolbox.purse.paid == pytest.approx(server.billed_tokens * PRICE[0] / 1e6)


def test_a_kept_run_costs_nothing_again(folder: Path, server: OpenAIServer) -> None:
    """The same run again needs no allowance, because every answer is kept."""

    async def work(client: Client) -> None:
        first = await read(client, "run", **TEST, confirm_cost=True)
        again = await read(client, "run", **TEST)
        assert (again["from_store"], again["cost_usd"]) == (16, 0.0)
        assert again["run_id"] == first["run_id"]
        assert [one["run_id"] for one in (await read(client, "list_runs"))["runs"]] == [first["run_id"]]

    use(make_toolbox(folder, server), work)


def test_one_limit_holds_over_calls_at_once(folder: Path, server: OpenAIServer) -> None:
    """Calls that run at the same time cannot pass the limit of the server together."""
    limit = 0.6  # four runs cost 0.65, in whatever order they take their turns
    toolbox = make_toolbox(folder, server, limit)

    async def work(client: Client) -> None:
        calls = [client.call_tool("run", {**TEST, "seed": seed, "confirm_cost": True}) for seed in range(4)]
        results = await asyncio.gather(*calls)
        assert any(one.is_error or not one.structured_content["is_complete"] for one in results)

    use(toolbox, work)
    assert 0 < server.billed_tokens * PRICE[0] / 1e6 <= limit
    assert toolbox.purse.paid <= limit


@given(st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 1)), max_size=40))
def test_a_purse_is_never_overdrawn(calls: list[tuple[float, float]]) -> None:
    """Whatever is held and settled, in whatever order, what is paid stays within the limit."""
    purse = SharedPurse(1.0)
    held = []
    for worst, share in calls:
        if purse.hold(worst):
            held.append((worst, worst * share))
        elif held:
            purse.settle(*held.pop(0))
        assert purse.paid + sum(worst for worst, _ in held) <= 1.0 + 1e-9
    for worst, paid in held:
        purse.settle(worst, paid)
    assert purse.paid <= 1.0 + 1e-9


def test_an_unknown_price_is_no_free_run(folder: Path, server: OpenAIServer) -> None:
    """Where nobody knows the price, a limit refuses, and without one the agent has to confirm."""

    async def limited(client: Client) -> None:
        said = await refuse(client, "run", **TEST, confirm_cost=True)
        assert "--price" in said

    async def free(client: Client) -> None:
        assert "confirm_cost" in await refuse(client, "run", **TEST)
        assert (await read(client, "run", **TEST, confirm_cost=True))["cost_usd"] is None

    use(make_toolbox(folder, server, price=None), limited)
    assert server.count() == 0
    use(make_toolbox(folder, server, None, price=None), free)


def test_the_price_of_one_model_is_not_that_of_another(folder: Path, server: OpenAIServer) -> None:
    """An agent that names another model does not get it at the price of the server's own."""

    async def work(client: Client) -> None:
        assert (await read(client, "estimate", **TEST, model="other"))["cost_usd"] is None

    use(make_toolbox(folder, server), work)


def test_a_cancelled_run_ends_and_goes_on(folder: Path, server: OpenAIServer) -> None:
    """A client that gives up ends the requests; the same call later asks only for what is missing."""
    server.hold_after(5)
    toolbox = make_toolbox(folder, server, concurrency=2)

    use(toolbox, lambda client: cancel(client, server, TEST))


async def cancel(client: Client, server: OpenAIServer, test: dict[str, Any]) -> None:
    """Give up a run after five replies, which are held back by now; then make it."""
    before, arguments = server.count(), {**test, "confirm_cost": True}
    asking = asyncio.create_task(client.call_tool("run", arguments))
    await anyio.to_thread.run_sync(server.wait_until_held)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await anyio.to_thread.run_sync(server.wait_until_idle)
    assert server.count() - before < 16
    server.hold_after(1_000)
    run = await read(client, "run", **arguments)
    assert run["is_complete"]
    assert run["from_store"] > 0


def test_hostile_words_stay_data(folder: Path, server: OpenAIServer) -> None:
    """Orders inside drafts, answers and audiences come back only in fields named untrusted, with nothing unseen."""
    nasty = "\n".join(PAYLOADS[name] for name in ("ignore previous", "role markers", "escape codes", "bidirectional"))
    server.script = lambda _: {"first_glance": "stop", "action": "reply", "verbatim": nasty, "objection": nasty}
    (folder / "personas").mkdir()
    people = [{"id": f"p{number}", "name": "Pat", "about": f"Lives at {number}."} for number in range(8)]
    audience = {"audience": "few", "description": nasty, "personas": people}
    (folder / "personas" / "few.yaml").write_text(json.dumps(audience))

    async def work(client: Client) -> None:
        drafts = [{"id": "plain", "text": f"{nasty} FREE!!! [{ORDER}]"}, DRAFTS[1]]
        told = [await read(client, "lint", drafts=drafts), await read(client, "list_audiences")]
        run = await read(client, "run", drafts=drafts, audience=["few"], confirm_cost=True)
        told += [run, await read(client, "why", run_id=run["run_id"]), await read(client, "list_runs")]
        told.append(await read(client, "evidence", run_id=run["run_id"]))
        resource = await client.read_resource(f"audience://runs/{run['run_id']}")
        told.append(json.loads(resource.contents[0].model_dump()["text"]))
        assert any(ORDER in text for one in told for name, text in list_texts(one) if name == "untrusted")
        for name, text in (pair for one in told for pair in list_texts(one)):
            assert not UNSEEN.search(text)
            assert name == "untrusted" or (ORDER not in text and "im_start" not in text)

    use(make_toolbox(folder, server), work)


def list_texts(told: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of an answer with the name of its field."""
    if isinstance(told, dict):
        for key, value in told.items():
            yield from list_texts(value, key)
    elif isinstance(told, list):
        for value in told:
            yield from list_texts(value, name)
    elif isinstance(told, str):
        yield name, told


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS)
def test_quoted_words_hold_nothing_unseen(payload: str) -> None:
    """Foreign words lose control characters and those that nobody sees."""
    assert not UNSEEN.search(quote(payload).untrusted)


def test_files_outside_the_folder_are_refused(folder: Path) -> None:
    """No path, link, name of an audience, id of a run or resource leads out of the working folder."""
    outside = folder.parent / "secret.yaml"
    shutil.copy(ROOT / "personas" / "uk-small-sellers.yaml", outside)
    (folder / "link.yaml").symlink_to(outside)
    (folder / "runs").mkdir()
    (folder.parent / "run.json").write_text("{}")
    (folder / "named.yaml").write_text(
        "campaign: x\naudience: ../secret.yaml\ndrafts:\n- id: a\n  text: Hello there.\n"
    )

    async def work(client: Client) -> None:
        for path in ("../secret.yaml", str(outside), "link.yaml", "a/../../secret.yaml", "named.yaml"):
            assert "outside the folder" in await refuse(client, "estimate", path=path)
        for name in ("../secret", "../secret.yaml", str(outside), "link.yaml", "..", "x/../../secret"):
            said = await refuse(client, "estimate", drafts=DRAFTS, audience=[name])
            assert "folder that this server works in" in said
        for run_id in ("..", "../..", "", "."):
            assert "list_runs" in await refuse(client, "read_run", run_id=run_id)
        for uri in ("audience://runs/..", "audience://help/../guide", "file:///etc/passwd"):
            with pytest.raises(Exception, match="there is no"):
                await client.read_resource(uri)

    use(make_toolbox(folder, None), work)


def test_faults_are_one_line_in_the_words_of_an_agent(folder: Path) -> None:
    """A fault names the field, what is allowed and the next tool, and no flag that an agent cannot set."""

    async def work(client: Client) -> None:
        assert "did you mean sample" in await refuse(client, "run", **(TEST | {"sampel": 3}))
        assert "greater than or equal to 1" in await refuse(client, "run", **(TEST | {"sample": 0}))
        assert "either path or drafts" in await refuse(client, "lint")
        assert "list_audiences names" in await refuse(client, "estimate", drafts=DRAFTS)
        assert "did you mean uk-small-sellers" in await refuse(
            client, "estimate", drafts=DRAFTS, audience=["uk-small-seller"]
        )
        assert "did you mean estimate" in await refuse(client, "estimat")
        assert "occurs twice" in await refuse(client, "lint", drafts=[DRAFTS[0], DRAFTS[0]])
        assert "by: " not in await refuse(client, "read_run", run_id="none")

    use(make_toolbox(folder, None), work)


def test_no_chance_outside_a_validated_domain(folder: Path, server: OpenAIServer) -> None:
    """Evidence on a surface where nothing was validated holds leads and intervals, and no chance in any field."""

    def click_benefit(ask: Ask) -> dict[str, str]:
        if DRAFTS[1]["text"] in ask.text:
            return {"first_glance": "stop", "action": "click"}
        return {"first_glance": "scroll_past", "action": "read"}

    server.script = click_benefit

    async def work(client: Client) -> None:
        run = await read(client, "run", **TEST, confirm_cost=True)
        told = await read(client, "evidence", run_id=run["run_id"])
        panel = next(one for one in told["sources"] if one["source"] == "panel")
        assert panel["favours"] == "benefit"
        assert panel["difference_low"] <= panel["difference"] <= panel["difference_high"]
        assert all(one["chance"] is None for one in told["sources"])
        assert not any("%" in one["sentence"] for one in told["sources"])

    use(make_toolbox(folder, server), work)


def test_why_and_rewrite_ask_within_the_limit(folder: Path, server: OpenAIServer) -> None:
    """An interview and a rewrite say their price first, and come back as data; comparing tells intervals."""

    async def work(client: Client) -> None:
        run_id = (await read(client, "run", **TEST, confirm_cost=True))["run_id"]
        why = await read(client, "why", run_id=run_id, draft="benefit")
        assert len(why["personas"]) == 8
        question = {"run_id": run_id, "persona": why["personas"][0], "question": "What would change your mind?"}
        assert "max_cost" in await refuse(client, "why", **question)
        said = await read(client, "why", **question, max_cost=0.2)
        assert said["answer"]["untrusted"]
        assert 0 < said["cost_usd"] < 0.2
        wish = {"run_id": run_id, "draft": "benefit", "wish": "Say it in a kinder way."}
        assert "max_cost" in await refuse(client, "rewrite", **wish)
        assert "more than max_cost" in await refuse(client, "rewrite", **wish, max_cost=0.00001)
        server.script = lambda _: {"text": "Get paid today, kindly, in the chat.", "changed": "The tone."}
        made = await read(client, "rewrite", **wish, max_cost=0.3)
        assert made["fields"]["text"]["untrusted"] == "Get paid today, kindly, in the chat."
        pairs = (await read(client, "compare", run_id=run_id, by="role"))["pairs"]
        assert {one["value"] for one in pairs} == {"buyer", "seller"}
        (pair,) = (await read(client, "compare", run_id=run_id))["pairs"]
        assert pair["low"] <= pair["difference"] <= pair["high"]

    use(make_toolbox(folder, server), work)


def test_check_judges_as_the_command_does(folder: Path) -> None:
    """The gate's outcome, offline, with every check and its reason."""

    async def work(client: Client) -> None:
        told = await read(client, "check", path="paypal-invoices.yaml")
        assert (told["outcome"], told["exit_code"]) == ("stale", 1)
        assert "nothing is recorded" in told["checks"][1]["message"]["untrusted"]

    use(make_toolbox(folder, None), work)


def test_schemas_and_hints_are_sound() -> None:
    """Every schema is valid JSON Schema, and only tools that ask a model are marked as reaching out."""
    for name, spec in TOOLS.items():
        tool = spec.describe(name)
        for schema in (tool.input_schema, tool.output_schema or {}):
            jsonschema.Draft202012Validator.check_schema(schema)
        assert tool.annotations is not None
        assert bool(tool.annotations.open_world_hint) == (name in {"run", "why", "rewrite"})
        assert bool(tool.annotations.read_only_hint) != bool(tool.annotations.open_world_hint)


def list_options(server: OpenAIServer) -> list[str]:
    """Return the options of a server that asks the provider of a test."""
    price = f"{PRICE[0]},{PRICE[1]}"
    return ["--model", "m", "--base-url", server.base_url, "--price", price, "--rating", "direct", "--max-cost", "1"]


def make_surroundings() -> dict[str, str]:
    """Return the environment of a server's process."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "k"}


@pytest.mark.slow
def test_a_client_works_over_stdio(folder: Path, server: OpenAIServer) -> None:
    """The SDK's client starts `audience mcp`, does the whole walk over its input and output, and cancels a run."""
    command = StdioServerParameters(
        command=sys.executable,
        args=["-m", "toolkit", "mcp", *list_options(server), "--concurrency", "2"],
        env=make_surroundings(),
        cwd=folder,
    )

    async def go() -> None:
        async with Client(stdio_client(command)) as client:
            await walk(client, server)
            server.hold_after(5)
            await cancel(client, server, {**TEST, "seed": 1})

    asyncio.run(go())


@asynccontextmanager
async def served(folder: Path, server: OpenAIServer, port: int) -> AsyncIterator[tuple[str, str]]:
    """Start `audience mcp --http`; yields its address and its token."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "toolkit", "mcp", "--http", "--port", str(port), *list_options(server),
        cwd=folder, env=make_surroundings(), stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        address = (await process.stderr.readline()).decode().strip()
        token = (await process.stderr.readline()).decode().strip().removeprefix("Authorization: Bearer ")
        await wait_for_port(port)
        yield address, token
    finally:
        process.terminate()
        await process.wait()


async def wait_for_port(port: int) -> None:
    """Wait until something listens."""
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


@pytest.mark.slow
def test_a_client_works_over_http(folder: Path, server: OpenAIServer, unused_port: int) -> None:
    """The whole walk over HTTP; without the token, for another host, or from a web page, nothing is answered."""

    async def go() -> None:
        async with served(folder, server, unused_port) as (address, token):
            bearer = {"Authorization": f"Bearer {token}"}
            post = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
            body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
            async with httpx.AsyncClient() as web:
                for headers, status in (
                    ({}, 401),
                    ({"Authorization": "Bearer wrong"}, 401),
                    ({**bearer, "Host": "evil.example"}, 421),
                    ({**bearer, "Host": f"127.0.0.1.evil.example:{unused_port}"}, 421),
                    ({**bearer, "Origin": "https://evil.example"}, 403),
                    ({**bearer, "Origin": "null"}, 403),
                ):
                    answer = await web.post(address, headers=post | headers, json=body)
                    assert answer.status_code == status, headers
            import httpx2

            async with (
                httpx2.AsyncClient(headers=bearer, timeout=PATIENCE) as own,
                Client(streamable_http_client(address, http_client=own)) as client,
            ):
                await walk(client, server)

    asyncio.run(go())


@pytest.fixture
def unused_port() -> int:
    """Return a port that is free."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


INSPECTOR = "@modelcontextprotocol/inspector@2.12.0"


@pytest.mark.nightly
def test_the_inspector_reads_the_server(folder: Path, server: OpenAIServer) -> None:
    """The protocol's own inspector lists the tools, prices a run and reads its verdict."""
    if shutil.which("npx") is None:
        pytest.skip("npx is not installed")

    def inspect(*arguments: str) -> dict[str, Any]:
        words = ["npx", "--yes", INSPECTOR, "--cli", "--cwd", str(folder), *arguments]
        words += ["--", sys.executable, "-m", "toolkit", "mcp", *list_options(server)]
        shown = subprocess.run(
            words, capture_output=True, text=True, check=False, env=make_surroundings(), timeout=PATIENCE
        )
        assert shown.returncode == 0, shown.stderr
        told: dict[str, Any] = json.loads(shown.stdout)
        return told

    listed = inspect("--method", "tools/list")
    assert {tool["name"] for tool in listed["tools"]} == set(TOOLS)
    test = ("--tool-arg", "path=paypal-invoices.yaml", "sample=6")
    priced = inspect("--method", "tools/call", "--tool-name", "estimate", *test)
    assert priced["structuredContent"]["cost_usd"] > 0
    run = inspect("--method", "tools/call", "--tool-name", "run", *test, "max_cost=1")["structuredContent"]
    assert run["verdict"]["decision"] == "not enough"
    guide = inspect("--method", "resources/read", "--uri", "audience://help/guide")
    assert "untrusted" in guide["contents"][0]["text"]


def test_the_command_refuses_what_cannot_work(command: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """An option that fits nothing is one line and exit 2, before anything is served."""
    refused = command("mcp", "--model", "nobody-lists-this", "--max-cost", "1")
    assert refused.returncode == 2
    assert "--price" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_working_folder_finds_what_is_inside(folder: Path) -> None:
    """Files inside are found, by relative and by absolute path."""
    place = WorkingFolder(folder)
    assert place.find("paypal-invoices.yaml", "path") == place.find(str(folder / "paypal-invoices.yaml"), "path")
    with pytest.raises(InputError, match="no file"):
        place.find("none.yaml", "path")


@pytest.mark.parametrize("name", ["guide", "skill"])
def test_what_a_guide_names_exists(name: str) -> None:
    """Each command, option and tool that a guide names is there, and its YAML is what the toolkit reads."""
    text = read_guide(name)
    for words in re.findall(r"(?:`| {4})audience ([a-z-]+[^`\n]*)", text):
        given = shlex.split(words)
        found = command_group.commands.get(given[0])
        assert found is not None, words
        flags = {flag for one in found.params for flag in one.opts}
        assert {one for one in given[1:] if one.startswith("--")} <= flags, words
    named = set(re.findall(r"`([a-z_]+)`", text))
    assert named & set(TOOLS)


def test_the_skill_follows_the_convention() -> None:
    """A name of small letters that is its folder's, and a description that says when to use it."""
    head = read_guide("skill").split("---")[1]
    fields = yaml.safe_load(head)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", fields["name"])
    assert "Use when" in fields["description"]
    assert len(fields["description"]) <= 1024


def test_files_of_the_guide_are_valid(tmp_path: Path) -> None:
    """The campaign and the audience that the guide shows can be loaded."""
    campaign, audience = re.findall(r"```yaml\n(.*?)```", read_guide("guide"), re.DOTALL)
    (tmp_path / "campaign.yaml").write_text(campaign)
    (tmp_path / "audience.yaml").write_text(audience)
    assert len(load_drafts(tmp_path / "campaign.yaml").drafts) == 2
    assert load_audience(tmp_path / "audience.yaml").personas[0].age == 24


def test_the_command_prints_the_skill(command: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    """`audience mcp --skill` prints the file and serves nothing."""
    assert command("mcp", "--skill").stdout == read_guide("skill")


class Broken(Toolbox):
    """Tools with a fault of our own."""

    async def list_runs(self, _: Any, __: Any) -> Any:
        """Fail as no tool should."""
        raise KeyError("a secret of ours")


def test_a_fault_of_ours_tells_nothing_and_ends_nothing(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected fault is one line without its words, which are logged; the server goes on."""

    async def work(client: Client) -> None:
        said = await refuse(client, "list_runs")
        assert "KeyError" in said
        assert "secret" not in said
        await read(client, "list_audiences")

    use(Broken(WorkingFolder(folder), {"engine": "replay"}, SharedPurse(None)), work)
    assert "a secret of ours" in caplog.text


@pytest.mark.slow
def test_a_signal_ends_a_server_whose_client_stays(folder: Path) -> None:
    """Ctrl-C ends the server with 130 while its standard input is still open, and prints no traceback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "toolkit", "mcp", "--engine", "replay"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=make_surroundings(),
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    hello = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    process.stdin.write(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello}).encode())
    process.stdin.write(b"\n")
    process.stdin.flush()
    assert b"audience-toolkit" in process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130
    assert process.stderr is not None
    assert process.stderr.read().count(b"\n") == 1
    process.stdin.close()
    process.stdout.close()
    process.stderr.close()


def test_the_file_of_a_team_names_the_model(
    command: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    """The model of audience.toml is the server's, too: one without a listed price needs --price under a limit."""
    (tmp_path / "work" / "audience.toml").write_text('model = "nobody-lists-this"\n')
    refused = command("mcp", "--max-cost", "1")
    assert refused.returncode == 2
    assert "--price" in refused.stderr


def test_a_chance_is_told_inside_a_validated_domain(folder: Path, server: OpenAIServer) -> None:
    """Where the outcome model was measured its chance comes through, and the panel, unproven there, still has none."""
    texts = ("You will not believe what this seller did next", "A seller sends an invoice in the chat")
    drafts = [{"id": f"d{number}", "text": text} for number, text in enumerate(texts)]

    async def work(client: Client) -> None:
        test = {**TEST, "drafts": drafts, "surface": "x_post", "objective": "share"}
        run_id = (await read(client, "run", **test, confirm_cost=True))["run_id"]
        said = predictions.Prediction(draft_a="d0", draft_b="d1", p_b_wins=0.71, abstains=False)
        made = load_run(folder / "runs" / run_id)
        known = predictions.Predictions(version="0" * 12, domain="posts", pairs=(said,))
        made.with_predictions(known).save(folder / "runs" / run_id)
        told = await read(client, "evidence", run_id=run_id)
        chances = {one["source"]: one["chance"] for one in told["sources"]}
        assert 0.5 < chances.pop("outcome_model") < 0.9
        assert set(chances) >= {"panel", "control"}
        assert not any(chances.values())

    use(make_toolbox(folder, server), work)
