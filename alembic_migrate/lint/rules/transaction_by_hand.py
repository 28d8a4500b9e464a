"""ADB505: a revision begins or ends a transaction by SQL of its own.

PostgreSQL, "COMMIT" and "BEGIN"; MySQL, "START TRANSACTION, COMMIT, and ROLLBACK Statements".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation

_ENDING = frozenset({"COMMIT", "END", "ROLLBACK", "ABORT"})
_BEGINNING = frozenset({"BEGIN", "START"})


def _look(captured: Captured) -> Iterator[Spot]:
    for operation in captured.upgrade:
        verb = _verb(operation)
        if verb in _ENDING:
            happens = "what came before is no longer undone where the rest fails"
        elif verb in _BEGINNING:
            happens = "the revision runs in a transaction already, or has left it on purpose"
        else:
            continue
        yield Spot(
            operation.line,
            f"{verb} meddles with the transaction that the revision and its line in the version "
            f"table share: {happens}",
            "with op.get_context().autocommit_block():\n    ...  # what needs no transaction",
            operation,
        )


def _verb(operation: Operation) -> str:
    """Return the first word of a statement that no rule knows; not of ROLLBACK TO SAVEPOINT."""
    if operation.kind != "execute" or not operation.sql:
        return ""
    words = operation.sql[0].upper().split()
    return "" if {"TO", "PREPARED"} & set(words[:3]) else words[0]


RULE = Rule(
    code="ADB505",
    name="transaction-by-hand",
    category="craft",
    summary="A revision begins or ends a transaction by SQL of its own.",
    why="""
A revision and its line in the version table are one transaction: both are there, or neither. After
a COMMIT in an `op.execute` a failure leaves half of it, and Alembic knows nothing of it. What
cannot run in a transaction goes into an `autocommit_block`, in a revision of its own.
""",
    look=_look,
    bad="""
op.execute("COMMIT")
""",
    good="""
with op.get_context().autocommit_block():
    op.execute("ANALYZE")
""",
)
