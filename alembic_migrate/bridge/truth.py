"""What a database holds after a failure: looked up, not assumed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text

from alembic_migrate.databases.patience import Silent
from alembic_migrate.databases.state import read_heads

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.engine import Connection

    from alembic_migrate.bridge.sites import Site
    from alembic_migrate.targets import Target

_SHOWN = 5  # statements named in a message; JSON has them all

_INVALID_INDEXES = text(
    "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_index i "
    "JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE NOT i.indisvalid AND c.relkind = 'i' ORDER BY 1"
)
# No index of the catalogue leads from a schema to its indexes, but one of pg_depend to its tables:
# beside them may be those of thousands of tenants.
_INVALID_INDEXES_OF_SCHEMAS = text(
    "SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_namespace n "
    "JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid "
    "AND d.classid = 'pg_class'::regclass "
    "JOIN pg_index i ON i.indrelid = d.objid JOIN pg_class c ON c.oid = i.indexrelid "
    "WHERE n.nspname IN :schemas AND NOT i.indisvalid AND c.relkind = 'i' ORDER BY 1"
).bindparams(bindparam("schemas", expanding=True))


@dataclass(frozen=True)
class Position:
    """Where one database is after a failure.

    Attributes:
        before: ids in the version table when the run began.
        after: ids in it now; None where it could not be read.
        chosen: the database's URL, where the project's environment script chose it; else None.
        known: whether it is known at all which database was used.
        silent: it does not answer.
    """

    before: tuple[str, ...]
    after: tuple[str, ...] | None
    chosen: str | None = None
    known: bool = True
    silent: bool = False

    @property
    def moved(self) -> bool:
        """Whether the version table says something else than before."""
        return self.after is not None and set(self.after) != set(self.before)

    def told(self, done: Sequence[str], *, left: bool) -> str:
        """Return it in words.

        Args:
            done: revisions that finished before the failure.
            left: the failed revision has left something.
        """
        if not self.known:
            return "env.py chooses the database: alembic-db current tells where it is now"
        name = f"{self.chosen}, which env.py chose," if self.chosen else "the database"
        if self.silent:
            ran = f"{', '.join(done)} finished before it; " if done else ""
            return (
                f"{ran}{name.removesuffix(',')} does not answer, and what it holds now is not "
                "known: look at it with alembic-db status"
            )
        if self.after is None:
            holds = name.removesuffix(",")
            return f"what {holds} holds now could not be read: alembic-db current tells"
        now = ", ".join(sorted(self.after)) or "base"
        if self.moved:
            # The version table decides; with one transaction for all, finished ones go too.
            ran = f"{', '.join(done)} ran before it and stays: " if done else ""
            was = "" if done else f"; before it was at {', '.join(sorted(self.before)) or 'base'}"
            return f"{ran}{name} is now at {now}{was}"
        if left:
            of = f" of {name}" if self.chosen else ""
            return f"the version table{of} is still at {now}"
        return f"nothing changed: {name} is still at {now}"


@dataclass(frozen=True)
class Truth:
    """What a failure left.

    Attributes:
        position: where the database is in which the failure was.
        done: revisions that finished before the failure.
        kept: statements of the failed revision that are committed.
        perhaps: statements of it that may be committed: the server alone knows.
        lost: the statement that ran when the connection was cut, where it commits by itself.
        invalid_indexes: indexes that a failed CREATE INDEX CONCURRENTLY left.
        others: where the other databases are that the environment script runs.
    """

    position: Position
    done: tuple[str, ...]
    kept: tuple[str, ...]
    perhaps: tuple[str, ...]
    lost: str | None
    invalid_indexes: tuple[str, ...] = ()
    others: tuple[Position, ...] = ()

    @property
    def is_half(self) -> bool:
        """Whether something of the failed revision may be there."""
        return bool(self.kept or self.lost or self.perhaps)

    def told(self) -> str:
        """Return it in words, with what to do."""
        done = () if self.others else self.done  # else nobody knows where which of them ran
        lines = [each.told((), left=False) for each in self.others]
        left = bool(self.kept or self.perhaps or self.invalid_indexes)
        lines.append(self.position.told(done, left=left))
        if self.kept:
            lines.append(
                "these statements are committed and stay, although their revision is not applied:\n"
                f"{_listed(self.kept)}\n"
                "undo them by hand, correct the revision, and run it again"
            )
        if self.perhaps:
            lines.append(
                "these statements may be committed, although their revision is not applied:\n"
                f"{_listed(self.perhaps)}\n"
                "look at the database before you run it again"
            )
        if self.lost:
            lines.append(
                "the connection was lost while this statement ran, and the server may have "
                f"finished it all the same:\n{_listed((self.lost,))}\n"
                "look at the schema before you run it again"
            )
        lines += [
            f"an invalid index is there: DROP INDEX CONCURRENTLY {index};"
            for index in self.invalid_indexes
        ]
        return "\n".join(lines)

    def as_data(self) -> dict[str, object]:
        """Return it as plain JSON values."""
        after = self.position.after
        return {
            "before": list(self.position.before),
            "after": None if after is None else list(after),
            "committed_statements": list(self.kept),
            "invalid_indexes": list(self.invalid_indexes),
            **({"uncertain_statements": list(self.perhaps)} if self.perhaps else {}),
            **({"unknown_statement": self.lost} if self.lost else {}),
        }


def _listed(statements: Sequence[str]) -> str:
    lines = [f"  {line[:200]}" for line in statements[:_SHOWN]]
    if len(statements) > _SHOWN:
        lines.append(f"  ... and {len(statements) - _SHOWN} more (--format json has them all)")
    return "\n".join(lines)


def look(
    site: Site, known_invalid: Collection[str] = (), seconds: float | None = None
) -> tuple[Position, tuple[str, ...]]:
    """Ask a database, on a connection of its own, where a failure left it.

    Args:
        site: the database, and the ids that its version table held when the run began.
        known_invalid: indexes that were invalid before.
        seconds: how long to wait for the answer; None: as always.

    Returns:
        where it is, and the indexes that are invalid since.
    """

    def ask(connection: Connection) -> tuple[tuple[str, ...], tuple[str, ...]]:
        heads = read_heads(connection, site.version_table, site.schema)
        return heads, invalid_indexes(connection, site.target)

    chosen = site.database if site.chosen else None
    try:
        after, invalid = site.ask(ask, seconds)
    except Silent:
        return unanswered(site)
    except Exception:  # noqa: BLE001 - the failure that is being told matters more
        return Position(site.heads, None, chosen), ()
    new = tuple(index for index in invalid if index not in known_invalid)
    return Position(site.heads, after, chosen), new


def unanswered(site: Site) -> tuple[Position, tuple[str, ...]]:
    """Return what is known of a database that does not answer, as ``look`` does."""
    chosen = site.database if site.chosen else None
    return Position(site.heads, None, chosen, silent=True), ()


def invalid_indexes(connection: Connection, target: Target) -> tuple[str, ...]:
    """Return the invalid indexes of a PostgreSQL database, those of partitioned tables apart.

    Args:
        connection: to the database.
        target: where it is a tenant that is a schema, only those in the schemas count that its
            sessions look into: other tenants may be building theirs.
    """
    if connection.dialect.name != "postgresql":
        return ()
    place = target.tenant_place
    if place is None or target.schema is None:
        return tuple(connection.execute(_INVALID_INDEXES).scalars())
    asked = {"schemas": [target.schema, *place.tenancy.shared]}
    return tuple(connection.execute(_INVALID_INDEXES_OF_SCHEMAS, asked).scalars())
