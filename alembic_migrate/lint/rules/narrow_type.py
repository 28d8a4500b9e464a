"""ADB204: a column's type becomes one that not all of its values fit.

PostgreSQL, "ALTER TABLE" and "Data Types": values are converted by an assignment cast, which
refuses what is too long or too large, and rounds fractions. MySQL, "Out-of-Range and Overflow
Handling". SQLite, "Datatypes In SQLite": lengths are not enforced, but a batch converts with CAST.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.columntypes import parse
from alembic_migrate.lint.narrowing import Misfit, narrows
from alembic_migrate.lint.pasting import add_column, identifier, qualified
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import on_existing
from alembic_migrate.lint.wording import new_type

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "alter column"):
        misfit = _misfit(operation, captured.dialect)
        if misfit is None:
            continue
        name = operation.columns[0].name
        outcome = "is changed without a word" if misfit.changed else "stops the revision"
        yield Spot(
            operation.line,
            f"{operation.qualified}.{name} becomes {new_type(operation)}: a value {misfit.which} "
            f"{outcome}",
            _safe(operation, captured.dialect),
            operation,
        )


def _misfit(operation: Operation, dialect: str) -> Misfit | None:
    before = parse(operation.before.type, dialect) if operation.before else None
    after = parse(operation.columns[0].type, dialect)
    return narrows(before, after, dialect) if before and after else None


def _safe(operation: Operation, dialect: str) -> str:
    name = operation.columns[0].name
    new, table = f"{name}_new", qualified(operation, dialect)
    old = identifier(name, dialect)
    return "\n".join(
        [
            "# a new column, filled with what fits; the old one stays until code uses the new one:",
            add_column(operation, new, dialect),
            f"# UPDATE {table} SET {identifier(new, dialect)} = ... (from {old}), in batches",
        ]
    )


RULE = Rule(
    code="ADB204",
    name="narrow-type",
    category="data-dependent",
    summary="A column's type becomes one that not all of its values fit.",
    why="""
What is too long or too large stops the revision on PostgreSQL, and on MySQL in its strict mode
(outside of it, it is cut); what has a fraction is rounded, a timestamp that becomes a date loses
its time. SQLite enforces no lengths, but turns a text that is no number into 0. With
`postgresql_using` an explicit cast to `varchar(n)` cuts silently. The rule needs `existing_type` to
compare.
""",
    look=_look,
    bad="""
op.alter_column(
    "users", "age", existing_type=sa.Text(), type_=sa.Integer(), postgresql_using="age::integer"
)
""",
    good="""
op.add_column("users", sa.Column("age_in_years", sa.Integer()))
""",
)
