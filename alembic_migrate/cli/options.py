"""The options that every command takes, before it or after it: each declared once.

What stands after the command wins over what stands before it; ``-x`` alone adds up.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache
from typing import Any

import click

from alembic_migrate import __version__
from alembic_migrate.cli import completing

PROGRAM = "alembic-db"
COMPLETION_VARIABLE = "_ALEMBIC_DB_COMPLETE"  # by which a shell asks for words


@dataclass(frozen=True, slots=True)
class Common:
    """One option of every command.

    Attributes:
        name: the field of ``Options`` that takes its value.
        flags: how it is typed.
        help: what it does, for people.
        metavar: what stands for its value; None for a flag.
        choices: the values it takes, where they are few.
        many: it may be given several times.
        some: further values, which only some commands take.
        adds: what stands before and after the command adds up.
        first_flags: further spellings that hold only before the command.
        completes: it takes names of bases.
    """

    name: str
    flags: tuple[str, ...]
    help: str
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    some: tuple[str, ...] = ()
    many: bool = False
    adds: bool = False
    first_flags: tuple[str, ...] = ()
    completes: bool = False

    def option(self, *, first: bool, formats: tuple[str, ...] = ()) -> click.Option:
        """Return click's option.

        Args:
            first: for the one that stands before the command.
            formats: those of ``some`` that the command takes.
        """
        flags = (*(self.first_flags if first else ()), *self.flags)
        if self.metavar is None:
            return click.Option([*flags, self.name], is_flag=True, default=None, help=self.help)
        # Names of files are completed by the shell itself.
        kind: Any = None
        metavar = self.metavar
        if self.choices:
            further = tuple(each for each in self.some if first or each in formats)
            kind = click.Choice((*self.choices, *further))
            metavar = metavar if first else "|".join(kind.choices)
        elif self.metavar in ("DIR", "FILE"):
            kind = click.Path(file_okay=self.metavar == "FILE")
        return click.Option(
            [*flags, self.name],
            metavar=metavar,
            multiple=self.many,
            type=kind,
            help=self.help,
            shell_complete=completing.bases if self.completes else None,
        )


COMMON = (
    Common(
        "base",
        ("-b", "--base", "-n", "--name"),
        "The base to work on: a name, a glob, several with commas, or a dotted module. Repeatable.",
        metavar="NAME",
        many=True,
        completes=True,
    ),
    Common("all_bases", ("--all",), "Work on every base."),
    Common(
        "tenant",
        ("--tenant",),
        "The tenants of a base to work on: names or globs, several with commas; by default all."
        " Repeatable.",
        metavar="NAME",
        many=True,
    ),
    Common("directory", ("-d", "--directory"), "The migrations folder, for one base.", "DIR"),
    Common(
        "url",
        ("--url",),
        "The database, for one base. Other users of this machine can see what you type here: a"
        " ${VARIABLE} in pyproject.toml hides it.",
        "URL",
    ),
    Common(
        "x",
        ("-x", "--x-arg"),
        "An argument for env.py: context.get_x_argument(). Repeatable.",
        "ARG",
        many=True,
        adds=True,
    ),
    Common("project", ("-C", "--project"), "Look for the configuration from this folder.", "DIR"),
    Common(
        "config",
        ("--config",),
        "The file with the configuration; -c before the command only.",
        "FILE",
        first_flags=("-c",),
    ),
    Common(
        "settings",
        ("--set",),
        "Any key of a base, for this run; VALUE as TOML. Repeatable.",
        "KEY=VALUE",
        many=True,
    ),
    Common(
        "format",
        ("--format",),
        "How the answer is written: for people, as one JSON document, or as JSON lines with"
        " progress among them.",
        "text|json|jsonl",
        choices=("text", "json", "jsonl"),
        some=("sarif", "github", "gitlab"),
    ),
    Common(
        "color",
        ("--color",),
        "Colours: on a terminal, always, or never.",
        "auto|always|never",
        choices=("auto", "always", "never"),
    ),
    Common("quiet", ("-q", "--quiet"), "No progress and no remarks, only what was asked for."),
    Common("verbose", ("-v", "--verbose"), "The long form of lists; SQL and logs of what runs."),
    Common("raiseerr", ("--raiseerr",), "Show the whole traceback of an error."),
)


@dataclass(frozen=True, slots=True)
class Options:
    """The values of the options that every command takes, as they were typed."""

    base: tuple[str, ...] = ()
    all_bases: bool = False
    tenant: tuple[str, ...] = ()
    directory: str | None = None
    url: str | None = None
    x: tuple[str, ...] = ()
    project: str | None = None
    config: str | None = None
    settings: tuple[str, ...] = ()
    format: str = "text"
    color: str = "auto"
    quiet: bool = False
    verbose: bool = False
    raiseerr: bool = False


NAMES = frozenset(field.name for field in dataclasses.fields(Options))


@cache
def common_params(
    *, first: bool = False, formats: tuple[str, ...] = ()
) -> tuple[click.Parameter, ...]:
    """Return click's options for a command, or (``first``) for what stands before it.

    They are made once: each of two dozen commands has them.

    Args:
        first: for what stands before the command.
        formats: what the command's ``--format`` takes besides.
    """
    return (*(each.option(first=first, formats=formats) for each in COMMON), _version_option())


def merged(ctx: click.Context) -> Options:
    """Return what was typed before the command and after it as one set of values."""
    chain = [ctx]
    while chain[0].parent is not None:
        chain.insert(0, chain[0].parent)
    values: dict[str, Any] = {}
    for level in chain:
        for each in COMMON:
            value = level.params.get(each.name)
            if value is not None and value != ():
                values[each.name] = (*values.get(each.name, ()), *value) if each.adds else value
    return Options(**values)


def _version_option() -> click.Option:
    def show(ctx: click.Context, _param: click.Parameter, value: object) -> None:
        if value and not ctx.resilient_parsing:
            click.echo(f"{PROGRAM} {__version__}")
            ctx.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        default=None,
        expose_value=False,
        is_eager=True,
        callback=show,
        help="Show the version and leave.",
    )
