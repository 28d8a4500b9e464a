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
    from collections.abc import Iterator, Sequence

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

    @property
    def asks_databases(self) -> bool:
        """Tell whether it depends on where the databases are."""
        if self.since is not None or self.everything:
            return False
        return self.revisions is None or "current" in self.revisions.split(":")

    def __str__(self) -> str:
        if self.since is not None:
            return f"revisions since {self.since}"
        if self.everything:
            return "all revisions"
        return "pending revisions" if self.revisions is None else f"revisions {self.revisions}"


def in_scope(
    databases: Sequence[Target], scripts: Scripts, scope: Scope, report: Report
) -> tuple[str, ...]:
    """Return the ids that are meant, first to run first.

    Args:
        databases: those of one base: its own, or its tenants'. What any of them lacks is pending.
        scripts: the base's revision files.
        scope: what is meant.
        report: is told what happens.

    Raises:
        UsageError: git cannot tell, or the range is none.
        RevisionNotFound: the history has no such revision.
        DatabaseError: what is pending cannot be known.
    """
    if scope.since is not None:
        locations = databases[0].version_locations()
        folders = [path for path in locations if path.is_dir()]
        changed = changed_files(folders, scope.since)
        with scripts.explained():
            return tuple(
                script.revision
                for script in _oldest_first(scripts, None)
                if Path(script.path).resolve() in changed
            )
    if scope.everything or scope.revisions is not None:
        return _range(databases, scripts, scope.revisions, report)
    found: list[tuple[str, ...]] = []
    try:
        for target in databases:
            for place, heads in read_databases(target, scripts, report):
                check_heads(target, scripts, heads, place.version_table)
                found.append(heads)
    except DatabaseError as error:
        other = "without the database: alembic-db lint --all-revisions, -r FROM:TO or --since main"
        error.hint = f"{error.hint}\n{other}" if error.hint else other
        raise
    return tuple(each.revision for each in scripts.pending(*dict.fromkeys(found)))


def _range(
    databases: Sequence[Target], scripts: Scripts, asked: str | None, report: Report
) -> tuple[str, ...]:
    words = (asked or "").split(":")
    current: tuple[str, ...] = ()
    if "current" in words:
        found = (each for one in databases for each in current_ids(one, scripts, report))
        current = tuple(dict.fromkeys(found))
    with scripts.explained(asked or ""):
        if asked is None or len(words) > 1:
            return tuple(script.revision for script in _oldest_first(scripts, asked, current))
        chosen = scripts.get_revisions(current if asked == "current" else asked)
        return tuple(script.revision for script in chosen)


def _oldest_first(
    scripts: Scripts, rev_range: str | None, current: tuple[str, ...] = ()
) -> Iterator[Script]:
    return reversed(list(walk(scripts, rev_range, current)))
