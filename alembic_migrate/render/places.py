"""Where databases are: ``current`` as lines, ``status`` as a table."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, NamedTuple

from alembic_migrate.render.errors import error_text
from alembic_migrate.render.revisions import entry, line
from alembic_migrate.render.words import blocks, lines, name_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from alembic_migrate.render.words import OfBase
    from alembic_migrate.results import Current, DatabaseRevisions, Status

_COLOURS = {
    "at head": "green",
    "behind": "yellow",
    "empty": "yellow",
    "unmanaged": "yellow",
    "missing": "red",
    "unknown revision": "red",
    "unreachable": "red",
    "error": "red",
}
_UNWRAPPED = 100_000
_FIRST = 5  # pending revisions of a base that are named without -v
_NAMED = 10  # tenants that are named without -v


def current(answers: Sequence[Current], *, named: bool, verbose: bool = False) -> str:
    """Return what ``current`` prints: Alembic's lines, or one line a base where bases have names.

    Args:
        answers: one a base.
        named: whether the project's bases have names.
        verbose: Alembic's long form.
    """
    if verbose:
        return blocks(answers, lambda each: lines(map(_long, each.databases)), named=named)
    return lines(_line(each, where, named=named) for each in answers for where in each.databases)


def _line(answer: Current, where: DatabaseRevisions, *, named: bool) -> str:
    whose = name_of(answer, named=named)
    if len(answer.databases) > 1:
        name = f"{whose} ({where.database})" if whose else where.database
    elif whose:
        name = whose
    else:
        return "\n".join(_ids(where))
    return f"{name}: {', '.join(_ids(where)) or '(none)'}"


def _ids(where: DatabaseRevisions) -> list[str]:
    return [*map(line, where.revisions), *(f"{each} (not in the folder)" for each in where.unknown)]


def _long(where: DatabaseRevisions) -> str:
    unknown = (f"Rev: {each} (not in the folder)" for each in where.unknown)
    return "\n".join(
        [f"Current revision(s) for {where.database}:", *map(entry, where.revisions), *unknown]
    )


def status(
    rows: Sequence[Status],
    *,
    named: bool = True,
    colour: bool = False,
    width: int | None = None,
    verbose: bool = False,
) -> str:
    """Return what ``status`` prints: the table and, below it, what is wrong with whom.

    Tenants of which the table would say the same are one line of it; those that are not at head
    are named below it.

    Args:
        rows: one a base, or a tenant.
        named: whether the project's bases have names.
        colour: with a terminal's colours.
        width: of the terminal, in characters; None never wraps a line.
        verbose: with every pending revision and every tenant below the table, not only the first.
    """
    groups = _groups(rows, named=named)
    pending = [each for group in groups for each in _pending(group, verbose=verbose)]
    names = [
        f"{group.name}: {group.first.state}: {_names(group, verbose=verbose)}"
        for group in groups
        if len(group.rows) > 1 and group.first.state != "at head"
    ]
    locked = [
        f"{_name(row, named=named)}: locked by {row.lock}" for row in rows if row.lock is not None
    ]
    first = ((_name(group.first, named=named), group.first.error) for group in groups)
    wrong = [
        f"{name}: {error_text(error, below=name)}" for name, error in first if error is not None
    ]
    below = "\n".join([*names, *pending, *locked, *wrong])
    table = _table(groups, colour=colour, width=width)
    return f"{table}\n\n{below}" if below else table


def _name(answer: OfBase, *, named: bool) -> str:
    return name_of(answer, named=named) or answer.base


class _Group(NamedTuple):
    """Tenants of a base of which the table says the same; or one base, or one tenant."""

    rows: Sequence[Status]
    named: bool

    @property
    def first(self) -> Status:
        return self.rows[0]

    @property
    def name(self) -> str:
        if len(self.rows) == 1:
            return _name(self.first, named=self.named)
        return f"{self.first.base}: {len(self.rows)} tenants"

    @property
    def database(self) -> str | None:
        databases = {row.database for row in self.rows}
        return self.first.database if len(databases) == 1 else f"{len(databases)} databases"


def _groups(rows: Sequence[Status], *, named: bool) -> list[_Group]:
    found: dict[Hashable, list[Status]] = {}
    for place, row in enumerate(rows):
        pending = None if row.pending is None else len(row.pending)
        alike: Hashable = place  # a base stands by itself
        if row.tenant is not None:
            alike = (row.base, row.current, row.heads, pending, row.state)
        found.setdefault(alike, []).append(row)
    return [_Group(each, named) for each in found.values()]


def _names(group: _Group, *, verbose: bool) -> str:
    names = [row.tenant or row.base for row in group.rows]
    shown = names if verbose else names[:_NAMED]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more; -v shows all" if more else "")


def _pending(group: _Group, *, verbose: bool) -> list[str]:
    pending = group.first.pending or ()
    shown = pending if verbose else pending[:_FIRST]
    told = [f"{group.name}: pending {line(each, descent=True, message=True)}" for each in shown]
    if len(shown) < len(pending):
        told.append(f"{group.name}: and {len(pending) - len(shown)} more; -v shows all")
    return told


def _table(groups: Sequence[_Group], *, colour: bool, width: int | None) -> str:
    # rich costs more to import than the rest of the command line; only this table wants it.
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold")
    for column in ("base", "database", "current", "head", "pending", "state"):
        table.add_column(column, overflow="fold", no_wrap=width is None)
    for group in groups:
        row = group.first
        cells = (
            group.name,
            group.database or "-",
            ", ".join(row.current) or "-",
            ", ".join(row.heads) or "-",
            "-" if row.pending is None else str(len(row.pending)),
        )
        # Text, so that a name with square brackets in it is not taken for markup.
        table.add_row(*map(Text, cells), Text(row.state, style=_COLOURS[row.state]))
    sheet = StringIO()
    console = Console(
        file=sheet,
        width=width or _UNWRAPPED,
        force_terminal=colour,
        color_system="standard" if colour else None,
        no_color=not colour,
        legacy_windows=False,
        _environ={},
    )
    console.print(table)
    return "\n".join(each.rstrip() for each in sheet.getvalue().rstrip("\n").split("\n"))


def behind(answers: Sequence[Current], *, named: bool = True) -> str:
    """Return the sentence for ``current --check-heads`` that finds a database not at its heads."""
    names = ", ".join(_name(each, named=named) for each in answers if not each.at_head)
    return f"Not on all head revisions: {names}"
