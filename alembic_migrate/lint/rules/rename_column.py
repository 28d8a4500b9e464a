"""ADB402: a column gets another name under code that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import identifier, qualified
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "alter column"):
        old = operation.before.name if operation.before else operation.columns[0].name
        if operation.new_name is not None and operation.new_name != old:
            yield Spot(
                operation.line,
                f"application code that still runs asks for {operation.qualified}.{old}, which is "
                f"{operation.new_name} from then on, and fails",
                _safe(operation, old, captured.dialect),
                operation,
            )


def _safe(operation: Operation, old: str, dialect: str) -> str:
    new, table = str(operation.new_name), qualified(operation, dialect)
    names = identifier(new, dialect), identifier(old, dialect)
    return "\n".join(
        [
            "# the name in Python alone, no revision at all:",
            f'{new} = mapped_column("{old}", ...)',
            "# or both columns for a while: a revision that adds the new one; code that writes",
            f"# both; UPDATE {table} SET {names[0]} = {names[1]}, in batches; code that reads",
            f"# {new} alone; and at last a revision that drops {old}",
        ]
    )


RULE = Rule(
    code="ADB402",
    name="rename-column",
    category="breaking",
    summary="A column is renamed under code that still runs.",
    why="""
While the new code is being deployed the old one still runs, and SQLAlchemy names every mapped
column in its SELECT and INSERT; after a rollback of the code it is the only one. An attribute may
have another name than its column; where the database itself has to change, have both columns for a
while.
""",
    look=_look,
    bad="""
op.alter_column("users", "name", new_column_name="full_name", existing_type=sa.String(50))
""",
    good='op.add_column("users", sa.Column("full_name", sa.String(50)))',
)
