"""Which revisions are looked at: pending ones, a range, or what a branch of git brings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from alembic_migrate.bridge.reading import current_ids, walk
from alembic_migrate.bridge.state import check_heads, read_databases
from alembic_migrate.errors import DatabaseError, UsageError
from alembic_migrate.history.changed import changed_files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic.script import Script

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.events import Report
    from alembic_migrate.targets import Target


@dataclass(frozen=True, slots=True)
class Scope:
    """Which revisions are meant; where nothing says, those that the database lacks.

    Attributes:
        revisions: a range ``FROM:TO``, both of which belong to it, or one revision.
        since: a branch, tag or commit of git: the files that were added or changed since this
            branch left it.
        everything: the whole history.
    """

    revisions: str | None = None
    since: str | None = None
    everything: bool = False

    def check(self) -> None:
        """Refuse what excludes each other.

        Raises:
            UsageError: more than one thing was asked for.
        """
        asked = {
            "--all-revisions": self.everything,
            "a range": self.revisions is not None,
            "--since": self.since is not None,
        }
        given = [name for name, is_given in asked.items() if is_given]
        if len(given) > 1:
            raise UsageError(f"{' and '.join(given)} exclude each other", hint="leave one away")

    def __str__(self) -> str:
        if self.since is not None:
            return f"revisions since {self.since}"
        if self.everything:
            return "all revisions"
        return "pending revisions" if self.revisions is None else f"revisions {self.revisions}"


def in_scope(target: Target, scripts: Scripts, scope: Scope, report: Report) -> tuple[str, ...]:
    """Return the ids that are meant, first to run first.

    Raises:
        UsageError: git cannot tell, or the range is none.
        RevisionNotFound: the history has no such revision.
        DatabaseError: what is pending cannot be known.
    """
    if scope.since is not None:
        folders = [path for path in target.version_locations() if path.is_dir()]
        changed = changed_files(folders, scope.since)
        with scripts.explained():
            return tuple(
                script.revision
                for script in _oldest_first(scripts, None)
                if Path(script.path).resolve() in changed
            )
    if scope.everything or scope.revisions is not None:
        return _range(target, scripts, scope.revisions, report)
    try:
        found = read_databases(target, scripts, report)
        for place, heads in found:
            check_heads(target, scripts, heads, place.version_table)
    except DatabaseError as error:
        other = "without the database: alembic-db lint --all-revisions, -r FROM:TO or --since main"
        error.hint = f"{error.hint}\n{other}" if error.hint else other
        raise
    return tuple(each.revision for each in scripts.pending(*(heads for _, heads in found)))


def _range(target: Target, scripts: Scripts, asked: str | None, report: Report) -> tuple[str, ...]:
    words = (asked or "").split(":")
    current = current_ids(target, scripts, report) if "current" in words else ()
    with scripts.explained(asked or ""):
        if asked is None or len(words) > 1:
            return tuple(script.revision for script in _oldest_first(scripts, asked, current))
        chosen = scripts.get_revisions(current if asked == "current" else asked)
        return tuple(script.revision for script in chosen)


def _oldest_first(
    scripts: Scripts, rev_range: str | None, current: tuple[str, ...] = ()
) -> Iterator[Script]:
    return reversed(list(walk(scripts, rev_range, current)))
