"""The command reference of the README, made from the commands themselves."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import click

from alembic_migrate.cli.commands import db
from alembic_migrate.cli.options import NAMES, PROGRAM, common_params
from alembic_migrate.cli.parsing import Command, Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


def command_reference() -> str:
    """Return Markdown: a table of the options of every command, then each command's section."""
    parts = [
        "### Options of every command",
        "They stand before the command or after it; what stands after it wins, `-x` adds up.",
        _table(common_params(first=True)),
    ]
    for title, command in _commands(PROGRAM, db):
        parts += _section(title, command)
    return "\n\n".join(parts) + "\n"


def _commands(path: str, group: Group) -> Iterator[tuple[str, Command]]:
    """Yield every command, those of groups too, under the words that call it."""
    for name, each in group.commands.items():
        if isinstance(each, Group):
            yield from _commands(f"{path} {name}", each)
        elif isinstance(each, Command):
            yield f"{path} {name}", each


def _section(title: str, command: Command) -> Iterator[str]:
    common = {*NAMES, "version"}
    own = [each for each in command.params if each.name not in common]
    usage = " ".join([title, *map(_argument, _arguments(own))])
    yield f"### `{usage}`"
    # click's help wraps paragraphs itself; Markdown wants each on lines of its own too.
    yield inspect.cleandoc(command.help or "")
    options = [each for each in own if isinstance(each, click.Option)]
    if options:
        yield _table(options)
    yield f"```sh\n{command.example}\n```"


def _arguments(params: Iterable[click.Parameter]) -> Iterator[click.Argument]:
    return (each for each in params if isinstance(each, click.Argument))


def _argument(argument: click.Argument) -> str:
    if isinstance(argument.type, click.Choice):
        return "|".join(map(str, argument.type.choices))
    return argument.metavar or str(argument.name).upper()


def _table(params: Sequence[click.Parameter]) -> str:
    rows = ["| option | meaning |", "| --- | --- |"]
    rows += [
        f"| {_flags(each)} | {_cell(each.help or '')} |"
        for each in params
        if isinstance(each, click.Option)
    ]
    return "\n".join(rows)


def _flags(option: click.Option) -> str:
    *most, last = option.opts
    value = f" {option.metavar}" if option.metavar else ""
    return ", ".join(f"`{_cell(flag)}`" for flag in (*most, f"{last}{value}"))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
