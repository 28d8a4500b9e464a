"""ADB003: a suppression of nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic_migrate.lint.rule import Rule, Spot, told_by_the_engine

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from alembic_migrate.lint.suppressions import Suppressions


def spots(accepted: Suppressions, codes: Collection[str]) -> Iterator[Spot]:
    """Yield the suppressions of a file for which nothing was found, of these codes."""
    for each in accepted.unused(codes):
        where = "in this file" if each.lines is None else "here"
        yield Spot(each.line, f"{each.code} finds nothing {where} that the comment could ignore")


RULE = Rule(
    code="ADB003",
    name="unused-suppression",
    category="craft",
    summary="A comment ignores a rule that finds nothing there.",
    why="""
Either it stands on another line than what it is about, and then the finding is still there, or it
would hide the next one. Rules that are about other databases than this one do not count, nor does a
revision of which a part was not linted.
""",
    look=told_by_the_engine,
    bad="""
# alembic-db: ignore[ADB101] no release since 4.2 reads it
op.create_table("receipts", sa.Column("id", sa.Integer, primary_key=True))
""",
    good='op.create_table("receipts", sa.Column("id", sa.Integer, primary_key=True))',
)
