"""ADB502: rows are written before an autocommit_block, which commits them.

Alembic, ``MigrationContext.autocommit_block``: the transaction that is going on is committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.tracking import WRITES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured, Operation


def _look(captured: Captured) -> Iterator[Spot]:
    written: Operation | None = None
    for operation in captured.upgrade:
        if operation.autocommit and written is not None:
            yield Spot(
                written.line,
                f"the autocommit_block of line {operation.line} commits these rows of "
                f"{written.qualified}: where it fails they stay, and are written again by the next "
                "attempt",
                "# the rows in a revision of their own, before this one:\n"
                '# alembic-db revision -m "..."',
                written,
            )
            return
        if written is None and operation.kind in WRITES and not operation.autocommit:
            written = operation


RULE = Rule(
    code="ADB502",
    name="data-before-autocommit",
    category="craft",
    summary="Rows are written before an autocommit_block, which commits them.",
    why="""
An `autocommit_block` ends the transaction of the revision. What was written before is committed,
although the version table does not have the revision yet: where the rest fails, the next attempt
writes it a second time.
""",
    look=_look,
    bad="""
op.execute("UPDATE accounts SET credit = credit + 1")
with op.get_context().autocommit_block():
    op.execute("ANALYZE accounts")
""",
    good="""
with op.get_context().autocommit_block():
    op.execute("ANALYZE accounts")
op.execute("UPDATE accounts SET credit = credit + 1")
""",
)
