"""The command `hailuo`: every command's place, and the one way in and out."""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand

from .. import __version__
from ..errors import Bug, DiskError, HailuoError, Interrupted, ReaderGone, UsageError
from .commands import Command, Group, grouped
from .flags import Globals
from .front_end import signals
from .leaving import exit_of, leave
from .show import Result, Show

WIDEST_HELP = 1000
"""Columns; a help text is as wide as the window, and as 80 columns where there is none."""
CommandLineError: type[Exception] = next(c for c in typer.BadParameter.__mro__ if c.__name__ == "ClickException")
"""What Typer raises for a wrong command line, whichever Click it carries."""

COMMANDS: Mapping[str, str] = {
    "generate": "Order a video, wait for it and save it: the one-off.",
    "submit": "Order a video: pays once, prints PROVIDER:TICKET, returns.",
    "status": "Look once at each job; without JOB at every unfinished one.",
    "wait": "Wait for jobs and save their videos.",
    "download": "Save the videos of finished jobs.",
    "preview": "A look at a film in the terminal.",
    "open": "Open a film in the program that plays it.",
    "label": "What a film says of its own making.",
    "listen": "Hear from providers: take their webhooks, and save what they are about.",
    "cancel": "Cancel jobs, where the provider can.",
    "providers": "Who sells what at which price, and where your key was found.",
    "setup": "Set up a seller and a key, by questions.",
    "doctor": "Look at everything a job needs; changes and bills nothing.",
    "quote": "What every seller asks for a request, and why some cannot.",
    "check": "Check a request by every local rule: no network, no money.",
    "camera": "The camera moves, and each provider's words for them.",
    "batch": "Many videos from one file: each ordered once, within a budget.",
    "jobs": "The ledger of every job.",
    "config": "Profiles and keys.",
    "sandbox": "The provider on your own machine.",
    "help": "Show what a command does and takes.",
    "version": "Print the version.",
    "completion": "Print the completion script of a shell.",
    "mcp": "Serve an agent: the Model Context Protocol over stdin and stdout.",
    "skill": "The skill that teaches an agent to use hailuo.",
}
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Make videos": ("generate", "submit", "quote", "check", "batch", "providers", "camera"),
    "Jobs": ("status", "wait", "download", "listen", "cancel", "jobs"),
    "Videos": ("preview", "open", "label"),
}
"""The commands under headings; those that are in none stand at the end."""
ORDERING = ("generate", "submit")
"""Commands after whose end people ask first whether something was bought."""
GROUPS = ("batch", "jobs", "config", "label", "sandbox", "skill")


class _Modules(Mapping[str, Any]):
    """The commands by name, each loaded from the module of its name when it is asked for."""

    def __getitem__(self, name: str) -> Any:
        if name not in COMMANDS:
            raise KeyError(name)
        module = importlib.import_module(f".{name}", __package__)
        if name in GROUPS:
            return typer.main.get_command(module.app)
        alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        alone.command(name, cls=Command)(grouped(getattr(module, name)))
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Root(Group):
    """Lists and offers its commands without loading them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.commands: Any = _Modules()

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        self.commands = {name: TyperCommand(name, help=text) for name, text in COMMANDS.items()}
        return super().shell_complete(ctx, incomplete)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        named = {name for names in SECTIONS.values() for name in names}
        others = {"Set-up and more": tuple(name for name in COMMANDS if name not in named)}
        for heading, names in {**SECTIONS, **others}.items():
            with formatter.section(heading):
                formatter.write_dl([(name, COMMANDS[name]) for name in names])

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        from .examples import EXIT_CODES

        with formatter.section("Exit codes"):
            formatter.write_dl(list(EXIT_CODES))
        super().format_epilog(ctx, formatter)


app = typer.Typer(
    cls=_Root,
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDEST_HELP},
    help="MiniMax Hailuo video from the terminal, through whichever provider you have a key for.",
)


def _print_version(value: bool) -> None:
    if value:
        typer.echo(f"hailuo {__version__}")
        raise typer.Exit


def _install_completion(value: bool) -> None:
    if value:
        from .shell import install

        shell, path = install()
        typer.echo(f"completion for {shell} is in {path}; it works in a new terminal")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    install_completion: Annotated[
        bool,
        typer.Option(
            "--install-completion",
            callback=_install_completion,
            is_eager=True,
            help="Set completion up for this shell.",
        ),
    ] = False,
) -> None:
    pass


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; nothing but a signal at the worst moment escapes."""
    if how := os.environ.get("_HAILUO_COMPLETE"):
        return _complete(how, arguments)
    flags = Globals(
        command=_command_of(arguments), typed=arguments, json="--json" in arguments, events="--events" in arguments
    )
    show = Show(flags)
    signals.catch()
    try:
        code = _run(arguments, flags, show)
        gone = flags.is_reader_gone
    except ReaderGone:
        code, gone = 0, True
    except HailuoError as error:  # stdout itself cannot be written
        show.complain(error)
        code, gone = error.exit, False
    with suppress(Interrupted):  # everything is said
        for step in flags.exit_callbacks:
            step()
    return code or (ReaderGone.exit if gone else 0)


def _complete(how: str, arguments: Sequence[str]) -> int:
    """Answer a shell's question; silent where anything goes wrong, for it is in the middle of somebody's typing."""
    from . import shell

    with suppress(Exception):
        code, text = shell.answer(typer.main.get_command(app), how, arguments, os.environ)
        sys.stdout.write(text)
        return code
    return 0


def _run(arguments: Sequence[str], flags: Globals, show: Show) -> int:
    try:
        outcome: Any = app(list(arguments), prog_name="hailuo", standalone_mode=False, obj=flags)
        return show.result(outcome) if isinstance(outcome, Result) else int(outcome or 0)
    except HailuoError as error:
        return show.failure(error)
    except CommandLineError as error:
        if type(error).__name__ == "NoArgsIsHelpError" and not show.is_machine:
            for line in str(error).splitlines():
                show.say(line)
            return UsageError.exit
        return show.failure(_as_usage_error(error))
    except Interrupted as stop:
        if flags.command in ORDERING and not (flags.jobs or stop.notes or stop.next_step):
            stop.notes.append("nothing was sent")
        return show.interrupted(stop)
    except SystemExit:  # how Click ends where nobody reads its help
        return ReaderGone.exit
    except OSError as error:
        if not _is_of_help(error):
            return _bug(error, flags, show)
        if code := exit_of(error):
            show.complain(DiskError(f"cannot write to stdout: {error.strerror}"))
        return code
    except Exception as error:  # noqa: BLE001 - the last one to hear of it; a user gets a sentence
        return _bug(error, flags, show)


def _bug(error: Exception, flags: Globals, show: Show) -> int:
    """Say that this is our fault, without the values that were in hand."""
    if flags.verbose > 1:
        for line in traceback.format_exception(error):
            show.log(line.rstrip())
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    bug: HailuoError = Bug(
        f"a bug in hailuo: {type(error).__name__} at {where}", hint="please report it; -vv shows more"
    )
    if _is_homeless():
        bug = DiskError("the current folder is gone", hint="change into another one")
    if left := [job for job in flags.jobs if job.ticket and job.state.unfinished]:
        from ..orders import next_steps

        bug.next_step = next_steps.continuing("wait", left)
    return show.failure(bug)


def _is_homeless() -> bool:
    """Whether the folder that this command was started in was removed meanwhile."""
    try:
        Path.cwd()
    except OSError:
        return True
    return False


def _is_of_help(error: OSError) -> bool:
    """Whether it was raised where Typer prints a help or version text."""
    return any(frame.name == "echo" for frame in traceback.extract_tb(error.__traceback__))


def main() -> NoReturn:
    """The entry point of the installed command."""
    silence_unraisable()
    leave(run(sys.argv[1:]))


def silence_unraisable() -> None:
    """What Python itself cannot raise, such as a socket that fails while it is being closed, is worth no traceback."""
    sys.unraisablehook = lambda _: None


def _command_of(arguments: Sequence[str]) -> str:
    for position, word in enumerate(arguments):
        if word in COMMANDS:
            after = next(iter(arguments[position + 1 :]), "-")
            return f"{word} {after}" if word in GROUPS and not after.startswith("-") else word
    return "hailuo"


def _as_usage_error(error: Exception) -> UsageError:
    message = getattr(error, "format_message", lambda: str(error))()
    context = getattr(error, "ctx", None)
    if "unexpected extra argument" in message:
        message = "there are more arguments than this command takes"  # not repeated: one may be a key
        if context and any(param.name == "prompt" for param in context.command.params):
            hint = f'{context.command_path} "a lighthouse at dusk"'
            return UsageError("the prompt has to be one argument: put quotes around it", hint=hint)
        if context and context.command.name == "set-key":
            where = "where the shell's history keeps it"
            return UsageError(
                f"a key is never taken from the command line, {where}", hint=f"{context.command_path} PROVIDER"
            )
    if getattr(error, "option_name", None) in ("--api-key", "--apikey", "--key", "--token"):
        safe = "a key is never taken from the command line: hailuo config set-key PROVIDER asks for it or reads stdin"
        return UsageError(message.partition(" (")[0], hint=safe)
    return UsageError(message, hint=f"{context.command_path} --help" if context else "hailuo --help")
