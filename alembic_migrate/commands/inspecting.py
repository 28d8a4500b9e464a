"""current, status, the journal: where databases are.

Alembic is only imported where neither the text of the files nor the version table tells that.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from alembic_migrate.bridge import standing
from alembic_migrate.bridge.asking import of_one_database, stand
from alembic_migrate.commands.each import each, owned
from alembic_migrate.errors import AlembicMigrateError, DatabaseError, NoSuchDatabase, NotAtHead
from alembic_migrate.results import Applied, Current, State, Status, as_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.bridge.asking import Standing
    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target


def current(targets: Sequence[Target], report: Report) -> tuple[Current, ...]:
    """Return where each database is."""
    known = _known(targets)
    return each(targets, lambda t: _current(t, known.get(t.label), report), keep_going=True)


def journal(targets: Sequence[Target]) -> tuple[Applied, ...]:
    """Return each database's journal, newest first."""
    from alembic_migrate.bridge.journal import read_journal  # noqa: PLC0415 - where one is kept

    return each(targets, read_journal, keep_going=True)


def status(targets: Sequence[Target], report: Report) -> tuple[Status, ...]:
    """Return one row a base; what is wrong with a base is told in its row."""
    known = _known(targets, locks=True)
    return tuple(owned(_status(each, known.get(each.label), report), each) for each in targets)


def _known(targets: Sequence[Target], *, locks: bool = False) -> dict[str, Standing]:
    """Return, by label, where those tenants are that few queries tell of together.

    Of a database that cannot be read nothing is said: each of its tenants tells it by itself.
    """
    known: dict[str, Standing] = {}
    for together in of_one_database(targets):
        with suppress(DatabaseError):
            known |= {each.target.label: each for each in stand(together, locks=locks)}
    return known


def require_head(targets: Sequence[Target], report: Report) -> None:
    """Refuse to go on unless every database is at head; nothing is changed.

    Raises:
        NotAtHead: some are not; it holds the state of each.
    """
    behind = [row for row in status(targets, report) if row.state != "at head"]
    if behind:
        told = "; ".join(f"{row.database or row.base} is {row.state}" for row in behind)
        raise NotAtHead(
            f"not every database is at head: {told}",
            hint="alembic-db upgrade --all",
            data={"bases": as_json(behind)},
        )


def _current(target: Target, known: Standing | None, report: Report) -> Current:
    found = standing.current(target, known)
    if found is not None:
        return found
    from alembic_migrate.bridge import reading  # noqa: PLC0415 - imports Alembic

    return reading.current(target, report)


def _status(target: Target, known: Standing | None, report: Report) -> Status:
    told = standing.Told()
    try:
        seen = standing.look(target, told, known)
        if seen is None:
            from alembic_migrate.bridge import reading  # noqa: PLC0415 - imports Alembic

            told = standing.Told()
            seen = reading.look(target, told, report)
        state = _state(told.ids, seen.pending, tables=seen.tables)
        return told.row(target.name, state, pending=seen.pending)
    except DatabaseError as error:
        # A table that was read and cannot be right is named; else there was no getting that far.
        state = "unknown revision" if told.unknown else "error"
        if "table" not in error.data:
            state = "unreachable"
        if isinstance(error, NoSuchDatabase) and target.tenant is not None:
            state = "missing"
        return told.row(target.name, state, error=error)
    except AlembicMigrateError as error:
        return Status(target.name, told.database, (), told.heads, None, "error", error)


def _state(ids: Sequence[str], pending: Sequence[object], *, tables: bool) -> State:
    if ids:
        return "behind" if pending else "at head"
    if not pending:
        return "at head"
    return "unmanaged" if tables else "empty"
