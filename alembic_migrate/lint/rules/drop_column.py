"""ADB102: a column is dropped with its values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import allow_null, code
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import added, on_existing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "drop column"):
        name = operation.columns[0].name
        if added(captured, operation, name) is None:
            yield Spot(
                operation.line,
                f"every value of {operation.qualified}.{name} is lost, and a downgrade does not "
                "bring it back; application code that still runs fails as soon as it reads or "
                "writes the column",
                _safe(operation, name, captured.dialect),
                operation,
            )


def _safe(operation: Operation, name: str, dialect: str) -> str:
    return "\n".join(
        [
            "# first a revision that lets code leave the column out, deployed with such code:",
            allow_null(operation, name, dialect, allowed=True),
            "# in a later revision:",
            code("drop_column", operation.table, name, schema=operation.schema)
            + "  # alembic-db: ignore[ADB102] no code maps it since ...",
        ]
    )


RULE = Rule(
    code="ADB102",
    name="drop-column",
    category="destructive",
    summary="A column is dropped with its values.",
    why="""
The values are gone; a downgrade makes an empty column. SQLAlchemy names every mapped column in its
SELECT and INSERT, so code that still runs while the new one is being deployed fails at its next
query of the table. Deploy code that does not map the column first.
""",
    look=_look,
    bad='op.drop_column("users", "nickname")',
    good='op.alter_column("users", "nickname", existing_type=sa.String(50), nullable=True)',
)
