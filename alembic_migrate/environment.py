"""For ``env.py`` files: run the package's own environment, or ask for the base's models.

An ``env.py`` under ``alembic-db`` gets the base that is being run; under plain ``alembic`` it gets
the base whose folder holds it.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from alembic_migrate.bridge.environment import active_environment
from alembic_migrate.bridge.foreign import run_in_foreign_context, target_of_context

if TYPE_CHECKING:
    from alembic_migrate.targets import Target


def run_migrations() -> None:
    """Run the migrations that the command asked for, on the base of this folder.

    Raises:
        AlembicMigrateError: the base cannot be found or its configuration cannot be. Under plain
            ``alembic`` it is Alembic's ``CommandError``.
    """
    environment = active_environment()
    if environment is not None:
        environment.run_builtin()
    else:
        run_in_foreign_context()


def get_base() -> tuple[Any, str]:
    """Return the base of what is being run: something with ``.metadata``, and the URL as text.

    The ancestor's environment scripts call this.
    """
    target = _target()
    metadata = target.models.target_metadata
    url = target.url.render_as_string(hide_password=False)
    return SimpleNamespace(metadata=metadata), url


def import_models() -> None:
    """Import the models of what is being run, as the ancestor's environment scripts ask."""
    _ = _target().models


def _target() -> Target:
    environment = active_environment()
    return environment.target if environment is not None else target_of_context()
