"""One run of one command: its project, its progress, its answer."""

from __future__ import annotations

import contextlib
import sys
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

import click

from alembic_migrate.cli.streams import is_terminal, use_colour, write_quietly
from alembic_migrate.events import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alembic_migrate.cli.bar import Bar
    from alembic_migrate.cli.options import Options
    from alembic_migrate.project import Project

FINDINGS = 4
_FEW = 4  # of so many databases the answer tells soon enough
_WARNING = "Warning:"


class Session:
    """What a command's work needs of the outside world.

    Args:
        options: the options of every command, merged.
        command: the command's name as it is typed, ``config show``.
        out: where the answer goes; None where stdout is closed.
    """

    def __init__(self, options: Options, command: str, out: IO[str] | None) -> None:
        self.options = options
        self.command = command
        self.out = out

    @cached_property
    def project(self) -> Project:
        """The project; imported only now, so that help and version stay quick."""
        from alembic_migrate.project import load  # noqa: PLC0415 - see above

        typed = self.options
        return load(
            typed.project,
            config=typed.config,
            base=typed.base or None,
            all_bases=typed.all_bases,
            directory=typed.directory,
            url=typed.url,
            x=typed.x,
            settings=typed.settings,
            tenant=[word for words in typed.tenant for word in words.split(",")],
        )

    @property
    def named(self) -> bool:
        """Whether the project's bases have names, which then stand in front of what is said."""
        return bool(self.project.named)

    @property
    def colour(self) -> bool:
        """Whether the answer has colours."""
        return use_colour(self.out, self.options.color)

    @property
    def width(self) -> int | None:
        """The width of the terminal, in characters; None where lines are never wrapped."""
        if not is_terminal(self.out):
            return None
        import shutil  # noqa: PLC0415 - half of what it imports is about archives

        return shutil.get_terminal_size().columns

    def report(self, event: Event) -> None:
        """Show an event: on stderr, or among the lines of ``jsonl``."""
        if event.kind == "sql" and not self.options.verbose:
            return  # to look at a thousand tables takes twelve thousand statements
        if self.options.format == "jsonl":
            from alembic_migrate.render import payload  # noqa: PLC0415 - only for programs

            told = payload.event(event, named=self.named)
            write_quietly(self.out, payload.dump(told, one_line=True))
            return
        tally = event.tally
        bar = self._bar if tally is not None and tally.total > _FEW else None
        if bar is not None and tally is not None:
            bar.show(tally)
        if self._shows(event) and (bar is None or event.kind == "failed"):
            from alembic_migrate.render.events import event_line  # noqa: PLC0415 - for progress

            text = event_line(event, several=self._several(), named=self.named)
            if event.kind == "warning" and use_colour(sys.stderr, self.options.color):
                text = text.replace(_WARNING, click.style(_WARNING, fg="yellow"), 1)
            write_quietly(sys.stderr, text)

    @cached_property
    def _bar(self) -> Bar | None:
        """The bar that shows how far many databases are, where somebody watches."""
        if self.options.quiet or not is_terminal(sys.stderr):
            return None
        from alembic_migrate.cli.bar import Bar  # noqa: PLC0415 - imports rich

        return Bar(colour=use_colour(sys.stderr, self.options.color))

    def close(self) -> None:
        """Take away what shows progress only."""
        if (bar := vars(self).get("_bar")) is not None:
            bar.close()

    def _several(self) -> bool:
        """Whether lines of progress may come from several bases, so that each says whose it is."""
        word = self.options.base[0] if len(self.options.base) == 1 else ","
        return len(self.project.names) > 1 and any(letter in word for letter in ",*?[")

    def _shows(self, event: Event) -> bool:
        if event.kind in ("warning", "output"):
            return True
        if event.tally is not None and event.tally.total <= _FEW:
            return False
        if event.kind in ("sql", "log", "file"):
            return self.options.verbose
        return not self.options.quiet

    def warn(self, message: str) -> None:
        """Show a warning that belongs to no base."""
        self.report(Event("warning", message))

    def answer(self, document: Callable[[], dict[str, Any]], text: Callable[[], str]) -> None:
        """Print the answer: the text for people, or the document for programs."""
        if self.options.format == "text":
            self._print(text())
            return
        from alembic_migrate.render import payload  # noqa: PLC0415 - only for programs

        if self.options.format == "json":
            self._print(payload.dump(document()))
        else:
            self._print(payload.dump(payload.last(document()), one_line=True))

    def results(
        self, results: Sequence[Any], text: Callable[[], str], *, key: str = "bases", **more: Any
    ) -> None:
        """Print the answer of a command that reads: ``-q`` does not silence it.

        Args:
            results: what the command found or did.
            text: returns it for people.
            key: where the results stand in the document.
            more: what else stands in it.
        """

        def document() -> dict[str, Any]:
            from alembic_migrate.render import payload  # noqa: PLC0415 - only for programs
            from alembic_migrate.results import as_json  # noqa: PLC0415

            return {**payload.answer(self.command, results, key), **as_json(more)}

        self.answer(document, text)

    def done(self, results: Sequence[Any], text: Callable[[], str], **more: Any) -> None:
        """Print what a command did: ``-q`` silences the text; the document has ``more`` in it."""
        self.results(results, (lambda: "") if self.options.quiet else text, **more)

    def document(self, document: dict[str, Any]) -> None:
        """Print a document that is JSON whatever the format."""
        from alembic_migrate.render import payload  # noqa: PLC0415 - only for programs

        self._print(payload.dump(document, one_line=self.options.format == "jsonl"))

    def plain(self, text: str) -> None:
        """Print a text that is for another program whatever the format."""
        self._print(text)

    def remark(self, text: str) -> None:
        """Say on stderr why the exit status is not 0."""
        if not self.options.quiet:
            write_quietly(sys.stderr, text)

    def _print(self, text: str) -> None:
        # A reader that has seen enough of the answer changes nothing about what was done.
        with contextlib.suppress(BrokenPipeError):
            if text and self.out is not None:
                self.out.write(f"{text}\n")
                self.out.flush()


def given(**values: Any) -> dict[str, Any]:
    """Return what was really typed, so that the verbs' own defaults hold for the rest."""
    # Compared by identity: 0 seconds were typed too.
    return {
        name: value
        for name, value in values.items()
        if value is not None and value is not False and value != ()
    }
