"""Running a project's own ``env.py`` as it is, and telling what is wrong with it."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

from alembic.util import CommandError
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InvalidRequestError,
    MissingGreenlet,
    NoSuchModuleError,
)

from alembic_migrate.databases.faults import explain
from alembic_migrate.databases.urls import PLACEHOLDER
from alembic_migrate.discovery.modules import describe, import_user_module
from alembic_migrate.errors import AlembicMigrateError, ConfigError, MigrationError

if TYPE_CHECKING:
    from alembic_migrate.bridge.environment import Environment
    from alembic_migrate.targets import Target

_MEND = 'correct it, or use the built-in one: env = "builtin"'


def run_own(environment: Environment) -> None:
    """Run the folder's own ``env.py``.

    Raises:
        AlembicMigrateError: it fails, finds no database, or ends without running migrations. What
            the migrations raise comes through as it is.
    """
    target = environment.target
    script = f"the environment script {target.folder}/env.py"
    if target.environment == "flask":
        _require_flask_context(target, script)
    try:
        environment.script.run_env()
    except (Exception, SystemExit) as error:
        if environment.ran and not isinstance(error, SystemExit):
            raise
        raise _explained(environment, error, script) from error
    if environment.failed is not None:
        raise environment.failed
    if not environment.ran:
        raise MigrationError(
            f"{script} ended without a call to context.run_migrations(): nothing was done",
            hint=_MEND,
        )


def _explained(environment: Environment, error: BaseException, script: str) -> Exception:
    """Return what is raised for an error that came before any migration ran."""
    target = environment.target
    if isinstance(error, AlembicMigrateError | CommandError):
        return error
    if _has_no_url(environment, error):
        return ConfigError(
            f"{script} found no database URL",
            hint=f'set it under {target.table}: url = "sqlite:///app.db"; '
            "or sqlalchemy.url in alembic.ini",
        )
    wrong = _wrong_kind_of_driver(error, target, script)
    if wrong is not None:
        return wrong
    if _is_the_drivers(error):
        return explain(error, None if environment.elsewhere else target.configured_url())
    return ConfigError(f"{script} failed: {describe(error)}", hint=_MEND)


def _wrong_kind_of_driver(error: BaseException, target: Target, script: str) -> ConfigError | None:
    """Return the error for a script that awaits what its driver does not, or the other way."""
    url = target.configured_url()
    if isinstance(error, MissingGreenlet):
        wanted = "a synchronous driver"
    elif isinstance(error, InvalidRequestError) and "async driver" in str(error):
        wanted = "an asynchronous driver"
    else:
        return None
    found = f"; the URL has {url.drivername}" if url is not None else ""
    return ConfigError(
        f"{script} needs {wanted}{found}",
        hint="choose another driver in the URL, or use the built-in script, which takes both: "
        'env = "builtin"',
    )


def _is_the_drivers(error: BaseException) -> bool:
    """Tell a driver's error from one of the script, its models, or a file that it wanted."""
    if isinstance(error, OSError):
        frames = traceback.extract_tb(error.__traceback__)
        return any("sqlalchemy" in frame.filename for frame in frames)
    return isinstance(error, DBAPIError)


def _has_no_url(environment: Environment, error: BaseException) -> bool:
    """Tell whether the script made an engine without a URL, or with Alembic's placeholder."""
    kinds = (ArgumentError, NoSuchModuleError, KeyError)
    if not isinstance(error, kinds) or environment.target.configured_url() is not None:
        return False
    url = environment.config.get_main_option("sqlalchemy.url")
    return url == PLACEHOLDER or (not url and "url" in str(error))


def _require_flask_context(target: Target, script: str) -> None:
    """Refuse an ``env.py`` of Flask-Migrate's without the application context that it needs."""
    target.own_models()
    try:
        flask = import_user_module("flask", f"{target.folder}/env.py")
        present = bool(flask.has_app_context())
    except AlembicMigrateError:
        present = False
    if not present:
        raise ConfigError(
            f"{script} is one of Flask-Migrate's: it needs "
            "current_app, and there is no Flask application here",
            hint="use the built-in environment instead; in pyproject.toml:\n"
            f"{target.table}\n"
            'env = "builtin"\n'
            'metadata = "yourapp:db.metadata"  # where your SQLAlchemy() object lives\n'
            'url = "${DATABASE_URL}"  # what SQLALCHEMY_DATABASE_URI is\n'
            "or push a context in the base module: create_app().app_context().push()",
        )
