"""What a database holds after a failure: looked up, not assumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from alembic_migrate.databases.connecting import guarded, run_on
from alembic_migrate.databases.state import read_heads

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.engine import Connection

    from alembic_migrate.targets import Target

_SHOWN = 5  # statements named in a message; JSON has them all

_INVALID_INDEXES = text(
    "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_index i "
    "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE NOT i.indisvalid AND c.relkind = 'i' ORDER BY 1"
)


@dataclass(frozen=True)
class Truth:
    """What a failure left.

    Attributes:
        before: ids in the version table when the run began.
        after: ids in it now; None where it could not be read.
        done: revisions that finished before the failure.
        kept: statements of the failed revision that are committed.
        invalid_indexes: indexes that a failed CREATE INDEX CONCURRENTLY left.
        elsewhere: the project's own environment script may have used another database.
        lost: the connection was cut while a statement ran that commits by itself.
    """

    before: tuple[str, ...]
    after: tuple[str, ...] | None
    done: tuple[str, ...]
    kept: tuple[str, ...]
    invalid_indexes: tuple[str, ...]
    elsewhere: bool = False
    lost: bool = False

    def told(self) -> str:
        """Return it in words, with what to do."""
        lines = [self._position()]
        if self.kept:
            lines.append(
                "these statements are committed and stay, although their revision is not applied:\n"
                f"{_listed(self.kept)}\n"
                "undo them by hand, correct the revision, and run it again"
            )
        if self.lost:
            lines.append(
                "the connection was lost while a statement ran: the server may have completed it "
                "all the same; look at the schema before you run it again"
            )
        lines += [
            f"an invalid index is there: DROP INDEX CONCURRENTLY {index};"
            for index in self.invalid_indexes
        ]
        return "\n".join(lines)

    def _position(self) -> str:
        if self.after is None and self.elsewhere:
            return "env.py chooses the database: alembic-db current tells where it is now"
        if self.after is None:
            return "what the database holds now could not be read: alembic-db current tells"
        now = ", ".join(sorted(self.after)) or "base"
        if set(self.after) != set(self.before):
            # The version table decides; with one transaction for all, finished ones go too.
            return f"{', '.join(self.done)} ran before it and stays: the database is now at {now}"
        if self.kept:
            return f"the version table is still at {now}"
        return f"nothing changed: the database is still at {now}"

    def as_data(self) -> dict[str, object]:
        """Return it as plain JSON values."""
        return {
            "before": list(self.before),
            "after": None if self.after is None else list(self.after),
            "committed_statements": list(self.kept),
            "invalid_indexes": list(self.invalid_indexes),
        }


def _listed(statements: Sequence[str]) -> str:
    lines = [f"  {line[:200]}" for line in statements[:_SHOWN]]
    if len(statements) > _SHOWN:
        lines.append(f"  ... and {len(statements) - _SHOWN} more (--format json has them all)")
    return "\n".join(lines)


def look(
    target: Target,
    before: tuple[str, ...],
    done: tuple[str, ...],
    kept: Sequence[str],
    *,
    lost: bool = False,
    known_invalid: Collection[str] = (),
) -> Truth:
    """Ask a database, on a connection of its own, what a failure left.

    An environment script of the project's own may have used another database, so it is not asked
    then.

    Args:
        target: the base.
        before: ids in the version table when the run began.
        done: revisions that finished.
        kept: statements of the failed revision that are committed.
        lost: the connection was cut while one ran.
        known_invalid: indexes that were invalid before.
    """
    after: tuple[str, ...] | None = None
    invalid: tuple[str, ...] = ()
    if target.environment == "builtin":
        try:
            with guarded(timeout=float(target.config["connect_timeout"]), reading=True):
                after, invalid = run_on(
                    target.url, lambda c: _ask(c, target), target.engine_factory
                )
        except Exception:  # noqa: BLE001 - the failure that is being told matters more
            after = None
    elsewhere = target.environment != "builtin"
    new = tuple(index for index in invalid if index not in known_invalid)
    return Truth(before, after, done, tuple(kept), new, elsewhere, lost)


def _ask(connection: Connection, target: Target) -> tuple[tuple[str, ...], tuple[str, ...]]:
    heads = read_heads(connection, target.version_table, target.version_table_schema)
    if connection.dialect.name != "postgresql":
        return heads, ()
    return heads, invalid_indexes(connection)


def invalid_indexes(connection: Connection) -> tuple[str, ...]:
    """Return the invalid indexes of a PostgreSQL database, those of partitioned tables apart."""
    return tuple(connection.execute(_INVALID_INDEXES).scalars())
