"""Where databases are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from alembic_migrate.errors import AlembicMigrateError
    from alembic_migrate.results.revisions import DatabaseRevisions, Revision


State = Literal[
    "at head",
    "behind",
    "empty",
    "unmanaged",
    "missing",
    "unknown revision",
    "unreachable",
    "error",
]


@dataclass(frozen=True, slots=True)
class Current:
    """Where the database of one base is.

    Attributes:
        base: the base's name.
        databases: one entry; more where the base's own ``env.py`` runs several databases.
        at_head: the version table holds exactly the heads of the folder.
        tenant: whose database it is, of a base that has tenants; else None.
    """

    base: str
    databases: tuple[DatabaseRevisions, ...]
    at_head: bool
    tenant: str | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """One row of ``status``.

    Attributes:
        base: the base's name.
        database: the URL with its password masked; None where there is none to show.
        current: ids in the version table.
        heads: ids of the folder's heads.
        pending: revisions the folder has and the database does not, in the order they would run;
            None where the database could not be asked.
        state: ``at head``, ``behind``, ``empty`` (no tables, no version), ``unmanaged`` (tables,
            but no version), ``missing`` (a tenant's schema or database is not there), ``unknown
            revision`` (the version table names one that the folder does not have), ``unreachable``
            or ``error``.
        error: what is wrong, where the state is one of the last four.
        lock: who holds the migration lock now, or None.
        unknown: ids in the version table that the folder does not have.
        tenant: whose database it is, of a base that has tenants; else None.
    """

    base: str
    database: str | None
    current: tuple[str, ...]
    heads: tuple[str, ...]
    pending: tuple[Revision, ...] | None
    state: State
    error: AlembicMigrateError | None = None
    lock: str | None = None
    unknown: tuple[str, ...] = ()
    tenant: str | None = None
