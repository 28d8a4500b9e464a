"""The command line, ``alembic-db``: a thin layer over ``Project`` and the only reader of click.

``main`` is the console script and ``db`` the click group. ``get_base`` and ``import_models`` are
what an ``env.py`` that alembic-migrate 2 generated imports from here. All import
what they need when they are called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.cli.commands import db
    from alembic_migrate.environment import get_base, import_models

__all__ = ["db", "get_base", "import_models", "main"]

_HOMES = {
    "db": "alembic_migrate.cli.commands",
    "get_base": "alembic_migrate.environment",
    "import_models": "alembic_migrate.environment",
}


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and leave the process with its exit status.

    Args:
        argv: the words after the program's name; those of the process by default.
    """
    from alembic_migrate import garbage, unneeded  # noqa: PLC0415 - as late as can be

    with garbage.looked_for_seldom():
        if argv is None:
            garbage.libraries.are_to_stay()
        from alembic_migrate.cli.entry import main as enter  # noqa: PLC0415 - the same

        with unneeded.left_out():
            enter(argv)


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - only where a name is really asked for

    return getattr(import_module(_HOMES[name]), name)
