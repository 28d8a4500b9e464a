"""ADB103: a schema or a database is dropped with all of its tables.

PostgreSQL, "DROP SCHEMA": without CASCADE it refuses to drop a schema that is not empty. MySQL,
"DROP DATABASE": DROP SCHEMA is a synonym, and drops all tables.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import code
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "drop schema"):
        if _drops_tables(operation, captured.dialect):
            yield Spot(
                operation.line,
                f"every table in {operation.name} is lost with its rows, and a downgrade does not "
                "bring them back",
                "# the tables one by one, so that what is lost is written here:\n"
                + code("drop_table", "...", schema=operation.name),
                operation,
            )


def _drops_tables(operation: Operation, dialect: str) -> bool:
    sql = " ".join(operation.sql)
    if dialect != "postgresql" or re.search(r"\bDROP\s+DATABASE\b", sql, re.IGNORECASE):
        return True
    return re.search(r"\bCASCADE\b", sql, re.IGNORECASE) is not None


RULE = Rule(
    code="ADB103",
    name="drop-schema",
    category="destructive",
    summary="A schema or a database is dropped with all of its tables.",
    why="""
Nobody who reads the revision sees what is lost. Where PostgreSQL's `DROP SCHEMA` is given no
`CASCADE`, it refuses a schema that still has tables; that is not reported.
""",
    look=_look,
    bad='op.execute("DROP SCHEMA reporting CASCADE")',
    good='op.execute("CREATE SCHEMA reporting")',
    dialects=frozenset({"postgresql", "mysql", "mariadb"}),
)
