"""Our environment under plain ``alembic``: the base is the one whose folder holds the script."""

from __future__ import annotations

from configparser import ConfigParser
from logging.config import fileConfig
from pathlib import Path
from typing import Any

from alembic import context
from alembic.util import CommandError

from alembic_migrate.bridge.builtin import drive
from alembic_migrate.bridge.ownership import Ownership
from alembic_migrate.config.load import load
from alembic_migrate.errors import AlembicMigrateError, ConfigError
from alembic_migrate.masking import mask
from alembic_migrate.targets import Target


def target_of_context() -> Target:
    """Return the base whose folder Alembic is running.

    Raises:
        ConfigError: Alembic is not running, or no configured base has this folder.
    """
    try:
        folder = Path(context.script.dir).resolve()
    except NameError:
        raise ConfigError(
            "there is no migration environment here: this is for env.py files",
            hint="from a program of your own: alembic_migrate.load().upgrade()",
        ) from None
    configuration = load(start=folder.parent)
    for name in configuration.names:
        base = configuration.base(name)
        target = Target(base, tuple(map(Path, base["pythonpath"])))
        if target.folder.resolve() == folder:
            return target
    raise ConfigError(
        f"no configured base has the folder {folder} "
        f"(bases: {', '.join(configuration.names)} in {configuration.file or configuration.root})",
        hint=f'name it: directory = "{folder.name}" under [tool.alembic-migrate]',
    )


def run_in_foreign_context() -> None:
    """Run the base of this folder in the context that plain ``alembic`` has made.

    Raises:
        CommandError: what one of our errors says; Alembic's command shows no traceback of it.
    """
    try:
        _run(target_of_context())
    except AlembicMigrateError as error:
        hint = f"; {error.hint}" if error.hint else ""
        raise CommandError(f"{mask(error.message)}{mask(hint)}") from error


def _run(target: Target) -> None:
    file = context.config.config_file_name
    if file is not None and _configures_logging(file):
        fileConfig(file, disable_existing_loggers=False)
    target.enter()
    drive(
        _Foreign(target),
        target,
        sql=context.is_offline_mode(),
        connection=context.config.attributes.get("connection"),
    )


class _Foreign:
    """``alembic.context`` with our care for tables that are not this history's."""

    begin_transaction = staticmethod(context.begin_transaction)
    run_migrations = staticmethod(context.run_migrations)

    def __init__(self, target: Target) -> None:
        self.ownership = Ownership(target)

    def configure(self, **given: Any) -> None:
        own = given.pop("include_object", None)
        context.configure(
            **given, include_object=self.ownership.filter(own, given.get("target_metadata"))
        )


def _configures_logging(file: str) -> bool:
    parser = ConfigParser(interpolation=None)
    parser.read(file, encoding="utf-8")
    return parser.has_section("loggers")
