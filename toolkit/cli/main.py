"""The command `audience`: parses, hands over, and turns every expected error into one line and an exit code."""

from __future__ import annotations

import errno
import gc
import io
import sys
from collections.abc import Mapping

import click

from toolkit.cli.app import app
from toolkit.cli.ask_people import ask_people
from toolkit.cli.campaigns import campaigns
from toolkit.cli.check import check
from toolkit.cli.config import Defaults, config
from toolkit.cli.doctor import doctor
from toolkit.cli.export import export
from toolkit.cli.lint import lint
from toolkit.cli.mcp import mcp
from toolkit.cli.outcomes import outcomes
from toolkit.cli.personas import personas
from toolkit.cli.record import record
from toolkit.cli.report import report
from toolkit.cli.rewrite import rewrite
from toolkit.cli.run import demo, run
from toolkit.cli.screen import screen
from toolkit.cli.store import store
from toolkit.cli.study import study
from toolkit.errors import FLAGS, ToolkitError, speaking

INTERRUPTED = 130
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
_BETWEEN_COLLECTIONS = 50_000
"""New objects between two collections of garbage. Loading what a command needs makes many, and none is garbage."""
READER_GONE = 141
"""The exit code that a shell gives a program whose reader hung up."""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="audience-toolkit", prog_name="audience")
@click.pass_context
def audience(context: click.Context) -> None:
    """Speak to the audience before the audience.

    Personas react to your drafts through a language model. Statistics say how far you can trust the result. Simulated
    reactions from AI personas. No real people were asked. Directional only.

    Start with:  audience demo
    """
    context.default_map = Defaults()


for command in (
    demo, run, screen, study, rewrite, lint, export, check, record, report, personas, outcomes, ask_people, app,
    campaigns, mcp, store, config, doctor,
):  # fmt: skip
    audience.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit with the contract's codes. A character that the terminal lacks is printed as "?"."""
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.encoding.lower() != "utf-8":
        sys.stdout.reconfigure(errors="replace")
    gc.set_threshold(_BETWEEN_COLLECTIONS)
    with speaking(FLAGS):
        code = _run(sys.argv[1:] if arguments is None else arguments)
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    try:
        outcome = audience.main(args=arguments, prog_name="audience", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as help_wanted:
        click.echo(help_wanted.ctx.get_help() if help_wanted.ctx else help_wanted.format_message())
        return 0
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        path = context.command_path if context else _find_command(arguments)
        return _refuse(f"{path}: {' '.join(error.format_message().split())} Try `{path} --help`.", 2)
    except ToolkitError as error:
        return _refuse(f"audience: {error}", error.exit_code)
    except (KeyboardInterrupt, click.Abort) as error:
        return _refuse(f"audience: {_say_end(error)}", INTERRUPTED)
    except SystemExit:  # by Click, with 1, where the reader of a pipe is gone: here that would be a failed check
        outcome = READER_GONE
    except OSError as error:
        if error.filename is not None or error.errno not in _FULL:
            raise
        sys.stdout = None  # flushing at exit would fail again
        return _refuse(f"audience: standard output cannot be written: {error.strerror}; free space there", 2)
    return outcome if isinstance(outcome, int) else 0


def _find_command(arguments: list[str]) -> str:
    """Return the command that some arguments call, for a fault that Click found before it made the command."""
    path = ["audience"]
    commands: Mapping[str, click.Command] = audience.commands
    for name in arguments:
        found = commands.get(name)
        if found is None:
            break
        path.append(name)
        commands = found.commands if isinstance(found, click.Group) else {}
    return " ".join(path)


def _say_end(error: KeyboardInterrupt | click.Abort) -> str:
    """Tell Ctrl-C at work from a question that nobody said yes to."""
    if isinstance(error, click.Abort) and not isinstance(error.__cause__, KeyboardInterrupt):
        return "not confirmed, so nothing was done; --yes confirms beforehand"
    return "interrupted; the answers so far are saved, and the same command continues"


def _refuse(line: str, code: int) -> int:
    click.echo(line, err=True)
    return code
