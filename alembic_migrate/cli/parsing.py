"""click's commands and groups with what this command line has besides.

- ``-1`` is an argument where a command takes revisions, while a mistyped option stays an error.
- An unknown command or option is answered with the nearest known one.
- ``list_templates`` is ``list-templates``: an underscore is a hyphen.
- Help has the options of every command in a section of their own, and ends with an example.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import click

from alembic_migrate.cli.options import NAMES, PROGRAM, Options, common_params, merged

# No argument of a process can hold this character, so a marked word is never one that was typed.
_MARK = "\0"
_RELATIVE = re.compile(r"-\d+")

_EVERYWHERE = frozenset({"--help", "--version"})

Work = Callable[..., int | None]
Runner = Callable[[Options, "Command", dict[str, Any]], int]


class HintedError(click.UsageError):
    """A usage error that says what is possible."""

    def __init__(self, message: str, ctx: click.Context | None, hint: str) -> None:
        super().__init__(message, ctx)
        self.hint = hint


class Sections(click.Command):
    """Help with the options of every command in a section of their own."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the command's own options, then those of every command."""
        own: list[tuple[str, str]] = []
        common: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            record = None if isinstance(param, click.Argument) else param.get_help_record(ctx)
            if record is not None:
                is_common = param.name in NAMES or not _EVERYWHERE.isdisjoint(param.opts)
                (common if is_common else own).append(record)
        for title, records in (("Options", own), ("Options of every command", common)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def make_parser(self, ctx: click.Context) -> Any:
        """Return click's parser; with ``-1`` as an argument where the command takes arguments."""
        parser = super().make_parser(ctx)
        if any(isinstance(each, click.Argument) for each in self.params):
            plain = parser.parse_args

            def parse_args(args: list[str]) -> Any:
                opts, rest, order = plain(args=_marked(args))
                return (
                    {name: _unmarked(value) for name, value in opts.items()},
                    _unmarked(rest),
                    order,
                )

            parser.parse_args = parse_args  # type: ignore[method-assign]
        return parser


class Command(Sections):
    """A command whose work gets the merged options of every command."""

    def __init__(
        self,
        name: str,
        work: Work,
        run: Runner,
        params: Sequence[click.Parameter],
        example: str,
        formats: tuple[str, ...] = (),
    ) -> None:
        self.work = work
        self.example = example
        self.formats = formats
        super().__init__(
            name,
            params=[*params, *common_params(formats=formats)],
            help=work.__doc__,
            epilog=f"\b\nExample:\n  {example}",
            callback=lambda **values: run(
                self._options(click.get_current_context()),
                self,
                {key: value for key, value in values.items() if key not in NAMES},
            ),
        )

    def _options(self, ctx: click.Context) -> Options:
        """Return the options of every command; before it, a format may be another command's."""
        options = merged(ctx)
        option = next(each for each in self.params if each.name == "format")
        option.type_cast_value(ctx, options.format)
        return options


class Group(Sections, click.Group):
    """A group of commands, listed in the order in which they were added."""

    def __init__(self, name: str, *, first: bool = False, doc: str, example: str) -> None:
        self.example = example
        super().__init__(
            name,
            params=list(common_params(first=first)),
            help=doc,
            epilog=f"\b\nExample:\n  {example}",
            no_args_is_help=False,
            context_settings={"help_option_names": ["-h", "--help"]},
        )

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which the commands were added."""
        del ctx
        return list(self.commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, an underscore being a hyphen."""
        found = super().get_command(ctx, cmd_name)
        return found or super().get_command(ctx, cmd_name.replace("_", "-"))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands, then the options."""
        self.format_commands(ctx, formatter)
        super().format_options(ctx, formatter)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse; without a word the help is printed as an error, since nothing was done."""
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help(), err=True, color=ctx.color)
            ctx.exit(2)
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            error.ctx = error.ctx or ctx
            owners = self._owners(ctx, error.option_name)
            if not owners or ctx.parent is not None:
                raise
            hint = f"It stands after the command: {PROGRAM} {owners[0]} {error.option_name}"
            raise HintedError(f"No such option: {error.option_name}", ctx, hint) from None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word names; the nearest one is suggested."""
        word = args[0]
        if self.get_command(ctx, word) is None and not ctx.resilient_parsing:
            import difflib  # noqa: PLC0415 - for messages alone

            near = difflib.get_close_matches(word.replace("_", "-"), self.commands, n=3)
            hint = perhaps([f"{ctx.command_path} {each}" for each in near])
            raise HintedError(f"No such command: {word}", ctx, hint)
        return super().resolve_command(ctx, args)

    def _owners(self, ctx: click.Context, flag: str) -> list[str]:
        """Return the commands that have this option of their own."""
        return [
            name
            for name in self.list_commands(ctx)
            if any(flag in each.opts for each in self.commands[name].params)
        ]


def perhaps(near: Sequence[str]) -> str:
    """Return ``Perhaps you meant a, b or c``; empty where nothing is near."""
    if not near:
        return ""
    *most, last = near
    return f"Perhaps you meant {', '.join(most)} or {last}" if most else f"Perhaps you meant {last}"


def _marked(args: Sequence[str]) -> list[str]:
    end = args.index("--") if "--" in args else len(args)
    return [
        _MARK + word if place < end and _RELATIVE.fullmatch(word) else word
        for place, word in enumerate(args)
    ]


def _unmarked(value: Any) -> Any:
    """Return what click parsed as it was typed; values that are click's own are left alone."""
    if isinstance(value, str):
        return value.removeprefix(_MARK)
    if isinstance(value, list):
        return [_unmarked(each) for each in value]
    if isinstance(value, tuple):
        return tuple(_unmarked(each) for each in value)
    return value
