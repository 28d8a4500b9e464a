"""Where the migrations folder of a base is."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from alembic_migrate.config.base import is_packaged
from alembic_migrate.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from alembic_migrate.targets.target import Target


def folder_of(target: Target) -> Path:
    """Return the migrations folder, which may be shipped by a package and may not exist."""
    text = str(target.config["directory"])
    if not is_packaged(text):
        return Path(text)
    package, _, inside = text.partition(":")
    target.enter()  # it may be a package of the project's own
    try:
        spec = importlib.util.find_spec(package)
    except ImportError:
        spec = None
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError(
            f"{target.prefix}directory = {text!r}: there is no package {package}",
            hint='write directory = "package:folder", or a plain folder',
        )
    return Path(spec.submodule_search_locations[0]).joinpath(*inside.split(":"))


def existing_folder_of(target: Target) -> Path:
    """Return the folder.

    Raises:
        UsageError: it does not exist or is no folder.
    """
    folder = target.folder
    if folder.is_dir():
        return folder
    found = "is a file" if folder.exists() else "does not exist"
    hint = f"make it: alembic-db init{target.flag}"
    if folder.exists():
        hint = f'name a folder: directory = "{folder.name}_db"'
    if target.config.ini_location is not None:
        hint += f'; or, since {target.config.ini_location[0].name} says so: directory = "'
        hint += f'{target.config.ini_location[1]}" under {target.table}'
    where = f"directory: {target.config.origin('directory').text}"
    if target.config.file is None:
        root = target.config.root
        where += f"; no pyproject.toml at or above {root} has a [tool.alembic-migrate] table"
    raise UsageError(f"{target.prefix}the migrations folder {folder} {found} ({where})", hint=hint)
