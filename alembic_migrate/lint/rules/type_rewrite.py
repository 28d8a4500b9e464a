"""ADB306: a column's type becomes one for which PostgreSQL writes the table anew.

PostgreSQL, "ALTER TABLE", SET DATA TYPE and Notes: an ACCESS EXCLUSIVE lock; the table and its
indexes are rewritten unless the old type is binary coercible to the new one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.columntypes import parse
from alembic_migrate.lint.pasting import add_column, code, execute, identifier, qualified
from alembic_migrate.lint.rewriting import converts, rewrites
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing
from alembic_migrate.lint.wording import LATER, LOCK_TIMEOUT, new_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "alter column"):
        unless = _unless(operation)
        if unless is not None:
            name = operation.columns[0].name
            yield Spot(
                operation.line,
                f"reads and writes of {operation.qualified} wait while the table and its indexes "
                f"are written anew, because {name} becomes {new_type(operation)}{unless}",
                _safe(operation, captured.dialect),
                operation,
            )


def _unless(operation: Operation) -> str | None:
    """Return under which condition the table is not rewritten; None where it never is."""
    column = operation.columns[0]
    if column.type is None:
        return None
    if converts(operation.using, column.name):
        return ""
    before = parse(operation.before.type, "postgresql") if operation.before else None
    after = parse(column.type, "postgresql")
    if before is None or after is None:
        return ", unless it differs in length alone: existing_type does not say what it was"
    told = {"none": None, "in UTC none": ", unless the session's TimeZone is UTC", "whole": ""}
    return told[rewrites(before, after)]


def _safe(operation: Operation, dialect: str) -> str:
    name, table = operation.columns[0].name, qualified(operation, dialect)
    new = f"{name}_new"
    columns = identifier(new, dialect), identifier(name, dialect)
    value = operation.using or columns[1]
    return "\n".join(
        [
            add_column(operation, new, dialect),
            "# deploy code that writes both columns; then fill the new one, in batches:",
            execute(f"UPDATE {table} SET {columns[0]} = {value} WHERE id BETWEEN ... AND ..."),
            LATER.replace("once this one is deployed", f"once code reads {new} alone"),
            code("drop_column", operation.table, name, schema=operation.schema),
        ]
    )


RULE = Rule(
    code="ADB306",
    name="type-rewrite",
    category="locking",
    summary="A column's type changes so that PostgreSQL writes the whole table anew.",
    why=f"""
The change takes an ACCESS EXCLUSIVE lock, and for as long as every row and every index is written
nobody reads or writes the table; it needs as much disk again. What only grows is no rewrite:
`varchar(n)` to a longer one or to `text`, `numeric(p, s)` to a higher precision of the same scale
or to `numeric`, `timestamp(p)`, `time(p)` and `interval(p)` to more digits, `varbit`, `cidr` to
`inet`; between `timestamp` and `timestamptz` there is none while the session's `TimeZone` is UTC.
{LOCK_TIMEOUT}""",
    look=_look,
    bad="""
op.alter_column("orders", "number", existing_type=sa.Integer(), type_=sa.BigInteger())
""",
    good="""
op.alter_column("users", "name", existing_type=sa.String(50), type_=sa.String(200))
""",
    dialects=frozenset({"postgresql"}),
)
