"""A database's journal, as ``history --applied`` shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.render.words import blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.results import Applied, JournalEntry


def journals(answers: Sequence[Applied], *, named: bool = True) -> str:
    """Return one line an entry, newest first; several bases each under its name."""
    return blocks(
        answers, lambda each: "\n".join(map(_line, each.entries)) or "(no journal)", named=named
    )


def _line(entry: JournalEntry) -> str:
    ended = f" - {entry.finished}" if entry.finished is not None else ""
    return (
        f"{entry.revision} {entry.direction} {entry.outcome}, {entry.started}{ended}, "
        f"{entry.host}, version {entry.tool_version}"
    )
