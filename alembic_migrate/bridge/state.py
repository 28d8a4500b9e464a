"""Where databases are: the ids in the version table, checked against the folder."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any

from alembic_migrate import results
from alembic_migrate.bridge.asking import connected_heads, connected_tables, tables_beside
from alembic_migrate.bridge.environment import Place, Request, run_environment
from alembic_migrate.bridge.progress import Progress
from alembic_migrate.bridge.records import record
from alembic_migrate.errors import DatabaseError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.runtime.migration import MigrationContext

    from alembic_migrate.bridge.scripts import Scripts
    from alembic_migrate.events import Report
    from alembic_migrate.results import DatabaseRevisions
    from alembic_migrate.targets import Target


def read_databases(
    target: Target, scripts: Scripts, report: Report
) -> tuple[tuple[Place, tuple[str, ...]], ...]:
    """Return each database that the target's environment runs, with the ids in its version table.

    Raises:
        AlembicMigrateError: it cannot be read.
    """
    if target.environment == "builtin":
        heads = connected_heads(target)
        tables = frozenset() if heads else connected_tables(target)
        return ((Place(target.shown_url, target.version_table, tables), heads),)
    found: list[tuple[frozenset[str], tuple[str, ...]]] = []

    def work(heads: Any, context: MigrationContext) -> list[Any]:
        connection, schema = context.connection, context.version_table_schema
        tables = frozenset[str]()
        if connection is not None and not heads:
            tables = tables_beside(target, connection, schema) - {context.version_table}
        found.append((tables, tuple(heads)))
        return []

    progress = Progress(target, scripts, report)
    with progress.explained():
        ran = run_environment(target, scripts, Request("current", work, report, reading=True))
    return tuple(
        (place._replace(tables=tables), heads)
        for place, (tables, heads) in zip(ran.places, found, strict=True)
    )


def database_revisions(
    scripts: Scripts, database: str | None, heads: Sequence[str]
) -> DatabaseRevisions:
    """Return ids of a version table as records, those that the folder lacks apart."""
    known = {script.revision: script for script in scripts.walk_revisions()}
    return results.DatabaseRevisions(
        database=database or "",
        revisions=tuple(record(known[head], heads) for head in sorted(heads) if head in known),
        unknown=tuple(sorted(head for head in heads if head not in known)),
    )


def check_heads(
    target: Target, scripts: Scripts, heads: Sequence[str], version_table: str | None = None
) -> None:
    """Refuse a version table that cannot be right.

    Args:
        target: the base.
        scripts: its revisions.
        heads: the ids in the version table.
        version_table: its name where an environment script may have chosen another one.

    Raises:
        DatabaseError: it names a revision that the folder lacks, or one row is the ancestor of
            another.
    """
    table = version_table or target.version_table
    for head in heads:
        if not scripts.has(head):
            raise DatabaseError(
                f"{target.prefix}the version table {table} names revision {head}, which "
                f"{target.folder} does not have",
                hint="is newer code deployed already, is this another branch of git, or is it "
                "another base's database? Bring the file back, or, where the schema is known to "
                f"match a revision: alembic-db stamp{target.flag} --purge REVISION",
                data={"base": target.name, "table": table, "revision": head},
            )
    for upper, lower in permutations(heads, 2):
        ancestors = {
            s.revision
            for s in scripts.revision_map._get_ancestor_nodes(  # noqa: SLF001
                scripts.revision_map.get_revisions(upper), include_dependencies=False
            )
        }
        if lower in ancestors:
            raise DatabaseError(
                f"{target.prefix}the version table {table} holds {upper} and its ancestor "
                f"{lower}; only {upper} can be right",
                hint=f"after a look at the schema: alembic-db stamp{target.flag} --purge {upper}",
                data={"base": target.name, "table": table, "revisions": [upper, lower]},
            )
