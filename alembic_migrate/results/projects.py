"""What a project has and gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from alembic_migrate.results.runs import Run


@dataclass(frozen=True, slots=True)
class Initialised:
    """What ``init`` made.

    Attributes:
        base: the base's name.
        directory: the folder.
        files: the files written, in their order.
        configured: the pyproject.toml that was given a table, or None.
    """

    base: str
    directory: Path
    files: tuple[Path, ...]
    configured: Path | None = None


@dataclass(frozen=True, slots=True)
class Tenant:
    """One tenant of a base: what ``tenants list`` and ``tenants create`` answer.

    Attributes:
        base: the base's name.
        tenant: the tenant's.
        database: the URL of its database with the password masked; None where none is configured.
        schema: its schema, where tenants are schemas of one database; else None.
        created: the database or schema was made now; it was there already, or nobody looked.
        run: what brought it to head; None where nothing was run.
    """

    base: str
    tenant: str
    database: str | None
    schema: str | None
    created: bool = False
    run: Run | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """One template that ``init`` can make a folder from: its name and its README's first line."""

    name: str
    summary: str


@dataclass(frozen=True, slots=True)
class ConfigRow:
    """One key of one base as ``config show`` tells it.

    Attributes:
        base: the base's name.
        key: the key.
        value: what it resolves to (plain JSON values), secrets masked; None where unset.
        origin: where the value came from, in words.
        error: what is wrong with it (an unset variable), or None.
    """

    base: str
    key: str
    value: Any
    origin: str
    error: str | None = None
