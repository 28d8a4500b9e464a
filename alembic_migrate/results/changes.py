"""What a comparison finds, and the files that are written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic_migrate.results.revisions import Revision


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between the models and the database.

    Attributes:
        kind: Alembic's name for it: ``add_table``, ``remove_column``, ``modify_type``...
        text: the difference in words: ``add column book.year``.
        table: the table, with its schema in front where it has one.
        data: the same as plain JSON values, each key of every change: ``schema``, ``table``,
            ``column``, ``index``, ``constraint``, ``from`` (what the database has) and ``to`` (what
            the models have).
    """

    kind: str
    text: str
    table: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Written:
    """What ``revision``, ``migrate`` or ``merge`` made of one base.

    Attributes:
        base: the base's name.
        revisions: the revisions written; empty where there was nothing to do.
        changes: what autogenerate detected.
        left_out: tables that are in the database, not in the models, and that no revision of this
            history ever made: their DROP was left out.
        sql: the script, where ``--sql`` asked for it.
        reason: why nothing was written, where nothing was.
    """

    base: str
    revisions: tuple[Revision, ...]
    changes: tuple[Change, ...] = ()
    left_out: tuple[str, ...] = ()
    sql: str | None = None
    reason: str | None = None
