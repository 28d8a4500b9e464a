"""Revisions of a history, and those that a database has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision file of a base.

    Attributes:
        revision: its id.
        down_revisions: the ids it follows; empty for a first revision.
        depends_on: ids or labels it depends on besides, as written in the file.
        branch_labels: its own and inherited branch labels, sorted.
        message: the first paragraph of the file's docstring.
        doc: the whole docstring.
        path: the file.
        next_revisions: the ids that follow it, sorted.
        is_head: nothing follows it.
        is_effective_head: nothing follows it, and nothing depends on it either (Alembic's "real"
            head). A head that is not effective is one that another branch depends on.
        is_branch_point: more than one revision follows it.
        is_merge_point: it follows more than one revision.
        is_current: the database is at it; None where the database was not asked.
    """

    revision: str
    down_revisions: tuple[str, ...]
    depends_on: tuple[str, ...]
    branch_labels: tuple[str, ...]
    message: str
    doc: str
    path: Path
    next_revisions: tuple[str, ...]
    is_head: bool
    is_effective_head: bool
    is_branch_point: bool
    is_merge_point: bool
    is_current: bool | None = None


@dataclass(frozen=True, slots=True)
class Revisions:
    """Revisions of one base: what ``heads``, ``history``, ``branches`` and ``show`` answer."""

    base: str
    revisions: tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class DatabaseRevisions:
    """What one database's version table says.

    Attributes:
        database: the URL with its password masked.
        revisions: the ids in the version table, those of the folder first resolved to records.
        unknown: ids in the version table that the folder does not have.
    """

    database: str
    revisions: tuple[Revision, ...]
    unknown: tuple[str, ...] = ()
