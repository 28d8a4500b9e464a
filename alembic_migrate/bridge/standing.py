"""Where a base stands, told by the text of its files and its version table: without Alembic.

Each answer is the one that is given with Alembic, or None where only Alembic can be sure of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from alembic_migrate import results
from alembic_migrate.bridge.asking import (
    ask,
    await_start,
    connected_heads,
    connected_tables,
    lock_holder,
)
from alembic_migrate.bridge.histories import plain_history_of
from alembic_migrate.history.headers import Unclear

if TYPE_CHECKING:
    from alembic_migrate.bridge.asking import Standing
    from alembic_migrate.results import Current, Revision, Run, State, Status
    from alembic_migrate.targets import Target


def current(target: Target, known: Standing | None = None) -> Current | None:
    """Return where a target's database is.

    Args:
        target: the base.
        known: what its version table was just seen to say.

    Raises:
        UsageError: there is no migrations folder.
        DatabaseError: the database cannot be read.
    """
    history = plain_history_of(target)
    if history is None:
        return None
    ids = _heads(target, known)
    nodes = history.graph.nodes
    if len(set(ids)) < len(ids) or any(each not in nodes for each in ids):
        return None
    found = tuple(history.record(each, ids) for each in sorted(ids))
    database = results.DatabaseRevisions(database=target.shown_url or "", revisions=found)
    return results.Current(base=target.name, databases=(database,), at_head=history.is_at_head(ids))


def _heads(target: Target, known: Standing | None) -> tuple[str, ...]:
    """Return the ids in the version table; where there is no schema connecting tells so."""
    if known is None or known.heads is None:
        return connected_heads(target)
    return known.heads


@dataclass
class Told:
    """What is known of a base while it is looked at, some of it where the look fails as well.

    Attributes:
        database: the URL with its password masked; None where there is none to show.
        heads: ids of the folder's heads.
        ids: those in the version table.
        unknown: those of them that the folder does not have.
        lock: who holds the migration lock, or None.
    """

    database: str | None = None
    heads: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    lock: str | None = None

    def row(self, base: str, state: State, **more: Any) -> Status:
        """Return it as a row of ``status``; what it does not know of is given."""
        fields = {"pending": None, "lock": self.lock, "unknown": self.unknown, **more}
        return results.Status(base, self.database, self.ids, self.heads, state=state, **fields)


class Seen(NamedTuple):
    """What a look at a base's database finds.

    Attributes:
        pending: the revisions that it lacks, first to run first.
        tables: whether it has tables beside an empty version table.
    """

    pending: tuple[Revision, ...]
    tables: bool


def look(target: Target, told: Told, known: Standing | None = None) -> Seen | None:
    """Return what a target's database lacks.

    Args:
        target: the base.
        told: is filled in on the way.
        known: what its version table was just seen to say.

    Raises:
        UsageError: there is no migrations folder.
        DatabaseError: the database cannot be read.
    """
    history = plain_history_of(target)
    if history is None:
        return None
    told.heads = history.heads
    told.database = target.shown_url
    ids = _heads(target, known)
    tables = frozenset() if ids else connected_tables(target)
    try:
        pending = history.pending(ids)
    except Unclear:
        return None
    if len(set(ids)) < len(ids):
        return None
    told.ids = tuple(sorted(ids))
    told.lock = lock_holder(target) if known is None else known.lock
    return Seen(tuple(map(history.record, pending)), bool(tables))


def nothing_to_do(target: Target, revision: str) -> Run | None:
    """Return what an upgrade says that finds the database at the revision or past it.

    Raises:
        UsageError: there is no migrations folder.
        DatabaseError: the database cannot be read.
    """
    history = None if target.rehearsing else plain_history_of(target)
    if history is None:
        return None
    try:
        wanted = history.resolve(revision)
        if not wanted:
            return None
        await_start(target)
        ids = connected_heads(target)
        if not history.has_applied(wanted, ids) or _is_half_applied(target):
            return None
    except Unclear:
        return None
    at = tuple(sorted(ids))
    return results.Run(
        target.name, "upgrade", target.shown_url, before=at, after=at, heads=history.heads
    )


def _is_half_applied(target: Target) -> bool:
    """Tell whether the journal has a revision that may be half applied."""
    if not target.config["journal"]:
        return False
    from alembic_migrate.bridge.journal import unfinished  # noqa: PLC0415 - where one is kept

    return ask(target, lambda c: unfinished(target, c)) is not None
