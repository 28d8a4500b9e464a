"""ADB002: a suppression without a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot, told_by_the_engine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alembic_migrate.lint.suppressions import Suppressions


def spots(accepted: Suppressions) -> Iterator[Spot]:
    """Yield the suppressions of a file that give no reason."""
    for each in accepted.unexplained():
        form = "ignore-file" if each.lines is None else "ignore"
        yield Spot(
            each.line,
            f"{each.code} is still reported: the comment that ignores it gives no reason",
            f"# alembic-db: {form}[{each.code}] why that is safe here",
        )


RULE = Rule(
    code="ADB002",
    name="unexplained-suppression",
    category="craft",
    summary="A comment ignores a rule and does not say why.",
    why="""
Who reads the revision in a year, or copies it tomorrow, has to know why the rule did not matter
there. A comment without a reason ignores nothing.
""",
    look=told_by_the_engine,
    bad='op.drop_table("invoices")  # alembic-db: ignore[ADB101]',
    good='op.drop_table("invoices")  # alembic-db: ignore[ADB101] no release since 4.2 reads it',
)
