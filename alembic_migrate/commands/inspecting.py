"""current, status, the journal: where databases are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.bridge import reading
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.bridge.state import (
    check_heads,
    lock_holder,
    read_databases,
    read_journal,
)
from alembic_migrate.commands.each import each, owned
from alembic_migrate.errors import AlembicMigrateError, DatabaseError, NotAtHead
from alembic_migrate.results import Applied, Current, State, Status, as_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target


def current(targets: Sequence[Target], report: Report) -> tuple[Current, ...]:
    """Return where each database is."""
    return each(targets, lambda t: reading.current(t, report), keep_going=True)


def journal(targets: Sequence[Target]) -> tuple[Applied, ...]:
    """Return each database's journal, newest first."""
    return each(targets, read_journal, keep_going=True)


def status(targets: Sequence[Target], report: Report) -> tuple[Status, ...]:
    """Return one row a base; what is wrong with a base is told in its row."""
    return tuple(owned(_status(target, report), target) for target in targets)


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


def _status(target: Target, report: Report) -> Status:
    database = None
    heads: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    lock = None
    try:
        scripts = Scripts(target)
        with scripts.explained():
            heads = tuple(scripts.get_heads())
            known = {script.revision for script in scripts.walk_revisions()}
        database = target.shown_url
        found = read_databases(target, scripts, report)
        ids = tuple(sorted({one for _, current in found for one in current}))
        unknown = tuple(one for one in ids if one not in known)
        urls = dict.fromkeys(place.database for place, _ in found if place.database)
        database = ", ".join(urls) or database
        lock = lock_holder(target)
        for place, current in found:
            check_heads(target, scripts, current, place.version_table)
        pending = scripts.pending(*(current for _, current in found))
        state = _state(ids, pending, tables=any(place.tables for place, _ in found))
        return Status(target.name, database, ids, heads, pending, state, lock=lock)
    except DatabaseError as error:
        # A table that was read and cannot be right is named; else there was no getting that far.
        state = "unknown revision" if unknown else "error"
        if "table" not in error.data:
            state = "unreachable"
        return Status(
            target.name, database, ids, heads, None, state, error, lock=lock, unknown=unknown
        )
    except AlembicMigrateError as error:
        return Status(target.name, database, (), heads, None, "error", error)


def _state(ids: Sequence[str], pending: Sequence[object], *, tables: bool) -> State:
    if ids:
        return "behind" if pending else "at head"
    if not pending:
        return "at head"
    return "unmanaged" if tables else "empty"
