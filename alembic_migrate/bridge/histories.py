"""A target's history without Alembic, as far as its files let themselves be read.

Nothing of Alembic is imported here before a file must be imported to know what it says.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic_migrate.config.base import is_packaged
from alembic_migrate.errors import HistoryError
from alembic_migrate.events import Event
from alembic_migrate.history.headers import Broken, Header, Unclear, plain
from alembic_migrate.history.load import History, load

if TYPE_CHECKING:
    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target


def history_of(target: Target, report: Report) -> History | None:
    """Return a target's history, or None where only Alembic can tell it.

    Files that cannot be loaded are reported as warnings, and the others make the history.

    Raises:
        UsageError: there is no migrations folder.
    """
    config = target.config
    target.require_folder()
    folders = [str(folder) for folder in target.version_locations()]
    if config["sourceless"] or any(map(is_packaged, folders)):
        return None
    try:
        found = load(
            folders,
            recursive=bool(config["recursive_version_locations"]),
            import_header=lambda path: _imported(target, path),
            indexed=bool(config["history_index"]),
        )
        _ = found.graph  # which may be unclear as well
    except Unclear:
        return None
    for each in found.broken:
        report(Event("warning", each.message, target.name))
    return found


def _imported(target: Target, path: str) -> Header | Broken:
    from alembic_migrate.bridge.scripts import Scripts  # noqa: PLC0415 - only where it must be

    try:
        script = Scripts(target).load_file(Path(path))
    except HistoryError as error:
        return Broken(path, error.message)
    values = dict(vars(script.module)) if script is not None else {}
    header = plain(path, values, script.longdoc, Path(path).name) if script is not None else None
    if header is None:
        raise Unclear(f"{path} says something unusual")
    return header
