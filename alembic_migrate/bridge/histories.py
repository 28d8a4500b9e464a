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
    from alembic_migrate.history.scanning import ImportHeader
    from alembic_migrate.targets import Target


def history_of(target: Target, report: Report) -> History | None:
    """Return a target's history, or None where only Alembic can tell it.

    Files that cannot be loaded are reported as warnings, and the others make the history.

    Raises:
        UsageError: there is no migrations folder.
    """
    found = _read(target, lambda path: _imported(target, path))
    for each in found.broken if found is not None else ():
        report(Event("warning", each.message, target.name))
    return found


def plain_history_of(target: Target) -> History | None:
    """Return the history of a target whose files all say plainly what they say, else None.

    None too where a project's own environment script would be run: what it asks of the history is
    for Alembic to tell.

    Raises:
        UsageError: there is no migrations folder.
    """
    target.require_folder()
    if target.environment != "builtin":
        return None
    target.enter()  # as revisions would be loaded: drivers may be the project's own
    found = target.shared("history", lambda: _read(target, _refused))
    return None if found is None or found.broken else found


def _read(target: Target, import_header: ImportHeader) -> History | None:
    config = target.config
    target.require_folder()
    folders = [str(folder) for folder in target.version_locations()]
    if config["sourceless"] or any(map(is_packaged, folders)):
        return None
    try:
        found = load(
            folders,
            recursive=bool(config["recursive_version_locations"]),
            import_header=import_header,
            indexed=bool(config["history_index"]),
        )
        _ = found.graph  # which may be unclear as well
    except Unclear:
        return None
    return found


def _refused(path: str) -> Header | Broken:
    raise Unclear(f"{path} must be imported to know what it says")


def _imported(target: Target, path: str) -> Header | Broken:
    from alembic_migrate.bridge.loading import load_file  # noqa: PLC0415 - only where it must be
    from alembic_migrate.bridge.scripts import Scripts  # noqa: PLC0415

    try:
        script = load_file(Scripts(target), Path(path))
    except HistoryError as error:
        return Broken(path, error.message)
    values = dict(vars(script.module)) if script is not None else {}
    header = plain(path, values, script.longdoc, Path(path).name) if script is not None else None
    if header is None:
        raise Unclear(f"{path} says something unusual")
    return header
