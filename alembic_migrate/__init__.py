"""Database migrations for SQLAlchemy: one TOML file, one command, every database of a repository.

The library's face: ``load()`` gives a ``Project`` with the same verbs as the command line. Names
are handed on lazily, so that importing this package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic_migrate.version import VERSION

if TYPE_CHECKING:
    from alembic_migrate.errors import AlembicMigrateError
    from alembic_migrate.project import Project, load

__all__ = ["AlembicMigrateError", "Project", "load"]
__version__ = VERSION

_HOMES = {
    "AlembicMigrateError": "alembic_migrate.errors",
    "Project": "alembic_migrate.project",
    "load": "alembic_migrate.project",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only where a name is really asked for

    return getattr(import_module(_HOMES[name]), name)
