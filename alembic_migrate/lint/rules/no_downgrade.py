"""ADB503: a revision changes something, and its downgrade() nothing."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot
from alembic_migrate.lint.source import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.operations import Captured


def _look(captured: Captured) -> Iterator[Spot]:
    source = read(captured.file)
    changes = captured.upgrade or captured.unrendered
    if source is None or not changes:
        return
    safe = (
        "def downgrade() -> None:\n"
        f'    raise NotImplementedError("{captured.revision} cannot be undone: ...")'
    )
    function = source.function("downgrade")
    if function is not None and _does_nothing(function.body):
        yield Spot(
            function.lineno,
            "downgrade() does nothing: the version table goes back, the schema does not, and the "
            "next upgrade fails",
            safe,
        )
    elif not source.binds("downgrade"):
        upgrade = source.function("upgrade")
        line = upgrade.lineno if upgrade else 1
        yield Spot(line, "there is no downgrade(): nobody gets back behind this revision", safe)


def _does_nothing(body: list[ast.stmt]) -> bool:
    return all(_is_nothing(statement) for statement in body)


def _is_nothing(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Return):
        return statement.value is None or isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass)


RULE = Rule(
    code="ADB503",
    name="no-downgrade",
    category="craft",
    summary="A revision changes something, and its downgrade() nothing, or there is none.",
    why="""
`downgrade` then says that it went back and leaves everything as it is. Write what undoes the
revision; `verify` tries it on a scratch database. Where it cannot be undone, say so: raise, and
nobody takes it for done. A revision that does nothing needs none.
""",
    look=_look,
    bad="""
def upgrade():
    op.create_table("receipts", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    pass
""",
    good="""
def upgrade():
    op.create_table("receipts", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    op.drop_table("receipts")
""",
)
