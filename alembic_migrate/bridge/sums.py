"""A target's ``alembic-db.sum``: compared, kept, and told about before a database is changed.

What reads and writes it is only imported where ``sum = true`` asks for one.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from alembic_migrate.errors import AlembicMigrateError
from alembic_migrate.events import Event, Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from alembic_migrate.integrity.sums import Versions
    from alembic_migrate.results import Finding
    from alembic_migrate.targets import Target

_FIRST = 3  # findings that are told one by one


def versions_of(target: Target) -> Versions:
    """Return where a target's revision files are."""
    from alembic_migrate.integrity.sums import Versions  # noqa: PLC0415 - see above

    target = replace(target, tenant=None)  # all tenants of a base have the same files
    return Versions(
        target.folder,
        tuple(target.version_locations()),
        recursive=bool(target.config["recursive_version_locations"]),
        mend=f"alembic-db sum --write{target.flag}",
    )


def check_sum(target: Target, *, heads: bool = True) -> tuple[Finding, ...]:
    """Return where a target's revision files are not those that were summed.

    Args:
        target: the base; without ``sum = true`` there is nothing to find.
        heads: compare the heads too, for which every file is parsed.
    """
    if not target.config["sum"]:
        return ()
    from alembic_migrate.integrity.keeping import check  # noqa: PLC0415 - see above

    return check(versions_of(target), heads=heads)


def keep_sum(target: Target, written: Iterable[Path], removed: Iterable[Path] = ()) -> None:
    """Let ``alembic-db.sum`` follow, where ``sum = true`` asks for it.

    Args:
        target: the base.
        written: revision files that are new or were written anew.
        removed: revision files that were taken away.

    Raises:
        HistoryError: it cannot be read or written; it is as it was.
    """
    if target.config["sum"]:
        from alembic_migrate.integrity.keeping import note  # noqa: PLC0415 - see above

        note(versions_of(target), written, removed)


def warn_of_sums(targets: Sequence[Target], report: Report) -> None:
    """Warn of revision files that are not those that were summed."""
    for target in {each.name: replace(each, tenant=None) for each in targets}.values():
        try:
            found = check_sum(target, heads=False) if target.folder.is_dir() else ()
        except AlembicMigrateError:
            continue  # told when it is this base's turn
        for finding in found[:_FIRST]:
            report(Event("warning", finding.message, target.label))
        if found:
            from alembic_migrate.integrity.sums import FILE_NAME  # noqa: PLC0415 - see above

            more = f"{len(found) - _FIRST} more differences; " if len(found) > _FIRST else ""
            text = f"{more}alembic-db sum{target.flag} shows what differs from {FILE_NAME}"
            report(Event("warning", text, target.label))
