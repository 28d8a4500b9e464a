"""What the revision files say: heads, history, branches, one revision."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.bridge.asking import lock_holder
from alembic_migrate.bridge.records import record
from alembic_migrate.bridge.scripts import Scripts
from alembic_migrate.bridge.standing import Seen, Told
from alembic_migrate.bridge.state import check_heads, database_revisions, read_databases
from alembic_migrate.errors import RevisionNotFound, UsageError
from alembic_migrate.results import Current, Revision, Revisions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from alembic.script import Script

    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target


def heads(target: Target, *, resolve_dependencies: bool) -> Revisions:
    """Return the heads of a target's history."""
    scripts = Scripts(target)
    with scripts.explained():
        wanted: str | Sequence[str] = "heads" if resolve_dependencies else scripts.get_heads()
        return Revisions(
            target.name,
            _records(scripts.get_revisions(tuple(wanted) if isinstance(wanted, list) else wanted)),
        )


def branches(target: Target) -> Revisions:
    """Return each branch point, followed by the revisions that leave it."""
    scripts = Scripts(target)
    with scripts.explained():
        found = []
        for script in scripts.walk_revisions():
            if script.is_branch_point:
                found.append(record(script))
                found += [record(scripts.get_revision(after)) for after in sorted(script.nextrev)]
        return Revisions(target.name, tuple(found))


def show(target: Target, revision: str, report: Report) -> Revisions:
    """Return what a symbol names: an id, ``head``, ``heads``, ``branch@head``, ``current``."""
    scripts = Scripts(target)
    with scripts.explained(revision):
        if revision == "current":
            current = current_ids(target, scripts, report)
            return Revisions(target.name, _records(scripts.get_revisions(current)))
        return Revisions(target.name, _records(scripts.get_revisions(revision)))


def history(
    target: Target, rev_range: str | None, *, indicate_current: bool, report: Report
) -> Revisions:
    """Return the revisions of a range, newest first.

    Raises:
        UsageError: the range has no colon, or its ends are not of one line.
    """
    scripts = Scripts(target)
    current: tuple[str, ...] | None = None
    if indicate_current or "current" in _ends(rev_range):
        current = current_ids(target, scripts, report)
    with scripts.explained(rev_range or ""):
        walked = walk(scripts, rev_range, current)
        shown = current if indicate_current else None
        return Revisions(target.name, tuple(record(script, shown) for script in walked))


def walk(
    scripts: Scripts, rev_range: str | None, current: tuple[str, ...] | None
) -> Iterable[Script]:
    """Return the revisions of a range, newest first; both of its ends belong to it.

    Args:
        scripts: the history.
        rev_range: ``START:END``; None is the whole history.
        current: the ids in the version table, where an end is ``current``.

    Raises:
        UsageError: the range has no colon, or its ends are not of one line.
    """
    lower, upper = _ends(rev_range)
    if upper == "current" and not current:
        return ()  # Alembic takes no end for every end
    return scripts.walk_revisions(
        base=_end(lower, current) or "base",  # type: ignore[arg-type] # Alembic takes ids too
        head=_end(upper, current) or "heads",  # type: ignore[arg-type]
    )


def _ends(rev_range: str | None) -> tuple[str | None, str | None]:
    if rev_range is None:
        return None, None
    lower, colon, upper = rev_range.strip().partition(":")
    if not colon or ":" in upper:
        raise UsageError(
            f"the range {rev_range!r} is none",
            hint="write START:END, START: or :END; for example -r base:head or -r current:",
        )
    return lower or None, upper or None


def _end(end: str | None, current: tuple[str, ...] | None) -> str | tuple[str, ...] | None:
    return current if end == "current" else end


def current(target: Target, report: Report) -> Current:
    """Return where a target's database is.

    Raises:
        DatabaseError: it cannot be read.
    """
    scripts = Scripts(target)
    with scripts.explained():
        wanted = set(scripts.get_heads())
        found = read_databases(target, scripts, report)
        effective = set(scripts.revision_map._real_heads)  # noqa: SLF001 - dependencies considered
        return Current(
            base=target.name,
            databases=tuple(database_revisions(scripts, at.database, ids) for at, ids in found),
            at_head=all(set(ids) in (wanted, effective) for _, ids in found),
        )


def look(target: Target, told: Told, report: Report) -> Seen:
    """Return what a target's databases lack.

    Args:
        target: the base.
        told: is filled in on the way.
        report: is told what happens.

    Raises:
        AlembicMigrateError: the history is broken, or a database cannot be read, or its version
            table cannot be right.
    """
    scripts = Scripts(target)
    with scripts.explained():
        told.heads = tuple(scripts.get_heads())
        known = {script.revision for script in scripts.walk_revisions()}
    told.database = target.shown_url
    found = read_databases(target, scripts, report)
    told.ids = tuple(sorted({one for _, current in found for one in current}))
    told.unknown = tuple(one for one in told.ids if one not in known)
    urls = dict.fromkeys(place.database for place, _ in found if place.database)
    told.database = ", ".join(urls) or told.database
    told.lock = lock_holder(target)
    for place, current in found:
        check_heads(target, scripts, current, place.version_table)
    pending = scripts.pending(*(current for _, current in found))
    return Seen(pending, any(place.tables for place, _ in found))


def paths(target: Target, revision: str, report: Report) -> tuple[Path, ...]:
    """Return the files of what a symbol names.

    Raises:
        RevisionNotFound: it names nothing.
    """
    found = show(target, revision, report).revisions
    if not found:
        raise RevisionNotFound(
            f"{target.prefix}{revision!r} names no revision file",
            hint="alembic-db history lists the revisions",
        )
    return tuple(one.path for one in found)


def current_ids(target: Target, scripts: Scripts, report: Report) -> tuple[str, ...]:
    """Return the ids in the version table; of every database that the environment runs.

    Raises:
        DatabaseError: it cannot be read.
    """
    found = read_databases(target, scripts, report)
    return tuple(dict.fromkeys(one for _, ids in found for one in ids))


def _records(scripts: Iterable[object]) -> tuple[Revision, ...]:
    return tuple(record(script) for script in scripts if script is not None)  # type: ignore[arg-type]
