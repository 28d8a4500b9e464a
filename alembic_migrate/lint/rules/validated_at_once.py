"""ADB312: a constraint is validated in the transaction that added it.

PostgreSQL, "ALTER TABLE", VALIDATE CONSTRAINT: it takes a SHARE UPDATE EXCLUSIVE lock; but a lock
that the transaction has, it keeps to its end ("Explicit Locking").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.pasting import execute, statement
from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import before, on_existing
from alembic_migrate.lint.wording import LATER, LOCK_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in on_existing(captured, "validate constraint"):
        if operation.autocommit or not captured.transactional:
            continue
        if _added_here(captured, operation):
            yield Spot(
                operation.line,
                f"{operation.name} is validated in the transaction that added it: the lock on "
                f"{operation.qualified} is kept while every row is read",
                f"{LATER}\n" + execute(statement(captured, operation) or operation.sql[0]),
                operation,
            )


def _added_here(captured: Captured, operation: Operation) -> bool:
    """Tell whether the constraint was added in the transaction that is still going on."""
    added = [
        each.name == operation.name and not each.autocommit
        for each in before(captured, operation, "add constraint")
    ]
    at = captured.upgrade.index(operation)
    return any(added) and not _committed(captured.upgrade[:at], operation)


def _committed(earlier: tuple[Operation, ...], operation: Operation) -> bool:
    """Tell whether an autocommit_block came after the constraint was added."""
    names = [each.name for each in earlier]
    after = earlier[len(names) - names[::-1].index(operation.name) :]
    return any(each.autocommit for each in after)


RULE = Rule(
    code="ADB312",
    name="validated-at-once",
    category="locking",
    summary="A constraint is added NOT VALID and validated in the same transaction.",
    why=f"""
NOT VALID spares the reading while the strong lock is held, VALIDATE reads under a weak one. In one
transaction the strong lock is still held while VALIDATE reads, and nothing is won. Validate in the
next revision, or in an `autocommit_block`.
{LOCK_TIMEOUT}""",
    look=_look,
    bad="""
op.create_check_constraint("ck_orders_total", "orders", "total >= 0", postgresql_not_valid=True)
op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_total")
""",
    good="""
op.create_check_constraint("ck_orders_total", "orders", "total >= 0", postgresql_not_valid=True)
with op.get_context().autocommit_block():
    op.execute("ALTER TABLE orders VALIDATE CONSTRAINT ck_orders_total")
""",
    dialects=frozenset({"postgresql"}),
)
