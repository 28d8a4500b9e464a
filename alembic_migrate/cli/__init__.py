"""The command line, ``alembic-db``: a thin layer over ``Project`` and the only reader of click.

``main`` is the console script and ``db`` the click group. ``get_base`` and ``import_models`` are
what an ``env.py`` that alembic-migrate 2 generated imports from here. All are handed on lazily.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alembic_migrate.cli.commands import db
    from alembic_migrate.cli.entry import main
    from alembic_migrate.environment import get_base, import_models

__all__ = ["db", "get_base", "import_models", "main"]

_HOMES = {
    "db": "alembic_migrate.cli.commands",
    "main": "alembic_migrate.cli.entry",
    "get_base": "alembic_migrate.environment",
    "import_models": "alembic_migrate.environment",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only where a name is really asked for

    return getattr(import_module(_HOMES[name]), name)
