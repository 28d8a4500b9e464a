"""init, list-templates: new migrations folders."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic_migrate.bridge.folders import find_template, list_templates, make_folder
from alembic_migrate.commands.each import each
from alembic_migrate.config.editing import add_table
from alembic_migrate.results import Initialised

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic_migrate.targets import Target

__all__ = ["init", "list_templates"]


def init(
    targets: Sequence[Target], *, template: str | None, package: bool
) -> tuple[Initialised, ...]:
    """Make the migrations folder of each base.

    Where the root has a pyproject.toml without a table of ours, it is given a commented one.

    Raises:
        UsageError: a folder has something in it, or there is no such template.
    """
    source = find_template(template)
    return each(targets, lambda t: _init(t, source, package=package), keep_going=False)


def _init(target: Target, source: Path, *, package: bool) -> Initialised:
    files = make_folder(target, source, package=package)
    config = target.config
    pyproject = config.root / "pyproject.toml"
    configured = None
    if config.file is None and pyproject.is_file():
        directory = _relative(str(config["directory"]), config.root)
        if add_table(pyproject, module=str(config["module"]), directory=directory):
            configured = pyproject
    return Initialised(target.name, target.folder, files, configured)


def _relative(directory: str, root: Path) -> str:
    path = Path(directory)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else directory
