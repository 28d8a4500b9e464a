"""ADB401: a table gets another name, or another schema, under code that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import code, execute, identifier, qualified
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import new_name, on_existing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    views = {each.qualified for each in captured.upgrade if each.kind == "create view"}
    for operation in on_existing(captured, "rename table"):
        if operation.qualified not in views:
            yield Spot(
                operation.line,
                f"application code that still runs asks for {operation.qualified}, which is "
                f"{new_name(operation)} from then on, and fails",
                _safe(operation, captured.dialect),
                operation,
            )


def _safe(operation: Operation, dialect: str) -> str:
    renamed = code("rename_table", operation.table, operation.new_name, schema=operation.schema)
    new = ".".join(identifier(part, dialect) for part in new_name(operation).split("."))
    old = qualified(operation, dialect)
    written = "for SELECT alone" if dialect == "sqlite" else "also for INSERT, UPDATE and DELETE"
    return "\n".join(
        [
            execute(operation.sql[0]) if operation.call == "execute" else renamed,
            f"# the old name goes on working, {written}:",
            execute(f"CREATE VIEW {old} AS SELECT * FROM {new}"),
            "# in a later revision, once no code uses it:",
            execute(f"DROP VIEW {old}"),
        ]
    )


RULE = Rule(
    code="ADB401",
    name="rename-table",
    category="breaking",
    summary="A table is renamed under code that still runs.",
    why="""
While the new code is being deployed the old one still runs, and knows the old name alone; after a
rollback of the code it is the only one. A view with the old name lets both work: PostgreSQL, MySQL
and MariaDB write through a simple one; SQLite's can only be read. Or do not rename: `__tablename__`
is free to differ from the class.
""",
    look=_look,
    bad='op.rename_table("users", "accounts")',
    good="""
op.rename_table("users", "accounts")
op.execute("CREATE VIEW users AS SELECT * FROM accounts")
""",
)
